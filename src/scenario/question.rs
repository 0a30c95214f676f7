//! A scenario: a question put to the estate.

use serde::{Deserialize, Serialize};

use crate::access::Standard;
use crate::fund::Indices;
use crate::register::{Assumptions, ChangeSetId, Pence, Register, SiteCode};

/// Which sites may change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScopeOf {
    /// Every located site.
    All,
    /// Sites of an ICB, by NHS code.
    Icb(String),
    /// Sites of these boroughs, by GSS code.
    Boroughs(Vec<String>),
}

/// What a lock says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LockKind {
    /// Must stay open.
    Keep,
    /// Must close.
    Close,
}

/// A decision taken outside the model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lock {
    /// Which site.
    pub site: SiteCode,
    /// What.
    pub kind: LockKind,
    /// Why, in the planner's words.
    pub why: String,
}

/// What is sought; the rest is bounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Objective {
    /// Greatest net present value of the fund and running cost.
    FundValue,
    /// Fewest people moved beyond a standard.
    PeopleWorseOff,
    /// Most under-used space released.
    SpaceReleased,
    /// Lowest running cost.
    RunningCost,
    /// Most money to the fund, undiscounted.
    Fund,
    /// Least extra travel for the people of what moves.
    Travel,
}

/// A plan held to an amount: at least this much of it, or at most where less is better.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Held {
    /// Of what.
    pub amount: Objective,
    /// Pounds, square metres, people, or person-minutes a journey, as [`Objective::unit`] says.
    pub to: f64,
}

impl Objective {
    /// Every amount that can be sought or held to.
    pub const ALL: [Self; 6] = [
        Self::FundValue,
        Self::Fund,
        Self::PeopleWorseOff,
        Self::SpaceReleased,
        Self::RunningCost,
        Self::Travel,
    ];

    /// The name in JSON, forms and on the command line.
    pub fn key(self) -> &'static str {
        match self {
            Self::FundValue => "fund_value",
            Self::Fund => "fund",
            Self::PeopleWorseOff => "people_worse_off",
            Self::SpaceReleased => "space_released",
            Self::RunningCost => "running_cost",
            Self::Travel => "travel",
        }
    }

    /// Of that name.
    pub fn find(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|amount| amount.key() == key)
    }

    /// As a figure of a plan.
    pub fn label(self) -> &'static str {
        match self {
            Self::FundValue => "Present value of fund and running cost",
            Self::Fund => "To the fund, net",
            Self::PeopleWorseOff => "People put beyond a standard, net",
            Self::SpaceReleased => "Unused space released",
            Self::RunningCost => "Running cost saved over the years of the plan",
            Self::Travel => "Extra travel of those whose services move",
        }
    }

    /// `£`, `people`, `m²` or `person-minutes`.
    pub fn unit(self) -> &'static str {
        match self {
            Self::FundValue | Self::Fund | Self::RunningCost => "£",
            Self::PeopleWorseOff => "people",
            Self::SpaceReleased => "m²",
            Self::Travel => "person-minutes",
        }
    }

    /// More of it is better; else less.
    pub fn more_is_better(self) -> bool {
        !matches!(self, Self::PeopleWorseOff | Self::Travel)
    }
}

/// The question, whole: the same scenario on the same register version gives the same bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scenario {
    /// In the planner's words.
    pub name: String,
    /// Which register.
    pub register_version: ChangeSetId,
    /// Which sites may change.
    pub scope: ScopeOf,
    /// Decisions taken outside the model.
    pub locks: Vec<Lock>,
    /// Access standards that must hold, or be no worse than today where today fails.
    pub standards: Vec<Standard>,
    /// Which version of the stored standards they were taken from; `None` where they were given otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standards_version: Option<u64>,
    /// The figures that may stand in for unknowns, overrides applied.
    pub assumptions: Assumptions,
    /// Index series of its own, for prices of the day; `None`: the shipped ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub series: Option<Indices>,
    /// What is sought.
    pub objective: Objective,
    /// Net receipts the fund must reach.
    pub fund_asked: Pence,
    /// Capital that may be spent on works.
    pub capital_available: Pence,
    /// Most sites closed in a borough, if bounded.
    pub closures_per_borough: Option<u32>,
    /// Amounts the plan is held to beside what is sought: how the points of a frontier are asked for.
    #[serde(default)]
    pub held: Vec<Held>,
    /// Most of a tenancy's own people that a move may put beyond the journey limit, 0 to 1.
    pub journey_share_beyond: f64,
    /// First financial year of the plan, by the calendar year it starts in.
    pub base_year: i32,
    /// Years projected.
    pub horizon_years: u8,
    /// Relative gap at which the search may stop, 0.01 is 1 %.
    pub gap: f64,
    /// Seconds after which the best plan so far is taken.
    pub time_limit_seconds: f64,
    /// For the solver.
    pub seed: u32,
}

impl Scenario {
    /// A sensible first question: every located site, the fund's net present value, nothing locked, a search that ends
    /// at 1 % or after a minute.
    pub fn defaults(
        register: &Register,
        assumptions: Assumptions,
        standards: Vec<Standard>,
    ) -> Self {
        Self {
            name: "What could be consolidated".to_owned(),
            register_version: register.version,
            scope: ScopeOf::All,
            locks: Vec::new(),
            standards,
            standards_version: None,
            assumptions,
            series: None,
            objective: Objective::FundValue,
            fund_asked: Pence::ZERO,
            capital_available: Pence::pounds(100_000_000),
            closures_per_borough: None,
            held: Vec::new(),
            journey_share_beyond: 0.2,
            base_year: 2026,
            horizon_years: 10,
            gap: 0.01,
            time_limit_seconds: 60.0,
            seed: 1,
        }
    }
}
