//! `domesday fund`: what a run brings, when, how sure that is, and runs side by side.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use clap::Args;

use super::{plan, table};
use crate::config;
use crate::export::workbook::{Book, workbook};
use crate::export::{self, Table, fund as tables};
use crate::fund::{self, Asked, Grain, Rates, Terms};
use crate::register::{Assumptions, Field, Pence, ReceiptAccruesTo, Word};
use crate::scenario::priorities::Rule;
use crate::scenario::{self, Basis, Run};
use crate::store::{RunId, Scope, Snapshot, Store};

/// Which run, and what of its money.
#[derive(Debug, Args)]
pub(super) struct FundArgs {
    /// Number of the run; several are put side by side.
    #[arg(required = true, value_name = "RUN")]
    runs: Vec<u64>,
    /// The register: `sqlite:PATH` or `postgres://…`.
    #[arg(long, env = "DOMESDAY_STORE", default_value = "sqlite:domesday.db")]
    store: String,
    /// Month by month.
    #[arg(long)]
    months: bool,
    /// In the prices of the day.
    #[arg(long)]
    nominal: bool,
    /// Index series of your own, as data/series.toml.
    #[arg(long, value_name = "FILE")]
    series: Option<PathBuf>,
    /// Lines of one owner: trust, nhsps, `gp_partners` and so on.
    #[arg(long)]
    owner: Option<String>,
    /// Lines of one borough, by GSS code.
    #[arg(long)]
    borough: Option<String>,
    /// Lines of one integrated care board, by code.
    #[arg(long)]
    icb: Option<String>,
    /// Switching values and each assumption at its two ends.
    #[arg(long)]
    sensitivity: bool,
    /// Draws of prices, delays, costs, retention and space.
    #[arg(long, value_name = "N", num_args = 0..=1, default_missing_value = "10000", value_parser = clap::value_parser!(u32).range(10..=1_000_000))]
    draws: Option<u32>,
    /// Seed of the draws.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Ask the question again with drawn figures, so many times, keep the runs, and say which sites would still close.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=200))]
    resolve: Option<u32>,
    /// At the dates of this programme of the run, else at the usual dates.
    #[arg(long, value_name = "N")]
    programme: Option<u64>,
    /// With local priorities paid for, chosen by this rule: rank, people, `fair_by_residents` or `fair_by_need`.
    #[arg(long, value_name = "RULE", value_parser = rule)]
    priorities: Option<Rule>,
    /// Write the workbook with live formulas.
    #[arg(long, value_name = "FILE")]
    xlsx: Option<PathBuf>,
    /// Write every table shown as CSV into this folder.
    #[arg(long, value_name = "DIR")]
    csv: Option<PathBuf>,
}

