//! A part of a problem before HiGHS: as a linear program that is solved again and again while choices get settled, or whole.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use good_lp::SolverModel;
use highs::{HighsModelStatus, HighsSolutionStatus, Model};

use super::cuts::{Finder, Tight};
use crate::callback::{Listener, Sign, add_ceiling, limit_column, solve_heard};
use crate::columns::{Columns, Term};
use crate::outcome::Plan;
use crate::problem::Problem;
use crate::rules;
use crate::search::proved;
use crate::solve::COST_SCALE;

/// Options nearest to whole that are settled at a time.
const SETTLED_AT_A_TIME: f64 = 0.3;
/// Rounds of cuts before anything is settled, and after each time.
const ROUNDS_AT_FIRST: usize = 6;
const ROUNDS_AFTERWARDS: usize = 2;
/// So near to a whole number is whole.
const WHOLE: f64 = 1e-6;

/// Asked very often whether to stop; looks at the clock and the watch now and then.
pub(super) struct Ear<'a> {
    is_over: RefCell<&'a mut dyn FnMut() -> bool>,
    looked: RefCell<Instant>,
    bound: f64,
    /// Told every bound as HiGHS says it.
    told: &'a dyn Fn(f64),
}

impl<'a> Ear<'a> {
    pub(super) fn of(is_over: &'a mut dyn FnMut() -> bool, told: &'a dyn Fn(f64)) -> Self {
        let (is_over, looked) = (RefCell::new(is_over), RefCell::new(Instant::now()));
        Self { is_over, looked, bound: f64::NEG_INFINITY, told }
    }
}

impl Listener for Ear<'_> {
    fn hear(&mut self, sign: Sign<'_>) {
        if sign.bound.is_finite() {
            self.bound = sign.bound;
            (self.told)(sign.bound);
        }
    }

    fn wants_stop(&self) -> bool {
        let mut looked = self.looked.borrow_mut();
        if looked.elapsed() < Duration::from_millis(20) {
            return false;
        }
        *looked = Instant::now();
        (self.is_over.borrow_mut())()
    }
}

/// A choice settled: the column it takes, if any, and those it leaves.
struct Step {
    take: Option<usize>,
    leave: Vec<usize>,
}

fn step(terms: &[Term], taken: usize) -> Option<Step> {
    let column = |term: &Term| match term {
        Term::Free(_, column) => Some(*column),
        Term::Fixed(_) => None,
    };
    let others = terms.iter().enumerate().filter(|(t, _)| *t != taken);
    Some(Step {
        take: Some(column(&terms[taken])?),
        leave: others.filter_map(|(_, term)| column(term)).collect(),
    })
}

/// A part, written out.
pub(crate) struct Written<'a> {
    problem: &'a Problem,
    columns: Columns,
    model: Option<Model>,
    scale: f64,
}

impl<'a> Written<'a> {
    /// `None` where it has no plan, or HiGHS does not take it.
    pub(crate) fn of(problem: &'a Problem, seed: u32) -> Option<Self> {
        let columns = Columns::of(problem);
        if !columns.homeless.is_empty() {
            return None;
        }
        let rows = rules::rows(problem, &columns);
        if rows.iter().any(rules::is_broken) {
            return None;
        }
        let scale = rules::power_of_two_to(COST_SCALE, columns.largest_cost);
        let cost = columns.cost.clone() * scale;
        let model = columns.variables.clone().minimise(cost).using(good_lp::highs).with_all(rows);
        let mut model = model.try_into_inner().ok()?;
        let is_accepted = model.try_set_option("output_flag", true).is_ok()
            & model.try_set_option("log_to_console", false).is_ok()
            & model.try_set_option("threads", 1).is_ok()
            & model.try_set_option("parallel", "off").is_ok()
            & model
                .try_set_option("random_seed", i32::try_from(seed & 0xffff).unwrap_or(0))
                .is_ok();
        is_accepted.then_some(Self { problem, columns, model: Some(model), scale })
    }

