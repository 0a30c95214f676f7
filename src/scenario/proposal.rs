//! A proposal: the answer in estate terms. The tool proposes; it never decides.

use chrono::NaiveDateTime;
use serde::{Deserialize, Serialize};

use super::Scenario;
use crate::access::Assessment;
use crate::fund::{Ledger, OptionKind, Projection};
use crate::register::{Minutes, Pence, ServiceLine, SiteCode, SquareMetres, TenancyId};

/// Why something is proposed or refused: a stable code for machines and a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// `under_used`, `lock_keep`, `pfi_charge_continues`.
    pub code: String,
    /// A whole sentence with its figures.
    pub words: String,
}

/// What is proposed for a site.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Action {
    /// Which site.
    pub site: SiteCode,
    /// Its name.
    pub name: String,
    /// Its borough, GSS code, where known.
    pub borough: Option<String>,
    /// What.
    pub option: OptionKind,
    /// Why.
    pub reasons: Vec<Reason>,
    /// Gross receipt, central; zero where nothing is sold.
    pub receipt: Pence,
    /// One-off costs, all kinds (positive).
    pub costs: Pence,
    /// Running cost saved a year less added (positive is better).
    pub running_cost_saved: Pence,
    /// What the fund gains, net.
    pub to_fund: Pence,
    /// Assumption keys this action's figures rest on.
    pub assumed: Vec<String>,
}

/// Where a tenancy goes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Move {
    /// Which tenancy.
    pub tenancy: TenancyId,
    /// Its name.
    pub name: String,
    /// What care.
    pub service_line: Option<ServiceLine>,
    /// From.
    pub from: SiteCode,
    /// To.
    pub to: SiteCode,
    /// People it serves, where known.
    pub people: Option<f64>,
    /// Space it takes there, clinical.
    pub clinical: SquareMetres,
    /// Space it takes there, non-clinical.
    pub non_clinical: SquareMetres,
    /// Straight-line metres between the two sites.
    pub metres: f64,
    /// Mean minutes of its own people before.
    pub minutes_before: Option<Minutes>,
    /// And after.
    pub minutes_after: Option<Minutes>,
    /// Share of its own people beyond the journey limit after.
    pub share_beyond: Option<f64>,
    /// Residents shared out to it, whose journeys the minutes are of.
    #[serde(default)]
    pub catchment: Option<f64>,
    /// How the minutes are made.
    #[serde(default)]
    pub minutes_by: Option<String>,
}

/// Something that was asked or possible and is not proposed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Which site.
    pub site: SiteCode,
    /// Its name.
    pub name: String,
    /// What was ruled out.
    pub option: OptionKind,
    /// Why.
    pub reason: Reason,
}

/// A standard the estate does not meet before any plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Stable code.
    pub code: String,
    /// A whole sentence.
    pub words: String,
}

/// One figure of a clause, before and after. `None` is unknown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Clause {
    /// Stable key: `backlog`, `people_within_gp_walk_20`.
    pub key: String,
    /// In words.
    pub label: String,
    /// `£`, `m²`, `people`, `sites`, `%`.
    pub unit: String,
    /// Today.
    pub before: Option<f64>,
    /// Under the plan.
    pub after: Option<f64>,
    /// Sites or people the figure could not be known for.
    pub unknown: u64,
}

/// Every result speaks to all five.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Clauses {
    /// Modern, fit for purpose.
    pub quality: Vec<Clause>,
    /// Within reach, and can be got into.
    pub access: Vec<Clause>,
    /// Used well.
    pub efficient_use: Vec<Clause>,
    /// Consolidated or sold.
    pub consolidation: Vec<Clause>,
    /// For local priorities.
    pub fund: Vec<Clause>,
}

/// How much rests on assumptions.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Reliance {
    /// Each assumption used: key, and how many values it stood in for.
    pub used: Vec<(String, u64)>,
    /// Share of receipts by value that is assumed, 0 to 1.
    pub receipts_assumed: f64,
    /// Share of room by area that is assumed, 0 to 1.
    pub room_assumed: f64,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Proposal {
    /// An action a site in scope, by site code.
    pub actions: Vec<Action>,
    /// A move a tenancy that leaves its site, by tenancy.
    pub moves: Vec<Move>,
    /// What was refused, and why, by site code.
    pub refusals: Vec<Refusal>,
    /// Rules today's estate already breaks.
    pub findings_today: Vec<Finding>,
    /// Before and after for the five clauses.
    pub clauses: Clauses,
    /// Access before.
    pub access_before: Vec<Assessment>,
    /// Access after.
    pub access_after: Vec<Assessment>,
    /// How much rests on assumptions.
    pub reliance: Reliance,
}

/// How a run ended, always honest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunStatus {
    /// Proved best within the solver's tolerance.
    Optimal,
    /// Stopped at the gap asked for.
    WithinGap,
    /// Stopped by time or by hand with a plan.
    Stopped,
    /// No plan can keep the rules.
    Infeasible,
    /// Stopped before any plan was found.
    NothingFound,
}

/// What the solver reached.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SolverRecord {
    /// `HiGHS 1.15.0 through good_lp 1.15.3`.
    pub version: String,
    /// How it ended.
    pub status: RunStatus,
    /// Objective of the plan, least is best: pounds of the model (never a reported pound), people beyond a standard, or
    /// m², as the scenario seeks.
    pub objective: Option<f64>,
    /// Proven bound.
    pub bound: Option<f64>,
    /// (objective - bound) ÷ |objective|.
    pub gap: Option<f64>,
    /// Wall seconds.
    pub seconds: f64,
    /// Columns, rows, nonzeros of the model.
    pub size: (u64, u64, u64),
    /// Seed.
    pub seed: u32,
    /// Seconds, incumbent, bound: one row an improvement.
    pub history: Vec<(f64, Option<f64>, Option<f64>)>,
    /// For an infeasible scenario: the clashing rules, in words.
    pub clash: Vec<String>,
}

/// A stored, immutable answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// The question.
    pub scenario: Scenario,
    /// SHA-256 of the scenario, the register's content and the travel times, lower-case hex.
    pub input_hash: String,
    /// Who asked.
    pub author: String,
    /// When, UTC.
    pub at: NaiveDateTime,
    /// What the solver reached.
    pub solver: SolverRecord,
    /// The answer, where there is one.
    pub proposal: Option<Proposal>,
    /// Its money.
    pub ledger: Ledger,
    /// Its fund.
    pub projection: Option<Projection>,
    /// Rules the proposal does not keep, by the independent check. Empty, or the run says so in red.
    pub breaches: Vec<String>,
}
