//! The register at a version.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{
    Change, ChangeSet, ChangeSetId, Point, Reference, ReferenceKind, Scalar, Site, SiteCode,
    Tenancy, TenancyId, Value,
};

/// All sites and tenancies at a version. Immutable; the next version shares what did not change.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Register {
    /// The change-set that made it; 0 is the empty register.
    pub version: ChangeSetId,
    sites: BTreeMap<SiteCode, Arc<Site>>,
    tenancies: BTreeMap<TenancyId, Arc<Tenancy>>,
    references: BTreeMap<ReferenceKind, Reference>,
}

impl Register {
    /// All sites by code: open, closed, aggregate and unlocated ones too.
    pub fn sites(&self) -> impl Iterator<Item = &Site> {
        self.sites.values().map(Arc::as_ref)
    }

    /// One site.
    pub fn site(&self, code: &SiteCode) -> Option<&Site> {
        self.sites.get(code).map(Arc::as_ref)
    }

    /// Of the sites wanted, those whose place is known, by code: where journeys can end.
    pub fn located(&self, is_wanted: impl Fn(&Site) -> bool) -> Vec<(SiteCode, Point)> {
        let wanted = self.sites().filter(|site| is_wanted(site));
        wanted.filter_map(|site| Some((site.code.clone(), site.location()?))).collect()
    }

    /// All tenancies by id.
    pub fn tenancies(&self) -> impl Iterator<Item = &Tenancy> {
        self.tenancies.values().map(Arc::as_ref)
    }

    /// One tenancy.
    pub fn tenancy(&self, id: &TenancyId) -> Option<&Tenancy> {
        self.tenancies.get(id).map(Arc::as_ref)
    }

    /// The edition of a reference set this version is read with.
    pub fn reference(&self, kind: ReferenceKind) -> Option<&Reference> {
        self.references.get(&kind)
    }

    /// The version this change-set makes.
    #[must_use]
    pub fn with(&self, set: &ChangeSet) -> Self {
        let mut next = self.clone();
        next.version = set.id;
        for change in &set.changes {
            next.take(change);
        }
        next
    }

    /// The version the last of these makes, in order: what replaying a stored register needs. Takes them by value, so
    /// that a hundred small change-sets cost no more than one large one.
    #[must_use]
    pub fn after(mut self, sets: impl IntoIterator<Item = ChangeSet>) -> Self {
        for set in sets {
            self.version = set.id;
            for change in set.changes {
                self.take_owned(change);
            }
        }
        self
    }

    /// Those of `wanted` that would alter this register, in order. Importing the same file twice leaves none.
    ///
    /// A value already known as of a later day stays; an unknown never replaces a known value. Edits that mean to
    /// do either go into a change-set directly.
    pub fn news(&self, wanted: Vec<Change>) -> Vec<Change> {
        self.news_reaching(wanted).0
    }

    /// The news, and the register they lead to; its version is still this one's.
    ///
    /// Of statements that contradict one another the last one counts, and the others are no news: a file that says two
    /// things of one field changes nothing either when it is imported again.
    pub fn news_reaching(&self, wanted: Vec<Change>) -> (Vec<Change>, Self) {
        let mut reached = self.clone();
        let mut news = Vec::with_capacity(wanted.len());
        let mut is_contradicted = false;
        for change in wanted {
            if reached.is_altered_by(&change) {
                let before = reached.held_at(&change);
                is_contradicted |= before.is_some() && before != self.held_at(&change);
                reached.take(&change);
                news.push(change);
            }
        }
        if is_contradicted {
            news.retain(|change| match change {
                Change::Site { value, .. } | Change::Tenancy { value, .. } => {
                    reached.held_at(change) == Some(value) && self.held_at(change) != Some(value)
                }
                Change::Observed { .. } | Change::Reference(_) => true,
            });
        }
        (news, reached)
    }

    /// What has been said of the field a change speaks of.
    fn held_at(&self, change: &Change) -> Option<&Value<Scalar>> {
        match change {
            Change::Site { code, field, .. } => self.site(code)?.held(*field),
            Change::Tenancy { id, field, .. } => self.tenancy(id)?.held(*field),
            Change::Observed { .. } | Change::Reference(_) => None,
        }
    }

    fn is_altered_by(&self, change: &Change) -> bool {
        match change {
            Change::Site { code, field, value } => {
                self.site(code).is_none_or(|site| replaces(site.held(*field), value))
            }
            Change::Tenancy { id, field, value } => {
                self.tenancy(id).is_none_or(|tenancy| replaces(tenancy.held(*field), value))
            }
            Change::Observed { code, observation } => {
                self.site(code).is_none_or(|site| !site.observations.contains(observation))
            }
            Change::Reference(reference) => {
                self.reference(reference.kind).is_none_or(|held| held.hash != reference.hash)
            }
        }
    }

