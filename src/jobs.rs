//! Long work: a queue, workers in this process, progress, cancel.
//!
//! The table in the store says what was asked and how it ended; what a running job says of itself is kept in memory
//! and copied to the table about once a second. A job is a closure that ends in a run or an import report.

mod live;
#[cfg(test)]
mod tests;
mod worker;

use std::collections::{BTreeMap, VecDeque};
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use chrono::NaiveDateTime;
use serde::Serialize;

use crate::import::run::{self as import, Request};
use crate::import::travel::{self, TravelRequest};
use crate::register::Assumptions;
use crate::scenario::programme::{self, Levers, Programme};
use crate::scenario::{self, Asking, Estate, Follow, Rules, Run, Scenario, Study, StudyQuestion};
use crate::store::{
    ImportId, JobId, JobKind, JobRow, JobState, JobTick, RunId, Scope, Store, StoreError, StudyId,
};

use live::Live;
pub use live::Teller;

/// A worker not heard of for this long counts as dead. Far longer than any wait for the database's write lock.
const LEASE: Duration = Duration::from_secs(45);
/// A solve uses a core and much memory.
const MOST_WORKERS: usize = 2;

type RunBody = Box<dyn FnOnce(&mut Teller) -> Result<Run, String> + Send>;
type StudyBody = Box<dyn FnOnce(&mut Teller) -> Result<Study, String> + Send>;
type ProgrammeBody = Box<dyn FnOnce(&mut Teller) -> Result<(RunId, Programme), String> + Send>;
type ImportBody = Box<dyn FnOnce(&mut Teller) -> Result<Reported, String> + Send>;

/// The number of an import's report, and why nothing was kept where nothing was.
pub type Reported = (ImportId, Option<String>);

/// What a job does. An error is a sentence for the person who asked.
enum Body {
    Run(RunBody),
    Import(ImportBody),
    Study(StudyBody),
    Programme(ProgrammeBody),
}

impl Body {
    fn kind(&self) -> JobKind {
        match self {
            Self::Run(_) => JobKind::Run,
            Self::Import(_) => JobKind::Import,
            Self::Study(_) => JobKind::Study,
            Self::Programme(_) => JobKind::Programme,
        }
    }
}

/// Why a job could not be taken.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// The store refused.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The program is stopping.
    #[error("the program is stopping and takes no more work")]
    Stopping,
}

/// A job as a page shows it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct JobProgress {
    /// Number.
    pub id: JobId,
    /// What it does.
    pub kind: JobKind,
    /// How far it is.
    pub state: JobState,
    /// The scenario's name, or the files.
    pub title: String,
    /// Who asked.
    pub author: String,
    /// When it was asked, UTC.
    pub queued_at: NaiveDateTime,
    /// Whether somebody asked it to stop.
    pub cancel_asked: bool,
    /// 0 to 100, where it can be told.
    pub percent: Option<f64>,
    /// What it is doing, or how it ended, in words.
    pub message: String,
    /// Since it started.
    pub seconds: f64,
    /// Objective of the best plan so far, in pounds of the model; never a reported pound.
    pub incumbent: Option<f64>,
    /// Proven bound.
    pub bound: Option<f64>,
    /// Relative gap between the two.
    pub gap: Option<f64>,
    /// Seconds, incumbent, bound: a row an improvement, while it runs here.
    pub history: Vec<(f64, Option<f64>, Option<f64>)>,
    /// The run it made.
    pub run: Option<RunId>,
    /// The import report it made.
    pub import: Option<ImportId>,
    /// The study it made.
    pub study: Option<StudyId>,
}

/// The workers of this process. Clones share them.
#[derive(Clone)]
pub struct Jobs(Arc<Inner>);

