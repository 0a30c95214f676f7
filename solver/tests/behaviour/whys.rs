//! Flips, frontiers and portfolios are what trying everything finds, on tiny problems.

use std::collections::BTreeMap;

use domesday_solver::{
    Amount, Choice, CoverGroup, CoverPoint, Known, Limit, LimitTerm, Obstacle, Opt, Place, Plan,
    Problem, Server, Settings, Share, Site, Status, Unit, check, flip, frontier, intervals,
    obstacles, portfolio, solve,
};
use proptest::prelude::*;

use crate::estate::{Size, estate};

/// Every plan that keeps the rules.
fn every_plan(problem: &Problem) -> Vec<(f64, Plan)> {
    let options = problem.sites.iter().map(|site| site.options.len());
    let places = problem.units.iter().map(|unit| unit.places.len());
    let radix: Vec<usize> = options.chain(places).collect();
    let mut digits = vec![0; radix.len()];
    let mut found = Vec::new();
    loop {
        let (chosen, housed) = digits.split_at(problem.sites.len());
        let shares = housed.iter().map(|&place| vec![Share { place, share: 1.0 }]).collect();
        let plan = Plan::of(problem, chosen.to_vec(), shares);
        if check(problem, &plan).is_empty() {
            found.push((plan.cost(problem), plan));
        }
        let Some(at) = (0..radix.len()).find(|&at| digits[at] + 1 < radix[at]) else {
            return found;
        };
        digits[..at].fill(0);
        digits[at] += 1;
    }
}

fn least(costs: impl Iterator<Item = f64>) -> Option<f64> {
    costs.reduce(f64::min)
}

/// Three sites that stay, are mended or close, three units that could be anywhere, prices drawn; often a floor on money.
fn town() -> impl Strategy<Value = Problem> {
    let money = || (-9..20_i32).prop_map(f64::from);
    let site = (money(), money(), 4..14_i32).prop_map(|(keep, close, room)| {
        let option = |name: &str, cost, room| Opt { name: name.to_owned(), cost, room: vec![room] };
        Site {
            name: String::new(),
            options: vec![option("keep", keep, f64::from(room)), option("close", close, 0.0)],
            ..Site::default()
        }
    });
    let unit = (prop::collection::vec(money(), 3), 2..6_i32).prop_map(|(costs, need)| Unit {
        name: String::new(),
        need: vec![f64::from(need)],
        places: costs
            .into_iter()
            .enumerate()
            .map(|(site, cost)| Place { site, admitted_by: vec![0], cost })
            .collect(),
        today: Some(0),
        ..Unit::default()
    });
    (prop::collection::vec(site, 3), prop::collection::vec(unit, 3)).prop_map(
        |(mut sites, units)| {
            for (n, site) in sites.iter_mut().enumerate() {
                site.name = format!("site {n}");
            }
            let resources = vec!["m2".to_owned()];
            Problem { resources, sites, units, ..Problem::default() }
        },
    )
}

/// Closing brings money, a different sum at each site; moving costs some.
fn receipts(problem: &Problem) -> Amount {
    let closing = (0..problem.sites.len()).map(|site| LimitTerm::Option {
        site,
        option: 1,
        by: [7.0, 3.0, 5.0][site],
    });
    let moving = (0..problem.units.len()).map(|unit| LimitTerm::Place { unit, place: 1, by: -1.0 });
    Amount {
        name: "receipts".to_owned(),
        family: "money".to_owned(),
        terms: closing.chain(moving).collect(),
        more_is_better: true,
    }
}

/// Each site may be mended besides, for so much, which all together may be so much at most; whoever is there then is there in
/// another way.
fn with_works(mut problem: Problem, works: &[i32], most: i32) -> Problem {
    let mut terms = Vec::new();
    for (site, (of, &works)) in problem.sites.iter_mut().zip(works).enumerate() {
        let keep = &of.options[0];
        let mend = Opt {
            name: "mend".to_owned(),
            cost: keep.cost + 0.5 * f64::from(works),
            room: vec![keep.room[0] + 3.0],
        };
        of.options.push(mend);
        terms.push(LimitTerm::Option { site, option: 2, by: f64::from(works) });
    }
    for unit in &mut problem.units {
        let mended =
            |place: &Place| Place { admitted_by: vec![2], cost: place.cost - 1.0, ..*place };
        let mended: Vec<Place> = unit.places.iter().map(mended).collect();
        unit.places.extend(mended);
    }
    problem.limits = vec![Limit {
        name: "works".to_owned(),
        terms,
        high: Some(f64::from(most)),
        ..Limit::default()
    }];
    problem
}

