//! `domesday access assess`: each standard today.

use std::process::ExitCode;

use clap::Args;

use super::Register;
use crate::cli::table;
use crate::export::grouped;
use crate::{access, config, scenario};

/// Which figures.
#[derive(Debug, Args)]
pub(super) struct AssessArgs {
    #[command(flatten)]
    register: Register,
    /// Only this standard, by its key.
    #[arg(long, value_name = "KEY")]
    standard: Option<String>,
    /// Each borough, not only the whole.
    #[arg(long)]
    boroughs: bool,
}

/// Prints a row a standard and area.
pub(super) fn run(args: &AssessArgs) -> anyhow::Result<ExitCode> {
    let (_store, snapshot) = args.register.open()?;
    let figures = config::assumptions()?;
    let mut standards = config::standards()?;
    if let Some(key) = &args.standard {
        standards.retain(|standard| standard.key == *key);
        anyhow::ensure!(!standards.is_empty(), "no standard has the key {key}");
    }
    let (register, zones) = (&snapshot.register, &snapshot.geography.zones);
    let state = scenario::today(register, &figures, &config::gate_rules()?);
    let travel = scenario::travel_for(register, zones, &standards, &figures)?;
    let offers = state.offers();
    let mut rows = Vec::new();
    for standard in &standards {
        let Some(times) = travel.get(&standard.mode) else { continue };
        let told = access::assess(standard, zones, times, &offers);
        let boroughs = told.boroughs.iter().filter(|_| args.boroughs);
        for area in std::iter::once(&told.total).chain(boroughs) {
            let count = |people: u64| grouped(people as f64, 0);
            let minutes = |minutes: Option<f64>| {
                minutes.map_or_else(|| "not known".to_owned(), |minutes| format!("{minutes:.1}"))
            };
            rows.push(vec![
                standard.key.clone(),
                area.name.clone(),
                count(area.people),
                count(area.within),
                count(area.beyond),
                count(area.undetermined),
                minutes(area.mean_minutes),
                minutes(area.p90_minutes),
                format!("{:?}", area.verdict).to_lowercase(),
            ]);
        }
    }
    table::print(
        &mut std::io::stdout().lock(),
        &[
            "standard",
            "area",
            ">people",
            ">within",
            ">beyond",
            ">undetermined",
            ">mean min",
            ">p90 min",
            "verdict",
        ],
        &rows,
    )?;
    Ok(ExitCode::SUCCESS)
}
