//! The fund's balance, year by year.

use serde::{Deserialize, Serialize};

use super::{Budget, Ledger, Line, LineKind, Terms, ValueSource};
use crate::register::{MissingAssumption, Pence};

/// One financial year. `closing == opening + money_in + money_out`, to the penny.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectionYear {
    /// By the calendar year it starts in.
    pub year: i32,
    /// At 1 April.
    pub opening: Pence,
    /// Lines in.
    pub money_in: Pence,
    /// Lines out (negative).
    pub money_out: Pence,
    /// At 31 March.
    pub closing: Pence,
    /// Closing when receipts are low and costs high.
    pub closing_low: Pence,
    /// Closing when receipts are high and costs low.
    pub closing_high: Pence,
    /// Capital cover left: CDEL lines in less out, cumulative.
    pub cdel_cover: Pence,
    /// Running cost saved less added in the year, less rents and charges that go on; not part of the balance.
    pub revenue_effect: Pence,
}

/// The fund over the horizon.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Projection {
    /// Price base, financial year.
    pub price_base: i32,
    /// Each year, in order, without gaps.
    pub years: Vec<ProjectionYear>,
    /// Net present social value over the horizon at the Green Book rate, against business as usual: all cash lines of the
    /// NHS. What an owner keeps of a receipt is a transfer within it, and others' receipts are not its cash.
    pub npsv: Pence,
    /// PV of benefits ÷ PV of costs; `None` where nothing is spent.
    pub bcr: Option<f64>,
    /// Backlog liability avoided, apart: never cash.
    pub backlog_avoided: Pence,
    /// Share of the gross cash flow that rests on assumptions, 0 to 1.
    pub assumed_share: f64,
}

impl Projection {
    /// The lowest closing balance: below zero, the plan cannot be paid for in this order.
    pub fn lowest_balance(&self) -> Option<Pence> {
        self.years.iter().map(|year| year.closing).min()
    }

    /// The last closing balance.
    pub fn closing(&self) -> Option<Pence> {
        self.years.last().map(|year| year.closing)
    }
}

/// The fund from `opening`, year by year.
///
/// Covers the horizon, and beyond it to the last line that moves the fund: no receipt is lost by ending too soon.
pub fn project(
    ledger: &Ledger,
    terms: &Terms<'_>,
    opening: Pence,
) -> Result<Projection, MissingAssumption> {
    let social = ledger.lines.iter().filter(|line| counts_for_society(line));
    let (mut benefits, mut costs) = (0.0, 0.0);
    for line in social {
        let present = line.amount.0 as f64 * terms.discount(line.year)?;
        if present >= 0.0 { benefits += present } else { costs -= present }
    }
    let avoided = ledger.total(|line| line.kind == LineKind::BacklogAvoided);
    Ok(Projection {
        price_base: terms.base_year,
        years: years(ledger, terms, opening),
        npsv: Pence(1).times(benefits - costs),
        bcr: (costs > 0.0).then(|| benefits / costs),
        backlog_avoided: avoided.amount,
        assumed_share: assumed_share(ledger),
    })
}

fn years(ledger: &Ledger, terms: &Terms<'_>, opening: Pence) -> Vec<ProjectionYear> {
    let fund_years = ledger.lines.iter().filter(|line| line.in_fund).map(|line| line.year);
    let end = fund_years.map(|year| year + 1).max().unwrap_or(terms.base_year);
    let (mut balance, mut low, mut high) = (opening, opening, opening);
    let mut cover = Pence::ZERO;
    let mut years = Vec::new();
    for year in terms.base_year..end.max(terms.end_year()) {
        // A line dated before the plan's first year falls in that year, so that nothing is lost.
        let falls_here =
            |line: &&Line| line.year == year || (year == terms.base_year && line.year < year);
        let sum = |pick: &dyn Fn(&Line) -> bool, of: &dyn Fn(&Line) -> Pence| -> Pence {
            ledger.lines.iter().filter(falls_here).filter(|line| pick(line)).map(of).sum()
        };
        let money_in = sum(&|line| line.in_fund && line.amount > Pence::ZERO, &|line| line.amount);
        let money_out = sum(&|line| line.in_fund && line.amount < Pence::ZERO, &|line| line.amount);
        let opening = balance;
        balance = opening + money_in + money_out;
        low += sum(&|line| line.in_fund, &|line| line.low);
        high += sum(&|line| line.in_fund, &|line| line.high);
        cover += sum(&|line| line.in_fund && line.budget == Budget::Cdel, &|line| line.amount);
        years.push(ProjectionYear {
            year,
            opening,
            money_in,
            money_out,
            closing: balance,
            closing_low: low,
            closing_high: high,
            cdel_cover: cover,
            revenue_effect: sum(&|line| !line.in_fund && line.budget == Budget::Revenue, &|line| {
                line.amount
            }),
        });
    }
    years
}

fn counts_for_society(line: &Line) -> bool {
    let is_cash = line.budget != Budget::NonCash;
    let is_others_receipt = line.kind == LineKind::Receipt && !line.in_fund;
    is_cash && !is_others_receipt && line.kind != LineKind::NotRetained
}

fn assumed_share(ledger: &Ledger) -> f64 {
    let gross = |pick: &dyn Fn(&Line) -> bool| -> u64 {
        let cash = ledger.lines.iter().filter(|line| line.budget != Budget::NonCash);
        cash.filter(|line| pick(line))
            .fold(0, |sum, line| sum.saturating_add(line.amount.0.unsigned_abs()))
    };
    let all = gross(&|_| true);
    if all == 0 {
        return 0.0;
    }
    gross(&|line| matches!(line.source, ValueSource::Assumed(_))) as f64 / all as f64
}
