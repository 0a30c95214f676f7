//! A mapping laid over the columns a file really has.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use crate::import::mapping::{
    AsOf, FieldSpec, Mapping, NamePart, Pattern, Patterns, RecordSpec, RowTest, Target, Unit,
    calendar_year_end, day_in, financial_year, financial_year_end, month_end, normal,
};
use crate::import::report::Fault;
use crate::import::sheet::{Row, Table, column_of, letters, whole_file};
use crate::register::{Field, Kind, Scalar};

/// Rows looked through for a header.
const HEADER_WITHIN: usize = 30;

/// The columns of a table.
#[derive(Debug)]
pub(super) struct Layout {
    /// Index of the first row of data among the table's rows.
    pub(super) first_row: usize,
    /// Number of the header row; 0 where there is none.
    pub(super) header_row: u64,
    columns: Vec<Column>,
}

#[derive(Debug)]
struct Column {
    written: String,
    name: String,
    unit: Option<Unit>,
}

impl Layout {
    /// Finds the header, or says which needed columns are missing and how many.
    pub(super) fn find(
        file: &str,
        table: &Table,
        mapping: &Mapping,
    ) -> Result<Self, (usize, Fault)> {
        if mapping.file.no_header {
            return Ok(Self { first_row: 0, header_row: 0, columns: Vec::new() });
        }
        let needed: Vec<&Patterns> = mapping
            .record
            .iter()
            .flat_map(|record| {
                let fields =
                    record.field.iter().filter(|field| field.required).map(|field| &field.column);
                std::iter::once(&record.code).chain(fields)
            })
            .collect();
        let told = |row: &Row| mapping.file.header_row.is_none_or(|number| row.number == number);
        let mut best: Option<(usize, &Row, Vec<&Patterns>)> = None;
        for (at, row) in
            table.rows.iter().enumerate().take(HEADER_WITHIN).filter(|(_, row)| told(row))
        {
            let layout = Self::of(at, row);
            let missing: Vec<&Patterns> = needed
                .iter()
                .copied()
                .filter(|column| layout.find_column(column).is_none())
                .collect();
            if missing.is_empty() {
                return Ok(layout);
            }
            if best.as_ref().is_none_or(|(least, ..)| missing.len() < *least) {
                best = Some((missing.len(), row, missing));
            }
        }
        let Some((count, row, missing)) = best else {
            return Err((
                needed.len() + 1,
                whole_file(file, "no row that could be the header", &mapping.name),
            ));
        };
        let mut wanted: Vec<String> = missing.iter().map(|patterns| patterns.words()).collect();
        wanted.dedup();
        let found: Vec<&str> =
            row.cells().filter(|cell| !cell.trim().is_empty()).take(12).collect();
        let fault = Fault {
            file: file.to_owned(),
            sheet: table.sheet.clone(),
            row: row.number,
            column: String::new(),
            value: found.join(", ").chars().take(200).collect(),
            expected: format!("a header with the column {}", wanted.join(" and the column ")),
        };
        Err((count, fault))
    }

    fn of(at: usize, row: &Row) -> Self {
        let columns = row.cells().map(|cell| {
            let (name, unit) = Unit::split(cell);
            Column { written: cell.trim().to_owned(), name: normal(name), unit }
        });
        Self { first_row: at + 1, header_row: row.number, columns: columns.collect() }
    }

    /// The column of the first pattern that has one.
    pub(super) fn find_column(&self, patterns: &Patterns) -> Option<usize> {
        patterns.iter().find_map(|pattern| self.matching(pattern).next())
    }

    /// Every column a pattern matches.
    fn matching<'l>(&'l self, pattern: &'l Pattern) -> Box<dyn Iterator<Item = usize> + 'l> {
        if self.columns.is_empty() {
            return Box::new(column_of(pattern.text()).into_iter());
        }
        let fits = |column: &Column| pattern.is_header(&column.name, column.unit);
        Box::new(
            self.columns
                .iter()
                .enumerate()
                .filter(move |(_, column)| fits(column))
                .map(|(at, _)| at),
        )
    }

