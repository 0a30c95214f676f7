//! XLS, XLSX and ODS through calamine, behind checks it does not make itself.

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use calamine::{Data, DataRef, Ods, Range, Reader, Xls, Xlsx};

use super::text::{checked_row, too_many_rows};
use super::{Limits, Table, archive, bounds, compound, whole_file};
use crate::import::report::Fault;

/// XLSX or ODS.
pub(super) fn zipped(file: &str, bytes: &[u8], limits: &Limits) -> Result<Vec<Table>, Fault> {
    let parts = archive::part_names(bytes);
    let has = |name: &str| parts.iter().any(|part| part == name);
    archive::check_zip(file, bytes, limits)?;
    if has("content.xml") {
        bounds::check_ods(file, bytes, limits)?;
        guarded(file, "an ODS workbook", || ods(file, bytes, limits))
    } else if has("xl/workbook.bin") {
        Err(whole_file(file, "a binary XLSB workbook", "the same workbook saved as XLSX"))
    } else if parts.iter().any(|part| part.starts_with("xl/")) {
        bounds::check_xlsx(file, bytes, limits)?;
        guarded(file, "an XLSX workbook", || xlsx(file, bytes, limits))
    } else {
        Err(whole_file(file, "a zip file without one table in it", super::A_TABLE))
    }
}

/// XLS, BIFF5 or BIFF8.
pub(super) fn xls(file: &str, bytes: &[u8], limits: &Limits) -> Result<Vec<Table>, Fault> {
    let stream = compound::workbook(bytes).ok_or_else(|| {
        whole_file(file, "a damaged, protected or foreign Office file", "an XLS workbook")
    })?;
    bounds::check_xls(file, &stream, limits)?;
    let wrapped = compound::wrap(&stream)
        .ok_or_else(|| whole_file(file, "an XLS workbook above 450 MB", "a smaller workbook"))?;
    guarded(file, "an XLS workbook", || {
        let mut book = Xls::new(Cursor::new(wrapped)).map_err(|error| damaged(file, &error))?;
        let names = book.sheet_names();
        let mut found = Vec::with_capacity(names.len());
        for name in names {
            // Charts and macros have no cells.
            if let Ok(range) = book.worksheet_range(&name) {
                found.push(from_range(file, &name, &range, limits)?);
            }
        }
        Ok(found)
    })
}

fn ods(file: &str, bytes: &[u8], limits: &Limits) -> Result<Vec<Table>, Fault> {
    let mut book = Ods::new(Cursor::new(bytes)).map_err(|error| damaged(file, &error))?;
    book.worksheets().iter().map(|(name, range)| from_range(file, name, range, limits)).collect()
}

/// Cell by cell: a sheet with something in A1 and something in XFD1048576 is two cells here, and as a dense range
/// half a terabyte.
fn xlsx(file: &str, bytes: &[u8], limits: &Limits) -> Result<Vec<Table>, Fault> {
    let mut book = Xlsx::new(Cursor::new(bytes)).map_err(|error| damaged(file, &error))?;
    let mut found = Vec::new();
    for name in book.sheet_names() {
        let Ok(mut reader) = book.worksheet_cells_reader(&name) else { continue };
        let mut table = Table { sheet: Some(name.clone()), ..Table::default() };
        let mut number = 0;
        let mut cells: Vec<String> = Vec::new();
        while let Some(cell) = reader.next_cell().map_err(|error| damaged(file, &error))? {
            let (row, column) = cell.get_position();
            let (row, column) = (u64::from(row) + 1, column as usize);
            if row < number {
                return Err(whole_file(
                    file,
                    "a sheet whose rows are not in order",
                    "a workbook saved anew",
                ));
            }
            if row > number {
                end_row(file, &mut table, number, &mut cells, limits)?;
                number = row;
            }
            let text = from_ref(cell.get_value());
            if text.is_empty() {
                continue;
            }
            // One column past the limit is enough for the row to be refused.
            let column = column.min(limits.columns);
            if cells.len() <= column {
                cells.resize(column + 1, String::new());
            }
            cells[column] = text;
        }
        end_row(file, &mut table, number, &mut cells, limits)?;
        found.push(table);
    }
    Ok(found)
}

fn end_row(
    file: &str,
    table: &mut Table,
    number: u64,
    cells: &mut Vec<String>,
    limits: &Limits,
) -> Result<(), Fault> {
    if cells.is_empty() {
        return Ok(());
    }
    let row =
        checked_row(file, table.sheet.as_deref(), number, cells.iter().map(String::as_str), limits);
    cells.clear();
    match row {
        Ok(row) => table.rows.push(row),
        Err(fault) => table.faults.push(fault),
    }
    if table.rows.len() > limits.rows { Err(too_many_rows(file, limits)) } else { Ok(()) }
}

fn from_range(
    file: &str,
    sheet: &str,
    range: &Range<Data>,
    limits: &Limits,
) -> Result<Table, Fault> {
    let mut table = Table { sheet: Some(sheet.to_owned()), ..Table::default() };
    let (first_row, first_column) = range.start().unwrap_or((0, 0));
    if first_column as usize > limits.columns {
        let found = format!("cells from column {}", super::letters(first_column as usize));
        return Err(whole_file(file, &found, &format!("at most {} columns", limits.columns)));
    }
    for (number, row) in (u64::from(first_row) + 1..).zip(range.rows()) {
        let mut cells = vec![String::new(); first_column as usize];
        cells.extend(row.iter().map(written));
        if cells.iter().any(|cell| !cell.is_empty()) {
            end_row(file, &mut table, number, &mut cells, limits)?;
        }
    }
    Ok(table)
}

fn from_ref(value: &DataRef<'_>) -> String {
    match value {
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::String(text) => text.clone(),
        other => written(&Data::from(other.clone())),
    }
}

/// A cell as its user would type it: whole numbers without a point, days as 2025-03-31.
fn written(value: &Data) -> String {
    match value {
        Data::Empty => String::new(),
        Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => text.clone(),
        Data::Float(number) => format!("{number}"),
        Data::Int(number) => format!("{number}"),
        Data::Bool(yes) => if *yes { "yes" } else { "no" }.to_owned(),
        Data::DateTime(date) if date.is_datetime() => {
            let (year, month, day, hour, minute, second, _) = date.to_ymd_hms_milli();
            if (hour, minute, second) == (0, 0, 0) {
                format!("{year:04}-{month:02}-{day:02}")
            } else {
                format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
            }
        }
        Data::Error(error) => format!("{error}"),
        // A span of time, in days.
        Data::DateTime(span) => format!("{}", span.as_f64()),
    }
}

/// calamine indexes into damaged workbooks and then panics. The unwinding is stopped here, where nothing outlives it:
/// the closure owns its workbook, and only bytes were borrowed. Running out of memory cannot be caught, which is why
/// `bounds` comes first.
fn guarded<T>(file: &str, what: &str, read: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_panic| {
        Err(whole_file(file, &format!("{what} too damaged to read"), super::A_TABLE))
    })
}

fn damaged(file: &str, error: &dyn std::fmt::Display) -> Fault {
    let told: String = error.to_string().chars().take(120).collect();
    whole_file(file, &format!("a workbook that could not be read ({told})"), super::A_TABLE)
}

#[cfg(test)]
mod tests;
