//! One item of money before it is dated: how much, how it is worked out, and at which stage of the site's part it falls.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::estimate::{Estimate, pence};
use super::terms::financial_year;
use super::{Basis, Line, LineKind, Stages, When};
use crate::register::{ReceiptAccruesTo, SiteCode};

/// A part of a site's story that has a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Works,
    Moves,
    Receipt,
}

impl Stage {
    pub(super) fn of(self, stages: &Stages) -> When {
        match self {
            Self::Works => stages.works,
            Self::Moves => stages.moves,
            Self::Receipt => stages.receipt,
        }
    }
}

/// When an item falls due.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Timing {
    /// Once, at a stage.
    Once(Stage),
    /// Once, whatever the stages are.
    At(When),
    /// Every year from the end of a stage to the horizon.
    After(Stage),
    /// Every year from the move until the lease or contract lets go.
    Term(Lease),
    /// Every year from the move to the sale.
    Empty,
}

/// When a lease or contract can end.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Lease {
    /// Dates of the register, with who says so.
    pub(super) dates: Vec<(NaiveDate, Estimate)>,
    /// Years left where the register has no date.
    pub(super) unknown: Estimate,
    /// Years left where every date has passed.
    pub(super) past: Estimate,
}

impl Lease {
    /// Years from the day services leave to the first day it can end.
    fn left(&self, moves: When) -> Estimate {
        let ahead = self.dates.iter().filter(|(date, _)| financial_year(*date) >= moves.year);
        let Some((date, known)) = ahead.min_by_key(|(date, _)| *date) else {
            return if self.dates.is_empty() { self.unknown.clone() } else { self.past.clone() };
        };
        let years = first_day_after(moves)
            .map_or(0.0, |empty| (*date - empty).num_days() as f64 / 365.25)
            .max(0.0);
        Estimate { central: years, bad: years, good: years, ..known.clone() }
            .told_as_known("years to lease end")
    }
}

/// The first day of the month after this one.
fn first_day_after(when: When) -> Option<NaiveDate> {
    let months = when.end() + 3;
    let month = u32::try_from(months.rem_euclid(12) + 1).ok()?;
    NaiveDate::from_ymd_opt(months.div_euclid(12), month, 1)
}

/// One item of money.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Flow {
    pub(super) site: SiteCode,
    /// The site whose decision causes it: of an arrival, the site it leaves.
    pub(super) part_of: SiteCode,
    pub(super) owner: Option<ReceiptAccruesTo>,
    pub(super) counterparty: String,
    pub(super) kind: LineKind,
    pub(super) in_fund: bool,
    pub(super) basis: Option<Basis>,
    pub(super) because: String,
    /// Once, or a year; positive is in.
    pub(super) amount: Estimate,
    pub(super) timing: Timing,
    /// When the stages are.
    pub(super) stages: Stages,
}

impl Flow {
    /// Each time it falls due, with the amount then. `end_year` is the first year after the horizon.
    pub(super) fn occurrences(&self, stages: &Stages, end_year: i32) -> Vec<(When, Estimate)> {
        match &self.timing {
            Timing::Once(stage) => vec![(stage.of(stages), self.amount.clone())],
            Timing::At(when) => vec![(*when, self.amount.clone())],
            Timing::After(stage) => {
                let months = Months { from: stage.of(stages).end(), until: end_year * 12 };
                months.years().map(|part| (part.when(), part.share_of(&self.amount))).collect()
            }
            Timing::Empty => {
                let months = Months { from: stages.moves.end(), until: stages.receipt.end() };
                months.years().map(|part| (part.when(), part.share_of(&self.amount))).collect()
            }
            Timing::Term(lease) => {
                let left = lease.left(stages.moves);
                let months = Months { from: stages.moves.end(), until: end_year * 12 };
                let due = |part: PartYear| {
                    let due = left.clone().due(part.passed(), part.length());
                    (part.when(), self.amount.clone().times(due))
                };
                months.years().map(due).collect()
            }
        }
    }

    /// Dated lines at the stages it has; none where it is nothing in every case.
    pub(super) fn lines(&self, end_year: i32) -> Vec<(Line, Estimate)> {
        let occurrences = self.occurrences(&self.stages, end_year);
        occurrences.into_iter().filter_map(|(when, amount)| self.line(when, amount)).collect()
    }

    /// Whether its lines count in net present social value.
    pub(super) fn counts_for_society(&self) -> bool {
        self.kind.counts_for_society() && (self.kind != LineKind::Receipt || self.in_fund)
    }

    /// Assumptions that say how long it is paid.
    pub(super) fn lease_keys(&self) -> BTreeSet<String> {
        let Timing::Term(lease) = &self.timing else { return BTreeSet::new() };
        lease.left(self.stages.moves).assumed
    }

    pub(super) fn line(&self, when: When, pounds: Estimate) -> Option<(Line, Estimate)> {
        let (amount, low, high) = (pence(pounds.central), pence(pounds.bad), pence(pounds.good));
        if [amount, low, high].iter().all(|pence| pence.0 == 0) {
            return None;
        }
        let line = Line {
            site: self.site.clone(),
            owner: self.owner,
            counterparty: self.counterparty.clone(),
            kind: self.kind,
            budget: self.kind.budget(),
            year: when.year,
            month: when.month,
            amount,
            low,
            high,
            in_fund: self.in_fund,
            basis: self.basis,
            source: pounds.source(),
            because: self.because.clone(),
        };
        Some((line, pounds))
    }
}

/// From the end of one month to the end of another, in months since financial year 0.
struct Months {
    from: i32,
    until: i32,
}

/// What of it lies in one financial year.
struct PartYear {
    year: i32,
    months: i32,
    /// Months gone by before it began.
    before: i32,
}

impl Months {
    fn years(&self) -> impl Iterator<Item = PartYear> {
        let (from, until) = (self.from, self.until);
        let last = (until - 1).div_euclid(12);
        (from.div_euclid(12)..=last).filter_map(move |year| {
            let start = from.max(year * 12);
            let months = until.min(year * 12 + 12) - start;
            (months > 0).then_some(PartYear { year, months, before: start - from })
        })
    }
}

impl PartYear {
    fn when(&self) -> When {
        When::year(self.year)
    }

    fn length(&self) -> f64 {
        f64::from(self.months) / 12.0
    }

    fn passed(&self) -> f64 {
        f64::from(self.before) / 12.0
    }

    fn share_of(&self, yearly: &Estimate) -> Estimate {
        if self.months == 12 {
            return yearly.clone();
        }
        yearly.clone().times(Estimate::exact(self.length()))
    }
}
