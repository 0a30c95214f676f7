//! What a visit to a site says of its checklist, as statements for the register.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::NaiveDate;

use crate::register::{
    AccessAnswer, AccessItem, Change, Evidence, Scalar, Site, Value, Why, Word as _,
};

/// What was seen of one item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Which item.
    pub item: AccessItem,
    /// `None`: somebody looked and could not tell.
    pub answer: Option<AccessAnswer>,
    /// Who saw it: the source of the answer's evidence.
    pub seen_by: String,
    /// What was seen or measured: its method.
    pub evidence: String,
    /// The day.
    pub on: NaiveDate,
}

/// The statements that record these entries, in order of items. An entry that says what the register holds already,
/// evidence and all, is no news and is left out; so is "not known" of an item nobody has answered.
///
/// Unlike an import, an entry may take an answer back: who looked and could not tell makes it unknown again.
pub fn recorded(site: &Site, entries: &[Entry]) -> Vec<Change> {
    let mut shared: BTreeMap<Evidence, Arc<Evidence>> = BTreeMap::new();
    let mut by_item: BTreeMap<AccessItem, &Entry> = BTreeMap::new();
    by_item.extend(entries.iter().map(|entry| (entry.item, entry)));
    let mut changes = Vec::new();
    for entry in by_item.into_values() {
        let field = entry.item.field();
        let value = entry.answer.map_or(Value::unknown(Why::NotAssessed), |answer| {
            let evidence = Evidence {
                source: entry.seen_by.clone(),
                method: entry.evidence.clone(),
                as_of: entry.on,
            };
            let evidence = shared.entry(evidence.clone()).or_insert_with(|| Arc::new(evidence));
            Value::known(Scalar::Text(answer.word().to_owned()), evidence)
        });
        let is_news = match (site.held(field), &value) {
            (Some(held), value) if held == value => false,
            (Some(Value::Unknown { .. }) | None, Value::Unknown { .. }) => false,
            _ => true,
        };
        if is_news {
            changes.push(Change::Site { code: site.code.clone(), field, value });
        }
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::super::gates::tests::{answers, site};
    use super::*;

    fn entry(number: u8, answer: Option<AccessAnswer>) -> Entry {
        Entry {
            item: AccessItem::new(number).unwrap(),
            answer,
            seen_by: "A. Officer, site visit".to_owned(),
            evidence: "measured: 910 mm".to_owned(),
            on: NaiveDate::from_ymd_opt(2026, 3, 31).unwrap(),
        }
    }

    fn told(changes: &[Change]) -> Vec<String> {
        let line = |change: &Change| match change {
            Change::Site { field, value, .. } => {
                let value = value.get().map_or("unknown".to_owned(), ToString::to_string);
                format!("{}: {value}", field.key())
            }
            _ => "something else".to_owned(),
        };
        changes.iter().map(line).collect()
    }

    #[test]
    fn each_answer_carries_its_evidence_and_day_and_the_last_of_two_counts() {
        let site = site(&answers(&[(1, "no")]), &[]);
        let entries = [
            entry(3, Some(AccessAnswer::No)),
            entry(1, Some(AccessAnswer::Yes)),
            entry(3, Some(AccessAnswer::Yes)),
        ];

        let changes = recorded(&site, &entries);

        assert_eq!(told(&changes), ["access_01_step_free: yes", "access_03_entrance_width: yes"]);
        let Change::Site { value, .. } = &changes[0] else { panic!() };
        let evidence = value.evidence().unwrap();
        assert_eq!(evidence.method, "measured: 910 mm");
        assert_eq!(evidence.as_of.to_string(), "2026-03-31");
    }

    #[test]
    fn who_could_not_tell_takes_an_answer_back_and_says_nothing_new_of_an_unknown() {
        let site = site(&answers(&[(1, "yes")]), &[]);

        let changes = recorded(&site, &[entry(1, None), entry(2, None)]);

        assert_eq!(told(&changes), ["access_01_step_free: unknown"]);
    }

    #[test]
    fn the_same_again_is_no_news_and_the_same_on_another_day_is() {
        let first = recorded(&site(&[], &[]), &[entry(4, Some(AccessAnswer::Yes))]);
        let Change::Site { value: Value::Known { value, evidence }, .. } = &first[0] else {
            panic!()
        };
        let field = AccessItem::new(4).unwrap().field();
        let mut held = site(&[(field, value.clone())], &[]);
        assert_eq!(
            recorded(&held, &[entry(4, Some(AccessAnswer::Yes))]).len(),
            1,
            "other evidence"
        );
        held = site(&[], &[]);
        let set = crate::register::ChangeSet {
            id: 1,
            author: "test".to_owned(),
            at: evidence.as_of.and_hms_opt(0, 0, 0).unwrap(),
            source: "test".to_owned(),
            reason: "test".to_owned(),
            changes: first.clone(),
        };
        let register = crate::register::Register::default().with(&set);
        let held = register.site(&held.code).unwrap();

        assert_eq!(recorded(held, &[entry(4, Some(AccessAnswer::Yes))]), []);
    }
}
