//! What a site's checklist does not meet, the works that would mend it, and what would make the site pass.

use super::{GateKind, GateRules, GateState, gates};
use crate::fund::{Terms, WorksCost, mend, mend_key};
use crate::register::{AccessAnswer, AccessItem, MissingAssumption, Site};

/// An item that a site fails, or of which nobody knows.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// Which item.
    pub item: AccessItem,
    /// How much it decides.
    pub kind: GateKind,
    /// `Fail` or `Unknown`.
    pub state: GateState,
    /// What "yes" would mean.
    pub test: String,
    /// Where the test is from.
    pub source: String,
    /// What would put it right.
    pub remedy: Remedy,
}

/// What would put a finding right.
#[derive(Debug, Clone, PartialEq)]
pub enum Remedy {
    /// Works; where the item is unknown the low end is nothing, since a survey may find it in order.
    Works {
        /// With fees, contingency, optimism bias and tax.
        cost: WorksCost,
        /// Key of the planning assumption it rests on.
        figure: String,
    },
    /// An answer that can be true: "not applicable" was given where the item always applies.
    TrueAnswer,
    /// Nothing that the assumption set has a figure for.
    NoFigure,
}

impl Remedy {
    /// What the works cost, where works are the remedy.
    pub fn cost(&self) -> Option<WorksCost> {
        match self {
            Self::Works { cost, .. } => Some(*cost),
            Self::TrueAnswer | Self::NoFigure => None,
        }
    }
}

/// Every item a site fails or that is unknown, in order of items. What "should" be counts too; it decides nothing.
pub fn findings(
    site: &Site,
    rules: &GateRules,
    terms: &Terms<'_>,
) -> Result<Vec<Finding>, MissingAssumption> {
    let mut found = Vec::new();
    for (gate, rule) in gates(site, rules).into_iter().zip(rules.iter()) {
        if !matches!(gate.state, GateState::Fail | GateState::Unknown) {
            continue;
        }
        let remedy = match (mend(gate.item, terms)?, gate.state, site.access(gate.item)) {
            (_, GateState::Unknown, Some(AccessAnswer::NotApplicable)) => Remedy::TrueAnswer,
            (None, ..) => Remedy::NoFigure,
            (Some(cost), state, _) => Remedy::Works {
                cost: if state == GateState::Unknown { cost.perhaps() } else { cost },
                figure: mend_key(gate.item),
            },
        };
        found.push(Finding {
            item: gate.item,
            kind: gate.kind,
            state: gate.state,
            test: rule.test.clone(),
            source: rule.source.clone(),
            remedy,
        });
    }
    Ok(found)
}

/// What stands between a site and passing every must-pass gate.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ToPass {
    /// Must-pass items it fails.
    pub failed: Vec<AccessItem>,
    /// Must-pass items nobody knows of.
    pub unknown: Vec<AccessItem>,
    /// Mending all of them: the sum of the findings' costs. `None` where works cannot make it pass.
    pub cost: Option<WorksCost>,
}

impl ToPass {
    /// From a site's findings.
    pub fn of(findings: &[Finding]) -> Self {
        let must = || findings.iter().filter(|finding| finding.kind == GateKind::Must);
        let items = |state| {
            must().filter(|finding| finding.state == state).map(|finding| finding.item).collect()
        };
        Self {
            failed: items(GateState::Fail),
            unknown: items(GateState::Unknown),
            cost: must().map(|finding| finding.remedy.cost()).sum(),
        }
    }

    /// Whether it passes already.
    pub fn is_met(&self) -> bool {
        self.failed.is_empty() && self.unknown.is_empty()
    }

