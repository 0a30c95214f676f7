//! Why no plan is better than a bound: a price for every rule that ties sites to each other, and code that adds up what
//! they prove. It reads the problem and the prices only, and shares no code with whatever found them.
//!
//! Take any plan that keeps the rules. Add to its cost, for every priced rule, the price times what the plan misses of it
//! (never more than nothing, as floors are priced from above zero and ceilings from below). What comes out costs no more
//! than the plan, and it is a sum over sites: each site's option, and what is there, each at its cost less the prices it
//! earns. So no plan costs less than all sites together when each takes what is cheapest for it alone, within its room.

mod choices;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use self::choices::{Case, ChoiceCut};
use crate::problem::{LimitTerm, Problem};

/// Branches a site may take here, and the most things that are gone through so: one within the other.
const MOST_BRANCHES: u32 = 100_000;
const MOST_IN_A_SEARCH: usize = 2_000;

/// Rule (9), which follows from (2), (3) and (4): of some units at some sites.
///
/// Of one resource, let `need` be what all the units need, `room(o)` what an option of a site holds of them (no more than
/// those of them it admits need), `most` the largest of these at the site, and `spare` how far the `most` of all the sites
/// goes beyond `need`. What is there of the units, and `max(0, most - room(o) - spare)` of every option chosen, are together no more
/// than `need`: what the options chosen lack of `most` beyond `spare` is somewhere else.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RoomCut {
    /// Index into the resources.
    pub resource: usize,
    /// Indices into the sites, each once.
    pub sites: Vec<usize>,
    /// Indices into the units, each once.
    pub units: Vec<usize>,
}

/// Prices of rules, in cost per unit of what the rule counts.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Prices {
    /// (2) Of placing a unit; any sign.
    pub units: Vec<f64>,
    /// (5) Unit, site, and what it is worth that the unit is there rather than the first of its companions; any sign.
    pub together: Vec<(usize, usize, f64)>,
    /// (6) By group and point: of a server in place; not negative.
    pub served: Vec<Vec<f64>>,
    /// (7) By group: of weight covered; not negative, and no more than the price of a shortfall.
    pub floors: Vec<f64>,
    /// (8) By limit: of what it adds up to, where there is a least; not negative, and no more than its price.
    pub lows: Vec<f64>,
    /// (8) By limit: of what it adds up to, where there is a most; as before.
    pub highs: Vec<f64>,
    /// (4) By site and resource: of room; not negative. One resource a site, without a price, is kept exactly.
    pub room: Vec<Vec<f64>>,
    /// (2) and (4) together, by resource: of a site in use, as all the needs take so many sites at least; not negative.
    pub in_use: Vec<f64>,
    /// (9) Of what a cut adds up to; not negative.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cuts: Vec<(RoomCut, f64)>,
    /// (10) Of what a cut adds up to; not negative.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<(Arc<ChoiceCut>, f64)>,
}

impl Prices {
    pub(crate) fn are_figures(&self) -> bool {
        let lists = [&self.units, &self.floors, &self.lows, &self.highs, &self.in_use];
        let lists = lists.into_iter().chain(&self.served).chain(&self.room).flatten().copied();
        let together = self.together.iter().map(|&(_, _, price)| price);
        let cuts = self.cuts.iter().map(|&(_, price)| price);
        let choices = self.choices.iter().map(|&(_, price)| price);
        lists.chain(together).chain(cuts).chain(choices).all(is_figure)
    }

    /// Nothing has a price.
    pub fn none(problem: &Problem) -> Self {
        Self {
            units: vec![0.0; problem.units.len()],
            together: Vec::new(),
            served: problem.coverage.iter().map(|group| vec![0.0; group.points.len()]).collect(),
            floors: vec![0.0; problem.coverage.len()],
            lows: vec![0.0; problem.limits.len()],
            highs: vec![0.0; problem.limits.len()],
            room: vec![vec![0.0; problem.resources.len()]; problem.sites.len()],
            in_use: vec![0.0; problem.resources.len()],
            cuts: Vec::new(),
            choices: Vec::new(),
        }
    }
}

