//! When the parts of a plan happen: one rule for all sites, or a programme's own dates for each.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Arrival, OptionKind, Terms};
use crate::register::{MissingAssumption, SiteCode, TenancyId};

/// A month of a financial year, or the year as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct When {
    /// By the calendar year the financial year starts in.
    pub year: i32,
    /// 1 is April, 12 is March. `None`: some time in the year, over by its end; money is spread over its months.
    pub month: Option<u8>,
}

impl When {
    /// Some time in a financial year.
    pub fn year(year: i32) -> Self {
        Self { year, month: None }
    }

    /// A month, 1 April to 12 March.
    pub fn month(year: i32, month: u8) -> Self {
        Self { year, month: Some(month.clamp(1, 12)) }
    }

    /// The last month of a quarter, 1 (April to June) to 4.
    pub fn quarter(year: i32, quarter: u8) -> Self {
        Self::month(year, quarter.clamp(1, 4) * 3)
    }

    /// Months from the start of financial year 0 to the end of this.
    pub(super) fn end(self) -> i32 {
        self.year * 12 + i32::from(self.month.unwrap_or(12))
    }

    /// So many whole months later; a year as a whole is later by whole years and the months that are left over.
    #[must_use]
    pub fn later(self, months: i32) -> Self {
        if self.month.is_none() && months.rem_euclid(12) == 0 {
            return Self::year(self.year + months.div_euclid(12));
        }
        let last = self.end() + months - 1;
        let month = u8::try_from(last.rem_euclid(12) + 1).unwrap_or(12);
        Self { year: last.div_euclid(12), month: Some(month) }
    }
}

/// When one site's or one tenancy's part happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stages {
    /// Works are paid: room exists before its donor closes.
    pub works: When,
    /// Services move; what they leave stands empty from the end of it.
    pub moves: When,
    /// The sale completes and is paid.
    pub receipt: When,
}

impl Stages {
    /// The dates every site of this option shares where nobody has programmed it.
    pub fn usual(option: OptionKind, terms: &Terms<'_>) -> Result<Self, MissingAssumption> {
        let sale = if option == OptionKind::SellLand {
            terms.land_receipt_year()?
        } else {
            terms.receipt_year()?
        };
        Ok(Self {
            works: When::year(terms.works_year()?),
            moves: When::year(terms.move_year()?),
            receipt: When { year: sale, month: Some(terms.receipt_month()) },
        })
    }
}

/// A programme's dates. What is not in it happens at the usual dates of the assumption set.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// Dates of what a site does: its works, its own emptying, its sale.
    pub sites: BTreeMap<SiteCode, Stages>,
    /// Dates of a tenancy's move, where they are not those of the site it leaves.
    pub arrivals: BTreeMap<TenancyId, Stages>,
}

impl Schedule {
    /// When this site does what it does.
    pub fn of_site(
        &self,
        site: &SiteCode,
        option: OptionKind,
        terms: &Terms<'_>,
    ) -> Result<Stages, MissingAssumption> {
        self.sites.get(site).copied().map_or_else(|| Stages::usual(option, terms), Ok)
    }

    /// When this tenancy arrives: its own dates, else those of the site it leaves.
    pub fn of_arrival(
        &self,
        arrival: &Arrival,
        terms: &Terms<'_>,
    ) -> Result<Stages, MissingAssumption> {
        self.arrivals
            .get(&arrival.tenancy)
            .copied()
            .map_or_else(|| self.of_site(&arrival.from, OptionKind::Dispose, terms), Ok)
    }
}
