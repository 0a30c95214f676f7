//! The fund's balance, year by year.

use serde::{Deserialize, Serialize};

use crate::register::Pence;

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
    /// Running cost saved less added in the year; not part of the balance.
    pub revenue_effect: Pence,
}

/// The fund over the horizon.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Projection {
    /// Price base, financial year.
    pub price_base: i32,
    /// Each year, in order, without gaps.
    pub years: Vec<ProjectionYear>,
    /// Net present social value over the horizon at the Green Book rate, all cash lines, against business as usual.
    pub npsv: Pence,
    /// PV of benefits ÷ PV of costs; `None` where nothing is spent.
    pub bcr: Option<f64>,
    /// Backlog liability avoided, apart: never cash.
    pub backlog_avoided: Pence,
    /// Share of the gross cash flow that rests on assumptions, 0 to 1.
    pub assumed_share: f64,
}