/// A bound and its proof.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Certificate {
    /// No plan costs less, by these prices alone. What a search proved beyond that, by branching or because all costs are
    /// whole numbers, is in [`Outcome::bound`](crate::Outcome::bound) and rests on the search.
    pub bound: f64,
    /// What proves it.
    pub prices: Prices,
}

impl Certificate {
    /// What the prices prove, added up anew; `None` where they are not prices for this problem. Prices of the wrong sign
    /// count as nothing.
    pub fn proves(&self, problem: &Problem) -> Option<f64> {
        Proof::of(problem, &self.prices).map(|proof| proof.total())
    }
}

struct Proof<'a> {
    problem: &'a Problem,
    prices: &'a Prices,
    /// What each unit costs at each place, by unit and place.
    places: Vec<Vec<f64>>,
    options: Vec<Vec<f64>>,
    sum: f64,
}

impl<'a> Proof<'a> {
    fn of(problem: &'a Problem, prices: &'a Prices) -> Option<Self> {
        let none = Prices::none(problem);
        let fits = prices.units.len() == none.units.len()
            && prices.floors.len() == none.floors.len()
            && prices.lows.len() == none.lows.len()
            && prices.highs.len() == none.highs.len()
            && lengths(&prices.served) == lengths(&none.served)
            && lengths(&prices.room) == lengths(&none.room)
            && prices.in_use.len() == none.in_use.len()
            && prices
                .together
                .iter()
                .all(|&(unit, site, _)| unit < problem.units.len() && site < problem.sites.len())
            && prices.cuts.iter().all(|(cut, _)| {
                cut.resource < problem.resources.len()
                    && is_below_and_once(&cut.sites, problem.sites.len())
                    && is_below_and_once(&cut.units, problem.units.len())
            });
        if !fits || !prices.are_figures() {
            return None;
        }
        let places =
            problem.units.iter().map(|u| u.places.iter().map(|place| place.cost).collect());
        let options =
            problem.sites.iter().map(|s| s.options.iter().map(|option| option.cost).collect());
        let mut proof = Self {
            problem,
            prices,
            places: places.collect(),
            options: options.collect(),
            sum: 0.0,
        };
        proof.pay_for_units();
        proof.pay_for_company();
        proof.pay_for_coverage();
        proof.pay_for_limits();
        proof.pay_for_room();
        proof.pay_for_sites_in_use();
        proof.pay_for_cuts();
        proof.pay_for_choices()?;
        Some(proof)
    }

    fn pay_for_units(&mut self) {
        for (costs, price) in self.places.iter_mut().zip(&self.prices.units) {
            self.sum += price;
            for cost in costs.iter_mut() {
                *cost -= price;
            }
        }
    }

    fn pay_for_company(&mut self) {
        let mut leaders: BTreeMap<usize, usize> = BTreeMap::new();
        for (r, unit) in self.problem.units.iter().enumerate() {
            if let Some(number) = unit.together {
                leaders.entry(number).or_insert(r);
            }
        }
        for &(unit, site, price) in &self.prices.together {
            let leader = self.problem.units[unit].together.and_then(|n| leaders.get(&n).copied());
            let Some(leader) = leader.filter(|&leader| leader != unit) else { continue };
            for (of, earns) in [(unit, price), (leader, -price)] {
                let places = &self.problem.units[of].places;
                for (cost, _) in
                    self.places[of].iter_mut().zip(places).filter(|(_, place)| place.site == site)
                {
                    *cost -= earns;
                }
            }
        }
    }

