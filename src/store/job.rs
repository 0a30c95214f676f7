//! The table of long work. A job belongs to the process that took it, for as long as it renews its lease: every
//! later write names the holder, so a process that was thought dead cannot overwrite what came after.

use std::time::Duration;

use chrono::NaiveDateTime;
use diesel::dsl::max;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::digest::{self, signed, unsigned};
use super::schema::job;
use super::{
    DocumentId, ImportId, RunId, Scope, Store, StoreError, StudyId, document, run, studies,
};
use crate::scenario::programme::Programme;
use crate::scenario::{Run, Study};

/// Number of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JobId(pub u64);

super::number_in_words!(JobId);

macro_rules! keys {
    ($(#[$doc:meta])* $name:ident { $( $(#[$mdoc:meta])* $member:ident => $key:literal; )+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $( $(#[$mdoc])* $member, )+ }

        impl $name {
            /// As stored and in JSON.
            pub fn key(self) -> &'static str {
                match self { $(Self::$member => $key,)+ }
            }

            fn find(key: &str) -> Result<Self, StoreError> {
                match key {
                    $($key => Ok(Self::$member),)+
                    _ => Err(StoreError::damaged(format!("a job is {key:?}"))),
                }
            }
        }
    };
}

keys! {
    /// What a job does.
    JobKind {
        /// Answers a scenario.
        Run => "run";
        /// Reads files into the register.
        Import => "import";
        /// Asks a run about itself.
        Study => "study";
        /// Puts a run's actions in order.
        Programme => "programme";
    }
}

keys! {
    /// How far a job is.
    JobState {
        /// Waits for a worker.
        Queued => "queued";
        /// Is being worked on.
        Running => "running";
        /// Ended well: its run or import report is there.
        Done => "done";
        /// Ended in an error, told in its message.
        Failed => "failed";
        /// Stopped because somebody asked, before there was anything to keep.
        Cancelled => "cancelled";
        /// Its process ended first. Nothing of it was kept; ask again.
        Interrupted => "interrupted";
    }
}

impl JobState {
    /// Whether it will change no more.
    pub fn is_over(self) -> bool {
        !matches!(self, Self::Queued | Self::Running)
    }
}

/// What a running job says of itself.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct JobTick {
    /// 0 to 100, where it can be told.
    pub percent: Option<f64>,
    /// What it is doing, in words.
    pub message: String,
    /// Since it started.
    pub seconds: f64,
    /// Objective of the best plan so far.
    pub incumbent: Option<f64>,
    /// Proven bound.
    pub bound: Option<f64>,
    /// Relative gap between the two.
    pub gap: Option<f64>,
}

/// A job as the table has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JobRow {
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
    /// When a worker took it.
    pub started_at: Option<NaiveDateTime>,
    /// When it was over.
    pub finished_at: Option<NaiveDateTime>,
    /// Whether somebody asked it to stop.
    pub cancel_asked: bool,
    /// What it last said.
    pub tick: JobTick,
    /// The run it made.
    pub run: Option<RunId>,
    /// The import report it made.
    pub import: Option<ImportId>,
    /// The study it made.
    pub study: Option<StudyId>,
}

impl Store {
    /// Enters a job for this worker. If the worker is not heard of within `lease`, it counts as interrupted.
    pub fn queue_job(
        &self,
        _scope: &Scope,
        kind: JobKind,
        title: &str,
        author: &str,
        worker: &str,
        lease: Duration,
    ) -> Result<JobId, StoreError> {
        self.write(|db| {
            let newest: Option<i64> = job::table.select(max(job::id)).first(db)?;
            let id = newest.unwrap_or_default().saturating_add(1);
            let now = digest::now();
            let row = (
                job::id.eq(id),
                job::kind.eq(kind.key()),
                job::state.eq(JobState::Queued.key()),
                job::title.eq(title),
                job::author.eq(author),
                job::worker.eq(worker),
                job::lease_until.eq(now + lease),
                job::queued_at.eq(now),
                job::cancel_asked.eq(false),
                job::message.eq(""),
                job::seconds.eq(0.0),
            );
            diesel::insert_into(job::table).values(row).execute(db)?;
            Ok(JobId(unsigned(id, "a job's number")?))
        })
    }

    /// Renews this worker's hold on its queued jobs.
    pub fn hold_jobs(
        &self,
        _scope: &Scope,
        worker: &str,
        lease: Duration,
    ) -> Result<(), StoreError> {
        self.write(|db| {
            let held = job::table
                .filter(job::worker.eq(worker))
                .filter(job::state.eq_any([JobState::Queued.key(), JobState::Running.key()]));
            diesel::update(held).set(job::lease_until.eq(digest::now() + lease)).execute(db)?;
            Ok(())
        })
    }

