//! Rules that follow from rooms: of some sites, one may not be half closed while all its comers stay.
//!
//! Prices cannot see that options are whole: half an option for half its cost and half its room is as good to them. A
//! [`RoomCut`] tells them where it matters. It is looked for where the average answer of the prices takes options by halves:
//! from such a site on to those it shares most comers with, each further site, unit by unit, kept as long as the rule is
//! broken the more.
//!
//! The flow cover inequality of Padberg, Van Roy and Wolsey ("Valid linear inequalities for fixed charge problems",
//! Operations Research 33, 1985), its capacities those of the comers where these are less (Aardal, Pochet and Wolsey,
//! "Capacitated facility location: valid inequalities and facets", Mathematics of Operations Research 20, 1995), and with
//! options between open and closed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::relaxation::Relaxation;
use super::volume::Volume;
use crate::certificate::{ChoiceCut, RoomCut};
use crate::problem::{Limit, LimitTerm, Problem};
use crate::rules::generous;

/// Sites looked at about a half taken one.
const SITES: usize = 14;
/// So much of an option is not half of one.
pub(super) const HALF: f64 = 0.01;
/// Less of a unit is not there: averages leave crumbs.
pub(super) const CRUMB: f64 = 1e-3;
/// A rule broken by less than this part of what the units need is not worth its price.
const LEAST_BROKEN: f64 = 1e-3;
/// Shares of a unit at the sites from which it is tried as one of the rule's.
const SHARES: [f64; 5] = [0.0, 0.3, 0.6, 0.9, 0.999];
/// Beginnings that are made better, and how often each is gone through.
const BEGINNINGS: usize = 2;
const ROUNDS: usize = 3;

/// A cut and what it says of a problem.
#[derive(Debug, Clone)]
pub(crate) struct Tight {
    pub(crate) why: Why,
    pub(crate) limit: Limit,
}

/// What proves a cut.
#[derive(Debug, Clone)]
pub(crate) enum Why {
    Room(RoomCut),
    Choice(Arc<ChoiceCut>),
}

impl Tight {
    pub(super) fn of(problem: &Problem, cut: RoomCut) -> Option<Self> {
        let limit = cut.limit(problem)?;
        Some(Self { why: Why::Room(cut), limit })
    }

    pub(super) fn room(&self) -> Option<&RoomCut> {
        match &self.why {
            Why::Room(cut) => Some(cut),
            Why::Choice(_) => None,
        }
    }
}

impl RoomCut {
    /// The cut as a limit: what is there, and what less room than the most leaves no place for, is no more than is needed.
    fn limit(&self, problem: &Problem) -> Option<Limit> {
        let mut terms = Vec::new();
        let mut needs = 0.0;
        let units: BTreeSet<usize> = self.units.iter().copied().collect();
        let mut comers: BTreeMap<usize, Vec<(usize, usize)>> =
            self.sites.iter().map(|&site| (site, Vec::new())).collect();
        for &unit in &units {
            let of = problem.units.get(unit)?;
            let need = *of.need.get(self.resource)?;
            needs += need;
            for (place, at) in of.places.iter().enumerate() {
                if let Some(comers) = comers.get_mut(&at.site) {
                    comers.push((unit, place));
                    terms.push(LimitTerm::Place { unit, place, by: need });
                }
            }
        }
        let mut rooms: Vec<(usize, Vec<(usize, f64)>)> = Vec::new();
        for (&site, comers) in &comers {
            let of = problem.sites.get(site)?;
            problem.resources.get(self.resource)?;
            let options = (0..of.options.len()).filter(|&option| of.allows(option));
            let room = |option: usize| {
                let mut here: Vec<usize> = comers
                    .iter()
                    .filter(|&&(r, p)| problem.units[r].places[p].admitted_by.contains(&option))
                    .map(|&(r, _)| r)
                    .collect();
                here.dedup();
                let here = here.iter().map(|&r| problem.units[r].need[self.resource]);
                generous(of.options[option].room[self.resource]).max(0.0).min(here.sum())
            };
            rooms.push((site, options.map(|option| (option, room(option))).collect()));
        }
        let most = |rooms: &[(usize, f64)]| rooms.iter().map(|&(_, room)| room).fold(0.0, f64::max);
        let spare = rooms.iter().map(|(_, rooms)| most(rooms)).sum::<f64>() - needs;
        if spare <= 0.0 {
            return None;
        }
        for (site, rooms) in &rooms {
            let most = most(rooms);
            for &(option, room) in rooms {
                let by = most - room - spare;
                if by > 0.0 {
                    terms.push(LimitTerm::Option { site: *site, option, by });
                }
            }
        }
        Some(Limit {
            name: "room".to_owned(),
            family: "room".to_owned(),
            terms,
            low: None,
            high: Some(needs),
            price: None,
        })
    }
}

