//! What a reader says: the good rows, and every fault by its cell.

use serde::{Deserialize, Serialize};

use crate::register::{Change, Reference};

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ImportKind {
    /// ERIC site table, workbook or CSV, any year.
    Eric,
    /// ODS GP practices.
    Epraccur,
    /// ODS branch surgeries.
    Ebranchs,
    /// ODS trust sites.
    Ets,
    /// ODS trusts.
    Etr,
    /// Patients registered at a GP practice.
    GpPatients,
    /// Postcode to point.
    Postcodes,
    /// LSOA need table.
    Zones,
    /// LSOA polygons.
    ZoneOutlines,
    /// Borough polygons.
    BoroughOutlines,
    /// PLACE site scores.
    Place,
    /// Surplus Land return.
    SurplusLand,
    /// A spreadsheet of the user's own, of sites, through a column mapping.
    Sites,
    /// A spreadsheet of the user's own, of tenancies, through a column mapping.
    Tenancies,
    /// Utilisation surveys.
    Observations,
}

/// A cell the reader could not accept, addressed as a spreadsheet user would.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, thiserror::Error,
)]
#[error("{file}{}, row {row}, column {column:?}: {value:?} is not {expected}", sheet.as_ref().map(|s| format!(", sheet {s:?}")).unwrap_or_default())]
pub struct Fault {
    /// As the user named it.
    pub file: String,
    /// For workbooks.
    pub sheet: Option<String>,
    /// As the file numbers them, the first line being 1; 0 for the file as a whole.
    pub row: u64,
    /// Header as published, or the column's letter where there is none; empty for a whole row.
    pub column: String,
    /// The cell as written, cut at 200 characters.
    pub value: String,
    /// What would have been accepted, as a noun phrase.
    pub expected: String,
}

/// A reference set read from a file: its canonical bytes go to the store, its description into the change-set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReferenceSet {
    /// What it is.
    pub reference: Reference,
    /// Canonical bytes; `reference.hash` is their SHA-256.
    pub bytes: Vec<u8>,
}

/// What one file says: all that was good, and all that was bad.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reading {
    /// Statements about the estate, in file order.
    pub changes: Vec<Change>,
    /// Reference sets.
    pub references: Vec<ReferenceSet>,
    /// Cells that were not accepted.
    pub faults: Vec<Fault>,
    /// Rows of data seen, good or bad, subtotals left out.
    pub rows: u64,
    /// Remarks that are not faults: `12 subtotal rows left out`.
    pub notes: Vec<String>,
}

/// What an import did, for terminal, JSON and CSV alike.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ImportReport {
    /// What was imported.
    pub kind: ImportKind,
    /// Files, as named by the user.
    pub files: Vec<String>,
    /// Rows of data seen.
    pub rows: u64,
    /// Statements that alter the register.
    pub changes: u64,
    /// Statements that say what the register already knew.
    pub unchanged: u64,
    /// Register version made; `None` where nothing changed.
    pub version: Option<u64>,
    /// Every fault.
    pub faults: Vec<Fault>,
    /// Remarks.
    pub notes: Vec<String>,
}
