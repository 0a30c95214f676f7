//! Other solvers, where they are installed. They get the same model as text, one thread, the same gap and time.
//! What they say is taken as they say it: their plans are not re-checked.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use domesday_solver::mps;

use crate::instances::Instance;
use crate::measure::{Measured, usage};

/// How often a process is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// A solver that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Other {
    Cbc,
    /// HiGHS as its Python package brings it.
    HighsPy,
    /// SCIP as OR-Tools brings it.
    OrTools,
}

impl Other {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Cbc => "CBC",
            Self::HighsPy => "highspy",
            Self::OrTools => "SCIP",
        }
    }

    fn command(self, model: &Path, gap: f64, seconds: f64) -> Command {
        match self {
            Self::Cbc => {
                let mut command = Command::new("cbc");
                command.arg(model).args(["-threads", "0", "-sec", &seconds.to_string()]);
                command.args(["-ratio", &gap.to_string(), "-solve", "-quit"]);
                command
            }
            Self::HighsPy | Self::OrTools => {
                let script = if self == Self::HighsPy { HIGHSPY } else { ORTOOLS };
                let mut command = Command::new("python3");
                command.args(["-c", script]).arg(model);
                command.args([gap.to_string(), seconds.to_string()]);
                command
            }
        }
    }
}

const HIGHSPY: &str = r#"
import sys, json, highspy
h = highspy.Highs()
h.setOptionValue("output_flag", False)
h.setOptionValue("threads", 1)
h.setOptionValue("mip_rel_gap", float(sys.argv[2]))
h.setOptionValue("time_limit", float(sys.argv[3]))
h.readModel(sys.argv[1])
h.run()
i = h.getInfo()
has_plan = i.primal_solution_status == 2
print(json.dumps({"status": h.modelStatusToString(h.getModelStatus()),
                  "objective": i.objective_function_value if has_plan else None,
                  "bound": i.mip_dual_bound if abs(i.mip_dual_bound) < 1e29 else None}))
"#;

const ORTOOLS: &str = r#"
import sys, json
from ortools.linear_solver.python import model_builder
m = model_builder.Model()
m.import_from_mps_file(sys.argv[1])
s = model_builder.Solver("scip")
s.set_time_limit_in_seconds(float(sys.argv[3]))
s.set_solver_specific_parameters("limits/gap = " + sys.argv[2])
status = s.solve(m)
has_plan = status.name in ("OPTIMAL", "FEASIBLE")
print(json.dumps({"status": status.name.lower(),
                  "objective": s.objective_value if has_plan else None,
                  "bound": s.best_objective_bound if has_plan else None}))
"#;

/// Those that answer when called.
pub(crate) fn installed() -> Vec<Other> {
    let answers = |program: &str, words: &[&str]| {
        let mut command = Command::new(program);
        command.args(words).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    let mut found = Vec::new();
    if answers("cbc", &["-quit"]) {
        found.push(Other::Cbc);
    }
    if answers("python3", &["-c", "import highspy"]) {
        found.push(Other::HighsPy);
    }
    if answers("python3", &["-c", "from ortools.linear_solver.python import model_builder"]) {
        found.push(Other::OrTools);
    }
    found
}

pub(crate) fn run(other: Other, instance: &Instance, seconds: f64, data: &Path) -> Measured {
    let place = std::env::temp_dir();
    let model = place.join(format!("domesday-bench-{}.mps", std::process::id()));
    let measured = written(instance, data, &model)
        .and_then(|()| watched(other, instance, seconds, &model).map_err(|e| e.to_string()));
    // Both may never have been made.
    let _ = std::fs::remove_file(&model);
    let _ = std::fs::remove_file(said_in(&model));
    measured.unwrap_or_else(|status| Measured {
        method: other.name().to_owned(),
        status,
        ..Measured::default()
    })
}

fn written(instance: &Instance, data: &Path, model: &Path) -> Result<(), String> {
    let (problem, _) = instance.problem(data)?;
    let text = mps(&problem).map_err(|error| error.to_string())?;
    std::fs::write(model, text).map_err(|error| error.to_string())
}

fn said_in(model: &Path) -> PathBuf {
    model.with_extension("out")
}

fn watched(
    other: Other,
    instance: &Instance,
    seconds: f64,
    model: &Path,
) -> std::io::Result<Measured> {
    let said = std::fs::File::create(said_in(model))?;
    let started = Instant::now();
    let mut command = other.command(model, instance.gap, seconds);
    let mut child = command.stdin(Stdio::null()).stdout(said).stderr(Stdio::null()).spawn()?;
    // Some look at their clock seldom; one that does not at all is ended.
    let patience = Duration::from_secs_f64(3.0 * seconds + 60.0);
    let (cpu, peak_mb) = follow(&mut child, started + patience)?;
    let wall = Some(started.elapsed().as_secs_f64());
    let text = std::fs::read_to_string(said_in(model))?;
    let (status, objective, bound) =
        if other == Other::Cbc { from_cbc(&text) } else { from_python(&text) };
    let proof = "its own word".to_owned();
    let method = other.name().to_owned();
    Ok(Measured { method, status, objective, bound, wall, cpu, peak_mb, proof })
}

/// The last that is seen of a process's CPU time and peak memory.
fn follow(child: &mut Child, until: Instant) -> std::io::Result<(Option<f64>, Option<f64>)> {
    let process = child.id().to_string();
    let mut last = (None, None);
    while child.try_wait()?.is_none() {
        let (cpu, peak) = usage(&process);
        last = (cpu.or(last.0), peak.or(last.1));
        if Instant::now() >= until {
            child.kill()?;
            child.wait()?;
            break;
        }
        std::thread::sleep(LOOK);
    }
    Ok(last)
}

type Said = (String, Option<f64>, Option<f64>);

fn from_python(text: &str) -> Said {
    #[derive(serde::Deserialize)]
    struct Word {
        status: String,
        objective: Option<f64>,
        bound: Option<f64>,
    }
    let last = text.lines().rev().find(|line| line.starts_with('{')).unwrap_or_default();
    match serde_json::from_str::<Word>(last) {
        Ok(word) => (word.status, word.objective, word.bound),
        Err(_) => ("ended without a word".to_owned(), None, None),
    }
}

fn from_cbc(text: &str) -> Said {
    let after = |label: &str| {
        let line = text.lines().rev().find_map(|line| line.strip_prefix(label))?;
        Some(line.trim())
    };
    let status = after("Result - ").unwrap_or("ended without a word").to_owned();
    let figure = |label: &str| after(label)?.parse().ok();
    let objective: Option<f64> = figure("Objective value:");
    let is_optimal = status.starts_with("Optimal");
    // CBC gives the bound only where it is not the plan.
    let bound = figure("Lower bound:").or(objective.filter(|_| is_optimal));
    (status, objective.filter(|x| x.abs() < 1e49), bound)
}
