//! Prices for the rules there are, for those that follow from them, and exact ones.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::ScopedJoinHandle;

use super::choices::Chooser;
use super::exact::Exact;
use super::first::{Begin, Care};
use super::{FINE, LOOK_EVERY, Large, STEPS};
use crate::outcome::Plan;

/// More steps before the first plan where the last hundred still gained so much.
const WORTH_MORE_STEPS: f64 = 3e-4;
/// Steps with each round of cuts.
const STEPS_WITH_CUTS: usize = 400;
/// Rounds of cuts; another where the last gained so much.
const MOST_ROUNDS_OF_CUTS: usize = 20;
const WORTH_MORE_CUTS: f64 = 1.5e-6;
/// With no more arcs than this the linear program is solved exactly, after some rounds of cuts, and beside some more.
const MOST_ARCS_TO_BE_EXACT: usize = 200_000;
const ROUNDS_BEFORE_EXACT: usize = 2;
const ROUNDS_BESIDE_EXACT: usize = 3;
/// Part of the arcs that are in it from the beginning; those that cost less than this part of the dearest of them come in
/// later.
const ARCS_TO_BE_EXACT: f64 = 0.12;
const CHEAP: f64 = 0.3;
/// Part of the arcs that are looked at about sites that are chosen for.
const ARCS_TO_CHOOSE_AMONG: f64 = 0.25;
/// Rounds of cuts then, after how many the plan made beside them is waited for, and how many more there are at most to end
/// with, until the arcs left out cost the bound no more than this part of it. Where they cost it more than that other part
/// they come first.
const MOST_ROUNDS_OF_EXACT_CUTS: usize = 5;
const ROUNDS_BESIDE_A_PLAN: usize = 3;
const MOST_ROUNDS_TO_END: usize = 4;
const NEAR_THE_END: f64 = 2e-6;
const FAR_FROM_THE_END: f64 = 1e-3;

impl Large<'_, '_> {
    pub(super) fn find_prices(&mut self, steps: usize) {
        let mut left = steps;
        while left > 0 && !self.is_over() {
            let some = left.min(STEPS);
            left -= some;
            let target = self.run.cost();
            let (run, deadline) = (&*self.run, self.deadline);
            let mut is_over = || run.is_over(deadline);
            self.priced.step(some, target, &mut is_over);
            self.run.hear_certificate(self.priced.certificate());
        }
    }

    pub(super) fn find_prices_while_it_pays(&mut self, most: usize) {
        for _ in 0..most.div_ceil(STEPS) {
            let before = self.priced.volume.bound;
            self.find_prices(STEPS);
            if self.is_over() || self.priced.volume.bound - before < WORTH_MORE_STEPS * before.abs()
            {
                break;
            }
        }
    }

    /// Rules the average answer breaks, prices for them, and again while that pays; exact prices where there are not too many
    /// places for that.
    pub(super) fn find_cuts(&mut self) {
        let is_exact = self.priced.relaxation.arcs.len() <= MOST_ARCS_TO_BE_EXACT;
        let rounds = if is_exact { ROUNDS_BEFORE_EXACT } else { MOST_ROUNDS_OF_CUTS };
        for _ in 0..rounds {
            if self.is_done() {
                return;
            }
            let new = self.priced.cuts_of_rooms();
            let before = self.priced.volume.bound;
            self.priced.tighten_anew(new);
            self.find_prices(STEPS_WITH_CUTS);
            if self.priced.volume.bound - before < WORTH_MORE_CUTS * before.abs() {
                break;
            }
        }
        if is_exact && !self.is_done() {
            // Nothing comes of it if the time is up, or HiGHS does not take it: there are the prices from before then.
            let _ = self.find_exact_prices();
            self.priced.keep_cuts_with_prices();
        }
    }

    pub(super) fn is_done(&self) -> bool {
        self.is_over() || self.run.is_near_enough(self.settings)
    }

