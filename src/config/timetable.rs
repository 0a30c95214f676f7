//! `data/timetable.toml`.

use super::ConfigError;
use super::scores::{parse, wrong};
use crate::travel::TimetableRules;

const FILE: &str = "data/timetable.toml";
const SHIPPED: &str = include_str!("../../data/timetable.toml");

/// The walks and changes that ship.
pub fn timetable_rules() -> Result<TimetableRules, ConfigError> {
    let rules: TimetableRules = parse(FILE, SHIPPED)?;
    match rules.unusable() {
        Some(key) => Err(wrong(FILE, key, "a figure", "a number of minutes from 0 to 120")),
        None => Ok(rules),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_rules_can_be_read() {
        assert!(timetable_rules().unwrap().farthest_walk_minutes > 0.0);
    }
}
