//! Rules that follow from going through all that a few sites may choose, proved choice by choice.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Prices, Proof, RoomCut, is_below_and_once, is_figure};
use crate::problem::{LimitTerm, Opt, Place, Problem, Site, Unit};

/// More sites, and choices, than this are not gone through.
const MOST_SITES: usize = 64;
const MOST_CHOICES: usize = 4_096;

/// Rule (10), which follows from (1), (2), (3) and (4): whatever these sites choose, a sum is no less than something.
///
/// How much that is, is said by none but the proof: it goes through every choice there is, and each is a problem of its own, in
/// which what the sum counts is the cost, and prices of rules prove how little that may be.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ChoiceCut {
    /// Indices into the sites whose choices are gone through, each once.
    pub sites: Vec<usize>,
    /// What is added up.
    pub terms: Vec<LimitTerm>,
    /// One for every choice.
    pub cases: Vec<Case>,
}

/// What some sites choose, and prices under which the sum cannot be less than it is claimed to be then.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// One of each of the sites.
    pub options: Vec<usize>,
    /// (2) Of placing a unit; any sign.
    pub units: Vec<(usize, f64)>,
    /// (4) Site, resource and the price of room; not negative.
    pub room: Vec<(usize, usize, f64)>,
    /// (9) Of what a cut adds up to; not negative.
    pub cuts: Vec<(RoomCut, f64)>,
}

impl ChoiceCut {
    /// The least that the terms come to in any plan, as far as the cases prove it: below every number where a choice has none.
    /// `None` where they are not of this problem, or the choices too many.
    pub fn least(&self, problem: &Problem) -> Option<f64> {
        let choices = self.choices(problem)?;
        let known: BTreeSet<&[usize]> =
            self.cases.iter().map(|case| case.options.as_slice()).collect();
        let by_case = self.by_case(problem)?;
        let is_complete = choices.iter().all(|choice| known.contains(choice.as_slice()));
        let least = by_case.into_iter().fold(f64::INFINITY, f64::min);
        Some(if is_complete { least } else { f64::NEG_INFINITY })
    }

    /// All that the sites may choose; `None` where it is too much.
    pub(crate) fn choices(&self, problem: &Problem) -> Option<Vec<Vec<usize>>> {
        if self.sites.len() > MOST_SITES {
            return None;
        }
        let mut choices = vec![Vec::new()];
        for &site in &self.sites {
            let of = problem.sites.get(site)?;
            let options = (0..of.options.len()).filter(|&option| of.allows(option));
            let options: Vec<usize> = options.collect();
            if choices.len() * options.len() > MOST_CHOICES {
                return None;
            }
            let with = |choice: &Vec<usize>| {
                let choice = choice.clone();
                options.iter().map(move |&option| [choice.as_slice(), &[option]].concat()).collect()
            };
            choices =
                choices.iter().flat_map(|choice| -> Vec<Vec<usize>> { with(choice) }).collect();
        }
        Some(choices)
    }

    /// By case: what the terms come to at least; `None` where this is not of the problem.
    pub(crate) fn by_case(&self, problem: &Problem) -> Option<Vec<f64>> {
        if self.cases.len() > MOST_CHOICES {
            return None;
        }
        let mut extract = Extract::of(self, problem)?;
        self.cases.iter().map(|case| extract.least_of(&self.sites, case)).collect()
    }
}

/// The sites and units a cut speaks of, with what its terms count for costs.
struct Extract {
    problem: Problem,
    sites: BTreeMap<usize, usize>,
    units: BTreeMap<usize, usize>,
}

impl Extract {
    fn of(cut: &ChoiceCut, problem: &Problem) -> Option<Self> {
        if !is_below_and_once(&cut.sites, problem.sites.len()) {
            return None;
        }
        let mut sites: BTreeSet<usize> = cut.sites.iter().copied().collect();
        let mut units = BTreeSet::new();
        let mut options: BTreeMap<(usize, usize), f64> = BTreeMap::new();
        let mut places: BTreeMap<(usize, usize), f64> = BTreeMap::new();
        for term in &cut.terms {
            match *term {
                LimitTerm::Option { site, option, by } => {
                    is_figure(by).then_some(())?;
                    problem.sites.get(site)?.options.get(option)?;
                    *options.entry((site, option)).or_default() += by;
                    sites.insert(site);
                }
                LimitTerm::Place { unit, place, by } => {
                    is_figure(by).then_some(())?;
                    problem.units.get(unit)?.places.get(place)?;
                    *places.entry((unit, place)).or_default() += by;
                    units.insert(unit);
                }
            }
        }
        for case in &cut.cases {
            units.extend(case.units.iter().map(|&(unit, _)| unit));
            sites.extend(case.room.iter().map(|&(site, ..)| site));
            for (of, _) in &case.cuts {
                units.extend(&of.units);
                sites.extend(&of.sites);
            }
        }
        for &unit in &units {
            sites.extend(problem.units.get(unit)?.places.iter().map(|place| place.site));
        }
        let number = |all: BTreeSet<usize>| -> BTreeMap<usize, usize> {
            all.into_iter().enumerate().map(|(number, of)| (of, number)).collect()
        };
        let (sites, units) = (number(sites), number(units));
        let mut extract = Problem { resources: problem.resources.clone(), ..Problem::default() };
        for &i in sites.keys() {
            let site = problem.sites.get(i)?;
            let option = |(o, option): (usize, &Opt)| Opt {
                name: String::new(),
                cost: options.get(&(i, o)).copied().unwrap_or(0.0),
                room: option.room.clone(),
            };
            extract.sites.push(Site {
                options: site.options.iter().enumerate().map(option).collect(),
                allowed: site.allowed.clone(),
                ..Site::default()
            });
        }
        for &r in units.keys() {
            let unit = problem.units.get(r)?;
            let place = |(p, place): (usize, &Place)| {
                Some(Place {
                    site: *sites.get(&place.site)?,
                    admitted_by: place.admitted_by.clone(),
                    cost: places.get(&(r, p)).copied().unwrap_or(0.0),
                })
            };
            extract.units.push(Unit {
                need: unit.need.clone(),
                places: unit.places.iter().enumerate().map(place).collect::<Option<_>>()?,
                is_divisible: unit.is_divisible,
                ..Unit::default()
            });
        }
        Some(Self { problem: extract, sites, units })
    }

    /// The cheapest choice of all sites and units, each for itself, at the prices of a case.
    fn least_of(&mut self, chosen: &[usize], case: &Case) -> Option<f64> {
        if chosen.len() != case.options.len() {
            return None;
        }
        for (site, &option) in chosen.iter().zip(&case.options) {
            let site = self.problem.sites.get_mut(*self.sites.get(site)?)?;
            site.options.get(option)?;
            site.allowed = vec![option];
        }
        let mut prices = Prices::none(&self.problem);
        for (unit, price) in &case.units {
            *prices.units.get_mut(*self.units.get(unit)?)? += price;
        }
        for (site, resource, price) in &case.room {
            *prices.room.get_mut(*self.sites.get(site)?)?.get_mut(*resource)? += price;
        }
        for (cut, price) in &case.cuts {
            let site = |site| self.sites.get(site).copied();
            let unit = |unit| self.units.get(unit).copied();
            let cut = RoomCut {
                resource: cut.resource,
                sites: cut.sites.iter().map(site).collect::<Option<_>>()?,
                units: cut.units.iter().map(unit).collect::<Option<_>>()?,
            };
            prices.cuts.push((cut, *price));
        }
        let least = Proof::of(&self.problem, &prices)?.total();
        Some(if least.is_nan() { f64::NEG_INFINITY } else { least })
    }
}
