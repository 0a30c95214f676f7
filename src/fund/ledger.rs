//! Dated lines. Every total on every page is a sum of these.

use serde::{Deserialize, Serialize};

use crate::register::{Evidence, Pence, ReceiptAccruesTo, SiteCode};

/// What a line is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineKind {
    /// Sale of a site or of surplus land.
    Receipt,
    /// Agents, lawyers, promotion.
    SaleCost,
    /// The part of a receipt the owner's rule keeps out of the fund (negative).
    NotRetained,
    /// Vacating payment to NHS Property Services.
    VacatingPayment,
    /// Putting a leased site back.
    Dilapidations,
    /// Rent to the break or expiry.
    RemainingRent,
    /// Unitary charge or head lease that goes on.
    ResidualCharge,
    /// Demolition and decontamination.
    Demolition,
    /// Moving a tenancy.
    Decant,
    /// Two sites paid at once.
    DoubleRunning,
    /// Works at the receiving or improved site.
    Works,
    /// Backlog works that the plan pays for.
    BacklogWorks,
    /// Running cost no longer paid (positive, revenue).
    RunningCostSaved,
    /// Running cost taken on (negative, revenue).
    RunningCostAdded,
    /// Backlog that need not be mended. A liability avoided: never cash.
    BacklogAvoided,
}

/// Which budget a cash line falls on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Budget {
    /// Capital departmental expenditure limit.
    Cdel,
    /// Revenue.
    Revenue,
    /// Not cash: shown apart.
    NonCash,
}

/// What an amount rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ValueSource {
    /// A value of the register.
    Known(Evidence),
    /// Assumptions of the scenario's set, by name.
    Assumed(Vec<String>),
}

/// One amount at one date.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// The site it comes from.
    pub site: SiteCode,
    /// Whose money it is.
    pub owner: Option<ReceiptAccruesTo>,
    /// What it is for.
    pub kind: LineKind,
    /// Which budget.
    pub budget: Budget,
    /// Financial year, by the calendar year it starts in: 2026 is 2026/27.
    pub year: i32,
    /// Positive is in, negative is out. Real terms at the scenario's price base.
    pub amount: Pence,
    /// The same when receipts are low and costs high.
    pub low: Pence,
    /// The same when receipts are high and costs low.
    pub high: Pence,
    /// Whether it moves the fund's balance.
    pub in_fund: bool,
    /// What it rests on.
    pub source: ValueSource,
    /// The action that caused it, in words: `dispose`, `receive tenancy E83003-GP`.
    pub because: String,
}

/// All lines of a proposal, by year, site, kind.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Ledger {
    /// The lines.
    pub lines: Vec<Line>,
}
