//! The whole way through `answer`, on towns small enough to know the answer.

use proptest::prelude::*;

use crate::access::{Centile, Group, Limit, Standard};
use crate::fund::{LineKind, OptionKind};
use crate::register::{Field, Minutes, Pence, ServiceLine, Word};
use crate::travel::{MatrixRow, Missing, Mode, from_matrix};

use super::fixture::{Built, Town, code, figures, rules, tenancy, within_walk};
use super::{
    Lock, LockKind, Objective, Proposal, Reason, Run, RunStatus, Scenario, ScenarioError, ScopeOf,
    verify,
};

fn lock(site: &str, kind: LockKind) -> Lock {
    Lock { site: code(site), kind, why: "the board said so".to_owned() }
}

fn closing_a(question: Scenario) -> Scenario {
    Scenario { locks: vec![lock("AAA01", LockKind::Close)], ..question }
}

fn proposal(run: &Run) -> &Proposal {
    run.proposal.as_ref().unwrap_or_else(|| panic!("no proposal: {:?}", run.solver))
}

fn option(run: &Run, site: &str) -> OptionKind {
    proposal(run).actions.iter().find(|action| action.site == code(site)).unwrap().option
}

fn reasons<'a>(run: &'a Run, site: &str) -> Vec<&'a str> {
    let action = proposal(run).actions.iter().find(|action| action.site == code(site)).unwrap();
    action.reasons.iter().map(|reason| reason.code.as_str()).collect()
}

fn closed(run: &Run) -> Vec<&str> {
    let closed = proposal(run).actions.iter().filter(|a| a.option == OptionKind::Dispose);
    closed.map(|action| action.site.as_str()).collect()
}

fn answered(town: &Town, change: impl FnOnce(Scenario) -> Scenario) -> Run {
    let built = town.built();
    let run = built.answer(change(built.question())).unwrap();
    assert_eq!(run.breaches, Vec::<String>::new());
    run
}

#[test]
fn of_two_half_used_surgeries_one_closes_and_its_practice_moves_to_the_other() {
    let run = answered(&Town::of_two(), |question| question);

    assert_eq!(run.solver.status, RunStatus::Optimal);
    assert_eq!(closed(&run).len(), 1);
    let [moved] = proposal(&run).moves.as_slice() else { panic!("{:?}", proposal(&run).moves) };
    assert!((moved.metres - 400.0).abs() < 1e-9);
    assert!(moved.minutes_after.unwrap().0 > moved.minutes_before.unwrap().0);
    assert!(reasons(&run, closed(&run)[0]).contains(&"consolidated"));
}

#[test]
fn a_closed_site_houses_nothing() {
    let run = answered(&Town::of_two(), closing_a);

    assert_eq!(option(&run, "AAA01"), OptionKind::Dispose);
    assert_eq!(proposal(&run).moves[0].tenancy, tenancy("AAA01-GP"));
    assert!(proposal(&run).moves.iter().all(|moved| moved.to != code("AAA01")));
    assert!(reasons(&run, "AAA01").contains(&"lock_close"));
}

#[test]
fn a_site_with_an_unknown_gate_never_receives_without_works() {
    let town = Town::of_two().forget("BBB01", Field::Access01);

    let improved = answered(&town, closing_a);
    assert_eq!(option(&improved, "BBB01"), OptionKind::Improve);

    let impractical = town.set("BBB01", Field::FacetCondition, "CX");
    let run = answered(&impractical, closing_a);
    assert_eq!(run.solver.status, RunStatus::Infeasible);
    assert!(run.solver.clash[0].contains("unknown access gates"), "{:?}", run.solver.clash);
}

#[test]
fn works_that_nobody_can_price_mend_nothing() {
    let town = Town::of_two().set("BBB01", Field::Access01, "no");

    let run = answered(&town, |question| {
        let mut question = closing_a(question);
        question.assumptions.figures.remove("works.access_01.gbp");
        question
    });

    assert_eq!(run.solver.status, RunStatus::Infeasible);
}

