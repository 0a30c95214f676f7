//! Social value: a ledger discounted at the Green Book's schedules, against the do-minimum.

use serde::{Deserialize, Serialize};

use super::{Ledger, Terms};
use crate::register::{MissingAssumption, Pence};

/// Which schedule of rates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rates {
    /// 3.5 % falling after 30 and 75 years: money.
    Standard,
    /// 1.5 % falling likewise: effects on health, which no line of a ledger is; a sensitivity here.
    Health,
    /// The reduced schedule that the Green Book asks for beside the standard one beyond 50 years.
    Reduced,
    /// No discounting.
    None,
}

impl Rates {
    /// Every schedule.
    pub const ALL: [Self; 4] = [Self::Standard, Self::Health, Self::Reduced, Self::None];

    /// As shown.
    pub fn label(self) -> &'static str {
        match self {
            Self::Standard => "Green Book, standard",
            Self::Health => "Green Book, health effects",
            Self::Reduced => "Green Book, reduced for long horizons",
            Self::None => "Not discounted",
        }
    }

    /// The keys of its rates: to year 30, to year 75, after.
    pub fn keys(self) -> Option<[&'static str; 3]> {
        match self {
            Self::Standard => Some([
                "discount.rate.years_0_30",
                "discount.rate.years_31_75",
                "discount.rate.years_76_125",
            ]),
            Self::Health => Some([
                "discount.health_rate.years_0_30",
                "discount.health_rate.years_31_75",
                "discount.health_rate.years_76_125",
            ]),
            Self::Reduced => Some([
                "discount.reduced_rate.years_0_30",
                "discount.reduced_rate.years_31_75",
                "discount.reduced_rate.years_76_125",
            ]),
            Self::None => None,
        }
    }
}

/// Present values over all lines that count, at the first year's prices.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Appraisal {
    /// At which rates.
    pub rates: Rates,
    /// What is gained.
    pub benefits: Pence,
    /// What is spent (positive).
    pub costs: Pence,
    /// Benefits less costs. Added up before rounding, so it may be a penny from the difference of the two.
    pub npsv: Pence,
    /// Benefits ÷ costs; `None` where nothing is spent.
    pub bcr: Option<f64>,
}

/// The value of a ledger for society.
pub fn appraise(
    ledger: &Ledger,
    terms: &Terms<'_>,
    rates: Rates,
) -> Result<Appraisal, MissingAssumption> {
    let (mut benefits, mut costs) = (0.0, 0.0);
    for line in ledger.lines.iter().filter(|line| line.counts_for_society()) {
        let present = line.amount.0 as f64 * terms.discount_at(rates, line.year)?;
        if present >= 0.0 { benefits += present } else { costs -= present }
    }
    Ok(Appraisal {
        rates,
        benefits: Pence(1).times(benefits),
        costs: Pence(1).times(costs),
        npsv: Pence(1).times(benefits - costs),
        bcr: (costs > 0.0).then(|| benefits / costs),
    })
}
