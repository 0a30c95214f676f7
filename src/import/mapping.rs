//! What the columns of a file mean, as TOML: the mappings that ship in `data/mappings/` and those users write for their
//! own spreadsheets are read the same way.
//!
//! Only the description lives here; `read` follows it. `docs/mapping.md` is the page for users.

mod dates;
mod header;
mod shipped;
mod template;
mod unit;

use std::collections::BTreeMap;
use std::fmt;

use chrono::NaiveDate;
use serde::{Deserialize, Deserializer};

pub(super) use dates::{calendar_year_end, day_in, month_end, reporting_year};
pub use dates::{financial_year, financial_year_end};
pub use header::{Pattern, normal};
pub use shipped::{Shipped, shipped, shipped_texts};
pub use template::template;
pub use unit::Unit;

use super::sheet::{Hints, column_of};
use crate::register::{Field, Kind, Subject, Why};

/// What the columns of a file mean.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// What it reads, for lists and messages.
    pub name: String,
    /// The publication, as evidence names it. `{year}` becomes the reporting year (`2016/17`), `{month}` the month
    /// (`January 2024`), `{date}` the day, `{file}` the file's name.
    pub source: String,
    /// How the values came about, where a field does not say.
    #[serde(default = "as_published")]
    pub method: String,
    /// What an empty cell says.
    #[serde(default)]
    pub blank: Blank,
    /// Which rows count where rows are of several dates.
    #[serde(default)]
    pub rows: RowsOf,
    /// Sources, by how they begin: where the register holds one that is newer than a row, the row adds no site.
    #[serde(default)]
    pub adds_unless_newer: Texts,
    /// How the file is laid out.
    #[serde(default)]
    pub file: FileSpec,
    /// The day the values were true.
    #[serde(default)]
    pub as_of: AsOf,
    /// Columns that give source and method row by row.
    #[serde(default)]
    pub evidence: RowEvidence,
    /// Words that stand for no value.
    #[serde(default)]
    pub unknown: UnknownWords,
    /// Rows that fail one of these tests are left out.
    #[serde(default)]
    pub keep: Vec<RowTest>,
    /// Rows that match one of these tests are left out.
    #[serde(default)]
    pub skip: Vec<RowTest>,
    /// Rows that match one of these tests speak only of sites the register has and has not closed.
    #[serde(default)]
    pub only_held: Vec<RowTest>,
    /// Rows that match are counted in a remark.
    #[serde(default)]
    pub remark: Vec<RowTest>,
    /// Rows that pool several small sites.
    pub aggregate: Option<Aggregate>,
    /// Shares that should add up.
    #[serde(default)]
    pub sum_to_100: Vec<SumTo100>,
    /// What a site's absence from the file means.
    pub leavers: Option<Leavers>,
    /// What each row speaks of; one row may speak of a site and of a tenancy.
    pub record: Vec<RecordSpec>,
}

/// What an empty cell says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Blank {
    /// That the sender left it blank: recorded as unknown for that reason.
    #[default]
    Unknown,
    /// Nothing: what the register knows stays.
    Leave,
}

/// Which rows count where rows are of several dates.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowsOf {
    /// All.
    #[default]
    All,
    /// Those of the latest date in the file, or of the year asked for.
    Latest,
}

/// How the file is laid out; what is left out is found out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FileSpec {
    /// `utf-8`, `cp1252`, `utf-16le`.
    pub encoding: Option<String>,
    /// Of a CSV.
    pub delimiter: Option<char>,
    /// Sheets to read, in order of preference; the first that is there.
    pub sheet: Patterns,
    /// Row of the header, the first being 1; left out, the first row that has the columns the mapping needs.
    pub header_row: Option<u64>,
    /// There is no header: columns are named by their letter.
    pub no_header: bool,
}

impl FileSpec {
    /// For the sheet reader.
    pub fn hints(&self) -> Hints {
        Hints { encoding: self.encoding.clone(), delimiter: self.delimiter }
    }
}

