//! Postcode tables: ONSPD in any edition's headers, Code-Point Open, or any CSV with a postcode and a place.

use std::io::Read;

use csv::ByteRecord;

use super::table::{Header, number};
use super::{About, Faults, Found, UNPACKED_LIMIT, edition, unpack};
use crate::geography::{
    Ended, LonLat, Postcode, PostcodeRow, Postcodes, ReferenceFault, from_wgs84,
};
use crate::import::{InputFile, Reading};
use crate::register::{Point, ReferenceKind};

/// Reads postcode tables as one set. Several files, or a zip of several, are parts of one table, as Code-Point Open
/// comes. Live and ended postcodes are both kept.
///
/// Left out, with a note: postcodes the publisher gives no grid reference, and Northern Ireland's, which are on the
/// Irish Grid.
pub fn postcodes(files: &[InputFile], about: &About) -> Reading {
    let mut table = Table::default();
    for file in files {
        let is_wanted = |name: &str| is_table(name);
        let opened = unpack::each_part(file, UNPACKED_LIMIT, &is_wanted, &mut |name, stream| {
            table.read(name, stream);
        });
        match opened {
            Ok(0) => table.faults.file(&file.name, "a zip without one", "a CSV of postcodes"),
            Ok(_) => {}
            Err(refused) => table.faults.file(&file.name, &refused.value, &refused.expected),
        }
    }

    let as_of = about
        .as_of
        .or_else(|| files.iter().find_map(|file| edition::day_of_name(&file.name)))
        .or_else(|| {
            table.newest.and_then(|(year, month)| edition::last_of_month(year.into(), month.into()))
        });
    let mut notes = Vec::new();
    for (count, what) in [
        (table.unplaced, "postcodes without a grid reference were left out"),
        (table.irish, "Northern Ireland postcodes were left out: they are on the Irish Grid"),
    ] {
        if count > 0 {
            notes.push(format!("{count} {what}"));
        }
    }
    let published = files.iter().find_map(|file| publication(&file.name));
    let found = Found {
        kind: ReferenceKind::Postcodes,
        rows: table.rows,
        taken: table.entries.len() as u64,
        source: edition::source_of(about, files, as_of, published),
        as_of,
        notes,
    };
    let entries = table.entries;
    found.reading(files, table.faults, |evidence| {
        let table = Postcodes::new(evidence, entries)?;
        Ok::<_, ReferenceFault>((table.encode(), table.len()))
    })
}

fn publication(name: &str) -> Option<&'static str> {
    let name = edition::file_name(name).to_ascii_lowercase();
    if name.contains("onspd") {
        Some("ONSPD")
    } else if name.contains("codepo") || name.contains("code-point") {
        Some("Code-Point Open")
    } else {
        None
    }
}

/// Published zips hold the table once whole and again in parts, with code lists and guides beside.
fn is_table(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    let is_csv = path.rsplit('.').next() == Some("csv");
    is_csv && !path.contains("multi_csv") && !path.contains("document") && !path.contains("doc/")
}

#[derive(Default)]
struct Table {
    entries: Vec<PostcodeRow>,
    faults: Faults,
    rows: u64,
    unplaced: u64,
    irish: u64,
    /// Latest month a postcode was introduced or ended.
    newest: Option<(u16, u8)>,
}

struct Columns {
    header: Header,
    postcode: usize,
    place: Place,
    authority: Option<usize>,
    introduced: Option<usize>,
    ended: Option<usize>,
}

#[derive(Clone, Copy)]
enum Place {
    Grid { easting: usize, northing: usize },
    Degrees { longitude: usize, latitude: usize },
}

