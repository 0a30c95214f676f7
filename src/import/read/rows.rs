//! Row after row: which count, whom they speak of, what they say.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use chrono::{Datelike, NaiveDate};

use super::bind::{self, Bound, BoundRecord, Dating, Layout};
use super::cell::{Said, said, share};
use super::log::Log;
use super::{FullList, is_dated};
use crate::import::mapping::{
    Aggregate, Combine, Mapping, NamePart, Part, Patterns, RowTest, RowsOf, Speaks, Target,
    financial_year, financial_year_end, reporting_year,
};
use crate::import::report::{Fault, Reading};
use crate::import::sheet::{Row, Table};
use crate::register::{
    Change, Evidence, Field, Method, Observation, Register, Scalar, SiteCode, SiteStatus,
    TenancyId, Value, Why,
};

/// Reads the rows of one table.
#[expect(
    clippy::too_many_arguments,
    reason = "three ins, two outs and what the files share; a struct would be for this call only"
)]
pub(super) fn read_table(
    file: &str,
    mapping: &Mapping,
    table: &Table,
    layout: &Layout,
    register: &Register,
    reading: &mut Reading,
    log: &mut Log,
    list: &mut FullList,
) {
    let address = Address { file, table, layout };
    let mut records = Vec::new();
    for spec in &mapping.record {
        let mut header_fault = |column: usize, found: &str, expected: String| {
            log.fault(address.fault(layout.header_row.max(1), Some(column), found, expected));
        };
        records.extend(bind::record(mapping, spec, layout, &mut header_fault));
    }
    let dating = Dating::find(&mapping.as_of, file, table, layout);
    if is_dated(mapping)
        && dating.fixed.is_none()
        && dating.column.is_none()
        && dating.flags.is_empty()
    {
        log.fault(crate::import::sheet::whole_file(
            file,
            "no date of its values",
            "a year or month in the file's name, a date column, or as_of in the mapping",
        ));
        return;
    }
    let mut reader = Reader {
        mapping,
        address,
        records,
        register,
        dating,
        aggregate: mapping.aggregate.as_ref().and_then(|spec| bound_aggregate(spec, layout)),
        row_source: layout.find_column(&mapping.evidence.source),
        row_method: layout.find_column(&mapping.evidence.method),
        newest: newest_held(mapping, register),
        sources: HashMap::new(),
        evidence: HashMap::new(),
        last: Vec::new(),
        seen: HashMap::new(),
        combined: BTreeMap::new(),
        by_organisation: by_organisation(mapping, register),
        reading,
        log,
        list,
    };
    reader.last = reader.records.iter().map(|record| vec![None; record.fields.len()]).collect();
    reader.run();
}

/// For addressing faults.
struct Address<'a> {
    file: &'a str,
    table: &'a Table,
    layout: &'a Layout,
}

impl Address<'_> {
    fn fault(&self, row: u64, column: Option<usize>, value: &str, expected: String) -> Fault {
        Fault {
            file: self.file.to_owned(),
            sheet: self.table.sheet.clone(),
            row,
            column: column.map(|at| self.layout.header(at)).unwrap_or_default(),
            value: value.trim().chars().take(200).collect(),
            expected,
        }
    }
}

struct Reader<'a, 'm> {
    mapping: &'m Mapping,
    address: Address<'a>,
    records: Vec<BoundRecord<'m>>,
    register: &'a Register,
    dating: Dating,
    aggregate: Option<BoundAggregate<'m>>,
    row_source: Option<usize>,
    row_method: Option<usize>,
    /// The newest day for which the register holds a source that `adds_unless_newer` names.
    newest: Option<NaiveDate>,
    sources: HashMap<NaiveDate, String>,
    evidence: HashMap<Evidence, Arc<Evidence>>,
    /// The evidence each field used last: rows of a file share theirs.
    last: Vec<Vec<Option<Arc<Evidence>>>>,
    /// First row of each code and day, as an index into the table.
    seen: HashMap<(String, Option<NaiveDate>), usize>,
    /// Rows of one code becoming one, for records that combine: by record and code, in order of first sight.
    combined: BTreeMap<(usize, usize), Combining>,
    by_organisation: HashMap<String, Vec<SiteCode>>,
    reading: &'a mut Reading,
    log: &'a mut Log,
    list: &'a mut FullList,
}

