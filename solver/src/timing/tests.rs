//! Hand-worked arrangements, and small ones compared with trying everything.

use proptest::prelude::*;

use super::*;

#[expect(clippy::unnecessary_wraps, reason = "a task lists its starts as options")]
fn start(value: f64, flows: &[(usize, f64)], uses: &[(usize, usize, f64)]) -> Option<Start> {
    Some(Start { value, flows: flows.to_vec(), uses: uses.to_vec() })
}

/// Pays 10 at once and is paid 30 two periods later; a period's wait costs 1 of value.
fn sale(name: &str, periods: usize) -> Task {
    let starts = (0..periods.saturating_sub(2))
        .map(|t| start(20.0 - t as f64, &[(t, -10.0), (t + 2, 30.0)], &[(0, t, 1.0)]));
    Task { name: name.to_owned(), starts: starts.collect() }
}

fn two_sales(opening: f64, crews: f64) -> Timing {
    Timing {
        periods: 6,
        tasks: vec![sale("A", 6), sale("B", 6)],
        resources: vec![Resource { name: "crews".to_owned(), limits: vec![crews; 6] }],
        account: Some(Account { opening, floor: 0.0 }),
        ..Timing::default()
    }
}

fn solved(timing: &Timing) -> Arranged {
    arrange(timing, &Settings { time_limit_seconds: 30.0, ..Settings::default() }, &mut ())
}

#[test]
fn with_money_for_both_both_begin_at_once() {
    let arranged = solved(&two_sales(20.0, 2.0));

    assert_eq!(arranged.status, Status::Optimal);
    assert_eq!(arranged.starts, Some(vec![0, 0]));
    assert_eq!(arranged.value, Some(40.0));
}

#[test]
fn with_money_for_one_the_second_waits_for_the_first_receipt() {
    let arranged = solved(&two_sales(10.0, 2.0));

    // The receipt of 30 lands after period 2, in which the second may already pay: 20 + 18.
    assert_eq!(arranged.value, Some(38.0));
    let mut starts = arranged.starts.unwrap();
    starts.sort_unstable();
    assert_eq!(starts, [0, 2]);
}

#[test]
fn with_one_crew_they_follow_each_other() {
    let arranged = solved(&two_sales(20.0, 1.0));

    assert_eq!(arranged.value, Some(39.0));
}

#[test]
fn without_money_nothing_can_begin_and_the_least_that_would_do_is_what_one_sale_needs() {
    let poor = two_sales(9.0, 2.0);

    assert_eq!(solved(&poor).status, Status::Infeasible);
    let least = solved(&Timing { goal: Goal::LeastExtra, ..poor });
    assert_eq!(least.status, Status::Optimal);
    assert_eq!(least.value, Some(-1.0));
}

#[test]
fn a_level_is_reached_as_early_as_may_be() {
    // Begun together with 20, both are paid after period 2: 20 - 20 + 60 = 60.
    let timing = Timing { goal: Goal::Reach(60.0), ..two_sales(20.0, 2.0) };
    let arranged = solved(&timing);
    assert_eq!(timing.reached(arranged.starts.as_deref().unwrap(), 60.0), Some(2));

    // With 10 the second is paid for by the first, and 10 + 40 is there after period 4.
    let timing = Timing { goal: Goal::Reach(50.0), ..two_sales(10.0, 2.0) };
    let arranged = solved(&timing);
    assert_eq!(timing.reached(arranged.starts.as_deref().unwrap(), 50.0), Some(4));
}

#[test]
fn what_waits_follows_and_what_keeps_together_begins_together() {
    let timing = Timing {
        orders: vec![Order { before: 0, after: 1, lag: 1 }, Order { before: 1, after: 0, lag: -1 }],
        ..two_sales(100.0, 2.0)
    };

    assert_eq!(solved(&timing).starts, Some(vec![0, 1]));
}

#[test]
fn orders_that_leave_no_period_are_infeasible() {
    let timing =
        Timing { orders: vec![Order { before: 0, after: 1, lag: 9 }], ..two_sales(100.0, 2.0) };

    assert_eq!(solved(&timing).status, Status::Infeasible);
}

fn everything(timing: &Timing) -> Option<f64> {
    let mut best: Option<f64> = None;
    let count = timing.tasks.len();
    let mut starts = vec![0; count];
    loop {
        if timing.faults(&starts).is_empty() {
            let value = timing.value(&starts);
            best = Some(best.map_or(value, |held| held.max(value)));
        }
        let mut at = 0;
        loop {
            if at == count {
                return best;
            }
            starts[at] += 1;
            if starts[at] < timing.periods {
                break;
            }
            starts[at] = 0;
            at += 1;
        }
    }
}

prop_compose! {
    fn small()(
        tasks in prop::collection::vec(prop::collection::vec((0_u8..12, 0_i8..25, -12_i8..4, -3_i8..22, 0_u8..3), 5), 1..5),
        orders in prop::collection::vec((0_usize..4, 0_usize..4, 0_isize..3), 0..3),
        crews in 1_u8..4,
        opening in 0_i8..20,
        goal in 0_u8..3,
    ) -> Timing {
        let count = tasks.len();
        let tasks = tasks.into_iter().enumerate().map(|(number, starts)| Task {
            name: format!("task {number}"),
            starts: starts.into_iter().enumerate().map(|(t, (gate, value, cost, gain, crew))| {
                if gate == 0 { return None; }
                let mut flows = vec![(t, f64::from(cost))];
                if t + 2 < 5 { flows.push((t + 2, f64::from(gain))); }
                start(f64::from(value), &flows, &[(0, t, f64::from(crew))])
            }).collect(),
        }).collect();
        let orders = orders.into_iter().filter(|(before, after, _)| before < after && *after < count);
        Timing {
            periods: 5,
            tasks,
            orders: orders.map(|(before, after, lag)| Order { before, after, lag }).collect(),
            resources: vec![Resource { name: "crews".to_owned(), limits: vec![f64::from(crews); 5] }],
            account: Some(Account { opening: f64::from(opening), floor: 0.0 }),
            goal: match goal { 0 => Goal::Value, 1 => Goal::Reach(30.0), _ => Goal::LeastExtra },
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    #[test]
    fn nothing_is_better_than_what_is_found(timing in small()) {
        let arranged = solved(&timing);
        match everything(&timing) {
            None => prop_assert_eq!(arranged.status, Status::Infeasible),
            Some(best) => {
                prop_assert_eq!(arranged.status, Status::Optimal);
                prop_assert!((arranged.value.unwrap() - best).abs() < 1e-6, "{:?} {best}", arranged.value);
                prop_assert!(timing.faults(&arranged.starts.unwrap()).is_empty());
            }
        }
    }
}
