//! `domesday bench plan`: the plans of a register, step by step, each row against the figure it is to reach.

use std::io::Write;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Context;
use clap::Args;

use super::super::table;
use crate::config;
use crate::fund;
use crate::register::{Field, Pence};
use crate::scenario::{
    self, Asking, Estate, Follow, Ground, Objective, Rules, Run, Scenario, ScopeOf, StudyAnswer,
    StudyQuestion,
};
use crate::store::{Scope, Snapshot, Store};

/// What to measure plans on.
#[derive(Debug, Args)]
pub(super) struct PlanBenchArgs {
    /// The register: `sqlite:PATH` or `postgres://…`. Nothing is written to it.
    #[arg(long, env = "DOMESDAY_STORE", default_value = "sqlite:domesday.db")]
    store: String,
    /// Gap at which the search of the whole may stop, in per cent.
    #[arg(long, default_value_t = 0.5)]
    gap: f64,
    /// Seconds for the whole.
    #[arg(long, default_value_t = 30.0)]
    time_limit: f64,
    /// Leave out the boroughs.
    #[arg(long)]
    no_boroughs: bool,
    /// Leave out what is explained.
    #[arg(long)]
    no_studies: bool,
}

/// Prints the tables.
pub(super) fn run(args: &PlanBenchArgs) -> anyhow::Result<ExitCode> {
    let mut out = std::io::stdout();
    let store =
        Store::open(&args.store).with_context(|| format!("opening the register {}", args.store))?;
    let snapshot = store.snapshot(&Scope::command_line())?;
    let rules = config::rules()?;
    let mut whole = question(&snapshot)?;
    whole.gap = args.gap / 100.0;
    whole.time_limit_seconds = args.time_limit;

    let head = [
        "what",
        ">sites",
        ">tenancies",
        ">encode s",
        ">search s",
        ">gap %",
        ">recompute s",
        ">verify s",
        ">breaches",
    ];
    writeln!(out, "Plans of {} ({} threads asked, one used a search)", args.store, 1)?;
    let mut rows = vec![measured("the whole register", &snapshot, &whole, &rules)?];
    if !args.no_boroughs {
        for (code, name) in boroughs(&snapshot) {
            let scope = ScopeOf::Boroughs(vec![code]);
            let one =
                Scenario { scope, gap: 0.01, time_limit_seconds: 5.0, ..question(&snapshot)? };
            rows.push(measured(&name, &snapshot, &one, &rules)?);
        }
    }
    table::print(&mut out, &head, &rows)?;
    if !args.no_studies {
        let at = chrono::Utc::now().naive_utc();
        let author = "bench".to_owned();
        let run = scenario::answer(&estate(&snapshot), whole, &rules, &mut (), author, at)?;
        studies(&mut out, &snapshot, &run, &rules)?;
    }
    if let Some(peak) = peak_memory() {
        writeln!(out, "\nPeak memory of all of this: {peak}")?;
    }
    Ok(ExitCode::SUCCESS)
}

fn question(snapshot: &Snapshot) -> anyhow::Result<Scenario> {
    Ok(Scenario::defaults(&snapshot.register, config::assumptions()?, config::standards()?))
}

fn boroughs(snapshot: &Snapshot) -> Vec<(String, String)> {
    let mut found = std::collections::BTreeMap::new();
    for site in snapshot.register.sites().filter(|site| site.location().is_some()) {
        let (code, name) = (site.text(Field::BoroughCode), site.text(Field::BoroughName));
        if let (Some(code), Some(name)) = (code, name) {
            found.insert(code.to_owned(), name.to_owned());
        }
    }
    found.into_iter().collect()
}

fn estate(snapshot: &Snapshot) -> Estate<'_> {
    Estate { register: &snapshot.register, geography: &snapshot.geography, index: &snapshot.index }
}