#[test]
fn the_last_inclusion_site_stays() {
    let town = Town::of_two().tenancy("AAA01-HH", "AAA01", ServiceLine::Inclusion, 20.0);

    let run = answered(&town, |question| question);

    assert_eq!(closed(&run), ["BBB01"]);
    assert!(reasons(&run, "AAA01").contains(&"last_inclusion_site"));
}

#[test]
fn of_two_inclusion_sites_one_keeps_its_service() {
    let town = Town::of_two()
        .tenancy("AAA01-HH", "AAA01", ServiceLine::Inclusion, 10.0)
        .tenancy("BBB01-HH", "BBB01", ServiceLine::Inclusion, 10.0)
        .site("CCC01", 0.0, 300.0)
        .set("CCC01", Field::EmptyArea, "600");

    let run = answered(&town, |question| question);

    let moved: Vec<_> = proposal(&run).moves.iter().map(|moved| moved.tenancy.as_str()).collect();
    assert!(!moved.is_empty());
    assert!(!(moved.contains(&"AAA01-HH") && moved.contains(&"BBB01-HH")), "{moved:?}");
}

#[test]
fn the_receipt_of_gp_owned_premises_never_reaches_the_fund() {
    let town = Town::of_two().set("AAA01", Field::Tenure, "gp_owned").set(
        "AAA01",
        Field::ReceiptAccruesTo,
        "gp_partners",
    );

    let run = answered(&town, |question| Scenario {
        fund_asked: Pence::pounds(-50_000_000),
        ..closing_a(question)
    });

    let own = || run.ledger.lines.iter().filter(|line| line.site == code("AAA01"));
    assert!(own().any(|line| line.kind == LineKind::Receipt && line.amount > Pence::ZERO));
    assert!(!own().any(|line| line.in_fund && line.amount > Pence::ZERO));
}

#[test]
fn a_site_locked_both_ways_is_refused() {
    let built = Town::of_two().built();
    let locks = vec![lock("AAA01", LockKind::Keep), lock("AAA01", LockKind::Close)];

    let refused = built.answer(Scenario { locks, ..built.question() }).unwrap_err();

    assert_eq!(refused, ScenarioError::LocksClash { site: code("AAA01") });
    assert!(refused.to_string().contains("AAA01 is locked both"));
}

#[test]
fn a_lock_on_an_unknown_site_or_outside_the_scope_is_refused() {
    let built = Town::of_two()
        .site("CCC01", 50.0, 0.0)
        .set("CCC01", Field::BoroughCode, "E09000001")
        .built();
    let asked = |site: &str| Scenario {
        locks: vec![lock(site, LockKind::Close)],
        scope: ScopeOf::Boroughs(vec!["E09000007".to_owned()]),
        ..built.question()
    };

    let unknown = built.answer(asked("ZZZ99")).unwrap_err();
    let outside = built.answer(asked("CCC01")).unwrap_err();

    assert_eq!(unknown, ScenarioError::LockOnUnknownSite { site: code("ZZZ99") });
    assert!(matches!(outside, ScenarioError::LockOutsideScope { .. }), "{outside}");
}

#[test]
fn a_scope_without_sites_is_refused() {
    let built = Town::of_two().built();
    let scope = ScopeOf::Icb("QXX".to_owned());

    let refused = built.answer(Scenario { scope, ..built.question() }).unwrap_err();

    assert!(matches!(refused, ScenarioError::EmptyScope { .. }));
}

