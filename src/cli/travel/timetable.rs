//! `domesday travel timetable`: minutes by public transport, from a GTFS file and the streets kept.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use chrono::{NaiveDate, NaiveTime, Timelike};
use clap::Args;

use super::{LISTED, REFUSED, StoreArgs, checked, keep, kept_network, open_with_zones};
use crate::config;
use crate::geography::sha256;
use crate::import::{networks, timetable};
use crate::register::{ReferenceKind, SiteCode};
use crate::travel::{
    Departures, Ends, Mode, Rider, StraightLine, TravelTimes, Walking, decode_streets,
};

#[derive(Debug, Args)]
pub(super) struct TimetableArgs {
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
    #[arg(long, value_name = "YYYY-MM-DD")]
    as_of: NaiveDate,
    #[command(flatten)]
    store: StoreArgs,
}

fn window(text: &str) -> Result<(u32, u32), String> {
    let clock = |text: &str| {
        let time = NaiveTime::parse_from_str(text.trim(), "%H:%M").ok()?;
        Some(time.hour() * 60 + time.minute())
    };
    let ends = text.split_once('-').and_then(|(from, to)| Some((clock(from)?, clock(to)?)));
    ends.filter(|(from, to)| from <= to && to - from <= 720).ok_or_else(|| {
        "expected two times of one day, at most 12 hours apart, such as 08:15-09:15".to_owned()
    })
}

pub(super) fn run(args: &TimetableArgs) -> anyhow::Result<ExitCode> {
    let limit = checked(args.limit)?;
    let (store, snapshot) = open_with_zones(&args.store)?;
    let rules = config::timetable_rules()?;
    let assumptions = config::assumptions()?;
    let name = args.file.display().to_string();
    let bytes = fs::read(&args.file).with_context(|| format!("reading {name}"))?;
    let mut out = io::stdout().lock();
    let reading = match timetable::read(&name, &bytes) {
        Ok(reading) => reading,
        Err(faults) => {
            let mut err = io::stderr().lock();
            for fault in faults.iter().take(LISTED) {
                writeln!(err, "{fault}")?;
            }
            writeln!(out, "{} faults: nothing was kept", faults.len())?;
            return Ok(ExitCode::from(REFUSED));
        }
    };
    let read = reading.timetable;
    let running = read.running(args.date, Rider::Anyone).len();
    writeln!(
        out,
        "{} stops in use, {} trips; {running} runs on {}",
        read.stops.len(),
        read.trips.len(),
        args.date
    )?;
    if reading.spaced > 0 {
        writeln!(out, "- {} times the file leaves open are spaced evenly", reading.spaced)?;
    }
    for name in reading.not_read {
        writeln!(out, "- {name} is not read: changes are walks by street and a minute's margin")?;
    }
    if running == 0 {
        writeln!(out, "No trip runs on {}: nothing was kept", args.date)?;
        return Ok(ExitCode::from(REFUSED));
    }

    let networks = |mode| -> anyhow::Result<_> {
        let Some(set) = kept_network(&store, &snapshot, mode)? else { return Ok(None) };
        Ok(Some((decode_streets(&set.bytes)?, set.reference.source)))
    };
    let (walk, step_free) = (networks(Mode::Walk)?, networks(Mode::StepFreeWalk)?);
    let on_foot = StraightLine::of(Mode::Walk, &assumptions)?;
    let on_wheels = StraightLine::of(Mode::StepFreeWalk, &assumptions)?;
    let streets = |nets: &Option<(Vec<_>, String)>| match nets {
        Some((_, source)) => format!("walks by street in {source}"),
        None => "walks approximate, in straight lines with a detour".to_owned(),
    };
    let file_name = args.file.file_name().map_or(name.clone(), |at| at.display().to_string());
    let source = args.source.clone().unwrap_or(file_name);
    let hash = sha256(&bytes);
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let sites: Vec<_> = snapshot
        .register
        .sites()
        .filter_map(|site| Some((site.code.clone(), site.location()?)))
        .collect::<Vec<(SiteCode, _)>>();
    let ends = Ends::new(&snapshot.geography.zones, &sites);
    let told = format!("{source} ({}; {})", streets(&walk), rules.name);
    let asked = Departures {
        date: args.date,
        window: args.window,
        changes: args.changes,
        limit,
        rules: &rules,
        source: &told,
        hash: &hash,
    };
    let walking = walk
        .as_ref()
        .and_then(|(networks, _)| networks.first())
        .map_or(Walking::Straight(on_foot), Walking::Streets);
    let [median, late] = read.minutes(&ends, walking, asked, threads);
    let (sure, perhaps) = match step_free.as_ref().map(|(networks, _)| networks.as_slice()) {
        Some([sure, perhaps]) => (Some(Walking::Streets(sure)), Walking::Streets(perhaps)),
        _ => (None, Walking::Straight(on_wheels)),
    };
    let told_step_free = format!("{source} ({}; {})", streets(&step_free), rules.name);
    let asked = Departures { source: &told_step_free, ..asked };
    let step_free = read.step_free_minutes(&ends, (sure, perhaps), asked, threads);

    let mut sets = Vec::new();
    for (kind, times, source) in [
        (ReferenceKind::PublicTransportTimes, median, &told),
        (ReferenceKind::LatePublicTransportTimes, late, &told),
        (ReferenceKind::StepFreePublicTransportTimes, step_free, &told_step_free),
    ] {
        tell(&mut out, &times)?;
        sets.push(networks::kept_as_kind(kind, &times, source, args.as_of));
    }
    keep(&store, &snapshot, &args.store, sets, "Travel times by timetable", &mut out)?;
    Ok(ExitCode::SUCCESS)
}

fn tell(out: &mut dyn Write, times: &TravelTimes) -> io::Result<()> {
    let pairs: usize = times.rows.iter().map(Vec::len).sum();
    let (mode, limit) = (times.mode.label(), times.limit.0);
    writeln!(out, "{mode}: {pairs} pairs within {limit} minutes, {}", times.maker)?;
    let perhaps: usize = times.perhaps.iter().map(Vec::len).sum();
    if perhaps > 0 {
        writeln!(
            out,
            "- {perhaps} pairs only, or sooner, if stops, vehicles and streets nobody has recorded are step-free"
        )?;
    }
    if !times.exceptions.is_empty() {
        writeln!(out, "- {} pairs not computed: an end is not on the map", times.exceptions.len())?;
    }
    Ok(())
}