/// What is said of every choice, at once and one by one, against trying everything.
fn whys_hold(problem: &Problem) -> Result<(), TestCaseError> {
    let all = every_plan(problem);
    let outcome = solve(problem, &Settings::default(), &mut ());
    let Some(plan) = outcome.plan else { return Ok(()) };
    let cost = plan.cost(problem);
    let site = |plan: &Plan, unit: usize| {
        plan.place(unit).map(|place| problem.units[unit].places[place].site)
    };
    let others = |choice: Choice| {
        let is_other = |other: &Plan| match choice {
            Choice::Site(site) => other.options[site] != plan.options[site],
            Choice::Unit(unit) => site(other, unit) != site(&plan, unit),
        };
        least(all.iter().filter(|(_, other)| is_other(other)).map(|(cost, _)| *cost))
    };

    // As if little were known of the plan, and all that is.
    let gap = 0.2 * cost.abs();
    for bound in [outcome.bound.map(|bound| bound - gap), outcome.bound] {
        let at_once = intervals(problem, &plan, bound, &Settings::default(), &mut ());

        prop_assert_eq!(at_once.len(), problem.sites.len() + problem.units.len());
        for told in at_once {
            let truth = others(told.choice).map(|other| other - cost);
            if let (Some(low), Some(truth)) = (told.low, truth) {
                prop_assert!(low <= truth + 1e-6, "{:?}: {} above {}", told.choice, low, truth);
            }
            if let Some(high) = told.high {
                prop_assert!(truth.is_some_and(|truth| high >= truth - 1e-6));
                prop_assert!(told.plan.is_some_and(|plan| check(problem, &plan).is_empty()));
            }
            if told.known == Known::Impossible {
                prop_assert_eq!(truth, None);
            }
        }
    }
    let choices = (0..problem.sites.len()).map(Choice::Site);
    for choice in choices.chain((0..problem.units.len()).map(Choice::Unit)) {
        let Some(exact) = flip(problem, &plan, choice, &Settings::default(), &mut ()) else {
            return Err(TestCaseError::fail(format!("{choice:?} is not one of the plan's")));
        };
        match others(choice).map(|other| other - cost) {
            None => prop_assert_eq!(exact.known, Known::Impossible),
            Some(truth) => {
                prop_assert_eq!(exact.known, Known::Exactly);
                prop_assert!(exact.high.is_some_and(|high| (high - truth).abs() < 1e-6));
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn what_a_choice_costs_the_other_way_is_what_trying_everything_finds(problem in town()) {
        whys_hold(&problem)?;
    }

    #[test]
    fn so_it_is_where_works_change_how_who_is_there_and_their_sum_is_limited(
        problem in town(),
        works in prop::collection::vec(0..9_i32, 3),
        most in 0..16_i32,
    ) {
        whys_hold(&with_works(problem, &works, most))?;
    }

    #[test]
    fn a_portfolio_is_the_best_few_of_all_there_are(problem in town()) {
        let mut best: BTreeMap<Vec<usize>, f64> = BTreeMap::new();
        for (cost, plan) in every_plan(&problem) {
            let held = best.entry(plan.options).or_insert(cost);
            *held = held.min(cost);
        }
        let mut truth: Vec<f64> = best.into_values().collect();
        truth.sort_by(f64::total_cmp);

        let found = portfolio(&problem, 4, 10.0, &[], &Settings::default(), &mut (), &mut |_| ());

        let cheapest = truth.first().copied();
        truth.retain(|cost| *cost <= cheapest.unwrap() + 10.0 * cheapest.unwrap().abs() + 1e-9);
        prop_assert_eq!(found.is_all, truth.len() <= 4 && found.members.len() < 4 || truth.is_empty());
        truth.truncate(4);
        let costs: Vec<f64> = found.members.iter().map(|member| member.cost).collect();
        prop_assert_eq!(costs.len(), truth.len());
        for (cost, truth) in costs.iter().zip(&truth) {
            prop_assert!((cost - truth).abs() < 1e-6, "{:?} instead of {:?}", costs, truth);
        }
        prop_assert!(found.is_proved);
        for (n, one) in found.members.iter().enumerate() {
            prop_assert!(found.members[..n].iter().all(|other| other.plan.options != one.plan.options));
        }
    }

    #[test]
    fn no_plan_is_better_than_a_frontier_in_both(problem in town()) {
        let amount = receipts(&problem);
        let all: Vec<(f64, f64)> =
            every_plan(&problem).into_iter().map(|(cost, plan)| (cost, amount.of(&plan))).collect();

        let sweep = frontier(&problem, &amount, 30, &[], &Settings::default(), &mut (), &mut |_, _| ());

        prop_assert_eq!(sweep.points.is_empty(), all.is_empty());
        for point in &sweep.points {
            let cost = point.outcome.objective.unwrap();
            prop_assert_eq!(point.outcome.status, Status::Optimal);
            let beats = |(c, a): &&(f64, f64)| *c < cost - 1e-6 && *a > point.amount - 1e-6;
            prop_assert_eq!(all.iter().find(beats), None, "beats {} for {}", cost, point.amount);
        }
        for pair in sweep.points.windows(2) {
            prop_assert!(pair[0].outcome.objective < pair[1].outcome.objective);
            prop_assert!(pair[0].amount < pair[1].amount);
        }
        if let Some(most) = all.iter().map(|(_, a)| *a).reduce(f64::max) {
            let last = sweep.points.last().unwrap().amount;
            prop_assert!((last - most).abs() < 1e-6, "{} instead of {}", last, most);
            prop_assert!(sweep.at_best.unwrap() >= most - 1e-6);
        }
    }
}

#[test]
fn where_the_works_of_one_leave_nothing_for_another_the_one_gives_way() {
    // Twenty sites that would gladly be mended, money for three, and one that no money there is would mend.
    let option = |name: &str, cost, room| Opt { name: name.to_owned(), cost, room: vec![room] };
    let site = |n: usize| Site {
        name: format!("site {n}"),
        options: vec![option("keep", 0.0, 5.0), option("mend", -10.0 - n as f64, 8.0)],
        ..Site::default()
    };
    let unit = |site| Unit {
        name: format!("clinic {site}"),
        need: vec![5.0],
        // One way to be there under each option, and no other site.
        places: [0, 1].map(|option| Place { site, admitted_by: vec![option], cost: 0.0 }).to_vec(),
        today: Some(0),
        ..Unit::default()
    };
    let works =
        |site| LimitTerm::Option { site, option: 1, by: if site == 7 { 31.0 } else { 10.0 } };
    let problem = Problem {
        resources: vec!["m2".to_owned()],
        sites: (0..20).map(site).collect(),
        units: (0..20).map(unit).collect(),
        limits: vec![Limit {
            name: "works".to_owned(),
            terms: (0..20).map(works).collect(),
            high: Some(30.0),
            ..Limit::default()
        }],
        ..Problem::default()
    };
    let outcome = solve(&problem, &Settings::default(), &mut ());
    let plan = outcome.plan.unwrap();
    assert!((plan.cost(&problem) + 29.0 + 28.0 + 27.0).abs() < 1e-6);

    let told = intervals(&problem, &plan, outcome.bound, &Settings::default(), &mut ());

    // The dearest of the three gives way, or the best of the others comes in.
    for flip in told {
        let Choice::Site(site) = flip.choice else { panic!("no clinic can go elsewhere") };
        let truth = match site {
            17.. => site as f64 - 16.0,
            _ => 17.0 - site as f64,
        };
        match site {
            7 => assert_eq!((flip.known, flip.plan), (Known::Impossible, None)),
            _ => assert!((flip.high.unwrap() - truth).abs() < 1e-6, "{flip:?} instead of {truth}"),
        }
    }
}

#[test]
fn what_the_check_lets_pass_of_a_limit_is_not_called_impossible() {
    // A million more here, and all but one of them less there: what is beyond the limit is less than the check can tell.
    let option = |cost| Opt { cost, ..Opt::default() };
    let site = |cost| Site { options: vec![option(0.0), option(cost)], ..Site::default() };
    let by = |site, by| LimitTerm::Option { site, option: 1, by };
    let problem = Problem {
        sites: vec![site(1.0), site(0.0)],
        limits: vec![Limit {
            terms: vec![by(0, 2_000_001.0), by(1, -2_000_000.0)],
            high: Some(0.0),
            ..Limit::default()
        }],
        ..Problem::default()
    };
    let both = Plan::of(&problem, vec![1, 1], Vec::new());
    assert_eq!(check(&problem, &both), []);

    let told = intervals(
        &problem,
        &Plan::of(&problem, vec![0, 0], Vec::new()),
        None,
        &Settings::default(),
        &mut (),
    );

    assert!(told.iter().all(|flip| flip.known != Known::Impossible), "{told:?}");
}

#[test]
fn the_intervals_of_an_estate_hold_what_searching_again_finds() {
    let size = Size { sites: 14, units: 18, zones: 60, boroughs: 2, places: 4, standards: 2 };
    let problem = estate(size, 3, 0.1);
    let outcome = solve(&problem, &Settings::default(), &mut ());
    let plan = outcome.plan.unwrap();

    let told = intervals(&problem, &plan, outcome.bound, &Settings::default(), &mut ());

    let sites: Vec<_> = told.iter().filter(|f| matches!(f.choice, Choice::Site(_))).collect();
    assert!(sites.iter().filter(|flip| flip.high.is_some()).count() * 2 > sites.len());
    for interval in sites.into_iter().take(6) {
        let exact = flip(&problem, &plan, interval.choice, &Settings::default(), &mut ()).unwrap();
        let slack = 1e-6 * plan.cost(&problem).abs();
        match exact.high {
            None => assert_eq!((exact.known, &interval.plan), (Known::Impossible, &None)),
            Some(truth) => {
                assert!(interval.low.is_none_or(|low| low <= truth + slack), "{interval:?}");
                assert!(interval.high.is_none_or(|high| high >= truth - slack), "{interval:?}");
            }
        }
    }
}

#[test]
fn what_needs_no_search_is_named_before_one() {
    let option = |room| Opt { room: vec![room], ..Opt::default() };
    let site = |name: &str| Site {
        name: name.to_owned(),
        options: vec![option(10.0), option(0.0)],
        ..Site::default()
    };
    let place = |site| Place { site, admitted_by: vec![0], cost: 0.0 };
    let unit = |name: &str, need, sites: &[usize]| Unit {
        name: name.to_owned(),
        need: vec![need],
        places: sites.iter().map(|&site| place(site)).collect(),
        ..Unit::default()
    };
    let mut problem = Problem {
        resources: vec!["m2".to_owned()],
        sites: vec![site("locked"), site("small"), site("other")],
        units: vec![
            unit("clinic", 20.0, &[0, 1]),
            unit("left", 1.0, &[0, 1]),
            unit("right", 1.0, &[2]),
        ],
        ..Problem::default()
    };
    problem.sites[0].allowed = vec![1];
    for unit in &mut problem.units[1..] {
        unit.together = Some(7);
    }
    let mut asked = Amount {
        name: "open sites".to_owned(),
        family: "logic".to_owned(),
        terms: (0..3).map(|site| LimitTerm::Option { site, option: 0, by: 1.0 }).collect(),
        more_is_better: true,
    }
    .limit(Some(3.0));
    asked.price = None;
    problem.limits.push(asked);

    let named = obstacles(&problem);

    assert!(matches!(&named[0], Obstacle::Unplaceable { unit, locked }
        if unit == "clinic" && locked == &["locked"]));
    assert!(matches!(&named[1], Obstacle::Apart { units } if units == &["left", "right"]));
    assert!(matches!(&named[2], Obstacle::OutOfReach { limit, asked, at_best, .. }
        if limit == "open sites" && (*asked, *at_best) == (3.0, 2.0)));
    assert_eq!(named.len(), 3);
}

/// Of three clinics of one room two fit, and the third is elsewhere, too far for the 30 people who have no other.
#[test]
fn a_floor_is_named_that_there_is_no_room_for() {
    let option = |room| Opt { room: vec![room], ..Opt::default() };
    let site = |room| Site { options: vec![option(room)], ..Site::default() };
    let place = |site| Place { site, admitted_by: vec![0], cost: 0.0 };
    let unit = |_| Unit { need: vec![5.0], places: vec![place(0), place(1)], ..Unit::default() };
    let point = |unit| CoverPoint { weight: 30.0, servers: vec![Server { unit, place: 0 }] };
    let group = |needed| CoverGroup {
        name: "near enough".to_owned(),
        points: (0..3).map(point).collect(),
        needed,
        ..CoverGroup::default()
    };
    let problem = |needed| Problem {
        resources: vec!["rooms".to_owned()],
        sites: vec![site(14.0), site(20.0)],
        units: (0..3).map(unit).collect(),
        coverage: vec![group(needed)],
        ..Problem::default()
    };

    let named = obstacles(&problem(88.0));

    let [Obstacle::Uncoverable { group, needed, at_most, is_for_want_of_room: true }] = &named[..]
    else {
        panic!("{named:?}")
    };
    assert_eq!((group.as_str(), *needed), ("near enough", 88.0));
    assert!((at_most - 60.0).abs() < 1e-6, "{at_most}");
    assert_eq!(solve(&problem(88.0), &Settings::default(), &mut ()).status, Status::Infeasible);
    assert_eq!(obstacles(&problem(60.0)), []);
    // Divided there is room for 14 of 15.
    let mut divided = problem(84.0);
    divided.units.iter_mut().for_each(|unit| unit.is_divisible = true);
    assert_eq!(obstacles(&divided), []);
}
