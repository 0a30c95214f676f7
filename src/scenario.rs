//! From levers to a proposal: encode, solve, propose, verify. Does no I/O.

mod proposal;
mod question;

pub use proposal::{
    Action, Clause, Clauses, Finding, Move, Proposal, Reason, Refusal, Reliance, Run, RunStatus,
    SolverRecord,
};
pub use question::{Lock, LockKind, Objective, Scenario, ScopeOf};
