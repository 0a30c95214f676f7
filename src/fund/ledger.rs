//! Dated lines. Every total on every page is a sum of these.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

use super::price::flows;
use super::{Decision, Schedule, Terms, When};
use crate::register::{Evidence, MissingAssumption, Pence, ReceiptAccruesTo, SiteCode};

/// What a line is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineKind {
    /// Sale of a site or of surplus land.
    Receipt,
    /// Agents, lawyers, marketing.
    SaleCost,
    /// Planning promotion, surveys, title.
    Promotion,
    /// Overage and grant clawback, taken before retention (negative).
    Clawback,
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
    /// Works at the receiving or improved site, without tax.
    Works,
    /// Backlog works that the plan pays for, without tax.
    BacklogWorks,
    /// Value added tax on works that is not recovered.
    WorksVat,
    /// Spend on local priorities that the fund has approved.
    ApprovedSpend,
    /// Running cost no longer paid (positive, revenue).
    RunningCostSaved,
    /// Running cost taken on (negative, revenue).
    RunningCostAdded,
    /// Backlog that need not be mended. A liability avoided: never cash.
    BacklogAvoided,
    /// What the do-minimum would spend to bring the site to condition B and the plan need not: what social value is
    /// measured against, never cash.
    DoMinimum,
    /// Public dividend capital no longer paid on what was sold: the owner's accounts.
    PdcDividend,
    /// Depreciation that stops: the owner's accounts.
    Depreciation,
    /// Price less book value: a gain, or a loss to be flagged (negative), in the owner's accounts.
    BookResult,
}

impl LineKind {
    /// Every kind, in the order a statement shows them.
    pub const ALL: [Self; 24] = [
        Self::Receipt,
        Self::Clawback,
        Self::NotRetained,
        Self::SaleCost,
        Self::Promotion,
        Self::Demolition,
        Self::Holding,
        Self::VacatingPayment,
        Self::Dilapidations,
        Self::Decant,
        Self::DoubleRunning,
        Self::Works,
        Self::BacklogWorks,
        Self::WorksVat,
        Self::ApprovedSpend,
        Self::RunningCostSaved,
        Self::RunningCostAdded,
        Self::RemainingRent,
        Self::ResidualCharge,
        Self::BacklogAvoided,
        Self::DoMinimum,
        Self::PdcDividend,
        Self::Depreciation,
        Self::BookResult,
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
            Self::Promotion => "promotion",
            Self::Clawback => "clawback",
            Self::WorksVat => "works_vat",
            Self::ApprovedSpend => "approved_spend",
            Self::DoMinimum => "do_minimum",
            Self::PdcDividend => "pdc_dividend",
            Self::Depreciation => "depreciation",
            Self::BookResult => "book_result",
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
            Self::Promotion => "Sale promotion",
            Self::Clawback => "Clawback and overage",
            Self::WorksVat => "VAT on works",
            Self::ApprovedSpend => "Approved spend on priorities",
            Self::DoMinimum => "Do-minimum works not needed (not cash)",
            Self::PdcDividend => "Dividend on public capital saved (owner's accounts)",
            Self::Depreciation => "Depreciation that stops (owner's accounts)",
            Self::BookResult => "Price less book value (owner's accounts)",
        }
    }

    /// Which budget lines of this kind fall on.
    pub fn budget(self) -> Budget {
        match self {
            Self::Receipt
            | Self::SaleCost
            | Self::Promotion
            | Self::Clawback
            | Self::NotRetained
            | Self::Demolition
            | Self::Works
            | Self::BacklogWorks
            | Self::WorksVat
            | Self::ApprovedSpend => Budget::Cdel,
            Self::VacatingPayment
            | Self::Dilapidations
            | Self::RemainingRent
            | Self::ResidualCharge
            | Self::Holding
            | Self::Decant
            | Self::DoubleRunning
            | Self::RunningCostSaved
            | Self::RunningCostAdded => Budget::Revenue,
            Self::BacklogAvoided | Self::DoMinimum => Budget::NonCash,
            Self::PdcDividend | Self::Depreciation | Self::BookResult => Budget::Accounts,
        }
    }

    /// Whether the fund pays or receives it. It pays what the plan causes once; running costs, and rents and charges that
    /// would be paid anyway, stay with whoever pays them today.
    pub fn moves_the_fund(self) -> bool {
        match self {
            Self::RunningCostSaved
            | Self::RunningCostAdded
            | Self::RemainingRent
            | Self::ResidualCharge => false,
            _ => matches!(self.budget(), Budget::Cdel | Budget::Revenue),
        }
    }

    /// Whether capital for works pays it.
    pub fn is_works(self) -> bool {
        matches!(self, Self::Works | Self::BacklogWorks | Self::WorksVat)
    }

    /// Whether money changes hands, in or out of the fund.
    pub fn is_cash(self) -> bool {
        matches!(self.budget(), Budget::Cdel | Budget::Revenue) || self == Self::PdcDividend
    }

    /// Whether its lines count in net present social value. What an owner or an earlier owner takes of a receipt, tax, and
    /// effects on accounts are transfers; approved spend has its own case; a liability avoided is counted as what the
    /// do-minimum would have spent on it.
    pub fn counts_for_society(self) -> bool {
        match self {
            Self::NotRetained | Self::Clawback | Self::WorksVat | Self::ApprovedSpend => false,
            Self::DoMinimum => true,
            _ => matches!(self.budget(), Budget::Cdel | Budget::Revenue),
        }
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
    /// The owner's accounts: outside the fund and outside social value.
    Accounts,
}

