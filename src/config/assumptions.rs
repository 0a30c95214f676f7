//! `data/assumptions.toml`, and a file of the user's own that overrides single figures.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use toml::{Table, Value};

use super::ConfigError;
use crate::register::{Assumption, Assumptions, Mark};

const SHIPPED: &str = include_str!("../../data/assumptions.toml");

/// Families of which a user may add members: an authority outside London has no land value of its own.
const OPEN_FAMILIES: [&str; 1] = ["land.gbp_per_ha."];

/// The planning assumptions that ship.
pub fn assumptions() -> Result<Assumptions, ConfigError> {
    let file = File::parse("data/assumptions.toml", SHIPPED)?;
    let mut figures = BTreeMap::new();
    for (key, found, inherited) in file.figures()? {
        let figure = file.figure(key, found, inherited, None)?;
        if figures.insert(key.clone(), figure).is_some() {
            return Err(file.wrong(key, "a second figure", "the only figure of this key"));
        }
    }
    Ok(Assumptions { name: file.name()?, figures })
}

/// The shipped assumptions with the figures of a user's file in place of some.
///
/// A figure needs its `value` only; unit and words are the shipped ones, source and date may stand once at the top of
/// the file, the mark is `from_memory` unless said. A range is never inherited: it belonged to another value. A key that does
/// not ship is refused, because a misspelt override would otherwise do nothing.
pub fn assumptions_from(name: &str, text: &str) -> Result<Assumptions, ConfigError> {
    let shipped = assumptions()?;
    let file = File::parse(name, text)?;
    let mut figures = shipped.figures.clone();
    for (key, found, inherited) in file.figures()? {
        let known = shipped.figures.get(key);
        let is_open = OPEN_FAMILIES.iter().any(|family| key.starts_with(family));
        if known.is_none() && !is_open {
            let nearest = nearest_key(key, shipped.figures.keys());
            let wanted = if nearest.starts_with(&format!("{key}.")) {
                format!("a whole key in quotes, such as [figures.{nearest:?}]")
            } else {
                format!("a key of the shipped set, such as {nearest:?}")
            };
            return Err(file.wrong(key, "a new key", &wanted));
        }
        let family = OPEN_FAMILIES.iter().find(|family| key.starts_with(*family));
        let like = known.or_else(|| {
            let (_, sibling) = shipped
                .figures
                .iter()
                .find(|(key, _)| family.is_some_and(|f| key.starts_with(f)))?;
            Some(sibling)
        });
        figures.insert(key.clone(), file.figure(key, found, inherited, like)?);
    }
    Ok(Assumptions { name: file.name()?, figures })
}

struct File<'a> {
    name: &'a str,
    top: Table,
}

impl<'a> File<'a> {
    fn parse(name: &'a str, text: &str) -> Result<Self, ConfigError> {
        let top: Table = text.parse().map_err(|error: toml::de::Error| ConfigError::Syntax {
            file: name.to_owned(),
            message: format!("{}{}", error.message(), line_of(text, error.span())),
        })?;
        let file = Self { name, top };
        file.only("", &file.top, &["name", "source", "as_of", "mark", "group", "figures"])?;
        Ok(file)
    }

    fn name(&self) -> Result<String, ConfigError> {
        self.text("name", "name", &self.top)?
            .ok_or_else(|| self.wrong("name", "nothing", "the name of the set, in quotes"))
    }

    /// Every figure with the table it inherits source, date and mark from, in file order.
    fn figures(&self) -> Result<Vec<(&String, &Table, &Table)>, ConfigError> {
        let mut all = Vec::new();
        let mut groups = vec![&self.top];
        match self.top.get("group") {
            None => {}
            Some(Value::Array(list)) => {
                for group in list {
                    let table = group.as_table().ok_or_else(|| {
                        self.wrong("group", &describe(group), "tables headed [[group]]")
                    })?;
                    self.only("group", table, &["source", "as_of", "mark", "figures"])?;
                    groups.push(table);
                }
            }
            Some(other) => {
                return Err(self.wrong("group", &describe(other), "tables headed [[group]]"));
            }
        }
        for group in groups {
            let Some(figures) = group.get("figures") else { continue };
            let figures = figures
                .as_table()
                .ok_or_else(|| self.wrong("figures", &describe(figures), "a table of figures"))?;
            for (key, found) in figures {
                let found = found.as_table().ok_or_else(|| {
                    self.wrong(
                        key,
                        &describe(found),
                        "a table with `value` (dotted keys need quotes: figures.\"a.b\")",
                    )
                })?;
                all.push((key, found, group));
            }
        }
        Ok(all)
    }

