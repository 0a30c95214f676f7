//! Why no plan exists: the smallest set of rules that clash, by name, and how far each would have to give.
//!
//! Rules are dropped one at a time and the rest asked again (a deletion filter), first by family, then row by row within
//! the families that are left. HiGHS's own irreducible systems are of no use here: thousands of rows without a name.

use std::collections::BTreeSet;
use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::explain_before::{Obstacle, obstacles_until};
use crate::explain_why::Quiet;
use crate::large;
use crate::outcome::{Outcome, Plan, Settings, Status, Watch};
use crate::problem::{LimitTerm, Opt, Problem};
use crate::solve;

/// A rule that can be dropped as a whole.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// Rule (4), rows by resource.
    Room,
    /// Rule (5), rows by number.
    Together,
    /// Rule (7), rows by coverage group.
    Coverage,
    /// Rule (8), a family of limits by its name.
    Limits(String),
    /// Options that locks and rules leave, rows by site.
    Locks,
}

impl std::fmt::Display for Family {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Room => "room",
            Self::Together => "together",
            Self::Coverage => "coverage",
            Self::Limits(name) => name,
            Self::Locks => "locks",
        })
    }
}

/// A family of clashing rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clash {
    /// Which.
    pub family: Family,
    /// Its rows that are needed for the clash, by their names in the problem.
    pub rows: Vec<String>,
}

/// How far one row can be met while every other rule holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attainable {
    /// Its family.
    pub family: Family,
    /// Its name.
    pub name: String,
    /// What it asks: the floor, or the ceiling.
    pub asked: f64,
    /// What it asks is a floor; else a ceiling.
    pub is_floor: bool,
    /// A plan exists that reaches this and keeps every other rule; `None` where no such plan was found.
    pub reached: Option<f64>,
    /// Proved: no plan gets nearer to what is asked than this.
    pub at_best: Option<f64>,
}

/// Something that gives in a relaxation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Given {
    /// Its name in the problem: a limit, a coverage group, a site, or the units that belong together.
    pub name: String,
    /// What was asked: the floor or ceiling; the room there is. `None` for locks and units that belong together.
    pub asked: Option<f64>,
    /// What it would be instead.
    pub given: Option<f64>,
    /// For a lock, the option the site would take.
    pub option: Option<String>,
}

/// The least that one family would have to give while every other rule holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Relaxation {
    /// Which family.
    pub family: Family,
    /// What gives. Least: of floors and ceilings the sum of the parts missed; of room the sites; of locks the sites.
    pub gives: Vec<Given>,
    /// Proved to be the least, within a thousandth.
    pub is_least: bool,
}

/// Why no plan exists.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Explanation {
    /// What no search is needed for: units with no place, weight nobody can cover, figures out of reach. Each alone
    /// makes the problem infeasible.
    pub obstacles: Vec<Obstacle>,
    /// Families that clash: leave out one and the others can be kept. Empty: no unit could be placed even without them.
    pub clash: Vec<Clash>,
    /// Families each of which, dropped alone, leaves a plan.
    pub cures: Vec<Family>,
    /// For each clashing floor or ceiling, how far it can be met.
    pub attainable: Vec<Attainable>,
    /// For each family that cures alone, the least it would have to give.
    pub relaxations: Vec<Relaxation>,
    /// Every test came to an end within the time given. If not, the clash may name more than is needed.
    pub is_proved: bool,
}

