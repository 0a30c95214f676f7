//! Changes as rows: one row holds all that a change-set says of one site, tenancy or reference set.
//!
//! Every value is kept as text (`"12.5"`, pence, ISO dates), because a JSON number need not read back as the same
//! `f64`, and importing a file twice must find nothing new.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, LazyLock};

use chrono::NaiveDate;
use serde::de::{Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::StoreError;
use crate::register::{
    Change, Evidence, Field, Kind, Method, Observation, Point, Reference, Scalar, Subject, Value,
    Why,
};

/// In place of a field's key: a utilisation survey.
const OBSERVED: &str = "observed";
pub(super) const SITE: &str = "site";
pub(super) const TENANCY: &str = "tenancy";
pub(super) const REFERENCE: &str = "reference";

static FIELDS: LazyLock<HashMap<&'static str, Field>> =
    LazyLock::new(|| Field::ALL.iter().map(|field| (field.key(), *field)).collect());

/// What one change-set says of one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row<'a> {
    pub(super) subject: &'static str,
    pub(super) code: Cow<'a, str>,
    pub(super) body: String,
}

/// A change-set's content, ready to be written.
#[derive(Debug, Default)]
pub(super) struct Encoded<'a> {
    pub(super) rows: Vec<Row<'a>>,
    /// In the order the rows number them.
    pub(super) evidence: Vec<&'a Evidence>,
}

/// Rows in the order things are first spoken of; within a row, changes in their order.
pub(super) fn encode(changes: &[Change]) -> Result<Encoded<'_>, StoreError> {
    let mut encoder = Encoder::default();
    for change in changes {
        encoder.take(change)?;
    }
    for row in &mut encoder.done.rows {
        row.body.push(']');
    }
    Ok(encoder.done)
}

#[derive(Default)]
struct Encoder<'a> {
    done: Encoded<'a>,
    row_of: HashMap<(&'static str, &'a str), usize>,
    // By address first: a file's values share a handful of `Arc`s.
    number_at: HashMap<*const Evidence, usize>,
    number_of: HashMap<&'a Evidence, usize>,
}

impl<'a> Encoder<'a> {
    fn take(&mut self, change: &'a Change) -> Result<(), StoreError> {
        match change {
            Change::Site { code, field, value } => {
                self.value(SITE, Subject::Site, code.as_str(), *field, value)
            }
            Change::Tenancy { id, field, value } => {
                self.value(TENANCY, Subject::Tenancy, id.as_str(), *field, value)
            }
            Change::Observed { code, observation } => self.observation(code.as_str(), observation),
            Change::Reference(reference) => {
                let text = serde_json::to_string(reference).expect("texts and a date serialise");
                self.body(REFERENCE, reference.kind.key()).push_str(&text);
                Ok(())
            }
        }
    }

    fn value(
        &mut self,
        subject: &'static str,
        owner: Subject,
        code: &'a str,
        field: Field,
        value: &'a Value<Scalar>,
    ) -> Result<(), StoreError> {
        let wrong = |found: String| StoreError::WrongValue { code: code.to_owned(), field, found };
        if field.subject() != owner {
            return Err(wrong(format!("a statement about a {subject}")));
        }
        match value {
            Value::Known { value, evidence } => {
                let text = text_of(field, value).ok_or_else(|| wrong(format!("{value:?}")))?;
                let number = self.number(evidence);
                let body = self.entry(subject, code, field.key());
                push_json(body, &text);
                body.push(',');
                body.push_str(&number.to_string());
            }
            Value::Unknown { why } => {
                let body = self.entry(subject, code, field.key());
                body.push_str("null,");
                push_json(body, why_key(*why));
            }
        }
        self.body_so_far(subject, code).push(']');
        Ok(())
    }

    fn observation(&mut self, code: &'a str, seen: &Observation) -> Result<(), StoreError> {
        let numbers = [Some(seen.frequency), seen.occupancy];
        if numbers.into_iter().flatten().any(|number| !number.is_finite()) {
            return Err(StoreError::WrongValue {
                code: code.to_owned(),
                field: Field::FacetSpaceUse,
                found: format!("a survey with {numbers:?}"),
            });
        }
        let body = self.entry(SITE, code, OBSERVED);
        let method = serde_json::to_string(&seen.method).expect("a word serialises");
        body.push_str(&method);
        for text in [seen.from.to_string(), seen.to.to_string()] {
            body.push(',');
            push_json(body, &text);
        }
        body.push(',');
        push_json(body, &seen.spaces);
        body.push(',');
        push_json(body, &seen.frequency.to_string());
        body.push(',');
        match seen.occupancy {
            Some(occupancy) => push_json(body, &occupancy.to_string()),
            None => body.push_str("null"),
        }
        body.push(',');
        push_json(body, &seen.source);
        body.push(']');
        Ok(())
    }

