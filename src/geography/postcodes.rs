//! Postcodes: where a text such as `se1 9rt` is, live or ended.

use std::collections::HashMap;
use std::fmt;
use std::fmt::Write as _;
use std::str::FromStr;
use std::sync::Arc;

use super::ReferenceFault;
use crate::register::{Evidence, Point};

/// A well-formed postcode, eight bytes: the letters and digits without the space.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Postcode(u64);

/// A text that is not a postcode.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a postcode such as SE1 9RT")]
pub struct InvalidPostcode(String);

impl Postcode {
    /// Any spacing, any case. Five to seven letters and digits that begin with a letter and end in a digit and two
    /// letters.
    fn read(text: &[u8]) -> Option<Self> {
        let mut packed = [0_u8; 8];
        let mut length = 0;
        for byte in text.iter().filter(|byte| !byte.is_ascii_whitespace()) {
            if !byte.is_ascii_alphanumeric() || length == 7 {
                return None;
            }
            packed[length] = byte.to_ascii_uppercase();
            length += 1;
        }
        let (outward, inward) = packed[..length].split_at_checked(length.checked_sub(3)?)?;
        let is_well_formed = outward.len() >= 2
            && outward[0].is_ascii_alphabetic()
            && inward[0].is_ascii_digit()
            && inward[1].is_ascii_alphabetic()
            && inward[2].is_ascii_alphabetic();
        is_well_formed.then_some(Self(u64::from_be_bytes(packed)))
    }
}

impl FromStr for Postcode {
    type Err = InvalidPostcode;

    fn from_str(text: &str) -> Result<Self, InvalidPostcode> {
        // A no-break space arrives from web pages and spreadsheets.
        let plain = text.replace('\u{a0}', " ");
        Self::read(plain.as_bytes()).ok_or_else(|| InvalidPostcode(text.to_owned()))
    }
}

/// With the one space where it belongs: `SE1 9RT`.
impl fmt::Display for Postcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let packed = self.0.to_be_bytes();
        let length = packed.iter().position(|byte| *byte == 0).unwrap_or(packed.len());
        for (place, byte) in packed[..length].iter().enumerate() {
            if place + 3 == length {
                f.write_char(' ')?;
            }
            f.write_char(char::from(*byte))?;
        }
        Ok(())
    }
}

/// Whether a postcode is still in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ended {
    /// In use.
    Live,
    /// Ended in this month. Its point stays true: places do not move when their postcode ends.
    In {
        /// Calendar year.
        year: u16,
        /// 1 to 12.
        month: u8,
    },
}

/// A postcode as a source gives it.
#[derive(Debug, Clone, PartialEq)]
pub struct PostcodeRow {
    /// Which.
    pub postcode: Postcode,
    /// Where; kept to the decimetre.
    pub point: Point,
    /// Local authority, GSS code.
    pub authority: String,
    /// `None` where the source does not say.
    pub ended: Option<Ended>,
}

/// What is held of a postcode.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PostcodeEntry<'a> {
    /// Which.
    pub postcode: Postcode,
    /// Where, to the decimetre.
    pub point: Point,
    /// Local authority, GSS code.
    pub authority: &'a str,
    /// `None` where the source does not say.
    pub ended: Option<Ended>,
}

/// A postcode table, 20 bytes a row: London's 332,000 take 7 MB.
#[derive(Debug, Clone, PartialEq)]
pub struct Postcodes {
    /// Source, method and date of the whole table.
    pub evidence: Arc<Evidence>,
    /// Sorted, each once.
    keys: Vec<Postcode>,
    /// In step with `keys`.
    places: Vec<Place>,
    authorities: Vec<Box<str>>,
}

/// Decimetres, because `Point` takes 16 bytes and no postcode table is finer than a metre.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Place {
    east: u32,
    north: u32,
    authority: u16,
    ended: u16,
}

const HEADER: &str = "postcode,authority,easting,northing,ended";
const KIND: &str = "postcodes";

