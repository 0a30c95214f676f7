//! Looking back: the list of versions, one of them whole, and what was ever said of a thing.

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::connection::Db;
use super::digest::{signed, unsigned};
use super::schema::{change, change_set, evidence};
use super::statement::{self, SITE, TENANCY};
use super::{ChangeSetHeader, Scope, Store, StoreError, append};
use crate::register::{
    Change, ChangeSet, ChangeSetId, Evidence, Field, Scalar, SiteCode, TenancyId, Value,
};

/// What one version said of something.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement<T> {
    /// The version that said it.
    pub by: Arc<ChangeSetHeader>,
    /// What it said.
    pub said: T,
}

impl Store {
    /// The number of the newest version; 0 where nothing was ever said.
    pub fn newest_version(&self, _scope: &Scope) -> Result<ChangeSetId, StoreError> {
        self.read(append::newest_version)
    }

    /// The newest versions, newest first, at most `limit`.
    pub fn change_sets(
        &self,
        _scope: &Scope,
        limit: usize,
    ) -> Result<Vec<ChangeSetHeader>, StoreError> {
        let rows: Vec<HeaderRow> = self.read(|db| {
            let newest = change_set::table.select(HEADER).order(change_set::id.desc());
            Ok(newest.limit(signed(limit as u64)).load(db)?)
        })?;
        rows.into_iter().map(header_of).collect()
    }

    /// One version with all it says, grouped by what it speaks of.
    pub fn change_set(&self, _scope: &Scope, id: ChangeSetId) -> Result<ChangeSet, StoreError> {
        self.read_together(|db| {
            let number = signed(id);
            let row: Option<HeaderRow> = change_set::table
                .filter(change_set::id.eq(number))
                .select(HEADER)
                .first(db)
                .optional()?;
            let Some(row) = row else {
                let newest = append::newest_version(db)?;
                return Err(StoreError::NoSuchVersion { asked: id, newest });
            };
            let evidence = evidence_of(db, &[number])?.remove(&number).unwrap_or_default();
            let rows: Vec<(String, String, String)> = change::table
                .filter(change::change_set.eq(number))
                .order(change::seq)
                .select((change::subject, change::code, change::body))
                .load(db)?;
            let mut changes = Vec::new();
            for (subject, code, body) in &rows {
                statement::decode(subject, code, body, &evidence, &mut changes)?;
            }
            let ChangeSetHeader { id, author, at, source, reason, .. } = header_of(row)?;
            Ok(ChangeSet { id, author, at, source, reason, changes })
        })
    }

    /// Each version that spoke of a field of a site, oldest first. A survey is not a field: see [`Store::said_of`].
    pub fn history(
        &self,
        scope: &Scope,
        code: &SiteCode,
        field: Field,
    ) -> Result<Vec<Statement<Value<Scalar>>>, StoreError> {
        let said = self.said_of(scope, code)?;
        Ok(said.into_iter().flat_map(|said| of_field(said, field)).collect())
    }

    /// Each version that spoke of a field of a tenancy, oldest first.
    pub fn tenancy_history(
        &self,
        scope: &Scope,
        id: &TenancyId,
        field: Field,
    ) -> Result<Vec<Statement<Value<Scalar>>>, StoreError> {
        let said = self.said_of_tenancy(scope, id)?;
        Ok(said.into_iter().flat_map(|said| of_field(said, field)).collect())
    }

    /// All that was ever said of a site, oldest first: fields and surveys.
    pub fn said_of(
        &self,
        _scope: &Scope,
        code: &SiteCode,
    ) -> Result<Vec<Statement<Vec<Change>>>, StoreError> {
        self.read_together(|db| said_of(db, SITE, code.as_str()))
    }

    /// All that was ever said of a tenancy, oldest first.
    pub fn said_of_tenancy(
        &self,
        _scope: &Scope,
        id: &TenancyId,
    ) -> Result<Vec<Statement<Vec<Change>>>, StoreError> {
        self.read_together(|db| said_of(db, TENANCY, id.as_str()))
    }
}

