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

use self::estate::{Estate, Turn, plan_of};
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
    /// How much of the way from hot to cold is passed over.
    from: f64,
    /// How often, where no plan came of it, the way is gone again with what lies about what is missed.
    passes: usize,
}

/// Heat to begin with, as a part of what a move typically changes, and how many times it falls by e.
const HEAT: f64 = 0.4;
const COOLING: f64 = 4.0;

/// Before HiGHS has the whole.
pub(crate) const BEFORE_HIGHS: Effort = Effort {
    each: MOVES_EACH,
    a_second: MOVES_A_SECOND,
    most_seconds: MOST_SECONDS,
    from: 0.0,
    passes: 0,
};
/// Whole units by the thousand, for which this alone finds plans: a first one in seconds, from what the prices answer, which
/// is sent the right way already.
pub(crate) const FIRST_OF_WHOLE: Effort =
    Effort { each: 300.0, a_second: 200_000.0, most_seconds: 600.0, from: 0.5, passes: 6 };
/// And a better one in most of the time there is: from the first one, but hot, among the places that prices call promising.
/// Of a whole London 1.1 million moves a second leave a third of the time for slower machines.
pub(crate) const BEST_OF_WHOLE: Effort = Effort {
    each: f64::INFINITY,
    a_second: 1_100_000.0,
    most_seconds: 600.0,
    from: 0.0,
    passes: 0,
};
/// Where a first one is not found in seconds, in half of the time there is.
pub(crate) const ANY_OF_WHOLE: Effort =
    Effort { each: f64::INFINITY, a_second: 250_000.0, most_seconds: 600.0, from: 0.0, passes: 6 };
/// A pass: moves for each of its sites and parcels, rounds, and how much of the way from hot to cold is passed over.
const PASS_EACH: usize = 8000;
const PASS_ROUNDS: usize = 400;
const PASS_FROM: f64 = 0.3;

/// A plan to begin with, and by unit the places that are tried; the plan's own are always.
pub(crate) struct Near<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) places: Option<&'a [Vec<usize>]>,
}

/// What the moves came to.
pub(crate) enum Moved {
    /// The best plan found that keeps the rules as far as seen here.
    Plan(Plan),
    /// None was found: where they ended. What found no room is nowhere, and rules may be missed.
    Rough(Plan),
}

impl Moved {
    pub(crate) fn plan(self) -> Option<Plan> {
        match self {
            Self::Plan(plan) => Some(plan),
            Self::Rough(_) => None,
        }
    }
}