struct Inner {
    store: Store,
    rules: Arc<Rules>,
    /// Names this process in the table, apart from any other that ever was.
    worker: String,
    queue: Mutex<VecDeque<Queued>>,
    wake: Condvar,
    live: Mutex<BTreeMap<JobId, Arc<Live>>>,
    is_stopping: AtomicBool,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

struct Queued {
    id: JobId,
    scope: Scope,
    body: Body,
}

impl Jobs {
    /// Starts the workers: one a core, two at most. Jobs of a process that died are marked as interrupted once
    /// nothing was heard of it for the length of a lease.
    pub fn new(store: Store, rules: Rules) -> Self {
        let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        Self::with_workers(store, rules, cores.min(MOST_WORKERS))
    }

    fn with_workers(store: Store, rules: Rules, workers: usize) -> Self {
        let started = chrono::Utc::now().timestamp_micros();
        let inner = Arc::new(Inner {
            store,
            rules: Arc::new(rules),
            worker: format!("{}-{started}", std::process::id()),
            queue: Mutex::default(),
            wake: Condvar::new(),
            live: Mutex::default(),
            is_stopping: AtomicBool::new(false),
            threads: Mutex::default(),
        });
        let mut threads = Vec::new();
        for number in 0..workers {
            let inner = Arc::clone(&inner);
            threads.push((
                format!("job-{number}"),
                Box::new(move || inner.work()) as Box<dyn FnOnce() + Send>,
            ));
        }
        let keeper = Arc::clone(&inner);
        threads.push(("job-keeper".to_owned(), Box::new(move || keeper.keep())));
        for (name, body) in threads {
            match thread::Builder::new().name(name).spawn(body) {
                Ok(thread) => inner.threads().push(thread),
                Err(fault) => tracing::error!(%fault, "a worker could not be started"),
            }
        }
        Self(inner)
    }

    /// Queues a scenario. The run is of the register version the scenario names, whatever is newest by then.
    pub fn start_run(
        &self,
        scope: &Scope,
        question: Scenario,
        author: &str,
    ) -> Result<JobId, JobError> {
        let store = self.0.store.clone();
        let (asked, newest) = (question.register_version, store.newest_version(scope)?);
        if asked > newest {
            return Err(StoreError::NoSuchVersion { asked, newest }.into());
        }
        let rules = Arc::clone(&self.0.rules);
        let (title, own_scope, own_author) =
            (question.name.clone(), scope.clone(), author.to_owned());
        self.start_run_with(scope, &title, author, move |teller| {
            teller.tell(None, "Reading the register and setting up the model");
            let version = question.register_version;
            let snapshot = store.at_version(&own_scope, version).map_err(in_words)?;
            let estate = Estate {
                register: &snapshot.register,
                geography: &snapshot.geography,
                index: &snapshot.index,
            };
            let now = chrono::Utc::now().naive_utc();
            scenario::answer(&estate, question, &rules, teller, own_author, now).map_err(in_words)
        })
    }

    /// Queues a question to a stored run. Points of a frontier are kept as runs of their own, so a frontier that is
    /// stopped keeps what it has.
    pub fn start_study(
        &self,
        scope: &Scope,
        run: RunId,
        question: StudyQuestion,
        author: &str,
    ) -> Result<JobId, JobError> {
        let store = self.0.store.clone();
        let header = store.run_header(scope, run)?;
        let rules = Arc::clone(&self.0.rules);
        let (own_scope, own_author) = (scope.clone(), author.to_owned());
        let body = move |teller: &mut Teller| {
            teller.tell(None, "Reading the run and its register");
            let asked = store.run(&own_scope, run).map_err(in_words)?;
            let version = asked.scenario.register_version;
            let snapshot = store.at_version(&own_scope, version).map_err(in_words)?;
            let estate = Estate {
                register: &snapshot.register,
                geography: &snapshot.geography,
                index: &snapshot.index,
            };
            let at = chrono::Utc::now().naive_utc();
            let asking = Asking { run: run.0, author: own_author, at };
            let mut follow = Following { teller, store: &store, scope: &own_scope };
            scenario::study(&estate, &asked, question, &rules, asking, &mut follow)
                .map_err(in_words)
        };
        self.start(scope, &header.name, author, Body::Study(Box::new(body)))
    }

