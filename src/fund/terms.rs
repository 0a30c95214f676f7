//! On what terms a plan is priced.

use chrono::{Datelike, NaiveDate};

use super::Rates;
use crate::register::{Assumptions, MissingAssumption};

/// The figures and the years. Real terms at the prices of the first year.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'a> {
    /// The scenario's set, overrides applied.
    pub assumptions: &'a Assumptions,
    /// First financial year, by the calendar year it starts in.
    pub base_year: i32,
    /// Years projected.
    pub horizon_years: u8,
}

impl Terms<'_> {
    /// First year after the horizon.
    pub fn end_year(&self) -> i32 {
        self.base_year + i32::from(self.horizon_years)
    }

    /// The year in which services move; what they leave stands empty from the end of it.
    pub fn move_year(&self) -> Result<i32, MissingAssumption> {
        Ok(self.base_year + self.years("time.years_to_move")?)
    }

    /// The year in which works for the move are paid: room exists before its donor closes.
    pub fn works_year(&self) -> Result<i32, MissingAssumption> {
        Ok((self.move_year()? - 1).max(self.base_year))
    }

    /// The year in which a site that closes is paid for.
    pub fn receipt_year(&self) -> Result<i32, MissingAssumption> {
        Ok(self.move_year()? + self.years("time.years_move_to_receipt")?)
    }

    /// The year in which surplus land is paid for.
    pub fn land_receipt_year(&self) -> Result<i32, MissingAssumption> {
        Ok(self.base_year + self.years("time.years_to_land_receipt")?)
    }

    /// The month in which sales complete, 1 April to 12 March; the last where the set does not say.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to 1 to 12 first"
    )]
    pub fn receipt_month(&self) -> u8 {
        let month = self.assumptions.value("time.receipt_month").unwrap_or(12.0);
        month.round().clamp(1.0, 12.0) as u8
    }

    /// Years over which the do-minimum brings sites to condition B, at least one.
    pub fn do_minimum_years(&self) -> Result<i32, MissingAssumption> {
        Ok(self.years("do_minimum.backlog_years")?.max(1))
    }

    /// What a pound of this year is worth in the first, at the declining Green Book schedule.
    pub fn discount(&self, year: i32) -> Result<f64, MissingAssumption> {
        self.discount_at(Rates::Standard, year)
    }

    /// The same at another schedule.
    pub fn discount_at(&self, rates: Rates, year: i32) -> Result<f64, MissingAssumption> {
        let Some(keys) = rates.keys() else { return Ok(1.0) };
        let wanted = (year - self.base_year).max(0);
        let (mut factor, mut reached) = (1.0, 0);
        for (key, until) in keys.into_iter().zip([30, 75, i32::MAX]) {
            let years = wanted.min(until) - reached;
            if years > 0 {
                factor /= (1.0 + self.assumptions.value(key)?).powi(years);
                reached += years;
            }
        }
        Ok(factor)
    }

    /// Whether a yes-or-no assumption says yes.
    pub(super) fn says(&self, key: &str) -> Result<bool, MissingAssumption> {
        Ok(self.assumptions.value(key)? >= 0.5)
    }

    /// A whole number of years, 0 to 100.
    #[expect(clippy::cast_possible_truncation, reason = "clamped to 0 to 100 first")]
    fn years(&self, key: &str) -> Result<i32, MissingAssumption> {
        Ok(self.assumptions.value(key)?.round().clamp(0.0, 100.0) as i32)
    }
}

/// The financial year a day falls in, by the calendar year it starts in: 31 March 2027 is 2026.
pub(super) fn financial_year(day: NaiveDate) -> i32 {
    if day.month() >= 4 { day.year() } else { day.year() - 1 }
}
