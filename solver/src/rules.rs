//! The numbered rules of the model, one function each. Columns in, named constraints out; knows no solver.

use std::collections::BTreeMap;

use good_lp::{Constraint, Expression, IntoAffineExpression, constraint};

use crate::columns::{Columns, Cover, Packing, Term, add, placing_name};
use crate::packing::Placing;
use crate::problem::{Limit, LimitTerm, Problem, Site};

/// Rows are scaled by a power of two so that their largest coefficient is about this: a solver that works to a millionth
/// then works to a billionth of a receipt.
const ROW_SCALE: f64 = 1024.0;

type Rule = fn(&Problem, &Columns) -> Vec<Constraint>;

/// The rules of the model, by number.
const RULES: [Rule; 8] = [
    every_site_takes_one_option,
    every_unit_is_placed,
    units_go_where_they_are_admitted,
    units_fit_the_room,
    companions_stay_together,
    covered_means_served,
    coverage_floors_hold,
    limits_hold,
];

/// All rows of the model but those that hold whatever is chosen.
pub(crate) fn rows(problem: &Problem, columns: &Columns) -> Vec<Constraint> {
    let rows = RULES.iter().flat_map(|rule| rule(problem, columns));
    rows.filter(|row| !is_empty(row) || is_broken(row)).collect()
}

fn is_empty(row: &Constraint) -> bool {
    row.expression().linear_coefficients().next().is_none()
}

/// A row of settled figures that does not hold. Rows read `expression <= 0` or `= 0`.
pub(crate) fn is_broken(row: &Constraint) -> bool {
    let value = row.expression().constant();
    is_empty(row) && (value > 1e-6 || (row.is_equality() && value < -1e-6))
}

/// (1) Exactly one option of each site is chosen.
pub(crate) fn every_site_takes_one_option(problem: &Problem, columns: &Columns) -> Vec<Constraint> {
    let sites = problem.sites.iter().zip(&columns.options);
    let open = sites.filter(|(_, terms)| !is_settled(terms));
    open.map(|(site, terms)| {
        constraint!(sum(terms.iter().copied()) == 1.0)
            .set_name(format!("one option: {}", site.name))
    })
    .collect()
}

/// (2) Every unit is placed, whole.
pub(crate) fn every_unit_is_placed(problem: &Problem, columns: &Columns) -> Vec<Constraint> {
    let units = problem.units.iter().zip(&columns.places);
    let open = units.filter(|(_, terms)| !is_settled(terms));
    open.map(|(unit, terms)| {
        constraint!(sum(terms.iter().copied()) == 1.0).set_name(format!("one place: {}", unit.name))
    })
    .collect()
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
    for (r, ((unit, terms), admitting)) in
        problem.units.iter().zip(&columns.places).zip(&columns.admitting).enumerate()
    {
        for (p, ((place, &placed), admitting)) in
            unit.places.iter().zip(terms).zip(admitting).enumerate()
        {
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
            let name = format!("admitted: {}", placing_name(problem, (r, p)));
            rows.push(constraint!(sum([placed]) <= admitted).set_name(name));
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
            rows.extend(one_full_set_holds_them(
                problem,
                columns,
                (site, options),
                comers,
                packings,
            ));
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
            let name = format!("room: {} at {}", problem.resources[k], site.name);
            rows.push(constraint!(weighted(scale, row) <= scale * largest).set_name(name));
        }
    }
    rows
}

/// (4) again, where the ways for a site to be full are few: what is there is in the full sets of the chosen option.
fn one_full_set_holds_them(
    problem: &Problem,
    columns: &Columns,
    (site, options): (&Site, &[Term]),
    comers: &[Placing],
    packings: &[Packing],
) -> Vec<Constraint> {
    let chosen = options.iter().enumerate().filter(|(_, u)| !u.is_none()).map(|(o, &u)| {
        let sets =
            packings.iter().filter(|packing| packing.option == o).map(|packing| packing.used);
        let name = format!("full sets: {}, {}", site.name, site.options[o].name);
        constraint!(sum(sets) == sum([u])).set_name(name)
    });
    let mut holding: BTreeMap<Placing, Vec<Term>> = BTreeMap::new();
    for packing in packings {
        for &placing in &packing.set {
            holding.entry(placing).or_default().push(packing.used);
        }
    }
    let held = comers.iter().map(|placing| {
        let sets = holding.get(placing).map_or(&[][..], Vec::as_slice);
        let name = format!("in a full set: {}", placing_name(problem, *placing));
        constraint!(sum([columns.places[placing.0][placing.1]]) <= sum(sets.iter().copied()))
            .set_name(name)
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
            // Also where nothing of it is left to choose: settled apart is then a row that is broken.
            let name = format!(
                "together: {} and {} at {}",
                problem.units[anchor].name, unit.name, problem.sites[*site].name
            );
            rows.push(constraint!(sum(ours) == sum(theirs)).set_name(name));
        }
    }
    rows
}

