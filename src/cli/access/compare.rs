//! `domesday access compare` and `what-if`: two states of the estate, and who is better or worse off.

use std::io::Write;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;

use super::Register;
use crate::cli::table;
use crate::config;
use crate::export::{self, Table};
use crate::scenario::{Base, Outlook, Run, StateSpec};
use crate::store::{RunId, Scope, Snapshot, Store};

/// Which two.
#[derive(Debug, Args)]
pub(super) struct CompareArgs {
    /// The first: `today`, `run:NUMBER`, or either with `+close:SITE`, `+improve:SITE`, `+offer:SITE:SERVICE_LINE`.
    a: StateSpec,
    /// The second, in the same words.
    b: StateSpec,
    #[command(flatten)]
    register: Register,
    /// Print only this table, as CSV: standards, people, minutes, verdicts, worst, journeys or gaps.
    #[arg(long, value_name = "TABLE")]
    csv: Option<String>,
}

/// What is done.
#[derive(Debug, Args)]
pub(super) struct WhatIfArgs {
    /// What is done to today's estate: `close:SITE`, `improve:SITE`, `offer:SITE:SERVICE_LINE`.
    #[arg(required = true)]
    edits: Vec<String>,
    #[command(flatten)]
    register: Register,
}

/// Today's outlook under the standards in force.
pub(super) fn outlook(store: &Store, snapshot: &Snapshot) -> anyhow::Result<Outlook> {
    let day = chrono::Utc::now().date_naive();
    let standards = store.standards(&Scope::command_line())?.in_force(day);
    let (figures, gates) = (config::assumptions()?, config::gate_rules()?);
    Ok(Outlook::new(&snapshot.register, &snapshot.geography, figures, gates, &standards)?)
}

/// Prints who is better and worse off.
pub(super) fn compare(args: &CompareArgs) -> anyhow::Result<ExitCode> {
    let (store, snapshot) = args.register.open()?;
    let outlook = outlook(&store, &snapshot)?;
    let (run_a, run_b) = (run_of(&store, &args.a)?, run_of(&store, &args.b)?);
    let a = (&args.a, run_a.as_ref());
    let b = (&args.b, run_b.as_ref());
    let compared = outlook.compare(&snapshot.register, &snapshot.geography, a, b)?;
    let tables = export::comparison_tables(&compared);
    let mut out = std::io::stdout().lock();
    if let Some(name) = &args.csv {
        let names: Vec<&str> = tables.iter().map(|table| table.name.as_str()).collect();
        let table = tables.iter().find(|table| table.name == *name);
        let table = table.with_context(|| format!("{name} is not one of {}", names.join(", ")))?;
        out.write_all(export::write(table).as_bytes())?;
        return Ok(ExitCode::SUCCESS);
    }
    let standards = compared.pinned.as_deref().unwrap_or("the standards in force");
    writeln!(out, "{} against {}, under {standards}", compared.b, compared.a)?;
    for table in tables {
        print_changed(&mut out, table)?;
    }
    writeln!(out, "\nEvery row and column of a table: --csv TABLE.")?;
    Ok(ExitCode::SUCCESS)
}

/// Prints what closing, improving or opening does.
pub(super) fn what_if(args: &WhatIfArgs) -> anyhow::Result<ExitCode> {
    let (store, snapshot) = args.register.open()?;
    let outlook = outlook(&store, &snapshot)?;
    let spec: StateSpec = format!("today+{}", args.edits.join("+")).parse()?;
    let told = outlook.what_if(&snapshot.register, &spec.edits)?;
    let mut out = std::io::stdout().lock();
    for table in export::what_if_tables(&told) {
        print_changed(&mut out, table)?;
    }
    writeln!(out, "\nTo the fund, net: {}", told.to_fund)?;
    if let Some(words) = export::improve_words(&told) {
        writeln!(out, "{words}")?;
    }
    for blocker in &told.blockers {
        writeln!(out, "{blocker}")?;
    }
    writeln!(
        out,
        "Where the care of a closed site would go is not decided here, and nobody has checked that there is room."
    )?;
    Ok(ExitCode::SUCCESS)
}

fn run_of(store: &Store, spec: &StateSpec) -> anyhow::Result<Option<Run>> {
    match spec.base {
        Base::Today => Ok(None),
        Base::Run(number) => Ok(Some(store.run(&Scope::command_line(), RunId(number))?)),
    }
}

/// What a terminal has no room for; `--csv` prints it.
const LEFT_OUT: [&str; 6] = ["words", "same", "code", "tenancy", "minutes_by", "assumptions"];

fn keep<T>(list: &mut Vec<T>, is_kept: &[bool]) {
    let mut at = is_kept.iter();
    list.retain(|_| at.next().copied().unwrap_or(true));
}

/// The rows and the pairs of columns in which something changes, with a count of the other rows.
fn print_changed(out: &mut dyn Write, table: Table) -> anyhow::Result<()> {
    let is_list = table.columns.len() == 1;
    let (mut told, unchanged) = export::changed(table);
    let is_same =
        |&(was, is): &(usize, usize)| told.rows.iter().all(|row| row.get(was) == row.get(is));
    let same: Vec<usize> = export::pairs(&told.columns)
        .into_iter()
        .filter(is_same)
        .flat_map(|(was, is)| [was, is])
        .collect();
    let is_shown: Vec<bool> = told
        .columns
        .iter()
        .enumerate()
        .map(|(at, column)| {
            is_list || !(same.contains(&at) || LEFT_OUT.contains(&column.key.as_str()))
        })
        .collect();
    keep(&mut told.columns, &is_shown);
    for row in &mut told.rows {
        keep(row, &is_shown);
    }
    print(out, &told)?;
    if unchanged > 0 {
        writeln!(out, "{unchanged} rows in which nothing changes are not shown.")?;
    }
    Ok(())
}

pub(super) fn print(out: &mut dyn Write, told: &Table) -> anyhow::Result<()> {
    writeln!(out, "\n{}", told.caption)?;
    if told.rows.is_empty() {
        writeln!(out, "none")?;
        return Ok(());
    }
    let heading = |column: &export::Column| {
        if column.is_numeric { format!(">{}", column.label) } else { column.label.clone() }
    };
    let headings: Vec<String> = told.columns.iter().map(heading).collect();
    let headings: Vec<&str> = headings.iter().map(String::as_str).collect();
    let rows: Vec<Vec<String>> =
        told.rows.iter().map(|row| row.iter().map(export::Cell::shown).collect()).collect();
    table::print(out, &headings, &rows)?;
    Ok(())
}
