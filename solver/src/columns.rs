//! The decisions that are left once what is trivially settled is settled, and how a plan is read from them.
//!
//! Settled here, all of it exact: a site with one option; a place where no allowed option admits the unit and has room for it
//! alone; a unit with one place left;
//! a point that is covered or uncovered whatever is chosen. Points with equal servers share a column, also between groups.
//! Servers that several points have in common at a site share one, too: `presence <= sum z`, which leaves the relaxation
//! as it is and takes the model of a city from millions of coefficients to some hundred thousand.

use std::collections::{BTreeSet, HashMap};

use good_lp::{Expression, ProblemVariables, Variable, VariableDefinition, variable};

use crate::outcome::{Plan, Share};
use crate::packing::{Placing, fullest_sets};
use crate::problem::{LimitTerm, Problem, Server, Unit};
use crate::rules::fits_alone;

/// More full sets than this in all, and every site is left to its knapsack: the relaxation would take too long.
const MOST_PACKINGS: usize = 60_000;

/// A figure of the model: settled, or for the search to choose.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Term {
    /// Settled.
    Fixed(f64),
    /// To be chosen: the variable and its column.
    Free(Variable, usize),
}

impl Term {
    /// Its value in the columns of a solution.
    pub(crate) fn value(self, columns: &[f64]) -> f64 {
        match self {
            Self::Fixed(value) => value,
            Self::Free(_, column) => columns[column],
        }
    }

    /// Is surely nothing.
    pub(crate) fn is_none(self) -> bool {
        matches!(self, Self::Fixed(value) if value == 0.0)
    }
}

/// `sum += by * term`.
pub(crate) fn add(sum: &mut Expression, by: f64, term: Term) {
    match term {
        Term::Fixed(value) => *sum += by * value,
        Term::Free(variable, _) => sum.add_mul(by, variable),
    }
}

/// Whether a point is covered.
#[derive(Debug, Clone)]
pub(crate) enum Cover {
    /// All servers belong to one unit, so they cannot add up to more than one: no column needed.
    Sum(Vec<Term>),
    /// A column, at most the sum of the parts.
    Column { covered: Term, parts: Vec<Term> },
}

/// A coverage group that is not settled.
#[derive(Debug, Clone)]
pub(crate) struct GroupColumns {
    /// Index into the problem's groups.
    pub(crate) group: usize,
    /// Weight covered whatever is chosen.
    pub(crate) sure: f64,
    /// Weight, and index into `covers`.
    pub(crate) open: Vec<(f64, usize)>,
    /// Weight short of the floor, where that may be.
    pub(crate) short: Option<Term>,
}

/// How much a limit is missed, where that may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Slack {
    pub(crate) below: Option<Term>,
    pub(crate) above: Option<Term>,
}

/// A way for a site to be full.
#[derive(Debug, Clone)]
pub(crate) struct Packing {
    /// Under which option.
    pub(crate) option: usize,
    /// Who is there.
    pub(crate) set: Vec<Placing>,
    /// How much of the site's choice it is.
    pub(crate) used: Term,
}

/// Every decision of a problem.
pub(crate) struct Columns {
    /// By site and option.
    pub(crate) options: Vec<Vec<Term>>,
    /// By unit and place.
    pub(crate) places: Vec<Vec<Term>>,
    /// By unit and place: allowed options that admit the unit and, where it is undivided, have room for it alone.
    pub(crate) admitting: Vec<Vec<Vec<usize>>>,
    /// By site, where its full sets are few.
    pub(crate) packings: Vec<Option<Vec<Packing>>>,
    /// What some points have in common: a column, at most the sum of the servers.
    pub(crate) presences: Vec<(Term, Vec<Term>)>,
    /// Distinct points.
    pub(crate) covers: Vec<Cover>,
    /// Groups that are not settled.
    pub(crate) groups: Vec<GroupColumns>,
    /// By limit.
    pub(crate) slacks: Vec<Slack>,
    /// Cost that no choice changes, as a column that is always one, so that gaps are gaps of the whole.
    pub(crate) always: Option<Term>,
    /// What every choice costs.
    pub(crate) cost: Expression,
    /// The largest cost in `cost`.
    pub(crate) largest_cost: f64,
    /// As `good_lp` holds them.
    pub(crate) variables: ProblemVariables,
    /// Names of units nothing admits: no plan can exist.
    pub(crate) homeless: Vec<String>,
}