impl Postcodes {
    /// Sorts; of rows with one postcode the first stays.
    pub fn new(
        evidence: Arc<Evidence>,
        rows: impl IntoIterator<Item = PostcodeRow>,
    ) -> Result<Self, ReferenceFault> {
        let mut table = Table::default();
        for (at, row) in rows.into_iter().enumerate() {
            let [east, north] = [row.point.easting(), row.point.northing()].map(to_decimetres);
            let authority = table.authority(row.authority.as_bytes(), at as u64 + 2)?;
            let ended = pack_ended(row.ended);
            table.rows.push((row.postcode, Place { east, north, authority, ended }));
        }
        Ok(table.finish(evidence))
    }

    /// The postcode, in any spacing and case.
    pub fn find(&self, text: &str) -> Option<PostcodeEntry<'_>> {
        self.get(text.parse().ok()?)
    }

    /// The postcode.
    pub fn get(&self, postcode: Postcode) -> Option<PostcodeEntry<'_>> {
        self.keys.binary_search(&postcode).ok().and_then(|at| self.entry(at))
    }

    /// By postcode.
    pub fn iter(&self) -> impl Iterator<Item = PostcodeEntry<'_>> {
        (0..self.len()).filter_map(|at| self.entry(at))
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    fn entry(&self, at: usize) -> Option<PostcodeEntry<'_>> {
        let place = self.places.get(at)?;
        Some(PostcodeEntry {
            postcode: *self.keys.get(at)?,
            point: Point::new(f64::from(place.east) / 10.0, f64::from(place.north) / 10.0).ok()?,
            authority: self.authorities.get(usize::from(place.authority))?,
            ended: unpack_ended(place.ended),
        })
    }

    /// Canonical bytes: CSV with the header `postcode,authority,easting,northing,ended`, sorted. `ended` is `live`,
    /// `2019-06`, or empty where the source does not say.
    pub fn encode(&self) -> Vec<u8> {
        let mut text = String::with_capacity(HEADER.len() + 40 * self.len());
        text.push_str(HEADER);
        text.push('\n');
        for entry in self.iter() {
            let PostcodeEntry { postcode, point, authority, ended } = entry;
            let (easting, northing) = (point.easting(), point.northing());
            let ended = match ended {
                None => String::new(),
                Some(Ended::Live) => "live".to_owned(),
                Some(Ended::In { year, month }) => format!("{year:04}-{month:02}"),
            };
            writeln!(text, "{postcode},{authority},{easting},{northing},{ended}")
                .expect("writing to a String cannot fail");
        }
        text.into_bytes()
    }

    /// Reads what [`Self::encode`] writes, in any order of rows.
    pub fn decode(bytes: &[u8], evidence: Arc<Evidence>) -> Result<Self, ReferenceFault> {
        let mut lines = bytes.split(|byte| *byte == b'\n').zip(1_u64..);
        match lines.next() {
            Some((header, _)) if trim(header) == HEADER.as_bytes() => {}
            other => {
                let found = other.map(|(header, _)| header).unwrap_or_default();
                return Err(ReferenceFault::line(KIND, 1, found, HEADER));
            }
        }
        let mut table = Table::default();
        // A row of the real table has 33 bytes.
        table.rows.reserve(bytes.len().div_euclid(33));
        for (line, number) in lines {
            let line = trim(line);
            if !line.is_empty() {
                table.take(line, number)?;
            }
        }
        Ok(table.finish(evidence))
    }
}

/// Rows on their way into a table.
#[derive(Default)]
struct Table {
    rows: Vec<(Postcode, Place)>,
    authorities: Vec<Box<str>>,
    numbers: HashMap<Box<str>, u16>,
    /// Neighbouring rows mostly share their authority: spares most look-ups.
    latest: u16,
}

