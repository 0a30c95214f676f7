//! Programmes of small estates, worked out on paper.
//!
//! Figures of the tests, in years: identify and service change take one each, works one, vacating one, the sale one. A
//! surgery of the fixture is worth £5m, all of which its trust keeps in the fund (retention 1, no sale costs, no holding,
//! no double running, no decant), and 150 m² of its practice are fitted out elsewhere at £10,000 a m² all in: £1.5m.

use proptest::prelude::*;

use super::*;
use crate::fund::LineKind;
use crate::register::{Assumptions, Field, Register};
use crate::scenario::fixture::{Built, Town, figures, noon};
use crate::scenario::{Lock, LockKind, Run, Scenario};

/// The shipped figures with round ones where a sum is done by hand.
fn round_figures() -> Assumptions {
    let mut figures = figures();
    for (key, value) in [
        ("programme.months.identify", 12.0),
        ("programme.months.service_change", 0.0),
        ("programme.months.works", 12.0),
        ("programme.months.vacate", 12.0),
        ("programme.months.planning", 12.0),
        ("programme.months.market", 0.0),
        ("programme.months.exchange", 0.0),
        ("programme.months.complete", 0.0),
        ("programme.months.lease_notice", 12.0),
        ("retention.trust", 1.0),
        ("retention.clawback_share", 0.0),
        ("sale.cost_share", 0.0),
        ("sale.promotion_gbp", 0.0),
        ("holding.share_of_price", 0.0),
        ("double_running.months", 0.0),
        ("decant.gbp_per_m2", 0.0),
        ("receipt.affordable_factor.valuation", 1.0),
        ("works.light.gbp_per_m2", 10_000.0),
        ("optimism_bias.upper", 0.0),
        ("optimism_bias.lower", 0.0),
        ("optimism_bias.non_standard_share", 0.0),
        ("works.vat_rate", 0.2),
        ("works.vat_recovered_share", 0.0),
    ] {
        if let Some(figure) = figures.figures.get_mut(key) {
            (figure.value, figure.low, figure.high) = (value, Some(value), Some(value));
        }
    }
    figures
}

/// Two pairs of surgeries 400 m apart; the second of each pair is locked to close into the first.
fn two_closures() -> Town {
    Town::of_two()
        .site("CCC01", 0.0, 300.0)
        .site("DDD01", 400.0, 300.0)
        .practice("CCC01-GP", "CCC01", 150.0)
        .practice("DDD01-GP", "DDD01", 150.0)
}

fn run_of(built: &Built, closing: &[&str]) -> Run {
    let locks = closing.iter().map(|site| Lock {
        site: site.parse().unwrap(),
        kind: LockKind::Close,
        why: "test".to_owned(),
    });
    let keep = ["AAA01", "CCC01"]
        .iter()
        .filter(|site| built.register.site(&site.parse().unwrap()).is_some());
    let locks = locks.chain(keep.map(|site| Lock {
        site: site.parse().unwrap(),
        kind: LockKind::Keep,
        why: "test".to_owned(),
    }));
    let question = Scenario {
        locks: locks.collect(),
        assumptions: round_figures(),
        journey_share_beyond: 1.0,
        fund_asked: Pence::pounds(-100_000_000),
        standards: Vec::new(),
        ..built.question()
    };
    built.answer(question).unwrap()
}

fn yearly(opening: i64) -> Levers {
    Levers {
        step: Step::Year,
        opening: Pence::pounds(opening),
        gap: 0.0,
        ..Levers::defaults(&figures(), 10).unwrap()
    }
}

fn arranged(register: &Register, run: &Run, levers: Levers) -> Programme {
    arrange(register, run, &figures(), levers, &mut (), "test".to_owned(), noon()).unwrap()
}

fn span(programme: &Programme, site: &str, stage: StageKind) -> (usize, usize) {
    let item = programme.items.iter().find(|item| item.site.as_str() == site).unwrap();
    let span = item.span(stage).unwrap();
    (span.first, span.last)
}

