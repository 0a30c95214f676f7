//! Problems too large to go whole to HiGHS: prices prove a bound and say what is undecided, HiGHS decides that, part by part.
//!
//! 1. **Prices** ([`volume`]): a price for every rule that ties sites together. Whatever they are, they prove a bound; the
//!    average of the answers shows which options and places a good plan takes.
//! 2. **Core** ([`part`], [`highs`]): options the average is sure of are settled, dear places left out, hard rules may be missed at
//!    a fine. HiGHS solves that as a linear program and settles what is nearly whole, again and again.
//! 3. **Places**: with every option settled, all places are looked at once more.
//! 4. **Cuts** ([`sharpen`]): where the average takes options by halves, rules that follow from rooms ([`cuts`]), and, where there
//!    are not too many places for a linear program that makes prices exact ([`exact`]), from all that a few sites may choose
//!    ([`choices`]). They have prices of their own. The bound is so much nearer then that core and places are gone through again.
//! 5. **Neighbourhoods** ([`anew`]): some sites and all who could be there are decided anew, while the rest stays: wide ones two at
//!    a time, dived into like a core, then small ones exactly, and beside these HiGHS has all that the prices settle not for
//!    good: what it proves is a bound of the whole.
//!
//! A first plan that misses a limit is aimed beyond it, and what it misses still is mended by neighbourhoods.
//!
//! Where most units must stay whole, linear programs say little of plans: small moves by the million make them, while the
//! prices are sought ([`whole`]).
//!
//! Every stage is limited in steps, branches or rounds; the clock only says when to stop.

mod anew;
mod around;
mod choices;
mod cuts;
mod exact;
mod first;
mod highs;
mod knapsack;
mod near;
mod part;
mod priced;
mod relaxation;
mod sharpen;
#[cfg(test)]
mod tests;
mod view;
mod volume;
mod whole;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::ScopedJoinHandle;
use std::time::{Duration, Instant};

use self::anew::{Anew, Manner, Scope};
use self::first::{Begin, Care};
use self::highs::Written;
use self::knapsack::Sack;
use self::near::Near;
use self::part::{Cut, Fines, Part};
use self::priced::Priced;
use crate::certificate::Prices;
use crate::outcome::{Phase, Plan, Settings};
use crate::problem::{Limit, LimitTerm, Problem};
use crate::search::End;
use crate::solve::Run;

/// With fewer places than this HiGHS is given the whole problem: it proves an England of 3,400 services that may move, 20
/// thousand places, in seconds, and chokes on a hundred thousand.
const FEWEST_PLACES: usize = 50_000;
/// Steps of the prices at a time, and before the first plan; more before it while that pays.
const STEPS: usize = 100;
const STEPS_BEFORE_A_PLAN: usize = 1_000;
/// The same where prices of a like problem are known.
const STEPS_FROM_PRICES: usize = 200;
const MOST_BEFORE_A_PLAN: usize = 2_500;
/// What missing a hard rule costs, as a multiple of its price.
const FINE: f64 = 10.0;
/// Branches HiGHS may take for all that is not settled for good.
const BRANCHES_OF_REMAINDER: i32 = 50;
/// How often a thread that is waited for is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(5);
/// How long HiGHS is waited for once it is told to stop.
const PATIENCE: Duration = Duration::from_millis(500);
/// How often a first plan is sought, each time aimed further beyond the limits it missed.
const MOST_AIMS: usize = 4;
/// Neighbourhoods decided anew to make a plan of a rough one.
const MOST_MENDING: usize = 400;
const LITTLE_MENDING: usize = 8;
/// Of them about one thing that is missed, the neighbourhood wider every time by so many sites.
const MOST_VISITS_TO_MEND: usize = 6;
const WIDER: usize = 20;

/// Whether HiGHS alone would choke on it.
pub(crate) fn is_large(problem: &Problem) -> bool {
    problem.units.iter().map(|unit| unit.places.len()).sum::<usize>() >= FEWEST_PLACES
}

/// A plan with what another changed of one before them.
fn changed_as(problem: &Problem, plan: &Plan, before: &Plan, other: &Plan) -> Plan {
    let options = before.options.iter().zip(&other.options);
    let options = plan.options.iter().zip(options);
    let options = options.map(|(now, (before, other))| if before == other { *now } else { *other });
    let shares = before.shares.iter().zip(&other.shares);
    let shares =
        plan.shares.iter().zip(shares).map(|(now, (before, other))| {
            if before == other { now.clone() } else { other.clone() }
        });
    Plan::of(problem, options.collect(), shares.collect())
}

