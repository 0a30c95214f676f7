//! Units that move together, with the places where they may be together.

use crate::problem::{Place, Problem};
use crate::rules::fits_alone;

/// Units that move together, and where they may go together.
pub(super) struct Parcel {
    pub(super) units: Vec<usize>,
    pub(super) need: Vec<f64>,
    /// Cheapest first.
    pub(super) candidates: Vec<Candidate>,
    /// Which candidate is today's.
    pub(super) today: Option<usize>,
}

pub(super) struct Candidate {
    pub(super) site: usize,
    /// One a unit.
    pub(super) places: Vec<usize>,
    pub(super) cost: f64,
    /// Options of the site that admit every unit, alone at least.
    pub(super) admitted_by: Vec<usize>,
    /// Their bits.
    pub(super) mask: u64,
}

impl Candidate {
    pub(super) fn is_admitted_by(&self, option: usize) -> bool {
        self.mask & bit(option) != 0 && (option < LAST_BIT || self.admitted_by.contains(&option))
    }
}

/// Options from this one on share a bit.
pub(super) const LAST_BIT: usize = 63;

pub(super) fn bit(option: usize) -> u64 {
    1 << option.min(LAST_BIT)
}

/// `None` where some units can be nowhere together.
pub(super) fn parcels(
    problem: &Problem,
    is_tried: &dyn Fn(usize, usize) -> bool,
) -> Option<Vec<Parcel>> {
    let mut numbered: std::collections::BTreeMap<usize, Vec<usize>> =
        std::collections::BTreeMap::new();
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (r, unit) in problem.units.iter().enumerate() {
        match unit.together {
            Some(number) => numbered.entry(number).or_default().push(r),
            None => groups.push(vec![r]),
        }
    }
    groups.extend(numbered.into_values());
    groups.into_iter().map(|units| parcel(problem, units, is_tried)).collect()
}

fn parcel(
    problem: &Problem,
    units: Vec<usize>,
    is_tried: &dyn Fn(usize, usize) -> bool,
) -> Option<Parcel> {
    let total = |k: usize| units.iter().map(|&r| problem.units[r].need[k]).sum();
    let need: Vec<f64> = (0..problem.resources.len()).map(total).collect();
    let first = &problem.units[units[0]];
    let mut candidates = Vec::new();
    for (p, place) in first.places.iter().enumerate().filter(|&(p, _)| is_tried(units[0], p)) {
        let mut candidate = Candidate {
            site: place.site,
            places: vec![p],
            cost: place.cost,
            admitted_by: place.admitted_by.clone(),
            mask: 0,
        };
        let is_common = units[1..].iter().all(|&r| {
            let places = problem.units[r].places.iter().enumerate();
            let admits =
                |other: &Place| candidate.admitted_by.iter().any(|o| other.admitted_by.contains(o));
            let here = places.filter(|(_, other)| other.site == place.site && admits(other));
            let cheapest = here.min_by(|a, b| a.1.cost.total_cmp(&b.1.cost));
            let Some((p, other)) = cheapest else { return false };
            candidate.places.push(p);
            candidate.cost += other.cost;
            candidate.admitted_by.retain(|o| other.admitted_by.contains(o));
            true
        });
        let site = &problem.sites[place.site];
        candidate
            .admitted_by
            .retain(|&o| site.allows(o) && fits_alone(&need, &site.options[o].room));
        if is_common && !candidate.admitted_by.is_empty() {
            candidate.mask = candidate.admitted_by.iter().map(|&o| bit(o)).fold(0, |a, b| a | b);
            candidates.push(candidate);
        }
    }
    if candidates.is_empty() {
        return None;
    }
    candidates.sort_by(|a, b| a.cost.total_cmp(&b.cost));
    let today: Option<Vec<usize>> = units.iter().map(|&r| problem.units[r].today).collect();
    let today = today.and_then(|today| candidates.iter().position(|c| c.places == today));
    Some(Parcel { units, need, candidates, today })
}
