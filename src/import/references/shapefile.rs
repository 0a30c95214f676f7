//! Polygon shapefiles: `.shp` for the shapes, `.dbf` for the attributes, `.prj` for the coordinate system.
//!
//! Read here rather than by a crate because every record is a row that may be at fault by itself, and because no
//! count that a file states of itself is believed before its bytes are seen.

use geo::Coord;

use super::features::{Crs, Feature, assembled};

/// The files of one shapefile, by what they are.
pub(super) struct Parts<'a> {
    pub(super) shp: &'a [u8],
    pub(super) dbf: &'a [u8],
    pub(super) prj: Option<&'a [u8]>,
    pub(super) cpg: Option<&'a [u8]>,
}

/// A file that cannot be read at all: which one, what was found, what was wanted.
pub(super) struct Broken {
    pub(super) extension: &'static str,
    pub(super) value: String,
    pub(super) expected: &'static str,
}

/// The shapes in file order with the coordinate system they are in.
pub(super) fn read(parts: &Parts<'_>) -> Result<(Vec<Feature>, Crs), Broken> {
    let crs = match parts.prj {
        Some(prj) => crs_of(&String::from_utf8_lossy(prj))?,
        None => Crs::Unsaid,
    };
    let mut attributes = Attributes::open(parts.dbf, parts.cpg)?;
    let is_shp = parts.shp.get(..4) == Some(&[0x00, 0x00, 0x27, 0x0a]);
    let kind = little(parts.shp, 32);
    if !is_shp || !kind.is_some_and(|kind| POLYGONS.contains(&kind)) {
        return Err(Broken {
            extension: "shp",
            value: kind
                .filter(|_| is_shp)
                .map_or_else(|| "other bytes".to_owned(), |kind| format!("shape type {kind}")),
            expected: "a shapefile of polygons",
        });
    }

    let mut features = Vec::new();
    let mut rest = parts.shp.get(100..).unwrap_or_default();
    let mut row = 0;
    while !rest.is_empty() {
        row += 1;
        let words = rest.get(4..8).and_then(|b| b.try_into().ok()).map(u32::from_be_bytes);
        let length = words.and_then(|words| usize::try_from(words).ok()?.checked_mul(2));
        let end = length.and_then(|length| length.checked_add(8));
        let body = end.and_then(|end| rest.get(8..end));
        let shape = match body {
            Some(body) => rings_of(body).and_then(assembled),
            None => Err("a record cut short".to_owned()),
        };
        features.push(Feature { row, attributes: attributes.next_row(), shape });
        rest = end.and_then(|end| rest.get(end..)).unwrap_or_default();
    }
    if attributes.left > 0 {
        return Err(Broken {
            extension: "dbf",
            value: format!("{} rows beyond the {row} shapes", attributes.left),
            expected: "a table with one row a shape",
        });
    }
    Ok((features, crs))
}

/// Polygon, with heights, with measures.
const POLYGONS: [u32; 3] = [5, 15, 25];

fn rings_of(body: &[u8]) -> Result<Vec<Vec<Coord<f64>>>, String> {
    let cut = || "a record cut short".to_owned();
    let kind = little(body, 0).ok_or_else(cut)?;
    if kind == 0 {
        return Err("no shape".to_owned());
    }
    if !POLYGONS.contains(&kind) {
        return Err(format!("shape type {kind}"));
    }
    let parts = little(body, 36).ok_or_else(cut)? as usize;
    let points = little(body, 40).ok_or_else(cut)? as usize;
    let starts_end = parts.checked_mul(4).and_then(|n| n.checked_add(44)).ok_or_else(cut)?;
    let points_end =
        points.checked_mul(16).and_then(|n| n.checked_add(starts_end)).ok_or_else(cut)?;
    let starts = body.get(44..starts_end).ok_or_else(cut)?;
    let corners = body.get(starts_end..points_end).ok_or_else(cut)?;

    let starts: Vec<usize> =
        (0..parts).filter_map(|at| little(starts, at * 4)).map(|start| start as usize).collect();
    let ends = starts.iter().skip(1).copied().chain([points]);
    starts
        .iter()
        .zip(ends)
        .map(|(start, end)| {
            let bounds = (start.checked_mul(16), end.checked_mul(16));
            let (Some(start), Some(end)) = bounds else { return Err(cut()) };
            let ring = corners.get(start..end).ok_or("rings out of order")?;
            Ok(ring.chunks_exact(16).map(corner_of).collect())
        })
        .collect()
}

