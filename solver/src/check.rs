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

/// What a plan comes to, worked out again from the problem alone.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// Every hard rule the plan does not keep; empty for a plan that may be used. Priced rules are costs, not violations.
    pub violations: Vec<Violation>,
    /// The objective, with its parts. Nothing where the plan does not fit the problem.
    pub costs: Option<Costs>,
    /// Room used, by site and resource.
    pub used: Vec<Vec<f64>>,
    /// Weight covered, by coverage group.
    pub covered: Vec<f64>,
    /// What its terms add up to, by limit.
    pub amounts: Vec<f64>,
}

/// The objective of a plan in its parts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Costs {
    /// Of the options chosen.
    pub options: f64,
    /// Of the places taken.
    pub places: f64,
    /// Of weight left uncovered, and of weight short of a priced floor.
    pub coverage: f64,
    /// Of priced limits that are passed.
    pub limits: f64,
    /// The sizes of all that was added up: rounding is a small part of this.
    pub size: f64,
}

impl Costs {
    /// The objective.
    pub fn objective(&self) -> f64 {
        self.options + self.places + self.coverage + self.limits
    }

    fn add(&mut self, part: fn(&mut Self) -> &mut f64, cost: f64) {
        *part(self) += cost;
        self.size += cost.abs();
    }
}

/// Every rule, every amount, and the objective added up again: run on every plan before anyone sees it.
///
/// The problem must be valid; the plan may be anything.
pub fn verify(problem: &Problem, plan: &Plan) -> Verdict {
    let violations = shape(problem, plan);
    if !violations.is_empty() {
        return Verdict { violations, ..Verdict::default() };
    }
    // What part of each unit is at each of its places.
    let mut at: Vec<Vec<f64>> = problem.units.iter().map(|u| vec![0.0; u.places.len()]).collect();
    for (at, shares) in at.iter_mut().zip(&plan.shares) {
        for share in shares {
            at[share.place] += share.share;
        }
    }
    // A unit that must stay whole is somewhere or not: it needs the whole of its room there.
    let whole = problem.units.iter().zip(&mut at).filter(|(unit, _)| !unit.is_divisible);
    for share in whole.flat_map(|(_, shares)| shares) {
        if (*share - share.round()).abs() <= TOLERANCE {
            *share = share.round();
        }
    }
    let mut verdict = Verdict::default();
    let mut costs = Costs::default();
    let found = &mut verdict.violations;
    options(problem, plan, found, &mut costs);
    placement(problem, plan, &at, found, &mut costs);
    verdict.used = room(problem, plan, &at, found);
    together(problem, &at, found);
    verdict.covered = coverage(problem, plan, &at, found, &mut costs);
    verdict.amounts = limits(problem, plan, &at, found, &mut costs);
    verdict.costs = Some(costs);
    verdict
}

/// The violations of [`verify`].
pub fn check(problem: &Problem, plan: &Plan) -> Vec<Violation> {
    verify(problem, plan).violations
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

fn options(problem: &Problem, plan: &Plan, found: &mut Vec<Violation>, costs: &mut Costs) {
    for (site, option) in problem.sites.iter().zip(&plan.options) {
        costs.add(|costs| &mut costs.options, site.options[*option].cost);
        if !site.allowed.is_empty() && !site.allowed.contains(option) {
            let name = format!("{}, {}", site.name, site.options[*option].name);
            found.push(Violation { rule: Rule::OneOption, name, by: 1.0 });
        }
    }
}

fn placement(
    problem: &Problem,
    plan: &Plan,
    at: &[Vec<f64>],
    found: &mut Vec<Violation>,
    costs: &mut Costs,
) {
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
            costs.add(|costs| &mut costs.places, place.cost * share);
            if share > TOLERANCE && !place.admitted_by.contains(&plan.options[place.site]) {
                let name = format!("{} at {}", unit.name, problem.sites[place.site].name);
                found.push(Violation { rule: Rule::Admission, name, by: share });
            }
        }
    }
}

fn room(
    problem: &Problem,
    plan: &Plan,
    at: &[Vec<f64>],
    found: &mut Vec<Violation>,
) -> Vec<Vec<f64>> {
    let mut used = vec![vec![0.0; problem.resources.len()]; problem.sites.len()];
    for (unit, shares) in problem.units.iter().zip(at) {
        for (place, &share) in unit.places.iter().zip(shares) {
            for (used, need) in used[place.site].iter_mut().zip(&unit.need) {
                // What is less than nothing of a unit makes no room.
                *used += need * share.max(0.0);
            }
        }
    }
    for ((site, &option), used) in problem.sites.iter().zip(&plan.options).zip(&used) {
        let room = &site.options[option].room;
        for ((resource, &used), &room) in problem.resources.iter().zip(used).zip(room) {
            if used - room > TOLERANCE * room.abs().max(1.0) {
                let name = format!("{resource} at {}", site.name);
                found.push(Violation { rule: Rule::Room, name, by: used - room });
            }
        }
    }
    used
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

fn coverage(
    problem: &Problem,
    plan: &Plan,
    at: &[Vec<f64>],
    found: &mut Vec<Violation>,
    costs: &mut Costs,
) -> Vec<f64> {
    let mut counted = Vec::new();
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
        costs.add(|costs| &mut costs.coverage, group.price * (total - covered));
        let short = (group.needed - covered).max(0.0);
        costs.add(|costs| &mut costs.coverage, group.shortfall_price.unwrap_or(0.0) * short);
        counted.push(covered);
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
    counted
}

fn limits(
    problem: &Problem,
    plan: &Plan,
    at: &[Vec<f64>],
    found: &mut Vec<Violation>,
    costs: &mut Costs,
) -> Vec<f64> {
    let mut amounts = Vec::new();
    for limit in &problem.limits {
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
        let by = low.max(high).max(0.0);
        amounts.push(value);
        if let Some(price) = limit.price {
            // Both sides are paid for, should they cross.
            costs.add(|costs| &mut costs.limits, price * (low.max(0.0) + high.max(0.0)));
            continue;
        }
        let asked = limit.low.unwrap_or(0.0).abs().max(limit.high.unwrap_or(0.0).abs());
        if by > TOLERANCE * largest.max(asked) {
            found.push(Violation { rule: Rule::Limit, name: limit.name.clone(), by });
        }
    }
    amounts
}
