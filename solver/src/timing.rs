//! Tasks put in periods: when each begins, so that orders hold, resources suffice and an account never falls below its floor.
//!
//! In its own words: no NHS, no years, no pounds. Each task begins once; beginning at a period brings a value, moves an
//! account and takes resources, all told beforehand, so that nothing here needs to know why.
//!
//! ```text
//! choose   y[a,t] in {0,1}, rising in t      task a has begun by period t;  x[a,t] = y[a,t] - y[a,t-1]
//!          b[p] >= floor                     the account after period p
//! maximise sum value[a,t] x[a,t]
//! (1) every task begins                      y[a, last start] = 1
//! (2) order                                  y[after, t] <= y[before, t - lag]           period by period: the strong form
//! (3) resources                              sum use[a,t,w] x[a,t] <= limit[w]
//! (4) account                                b[p] = b[p-1] + sum flow[a,t,p] x[a,t]
//! ```
//!
//! Without (3) and (4) the rows are those of a cut in a network, so the relaxation has whole-number corners: the unordered
//! best costs nothing to prove, and what the bound lacks comes from money and crews alone.

mod check;
mod columns;
mod moves;
#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::time::{Duration, Instant};

use good_lp::SolverModel;
use serde::{Deserialize, Serialize};

use crate::outcome::{Phase, Progress, Settings, Size, Status, TOO_SMALL_TO_TELL, Watch, gap_told};
use crate::search::{End, News, Question, search};

use columns::Columns;

/// A period as a number that may be counted back from; there are never so many that one does not fit.
fn signed(period: usize) -> isize {
    isize::try_from(period).unwrap_or(isize::MAX)
}

/// What is to be put in order.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Timing {
    /// How many periods there are.
    pub periods: usize,
    /// What begins.
    pub tasks: Vec<Task>,
    /// What waits for what.
    pub orders: Vec<Order>,
    /// What is scarce.
    pub resources: Vec<Resource>,
    /// The account that must keep its floor.
    pub account: Option<Account>,
    /// What is sought.
    pub goal: Goal,
}

/// Something that begins once.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// For messages.
    pub name: String,
    /// What beginning at each period brings; `None` where it may not. Shorter than the periods: never later.
    pub starts: Vec<Option<Start>>,
}

/// What beginning at one period brings.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Start {
    /// More is better.
    pub value: f64,
    /// Period and what it adds to the account.
    pub flows: Vec<(usize, f64)>,
    /// Resource, window and how much of it is taken.
    pub uses: Vec<(usize, usize, f64)>,
}

/// `after` begins at least `lag` periods after `before`; two with opposite lags keep tasks together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Index of a task.
    pub before: usize,
    /// Index of a task.
    pub after: usize,
    /// Periods; may be negative.
    pub lag: isize,
}

/// Something scarce, with a limit in each of its windows.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Resource {
    /// For messages.
    pub name: String,
    /// One limit a window.
    pub limits: Vec<f64>,
}

/// What flows add up in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Account {
    /// Before the first period.
    pub opening: f64,
    /// Never below this after any period.
    pub floor: f64,
}

/// What is sought.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub enum Goal {
    /// The greatest value.
    #[default]
    Value,
    /// The account at this level as early as may be; value breaks ties.
    Reach(f64),
    /// The floor lowered by as little as may be.
    LeastExtra,
}

/// A rule that a choice of starts does not keep.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Fault {
    /// A task begins where it may not, or there is no start for it.
    Start {
        /// Index.
        task: usize,
    },
    /// An order is not kept.
    Order {
        /// Index.
        order: usize,
    },
    /// More is taken of a resource than there is.
    Resource {
        /// Index.
        resource: usize,
        /// Of its limits.
        window: usize,
        /// Taken.
        used: f64,
    },
    /// The account is below its floor.
    Account {
        /// After which period.
        period: usize,
        /// What it is.
        balance: f64,
    },
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Arranged {
    /// How it ended.
    pub status: Status,
    /// When each task begins; has passed [`Timing::faults`].
    pub starts: Option<Vec<usize>>,
    /// What is sought, reached: value, or less the period or the extra; more is better.
    pub value: Option<f64>,
    /// Proved: nothing is better than this.
    pub bound: Option<f64>,
    /// (bound − value) ÷ |value|; 0 where they are nearer than the search can tell.
    pub gap: Option<f64>,
    /// Wall seconds.
    pub seconds: f64,
    /// A row an improvement, and a last one. Incumbent and bound as `value` and `bound`.
    pub history: Vec<Progress>,
    /// Of the model.
    pub size: Size,
    /// What went wrong in the search, if anything.
    pub trouble: Option<String>,
}

impl Timing {
    /// How many moves of starts are tried before the exact search, with this many tasks.
    fn tries(&self) -> usize {
        (40 * self.tasks.len()).clamp(400, 12_000)
    }
}

