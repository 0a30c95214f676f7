//! Progress, stopping, repeating, refusing.

use std::cell::Cell;

use domesday_solver::{
    Limit, LimitTerm, Opt, Outcome, Place, Plan, Problem, Progress, Rule, Settings, Share, Site,
    Status, Trouble, Unit, Watch, check, classic, mps, solve, solve_priced, solve_whole, version,
};

use crate::estate::{Size, estate};

const SMALL: Size = Size { sites: 12, units: 16, zones: 40, boroughs: 2, places: 4, standards: 2 };
const BOROUGH: Size =
    Size { sites: 60, units: 94, zones: 190, boroughs: 2, places: 8, standards: 3 };
const CITY: Size =
    Size { sites: 600, units: 940, zones: 1900, boroughs: 12, places: 8, standards: 3 };

/// Keeps what it is told, and cancels once it has heard of `plans` plans.
struct Notes {
    heard: Vec<Progress>,
    plans: usize,
    /// How often it was asked after it had cancelled.
    asked_again: Cell<usize>,
}

impl Notes {
    fn until(plans: usize) -> Self {
        Self { heard: Vec::new(), plans, asked_again: Cell::new(0) }
    }
}

impl Watch for Notes {
    fn progress(&mut self, progress: Progress) {
        self.heard.push(progress);
    }

    fn is_cancelled(&self) -> bool {
        let mut plans: Vec<f64> = self.heard.iter().filter_map(|p| p.incumbent).collect();
        plans.dedup();
        let is_cancelled = plans.len() >= self.plans;
        if is_cancelled {
            self.asked_again.set(self.asked_again.get() + 1);
        }
        is_cancelled
    }
}

#[test]
fn a_small_estate_is_solved_to_the_end_with_a_better_plan_at_every_step() {
    let problem = estate(SMALL, 7, 0.05);
    let mut notes = Notes::until(usize::MAX);

    let outcome = solve(&problem, &Settings::default(), &mut notes);

    assert_eq!(outcome.status, Status::Optimal);
    assert_eq!(outcome.trouble, None);
    assert!(!outcome.today_is_feasible, "today sells nothing");
    assert!(outcome.today_breaks.iter().all(|v| v.rule == Rule::Limit));
    let costs: Vec<f64> = outcome.history.iter().filter_map(|p| p.incumbent).collect();
    assert!(costs.is_sorted_by(|a, b| a >= b), "{costs:?}");
    let bounds: Vec<f64> = notes.heard.iter().filter_map(|p| p.bound).collect();
    assert!(bounds.is_sorted(), "{bounds:?}");
    let plan = outcome.plan.unwrap();
    assert_eq!(check(&problem, &plan), vec![]);
    assert_eq!(outcome.objective, Some(plan.cost(&problem)));
}

#[test]
fn a_cancelled_search_ends_soon_with_the_best_plan_so_far() {
    let problem = estate(CITY, 3, 0.0);
    let mut notes = Notes::until(1);

    let outcome = solve(&problem, &Settings::default(), &mut notes);

    // It is asked about twenty times a second: so few times again, and the search was over soon after.
    assert!((1..60).contains(&notes.asked_again.get()), "asked {} times", notes.asked_again.get());
    assert_eq!(outcome.status, Status::Stopped);
    assert_eq!(check(&problem, &outcome.plan.unwrap()), vec![]);
}

#[test]
fn the_time_limit_is_kept() {
    let problem = estate(CITY, 3, 0.1);
    let settings = Settings { time_limit_seconds: 1.0, ..Settings::default() };

    let outcome = solve(&problem, &settings, &mut ());

    // A city is not solved in a second: that it ends at all, stopped, is the limit at work.
    assert!(matches!(outcome.status, Status::Stopped | Status::NothingFound), "{outcome:?}");
    assert_eq!(outcome.plan.is_some(), outcome.status == Status::Stopped);
}

