//! The numbered rules of the model, one function each. Columns in, constraints out; knows no solver.

use std::collections::BTreeMap;

use good_lp::{Constraint, Expression, constraint};

use crate::columns::{Columns, Cover, Packing, Term, add};
use crate::packing::Placing;
use crate::problem::{LimitTerm, Problem};

/// Rows are scaled by a power of two so that their largest coefficient is about this: a solver that works to a millionth
/// then works to a billionth of a receipt.
const ROW_SCALE: f64 = 1024.0;

/// (1) Exactly one option of each site is chosen.
pub(crate) fn every_site_takes_one_option(_: &Problem, columns: &Columns) -> Vec<Constraint> {
    let open = columns.options.iter().filter(|terms| !is_settled(terms));
    open.map(|terms| constraint!(sum(terms.iter().copied()) == 1.0)).collect()
}

/// (2) Every unit is placed, whole.
pub(crate) fn every_unit_is_placed(_: &Problem, columns: &Columns) -> Vec<Constraint> {
    let open = columns.places.iter().filter(|terms| !is_settled(terms));
    open.map(|terms| constraint!(sum(terms.iter().copied()) == 1.0)).collect()
}

/// (3) A unit is only where the chosen option admits it.
///
/// Row by row, though rule (4) would keep units out of a closed site: summed up, the relaxation could keep a tenth of a
/// site for a small unit, and proofs take forever.
pub(crate) fn units_go_where_they_are_admitted(
    problem: &Problem,
    columns: &Columns,
) -> Vec<Constraint> {
    let mut rows = Vec::new();
    for ((unit, terms), admitting) in
        problem.units.iter().zip(&columns.places).zip(&columns.admitting)
    {
        for ((place, &placed), admitting) in unit.places.iter().zip(terms).zip(admitting) {
            // Where rule (4) is written by full sets it says this too.
            if placed.is_none() || columns.packings[place.site].is_some() {
                continue;
            }
            let options = &columns.options[place.site];
            let refuses = |o: usize| !options[o].is_none() && !admitting.contains(&o);
            if !(0..options.len()).any(refuses) {
                continue;
            }
            let admitted = sum(admitting.iter().map(|&o| options[o]));
            rows.push(constraint!(sum([placed]) <= admitted));
        }
    }
    rows
}

/// (4) What a site houses fits its room, resource by resource. No row where everything that could come fits.
pub(crate) fn units_fit_the_room(problem: &Problem, columns: &Columns) -> Vec<Constraint> {
    let comers = columns.comers(problem);
    let mut rows = Vec::new();
    let sites = problem.sites.iter().zip(&columns.options).zip(&comers).zip(&columns.packings);
    for (((site, options), comers), packings) in sites {
        if let Some(packings) = packings {
            rows.extend(one_full_set_holds_them(columns, options, comers, packings));
            continue;
        }
        for k in 0..problem.resources.len() {
            let need = |&(r, _): &(usize, usize)| problem.units[r].need[k];
            let fits_all = |o: usize| {
                let admitted = comers
                    .iter()
                    .filter(|&&(r, p)| problem.units[r].places[p].admitted_by.contains(&o));
                admitted.map(need).sum::<f64>() <= site.options[o].room[k]
            };
            if (0..options.len()).all(|o| options[o].is_none() || fits_all(o)) {
                continue;
            }
            // In the form of a knapsack, `sum need z + sum (largest - room) u <= largest`: the same by rule (1), and
            // what separators of covers and cliques look for.
            let open = options.iter().zip(&site.options).filter(|(u, _)| !u.is_none());
            let rooms: Vec<(f64, Term)> = open.map(|(&u, option)| (option.room[k], u)).collect();
            let largest = rooms.iter().fold(f64::NEG_INFINITY, |most, (room, _)| most.max(*room));
            let rooms = rooms.into_iter().map(|(room, u)| (largest - room, u));
            let needs = comers.iter().map(|at| (need(at), columns.places[at.0][at.1]));
            let row: Vec<(f64, Term)> = needs.chain(rooms).collect();
            let scale = scale(&row);
            rows.push(constraint!(weighted(scale, row) <= scale * largest));
        }
    }
    rows
}

/// (4) again, where the ways for a site to be full are few: what is there is in the full sets of the chosen option.
fn one_full_set_holds_them(
    columns: &Columns,
    options: &[Term],
    comers: &[Placing],
    packings: &[Packing],
) -> Vec<Constraint> {
    let chosen = options.iter().enumerate().filter(|(_, u)| !u.is_none()).map(|(o, &u)| {
        let sets =
            packings.iter().filter(|packing| packing.option == o).map(|packing| packing.used);
        constraint!(sum(sets) == sum([u]))
    });
    let mut holding: BTreeMap<Placing, Vec<Term>> = BTreeMap::new();
    for packing in packings {
        for &placing in &packing.set {
            holding.entry(placing).or_default().push(packing.used);
        }
    }
    let held = comers.iter().map(|placing| {
        let sets = holding.get(placing).map_or(&[][..], Vec::as_slice);
        constraint!(sum([columns.places[placing.0][placing.1]]) <= sum(sets.iter().copied()))
    });
    chosen.chain(held).collect()
}

