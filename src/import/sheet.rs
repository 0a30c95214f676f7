//! Bytes to rows of text: CSV in the encodings and delimiters people send, XLS, XLSX and ODS workbooks, gzip or zip
//! around any of them.
//!
//! Knows nothing of fields or of estates. Never panics and never takes more memory than its [`Limits`] allow,
//! whatever the bytes; what it cannot read it says in a [`Fault`].

mod archive;
mod bounds;
mod compound;
mod text;
mod workbook;

use std::borrow::Cow;

pub use archive::unpack;
pub use text::{Record, Records, csv_records, decode, sniff};

use super::report::Fault;

/// A file as the user handed it over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputFile {
    /// As the user named it; faults quote it, and years are read from it.
    pub name: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// How much a file may hold. The defaults take every published file many times over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes after decompression, of all parts of a workbook together.
    pub bytes: u64,
    /// Rows of a table.
    pub rows: usize,
    /// Columns of a row, trailing empty cells not counted.
    pub columns: usize,
    /// Bytes of a cell.
    pub cell: usize,
    /// Cells of a workbook, counting those a format writes down as "repeat this".
    pub cells: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 512 * 1024 * 1024,
            rows: 2_000_000,
            columns: 2_000,
            cell: 32_767,
            cells: 10_000_000,
        }
    }
}

/// What a mapping knows of a file beforehand; everything left out is found out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hints {
    /// An encoding label such as `cp1252` or `utf-8`.
    pub encoding: Option<String>,
    /// The delimiter of a CSV.
    pub delimiter: Option<char>,
}

/// The rows of one CSV or one sheet of a workbook, title rows and header among them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table {
    /// Name of the sheet, for workbooks.
    pub sheet: Option<String>,
    /// In file order; blank rows are left out, the numbers of the others tell.
    pub rows: Vec<Row>,
    /// Rows that could not be taken: a cell too long, a quotation mark that never closes.
    pub faults: Vec<Fault>,
}

/// One row. Its cells share one allocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// As a spreadsheet numbers it, the first row being 1.
    pub number: u64,
    text: Box<str>,
    ends: Box<[u32]>,
}

impl Row {
    /// A row of these cells; trailing empty ones are dropped.
    pub fn new<'a>(number: u64, cells: impl IntoIterator<Item = &'a str>) -> Self {
        let (mut text, mut ends, mut used) = (String::new(), Vec::new(), 0);
        for cell in cells {
            text.push_str(cell);
            ends.push(u32::try_from(text.len()).unwrap_or(u32::MAX));
            if !cell.trim().is_empty() {
                used = ends.len();
            }
        }
        ends.truncate(used);
        Self { number, text: text.into_boxed_str(), ends: ends.into_boxed_slice() }
    }

    /// The cell at a column counted from 0, as written; empty beyond the last.
    pub fn cell(&self, column: usize) -> &str {
        let Some(&end) = self.ends.get(column) else { return "" };
        let start = column.checked_sub(1).and_then(|before| self.ends.get(before)).unwrap_or(&0);
        self.text.get(*start as usize..end as usize).unwrap_or("")
    }

    /// All cells up to the last that is not empty.
    pub fn cells(&self) -> impl ExactSizeIterator<Item = &str> {
        (0..self.ends.len()).map(|column| self.cell(column))
    }

    /// Cells up to the last that is not empty.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether every cell is blank.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }
}

/// The tables of a file: one for a CSV, one a sheet for a workbook. A file that is none of these is a fault of row 0.
pub fn tables(file: &InputFile, limits: &Limits) -> Result<Vec<Table>, Fault> {
    tables_with(file, limits, &Hints::default())
}

/// As [`tables`], with what a mapping knows of the file.
pub fn tables_with(file: &InputFile, limits: &Limits, hints: &Hints) -> Result<Vec<Table>, Fault> {
    let bytes = unpack(file, limits)?;
    let mut found = match kind_of(&bytes) {
        Content::Zip => workbook::zipped(&file.name, &bytes, limits)?,
        Content::Compound => workbook::xls(&file.name, &bytes, limits)?,
        Content::Text => vec![text::table(&file.name, &bytes, limits, hints)?],
        Content::Other(what) => return Err(whole_file(&file.name, what, A_TABLE)),
    };
    for table in &mut found {
        table.rows.retain(|row| !row.is_empty());
    }
    Ok(found)
}

