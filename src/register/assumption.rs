//! Planning assumptions: named, sourced figures that may stand in for unknowns, and nothing else may.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// How far an assumption was checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// Seen in a published text.
    Verified,
    /// Computed from verified figures.
    Computed,
    /// From memory: an editable default, labelled so wherever it is used.
    FromMemory,
}

/// One figure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Assumption {
    /// The central value, in `unit`.
    pub value: f64,
    /// Low end, if a range is stated.
    pub low: Option<f64>,
    /// High end.
    pub high: Option<f64>,
    /// `£/m²`, `share`, `years`, `m²/person`.
    pub unit: String,
    /// What it stands for, in words.
    pub words: String,
    /// Document, or who chose it.
    pub source: String,
    /// When it was true.
    pub as_of: NaiveDate,
    /// How far it was checked.
    pub mark: Mark,
}

/// A named set. A scenario pins one and may override single figures; keys are dotted: `works.light.gbp_per_m2`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Assumptions {
    /// `London planning defaults 2026`.
    pub name: String,
    /// The figures by key.
    pub figures: BTreeMap<String, Assumption>,
}

/// A figure a calculation needs and the set does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the assumption set {set:?} has no figure {key:?}")]
pub struct MissingAssumption {
    /// Name of the set.
    pub set: String,
    /// Key asked for.
    pub key: String,
}

impl Assumptions {
    /// The figure, or which one is missing.
    pub fn figure(&self, key: &str) -> Result<&Assumption, MissingAssumption> {
        self.figures
            .get(key)
            .ok_or_else(|| MissingAssumption { set: self.name.clone(), key: key.to_owned() })
    }

    /// The central value.
    pub fn value(&self, key: &str) -> Result<f64, MissingAssumption> {
        Ok(self.figure(key)?.value)
    }
}