    /// Starts a queued job of this worker; `false` where it is no longer its to start, or was cancelled.
    pub fn start_job(&self, _scope: &Scope, id: JobId, worker: &str) -> Result<bool, StoreError> {
        self.write(|db| {
            let now = digest::now();
            let startable = job::table
                .filter(job::id.eq(signed(id.0)))
                .filter(job::worker.eq(worker))
                .filter(job::state.eq(JobState::Queued.key()))
                .filter(job::cancel_asked.eq(false));
            let set = (job::state.eq(JobState::Running.key()), job::started_at.eq(Some(now)));
            Ok(diesel::update(startable).set(set).execute(db)? == 1)
        })
    }

    /// Writes what a running job says and renews its lease. `Ok(true)`: go on. `Ok(false)`: stop, because
    /// somebody asked or the job is no longer this worker's.
    pub fn tick_job(
        &self,
        _scope: &Scope,
        id: JobId,
        worker: &str,
        tick: &JobTick,
        lease: Duration,
    ) -> Result<bool, StoreError> {
        let finite = |number: Option<f64>| number.filter(|number| number.is_finite());
        self.write(|db| {
            let own = job::table
                .filter(job::id.eq(signed(id.0)))
                .filter(job::worker.eq(worker))
                .filter(job::state.eq(JobState::Running.key()))
                .filter(job::cancel_asked.eq(false));
            let set = (
                job::lease_until.eq(digest::now() + lease),
                job::percent.eq(finite(tick.percent)),
                job::message.eq(&tick.message),
                job::seconds.eq(tick.seconds),
                job::incumbent.eq(finite(tick.incumbent)),
                job::bound.eq(finite(tick.bound)),
                job::gap.eq(finite(tick.gap)),
            );
            Ok(diesel::update(own).set(set).execute(db)? == 1)
        })
    }

    /// Ends a job of this worker; `false` where it is no longer its to end.
    pub fn end_job(
        &self,
        _scope: &Scope,
        id: JobId,
        worker: &str,
        state: JobState,
        message: &str,
        import: Option<ImportId>,
    ) -> Result<bool, StoreError> {
        let import = import.map(|import| signed(import.0));
        self.write(|db| end(db, id, worker, state, message, None, import))
    }

    /// Keeps a job's run and ends the job, both or neither. `None` where the job is no longer this worker's.
    pub fn end_job_with_run(
        &self,
        _scope: &Scope,
        id: JobId,
        worker: &str,
        message: &str,
        run: &Run,
    ) -> Result<Option<RunId>, StoreError> {
        let row = run::Row::of(run)?;
        self.write(|db| {
            let run = run::insert(db, row)?;
            let number = Some(signed(run.0));
            if end(db, id, worker, JobState::Done, message, number, None)? {
                Ok(Some(run))
            } else {
                Err(StoreError::NoSuchJob(id))
            }
        })
        .map_or_else(
            |fault| match fault {
                StoreError::NoSuchJob(_) => Ok(None),
                fault => Err(fault),
            },
            Ok,
        )
    }

