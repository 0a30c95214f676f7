//! Minutes from a router of the user's, as rows of zone, site, minutes.

use std::collections::{BTreeMap, BTreeSet};

use super::{Exception, Maker, Missing, Mode, Pair, TravelTimes};
use crate::geography::Zones;
use crate::register::{Minutes, SiteCode};

/// A day: a longer journey to care in one region is a unit mistaken, seconds most likely.
const LONGEST: f64 = 24.0 * 60.0;

/// One row of a matrix file, cells read but not yet checked.
#[derive(Debug, Clone, PartialEq)]
pub struct MatrixRow {
    /// As the file numbers it, for faults.
    pub row: u64,
    /// Zone code.
    pub zone: String,
    /// Site code.
    pub site: String,
    /// `None` where the file says there is no way.
    pub minutes: Option<f64>,
    /// How people travel, where the file says it.
    pub mode: Option<String>,
}

/// A cell that cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("row {row}, column {column:?}: {value:?} is not {expected}")]
pub struct MatrixFault {
    /// As the file numbers it.
    pub row: u64,
    /// `zone`, `site`, `minutes` or `mode`.
    pub column: &'static str,
    /// The cell.
    pub value: String,
    /// What would have been accepted.
    pub expected: String,
}

/// The good rows as a table, and all the bad ones.
#[derive(Debug, Clone, PartialEq)]
pub struct MatrixReading {
    /// Of the good rows.
    pub times: TravelTimes,
    /// Every bad cell, in file order.
    pub faults: Vec<MatrixFault>,
}

/// Checks zone, site, minutes and mode of every row. A row that names another mode is at fault, since one table is for
/// one way of travelling; one that names none is taken for `mode`. A pair longer than `limit` is kept as beyond it. `absent` says what it
/// means that a pair has no row: a router run to a limit leaves out the farther ones, one run for some sites only did
/// not compute the rest.
pub fn from_matrix(
    rows: impl IntoIterator<Item = MatrixRow>,
    zones: &Zones,
    sites: &BTreeSet<SiteCode>,
    (mode, limit): (Mode, Minutes),
    (source, absent): (&str, Missing),
) -> MatrixReading {
    let lines: BTreeMap<&str, u32> = zones.iter().map(|zone| zone.code.as_str()).zip(0..).collect();
    let columns: BTreeMap<&SiteCode, u32> = sites.iter().zip(0..).collect();
    let mut table = vec![Vec::new(); lines.len()];
    let mut exceptions = Vec::new();
    let mut faults = Vec::new();
    let mut given = BTreeSet::new();
    for MatrixRow { row, zone, site, minutes, mode: named } in rows {
        let mut fault = |column, value: &dyn ToString, expected: &str| {
            let (value, expected) = (value.to_string(), expected.to_owned());
            faults.push(MatrixFault { row, column, value, expected });
        };
        let is_of_mode = named.as_deref().is_none_or(|named| names(named, mode));
        if !is_of_mode {
            let expected = format!("{}, the mode the file is imported for", mode.key());
            fault("mode", &named.unwrap_or_default(), &expected);
        }
        let line = lines.get(zone.trim()).copied();
        let code = site.parse::<SiteCode>().ok();
        let column = code.as_ref().and_then(|code| columns.get(code)).copied();
        let is_possible = minutes.is_none_or(|minutes| (0.0..=LONGEST).contains(&minutes));
        if line.is_none() {
            fault("zone", &zone, "a zone of the register");
        }
        if column.is_none() {
            fault("site", &site, "a located site of the register");
        }
        if !is_possible {
            fault("minutes", &minutes.unwrap_or_default(), "minutes from 0 to 1,440");
        }
        let (Some(zone), Some(site), true) = (line, column, is_possible && is_of_mode) else {
            continue;
        };
        if !given.insert((zone, site)) {
            fault("site", &code.map(String::from).unwrap_or_default(), "a site given once a zone");
            continue;
        }
        match minutes {
            Some(minutes) if minutes <= limit.0 => {
                table[zone as usize].push(Pair { site, minutes: Minutes(minutes) });
            }
            Some(_) => exceptions.push(Exception { zone, site, why: Missing::BeyondLimit }),
            None => exceptions.push(Exception { zone, site, why: Missing::Unreachable }),
        }
    }
    let times = TravelTimes {
        mode,
        maker: Maker::MatrixFile { source: source.to_owned() },
        limit,
        zones: lines.keys().map(|code| (*code).to_owned()).collect(),
        sites: sites.iter().cloned().collect(),
        rows: table,
        absent,
        exceptions,
        perhaps: Vec::new(),
        made_for: None,
        hash: String::new(),
    };
    MatrixReading { times: times.seal(), faults }
}

