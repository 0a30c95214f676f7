//! The sixteen-item access checklist: what must be passed, what depends, what should be.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::geography::GatesAsked;
use crate::register::{AccessAnswer, AccessItem, Site};

/// How much an item decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GateKind {
    /// No pass, no access: whatever else is good.
    Must,
    /// Required only in the case its rule names.
    Conditional,
    /// Counts in the score, decides nothing.
    Should,
}

/// One item's rule.
#[derive(Debug, Clone, PartialEq)]
pub struct GateRule {
    /// Which item.
    pub item: AccessItem,
    /// How much it decides.
    pub kind: GateKind,
    /// What "yes" means, with its measures.
    pub test: String,
    /// Whether "not applicable" can be true of it. Where it cannot, that answer tells nothing.
    pub may_not_apply: bool,
    /// Document, or "from memory".
    pub source: String,
}

/// A rule for each item, in order of items.
#[derive(Debug, Clone, PartialEq)]
pub struct GateRules {
    /// `Access checklist, London planning default 2026`.
    pub name: String,
    /// The day it was chosen.
    pub as_of: NaiveDate,
    rules: Vec<GateRule>,
}

/// What is known of an item at a site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GateState {
    /// Answered yes.
    Pass,
    /// Answered no.
    Fail,
    /// Not answered, or with "not applicable" where that cannot be. Never passes.
    Unknown,
    /// Does not apply here, and may not.
    NotApplicable,
}

/// An item at a site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gate {
    /// Which item.
    pub item: AccessItem,
    /// How much it decides.
    pub kind: GateKind,
    /// What is known.
    pub state: GateState,
}

impl GateRules {
    /// One rule an item, in any order; otherwise the item that is missing or given twice.
    pub fn new(
        name: String,
        as_of: NaiveDate,
        mut rules: Vec<GateRule>,
    ) -> Result<Self, AccessItem> {
        rules.sort_by_key(|rule| rule.item);
        let lone = |item: &AccessItem| rules.iter().filter(|rule| rule.item == *item).count() == 1;
        match AccessItem::all().find(|item| !lone(item)) {
            Some(item) => Err(item),
            None => Ok(Self { name, as_of, rules }),
        }
    }

    /// In order of items.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &GateRule> {
        self.rules.iter()
    }

    /// The must-pass gates, to ask the index for.
    pub fn asked(&self) -> GatesAsked {
        let must = self.iter().filter(|rule| rule.kind == GateKind::Must);
        must.fold(GatesAsked::NONE, |asked, rule| asked.and(rule.item, rule.may_not_apply))
    }
}

/// All sixteen items at a site, in order.
pub fn gates(site: &Site, rules: &GateRules) -> Vec<Gate> {
    let gate = |rule: &GateRule| {
        let state = match site.access(rule.item) {
            Some(AccessAnswer::Yes) => GateState::Pass,
            Some(AccessAnswer::No) => GateState::Fail,
            Some(AccessAnswer::NotApplicable) if rule.may_not_apply => GateState::NotApplicable,
            Some(AccessAnswer::NotApplicable) | None => GateState::Unknown,
        };
        Gate { item: rule.item, kind: rule.kind, state }
    };
    rules.iter().map(gate).collect()
}

/// Whether a site passes every must-pass gate; `None` where an unknown decides.
pub fn passes_all(site: &Site, rules: &GateRules) -> Option<bool> {
    let gates = gates(site, rules);
    let any = |state| gates.iter().any(|gate| gate.kind == GateKind::Must && gate.state == state);
    if any(GateState::Fail) {
        Some(false)
    } else if any(GateState::Unknown) {
        None
    } else {
        Some(true)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::register::{
        Change, ChangeSet, Evidence, Field, Observation, Register, Scalar, SiteCode, Value,
    };

    /// A site of which these things are known.
    pub(in crate::access) fn site(facts: &[(Field, Scalar)], seen: &[Observation]) -> Site {
        let code: SiteCode = "RXA01".parse().unwrap();
        let as_of = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
        let (source, method) = ("a test".to_owned(), "typed in".to_owned());
        let evidence = Arc::new(Evidence { source, method, as_of });
        let fact = |(field, value): &(Field, Scalar)| Change::Site {
            code: code.clone(),
            field: *field,
            value: Value::known(value.clone(), &evidence),
        };
        let status = (Field::Status, Scalar::Text("open".to_owned()));
        let mut changes: Vec<Change> = std::iter::once(&status).chain(facts).map(fact).collect();
        changes.extend(seen.iter().map(|observation| Change::Observed {
            code: code.clone(),
            observation: observation.clone(),
        }));
        let register = Register::default().with(&ChangeSet {
            id: 1,
            author: "test".to_owned(),
            at: as_of.and_hms_opt(0, 0, 0).unwrap(),
            source: "test".to_owned(),
            reason: "test".to_owned(),
            changes,
        });
        register.site(&code).unwrap().clone()
    }

    /// Items 1 to 3 must be passed, the second may be not applicable; the rest should.
    pub(in crate::access) fn rules() -> GateRules {
        let rule = |item: AccessItem| GateRule {
            item,
            kind: if item.number() <= 3 { GateKind::Must } else { GateKind::Should },
            test: "yes".to_owned(),
            may_not_apply: item.number() == 2,
            source: "a test".to_owned(),
        };
        let as_of = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
        GateRules::new("a test".to_owned(), as_of, AccessItem::all().map(rule).collect()).unwrap()
    }

    pub(in crate::access) fn answers(given: &[(u8, &str)]) -> Vec<(Field, Scalar)> {
        let field = |number| AccessItem::new(number).unwrap().field();
        given.iter().map(|(n, word)| (field(*n), Scalar::Text((*word).to_owned()))).collect()
    }

    #[test]
    fn a_failed_gate_fails_the_site_and_an_unknown_one_never_passes_it() {
        let passes = |given: &[(u8, &str)]| passes_all(&site(&answers(given), &[]), &rules());

        assert_eq!(passes(&[(1, "yes"), (2, "yes"), (3, "yes")]), Some(true));
        assert_eq!(passes(&[(1, "yes"), (2, "not_applicable"), (3, "yes")]), Some(true));
        assert_eq!(passes(&[(1, "yes"), (2, "yes")]), None);
        assert_eq!(passes(&[(1, "yes"), (2, "yes"), (3, "not_applicable")]), None);
        assert_eq!(passes(&[(3, "no")]), Some(false), "known to fail, whatever the rest");
        assert_eq!(passes(&[]), None);
    }

    #[test]
    fn what_should_be_passed_decides_nothing() {
        let given = [(1, "yes"), (2, "yes"), (3, "yes"), (4, "no"), (5, "no")];
        assert_eq!(passes_all(&site(&answers(&given), &[]), &rules()), Some(true));
    }

    proptest! {
        /// The index asks bits, this module asks rules: the same sites pass.
        #[test]
        fn the_index_asks_for_what_the_rules_say(
            given in prop::collection::vec((1_u8..=16, prop::sample::select(vec!["yes", "no", "not_applicable"])), 0..20),
        ) {
            let site = site(&answers(&given), &[]);
            prop_assert_eq!(
                rules().asked().pass(&site),
                passes_all(&site, &rules()) == Some(true)
            );
        }
    }
}
