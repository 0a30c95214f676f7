//! What the store promises, on SQLite and, when `TEST_DATABASE_URL` is set, on PostgreSQL.

mod kill;
pub(crate) mod part;
mod standards;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use chrono::{NaiveDate, NaiveDateTime};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;

use super::connection::Db;
use super::{Draft, JobKind, JobState, JobTick, RunId, Scope, Store, StoreError, digest, schema};
use crate::geography::{Geography, sha256};
use crate::import::{ImportKind, ImportReport, ReferenceSet};
use crate::register::{
    Change, ChangeSet, Evidence, Field, Method, Observation, Point, Reference, ReferenceKind,
    Register, Scalar, Site, SiteCode, Value, Why,
};
use crate::scenario::priorities::PriorityList;
use part::on_both;

pub(super) fn scope() -> Scope {
    Scope::everyone_local()
}

pub(super) fn noon() -> NaiveDateTime {
    let day = NaiveDate::from_ymd_opt(2026, 11, 22).unwrap();
    day.and_hms_nano_opt(12, 0, 0, 123_456_789).unwrap()
}

pub(super) fn draft(changes: Vec<Change>) -> Draft {
    Draft {
        author: "A. Planner".to_owned(),
        at: noon(),
        source: "test.csv".to_owned(),
        reason: "to try it".to_owned(),
        changes,
        references: Vec::new(),
    }
}

fn evidence(method: &str) -> Arc<Evidence> {
    Arc::new(Evidence {
        source: "ERIC 2024/25 \"site\" data".to_owned(),
        method: method.to_owned(),
        as_of: NaiveDate::from_ymd_opt(2025, 3, 31).unwrap(),
    })
}

pub(super) fn named(code: &str, name: &str) -> Change {
    said(code, Field::Name, Scalar::Text(name.to_owned()))
}

fn said(code: &str, field: Field, scalar: Scalar) -> Change {
    let value = Value::known(scalar, &evidence("as returned"));
    Change::Site { code: code.parse().unwrap(), field, value }
}

fn code(text: &str) -> SiteCode {
    text.parse().unwrap()
}

/// One of every kind of statement, with values that are easily lost on the way.
fn varied() -> Vec<Change> {
    let survey = Observation {
        method: Method::Sensor,
        from: NaiveDate::from_ymd_opt(2025, 1, 6).unwrap(),
        to: NaiveDate::from_ymd_opt(2025, 1, 31).unwrap(),
        spaces: "consulting rooms, \"B\" wing".to_owned(),
        frequency: 0.1 + 0.2,
        occupancy: None,
        source: "sensors".to_owned(),
    };
    let tenancy = |field, scalar| Change::Tenancy {
        id: "RXA01-GP".parse().unwrap(),
        field,
        value: Value::known(scalar, &evidence("list")),
    };
    vec![
        named("RXA01", "St Mary’s \\ \"Royal\"\n\u{0} Hôpital"),
        said("RXA01", Field::GrossInternalArea, Scalar::Number(1.0 / 3.0)),
        said("RXA02", Field::Name, Scalar::Text(" spaced ".to_owned())),
        said("RXA01", Field::BacklogHigh, Scalar::Pence(i64::MAX)),
        said("RXA01", Field::Location, Scalar::Point(Point::new(530_000.000_1, 1e-9).unwrap())),
        said("RXA01", Field::OpenedOn, Scalar::Date(NaiveDate::from_ymd_opt(1948, 7, 5).unwrap())),
        Change::Site {
            code: code("RXA01"),
            field: Field::Landlord,
            value: Value::unknown(Why::NoDataProvided),
        },
        Change::Observed { code: code("RXA01"), observation: survey },
        tenancy(Field::TenancySite, Scalar::Text("RXA01".to_owned())),
        tenancy(Field::TenancyPeople, Scalar::Number(9_801.0)),
        said("RXA01", Field::GrossInternalArea, Scalar::Number(f64::MIN_POSITIVE)),
    ]
}

fn folded(sets: Vec<Vec<Change>>) -> Register {
    (1..).zip(sets).fold(Register::default(), |register, (id, changes)| {
        register.with(&ChangeSet {
            id,
            author: String::new(),
            at: noon(),
            source: String::new(),
            reason: String::new(),
            changes,
        })
    })
}

