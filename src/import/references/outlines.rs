//! Outlines of zones and boroughs, from shapefiles and `GeoJSON` alike.

use std::collections::{BTreeMap, HashSet};

use super::features::{Crs, Feature, on_the_grid};
use super::table::{is_named, plain};
use super::{About, Faults, Found, edition, geojson, shapefile, unpack};
use crate::geography::{InvalidOutline, Outline, Outlines};
use crate::import::{InputFile, Reading};
use crate::register::ReferenceKind;

/// Reads zone outlines: a `GeoJSON` file, a zipped shapefile, or a shapefile's files side by side.
pub fn zone_outlines(files: &[InputFile], about: &About) -> Reading {
    read(ReferenceKind::ZoneOutlines, files, about, &ZONE)
}

/// Reads borough outlines, in the same formats.
pub fn borough_outlines(files: &[InputFile], about: &About) -> Reading {
    read(ReferenceKind::BoroughOutlines, files, about, &BOROUGH)
}

/// Most bytes the files of one set may unpack to. England's zones at full resolution are about 300 MB.
const LIMIT: u64 = 1 << 30;

/// Names the attributes go by, `#` a digit, and what is wanted where there are none.
struct Names {
    code: &'static [&'static str],
    name: &'static [&'static str],
    wanted: &'static str,
}

const ZONE: Names = Names {
    code: &["lsoa##cd", "lsoa##code", "lsoacode", "zonecode", "code", "geographycode", "id"],
    name: &["lsoa##nm", "lsoa##name", "lsoaname", "zonename", "name"],
    wanted: "features with a zone code, such as LSOA21CD",
};

const BOROUGH: Names = Names {
    code: &[
        "lad##cd",
        "ltla##cd",
        "ltla##code",
        "boroughcode",
        "gsscode",
        "laua",
        "ladcd",
        "code",
        "id",
    ],
    name: &["lad##nm", "ltla##nm", "ltla##name", "boroughname", "borough", "ladnm", "name"],
    wanted: "features with a local authority code, such as LAD22CD",
};

fn read(kind: ReferenceKind, files: &[InputFile], about: &About, names: &Names) -> Reading {
    let mut faults = Faults::default();
    let mut notes = Vec::new();
    let parts = parts_of(files, &mut faults);

    let mut set = Set { outlines: Vec::new(), seen: HashSet::new(), rows: 0, header_day: None };
    for (stem, part) in &parts {
        match read_part(stem, part) {
            Ok((name, features, crs)) => {
                set.take(name, features, crs, names, &mut faults, &mut notes);
            }
            Err(broken) => faults.file(&broken.name, &broken.value, &broken.expected),
        }
    }
    if parts.is_empty() && faults.kept.is_empty() {
        let name = files.first().map_or("", |file| file.name.as_str());
        faults.file(
            name,
            "neither",
            "a GeoJSON file (.geojson, .json) or a shapefile (.shp with .dbf, or a zip)",
        );
    }

    let as_of = about
        .as_of
        .or(set.header_day)
        .or_else(|| files.iter().find_map(|file| edition::day_of_name(&file.name)));
    let found = Found {
        kind,
        rows: set.rows,
        taken: set.outlines.len() as u64,
        source: edition::source_of(about, files, as_of, None),
        as_of,
        notes,
    };
    let outlines = set.outlines;
    found.reading(files, faults, |evidence| {
        let outlines = Outlines::new(evidence, outlines)?;
        Ok::<_, InvalidOutline>((outlines.encode(), outlines.len()))
    })
}

/// A file that cannot be read at all.
struct Broken {
    name: String,
    value: String,
    expected: String,
}

/// What is in a part, with the name of the file that tells it.
fn read_part<'a>(stem: &'a str, part: &'a Part) -> Result<(&'a str, Vec<Feature>, Crs), Broken> {
    let found = match part {
        Part::Json { name, bytes } => {
            let read = geojson::read(bytes);
            return read.map(|(features, crs)| (name.as_str(), features, crs)).map_err(|broken| {
                let expected = broken.expected.to_owned();
                Broken { name: name.clone(), value: broken.value, expected }
            });
        }
        Part::Shapefile(found) => found,
    };
    let Some(((name, shp), (_, dbf))) = found.get("shp").zip(found.get("dbf")) else {
        let missing = if found.contains_key("shp") { "dbf" } else { "shp" };
        return Err(Broken {
            name: found.values().next().map_or(stem, |(name, _)| name).to_owned(),
            value: "it alone".to_owned(),
            expected: format!("its .{missing} file beside it, or both in one zip"),
        });
    };
    let beside = |extension| found.get(extension).map(|(_, bytes)| bytes.as_slice());
    let parts = shapefile::Parts { shp, dbf, prj: beside("prj"), cpg: beside("cpg") };
    match shapefile::read(&parts) {
        Ok((features, crs)) => Ok((name, features, crs)),
        Err(broken) => Err(Broken {
            name: found.get(broken.extension).map_or(stem, |(name, _)| name).to_owned(),
            value: broken.value,
            expected: broken.expected.to_owned(),
        }),
    }
}