/// (6) A point is covered only from places where a server is.
pub(crate) fn covered_means_served(_: &Problem, columns: &Columns) -> Vec<Constraint> {
    let presences = columns.presences.iter().enumerate();
    let presences = presences.map(|(n, (presence, by))| (format!("presence {n}"), *presence, by));
    let covers = columns.covers.iter().enumerate().filter_map(|(n, cover)| match cover {
        Cover::Sum(_) => None,
        Cover::Column { covered, parts } => Some((format!("point {n}"), *covered, parts)),
    });
    let rows = presences.chain(covers);
    rows.map(|(name, covered, by)| {
        constraint!(sum([covered]) <= sum(by.iter().copied())).set_name(format!("served: {name}"))
    })
    .collect()
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
        let name = format!("covered: {}", problem.coverage[group.group].name);
        rows.push(constraint!(weighted(scale, row) >= scale * needed).set_name(name));
    }
    rows
}

/// (8) Every linear limit holds, or its price is paid.
pub(crate) fn limits_hold(problem: &Problem, columns: &Columns) -> Vec<Constraint> {
    let mut rows = Vec::new();
    for (limit, slack) in problem.limits.iter().zip(&columns.slacks) {
        let row: Vec<(f64, Term)> = limit.terms.iter().map(|term| columns.counted(term)).collect();
        let scale = scale(&row);
        let with = |by: f64, slack: Option<Term>| {
            weighted(scale, row.iter().copied().chain(slack.map(|slack| (by, slack))))
        };
        match (limit.low, limit.high) {
            (Some(low), Some(high)) if low.total_cmp(&high).is_eq() && limit.price.is_none() => {
                let name = format!("exactly: {}", limit.name);
                rows.push(constraint!(with(1.0, None) == scale * low).set_name(name));
            }
            (low, high) => {
                if let Some(low) = low {
                    let name = format!("least: {}", limit.name);
                    rows.push(constraint!(with(1.0, slack.below) >= scale * low).set_name(name));
                }
                if let Some(high) = high {
                    let name = format!("most: {}", limit.name);
                    rows.push(constraint!(with(-1.0, slack.above) <= scale * high).set_name(name));
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

/// What the check of a plan lets pass of a room: whatever leaves something out must be as generous.
pub(crate) fn generous(room: f64) -> f64 {
    room + 1e-6 * room.abs().max(1.0)
}

/// By how much the check of a plan lets a limit be missed.
pub(crate) fn slack(limit: &Limit) -> f64 {
    let ends = limit.low.into_iter().chain(limit.high);
    let terms = limit.terms.iter().map(|term| match *term {
        LimitTerm::Option { by, .. } | LimitTerm::Place { by, .. } => by,
    });
    1e-6 * ends.chain(terms).map(f64::abs).fold(1.0, f64::max)
}

/// Whether so much of a resource has room; as generous as the check.
pub(crate) fn fits(need: f64, room: f64) -> bool {
    need <= generous(room)
}

/// Whether there is room for these needs, by resource, if nothing else were there.
pub(crate) fn fits_alone(need: &[f64], room: &[f64]) -> bool {
    need.iter().zip(room).all(|(&need, &room)| fits(need, room))
}

/// The power of two that brings `largest` nearest to `target` from below; exact in floating point, so that equal stays equal.
pub(crate) fn power_of_two_to(target: f64, largest: f64) -> f64 {
    if largest > 0.0 && largest.is_finite() {
        (target / largest).log2().floor().clamp(-200.0, 200.0).exp2()
    } else {
        1.0
    }
}
