//! What a scenario is put to, and what it is judged by.

use crate::access::{GateRules, ScoreRules};
use crate::geography::{Geography, SiteIndex};
use crate::register::{BadFigure, MissingAssumption, Register, SiteCode};
use crate::travel::UnusablePace;

/// The estate at one version, borrowed from its snapshot.
#[derive(Clone, Copy)]
pub struct Estate<'a> {
    /// Sites and tenancies.
    pub register: &'a Register,
    /// Zones, postcodes, outlines.
    pub geography: &'a Geography,
    /// The open, located sites by place.
    pub index: &'a SiteIndex,
}

/// How sites are scored and which access items are gates.
#[derive(Debug, Clone)]
pub struct Rules {
    /// Condition, accessibility, utilisation.
    pub score: ScoreRules,
    /// Must-pass gates.
    pub gates: GateRules,
}

/// A question that cannot be put. An infeasible scenario is not one: it is answered by a run that says so.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ScenarioError {
    /// Two locks contradict each other.
    #[error("{site} is locked both to stay open and to close: remove one of the two locks")]
    LocksClash {
        /// The site.
        site: SiteCode,
    },
    /// A lock names no site.
    #[error("a lock names the site {site}, which is not in the register")]
    LockOnUnknownSite {
        /// As given.
        site: SiteCode,
    },
    /// A lock asks to close a site about which this scenario does not decide.
    #[error("{site} is locked to close, but the scenario does not decide about it: {why}")]
    LockOutsideScope {
        /// The site.
        site: SiteCode,
        /// Outside the scope, closed already, an aggregate row, or not located.
        why: &'static str,
    },
    /// No located, open site lies in the scope.
    #[error("no located site lies in {scope}: there is nothing to decide")]
    EmptyScope {
        /// In words.
        scope: String,
    },
    /// A lever outside its range.
    #[error("{lever} is {found}, which is not {wanted}")]
    BadLever {
        /// Its name.
        lever: &'static str,
        /// As given.
        found: String,
        /// A noun phrase.
        wanted: &'static str,
    },
    /// An assumption that cannot be: a share above 1, a price below nothing.
    #[error("the assumption {0}")]
    BadFigure(#[from] BadFigure),
    /// A way of travelling without a usable pace.
    #[error(transparent)]
    Pace(#[from] UnusablePace),
    /// The assumption set lacks a figure.
    #[error(transparent)]
    Missing(#[from] MissingAssumption),
}
