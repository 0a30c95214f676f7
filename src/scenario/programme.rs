//! A proposal put in order: when each site is emptied, worked on and sold, so that the fund is never below its floor.
//!
//! `arrange` lays the actions out as tasks with durations, has `solver::timing` choose when each begins, prices the whole
//! again in whole pence at those dates, and has [`verify()`] recount every rule from the register and the ledger. No reported
//! pound comes from the search. Does no I/O.

mod answer;
mod critical;
mod explain;
mod levers;
mod tasks;
#[cfg(test)]
mod tests;
mod verify;

use chrono::NaiveDateTime;
use serde::{Deserialize, Serialize};

use super::RunStatus;
use crate::fund::{Ledger, OptionKind, Projection, Schedule, When};
use crate::register::{Pence, SiteCode, TenancyId};

pub use answer::arrange;
pub use levers::{Aim, Durations, Levers, ProgrammeError, Step};
pub use tasks::timing_of;
pub use verify::verify;

/// A part of what happens at a site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StageKind {
    /// The case is made.
    Identify,
    /// Involvement, tests, consultation, decision.
    ServiceChange,
    /// Works: at the sites that receive, or at the site that is improved.
    Works,
    /// Services move and the building is cleared.
    Vacate,
    /// Planning permission.
    Planning,
    /// Marketing.
    Market,
    /// To exchange.
    Exchange,
    /// To completion, when the price is paid.
    Complete,
}

impl StageKind {
    /// Every stage, in order.
    pub const ALL: [Self; 8] = [
        Self::Identify,
        Self::ServiceChange,
        Self::Works,
        Self::Vacate,
        Self::Planning,
        Self::Market,
        Self::Exchange,
        Self::Complete,
    ];

    /// As stored.
    pub fn key(self) -> &'static str {
        match self {
            Self::Identify => "identify",
            Self::ServiceChange => "service_change",
            Self::Works => "works",
            Self::Vacate => "vacate",
            Self::Planning => "planning",
            Self::Market => "market",
            Self::Exchange => "exchange",
            Self::Complete => "complete",
        }
    }

    /// As shown.
    pub fn label(self) -> &'static str {
        match self {
            Self::Identify => "Identify",
            Self::ServiceChange => "Service change",
            Self::Works => "Works",
            Self::Vacate => "Move and vacate",
            Self::Planning => "Planning",
            Self::Market => "Market",
            Self::Exchange => "Exchange",
            Self::Complete => "Complete",
        }
    }
}

/// A stage in its periods, both ends included; periods count from the programme's first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// Which stage.
    pub stage: StageKind,
    /// First period.
    pub first: usize,
    /// Last period.
    pub last: usize,
}

/// One action in time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// Which site.
    pub site: SiteCode,
    /// Its name.
    pub name: String,
    /// What is done.
    pub option: OptionKind,
    /// Its stages, in order.
    pub stages: Vec<Span>,
    /// Tenancies that leave.
    pub tenancies: Vec<TenancyId>,
    /// Where they go, each once.
    pub receivers: Vec<SiteCode>,
    /// Gross receipt.
    pub receipt: Pence,
    /// Works at the receiving sites or at the site itself (positive).
    pub works: Pence,
    /// Whether the programme's end hangs on it.
    pub is_critical: bool,
}

impl Item {
    /// A stage, where the item has it.
    pub fn span(&self, stage: StageKind) -> Option<Span> {
        self.stages.iter().copied().find(|span| span.stage == stage)
    }

    /// Its first and last period.
    pub fn ends(&self) -> Option<(usize, usize)> {
        let first = self.stages.iter().map(|span| span.first).min()?;
        Some((first, self.stages.iter().map(|span| span.last).max()?))
    }
}

/// The fund and the works in one period. `closing == opening + money_in + money_out`, to the penny.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeriodLine {
    /// Financial year, by the calendar year it starts in.
    pub year: i32,
    /// 1 (April to June) to 4; `None` where periods are years.
    pub quarter: Option<u8>,
    /// At its start.
    pub opening: Pence,
    /// Lines in.
    pub money_in: Pence,
    /// Lines out (negative).
    pub money_out: Pence,
    /// At its end.
    pub closing: Pence,
    /// Paid for works (positive).
    pub works: Pence,
    /// Works schemes under way.
    pub schemes: u32,
}

/// One step back along what the programme's end hangs on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// Which site.
    pub site: SiteCode,
    /// Its name.
    pub name: String,
    /// What of it: works, or leaving and selling.
    pub stage: StageKind,
    /// First period of that part.
    pub first: usize,
    /// Last period.
    pub last: usize,
    /// What keeps it from beginning a period earlier, as a sentence.
    pub because: String,
}

/// A stored, immutable programme of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Programme {
    /// The run's name.
    pub name: String,
    /// The question.
    pub levers: Levers,
    /// Months each stage takes.
    pub durations: Durations,
    /// First financial year.
    pub base_year: i32,
    /// Who asked.
    pub author: String,
    /// When, UTC.
    pub at: NaiveDateTime,
    /// How the search ended.
    pub status: RunStatus,
    /// (bound − value) ÷ |value| of what is sought.
    pub gap: Option<f64>,
    /// Wall seconds.
    pub seconds: f64,
    /// Columns, rows, nonzeros of the model.
    pub size: (u64, u64, u64),
    /// Which solver.
    pub version: String,
    /// Seconds, incumbent, bound, in pounds of the model or periods.
    pub history: Vec<(f64, Option<f64>, Option<f64>)>,
    /// Actions in time, by first period and site code. Empty where no programme was found.
    pub items: Vec<Item>,
    /// The fund, period by period.
    pub periods: Vec<PeriodLine>,
    /// Net present social value of this order.
    pub npsv: Option<Pence>,
    /// The same where money, crews and capital do not bind: every action at its own best date.
    pub npsv_unordered: Option<Pence>,
    /// The first period at whose end the fund holds the target, where one is asked for.
    pub target_reached: Option<usize>,
    /// What the end hangs on, last first.
    pub critical: Vec<Link>,
    /// Where no programme exists: which rules clash and what would help, in sentences.
    pub clash: Vec<String>,
    /// The least working capital found to be enough, where too little is allowed.
    pub capital_enough: Option<Pence>,
    /// Rules this programme does not keep, by the independent check. Empty, or it is said in red.
    pub breaches: Vec<String>,
    /// Dates, as the fund prices them.
    pub schedule: Schedule,
    /// The money at those dates.
    pub ledger: Ledger,
    /// The fund by year.
    pub projection: Option<Projection>,
}

impl Programme {
    /// What keeping the order costs: value of the unordered best less this one's.
    pub fn price_of_order(&self) -> Option<Pence> {
        Some(self.npsv_unordered? - self.npsv?)
    }

    /// When a period is: `2026/27 Q1`, or `2026/27`.
    pub fn period_words(&self, period: usize) -> String {
        self.levers.step.words(self.base_year, period)
    }

    /// The end of a period, as the fund dates it.
    pub fn when(&self, period: usize) -> When {
        self.levers.step.when(self.base_year, period)
    }
}