    fn number(&mut self, evidence: &'a Arc<Evidence>) -> usize {
        let next = self.done.evidence.len();
        let list = &mut self.done.evidence;
        let by_value = &mut self.number_of;
        *self.number_at.entry(Arc::as_ptr(evidence)).or_insert_with(|| {
            *by_value.entry(evidence.as_ref()).or_insert_with(|| {
                list.push(evidence.as_ref());
                next
            })
        })
    }

    /// Opens `["key",` at the end of the row.
    fn entry(&mut self, subject: &'static str, code: &'a str, key: &str) -> &mut String {
        let body = self.body(subject, code);
        body.push_str("[\"");
        body.push_str(key);
        body.push_str("\",");
        body
    }

    /// The row's text with the opening bracket or comma its next entry needs.
    fn body(&mut self, subject: &'static str, code: &'a str) -> &mut String {
        let body = self.body_so_far(subject, code);
        body.push(if body.is_empty() { '[' } else { ',' });
        body
    }

    fn body_so_far(&mut self, subject: &'static str, code: &'a str) -> &mut String {
        let rows = &mut self.done.rows;
        let is_last = rows.last().is_some_and(|row| row.subject == subject && row.code == code);
        let at = if is_last {
            rows.len() - 1
        } else {
            *self.row_of.entry((subject, code)).or_insert_with(|| {
                rows.push(Row { subject, code: Cow::Borrowed(code), body: String::new() });
                rows.len() - 1
            })
        };
        &mut self.done.rows[at].body
    }
}

/// `None` where the scalar is not of the field's kind, or is a number no file can hold.
fn text_of(field: Field, scalar: &Scalar) -> Option<Cow<'_, str>> {
    match (field.kind(), scalar) {
        (Kind::Text | Kind::Choice(_), Scalar::Text(text)) => Some(Cow::Borrowed(text)),
        (Kind::Number { .. }, Scalar::Number(number)) if number.is_finite() => {
            Some(Cow::Owned(number.to_string()))
        }
        (Kind::Money, Scalar::Pence(pence)) => Some(Cow::Owned(pence.to_string())),
        (Kind::Date, Scalar::Date(date)) => Some(Cow::Owned(date.to_string())),
        (Kind::Point, Scalar::Point(point)) => {
            Some(Cow::Owned(format!("{} {}", point.easting(), point.northing())))
        }
        _ => None,
    }
}

fn scalar_of(field: Field, text: Cow<'_, str>) -> Option<Scalar> {
    Some(match field.kind() {
        Kind::Text | Kind::Choice(_) => Scalar::Text(text.into_owned()),
        Kind::Number { .. } => Scalar::Number(finite(&text)?),
        Kind::Money => Scalar::Pence(text.parse().ok()?),
        Kind::Date => Scalar::Date(text.parse().ok()?),
        Kind::Point => {
            let (easting, northing) = text.split_once(' ')?;
            Scalar::Point(Point::new(finite(easting)?, finite(northing)?).ok()?)
        }
    })
}

fn finite(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

fn why_key(why: Why) -> &'static str {
    match why {
        Why::NotSupplied => "not_supplied",
        Why::Blank => "blank",
        Why::NoDataProvided => "no_data_provided",
        Why::NotApplicable => "not_applicable",
        Why::Unreadable => "unreadable",
        Why::NotAssessed => "not_assessed",
        Why::InputUnknown => "input_unknown",
    }
}

fn push_json(body: &mut String, text: &str) {
    if text.bytes().any(|b| b < 0x20 || b == b'"' || b == b'\\') {
        body.push_str(&serde_json::to_string(text).expect("a text serialises"));
    } else {
        body.push('"');
        body.push_str(text);
        body.push('"');
    }
}

