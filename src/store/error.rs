//! Why the store could not do it.

use std::error::Error;
use std::path::PathBuf;

use crate::register::{ChangeSetId, Field};

use super::{DocumentId, ImportId, JobId, RunId, StudyId};

type Cause = Box<dyn Error + Send + Sync>;

/// Why the store could not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The address names neither a SQLite file nor a PostgreSQL server.
    #[error(
        "the database address starts with {scheme:?}; it must be sqlite:PATH, a plain path, or postgres://…"
    )]
    UnknownAddress {
        /// What stands before the colon.
        scheme: String,
    },
    /// The SQLite file is not there.
    #[error("there is no database file {}", path.display())]
    NoSuchFile {
        /// As given.
        path: PathBuf,
    },
    /// The database does not answer.
    #[error("no connection to {place}")]
    NoConnection {
        /// Without password.
        place: String,
        /// As the driver says.
        source: Cause,
    },
    /// The tables could not be made or brought up to date.
    #[error("the tables of {place} could not be brought up to date")]
    Migration {
        /// Without password.
        place: String,
        /// As the driver says.
        source: Cause,
    },
    /// A newer program made the tables.
    #[error(
        "the tables of {place} were made by a newer version of this program (migration {migration})"
    )]
    NewerTables {
        /// Without password.
        place: String,
        /// The first one this program does not know.
        migration: String,
    },
    /// Somebody else made a version meanwhile: read again, decide again.
    #[error("the register is at version {found}, not {expected}: somebody changed it meanwhile")]
    Conflict {
        /// The version the change-set was made for.
        expected: ChangeSetId,
        /// The newest one.
        found: ChangeSetId,
    },
    /// A change-set without changes makes no version.
    #[error("nothing was changed, so there is no version to make")]
    NothingChanged,
    /// A value that does not fit its field.
    #[error("{code}: {found} is not a value of {field}")]
    WrongValue {
        /// Site or tenancy.
        code: String,
        /// Which field.
        field: Field,
        /// As given.
        found: String,
    },
    /// The bytes of a reference set are not those its hash names.
    #[error("the reference set {hash} holds other bytes than its hash says")]
    WrongHash {
        /// The hash claimed.
        hash: String,
    },
    /// A change speaks of a reference set whose bytes are neither here nor brought along.
    #[error("the reference set {hash} is not in the store")]
    NoSuchReference {
        /// The hash asked for.
        hash: String,
    },
    /// The version was never made.
    #[error("there is no version {asked}; the newest is {newest}")]
    NoSuchVersion {
        /// Asked for.
        asked: ChangeSetId,
        /// Newest.
        newest: ChangeSetId,
    },
    /// Somebody else changed the standards meanwhile.
    #[error(
        "the standards are at version {found}, not {expected}: somebody changed them meanwhile"
    )]
    StandardsConflict {
        /// The version the change was made for.
        expected: u64,
        /// The newest one.
        found: u64,
    },
    /// The version of the standards was never made.
    #[error("there is no version {asked} of the standards; the newest is {newest}")]
    NoSuchStandards {
        /// Asked for.
        asked: u64,
        /// Newest.
        newest: u64,
    },
    /// The run is not there.
    #[error("there is no run {0}")]
    NoSuchRun(RunId),
    /// The import report is not there.
    #[error("there is no import {0}")]
    NoSuchImport(ImportId),
    /// No study of that number.
    #[error("there is no study {0}")]
    NoSuchStudy(StudyId),
    /// The programme or list is not there.
    #[error("there is no programme {0}")]
    NoSuchDocument(DocumentId),
    /// The job is not there.
    #[error("there is no job {0}")]
    NoSuchJob(JobId),
    /// What is stored cannot be what was written.
    #[error("the database is damaged, or was written by another program: {what}")]
    Damaged {
        /// Where, and what.
        what: String,
    },
    /// A register is only ever copied into an empty database.
    #[error("{place} already holds a register")]
    NotEmpty {
        /// Without password.
        place: String,
    },
    /// A copy that is not equal was thrown away.
    #[error("the copy is not equal: {from} became {to}; nothing was kept")]
    CopyDiffers {
        /// Content hash of the source.
        from: String,
        /// Content hash of the copy.
        to: String,
    },
    /// A backup never overwrites.
    #[error("{} is already there", path.display())]
    AlreadyThere {
        /// As given.
        path: PathBuf,
    },
    /// A file could not be written.
    #[error("cannot write {}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// As the system says.
        source: std::io::Error,
    },
    /// The database refused.
    #[error("the database refused: {0}")]
    Database(#[source] Cause),
}

impl StoreError {
    pub(super) fn damaged(what: impl Into<String>) -> Self {
        Self::Damaged { what: what.into() }
    }
}

impl From<diesel::result::Error> for StoreError {
    fn from(fault: diesel::result::Error) -> Self {
        Self::Database(Box::new(fault))
    }
}
