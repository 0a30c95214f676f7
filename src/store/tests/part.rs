//! Databases to try things on, and the smallest things worth keeping.

use std::collections::BTreeMap;
use std::io::Write;
use std::ops::Deref;
use std::sync::atomic::{AtomicU32, Ordering};

use diesel::connection::{Connection, SimpleConnection};
use diesel::pg::PgConnection;
use tempfile::TempDir;

use crate::fund::Ledger;
use crate::import::{Fault, ImportKind, ImportReport};
use crate::register::{Assumptions, Pence};
use crate::scenario::{
    Clauses, Objective, Proposal, Reliance, Run, RunStatus, Scenario, ScopeOf, SolverRecord,
};
use crate::store::{Store, digest};

/// A store of its own for one test.
pub(super) struct Tried {
    store: Store,
    pub(super) url: String,
    _gone_after: GoneAfter,
}

enum GoneAfter {
    Folder { _folder: TempDir },
    Schema { server: String, name: String },
}

impl Deref for Tried {
    type Target = Store;

    fn deref(&self) -> &Store {
        &self.store
    }
}

impl Tried {
    /// The same database as another process sees it.
    pub(super) fn again(&self) -> Store {
        Store::open(&self.url).unwrap()
    }

    pub(super) fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("estate.db").display());
        let store = Store::open(&url).unwrap();
        Self { store, url, _gone_after: GoneAfter::Folder { _folder: folder } }
    }

    /// `None`, said aloud, where no server was given.
    pub(super) fn postgres(test: &str) -> Option<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let Ok(server) = std::env::var("TEST_DATABASE_URL") else {
            // Past the test harness, which shows nothing of a test that passes.
            let _ = writeln!(
                std::io::stderr(),
                "SKIPPED: {test} on PostgreSQL (TEST_DATABASE_URL is not set; scripts/with-postgres sets it)"
            );
            return None;
        };
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("try_{}_{number}", std::process::id());
        PgConnection::establish(&server)
            .unwrap()
            .batch_execute(&format!("CREATE SCHEMA {name}"))
            .unwrap();
        let joint = if server.contains('?') { '&' } else { '?' };
        let url = format!("{server}{joint}options=-csearch_path%3D{name}");
        let store = Store::open(&url).unwrap();
        Some(Self { store, url, _gone_after: GoneAfter::Schema { server, name } })
    }
}

impl Drop for GoneAfter {
    fn drop(&mut self) {
        if let Self::Schema { server, name } = self
            && let Ok(mut server) = PgConnection::establish(server)
        {
            let _ = server.batch_execute(&format!("DROP SCHEMA {name} CASCADE"));
        }
    }
}

/// Writes a test once for both databases.
macro_rules! on_both {
    (fn $name:ident($store:ident) $body:block) => {
        mod $name {
            use super::*;

            fn holds($store: crate::store::tests::part::Tried) $body

            #[test]
            fn on_sqlite() {
                holds(crate::store::tests::part::Tried::sqlite());
            }

            #[test]
            fn on_postgres() {
                let tried = crate::store::tests::part::Tried::postgres(stringify!($name));
                if let Some(tried) = tried {
                    holds(tried);
                }
            }
        }
    };
}
pub(super) use on_both;

pub(super) fn sqlite() -> (TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("estate.db").display().to_string()).unwrap();
    (folder, store)
}

pub(crate) fn run(name: &str) -> Run {
    Run {
        scenario: Scenario {
            name: name.to_owned(),
            register_version: 1,
            scope: ScopeOf::All,
            locks: Vec::new(),
            standards: Vec::new(),
            standards_version: None,
            assumptions: Assumptions { name: "none".to_owned(), figures: BTreeMap::new() },
            series: None,
            objective: Objective::FundValue,
            fund_asked: Pence(100),
            capital_available: Pence(0),
            closures_per_borough: None,
            held: Vec::new(),
            journey_share_beyond: 0.1,
            base_year: 2026,
            horizon_years: 10,
            gap: 0.01,
            time_limit_seconds: 60.0,
            seed: 1,
        },
        input_hash: "abc".to_owned(),
        author: "A. Planner".to_owned(),
        at: digest::whole_micros(super::noon()),
        solver: SolverRecord {
            version: "test".to_owned(),
            status: RunStatus::WithinGap,
            objective: Some(1.5),
            bound: None,
            gap: Some(0.25),
            seconds: 0.5,
            size: (1, 2, 3),
            seed: 1,
            history: vec![(0.1, None, Some(2.0))],
            clash: Vec::new(),
        },
        proposal: None,
        ledger: Ledger::default(),
        projection: None,
        breaches: vec!["one".to_owned()],
    }
}

pub(crate) fn report() -> ImportReport {
    ImportReport {
        kind: ImportKind::Eric,
        files: vec!["eric, 2024.csv".to_owned()],
        rows: 2,
        changes: 1,
        unchanged: 0,
        version: None,
        faults: vec![Fault {
            file: "eric, 2024.csv".to_owned(),
            sheet: None,
            row: 3,
            column: "Site Code".to_owned(),
            value: "?".to_owned(),
            expected: "a site code".to_owned(),
        }],
        notes: Vec::new(),
        off_network: Vec::new(),
    }
}

pub(crate) fn proposal() -> Proposal {
    Proposal {
        actions: Vec::new(),
        moves: Vec::new(),
        refusals: Vec::new(),
        findings_today: Vec::new(),
        clauses: Clauses::default(),
        access_before: Vec::new(),
        access_after: Vec::new(),
        reliance: Reliance::default(),
    }
}
