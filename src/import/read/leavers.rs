//! Sites a full list used to name and names no more: closed, never deleted.

use std::sync::Arc;

use super::FullList;
use super::evidence::render;
use super::log::Log;
use crate::import::mapping::Speaks;
use crate::import::report::Reading;
use crate::register::{
    Change, Evidence, Field, Register, Scalar, Site, SiteStatus, TenancyId, Value,
};

pub(super) fn close_those_who_left(
    list: &FullList,
    register: &Register,
    reading: &mut Reading,
    log: &mut Log,
) {
    let (Some((leavers, mapping)), Some(as_of)) = (&list.leavers, list.as_of) else { return };
    let is_listed = |site: &&Site| {
        site.facts().filter_map(|(_, value)| value.evidence()).any(|evidence| {
            evidence.as_of <= as_of
                && leavers.sources.0.iter().any(|source| evidence.source.starts_with(source))
        })
    };
    let open: Vec<&Site> = register
        .sites()
        .filter(|site| site.status() != SiteStatus::Closed)
        .filter(is_listed)
        .collect();
    let left: Vec<&&Site> = open.iter().filter(|site| !list.codes.contains(&site.code)).collect();
    if left.len() as f64 > leavers.at_most_share * open.len() as f64 {
        log.remark(format!(
            "{} of {} sites are not in this file: too many to have left, so it is taken for a part of the list and none is closed",
            left.len(),
            open.len()
        ));
        return;
    }
    let evidence = |method: &str| {
        Arc::new(Evidence { source: render(mapping, as_of, ""), method: method.to_owned(), as_of })
    };
    let (status, closed) = (
        evidence("no longer listed"),
        evidence("no longer listed on this day; closed on or before it"),
    );
    for site in &left {
        let code = &site.code;
        let word = Scalar::Text(SiteStatus::Closed.to_string());
        reading.changes.push(Change::Site {
            code: code.clone(),
            field: Field::Status,
            value: Value::known(word, &status),
        });
        reading.changes.push(Change::Site {
            code: code.clone(),
            field: Field::ClosedOn,
            value: Value::known(Scalar::Date(as_of), &closed),
        });
        let tenancies = mapping.record.iter().filter(|record| record.subject == Speaks::Tenancy);
        for suffix in tenancies.map(|record| &record.suffix) {
            let id = format!("{code}{suffix}")
                .parse::<TenancyId>()
                .ok()
                .filter(|id| register.tenancy(id).is_some());
            reading.changes.extend(id.map(|id| Change::Tenancy {
                id,
                field: Field::TenancyStatus,
                value: Value::known(Scalar::Text("closed".to_owned()), &status),
            }));
        }
    }
    log.count("sites left the list and are closed", left.len() as u64);
}
