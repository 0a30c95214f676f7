//! The question, as numbers with names.

use serde::{Deserialize, Serialize};

/// No figure may be larger: beyond, a penny is lost in rounding, and solvers take figures for infinite.
pub(crate) const LARGEST: f64 = 1e15;

/// One option of a site.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opt {
    /// `keep`, `dispose`: for people who read the model.
    pub name: String,
    /// Cost of choosing it.
    pub cost: f64,
    /// Room it offers, one figure a resource; all zero for a closed site.
    #[serde(default)]
    pub room: Vec<f64>,
}

/// A site: exactly one of its options is chosen.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Site {
    /// For people who read the model.
    pub name: String,
    /// At least one.
    pub options: Vec<Opt>,
    /// Options that locks and rules leave; empty means all.
    #[serde(default)]
    pub allowed: Vec<usize>,
    /// The option that is today's.
    pub today: usize,
}

/// A place a unit may go.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
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
#[serde(deny_unknown_fields)]
pub struct Unit {
    /// For people who read the model.
    pub name: String,
    /// Need, one figure a resource.
    #[serde(default)]
    pub need: Vec<f64>,
    /// Candidate places, at least one.
    pub places: Vec<Place>,
    /// May be divided between places.
    #[serde(default)]
    pub is_divisible: bool,
    /// Units with the same number go to the same site.
    pub together: Option<usize>,
    /// Index into `places` of today's place.
    pub today: Option<usize>,
}

/// A unit at one of its places: what covers a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Server {
    /// Index of the unit.
    pub unit: usize,
    /// Index into its places.
    pub place: usize,
}

/// People who are covered if any server is in place.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CoverPoint {
    /// How many.
    pub weight: f64,
    /// Who covers them.
    pub servers: Vec<Server>,
}

/// A floor on the weight covered.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CoverGroup {
    /// For people who read the model.
    pub name: String,
    /// Points with different servers; merge points with equal servers before.
    pub points: Vec<CoverPoint>,
    /// Weight that must be covered.
    pub needed: f64,
    /// Cost per unit of weight left uncovered (0: only the floor counts).
    #[serde(default)]
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
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// For people who read the model: `fund asked for`, `closures in Camden`.
    pub name: String,
    /// The rule family, for explaining infeasibility: `money`, `locks`, `journeys`.
    #[serde(default)]
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
#[serde(deny_unknown_fields)]
pub struct Problem {
    /// Names of resources: the length of every `room` and `need`.
    #[serde(default)]
    pub resources: Vec<String>,
    /// Sites.
    pub sites: Vec<Site>,
    /// Units.
    pub units: Vec<Unit>,
    /// Coverage floors.
    #[serde(default)]
    pub coverage: Vec<CoverGroup>,
    /// Linear limits.
    #[serde(default)]
    pub limits: Vec<Limit>,
    /// Sense.
    #[serde(default)]
    pub objective: Objective,
}

/// Why a problem cannot be read as one: an index out of range, a list of the wrong length, a figure that is no number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{at}: {what}")]
pub struct Malformed {
    /// Where: `site 3 "Elm Road", option 1`.
    pub at: String,
    /// What is wrong there.
    pub what: String,
}

impl Problem {
    /// Is `Ok` when every index points at something, every list has the length it must and every figure is a
    /// number of at most 1e15. Needs, weights and prices must not be negative; room may be.
    pub fn validate(&self) -> Result<(), Malformed> {
        self.sites.iter().enumerate().try_for_each(|(i, site)| self.validate_site(i, site))?;
        self.units.iter().enumerate().try_for_each(|(r, unit)| self.validate_unit(r, unit))?;
        self.coverage
            .iter()
            .enumerate()
            .try_for_each(|(g, group)| self.validate_group(g, group))?;
        self.limits.iter().enumerate().try_for_each(|(l, limit)| self.validate_limit(l, limit))
    }