    fn pay_for_coverage(&mut self) {
        for (g, group) in self.problem.coverage.iter().enumerate() {
            let most = group.shortfall_price.unwrap_or(f64::INFINITY);
            // What weighs nothing short costs nothing: a floor at or below zero needs no price.
            let floor = self.prices.floors[g].clamp(0.0, most);
            self.sum += floor * group.needed;
            for (point, served) in group.points.iter().zip(&self.prices.served[g]) {
                self.sum += group.price * point.weight;
                let worth = (group.price + floor) * point.weight;
                let mut servers = point.servers.clone();
                servers.sort_unstable();
                servers.dedup();
                let is_one_unit = servers.windows(2).all(|pair| pair[0].unit == pair[1].unit);
                // Servers of one unit add up to what is covered; else covered is a choice of its own.
                let each = if is_one_unit { worth } else { served.max(0.0) };
                if !is_one_unit {
                    self.sum += (each - worth).min(0.0);
                }
                for server in servers {
                    self.places[server.unit][server.place] -= each;
                }
            }
        }
    }

    fn pay_for_limits(&mut self) {
        for (l, limit) in self.problem.limits.iter().enumerate() {
            let most = limit.price.unwrap_or(f64::INFINITY);
            let low = limit.low.map_or(0.0, |_| self.prices.lows[l].clamp(0.0, most));
            let high = limit.high.map_or(0.0, |_| self.prices.highs[l].clamp(0.0, most));
            self.sum += low * limit.low.unwrap_or(0.0) - high * limit.high.unwrap_or(0.0);
            self.pay_for_terms(&limit.terms, low - high);
        }
    }

    fn pay_for_terms(&mut self, terms: &[LimitTerm], price: f64) {
        for term in terms {
            match *term {
                LimitTerm::Option { site, option, by } => self.options[site][option] -= price * by,
                LimitTerm::Place { unit, place, by } => self.places[unit][place] -= price * by,
            }
        }
    }

    fn pay_for_room(&mut self) {
        let price = |site: usize, k: usize| self.prices.room[site][k].max(0.0);
        for (costs, unit) in self.places.iter_mut().zip(&self.problem.units) {
            for (cost, place) in costs.iter_mut().zip(&unit.places) {
                let each = unit.need.iter().enumerate();
                *cost += each.map(|(k, need)| price(place.site, k) * need).sum::<f64>();
            }
        }
        for (i, (costs, site)) in self.options.iter_mut().zip(&self.problem.sites).enumerate() {
            for (cost, option) in costs.iter_mut().zip(&site.options) {
                let each = option.room.iter().enumerate();
                *cost -= each.map(|(k, room)| price(i, k) * room).sum::<f64>();
            }
        }
    }

    /// An option is in use where it admits anybody. A plan has as many such sites as it takes to hold all there is.
    fn pay_for_sites_in_use(&mut self) {
        if self.prices.in_use.iter().all(|&price| price <= 0.0) {
            return;
        }
        let mut serves: Vec<Vec<bool>> =
            self.problem.sites.iter().map(|site| vec![false; site.options.len()]).collect();
        for place in self.problem.units.iter().flat_map(|unit| &unit.places) {
            let site = &self.problem.sites[place.site];
            for &option in place.admitted_by.iter().filter(|&&o| site.allows(o)) {
                serves[place.site][option] = true;
            }
        }
        for (k, price) in self.prices.in_use.iter().map(|price| price.max(0.0)).enumerate() {
            self.sum += price * fewest_in_use(self.problem, &serves, k) as f64;
            for (costs, serves) in self.options.iter_mut().zip(&serves) {
                for (cost, _) in costs.iter_mut().zip(serves).filter(|(_, serves)| **serves) {
                    *cost -= price;
                }
            }
        }
    }