/// Moves as many as the effort says, or until `is_over`; `None` where there is nothing to move, or nowhere to.
pub(crate) fn improved(
    problem: &Problem,
    settings: &Settings,
    effort: Effort,
    near: Option<&Near<'_>>,
    is_over: &mut dyn FnMut() -> bool,
) -> Option<Moved> {
    // A plan of whole units is no start worth having where most can be divided.
    if problem.units.iter().filter(|unit| unit.is_divisible).count() * 2 > problem.units.len() {
        return None;
    }
    let is_tried = |unit: usize, place: usize| {
        near.is_none_or(|near| {
            let is_promising = |places: &[Vec<usize>]| places[unit].contains(&place);
            near.plan.place(unit) == Some(place) || near.places.is_none_or(is_promising)
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
        estate.reprice(effort.from);
        estate.take_plan(near.plan)?;
    }
    let way = Way { rounds, round_of, from: effort.from, hot };
    let mut best = None;
    way.go(&mut estate, &mut chance, &mut best, is_over);
    for _ in 0..effort.passes {
        if best.is_some() || is_over() {
            break;
        }
        let Some(focus) = estate.about_what_is_missed() else { break };
        let moves = PASS_EACH * (focus.parcels.len() + focus.sites.len());
        let round_of = moves.div_ceil(PASS_ROUNDS);
        estate.focus = Some(focus);
        estate.forgive();
        let way = Way { rounds: PASS_ROUNDS, round_of, from: PASS_FROM, hot };
        way.go(&mut estate, &mut chance, &mut best, is_over);
    }
    Some(match best {
        Some((_, options, at)) => Moved::Plan(plan_of(problem, &parcels, options, &at)),
        None => Moved::Rough(estate.rough_plan()),
    })
}

/// The best so far that keeps the rules: its cost, options and candidates.
type Best = Option<(f64, Vec<usize>, Vec<usize>)>;

/// From hot to cold in so many rounds of so many moves, or the later part of it.
struct Way {
    rounds: usize,
    round_of: usize,
    from: f64,
    hot: f64,
}

impl Way {
    fn go(
        &self,
        estate: &mut Estate<'_>,
        chance: &mut Chance,
        best: &mut Best,
        is_over: &mut dyn FnMut() -> bool,
    ) {
        for round in 0..self.rounds {
            if is_over() || (estate.is_free && best.is_some()) {
                break;
            }
            let way = self.from + (1.0 - self.from) * round as f64 / self.rounds as f64;
            estate.reprice(way);
            let heat = self.hot * (-COOLING * way).exp();
            for _ in 0..self.round_of {
                // Metropolis: a worse plan is taken as often as the heat allows.
                let most = -heat * chance.next().max(f64::MIN_POSITIVE).ln();
                let before = estate.energy();
                estate.forget();
                if !estate.try_a_move(chance, most) || estate.energy() - before > most {
                    estate.undo_to(0);
                } else if best
                    .as_ref()
                    .is_none_or(|(cost, ..)| estate.cost() < cost - 1e-9 * cost.abs())
                    && estate.keeps_the_rules()
                {
                    *best = Some((estate.cost(), estate.option.clone(), estate.at.clone()));
                }
            }
        }
    }
}

/// A plan on the bench: one choice is forced the other way, what that breaks is mended, what it leaves room for is
/// taken, small moves go on from there, and the plan is put back.
///
/// Everything a plan needs is laid out once, so that hundreds of sites can be asked about one after the other.
pub(crate) struct Bench<'a> {
    estate: Estate<'a>,
    chance: Chance,
    /// See [`Estate::helps`].
    helps: Vec<Vec<Turn>>,
    /// See [`Estate::wishes`].
    wishes: Vec<Turn>,
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
        is_over: &dyn Fn() -> bool,
    ) -> Option<Self> {
        let mut estate = Estate::of(problem, &parcels.0);
        let mut chance = Chance::of(seed);
        estate.typical_change(&mut chance);
        estate.reprice(1.0);
        estate.take_plan(plan)?;
        let (helps, wishes) = (estate.helps(), estate.wishes(&mut chance, is_over));
        Some(Self { estate, chance, helps, wishes })
    }

    /// The best plan found near the one on the bench that takes the choice the other way, in so many moves.
    pub(crate) fn forced(
        &mut self,
        forced: Forced,
        moves: usize,
        is_over: &dyn Fn() -> bool,
    ) -> Option<Plan> {
        let held = match forced {
            Forced::NotOption { site, option } => {
                let allowed = &mut self.estate.allowed[site];
                let others = allowed.iter().copied().filter(|&o| o != option).collect();
                Some((site, std::mem::replace(allowed, others)))
            }
            Forced::NotAt { .. } => None,
        };
        let best = self.best_of(forced, moves, is_over);
        self.estate.undo_to(0);
        self.estate.focus = None;
        if let Some((site, allowed)) = held {
            self.estate.allowed[site] = allowed;
        }
        best
    }

    fn best_of(
        &mut self,
        forced: Forced,
        moves: usize,
        is_over: &dyn Fn() -> bool,
    ) -> Option<Plan> {
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
                    estate.bring(n, start)
                }
            };
            if !is_made {
                continue;
            }
            estate.relieve(forced, &self.helps, &mut self.chance, is_over);
            if estate.keeps_the_rules() {
                estate.indulge(forced, &self.wishes, &mut self.chance);
            }
            estate.focus = estate.about_what_changed();
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check;
    use crate::classic::{Customer, Division, Source, capacitated};
    use crate::outcome::Share;

    /// As many customers of six, and rooms of ten.
    fn town(customers: usize, rooms: usize) -> Problem {
        let sources = vec![Source { cost: 3.0, capacity: 10.0 }; rooms];
        let customer = Customer { demand: 6.0, costs: (0..rooms).map(|i| i as f64).collect() };
        capacitated(&sources, &vec![customer; customers], Division::Indivisible)
    }

    fn moved(problem: &Problem, near: Option<&Near<'_>>) -> Moved {
        improved(problem, &Settings::default(), FIRST_OF_WHOLE, near, &mut || false).unwrap()
    }

    #[test]
    fn where_not_all_find_room_those_who_do_are_told_and_the_others_are_nowhere() {
        let problem = town(3, 2);

        let Moved::Rough(plan) = moved(&problem, None) else { panic!("two rooms take two") };

        let housed: Vec<Option<usize>> = (0..3).filter_map(|r| plan.place(r)).map(Some).collect();
        assert_eq!(housed.len(), 2);
        assert_ne!(housed[0], housed[1]);
        assert!(check(&problem, &plan).iter().all(|broken| broken.by > 0.9), "only one is missing");
    }

    #[test]
    fn moves_begin_where_some_are_nowhere() {
        let problem = town(3, 4);
        let there = |place| vec![Share { place, share: 1.0 }];
        let start = Plan::of(&problem, vec![1, 1, 0, 0], vec![there(0), there(1), Vec::new()]);

        let Moved::Plan(plan) = moved(&problem, Some(&Near { plan: &start, places: None })) else {
            panic!("a third room is there")
        };

        assert_eq!(check(&problem, &plan), []);
        assert!((plan.cost(&problem) - (9.0 + 3.0)).abs() < 1e-9);
    }
}