/// One plan, each step timed by itself.
fn measured(
    name: &str,
    snapshot: &Snapshot,
    question: &Scenario,
    rules: &Rules,
) -> anyhow::Result<Vec<String>> {
    let estate = estate(snapshot);
    let began = Instant::now();
    let (problem, key) = scenario::encode(&estate, question, rules)?;
    let encoded = began.elapsed();
    let settings = solver::Settings {
        gap: question.gap,
        time_limit_seconds: question.time_limit_seconds,
        seed: question.seed,
        threads: 1,
    };
    let began = Instant::now();
    let outcome = solver::solve(&problem, &settings, &mut ());
    let searched = began.elapsed();
    let (mut recomputed, mut verified, mut breaches) = (None, None, String::new());
    if let Some(plan) = &outcome.plan {
        let began = Instant::now();
        let ground = Ground::new(estate, question, rules)?;
        let choices = scenario::choices(&key, plan);
        let ledger = fund::ledger(&scenario::decisions(&ground, &choices), &ground.terms())?;
        let proposal = scenario::propose(&ground, &problem, &key, plan, &ledger);
        fund::project(&ledger, &ground.terms(), Pence::ZERO)?;
        recomputed = Some(began.elapsed());
        let began = Instant::now();
        breaches = scenario::verify(&estate, question, rules, &proposal, &ledger).len().to_string();
        verified = Some(began.elapsed());
    }
    let seconds = |time: std::time::Duration| format!("{:.2}", time.as_secs_f64());
    let maybe = |time: Option<std::time::Duration>| time.map_or("none".to_owned(), seconds);
    let row = vec![
        name.to_owned(),
        key.sites.len().to_string(),
        key.units.len().to_string(),
        seconds(encoded),
        seconds(searched),
        outcome.gap.map_or("none".to_owned(), |gap| format!("{:.3}", 100.0 * gap)),
        maybe(recomputed),
        maybe(verified),
        breaches,
    ];
    Ok(row)
}

/// What is asked of the whole plan, each with its seconds and what came of it.
fn studies(
    out: &mut dyn Write,
    snapshot: &Snapshot,
    run: &Run,
    rules: &Rules,
) -> anyhow::Result<()> {
    if run.proposal.is_none() {
        return Ok(());
    }
    writeln!(out, "\nWhat the whole plan is asked ({:.2} s to search it)", run.solver.seconds)?;
    let frontier = |sought, against| StudyQuestion::Frontier { sought, against, points: 12 };
    let questions = [
        ("every site and service the other way", StudyQuestion::Why),
        ("frontier of 12: value, space", frontier(Objective::FundValue, Objective::SpaceReleased)),
        ("frontier of 12: value, travel", frontier(Objective::FundValue, Objective::Travel)),
        ("the best 10 plans", StudyQuestion::Portfolio { plans: 10, within: 0.01 }),
        ("unknown access both ways", StudyQuestion::Survey),
    ];
    let mut rows = Vec::new();
    for (name, question) in questions {
        let asking = Asking { run: 0, author: "bench".to_owned(), at: run.at };
        let mut quiet = Quiet { kept: 0 };
        let study = scenario::study(&estate(snapshot), run, question, rules, asking, &mut quiet)?;
        let came = match &study.answer {
            StudyAnswer::Why(whys) => {
                let count = |known| whys.rows.iter().filter(|row| row.known == known).count();
                format!(
                    "{} choices: {} exact, {} between, {} no plan known, {} impossible",
                    whys.rows.len(),
                    count(solver::Known::Exactly),
                    count(solver::Known::Between),
                    count(solver::Known::AtLeast),
                    count(solver::Known::Impossible)
                )
            }
            StudyAnswer::Frontier(frontier) => {
                let widest = frontier.points.iter().filter_map(|point| point.gap);
                let widest = widest.fold(0.0, f64::max);
                format!("{} points, widest gap {:.2} %", frontier.points.len(), 100.0 * widest)
            }
            StudyAnswer::Portfolio(found) => {
                format!("{} plans, {} sites close in some", found.plans.len(), found.sites.len())
            }
            StudyAnswer::Survey(list) => format!("{} fates differ", list.rows.len()),
        };
        rows.push(vec![name.to_owned(), format!("{:.2}", study.seconds), came]);
    }
    table::print(out, &["what", ">seconds", "what came of it"], &rows)?;
    Ok(())
}

struct Quiet {
    kept: u64,
}

impl solver::Watch for Quiet {
    fn progress(&mut self, _: solver::Progress) {}
    fn is_cancelled(&self) -> bool {
        false
    }
}

impl Follow for Quiet {
    fn step(&mut self, _: f64, _: &str) {}
    fn keep(&mut self, _: &Run) -> Result<u64, String> {
        self.kept += 1;
        Ok(self.kept)
    }
}

/// What the system says of this process; nothing where it does not say.
fn peak_memory() -> Option<String> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM"))?;
    Some(line.trim_start_matches("VmHWM:").trim().to_owned())
}
