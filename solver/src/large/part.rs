//! A part of a problem as a problem of its own: some sites settled, some places left out, some units left where they are.
//!
//! What stays as it is has its cost and its use of rooms, coverage and limits taken off, so that a plan of the part and the
//! rest together are a plan of the whole. An elastic part can always be solved: a unit may be nowhere and a hard rule
//! missed, at a price; a plan that uses neither is a plan of the part.

use std::collections::BTreeMap;

use super::cuts::Tight;
use crate::outcome::{Plan, Share};
use crate::problem::{
    CoverGroup, CoverPoint, Limit, LimitTerm, Opt, Place, Problem, Server, Site, Unit,
};

/// What missing a hard rule costs in an elastic part.
#[derive(Debug, Clone)]
pub(crate) struct Fines {
    /// Of a unit that is nowhere, by unit.
    pub(crate) units: Vec<f64>,
    /// Of weight short, by group.
    pub(crate) floors: Vec<f64>,
    /// By limit.
    pub(crate) limits: Vec<f64>,
    /// By limit: how much further than asked is aimed, so that what is rounded on the way there is not missed; above the
    /// least, or as a number below zero below the most.
    pub(crate) aims: Vec<f64>,
}

/// What a part is made of.
#[derive(Debug, Clone)]
pub(crate) struct Cut<'a> {
    /// By site: the options it may still take; `None` where the site is no part of it.
    pub(crate) options: Vec<Option<Vec<usize>>>,
    /// By unit: the places it may still go to; `None` where the unit stays as in `around`.
    pub(crate) places: Vec<Option<Vec<usize>>>,
    /// What stays as it is. Without one, all is part.
    pub(crate) around: Option<&'a Plan>,
    pub(crate) fines: Option<&'a Fines>,
    /// Rules that follow from the others.
    pub(crate) tights: &'a [Tight],
}

/// A part of a problem.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub(crate) problem: Problem,
    /// By site and unit of the part: which one of the whole.
    sites: Vec<usize>,
    units: Vec<usize>,
    /// By unit of the part: which place of the whole each is; that of nowhere is none.
    places: Vec<Vec<usize>>,
    /// Number of the site that is nowhere.
    nowhere: Option<usize>,
}

impl Part {
    pub(crate) fn of(whole: &Problem, cut: &Cut<'_>) -> Self {
        let mut maker = Maker::of(whole, cut);
        maker.add_sites();
        maker.add_units();
        maker.add_coverage();
        maker.add_limits();
        maker.part
    }

    /// Only fines count.
    pub(crate) fn forget_costs(&mut self) {
        for site in &mut self.problem.sites {
            site.options.iter_mut().for_each(|option| option.cost = 0.0);
        }
        for unit in &mut self.problem.units {
            let known = unit.places.iter_mut().filter(|place| Some(place.site) != self.nowhere);
            known.for_each(|place| place.cost = 0.0);
        }
    }

    /// The plan of the whole that a plan of the part makes. What is nowhere is in no place: the check sees it.
    pub(crate) fn widen(&self, whole: &Problem, around: Option<&Plan>, plan: &Plan) -> Plan {
        let (mut options, mut shares) = match around {
            Some(around) => (around.options.clone(), around.shares.clone()),
            None => (vec![0; whole.sites.len()], vec![Vec::new(); whole.units.len()]),
        };
        for (&site, &option) in self.sites.iter().zip(&plan.options) {
            options[site] = option;
        }
        for ((&unit, places), of) in self.units.iter().zip(&self.places).zip(&plan.shares) {
            let known = of.iter().filter_map(|share| {
                Some(Share { place: *places.get(share.place)?, share: share.share })
            });
            shares[unit] = known.collect();
        }
        Plan::of(whole, options, shares)
    }