struct Combining {
    code: String,
    as_of: Option<NaiveDate>,
    row: usize,
    said: Vec<Said>,
}

struct BoundAggregate<'m> {
    column: usize,
    spec: &'m Aggregate,
    code_of: Option<usize>,
}

fn bound_aggregate<'m>(spec: &'m Aggregate, layout: &Layout) -> Option<BoundAggregate<'m>> {
    let column = layout.find_column(&spec.column)?;
    Some(BoundAggregate { column, spec, code_of: layout.find_column(&spec.code_of) })
}

impl<'m> Reader<'_, 'm> {
    fn run(&mut self) {
        let layout = self.address.layout;
        let tests = |specs: &'m [RowTest]| -> Vec<(usize, &'m Patterns, &'m str)> {
            let bound = specs.iter().filter_map(|test| {
                bind::cell_test(test, layout).map(|(at, is)| (at, is, test.note.as_str()))
            });
            bound.collect()
        };
        let mapping = self.mapping;
        let (keep, skip) = (tests(&mapping.keep), tests(&mapping.skip));
        let (only_held, remark) = (tests(&mapping.only_held), tests(&mapping.remark));
        let sums: Vec<(Vec<usize>, f64, &str)> = mapping
            .sum_to_100
            .iter()
            .map(|sum| {
                (layout.all_columns(&sum.columns, &sum.except), sum.within, sum.note.as_str())
            })
            .collect();
        let wanted_day = self.wanted_day();
        let mut other_days = OtherDays::default();
        let table = self.address.table;
        for (at, row) in table.rows.iter().enumerate().skip(layout.first_row) {
            let is = |(column, words, _): &&(usize, &Patterns, &str)| words.any(row.cell(*column));
            if let Some((_, _, note)) = keep.iter().find(|test| !is(test)) {
                self.log.count(&format!("{} left out", named(note)), 1);
                self.list_code(row);
                continue;
            }
            if let Some((_, _, note)) = skip.iter().find(is) {
                self.log.count(&format!("{} left out", named(note)), 1);
                self.list_code(row);
                continue;
            }
            let as_of = match self.date_of(row) {
                Ok(as_of) => as_of,
                Err(fault) => {
                    self.reading.rows += 1;
                    self.log.fault(fault);
                    continue;
                }
            };
            if wanted_day.is_some() && as_of != wanted_day {
                other_days.add(row, as_of, &self.records);
                continue;
            }
            other_days.kept(row, &self.records);
            self.reading.rows += 1;
            for (_, _, note) in remark.iter().filter(is) {
                self.log.count(named(note), 1);
            }
            for (columns, within, note) in &sums {
                self.check_sum(row, columns, *within, note);
            }
            let held_only = only_held.iter().find(is).map(|(_, _, note)| *note);
            self.read_row(at, row, as_of, held_only);
        }
        other_days.tell(wanted_day, self.log);
        self.emit_combined();
    }

    /// With `rows = "latest"`: the only day whose rows count.
    fn wanted_day(&self) -> Option<NaiveDate> {
        if self.mapping.rows != RowsOf::Latest {
            return None;
        }
        let asked = self
            .mapping
            .as_of
            .only
            .as_deref()
            .and_then(financial_year)
            .and_then(financial_year_end);
        let rows = self.address.table.rows.iter().skip(self.address.layout.first_row);
        asked.or_else(|| rows.filter_map(|row| self.dating.of(row).ok()).max())
    }

    fn date_of(&self, row: &Row) -> Result<Option<NaiveDate>, Fault> {
        if !is_dated(self.mapping) {
            return Ok(None);
        }
        self.dating.of(row).map(Some).map_err(|column| {
            let cell = column.map_or("", |at| row.cell(at));
            self.address.fault(
                row.number,
                column,
                cell,
                "the day the row's values were true".to_owned(),
            )
        })
    }

    /// A code the list names, whatever becomes of its row: it has not left.
    fn list_code(&mut self, row: &Row) {
        if self.mapping.leavers.is_none() {
            return;
        }
        let code = self
            .records
            .iter()
            .find(|record| record.spec.subject == Speaks::Site)
            .map(|record| record.code);
        self.list.codes.extend(code.and_then(|at| row.cell(at).parse().ok()));
    }

    fn check_sum(&mut self, row: &Row, columns: &[usize], within: f64, note: &str) {
        let parse = |at: &usize| {
            Scalar::parse(
                crate::register::Kind::Number { low: 0.0, high: f64::INFINITY },
                row.cell(*at),
            )
            .ok()?
            .number()
        };
        let shares: Option<Vec<f64>> = columns.iter().map(parse).collect();
        let sum: f64 = shares.iter().flatten().sum();
        if shares.is_some_and(|shares| !shares.is_empty()) && (sum - 100.0).abs() > within {
            self.log.count(&format!("{note} do not sum to 100 ± {within}"), 1);
        }
    }

    fn read_row(
        &mut self,
        at: usize,
        row: &Row,
        as_of: Option<NaiveDate>,
        held_only: Option<&str>,
    ) {
        let Some(first) = self.records.first() else { return };
        let (subject, code_column, cell) = (first.spec.subject, first.code, row.cell(first.code));
        let is_aggregate =
            self.aggregate.as_ref().is_some_and(|pool| pool.spec.is.any(row.cell(pool.column)));
        let written = self.own_code(row, cell, is_aggregate);
        if let Some(pool_code) = written.strip_prefix('?') {
            let expected = "a pooled site with its trust's code beside it".to_owned();
            self.log.fault(self.address.fault(row.number, Some(code_column), pool_code, expected));
            return;
        }
        if subject != Speaks::Observation && !self.is_first(at, row, &written, as_of, code_column) {
            return;
        }
        if subject == Speaks::Site {
            let code = match written.parse::<SiteCode>() {
                Ok(code) => code,
                Err(invalid) => {
                    self.log.fault(self.address.fault(
                        row.number,
                        Some(code_column),
                        cell,
                        invalid.wanted.to_owned(),
                    ));
                    return;
                }
            };
            self.list.codes.extend(self.mapping.leavers.is_some().then(|| code.clone()));
            self.list.as_of = self.list.as_of.max(as_of);
            let held = self.register.site(&code);
            if let (Some(note), None) = (held_only, held) {
                self.log.count(&format!("{} left out", named(note)), 1);
                return;
            }
            let is_older = self.newest.is_some_and(|newest| as_of.is_some_and(|day| day < newest));
            if is_older && held.is_none_or(|site| site.status() == SiteStatus::Closed) {
                self.log.count(
                    "rows left out: sites closed or gone from a newer list the register holds",
                    1,
                );
                return;
            }
        }
        for which in 0..self.records.len() {
            self.read_record(which, at, row, as_of, &written, is_aggregate);
        }
    }

    /// The code as published, or made from the trust's where pooled sites share one.
    fn own_code(&self, row: &Row, cell: &str, is_aggregate: bool) -> String {
        let Some(pool) =
            self.aggregate.as_ref().filter(|pool| is_aggregate && pool.spec.repeats.any(cell))
        else {
            return cell.trim().to_owned();
        };
        let trust = pool.code_of.map_or("", |at| row.cell(at)).trim();
        if trust.is_empty() { format!("?{cell}") } else { format!("{trust}{}", pool.spec.suffix) }
    }

    /// Whether the row may speak for its code: the first that does, unless rows of a code are combined.
    fn is_first(
        &mut self,
        at: usize,
        row: &Row,
        code: &str,
        as_of: Option<NaiveDate>,
        column: usize,
    ) -> bool {
        let combines = |record: &BoundRecord<'_>| {
            record.fields.iter().any(|field| field.spec.combine.is_some())
        };
        if code.is_empty() || self.records.iter().any(combines) {
            return true;
        }
        let first = *self.seen.entry((code.to_ascii_uppercase(), as_of)).or_insert(at);
        if first == at {
            return true;
        }
        let Some(earlier) = self.address.table.rows.get(first) else { return true };
        if earlier.cells().eq(row.cells()) {
            self.log.count("rows repeat an earlier row word for word and were left out", 1);
        } else {
            let expected =
                format!("a code used once: row {} has it too, with other values", earlier.number);
            self.log.fault(self.address.fault(row.number, Some(column), code, expected));
        }
        false
    }

    fn read_record(
        &mut self,
        which: usize,
        at: usize,
        row: &Row,
        as_of: Option<NaiveDate>,
        written: &str,
        is_aggregate: bool,
    ) {
        let Some(record) = self.records.get(which) else { return };
        let own = if which == 0 { written } else { row.cell(record.code).trim() };
        let code = format!("{own}{}", record.spec.suffix);
        let mut values = self.values(record, row, as_of);
        if is_aggregate && record.spec.subject == Speaks::Site {
            // A pooled row's postcode is a stand-in, often the head office's: it would put a phantom on the map.
            for (value, bound) in values.iter_mut().zip(&record.fields) {
                if matches!(bound.target, Target::Register(Field::Postcode | Field::Location)) {
                    *value = Said::Nothing;
                }
            }
        }
        let Some(record) = self.records.get(which) else { return };
        if record.fields.iter().any(|field| field.spec.combine.is_some()) {
            self.combine(which, at, code, as_of, values);
            return;
        }
        self.emit(which, row, &code, as_of, values);
        if is_aggregate && which == 0 {
            self.emit_aggregate(&code, as_of);
        }
    }

    /// What the row says of each field, percentages last since they need their base.
    fn values(&self, record: &BoundRecord<'m>, row: &Row, as_of: Option<NaiveDate>) -> Vec<Said> {
        // Faults are logged by the caller's log, which a shared borrow cannot reach: they travel as values.
        let mut values: Vec<Said> = record
            .fields
            .iter()
            .map(|bound| {
                said(self.mapping, bound, row).unwrap_or_else(|refused| Said::Refused(refused))
            })
            .collect();
        for at in 0..record.fields.len() {
            let Some(bound) = record.fields.get(at) else { continue };
            let cell = bound.column().map_or("", |column| row.cell(column));
            let is_share = bound.needs_base()
                || (bound.spec.percent_of.is_some() && cell.trim_end().ends_with('%'));
            let percent = values.get(at).and_then(Said::number).filter(|_| is_share);
            if let Some(percent) = percent {
                let base = bound.base.and_then(|base| values.get(base)).and_then(Said::number);
                let is_pure = bound
                    .spec
                    .percent_until
                    .is_none_or(|until| as_of.is_none_or(|day| day <= until));
                if let Some(value) = values.get_mut(at) {
                    *value = share(bound, percent, cell, base, is_pure);
                }
            }
        }
        for at in 0..record.fields.len() {
            let stale =
                record.fields.get(at).and_then(|bound| bound.goes_with).is_some_and(|other| {
                    self.is_stale(record, row, other, values.get(other), as_of)
                });
            if stale {
                if let Some(value) = values.get_mut(at) {
                    *value = Said::Nothing;
                }
            }
        }
        values
    }

    /// Whether the register holds a newer and different value of the field another one goes with.
    fn is_stale(
        &self,
        record: &BoundRecord<'m>,
        row: &Row,
        other: usize,
        said: Option<&Said>,
        as_of: Option<NaiveDate>,
    ) -> bool {
        let Some(Target::Register(field)) = record.fields.get(other).map(|bound| bound.target)
        else {
            return false;
        };
        let Some(Said::Known(offered, _)) = said else { return false };
        let Ok(code) = row.cell(record.code).parse::<SiteCode>() else { return false };
        let Some(site) = self.register.site(&code) else { return false };
        match site.fact(field) {
            Value::Known { value, evidence } => {
                as_of.is_some_and(|day| day < evidence.as_of) && value != *offered
            }
            Value::Unknown { .. } => false,
        }
    }

    fn combine(
        &mut self,
        which: usize,
        at: usize,
        code: String,
        as_of: Option<NaiveDate>,
        values: Vec<Said>,
    ) {
        let key = (format!("{which} {}", code.to_ascii_uppercase()), as_of);
        let first = *self.seen.entry(key).or_insert(at);
        let Some(record) = self.records.get(which) else { return };
        let held = self.combined.entry((which, first)).or_insert_with(|| Combining {
            code,
            as_of,
            row: at,
            said: vec![Said::Nothing; values.len()],
        });
        for ((said, value), bound) in held.said.iter_mut().zip(values).zip(&record.fields) {
            if let Said::Refused(refused) = value {
                let row = self.address.table.rows.get(at);
                let cell = row.map_or("", |row| row.cell(refused.column));
                let number = row.map_or(0, |row| row.number);
                self.log.fault(self.address.fault(
                    number,
                    Some(refused.column),
                    cell,
                    refused.expected,
                ));
                *said = Said::Unknown(Why::Unreadable);
            } else {
                *said = together(
                    std::mem::replace(said, Said::Nothing),
                    value,
                    bound.spec.combine.as_ref(),
                );
            }
        }
    }

    fn emit_combined(&mut self) {
        for ((which, _), held) in std::mem::take(&mut self.combined) {
            let table = self.address.table;
            if let Some(row) = table.rows.get(held.row) {
                self.emit(which, row, &held.code, held.as_of, held.said);
            }
        }
    }

    fn emit(
        &mut self,
        which: usize,
        row: &Row,
        code: &str,
        as_of: Option<NaiveDate>,
        values: Vec<Said>,
    ) {
        let Some(record) = self.records.get(which) else { return };
        let subject = record.spec.subject;
        let code_column = record.code;
        let whose = match subject {
            Speaks::Site => code.parse().map(Whose::Site),
            Speaks::Observation => code.parse().map(Whose::Observed),
            Speaks::Tenancy => code.parse().map(Whose::Tenancy),
            Speaks::Organisation => Ok(Whose::Organisation(code.to_ascii_uppercase())),
        };
        let whose = match whose {
            Ok(whose) => whose,
            Err(invalid) => {
                let cell = row.cell(code_column);
                self.log.fault(self.address.fault(
                    row.number,
                    Some(code_column),
                    cell,
                    invalid.wanted.to_owned(),
                ));
                return;
            }
        };
        if let Whose::Observed(code) = whose {
            self.emit_observation(which, row, code, values);
            return;
        }
        for (at, said) in values.into_iter().enumerate() {
            let value = match said {
                Said::Nothing => continue,
                Said::Unknown(why) => Value::unknown(why),
                Said::Known(scalar, method) => {
                    let evidence = self.evidence_for(which, at, row, as_of, method);
                    Value::known(scalar, &evidence)
                }
                Said::Refused(refused) => {
                    let cell = row.cell(refused.column);
                    self.log.fault(self.address.fault(
                        row.number,
                        Some(refused.column),
                        cell,
                        refused.expected,
                    ));
                    Value::unknown(Why::Unreadable)
                }
            };
            let Some(Target::Register(field)) =
                self.records.get(which).and_then(|r| r.fields.get(at)).map(|b| b.target)
            else {
                continue;
            };
            if value == Value::unknown(Why::Unreadable) {
                self.note_unreadable(which, at);
            }
            match &whose {
                Whose::Site(code) => {
                    self.reading.changes.push(Change::Site { code: code.clone(), field, value })
                }
                Whose::Tenancy(id) => {
                    self.reading.changes.push(Change::Tenancy { id: id.clone(), field, value })
                }
                Whose::Organisation(code) => match self.by_organisation.get(code) {
                    Some(sites) => self.reading.changes.extend(sites.iter().map(|site| {
                        Change::Site { code: site.clone(), field, value: value.clone() }
                    })),
                    None => self.log.count("organisations without a site in the register", 1),
                },
                Whose::Observed(_) => {}
            }
        }
    }

    /// A value nobody can tell the unit of is no fault of the sender's, so it is counted.
    fn note_unreadable(&mut self, which: usize, at: usize) {
        let Some(bound) = self.records.get(which).and_then(|record| record.fields.get(at)) else {
            return;
        };
        if bound.spec.percent_until.is_some() {
            let header =
                bound.column().map(|column| self.address.layout.header(column)).unwrap_or_default();
            self.log.count(&format!("values of {header:?} between 0 and 100 could be a percentage or m² and are unknown"), 1);
        }
    }

    fn emit_aggregate(&mut self, code: &str, as_of: Option<NaiveDate>) {
        let (Ok(code), Some(as_of)) = (code.parse::<SiteCode>(), as_of) else { return };
        let method = "the return pools several small sites here".to_owned();
        let source = self.source(as_of);
        let evidence = self.shared(Evidence { source, method, as_of });
        let value = Value::known(Scalar::Text("yes".to_owned()), &evidence);
        self.reading.changes.push(Change::Site { code, field: Field::IsAggregate, value });
        self.log.count("rows pool several small sites: in the register, without a place", 1);
    }

    fn emit_observation(&mut self, which: usize, row: &Row, code: SiteCode, values: Vec<Said>) {
        let Some(record) = self.records.get(which) else { return };
        let mut parts: Vec<(Part, Scalar)> = Vec::new();
        for (said, bound) in values.into_iter().zip(&record.fields) {
            match (said, bound.target) {
                (Said::Known(scalar, _), Target::Observed(part)) => parts.push((part, scalar)),
                (Said::Refused(refused), _) => {
                    let cell = row.cell(refused.column);
                    self.log.fault(self.address.fault(
                        row.number,
                        Some(refused.column),
                        cell,
                        refused.expected,
                    ));
                    return;
                }
                (_, _) if bound.spec.required => {
                    let column = bound.column();
                    let cell = column.map_or("", |at| row.cell(at));
                    let expected = format!("a {} for the survey", bound.spec.field);
                    self.log.fault(self.address.fault(row.number, column, cell, expected));
                    return;
                }
                _ => {}
            }
        }
        let find =
            |wanted: Part| parts.iter().find(|(part, _)| *part == wanted).map(|(_, scalar)| scalar);
        let (Some(method), Some(from), Some(to), Some(frequency)) = (
            find(Part::Method).and_then(Scalar::text).and_then(method_of),
            find(Part::From).and_then(Scalar::date),
            find(Part::To).and_then(Scalar::date),
            find(Part::Frequency).and_then(Scalar::number),
        ) else {
            let expected = "a survey with method, from, to and frequency".to_owned();
            self.log.fault(self.address.fault(row.number, None, code.as_str(), expected));
            return;
        };
        if from > to {
            let column = record
                .fields
                .iter()
                .find(|bound| bound.target == Target::Observed(Part::To))
                .and_then(Bound::column);
            let expected = format!("a last day not before the first, {from}");
            self.log.fault(self.address.fault(row.number, column, &to.to_string(), expected));
            return;
        }
        let observation = Observation {
            method,
            from,
            to,
            spaces: find(Part::Spaces).and_then(Scalar::text).unwrap_or("whole site").to_owned(),
            frequency,
            occupancy: find(Part::Occupancy).and_then(Scalar::number),
            source: self.row_text(row, self.row_source).unwrap_or_else(|| {
                render(&self.mapping.source, to, self.address.file, self.mapping)
            }),
        };
        self.reading.changes.push(Change::Observed { code, observation });
    }

    fn row_text(&self, row: &Row, column: Option<usize>) -> Option<String> {
        let text = row.cell(column?).trim();
        (!text.is_empty()).then(|| text.to_owned())
    }

    fn source(&mut self, as_of: NaiveDate) -> String {
        let (mapping, file) = (self.mapping, self.address.file);
        self.sources
            .entry(as_of)
            .or_insert_with(|| render(&mapping.source, as_of, file, mapping))
            .clone()
    }

    fn shared(&mut self, evidence: Evidence) -> Arc<Evidence> {
        if let Some(held) = self.evidence.get(&evidence) {
            return Arc::clone(held);
        }
        let shared = Arc::new(evidence.clone());
        self.evidence.insert(evidence, Arc::clone(&shared));
        shared
    }

    fn evidence_for(
        &mut self,
        which: usize,
        at: usize,
        row: &Row,
        as_of: Option<NaiveDate>,
        method: Option<String>,
    ) -> Arc<Evidence> {
        let as_of = as_of.unwrap_or_default();
        let by_row = self.row_source.is_some() || self.row_method.is_some();
        let is_plain = method.is_none() && !by_row;
        if is_plain {
            let last =
                self.last.get(which).and_then(|fields| fields.get(at)).and_then(Option::as_ref);
            if let Some(last) = last.filter(|last| last.as_of == as_of) {
                return Arc::clone(last);
            }
        }
        let own = || {
            self.records
                .get(which)
                .and_then(|record| record.fields.get(at))
                .map(|bound| bound.method.clone())
        };
        let method =
            method.or_else(|| self.row_text(row, self.row_method)).or_else(own).unwrap_or_default();
        let source = match self.row_text(row, self.row_source) {
            Some(source) => source,
            None => self.source(as_of),
        };
        let evidence = self.shared(Evidence { source, method, as_of });
        if let Some(last) =
            self.last.get_mut(which).and_then(|fields| fields.get_mut(at)).filter(|_| is_plain)
        {
            *last = Some(Arc::clone(&evidence));
        }
        evidence
    }
}

