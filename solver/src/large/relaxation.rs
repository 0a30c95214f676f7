//! A problem with a price for every rule that ties sites to each other: what is left falls apart, site by site.
//!
//! Kept are rules (1), (3) and (4), the last for one resource a site. Every other rule is a [`Row`] with a price, and whatever
//! the prices, the cheapest choice of all sites, each for itself, costs no more than the cheapest plan. Rows are scaled so
//! that their mean coefficient is one: prices of people, pounds and units then move at the same pace.

use std::collections::BTreeMap;
use std::sync;

use super::cuts::{Tight, Why};
use super::knapsack::{Fill, Item, Sack};
use crate::certificate::{Certificate, Prices};
use crate::problem::{LimitTerm, Problem, Server};
use crate::rules::fits_alone;

/// Parts the sites are answered in, each on a thread of its own where there are many arcs.
const PARTS: usize = 4;
const FEWEST_ARCS_FOR_THREADS: usize = 20_000;

/// A rule that is priced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rule {
    /// (2) of a unit.
    Unit(usize),
    /// (5) of a unit at a site.
    Together(usize, usize),
    /// (6) of a point of a group.
    Served(usize, usize),
    /// (7) of a group.
    Floor(usize),
    /// (8) of a limit.
    Low(usize),
    /// (8) of a limit.
    High(usize),
    /// (4) of a site and a resource that is not the one kept.
    Room(usize, usize),
    /// (9) of a cut.
    Cut(usize),
}

/// `sum of a x = right` where prices may be anything, `>=` where none is negative, `<=` where none is positive.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) rule: Rule,
    pub(crate) right: f64,
    pub(crate) least_price: f64,
    pub(crate) most_price: f64,
    /// What coefficients and right side were multiplied with.
    pub(crate) scale: f64,
}

/// A unit at one of its places.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arc {
    pub(crate) unit: usize,
    pub(crate) place: usize,
    pub(crate) site: usize,
    cost: f64,
    pub(crate) need: f64,
    is_whole: bool,
}

/// An option that can be chosen.
#[derive(Debug, Clone)]
pub(crate) struct Choice {
    pub(crate) option: usize,
    pub(crate) cost: f64,
    /// Of the resource that is kept; not finite where none is.
    pub(crate) room: f64,
    /// Arcs of the site this option admits.
    pub(crate) arcs: Vec<usize>,
}

/// Coefficients of columns, one after the other.
#[derive(Debug, Clone, Default)]
struct Entries {
    first: Vec<usize>,
    row: Vec<u32>,
    by: Vec<f64>,
}

impl Entries {
    fn of(columns: Vec<Vec<(usize, f64)>>) -> Self {
        let mut entries = Self { first: vec![0], ..Self::default() };
        for mut column in columns {
            // Several of one row are one: HiGHS takes no column that says a row twice.
            column.sort_by_key(|&(row, _)| row);
            column.dedup_by(|next, first| {
                let is_same = next.0 == first.0;
                first.1 += if is_same { next.1 } else { 0.0 };
                is_same
            });
            for (row, by) in column.into_iter().filter(|(_, by)| *by != 0.0) {
                entries.row.push(u32::try_from(row).unwrap_or(u32::MAX));
                entries.by.push(by);
            }
            entries.first.push(entries.row.len());
        }
        entries
    }

    fn of_column(&self, column: usize) -> impl Iterator<Item = (usize, f64)> + '_ {
        let range = self.first[column]..self.first[column + 1];
        self.row[range.clone()].iter().map(|&row| row as usize).zip(self.by[range].iter().copied())
    }

    fn priced(&self, column: usize, prices: &[f64]) -> f64 {
        self.of_column(column).map(|(row, by)| prices[row] * by).sum()
    }
}