/// What stands so far along sorted figures, 0 to 1; nothing at their end.
fn at_part(sorted: &[f64], part: f64) -> Option<f64> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a part of a length"
    )]
    let at = (sorted.len() as f64 * part) as usize;
    sorted.get(at).copied()
}

/// `known` are prices of a problem much like this one.
pub(crate) fn search(
    run: &mut Run<'_>,
    known: Option<&Prices>,
    settings: &Settings,
    deadline: Option<Instant>,
) -> End {
    let problem = run.problem;
    let is_impossible = Arc::new(AtomicBool::new(false));
    let priced = known.map_or_else(|| Priced::of(problem), |known| Priced::from(problem, known));
    let is_priced = known.is_some();
    let mut large = Large { run, settings, deadline, problem, priced, is_priced, is_impossible };
    large.go()
}

struct Large<'r, 'p> {
    run: &'r mut Run<'p>,
    settings: &'r Settings,
    deadline: Option<Instant>,
    problem: &'p Problem,
    priced: Priced<'p>,
    /// The prices began near their end.
    is_priced: bool,
    /// Proved, while something else went on: no plan keeps the rules.
    is_impossible: Arc<AtomicBool>,
}

impl Large<'_, '_> {
    fn go(&mut self) -> End {
        self.run.enter(Phase::Prices);
        if self.is_whole() {
            self.find_prices(self.steps_before_moves());
            self.moves_beside_prices();
            if self.run.is_impossible() {
                return End::Infeasible;
            }
            self.run.enter(Phase::Core);
            self.first_plans();
        } else {
            let steps = if self.is_priced { STEPS_FROM_PRICES } else { STEPS_BEFORE_A_PLAN };
            self.find_prices(steps);
            self.find_prices_while_it_pays(MOST_BEFORE_A_PLAN - STEPS_BEFORE_A_PLAN);
            self.run.enter(Phase::Core);
            self.first_plans_twice();
            self.run.enter(Phase::Prices);
            self.priced.sack = Sack::exact();
            self.find_cuts();
            if !self.priced.tights.is_empty() && !self.run.is_impossible() {
                self.run.enter(Phase::Core);
                self.second_plans();
            }
            if self.run.is_impossible() {
                return End::Infeasible;
            }
        }
        if self.run.is_near_enough(self.settings) {
            return End::Proved;
        }
        if self.is_over() {
            return End::Stopped;
        }
        self.run.enter(Phase::Neighbourhoods);
        if self.is_whole() {
            return self.improve_by(Scope::SMALL);
        }
        for scope in [Scope::SPREAD, Scope::WIDE] {
            if self.improve_by(scope) == End::Proved {
                return End::Proved;
            }
        }
        self.improve_beside_remainder()
    }

    /// Decides small neighbourhoods anew, while HiGHS has all that no price has settled for good, on a thread of its own: its bound is
    /// one of the whole, and its plan may be better than what is decided part by part.
    ///
    /// Not every step of HiGHS asks whether to stop. Where it does not, the thread is left to end by itself.
    fn improve_beside_remainder(&mut self) -> End {
        let Some((plan, cost)) = self.run.best_plan() else { return End::Stopped };
        let (part, start) = self.remainder(&plan, cost);
        let part = Arc::new(part);
        let (seed, deadline) = (self.settings.seed, self.deadline);
        let stop = Arc::new(AtomicBool::new(false));
        let so_far = Arc::new(Mutex::new(f64::NEG_INFINITY));
        let remainder = std::thread::spawn({
            let (part, stop, so_far) = (Arc::clone(&part), Arc::clone(&stop), Arc::clone(&so_far));
            move || {
                let mut is_over = || stop.load(Ordering::Relaxed);
                let written = Written::of(&part.problem, seed)?.ending_at(deadline);
                let told = |bound: f64| {
                    if let Ok(mut so_far) = so_far.lock() {
                        *so_far = so_far.max(bound);
                    }
                };
                written.search(start.as_ref(), BRANCHES_OF_REMAINDER, 1e-6, &mut is_over, &told)
            }
        });
        let end = self.improve_by(Scope::SMALL);
        if end == End::Proved {
            // What it happens to know by now would hang on the clock.
            stop.store(true, Ordering::Relaxed);
            return end;
        }
        let wait = |until: &dyn Fn() -> bool| {
            while !remainder.is_finished() && !until() {
                std::thread::park_timeout(LOOK_EVERY);
            }
        };
        wait(&|| self.is_over());
        stop.store(true, Ordering::Relaxed);
        let told = Instant::now();
        wait(&|| told.elapsed() > PATIENCE);
        if remainder.is_finished() {
            if let Ok(Some((found, bound))) = remainder.join() {
                self.run.try_offer(&part.widen(self.problem, None, &found));
                // Nothing outside of the remainder is better than the plan it was made for.
                self.run.hear_proved(bound.min(cost));
            }
        } else if let Ok(bound) = so_far.lock() {
            // Left behind when the time was up, it has no last word: what it proved until then holds as well.
            self.run.hear_proved(bound.min(cost));
        }
        if self.run.is_near_enough(self.settings) { End::Proved } else { end }
    }

