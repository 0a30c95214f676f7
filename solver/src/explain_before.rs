//! What makes a problem infeasible and can be seen before any search: each of these alone, by name.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::explain::Family;
use crate::outcome::Settings;
use crate::problem::{
    CoverGroup, CoverPoint, Limit, LimitTerm, Opt, Place, Problem, Server, Site, Unit,
};
use crate::rules::{fits_alone, slack};
use crate::solve_whole;

/// A floor above this part of what could be covered if everything were everywhere is looked at twice.
const TIGHT: f64 = 0.95;
/// Branches HiGHS may take for one.
const BRANCHES: u32 = 200;

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
    /// A coverage floor above the weight of all points that anybody could cover, or could with the room there is.
    Uncoverable {
        /// The group.
        group: String,
        /// What it asks.
        needed: f64,
        /// What could be covered if everything were everywhere at once; or else if nothing mattered but this group.
        at_most: f64,
        /// Everything everywhere would do, but there is no room for all who would have to be there.
        #[serde(default)]
        is_for_want_of_room: bool,
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
    obstacles_until(problem, &mut || false)
}

/// The same without what takes a search, from when `is_over` says so.
pub(crate) fn obstacles_until(
    problem: &Problem,
    is_over: &mut dyn FnMut() -> bool,
) -> Vec<Obstacle> {
    let open = open(problem);
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
        let is_there = |s: &Server| open[s.unit][s.place];
        let coverable = group.points.iter().filter(|point| point.servers.iter().any(is_there));
        let at_most: f64 = coverable.map(|point| point.weight).sum();
        let is_tight = group.needed > TIGHT * at_most && !is_short(at_most, group.needed);
        let is_for_want_of_room = is_tight && !is_over();
        let at_most = if is_for_want_of_room {
            group.needed - least_short(problem, &open, group)
        } else {
            at_most
        };
        if is_short(at_most, group.needed) {
            let (group, needed) = (group.name.clone(), group.needed);
            found.push(Obstacle::Uncoverable { group, needed, at_most, is_for_want_of_room });
        }
    }
    let limits = problem.limits.iter().filter(|limit| limit.price.is_none());
    found.extend(limits.filter_map(|limit| out_of_reach(problem, &open, limit)));
    found
}

/// How much a group is short at least if nothing else mattered, but its own units have to find room: proved by HiGHS in so
/// many branches.
fn least_short(problem: &Problem, open: &[Vec<bool>], group: &CoverGroup) -> f64 {
    let alone = alone(problem, open, group);
    let settings =
        Settings { gap: 0.0, time_limit_seconds: f64::INFINITY, branches: Some(BRANCHES), seed: 0 };
    solve_whole(&alone, &settings, &mut ()).bound.unwrap_or(0.0).max(0.0)
}

/// The group as a problem of its own: its units go where they cover something of it, or nowhere; what it is short is the cost.
fn alone(problem: &Problem, open: &[Vec<bool>], group: &CoverGroup) -> Problem {
    let mut alone = Problem { resources: problem.resources.clone(), ..Problem::default() };
    let mut site_numbers: BTreeMap<usize, usize> = BTreeMap::new();
    let mut numbers: BTreeMap<(usize, usize), Server> = BTreeMap::new();
    let servers = group.points.iter().flat_map(|point| &point.servers);
    let servers: BTreeSet<(usize, usize)> =
        servers.map(|s| (s.unit, s.place)).filter(|&(r, p)| open[r][p]).collect();
    let mut last = None;
    for &(r, p) in &servers {
        let (unit, place) = (&problem.units[r], &problem.units[r].places[p]);
        if last != Some(r) {
            last = Some(r);
            alone.units.push(Unit {
                places: Vec::new(),
                together: None,
                today: None,
                ..unit.clone()
            });
        }
        let site = *site_numbers.entry(place.site).or_insert_with(|| {
            let mut site = problem.sites[place.site].clone();
            site.options.iter_mut().for_each(|option| option.cost = 0.0);
            alone.sites.push(site);
            alone.sites.len() - 1
        });
        let at = alone.units.len() - 1;
        numbers.insert((r, p), Server { unit: at, place: alone.units[at].places.len() });
        alone.units[at].places.push(Place { site, cost: 0.0, ..place.clone() });
    }
    let room = (0..problem.resources.len())
        .map(|k| alone.units.iter().map(|unit| unit.need[k]).sum::<f64>() + 1.0)
        .collect();
    let nowhere = alone.sites.len();
    for unit in &mut alone.units {
        unit.places.push(Place { site: nowhere, admitted_by: vec![0], cost: 0.0 });
    }
    alone.sites.push(Site {
        name: "nowhere".to_owned(),
        options: vec![Opt { name: "nowhere".to_owned(), cost: 0.0, room }],
        ..Site::default()
    });
    let points = group.points.iter().map(|point| CoverPoint {
        weight: point.weight,
        servers: point
            .servers
            .iter()
            .filter_map(|s| numbers.get(&(s.unit, s.place)).copied())
            .collect(),
    });
    alone.coverage.push(CoverGroup {
        points: points.collect(),
        price: 0.0,
        shortfall_price: Some(1.0),
        ..group.clone()
    });
    alone
}