/// The columns are numbered: arcs, then options, then covers.
#[derive(Debug, Clone)]
pub(crate) struct Relaxation<'a> {
    problem: &'a Problem,
    pub(crate) rows: Vec<Row>,
    pub(crate) arcs: Vec<Arc>,
    /// Arcs of a site are neighbours.
    sites: Vec<(std::ops::Range<usize>, Vec<Choice>)>,
    /// By site: column of its first option.
    pub(crate) first_option: Vec<usize>,
    cover_costs: Vec<f64>,
    first_cover: usize,
    entries: Entries,
    constant: f64,
    cuts: Vec<Why>,
}

/// The cheapest choice at some prices.
#[derive(Debug, Clone, Default)]
pub(crate) struct Answer {
    /// What it costs: no plan costs less.
    pub(crate) bound: f64,
    /// Columns that are not zero.
    pub(crate) columns: Vec<(usize, f64)>,
    /// Right side less what the columns use, by row.
    pub(crate) missing: Vec<f64>,
}

impl<'a> Relaxation<'a> {
    pub(crate) fn of(problem: &'a Problem) -> Self {
        Self::tightened(problem, &[])
    }

    /// With cuts. Their rows are the last, in their order; all else is as without them.
    pub(crate) fn tightened(problem: &'a Problem, cuts: &[Tight]) -> Self {
        let mut builder = Builder::of(problem);
        builder.add_cuts(cuts);
        let cuts = cuts.iter().map(|tight| tight.why.clone()).collect();
        Relaxation { cuts, ..builder.finish() }
    }

    /// What columns use of a row, by row from `first` on.
    pub(crate) fn used(&self, first: usize, value: impl Fn(usize) -> f64) -> Vec<f64> {
        let mut used = vec![0.0; self.rows.len() - first];
        for column in 0..self.columns() {
            let value = value(column);
            for (row, by) in self.entries.of_column(column).filter(|(row, _)| *row >= first) {
                used[row - first] += by * value;
            }
        }
        used
    }

    pub(crate) fn columns(&self) -> usize {
        self.first_cover + self.cover_costs.len()
    }

    /// Prices to begin with: a unit is worth its cheapest place and a fair part of the cheapest option there.
    pub(crate) fn first_prices(&self) -> Vec<f64> {
        let mut prices = vec![0.0; self.rows.len()];
        let mut cheapest: Vec<Option<f64>> = vec![None; self.problem.units.len()];
        for (_, choices) in &self.sites {
            for choice in choices {
                let idle = choices.iter().map(|c| c.cost).fold(f64::INFINITY, f64::min);
                for &a in &choice.arcs {
                    let arc = &self.arcs[a];
                    let part =
                        if choice.room > 0.0 { (arc.need / choice.room).min(1.0) } else { 0.0 };
                    let cost = arc.cost + part * (choice.cost - idle);
                    let least = cheapest[arc.unit].get_or_insert(cost);
                    *least = least.min(cost);
                }
            }
        }
        for (price, row) in prices.iter_mut().zip(&self.rows) {
            if let Rule::Unit(unit) = row.rule {
                *price = cheapest[unit].unwrap_or(0.0);
            }
        }
        prices
    }

    /// The cheapest choice of every site and cover for itself; on one thread where `is_alone`.
    pub(crate) fn answer(
        &self,
        prices: &[f64],
        sack: &mut Sack,
        is_alone: bool,
        answer: &mut Answer,
    ) {
        answer.columns.clear();
        answer.missing.clear();
        answer.missing.extend(self.rows.iter().map(|row| row.right));
        let mut bound = self.constant;
        bound += self.rows.iter().zip(prices).map(|(row, price)| row.right * price).sum::<f64>();
        let is_worth_threads = !is_alone && self.arcs.len() >= FEWEST_ARCS_FOR_THREADS;
        for (cost, columns) in self.answers_of_sites(prices, sack, is_worth_threads) {
            bound += cost;
            answer.columns.extend(columns);
        }
        for (c, cost) in self.cover_costs.iter().enumerate() {
            let column = self.first_cover + c;
            let cost = cost - self.entries.priced(column, prices);
            if cost < 0.0 {
                bound += cost;
                answer.columns.push((column, 1.0));
            }
        }
        for &(column, value) in &answer.columns {
            for (row, by) in self.entries.of_column(column) {
                answer.missing[row] -= by * value;
            }
        }
        answer.bound = bound;
    }

