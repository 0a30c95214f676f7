//! Writing a version.

use chrono::NaiveDateTime;
use diesel::dsl::max;
use diesel::prelude::*;

use super::connection::Db;
use super::digest::{self, Digest, GENESIS, signed, unsigned};
use super::schema::{change, change_set, evidence, reference_set};
use super::statement::{self, Encoded};
use super::{ImportId, Scope, Store, StoreError, imports};
use crate::geography;
use crate::import::{ImportReport, ReferenceSet};
use crate::register::{Change, ChangeSet, ChangeSetId};

/// Rows an INSERT carries: SQLite takes at most 32,766 parameters.
pub(super) const ROWS_AT_ONCE: usize = 2_000;

/// A version before it has a number.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// Who makes it.
    pub author: String,
    /// When, UTC; kept to the microsecond.
    pub at: NaiveDateTime,
    /// The file or form it comes from.
    pub source: String,
    /// Why, in the author's words.
    pub reason: String,
    /// What it says. A reference set brought along below need not be repeated here.
    pub changes: Vec<Change>,
    /// Bytes of the reference sets it speaks of, where the store may not hold them yet.
    pub references: Vec<ReferenceSet>,
}

/// A version without what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeSetHeader {
    /// Number; also the register version it made.
    pub id: ChangeSetId,
    /// Who made it.
    pub author: String,
    /// When, UTC.
    pub at: NaiveDateTime,
    /// The file or form it came from.
    pub source: String,
    /// Why.
    pub reason: String,
    /// Single statements in it.
    pub changes: u64,
    /// SHA-256 over the version before and all of this one, lower-case hex.
    pub hash: String,
}

impl Store {
    /// Makes the version after `expected_version`, whole or not at all.
    ///
    /// `Conflict` if that is no longer the newest: the caller reads the register again and decides again.
    pub fn append(
        &self,
        scope: &Scope,
        draft: Draft,
        expected_version: ChangeSetId,
    ) -> Result<ChangeSetHeader, StoreError> {
        self.append_with(scope, draft, expected_version, |_, _| Ok(())).map(|(header, ())| header)
    }

    /// The same, and the import's report in the same transaction; `report.version` is set to the version made.
    pub fn append_import(
        &self,
        scope: &Scope,
        draft: Draft,
        expected_version: ChangeSetId,
        report: &mut ImportReport,
    ) -> Result<(ChangeSetHeader, ImportId), StoreError> {
        let (author, at) = (draft.author.clone(), draft.at);
        self.append_with(scope, draft, expected_version, |db, header| {
            report.version = Some(header.id);
            imports::insert(db, &author, at, report)
        })
    }

    fn append_with<T>(
        &self,
        _scope: &Scope,
        draft: Draft,
        expected_version: ChangeSetId,
        also: impl FnOnce(&mut Db, &ChangeSetHeader) -> Result<T, StoreError>,
    ) -> Result<(ChangeSetHeader, T), StoreError> {
        let Draft { author, at, source, reason, changes, references } = draft;
        let set = ChangeSet {
            id: expected_version.saturating_add(1),
            author,
            at: digest::whole_micros(at),
            source,
            reason,
            changes: with_references(changes, &references),
        };
        if set.changes.is_empty() {
            return Err(StoreError::NothingChanged);
        }
        // All that can be done beforehand is, so that the one write lock is held for the inserts alone.
        let blobs = references.iter().map(Blob::pack).collect::<Result<Vec<_>, _>>()?;
        let encoded = statement::encode(&set.changes)?;
        let content = content_of(&set, &encoded);

        let (header, also) = self.write(|db| {
            let (newest, previous) = newest(db)?;
            if newest != expected_version {
                return Err(StoreError::Conflict { expected: expected_version, found: newest });
            }
            insert_blobs(db, &blobs)?;
            require_references(db, &set.changes)?;
            let header = insert(db, &set, &encoded, &previous, &content)?;
            let also = also(db, &header)?;
            Ok((header, also))
        })?;
        drop(encoded);
        self.remember(set);
        Ok((header, also))
    }
}

fn with_references(mut changes: Vec<Change>, references: &[ReferenceSet]) -> Vec<Change> {
    for set in references {
        let is_said = changes.iter().any(|change| {
            matches!(change, Change::Reference(said)
                if said.kind == set.reference.kind && said.hash == set.reference.hash)
        });
        if !is_said {
            changes.push(Change::Reference(set.reference.clone()));
        }
    }
    changes
}

/// Number and hash of the newest version.
pub(super) fn newest(db: &mut Db) -> Result<(ChangeSetId, String), StoreError> {
    let row: Option<(i64, String)> = change_set::table
        .select((change_set::id, change_set::hash))
        .order(change_set::id.desc())
        .first(db)
        .optional()?;
    match row {
        Some((id, hash)) => Ok((unsigned(id, "a version")?, hash)),
        None => Ok((0, GENESIS.to_owned())),
    }
}

/// Number of the newest version: the cheap question each reader asks.
pub(super) fn newest_version(db: &mut Db) -> Result<ChangeSetId, StoreError> {
    let newest: Option<i64> = change_set::table.select(max(change_set::id)).first(db)?;
    unsigned(newest.unwrap_or_default(), "a version")
}

