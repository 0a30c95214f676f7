//! An independent witness: does a plan keep the hard rules of a problem? Reads the problem only, shares no code with the encoding.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::outcome::Plan;
use crate::problem::{LimitTerm, Problem};

/// Share of a figure by which a rule may be missed: what floating point and the solver's own tolerance need.
const TOLERANCE: f64 = 1e-6;

/// The rules of the model, by what they guarantee; the number is that of the crate's page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// The plan has as many sites, units and groups as the problem, and points at what exists.
    Shape,
    /// (1) One option a site, and one that locks allow.
    OneOption,
    /// (2) Every unit is placed, whole, and undivided where it must be.
    OnePlace,
    /// (3) Units go only where the chosen option admits them.
    Admission,
    /// (4) Units fit the room.
    Room,
    /// (5) Units that belong together are together.
    Together,
    /// (6) The weight said to be covered is.
    Covered,
    /// (7) Coverage floors.
    CoverageFloor,
    /// (8) Linear limits.
    Limit,
}

/// A rule a plan does not keep.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Violation {
    /// Which.
    pub rule: Rule,
    /// Of what: the names in the problem.
    pub name: String,
    /// By how much, in the rule's own unit.
    pub by: f64,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rule = match self.rule {
            Rule::Shape => "the plan does not fit the problem",
            Rule::OneOption => "the option is not allowed",
            Rule::OnePlace => "a unit is not placed whole",
            Rule::Admission => "a unit is where no chosen option admits it",
            Rule::Room => "there is not room enough",
            Rule::Together => "units that belong together are apart",
            Rule::Covered => "the weight covered is wrong",
            Rule::CoverageFloor => "too little is covered",
            Rule::Limit => "a limit is passed",
        };
        write!(f, "{rule}: {} (by {})", self.name, self.by)
    }
}

/// Every hard rule the plan does not keep; empty for a plan that may be used. Priced rules are costs, not violations.
///
/// The problem must be valid; the plan may be anything.
pub fn check(problem: &Problem, plan: &Plan) -> Vec<Violation> {
    let shape = shape(problem, plan);
    if !shape.is_empty() {
        return shape;
    }
    // What part of each unit is at each of its places.
    let mut at: Vec<Vec<f64>> = problem.units.iter().map(|u| vec![0.0; u.places.len()]).collect();
    for (unit, shares) in plan.shares.iter().enumerate() {
        for share in shares {
            at[unit][share.place] += share.share;
        }
    }
    let mut found = Vec::new();
    options(problem, plan, &mut found);
    placement(problem, plan, &at, &mut found);
    room(problem, plan, &at, &mut found);
    together(problem, &at, &mut found);
    coverage(problem, plan, &at, &mut found);
    limits(problem, plan, &at, &mut found);
    found
}

fn shape(problem: &Problem, plan: &Plan) -> Vec<Violation> {
    let wrong = |name: String| vec![Violation { rule: Rule::Shape, name, by: 1.0 }];
    if plan.options.len() != problem.sites.len() {
        return wrong("number of sites".to_owned());
    }
    if plan.shares.len() != problem.units.len() {
        return wrong("number of units".to_owned());
    }
    if plan.covered.len() != problem.coverage.len() {
        return wrong("number of coverage groups".to_owned());
    }
    for (site, &option) in problem.sites.iter().zip(&plan.options) {
        if option >= site.options.len() {
            return wrong(site.name.clone());
        }
    }
    for (unit, shares) in problem.units.iter().zip(&plan.shares) {
        if shares.iter().any(|s| s.place >= unit.places.len() || !s.share.is_finite()) {
            return wrong(unit.name.clone());
        }
    }
    Vec::new()
}

fn options(problem: &Problem, plan: &Plan, found: &mut Vec<Violation>) {
    for (site, option) in problem.sites.iter().zip(&plan.options) {
        if !site.allowed.is_empty() && !site.allowed.contains(option) {
            let name = format!("{}, {}", site.name, site.options[*option].name);
            found.push(Violation { rule: Rule::OneOption, name, by: 1.0 });
        }
    }
}

fn placement(problem: &Problem, plan: &Plan, at: &[Vec<f64>], found: &mut Vec<Violation>) {
    for (unit, shares) in problem.units.iter().zip(at) {
        let placed: f64 = shares.iter().sum();
        let negative = shares.iter().fold(0.0_f64, |worst, s| worst.max(-s));
        let largest = shares.iter().fold(0.0_f64, |most, &s| most.max(s));
        let mut by = (placed - 1.0).abs().max(negative);
        if !unit.is_divisible {
            by = by.max(1.0 - largest);
        }
        if by > TOLERANCE {
            found.push(Violation { rule: Rule::OnePlace, name: unit.name.clone(), by });
        }
        for (place, &share) in unit.places.iter().zip(shares) {
            if share > TOLERANCE && !place.admitted_by.contains(&plan.options[place.site]) {
                let name = format!("{} at {}", unit.name, problem.sites[place.site].name);
                found.push(Violation { rule: Rule::Admission, name, by: share });
            }
        }
    }
}