/// (5) Units that belong together are at the same site, in the same parts.
pub(crate) fn companions_stay_together(problem: &Problem, columns: &Columns) -> Vec<Constraint> {
    let at_sites = |r: usize| {
        let mut sites: BTreeMap<usize, Vec<Term>> = BTreeMap::new();
        for (place, &term) in problem.units[r].places.iter().zip(&columns.places[r]) {
            sites.entry(place.site).or_default().push(term);
        }
        sites
    };
    let mut first: BTreeMap<usize, usize> = BTreeMap::new();
    let mut rows = Vec::new();
    for (r, unit) in problem.units.iter().enumerate() {
        let Some(number) = unit.together else { continue };
        let anchor = *first.entry(number).or_insert(r);
        if anchor == r {
            continue;
        }
        let (ours, theirs) = (at_sites(r), at_sites(anchor));
        let sites = ours.keys().chain(theirs.keys().filter(|site| !ours.contains_key(site)));
        for site in sites {
            let here = |of: &BTreeMap<usize, Vec<Term>>| of.get(site).cloned().unwrap_or_default();
            let (ours, theirs) = (here(&ours), here(&theirs));
            if !is_settled(&ours) || !is_settled(&theirs) {
                rows.push(constraint!(sum(ours) == sum(theirs)));
            }
        }
    }
    rows
}

/// (6) A point is covered only from places where a server is.
pub(crate) fn covered_means_served(_: &Problem, columns: &Columns) -> Vec<Constraint> {
    let presences = columns.presences.iter().map(|(presence, servers)| (*presence, servers));
    let covers = columns.covers.iter().filter_map(|cover| match cover {
        Cover::Sum(_) => None,
        Cover::Column { covered, parts } => Some((*covered, parts)),
    });
    let rows = presences.chain(covers);
    rows.map(|(covered, by)| constraint!(sum([covered]) <= sum(by.iter().copied()))).collect()
}

/// (7) Enough weight is covered, or the shortfall is paid for.
pub(crate) fn coverage_floors_hold(problem: &Problem, columns: &Columns) -> Vec<Constraint> {
    let mut rows = Vec::new();
    for group in &columns.groups {
        let needed = problem.coverage[group.group].needed - group.sure;
        if needed <= 0.0 {
            continue;
        }
        let mut row: Vec<(f64, Term)> = Vec::new();
        for &(weight, cover) in &group.open {
            match &columns.covers[cover] {
                Cover::Sum(terms) => row.extend(terms.iter().map(|&term| (weight, term))),
                Cover::Column { covered, .. } => row.push((weight, *covered)),
            }
        }
        let scale = scale(&row);
        row.extend(group.short.map(|short| (1.0, short)));
        rows.push(constraint!(weighted(scale, row) >= scale * needed));
    }
    rows
}

/// (8) Every linear limit holds, or its price is paid.
pub(crate) fn limits_hold(problem: &Problem, columns: &Columns) -> Vec<Constraint> {
    let mut rows = Vec::new();
    for (limit, slack) in problem.limits.iter().zip(&columns.slacks) {
        let term = |term: &LimitTerm| match *term {
            LimitTerm::Option { site, option, by } => (by, columns.options[site][option]),
            LimitTerm::Place { unit, place, by } => (by, columns.places[unit][place]),
        };
        let row: Vec<(f64, Term)> = limit.terms.iter().map(term).collect();
        let scale = scale(&row);
        let with = |by: f64, slack: Option<Term>| {
            weighted(scale, row.iter().copied().chain(slack.map(|slack| (by, slack))))
        };
        match (limit.low, limit.high) {
            (Some(low), Some(high)) if low.total_cmp(&high).is_eq() && limit.price.is_none() => {
                rows.push(constraint!(with(1.0, None) == scale * low));
            }
            (low, high) => {
                if let Some(low) = low {
                    rows.push(constraint!(with(1.0, slack.below) >= scale * low));
                }
                if let Some(high) = high {
                    rows.push(constraint!(with(-1.0, slack.above) <= scale * high));
                }
            }
        }
    }
    rows
}

fn is_settled(terms: &[Term]) -> bool {
    terms.iter().all(|term| matches!(term, Term::Fixed(_)))
}

fn sum(terms: impl IntoIterator<Item = Term>) -> Expression {
    weighted(1.0, terms.into_iter().map(|term| (1.0, term)))
}

fn weighted(scale: f64, terms: impl IntoIterator<Item = (f64, Term)>) -> Expression {
    let terms = terms.into_iter();
    let mut sum = Expression::with_capacity(terms.size_hint().0);
    terms.for_each(|(by, term)| add(&mut sum, scale * by, term));
    sum
}

fn scale(row: &[(f64, Term)]) -> f64 {
    let open = row.iter().filter(|(_, term)| matches!(term, Term::Free(..)));
    power_of_two_to(ROW_SCALE, open.fold(0.0, |most, (by, _)| most.max(by.abs())))
}

/// The power of two that brings `largest` nearest to `target` from below; exact in floating point, so that equal stays equal.
pub(crate) fn power_of_two_to(target: f64, largest: f64) -> f64 {
    if largest > 0.0 && largest.is_finite() {
        (target / largest).log2().floor().clamp(-200.0, 200.0).exp2()
    } else {
        1.0
    }
}
