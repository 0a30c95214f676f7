//! Zones: the small areas people live in (LSOA 2021).

use std::str::FromStr;
use std::sync::Arc;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::ReferenceFault;
use crate::register::{Evidence, Point};

/// A small area and who lives in it. A count the source does not give is `None`: unknown, never zero.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Zone {
    /// LSOA 2021 code, `E01000001`.
    pub code: String,
    /// Where its people are taken to be: postcode-weighted centroid, else representative point.
    pub point: Point,
    /// Local authority, GSS code.
    pub borough_code: String,
    /// Local authority.
    pub borough_name: String,
    /// Integrated care board, NHS code, as of the zones' evidence.
    pub icb_code: String,
    /// Integrated care board.
    pub icb_name: String,
    /// Electoral ward, GSS code.
    pub ward_code: String,
    /// Electoral ward.
    pub ward_name: String,
    /// Usual residents.
    pub residents: u32,
    /// Residents disabled under the Equality Act.
    pub disabled: Option<u32>,
    /// Residents aged 65 or over.
    pub aged_65_plus: Option<u32>,
    /// Households.
    pub households: Option<u32>,
    /// Households without a car or van.
    pub no_car_households: Option<u32>,
    /// Index of Multiple Deprivation decile; 1 is the MOST deprived tenth.
    pub imd_decile: Option<u8>,
    /// Mean public transport access index.
    pub ptai: Option<f64>,
}

/// All zones at an edition, sorted by code.
#[derive(Debug, Clone, PartialEq)]
pub struct Zones {
    /// Source, method and date of the whole table.
    pub evidence: Arc<Evidence>,
    zones: Vec<Zone>,
}

impl Zones {
    /// Sorts by code; of zones with one code the first stays.
    pub fn new(evidence: Arc<Evidence>, mut zones: Vec<Zone>) -> Self {
        zones.sort_by(|a, b| a.code.cmp(&b.code));
        zones.dedup_by(|b, a| a.code == b.code);
        Self { evidence, zones }
    }

    /// By code.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Zone> {
        self.zones.iter()
    }

    /// As a slice, by code.
    pub fn as_slice(&self) -> &[Zone] {
        &self.zones
    }

    /// One zone.
    pub fn get(&self, code: &str) -> Option<&Zone> {
        self.place(code).and_then(|at| self.zones.get(at))
    }

    /// Where it stands among these.
    pub fn place(&self, code: &str) -> Option<usize> {
        self.zones.binary_search_by(|zone| zone.code.as_str().cmp(code)).ok()
    }

    /// Those that are so.
    #[must_use]
    pub fn of(&self, is: impl Fn(&Zone) -> bool) -> Self {
        let zones = self.zones.iter().filter(|zone| is(zone)).cloned().collect();
        Self { evidence: Arc::clone(&self.evidence), zones }
    }

    /// No zones: none were loaded.
    pub fn empty() -> Self {
        let evidence = Evidence {
            source: "no zones loaded".to_owned(),
            method: "none".to_owned(),
            as_of: NaiveDate::default(),
        };
        Self { evidence: Arc::new(evidence), zones: Vec::new() }
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.zones.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.zones.is_empty()
    }

    /// Canonical bytes: CSV, one row a zone by code, a column a field; an unknown count is an empty cell.
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let rows = self.zones.iter().map(Zone::cells);
        for row in std::iter::once(COLUMNS.map(ToOwned::to_owned)).chain(rows) {
            writer.write_record(row).expect("rows of one length, written to memory");
        }
        writer.into_inner().expect("flushing to memory cannot fail")
    }

    /// Reads what [`Self::encode`] writes.
    pub fn decode(bytes: &[u8], evidence: Arc<Evidence>) -> Result<Self, ReferenceFault> {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(bytes);
        let mut zones = Vec::new();
        let mut row = csv::StringRecord::new();
        let mut line = 1;
        while reader.read_record(&mut row).map_err(|error| unreadable(&error))? {
            if line == 1 {
                if row != COLUMNS[..] {
                    return Err(fault(1, row.as_slice(), "the header of a zone table"));
                }
            } else {
                zones.push(Zone::read(&row, line)?);
            }
            line += 1;
        }
        if line == 1 {
            return Err(fault(1, "", "the header of a zone table"));
        }
        Ok(Self::new(evidence, zones))
    }
}

const COLUMNS: [&str; 16] = [
    "code",
    "easting",
    "northing",
    "borough_code",
    "borough_name",
    "icb_code",
    "icb_name",
    "ward_code",
    "ward_name",
    "residents",
    "disabled",
    "aged_65_plus",
    "households",
    "no_car_households",
    "imd_decile",
    "ptai",
];

impl Zone {
    fn cells(&self) -> [String; COLUMNS.len()] {
        fn opt(number: Option<impl ToString>) -> String {
            number.map(|number| number.to_string()).unwrap_or_default()
        }
        [
            self.code.clone(),
            self.point.easting().to_string(),
            self.point.northing().to_string(),
            self.borough_code.clone(),
            self.borough_name.clone(),
            self.icb_code.clone(),
            self.icb_name.clone(),
            self.ward_code.clone(),
            self.ward_name.clone(),
            self.residents.to_string(),
            opt(self.disabled),
            opt(self.aged_65_plus),
            opt(self.households),
            opt(self.no_car_households),
            opt(self.imd_decile),
            opt(self.ptai),
        ]
    }