/// Where the date of the values is found: the first of these that is given and found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AsOf {
    /// Written in the mapping.
    #[serde(deserialize_with = "day")]
    pub date: Option<NaiveDate>,
    /// A column of dates.
    pub column: Patterns,
    /// A group of columns, one a year, of which one holds 1: `year_*`.
    pub flags: Option<Pattern>,
    /// Part of the name of the file or sheet, or of a title above the header.
    pub name: Option<NamePart>,
    /// The latest date in these columns.
    pub latest_in: Patterns,
    /// With `rows = "latest"`: this reporting year instead of the latest, `2022/23`.
    pub only: Option<String>,
}

/// What a file's name tells of its date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NamePart {
    /// `eric-2016-17.xls`: the last day of the year, 31 March.
    FinancialYear,
    /// `epraccur-2024-01.csv`: the last day of the month.
    Month,
    /// `place-2024-scores.csv`: the last day of the calendar year.
    CalendarYear,
    /// A day, month or reporting year, whichever is there.
    Any,
}

/// Columns that give evidence row by row, as the templates do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RowEvidence {
    /// Who says so.
    pub source: Patterns,
    /// How they know.
    pub method: Patterns,
}

/// Words that stand for no value, compared without regard to case and punctuation around them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct UnknownWords {
    /// As good as empty: `-`.
    pub blank: Texts,
    /// `No Data Provided`.
    pub no_data_provided: Texts,
    /// `Not Applicable`.
    pub not_applicable: Texts,
    /// `unknown`, where somebody looked and could not tell.
    pub not_assessed: Texts,
}

impl UnknownWords {
    /// Why a cell holds no value, where it says so.
    pub fn why(&self, cell: &str) -> Option<Why> {
        let cell = cell.trim();
        let says = |words: &Texts| words.0.iter().any(|word| word.eq_ignore_ascii_case(cell));
        [
            (&self.not_applicable, Why::NotApplicable),
            (&self.no_data_provided, Why::NoDataProvided),
            (&self.blank, Why::Blank),
            (&self.not_assessed, Why::NotAssessed),
        ]
        .into_iter()
        .find_map(|(words, why)| says(words).then_some(why))
    }
}

/// A test of one cell of a row.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RowTest {
    /// Which cell.
    pub column: Patterns,
    /// What it must read, `*` standing for anything but nothing.
    pub is: Patterns,
    /// What the rows are, for the remark that counts them: `proposed practices`.
    #[serde(default)]
    pub note: String,
}

/// Rows that pool several small sites: in the register, never on the map.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Aggregate {
    /// Which cell tells.
    pub column: Patterns,
    /// What it reads.
    pub is: Patterns,
    /// Published codes that repeat and so say nothing: `AGGRE`.
    #[serde(default)]
    pub repeats: Patterns,
    /// The column whose code, with `suffix`, makes the row's own code where the published one repeats.
    #[serde(default)]
    pub code_of: Patterns,
    /// What follows that code: `AGGRE`.
    #[serde(default)]
    pub suffix: String,
}

/// Shares that should add up to 100, give or take `within`; rows where they do not are counted in a remark.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SumTo100 {
    /// The shares; every column that matches.
    pub columns: Patterns,
    /// Columns that match and are not shares.
    #[serde(default)]
    pub except: Patterns,
    /// Rounding allowed.
    #[serde(default = "one")]
    pub within: f64,
    /// `age profile`.
    pub note: String,
}

/// A full list says who has left: sites it used to list and lists no more are closed, never deleted.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Leavers {
    /// Evidence sources, by how they begin, that mark a site as one of this list's.
    pub sources: Texts,
    /// Where a larger share than this would leave at once, the file is taken for a part of the list and nobody leaves.
    #[serde(default = "a_fifth")]
    pub at_most_share: f64,
}

/// What a record describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Speaks {
    /// A site.
    Site,
    /// A tenancy.
    Tenancy,
    /// A utilisation survey of a site.
    Observation,
    /// An organisation: its name goes to every site of it in the register.
    Organisation,
}

