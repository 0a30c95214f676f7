//! What the fund is for: a list of local priorities, chosen by a rule the user picks and put where the balance allows.
//!
//! A priority is set aside for whole when it begins: its capital, and so many years of its revenue cost, so that nothing is
//! begun that cannot be kept going. Does no I/O.

mod choose;
mod moments;
#[cfg(test)]
mod tests;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::register::{HealthProgramme, Pence};

pub use choose::{BoroughShare, Choice, Funded, LeftOut, Moment, Rule, choose, spends};
pub use moments::{moments_of_programme, moments_of_run, shares, years_set_aside};

/// Most priorities of one list.
pub const MOST: usize = 500;

/// One thing a borough wants the fund to pay for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Priority {
    /// Its own short code, unique in the list.
    pub code: String,
    /// In the borough's words.
    pub name: String,
    /// GSS code.
    pub borough: String,
    /// Which health programme it serves.
    pub programme: HealthProgramme,
    /// 1 comes first.
    pub rank: u32,
    /// Once.
    pub capital: Pence,
    /// Each year.
    pub revenue_a_year: Pence,
    /// Helped in a year; `None` is not known, and never chosen by people.
    pub people: Option<u64>,
    /// Not before; `None` is at once.
    pub earliest: Option<NaiveDate>,
    /// Not after; `None` is any time.
    pub latest: Option<NaiveDate>,
    /// What the case rests on.
    pub evidence: String,
}

impl Priority {
    /// What is set aside when it begins.
    pub fn cost(&self, revenue_years: u32) -> Pence {
        self.capital + Pence(self.revenue_a_year.0.saturating_mul(i64::from(revenue_years)))
    }

    /// What is wrong with it: field, and what would have been right.
    pub fn faults(&self) -> Vec<(&'static str, String, &'static str)> {
        let mut faults = Vec::new();
        let mut bad = |field, found: String, wanted| faults.push((field, found, wanted));
        if self.code.trim().is_empty() || self.code.len() > 40 {
            bad("priority_code", self.code.clone(), "a code of 1 to 40 letters");
        }
        if self.name.trim().is_empty() || self.name.chars().count() > 300 {
            bad("name", self.name.clone(), "a name of 1 to 300 letters");
        }
        if self.borough.trim().is_empty() {
            bad("borough_code", self.borough.clone(), "the GSS code of an authority");
        }
        if self.rank == 0 {
            bad("rank", self.rank.to_string(), "a whole number from 1");
        }
        if self.capital < Pence::ZERO {
            bad("capital_gbp", self.capital.to_string(), "an amount of at least zero");
        }
        if self.revenue_a_year < Pence::ZERO {
            bad(
                "revenue_gbp_a_year",
                self.revenue_a_year.to_string(),
                "an amount of at least zero",
            );
        }
        if let (Some(earliest), Some(latest)) = (self.earliest, self.latest)
            && earliest > latest
        {
            bad("latest_start", latest.to_string(), "a day on or after the earliest start");
        }
        faults
    }
}

/// A list as it is kept.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PriorityList {
    /// By rank, then code.
    pub priorities: Vec<Priority>,
    /// Invented, with an illustrative estate.
    pub is_illustrative: bool,
}

impl PriorityList {
    /// The list in its order: rank, then code.
    pub fn new(mut priorities: Vec<Priority>, is_illustrative: bool) -> Self {
        priorities.sort_by(|a, b| (a.rank, &a.code).cmp(&(b.rank, &b.code)));
        Self { priorities, is_illustrative }
    }
}
