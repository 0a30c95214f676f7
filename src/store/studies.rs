//! Studies: what runs were asked about themselves, kept for good beside them.

use chrono::NaiveDateTime;
use diesel::dsl::max;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::connection::Db;
use super::digest::{self, Digest, GENESIS, signed, unsigned};
use super::schema::study;
use super::{RunId, Scope, Store, StoreError, append};
use crate::scenario::{Study, StudyQuestion};

/// Number of a study.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StudyId(pub u64);

super::number_in_words!(StudyId);

/// A study as a list shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StudyHeader {
    /// Number.
    pub id: StudyId,
    /// The run it is about.
    pub run: RunId,
    /// `why`, `why_site`, `frontier`, `portfolio` or `survey`.
    pub kind: String,
    /// The scenario's name.
    pub name: String,
    /// Who asked.
    pub author: String,
    /// When, UTC.
    pub at: NaiveDateTime,
    /// Wall seconds.
    pub seconds: f64,
}

/// A study's JSON at most.
const LARGEST_BODY: u64 = 1 << 30;

impl Store {
    /// Keeps a study for good.
    pub fn save_study(&self, _scope: &Scope, study: &Study) -> Result<StudyId, StoreError> {
        let row = Row::of(study)?;
        self.write(|db| insert(db, row))
    }

    /// A study, whole.
    pub fn study(&self, _scope: &Scope, id: StudyId) -> Result<Study, StoreError> {
        let body: Option<Vec<u8>> = self.read(|db| {
            let found = study::table.filter(study::id.eq(signed(id.0))).select(study::body);
            Ok(found.first(db).optional()?)
        })?;
        let body = body.ok_or(StoreError::NoSuchStudy(id))?;
        let what = format!("study {id}");
        let json = digest::gunzip(&body, LARGEST_BODY, &what)?;
        serde_json::from_slice(&json)
            .map_err(|fault| StoreError::damaged(format!("{what}: {fault}")))
    }

    /// The studies of a run, newest first.
    pub fn studies(&self, _scope: &Scope, run: RunId) -> Result<Vec<StudyHeader>, StoreError> {
        let rows: Vec<HeadRow> = self.read(|db| {
            let of_run = study::table.filter(study::run.eq(signed(run.0)));
            Ok(of_run.order(study::id.desc()).select(HEAD).load(db)?)
        })?;
        rows.into_iter().map(header_of).collect()
    }
}

/// As stored; also what a copy moves.
#[derive(Debug, Clone, Queryable)]
pub(super) struct Row {
    pub(super) id: i64,
    run: i64,
    kind: String,
    name: String,
    author: String,
    at: NaiveDateTime,
    seconds: f64,
    body: Vec<u8>,
    pub(super) previous_hash: String,
    pub(super) hash: String,
}

impl Row {
    pub(super) fn of(study: &Study) -> Result<Self, StoreError> {
        let json = serde_json::to_vec(study)
            .map_err(|fault| StoreError::damaged(format!("a study that has no JSON: {fault}")))?;
        let kind = match study.question {
            StudyQuestion::Why => "why",
            StudyQuestion::WhySite { .. } => "why_site",
            StudyQuestion::Frontier { .. } => "frontier",
            StudyQuestion::Portfolio { .. } => "portfolio",
            StudyQuestion::Survey => "survey",
        };
        Ok(Self {
            id: 0,
            run: signed(study.run),
            kind: kind.to_owned(),
            name: study.name.clone(),
            author: study.author.clone(),
            at: digest::whole_micros(study.at),
            seconds: study.seconds,
            body: digest::gzip(&json),
            previous_hash: String::new(),
            hash: String::new(),
        })
    }

    /// Over every column but the two hashes; the body as plain bytes.
    pub(super) fn content(&self) -> Result<String, StoreError> {
        let body = digest::gunzip(&self.body, LARGEST_BODY, &format!("study {}", self.id))?;
        let mut digest = Digest::default();
        digest.number(self.run).text(&self.kind).text(&self.name).text(&self.author);
        Ok(digest.time(self.at).real(self.seconds).bytes(&body).hex())
    }
}

/// Adds the row as the newest study.
pub(super) fn insert(db: &mut Db, mut row: Row) -> Result<StudyId, StoreError> {
    let newest: Option<i64> = study::table.select(max(study::id)).first(db)?;
    let newest = newest.unwrap_or_default();
    row.previous_hash = match newest {
        0 => GENESIS.to_owned(),
        _ => study::table.filter(study::id.eq(newest)).select(study::hash).first(db)?,
    };
    row.id = newest.saturating_add(1);
    let id = unsigned(row.id, "a study's number")?;
    row.hash = append::link(&row.previous_hash, id, &row.content()?);
    put(db, &row)?;
    Ok(StudyId(id))
}

/// Writes the row as it is.
pub(super) fn put(db: &mut Db, row: &Row) -> Result<(), StoreError> {
    let values = (
        study::id.eq(row.id),
        study::run.eq(row.run),
        study::kind.eq(&row.kind),
        study::name.eq(&row.name),
        study::author.eq(&row.author),
        study::at.eq(row.at),
        study::seconds.eq(row.seconds),
        study::body.eq(row.body.as_slice()),
        study::previous_hash.eq(&row.previous_hash),
        study::hash.eq(&row.hash),
    );
    diesel::insert_into(study::table).values(values).execute(db)?;
    Ok(())
}

/// The next row after this number.
pub(super) fn after(db: &mut Db, id: i64) -> Result<Option<Row>, StoreError> {
    Ok(study::table.filter(study::id.gt(id)).order(study::id).first(db).optional()?)
}

type HeadRow = (i64, i64, String, String, String, NaiveDateTime, f64);

type HeadColumns =
    (study::id, study::run, study::kind, study::name, study::author, study::at, study::seconds);

const HEAD: HeadColumns =
    (study::id, study::run, study::kind, study::name, study::author, study::at, study::seconds);

fn header_of(row: HeadRow) -> Result<StudyHeader, StoreError> {
    let (id, run, kind, name, author, at, seconds) = row;
    let what = "a number of a study";
    Ok(StudyHeader {
        id: StudyId(unsigned(id, what)?),
        run: RunId(unsigned(run, what)?),
        kind,
        name,
        author,
        at,
        seconds,
    })
}