    /// Exact prices, and beside them a plan from the prices there are by then, as the linear program leaves a core idle. `None`
    /// where the time was up before that, or HiGHS does not take it.
    fn find_exact_prices(&mut self) -> Option<()> {
        let (exact, cheap) = self.exact_beside_prices()?;
        let before = self.priced.clone();
        let mut priced = before.clone();
        priced.keep_cuts_with_prices();
        let begin = Begin::of(&priced, self.settings.seed);
        let stop = AtomicBool::new(false);
        let found = std::thread::scope(|scope| {
            let plan = scope.spawn(|| {
                let mut is_over = || stop.load(Ordering::Relaxed);
                begin.in_turn(Care::ON_THE_WAY, &begin.fines(FINE), &mut is_over).pop()
            });
            let found = self.sharpen(exact, cheap, &mut Some(plan), &stop);
            stop.store(true, Ordering::Relaxed);
            found
        });
        if found.is_none() && self.priced.volume.bound < before.volume.bound {
            // Prices of some places only, not yet those of all.
            self.priced = before;
        }
        found
    }

    /// Exact prices, the rules broken by what is chosen at them, of rooms and of choices, and again while that pays. The plan is
    /// waited for in a round that no clock says.
    fn sharpen(
        &mut self,
        mut exact: Exact,
        cheap: f64,
        plan: &mut Option<ScopedJoinHandle<'_, Option<Plan>>>,
        stop: &AtomicBool,
    ) -> Option<()> {
        exact.add_rows(&self.priced.relaxation)?;
        let mut rounds = 0;
        let mut before = f64::NEG_INFINITY;
        loop {
            let mut is_over = || self.run.is_over(self.deadline);
            exact.solve(&mut is_over)?;
            let point = exact.point(&self.priced.relaxation);
            self.priced.volume.go_to(
                &self.priced.relaxation,
                point.prices,
                point.columns,
                &mut self.priced.sack,
            );
            let bound = self.priced.volume.bound;
            self.run.hear_certificate(self.priced.certificate());
            if let Some(plan) = plan.take_if(|_| rounds >= ROUNDS_BESIDE_A_PLAN)
                && let Some(plan) = self.join(plan, stop)
            {
                self.run.try_offer(&plan);
            }
            if self.is_done() {
                return Some(());
            }
            let view = self.priced.view(ARCS_TO_CHOOSE_AMONG);
            let places = exact.add_places(&view, cheap)?;
            let far = (point.cost - bound) / bound.abs().max(1e-9);
            if rounds >= MOST_ROUNDS_OF_EXACT_CUTS {
                let is_end = rounds >= MOST_ROUNDS_OF_EXACT_CUTS + MOST_ROUNDS_TO_END;
                if is_end || places == 0 || far <= NEAR_THE_END {
                    return Some(());
                }
                rounds += 1;
            } else if far <= FAR_FROM_THE_END || places == 0 {
                rounds += 1;
                let mut new = self.priced.cuts_of_rooms();
                new.extend(Chooser::of(&view).broken(&|| self.run.is_over(self.deadline)));
                let is_worth_it = point.cost - before >= WORTH_MORE_CUTS * point.cost.abs();
                if new.is_empty() || !is_worth_it {
                    rounds = MOST_ROUNDS_OF_EXACT_CUTS;
                    continue;
                }
                before = point.cost;
                self.priced.tighten(new);
                exact.add_rows(&self.priced.relaxation)?;
            }
        }
    }

    /// The linear program, while further cuts are found; and what is cheap in it.
    fn exact_beside_prices(&mut self) -> Option<(Exact, f64)> {
        let before = self.priced.clone();
        let view = before.view(ARCS_TO_BE_EXACT);
        let (priced, target) = (&mut self.priced, self.run.cost());
        let (run, deadline) = (&*self.run, self.deadline);
        let stop = AtomicBool::new(false);
        let exact = std::thread::scope(|scope| {
            let cuts = scope.spawn(|| {
                let mut is_over = || stop.load(Ordering::Relaxed);
                for _ in 0..ROUNDS_BESIDE_EXACT {
                    if is_over() {
                        break;
                    }
                    let new = priced.cuts_of_rooms();
                    priced.tighten(new);
                    priced.step(STEPS_WITH_CUTS, target, &mut is_over);
                }
            });
            let mut is_over = || {
                stop.fetch_or(run.is_over(deadline), Ordering::Relaxed);
                stop.load(Ordering::Relaxed)
            };
            let exact = Exact::of(&view, &mut is_over);
            while !cuts.is_finished() {
                is_over();
                std::thread::park_timeout(LOOK_EVERY);
            }
            exact
        });
        self.run.hear_certificate(self.priced.certificate());
        Some((exact?, CHEAP * view.most_rent))
    }
}
