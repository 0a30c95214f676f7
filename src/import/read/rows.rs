//! Row after row: which count, whom they speak of, what they say.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;

use super::bind::{self, BoundRecord, Dating, Layout};
use super::cell::{Said, said, share};
use super::combine::{Combining, together};
use super::evidence::Book;
use super::log::Log;
use super::other_days::OtherDays;
use super::sense;
use super::{FullList, is_dated};
use crate::import::mapping::{
    Aggregate, Mapping, Patterns, RowTest, RowsOf, Speaks, Target, financial_year,
    financial_year_end,
};
use crate::import::report::{Fault, Reading};
use crate::import::sheet::{Row, Table, whole_file};
use crate::register::{Field, Kind, Register, Scalar, SiteCode, SiteStatus, Value, Why};

/// Where a table stands and is read into.
pub(super) struct Into<'a> {
    pub(super) register: &'a Register,
    pub(super) reading: &'a mut Reading,
    pub(super) log: &'a mut Log,
    pub(super) list: &'a mut FullList,
}

/// Reads the rows of one table.
pub(super) fn read_table(
    file: &str,
    mapping: &Mapping,
    table: &Table,
    layout: &Layout,
    into: Into<'_>,
) {
    let Into { register, reading, log, list } = into;
    let address = Address { file, table, layout };
    let mut records = Vec::new();
    for spec in &mapping.record {
        let mut header_fault = |column: usize, found: &str, expected: String| {
            log.fault(address.fault(layout.header_row.max(1), Some(column), found, expected));
        };
        records.extend(bind::record(mapping, spec, layout, &mut header_fault));
    }
    let dating = Dating::find(&mapping.as_of, file, table, layout);
    if is_dated(mapping) && dating.is_lost() {
        let expected = "a year or month in the file's name, a date column, or as_of in the mapping";
        log.fault(whole_file(file, "no date of its values", expected));
        return;
    }
    let mut reader = Reader {
        mapping,
        address,
        records: &records,
        register,
        dating,
        pool: mapping.aggregate.as_ref().and_then(|spec| Pool::find(spec, layout)),
        newest: newest_held(mapping, register),
        by_organisation: by_organisation(mapping, register),
        book: Book::new(mapping, file, layout),
        seen: HashMap::new(),
        combined: BTreeMap::new(),
        reading,
        log,
        list,
    };
    reader.run();
}

/// For addressing faults.
pub(super) struct Address<'a> {
    file: &'a str,
    table: &'a Table,
    pub(super) layout: &'a Layout,
}

impl Address<'_> {
    pub(super) fn fault(
        &self,
        row: u64,
        column: Option<usize>,
        value: &str,
        expected: String,
    ) -> Fault {
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

/// Reads one table.
pub(super) struct Reader<'a, 'm> {
    mapping: &'m Mapping,
    pub(super) address: Address<'a>,
    pub(super) records: &'a [BoundRecord<'m>],
    register: &'a Register,
    dating: Dating,
    pool: Option<Pool<'m>>,
    /// The newest day for which the register holds a source that `adds_unless_newer` names.
    newest: Option<NaiveDate>,
    pub(super) by_organisation: HashMap<String, Vec<SiteCode>>,
    pub(super) book: Book<'a>,
    /// First row of each code and day, as an index into the table.
    seen: HashMap<(String, Option<NaiveDate>), usize>,
    /// Rows of one code becoming one, for records that combine: by record and first row.
    combined: BTreeMap<(usize, usize), Combining>,
    pub(super) reading: &'a mut Reading,
    pub(super) log: &'a mut Log,
    list: &'a mut FullList,
}

/// Where a file says that a row pools several sites.
struct Pool<'m> {
    spec: &'m Aggregate,
    column: usize,
    code_of: Option<usize>,
}

impl<'m> Pool<'m> {
    fn find(spec: &'m Aggregate, layout: &Layout) -> Option<Self> {
        let column = layout.find_column(&spec.column)?;
        Some(Self { spec, column, code_of: layout.find_column(&spec.code_of) })
    }
}