/// What a row says of one thing.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordSpec {
    /// What it describes.
    pub subject: Speaks,
    /// The column of its code.
    pub code: Patterns,
    /// Added to the code: `-GP`.
    #[serde(default)]
    pub suffix: String,
    /// Every field of the subject is read, from the column named by its key or its label, besides those listed.
    #[serde(default)]
    pub every_field: bool,
    /// Its fields.
    #[serde(default)]
    pub field: Vec<FieldSpec>,
}

/// Where one field comes from.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldSpec {
    /// A field key of the register; for observations `method`, `from`, `to`, `spaces`, `frequency`, `occupancy`.
    pub field: String,
    /// Its column: the first of these that is there.
    #[serde(default)]
    pub column: Patterns,
    /// Several columns added up; each entry lists the names one of them has had.
    #[serde(default)]
    pub sum: Vec<Patterns>,
    /// Several columns whose texts make one value with a space between: easting and northing, or in degrees longitude
    /// and latitude.
    #[serde(default)]
    pub join: Vec<Patterns>,
    /// A group of columns of which one holds 1; the value is what its header has in place of `*`.
    pub flags: Option<Pattern>,
    /// The same for every row.
    pub constant: Option<String>,
    /// Unit of the column where its header names none.
    pub unit: Option<Unit>,
    /// The field a percentage is a share of, in the same record.
    pub percent_of: Option<Field>,
    /// Last day on which the column was purely a percentage; afterwards above 100 is the field's own unit, 0 is 0, and
    /// what lies between is unknown, as it could be either.
    #[serde(default, deserialize_with = "day")]
    pub percent_until: Option<NaiveDate>,
    /// How the value came about, instead of the mapping's method.
    pub method: Option<String>,
    /// Words as published to words of the register; `*` stands for anything, an empty key for an empty cell.
    #[serde(default)]
    pub values: BTreeMap<String, String>,
    /// What becomes of words `values` does not have.
    #[serde(default)]
    pub others: Others,
    /// Takes off a leading `7. `.
    #[serde(default)]
    pub strip_number: bool,
    /// The file must have the column.
    #[serde(default)]
    pub required: bool,
    /// The value is unknown where this other column says so: `gas_missing` = 1.
    pub unknown_where: Option<RowTest>,
    /// The field is spoken of only where this holds.
    pub only_where: Option<RowTest>,
    /// Several rows of one code: `sum`, `first`, or a list of words of which the earliest wins.
    pub combine: Option<Combine>,
    /// A field that must not be older in this file than in the register for this one to be taken: a trust's old name
    /// must not join its successor's code.
    pub goes_with: Option<Field>,
}

/// What becomes of words a value map does not have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Others {
    /// They are read as they stand; a closed list refuses what it does not know.
    #[default]
    Read,
    /// Nothing is said.
    Leave,
}

/// How several rows of one code become one value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Combine {
    /// Numbers are added.
    Sum,
    /// The first known one counts.
    First,
    /// The word that comes earliest in this list counts.
    Earliest(Vec<String>),
}

/// What a field specification fills.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    /// A field of the register.
    Register(Field),
    /// A part of an observation.
    Observed(Part),
}

/// The parts of an observation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Method,
    From,
    To,
    Spaces,
    Frequency,
    Occupancy,
}

impl Part {
    pub(super) const ALL: [(&'static str, Self); 6] = [
        ("method", Self::Method),
        ("from", Self::From),
        ("to", Self::To),
        ("spaces", Self::Spaces),
        ("frequency", Self::Frequency),
        ("occupancy", Self::Occupancy),
    ];

    pub(super) fn kind(self) -> Kind {
        match self {
            Self::Method => Kind::Choice(&["eric_return", "sensor", "walkround", "booking"]),
            Self::From | Self::To => Kind::Date,
            Self::Spaces => Kind::Text,
            Self::Frequency | Self::Occupancy => Kind::Number { low: 0.0, high: 1.0 },
        }
    }
}

impl Target {
    pub(super) fn kind(self) -> Kind {
        match self {
            Self::Register(field) => field.kind(),
            Self::Observed(part) => part.kind(),
        }
    }

