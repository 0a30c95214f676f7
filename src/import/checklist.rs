//! The access checklist as filled in: a row an item and site, each with its own evidence and day.
//!
//! Says what a row says and nothing else: an empty answer says nothing, "unknown" says somebody looked and could not
//! tell. Every cell that cannot be taken is a fault at its own address.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::NaiveDate;

use super::read::{Held, MOST_FAULTS};
use super::report::{Fault, Reading};
use super::sheet::{self, InputFile, Limits, Row, Table, whole_file};
use crate::register::{
    AccessAnswer, AccessItem, Change, Evidence, Kind, Scalar, SiteCode, Value, Why, Word as _,
};

/// Longest text kept of a cell.
const LONGEST: usize = 1_000;

/// Reads filled-in checklists.
pub(super) fn read(files: &[InputFile], held: &Held<'_>) -> Reading {
    let mut reading = Reading::default();
    for file in files {
        match sheet::tables(file, &Limits::default()) {
            Ok(tables) => read_tables(file, tables, held, &mut reading),
            Err(fault) => reading.faults.push(fault),
        }
    }
    let beyond = reading.faults.len().saturating_sub(MOST_FAULTS);
    if beyond > 0 {
        reading.faults.truncate(MOST_FAULTS);
        reading.notes.push(format!("{beyond} further faults are not listed"));
    }
    reading
}

fn read_tables(file: &InputFile, tables: Vec<Table>, held: &Held<'_>, reading: &mut Reading) {
    let mut is_found = false;
    for table in tables {
        let Some((first, rows)) = table.rows.split_first() else { continue };
        let Some(columns) = Columns::of(first) else { continue };
        is_found = true;
        reading.faults.extend(table.faults);
        let mut sheet =
            Sheet { file, sheet: table.sheet.as_ref(), columns: &columns, held, reading };
        for row in rows {
            sheet.read(row);
        }
    }
    if !is_found {
        reading.faults.push(whole_file(
            &file.name,
            "no such columns",
            "a header row with site_code, item and answer, as in the checklist template",
        ));
    }
}

/// Where each column is.
struct Columns {
    site: (usize, String),
    item: (usize, String),
    answer: (usize, String),
    evidence: Option<(usize, String)>,
    as_of: Option<(usize, String)>,
    source: Option<(usize, String)>,
}

impl Columns {
    fn of(first: &Row) -> Option<Self> {
        let plain = |text: &str| -> String {
            let kept = text.chars().filter(char::is_ascii_alphanumeric);
            kept.map(|c| c.to_ascii_lowercase()).collect()
        };
        let find = |names: &[&str]| {
            let cells = first.cells().enumerate();
            cells
                .filter(|(_, cell)| names.contains(&plain(cell).as_str()))
                .map(|(at, cell)| (at, cell.trim().to_owned()))
                .next()
        };
        Some(Self {
            site: find(&["sitecode", "site", "odscode", "code"])?,
            item: find(&["item", "itemnumber", "number"])?,
            answer: find(&["answer"])?,
            evidence: find(&["evidence", "method"]),
            as_of: find(&["asof", "seenon", "date"]),
            source: find(&["source", "seenby"]),
        })
    }
}

struct Sheet<'a> {
    file: &'a InputFile,
    sheet: Option<&'a String>,
    columns: &'a Columns,
    held: &'a Held<'a>,
    reading: &'a mut Reading,
}