/// Explains a problem that [`solve`](crate::solve()) found infeasible, in the seconds that `settings` gives.
/// A malformed problem has an empty explanation that is not proved. Where the problem is large and something cannot be
/// placed or covered, that is all that is told: it is reason enough, and a search for what clashes beside it would take all
/// the time there is. Of a limit out of reach a search tells more, how far it can be met beside the other rules.
pub fn explain_infeasible(
    problem: &Problem,
    settings: &Settings,
    watch: &mut dyn Watch,
) -> Explanation {
    if problem.validate().is_err() {
        return Explanation::default();
    }
    let mut trial = Trial { problem, settings, watch, started: Instant::now(), is_proved: true };
    let obstacles = obstacles_until(problem, &mut || trial.is_over());
    let says_it_all = |obstacle: &Obstacle| !matches!(obstacle, Obstacle::OutOfReach { .. });
    if large::is_large(problem) && obstacles.iter().any(says_it_all) {
        return Explanation { obstacles, is_proved: true, ..Explanation::default() };
    }
    let rows = rows_of(problem);
    let mut families: Vec<Family> = Vec::new();
    for row in &rows {
        if !families.contains(&row.family) {
            families.push(row.family.clone());
        }
    }

    let mut cures = Vec::new();
    let mut kept: BTreeSet<usize> = (0..rows.len()).collect();
    for family in &families {
        let without: BTreeSet<usize> =
            (0..rows.len()).filter(|&r| rows[r].family != *family).collect();
        if trial.is_feasible(&rows, &without) == Some(true) {
            cures.push(family.clone());
        }
    }
    for family in &families {
        // What cures alone is in every clash.
        if cures.contains(family) {
            continue;
        }
        let without: BTreeSet<usize> =
            kept.iter().copied().filter(|&r| rows[r].family != *family).collect();
        if trial.is_feasible(&rows, &without) == Some(false) {
            kept = without;
        }
    }
    let clashing: Vec<Family> =
        families.into_iter().filter(|f| kept.iter().any(|&r| rows[r].family == *f)).collect();
    for family in &clashing {
        let of_family: Vec<usize> =
            kept.iter().copied().filter(|&r| rows[r].family == *family).collect();
        trial.drop_what_is_not_needed(&rows, &mut kept, &of_family);
    }

    let clash = clashing.into_iter().map(|family| {
        let of_family = kept.iter().filter(|&&r| rows[r].family == family);
        let rows = of_family.map(|&r| rows[r].name.clone()).collect();
        Clash { family, rows }
    });
    let clash = clash.collect();
    let attainable = kept.iter().filter_map(|&r| trial.attainable(&rows[r])).collect();
    let relaxations = cures.iter().filter_map(|family| trial.relaxation(&rows, family)).collect();
    Explanation { obstacles, clash, cures, attainable, relaxations, is_proved: trial.is_proved }
}

/// A rule that can be dropped or bent.
struct Row {
    family: Family,
    name: String,
    at: At,
}

#[derive(Clone, Copy)]
enum At {
    Resource(usize),
    Together(usize),
    Group(usize),
    Limit(usize),
    Site(usize),
}

/// Every rule that can be dropped, the ones a planner would rather not hear of first: those are tried first.
fn rows_of(problem: &Problem) -> Vec<Row> {
    let mut rows = Vec::new();
    for (k, name) in problem.resources.iter().enumerate() {
        rows.push(Row { family: Family::Room, name: name.clone(), at: At::Resource(k) });
    }
    let numbers: BTreeSet<usize> = problem.units.iter().filter_map(|unit| unit.together).collect();
    for number in numbers {
        let names = problem.units.iter().filter(|unit| unit.together == Some(number));
        let name = names.map(|unit| unit.name.as_str()).collect::<Vec<_>>().join(", ");
        rows.push(Row { family: Family::Together, name, at: At::Together(number) });
    }
    for (g, group) in problem.coverage.iter().enumerate() {
        if group.shortfall_price.is_none() {
            let name = group.name.clone();
            rows.push(Row { family: Family::Coverage, name, at: At::Group(g) });
        }
    }
    for (l, limit) in problem.limits.iter().enumerate() {
        if limit.price.is_none() {
            let family = Family::Limits(limit.family.clone());
            rows.push(Row { family, name: limit.name.clone(), at: At::Limit(l) });
        }
    }
    for (i, site) in problem.sites.iter().enumerate() {
        if (0..site.options.len()).any(|o| !site.allows(o)) {
            rows.push(Row { family: Family::Locks, name: site.name.clone(), at: At::Site(i) });
        }
    }
    rows
}

