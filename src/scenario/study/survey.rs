//! Where a survey would change the plan: unknown access items as no and as yes, and what differs.

use std::collections::BTreeMap;

use solver::{Choice, Outcome, Plan};

use crate::register::{SiteCode, TenancyId};

use super::{
    Asked, Estate, Follow, Inner, Reading, Rules, Run, RunStatus, StudyAnswer, StudyError,
    SurveyList, SurveyRow, option_words, unknown_gates,
};

/// What becomes of everything decided about: sites by code, tenancies by id.
struct Fates {
    sites: BTreeMap<SiteCode, String>,
    tenancies: BTreeMap<TenancyId, (SiteCode, SiteCode)>,
}

pub(super) fn list(
    estate: &Estate<'_>,
    run: &Run,
    rules: &Rules,
    follow: &mut dyn Follow,
) -> Result<(StudyAnswer, bool), StudyError> {
    let as_no = Asked::of(*estate, &run.scenario, rules, Reading::default())?;
    let reading = Reading { unknown_gates_pass: true, ..Reading::default() };
    let as_yes = Asked::of(*estate, &run.scenario, rules, reading)?;
    follow.step(0.1, "Searching with every unknown access item as no");
    let starts: Vec<Plan> = as_no.plan_of(run).into_iter().collect();
    let no = searched(&as_no, &starts, follow);
    follow.step(0.4, "Searching with every unknown access item as yes");
    // What can be done with every unknown as no can be done with yes, where it can be read so.
    let starts: Vec<Plan> = as_yes.plan_of(run).into_iter().collect();
    let yes = searched(&as_yes, &starts, follow);
    follow.step(0.8, "Asking what is at stake");
    let unit = as_yes.unit();
    let mut rows = Vec::new();
    if let (Some(plan_no), Some(plan_yes)) = (&no.plan, &yes.plan) {
        let was = fates(&as_no, plan_no);
        let is = fates(&as_yes, plan_yes);
        let stakes = stakes(&as_yes, &yes, follow);
        for (site, as_yes_fate) in &is.sites {
            let Some(as_no_fate) = was.sites.get(site) else { continue };
            if as_no_fate == as_yes_fate {
                continue;
            }
            rows.push(SurveyRow {
                site: site.clone(),
                name: as_no.ground.site_name(site),
                tenancy: None,
                as_no: as_no_fate.clone(),
                as_yes: as_yes_fate.clone(),
                at_stake: stakes.0.get(site).map(|stake| stake * unit),
                items: items(&as_no, [site, site]),
            });
        }
        for (tenancy, (from, to)) in &is.tenancies {
            let other = was.tenancies.get(tenancy).map_or(from, |(_, to)| to);
            if other == to {
                continue;
            }
            rows.push(SurveyRow {
                site: from.clone(),
                name: as_no.tenancy_name(tenancy),
                tenancy: Some(tenancy.clone()),
                as_no: format!("at {}", as_no.named(other)),
                as_yes: format!("at {}", as_no.named(to)),
                at_stake: stakes.1.get(tenancy).map(|stake| stake * unit),
                items: items(&as_no, [other, to]),
            });
        }
    }
    let stake = |row: &SurveyRow| row.at_stake.unwrap_or(f64::NEG_INFINITY);
    rows.sort_by(|a, b| {
        stake(b).total_cmp(&stake(a)).then(a.site.cmp(&b.site)).then(a.tenancy.cmp(&b.tenancy))
    });
    let list = SurveyList {
        objective: run.scenario.objective,
        as_no: no.objective.map(|cost| cost * unit),
        as_yes: yes.objective.map(|cost| cost * unit),
        ends: [status(&no), status(&yes)],
        rows,
    };
    Ok((StudyAnswer::Survey(list), follow.is_cancelled()))
}

fn searched(asked: &Asked<'_>, starts: &[Plan], follow: &mut dyn Follow) -> Outcome {
    let start = solver::Start { plans: starts, prices: None };
    solver::solve_from(&asked.problem, start, &asked.settings, &mut Inner(follow))
}

fn status(outcome: &Outcome) -> RunStatus {
    crate::scenario::answer::status_of(outcome.status)
}

/// Every tenancy that is a unit, and what becomes of every site.
fn fates(asked: &Asked<'_>, plan: &Plan) -> Fates {
    let sites = asked.key.sites.iter().enumerate().filter_map(|(at, known)| {
        Some((known.code.clone(), option_words(asked.option_at(plan, at)?).to_owned()))
    });
    let tenancies = asked.key.units.iter().enumerate().filter_map(|(at, known)| {
        let to = asked.site_of(plan, at)?.clone();
        Some((known.tenancy.clone(), (known.from.clone(), to)))
    });
    Fates { sites: sites.collect(), tenancies: tenancies.collect() }
}

type Stakes = (BTreeMap<SiteCode, f64>, BTreeMap<TenancyId, f64>);

/// What each choice of the hopeful plan would cost the other way: the known plan's figure, else the proven least.
fn stakes(asked: &Asked<'_>, outcome: &Outcome, follow: &mut dyn Follow) -> Stakes {
    let mut stakes = Stakes::default();
    let Some(plan) = &outcome.plan else { return stakes };
    let flips =
        solver::intervals(&asked.problem, plan, outcome.bound, &asked.settings, &mut Inner(follow));
    for flip in flips {
        let Some(stake) = flip.high.or(flip.low) else { continue };
        match flip.choice {
            Choice::Site(at) => {
                if let Some(known) = asked.key.sites.get(at) {
                    stakes.0.insert(known.code.clone(), stake);
                }
            }
            Choice::Unit(at) => {
                if let Some(known) = asked.key.units.get(at) {
                    stakes.1.insert(known.tenancy.clone(), stake);
                }
            }
        }
    }
    stakes
}

/// Unknown gates at the sites, each once.
fn items(asked: &Asked<'_>, sites: [&SiteCode; 2]) -> Vec<(SiteCode, Vec<u8>)> {
    let mut found: BTreeMap<SiteCode, Vec<u8>> = BTreeMap::new();
    for site in sites {
        let items = unknown_gates(&asked.ground, site);
        if !items.is_empty() {
            found.insert(site.clone(), items);
        }
    }
    found.into_iter().collect()
}
