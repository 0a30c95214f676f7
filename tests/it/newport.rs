//! Streets of a real town: the Newport extract of OpenStreetMap.

#![expect(clippy::print_stdout, reason = "a skipped test must show")]

use std::fmt::Write as _;
use std::path::PathBuf;

use geo::{Area as _, Intersects as _, Relate as _, Validation as _};

use domesday::access::{Area, Centile, Group, Limit, Standard};
use domesday::config;
use domesday::geography::{Geography, LonLat, Zone, Zones, from_wgs84};
use domesday::import::networks::NetworksFault;
use domesday::import::travel::{Given, Task, TravelError, TravelRequest, carry_out};
use domesday::import::{InputFile, streets, timetable};
use domesday::register::{Minutes, Point, ReferenceKind, ServiceLine, SiteCode};
use domesday::scenario::AccessToday;
use domesday::store::{Scope, Store};
use domesday::travel::timetable::Wheelchair;
use domesday::travel::{
    Departures, Ends, FAR, Journeys, KeptTimetable, Mode, Network, Profile, Rider, StraightLine,
    Walking, Work, build, by_street, decode_streets, decode_timetable, dijkstra, encode_streets,
    encode_timetable,
};

fn map() -> Option<Vec<u8>> {
    file("newport-2023-06-13.osm.pbf")
}

fn file(name: &str) -> Option<Vec<u8>> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let folder = std::env::var_os("DOMESDAY_SHARED_DATA").map_or(beside, PathBuf::from);
    let path = folder.join("transport").join(name);
    let bytes = std::fs::read(&path).ok();
    if bytes.is_none() {
        println!("SKIPPED: {} is not here", path.display());
    }
    bytes
}

fn zones(places: &[Point]) -> Zones {
    let zone = |(number, point): (usize, &Point)| Zone {
        code: format!("E{number:03}"),
        point: *point,
        borough_code: String::new(),
        borough_name: String::new(),
        icb_code: String::new(),
        icb_name: String::new(),
        ward_code: String::new(),
        ward_name: String::new(),
        residents: 1,
        disabled: None,
        aged_65_plus: None,
        households: None,
        no_car_households: None,
        imd_decile: None,
        ptai: None,
    };
    Zones::new(Zones::empty().evidence, places.iter().enumerate().map(zone).collect())
}

/// Places spread over the town: every so many-th node of the map that lies on a street of the largest part.
fn places(osm: &domesday::travel::osm::Osm, network: &Network, count: usize) -> Vec<Point> {
    let on_main = |point: &Point| {
        network.snap(*point).is_some_and(|snap| snap.metres < 30.0 && !network.is_island(snap))
    };
    let step = osm.nodes.len().div_euclid(count * 3);
    osm.nodes.iter().step_by(step).map(|(_, point)| *point).filter(on_main).take(count).collect()
}

#[test]
fn minutes_on_foot_in_newport_are_those_of_plain_dijkstra_and_of_a_town() {
    let Some(bytes) = map() else { return };
    let speeds = config::speed_table().unwrap();
    let reading = streets::read("newport.osm.pbf", &bytes).unwrap();
    let (network, report) = build(&reading.osm, Profile::Walk, &speeds);
    assert!(report.ways > 5_000, "{report:?}");
    let places = places(&reading.osm, &network, 60);
    let zones = zones(&places);
    let sites: Vec<(SiteCode, Point)> = (0..)
        .zip(places.iter().rev())
        .map(|(n, at)| (format!("S{n:03}").parse().unwrap(), *at))
        .collect();

    let made = by_street(
        std::slice::from_ref(&network),
        &zones,
        &sites,
        Minutes(30.0),
        ("Newport", ""),
        2,
    )
    .unwrap();

    let (mut pairs, mut detours) = (0, Vec::new());
    for (row, from) in places.iter().enumerate() {
        let start = network.snap(*from).unwrap();
        let reached = dijkstra(network.graph(), &network.starts(start));
        let ends: Vec<_> = sites.iter().map(|(_, to)| network.snap(*to).unwrap()).collect();
        let forwards = network.from_place(start, &ends, 30 * 60_000);
        for (column, (_, to)) in sites.iter().enumerate() {
            let end = network.snap(*to).unwrap();
            let through = network
                .ends(end)
                .into_iter()
                .filter(|(vertex, _)| reached[*vertex as usize] < FAR)
                .map(|(vertex, rest)| reached[vertex as usize] + rest);
            let plain = through.chain(network.direct(start, end)).min();
            assert_eq!(forwards[column], plain.filter(|ms| *ms <= 30 * 60_000).unwrap_or(FAR));
            let plain = plain.map(|ms| f64::from(ms) / 60_000.0).filter(|minutes| *minutes <= 30.0);
            assert_eq!(made.times.minutes(row, column).map(|minutes| minutes.0), plain);
            let apart = from.metres_to(*to);
            if let Some(minutes) = plain.filter(|_| apart > 400.0) {
                pairs += 1;
                // Nobody walks faster than the straight line, less the walk to the network that is told and not walked.
                assert!(minutes * 80.0 + 60.0 >= apart, "{minutes} minutes for {apart} m");
                detours.push(minutes * 80.0 / apart);
            }
        }
    }
    detours.sort_unstable_by(f64::total_cmp);
    let median = detours[detours.len().div_euclid(2)];
    println!("{pairs} pairs under 30 minutes, median detour {median:.2}");
    assert!(pairs > 100 && (1.1..1.7).contains(&median), "{pairs} pairs, median detour {median}");
}