    /// Whatever is chosen, all the units have a place. So of what they need, no less is elsewhere than the options chosen lack
    /// of the most there could be, once what is to spare is used up; and what several lack beyond it is no less than what each
    /// of them lacks beyond it.
    fn pay_for_cuts(&mut self) {
        for (cut, price) in self.prices.cuts.iter().filter(|(_, price)| *price > 0.0) {
            let k = cut.resource;
            let need = |unit: usize| self.problem.units[unit].need[k];
            let needs: f64 = cut.units.iter().map(|&unit| need(unit)).sum();
            // By site, option and unit: whether it may be there.
            let mut admits: BTreeMap<(usize, usize), Vec<usize>> = BTreeMap::new();
            for &unit in &cut.units {
                let places = self.problem.units[unit].places.iter().enumerate();
                for (p, place) in places.filter(|(_, place)| cut.sites.contains(&place.site)) {
                    self.places[unit][p] += price * need(unit);
                    for &option in &place.admitted_by {
                        let admitted = admits.entry((place.site, option)).or_default();
                        if admitted.last() != Some(&unit) {
                            admitted.push(unit);
                        }
                    }
                }
            }
            let held = |site: usize, option: usize| {
                let of_units = admits.get(&(site, option)).into_iter().flatten();
                let room = self.problem.sites[site].options[option].room[k].max(0.0);
                let room = room + 1e-6 * room.max(1.0);
                of_units.map(|&unit| need(unit)).sum::<f64>().min(room)
            };
            let most = |site: usize| {
                let of = &self.problem.sites[site];
                let options = (0..of.options.len()).filter(|&option| of.allows(option));
                options.map(|option| held(site, option)).fold(0.0, f64::max)
            };
            let spare = cut.sites.iter().map(|&site| most(site)).sum::<f64>() - needs;
            self.sum -= price * needs;
            for &site in &cut.sites {
                let most = most(site);
                for (option, cost) in self.options[site].iter_mut().enumerate() {
                    let lacks = most - held(site, option) - spare.max(0.0);
                    *cost += price * lacks.max(0.0);
                }
            }
        }
    }

    /// `None` where a cut is not of this problem.
    fn pay_for_choices(&mut self) -> Option<()> {
        for (cut, price) in self.prices.choices.iter().filter(|(_, price)| *price > 0.0) {
            self.sum += price * cut.least(self.problem)?;
            self.pay_for_terms(&cut.terms, *price);
        }
        Some(())
    }

    /// Every site at its cheapest.
    fn total(&self) -> f64 {
        let mut comers: Vec<Vec<(usize, usize)>> = vec![Vec::new(); self.problem.sites.len()];
        for (r, unit) in self.problem.units.iter().enumerate() {
            for (p, place) in unit.places.iter().enumerate() {
                if self.places[r][p] < 0.0 {
                    comers[place.site].push((r, p));
                }
            }
        }
        let site = |(i, comers): (usize, Vec<(usize, usize)>)| self.least_at(i, &comers);
        let sum = self.sum + comers.into_iter().enumerate().map(site).sum::<f64>();
        // What adding up a million figures may have rounded away.
        sum - 1e-12 * sum.abs()
    }

    fn least_at(&self, site: usize, comers: &[(usize, usize)]) -> f64 {
        let of = &self.problem.sites[site];
        let cost = |o: usize| {
            let here = comers
                .iter()
                .filter(|&&(r, p)| self.problem.units[r].places[p].admitted_by.contains(&o));
            // The rooms one by one: whatever fits all of them fits each.
            let gain = |things: Vec<Thing>, room: f64| most_gained(things, room);
            let things = |need: &dyn Fn(usize) -> f64| -> Vec<Thing> {
                here.clone()
                    .map(|&(r, p)| Thing {
                        gain: -self.places[r][p],
                        need: need(r),
                        is_whole: !self.problem.units[r].is_divisible,
                    })
                    .collect()
            };
            let rooms = &of.options[o].room;
            let all = gain(things(&|_| 0.0), 0.0);
            let tightest = rooms.iter().enumerate().fold(all, |least, (k, &room)| {
                least.min(gain(things(&|r| self.problem.units[r].need[k]), room))
            });
            self.options[site][o] - tightest
        };
        let can_be =
            |&o: &usize| of.allows(o) && of.options[o].room.iter().all(|&room| room >= -1e-6);
        let least = (0..of.options.len()).filter(can_be).map(cost).fold(f64::INFINITY, f64::min);
        // Where no option can be, no plan is; where figures run over, nothing is proved.
        if least == f64::INFINITY { 0.0 } else { least }
    }
}

