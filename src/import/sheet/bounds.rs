//! What a workbook would unfold to, counted before it is read.
//!
//! XLS and ODS readers lay a sheet out as a dense rectangle from its first used cell to its last, and ODS may say
//! "repeat this row a million times". A few hundred bytes can so ask for more memory than any machine has, and running
//! out of memory ends the process: it is no panic that could be caught. So both are counted first, in the same order
//! and by the same record types as the reader meets them.

use super::{Limits, archive, whole_file};
use crate::import::report::Fault;

/// Counts the rectangle of every sheet of an XLS file's workbook stream.
pub(super) fn check_xls(file: &str, stream: &[u8], limits: &Limits) -> Result<(), Fault> {
    let rectangles =
        sheets(stream).into_iter().map(|at| rectangle(stream.get(at..).unwrap_or(&[])));
    refuse_above(file, rectangles.fold(0, u64::saturating_add), limits)
}

/// Counts what the repeats of an ODS file unfold to.
pub(super) fn check_ods(file: &str, bytes: &[u8], limits: &Limits) -> Result<(), Fault> {
    let Some(content) = archive::part(bytes, "content.xml", limits) else {
        return Err(whole_file(file, "a damaged ODS workbook", super::A_TABLE));
    };
    // Entities could spell what is counted below in another way; no office program writes any.
    let defines = |word: &[u8]| content.windows(word.len()).any(|window| window == word);
    if defines(b"<!DOCTYPE") || defines(b"<!ENTITY") {
        return Err(whole_file(file, "an ODS workbook with a document type", "one without"));
    }
    refuse_above(file, unfolded(&content), limits)
}

/// Refuses an XLSX whose table of shared strings claims more strings than it has bytes: the reader makes room for as
/// many as are claimed.
pub(super) fn check_xlsx(file: &str, bytes: &[u8], limits: &Limits) -> Result<(), Fault> {
    let is_strings = |name: &&String| name.to_ascii_lowercase().ends_with("sharedstrings.xml");
    for name in archive::part_names(bytes).iter().filter(is_strings) {
        let Some(part) = archive::part(bytes, name, limits) else { continue };
        let claims = Tags(&part).filter(|tag| tag.has(b"uniqueCount"));
        let claimed = claims.map(|tag| tag.repeats(b"uniqueCount")).max().unwrap_or(0);
        if claimed > part.len() as u64 {
            return Err(whole_file(
                file,
                &format!("{claimed} texts claimed in {} bytes", part.len()),
                "a workbook saved anew",
            ));
        }
    }
    Ok(())
}

fn refuse_above(file: &str, cells: u64, limits: &Limits) -> Result<(), Fault> {
    if cells <= limits.cells {
        return Ok(());
    }
    Err(whole_file(
        file,
        &format!("sheets that unfold to {cells} cells"),
        &format!("at most {} cells", limits.cells),
    ))
}

/// Where the sheets of a workbook stream begin.
fn sheets(stream: &[u8]) -> Vec<usize> {
    let bound_sheets =
        Biff(stream).take_while(|(kind, _)| *kind != 0x000A).filter(|(kind, _)| *kind == 0x0085);
    bound_sheets.filter_map(|(_, data)| u32_at(data, 0)).map(|start| start as usize).collect()
}

/// Cells of the rectangle from A1 to the last row and column of a sheet, or of the one it says it spans, whichever is
/// larger.
fn rectangle(sheet: &[u8]) -> u64 {
    let (mut rows, mut columns, mut declared) = (0_u64, 0_u64, 0_u64);
    let mut depth = 0_u32;
    for (kind, data) in Biff(sheet) {
        match kind {
            0x0809 => depth += 1,
            0x000A if depth <= 1 => break,
            0x000A => depth -= 1,
            0x0200 => declared = declared.saturating_add(declared_cells(data)),
            // Number, label, rich label, boolean, RK, shared string, many RKs, formula, blank.
            0x0203 | 0x0204 | 0x00D6 | 0x0205 | 0x027E | 0x00FD | 0x00BD | 0x0006 | 0x0201 => {
                let at = |at: usize| u16_at(data, at).map_or(0, u64::from);
                let wide = if kind == 0x00BD { data.len().div_euclid(6) as u64 } else { 1 };
                rows = rows.max(at(0) + 1);
                columns = columns.max(at(2) + wide);
            }
            _ => {}
        }
    }
    rows.saturating_mul(columns).max(declared)
}

