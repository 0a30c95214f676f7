//! `domesday travel`: minutes from a street map or from a router's matrix, kept with the register.

mod timetable;

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context;
use chrono::{NaiveDate, Utc};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand, ValueEnum};

use super::table;
use crate::config;
use crate::import::networks::{self, Asked, NetworksFault};
use crate::import::{ReferenceSet, matrix};
use crate::register::{Minutes, Reference, ReferenceKind, SiteCode};
use crate::store::{Draft, Scope, Snapshot, Store};
use crate::travel::{Missing, Mode, Profile, from_matrix};

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
    /// Work the minutes out again from the networks kept, as after sites have moved
    Times(TimesArgs),
    /// Keep the minutes of a router: CSV or Parquet with zone, site and minutes
    Matrix(MatrixArgs),
    /// Work the minutes by public transport out, from a GTFS timetable and the streets kept
    Timetable(timetable::TimetableArgs),
    /// What is kept
    List(StoreArgs),
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
    #[arg(long, value_name = "YYYY-MM-DD")]
    as_of: NaiveDate,
    #[command(flatten)]
    store: StoreArgs,
}

#[derive(Debug, Args)]
struct TimesArgs {
    /// For whom; all that have a network, unless said.
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
    /// Columns zone, site and minutes (or `from_id`, `to_id` and `travel_time_p50`); an empty cell is "no way".
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// How people travel in it.
    #[arg(long, value_parser = modes(&Mode::ALL))]
    mode: Mode,
    /// Minutes to which the router searched.
    #[arg(long)]
    limit: f64,
    /// What it means that a pair has no row.
    #[arg(long, value_enum)]
    absent: Absent,
    /// The day the minutes describe.
    #[arg(long, value_name = "YYYY-MM-DD")]
    as_of: NaiveDate,
    /// Take the good rows of a file with faults.
    #[arg(long)]
    accept_faults: bool,
    #[command(flatten)]
    store: StoreArgs,
}

/// What it means that a pair has no row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Absent {
    /// The router looked, and it is farther than the limit.
    BeyondLimit,
    /// The router looked, and there is no way.
    Unreachable,
    /// The router was not asked.
    NotComputed,
}

impl From<Absent> for Missing {
    fn from(absent: Absent) -> Self {
        match absent {
            Absent::BeyondLimit => Self::BeyondLimit,
            Absent::Unreachable => Self::Unreachable,
            Absent::NotComputed => Self::NotComputed,
        }
    }
}

const STREETS: [Mode; 3] = [Mode::Walk, Mode::StepFreeWalk, Mode::Drive];

fn modes(of: &[Mode]) -> impl TypedValueParser<Value = Mode> + use<> {
    PossibleValuesParser::new(of.iter().map(|mode| mode.key()))
        .try_map(|key| Mode::find(&key).ok_or("no such mode"))
}

/// A file with faults was not applied.
const REFUSED: u8 = 2;
/// Faults and places listed; the rest is counted.
const LISTED: usize = 20;

/// Runs what was asked.
pub(super) fn run(args: &TravelArgs) -> anyhow::Result<ExitCode> {
    match &args.command {
        TravelCommand::Prepare(args) => prepare(args),
        TravelCommand::Times(args) => times(args),
        TravelCommand::Matrix(args) => keep_matrix(args),
        TravelCommand::Timetable(args) => timetable::run(args),
        TravelCommand::List(args) => list(args),
    }
}

fn open(args: &StoreArgs) -> anyhow::Result<(Store, Arc<Snapshot>)> {
    let store =
        Store::open(&args.store).with_context(|| format!("opening the register {}", args.store))?;
    let snapshot = store.snapshot(&Scope::command_line())?;
    Ok((store, snapshot))
}

fn open_with_zones(args: &StoreArgs) -> anyhow::Result<(Store, Arc<Snapshot>)> {
    let (store, snapshot) = open(args)?;
    anyhow::ensure!(
        !snapshot.geography.zones.is_empty(),
        "the register {} has no zones, so there is nowhere to travel from: import some with `domesday import zones`",
        args.store
    );
    Ok((store, snapshot))
}

