//! The search finds what trying everything finds.

use domesday_solver::{Settings, Status, Unit, check, solve, solve_whole, verify};
use proptest::prelude::*;

use crate::tiny::{best_of_all, for_each_cost, tiny_problem};

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn the_search_finds_what_trying_everything_finds(problem in tiny_problem()) {
        let outcome = solve(&problem, &Settings::default(), &mut ());

        prop_assert_eq!(&outcome.trouble, &None);
        match best_of_all(&problem) {
            None => prop_assert_eq!(outcome.status, Status::Infeasible),
            Some((cost, _)) => {
                prop_assert_eq!(outcome.status, Status::Optimal);
                let found = outcome.objective.unwrap();
                prop_assert!((found - cost).abs() < 1e-6, "found {} instead of {}", found, cost);
                prop_assert!(outcome.bound.unwrap() <= cost + 1e-6);
                let verdict = verify(&problem, &outcome.plan.unwrap());
                prop_assert_eq!(verdict.violations, vec![]);
                prop_assert!((verdict.costs.unwrap().objective() - cost).abs() < 1e-6);
            }
        }
    }

    /// Priced against the best plan, as an estate is against today, that plan costs nothing, or what rounding leaves.
    #[test]
    fn the_best_plan_is_known_for_the_best_where_its_costs_cancel(
        problem in tiny_problem(),
        rate in 0.001..1000.0_f64,
    ) {
        let Some((cost, _)) = best_of_all(&problem) else { return Ok(()) };
        let mut against = problem;
        against.sites[0].options.iter_mut().for_each(|option| option.cost -= cost);
        for_each_cost(&mut against, |cost| *cost *= rate);

        let outcome = solve(&against, &Settings::default(), &mut ());

        prop_assert_eq!(&outcome.trouble, &None);
        prop_assert_eq!(outcome.status, Status::Optimal, "{:?}", outcome);
        prop_assert!(outcome.objective.unwrap().abs() <= 1e-6 * rate);
    }

    #[test]
    fn highs_alone_finds_the_same(problem in tiny_problem()) {
        let ours = solve(&problem, &Settings::default(), &mut ());
        let alone = solve_whole(&problem, &Settings::default(), &mut ());

        prop_assert_eq!(&alone.trouble, &None);
        prop_assert_eq!(ours.status, alone.status);
        let far = ours.objective.zip(alone.objective).map_or(0.0, |(a, b)| (a - b).abs());
        prop_assert!(far < 1e-6);
    }

    #[test]
    fn the_bound_is_below_and_the_plan_above_the_best_however_early_the_search_ends(
        problem in tiny_problem(),
        gap in 0.0..0.9_f64,
    ) {
        let outcome = solve(&problem, &Settings { gap, ..Settings::default() }, &mut ());

        let Some((cost, _)) = best_of_all(&problem) else { return Ok(()) };
        prop_assert_eq!(&outcome.trouble, &None);
        prop_assert!(outcome.bound.is_none_or(|bound| bound <= cost + 1e-6));
        prop_assert!(outcome.objective.unwrap() >= cost - 1e-6);
        prop_assert!(matches!(outcome.status, Status::Optimal | Status::WithinGap));
    }

    #[test]
    fn dividing_units_never_costs_more_and_keeps_the_rules(problem in tiny_problem()) {
        let mut divisible = problem.clone();
        divisible.units.iter_mut().for_each(|unit| unit.is_divisible = true);

        let whole = solve(&problem, &Settings::default(), &mut ());
        let divided = solve(&divisible, &Settings::default(), &mut ());

        if let Some(plan) = &divided.plan {
            prop_assert_eq!(check(&divisible, plan), vec![]);
        }
        if let Some(whole) = whole.objective {
            let divided = divided.objective.unwrap();
            prop_assert!(divided <= whole + 1e-6, "{} divided, {} whole", divided, whole);
        }
    }

    #[test]
    fn a_divided_unit_is_many_small_units(problem in tiny_problem()) {
        // A unit in quarters, each placed alone: as many as trying everything can bear. Dividing can only be better.
        let mut one = problem;
        one.units.truncate(1);
        one.units[0].together = None;
        one.coverage.clear();
        one.limits.clear();
        let mut quarters = one.clone();
        let quarter = |unit: &Unit| {
            let mut quarter = unit.clone();
            quarter.need[0] /= 4.0;
            quarter.places.iter_mut().for_each(|place| place.cost /= 4.0);
            quarter
        };
        quarters.units = vec![quarter(&one.units[0]); 4];
        one.units[0].is_divisible = true;

        let divided = solve(&one, &Settings::default(), &mut ());

        if let Some((cost, _)) = best_of_all(&quarters) {
            prop_assert!(divided.objective.unwrap() <= cost + 1e-6);
        }
    }
}
