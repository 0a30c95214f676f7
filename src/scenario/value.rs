//! Ledger lines as figures for the solver: thousands of pounds, and only there.

use crate::fund::{Budget, Line, Terms};
use crate::register::MissingAssumption;

use super::Objective;

/// What a choice is worth, £k. Additive over choices.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Worth {
    /// Discounted: the fund's lines and revenue.
    pub(crate) present: f64,
    /// The fund's lines, undiscounted.
    pub(crate) fund: f64,
    /// Capital spent on works.
    pub(crate) capital: f64,
    /// Running cost, rents and charges saved less added, over the horizon.
    pub(crate) running: f64,
    /// Unused space set free, m².
    pub(crate) released: f64,
    /// Extra travel of its people, person-minutes.
    pub(crate) travel: f64,
}

impl Worth {
    /// What it adds to an amount; people are no sum of choices.
    pub(crate) fn amount(&self, amount: Objective) -> f64 {
        match amount {
            Objective::FundValue => self.present,
            Objective::Fund => self.fund,
            Objective::RunningCost => self.running,
            Objective::SpaceReleased => self.released,
            Objective::Travel => self.travel,
            Objective::PeopleWorseOff => 0.0,
        }
    }

    pub(crate) fn of(lines: &[Line], terms: &Terms<'_>) -> Result<Self, MissingAssumption> {
        let mut worth = Self::default();
        for line in lines {
            let thousands = line.amount.as_pounds() / 1000.0;
            if counts_in_present_value(line) {
                worth.present += thousands * terms.discount(line.year)?;
            }
            if line.in_fund {
                worth.fund += thousands;
            }
            if is_works(line) {
                worth.capital -= thousands;
            }
            if is_running(line) {
                worth.running += thousands;
            }
        }
        Ok(worth)
    }
}

/// The fund's own lines and revenue; other people's receipts and avoided liabilities are not worth anything to it.
fn counts_in_present_value(line: &Line) -> bool {
    line.in_fund || line.budget == Budget::Revenue
}

/// Works that capital must pay for.
pub(crate) fn is_works(line: &Line) -> bool {
    line.kind.is_works() && line.budget == Budget::Cdel
}

/// Paid or saved year by year, outside the fund.
pub(crate) fn is_running(line: &Line) -> bool {
    line.budget == Budget::Revenue && !line.in_fund
}
