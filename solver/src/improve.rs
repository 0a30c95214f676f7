//! A good plan before the search begins: from today's estate, or near a plan, by small moves, a worse one now and then
//! (simulated annealing).
//!
//! HiGHS proves well and finds slowly: on a city it has its first good plan after minutes. Knows nothing of the encoding, proves
//! nothing, and may fail to find any plan that keeps the rules; what it finds is checked like any other. The number of
//! moves depends on the problem and the time limit, not on the clock, so the same seed gives the same plan. Divisible units are moved whole here.

mod estate;
mod figures;
mod moves;
mod parcels;

use self::estate::{Estate, plan_of};
use self::parcels::{Parcel, parcels};
use crate::chance::Chance;
use crate::outcome::{Plan, Settings};
use crate::problem::Problem;

/// Moves tried for each site and unit, and for each second there is: a few seconds on a borough, a quarter of the time on a city.
const MOVES_EACH: f64 = 16_000.0;
/// Seconds that count: what a long search has beyond these is HiGHS's, which proves.
const MOST_SECONDS: f64 = 60.0;
const MOVES_A_SECOND: f64 = 60_000.0;
/// Tiny problems need fewer: this many times their size squared.
const MOVES_SQUARED: f64 = 100.0;
/// Moves between which the prices of missed rules are looked at, and the clock; as many more as there are sites and units
/// more than `ROUND_FOR`, or prices would rise faster than moves can answer them.
const ROUND: usize = 1000;
const ROUND_FOR: usize = 2000;

/// How long a search may take, in moves: fewer where HiGHS proves soon, more where it finds no plan.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Effort {
    /// For each site and unit.
    each: f64,
    /// For each second of the time limit, and seconds that count.
    a_second: f64,
    most_seconds: f64,
}

/// Heat to begin with, as a part of what a move typically changes, and how many times it falls by e.
const HEAT: f64 = 0.4;
const COOLING: f64 = 4.0;

/// Before HiGHS has the whole.
pub(crate) const BEFORE_HIGHS: Effort =
    Effort { each: MOVES_EACH, a_second: MOVES_A_SECOND, most_seconds: MOST_SECONDS };
/// Whole units by the thousand, for which this alone finds plans: a first one in seconds.
pub(crate) const FIRST_OF_WHOLE: Effort =
    Effort { each: 860.0, a_second: 200_000.0, most_seconds: 600.0 };
/// And a better one in most of the time there is: from the first one, but hot, among the places that prices call promising.
/// Of a whole London 1.1 million moves a second leave a third of the time for slower machines.
pub(crate) const BEST_OF_WHOLE: Effort =
    Effort { each: f64::INFINITY, a_second: 1_100_000.0, most_seconds: 600.0 };
/// Where a first one is not found in seconds, in half of the time there is.
pub(crate) const ANY_OF_WHOLE: Effort =
    Effort { each: f64::INFINITY, a_second: 250_000.0, most_seconds: 600.0 };

/// A plan to begin with, and by unit the places that are tried; the plan's own are always.
pub(crate) struct Near<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) places: &'a [Vec<usize>],
}

/// The best plan found that keeps the rules as far as seen here; ends early when `is_over` says so.
pub(crate) fn improved(
    problem: &Problem,
    settings: &Settings,
    effort: Effort,
    near: Option<&Near<'_>>,
    is_over: &mut dyn FnMut() -> bool,
) -> Option<Plan> {
    // A plan of whole units is no start worth having where most can be divided.
    if problem.units.iter().filter(|unit| unit.is_divisible).count() * 2 > problem.units.len() {
        return None;
    }
    let is_tried = |unit: usize, place: usize| {
        near.is_none_or(|near| {
            near.plan.place(unit) == Some(place) || near.places[unit].contains(&place)
        })
    };
    let parcels = parcels(problem, &is_tried)?;
    let mut estate = Estate::of(problem, &parcels);
    let size = (problem.sites.len() + parcels.len()) as f64;
    let moves = (effort.each * size).min(MOVES_SQUARED * size * size);
    let seconds = settings.time_limit_seconds.max(0.0).clamp(0.0, effort.most_seconds);
    let round_of = ROUND * (problem.sites.len() + parcels.len()).div_ceil(ROUND_FOR).max(1);
    let rounds = moves.min(effort.a_second * seconds) / round_of as f64;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "small, not negative"
    )]
    let rounds = rounds.ceil() as usize;
    let mut chance = Chance::of(settings.seed);
    let hot = HEAT * estate.typical_change(&mut chance);
    if let Some(near) = near {
        estate.take_plan(near.plan)?;
    }
    let mut best: Option<(f64, Vec<usize>, Vec<usize>)> = None;
    for round in 0..rounds {
        if is_over() || (estate.is_free && best.is_some()) {
            break;
        }
        let way = round as f64 / rounds as f64;
        estate.reprice(way);
        let heat = hot * (-COOLING * way).exp();
        for _ in 0..round_of {
            // Metropolis: a worse plan is taken as often as the heat allows.
            let most = -heat * chance.next().max(f64::MIN_POSITIVE).ln();
            let before = estate.energy();
            estate.forget();
            if !estate.try_a_move(&mut chance, most) || estate.energy() - before > most {
                estate.undo_to(0);
            } else if best
                .as_ref()
                .is_none_or(|(cost, ..)| estate.cost() < cost - 1e-9 * cost.abs())
                && estate.keeps_the_rules()
            {
                best = Some((estate.cost(), estate.option.clone(), estate.at.clone()));
            }
        }
    }
    let (_, options, at) = best?;
    Some(plan_of(problem, &parcels, options, &at))
}

