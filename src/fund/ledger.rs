//! Dated lines. Every total on every page is a sum of these.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

use super::{Decision, Terms, price};
use crate::register::{Evidence, MissingAssumption, Pence, ReceiptAccruesTo, SiteCode};

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
    /// Security, rates and insurance of an empty building until it is sold.
    Holding,
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

impl LineKind {
    /// Every kind, in the order a statement shows them.
    pub const ALL: [Self; 16] = [
        Self::Receipt,
        Self::NotRetained,
        Self::SaleCost,
        Self::Demolition,
        Self::Holding,
        Self::VacatingPayment,
        Self::Dilapidations,
        Self::Decant,
        Self::DoubleRunning,
        Self::Works,
        Self::BacklogWorks,
        Self::RunningCostSaved,
        Self::RunningCostAdded,
        Self::RemainingRent,
        Self::ResidualCharge,
        Self::BacklogAvoided,
    ];

    /// The stored name.
    pub fn key(self) -> &'static str {
        match self {
            Self::Receipt => "receipt",
            Self::SaleCost => "sale_cost",
            Self::NotRetained => "not_retained",
            Self::VacatingPayment => "vacating_payment",
            Self::Dilapidations => "dilapidations",
            Self::RemainingRent => "remaining_rent",
            Self::ResidualCharge => "residual_charge",
            Self::Demolition => "demolition",
            Self::Holding => "holding",
            Self::Decant => "decant",
            Self::DoubleRunning => "double_running",
            Self::Works => "works",
            Self::BacklogWorks => "backlog_works",
            Self::RunningCostSaved => "running_cost_saved",
            Self::RunningCostAdded => "running_cost_added",
            Self::BacklogAvoided => "backlog_avoided",
        }
    }

    /// As shown.
    pub fn label(self) -> &'static str {
        match self {
            Self::Receipt => "Receipts",
            Self::SaleCost => "Sale costs",
            Self::NotRetained => "Receipts not retained",
            Self::VacatingPayment => "Vacating payments",
            Self::Dilapidations => "Dilapidations",
            Self::RemainingRent => "Rent to lease end",
            Self::ResidualCharge => "PFI and LIFT charges that go on",
            Self::Demolition => "Demolition",
            Self::Holding => "Holding empty buildings",
            Self::Decant => "Moving services",
            Self::DoubleRunning => "Double running",
            Self::Works => "Works",
            Self::BacklogWorks => "Backlog works",
            Self::RunningCostSaved => "Running cost saved",
            Self::RunningCostAdded => "Running cost added",
            Self::BacklogAvoided => "Backlog avoided (not cash)",
        }
    }

    /// Which budget lines of this kind fall on.
    pub fn budget(self) -> Budget {
        match self {
            Self::Receipt
            | Self::SaleCost
            | Self::NotRetained
            | Self::Demolition
            | Self::Works
            | Self::BacklogWorks => Budget::Cdel,
            Self::VacatingPayment
            | Self::Dilapidations
            | Self::RemainingRent
            | Self::ResidualCharge
            | Self::Holding
            | Self::Decant
            | Self::DoubleRunning
            | Self::RunningCostSaved
            | Self::RunningCostAdded => Budget::Revenue,
            Self::BacklogAvoided => Budget::NonCash,
        }
    }

    /// Whether the fund pays or receives it. It pays what the plan causes once; running costs, and rents and charges that
    /// would be paid anyway, stay with whoever pays them today.
    pub fn moves_the_fund(self) -> bool {
        !matches!(
            self,
            Self::RunningCostSaved
                | Self::RunningCostAdded
                | Self::RemainingRent
                | Self::ResidualCharge
                | Self::BacklogAvoided
        )
    }
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

/// A sum of lines in the three columns.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Expected.
    pub amount: Pence,
    /// When receipts are low and costs high.
    pub low: Pence,
    /// When receipts are high and costs low.
    pub high: Pence,
}

impl AddAssign<&Line> for Totals {
    fn add_assign(&mut self, line: &Line) {
        self.amount += line.amount;
        self.low += line.low;
        self.high += line.high;
    }
}

/// One site's money at a glance.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiteMoney {
    /// Gross receipts, whoever is paid.
    pub receipt: Pence,
    /// One-off costs that the fund pays (positive).
    pub costs: Pence,
    /// What the fund gains, net.
    pub to_fund: Pence,
    /// Running cost saved less added, rents and charges that go on taken off, in the last year projected.
    pub running_cost_saved: Pence,
    /// Backlog avoided: never cash.
    pub backlog_avoided: Pence,
    /// Assumption keys any line rests on.
    pub assumed: Vec<String>,
}

/// Every line of a plan, by year, site and kind.
pub fn ledger(decisions: &[Decision<'_>], terms: &Terms<'_>) -> Result<Ledger, MissingAssumption> {
    let mut lines = Vec::new();
    for decision in decisions {
        lines.extend(price(decision, terms)?);
    }
    lines.sort_by(|a, b| {
        (a.year, &a.site, a.kind, &a.because).cmp(&(b.year, &b.site, b.kind, &b.because))
    });
    Ok(Ledger { lines })
}

impl Ledger {
    /// The sum of the lines picked.
    pub fn total(&self, pick: impl Fn(&Line) -> bool) -> Totals {
        let mut total = Totals::default();
        self.lines.iter().filter(|line| pick(line)).for_each(|line| total += line);
        total
    }

    /// What moves the fund's balance.
    pub fn in_fund(&self) -> Totals {
        self.total(|line| line.in_fund)
    }

    /// The sum by what lines are for; kinds without a line are left out.
    pub fn by_kind(&self) -> BTreeMap<LineKind, Totals> {
        self.by(|line| line.kind)
    }

    /// The sum by site.
    pub fn by_site(&self) -> BTreeMap<SiteCode, Totals> {
        self.by(|line| line.site.clone())
    }

    /// The sum by financial year.
    pub fn by_year(&self) -> BTreeMap<i32, Totals> {
        self.by(|line| line.year)
    }

    /// The sum by whatever is asked of a line.
    pub fn by<K: Ord>(&self, key: impl Fn(&Line) -> K) -> BTreeMap<K, Totals> {
        let mut sums: BTreeMap<K, Totals> = BTreeMap::new();
        for line in &self.lines {
            *sums.entry(key(line)).or_default() += line;
        }
        sums
    }

    /// One site's money at a glance; all zero where it has no line.
    pub fn site_money(&self, code: &SiteCode) -> SiteMoney {
        let lines = || self.lines.iter().filter(|line| line.site == *code);
        let (mut money, mut assumed) = (SiteMoney::default(), BTreeSet::new());
        let is_yearly = |line: &Line| line.budget == Budget::Revenue && !line.in_fund;
        let last_year = lines().filter(|line| is_yearly(line)).map(|line| line.year).max();
        for line in lines() {
            match line.kind {
                LineKind::Receipt => money.receipt += line.amount,
                LineKind::BacklogAvoided => money.backlog_avoided += line.amount,
                LineKind::NotRetained => {}
                _ if line.in_fund => money.costs -= line.amount,
                _ if Some(line.year) == last_year => money.running_cost_saved += line.amount,
                _ => {}
            }
            if line.in_fund {
                money.to_fund += line.amount;
            }
            if let ValueSource::Assumed(keys) = &line.source {
                assumed.extend(keys.iter().cloned());
            }
        }
        money.assumed = assumed.into_iter().collect();
        money
    }
}