fn of_field(
    statement: Statement<Vec<Change>>,
    wanted: Field,
) -> impl Iterator<Item = Statement<Value<Scalar>>> {
    let Statement { by, said } = statement;
    said.into_iter().filter_map(move |change| match change {
        Change::Site { field, value, .. } | Change::Tenancy { field, value, .. }
            if field == wanted =>
        {
            Some(Statement { by: Arc::clone(&by), said: value })
        }
        _ => None,
    })
}

fn said_of(
    db: &mut Db,
    subject: &str,
    code: &str,
) -> Result<Vec<Statement<Vec<Change>>>, StoreError> {
    let rows: Vec<(i64, String)> = change::table
        .filter(change::code.eq(code))
        .filter(change::subject.eq(subject))
        .order(change::change_set)
        .select((change::change_set, change::body))
        .load(db)?;
    let numbers: Vec<i64> = rows.iter().map(|(number, _)| *number).collect();
    let evidence = evidence_of(db, &numbers)?;
    let headers = headers_of(db, &numbers)?;
    let mut statements = Vec::with_capacity(rows.len());
    for (number, body) in rows {
        let by = headers
            .get(&number)
            .ok_or_else(|| StoreError::damaged(format!("version {number} has no header")))?;
        let evidence = evidence.get(&number).map_or(&[][..], Vec::as_slice);
        let mut said = Vec::new();
        statement::decode(subject, code, &body, evidence, &mut said)?;
        statements.push(Statement { by: Arc::clone(by), said });
    }
    Ok(statements)
}

/// SQLite bounds the length of a list in a query.
const NUMBERS_AT_ONCE: usize = 1_000;

fn evidence_of(
    db: &mut Db,
    numbers: &[i64],
) -> Result<BTreeMap<i64, Vec<Arc<Evidence>>>, StoreError> {
    let mut by_set: BTreeMap<i64, Vec<Arc<Evidence>>> = BTreeMap::new();
    for numbers in numbers.chunks(NUMBERS_AT_ONCE) {
        let rows: Vec<(i64, String, String, NaiveDate)> = evidence::table
            .filter(evidence::change_set.eq_any(numbers))
            .order((evidence::change_set, evidence::seq))
            .select((evidence::change_set, evidence::source, evidence::method, evidence::as_of))
            .load(db)?;
        for (set, source, method, as_of) in rows {
            by_set.entry(set).or_default().push(Arc::new(Evidence { source, method, as_of }));
        }
    }
    Ok(by_set)
}

fn headers_of(
    db: &mut Db,
    numbers: &[i64],
) -> Result<BTreeMap<i64, Arc<ChangeSetHeader>>, StoreError> {
    let mut headers = BTreeMap::new();
    for numbers in numbers.chunks(NUMBERS_AT_ONCE) {
        let rows: Vec<HeaderRow> =
            change_set::table.filter(change_set::id.eq_any(numbers)).select(HEADER).load(db)?;
        for row in rows {
            headers.insert(row.0, Arc::new(header_of(row)?));
        }
    }
    Ok(headers)
}

pub(super) type HeaderRow = (i64, String, NaiveDateTime, String, String, i64, String);

pub(super) type HeaderColumns = (
    change_set::id,
    change_set::author,
    change_set::at,
    change_set::source,
    change_set::reason,
    change_set::changes,
    change_set::hash,
);

pub(super) const HEADER: HeaderColumns = (
    change_set::id,
    change_set::author,
    change_set::at,
    change_set::source,
    change_set::reason,
    change_set::changes,
    change_set::hash,
);

pub(super) fn header_of(row: HeaderRow) -> Result<ChangeSetHeader, StoreError> {
    let (id, author, at, source, reason, changes, hash) = row;
    Ok(ChangeSetHeader {
        id: unsigned(id, "a version")?,
        author,
        at,
        source,
        reason,
        changes: unsigned(changes, "a count of changes")?,
        hash,
    })
}