    fn figure(
        &self,
        key: &str,
        found: &Table,
        inherited: &Table,
        like: Option<&Assumption>,
    ) -> Result<Assumption, ConfigError> {
        let allowed = ["value", "low", "high", "unit", "words", "source", "as_of", "mark"];
        self.only(key, found, &allowed)?;
        let path = |part: &str| format!("{key}.{part}");
        let value = self
            .number(&path("value"), found.get("value"))?
            .ok_or_else(|| self.wrong(&path("value"), "nothing", "a number"))?;
        let low = self.number(&path("low"), found.get("low"))?;
        let high = self.number(&path("high"), found.get("high"))?;
        if let Some(low) = low.filter(|low| *low > value) {
            let wanted = format!("a number of at most the value, {value}");
            return Err(self.wrong(&path("low"), &low.to_string(), &wanted));
        }
        if let Some(high) = high.filter(|high| *high < value) {
            let wanted = format!("a number of at least the value, {value}");
            return Err(self.wrong(&path("high"), &high.to_string(), &wanted));
        }
        let unit = self.text(&path("unit"), "unit", found)?;
        let unit = match (unit, like) {
            (Some(unit), Some(like)) if unit != like.unit => {
                let wanted = format!("the unit of this figure, {:?}", like.unit);
                return Err(self.wrong(&path("unit"), &format!("text {unit:?}"), &wanted));
            }
            (Some(unit), _) => unit,
            (None, Some(like)) => like.unit.clone(),
            (None, None) => return Err(self.wrong(&path("unit"), "nothing", "a unit, in quotes")),
        };
        let words = match (self.text(&path("words"), "words", found)?, like) {
            (Some(words), _) => words,
            (None, Some(like)) => like.words.clone(),
            (None, None) => {
                return Err(self.wrong(&path("words"), "nothing", "what it stands for, in quotes"));
            }
        };
        let source = self.inherited_text(&path("source"), "source", found, inherited)?;
        let source = source.ok_or_else(|| {
            self.wrong(&path("source"), "nothing", "a document or a person, in quotes")
        })?;
        let as_of = self.date(&path("as_of"), found, inherited)?;
        let mark = self.mark(&path("mark"), found, inherited, like.is_some())?;
        let figure = Assumption { value, low, high, unit, words, source, as_of, mark };
        if let Some(fault) = figure.fault(key) {
            return Err(self.wrong(&path(fault.part), &fault.found.to_string(), fault.wanted));
        }
        Ok(figure)
    }

    fn mark(
        &self,
        path: &str,
        found: &Table,
        inherited: &Table,
        is_override: bool,
    ) -> Result<Mark, ConfigError> {
        let mark = self.inherited_text(path, "mark", found, inherited)?;
        match mark.as_deref() {
            Some("verified") => Ok(Mark::Verified),
            Some("computed") => Ok(Mark::Computed),
            Some("from_memory") => Ok(Mark::FromMemory),
            None if is_override => Ok(Mark::FromMemory),
            other => {
                let found = other.map_or("nothing".to_owned(), |text| format!("text {text:?}"));
                Err(self.wrong(path, &found, "one of verified, computed, from_memory"))
            }
        }
    }

    fn date(&self, path: &str, found: &Table, inherited: &Table) -> Result<NaiveDate, ConfigError> {
        const WANTED: &str = "a date without quotes, such as 2026-04-01";
        let held = self.inherit("as_of", found, inherited);
        let Some(held) = held else { return Err(self.wrong(path, "nothing", WANTED)) };
        let date = held.as_datetime().and_then(|moment| moment.date).and_then(|date| {
            NaiveDate::from_ymd_opt(i32::from(date.year), date.month.into(), date.day.into())
        });
        date.ok_or_else(|| self.wrong(path, &describe(held), WANTED))
    }

