//! Location with options: which option each site takes, and where every unit goes.
//!
//! In its own words: no NHS, no files of ours, no pounds. A [`Problem`] is sites with options, units to place,
//! capacities by resource, coverage groups and linear limits. p-median, set covering, maximal covering and
//! capacitated location (split and single-source) are special cases.
//!
//! ```text
//! choose   u[i,o] in {0,1}                 option o of site i
//!          z[r,p] in {0,1} or [0,1]        unit r at its p-th place
//!          c[q]   in [0,1]                 point q covered
//!          s[l]   >= 0                     slack of a soft limit
//! minimise sum cost[i,o] u[i,o] + sum cost[r,p] z[r,p] + sum price[q](1 - c[q]) + sum price[l] s[l]
//! (1) one option a site                    sum_o u[i,o] = 1
//! (2) one place a unit                     sum_p z[r,p] = 1
//! (3) a unit only where an option admits it     z[r,p] <= sum_{o admits} u[site(p),o]      row by row: the strong form
//! (4) room                                 sum_r need[r,k] z[r,p at i] <= sum_o room[i,o,k] u[i,o]
//!       or, where the ways to be full are few: z[r,p] <= sum of w[i,o,full set with r], sum over sets w[i,o,set] = u[i,o]
//! (5) together                             z[r,p] = z[t,p'] where both go to the same site
//! (6) covered only from a place that serves     c[q] <= sum z over the point's servers
//! (7) coverage floors                      sum_q weight[q] c[q] >= needed[g] - s
//! (8) linear limits                        low[l] <= sum a u + sum b z <= high[l] (+- s)
//! (9) what (2), (3) and (4) say of some sites and units together: a [`RoomCut`]
//! (10) what those and (1) say once all that a few sites may choose is gone through: a [`ChoiceCut`]
//! ```

mod callback;
mod certificate;
mod chance;
mod check;
pub mod classic;
mod columns;
mod explain;
mod explain_before;
mod explain_why;
mod frontier;
mod improve;
mod large;
mod mps;
mod outcome;
mod packing;
mod portfolio;
mod problem;
mod pure;
pub mod read;
mod relaxed;
mod rules;
mod search;
mod solve;
pub mod timing;

pub use certificate::{Case, Certificate, ChoiceCut, Prices, RoomCut};
pub use check::{Costs, Rule, Verdict, Violation, check, verify};
pub use explain::{Attainable, Clash, Explanation, Family, Given, Relaxation, explain_infeasible};
pub use explain_before::{Obstacle, obstacles};
pub use explain_why::{Choice, Flip, Known, flip, intervals};
pub use frontier::{Amount, FrontierPoint, Sweep, frontier};
pub use mps::mps;
pub use outcome::{
    Outcome, Phase, Plan, Progress, Settings, Share, Size, Status, Trouble, Watch, gap_between,
};
pub use portfolio::{Member, Portfolio, portfolio};
pub use problem::{
    CoverGroup, CoverPoint, Limit, LimitTerm, Malformed, Objective, Opt, Place, Problem, Server,
    Site, Unit,
};
pub use solve::{Start, solve, solve_from, solve_priced, solve_whole, version};
