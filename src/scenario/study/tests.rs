//! A run asked about itself, on towns small enough to know the answer.

use super::super::fixture::{Built, Town, code, noon, rules, within_walk};
use super::super::{Lock, LockKind, Run, RunStatus, Scenario};
use super::*;
use crate::access::Group;
use crate::register::{Field, Pence};

/// Keeps runs in a list.
#[derive(Default)]
struct Desk {
    kept: Vec<Run>,
}

impl Watch for Desk {
    fn progress(&mut self, _: solver::Progress) {}
    fn is_cancelled(&self) -> bool {
        false
    }
}

impl Follow for Desk {
    fn step(&mut self, _: f64, _: &str) {}
    fn keep(&mut self, run: &Run) -> Result<u64, String> {
        self.kept.push(run.clone());
        Ok(self.kept.len() as u64)
    }
}

fn asked_of(
    built: &Built,
    run: &Run,
    question: StudyQuestion,
    desk: &mut Desk,
) -> Result<Study, StudyError> {
    let asking = Asking { run: 7, author: "test".to_owned(), at: noon() };
    study(&built.estate(), run, question, &rules(), asking, desk)
}

fn whys(built: &Built, run: &Run, question: StudyQuestion) -> Whys {
    let study = asked_of(built, run, question, &mut Desk::default()).unwrap();
    let StudyAnswer::Why(whys) = study.answer else { panic!("{:?}", study.answer) };
    whys
}

fn three() -> Town {
    Town::of_two().site("CCC01", 0.0, 300.0).practice("CCC01-GP", "CCC01", 90.0)
}

#[test]
fn the_exact_cost_of_the_opposite_is_the_difference_of_two_runs() {
    let built = three().built();
    let run = built.answer(built.question()).unwrap();
    let value = Objective::FundValue.of(&run, &built.register).unwrap();
    let closed = run.proposal.as_ref().unwrap().actions.iter();
    let closed = closed.filter(|action| action.option == OptionKind::Dispose).collect::<Vec<_>>();
    assert!(!closed.is_empty());

    for action in closed {
        let whys = whys(&built, &run, StudyQuestion::WhySite { site: action.site.clone() });

        // Locked to stay open, the best there is.
        let lock = Lock { site: action.site.clone(), kind: LockKind::Keep, why: String::new() };
        let other = built.answer(Scenario { locks: vec![lock], ..built.question() }).unwrap();
        let other = Objective::FundValue.of(&other, &built.register).unwrap();
        let row = whys.rows.iter().find(|row| row.tenancy.is_none()).unwrap();
        assert_eq!(row.known, solver::Known::Exactly);
        let cost = row.high.unwrap();
        // A moved-out tenancy may stay away from a kept site in the search; a lock keeps it there. So at most as dear.
        assert!(cost <= value - other + 1.0 && cost >= -1.0, "{cost} of {}", value - other);
        assert!(row.changes.iter().any(|change| change.site == action.site));
        assert!(row.binds.is_some());
    }
}

#[test]
fn intervals_hold_the_exact_cost() {
    let built = three().built();
    let run = built.answer(built.question()).unwrap();

    let at_once = whys(&built, &run, StudyQuestion::Why);

    assert_eq!(at_once.rows.iter().filter(|row| row.tenancy.is_none()).count(), 3);
    for row in at_once.rows.iter().filter(|row| row.tenancy.is_none()) {
        let exact = whys(&built, &run, StudyQuestion::WhySite { site: row.site.clone() });
        let exact = exact.rows.iter().find(|other| other.tenancy.is_none()).unwrap();
        let Some(truth) = exact.high else { continue };
        assert!(row.low.is_none_or(|low| low <= truth + 1.0), "{row:?} {truth}");
        assert!(row.high.is_none_or(|high| high >= truth - 1.0), "{row:?} {truth}");
    }
}

#[test]
fn the_opposite_of_what_must_be_is_impossible_and_the_rule_is_named() {
    // Only AAA01 may close: locked so, and nobody else can take its practice but BBB01.
    let built = Town::of_two().built();
    let lock = Lock { site: code("AAA01"), kind: LockKind::Close, why: "decided".to_owned() };
    let run = built.answer(Scenario { locks: vec![lock], ..built.question() }).unwrap();

    let whys = whys(&built, &run, StudyQuestion::WhySite { site: code("BBB01") });

    let site = whys.rows.iter().find(|row| row.tenancy.is_none()).unwrap();
    let gp = whys.rows.iter().find(|row| row.tenancy.is_some());
    assert!(site.known == solver::Known::Exactly || site.known == solver::Known::Impossible);
    if let Some(gp) = gp {
        assert_eq!(gp.known, solver::Known::Impossible, "{gp:?}");
        let binds = gp.binds.as_deref().unwrap();
        assert!(binds.contains("closes AAA01 Health Centre (AAA01)"), "{binds}");
        assert!(binds.contains("unless"), "{binds}");
    }
    let at_once = self::whys(&built, &run, StudyQuestion::Why);
    let gp = at_once.rows.iter().find(|row| row.tenancy.is_some()).unwrap();
    assert_eq!(gp.known, solver::Known::Impossible);
    assert!(
        gp.binds.as_deref().unwrap().starts_with("No other choice is left: what is decided"),
        "{gp:?}"
    );
}