fn checked(limit: f64) -> anyhow::Result<Minutes> {
    anyhow::ensure!(
        (1.0..=1_440.0).contains(&limit),
        "--limit {limit} is not a number of minutes from 1 to 1,440"
    );
    Ok(Minutes(limit))
}

fn prepare(args: &PrepareArgs) -> anyhow::Result<ExitCode> {
    let limit = checked(args.limit)?;
    let (store, snapshot) = open_with_zones(&args.store)?;
    let speeds = match &args.speeds {
        Some(path) => {
            let text =
                fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
            config::speed_table_from(&path.display().to_string(), &text)?
        }
        None => config::speed_table()?,
    };
    let bytes = fs::read(&args.file).with_context(|| format!("reading {}", args.file.display()))?;
    let name = args.file.display().to_string();
    let file_name = args.file.file_name().map_or(name.clone(), |at| at.display().to_string());
    let source = args.source.clone().unwrap_or(file_name);
    let asked =
        Asked { file: &name, bytes: &bytes, source: &source, as_of: args.as_of, speeds: &speeds };

    let mut out = io::stdout().lock();
    let called = networks::named(&asked);
    let (kept, wanted): (Vec<Mode>, Vec<Mode>) = args.mode.iter().partition(|mode| {
        pinned(&snapshot, **mode).is_some_and(|reference| reference.source == called)
    });
    for mode in &kept {
        writeln!(
            out,
            "{}: prepared before from this map by these speeds, and used again",
            mode.label()
        )?;
    }
    let mut sets = Vec::new();
    if !wanted.is_empty() {
        let (made, told) = networks::prepare(&asked, &wanted, &mut telling()?)?;
        for prepared in told {
            tell(&mut out, &prepared)?;
        }
        sets = made;
    }
    for mode in kept {
        sets.extend(kept_network(&store, &snapshot, mode)?);
    }
    finish(&store, &snapshot, &args.store, sets, limit, &mut out)
}

