//! The four readers through their doors: what they take, what they say of the rest, and that no bytes stop them.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use chrono::NaiveDate;
use proptest::prelude::*;

use super::{About, borough_outlines, postcodes, zone_outlines, zones};
use crate::geography::{Ended, Geography, LonLat, Outlines, Postcodes, Zones, to_wgs84};
use crate::import::{InputFile, Reading};
use crate::register::{Evidence, Point};

fn file(name: &str, bytes: impl Into<Vec<u8>>) -> InputFile {
    InputFile { name: name.to_owned(), bytes: bytes.into() }
}

fn told(reading: &Reading) -> Vec<String> {
    reading.faults.iter().map(ToString::to_string).collect()
}

fn evidence() -> Arc<Evidence> {
    let as_of = NaiveDate::from_ymd_opt(2025, 11, 30).unwrap();
    Arc::new(Evidence { source: "test".to_owned(), method: "as published".to_owned(), as_of })
}

fn postcodes_in(reading: &Reading) -> Postcodes {
    Postcodes::decode(&reading.references[0].bytes, evidence()).unwrap()
}

fn outlines_in(reading: &Reading) -> Outlines {
    Outlines::decode(&reading.references[0].bytes, evidence()).unwrap()
}

fn shared(path: &str) -> Option<Vec<u8>> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let folder = std::env::var_os("DOMESDAY_SHARED_DATA").map_or(beside, PathBuf::from);
    std::fs::read(folder.join(path)).ok()
}

#[test]
fn the_full_onspd_and_its_london_extract_give_the_same_set() {
    let full = "pcd7,pcd8,pcds,dointr,doterm,oslaua,east1m,north1m,gridind\n\
                \"BR1 1AA\",BR1  1AA,BR1 1AA,198001,,E09000006,540291,168873,1\n\
                \"EC1A1AA\",EC1A 1AA,EC1A 1AA,198001,201503,E09000001,532000,181600,1\n\
                \"GY1 1AA\",GY1  1AA,GY1 1AA,198001,,L99999999,,,9\n\
                \"BT1 1AA\",BT1  1AA,BT1 1AA,198001,,N09000003,333900,374600,1\n";
    let extract = "\u{feff}pcd,laua,oseast1m,osnrth1m\nec1a1aa,E09000001,532000.0,181600.0\n\n\
                   BR11AA,E09000006,540291.0,168873.0\n";

    let whole = postcodes(&[file("ONSPD_NOV_2025_UK.csv", full)], &About::default());
    let part = postcodes(&[file("london-onspd-2025-11.csv", extract)], &About::default());

    assert_eq!(told(&whole), [""; 0]);
    assert_eq!(whole.rows, 4);
    assert_eq!(
        whole.notes,
        [
            "1 postcodes without a grid reference were left out",
            "1 Northern Ireland postcodes were left out: they are on the Irish Grid"
        ]
    );
    let reference = &whole.references[0].reference;
    assert_eq!(reference.source, "ONSPD November 2025");
    assert_eq!(reference.rows, 2);
    let held = postcodes_in(&whole);
    assert_eq!(held.find("ec1a 1aa").unwrap().ended, Some(Ended::In { year: 2015, month: 3 }));
    assert_eq!(held.find("br11aa").unwrap().ended, Some(Ended::Live));

    assert_eq!(told(&part), [""; 0]);
    let held = postcodes_in(&part);
    assert_eq!(held.find("EC1A 1AA").unwrap().ended, None, "the extract does not say");
    assert_eq!(held.find("BR1 1AA").unwrap().authority, "E09000006");
}

#[test]
fn code_point_open_has_no_header_and_comes_in_parts() {
    let part = |row: &str| file("codepo_2025-02.csv", row);
    let reading = postcodes(
        &[
            part(
                "\"BR1 1AA\",10,540291,168873,\"E92000001\",\"\",\"\",\"\",\"E09000006\",\"E05\"\n",
            ),
            part("\"E1 1AA\",90,0,0,\"E92000001\",\"\",\"\",\"\",\"E09000030\",\"E05\"\n"),
        ],
        &About::default(),
    );

    assert_eq!(told(&reading), [""; 0]);
    assert_eq!(reading.references[0].reference.source, "Code-Point Open February 2025");
    assert_eq!(postcodes_in(&reading).len(), 1);
    assert_eq!(postcodes_in(&reading).find("BR1 1AA").unwrap().authority, "E09000006");
}

