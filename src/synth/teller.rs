//! Says what is known: every statement of an illustrative estate goes through here and carries its source.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{Datelike, NaiveDate};

use super::{Dice, as_of};
use crate::register::{
    Change, Evidence, Field, Observation, Pence, Scalar, SiteCode, TenancyId, Value, Why,
};

/// Where statements are gathered.
#[derive(Debug)]
pub(super) struct Teller<'a> {
    pub(super) source: &'a str,
    pub(super) changes: &'a mut Vec<Change>,
}

/// What is said of one site or tenancy.
#[derive(Debug)]
pub(super) struct Sheet<'a> {
    about: About,
    source: &'a str,
    evidence: BTreeMap<(&'static str, i32), Arc<Evidence>>,
    changes: &'a mut Vec<Change>,
}

#[derive(Debug, Clone)]
enum About {
    Site(SiteCode),
    Tenancy(TenancyId),
}

/// How an invented value would have been come by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    /// The yearly return.
    Return,
    /// Somebody went and looked, in this year.
    Survey(i32),
    /// A valuer, existing use.
    Valuation(i32),
    /// The lease.
    Deed,
    /// A point on a schematic map.
    Place,
}

impl By {
    fn words(self) -> (&'static str, i32) {
        let now = as_of().year();
        match self {
            Self::Return => ("invented, as if returned", now),
            Self::Survey(year) => ("invented, as if surveyed", year),
            Self::Valuation(year) => ("invented, as if valued for existing use", year),
            Self::Deed => ("invented, as if from the deeds", now),
            Self::Place => ("invented place on a schematic map", now),
        }
    }
}

impl Teller<'_> {
    pub(super) fn site(&mut self, code: SiteCode) -> Sheet<'_> {
        self.sheet(About::Site(code))
    }

    pub(super) fn tenancy(&mut self, id: TenancyId) -> Sheet<'_> {
        self.sheet(About::Tenancy(id))
    }

    pub(super) fn observed(&mut self, code: &SiteCode, observation: Observation) {
        self.changes.push(Change::Observed { code: code.clone(), observation });
    }

    fn sheet(&mut self, about: About) -> Sheet<'_> {
        Sheet { about, source: self.source, evidence: BTreeMap::new(), changes: self.changes }
    }
}

impl Sheet<'_> {
    pub(super) fn say(&mut self, field: Field, value: Scalar, by: By) {
        let (method, year) = by.words();
        let evidence = self.evidence.entry((method, year)).or_insert_with(|| {
            let as_of = NaiveDate::from_ymd_opt(year, 3, 31).unwrap_or_else(as_of);
            let (source, method) = (self.source.to_owned(), method.to_owned());
            Arc::new(Evidence { source, method, as_of })
        });
        let value = Value::known(value, evidence);
        self.write(field, value);
    }

    pub(super) fn text(&mut self, field: Field, text: impl Into<String>, by: By) {
        self.say(field, Scalar::Text(text.into()), by);
    }

    /// A measure to the given step, so that figures read like figures.
    pub(super) fn number(&mut self, field: Field, number: f64, step: f64, by: By) {
        // Rounded once more to hundredths: a step of 0.05 has no exact float.
        let rounded = ((number / step).round() * step * 100.0).round() / 100.0;
        self.say(field, Scalar::Number(rounded.max(0.0)), by);
    }

    /// Pounds to the nearest step.
    pub(super) fn pounds(&mut self, field: Field, pounds: f64, step: f64, by: By) {
        let pence = Pence(100).times((pounds / step).round() * step);
        self.say(field, Scalar::Pence(pence.0), by);
    }

    /// With this likelihood `tell` is called; else the value is unknown, and sometimes the register hears why.
    pub(super) fn perhaps(
        &mut self,
        dice: &mut Dice,
        likelihood: f64,
        fields: &[Field],
        tell: impl FnOnce(&mut Self, &mut Dice),
    ) {
        let (is_known, fate) = (dice.chance(likelihood), dice.unit());
        if is_known {
            tell(self, dice);
            return;
        }
        let why = match fate {
            f if f < 0.25 => Why::NoDataProvided,
            f if f < 0.35 => Why::NotAssessed,
            _ => return,
        };
        for field in fields {
            self.write(*field, Value::unknown(why));
        }
    }

    pub(super) fn not_assessed(&mut self, field: Field) {
        self.write(field, Value::unknown(Why::NotAssessed));
    }

    fn write(&mut self, field: Field, value: Value<Scalar>) {
        self.changes.push(match &self.about {
            About::Site(code) => Change::Site { code: code.clone(), field, value },
            About::Tenancy(id) => Change::Tenancy { id: id.clone(), field, value },
        });
    }
}
