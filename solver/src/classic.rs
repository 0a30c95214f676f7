//! The kinds of location problem the literature knows, as special cases of a [`Problem`].
//!
//! Each site has two options, [`CLOSED`] and [`OPEN`]; sites and customers are named `site 1`, `customer 1` as the
//! published files count them. A cost that is not finite says that this site cannot serve that customer. Figures are taken
//! as they are: [`Problem::validate`] refuses what is no number.

use crate::outcome::{Plan, Settings, Status, Watch};
use crate::problem::{Limit, LimitTerm, Opt, Place, Problem, Site, Unit};
use crate::solve;

/// The option of a site that serves nobody.
pub const CLOSED: usize = 0;
/// The option of a site that serves.
pub const OPEN: usize = 1;

/// May a customer be served from several sites?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Division {
    /// In parts, from as many sites as there are.
    Divisible,
    /// Whole, from one site.
    Indivisible,
}

/// A site of a capacitated problem.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Source {
    /// Demand it can serve, in the customers' unit.
    pub capacity: f64,
    /// Cost of having it open.
    pub cost: f64,
}

/// A customer of a capacitated problem.
#[derive(Debug, Clone, PartialEq)]
pub struct Customer {
    /// In the sites' unit.
    pub demand: f64,
    /// Cost of serving all of it, one figure a site.
    pub costs: Vec<f64>,
}

/// Exactly `p` open sites, least total cost of serving every customer. `costs` has one row a customer, one column a site.
pub fn p_median(costs: &[Vec<f64>], p: usize) -> Problem {
    let mut problem = uncapacitated(&vec![0.0; width(costs)], costs);
    problem.limits.push(exactly(problem.sites.len(), p, "sites open"));
    problem
}

/// Least cost of opening and of serving, no capacity.
pub fn uncapacitated(open_costs: &[f64], costs: &[Vec<f64>]) -> Problem {
    let sites = open_costs.iter().enumerate().map(|(i, &cost)| site(i, cost, vec![])).collect();
    // Without capacity nobody gains by being divided; parts are easier on the search.
    let unit = |(r, row): (usize, &Vec<f64>)| customer(r, vec![], row, Division::Divisible);
    Problem { sites, units: costs.iter().enumerate().map(unit).collect(), ..Problem::default() }
}

/// Least cost of opening and of serving, no site beyond its capacity.
pub fn capacitated(sources: &[Source], customers: &[Customer], division: Division) -> Problem {
    let site = |(i, source): (usize, &Source)| site(i, source.cost, vec![source.capacity]);
    let unit = |(r, c): (usize, &Customer)| customer(r, vec![c.demand], &c.costs, division);
    Problem {
        resources: vec!["capacity".to_owned()],
        sites: sources.iter().enumerate().map(site).collect(),
        units: customers.iter().enumerate().map(unit).collect(),
        ..Problem::default()
    }
}

/// Least cost of open sites such that every customer has one of those that cover it. `covers` lists sites by customer.
pub fn set_covering(open_costs: &[f64], covers: &[Vec<usize>]) -> Problem {
    let sites = open_costs.iter().enumerate().map(|(i, &cost)| site(i, cost, vec![])).collect();
    let limits = covers.iter().enumerate().map(|(r, by)| covered(r, by, None)).collect();
    Problem { sites, limits, ..Problem::default() }
}

/// Exactly `p` of `sites` open, least weight of customers left uncovered: the objective is that weight.
///
/// `weights` and `covers` have one entry a customer.
pub fn maximal_covering(sites: usize, weights: &[f64], covers: &[Vec<usize>], p: usize) -> Problem {
    let customers = weights.iter().zip(covers).enumerate();
    let mut limits: Vec<Limit> =
        customers.map(|(r, (&weight, by))| covered(r, by, Some(weight))).collect();
    limits.push(exactly(sites, p, "sites open"));
    let sites = (0..sites).map(|i| site(i, 0.0, vec![])).collect();
    Problem { sites, limits, ..Problem::default() }
}

/// Every site is open and serves its nearest customers; exactly `closures` close, at the least added cost of serving.
///
/// The objective is the cost of serving after that, the cost of today is that of [`Plan::today`].
pub fn delocation(costs: &[Vec<f64>], closures: usize) -> Problem {
    let sites = width(costs);
    let mut problem = p_median(costs, sites.saturating_sub(closures));
    for unit in &mut problem.units {
        let places = unit.places.iter().enumerate();
        unit.today = places.min_by(|a, b| a.1.cost.total_cmp(&b.1.cost)).map(|(p, _)| p);
    }
    problem
}

