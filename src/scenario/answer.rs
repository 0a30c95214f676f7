//! A scenario, answered: encode, solve, propose, verify, ledger, projection. Every run says how it ended.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use chrono::NaiveDateTime;
use sha2::{Digest, Sha256};
use solver::{Settings, Status, Watch};

use crate::fund::{self, Ledger};
use crate::geography::Zones;
use crate::register::{Pence, Register};

use super::encode::{Key, encode_on};
use super::ground::{Ground, terms};
use super::infeasible;
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
    let settings = settings(&scenario);
    let outcome = solver::solve(&problem, &settings, watch);
    if outcome.plan.is_none() {
        let mut record = record(&scenario, &outcome);
        if record.status == RunStatus::Infeasible {
            record.clash = infeasible::told(&ground, (&problem, &key), &settings, watch)?;
        }
        return Ok(Run::without_a_proposal(scenario, input_hash, author, at, record));
    }
    concluded(&ground, &problem, &key, &outcome, input_hash, (author, at))
}

/// The run of an outcome that has a plan.
pub(super) fn concluded(
    ground: &Ground<'_>,
    problem: &solver::Problem,
    key: &Key,
    outcome: &solver::Outcome,
    input_hash: String,
    (author, at): (String, NaiveDateTime),
) -> Result<Run, ScenarioError> {
    let scenario = ground.scenario.clone();
    let record = record(&scenario, outcome);
    let Some(plan) = &outcome.plan else {
        return Ok(Run::without_a_proposal(scenario, input_hash, author, at, record));
    };
    let terms = terms(&scenario);
    let ledger = fund::ledger(&decisions(ground, &choices(key, plan)), &terms)?;
    let proposal = propose(ground, problem, key, plan, &ledger);
    let breaches = verify(&ground.estate, &scenario, ground.rules, &proposal, &ledger);
    let projection = fund::project(&ledger, &terms, Pence::ZERO)?;
    Ok(Run {
        input_hash,
        author,
        at,
        solver: record,
        proposal: Some(proposal),
        ledger,
        projection: Some(projection),
        breaches,
        scenario,
    })
}

/// What a search for a scenario may use.
pub(super) fn settings(scenario: &Scenario) -> Settings {
    Settings {
        gap: scenario.gap,
        time_limit_seconds: scenario.time_limit_seconds,
        seed: scenario.seed,
        ..Settings::default()
    }
}

/// What one unit of the search is: thousands of pounds, else people, square metres, person-minutes.
pub(super) fn unit_of(objective: Objective) -> f64 {
    if objective.unit() == "£" { 1000.0 } else { 1.0 }
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

/// How a search ended, as a run says it.
pub(super) fn status_of(status: Status) -> RunStatus {
    match status {
        Status::Optimal => RunStatus::Optimal,
        Status::WithinGap => RunStatus::WithinGap,
        Status::Stopped => RunStatus::Stopped,
        Status::Infeasible => RunStatus::Infeasible,
        Status::NothingFound | Status::Malformed => RunStatus::NothingFound,
    }
}

fn record(scenario: &Scenario, outcome: &solver::Outcome) -> SolverRecord {
    let unit = unit_of(scenario.objective);
    let in_units = |figure: Option<f64>| figure.map(|figure| figure * unit);
    SolverRecord {
        version: solver::version(),
        status: status_of(outcome.status),
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
pub(super) fn input_hash(ground: &Ground<'_>) -> String {
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
    for ((mode, measure), travel) in &ground.travel {
        take(&format!("{mode:?} {measure:?}"), &travel.hash);
    }
    for (line, limit) in &ground.journeys {
        if let Some(kept) = &limit.kept {
            take(&format!("journeys {line:?}"), &kept.table.hash);
        }
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
