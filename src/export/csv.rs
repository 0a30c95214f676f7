//! Comma-separated values that a spreadsheet opens without running anything in them.

use super::{Cell, Table};

/// UTF-8 with a byte order mark, so that spreadsheets read it as such; a header line; CRLF.
pub fn write(table: &Table) -> String {
    let mut out = String::from("\u{feff}");
    line(&mut out, table.columns.iter().map(|column| column.key.clone()));
    for row in &table.rows {
        line(&mut out, row.iter().map(written));
    }
    out
}

fn written(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => guarded(text),
        cell => cell.written(),
    }
}

/// A text that a spreadsheet would take for a formula gets an apostrophe before it.
pub fn guarded(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

fn line(out: &mut String, cells: impl Iterator<Item = String>) {
    for (number, cell) in cells.enumerate() {
        if number > 0 {
            out.push(',');
        }
        if cell.contains([',', '"', '\n', '\r']) || cell != cell.trim() {
            out.push('"');
            out.push_str(&cell.replace('"', "\"\""));
            out.push('"');
        } else {
            out.push_str(&cell);
        }
    }
    out.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::register::Pence;

    #[test]
    fn a_formula_is_disarmed_and_a_negative_amount_stays_a_number() {
        let table =
            Table::new("t", "T", &[("name", "Name", false), ("amount_gbp", "Amount", true)]).with(
                [
                    vec![Cell::text("=cmd|' /C calc'!A0"), Cell::Money(Pence(-150))],
                    vec![Cell::text("a \"quoted\", name"), Cell::Unknown("left blank")],
                ],
            );

        insta::assert_snapshot!(write(&table).trim_start_matches('\u{feff}').replace('\r', ""), @r#"
        name,amount_gbp
        '=cmd|' /C calc'!A0,-1.50
        "a ""quoted"", name",unknown: left blank
        "#);
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(texts in prop::collection::vec(".{1,20}", 1..6)) {
            let names: Vec<String> = (0..texts.len()).map(|n| format!("c{n}")).collect();
            let columns: Vec<(&str, &str, bool)> = names.iter().map(|n| (n.as_str(), n.as_str(), false)).collect();
            let table = Table::new("t", "T", &columns).with([texts.iter().map(|t| Cell::text(t.clone())).collect()]);

            let file = write(&table);

            let mut reader = csv::Reader::from_reader(file.trim_start_matches('\u{feff}').as_bytes());
            let row = reader.records().next().unwrap().unwrap();
            let wanted: Vec<String> = texts.iter().map(|t| guarded(t)).collect();
            prop_assert_eq!(row.iter().collect::<Vec<_>>(), wanted);
        }
    }
}