/// What came of looking for the `p` sites that leave nobody far.
#[derive(Debug, Clone, PartialEq)]
pub struct Centre {
    /// The farthest any customer has to go in the plan; `None` where no `p` sites reach everybody, or none were found.
    pub farthest: Option<f64>,
    /// Proved: no `p` sites do better than this.
    pub bound: f64,
    /// The sites open, at most `p`.
    pub open: Vec<usize>,
    /// `Optimal` where `farthest` is the bound; `Infeasible` where some customer is beyond reach of any `p` sites.
    pub status: Status,
}

/// At most `p` open sites, least distance of the customer that has farthest to go.
///
/// A search on that distance by halves: each step is a set covering problem, and `settings` are those of a step.
pub fn p_centre(
    distances: &[Vec<f64>],
    p: usize,
    settings: &Settings,
    watch: &mut dyn Watch,
) -> Centre {
    let mut limits: Vec<f64> =
        distances.iter().flatten().copied().filter(|d| d.is_finite()).collect();
    limits.sort_by(f64::total_cmp);
    limits.dedup();
    // Everything below `low` is proved too near; `high` and beyond is reached.
    let (mut low, mut high) = (0, limits.len());
    let mut open = Vec::new();
    let mut is_sure = true;
    while low < high {
        let middle = low.midpoint(high);
        match sites_within(distances, limits[middle], p, settings, watch) {
            Reach::Sites(sites) => (high, open) = (middle, sites),
            Reach::Impossible => low = middle + 1,
            Reach::Unknown => {
                is_sure = false;
                break;
            }
        }
    }
    let farthest = limits.get(high).copied();
    let status = match farthest {
        _ if distances.is_empty() => Status::Optimal,
        Some(_) if is_sure => Status::Optimal,
        Some(_) => Status::Stopped,
        None if is_sure => Status::Infeasible,
        None => Status::NothingFound,
    };
    let bound =
        limits.get(low).copied().unwrap_or(if distances.is_empty() { 0.0 } else { f64::INFINITY });
    Centre { farthest, bound, open, status }
}

enum Reach {
    Sites(Vec<usize>),
    Impossible,
    Unknown,
}

fn sites_within(
    distances: &[Vec<f64>],
    limit: f64,
    p: usize,
    settings: &Settings,
    watch: &mut dyn Watch,
) -> Reach {
    let near = |row: &Vec<f64>| (0..row.len()).filter(|&i| row[i] <= limit).collect();
    let covers: Vec<Vec<usize>> = distances.iter().map(near).collect();
    let problem = set_covering(&vec![1.0; width(distances)], &covers);
    let outcome = solve(&problem, settings, watch);
    let open_sites = |plan: &Plan| -> Vec<usize> {
        (0..plan.options.len()).filter(|&i| plan.options[i] == OPEN).collect()
    };
    let found = outcome.plan.as_ref().map(open_sites);
    match found {
        Some(sites) if sites.len() <= p => Reach::Sites(sites),
        _ if outcome.status == Status::Infeasible => Reach::Impossible,
        // Sites are counted in whole numbers.
        _ if outcome.bound.is_some_and(|bound| bound > p as f64 + 1e-6) => Reach::Impossible,
        _ => Reach::Unknown,
    }
}

fn width(costs: &[Vec<f64>]) -> usize {
    costs.iter().map(Vec::len).max().unwrap_or(0)
}

fn site(i: usize, cost: f64, room: Vec<f64>) -> Site {
    let none = vec![0.0; room.len()];
    Site {
        name: format!("site {}", i + 1),
        options: vec![
            Opt { name: "closed".to_owned(), cost: 0.0, room: none },
            Opt { name: "open".to_owned(), cost, room },
        ],
        allowed: Vec::new(),
        today: OPEN,
    }
}

fn customer(r: usize, need: Vec<f64>, costs: &[f64], division: Division) -> Unit {
    let reachable = costs.iter().enumerate().filter(|(_, cost)| !cost.is_infinite());
    let place = |(site, &cost): (usize, &f64)| Place { site, admitted_by: vec![OPEN], cost };
    Unit {
        name: format!("customer {}", r + 1),
        need,
        places: reachable.map(place).collect(),
        is_divisible: division == Division::Divisible,
        together: None,
        today: None,
    }
}

/// A customer has one of these sites open, or its weight is paid.
fn covered(r: usize, by: &[usize], price: Option<f64>) -> Limit {
    Limit {
        name: format!("customer {} covered", r + 1),
        family: "coverage".to_owned(),
        terms: by.iter().map(|&site| LimitTerm::Option { site, option: OPEN, by: 1.0 }).collect(),
        low: Some(1.0),
        high: None,
        price,
    }
}

pub(crate) fn exactly(sites: usize, p: usize, name: &str) -> Limit {
    let open = |site| LimitTerm::Option { site, option: OPEN, by: 1.0 };
    let p = Some(p as f64);
    Limit {
        name: name.to_owned(),
        family: "count".to_owned(),
        terms: (0..sites).map(open).collect(),
        low: p,
        high: p,
        price: None,
    }
}
