//! What a workbook would unfold to, counted before it is read.
//!
//! XLS and ODS readers lay a sheet out as a dense rectangle from its first used cell to its last, and ODS may say
//! "repeat this row a million times". A few hundred bytes can so ask for more memory than any machine has, and running
//! out of memory ends the process: it is no panic that could be caught. So both are counted first, in the same order
//! and by the same record types as the reader meets them.

use super::{Limits, archive, whole_file};
use crate::import::report::Fault;

const READABLE_XLS: &str = "an XLS workbook";

/// Counts the rectangle of every sheet of an XLS file.
pub(super) fn check_xls(file: &str, bytes: &[u8], limits: &Limits) -> Result<(), Fault> {
    let streams = Compound::open(bytes).map(|compound| compound.workbooks()).unwrap_or_default();
    if streams.is_empty() {
        return Err(whole_file(file, "a damaged, protected or foreign Office file", READABLE_XLS));
    }
    for stream in streams {
        let mut cells = 0_u64;
        for start in sheets(&stream) {
            cells = cells.saturating_add(rectangle(stream.get(start..).unwrap_or(&[])));
        }
        refuse_above(file, cells, limits)?;
    }
    Ok(())
}

/// Counts what the repeats of an ODS file unfold to.
pub(super) fn check_ods(file: &str, bytes: &[u8], limits: &Limits) -> Result<(), Fault> {
    let Some(content) = archive::part(bytes, "content.xml", limits) else {
        return Err(whole_file(file, "a damaged ODS workbook", super::A_TABLE));
    };
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

/// A compound file (MS-CFB): sectors, the chains through them, and the directory.
struct Compound<'b> {
    bytes: &'b [u8],
    sector: usize,
    chain: Vec<u32>,
    mini_chain: Vec<u32>,
    mini: Vec<u8>,
    mini_cutoff: u32,
    entries: Vec<Entry>,
}

struct Entry {
    name: String,
    start: u32,
    size: usize,
}

const END: u32 = 0xFFFF_FFFA;

impl<'b> Compound<'b> {
    fn open(bytes: &'b [u8]) -> Option<Self> {
        let shift = u16_at(bytes, 30)?;
        let sector = match shift {
            9 | 12 => 1_usize << shift,
            _ => return None,
        };
        let mut file = Self {
            bytes,
            sector,
            chain: Vec::new(),
            mini_chain: Vec::new(),
            mini: Vec::new(),
            mini_cutoff: u32_at(bytes, 56)?,
            entries: Vec::new(),
        };
        let mut tables: Vec<u32> = (0..109).filter_map(|n| u32_at(bytes, 76 + n * 4)).collect();
        let (mut next, mut steps) = (u32_at(bytes, 68)?, 0);
        while next < END && steps <= file.sectors() {
            let words = words(file.sector_at(next)?);
            tables.extend(words.iter().rev().skip(1).rev());
            next = *words.last()?;
            steps += 1;
        }
        for table in tables.into_iter().filter(|table| *table < END).take(file.sectors() + 1) {
            // A table beyond the end of a cut file describes nothing that is there.
            if let Some(sector) = file.sector_at(table) {
                file.chain.extend(words(sector));
            }
        }
        let directory = file.follow(u32_at(bytes, 48)?);
        file.entries = directory.chunks_exact(128).filter_map(entry).collect();
        file.mini_chain = words(&file.follow(u32_at(bytes, 60)?));
        let root = file.entries.first().map(|root| root.start)?;
        file.mini = file.follow(root);
        Some(file)
    }

    fn sectors(&self) -> usize {
        self.bytes.len().div_euclid(self.sector)
    }

    fn sector_at(&self, number: u32) -> Option<&'b [u8]> {
        let start = (number as usize).checked_add(1)?.checked_mul(self.sector)?;
        let end = start.checked_add(self.sector)?.min(self.bytes.len());
        self.bytes.get(start..end)
    }

    fn follow(&self, start: u32) -> Vec<u8> {
        let (mut bytes, mut at, mut steps) = (Vec::new(), start, 0);
        while at < END && steps <= self.sectors() {
            let Some(sector) = self.sector_at(at) else { break };
            bytes.extend_from_slice(sector);
            at = self.chain.get(at as usize).copied().unwrap_or(END);
            steps += 1;
        }
        bytes
    }

    fn follow_mini(&self, start: u32) -> Vec<u8> {
        let (mut bytes, mut at, mut steps) = (Vec::new(), start, 0);
        while at < END && steps <= self.mini_chain.len() {
            let from = (at as usize).saturating_mul(64);
            let Some(sector) = self.mini.get(from..from.saturating_add(64).min(self.mini.len()))
            else {
                break;
            };
            bytes.extend_from_slice(sector);
            at = self.mini_chain.get(at as usize).copied().unwrap_or(END);
            steps += 1;
        }
        bytes
    }

    /// Every stream a reader could take for the workbook. Both ways to store one are followed where size is near the
    /// edge between them, so that no reader's reading of the edge is missed.
    fn workbooks(&self) -> Vec<Vec<u8>> {
        let named =
            self.entries.iter().filter(|entry| entry.name == "Workbook" || entry.name == "Book");
        let streams = named.flat_map(|entry| {
            let mut whole = self.follow(entry.start);
            whole.truncate(entry.size.max(4096));
            let small = if entry.size <= self.mini_cutoff as usize {
                self.follow_mini(entry.start)
            } else {
                Vec::new()
            };
            [whole, small]
        });
        streams.filter(|stream| !stream.is_empty()).collect()
    }
}

