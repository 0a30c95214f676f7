//! `data/standards/*.toml`: access standards.

use chrono::NaiveDate;
use serde::Deserialize;

use super::ConfigError;
use super::scores::{parse, wrong};
use crate::access::{Area, Centile, Group, Limit, Standard, centile_fault};
use crate::register::{ServiceLine, Word};
use crate::travel::Mode;

const FILE: &str = "data/standards/london.toml";
const SHIPPED: &str = include_str!("../../data/standards/london.toml");

/// The access standards that ship.
pub fn standards() -> Result<Vec<Standard>, ConfigError> {
    standards_from(FILE, SHIPPED)
}

/// Access standards of a user's file, in its order; `name` is for messages.
pub fn standards_from(name: &str, text: &str) -> Result<Vec<Standard>, ConfigError> {
    let Sheet { standard, .. } = parse(name, text)?;
    let mut standards: Vec<Standard> = Vec::with_capacity(standard.len());
    for (number, row) in (1..).zip(standard) {
        let standard = row.read(name, number)?;
        if standards.iter().any(|held| held.key == standard.key) {
            let key = format!("standard {number}, key");
            return Err(wrong(name, &key, &standard.key, "a key of its own"));
        }
        standards.push(standard);
    }
    Ok(standards)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sheet {
    standard: Vec<Row>,
    #[serde(default)]
    left_out: Vec<LeftOut>,
}

/// A standard that was looked at and does not ship.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeftOut {
    /// What it asks.
    pub words: String,
    /// Document.
    pub source: String,
    /// Why it does not ship.
    pub why: String,
}

/// The standards that were looked at and do not ship, each with why.
pub fn standards_left_out() -> Result<Vec<LeftOut>, ConfigError> {
    let Sheet { left_out, .. } = parse(FILE, SHIPPED)?;
    for (number, row) in (1..).zip(&left_out) {
        for (key, text) in [("words", &row.words), ("source", &row.source), ("why", &row.why)] {
            if text.trim().is_empty() {
                let key = format!("left_out {number}, {key}");
                return Err(wrong(FILE, &key, "nothing", "a sentence"));
            }
        }
    }
    Ok(left_out)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    key: String,
    words: String,
    service_line: String,
    mode: Mode,
    limit_metres: Option<f64>,
    limit_minutes: Option<f64>,
    centile: Option<u8>,
    share: f64,
    group: Group,
    area: String,
    from: NaiveDate,
    until: Option<NaiveDate>,
    source: String,
    is_policy: bool,
}

impl Row {
    fn read(self, file: &str, number: usize) -> Result<Standard, ConfigError> {
        let fault = |key: &str, found: &dyn ToString, wanted: &str| {
            wrong(file, &format!("standard {number}, {key}"), &found.to_string(), wanted)
        };
        let (limit, number) = match (self.limit_metres, self.limit_minutes) {
            (Some(metres), None) => (Limit::Metres(metres), metres),
            (None, Some(minutes)) => (Limit::Minutes(minutes), minutes),
            (None, None) => {
                return Err(fault("limit", &"nothing", "limit_metres or limit_minutes"));
            }
            (Some(_), Some(_)) => {
                return Err(fault("limit", &"two limits", "limit_metres or limit_minutes"));
            }
        };
        if let Some(words) = limit.fault() {
            // As it was typed: 1e308, and not its 309 digits.
            let wanted = words.trim_start_matches("is ");
            return Err(fault("limit", &format!("{number:?}"), wanted));
        }
        let number = self.centile.unwrap_or(Centile::Median.number());
        let centile = Centile::find(number).ok_or_else(|| fault("centile", &number, "50 or 90"))?;
        if let Some(words) = centile_fault(centile, self.mode, limit) {
            return Err(fault("centile", &number, &format!("usable here: it {words}")));
        }
        if !(self.share > 0.0 && self.share <= 1.0) {
            return Err(fault("share", &self.share, "a share above 0 and up to 1"));
        }
        let service_line = ServiceLine::find(&self.service_line).ok_or_else(|| {
            let wanted = format!("one of {}", ServiceLine::WORDS.join(", "));
            fault("service_line", &self.service_line, &wanted)
        })?;
        let area = Area::parse(&self.area)
            .ok_or_else(|| fault("area", &self.area, "all, icb:CODE, borough:CODE or ward:CODE"))?;
        if self.until.is_some_and(|until| until < self.from) {
            return Err(fault("until", &self.from, "a day on or after its first"));
        }
        let Self { key, words, mode, share, group, from, until, source, is_policy, .. } = self;
        Ok(Standard {
            key,
            words,
            service_line,
            mode,
            limit,
            centile,
            share,
            group,
            area,
            from,
            until,
            source,
            is_policy,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ships_is_well_formed_and_none_of_it_claims_to_be_policy() {
        let standards = standards().unwrap();

        assert_eq!(standards.len(), 12);
        assert_eq!(standards[0].key, "gp_walk_20");
        assert_eq!(standards[0].limit, Limit::Metres(1_600.0));
        assert!(
            standards.iter().all(|standard| !standard.is_policy && !standard.source.is_empty())
        );
    }

    #[test]
    fn every_mode_of_a_standard_has_a_pace_among_the_assumptions() {
        let assumptions = super::super::assumptions().unwrap();
        for standard in standards().unwrap() {
            assert!(crate::travel::StraightLine::of(standard.mode, &assumptions).is_ok());
        }
    }

    #[test]
    fn a_mistake_is_named_by_its_key() {
        let told = |from: &str, to: &str| {
            assert!(SHIPPED.contains(from));
            standards_from("mine.toml", &SHIPPED.replacen(from, to, 1)).unwrap_err().to_string()
        };
        insta::assert_snapshot!(
            [
                told("share = 0.95", "share = 95"),
                told("share = 0.95", "share = 0.0"),
                told("limit_metres = 1600", ""),
                told("limit_metres = 1600", "limit_metres = nan"),
                told("limit_metres = 1600", "limit_minutes = 1e308"),
                told("share = 0.95", "share = 0.95\ncentile = 75"),
                told("share = 0.95", "share = 0.95\ncentile = 90"),
                told("area = \"all\"", "area = \"everywhere\""),
                told("key = \"gp_step_free\"", "key = \"gp_walk_20\""),
            ]
            .join("\n"),
            @r#"
        mine.toml, key "standard 1, share": 95 is not a share above 0 and up to 1
        mine.toml, key "standard 1, share": 0 is not a share above 0 and up to 1
        mine.toml, key "standard 1, limit": nothing is not limit_metres or limit_minutes
        mine.toml, key "standard 1, limit": NaN is not a number of metres above 0 and up to 200,000
        mine.toml, key "standard 1, limit": 1e308 is not a number of minutes above 0 and up to 600
        mine.toml, key "standard 1, centile": 75 is not 50 or 90
        mine.toml, key "standard 1, centile": 90 is not usable here: it is of departures, and only public transport has any: leave it out, or choose public transport
        mine.toml, key "standard 1, area": everywhere is not all, icb:CODE, borough:CODE or ward:CODE
        mine.toml, key "standard 2, key": gp_walk_20 is not a key of its own
        "#
        );
        assert!(told("share = 0.95", "sahre = 0.95").contains("sahre"));
    }

    #[test]
    fn what_ambulances_are_asked_is_named_as_not_shipped_and_why() {
        let told = standards_left_out().unwrap();
        for what in ["stroke", "trauma", "hospital within 30 minutes"] {
            let found = told.iter().find(|left_out| left_out.words.contains(what));
            assert!(found.is_some_and(|left_out| left_out.why.len() > 40), "{what}");
        }
    }
}