impl Columns {
    /// What a term of a limit counts, and by how much.
    pub(crate) fn counted(&self, term: &LimitTerm) -> (f64, Term) {
        match *term {
            LimitTerm::Option { site, option, by } => (by, self.options[site][option]),
            LimitTerm::Place { unit, place, by } => (by, self.places[unit][place]),
        }
    }

    /// Which decisions a valid problem leaves.
    pub(crate) fn of(problem: &Problem) -> Self {
        let mut columns = Self {
            options: Vec::new(),
            places: Vec::new(),
            admitting: Vec::new(),
            packings: Vec::new(),
            presences: Vec::new(),
            covers: Vec::new(),
            groups: Vec::new(),
            slacks: Vec::new(),
            always: None,
            cost: Expression::with_capacity(problem.units.len() * 8),
            largest_cost: 0.0,
            variables: ProblemVariables::new(),
            homeless: Vec::new(),
        };
        let mut settled_cost = 0.0;
        columns.add_options(problem, &mut settled_cost);
        columns.add_places(problem, &mut settled_cost);
        columns.add_packings(problem);
        columns.add_coverage(problem, &mut settled_cost);
        columns.add_slacks(problem);
        if settled_cost != 0.0 {
            let always =
                columns.column("always".to_owned(), variable().clamp(1.0, 1.0), settled_cost);
            columns.always = Some(always);
        }
        columns
    }

    fn column(&mut self, name: String, definition: VariableDefinition, cost: f64) -> Term {
        let column = self.variables.len();
        let variable = self.variables.add(definition.name(name));
        if cost != 0.0 {
            self.cost.add_mul(cost, variable);
            self.largest_cost = self.largest_cost.max(cost.abs());
        }
        Term::Free(variable, column)
    }

    fn add_options(&mut self, problem: &Problem, settled_cost: &mut f64) {
        for site in &problem.sites {
            let allowed: BTreeSet<usize> =
                (0..site.options.len()).filter(|&o| site.allows(o)).collect();
            let terms = site.options.iter().enumerate().map(|(o, option)| {
                if !allowed.contains(&o) {
                    Term::Fixed(0.0)
                } else if allowed.len() == 1 {
                    *settled_cost += option.cost;
                    Term::Fixed(1.0)
                } else {
                    self.column(
                        format!("{}: {}", site.name, option.name),
                        variable().binary(),
                        option.cost,
                    )
                }
            });
            let terms = terms.collect();
            self.options.push(terms);
        }
    }

    fn add_places(&mut self, problem: &Problem, settled_cost: &mut f64) {
        let shared = sites_open_to_all(problem);
        for unit in &problem.units {
            let admitting: Vec<Vec<usize>> = unit
                .places
                .iter()
                .map(|place| {
                    let options = &problem.sites[place.site].options;
                    let fits =
                        |o: usize| unit.is_divisible || fits_alone(&unit.need, &options[o].room);
                    let is_allowed = |o: usize| !self.options[place.site][o].is_none();
                    let admits = |o: &usize| place.admitted_by.contains(o);
                    (0..options.len()).filter(|&o| admits(&o) && is_allowed(o) && fits(o)).collect()
                })
                .collect();
            let is_open = |p: &usize| {
                let site = unit.places[*p].site;
                let shared = unit.together.is_none_or(|number| shared[&number].contains(&site));
                shared && !admitting[*p].is_empty()
            };
            let open: Vec<usize> = (0..unit.places.len()).filter(is_open).collect();
            self.admitting.push(admitting);
            if open.is_empty() {
                self.homeless.push(unit.name.clone());
            }
            let mut terms = vec![Term::Fixed(0.0); unit.places.len()];
            for &p in &open {
                let cost = unit.places[p].cost;
                terms[p] = if open.len() == 1 {
                    *settled_cost += cost;
                    Term::Fixed(1.0)
                } else {
                    let name = placing_name(problem, (self.places.len(), p));
                    let whole = variable().binary();
                    let part = variable().clamp(0.0, 1.0);
                    self.column(name, if unit.is_divisible { part } else { whole }, cost)
                };
            }
            self.places.push(terms);
        }
    }

