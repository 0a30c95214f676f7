//! What was read, as changes: of a site, a tenancy, a survey, or every site of an organisation.

use chrono::NaiveDate;

use super::bind::{Bound, BoundRecord};
use super::cell::{Refused, Said};
use super::rows::Reader;
use crate::import::mapping::{Part, Speaks, Target};
use crate::import::sheet::Row;
use crate::register::{
    Change, Field, InvalidCode, Method, Observation, Scalar, SiteCode, TenancyId, Value, Why,
};

enum Whose {
    Site(SiteCode),
    Tenancy(TenancyId),
    Observed(SiteCode),
    Organisation(String),
}

impl Whose {
    fn parse(subject: Speaks, code: &str) -> Result<Self, InvalidCode> {
        match subject {
            Speaks::Site => code.parse().map(Self::Site),
            Speaks::Observation => code.parse().map(Self::Observed),
            Speaks::Tenancy => code.parse().map(Self::Tenancy),
            Speaks::Organisation => Ok(Self::Organisation(code.to_ascii_uppercase())),
        }
    }
}

impl Reader<'_, '_> {
    /// Everything one record says of one code.
    pub(super) fn emit(
        &mut self,
        which: usize,
        row: &Row,
        code: &str,
        as_of: Option<NaiveDate>,
        values: Vec<Said>,
    ) {
        let Some(record) = self.records.get(which) else { return };
        let whose = match Whose::parse(record.spec.subject, code) {
            Ok(Whose::Observed(code)) => return self.emit_observation(record, row, code, values),
            Ok(whose) => whose,
            Err(invalid) => return self.refuse(row, record.code, invalid.wanted.to_owned()),
        };
        let as_of = as_of.unwrap_or_default();
        for (at, (said, bound)) in values.into_iter().zip(&record.fields).enumerate() {
            let Target::Register(field) = bound.target else { continue };
            let value = match said {
                Said::Nothing => continue,
                Said::Unknown(why) => {
                    self.count_ambiguous(why, bound);
                    Value::unknown(why)
                }
                Said::Known(scalar, method) => {
                    Value::known(scalar, &self.book.of((which, at), bound, row, as_of, method))
                }
                Said::Refused(refused) => {
                    self.refuse_cell(row, refused);
                    Value::unknown(Why::Unreadable)
                }
            };
            self.push(&whose, field, value);
        }
    }

    fn push(&mut self, whose: &Whose, field: Field, value: Value<Scalar>) {
        let changes = &mut self.reading.changes;
        match whose {
            Whose::Site(code) | Whose::Observed(code) => {
                changes.push(Change::Site { code: code.clone(), field, value });
            }
            Whose::Tenancy(id) => changes.push(Change::Tenancy { id: id.clone(), field, value }),
            Whose::Organisation(code) => match self.by_organisation.get(code) {
                Some(sites) => {
                    let named = sites.iter().cloned();
                    changes.extend(named.map(|code| Change::Site {
                        code,
                        field,
                        value: value.clone(),
                    }));
                }
                None => self.log.count("organisations without a site in the register", 1),
            },
        }
    }

    /// A value nobody can tell the unit of is no fault of the sender's, so it is counted.
    fn count_ambiguous(&mut self, why: Why, bound: &Bound<'_>) {
        if why == Why::Unreadable && bound.spec.percent_until.is_some() {
            let header =
                bound.column().map(|column| self.address.layout.header(column)).unwrap_or_default();
            let unit = bound.target.unit();
            self.log.count(
                &format!("values of {header:?} between 0 and 100 could be a percentage or {unit} and are unknown"),
                1,
            );
        }
    }

    /// That a row pools several sites.
    pub(super) fn emit_aggregate(&mut self, code: &str, as_of: Option<NaiveDate>) {
        let (Ok(code), Some(as_of)) = (code.parse::<SiteCode>(), as_of) else { return };
        let evidence = self.book.said_by_reader("the return pools several small sites here", as_of);
        let value = Value::known(Scalar::Text("yes".to_owned()), &evidence);
        self.reading.changes.push(Change::Site { code, field: Field::IsAggregate, value });
        self.log.count("rows pool several small sites: in the register, without a place", 1);
    }

    fn emit_observation(
        &mut self,
        record: &BoundRecord<'_>,
        row: &Row,
        code: SiteCode,
        values: Vec<Said>,
    ) {
        let mut parts: Vec<(Part, Scalar)> = Vec::new();
        for (said, bound) in values.into_iter().zip(&record.fields) {
            match (said, bound.target) {
                (Said::Known(scalar, _), Target::Observed(part)) => parts.push((part, scalar)),
                (Said::Refused(refused), _) => return self.refuse_cell(row, refused),
                _ if bound.spec.required => {
                    let expected = format!("a {} for the survey", bound.spec.field);
                    return self.refuse(row, bound.column().unwrap_or(record.code), expected);
                }
                _ => {}
            }
        }
        let find =
            |wanted: Part| parts.iter().find(|(part, _)| *part == wanted).map(|(_, scalar)| scalar);
        let (Some(method), Some(from), Some(to), Some(frequency)) = (
            find(Part::Method).and_then(Scalar::text).and_then(method_of),
            find(Part::From).and_then(Scalar::date),
            find(Part::To).and_then(Scalar::date),
            find(Part::Frequency).and_then(Scalar::number),
        ) else {
            let expected = "a survey with method, from, to and frequency".to_owned();
            return self.refuse(row, record.code, expected);
        };
        if from > to {
            let last =
                record.fields.iter().find(|bound| bound.target == Target::Observed(Part::To));
            let column = last.and_then(Bound::column).unwrap_or(record.code);
            return self.refuse(row, column, format!("a last day not before the first, {from}"));
        }
        let observation = Observation {
            method,
            from,
            to,
            spaces: find(Part::Spaces).and_then(Scalar::text).unwrap_or("whole site").to_owned(),
            frequency,
            occupancy: find(Part::Occupancy).and_then(Scalar::number),
            source: self.book.row_source(row).unwrap_or_else(|| self.book.source(to)),
        };
        self.reading.changes.push(Change::Observed { code, observation });
    }

    pub(super) fn refuse_cell(&mut self, row: &Row, refused: Refused) {
        self.refuse(row, refused.column, refused.expected);
    }

    pub(super) fn refuse(&mut self, row: &Row, column: usize, expected: String) {
        let fault = self.address.fault(row.number, Some(column), row.cell(column), expected);
        self.log.fault(fault);
    }
}

fn method_of(word: &str) -> Option<Method> {
    Some(match word {
        "eric_return" => Method::EricReturn,
        "sensor" => Method::Sensor,
        "walkround" => Method::Walkround,
        "booking" => Method::Booking,
        _ => return None,
    })
}