    /// As [`super::passes_all`]: `None` where an unknown decides.
    pub fn passes(&self) -> Option<bool> {
        if !self.failed.is_empty() {
            Some(false)
        } else if self.unknown.is_empty() {
            Some(true)
        } else {
            None
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::BTreeMap;

    use chrono::NaiveDate;

    use super::super::gates::tests::{answers, rules, site};
    use super::super::passes_all;
    use super::*;
    use crate::register::{Assumption, Assumptions, Mark, Pence};

    /// Works at round pounds, without on-costs or tax, so that results can be worked out by hand.
    pub(in crate::access) fn assumptions() -> Assumptions {
        let free = ["works.fees_share", "works.contingency_share", "works.vat_rate"].into_iter();
        let free = free.chain(["works.vat_recovered_share", "optimism_bias.upper"]);
        let free = free.chain(["optimism_bias.lower", "optimism_bias.non_standard.upper"]);
        let free = free.chain(["optimism_bias.non_standard.lower", "optimism_bias.managed_share"]);
        let free = free.chain(["optimism_bias.non_standard_share"]).map(|key| (key, [0.0; 3]));
        let works = [
            ("works.access_01.gbp", [1_000.0, 500.0, 2_000.0]),
            ("works.access_02.gbp", [200.0, 100.0, 400.0]),
            ("works.access_03.gbp", [30.0, 10.0, 50.0]),
        ];
        let figure = |(key, [value, low, high]): (&str, [f64; 3])| {
            let figure = Assumption {
                value,
                low: Some(low),
                high: Some(high),
                unit: "£".to_owned(),
                words: key.to_owned(),
                source: "a test".to_owned(),
                as_of: NaiveDate::default(),
                mark: Mark::FromMemory,
            };
            (key.to_owned(), figure)
        };
        let figures: BTreeMap<_, _> = free.chain(works).map(figure).collect();
        Assumptions { name: "a test".to_owned(), figures }
    }

    fn told(given: &[(u8, &str)]) -> (Vec<Finding>, ToPass) {
        let assumptions = assumptions();
        let terms = Terms { assumptions: &assumptions, base_year: 2026, horizon_years: 10 };
        let findings = findings(&site(&answers(given), &[]), &rules(), &terms).unwrap();
        let to_pass = ToPass::of(&findings);
        (findings, to_pass)
    }

    fn pounds(low: i64, central: i64, high: i64) -> WorksCost {
        let [low, central, high] = [low, central, high].map(Pence::pounds);
        WorksCost { low, central, high }
    }

    fn all_but(other: &[(u8, &'static str)]) -> Vec<(u8, &'static str)> {
        let yes = (1..=16).map(|number| (number, "yes"));
        let told = yes.filter(|(number, _)| !other.iter().any(|(n, _)| n == number));
        told.chain(other.iter().copied().filter(|(_, word)| *word != "unknown")).collect()
    }

    #[test]
    fn a_site_in_order_has_no_finding_and_needs_no_works() {
        let (findings, to_pass) = told(&all_but(&[]));

        assert_eq!(findings, []);
        assert!(to_pass.is_met());
        assert_eq!(to_pass.cost, Some(WorksCost::default()));
    }

    #[test]
    fn works_add_up_to_the_cost_of_passing_and_an_unknown_may_cost_nothing() {
        let (findings, to_pass) = told(&all_but(&[(1, "no"), (2, "unknown"), (8, "no")]));

        let items: Vec<u8> = findings.iter().map(|finding| finding.item.number()).collect();
        assert_eq!(items, [1, 2, 8]);
        assert_eq!(findings[1].state, GateState::Unknown);
        assert_eq!(findings[1].remedy.cost(), Some(pounds(0, 200, 400)));
        // Item 8 should be met and need not: it is told and has no figure.
        assert_eq!(findings[2].remedy, Remedy::NoFigure);
        assert_eq!(to_pass.cost, Some(pounds(500, 1_200, 2_400)));
        assert_eq!((to_pass.failed.len(), to_pass.unknown.len()), (1, 1));
    }

    #[test]
    fn an_answer_that_cannot_be_true_is_not_mended_by_works() {
        let (findings, to_pass) = told(&all_but(&[(3, "not_applicable")]));

        assert_eq!(findings[0].remedy, Remedy::TrueAnswer);
        assert_eq!(to_pass.cost, None);
    }

    #[test]
    fn what_it_takes_to_pass_agrees_with_the_gates() {
        for other in [(1, "no"), (2, "not_applicable"), (3, "not_applicable"), (1, "unknown")] {
            let given = all_but(&[other]);
            let passes = passes_all(&site(&answers(&given), &[]), &rules());
            assert_eq!(told(&given).1.passes(), passes, "{other:?}");
        }
        assert_eq!(told(&[]).1.passes(), None);
    }
}
