//! Why: what it would cost to take one choice of a plan the other way.
//!
//! [`intervals`] says it of every site and unit at once, between a proven lower end (the bound of the whole, and the prices
//! of one relaxation) and a plan that is found near this one. [`flip`] says it of one exactly, by searching again from that
//! plan. All differences are against the plan on the table, whatever its own gap: a lower end below zero says that a better
//! plan may exist.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::check::check;
use crate::explain_before::options_within_reach;
use crate::improve::{Bench, Forced, Parcels};
use crate::large::is_large;
use crate::outcome::{Plan, Progress, Settings, Status, Watch, gap_told};
use crate::problem::Problem;
use crate::relaxed::{Prices, prices};
use crate::solve::{Start, solve_from};

/// Small moves for all choices together, and the fewest and the most for one.
const MOVES: usize = 240_000;
const FEWEST_MOVES: usize = 60;
const MOST_MOVES: usize = 3_000;
/// A bound this near the plan is not searched for further: else with so much of the time, and in so many branches.
const NEAR: f64 = 1e-4;
const PART_TO_SEARCH_ON: f64 = 0.1;
const BRANCHES_TO_SEARCH_ON: u32 = 50;
/// Of the cost: differences below are no difference.
const SAME: f64 = 1e-6;

/// A choice of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Choice {
    /// The option a site takes.
    Site(usize),
    /// The site a unit is at.
    Unit(usize),
}

/// How a difference is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Known {
    /// Searched to the end.
    Exactly,
    /// Between two ends, both proved.
    Between,
    /// Not less than the lower end; no plan was found that takes the choice the other way.
    AtLeast,
    /// Proved: no plan takes the choice the other way.
    Impossible,
}

/// What it costs to take a choice the other way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Flip {
    /// Which choice.
    pub choice: Choice,
    /// How the cost is known.
    pub known: Known,
    /// Proved: no plan that takes it the other way costs less more than this. `None` without any bound, or impossible.
    pub low: Option<f64>,
    /// A plan that takes it the other way costs this much more.
    pub high: Option<f64>,
    /// That plan.
    pub plan: Option<Arc<Plan>>,
}

/// What every site with a choice, and every unit with another site to go to, would cost the other way. In the order of
/// sites, then units. Takes one relaxation, a little further search where the plan's bound is not near, and a few moves each;
/// ends early with what it has when told or out of time.
///
/// `bound` is what is proved of the plan itself, where that is known.
pub fn intervals(
    problem: &Problem,
    plan: &Plan,
    bound: Option<f64>,
    settings: &Settings,
    watch: &mut dyn Watch,
) -> Vec<Flip> {
    if problem.validate().is_err() || !check(problem, plan).is_empty() {
        return Vec::new();
    }
    let deadline = deadline(settings);
    let (bound, better) = searched_on(problem, plan, bound, settings, watch);
    let lower = Lower {
        problem,
        prices: prices(problem, deadline, watch),
        within: options_within_reach(problem),
        bound,
    };
    let choices = choices(problem, plan);
    let is_over = || deadline.is_some_and(|at| Instant::now() >= at) || watch.is_cancelled();
    let parcels = Parcels::of(problem);
    let mut bench =
        parcels.as_ref().and_then(|p| Bench::of(problem, p, plan, settings.seed, &is_over));
    let each = MOVES.checked_div(choices.len().max(1)).unwrap_or(0);
    let each = each.clamp(FEWEST_MOVES, MOST_MOVES);
    let mut lows = Vec::new();
    let mut cheapest = Cheapest::of(problem, plan, &choices);
    if let Some(better) = better {
        cheapest.learn(better);
    }
    for &(_, forced) in &choices {
        let low = lower.of(forced);
        if !is_over()
            && low != Some(f64::INFINITY)
            && let Some(found) = bench.as_mut().and_then(|b| b.forced(forced, each, &is_over))
        {
            cheapest.learn(found);
        }
        lows.push(low);
    }
    let cost = plan.cost(problem);
    let told = choices.iter().zip(lows).zip(cheapest.found);
    told.map(|((&(choice, _), low), found)| flip_of(choice, cost, low, found, false)).collect()
}

/// The cheapest plan known that takes each of some choices the other way: one found for one choice may serve others.
struct Cheapest<'a> {
    problem: &'a Problem,
    plan: &'a Plan,
    choices: &'a [(Choice, Forced)],
    found: Vec<Option<(f64, Arc<Plan>)>>,
}