    /// The answers of the sites, in parts that are the same however many threads there are: so are their sums.
    fn answers_of_sites(
        &self,
        prices: &[f64],
        sack: &Sack,
        is_threaded: bool,
    ) -> Vec<(f64, Vec<(usize, f64)>)> {
        let some = self.sites.len().div_ceil(PARTS).max(1);
        let of_part = |part: usize| {
            let (mut sack, mut columns) = (sack.emptied(), Vec::new());
            let sites = part * some..((part + 1) * some).min(self.sites.len());
            let cost = sites.map(|i| self.answer_at(i, prices, &mut sack, &mut columns)).sum();
            (cost, columns)
        };
        if !is_threaded {
            return (0..PARTS).map(of_part).collect();
        }
        std::thread::scope(|scope| {
            let of_part = &of_part;
            let others: Vec<_> =
                (1..PARTS).map(|part| scope.spawn(move || of_part(part))).collect();
            let first = of_part(0);
            let others = others
                .into_iter()
                .map(|other| other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            std::iter::once(first).chain(others).collect()
        })
    }

    fn answer_at(
        &self,
        site: usize,
        prices: &[f64],
        sack: &mut Sack,
        columns: &mut Vec<(usize, f64)>,
    ) -> f64 {
        let (arcs, choices) = &self.sites[site];
        sack.gains.clear();
        sack.gains.extend(arcs.clone().map(|a| self.entries.priced(a, prices) - self.arcs[a].cost));
        let mut best = (f64::INFINITY, usize::MAX);
        for choice in choices {
            let cost = self.option_cost(site, choice, prices);
            sack.items.clear();
            for &a in &choice.arcs {
                let gain = sack.gains[a - arcs.start];
                if gain > 0.0 {
                    let arc = &self.arcs[a];
                    sack.items.push(Item::of(a, gain, arc.need, arc.is_whole));
                }
            }
            let cost = cost - sack.fill(choice.room);
            if cost < best.0 {
                best = (cost, choice.option);
                sack.keep();
            }
        }
        let (cost, option) = best;
        if option == usize::MAX {
            // No option can be chosen: nor can any plan.
            return 0.0;
        }
        columns.push((self.first_option[site] + option, 1.0));
        columns.extend(sack.kept.iter().map(|&Fill { name, part }| (name, part)));
        cost
    }

    /// Arcs to a site.
    pub(crate) fn arcs_at(&self, site: usize) -> std::ops::Range<usize> {
        self.sites[site].0.clone()
    }

    /// The options of a site that can be chosen.
    pub(crate) fn choices(&self, site: usize) -> &[Choice] {
        &self.sites[site].1
    }

    /// Columns of what is covered by choice, and what each costs.
    pub(crate) fn covers(&self) -> impl Iterator<Item = (usize, f64)> + '_ {
        self.cover_costs.iter().enumerate().map(|(c, &cost)| (self.first_cover + c, cost))
    }