impl Sheet<'_> {
    fn read(&mut self, row: &Row) {
        self.reading.rows += 1;
        let answer = row.cell(self.columns.answer.0).trim();
        if answer.is_empty() {
            return;
        }
        if let Some(change) = self.change(row, answer) {
            self.reading.changes.push(change);
        }
    }

    /// What the row says, or nothing and each fault of it.
    fn change(&mut self, row: &Row, answer: &str) -> Option<Change> {
        let columns = self.columns;
        let code = row.cell(columns.site.0).trim();
        let site = code.parse::<SiteCode>().ok().filter(|c| self.held.register.site(c).is_some());
        if site.is_none() {
            self.fault(row, &columns.site, code, "the code of a site in the register");
        }
        let number = row.cell(columns.item.0).trim();
        let item = item(number);
        if item.is_none() {
            self.fault(row, &columns.item, number, "an item number from 1 to 16");
        }
        let said = if ["unknown", "not known", "?"].contains(&answer.to_ascii_lowercase().as_str())
        {
            Some(None)
        } else {
            let word = if answer.eq_ignore_ascii_case("n/a") { "not_applicable" } else { answer };
            AccessAnswer::find(word).map(Some)
        };
        if said.is_none() {
            self.fault(row, &columns.answer, answer, "yes, no, not_applicable or unknown");
        }
        // Who could not tell leaves nothing that needs a day.
        let day = match said {
            Some(None) => Some(NaiveDate::default()),
            _ => self.day(row),
        };
        let (site, item, said, as_of) = (site?, item?, said?, day?);
        let value = said.map_or(Value::unknown(Why::NotAssessed), |answer| {
            let text = |at: Option<&(usize, String)>, otherwise: &str| {
                let cell = at.map_or("", |(at, _)| row.cell(*at).trim());
                let cell = if cell.is_empty() { otherwise } else { cell };
                cell.chars().take(LONGEST).collect::<String>()
            };
            let evidence = Evidence {
                source: text(columns.source.as_ref(), &self.file.name),
                method: text(columns.evidence.as_ref(), "as entered in the checklist"),
                as_of,
            };
            Value::known(Scalar::Text(answer.word().to_owned()), &Arc::new(evidence))
        });
        Some(Change::Site { code: site, field: item.field(), value })
    }

    fn day(&mut self, row: &Row) -> Option<NaiveDate> {
        let none = (usize::MAX, "as_of".to_owned());
        let column = self.columns.as_of.as_ref().unwrap_or(&none);
        let cell = row.cell(column.0).trim();
        match seen_on(cell, self.held.today) {
            Ok(day) => Some(day),
            Err(expected) => {
                self.fault(row, column, cell, expected);
                None
            }
        }
    }

    fn fault(&mut self, row: &Row, column: &(usize, String), value: &str, expected: &str) {
        self.reading.faults.push(Fault {
            file: self.file.name.clone(),
            sheet: self.sheet.cloned(),
            row: row.number,
            column: column.1.clone(),
            value: value.chars().take(200).collect(),
            expected: expected.to_owned(),
        });
    }
}

/// The day an answer was seen, as page, API and spreadsheet take it: nobody has seen anything in the future.
pub fn seen_on(text: &str, today: NaiveDate) -> Result<NaiveDate, &'static str> {
    let day = Scalar::parse(Kind::Date, text).ok().and_then(|scalar| scalar.date());
    let day = day.ok_or("the day it was seen, such as 2026-03-31")?;
    if day > today { Err("today or an earlier day") } else { Ok(day) }
}