    /// Every column any of the patterns matches.
    pub(super) fn all_columns(&self, patterns: &Patterns, except: &Patterns) -> Vec<usize> {
        let mut found: Vec<usize> =
            patterns.iter().flat_map(|pattern| self.matching(pattern)).collect();
        found.retain(|at| self.columns.get(*at).is_none_or(|column| !except.any(&column.written)));
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The columns of a one-hot group, with what stands in place of the star.
    pub(super) fn group(&self, pattern: &Pattern) -> Vec<(usize, String)> {
        let stars = self.columns.iter().enumerate();
        stars
            .filter_map(|(at, column)| Some((at, pattern.star(&column.written)?.to_owned())))
            .collect()
    }

    /// What a column is called in messages.
    pub(super) fn header(&self, column: usize) -> String {
        self.columns.get(column).map_or_else(|| letters(column), |found| found.written.clone())
    }

    fn unit(&self, column: usize) -> Option<Unit> {
        self.columns.get(column).and_then(|found| found.unit)
    }
}

/// Where a field's text comes from.
#[derive(Debug)]
pub(super) enum From {
    Column(Numbers),
    Sum(Vec<Numbers>),
    Join(Vec<usize>),
    Flags(Vec<(usize, String)>),
    Constant(Scalar),
}

/// A column and how its numbers are to be taken.
#[derive(Debug)]
pub(super) struct Numbers {
    pub(super) column: usize,
    pub(super) factor: f64,
    /// A share of another field.
    pub(super) is_percent: bool,
}

/// A field with its columns found.
#[derive(Debug)]
pub(super) struct Bound<'m> {
    pub(super) spec: &'m FieldSpec,
    pub(super) target: Target,
    pub(super) kind: Kind,
    pub(super) from: From,
    /// Position of the base among the record's bound fields.
    pub(super) base: Option<usize>,
    pub(super) values: Vec<(Pattern, &'m str)>,
    pub(super) unknown_where: Option<(usize, &'m Patterns)>,
    pub(super) only_where: Option<(usize, &'m Patterns)>,
    /// The field this one must not be older than.
    pub(super) goes_with: Option<usize>,
    pub(super) method: String,
}

impl Bound<'_> {
    /// Whether the value waits for another field of the row.
    pub(super) fn needs_base(&self) -> bool {
        matches!(&self.from, From::Column(numbers) if numbers.is_percent)
    }

    /// The column a fault in the value is addressed to.
    pub(super) fn column(&self) -> Option<usize> {
        match &self.from {
            From::Column(numbers) => Some(numbers.column),
            From::Sum(columns) => columns.first().map(|numbers| numbers.column),
            From::Join(columns) => columns.first().copied(),
            From::Flags(columns) => columns.first().map(|(column, _)| *column),
            From::Constant(_) => None,
        }
    }
}

/// A record with its columns found.
#[derive(Debug)]
pub(super) struct BoundRecord<'m> {
    pub(super) spec: &'m RecordSpec,
    pub(super) code: usize,
    pub(super) fields: Vec<Bound<'m>>,
}

impl BoundRecord<'_> {
    /// Whether rows of one code become one.
    pub(super) fn combines(&self) -> bool {
        self.fields.iter().any(|field| field.spec.combine.is_some())
    }
}