/// What a price is the price of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// Existing use value: as health premises.
    ExistingUse,
    /// Alternative use value: homes or a mix, net of what public land must give.
    Alternative,
    /// Prices really paid for such premises.
    PricesPaid,
}

impl Basis {
    /// As shown.
    pub fn label(self) -> &'static str {
        match self {
            Self::ExistingUse => "EUV",
            Self::Alternative => "AUV",
            Self::PricesPaid => "Prices paid",
        }
    }

    /// What a valuer's method says, if it says.
    pub(super) fn told(method: &str) -> Option<Self> {
        let says = |word: &str| {
            method.split(|letter: char| !letter.is_ascii_alphabetic()).any(|part| part == word)
        };
        match (says("EUV"), says("AUV")) {
            (true, false) => Some(Self::ExistingUse),
            (false, true) => Some(Self::Alternative),
            _ => None,
        }
    }
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
    /// Who pays or is paid; empty where nobody is, or in a run of before this was told.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub counterparty: String,
    /// What it is for.
    pub kind: LineKind,
    /// Which budget.
    pub budget: Budget,
    /// Financial year, by the calendar year it starts in: 2026 is 2026/27.
    pub year: i32,
    /// Month of that year, 1 April to 12 March; `None` is spread over the year.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub month: Option<u8>,
    /// Positive is in, negative is out. Real terms at the scenario's price base.
    pub amount: Pence,
    /// The same when receipts are low and costs high.
    pub low: Pence,
    /// The same when receipts are high and costs low.
    pub high: Pence,
    /// Whether it moves the fund's balance.
    pub in_fund: bool,
    /// Of a receipt: what it is the price of, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<Basis>,
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

/// Every line of a plan, by year, site and kind, at the usual dates of the assumption set.
pub fn ledger(decisions: &[Decision<'_>], terms: &Terms<'_>) -> Result<Ledger, MissingAssumption> {
    ledger_at(decisions, terms, &Schedule::default())
}

/// The same at a programme's dates.
pub fn ledger_at(
    decisions: &[Decision<'_>],
    terms: &Terms<'_>,
    schedule: &Schedule,
) -> Result<Ledger, MissingAssumption> {
    let mut lines = Vec::new();
    for decision in decisions {
        for flow in flows(decision, terms, schedule)? {
            lines.extend(flow.lines(terms.end_year()).into_iter().map(|(line, _)| line));
        }
    }
    Ok(sorted(lines))
}

/// In the order a ledger is told in.
pub(super) fn sorted(mut lines: Vec<Line>) -> Ledger {
    lines.sort_by(|a, b| a.order().cmp(&b.order()));
    Ledger { lines }
}

/// A local priority that the fund pays for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Spend {
    /// Its own number, or the site it is at.
    pub code: SiteCode,
    /// Which priority, in words.
    pub because: String,
    /// Who is paid.
    pub counterparty: String,
    /// When.
    pub when: When,
    /// Positive.
    pub amount: Pence,
    /// What the amount rests on.
    pub source: ValueSource,
}

impl Line {
    /// Whether it counts in net present social value. Others' receipts are not the NHS's cash.
    pub fn counts_for_society(&self) -> bool {
        self.kind.counts_for_society() && (self.kind != LineKind::Receipt || self.in_fund)
    }

    /// When.
    pub fn when(&self) -> When {
        When { year: self.year, month: self.month }
    }

    pub(super) fn order(&self) -> impl Ord + '_ {
        (self.year, &self.site, self.kind, &self.because)
    }
}

impl Ledger {
    /// The same with what the fund has approved for local priorities.
    #[must_use]
    pub fn with_spend(mut self, spends: &[Spend]) -> Self {
        let kind = LineKind::ApprovedSpend;
        self.lines.extend(spends.iter().map(|spend| Line {
            site: spend.code.clone(),
            owner: None,
            counterparty: spend.counterparty.clone(),
            kind,
            budget: kind.budget(),
            year: spend.when.year,
            month: spend.when.month,
            amount: -spend.amount,
            low: -spend.amount,
            high: -spend.amount,
            in_fund: true,
            basis: None,
            source: spend.source.clone(),
            because: spend.because.clone(),
        }));
        sorted(self.lines)
    }

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

    /// Of these lines, the share by value that rests on assumptions, 0 to 1; nothing where they are worth nothing.
    pub fn assumed_share(&self, pick: impl Fn(&Line) -> bool) -> Option<f64> {
        let worth = |pick: &dyn Fn(&Line) -> bool| -> u64 {
            let lines = self.lines.iter().filter(|line| pick(line));
            lines.fold(0, |sum, line| sum.saturating_add(line.amount.0.unsigned_abs()))
        };
        let is_assumed = |line: &Line| matches!(line.source, ValueSource::Assumed(_));
        let all = worth(&pick);
        (all > 0).then(|| worth(&|line| pick(line) && is_assumed(line)) as f64 / all as f64)
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
                LineKind::NotRetained | LineKind::Clawback => {}
                _ if line.in_fund => money.costs -= line.amount,
                _ if is_yearly(line) && Some(line.year) == last_year => {
                    money.running_cost_saved += line.amount;
                }
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
