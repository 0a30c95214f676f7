//! Travel-time matrices from routers: CSV, gzipped or not, or Parquet, with columns zone, site and minutes, and perhaps
//! mode. A matrix is kept for one way of travelling; rows of another are at fault, never taken for it.

use std::collections::BTreeMap;
use std::io::Read;

use bytes::Bytes;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;

use super::Fault;
use crate::travel::MatrixRow;

/// What the header may call the columns, in r5r's, `OpenTripPlanner`'s and our own words.
const ZONES: [&str; 5] = ["zone", "from_id", "origin", "lsoa", "lsoa21cd"];
const SITES: [&str; 5] = ["site", "to_id", "destination", "site_code", "ods_code"];
const MINUTES: [&str; 5] =
    ["minutes", "travel_time_p50", "travel_time", "duration_minutes", "travel_time_minutes"];

const MODES: [&str; 2] = ["mode", "travel_mode"];

/// Most bytes a packed file may unpack to.
const UNPACKED_LIMIT: u64 = 2 << 30;

/// What a file says.
#[derive(Debug, Default)]
pub struct MatrixFile {
    /// Rows that could be read.
    pub rows: Vec<MatrixRow>,
    /// What could not.
    pub faults: Vec<Fault>,
    headers: BTreeMap<&'static str, String>,
}

impl MatrixFile {
    fn of_fault(fault: Fault) -> Self {
        Self { faults: vec![fault], ..Self::default() }
    }

    /// What the file itself calls our column `zone`, `site`, `minutes` or `mode`.
    pub fn header<'a>(&'a self, column: &'a str) -> &'a str {
        self.headers.get(column).map_or(column, String::as_str)
    }
}

/// Reads every row. Stops at nothing: bad cells are gathered, and their rows left out.
pub fn read(file: &str, bytes: &[u8]) -> MatrixFile {
    let fault = |value: &str, expected: &str| Fault {
        file: file.to_owned(),
        sheet: None,
        row: 0,
        column: String::new(),
        value: value.chars().take(120).collect(),
        expected: expected.to_owned(),
    };
    if bytes.starts_with(b"PAR1") {
        return parquet(file, bytes).unwrap_or_else(|told| {
            MatrixFile::of_fault(fault(&told, "a Parquet file with columns zone, site and minutes"))
        });
    }
    let mut unpacked = Vec::new();
    let plain = if bytes.starts_with(&[0x1f, 0x8b]) {
        let read =
            flate2::read::GzDecoder::new(bytes).take(UNPACKED_LIMIT).read_to_end(&mut unpacked);
        if let Err(error) = read {
            return MatrixFile::of_fault(fault(&error.to_string(), "a whole gzip file"));
        }
        unpacked.as_slice()
    } else {
        bytes
    };
    csv_rows(file, plain)
}

fn find(headers: &[String], names: &[&str]) -> Option<usize> {
    names
        .iter()
        .find_map(|name| headers.iter().position(|header| header.trim().eq_ignore_ascii_case(name)))
}

/// Where zone, site and minutes are, and mode if there is one, with what they are called; or which is missing.
fn columns(file: &str, headers: &[String]) -> Result<Columns, Fault> {
    let wanted = |names: &[&str]| {
        find(headers, names).ok_or_else(|| Fault {
            file: file.to_owned(),
            sheet: None,
            row: 1,
            column: String::new(),
            value: headers.join(", ").chars().take(120).collect(),
            expected: format!("a header with a column {}", names.join(" or ")),
        })
    };
    let at = [wanted(&ZONES)?, wanted(&SITES)?, wanted(&MINUTES)?];
    let mode = find(headers, &MODES);
    let ours = ["zone", "site", "minutes"].into_iter().zip(at).chain(mode.map(|at| ("mode", at)));
    let called = ours.filter_map(|(ours, at)| Some((ours, headers.get(at)?.trim().to_owned())));
    Ok(Columns { at, mode, headers: called.collect() })
}

struct Columns {
    at: [usize; 3],
    mode: Option<usize>,
    headers: BTreeMap<&'static str, String>,
}