#[test]
fn driving_in_newport_by_hierarchy_equals_plain_dijkstra_with_its_turns_forbidden() {
    let Some(bytes) = map() else { return };
    let speeds = config::speed_table().unwrap();
    let reading = streets::read("newport.osm.pbf", &bytes).unwrap();
    let (mut network, report) = build(&reading.osm, Profile::Drive, &speeds);
    assert!(report.restrictions_kept > 10, "{report:?}");
    assert!(network.prepare(&mut |_| true));
    let kept = decode_streets(&encode_streets(std::slice::from_ref(&network))).unwrap();
    // Not assert_eq: a town is too long to print.
    assert!(kept == [network.clone()], "a kept network is the network");
    let places = places(&reading.osm, &network, 40);
    let snaps: Vec<_> = places.iter().map(|at| network.snap(*at).unwrap()).collect();

    let table = network.table(&snaps, &snaps, 2).unwrap();

    for (row, from) in snaps.iter().enumerate() {
        let reached = dijkstra(network.graph(), &network.starts(*from));
        for (column, to) in snaps.iter().enumerate() {
            let through = network
                .ends(*to)
                .into_iter()
                .filter(|(vertex, _)| reached[*vertex as usize] < FAR)
                .map(|(vertex, rest)| reached[vertex as usize] + rest);
            let plain = through.chain(network.direct(*from, *to)).min().unwrap_or(FAR);
            assert_eq!(table[row * snaps.len() + column], plain, "{row} to {column}");
        }
    }
}

#[test]
fn step_free_minutes_are_told_apart_as_sure_and_perhaps() {
    let Some(bytes) = map() else { return };
    let speeds = config::speed_table().unwrap();
    let reading = streets::read("newport.osm.pbf", &bytes).unwrap();
    let network = |profile| build(&reading.osm, profile, &speeds).0;
    let (sure, perhaps) = (network(Profile::SurelyStepFree), network(Profile::PerhapsStepFree));
    assert!(perhaps.size().2 > sure.size().2, "what nobody recorded is kept apart");
    let places = places(&reading.osm, &perhaps, 20);
    let zones = zones(&places);
    let sites: Vec<(SiteCode, Point)> =
        (0..).zip(&places).map(|(n, at)| (format!("S{n:03}").parse().unwrap(), *at)).collect();

    let made =
        by_street(&[sure, perhaps], &zones, &sites, Minutes(30.0), ("Newport", ""), 2).unwrap();

    assert_eq!(made.times.mode, Mode::StepFreeWalk);
    assert!(made.times.perhaps.iter().flatten().count() > 0);
    for zone in 0..places.len() {
        for pair in made.times.perhaps(zone) {
            let sure = made.times.minutes(zone, pair.site as usize);
            assert!(sure.is_none_or(|sure| pair.minutes.0 < sure.0));
        }
    }
}