/// A row test and its column.
struct Test<'m> {
    column: usize,
    is: &'m Patterns,
    note: &'m str,
}

impl<'m> Test<'m> {
    fn all(specs: &'m [RowTest], layout: &Layout) -> Vec<Self> {
        let bound = specs.iter().filter_map(|spec| {
            let (column, is) = bind::cell_test(spec, layout)?;
            let note = if spec.note.is_empty() { "rows" } else { &spec.note };
            Some(Self { column, is, note })
        });
        bound.collect()
    }

    fn passes(&self, row: &Row) -> bool {
        self.is.any(row.cell(self.column))
    }
}

impl Reader<'_, '_> {
    fn run(&mut self) {
        let (mapping, layout, table) = (self.mapping, self.address.layout, self.address.table);
        let tests = |specs| Test::all(specs, layout);
        let (keep, skip) = (tests(&mapping.keep), tests(&mapping.skip));
        let (only_held, remark) = (tests(&mapping.only_held), tests(&mapping.remark));
        let wanted_day = self.wanted_day();
        let mut other_days = OtherDays::default();
        for (at, row) in table.rows.iter().enumerate().skip(layout.first_row) {
            let failed = keep.iter().find(|test| !test.passes(row));
            if let Some(test) = failed.or_else(|| skip.iter().find(|test| test.passes(row))) {
                self.log.count(&format!("{} left out", test.note), 1);
                self.list_code(row);
                continue;
            }
            let as_of = self.date_of(row);
            if as_of.is_ok() && wanted_day.is_some() && as_of != Ok(wanted_day) {
                other_days.left_out(row, self.records);
                continue;
            }
            self.reading.rows += 1;
            let as_of = match as_of {
                Ok(as_of) => as_of,
                Err(column) => {
                    let cell = column.map_or("", |at| row.cell(at));
                    let expected = "the day the row's values were true".to_owned();
                    self.log.fault(self.address.fault(row.number, column, cell, expected));
                    continue;
                }
            };
            other_days.kept(row, self.records);
            for test in remark.iter().filter(|test| test.passes(row)) {
                self.log.count(test.note, 1);
            }
            let held_only = only_held.iter().find(|test| test.passes(row)).map(|test| test.note);
            self.read_row(at, row, as_of, held_only);
        }
        other_days.tell(wanted_day, self.log);
        self.emit_combined();
        self.check_sums(wanted_day);
    }

    /// With `rows = "latest"`: the only day whose rows count.
    fn wanted_day(&self) -> Option<NaiveDate> {
        if self.mapping.rows != RowsOf::Latest {
            return None;
        }
        let asked = self.mapping.as_of.only.as_deref().and_then(financial_year);
        let rows = self.address.table.rows.iter().skip(self.address.layout.first_row);
        asked
            .and_then(financial_year_end)
            .or_else(|| rows.filter_map(|row| self.dating.of(row).ok()).max())
    }

    /// The row's day, or the column that should have told it.
    fn date_of(&self, row: &Row) -> Result<Option<NaiveDate>, Option<usize>> {
        if is_dated(self.mapping) { self.dating.of(row).map(Some) } else { Ok(None) }
    }

    /// A code the list names, whatever becomes of its row: it has not left.
    fn list_code(&mut self, row: &Row) {
        if self.mapping.leavers.is_some() {
            let site = self.records.iter().find(|record| record.spec.subject == Speaks::Site);
            self.list.codes.extend(site.and_then(|record| row.cell(record.code).parse().ok()));
        }
    }