#[test]
fn a_lever_out_of_range_is_refused() {
    let built = Town::of_two().built();
    for bad in [
        Scenario { journey_share_beyond: f64::NAN, ..built.question() },
        Scenario { gap: -0.1, ..built.question() },
        Scenario { time_limit_seconds: f64::INFINITY, ..built.question() },
        Scenario { horizon_years: 0, ..built.question() },
        Scenario { capital_available: Pence(-1), ..built.question() },
        Scenario { standards: vec![within_walk(1.5, Group::Everyone)], ..built.question() },
    ] {
        let refused = built.answer(bad).unwrap_err();
        assert!(matches!(refused, ScenarioError::BadLever { .. }), "{refused}");
    }
}

#[test]
fn a_fund_that_cannot_be_reached_is_explained() {
    let run = answered(&Town::of_two(), |question| Scenario {
        fund_asked: Pence::pounds(1_000_000_000),
        ..question
    });

    assert_eq!(run.solver.status, RunStatus::Infeasible);
    assert!(run.proposal.is_none());
    let told = run.solver.clash.join("\n");
    assert!(told.contains("the fund asked for, £1,000,000,000.00"), "{told}");
    assert!(told.contains("at most about £"), "{told}");
}

#[test]
fn a_resident_exactly_at_the_limit_is_inside() {
    // 1,000 m from AAA01 and more from BBB01: while AAA01 is open, everybody is inside.
    let town = Town::of_two().zone("E01000003", -1000.0, 0.0, 500);
    let mut standard = within_walk(1.0, Group::Everyone);
    standard.limit = Limit::Metres(1000.0);

    let run = answered(&town, |question| Scenario {
        standards: vec![standard],
        journey_share_beyond: 1.0,
        ..question
    });

    assert_eq!(closed(&run), ["BBB01"]);
    assert_eq!(proposal(&run).access_after[0].total.beyond, 0);
}

#[test]
fn people_who_need_step_free_access_keep_theirs() {
    // BBB01 fails a gate and cannot be mended; AAA01 is the only step-free surgery.
    let town = Town::of_two().set("BBB01", Field::Access01, "no").set(
        "BBB01",
        Field::FacetCondition,
        "DX",
    );

    let run = answered(&town, |question| Scenario {
        standards: vec![within_walk(0.8, Group::StepFree)],
        ..question
    });

    assert_eq!(closed(&run), ["BBB01"]);
}

#[test]
fn the_same_question_gives_the_same_bytes() {
    let built =
        Town::of_two().site("CCC01", 0.0, 300.0).practice("CCC01-GP", "CCC01", 90.0).built();
    let answer = || {
        let run = built.answer(built.question()).unwrap();
        let parts =
            (&run.input_hash, &run.proposal, &run.ledger, &run.projection, run.solver.objective);
        serde_json::to_string(&parts).unwrap()
    };

    assert_eq!(answer(), answer());
}

#[test]
fn another_register_gives_another_hash() {
    let hash = |town: Town| {
        let built = town.built();
        built.answer(built.question()).unwrap().input_hash
    };

    let same = hash(Town::of_two());
    let other = hash(Town::of_two().set("AAA01", Field::BacklogTotal, "100000.01"));

    assert_eq!(same.len(), 64);
    assert_ne!(same, other);
}

#[test]
fn no_closures_in_a_borough_means_none() {
    let run = answered(&Town::of_two(), |question| Scenario {
        closures_per_borough: Some(0),
        ..question
    });

    assert!(closed(&run).is_empty());
    assert!(reasons(&run, "AAA01").contains(&"rule_binds"), "{:?}", reasons(&run, "AAA01"));
}

#[test]
fn pfi_premises_stay_and_a_lock_to_close_them_is_answered_in_words() {
    let town = Town::of_two().set("AAA01", Field::Tenure, "pfi");

    let run = answered(&town, |question| question);
    assert_eq!(closed(&run), ["BBB01"]);

    let locked = answered(&town, closing_a);
    assert_eq!(locked.solver.status, RunStatus::Infeasible);
    assert!(
        locked.solver.clash[0].contains("(AAA01) is locked to close, but it cannot"),
        "{:?}",
        locked.solver.clash
    );
}