    /// The unit numbers are kept in.
    pub(super) fn unit(self) -> &'static str {
        match self {
            Self::Register(field) => field.unit(),
            Self::Observed(Part::Frequency | Part::Occupancy) => "share",
            Self::Observed(_) => "",
        }
    }
}

/// A mapping that cannot be followed: where, and what was expected there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappingError {
    /// The mapping's file, where it came from one.
    pub file: String,
    /// Line, where the TOML itself could not be read.
    pub line: Option<usize>,
    /// The key, `record 1, field 3 (empty_area_m2): percent_of`.
    pub key: String,
    /// What was expected.
    pub expected: String,
}

impl std::error::Error for MappingError {}

impl fmt::Display for MappingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = if self.file.is_empty() { "column mapping" } else { &self.file };
        write!(f, "{file}")?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        if !self.key.is_empty() {
            write!(f, ", {}", self.key)?;
        }
        write!(f, ": {}", self.expected)
    }
}

impl MappingError {
    /// The same, naming the file it is about.
    #[must_use]
    pub fn in_file(mut self, file: &str) -> Self {
        file.clone_into(&mut self.file);
        self
    }
}

impl Mapping {
    /// Reads a mapping and checks that it can be followed.
    pub fn from_toml(text: &str) -> Result<Self, MappingError> {
        let mut mapping: Self = toml::from_str(text).map_err(|error| unreadable(text, &error))?;
        mapping.check()?;
        mapping.record.iter_mut().for_each(RecordSpec::list_every_field);
        Ok(mapping)
    }

    /// The mapping with the day its values were true, whatever the file says.
    #[must_use]
    pub fn dated(mut self, as_of: NaiveDate) -> Self {
        self.as_of = AsOf { date: Some(as_of), ..AsOf::default() };
        self
    }

    /// The mapping for one reporting year of a file that holds several: `2022/23`.
    #[must_use]
    pub fn of_year(mut self, year: &str) -> Self {
        self.rows = RowsOf::Latest;
        self.as_of.only = Some(year.to_owned());
        self
    }

    fn check(&self) -> Result<(), MappingError> {
        if self.record.is_empty() {
            return Err(wrong("record", "expected at least one [[record]]"));
        }
        if self.as_of.only.as_deref().is_some_and(|only| financial_year(only).is_none()) {
            return Err(wrong("as_of.only", "expected a reporting year such as \"2024/25\""));
        }
        for (number, record) in (1..).zip(&self.record) {
            let place = format!("record {number}");
            if record.code.is_empty() {
                return Err(wrong(
                    &format!("{place}: code"),
                    "expected the column that holds the code",
                ));
            }
            for (at, field) in (1..).zip(&record.field) {
                field.check(record).map_err(|(key, expected)| {
                    wrong(&format!("{place}, field {at} ({}): {key}", field.field), &expected)
                })?;
            }
        }
        if self.file.no_header {
            let lettered = self.all_columns().find(|pattern| column_of(pattern.text()).is_none());
            if let Some(pattern) = lettered {
                return Err(wrong(
                    &format!("column {:?}", pattern.text()),
                    "expected a column letter such as \"A\" or \"AB\", as the file has no header",
                ));
            }
        }
        Ok(())
    }

    fn all_columns(&self) -> impl Iterator<Item = &Pattern> {
        let tests = self.keep.iter().chain(&self.skip).chain(&self.only_held).chain(&self.remark);
        let fields = self.record.iter().flat_map(|record| {
            record.code.iter().chain(record.field.iter().flat_map(|field| {
                field
                    .column
                    .iter()
                    .chain(field.sum.iter().chain(&field.join).flat_map(Patterns::iter))
            }))
        });
        tests.flat_map(|test| test.column.iter()).chain(fields).chain(self.as_of.column.iter())
    }
}