on_both! {
    fn what_is_read_back_is_what_was_said(store) {
        store.append(&scope(), draft(varied()), 0).unwrap();
        store.append(&scope(), draft(vec![named("RXA02", "Second")]), 1).unwrap();

        let other = store.again();
        let wanted = folded(vec![varied(), vec![named("RXA02", "Second")]]);
        assert_eq!(*other.snapshot(&scope()).unwrap().register, wanted);
        assert_eq!(*store.snapshot(&scope()).unwrap().register, wanted);
    }
}

on_both! {
    fn a_snapshot_held_stays_as_it_was_and_the_next_one_is_new(store) {
        store.append(&scope(), draft(vec![named("RXA01", "First")]), 0).unwrap();
        let before = store.snapshot(&scope()).unwrap();
        let header = store.append(&scope(), draft(vec![named("RXA01", "Second")]), 1).unwrap();
        let after = store.snapshot(&scope()).unwrap();

        assert_eq!((header.id, header.changes), (2, 1));
        assert_eq!(header.at, digest::whole_micros(noon()));
        assert_eq!(before.register.site(&code("RXA01")).map(Site::name), Some("First"));
        assert_eq!(after.register.site(&code("RXA01")).map(Site::name), Some("Second"));
        let asked_again = store.snapshot(&scope()).unwrap();
        assert!(Arc::ptr_eq(&after, &asked_again), "an unchanged register is not read again");
    }
}

on_both! {
    fn a_version_made_by_another_process_is_seen(store) {
        store.append(&scope(), draft(vec![named("RXA01", "First")]), 0).unwrap();
        assert_eq!(store.snapshot(&scope()).unwrap().register.version, 1);

        store.again().append(&scope(), draft(vec![named("RXA02", "Second")]), 1).unwrap();

        let seen = store.snapshot(&scope()).unwrap();
        assert_eq!(seen.register.version, 2);
        assert_eq!(seen.register.sites().count(), 2);
    }
}

on_both! {
    fn a_change_made_for_an_older_version_is_a_conflict_and_changes_nothing(store) {
        store.append(&scope(), draft(vec![named("RXA01", "First")]), 0).unwrap();

        let late = store.append(&scope(), draft(vec![named("RXA01", "Late")]), 0);
        assert!(matches!(late, Err(StoreError::Conflict { expected: 0, found: 1 })), "{late:?}");
        let early = store.append(&scope(), draft(vec![named("RXA01", "Early")]), 7);
        assert!(matches!(early, Err(StoreError::Conflict { expected: 7, found: 1 })), "{early:?}");

        assert_eq!(store.change_sets(&scope(), 10).unwrap().len(), 1);
        assert_eq!(store.snapshot(&scope()).unwrap().register.version, 1);
    }
}

on_both! {
    fn of_many_writers_each_version_has_one(store) {
        let writers: Vec<_> = (0..6).map(|writer: u32| {
            let store = if writer.is_multiple_of(2) { Store::clone(&store) } else { store.again() };
            thread::spawn(move || {
                let mut made = Vec::new();
                while made.len() < 5 {
                    let newest = store.newest_version(&scope()).unwrap();
                    let name = named("RXA01", &format!("{writer}-{}", made.len()));
                    match store.append(&scope(), draft(vec![name]), newest) {
                        Ok(header) => made.push(header.id),
                        Err(StoreError::Conflict { .. }) => {}
                        Err(fault) => panic!("{fault:?}"),
                    }
                }
                made
            })
        }).collect();

        let made: Vec<u64> = writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect();
        let distinct: BTreeSet<u64> = made.iter().copied().collect();
        assert_eq!(distinct, (1..=30).collect());
        assert_eq!(store.doctor(&scope()).unwrap().faults, Vec::<String>::new());
        assert_eq!(store.snapshot(&scope()).unwrap().register.version, 30);
    }
}

/// Any row that nothing points to.
fn blob(db: &mut Db) -> Result<(), StoreError> {
    use schema::reference_set::{body, hash, size, table};
    let row = (hash.eq("x"), size.eq(0_i64), body.eq(&b""[..]));
    diesel::insert_into(table).values(row).execute(db)?;
    Ok(())
}