#[test]
fn an_empty_site_is_sold_and_nobody_moves() {
    let town = Town::of_two().site("CCC01", 0.0, 5000.0).set("CCC01", Field::Status, "unoccupied");

    let run = answered(&town, |question| Scenario { closures_per_borough: Some(0), ..question });

    assert_eq!(closed(&run), ["CCC01"]);
    assert!(proposal(&run).moves.is_empty());
}

#[test]
fn closed_aggregate_and_unlocated_sites_never_decide() {
    let town = Town::of_two()
        .site("CCC01", 0.0, 300.0)
        .set("CCC01", Field::Status, "closed")
        .site("DDD01", 0.0, 300.0)
        .set("DDD01", Field::IsAggregate, "yes")
        .site("EEE01", 0.0, 300.0)
        .forget("EEE01", Field::Location);

    let run = answered(&town, |question| question);

    let sites: Vec<&str> = proposal(&run).actions.iter().map(|a| a.site.as_str()).collect();
    assert_eq!(sites, ["AAA01", "BBB01"]);
}

#[test]
fn acute_care_is_never_moved() {
    let town = Town::of_two().tenancy("AAA01-WARD", "AAA01", ServiceLine::Inpatient, 10.0);

    let run = answered(&town, |question| question);

    assert_eq!(closed(&run), ["BBB01"]);
    assert!(reasons(&run, "AAA01").contains(&"acute_not_moved"));
}

#[test]
fn a_site_without_a_recorded_tenancy_still_houses_its_services() {
    let town = Town::default()
        .site("AAA01", 0.0, 0.0)
        .set("AAA01", Field::OccupiedArea, "150")
        .forget("AAA01", Field::ClinicalArea)
        .site("BBB01", 400.0, 0.0)
        .zone("E01000001", 0.0, 0.0, 1000);

    let run = answered(&town, closing_a);

    let [moved] = proposal(&run).moves.as_slice() else { panic!("{:?}", proposal(&run).moves) };
    assert_eq!(moved.tenancy, tenancy("AAA01-SERVICES"));
    assert_eq!(moved.service_line, Some(ServiceLine::Community));
    let used: Vec<&str> =
        proposal(&run).reliance.used.iter().map(|(key, _)| key.as_str()).collect();
    assert!(used.contains(&"space.clinical_share.community"), "{used:?}");
}

#[test]
fn a_site_of_which_nobody_knows_who_is_there_stays() {
    let town = Town::of_two()
        .site("CCC01", 0.0, 300.0)
        .forget("CCC01", Field::OccupiedArea)
        .forget("CCC01", Field::EmptyArea)
        .forget("CCC01", Field::GrossInternalArea);

    let run = answered(&town, |question| question);

    assert_eq!(option(&run, "CCC01"), OptionKind::Keep);
    assert!(reasons(&run, "CCC01").contains(&"occupancy_unknown"));
}

#[test]
fn unknown_room_is_no_room_unless_a_named_figure_stands_in() {
    let town = Town::of_two()
        .forget("BBB01", Field::EmptyArea)
        .forget("BBB01", Field::UnderUsedArea)
        .set("BBB01", Field::GrossInternalArea, "4000");

    let assumed = answered(&town, closing_a);
    assert!((proposal(&assumed).reliance.room_assumed - 1.0).abs() < 1e-9);

    let unfilled = answered(&town, |question| {
        let mut question = closing_a(question);
        question.assumptions.figures.remove("room.receivable_share.default");
        question.assumptions.figures.remove("room.improve_gain_share");
        question
    });
    assert_eq!(unfilled.solver.status, RunStatus::Infeasible);
    assert!(unfilled.solver.clash[0].contains("without room"), "{:?}", unfilled.solver.clash);
}