impl Table {
    fn read(&mut self, name: &str, stream: &mut dyn Read) {
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .buffer_capacity(1 << 16)
            .from_reader(stream);
        let mut record = ByteRecord::new();
        let mut columns: Option<Columns> = None;
        loop {
            match reader.read_byte_record(&mut record) {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    let row = record.position().map_or(0, csv::Position::line);
                    let told = error.to_string();
                    self.faults.cell(name, row, "", &told, "a CSV that can be read to its end");
                    break;
                }
            }
            if let Some(columns) = &columns {
                self.take(name, columns, &record);
                continue;
            }
            let Some((found, is_header)) = Columns::of(&record) else {
                let header = Header::new(record.iter());
                let names: Vec<&str> = header.names().collect();
                self.faults.cell(name, 1, "", &names.join(","), WANTED_HEADER);
                return;
            };
            if !is_header {
                self.take(name, &found, &record);
            }
            columns = Some(found);
        }
        if columns.is_none() {
            self.faults.file(name, "nothing", "a CSV of postcodes");
        }
    }

    fn take(&mut self, name: &str, columns: &Columns, record: &ByteRecord) {
        let row = record.position().map_or(0, csv::Position::line);
        if record.iter().all(<[u8]>::is_empty) {
            return;
        }
        self.rows += 1;
        let cell = |at: usize| text_of(record, at);
        let written = cell(columns.postcode);
        let Ok(postcode) = written.parse::<Postcode>() else {
            let column = columns.header.name(columns.postcode);
            self.faults.cell(name, row, column, &lossy(record, columns.postcode), WANTED_POSTCODE);
            return;
        };
        let authority = columns.authority.map_or("", cell);
        let is_belfast = || written.get(..2).is_some_and(|area| area.eq_ignore_ascii_case("BT"));
        if authority.starts_with("N09") || (authority.is_empty() && is_belfast()) {
            self.irish += 1;
            return;
        }
        if authority.len() > 12 || !authority.bytes().all(|b| b.is_ascii_alphanumeric()) {
            let column = columns.authority.map_or("", |at| columns.header.name(at));
            self.faults.cell(
                name,
                row,
                column,
                authority,
                "a local authority code, such as E09000001",
            );
            return;
        }
        let point = match columns.place.point(record) {
            Ok(Some(point)) => point,
            Ok(None) => {
                self.unplaced += 1;
                return;
            }
            Err((at, wanted)) => {
                self.faults.cell(name, row, columns.header.name(at), &lossy(record, at), wanted);
                return;
            }
        };
        let ended = match columns.ended.map(|at| (at, cell(at))) {
            None => None,
            Some((_, "")) => Some(Ended::Live),
            Some((at, text)) => {
                let Some((year, month)) = month_of(text) else {
                    let wanted = "the month it ended, such as 202511, or nothing";
                    self.faults.cell(name, row, columns.header.name(at), text, wanted);
                    return;
                };
                Some(Ended::In { year, month })
            }
        };
        let said = [columns.introduced, columns.ended].into_iter().flatten();
        self.newest = said.map(cell).filter_map(month_of).max().max(self.newest);
        self.entries.push(PostcodeRow { postcode, point, authority: authority.to_owned(), ended });
    }
}

const WANTED_HEADER: &str = "a header with a postcode (pcds, postcode) and its easting and northing (oseast1m, osnrth1m) or latitude and longitude";
const WANTED_POSTCODE: &str = "a postcode, such as SE1 7EH";
const WANTED_GRID: &str =
    "metres on the British National Grid (easting 0 to 700,000, northing 0 to 1,300,000)";
const WANTED_DEGREES: &str = "degrees within Great Britain";