    fn number(&self, path: &str, found: Option<&Value>) -> Result<Option<f64>, ConfigError> {
        let Some(found) = found else { return Ok(None) };
        let number = match found {
            Value::Integer(whole) => Some(*whole as f64),
            Value::Float(number) if number.is_finite() => Some(*number),
            _ => None,
        };
        number.map(Some).ok_or_else(|| self.wrong(path, &describe(found), "a number"))
    }

    fn text(&self, path: &str, key: &str, table: &Table) -> Result<Option<String>, ConfigError> {
        match table.get(key) {
            None => Ok(None),
            Some(Value::String(text)) if !text.trim().is_empty() => {
                Ok(Some(text.trim().to_owned()))
            }
            Some(other) => Err(self.wrong(path, &describe(other), "a text in quotes")),
        }
    }

    fn inherited_text(
        &self,
        path: &str,
        key: &str,
        found: &Table,
        inherited: &Table,
    ) -> Result<Option<String>, ConfigError> {
        let holder =
            [found, inherited, &self.top].into_iter().find(|table| table.contains_key(key));
        holder.map_or(Ok(None), |table| self.text(path, key, table))
    }

    fn inherit<'t>(
        &'t self,
        key: &str,
        found: &'t Table,
        inherited: &'t Table,
    ) -> Option<&'t Value> {
        found.get(key).or_else(|| inherited.get(key)).or_else(|| self.top.get(key))
    }

    fn only(&self, path: &str, table: &Table, allowed: &[&str]) -> Result<(), ConfigError> {
        let stranger = table.keys().find(|key| !allowed.contains(&key.as_str()));
        let Some(stranger) = stranger else { return Ok(()) };
        let at = if path.is_empty() { stranger.clone() } else { format!("{path}.{stranger}") };
        Err(self.wrong(&at, "an unknown key", &format!("one of {}", allowed.join(", "))))
    }

    fn wrong(&self, key: &str, found: &str, expected: &str) -> ConfigError {
        ConfigError::Key {
            file: self.name.to_owned(),
            key: key.to_owned(),
            found: found.to_owned(),
            expected: expected.to_owned(),
        }
    }
}

/// `, line 3`, where the parser says where.
fn line_of(text: &str, span: Option<std::ops::Range<usize>>) -> String {
    let before = span.and_then(|span| text.get(..span.start));
    before.map_or(String::new(), |before| format!(", line {}", before.matches('\n').count() + 1))
}

/// A value as a reader of the file would name it.
fn describe(value: &Value) -> String {
    match value {
        Value::String(text) => format!("text {text:?}"),
        Value::Array(_) => "a list".to_owned(),
        Value::Table(_) => "a table".to_owned(),
        other => other.to_string(),
    }
}

