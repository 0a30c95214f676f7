use std::sync::mpsc::{Receiver, Sender, channel};

use solver::{Progress, Watch};
use tempfile::TempDir;

use super::*;
use crate::config;
use crate::import::references::About;
use crate::import::{ImportKind, InputFile};
use crate::scenario::Proposal;
use crate::store::tests::part;

const PATIENCE: Duration = Duration::from_secs(20);

fn scope() -> Scope {
    Scope::everyone_local()
}

fn jobs(workers: usize) -> (TempDir, Jobs) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("estate.db").display().to_string()).unwrap();
    let rules =
        Rules { score: config::score_rules().unwrap(), gates: config::gate_rules().unwrap() };
    (folder, Jobs::with_workers(store, rules, workers))
}

/// Waits, without a fixed sleep, until the job is over.
fn ended(jobs: &Jobs, id: JobId) -> JobProgress {
    let until = Instant::now() + PATIENCE;
    loop {
        let seen = jobs.progress(&scope(), id).unwrap();
        if seen.state.is_over() {
            return seen;
        }
        assert!(Instant::now() < until, "{seen:?}");
        thread::yield_now();
    }
}

/// A body that says when it has begun and ends when it is told to.
fn held() -> (impl FnOnce(&mut Teller) -> Result<Run, String> + Send, Receiver<()>, Sender<()>) {
    let (began, has_begun) = channel();
    let (release, released) = channel::<()>();
    let body = move |teller: &mut Teller| {
        let seconds = 0.5;
        let progress = |incumbent| Progress {
            seconds,
            incumbent,
            bound: Some(1.0),
            gap: None,
            ..Progress::default()
        };
        teller.progress(progress(None));
        teller.progress(progress(Some(2.0)));
        began.send(()).unwrap();
        released.recv().ok();
        Ok(part::run("held"))
    };
    (body, has_begun, release)
}

fn until_cancelled(teller: &mut Teller) {
    let until = Instant::now() + PATIENCE;
    while !Watch::is_cancelled(teller) && Instant::now() < until {
        thread::yield_now();
    }
}

#[test]
fn a_job_ends_in_a_run_that_can_be_read() {
    let (_folder, jobs) = jobs(1);

    let id = jobs.start_run_with(&scope(), "First", "A. Planner", |_| Ok(part::run("First")));
    let seen = ended(&jobs, id.unwrap());

    assert_eq!((seen.state, seen.percent), (JobState::Done, Some(100.0)));
    assert_eq!(jobs.0.store.run(&scope(), seen.run.unwrap()).unwrap().scenario.name, "First");
    assert_eq!((seen.title.as_str(), seen.author.as_str()), ("First", "A. Planner"));
}

#[test]
fn a_running_job_tells_its_incumbent_and_bound_and_a_second_one_waits() {
    let (_folder, jobs) = jobs(1);
    let (body, has_begun, release) = held();
    let first = jobs.start_run_with(&scope(), "First", "A", body).unwrap();
    let second = jobs.start_run_with(&scope(), "Second", "A", |_| Ok(part::run("x"))).unwrap();
    has_begun.recv().unwrap();

    let seen = jobs.progress(&scope(), first).unwrap();
    assert_eq!((seen.state, seen.incumbent, seen.bound), (JobState::Running, Some(2.0), Some(1.0)));
    assert_eq!(seen.message, "Looking for a better plan, or for the proof that there is none");
    assert_eq!(seen.history, [(0.5, None, Some(1.0)), (0.5, Some(2.0), Some(1.0))]);
    assert_eq!(jobs.progress(&scope(), second).unwrap().state, JobState::Queued);

    release.send(()).unwrap();
    assert_eq!(ended(&jobs, second).state, JobState::Done);
    let listed: Vec<_> = jobs.list(&scope(), 10).unwrap().into_iter().map(|job| job.id).collect();
    assert_eq!(listed, [second, first]);
}