/// Appends a row's changes to `into`. `evidence` is that of the row's change-set, in order.
pub(super) fn decode(
    subject: &str,
    code: &str,
    body: &str,
    evidence: &[Arc<Evidence>],
    into: &mut Vec<Change>,
) -> Result<(), StoreError> {
    let damaged = |what: String| StoreError::damaged(format!("{subject} {code}: {what}"));
    let unreadable = |fault: serde_json::Error| damaged(fault.to_string());
    match subject {
        SITE => {
            let code = code.parse().map_err(|fault| damaged(format!("{fault}")))?;
            let entries: Vec<Entry<'_>> = serde_json::from_str(body).map_err(unreadable)?;
            for entry in entries {
                into.push(match entry {
                    Entry::Observed(observation) => Change::Observed {
                        code: crate::register::SiteCode::clone(&code),
                        observation,
                    },
                    Entry::Field { field, said } => Change::Site {
                        code: code.clone(),
                        field,
                        value: value_of(field, said, evidence).map_err(damaged)?,
                    },
                });
            }
        }
        TENANCY => {
            let id: crate::register::TenancyId =
                code.parse().map_err(|fault| damaged(format!("{fault}")))?;
            let entries: Vec<Entry<'_>> = serde_json::from_str(body).map_err(unreadable)?;
            for entry in entries {
                let Entry::Field { field, said } = entry else {
                    return Err(damaged("a survey of a tenancy".to_owned()));
                };
                let value = value_of(field, said, evidence).map_err(damaged)?;
                into.push(Change::Tenancy { id: id.clone(), field, value });
            }
        }
        REFERENCE => {
            let references: Vec<Reference> = serde_json::from_str(body).map_err(unreadable)?;
            into.extend(references.into_iter().map(Change::Reference));
        }
        _ => return Err(damaged("not a kind of thing this program knows".to_owned())),
    }
    Ok(())
}

enum Entry<'a> {
    Field { field: Field, said: Said<'a> },
    Observed(Observation),
}

enum Said<'a> {
    Known { text: Cow<'a, str>, evidence: usize },
    Unknown { why: Why },
}

fn value_of(
    field: Field,
    said: Said<'_>,
    evidence: &[Arc<Evidence>],
) -> Result<Value<Scalar>, String> {
    match said {
        Said::Unknown { why } => Ok(Value::unknown(why)),
        Said::Known { text, evidence: number } => {
            let evidence =
                evidence.get(number).ok_or_else(|| format!("{field}: no evidence {number}"))?;
            let shown = text.clone();
            let value = scalar_of(field, text).ok_or_else(|| format!("{field}: {shown:?}"))?;
            Ok(Value::known(value, evidence))
        }
    }
}

/// Borrows from the row where the text has no escapes.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de> Deserialize<'de> for Entry<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(EntryVisitor)
    }
}

struct EntryVisitor;

impl<'de> Visitor<'de> for EntryVisitor {
    type Value = Entry<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[field, text, evidence], [field, null, why] or [\"observed\", …]")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Entry<'de>, A::Error> {
        let key: &str = next(&mut seq)?;
        if key == OBSERVED {
            return observation(&mut seq).map(Entry::Observed);
        }
        let field = *FIELDS.get(key).ok_or_else(|| {
            A::Error::custom(format!("{key:?} is not a field this program knows"))
        })?;
        let said = if let Some(Text(text)) = next::<Option<Text<'de>>, A>(&mut seq)? {
            Said::Known { text, evidence: next(&mut seq)? }
        } else {
            let key: &str = next(&mut seq)?;
            let why = Why::ALL.into_iter().find(|why| why_key(*why) == key);
            Said::Unknown { why: why.ok_or_else(|| A::Error::custom(format!("why is {key:?}")))? }
        };
        Ok(Entry::Field { field, said })
    }
}

fn observation<'de, A: SeqAccess<'de>>(seq: &mut A) -> Result<Observation, A::Error> {
    let number = |text: &str| {
        finite(text).ok_or_else(|| A::Error::custom(format!("{text:?} is not a number")))
    };
    Ok(Observation {
        method: next::<Method, A>(seq)?,
        from: next::<NaiveDate, A>(seq)?,
        to: next::<NaiveDate, A>(seq)?,
        spaces: next(seq)?,
        frequency: number(next(seq)?)?,
        occupancy: next::<Option<&str>, A>(seq)?.map(number).transpose()?,
        source: next(seq)?,
    })
}