    /// A plan of the whole, seen from the part; `None` where it uses what was left out.
    pub(crate) fn narrow(&self, plan: &Plan) -> Option<Plan> {
        let mut options: Vec<usize> = self.sites.iter().map(|&site| plan.options[site]).collect();
        if self.nowhere.is_some() {
            options.push(0);
        }
        let is_allowed = self.problem.sites.iter().zip(&options).all(|(s, &o)| s.allows(o));
        let shares = self.units.iter().zip(&self.places).map(|(&unit, places)| {
            let narrow = |share: &Share| {
                let place = places.iter().position(|&p| p == share.place)?;
                Some(Share { place, share: share.share })
            };
            let of = &plan.shares[unit];
            let mut narrowed = of.iter().map(narrow).collect::<Option<Vec<Share>>>()?;
            let rest = 1.0 - of.iter().map(|share| share.share).sum::<f64>();
            if self.nowhere.is_some() && rest > 1e-9 {
                narrowed.push(Share { place: places.len(), share: rest });
            }
            Some(narrowed)
        });
        let shares: Option<Vec<Vec<Share>>> = shares.collect();
        is_allowed.then(|| Some(Plan::of(&self.problem, options, shares?))).flatten()
    }
}

struct Maker<'a> {
    whole: &'a Problem,
    cut: &'a Cut<'a>,
    /// By unit of the whole.
    unit_numbers: Vec<Option<usize>>,
    site_numbers: Vec<Option<usize>>,
    /// By unit and place of the whole: its number in the part.
    place_numbers: Vec<Vec<Option<usize>>>,
    part: Part,
}

impl<'a> Maker<'a> {
    fn of(whole: &'a Problem, cut: &'a Cut<'a>) -> Self {
        let problem = Problem { resources: whole.resources.clone(), ..Problem::default() };
        let part = Part {
            problem,
            sites: Vec::new(),
            units: Vec::new(),
            places: Vec::new(),
            nowhere: None,
        };
        Self {
            whole,
            cut,
            unit_numbers: vec![None; whole.units.len()],
            site_numbers: vec![None; whole.sites.len()],
            place_numbers: Vec::new(),
            part,
        }
    }

    fn add_sites(&mut self) {
        // Rooms that stay taken.
        let mut taken: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
        if let Some(around) = self.cut.around {
            for ((unit, shares), cut) in
                self.whole.units.iter().zip(&around.shares).zip(&self.cut.places)
            {
                for share in shares.iter().filter(|_| cut.is_none()) {
                    let none = || vec![0.0; self.whole.resources.len()];
                    let taken = taken.entry(unit.places[share.place].site).or_insert_with(none);
                    taken.iter_mut().zip(&unit.need).for_each(|(t, need)| *t += need * share.share);
                }
            }
        }
        for (i, (site, options)) in self.whole.sites.iter().zip(&self.cut.options).enumerate() {
            let Some(allowed) = options else { continue };
            self.site_numbers[i] = Some(self.part.sites.len());
            self.part.sites.push(i);
            let mut site = Site { allowed: allowed.clone(), ..site.clone() };
            if let Some(taken) = taken.get(&i) {
                for option in &mut site.options {
                    option.room.iter_mut().zip(taken).for_each(|(room, taken)| {
                        // A solver's crumbs must not make a full room less than full.
                        let left = *room - taken;
                        let crumbs = 1e-6 * taken.abs().max(1.0);
                        *room = if left < 0.0 && left > -crumbs { 0.0 } else { left };
                    });
                }
            }
            self.part.problem.sites.push(site);
        }
        if self.cut.fines.is_some() {
            let total = |k: usize| self.whole.units.iter().map(|unit| unit.need[k]).sum::<f64>();
            let room = (0..self.whole.resources.len()).map(|k| total(k) + 1.0).collect();
            let option = Opt { name: "nowhere".to_owned(), cost: 0.0, room };
            self.part.nowhere = Some(self.part.problem.sites.len());
            let name = "nowhere".to_owned();
            let nowhere = Site { name, options: vec![option], ..Site::default() };
            self.part.problem.sites.push(nowhere);
        }
    }

    fn add_units(&mut self) {
        for (r, (unit, kept)) in self.whole.units.iter().zip(&self.cut.places).enumerate() {
            let mut numbers = vec![None; unit.places.len()];
            if let Some(kept) = kept {
                self.unit_numbers[r] = Some(self.part.units.len());
                self.part.units.push(r);
                let mut places = Vec::new();
                let mut known = Vec::new();
                for &p in kept {
                    let place = &unit.places[p];
                    let Some(site) = self.site_numbers[place.site] else { continue };
                    numbers[p] = Some(places.len());
                    places.push(Place { site, ..place.clone() });
                    known.push(p);
                }
                if let (Some(nowhere), Some(fines)) = (self.part.nowhere, self.cut.fines) {
                    let cost = fines.units[r];
                    places.push(Place { site: nowhere, admitted_by: vec![0], cost });
                }
                self.part.places.push(known);
                self.part.problem.units.push(Unit {
                    name: unit.name.clone(),
                    need: unit.need.clone(),
                    places,
                    is_divisible: unit.is_divisible,
                    together: unit.together,
                    today: None,
                });
            }
            self.place_numbers.push(numbers);
        }
    }