#[test]
fn an_isochrone_in_newport_is_valid_and_holds_whoever_is_within_and_the_shorter_one() {
    let Some(bytes) = map() else { return };
    let speeds = config::speed_table().unwrap();
    let reading = streets::read("newport.osm.pbf", &bytes).unwrap();
    for profile in [Profile::Walk, Profile::Drive] {
        let (network, _) = build(&reading.osm, profile, &speeds);
        let on_street = |point: &Point| network.snap(*point).is_some_and(|snap| snap.metres < 0.02);
        let nodes = reading.osm.nodes.iter().step_by(7).map(|(_, point)| *point);
        let nodes: Vec<Point> = nodes.filter(on_street).collect();
        for at in places(&reading.osm, &network, 4) {
            let place = network.snap(at).unwrap();
            let mut shorter: Option<geo::MultiPolygon<f64>> = None;
            for minutes in [1.0, 4.0, 10.0].map(Minutes) {
                let shape = network.isochrone(place, minutes);

                assert!(shape.is_valid() && shape.unsigned_area() > 0.0);
                let reached = network.reach_within(&nodes, place, minutes);
                for (node, _) in nodes.iter().zip(&reached).filter(|(_, is_reached)| **is_reached) {
                    // The node is put on the street to within two centimetres.
                    let (x, y) = (node.easting(), node.northing());
                    let there = geo::Rect::new((x - 0.05, y - 0.05), (x + 0.05, y + 0.05));
                    assert!(shape.intersects(&there), "{profile:?} {minutes:?} {node:?}");
                }
                if minutes.0 >= 10.0 {
                    assert!(reached.iter().filter(|is| **is).count() > 20);
                    assert!(reached.iter().any(|is| !is), "not all of the town in ten minutes");
                }
                if profile == Profile::Walk {
                    // Nobody walks faster than the straight line; a square's far corner is 71 m from its street.
                    let most = minutes.0 * 80.0 + place.metres + 71.0 + 1.0;
                    for corner in shape.iter().flat_map(|part| part.exterior().coords()) {
                        let apart = (corner.x - at.easting()).hypot(corner.y - at.northing());
                        assert!(apart <= most, "{apart} m in {minutes:?}");
                    }
                }
                if let Some(shorter) = shorter {
                    assert!(shape.relate(&shorter).is_covers());
                }
                shorter = Some(shape);
            }
        }
    }
}

#[test]
fn a_map_that_is_cut_short_says_where() {
    let Some(bytes) = map() else { return };
    let told = streets::read("newport.osm.pbf", &bytes[..bytes.len().div_euclid(2)])
        .unwrap_err()
        .to_string();
    assert!(told.starts_with("newport.osm.pbf: block "), "{told}");
    assert!(told.contains("cut short"), "{told}");
}

