//! From levers to a proposal: encode, solve, propose, verify. Does no I/O.

mod access_today;
mod answer;
mod catchment;
mod derive;
mod encode;
mod estate;
#[cfg(test)]
pub(crate) mod fixture;
mod ground;
pub mod incentives;
mod infeasible;
mod journeys;
mod money;
pub mod priorities;
pub mod programme;
mod proposal;
mod propose;
mod question;
mod stability;
mod state;
mod study;
mod team_bases;
#[cfg(test)]
mod tests;
mod value;
mod verify;
mod what_if;

pub use access_today::{AccessToday, AccessTodayError, Parted};
pub use answer::answer;
pub use catchment::{
    CatchmentAnswer, CatchmentAsk, CatchmentError, MeanScore, MeasureKind, Supply, ZoneScore,
    catchments,
};
pub use derive::{Need, Occupant, Room, occupants, receivable, spare_m2};
pub use encode::{Key, KeyGroup, KeyLimit, KeyPlace, KeySite, KeyUnit, encode};
pub use estate::{Estate, Rules, ScenarioError};
pub use ground::Ground;
pub use money::{Basis, basis, boroughs, decided, figures, ledger_on, worked};
pub use proposal::{
    Action, Clause, Clauses, Finding, Move, Proposal, Reason, Refusal, Reliance, Run, RunStatus,
    SolverRecord,
};
pub use propose::{Choices, choices, decisions, propose};
pub use question::{Held, Lock, LockKind, Objective, Scenario, ScopeOf};
pub use stability::{Steadiness, name_of_draws, redrawn, stability};
pub use state::{
    Base, Edit, StateError, StateSpec, after_works, changes, proposed, today, travel_for,
};
pub use study::{
    Alternative, Alternatives, Asking, Closing, Difference, Follow, Frontier, FrontierRow, Study,
    StudyAnswer, StudyError, StudyQuestion, SurveyList, SurveyRow, Why, Whys, study,
};
pub use team_bases::TeamBases;
pub use verify::verify;
pub use what_if::{Compared, Displaced, Outlook, OutlookError, WhatIf};
