//! `domesday solve FILE`: a location problem from a file, published or our own, without a register.

use std::fs;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, ValueEnum};
use serde::Serialize;
use solver::read::{Format, Reading, read};
use solver::{Outcome, Plan, Problem, Settings, Status, Verdict};

use super::plan::Terminal;
use super::table;

/// The file, what it leaves open, and what the search may use.
#[derive(Debug, Args)]
pub(super) struct SolveArgs {
    /// The problem; may be packed with gzip.
    file: PathBuf,
    /// How it is written; told from its first line where this is not given.
    #[arg(long, value_enum)]
    format: Option<Written>,
    /// What the word `capacity` in a capacitated file stands for.
    #[arg(long)]
    capacity: Option<f64>,
    /// Sites to open, instead of what a median file says.
    #[arg(long)]
    p: Option<usize>,
    /// Customers may be served from several sites.
    #[arg(long, conflicts_with = "indivisible")]
    divisible: bool,
    /// Every customer is served from one site.
    #[arg(long)]
    indivisible: bool,
    /// Gap at which the search may stop, in per cent.
    #[arg(long, default_value_t = 0.0)]
    gap: f64,
    /// Seconds after which the best plan so far is taken: 60, or none where --branches is given.
    #[arg(long)]
    time: Option<f64>,
    /// Branches the search may take, instead of seconds: they end it with the same plan on every machine.
    #[arg(long)]
    branches: Option<u32>,
    /// For the solver.
    #[arg(long, default_value_t = 1)]
    seed: u32,
    /// Who searches.
    #[arg(long, value_enum, default_value = "fitting")]
    method: Method,
    /// Also write the model for other solvers, as MPS.
    #[arg(long, value_name = "FILE")]
    mps: Option<PathBuf>,
    /// Print the outcome with the plan as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Method {
    /// Whatever fits the problem.
    Fitting,
    /// HiGHS alone, to compare.
    Highs,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Written {
    /// OR-Library `cap`: `m n`, capacities and costs of sites, then customers.
    Cap,
    /// OR-Library `pmed`: `n edges p`, then edges.
    Pmed,
    /// Sites to consolidate: `n m K B T F`.
    Consolidation,
    /// A problem as JSON.
    Json,
}

/// Reads, solves, verifies, prints. Exit code 0 with a plan, 3 infeasible or nothing found.
pub(super) fn run(args: &SolveArgs) -> anyhow::Result<ExitCode> {
    anyhow::ensure!(
        args.gap.is_finite() && (0.0..=100.0).contains(&args.gap),
        "--gap is a percentage from 0 to 100"
    );
    let time = args.time.unwrap_or(if args.branches.is_some() { f64::INFINITY } else { 60.0 });
    anyhow::ensure!(
        time > 0.0 && args.time.is_none_or(f64::is_finite),
        "--time is a number of seconds above 0"
    );
    let problem = problem(args)?;
    if let Some(path) = &args.mps {
        let text = solver::mps(&problem)?;
        fs::write(path, text).with_context(|| format!("writing {}", path.display()))?;
    }

    let settings = Settings {
        gap: args.gap / 100.0,
        time_limit_seconds: time,
        branches: args.branches,
        seed: args.seed,
    };
    let mut watch = Terminal::watching();
    let solve = if args.method == Method::Highs { solver::solve_whole } else { solver::solve };
    let outcome = solve(&problem, &settings, &mut watch);
    watch.finish();
    let verdict = outcome.plan.as_ref().map(|plan| solver::verify(&problem, plan));

    let mut out = std::io::stdout().lock();
    if args.json {
        let answer = Answer::of(&problem, &outcome, verdict);
        serde_json::to_writer_pretty(&mut out, &answer)?;
        writeln!(out)?;
    } else {
        print(&mut out, &problem, &outcome, verdict.as_ref())?;
    }
    Ok(if outcome.plan.is_some() { ExitCode::SUCCESS } else { ExitCode::from(3) })
}

fn problem(args: &SolveArgs) -> anyhow::Result<Problem> {
    let name = args.file.display();
    let mut bytes = fs::read(&args.file).with_context(|| format!("reading {name}"))?;
    if bytes.starts_with(&[0x1f, 0x8b]) {
        let mut text = Vec::new();
        flate2::read::GzDecoder::new(bytes.as_slice())
            .read_to_end(&mut text)
            .with_context(|| format!("unpacking {name}"))?;
        bytes = text;
    }
    let format = match args.format {
        Some(Written::Cap) => Format::Capacitated,
        Some(Written::Pmed) => Format::Median,
        Some(Written::Consolidation) => Format::Consolidation,
        Some(Written::Json) => Format::Json,
        None => Format::of(&bytes).with_context(|| {
            format!("{name}: its first line is not that of a format known; say which with --format")
        })?,
    };
    let reading = Reading { capacity: args.capacity, p: args.p, ..Reading::default() };
    let mut problem =
        read(&bytes, format, &reading).with_context(|| format!("{name} cannot be read"))?;
    if args.divisible || args.indivisible {
        problem.units.iter_mut().for_each(|unit| unit.is_divisible = args.divisible);
    }
    Ok(problem)
}

/// The outcome for programs, by name.
#[derive(Serialize)]
struct Answer<'a> {
    status: Status,
    objective: Option<f64>,
    bound: Option<f64>,
    /// Relative: 0.01 is 1 %.
    gap: Option<f64>,
    seconds: f64,
    solver: String,
    /// Every rule is kept and the objective adds up; null without a plan.
    verified: Option<bool>,
    verdict: Option<Verdict>,
    trouble: Option<String>,
    sites: Vec<Chosen<'a>>,
    units: Vec<Placed<'a>>,
}