impl Table {
    fn take(&mut self, line: &[u8], number: u64) -> Result<(), ReferenceFault> {
        let fault = |found: &[u8], wanted| ReferenceFault::line(KIND, number, found, wanted);
        let mut cells = line.split(|byte| *byte == b',');
        let mut cell = || cells.next().ok_or_else(|| fault(line, "five cells"));
        let [postcode, authority, easting, northing, ended] =
            [cell()?, cell()?, cell()?, cell()?, cell()?];
        let metres = |text, most: u32| {
            read_decimetres(text)
                .filter(|decimetres| *decimetres <= most)
                .ok_or_else(|| fault(text, "metres on the British National Grid, to a decimetre"))
        };
        let place = Place {
            east: metres(easting, 7_000_000)?,
            north: metres(northing, 13_000_000)?,
            authority: self.authority(authority, number)?,
            ended: read_ended(ended)
                .ok_or_else(|| fault(ended, "live, a month such as 2019-06, or empty"))?,
        };
        let postcode = Postcode::read(postcode).ok_or_else(|| fault(postcode, "a postcode"))?;
        self.rows.push((postcode, place));
        Ok(())
    }

    fn authority(&mut self, code: &[u8], line: u64) -> Result<u16, ReferenceFault> {
        let fault = |wanted| ReferenceFault::line(KIND, line, code, wanted);
        if self
            .authorities
            .get(usize::from(self.latest))
            .is_some_and(|held| held.as_bytes() == code)
        {
            return Ok(self.latest);
        }
        let text = std::str::from_utf8(code).map_err(|_bytes| fault("an authority code"))?;
        self.latest = if let Some(number) = self.numbers.get(text) {
            *number
        } else {
            if text.contains([',', '\n', '\r', '"']) {
                return Err(fault("an authority code"));
            }
            let number = u16::try_from(self.authorities.len())
                .map_err(|_many| fault("one of at most 65,536 authorities"))?;
            self.authorities.push(text.into());
            self.numbers.insert(text.into(), number);
            number
        };
        Ok(self.latest)
    }

    fn finish(mut self, evidence: Arc<Evidence>) -> Postcodes {
        if !self.rows.is_sorted_by(|a, b| a.0 < b.0) {
            self.rows.sort_by_key(|(postcode, _)| *postcode);
            self.rows.dedup_by_key(|(postcode, _)| *postcode);
        }
        let (keys, places) = self.rows.into_iter().unzip();
        Postcodes { evidence, keys, places, authorities: self.authorities }
    }
}

fn trim(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a Point lies between 0 and 1,300,000 m"
)]
fn to_decimetres(metres: f64) -> u32 {
    (metres * 10.0).round() as u32
}

fn read_decimetres(text: &[u8]) -> Option<u32> {
    let digits = |text: &[u8]| {
        let is_number = (1..=7).contains(&text.len()) && text.iter().all(u8::is_ascii_digit);
        is_number.then(|| text.iter().fold(0, |sum: u32, digit| sum * 10 + u32::from(digit - b'0')))
    };
    match text.iter().position(|byte| *byte == b'.') {
        None => digits(text).map(|metres| metres * 10),
        Some(dot) => {
            let (metres, tenths) = (digits(&text[..dot])?, digits(&text[dot + 1..])?);
            (text.len() == dot + 2).then_some(metres * 10 + tenths)
        }
    }
}

/// 0: not said; 1: live; from 2 on: months since January 1900.
fn pack_ended(ended: Option<Ended>) -> u16 {
    match ended {
        None => 0,
        Some(Ended::Live) => 1,
        Some(Ended::In { year, month }) => year
            .saturating_sub(1900)
            .saturating_mul(12)
            .saturating_add(u16::from(month.clamp(1, 12)) + 1),
    }
}

fn unpack_ended(packed: u16) -> Option<Ended> {
    match packed {
        0 => None,
        1 => Some(Ended::Live),
        _ => {
            let months = packed - 2;
            let month = u8::try_from(months.rem_euclid(12) + 1).ok()?;
            Some(Ended::In { year: 1900 + months.div_euclid(12), month })
        }
    }
}

