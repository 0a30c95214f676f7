//! One cell to one value.

use crate::geography::{LonLat, from_wgs84};
use crate::import::mapping::{Blank, Mapping, Others, Target, Unit};
use crate::import::sheet::Row;
use crate::register::{
    AccessAnswer, Field, Grade, Kind, Point, ReceiptAccruesTo, Scalar, ServiceLine, SiteStatus,
    SpaceUse, SurplusStatus, Tenure, Why, Word,
};

use super::bind::{Bound, From, Numbers, is_set};

/// What a row says of a field.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Said {
    /// Nothing: what the register knows stays.
    Nothing,
    /// A value; the method where it is not the column's.
    Known(Scalar, Option<String>),
    /// That there is none.
    Unknown(Why),
    /// Something that was not accepted.
    Refused(Refused),
}

impl Said {
    pub(super) fn number(&self) -> Option<f64> {
        if let Self::Known(scalar, _) = self { scalar.number() } else { None }
    }
}

/// A cell that was not accepted.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Refused {
    pub(super) column: usize,
    pub(super) expected: String,
}

/// Reads what a row says of a field; a percentage is left to [`share`], its base not being known yet.
pub(super) fn said(mapping: &Mapping, bound: &Bound<'_>, row: &Row) -> Result<Said, Refused> {
    if bound.only_where.is_some_and(|(column, is)| !is.any(row.cell(column))) {
        return Ok(Said::Nothing);
    }
    if bound.unknown_where.is_some_and(|(column, is)| is.any(row.cell(column))) {
        return Ok(Said::Unknown(Why::Blank));
    }
    match &bound.from {
        From::Constant(scalar) => Ok(Said::Known(scalar.clone(), None)),
        From::Flags(group) => Ok(group
            .iter()
            .find(|(column, _)| is_set(row.cell(*column)))
            .map_or(Said::Unknown(Why::Blank), |(_, value)| {
                Said::Known(Scalar::Text(value.clone()), None)
            })),
        From::Column(numbers) => column(mapping, bound, numbers, row.cell(numbers.column)),
        From::Join(columns) => {
            let cells: Vec<&str> = columns.iter().map(|at| row.cell(*at).trim()).collect();
            let whole = Numbers {
                column: columns.first().copied().unwrap_or(0),
                factor: 1.0,
                is_percent: false,
            };
            column(mapping, bound, &whole, cells.join(" ").trim())
        }
        From::Sum(columns) => sum(mapping, bound, columns, row),
    }
}

fn column(
    mapping: &Mapping,
    bound: &Bound<'_>,
    numbers: &Numbers,
    cell: &str,
) -> Result<Said, Refused> {
    let refused = |expected: String| Refused { column: numbers.column, expected };
    let mut text = cell.trim();
    if bound.spec.strip_number {
        text = without_number(text);
    }
    if let Some((_, word)) = bound.values.iter().find(|(pattern, _)| pattern.matches(text)) {
        let read = Scalar::parse(bound.kind, word);
        return read.map(|scalar| Said::Known(scalar, None)).map_err(|wanted| refused(wanted.0));
    }
    if text.is_empty() {
        return Ok(match mapping.blank {
            Blank::Unknown => Said::Unknown(Why::Blank),
            Blank::Leave => Said::Nothing,
        });
    }
    // "Not applicable" answers an access question before it stands for no answer.
    if let Some(word) = word_of(bound.target, text) {
        return Ok(Said::Known(Scalar::Text(word.to_owned()), None));
    }
    let could_be_number = text.bytes().next().is_some_and(|b| b.is_ascii_digit());
    let why = if could_be_number { None } else { mapping.unknown.why(text) };
    if let Some(why) = why {
        return Ok(Said::Unknown(why));
    }
    if bound.spec.others == Others::Leave && !bound.values.is_empty() {
        return Ok(Said::Nothing);
    }
    match bound.kind {
        Kind::Number { low, high } => number(bound, numbers, text, low, high).map_err(refused),
        Kind::Money => {
            money(numbers, text).map(|scalar| Said::Known(scalar, None)).map_err(refused)
        }
        Kind::Text => {
            plain(bound.target, text).map(|scalar| Said::Known(scalar, None)).map_err(refused)
        }
        Kind::Point if bound.spec.unit == Some(Unit::Degrees) => {
            let expected = || "longitude and latitude within Great Britain, in degrees".to_owned();
            let point = degrees(text).ok_or_else(|| refused(expected()))?;
            Ok(Said::Known(Scalar::Point(point), None))
        }
        kind => Scalar::parse(kind, text)
            .map(|scalar| Said::Known(scalar, None))
            .map_err(|wanted| refused(wanted.0)),
    }
}