    /// Rows and coefficients of a column.
    pub(crate) fn entries_of(&self, column: usize) -> impl Iterator<Item = (usize, f64)> + '_ {
        self.entries.of_column(column)
    }

    /// Of an arc, before any price.
    pub(crate) fn arc_cost(&self, arc: usize) -> f64 {
        self.arcs[arc].cost
    }

    /// Of an option at prices, before anybody is there.
    pub(crate) fn option_cost(&self, site: usize, choice: &Choice, prices: &[f64]) -> f64 {
        choice.cost - self.entries.priced(self.first_option[site] + choice.option, prices)
    }

    /// What choosing each column adds, at these prices, before rooms are looked at.
    pub(crate) fn arc_costs(&self, prices: &[f64]) -> Vec<f64> {
        (0..self.arcs.len()).map(|a| self.arcs[a].cost - self.entries.priced(a, prices)).collect()
    }

    /// By site and option: what the site costs under it at these prices, filled at its best; not finite where it is no choice.
    pub(crate) fn option_costs(&self, prices: &[f64], sack: &mut Sack) -> Vec<Vec<f64>> {
        let mut costs = Vec::with_capacity(self.sites.len());
        for (site, (arcs, choices)) in self.sites.iter().enumerate() {
            let gains: Vec<f64> =
                arcs.clone().map(|a| self.entries.priced(a, prices) - self.arcs[a].cost).collect();
            let mut of_site = vec![f64::INFINITY; self.problem.sites[site].options.len()];
            for choice in choices {
                sack.items.clear();
                for &a in &choice.arcs {
                    let gain = gains[a - arcs.start];
                    if gain > 0.0 {
                        let arc = &self.arcs[a];
                        sack.items.push(Item::of(a, gain, arc.need, arc.is_whole));
                    }
                }
                of_site[choice.option] =
                    self.option_cost(site, choice, prices) - sack.fill(choice.room);
            }
            costs.push(of_site);
        }
        costs
    }

    /// The prices by rule, in the problem's own units.
    pub(crate) fn certificate(&self, prices: &[f64], bound: f64) -> Certificate {
        let mut named = Prices::none(self.problem);
        for (row, price) in self.rows.iter().zip(prices) {
            let price = price * row.scale;
            match row.rule {
                Rule::Unit(unit) => named.units[unit] = price,
                Rule::Together(unit, site) => {
                    if price != 0.0 {
                        named.together.push((unit, site, price));
                    }
                }
                Rule::Served(group, point) => named.served[group][point] = price,
                Rule::Floor(group) => named.floors[group] = price,
                Rule::Low(limit) => named.lows[limit] = price,
                Rule::High(limit) => named.highs[limit] = -price,
                Rule::Room(site, resource) => named.room[site][resource] = -price,
                Rule::Cut(cut) => {
                    if price != 0.0 {
                        match &self.cuts[cut] {
                            Why::Room(cut) => named.cuts.push((cut.clone(), -price)),
                            Why::Choice(cut) => named.choices.push((sync::Arc::clone(cut), -price)),
                        }
                    }
                }
            }
        }
        Certificate { bound, prices: named }
    }

    /// The other way round: prices for the rows, as far as these have them; `cuts` are those of its cuts.
    pub(crate) fn prices(&self, named: &Prices, cuts: &[f64]) -> Vec<f64> {
        let together: BTreeMap<(usize, usize), f64> =
            named.together.iter().map(|&(unit, site, price)| ((unit, site), price)).collect();
        let of_two = |lists: &[Vec<f64>], first: usize, second: usize| {
            lists.get(first).and_then(|list| list.get(second)).copied()
        };
        let priced = self.rows.iter().map(|row| {
            let price = match row.rule {
                Rule::Unit(unit) => named.units.get(unit).copied(),
                Rule::Together(unit, site) => together.get(&(unit, site)).copied(),
                Rule::Served(group, point) => of_two(&named.served, group, point),
                Rule::Floor(group) => named.floors.get(group).copied(),
                Rule::Low(limit) => named.lows.get(limit).copied(),
                Rule::High(limit) => named.highs.get(limit).map(|price| -price),
                Rule::Room(site, resource) => {
                    of_two(&named.room, site, resource).map(|price| -price)
                }
                Rule::Cut(cut) => cuts.get(cut).map(|price| -price),
            };
            (price.unwrap_or(0.0) / row.scale).clamp(row.least_price, row.most_price)
        });
        priced.collect()
    }
}

/// Coefficients by row.
type Terms = Vec<(usize, f64)>;