/// A fractional answer, and who is where.
pub(super) struct Finder<'a> {
    problem: &'a Problem,
    /// By site: unit, how much of it is there, and where it may be under which options.
    comers: Vec<Vec<Comer>>,
    /// By unit: sites and how much of it is at each.
    sites_of: Vec<Vec<(usize, f64)>>,
    /// By site and option: how much of it is taken.
    options: Vec<Vec<f64>>,
}

#[derive(Debug, Clone)]
struct Comer {
    unit: usize,
    share: f64,
    admitted_by: Vec<usize>,
}

impl<'a> Finder<'a> {
    /// Of the average answer of prices.
    pub(super) fn of(problem: &'a Problem, relaxation: &Relaxation<'_>, volume: &Volume) -> Self {
        let arcs = relaxation.arcs.iter().enumerate();
        let arcs = arcs.map(|(a, arc)| (arc.unit, arc.place, volume.average(a)));
        let options = |site: usize, o: usize| volume.average(relaxation.first_option[site] + o);
        Self::new(problem, arcs, options)
    }

    /// `arcs` are units, their places and how much of them is there; `option` how much of one is taken.
    pub(super) fn new(
        problem: &'a Problem,
        arcs: impl Iterator<Item = (usize, usize, f64)>,
        option: impl Fn(usize, usize) -> f64,
    ) -> Self {
        let mut comers: Vec<BTreeMap<usize, Comer>> = vec![BTreeMap::new(); problem.sites.len()];
        for (unit, place, share) in arcs {
            let at = &problem.units[unit].places[place];
            let none = || Comer { unit, share: 0.0, admitted_by: Vec::new() };
            let comer = comers[at.site].entry(unit).or_insert_with(none);
            comer.share += share;
            comer.admitted_by.extend(&at.admitted_by);
        }
        let comers: Vec<Vec<Comer>> =
            comers.into_iter().map(|comers| comers.into_values().collect()).collect();
        let mut sites_of = vec![Vec::new(); problem.units.len()];
        for (site, comers) in comers.iter().enumerate() {
            for comer in comers.iter().filter(|comer| comer.share > CRUMB) {
                sites_of[comer.unit].push((site, comer.share));
            }
        }
        let options = problem.sites.iter().enumerate().map(|(i, site)| {
            let total: f64 = (0..site.options.len()).map(|o| option(i, o)).sum();
            let total = if total > 0.0 { total } else { 1.0 };
            (0..site.options.len()).map(|o| option(i, o) / total).collect()
        });
        let options = options.collect();
        Self { problem, comers, sites_of, options }
    }

    /// Rules the answer breaks, each once.
    pub(super) fn broken(&self) -> Vec<RoomCut> {
        let mut found = BTreeSet::new();
        for site in 0..self.problem.sites.len() {
            let is_half = |&share: &f64| share > HALF && share < 1.0 - HALF;
            if !self.options[site].iter().any(is_half) {
                continue;
            }
            for resource in 0..self.problem.resources.len() {
                let about = About::of(self, site, resource);
                found.extend(about.broken());
            }
        }
        found.into_iter().collect()
    }
}

/// Sites about a half taken one, with their comers, all for one resource.
struct About {
    resource: usize,
    sites: Vec<Around>,
    units: Vec<usize>,
    /// By unit.
    needs: Vec<f64>,
}

struct Around {
    site: usize,
    /// By unit: how much of what it needs is here.
    here: Vec<f64>,
    /// Room, how much of it is taken, and by unit: what it may need of it.
    options: Vec<(f64, f64, Vec<f64>)>,
}

