//! What a reader says: the good rows, and every fault by its cell.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::read::MOST_FAULTS;
use crate::register::{Change, Reference};
use crate::travel::Mode;

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
    /// The access checklist, filled in: a row an item and site.
    Checklist,
    /// Street networks from an `.osm.pbf` map, and the minutes they give.
    Streets,
    /// Minutes by public transport from a GTFS timetable.
    Timetable,
    /// Minutes from a router.
    TravelMatrix,
    /// Minutes worked out again from the streets and the timetable kept.
    TravelAgain,
}

impl ImportKind {
    /// Every kind that is a table to import, in the order help lists them. What travel times are made of has a door of
    /// its own, with questions a table does not raise.
    pub const ALL: [Self; 16] = [
        Self::Eric,
        Self::Epraccur,
        Self::Ebranchs,
        Self::Ets,
        Self::Etr,
        Self::GpPatients,
        Self::Postcodes,
        Self::Zones,
        Self::ZoneOutlines,
        Self::BoroughOutlines,
        Self::Place,
        Self::SurplusLand,
        Self::Sites,
        Self::Tenancies,
        Self::Observations,
        Self::Checklist,
    ];

    /// The name on the command line, in the API and in stored reports.
    pub fn key(self) -> &'static str {
        match self {
            Self::Eric => "eric",
            Self::Epraccur => "epraccur",
            Self::Ebranchs => "ebranchs",
            Self::Ets => "ets",
            Self::Etr => "etr",
            Self::GpPatients => "gp-patients",
            Self::Postcodes => "postcodes",
            Self::Zones => "zones",
            Self::ZoneOutlines => "zone-outlines",
            Self::BoroughOutlines => "borough-outlines",
            Self::Place => "place",
            Self::SurplusLand => "surplus-land",
            Self::Sites => "sites",
            Self::Tenancies => "tenancies",
            Self::Observations => "observations",
            Self::Checklist => "checklist",
            Self::Streets => "streets",
            Self::Timetable => "timetable",
            Self::TravelMatrix => "travel-matrix",
            Self::TravelAgain => "travel-again",
        }
    }

    /// The name on pages.
    pub fn label(self) -> &'static str {
        match self {
            Self::Eric => "ERIC site data",
            Self::Epraccur => "GP practices (ODS epraccur)",
            Self::Ebranchs => "Branch surgeries (ODS ebranchs)",
            Self::Ets => "Trust sites (ODS ets)",
            Self::Etr => "Trusts (ODS etr)",
            Self::GpPatients => "Patients registered at a GP practice",
            Self::Postcodes => "Postcodes",
            Self::Zones => "Zones (LSOA need table)",
            Self::ZoneOutlines => "Zone outlines",
            Self::BoroughOutlines => "Borough outlines",
            Self::Place => "PLACE site scores",
            Self::SurplusLand => "Surplus Land return",
            Self::Sites => "Sites, your own spreadsheet",
            Self::Tenancies => "Tenancies, your own spreadsheet",
            Self::Observations => "Utilisation surveys, your own spreadsheet",
            Self::Checklist => "Access checklist, filled in",
            Self::Streets => "Travel times by street",
            Self::Timetable => "Travel times by timetable",
            Self::TravelMatrix => "Travel times from a router",
            Self::TravelAgain => "Travel times worked out again",
        }
    }
}

impl fmt::Display for ImportKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.key())
    }
}

impl FromStr for ImportKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let known = |kind: &Self| kind.key().eq_ignore_ascii_case(text);
        Self::ALL.into_iter().find(known).ok_or_else(|| {
            format!("{text:?} is not one of {}", Self::ALL.map(Self::key).join(", "))
        })
    }
}

/// A cell the reader could not accept, addressed as a spreadsheet user would.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
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

impl std::error::Error for Fault {}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(sheet) = &self.sheet {
            write!(f, ", sheet {sheet:?}")?;
        }
        if self.row == 0 && self.value.is_empty() {
            return write!(f, " is not {}", self.expected);
        }
        if self.row == 0 {
            return write!(f, ": found {}, expected {}", self.value, self.expected);
        }
        write!(f, ", row {}", self.row)?;
        if !self.column.is_empty() {
            write!(f, ", column {:?}", self.column)?;
        }
        write!(f, ": {:?} is not {}", self.value, self.expected)
    }
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
    /// Places off the street networks, of travel times made by street.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub off_network: Vec<OffNetwork>,
}

impl ImportReport {
    /// Why nothing was kept, in a sentence; `None` where something was, or where all was known already.
    pub fn refused(&self) -> Option<String> {
        let first =
            self.faults.first().filter(|_| self.version.is_none() && self.unchanged == 0)?;
        let further = match self.faults.len() - 1 {
            0 => String::new(),
            1 => "; and 1 further fault, in the report".to_owned(),
            others if others < MOST_FAULTS => {
                format!("; and {others} further faults, all in the report")
            }
            _ => format!("; and more, the first {MOST_FAULTS} in the report"),
        };
        Some(format!("Nothing was kept. {first}{further}"))
    }
}

/// A zone or site that a street network does not reach, or only from afar.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OffNetwork {
    /// For whom the network is.
    pub mode: Mode,
    /// Zone or site code.
    pub code: String,
    /// Straight-line metres to its nearest street, which are told and not travelled; `None` beyond 10 km.
    pub metres: Option<f64>,
    /// Whether that is near enough for its minutes to be computed.
    pub is_placed: bool,
    /// Its street is on a part cut off from the rest.
    pub is_on_island: bool,
}
