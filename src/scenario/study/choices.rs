//! Why: every choice of a plan the other way at once, or one of them to the end.

use solver::{Choice, Flip, Known, Plan, Share};

use crate::fund::OptionKind;
use crate::register::SiteCode;

use super::{
    Asked, Estate, Follow, Inner, Reading, Rules, Run, StudyAnswer, StudyError, Why, Whys,
    option_words,
};
use crate::scenario::infeasible;

/// Wall seconds for the intervals of everything.
const SECONDS: f64 = 60.0;

/// What is said of a choice without an opposite; which rule it is takes a search.
const RULED_OUT: &str = "No other choice is left: what is decided already, a hard limit or room rules out each. Explain this site by itself for the rule.";

pub(super) fn every(
    estate: &Estate<'_>,
    run: &Run,
    rules: &Rules,
    number: u64,
    follow: &mut dyn Follow,
) -> Result<(StudyAnswer, bool), StudyError> {
    let (asked, plan) = again(estate, run, rules, number)?;
    follow.step(0.2, "Asking what every choice would cost the other way");
    let settings = solver::Settings { time_limit_seconds: SECONDS, ..asked.settings };
    let bound = run.solver.bound.map(|bound| bound / asked.unit());
    let flips = solver::intervals(&asked.problem, &plan, bound, &settings, &mut Inner(follow));
    let is_cut_short = follow.is_cancelled();
    let row = |flip: &Flip| {
        let mut row = why(&asked, run, &plan, flip, false)?;
        if flip.known == Known::Impossible {
            let now = row.binds.map(|words| format!(" In this plan: {words}")).unwrap_or_default();
            row.binds = Some(format!("{RULED_OUT}{now}"));
        }
        Some(row)
    };
    let rows = flips.iter().filter_map(row).collect();
    let whys = Whys { objective: run.scenario.objective, rows };
    Ok((StudyAnswer::Why(whys), is_cut_short))
}

pub(super) fn one(
    estate: &Estate<'_>,
    run: &Run,
    rules: &Rules,
    number: u64,
    site: &SiteCode,
    follow: &mut dyn Follow,
) -> Result<(StudyAnswer, bool), StudyError> {
    let (asked, plan) = again(estate, run, rules, number)?;
    let nothing =
        |why: String| StudyError::NothingToExplain { run: number, site: site.clone(), why };
    let at = asked.key.sites.iter().position(|known| known.code == *site);
    let at = at.ok_or_else(|| nothing("the scenario does not decide about it".to_owned()))?;
    let units = asked.key.units.iter().enumerate().filter(|(_, unit)| unit.from == *site);
    let choices: Vec<Choice> = std::iter::once(Choice::Site(at))
        .chain(units.map(|(unit, _)| Choice::Unit(unit)))
        .collect();
    let mut rows = Vec::new();
    for (done, choice) in choices.iter().enumerate() {
        follow.step(done as f64 / choices.len() as f64, "Searching with the choice the other way");
        if follow.is_cancelled() {
            break;
        }
        let flip =
            solver::flip(&asked.problem, &plan, *choice, &asked.settings, &mut Inner(follow));
        let Some(flip) = flip else { continue };
        let Some(mut row) = why(&asked, run, &plan, &flip, true) else { continue };
        if flip.known == Known::Impossible {
            row.binds = Some(impossible(&asked, &plan, *choice, follow));
        }
        rows.push(row);
    }
    if rows.is_empty() && !follow.is_cancelled() {
        let known = asked.key.sites.get(at).and_then(|known| known.why_not(OptionKind::Dispose));
        return Err(nothing(known.map_or_else(
            || "it has no other option and nobody there can move".to_owned(),
            |reason| reason.words.clone(),
        )));
    }
    let whys = Whys { objective: run.scenario.objective, rows };
    Ok((StudyAnswer::Why(whys), follow.is_cancelled()))
}

fn again<'a>(
    estate: &Estate<'a>,
    run: &'a Run,
    rules: &'a Rules,
    number: u64,
) -> Result<(Asked<'a>, Plan), StudyError> {
    if run.proposal.is_none() {
        return Err(StudyError::NoPlan(number));
    }
    let asked = Asked::of(*estate, &run.scenario, rules, Reading::default())?;
    let plan = asked.plan_of(run).ok_or(StudyError::OtherModel(number))?;
    Ok((asked, plan))
}