fn entry(bytes: &[u8]) -> Option<Entry> {
    let letters = (0..32).map_while(|n| u16_at(bytes, n * 2).filter(|letter| *letter != 0));
    let name = char::decode_utf16(letters).map(|letter| letter.unwrap_or('?')).collect();
    Some(Entry { name, start: u32_at(bytes, 116)?, size: u32_at(bytes, 120)? as usize })
}

/// Where the sheets of a workbook stream begin.
fn sheets(stream: &[u8]) -> Vec<usize> {
    let bound_sheets =
        Biff(stream).take_while(|(kind, _)| *kind != 0x000A).filter(|(kind, _)| *kind == 0x0085);
    bound_sheets.filter_map(|(_, data)| u32_at(data, 0)).map(|start| start as usize).collect()
}

/// Cells of the rectangle a sheet spans, or of the one it says it spans, whichever is larger.
fn rectangle(sheet: &[u8]) -> u64 {
    let (mut rows, mut columns, mut declared) = ((u64::MAX, 0), (u64::MAX, 0), 0_u64);
    let mut depth = 0_u32;
    for (kind, data) in Biff(sheet) {
        match kind {
            0x0809 => depth += 1,
            0x000A if depth <= 1 => break,
            0x000A => depth -= 1,
            0x0200 => declared = declared.saturating_add(declared_cells(data)),
            // Number, label, rich label, boolean, RK, shared string, many RKs, formula, blank.
            0x0203 | 0x0204 | 0x00D6 | 0x0205 | 0x027E | 0x00FD | 0x00BD | 0x0006 | 0x0201 => {
                let (Some(row), Some(column)) = (u16_at(data, 0), u16_at(data, 2)) else {
                    continue;
                };
                let wide = if kind == 0x00BD { data.len().div_euclid(6) as u64 } else { 0 };
                rows = (rows.0.min(u64::from(row)), rows.1.max(u64::from(row)));
                columns =
                    (columns.0.min(u64::from(column)), columns.1.max(u64::from(column) + wide));
            }
            _ => {}
        }
    }
    let spanned = (rows.1 + 1)
        .saturating_sub(rows.0)
        .saturating_mul((columns.1 + 1).saturating_sub(columns.0));
    spanned.max(declared)
}

/// The dimensions record, in either of its lengths; a backward one makes the reader stop, not grow.
fn declared_cells(data: &[u8]) -> u64 {
    let wide = data.len() >= 14;
    let at = |n: usize| {
        if wide && n < 2 {
            u32_at(data, n * 4).map(u64::from)
        } else if wide {
            u16_at(data, 8 + (n - 2) * 2).map(u64::from)
        } else {
            u16_at(data, n * 2).map(u64::from)
        }
    };
    let (Some(row), Some(row_end), Some(column), Some(column_end)) = (at(0), at(1), at(2), at(3))
    else {
        return 0;
    };
    row_end.saturating_sub(row).saturating_mul(column_end.saturating_sub(column))
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

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at.checked_add(2)?)?.try_into().ok().map(u16::from_le_bytes)
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at.checked_add(4)?)?.try_into().ok().map(u32::from_le_bytes)
}

fn words(bytes: &[u8]) -> Vec<u32> {
    bytes.chunks_exact(4).filter_map(|word| u32_at(word, 0)).collect()
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
            if tag.has(b"office:value")
                || tag.has(b"office:string-value")
                || tag.has(b"value-type")
                || tag.has(b"formula")
            {
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

/// Everything between `<` and `>`. Comments and quoted `>` only ever add to the count.
struct Tags<'x>(&'x [u8]);

struct Tag<'x>(&'x [u8]);

impl<'x> Iterator for Tags<'x> {
    type Item = Tag<'x>;

    fn next(&mut self) -> Option<Tag<'x>> {
        let open = self.0.iter().position(|b| *b == b'<')?;
        let rest = self.0.get(open + 1..)?;
        let close = rest.iter().position(|b| *b == b'>').unwrap_or(rest.len());
        self.0 = rest.get(close..).unwrap_or(&[]);
        rest.get(..close).map(Tag)
    }
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

    /// The number in an attribute, 1 where it is absent. One that is not plain digits counts as a great many.
    fn repeats(&self, attribute: &[u8]) -> u64 {
        let Some(at) = self.0.windows(attribute.len()).position(|window| window == attribute)
        else {
            return 1;
        };
        let after = self.0.get(at + attribute.len()..).unwrap_or(&[]);
        let digits: Vec<u8> = after
            .iter()
            .copied()
            .skip_while(|b| b.is_ascii_whitespace() || *b == b'=' || *b == b'"' || *b == b'\'')
            .take_while(|b| *b != b'"' && *b != b'\'')
            .collect();
        std::str::from_utf8(&digits)
            .ok()
            .and_then(|text| text.trim().parse().ok())
            .unwrap_or(u64::from(u32::MAX))
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