    /// The placings that are open at each site.
    pub(crate) fn comers(&self, problem: &Problem) -> Vec<Vec<Placing>> {
        let mut comers: Vec<Vec<Placing>> = vec![Vec::new(); problem.sites.len()];
        for (r, (unit, terms)) in problem.units.iter().zip(&self.places).enumerate() {
            for (p, place) in unit.places.iter().enumerate().filter(|(p, _)| !terms[*p].is_none()) {
                comers[place.site].push((r, p));
            }
        }
        comers
    }

    fn add_packings(&mut self, problem: &Problem) {
        let comers = self.comers(problem);
        let sets: Vec<Option<Vec<Vec<Vec<Placing>>>>> = comers
            .iter()
            .enumerate()
            .map(|(site, comers)| {
                if comers.is_empty() || comers.iter().any(|&(r, _)| problem.units[r].is_divisible) {
                    return None;
                }
                let admitted: Vec<Vec<Placing>> = (0..problem.sites[site].options.len())
                    .map(|o| {
                        let admits = |&&(r, p): &&Placing| self.admitting[r][p].contains(&o);
                        comers.iter().filter(admits).copied().collect()
                    })
                    .collect();
                let sets = fullest_sets(problem, site, &admitted)?;
                // Where everything fits at once, rule (3) says it all.
                let is_all = |(sets, admitted): (&Vec<Vec<Placing>>, &Vec<Placing>)| {
                    sets.iter().any(|set| set.len() == admitted.len())
                };
                (!sets.iter().zip(&admitted).all(is_all)).then_some(sets)
            })
            .collect();
        let total: usize = sets.iter().flatten().flatten().map(Vec::len).sum();
        self.packings = vec![None; problem.sites.len()];
        if total > MOST_PACKINGS {
            return;
        }
        for (site, sets) in sets.into_iter().enumerate() {
            let Some(sets) = sets else { continue };
            let mut packings = Vec::new();
            for (option, sets) in sets.into_iter().enumerate() {
                if self.options[site][option].is_none() {
                    continue;
                }
                for (n, set) in sets.into_iter().enumerate() {
                    let at = &problem.sites[site];
                    let name = format!("{}: {}, set {n}", at.name, at.options[option].name);
                    let term = self.column(name, variable().clamp(0.0, 1.0), 0.0);
                    packings.push(Packing { option, set, used: term });
                }
            }
            self.packings[site] = Some(packings);
        }
    }

    fn add_coverage(&mut self, problem: &Problem, settled_cost: &mut f64) {
        // Points that stay open, by group; each distinct set of servers once.
        let mut numbers: HashMap<Vec<Server>, usize> = HashMap::new();
        let mut distinct: Vec<Vec<Server>> = Vec::new();
        let mut priced: Vec<f64> = Vec::new();
        for (g, group) in problem.coverage.iter().enumerate() {
            let mut sure = 0.0;
            let mut open: Vec<(f64, Vec<Server>)> = Vec::new();
            let mut price_of_open = 0.0;
            for point in group.points.iter().filter(|point| point.weight > 0.0) {
                match self.servers_left(problem, &point.servers) {
                    Coverage::Sure => sure += point.weight,
                    Coverage::Never => *settled_cost += group.price * point.weight,
                    Coverage::Open(servers) => {
                        price_of_open += group.price * point.weight;
                        open.push((point.weight, servers));
                    }
                }
            }
            if sure >= group.needed && group.price == 0.0 {
                continue;
            }
            *settled_cost += price_of_open;
            let mut weights: Vec<(f64, usize)> = Vec::new();
            let mut position: HashMap<usize, usize> = HashMap::new();
            for (weight, servers) in open {
                let number = *numbers.entry(servers).or_insert_with_key(|servers| {
                    distinct.push(servers.clone());
                    priced.push(0.0);
                    distinct.len() - 1
                });
                priced[number] += group.price * weight;
                let at = *position.entry(number).or_insert_with(|| {
                    weights.push((0.0, number));
                    weights.len() - 1
                });
                weights[at].0 += weight;
            }
            let short = group.shortfall_price.filter(|_| sure < group.needed).map(|price| {
                self.column(format!("short of {}", group.name), variable().min(0.0), price)
            });
            self.groups.push(GroupColumns { group: g, sure, open: weights, short });
        }
        self.add_covers(problem, &distinct, &priced);
    }