    /// Keeps a job's study and ends the job, both or neither. `None` where the job is no longer this worker's.
    pub fn end_job_with_study(
        &self,
        _scope: &Scope,
        id: JobId,
        worker: &str,
        message: &str,
        study: &Study,
    ) -> Result<Option<StudyId>, StoreError> {
        let row = studies::Row::of(study)?;
        let kept = self.write(|db| {
            let study = studies::insert(db, row)?;
            if !end(db, id, worker, JobState::Done, message, None, None)? {
                return Err(StoreError::NoSuchJob(id));
            }
            let this = job::table.filter(job::id.eq(signed(id.0)));
            diesel::update(this).set(job::study.eq(Some(signed(study.0)))).execute(db)?;
            Ok(study)
        });
        match kept {
            Ok(study) => Ok(Some(study)),
            Err(StoreError::NoSuchJob(_)) => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// Keeps a job's programme and ends the job, both or neither. `None` where the job is no longer this worker's.
    pub fn end_job_with_programme(
        &self,
        _scope: &Scope,
        id: JobId,
        worker: &str,
        of: RunId,
        programme: &Programme,
    ) -> Result<Option<DocumentId>, StoreError> {
        let row = document::Row::of_programme(of, programme)?;
        let kept = self.write(|db| {
            let kept = document::insert(db, row)?;
            if end(db, id, worker, JobState::Done, "Done.", Some(signed(of.0)), None)? {
                Ok(kept)
            } else {
                Err(StoreError::NoSuchJob(id))
            }
        });
        match kept {
            Ok(kept) => Ok(Some(kept)),
            Err(StoreError::NoSuchJob(_)) => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// Asks a job to stop. A queued one is cancelled at once; one that is over stays as it is.
    pub fn cancel_job(&self, _scope: &Scope, id: JobId) -> Result<JobState, StoreError> {
        self.write(|db| {
            let number = signed(id.0);
            let state: Option<String> =
                job::table.filter(job::id.eq(number)).select(job::state).first(db).optional()?;
            let state = JobState::find(&state.ok_or(StoreError::NoSuchJob(id))?)?;
            let this = job::table.filter(job::id.eq(number));
            match state {
                JobState::Queued => {
                    let set = (
                        job::state.eq(JobState::Cancelled.key()),
                        job::cancel_asked.eq(true),
                        job::finished_at.eq(Some(digest::now())),
                    );
                    diesel::update(this).set(set).execute(db)?;
                    Ok(JobState::Cancelled)
                }
                JobState::Running => {
                    diesel::update(this).set(job::cancel_asked.eq(true)).execute(db)?;
                    Ok(state)
                }
                _ => Ok(state),
            }
        })
    }

    /// Marks jobs whose worker has not been heard of; gives how many.
    pub fn interrupt_lapsed_jobs(&self, _scope: &Scope) -> Result<usize, StoreError> {
        let now = digest::now();
        let lapsed = |db: &mut super::connection::Db| -> Result<i64, StoreError> {
            Ok(job::table
                .filter(job::state.eq_any([JobState::Queued.key(), JobState::Running.key()]))
                .filter(job::lease_until.lt(now))
                .count()
                .get_result(db)?)
        };
        // Looking first keeps the usual case from taking the write lock.
        if self.read(lapsed)? == 0 {
            return Ok(0);
        }
        self.write(|db| {
            let lapsed = job::table
                .filter(job::state.eq_any([JobState::Queued.key(), JobState::Running.key()]))
                .filter(job::lease_until.lt(now));
            let set = (
                job::state.eq(JobState::Interrupted.key()),
                job::message.eq("The program that worked on it ended first."),
                job::finished_at.eq(Some(now)),
            );
            Ok(diesel::update(lapsed).set(set).execute(db)?)
        })
    }

    /// One job.
    pub fn job(&self, _scope: &Scope, id: JobId) -> Result<JobRow, StoreError> {
        let found: Option<Row> = self
            .read(|db| Ok(job::table.filter(job::id.eq(signed(id.0))).first(db).optional()?))?;
        found.ok_or(StoreError::NoSuchJob(id))?.job()
    }

    /// The newest jobs, newest first, at most `limit`.
    pub fn jobs(&self, _scope: &Scope, limit: usize) -> Result<Vec<JobRow>, StoreError> {
        let rows: Vec<Row> = self.read(|db| {
            Ok(job::table.order(job::id.desc()).limit(signed(limit as u64)).load(db)?)
        })?;
        rows.into_iter().map(Row::job).collect()
    }
}

fn end(
    db: &mut super::connection::Db,
    id: JobId,
    worker: &str,
    state: JobState,
    message: &str,
    run: Option<i64>,
    import: Option<i64>,
) -> Result<bool, StoreError> {
    let own = job::table
        .filter(job::id.eq(signed(id.0)))
        .filter(job::worker.eq(worker))
        .filter(job::state.eq_any([JobState::Queued.key(), JobState::Running.key()]));
    let set = (
        job::state.eq(state.key()),
        job::message.eq(message),
        job::finished_at.eq(Some(digest::now())),
        job::run.eq(run),
        job::import.eq(import),
    );
    let ended = diesel::update(own).set(set).execute(db)?;
    if state == JobState::Done && ended == 1 {
        let this = job::table.filter(job::id.eq(signed(id.0)));
        diesel::update(this).set(job::percent.eq(Some(100.0))).execute(db)?;
    }
    Ok(ended == 1)
}

#[derive(Queryable)]
struct Row {
    id: i64,
    kind: String,
    state: String,
    title: String,
    author: String,
    _worker: String,
    _lease_until: NaiveDateTime,
    queued_at: NaiveDateTime,
    started_at: Option<NaiveDateTime>,
    finished_at: Option<NaiveDateTime>,
    cancel_asked: bool,
    percent: Option<f64>,
    message: String,
    seconds: f64,
    incumbent: Option<f64>,
    bound: Option<f64>,
    gap: Option<f64>,
    run: Option<i64>,
    import: Option<i64>,
    study: Option<i64>,
}

impl Row {
    fn job(self) -> Result<JobRow, StoreError> {
        let what = "a number of a job";
        Ok(JobRow {
            id: JobId(unsigned(self.id, what)?),
            kind: JobKind::find(&self.kind)?,
            state: JobState::find(&self.state)?,
            title: self.title,
            author: self.author,
            queued_at: self.queued_at,
            started_at: self.started_at,
            finished_at: self.finished_at,
            cancel_asked: self.cancel_asked,
            tick: JobTick {
                percent: self.percent,
                message: self.message,
                seconds: self.seconds,
                incumbent: self.incumbent,
                bound: self.bound,
                gap: self.gap,
            },
            run: self.run.map(|run| unsigned(run, what)).transpose()?.map(RunId),
            import: self.import.map(|import| unsigned(import, what)).transpose()?.map(ImportId),
            study: self.study.map(|study| unsigned(study, what)).transpose()?.map(StudyId),
        })
    }
}
