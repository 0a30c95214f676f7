//! Access standards: each version is the whole list, and none is ever altered. Version 0 is what ships.

use chrono::NaiveDateTime;
use diesel::dsl::max;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::connection::Db;
use super::digest::{self, Digest, GENESIS, signed, unsigned};
use super::schema::standards;
use super::{Scope, Store, StoreError, append};
use crate::access::Standard;
use crate::config;

/// A version of the standards.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StandardsVersion {
    /// 0 is what ships.
    pub version: u64,
    /// Who made it.
    pub author: String,
    /// When, UTC; what ships has no moment.
    pub at: Option<NaiveDateTime>,
    /// Why.
    pub reason: String,
    /// All of them, in force or not.
    pub standards: Vec<Standard>,
}

impl StandardsVersion {
    fn shipped() -> Result<Self, StoreError> {
        let standards =
            config::standards().map_err(|fault| StoreError::damaged(fault.to_string()))?;
        Ok(Self {
            version: 0,
            author: "domesday".to_owned(),
            at: None,
            reason: "as shipped".to_owned(),
            standards,
        })
    }

    /// Those in force on a day, in their order.
    pub fn in_force(&self, day: chrono::NaiveDate) -> Vec<Standard> {
        self.standards.iter().filter(|standard| standard.is_in_force(day)).cloned().collect()
    }
}

impl Store {
    /// The newest standards.
    pub fn standards(&self, _scope: &Scope) -> Result<StandardsVersion, StoreError> {
        let newest: Option<Row> = self
            .read(|db| Ok(standards::table.order(standards::id.desc()).first(db).optional()?))?;
        newest.map_or_else(StandardsVersion::shipped, Row::version)
    }

    /// The standards as they were.
    pub fn standards_at(
        &self,
        scope: &Scope,
        version: u64,
    ) -> Result<StandardsVersion, StoreError> {
        if version == 0 {
            return StandardsVersion::shipped();
        }
        let found: Option<Row> = self.read(|db| {
            let of = standards::table.filter(standards::id.eq(signed(version)));
            Ok(of.first(db).optional()?)
        })?;
        if let Some(row) = found {
            row.version()
        } else {
            let newest = self.standards(scope)?.version;
            Err(StoreError::NoSuchStandards { asked: version, newest })
        }
    }

    /// Every version, newest first, what ships last.
    pub fn standards_history(&self, _scope: &Scope) -> Result<Vec<StandardsVersion>, StoreError> {
        let rows: Vec<Row> =
            self.read(|db| Ok(standards::table.order(standards::id.desc()).load(db)?))?;
        let shipped = StandardsVersion::shipped();
        rows.into_iter().map(Row::version).chain([shipped]).collect()
    }

    /// Makes the next version, unless nothing is changed; whoever decided on an older one is told so.
    pub fn save_standards(
        &self,
        scope: &Scope,
        (author, at, reason): (&str, NaiveDateTime, &str),
        expected: u64,
        list: &[Standard],
    ) -> Result<u64, StoreError> {
        let held = self.standards(scope)?;
        if held.version == expected && held.standards == list {
            return Ok(expected);
        }
        let body = serde_json::to_string(list).map_err(|fault| {
            StoreError::damaged(format!("standards that have no JSON: {fault}"))
        })?;
        self.write(|db| {
            let newest: Option<i64> = standards::table.select(max(standards::id)).first(db)?;
            let newest = newest.unwrap_or_default();
            let found = unsigned(newest, "a version of the standards")?;
            if found != expected {
                return Err(StoreError::StandardsConflict { expected, found });
            }
            let previous_hash = if newest == 0 {
                GENESIS.to_owned()
            } else {
                let of = standards::table.filter(standards::id.eq(newest));
                of.select(standards::hash).first(db)?
            };
            let mut row = Row {
                id: newest.saturating_add(1),
                author: author.to_owned(),
                at: digest::whole_micros(at),
                reason: reason.to_owned(),
                body,
                previous_hash,
                hash: String::new(),
            };
            let id = unsigned(row.id, "a version of the standards")?;
            row.hash = append::link(&row.previous_hash, id, &row.content());
            put(db, &row)?;
            Ok(id)
        })
    }
}

/// As stored; also what a copy moves.
#[derive(Debug, Clone, Queryable)]
pub(super) struct Row {
    pub(super) id: i64,
    author: String,
    at: NaiveDateTime,
    reason: String,
    body: String,
    pub(super) previous_hash: String,
    pub(super) hash: String,
}

impl Row {
    /// Over every column but the number and the two hashes.
    pub(super) fn content(&self) -> String {
        let mut digest = Digest::default();
        digest.text(&self.author).time(self.at).text(&self.reason).text(&self.body).hex()
    }

    fn version(self) -> Result<StandardsVersion, StoreError> {
        let standards = serde_json::from_str(&self.body).map_err(|fault| {
            StoreError::damaged(format!("version {} of the standards: {fault}", self.id))
        })?;
        Ok(StandardsVersion {
            version: unsigned(self.id, "a version of the standards")?,
            author: self.author,
            at: Some(self.at),
            reason: self.reason,
            standards,
        })
    }
}

/// Writes the row as it is.
pub(super) fn put(db: &mut Db, row: &Row) -> Result<(), StoreError> {
    let values = (
        standards::id.eq(row.id),
        standards::author.eq(&row.author),
        standards::at.eq(row.at),
        standards::reason.eq(&row.reason),
        standards::body.eq(&row.body),
        standards::previous_hash.eq(&row.previous_hash),
        standards::hash.eq(&row.hash),
    );
    diesel::insert_into(standards::table).values(values).execute(db)?;
    Ok(())
}

/// The next version after this number.
pub(super) fn after(db: &mut Db, id: i64) -> Result<Option<Row>, StoreError> {
    let next = standards::table.filter(standards::id.gt(id)).order(standards::id);
    Ok(next.first(db).optional()?)
}