fn read_ended(text: &[u8]) -> Option<u16> {
    match text {
        b"" => Some(0),
        b"live" => Some(1),
        _ => {
            let text = std::str::from_utf8(text).ok()?;
            let (year, month) = text.split_once('-')?;
            let (year, month) = (year.parse().ok()?, month.parse().ok()?);
            let is_month = (1900..=2199).contains(&year) && (1..=12).contains(&month);
            is_month.then(|| pack_ended(Some(Ended::In { year, month })))
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use proptest::prelude::*;

    use super::*;

    fn evidence() -> Arc<Evidence> {
        Arc::new(Evidence {
            source: "a test".to_owned(),
            method: "typed in".to_owned(),
            as_of: NaiveDate::from_ymd_opt(2025, 11, 1).unwrap(),
        })
    }

    const TABLE: &str = "postcode,authority,easting,northing,ended\n\
        BR1 1AA,E09000006,540291,168873,\n\
        SE1 9RT,E09000028,532700.5,180100,live\n\
        W1A 1AA,E09000033,528887,181593,2019-06\n";

    #[test]
    fn a_postcode_is_found_in_any_spacing_and_case() {
        let table = Postcodes::decode(TABLE.as_bytes(), evidence()).unwrap();

        for text in ["SE1 9RT", "se19rt", " Se1  9rT ", "SE1\u{a0}9RT"] {
            let entry = table.find(text).unwrap();
            assert_eq!((entry.authority, entry.ended), ("E09000028", Some(Ended::Live)));
            assert_eq!(entry.point, Point::new(532_700.5, 180_100.0).unwrap());
            assert_eq!(entry.postcode.to_string(), "SE1 9RT");
        }
        assert_eq!(table.find("BR11AA").unwrap().ended, None);
        let ended = table.find("W1A1AA").unwrap().ended;
        assert_eq!(ended, Some(Ended::In { year: 2019, month: 6 }));
    }

    #[test]
    fn what_is_no_postcode_is_not_found() {
        let table = Postcodes::decode(TABLE.as_bytes(), evidence()).unwrap();
        for text in ["", "SE1", "SE1 9R", "SE1 9RTT", "1SE 9RT", "SE1 9R7", "SÉ1 9RT", "ZZ99 9ZZ"]
        {
            assert!(table.find(text).is_none(), "{text}");
        }
    }

    #[test]
    fn the_bytes_read_back_as_written_whatever_the_order_of_rows() {
        let table = Postcodes::decode(TABLE.as_bytes(), evidence()).unwrap();
        assert_eq!(String::from_utf8(table.encode()).unwrap(), TABLE);

        let mut lines: Vec<&str> = TABLE.lines().collect();
        lines[1..].reverse();
        let backwards = Postcodes::decode(lines.join("\r\n").as_bytes(), evidence()).unwrap();
        assert_eq!(backwards.encode(), table.encode());
    }

    #[test]
    fn a_bad_row_is_named_by_its_line() {
        let told = |row: &str| {
            let bytes = format!("{HEADER}\n{row}\n");
            Postcodes::decode(bytes.as_bytes(), evidence()).unwrap_err().to_string()
        };
        insta::assert_snapshot!(
            [
                told("BR1 1AA,E09000006,NaN,168873,"),
                told("BR1 1AA,E09000006,800000,168873,"),
                told("BR1,E09000006,540291,168873,"),
                told("BR1 1AA,E09000006,540291,168873,soon"),
                told("BR1 1AA,E09000006"),
            ]
            .join("\n"),
            @r#"
        postcodes, line 2: "NaN" is not metres on the British National Grid, to a decimetre
        postcodes, line 2: "800000" is not metres on the British National Grid, to a decimetre
        postcodes, line 2: "BR1" is not a postcode
        postcodes, line 2: "soon" is not live, a month such as 2019-06, or empty
        postcodes, line 2: "BR1 1AA,E09000006" is not five cells
        "#
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..200), text in ".{0,12}") {
            let mut with_header = format!("{HEADER}\n").into_bytes();
            with_header.extend(&bytes);
            drop(Postcodes::decode(&bytes, evidence()));
            drop(Postcodes::decode(&with_header, evidence()));
            drop(text.parse::<Postcode>());
        }

        #[test]
        fn parsing_undoes_printing(text in "[A-Z]{1,2}[0-9][0-9A-Z]? ?[0-9][A-Z]{2}") {
            let postcode: Postcode = text.parse().unwrap();
            prop_assert_eq!(postcode.to_string().parse(), Ok(postcode));
            prop_assert_eq!(postcode.to_string().replace(' ', ""), text.replace(' ', ""));
        }
    }
}
