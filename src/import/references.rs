//! Reference sets from the files they are published in: postcodes, zones, and the outlines of both zones and boroughs.
//!
//! Each reader takes bytes and answers with one whole set and every row it could not take. What may replace the set
//! a register holds, and where its bytes are kept, is decided elsewhere.

mod edition;
mod features;
mod geojson;
mod outlines;
mod postcodes;
mod shapefile;
mod table;
#[cfg(test)]
mod tests;
mod unpack;
mod zones;

use std::sync::Arc;

use chrono::NaiveDate;

use super::{Fault, ImportKind, InputFile, Reading, ReferenceSet};
use crate::geography::describe;
use crate::register::{Evidence, ReferenceKind};

pub use outlines::{borough_outlines, zone_outlines};
pub use postcodes::postcodes;
pub use zones::zones;

/// What the user says of a file beyond its bytes; where it is silent, the file's name and headers are asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct About {
    /// `ONSPD November 2025`.
    pub source: Option<String>,
    /// The day the set describes.
    pub as_of: Option<NaiveDate>,
}

/// Reads files of a kind that is a reference set; `None` for every other kind.
pub fn read(kind: ImportKind, files: &[InputFile], about: &About) -> Option<Reading> {
    match kind {
        ImportKind::Postcodes => Some(postcodes(files, about)),
        ImportKind::Zones => Some(zones(files, about)),
        ImportKind::ZoneOutlines => Some(zone_outlines(files, about)),
        ImportKind::BoroughOutlines => Some(borough_outlines(files, about)),
        _ => None,
    }
}

/// Faults kept of one reading. A file of millions of rows in the wrong format needs no million faults to be mended.
const FAULTS_KEPT: usize = 10_000;

/// Most bytes one file may unpack to. The whole United Kingdom's ONSPD is about 1.3 GB.
const UNPACKED_LIMIT: u64 = 2 << 30;

/// Gathers what was wrong with a file, in its own addresses.
#[derive(Debug, Default)]
struct Faults {
    kept: Vec<Fault>,
    beyond: u64,
}

impl Faults {
    fn cell(&mut self, file: &str, row: u64, column: &str, value: &str, expected: &str) {
        if self.kept.len() >= FAULTS_KEPT {
            self.beyond += 1;
            return;
        }
        self.kept.push(Fault {
            file: file.to_owned(),
            sheet: None,
            row,
            column: column.to_owned(),
            value: value.chars().take(200).collect(),
            expected: expected.to_owned(),
        });
    }

    fn file(&mut self, file: &str, value: &str, expected: &str) {
        self.cell(file, 0, "", value, expected);
    }

    fn note(&self, notes: &mut Vec<String>) {
        if self.beyond > 0 {
            notes.push(format!(
                "{} further faults are not listed; the first {FAULTS_KEPT} are",
                self.beyond
            ));
        }
    }
}

/// What was read, as a whole set: none where no row was good or no day could be told.
struct Found {
    kind: ReferenceKind,
    rows: u64,
    taken: u64,
    source: String,
    as_of: Option<NaiveDate>,
    notes: Vec<String>,
}

impl Found {
    /// `encode` gives the canonical bytes and how many rows they hold; it is called only where there are any.
    fn reading<E: std::fmt::Display>(
        mut self,
        files: &[InputFile],
        mut faults: Faults,
        encode: impl FnOnce(Arc<Evidence>) -> Result<(Vec<u8>, usize), E>,
    ) -> Reading {
        let name = files.first().map_or("", |file| file.name.as_str());
        if self.as_of.is_none() && self.taken > 0 {
            let wanted =
                "a file dated by its name, such as onspd-2025-11.csv, or a date given with it";
            faults.file(name, name, wanted);
        }
        if self.taken == 0 && faults.kept.is_empty() {
            faults.file(name, "no rows", "a file with at least one row of data");
        }
        let mut references = Vec::new();
        if let Some(as_of) = self.as_of.filter(|_| self.taken > 0) {
            let evidence =
                Evidence { source: self.source.clone(), method: "as published".to_owned(), as_of };
            match encode(Arc::new(evidence)) {
                Ok((bytes, rows)) => {
                    let doubled = self.taken.saturating_sub(rows as u64);
                    if doubled > 0 {
                        self.notes.push(format!(
                            "{doubled} rows repeat an earlier one and were left out"
                        ));
                    }
                    let reference = describe(self.kind, &bytes, rows, &self.source, as_of);
                    references.push(ReferenceSet { reference, bytes });
                }
                Err(told) => {
                    faults.file(name, &told.to_string(), "a whole set without contradictions");
                }
            }
        }
        faults.note(&mut self.notes);
        Reading {
            references,
            faults: faults.kept,
            rows: self.rows,
            notes: self.notes,
            ..Reading::default()
        }
    }
}