impl About {
    fn of(finder: &Finder<'_>, first: usize, resource: usize) -> Self {
        let need = |unit: usize| finder.problem.units[unit].need[resource];
        let mut sites = Vec::new();
        let mut numbers: BTreeMap<usize, usize> = BTreeMap::new();
        let mut units = Vec::new();
        let mut shared: BTreeMap<usize, f64> = BTreeMap::from([(first, f64::INFINITY)]);
        while sites.len() < SITES {
            let next = shared
                .iter()
                .filter(|(_, shared)| **shared > 0.0)
                .max_by(|a, b| a.1.total_cmp(b.1).then(b.0.cmp(a.0)));
            let Some((&next, _)) = next else { break };
            // Never again.
            shared.insert(next, f64::NEG_INFINITY);
            sites.push(next);
            for comer in finder.comers[next].iter().filter(|comer| comer.share > CRUMB) {
                if numbers.contains_key(&comer.unit) || need(comer.unit) <= 0.0 {
                    continue;
                }
                numbers.insert(comer.unit, units.len());
                units.push(comer.unit);
                for &(site, share) in &finder.sites_of[comer.unit] {
                    *shared.entry(site).or_default() += share * need(comer.unit);
                }
            }
        }
        let around = sites.into_iter().map(|site| {
            let of = &finder.problem.sites[site];
            let mut here = vec![0.0; units.len()];
            let allowed = (0..of.options.len()).filter(|&o| of.allows(o));
            let mut options: Vec<(usize, Vec<f64>)> =
                allowed.map(|o| (o, vec![0.0; units.len()])).collect();
            for comer in &finder.comers[site] {
                let Some(&n) = numbers.get(&comer.unit) else { continue };
                here[n] = comer.share.min(1.0) * need(comer.unit);
                for (o, needs) in &mut options {
                    if comer.admitted_by.contains(o) {
                        needs[n] = need(comer.unit);
                    }
                }
            }
            let options = options.into_iter().map(|(o, needs)| {
                (generous(of.options[o].room[resource]).max(0.0), finder.options[site][o], needs)
            });
            Around { site, here, options: options.collect() }
        });
        let sites = around.collect();
        let needs = units.iter().map(|&unit| need(unit)).collect();
        Self { resource, sites, units, needs }
    }

    /// By how much the rule of these sites and units is broken; nothing where there is no such rule.
    fn broken_by(&self, sites: &[bool], units: &[bool]) -> f64 {
        fn sum(of: &[f64], units: &[bool]) -> f64 {
            of.iter().zip(units).filter(|(_, is_in)| **is_in).map(|(of, _)| of).sum()
        }
        let mut spare = -sum(&self.needs, units);
        let mut broken = spare;
        let mut rooms: Vec<(f64, Vec<(f64, f64)>)> = Vec::new();
        for (around, _) in self.sites.iter().zip(sites).filter(|(_, is_in)| **is_in) {
            broken += sum(&around.here, units);
            let options: Vec<(f64, f64)> = around
                .options
                .iter()
                .map(|(room, taken, needs)| (room.min(sum(needs, units)), *taken))
                .collect();
            let most = options.iter().map(|&(room, _)| room).fold(0.0, f64::max);
            spare += most;
            rooms.push((most, options));
        }
        if spare <= 1e-9 {
            return 0.0;
        }
        for (most, options) in rooms {
            broken += options
                .into_iter()
                .map(|(room, taken)| (most - room - spare).max(0.0) * taken)
                .sum::<f64>();
        }
        broken
    }

