//! Reference sets, the index and access on real London data, against figures worked out apart from this program.

#![expect(
    clippy::print_stdout,
    reason = "a skipped test must show, and so must the times measured"
)]

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use domesday::access::{self, Area, Assessment, Offer, Standard, State};
use domesday::config;
use domesday::geography::{Geography, Outlines, Postcodes, SiteIndex, Zones};
use domesday::import::references::{self, About};
use domesday::import::{InputFile, Reading};
use domesday::register::{Point, ReferenceKind, ServiceLine, SiteCode};
use domesday::travel::{Mode, StraightLine, TravelTimes, straight_line};

/// The file, or `None` with a word about it where the data is not on this machine.
fn shared(path: &str) -> Option<InputFile> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let folder = std::env::var_os("DOMESDAY_SHARED_DATA").map_or(beside, PathBuf::from);
    let name = path.rsplit('/').next().unwrap_or(path).to_owned();
    let Ok(bytes) = std::fs::read(folder.join(path)) else {
        println!("SKIPPED: {path} is not in {}", folder.display());
        return None;
    };
    Some(InputFile { name, bytes })
}

fn held(kind: ReferenceKind, reading: &Reading) -> Geography {
    assert_eq!(reading.faults, []);
    let set = &reading.references[0];
    let started = Instant::now();
    let geography = Geography::default().with(kind, &set.bytes, &set.reference).unwrap();
    println!("{}: {} rows held in {:?}", kind.key(), set.reference.rows, started.elapsed());
    geography
}

fn zones() -> Option<Arc<Zones>> {
    let reading = references::zones(&[shared("need/london-lsoa21.csv")?], &About::default());
    Some(held(ReferenceKind::Zones, &reading).zones)
}

fn postcodes() -> Option<Arc<Postcodes>> {
    let file = shared("postcode/london-postcodes-onspd-2025-11.csv.gz")?;
    let reading = references::postcodes(&[file], &About::default());
    held(ReferenceKind::Postcodes, &reading).postcodes
}

fn boroughs() -> Option<Arc<Outlines>> {
    let parts = ["shp", "shx", "dbf", "prj", "cpg"];
    let part = |end| shared(&format!("geography/london-2021-lad22-gen20.{end}"));
    let files = parts.into_iter().map(part).collect::<Option<Vec<_>>>()?;
    let reading = references::borough_outlines(&files, &About::default());
    held(ReferenceKind::BoroughOutlines, &reading).borough_outlines
}

struct Practice {
    code: SiteCode,
    postcode: String,
    point: Point,
    borough: String,
}

fn practices() -> Option<Vec<Practice>> {
    let file = shared("expected/london_gp_practices.csv")?;
    let mut reader = csv::Reader::from_reader(file.bytes.as_slice());
    let practices = reader.records().map(|row| {
        let row = row.unwrap();
        let number = |at: usize| row[at].parse::<f64>().unwrap();
        Practice {
            code: row[0].parse().unwrap(),
            postcode: row[3].to_owned(),
            point: Point::new(number(5), number(6)).unwrap(),
            borough: row[7].to_owned(),
        }
    });
    Some(practices.collect())
}

fn times(zones: &Zones, practices: &[Practice], mode: Mode, standard: &Standard) -> TravelTimes {
    let sites: Vec<_> = practices.iter().map(|gp| (gp.code.clone(), gp.point)).collect();
    let pace = StraightLine::of(mode, &config::assumptions().unwrap()).unwrap();
    straight_line(zones, &sites, mode, standard.reach(pace), pace)
}

fn standard(key: &str) -> Standard {
    let standards = config::standards().unwrap();
    standards.into_iter().find(|standard| standard.key == key).unwrap()
}

fn assess(key: &str, zones: &Zones, practices: &[Practice], gates: Option<bool>) -> Assessment {
    let standard = standard(key);
    let service_line = ServiceLine::PrimaryCare;
    let offer = |gp: &Practice| Offer { site: gp.code.clone(), service_line, gates };
    let offers: Vec<Offer> = practices.iter().map(offer).collect();
    let times = times(zones, practices, standard.mode, &standard);
    access::assess(&standard, zones, &times, &State::new("London", offers))
}