impl RecordSpec {
    /// Writes out `every_field`.
    fn list_every_field(&mut self) {
        let subject = match self.subject {
            Speaks::Site if self.every_field => Subject::Site,
            Speaks::Tenancy if self.every_field => Subject::Tenancy,
            _ => return,
        };
        let listed: Vec<String> = self.field.iter().map(|spec| spec.field.clone()).collect();
        for field in Field::of(subject).filter(|field| !listed.iter().any(|key| key == field.key()))
        {
            let is_share_of_all = field.unit() == "m²"
                && subject == Subject::Site
                && field != Field::GrossInternalArea;
            self.field.push(FieldSpec {
                field: field.key().to_owned(),
                column: Patterns(vec![Pattern::new(field.key()), Pattern::new(field.label())]),
                percent_of: is_share_of_all.then_some(Field::GrossInternalArea),
                ..FieldSpec::default()
            });
        }
        if subject == Subject::Site && !listed.iter().any(|key| key == Field::Location.key()) {
            // Of two that are both there the later counts: metres on the grid need no transform.
            let pairs =
                [(["longitude", "latitude"], Some(Unit::Degrees)), (["easting", "northing"], None)];
            self.field.extend(pairs.map(|(names, unit)| FieldSpec {
                field: Field::Location.key().to_owned(),
                join: names.map(|name| Patterns(vec![Pattern::new(name)])).into(),
                unit,
                ..FieldSpec::default()
            }));
        }
    }
}

impl FieldSpec {
    pub(super) fn target(&self, record: &RecordSpec) -> Option<Target> {
        if record.subject == Speaks::Observation {
            return Part::ALL
                .iter()
                .find(|(key, _)| *key == self.field)
                .map(|(_, part)| Target::Observed(*part));
        }
        let field: Field = self.field.parse().ok()?;
        let fits = match record.subject {
            Speaks::Site => field.subject() == Subject::Site,
            Speaks::Tenancy => field.subject() == Subject::Tenancy,
            Speaks::Organisation => field == Field::OrganisationName,
            Speaks::Observation => false,
        };
        fits.then_some(Target::Register(field))
    }

    /// The key that is wrong, and what was expected.
    fn check(&self, record: &RecordSpec) -> Result<(), (&'static str, String)> {
        let Some(target) = self.target(record) else {
            return Err(("field", expected_keys(record.subject)));
        };
        let ways = [
            !self.column.is_empty(),
            !self.sum.is_empty(),
            !self.join.is_empty(),
            self.flags.is_some(),
            self.constant.is_some(),
        ];
        if ways.iter().filter(|given| **given).count() != 1 {
            return Err((
                "column",
                "expected exactly one of column, sum, join, flags and constant".to_owned(),
            ));
        }
        if self.flags.as_ref().is_some_and(|pattern| !pattern.text().contains('*')) {
            return Err((
                "flags",
                "expected a group of columns with a *, such as \"site_type_*\"".to_owned(),
            ));
        }
        if let Some(unit) = self.unit {
            if unit != Unit::Percent && unit.factor(target.unit()).is_none() {
                return Err((
                    "unit",
                    format!("expected a unit that can be turned into {:?}", target.unit()),
                ));
            }
            if unit == Unit::Percent
                && unit.factor(target.unit()).is_none()
                && self.percent_of.is_none()
            {
                return Err((
                    "percent_of",
                    "expected the field the percentage is a share of".to_owned(),
                ));
            }
        }
        if let Some(base) = self.percent_of {
            let there = record.field.iter().any(|field| field.field == base.key());
            if !there || base.unit() != target.unit() {
                return Err((
                    "percent_of",
                    format!("expected a field of the same record in {}", target.unit()),
                ));
            }
        }
        if let (Some(constant), Target::Register(field)) = (&self.constant, target) {
            crate::register::Scalar::parse(field.kind(), constant)
                .map_err(|wanted| ("constant", format!("expected {wanted}")))?;
        }
        if let Kind::Choice(words) = target.kind() {
            let odd = self.values.values().find(|value| !words.contains(&value.as_str()));
            if let Some(odd) = odd {
                return Err((
                    "values",
                    format!("expected one of {}, found {odd:?}", words.join(", ")),
                ));
            }
        }
        Ok(())
    }
}

