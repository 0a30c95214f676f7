//! A job while it runs: what it says, and whether it should stop.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use solver::{Progress, Watch};

use crate::store::JobTick;

/// Improvements kept for the chart; a search rarely finds a hundred.
const MOST_HISTORY: usize = 1_000;

type Improvement = (f64, Option<f64>, Option<f64>);

pub(super) struct Live {
    started: Instant,
    is_cancelled: AtomicBool,
    said: Mutex<Said>,
}

#[derive(Default)]
struct Said {
    tick: JobTick,
    history: Vec<Improvement>,
}

impl Live {
    pub(super) fn new() -> Self {
        let said = Mutex::default();
        Self { started: Instant::now(), is_cancelled: AtomicBool::new(false), said }
    }

    pub(super) fn cancel(&self) {
        self.is_cancelled.store(true, Ordering::SeqCst);
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.is_cancelled.load(Ordering::SeqCst)
    }

    /// What it last said, as of now.
    pub(super) fn seen(&self) -> (JobTick, Vec<Improvement>) {
        let said = self.said();
        let seconds = self.started.elapsed().as_secs_f64();
        (JobTick { seconds, ..said.tick.clone() }, said.history.clone())
    }

    fn said(&self) -> MutexGuard<'_, Said> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How a job speaks and listens. As a [`Watch`] it is what a search reports to.
pub struct Teller {
    live: Arc<Live>,
}

impl Teller {
    pub(super) fn new(live: &Arc<Live>) -> Self {
        Self { live: Arc::clone(live) }
    }

    /// Says what is being done, and how much of it, 0 to 1, where that can be told.
    pub fn tell(&self, share: Option<f64>, message: &str) {
        let mut said = self.live.said();
        said.tick.percent =
            share.filter(|share| share.is_finite()).map(|share| 100.0 * share.clamp(0.0, 1.0));
        message.clone_into(&mut said.tick.message);
    }

    /// Whether it should stop at the next good moment.
    pub fn is_cancelled(&self) -> bool {
        self.live.is_cancelled()
    }
}

impl Watch for Teller {
    fn progress(&mut self, progress: Progress) {
        let Progress { seconds, incumbent, bound, gap, .. } = progress;
        let mut said = self.live.said();
        progress.doing().clone_into(&mut said.tick.message);
        let is_news = (said.tick.incumbent, said.tick.bound) != (incumbent, bound);
        said.tick.incumbent = incumbent;
        said.tick.bound = bound;
        said.tick.gap = gap;
        if is_news && said.history.len() < MOST_HISTORY {
            said.history.push((seconds, incumbent, bound));
        }
    }

    fn is_cancelled(&self) -> bool {
        self.live.is_cancelled()
    }
}