    fn check_sums(&mut self, wanted_day: Option<NaiveDate>) {
        for spec in &self.mapping.sum_to_100 {
            let columns = self.address.layout.all_columns(&spec.columns, &spec.except);
            let share = |row: &Row, at: usize| {
                let any = Kind::Number { low: 0.0, high: f64::INFINITY };
                Scalar::parse(any, row.cell(at)).ok()?.number()
            };
            let is_off = |row: &&Row| {
                let shares: Option<Vec<f64>> = columns.iter().map(|at| share(row, *at)).collect();
                let sum = shares.map_or(100.0, |shares| shares.iter().sum());
                let counts = wanted_day.is_none() || self.date_of(row) == Ok(wanted_day);
                counts && (sum - 100.0).abs() > spec.within
            };
            let rows = self.address.table.rows.iter().skip(self.address.layout.first_row);
            let off = if columns.is_empty() { 0 } else { rows.filter(is_off).count() };
            self.log
                .count(&format!("{} do not sum to 100 ± {}", spec.note, spec.within), off as u64);
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
        let pool = self.pool.as_ref().filter(|pool| pool.spec.is.any(row.cell(pool.column)));
        let is_aggregate = pool.is_some();
        let Some(code) = own_code(pool, row.cell(first.code), row) else {
            let expected = "a pooled site with its trust's code beside it".to_owned();
            return self.refuse(row, first.code, expected);
        };
        let subject = first.spec.subject;
        if subject != Speaks::Observation && !self.is_first(at, row, &code, as_of, first.code) {
            return;
        }
        if subject == Speaks::Site {
            match code.parse() {
                Ok(site) if self.may_speak(&site, as_of, held_only) => {}
                Ok(_) => return,
                Err(invalid) => return self.refuse_code(row, first.code, &invalid),
            }
        }
        for which in 0..self.records.len() {
            self.read_record(which, at, row, as_of, &code, is_aggregate);
        }
    }

    fn refuse_code(&mut self, row: &Row, column: usize, invalid: &crate::register::InvalidCode) {
        self.refuse(row, column, invalid.wanted.to_owned());
    }

    /// Whether a row may speak of a site: a closed one of an ODS list, or one of an older return, only if the register
    /// has it.
    fn may_speak(
        &mut self,
        code: &SiteCode,
        as_of: Option<NaiveDate>,
        held_only: Option<&str>,
    ) -> bool {
        if self.mapping.leavers.is_some() {
            self.list.codes.insert(code.clone());
            self.list.as_of = self.list.as_of.max(as_of);
        }
        let held = self.register.site(code);
        if let (Some(note), None) = (held_only, held) {
            self.log.count(&format!("{note} left out"), 1);
            return false;
        }
        let is_older = self.newest.is_some_and(|newest| as_of.is_some_and(|day| day < newest));
        if is_older && held.is_none_or(|site| site.status() == SiteStatus::Closed) {
            self.log.count(
                "rows left out: sites closed or gone from a newer list the register holds",
                1,
            );
            return false;
        }
        true
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
        if code.is_empty() || self.records.iter().any(BoundRecord::combines) {
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
            let number = earlier.number;
            let expected = format!("a code used once: row {number} has it too, with other values");
            self.refuse(row, column, expected);
        }
        false
    }

    fn read_record(
        &mut self,
        which: usize,
        at: usize,
        row: &Row,
        as_of: Option<NaiveDate>,
        first_code: &str,
        is_aggregate: bool,
    ) {
        let Some(record) = self.records.get(which) else { return };
        let own = if which == 0 { first_code } else { row.cell(record.code).trim() };
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
        if record.combines() {
            self.combine(which, at, row, code, as_of, values);
            return;
        }
        self.emit(which, row, &code, as_of, values);
        if is_aggregate && which == 0 {
            self.emit_aggregate(&code, as_of);
        }
    }

    /// What the row says of each field, percentages last since they need their base.
    fn values(&self, record: &BoundRecord<'_>, row: &Row, as_of: Option<NaiveDate>) -> Vec<Said> {
        let read = |bound| said(self.mapping, bound, row).unwrap_or_else(Said::Refused);
        let mut values: Vec<Said> = record.fields.iter().map(read).collect();
        for (at, bound) in record.fields.iter().enumerate() {
            let cell = bound.column().map_or("", |column| row.cell(column));
            let typed = bound.spec.percent_of.is_some() && cell.trim_end().ends_with('%');
            let is_share = bound.needs_base() || typed;
            let percent = values.get(at).and_then(Said::number).filter(|_| is_share);
            if let (Some(percent), Some(_)) = (percent, values.get(at)) {
                let base = bound.base.and_then(|base| values.get(base)).and_then(Said::number);
                let until = bound.spec.percent_until;
                let is_pure = until.is_none_or(|until| as_of.is_none_or(|day| day <= until));
                values[at] = share(bound, percent, cell, base, is_pure);
            }
        }
        for (at, bound) in record.fields.iter().enumerate() {
            let partner = bound.goes_with.and_then(|at| record.fields.get(at).zip(values.get(at)));
            let is_stale = partner.is_some_and(|(partner, said)| {
                self.is_stale(row.cell(record.code), partner.target, said, as_of)
            });
            if is_stale {
                values[at] = Said::Nothing;
            }
        }
        sense::refuse_nonsense(record, &mut values);
        values
    }

    /// Whether the register holds a newer and different value of a field.
    fn is_stale(&self, code: &str, target: Target, said: &Said, as_of: Option<NaiveDate>) -> bool {
        let (Target::Register(field), Said::Known(offered, _)) = (target, said) else {
            return false;
        };
        let Ok(code) = code.parse::<SiteCode>() else { return false };
        match self.register.site(&code).map(|site| site.fact(field)) {
            Some(Value::Known { value, evidence }) => {
                as_of.is_some_and(|day| day < evidence.as_of) && value != *offered
            }
            _ => false,
        }
    }

    fn combine(
        &mut self,
        which: usize,
        at: usize,
        row: &Row,
        code: String,
        as_of: Option<NaiveDate>,
        values: Vec<Said>,
    ) {
        let Some(record) = self.records.get(which) else { return };
        let key = (format!("{which} {}", code.to_ascii_uppercase()), as_of);
        let first = *self.seen.entry(key).or_insert(at);
        let nothing = || vec![Said::Nothing; values.len()];
        let mut held = self.combined.remove(&(which, first)).unwrap_or_else(|| Combining {
            code,
            as_of,
            row: at,
            said: nothing(),
        });
        for ((said, value), bound) in held.said.iter_mut().zip(values).zip(&record.fields) {
            let earlier = std::mem::replace(said, Said::Nothing);
            *said = if let Said::Refused(refused) = value {
                self.refuse_cell(row, refused);
                Said::Unknown(Why::Unreadable)
            } else {
                together(earlier, value, bound.spec.combine.as_ref())
            };
        }
        self.combined.insert((which, first), held);
    }

    fn emit_combined(&mut self) {
        for ((which, _), held) in std::mem::take(&mut self.combined) {
            if let Some(row) = self.address.table.rows.get(held.row) {
                self.emit(which, row, &held.code, held.as_of, held.said);
            }
        }
    }
}

/// The code as published, or made from the trust's where pooled sites share one; `None` where that trust is not told.
fn own_code(pool: Option<&Pool<'_>>, cell: &str, row: &Row) -> Option<String> {
    let Some(pool) = pool.filter(|pool| pool.spec.repeats.any(cell)) else {
        return Some(cell.trim().to_owned());
    };
    let trust = pool.code_of.map_or("", |at| row.cell(at)).trim();
    (!trust.is_empty()).then(|| format!("{trust}{}", pool.spec.suffix))
}

fn newest_held(mapping: &Mapping, register: &Register) -> Option<NaiveDate> {
    let sources = &mapping.adds_unless_newer.0;
    let facts =
        register.sites().filter(|_| !sources.is_empty()).flat_map(crate::register::Site::facts);
    let evidence = facts.filter_map(|(_, value)| value.evidence());
    let named =
        evidence.filter(|held| sources.iter().any(|source| held.source.starts_with(source)));
    named.map(|evidence| evidence.as_of).max()
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
