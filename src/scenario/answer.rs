//! A scenario, answered: encode, solve, propose, verify, ledger, projection. Every run says how it ended.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use chrono::NaiveDateTime;
use sha2::{Digest, Sha256};
use solver::{Settings, Status, Watch};

use crate::fund::{self, Ledger};
use crate::geography::Zones;
use crate::register::{Pence, Register};

use super::encode::encode_on;
use super::ground::{Ground, terms};
use super::propose::{choices, decisions, propose};
use super::{
    Estate, Objective, Rules, Run, RunStatus, Scenario, ScenarioError, SolverRecord, verify,
};

/// The whole way from a question to a run. The watch sees the search and may end it: the best plan so far is taken.
pub fn answer(
    estate: &Estate<'_>,
    scenario: Scenario,
    rules: &Rules,
    watch: &mut dyn Watch,
    author: String,
    at: NaiveDateTime,
) -> Result<Run, ScenarioError> {
    let ground = Ground::new(*estate, &scenario, rules)?;
    let input_hash = input_hash(&ground);
    let (problem, key) = encode_on(&ground)?;
    if !key.clashes.is_empty() {
        let solver = nothing_to_search(&scenario, key.clashes);
        return Ok(Run::without_a_proposal(scenario, input_hash, author, at, solver));
    }
    let settings = Settings {
        gap: scenario.gap,
        time_limit_seconds: scenario.time_limit_seconds,
        seed: scenario.seed,
        threads: 1,
    };
    let outcome = solver::solve(&problem, &settings, watch);
    let mut record = record(&scenario, &outcome);
    let Some(plan) = outcome.plan else {
        if record.status == RunStatus::Infeasible {
            record.clash = clash(&problem, &settings, watch);
        }
        return Ok(Run::without_a_proposal(scenario, input_hash, author, at, record));
    };
    let terms = terms(&scenario);
    let ledger = fund::ledger(&decisions(&ground, &choices(&key, &plan)), &terms)?;
    let proposal = propose(&ground, &problem, &key, &plan, &ledger);
    let breaches = verify(estate, &scenario, rules, &proposal, &ledger);
    let projection = fund::project(&ledger, &terms, Pence::ZERO)?;
    drop(ground);
    Ok(Run {
        scenario,
        input_hash,
        author,
        at,
        solver: record,
        proposal: Some(proposal),
        ledger,
        projection: Some(projection),
        breaches,
    })
}

impl Run {
    fn without_a_proposal(
        scenario: Scenario,
        input_hash: String,
        author: String,
        at: NaiveDateTime,
        solver: SolverRecord,
    ) -> Self {
        Self {
            scenario,
            input_hash,
            author,
            at,
            solver,
            proposal: None,
            ledger: Ledger::default(),
            projection: None,
            breaches: Vec::new(),
        }
    }
}

/// Locks that rules forbid: no search is needed to know that there is no plan.
fn nothing_to_search(scenario: &Scenario, clash: Vec<String>) -> SolverRecord {
    SolverRecord {
        version: solver::version(),
        status: RunStatus::Infeasible,
        objective: None,
        bound: None,
        gap: None,
        seconds: 0.0,
        size: (0, 0, 0),
        seed: scenario.seed,
        history: Vec::new(),
        clash,
    }
}

fn record(scenario: &Scenario, outcome: &solver::Outcome) -> SolverRecord {
    let is_money = matches!(scenario.objective, Objective::FundValue | Objective::RunningCost);
    let unit = if is_money { 1000.0 } else { 1.0 };
    let in_units = |figure: Option<f64>| figure.map(|figure| figure * unit);
    SolverRecord {
        version: solver::version(),
        status: match outcome.status {
            Status::Optimal => RunStatus::Optimal,
            Status::WithinGap => RunStatus::WithinGap,
            Status::Stopped => RunStatus::Stopped,
            Status::Infeasible => RunStatus::Infeasible,
            Status::NothingFound | Status::Malformed => RunStatus::NothingFound,
        },
        objective: in_units(outcome.objective),
        bound: in_units(outcome.bound),
        gap: outcome.gap,
        seconds: outcome.seconds,
        size: (outcome.size.columns as u64, outcome.size.rows as u64, outcome.size.nonzeros as u64),
        seed: scenario.seed,
        history: outcome
            .history
            .iter()
            .map(|step| (step.seconds, in_units(step.incumbent), in_units(step.bound)))
            .collect(),
        clash: outcome.trouble.iter().map(ToString::to_string).collect(),
    }
}