#[test]
fn one_closure_takes_its_stages_one_after_the_other() {
    let built = Town::of_two().built();
    let run = run_of(&built, &["BBB01"]);
    let programme = arranged(&built.register, &run, yearly(2_000_000));

    // Identify in year 0, works in 1, the move in 2, the sale in 3.
    assert_eq!(programme.breaches, [""; 0]);
    assert_eq!(span(&programme, "BBB01", StageKind::Identify), (0, 0));
    assert_eq!(span(&programme, "BBB01", StageKind::Works), (1, 1));
    assert_eq!(span(&programme, "BBB01", StageKind::Vacate), (2, 2));
    assert_eq!(span(&programme, "BBB01", StageKind::Planning), (3, 3));
    // 2.0m, less 1.5m of works in year 1, and 5m from year 3.
    let closing: Vec<Pence> = programme.periods.iter().take(4).map(|line| line.closing).collect();
    let pounds = |n| Pence::pounds(n);
    assert_eq!(closing, [pounds(2_000_000), pounds(500_000), pounds(500_000), pounds(5_500_000)]);
    assert_eq!(programme.price_of_order(), Some(Pence::ZERO));
    assert_eq!(programme.critical[0].stage, StageKind::Vacate);
    assert_eq!(programme.critical[1].stage, StageKind::Works);
}

#[test]
fn with_money_for_one_the_second_closure_waits_for_the_first_receipt() {
    let built = two_closures().built();
    let run = run_of(&built, &["BBB01", "DDD01"]);
    let programme = arranged(&built.register, &run, yearly(1_500_000));

    // Works of one in year 1 leave nothing; its 5m land at the end of year 3, where the works of the other may be paid.
    assert_eq!(programme.breaches, [""; 0]);
    let mut works = ["BBB01", "DDD01"].map(|site| span(&programme, site, StageKind::Works).0);
    works.sort_unstable();
    assert_eq!(works, [1, 3]);
    let closing: Vec<i64> =
        programme.periods.iter().take(6).map(|line| line.closing.0.div_euclid(100)).collect();
    assert_eq!(closing, [1_500_000, 0, 0, 3_500_000, 3_500_000, 8_500_000]);
    assert!(programme.price_of_order().unwrap() > Pence::ZERO);
    assert!(programme.critical.iter().any(|link| link.because.contains("receipt")));
}

#[test]
fn with_one_works_scheme_at_a_time_they_follow_each_other() {
    let built = two_closures().built();
    let run = run_of(&built, &["BBB01", "DDD01"]);
    let levers = Levers { crews: 1, ..yearly(10_000_000) };
    let programme = arranged(&built.register, &run, levers);

    let mut works = ["BBB01", "DDD01"].map(|site| span(&programme, site, StageKind::Works).0);
    works.sort_unstable();
    assert_eq!(works, [1, 2]);
    assert_eq!(programme.breaches, [""; 0]);
}

#[test]
fn without_money_the_clash_and_the_working_capital_that_is_enough_are_told() {
    let built = Town::of_two().built();
    let run = run_of(&built, &["BBB01"]);
    let programme = arranged(&built.register, &run, yearly(0));

    assert_eq!(programme.status, RunStatus::Infeasible);
    assert_eq!(programme.capital_enough, Some(Pence::pounds(1_500_000)));
    assert!(
        programme.clash[0].starts_with("The fund cannot stay above zero in 20")
            && programme.clash[0].ends_with("£1.5m of working capital is allowed."),
        "{:?}",
        programme.clash
    );

    let enough = Levers { working_capital: Pence::pounds(1_500_000), ..yearly(0) };
    assert_eq!(arranged(&built.register, &run, enough).status, RunStatus::Optimal);
    let short = Levers { working_capital: Pence::pounds(1_499_000), ..yearly(0) };
    assert_eq!(arranged(&built.register, &run, short).status, RunStatus::Infeasible);
}

#[test]
fn years_too_few_for_the_stages_are_told() {
    let built = Town::of_two().built();
    let run = run_of(&built, &["BBB01"]);
    let programme = arranged(&built.register, &run, Levers { years: 3, ..yearly(10_000_000) });

    assert_eq!(programme.status, RunStatus::Infeasible);
    assert!(programme.clash[0].contains("do not fit into 3 years"), "{:?}", programme.clash);
}

#[test]
fn a_lease_is_left_by_its_end() {
    // Expiry on 30 June 2030, in year 4: services are out at the end of year 3 at the latest, whatever is gained by waiting.
    let town = Town::of_two()
        .set("BBB01", Field::Tenure, "leasehold")
        .set("BBB01", Field::ReceiptAccruesTo, "landlord")
        .set("BBB01", Field::LeaseExpiry, "2030-06-30")
        .set("BBB01", Field::RunningCost, "1");
    let built = town.built();
    let run = run_of(&built, &["BBB01"]);
    let programme = arranged(&built.register, &run, yearly(10_000_000));

    assert_eq!(programme.breaches, [""; 0]);
    assert!(span(&programme, "BBB01", StageKind::Vacate).1 <= 3);
}

