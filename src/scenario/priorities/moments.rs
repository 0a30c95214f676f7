//! When the fund could set money aside, and each borough's share of it.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::{Moment, Rule};
use crate::fund::When;
use crate::geography::Zones;
use crate::register::{Assumptions, MissingAssumption};
use crate::scenario::Run;
use crate::scenario::programme::{Programme, Step};

/// Period by period, as a programme has it.
pub fn moments_of_programme(made: &Programme) -> Vec<Moment> {
    let lines = made.periods.iter().enumerate();
    let length = u32::try_from(made.levers.step.months()).unwrap_or(12);
    lines
        .map(|(period, line)| {
            let when = made.when(period);
            let to = end_of(when.year, when.month.unwrap_or(12));
            let from = to
                .and_then(|day| day.succ_opt())
                .and_then(|day| day.checked_sub_months(chrono::Months::new(length)));
            Moment {
                words: made.period_words(period),
                when,
                from: from.unwrap_or(NaiveDate::MIN),
                to: to.unwrap_or(NaiveDate::MAX),
                closing: line.closing,
            }
        })
        .collect()
}

/// Year by year, as an unordered run has it.
pub fn moments_of_run(run: &Run) -> Vec<Moment> {
    let years = run.projection.as_ref().map(|fund| fund.years.as_slice()).unwrap_or_default();
    years
        .iter()
        .map(|year| Moment {
            words: Step::Year.words(year.year, 0),
            when: When::year(year.year),
            from: NaiveDate::from_ymd_opt(year.year, 4, 1).unwrap_or(NaiveDate::MIN),
            to: end_of(year.year, 12).unwrap_or(NaiveDate::MAX),
            closing: year.closing,
        })
        .collect()
}

/// The last day of a month of a financial year, 1 April to 12 March.
fn end_of(year: i32, month: u8) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(year, 4, 1)?
        .checked_add_months(chrono::Months::new(u32::from(month)))?
        .pred_opt()
}

/// Each borough's share: of residents, or of residents in the most deprived fifth of England.
pub fn shares(zones: &Zones, rule: Rule) -> BTreeMap<String, f64> {
    let mut people: BTreeMap<String, f64> = BTreeMap::new();
    for zone in zones.iter() {
        let counts = match rule {
            Rule::FairByNeed => zone.imd_decile.is_some_and(|decile| decile <= 2),
            _ => true,
        };
        let own = people.entry(zone.borough_code.clone()).or_default();
        if counts {
            *own += f64::from(zone.residents);
        }
    }
    let all: f64 = people.values().sum();
    let share = |own: f64| if all > 0.0 { own / all } else { 0.0 };
    people.into_iter().map(|(borough, own)| (borough, share(own))).collect()
}

/// Years of a priority's revenue cost that are set aside when it begins.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to 0 to 60 first"
)]
pub fn years_set_aside(figures: &Assumptions) -> Result<u32, MissingAssumption> {
    Ok(figures.value("priorities.revenue_years")?.round().clamp(0.0, 60.0) as u32)
}