    fn solve(
        &mut self,
        is_over: &mut dyn FnMut() -> bool,
        told: &dyn Fn(f64),
    ) -> Option<(Vec<f64>, f64)> {
        if self.columns.variables.is_empty() {
            return Some((Vec::new(), 0.0));
        }
        let model = self.model.take()?;
        let scale = self.scale;
        let told = |bound: f64| told(bound / scale);
        let mut ear = Ear::of(is_over, &told);
        let solved = solve_heard(model, &mut ear).ok()?;
        let is_good = solved.primal_solution_status() == HighsSolutionStatus::Feasible
            && solved.status() != HighsModelStatus::Infeasible;
        let values = is_good.then(|| solved.get_solution().columns().to_vec());
        let bound = ear.bound.max(proved(&solved));
        self.model = Some(Model::from(solved));
        Some((values?, bound / self.scale))
    }

    /// A plan: the linear program, its nearly whole choices settled, `fewest` or more, and again until all are; before that
    /// made tighter by rules that follow from the others and it breaks, where `is_cut`.
    pub(crate) fn dive(
        mut self,
        fewest: usize,
        is_cut: bool,
        is_over: &mut dyn FnMut() -> bool,
    ) -> Option<Plan> {
        let mut rounds = if is_cut { ROUNDS_AT_FIRST } else { 0 };
        if let Some(model) = &mut self.model {
            model.try_set_option("solve_relaxation", true).ok()?;
        }
        let mut last: Vec<Step> = Vec::new();
        loop {
            let Some((values, _)) = self.solve(is_over, &|_| {}) else {
                // What was settled last cannot all be: the first of it alone may.
                if is_over() || last.len() < 2 {
                    return None;
                }
                let first = last.swap_remove(0);
                self.limit(&last, 0.0, 1.0, 1.0);
                last = vec![first];
                continue;
            };
            if rounds > 0 && !is_over() {
                rounds -= 1;
                if self.cut(&values) {
                    continue;
                }
            }
            rounds = if is_cut { ROUNDS_AFTERWARDS } else { 0 };
            let mut open = self.open_options(&values, fewest);
            if open.is_empty() {
                open = self.open_places(&values, fewest);
            }
            if open.is_empty() {
                return Some(self.columns.decode(self.problem, &values));
            }
            if is_over() {
                return None;
            }
            self.limit(&open, 1.0, 1.0, 0.0);
            last = open;
        }
    }

    /// Adds rules that follow from the others and these values break; whether there were any.
    fn cut(&mut self, values: &[f64]) -> bool {
        let Some(model) = &mut self.model else { return false };
        let places = &self.columns.places;
        let arcs = places.iter().enumerate().flat_map(|(unit, terms)| {
            let terms = terms.iter().enumerate().filter(|(_, term)| !term.is_none());
            terms.map(move |(place, term)| (unit, place, term.value(values)))
        });
        let option = |site: usize, o: usize| self.columns.options[site][o].value(values);
        let broken = Finder::new(self.problem, arcs, option).broken();
        let mut is_cut = false;
        for Tight { limit, .. } in broken.into_iter().filter_map(|c| Tight::of(self.problem, c)) {
            let (mut columns, mut most) = (BTreeMap::new(), limit.high.unwrap_or(f64::INFINITY));
            for term in &limit.terms {
                match self.columns.counted(term) {
                    (by, Term::Fixed(value)) => most -= by * value,
                    (by, Term::Free(_, column)) => *columns.entry(column).or_insert(0.0) += by,
                }
            }
            let largest = columns.values().copied().fold(0.0_f64, f64::max);
            let scale = rules::power_of_two_to(1.0, largest);
            let columns: Vec<(usize, f64)> =
                columns.into_iter().map(|(column, by)| (column, by * scale)).collect();
            is_cut |= add_ceiling(model, &columns, most * scale);
        }
        is_cut
    }

    /// Limits the column to take to a range, and those to leave from above.
    fn limit(&mut self, steps: &[Step], low: f64, high: f64, others: f64) {
        let Some(model) = &mut self.model else { return };
        for step in steps {
            for &column in &step.leave {
                limit_column(model, column, 0.0, others);
            }
            if let Some(take) = step.take {
                limit_column(model, take, low, high);
            }
        }
    }

    fn open_options(&self, values: &[f64], fewest: usize) -> Vec<Step> {
        let open = Self::open(&self.columns.options, values, fewest, |_| true);
        open.into_iter().filter_map(|(n, t)| step(&self.columns.options[n], t)).collect()
    }

