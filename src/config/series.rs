//! `data/series.toml`, and a file of the user's own in its place.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use toml::{Table, Value};

use super::ConfigError;
use crate::fund::{Indices, Series};
use crate::register::Mark;

const NAME: &str = "data/series.toml";
const SHIPPED: &str = include_str!("../../data/series.toml");

/// The series that ship.
pub fn indices() -> Result<Indices, ConfigError> {
    indices_from(NAME, SHIPPED)
}

/// Series of a file, both whole: a gap, a level that is not above zero, or an unknown key is refused.
pub fn indices_from(name: &str, text: &str) -> Result<Indices, ConfigError> {
    let top: Table = text.parse().map_err(|error: toml::de::Error| ConfigError::Syntax {
        file: name.to_owned(),
        message: error.message().to_owned(),
    })?;
    let file = File(name);
    file.only("", &top, &["deflator", "build_cost"])?;
    Ok(Indices {
        deflator: file.series("deflator", &top)?,
        build_cost: file.series("build_cost", &top)?,
    })
}

struct File<'a>(&'a str);

impl File<'_> {
    fn series(&self, key: &str, top: &Table) -> Result<Series, ConfigError> {
        let path = |part: &str| format!("{key}.{part}");
        let table = match top.get(key) {
            Some(Value::Table(table)) => table,
            Some(other) => return Err(self.wrong(key, &other.to_string(), "a table")),
            None => return Err(self.wrong(key, "missing", "a series of this name")),
        };
        self.only(key, table, &["name", "source", "as_of", "mark", "growth_after", "points"])?;
        let series = Series {
            name: self.text(&path("name"), table.get("name"))?,
            source: self.text(&path("source"), table.get("source"))?,
            as_of: self.date(&path("as_of"), table.get("as_of"))?,
            mark: self.mark(&path("mark"), table.get("mark"))?,
            points: self.points(&path("points"), table.get("points"))?,
            growth_after: self.number(&path("growth_after"), table.get("growth_after"))?,
        };
        series
            .check()
            .map_err(|fault| self.wrong(&path(&fault.field), &fault.found, &fault.wanted))?;
        Ok(series)
    }

    fn points(&self, path: &str, found: Option<&Value>) -> Result<BTreeMap<i32, f64>, ConfigError> {
        let Some(Value::Table(table)) = found else {
            return Err(self.wrong(path, &told(found), "a table of years and levels"));
        };
        let mut points = BTreeMap::new();
        for (year, level) in table {
            let at = format!("{path}.{year}");
            let year: i32 = year
                .parse()
                .ok()
                .filter(|year| (1900..=2300).contains(year))
                .ok_or_else(|| self.wrong(&at, year, "a year such as 2027"))?;
            points.insert(year, self.number(&at, Some(level))?);
        }
        Ok(points)
    }

    fn number(&self, path: &str, found: Option<&Value>) -> Result<f64, ConfigError> {
        match found {
            Some(Value::Integer(whole)) => Ok(*whole as f64),
            Some(Value::Float(number)) if number.is_finite() => Ok(*number),
            other => Err(self.wrong(path, &told(other), "a number")),
        }
    }

    fn text(&self, path: &str, found: Option<&Value>) -> Result<String, ConfigError> {
        match found {
            Some(Value::String(text)) if !text.trim().is_empty() => Ok(text.trim().to_owned()),
            other => Err(self.wrong(path, &told(other), "a text in quotes")),
        }
    }

    fn date(&self, path: &str, found: Option<&Value>) -> Result<NaiveDate, ConfigError> {
        let date = found.and_then(Value::as_datetime).and_then(|moment| moment.date);
        date.and_then(|date| {
            NaiveDate::from_ymd_opt(i32::from(date.year), date.month.into(), date.day.into())
        })
        .ok_or_else(|| self.wrong(path, &told(found), "a date without quotes, such as 2026-04-01"))
    }

    fn mark(&self, path: &str, found: Option<&Value>) -> Result<Mark, ConfigError> {
        match found.and_then(Value::as_str) {
            Some("verified") => Ok(Mark::Verified),
            Some("computed") => Ok(Mark::Computed),
            Some("from_memory") => Ok(Mark::FromMemory),
            _ => Err(self.wrong(path, &told(found), "one of verified, computed, from_memory")),
        }
    }

    fn only(&self, path: &str, table: &Table, allowed: &[&str]) -> Result<(), ConfigError> {
        let Some(stranger) = table.keys().find(|key| !allowed.contains(&key.as_str())) else {
            return Ok(());
        };
        let at = if path.is_empty() { stranger.clone() } else { format!("{path}.{stranger}") };
        Err(self.wrong(&at, "an unknown key", &format!("one of {}", allowed.join(", "))))
    }

    fn wrong(&self, key: &str, found: &str, expected: &str) -> ConfigError {
        ConfigError::Key {
            file: self.0.to_owned(),
            key: key.to_owned(),
            found: found.to_owned(),
            expected: expected.to_owned(),
        }
    }
}

fn told(found: Option<&Value>) -> String {
    found.map_or_else(|| "missing".to_owned(), ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shipped_series_are_whole_and_start_at_or_before_the_first_plan() {
        let indices = indices().unwrap();
        for series in [&indices.deflator, &indices.build_cost] {
            assert_eq!(series.factor(2026, 2026), Some(1.0));
            assert!(series.factor(2026, 2090).unwrap() > 1.0);
            assert_eq!(series.factor(2026, 1990), None);
        }
    }

    #[test]
    fn a_gap_or_a_wrong_level_is_refused_with_its_field() {
        let refused = |from: &str, to: &str| {
            assert!(SHIPPED.contains(from), "{from}");
            indices_from("mine.toml", &SHIPPED.replace(from, to)).unwrap_err().to_string()
        };
        insta::assert_snapshot!(
            [
                refused("2028 = 103.8\n", ""),
                refused("2029 = 109.9", "2029 = -1"),
                refused("growth_after = 0.02\n", "growth_after = 2\n"),
                refused("2027 = 101.9", "next = 101.9"),
                refused("[build_cost]", "[building]"),
                refused("mark = \"from_memory\"", "mark = \"sure\""),
            ]
            .join("\n"),
            @r#"
        mine.toml, key "deflator.points.2028": missing is not a level for every year between the first and the last
        mine.toml, key "build_cost.points.2029": -1 is not a level above zero
        mine.toml, key "deflator.growth_after": 2 is not a share between -0.5 and 0.5
        mine.toml, key "deflator.points.next": next is not a year such as 2027
        mine.toml, key "building": an unknown key is not one of deflator, build_cost
        mine.toml, key "deflator.mark": "sure" is not one of verified, computed, from_memory
        "#
        );
    }
}
