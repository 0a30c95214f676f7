//! Tiny problems of every kind of rule, and every plan there is.

use domesday_solver::{
    CoverGroup, CoverPoint, Limit, LimitTerm, Opt, Place, Plan, Problem, Server, Share, Site, Unit,
    check,
};
use proptest::prelude::*;

/// Every plan there is: all options, all places. Divided units are left to their own test.
pub(crate) fn best_of_all(problem: &Problem) -> Option<(f64, Plan)> {
    let options: Vec<usize> = problem.sites.iter().map(|s| s.options.len()).collect();
    let places: Vec<usize> = problem.units.iter().map(|u| u.places.len()).collect();
    let radix: Vec<usize> = options.iter().chain(&places).copied().collect();
    let mut digits = vec![0; radix.len()];
    let mut best: Option<(f64, Plan)> = None;
    loop {
        let (chosen, housed) = digits.split_at(options.len());
        let shares = housed.iter().map(|&place| vec![Share { place, share: 1.0 }]).collect();
        let plan = Plan::of(problem, chosen.to_vec(), shares);
        if check(problem, &plan).is_empty() {
            let cost = plan.cost(problem);
            if best.as_ref().is_none_or(|(least, _)| cost < *least) {
                best = Some((cost, plan));
            }
        }
        let Some(at) = (0..radix.len()).find(|&at| digits[at] + 1 < radix[at]) else {
            return best;
        };
        digits[..at].fill(0);
        digits[at] += 1;
    }
}

/// Every figure of the objective.
pub(crate) fn for_each_cost(problem: &mut Problem, mut change: impl FnMut(&mut f64)) {
    for option in problem.sites.iter_mut().flat_map(|site| &mut site.options) {
        change(&mut option.cost);
    }
    for place in problem.units.iter_mut().flat_map(|unit| &mut unit.places) {
        change(&mut place.cost);
    }
    for group in &mut problem.coverage {
        change(&mut group.price);
        group.shortfall_price.iter_mut().for_each(&mut change);
    }
    for limit in &mut problem.limits {
        limit.price.iter_mut().for_each(&mut change);
    }
}

pub(crate) fn tiny_problem() -> impl Strategy<Value = Problem> {
    let figure = || (-5..20_i32).prop_map(f64::from);
    let option = (figure(), 0..20_i32).prop_map(|(cost, room)| Opt {
        name: String::new(),
        cost,
        room: vec![f64::from(room)],
    });
    let site = (
        prop::collection::vec(option, 1..4),
        any::<prop::sample::Index>(),
        prop::bool::weighted(0.2),
        any::<prop::sample::Index>(),
    )
        .prop_map(|(options, today, is_locked, lock)| {
            let n = options.len();
            let allowed = if is_locked { vec![lock.index(n)] } else { vec![] };
            Site { name: String::new(), options, allowed, today: today.index(n) }
        });
    let sites = prop::collection::vec(site, 1..4);
    let unit = move |sites: Vec<usize>| {
        let place = (0..sites.len(), (any::<u8>(), any::<u8>()), figure()).prop_map(
            move |(site, admits, cost)| {
                let admitted_by =
                    (0..sites[site]).filter(|o| (admits.0 | admits.1) >> o & 1 == 1).collect();
                Place { site, admitted_by, cost }
            },
        );
        let together = prop::option::weighted(0.2, 0..2_usize);
        (prop::collection::vec(place, 1..4), 0..8_i32, together).prop_map(
            |(places, need, together)| Unit {
                name: String::new(),
                need: vec![f64::from(need)],
                today: Some(0),
                places,
                is_divisible: false,
                together,
            },
        )
    };
    sites
        .prop_flat_map(move |sites| {
            let counts: Vec<usize> = sites.iter().map(|s| s.options.len()).collect();
            (Just(sites), prop::collection::vec(unit(counts), 1..5))
        })
        .prop_flat_map(|(sites, units)| {
            let servers: Vec<Server> = units
                .iter()
                .enumerate()
                .flat_map(|(unit, u)| (0..u.places.len()).map(move |place| Server { unit, place }))
                .collect();
            let options: Vec<(usize, usize)> = sites
                .iter()
                .enumerate()
                .flat_map(|(site, s)| (0..s.options.len()).map(move |option| (site, option)))
                .collect();
            let price = || prop::option::of((1..9_i32).prop_map(f64::from));
            let point =
                (0..9_i32, prop::collection::vec(prop::sample::select(servers.clone()), 0..5))
                    .prop_map(|(weight, servers)| CoverPoint {
                        weight: f64::from(weight),
                        servers,
                    });
            let group = (prop::collection::vec(point, 0..5), 0..8_i32, 0..3_i32, price()).prop_map(
                |(points, needed, price, shortfall_price)| CoverGroup {
                    name: String::new(),
                    points,
                    needed: f64::from(needed),
                    price: f64::from(price),
                    shortfall_price,
                },
            );
            let by = || (-4..5_i32).prop_map(f64::from);
            let term = prop_oneof![
                (prop::sample::select(options), by())
                    .prop_map(|((site, option), by)| LimitTerm::Option { site, option, by }),
                (prop::sample::select(servers), by()).prop_map(|(s, by)| LimitTerm::Place {
                    unit: s.unit,
                    place: s.place,
                    by
                }),
            ];
            let bound = |range: std::ops::Range<i32>| prop::option::of(range.prop_map(f64::from));
            let limit = (prop::collection::vec(term, 0..5), bound(-8..2), bound(-1..8), price())
                .prop_map(|(terms, low, high, price)| Limit {
                    name: String::new(),
                    family: "any".to_owned(),
                    terms,
                    low,
                    high,
                    price,
                });
            let coverage = prop::collection::vec(group, 0..3);
            let limits = prop::collection::vec(limit, 0..3);
            (Just(sites), Just(units), coverage, limits).prop_map(
                |(sites, units, coverage, limits)| Problem {
                    resources: vec!["m2".to_owned()],
                    sites,
                    units,
                    coverage,
                    limits,
                    ..Problem::default()
                },
            )
        })
}
