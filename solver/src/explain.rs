//! Why no plan exists: the smallest set of rules that clash, by name, and how far each would have to give.
//!
//! Rules are dropped one at a time and the rest asked again (a deletion filter), first by family, then row by row within
//! the families that are left. HiGHS's own irreducible systems are of no use here: thousands of rows without a name.

use std::collections::BTreeSet;
use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::outcome::{Outcome, Plan, Progress, Settings, Status, Watch};
use crate::problem::Problem;
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

/// Why no plan exists.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Explanation {
    /// Families that clash: leave out one and the others can be kept. Empty: no unit could be placed even without them.
    pub clash: Vec<Clash>,
    /// Families each of which, dropped alone, leaves a plan.
    pub cures: Vec<Family>,
    /// For each clashing floor or ceiling, how far it can be met.
    pub attainable: Vec<Attainable>,
    /// Every test came to an end within the time given. If not, the clash may name more than is needed.
    pub is_proved: bool,
}

/// Explains a problem that [`solve`](crate::solve) found infeasible, in the seconds that `settings` gives.
/// A malformed problem has an empty explanation that is not proved.
pub fn explain_infeasible(
    problem: &Problem,
    settings: &Settings,
    watch: &mut dyn Watch,
) -> Explanation {
    if problem.validate().is_err() {
        return Explanation::default();
    }
    let mut trial = Trial { problem, settings, watch, started: Instant::now(), is_proved: true };
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
    Explanation { clash, cures, attainable, is_proved: trial.is_proved }
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

    fn solve(&mut self, problem: &Problem) -> Option<Outcome> {
        let left = self.settings.time_limit_seconds - self.started.elapsed().as_secs_f64();
        if left <= 0.0 || self.watch.is_cancelled() {
            self.is_proved = false;
            return None;
        }
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

/// Asks the planner's watch whether to stop, and does not tell it of the trials.
struct Quiet<'a>(&'a mut dyn Watch);

impl Watch for Quiet<'_> {
    fn progress(&mut self, _: Progress) {}
    fn is_cancelled(&self) -> bool {
        self.0.is_cancelled()
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
