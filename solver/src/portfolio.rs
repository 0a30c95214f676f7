//! Not one plan but the best few: each differs from every other in the option of at least one site.
//!
//! After each plan a rule forbids its options all together, and the question is asked again.

use serde::{Deserialize, Serialize};

use crate::explain_why::Quiet;
use crate::improve::{Bench, Forced, Parcels};
use crate::outcome::{Plan, Settings, Status, Watch};
use crate::problem::{Limit, LimitTerm, Problem};
use crate::solve::{Start, solve_from};

/// Small moves for each site that is tried the other way to find the next plan.
const MOVES: usize = 120;
/// Sites tried the other way, the most for one plan.
const TRIED: usize = 400;

/// One of the plans.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Member {
    /// The plan.
    pub plan: Plan,
    /// Its cost.
    pub cost: f64,
    /// Proved: no plan but those before it costs less than this.
    pub bound: Option<f64>,
}

/// The best plans, cheapest first.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Portfolio {
    /// At most as many as were asked for.
    pub members: Vec<Member>,
    /// Proved: nothing else within the gap is better than the last of them, or there is nothing else within the gap.
    pub is_proved: bool,
    /// There is no other plan within the gap, proved.
    pub is_all: bool,
}

/// The `most` best plans that cost at most `within` (a share of the best plan's cost) more than the best. Each search may
/// use the time and the gap of `settings`; where it stops at a gap, a better plan may have been passed over, and the
/// answer says that it is not proved. `tell` hears how many are found.
pub fn portfolio(
    problem: &Problem,
    most: usize,
    within: f64,
    starts: &[Plan],
    settings: &Settings,
    watch: &mut dyn Watch,
    tell: &mut dyn FnMut(usize),
) -> Portfolio {
    let mut portfolio = Portfolio { is_proved: true, ..Portfolio::default() };
    let mut question = problem.clone();
    let mut ceiling = f64::INFINITY;
    let mut prices = None;
    while portfolio.members.len() < most {
        if watch.is_cancelled() {
            portfolio.is_proved = false;
            break;
        }
        let nearest = if portfolio.members.is_empty() {
            starts.to_vec()
        } else {
            neighbours(&question, &portfolio.members, settings, watch)
        };
        let start = Start { plans: &nearest, prices: prices.as_ref() };
        let outcome = if portfolio.members.is_empty() {
            solve_from(&question, start, settings, watch)
        } else {
            solve_from(&question, start, settings, &mut Quiet(watch))
        };
        prices = outcome.certificate.map(|certificate| certificate.prices).or(prices);
        let is_beyond = |cost: f64| cost > ceiling + 1e-9 * ceiling.abs();
        if outcome.status == Status::Infeasible || outcome.bound.is_some_and(is_beyond) {
            portfolio.is_all = portfolio.is_proved;
            break;
        }
        let (Some(plan), Some(cost)) = (outcome.plan, outcome.objective) else {
            portfolio.is_proved = false;
            break;
        };
        portfolio.is_proved &= outcome.status == Status::Optimal;
        if is_beyond(cost) {
            // One within the gap may have been passed over, unless the search went to the end.
            portfolio.is_all = portfolio.is_proved;
            break;
        }
        if portfolio.members.is_empty() {
            ceiling = cost + within.max(0.0) * cost.abs();
        }
        let Some(other) = another_than(problem, &plan) else {
            portfolio.members.push(Member { plan, cost, bound: outcome.bound });
            portfolio.is_all = portfolio.is_proved;
            break;
        };
        question.limits.push(other);
        portfolio.members.push(Member { plan, cost, bound: outcome.bound });
        tell(portfolio.members.len());
    }
    portfolio.members.sort_by(|a, b| a.cost.total_cmp(&b.cost));
    portfolio
}

/// At least one site takes another option; `None` where no site has another.
fn another_than(problem: &Problem, plan: &Plan) -> Option<Limit> {
    let mut terms = Vec::new();
    for (site, (of, &option)) in problem.sites.iter().zip(&plan.options).enumerate() {
        if (0..of.options.len()).filter(|&o| of.allows(o)).count() > 1 {
            terms.push(LimitTerm::Option { site, option, by: 1.0 });
        }
    }
    let most = terms.len().checked_sub(1)?;
    Some(Limit {
        name: "another plan".to_owned(),
        family: "another plan".to_owned(),
        terms,
        low: None,
        high: Some(most as f64),
        price: None,
    })
}

/// Plans near those found that are none of them: each site the other way, the cheapest of what comes of it.
fn neighbours(
    question: &Problem,
    members: &[Member],
    settings: &Settings,
    watch: &dyn Watch,
) -> Vec<Plan> {
    let is_over = || watch.is_cancelled();
    let Some(parcels) = Parcels::of(question) else { return Vec::new() };
    let is_new = |plan: &Plan| members.iter().all(|member| member.plan.options != plan.options);
    let mut best: Option<(f64, Plan)> = None;
    // The newest is dearest and its neighbours are the least looked at; the first has the most to give.
    for member in [members.first(), members.last()].into_iter().flatten() {
        let Some(mut bench) = Bench::of(question, &parcels, &member.plan, settings.seed, &is_over)
        else {
            continue;
        };
        let sites = question.sites.iter().enumerate().filter(|(_, site)| site.options.len() > 1);
        for (site, _) in sites.take(TRIED) {
            let forced = Forced::NotOption { site, option: member.plan.options[site] };
            let Some(plan) = bench.forced(forced, MOVES, &is_over).filter(is_new) else { continue };
            let cost = plan.cost(question);
            if best.as_ref().is_none_or(|(least, _)| cost < *least)
                && crate::check(question, &plan).is_empty()
            {
                best = Some((cost, plan));
            }
        }
    }
    best.into_iter().map(|(_, plan)| plan).collect()
}