#[test]
fn a_search_for_medians_can_be_stopped_at_any_time() {
    // Distances on a line with a twist, so that the best plan is not the first one.
    let far = |i: usize, j: usize| (i.abs_diff(j) * (1 + (i * j) % 7)) as f64;
    let costs: Vec<Vec<f64>> = (0..80).map(|i| (0..80).map(|j| far(i, j)).collect()).collect();
    let problem = classic::p_median(&costs, 9);
    let best = solve(&problem, &Settings::default(), &mut ());
    assert_eq!(best.status, Status::Optimal);
    for plans in 0..4 {
        let mut notes = Notes::until(plans);

        let outcome = solve(&problem, &Settings::default(), &mut notes);

        assert_eq!(outcome.trouble, None);
        if let Some(plan) = &outcome.plan {
            assert_eq!(check(&problem, plan), vec![]);
            assert!(outcome.objective >= best.objective);
        }
        assert!(outcome.bound <= best.objective, "{:?} {:?}", outcome.bound, best.objective);
    }
    let settings = Settings { time_limit_seconds: 0.0, ..Settings::default() };
    let outcome = solve(&problem, &settings, &mut ());
    assert!(matches!(outcome.status, Status::Stopped | Status::NothingFound));
}

#[test]
fn every_row_and_column_of_the_model_bears_a_name_of_the_problem() {
    let mut problem = estate(SMALL, 5, 0.05);
    problem.units[0].together = Some(1);
    problem.units[1].together = Some(1);

    let text = mps(&problem).unwrap();

    let rows: Vec<&str> = text
        .lines()
        .skip_while(|line| *line != "ROWS")
        .take_while(|line| *line != "COLUMNS")
        .filter_map(|line| line.split_whitespace().nth(1))
        .collect();
    assert!(rows.len() > 50);
    let mut once = rows.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once.len(), rows.len());
    assert!(rows.contains(&"one_option:_site_3"), "{rows:?}");
    assert!(
        rows.iter().any(|row| row.starts_with("in_a_full_set:_service_2_at_site_")),
        "{rows:?}"
    );
    assert!(text.contains("\n BV BND site_3:_"), "{text}");
}

#[test]
fn no_time_at_all_leaves_today() {
    let problem = estate(BOROUGH, 3, 0.0);
    let settings = Settings { time_limit_seconds: 0.0, ..Settings::default() };

    let outcome = solve(&problem, &settings, &mut ());

    assert!(outcome.today_is_feasible);
    assert_eq!(outcome.status, Status::Stopped);
    assert!(outcome.objective.unwrap() <= 0.0);
}

#[test]
fn the_same_question_has_the_same_answer() {
    let problem = estate(SMALL, 5, 0.05);
    let answer = || {
        let mut outcome = solve(&problem, &Settings::default(), &mut ());
        outcome.seconds = 0.0;
        outcome.history.iter_mut().for_each(|p| p.seconds = 0.0);
        outcome
    };

    assert_eq!(answer(), answer());
}

#[test]
fn a_gap_that_is_asked_for_is_reached_and_said() {
    let problem = estate(SMALL, 5, 0.05);
    let settings = Settings { gap: 0.2, ..Settings::default() };

    let outcome = solve(&problem, &settings, &mut ());

    assert!(matches!(outcome.status, Status::WithinGap | Status::Optimal));
    let (objective, bound) = (outcome.objective.unwrap(), outcome.bound.unwrap());
    assert!(bound <= objective);
    assert!((outcome.gap.unwrap() - (objective - bound) / objective.abs()).abs() < 1e-12);
    assert!(outcome.gap.unwrap() <= 0.2);
}

#[test]
fn nothing_to_decide_is_decided() {
    let outcome = solve(&Problem::default(), &Settings::default(), &mut ());

    assert_eq!(outcome.status, Status::Optimal);
    assert_eq!(outcome.plan, Some(Plan::default()));
    assert_eq!((outcome.objective, outcome.bound), (Some(0.0), Some(0.0)));
}