/// The dimensions record as the reader takes it: in two lengths, its last row and column exclusive, a first column
/// beyond 255 or behind the last taken for 0. A first row behind the last would wrap around there.
fn declared_cells(data: &[u8]) -> u64 {
    let short = |at: usize| u16_at(data, at).map(u64::from);
    let long = |at: usize| u32_at(data, at).map(u64::from);
    let told = match data.len() {
        10 => (short(0), short(2), short(4), short(6)),
        14 | 16 => (long(0), long(4), short(8), short(10)),
        _ => return 0,
    };
    let (Some(row), Some(row_end), Some(column), Some(column_end)) = told else { return 0 };
    if row_end == 0 || column_end == 0 {
        return 1;
    }
    let column = if column > 0xFF || column_end < column { 0 } else { column };
    if row_end <= row || column_end <= column {
        return u64::MAX;
    }
    (row_end - row).saturating_mul(column_end - column)
}

/// BIFF records: kind, length, data.
struct Biff<'b>(&'b [u8]);

impl<'b> Iterator for Biff<'b> {
    type Item = (u16, &'b [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (kind, length) = (u16_at(self.0, 0)?, usize::from(u16_at(self.0, 2)?));
        let data = self.0.get(4..4 + length)?;
        self.0 = self.0.get(4 + length..)?;
        Some((kind, data))
    }
}

pub(super) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at.checked_add(2)?)?.try_into().ok().map(u16::from_le_bytes)
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at.checked_add(4)?)?.try_into().ok().map(u32::from_le_bytes)
}

/// Cells the tables of an ODS content part unfold to: for every row with something in it, its repeats times the
/// widest row of its table, and as much for the blank rows before it.
fn unfolded(xml: &[u8]) -> u64 {
    let (mut total, mut rows, mut pending, mut widest) = (0_u64, 0_u64, 0_u64, 0_u64);
    let (mut repeats, mut width, mut last_used) = (1_u64, 0_u64, 0_u64);
    for tag in Tags(xml) {
        if tag.is(b"table:table-row") {
            (repeats, width, last_used) = (tag.repeats(b"number-rows-repeated"), 0, 0);
        } else if tag.is(b"table:table-cell") || tag.is(b"table:covered-table-cell") {
            width = width.saturating_add(tag.repeats(b"number-columns-repeated"));
            if tag.has(b"office:") || tag.has(b"formula") {
                last_used = width;
            }
        } else if tag.is(b"text:p") {
            last_used = last_used.max(width);
        } else if tag.is(b"/table:table-row") {
            pending = pending.saturating_add(repeats);
            if last_used > 0 {
                rows = rows.saturating_add(pending);
                pending = 0;
                widest = widest.max(last_used);
            }
        } else if tag.is(b"/table:table") {
            total = total.saturating_add(rows.saturating_mul(widest));
            (rows, pending, widest) = (0, 0, 0);
        }
    }
    total.saturating_add(rows.saturating_mul(widest))
}

/// Start and end tags, cut as the XML reader cuts them: a `>` in quotes does not end a start tag, and what comments,
/// processing instructions and CDATA hold is not markup.
struct Tags<'x>(&'x [u8]);

struct Tag<'x>(&'x [u8]);

impl<'x> Iterator for Tags<'x> {
    type Item = Tag<'x>;

    fn next(&mut self) -> Option<Tag<'x>> {
        loop {
            let open = self.0.iter().position(|b| *b == b'<')?;
            let rest = self.0.get(open + 1..)?;
            let skipped = [(&b"!--"[..], &b"-->"[..]), (b"![CDATA[", b"]]>"), (b"?", b"?>")];
            let Some((start, end)) = skipped.iter().find(|(start, _)| rest.starts_with(start))
            else {
                let close = end_of_tag(rest);
                self.0 = rest.get(close..).unwrap_or(&[]);
                return rest.get(..close).map(Tag);
            };
            let inside = rest.get(start.len()..).unwrap_or(&[]);
            let close = inside.windows(end.len()).position(|window| window == *end);
            self.0 = inside.get(close? + end.len()..).unwrap_or(&[]);
        }
    }
}

