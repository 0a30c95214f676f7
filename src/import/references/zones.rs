//! Tables of zones: one row a small area, with where its people are and who they are.

use std::collections::HashSet;

use csv::ByteRecord;

use super::table::{Header, count, number};
use super::{About, Faults, Found, UNPACKED_LIMIT, edition, unpack};
use crate::geography::{LonLat, Zone, Zones, from_wgs84};
use crate::import::{InputFile, Reading};
use crate::register::{Point, ReferenceKind};

/// Reads a table of zones. Residents and a place are needed of each; any other count may be blank, and is then
/// unknown.
pub fn zones(files: &[InputFile], about: &About) -> Reading {
    let mut table = Table::default();
    for file in files {
        let is_wanted = |name: &str| name.to_ascii_lowercase().ends_with(".csv");
        let opened = unpack::each_part(file, UNPACKED_LIMIT, &is_wanted, &mut |name, stream| {
            let mut reader =
                csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(stream);
            table.read(name, &mut reader);
        });
        match opened {
            Ok(0) => table.faults.file(&file.name, "a zip without one", "a CSV of zones"),
            Ok(_) => {}
            Err(refused) => table.faults.file(&file.name, &refused.value, &refused.expected),
        }
    }

    let as_of = about
        .as_of
        .or_else(|| files.iter().find_map(|file| edition::day_of_name(&file.name)))
        .or(table.day_of_headers);
    let found = Found {
        kind: ReferenceKind::Zones,
        rows: table.rows,
        taken: table.zones.len() as u64,
        source: edition::source_of(about, files, as_of, None),
        as_of,
        notes: Vec::new(),
    };
    let zones = table.zones;
    found.reading(files, table.faults, |evidence| {
        let zones = Zones::new(evidence, zones);
        Ok::<_, std::convert::Infallible>((zones.encode(), zones.len()))
    })
}

#[derive(Default)]
struct Table {
    zones: Vec<Zone>,
    faults: Faults,
    rows: u64,
    seen: HashSet<String>,
    day_of_headers: Option<chrono::NaiveDate>,
}

/// Names a column goes by, the more exact first; `#` stands for a digit.
const CODE: &[&str] =
    &["lsoa##code", "lsoa##cd", "lsoacode", "lsoa", "zonecode", "zone", "code", "geographycode"];
const EASTING: &[&str] = &["pce", "repe", "easting", "eastings", "x"];
const NORTHING: &[&str] = &["pcn", "repn", "northing", "northings", "y"];
const LONGITUDE: &[&str] = &["longitude", "long", "lon"];
const LATITUDE: &[&str] = &["latitude", "lat"];
const RESIDENTS: &[&str] = &["residents", "pop", "population", "people", "usualresidents"];
const BOROUGH_CODE: &[&str] =
    &["boroughcode", "ltla##code", "lad##cd", "laua", "localauthoritycode"];
const BOROUGH_NAME: &[&str] =
    &["boroughname", "ltla##name", "lad##nm", "borough", "localauthority"];
const ICB_CODE: &[&str] = &["icbcode", "icb##codenhs", "icb##cdh", "icb##code", "icb##cd"];
const ICB_NAME: &[&str] = &["icbname", "icb##name", "icb##nm", "icb"];
const WARD_CODE: &[&str] = &["wardcode", "ward##code", "wd##cd"];
const WARD_NAME: &[&str] = &["wardname", "ward##name", "wd##nm", "ward"];
const DISABLED: &[&str] = &["disabled", "disabledresidents"];
const AGED: &[&str] = &["aged65plus", "age65", "age65plus", "aged65"];
const HOUSEHOLDS: &[&str] = &["households"];
const NO_CAR: &[&str] = &["nocarhouseholds", "householdswithoutcar"];
const DECILE: &[&str] = &["imddecile", "imd####decile", "imddecile####"];
const PTAI: &[&str] = &["ptai", "ptai####", "avptai####"];

struct Columns {
    header: Header,
    code: usize,
    residents: usize,
    place: Place,
    names: [Option<usize>; 6],
    counts: [Option<usize>; 4],
    decile: Option<usize>,
    ptai: Option<usize>,
}

#[derive(Clone, Copy)]
enum Place {
    /// Columns tried in turn: where postcodes give no centroid, the representative point stands.
    Grid {
        first: (usize, usize),
        then: Option<(usize, usize)>,
    },
    Degrees(usize, usize),
}

impl Columns {
    fn of(first: &ByteRecord) -> Result<Self, &'static str> {
        let header = Header::new(first.iter());
        let pair = |easts: &[&str], norths: &[&str]| header.find(easts).zip(header.find(norths));
        let grid = || {
            let first = pair(EASTING, NORTHING)?;
            let then = pair(&["repe"], &["repn"]).filter(|then| *then != first);
            Some(Place::Grid { first, then })
        };
        let degrees = || pair(LONGITUDE, LATITUDE).map(|(lon, lat)| Place::Degrees(lon, lat));
        Ok(Self {
            code: header.find(CODE).ok_or("a column of zone codes, such as lsoa21_code")?,
            residents: header.find(RESIDENTS).ok_or("a column of residents")?,
            place: grid()
                .or_else(degrees)
                .ok_or("columns of easting and northing, or of longitude and latitude")?,
            names: [BOROUGH_CODE, BOROUGH_NAME, ICB_CODE, ICB_NAME, WARD_CODE, WARD_NAME]
                .map(|names| header.find(names)),
            counts: [DISABLED, AGED, HOUSEHOLDS, NO_CAR].map(|names| header.find(names)),
            decile: header.find(DECILE),
            ptai: header.find(PTAI),
            header,
        })
    }
}

