//! Values as the API writes them.

use std::collections::BTreeMap;

use chrono::{NaiveDate, NaiveDateTime, SecondsFormat};
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use crate::access::score;
use crate::export::{Cell, Table};
use crate::geography::to_wgs84;
use crate::register::{Field, Pence, Point, Scalar, Value, Why};

/// Pounds to the penny, as a JSON number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Gbp(pub(super) Pence);

impl Serialize for Gbp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.0.as_pounds())
    }
}

/// RFC 3339, UTC.
pub(super) fn utc(at: NaiveDateTime) -> String {
    at.and_utc().to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// A place: EPSG:27700 metres, and WGS84 degrees where the transformation reaches.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub(super) struct Place {
    easting: f64,
    northing: f64,
    longitude: Option<f64>,
    latitude: Option<f64>,
}

impl Place {
    pub(super) fn of(point: Point) -> Self {
        let degrees = to_wgs84(point).ok();
        let short = |degrees: f64| (degrees * 1e7).round() / 1e7;
        Self {
            easting: point.easting(),
            northing: point.northing(),
            longitude: degrees.map(|at| short(at.longitude)),
            latitude: degrees.map(|at| short(at.latitude)),
        }
    }
}

/// The content of a known field.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(untagged)]
pub(super) enum Content {
    /// A text, a word of a list, or a day as `2025-03-31`.
    Text(String),
    /// A number in the field's unit; money in pounds to the penny.
    Number(f64),
    /// A place.
    Place(Place),
}

impl Content {
    fn of(scalar: &Scalar) -> Self {
        match scalar {
            Scalar::Text(text) => Self::Text(text.clone()),
            Scalar::Number(number) => Self::Number(*number),
            Scalar::Pence(pence) => Self::Number(Pence(*pence).as_pounds()),
            Scalar::Date(date) => Self::Text(date.to_string()),
            Scalar::Point(point) => Self::Place(Place::of(*point)),
        }
    }
}

/// What is known of a field and who says so; or why nothing is.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(super) struct Fact {
    /// In the reader's words.
    label: &'static str,
    /// Of numbers; empty for texts and days.
    unit: &'static str,
    /// Null is not known: never zero.
    value: Option<Content>,
    /// The publication, file or person.
    source: Option<String>,
    /// How it was measured or derived.
    method: Option<String>,
    /// The day it was true.
    as_of: Option<NaiveDate>,
    /// Why it is not known: `not_supplied`, `blank`, `no_data_provided`, `not_applicable`, `unreadable`,
    /// `not_assessed` or `input_unknown`. Null where it is known.
    #[schema(value_type = Option<String>)]
    why: Option<Why>,
}

impl Fact {
    pub(super) fn of(field: Field, value: &Value<Scalar>) -> Self {
        Self::labelled(field.label(), field.unit(), value)
    }

    pub(super) fn labelled(label: &'static str, unit: &'static str, value: &Value<Scalar>) -> Self {
        let (why, evidence) = match value {
            Value::Known { evidence, .. } => (None, Some(evidence)),
            Value::Unknown { why } => (Some(*why), None),
        };
        Self {
            label,
            unit,
            value: value.get().map(Content::of),
            source: evidence.map(|evidence| evidence.source.clone()),
            method: evidence.map(|evidence| evidence.method.clone()),
            as_of: evidence.map(|evidence| evidence.as_of),
            why,
        }
    }
}

/// Facts by the key of their field.
pub(super) type Facts = BTreeMap<&'static str, Fact>;

/// Where a score from 0 to 100 lies: low if every unknown turns out worst, high if best.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub(super) struct Interval {
    low: f64,
    high: f64,
}

impl From<score::Interval> for Interval {
    fn from(interval: score::Interval) -> Self {
        Self { low: interval.low, high: interval.high }
    }
}

/// A number that is not finite is not known.
pub(super) fn finite(number: Option<f64>) -> Option<f64> {
    number.filter(|number| number.is_finite())
}

/// Rows of a table of the house: by column key; money in pounds, what is not known null.
#[derive(Debug, Serialize, ToSchema)]
#[schema(value_type = Vec<Object>)]
pub(super) struct Rows(Vec<BTreeMap<String, serde_json::Value>>);

/// A table as the page shows it, for programs.
pub(super) fn rows(table: &Table) -> Rows {
    let value = |cell: &Cell| match cell {
        Cell::Empty | Cell::Unknown(_) => serde_json::Value::Null,
        Cell::Text(text) => text.as_str().into(),
        Cell::Number(number, _) => (*number).into(),
        Cell::Money(pence) => pence.as_pounds().into(),
        Cell::Date(date) => date.to_string().into(),
    };
    let row = |row: &Vec<Cell>| {
        table
            .columns
            .iter()
            .zip(row)
            .map(|(column, cell)| (column.key.clone(), value(cell)))
            .collect()
    };
    Rows(table.rows.iter().map(row).collect())
}