/// A plan on the bench: one choice is forced the other way, small moves mend what that breaks, and the plan is put back.
///
/// Everything a plan needs is laid out once, so that hundreds of sites can be asked about one after the other.
pub(crate) struct Bench<'a> {
    estate: Estate<'a>,
    chance: Chance,
}

/// What is forced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Forced {
    /// A site takes any option but this.
    NotOption { site: usize, option: usize },
    /// A unit, with those that move with it, goes to any site but this.
    NotAt { unit: usize, site: usize },
}

/// The parcels of a problem, for a [`Bench`] to stand on.
pub(crate) struct Parcels(Vec<Parcel>);

impl Parcels {
    /// `None` where some units can be nowhere together, or some are divided: whole units are all that is moved here.
    pub(crate) fn of(problem: &Problem) -> Option<Self> {
        if problem.units.iter().any(|unit| unit.is_divisible) {
            return None;
        }
        parcels(problem, &|_, _| true).map(Self)
    }
}

impl<'a> Bench<'a> {
    /// With this plan on it; `None` where the plan has a unit in a place that is none of its own.
    pub(crate) fn of(
        problem: &'a Problem,
        parcels: &'a Parcels,
        plan: &Plan,
        seed: u32,
    ) -> Option<Self> {
        let mut estate = Estate::of(problem, &parcels.0);
        let mut chance = Chance::of(seed);
        estate.typical_change(&mut chance);
        estate.reprice(1.0);
        estate.take_plan(plan)?;
        Some(Self { estate, chance })
    }

    /// The best plan found near the one on the bench that takes the choice the other way, in so many moves.
    pub(crate) fn forced(&mut self, forced: Forced, moves: usize) -> Option<Plan> {
        let held = match forced {
            Forced::NotOption { site, option } => {
                let allowed = &mut self.estate.allowed[site];
                let others = allowed.iter().copied().filter(|&o| o != option).collect();
                Some((site, std::mem::replace(allowed, others)))
            }
            Forced::NotAt { .. } => None,
        };
        let best = self.best_of(forced, moves);
        self.estate.undo_to(0);
        if let Some((site, allowed)) = held {
            self.estate.allowed[site] = allowed;
        }
        best
    }

    fn best_of(&mut self, forced: Forced, moves: usize) -> Option<Plan> {
        let estate = &mut self.estate;
        let mut best: Option<(f64, Plan)> = None;
        let mut starts: Vec<usize> = match forced {
            Forced::NotOption { site, .. } => estate.allowed[site].clone(),
            Forced::NotAt { unit, site } => {
                let n = estate.parcels.iter().position(|parcel| parcel.units.contains(&unit))?;
                let candidates = estate.parcels[n].candidates.iter().enumerate();
                candidates.filter(|(_, there)| there.site != site).map(|(c, _)| c).collect()
            }
        };
        starts.truncate(8);
        let each = moves.checked_div(starts.len().max(1)).unwrap_or(0);
        for start in starts {
            estate.undo_to(0);
            let is_made = match forced {
                Forced::NotOption { site, .. } => {
                    estate.force_option(site, start, &mut self.chance)
                }
                Forced::NotAt { unit, .. } => {
                    let n = estate.parcels.iter().position(|p| p.units.contains(&unit))?;
                    let fits = estate.admits(n, start) || estate.welcome(n, start);
                    if fits {
                        let from = estate.site(n);
                        estate.take_parcel(n, start);
                        estate.rest(from);
                    }
                    fits
                }
            };
            if !is_made {
                continue;
            }
            for step in 0..=each {
                if step > 0 {
                    let (mark, before) = (estate.mark(), estate.energy());
                    let is_move = estate.try_a_move(&mut self.chance, 0.0) && estate.keeps(forced);
                    if !is_move || estate.energy() >= before {
                        estate.undo_to(mark);
                        continue;
                    }
                }
                let is_better = best.as_ref().is_none_or(|(cost, _)| estate.cost() < *cost);
                if is_better && estate.keeps_the_rules() && estate.keeps(forced) {
                    best = Some((estate.cost(), estate.plan()));
                }
            }
        }
        best.map(|(_, plan)| plan)
    }
}