impl<'a> Cheapest<'a> {
    fn of(problem: &'a Problem, plan: &'a Plan, choices: &'a [(Choice, Forced)]) -> Self {
        Self { problem, plan, choices, found: vec![None; choices.len()] }
    }

    /// A plan that breaks a rule is none, whoever made it.
    fn learn(&mut self, found: Plan) {
        if !check(self.problem, &found).is_empty() {
            return;
        }
        let (cost, found) = (found.cost(self.problem), Arc::new(found));
        for ((choice, _), cheapest) in self.choices.iter().zip(&mut self.found) {
            let is_other = match *choice {
                Choice::Site(site) => self.plan.options[site] != found.options[site],
                Choice::Unit(unit) => {
                    let site = |plan: &Plan| {
                        plan.place(unit).map(|place| self.problem.units[unit].places[place].site)
                    };
                    site(&found).is_some() && site(self.plan) != site(&found)
                }
            };
            if is_other && cheapest.as_ref().is_none_or(|(least, _)| cost < *least) {
                *cheapest = Some((cost, Arc::clone(&found)));
            }
        }
    }
}

/// What no plan costs less than when a choice is the other way.
struct Lower<'a> {
    problem: &'a Problem,
    prices: Option<Prices>,
    /// By site and option: see [`options_within_reach`].
    within: Vec<Vec<bool>>,
    /// Of all plans.
    bound: Option<f64>,
}

impl Lower<'_> {
    /// Infinite where it cannot be.
    fn of(&self, forced: Forced) -> Option<f64> {
        if !self.is_within_reach(forced) {
            return Some(f64::INFINITY);
        }
        let by_prices = self.prices.as_ref().map(|prices| match forced {
            Forced::NotOption { site, option } => {
                prices.bound_without_option(self.problem, site, option)
            }
            Forced::NotAt { unit, site } => prices.bound_elsewhere(self.problem, unit, site),
        });
        by_prices.into_iter().chain(self.bound).reduce(f64::max)
    }

    fn is_within_reach(&self, forced: Forced) -> bool {
        match forced {
            Forced::NotOption { site, option } => {
                let mut options = self.within[site].iter().enumerate();
                options.any(|(o, &is_within)| is_within && o != option)
            }
            Forced::NotAt { unit, site } => self.problem.units[unit].places.iter().any(|place| {
                let is_within = |&o: &usize| self.within[place.site][o];
                place.site != site && place.admitted_by.iter().any(is_within)
            }),
        }
    }
}

/// The bound of all plans, searched a little further for where it is not near the plan; and a better plan, where one is found
/// on the way: what takes a choice the other way may save something.
fn searched_on(
    problem: &Problem,
    plan: &Plan,
    bound: Option<f64>,
    settings: &Settings,
    watch: &mut dyn Watch,
) -> (Option<f64>, Option<Plan>) {
    let cost = plan.cost(problem);
    let too_small = Plan::too_small_to_tell(problem);
    let gap = bound.and_then(|bound| gap_told(cost, bound, too_small));
    if gap.is_some_and(|gap| gap <= NEAR) || is_large(problem) {
        return (bound, None);
    }
    let settings = Settings {
        gap: NEAR,
        time_limit_seconds: settings.time_limit_seconds * PART_TO_SEARCH_ON,
        branches: Some(BRANCHES_TO_SEARCH_ON),
        ..*settings
    };
    let start = Start { plans: std::slice::from_ref(plan), prices: None };
    let outcome = solve_from(problem, start, &settings, &mut Quiet(watch));
    let better = outcome.plan.filter(|found| found.cost(problem) < cost);
    (bound.into_iter().chain(outcome.bound).reduce(f64::max), better)
}