#[test]
fn a_malformed_problem_is_refused_with_its_place() {
    type Spoil = fn(&mut Problem);
    let cases: [(&str, Spoil); 16] = [
        ("site 1", |p| p.sites[1].options.clear()),
        ("site 1", |p| p.sites[1].today = 9),
        ("site 1", |p| p.sites[1].allowed = vec![4]),
        ("site 1 \"site 1\", option 2", |p| p.sites[1].options[2].room.clear()),
        ("site 1 \"site 1\", option 2", |p| p.sites[1].options[2].cost = f64::NAN),
        ("site 1 \"site 1\", option 2", |p| p.sites[1].options[2].room[0] = f64::INFINITY),
        ("unit 0", |p| p.units[0].places.clear()),
        ("unit 0", |p| p.units[0].today = Some(99)),
        ("unit 0", |p| p.units[0].need = vec![1.0]),
        ("unit 0", |p| p.units[0].need[1] = -1.0),
        ("unit 0 \"service 0\", place 3", |p| p.units[0].places[3].site = 99),
        ("unit 0 \"service 0\", place 3", |p| p.units[0].places[3].admitted_by = vec![4]),
        ("coverage 2", |p| p.coverage[2].price = f64::NEG_INFINITY),
        ("coverage 2", |p| p.coverage[2].points[0].weight = f64::NAN),
        ("limit 0", |p| p.limits[0].low = Some(f64::NAN)),
        ("limit 0", |p| p.limits[0].terms[0] = LimitTerm::Place { unit: 0, place: 77, by: 1.0 }),
    ];
    for (at, spoil) in cases {
        let mut problem = estate(SMALL, 5, 0.05);
        spoil(&mut problem);

        let outcome = solve(&problem, &Settings::default(), &mut ());

        assert_eq!(outcome.status, Status::Malformed);
        let Some(Trouble::Malformed(fault)) = outcome.trouble else { panic!("no trouble: {at}") };
        assert!(fault.at.starts_with(at), "{fault} is not about {at}");
    }
}

#[test]
fn a_unit_nothing_admits_makes_a_problem_infeasible() {
    let mut problem = estate(SMALL, 5, 0.0);
    problem.units[3].places.iter_mut().for_each(|place| place.admitted_by.clear());

    let outcome = solve(&problem, &Settings::default(), &mut ());

    assert_eq!((outcome.status, outcome.plan), (Status::Infeasible, None));
}

#[test]
fn a_limit_on_nothing_is_met_or_infeasible() {
    let limit = |low| Limit { family: "any".to_owned(), low, ..Limit::default() };
    let with = |low| Problem { limits: vec![limit(Some(low))], ..Problem::default() };

    assert_eq!(solve(&with(0.0), &Settings::default(), &mut ()).status, Status::Optimal);
    assert_eq!(solve(&with(1.0), &Settings::default(), &mut ()).status, Status::Infeasible);
}

type Search = fn(&Problem, &Settings, &mut dyn Watch) -> Outcome;

#[test]
fn limits_in_branches_leave_the_same_bytes_however_busy_the_machine_is() {
    let cost = |i: i32, r: i32| f64::from((i * 37 + r * 91).rem_euclid(101) + (i - r).abs()) / 3.0;
    let costs: Vec<Vec<f64>> = (0..40).map(|r| (0..40).map(|i| cost(i, r)).collect()).collect();
    let whole = estate(SMALL, 3, 0.05);
    let mut divided = whole.clone();
    divided.units.iter_mut().for_each(|unit| unit.is_divisible = true);
    let medians = classic::p_median(&costs, 6);
    let searches: [(&str, Search, &Problem); 5] = [
        ("HiGHS", solve_whole, &whole),
        ("moves, then HiGHS", solve, &whole),
        ("a pure problem, narrowed", solve, &medians),
        ("prices and parts", solve_priced, &divided),
        ("prices and moves", solve_priced, &whole),
    ];
    for (name, search, problem) in searches {
        let told = || {
            let settings = Settings {
                time_limit_seconds: f64::INFINITY,
                branches: Some(5),
                seed: 5,
                ..Settings::default()
            };
            let outcome = search(problem, &settings, &mut ());
            assert_eq!(outcome.trouble, None, "{name}");
            let bytes = (outcome.status, &outcome.plan, outcome.objective, outcome.bound);
            serde_json::to_string(&bytes).unwrap()
        };
        let alone = told();
        assert!(alone.contains("options"), "{name} found no plan: {alone}");
        let beside: Vec<String> = std::thread::scope(|scope| {
            let searches = [(), (), ()].map(|()| scope.spawn(told));
            searches.into_iter().map(|search| search.join().unwrap()).collect()
        });
        assert!(beside.iter().all(|other| *other == alone), "{name}: {alone} {beside:?}");
    }
}

