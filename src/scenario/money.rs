//! A stored run's money worked out again, with its workings.

use std::collections::BTreeMap;

use super::priorities::{
    PriorityList, Rule, choose, moments_of_programme, moments_of_run, shares, spends,
    years_set_aside,
};
use super::programme::Programme;
use super::{Proposal, Run, Scenario};
use crate::fund::{Arrival, Decision, Ledger, Schedule, Spend, Terms, Workings};
use crate::geography::Zones;
use crate::register::{Assumptions, Field, MissingAssumption, Register, SiteCode};

/// What a proposal decides, site by site, as the fund prices it.
pub fn decided<'a>(register: &'a Register, proposal: &Proposal) -> Vec<Decision<'a>> {
    let mut arrivals: BTreeMap<&SiteCode, Vec<Arrival>> = BTreeMap::new();
    for moved in &proposal.moves {
        arrivals.entry(&moved.to).or_default().push(Arrival {
            tenancy: moved.tenancy.clone(),
            from: moved.from.clone(),
            clinical: moved.clinical,
            non_clinical: moved.non_clinical,
        });
    }
    let decision = |action: &super::Action| {
        let arrivals = arrivals.remove(&action.site).unwrap_or_default();
        Some(Decision { site: register.site(&action.site)?, option: action.option, arrivals })
    };
    proposal.actions.iter().filter_map(decision).collect()
}

/// The run's own figures, and the shipped ones where it was asked before they existed.
pub fn figures(scenario: &Scenario, shipped: &Assumptions) -> Assumptions {
    let mut set = scenario.assumptions.clone();
    for (key, figure) in &shipped.figures {
        set.figures.entry(key.clone()).or_insert_with(|| figure.clone());
    }
    set
}

/// What a run's money is told with besides its own decisions: a programme's dates and what the fund pays for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Basis {
    /// A programme's dates; empty: the usual dates of the assumption set.
    pub schedule: Schedule,
    /// Local priorities that are paid for.
    pub spends: Vec<Spend>,
}

/// The basis of a programme, where one is taken, and of the priorities that a rule chooses on its balance, else on the
/// run's own years.
pub fn basis(
    run: &Run,
    programme: Option<&Programme>,
    wanted: Option<(&PriorityList, Rule)>,
    zones: &Zones,
    figures: &Assumptions,
) -> Result<Basis, MissingAssumption> {
    let schedule = programme.map(|made| made.schedule.clone()).unwrap_or_default();
    let Some((list, rule)) = wanted else { return Ok(Basis { schedule, spends: Vec::new() }) };
    let moments = programme.map_or_else(|| moments_of_run(run), moments_of_programme);
    let years = years_set_aside(figures)?;
    let choice = choose(list, rule, &moments, &shares(zones, rule), years);
    Ok(Basis { schedule, spends: spends(list, &choice, &moments) })
}

/// A run's ledger on a basis: the stored one where the basis is the run's own, else priced again.
pub fn ledger_on(
    register: &Register,
    run: &Run,
    set: &Assumptions,
    basis: &Basis,
) -> Result<Ledger, MissingAssumption> {
    if *basis == Basis::default() {
        return Ok(run.ledger.clone());
    }
    let ledger = worked(register, run, set, basis, |workings| Ok(workings.ledger()))?;
    Ok(ledger.unwrap_or_default())
}

/// Prices a run again and hands its workings on; `None` where it has no plan.
pub fn worked<T>(
    register: &Register,
    run: &Run,
    set: &Assumptions,
    basis: &Basis,
    work: impl FnOnce(&Workings<'_>) -> Result<T, MissingAssumption>,
) -> Result<Option<T>, MissingAssumption> {
    let Some(proposal) = &run.proposal else { return Ok(None) };
    let decisions = decided(register, proposal);
    let terms = Terms {
        assumptions: set,
        base_year: run.scenario.base_year,
        horizon_years: run.scenario.horizon_years,
    };
    let workings = Workings::new(&decisions, terms, &basis.schedule, &basis.spends)?;
    work(&workings).map(Some)
}

/// Borough of each site of a plan, where known.
pub fn boroughs(register: &Register, proposal: &Proposal) -> BTreeMap<SiteCode, String> {
    let borough = |action: &super::Action| {
        let site = register.site(&action.site)?;
        Some((action.site.clone(), site.text(Field::BoroughCode)?.to_owned()))
    };
    proposal.actions.iter().filter_map(borough).collect()
}