on_both! {
    fn a_reader_does_not_wait_for_a_writer(store) {
        store.append(&scope(), draft(vec![named("RXA01", "First")]), 0).unwrap();
        store.snapshot(&scope()).unwrap();
        let (held, is_held) = mpsc::channel();
        let (release, released) = mpsc::channel::<()>();
        let writer = Store::clone(&store);
        let writer = thread::spawn(move || writer.write(|db| {
            blob(db)?;
            held.send(()).unwrap();
            released.recv().unwrap();
            Err::<(), _>(StoreError::NothingChanged)
        }));
        is_held.recv().unwrap();

        // Both would hang here if they waited.
        assert_eq!(store.snapshot(&scope()).unwrap().register.version, 1);
        assert_eq!(store.at_version(&scope(), 0).unwrap().register.sites().count(), 0);
        assert_eq!(store.again().snapshot(&scope()).unwrap().register.version, 1);
        store.readyz().unwrap();

        release.send(()).unwrap();
        assert!(writer.join().unwrap().is_err());
    }
}

on_both! {
    fn nothing_said_makes_no_version(store) {
        let nothing = store.append(&scope(), draft(Vec::new()), 0);
        assert!(matches!(nothing, Err(StoreError::NothingChanged)), "{nothing:?}");
        assert_eq!(store.newest_version(&scope()).unwrap(), 0);
    }
}

on_both! {
    fn a_value_that_is_not_of_its_field_is_refused_whole(store) {
        for wrong in [
            said("RXA01", Field::GrossInternalArea, Scalar::Number(f64::NAN)),
            said("RXA01", Field::GrossInternalArea, Scalar::Text("lots".to_owned())),
            said("RXA01", Field::TenancyName, Scalar::Text("GP".to_owned())),
        ] {
            let refused = store.append(&scope(), draft(vec![named("RXA02", "Good"), wrong]), 0);
            assert!(matches!(refused, Err(StoreError::WrongValue { .. })), "{refused:?}");
        }
        assert_eq!(store.newest_version(&scope()).unwrap(), 0);
    }
}

on_both! {
    fn any_earlier_version_can_be_read_back(store) {
        store.append(&scope(), draft(vec![named("RXA01", "First")]), 0).unwrap();
        store.append(&scope(), draft(varied()), 1).unwrap();
        store.append(&scope(), draft(vec![named("RXA01", "Third")]), 2).unwrap();

        let sets = [vec![named("RXA01", "First")], varied(), vec![named("RXA01", "Third")]];
        for version in 0..=3_u64 {
            let upto = sets.iter().take(usize::try_from(version).unwrap()).cloned().collect();
            let read = store.at_version(&scope(), version).unwrap();
            assert_eq!(*read.register, folded(upto), "version {version}");
        }
        let beyond = store.at_version(&scope(), 4);
        assert!(matches!(beyond, Err(StoreError::NoSuchVersion { asked: 4, newest: 3 })));
    }
}

on_both! {
    fn the_history_of_a_field_names_who_said_what(store) {
        store.append(&scope(), draft(vec![named("RXA01", "First")]), 0).unwrap();
        store.append(&scope(), draft(vec![named("RXA02", "Other")]), 1).unwrap();
        store.append(&scope(), draft(varied()), 2).unwrap();
        let mut third = draft(vec![named("RXA01", "Third")]);
        third.author = "B. Officer".to_owned();
        store.append(&scope(), third, 3).unwrap();

        let history = store.history(&scope(), &code("RXA01"), Field::Name).unwrap();
        let told: Vec<_> = history.iter().map(|line| {
            let text = line.said.get().and_then(Scalar::text).unwrap_or_default();
            (line.by.id, line.by.author.as_str(), text.chars().take(5).collect::<String>())
        }).collect();
        assert_eq!(told, [
            (1, "A. Planner", "First".to_owned()),
            (3, "A. Planner", "St Ma".to_owned()),
            (4, "B. Officer", "Third".to_owned()),
        ]);
        let areas = store.history(&scope(), &code("RXA01"), Field::GrossInternalArea).unwrap();
        assert_eq!(areas.len(), 2, "both values of one change-set are told");
        assert_eq!(areas[0].said.evidence(), Some(&evidence("as returned")));
    }
}

