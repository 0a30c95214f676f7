//! Laws: how the answer changes when the question does.

use domesday_solver::{
    CoverPoint, LimitTerm, Opt, Outcome, Place, Plan, Problem, Server, Settings, Share, Site, solve,
};
use proptest::prelude::*;

use crate::tiny::{for_each_cost, tiny_problem};

fn answer(problem: &Problem) -> Outcome {
    let outcome = solve(problem, &Settings::default(), &mut ());
    assert_eq!(outcome.trouble, None, "{problem:?}");
    outcome
}

/// Infinite where there is no plan.
fn least(problem: &Problem) -> f64 {
    answer(problem).objective.unwrap_or(f64::INFINITY)
}

fn is_same(a: f64, b: f64) -> bool {
    a.total_cmp(&b).is_eq() || (a - b).abs() < 1e-6 * a.abs().max(1.0)
}

/// Only this plan is left.
fn fixed(problem: &Problem, plan: &Plan) -> Problem {
    let mut fixed = problem.clone();
    for (site, &option) in fixed.sites.iter_mut().zip(&plan.options) {
        site.allowed = vec![option];
    }
    for (unit, shares) in fixed.units.iter_mut().zip(&plan.shares) {
        for (p, place) in unit.places.iter_mut().enumerate() {
            if shares.iter().all(|share| share.place != p) {
                place.admitted_by.clear();
            }
        }
    }
    fixed
}

/// A problem whose sites, units, places, groups and limits stand in another order, and how to find them again.
struct Shuffled {
    problem: Problem,
    /// Old index of each new one.
    sites: Vec<usize>,
    units: Vec<usize>,
    places: Vec<Vec<usize>>,
}

impl Shuffled {
    fn of(problem: &Problem, seed: u64) -> Self {
        let mut dice = seed;
        let mut order = |n: usize| {
            let mut order: Vec<usize> = (0..n).collect();
            for last in (1..n).rev() {
                dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let at = usize::try_from(dice >> 33).unwrap() % (last + 1);
                order.swap(at, last);
            }
            order
        };
        let sites = order(problem.sites.len());
        let units = order(problem.units.len());
        let places: Vec<Vec<usize>> =
            units.iter().map(|&u| order(problem.units[u].places.len())).collect();
        let new = |order: &[usize], old: usize| order.iter().position(|&o| o == old).unwrap();
        let server = |s: Server| {
            let unit = new(&units, s.unit);
            Server { unit, place: new(&places[unit], s.place) }
        };
        let mut shuffled = Problem {
            resources: problem.resources.clone(),
            sites: sites.iter().map(|&i| problem.sites[i].clone()).collect(),
            ..Problem::default()
        };
        for (&u, places) in units.iter().zip(&places) {
            let mut unit = problem.units[u].clone();
            unit.today = unit.today.map(|p| new(places, p));
            unit.places = places.iter().map(|&p| problem.units[u].places[p].clone()).collect();
            unit.places.iter_mut().for_each(|place| place.site = new(&sites, place.site));
            shuffled.units.push(unit);
        }
        for g in order(problem.coverage.len()) {
            let mut group = problem.coverage[g].clone();
            let point = |q: usize| CoverPoint {
                weight: group.points[q].weight,
                servers: group.points[q].servers.iter().map(|&s| server(s)).collect(),
            };
            group.points = order(group.points.len()).into_iter().map(point).collect();
            shuffled.coverage.push(group);
        }
        for l in order(problem.limits.len()) {
            let mut limit = problem.limits[l].clone();
            for term in &mut limit.terms {
                *term = match *term {
                    LimitTerm::Option { site, option, by } => {
                        LimitTerm::Option { site: new(&sites, site), option, by }
                    }
                    LimitTerm::Place { unit, place, by } => {
                        let Server { unit, place } = server(Server { unit, place });
                        LimitTerm::Place { unit, place, by }
                    }
                };
            }
            shuffled.limits.push(limit);
        }
        Self { problem: shuffled, sites, units, places }
    }

