//! The register in memory: folded from the change-sets, shared by readers, swapped when a version is made.

use std::collections::BTreeMap;
use std::sync::{Arc, MutexGuard, PoisonError, TryLockError};

use diesel::prelude::*;

use super::append::newest_version;
use super::connection::Db;
use super::digest::{self, signed, unsigned};
use super::schema::{change, evidence, reference_set};
use super::{Scope, Store, StoreError, statement};
use crate::geography::{Geography, SiteIndex};
use crate::register::{ChangeSet, ChangeSetId, Evidence, Reference, ReferenceKind, Register};

/// Earlier versions kept ready: a page that compares two, or a run's own version, asks more than once.
const EARLIER_KEPT: usize = 4;
/// A reference set's plain bytes at most; England's postcodes are a tenth of it.
const LARGEST_REFERENCE: u64 = 1 << 30;
/// Rows in memory at once while replaying.
const ROWS_AT_ONCE: i64 = 20_000;

/// A register at a version, with the places it is read with. Immutable: hold it as long as you like.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// Sites and tenancies.
    pub register: Arc<Register>,
    /// Postcodes, zones and outlines of this version.
    pub geography: Arc<Geography>,
    /// Located sites by place.
    pub index: Arc<SiteIndex>,
}

impl Store {
    /// The newest version. Waits for no writer: a version being written is not there yet, and while another thread
    /// folds a new one in, this answers with the one before.
    pub fn snapshot(&self, _scope: &Scope) -> Result<Arc<Snapshot>, StoreError> {
        let Some(held) = self.0.latest.load_full() else { return self.fold_newer() };
        // Another process may have made a version. If the database does not say, what is held still answers.
        let newest = self.read(newest_version);
        match newest {
            Ok(newest) if newest > held.register.version => match self.0.folding.try_lock() {
                Ok(guard) => self.fold_onto(&guard),
                Err(TryLockError::Poisoned(poisoned)) => self.fold_onto(&poisoned.into_inner()),
                Err(TryLockError::WouldBlock) => Ok(held),
            },
            Ok(_) => Ok(held),
            Err(fault) => {
                tracing::warn!(%fault, "answering from version {}", held.register.version);
                Ok(held)
            }
        }
    }

    /// The newest version there is at this moment, waiting for whoever folds it in: for a writer that tries again
    /// after a conflict, and would otherwise be answered with the version that conflicted.
    pub fn newest_snapshot(&self, _scope: &Scope) -> Result<Arc<Snapshot>, StoreError> {
        self.fold_newer()
    }

    /// An earlier version, replayed from the first.
    pub fn at_version(
        &self,
        scope: &Scope,
        version: ChangeSetId,
    ) -> Result<Arc<Snapshot>, StoreError> {
        let newest = self.snapshot(scope)?;
        if newest.register.version == version {
            return Ok(newest);
        }
        if version > newest.register.version {
            let newest = newest.register.version;
            return Err(StoreError::NoSuchVersion { asked: version, newest });
        }
        let kept = || self.0.earlier.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept().iter().find(|held| held.register.version == version).cloned();
        if let Some(found) = found {
            return Ok(found);
        }
        let earlier = self.read_together(|db| {
            let register = replay(db, Register::default(), version)?;
            complete(db, register, Some(&newest))
        })?;
        let earlier = Arc::new(earlier);
        let mut kept = kept();
        if kept.len() >= EARLIER_KEPT {
            kept.remove(0);
        }
        kept.push(Arc::clone(&earlier));
        Ok(earlier)
    }

    /// After a version was made here: the next reader finds it in memory.
    pub(super) fn remember(&self, set: ChangeSet) {
        let _folding = self.folding();
        let Some(held) = self.0.latest.load_full() else { return };
        if held.register.version.saturating_add(1) != set.id {
            return; // The next reader folds what lies between.
        }
        let register = Register::clone(&held.register).after([set]);
        let next = self.read(|db| complete(db, register, Some(&held)));
        match next {
            Ok(next) => self.0.latest.store(Some(Arc::new(next))),
            Err(fault) => tracing::warn!(%fault, "the new version is read again on demand"),
        }
    }

    fn folding(&self) -> MutexGuard<'_, ()> {
        self.0.folding.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fold_newer(&self) -> Result<Arc<Snapshot>, StoreError> {
        self.fold_onto(&self.folding())
    }

    fn fold_onto(&self, _folding: &MutexGuard<'_, ()>) -> Result<Arc<Snapshot>, StoreError> {
        let held = self.0.latest.load_full();
        let newest = self.read_together(|db| {
            let newest = newest_version(db)?;
            let base = match &held {
                Some(held) if held.register.version >= newest => return Ok(Arc::clone(held)),
                Some(held) => Register::clone(&held.register),
                None => Register::default(),
            };
            let register = replay(db, base, newest)?;
            complete(db, register, held.as_deref()).map(Arc::new)
        })?;
        self.0.latest.store(Some(Arc::clone(&newest)));
        Ok(newest)
    }
}

/// The newest version, built from nothing.
pub(super) fn replayed(db: &mut Db) -> Result<Snapshot, StoreError> {
    let newest = newest_version(db)?;
    let register = replay(db, Register::default(), newest)?;
    complete(db, register, None)
}

