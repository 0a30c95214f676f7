//! Choices worked out by hand, and the exact rule beside trying everything.

use proptest::prelude::*;

use super::*;
use crate::fund::When;
use crate::register::HealthProgramme;

fn day(year: i32, month: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, 1).unwrap()
}

fn priority(code: &str, rank: u32, pounds: i64, people: u64) -> Priority {
    Priority {
        code: code.to_owned(),
        name: format!("{code} project"),
        borough: "E09000007".to_owned(),
        programme: HealthProgramme::PrimaryCare,
        rank,
        capital: Pence::pounds(pounds),
        revenue_a_year: Pence::ZERO,
        people: Some(people),
        earliest: None,
        latest: None,
        evidence: "made up".to_owned(),
    }
}

/// A year each from 2026, with these closing balances in pounds.
fn years(closing: &[i64]) -> Vec<Moment> {
    let moment = |(number, pounds): (usize, &i64)| {
        let year = 2026 + i32::try_from(number).unwrap();
        Moment {
            words: format!("{year}"),
            from: day(year, 4),
            to: day(year + 1, 4).pred_opt().unwrap(),
            when: When::year(year),
            closing: Pence::pounds(*pounds),
        }
    };
    closing.iter().enumerate().map(moment).collect()
}

fn codes(choice: &Choice) -> Vec<(&str, usize)> {
    choice.funded.iter().map(|funded| (funded.code.as_str(), funded.moment)).collect()
}

fn chosen(list: &[Priority], rule: Rule, closing: &[i64]) -> Choice {
    let list = PriorityList::new(list.to_vec(), false);
    choose(&list, rule, &years(closing), &BTreeMap::new(), 3)
}

use std::collections::BTreeMap;

#[test]
fn by_rank_the_fund_goes_down_the_list_and_pays_when_it_can() {
    // 10 in the first year, 30 from the second: A takes 8 at once, B needs 20 and waits a year, C does not fit beside them.
    let list = [priority("A", 1, 8, 10), priority("B", 2, 20, 10), priority("C", 3, 5, 500)];

    let choice = chosen(&list, Rule::Rank, &[10, 30, 30]);

    assert_eq!(codes(&choice), [("A", 0), ("B", 1)]);
    assert_eq!(choice.balances, [Pence::pounds(2), Pence::pounds(2), Pence::pounds(2)]);
    assert_eq!(choice.left_out[0].code, "C");
}

#[test]
fn by_people_a_cheap_project_that_helps_many_comes_before_the_first_of_the_list() {
    let list = [priority("A", 1, 8, 10), priority("B", 2, 20, 10), priority("C", 3, 5, 500)];

    let choice = chosen(&list, Rule::People, &[10, 25, 25]);

    // 25 pays for B and C or for A and C: 510 people either way; A and C cost less.
    assert_eq!(choice.people, 510);
    assert_eq!(choice.cost, Pence::pounds(13));
}

#[test]
fn money_that_a_later_year_needs_is_not_there_to_spend() {
    let choice = chosen(&[priority("A", 1, 8, 10)], Rule::Rank, &[10, 5, 30]);

    assert_eq!(codes(&choice), [("A", 2)]);
}

#[test]
fn what_cannot_wait_is_left_out_with_the_reason() {
    let urgent = Priority { latest: Some(day(2026, 6)), ..priority("A", 1, 20, 10) };

    let choice = chosen(&[urgent], Rule::Rank, &[10, 30]);

    assert_eq!(
        choice.left_out[0].because,
        "£20.00 would have to be set aside by 2026, and the fund can spare £10.00 by then."
    );
}

#[test]
fn revenue_is_set_aside_for_its_years_and_an_early_start_is_kept() {
    let clinic = Priority {
        revenue_a_year: Pence::pounds(2),
        earliest: Some(day(2027, 5)),
        ..priority("A", 1, 4, 10)
    };

    let choice = chosen(&[clinic], Rule::Rank, &[100, 100]);

    assert_eq!((codes(&choice), choice.cost), (vec![("A", 1)], Pence::pounds(10)));
}