/// By number, `6` or `6.0`, by key or by label.
fn item(text: &str) -> Option<AccessItem> {
    let by_number: BTreeMap<String, AccessItem> =
        AccessItem::all().map(|item| (item.number().to_string(), item)).collect();
    let whole = text.strip_suffix(".0").unwrap_or(text);
    by_number.get(whole).copied().or_else(|| {
        AccessItem::all().find(|item| item.field().key() == text || item.field().label() == text)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::export;
    use crate::geography::Geography;
    use crate::register::{ChangeSet, Field, Register};
    use crate::{config, import::ImportKind};

    fn register(changes: Vec<Change>) -> Register {
        let at = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
        let (source, method) = ("a test".to_owned(), "typed in".to_owned());
        let evidence = Arc::new(Evidence { source, method, as_of: at });
        let name = Change::Site {
            code: "RXA01".parse().unwrap(),
            field: Field::Name,
            value: Value::known(Scalar::Text("Elm Lane".to_owned()), &evidence),
        };
        Register::default().with(&ChangeSet {
            id: 1,
            author: "test".to_owned(),
            at: at.and_hms_opt(9, 0, 0).unwrap(),
            source: "test".to_owned(),
            reason: "test".to_owned(),
            changes: std::iter::once(name).chain(changes).collect(),
        })
    }

    fn reading(register: &Register, name: &str, bytes: Vec<u8>) -> Reading {
        let today = NaiveDate::from_ymd_opt(2026, 4, 30).unwrap();
        let held = Held { register, geography: &Geography::default(), today };
        let file = InputFile { name: name.to_owned(), bytes };
        super::super::read(ImportKind::Checklist, &[file], None, &held)
    }

    const FILLED: &str = "site_code,item,answer,evidence,as_of,source\n\
        RXA01,1,yes,level from the gate,2026-03-31,A. Officer\n\
        RXA01,3,No,door of 780 mm,30/03/2026,A. Officer\n\
        RXA01,7,,,,\n\
        RXA01,5,n/a,one floor,2026-03-31,\n\
        RXA01,6,unknown,,,\n";

    #[test]
    fn each_row_says_one_thing_with_its_own_evidence_and_an_empty_answer_says_nothing() {
        let told = reading(&register(Vec::new()), "visit.csv", FILLED.into());

        assert_eq!(told.faults, []);
        assert_eq!((told.rows, told.changes.len()), (5, 4));
        let said = |at: usize| match &told.changes[at] {
            Change::Site { field, value, .. } => {
                let evidence =
                    value.evidence().map(|e| format!("{} {} {}", e.as_of, e.method, e.source));
                (field.key(), value.get().map(ToString::to_string), evidence.unwrap_or_default())
            }
            _ => panic!(),
        };
        assert_eq!(
            said(1),
            (
                "access_03_entrance_width",
                Some("no".to_owned()),
                "2026-03-30 door of 780 mm A. Officer".to_owned()
            )
        );
        assert_eq!(said(2).1, Some("not_applicable".to_owned()));
        assert!(said(2).2.ends_with("visit.csv"), "who saw it is the file where nobody is named");
        assert_eq!(said(3).1, None);
    }

    #[test]
    fn a_fault_is_at_its_own_cell_and_the_other_rows_survive() {
        let file = "site_code,item,answer,as_of\n\
            RXA01,17,yes,2026-03-31\n\
            RXA99,1,yes,2026-03-31\n\
            RXA01,2,perhaps,2026-03-31\n\
            RXA01,3,yes,yesterday\n\
            RXA01,3,yes,2099-01-01\n\
            RXA01,3,yes,2026-05-01\n\
            RXA01,4,yes,2026-04-30\n";

        let told = reading(&register(Vec::new()), "visit.csv", file.into());

        assert_eq!(told.changes.len(), 1);
        let lines: Vec<String> = told
            .faults
            .iter()
            .map(|fault| {
                format!("{} {} {:?}: {}", fault.row, fault.column, fault.value, fault.expected)
            })
            .collect();
        insta::assert_snapshot!(lines.join("\n"), @r#"
        2 item "17": an item number from 1 to 16
        3 site_code "RXA99": the code of a site in the register
        4 answer "perhaps": yes, no, not_applicable or unknown
        5 as_of "yesterday": the day it was seen, such as 2026-03-31
        6 as_of "2099-01-01": today or an earlier day
        7 as_of "2026-05-01": today or an earlier day
        "#);
    }

    #[test]
    fn what_the_template_gives_out_is_no_news_when_it_comes_back() {
        let first = reading(&register(Vec::new()), "visit.csv", FILLED.into());
        let known = register(first.changes);
        let table = export::checklist::table(known.sites(), &config::gate_rules().unwrap());
        let workbook = export::checklist::workbook(&table).unwrap();
        assert_eq!(
            workbook,
            export::checklist::workbook(&table).unwrap(),
            "same table, same bytes"
        );

        for (name, bytes) in
            [("back.csv", export::write(&table).into_bytes()), ("back.xlsx", workbook)]
        {
            let again = reading(&known, name, bytes);
            assert_eq!(again.faults, [], "{name}");
            assert_eq!(again.rows, 16, "{name}");
            assert_eq!(again.changes.len(), 3, "{name}");
            assert_eq!(known.news(again.changes), [], "{name}");
        }
    }

    #[test]
    fn a_file_that_is_no_checklist_says_what_is_missing() {
        let told = reading(&register(Vec::new()), "other.csv", "a,b\n1,2\n".into());
        assert_eq!(told.faults.len(), 1);
        assert!(told.faults[0].expected.contains("site_code, item and answer"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..300), with_head: bool) {
            let mut file = if with_head { b"site_code,item,answer,as_of\n".to_vec() } else { Vec::new() };
            file.extend(bytes);
            let _ = reading(&register(Vec::new()), "any.csv", file);
        }
    }
}