on_both! {
    fn a_version_reads_back_whole(store) {
        store.append(&scope(), draft(varied()), 0).unwrap();

        let set = store.change_set(&scope(), 1).unwrap();

        assert_eq!((set.author.as_str(), set.reason.as_str()), ("A. Planner", "to try it"));
        assert_eq!(set.changes.len(), varied().len());
        assert_eq!(Register::default().with(&set), folded(vec![varied()]));
        assert!(matches!(store.change_set(&scope(), 2), Err(StoreError::NoSuchVersion { .. })));
    }
}

on_both! {
    fn what_is_kept_cannot_be_altered_even_by_hand(store) {
        store.append(&scope(), draft(varied()), 0).unwrap();
        store.save_run(&scope(), &part::run("First")).unwrap();
        store.save_import(&scope(), "A. Planner", noon(), &part::report()).unwrap();
        store.save_priorities(&scope(), &PriorityList::default(), "a list", noon()).unwrap();
        store.write(blob).unwrap();

        for table in ["change_set", "evidence", "change", "reference_set", "run", "import", "document"] {
            let column = if table == "reference_set" { "size" } else if table == "evidence" || table == "change" { "seq" } else { "id" };
            for statement in [format!("UPDATE {table} SET {column} = {column}"), format!("DELETE FROM {table}")] {
                let refused = store.write(|db| Ok(db.batch_execute(&statement)?));
                let told = refused.unwrap_err().to_string();
                assert!(told.contains("append-only"), "{statement}: {told}");
            }
        }
    }
}

on_both! {
    fn a_row_altered_behind_our_back_is_found(store) {
        store.append(&scope(), draft(vec![named("RXA01", "First")]), 0).unwrap();
        store.append(&scope(), draft(vec![named("RXA01", "Second")]), 1).unwrap();
        assert!(store.doctor(&scope()).unwrap().faults.is_empty());

        let disarm = match store.sqlite_path() {
            Some(_) => "DROP TRIGGER change_stays",
            None => "DROP TRIGGER change_stays ON change",
        };
        store.write(|db| {
            db.batch_execute(disarm)?;
            Ok(db.batch_execute("UPDATE change SET body = replace(body, 'First', 'Forged')")?)
        }).unwrap();

        assert_eq!(store.doctor(&scope()).unwrap().faults, ["version 1 is not what its hash says"]);
        assert!(matches!(store.content_hash(), Err(StoreError::Damaged { .. })));
    }
}

on_both! {
    fn a_version_cut_out_of_the_chain_is_found(store) {
        for version in 0..3 {
            store.append(&scope(), draft(vec![named("RXA01", &version.to_string())]), version).unwrap();
        }
        let (off, filter) = match store.sqlite_path() {
            Some(_) => ("DROP TRIGGER change_kept; DROP TRIGGER evidence_kept; DROP TRIGGER change_set_kept", ""),
            None => ("DROP TRIGGER change_stays ON change; DROP TRIGGER evidence_stays ON evidence; DROP TRIGGER change_set_stays ON change_set", ""),
        };
        store.write(|db| {
            db.batch_execute(off)?;
            Ok(db.batch_execute(&format!(
                "DELETE FROM change WHERE change_set = 2{filter}; DELETE FROM evidence WHERE change_set = 2; DELETE FROM change_set WHERE id = 2"
            ))?)
        }).unwrap();

        assert_eq!(store.doctor(&scope()).unwrap().faults, [
            "version 2 is missing",
            "version 3 does not follow version 1",
        ]);
    }
}

const POSTCODES: &[u8] =
    b"postcode,authority,easting,northing,ended\nSE1 9RT,E09000028,532000,180000,live\n";

fn reference(kind: ReferenceKind, bytes: &[u8]) -> ReferenceSet {
    ReferenceSet {
        reference: Reference {
            kind,
            hash: sha256(bytes),
            source: "ONSPD November 2025".to_owned(),
            as_of: NaiveDate::from_ymd_opt(2025, 11, 1).unwrap(),
            rows: 1,
        },
        bytes: bytes.to_vec(),
    }
}

on_both! {
    fn a_reference_set_is_kept_by_its_hash_and_said_once(store) {
        let mut first = draft(Vec::new());
        first.references = vec![reference(ReferenceKind::Postcodes, POSTCODES)];
        let set = first.references[0].reference.clone();
        store.append(&scope(), first, 0).unwrap();
        store.append(&scope(), draft(vec![named("RXA01", "First")]), 1).unwrap();

        let newest = store.again().snapshot(&scope()).unwrap();
        assert_eq!(newest.register.reference(ReferenceKind::Postcodes), Some(&set));
        assert!(newest.geography.postcodes.is_some());
        let empty = store.at_version(&scope(), 0).unwrap();
        assert_eq!(*empty.geography, Geography::default());
        assert_eq!(store.reference_set(&scope(), &set).unwrap(), POSTCODES);
        assert!(store.doctor(&scope()).unwrap().faults.is_empty());
    }
}