    /// In the order of [`COLUMNS`].
    fn read(row: &csv::StringRecord, line: u64) -> Result<Self, ReferenceFault> {
        let mut cells = row.iter();
        let mut next = || cells.next().unwrap_or_default();
        let code = next().to_owned();
        let (easting, northing) = (number(next(), line)?, number(next(), line)?);
        let point = Point::new(easting, northing)
            .map_err(|off| fault(line, &off.to_string(), "a point on the grid"))?;
        let mut text = || next().to_owned();
        let (borough_code, borough_name) = (text(), text());
        let (icb_code, icb_name) = (text(), text());
        let (ward_code, ward_name) = (text(), text());
        let zone = Self {
            code,
            point,
            borough_code,
            borough_name,
            icb_code,
            icb_name,
            ward_code,
            ward_name,
            residents: number(next(), line)?,
            disabled: maybe(next(), line)?,
            aged_65_plus: maybe(next(), line)?,
            households: maybe(next(), line)?,
            no_car_households: maybe(next(), line)?,
            imd_decile: maybe(next(), line)?,
            ptai: maybe(next(), line)?,
        };
        let has_decile = zone.imd_decile.is_none_or(|decile| (1..=10).contains(&decile));
        let has_ptai = zone.ptai.is_none_or(f64::is_finite);
        match (has_decile, has_ptai) {
            (true, true) => Ok(zone),
            (false, _) => Err(fault(line, &zone.code, "a zone with an IMD decile of 1 to 10")),
            _ => Err(fault(line, &zone.code, "a zone with a finite PTAI")),
        }
    }
}

fn number<T: FromStr>(cell: &str, line: u64) -> Result<T, ReferenceFault> {
    cell.parse().map_err(|_error| fault(line, cell, "a number"))
}

fn maybe<T: FromStr>(cell: &str, line: u64) -> Result<Option<T>, ReferenceFault> {
    if cell.is_empty() { Ok(None) } else { number(cell, line).map(Some) }
}

fn fault(line: u64, found: &str, wanted: &'static str) -> ReferenceFault {
    ReferenceFault::line("zones", line, found.as_bytes(), wanted)
}

fn unreadable(error: &csv::Error) -> ReferenceFault {
    let line = error.position().map_or(0, csv::Position::line);
    fault(line, &error.to_string(), "a row of a zone table")
}

#[cfg(test)]
impl Zone {
    /// A zone with residents, of which nothing else is known.
    pub(crate) fn plain(code: &str, point: Point, residents: u32) -> Self {
        Self {
            code: code.to_owned(),
            point,
            borough_code: String::new(),
            borough_name: String::new(),
            icb_code: String::new(),
            icb_name: String::new(),
            ward_code: String::new(),
            ward_name: String::new(),
            residents,
            disabled: None,
            aged_65_plus: None,
            households: None,
            no_car_households: None,
            imd_decile: None,
            ptai: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn zone(code: &str) -> Zone {
        Zone {
            code: code.to_owned(),
            point: Point::new(532_141.2, 181_555.1).unwrap(),
            borough_code: "E09000001".to_owned(),
            borough_name: "City of London".to_owned(),
            icb_code: "QMF".to_owned(),
            icb_name: "North, and \"East\"".to_owned(),
            ward_code: "E05009288".to_owned(),
            ward_name: "Aldersgate".to_owned(),
            residents: 1475,
            disabled: Some(152),
            aged_65_plus: None,
            households: Some(837),
            no_car_households: Some(555),
            imd_decile: Some(8),
            ptai: Some(69.8233),
        }
    }

    #[test]
    fn the_bytes_read_back_as_written_and_unknown_stays_unknown() {
        let held = Zones::new(Zones::empty().evidence, vec![zone("E01000002"), zone("E01000001")]);
        let bytes = held.encode();

        let back = Zones::decode(&bytes, Arc::clone(&held.evidence)).unwrap();

        assert_eq!(back, held);
        assert_eq!(back.get("E01000002").unwrap().aged_65_plus, None);
        assert!(back.get("E01000003").is_none());
    }

    #[test]
    fn a_bad_cell_is_named_by_its_line() {
        let good = Zones::new(Zones::empty().evidence, vec![zone("E01000001")]).encode();
        let good = String::from_utf8(good).unwrap();
        let told = |from: &str, to: &str| {
            let bytes = good.replace(from, to);
            Zones::decode(bytes.as_bytes(), Zones::empty().evidence).unwrap_err().to_string()
        };
        assert_eq!(told("1475", "many"), "zones, line 2: \"many\" is not a number");
        assert!(told("532141.2", "NaN").contains("not a point on the grid"));
        assert!(told(",8,", ",11,").contains("IMD decile of 1 to 10"));
        assert!(told("easting", "x").contains("header"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            drop(Zones::decode(&bytes, Zones::empty().evidence));
        }
    }
}
