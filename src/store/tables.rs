//! Making the tables and bringing them up to date, from the migrations compiled in.

use diesel::backend::Backend;
use diesel::migration::{Migration, MigrationSource};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sqlite::Sqlite;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::connection::Db;
use super::{Store, StoreError, pool};

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

diesel::table! {
    #[sql_name = "__diesel_schema_migrations"]
    applied (version) {
        version -> Text,
        run_on -> Timestamp,
    }
}

type Cause = Box<dyn std::error::Error + Send + Sync>;

impl Store {
    /// Makes missing tables. Where nothing is missing it takes no lock, so opening never waits for an import.
    pub(super) fn migrate(&self) -> Result<(), StoreError> {
        if self.migrated().is_ok() {
            return Ok(());
        }
        let failed = |source: Cause| StoreError::Migration { place: self.place(), source };
        let mut db = self.0.writer.get().map_err(|fault| self.no_connection(fault))?;
        pool::in_transaction(&mut db, pool::Purpose::Write, |db| {
            match db {
                Db::Sqlite(db) => db.run_pending_migrations(SQLITE).map(drop),
                Db::Postgres(db) => db.run_pending_migrations(POSTGRES).map(drop),
            }
            .map_err(failed)
        })?;
        drop(db);
        self.migrated()
    }

    /// Whether the tables are exactly those this program knows.
    pub(super) fn migrated(&self) -> Result<(), StoreError> {
        let (applied, known) = self.read(|db| {
            let applied: Vec<String> = applied::table.select(applied::version).load(db)?;
            Ok((applied, known(db)))
        })?;
        let known =
            known.map_err(|source| StoreError::Migration { place: self.place(), source })?;
        if let Some(newer) = applied.iter().find(|version| !known.contains(version)) {
            return Err(StoreError::NewerTables { place: self.place(), migration: newer.clone() });
        }
        match known.iter().find(|version| !applied.contains(version)) {
            Some(missing) => Err(StoreError::Migration {
                place: self.place(),
                source: format!("migration {missing} is missing").into(),
            }),
            None => Ok(()),
        }
    }
}

fn known(db: &Db) -> Result<Vec<String>, Cause> {
    match db {
        Db::Sqlite(_) => versions::<Sqlite>(&SQLITE),
        Db::Postgres(_) => versions::<Pg>(&POSTGRES),
    }
}

fn versions<DB: Backend>(source: &impl MigrationSource<DB>) -> Result<Vec<String>, Cause> {
    let migrations = source.migrations()?;
    Ok(migrations.iter().map(|migration| migration.name().version().to_string()).collect())
}
