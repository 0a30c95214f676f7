//! One integrated care board of real London, planned: nothing is known of its premises but what the published files say.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use domesday::config;
use domesday::fund::{LineKind, OptionKind, ValueSource};
use domesday::register::{Field, Pence, SiteStatus};
use domesday::scenario::{self, Run, RunStatus, Scenario, ScopeOf};
use domesday::store::Scope;

use crate::london::{London, shared};

struct Quiet;

impl solver::Watch for Quiet {
    fn progress(&mut self, _: solver::Progress) {}

    fn is_cancelled(&self) -> bool {
        false
    }
}

#[test]
fn an_integrated_care_board_of_the_imported_estate_is_planned_on_named_assumptions_only() {
    let Some(shared) = shared() else { return };
    let london = London::import(&shared);
    let snapshot = london.store.snapshot(&Scope::command_line()).unwrap();
    let mut question = Scenario::defaults(
        &snapshot.register,
        config::assumptions().unwrap(),
        config::standards().unwrap(),
    );
    question.scope = ScopeOf::Icb("QMJ".to_owned());
    let estate = scenario::Estate {
        register: &snapshot.register,
        geography: &snapshot.geography,
        index: &snapshot.index,
    };
    let at = NaiveDate::from_ymd_opt(2026, 4, 1).unwrap().and_hms_opt(9, 0, 0).unwrap();

    let run = scenario::answer(
        &estate,
        question,
        &config::rules().unwrap(),
        &mut Quiet,
        "test".to_owned(),
        at,
    )
    .unwrap();

    assert_eq!(run.breaches, Vec::<String>::new());
    assert!(
        matches!(run.solver.status, RunStatus::Optimal | RunStatus::WithinGap),
        "{:?}",
        run.solver.status
    );
    assert!(run.solver.gap.unwrap() <= 0.01, "{:?}", run.solver.gap);
    every_amount_rests_on_a_value_or_a_named_assumption(&run);
    every_total_is_the_sum_of_its_lines(&run);
    only_sites_of_the_board_change(&run, &snapshot.register);
}

fn every_amount_rests_on_a_value_or_a_named_assumption(run: &Run) {
    let figures = &run.scenario.assumptions.figures;
    for line in &run.ledger.lines {
        match &line.source {
            ValueSource::Known(evidence) => assert!(!evidence.source.is_empty(), "{line:?}"),
            ValueSource::Assumed(keys) => {
                assert!(!keys.is_empty(), "{line:?}");
                for key in keys {
                    assert!(figures.contains_key(key), "{key} is no figure of the set: {line:?}");
                }
            }
        }
    }
    // No file of these gives a valuation, so whatever is sold is priced by assumption, and the run says so in full.
    let receipts = run.ledger.lines.iter().filter(|line| line.kind == LineKind::Receipt);
    assert!(receipts.clone().all(|line| matches!(line.source, ValueSource::Assumed(_))));
    if receipts.count() > 0 {
        let share = run.proposal.as_ref().unwrap().reliance.receipts_assumed;
        assert!((share - 1.0).abs() < 1e-9, "{share}");
    }
}

fn every_total_is_the_sum_of_its_lines(run: &Run) {
    let in_fund: Pence =
        run.ledger.lines.iter().filter(|line| line.in_fund).map(|line| line.amount).sum();
    let proposal = run.proposal.as_ref().unwrap();
    assert_eq!(proposal.actions.iter().map(|action| action.to_fund).sum::<Pence>(), in_fund);
    let fund = run.projection.as_ref().unwrap();
    let years: Pence = fund.years.iter().map(|year| year.money_in + year.money_out).sum();
    assert_eq!(years, in_fund);
    assert_eq!(fund.years.last().unwrap().closing, in_fund);
}

fn only_sites_of_the_board_change(run: &Run, register: &domesday::register::Register) {
    let proposal = run.proposal.as_ref().unwrap();
    let closed: BTreeSet<_> = proposal
        .actions
        .iter()
        .filter(|action| action.option == OptionKind::Dispose)
        .map(|action| &action.site)
        .collect();
    for action in &proposal.actions {
        let site = register.site(&action.site).unwrap();
        assert_eq!(site.text(Field::IcbCode), Some("QMJ"));
        assert_ne!(site.status(), SiteStatus::Closed);
        assert!(!site.is_aggregate());
    }
    for step in &proposal.moves {
        assert!(closed.contains(&step.from), "{} leaves a site that stays open", step.name);
        assert!(!closed.contains(&step.to), "{} goes to a site that closes", step.name);
    }
}