fn degrees(text: &str) -> Option<Point> {
    let (longitude, latitude) = text.split_once(' ')?;
    let (longitude, latitude) = (longitude.parse().ok()?, latitude.trim().parse().ok()?);
    from_wgs84(LonLat { longitude, latitude }).ok()
}

const ANY_NUMBER: Kind = Kind::Number { low: f64::NEG_INFINITY, high: f64::INFINITY };

fn number(
    bound: &Bound<'_>,
    numbers: &Numbers,
    text: &str,
    low: f64,
    high: f64,
) -> Result<Said, String> {
    let expected = || {
        if numbers.is_percent {
            return "a percentage from 0 to 100".to_owned();
        }
        match Scalar::parse(Kind::Number { low, high }, "") {
            Err(wanted) => wanted.0,
            Ok(_) => "a number".to_owned(),
        }
    };
    let read = Scalar::parse(ANY_NUMBER, text)
        .ok()
        .and_then(|scalar| scalar.number())
        .ok_or_else(expected)?;
    let says_percent = text.ends_with('%');
    if numbers.is_percent || (says_percent && bound.spec.percent_of.is_some()) {
        // Taken as it stands here; `share` turns it into the field's unit.
        let mixed = bound.spec.percent_until.is_some();
        let in_range = (0.0..=100.0).contains(&read) || (mixed && read >= 0.0);
        return if in_range {
            Ok(Said::Known(Scalar::Number(read), None))
        } else {
            Err(expected())
        };
    }
    let factor = match (says_percent, bound.target.unit()) {
        (true, "share") => 0.01,
        (true, "%") => 1.0,
        (true, unit) => return Err(format!("a number in {unit}, not a percentage")),
        (false, _) => numbers.factor,
    };
    // 41 % is 0.41, not 0.41000000000000003.
    let value = if (factor - 1.0).abs() <= f64::EPSILON {
        read
    } else {
        (read * factor * 1e9).round() / 1e9
    };
    if (low..=high).contains(&value) {
        Ok(Said::Known(Scalar::Number(value), None))
    } else {
        Err(expected())
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "factors of money are whole: 1, 1,000 and 1,000,000"
)]
fn money(numbers: &Numbers, text: &str) -> Result<Scalar, String> {
    let expected = |found: crate::register::Wanted| found.0;
    let Scalar::Pence(pence) = Scalar::parse(Kind::Money, text).map_err(expected)? else {
        return Err("an amount in pounds".to_owned());
    };
    let whole = pence.checked_mul(numbers.factor as i64);
    whole.map(Scalar::Pence).ok_or_else(|| "an amount below 92 million billion pounds".to_owned())
}

fn plain(target: Target, text: &str) -> Result<Scalar, String> {
    match target {
        Target::Register(Field::TenancySite) => {
            let code = text.parse::<crate::register::SiteCode>();
            code.map(|code| Scalar::Text(code.to_string()))
                .map_err(|invalid| invalid.wanted.to_owned())
        }
        Target::Register(Field::Uprn) => {
            let is_uprn =
                (1..=12).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
            if is_uprn {
                Ok(Scalar::Text(text.to_owned()))
            } else {
                Err("a UPRN of up to 12 digits".to_owned())
            }
        }
        _ => Ok(Scalar::Text(text.to_owned())),
    }
}