    /// The problem with every site settled whose other options add more than the gap, and the plan seen from it.
    fn remainder(&mut self, plan: &Plan, cost: f64) -> (Part, Option<Plan>) {
        let gap = cost - self.priced.volume.bound;
        let costs =
            self.priced.relaxation.option_costs(&self.priced.volume.prices, &mut self.priced.sack);
        let options: Vec<Option<Vec<usize>>> = costs
            .iter()
            .zip(&self.problem.sites)
            .zip(&plan.options)
            .map(|((costs, site), &now)| {
                let least = costs.iter().copied().fold(f64::INFINITY, f64::min);
                let open = |&o: &usize| site.allows(o) && (o == now || costs[o] <= least + gap);
                let open: Vec<usize> = (0..site.options.len()).filter(open).collect();
                Some(open)
            })
            .collect();
        let places: Vec<Option<Vec<usize>>> = self
            .problem
            .units
            .iter()
            .map(|unit| {
                let is_open = |&p: &usize| {
                    let place = &unit.places[p];
                    let open = options[place.site].as_ref();
                    open.is_some_and(|open| open.iter().any(|o| place.admitted_by.contains(o)))
                };
                Some((0..unit.places.len()).filter(is_open).collect())
            })
            .collect();
        let part = Part::of(
            self.problem,
            &Cut { options, places, around: None, fines: None, tights: &self.priced.tights },
        );
        let start = part.narrow(plan);
        (part, start)
    }

    /// A plan from the core, mended where it misses rules, and at dearer fines if none keeps them then.
    ///
    /// A limit that is missed because options are whole is aimed beyond, by what was missed and half as much.
    fn first_plans(&mut self) {
        if self.is_whole() && self.run.cost().is_some() {
            // There is one already: of today, from the start, or of the moves.
            return;
        }
        let mut aims = vec![0.0; self.problem.limits.len()];
        for times in [FINE, FINE * FINE] {
            let mut rough = None;
            for _ in 0..MOST_AIMS {
                if self.is_done() {
                    return;
                }
                let Some((plan, is_plan)) = self.first_plan(times, &aims) else { break };
                if is_plan {
                    return;
                }
                let missed = self.missed_limits(&plan);
                rough = Some(plan);
                let before = aims.clone();
                for &(limit, by) in &missed {
                    let Limit { low, high, .. } = &self.problem.limits[limit];
                    // Between two ends there may be nothing beyond.
                    if low.is_none() || high.is_none() {
                        aims[limit] += 1.5 * by;
                    }
                }
                if aims == before || self.is_whole() {
                    break;
                }
            }
            // With one in hand from before, none is worth dearer fines, or more than a little mending.
            let is_needed = self.run.cost().is_none();
            if let Some(rough) = rough {
                self.run.enter(Phase::Neighbourhoods);
                self.mend(rough, if is_needed { MOST_MENDING } else { LITTLE_MENDING });
            }
            if self.is_whole() || self.run.cost().is_some() {
                return;
            }
        }
    }

    /// Hard limits a plan does not keep, and by how much each is missed: below zero where there is too much.
    fn missed_limits(&self, plan: &Plan) -> Vec<(usize, f64)> {
        let missed = self.problem.limits.iter().enumerate().filter_map(|(l, limit)| {
            let value = plan.activity(limit);
            let below = limit.low.map_or(0.0, |low| low - value);
            let above = limit.high.map_or(0.0, |high| value - high);
            let size = limit.low.or(limit.high).map_or(1.0, f64::abs).max(1.0);
            let is_missed = limit.price.is_none() && below.max(above) > 1e-7 * size;
            is_missed.then_some((l, if below > above { below } else { -above }))
        });
        missed.collect()
    }