#[test]
fn co_dependent_tenancies_go_together() {
    let town = Town::of_two()
        .tenancy("AAA01-CH", "AAA01", ServiceLine::Community, 20.0)
        .set_tenancy("AAA01-CH", Field::TenancyTogether, "hub")
        .set_tenancy("AAA01-GP", Field::TenancyTogether, "hub")
        .site("CCC01", -300.0, 0.0)
        .practice("CCC01-GP", "CCC01", 150.0);

    let run = answered(&town, closing_a);

    let to: Vec<_> = proposal(&run)
        .moves
        .iter()
        .filter(|moved| moved.from == code("AAA01"))
        .map(|moved| &moved.to)
        .collect();
    assert_eq!(to.len(), 2);
    assert_eq!(to[0], to[1]);
}

#[test]
fn nobody_is_moved_when_the_journeys_of_its_people_are_unknown() {
    let town = Town::default()
        .site("AAA01", 0.0, 0.0)
        .site("BBB01", 400.0, 0.0)
        .practice("AAA01-GP", "AAA01", 150.0)
        .practice("BBB01-GP", "BBB01", 150.0);

    let run = answered(&town, |question| Scenario { standards: Vec::new(), ..question });

    assert!(proposal(&run).moves.is_empty());
    assert!(reasons(&run, "AAA01").contains(&"nowhere_to_go"));
}

const NEAR: [(&str, &str, f64); 4] = [
    ("E01000001", "AAA01", 5.0),
    ("E01000001", "BBB01", 12.0),
    ("E01000002", "AAA01", 7.0),
    ("E01000002", "BBB01", 4.0),
];

/// The town of two with minutes of a router in place of straight lines, and nothing asked of access; A is to close.
fn by_router(rows: &[(&str, &str, f64)], absent: Missing) -> Run {
    by_router_under(Vec::new(), rows, absent)
}

fn by_router_under(standards: Vec<Standard>, rows: &[(&str, &str, f64)], absent: Missing) -> Run {
    let mut built = Town::of_two().built();
    let rows = rows.iter().map(|(zone, site, minutes)| MatrixRow {
        row: 1,
        zone: (*zone).to_owned(),
        site: (*site).to_owned(),
        minutes: Some(*minutes),
        mode: None,
    });
    let sites = [code("AAA01"), code("BBB01")].into_iter().collect();
    let zones = &built.geography.zones;
    let about = (Mode::PublicTransport, Minutes(60.0));
    let reading = from_matrix(rows, zones, &sites, about, ("router", absent));
    assert!(reading.faults.is_empty(), "{:?}", reading.faults);
    let kind = Mode::PublicTransport.kept_as();
    built.geography.times.insert(kind, std::sync::Arc::new(reading.times));
    let question = closing_a(Scenario { standards, ..built.question() });
    let run = built.answer(question).unwrap();
    assert_eq!(run.breaches, Vec::<String>::new());
    run
}

#[test]
fn journeys_of_who_is_moved_are_by_the_minutes_that_are_kept() {
    let run = by_router(&NEAR, Missing::BeyondLimit);

    let [moved] = proposal(&run).moves.as_slice() else { panic!("{:?}", proposal(&run).moves) };
    let minutes = moved.minutes_before.unwrap().0..moved.minutes_after.unwrap().0;
    assert!(minutes.start > 5.0 && minutes.start < 7.0, "the mean of 5 and 7: {minutes:?}");
    assert!(minutes.end > 4.0 && minutes.end < 12.0, "the mean of 12 and 4: {minutes:?}");
    assert_eq!(moved.minutes_by.as_deref(), Some("by public transport, travel-time matrix router"));

    // Minutes that nobody worked out, and a way farther than was looked for, move nobody.
    for absent in [Missing::NotComputed, Missing::BeyondLimit] {
        let run = by_router(&[NEAR[0], NEAR[2], NEAR[3]], absent);
        assert_eq!(run.solver.status, RunStatus::Infeasible, "{absent:?}");
    }
    // Today's way may be farther than was looked for: the new one is none the worse.
    let run = by_router(&[NEAR[0], NEAR[1], NEAR[3]], Missing::BeyondLimit);
    let [moved] = proposal(&run).moves.as_slice() else { panic!("{:?}", proposal(&run).moves) };
    assert!(moved.minutes_before.unwrap().0 > 7.0 && moved.share_beyond == Some(0.0));
    // Nor may a journey grow by too much, however near the site is as the crow flies.
    let far = [NEAR[0], ("E01000001", "BBB01", 55.0), NEAR[2], NEAR[3]];
    assert_eq!(by_router(&far, Missing::BeyondLimit).solver.status, RunStatus::Infeasible);
}

