//! `data/travel.toml`: how fast, and over what, people travel on a street network.

use super::ConfigError;
use super::scores::{parse, wrong};
use crate::travel::SpeedTable;

const FILE: &str = "data/travel.toml";
const SHIPPED: &str = include_str!("../../data/travel.toml");

/// The speed table that ships.
pub fn speed_table() -> Result<SpeedTable, ConfigError> {
    speed_table_from(FILE, SHIPPED)
}

/// A user's own, whole; `name` is for messages.
pub fn speed_table_from(name: &str, text: &str) -> Result<SpeedTable, ConfigError> {
    let table: SpeedTable = parse(name, text)?;
    match table.unusable() {
        Some(key) => Err(wrong(name, &key, "a figure", "a figure from 0.1 to 10,000")),
        None => Ok(table),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;

    #[test]
    fn the_paces_are_those_of_the_planning_assumptions() {
        let (table, figures) = (speed_table().unwrap(), config::assumptions().unwrap());
        let pace = |mode| figures.value(&format!("travel.{mode}.metres_per_minute")).unwrap();
        assert!((table.walk.metres_per_minute - pace("walk")).abs() < 1e-9);
        assert!((table.step_free.metres_per_minute - pace("step_free_walk")).abs() < 1e-9);
    }
}