#[test]
fn a_fair_share_pays_each_borough_before_the_first_takes_all() {
    let far = |code: &str, rank| Priority {
        borough: "E09000012".to_owned(),
        ..priority(code, rank, 10, 1)
    };
    let list = PriorityList::new(
        vec![priority("A", 1, 10, 1), priority("B", 2, 10, 1), far("C", 3), far("D", 4)],
        false,
    );
    let shares = BTreeMap::from([("E09000007".to_owned(), 0.5), ("E09000012".to_owned(), 0.5)]);

    let choice = choose(&list, Rule::FairByResidents, &years(&[20]), &shares, 3);

    assert_eq!(codes(&choice), [("A", 0), ("C", 0)]);
    assert_eq!(choice.boroughs[1].cost, Pence::pounds(10));
}

#[test]
fn what_is_paid_for_is_spent_when_it_begins_and_adds_up_to_the_choice() {
    let list = [priority("LONG-CODE-OF-A-BOROUGH", 1, 10, 1), priority("B-2", 2, 7, 1)];

    let choice = chosen(&list, Rule::Rank, &[12, 20]);
    let spent = spends(&PriorityList::new(list.to_vec(), false), &choice, &years(&[12, 20]));

    let told: Vec<_> = spent.iter().map(|one| (one.code.as_str(), one.when, one.amount)).collect();
    assert_eq!(
        told,
        [
            ("LOCAL-1", When::year(2026), Pence::pounds(10)),
            ("B-2", When::year(2027), Pence::pounds(7))
        ]
    );
    assert_eq!(spent.iter().map(|one| one.amount).sum::<Pence>(), choice.cost);
    assert!(spent[0].because.contains("LONG-CODE-OF-A-BOROUGH"), "{}", spent[0].because);
}

#[test]
fn a_priority_that_cannot_be_is_told_by_field() {
    let bad = Priority {
        capital: Pence(-1),
        earliest: Some(day(2028, 1)),
        latest: Some(day(2027, 1)),
        ..priority("A", 0, 1, 1)
    };

    let fields: Vec<_> = bad.faults().into_iter().map(|(field, ..)| field).collect();

    assert_eq!(fields, ["rank", "capital_gbp", "latest_start"]);
}

proptest! {
    #[test]
    fn no_set_that_can_be_paid_helps_more_people(
        items in prop::collection::vec((0_i64..30, 0_u64..50, 0_usize..4), 0..9),
        closing in prop::collection::vec(-5_i64..60, 4),
    ) {
        let list: Vec<Priority> = items.iter().enumerate().map(|(at, (pounds, people, latest))| Priority {
            latest: Some(day(2027 + i32::try_from(*latest).unwrap(), 3)),
            ..priority(&format!("P{at}"), 1, *pounds, *people)
        }).collect();

        let choice = chosen(&list, Rule::People, &closing);

        let moments = years(&closing);
        let mut best = 0;
        for set in 0_u32..1 << items.len() {
            let own = || items.iter().enumerate().filter(|(at, _)| set >> at & 1 == 1);
            // Paid at the last day each may wait for.
            let is_paid = (0..4).all(|now| {
                let due: i64 = own().filter(|(_, (_, _, latest))| *latest <= now).map(|(_, (cost, ..))| cost).sum();
                moments[now..].iter().all(|moment| due <= moment.closing.0.div_euclid(100) || due == 0)
            });
            if is_paid {
                best = best.max(own().map(|(_, (_, people, _))| people).sum());
            }
        }
        prop_assert_eq!(choice.people, best);
        for (left, moment) in choice.balances.iter().zip(&moments) {
            prop_assert!(*left >= Pence::ZERO || moment.closing < Pence::ZERO || choice.cost == Pence::ZERO);
        }
    }
}
