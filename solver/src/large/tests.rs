//! Small problems with every plan of them, for whoever says that no plan breaks a rule.

use proptest::prelude::*;

use super::cuts::Tight;
use super::priced::Priced;
use super::volume::Volume;
use crate::certificate::RoomCut;
use crate::check::check;
use crate::outcome::{Plan, Settings, Share};
use crate::problem::{Opt, Place, Problem, Site, Unit};
use crate::solve::solve_whole;

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

proptest! {
    #[test]
    fn prices_of_one_problem_are_read_again_and_prove_something_of_another(
        problem in problem(),
        cut in (any::<[bool; 3]>(), any::<[bool; 4]>()),
        steps in 1..60_usize,
        dearer in prop::collection::vec(0..9_i32, 4),
        worth in 0.0..3.0_f64,
    ) {
        let mut priced = Priced::of(&problem);
        let chosen = |all: &[bool], most: usize| (0..most).filter(|&n| all[n]).collect();
        let (sites, units) = (problem.sites.len(), problem.units.len());
        let cut = RoomCut { resource: 0, sites: chosen(&cut.0, sites), units: chosen(&cut.1, units) };
        priced.tighten(Tight::of(&problem, cut).into_iter().collect());
        priced.step(steps, None, &mut || false);
        if !priced.tights.is_empty() {
            let mut prices = priced.volume.prices.clone();
            prices.iter_mut().next_back().into_iter().for_each(|price| *price = -worth);
            priced.volume = Volume::from(&priced.relaxation, prices, &mut priced.sack);
        }
        let certificate = priced.certificate();

        let again = Priced::from(&problem, &certificate.prices);

        let near = 1e-9 * certificate.bound.abs().max(1.0);
        prop_assert!((again.volume.bound - certificate.bound).abs() <= near);
        prop_assert!(again.certificate().prices == certificate.prices);
        // Of another problem they prove what they prove, no more.
        let mut other = problem.clone();
        for (unit, dearer) in other.units.iter_mut().zip(dearer) {
            unit.places.truncate(1);
            unit.places[0].cost += f64::from(dearer);
            unit.need[0] += 1.0;
        }
        let mut priced = Priced::from(&other, &certificate.prices);
        priced.step(steps, None, &mut || false);
        let best = solve_whole(&other, &Settings::default(), &mut ());
        if let Some(best) = best.objective {
            let proved = priced.certificate().proves(&other).unwrap();
            prop_assert!(proved <= best + 1e-6 * best.abs().max(1.0), "{proved} of {best}");
        }
    }
}