#[test]
fn a_linear_program_told_to_stop_proves_no_more_than_is_true() {
    // Every site settled, every unit divided: no whole numbers are left, and all costs are below zero.
    let mut problem = estate(BOROUGH, 3, 0.0);
    for site in &mut problem.sites {
        site.allowed = vec![site.today];
    }
    for unit in &mut problem.units {
        unit.is_divisible = true;
        unit.places.iter_mut().for_each(|place| place.cost -= 1e6);
    }
    let best = solve_whole(&problem, &Settings::default(), &mut ());
    assert_eq!(best.status, Status::Optimal);

    let stopped = solve_whole(&problem, &Settings::default(), &mut Notes::until(0));

    assert_eq!(stopped.trouble, None);
    assert!(best.objective < Some(0.0));
    let most = best.objective.map(|cost| cost + 1e-6 * cost.abs());
    assert!(stopped.bound <= most, "{:?} {:?}", stopped.bound, best.objective);
}

#[test]
fn companions_with_one_place_left_each_apart_have_no_plan() {
    // The second does not fit where alone the first may be.
    let site = |name: &str, room| Site {
        name: name.to_owned(),
        options: vec![Opt { name: "keep".to_owned(), cost: 1.0, room: vec![room] }],
        ..Site::default()
    };
    let place =
        |site, admitted_by: &[usize]| Place { site, admitted_by: admitted_by.to_vec(), cost: 1.0 };
    let unit = |name: &str, need, at_elm_road: &[usize]| Unit {
        name: name.to_owned(),
        need: vec![need],
        places: vec![place(0, at_elm_road), place(1, &[0])],
        together: Some(1),
        ..Unit::default()
    };
    let with = |second: Unit| Problem {
        resources: vec!["rooms".to_owned()],
        sites: vec![site("Elm Road", 9.0), site("Mill Lane", 1.0)],
        units: vec![unit("clinic", 0.0, &[]), second],
        ..Problem::default()
    };
    let status = |problem: &Problem| {
        let outcome = solve(problem, &Settings::default(), &mut ());
        assert_eq!(outcome.trouble, None);
        outcome.status
    };

    assert_eq!(status(&with(unit("nurses", 3.0, &[0]))), Status::Infeasible);
    assert_eq!(status(&with(unit("nurses", 1.0, &[0]))), Status::Optimal);
}

#[test]
fn the_check_sees_every_kind_of_wrong_plan() {
    let mut problem = estate(SMALL, 5, 0.0);
    problem.units[1].together = Some(1);
    problem.units[0].together = Some(1);
    problem.sites[2].allowed = vec![0];
    let today = Plan::today(&problem).unwrap();
    let breaks = |change: &dyn Fn(&mut Plan)| {
        let mut plan = today.clone();
        change(&mut plan);
        let mut rules: Vec<Rule> = check(&problem, &plan).into_iter().map(|v| v.rule).collect();
        rules.sort_unstable();
        rules.dedup();
        rules
    };
    let whole = |place| vec![Share { place, share: 1.0 }];

    assert!(breaks(&|p| p.options[2] = 3).contains(&Rule::OneOption));
    assert!(breaks(&|p| p.options[0] = 3).contains(&Rule::Admission));
    assert!(breaks(&|p| p.options[0] = 3).contains(&Rule::Room));
    assert!(breaks(&|p| p.options.truncate(3)).contains(&Rule::Shape));
    assert!(breaks(&|p| p.shares[0] = whole(99)).contains(&Rule::Shape));
    assert!(breaks(&|p| p.shares[0].clear()).contains(&Rule::OnePlace));
    assert!(breaks(&|p| p.shares[0][0].share = 0.5).contains(&Rule::OnePlace));
    assert!(breaks(&|_| ()).contains(&Rule::Together));
    assert!(breaks(&|p| p.covered[0] += 5.0).contains(&Rule::Covered));
    let closures = LimitTerm::Option { site: 0, option: 0, by: 1.0 };
    problem.limits[0] = Limit { terms: vec![closures], high: Some(0.5), ..Limit::default() };
    problem.coverage[0].needed = 1e9;
    let rules: Vec<Rule> = check(&problem, &today).into_iter().map(|v| v.rule).collect();
    assert!(rules.contains(&Rule::Limit) && rules.contains(&Rule::CoverageFloor), "{rules:?}");
}

