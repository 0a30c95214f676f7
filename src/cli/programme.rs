//! `domesday programme`: put a run's actions in order, print and keep the programme.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, ValueEnum};

use super::{plan, table};
use crate::config;
use crate::export::{self, PROGRAMME_TABLES, Table, programme_table};
use crate::register::Pence;
use crate::scenario::programme::{self, Aim, Levers, Programme, Step};
use crate::store::{RunId, Scope, Store};

/// Rows that the short report shows.
const SHORT_ROWS: usize = 20;

/// The levers of a programme.
#[derive(Debug, Args)]
pub(super) struct ProgrammeArgs {
    /// Number of the run whose actions are put in order.
    run: RunId,
    /// The register: `sqlite:PATH` or `postgres://…`.
    #[arg(long, env = "DOMESDAY_STORE", default_value = "sqlite:domesday.db")]
    store: String,
    /// How long a period is.
    #[arg(long, value_enum, default_value = "quarter")]
    step: Period,
    /// What the fund is to hold; with it the earliest date is sought instead of the greatest value.
    #[arg(long, value_name = "POUNDS", value_parser = plan::parse_pounds)]
    target: Option<Pence>,
    /// What the fund holds at the start.
    #[arg(long, value_name = "POUNDS", default_value = "0", value_parser = plan::parse_pounds)]
    opening: Pence,
    /// How far below zero the fund may go.
    #[arg(long, value_name = "POUNDS", default_value = "0", value_parser = plan::parse_pounds)]
    working_capital: Pence,
    /// Works schemes that can be under way at once.
    #[arg(long)]
    crews: Option<u32>,
    /// Most spent on works in a year.
    #[arg(long, value_name = "POUNDS", value_parser = plan::parse_pounds)]
    capital_per_year: Option<Pence>,
    /// Years in which all must be done; those of the run where not given.
    #[arg(long)]
    years: Option<u8>,
    /// Gap at which the search may stop, in per cent.
    #[arg(long, default_value_t = 1.0)]
    gap: f64,
    /// Seconds after which the best order so far is taken.
    #[arg(long, default_value_t = 60.0)]
    time_limit: f64,
    /// For the search.
    #[arg(long, default_value_t = 1)]
    seed: u32,
    /// Who asks.
    #[arg(long, env = "USER", default_value = "planner")]
    author: String,
    /// A folder for the programme's tables as CSV.
    #[arg(long, value_name = "DIR")]
    csv: Option<PathBuf>,
    /// Print every row.
    #[arg(long)]
    full: bool,
    /// Print the programme as JSON instead.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Period {
    /// Three months.
    Quarter,
    /// A financial year.
    Year,
}

/// Arranges, prints and keeps. Exit code 0 with an order, 3 where none is possible or none was found.
pub(super) fn run(args: &ProgrammeArgs) -> anyhow::Result<ExitCode> {
    let store = Store::open_existing(&args.store)
        .with_context(|| format!("opening the register {}", args.store))?;
    let scope = Scope::command_line();
    let run = store.run(&scope, args.run)?;
    let snapshot = store.at_version(&scope, run.scenario.register_version)?;
    let shipped = config::assumptions()?;
    let figures = crate::scenario::figures(&run.scenario, &shipped);
    let held = Levers::defaults(&figures, run.scenario.horizon_years)?;
    let levers = Levers {
        step: match args.step {
            Period::Quarter => Step::Quarter,
            Period::Year => Step::Year,
        },
        aim: if args.target.is_some() { Aim::Earliest } else { Aim::Value },
        target: args.target.unwrap_or_default(),
        opening: args.opening,
        working_capital: args.working_capital,
        crews: args.crews.unwrap_or(held.crews),
        capital_per_year: args.capital_per_year,
        years: args.years.unwrap_or(held.years),
        gap: args.gap / 100.0,
        time_limit_seconds: args.time_limit,
        seed: args.seed,
    };
    let now = chrono::Utc::now().naive_utc();
    let made = plan::watched(|watch| {
        programme::arrange(
            &snapshot.register,
            &run,
            &shipped,
            levers,
            watch,
            args.author.clone(),
            now,
        )
    })?;
    let id = store.save_programme(&scope, args.run, &made)?;
    if let Some(folder) = &args.csv {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("making the folder {}", folder.display()))?;
        for table in PROGRAMME_TABLES.iter().filter_map(|name| programme_table(&made, name)) {
            let path = folder.join(format!("{}.csv", table.name));
            std::fs::write(&path, export::write(&table))
                .with_context(|| format!("writing {}", path.display()))?;
        }
    }
    let mut out = io::stdout().lock();
    if args.json {
        serde_json::to_writer_pretty(&mut out, &made)?;
        writeln!(out)?;
    } else {
        print(&mut out, &made, args.full)?;
        writeln!(out, "\nKept as programme {id} of run {}.", args.run)?;
    }
    Ok(if made.items.is_empty() { ExitCode::from(3) } else { ExitCode::SUCCESS })
}

fn print(out: &mut dyn Write, made: &Programme, is_full: bool) -> io::Result<()> {
    writeln!(out, "Programme of {}", made.name)?;
    for breach in &made.breaches {
        writeln!(out, "BREACH: {breach}")?;
    }
    for words in &made.clash {
        writeln!(out, "{words}")?;
    }
    let told =
        |pence: Option<Pence>| pence.map_or_else(|| "not known".to_owned(), |p| p.to_string());
    let gap = made.gap.map_or_else(String::new, |gap| format!(", gap {:.2} %", gap * 100.0));
    writeln!(
        out,
        "{:?}{gap}, {:.1} s; {} columns, {} rows",
        made.status, made.seconds, made.size.0, made.size.1
    )?;
    if made.items.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "NPSV {}; every action at its own best date {}; price of order {}",
        told(made.npsv),
        told(made.npsv_unordered),
        told(made.price_of_order())
    )?;
    if let Some(period) = made.target_reached {
        writeln!(out, "The target is reached at the end of {}", made.period_words(period))?;
    }
    for name in ["programme", "critical", "periods"] {
        if let Some(table) = programme_table(made, name) {
            writeln!(out)?;
            show(out, &table, is_full)?;
        }
    }
    Ok(())
}

/// A table for the terminal.
pub(super) fn show(out: &mut dyn Write, shown: &Table, is_full: bool) -> io::Result<()> {
    writeln!(out, "{}", shown.caption)?;
    let heads: Vec<String> =
        shown
            .columns
            .iter()
            .map(|column| {
                if column.is_numeric { format!(">{}", column.label) } else { column.label.clone() }
            })
            .collect();
    let heads: Vec<&str> = heads.iter().map(String::as_str).collect();
    let most = if is_full { usize::MAX } else { SHORT_ROWS };
    let rows: Vec<Vec<String>> = shown
        .rows
        .iter()
        .take(most)
        .map(|row| row.iter().map(export::Cell::shown).collect())
        .collect();
    table::print(out, &heads, &rows)?;
    let hidden = shown.rows.len().saturating_sub(most);
    if hidden > 0 {
        writeln!(out, "... and {hidden} more (--full)")?;
    }
    Ok(())
}
