//! `domesday travel`: minutes from a street map or from a router's matrix, kept with the register.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context;
use chrono::{NaiveDate, Utc};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand};

use super::table;
use crate::config;
use crate::import::InputFile;
use crate::import::travel::{self, Given, STREETS, Task, TravelRequest, checked, window};
use crate::store::{Scope, Store};
use crate::travel::{Missing, Mode, StraightLine};

/// What to do about travel times.
#[derive(Debug, Args)]
pub(super) struct TravelArgs {
    #[command(subcommand)]
    command: TravelCommand,
}

#[derive(Debug, Subcommand)]
enum TravelCommand {
    /// Prepare street networks from an .osm.pbf map, and the minutes they give
    Prepare(PrepareArgs),
    /// Work the minutes out again from the networks and the timetable kept, as after sites have moved
    Times(TimesArgs),
    /// Keep the minutes of a router: CSV or Parquet with zone, site and minutes
    Matrix(MatrixArgs),
    /// Work the minutes by public transport out, from a GTFS timetable and the streets kept
    Timetable(TimetableArgs),
    /// What is kept
    List(ListArgs),
}

#[derive(Debug, Args)]
struct ListArgs {
    /// The register: `sqlite:PATH` or `postgres://…`.
    #[arg(long, env = "DOMESDAY_STORE", default_value = "sqlite:domesday.db")]
    store: String,
}

#[derive(Debug, Args)]
struct StoreArgs {
    /// The register: `sqlite:PATH` or `postgres://…`.
    #[arg(long, env = "DOMESDAY_STORE", default_value = "sqlite:domesday.db")]
    store: String,
    /// Who keeps it.
    #[arg(long, env = "USER", default_value = "planner")]
    author: String,
}

#[derive(Debug, Args)]
struct PrepareArgs {
    /// The map, as Geofabrik and others publish it.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// For whom; more than one with commas.
    #[arg(long, value_delimiter = ',', default_value = "walk,step_free_walk,drive", value_parser = modes(&STREETS))]
    mode: Vec<Mode>,
    /// Minutes beyond which no journey is looked for.
    #[arg(long, default_value_t = 60.0)]
    limit: f64,
    /// A speed table of your own, whole (see data/travel.toml).
    #[arg(long, value_name = "FILE")]
    speeds: Option<PathBuf>,
    /// What the map is, where its file's name does not say.
    #[arg(long, value_name = "TEXT")]
    source: Option<String>,
    /// The day the map describes.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = described)]
    as_of: NaiveDate,
    #[command(flatten)]
    store: StoreArgs,
}

#[derive(Debug, Args)]
struct TimesArgs {
    /// For whom; all that have a network, and by the timetable kept, unless said.
    #[arg(long, value_delimiter = ',', value_parser = modes(&STREETS))]
    mode: Vec<Mode>,
    /// Minutes beyond which no journey is looked for.
    #[arg(long, default_value_t = 60.0)]
    limit: f64,
    #[command(flatten)]
    store: StoreArgs,
}

#[derive(Debug, Args)]
struct MatrixArgs {
    /// Columns zone, site and minutes (or `from_id`, `to_id` and `travel_time_p50`); an empty cell is "no way". Rows whose
    /// column mode names another mode than --mode are faults.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// How people travel in it.
    #[arg(long, value_parser = modes(&Mode::ALL))]
    mode: Mode,
    /// Minutes to which the router searched.
    #[arg(long)]
    limit: f64,
    /// What it means that a pair has no row: the router looked and it is farther, it looked and there is no way, or it
    /// was not asked.
    #[arg(long, value_parser = absent())]
    absent: Missing,
    /// The day the minutes describe.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = described)]
    as_of: NaiveDate,
    /// Take the good rows of a file with faults.
    #[arg(long)]
    accept_faults: bool,
    #[command(flatten)]
    store: StoreArgs,
}

#[derive(Debug, Args)]
struct TimetableArgs {
    /// A GTFS timetable in a zip file.
    #[arg(value_name = "GTFS.zip")]
    file: PathBuf,
    /// The day travelled.
    #[arg(long, value_name = "YYYY-MM-DD")]
    date: NaiveDate,
    /// First and last departure; one is asked for each minute.
    #[arg(long, value_name = "HH:MM-HH:MM", value_parser = window)]
    window: (u32, u32),
    /// Changes at most.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(0..=6))]
    changes: u8,
    /// Minutes beyond which no journey is looked for.
    #[arg(long, default_value_t = 60.0)]
    limit: f64,
    /// What the timetable is, where its file's name does not say.
    #[arg(long, value_name = "TEXT")]
    source: Option<String>,
    /// The day the timetable describes, usually that of its publication.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = described)]
    as_of: NaiveDate,
    #[command(flatten)]
    store: StoreArgs,
}

fn modes(of: &[Mode]) -> impl TypedValueParser<Value = Mode> + use<> {
    PossibleValuesParser::new(of.iter().map(|mode| mode.key()))
        .try_map(|key| Mode::find(&key).ok_or("no such mode"))
}

fn absent() -> impl TypedValueParser<Value = Missing> {
    PossibleValuesParser::new(Missing::OF_A_MATRIX.map(Missing::key)).try_map(|key| {
        let found = Missing::OF_A_MATRIX.into_iter().find(|why| why.key() == key);
        found.ok_or("no such reason")
    })
}

/// A file with faults was not applied.
const REFUSED: u8 = 2;
/// Faults listed; the rest is counted.
const LISTED: usize = 20;