fn room(problem: &Problem, plan: &Plan, at: &[Vec<f64>], found: &mut Vec<Violation>) {
    let mut used = vec![vec![0.0; problem.resources.len()]; problem.sites.len()];
    for (unit, shares) in problem.units.iter().zip(at) {
        for (place, &share) in unit.places.iter().zip(shares) {
            for (used, need) in used[place.site].iter_mut().zip(&unit.need) {
                *used += need * share;
            }
        }
    }
    for ((site, &option), used) in problem.sites.iter().zip(&plan.options).zip(used) {
        let room = &site.options[option].room;
        for ((resource, used), &room) in problem.resources.iter().zip(used).zip(room) {
            if used - room > TOLERANCE * used.abs().max(room.abs()).max(1.0) {
                let name = format!("{resource} at {}", site.name);
                found.push(Violation { rule: Rule::Room, name, by: used - room });
            }
        }
    }
}

fn together(problem: &Problem, at: &[Vec<f64>], found: &mut Vec<Violation>) {
    let mut first: BTreeMap<usize, (usize, BTreeMap<usize, f64>)> = BTreeMap::new();
    for (r, (unit, shares)) in problem.units.iter().zip(at).enumerate() {
        let Some(number) = unit.together else { continue };
        let mut by_site: BTreeMap<usize, f64> = BTreeMap::new();
        for (place, &share) in unit.places.iter().zip(shares) {
            *by_site.entry(place.site).or_default() += share;
        }
        let Some((other, theirs)) = first.get(&number) else {
            first.insert(number, (r, by_site));
            continue;
        };
        let apart = by_site.keys().chain(theirs.keys()).fold(0.0_f64, |worst, site| {
            let (ours, theirs) = (by_site.get(site), theirs.get(site));
            worst.max((ours.unwrap_or(&0.0) - theirs.unwrap_or(&0.0)).abs())
        });
        if apart > TOLERANCE {
            let name = format!("{} and {}", problem.units[*other].name, unit.name);
            found.push(Violation { rule: Rule::Together, name, by: apart });
        }
    }
}

fn coverage(problem: &Problem, plan: &Plan, at: &[Vec<f64>], found: &mut Vec<Violation>) {
    for (group, &said) in problem.coverage.iter().zip(&plan.covered) {
        let mut covered = 0.0;
        let mut total = 0.0;
        for point in &group.points {
            // A server named twice covers once.
            let mut servers: Vec<_> = point.servers.iter().map(|s| (s.unit, s.place)).collect();
            servers.sort_unstable();
            servers.dedup();
            let by: f64 = servers.iter().map(|&(unit, place)| at[unit][place]).sum();
            covered += point.weight * by.clamp(0.0, 1.0);
            total += point.weight;
        }
        let near = TOLERANCE * f64::max(1.0, total);
        let wrong = (covered - said).abs();
        if wrong.is_nan() || wrong > near {
            found.push(Violation { rule: Rule::Covered, name: group.name.clone(), by: wrong });
        }
        if group.shortfall_price.is_none() && group.needed - covered > near {
            let by = group.needed - covered;
            found.push(Violation { rule: Rule::CoverageFloor, name: group.name.clone(), by });
        }
    }
}

fn limits(problem: &Problem, plan: &Plan, at: &[Vec<f64>], found: &mut Vec<Violation>) {
    for limit in problem.limits.iter().filter(|limit| limit.price.is_none()) {
        let mut value = 0.0;
        let mut largest = 1.0_f64;
        for term in &limit.terms {
            let (chosen, by) = match *term {
                LimitTerm::Option { site, option, by } if plan.options[site] == option => (1.0, by),
                LimitTerm::Option { by, .. } => (0.0, by),
                LimitTerm::Place { unit, place, by } => (at[unit][place], by),
            };
            value += by * chosen;
            largest = largest.max(by.abs());
        }
        let low = limit.low.map_or(0.0, |low| low - value);
        let high = limit.high.map_or(0.0, |high| value - high);
        let by = low.max(high);
        let asked = limit.low.unwrap_or(0.0).abs().max(limit.high.unwrap_or(0.0).abs());
        if by > TOLERANCE * largest.max(asked) {
            found.push(Violation { rule: Rule::Limit, name: limit.name.clone(), by });
        }
    }
}
