//! Import reports, kept for good beside the versions they made.

use chrono::NaiveDateTime;
use diesel::dsl::max;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::connection::Db;
use super::digest::{self, Digest, GENESIS, signed, unsigned};
use super::schema::import;
use super::{Scope, Store, StoreError, append};
use crate::import::{ImportKind, ImportReport};
use crate::register::ChangeSetId;

/// Number of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ImportId(pub u64);

super::number_in_words!(ImportId);

/// An import as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportHeader {
    /// Number.
    pub id: ImportId,
    /// Who imported.
    pub author: String,
    /// When, UTC.
    pub at: NaiveDateTime,
    /// What was imported.
    pub kind: ImportKind,
    /// Files, as named by the user.
    pub files: Vec<String>,
    /// Register version made, if any.
    pub version: Option<ChangeSetId>,
    /// Rows of data seen.
    pub rows: u64,
    /// Statements that altered the register.
    pub changes: u64,
    /// Cells that were not accepted.
    pub faults: u64,
}

/// A report's JSON at most: a million faults fit.
const LARGEST_BODY: u64 = 1 << 30;

impl Store {
    /// Keeps the report of an import that made no version. One that did goes through [`Store::append_import`].
    pub fn save_import(
        &self,
        _scope: &Scope,
        author: &str,
        at: NaiveDateTime,
        report: &ImportReport,
    ) -> Result<ImportId, StoreError> {
        self.write(|db| insert(db, author, at, report))
    }

    /// A report, whole.
    pub fn import_report(&self, _scope: &Scope, id: ImportId) -> Result<ImportReport, StoreError> {
        let body: Option<Vec<u8>> = self.read(|db| {
            let found = import::table.filter(import::id.eq(signed(id.0))).select(import::body);
            Ok(found.first(db).optional()?)
        })?;
        let body = body.ok_or(StoreError::NoSuchImport(id))?;
        let what = format!("import {id}");
        let json = digest::gunzip(&body, LARGEST_BODY, &what)?;
        serde_json::from_slice(&json)
            .map_err(|fault| StoreError::damaged(format!("{what}: {fault}")))
    }

    /// The newest imports, newest first, at most `limit`.
    pub fn imports(&self, _scope: &Scope, limit: usize) -> Result<Vec<ImportHeader>, StoreError> {
        let rows: Vec<HeadRow> = self.read(|db| {
            let newest = import::table.order(import::id.desc()).select(HEAD);
            Ok(newest.limit(signed(limit as u64)).load(db)?)
        })?;
        rows.into_iter().map(header_of).collect()
    }
}

/// As stored; also what a copy moves.
#[derive(Debug, Clone, Queryable)]
pub(super) struct Row {
    pub(super) id: i64,
    author: String,
    at: NaiveDateTime,
    kind: String,
    files: String,
    version: Option<i64>,
    data_rows: i64,
    changes: i64,
    faults: i64,
    body: Vec<u8>,
    pub(super) previous_hash: String,
    pub(super) hash: String,
}

impl Row {
    /// Over every column but the two hashes; the body as plain bytes.
    pub(super) fn content(&self) -> Result<String, StoreError> {
        let body = digest::gunzip(&self.body, LARGEST_BODY, &format!("import {}", self.id))?;
        let mut digest = Digest::default();
        digest.text(&self.author).time(self.at).text(&self.kind).text(&self.files);
        digest.optional(self.version).number(self.data_rows);
        Ok(digest.number(self.changes).number(self.faults).bytes(&body).hex())
    }
}

/// Adds a report as the newest import.
pub(super) fn insert(
    db: &mut Db,
    author: &str,
    at: NaiveDateTime,
    report: &ImportReport,
) -> Result<ImportId, StoreError> {
    let json = |fault| StoreError::damaged(format!("a report that has no JSON: {fault}"));
    let newest: Option<i64> = import::table.select(max(import::id)).first(db)?;
    let newest = newest.unwrap_or_default();
    let previous_hash = match newest {
        0 => GENESIS.to_owned(),
        _ => import::table.filter(import::id.eq(newest)).select(import::hash).first(db)?,
    };
    let mut row = Row {
        id: newest.saturating_add(1),
        author: author.to_owned(),
        at: digest::whole_micros(at),
        kind: kind_key(report.kind)?,
        files: serde_json::to_string(&report.files).map_err(json)?,
        version: report.version.map(signed),
        data_rows: signed(report.rows),
        changes: signed(report.changes),
        faults: signed(report.faults.len() as u64),
        body: digest::gzip(&serde_json::to_vec(report).map_err(json)?),
        previous_hash,
        hash: String::new(),
    };
    let id = unsigned(row.id, "an import's number")?;
    row.hash = append::link(&row.previous_hash, id, &row.content()?);
    put(db, &row)?;
    Ok(ImportId(id))
}

/// Writes the row as it is.
pub(super) fn put(db: &mut Db, row: &Row) -> Result<(), StoreError> {
    let values = (
        import::id.eq(row.id),
        import::author.eq(&row.author),
        import::at.eq(row.at),
        import::kind.eq(&row.kind),
        import::files.eq(&row.files),
        import::version.eq(row.version),
        import::data_rows.eq(row.data_rows),
        import::changes.eq(row.changes),
        import::faults.eq(row.faults),
        import::body.eq(row.body.as_slice()),
        import::previous_hash.eq(&row.previous_hash),
        import::hash.eq(&row.hash),
    );
    diesel::insert_into(import::table).values(values).execute(db)?;
    Ok(())
}

/// The next row after this number.
pub(super) fn after(db: &mut Db, id: i64) -> Result<Option<Row>, StoreError> {
    Ok(import::table.filter(import::id.gt(id)).order(import::id).first(db).optional()?)
}

type HeadRow = (i64, String, NaiveDateTime, String, String, Option<i64>, i64, i64, i64);

type HeadColumns = (
    import::id,
    import::author,
    import::at,
    import::kind,
    import::files,
    import::version,
    import::data_rows,
    import::changes,
    import::faults,
);

const HEAD: HeadColumns = (
    import::id,
    import::author,
    import::at,
    import::kind,
    import::files,
    import::version,
    import::data_rows,
    import::changes,
    import::faults,
);

fn header_of(row: HeadRow) -> Result<ImportHeader, StoreError> {
    let (id, author, at, kind, files, version, rows, changes, faults) = row;
    let what = "a count of an import";
    let unreadable = |fault| StoreError::damaged(format!("import {id}: {fault}"));
    Ok(ImportHeader {
        id: ImportId(unsigned(id, what)?),
        author,
        at,
        kind: serde_json::from_value(kind.into()).map_err(unreadable)?,
        files: serde_json::from_str(&files).map_err(unreadable)?,
        version: version.map(|version| unsigned(version, what)).transpose()?,
        rows: unsigned(rows, what)?,
        changes: unsigned(changes, what)?,
        faults: unsigned(faults, what)?,
    })
}

/// The kind's stored word, which is its serde name.
fn kind_key(kind: ImportKind) -> Result<String, StoreError> {
    let word = serde_json::to_value(kind).ok();
    let word = word.as_ref().and_then(serde_json::Value::as_str);
    word.map(str::to_owned).ok_or_else(|| StoreError::damaged("a kind that is not a word"))
}
