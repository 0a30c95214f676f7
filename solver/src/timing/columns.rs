//! The timing as columns and rows, and choices of starts to and fro.

use good_lp::{
    Constraint, Expression, IntoAffineExpression, ProblemVariables, Variable, constraint, variable,
};

use super::{Goal, Timing, signed};
use crate::outcome::Size;
use crate::rules::power_of_two_to;

/// Rows and costs are scaled so that their largest figure is about this.
const SCALE: f64 = 1024.0;

/// Where each task may begin, ascending, once orders have narrowed it.
pub(super) type Windows = Vec<Vec<usize>>;

/// Which columns there are: one for each start of a task but its last.
pub(super) struct Columns {
    pub(super) windows: Windows,
    /// First column of each task.
    first: Vec<usize>,
    /// All columns that say "has begun by".
    steps: usize,
}

/// Ready for the search.
pub(super) struct Model {
    pub(super) variables: ProblemVariables,
    pub(super) objective: Expression,
    pub(super) rows: Vec<Constraint>,
    pub(super) size: Size,
    /// What the goal was multiplied by.
    pub(super) scale: f64,
}

/// Whether a task has begun: never yet, surely, or as a column says.
#[derive(Clone, Copy)]
enum Begun {
    No,
    Yes,
    Step(usize),
}

impl Columns {
    /// `None` where orders leave a task no period to begin in.
    pub(super) fn of(timing: &Timing) -> Option<Self> {
        let windows = narrowed(timing)?;
        let mut first = Vec::with_capacity(windows.len());
        let mut steps = 0;
        for window in &windows {
            first.push(steps);
            steps += window.len() - 1;
        }
        Some(Self { windows, first, steps })
    }

    /// Whether a task has begun by a period.
    fn begun(&self, task: usize, by: isize) -> Begun {
        let window = &self.windows[task];
        match window.iter().rposition(|start| signed(*start) <= by) {
            None => Begun::No,
            Some(at) if at + 1 == window.len() => Begun::Yes,
            Some(at) => Begun::Step(self.first[task] + at),
        }
    }

    /// What a figure that depends on the start of a task adds: over steps, telescoped, and a constant.
    fn add(
        &self,
        sum: &mut Expression,
        columns: &[Variable],
        task: usize,
        by: impl Fn(usize) -> f64,
    ) {
        let window = &self.windows[task];
        let mut next = by(window[window.len() - 1]);
        *sum += next;
        for (at, start) in window.iter().enumerate().rev().skip(1) {
            let here = by(*start);
            // Only an exact repeat adds nothing.
            if here.total_cmp(&next).is_ne() {
                sum.add_mul(here - next, columns[self.first[task] + at]);
            }
            next = here;
        }
    }

    pub(super) fn model(&self, timing: &Timing) -> Model {
        let mut variables = ProblemVariables::new();
        let steps: Vec<Variable> =
            (0..self.steps).map(|_| variables.add(variable().binary())).collect();
        let mut rows = Vec::new();
        self.rising(&steps, &mut rows);
        self.orders(timing, &steps, &mut rows);
        self.resources(timing, &steps, &mut rows);
        let (objective, scale) = self.account_and_goal(timing, &mut variables, &steps, &mut rows);
        // The search is not told of constants, and its bound must count them: they hang on a column that is one.
        let constant = objective.constant();
        let one = variables.add(variable().clamp(1.0, 1.0));
        let objective = objective - constant + constant * one;
        let rows: Vec<Constraint> = rows
            .into_iter()
            .filter(|row| row.expression().linear_coefficients().next().is_some() || is_broken(row))
            .collect();
        let size = Size {
            columns: variables.len(),
            rows: rows.len(),
            nonzeros: rows.iter().map(|row| row.expression().linear_coefficients().count()).sum(),
        };
        Model { variables, objective, rows, size, scale }
    }

    /// (1) Once begun, begun.
    fn rising(&self, steps: &[Variable], rows: &mut Vec<Constraint>) {
        for (window, first) in self.windows.iter().zip(&self.first) {
            let own = &steps[*first..*first + window.len() - 1];
            rows.extend(own.windows(2).map(|pair| constraint!(pair[0] <= pair[1])));
        }
    }

    /// (2) Nothing begins before what it waits for, period by period.
    fn orders(&self, timing: &Timing, steps: &[Variable], rows: &mut Vec<Constraint>) {
        for order in &timing.orders {
            for start in &self.windows[order.after] {
                let at = signed(*start);
                let after = self.begun(order.after, at);
                let before = self.begun(order.before, at - order.lag);
                match (after, before) {
                    (_, Begun::Yes) | (Begun::No, _) => {}
                    (Begun::Step(after), Begun::Step(before)) => {
                        rows.push(constraint!(steps[after] <= steps[before]));
                    }
                    (Begun::Step(after), Begun::No) => rows.push(constraint!(steps[after] <= 0.0)),
                    (Begun::Yes, Begun::Step(before)) => {
                        rows.push(constraint!(steps[before] >= 1.0));
                    }
                    // Windows were narrowed, so this does not come up.
                    (Begun::Yes, Begun::No) => rows.push(constraint!(Expression::from(1.0) <= 0.0)),
                }
            }
        }
    }

