//! Walking everything that is kept, recomputing each hash from the rows themselves.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::append::{self, ChangeSetHeader};
use super::connection::Db;
use super::digest::{self, Digest, GENESIS, signed, unsigned};
use super::schema::{change, change_set, evidence, reference_set};
use super::{StoreError, document, imports, run, standards, studies, versions};
use crate::geography;

/// How much is kept, and a hash that is equal for equal content in either database.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contents {
    /// Versions of the register.
    pub versions: u64,
    /// Single statements in them.
    pub changes: u64,
    /// Reference sets.
    pub references: u64,
    /// Runs.
    pub runs: u64,
    /// Import reports.
    pub imports: u64,
    /// Versions of the access standards, besides what ships.
    #[serde(default)]
    pub standards: u64,
    /// Studies of runs.
    #[serde(default)]
    pub studies: u64,
    /// Programmes and lists of priorities.
    #[serde(default)]
    pub documents: u64,
    /// SHA-256 over all of it, lower-case hex.
    pub hash: String,
}

/// What a walk finds.
#[derive(Debug, Default)]
pub(super) struct Audit {
    pub(super) contents: Contents,
    /// Sentences: rows that are not what their hash says, links that do not meet.
    pub(super) faults: Vec<String>,
}

/// Walks everything. Call it where reads agree with one another.
pub(super) fn audit(db: &mut Db) -> Result<Audit, StoreError> {
    let mut audit = Audit::default();
    let mut digest = Digest::default();
    change_sets(db, &mut audit, &mut digest)?;
    reference_sets(db, &mut audit, &mut digest)?;
    let mut chain = Chain::new("run");
    while let Some(row) = run::after(db, chain.last)? {
        chain.follow(row.id, &row.previous_hash, &row.hash, row.content(), &mut audit.faults)?;
        digest.text("run").text(&row.hash);
        audit.contents.runs += 1;
    }
    let mut chain = Chain::new("import");
    while let Some(row) = imports::after(db, chain.last)? {
        chain.follow(row.id, &row.previous_hash, &row.hash, row.content(), &mut audit.faults)?;
        digest.text("import").text(&row.hash);
        audit.contents.imports += 1;
    }
    let mut chain = Chain::new("version of the standards");
    while let Some(row) = standards::after(db, chain.last)? {
        let content = Ok(row.content());
        chain.follow(row.id, &row.previous_hash, &row.hash, content, &mut audit.faults)?;
        digest.text("standards").text(&row.hash);
        audit.contents.standards += 1;
    }
    let mut chain = Chain::new("study");
    while let Some(row) = studies::after(db, chain.last)? {
        chain.follow(row.id, &row.previous_hash, &row.hash, row.content(), &mut audit.faults)?;
        digest.text("study").text(&row.hash);
        audit.contents.studies += 1;
    }
    let mut chain = Chain::new("document");
    while let Some(row) = document::after(db, chain.last)? {
        chain.follow(row.id, &row.previous_hash, &row.hash, row.content(), &mut audit.faults)?;
        digest.text("document").text(&row.hash);
        audit.contents.documents += 1;
    }
    audit.contents.hash = digest.hex();
    Ok(audit)
}

/// Numbers without gaps, each row naming the hash of the one before.
struct Chain {
    what: &'static str,
    last: i64,
    hash: String,
}

impl Chain {
    fn new(what: &'static str) -> Self {
        Self { what, last: 0, hash: GENESIS.to_owned() }
    }

    fn follow(
        &mut self,
        id: i64,
        previous: &str,
        hash: &str,
        content: Result<String, StoreError>,
        faults: &mut Vec<String>,
    ) -> Result<(), StoreError> {
        let what = self.what;
        if id != self.last.saturating_add(1) {
            faults.push(format!("{what} {} is missing", self.last.saturating_add(1)));
        }
        if previous != self.hash {
            faults.push(format!("{what} {id} does not follow {what} {}", self.last));
        }
        match content {
            Ok(content) if append::link(previous, unsigned(id, what)?, &content) == hash => {}
            Ok(_) => faults.push(format!("{what} {id} is not what its hash says")),
            Err(fault) => faults.push(fault.to_string()),
        }
        self.last = id;
        hash.clone_into(&mut self.hash);
        Ok(())
    }
}