#[test]
fn buses_in_newport_are_never_slower_than_walking_and_more_changes_never_hurt() {
    let (Some(bytes), Some(gtfs)) = (map(), file("newport-20230613_gtfs.zip")) else { return };
    let speeds = config::speed_table().unwrap();
    let rules = config::timetable_rules().unwrap();
    let osm = streets::read("newport.osm.pbf", &bytes).unwrap().osm;
    let network = |profile| build(&osm, profile, &speeds).0;
    let walk = network(Profile::Walk);
    let (sure, perhaps) = (network(Profile::SurelyStepFree), network(Profile::PerhapsStepFree));
    let read = timetable::read("newport.zip", &gtfs).unwrap().timetable;
    assert_eq!(read.trips.len(), 176);
    assert_eq!(read.trips.iter().map(|trip| trip.calls.len()).sum::<usize>(), 7_765);
    assert!(read.trips.iter().all(|trip| trip.wheelchair == Wheelchair::Unknown));
    let places = places(&osm, &walk, 40);
    let zones = zones(&places);
    let sites: Vec<(SiteCode, Point)> = (0..)
        .zip(places.iter().rev())
        .map(|(n, at)| (format!("S{n:03}").parse().unwrap(), *at))
        .collect();
    let ends = Ends::new(&zones, &sites);
    let asked = |changes| Departures {
        date: "2023-06-13".parse().unwrap(),
        window: (495, 555),
        changes,
        limit: Minutes(60.0),
        rules: &rules,
        source: "Newport",
        hash: "",
    };

    let [none, _] =
        read.minutes(&ends, Walking::Streets(&walk), asked(0), Work::unheard(2)).unwrap();
    let [median, late] =
        read.minutes(&ends, Walking::Streets(&walk), asked(2), Work::unheard(2)).unwrap();
    let step_free = read.step_free_minutes(
        &ends,
        (Some(Walking::Streets(&sure)), Walking::Streets(&perhaps)),
        asked(2),
        Work::unheard(2),
    );
    let [step_free, late_step_free] = step_free.unwrap();
    let on_foot =
        by_street(std::slice::from_ref(&walk), &zones, &sites, Minutes(60.0), ("Newport", ""), 2)
            .unwrap()
            .times;

    let on_wheels = by_street(&[sure], &zones, &sites, Minutes(60.0), ("Newport", ""), 2);
    let on_wheels = on_wheels.unwrap().times;

    let count = |rows: &[Vec<domesday::travel::Pair>]| rows.iter().map(Vec::len).sum::<usize>();
    let mut saved = 0;
    for zone in 0..places.len() {
        for site in 0..sites.len() {
            let minutes = |times: &domesday::travel::TravelTimes| {
                times.minutes(zone, site).map_or(f64::INFINITY, |minutes| minutes.0)
            };
            let by_bus = minutes(&median);
            // Walks are counted in whole seconds, rounded up.
            assert!(by_bus <= minutes(&on_foot) + 1.0 / 60.0 || minutes(&on_foot) > 59.98);
            assert!(by_bus <= minutes(&none) && by_bus <= minutes(&late));
            if by_bus + 5.0 < minutes(&on_foot) {
                saved += 1;
            }
            // No vehicle is known to take a wheelchair: what is sure is sure on wheels all the way.
            let (told, wheels) = (minutes(&step_free), minutes(&on_wheels));
            let is_same = told.is_infinite() && wheels.is_infinite();
            assert!(is_same || (told - wheels).abs() <= 1.0 / 60.0 || wheels > 59.98);
            let told = step_free.minutes(zone, site);
            assert_eq!(late_step_free.minutes(zone, site), told, "no departure is waited for");
        }
    }
    println!(
        "{} pairs on foot, {} by bus (median), {} late, {saved} at least 5 minutes sooner by bus; step-free {} sure, {} perhaps",
        count(&on_foot.rows),
        count(&median.rows),
        count(&late.rows),
        count(&step_free.rows),
        count(&step_free.perhaps)
    );
    assert!(saved > 20, "{saved} pairs gain from buses");
    assert!(count(&late.rows) <= count(&median.rows));
    assert!(count(&step_free.perhaps) > count(&step_free.rows));
    let perhaps = [&step_free, &late_step_free].map(|times| count(&times.perhaps));
    assert!(perhaps[1] < perhaps[0], "{perhaps:?}");
}