    /// What is left of a point's servers.
    fn servers_left(&self, problem: &Problem, servers: &[Server]) -> Coverage {
        let term = |s: &Server| self.places[s.unit][s.place];
        let mut left: Vec<Server> =
            servers.iter().copied().filter(|s| !term(s).is_none()).collect();
        left.sort_unstable();
        left.dedup();
        if left.is_empty() {
            return Coverage::Never;
        }
        let is_sure = left.chunk_by(|a, b| a.unit == b.unit).any(|of_unit| {
            let unit = of_unit[0].unit;
            debug_assert!(unit < problem.units.len());
            of_unit.len() == self.places[unit].iter().filter(|t| !t.is_none()).count()
        });
        if is_sure { Coverage::Sure } else { Coverage::Open(left) }
    }

    fn add_covers(&mut self, problem: &Problem, distinct: &[Vec<Server>], priced: &[f64]) {
        // Servers of a point by site; a set that several points name gets a column.
        let by_site: Vec<Option<Vec<Vec<Server>>>> = distinct
            .iter()
            .map(|servers| {
                let is_one_unit = servers.iter().all(|s| s.unit == servers[0].unit);
                (!is_one_unit).then(|| split_by_site(problem, servers))
            })
            .collect();
        let mut named: HashMap<&[Server], u32> = HashMap::new();
        for set in by_site.iter().flatten().flatten() {
            *named.entry(set).or_default() += 1;
        }
        let mut presence: HashMap<&[Server], Term> = HashMap::new();
        for ((servers, sites), &price) in distinct.iter().zip(&by_site).zip(priced) {
            let Some(sites) = sites else {
                let sum = self.terms(servers);
                for &term in &sum {
                    if let Term::Free(variable, _) = term {
                        self.cost.add_mul(-price, variable);
                    }
                }
                self.largest_cost = self.largest_cost.max(price);
                self.covers.push(Cover::Sum(sum));
                continue;
            };
            let mut parts = Vec::new();
            for set in sites {
                let servers = self.terms(set);
                if set.len() < 2 || named[set.as_slice()] < 2 {
                    parts.extend(servers);
                } else if let Some(&term) = presence.get(set.as_slice()) {
                    parts.push(term);
                } else {
                    let name = format!("presence {}", self.presences.len());
                    let term = self.column(name, variable().clamp(0.0, 1.0), 0.0);
                    presence.insert(set, term);
                    self.presences.push((term, servers));
                    parts.push(term);
                }
            }
            let name = format!("point {}", self.covers.len());
            let covered = self.column(name, variable().clamp(0.0, 1.0), -price);
            self.covers.push(Cover::Column { covered, parts });
        }
    }

    fn terms(&self, servers: &[Server]) -> Vec<Term> {
        servers.iter().map(|s| self.places[s.unit][s.place]).collect()
    }

    fn add_slacks(&mut self, problem: &Problem) {
        for limit in &problem.limits {
            let mut slack = |side: &str, bound: Option<f64>| {
                let price = limit.price.filter(|_| bound.is_some())?;
                Some(self.column(format!("{side} {}", limit.name), variable().min(0.0), price))
            };
            let slack =
                Slack { below: slack("below", limit.low), above: slack("above", limit.high) };
            self.slacks.push(slack);
        }
    }

    /// The plan a solution of the model stands for: whole numbers rounded, shares brought to add up to one.
    pub(crate) fn decode(&self, problem: &Problem, solution: &[f64]) -> Plan {
        let largest = |terms: &[Term]| {
            let value = |o: &usize| terms[*o].value(solution);
            (0..terms.len())
                .max_by(|a, b| value(a).total_cmp(&value(b)).then(b.cmp(a)))
                .unwrap_or(0)
        };
        let options = self.options.iter().map(|terms| largest(terms)).collect();
        let divided = |terms: &[Term]| {
            let shares =
                terms.iter().enumerate().map(|(place, term)| (place, term.value(solution)));
            let shares: Vec<_> = shares.filter(|&(_, share)| share > 1e-7).collect();
            let sum: f64 = shares.iter().map(|(_, share)| share).sum();
            shares.into_iter().map(|(place, share)| Share { place, share: share / sum }).collect()
        };
        let place = |(unit, terms): (&Unit, &Vec<Term>)| {
            if unit.is_divisible {
                divided(terms)
            } else {
                vec![Share { place: largest(terms), share: 1.0 }]
            }
        };
        let shares = problem.units.iter().zip(&self.places).map(place).collect();
        Plan::of(problem, options, shares)
    }