    /// The rules that are broken most, with a few of these sites each.
    fn broken(&self) -> Vec<RoomCut> {
        let mut begun: Vec<(f64, Vec<bool>, Vec<bool>)> = Vec::new();
        for some in 1..=self.sites.len() {
            let sites: Vec<bool> = (0..self.sites.len()).map(|n| n < some).collect();
            let here = |unit: usize| {
                let here = self.sites.iter().take(some).map(|around| around.here[unit]);
                here.sum::<f64>() / self.needs[unit]
            };
            let here: Vec<f64> = (0..self.units.len()).map(here).collect();
            for least in SHARES {
                let units: Vec<bool> = here.iter().map(|&here| here > least.max(CRUMB)).collect();
                begun.push((self.broken_by(&sites, &units), sites.clone(), units));
            }
        }
        begun.sort_by(|a, b| b.0.total_cmp(&a.0));
        begun.truncate(BEGINNINGS);
        let mut found = Vec::new();
        for (mut broken, mut sites, mut units) in begun {
            for _ in 0..ROUNDS {
                let before = broken;
                for n in 0..sites.len() + units.len() {
                    let flip = |sites: &mut Vec<bool>, units: &mut Vec<bool>| {
                        let at = sites.len();
                        let it = if n < at { &mut sites[n] } else { &mut units[n - at] };
                        *it = !*it;
                    };
                    flip(&mut sites, &mut units);
                    let now = self.broken_by(&sites, &units);
                    if now > broken + 1e-9 {
                        broken = now;
                    } else {
                        flip(&mut sites, &mut units);
                    }
                }
                if broken <= before + 1e-9 {
                    break;
                }
            }
            let needs = self.needs.iter().zip(&units).filter(|(_, is_in)| **is_in);
            if broken > LEAST_BROKEN * needs.map(|(need, _)| need).sum::<f64>() {
                let named = |n: usize| self.sites[n].site;
                let mut sites: Vec<usize> =
                    (0..sites.len()).filter(|&n| sites[n]).map(named).collect();
                let mut units: Vec<usize> =
                    (0..units.len()).filter(|&n| units[n]).map(|n| self.units[n]).collect();
                sites.sort_unstable();
                units.sort_unstable();
                found.push(RoomCut { resource: self.resource, sites, units });
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::large::knapsack::Sack;
    use crate::large::relaxation::{Answer, Rule};
    use crate::large::tests::{every_plan_keeps, problem};
    use crate::problem::{Opt, Place, Site, Unit};

    fn cut_of(problem: &Problem, sites: u8, units: u8) -> RoomCut {
        let among = |set: u8, most: usize| (0..most).filter(|n| set >> n & 1 == 1).collect();
        let (sites, units) = (among(sites, problem.sites.len()), among(units, problem.units.len()));
        RoomCut { resource: 0, sites, units }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

        #[test]
        fn every_plan_keeps_every_cut(problem in problem(), sites in any::<(u8, u8)>(), units in any::<(u8, u8)>()) {
            let (sites, units) = (sites.0 | sites.1, units.0 | units.1);
            let Some(tight) = Tight::of(&problem, cut_of(&problem, sites, units)) else { return Ok(()) };
            every_plan_keeps(&problem, &tight)?;
        }

        /// Two pieces of code read the same rule from a cut.
        #[test]
        fn a_certificate_reads_a_cut_as_the_prices_do(
            problem in problem(),
            sets in prop::collection::vec((any::<u8>(), any::<u8>()), 1..4),
            figures in prop::collection::vec(-9.0..9.0_f64, 16),
        ) {
            let cuts = sets.into_iter().map(|(sites, units)| cut_of(&problem, sites, units));
            let tights: Vec<Tight> = cuts.filter_map(|cut| Tight::of(&problem, cut)).collect();
            let relaxation = Relaxation::tightened(&problem, &tights);
            let rows = relaxation.rows.iter().zip(figures.iter().cycle());
            let prices = rows.map(|(row, price)| match row.rule {
                Rule::Cut(_) => -price.abs(),
                _ => *price,
            });
            let prices: Vec<f64> = prices.collect();
            let mut answer = Answer::default();
            relaxation.answer(&prices, &mut Sack::exact(), true, &mut answer);

            let proved = relaxation.certificate(&prices, answer.bound).proves(&problem).unwrap();

            let size: f64 = prices.iter().map(|price| price.abs()).sum::<f64>() * 100.0;
            prop_assert!((proved - answer.bound).abs() <= 1e-5 * size.max(1.0), "{} {}", proved, answer.bound);
        }
    }

    /// Ten that need one place each, and two rooms of eight: half of one is enough for the rest, if it is to be had.
    #[test]
    fn a_half_taken_option_breaks_the_cut_of_its_comers() {
        let room = |room: f64| Opt { room: vec![room], ..Opt::default() };
        let site = Site { options: vec![room(0.0), room(8.0)], ..Site::default() };
        let place = |site| Place { site, admitted_by: vec![1], cost: 0.0 };
        let places = vec![place(0), place(1)];
        let unit = Unit { need: vec![1.0], places, is_divisible: true, ..Unit::default() };
        let problem = Problem {
            resources: vec!["m2".to_owned()],
            sites: vec![site; 2],
            units: vec![unit; 10],
            ..Problem::default()
        };
        let broken = |shares: [f64; 2], open: [f64; 2]| {
            let arcs = (0..10).flat_map(|unit| [(unit, 0, shares[0]), (unit, 1, shares[1])]);
            let option = |site: usize, o: usize| if o == 1 { open[site] } else { 1.0 - open[site] };
            Finder::new(&problem, arcs, option).broken()
        };

        let all = RoomCut { resource: 0, sites: vec![0, 1], units: (0..10).collect() };
        assert_eq!(broken([0.8, 0.2], [1.0, 0.25]), std::slice::from_ref(&all));
        assert_eq!(broken([0.5, 0.5], [1.0, 1.0]), [], "nothing is half open");
        let limit = Tight::of(&problem, all).unwrap().limit;
        let by = |term: &LimitTerm| match term {
            LimitTerm::Option { option: 0, by, .. } => Some(*by),
            _ => None,
        };
        let lacks: Vec<f64> = limit.terms.iter().filter_map(by).collect();
        // Eight each, six to spare: without one of them, two are nowhere.
        assert!(lacks.len() == 2 && lacks.iter().all(|by| (by - 2.0).abs() < 1e-4), "{lacks:?}");
        assert_eq!(limit.high, Some(10.0));
    }
}