/// The text of a CSV file, decompressed and decoded; a fault where it is a workbook or no text at all. For readers of
/// long files that stream with [`csv_records`].
pub fn csv_text<'f>(
    file: &'f InputFile,
    limits: &Limits,
    hints: &Hints,
) -> Result<Cow<'f, str>, Fault> {
    let bytes = unpack(file, limits)?;
    match kind_of(&bytes) {
        Content::Text => match bytes {
            Cow::Borrowed(bytes) => decode(&file.name, bytes, hints),
            Cow::Owned(bytes) => {
                decode(&file.name, &bytes, hints).map(|text| Cow::Owned(text.into_owned()))
            }
        },
        Content::Zip | Content::Compound => Err(whole_file(&file.name, "a workbook", "a CSV file")),
        Content::Other(what) => Err(whole_file(&file.name, what, "a CSV file")),
    }
}

/// Whether the bytes look like a workbook, so that a streaming reader can fall back to [`tables`].
pub fn is_workbook(bytes: &[u8]) -> bool {
    matches!(kind_of(bytes), Content::Zip | Content::Compound)
}

const A_TABLE: &str = "a CSV, XLS, XLSX or ODS table";

enum Content {
    Zip,
    Compound,
    Text,
    Other(&'static str),
}

/// By the first bytes, never by the name: a third of the `.xls` files people send are something else.
fn kind_of(bytes: &[u8]) -> Content {
    let start = bytes.trim_ascii_start();
    let lower: Vec<u8> = start.iter().take(15).map(u8::to_ascii_lowercase).collect();
    let is_utf16 = bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]);
    if bytes.starts_with(b"PK\x03\x04") {
        Content::Zip
    } else if bytes.starts_with(&[0xD0, 0xCF, 0x11, 0xE0]) {
        Content::Compound
    } else if start.is_empty() {
        Content::Other("an empty file")
    } else if bytes.starts_with(b"%PDF") {
        Content::Other("a PDF document")
    } else if lower.starts_with(b"<html") || lower.starts_with(b"<!doctype html") {
        Content::Other("a web page")
    } else if lower.starts_with(b"<?xml") {
        Content::Other("an XML document")
    } else if !is_utf16 && bytes.iter().take(8192).any(|byte| *byte == 0) {
        Content::Other("binary data")
    } else {
        Content::Text
    }
}

/// A fault of the file as a whole: what it turned out to be, and what would have been accepted.
pub fn whole_file(file: &str, found: &str, expected: &str) -> Fault {
    Fault {
        file: file.to_owned(),
        sheet: None,
        row: 0,
        column: String::new(),
        value: found.to_owned(),
        expected: expected.to_owned(),
    }
}

/// A column counted from 0 as a spreadsheet letters it: `A`, `Z`, `AA`.
pub fn letters(column: usize) -> String {
    let mut name = String::new();
    let mut left = column;
    loop {
        let digit = u8::try_from(left.rem_euclid(26)).unwrap_or(0);
        name.insert(0, char::from(b'A' + digit));
        match left.div_euclid(26).checked_sub(1) {
            Some(more) => left = more,
            None => return name,
        }
    }
}

