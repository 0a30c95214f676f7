//! The best few plans of a run's question, and how often each site closes in them.

use std::collections::BTreeMap;

use crate::register::SiteCode;

use super::{
    Alternative, Alternatives, Asked, Closing, Estate, Follow, Reading, Rules, Run, StudyAnswer,
    StudyError,
};

/// Plans that may be asked for.
const MOST_PLANS: usize = 50;

pub(super) fn best_few(
    estate: &Estate<'_>,
    run: &Run,
    rules: &Rules,
    number: u64,
    (plans, within): (usize, f64),
    follow: &mut dyn Follow,
) -> Result<(StudyAnswer, bool), StudyError> {
    if !(2..=MOST_PLANS).contains(&plans) {
        let found = plans.to_string();
        return Err(StudyError::BadCount { what: "the number of plans", found, wanted: "2 to 50" });
    }
    if !(0.0..=1.0).contains(&within) {
        let found = within.to_string();
        return Err(StudyError::BadCount { what: "the gap", found, wanted: "a share from 0 to 1" });
    }
    if run.proposal.is_none() {
        return Err(StudyError::NoPlan(number));
    }
    let asked = Asked::of(*estate, &run.scenario, rules, Reading::default())?;
    let starts: Vec<solver::Plan> = asked.plan_of(run).into_iter().collect();
    let follow = std::cell::RefCell::new(follow);
    let found = solver::portfolio(
        &asked.problem,
        plans,
        within,
        &starts,
        &asked.settings,
        &mut Quietly(&follow),
        &mut |found| {
            let doing = format!("{found} of {plans} plans found");
            follow.borrow_mut().step(found as f64 / plans as f64, &doing);
        },
    );
    let follow = follow.into_inner();
    let best = found.members.first();
    let unit = asked.unit();
    let mut closing: BTreeMap<SiteCode, u64> = BTreeMap::new();
    let mut alternatives = Vec::new();
    for member in &found.members {
        let closes = asked.closed(&member.plan);
        for site in &closes {
            *closing.entry(site.clone()).or_default() += 1;
        }
        alternatives.push(Alternative {
            worse_by: best.map_or(0.0, |best| (member.cost - best.cost) * unit),
            closes,
            differs: best.map_or_else(Vec::new, |best| asked.differences(&best.plan, &member.plan)),
        });
    }
    let all = alternatives.len().max(1) as f64;
    let mut sites: Vec<Closing> = closing
        .into_iter()
        .map(|(site, closes_in)| Closing {
            name: asked.ground.site_name(&site),
            share: closes_in as f64 / all,
            site,
            closes_in,
        })
        .collect();
    sites.sort_by(|a, b| b.closes_in.cmp(&a.closes_in).then(a.site.cmp(&b.site)));
    let answer = Alternatives {
        objective: run.scenario.objective,
        plans: alternatives,
        sites,
        is_proved: found.is_proved,
        is_all: found.is_all,
    };
    Ok((StudyAnswer::Portfolio(answer), follow.is_cancelled()))
}

struct Quietly<'a, 'b>(&'a std::cell::RefCell<&'b mut dyn Follow>);

impl solver::Watch for Quietly<'_, '_> {
    fn progress(&mut self, _: solver::Progress) {}
    fn is_cancelled(&self) -> bool {
        self.0.borrow().is_cancelled()
    }
}