#[test]
fn a_limit_of_nine_departures_in_ten_says_nothing_of_journeys_at_the_median() {
    let of = |centile| Standard {
        mode: Mode::PublicTransport,
        limit: Limit::Minutes(8.0),
        centile,
        ..within_walk(0.0, Group::Everyone)
    };
    let under = |standards| by_router_under(standards, &NEAR, Missing::BeyondLimit);

    // From E01000001 it is 5 minutes to A and 12 to B; the limit where no standard says one is longer.
    assert_eq!(under(vec![of(Centile::Median)]).solver.status, RunStatus::Infeasible);
    let run = under(vec![of(Centile::Ninetieth)]);
    let [moved] = proposal(&run).moves.as_slice() else { panic!("{:?}", proposal(&run).moves) };
    assert_eq!(moved.share_beyond, Some(0.0));
    assert_eq!(moved.minutes_after, proposal(&under(Vec::new())).moves[0].minutes_after);
}

#[test]
fn the_witness_counts_journeys_by_the_minutes_that_are_kept() {
    let run = by_router(&NEAR, Missing::BeyondLimit);
    // The same proposal before an estate that keeps no minutes, or in which the way is too long.
    let mut built = Town::of_two().built();
    let judged = |built: &Built| {
        verify(&built.estate(), &run.scenario, &rules(), proposal(&run), &run.ledger)
    };
    assert_eq!(judged(&built), Vec::<String>::new());
    let zones = &built.geography.zones;
    let sites = [code("AAA01"), code("BBB01")].into_iter().collect();
    let about = (Mode::PublicTransport, Minutes(60.0));
    let reading = from_matrix([], zones, &sites, about, ("router", Missing::NotComputed));
    let kind = Mode::PublicTransport.kept_as();
    built.geography.times.insert(kind, std::sync::Arc::new(reading.times));
    assert!(judged(&built).iter().any(|breach| breach.contains("nobody can tell how far")));
}

#[test]
fn every_objective_keeps_the_rules() {
    let town = Town::of_two().site("CCC01", 0.0, 300.0).practice("CCC01-GP", "CCC01", 90.0);
    for objective in [
        Objective::FundValue,
        Objective::PeopleWorseOff,
        Objective::SpaceReleased,
        Objective::RunningCost,
    ] {
        let run = answered(&town, |question| Scenario { objective, ..question });
        assert_eq!(run.solver.status, RunStatus::Optimal, "{objective:?}");
    }
}

fn tampered(tamper: impl FnOnce(&mut Run)) -> Vec<String> {
    let built = Town::of_two().built();
    let mut run = built.answer(built.question()).unwrap();
    tamper(&mut run);
    verify(&built.estate(), &run.scenario, &rules(), run.proposal.as_ref().unwrap(), &run.ledger)
}

fn edited(run: &mut Run) -> &mut Proposal {
    run.proposal.as_mut().unwrap()
}

#[test]
fn the_witness_sees_a_move_into_a_closed_site() {
    let breaches = tampered(|run| {
        let from = edited(run).moves[0].from.clone();
        edited(run).moves[0].to = from;
    });
    assert!(breaches.iter().any(|breach| breach.contains("does not stay open")), "{breaches:?}");
}

