//! What a proposal brings and costs: a ledger of dated lines in whole pence, and the fund's balance by year.
//! Does no I/O.

mod decision;
mod ledger;
mod projection;

pub use decision::{Arrival, Decision, OptionKind};
pub use ledger::{Budget, Ledger, Line, LineKind, ValueSource};
pub use projection::{Projection, ProjectionYear};