struct Builder<'a> {
    problem: &'a Problem,
    rows: Vec<Row>,
    /// By unit and place: cost and coefficients.
    places: Vec<Vec<(f64, Terms)>>,
    options: Vec<Vec<Terms>>,
    covers: Vec<(f64, Terms)>,
    constant: f64,
    kept: Vec<Option<usize>>,
}

impl<'a> Builder<'a> {
    fn of(problem: &'a Problem) -> Self {
        let places = problem
            .units
            .iter()
            .map(|unit| unit.places.iter().map(|place| (place.cost, Vec::new())).collect());
        let options =
            problem.sites.iter().map(|site| vec![Vec::new(); site.options.len()]).collect();
        let mut builder = Self {
            problem,
            rows: Vec::new(),
            places: places.collect(),
            options,
            covers: Vec::new(),
            constant: 0.0,
            kept: Vec::new(),
        };
        builder.add_units();
        builder.add_together();
        builder.add_coverage();
        builder.add_limits();
        builder.add_room();
        builder
    }

    fn row(&mut self, rule: Rule, right: f64, least_price: f64, most_price: f64) -> usize {
        self.rows.push(Row { rule, right, least_price, most_price, scale: 1.0 });
        self.rows.len() - 1
    }

    fn add_units(&mut self) {
        for r in 0..self.places.len() {
            let row = self.row(Rule::Unit(r), 1.0, f64::NEG_INFINITY, f64::INFINITY);
            self.places[r].iter_mut().for_each(|(_, entries)| entries.push((row, 1.0)));
        }
    }

    fn add_together(&mut self) {
        let mut first: BTreeMap<usize, usize> = BTreeMap::new();
        for (r, unit) in self.problem.units.iter().enumerate() {
            let Some(number) = unit.together else { continue };
            let anchor = *first.entry(number).or_insert(r);
            if anchor == r {
                continue;
            }
            let mut rows: BTreeMap<usize, usize> = BTreeMap::new();
            for (of, by) in [(r, 1.0), (anchor, -1.0)] {
                for (p, place) in self.problem.units[of].places.iter().enumerate() {
                    let row = *rows.entry(place.site).or_insert_with(|| {
                        self.rows.push(Row {
                            rule: Rule::Together(r, place.site),
                            right: 0.0,
                            least_price: f64::NEG_INFINITY,
                            most_price: f64::INFINITY,
                            scale: 1.0,
                        });
                        self.rows.len() - 1
                    });
                    self.places[of][p].1.push((row, by));
                }
            }
        }
    }

    fn add_coverage(&mut self) {
        for (g, group) in self.problem.coverage.iter().enumerate() {
            let most = group.shortfall_price.unwrap_or(f64::INFINITY);
            let floor =
                (group.needed > 0.0).then(|| self.row(Rule::Floor(g), group.needed, 0.0, most));
            for (q, point) in group.points.iter().enumerate() {
                self.constant += group.price * point.weight;
                if point.weight == 0.0 {
                    continue;
                }
                let mut servers: Vec<Server> = point.servers.clone();
                servers.sort_unstable();
                servers.dedup();
                let Some(&first) = servers.first() else { continue };
                let gain = |cost: &mut f64, entries: &mut Vec<(usize, f64)>| {
                    *cost -= group.price * point.weight;
                    entries.extend(floor.map(|row| (row, point.weight)));
                };
                if servers.iter().all(|server| server.unit == first.unit) {
                    // They cannot add up to more than one, so covered is what they add up to.
                    for server in servers {
                        let (cost, entries) = &mut self.places[server.unit][server.place];
                        gain(cost, entries);
                    }
                    continue;
                }
                let (mut cost, mut entries) = (0.0, Vec::new());
                gain(&mut cost, &mut entries);
                let row = self.row(Rule::Served(g, q), 0.0, 0.0, f64::INFINITY);
                entries.push((row, -1.0));
                self.covers.push((cost, entries));
                for server in servers {
                    self.places[server.unit][server.place].1.push((row, 1.0));
                }
            }
        }
    }