#[test]
fn the_witness_sees_a_dropped_move() {
    let breaches = tampered(|run| edited(run).moves.clear());
    assert!(breaches.iter().any(|breach| breach.contains("closes with")), "{breaches:?}");
}

#[test]
fn the_witness_sees_a_wrong_receipt() {
    let breaches = tampered(|run| {
        for action in &mut edited(run).actions {
            action.receipt += Pence(i64::from(action.option == OptionKind::Dispose));
        }
    });
    assert!(breaches.iter().any(|breach| breach.contains("its lines say")), "{breaches:?}");

    let breaches = tampered(|run| {
        for line in &mut run.ledger.lines {
            line.amount += Pence(i64::from(line.kind == LineKind::Receipt));
        }
    });
    assert!(breaches.iter().any(|breach| breach.contains("the ledger is not")), "{breaches:?}");
}

#[test]
fn the_witness_sees_a_missing_site_an_unkept_lock_and_too_small_a_fund() {
    let breaches = tampered(|run| drop(edited(run).actions.remove(0)));
    assert!(breaches.iter().any(|breach| breach.contains("has no action")), "{breaches:?}");

    let breaches = tampered(|run| {
        run.scenario.locks = ["AAA01", "BBB01"].map(|site| lock(site, LockKind::Keep)).to_vec();
        run.scenario.fund_asked = Pence::pounds(900_000_000);
        run.scenario.capital_available = Pence::ZERO;
    });
    for told in ["is locked to stay open and closes", "was asked", "is available"] {
        assert!(breaches.iter().any(|breach| breach.contains(told)), "{told}: {breaches:?}");
    }
}

#[test]
fn the_witness_sees_people_put_too_far_and_too_little_room() {
    let breaches = tampered(|run| {
        for standard in &mut run.scenario.standards {
            standard.limit = Limit::Minutes(3.0);
        }
        run.scenario.journey_share_beyond = 0.0;
    });
    for told in ["standards: ", "journeys: "] {
        assert!(breaches.iter().any(|breach| breach.starts_with(told)), "{told}: {breaches:?}");
    }

    let breaches = tampered(|run| {
        run.scenario.assumptions.figures.get_mut("room.empty_releasable_share").unwrap().value =
            0.1;
    });
    assert!(breaches.iter().any(|breach| breach.starts_with("room: ")), "{breaches:?}");
}