#[test]
fn a_job_says_which_stage_its_search_is_in() {
    let (_folder, jobs) = jobs(1);
    let (told, has_told) = channel();
    let (release, released) = channel::<()>();
    let body = move |teller: &mut Teller| {
        teller.progress(Progress { phase: solver::Phase::Prices, ..Progress::default() });
        told.send(()).unwrap();
        released.recv().ok();
        Ok(part::run("priced"))
    };
    let id = jobs.start_run_with(&scope(), "Priced", "A", body).unwrap();
    has_told.recv().unwrap();

    let seen = jobs.progress(&scope(), id).unwrap();

    assert_eq!(seen.message, "Pricing the rules, which proves how good any plan can be");
    release.send(()).unwrap();
    ended(&jobs, id);
}

#[test]
fn an_import_ends_in_its_report_and_an_error_in_a_sentence() {
    let (_folder, jobs) = jobs(1);
    let store = jobs.0.store.clone();
    let good = jobs.start_import_with(&scope(), "eric.csv", "A", move |teller| {
        teller.tell(Some(0.5), "reading rows");
        let at = NaiveDateTime::default();
        let kept = store.save_import(&scope(), "A", at, &part::report());
        kept.map(|id| (id, None)).map_err(|fault| fault.to_string())
    });
    let bad = jobs.start_import_with(&scope(), "x.csv", "A", |_| Err("no such sheet".to_owned()));

    let good = ended(&jobs, good.unwrap());
    assert_eq!((good.state, good.import), (JobState::Done, Some(ImportId(1))));
    let bad = ended(&jobs, bad.unwrap());
    assert_eq!((bad.state, bad.message.as_str()), (JobState::Failed, "no such sheet"));
}

#[test]
fn a_panic_in_a_job_fails_it_and_the_worker_lives_on() {
    let (_folder, jobs) = jobs(1);
    let bad = jobs.start_run_with(&scope(), "bad", "A", |_| panic!("on purpose")).unwrap();
    let good = jobs.start_run_with(&scope(), "good", "A", |_| Ok(part::run("good"))).unwrap();

    assert_eq!(ended(&jobs, bad).state, JobState::Failed);
    assert_eq!(ended(&jobs, good).state, JobState::Done);
}

#[test]
fn a_cancelled_search_keeps_its_plan_and_is_cancelled_without_one() {
    let (_folder, jobs) = jobs(2);
    let (began, has_begun) = channel();
    let run = |name: &str, proposal: Option<Proposal>, began: Sender<()>| {
        let mut run = part::run(name);
        run.proposal = proposal;
        move |teller: &mut Teller| {
            began.send(()).unwrap();
            until_cancelled(teller);
            Ok(run)
        }
    };
    let with = run("with", Some(part::proposal()), began.clone());
    let with = jobs.start_run_with(&scope(), "with", "A", with).unwrap();
    let without = run("without", None, began);
    let without = jobs.start_run_with(&scope(), "without", "A", without).unwrap();
    has_begun.recv().unwrap();
    has_begun.recv().unwrap();

    for id in [with, without] {
        assert_eq!(jobs.cancel(&scope(), id).unwrap(), JobState::Running);
    }

    let seen = ended(&jobs, with);
    assert!(seen.state == JobState::Done && seen.run.is_some(), "{seen:?}");
    let seen = ended(&jobs, without);
    assert!(seen.state == JobState::Cancelled && seen.run.is_none(), "{seen:?}");
}

#[test]
fn a_cancel_that_comes_through_another_process_arrives() {
    let (_folder, jobs) = jobs(1);
    let (began, has_begun) = channel();
    let id = jobs.start_run_with(&scope(), "x", "A", move |teller| {
        began.send(()).unwrap();
        until_cancelled(teller);
        Ok(part::run("x"))
    });
    let id = id.unwrap();
    has_begun.recv().unwrap();

    jobs.0.store.cancel_job(&scope(), id).unwrap();

    assert_eq!(ended(&jobs, id).state, JobState::Cancelled);
}