    /// As [`Self::first_plans`], and beside them another, made with more care, which counts where they are not near enough:
    /// then it is waited for however long HiGHS needs, or what comes out would hang on the clock.
    fn first_plans_twice(&mut self) {
        let priced = self.priced.clone();
        let begin = Begin::of(&priced, self.settings.seed);
        let stop = AtomicBool::new(false);
        let with_care = std::thread::scope(|scope| {
            let with_care = scope.spawn(|| {
                let mut is_over = || stop.load(Ordering::Relaxed);
                let fines = begin.fines(FINE);
                begin.in_turn(Care::THOROUGH, &fines, &mut is_over)
            });
            self.first_plans();
            let is_near_enough = self.run.is_near_enough(self.settings);
            stop.store(is_near_enough, Ordering::Relaxed);
            let made = self.join(with_care, &stop);
            if is_near_enough { Vec::new() } else { made }
        });
        for plan in with_care {
            self.run.try_offer(&plan);
        }
    }

    /// Whether most units must stay whole.
    fn is_whole(&self) -> bool {
        self.problem.units.iter().filter(|unit| unit.is_divisible).count() * 2
            < self.problem.units.len()
    }

    /// What a thread made, waited for; passes on the wish to stop, and a panic.
    fn join<T>(&self, thread: ScopedJoinHandle<'_, T>, stop: &AtomicBool) -> T {
        self.wait_for(&thread, stop);
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }

    /// Waits for a thread, and passes on the wish to stop.
    fn wait_for<T>(&self, thread: &ScopedJoinHandle<'_, T>, stop: &AtomicBool) {
        while !thread.is_finished() {
            stop.fetch_or(self.is_over(), Ordering::Relaxed);
            std::thread::park_timeout(LOOK_EVERY);
        }
    }

    fn is_over(&self) -> bool {
        self.is_impossible.load(Ordering::Relaxed) || self.run.is_over(self.deadline)
    }

    /// Further plans from what the prices leave undecided now that they know of cuts. What misses a rule is mended where it
    /// costs less than what there is.
    fn second_plans(&mut self) {
        for cares in Care::AGAIN {
            if self.is_done() {
                return;
            }
            let mut rough = self.plans_at_once(cares);
            rough.retain(|plan| !self.run.try_offer(plan));
            for plan in rough {
                self.mend(plan, MOST_MENDING);
            }
        }
    }

    /// Plans made with different care, each on a thread of its own.
    fn plans_at_once(&self, cares: [Care; 2]) -> Vec<Plan> {
        let (begin, stop) = (self.begin(), AtomicBool::new(false));
        let fines = begin.fines(FINE);
        let made = std::thread::scope(|scope| {
            let (begin, fines, stop) = (&begin, &fines, &stop);
            let threads = cares.map(|care| {
                scope.spawn(move || {
                    let mut is_over = || stop.load(Ordering::Relaxed);
                    begin.in_turn(care, fines, &mut is_over).pop()
                })
            });
            threads.map(|thread| self.join(thread, stop))
        });
        made.into_iter().flatten().collect()
    }