impl Columns {
    /// The columns a first row tells of, and whether that row is a header; Code-Point Open has none.
    fn of(first: &ByteRecord) -> Option<(Self, bool)> {
        let header = Header::new(first.iter());
        let cell = |at: usize| text_of(first, at);
        let is_code_point = first.len() >= 9
            && cell(0).parse::<Postcode>().is_ok()
            && [1, 2, 3].iter().all(|at| number(cell(*at)).is_some());
        if is_code_point {
            let columns = Self {
                header: Header::new(CODE_POINT.iter().map(|name| name.as_bytes())),
                postcode: 0,
                place: Place::Grid { easting: 2, northing: 3 },
                authority: Some(8),
                introduced: None,
                ended: None,
            };
            return Some((columns, false));
        }
        let pair = |easts: &[&str], norths: &[&str]| header.find(easts).zip(header.find(norths));
        let grid = pair(
            &["oseast1m", "east1m", "easting", "eastings", "xeast", "x"],
            &["osnrth1m", "north1m", "northing", "northings", "ynorth", "y"],
        )
        .map(|(easting, northing)| Place::Grid { easting, northing });
        let degrees = || {
            pair(&["longitude", "long", "lon", "lng"], &["latitude", "lat"])
                .map(|(longitude, latitude)| Place::Degrees { longitude, latitude })
        };
        let columns = Self {
            postcode: header.find(&["pcds", "pcd", "pcd7", "pcd8", "pcd2", "postcode"])?,
            place: grid.or_else(degrees)?,
            authority: header.find(&[
                "oslaua",
                "laua",
                "lad##cd",
                "ltla##cd",
                "ltla##code",
                "admindistrictcode",
                "localauthoritycode",
                "boroughcode",
                "authority",
                "districtcode",
            ]),
            introduced: header.find(&["dointr", "introduced", "dateofintroduction"]),
            ended: header.find(&["doterm", "terminated", "ended", "dateoftermination"]),
            header,
        };
        Some((columns, true))
    }
}

const CODE_POINT: [&str; 10] = [
    "Postcode",
    "Positional_quality_indicator",
    "Eastings",
    "Northings",
    "Country_code",
    "NHS_regional_HA_code",
    "NHS_HA_code",
    "Admin_county_code",
    "Admin_district_code",
    "Admin_ward_code",
];

impl Place {
    /// The point; `None` where the publisher gives none; else the column at fault and what it wants.
    fn point(self, record: &ByteRecord) -> Result<Option<Point>, (usize, &'static str)> {
        let (first, second, wanted) = match self {
            Self::Grid { easting, northing } => (easting, northing, WANTED_GRID),
            Self::Degrees { longitude, latitude } => (longitude, latitude, WANTED_DEGREES),
        };
        let (x, y) = (text_of(record, first), text_of(record, second));
        if x.is_empty() && y.is_empty() {
            return Ok(None);
        }
        let x = number(x).ok_or((first, wanted))?;
        let y = number(y).ok_or((second, wanted))?;
        match self {
            // Code-Point Open writes 0, 0 for a postcode it cannot place.
            Self::Grid { .. } if x == 0.0 && y == 0.0 => Ok(None),
            Self::Grid { .. } => {
                let is_east_at_fault = !(0.0..=700_000.0).contains(&x);
                let at = if is_east_at_fault { first } else { second };
                Point::new(x, y).map(Some).map_err(|_off_grid| (at, wanted))
            }
            // ONSPD writes 99.999999, 0 for a postcode it cannot place.
            Self::Degrees { .. } if y > 99.0 => Ok(None),
            Self::Degrees { .. } => from_wgs84(LonLat { longitude: x, latitude: y })
                .map(Some)
                .map_err(|_outside| (second, wanted)),
        }
    }
}

/// `yyyymm`, or a date that starts so.
fn month_of(text: &str) -> Option<(u16, u8)> {
    let mut digits = text.bytes().filter(|byte| *byte != b'-' && *byte != b'/');
    let mut number = |count: usize| {
        (0..count).try_fold(0_u16, |sum, _| {
            let digit = digits.next().filter(u8::is_ascii_digit)?;
            Some(sum * 10 + u16::from(digit - b'0'))
        })
    };
    let (year, month) = (number(4)?, u8::try_from(number(2)?).ok()?);
    ((1970..=2100).contains(&year) && (1..=12).contains(&month)).then_some((year, month))
}

fn text_of(record: &ByteRecord, at: usize) -> &str {
    record.get(at).and_then(|cell| std::str::from_utf8(cell).ok()).map_or("", str::trim)
}

fn lossy(record: &ByteRecord, at: usize) -> String {
    record.get(at).map(String::from_utf8_lossy).unwrap_or_default().into_owned()
}