#[test]
fn a_queued_job_that_is_cancelled_never_runs() {
    let (_folder, jobs) = jobs(1);
    let (body, has_begun, release) = held();
    let first = jobs.start_run_with(&scope(), "First", "A", body).unwrap();
    has_begun.recv().unwrap();
    let second = jobs.start_run_with(&scope(), "Second", "A", |_| panic!("it ran")).unwrap();

    assert_eq!(jobs.cancel(&scope(), second).unwrap(), JobState::Cancelled);
    release.send(()).unwrap();

    assert_eq!(ended(&jobs, first).state, JobState::Done);
    assert_eq!(ended(&jobs, second).state, JobState::Cancelled);
}

#[test]
fn stopping_keeps_what_is_ready_and_marks_the_rest() {
    let (_folder, jobs) = jobs(2);
    let (began, has_begun) = channel();
    let began_too = began.clone();
    let polite = jobs.start_run_with(&scope(), "polite", "A", move |teller| {
        began.send(()).unwrap();
        until_cancelled(teller);
        let mut run = part::run("polite");
        run.proposal = Some(part::proposal());
        Ok(run)
    });
    let (never, forever) = channel::<()>();
    let deaf = jobs.start_run_with(&scope(), "deaf", "A", move |_| {
        began_too.send(()).unwrap();
        forever.recv().ok();
        Ok(part::run("deaf"))
    });
    has_begun.recv().unwrap();
    has_begun.recv().unwrap();
    let waiting = jobs.start_run_with(&scope(), "waiting", "A", |_| Ok(part::run("x"))).unwrap();

    jobs.stop(Duration::from_secs(2));

    assert_eq!(ended(&jobs, polite.unwrap()).state, JobState::Done);
    assert_eq!(ended(&jobs, deaf.unwrap()).state, JobState::Interrupted);
    assert_eq!(ended(&jobs, waiting).state, JobState::Interrupted);
    let late = jobs.start_run_with(&scope(), "late", "A", |_| Ok(part::run("late")));
    assert!(matches!(late, Err(JobError::Stopping)));
    drop(never);
}

#[test]
fn an_import_is_carried_out_and_a_scenario_answered() {
    let (_folder, jobs) = jobs(1);
    let file = "site_code,name\nRXA01,The Royal\nRXA02,The Other\n";
    let request = Request {
        kind: ImportKind::Sites,
        files: vec![InputFile { name: "sites 2025-03.csv".to_owned(), bytes: file.into() }],
        mapping: None,
        about: About::default(),
        accept_faults: true,
        author: "A. Planner".to_owned(),
        reason: "to try it".to_owned(),
        at: NaiveDateTime::default(),
    };
    let imported = ended(&jobs, jobs.start_import(&scope(), request.clone()).unwrap());
    assert_eq!((imported.state, imported.title.as_str()), (JobState::Done, "sites 2025-03.csv"));
    let report = jobs.0.store.import_report(&scope(), imported.import.unwrap()).unwrap();
    assert_eq!(report.rows, 2, "{report:?}");

    let file = "site_code,name,as_of\nRXA01,The Royal,soon\n?,The Other,soon\n";
    let request = Request {
        files: vec![InputFile { name: "sites.csv".to_owned(), bytes: file.into() }],
        accept_faults: false,
        ..request
    };
    let refused = ended(&jobs, jobs.start_import(&scope(), request).unwrap());
    assert_eq!(refused.state, JobState::Failed, "{refused:?}");
    assert!(refused.message.starts_with("Nothing was kept. sites.csv, row 2"), "{refused:?}");
    assert!(refused.percent < Some(100.0), "{refused:?}");
    assert!(refused.import.is_some(), "all the faults are in the report");

    let mut question = part::run("Nothing to decide").scenario;
    question.register_version = jobs.0.store.newest_version(&scope()).unwrap();
    let answered = ended(&jobs, jobs.start_run(&scope(), question.clone(), "A").unwrap());
    // None of the two sites is located, which is an answer in a sentence.
    assert_eq!(answered.state, JobState::Failed);
    assert!(answered.message.contains("there is nothing to decide"), "{}", answered.message);

    question.register_version = 99;
    let refused = jobs.start_run(&scope(), question, "A");
    assert!(matches!(refused, Err(JobError::Store(StoreError::NoSuchVersion { asked: 99, .. }))));
}