/// Lays one record over a table. A column in a unit that makes no sense is a fault of the header.
pub(super) fn record<'m>(
    mapping: &'m Mapping,
    spec: &'m RecordSpec,
    layout: &Layout,
    fault: &mut impl FnMut(usize, &str, String),
) -> Option<BoundRecord<'m>> {
    let code = layout.find_column(&spec.code)?;
    let mut fields: Vec<Bound<'m>> = Vec::new();
    for field in &spec.field {
        let Some(target) = field.target(spec) else { continue };
        let taken = fields.iter().any(|bound| bound.target == target);
        let Some(from) = source(field, target, layout, fault) else { continue };
        if taken {
            continue;
        }
        fields.push(Bound {
            spec: field,
            target,
            kind: target.kind(),
            method: method(mapping, field, &from, layout),
            from,
            base: None,
            values: value_patterns(field),
            unknown_where: field.unknown_where.as_ref().and_then(|test| cell_test(test, layout)),
            only_where: field.only_where.as_ref().and_then(|test| cell_test(test, layout)),
            goes_with: None,
        });
    }
    let places: BTreeMap<Field, usize> = fields
        .iter()
        .enumerate()
        .filter_map(|(at, bound)| match bound.target {
            Target::Register(field) => Some((field, at)),
            Target::Observed(_) => None,
        })
        .collect();
    for bound in &mut fields {
        bound.base = bound.spec.percent_of.and_then(|base| places.get(&base).copied());
        bound.goes_with = bound.spec.goes_with.and_then(|other| places.get(&other).copied());
    }
    Some(BoundRecord { spec, code, fields })
}

/// The more a pattern says, the earlier it is tried.
fn value_patterns(field: &FieldSpec) -> Vec<(Pattern, &str)> {
    let mut values: Vec<(Pattern, &str)> =
        field.values.iter().map(|(word, value)| (Pattern::new(word), value.as_str())).collect();
    values.sort_by_key(|(pattern, _)| std::cmp::Reverse(pattern.weight()));
    values
}

/// A test and its column; a column the file does not have tests nothing.
pub(super) fn cell_test<'m>(test: &'m RowTest, layout: &Layout) -> Option<(usize, &'m Patterns)> {
    layout.find_column(&test.column).map(|column| (column, &test.is))
}

fn source(
    field: &FieldSpec,
    target: Target,
    layout: &Layout,
    fault: &mut impl FnMut(usize, &str, String),
) -> Option<From> {
    if let Some(constant) = &field.constant {
        return Scalar::parse(target.kind(), constant).ok().map(From::Constant);
    }
    if let Some(flags) = &field.flags {
        let group = layout.group(flags);
        return (!group.is_empty()).then_some(From::Flags(group));
    }
    if !field.join.is_empty() {
        let columns: Option<Vec<usize>> =
            field.join.iter().map(|part| layout.find_column(part)).collect();
        return columns.map(From::Join);
    }
    let mut numbers = |column: usize| {
        let unit = layout.unit(column).or(field.unit);
        let factor = unit.map_or(Some(1.0), |unit| unit.factor(target.unit()));
        let is_number = matches!(target.kind(), Kind::Number { .. } | Kind::Money);
        let is_percent = is_number && unit == Some(Unit::Percent) && factor.is_none();
        if !is_number {
            return Some(Numbers { column, factor: 1.0, is_percent: false });
        }
        if is_percent && field.percent_of.is_some() {
            return Some(Numbers { column, factor: 1.0, is_percent });
        }
        // "(No.)" and the like say nothing that contradicts a register unit.
        let factor = factor.or((unit == Some(Unit::Count)).then_some(1.0));
        if factor.is_none() {
            let found = unit.map_or("", Unit::word);
            let of_what =
                if is_percent { ", or a mapping that says what the percentage is of" } else { "" };
            fault(column, found, format!("a column in {}{of_what}", target.unit()));
        }
        factor.map(|factor| Numbers { column, factor, is_percent: false })
    };
    if !field.sum.is_empty() {
        let found: Vec<Numbers> = field
            .sum
            .iter()
            .filter_map(|part| layout.find_column(part))
            .filter_map(&mut numbers)
            .collect();
        // Fewer than half of the parts would pass a fraction off for the whole.
        return (found.len() * 2 >= field.sum.len()).then_some(From::Sum(found));
    }
    layout.find_column(&field.column).and_then(numbers).map(From::Column)
}

fn method(mapping: &Mapping, field: &FieldSpec, from: &From, layout: &Layout) -> String {
    let base = field.method.as_ref().unwrap_or(&mapping.method);
    match from {
        From::Sum(columns) => {
            let names: Vec<String> = columns
                .iter()
                .map(|numbers| Unit::split(&layout.header(numbers.column)).0.to_owned())
                .collect();
            format!("{base}; sum of {}", names.join(", "))
        }
        From::Column(numbers) if (numbers.factor - 1.0).abs() > f64::EPSILON => {
            let unit = layout.unit(numbers.column).or(field.unit).map_or("", Unit::word);
            format!("{base}, in {unit}")
        }
        _ => base.clone(),
    }
}