    /// Queues a programme of a run. `shipped` stands in for figures that an older run does not have.
    pub fn start_programme(
        &self,
        scope: &Scope,
        run: RunId,
        levers: Levers,
        shipped: Assumptions,
        author: &str,
    ) -> Result<JobId, JobError> {
        let store = self.0.store.clone();
        let title = format!("Programme of run {run}");
        let (own_scope, own_author) = (scope.clone(), author.to_owned());
        let body = move |teller: &mut Teller| {
            teller.tell(None, "Reading the run and laying its actions out");
            let asked = store.run(&own_scope, run).map_err(in_words)?;
            let version = asked.scenario.register_version;
            let snapshot = store.at_version(&own_scope, version).map_err(in_words)?;
            let now = chrono::Utc::now().naive_utc();
            let made = programme::arrange(
                &snapshot.register,
                &asked,
                &shipped,
                levers,
                teller,
                own_author,
                now,
            );
            made.map(|programme| (run, programme)).map_err(in_words)
        };
        self.start(scope, &title, author, Body::Programme(Box::new(body)))
    }

    /// Queues an import. Its report tells the faults; the job fails where they left nothing to keep, and where the import
    /// could not go on.
    pub fn start_import(&self, scope: &Scope, request: Request) -> Result<JobId, JobError> {
        let store = self.0.store.clone();
        let own_scope = scope.clone();
        let names: Vec<&str> = request.files.iter().map(|file| file.name.as_str()).collect();
        let (title, author) = (names.join(", "), request.author.clone());
        self.start_import_with(scope, &title, &author, move |teller| {
            let mut tell = |step: import::Progress| teller.tell(Some(step.share), &step.message);
            let kept = import::run_numbered(&store, &own_scope, &request, &mut tell);
            kept.map(|(id, report)| (id, report.refused())).map_err(in_words)
        })
    }

    /// Queues the making of travel times; it ends in a report like an import's.
    pub fn start_travel(&self, scope: &Scope, request: TravelRequest) -> Result<JobId, JobError> {
        let store = self.0.store.clone();
        let own_scope = scope.clone();
        let label = request.kind().label();
        let title = request.file().map_or(label.to_owned(), |file| format!("{label}: {file}"));
        let author = request.author.clone();
        self.start_import_with(scope, &title, &author, move |teller| {
            let mut heard = |share: f64, doing: &str| {
                teller.tell(Some(share), doing);
                !teller.is_cancelled()
            };
            let kept = travel::carry_out(&store, &own_scope, &request, &mut heard);
            kept.map(|(id, report)| (id, report.refused())).map_err(in_words)
        })
    }

    /// Queues a run: the body answers a question and is told when to stop.
    pub fn start_run_with(
        &self,
        scope: &Scope,
        title: &str,
        author: &str,
        body: impl FnOnce(&mut Teller) -> Result<Run, String> + Send + 'static,
    ) -> Result<JobId, JobError> {
        self.start(scope, title, author, Body::Run(Box::new(body)))
    }

    /// Queues an import: the body applies it and gives the number of its report, and why nothing was kept.
    pub fn start_import_with(
        &self,
        scope: &Scope,
        title: &str,
        author: &str,
        body: impl FnOnce(&mut Teller) -> Result<Reported, String> + Send + 'static,
    ) -> Result<JobId, JobError> {
        self.start(scope, title, author, Body::Import(Box::new(body)))
    }

    fn start(
        &self,
        scope: &Scope,
        title: &str,
        author: &str,
        body: Body,
    ) -> Result<JobId, JobError> {
        let Inner { store, worker, .. } = &*self.0;
        if self.0.is_stopping.load(Ordering::SeqCst) {
            return Err(JobError::Stopping);
        }
        let id = store.queue_job(scope, body.kind(), title, author, worker, LEASE)?;
        self.0.queue().push_back(Queued { id, scope: scope.clone(), body });
        // All: the keeper waits on the same bell, and one call might wake it alone.
        self.0.wake.notify_all();
        Ok(id)
    }