fn corner_of(bytes: &[u8]) -> Coord<f64> {
    let float = |from: usize| {
        let bytes = bytes.get(from..from + 8).and_then(|b| b.try_into().ok());
        bytes.map_or(f64::NAN, f64::from_le_bytes)
    };
    Coord { x: float(0), y: float(8) }
}

fn little(bytes: &[u8], from: usize) -> Option<u32> {
    bytes.get(from..from + 4)?.try_into().ok().map(u32::from_le_bytes)
}

/// What a `.prj` says, in the words of its well-known text.
fn crs_of(prj: &str) -> Result<Crs, Broken> {
    let plain = super::table::plain(prj);
    let is_grid = plain.contains("britishnationalgrid")
        || (plain.contains("osgb") && plain.contains("transversemercator"));
    let is_degrees =
        prj.trim_start().starts_with("GEOGC") && (plain.contains("wgs") || plain.contains("etrs"));
    if is_grid {
        Ok(Crs::Grid)
    } else if is_degrees {
        Ok(Crs::Wgs84)
    } else {
        let name = prj.split('"').nth(1).unwrap_or(prj);
        Err(Broken {
            extension: "prj",
            value: name.to_owned(),
            expected: "British National Grid (EPSG:27700) or WGS 84 longitude and latitude",
        })
    }
}

/// A dBASE table, row by row.
struct Attributes<'a> {
    columns: Vec<(String, usize)>,
    rest: &'a [u8],
    row_length: usize,
    left: u32,
    encoding: &'static encoding_rs::Encoding,
}

impl<'a> Attributes<'a> {
    fn open(dbf: &'a [u8], cpg: Option<&[u8]>) -> Result<Self, Broken> {
        let broken = || Broken {
            extension: "dbf",
            value: "other bytes".to_owned(),
            expected: "a dBASE table of attributes",
        };
        let short = |from: usize| {
            let bytes = dbf.get(from..from + 2)?.try_into().ok()?;
            Some(usize::from(u16::from_le_bytes(bytes)))
        };
        let rows = little(dbf, 4).ok_or_else(broken)?;
        let header = short(8).ok_or_else(broken)?;
        let row_length = short(10).filter(|length| *length > 1).ok_or_else(broken)?;
        let descriptors = dbf.get(32..header).ok_or_else(broken)?;
        let columns: Vec<(String, usize)> = descriptors
            .chunks_exact(32)
            .take_while(|descriptor| descriptor.first() != Some(&0x0d))
            .filter_map(|descriptor| {
                let name: Vec<u8> =
                    descriptor.iter().take(11).copied().take_while(|byte| *byte != 0).collect();
                let length = usize::from(*descriptor.get(16)?);
                Some((String::from_utf8_lossy(&name).into_owned(), length))
            })
            .collect();
        let cpg = cpg.map(|label| String::from_utf8_lossy(label).trim().to_owned());
        let label = cpg.as_deref().map(|label| label.strip_prefix("ANSI ").unwrap_or(label));
        let encoding = label
            .and_then(|label| encoding_rs::Encoding::for_label(label.as_bytes()))
            .unwrap_or(encoding_rs::WINDOWS_1252);
        let rest = dbf.get(header..).unwrap_or_default();
        Ok(Self { columns, rest, row_length, left: rows, encoding })
    }

    /// The next row; no attributes where the table has ended.
    fn next_row(&mut self) -> Vec<(String, String)> {
        let Some((row, rest)) = self.rest.split_at_checked(self.row_length) else {
            self.left = 0;
            return Vec::new();
        };
        self.rest = rest;
        self.left = self.left.saturating_sub(1);
        // The first byte says whether the row is deleted; in a shapefile its shape goes with it.
        let mut from = 1;
        let mut cells = Vec::with_capacity(self.columns.len());
        for (name, length) in &self.columns {
            let cell = row.get(from..from + length).unwrap_or_default();
            let text = match std::str::from_utf8(cell) {
                Ok(text) => text.trim_matches(['\0', ' ']).to_owned(),
                Err(_) => self.encoding.decode(cell).0.trim_matches(['\0', ' ']).to_owned(),
            };
            cells.push((name.clone(), text));
            from += length;
        }
        cells
    }
}
