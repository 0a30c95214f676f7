//! `domesday plan`: put a scenario to the register, solve it, print and keep the run.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context;
use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};

use super::report::{self, Detail};
use super::studies;
use crate::config;
use crate::register::{Pence, Scalar, SiteCode};
use crate::scenario::{self, Lock, LockKind, Objective, Run, RunStatus, Scenario, ScopeOf};
use crate::store::{Scope, Store};

/// The levers of a scenario.
#[derive(Debug, Args)]
pub(super) struct PlanArgs {
    /// The register: `sqlite:PATH` or `postgres://…`.
    #[arg(long, env = "DOMESDAY_STORE", default_value = "sqlite:domesday.db")]
    store: String,
    /// What the run is called.
    #[arg(long, default_value = "Consolidation")]
    name: String,
    /// Which sites may change: `all`, `icb:QMF`, or `borough:E09000007,E09000019`.
    #[arg(long, default_value = "all", value_parser = parse_scope)]
    scope: ScopeOf,
    /// Sites that must stay open.
    #[arg(long, value_name = "CODE", value_delimiter = ',')]
    keep: Vec<SiteCode>,
    /// Sites that must close.
    #[arg(long, value_name = "CODE", value_delimiter = ',')]
    close: Vec<SiteCode>,
    /// Net receipts the fund must reach, in pounds.
    #[arg(long, value_name = "POUNDS", default_value = "0", value_parser = parse_pounds)]
    fund: Pence,
    /// Capital that may be spent on works, in pounds.
    #[arg(long, value_name = "POUNDS", value_parser = parse_pounds)]
    capital: Option<Pence>,
    /// What is sought.
    #[arg(long, value_enum, default_value = "fund")]
    objective: Seek,
    /// Most sites closed in one borough.
    #[arg(long)]
    closures_per_borough: Option<u32>,
    /// Gap at which the search may stop, in per cent.
    #[arg(long, default_value_t = 1.0)]
    gap: f64,
    /// Seconds after which the best plan so far is taken.
    #[arg(long, default_value_t = 60.0)]
    time_limit: f64,
    /// For the solver.
    #[arg(long, default_value_t = 1)]
    seed: u32,
    /// A TOML file of planning assumptions that override the shipped ones.
    #[arg(long, value_name = "FILE")]
    assumptions: Option<PathBuf>,
    /// Index series of the scenario's own, as data/series.toml: what prices of the day are worked out with.
    #[arg(long, value_name = "FILE")]
    series: Option<PathBuf>,
    /// Who asks.
    #[arg(long, env = "USER", default_value = "planner")]
    author: String,
    #[command(flatten)]
    studies: studies::StudyArgs,
    /// Print every row.
    #[arg(long)]
    full: bool,
    /// Print the run as JSON instead.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Seek {
    /// Greatest value of the fund and running cost.
    Fund,
    /// Fewest people worse off.
    People,
    /// Most under-used space released.
    Space,
    /// Lowest running cost.
    RunningCost,
    /// Most money to the fund, undiscounted.
    Money,
    /// Least extra travel for the people of what moves.
    Travel,
}

/// Solves, prints and stores. Exit code 0 with a plan, 3 infeasible or nothing found.
pub(super) fn run(args: PlanArgs) -> anyhow::Result<ExitCode> {
    let store = Store::open_existing(&args.store)
        .with_context(|| format!("opening the register {}", args.store))?;
    let scope = Scope::command_line();
    let snapshot = store.snapshot(&scope)?;
    anyhow::ensure!(
        snapshot.register.version > 0,
        "the register {} is empty: import something first, or make an illustrative estate with `domesday synth`",
        args.store
    );

    let questions = args.studies.questions()?;
    let (json, author) = (args.json, args.author.clone());
    let detail = if args.full { Detail::Full } else { Detail::Short };
    let mut question = question(args, &snapshot.register)?;
    let kept = store.standards(&scope)?;
    question.standards = kept.in_force(chrono::Utc::now().date_naive());
    question.standards_version = Some(kept.version);
    let run = solve(&snapshot, question, &author)?;
    let id = store.save_run(&scope, &run)?;

    let mut out = std::io::stdout().lock();
    if json {
        serde_json::to_writer_pretty(&mut out, &run)?;
        writeln!(out)?;
    } else {
        report::print(&mut out, &run, detail)?;
        writeln!(out, "\nKept as run {id}.")?;
    }
    drop(out);
    for question in questions {
        studies::put(&store, &scope, &snapshot, (id, &run), question, (&author, json, detail))?;
    }
    let found = !matches!(run.solver.status, RunStatus::Infeasible | RunStatus::NothingFound);
    Ok(if found { ExitCode::SUCCESS } else { ExitCode::from(3) })
}

/// Answers a scenario with a progress line on a terminal; Ctrl-C stops with the best plan so far.
pub(crate) fn solve(
    snapshot: &crate::store::Snapshot,
    question: Scenario,
    author: &str,
) -> anyhow::Result<Run> {
    let mut watch = Terminal::watching();
    let estate = scenario::Estate {
        register: &snapshot.register,
        geography: &snapshot.geography,
        index: &snapshot.index,
    };
    let rules = config::rules()?;
    let run = scenario::answer(
        &estate,
        question,
        &rules,
        &mut watch,
        author.to_owned(),
        chrono::Utc::now().naive_utc(),
    );
    watch.finish();
    Ok(run?)
}

