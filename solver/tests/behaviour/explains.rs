//! An infeasible problem says which rules clash, by name, and how far they would have to give.

use domesday_solver::{
    CoverGroup, CoverPoint, Family, Limit, LimitTerm, Obstacle, Opt, Place, Problem, Server,
    Settings, Site, Status, Unit, explain_infeasible, solve,
};

use crate::estate::{Size, estate};

const SMALL: Size = Size { sites: 12, units: 16, zones: 40, boroughs: 2, places: 4, standards: 2 };

#[test]
fn a_fund_out_of_reach_is_named_with_what_is_within_reach() {
    let problem = estate(SMALL, 5, 0.9);
    assert_eq!(solve(&problem, &Settings::default(), &mut ()).status, Status::Infeasible);

    let why = explain_infeasible(&problem, &Settings::default(), &mut ());

    assert!(why.is_proved);
    let money = Family::Limits("money".to_owned());
    let clash = why.clash.iter().find(|clash| clash.family == money).unwrap();
    assert_eq!(clash.rows, ["fund asked for"]);
    assert!(why.cures.contains(&money));
    let fund = why.attainable.iter().find(|a| a.name == "fund asked for").unwrap();
    assert!(fund.is_floor);
    let (reached, at_best) = (fund.reached.unwrap(), fund.at_best.unwrap());
    assert!(reached < fund.asked && reached <= at_best + 1e-6 * at_best.abs());

    // What it says can be reached can be reached, and no more than that.
    let mut within = problem.clone();
    within.limits[0].low = Some(reached - 1e-6 * reached.abs());
    assert_eq!(solve(&within, &Settings::default(), &mut ()).status, Status::Optimal);
    within.limits[0].low = Some(at_best + 1e-3 * at_best.abs());
    assert_eq!(solve(&within, &Settings::default(), &mut ()).status, Status::Infeasible);
}

#[test]
fn only_the_rows_that_clash_are_named() {
    // Given two limits that cannot both hold, among others that can.
    let mut problem = estate(SMALL, 5, 0.0);
    let keep = |site| LimitTerm::Option { site, option: 0, by: 1.0 };
    let limit = |name: &str, family: &str, terms: Vec<LimitTerm>| Limit {
        name: name.to_owned(),
        family: family.to_owned(),
        terms,
        ..Limit::default()
    };
    let mut at_least = limit("keep two of three", "logic", vec![keep(0), keep(1), keep(2)]);
    at_least.low = Some(2.0);
    let mut at_most = limit("keep one of three", "borough", vec![keep(0), keep(1), keep(2)]);
    at_most.high = Some(1.0);
    let mut harmless = limit("keep one of two", "logic", vec![keep(3), keep(4)]);
    harmless.low = Some(1.0);
    problem.limits.extend([at_least, at_most, harmless]);

    let why = explain_infeasible(&problem, &Settings::default(), &mut ());

    assert!(why.is_proved);
    let named: Vec<(String, Vec<String>)> =
        why.clash.iter().map(|c| (c.family.to_string(), c.rows.clone())).collect();
    let expected = [("logic", "keep two of three"), ("borough", "keep one of three")]
        .map(|(family, row)| (family.to_owned(), vec![row.to_owned()]));
    assert_eq!(named, expected);
    assert_eq!(
        why.attainable.iter().map(|a| a.reached).collect::<Vec<_>>(),
        [Some(1.0), Some(2.0)]
    );
}