/// One choice the other way, searched again from the nearest plan that takes it so: exact where the search ends in time.
/// `None` for a choice the plan or the problem does not have.
pub fn flip(
    problem: &Problem,
    plan: &Plan,
    choice: Choice,
    settings: &Settings,
    watch: &mut dyn Watch,
) -> Option<Flip> {
    if problem.validate().is_err() || !check(problem, plan).is_empty() {
        return None;
    }
    let forced = forced(problem, plan, choice)?;
    let cost = plan.cost(problem);
    let mut other = problem.clone();
    let starts: Vec<Plan> = Parcels::of(problem)
        .and_then(|parcels| {
            let is_over = || watch.is_cancelled();
            Bench::of(problem, &parcels, plan, settings.seed, &is_over)?
                .forced(forced, MOST_MOVES, &is_over)
        })
        .into_iter()
        .collect();
    force(&mut other, forced);
    if is_without_options(&other, forced) {
        return Some(flip_of(choice, cost, Some(f64::INFINITY), None, true));
    }
    let outcome = solve_from(&other, Start { plans: &starts, prices: None }, settings, watch);
    let low = match outcome.status {
        Status::Infeasible => Some(f64::INFINITY),
        _ => outcome.bound,
    };
    let is_exact = outcome.status == Status::Optimal;
    let found = outcome.plan.map(|plan| (plan.cost(problem), Arc::new(plan)));
    Some(flip_of(choice, cost, low, found, is_exact))
}

fn deadline(settings: &Settings) -> Option<Instant> {
    let limit = Duration::try_from_secs_f64(settings.time_limit_seconds.max(0.0)).ok()?;
    Instant::now().checked_add(limit)
}

/// Sites that could take another option, then units that could be at another site.
fn choices(problem: &Problem, plan: &Plan) -> Vec<(Choice, Forced)> {
    let sites = (0..problem.sites.len()).map(Choice::Site);
    let units = (0..problem.units.len()).map(Choice::Unit);
    sites.chain(units).filter_map(|choice| Some((choice, forced(problem, plan, choice)?))).collect()
}

fn forced(problem: &Problem, plan: &Plan, choice: Choice) -> Option<Forced> {
    match choice {
        Choice::Site(site) => {
            let of = problem.sites.get(site)?;
            let option = *plan.options.get(site)?;
            let has_other = (0..of.options.len()).any(|o| o != option && of.allows(o));
            has_other.then_some(Forced::NotOption { site, option })
        }
        Choice::Unit(unit) => {
            let of = problem.units.get(unit)?;
            let site = of.places.get(plan.place(unit)?)?.site;
            let has_other = of.places.iter().any(|place| place.site != site);
            has_other.then_some(Forced::NotAt { unit, site })
        }
    }
}

/// The same problem with the choice taken the other way for good.
fn force(problem: &mut Problem, forced: Forced) {
    match forced {
        Forced::NotOption { site, option } => {
            let site = &mut problem.sites[site];
            site.allowed =
                (0..site.options.len()).filter(|&o| o != option && site.allows(o)).collect();
        }
        Forced::NotAt { unit, site } => {
            let places = problem.units[unit].places.iter_mut();
            places.filter(|place| place.site == site).for_each(|place| place.admitted_by.clear());
        }
    }
}

/// An empty list of allowed options would mean all of them.
fn is_without_options(problem: &Problem, forced: Forced) -> bool {
    match forced {
        Forced::NotOption { site, .. } => problem.sites[site].allowed.is_empty(),
        Forced::NotAt { .. } => false,
    }
}

/// `cost` is the plan's; `found` the cheapest that takes the choice the other way, with its own.
fn flip_of(
    choice: Choice,
    cost: f64,
    low: Option<f64>,
    found: Option<(f64, Arc<Plan>)>,
    is_exact: bool,
) -> Flip {
    let low = low.map(|low| low - cost);
    let (high, plan) = found.map(|(other, plan)| (other - cost, plan)).unzip();
    if plan.is_none() && low == Some(f64::INFINITY) {
        return Flip { choice, known: Known::Impossible, low: None, high: None, plan: None };
    }
    let low = low.filter(|low| low.is_finite());
    let meet = low.zip(high).is_some_and(|(low, high)| high - low <= SAME * cost.abs().max(1.0));
    let known = match high {
        Some(_) if is_exact || meet => Known::Exactly,
        Some(_) => Known::Between,
        None => Known::AtLeast,
    };
    // Where they meet the plan says it best; a bound that rounding puts above its plan is none.
    let low = low
        .zip(high)
        .map(|(low, high)| if known == Known::Exactly { high } else { low.min(high) })
        .or(low);
    Flip { choice, known, low, high, plan }
}

/// Asks whether to stop, and passes no progress on.
pub(crate) struct Quiet<'a>(pub(crate) &'a mut dyn Watch);

impl Watch for Quiet<'_> {
    fn progress(&mut self, _: Progress) {}
    fn is_cancelled(&self) -> bool {
        self.0.is_cancelled()
    }
}
