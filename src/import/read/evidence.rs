//! Source, method and date of values, one allocation for all that share them.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{Datelike, NaiveDate};

use super::bind::{Bound, Layout};
use crate::import::mapping::{Mapping, NamePart, reporting_year};
use crate::import::sheet::Row;
use crate::register::Evidence;

/// The evidence a file's values rest on.
pub(super) struct Book<'a> {
    mapping: &'a Mapping,
    file: &'a str,
    /// Columns that give source and method row by row.
    row_source: Option<usize>,
    row_method: Option<usize>,
    sources: HashMap<NaiveDate, String>,
    shared: HashMap<Evidence, Arc<Evidence>>,
    /// What each field of each record used last: rows of a file mostly share it.
    last: HashMap<(usize, usize), Arc<Evidence>>,
}

impl<'a> Book<'a> {
    pub(super) fn new(mapping: &'a Mapping, file: &'a str, layout: &Layout) -> Self {
        Self {
            mapping,
            file,
            row_source: layout.find_column(&mapping.evidence.source),
            row_method: layout.find_column(&mapping.evidence.method),
            sources: HashMap::new(),
            shared: HashMap::new(),
            last: HashMap::new(),
        }
    }

    /// Evidence of a field's value; `place` is where the field stands among records and fields.
    pub(super) fn of(
        &mut self,
        place: (usize, usize),
        bound: &Bound<'_>,
        row: &Row,
        as_of: NaiveDate,
        method: Option<String>,
    ) -> Arc<Evidence> {
        let is_plain = method.is_none() && self.row_source.is_none() && self.row_method.is_none();
        let last = self.last.get(&place).filter(|last| is_plain && last.as_of == as_of);
        if let Some(last) = last {
            return Arc::clone(last);
        }
        let method =
            method.or_else(|| text(row, self.row_method)).unwrap_or_else(|| bound.method.clone());
        let source = self.row_source(row).unwrap_or_else(|| self.source(as_of));
        let evidence = self.share(Evidence { source, method, as_of });
        if is_plain {
            self.last.insert(place, Arc::clone(&evidence));
        }
        evidence
    }

    /// Evidence of something the reader itself says of a row.
    pub(super) fn said_by_reader(&mut self, method: &str, as_of: NaiveDate) -> Arc<Evidence> {
        let source = self.source(as_of);
        self.share(Evidence { source, method: method.to_owned(), as_of })
    }

    /// The source a row names for itself.
    pub(super) fn row_source(&self, row: &Row) -> Option<String> {
        text(row, self.row_source)
    }

    /// The mapping's source on that day.
    pub(super) fn source(&mut self, as_of: NaiveDate) -> String {
        let (mapping, file) = (self.mapping, self.file);
        self.sources.entry(as_of).or_insert_with(|| render(mapping, as_of, file)).clone()
    }

    fn share(&mut self, evidence: Evidence) -> Arc<Evidence> {
        if let Some(held) = self.shared.get(&evidence) {
            return Arc::clone(held);
        }
        let shared = Arc::new(evidence.clone());
        self.shared.insert(evidence, Arc::clone(&shared));
        shared
    }
}

fn text(row: &Row, column: Option<usize>) -> Option<String> {
    let text = row.cell(column?).trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// The mapping's source with its date and file written in.
pub(super) fn render(mapping: &Mapping, as_of: NaiveDate, file: &str) -> String {
    let year = if mapping.as_of.name == Some(NamePart::CalendarYear) {
        as_of.year().to_string()
    } else {
        reporting_year(as_of)
    };
    let file = file.rsplit(['/', '\\']).next().unwrap_or(file);
    mapping
        .source
        .replace("{year}", &year)
        .replace("{month}", &as_of.format("%B %Y").to_string())
        .replace("{date}", &as_of.to_string())
        .replace("{file}", file)
}