    /// Whole units, as far as the rooms of the options chosen take them beside those settled with them.
    fn open_places(&self, values: &[f64], fewest: usize) -> Vec<Step> {
        let is_whole = |unit: usize| !self.problem.units[unit].is_divisible;
        let open = Self::open(&self.columns.places, values, fewest, is_whole);
        let mut left: Vec<Vec<f64>> = self
            .problem
            .sites
            .iter()
            .zip(&self.columns.options)
            .map(|(site, terms)| {
                let chosen = (0..terms.len())
                    .max_by(|&a, &b| terms[a].value(values).total_cmp(&terms[b].value(values)));
                chosen.map_or_else(Vec::new, |o| site.options[o].room.clone())
            })
            .collect();
        for (unit, terms) in self.problem.units.iter().zip(&self.columns.places) {
            for (place, term) in unit.places.iter().zip(terms) {
                if !unit.is_divisible && term.value(values) >= 1.0 - WHOLE {
                    let left = &mut left[place.site];
                    left.iter_mut().zip(&unit.need).for_each(|(left, need)| *left -= need);
                }
            }
        }
        let mut together = std::collections::BTreeSet::new();
        let fitting = open.into_iter().filter_map(|(n, t)| {
            let unit = &self.problem.units[n];
            let left = &mut left[unit.places[t].site];
            let fits = |(need, left): (&f64, &f64)| *need <= left + 1e-9 * need.max(1.0);
            if !unit.need.iter().zip(left.iter()).all(fits) {
                // Beside the others there, it never will be.
                let Term::Free(_, column) = self.columns.places[n][t] else { return None };
                return Some(Step { take: None, leave: vec![column] });
            }
            // Of companions the first: the rest follow.
            if !unit.together.is_none_or(|number| together.insert(number)) {
                return None;
            }
            left.iter_mut().zip(&unit.need).for_each(|(left, need)| *left -= need);
            step(&self.columns.places[n], t)
        });
        fitting.collect()
    }

    /// The choices nearest to being made: of what, and which.
    fn open(
        choices: &[Vec<Term>],
        values: &[f64],
        fewest: usize,
        counts: impl Fn(usize) -> bool,
    ) -> Vec<(usize, usize)> {
        let mut open: Vec<(f64, usize, usize)> = Vec::new();
        for (n, terms) in choices.iter().enumerate().filter(|(n, _)| counts(*n)) {
            let most = terms.iter().enumerate().filter_map(|(t, term)| match term {
                Term::Free(_, column) => Some((values[*column], t)),
                Term::Fixed(_) => None,
            });
            let most = most.max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
            if let Some((value, t)) = most
                && value < 1.0 - WHOLE
            {
                open.push((value, n, t));
            }
        }
        open.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a part of a length"
        )]
        let some = (open.len() as f64 * SETTLED_AT_A_TIME).ceil() as usize;
        let some = some.max(fewest);
        open.truncate(some);
        open.into_iter().map(|(_, n, t)| (n, t)).collect()
    }

    /// Ends it by itself then, whatever it is at: not every step of HiGHS asks whether to stop.
    pub(crate) fn ending_at(mut self, deadline: Option<Instant>) -> Self {
        if let (Some(model), Some(deadline)) = (&mut self.model, deadline) {
            let left = deadline.saturating_duration_since(Instant::now());
            // Without the option it still asks.
            let _ = model.try_set_option("time_limit", left.as_secs_f64());
        }
        self
    }

    /// The best plan of the part that so many branches find, from a plan of it if there is one, and a bound of the part; those
    /// before it are `told`.
    pub(crate) fn search(
        mut self,
        start: Option<&Plan>,
        branches: i32,
        gap: f64,
        is_over: &mut dyn FnMut() -> bool,
        told: &dyn Fn(f64),
    ) -> Option<(Plan, f64)> {
        let start = start.map(|plan| self.columns.encode(self.problem, plan));
        if let Some(model) = &mut self.model {
            model.try_set_option("mip_max_nodes", branches).ok()?;
            model.try_set_option("mip_rel_gap", gap).ok()?;
            if let Some(start) = start {
                // A start HiGHS does not want is no reason not to search.
                let _ = model.try_set_solution(Some(&start), None, None, None);
            }
        }
        let (values, bound) = self.solve(is_over, told)?;
        Some((self.columns.decode(self.problem, &values), bound))
    }
}