/// Where each row's date is found.
#[derive(Debug, Clone)]
pub(super) struct Dating {
    /// For rows whose own column or flags do not say.
    pub(super) fixed: Option<NaiveDate>,
    pub(super) column: Option<usize>,
    pub(super) flags: Vec<(usize, NaiveDate)>,
}

impl Dating {
    /// From the mapping, the name of the file and sheet, the titles above the header, and the latest date in columns.
    pub(super) fn find(as_of: &AsOf, file: &str, table: &Table, layout: &Layout) -> Self {
        let flags = as_of.flags.as_ref().map(|pattern| layout.group(pattern)).unwrap_or_default();
        let flags = flags
            .into_iter()
            .filter_map(|(column, year)| {
                Some((column, financial_year_end(financial_year(&year)?)?))
            })
            .collect();
        let titles = || {
            let above = table.rows.iter().take(layout.first_row.saturating_sub(1));
            above.flat_map(Row::cells).map(str::to_owned).collect::<Vec<_>>()
        };
        let named = as_of.name.and_then(|part| {
            let own = [Some(base_name(file)), table.sheet.as_deref()];
            own.into_iter()
                .flatten()
                .find_map(|name| dated(part, name))
                .or_else(|| titles().iter().find_map(|title| dated(part, title)))
        });
        let latest = || {
            let columns: Vec<usize> = as_of
                .latest_in
                .iter()
                .filter_map(|pattern| layout.matching(pattern).next())
                .collect();
            let cells = table
                .rows
                .iter()
                .skip(layout.first_row)
                .flat_map(|row| columns.iter().map(|at| row.cell(*at)));
            cells.filter_map(|cell| Scalar::parse(Kind::Date, cell).ok()?.date()).max()
        };
        Self {
            fixed: as_of.date.or(named).or_else(latest),
            column: if as_of.date.is_some() { None } else { layout.find_column(&as_of.column) },
            flags: if as_of.date.is_some() { Vec::new() } else { flags },
        }
    }

    /// Whether nothing tells a date.
    pub(super) fn is_lost(&self) -> bool {
        self.fixed.is_none() && self.column.is_none() && self.flags.is_empty()
    }

    /// The date of a row, or the cell that should have said and does not.
    pub(super) fn of(&self, row: &Row) -> Result<NaiveDate, Option<usize>> {
        if let Some(column) = self.column {
            let cell = row.cell(column);
            let read = Scalar::parse(Kind::Date, cell).ok().and_then(|scalar| scalar.date());
            return match read {
                Some(date) => Ok(date),
                None if cell.trim().is_empty() => self.fixed.ok_or(Some(column)),
                None => Err(Some(column)),
            };
        }
        let flagged = self.flags.iter().find(|(column, _)| is_set(row.cell(*column)));
        flagged
            .map(|(_, date)| *date)
            .or(self.fixed)
            .ok_or_else(|| self.flags.first().map(|(column, _)| *column))
    }
}

/// Whether a one-hot cell is set.
pub(super) fn is_set(cell: &str) -> bool {
    matches!(cell.trim(), "1" | "1.0" | "yes" | "Yes" | "TRUE" | "True" | "true")
}

fn base_name(file: &str) -> &str {
    file.rsplit(['/', '\\']).next().unwrap_or(file)
}

fn dated(part: NamePart, text: &str) -> Option<NaiveDate> {
    let year = || financial_year(text).and_then(financial_year_end);
    match part {
        NamePart::FinancialYear => year(),
        NamePart::Month => day_in(text).or_else(|| month_end(text)),
        NamePart::CalendarYear => calendar_year_end(text),
        NamePart::Any => day_in(text).or_else(year).or_else(|| month_end(text)),
    }
}
