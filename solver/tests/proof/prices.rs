//! What prices prove is true, and plans made part by part keep the rules.

use domesday_solver::classic::{self, Division};
use domesday_solver::{
    Certificate, Plan, Prices, Problem, RoomCut, Settings, Status, Trouble, check, obstacles,
    solve, solve_priced,
};
use proptest::prelude::*;

use crate::tiny::{best_of_all, tiny_problem};

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn prices_prove_no_more_than_is_true(problem in tiny_problem()) {
        let outcome = solve_priced(&problem, &Settings::default(), &mut ());

        // A rough plan is never offered, so nothing is thrown away.
        let is_thrown_away = matches!(outcome.trouble, Some(Trouble::PlanThrownAway { .. }));
        prop_assert!(!is_thrown_away);
        if let Some((cost, best)) = best_of_all(&problem) {
            prop_assert_eq!(&outcome.trouble, &None);
            prop_assert_ne!(outcome.status, Status::Infeasible);
            prop_assert!(best.cost(&problem) <= Plan::most_cost(&problem) + 1e-9);
            let bound = outcome.bound.unwrap();
            prop_assert!(bound <= cost + 1e-6 * cost.abs().max(1.0), "{} proved, {} possible", bound, cost);
            let certificate = outcome.certificate.unwrap();
            let proved = certificate.proves(&problem).unwrap();
            prop_assert!((proved - bound).abs() <= 1e-9 * bound.abs().max(1.0));
            if let Some(found) = outcome.objective {
                prop_assert!(found >= cost - 1e-6, "{} found, {} is best", found, cost);
            }
        } else {
            prop_assert_eq!(&outcome.plan, &None);
        }
        if let Some(plan) = &outcome.plan {
            prop_assert_eq!(check(&problem, plan), vec![]);
        }
    }

    /// Not even where the floors ask all that the best plan covers.
    #[test]
    fn no_obstacle_is_named_where_there_is_a_plan(problem in tiny_problem()) {
        if let Some((_, best)) = best_of_all(&problem) {
            prop_assert_eq!(obstacles(&problem), vec![]);
            let mut higher = problem.clone();
            for (group, covered) in higher.coverage.iter_mut().zip(&best.covered) {
                group.needed = group.needed.max(*covered);
            }
            prop_assert_eq!(obstacles(&higher), vec![]);
        }
    }

    #[test]
    fn any_prices_prove_something_true(
        problem in tiny_problem(),
        figures in prop::collection::vec(-9.0..9.0_f64, 64),
        cuts in prop::collection::vec((any::<u8>(), any::<u8>(), 0.0..9.0_f64), 0..4),
    ) {
        let mut figures = figures.into_iter().cycle();
        let mut some = |list: &mut Vec<f64>| list.iter_mut().for_each(|x| *x = figures.next().unwrap());
        let mut prices = Prices::none(&problem);
        some(&mut prices.units);
        prices.served.iter_mut().for_each(&mut some);
        some(&mut prices.floors);
        some(&mut prices.lows);
        some(&mut prices.highs);
        prices.room.iter_mut().for_each(&mut some);
        prices.cuts = cuts.into_iter().map(|(sites, units, price)| {
            let among = |set: u8, most: usize| (0..most).filter(|n| set >> n & 1 == 1).collect();
            let (sites, units) = (among(sites, problem.sites.len()), among(units, problem.units.len()));
            (RoomCut { resource: 0, sites, units }, price)
        }).collect();

        let proved = Certificate { bound: 0.0, prices }.proves(&problem).unwrap();

        if let Some((cost, _)) = best_of_all(&problem) {
            prop_assert!(proved <= cost + 1e-4, "{} proved, {} possible", proved, cost);
        }
    }

    #[test]
    fn prices_take_divided_units_as_whole_ones_or_better(problem in tiny_problem()) {
        let mut divisible = problem.clone();
        divisible.units.iter_mut().for_each(|unit| unit.is_divisible = true);

        let divided = solve_priced(&divisible, &Settings::default(), &mut ());

        if let (Some(bound), Some((cost, _))) = (divided.bound, best_of_all(&problem)) {
            prop_assert!(bound <= cost + 1e-6 * cost.abs().max(1.0));
        }
        if let Some(plan) = &divided.plan {
            prop_assert_eq!(check(&divisible, plan), vec![]);
            let best = solve(&divisible, &Settings::default(), &mut ()).objective.unwrap();
            prop_assert!(divided.objective.unwrap() >= best - 1e-5 * best.abs().max(1.0));
            prop_assert!(divided.bound.unwrap() <= best + 1e-5 * best.abs().max(1.0));
            prop_assert_eq!(divided.trouble, None);
        }
    }
}

