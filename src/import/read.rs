//! Files in, statements and faults out: the one function every import goes through.

mod bind;
mod cell;
mod combine;
mod emit;
mod evidence;
mod leavers;
mod log;
mod other_days;
mod rows;
mod sense;

use std::collections::BTreeSet;

use chrono::NaiveDate;

pub use log::{MOST_FAULTS, faults_csv};

use super::checklist;
use super::mapping::{Leavers, Mapping, Patterns, Speaks, shipped};
use super::references::{self, About};
use super::report::{Fault, ImportKind, Reading};
use super::sheet::{self, InputFile, Limits, Table, whole_file};
use crate::geography::Geography;
use crate::register::{Register, SiteCode};
use bind::Layout;
use log::Log;

/// What is known already when a file is read: a percentage needs no help, but who left a list, and which sites an
/// older return may still speak of, only the register can say.
#[derive(Debug, Clone, Copy)]
pub struct Held<'a> {
    /// The register the reading will be applied to.
    pub register: &'a Register,
    /// Its reference sets.
    pub geography: &'a Geography,
    /// The day it is read: nothing has been seen after it.
    pub today: NaiveDate,
}

/// Reads files of one kind, by the mapping given or the one that ships for the kind. Never fails: what could not be
/// read is among the faults.
pub fn read(
    kind: ImportKind,
    files: &[InputFile],
    mapping: Option<&Mapping>,
    held: &Held<'_>,
) -> Reading {
    if let Some(reading) = references::read(kind, files, &About::default()) {
        return reading;
    }
    if kind == ImportKind::Checklist && mapping.is_none() {
        return checklist::read(files, held);
    }
    let mappings = mapping.map_or_else(|| shipped(kind), |mapping| vec![mapping.clone()]);
    by_mapping(kind, files, &mappings, held, &Limits::default())
}

/// As [`read`], by the first of several mappings whose columns a file has, within limits of the caller's.
pub fn by_mapping(
    kind: ImportKind,
    files: &[InputFile],
    mappings: &[Mapping],
    held: &Held<'_>,
    limits: &Limits,
) -> Reading {
    let mut log = Log::default();
    let mut reading = Reading::default();
    let mut list = FullList::default();
    for file in files {
        let Some(first) = mappings.first() else {
            log.fault(whole_file(
                &file.name,
                &format!("a file of kind {kind}"),
                "a kind that is read by a column mapping",
            ));
            continue;
        };
        let tables = match sheet::tables_with(file, limits, &first.file.hints()) {
            Ok(tables) => tables,
            Err(fault) => {
                log.fault(fault);
                continue;
            }
        };
        match choose(&file.name, tables, mappings) {
            Ok((mapping, table, layout)) => {
                for fault in &table.faults {
                    log.fault(fault.clone());
                }
                rows::read_table(
                    &file.name,
                    mapping,
                    &table,
                    &layout,
                    rows::Into {
                        register: held.register,
                        reading: &mut reading,
                        log: &mut log,
                        list: &mut list,
                    },
                );
                if let (Some(leavers), None) = (&mapping.leavers, &list.leavers) {
                    list.leavers = Some((leavers.clone(), mapping.clone()));
                }
            }
            Err(fault) => log.fault(fault),
        }
    }
    leavers::close_those_who_left(&list, held.register, &mut reading, &mut log);
    log.finish(&mut reading);
    reading
}

/// What a full list has shown by the end of its files.
#[derive(Debug, Default)]
struct FullList {
    leavers: Option<(Leavers, Mapping)>,
    codes: BTreeSet<SiteCode>,
    as_of: Option<NaiveDate>,
}

/// The first mapping, and of its sheets the first, whose needed columns are all there; else what is missing from the
/// sheet that came closest.
fn choose<'m>(
    file: &str,
    tables: Vec<Table>,
    mappings: &'m [Mapping],
) -> Result<(&'m Mapping, Table, Layout), Fault> {
    let mut closest: Option<(usize, Fault)> = None;
    for mapping in mappings {
        for at in in_preference(&tables, &mapping.file.sheet) {
            let Some(table) = tables.get(at) else { continue };
            match Layout::find(file, table, mapping) {
                Ok(layout) => {
                    let table = tables.into_iter().nth(at).unwrap_or_default();
                    return Ok((mapping, table, layout));
                }
                Err((missing, fault))
                    if closest.as_ref().is_none_or(|(least, _)| missing < *least) =>
                {
                    closest = Some((missing, fault));
                }
                Err(_further) => {}
            }
        }
    }
    Err(closest.map_or_else(
        || whole_file(file, "a workbook without cells", "rows of data"),
        |(_, fault)| fault,
    ))
}

/// Sheets the mapping names, in its order; all of them where it names none or none is there.
fn in_preference(tables: &[Table], wanted: &Patterns) -> Vec<usize> {
    let named = wanted.iter().flat_map(|pattern| {
        let is_it =
            move |table: &Table| table.sheet.as_deref().is_some_and(|name| pattern.matches(name));
        tables.iter().enumerate().filter(move |(_, table)| is_it(table)).map(|(at, _)| at)
    });
    let named: Vec<usize> = named.collect();
    if named.is_empty() { (0..tables.len()).collect() } else { named }
}

/// Whether a record speaks of something that has a date of its own.
fn is_dated(mapping: &Mapping) -> bool {
    mapping.record.iter().any(|record| record.subject != Speaks::Observation)
}

#[cfg(test)]
mod tests;
