//! Units that stay whole, by the thousand: linear programs say little of their plans. Small moves by the million make them,
//! from what the prices answer, while better prices are sought.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::knapsack::Sack;
use super::relaxation::Relaxation;
use super::volume::Volume;
use super::{Large, MOST_MENDING, STEPS};
use crate::improve::{ANY_OF_WHOLE, BEST_OF_WHOLE, Effort, FIRST_OF_WHOLE, Moved, Near, improved};
use crate::outcome::{Plan, Share};
use crate::problem::Problem;

/// Steps of the prices before the first moves: so many places looked at in all, within these limits. A London takes 300
/// steps and an England the fewest, either some ten seconds.
const PLACES_LOOKED_AT: usize = 30_000_000;
const FEWEST_STEPS: usize = 100;
const MOST_STEPS: usize = 500;
/// Rounds of steps, whole units packed exactly, beside the moves.
const EXACT_ROUNDS: usize = 10;
/// A place the average takes more often than this is promising, and so are as many of a unit as these in all.
const PROMISING: f64 = 0.01;
const PROMISING_PLACES: usize = 6;

impl Large<'_, '_> {
    pub(super) fn steps_before_moves(&self) -> usize {
        let places = self.priced.relaxation.arcs.len().max(1);
        PLACES_LOOKED_AT.div_ceil(places).clamp(FEWEST_STEPS, MOST_STEPS)
    }

    /// Moves, of which whole units need millions, while prices are sought on a thread of their own.
    pub(super) fn moves_beside_prices(&mut self) {
        let mut ahead = self.priced.volume.clone();
        ahead.is_alone = true;
        let mut quick = self.priced.sack.emptied();
        let mut exact = Sack::exact();
        let more = MOST_STEPS - self.steps_before_moves();
        let relaxation = Arc::clone(&self.priced.relaxation);
        let (stop, is_moved) = (AtomicBool::new(false), AtomicBool::new(false));
        let is_impossible = Arc::clone(&self.is_impossible);
        let problem = self.problem;
        let known = std::thread::scope(|scope| {
            let prices = scope.spawn(|| {
                let mut is_over = || stop.load(Ordering::Relaxed);
                // Whether there is an end of it: a proof, or an average that misses nothing.
                let mut ends = |ahead: &mut Volume, is_over: &mut dyn FnMut() -> bool| {
                    let is_done = ahead.run(&relaxation, STEPS, None, &mut exact, is_over);
                    let is_proof = Plan::is_above_all(problem, ahead.bound);
                    is_impossible.fetch_or(is_proof, Ordering::Relaxed);
                    is_proof || is_done
                };
                ahead.run(&relaxation, more, None, &mut quick, &mut is_over);
                for _ in 0..EXACT_ROUNDS {
                    if is_over() || ends(&mut ahead, &mut is_over) {
                        return ahead;
                    }
                }
                // Further ones may prove that there is no plan. How many there are hangs on the clock, so nothing else does
                // on them.
                let known = ahead.clone();
                let mut is_over = || is_over() || is_moved.load(Ordering::Relaxed);
                let mut is_at_end = false;
                while !is_at_end && !is_over() {
                    is_at_end = ends(&mut ahead, &mut is_over);
                }
                if is_impossible.load(Ordering::Relaxed) { ahead } else { known }
            });
            self.moves();
            is_moved.store(true, Ordering::Relaxed);
            self.wait_for(&prices, &stop);
            prices.join()
        });
        if let Ok(known) = known {
            self.priced.volume = known;
            self.priced.volume.is_alone = false;
        }
        self.priced.sack = exact;
        self.run.hear_certificate(self.priced.certificate());
    }

    /// From the average answer to a first plan, mended where it misses something, and on to a better one among the places
    /// that are promising.
    fn moves(&mut self) {
        let start = self.rounded();
        let near = Near { plan: &start, places: None };
        if let Some(rough) = self.moved(FIRST_OF_WHOLE, Some(&near)) {
            self.mend(rough, MOST_MENDING);
        }
        let is_whole = |plan: &Plan| (0..self.problem.units.len()).all(|r| plan.place(r).is_some());
        let best = self.run.best_plan().map(|(plan, _)| plan).filter(is_whole);
        if let Some(plan) = best {
            let places = promising_places(&self.priced.relaxation, &self.priced.volume);
            self.moved(BEST_OF_WHOLE, Some(&Near { plan: &plan, places: Some(&places) }));
        } else if self.run.cost().is_none() {
            self.moved(ANY_OF_WHOLE, None);
        }
    }

    /// What the moves came to is offered; where that is no plan it is handed back.
    fn moved(&mut self, effort: Effort, near: Option<&Near<'_>>) -> Option<Plan> {
        let mut is_over = || self.is_over();
        match improved(self.problem, self.settings, effort, near, &mut is_over)? {
            Moved::Plan(plan) => (!self.run.try_offer(&plan)).then_some(plan),
            Moved::Rough(plan) => Some(plan),
        }
    }

    /// The average answer, every unit where it is most and every site with the option that admits most of those, or else is
    /// taken most. It may break any rule.
    fn rounded(&self) -> Plan {
        let Problem { sites, units, .. } = self.problem;
        let mut most: Vec<Option<(f64, usize)>> = vec![None; units.len()];
        for (a, arc) in self.priced.relaxation.arcs.iter().enumerate() {
            let share = self.priced.volume.average(a);
            if most[arc.unit].is_none_or(|(most, _)| share > most) {
                most[arc.unit] = Some((share, arc.place));
            }
        }
        let mut admits: Vec<Vec<usize>> =
            sites.iter().map(|site| vec![0; site.options.len()]).collect();
        let mut shares = vec![Vec::new(); units.len()];
        for ((unit, shares), most) in units.iter().zip(&mut shares).zip(most) {
            let Some((_, place)) = most else { continue };
            shares.push(Share { place, share: 1.0 });
            let place = &unit.places[place];
            place.admitted_by.iter().for_each(|&option| admits[place.site][option] += 1);
        }
        let options = sites.iter().enumerate().map(|(i, site)| {
            let share =
                |o: usize| self.priced.volume.average(self.priced.relaxation.first_option[i] + o);
            let allowed = (0..site.options.len()).filter(|&o| site.allows(o));
            let best = allowed.max_by(|&a, &b| {
                admits[i][a].cmp(&admits[i][b]).then(share(a).total_cmp(&share(b)))
            });
            best.unwrap_or(site.today)
        });
        Plan::of(self.problem, options.collect(), shares)
    }
}

/// By unit: the places the average answer takes, and those that cost least at its prices.
fn promising_places(relaxation: &Relaxation<'_>, volume: &Volume) -> Vec<Vec<usize>> {
    let costs = relaxation.arc_costs(&volume.prices);
    let mut by_unit: Vec<Vec<(bool, f64, usize)>> = Vec::new();
    for (a, (arc, &cost)) in relaxation.arcs.iter().zip(&costs).enumerate() {
        if by_unit.len() <= arc.unit {
            by_unit.resize_with(arc.unit + 1, Vec::new);
        }
        by_unit[arc.unit].push((volume.average(a) > PROMISING, cost, arc.place));
    }
    let promising = by_unit.into_iter().map(|mut places| {
        places.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.total_cmp(&b.1)).then(a.2.cmp(&b.2)));
        let kept = places.iter().enumerate();
        let kept = kept.filter(|(n, (is_taken, ..))| *is_taken || *n < PROMISING_PLACES);
        kept.map(|(_, &(.., place))| place).collect()
    });
    promising.collect()
}