#[test]
fn nearly_whole_needs_all_the_room_and_less_than_nothing_makes_none() {
    let site = |name: &str, room| Site {
        name: name.to_owned(),
        options: vec![Opt { room: vec![room], ..Opt::default() }],
        ..Site::default()
    };
    let place = |site| Place { site, admitted_by: vec![0], cost: 1.0 };
    let unit = |need| Unit {
        need: vec![need],
        places: vec![place(0), place(1)],
        is_divisible: true,
        ..Unit::default()
    };
    let mut problem = Problem {
        resources: vec!["m2".to_owned()],
        sites: vec![site("Elm Road", 1000.0), site("Mill Lane", 1000.0)],
        units: vec![unit(1000.0), unit(1e6)],
        ..Problem::default()
    };
    let rooms = |problem: &Problem, first: f64, second: f64| {
        let shares = |share| {
            let at = [Share { place: 0, share }, Share { place: 1, share: 1.0 - share }];
            at.to_vec()
        };
        let plan = Plan::of(problem, vec![0, 0], vec![shares(first), shares(second)]);
        let broken = check(problem, &plan).into_iter().filter(|v| v.rule == Rule::Room);
        broken.map(|violation| violation.name).collect::<Vec<_>>()
    };

    // A millionth below nothing of the second would be room for a metre more.
    problem.sites[1].options[0].room = vec![2e6];
    assert!(rooms(&problem, 1.0, -1e-6).is_empty());
    problem.sites[0].options[0].room = vec![999.1];
    assert_eq!(rooms(&problem, 1.0, -1e-6), ["m2 at Elm Road"]);
    // A millionth of a unit that must stay whole is not elsewhere.
    problem.units[0].is_divisible = false;
    problem.sites[0].options[0].room = vec![1000.0 - 0.0015];
    assert_eq!(rooms(&problem, 1.0 - 9e-7, 0.0), ["m2 at Elm Road"]);
    problem.units[0].is_divisible = true;
    assert!(rooms(&problem, 1.0 - 9e-7, 0.0).is_empty());
}

#[test]
fn a_divided_unit_fills_what_room_there_is() {
    let mut problem = estate(SMALL, 5, 0.0);
    let place = |site, cost| Place { site, admitted_by: vec![0], cost };
    problem.sites.truncate(2);
    for site in &mut problem.sites {
        site.allowed = vec![0];
        site.options[0].room = vec![10.0, 10.0];
    }
    problem.coverage.clear();
    problem.limits.clear();
    problem.units = vec![Unit {
        need: vec![16.0, 8.0],
        places: vec![place(0, 100.0), place(1, 200.0)],
        is_divisible: true,
        ..Unit::default()
    }];

    let outcome = solve(&problem, &Settings::default(), &mut ());

    assert_eq!(outcome.status, Status::Optimal);
    let plan = outcome.plan.unwrap();
    assert!((plan.share(0, 0) - 0.625).abs() < 1e-9, "{plan:?}");
    assert!((outcome.objective.unwrap() - 137.5).abs() < 1e-6);
}

#[test]
fn the_record_names_the_solver() {
    let words = version();

    assert!(words.starts_with("HiGHS 1.") && words.ends_with("good_lp 1.15.3"), "{words}");
    let lock = include_str!("../../../Cargo.lock");
    assert!(lock.contains("name = \"good_lp\"\nversion = \"1.15.3\""), "good_lp is another now");
}
