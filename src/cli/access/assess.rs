//! `domesday access assess`: each standard today.

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;

use super::Register;
use crate::access::{Area, By, Standard};
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
    /// Only the people of this board, borough or ward: `icb:QMJ`, `borough:E09000007`, `ward:E05013654`, or a code or name.
    #[arg(long, value_name = "AREA")]
    area: Option<String>,
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
    let (gates, bases) = (config::gate_rules()?, config::team_bases()?);
    let rules = (&gates, &bases);
    let today = AccessToday::new(&snapshot.register, geography, standards, figures, rules)?;
    let area = match &args.area {
        None => Area::All,
        Some(asked) => Area::find(asked, &geography.zones).with_context(|| {
            format!(
                "no board, borough or ward {asked:?} among the zones of the register, or several"
            )
        })?,
    };
    let (zones, name) = (geography.zones.of(|zone| area.holds(zone)), area.name(&geography.zones));
    // Of everyone, each standard tells of its own area; of a part, only those that speak of all of it tell anything.
    let speaks =
        |standard: &Standard| area == Area::All || standard.area.covers(&area, &geography.zones);
    let told = today.standards.iter().filter(|standard| speaks(standard));
    let told =
        told.filter_map(|standard| today.parted(standard, &zones, &name, args.by.as_slice()));
    let told: Vec<_> = told.collect();
    anyhow::ensure!(!told.is_empty(), "no standard asked for speaks of all of {name}");
    let table = export::parts::parts(&told);
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
        ("none_passing_of", ">of"),
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