/// By more than rounding.
fn is_short(value: f64, floor: f64) -> bool {
    floor - value > 1e-6 * floor.abs().max(value.abs()).max(1.0)
}

/// By unit and place: whether an option left admits the unit there, with room for it alone.
fn open(problem: &Problem) -> Vec<Vec<bool>> {
    let of = |unit: &Unit| unit.places.iter().map(|place| is_open(problem, unit, place)).collect();
    problem.units.iter().map(of).collect()
}

fn is_open(problem: &Problem, unit: &Unit, place: &Place) -> bool {
    let site = &problem.sites[place.site];
    place.admitted_by.iter().any(|&o| site.allows(o) && fits(unit, &site.options[o]))
}

fn fits(unit: &Unit, option: &Opt) -> bool {
    unit.is_divisible || fits_alone(&unit.need, &option.room)
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

/// What options and places do to a limit, by site and option, and by unit and place.
struct Turned {
    sites: BTreeMap<usize, BTreeMap<usize, f64>>,
    units: BTreeMap<usize, BTreeMap<usize, f64>>,
}

impl Turned {
    fn of(limit: &Limit) -> Self {
        let mut turned = Self { sites: BTreeMap::new(), units: BTreeMap::new() };
        for term in &limit.terms {
            match *term {
                LimitTerm::Option { site, option, by } => {
                    *turned.sites.entry(site).or_default().entry(option).or_default() += by;
                }
                LimitTerm::Place { unit, place, by } => {
                    *turned.units.entry(unit).or_default().entry(place).or_default() += by;
                }
            }
        }
        turned
    }

    fn by_options(&self, problem: &Problem, site: usize) -> Vec<(usize, f64)> {
        let of = &problem.sites[site];
        let by = |o: usize| self.sites.get(&site).and_then(|by| by.get(&o)).copied().unwrap_or(0.0);
        (0..of.options.len()).filter(|&o| of.allows(o)).map(|o| (o, by(o))).collect()
    }

    /// The least or the most there can be of it, every site and unit for itself; `None` where a unit has no place.
    fn extreme(
        &self,
        problem: &Problem,
        open: &[Vec<bool>],
        best: fn(f64, f64) -> f64,
    ) -> Option<f64> {
        let mut sum = 0.0;
        for &site in self.sites.keys() {
            let options = self.by_options(problem, site).into_iter();
            sum += options.map(|(_, by)| by).reduce(best)?;
        }
        for (&unit, by) in &self.units {
            let places = (0..open[unit].len()).filter(|&p| open[unit][p]);
            sum += places.map(|p| by.get(&p).copied().unwrap_or(0.0)).reduce(best)?;
        }
        Some(sum)
    }
}

/// By site and option: whether a plan may take it, as far as each hard limit by itself says.
pub(crate) fn options_within_reach(problem: &Problem) -> Vec<Vec<bool>> {
    let options = |site: &Site| (0..site.options.len()).map(|o| site.allows(o)).collect();
    let mut within: Vec<Vec<bool>> = problem.sites.iter().map(options).collect();
    let open = open(problem);
    for limit in problem.limits.iter().filter(|limit| limit.price.is_none()) {
        let (turned, slack) = (Turned::of(limit), slack(limit));
        for (end, sign) in [(limit.high, 1.0), (limit.low, -1.0)] {
            let best = if sign > 0.0 { f64::min } else { f64::max };
            let Some((end, sum)) = end.zip(turned.extreme(problem, &open, best)) else { continue };
            for &site in turned.sites.keys() {
                let by = turned.by_options(problem, site);
                let Some(own) = by.iter().map(|(_, by)| *by).reduce(best) else { continue };
                for (option, by) in by {
                    within[site][option] &= sign * (sum - own + by - end) <= slack;
                }
            }
        }
    }
    within
}

fn out_of_reach(problem: &Problem, open: &[Vec<bool>], limit: &Limit) -> Option<Obstacle> {
    let turned = Turned::of(limit);
    let obstacle = |asked, is_floor, at_best| Obstacle::OutOfReach {
        family: Family::Limits(limit.family.clone()),
        limit: limit.name.clone(),
        asked,
        is_floor,
        at_best,
    };
    // A unit without any place leaves no figure; it is named elsewhere.
    let most = turned.extreme(problem, open, f64::max)?;
    let least = turned.extreme(problem, open, f64::min)?;
    let slack = slack(limit);
    let low = limit.low.filter(|low| low - most > slack).map(|low| obstacle(low, true, most));
    let high = limit.high.filter(|high| least - high > slack);
    low.or(high.map(|high| obstacle(high, false, least)))
}