    /// (3) No more of anything is taken than there is. No row where all that could be taken fits.
    fn resources(&self, timing: &Timing, steps: &[Variable], rows: &mut Vec<Constraint>) {
        for (number, resource) in timing.resources.iter().enumerate() {
            let mut takers: Vec<Vec<usize>> = vec![Vec::new(); resource.limits.len()];
            for (task, window) in self.windows.iter().enumerate() {
                for start in window {
                    for (of, at, amount) in timing.uses(task, *start) {
                        if of == number
                            && amount != 0.0
                            && at < takers.len()
                            && !takers[at].contains(&task)
                        {
                            takers[at].push(task);
                        }
                    }
                }
            }
            for (at, (limit, takers)) in resource.limits.iter().zip(&takers).enumerate() {
                let most = |task: usize| {
                    self.windows[task]
                        .iter()
                        .map(|start| timing.used(task, *start, number, at))
                        .fold(0.0, f64::max)
                };
                if takers.iter().map(|task| most(*task)).sum::<f64>() <= *limit {
                    continue;
                }
                let scale = power_of_two_to(SCALE, *limit);
                let mut sum = Expression::from(-limit * scale);
                for task in takers {
                    self.add(&mut sum, steps, *task, |start| {
                        scale * timing.used(*task, start, number, at)
                    });
                }
                rows.push(constraint!(sum <= 0.0));
            }
        }
    }

    /// (4) The account, period by period, and what is sought of it.
    fn account_and_goal(
        &self,
        timing: &Timing,
        variables: &mut ProblemVariables,
        steps: &[Variable],
        rows: &mut Vec<Constraint>,
    ) -> (Expression, f64) {
        let values = timing.tasks.iter().flat_map(|task| task.starts.iter().flatten());
        let largest = values.map(|start| start.value.abs()).fold(0.0, f64::max);
        let (value_scale, mut objective) = (power_of_two_to(SCALE, largest), Expression::default());
        let weigh = |objective: &mut Expression, scale: f64| {
            for task in 0..timing.tasks.len() {
                self.add(objective, steps, task, |start| {
                    scale * timing.start(task, start).map_or(0.0, |start| start.value)
                });
            }
        };
        let Some(account) = timing.account else {
            weigh(&mut objective, value_scale);
            return (objective, value_scale);
        };
        let scale = Self::flow_scale(timing);
        let floor = account.floor * scale;
        let extra = (timing.goal == Goal::LeastExtra).then(|| variables.add(variable().min(0.0)));
        let level = if let Goal::Reach(level) = timing.goal { Some(level * scale) } else { None };
        let mut touched: Vec<Vec<usize>> = vec![Vec::new(); timing.periods];
        for (task, window) in self.windows.iter().enumerate() {
            let mut periods: Vec<usize> = window
                .iter()
                .flat_map(|start| timing.start(task, *start).into_iter().flat_map(|s| &s.flows))
                .map(|(period, _)| *period)
                .filter(|period| *period < timing.periods)
                .collect();
            periods.sort_unstable();
            periods.dedup();
            for period in periods {
                touched[period].push(task);
            }
        }
        let mut last: Option<Variable> = None;
        let mut reached: Option<Variable> = None;
        for (period, tasks) in touched.iter().enumerate() {
            let definition = if extra.is_some() { variable() } else { variable().min(floor) };
            let balance = variables.add(definition);
            let mut sum = Expression::from(balance);
            match last {
                Some(last) => sum -= last,
                None => sum -= account.opening * scale,
            }
            let mut change = Expression::default();
            for task in tasks {
                self.add(&mut change, steps, *task, |start| {
                    scale * timing.flow(*task, start, period)
                });
            }
            rows.push(constraint!(sum - change == 0.0));
            if let Some(extra) = extra {
                rows.push(constraint!(balance + extra >= floor));
            }
            if let Some(level) = level {
                let now = variables.add(variable().binary());
                rows.push(constraint!(
                    balance - (level - floor).max(0.0) * now >= level.min(floor)
                ));
                if level <= floor {
                    rows.push(constraint!(now >= 1.0));
                }
                // Once reached, reached: counted from the first time.
                let so_far = variables.add(variable().clamp(0.0, 1.0));
                match reached {
                    Some(before) => rows.push(constraint!(so_far <= before + now)),
                    None => rows.push(constraint!(so_far <= now)),
                }
                objective += so_far;
                reached = Some(so_far);
            }
            last = Some(balance);
        }
        match timing.goal {
            Goal::Value => {
                weigh(&mut objective, value_scale);
                (objective, value_scale)
            }
            // The sum of "reached by" over periods is the periods less the first.
            Goal::Reach(_) => {
                let (by, fewest) = timing.tie_break();
                weigh(&mut objective, by);
                (objective - timing.periods as f64 - by * fewest, 1.0)
            }
            Goal::LeastExtra => {
                if let Some(extra) = extra {
                    objective -= extra;
                }
                (objective, scale)
            }
        }
    }