/// The key that shares most leading and trailing characters: enough to catch a slip of the finger.
fn nearest_key<'a>(key: &str, keys: impl Iterator<Item = &'a String>) -> &'a str {
    let alike = |other: &str| {
        let ahead = key.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count();
        let behind = key.bytes().rev().zip(other.bytes().rev()).take_while(|(a, b)| a == b).count();
        (ahead + behind, std::cmp::Reverse(other.len()))
    };
    keys.map(String::as_str).max_by_key(|other| alike(other)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "name = \"Mine\"\nsource = \"A. Planner\"\nas_of = 2026-06-01\n";

    fn refused(text: &str) -> String {
        assumptions_from("mine.toml", &format!("{HEAD}{text}")).unwrap_err().to_string()
    }

    #[test]
    fn every_shipped_figure_is_whole_and_within_its_own_range() {
        let set = assumptions().unwrap();
        assert!(set.figures.len() > 140, "{}", set.figures.len());
        for (key, figure) in &set.figures {
            assert!(!figure.unit.is_empty() && !figure.words.is_empty(), "{key}");
            assert!(figure.low.unwrap_or(figure.value) <= figure.value, "{key}");
            assert!(figure.high.unwrap_or(figure.value) >= figure.value, "{key}");
        }
    }

    #[test]
    fn each_london_authority_has_a_land_value() {
        let set = assumptions().unwrap();
        for number in 1..=33 {
            assert!(set.value(&format!("land.gbp_per_ha.E090000{number:02}")).is_ok(), "{number}");
        }
    }

    #[test]
    fn an_override_changes_its_figure_alone_and_drops_the_old_range() {
        let text = format!("{HEAD}[figures.\"retention.trust\"]\nvalue = 0.4\n");
        let (mine, shipped) =
            (assumptions_from("mine.toml", &text).unwrap(), assumptions().unwrap());

        let figure = mine.figure("retention.trust").unwrap();
        assert_eq!((figure.value, figure.low, figure.high), (0.4, None, None));
        assert_eq!(
            (figure.source.as_str(), figure.unit.as_str()),
            ("A. Planner", "share of price")
        );
        let changed: Vec<_> =
            mine.figures.iter().filter(|(key, figure)| shipped.figures[*key] != **figure).collect();
        assert_eq!(changed.len(), 1);
        assert_eq!(mine.name, "Mine");
    }

    #[test]
    fn an_authority_outside_london_may_be_given_its_own_land_value() {
        let text = format!("{HEAD}[figures.\"land.gbp_per_ha.E06000036\"]\nvalue = 4_000_000\n");
        let mine = assumptions_from("mine.toml", &text).unwrap();
        assert_eq!(mine.value("land.gbp_per_ha.E06000036"), Ok(4e6));
    }

    #[test]
    fn what_is_wrong_is_named_by_file_key_and_what_was_expected() {
        insta::assert_snapshot!(
            [
                refused("[figures.\"retention.trsut\"]\nvalue = 1\n"),
                refused("[figures.\"retention.trust\"]\nvalue = \"often\"\n"),
                refused("[figures.\"retention.trust\"]\nlow = 0.1\n"),
                refused("[figures.\"retention.trust\"]\nvalue = 0.5\nlow = 0.6\n"),
                refused("[figures.\"retention.trust\"]\nvalue = 0.5\nunit = \"£\"\n"),
                refused("[figures.\"retention.trust\"]\nvalue = 0.5\nas_of = \"soon\"\n"),
                refused("[figures.\"retention.trust\"]\nvalue = 0.5\nmark = \"sure\"\n"),
                refused("[figures.retention.trust]\nvalue = 0.5\n"),
                refused("[figures.\"retention.trust\"]\nvalue = nan\n"),
                refused("[figures.\"retention.trust\"]\nvalue = 1.2\n"),
                refused("[figures.\"receipt.gbp_per_m2_gia\"]\nvalue = -5\n"),
                refused("[figures.\"time.receipt_month\"]\nvalue = 13\n"),
                assumptions_from("mine.toml", "figures = 3").unwrap_err().to_string(),
                assumptions_from("mine.toml", "name = ").unwrap_err().to_string(),
            ]
            .join("\n"),
            @r#"
        mine.toml, key "retention.trsut": a new key is not a key of the shipped set, such as "retention.trust"
        mine.toml, key "retention.trust.value": text "often" is not a number
        mine.toml, key "retention.trust.value": nothing is not a number
        mine.toml, key "retention.trust.low": 0.6 is not a number of at most the value, 0.5
        mine.toml, key "retention.trust.unit": text "£" is not the unit of this figure, "share of price"
        mine.toml, key "retention.trust.as_of": text "soon" is not a date without quotes, such as 2026-04-01
        mine.toml, key "retention.trust.mark": text "sure" is not one of verified, computed, from_memory
        mine.toml, key "retention": a new key is not a whole key in quotes, such as [figures."retention.trust"]
        mine.toml, key "retention.trust.value": nan is not a number
        mine.toml, key "retention.trust.value": 1.2 is not a share from 0 to 1
        mine.toml, key "receipt.gbp_per_m2_gia.value": -5 is not an amount of at least £0
        mine.toml, key "time.receipt_month.value": 13 is not a month from 1 (April) to 12 (March)
        mine.toml, key "figures": 3 is not a table of figures
        mine.toml is not TOML: string values must be quoted, expected literal string, line 1
        "#
        );
    }
}
