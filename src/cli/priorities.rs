//! `domesday priorities` and `domesday owners`: what the fund is for, and who gains or loses.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Subcommand};

use super::programme::show;
use crate::export::{self, Table};
use crate::fund::Terms;
use crate::import::{self, InputFile};
use crate::scenario::incentives::incentives;
use crate::scenario::priorities::{
    Rule, choose, moments_of_programme, moments_of_run, shares, years_set_aside,
};
use crate::scenario::programme::Programme;
use crate::store::{RunId, Scope, Store};
use crate::{config, web};

/// The list of local priorities.
#[derive(Debug, Args)]
pub(super) struct PrioritiesArgs {
    /// The register: `sqlite:PATH` or `postgres://…`.
    #[arg(long, env = "DOMESDAY_STORE", default_value = "sqlite:domesday.db", global = true)]
    store: String,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Print the list
    List {
        /// Write it as CSV instead, as the import reads it.
        #[arg(long)]
        csv: bool,
    },
    /// Replace the list by that of a file, whole or not at all
    Import {
        /// CSV or workbook.
        file: PathBuf,
    },
    /// What the fund of a run pays for
    Fund {
        /// Number of the run; the balance of its newest programme counts, where it has one.
        run: RunId,
        /// `rank`, `people`, `fair_by_residents` or `fair_by_need`.
        #[arg(long, default_value = "rank", value_parser = parse_rule)]
        rule: Rule,
        /// Print every row.
        #[arg(long)]
        full: bool,
    },
}

fn parse_rule(text: &str) -> Result<Rule, String> {
    Rule::find(text).ok_or_else(|| {
        let keys: Vec<&str> = Rule::ALL.iter().map(|rule| rule.key()).collect();
        format!("one of {}", keys.join(", "))
    })
}

/// Prints, replaces or chooses. Exit code 2 where a file has faults.
pub(super) fn run(args: &PrioritiesArgs) -> anyhow::Result<ExitCode> {
    let store = Store::open_existing(&args.store)
        .with_context(|| format!("opening the register {}", args.store))?;
    let scope = Scope::command_line();
    let list = store.priorities(&scope)?.map(|(_, list)| list).unwrap_or_default();
    let mut out = std::io::stdout().lock();
    match &args.what {
        What::List { csv: true } => write!(out, "{}", export::write(&export::priorities(&list)))?,
        What::List { csv: false } => show(&mut out, &export::priorities(&list), true)?,
        What::Import { file } => {
            let bytes =
                std::fs::read(file).with_context(|| format!("reading {}", file.display()))?;
            let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let (read, faults) = import::priorities::read(&InputFile { name: name.clone(), bytes });
            if !faults.is_empty() {
                for fault in &faults {
                    writeln!(out, "{fault}")?;
                }
                writeln!(out, "{} faults: the list is as it was.", faults.len())?;
                return Ok(ExitCode::from(2));
            }
            let now = chrono::Utc::now().naive_utc();
            let id = store.save_priorities(&scope, &read, &format!("from {name}"), now)?;
            writeln!(out, "{} priorities kept as list {id}.", read.priorities.len())?;
        }
        What::Fund { run, rule, full } => {
            let found = store.run(&scope, *run)?;
            let figures = crate::scenario::figures(&found.scenario, &config::assumptions()?);
            let programme = newest(&store, &scope, *run)?;
            let moments = programme
                .filter(|made| !made.periods.is_empty())
                .map_or_else(|| moments_of_run(&found), |made| moments_of_programme(&made));
            let snapshot = store.at_version(&scope, found.scenario.register_version)?;
            let shares = shares(&snapshot.geography.zones, *rule);
            let choice = choose(&list, *rule, &moments, &shares, years_set_aside(&figures)?);
            writeln!(
                out,
                "{}: {} of {} priorities, {} of {}, {} people a year\n",
                rule.label(),
                choice.funded.len(),
                list.priorities.len(),
                choice.cost,
                choice.budget,
                choice.people
            )?;
            show(&mut out, &export::funded(&list, &choice, &moments), *full)?;
            if let Some(proposal) = &found.proposal {
                writeln!(out)?;
                let register = &snapshot.register;
                let table = export::health_programmes(register, proposal, &list, &choice);
                show(&mut out, &table, true)?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn newest(store: &Store, scope: &Scope, run: RunId) -> anyhow::Result<Option<Programme>> {
    let header = store.programmes(scope, run)?.into_iter().next();
    Ok(match header {
        Some(header) => Some(store.programme(scope, header.id)?.1),
        None => None,
    })
}

/// Which run.
#[derive(Debug, Args)]
pub(super) struct OwnersArgs {
    /// Number of the run; the dates of its newest programme count, where it has one.
    run: RunId,
    /// The register: `sqlite:PATH` or `postgres://…`.
    #[arg(long, env = "DOMESDAY_STORE", default_value = "sqlite:domesday.db")]
    store: String,
    /// Write CSV instead: an owner a row.
    #[arg(long)]
    csv: bool,
    /// Site by site.
    #[arg(long)]
    sites: bool,
}

/// Prints a statement per owner.
pub(super) fn owners(args: &OwnersArgs) -> anyhow::Result<ExitCode> {
    let store = Store::open_existing(&args.store)
        .with_context(|| format!("opening the register {}", args.store))?;
    let scope = Scope::command_line();
    let run = store.run(&scope, args.run)?;
    let proposal = run.proposal.as_ref().context("the run has no proposal")?;
    let figures = crate::scenario::figures(&run.scenario, &config::assumptions()?);
    let terms = Terms {
        assumptions: &figures,
        base_year: run.scenario.base_year,
        horizon_years: run.scenario.horizon_years,
    };
    let snapshot = store.at_version(&scope, run.scenario.register_version)?;
    let programme = newest(&store, &scope, args.run)?.filter(|made| !made.items.is_empty());
    let ledger = programme.as_ref().map_or(&run.ledger, |made| &made.ledger);
    let told = incentives(&snapshot.register, proposal, ledger, &terms)?;
    let table: Table = if args.sites { export::owner_sites(&told) } else { export::owners(&told) };
    let mut out = std::io::stdout().lock();
    if args.csv {
        write!(out, "{}", export::write(&table))?;
    } else {
        show(&mut out, &table, true)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Which run, and where to.
#[derive(Debug, Args)]
pub(super) struct EvidenceArgs {
    /// Number of the run; its newest programme goes in too, where it has one.
    run: RunId,
    /// The zip to write.
    out: PathBuf,
    /// The register: `sqlite:PATH` or `postgres://…`.
    #[arg(long, env = "DOMESDAY_STORE", default_value = "sqlite:domesday.db")]
    store: String,
}

/// Writes the evidence bundle of a run.
pub(super) fn evidence(args: &EvidenceArgs) -> anyhow::Result<ExitCode> {
    let store = Store::open_existing(&args.store)
        .with_context(|| format!("opening the register {}", args.store))?;
    let bytes = web::evidence(&store, &Scope::command_line(), args.run)?;
    std::fs::write(&args.out, bytes).with_context(|| format!("writing {}", args.out.display()))?;
    Ok(ExitCode::SUCCESS)
}
