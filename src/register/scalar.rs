//! The plain content of a value, and reading it from text as people write it.

use std::fmt;

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

use super::{Kind, Pence, Point};

/// What a field holds once it is known. The field's [`Kind`] says which variant; units are the field's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scalar {
    /// Free text, a code, or a word of a closed list.
    Text(String),
    /// Finite, in the field's unit.
    Number(f64),
    /// Money.
    Pence(i64),
    /// A day.
    Date(NaiveDate),
    /// A place.
    Point(Point),
}

/// What would have been accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Wanted(pub String);

impl Scalar {
    /// Reads text for a field of this kind. Thousands commas, `£`, `%` and surrounding space are accepted.
    pub fn parse(kind: Kind, text: &str) -> Result<Self, Wanted> {
        let text = text.trim();
        match kind {
            Kind::Text if text.is_empty() => Err(Wanted("a text".to_owned())),
            Kind::Text => Ok(Self::Text(text.to_owned())),
            Kind::Choice(words) => {
                let found = words.iter().find(|word| word.eq_ignore_ascii_case(text));
                found.map(|word| Self::Text((*word).to_owned())).ok_or_else(|| wanted_of(kind))
            }
            Kind::Money => parse_pence(text).map(Self::Pence).ok_or_else(|| wanted_of(kind)),
            Kind::Date => parse_date(text).map(Self::Date).ok_or_else(|| wanted_of(kind)),
            Kind::Point => parse_point(text).map(Self::Point).ok_or_else(|| wanted_of(kind)),
            Kind::Number { low, high } => {
                let number = parse_number(text).filter(|n| (low..=high).contains(n));
                number.map(Self::Number).ok_or_else(|| wanted_of(kind))
            }
        }
    }

    /// The number, for numeric fields.
    pub fn number(&self) -> Option<f64> {
        if let Self::Number(number) = self { Some(*number) } else { None }
    }

    /// The text, for text and choice fields.
    pub fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// The amount, for money fields.
    pub fn pence(&self) -> Option<Pence> {
        if let Self::Pence(pence) = self { Some(Pence(*pence)) } else { None }
    }

    /// The day, for date fields.
    pub fn date(&self) -> Option<NaiveDate> {
        if let Self::Date(date) = self { Some(*date) } else { None }
    }

    /// The place, for point fields.
    pub fn point(&self) -> Option<Point> {
        if let Self::Point(point) = self { Some(*point) } else { None }
    }
}

/// What a field of this kind accepts, as a noun phrase for fault messages.
pub(crate) fn wanted_of(kind: Kind) -> Wanted {
    Wanted(match kind {
        Kind::Text => "a text".to_owned(),
        Kind::Choice(words) => format!("one of {}", words.join(", ")),
        Kind::Money => "an amount in pounds, such as 1,250 or 1250.50".to_owned(),
        Kind::Date => "a date, such as 2025-03-31 or 31/03/2025".to_owned(),
        Kind::Point => "easting and northing in metres, such as 530000 180000".to_owned(),
        Kind::Number { low, high } if high.is_finite() => format!("a number from {low} to {high}"),
        Kind::Number { low, .. } => format!("a number of at least {low}"),
    })
}

/// Text that `Scalar::parse` reads back as the same value.
impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Number(number) => write!(f, "{number}"),
            Self::Pence(pence) => {
                let sign = if *pence < 0 { "-" } else { "" };
                let whole = pence.unsigned_abs();
                write!(f, "{sign}{}.{:02}", whole.div_euclid(100), whole.rem_euclid(100))
            }
            Self::Date(date) => write!(f, "{date}"),
            Self::Point(point) => write!(f, "{} {}", point.easting(), point.northing()),
        }
    }
}

fn parse_number(text: &str) -> Option<f64> {
    let plain: String =
        text.trim_end_matches('%').chars().filter(|c| *c != ',' && !c.is_whitespace()).collect();
    let looks_numeric = plain.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b));
    plain.parse::<f64>().ok().filter(|number| looks_numeric && number.is_finite())
}

fn parse_pence(text: &str) -> Option<i64> {
    let plain = text.replace('£', "");
    let plain = plain.trim();
    let exact: String = plain.chars().filter(|c| *c != ',' && !c.is_whitespace()).collect();
    let (sign, digits) = exact.strip_prefix('-').map_or((1, exact.as_str()), |rest| (-1, rest));
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if !whole.is_empty() && all_digits(whole) && all_digits(part) && part.len() <= 2 {
        let pence: i64 = format!("{part:0<2}").parse().ok()?;
        return whole.parse::<i64>().ok()?.checked_mul(100)?.checked_add(pence)?.checked_mul(sign);
    }
    // Spreadsheets hold pounds as floats: 1250.4999999 is a penny amount with noise.
    let pounds = parse_number(plain)?;
    let pence = (pounds * 100.0).round();
    #[expect(clippy::cast_possible_truncation, reason = "bounded on the line before")]
    (pence.abs() < 9e17).then_some(pence as i64)
}

fn parse_date(text: &str) -> Option<NaiveDate> {
    let day = text.split(['T', ' ']).next().filter(|day| day.contains(['-', '/']));
    let formats = [
        "%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y", "%Y%m%d", "%d-%b-%Y", "%d %B %Y", "%d %b %Y", "%d%b%Y",
    ];
    let read =
        |text: &str| formats.iter().find_map(|format| NaiveDate::parse_from_str(text, format).ok());
    read(text).or_else(|| day.and_then(read)).filter(|date| (1800..=2200).contains(&date.year()))
}

fn parse_point(text: &str) -> Option<Point> {
    let mut parts = text.split([' ', ',', ';']).filter(|part| !part.is_empty());
    let (easting, northing) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    if parts.next().is_some() { None } else { Point::new(easting, northing).ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_read_to_the_penny() {
        let read =
            |text: &str| Scalar::parse(Kind::Money, text).ok().and_then(|s| s.pence()).map(|p| p.0);
        assert_eq!(read("£1,250"), Some(125_000));
        assert_eq!(read("1250.5"), Some(125_050));
        assert_eq!(read("-0.05"), Some(-5));
        assert_eq!(read("1250.4999999999"), Some(125_050));
        assert_eq!(read("9".repeat(40).as_str()), None);
        assert_eq!(read("n/a"), None);
        assert_eq!(read(""), None);
    }

    #[test]
    fn words_that_float_parsing_takes_are_not_numbers() {
        let any = Kind::Number { low: f64::NEG_INFINITY, high: f64::INFINITY };
        for text in ["NaN", "inf", "infinity", "", "1e999"] {
            assert!(Scalar::parse(any, text).is_err(), "{text}");
        }
    }

    #[test]
    fn dates_come_in_the_ways_people_write_them() {
        let day = NaiveDate::from_ymd_opt(2025, 3, 31).unwrap();
        for text in [
            "2025-03-31",
            "31/03/2025",
            "20250331",
            "31 March 2025",
            "31-Mar-2025",
            "2025-03-31 00:00:00",
        ] {
            assert_eq!(Scalar::parse(Kind::Date, text).unwrap().date(), Some(day), "{text}");
        }
        assert!(Scalar::parse(Kind::Date, "31/02/2025").is_err());
    }
}
