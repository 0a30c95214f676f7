//! Decompression with a hard cap, so that a few kilobytes cannot become a machine's whole memory.

use std::borrow::Cow;
use std::io::{Cursor, Read};

use super::{InputFile, Limits, whole_file};
use crate::import::report::Fault;

/// The bytes of a file, inflated where it is gzip, or a zip that holds one table and nothing else a reader takes.
pub fn unpack<'f>(file: &'f InputFile, limits: &Limits) -> Result<Cow<'f, [u8]>, Fault> {
    if file.bytes.len() as u64 > limits.bytes {
        return Err(too_big(&file.name, limits));
    }
    if file.bytes.starts_with(&[0x1F, 0x8B]) {
        let inflated = take(flate2::read::MultiGzDecoder::new(file.bytes.as_slice()), limits.bytes);
        return match inflated {
            Ok(Some(bytes)) => Ok(Cow::Owned(bytes)),
            Ok(None) => Err(too_big(&file.name, limits)),
            Err(error) => Err(whole_file(
                &file.name,
                &format!("damaged gzip data ({error})"),
                "a complete gzip file",
            )),
        };
    }
    if file.bytes.starts_with(b"PK\x03\x04") {
        return Ok(only_entry(&file.name, &file.bytes, limits)?
            .map_or(Cow::Borrowed(&file.bytes), Cow::Owned));
    }
    Ok(Cow::Borrowed(&file.bytes))
}

/// Refuses a zip that would inflate beyond the limit: first by what it declares, before inflating anything, then by
/// inflating and counting, since a bomb declares what it likes.
pub(super) fn check_zip(name: &str, bytes: &[u8], limits: &Limits) -> Result<(), Fault> {
    let mut archive = open(name, bytes)?;
    refuse_declared(name, &mut archive, limits)?;
    let mut left = limits.bytes;
    for at in 0..archive.len() {
        let Ok(mut entry) = archive.by_index(at) else { continue };
        // A damaged part is the workbook reader's to report; only its size matters here.
        let inflated =
            std::io::copy(&mut (&mut entry).take(left + 1), &mut std::io::sink()).unwrap_or(0);
        left = left.checked_sub(inflated).ok_or_else(|| too_big(name, limits))?;
    }
    Ok(())
}

/// Names of the parts of a zip; empty for a damaged one.
pub(super) fn part_names(bytes: &[u8]) -> Vec<String> {
    zip::ZipArchive::new(Cursor::new(bytes))
        .map(|archive| archive.file_names().flatten().map(Cow::into_owned).collect())
        .unwrap_or_default()
}

/// One part of a zip, capped.
pub(super) fn part(bytes: &[u8], part: &str, limits: &Limits) -> Option<Vec<u8>> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).ok()?;
    let entry = archive.by_name(part).ok()?;
    take(entry, limits.bytes).ok().flatten()
}

type Archive<'b> = zip::ZipArchive<Cursor<&'b [u8]>>;

fn open<'b>(name: &str, bytes: &'b [u8]) -> Result<Archive<'b>, Fault> {
    zip::ZipArchive::new(Cursor::new(bytes))
        .map_err(|error| whole_file(name, &format!("a damaged zip file ({error})"), super::A_TABLE))
}

fn refuse_declared(name: &str, archive: &mut Archive<'_>, limits: &Limits) -> Result<(), Fault> {
    let mut declared = 0_u64;
    for at in 0..archive.len() {
        if let Ok(entry) = archive.by_index_raw(at) {
            declared = declared.saturating_add(entry.size());
        }
    }
    if declared > limits.bytes { Err(too_big(name, limits)) } else { Ok(()) }
}

/// ODS publishes its lists as a zip of one CSV and a PDF that explains it.
fn only_entry(name: &str, bytes: &[u8], limits: &Limits) -> Result<Option<Vec<u8>>, Fault> {
    let names = part_names(bytes);
    if names
        .iter()
        .any(|part| part == "xl/workbook.xml" || part == "content.xml" || part == "mimetype")
    {
        return Ok(None);
    }
    let is_table = |part: &&String| {
        let lower = part.to_ascii_lowercase();
        [".csv", ".txt", ".xls", ".geojson", ".json"].iter().any(|end| lower.ends_with(end))
    };
    let held: Vec<&String> = names.iter().filter(is_table).collect();
    let [only] = held.as_slice() else { return Ok(None) };
    let mut archive = open(name, bytes)?;
    refuse_declared(name, &mut archive, limits)?;
    let entry = archive.by_name(only).map_err(|error| {
        whole_file(name, &format!("a damaged zip file ({error})"), super::A_TABLE)
    })?;
    match take(entry, limits.bytes) {
        Ok(Some(inflated)) => Ok(Some(inflated)),
        Ok(None) => Err(too_big(name, limits)),
        Err(error) => {
            Err(whole_file(name, &format!("a damaged zip file ({error})"), super::A_TABLE))
        }
    }
}

/// All of a reader, or `None` where it holds more than the cap.
fn take(reader: impl Read, cap: u64) -> std::io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    reader.take(cap.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= cap).then_some(bytes))
}

fn too_big(name: &str, limits: &Limits) -> Fault {
    whole_file(
        name,
        &format!("more than {} bytes after decompression", limits.bytes),
        &format!("at most {} bytes", limits.bytes),
    )
}
