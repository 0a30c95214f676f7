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

/// A figure that cannot be one of its kind.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{key}.{part} is {found}, which is not {wanted}")]
pub struct BadFigure {
    /// The figure's key.
    pub key: String,
    /// `value`, `low` or `high`.
    pub part: &'static str,
    /// As given.
    pub found: f64,
    /// A noun phrase.
    pub wanted: &'static str,
}

impl Assumption {
    /// What of it cannot be: a share above 1, a price below nothing, a range that does not hold its value.
    pub fn fault(&self, key: &str) -> Option<BadFigure> {
        let (least, most, wanted) = match self.unit.as_str() {
            "month" => (1.0, 12.0, "a month from 1 (April) to 12 (March)"),
            "correlation" => (0.0, 0.999, "a number from 0 to 0.999"),
            unit if unit.starts_with("share") => (0.0, 1.0, "a share from 0 to 1"),
            unit if unit.starts_with("1 yes") => (0.0, 1.0, "1 for yes or 0 for no"),
            unit if unit.starts_with('£') => (0.0, f64::MAX, "an amount of at least £0"),
            _ => (0.0, f64::MAX, "a number of at least 0"),
        };
        let parts = [("value", Some(self.value)), ("low", self.low), ("high", self.high)];
        let bad = |part, found, wanted| BadFigure { key: key.to_owned(), part, found, wanted };
        for (part, number) in parts {
            let Some(found) = number else { continue };
            if !(least..=most).contains(&found) {
                return Some(bad(part, found, wanted));
            }
        }
        if let Some(low) = self.low.filter(|low| *low > self.value) {
            return Some(bad("low", low, "a number of at most the value"));
        }
        let high = self.high.filter(|high| *high < self.value)?;
        Some(bad("high", high, "a number of at least the value"))
    }
}

impl Assumptions {
    /// The first figure that cannot be, by key.
    pub fn fault(&self) -> Option<BadFigure> {
        self.figures.iter().find_map(|(key, figure)| figure.fault(key))
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(unit: &str, value: f64, low: Option<f64>, high: Option<f64>) -> Assumption {
        Assumption {
            value,
            low,
            high,
            unit: unit.to_owned(),
            words: "words".to_owned(),
            source: "test".to_owned(),
            as_of: NaiveDate::default(),
            mark: Mark::FromMemory,
        }
    }

    #[test]
    fn a_retention_above_one_a_price_below_nothing_and_a_range_upside_down_are_named_by_key_and_part()
     {
        for (key, bad, part) in [
            ("retention.trust", figure("share", 1.01, None, None), "value"),
            ("retention.trust", figure("share", 0.5, None, Some(1.2)), "high"),
            ("retention.trust", figure("share", f64::NAN, None, None), "value"),
            ("sale.promotion_gbp", figure("£", -1.0, None, None), "value"),
            ("time.receipt_month", figure("month", 13.0, None, None), "value"),
            ("lease.notice_years", figure("years", 2.0, Some(3.0), None), "low"),
            ("lease.notice_years", figure("years", 2.0, None, Some(1.0)), "high"),
        ] {
            let fault = bad.fault(key).unwrap();
            assert_eq!((fault.key.as_str(), fault.part), (key, part), "{fault:?}");
        }
        assert_eq!(figure("share", 1.0, Some(0.0), Some(1.0)).fault("retention.trust"), None);
    }
}