    /// The columns of a plan: the way back from [`decode`](Self::decode).
    pub(crate) fn encode(&self, problem: &Problem, plan: &Plan) -> Vec<f64> {
        let mut values = vec![0.0; self.variables.len()];
        let mut set = |term: Term, value: f64| {
            if let Term::Free(_, column) = term {
                values[column] = value;
            }
        };
        for (terms, &chosen) in self.options.iter().zip(&plan.options) {
            terms.iter().enumerate().for_each(|(o, &t)| set(t, f64::from(u8::from(o == chosen))));
        }
        for (terms, shares) in self.places.iter().zip(&plan.shares) {
            for share in shares {
                set(terms[share.place], share.share);
            }
        }
        if let Some(always) = self.always {
            set(always, 1.0);
        }
        for group in &self.groups {
            if let Some(short) = group.short {
                let of = group.group;
                set(short, (problem.coverage[of].needed - plan.covered[of]).max(0.0));
            }
        }
        for (limit, slack) in problem.limits.iter().zip(&self.slacks) {
            let value = plan.activity(limit);
            if let (Some(low), Some(below)) = (limit.low, slack.below) {
                set(below, (low - value).max(0.0));
            }
            if let (Some(high), Some(above)) = (limit.high, slack.above) {
                set(above, (value - high).max(0.0));
            }
        }
        for (site, packings) in self.packings.iter().enumerate() {
            let Some(packings) = packings else { continue };
            let is_here = |&&(r, p): &&Placing| plan.share(r, p) > 0.5;
            let holds = |set: &[Placing]| set.iter().filter(is_here).count();
            let of_option = packings.iter().filter(|packing| packing.option == plan.options[site]);
            // One set holds all that is here.
            let best = of_option.max_by_key(|packing| holds(&packing.set));
            if let Some(Packing { used: Term::Free(_, column), .. }) = best {
                values[*column] = 1.0;
            }
        }
        let sum = |values: &[f64], parts: &[Term]| {
            parts.iter().map(|part| part.value(values)).sum::<f64>().clamp(0.0, 1.0)
        };
        for (term, servers) in &self.presences {
            if let Term::Free(_, column) = *term {
                values[column] = sum(&values, servers);
            }
        }
        for cover in &self.covers {
            if let Cover::Column { covered: Term::Free(_, column), parts } = cover {
                values[*column] = sum(&values, parts);
            }
        }
        values
    }
}

/// `clinic at Elm Road`, for rows and columns.
pub(crate) fn placing_name(problem: &Problem, (unit, place): Placing) -> String {
    let unit = &problem.units[unit];
    format!("{} at {}", unit.name, problem.sites[unit.places[place].site].name)
}

enum Coverage {
    Sure,
    Never,
    Open(Vec<Server>),
}

/// For each number in `together`, the sites that are candidates of every unit with it.
fn sites_open_to_all(problem: &Problem) -> HashMap<usize, BTreeSet<usize>> {
    let mut shared: HashMap<usize, BTreeSet<usize>> = HashMap::new();
    for unit in &problem.units {
        let Some(number) = unit.together else { continue };
        let sites: BTreeSet<usize> = unit.places.iter().map(|place| place.site).collect();
        shared
            .entry(number)
            .and_modify(|common| common.retain(|site| sites.contains(site)))
            .or_insert(sites);
    }
    shared
}

fn split_by_site(problem: &Problem, servers: &[Server]) -> Vec<Vec<Server>> {
    let site = |s: &Server| problem.units[s.unit].places[s.place].site;
    let mut servers = servers.to_vec();
    servers.sort_by_key(|s| (site(s), *s));
    servers.chunk_by(|a, b| site(a) == site(b)).map(<[Server]>::to_vec).collect()
}
