//! The fund's two balances, cash and capital cover, by financial year or by month, in real or nominal terms.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Budget, Indices, Ledger, Line, Terms};
use crate::register::Pence;

/// By year or by month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grain {
    /// Financial years.
    Year,
    /// Months of financial years.
    Month,
}

/// Whose prices.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Prices<'a> {
    /// Those of the plan's first year.
    Real,
    /// Those of the day.
    Nominal(&'a Indices),
}

/// One year or month. `closing == opening + money_in + money_out` for cash and cover alike, to the penny.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// By the calendar year the financial year starts in.
    pub year: i32,
    /// 1 April to 12 March; `None` is the whole year.
    pub month: Option<u8>,
    /// At its start.
    pub opening: Pence,
    /// Lines in.
    pub money_in: Pence,
    /// Lines out (negative).
    pub money_out: Pence,
    /// At its end.
    pub closing: Pence,
    /// Capital cover at its start.
    pub cover_opening: Pence,
    /// Capital lines in.
    pub cover_in: Pence,
    /// Capital lines out (negative).
    pub cover_out: Pence,
    /// Capital cover at its end.
    pub cover_closing: Pence,
    /// Running cost saved less added, rents and charges that go on taken off; in neither balance.
    pub revenue_effect: Pence,
}

/// Why nominal figures cannot be given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the series {series:?} has no level for {year}, so amounts of that year cannot be turned into its prices"
)]
pub struct NoLevel {
    /// Name of the series.
    pub series: String,
    /// Financial year.
    pub year: i32,
}

/// A ledger in the prices of the day: each line by the series its kind follows, to the penny.
pub fn nominal(ledger: &Ledger, terms: &Terms<'_>, indices: &Indices) -> Result<Ledger, NoLevel> {
    let mut lines = ledger.lines.clone();
    for line in &mut lines {
        let series = indices.of(line.kind);
        let factor = series.factor(terms.base_year, line.year).ok_or_else(|| {
            let year =
                if series.level(terms.base_year).is_none() { terms.base_year } else { line.year };
            NoLevel { series: series.name.clone(), year }
        })?;
        line.amount = line.amount.times(factor);
        line.low = line.low.times(factor);
        line.high = line.high.times(factor);
    }
    Ok(Ledger { lines })
}

/// The two balances from `opening`, for the lines picked. Covers the horizon, and beyond it to the last fund line.
pub fn balances(
    ledger: &Ledger,
    terms: &Terms<'_>,
    opening: Pence,
    grain: Grain,
    pick: impl Fn(&Line) -> bool,
) -> Vec<Period> {
    let last = ledger.lines.iter().filter(|line| line.in_fund).map(|line| line.year + 1).max();
    let end = last.unwrap_or(terms.base_year).max(terms.end_year());
    let mut sums: BTreeMap<(i32, Option<u8>), Sums> = BTreeMap::new();
    for year in terms.base_year..end {
        match grain {
            Grain::Year => drop(sums.insert((year, None), Sums::default())),
            Grain::Month => {
                sums.extend((1..=12).map(|month| ((year, Some(month)), Sums::default())));
            }
        }
    }
    for line in ledger.lines.iter().filter(|line| pick(line)) {
        // A line dated before the plan's first year falls in that year, so that nothing is lost.
        let year = line.year.max(terms.base_year);
        for (month, part) in parts(line, grain) {
            sums.entry((year, month)).or_default().add(line, part);
        }
    }
    let (mut cash, mut cover) = (opening, Pence::ZERO);
    let period = |((year, month), sums): ((i32, Option<u8>), Sums)| {
        let (opening, cover_opening) = (cash, cover);
        cash = cash + sums.money[0] + sums.money[1];
        cover = cover + sums.cover[0] + sums.cover[1];
        Period {
            year,
            month,
            opening,
            money_in: sums.money[0],
            money_out: sums.money[1],
            closing: cash,
            cover_opening,
            cover_in: sums.cover[0],
            cover_out: sums.cover[1],
            cover_closing: cover,
            revenue_effect: sums.revenue,
        }
    };
    // Years after the last that the fund moves in hold only running costs beyond the horizon.
    sums.into_iter().filter(|((year, _), _)| *year < end).map(period).collect()
}

/// The months a line falls in: its own, or a twelfth in each, to the penny.
fn parts(line: &Line, grain: Grain) -> Vec<(Option<u8>, Pence)> {
    match (grain, line.month) {
        (Grain::Year, _) => vec![(None, line.amount)],
        (Grain::Month, Some(month)) => vec![(Some(month.clamp(1, 12)), line.amount)],
        (Grain::Month, None) => {
            let until = |month: i64| (line.amount.0 * month).div_euclid(12);
            (1..=12_u8)
                .map(|month| {
                    let month_64 = i64::from(month);
                    (Some(month), Pence(until(month_64) - until(month_64 - 1)))
                })
                .collect()
        }
    }
}

/// In and out.
#[derive(Default)]
struct Sums {
    money: [Pence; 2],
    cover: [Pence; 2],
    revenue: Pence,
}

impl Sums {
    fn add(&mut self, line: &Line, part: Pence) {
        let side = usize::from(line.amount < Pence::ZERO);
        if line.in_fund {
            self.money[side] += part;
            if line.budget == Budget::Cdel {
                self.cover[side] += part;
            }
        } else if line.budget == Budget::Revenue {
            self.revenue += part;
        }
    }
}