fn next<'de, T: Deserialize<'de>, A: SeqAccess<'de>>(seq: &mut A) -> Result<T, A::Error> {
    seq.next_element()?.ok_or_else(|| A::Error::custom("the entry is too short"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::register::SiteCode;

    fn scalar(kind: Kind) -> BoxedStrategy<Scalar> {
        match kind {
            Kind::Text | Kind::Choice(_) => any::<String>().prop_map(Scalar::Text).boxed(),
            Kind::Money => any::<i64>().prop_map(Scalar::Pence).boxed(),
            Kind::Number { .. } => any::<f64>()
                .prop_filter("finite", |number| number.is_finite())
                .prop_map(Scalar::Number)
                .boxed(),
            Kind::Date => (-100_000..100_000_i32)
                .prop_filter_map("a day", NaiveDate::from_num_days_from_ce_opt)
                .prop_map(Scalar::Date)
                .boxed(),
            Kind::Point => (0.0..=700_000.0_f64, 0.0..=1_300_000.0_f64)
                .prop_filter_map("on the grid", |(east, north)| Point::new(east, north).ok())
                .prop_map(Scalar::Point)
                .boxed(),
        }
    }

    fn change() -> impl Strategy<Value = Change> {
        let field = prop::sample::select(Field::of(Subject::Site).collect::<Vec<_>>());
        let said = field.prop_flat_map(|field| {
            let known = (scalar(field.kind()), any::<String>(), 0..3_i32).prop_map(
                |(scalar, source, day)| {
                    let as_of = NaiveDate::from_num_days_from_ce_opt(730_000 + day);
                    let as_of = as_of.unwrap_or_default();
                    let method = "as returned".to_owned();
                    Value::known(scalar, &Arc::new(Evidence { source, method, as_of }))
                },
            );
            let unknown = prop::sample::select(Why::ALL.to_vec()).prop_map(Value::unknown);
            (Just(field), prop_oneof![known, unknown])
        });
        (prop::sample::select(vec!["RXA01", "RXA02"]), said).prop_map(|(code, (field, value))| {
            Change::Site { code: code.parse().expect("a code"), field, value }
        })
    }

    fn of<'a>(changes: &'a [Change], wanted: &'a str) -> impl Iterator<Item = &'a Change> {
        let is = move |code: &SiteCode| code.as_str() == wanted;
        changes.iter().filter(move |change| matches!(change, Change::Site { code, .. } if is(code)))
    }

    proptest! {
        #[test]
        fn rows_say_of_each_site_what_the_changes_said_in_their_order(
            changes in prop::collection::vec(change(), 0..12),
        ) {
            let encoded = encode(&changes).unwrap();
            let evidence: Vec<_> = encoded.evidence.iter().copied().cloned().map(Arc::new).collect();
            let mut read = Vec::new();
            for row in &encoded.rows {
                decode(row.subject, &row.code, &row.body, &evidence, &mut read).unwrap();
            }

            prop_assert_eq!(read.len(), changes.len());
            for code in ["RXA01", "RXA02"] {
                prop_assert!(of(&read, code).eq(of(&changes, code)));
            }
        }

        #[test]
        fn any_text_in_a_row_is_survived(subject in "site|tenancy|reference|x", code in ".*", body in ".*") {
            let _ = decode(&subject, &code, &body, &[], &mut Vec::new());
        }
    }

    #[test]
    fn damage_is_named() {
        for (body, wanted) in [
            ("[[\"name\",\"Royal\",0]]", "no evidence 0"),
            ("[[\"no_such\",null,\"blank\"]]", "\"no_such\" is not a field"),
            ("[[\"name\",null,\"because\"]]", "why is \"because\""),
            ("[[\"name\"", "EOF"),
            (
                "[[\"observed\",\"sensor\",\"2025-01-01\",\"2025-01-02\",\"\",\"NaN\",null,\"\"]]",
                "not a number",
            ),
        ] {
            let told = decode(SITE, "RXA01", body, &[], &mut Vec::new()).unwrap_err().to_string();
            assert!(told.contains("site RXA01") && told.contains(wanted), "{told}");
        }
    }
}