fn change_sets(db: &mut Db, audit: &mut Audit, whole: &mut Digest) -> Result<(), StoreError> {
    let mut chain = Chain::new("version");
    while let Some((header, previous)) = header_after(db, chain.last)? {
        let id = signed(header.id);
        let mut digest = Digest::default();
        let ChangeSetHeader { author, at, source, reason, changes, .. } = &header;
        append::head_into(&mut digest, author, *at, source, reason, *changes);
        for said in evidence_of(db, id)? {
            append::evidence_into(&mut digest, &said.source, &said.method, &said.as_of.to_string());
        }
        let mut from = -1;
        loop {
            let rows = rows_after(db, id, from)?;
            let Some(last) = rows.last() else { break };
            from = last.seq;
            for row in &rows {
                append::row_into(&mut digest, &row.subject, &row.code, &row.body);
            }
        }
        chain.follow(id, &previous, &header.hash, Ok(digest.hex()), &mut audit.faults)?;
        whole.text("version").text(&header.hash);
        audit.contents.versions += 1;
        audit.contents.changes += header.changes;
    }
    Ok(())
}

fn reference_sets(db: &mut Db, audit: &mut Audit, whole: &mut Digest) -> Result<(), StoreError> {
    for hash in reference_hashes(db)? {
        let row = reference_row(db, &hash)?;
        let most = unsigned(row.size, "a size")?;
        let is_whole = digest::gunzip(&row.body, most, &hash)
            .is_ok_and(|plain| geography::sha256(&plain) == hash);
        if !is_whole {
            audit.faults.push(format!("reference set {hash} is not what its hash says"));
        }
        whole.text("reference").text(&hash);
        audit.contents.references += 1;
    }
    Ok(())
}

/// The next version after this number, and the hash it says it follows.
pub(super) fn header_after(
    db: &mut Db,
    id: i64,
) -> Result<Option<(ChangeSetHeader, String)>, StoreError> {
    let row: Option<(versions::HeaderRow, String)> = change_set::table
        .filter(change_set::id.gt(id))
        .order(change_set::id)
        .select((versions::HEADER, change_set::previous_hash))
        .first(db)
        .optional()?;
    row.map(|(header, previous)| Ok((versions::header_of(header)?, previous))).transpose()
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = evidence, treat_none_as_default_value = false)]
pub(super) struct EvidenceRow {
    change_set: i64,
    seq: i64,
    source: String,
    method: String,
    as_of: NaiveDate,
}

pub(super) fn evidence_of(db: &mut Db, id: i64) -> Result<Vec<EvidenceRow>, StoreError> {
    let of_set = evidence::table.filter(evidence::change_set.eq(id));
    Ok(of_set.order(evidence::seq).load(db)?)
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = change, treat_none_as_default_value = false)]
pub(super) struct ChangeRow {
    change_set: i64,
    pub(super) seq: i64,
    subject: String,
    code: String,
    body: String,
}

/// The next rows of a version after this sequence number, a batch at most.
pub(super) fn rows_after(db: &mut Db, id: i64, seq: i64) -> Result<Vec<ChangeRow>, StoreError> {
    let of_set = change::table.filter(change::change_set.eq(id)).filter(change::seq.gt(seq));
    Ok(of_set.order(change::seq).limit(signed(append::ROWS_AT_ONCE as u64)).load(db)?)
}

/// In byte order, whatever the database's collation.
pub(super) fn reference_hashes(db: &mut Db) -> Result<Vec<String>, StoreError> {
    let mut hashes: Vec<String> = reference_set::table.select(reference_set::hash).load(db)?;
    hashes.sort_unstable();
    Ok(hashes)
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = reference_set, treat_none_as_default_value = false)]
pub(super) struct ReferenceRow {
    hash: String,
    size: i64,
    body: Vec<u8>,
}

pub(super) fn reference_row(db: &mut Db, hash: &str) -> Result<ReferenceRow, StoreError> {
    Ok(reference_set::table.filter(reference_set::hash.eq(hash)).first(db)?)
}