fn expected_keys(subject: Speaks) -> String {
    let keys: Vec<&str> = match subject {
        Speaks::Site => Field::of(Subject::Site).map(Field::key).collect(),
        Speaks::Tenancy => Field::of(Subject::Tenancy).map(Field::key).collect(),
        Speaks::Observation => Part::ALL.iter().map(|(key, _)| *key).collect(),
        Speaks::Organisation => vec![Field::OrganisationName.key()],
    };
    format!("expected one of {}", keys.join(", "))
}

fn wrong(key: &str, expected: &str) -> MappingError {
    MappingError {
        file: String::new(),
        line: None,
        key: key.to_owned(),
        expected: expected.to_owned(),
    }
}

/// serde's complaint, with the line and the key it is about.
fn unreadable(text: &str, error: &toml::de::Error) -> MappingError {
    let start = error.span().map(|span| span.start.min(text.len()));
    let before = start.and_then(|start| text.get(..start));
    let line = before.map(|before| before.matches('\n').count() + 1);
    let written = line.and_then(|line| text.lines().nth(line - 1)).unwrap_or("").trim();
    let key = written.split('=').next().unwrap_or("").trim();
    MappingError {
        file: String::new(),
        line,
        key: if key.is_empty() { String::new() } else { format!("key {key}") },
        expected: error.message().replace('\n', " "),
    }
}

fn as_published() -> String {
    "as published".to_owned()
}

fn one() -> f64 {
    1.0
}

fn a_fifth() -> f64 {
    0.2
}

/// A TOML date, or a text that is one.
fn day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<NaiveDate>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Text(String),
        Date(toml::value::Datetime),
    }
    let text = match Option::<Written>::deserialize(deserializer)? {
        None => return Ok(None),
        Some(Written::Text(text)) => text,
        Some(Written::Date(date)) => date.to_string(),
    };
    text.parse().map(Some).map_err(|_not_a_day| {
        serde::de::Error::custom(format!("expected a date such as 2025-03-31, found {text:?}"))
    })
}

/// One text or a list of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Texts(pub Vec<String>);

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMore;
        impl<'de> serde::de::Visitor<'de> for OneOrMore {
            type Value = Texts;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a list of texts")
            }

            fn visit_str<E>(self, text: &str) -> Result<Texts, E> {
                Ok(Texts(vec![text.to_owned()]))
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(
                self,
                mut list: A,
            ) -> Result<Texts, A::Error> {
                let mut texts = Vec::new();
                while let Some(text) = list.next_element()? {
                    texts.push(text);
                }
                Ok(Texts(texts))
            }
        }
        deserializer.deserialize_any(OneOrMore)
    }
}

/// One pattern or a list of them, the preferred first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Patterns(pub Vec<Pattern>);

impl Patterns {
    /// Whether none is given.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// In order of preference.
    pub fn iter(&self) -> std::slice::Iter<'_, Pattern> {
        self.0.iter()
    }

    /// Whether one of them is this text, compared as headers are.
    pub fn any(&self, text: &str) -> bool {
        self.0.iter().any(|pattern| pattern.matches(text))
    }

    /// As a reader would list them: `"Site Code" or "Site"`.
    pub fn words(&self) -> String {
        let quoted: Vec<String> =
            self.0.iter().map(|pattern| format!("{:?}", pattern.text())).collect();
        quoted.join(" or ")
    }
}

impl<'p> IntoIterator for &'p Patterns {
    type Item = &'p Pattern;
    type IntoIter = std::slice::Iter<'p, Pattern>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<'de> Deserialize<'de> for Patterns {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let texts = Texts::deserialize(deserializer)?;
        Ok(Self(texts.0.iter().map(|text| Pattern::new(text)).collect()))
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self::new(&text))
    }
}

impl<'de> Deserialize<'de> for Combine {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let texts = Texts::deserialize(deserializer)?;
        Ok(match texts.0.as_slice() {
            [one] if one == "sum" => Self::Sum,
            [one] if one == "first" => Self::First,
            _ => Self::Earliest(texts.0),
        })
    }
}
