//! One amount against the cost: what each more of it costs, by asking for it step by step (the epsilon-constraint method).
//!
//! The strictest question comes first, so that its plan, and every plan found since, is a start for the looser ones. Of
//! problems so large that prices are sought, each step begins at those of the one before it, the first at the cheapest plan's.

use serde::{Deserialize, Serialize};

use crate::certificate::Prices;
use crate::explain_why::Quiet;
use crate::outcome::{Outcome, Plan, Settings, Status, Watch};
use crate::problem::{Limit, LimitTerm, Problem};
use crate::solve::{Start, solve_from};

/// Of the range of an amount: what rounding may take.
const BREATH: f64 = 1e-9;

/// A figure that plans have, and which way is better.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Amount {
    /// For people who read the model.
    pub name: String,
    /// The family its limit belongs to.
    pub family: String,
    /// What it adds up from.
    pub terms: Vec<LimitTerm>,
    /// More of it is better; else less.
    pub more_is_better: bool,
}

impl Amount {
    /// Of a plan.
    pub fn of(&self, plan: &Plan) -> f64 {
        plan.activity(&self.limit(None))
    }

    /// A limit that holds the amount to at least this, or at most where less is better.
    pub fn limit(&self, held: Option<f64>) -> Limit {
        let (low, high) = if self.more_is_better { (held, None) } else { (None, held) };
        Limit {
            name: self.name.clone(),
            family: self.family.clone(),
            terms: self.terms.clone(),
            low,
            high,
            price: None,
        }
    }

    /// Positive where `a` is better than `b`.
    fn better_by(&self, a: f64, b: f64) -> f64 {
        if self.more_is_better { a - b } else { b - a }
    }
}

/// A plan on the frontier.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FrontierPoint {
    /// What it was held to; `None` for the cheapest plan, held to nothing.
    pub held: Option<f64>,
    /// What the plan reaches of the amount.
    pub amount: f64,
    /// The whole outcome: plan, cost, bound, its own gap, seconds.
    pub outcome: Outcome,
}

/// A frontier, cheapest point first.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Sweep {
    /// No point is as good as another in both cost and amount.
    pub points: Vec<FrontierPoint>,
    /// Proved: no plan has more (or less) of the amount than this.
    pub at_best: Option<f64>,
    /// Every step was asked; `false` where it was stopped or out of time before.
    pub is_complete: bool,
}

/// Sweeps the amount in so many steps, from the cheapest plan's to the best there is. Each step may use the time and the
/// gap of `settings`; `tell` hears how many of how many questions are answered. `starts` are plans that may be good.
pub fn frontier(
    problem: &Problem,
    amount: &Amount,
    steps: usize,
    starts: &[Plan],
    settings: &Settings,
    watch: &mut dyn Watch,
    tell: &mut dyn FnMut(usize, usize),
) -> Sweep {
    let mut sweep = Sweep::default();
    let mut known: Vec<Plan> = starts.to_vec();
    let questions = steps.max(2) + 1;
    let cheapest = solve_from(problem, Start { plans: &known, prices: None }, settings, watch);
    tell(1, questions);
    let Some(plan) = cheapest.plan.clone() else { return sweep };
    let mut prices = prices_of(&cheapest);
    let loosest = amount.of(&plan);
    known.push(plan);
    sweep.points.push(FrontierPoint { held: None, amount: loosest, outcome: cheapest });

    let start = Start { plans: &known, prices: None };
    let best = solve_from(&alone(problem, amount), start, settings, &mut Quiet(watch));
    tell(2, questions);
    let Some(plan) = best.plan.clone() else { return sweep };
    let strictest = amount.of(&plan);
    sweep.at_best = best.bound.map(|cost| if amount.more_is_better { -cost } else { cost });
    known.push(plan);
    let range = amount.better_by(strictest, loosest);
    if range <= BREATH * strictest.abs().max(1.0) {
        sweep.is_complete = !matches!(best.status, Status::NothingFound);
        return sweep;
    }
    let mut held_to = problem.clone();
    held_to.limits.push(amount.limit(None));
    for step in 0..steps.max(2) - 1 {
        if watch.is_cancelled() {
            return clean(sweep, amount);
        }
        let part = step as f64 / (steps.max(2) - 1) as f64;
        let breath = BREATH * strictest.abs().max(range);
        let give = (loosest - strictest) * part;
        let held = strictest + give + if amount.more_is_better { -breath } else { breath };
        if let Some(limit) = held_to.limits.last_mut() {
            *limit = amount.limit(Some(held));
        }
        // The nearest of what is known first: the newest.
        let nearest: Vec<Plan> = known.iter().rev().cloned().collect();
        let start = Start { plans: &nearest, prices: prices.as_ref() };
        let outcome = solve_from(&held_to, start, settings, &mut Quiet(watch));
        tell(step + 3, questions);
        prices = prices_of(&outcome).or(prices);
        if let Some(plan) = outcome.plan.clone() {
            let reached = amount.of(&plan);
            known.push(plan);
            sweep.points.push(FrontierPoint { held: Some(held), amount: reached, outcome });
        }
    }
    sweep.is_complete = true;
    clean(sweep, amount)
}

fn prices_of(outcome: &Outcome) -> Option<Prices> {
    outcome.certificate.as_ref().map(|certificate| certificate.prices.clone())
}

/// The same rules with nothing sought but the amount.
fn alone(problem: &Problem, amount: &Amount) -> Problem {
    let mut alone = problem.clone();
    alone.sites.iter_mut().flat_map(|site| &mut site.options).for_each(|option| option.cost = 0.0);
    alone.units.iter_mut().flat_map(|unit| &mut unit.places).for_each(|place| place.cost = 0.0);
    for group in &mut alone.coverage {
        group.price = 0.0;
        group.shortfall_price = group.shortfall_price.map(|_| 0.0);
    }
    for limit in &mut alone.limits {
        limit.price = limit.price.map(|_| 0.0);
    }
    let sign = if amount.more_is_better { -1.0 } else { 1.0 };
    for term in &amount.terms {
        match *term {
            LimitTerm::Option { site, option, by } => {
                alone.sites[site].options[option].cost += sign * by;
            }
            LimitTerm::Place { unit, place, by } => {
                alone.units[unit].places[place].cost += sign * by;
            }
        }
    }
    alone
}

/// Without what another point is as good as in both, cheapest first.
fn clean(mut sweep: Sweep, amount: &Amount) -> Sweep {
    let cost = |point: &FrontierPoint| point.outcome.objective.unwrap_or(f64::INFINITY);
    sweep.points.sort_by(|a, b| {
        let dearer = cost(a).total_cmp(&cost(b));
        dearer.then(amount.better_by(b.amount, a.amount).total_cmp(&0.0))
    });
    let mut best: Option<f64> = None;
    sweep.points.retain(|point| {
        let is_news = best
            .is_none_or(|best| amount.better_by(point.amount, best) > BREATH * best.abs().max(1.0));
        if is_news {
            best = Some(point.amount);
        }
        is_news
    });
    sweep
}
