//! The one door for imports: read, compare, locate, and make one version of it all, or none.

use std::collections::BTreeSet;

use chrono::NaiveDateTime;

use super::locate::located;
use super::mapping::Mapping;
use super::references::{self, About};
use super::{Held, ImportKind, ImportReport, InputFile, Reading, read};
use crate::geography::{Geography, ReferenceFault};
use crate::register::{Change, Field, ReferenceKind, Register, SiteCode};
use crate::store::{Draft, ImportId, Scope, Snapshot, Store, StoreError};

/// What is to be imported, by whom and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// What the files are.
    pub kind: ImportKind,
    /// The files.
    pub files: Vec<InputFile>,
    /// Which column is which field, where the kind's own mapping does not fit.
    pub mapping: Option<Mapping>,
    /// What a reference set is and when it was true, where the file does not say.
    pub about: About,
    /// Take the good rows of a file with faults and record the rest.
    pub accept_faults: bool,
    /// Who imports.
    pub author: String,
    /// Why, in the author's words.
    pub reason: String,
    /// When, UTC.
    pub at: NaiveDateTime,
}

/// How far an import is.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress {
    /// 0 to 1, never falling within one import.
    pub share: f64,
    /// What is being done.
    pub message: String,
}

/// Why an import could not go on. A fault in a file is not an error: it is in the report.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The store could not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A reference set that was read cannot be read back: a fault of this program.
    #[error("a reference set could not be used")]
    Reference(#[from] ReferenceFault),
    /// Others kept changing the register meanwhile.
    #[error("the register was changed by others {attempts} times meanwhile; try again")]
    Contended {
        /// How often it was tried.
        attempts: u32,
    },
}

/// How often an import starts again because somebody else made a version meanwhile.
const ATTEMPTS: u32 = 8;

/// Imports files: all good rows become one version with the places they lead to, or nothing changes.
///
/// A file with faults changes nothing unless `accept_faults`; importing what the register already knows changes
/// nothing either, and the report's `version` is then `None`. The report is kept in the store in every case.
pub fn run(
    store: &Store,
    scope: &Scope,
    request: &Request,
    progress: &mut dyn FnMut(Progress),
) -> Result<ImportReport, ImportError> {
    run_numbered(store, scope, request, progress).map(|(_, report)| report)
}

/// The same, and the number the store keeps the report under.
pub fn run_numbered(
    store: &Store,
    scope: &Scope,
    request: &Request,
    progress: &mut dyn FnMut(Progress),
) -> Result<(ImportId, ImportReport), ImportError> {
    let mut furthest = 0.0_f64;
    let mut tell = |share: f64, message: &str| {
        furthest = furthest.max(share);
        progress(Progress { share: furthest, message: message.to_owned() });
    };
    for attempt in 0..ATTEMPTS {
        if attempt > 0 {
            // Whoever was first may still be publishing the version made.
            std::thread::sleep(std::time::Duration::from_millis(25 << attempt));
        }
        let snapshot = store.snapshot(scope)?;
        if let Some(kept) = attempt_on(&snapshot, store, scope, request, &mut tell)? {
            if kept.1.refused().is_none() {
                tell(1.0, "done");
            }
            return Ok(kept);
        }
    }
    Err(ImportError::Contended { attempts: ATTEMPTS })
}

/// The report, or nothing if the register moved on meanwhile.
fn attempt_on(
    snapshot: &Snapshot,
    store: &Store,
    scope: &Scope,
    request: &Request,
    tell: &mut dyn FnMut(f64, &str),
) -> Result<Option<(ImportId, ImportReport)>, ImportError> {
    tell(0.0, "reading");
    let held = Held {
        register: &snapshot.register,
        geography: &snapshot.geography,
        today: request.at.date(),
    };
    let reading = references::read(request.kind, &request.files, &request.about)
        .unwrap_or_else(|| read(request.kind, &request.files, request.mapping.as_ref(), &held));
    let mut report = report_of(request, &reading);
    if !reading.faults.is_empty() && !request.accept_faults {
        report.notes.push("Nothing was changed, because the file has faults.".to_owned());
        let id = store.save_import(scope, &request.author, request.at, &report)?;
        return Ok(Some((id, report)));
    }

    tell(0.4, &format!("comparing {} rows with the register", reading.rows));
    let news = News::of(reading, &snapshot.register, &snapshot.geography)?;
    tell(0.5, "locating");
    let mut found = located(&news.register, &news.geography);
    let concerned = news.concerned(&snapshot.register);
    found
        .unlocated
        .retain(|site| concerned.as_ref().is_none_or(|codes| codes.contains(&site.code)));
    report.notes.extend(found.notes(&news.geography));
    let mut changes = news.changes;
    changes.extend(found.changes);
    report.unchanged = news.unchanged;
    report.changes = changes.len() as u64;
    if changes.is_empty() {
        let id = store.save_import(scope, &request.author, request.at, &report)?;
        return Ok(Some((id, report)));
    }

    tell(0.6, &format!("writing {} changes", changes.len()));
    let draft = Draft {
        author: request.author.clone(),
        at: request.at,
        source: report.files.join(", "),
        reason: request.reason.clone(),
        changes,
        references: news.references,
    };
    match store.append_import(scope, draft, snapshot.register.version, &mut report) {
        Ok((_, id)) => Ok(Some((id, report))),
        Err(StoreError::Conflict { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn report_of(request: &Request, reading: &Reading) -> ImportReport {
    ImportReport {
        kind: request.kind,
        files: request.files.iter().map(|file| file.name.clone()).collect(),
        rows: reading.rows,
        changes: 0,
        unchanged: 0,
        version: None,
        faults: reading.faults.clone(),
        notes: reading.notes.clone(),
        off_network: Vec::new(),
    }
}

/// What a reading would alter, and the register and geography it would lead to.
struct News {
    changes: Vec<Change>,
    unchanged: u64,
    references: Vec<super::ReferenceSet>,
    register: Register,
    geography: Geography,
}

impl News {
    /// The sites whose place this import may have changed; `None` is all of them.
    fn concerned(&self, before: &Register) -> Option<BTreeSet<SiteCode>> {
        let mut codes = BTreeSet::new();
        for change in &self.changes {
            match change {
                Change::Reference(reference) if reference.kind == ReferenceKind::Postcodes => {
                    return None;
                }
                Change::Site { code, field, .. }
                    if matches!(field, Field::Postcode | Field::Uprn | Field::Location)
                        || before.site(code).is_none() =>
                {
                    codes.insert(code.clone());
                }
                _ => {}
            }
        }
        Some(codes)
    }

    fn of(
        reading: Reading,
        register: &Register,
        geography: &Geography,
    ) -> Result<Self, ReferenceFault> {
        let Reading { changes: mut wanted, references, .. } = reading;
        for set in &references {
            let change = Change::Reference(set.reference.clone());
            if !wanted.contains(&change) {
                wanted.push(change);
            }
        }
        let offered = wanted.len();
        let (changes, mut next) = register.news_reaching(wanted);
        next.version = register.version.saturating_add(1);
        let unchanged = offered.saturating_sub(changes.len()) as u64;

        let is_new = |hash: &str| {
            changes.iter().any(|change| matches!(change, Change::Reference(r) if r.hash == hash))
        };
        let references: Vec<_> =
            references.into_iter().filter(|set| is_new(&set.reference.hash)).collect();
        let mut reached = geography.clone();
        for set in &references {
            reached = reached.with(set.reference.kind, &set.bytes, &set.reference)?;
        }
        Ok(Self { changes, unchanged, references, register: next, geography: reached })
    }
}