enum Whose {
    Site(SiteCode),
    Tenancy(TenancyId),
    Observed(SiteCode),
    Organisation(String),
}

/// Two rows of one code as one value. An unknown part makes a sum unknown.
fn together(held: Said, value: Said, combine: Option<&Combine>) -> Said {
    match (held, value) {
        (Said::Nothing, value) => value,
        (held, Said::Nothing) => held,
        (Said::Known(held, method), Said::Known(value, other)) => match combine {
            Some(Combine::Sum) => Said::Known(
                match (held, value) {
                    (Scalar::Number(a), Scalar::Number(b)) => Scalar::Number(a + b),
                    (Scalar::Pence(a), Scalar::Pence(b)) => Scalar::Pence(a.saturating_add(b)),
                    (held, _) => held,
                },
                None,
            ),
            Some(Combine::Earliest(order)) => {
                let place = |scalar: &Scalar| {
                    order
                        .iter()
                        .position(|word| Some(word.as_str()) == scalar.text())
                        .unwrap_or(usize::MAX)
                };
                if place(&value) < place(&held) {
                    Said::Known(value, other)
                } else {
                    Said::Known(held, method)
                }
            }
            Some(Combine::First) | None => Said::Known(held, method),
        },
        (Said::Unknown(why), Said::Unknown(_)) => Said::Unknown(why),
        (Said::Unknown(_), _) | (_, Said::Unknown(_)) if combine == Some(&Combine::Sum) => {
            Said::Unknown(Why::InputUnknown)
        }
        (Said::Unknown(_), known) | (known, _) => known,
    }
}