#[test]
fn a_frontier_has_no_dominated_point_and_each_is_a_run_that_keeps_the_rules() {
    // DDD01 could take everybody. It brings nothing and saves nothing, but has the most space to free.
    let built = three()
        .site("DDD01", 200.0, 200.0)
        .practice("DDD01-GP", "DDD01", 20.0)
        .set("DDD01", Field::Valuation, "1000")
        .set("DDD01", Field::RunningCost, "0")
        .set("DDD01", Field::BacklogTotal, "0")
        .set("DDD01", Field::EmptyArea, "500")
        .built();
    let run = built.answer(built.question()).unwrap();
    let mut desk = Desk::default();

    let question = StudyQuestion::Frontier {
        sought: Objective::FundValue,
        against: Objective::SpaceReleased,
        points: 6,
    };
    let found = asked_of(&built, &run, question, &mut desk).unwrap();

    let StudyAnswer::Frontier(frontier) = &found.answer else { panic!("{:?}", found.answer) };
    assert!(frontier.points.len() >= 2, "{frontier:?}");
    assert!(!found.is_cut_short);
    for pair in frontier.points.windows(2) {
        assert!(pair[0].sought > pair[1].sought && pair[0].against < pair[1].against, "{pair:?}");
    }
    assert_eq!(desk.kept.len(), frontier.points.len());
    for (point, kept) in frontier.points.iter().zip(&desk.kept) {
        assert_eq!(kept.breaches, Vec::<String>::new());
        assert_eq!(Objective::SpaceReleased.of(kept, &built.register), Some(point.against));
        // Asked alone, the point's question has the point's answer.
        let again = built.answer(kept.scenario.clone()).unwrap();
        assert_eq!(again.breaches, Vec::<String>::new());
        let value = Objective::FundValue.of(&again, &built.register).unwrap();
        assert!((value - point.sought).abs() < 1.0, "{value} {}", point.sought);
    }
    // The last has as much as there can be.
    let most = frontier.points.last().unwrap().against;
    assert!((frontier.at_best.unwrap() - most).abs() < 1e-6, "{frontier:?}");
}

#[test]
fn a_plan_held_to_an_amount_keeps_to_it_or_says_why_not() {
    let built = Town::of_two().built();
    let held = |to| Scenario {
        held: vec![super::super::Held { amount: Objective::SpaceReleased, to }],
        ..built.question()
    };

    let kept = built.answer(held(200.0)).unwrap();
    let refused = built.answer(held(500.0)).unwrap();

    assert_eq!(kept.breaches, Vec::<String>::new());
    assert!(Objective::SpaceReleased.of(&kept, &built.register).unwrap() >= 200.0);
    assert_eq!(refused.solver.status, RunStatus::Infeasible);
    let told = &refused.solver.clash[0];
    assert!(told.contains("unused space released is"), "{told}");
}

#[test]
fn the_best_few_plans_differ_and_the_shares_add_up() {
    let built = three().built();
    let run = built.answer(built.question()).unwrap();

    let question = StudyQuestion::Portfolio { plans: 4, within: 1.0 };
    let found = asked_of(&built, &run, question, &mut Desk::default()).unwrap();

    let StudyAnswer::Portfolio(found) = found.answer else { panic!() };
    assert!(found.is_proved);
    assert!(found.plans.len() > 1);
    assert!(found.plans[0].worse_by.abs() < 1e-9);
    assert!(found.plans.windows(2).all(|pair| pair[0].worse_by <= pair[1].worse_by));
    let closures: usize = found.plans.iter().map(|plan| plan.closes.len()).sum();
    let counted: u64 = found.sites.iter().map(|site| site.closes_in).sum();
    assert_eq!(closures as u64, counted);
    for site in &found.sites {
        assert!((site.share - site.closes_in as f64 / found.plans.len() as f64).abs() < 1e-12);
    }
}

