//! CSV: decoding, finding the delimiter, and cutting text into cells.
//!
//! Written here because the `csv` crate takes only one-byte delimiters (`¬` is two in UTF-8) and numbers lines, where
//! a spreadsheet user counts rows.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::{Hints, Limits, Row, Table, whole_file};
use crate::import::report::Fault;

/// Bytes as text: the encoding hinted at, else a byte order mark, else UTF-8, else cp1252, in which the NHS publishes
/// and which takes any byte.
pub fn decode<'b>(file: &str, bytes: &'b [u8], hints: &Hints) -> Result<Cow<'b, str>, Fault> {
    if let Some(label) = &hints.encoding {
        let label_or_alias =
            if label.eq_ignore_ascii_case("cp1252") { "windows-1252" } else { label };
        let encoding = Encoding::for_label(label_or_alias.as_bytes()).ok_or_else(|| {
            whole_file(
                file,
                &format!("the encoding {label:?} in the mapping"),
                "utf-8, cp1252 or utf-16le",
            )
        })?;
        // A byte order mark is certain, a hint is not.
        return Ok(encoding.decode(bytes).0);
    }
    if let Some(rest) = bytes.strip_prefix(&[0xFF, 0xFE]) {
        return Ok(UTF_16LE.decode_without_bom_handling(rest).0);
    }
    if let Some(rest) = bytes.strip_prefix(&[0xFE, 0xFF]) {
        return Ok(UTF_16BE.decode_without_bom_handling(rest).0);
    }
    let plain = bytes.strip_prefix(&[0xEF, 0xBB, 0xBF]).unwrap_or(bytes);
    Ok(match std::str::from_utf8(plain) {
        Ok(text) => Cow::Borrowed(text),
        Err(_not_utf8) => WINDOWS_1252.decode_without_bom_handling(plain).0,
    })
}

/// One row of a CSV being streamed; its cells borrow from the text wherever no doubled quotation mark is in the way.
#[derive(Debug, Clone, Default)]
pub struct Record<'t> {
    /// As a spreadsheet numbers it, the first row being 1.
    pub number: u64,
    /// As written, quotation marks taken off.
    pub cells: Vec<Cow<'t, str>>,
}

impl Record<'_> {
    /// The cell at a column counted from 0; empty beyond the last.
    pub fn cell(&self, column: usize) -> &str {
        self.cells.get(column).map_or("", AsRef::as_ref)
    }
}

/// A text cut into rows, one at a time.
#[derive(Debug, Clone)]
pub struct Records<'t> {
    text: &'t str,
    delimiter: [u8; 4],
    delimiter_len: usize,
    at: usize,
    row: u64,
    unclosed: Option<u64>,
}

/// Streams the rows of a CSV text: `while records.read(&mut record) { … }`. Blank lines count but are not returned.
pub fn csv_records(text: &str, delimiter: Option<char>) -> Records<'_> {
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    let (skip, told) = told_delimiter(text);
    let delimiter = delimiter.or(told).unwrap_or_else(|| sniff(text.get(skip..).unwrap_or("")));
    Records::new(text, delimiter, skip)
}

impl<'t> Records<'t> {
    fn new(text: &'t str, delimiter: char, at: usize) -> Self {
        let mut encoded = [0; 4];
        let delimiter_len = delimiter.encode_utf8(&mut encoded).len();
        Self { text, delimiter: encoded, delimiter_len, at, row: u64::from(at > 0), unclosed: None }
    }

    /// The row in which a quotation mark opens that never closes; everything after it came as one cell.
    pub fn unclosed(&self) -> Option<u64> {
        self.unclosed
    }

    /// Bytes read so far, for progress.
    pub fn position(&self) -> usize {
        self.at
    }

    /// Fills the record with the next row that is not blank; false at the end.
    pub fn read(&mut self, record: &mut Record<'t>) -> bool {
        while self.at < self.text.len() {
            record.cells.clear();
            self.row += 1;
            record.number = self.row;
            while self.read_cell(record) {}
            let is_blank = record.cells.len() == 1 && record.cells[0].is_empty();
            if !is_blank {
                return true;
            }
        }
        false
    }

    /// Takes one cell and the delimiter or line end after it; true where the row goes on.
    fn read_cell(&mut self, record: &mut Record<'t>) -> bool {
        let bytes = self.text.as_bytes();
        if bytes.get(self.at) != Some(&b'"') {
            let start = self.at;
            let (end, goes_on) = self.skip_to_cell_end();
            record.cells.push(Cow::Borrowed(self.text.get(start..end).unwrap_or("")));
            return goes_on;
        }
        let opened = self.at;
        let mut cell = Cow::Borrowed("");
        let mut from = self.at + 1;
        loop {
            let Some(quote) =
                bytes.get(from..).and_then(|rest| rest.iter().position(|b| *b == b'"'))
            else {
                self.unclosed = Some(self.row);
                self.at = bytes.len();
                record.cells.push(Cow::Borrowed(self.text.get(opened..).unwrap_or("")));
                return false;
            };
            let close = from + quote;
            append(&mut cell, self.text.get(from..close).unwrap_or(""));
            if bytes.get(close + 1) != Some(&b'"') {
                self.at = close + 1;
                break;
            }
            append(&mut cell, "\"");
            from = close + 2;
        }
        // Text after the closing mark belongs to the cell: `"St Mary"s` is how some people type.
        let start = self.at;
        let (end, goes_on) = self.skip_to_cell_end();
        append(&mut cell, self.text.get(start..end).unwrap_or(""));
        record.cells.push(cell);
        goes_on
    }