struct Trial<'a> {
    problem: &'a Problem,
    settings: &'a Settings,
    watch: &'a mut dyn Watch,
    started: Instant,
    is_proved: bool,
}

impl Trial<'_> {
    /// Whether a plan keeps these rows; `None` where that is not known in time.
    fn is_feasible(&mut self, rows: &[Row], kept: &BTreeSet<usize>) -> Option<bool> {
        let mut problem = free_of_cost(self.problem);
        for (r, row) in rows.iter().enumerate() {
            if !kept.contains(&r) {
                drop_row(&mut problem, row);
            }
        }
        let outcome = self.solve(&problem)?;
        let answer = match outcome.status {
            Status::Infeasible => Some(false),
            _ if outcome.plan.is_some() => Some(true),
            _ => None,
        };
        self.is_proved &= answer.is_some();
        answer
    }

    fn is_over(&self) -> bool {
        self.started.elapsed().as_secs_f64() >= self.settings.time_limit_seconds
            || self.watch.is_cancelled()
    }

    fn solve(&mut self, problem: &Problem) -> Option<Outcome> {
        if self.is_over() {
            self.is_proved = false;
            return None;
        }
        let left = self.settings.time_limit_seconds - self.started.elapsed().as_secs_f64();
        let settings = Settings { time_limit_seconds: left, gap: 1e-4, ..*self.settings };
        Some(solve(problem, &settings, &mut Quiet(self.watch)))
    }

    /// Halves, then quarters, down to single rows: few tests where few rows matter.
    fn drop_what_is_not_needed(
        &mut self,
        rows: &[Row],
        kept: &mut BTreeSet<usize>,
        chunk: &[usize],
    ) {
        let without: BTreeSet<usize> =
            kept.iter().copied().filter(|r| !chunk.contains(r)).collect();
        if without.len() == kept.len() {
            return;
        }
        match self.is_feasible(rows, &without) {
            Some(false) => *kept = without,
            Some(true) if chunk.len() > 1 => {
                let (first, second) = chunk.split_at(chunk.len().div_ceil(2));
                self.drop_what_is_not_needed(rows, kept, first);
                self.drop_what_is_not_needed(rows, kept, second);
            }
            _ => {}
        }
    }

    /// The least one family gives so that all others can be kept.
    fn relaxation(&mut self, rows: &[Row], family: &Family) -> Option<Relaxation> {
        let of_family: Vec<usize> =
            (0..rows.len()).filter(|&r| rows[r].family == *family).collect();
        if *family == Family::Together {
            return Some(self.fewest_apart(rows, &of_family));
        }
        let mut problem = free_of_cost(self.problem);
        if *family == Family::Room {
            enlarge(&mut problem);
        }
        for row in of_family.iter().map(|&r| &rows[r]) {
            match row.at {
                At::Group(g) => {
                    let group = &mut problem.coverage[g];
                    group.shortfall_price = Some(1.0 / group.needed.abs().max(1.0));
                }
                At::Limit(l) => {
                    let limit = &mut problem.limits[l];
                    let asked = limit.low.or(limit.high).unwrap_or(1.0);
                    limit.price = Some(1.0 / asked.abs().max(1.0));
                }
                At::Site(i) => {
                    let site = &mut problem.sites[i];
                    for o in (0..site.options.len()).filter(|&o| !self.problem.sites[i].allows(o)) {
                        site.options[o].cost = 1.0;
                    }
                    site.allowed.clear();
                }
                At::Resource(_) | At::Together(_) => {}
            }
        }
        let outcome = self.solve(&problem)?;
        let plan = outcome.plan?;
        let gives = if *family == Family::Room {
            self.too_full(&plan)
        } else {
            of_family.iter().filter_map(|&r| self.given(&rows[r], &plan)).collect()
        };
        let is_least =
            matches!(outcome.status, Status::Optimal) || outcome.gap.is_some_and(|gap| gap <= 1e-3);
        Some(Relaxation { family: family.clone(), gives, is_least })
    }

    /// What a row gives in a plan, if anything.
    fn given(&self, row: &Row, plan: &Plan) -> Option<Given> {
        let (asked, given) = match row.at {
            At::Group(g) => {
                let needed = self.problem.coverage[g].needed;
                (needed, Some(plan.covered[g]).filter(|covered| is_less(*covered, needed))?)
            }
            At::Limit(l) => {
                let limit = &self.problem.limits[l];
                let value = plan.activity(limit);
                let below = limit.low.filter(|low| is_less(value, *low));
                let above = limit.high.filter(|high| is_less(*high, value));
                (below.or(above)?, value)
            }
            At::Site(i) => {
                let (site, option) = (&self.problem.sites[i], plan.options[i]);
                let option = site.options.get(option).filter(|_| !site.allows(option))?;
                return Some(Given {
                    name: row.name.clone(),
                    asked: None,
                    given: None,
                    option: Some(option.name.clone()),
                });
            }
            At::Resource(_) | At::Together(_) => return None,
        };
        Some(Given { name: row.name.clone(), asked: Some(asked), given: Some(given), option: None })
    }

    /// Sites that house more than their room, all resources together.
    fn too_full(&self, plan: &Plan) -> Vec<Given> {
        let resources = self.problem.resources.len();
        let mut used = vec![vec![0.0; resources]; self.problem.sites.len()];
        for (unit, shares) in self.problem.units.iter().zip(&plan.shares) {
            for share in shares {
                let site = &mut used[unit.places[share.place].site];
                site.iter_mut()
                    .zip(&unit.need)
                    .for_each(|(used, need)| *used += need * share.share);
            }
        }
        let mut gives = Vec::new();
        for ((site, used), &option) in self.problem.sites.iter().zip(&used).zip(&plan.options) {
            // An enlarged copy of an option stands as many places behind it.
            let own =
                if option < site.options.len() { option } else { option - site.options.len() };
            let room = &site.options[own].room;
            let missing: f64 =
                used.iter().zip(room).map(|(used, room)| (used - room).max(0.0)).sum();
            let total: f64 = room.iter().sum();
            if is_less(0.0, missing) {
                gives.push(Given {
                    name: site.name.clone(),
                    asked: Some(total),
                    given: Some(total + missing),
                    option: None,
                });
            }
        }
        gives
    }

    /// Of those that belong together, a smallest set (none of it could be left out) that must be allowed to part.
    fn fewest_apart(&mut self, rows: &[Row], of_family: &[usize]) -> Relaxation {
        let mut kept: BTreeSet<usize> =
            (0..rows.len()).filter(|r| !of_family.contains(r)).collect();
        let mut gives = Vec::new();
        for &row in of_family {
            kept.insert(row);
            if self.is_feasible(rows, &kept) != Some(true) {
                kept.remove(&row);
                gives.push(Given {
                    name: rows[row].name.clone(),
                    asked: None,
                    given: None,
                    option: None,
                });
            }
        }
        Relaxation { family: Family::Together, gives, is_least: false }
    }

    /// The nearest a plan can come to what one row asks, all others kept.
    fn attainable(&mut self, row: &Row) -> Option<Attainable> {
        let (asked, is_floor) = match row.at {
            At::Group(g) => (self.problem.coverage[g].needed, true),
            At::Limit(l) => {
                let limit = &self.problem.limits[l];
                match (limit.low, limit.high) {
                    (Some(low), None) => (low, true),
                    (None, Some(high)) => (high, false),
                    // Asked from both sides: no single nearest figure.
                    _ => return None,
                }
            }
            At::Resource(_) | At::Together(_) | At::Site(_) => return None,
        };
        let mut problem = free_of_cost(self.problem);
        // The miss is counted in parts of what is asked, so that the gap of the search means the same everywhere.
        let price = 1.0 / asked.abs().max(1.0);
        match row.at {
            At::Group(g) => problem.coverage[g].shortfall_price = Some(price),
            At::Limit(l) => problem.limits[l].price = Some(price),
            At::Resource(_) | At::Together(_) | At::Site(_) => {}
        }
        let outcome = self.solve(&problem)?;
        let value = |plan: &Plan| match row.at {
            At::Group(g) => plan.covered[g],
            At::Limit(l) => plan.activity(&problem.limits[l]),
            At::Resource(_) | At::Together(_) | At::Site(_) => asked,
        };
        let at_best = outcome.bound.map(|miss| {
            let miss = miss.max(0.0) / price;
            if is_floor { asked - miss } else { asked + miss }
        });
        Some(Attainable {
            family: row.family.clone(),
            name: row.name.clone(),
            asked,
            is_floor,
            reached: outcome.plan.as_ref().map(value),
            at_best,
        })
    }
}