#[test]
fn a_survey_list_names_the_site_whose_gate_decides() {
    // BBB01 could take AAA01's practice but for an item nobody surveyed, and works are impractical.
    let town = Town::of_two()
        .forget("BBB01", Field::Access01)
        .set("BBB01", Field::FacetCondition, "CX")
        .set("AAA01", Field::EmptyArea, "0");
    let built = town.built();
    let run = built.answer(built.question()).unwrap();

    let found = asked_of(&built, &run, StudyQuestion::Survey, &mut Desk::default()).unwrap();

    let StudyAnswer::Survey(list) = found.answer else { panic!() };
    let site = list.rows.iter().find(|row| row.site == code("AAA01") && row.tenancy.is_none());
    let site = site.unwrap_or_else(|| panic!("{list:?}"));
    assert_eq!((site.as_no.as_str(), site.as_yes.as_str()), ("keep", "close"));
    assert!(site.at_stake.unwrap() > 0.0);
    let gp = list.rows.iter().find(|row| row.tenancy.is_some()).unwrap();
    assert_eq!(gp.items, [(code("BBB01"), vec![1])]);
    assert!(list.as_yes.unwrap() < list.as_no.unwrap());
}

#[test]
fn with_everything_surveyed_there_is_nothing_to_survey() {
    let built = three().built();
    let run = built.answer(built.question()).unwrap();

    let found = asked_of(&built, &run, StudyQuestion::Survey, &mut Desk::default()).unwrap();

    let StudyAnswer::Survey(list) = found.answer else { panic!() };
    assert_eq!(list.rows, []);
    assert_eq!(list.as_no, list.as_yes);
}

#[test]
fn an_infeasible_question_is_answered_in_a_sentence_with_its_ways_out() {
    // AAA01 must close, and it is the only one near enough for the west.
    let town = Town::of_two().site("CCC01", 1_900.0, 0.0).practice("CCC01-GP", "CCC01", 90.0).zone(
        "E01000003",
        -1_000.0,
        0.0,
        4_000,
    );
    let built = town.built();
    let lock = |site: &str, kind| Lock { site: code(site), kind, why: "decided".to_owned() };
    let question = Scenario {
        locks: vec![lock("AAA01", LockKind::Close)],
        standards: vec![within_walk(0.95, Group::Everyone)],
        journey_share_beyond: 1.0,
        ..built.question()
    };

    let run = built.answer(question).unwrap();

    if run.solver.status == RunStatus::Infeasible {
        let told = &run.solver.clash[0];
        assert!(told.starts_with("No plan "), "{told}");
        assert!(told.contains("AAA01 Health Centre (AAA01) stays open"), "{told}");
        assert!(told.contains("the share in Camden is"), "{told}");
    } else {
        panic!("{:?}", run.solver);
    }
}

#[test]
fn a_lock_to_stay_open_that_stands_in_the_way_of_the_fund_is_named() {
    let built = Town::of_two().built();
    let keep = |site: &str| Lock { site: code(site), kind: LockKind::Keep, why: "ours".to_owned() };
    let question = Scenario {
        locks: vec![keep("AAA01"), keep("BBB01")],
        fund_asked: Pence::pounds(1_000_000),
        ..built.question()
    };

    let run = built.answer(question).unwrap();

    assert_eq!(run.solver.status, RunStatus::Infeasible);
    let told = &run.solver.clash[0];
    assert!(told.contains("Health Centre"), "{told}");
    assert!(told.contains("may close"), "{told}");
    assert!(told.contains("the fund is at most about £"), "{told}");
}

#[test]
fn a_run_without_a_plan_and_a_site_out_of_reach_are_refused_in_words() {
    let built = Town::of_two().built();
    let run = built.answer(built.question()).unwrap();
    let none = Scenario { fund_asked: Pence::pounds(1_000_000_000), ..built.question() };
    let none = built.answer(none).unwrap();
    let ask = |run: &Run, question| asked_of(&built, run, question, &mut Desk::default());

    assert_eq!(ask(&none, StudyQuestion::Why).unwrap_err(), StudyError::NoPlan(7));
    let stranger = ask(&run, StudyQuestion::WhySite { site: code("ZZZ01") }).unwrap_err();
    assert!(stranger.to_string().contains("does not decide about it"), "{stranger}");
    let (sought, against) = (Objective::Fund, Objective::Fund);
    let same = ask(&run, StudyQuestion::Frontier { sought, against, points: 5 }).unwrap_err();
    assert!(same.to_string().contains("between two amounts"), "{same}");
    let none = ask(&run, StudyQuestion::Portfolio { plans: 1, within: 0.1 }).unwrap_err();
    assert!(none.to_string().contains("2 to 50"), "{none}");
}