/// Runs what was asked.
pub(super) fn run(args: &TravelArgs) -> anyhow::Result<ExitCode> {
    match &args.command {
        TravelCommand::Prepare(args) => {
            let speeds = match &args.speeds {
                Some(path) => {
                    let text = fs::read_to_string(path)
                        .with_context(|| format!("reading {}", path.display()))?;
                    config::speed_table_from(&path.display().to_string(), &text)?
                }
                None => config::speed_table()?,
            };
            let given = given(&args.file, args.source.as_deref(), args.as_of)?;
            let task = Task::Streets { given, modes: args.mode.clone(), speeds };
            carry_out(task, args.limit, &args.store)
        }
        TravelCommand::Times(args) => {
            carry_out(Task::Again { modes: args.mode.clone() }, args.limit, &args.store)
        }
        TravelCommand::Matrix(args) => {
            let task = Task::Matrix {
                given: given(&args.file, None, args.as_of)?,
                mode: args.mode,
                absent: args.absent,
                accept_faults: args.accept_faults,
            };
            carry_out(task, args.limit, &args.store)
        }
        TravelCommand::Timetable(args) => {
            let assumptions = config::assumptions()?;
            let task = Task::Timetable {
                given: given(&args.file, args.source.as_deref(), args.as_of)?,
                date: args.date,
                window: args.window,
                changes: args.changes,
                rules: config::timetable_rules()?,
                on_foot: StraightLine::of(Mode::Walk, &assumptions)?,
                on_wheels: StraightLine::of(Mode::StepFreeWalk, &assumptions)?,
            };
            carry_out(task, args.limit, &args.store)
        }
        TravelCommand::List(args) => list(args),
    }
}

fn described(text: &str) -> Result<NaiveDate, String> {
    travel::described_on(text, Utc::now().date_naive())
        .map_err(|expected| format!("expected {expected}"))
}

fn given(path: &Path, source: Option<&str>, as_of: NaiveDate) -> anyhow::Result<Given> {
    let bytes = fs::read(path).with_context(|| format!("reading {}", path.display()))?;
    let name = path
        .file_name()
        .map_or_else(|| path.display().to_string(), |name| name.display().to_string());
    let source = source.unwrap_or(&name).to_owned();
    Ok(Given { file: InputFile { name, bytes }, source, as_of })
}

fn open(store: &str) -> anyhow::Result<Store> {
    Store::open_existing(store).with_context(|| format!("opening the register {store}"))
}

fn carry_out(task: Task, limit: f64, args: &StoreArgs) -> anyhow::Result<ExitCode> {
    let limit =
        checked(limit).map_err(|expected| anyhow::anyhow!("--limit {limit}: {expected}"))?;
    let store = open(&args.store)?;
    let at = Utc::now().naive_utc();
    let request = TravelRequest { task, limit, author: args.author.clone(), at };
    let (_, report) = travel::carry_out(&store, &Scope::command_line(), &request, &mut telling()?)?;

    let (mut out, mut err) = (io::stdout().lock(), io::stderr().lock());
    for fault in report.faults.iter().take(LISTED) {
        writeln!(err, "{fault}")?;
    }
    if report.faults.len() > LISTED {
        writeln!(err, "and {} further faults", report.faults.len() - LISTED)?;
    }
    for note in &report.notes {
        writeln!(out, "{note}")?;
    }
    match report.version {
        Some(version) => writeln!(out, "Kept as register version {version}")?,
        None if !report.faults.is_empty() || report.unchanged == 0 => {
            return Ok(ExitCode::from(REFUSED));
        }
        None => {}
    }
    Ok(ExitCode::SUCCESS)
}

/// Says how far it is on standard error; Ctrl-C stops it, and nothing is kept.
fn telling() -> anyhow::Result<impl FnMut(f64, &str) -> bool + Send> {
    let stopped = Arc::new(AtomicBool::new(false));
    let hears = Arc::clone(&stopped);
    ctrlc::set_handler(move || hears.store(true, Ordering::Relaxed)).context("hearing Ctrl-C")?;
    let mut last = (String::new(), -1.0);
    Ok(move |share: f64, what: &str| {
        if last.0 != what || share >= last.1 + 0.1 {
            last = (what.to_owned(), share);
            // Nothing is left to do if standard error is closed.
            let _ = writeln!(io::stderr(), "{:>3.0} %  {what}", share * 100.0);
        }
        !stopped.load(Ordering::Relaxed)
    })
}

fn list(args: &ListArgs) -> anyhow::Result<ExitCode> {
    let snapshot = open(&args.store)?.snapshot(&Scope::command_line())?;
    let kept = travel::kept(&snapshot);
    let mut out = io::stdout().lock();
    if kept.is_empty() {
        writeln!(out, "Nothing is kept: journeys are straight lines, and every result says so")?;
        return Ok(ExitCode::SUCCESS);
    }
    let rows: Vec<Vec<String>> = kept
        .into_iter()
        .map(|held| {
            vec![
                held.mode.key().to_owned(),
                held.what.to_owned(),
                held.reference.rows.to_string(),
                held.reference.as_of.to_string(),
                held.reference.source,
                held.reference.hash.chars().take(12).collect(),
            ]
        })
        .collect();
    table::print(&mut out, &["mode", "what", ">rows", "as of", "source", "hash"], &rows)?;
    Ok(ExitCode::SUCCESS)
}