    /// So that the largest single flow is about [`SCALE`].
    fn flow_scale(timing: &Timing) -> f64 {
        let flows = timing.tasks.iter().flat_map(|task| task.starts.iter().flatten());
        let largest =
            flows.flat_map(|start| &start.flows).map(|(_, by)| by.abs()).fold(0.0, f64::max);
        power_of_two_to(SCALE, largest)
    }

    /// Columns of these starts, for the search to begin with.
    pub(super) fn encode(&self, timing: &Timing, starts: &[usize]) -> Vec<f64> {
        let mut values = vec![0.0; self.steps];
        for ((window, first), start) in self.windows.iter().zip(&self.first).zip(starts) {
            for (at, step) in window.iter().take(window.len() - 1).enumerate() {
                values[first + at] = f64::from(u8::from(step >= start));
            }
        }
        let Some(account) = timing.account else {
            values.push(1.0);
            return values;
        };
        let scale = Self::flow_scale(timing);
        if timing.goal == Goal::LeastExtra {
            values.push(timing.extra(starts) * scale);
        }
        let mut is_reached = false;
        for balance in timing.balances(starts) {
            values.push(balance * scale);
            if let Goal::Reach(level) = timing.goal {
                let now = balance >= level.max(account.floor);
                is_reached |= now;
                values.extend([f64::from(u8::from(now)), f64::from(u8::from(is_reached))]);
            }
        }
        values.push(1.0);
        values
    }

    /// The starts that these columns say.
    pub(super) fn decode(&self, values: &[f64]) -> Vec<usize> {
        let starts = self.windows.iter().zip(&self.first).map(|(window, first)| {
            let own = values.get(*first..*first + window.len() - 1).unwrap_or_default();
            let at = own.iter().position(|value| *value > 0.5).unwrap_or(window.len() - 1);
            window[at]
        });
        starts.collect()
    }
}

impl Timing {
    fn start(&self, task: usize, at: usize) -> Option<&super::Start> {
        self.tasks.get(task)?.starts.get(at)?.as_ref()
    }

    fn flow(&self, task: usize, at: usize, period: usize) -> f64 {
        let Some(start) = self.start(task, at) else { return 0.0 };
        start.flows.iter().filter(|(when, _)| *when == period).map(|(_, by)| by).sum()
    }

    fn uses(&self, task: usize, at: usize) -> impl Iterator<Item = (usize, usize, f64)> + '_ {
        self.start(task, at).into_iter().flat_map(|start| start.uses.iter().copied())
    }

    fn used(&self, task: usize, at: usize, resource: usize, window: usize) -> f64 {
        let own = |(of, when, _): &(usize, usize, f64)| *of == resource && *when == window;
        self.uses(task, at).filter(own).map(|(_, _, amount)| amount).sum()
    }
}

/// A row of settled figures that does not hold. Rows read `expression <= 0` or `= 0`.
fn is_broken(row: &Constraint) -> bool {
    let value = row.expression().constant();
    value > 1e-6 || (row.is_equality() && value < -1e-6)
}

/// Starts that orders allow, by passing earliest and latest along them until nothing changes.
fn narrowed(timing: &Timing) -> Option<Windows> {
    let mut windows: Windows = timing
        .tasks
        .iter()
        .map(|task| {
            let starts = task.starts.iter().enumerate().take(timing.periods);
            starts.filter(|(_, start)| start.is_some()).map(|(at, _)| at).collect()
        })
        .collect();
    loop {
        let mut is_changed = false;
        for order in &timing.orders {
            let (Some(first), Some(last)) = (
                windows.get(order.before)?.first().copied(),
                windows.get(order.after)?.last().copied(),
            ) else {
                return None;
            };
            let earliest = signed(first) + order.lag;
            let latest = signed(last) - order.lag;
            let after = windows.get_mut(order.after)?;
            let held = after.len();
            after.retain(|start| signed(*start) >= earliest);
            is_changed |= after.len() != held;
            let before = windows.get_mut(order.before)?;
            let held = before.len();
            before.retain(|start| signed(*start) <= latest);
            is_changed |= before.len() != held;
        }
        if windows.iter().any(Vec::is_empty) {
            return None;
        }
        if !is_changed {
            return Some(windows);
        }
    }
}
