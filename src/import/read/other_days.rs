//! Files of several years: the rows that do not count, and what is lost with them.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::bind::BoundRecord;
use super::log::Log;
use crate::import::mapping::reporting_year;
use crate::import::sheet::Row;

/// Rows of days that were not asked for.
#[derive(Debug, Default)]
pub(super) struct OtherDays {
    rows: u64,
    codes: BTreeSet<String>,
    kept: BTreeSet<String>,
}

impl OtherDays {
    pub(super) fn left_out(&mut self, row: &Row, records: &[BoundRecord<'_>]) {
        self.rows += 1;
        self.codes.extend(records.first().map(|record| row.cell(record.code).to_owned()));
    }

    pub(super) fn kept(&mut self, row: &Row, records: &[BoundRecord<'_>]) {
        self.kept.extend(records.first().map(|record| row.cell(record.code).to_owned()));
    }

    pub(super) fn tell(&self, wanted: Option<NaiveDate>, log: &mut Log) {
        let Some(day) = wanted.filter(|_| self.rows > 0) else { return };
        let only_there = self.codes.difference(&self.kept).count();
        log.remark(format!(
            "{} rows of other years than {} left out, {only_there} sites among them that have no row in it",
            self.rows,
            reporting_year(day)
        ));
    }
}