on_both! {
    fn a_reference_set_that_is_not_there_or_not_itself_is_refused(store) {
        let mut absent = draft(Vec::new());
        absent.changes = vec![Change::Reference(reference(ReferenceKind::Zones, b"zones").reference)];
        let refused = store.append(&scope(), absent, 0);
        assert!(matches!(refused, Err(StoreError::NoSuchReference { .. })), "{refused:?}");

        let mut forged = draft(Vec::new());
        forged.references = vec![reference(ReferenceKind::Zones, b"zones")];
        forged.references[0].bytes = b"other".to_vec();
        let refused = store.append(&scope(), forged, 0);
        assert!(matches!(refused, Err(StoreError::WrongHash { .. })), "{refused:?}");
        assert_eq!(store.newest_version(&scope()).unwrap(), 0);
    }
}

on_both! {
    fn a_run_is_kept_and_listed(store) {
        let first = store.save_run(&scope(), &part::run("First")).unwrap();
        let second = store.save_run(&scope(), &part::run("Second")).unwrap();

        assert_eq!((first, second), (RunId(1), RunId(2)));
        let mut kept = store.run(&scope(), second).unwrap();
        kept.at = part::run("").at;
        assert_eq!(kept, part::run("Second"));
        let listed = store.runs(&scope()).unwrap();
        assert_eq!(listed.iter().map(|run| run.name.as_str()).collect::<Vec<_>>(), ["Second", "First"]);
        assert_eq!(store.run_header(&scope(), first).unwrap(), listed[1]);
        assert_eq!(listed[0].status, part::run("").solver.status);
        assert!(matches!(store.run(&scope(), RunId(3)), Err(StoreError::NoSuchRun(RunId(3)))));
    }
}

on_both! {
    fn an_import_and_its_version_are_kept_together(store) {
        let mut report = part::report();
        let wanted = ImportReport { version: Some(1), ..report.clone() };
        let made = draft(vec![named("RXA01", "First")]);
        let (header, id) = store.append_import(&scope(), made, 0, &mut report).unwrap();

        assert_eq!((header.id, &report), (1, &wanted));
        assert_eq!(store.import_report(&scope(), id).unwrap(), wanted);
        let listed = store.imports(&scope(), 10).unwrap();
        assert_eq!((listed[0].kind, listed[0].version), (ImportKind::Eric, Some(1)));
        assert_eq!(listed[0].files, report.files);

        let late = store.append_import(&scope(), draft(varied()), 0, &mut report);
        assert!(matches!(late, Err(StoreError::Conflict { .. })));
        assert_eq!(store.imports(&scope(), 10).unwrap().len(), 1);
    }
}

/// A store with one of everything that is kept.
fn filled(store: &Store) {
    let mut first = draft(varied());
    first.references = vec![reference(ReferenceKind::Postcodes, POSTCODES)];
    let mut report = part::report();
    store.append_import(&scope(), first, 0, &mut report).unwrap();
    for version in 1..5 {
        let change = named("RXA01", &format!("version {version}"));
        store.append(&scope(), draft(vec![change]), version).unwrap();
    }
    store.save_run(&scope(), &part::run("First")).unwrap();
    store.save_run(&scope(), &part::run("Second")).unwrap();
}

on_both! {
    fn a_copy_is_equal_by_hash_and_goes_on_from_there(store) {
        let (_folder, source) = part::sqlite();
        filled(&source);

        let copied = source.copy_to(&store).unwrap();

        assert_eq!(copied, source.contents().unwrap());
        assert_eq!((copied.versions, copied.runs, copied.imports, copied.references), (5, 2, 1, 1));
        assert_eq!(store.content_hash().unwrap(), source.content_hash().unwrap());
        assert_eq!(
            store.snapshot(&scope()).unwrap().register,
            source.snapshot(&scope()).unwrap().register
        );
        let twice = source.copy_to(&store);
        assert!(matches!(twice, Err(StoreError::NotEmpty { .. })), "{twice:?}");
        store.append(&scope(), draft(vec![named("RXA09", "Next")]), 5).unwrap();
        assert!(store.doctor(&scope()).unwrap().faults.is_empty());
        assert_ne!(store.content_hash().unwrap(), source.content_hash().unwrap());
    }
}