/// Folds the change-sets after the base's version up to and including `version` into it.
fn replay(db: &mut Db, base: Register, version: ChangeSetId) -> Result<Register, StoreError> {
    let after = signed(base.version);
    let upto = signed(version);
    let evidence = evidence_of(db, after, upto)?;
    let mut register = base;
    let mut from = (after, i64::MAX);
    loop {
        let rows: Vec<(i64, i64, String, String, String)> = change::table
            .filter(change::change_set.le(upto))
            .filter(change::change_set.ge(from.0))
            .filter(change::change_set.gt(from.0).or(change::seq.gt(from.1)))
            .order((change::change_set, change::seq))
            .limit(ROWS_AT_ONCE)
            .select((change::change_set, change::seq, change::subject, change::code, change::body))
            .load(db)?;
        let Some(last) = rows.last() else { break };
        from = (last.0, last.1);
        register = register.after(sets_of(&rows, &evidence)?);
    }
    register.version = version;
    Ok(register)
}

type EvidenceBySet = BTreeMap<i64, Vec<Arc<Evidence>>>;

fn evidence_of(db: &mut Db, after: i64, upto: i64) -> Result<EvidenceBySet, StoreError> {
    let rows: Vec<(i64, String, String, chrono::NaiveDate)> = evidence::table
        .filter(evidence::change_set.gt(after))
        .filter(evidence::change_set.le(upto))
        .order((evidence::change_set, evidence::seq))
        .select((evidence::change_set, evidence::source, evidence::method, evidence::as_of))
        .load(db)?;
    let mut by_set = EvidenceBySet::new();
    for (set, source, method, as_of) in rows {
        by_set.entry(set).or_default().push(Arc::new(Evidence { source, method, as_of }));
    }
    Ok(by_set)
}

/// Rows, already in order, as change-sets of which only number and content matter here.
fn sets_of(
    rows: &[(i64, i64, String, String, String)],
    evidence: &EvidenceBySet,
) -> Result<Vec<ChangeSet>, StoreError> {
    let mut sets: Vec<ChangeSet> = Vec::new();
    for rows in rows.chunk_by(|a, b| a.0 == b.0) {
        let number = rows.first().map_or(0, |row| row.0);
        let evidence = evidence.get(&number).map_or(&[][..], Vec::as_slice);
        let mut changes = Vec::new();
        for (_, _, subject, code, body) in rows {
            statement::decode(subject, code, body, evidence, &mut changes)?;
        }
        sets.push(ChangeSet {
            id: unsigned(number, "a version")?,
            author: String::new(),
            at: chrono::NaiveDateTime::default(),
            source: String::new(),
            reason: String::new(),
            changes,
        });
    }
    Ok(sets)
}

/// Adds the places. What `near` has already decoded, and this version also uses, is shared.
fn complete(
    db: &mut Db,
    register: Register,
    near: Option<&Snapshot>,
) -> Result<Snapshot, StoreError> {
    let wanted = |kind| register.reference(kind);
    let shared =
        |kind: ReferenceKind| near.and_then(|near| near.register.reference(kind)) == wanted(kind);
    // A kind that this version does not use cannot be taken out of a geography: then it is built from nothing.
    let has_superfluous = near.is_some_and(|near| {
        ReferenceKind::ALL
            .into_iter()
            .any(|kind| wanted(kind).is_none() && near.register.reference(kind).is_some())
    });
    let (mut geography, is_shared) = match near {
        Some(near) if !has_superfluous => (Geography::clone(&near.geography), true),
        _ => (Geography::default(), false),
    };
    for kind in ReferenceKind::ALL {
        if let Some(reference) = wanted(kind)
            && !kind.is_read_on_demand()
            && !(is_shared && shared(kind))
        {
            let bytes = reference_bytes(db, reference)?;
            geography = geography.with(kind, &bytes, reference).map_err(|fault| {
                StoreError::damaged(format!("reference set {}: {fault}", reference.hash))
            })?;
        }
    }
    let index = Arc::new(SiteIndex::new(&register));
    Ok(Snapshot { register: Arc::new(register), geography: Arc::new(geography), index })
}

fn reference_bytes(db: &mut Db, reference: &Reference) -> Result<Vec<u8>, StoreError> {
    let row: Option<(i64, Vec<u8>)> = reference_set::table
        .filter(reference_set::hash.eq(&reference.hash))
        .select((reference_set::size, reference_set::body))
        .first(db)
        .optional()?;
    let (size, body) =
        row.ok_or_else(|| StoreError::NoSuchReference { hash: reference.hash.clone() })?;
    let most = unsigned(size, "a size")?.min(LARGEST_REFERENCE);
    digest::gunzip(&body, most, &format!("reference set {}", reference.hash))
}

impl Store {
    /// The plain bytes of a reference set, as imported.
    pub fn reference_set(
        &self,
        _scope: &Scope,
        reference: &Reference,
    ) -> Result<Vec<u8>, StoreError> {
        self.read(|db| reference_bytes(db, reference))
    }
}