/// The column those letters name, counted from 0.
pub fn column_of(letters: &str) -> Option<usize> {
    let good = (1..=3).contains(&letters.len()) && letters.bytes().all(|b| b.is_ascii_alphabetic());
    let value = |b: u8| usize::from(b.to_ascii_uppercase().saturating_sub(b'A')) + 1;
    good.then(|| letters.bytes().fold(0, |sum, b| sum * 26 + value(b)) - 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn file(name: &str, bytes: &[u8]) -> InputFile {
        InputFile { name: name.to_owned(), bytes: bytes.to_vec() }
    }

    fn cells(bytes: &[u8]) -> Vec<(u64, Vec<String>)> {
        let tables = tables(&file("a.csv", bytes), &Limits::default()).unwrap();
        let row = |row: &Row| (row.number, row.cells().map(str::to_owned).collect());
        tables.iter().flat_map(|table| table.rows.iter().map(row)).collect()
    }

    #[test]
    fn columns_are_lettered_as_a_spreadsheet_does() {
        for (column, name) in [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA")] {
            assert_eq!(letters(column), name);
            assert_eq!(column_of(name), Some(column));
        }
        assert_eq!(column_of("A1"), None);
    }

    #[test]
    fn rows_are_numbered_as_a_spreadsheet_does() {
        let read = cells(b"a,b\r\n\r\n\"x\ny\",2\r\n,,\r\n3,\"say \"\"hi\"\"\"\n");
        let expected: Vec<(u64, Vec<String>)> =
            [(1, vec!["a", "b"]), (3, vec!["x\ny", "2"]), (5, vec!["3", "say \"hi\""])]
                .map(|(n, row)| (n, row.into_iter().map(str::to_owned).collect()))
                .into();
        assert_eq!(read, expected);
    }

    #[test]
    fn encodings_and_delimiters_are_found_out() {
        let utf16: Vec<u8> = [0xFF, 0xFE]
            .into_iter()
            .chain("a;m²\n1;2".encode_utf16().flat_map(u16::to_le_bytes))
            .collect();
        for bytes in [
            &b"\xEF\xBB\xBFa,m\xC2\xB2\n1,2"[..],
            b"a,m\xB2\n1,2",
            b"a\tm\xB2\r1\t2",
            b"a\xACm\xB2\n1\xAC2",
            b"a\xC2\xACm\xC2\xB2\n1\xC2\xAC2",
            b"a|m\xB2\n1|2\n",
            b"sep=;\na;m\xB2\n1;2",
            &utf16,
        ] {
            let read: Vec<Vec<String>> = cells(bytes).into_iter().map(|(_, row)| row).collect();
            assert_eq!(read, [["a", "m²"], ["1", "2"]], "{bytes:?}");
        }
    }

    #[test]
    fn gzip_is_opened_and_a_bomb_is_not() {
        use std::io::Write;
        let mut zip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        zip.write_all(&b"a,b\n1,2\n".repeat(100_000)).unwrap();
        let file = file("a.csv.gz", &zip.finish().unwrap());

        assert_eq!(tables(&file, &Limits::default()).unwrap()[0].rows.len(), 200_000);

        let small = Limits { bytes: 100_000, ..Limits::default() };
        let refused = tables(&file, &small).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "a.csv.gz: found more than 100000 bytes after decompression, expected at most 100000 bytes"
        );
    }

    #[test]
    fn what_is_no_table_is_named() {
        let told = |bytes: &[u8]| tables(&file("x", bytes), &Limits::default()).unwrap_err().value;
        assert_eq!(told(b"%PDF-1.4"), "a PDF document");
        assert_eq!(told(b"  <!DOCTYPE html><html>"), "a web page");
        assert_eq!(told(b""), "an empty file");
        assert_eq!(told(b"\x00\x01\x02"), "binary data");
    }

    #[test]
    fn a_quotation_mark_that_never_closes_is_a_fault_and_earlier_rows_stay() {
        let tables = tables(&file("a.csv", b"a,b\n1,2\n\"3,4\n5,6\n"), &Limits::default()).unwrap();
        assert_eq!(tables[0].rows.len(), 2);
        assert_eq!(
            tables[0].faults[0].to_string(),
            "a.csv, row 3: \"3,4\\n5,6\\n\" is not a cell with its closing quotation mark"
        );
    }

    #[test]
    fn long_cells_and_wide_rows_are_left_out_by_name() {
        let limits = Limits { cell: 5, columns: 2, ..Limits::default() };
        let tables = tables(&file("a.csv", b"a,b\nlong text,1\n1,2,3\n4,5,,,\n"), &limits).unwrap();
        assert_eq!(tables[0].rows.iter().map(|row| row.number).collect::<Vec<_>>(), [1, 4]);
        assert_eq!(tables[0].faults.len(), 2);
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
            let _ = tables(&file("x", &bytes), &Limits::default());
        }

        #[test]
        fn any_bytes_after_a_known_beginning_are_survived(
            magic in prop::sample::select(vec![
                &b"PK\x03\x04"[..], &[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1], &[0x1F, 0x8B, 8, 0],
                &[0xFF, 0xFE], &[0xEF, 0xBB, 0xBF], b"sep=",
            ]),
            bytes in prop::collection::vec(any::<u8>(), 0..2000),
        ) {
            let _ = tables(&file("x", &[magic, &bytes].concat()), &Limits::default());
        }

        #[test]
        fn what_a_csv_writer_wrote_is_read_back(
            rows in prop::collection::vec(prop::collection::vec("[a-z,;\"\n\r\t² ]{0,6}x", 3), 1..8),
        ) {
            let mut writer = csv::Writer::from_writer(Vec::new());
            for row in &rows {
                writer.write_record(row).unwrap();
            }
            let bytes = writer.into_inner().unwrap();
            let hints = Hints { delimiter: Some(','), ..Hints::default() };
            let read = tables_with(&file("x", &bytes), &Limits::default(), &hints).unwrap();
            let read: Vec<Vec<String>> =
                read[0].rows.iter().map(|row| row.cells().map(str::to_owned).collect()).collect();
            prop_assert_eq!(read, rows);
        }
    }
}
