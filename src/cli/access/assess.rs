//! `domesday access assess`: each standard today.

use std::io::Write as _;
use std::process::ExitCode;

use clap::Args;

use super::Register;
use crate::access::By;
use crate::cli::table;
use crate::scenario::AccessToday;
use crate::store::Scope;
use crate::{config, export};

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
    /// Print CSV instead of a table for the eye, with every column.
    #[arg(long)]
    csv: bool,
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
    let geography = &snapshot.geography;
    let rules = config::gate_rules()?;
    let today = AccessToday::new(&snapshot.register, geography, standards, figures, &rules)?;
    let told = today.standards.iter().filter_map(|standard| {
        today.parted(standard, &geography.zones, "All areas", args.by.as_slice())
    });
    let table = export::parts::parts(&told.collect::<Vec<_>>());
    if args.csv {
        std::io::stdout().lock().write_all(export::write(&table).as_bytes())?;
        return Ok(ExitCode::SUCCESS);
    }
    let shown = [
        ("standard", "standard"),
        ("area", "set for"),
        ("name", "part"),
        ("people", ">people"),
        ("within", ">within"),
        ("beyond", ">beyond"),
        ("undetermined", ">undetermined"),
        ("within_percent", ">surely (%)"),
        ("could_be_within_percent", ">could (%)"),
        ("mean_minutes", ">mean min"),
        ("median_minutes", ">median"),
        ("p90_minutes", ">p90"),
        ("unweighted_mean_minutes", ">mean by zone"),
        ("unweighted_median_minutes", ">median by zone"),
        ("unweighted_p90_minutes", ">p90 by zone"),
        ("any_mean_minutes", ">mean to any"),
        ("farther_people", ">farther (people)"),
        ("farther_minutes", ">by (min)"),
        ("none_passing_people", ">none passing (people)"),
        ("verdict", "verdict"),
        ("why", "why undetermined"),
    ];
    let place = |key: &str| table.columns.iter().position(|column| column.key == key);
    let places: Vec<usize> = shown.iter().filter_map(|(key, _)| place(key)).collect();
    let cells = |row: &Vec<export::Cell>| -> Vec<String> {
        let shown = |cell: &export::Cell| match cell {
            export::Cell::Unknown(_) => "not known".to_owned(),
            cell => cell.shown(),
        };
        places.iter().filter_map(|at| row.get(*at)).map(shown).collect()
    };
    let rows: Vec<Vec<String>> = table.rows.iter().map(cells).collect();
    table::print(&mut std::io::stdout().lock(), &shown.map(|(_, heading)| heading), &rows)?;
    Ok(ExitCode::SUCCESS)
}
