//! Access standards in the user's words, and how an estate meets them.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::register::ServiceLine;
use crate::travel::Mode;

/// For whom a standard is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// All residents.
    Everyone,
    /// Disabled residents, reaching only sites that pass every must-pass gate.
    StepFree,
    /// Households without a car.
    NoCar,
    /// Residents aged 65 or over.
    Aged65,
    /// Residents of the most deprived fifth (IMD deciles 1 and 2).
    MostDeprivedFifth,
}

/// How far is too far. Exactly at the limit is inside.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// Travel time.
    Minutes(f64),
    /// Straight-line distance.
    Metres(f64),
}

/// Part of the country.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Area {
    /// Every zone in the register.
    All,
    /// An integrated care board, by NHS code.
    Icb(String),
    /// A local authority, by GSS code.
    Borough(String),
}

/// One standard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Standard {
    /// Stable key, `gp_walk_20`.
    pub key: String,
    /// In the user's words.
    pub words: String,
    /// Which care.
    pub service_line: ServiceLine,
    /// How people travel.
    pub mode: Mode,
    /// How far.
    pub limit: Limit,
    /// The share of the group that must be inside, 0 to 1.
    pub share: f64,
    /// For whom.
    pub group: Group,
    /// Assessed for each borough of this area, and for the area.
    pub area: Area,
    /// From when.
    pub from: NaiveDate,
    /// Document, or who chose it.
    pub source: String,
    /// Policy, or a planning choice of the user's.
    pub is_policy: bool,
}

/// Whether a standard is met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Met whatever the unknowns turn out to be.
    Pass,
    /// Missed whatever the unknowns turn out to be.
    Fail,
    /// The unknowns decide.
    Undetermined,
}

/// A standard in one area. `within + beyond + undetermined == people`, to the person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AreaAssessment {
    /// Where.
    pub area: Area,
    /// Its name.
    pub name: String,
    /// People of the group.
    pub people: u64,
    /// Surely within the limit.
    pub within: u64,
    /// Surely beyond it.
    pub beyond: u64,
    /// Within or beyond as unknowns (gates not surveyed) decide.
    pub undetermined: u64,
    /// People-weighted mean minutes to the nearest surely passing site, of those with one in reach.
    pub mean_minutes: Option<f64>,
    /// People-weighted 90th centile of the same.
    pub p90_minutes: Option<f64>,
    /// Whether `share` is reached.
    pub verdict: Verdict,
}

/// A standard over all its areas.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Assessment {
    /// The standard.
    pub standard: Standard,
    /// Who made the minutes, as [`crate::travel::Maker`] words it.
    pub travel: String,
    /// The whole area.
    pub total: AreaAssessment,
    /// Each borough in it, by code; sums to `total`.
    pub boroughs: Vec<AreaAssessment>,
    /// By IMD decile 1 (most deprived) to 10, then unknown: people, within, beyond, undetermined.
    pub deciles: Vec<(Option<u8>, u64, u64, u64, u64)>,
}
