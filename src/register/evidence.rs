//! Where a value came from. Unknown is a value: never zero, never a pass, never silently filled.

use std::sync::Arc;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// Who says so, how they know, and when it was true. Shared by every value of one file column.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Evidence {
    /// The publication, file or person: `ERIC 2024/25 site data`, `A. Officer, site visit`.
    pub source: String,
    /// How it was measured or derived: `as returned by the trust`, `postcode, live, ONSPD 2025-11`.
    pub method: String,
    /// The day it was true; the last day of a reporting year.
    pub as_of: NaiveDate,
}

/// Why there is no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// No source has spoken of it.
    NotSupplied,
    /// The source left the cell empty.
    Blank,
    /// The source says `No Data Provided` or the like.
    NoDataProvided,
    /// The source says `Not Applicable` where a value could exist.
    NotApplicable,
    /// The source gave something that could not be read; the import report names the cell.
    Unreadable,
    /// Somebody looked and could not tell.
    NotAssessed,
    /// An input it is worked out from is unknown.
    InputUnknown,
}

impl Why {
    /// All reasons, in the order they are declared.
    pub const ALL: [Self; 7] = [
        Self::NotSupplied,
        Self::Blank,
        Self::NoDataProvided,
        Self::NotApplicable,
        Self::Unreadable,
        Self::NotAssessed,
        Self::InputUnknown,
    ];

    /// In the reader's words.
    pub fn label(self) -> &'static str {
        match self {
            Self::NotSupplied => "not supplied",
            Self::Blank => "left blank",
            Self::NoDataProvided => "no data provided",
            Self::NotApplicable => "not applicable",
            Self::Unreadable => "could not be read",
            Self::NotAssessed => "not assessed",
            Self::InputUnknown => "an input is unknown",
        }
    }
}

/// A value with its evidence, or the reason there is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value<T> {
    /// What is known and how.
    Known {
        /// The value.
        value: T,
        /// Source, method and date.
        evidence: Arc<Evidence>,
    },
    /// Nothing is known.
    Unknown {
        /// Why not.
        why: Why,
    },
}

impl<T> Value<T> {
    /// A known value.
    pub fn known(value: T, evidence: &Arc<Evidence>) -> Self {
        Self::Known { value, evidence: Arc::clone(evidence) }
    }

    /// An unknown one.
    pub fn unknown(why: Why) -> Self {
        Self::Unknown { why }
    }

    /// The value, where there is one.
    pub fn get(&self) -> Option<&T> {
        match self {
            Self::Known { value, .. } => Some(value),
            Self::Unknown { .. } => None,
        }
    }

    /// The evidence, where there is a value.
    pub fn evidence(&self) -> Option<&Arc<Evidence>> {
        match self {
            Self::Known { evidence, .. } => Some(evidence),
            Self::Unknown { .. } => None,
        }
    }

    /// Whether there is a value.
    pub fn is_known(&self) -> bool {
        matches!(self, Self::Known { .. })
    }

    /// The same evidence for a value worked out from this one.
    pub fn map<U>(self, derive: impl FnOnce(T) -> U) -> Value<U> {
        match self {
            Self::Known { value, evidence } => Value::Known { value: derive(value), evidence },
            Self::Unknown { why } => Value::Unknown { why },
        }
    }
}
