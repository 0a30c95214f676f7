//! `domesday access borough`, `league` and `survey`: what a borough lacks, what to fix and what to survey first.

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::Context as _;
use chrono::Utc;
use clap::Args;

use super::Register;
use crate::access::{self, Area, Shortfall};
use crate::cli::table;
use crate::config;
use crate::export::{self, Table};
use crate::geography::Zones;
use crate::scenario::AccessToday;
use crate::store::{Scope, Snapshot, Store};

/// Which borough.
#[derive(Debug, Args)]
pub(super) struct BoroughArgs {
    #[command(flatten)]
    register: Register,
    /// GSS code or name: `E09000007`, `Camden`.
    borough: String,
    /// Print CSV instead of tables for the eye: the statement.
    #[arg(long)]
    csv: bool,
}

/// For whose people.
#[derive(Debug, Args)]
pub(super) struct ListArgs {
    #[command(flatten)]
    register: Register,
    /// Only people who live in this borough: GSS code or name.
    #[arg(long, value_name = "GSS|NAME")]
    borough: Option<String>,
    /// At most so many sites.
    #[arg(long, value_name = "N", default_value_t = 25)]
    most: usize,
    /// Print CSV instead of a table for the eye.
    #[arg(long)]
    csv: bool,
}

/// Prints the standards of a borough, its statement, and the works that would close the gap.
pub(super) fn borough(args: &BoroughArgs) -> anyhow::Result<ExitCode> {
    let (store, snapshot) = args.register.open()?;
    let (area, name) = find(&snapshot, &args.borough)?;
    let (today, shortfall) = worked_out(&store, &snapshot, &area)?;
    let close = |line: &access::LineShortfall| (line.clone(), today.closing(line));
    let lines: Vec<_> = shortfall.lines.iter().map(close).collect();
    let zones = &snapshot.geography.zones;
    let statement = export::access::statement(&lines, zones);
    if args.csv {
        return print_csv(&statement);
    }
    let mut out = std::io::stdout().lock();
    writeln!(out, "{name}, register version {}\n", snapshot.register.version)?;
    let own = today.assessments.iter().filter_map(|told| {
        let there = told.boroughs.iter().find(|borough| borough.area == area)?;
        Some((&told.standard, there))
    });
    let standards = export::access::standards("Standards", zones, own);
    drop(out);
    print(
        &standards,
        &[
            "key",
            "area",
            "verdict",
            "share_percent",
            "within_percent",
            "could_be_within_percent",
            "people",
            "within",
            "beyond",
            "undetermined",
        ],
    )?;
    let mut out = std::io::stdout().lock();
    for (key, words) in words(&standards) {
        writeln!(out, "{key}: {words}")?;
    }
    writeln!(out)?;
    drop(out);
    let shown = [
        "service_line",
        "verdict",
        "standard",
        "area",
        "disabled_residents",
        "within",
        "beyond",
        "undetermined",
        "why",
        "no_site",
        "works_sites",
        "works_low_gbp",
        "works_gbp",
        "works_high_gbp",
        "within_after",
        "is_met_after",
    ];
    print(&statement, &shown)?;
    print(
        &export::access::works(&lines, &snapshot.register),
        &["service_line", "order", "site_name", "site_code", "people_gained", "works_gbp", "first"],
    )?;
    Ok(ExitCode::SUCCESS)
}

/// Each row's key, and the standard in its own words.
fn words(standards: &Table) -> Vec<(String, String)> {
    let of = |row: &Vec<export::Cell>, key: &str| {
        let at = standards.columns.iter().position(|column| column.key == key);
        at.and_then(|at| row.get(at)).map(export::Cell::shown).unwrap_or_default()
    };
    standards.rows.iter().map(|row| (of(row, "key"), of(row, "words"))).collect()
}

/// Prints what to fix first.
pub(super) fn league(args: &ListArgs) -> anyhow::Result<ExitCode> {
    listed(args, export::access::league)
}

/// Prints what to survey first.
pub(super) fn survey(args: &ListArgs) -> anyhow::Result<ExitCode> {
    listed(args, export::access::survey)
}

fn listed(
    args: &ListArgs,
    table: impl Fn(&AccessToday, &Shortfall, &crate::register::Register) -> Table,
) -> anyhow::Result<ExitCode> {
    let (store, snapshot) = args.register.open()?;
    let area = match &args.borough {
        Some(asked) => find(&snapshot, asked)?.0,
        None => Area::All,
    };
    let (today, shortfall) = worked_out(&store, &snapshot, &area)?;
    let mut table = table(&today, &shortfall, &snapshot.register);
    table.rows.truncate(args.most);
    if args.csv {
        return print_csv(&table);
    }
    let shown = [
        "rank",
        "site_name",
        "site_code",
        "people_gained",
        "gbp_a_person",
        "works_low_gbp",
        "works_gbp",
        "works_high_gbp",
        "settled_if_passing",
        "settled_whatever",
        "unknown_items",
        "first",
    ];
    print(&table, &shown)?;
    Ok(ExitCode::SUCCESS)
}

/// The borough by code or name.
fn find(snapshot: &Snapshot, asked: &str) -> anyhow::Result<(Area, String)> {
    let zones: &Zones = &snapshot.geography.zones;
    let found = zones.iter().find(|zone| {
        zone.borough_code.eq_ignore_ascii_case(asked)
            || zone.borough_name.eq_ignore_ascii_case(asked)
    });
    let zone =
        found.with_context(|| format!("no borough {asked:?} among the zones of the register"))?;
    Ok((Area::Borough(zone.borough_code.clone()), zone.borough_name.clone()))
}

fn worked_out(
    store: &Store,
    snapshot: &Snapshot,
    area: &Area,
) -> anyhow::Result<(AccessToday, Shortfall)> {
    let standards = store.standards(&Scope::command_line())?.in_force(Utc::now().date_naive());
    let zones = &snapshot.geography.zones;
    let today = AccessToday::new(
        &snapshot.register,
        &snapshot.geography,
        standards,
        config::assumptions()?,
        (&config::gate_rules()?, &config::team_bases()?),
    )?;
    let shortfall = today.shortfall(area, zones);
    Ok((today, shortfall))
}

fn print_csv(table: &Table) -> anyhow::Result<ExitCode> {
    std::io::stdout().lock().write_all(export::write(table).as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

/// The columns of a table that fit a terminal, in the order of the table.
fn print(told: &Table, keys: &[&str]) -> anyhow::Result<()> {
    let columns: Vec<usize> = (0..told.columns.len())
        .filter(|at| {
            told.columns.get(*at).is_some_and(|column| keys.contains(&column.key.as_str()))
        })
        .collect();
    let headings: Vec<String> = columns
        .iter()
        .filter_map(|at| told.columns.get(*at))
        .map(|column| format!("{}{}", if column.is_numeric { ">" } else { "" }, column.label))
        .collect();
    let headings: Vec<&str> = headings.iter().map(String::as_str).collect();
    let cells = |row: &Vec<export::Cell>| {
        columns.iter().filter_map(|at| row.get(*at)).map(export::Cell::shown).collect()
    };
    let rows: Vec<Vec<String>> = told.rows.iter().map(cells).collect();
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", told.caption)?;
    table::print(&mut out, &headings, &rows)?;
    writeln!(out)?;
    Ok(())
}