/// What a version says, without its place in the chain.
fn content_of(set: &ChangeSet, encoded: &Encoded<'_>) -> String {
    let mut digest = Digest::default();
    head_into(&mut digest, &set.author, set.at, &set.source, &set.reason, set.changes.len() as u64);
    for evidence in &encoded.evidence {
        evidence_into(&mut digest, &evidence.source, &evidence.method, &evidence.as_of.to_string());
    }
    for row in &encoded.rows {
        row_into(&mut digest, row.subject, &row.code, &row.body);
    }
    digest.hex()
}

pub(super) fn head_into(
    digest: &mut Digest,
    author: &str,
    at: NaiveDateTime,
    source: &str,
    reason: &str,
    changes: u64,
) {
    digest.text(author).time(at).text(source).text(reason).number(signed(changes));
}

pub(super) fn evidence_into(digest: &mut Digest, source: &str, method: &str, as_of: &str) {
    digest.text("evidence").text(source).text(method).text(as_of);
}

pub(super) fn row_into(digest: &mut Digest, subject: &str, code: &str, body: &str) {
    digest.text(subject).text(code).text(body);
}

/// A link: the hash before, the number, and the content.
pub(super) fn link(previous: &str, id: u64, content: &str) -> String {
    Digest::default().text(previous).number(signed(id)).text(content).hex()
}

struct Blob<'a> {
    hash: &'a str,
    size: i64,
    body: Vec<u8>,
}

impl<'a> Blob<'a> {
    fn pack(set: &'a ReferenceSet) -> Result<Self, StoreError> {
        let hash = set.reference.hash.as_str();
        if geography::sha256(&set.bytes) != hash {
            return Err(StoreError::WrongHash { hash: hash.to_owned() });
        }
        let size = signed(set.bytes.len() as u64);
        Ok(Self { hash, size, body: digest::gzip(&set.bytes) })
    }
}

fn insert_blobs(db: &mut Db, blobs: &[Blob<'_>]) -> Result<(), StoreError> {
    for blob in blobs {
        if !holds(db, blob.hash)? {
            let row = (
                reference_set::hash.eq(blob.hash),
                reference_set::size.eq(blob.size),
                reference_set::body.eq(blob.body.as_slice()),
            );
            diesel::insert_into(reference_set::table).values(row).execute(db)?;
        }
    }
    Ok(())
}

fn require_references(db: &mut Db, changes: &[Change]) -> Result<(), StoreError> {
    for change in changes {
        if let Change::Reference(reference) = change
            && !holds(db, &reference.hash)?
        {
            return Err(StoreError::NoSuchReference { hash: reference.hash.clone() });
        }
    }
    Ok(())
}

fn holds(db: &mut Db, hash: &str) -> Result<bool, StoreError> {
    let count: i64 =
        reference_set::table.filter(reference_set::hash.eq(hash)).count().get_result(db)?;
    Ok(count > 0)
}

#[derive(Insertable)]
#[diesel(table_name = change, treat_none_as_default_value = false)]
struct ChangeRow<'a> {
    change_set: i64,
    seq: i64,
    subject: &'a str,
    code: &'a str,
    body: &'a str,
}

fn insert(
    db: &mut Db,
    set: &ChangeSet,
    encoded: &Encoded<'_>,
    previous: &str,
    content: &str,
) -> Result<ChangeSetHeader, StoreError> {
    let header = ChangeSetHeader {
        id: set.id,
        author: set.author.clone(),
        at: set.at,
        source: set.source.clone(),
        reason: set.reason.clone(),
        changes: set.changes.len() as u64,
        hash: link(previous, set.id, content),
    };
    let id = signed(set.id);
    let row = (
        change_set::id.eq(id),
        change_set::author.eq(&header.author),
        change_set::at.eq(header.at),
        change_set::source.eq(&header.source),
        change_set::reason.eq(&header.reason),
        change_set::changes.eq(signed(header.changes)),
        change_set::previous_hash.eq(previous),
        change_set::hash.eq(&header.hash),
    );
    diesel::insert_into(change_set::table).values(row).execute(db)?;
    for (seq, said) in (0_i64..).zip(&encoded.evidence) {
        let row = (
            evidence::change_set.eq(id),
            evidence::seq.eq(seq),
            evidence::source.eq(&said.source),
            evidence::method.eq(&said.method),
            evidence::as_of.eq(said.as_of),
        );
        diesel::insert_into(evidence::table).values(row).execute(db)?;
    }
    let mut rows = (0_i64..).zip(&encoded.rows).map(|(seq, row)| ChangeRow {
        change_set: id,
        seq,
        subject: row.subject,
        code: &row.code,
        body: &row.body,
    });
    loop {
        let batch: Vec<_> = rows.by_ref().take(ROWS_AT_ONCE).collect();
        if batch.is_empty() {
            return Ok(header);
        }
        let into = diesel::insert_into(change::table);
        match db {
            Db::Sqlite(db) => into.values(&batch).execute(db)?,
            Db::Postgres(db) => into.values(&batch).execute(db)?,
        };
    }
}
