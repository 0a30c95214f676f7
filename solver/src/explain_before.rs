//! What makes a problem infeasible and can be seen before any search: each of these alone, by name.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::explain::Family;
use crate::problem::{Limit, LimitTerm, Opt, Place, Problem, Unit};

/// Something no plan can get round.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Obstacle {
    /// A unit that no option left admits anywhere with room for it alone.
    Unplaceable {
        /// The unit.
        unit: String,
        /// Sites among its places whose locks leave no option that admits it.
        locked: Vec<String>,
    },
    /// Units that belong together and have no site in common.
    Apart {
        /// The units.
        units: Vec<String>,
    },
    /// A coverage floor above the weight of all points that anybody could cover.
    Uncoverable {
        /// The group.
        group: String,
        /// What it asks.
        needed: f64,
        /// What could be covered if everything were everywhere at once.
        at_most: f64,
    },
    /// A limit that is missed even where every choice is the best one for it.
    OutOfReach {
        /// Its family.
        family: Family,
        /// Its name.
        limit: String,
        /// What it asks.
        asked: f64,
        /// A floor; else a ceiling.
        is_floor: bool,
        /// The nearest figure, each choice at its best.
        at_best: f64,
    },
}

/// Everything of the kind; empty does not mean that there is a plan. The problem must be valid.
pub fn obstacles(problem: &Problem) -> Vec<Obstacle> {
    let open: Vec<Vec<bool>> = problem
        .units
        .iter()
        .map(|unit| unit.places.iter().map(|place| is_open(problem, unit, place)).collect())
        .collect();
    let mut found: Vec<Obstacle> = problem
        .units
        .iter()
        .zip(&open)
        .filter(|(_, open)| !open.contains(&true))
        .map(|(unit, _)| Obstacle::Unplaceable {
            unit: unit.name.clone(),
            locked: locked(problem, unit),
        })
        .collect();
    found.extend(apart(problem, &open));
    for group in problem.coverage.iter().filter(|group| group.shortfall_price.is_none()) {
        let is_there = |s: &crate::Server| open[s.unit][s.place];
        let coverable = group.points.iter().filter(|point| point.servers.iter().any(is_there));
        let at_most: f64 = coverable.map(|point| point.weight).sum();
        if is_short(at_most, group.needed) {
            let (group, needed) = (group.name.clone(), group.needed);
            found.push(Obstacle::Uncoverable { group, needed, at_most });
        }
    }
    let limits = problem.limits.iter().filter(|limit| limit.price.is_none());
    found.extend(limits.filter_map(|limit| out_of_reach(problem, &open, limit)));
    found
}

/// By more than rounding.
fn is_short(value: f64, floor: f64) -> bool {
    floor - value > 1e-6 * floor.abs().max(value.abs()).max(1.0)
}

fn is_open(problem: &Problem, unit: &Unit, place: &Place) -> bool {
    let site = &problem.sites[place.site];
    place.admitted_by.iter().any(|&o| site.allows(o) && fits(unit, &site.options[o]))
}

fn fits(unit: &Unit, option: &Opt) -> bool {
    unit.is_divisible
        || unit.need.iter().zip(&option.room).all(|(need, room)| !is_short(*room, *need))
}

fn locked(problem: &Problem, unit: &Unit) -> Vec<String> {
    let mut names: Vec<String> = unit
        .places
        .iter()
        .map(|place| (place, &problem.sites[place.site]))
        .filter(|(place, site)| {
            !place.admitted_by.is_empty() && place.admitted_by.iter().all(|&o| !site.allows(o))
        })
        .map(|(_, site)| site.name.clone())
        .collect();
    names.dedup();
    names
}

fn apart(problem: &Problem, open: &[Vec<bool>]) -> Vec<Obstacle> {
    let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (r, unit) in problem.units.iter().enumerate() {
        if let Some(number) = unit.together {
            groups.entry(number).or_default().push(r);
        }
    }
    let sites = |r: usize| -> BTreeSet<usize> {
        let places = problem.units[r].places.iter().zip(&open[r]);
        places.filter(|(_, is_open)| **is_open).map(|(place, _)| place.site).collect()
    };
    let is_apart = |members: &Vec<usize>| {
        let mut all = members.iter().map(|&r| sites(r));
        // A member without any place is an obstacle of its own.
        !members.iter().any(|&r| sites(r).is_empty())
            && all
                .next()
                .is_some_and(|first| all.fold(first, |common, more| &common & &more).is_empty())
    };
    let name = |r: &usize| problem.units[*r].name.clone();
    groups
        .into_values()
        .filter(is_apart)
        .map(|members| Obstacle::Apart { units: members.iter().map(name).collect() })
        .collect()
}

fn out_of_reach(problem: &Problem, open: &[Vec<bool>], limit: &Limit) -> Option<Obstacle> {
    let mut by_site: BTreeMap<usize, BTreeMap<usize, f64>> = BTreeMap::new();
    let mut by_unit: BTreeMap<usize, BTreeMap<usize, f64>> = BTreeMap::new();
    for term in &limit.terms {
        match *term {
            LimitTerm::Option { site, option, by } => {
                *by_site.entry(site).or_default().entry(option).or_default() += by;
            }
            LimitTerm::Place { unit, place, by } => {
                *by_unit.entry(unit).or_default().entry(place).or_default() += by;
            }
        }
    }
    let of = |by: &BTreeMap<usize, f64>, at: usize| by.get(&at).copied().unwrap_or(0.0);
    let extreme = |best: fn(f64, f64) -> f64| -> Option<f64> {
        let mut sum = 0.0;
        for (&site, by) in &by_site {
            let of_site = &problem.sites[site];
            let options = (0..of_site.options.len()).filter(|&o| of_site.allows(o));
            sum += options.map(|o| of(by, o)).reduce(best)?;
        }
        for (&unit, by) in &by_unit {
            let places = (0..open[unit].len()).filter(|&p| open[unit][p]);
            sum += places.map(|p| of(by, p)).reduce(best)?;
        }
        Some(sum)
    };
    let obstacle = |asked, is_floor, at_best| Obstacle::OutOfReach {
        family: Family::Limits(limit.family.clone()),
        limit: limit.name.clone(),
        asked,
        is_floor,
        at_best,
    };
    // A unit without any place leaves no figure; it is named elsewhere.
    let (most, least) = (extreme(f64::max)?, extreme(f64::min)?);
    let low = limit.low.filter(|low| is_short(most, *low)).map(|low| obstacle(low, true, most));
    let high = limit.high.filter(|high| is_short(*high, least));
    low.or(high.map(|high| obstacle(high, false, least)))
}
