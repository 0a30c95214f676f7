//! What a search hands back: a plan, how good it is, and what is proved about it.

use serde::{Deserialize, Serialize};

use crate::certificate::Certificate;
use crate::check::Violation;
use crate::problem::{CoverPoint, Limit, LimitTerm, Malformed, Problem};

/// What a search may use.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// Relative gap at which the search may stop: 0.01 is 1 %.
    pub gap: f64,
    /// Wall seconds after which the best plan so far is taken; infinite is no limit.
    pub time_limit_seconds: f64,
    /// Branches HiGHS may take with the whole, after which the best plan so far is taken; parts of large problems have a
    /// number of their own. With no time limit the plan is the same on every machine.
    #[serde(default)]
    pub branches: Option<u32>,
    /// Same seed and no time limit reached: same plan, to the byte, however many threads there are.
    pub seed: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { gap: 0.0, time_limit_seconds: 60.0, branches: None, seed: 0 }
    }
}

/// How far a search is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Wall seconds since the start.
    pub seconds: f64,
    /// Objective of the best plan so far.
    pub incumbent: Option<f64>,
    /// No plan is better than this.
    pub bound: Option<f64>,
    /// As in [`Outcome::gap`].
    pub gap: Option<f64>,
    /// Branches searched.
    pub nodes: u64,
    /// What the search is doing.
    pub phase: Phase,
}

impl Progress {
    /// What the search is doing, in words for whoever waits.
    pub fn doing(&self) -> &'static str {
        match (self.phase, self.incumbent) {
            (Phase::Search, None) => "Looking for a first plan",
            (Phase::Search, Some(_)) => {
                "Looking for a better plan, or for the proof that there is none"
            }
            (Phase::Prices, _) => "Pricing the rules, which proves how good any plan can be",
            (Phase::Core, _) => "Deciding what the prices leave open",
            (Phase::Neighbourhoods, _) => "Deciding a few sites at a time anew",
        }
    }
}

/// Stages of a search.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// HiGHS searches the problem, or what is left of it.
    #[default]
    Search,
    /// Prices of rules are sought, which prove a bound.
    Prices,
    /// What the prices left undecided becomes a plan.
    Core,
    /// Some sites at a time are decided anew.
    Neighbourhoods,
}

/// Who looks on while a search runs. Both are called on the thread that called [`solve`](crate::solve()).
pub trait Watch {
    /// Called at every better plan, and a few times a second while the bound moves.
    fn progress(&mut self, progress: Progress);
    /// Asked about twenty times a second; `true` ends the search within about a second, best plan kept.
    fn is_cancelled(&self) -> bool;
}

/// Nobody looks on.
impl Watch for () {
    fn progress(&mut self, _: Progress) {}
    fn is_cancelled(&self) -> bool {
        false
    }
}

/// A part of a unit at one of its places.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Share {
    /// Index into the unit's places.
    pub place: usize,
    /// Part of the unit, above 0 up to 1; an undivided unit has one share of 1.
    pub share: f64,
}

/// Every choice of a problem, made.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The option chosen, one a site.
    pub options: Vec<usize>,
    /// Where each unit goes, by place.
    pub shares: Vec<Vec<Share>>,
    /// Weight covered, one figure a coverage group.
    pub covered: Vec<f64>,
}

impl Plan {
    /// Completes the choices with the weight they cover.
    pub fn of(problem: &Problem, options: Vec<usize>, shares: Vec<Vec<Share>>) -> Self {
        let covered = weight_covered(problem, &shares);
        Self { options, shares, covered }
    }

    /// Today's estate as a plan; `None` where a unit has no place today.
    pub fn today(problem: &Problem) -> Option<Self> {
        let options = problem.sites.iter().map(|site| site.today).collect();
        let whole = |place| vec![Share { place, share: 1.0 }];
        let shares: Option<_> = problem.units.iter().map(|unit| unit.today.map(whole)).collect();
        Some(Self::of(problem, options, shares?))
    }

    /// How much of a unit is at this place of it, 0 to 1.
    pub fn share(&self, unit: usize, place: usize) -> f64 {
        let shares = self.shares.get(unit).map_or(&[][..], Vec::as_slice);
        shares.iter().find(|s| s.place == place).map_or(0.0, |s| s.share)
    }

    /// The one place of a unit; `None` where it is divided.
    pub fn place(&self, unit: usize) -> Option<usize> {
        match self.shares.get(unit).map(Vec::as_slice) {
            Some([only]) => Some(only.place),
            _ => None,
        }
    }