/// Prints what was asked.
pub(super) fn run(args: &FundArgs) -> anyhow::Result<ExitCode> {
    let store = Store::open_existing(&args.store)
        .with_context(|| format!("opening the register {}", args.store))?;
    let scope = Scope::command_line();
    let runs: Vec<(u64, Run)> = args
        .runs
        .iter()
        .map(|id| Ok((*id, store.run(&scope, RunId(*id))?)))
        .collect::<anyhow::Result<_>>()?;
    let mut shown = Vec::new();
    if let [(id, run)] = runs.as_slice() {
        let snapshot = store.at_version(&scope, run.scenario.register_version)?;
        let set = scenario::figures(&run.scenario, &config::assumptions()?);
        let basis = basis(args, &store, (*id, run), &snapshot, &set)?;
        one(args, (*id, run), &snapshot, (&set, &basis), &mut shown)?;
        if let Some(draws) = args.resolve {
            shown.push(resolved(&store, &scope, &snapshot, (*id, run), draws, args.seed)?);
        }
    } else {
        let is_plain = args.programme.is_none() && args.priorities.is_none();
        anyhow::ensure!(is_plain, "--programme and --priorities are of one run");
        shown.push(tables::comparison(&runs));
    }
    let mut out = io::stdout().lock();
    for table in &shown {
        print(&mut out, table)?;
        if let Some(folder) = &args.csv {
            fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
            let path = folder.join(format!("{}.csv", table.name));
            fs::write(&path, export::write(table))
                .with_context(|| format!("writing {}", path.display()))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn rule(text: &str) -> Result<Rule, String> {
    let keys = || Rule::ALL.map(Rule::key).join(", ");
    Rule::find(text).ok_or_else(|| format!("a rule is one of {}", keys()))
}

/// The dates and the spend asked for.
fn basis(
    args: &FundArgs,
    store: &Store,
    (id, run): (u64, &Run),
    snapshot: &Snapshot,
    set: &Assumptions,
) -> anyhow::Result<Basis> {
    let scope = Scope::command_line();
    let programme = match args.programme {
        None => None,
        Some(number) => {
            let of = store.programmes(&scope, RunId(id))?;
            let header = of.into_iter().find(|header| header.id.0 == number);
            let header = header.with_context(|| format!("run {id} has no programme {number}"))?;
            let (_, made) = store.programme(&scope, header.id)?;
            anyhow::ensure!(
                !made.items.is_empty(),
                "programme {number} has no dates: no order was found"
            );
            Some(made)
        }
    };
    let list = store.priorities(&scope)?.map(|(_, list)| list).unwrap_or_default();
    let wanted = args.priorities.map(|rule| (&list, rule));
    Ok(scenario::basis(run, programme.as_ref(), wanted, &snapshot.geography.zones, set)?)
}

fn one(
    args: &FundArgs,
    (id, run): (u64, &Run),
    snapshot: &Arc<Snapshot>,
    (set, basis): (&Assumptions, &Basis),
    shown: &mut Vec<Table>,
) -> anyhow::Result<()> {
    let register = &snapshot.register;
    let own = scenario::ledger_on(register, run, set, basis)?;
    let terms = Terms {
        assumptions: set,
        base_year: run.scenario.base_year,
        horizon_years: run.scenario.horizon_years,
    };
    let indices = match &args.series {
        None => run.scenario.series.clone().map_or_else(config::indices, Ok)?,
        Some(path) => {
            let text =
                fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
            config::indices_from(&path.display().to_string(), &text)?
        }
    };
    let owner = match &args.owner {
        None => None,
        Some(word) => Some(ReceiptAccruesTo::find(word).with_context(|| {
            format!("--owner is {word:?}, not one of {}", ReceiptAccruesTo::WORDS.join(", "))
        })?),
    };
    let ledger = if args.nominal { fund::nominal(&own, &terms, &indices)? } else { own.clone() };
    let grain = if args.months { Grain::Month } else { Grain::Year };
    let periods = fund::balances(&ledger, &terms, Pence::ZERO, grain, |line| {
        let is = |asked: &Option<String>, field: Field| {
            let held = register.site(&line.site).and_then(|site| site.text(field));
            asked.as_deref().is_none_or(|asked| held == Some(asked))
        };
        owner.is_none_or(|owner| line.owner == Some(owner))
            && is(&args.borough, Field::BoroughCode)
            && is(&args.icb, Field::IcbCode)
    });
    let prices = if args.nominal { "in prices of the day" } else { "in real terms" };
    let dates = args
        .programme
        .map_or_else(String::new, |number| format!(", at the dates of programme {number}"));
    let spend = args.priorities.map_or_else(String::new, |rule| {
        let spent: Pence = basis.spends.iter().map(|spend| spend.amount).sum();
        format!(", {} priorities paid for ({spent}, rule {})", basis.spends.len(), rule.key())
    });
    shown.push(tables::balance(
        &periods,
        grain,
        &format!("The fund of run {id}, {prices}{dates}{spend}"),
    ));
    let values: Result<Vec<_>, _> =
        Rates::ALL.into_iter().map(|rates| fund::appraise(&own, &terms, rates)).collect();
    shown.push(tables::value(&values?));
    let target = run.scenario.fund_asked;
    let boroughs =
        run.proposal.as_ref().map(|plan| scenario::boroughs(register, plan)).unwrap_or_default();
    let more = scenario::worked(register, run, set, basis, |workings| {
        let mut more = Vec::new();
        let (mut switching, mut swings) = (Vec::new(), Vec::new());
        if args.sensitivity || args.xlsx.is_some() {
            switching = fund::switching(workings, target)?;
            swings = fund::tornado(workings)?;
        }
        if args.sensitivity {
            more.push(tables::switching(&switching, target));
            more.push(tables::tornado(&swings, set));
        }
        if let Some(draws) = args.draws {
            let asked = Asked {
                draws,
                seed: args.seed,
                opening: Pence::ZERO,
                target,
                boroughs: &boroughs,
                threads: std::thread::available_parallelism().map_or(1, usize::from),
            };
            let found = fund::sample(workings, &asked)?;
            more.push(tables::fan(&found));
            more.push(tables::contributions(&found, register));
            more.push(tables::information(&fund::information(workings)?, register));
        }
        let book = args.xlsx.as_ref().map(|_| {
            workbook(&Book {
                name: &run.scenario.name,
                run: id,
                at: run.at.date(),
                workings,
                register,
                switching: (&switching, target),
                tornado: &swings,
                opening: Pence::ZERO,
                typed: std::collections::BTreeMap::new(),
            })
        });
        Ok((more, book))
    })?;
    let wants_more = args.sensitivity || args.draws.is_some() || args.xlsx.is_some();
    match more {
        None => anyhow::ensure!(!wants_more, "run {id} has no plan, so there is nothing to try"),
        Some((more, book)) => {
            shown.extend(more);
            if let (Some(book), Some(path)) = (book, &args.xlsx) {
                fs::write(path, book?).with_context(|| format!("writing {}", path.display()))?;
            }
        }
    }
    Ok(())
}

/// Each draw is a search and a kept run; Ctrl-C takes a draw's best plan so far.
fn resolved(
    store: &Store,
    scope: &Scope,
    snapshot: &Snapshot,
    (id, run): (u64, &Run),
    draws: u32,
    seed: u64,
) -> anyhow::Result<Table> {
    let mut found = Vec::new();
    for draw in 1..=draws {
        let question = scenario::redrawn(&run.scenario, id, draw, seed);
        let answered = plan::solve(snapshot, question, &run.author)?;
        store.save_run(scope, &answered)?;
        writeln!(io::stderr(), "draw {draw} of {draws}")?;
        found.push(answered);
    }
    Ok(tables::stability(&scenario::stability(run, found.iter())))
}

fn print(out: &mut dyn Write, shown: &Table) -> io::Result<()> {
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
    let rows: Vec<Vec<String>> =
        shown.rows.iter().map(|row| row.iter().map(export::Cell::shown).collect()).collect();
    table::print(out, &heads, &rows)?;
    writeln!(out)
}