    fn validate_site(&self, i: usize, site: &Site) -> Result<(), Malformed> {
        let at = || format!("site {i} {:?}", site.name);
        if site.options.is_empty() {
            return malformed(at(), "has no option");
        }
        if site.today >= site.options.len() {
            return malformed(at(), "today's option does not exist");
        }
        if site.allowed.iter().any(|&o| o >= site.options.len()) {
            return malformed(at(), "an allowed option does not exist");
        }
        for (o, option) in site.options.iter().enumerate() {
            let at = || format!("{}, option {o} {:?}", at(), option.name);
            if option.room.len() != self.resources.len() {
                return malformed(at(), "room needs one figure a resource");
            }
            figure(at, "cost", option.cost, -LARGEST)?;
            for (name, &room) in self.resources.iter().zip(&option.room) {
                figure(at, &format!("room, {name}"), room, -LARGEST)?;
            }
        }
        Ok(())
    }

    fn validate_unit(&self, r: usize, unit: &Unit) -> Result<(), Malformed> {
        let at = || format!("unit {r} {:?}", unit.name);
        if unit.places.is_empty() {
            return malformed(at(), "has no candidate place");
        }
        if unit.today.is_some_and(|p| p >= unit.places.len()) {
            return malformed(at(), "today's place does not exist");
        }
        if unit.need.len() != self.resources.len() {
            return malformed(at(), "need wants one figure a resource");
        }
        for (name, &need) in self.resources.iter().zip(&unit.need) {
            figure(at, &format!("need, {name}"), need, 0.0)?;
        }
        for (p, place) in unit.places.iter().enumerate() {
            let at = || format!("{}, place {p}", at());
            let Some(site) = self.sites.get(place.site) else {
                return malformed(at(), "its site does not exist");
            };
            if place.admitted_by.iter().any(|&o| o >= site.options.len()) {
                return malformed(at(), "an admitting option does not exist");
            }
            figure(at, "cost", place.cost, -LARGEST)?;
        }
        Ok(())
    }

    fn validate_group(&self, g: usize, group: &CoverGroup) -> Result<(), Malformed> {
        let at = || format!("coverage {g} {:?}", group.name);
        figure(at, "needed", group.needed, -LARGEST)?;
        figure(at, "price", group.price, 0.0)?;
        figure(at, "shortfall price", group.shortfall_price.unwrap_or(0.0), 0.0)?;
        for (q, point) in group.points.iter().enumerate() {
            let at = || format!("{}, point {q}", at());
            figure(at, "weight", point.weight, 0.0)?;
            if !point.servers.iter().all(|s| self.has_place(s.unit, s.place)) {
                return malformed(at(), "a server does not exist");
            }
        }
        Ok(())
    }

    fn validate_limit(&self, l: usize, limit: &Limit) -> Result<(), Malformed> {
        let at = || format!("limit {l} {:?}", limit.name);
        figure(at, "low", limit.low.unwrap_or(0.0), -LARGEST)?;
        figure(at, "high", limit.high.unwrap_or(0.0), -LARGEST)?;
        figure(at, "price", limit.price.unwrap_or(0.0), 0.0)?;
        for (t, term) in limit.terms.iter().enumerate() {
            let at = || format!("{}, term {t}", at());
            let (exists, by) = match *term {
                LimitTerm::Option { site, option, by } => {
                    (self.sites.get(site).is_some_and(|s| option < s.options.len()), by)
                }
                LimitTerm::Place { unit, place, by } => (self.has_place(unit, place), by),
            };
            if !exists {
                return malformed(at(), "names something that does not exist");
            }
            figure(at, "by", by, -LARGEST)?;
        }
        Ok(())
    }

    fn has_place(&self, unit: usize, place: usize) -> bool {
        self.units.get(unit).is_some_and(|u| place < u.places.len())
    }
}

impl Site {
    /// Whether locks and rules leave this option.
    pub fn allows(&self, option: usize) -> bool {
        self.allowed.is_empty() || self.allowed.contains(&option)
    }
}

/// A figure is a number from `least` to [`LARGEST`].
fn figure(at: impl Fn() -> String, field: &str, value: f64, least: f64) -> Result<(), Malformed> {
    let what = if value.is_nan() {
        "is not a number"
    } else if value.abs() > LARGEST {
        "is beyond 1e15"
    } else if value < least {
        "is negative"
    } else {
        return Ok(());
    };
    Err(Malformed { at: at(), what: format!("{field} {what} ({value})") })
}

fn malformed(at: String, what: &str) -> Result<(), Malformed> {
    Err(Malformed { at, what: what.to_owned() })
}
