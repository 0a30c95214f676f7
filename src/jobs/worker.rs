//! The threads: workers that take jobs from the queue, and one that keeps their leases and looks for the dead.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use super::live::{Live, Teller};
use super::{Body, Inner, LEASE, Queued};
use crate::scenario::programme::Programme;
use crate::scenario::{Run, Study};
use crate::store::{ImportId, JobState, RunId, Scope, StoreError};

/// How often what jobs say goes to the table.
const KEEPING: Duration = Duration::from_secs(1);
/// How often to look for jobs of dead processes.
const LOOKING: Duration = Duration::from_secs(5);

/// How a body ended.
enum Ended {
    Run(Box<Run>),
    Import(ImportId, Option<String>),
    Study(Box<Study>),
    Programme(RunId, Box<Programme>),
    Failed(String),
}

impl Inner {
    /// A worker's life.
    pub(super) fn work(&self) {
        while let Some(job) = self.next() {
            let Queued { id, scope, body } = job;
            match self.store.start_job(&scope, id, &self.worker) {
                Ok(true) => {}
                // Cancelled while it waited, or taken from us by the lease.
                Ok(false) => continue,
                Err(fault) => {
                    tracing::error!(job = %id, %fault, "a job could not be started");
                    continue;
                }
            }
            let live = Arc::new(Live::new());
            if self.is_stopping.load(Ordering::SeqCst) {
                live.cancel();
            }
            self.live().insert(id, Arc::clone(&live));
            let ended = carried_out(body, &live);
            let kept = self.keep_end(&scope, id, &live, ended);
            if let Err(fault) = kept {
                // The lease will lapse and the job be marked as interrupted.
                tracing::error!(job = %id, %fault, "how a job ended could not be kept");
            }
            self.live().remove(&id);
        }
    }

    fn next(&self) -> Option<Queued> {
        let mut queue = self.queue();
        loop {
            if self.is_stopping.load(Ordering::SeqCst) {
                return None;
            }
            if let Some(job) = queue.pop_front() {
                return Some(job);
            }
            queue = self.wake.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn keep_end(
        &self,
        scope: &Scope,
        id: crate::store::JobId,
        live: &Live,
        ended: Ended,
    ) -> Result<(), StoreError> {
        // The last figures stay readable after the job is over.
        let (tick, _) = live.seen();
        self.store.tick_job(scope, id, &self.worker, &tick, LEASE)?;
        let end = |state, message: &str, import| {
            self.store.end_job(scope, id, &self.worker, state, message, import).map(drop)
        };
        match ended {
            Ended::Run(run) if run.proposal.is_none() && live.is_cancelled() => {
                end(JobState::Cancelled, "Stopped before a plan was found.", None)
            }
            Ended::Run(run) => {
                let made = self.store.end_job_with_run(scope, id, &self.worker, "Done.", &run)?;
                if made.is_none() {
                    tracing::warn!(job = %id, "a run was thrown away: its job is no longer ours");
                }
                Ok(())
            }
            Ended::Programme(_, programme) if programme.items.is_empty() && live.is_cancelled() => {
                end(JobState::Cancelled, "Stopped before a programme was found.", None)
            }
            Ended::Programme(run, programme) => {
                let made =
                    self.store.end_job_with_programme(scope, id, &self.worker, run, &programme)?;
                if made.is_none() {
                    tracing::warn!(job = %id, "a programme was thrown away: its job is no longer ours");
                }
                Ok(())
            }
            Ended::Import(import, None) => end(JobState::Done, "Done.", Some(import)),
            Ended::Import(import, Some(why)) => end(JobState::Failed, &why, Some(import)),
            Ended::Study(study) => {
                let made =
                    self.store.end_job_with_study(scope, id, &self.worker, "Done.", &study)?;
                if made.is_none() {
                    tracing::warn!(job = %id, "a study was thrown away: its job is no longer ours");
                }
                Ok(())
            }
            Ended::Failed(_) if live.is_cancelled() => {
                end(JobState::Cancelled, "Stopped before anything was changed.", None)
            }
            Ended::Failed(why) => end(JobState::Failed, &why, None),
        }
    }

    /// The keeper's life: leases, progress, the dead.
    pub(super) fn keep(&self) {
        let scope = Scope::everyone_local();
        let mut looked: Option<Instant> = None;
        loop {
            if looked.is_none_or(|looked| looked.elapsed() >= LOOKING) {
                looked = Some(Instant::now());
                // Own leases first: after the machine slept, all of them look lapsed.
                let kept = self.hold(&scope);
                let swept = kept.and_then(|()| self.store.interrupt_lapsed_jobs(&scope));
                match swept {
                    Ok(0) => {}
                    Ok(count) => tracing::warn!(count, "jobs of a process that ended first"),
                    Err(fault) => tracing::warn!(%fault, "the job table does not answer"),
                }
            }
            self.tick(&scope);
            let queue = self.queue();
            if self.is_stopping.load(Ordering::SeqCst) {
                return;
            }
            // Woken by `stop`; a new job wakes it too, which does no harm.
            drop(self.wake.wait_timeout(queue, KEEPING));
            if self.is_stopping.load(Ordering::SeqCst) {
                return;
            }
        }
    }

    fn hold(&self, scope: &Scope) -> Result<(), StoreError> {
        let is_idle = self.queue().is_empty() && self.live().is_empty();
        if is_idle { Ok(()) } else { self.store.hold_jobs(scope, &self.worker, LEASE) }
    }

    fn tick(&self, scope: &Scope) {
        let live: Vec<_> = self.live().iter().map(|(id, live)| (*id, Arc::clone(live))).collect();
        for (id, live) in live {
            if live.is_cancelled() {
                continue;
            }
            match self.store.tick_job(scope, id, &self.worker, &live.seen().0, LEASE) {
                Ok(true) => {}
                // Cancelled through another process, ended a moment ago, or no longer ours: stop in any case.
                Ok(false) => live.cancel(),
                Err(fault) => tracing::warn!(job = %id, %fault, "progress was not kept"),
            }
        }
    }

    /// What is left when the program stops.
    pub(super) fn interrupt_rest(&self) {
        let queued: Vec<_> = self.queue().drain(..).map(|job| job.id).collect();
        let running: Vec<_> = self.live().keys().copied().collect();
        for id in queued.into_iter().chain(running) {
            let ended = self.store.end_job(
                &Scope::everyone_local(),
                id,
                &self.worker,
                JobState::Interrupted,
                "The program was stopped before it was done.",
                None,
            );
            if let Err(fault) = ended {
                tracing::warn!(job = %id, %fault, "a job could not be marked as interrupted");
            }
        }
    }
}

fn carried_out(body: Body, live: &Arc<Live>) -> Ended {
    let mut teller = Teller::new(live);
    let ended = catch_unwind(AssertUnwindSafe(|| match body {
        Body::Run(body) => body(&mut teller).map(|run| Ended::Run(Box::new(run))),
        Body::Import(body) => body(&mut teller).map(|(id, refused)| Ended::Import(id, refused)),
        Body::Study(body) => body(&mut teller).map(|study| Ended::Study(Box::new(study))),
        Body::Programme(body) => {
            body(&mut teller).map(|(run, made)| Ended::Programme(run, Box::new(made)))
        }
    }));
    match ended {
        Ok(Ok(ended)) => ended,
        Ok(Err(why)) => Ended::Failed(why),
        Err(_) => {
            Ended::Failed("A fault in this program ended the job; its log says more.".to_owned())
        }
    }
}
