//! Access standards are kept by version.

use super::part::on_both;
use super::{noon, scope};
use crate::config;
use crate::store::StoreError;

on_both! {
    fn standards_are_kept_by_version_and_survive_a_copy(store) {
        let shipped = store.standards(&scope()).unwrap();
        assert_eq!((shipped.version, &shipped.standards), (0, &config::standards().unwrap()));

        let mut list = shipped.standards.clone();
        list[0].share = 0.9;
        let said = ("A. Planner", noon(), "agreed by the board");
        assert_eq!(store.save_standards(&scope(), said, 0, &list).unwrap(), 1);
        assert_eq!(store.save_standards(&scope(), said, 1, &list).unwrap(), 1, "nothing is new");
        let late = store.save_standards(&scope(), said, 0, &list).unwrap_err();
        assert!(matches!(late, StoreError::StandardsConflict { expected: 0, found: 1 }));
        list.remove(1);
        assert_eq!(store.save_standards(&scope(), said, 1, &list).unwrap(), 2);

        assert_eq!(store.standards(&scope()).unwrap().standards, list);
        assert_eq!(store.standards_at(&scope(), 1).unwrap().standards.len(), list.len() + 1);
        assert_eq!(store.standards_at(&scope(), 0).unwrap(), shipped);
        assert!(matches!(
            store.standards_at(&scope(), 3).unwrap_err(),
            StoreError::NoSuchStandards { asked: 3, newest: 2 }
        ));
        let versions = store.standards_history(&scope()).unwrap().into_iter();
        assert_eq!(versions.map(|held| held.version).collect::<Vec<_>>(), [2, 1, 0]);
        let kept = store.contents().unwrap();
        assert_eq!(kept.standards, 2);
        assert_eq!(store.doctor(&scope()).unwrap().faults, [] as [String; 0]);
    }
}