    fn take(&mut self, change: &Change) {
        self.take_owned(change.clone());
    }

    fn take_owned(&mut self, change: Change) {
        match change {
            Change::Site { code, field, value } => self.site_mut(code).set(field, value),
            Change::Tenancy { id, field, value } => self.tenancy_mut(id).set(field, value),
            Change::Observed { code, observation } => {
                let observations = &mut self.site_mut(code).observations;
                observations.push(observation);
                observations.sort_by_key(|seen| (seen.from, seen.to, seen.method));
            }
            Change::Reference(reference) => {
                self.references.insert(reference.kind, reference);
            }
        }
    }

    fn site_mut(&mut self, code: SiteCode) -> &mut Site {
        let site =
            self.sites.entry(code).or_insert_with_key(|code| Arc::new(Site::new(code.clone())));
        Arc::make_mut(site)
    }

    fn tenancy_mut(&mut self, id: TenancyId) -> &mut Tenancy {
        let tenancy =
            self.tenancies.entry(id).or_insert_with_key(|id| Arc::new(Tenancy::new(id.clone())));
        Arc::make_mut(tenancy)
    }
}

/// Whether what is offered takes the place of what has been said before, if anything has.
fn replaces<T: PartialEq>(held: Option<&Value<T>>, offered: &Value<T>) -> bool {
    match (held, offered) {
        (None, _) | (Some(Value::Unknown { .. }), Value::Known { .. }) => true,
        (
            Some(Value::Known { evidence: old, value }),
            Value::Known { evidence: new, value: other },
        ) => new.as_of >= old.as_of && (old != new || value != other),
        (Some(Value::Known { .. }), Value::Unknown { .. }) => false,
        (Some(Value::Unknown { why: old }), Value::Unknown { why: new }) => old != new,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::register::{Evidence, Field, Why};
    use chrono::NaiveDate;

    fn said(text: &str, year: i32) -> Change {
        let evidence = Arc::new(Evidence {
            source: format!("ERIC {year}"),
            method: "as returned".to_owned(),
            as_of: NaiveDate::from_ymd_opt(year, 3, 31).unwrap(),
        });
        Change::Site {
            code: "RXA01".parse().unwrap(),
            field: Field::Name,
            value: Value::known(Scalar::Text(text.to_owned()), &evidence),
        }
    }

    fn set(id: u64, changes: Vec<Change>) -> ChangeSet {
        ChangeSet {
            id,
            author: "test".to_owned(),
            at: NaiveDate::from_ymd_opt(2026, 1, 1).unwrap().and_hms_opt(9, 0, 0).unwrap(),
            source: "test".to_owned(),
            reason: "test".to_owned(),
            changes,
        }
    }

    #[test]
    fn saying_the_same_again_is_no_news() {
        let first = Register::default().with(&set(1, vec![said("The Royal", 2025)]));

        assert!(first.news(vec![said("The Royal", 2025)]).is_empty());
        assert_eq!(first.news(vec![said("The Royal London", 2025)]).len(), 1);
    }

    #[test]
    fn of_contradicting_statements_the_last_counts_and_saying_both_again_is_no_news() {
        let both = || vec![said("The Royal", 2025), said("The Royal London", 2025)];

        let news = Register::default().news(both());
        let first = Register::default().with(&set(1, news.clone()));

        assert_eq!(news, [said("The Royal London", 2025)]);
        assert!(first.news(both()).is_empty());
    }

    #[test]
    fn an_older_value_does_not_replace_a_newer_one_and_unknown_replaces_nothing() {
        let first = Register::default().with(&set(1, vec![said("The Royal", 2025)]));
        let blank = Change::Site {
            code: "RXA01".parse().unwrap(),
            field: Field::Name,
            value: Value::unknown(Why::Blank),
        };

        assert!(first.news(vec![said("Old name", 2017), blank]).is_empty());
    }

    #[test]
    fn an_earlier_version_stays_as_it_was() {
        let first = Register::default().with(&set(1, vec![said("The Royal", 2024)]));
        let second = first.with(&set(2, vec![said("The Royal London", 2025)]));

        let code = "RXA01".parse().unwrap();
        assert_eq!(first.site(&code).map(Site::name), Some("The Royal"));
        assert_eq!(second.site(&code).map(Site::name), Some("The Royal London"));
        assert_eq!((first.version, second.version), (1, 2));
    }
}