fn sum(
    mapping: &Mapping,
    bound: &Bound<'_>,
    columns: &[Numbers],
    row: &Row,
) -> Result<Said, Refused> {
    let mut total = match bound.kind {
        Kind::Money => Scalar::Pence(0),
        _ => Scalar::Number(0.0),
    };
    let mut why: Option<Why> = None;
    let mut is_mixed = false;
    for (nth, numbers) in columns.iter().enumerate() {
        match column(mapping, bound, numbers, row.cell(numbers.column))? {
            Said::Known(part, _) => {
                is_mixed |= why.is_some();
                total = match (&total, &part) {
                    (Scalar::Pence(a), Scalar::Pence(b)) => Scalar::Pence(a.saturating_add(*b)),
                    (Scalar::Number(a), Scalar::Number(b)) => Scalar::Number(a + b),
                    _ => total,
                };
            }
            Said::Nothing => return Ok(Said::Nothing),
            Said::Refused(refused) => return Err(refused),
            Said::Unknown(reason) => {
                is_mixed |= nth > 0 && why != Some(reason);
                why = Some(reason);
            }
        }
    }
    Ok(match why {
        None => Said::Known(total, None),
        Some(_) if is_mixed => Said::Unknown(Why::InputUnknown),
        Some(reason) => Said::Unknown(reason),
    })
}

/// A percentage of another field, in that field's unit. Nothing of something unknown is still nothing.
pub(super) fn share(
    bound: &Bound<'_>,
    percent: f64,
    cell: &str,
    base: Option<f64>,
    is_pure: bool,
) -> Said {
    let words = |what: &str| {
        format!("{} % of {what}, {}", cell.trim().trim_end_matches('%').trim(), bound.method)
    };
    let base_label = bound.spec.percent_of.map_or("", Field::label);
    let base_label = {
        let mut letters = base_label.chars();
        letters
            .next()
            .map(|first| first.to_lowercase().chain(letters).collect::<String>())
            .unwrap_or_default()
    };
    if percent.abs() <= f64::EPSILON {
        return Said::Known(Scalar::Number(0.0), Some(words(&base_label)));
    }
    if !is_pure {
        let unit = bound.target.unit();
        let method =
            format!("{}; above 100 and therefore {unit}, in a column headed %", bound.method);
        return if percent > 100.0 {
            Said::Known(Scalar::Number(percent), Some(method))
        } else {
            Said::Unknown(Why::Unreadable)
        };
    }
    match base {
        Some(base) => {
            let value = (percent * base).round() / 100.0;
            Said::Known(Scalar::Number(value), Some(words(&base_label)))
        }
        None => Said::Unknown(Why::InputUnknown),
    }
}

/// The register's word for a word or label of a closed list.
fn word_of(target: Target, text: &str) -> Option<&'static str> {
    fn find<W: Word>(text: &str) -> Option<&'static str> {
        W::find(text).or_else(|| W::find(&text.replace([' ', '-'], "_"))).map(Word::word)
    }
    let Target::Register(field) = target else { return None };
    match field {
        Field::Status => find::<SiteStatus>(text),
        Field::Tenure => find::<Tenure>(text),
        Field::ReceiptAccruesTo => find::<ReceiptAccruesTo>(text),
        Field::SurplusStatus => find::<SurplusStatus>(text),
        Field::FacetSpaceUse => find::<SpaceUse>(text),
        Field::TenancyServiceLine => find::<ServiceLine>(text),
        Field::FacetCondition
        | Field::FacetSuitability
        | Field::FacetQuality
        | Field::FacetStatutory
        | Field::FacetEnvironment => find::<Grade>(text),
        _ if field.kind() == Kind::Choice(AccessAnswer::WORDS) => find::<AccessAnswer>(text)
            .or_else(|| {
                ["n/a", "na"]
                    .iter()
                    .any(|word| word.eq_ignore_ascii_case(text))
                    .then(|| AccessAnswer::NotApplicable.word())
            }),
        _ => None,
    }
}

/// `7. Community hospital` without its number.
fn without_number(text: &str) -> &str {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    if rest.len() == text.len() {
        text
    } else {
        rest.strip_prefix('.').map_or(text, str::trim_start)
    }
}