    /// The objective of this plan, added up from its choices: options, places, uncovered weight, shortfalls, excesses.
    pub fn cost(&self, problem: &Problem) -> f64 {
        let options: f64 =
            problem.sites.iter().zip(&self.options).map(|(site, &o)| site.options[o].cost).sum();
        let places: f64 = problem
            .units
            .iter()
            .zip(&self.shares)
            .flat_map(|(unit, shares)| shares.iter().map(|s| unit.places[s.place].cost * s.share))
            .sum();
        let coverage: f64 = problem
            .coverage
            .iter()
            .zip(&self.covered)
            .map(|(group, covered)| {
                let total: f64 = group.points.iter().map(|point| point.weight).sum();
                let short = (group.needed - covered).max(0.0);
                group.price * (total - covered) + group.shortfall_price.unwrap_or(0.0) * short
            })
            .sum();
        let limits: f64 = problem
            .limits
            .iter()
            .filter_map(|limit| Some((limit, limit.price?)))
            .map(|(limit, price)| {
                let value = self.activity(limit);
                let short = limit.low.map_or(0.0, |low| (low - value).max(0.0));
                let over = limit.high.map_or(0.0, |high| (value - high).max(0.0));
                price * (short + over)
            })
            .sum();
        options + places + coverage + limits
    }

    /// What a search cannot tell from nothing, as a part of what the dearest option or place costs or earns. Prices of
    /// rules that may be missed are left out: they are often so high that beside them everything else is nothing.
    pub(crate) fn too_small_to_tell(problem: &Problem) -> f64 {
        let options = problem.sites.iter().flat_map(|site| {
            let allowed = (0..site.options.len()).filter(|&o| site.allows(o));
            allowed.map(|o| site.options[o].cost)
        });
        let places = problem.units.iter().flat_map(|unit| unit.places.iter().map(|p| p.cost));
        let dearest = options.chain(places).fold(0.0, |most: f64, cost| most.max(cost.abs()));
        TOO_SMALL_TO_TELL * dearest / 512.0
    }

    /// Whether a bound is above all that any choice could cost: then no plan keeps the rules.
    pub(crate) fn is_above_all(problem: &Problem, bound: f64) -> bool {
        let most = Self::most_cost(problem);
        bound > most + 1e-6 * most.abs().max(1.0)
    }

    /// More than any choice of options and places costs, whatever rules it breaks: each at its dearest.
    pub fn most_cost(problem: &Problem) -> f64 {
        let dearest =
            |costs: &mut dyn Iterator<Item = f64>| costs.fold(f64::NEG_INFINITY, f64::max);
        let options: f64 = problem
            .sites
            .iter()
            .map(|site| {
                let allowed = (0..site.options.len()).filter(|&o| site.allows(o));
                dearest(&mut allowed.map(|o| site.options[o].cost))
            })
            .sum();
        let places: f64 = problem
            .units
            .iter()
            .map(|unit| dearest(&mut unit.places.iter().map(|place| place.cost)))
            .sum();
        let coverage: f64 = problem
            .coverage
            .iter()
            .map(|group| {
                let total: f64 = group.points.iter().map(|point| point.weight).sum();
                let short = group.shortfall_price.unwrap_or(0.0) * group.needed.max(0.0);
                group.price.max(0.0) * total + short.max(0.0)
            })
            .sum();
        let limits: f64 = problem
            .limits
            .iter()
            .filter_map(|limit| Some((limit, limit.price?.max(0.0))))
            .map(|(limit, price)| {
                let by = |term: &LimitTerm| match *term {
                    LimitTerm::Option { by, .. } | LimitTerm::Place { by, .. } => by,
                };
                let least: f64 = limit.terms.iter().map(|term| by(term).min(0.0)).sum();
                let most: f64 = limit.terms.iter().map(|term| by(term).max(0.0)).sum();
                let short = limit.low.map_or(0.0, |low| (low - least).max(0.0));
                let over = limit.high.map_or(0.0, |high| (most - high).max(0.0));
                price * (short + over)
            })
            .sum();
        options + places + coverage + limits
    }

    /// What the terms of a limit add up to.
    pub fn activity(&self, limit: &Limit) -> f64 {
        let value = |term: &LimitTerm| match *term {
            LimitTerm::Option { site, option, by } if self.options[site] == option => by,
            LimitTerm::Option { .. } => 0.0,
            LimitTerm::Place { unit, place, by } => by * self.share(unit, place),
        };
        limit.terms.iter().map(value).sum()
    }
}