    fn add_limits(&mut self) {
        for (l, limit) in self.problem.limits.iter().enumerate() {
            let most = limit.price.unwrap_or(f64::INFINITY);
            let low = limit.low.map(|low| self.row(Rule::Low(l), low, 0.0, most));
            let high = limit.high.map(|high| self.row(Rule::High(l), high, -most, 0.0));
            for row in low.into_iter().chain(high) {
                self.add_terms(row, &limit.terms);
            }
        }
    }

    fn add_terms(&mut self, row: usize, terms: &[LimitTerm]) {
        for term in terms {
            match *term {
                LimitTerm::Option { site, option, by } => {
                    self.options[site][option].push((row, by));
                }
                LimitTerm::Place { unit, place, by } => {
                    self.places[unit][place].1.push((row, by));
                }
            }
        }
    }

    fn add_cuts(&mut self, cuts: &[Tight]) {
        for (n, Tight { limit, .. }) in cuts.iter().enumerate() {
            let Some(high) = limit.high else { continue };
            let row = self.row(Rule::Cut(n), high, f64::NEG_INFINITY, 0.0);
            self.add_terms(row, &limit.terms);
        }
    }

    fn add_room(&mut self) {
        let resources = self.problem.resources.len();
        let mut needs = vec![vec![0.0; resources]; self.problem.sites.len()];
        let mut comers: Vec<Vec<(usize, usize)>> = vec![Vec::new(); self.problem.sites.len()];
        for (r, unit) in self.problem.units.iter().enumerate() {
            for (p, place) in unit.places.iter().enumerate() {
                comers[place.site].push((r, p));
                needs[place.site].iter_mut().zip(&unit.need).for_each(|(sum, need)| *sum += need);
            }
        }
        for (i, site) in self.problem.sites.iter().enumerate() {
            let allowed: Vec<usize> = (0..site.options.len()).filter(|&o| site.allows(o)).collect();
            let most = |k: usize| {
                allowed.iter().map(|&o| site.options[o].room[k]).fold(f64::NEG_INFINITY, f64::max)
            };
            let least = |k: usize| {
                allowed.iter().map(|&o| site.options[o].room[k]).fold(f64::INFINITY, f64::min)
            };
            let tightness = |k: usize| needs[i][k] / most(k).max(1e-9);
            let tight: Vec<usize> = (0..resources).filter(|&k| needs[i][k] > least(k)).collect();
            let kept = tight
                .iter()
                .copied()
                .max_by(|&a, &b| tightness(a).total_cmp(&tightness(b)).then(b.cmp(&a)));
            self.kept.push(kept);
            for &k in tight.iter().filter(|&&k| Some(k) != kept) {
                let row = self.row(Rule::Room(i, k), 0.0, f64::NEG_INFINITY, 0.0);
                for &(r, p) in &comers[i] {
                    self.places[r][p].1.push((row, self.problem.units[r].need[k]));
                }
                for &o in &allowed {
                    self.options[i][o].push((row, -site.options[o].room[k]));
                }
            }
        }
    }

