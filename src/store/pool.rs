//! Connections: how each is set up, how many there are, and transactions on them.

use std::time::Duration;

use diesel::connection::{
    AnsiTransactionManager, Connection, SimpleConnection, TransactionManager,
};
use diesel::pg::PgConnection;
use diesel::r2d2::{self, ManageConnection, PooledConnection};
use diesel::sqlite::SqliteConnection;

use super::StoreError;
use super::address::Address;
use super::connection::Db;

pub(super) type Pool = r2d2::Pool<Manager>;
pub(super) type Held = PooledConnection<Manager>;

/// Waits for another process's write at most this long; the jobs' lease is longer.
const BUSY_MILLISECONDS: u32 = 10_000;

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Read,
    Write,
}

/// Makes connections. Diesel's own manager would try one database after the other on any text.
#[derive(Debug)]
pub(super) struct Manager {
    address: Address,
    purpose: Purpose,
}

pub(super) fn readers(
    address: &Address,
    most: u32,
    patience: Duration,
) -> Result<Pool, StoreError> {
    pool(address, Purpose::Read, most, patience)
}

pub(super) fn writer(address: &Address, patience: Duration) -> Result<Pool, StoreError> {
    pool(address, Purpose::Write, 1, patience)
}

fn pool(
    address: &Address,
    purpose: Purpose,
    most: u32,
    patience: Duration,
) -> Result<Pool, StoreError> {
    let manager = Manager { address: address.clone(), purpose };
    // The first connection is made here and now, so that a wrong address is a sentence and not half a minute's wait.
    let first = manager.connect().map_err(|fault| StoreError::NoConnection {
        place: address.to_string(),
        source: Box::new(fault),
    })?;
    drop(first);
    Ok(r2d2::Pool::builder()
        .max_size(most)
        .min_idle(Some(0))
        .connection_timeout(patience)
        .test_on_check_out(matches!(address, Address::Postgres(_)))
        .build_unchecked(manager))
}

impl ManageConnection for Manager {
    type Connection = Db;
    type Error = r2d2::Error;

    fn connect(&self) -> Result<Db, r2d2::Error> {
        match &self.address {
            Address::Sqlite(path) => {
                let mut file = SqliteConnection::establish(&path.to_string_lossy())
                    .map_err(r2d2::Error::ConnectionError)?;
                // WAL: readers and the writer do not wait for one another. FULL: what was acknowledged survives a
                // power cut. `trusted_schema` off: a doctored file cannot run functions through its schema.
                file.batch_execute(&format!(
                    "PRAGMA busy_timeout = {BUSY_MILLISECONDS}; PRAGMA journal_mode = WAL;
                     PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;
                     PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -32768;
                     PRAGMA temp_store = MEMORY; PRAGMA query_only = {};",
                    if self.purpose == Purpose::Read { "ON" } else { "OFF" },
                ))?;
                Ok(Db::Sqlite(file))
            }
            Address::Postgres(url) => {
                let mut server =
                    PgConnection::establish(url).map_err(r2d2::Error::ConnectionError)?;
                // A dead client must not hold the writers' lock: the server notices and lets go.
                server.batch_execute(
                    "SET timezone = 'UTC'; SET synchronous_commit = on; SET client_min_messages = warning;
                     SET idle_in_transaction_session_timeout = '120s';",
                )?;
                Ok(Db::Postgres(server))
            }
        }
    }

    fn is_valid(&self, db: &mut Db) -> Result<(), r2d2::Error> {
        db.batch_execute("SELECT 1").map_err(r2d2::Error::QueryError)
    }

    fn has_broken(&self, db: &mut Db) -> bool {
        type Manage = <Db as Connection>::TransactionManager;
        let is_open = !matches!(
            <Manage as TransactionManager<Db>>::transaction_manager_status_mut(db)
                .transaction_depth(),
            Ok(None)
        );
        std::thread::panicking() || is_open
    }
}

/// Begins, runs `body`, and commits if it succeeded; else nothing of it remains.
///
/// A write holds the one write lock from its first statement: SQLite's own, or on PostgreSQL an advisory lock of the
/// schema, so that "read the newest version, add the next" behaves the same on both.
pub(super) fn in_transaction<T>(
    db: &mut Db,
    purpose: Purpose,
    body: impl FnOnce(&mut Db) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    type Manage = <Db as Connection>::TransactionManager;
    let begin = match (&mut *db, purpose) {
        (Db::Sqlite(file), Purpose::Write) => {
            AnsiTransactionManager::begin_transaction_sql(file, "BEGIN IMMEDIATE")
        }
        (Db::Sqlite(file), Purpose::Read) => {
            AnsiTransactionManager::begin_transaction_sql(file, "BEGIN")
        }
        (Db::Postgres(server), Purpose::Write) => {
            AnsiTransactionManager::begin_transaction_sql(server, "BEGIN")
        }
        (Db::Postgres(server), Purpose::Read) => AnsiTransactionManager::begin_transaction_sql(
            server,
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        ),
    };
    begin?;
    let locked = match (&mut *db, purpose) {
        (Db::Postgres(server), Purpose::Write) => server
            .batch_execute(
                "SELECT pg_advisory_xact_lock(hashtext('domesday'), hashtext(current_schema()))",
            )
            .map_err(StoreError::from),
        _ => Ok(()),
    };
    let done = locked.and_then(|()| body(db)).and_then(|value| {
        Manage::commit_transaction(db)?;
        Ok(value)
    });
    if done.is_err() {
        // The first fault is the one to tell; a connection that cannot roll back is thrown away by the pool.
        let _ = Manage::rollback_transaction(db);
    }
    done
}