on_both! {
    fn a_backup_restores_to_the_same_hash(store) {
        filled(&store);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("backup.db");

        let backed_up = store.backup(&path).unwrap();
        assert_eq!(backed_up, store.contents().unwrap());
        let again = store.backup(&path);
        assert!(matches!(again, Err(StoreError::AlreadyThere { .. })), "{again:?}");
        let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["backup.db"], "nothing but the backup is left in its folder");

        let bytes = std::fs::read(&path).unwrap();
        let (_folder, restored) = part::sqlite();
        assert_eq!(restored.restore(&path).unwrap(), backed_up);
        assert_eq!(std::fs::read(&path).unwrap(), bytes, "restoring does not touch the backup");
        assert!(matches!(store.restore(&path), Err(StoreError::NotEmpty { .. })));
    }
}

on_both! {
    fn a_database_of_a_newer_program_is_left_alone(store) {
        store.write(|db| Ok(db.batch_execute(
            "INSERT INTO __diesel_schema_migrations (version, run_on) VALUES ('99999999', CURRENT_TIMESTAMP)",
        )?)).unwrap();

        let refused = Store::open(&store.url);
        assert!(matches!(refused, Err(StoreError::NewerTables { .. })));
        assert!(store.readyz().is_err());
    }
}

const LEASE: Duration = Duration::from_mins(1);

on_both! {
    fn a_job_belongs_to_the_worker_that_holds_it(store) {
        let job = store.queue_job(&scope(), JobKind::Run, "First", "A. Planner", "me", LEASE).unwrap();
        assert!(!store.start_job(&scope(), job, "somebody else").unwrap());
        assert!(store.start_job(&scope(), job, "me").unwrap());
        assert!(!store.start_job(&scope(), job, "me").unwrap(), "it is started once");

        let tick = JobTick { percent: Some(40.0), message: "searching".to_owned(), bound: Some(f64::INFINITY), ..JobTick::default() };
        assert!(store.tick_job(&scope(), job, "me", &tick, LEASE).unwrap());
        assert!(!store.tick_job(&scope(), job, "somebody else", &tick, LEASE).unwrap());
        let seen = store.job(&scope(), job).unwrap();
        assert_eq!((seen.state, seen.tick.percent, seen.tick.bound), (JobState::Running, Some(40.0), None));

        assert_eq!(store.end_job_with_run(&scope(), job, "somebody else", "", &part::run("x")).unwrap(), None);
        assert!(store.runs(&scope()).unwrap().is_empty(), "a worker that lost its job keeps nothing");
        let run = store.end_job_with_run(&scope(), job, "me", "Done", &part::run("x")).unwrap();
        let seen = store.job(&scope(), job).unwrap();
        assert_eq!((seen.state, seen.run, seen.tick.percent), (JobState::Done, run, Some(100.0)));
        assert_eq!(store.cancel_job(&scope(), job).unwrap(), JobState::Done);
    }
}

on_both! {
    fn a_cancelled_job_does_not_start_and_a_running_one_is_told(store) {
        let queued = store.queue_job(&scope(), JobKind::Run, "q", "A", "me", LEASE).unwrap();
        assert_eq!(store.cancel_job(&scope(), queued).unwrap(), JobState::Cancelled);
        assert!(!store.start_job(&scope(), queued, "me").unwrap());

        let running = store.queue_job(&scope(), JobKind::Import, "r", "A", "me", LEASE).unwrap();
        store.start_job(&scope(), running, "me").unwrap();
        assert_eq!(store.cancel_job(&scope(), running).unwrap(), JobState::Running);
        assert!(!store.tick_job(&scope(), running, "me", &JobTick::default(), LEASE).unwrap());
    }
}