fn end_of_tag(rest: &[u8]) -> usize {
    let mut quote = None;
    let is_start = !rest.starts_with(b"/");
    for (at, byte) in rest.iter().enumerate() {
        match (quote, *byte) {
            (None, b'>') => return at,
            (None, b'"' | b'\'') if is_start => quote = Some(*byte),
            (Some(opened), closing) if opened == closing => quote = None,
            _ => {}
        }
    }
    rest.len()
}

impl Tag<'_> {
    fn is(&self, name: &[u8]) -> bool {
        self.0
            .strip_prefix(name)
            .is_some_and(|rest| rest.first().is_none_or(|b| b.is_ascii_whitespace() || *b == b'/'))
    }

    fn has(&self, attribute: &[u8]) -> bool {
        self.0.windows(attribute.len()).any(|window| window == attribute)
    }

    /// The number in an attribute, the largest where several have the name, 1 where none has. One that is not plain
    /// digits counts as a great many.
    fn repeats(&self, attribute: &[u8]) -> u64 {
        let places = self.0.windows(attribute.len()).enumerate();
        let found = places.filter(|(_, window)| *window == attribute).map(|(at, _)| at);
        let number = |at: usize| {
            let after = self.0.get(at + attribute.len()..).unwrap_or(&[]);
            let before = |b: &u8| b.is_ascii_whitespace() || matches!(*b, b'=' | b'"' | b'\'');
            let value = after.iter().copied().skip_while(before);
            let digits: Vec<u8> = value.take_while(|b| !matches!(*b, b'"' | b'\'')).collect();
            let text = std::str::from_utf8(&digits).unwrap_or("");
            text.trim().parse().unwrap_or(u64::from(u32::MAX))
        };
        found.map(number).max().unwrap_or(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_ods_cells_are_counted_and_trailing_blanks_are_not() {
        let sheet = r#"<table:table><table:table-row table:number-rows-repeated="1000">
            <table:table-cell office:value-type="float" table:number-columns-repeated="50"/></table:table-row>
            <table:table-row table:number-rows-repeated="1048576"><table:table-cell table:number-columns-repeated="16384"/>
            </table:table-row></table:table>"#;
        assert_eq!(unfolded(sheet.as_bytes()), 50_000);
    }

    #[test]
    fn repeats_do_not_hide_behind_quotes_comments_or_namesakes() {
        let row = |cell: &str| {
            format!("<table:table><table:table-row>{cell}</table:table-row></table:table>")
        };
        let many = "table:number-columns-repeated=\"900\" office:value-type=\"float\"";
        for cell in [
            format!("<table:table-cell a=\">\" {many}/>"),
            format!("<table:table-cell x:number-columns-repeated=\"1\" {many}/>"),
            format!("<!-- \" --><table:table-cell {many}/>"),
            format!("<a/></a \"><table:table-cell {many}/>"),
            format!("<table:table-cell {}/>", many.replace("900", "9&#48;0")),
        ] {
            assert!(unfolded(row(&cell).as_bytes()) >= 900, "{cell}");
        }
    }

    #[test]
    fn a_size_claim_that_runs_backwards_is_the_largest_of_all() {
        let mut claim = [0; 14];
        claim[0] = 9;
        (claim[4], claim[10]) = (3, 5);
        assert_eq!(declared_cells(&claim), u64::MAX);
    }

    #[test]
    fn a_sheet_with_two_far_corners_is_a_large_rectangle() {
        let mut sheet = Vec::new();
        for (row, column) in [(0_u16, 0_u16), (65_535, 65_535)] {
            sheet.extend([0x03, 0x02, 14, 0]);
            sheet.extend(row.to_le_bytes());
            sheet.extend(column.to_le_bytes());
            sheet.extend([0; 10]);
        }
        assert_eq!(rectangle(&sheet), 65_536 * 65_536);
    }
}