#[test]
fn a_table_of_degrees_is_brought_to_the_grid() {
    let here = Point::new(530_000.0, 180_000.0).unwrap();
    let LonLat { longitude, latitude } = to_wgs84(here).unwrap();
    let table = format!("postcode,latitude,longitude\nSE1 7EH,{latitude},{longitude}\n");

    let reading = postcodes(&[file("mine-2025.csv", table)], &About::default());

    assert_eq!(told(&reading), [""; 0]);
    assert!(postcodes_in(&reading).find("SE1 7EH").unwrap().point.metres_to(here) <= 0.1);
}

#[test]
fn bad_postcode_rows_are_named_and_the_others_stay() {
    let table = "pcds,doterm,oseast1m,osnrth1m,laua\nBR1 1AA,,540291,168873,E09000006\n\
                 nowhere,,1,1,E09000006\nBR1 1AB,,far,168873,E09000006\n\
                 BR1 1AD,,540291,9999999,E09000006\nBR1 1AE,soon,540291,168873,E09000006\n\
                 BR1 1AF,,540291,168873,\"E09,6\"\n";

    let reading = postcodes(&[file("t-2025-11.csv", table)], &About::default());

    insta::assert_snapshot!(told(&reading).join("\n"), @r#"
    t-2025-11.csv, row 3, column "pcds": "nowhere" is not a postcode, such as SE1 7EH
    t-2025-11.csv, row 4, column "oseast1m": "far" is not metres on the British National Grid (easting 0 to 700,000, northing 0 to 1,300,000)
    t-2025-11.csv, row 5, column "osnrth1m": "9999999" is not metres on the British National Grid (easting 0 to 700,000, northing 0 to 1,300,000)
    t-2025-11.csv, row 6, column "doterm": "soon" is not the month it ended, such as 202511, or nothing
    t-2025-11.csv, row 7, column "laua": "E09,6" is not a local authority code, such as E09000001
    "#);
    assert_eq!(reading.rows, 6);
    assert_eq!(postcodes_in(&reading).len(), 1);
}

#[test]
fn what_cannot_be_a_table_says_what_was_wanted() {
    let none = About::default();
    let header = postcodes(&[file("a.csv", "name,place\nx,y\n")], &none);
    assert!(told(&header)[0].contains("a header with a postcode"), "{:?}", told(&header));
    let empty = postcodes(&[file("a-2025.csv", "")], &none);
    assert_eq!(told(&empty).len(), 1);
    let undated = postcodes(&[file("a.csv", "postcode,x,y\nSE1 7EH,530000,180000\n")], &none);
    assert!(told(&undated)[0].contains("dated by its name"), "{:?}", told(&undated));
    assert!(undated.references.is_empty());
    assert_eq!(told(&zones(&[], &none)).len(), 1);
}

#[test]
fn zones_keep_unknown_counts_unknown() {
    let table = "lsoa21_code,rep_e,rep_n,pc_e,pc_n,ltla24_name,ltla24_code,icb24_name,icb24_code_nhs,pop,disabled,age65,IMD_decile,ptai2015\n\
                 E01000001,532176.3,181622.1,532141.2,181555.1,City of London,E09000001,NHS NEL,QMF,1475,152,370,8.0,69.8\n\
                 E01000002,532472.0,181614.3,,,City of London,E09000001,NHS NEL,QMF,1435,,,,\n\
                 E01000003,532472.0,181614.3,,,City of London,E09000001,NHS NEL,QMF,many,,,,\n\
                 E01000004,532472.0,181614.3,,,City of London,E09000001,NHS NEL,QMF,1,,,11,\n\
                 E01000001,532472.0,181614.3,,,City of London,E09000001,NHS NEL,QMF,1,,,1,\n";

    let reading = zones(&[file("zones.csv", table)], &About::default());

    insta::assert_snapshot!(told(&reading).join("\n"), @r#"
    zones.csv, row 4, column "pop": "many" is not a whole number of residents from 0
    zones.csv, row 5, column "IMD_decile": "11" is not a decile from 1 to 10
    zones.csv, row 6, column "lsoa21_code": "E01000001" is not a code that appears once
    "#);
    let reference = &reading.references[0].reference;
    assert_eq!(reference.as_of, NaiveDate::from_ymd_opt(2024, 12, 31).unwrap(), "of ltla24");
    let held = Zones::decode(&reading.references[0].bytes, evidence()).unwrap();
    let (first, second) = (held.get("E01000001").unwrap(), held.get("E01000002").unwrap());
    let at = |easting, northing| Point::new(easting, northing).unwrap();
    assert_eq!(first.point, at(532_141.2, 181_555.1), "the people's centroid first");
    assert_eq!(second.point, at(532_472.0, 181_614.3), "else the area's point");
    assert_eq!((first.disabled, first.imd_decile), (Some(152), Some(8)));
    assert_eq!((second.disabled, second.imd_decile, second.ptai), (None, None, None));
}

/// Two squares, the second with a hole, and a feature that has none.
fn boroughs_geojson(crs: &str, at: impl Fn(f64, f64) -> [f64; 2]) -> String {
    let ring = |x: f64, y: f64, side: f64| {
        [(0.0, 0.0), (side, 0.0), (side, side), (0.0, side), (0.0, 0.0)]
            .map(|(dx, dy)| at(x + dx, y + dy))
            .to_vec()
    };
    let feature = |code: &str, geometry: serde_json::Value| {
        serde_json::json!({
            "type": "Feature",
            "properties": { "LAD22CD": code, "LAD22NM": format!("Borough {code}") },
            "geometry": geometry,
        })
    };
    let polygon =
        |rings: Vec<Vec<[f64; 2]>>| serde_json::json!({ "type": "Polygon", "coordinates": rings });
    let features = vec![
        feature("E09000001", polygon(vec![ring(530_000.0, 180_000.0, 1_000.0)])),
        feature(
            "E09000002",
            serde_json::json!({ "type": "MultiPolygon", "coordinates": [[
                ring(540_000.0, 180_000.0, 1_000.0), ring(540_400.0, 180_400.0, 200.0),
            ]] }),
        ),
        feature("E09000003", serde_json::json!({ "type": "Point", "coordinates": [1, 2] })),
        feature("E09000004", serde_json::Value::Null),
    ];
    let crs: serde_json::Value = match crs {
        "" => serde_json::Value::Null,
        name => serde_json::json!({ "type": "name", "properties": { "name": name } }),
    };
    serde_json::json!({ "type": "FeatureCollection", "crs": crs, "features": features }).to_string()
}

#[test]
fn geojson_is_read_on_the_grid_and_in_degrees_alike() {
    let degrees = |x: f64, y: f64| {
        let LonLat { longitude, latitude } = to_wgs84(Point::new(x, y).unwrap()).unwrap();
        [longitude, latitude]
    };
    let cases = [
        boroughs_geojson("urn:ogc:def:crs:EPSG::27700", |x, y| [x, y]),
        boroughs_geojson("", |x, y| [x, y]),
        boroughs_geojson("", degrees),
        boroughs_geojson("urn:ogc:def:crs:OGC:1.3:CRS84", degrees),
    ];
    for text in cases {
        let reading = borough_outlines(&[file("b.geojson", text)], &About::default());

        assert_eq!(
            told(&reading),
            [
                "b.geojson, row 3, column \"geometry\": \"unknown variant `Point`, expected `Polygon` or `MultiPolygon`\" is not a polygon on the British National Grid or within Great Britain",
                "b.geojson, row 4, column \"geometry\": \"no shape\" is not a polygon on the British National Grid or within Great Britain",
            ]
        );
        let held = outlines_in(&reading);
        let at = |x, y| {
            held.find_containing(Point::new(x, y).unwrap()).map(|outline| outline.code.clone())
        };
        assert_eq!(at(530_500.0, 180_500.0).as_deref(), Some("E09000001"));
        assert_eq!(at(540_100.0, 180_100.0).as_deref(), Some("E09000002"));
        assert_eq!(at(540_500.0, 180_500.0), None, "in the hole");
        assert_eq!(held.get("E09000001").unwrap().name, "Borough E09000001");
        assert_eq!(
            reading.references[0].reference.as_of,
            NaiveDate::from_ymd_opt(2022, 12, 31).unwrap()
        );
    }
}

#[test]
fn another_coordinate_system_is_refused_by_name() {
    let text = boroughs_geojson("urn:ogc:def:crs:EPSG::3857", |x, y| [x, y]);
    let reading = borough_outlines(&[file("b.geojson", text)], &About::default());
    assert_eq!(
        told(&reading),
        [
            "b.geojson: found urn:ogc:def:crs:EPSG::3857, expected British National Grid (EPSG:27700) or WGS 84 longitude and latitude (CRS84)"
        ]
    );
    assert!(reading.references.is_empty());
}

/// A shapefile of squares: each a code, a corner and a side.
fn squares(squares: &[(&str, f64, f64, f64)]) -> (Vec<u8>, Vec<u8>) {
    let mut records = Vec::new();
    for (number, (_, x, y, side)) in (1_u32..).zip(squares) {
        let corners = [(0.0, 0.0), (0.0, *side), (*side, *side), (*side, 0.0), (0.0, 0.0)];
        let mut body = 5_u32.to_le_bytes().to_vec();
        body.extend([0; 32]);
        body.extend(1_u32.to_le_bytes());
        body.extend(5_u32.to_le_bytes());
        body.extend(0_u32.to_le_bytes());
        for (dx, dy) in corners {
            body.extend((x + dx).to_le_bytes());
            body.extend((y + dy).to_le_bytes());
        }
        records.extend(number.to_be_bytes());
        records.extend(u32::try_from(body.len().div_euclid(2)).unwrap().to_be_bytes());
        records.extend(body);
    }
    let mut shp = vec![0; 100];
    shp[..4].copy_from_slice(&9994_u32.to_be_bytes());
    shp[32..36].copy_from_slice(&5_u32.to_le_bytes());
    shp.extend(records);

    let mut dbf = vec![0; 32];
    dbf[4..8].copy_from_slice(&u32::try_from(squares.len()).unwrap().to_le_bytes());
    dbf[8..10].copy_from_slice(&(32_u16 + 32 + 1).to_le_bytes());
    dbf[10..12].copy_from_slice(&(1_u16 + 12).to_le_bytes());
    let mut column = [0_u8; 32];
    column[..8].copy_from_slice(b"LSOA21CD");
    column[11] = b'C';
    column[16] = 12;
    dbf.extend(column);
    dbf.push(0x0d);
    for (code, ..) in squares {
        dbf.extend(format!(" {code:<12}").into_bytes());
    }
    (shp, dbf)
}

const GRID_PRJ: &str = "PROJCS[\"British_National_Grid\",GEOGCS[\"GCS_OSGB_1936\"]]";

fn zipped(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[test]
fn a_shapefile_is_read_from_a_zip_and_from_its_files_side_by_side() {
    let (shp, dbf) =
        squares(&[("E01000001", 530_000.0, 180_000.0, 100.0), ("E01000002", 0.0, 0.0, 50.0)]);
    let zip = zipped(&[
        ("x/Zones.shp", &shp),
        ("x/Zones.dbf", &dbf),
        ("x/Zones.prj", GRID_PRJ.as_bytes()),
        ("x/readme.txt", b"hello"),
    ]);
    let apart = [
        file("dir/zones.shp", shp),
        file("dir/ZONES.DBF", dbf),
        file("dir/zones.prj", GRID_PRJ),
        file("dir/zones.shx", vec![0; 10]),
    ];

    let from_zip = zone_outlines(&[file("zones.zip", zip)], &About::default());
    let from_files = zone_outlines(&apart, &About::default());

    assert_eq!(told(&from_zip), [""; 0]);
    assert_eq!(from_zip.references[0].bytes, from_files.references[0].bytes);
    assert_eq!((from_zip.rows, from_zip.references[0].reference.rows), (2, 2));
    assert_eq!(outlines_in(&from_zip).len(), 2);
}

#[test]
fn a_shapefile_without_its_table_or_in_another_grid_is_refused_with_a_sentence() {
    let (shp, dbf) = squares(&[("E01000001", 530_000.0, 180_000.0, 100.0)]);
    let mercator = "PROJCS[\"WGS_1984_Web_Mercator\",GEOGCS[\"GCS_WGS_1984\"]]";

    let alone = zone_outlines(&[file("zones.shp", shp.clone())], &About::default());
    let abroad = zone_outlines(
        &[file("z.shp", shp), file("z.dbf", dbf), file("z.prj", mercator)],
        &About::default(),
    );

    assert_eq!(
        told(&alone),
        ["zones.shp: found it alone, expected its .dbf file beside it, or both in one zip"]
    );
    assert_eq!(
        told(&abroad),
        [
            "z.prj: found WGS_1984_Web_Mercator, expected British National Grid (EPSG:27700) or WGS 84 longitude and latitude"
        ]
    );
}

#[test]
fn the_same_file_gives_the_same_hash() {
    let table = "pcds,oseast1m,osnrth1m\nBR1 1AA,540291,168873\nAL1 1AA,515000,207000\n";
    let backwards = "pcds,oseast1m,osnrth1m\nAL1 1AA,515000,207000\nBR1 1AA,540291,168873\n";
    let hash = |text: &str| {
        let reading = postcodes(&[file("onspd-2025-11.csv", text)], &About::default());
        reading.references[0].reference.hash.clone()
    };
    assert_eq!(hash(table), hash(backwards));
}

#[test]
fn truncated_real_files_are_survived() {
    let paths = [
        "postcode/london-postcodes-onspd-2025-11.csv.gz",
        "need/london-lsoa21.csv",
        "geography/london-2021-lad22-gen20.shp",
        "geography/london-2021-lad22-gen20.dbf",
    ];
    let Some(files) = paths.map(shared).into_iter().collect::<Option<Vec<_>>>() else {
        let mut err = std::io::stderr();
        writeln!(err, "SKIPPED: the shared data are not here").unwrap();
        return;
    };
    let [postcode, zone, shp, dbf] = files.as_slice() else { return };
    let about = About::default();
    for share in [0.0, 0.001, 0.01, 0.02, 0.05] {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of a length"
        )]
        let cut = |bytes: &[u8]| bytes[..(bytes.len() as f64 * share) as usize].to_vec();
        assert!(!postcodes(&[file("p-2025.csv.gz", cut(postcode))], &about).faults.is_empty());
        let _any = zones(&[file("z-2025.csv", cut(zone))], &about);
        let both = [file("b.shp", cut(shp)), file("b.dbf", dbf.clone())];
        assert!(!borough_outlines(&both, &about).faults.is_empty());
        let both = [file("b.shp", shp.clone()), file("b.dbf", cut(dbf))];
        assert!(!borough_outlines(&both, &about).faults.is_empty());
    }
}

fn survive(name: &str, bytes: &[u8]) {
    let about = About { source: None, as_of: NaiveDate::from_ymd_opt(2025, 1, 1) };
    let files = [file(name, bytes)];
    for read in [postcodes, zones, zone_outlines, borough_outlines] {
        let reading = read(&files, &about);
        for set in &reading.references {
            let held = Geography::default().with(set.reference.kind, &set.bytes, &set.reference);
            assert!(held.is_ok(), "what is read must be readable");
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_are_survived(
        name in prop::sample::select(vec!["a.csv", "a.zip", "a.gz", "a.shp", "a.geojson", ""]),
        bytes in prop::collection::vec(any::<u8>(), 0..400),
    ) {
        survive(name, &bytes);
    }

    #[test]
    fn any_rows_are_survived(
        header in prop::sample::select(vec![
            "pcds,laua,oseast1m,osnrth1m,doterm",
            "postcode,latitude,longitude",
            "lsoa21_code,pc_e,pc_n,pop,IMD_decile",
        ]),
        cells in prop::collection::vec(
            prop::collection::vec("[ -~]{0,12}|[0-9.]{1,9}|[A-Z]{1,2}[0-9]{1,2} ?[0-9][A-Z]{2}", 0..6),
            0..8,
        ),
    ) {
        let rows: Vec<String> = cells.iter().map(|row| row.join(",")).collect();
        survive("rows-2025.csv", format!("{header}\n{}\n", rows.join("\n")).as_bytes());
    }

    #[test]
    fn damaged_shapefiles_are_survived(
        changes in prop::collection::vec((0_usize..600, any::<u8>()), 0..12),
        cut in 0_usize..600,
        is_shp in any::<bool>(),
    ) {
        let (mut shp, mut dbf) =
            squares(&[("E01000001", 530_000.0, 180_000.0, 100.0), ("E01000002", 0.0, 0.0, 50.0)]);
        let damaged = if is_shp { &mut shp } else { &mut dbf };
        for (at, byte) in changes {
            if let Some(held) = damaged.get_mut(at) {
                *held = byte;
            }
        }
        damaged.truncate(damaged.len().saturating_sub(cut % 100));
        let files = [file("z.shp", shp), file("z.dbf", dbf), file("z.prj", GRID_PRJ)];
        for set in zone_outlines(&files, &About::default()).references {
            prop_assert!(
                Geography::default().with(set.reference.kind, &set.bytes, &set.reference).is_ok()
            );
        }
    }

    #[test]
    fn damaged_geojson_is_survived(
        changes in prop::collection::vec((0_usize..1500, prop::sample::select(b"0-9[]{},\"nE.".to_vec())), 1..6),
    ) {
        let mut text = boroughs_geojson("", |x, y| [x, y]).into_bytes();
        for (at, byte) in changes {
            if let Some(held) = text.get_mut(at) {
                *held = byte;
            }
        }
        survive("b.geojson", &text);
    }
}
