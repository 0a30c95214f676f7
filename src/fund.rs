//! What a proposal brings and costs: a ledger of dated lines in whole pence, and the fund's balance by year.
//!
//! [`exit_rule`] says whether a site may be left and who would be paid; [`price`](price()) turns one site's part in a plan into
//! lines; [`ledger`](ledger()) gathers them; [`project`] adds them up by year. Prices are additive: what a site does and what
//! each arriving tenancy costs are priced apart, so a solver may add them up in any order. Does no I/O.

mod appraisal;
mod balance;
mod decision;
mod estimate;
mod exit;
mod flow;
mod formula;
mod information;
mod ledger;
mod mend;
mod price;
mod projection;
#[cfg(test)]
mod sample;
mod schedule;
mod sensitivity;
mod series;
mod terms;
#[cfg(test)]
mod tests;
mod uncertainty;
mod value;
mod workings;

pub use appraisal::{Appraisal, Rates, appraise};
pub use balance::{Grain, NoLevel, Period, Prices, balances, nominal};
pub use decision::{Arrival, Decision, OptionKind};
pub use exit::{Blocker, Exit, Leaving, exit_rule, land_exit_rule};
pub use formula::{Formula, Inputs, Lever};
pub use information::{Finding, Information, information};
pub use ledger::{
    Basis, Budget, Ledger, Line, LineKind, SiteMoney, Spend, Totals, ValueSource, ledger, ledger_at,
};
pub use mend::{WorksCost, mend, mend_key};
pub use price::{mends, price, price_arrival};
pub use projection::{Projection, ProjectionYear, project};
pub use schedule::{Schedule, Stages, When};
pub use sensitivity::{Driver, Swing, Switch, Switching, switching, tornado};
pub use series::{Indices, Series, SeriesFault};
pub use terms::Terms;
pub use uncertainty::{Asked, Contribution, FanYear, Uncertainty, sample};
pub use workings::{Case, Outcome, Worked, Workings};