    /// How far a job is: from memory where it runs here, else from the table.
    pub fn progress(&self, scope: &Scope, id: JobId) -> Result<JobProgress, JobError> {
        Ok(self.shown(self.0.store.job(scope, id)?))
    }

    /// The newest jobs, newest first, at most `limit`.
    pub fn list(&self, scope: &Scope, limit: usize) -> Result<Vec<JobProgress>, JobError> {
        let rows = self.0.store.jobs(scope, limit)?;
        Ok(rows.into_iter().map(|row| self.shown(row)).collect())
    }

    fn shown(&self, row: JobRow) -> JobProgress {
        let live = self.0.live().get(&row.id).cloned().filter(|_| !row.state.is_over());
        let (tick, history) = live.map_or((row.tick, Vec::new()), |live| live.seen());
        let JobTick { percent, message, seconds, incumbent, bound, gap } = tick;
        JobProgress {
            id: row.id,
            kind: row.kind,
            state: row.state,
            title: row.title,
            author: row.author,
            queued_at: row.queued_at,
            cancel_asked: row.cancel_asked,
            percent,
            message,
            seconds,
            incumbent,
            bound,
            gap,
            history,
            run: row.run,
            import: row.import,
            study: row.study,
        }
    }

    /// Asks a job to stop. A queued one is cancelled at once. A running search ends within about a second: with a
    /// plan it is `done` and its run says `stopped`, without one it is `cancelled`.
    pub fn cancel(&self, scope: &Scope, id: JobId) -> Result<JobState, JobError> {
        let state = self.0.store.cancel_job(scope, id)?;
        if let Some(live) = self.0.live().get(&id) {
            live.cancel();
        }
        Ok(state)
    }

    /// Stops within `patience`: takes no more work, asks what runs to stop, keeps what it still brings, and marks the
    /// rest as interrupted.
    pub fn stop(&self, patience: Duration) {
        let until = Instant::now() + patience;
        self.0.is_stopping.store(true, Ordering::SeqCst);
        for live in self.0.live().values() {
            live.cancel();
        }
        self.0.wake.notify_all();
        while !self.0.live().is_empty() && Instant::now() < until {
            thread::sleep(Duration::from_millis(10));
        }
        self.0.interrupt_rest();
        for thread in self.0.threads().drain(..) {
            if thread.is_finished() {
                let _ = thread.join();
            }
        }
    }
}

/// A study speaks through its job, and keeps the runs it makes.
struct Following<'a> {
    teller: &'a mut Teller,
    store: &'a Store,
    scope: &'a Scope,
}

impl solver::Watch for Following<'_> {
    fn progress(&mut self, progress: solver::Progress) {
        solver::Watch::progress(self.teller, progress);
    }
    fn is_cancelled(&self) -> bool {
        self.teller.is_cancelled()
    }
}

impl Follow for Following<'_> {
    fn step(&mut self, share: f64, doing: &str) {
        self.teller.tell(Some(share), doing);
    }
    fn keep(&mut self, run: &Run) -> Result<u64, String> {
        self.store.save_run(self.scope, run).map(|id| id.0).map_err(in_words)
    }
}

/// An error with its causes, in one line.
fn in_words(error: impl std::error::Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(deeper) = cause {
        let told = deeper.to_string();
        if !words.contains(&told) {
            words.push_str(": ");
            words.push_str(&told);
        }
        cause = deeper.source();
    }
    words
}

// A panic in a job is caught before it could poison these; should one be poisoned all the same, its content is whole.
impl Inner {
    fn queue(&self) -> MutexGuard<'_, VecDeque<Queued>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn live(&self) -> MutexGuard<'_, BTreeMap<JobId, Arc<Live>>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn threads(&self) -> MutexGuard<'_, Vec<JoinHandle<()>>> {
        self.threads.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