fn best_of(problem: &Problem) -> Status {
    solve(problem, &Settings::default(), &mut ()).status
}

/// Two rooms of three cannot take three whole units of two, and prices alone prove it.
#[test]
fn a_bound_above_all_there_is_to_pay_proves_that_there_is_no_plan() {
    let sources = [classic::Source { cost: 10.0, capacity: 3.0 }; 2];
    let customer = |costs: Vec<f64>| classic::Customer { demand: 2.0, costs };
    let customers = [vec![1.0, 2.0], vec![2.0, 1.0], vec![1.0, 1.0]].map(customer);
    let problem = classic::capacitated(&sources, &customers, Division::Indivisible);

    let outcome = solve_priced(&problem, &Settings::default(), &mut ());

    assert_eq!(outcome.status, Status::Infeasible);
    let proved = outcome.certificate.unwrap().proves(&problem).unwrap();
    assert!(proved > 25.0, "{proved}");
    assert!((Plan::most_cost(&problem) - 25.0).abs() < 1e-9);
    // Divided they fit.
    let divided = classic::capacitated(&sources, &customers, Division::Divisible);
    assert_eq!(best_of(&divided), Status::Optimal);
}

/// Ten that need one place each, and two rooms of eight at ten pounds: one and a quarter of them would do, were half a room to
/// be had. That no plan costs less than twenty is proved by prices, and by one of a cut above all.
#[test]
fn what_is_not_to_be_had_by_halves_is_proved_by_cuts() {
    let sources = [classic::Source { cost: 10.0, capacity: 8.0 }; 2];
    let customer = classic::Customer { demand: 1.0, costs: vec![0.0, 0.0] };
    let problem = classic::capacitated(&sources, &vec![customer; 10], Division::Divisible);

    let outcome = solve_priced(&problem, &Settings::default(), &mut ());

    assert_eq!((outcome.trouble, outcome.objective), (None, Some(20.0)));
    let certificate = outcome.certificate.unwrap();
    assert!(certificate.bound > 19.99, "{}", certificate.bound);
    let proved = |certificate: &Certificate| certificate.proves(&problem);
    assert!((proved(&certificate).unwrap() - certificate.bound).abs() < 1e-9);
    let mut without = certificate.clone();
    without.prices.cuts.clear();
    assert!(
        proved(&without).unwrap() < 12.6,
        "what all other prices prove is the linear program's"
    );
    // What names a site twice, or one that is not there, is no cut.
    for sites in [vec![0, 0], vec![0, 2]] {
        let mut other = certificate.clone();
        other.prices.cuts[0].0.sites = sites;
        assert_eq!(proved(&other), None);
    }
}

/// Customers and sites on a grid: enough places for the prices of pure location.
#[test]
fn the_bound_of_a_p_median_comes_with_its_prices() {
    let at = |i: usize| ((i * 37 % 101) as f64, (i * 61 % 97) as f64);
    let far = |i: usize, j: usize| (at(i).0 - at(j).0).abs() + (at(i).1 - at(j).1).abs();
    let costs: Vec<Vec<f64>> = (0..70).map(|i| (0..70).map(|j| far(i, j)).collect()).collect();
    let problem = classic::p_median(&costs, 7);

    let outcome = solve(&problem, &Settings::default(), &mut ());

    assert_eq!((outcome.trouble, outcome.status), (None, Status::Optimal));
    let certificate = outcome.certificate.unwrap();
    let proved = certificate.proves(&problem).unwrap();
    assert!((proved - certificate.bound).abs() <= 1e-9 * proved.abs());
    // What is beyond that rests on the search of the core.
    assert!(certificate.bound <= outcome.bound.unwrap());
    assert!(certificate.bound >= 0.98 * outcome.bound.unwrap());
}
