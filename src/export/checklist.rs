//! The checklist as a table to fill in, a row an item and site: as CSV, and as a workbook whose answers are chosen from a
//! list. What is filled in is read by `import checklist`.

use rust_xlsxwriter::{
    DataValidation, DocProperties, ExcelDateTime, Format, FormatAlign, Workbook, XlsxError,
};

use super::{Cell, Table};
use crate::access::GateRules;
use crate::register::{AccessAnswer, Site, Value};

/// Sixteen rows a site: what the register holds, and room for what is seen.
pub fn table<'a>(sites: impl IntoIterator<Item = &'a Site>, rules: &GateRules) -> Table {
    let columns = [
        ("site_code", "Site code", false),
        ("site_name", "Site", false),
        ("item", "Item", true),
        ("question", "Question", false),
        ("test", "What \"yes\" means", false),
        ("answer", "Answer", false),
        ("evidence", "Evidence", false),
        ("as_of", "Seen on", false),
        ("source", "Seen by", false),
    ];
    let mut rows = Vec::new();
    for site in sites {
        for rule in rules.iter() {
            let held = site.fact(rule.item.field());
            let (answer, evidence, as_of, source) = match &held {
                Value::Known { value, evidence } => (
                    Cell::scalar(value),
                    Cell::text(&*evidence.method),
                    Cell::Date(evidence.as_of),
                    Cell::text(&*evidence.source),
                ),
                Value::Unknown { .. } => (Cell::Empty, Cell::Empty, Cell::Empty, Cell::Empty),
            };
            rows.push(vec![
                Cell::text(site.code.as_str()),
                Cell::text(site.name()),
                Cell::count(u64::from(rule.item.number())),
                Cell::text(rule.item.field().label()),
                Cell::text(&*rule.test),
                answer,
                evidence,
                as_of,
                source,
            ]);
        }
    }
    Table::new("checklist", "Access checklist", &columns).with(rows)
}

/// The same as an XLSX workbook: the answer is chosen from a list, the day is a date.
pub fn workbook(table: &Table) -> Result<Vec<u8>, XlsxError> {
    const WIDTHS: [f64; 9] = [12.0, 30.0, 6.0, 34.0, 50.0, 16.0, 40.0, 14.0, 28.0];
    let mut book = Workbook::new();
    // The same table makes the same bytes.
    let made = ExcelDateTime::from_ymd(2026, 1, 1)?;
    book.set_properties(
        &DocProperties::new().set_title("Access checklist").set_creation_datetime(&made),
    );
    let bold = Format::new().set_bold().set_text_wrap().set_align(FormatAlign::Top);
    let words = Format::new().set_text_wrap().set_align(FormatAlign::Top);
    let day = Format::new().set_num_format("yyyy-mm-dd").set_align(FormatAlign::Top);
    let sheet = book.add_worksheet();
    sheet.set_name("Checklist")?;
    sheet.set_freeze_panes(1, 2)?;
    for (column, (head, width)) in (0_u16..).zip(table.columns.iter().zip(WIDTHS)) {
        sheet.set_column_width(column, width)?;
        sheet.write_with_format(0, column, head.key.as_str(), &bold)?;
    }
    for (row, cells) in (1_u32..).zip(&table.rows) {
        for (column, cell) in (0_u16..).zip(cells) {
            match cell {
                Cell::Empty | Cell::Unknown(_) => {
                    sheet.write_blank(row, column, if column == 7 { &day } else { &words })?;
                }
                Cell::Number(number, _) => {
                    sheet.write_with_format(row, column, *number, &words)?;
                }
                Cell::Date(date) => {
                    let text = date.format("%Y-%m-%d").to_string();
                    sheet.write_with_format(
                        row,
                        column,
                        ExcelDateTime::parse_from_str(&text)?,
                        &day,
                    )?;
                }
                Cell::Text(_) | Cell::Money(_) => {
                    sheet.write_with_format(row, column, cell.written(), &words)?;
                }
            }
        }
    }
    if let Some(last) = u32::try_from(table.rows.len()).ok().filter(|last| *last > 0) {
        let answers: Vec<&str> = AccessAnswer::WORDS.iter().copied().chain(["unknown"]).collect();
        let list = DataValidation::new()
            .allow_list_strings(&answers)?
            .set_error_title("Answer")?
            .set_error_message("yes, no, not_applicable or unknown")?;
        sheet.add_data_validation(1, 5, last, 5, &list)?;
    }
    book.save_to_buffer()
}