on_both! {
    fn a_job_whose_worker_died_is_interrupted(store) {
        let none = Duration::ZERO;
        let dead = store.queue_job(&scope(), JobKind::Run, "dead", "A", "gone", none).unwrap();
        store.start_job(&scope(), dead, "gone").unwrap();
        let live = store.queue_job(&scope(), JobKind::Run, "live", "A", "here", LEASE).unwrap();
        thread::sleep(Duration::from_millis(2));

        assert_eq!(store.interrupt_lapsed_jobs(&scope()).unwrap(), 1);

        assert_eq!(store.job(&scope(), dead).unwrap().state, JobState::Interrupted);
        assert_eq!(store.job(&scope(), live).unwrap().state, JobState::Queued);
        assert_eq!(store.end_job_with_run(&scope(), dead, "gone", "", &part::run("x")).unwrap(), None);
        assert_eq!(store.jobs(&scope(), 10).unwrap().len(), 2);
    }
}

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    told: String,
}

on_both! {
    fn the_tables_have_the_columns_that_the_code_believes(store) {
        let (query, type_of): (_, fn(&str) -> &str) = match store.sqlite_path() {
            Some(_) => (
                "SELECT m.name || '.' || c.name || ' ' || c.type || CASE WHEN c.\"notnull\" THEN '' ELSE ' null' END AS told
                 FROM sqlite_schema m, pragma_table_info(m.name) c
                 WHERE m.type = 'table' AND m.name NOT LIKE '\\_\\_diesel%' ESCAPE '\\'",
                sqlite_type,
            ),
            None => (
                "SELECT table_name || '.' || column_name || ' ' || data_type || CASE is_nullable WHEN 'NO' THEN '' ELSE ' null' END AS told
                 FROM information_schema.columns
                 WHERE table_schema = current_schema() AND table_name <> '__diesel_schema_migrations'",
                postgres_type,
            ),
        };
        let found: Vec<Column> = store.read(|db| Ok(match db {
            Db::Sqlite(db) => diesel::sql_query(query).load(db)?,
            Db::Postgres(db) => diesel::sql_query(query).load(db)?,
        })).unwrap();

        let found: BTreeSet<String> = found.into_iter().map(|column| column.told).collect();
        let wanted: BTreeSet<String> = schema::COLUMNS.iter().map(|(table, column, kind)| {
            let kind = kind.replace(' ', "");
            let inner = kind.strip_prefix("Nullable<").and_then(|kind| kind.strip_suffix('>'));
            let null = if inner.is_some() { " null" } else { "" };
            format!("{table}.{column} {}{null}", type_of(inner.unwrap_or(&kind)))
        }).collect();
        assert_eq!(found, wanted);
    }
}

fn sqlite_type(kind: &str) -> &'static str {
    match kind {
        "BigInt" | "Bool" => "INTEGER",
        "Double" => "REAL",
        "Binary" => "BLOB",
        _ => "TEXT",
    }
}

fn postgres_type(kind: &str) -> &'static str {
    match kind {
        "BigInt" => "bigint",
        "Bool" => "boolean",
        "Double" => "double precision",
        "Binary" => "bytea",
        "Date" => "date",
        "Timestamp" => "timestamp without time zone",
        _ => "text",
    }
}

#[test]
fn a_missing_file_is_said_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("none.db");
    let refused = Store::open_existing(&format!("sqlite:{}", path.display()));
    assert!(matches!(refused, Err(StoreError::NoSuchFile { .. })));
    assert!(!path.exists());
    let nowhere = Store::open("/nowhere/at/all.db").map(|_| ()).unwrap_err().to_string();
    assert_eq!(nowhere, "no connection to SQLite file /nowhere/at/all.db");
}

#[test]
fn a_full_disk_leaves_the_version_before() {
    let (_folder, store) = part::sqlite();
    store.append(&scope(), draft(vec![named("RXA01", "First")]), 0).unwrap();
    store.read(|_| Ok(())).unwrap();
    let mut writer = store.0.writer.get().unwrap();
    writer.batch_execute("PRAGMA max_page_count = 40").unwrap();
    drop(writer);

    let changes = (0..5_000).map(|n| named(&format!("S{n:05}"), "A name of some length")).collect();
    let told = store.append(&scope(), draft(changes), 1).unwrap_err().to_string();

    assert!(told.contains("full"), "{told}");
    assert_eq!(store.snapshot(&scope()).unwrap().register.version, 1);
    assert!(store.doctor(&scope()).unwrap().faults.is_empty());
    store.append(&scope(), draft(vec![named("RXA01", "Second")]), 1).unwrap();
}