/// What belongs together, by stem.
enum Part {
    Json {
        name: String,
        bytes: Vec<u8>,
    },
    /// Name and bytes by extension.
    Shapefile(BTreeMap<&'static str, (String, Vec<u8>)>),
}

fn parts_of(files: &[InputFile], faults: &mut Faults) -> BTreeMap<String, Part> {
    let mut parts: BTreeMap<String, Part> = BTreeMap::new();
    let mut left = LIMIT;
    for file in files {
        let mut failures = Vec::new();
        let is_wanted = |name: &str| kind_of(name).is_some();
        let opened = unpack::each_part(file, left, &is_wanted, &mut |name, stream| {
            let mut bytes = Vec::new();
            if let Err(error) = stream.read_to_end(&mut bytes) {
                failures.push((name.to_owned(), error.to_string()));
                return;
            }
            left = left.saturating_sub(bytes.len() as u64);
            let Some(extension) = kind_of(name).or_else(|| sniffed(&bytes)) else { return };
            let stem = stem_of(name);
            if extension == "json" {
                parts.insert(format!("{stem}.json"), Part::Json { name: name.to_owned(), bytes });
                return;
            }
            let part = parts.entry(stem).or_insert_with(|| Part::Shapefile(BTreeMap::new()));
            if let Part::Shapefile(found) = part {
                found.insert(extension, (name.to_owned(), bytes));
            }
        });
        match opened {
            Ok(_) => {}
            Err(refused) => faults.file(&file.name, &refused.value, &refused.expected),
        }
        for (name, error) in failures {
            faults.file(&name, &error, "a file that can be unpacked to its end");
        }
    }
    parts
}

/// What a file is by its name; `.shx` is not needed and everything else is not ours.
fn kind_of(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_lowercase();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    match name.rsplit_once('.')?.1 {
        "geojson" | "json" => Some("json"),
        "shp" => Some("shp"),
        "dbf" => Some("dbf"),
        "prj" => Some("prj"),
        "cpg" => Some("cpg"),
        _ => None,
    }
}

/// An upload may have lost its name.
fn sniffed(bytes: &[u8]) -> Option<&'static str> {
    bytes.iter().find(|byte| !byte.is_ascii_whitespace()).filter(|byte| **byte == b'{')?;
    Some("json")
}

fn stem_of(name: &str) -> String {
    let name = edition::file_name(name).to_ascii_lowercase();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem).to_owned()
}

struct Set {
    outlines: Vec<Outline>,
    seen: HashSet<String>,
    rows: u64,
    header_day: Option<chrono::NaiveDate>,
}

impl Set {
    fn take(
        &mut self,
        file: &str,
        features: Vec<Feature>,
        crs: Crs,
        names: &Names,
        faults: &mut Faults,
        notes: &mut Vec<String>,
    ) {
        let corners = features.iter().filter_map(|f| f.shape.as_ref().ok()).flat_map(|shape| {
            use geo::CoordsIter;
            shape.coords_iter()
        });
        let settled = crs.settled(corners);
        if crs == Crs::Unsaid && !features.is_empty() {
            let taken = match settled {
                Crs::Wgs84 => "longitude and latitude",
                Crs::Grid | Crs::Unsaid => "British National Grid metres",
            };
            notes.push(format!(
                "{file} does not name its coordinate system; its numbers were taken for {taken}"
            ));
        }
        let column = |sought: &[&str], attributes: &[(String, String)]| {
            sought.iter().find_map(|sought| {
                attributes.iter().position(|(name, _)| is_named(&plain(name), sought))
            })
        };
        let has_code = features.iter().any(|f| column(names.code, &f.attributes).is_some());
        if !has_code {
            let first = features.first().map(|f| f.attributes.as_slice()).unwrap_or_default();
            let held: Vec<&str> = first.iter().map(|(name, _)| name.as_str()).collect();
            faults.file(file, &held.join(","), names.wanted);
            return;
        }
        for feature in features {
            self.rows += 1;
            let row = feature.row;
            let Some(at) = column(names.code, &feature.attributes) else {
                faults.cell(file, row, "", "", names.wanted);
                continue;
            };
            let (header, code) = feature.attributes.get(at).cloned().unwrap_or_default();
            self.header_day = self.header_day.max(edition::day_of_header(&header));
            if code.is_empty() || code.len() > 20 {
                faults.cell(file, row, &header, &code, "a code of 1 to 20 characters");
                continue;
            }
            let shape = feature.shape.and_then(|shape| on_the_grid(shape, settled));
            let shape = match shape {
                Ok(shape) => shape,
                Err(found) => {
                    let wanted = "a polygon on the British National Grid or within Great Britain";
                    faults.cell(file, row, "geometry", &found, wanted);
                    continue;
                }
            };
            if !self.seen.insert(code.clone()) {
                faults.cell(file, row, &header, &code, "a code that appears once");
                continue;
            }
            let name = column(names.name, &feature.attributes)
                .and_then(|at| feature.attributes.get(at))
                .map_or_else(String::new, |(_, name)| name.clone());
            self.outlines.push(Outline { code, name, shape });
        }
    }
}