/// Per group, the weight of points with a server in place. A server named twice in a point covers once.
fn weight_covered(problem: &Problem, shares: &[Vec<Share>]) -> Vec<f64> {
    let mut at: Vec<Vec<f64>> = problem.units.iter().map(|u| vec![0.0; u.places.len()]).collect();
    for (at, shares) in at.iter_mut().zip(shares) {
        for share in shares {
            at[share.place] += share.share;
        }
    }
    // The last point that counted a server, so that it counts once.
    let mut seen: Vec<Vec<usize>> = at.iter().map(|at| vec![0; at.len()]).collect();
    let mut point_number = 0;
    let mut weight = |point: &CoverPoint| {
        point_number += 1;
        let mut sum = 0.0;
        for server in &point.servers {
            let last = &mut seen[server.unit][server.place];
            if *last != point_number {
                *last = point_number;
                sum += at[server.unit][server.place];
            }
        }
        point.weight * f64::min(sum, 1.0)
    };
    problem.coverage.iter().map(|group| group.points.iter().map(&mut weight).sum()).collect()
}

/// How a search ended, always honest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// No plan is better by more than a millionth of what it costs, or by more than two billionths of what the dearest
    /// single choice costs, which is less than the search can tell.
    Optimal,
    /// The plan is within the gap asked for.
    WithinGap,
    /// Stopped by time or by hand; the best plan so far.
    Stopped,
    /// Proved: no plan keeps the rules.
    Infeasible,
    /// Ended without a plan and without a proof that there is none.
    NothingFound,
    /// The problem was not searched: see [`Outcome::trouble`].
    Malformed,
}

/// Something a reader of the outcome must know.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, thiserror::Error)]
pub enum Trouble {
    /// The problem makes no sense.
    #[error("the problem is malformed: {0}")]
    Malformed(Malformed),
    /// The search offered a plan that breaks rules; it was thrown away.
    #[error("a plan with objective {objective} was thrown away because it breaks {} rules", violations.len())]
    PlanThrownAway {
        /// What it claimed to cost.
        objective: f64,
        /// What it breaks.
        violations: Vec<Violation>,
    },
    /// Two methods contradict each other: a plan that keeps the rules costs less than what is said to be the least. One of
    /// them is wrong, so the bound is thrown away.
    #[error(
        "a plan with objective {objective} keeps the rules, though no plan was to be below {bound}"
    )]
    Contradiction {
        /// Of the plan, added up again.
        objective: f64,
        /// As it was reported.
        bound: f64,
    },
    /// What a plan costs was added up twice, with different sums.
    #[error("a plan was to cost {told} and costs {counted}")]
    WrongSum {
        /// As the search has it.
        told: f64,
        /// As the check has it.
        counted: f64,
    },
    /// The search itself failed.
    #[error("the search failed: {0}")]
    SearchFailed(String),
}

/// Columns, rows and nonzeros of the model searched.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Size {
    /// Decisions left after what is trivially settled.
    pub columns: usize,
    /// Rows.
    pub rows: usize,
    /// Coefficients.
    pub nonzeros: usize,
}

/// What came of a search.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// How it ended.
    pub status: Status,
    /// The best plan, re-checked by [`check`](crate::check()).
    pub plan: Option<Plan>,
    /// Its objective, added up from the plan.
    pub objective: Option<f64>,
    /// Proved: no plan is better than this.
    pub bound: Option<f64>,
    /// See [`gap_between`]; 0 too where plan and bound are nearer than the search can tell, as for [`Status::Optimal`].
    pub gap: Option<f64>,
    /// Wall seconds.
    pub seconds: f64,
    /// One row a better plan, and a last one for the end. Equal in equal searches, but for the seconds.
    pub history: Vec<Progress>,
    /// Of the model.
    pub size: Size,
    /// Today's estate keeps every hard rule.
    pub today_is_feasible: bool,
    /// Hard rules today's estate breaks. Empty, though not feasible, where a unit has no place today.
    pub today_breaks: Vec<Violation>,
    /// What went wrong, if anything.
    pub trouble: Option<Trouble>,
    /// What proves the bound, where prices do, or the part of it that they do; see [`Certificate::bound`].
    pub certificate: Option<Certificate>,
}

/// Of costs scaled so that the largest is between 512 and 1,024, what HiGHS cannot tell from nothing: there it ends.
pub(crate) const TOO_SMALL_TO_TELL: f64 = 1e-6;

/// (objective − bound) ÷ |objective|: 0 where they meet, never negative; `None` where the objective is 0 and the bound is not.
pub fn gap_between(objective: f64, bound: f64) -> Option<f64> {
    let distance = objective - bound;
    if distance <= 0.0 {
        Some(0.0)
    } else if objective.abs() > 0.0 {
        Some(distance / objective.abs())
    } else {
        None
    }
}

/// As [`gap_between`], but 0 too where the distance is too small to tell. Costs that cancel leave an objective near 0, and
/// beside that whatever rounding leaves of the bound looks large.
pub(crate) fn gap_told(objective: f64, bound: f64, too_small: f64) -> Option<f64> {
    if objective - bound <= too_small { Some(0.0) } else { gap_between(objective, bound) }
}