#[test]
fn a_lease_that_breaks_after_it_ends_is_refused_by_field() {
    let town = Town::of_two();
    let built = town.built();
    let run = run_of(&built, &["BBB01"]);
    let bad = town
        .set("BBB01", Field::LeaseBreak, "2031-01-01")
        .set("BBB01", Field::LeaseExpiry, "2030-01-01")
        .built();

    let refused =
        arrange(&bad.register, &run, &figures(), yearly(0), &mut (), "test".to_owned(), noon());

    assert_eq!(
        refused.unwrap_err().to_string(),
        "BBB01: lease_break is 2031-01-01, which is not a day up to the lease's expiry, 2030-01-01"
    );
}

#[test]
fn levers_that_cannot_be_are_refused_by_name() {
    for (bad, field) in [
        (Levers { opening: Pence(-1), ..yearly(0) }, "opening_pounds"),
        (Levers { working_capital: Pence(-1), ..yearly(0) }, "working_capital_pounds"),
        (Levers { capital_per_year: Some(Pence(-1)), ..yearly(0) }, "capital_per_year_pounds"),
        (Levers { crews: 0, ..yearly(0) }, "crews"),
        (Levers { years: 0, ..yearly(0) }, "years"),
        (Levers { gap: f64::NAN, ..yearly(0) }, "gap"),
        (Levers { time_limit_seconds: 0.0, ..yearly(0) }, "time_limit_seconds"),
        (Levers { aim: Aim::Earliest, ..yearly(0) }, "target_pounds"),
    ] {
        let faults = bad.faults();
        assert!(
            matches!(faults.as_slice(), [ProgrammeError::BadLever { field: told, .. }] if *told == field),
            "{faults:?}"
        );
    }
}

#[test]
fn the_earliest_date_of_a_target_is_found() {
    let built = two_closures().built();
    let run = run_of(&built, &["BBB01", "DDD01"]);
    let levers =
        Levers { aim: Aim::Earliest, target: Pence::pounds(8_000_000), ..yearly(3_000_000) };
    let programme = arranged(&built.register, &run, levers);

    // 3m pay both works in year 1; 10m land at the end of year 3.
    assert_eq!(programme.target_reached, Some(3));
    assert_eq!(programme.breaches, [""; 0]);
}

#[test]
fn the_witness_sees_what_is_moved_by_hand() {
    let built = two_closures().built();
    let run = run_of(&built, &["BBB01", "DDD01"]);
    let good = arranged(&built.register, &run, yearly(3_000_000));
    let proposal = run.proposal.as_ref().unwrap();
    let told = |change: &dyn Fn(&mut Programme)| {
        let mut bad = good.clone();
        change(&mut bad);
        verify(&built.register, proposal, &bad)
    };

    assert!(told(&|_| {}).is_empty());
    assert!(!told(&|p| p.items[0].stages[2].first = 1).is_empty());
    assert!(
        !told(&|p| {
            p.items.pop();
        })
        .is_empty()
    );
    assert!(!told(&|p| p.levers.crews = 1).is_empty());
    assert!(!told(&|p| p.levers.opening = Pence::pounds(2_999_999)).is_empty());
    assert!(!told(&|p| p.levers.capital_per_year = Some(Pence::pounds(2_999_999))).is_empty());
    assert!(
        !told(&|p| {
            p.ledger
                .lines
                .iter_mut()
                .filter(|line| line.kind == LineKind::Receipt)
                .for_each(|line| line.year -= 1);
        })
        .is_empty()
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn no_programme_breaks_an_order_or_the_floor(
        opening in 0_i64..4_000_000,
        crews in 1_u32..3,
        quarters in any::<bool>(),
        capital in prop::option::of(1_000_000_i64..4_000_000),
        worth in 1_000_000_i64..6_000_000,
    ) {
        let built = two_closures().set("DDD01", Field::Valuation, &worth.to_string()).built();
        let run = run_of(&built, &["BBB01", "DDD01"]);
        let levers = Levers {
            step: if quarters { Step::Quarter } else { Step::Year },
            crews,
            capital_per_year: capital.map(Pence::pounds),
            ..yearly(opening)
        };
        let programme = arranged(&built.register, &run, levers);

        prop_assert_eq!(&programme.breaches, &Vec::<String>::new());
        prop_assert!(!programme.items.is_empty() || !programme.clash.is_empty());
        for line in &programme.periods {
            prop_assert!(line.closing >= Pence::ZERO);
            prop_assert_eq!(line.closing, line.opening + line.money_in + line.money_out);
        }
        if let Some(projection) = &programme.projection {
            let last = programme.periods.last().unwrap().closing;
            prop_assert_eq!(projection.closing(), Some(last));
        }
        if let Some(price) = programme.price_of_order() {
            prop_assert!(price >= Pence(-1));
        }
    }
}