/// Says how far it is on standard error; Ctrl-C stops it, and nothing is kept.
fn telling() -> anyhow::Result<impl FnMut(f64, &str) -> bool> {
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

fn tell(out: &mut dyn Write, prepared: &networks::Prepared) -> io::Result<()> {
    let whom = match prepared.profile {
        Profile::Walk => "on foot",
        Profile::SurelyStepFree => "surely step-free",
        Profile::PerhapsStepFree => "step-free if what nobody recorded is",
        Profile::Drive => "by car",
    };
    let (junctions, vertices, segments) = prepared.size;
    let report = &prepared.report;
    writeln!(
        out,
        "{whom}: {} ways, {junctions} junctions ({vertices} with turns told apart), {segments} streets between them",
        report.ways
    )?;
    if report.missing_nodes > 0 {
        writeln!(
            out,
            "- {} nodes are named and not in the file (the map's edge)",
            report.missing_nodes
        )?;
    }
    if prepared.profile == Profile::Drive {
        writeln!(
            out,
            "- {} turn restrictions kept, {} where no car goes, {} not understood and not kept",
            report.restrictions_kept,
            report.restrictions_elsewhere,
            report.restrictions_unsupported.len()
        )?;
        for (relation, why) in report.restrictions_unsupported.iter().take(LISTED) {
            writeln!(out, "  relation {relation}: {why}")?;
        }
    }
    for island in prepared.islands.iter().take(5) {
        let name = island.name.as_deref().unwrap_or("unnamed streets");
        writeln!(
            out,
            "- cut off from the rest: {name}, {} junctions, {:.0} m of street near {:.0},{:.0}",
            island.junctions, island.metres, island.easting, island.northing
        )?;
    }
    if prepared.islands.len() > 5 {
        writeln!(out, "- and {} further parts", prepared.islands.len() - 5)?;
    }
    Ok(())
}

fn pinned(snapshot: &Snapshot, mode: Mode) -> Option<&Reference> {
    snapshot.register.reference(networks::kept_as(mode)?)
}

fn kept_network(
    store: &Store,
    snapshot: &Snapshot,
    mode: Mode,
) -> anyhow::Result<Option<ReferenceSet>> {
    let Some(reference) = pinned(snapshot, mode) else { return Ok(None) };
    let bytes = store.reference_set(&Scope::command_line(), reference)?;
    Ok(Some(ReferenceSet { reference: reference.clone(), bytes }))
}

fn times(args: &TimesArgs) -> anyhow::Result<ExitCode> {
    let limit = checked(args.limit)?;
    let (store, snapshot) = open_with_zones(&args.store)?;
    let wanted = if args.mode.is_empty() { STREETS.to_vec() } else { args.mode.clone() };
    let mut sets = Vec::new();
    for mode in wanted {
        let found = kept_network(&store, &snapshot, mode)?;
        anyhow::ensure!(
            found.is_some() || args.mode.is_empty(),
            "no street network for {} is kept: prepare one with `domesday travel prepare`",
            mode.key()
        );
        sets.extend(found);
    }
    anyhow::ensure!(
        !sets.is_empty(),
        "no street network is kept: prepare one with `domesday travel prepare FILE.osm.pbf`"
    );
    finish(&store, &snapshot, &args.store, sets, limit, &mut io::stdout().lock())
}

/// Minutes of every network, kept with the networks in one version.
fn finish(
    store: &Store,
    snapshot: &Snapshot,
    args: &StoreArgs,
    mut sets: Vec<ReferenceSet>,
    limit: Minutes,
    out: &mut dyn Write,
) -> anyhow::Result<ExitCode> {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let mut minutes = Vec::new();
    for network in &sets {
        let made =
            networks::minutes(network, &snapshot.register, &snapshot.geography, limit, threads)?;
        let Some((set, times, placings)) = made else { return Err(NetworksFault::Stopped.into()) };
        writeln!(
            out,
            "{}: {} pairs within {} minutes, {}",
            times.mode.label(),
            set.reference.rows,
            limit.0,
            times.maker
        )?;
        let lost = placings.iter().filter(|placing| placing.metres.is_none()).count();
        if lost > 0 {
            writeln!(
                out,
                "- {lost} zones and sites are not on this map: their minutes are not computed"
            )?;
        }
        for placing in placings.iter().filter(|placing| placing.metres.is_some()).take(LISTED) {
            let metres = placing.metres.unwrap_or_default();
            let cut = if placing.is_on_island { ", on a part cut off from the rest" } else { "" };
            writeln!(out, "- {} is {metres:.0} m from the network{cut}", placing.code)?;
        }
        minutes.push(set);
    }
    sets.extend(minutes);
    keep(store, snapshot, args, sets, "Travel times by street", out)?;
    Ok(ExitCode::SUCCESS)
}

fn keep(
    store: &Store,
    snapshot: &Snapshot,
    args: &StoreArgs,
    sets: Vec<ReferenceSet>,
    reason: &str,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let held = &snapshot.register;
    let news: Vec<ReferenceSet> = sets
        .into_iter()
        .filter(|set| {
            held.reference(set.reference.kind).is_none_or(|kept| kept.hash != set.reference.hash)
        })
        .collect();
    if news.is_empty() {
        writeln!(out, "Nothing new: the same networks and minutes were already kept")?;
        return Ok(());
    }
    let source = news.first().map(|set| set.reference.source.clone()).unwrap_or_default();
    let draft = Draft {
        author: args.author.clone(),
        at: Utc::now().naive_utc(),
        source,
        reason: reason.to_owned(),
        changes: Vec::new(),
        references: news,
    };
    let version = store.append(&Scope::command_line(), draft, snapshot.register.version)?;
    writeln!(out, "Kept as register version {}", version.id)?;
    Ok(())
}

fn keep_matrix(args: &MatrixArgs) -> anyhow::Result<ExitCode> {
    let limit = checked(args.limit)?;
    let (store, snapshot) = open_with_zones(&args.store)?;
    let name = args.file.display().to_string();
    let bytes = fs::read(&args.file).with_context(|| format!("reading {name}"))?;
    let (rows, unread) = matrix::read(&name, &bytes);
    let sites: std::collections::BTreeSet<SiteCode> = snapshot
        .register
        .sites()
        .filter(|site| site.location().is_some())
        .map(|site| site.code.clone())
        .collect();
    let count = rows.len();
    let zones = &snapshot.geography.zones;
    let reading = from_matrix(rows, zones, &sites, (args.mode, limit), (&name, args.absent.into()));
    let mut told: Vec<String> = unread.iter().map(ToString::to_string).collect();
    told.extend(reading.faults.iter().map(|fault| format!("{name}: {fault}")));

    let mut out = io::stdout().lock();
    writeln!(out, "{count} rows read from {name}")?;
    let mut err = io::stderr().lock();
    for fault in told.iter().take(LISTED) {
        writeln!(err, "{fault}")?;
    }
    if told.len() > LISTED {
        writeln!(err, "and {} further faults", told.len() - LISTED)?;
    }
    let times = reading.times;
    let pairs: usize = times.rows.iter().map(Vec::len).sum();
    if (!told.is_empty() && !args.accept_faults) || pairs == 0 {
        writeln!(out, "{} faults: nothing was kept", told.len())?;
        return Ok(ExitCode::from(REFUSED));
    }
    let no_way: Vec<String> = times
        .exceptions
        .iter()
        .filter(|exception| exception.why == Missing::Unreachable)
        .filter_map(|exception| {
            let zone = times.zones.get(exception.zone as usize)?;
            Some(format!("{zone} to {}", times.sites.get(exception.site as usize)?))
        })
        .collect();
    if !no_way.is_empty() {
        let listed = no_way.iter().take(LISTED).cloned().collect::<Vec<_>>().join(", ");
        writeln!(out, "no way for {} pairs: {listed}", no_way.len())?;
    }
    let silent = times.rows.iter().zip(&times.zones).filter(|(row, _)| row.is_empty());
    let silent: Vec<&str> = silent.map(|(_, zone)| zone.as_str()).collect();
    if !silent.is_empty() {
        let listed = silent.iter().take(LISTED).copied().collect::<Vec<_>>().join(", ");
        writeln!(out, "{} zones reach no site in it: {listed}", silent.len())?;
    }
    let (set, _) = networks::kept(times, &name, args.as_of);
    writeln!(out, "{pairs} pairs {}, within {} minutes", args.mode.label(), limit.0)?;
    keep(&store, &snapshot, &args.store, vec![set], "Travel times from a router", &mut out)?;
    Ok(ExitCode::SUCCESS)
}

fn list(args: &StoreArgs) -> anyhow::Result<ExitCode> {
    let (_, snapshot) = open(args)?;
    let mut out = io::stdout().lock();
    let mut rows = Vec::new();
    for mode in Mode::ALL {
        if let Some(reference) = pinned(&snapshot, mode) {
            rows.push(row(mode, "streets", reference));
        }
        if let Some(reference) = snapshot.register.reference(mode.kept_as()) {
            rows.push(row(mode, "minutes", reference));
        }
        let late = snapshot.register.reference(ReferenceKind::LatePublicTransportTimes);
        if let Some(reference) = late.filter(|_| mode == Mode::PublicTransport) {
            rows.push(row(mode, "late minutes", reference));
        }
    }
    if rows.is_empty() {
        writeln!(out, "Nothing is kept: journeys are straight lines, and every result says so")?;
        return Ok(ExitCode::SUCCESS);
    }
    table::print(&mut out, &["mode", "what", ">rows", "as of", "source", "hash"], &rows)?;
    Ok(ExitCode::SUCCESS)
}

fn row(mode: Mode, what: &str, reference: &Reference) -> Vec<String> {
    let hash = reference.hash.chars().take(12).collect();
    vec![
        mode.key().to_owned(),
        what.to_owned(),
        reference.rows.to_string(),
        reference.as_of.to_string(),
        reference.source.clone(),
        hash,
    ]
}
