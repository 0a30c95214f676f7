//! Runs HiGHS on a thread of its own and knows its statuses; nobody else does.
//!
//! HiGHS looks at its time limit and at our wish to stop only between steps, and one step may take a minute. So the caller's
//! thread keeps the clock: when the time is up it waits a moment for HiGHS to end properly and then goes on without it, with
//! the best plan heard so far. The thread left behind ends at HiGHS's next look.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use good_lp::solvers::highs::HighsProblem;
use highs::{HighsModelStatus, HighsSolutionStatus, Model, SolvedModel};

use crate::callback::{Listener, Sign, solve_heard};
use crate::outcome::Settings;

/// How long a search that was told to stop may take before we go on without it.
const GRACE: Duration = Duration::from_millis(800);
/// How often the caller's thread looks at the clock and the watch.
const TICK: Duration = Duration::from_millis(40);
/// How often the bound is reported while no better plan is found.
const BOUND_EVERY: Duration = Duration::from_millis(250);

/// How HiGHS ended.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum End {
    /// At the gap asked for, or better.
    Proved,
    /// No solution exists.
    Infeasible,
    /// Told to stop, or out of time.
    Stopped,
    /// It could not go on.
    Failed(String),
}

/// What the search says while it goes on.
#[derive(Debug)]
pub(crate) enum News {
    /// Columns of a better solution.
    Better { columns: Vec<f64>, bound: f64, nodes: u64 },
    /// The bound moved, or some time passed.
    Bound { bound: f64, nodes: u64 },
    /// How it ended: the columns of its best solution, if it has one.
    Last { columns: Option<Vec<f64>>, bound: f64, nodes: u64 },
}

enum Message {
    News(News),
    Done { end: End, columns: Option<Vec<f64>>, bound: f64, nodes: u64 },
}

/// What is searched, and from where.
pub(crate) struct Question {
    /// As `good_lp` builds it.
    pub(crate) model: HighsProblem,
    /// Columns of a solution to start from.
    pub(crate) start: Option<Vec<f64>>,
    /// What may be used.
    pub(crate) settings: Settings,
    /// When the time is up; `None` is never.
    pub(crate) deadline: Option<Instant>,
}

/// Searches until HiGHS ends, the deadline passes, or `is_cancelled` says so. `hear` takes the news, in order.
pub(crate) fn search(
    question: Question,
    is_cancelled: &mut dyn FnMut() -> bool,
    hear: &mut dyn FnMut(News),
) -> End {
    let stop = Arc::new(AtomicBool::new(false));
    let (send, messages) = channel();
    let deadline = question.deadline;
    let ear = Ear { stop: Arc::clone(&stop), send, bound: f64::NEG_INFINITY, spoke: None };
    let worker = thread::Builder::new().name("highs".to_owned()).spawn(move || run(question, ear));
    let worker = match worker {
        Ok(worker) => worker,
        Err(error) => return End::Failed(error.to_string()),
    };
    let end = follow(&messages, deadline, &stop, is_cancelled, hear);
    if end.is_some() {
        // It has said its last word, so this does not wait.
        let _ = worker.join();
    }
    end.unwrap_or(End::Stopped)
}

/// `None` where the search was left behind.
fn follow(
    messages: &Receiver<Message>,
    deadline: Option<Instant>,
    stop: &AtomicBool,
    is_cancelled: &mut dyn FnMut() -> bool,
    hear: &mut dyn FnMut(News),
) -> Option<End> {
    let mut stopping: Option<Instant> = None;
    loop {
        match messages.recv_timeout(TICK) {
            Ok(Message::News(news)) => hear(news),
            Ok(Message::Done { end, columns, bound, nodes }) => {
                hear(News::Last { columns, bound, nodes });
                return Some(end);
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                return Some(End::Failed("HiGHS ended without a word".to_owned()));
            }
        }
        match stopping {
            Some(since) if since.elapsed() > GRACE => return None,
            Some(_) => {}
            None => {
                if deadline.is_some_and(|at| Instant::now() >= at) || is_cancelled() {
                    stop.store(true, Ordering::Relaxed);
                    stopping = Some(Instant::now());
                }
            }
        }
    }
}

/// The listener on the searching thread: passes news on, knows the wish to stop.
struct Ear {
    stop: Arc<AtomicBool>,
    send: Sender<Message>,
    bound: f64,
    spoke: Option<Instant>,
}

impl Ear {
    fn send(&self, message: Message) {
        if self.send.send(message).is_err() {
            // Nobody listens any more.
            self.stop.store(true, Ordering::Relaxed);
        }
    }
}

