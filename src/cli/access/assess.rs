//! `domesday access assess`: each standard today.

use std::process::ExitCode;

use clap::Args;

use super::Register;
use crate::access::{AreaAssessment, By, Standard};
use crate::cli::table;
use crate::export::{grouped, verdict_words};
use crate::geography::Zones;
use crate::store::Scope;
use crate::{access, config, scenario};

/// Which figures.
#[derive(Debug, Args)]
pub(super) struct AssessArgs {
    #[command(flatten)]
    register: Register,
    /// Only this standard, by its key.
    #[arg(long, value_name = "KEY")]
    standard: Option<String>,
    /// Also by borough, icb, ward, decile or group.
    #[arg(long, value_parser = by)]
    by: Option<By>,
}

fn by(text: &str) -> Result<By, String> {
    By::ALL
        .into_iter()
        .find(|by| by.key() == text)
        .ok_or_else(|| format!("it is one of {}", By::ALL.map(By::key).join(", ")))
}

/// Prints a row a standard and part of the people.
pub(super) fn run(args: &AssessArgs) -> anyhow::Result<ExitCode> {
    let (store, snapshot) = args.register.open()?;
    let figures = config::assumptions()?;
    let day = chrono::Utc::now().date_naive();
    let mut standards = store.standards(&Scope::command_line())?.in_force(day);
    if let Some(key) = &args.standard {
        standards.retain(|standard| standard.key == *key);
        anyhow::ensure!(!standards.is_empty(), "no standard in force has the key {key}");
    }
    let (register, geography) = (&snapshot.register, &snapshot.geography);
    let state = scenario::today(register, &figures, &config::gate_rules()?);
    let travel = scenario::travel_for(register, geography, &standards, &figures)?;
    let mut rows = Vec::new();
    for standard in &standards {
        let Some(times) = travel.get(&standard.way()) else { continue };
        let reached = access::reach(standard, &geography.zones, times, &state);
        let whole = access::summarise(standard, times, &reached);
        let parts = args.by.map(|by| access::parts(standard, &reached, by)).unwrap_or_default();
        let parts = parts.iter().map(|part| &part.figures);
        for area in std::iter::once(&whole.total).chain(parts) {
            rows.push(row(standard, &geography.zones, area));
        }
    }
    table::print(
        &mut std::io::stdout().lock(),
        &[
            "standard",
            "set for",
            "part",
            ">people",
            ">within",
            ">beyond",
            ">undetermined",
            ">share within",
            ">mean min",
            ">median",
            ">p90",
            ">mean by zone",
            ">median by zone",
            ">p90 by zone",
            ">mean to any",
            ">farther (people)",
            ">by (min)",
            "verdict",
            "why undetermined",
        ],
        &rows,
    )?;
    Ok(ExitCode::SUCCESS)
}

fn row(standard: &Standard, zones: &Zones, area: &AreaAssessment) -> Vec<String> {
    let count = |people: u64| grouped(people as f64, 0);
    let minutes = |minutes: Option<f64>| {
        minutes.map_or_else(|| "not known".to_owned(), |minutes| format!("{minutes:.1}"))
    };
    let percent = |share: Option<f64>| share.map_or(0.0, |share| share * 100.0);
    let (least, greatest) = (percent(area.least_share), percent(area.greatest_share));
    vec![
        standard.key.clone(),
        standard.area.name(zones),
        area.name.clone(),
        count(area.people),
        count(area.within),
        count(area.beyond),
        count(area.undetermined),
        format!("{least:.1} to {greatest:.1} %"),
        minutes(area.mean_minutes),
        minutes(area.median_minutes),
        minutes(area.p90_minutes),
        minutes(area.unweighted_mean_minutes),
        minutes(area.unweighted_median_minutes),
        minutes(area.unweighted_p90_minutes),
        minutes(area.any_mean_minutes),
        area.farther().map_or_else(|| "not known".to_owned(), count),
        minutes(area.farther_minutes),
        verdict_words(area.verdict).to_lowercase(),
        area.doubts.iter().map(|(doubt, _)| doubt.words()).collect::<Vec<_>>().join("; "),
    ]
}
