//! A stored run's money worked out again, with its workings.

use std::collections::BTreeMap;

use super::{Proposal, Run, Scenario};
use crate::fund::{Arrival, Decision, Schedule, Spend, Terms, Workings};
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

/// Prices a run again and hands its workings on; `None` where it has no plan.
pub fn worked<T>(
    register: &Register,
    run: &Run,
    set: &Assumptions,
    programme: (&Schedule, &[Spend]),
    work: impl FnOnce(&Workings<'_>) -> Result<T, MissingAssumption>,
) -> Result<Option<T>, MissingAssumption> {
    let Some(proposal) = &run.proposal else { return Ok(None) };
    let decisions = decided(register, proposal);
    let terms = Terms {
        assumptions: set,
        base_year: run.scenario.base_year,
        horizon_years: run.scenario.horizon_years,
    };
    let workings = Workings::new(&decisions, terms, programme.0, programme.1)?;
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