    /// Where the cell ends, and whether a delimiter ended it; moves past what ended it.
    fn skip_to_cell_end(&mut self) -> (usize, bool) {
        let bytes = self.text.as_bytes();
        let (first, width) = (self.delimiter[0], self.delimiter_len);
        let mut at = self.at;
        while let Some(&byte) = bytes.get(at) {
            if byte == first && bytes.get(at..at + width) == self.delimiter.get(..width) {
                self.at = at + width;
                return (at, true);
            }
            if byte == b'\n' || byte == b'\r' {
                let both = byte == b'\r' && bytes.get(at + 1) == Some(&b'\n');
                self.at = at + 1 + usize::from(both);
                return (at, false);
            }
            at += 1;
        }
        self.at = at;
        (at, false)
    }
}

fn append<'t>(cell: &mut Cow<'t, str>, more: &'t str) {
    if cell.is_empty() {
        *cell = Cow::Borrowed(more);
    } else if !more.is_empty() {
        cell.to_mut().push_str(more);
    }
}

/// Excel's own first line, `sep=;`: how much to skip, and the delimiter it tells.
fn told_delimiter(text: &str) -> (usize, Option<char>) {
    let line = text.split(['\n', '\r']).next().unwrap_or("");
    let mut rest = match line.get(..4) {
        Some(start) if start.eq_ignore_ascii_case("sep=") => line.chars().skip(4),
        _ => return (0, None),
    };
    match (rest.next(), rest.next()) {
        (Some(delimiter), None) => {
            let after = text.get(line.len()..).unwrap_or("");
            let newline = after.len()
                - after
                    .strip_prefix("\r\n")
                    .or_else(|| after.strip_prefix(['\n', '\r']))
                    .unwrap_or(after)
                    .len();
            (line.len() + newline, Some(delimiter))
        }
        _ => (0, None),
    }
}

/// The delimiter that cuts the first rows into the same number of cells most often; a comma where none does.
pub fn sniff(text: &str) -> char {
    let mut best = (0, 0, ',');
    for delimiter in [',', ';', '\t', '¬', '|'] {
        let mut records = Records::new(text, delimiter, 0);
        let mut record = Record::default();
        let mut widths = Vec::new();
        while widths.len() < 25 && records.read(&mut record) {
            widths.push(record.cells.len());
        }
        widths.sort_unstable();
        let alike = widths.chunk_by(PartialEq::eq).filter(|same| same[0] > 1);
        let most = alike.map(|same| (same.len(), same[0])).max().unwrap_or((0, 0));
        if most > (best.0, best.1) {
            best = (most.0, most.1, delimiter);
        }
    }
    best.2
}

/// A CSV as a table.
pub(super) fn table(
    file: &str,
    bytes: &[u8],
    limits: &Limits,
    hints: &Hints,
) -> Result<Table, Fault> {
    let text = decode(file, bytes, hints)?;
    let mut records = csv_records(&text, hints.delimiter);
    let mut record = Record::default();
    let mut table = Table::default();
    while records.read(&mut record) {
        if let Some(number) = records.unclosed() {
            let cell = record.cells.last().map_or("", |cell| cell.trim_start_matches('"'));
            table.faults.push(row_fault(
                file,
                None,
                number,
                cell,
                "a cell with its closing quotation mark",
            ));
            break;
        }
        let cells = record.cells.iter().map(AsRef::as_ref);
        match checked_row(file, None, record.number, cells, limits) {
            Ok(row) => table.rows.push(row),
            Err(fault) => table.faults.push(fault),
        }
        if table.rows.len() > limits.rows {
            return Err(too_many_rows(file, limits));
        }
    }
    Ok(table)
}

/// A row within the limits, or what is wrong with it.
pub(super) fn checked_row<'c>(
    file: &str,
    sheet: Option<&str>,
    number: u64,
    cells: impl Iterator<Item = &'c str> + Clone,
    limits: &Limits,
) -> Result<Row, Fault> {
    if let Some(long) = cells.clone().find(|cell| cell.len() > limits.cell) {
        let expected = format!("a cell of at most {} characters", limits.cell);
        return Err(row_fault(file, sheet, number, long, &expected));
    }
    let row = Row::new(number, cells);
    if row.len() > limits.columns {
        let found = format!("{} columns", row.len());
        let expected = format!("a row of at most {} columns", limits.columns);
        return Err(row_fault(file, sheet, number, &found, &expected));
    }
    Ok(row)
}

pub(super) fn too_many_rows(file: &str, limits: &Limits) -> Fault {
    whole_file(
        file,
        &format!("more than {} rows", limits.rows),
        &format!("at most {} rows", limits.rows),
    )
}

fn row_fault(file: &str, sheet: Option<&str>, row: u64, value: &str, expected: &str) -> Fault {
    Fault {
        file: file.to_owned(),
        sheet: sheet.map(str::to_owned),
        row,
        column: String::new(),
        value: value.chars().take(200).collect(),
        expected: expected.to_owned(),
    }
}