/// How many sites at least hold all that needs this resource, the largest first; as generous as the check of a plan.
fn fewest_in_use(problem: &Problem, serves: &[Vec<bool>], resource: usize) -> usize {
    let largest = problem.sites.iter().zip(serves).filter_map(|(site, serves)| {
        let rooms = site.options.iter().zip(serves).filter(|(_, serves)| **serves);
        rooms.map(|(option, _)| option.room[resource]).reduce(f64::max)
    });
    let mut rooms: Vec<f64> = largest.map(|room| room.max(0.0) + 2e-6 * room.max(1.0)).collect();
    rooms.sort_by(|a, b| b.total_cmp(a));
    let needs: f64 = problem.units.iter().map(|unit| unit.need[resource]).sum();
    let needed = needs * (1.0 - 2e-6);
    let mut held = 0.0;
    for (n, room) in rooms.iter().enumerate() {
        if held >= needed {
            return n;
        }
        held += room;
    }
    rooms.len()
}

/// A price beyond this is none: sums of such run over.
const LARGEST_PRICE: f64 = 1e100;

fn is_figure(x: f64) -> bool {
    x.abs() <= LARGEST_PRICE
}

fn is_below_and_once(indices: &[usize], most: usize) -> bool {
    let mut sorted = indices.to_vec();
    sorted.sort_unstable();
    sorted.windows(2).all(|pair| pair[0] < pair[1]) && sorted.iter().all(|&index| index < most)
}

fn lengths(lists: &[Vec<f64>]) -> Vec<usize> {
    lists.iter().map(Vec::len).collect()
}

#[derive(Clone, Copy)]
struct Thing {
    gain: f64,
    need: f64,
    is_whole: bool,
}

/// No less than the most that can be gained in a room.
fn most_gained(mut things: Vec<Thing>, room: f64) -> f64 {
    // As generous as the check of a plan.
    let room = room + 1e-6 * room.abs().max(1.0);
    things.retain(|thing| thing.gain > 0.0 && (!thing.is_whole || thing.need <= room));
    if things.iter().map(|thing| thing.need).sum::<f64>() <= room {
        return things.iter().map(|thing| thing.gain).sum();
    }
    things.sort_by(|a, b| (b.gain / b.need).total_cmp(&(a.gain / a.need)));
    let easy = divided(&things, room);
    let (whole, loose): (Vec<Thing>, Vec<Thing>) = things.iter().partition(|thing| thing.is_whole);
    if whole.is_empty() || whole.len() > MOST_IN_A_SEARCH {
        return easy;
    }
    let mut search = Search { whole: &whole, loose: &loose, best: 0.0, left: MOST_BRANCHES };
    search.from(0, room, 0.0);
    if search.left == 0 { easy } else { search.best.min(easy) }
}

/// What is gained as if all could be divided, the most gain for the room first.
fn divided(things: &[Thing], mut room: f64) -> f64 {
    let mut gain = 0.0;
    for thing in things {
        if thing.need > room {
            return gain + thing.gain * room / thing.need;
        }
        room -= thing.need;
        gain += thing.gain;
    }
    gain
}

struct Search<'a> {
    whole: &'a [Thing],
    loose: &'a [Thing],
    best: f64,
    left: u32,
}

impl Search<'_> {
    /// Takes whole things or leaves them, one after the other; loose ones fill up what is left.
    fn from(&mut self, at: usize, room: f64, gain: f64) {
        if self.left == 0 {
            return;
        }
        self.left -= 1;
        let loose = divided(self.loose, room);
        self.best = self.best.max(gain + loose);
        let Some(thing) = self.whole.get(at) else { return };
        if gain + divided(&self.whole[at..], room) + loose <= self.best {
            return;
        }
        if thing.need <= room {
            self.from(at + 1, room - thing.need, gain + thing.gain);
        }
        self.from(at + 1, room, gain);
    }
}
