//! A spreadsheet of local priorities: a list in its order, and every cell that was not accepted.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::Fault;
use super::sheet::{self, InputFile, Limits, Row, Table, whole_file};
use crate::register::{HealthProgramme, Kind, Pence, Scalar, Word};
use crate::scenario::priorities::{MOST, Priority, PriorityList};

/// Columns of the file, in the order a template has them; the last four may be left out.
pub const COLUMNS: [&str; 11] = [
    "priority_code",
    "name",
    "borough_code",
    "programme",
    "rank",
    "capital_gbp",
    "revenue_gbp_a_year",
    "people_helped",
    "earliest_start",
    "latest_start",
    "evidence",
];

const NEEDED: usize = 7;

/// The list a file holds. With a fault, nothing of it is meant to be kept.
pub fn read(file: &InputFile) -> (PriorityList, Vec<Fault>) {
    let tables = match sheet::tables(file, &Limits::default()) {
        Ok(tables) => tables,
        Err(fault) => return (PriorityList::default(), vec![fault]),
    };
    let Some(table) = tables.into_iter().find(|table| !table.rows.is_empty()) else {
        return (
            PriorityList::default(),
            vec![whole_file(&file.name, "an empty file", "a header line and a row a priority")],
        );
    };
    let mut reader = Reader { file: &file.name, table: &table, faults: table.faults.clone() };
    let list = reader.list();
    (list, reader.faults)
}

struct Reader<'a> {
    file: &'a str,
    table: &'a Table,
    faults: Vec<Fault>,
}

impl Reader<'_> {
    fn list(&mut self) -> PriorityList {
        let Some((head, rows)) = self.table.rows.split_first() else {
            return PriorityList::default();
        };
        let named: BTreeMap<String, usize> = head
            .cells()
            .enumerate()
            .map(|(at, cell)| (cell.trim().to_ascii_lowercase(), at))
            .collect();
        for column in COLUMNS.iter().take(NEEDED).filter(|column| !named.contains_key(**column)) {
            self.fault(head.number, column, "", "a column of this name in the header line");
        }
        if !self.faults.is_empty() {
            return PriorityList::default();
        }
        if rows.len() > MOST {
            self.fault(0, "", &format!("{} rows", rows.len()), "a list of at most 500 priorities");
            return PriorityList::default();
        }
        let mut seen: BTreeMap<String, u64> = BTreeMap::new();
        let mut priorities = Vec::new();
        for row in rows {
            let before = self.faults.len();
            let priority = self.priority(row, &named);
            let fields = if self.faults.len() == before { priority.faults() } else { Vec::new() };
            for (field, _, wanted) in fields {
                let value = cell(row, &named, field).to_owned();
                self.fault(row.number, field, &value, wanted);
            }
            if seen.insert(priority.code.clone(), row.number).is_some() {
                self.fault(
                    row.number,
                    "priority_code",
                    &priority.code,
                    "a code used once in the file",
                );
            }
            priorities.push(priority);
        }
        PriorityList::new(priorities, false)
    }

    fn priority(&mut self, row: &Row, named: &BTreeMap<String, usize>) -> Priority {
        let text = |column: &str| cell(row, named, column).trim().to_owned();
        let money = |reader: &mut Self, column: &'static str| -> Pence {
            let read = Scalar::parse(Kind::Money, &text(column)).ok().and_then(|read| read.pence());
            read.unwrap_or_else(|| {
                reader.fault(row.number, column, &text(column), "an amount in pounds");
                Pence::ZERO
            })
        };
        let date = |reader: &mut Self, column: &'static str| -> Option<NaiveDate> {
            let written = text(column);
            if written.is_empty() {
                return None;
            }
            let read = NaiveDate::parse_from_str(&written, "%Y-%m-%d").ok();
            if read.is_none() {
                reader.fault(row.number, column, &written, "a day as 2027-04-01");
            }
            read
        };
        let programme = HealthProgramme::find(&text("programme")).unwrap_or_else(|| {
            self.fault(row.number, "programme", &text("programme"), "a programme of the list");
            HealthProgramme::PrimaryCare
        });
        let rank = text("rank").parse().unwrap_or_else(|_not_a_number| {
            self.fault(row.number, "rank", &text("rank"), "a whole number from 1");
            1
        });
        let people = match text("people_helped").as_str() {
            "" => None,
            written => match written.replace(',', "").parse() {
                Ok(people) => Some(people),
                Err(_not_a_number) => {
                    self.fault(
                        row.number,
                        "people_helped",
                        written,
                        "a whole number of people, or nothing",
                    );
                    None
                }
            },
        };
        Priority {
            code: text("priority_code"),
            name: text("name"),
            borough: text("borough_code"),
            programme,
            rank,
            capital: money(self, "capital_gbp"),
            revenue_a_year: money(self, "revenue_gbp_a_year"),
            people,
            earliest: date(self, "earliest_start"),
            latest: date(self, "latest_start"),
            evidence: text("evidence"),
        }
    }

    fn fault(&mut self, row: u64, column: &str, value: &str, expected: &str) {
        self.faults.push(Fault {
            file: self.file.to_owned(),
            sheet: self.table.sheet.clone(),
            row,
            column: column.to_owned(),
            value: value.to_owned(),
            expected: expected.to_owned(),
        });
    }
}

fn cell<'r>(row: &'r Row, named: &BTreeMap<String, usize>, column: &str) -> &'r str {
    named.get(column).map_or("", |at| row.cell(*at))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn file(text: &str) -> InputFile {
        InputFile { name: "priorities.csv".to_owned(), bytes: text.as_bytes().to_vec() }
    }

    #[test]
    fn a_bad_cell_is_named_by_row_and_column() {
        let head = COLUMNS.join(",");
        let text = format!(
            "{head}\nA1,Clinic,E09000007,primary_care,1,250000,10000,900,2027-04-01,2028-03-31,JSNA\n\
             A2,Hub,E09000007,cookery,0,-5,lots,many,2028-04-01,2027-04-01,\n\
             A1,Again,E09000007,cancer,2,5,0,,2028-04-01,2027-04-01,\n"
        );

        let (list, faults) = read(&file(&text));

        let clinic = list.priorities.iter().find(|one| one.name == "Clinic").unwrap();
        assert_eq!(clinic.capital, Pence::pounds(250_000));
        let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
        insta::assert_snapshot!(told.join("\n"), @r#"
        priorities.csv, row 3, column "programme": "cookery" is not a programme of the list
        priorities.csv, row 3, column "people_helped": "many" is not a whole number of people, or nothing
        priorities.csv, row 3, column "revenue_gbp_a_year": "lots" is not an amount in pounds
        priorities.csv, row 4, column "latest_start": "2027-04-01" is not a day on or after the earliest start
        priorities.csv, row 4, column "priority_code": "A1" is not a code used once in the file
        "#);
    }

    #[test]
    fn a_negative_cost_is_refused_in_its_cell() {
        let head = COLUMNS.join(",");
        let (_, faults) = read(&file(&format!("{head}\nA2,Hub,E09000007,cancer,1,-5,0,,,,\n")));

        assert_eq!((faults[0].column.as_str(), faults[0].value.as_str()), ("capital_gbp", "-5"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let _ = read(&InputFile { name: "x".to_owned(), bytes });
        }
    }
}
