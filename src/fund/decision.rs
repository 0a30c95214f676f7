//! What a plan does to a site, as the fund sees it: the input from which every line of the ledger is priced.

use serde::{Deserialize, Serialize};

use crate::register::{Site, SiteCode, SquareMetres, TenancyId};

/// What a site may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OptionKind {
    /// Stays as it is.
    Keep,
    /// Stays, with works that mend condition, access or room.
    Improve,
    /// Stays, and sells land that delivers no services.
    SellLand,
    /// Closes and is sold or handed back.
    Dispose,
}

/// A tenancy that arrives at a site.
#[derive(Debug, Clone, PartialEq)]
pub struct Arrival {
    /// Which tenancy.
    pub tenancy: TenancyId,
    /// Where it comes from.
    pub from: SiteCode,
    /// Clinical space it takes.
    pub clinical: SquareMetres,
    /// Non-clinical space it takes.
    pub non_clinical: SquareMetres,
}

/// One site's part in a plan.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision<'a> {
    /// The site as the register knows it.
    pub site: &'a Site,
    /// What is done with it.
    pub option: OptionKind,
    /// Who arrives.
    pub arrivals: Vec<Arrival>,
}