/// Rows of days that were not asked for.
#[derive(Default)]
struct OtherDays {
    rows: u64,
    codes: std::collections::BTreeSet<String>,
    kept: std::collections::BTreeSet<String>,
}

impl OtherDays {
    fn add(&mut self, row: &Row, _as_of: Option<NaiveDate>, records: &[BoundRecord<'_>]) {
        self.rows += 1;
        self.codes.extend(records.first().map(|record| row.cell(record.code).to_owned()));
    }

    fn kept(&mut self, row: &Row, records: &[BoundRecord<'_>]) {
        self.kept.extend(records.first().map(|record| row.cell(record.code).to_owned()));
    }

    fn tell(&self, wanted: Option<NaiveDate>, log: &mut Log) {
        let Some(day) = wanted.filter(|_| self.rows > 0) else { return };
        let only_there = self.codes.difference(&self.kept).count();
        log.remark(format!(
            "{} rows of other years than {} left out, {only_there} sites among them that have no row in it",
            self.rows,
            reporting_year(day)
        ));
    }
}

fn named(note: &str) -> &str {
    if note.is_empty() { "rows" } else { note }
}

fn method_of(word: &str) -> Option<Method> {
    Some(match word {
        "eric_return" => Method::EricReturn,
        "sensor" => Method::Sensor,
        "walkround" => Method::Walkround,
        "booking" => Method::Booking,
        _ => return None,
    })
}

/// The source with its date written in.
pub(super) fn render(source: &str, as_of: NaiveDate, file: &str, mapping: &Mapping) -> String {
    let year = if mapping.as_of.name == Some(NamePart::CalendarYear) {
        as_of.year().to_string()
    } else {
        reporting_year(as_of)
    };
    let file = file.rsplit(['/', '\\']).next().unwrap_or(file);
    source
        .replace("{year}", &year)
        .replace("{month}", &as_of.format("%B %Y").to_string())
        .replace("{date}", &as_of.to_string())
        .replace("{file}", file)
}

fn newest_held(mapping: &Mapping, register: &Register) -> Option<NaiveDate> {
    let sources = &mapping.adds_unless_newer.0;
    if sources.is_empty() {
        return None;
    }
    let evidence =
        register.sites().flat_map(|site| site.facts().filter_map(|(_, value)| value.evidence()));
    evidence
        .filter(|evidence| sources.iter().any(|source| evidence.source.starts_with(source)))
        .map(|evidence| evidence.as_of)
        .max()
}

fn by_organisation(mapping: &Mapping, register: &Register) -> HashMap<String, Vec<SiteCode>> {
    let mut sites: HashMap<String, Vec<SiteCode>> = HashMap::new();
    if mapping.record.iter().any(|record| record.subject == Speaks::Organisation) {
        for site in register.sites() {
            if let Some(code) = site.text(Field::OrganisationCode) {
                sites.entry(code.to_ascii_uppercase()).or_default().push(site.code.clone());
            }
        }
    }
    sites
}