#[test]
fn an_isochrone_by_bus_in_newport_holds_the_zones_whose_minutes_are_within_and_no_other() {
    let (Some(bytes), Some(gtfs)) = (map(), file("newport-20230613_gtfs.zip")) else { return };
    let osm = streets::read("newport.osm.pbf", &bytes).unwrap().osm;
    let walk = build(&osm, Profile::Walk, &config::speed_table().unwrap()).0;
    let places = places(&osm, &walk, 150);
    let zones = zones(&places);
    let sites: Vec<(SiteCode, Point)> = (0..)
        .zip(places.iter().step_by(37))
        .map(|(n, at)| (format!("S{n:03}").parse().unwrap(), *at))
        .collect();
    let figures = config::assumptions().unwrap();
    let kept = KeptTimetable {
        timetable: timetable::read("newport.zip", &gtfs).unwrap().timetable,
        date: "2023-06-13".parse().unwrap(),
        window: (495, 555),
        changes: 2,
        rules: config::timetable_rules().unwrap(),
        on_foot: StraightLine::of(Mode::Walk, &figures).unwrap(),
        on_wheels: StraightLine::of(Mode::StepFreeWalk, &figures).unwrap(),
    };
    // By the bytes that are kept.
    let stored = encode_timetable(&kept);
    assert_eq!(decode_timetable(&stored).unwrap(), kept);
    println!("{} bytes of timetable", stored.len());
    let asked = Departures {
        date: kept.date,
        window: kept.window,
        changes: kept.changes,
        limit: Minutes(60.0),
        rules: &kept.rules,
        source: "Newport",
        hash: "",
    };
    let walking = Walking::Streets(&walk);
    let ends = Ends::new(&zones, &sites);
    let [median, late] = kept.timetable.minutes(&ends, walking, asked, Work::unheard(2)).unwrap();
    let begun = std::time::Instant::now();
    let journeys = Journeys::new(&kept, Rider::Anyone, walking, Minutes(240.0), 2);
    println!("ready in {:?}", begun.elapsed());

    let (mut within, mut stray) = (0, 0);
    for (site, (_, at)) in sites.iter().enumerate() {
        // To the second, both centiles, and both ways of searching.
        let towards = journeys.towards(walking, *at, Minutes(60.0));
        for (centile, table) in [(50, &median), (90, &late)] {
            let told = towards.minutes(walking, &places, centile, 2);
            for (zone, told) in told.into_iter().enumerate() {
                assert_eq!(told, table.minutes(zone, site), "{zone} to {site}");
            }
        }
        let to_all: Vec<Point> = sites.iter().map(|(_, at)| *at).collect();
        let zone = places.iter().position(|place| place == at).unwrap();
        let from_here = journeys.minutes_from(walking, *at, &to_all, 50, 2);
        for (to, told) in from_here.into_iter().enumerate() {
            let told = told.filter(|minutes| minutes.0 <= 60.0);
            assert_eq!(told, median.minutes(zone, to), "{zone} to {to}");
        }

        let mut shorter: Option<geo::MultiPolygon<f64>> = None;
        for limit in [10.0, 20.0, 30.0] {
            let begun = std::time::Instant::now();
            let towards = journeys.towards(walking, *at, Minutes(limit));
            let shape = towards.isochrone(walking, 50, 2);
            println!("{limit} minutes to site {site} in {:?}", begun.elapsed());
            assert!(shape.is_valid());
            if let Some(shorter) = shorter {
                assert!(shape.relate(&shorter).is_covers());
            }
            for (zone, place) in places.iter().enumerate() {
                let minutes = median.minutes(zone, site).map_or(f64::INFINITY, |m| m.0);
                let is_inside =
                    shape.intersects(&geo::Point::new(place.easting(), place.northing()));
                // A piece of 50 m is judged by its middle, half a minute's walk from its ends at most, and
                // whoever leaves so much later may miss one departure of sixty-one.
                assert!(is_inside || minutes > limit - 1.5, "{zone}: {minutes} of {limit}");
                // A square is drawn whole: whoever else is in it has a walk to the street that is within.
                assert!(!is_inside || minutes <= limit + 4.0, "{zone}: {minutes} of {limit}");
                within += u32::from(is_inside);
                stray += u32::from(is_inside != (minutes <= limit));
            }
            shorter = Some(shape);
        }
    }
    println!("{within} zones inside, {stray} told otherwise by the drawing than by their minutes");
    assert!(within > 200 && stray * 20 < within, "{stray} of {within}");
}

#[test]
fn a_timetable_that_is_cut_short_is_a_sentence() {
    let Some(gtfs) = file("newport-20230613_gtfs.zip") else { return };
    let told = timetable::read("newport.zip", &gtfs[..gtfs.len().div_euclid(2)]).unwrap_err();
    assert!(told[0].to_string().starts_with("newport.zip"), "{}", told[0]);
}

