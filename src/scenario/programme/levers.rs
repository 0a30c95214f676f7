//! What a planner may ask of a programme, and what cannot be asked.

use serde::{Deserialize, Serialize};

use crate::fund::When;
use crate::register::{Assumptions, MissingAssumption, Pence, SiteCode};

/// How long a period is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Three months.
    #[default]
    Quarter,
    /// A financial year.
    Year,
}

impl Step {
    /// Months of a period.
    pub fn months(self) -> usize {
        match self {
            Self::Quarter => 3,
            Self::Year => 12,
        }
    }

    /// Periods of a year.
    pub fn a_year(self) -> usize {
        match self {
            Self::Quarter => 4,
            Self::Year => 1,
        }
    }

    /// The last month of a period.
    pub fn when(self, base_year: i32, period: usize) -> When {
        let month = (period + 1) * self.months() - 1;
        let year =
            base_year.saturating_add(i32::try_from(month.div_euclid(12)).unwrap_or(i32::MAX));
        When::month(year, u8::try_from(month.rem_euclid(12) + 1).unwrap_or(12))
    }

    /// `2026/27 Q1`, or `2026/27`.
    pub fn words(self, base_year: i32, period: usize) -> String {
        let When { year, month } = self.when(base_year, period);
        let years = format!("{year}/{:02}", (year + 1).rem_euclid(100));
        match self {
            Self::Quarter => format!("{years} Q{}", month.unwrap_or(12).div_ceil(3)),
            Self::Year => years,
        }
    }
}

/// What is sought.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aim {
    /// The greatest net present social value.
    #[default]
    Value,
    /// The fund at its target as early as may be.
    Earliest,
}

/// The question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Levers {
    /// How long a period is.
    pub step: Step,
    /// What is sought.
    pub aim: Aim,
    /// What the fund is to hold; used where the earliest date is sought.
    pub target: Pence,
    /// What the fund holds before the first period.
    pub opening: Pence,
    /// How far below zero it may go: working capital that somebody lends.
    pub working_capital: Pence,
    /// Works schemes that can be under way at once.
    pub crews: u32,
    /// Most spent on works in a year.
    pub capital_per_year: Option<Pence>,
    /// Years in which everything must be done; the run's own horizon where longer.
    pub years: u8,
    /// Relative gap at which the search may stop.
    pub gap: f64,
    /// Wall seconds.
    pub time_limit_seconds: f64,
    /// For the search.
    pub seed: u32,
}

impl Levers {
    /// Quarters, the greatest value, an empty fund and no working capital.
    pub fn defaults(figures: &Assumptions, years: u8) -> Result<Self, MissingAssumption> {
        Ok(Self {
            step: Step::Quarter,
            aim: Aim::Value,
            target: Pence::ZERO,
            opening: Pence::ZERO,
            working_capital: Pence::ZERO,
            crews: whole(figures.value("programme.crews")?),
            capital_per_year: None,
            years,
            gap: 0.01,
            time_limit_seconds: 60.0,
            seed: 1,
        })
    }

    /// How many periods there are.
    pub fn periods(&self) -> usize {
        usize::from(self.years) * self.step.a_year()
    }

    /// What is wrong with it, lever by lever.
    pub fn faults(&self) -> Vec<ProgrammeError> {
        let bad = |field: &'static str, found: String, wanted: &'static str| {
            ProgrammeError::BadLever { field, found, wanted }
        };
        let mut faults = Vec::new();
        for (field, amount) in [
            ("opening_pounds", self.opening),
            ("working_capital_pounds", self.working_capital),
            ("capital_per_year_pounds", self.capital_per_year.unwrap_or_default()),
            ("target_pounds", self.target),
        ] {
            if amount < Pence::ZERO {
                faults.push(bad(field, amount.to_string(), "an amount of at least zero"));
            }
        }
        if self.crews == 0 {
            faults.push(bad("crews", self.crews.to_string(), "at least one scheme at a time"));
        }
        if !(1..=60).contains(&self.years) {
            faults.push(bad("years", self.years.to_string(), "from 1 to 60 years"));
        }
        if !self.gap.is_finite() || !(0.0..=1.0).contains(&self.gap) {
            faults.push(bad("gap", self.gap.to_string(), "from 0 to 1"));
        }
        if !self.time_limit_seconds.is_finite() || self.time_limit_seconds <= 0.0 {
            let found = self.time_limit_seconds.to_string();
            faults.push(bad("time_limit_seconds", found, "a number of seconds above zero"));
        }
        if self.aim == Aim::Earliest && self.target <= Pence::ZERO {
            let found = self.target.to_string();
            faults.push(bad(
                "target_pounds",
                found,
                "above zero where the earliest date is sought",
            ));
        }
        faults
    }
}

/// A programme that cannot be asked for. An impossible one is not an error: it is answered by what clashes.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ProgrammeError {
    /// A lever outside its range.
    #[error("{field} is {found}, which is not {wanted}")]
    BadLever {
        /// Its name.
        field: &'static str,
        /// As given.
        found: String,
        /// A noun phrase.
        wanted: &'static str,
    },
    /// A duration that is none.
    #[error("{key} is {found}, which is not a number of months from 0 to 240")]
    BadDuration {
        /// Key of the figure.
        key: String,
        /// As given.
        found: String,
    },
    /// A fact of the register that cannot be.
    #[error("{site}: {field} is {found}, which is not {wanted}")]
    BadFact {
        /// Which site.
        site: SiteCode,
        /// Key of the field.
        field: &'static str,
        /// As recorded.
        found: String,
        /// A noun phrase.
        wanted: String,
    },
    /// The run proposes nothing that could be put in order.
    #[error("the run has no proposal: there is nothing to put in order")]
    NoProposal,
    /// The proposal leaves every site as it is.
    #[error("the proposal changes no site: there is nothing to put in order")]
    NothingChanges,
    /// A site of the proposal is not in the register it was asked of.
    #[error("the proposal names the site {0}, which is not in the register")]
    UnknownSite(SiteCode),
    /// A figure is missing.
    #[error(transparent)]
    Missing(#[from] MissingAssumption),
}

/// Months each stage takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Durations {
    /// Making the case.
    pub identify: usize,
    /// Service change.
    pub service_change: usize,
    /// Works.
    pub works: usize,
    /// Moving and clearing.
    pub vacate: usize,
    /// Planning.
    pub planning: usize,
    /// Marketing.
    pub market: usize,
    /// To exchange.
    pub exchange: usize,
    /// To completion.
    pub complete: usize,
    /// Notice that a lease break asks for.
    pub lease_notice: usize,
}

impl Durations {
    /// From the assumption set.
    pub fn of(figures: &Assumptions) -> Result<Self, ProgrammeError> {
        let months = |stage: &str| {
            let key = format!("programme.months.{stage}");
            let value = figures.value(&key)?;
            if !value.is_finite() || !(0.0..=240.0).contains(&value) {
                return Err(ProgrammeError::BadDuration { key, found: value.to_string() });
            }
            Ok(whole(value) as usize)
        };
        Ok(Self {
            identify: months("identify")?,
            service_change: months("service_change")?,
            works: months("works")?,
            vacate: months("vacate")?,
            planning: months("planning")?,
            market: months("market")?,
            exchange: months("exchange")?,
            complete: months("complete")?,
            lease_notice: months("lease_notice")?,
        })
    }
}

/// To the nearest whole number, at least 0.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped first")]
fn whole(value: f64) -> u32 {
    value.round().clamp(0.0, 1e6) as u32
}
