//! One search in a process of its own.

use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use domesday_solver::{Outcome, Settings, Status, check, solve, solve_whole};
use serde::{Deserialize, Serialize};

use crate::instances::{Instance, instances};

/// What came of a search, as far as it is known.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Measured {
    pub(crate) method: String,
    /// In words.
    pub(crate) status: String,
    pub(crate) objective: Option<f64>,
    pub(crate) bound: Option<f64>,
    /// Wall seconds of the search, without reading the file.
    pub(crate) wall: Option<f64>,
    /// CPU seconds of the process, all threads.
    pub(crate) cpu: Option<f64>,
    /// Peak megabytes of the process.
    pub(crate) peak_mb: Option<f64>,
    /// What stands behind plan and bound.
    pub(crate) proof: String,
}

/// Starts this program again for one search and reads what it says.
pub(crate) fn in_a_process(
    instance: &Instance,
    method: &str,
    seconds: f64,
    data: &Path,
) -> Measured {
    let failed =
        |status: String| Measured { method: method.to_owned(), status, ..Measured::default() };
    let program = match std::env::current_exe() {
        Ok(program) => program,
        Err(error) => return failed(error.to_string()),
    };
    let mut command = Command::new(program);
    command.args(["one", &instance.name, method, &seconds.to_string()]).arg(data);
    match command.stderr(Stdio::inherit()).output() {
        Ok(output) => serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|_| failed(format!("ended without a word ({})", output.status))),
        Err(error) => failed(error.to_string()),
    }
}

/// The process of one search: `NAME METHOD SECONDS DATA`.
pub(crate) fn one(words: &[String]) -> ExitCode {
    let [name, method, seconds, data] = words else { return ExitCode::FAILURE };
    let instances = instances();
    let Some(instance) = instances.iter().find(|instance| instance.name == *name) else {
        return ExitCode::FAILURE;
    };
    let result = match instance.problem(Path::new(data)) {
        Ok((problem, before)) => {
            let settings = Settings {
                gap: instance.gap,
                time_limit_seconds: seconds.parse().unwrap_or(60.0),
                ..Settings::default()
            };
            let outcome = if method == "HiGHS alone" {
                solve_whole(&problem, &settings, &mut ())
            } else {
                solve(&problem, &settings, &mut ())
            };
            let breaks = outcome.plan.as_ref().map(|plan| check(&problem, plan).len());
            let mut told = told(method, &outcome, breaks);
            if let Some(before) = before {
                told.proof = format!("{}; {before}", told.proof);
            }
            told
        }
        Err(what) => Measured { method: method.clone(), status: what, ..Measured::default() },
    };
    println!("{}", serde_json::to_string(&result).unwrap_or_default());
    ExitCode::SUCCESS
}

fn told(method: &str, outcome: &Outcome, breaks: Option<usize>) -> Measured {
    let (cpu, peak_mb) = usage("self");
    let mut proof = match breaks {
        None => "no plan".to_owned(),
        Some(0) => "plan checked".to_owned(),
        Some(n) => format!("PLAN BREAKS {n} RULES"),
    };
    if let Some(trouble) = &outcome.trouble {
        proof = format!("{proof}; {trouble}");
    }
    Measured {
        method: method.to_owned(),
        status: words(outcome.status).to_owned(),
        objective: outcome.objective,
        bound: outcome.bound,
        wall: Some(outcome.seconds),
        cpu,
        peak_mb,
        proof,
    }
}

fn words(status: Status) -> &'static str {
    match status {
        Status::Optimal => "optimal",
        Status::WithinGap => "within gap",
        Status::Stopped => "stopped",
        Status::Infeasible => "infeasible",
        Status::NothingFound => "nothing found",
        Status::Malformed => "malformed",
    }
}

/// CPU seconds and peak megabytes of a process so far, where the system tells.
pub(crate) fn usage(process: &str) -> (Option<f64>, Option<f64>) {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok();
    // The name of the program stands in brackets and may hold anything; ticks are hundredths of a second on Linux.
    let cpu = stat.as_deref().and_then(|stat| {
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        let ticks = |n: usize| fields.get(n)?.parse::<f64>().ok();
        Some((ticks(11)? + ticks(12)?) / 100.0)
    });
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok();
    let peak = status.as_deref().and_then(|status| {
        let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
        Some(line.split_whitespace().nth(1)?.parse::<f64>().ok()? / 1024.0)
    });
    (cpu, peak)
}