/// Does long work with a progress line on a terminal; Ctrl-C stops with the best so far.
pub(super) fn watched<T, E: std::error::Error + Send + Sync + 'static>(
    work: impl FnOnce(&mut dyn solver::Watch) -> Result<T, E>,
) -> anyhow::Result<T> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    // A second handler cannot be set in one process; then Ctrl-C ends the program, as anywhere.
    let _ = ctrlc::set_handler(move || flag.store(true, Ordering::Relaxed));
    let mut watch = Terminal { bar: spinner(), stop };
    let done = work(&mut watch);
    watch.bar.finish_and_clear();
    Ok(done?)
}

fn question(args: PlanArgs, register: &crate::register::Register) -> anyhow::Result<Scenario> {
    let assumptions = match &args.assumptions {
        None => config::assumptions()?,
        Some(path) => {
            let text =
                fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
            config::assumptions_from(&path.display().to_string(), &text)?
        }
    };
    let mut question = Scenario::defaults(register, assumptions, config::standards()?);
    let lock =
        |kind| move |site| Lock { site, kind, why: "asked for on the command line".to_owned() };
    if let Some(path) = &args.series {
        let text =
            fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
        question.series = Some(config::indices_from(&path.display().to_string(), &text)?);
    }
    question.name = args.name;
    question.scope = args.scope;
    question.locks = args.keep.into_iter().map(lock(LockKind::Keep)).collect();
    question.locks.extend(args.close.into_iter().map(lock(LockKind::Close)));
    question.fund_asked = args.fund;
    if let Some(capital) = args.capital {
        question.capital_available = capital;
    }
    question.objective = match args.objective {
        Seek::Fund => Objective::FundValue,
        Seek::People => Objective::PeopleWorseOff,
        Seek::Space => Objective::SpaceReleased,
        Seek::RunningCost => Objective::RunningCost,
        Seek::Money => Objective::Fund,
        Seek::Travel => Objective::Travel,
    };
    question.closures_per_borough = args.closures_per_borough;
    anyhow::ensure!(
        args.gap.is_finite() && (0.0..=100.0).contains(&args.gap),
        "--gap is a percentage from 0 to 100"
    );
    anyhow::ensure!(
        args.time_limit.is_finite() && args.time_limit > 0.0,
        "--time-limit is a number of seconds above 0"
    );
    question.gap = args.gap / 100.0;
    question.time_limit_seconds = args.time_limit;
    question.seed = args.seed;
    Ok(question)
}

/// A progress line on a terminal; Ctrl-C stops with the best plan so far.
pub(super) struct Terminal {
    bar: ProgressBar,
    stop: Arc<AtomicBool>,
}

impl Terminal {
    /// One handler a process: it serves every search in turn.
    pub(super) fn watching() -> Self {
        static STOP: std::sync::OnceLock<Arc<AtomicBool>> = std::sync::OnceLock::new();
        let stop = STOP.get_or_init(|| {
            let stop = Arc::new(AtomicBool::new(false));
            let flag = Arc::clone(&stop);
            // The demo serves with a handler of its own, so failing here is no harm.
            let _ = ctrlc::set_handler(move || flag.store(true, Ordering::Relaxed));
            stop
        });
        stop.store(false, Ordering::Relaxed);
        Self { bar: spinner(), stop: Arc::clone(stop) }
    }

    pub(super) fn say(&self, words: &str) {
        self.bar.set_message(words.to_owned());
        self.bar.tick();
    }

    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl solver::Watch for Terminal {
    fn progress(&mut self, progress: solver::Progress) {
        let told = |value: Option<f64>| {
            value.map_or_else(|| "none".to_owned(), |value| format!("{value:.0}"))
        };
        let gap =
            progress.gap.map_or_else(String::new, |gap| format!(", gap {:.2} %", 100.0 * gap));
        let (doing, plan, bound) =
            (progress.doing(), told(progress.incumbent), told(progress.bound));
        let message = format!("{doing}: best plan {plan}, bound {bound}{gap}");
        self.bar.set_message(message);
        self.bar.tick();
    }

    fn is_cancelled(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

fn spinner() -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    let style = ProgressStyle::with_template(
        "{spinner} {elapsed} {msg} (Ctrl-C takes the best plan so far)",
    );
    if let Ok(style) = style {
        bar.set_style(style);
    }
    bar.enable_steady_tick(std::time::Duration::from_millis(200));
    bar
}

fn parse_scope(text: &str) -> Result<ScopeOf, String> {
    match text.split_once(':') {
        None if text == "all" => Ok(ScopeOf::All),
        Some(("icb", code)) if !code.is_empty() => Ok(ScopeOf::Icb(code.to_owned())),
        Some(("borough", codes)) if !codes.is_empty() => {
            Ok(ScopeOf::Boroughs(codes.split(',').map(|code| code.trim().to_owned()).collect()))
        }
        _ => Err("a scope is `all`, `icb:CODE` or `borough:CODE,CODE`".to_owned()),
    }
}

pub(super) fn parse_pounds(text: &str) -> Result<Pence, String> {
    let read = Scalar::parse(crate::register::Kind::Money, text)
        .map_err(|wanted| format!("expected {wanted}"))?;
    read.pence().ok_or_else(|| "expected an amount in pounds".to_owned())
}