#[test]
fn a_lock_that_clashes_with_coverage_is_named() {
    // Given people only site 0 can cover, and a lock that closes it.
    let mut problem = estate(SMALL, 5, 0.0);
    let homes = problem.units.iter().enumerate().flat_map(|(unit, u)| {
        let at_zero = u.places.iter().enumerate().filter(|(_, place)| place.site == 0);
        at_zero.map(move |(place, _)| Server { unit, place })
    });
    let point = CoverPoint { weight: 100.0, servers: homes.collect() };
    problem.coverage.push(CoverGroup {
        name: "people of the island".to_owned(),
        points: vec![point],
        needed: 100.0,
        ..CoverGroup::default()
    });
    problem.sites[0].allowed = vec![3];

    let why = explain_infeasible(&problem, &Settings::default(), &mut ());

    assert!(why.is_proved);
    assert_eq!(why.cures, [Family::Coverage, Family::Locks]);
    let rows: Vec<&str> = why.clash.iter().flat_map(|c| &c.rows).map(String::as_str).collect();
    assert_eq!(rows, ["people of the island", "site 0"]);
    // What each would have to give, alone: nobody covered, or the lock.
    let given: Vec<(&str, Option<f64>, Option<&str>)> = why
        .relaxations
        .iter()
        .flat_map(|relaxation| &relaxation.gives)
        .map(|given| (given.name.as_str(), given.given, given.option.as_deref()))
        .collect();
    assert_eq!(given.len(), 2);
    assert_eq!(given[0], ("people of the island", Some(0.0), None));
    assert!(given[1].0 == "site 0" && given[1].2.is_some_and(|option| option != "dispose"));
    assert!(why.relaxations.iter().all(|relaxation| relaxation.is_least));
}

#[test]
fn room_that_is_missing_is_counted_at_the_fewest_sites() {
    // Given two services of 30 and 40 that may only be at a site with room for 50.
    let option = |room: f64| Opt { room: vec![room], ..Default::default() };
    let site =
        Site { name: "Elm Road".to_owned(), options: vec![option(50.0)], ..Default::default() };
    let unit = |need| Unit {
        need: vec![need],
        places: vec![Place { site: 0, admitted_by: vec![0], cost: 0.0 }],
        ..Default::default()
    };
    let problem = Problem {
        resources: vec!["m2".to_owned()],
        sites: vec![site],
        units: vec![unit(30.0), unit(40.0)],
        ..Default::default()
    };

    let why = explain_infeasible(&problem, &Settings::default(), &mut ());

    assert_eq!(why.cures, [Family::Room]);
    let given = &why.relaxations[0].gives;
    assert_eq!(
        (given[0].name.as_str(), given[0].asked, given[0].given),
        ("Elm Road", Some(50.0), Some(70.0))
    );
    assert_eq!(given.len(), 1);
}

#[test]
fn a_malformed_problem_is_not_explained() {
    let mut problem = estate(SMALL, 5, 0.0);
    problem.sites[0].options.clear();

    let why = explain_infeasible(&problem, &Settings::default(), &mut ());

    assert_eq!(why, domesday_solver::Explanation::default());
}

#[test]
fn of_a_large_problem_with_an_obstacle_nothing_else_is_sought() {
    let site = |_| Site { options: vec![Opt::default()], ..Site::default() };
    let place = |site| Place { site, admitted_by: vec![0], cost: 0.0 };
    let unit = |_| Unit { places: (0..250).map(place).collect(), ..Unit::default() };
    let uncovered = CoverGroup {
        name: "near enough".to_owned(),
        points: vec![CoverPoint { weight: 2.0, servers: vec![Server { unit: 0, place: 0 }] }],
        needed: 3.0,
        ..CoverGroup::default()
    };
    let problem = Problem {
        sites: (0..250).map(site).collect(),
        units: (0..200).map(unit).collect(),
        coverage: vec![uncovered],
        ..Problem::default()
    };
    // No second of it: what is told was seen without a search.
    let no_time = Settings { time_limit_seconds: 0.0, ..Settings::default() };

    let why = explain_infeasible(&problem, &no_time, &mut ());

    assert!(why.is_proved);
    assert!(
        matches!(&why.obstacles[..], [Obstacle::Uncoverable { at_most, .. }] if (*at_most - 2.0).abs() < 1e-9)
    );
    assert_eq!((why.clash.len(), why.cures.len(), why.relaxations.len()), (0, 0, 0));
}