/// The whole road: places in, streets prepared, a timetable taken, and access judged by the minutes that are kept.
#[test]
fn a_register_is_given_minutes_by_street_and_timetable_and_access_is_judged_by_them() {
    let Some(bytes) = map() else { return };
    let reading = streets::read("newport.osm.pbf", &bytes).unwrap();
    let (network, _) = build(&reading.osm, Profile::Walk, &config::speed_table().unwrap());
    let spread = places(&reading.osm, &network, 24);
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let mut sites = String::from("site_code,as_of,name,organisation_code,tenure,location\n");
    let mut tenancies =
        String::from("tenancy_id,as_of,site_code,tenancy_name,service_line,tenancy_status\n");
    let mut zones = String::from(
        "code,easting,northing,borough_code,borough_name,icb_code,icb_name,ward_code,ward_name,residents,disabled,aged_65_plus,households,no_car_households,imd_decile\n",
    );
    for (number, point) in spread.iter().enumerate() {
        let at = format!("{:.0} {:.0}", point.easting(), point.northing());
        if number < 4 {
            writeln!(sites, "ZNP{number:02},2023-06-13,Surgery {number},ZNP,freehold,{at}")
                .unwrap();
            writeln!(
                tenancies,
                "ZNP{number:02}-GP,2023-06-13,ZNP{number:02},Practice {number},primary_care,open"
            )
            .unwrap();
        } else {
            let (east, north) = (point.easting(), point.northing());
            writeln!(
                zones,
                "W0100{number:04},{east:.0},{north:.0},W06000022,Newport,QAA,Board,W05000001,Ward,1500,150,300,600,200,{}",
                number.rem_euclid(10) + 1
            ).unwrap();
        }
    }
    for (name, text) in
        [("sites.csv", sites), ("tenancies.csv", tenancies), ("zones-2023-06.csv", zones)]
    {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let told = |arguments: &[&str]| {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_domesday"))
            .args(arguments)
            .env("DOMESDAY_STORE", format!("sqlite:{}", path("n.db")))
            .env("USER", "newport")
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let fault = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {text}\n{fault}");
        text
    };
    let shared = |name: &str| {
        let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
        let data = std::env::var_os("DOMESDAY_SHARED_DATA").map_or(beside, PathBuf::from);
        data.join("transport").join(name).display().to_string()
    };
    told(&["import", "zones", &path("zones-2023-06.csv")]);
    told(&["import", "sites", &path("sites.csv")]);
    told(&["import", "tenancies", &path("tenancies.csv")]);
    let catchments = ["access", "catchments", "--supply", "sites", "--mode"];
    let by_line = told(&[&catchments[..], &["public_transport"]].concat());
    assert!(by_line.contains("straight-line distance"), "{by_line}");

    told(&["travel", "prepare", &shared("newport-2023-06-13.osm.pbf"), "--as-of", "2023-06-13"]);
    let timetable = shared("newport-20230613_gtfs.zip");
    let day = ["--date", "2023-06-13", "--as-of", "2023-06-13"];
    let window = ["--window", "08:15-09:15"];
    let taken = told(&[&["travel", "timetable", &timetable][..], &day[..], &window[..]].concat());

    assert!(taken.contains("by public transport") && taken.contains("90th centile"), "{taken}");
    let kept = told(&["travel", "list"]);
    for mode in
        ["walk ", "step_free_walk", "drive", "timetable ", "public_transport ", "late minutes"]
    {
        assert!(kept.contains(mode), "{mode}: {kept}");
    }
    let by_bus = told(&[&catchments[..], &["public_transport"]].concat());
    assert!(by_bus.contains("timetable newport-20230613_gtfs.zip"), "{by_bus}");
    let on_foot = told(&[&catchments[..], &["walk"]].concat());
    assert!(on_foot.contains("shortest way by street"), "{on_foot}");
    assert_ne!(by_line, by_bus);

    // A standard of nine departures in ten is held against minutes of its own.
    let store = Store::open(&path("n.db")).unwrap();
    let scope = Scope::command_line();
    let snapshot = store.snapshot(&scope).unwrap();
    let figures = config::assumptions().unwrap();
    let shipped = config::standards().unwrap();
    let gp = shipped.iter().find(|held| held.service_line == ServiceLine::PrimaryCare).unwrap();
    let within = |geography: &Geography, mode: Mode| {
        let limits = [10.0, 15.0, 20.0, 25.0, 30.0, 40.0];
        let asked = limits.into_iter().flat_map(|minutes| {
            Centile::ALL.map(|centile| Standard {
                key: format!("gp_{minutes}_{}", centile.number()),
                mode,
                limit: Limit::Minutes(minutes),
                group: Group::Everyone,
                area: Area::All,
                centile,
                ..gp.clone()
            })
        });
        let (gates, bases) = (config::gate_rules().unwrap(), config::team_bases().unwrap());
        let (register, figures) = (&snapshot.register, figures.clone());
        let rules = (&gates, &bases);
        let today = AccessToday::new(register, geography, asked.collect(), figures, rules).unwrap();
        today.assessments
    };
    let mut without = Geography::clone(&snapshot.geography);
    for (mode, late) in [
        (Mode::PublicTransport, ReferenceKind::LatePublicTransportTimes),
        (Mode::StepFreePublicTransport, ReferenceKind::LateStepFreePublicTransportTimes),
    ] {
        without.times.remove(&late);
        let (judged, unjudged) = (within(&snapshot.geography, mode), within(&without, mode));
        let mut later = 0;
        for (of_both, without) in judged.chunks(2).zip(unjudged.chunks(2)) {
            let [median, late] = [&of_both[0], &of_both[1]];
            assert!(median.travel.contains(", median,") && late.travel.contains("90th centile"));
            assert!(late.total.within <= median.total.within);
            assert!(late.total.beyond >= median.total.beyond);
            later += late.total.beyond - median.total.beyond;
            assert_eq!(without[0], *median);
            let untold = &without[1];
            assert_eq!((untold.total.within, untold.total.undetermined), (0, untold.total.people));
            assert!(untold.travel.starts_with("not known: none are kept"), "{}", untold.travel);
        }
        assert!(
            later > 0,
            "{mode:?}: some are perhaps within at the median, and not nine times in ten"
        );
    }

    // Worked out once more without the file: all is as it was.
    let again = told(&["travel", "times"]);
    assert!(again.contains("Nothing new") && again.contains("90th centile"), "{again}");

    // Stopped wherever: nothing is kept, and no report says otherwise.
    let held = || {
        (store.snapshot(&scope).unwrap().register.version, store.imports(&scope, 99).unwrap().len())
    };
    let before = held();
    let name = "newport-20230613_gtfs.zip".to_owned();
    let bytes = std::fs::read(&timetable).unwrap();
    let request = TravelRequest {
        task: Task::Timetable {
            given: Given {
                file: InputFile { name: name.clone(), bytes },
                source: name,
                as_of: "2023-06-13".parse().unwrap(),
            },
            date: "2023-06-13".parse().unwrap(),
            window: (495, 500),
            changes: 1,
            rules: config::timetable_rules().unwrap(),
            on_foot: StraightLine::of(Mode::Walk, &figures).unwrap(),
            on_wheels: StraightLine::of(Mode::StepFreeWalk, &figures).unwrap(),
        },
        limit: Minutes(60.0),
        author: "newport".to_owned(),
        at: chrono::Utc::now().naive_utc(),
    };
    for last in [0.0, 0.3, 0.7] {
        let stopped = carry_out(&store, &scope, &request, &mut |share, _: &str| share < last);
        assert!(matches!(stopped, Err(TravelError::Networks(NetworksFault::Stopped))));
        assert_eq!(held(), before);
    }
    let (_, report) = carry_out(&store, &scope, &request, &mut |_, _: &str| true).unwrap();
    assert_eq!((report.version, report.changes), (Some(before.0 + 1), 5));
}

/// By such a map everybody's journey would be not known, by such a timetable nobody would reach anything, and what was known
/// before would be gone.
#[test]
fn a_map_and_a_timetable_of_another_place_are_refused_and_nothing_is_kept_of_them() {
    let name = "newport-20230613_gtfs.zip".to_owned();
    let (Some(bytes), Some(timetable)) = (map(), file(&name)) else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let zones = "code,easting,northing,borough_code,borough_name,icb_code,icb_name,ward_code,ward_name,residents,disabled,aged_65_plus,households,no_car_households,imd_decile
\
        E01000001,532151,181627,E09000001,City of London,QMF,Board,E05000001,Ward,1500,150,300,600,200,9\n";
    std::fs::write(folder.path().join("zones-2023-06.csv"), zones).unwrap();
    let imported = std::process::Command::new(env!("CARGO_BIN_EXE_domesday"))
        .args(["import", "zones", &path("zones-2023-06.csv")])
        .env("DOMESDAY_STORE", format!("sqlite:{}", path("n.db")))
        .env("USER", "newport")
        .output()
        .unwrap();
    assert!(imported.status.success());
    let (store, scope) = (Store::open(&path("n.db")).unwrap(), Scope::command_line());
    let before = store.newest_version(&scope).unwrap();
    let as_of = "2023-06-13".parse().unwrap();
    let given = |name: &str, bytes: Vec<u8>| Given {
        file: InputFile { name: name.to_owned(), bytes },
        source: "Newport".to_owned(),
        as_of,
    };
    let speeds = config::speed_table().unwrap();
    let figures = config::assumptions().unwrap();
    let streets =
        Task::Streets { given: given("newport.osm.pbf", bytes), modes: vec![Mode::Walk], speeds };
    let rides = Task::Timetable {
        given: given(&name, timetable),
        date: as_of,
        window: (495, 500),
        changes: 1,
        rules: config::timetable_rules().unwrap(),
        on_foot: StraightLine::of(Mode::Walk, &figures).unwrap(),
        on_wheels: StraightLine::of(Mode::StepFreeWalk, &figures).unwrap(),
    };
    for (task, near) in [(streets, "no street near"), (rides, "no stop near")] {
        let request = TravelRequest {
            task,
            limit: Minutes(60.0),
            author: "newport".to_owned(),
            at: chrono::Utc::now().naive_utc(),
        };

        let (_, report) = carry_out(&store, &scope, &request, &mut |_, _: &str| true).unwrap();

        assert_eq!(store.newest_version(&scope).unwrap(), before);
        let told: Vec<String> = report.faults.iter().map(ToString::to_string).collect();
        assert!(matches!(&told[..], [one] if one.contains(near)), "{told:?}");
    }
}

/// Minutes of two established routers on the same map (`expected/README.md`): ours lie within the spread they show among
/// themselves.
#[test]
fn walks_under_half_an_hour_lie_within_what_established_routers_differ_by() {
    let Some(bytes) = map() else { return };
    let reading = streets::read("newport.osm.pbf", &bytes).unwrap();
    let (network, _) = build(&reading.osm, Profile::Walk, &config::speed_table().unwrap());
    let mut rows = csv::Reader::from_reader(include_str!("expected/newport_walk.csv").as_bytes());
    let mut reached: std::collections::BTreeMap<(u64, u64), Vec<u32>> =
        std::collections::BTreeMap::new();
    let (mut pairs, mut unreached) = (0_u32, 0_u32);
    let (mut peers, mut nearest, mut by) = (0.0, 0.0, [0.0; 3]);
    for row in rows.records() {
        let row = row.unwrap();
        let number = |at: usize| row[at].parse::<f64>().unwrap();
        let place = |longitude: f64, latitude: f64| {
            let at = from_wgs84(LonLat { longitude, latitude }).unwrap();
            network.snap(at)
        };
        let ends = place(number(0), number(1)).zip(place(number(2), number(3)));
        let Some((start, end)) = ends else {
            unreached += 1;
            continue;
        };
        let from = reached
            .entry((number(0).to_bits(), number(1).to_bits()))
            .or_insert_with(|| dijkstra(network.graph(), &network.starts(start)));
        let through = network
            .ends(end)
            .into_iter()
            .filter(|(vertex, _)| from[*vertex as usize] < FAR)
            .map(|(vertex, rest)| from[vertex as usize] + rest);
        let Some(ours) = through.chain(network.direct(start, end)).min() else {
            unreached += 1;
            continue;
        };
        let ours = f64::from(ours) / 60_000.0;
        let (valhalla, shortest, osrm) = (number(4), number(5), number(6));
        pairs += 1;
        peers += (valhalla - osrm).abs();
        for (sum, other) in by.iter_mut().zip([valhalla, shortest, osrm]) {
            *sum += (ours - other).abs();
        }
        nearest += (ours - valhalla).abs().min((ours - osrm).abs());
    }
    let mean = |sum: f64| sum / f64::from(pairs);
    let [valhalla, shortest, osrm] = by.map(mean);
    println!(
        "{pairs} walks, {unreached} to or from a street that leads nowhere here; minutes apart: ours and Valhalla {valhalla:.2}, \
         ours and Valhalla's shortest way {shortest:.2}, ours and OSRM {osrm:.2}, Valhalla and OSRM {:.2}",
        mean(peers)
    );
    assert!(pairs > 700 && unreached * 20 < pairs, "{pairs} {unreached}");
    // Against both routers' shortest ways; beside Valhalla as it comes, which adds time for steps and crossings and turns
    // away from alleys and drives, ours is nearer to the nearer of the two than they are to each other.
    assert!(osrm <= 0.6 && shortest <= 0.6, "{osrm} {shortest}");
    assert!(mean(nearest) <= mean(peers).min(0.6), "{} {}", mean(nearest), mean(peers));
    assert!(valhalla <= mean(peers) + 0.6 && shortest <= valhalla, "{valhalla} {shortest}");
}