fn csv_rows(file: &str, bytes: &[u8]) -> MatrixFile {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(bytes);
    let headers: Vec<String> = match reader.byte_headers() {
        Ok(headers) => {
            headers.iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect()
        }
        Err(_) => Vec::new(),
    };
    let Columns { at, mode, headers } = match columns(file, &headers) {
        Ok(found) => found,
        Err(fault) => return MatrixFile::of_fault(fault),
    };
    let mut read = MatrixFile { headers, ..MatrixFile::default() };
    for (row, record) in (2..).zip(reader.byte_records()) {
        let fault = |column: &str, value: &str, expected: &str| Fault {
            file: file.to_owned(),
            sheet: None,
            row,
            column: column.to_owned(),
            value: value.chars().take(120).collect(),
            expected: expected.to_owned(),
        };
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                read.faults.push(fault("", &error.to_string(), "a row of comma-separated text"));
                continue;
            }
        };
        let cell = |at: usize| String::from_utf8_lossy(record.get(at).unwrap_or_default());
        let [zone, site, minutes] = at.map(cell);
        match parse_minutes(&minutes) {
            Ok(minutes) => read.rows.push(MatrixRow {
                row,
                zone: zone.into_owned(),
                site: site.into_owned(),
                minutes,
                mode: mode.map(|at| cell(at).into_owned()),
            }),
            Err(expected) => {
                let fault = fault(read.header("minutes"), &minutes, expected);
                read.faults.push(fault);
            }
        }
    }
    read
}

/// An empty cell, or a word for it, is "no way".
fn parse_minutes(text: &str) -> Result<Option<f64>, &'static str> {
    let text = text.trim();
    if ["", "na", "nan", "null", "none", "unreachable"]
        .iter()
        .any(|word| text.eq_ignore_ascii_case(word))
    {
        return Ok(None);
    }
    let minutes = text.parse().ok().filter(|minutes: &f64| minutes.is_finite());
    minutes.map(Some).ok_or("minutes, or empty where there is no way")
}

fn parquet(file: &str, bytes: &[u8]) -> Result<MatrixFile, String> {
    let told = |error: parquet::errors::ParquetError| error.to_string();
    let guarded = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let reader = SerializedFileReader::new(Bytes::copy_from_slice(bytes)).map_err(told)?;
        let schema = reader.metadata().file_metadata().schema_descr_ptr();
        let headers: Vec<String> =
            schema.columns().iter().map(|column| column.name().to_owned()).collect();
        let Columns { at, mode, headers } = match columns(file, &headers) {
            Ok(found) => found,
            Err(fault) => return Ok(MatrixFile::of_fault(fault)),
        };
        let mut read = MatrixFile { headers, ..MatrixFile::default() };
        for (row, record) in (2..).zip(reader.get_row_iter(None).map_err(told)?) {
            let record = record.map_err(told)?;
            let cells: Vec<&Field> = record.get_column_iter().map(|(_, field)| field).collect();
            let cell = |at: usize| cells.get(at).copied().unwrap_or(&Field::Null);
            let [zone, site, minutes] = at.map(cell);
            let mode = mode.map(|at| text(cell(at)));
            match number(minutes) {
                Ok(minutes) => {
                    let (zone, site) = (text(zone), text(site));
                    read.rows.push(MatrixRow { row, zone, site, minutes, mode });
                }
                Err(NoNumber) => read.faults.push(Fault {
                    file: file.to_owned(),
                    sheet: None,
                    row,
                    column: read.header("minutes").to_owned(),
                    value: text(minutes),
                    expected: "a number of minutes, or null where there is no way".to_owned(),
                }),
            }
        }
        Ok(read)
    }));
    guarded.unwrap_or_else(|_panic| Err("a file that contradicts itself".to_owned()))
}

fn text(field: &Field) -> String {
    match field {
        Field::Str(text) => text.clone(),
        Field::Bytes(bytes) => String::from_utf8_lossy(bytes.data()).into_owned(),
        Field::Null => String::new(),
        other => other.to_string(),
    }
}

/// A cell that holds something else than minutes or nothing.
struct NoNumber;