impl Listener for Ear {
    fn hear(&mut self, sign: Sign<'_>) {
        let nodes = u64::try_from(sign.nodes).unwrap_or(0);
        let bound = sign.bound;
        if let Some(columns) = sign.improving {
            self.spoke = Some(Instant::now());
            self.bound = bound;
            self.send(Message::News(News::Better { columns: columns.to_vec(), bound, nodes }));
        } else if bound.is_finite() && self.spoke.is_none_or(|at| at.elapsed() >= BOUND_EVERY) {
            self.spoke = Some(Instant::now());
            self.bound = bound;
            self.send(Message::News(News::Bound { bound, nodes }));
        }
    }

    fn wants_stop(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

fn run(question: Question, mut ear: Ear) {
    let message = match prepare(question) {
        Ok(model) => match solve_heard(model, &mut ear) {
            Ok(solved) => read(&solved),
            Err(status) => failed(format!("HiGHS returned {status:?}")),
        },
        Err(what) => failed(what),
    };
    ear.send(message);
}

fn failed(what: String) -> Message {
    Message::Done { end: End::Failed(what), columns: None, bound: f64::NEG_INFINITY, nodes: 0 }
}

fn prepare(question: Question) -> Result<Model, String> {
    let settings = question.settings;
    let mut model = question.model.try_into_inner().map_err(|error| error.to_string())?;
    // With no output at all HiGHS would be silent in its callbacks too.
    let mut is_accepted = model.try_set_option("output_flag", true).is_ok()
        & model.try_set_option("log_to_console", false).is_ok()
        & model.try_set_option("mip_rel_gap", settings.gap.max(0.0)).is_ok()
        // On two it finds other plans than on one, and none of ours sooner.
        & model.try_set_option("threads", 1).is_ok()
        & model.try_set_option("parallel", "off").is_ok()
        & model
            .try_set_option("random_seed", i32::try_from(settings.seed & 0x7fff_ffff).unwrap_or(0))
            .is_ok();
    if let Some(branches) = settings.branches {
        let most = i32::try_from(branches).unwrap_or(i32::MAX);
        is_accepted &= model.try_set_option("mip_max_nodes", most).is_ok();
    }
    if let Some(deadline) = question.deadline {
        let left = deadline.saturating_duration_since(Instant::now()).as_secs_f64();
        is_accepted &= model.try_set_option("time_limit", left).is_ok();
    }
    if !is_accepted {
        return Err("HiGHS refused an option".to_owned());
    }
    if let Some(start) = question.start {
        // A start HiGHS does not want is no reason not to search.
        let _ = model.try_set_solution(Some(&start), None, None, None);
    }
    Ok(model)
}

fn read(solved: &SolvedModel) -> Message {
    let status = solved.status();
    let end = match status {
        HighsModelStatus::Optimal
        | HighsModelStatus::ObjectiveBound
        | HighsModelStatus::ObjectiveTarget
        | HighsModelStatus::ModelEmpty => End::Proved,
        // Every column with a cost is bounded from that side, so "unbounded or infeasible" is infeasible.
        HighsModelStatus::Infeasible | HighsModelStatus::UnboundedOrInfeasible => End::Infeasible,
        HighsModelStatus::ReachedTimeLimit
        | HighsModelStatus::ReachedIterationLimit
        | HighsModelStatus::ReachedSolutionLimit
        | HighsModelStatus::ReachedInterrupt
        | HighsModelStatus::ReachedMemoryLimit => End::Stopped,
        other => End::Failed(format!("HiGHS ended with status {other:?}")),
    };
    // Values of an infeasible model are garbage: status first.
    let is_feasible = solved.primal_solution_status() == HighsSolutionStatus::Feasible;
    let columns = (is_feasible && matches!(end, End::Proved | End::Stopped))
        .then(|| solved.get_solution().columns().to_vec());
    let bound = proved(solved);
    let nodes = solved.int_info_value(c"mip_node_count").unwrap_or(0);
    Message::Done { end, columns, bound, nodes: u64::try_from(nodes).unwrap_or(0) }
}

/// What HiGHS has proved. Without whole-number columns it counts no branches, has no gap and reports a bound of zero that is
/// none; the optimum is its own bound then. A search that ends before its first branch counts none either, but has a gap.
pub(crate) fn proved(solved: &SolvedModel) -> f64 {
    let is_linear = solved.mip_gap().is_infinite()
        && solved.int_info_value(c"mip_node_count").unwrap_or(-1) < 0;
    match (is_linear, solved.status()) {
        (false, _) => solved.double_info_value(c"mip_dual_bound").unwrap_or(f64::NEG_INFINITY),
        (true, HighsModelStatus::Optimal) => solved.objective_value(),
        (true, _) => f64::NEG_INFINITY,
    }
}
