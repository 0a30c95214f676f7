//! What is kept beside runs, whole and for good: programmes of a run, and lists of local priorities. A new list replaces
//! an old one by being newer.

use chrono::NaiveDateTime;
use diesel::dsl::max;
use diesel::prelude::*;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::connection::Db;
use super::digest::{self, Digest, GENESIS, signed, unsigned};
use super::schema::document;
use super::{RunId, Scope, Store, StoreError, append};
use crate::scenario::priorities::PriorityList;
use crate::scenario::programme::Programme;

/// Number of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DocumentId(pub u64);

super::number_in_words!(DocumentId);

/// A document as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentHeader {
    /// Number.
    pub id: DocumentId,
    /// Of which run, for a programme.
    pub run: Option<RunId>,
    /// Who made it.
    pub author: String,
    /// When, UTC.
    pub at: NaiveDateTime,
    /// In words.
    pub title: String,
    /// SHA-256 over the document before and all of this one.
    pub hash: String,
}

const PROGRAMME: &str = "programme";
const PRIORITIES: &str = "priorities";

/// A document's JSON at most.
const LARGEST_BODY: u64 = 1 << 30;

impl Store {
    /// Keeps a programme of a run for good.
    pub fn save_programme(
        &self,
        _scope: &Scope,
        run: RunId,
        programme: &Programme,
    ) -> Result<DocumentId, StoreError> {
        let row = Row::of_programme(run, programme)?;
        self.write(|db| insert(db, row))
    }

    /// A programme, whole, and the run it is of.
    pub fn programme(
        &self,
        _scope: &Scope,
        id: DocumentId,
    ) -> Result<(RunId, Programme), StoreError> {
        let row = self.document(PROGRAMME, id)?;
        let run =
            row.run.ok_or_else(|| StoreError::damaged(format!("programme {id} has no run")))?;
        Ok((RunId(unsigned(run, "a run's number")?), row.read()?))
    }

    /// Programmes of a run, newest first.
    pub fn programmes(
        &self,
        _scope: &Scope,
        run: RunId,
    ) -> Result<Vec<DocumentHeader>, StoreError> {
        let rows: Vec<HeadRow> = self.read(|db| {
            let of = document::table
                .filter(document::kind.eq(PROGRAMME))
                .filter(document::run.eq(signed(run.0)));
            Ok(of.order(document::id.desc()).select(HEAD).load(db)?)
        })?;
        rows.into_iter().map(header_of).collect()
    }

    /// Keeps a list of priorities as the newest.
    pub fn save_priorities(
        &self,
        scope: &Scope,
        list: &PriorityList,
        title: &str,
        at: NaiveDateTime,
    ) -> Result<DocumentId, StoreError> {
        let row = Row::new(PRIORITIES, None, scope.principal(), at, title, list)?;
        self.write(|db| insert(db, row))
    }

    /// The newest list of priorities; none where none was ever kept.
    pub fn priorities(
        &self,
        _scope: &Scope,
    ) -> Result<Option<(DocumentHeader, PriorityList)>, StoreError> {
        let row: Option<Row> = self.read(|db| {
            let of = document::table.filter(document::kind.eq(PRIORITIES));
            Ok(of.order(document::id.desc()).first(db).optional()?)
        })?;
        let Some(row) = row else { return Ok(None) };
        let header = header_of((
            row.id,
            row.run,
            row.author.clone(),
            row.at,
            row.title.clone(),
            row.hash.clone(),
        ))?;
        Ok(Some((header, row.read()?)))
    }

    fn document(&self, kind: &str, id: DocumentId) -> Result<Row, StoreError> {
        let row: Option<Row> = self.read(|db| {
            let found = document::table
                .filter(document::id.eq(signed(id.0)))
                .filter(document::kind.eq(kind));
            Ok(found.first(db).optional()?)
        })?;
        row.ok_or(StoreError::NoSuchDocument(id))
    }
}

