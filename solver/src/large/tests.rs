//! Small problems with every plan of them, for whoever says that no plan breaks a rule.

use proptest::prelude::*;

use super::cuts::Tight;
use crate::check::check;
use crate::outcome::{Plan, Share};
use crate::problem::{Opt, Place, Problem, Site, Unit};

/// Two sites or three with options, and divided units with one or two places.
pub(super) fn problem() -> impl Strategy<Value = Problem> {
    let option = (0..13_i32, -9..9_i32).prop_map(|(room, cost)| Opt {
        room: vec![f64::from(room)],
        cost: f64::from(cost),
        ..Opt::default()
    });
    let site = prop::collection::vec(option, 1..4);
    let site = site.prop_map(|options| Site { options, ..Site::default() });
    let place = (any::<prop::sample::Index>(), any::<(u8, u8)>(), -9..9_i32);
    let unit = (1..9_i32, prop::collection::vec(place, 1..3));
    let units = prop::collection::vec(unit, 1..5);
    (prop::collection::vec(site, 2..4), units).prop_map(|(sites, units)| {
        let units = units.into_iter().map(|(need, places)| {
            let places = places.into_iter().map(|(site, admits, cost)| {
                let site = site.index(sites.len());
                let options = 0..sites[site].options.len();
                let admitted_by = options.filter(|o| (admits.0 | admits.1) >> o & 1 == 1).collect();
                Place { site, admitted_by, cost: f64::from(cost) }
            });
            let places = places.collect();
            Unit { need: vec![f64::from(need)], places, is_divisible: true, ..Unit::default() }
        });
        let units = units.collect();
        Problem { resources: vec!["m2".to_owned()], sites, units, ..Problem::default() }
    })
}

/// Every choice of options, and every unit in quarters between its places.
pub(super) fn every_plan_keeps(problem: &Problem, tight: &Tight) -> Result<(), TestCaseError> {
    let mut radix: Vec<usize> = problem.sites.iter().map(|site| site.options.len()).collect();
    let parts = |unit: &Unit| if unit.places.len() == 1 { 1 } else { 5 };
    radix.extend(problem.units.iter().map(parts));
    for number in 0..radix.iter().product::<usize>() {
        let digits: Vec<usize> = radix
            .iter()
            .scan(number, |left, radix| {
                let digit = *left % radix;
                *left = left.div_euclid(*radix);
                Some(digit)
            })
            .collect();
        let (options, quarters) = digits.split_at(problem.sites.len());
        let shares = problem.units.iter().zip(quarters).map(|(unit, quarters)| {
            let share = 0.25 * *quarters as f64;
            let all = [Share { place: 0, share: 1.0 - share }, Share { place: 1, share }];
            all.into_iter().take(unit.places.len()).filter(|of| of.share > 0.0).collect()
        });
        let plan = Plan::of(problem, options.to_vec(), shares.collect());
        if check(problem, &plan).is_empty() {
            let (is, most) = (plan.activity(&tight.limit), tight.limit.high.unwrap());
            prop_assert!(is <= most + 1e-6 * most.abs().max(1.0), "{} of {}: {:?}", is, most, plan);
        }
    }
    Ok(())
}
