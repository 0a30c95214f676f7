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
    /// Print only this table, as CSV: standards, people, minutes, verdicts, worst, journeys or money.
    #[arg(long, value_name = "TABLE")]
    csv: Option<String>,
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
        write_one(&mut out, &tables, name)?;
        return Ok(ExitCode::SUCCESS);
    }
    let standards = compared.pinned.as_deref().unwrap_or("the standards in force");
    writeln!(out, "{} against {}, under {standards}", compared.b, compared.a)?;
    for table in tables {
        print_changed(&mut out, table)?;
    }
    writeln!(out, "{EVERY_COLUMN}")?;
    Ok(ExitCode::SUCCESS)
}

const EVERY_COLUMN: &str = "\nEvery row and column of a table: --csv TABLE.";

fn write_one(out: &mut dyn Write, tables: &[Table], name: &str) -> anyhow::Result<()> {
    let names: Vec<&str> = tables.iter().map(|table| table.name.as_str()).collect();
    let table = tables.iter().find(|table| table.name == *name);
    let table = table.with_context(|| format!("{name} is not one of {}", names.join(", ")))?;
    out.write_all(export::write(table).as_bytes())?;
    Ok(())
}

/// Prints what closing, improving or opening does.
pub(super) fn what_if(args: &WhatIfArgs) -> anyhow::Result<ExitCode> {
    let (store, snapshot) = args.register.open()?;
    let outlook = outlook(&store, &snapshot)?;
    let spec: StateSpec = format!("today+{}", args.edits.join("+")).parse()?;
    let told = outlook.what_if(&snapshot.register, &spec.edits)?;
    let mut out = std::io::stdout().lock();
    let tables = export::what_if_tables(&told);
    if let Some(name) = &args.csv {
        write_one(&mut out, &tables, name)?;
        return Ok(ExitCode::SUCCESS);
    }
    for table in tables {
        print_changed(&mut out, table)?;
    }
    writeln!(out, "{EVERY_COLUMN}")?;
    writeln!(out, "\nTo the fund, net: {}", told.to_fund)?;
    if let Some(words) = export::improve_words(&told) {
        writeln!(out, "{words}")?;
    }
    for blocker in told.blockers.iter().chain(&told.unjudged) {
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

/// The rows and the pairs of columns in which something changes, and what is not shown.
fn print_changed(out: &mut dyn Write, table: Table) -> anyhow::Result<()> {
    let is_list = table.columns.len() == 1;
    let brief = export::Brief::of(table, usize::MAX);
    let words = brief.words();
    let mut told = brief.table;
    if told.rows.is_empty() {
        let words = words.as_deref().unwrap_or("none");
        writeln!(out, "\n{}\n{words}", told.caption)?;
        return Ok(());
    }
    // What is not known on either side is not the same.
    let is_same = |row: &Vec<export::Cell>, (was, is): (usize, usize)| {
        row.get(was) == row.get(is) && !matches!(row.get(was), Some(export::Cell::Unknown(_)))
    };
    let same: Vec<(usize, usize)> = export::pairs(&told.columns)
        .into_iter()
        .filter(|pair| told.rows.iter().all(|row| is_same(row, *pair)))
        .collect();
    let label = |(was, _): &(usize, usize)| {
        let label = told.columns.get(*was)?.label.as_str();
        Some(label.strip_suffix(" before").unwrap_or(label).to_lowercase())
    };
    let labels: Vec<String> = same.iter().filter_map(label).collect();
    let is_shown: Vec<bool> = told
        .columns
        .iter()
        .enumerate()
        .map(|(at, column)| {
            let is_same = same.iter().any(|(was, is)| [*was, *is].contains(&at));
            is_list || !(is_same || LEFT_OUT.contains(&column.key.as_str()))
        })
        .collect();
    keep(&mut told.columns, &is_shown);
    for row in &mut told.rows {
        keep(row, &is_shown);
    }
    print(out, &told)?;
    if !labels.is_empty() {
        writeln!(out, "The same before and after in each of these rows: {}.", labels.join(", "))?;
    }
    if let Some(words) = words {
        writeln!(out, "{words}")?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::Cell;

    fn printed(rows: &[[Cell; 4]]) -> String {
        let columns = [
            ("standard", "Standard", false),
            ("better", "Better", true),
            ("mean_minutes_before", "Mean minutes before", true),
            ("mean_minutes_after", "Mean minutes after", true),
        ];
        let rows = rows.iter().map(|row| row.to_vec());
        let mut out = Vec::new();
        print_changed(&mut out, Table::new("standards", "Each standard", &columns).with(rows))
            .unwrap();
        String::from_utf8(out).unwrap()
    }

    fn row(key: &str, better: u64, minutes: [Option<f64>; 2]) -> [Cell; 4] {
        let [was, is] = minutes.map(|minutes| Cell::maybe(minutes, 1));
        [Cell::text(key), Cell::count(better), was, is]
    }

    #[test]
    fn minutes_that_do_not_change_are_told_in_a_sentence_and_unknown_ones_stay() {
        let told = printed(&[row("gp", 3, [Some(5.0); 2]), row("pt", 0, [Some(9.0); 2])]);
        assert!(!told.contains("Mean minutes after"), "{told}");
        assert!(told.contains("each of these rows: mean minutes.\n"), "{told}");
        assert!(told.ends_with("Rows shown: 1 of 2. Nothing changes in the other 1.\n"), "{told}");

        let told = printed(&[row("gp", 3, [None; 2])]);
        assert!(told.contains("Mean minutes after") && told.contains("not known"), "{told}");
        assert!(!told.contains("each of these rows"), "{told}");
    }

    #[test]
    fn where_no_row_changes_it_says_so_of_how_many() {
        let told = printed(&[row("gp", 0, [Some(5.0); 2]), row("pt", 0, [None; 2])]);
        assert_eq!(told, "\nEach standard\nRows shown: none of 2, since nothing changes in any.\n");
        assert_eq!(printed(&[]), "\nEach standard\nnone\n");
    }
}