/// Puts the tasks in order: a good arrangement by ruin and recreation first, then the exact search, with a proven bound.
///
/// Same timing, settings and seed, and no time limit reached: same starts.
pub fn arrange(timing: &Timing, settings: &Settings, watch: &mut dyn Watch) -> Arranged {
    let started = Instant::now();
    let deadline = Duration::try_from_secs_f64(settings.time_limit_seconds.max(0.0))
        .ok()
        .and_then(|limit| started.checked_add(limit));
    let mut run = Run {
        timing,
        started,
        watch,
        best: None,
        bound: None,
        too_small: 0.0,
        nodes: 0,
        history: Vec::new(),
    };
    let Some(columns) = Columns::of(timing) else {
        return run.finish(End::Infeasible, settings, Size::default());
    };
    let until = deadline.map(|at| started + at.saturating_duration_since(started) / 3);
    let found = {
        let mut is_over =
            || until.is_some_and(|at| Instant::now() >= at) || run.watch.is_cancelled();
        moves::arranged(timing, &columns.windows, settings.seed, timing.tries(), &mut is_over)
    };
    run.offer(found);
    if run.watch.is_cancelled() {
        return run.finish(End::Stopped, settings, Size::default());
    }
    let model = columns.model(timing);
    let size = model.size;
    let start = run.best.as_ref().map(|(starts, _)| columns.encode(timing, starts));
    let scale = model.scale;
    run.too_small = TOO_SMALL_TO_TELL / scale;
    let problem =
        model.variables.maximise(model.objective).using(good_lp::highs).with_all(model.rows);
    let question = Question { model: problem, start, settings: *settings, deadline };
    let shared = RefCell::new(&mut run);
    let end = search(question, &mut || shared.borrow().watch.is_cancelled(), &mut |news| {
        let mut run = shared.borrow_mut();
        match news {
            News::Better { columns: values, bound, nodes } => {
                run.hear(bound / scale, nodes);
                run.offer(columns.decode(&values));
            }
            News::Bound { bound, nodes } => {
                run.hear(bound / scale, nodes);
                let progress = run.progress();
                run.watch.progress(progress);
            }
            News::Last { columns: values, bound, nodes } => {
                // When the bounds before were heard hangs on the clock; the last is the same every time.
                run.bound = run.bound.filter(|_| !bound.is_finite());
                run.hear(bound / scale, nodes);
                if let Some(values) = values {
                    run.offer(columns.decode(&values));
                }
                let progress = run.progress();
                run.watch.progress(progress);
            }
        }
    });
    run.finish(end, settings, size)
}

/// The search as it goes on.
struct Run<'a> {
    timing: &'a Timing,
    started: Instant,
    watch: &'a mut dyn Watch,
    best: Option<(Vec<usize>, f64)>,
    bound: Option<f64>,
    /// See [`gap_told`].
    too_small: f64,
    nodes: u64,
    history: Vec<Progress>,
}

impl Run<'_> {
    /// Takes starts that keep every rule, if they are better.
    fn offer(&mut self, starts: Vec<usize>) {
        if !self.timing.faults(&starts).is_empty() {
            return;
        }
        let value = self.timing.value(&starts);
        if self.best.as_ref().is_some_and(|(_, best)| value <= *best) {
            return;
        }
        self.best = Some((starts, value));
        let progress = self.progress();
        self.history.push(progress);
        self.watch.progress(progress);
    }

    fn hear(&mut self, bound: f64, nodes: u64) {
        self.nodes = self.nodes.max(nodes);
        if bound.is_finite() {
            self.bound = Some(self.bound.map_or(bound, |best| best.min(bound)));
        }
    }

    fn progress(&self) -> Progress {
        let incumbent = self.best.as_ref().map(|(_, value)| *value);
        let gap = incumbent
            .zip(self.bound)
            .and_then(|(value, bound)| gap_told(-value, -bound, self.too_small));
        Progress {
            seconds: self.started.elapsed().as_secs_f64(),
            incumbent,
            bound: self.bound,
            gap,
            nodes: self.nodes,
            phase: Phase::Search,
        }
    }

    fn finish(mut self, end: End, settings: &Settings, size: Size) -> Arranged {
        let progress = self.progress();
        self.history.push(progress);
        self.watch.progress(progress);
        let gap = progress.gap.unwrap_or(f64::INFINITY);
        let status = match (&end, &self.best) {
            (End::Infeasible, None) => Status::Infeasible,
            (_, None) => Status::NothingFound,
            (_, Some(_)) if gap <= 1e-6 => Status::Optimal,
            (_, Some(_)) if gap <= settings.gap => Status::WithinGap,
            (_, Some(_)) => Status::Stopped,
        };
        Arranged {
            status,
            value: progress.incumbent,
            bound: progress.bound,
            gap: progress.gap,
            seconds: self.started.elapsed().as_secs_f64(),
            history: self.history,
            size,
            trouble: if let End::Failed(what) = end { Some(what) } else { None },
            starts: self.best.map(|(starts, _)| starts),
        }
    }
}