    /// How much of a unit stays at a place, where it is no part.
    fn stays(&self, unit: usize, place: usize) -> f64 {
        match (self.cut.around, self.unit_numbers[unit]) {
            (Some(around), None) => around.share(unit, place),
            _ => 0.0,
        }
    }

    fn add_coverage(&mut self) {
        for (g, group) in self.whole.coverage.iter().enumerate() {
            let mut needed = group.needed;
            let mut points = Vec::new();
            for point in &group.points {
                let mut servers = point.servers.clone();
                servers.sort_unstable();
                servers.dedup();
                let stays: f64 = servers.iter().map(|s| self.stays(s.unit, s.place)).sum();
                let open: Vec<Server> = servers
                    .iter()
                    .filter_map(|s| {
                        let unit = self.unit_numbers[s.unit]?;
                        Some(Server { unit, place: self.place_numbers[s.unit][s.place]? })
                    })
                    .collect();
                let stays = stays.min(1.0);
                needed -= point.weight * stays;
                // What is left of it can still be covered; a half covered point is taken as one of half the weight.
                let weight = point.weight * (1.0 - stays);
                if !open.is_empty() && weight > 0.0 {
                    points.push(CoverPoint { weight, servers: open });
                }
            }
            if points.is_empty() && needed <= 1e-6 * group.needed.abs().max(1.0) {
                continue;
            }
            let fine = self.cut.fines.map(|fines| fines.floors[g]);
            // Crumbs a solver leaves are no shortfall.
            let crumbs = 1e-9 * group.needed.abs();
            self.part.problem.coverage.push(CoverGroup {
                name: group.name.clone(),
                points,
                needed: needed - crumbs,
                price: group.price,
                shortfall_price: group.shortfall_price.or(fine),
            });
        }
    }

    fn add_limits(&mut self) {
        // Cuts of rooms need no fine: what is nowhere is elsewhere. Those of choices are for parts where nothing can be. A solver's
        // crumbs in what stays must not break them.
        let tights = self.cut.tights.iter().map(|tight| (&tight.limit, 1e-6));
        let limits = self.whole.limits.iter().map(|limit| (limit, 1e-9)).chain(tights);
        for (l, (limit, crumb)) in limits.enumerate() {
            let mut fixed = 0.0;
            let mut terms = Vec::new();
            for term in &limit.terms {
                match *term {
                    LimitTerm::Option { site, option, by } => {
                        if let Some(site) = self.site_numbers[site] {
                            terms.push(LimitTerm::Option { site, option, by });
                        } else {
                            let around = self.cut.around;
                            let is_chosen =
                                around.is_some_and(|around| around.options[site] == option);
                            fixed += if is_chosen { by } else { 0.0 };
                        }
                    }
                    LimitTerm::Place { unit, place, by } => {
                        match (self.unit_numbers[unit], self.place_numbers[unit][place]) {
                            (Some(unit), Some(place)) => {
                                terms.push(LimitTerm::Place { unit, place, by });
                            }
                            _ => fixed += by * self.stays(unit, place),
                        }
                    }
                }
            }
            if terms.is_empty() {
                continue;
            }
            let fine = self.cut.fines.and_then(|fines| fines.limits.get(l).copied());
            let further = self.cut.fines.and_then(|fines| fines.aims.get(l).copied());
            let further = further.unwrap_or(0.0);
            let crumbs = |x: f64| crumb * x.abs();
            self.part.problem.limits.push(Limit {
                name: limit.name.clone(),
                family: limit.family.clone(),
                terms,
                low: limit.low.map(|low| low + further.max(0.0) - fixed - crumbs(low)),
                high: limit.high.map(|high| high + further.min(0.0) - fixed + crumbs(high)),
                price: limit.price.or(fine),
            });
        }
    }
}