/// The same rules with nothing to pay: any plan will do. Priced rules cannot clash and are left out.
fn free_of_cost(problem: &Problem) -> Problem {
    let mut free = problem.clone();
    for option in free.sites.iter_mut().flat_map(|site| &mut site.options) {
        option.cost = 0.0;
    }
    for place in free.units.iter_mut().flat_map(|unit| &mut unit.places) {
        place.cost = 0.0;
    }
    for group in &mut free.coverage {
        group.price = 0.0;
        if group.shortfall_price.take().is_some() {
            empty_group(group);
        }
    }
    for limit in free.limits.iter_mut().filter(|limit| limit.price.is_some()) {
        (limit.low, limit.high, limit.price) = (None, None, None);
    }
    free
}

/// Beside each option the same one with room for everybody, at a cost of one.
fn enlarge(problem: &mut Problem) {
    let everybody: Vec<f64> = (0..problem.resources.len())
        .map(|k| problem.units.iter().map(|unit| unit.need[k]).sum())
        .collect();
    let counts: Vec<usize> = problem.sites.iter().map(|site| site.options.len()).collect();
    for (site, &count) in problem.sites.iter_mut().zip(&counts) {
        let larger: Vec<Opt> = site
            .options
            .iter()
            .map(|option| Opt { room: everybody.clone(), cost: 1.0, name: option.name.clone() })
            .collect();
        site.options.extend(larger);
        let also: Vec<usize> = site.allowed.iter().map(|o| o + count).collect();
        site.allowed.extend(also);
    }
    for place in problem.units.iter_mut().flat_map(|unit| &mut unit.places) {
        let also: Vec<usize> = place.admitted_by.iter().map(|o| o + counts[place.site]).collect();
        place.admitted_by.extend(also);
    }
    for limit in &mut problem.limits {
        let also: Vec<LimitTerm> = limit
            .terms
            .iter()
            .filter_map(|term| match *term {
                LimitTerm::Option { site, option, by } => {
                    Some(LimitTerm::Option { site, option: option + counts[site], by })
                }
                LimitTerm::Place { .. } => None,
            })
            .collect();
        limit.terms.extend(also);
    }
}

/// By more than rounding.
fn is_less(a: f64, b: f64) -> bool {
    b - a > 1e-6 * a.abs().max(b.abs()).max(1.0)
}

fn empty_group(group: &mut crate::CoverGroup) {
    group.points.clear();
    group.needed = 0.0;
}

fn drop_row(problem: &mut Problem, row: &Row) {
    match row.at {
        At::Resource(k) => problem.units.iter_mut().for_each(|unit| unit.need[k] = 0.0),
        At::Together(number) => {
            for unit in problem.units.iter_mut().filter(|unit| unit.together == Some(number)) {
                unit.together = None;
            }
        }
        At::Group(g) => empty_group(&mut problem.coverage[g]),
        At::Limit(l) => (problem.limits[l].low, problem.limits[l].high) = (None, None),
        At::Site(i) => problem.sites[i].allowed.clear(),
    }
}
