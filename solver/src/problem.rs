//! The question, as numbers with names.

use serde::{Deserialize, Serialize};

/// One option of a site.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Opt {
    /// `keep`, `dispose`: for people who read the model.
    pub name: String,
    /// Cost of choosing it.
    pub cost: f64,
    /// Room it offers, one figure a resource; all zero for a closed site.
    pub room: Vec<f64>,
}

/// A site: exactly one of its options is chosen.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Site {
    /// For people who read the model.
    pub name: String,
    /// At least one.
    pub options: Vec<Opt>,
    /// Options that locks and rules leave; empty means all.
    pub allowed: Vec<usize>,
    /// The option that is today's.
    pub today: usize,
}

/// A place a unit may go.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// Index of the site.
    pub site: usize,
    /// Options of that site under which it may.
    pub admitted_by: Vec<usize>,
    /// Cost of putting the whole unit there.
    pub cost: f64,
}

/// Something to place: a service, or the demand of a place.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Unit {
    /// For people who read the model.
    pub name: String,
    /// Need, one figure a resource.
    pub need: Vec<f64>,
    /// Candidate places, at least one.
    pub places: Vec<Place>,
    /// May be divided between places.
    pub is_divisible: bool,
    /// Units with the same number go to the same site.
    pub together: Option<usize>,
    /// Index into `places` of today's place.
    pub today: Option<usize>,
}

/// A unit at one of its places: what covers a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Server {
    /// Index of the unit.
    pub unit: usize,
    /// Index into its places.
    pub place: usize,
}

/// People who are covered if any server is in place.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct CoverPoint {
    /// How many.
    pub weight: f64,
    /// Who covers them.
    pub servers: Vec<Server>,
}

/// A floor on the weight covered.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct CoverGroup {
    /// For people who read the model.
    pub name: String,
    /// Points with different servers; merge points with equal servers before.
    pub points: Vec<CoverPoint>,
    /// Weight that must be covered.
    pub needed: f64,
    /// Cost per unit of weight left uncovered (0: only the floor counts).
    pub price: f64,
    /// Cost per unit of weight short of `needed`; `None` makes the floor hard.
    pub shortfall_price: Option<f64>,
}

/// One term of a limit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum LimitTerm {
    /// Coefficient on choosing an option.
    Option {
        /// Index of the site.
        site: usize,
        /// Index of the option.
        option: usize,
        /// Coefficient.
        by: f64,
    },
    /// Coefficient on placing a unit.
    Place {
        /// Index of the unit.
        unit: usize,
        /// Index into its places.
        place: usize,
        /// Coefficient.
        by: f64,
    },
}

/// `low <= sum of terms <= high`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Limit {
    /// For people who read the model: `fund asked for`, `closures in Camden`.
    pub name: String,
    /// The rule family, for explaining infeasibility: `money`, `locks`, `journeys`.
    pub family: String,
    /// Terms; a repeated one adds up.
    pub terms: Vec<LimitTerm>,
    /// Least, if any.
    pub low: Option<f64>,
    /// Most, if any.
    pub high: Option<f64>,
    /// Cost per unit of violation; `None` makes it hard.
    pub price: Option<f64>,
}

/// Minimise is the only sense; kept as a type so that a stored problem says so.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Objective {
    /// Least total cost.
    #[default]
    Minimise,
}

/// The whole question.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Problem {
    /// Names of resources: the length of every `room` and `need`.
    pub resources: Vec<String>,
    /// Sites.
    pub sites: Vec<Site>,
    /// Units.
    pub units: Vec<Unit>,
    /// Coverage floors.
    pub coverage: Vec<CoverGroup>,
    /// Linear limits.
    pub limits: Vec<Limit>,
    /// Sense.
    pub objective: Objective,
}