#[test]
fn every_practice_is_found_by_its_postcode_and_lies_in_its_borough() {
    let (Some(postcodes), Some(boroughs), Some(practices)) = (postcodes(), boroughs(), practices())
    else {
        return;
    };

    assert_eq!((postcodes.len(), boroughs.len(), practices.len()), (331_981, 33, 1_169));
    let mut near_a_boundary = 0;
    for practice in practices {
        let found = postcodes.find(&practice.postcode).unwrap();
        assert_eq!(found.point, practice.point, "{}", practice.code);
        assert_eq!(found.authority, practice.borough, "{}", practice.code);
        let borough = boroughs.find_containing(found.point).map(|outline| outline.code.as_str());
        near_a_boundary += usize::from(borough != Some(&practice.borough));
    }
    // Outlines are generalised to 20 m.
    assert!(near_a_boundary <= 3, "{near_a_boundary}");
}

#[test]
fn practices_within_a_mile_of_londoners_are_counted_as_a_plain_count_does() {
    let (Some(zones), Some(practices)) = (zones(), practices()) else { return };

    let told = assess("gp_walk_20", &zones, &practices, None);

    assert_eq!((told.total.people, told.total.unknown_zones), (8_799_813, 0));
    assert_eq!((told.total.within, told.total.undetermined), (8_719_565, 0));
    assert_eq!(told.boroughs.len(), 33);
    let people: u64 = told.boroughs.iter().map(|borough| borough.people).sum();
    let within: u64 = told.boroughs.iter().map(|borough| borough.within).sum();
    assert_eq!((people, within), (8_799_813, 8_719_565));
    let of = |name: &str| {
        let borough = told.boroughs.iter().find(|borough| borough.name == name).unwrap();
        assert!(matches!(borough.area, Area::Borough(_)));
        (borough.within, borough.people)
    };
    assert_eq!(of("Havering"), (260_522, 262_063));
    assert_eq!(of("Bromley"), (318_867, 329_973));
    assert_eq!(of("Camden"), (210_121, 210_121));
    let plain: u64 = zones
        .iter()
        .filter(|zone| practices.iter().any(|gp| gp.point.metres_to(zone.point) <= 1_600.0))
        .map(|zone| u64::from(zone.residents))
        .sum();
    assert_eq!(told.total.within, plain);
}

#[test]
fn people_near_a_practice_by_borough_and_decile_are_those_of_the_expected_table() {
    let (Some(zones), Some(practices)) = (zones(), practices()) else { return };
    let standard = standard("gp_walk_20");
    let offers: Vec<Offer> = practices
        .iter()
        .map(|gp| Offer {
            site: gp.code.clone(),
            service_line: ServiceLine::PrimaryCare,
            gates: None,
        })
        .collect();
    let times = times(&zones, &practices, standard.mode, &standard);
    let reached = access::reach(&standard, &zones, &times, &State::new("London", offers));

    let mut told = Vec::new();
    for (by, word) in [(access::By::Borough, "borough"), (access::By::Decile, "decile")] {
        for part in access::parts(&standard, &reached, by) {
            let name = if by == access::By::Borough { part.figures.name.as_str() } else { "" };
            let (people, within) = (part.figures.people, part.figures.within);
            told.push(format!("{word},{},{name},{people},{within}", part.key));
        }
    }
    told.sort();

    let expected = include_str!("expected/gp_walk_20.csv");
    let mut wanted: Vec<&str> = expected.lines().skip(1).collect();
    wanted.sort_unstable();
    assert_eq!(wanted.len(), 43);
    assert_eq!(told, wanted);
}