    fn finish(mut self) -> Relaxation<'a> {
        self.scale();
        let problem = self.problem;
        let mut comers: Vec<Vec<(usize, usize)>> = vec![Vec::new(); problem.sites.len()];
        for (r, unit) in problem.units.iter().enumerate() {
            for (p, place) in unit.places.iter().enumerate() {
                if place.admitted_by.iter().any(|&o| problem.sites[place.site].allows(o)) {
                    comers[place.site].push((r, p));
                }
            }
        }
        let mut arcs = Vec::new();
        let mut columns = Vec::new();
        let mut sites = Vec::new();
        for (i, site) in problem.sites.iter().enumerate() {
            let start = arcs.len();
            let kept = self.kept[i];
            for &(unit, place) in &comers[i] {
                let of = &problem.units[unit];
                let (cost, entries) = &mut self.places[unit][place];
                arcs.push(Arc {
                    unit,
                    place,
                    site: i,
                    cost: *cost,
                    need: kept.map_or(0.0, |k| of.need[k]),
                    is_whole: !of.is_divisible,
                });
                columns.push(std::mem::take(entries));
            }
            let can_be = |&o: &usize| {
                // No plan takes an option with less than no room.
                site.allows(o) && site.options[o].room.iter().all(|&room| room >= -1e-6)
            };
            let choice = |o: usize| {
                let option = &site.options[o];
                let is_admitted = |a: &usize| {
                    let arc: &Arc = &arcs[*a];
                    let of = &problem.units[arc.unit];
                    of.places[arc.place].admitted_by.contains(&o)
                        && (of.is_divisible || fits_alone(&of.need, &option.room))
                };
                Choice {
                    option: o,
                    cost: option.cost,
                    room: kept.map_or(f64::INFINITY, |k| option.room[k].max(0.0)),
                    arcs: (start..arcs.len()).filter(is_admitted).collect(),
                }
            };
            let choices = (0..site.options.len()).filter(can_be).map(choice).collect();
            sites.push((start..arcs.len(), choices));
        }
        let mut first_option = Vec::new();
        for options in self.options {
            first_option.push(columns.len());
            columns.extend(options);
        }
        let first_cover = columns.len();
        let (cover_costs, cover_terms): (Vec<f64>, Vec<_>) = self.covers.into_iter().unzip();
        columns.extend(cover_terms);
        Relaxation {
            problem,
            rows: self.rows,
            arcs,
            sites,
            first_option,
            cover_costs,
            first_cover,
            entries: Entries::of(columns),
            constant: self.constant,
            cuts: Vec::new(),
        }
    }

    fn scale(&mut self) {
        let mut sums = vec![(0.0, 0.0_f64); self.rows.len()];
        let places = self.places.iter().flatten().map(|(_, entries)| entries);
        let covers = self.covers.iter().map(|(_, entries)| entries);
        for &(row, by) in places.chain(self.options.iter().flatten()).chain(covers).flatten() {
            sums[row].0 += by * by;
            sums[row].1 += f64::from(u8::from(by != 0.0));
        }
        let typical = sums.first().map_or(1.0, |&(_, count)| count).max(1.0);
        let scales: Vec<f64> = sums
            .iter()
            .map(|&(sum, _)| if sum > 0.0 { (typical / sum).sqrt() } else { 1.0 })
            .collect();
        for (row, &scale) in self.rows.iter_mut().zip(&scales) {
            row.scale = scale;
            row.right *= scale;
            row.least_price /= scale;
            row.most_price /= scale;
        }
        let places = self.places.iter_mut().flatten().map(|(_, entries)| entries);
        let covers = self.covers.iter_mut().map(|(_, entries)| entries);
        for (row, by) in places.chain(self.options.iter_mut().flatten()).chain(covers).flatten() {
            *by *= scales[*row];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classic;

    #[test]
    fn threads_change_no_bit_of_an_answer() {
        let cost = |i: i32, r: i32| f64::from((i * 37 + r * 91).rem_euclid(101)) / 3.0;
        let costs: Vec<Vec<f64>> = (0..23).map(|r| (0..23).map(|i| cost(i, r)).collect()).collect();
        let problem = classic::p_median(&costs, 5);
        let relaxation = Relaxation::of(&problem);
        let prices = relaxation.first_prices();

        let in_turn = relaxation.answers_of_sites(&prices, &Sack::quick(), false);
        let at_once = relaxation.answers_of_sites(&prices, &Sack::quick(), true);

        assert_eq!(in_turn, at_once);
        assert!(in_turn.iter().any(|(_, columns)| !columns.is_empty()));
    }
}