fn number(field: &Field) -> Result<Option<f64>, NoNumber> {
    match field {
        Field::Null => Ok(None),
        Field::Float(minutes) if minutes.is_nan() => Ok(None),
        Field::Double(minutes) if minutes.is_nan() => Ok(None),
        Field::Float(minutes) => Ok(Some(f64::from(*minutes))),
        Field::Double(minutes) => Ok(Some(*minutes)),
        Field::Short(minutes) => Ok(Some(f64::from(*minutes))),
        Field::Int(minutes) => Ok(Some(f64::from(*minutes))),
        Field::UInt(minutes) => Ok(Some(f64::from(*minutes))),
        Field::Long(minutes) => Ok(Some(*minutes as f64)),
        _ => Err(NoNumber),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::Arc;

    use parquet::data_type::{ByteArray, ByteArrayType, DoubleType};
    use parquet::file::properties::WriterProperties;
    use parquet::file::writer::SerializedFileWriter;
    use parquet::schema::parser::parse_message_type;
    use proptest::prelude::*;

    use super::*;

    fn row(row: u64, zone: &str, site: &str, minutes: Option<f64>) -> MatrixRow {
        MatrixRow { row, zone: zone.to_owned(), site: site.to_owned(), minutes, mode: None }
    }

    #[test]
    fn a_mode_is_read_where_the_file_has_one() {
        let file = read("all.csv", b"zone,site,minutes,Mode\nE01,S01,4,bus\nE01,S02,5,\n");

        let MatrixFile { rows, faults, .. } = &file;
        assert_eq!((faults.as_slice(), file.header("mode")), ([].as_slice(), "Mode"));
        let modes: Vec<Option<&str>> = rows.iter().map(|row| row.mode.as_deref()).collect();
        assert_eq!(modes, [Some("bus"), Some("")]);
    }

    #[test]
    fn a_matrix_is_read_and_a_bad_cell_is_named() {
        let file =
            "from_id,to_id,travel_time_p50\nE01,S01,12.5\nE01,S02,\nE01,S03,soon\nE01,S04,1e999\n";

        let MatrixFile { rows, faults, .. } = read("r5.csv", file.as_bytes());

        assert_eq!(rows, [row(2, "E01", "S01", Some(12.5)), row(3, "E01", "S02", None)]);
        let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "r5.csv, row 4, column \"travel_time_p50\": \"soon\" is not minutes, or empty where there is no way",
                "r5.csv, row 5, column \"travel_time_p50\": \"1e999\" is not minutes, or empty where there is no way",
            ]
        );
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(file.as_bytes()).unwrap();
        assert_eq!(read("r5.csv.gz", &packed.finish().unwrap()).rows, rows);
        let none = read("r5.csv", b"from_id,to_id\nE01,S01\n");
        assert!(none.rows.is_empty());
        assert!(
            none.faults[0].to_string().starts_with(
                "r5.csv, row 1: \"from_id, to_id\" is not a header with a column minutes or travel_time_p50"
            ),
            "{}",
            none.faults[0]
        );
    }

    #[test]
    fn parquet_says_the_same_as_csv() {
        let schema = "message m { REQUIRED BYTE_ARRAY zone (UTF8); REQUIRED BYTE_ARRAY site (UTF8); OPTIONAL DOUBLE minutes; }";
        let schema = Arc::new(parse_message_type(schema).unwrap());
        let properties = Arc::new(WriterProperties::builder().build());
        let mut bytes = Vec::new();
        let mut writer = SerializedFileWriter::new(&mut bytes, schema, properties).unwrap();
        let mut group = writer.next_row_group().unwrap();
        for texts in [["E01", "E01"], ["S01", "S02"]] {
            let mut column = group.next_column().unwrap().unwrap();
            let values = texts.map(ByteArray::from);
            column.typed::<ByteArrayType>().write_batch(&values, None, None).unwrap();
            column.close().unwrap();
        }
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<DoubleType>().write_batch(&[12.5], Some(&[1, 0]), None).unwrap();
        column.close().unwrap();
        group.close().unwrap();
        writer.close().unwrap();

        let MatrixFile { rows, faults, .. } = read("r5.parquet", &bytes);

        assert_eq!(rows, [row(2, "E01", "S01", Some(12.5)), row(3, "E01", "S02", None)]);
        assert_eq!(faults, []);
        let MatrixFile { rows, faults, .. } = read("r5.parquet", &bytes[..bytes.len() - 9]);
        assert!(rows.is_empty() && faults.len() == 1, "a file cut short is one sentence");
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(mut bytes in prop::collection::vec(any::<u8>(), 0..300), head in 0..3) {
            if head == 1 {
                bytes.splice(0..0, *b"PAR1");
            } else if head == 2 {
                bytes.splice(0..0, [0x1f, 0x8b]);
            }
            let _ = read("matrix", &bytes);
        }
    }
}
