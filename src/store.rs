//! What is kept: the register as change-sets, reference sets, runs, import reports and jobs, in SQLite or PostgreSQL.
//!
//! The only place that knows SQL. Everything kept is append-only and hash-chained, the job table apart; the register
//! itself is a [`Snapshot`] in memory, folded from the change-sets, and reading it waits for no writer.

/// Numbers that are shown and typed as plain digits.
macro_rules! number_in_words {
    ($name:ident) => {
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = std::num::ParseIntError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.trim().parse().map(Self)
            }
        }
    };
}
use number_in_words;

mod address;
mod append;
mod audit;
mod connection;
mod copy;
mod digest;
mod doctor;
mod document;
mod error;
mod imports;
mod job;
mod pool;
mod run;
mod schema;
mod scope;
mod snapshot;
mod standards;
mod statement;
mod studies;
mod tables;
#[cfg(test)]
pub(crate) mod tests;
mod versions;

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use diesel::connection::SimpleConnection;

use address::Address;
use connection::Db;
use pool::{Held, Pool};

pub use append::{ChangeSetHeader, Draft};
pub use audit::Contents;
pub use doctor::Diagnosis;
pub use document::{DocumentHeader, DocumentId};
pub use error::StoreError;
pub use imports::{ImportHeader, ImportId};
pub use job::{JobId, JobKind, JobRow, JobState, JobTick};
pub use run::{RunHeader, RunId};
pub use scope::{Boroughs, Scope};
pub use snapshot::Snapshot;
pub use standards::StandardsVersion;
pub use studies::{StudyHeader, StudyId};
pub use versions::Statement;

/// How long a reader or writer waits for a free connection before it gives up.
const PATIENCE: Duration = Duration::from_secs(30);
/// Connections for reading.
const READERS: u32 = 8;

/// A database with a register in it. Clones share connections and the snapshot.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    address: Address,
    readers: Pool,
    // One connection: writers of one process queue here instead of starving one another inside SQLite.
    writer: Pool,
    latest: ArcSwapOption<Snapshot>,
    // Held by whoever folds newer change-sets into `latest`; readers that find it taken use what is there.
    folding: Mutex<()>,
    earlier: Mutex<Vec<Arc<Snapshot>>>,
}

impl Store {
    /// Opens a database, making the file and its tables where there are none, and bringing older tables up to date.
    ///
    /// `sqlite:PATH` and a bare path are a SQLite file; `postgres://…` is a server. Anything else is refused.
    pub fn open(url: &str) -> Result<Self, StoreError> {
        Self::at(Address::parse(url)?)
    }

    /// Opens a database that must already be there: a mistyped path is an error, never a new empty register.
    pub fn open_existing(url: &str) -> Result<Self, StoreError> {
        let address = Address::parse(url)?;
        match &address {
            Address::Sqlite(path) if !path.is_file() => {
                Err(StoreError::NoSuchFile { path: path.clone() })
            }
            _ => Self::at(address),
        }
    }

    fn at(address: Address) -> Result<Self, StoreError> {
        let readers = pool::readers(&address, READERS, PATIENCE)?;
        let writer = pool::writer(&address, PATIENCE)?;
        let store = Self(Arc::new(Inner {
            address,
            readers,
            writer,
            latest: ArcSwapOption::empty(),
            folding: Mutex::default(),
            earlier: Mutex::default(),
        }));
        store.migrate()?;
        Ok(store)
    }

    /// Where it is, fit for a log: no password.
    pub fn place(&self) -> String {
        self.0.address.to_string()
    }

    /// Whether the database answers and has all its tables, for a readiness probe.
    pub fn readyz(&self) -> Result<(), StoreError> {
        self.read(|db| db.batch_execute("SELECT 1").map_err(StoreError::from))?;
        self.migrated()
    }

    fn read<T>(
        &self,
        body: impl FnOnce(&mut Db) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut db = self.reader()?;
        body(&mut db)
    }

    fn reader(&self) -> Result<Held, StoreError> {
        self.0.readers.get().map_err(|fault| self.no_connection(fault))
    }

    fn no_connection(&self, fault: diesel::r2d2::PoolError) -> StoreError {
        StoreError::NoConnection { place: self.place(), source: Box::new(fault) }
    }

    /// Runs `body` in a transaction nobody else writes beside: all of it lands, or none.
    fn write<T>(
        &self,
        body: impl FnOnce(&mut Db) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut db = self.0.writer.get().map_err(|fault| self.no_connection(fault))?;
        pool::in_transaction(&mut db, pool::Purpose::Write, body)
    }

    /// Reads that must agree with one another, whatever is written meanwhile.
    fn read_together<T>(
        &self,
        body: impl FnOnce(&mut Db) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut db = self.reader()?;
        pool::in_transaction(&mut db, pool::Purpose::Read, body)
    }

    fn sqlite_path(&self) -> Option<&Path> {
        match &self.0.address {
            Address::Sqlite(path) => Some(path),
            Address::Postgres(_) => None,
        }
    }
}