/// As stored; also what a copy moves.
#[derive(Debug, Clone, Queryable)]
pub(super) struct Row {
    pub(super) id: i64,
    kind: String,
    run: Option<i64>,
    author: String,
    at: NaiveDateTime,
    title: String,
    body: Vec<u8>,
    pub(super) previous_hash: String,
    pub(super) hash: String,
}

impl Row {
    pub(super) fn of_programme(run: RunId, programme: &Programme) -> Result<Self, StoreError> {
        let Programme { author, at, name, .. } = programme;
        Self::new(PROGRAMME, Some(run), author, *at, name, programme)
    }

    fn new(
        kind: &str,
        run: Option<RunId>,
        author: &str,
        at: NaiveDateTime,
        title: &str,
        body: &impl Serialize,
    ) -> Result<Self, StoreError> {
        let json = serde_json::to_vec(body).map_err(|fault| {
            StoreError::damaged(format!("a document that has no JSON: {fault}"))
        })?;
        Ok(Self {
            id: 0,
            kind: kind.to_owned(),
            run: run.map(|run| signed(run.0)),
            author: author.to_owned(),
            at: digest::whole_micros(at),
            title: title.to_owned(),
            body: digest::gzip(&json),
            previous_hash: String::new(),
            hash: String::new(),
        })
    }

    fn plain(&self) -> Result<Vec<u8>, StoreError> {
        digest::gunzip(&self.body, LARGEST_BODY, &format!("document {}", self.id))
    }

    fn read<T: DeserializeOwned>(&self) -> Result<T, StoreError> {
        serde_json::from_slice(&self.plain()?)
            .map_err(|fault| StoreError::damaged(format!("document {}: {fault}", self.id)))
    }

    /// Over every column but the two hashes; the body as plain bytes.
    pub(super) fn content(&self) -> Result<String, StoreError> {
        let body = self.plain()?;
        let mut digest = Digest::default();
        digest.text(&self.kind).optional(self.run).text(&self.author).time(self.at);
        Ok(digest.text(&self.title).bytes(&body).hex())
    }
}

/// Adds the row as the newest document.
pub(super) fn insert(db: &mut Db, mut row: Row) -> Result<DocumentId, StoreError> {
    let newest: Option<i64> = document::table.select(max(document::id)).first(db)?;
    let newest = newest.unwrap_or_default();
    row.previous_hash = match newest {
        0 => GENESIS.to_owned(),
        _ => document::table.filter(document::id.eq(newest)).select(document::hash).first(db)?,
    };
    row.id = newest.saturating_add(1);
    let id = unsigned(row.id, "a document's number")?;
    row.hash = append::link(&row.previous_hash, id, &row.content()?);
    put(db, &row)?;
    Ok(DocumentId(id))
}

/// Writes the row as it is.
pub(super) fn put(db: &mut Db, row: &Row) -> Result<(), StoreError> {
    let values = (
        document::id.eq(row.id),
        document::kind.eq(&row.kind),
        document::run.eq(row.run),
        document::author.eq(&row.author),
        document::at.eq(row.at),
        document::title.eq(&row.title),
        document::body.eq(row.body.as_slice()),
        document::previous_hash.eq(&row.previous_hash),
        document::hash.eq(&row.hash),
    );
    diesel::insert_into(document::table).values(values).execute(db)?;
    Ok(())
}

/// The next row after this number.
pub(super) fn after(db: &mut Db, id: i64) -> Result<Option<Row>, StoreError> {
    Ok(document::table.filter(document::id.gt(id)).order(document::id).first(db).optional()?)
}

type HeadRow = (i64, Option<i64>, String, NaiveDateTime, String, String);

type HeadColumns =
    (document::id, document::run, document::author, document::at, document::title, document::hash);

const HEAD: HeadColumns =
    (document::id, document::run, document::author, document::at, document::title, document::hash);

fn header_of(row: HeadRow) -> Result<DocumentHeader, StoreError> {
    let (id, run, author, at, title, hash) = row;
    let what = "a document's number";
    let run = run.map(|run| unsigned(run, what)).transpose()?.map(RunId);
    Ok(DocumentHeader { id: DocumentId(unsigned(id, what)?), run, author, at, title, hash })
}