/// SHA-256 over the scenario, the register's content, the reference sets it is read with, and the travel times.
fn input_hash(ground: &Ground<'_>) -> String {
    let mut hash = Sha256::new();
    let mut take = |part: &str, text: &str| {
        hash.update(part.as_bytes());
        hash.update([0]);
        hash.update(text.as_bytes());
        hash.update([0]);
    };
    let scenario = serde_json::to_string(ground.scenario);
    take(
        "scenario",
        &scenario.expect("a struct of numbers, strings and string-keyed maps serialises"),
    );
    take("register", &content(ground.estate.register));
    take("zones", &people(&ground.estate.geography.zones));
    for (mode, travel) in &ground.travel {
        take(&format!("{mode:?}"), &travel.hash);
    }
    let mut hex = String::with_capacity(64);
    for byte in hash.finalize() {
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

fn content(register: &Register) -> String {
    let mut text = String::new();
    let mut evidence: BTreeMap<*const crate::register::Evidence, String> = BTreeMap::new();
    let mut fact = |text: &mut String,
                    field: crate::register::Field,
                    value: &crate::register::Value<crate::register::Scalar>| {
        let _ = match value {
            crate::register::Value::Known { value, evidence: seen } => {
                let seen = evidence
                    .entry(std::sync::Arc::as_ptr(seen))
                    .or_insert_with(|| format!("{seen:?}"));
                writeln!(text, "{field}\t{value:?}\t{seen}")
            }
            crate::register::Value::Unknown { why } => writeln!(text, "{field}\t{why:?}"),
        };
    };
    for site in register.sites() {
        let _ = writeln!(text, "site {}", site.code);
        for (field, value) in site.facts() {
            fact(&mut text, field, value);
        }
    }
    for tenancy in register.tenancies() {
        let _ = writeln!(text, "tenancy {}", tenancy.id);
        for (field, value) in tenancy.facts() {
            fact(&mut text, field, value);
        }
    }
    text
}

fn people(zones: &Zones) -> String {
    let mut text = String::new();
    for zone in zones.iter() {
        let _ = writeln!(text, "{zone:?}");
    }
    text
}

/// Which rules clash, in words; what each would have to give; what alone would help.
fn clash(problem: &solver::Problem, settings: &Settings, watch: &mut dyn Watch) -> Vec<String> {
    let found = solver::explain_infeasible(problem, settings, watch);
    let mut words = Vec::new();
    let rules: Vec<String> = found
        .clash
        .iter()
        .map(|clash| {
            if clash.rows.is_empty() {
                clash.family.to_string()
            } else {
                format!("{} ({})", clash.family, clash.rows.join("; "))
            }
        })
        .collect();
    if rules.is_empty() {
        words.push(
            "Some tenancy has no place it could be in, whatever else is given up.".to_owned(),
        );
    } else {
        words.push(format!("These rules cannot all be kept: {}.", rules.join(" and ")));
    }
    for nearest in &found.attainable {
        let is_money = nearest.family == solver::Family::Limits("money".to_owned());
        let Some(reached) = nearest.reached else { continue };
        let (side, reached) = (
            if nearest.is_floor { "at most" } else { "at least" },
            if is_money { about_pounds(reached) } else { format!("{reached:.0}") },
        );
        words.push(format!(
            "{}: {side} {reached} while every other rule is kept.",
            capitalised(&nearest.name)
        ));
    }
    if !found.cures.is_empty() {
        let cures: Vec<String> = found.cures.iter().map(ToString::to_string).collect();
        words.push(format!("Giving up any one of these would leave a plan: {}.", cures.join(", ")));
    }
    if !found.is_proved {
        words.push(
            "The search for the clash ran out of time: it may name more than is needed.".to_owned(),
        );
    }
    words
}

/// The search counts in thousands of pounds and never in pence, and says so.
fn about_pounds(thousands: f64) -> String {
    format!("about £{:.2} million by the search's own reckoning", thousands / 1000.0)
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