#[test]
fn every_reason_and_refusal_is_a_sentence() {
    let town = Town::of_two().site("CCC01", 0.0, 300.0).practice("CCC01-GP", "CCC01", 90.0);
    let run = answered(&town, |question| question);

    let actions = proposal(&run).actions.iter().flat_map(|action| action.reasons.iter());
    let refusals = proposal(&run).refusals.iter().map(|refusal| &refusal.reason);
    for Reason { code, words } in actions.chain(refusals) {
        assert!(words.ends_with('.') && words.len() > 10, "{code}: {words}");
        assert!(code.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{code}");
    }
}

/// What differs from site to site in a random town.
#[derive(Debug, Clone)]
struct Plot {
    east: f64,
    north: f64,
    gross: u32,
    empty: Option<u32>,
    tenure: &'static str,
    accrues: &'static str,
    valuation: u32,
    gate: Option<&'static str>,
    condition: &'static str,
    status: &'static str,
    lines: Vec<(ServiceLine, f64)>,
}

fn plot() -> impl Strategy<Value = Plot> {
    let place = (-2000.0..2000.0_f64, -2000.0..2000.0_f64);
    let space = (200_u32..2000, prop::option::weighted(0.8, 0_u32..900));
    let tenure = prop::sample::select(vec![
        ("freehold", "trust"),
        ("freehold", "trust"),
        ("nhsps", "nhsps"),
        ("gp_owned", "gp_partners"),
        ("pfi", "landlord"),
        ("leasehold", "landlord"),
        ("charity", "charity"),
    ]);
    let gate = prop::sample::select(vec![Some("yes"), Some("yes"), Some("yes"), Some("no"), None]);
    let condition = prop::sample::select(vec!["A", "B", "C", "D", "DX"]);
    let status = prop::sample::select(vec!["open", "open", "open", "open", "unoccupied"]);
    let line = prop::sample::select(ServiceLine::ALL.to_vec());
    let care = prop::collection::vec((line, 5.0..300.0_f64), 0..3);
    (place, space, tenure, 0_u32..9_000_000, gate, condition, status, care).prop_map(
        |(
            (east, north),
            (gross, empty),
            (tenure, accrues),
            valuation,
            gate,
            condition,
            status,
            lines,
        )| {
            Plot {
                east,
                north,
                gross,
                empty,
                tenure,
                accrues,
                valuation,
                gate,
                condition,
                status,
                lines,
            }
        },
    )
}

fn town_of(plots: &[Plot], zones: &[(f64, f64, u32)]) -> Built {
    let mut town = Town::default();
    for (at, plot) in plots.iter().enumerate() {
        let site = format!("SIT{at:02}");
        town = town
            .site(&site, plot.east, plot.north)
            .set(&site, Field::GrossInternalArea, &plot.gross.to_string())
            .set(&site, Field::Tenure, plot.tenure)
            .set(&site, Field::ReceiptAccruesTo, plot.accrues)
            .set(&site, Field::Valuation, &plot.valuation.to_string())
            .set(&site, Field::FacetCondition, plot.condition)
            .set(&site, Field::Status, plot.status);
        town = match plot.empty {
            Some(empty) => town.set(&site, Field::EmptyArea, &empty.to_string()),
            None => town.forget(&site, Field::EmptyArea).forget(&site, Field::UnderUsedArea),
        };
        town = match plot.gate {
            Some(answer) => town.set(&site, Field::Access05, answer),
            None => town.forget(&site, Field::Access05),
        };
        for (nth, (line, m2)) in plot.lines.iter().enumerate() {
            town = town.tenancy(&format!("{site}-T{nth}"), &site, *line, *m2);
        }
    }
    for (at, (east, north, residents)) in zones.iter().enumerate() {
        town = town.zone(&format!("E010{at:05}"), *east, *north, *residents);
    }
    town.built()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn proposals_from_random_estates_have_no_breach(
        plots in prop::collection::vec(plot(), 1..9),
        zones in prop::collection::vec((-2500.0..2500.0_f64, -2500.0..2500.0_f64, 1_u32..3000), 0..20),
        share in 0.0..=1.0_f64,
        most in prop::option::of(0_u32..3),
        objective in prop::sample::select(vec![
            Objective::FundValue,
            Objective::PeopleWorseOff,
            Objective::SpaceReleased,
            Objective::RunningCost,
        ]),
        closing in prop::option::of(0_usize..9),
    ) {
        let built = town_of(&plots, &zones);
        let locks = closing.filter(|at| *at < plots.len());
        let scenario = Scenario {
            standards: vec![within_walk(share, Group::Everyone), within_walk(share, Group::StepFree)],
            closures_per_borough: most,
            objective,
            locks: locks.map(|at| lock(&format!("SIT{at:02}"), LockKind::Close)).into_iter().collect(),
            fund_asked: Pence::pounds(if closing.is_some() { -100_000_000 } else { 0 }),
            assumptions: figures(),
            ..built.question()
        };

        let run = built.answer(scenario).unwrap();

        prop_assert_eq!(&run.breaches, &Vec::<String>::new());
        let is_answered = matches!(run.solver.status, RunStatus::Optimal | RunStatus::WithinGap);
        prop_assert_eq!(run.proposal.is_some(), is_answered, "{:?}", run.solver);
        if closing.is_none() {
            prop_assert!(is_answered, "today's estate is always a plan: {:?}", run.solver);
        }
    }
}