impl Table {
    fn read<R: std::io::Read>(&mut self, name: &str, reader: &mut csv::Reader<R>) {
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
            let Some(columns) = &columns else {
                match Columns::of(&record) {
                    Ok(found) => {
                        let day = found.header.names().filter_map(edition::day_of_header).max();
                        self.day_of_headers = self.day_of_headers.max(day);
                        columns = Some(found);
                    }
                    Err(wanted) => {
                        let header = Header::new(record.iter());
                        let names: Vec<&str> = header.names().collect();
                        self.faults.cell(name, 1, "", &names.join(","), wanted);
                        return;
                    }
                }
                continue;
            };
            if record.iter().all(<[u8]>::is_empty) {
                continue;
            }
            self.rows += 1;
            let row = record.position().map_or(0, csv::Position::line);
            match zone_of(columns, &record) {
                Ok(zone) if self.seen.insert(zone.code.clone()) => self.zones.push(zone),
                Ok(zone) => {
                    let column = columns.header.name(columns.code);
                    self.faults.cell(name, row, column, &zone.code, "a code that appears once");
                }
                Err((at, wanted)) => {
                    let column = columns.header.name(at);
                    self.faults.cell(name, row, column, &text_of(&record, at), wanted);
                }
            }
        }
        if columns.is_none() {
            self.faults.file(name, "nothing", "a CSV of zones");
        }
    }
}

/// The zone of a row, or the column at fault and what it wants.
fn zone_of(columns: &Columns, record: &ByteRecord) -> Result<Zone, (usize, &'static str)> {
    let name = |at: Option<usize>| at.map(|at| text_of(record, at)).unwrap_or_default();
    let optional = |at: Option<usize>| -> Result<Option<u32>, (usize, &'static str)> {
        let Some(at) = at else { return Ok(None) };
        match text_of(record, at) {
            text if text.is_empty() => Ok(None),
            text => count(&text).map(Some).ok_or((at, "a whole number from 0, or nothing")),
        }
    };

    let code = text_of(record, columns.code);
    let is_code = (1..=20).contains(&code.len())
        && code.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if !is_code {
        return Err((columns.code, "a zone code, such as E01000001"));
    }
    let point = columns.place.point(record)?;
    let residents = count(&text_of(record, columns.residents))
        .ok_or((columns.residents, "a whole number of residents from 0"))?;
    let [borough_code, borough_name, icb_code, icb_name, ward_code, ward_name] =
        columns.names.map(name);
    let [disabled, aged, households, no_car] = columns.counts;
    let imd_decile = match (columns.decile, optional(columns.decile)?) {
        (_, None) => None,
        (_, Some(decile @ 1..=10)) => u8::try_from(decile).ok(),
        (at, Some(_)) => return Err((at.unwrap_or_default(), "a decile from 1 to 10")),
    };
    let ptai = match columns.ptai.map(|at| (at, text_of(record, at))) {
        Some((at, text)) if !text.is_empty() => {
            let index = number(&text).filter(|index| *index >= 0.0);
            Some(index.ok_or((at, "a number from 0, or nothing"))?)
        }
        _ => None,
    };
    Ok(Zone {
        code,
        point,
        borough_code,
        borough_name,
        icb_code,
        icb_name,
        ward_code,
        ward_name,
        residents,
        disabled: optional(disabled)?,
        aged_65_plus: optional(aged)?,
        households: optional(households)?,
        no_car_households: optional(no_car)?,
        imd_decile,
        ptai,
    })
}

impl Place {
    fn point(self, record: &ByteRecord) -> Result<Point, (usize, &'static str)> {
        let both = |(x, y): (usize, usize), wanted| {
            let x_number = number(&text_of(record, x)).ok_or((x, wanted))?;
            let y_number = number(&text_of(record, y)).ok_or((y, wanted))?;
            Ok((x_number, y_number))
        };
        match self {
            Self::Grid { first, then } => {
                let wanted = "metres on the British National Grid";
                let is_blank = text_of(record, first.0).is_empty();
                let at = if is_blank { then.unwrap_or(first) } else { first };
                let (easting, northing) = both(at, wanted)?;
                Point::new(easting, northing).map_err(|_off_grid| (at.0, wanted))
            }
            Self::Degrees(longitude, latitude) => {
                let wanted = "degrees within Great Britain";
                let (lon, lat) = both((longitude, latitude), wanted)?;
                from_wgs84(LonLat { longitude: lon, latitude: lat })
                    .map_err(|_outside| (latitude, wanted))
            }
        }
    }
}

fn text_of(record: &ByteRecord, at: usize) -> String {
    record.get(at).map(String::from_utf8_lossy).unwrap_or_default().trim().to_owned()
}