/// Whether a cell is a word for the mode: ours, or one of routers; an empty one says nothing else.
fn names(cell: &str, mode: Mode) -> bool {
    let word = cell.trim().to_ascii_lowercase().replace([' ', '-'], "_");
    let others: &[&str] = match mode {
        Mode::Walk => &["walking", "foot", "on_foot"],
        Mode::StepFreeWalk => &["wheelchair", "step_free"],
        Mode::Drive => &["driving", "car", "by_car"],
        Mode::PublicTransport => &["transit"],
        Mode::StepFreePublicTransport => &["step_free_transit"],
    };
    word.is_empty() || word == mode.key() || others.contains(&word.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geography::{Zone, Zones};
    use crate::register::Point;

    fn zones() -> Zones {
        let zone = |code| Zone::plain(code, Point::new(0.0, 0.0).unwrap(), 1);
        Zones::new(Zones::empty().evidence, vec![zone("E01"), zone("E02")])
    }

    fn rows(cells: &[(&str, &str, Option<f64>)]) -> Vec<MatrixRow> {
        (2..)
            .zip(cells)
            .map(|(row, (zone, site, minutes))| MatrixRow {
                row,
                zone: (*zone).to_owned(),
                site: (*site).to_owned(),
                minutes: *minutes,
                mode: None,
            })
            .collect()
    }

    fn read(cells: &[(&str, &str, Option<f64>)]) -> MatrixReading {
        let sites = ["S01", "S02", "S03"].map(|code| code.parse().unwrap());
        let (mode, limit) = (Mode::PublicTransport, Minutes(60.0));
        let absent = Missing::NotComputed;
        from_matrix(rows(cells), &zones(), &sites.into(), (mode, limit), ("r5.csv", absent))
    }

    #[test]
    fn every_bad_cell_is_named_and_the_other_rows_survive() {
        let reading = read(&[
            ("E01", "s02", Some(12.5)),
            ("E09", "S01", Some(1.0)),
            ("E01", "S99", Some(-1.0)),
            ("E01", "S01", Some(f64::NAN)),
            ("E01", "S02", Some(13.0)),
            ("E01", "S03", Some(3_600.0)),
        ]);

        assert_eq!(reading.times.minutes(0, 1), Some(Minutes(12.5)));
        let told: Vec<String> = reading.faults.iter().map(ToString::to_string).collect();
        insta::assert_snapshot!(told.join("\n"), @r#"
        row 3, column "zone": "E09" is not a zone of the register
        row 4, column "site": "S99" is not a located site of the register
        row 4, column "minutes": "-1" is not minutes from 0 to 1,440
        row 5, column "minutes": "NaN" is not minutes from 0 to 1,440
        row 6, column "site": "S02" is not a site given once a zone
        row 7, column "minutes": "3600" is not minutes from 0 to 1,440
        "#);
    }

    #[test]
    fn a_row_of_another_mode_is_refused_and_never_taken_for_the_one_asked() {
        let cells = [("E01", "S01", Some(4.0)); 6];
        let modes = ["bus", "drive", "walk", "Public-Transport", "transit", ""];
        let sites = ["S01", "S02", "S03"].map(|code| code.parse().unwrap());
        let read = |mode| {
            let named = rows(&cells).into_iter().zip(modes);
            let named = named.map(|(row, word)| MatrixRow { mode: Some(word.to_owned()), ..row });
            let about = (mode, Minutes(60.0));
            from_matrix(
                named,
                &zones(),
                &sites.clone().into(),
                about,
                ("all.csv", Missing::NotComputed),
            )
        };

        let told = read(Mode::Walk).faults;
        let of_mode = told.iter().filter(|fault| fault.column == "mode");
        let told: Vec<String> = of_mode.map(ToString::to_string).collect();
        insta::assert_snapshot!(told.join("\n"), @r#"
        row 2, column "mode": "bus" is not walk, the mode the file is imported for
        row 3, column "mode": "drive" is not walk, the mode the file is imported for
        row 5, column "mode": "Public-Transport" is not walk, the mode the file is imported for
        row 6, column "mode": "transit" is not walk, the mode the file is imported for
        "#);
        let of_mode = |mode| read(mode).faults.iter().filter(|f| f.column == "mode").count();
        assert_eq!(of_mode(Mode::PublicTransport), 3, "bus may be less than all of it");
        assert_eq!(read(Mode::Walk).times.minutes(0, 0), Some(Minutes(4.0)));
    }

    #[test]
    fn no_way_too_far_and_not_asked_are_told_apart() {
        let reading = read(&[("E01", "S01", None), ("E01", "S02", Some(75.0))]);

        let why = |site| reading.times.why_missing(0, site);
        assert_eq!(why(0), Some(Missing::Unreachable));
        assert_eq!(why(1), Some(Missing::BeyondLimit));
        assert_eq!(why(2), Some(Missing::NotComputed));
    }

    #[test]
    fn the_order_of_rows_changes_nothing() {
        let cells = [("E01", "S02", Some(5.0)), ("E01", "S01", Some(5.0)), ("E02", "S01", None)];
        let mut turned = cells;
        turned.reverse();
        assert_eq!(read(&cells).times, read(&turned).times);
        assert_eq!(read(&cells).times.row(0)[0].site, 0, "ties by site code");
    }

    #[test]
    fn stored_bytes_give_the_table_back_and_damaged_ones_a_sentence() {
        let mut table = read(&[
            ("E01", "S02", Some(5.25)),
            ("E01", "S01", None),
            ("E02", "S03", Some(75.0)),
            ("E02", "S01", Some(0.0)),
        ])
        .times;
        table.perhaps = vec![vec![Pair { site: 2, minutes: Minutes(3.0) }], Vec::new()];
        let table = table.seal();
        assert_eq!(table.why_missing(0, 2), Some(Missing::Unsure));

        let bytes = table.encode();

        assert_eq!(TravelTimes::decode(&bytes).unwrap(), table);
        for cut in 0..bytes.len() {
            assert!(TravelTimes::decode(&bytes[..cut]).is_err());
        }
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x41;
            // Whatever comes of it is a table or a sentence.
            if let Ok(other) = TravelTimes::decode(&damaged) {
                assert!(other.rows.iter().flatten().all(|pair| (pair.site as usize) < 3));
            }
        }
    }
}