    /// The same choices in the old order.
    fn restored(&self, problem: &Problem, plan: &Plan) -> Plan {
        let mut options = vec![0; plan.options.len()];
        for (&old, &option) in self.sites.iter().zip(&plan.options) {
            options[old] = option;
        }
        let mut shares = vec![Vec::new(); plan.shares.len()];
        for ((&old, places), chosen) in self.units.iter().zip(&self.places).zip(&plan.shares) {
            let old_place = |s: &Share| Share { place: places[s.place], share: s.share };
            shares[old] = chosen.iter().map(old_place).collect();
        }
        Plan::of(problem, options, shares)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn costs_in_another_unit_give_the_same_cost_in_that_unit(
        problem in tiny_problem(),
        by in prop::sample::select(vec![0.01, 0.37, 12.0, 1000.0]),
    ) {
        let mut scaled = problem.clone();
        for_each_cost(&mut scaled, |cost| *cost *= by);

        let (least, scaled) = (least(&problem), least(&scaled));

        prop_assert!(is_same(scaled, by * least), "{} is not {} times {}", scaled, by, least);
    }

    #[test]
    fn fixing_the_best_plan_changes_nothing(problem in tiny_problem()) {
        let outcome = answer(&problem);
        if let Some(plan) = &outcome.plan {
            let again = answer(&fixed(&problem, plan));
            prop_assert!(is_same(again.objective.unwrap(), outcome.objective.unwrap()));
            prop_assert_eq!(&again.plan.unwrap().options, &plan.options);
        }
    }

    #[test]
    fn one_more_site_never_hurts(
        problem in tiny_problem(),
        costs in prop::collection::vec(0..9_i32, 5),
        room in 0..20_i32,
    ) {
        let mut more = problem.clone();
        let option = |name: &str, cost: i32, room: i32| {
            Opt { name: name.to_owned(), cost: f64::from(cost), room: vec![f64::from(room)] }
        };
        let site = more.sites.len();
        more.sites.push(Site {
            name: "one more".to_owned(),
            options: vec![option("no", 0, 0), option("yes", costs[0], room)],
            ..Site::default()
        });
        for (unit, &cost) in more.units.iter_mut().zip(&costs[1..]) {
            unit.places.push(Place { site, admitted_by: vec![1], cost: f64::from(cost) });
        }

        prop_assert!(least(&more) <= least(&problem) + 1e-6);
    }

    #[test]
    fn a_lock_never_helps(
        problem in tiny_problem(),
        site in any::<prop::sample::Index>(),
        option in any::<prop::sample::Index>(),
    ) {
        let site = site.index(problem.sites.len());
        let option = option.index(problem.sites[site].options.len());
        if !problem.sites[site].allows(option) {
            return Ok(());
        }
        let mut locked = problem.clone();
        locked.sites[site].allowed = vec![option];

        prop_assert!(least(&locked) >= least(&problem) - 1e-6);
    }

    #[test]
    fn the_order_of_the_question_does_not_matter(problem in tiny_problem(), seed in any::<u64>()) {
        // Every choice costs a little of its own, so that one plan is best.
        let mut problem = problem;
        let mut little = 0.0;
        for_each_cost(&mut problem, |cost| {
            little = (little + 0.618_034) % 1.0;
            *cost += 0.01 * little;
        });
        let shuffled = Shuffled::of(&problem, seed);

        let (first, second) = (answer(&problem), answer(&shuffled.problem));

        prop_assert_eq!(first.status, second.status);
        if let (Some(ours), Some(theirs)) = (first.plan, second.plan) {
            let theirs = shuffled.restored(&problem, &theirs);
            prop_assert!(is_same(ours.cost(&problem), theirs.cost(&problem)));
            // A unit twice at one site, an option that equals another: then two plans cost the same, to the penny.
            let is_tied = (first.objective.unwrap() - second.objective.unwrap()).abs() < 1e-12
                && (ours.options != theirs.options || ours.shares != theirs.shares);
            prop_assert!(is_tied || ours == theirs);
        }
    }
}