    fn begin(&self) -> Begin<'_> {
        Begin::of(&self.priced, self.settings.seed)
    }

    /// The core and then all places, before HiGHS: what comes out last, and whether any of it misses nothing.
    fn first_plan(&mut self, times: f64, aims: &[f64]) -> Option<(Plan, bool)> {
        let begin = self.begin();
        let fines = Fines { aims: aims.to_vec(), ..begin.fines(times) };
        let mut is_over = || self.run.is_over(self.deadline);
        let plan = begin.core(Care::QUICK, &fines, &mut is_over)?;
        let is_plan = self.run.try_offer(&plan);
        if self.is_whole() {
            return Some((plan, is_plan));
        }
        let mut is_over = || self.run.is_over(self.deadline);
        let plan = self.begin().all_places(&plan, Care::QUICK, &fines, &mut is_over)?;
        let is_plan = self.run.try_offer(&plan) || is_plan;
        Some((plan, is_plan))
    }

    /// Decides neighbourhoods anew until none of them gets better, wide ones two at a time.
    fn improve_by(&mut self, scope: Scope) -> End {
        let Some((mut plan, mut cost)) = self.run.best_plan() else { return End::Stopped };
        let near = self.near();
        let mut visits = vec![0_usize; self.problem.sites.len()];
        loop {
            let (doubts, undecided) = self.undecided(cost, scope.undecided);
            let mut some = Vec::new();
            while some.len() < if scope.is_dived { 2 } else { 1 } {
                let centre = (0..visits.len()).filter(|&i| undecided[i]).min_by(|&a, &b| {
                    visits[a].cmp(&visits[b]).then(doubts[a].total_cmp(&doubts[b]))
                });
                let centre = centre.filter(|&centre| visits[centre] < scope.most_visits);
                let Some(centre) = centre else { break };
                let around = near.around(&[centre], |site| undecided[site], scope.sites);
                for &site in &around {
                    visits[site] += 1;
                }
                some.push(around);
            }
            if some.is_empty() || self.is_over() {
                return End::Stopped;
            }
            let before = plan.clone();
            for better in self.anew_at_once(&some, &undecided, &before, scope) {
                // What the one changed and the other did not: both may be right.
                let both =
                    (plan != before).then(|| changed_as(self.problem, &plan, &before, &better));
                for better in both.into_iter().chain([better]) {
                    let better_cost = better.cost(self.problem);
                    if better_cost < cost - 1e-9 * cost.abs() && self.run.try_offer(&better) {
                        plan = better;
                        cost = better_cost;
                        break;
                    }
                }
            }
            if self.run.is_near_enough(self.settings) {
                return End::Proved;
            }
        }
    }

    /// The plan decided anew around some sites and around others, each on a thread of its own.
    fn anew_at_once(
        &self,
        some: &[Vec<usize>],
        undecided: &[bool],
        plan: &Plan,
        scope: Scope,
    ) -> Vec<Plan> {
        let (anew, manner) = (self.anew(), Manner::By(scope));
        if let [around] = some {
            let found = anew.around(around, undecided, plan, manner, &mut || self.is_over());
            return found.into_iter().collect();
        }
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let (anew, stop) = (&anew, &stop);
            let mut threads = Vec::new();
            for around in some {
                threads.push(scope.spawn(move || {
                    let mut is_over = || stop.load(Ordering::Relaxed);
                    anew.around(around, undecided, plan, manner, &mut is_over)
                }));
            }
            threads.into_iter().filter_map(|thread| self.join(thread, stop)).collect()
        })
    }

    fn anew(&self) -> Anew<'_> {
        Anew {
            priced: &self.priced,
            seed: self.settings.seed,
            deadline: self.deadline,
            is_whole: self.is_whole(),
        }
    }

    /// Decides anew around what a rough plan misses, until it misses nothing; not where it costs no less than the best plan.
    fn mend(&mut self, rough: Plan, most: usize) {
        if self.is_over() || self.run.cost().is_some_and(|cost| rough.cost(self.problem) >= cost) {
            return;
        }
        let near = self.near();
        let all = vec![true; self.problem.sites.len()];
        let fines = self.begin().fines(FINE * FINE);
        let costs =
            self.priced.relaxation.option_costs(&self.priced.volume.prices, &mut self.priced.sack);
        let mut plan = rough;
        // Of units that are nowhere, in part or whole, and then of groups that are short.
        let units = self.problem.units.len();
        let mut visits = vec![0_usize; units + self.problem.coverage.len()];
        // Of all sites, for limits that are missed.
        let mut is_seen = vec![false; self.problem.sites.len()];
        for _ in 0..most {
            let housed = |unit: usize| plan.shares[unit].iter().map(|of| of.share).sum::<f64>();
            let homeless = (0..units).filter(|&unit| housed(unit) < 1.0 - 1e-7);
            let groups = self.problem.coverage.iter().zip(&plan.covered).enumerate();
            let short = groups.filter(|(_, (group, covered))| {
                group.shortfall_price.is_none()
                    && **covered < group.needed - 1e-7 * group.needed.abs().max(1.0)
            });
            let missed = homeless.chain(short.map(|(group, _)| units + group));
            let missed = missed.filter(|&n| visits[n] < MOST_VISITS_TO_MEND);
            let mut most = Scope::SMALL.sites;
            let wide: Vec<usize> = if let Some(missed) = missed.min_by_key(|&n| visits[n]) {
                visits[missed] += 1;
                // Wider every time.
                most += WIDER * (visits[missed] - 1);
                self.sites_about(missed).into_iter().take(4 + 4 * visits[missed]).collect()
            } else if let Some(&missed) = self.missed_limits(&plan).first() {
                let sites = self.sites_toward(missed, &plan, &costs);
                let Some(site) = sites.into_iter().find(|&site| !is_seen[site]) else { break };
                vec![site]
            } else {
                break;
            };
            if self.is_over() {
                break;
            }
            let around = near.around(&wide, |_| true, most);
            for &site in &around {
                is_seen[site] = true;
            }
            let manner = Manner::Mend(&fines);
            let mut is_over = || self.is_over();
            if let Some(better) = self.anew().around(&around, &all, &plan, manner, &mut is_over) {
                plan = better;
            }
        }
        self.run.try_offer(&plan);
    }

    /// The sites whose other options would bring the plan nearer to a limit it misses: those that cost least for it at the
    /// prices first. `missed` is the limit and by how much, as [`Self::missed_limits`] says it; `costs` of options at the prices.
    fn sites_toward(
        &self,
        (limit, missed): (usize, f64),
        plan: &Plan,
        costs: &[Vec<f64>],
    ) -> Vec<usize> {
        let mut by: BTreeMap<(usize, usize), f64> = BTreeMap::new();
        for term in &self.problem.limits[limit].terms {
            if let LimitTerm::Option { site, option, by: coefficient } = *term {
                *by.entry((site, option)).or_default() += missed.signum() * coefficient;
            }
        }
        let by = |site: usize, option: usize| by.get(&(site, option)).copied().unwrap_or(0.0);
        let mut sites: Vec<(f64, usize)> = Vec::new();
        for (site, costs) in costs.iter().enumerate() {
            let now = plan.options[site];
            let dearness = (0..costs.len()).filter_map(|o| {
                let (gain, cost) = (by(site, o) - by(site, now), costs[o] - costs[now]);
                (gain > 0.0 && cost.is_finite()).then_some(cost / gain)
            });
            sites.extend(dearness.min_by(f64::total_cmp).map(|dearness| (dearness, site)));
        }
        sites.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        sites.into_iter().map(|(_, site)| site).collect()
    }

    /// The sites a unit, or beyond the units the points of a group, can go to: those of most of them first.
    fn sites_about(&self, missed: usize) -> Vec<usize> {
        if let Some(unit) = self.problem.units.get(missed) {
            return unit.places.iter().map(|place| place.site).collect();
        }
        let group = &self.problem.coverage[missed - self.problem.units.len()];
        let mut weights: BTreeMap<usize, f64> = BTreeMap::new();
        for point in &group.points {
            for server in &point.servers {
                let site = self.problem.units[server.unit].places[server.place].site;
                *weights.entry(site).or_default() += point.weight;
            }
        }
        let mut sites: Vec<(usize, f64)> = weights.into_iter().collect();
        sites.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        sites.into_iter().map(|(site, _)| site).collect()
    }

    /// By site: how sure the prices are of its option, and whether that is little.
    fn undecided(&mut self, cost: f64, part: f64) -> (Vec<f64>, Vec<bool>) {
        let doubts = self.doubts();
        let mut sorted: Vec<f64> = doubts.iter().copied().filter(|x| x.is_finite()).collect();
        sorted.sort_by(f64::total_cmp);
        // What adds more than the gap to the bound is decided for good.
        let most = at_part(&sorted, part).unwrap_or(f64::MAX).min(cost - self.priced.volume.bound);
        let undecided = doubts.iter().map(|&doubt| doubt <= most).collect();
        (doubts, undecided)
    }

    /// By site: how much another option than the cheapest adds to the bound at least.
    fn doubts(&mut self) -> Vec<f64> {
        let costs =
            self.priced.relaxation.option_costs(&self.priced.volume.prices, &mut self.priced.sack);
        let doubt = |costs: Vec<f64>| {
            let mut costs = costs;
            costs.sort_by(f64::total_cmp);
            match costs[..] {
                [first, second, ..] if second.is_finite() => second - first,
                _ => f64::INFINITY,
            }
        };
        costs.into_iter().map(doubt).collect()
    }

    fn near(&self) -> Near {
        let (sites, units) = (self.problem.sites.len(), self.problem.units.len());
        Near::of(&self.priced.relaxation, &self.priced.volume.prices, sites, units)
    }
}
