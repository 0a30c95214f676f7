//! An infeasible problem says which rules clash, by name, and how far they would have to give.

use domesday_solver::{
    CoverGroup, CoverPoint, Family, Limit, LimitTerm, Server, Settings, Status, explain_infeasible,
    solve,
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
}

#[test]
fn a_malformed_problem_is_not_explained() {
    let mut problem = estate(SMALL, 5, 0.0);
    problem.sites[0].options.clear();

    let why = explain_infeasible(&problem, &Settings::default(), &mut ());

    assert_eq!(why, domesday_solver::Explanation::default());
}