#[derive(Serialize)]
struct Chosen<'a> {
    site: &'a str,
    option: &'a str,
}

#[derive(Serialize)]
struct Placed<'a> {
    unit: &'a str,
    site: &'a str,
    share: f64,
}

impl<'a> Answer<'a> {
    fn of(problem: &'a Problem, outcome: &Outcome, verdict: Option<Verdict>) -> Self {
        let plan = outcome.plan.as_ref();
        Self {
            status: outcome.status,
            objective: outcome.objective,
            bound: outcome.bound,
            gap: outcome.gap,
            seconds: outcome.seconds,
            solver: solver::version(),
            verified: verdict.as_ref().map(|verdict| verdict.violations.is_empty()),
            verdict,
            trouble: outcome.trouble.as_ref().map(ToString::to_string),
            sites: plan.map(|plan| chosen(problem, plan)).unwrap_or_default(),
            units: plan.map(|plan| placed(problem, plan)).unwrap_or_default(),
        }
    }
}

fn chosen<'a>(problem: &'a Problem, plan: &Plan) -> Vec<Chosen<'a>> {
    let sites = problem.sites.iter().zip(&plan.options);
    sites.map(|(site, &o)| Chosen { site: &site.name, option: &site.options[o].name }).collect()
}

fn placed<'a>(problem: &'a Problem, plan: &Plan) -> Vec<Placed<'a>> {
    let mut placed = Vec::new();
    for (unit, shares) in problem.units.iter().zip(&plan.shares) {
        for share in shares {
            let site = &problem.sites[unit.places[share.place].site].name;
            placed.push(Placed { unit: &unit.name, site, share: share.share });
        }
    }
    placed
}

fn print(
    out: &mut dyn Write,
    problem: &Problem,
    outcome: &Outcome,
    verdict: Option<&Verdict>,
) -> anyhow::Result<()> {
    let figure = |x: Option<f64>| x.map_or_else(|| "none".to_owned(), |x| format!("{x:.4}"));
    let gap = outcome.gap.map_or_else(|| "unknown".to_owned(), |g| format!("{:.4} %", 100.0 * g));
    let size = outcome.size;
    let verified = match verdict {
        None => "no plan to verify".to_owned(),
        Some(verdict) if verdict.violations.is_empty() => {
            "every rule is kept, the objective adds up".to_owned()
        }
        Some(verdict) => format!("{} rules are broken", verdict.violations.len()),
    };
    let rows: Vec<Vec<String>> = [
        ("problem", format!("{} sites, {} units", problem.sites.len(), problem.units.len())),
        ("status", words(outcome.status).to_owned()),
        ("objective", figure(outcome.objective)),
        ("bound", figure(outcome.bound)),
        ("gap", gap),
        ("time", format!("{:.2} s", outcome.seconds)),
        ("searched", format!("{} columns, {} rows in the last model", size.columns, size.rows)),
        ("verified", verified),
        ("solver", solver::version()),
    ]
    .into_iter()
    .map(|(name, value)| vec![name.to_owned(), value])
    .collect();
    table::print(out, &["", ""], &rows)?;
    if let Some(trouble) = &outcome.trouble {
        writeln!(out, "\n! {trouble}")?;
    }
    if let Some(plan) = &outcome.plan {
        let mut by_option: Vec<(&str, Vec<&str>)> = Vec::new();
        for Chosen { site, option } in chosen(problem, plan) {
            match by_option.iter_mut().find(|(name, _)| *name == option) {
                Some((_, sites)) => sites.push(site),
                None => by_option.push((option, vec![site])),
            }
        }
        by_option.sort_by_key(|(_, sites)| sites.len());
        writeln!(out)?;
        for (option, sites) in by_option {
            let shown = if sites.len() <= SHOWN {
                format!(": {}", sites.join(", "))
            } else {
                String::new()
            };
            writeln!(out, "{option}: {} sites{shown}", sites.len())?;
        }
        writeln!(out, "\n--json prints where everything goes.")?;
    }
    Ok(())
}

/// Names listed on a line.
const SHOWN: usize = 40;

fn words(status: Status) -> &'static str {
    match status {
        Status::Optimal => "optimal",
        Status::WithinGap => "within the gap asked for",
        Status::Stopped => "stopped; the best plan so far",
        Status::Infeasible => "infeasible: no plan keeps the rules",
        Status::NothingFound => "nothing found, and no proof that there is nothing",
        Status::Malformed => "malformed",
    }
}
