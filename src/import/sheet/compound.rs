//! Compound files (MS-CFB), in which XLS workbooks lie: taking the workbook out, and wrapping it anew.
//!
//! A damaged or hostile compound file can chain its sectors in a circle, and the workbook reader follows circles until
//! memory ends. So the stream is taken out here, where every walk counts its steps, and the reader gets a compound
//! file made here, with nothing in it but that stream.

use super::bounds::{u16_at, u32_at};

/// From here on sector numbers mean something else: end of chain, free, table.
const RESERVED: u32 = 0xFFFF_FFFA;
const END_OF_CHAIN: u32 = 0xFFFF_FFFE;
const TABLE: u32 = 0xFFFF_FFFD;

/// The workbook stream of an XLS file, if there is one.
pub(super) fn workbook(bytes: &[u8]) -> Option<Vec<u8>> {
    let file = Compound::open(bytes)?;
    let named =
        |name: &str| file.entries.iter().find(|entry| entry.name.eq_ignore_ascii_case(name));
    let entry = named("Workbook").or_else(|| named("Book"))?;
    let mut stream = if entry.size < file.mini_cutoff as usize {
        file.follow_mini(entry.start)
    } else {
        file.follow(entry.start)
    };
    stream.truncate(entry.size);
    Some(stream).filter(|stream| !stream.is_empty())
}

/// A compound file with this workbook stream in it; `None` beyond the 450 MB that tables in its header alone can chain.
pub(super) fn wrap(stream: &[u8]) -> Option<Vec<u8>> {
    const SECTOR: usize = 4096;
    const A_TABLE: usize = 1024;
    let held = stream.len().div_ceil(SECTOR).max(1);
    let tables = (1..=109).find(|tables| tables * A_TABLE > held + tables)?;
    let number = |sector: usize| u32::try_from(sector).unwrap_or(END_OF_CHAIN);

    let mut chain: Vec<u32> = vec![TABLE; tables];
    chain.push(END_OF_CHAIN);
    chain.extend((1..held).map(|nth| number(tables + 1 + nth)));
    chain.push(END_OF_CHAIN);
    chain.resize(tables * A_TABLE, u32::MAX);

    let mut file = vec![0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];
    file.extend([0; 16]);
    // Version 3, whose root may be without small streams, with the large sectors of version 4.
    file.extend([0x3E_u16, 3, 0xFFFE, 12, 6].into_iter().flat_map(u16::to_le_bytes));
    file.extend([0; 6]);
    let header = [1, number(tables), number(tables), 0, 4096, END_OF_CHAIN, 0, END_OF_CHAIN, 0];
    file.extend(header.into_iter().flat_map(u32::to_le_bytes));
    file.extend((0..tables).flat_map(|table| number(table).to_le_bytes()));
    file.resize(512, 0xFF);
    file.resize(SECTOR, 0);
    file.extend(chain.into_iter().flat_map(u32::to_le_bytes));
    file.extend(directory_entry("Root Entry", 5, 1, END_OF_CHAIN, 0));
    // A stream below 4,096 bytes would be looked for among the small ones.
    file.extend(directory_entry(
        "Workbook",
        2,
        u32::MAX,
        number(tables + 1),
        stream.len().max(SECTOR),
    ));
    file.resize((tables + 2) * SECTOR, 0);
    file.extend_from_slice(stream);
    file.resize((tables + 2 + held) * SECTOR, 0);
    Some(file)
}

fn directory_entry(name: &str, kind: u8, child: u32, start: u32, size: usize) -> Vec<u8> {
    let mut bytes: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let length = u16::try_from(bytes.len() + 2).unwrap_or(64);
    bytes.resize(64, 0);
    bytes.extend(length.to_le_bytes());
    bytes.extend([kind, 1]);
    bytes.extend([u32::MAX, u32::MAX, child].into_iter().flat_map(u32::to_le_bytes));
    bytes.extend([0; 36]);
    bytes.extend(start.to_le_bytes());
    bytes.extend((size as u64).to_le_bytes());
    bytes
}

/// Sectors, the chains through them, and the directory.
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

impl<'b> Compound<'b> {
    fn open(bytes: &'b [u8]) -> Option<Self> {
        let sector = match u16_at(bytes, 30)? {
            9 => 512,
            12 => 4096,
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
        while next < RESERVED && steps <= file.sectors() {
            let mut held = words(file.sector_at(next)?);
            next = held.pop()?;
            tables.extend(held);
            steps += 1;
        }
        tables.retain(|table| *table < RESERVED);
        tables.truncate(file.sectors());
        // A table beyond the end of a cut file describes nothing that is there.
        let held = tables.into_iter().filter_map(|table| file.sector_at(table));
        file.chain = held.flat_map(words).collect();
        let directory = file.follow(u32_at(bytes, 48)?);
        file.entries = directory.chunks_exact(128).filter_map(entry).collect();
        file.mini_chain = words(&file.follow(u32_at(bytes, 60)?));
        file.mini = file.entries.first().map(|root| file.follow(root.start))?;
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

    /// The sectors of a chain, no more than the file has: a circle ends there.
    fn follow(&self, start: u32) -> Vec<u8> {
        let (mut bytes, mut at, mut steps) = (Vec::new(), start, 0);
        while at < RESERVED && steps < self.sectors() {
            let Some(sector) = self.sector_at(at) else { break };
            bytes.extend_from_slice(sector);
            at = self.chain.get(at as usize).copied().unwrap_or(RESERVED);
            steps += 1;
        }
        bytes
    }

    fn follow_mini(&self, start: u32) -> Vec<u8> {
        let (mut bytes, mut at, mut steps) = (Vec::new(), start, 0);
        while at < RESERVED && steps < self.mini_chain.len() {
            let from = (at as usize).saturating_mul(64);
            let to = from.saturating_add(64).min(self.mini.len());
            let Some(sector) = self.mini.get(from..to) else { break };
            bytes.extend_from_slice(sector);
            at = self.mini_chain.get(at as usize).copied().unwrap_or(RESERVED);
            steps += 1;
        }
        bytes
    }
}

fn entry(bytes: &[u8]) -> Option<Entry> {
    let letters = (0..32).map_while(|n| u16_at(bytes, n * 2).filter(|letter| *letter != 0));
    let name = char::decode_utf16(letters).map(|letter| letter.unwrap_or('?')).collect();
    Some(Entry { name, start: u32_at(bytes, 116)?, size: u32_at(bytes, 120)? as usize })
}

fn words(bytes: &[u8]) -> Vec<u32> {
    bytes.chunks_exact(4).filter_map(|word| u32_at(word, 0)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrapped_stream_is_taken_out_again() {
        for length in [4096, 5000, 5_000_000] {
            let stream: Vec<u8> = (0..length).map(|n: u32| n.to_le_bytes()[0]).collect();
            assert_eq!(workbook(&wrap(&stream).unwrap()), Some(stream), "{length}");
        }
    }

    #[test]
    fn a_circle_of_sectors_ends() {
        let mut file = wrap(&[7; 9000]).unwrap();
        // The second sector of the stream points to its first.
        let (table, sector) = (4096, 3);
        file[table + sector * 4..table + sector * 4 + 4].copy_from_slice(&2_u32.to_le_bytes());
        assert_eq!(workbook(&file).map(|stream| stream.len()), Some(9000));
        // And the directory to itself.
        file[table + 4..table + 8].copy_from_slice(&1_u32.to_le_bytes());
        assert!(workbook(&file).is_some());
    }
}