/// Read off the files with a pocket calculator: differences of eastings and northings, squared, added, the root drawn.
#[test]
fn four_journeys_worked_by_hand_are_found() {
    let (Some(zones), Some(practices)) = (zones(), practices()) else { return };
    let standard = standard("gp_walk_20");
    let pace = StraightLine::of(standard.mode, &config::assumptions().unwrap()).unwrap();
    let sites: Vec<_> = practices.iter().map(|gp| (gp.code.clone(), gp.point)).collect();
    let times = straight_line(&zones, &sites, standard.mode, pace.minutes(3_000.0), pace);
    for (zone, site, east, north, is_within) in [
        // London's shortest journey: 4.5 m east and 1.2 m south.
        ("E01034593", "E84676", 513_914.5 - 513_910.0, 190_188.8 - 190_187.0, true),
        // Its longest: Harrow, 2.5 km to the north-east of Stanmore.
        ("E01002225", "E84658", 515_898.4 - 514_850.0, 193_044.5 - 190_815.0, false),
        // The last within a mile, in Richmond, and the first beyond, in Greenwich: 7 m short, 4 m over.
        ("E01003816", "H84048", 517_994.1 - 517_164.0, 172_877.6 - 174_237.0, true),
        ("E01001614", "G83002", 544_610.0 - 545_790.0, 174_798.9 - 175_886.0, false),
    ] {
        let metres = f64::sqrt(east * east + north * north);
        let nearest = times.row(times.zone_index(zone).unwrap())[0];
        assert_eq!(times.sites[nearest.site as usize].as_str(), site, "{zone}");
        // 80 m a minute along streets 1.3 times as long as the straight line.
        assert!((nearest.minutes.0 - metres * 1.3 / 80.0).abs() < 1e-9, "{zone}");
        let limit = standard.limit_in(&times).unwrap();
        assert_eq!(nearest.minutes.0 <= limit.0, is_within, "{zone}: {metres} m");
        assert_eq!(metres <= 1_600.0, is_within, "{zone}: {metres} m");
    }
}

#[test]
fn groups_are_counted_apart_and_unsurveyed_gates_leave_everybody_in_doubt() {
    let (Some(zones), Some(practices)) = (zones(), practices()) else { return };

    let no_car = assess("gp_walk_20_no_car", &zones, &practices, None).total;
    let unsurveyed = assess("gp_step_free", &zones, &practices, None).total;
    let surveyed = assess("gp_step_free", &zones, &practices, Some(true)).total;

    assert_eq!((no_car.people, no_car.within), (3_586_746, 3_573_265));
    assert_eq!((unsurveyed.people, unsurveyed.within), (1_164_460, 0));
    assert_eq!((unsurveyed.undetermined, unsurveyed.beyond), (1_153_533, 1_164_460 - 1_153_533));
    assert_eq!((surveyed.within, surveyed.undetermined), (1_153_533, 0));
    assert_eq!(unsurveyed.verdict, access::Verdict::Undetermined);
}

#[test]
fn the_index_finds_the_practices_that_looking_at_all_of_them_finds() {
    let (Some(zones), Some(practices)) = (zones(), practices()) else { return };
    let index = SiteIndex::from_points(practices.iter().map(|gp| (gp.code.clone(), gp.point)));

    let started = Instant::now();
    let found: Vec<_> = zones.iter().map(|zone| index.nearest(zone.point, 5)).collect();
    let by_index = started.elapsed();
    // A tenth of the zones: sorting all practices for each takes its time without optimisation.
    let started = Instant::now();
    for (zone, found) in zones.iter().zip(&found).step_by(10) {
        let mut all: Vec<(f64, &SiteCode)> =
            practices.iter().map(|gp| (gp.point.metres_to(zone.point), &gp.code)).collect();
        all.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(b.1)));
        let told: Vec<(f64, &SiteCode)> =
            found.iter().map(|near| (near.metres, near.code)).collect();
        assert_eq!(told, all[..5]);
    }
    let by_scan = started.elapsed() * 10;
    println!("5 nearest of 1,169 from 4,994 zones: {by_index:?}, by scan about {by_scan:?}");
}
