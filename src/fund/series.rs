//! Dated index series: what real terms are turned into nominal terms with.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::LineKind;
use crate::register::Mark;

/// An index by financial year.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// `GDP deflator`.
    pub name: String,
    /// Document, or who chose it.
    pub source: String,
    /// When it was published.
    pub as_of: NaiveDate,
    /// How far it was checked.
    pub mark: Mark,
    /// Level by financial year, by the calendar year it starts in; any base. Without gaps.
    pub points: BTreeMap<i32, f64>,
    /// Growth a year beyond the last point, as a share.
    pub growth_after: f64,
}

/// What is wrong with a series: field, what was found, what was wanted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} is {found}, expected {wanted}")]
pub struct SeriesFault {
    /// `points.2028`.
    pub field: String,
    /// As found.
    pub found: String,
    /// A noun phrase.
    pub wanted: String,
}

impl Series {
    /// Refuses a series with a gap, without points, or with a level that is not above zero.
    pub fn check(&self) -> Result<(), SeriesFault> {
        let fault = |field: String, found: &str, wanted: &str| {
            Err(SeriesFault { field, found: found.to_owned(), wanted: wanted.to_owned() })
        };
        if !(-0.5..=0.5).contains(&self.growth_after) {
            let found = self.growth_after.to_string();
            return fault("growth_after".to_owned(), &found, "a share between -0.5 and 0.5");
        }
        let mut before: Option<i32> = None;
        for (year, level) in &self.points {
            if let Some(missing) = before.map(|before| before + 1).filter(|next| next != year) {
                let wanted = "a level for every year between the first and the last";
                return fault(format!("points.{missing}"), "missing", wanted);
            }
            if !(level.is_finite() && *level > 0.0) {
                let found = level.to_string();
                return fault(format!("points.{year}"), &found, "a level above zero");
            }
            before = Some(*year);
        }
        if before.is_none() {
            return fault("points".to_owned(), "empty", "at least one year and its level");
        }
        Ok(())
    }

    /// Level of a year: its point, beyond the last by the growth stated; `None` before the first.
    pub fn level(&self, year: i32) -> Option<f64> {
        let (last, level) = self.points.last_key_value()?;
        if year > *last {
            return Some(level * (1.0 + self.growth_after).powi(year - last));
        }
        self.points.get(&year).copied()
    }

    /// What a pound of `base`'s prices is in those of `year`.
    pub fn factor(&self, base: i32, year: i32) -> Option<f64> {
        Some(self.level(year)? / self.level(base)?)
    }
}

/// The series a ledger is inflated with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Indices {
    /// General prices.
    pub deflator: Series,
    /// Building works.
    pub build_cost: Series,
}

impl Indices {
    /// Which series a kind of line follows: works follow building costs, all else general prices.
    pub fn of(&self, kind: LineKind) -> &Series {
        match kind {
            LineKind::Works
            | LineKind::BacklogWorks
            | LineKind::WorksVat
            | LineKind::Demolition
            | LineKind::Dilapidations
            | LineKind::DoMinimum
            | LineKind::BacklogAvoided => &self.build_cost,
            _ => &self.deflator,
        }
    }
}
