//! What prices prove is true, and plans made part by part keep the rules.

use domesday_solver::classic::{self, Division};
use domesday_solver::{
    Case, Certificate, ChoiceCut, LimitTerm, Plan, Prices, Problem, RoomCut, Settings, Status,
    Trouble, check, obstacles, solve, solve_priced,
};
use std::sync::Arc;

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

    /// Whatever the prices of its cases.
    #[test]
    fn no_plan_has_less_of_a_sum_than_its_cut_says(
        problem in tiny_problem(),
        sites in any::<(u8, u8)>(),
        figures in prop::collection::vec(-9.0..9.0_f64, 61),
    ) {
        let mut figures = figures.into_iter().cycle();
        let cut = choice_cut(&problem, sites.0 | sites.1, &mut || figures.next().unwrap());
        // The least of the sum there is: the sum for costs, and no rules but those the cut knows.
        let mut of_sum = Problem { coverage: Vec::new(), limits: Vec::new(), ..problem.clone() };
        for term in &cut.terms {
            match *term {
                LimitTerm::Option { site, option, by } => of_sum.sites[site].options[option].cost = by,
                LimitTerm::Place { unit, place, by } => of_sum.units[unit].places[place].cost = by,
            }
        }

        let least = cut.least(&problem).unwrap();

        if let Some((is, _)) = best_of_all(&of_sum) {
            prop_assert!(least <= is + 1e-4, "{} said, {} possible", least, is);
            // With a choice left out, nothing is proved.
            let mut short = cut.clone();
            short.cases.pop();
            let proved = short.least(&problem).unwrap();
            let last_is_allowed = cut.cases.last().is_some_and(|case| {
                cut.sites.iter().zip(&case.options).all(|(&site, &o)| problem.sites[site].allows(o))
            });
            prop_assert_eq!(proved == f64::NEG_INFINITY, last_is_allowed);
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
        figures in prop::collection::vec(-9.0..9.0_f64, 61),
        cuts in prop::collection::vec((any::<u8>(), any::<u8>(), 0.0..9.0_f64), 0..4),
        choices in prop::collection::vec((any::<(u8, u8)>(), 0.0..9.0_f64), 0..3),
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

        prices.choices = choices.into_iter().map(|(sites, price)| {
            (Arc::new(choice_cut(&problem, sites.0 | sites.1, &mut || figures.next().unwrap())), price)
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

/// Every choice of some sites, with any prices, of any sum.
fn choice_cut(problem: &Problem, sites: u8, figure: &mut dyn FnMut() -> f64) -> ChoiceCut {
    let among = |most: usize| (0..most).filter(|n| sites >> n & 1 == 1);
    let sites: Vec<usize> = among(problem.sites.len()).collect();
    let mut terms = Vec::new();
    for (site, of) in problem.sites.iter().enumerate() {
        let term = |option| LimitTerm::Option { site, option, by: figure() };
        terms.extend((0..of.options.len()).map(term));
    }
    for (unit, of) in problem.units.iter().enumerate() {
        let term = |place| LimitTerm::Place { unit, place, by: figure() };
        terms.extend((0..of.places.len()).map(term));
    }
    let mut choices = vec![Vec::new()];
    for &site in &sites {
        let longer = |choice: &Vec<usize>| -> Vec<Vec<usize>> {
            let options = 0..problem.sites[site].options.len();
            options.map(|option| [choice.as_slice(), &[option]].concat()).collect()
        };
        choices = choices.iter().flat_map(longer).collect();
    }
    let cases = choices.into_iter().map(|options| Case {
        options,
        units: (0..problem.units.len()).map(|unit| (unit, figure())).collect(),
        room: (0..problem.sites.len()).map(|site| (site, 0, figure())).collect(),
        cuts: vec![(
            RoomCut {
                resource: 0,
                sites: (0..problem.sites.len()).collect(),
                units: (0..problem.units.len()).collect(),
            },
            figure(),
        )],
    });
    let cases = cases.collect();
    ChoiceCut { sites, terms, cases }
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

/// A town in which no rule of rooms says all there is to say: what going through choices adds is proved by it alone, and a
/// certificate that leaves a choice out, or names what is not there, proves nothing.
#[test]
fn what_a_few_sites_choose_is_proved_choice_by_choice() {
    let at = |i: usize| ((i * 37 % 101) as f64, (i * 61 % 97) as f64);
    let far = |a: (f64, f64), b: (f64, f64)| (a.0 - b.0).hypot(a.1 - b.1);
    let source = |i: usize| classic::Source {
        cost: 60.0 + (i * 29 % 41) as f64,
        capacity: 20.0 + (i * 17 % 23) as f64,
    };
    let sources: Vec<classic::Source> = (0..24).map(source).collect();
    let customer = |r: usize| classic::Customer {
        demand: 3.0 + (r * 13 % 7) as f64,
        costs: (0..24).map(|i| far(at(i), at(r * 5 + 3))).collect(),
    };
    let customers: Vec<classic::Customer> = (0..60).map(customer).collect();
    let problem = classic::capacitated(&sources, &customers, Division::Divisible);

    let outcome = solve_priced(&problem, &Settings { gap: 0.0, ..Settings::default() }, &mut ());

    assert_eq!(outcome.trouble, None);
    let certificate = outcome.certificate.unwrap();
    let proved = |certificate: &Certificate| certificate.proves(&problem);
    assert!(!certificate.prices.choices.is_empty());
    assert!((proved(&certificate).unwrap() - certificate.bound).abs() < 1e-9 * certificate.bound);
    let mut without = certificate.clone();
    without.prices.choices.clear();
    assert!(proved(&without).unwrap() < certificate.bound - 0.1);
    let changed = |change: &dyn Fn(&mut ChoiceCut)| {
        let mut other = certificate.clone();
        change(Arc::make_mut(&mut other.prices.choices[0].0));
        proved(&other)
    };
    assert_eq!(changed(&|cut| drop(cut.cases.pop())), Some(f64::NEG_INFINITY));
    assert_eq!(changed(&|cut| cut.sites[0] = 24), None);
    assert_eq!(changed(&|cut| cut.cases[0].options[0] = 2), None);
    assert_eq!(changed(&|cut| cut.cases[0].options.push(0)), None);
    assert_eq!(changed(&|cut| cut.cases[0].units.push((60, 1.0))), None);
    let nowhere = LimitTerm::Place { unit: 0, place: 24, by: 1.0 };
    assert_eq!(changed(&|cut| cut.terms.push(nowhere)), None);
    // As it is kept and read again.
    let kept = serde_json::to_string(&certificate).unwrap();
    let kept: Certificate = serde_json::from_str(&kept).unwrap();
    assert!((proved(&kept).unwrap() - certificate.bound).abs() < 1e-6);
}

/// One option for a pound: figures that run over prove no more than that.
#[test]
fn figures_too_large_to_add_up_prove_nothing() {
    let problem = classic::uncapacitated(&[1.0], &[vec![0.0]]);
    let proved = |change: &dyn Fn(&mut Prices)| {
        let mut prices = Prices::none(&problem);
        change(&mut prices);
        Certificate { bound: 0.0, prices }.proves(&problem)
    };
    let cut = |by: f64, unit: f64| ChoiceCut {
        sites: Vec::new(),
        terms: vec![LimitTerm::Option { site: 0, option: 0, by }; 2],
        cases: vec![Case { units: vec![(0, unit); 2], ..Case::default() }],
    };

    assert_eq!(proved(&|prices| prices.units[0] = 1e308), None);
    assert_eq!(proved(&|prices| prices.units[0] = f64::NAN), None);
    assert_eq!(proved(&|prices| prices.choices.push((Arc::new(cut(-1e308, 0.0)), 1.0))), None);
    assert_eq!(proved(&|prices| prices.choices.push((Arc::new(cut(1.0, 1e308)), 1.0))), None);
    let many = ChoiceCut { sites: (0..65).collect(), ..ChoiceCut::default() };
    assert_eq!(many.least(&classic::p_median(&[vec![1.0; 70]], 1)), None);
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