fn why(asked: &Asked<'_>, run: &Run, plan: &Plan, flip: &Flip, with_changes: bool) -> Option<Why> {
    let unit = asked.unit();
    let in_units = |figure: Option<f64>| figure.map(|figure| figure * unit);
    let (site, name, tenancy, now) = match flip.choice {
        Choice::Site(at) => {
            let code = asked.key.sites.get(at)?.code.clone();
            let now = option_words(asked.option_at(plan, at)?).to_owned();
            (code.clone(), asked.ground.site_name(&code), None, now)
        }
        Choice::Unit(at) => {
            let known = asked.key.units.get(at)?;
            let now = format!("at {}", asked.named(asked.site_of(plan, at)?));
            let name = asked.tenancy_name(&known.tenancy);
            (known.from.clone(), name, Some(known.tenancy.clone()), now)
        }
    };
    let changes = match &flip.plan {
        Some(other) if with_changes => asked.differences(plan, other),
        _ => Vec::new(),
    };
    Some(Why {
        site,
        name,
        tenancy,
        now,
        known: flip.known,
        low: in_units(flip.low),
        high: in_units(flip.high),
        binds: binds(asked, run, plan, flip.choice),
        changes,
    })
}

/// What stands in the way of the plain opposite: the reason the run gives, or the first rule that would break.
fn binds(asked: &Asked<'_>, run: &Run, plan: &Plan, choice: Choice) -> Option<String> {
    let Choice::Site(at) = choice else { return None };
    let known = asked.key.sites.get(at)?;
    if asked.option_at(plan, at)? != OptionKind::Dispose {
        let actions = &run.proposal.as_ref()?.actions;
        let action = actions.iter().find(|action| action.site == known.code)?;
        return action.reasons.last().map(|reason| reason.words.clone());
    }
    // Open as today, with its own services back.
    let today = asked.problem.sites.get(at)?.today;
    let mut options = plan.options.clone();
    *options.get_mut(at)? = today;
    let mut shares = plan.shares.clone();
    for (unit, of) in asked.problem.units.iter().enumerate() {
        let home = of.today.and_then(|place| Some((place, of.places.get(place)?.site)));
        if let (Some((place, home)), Some(shares)) = (home, shares.get_mut(unit))
            && home == at
        {
            *shares = vec![Share { place, share: 1.0 }];
        }
    }
    let other = Plan::of(&asked.problem, options, shares);
    let broken = solver::check(&asked.problem, &other);
    let name = asked.named(&known.code);
    Some(match broken.first() {
        Some(first) => format!("Keeping {name} as it is would break a rule: {}.", first.name),
        None => {
            format!("No rule stands in the way of keeping {name}: it closes for what that brings.")
        }
    })
}

/// The rules that leave no plan with the choice the other way, in a sentence.
fn impossible(asked: &Asked<'_>, plan: &Plan, choice: Choice, follow: &mut dyn Follow) -> String {
    let mut other = asked.problem.clone();
    match choice {
        Choice::Site(at) => {
            if let (Some(site), Some(option)) = (other.sites.get_mut(at), plan.options.get(at)) {
                let left = (0..site.options.len()).filter(|o| o != option && site.allows(*o));
                let left: Vec<usize> = left.collect();
                if left.is_empty() {
                    return "What is decided already leaves it no other option.".to_owned();
                }
                site.allowed = left;
            }
        }
        Choice::Unit(at) => {
            let here = asked.site_of(plan, at);
            let places = asked.key.units.get(at).map(|unit| &unit.places);
            if let (Some(unit), Some(places)) = (other.units.get_mut(at), places) {
                for (place, there) in unit.places.iter_mut().zip(places) {
                    if Some(&there.site) == here {
                        place.admitted_by.clear();
                    }
                }
            }
        }
    }
    let found = solver::explain_infeasible(&other, &asked.settings, &mut Inner(follow));
    infeasible::sentence(&asked.ground, &other, &asked.key, &found)
}
