//! What street networks take: a synthetic town, prepared, and its tables beside plain Dijkstra in the same run.

use std::io::Write;
use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use super::super::table;
use super::{ratio, seconds};
use crate::register::Point;
use crate::travel::{FAR, Network, Profile, Search, Snap, build, dijkstra};
use crate::{config, synth};

/// Crossings each way: enough for a million vertices by car once what needs no vertex is joined.
const SIDE: u32 = 1_070;
const ZONES: usize = 5_000;
const SITES: usize = 2_000;
/// Sources the baseline is measured on; all of them would take minutes.
const BASELINE: usize = 8;

/// Prints the table.
pub(super) fn measure(out: &mut dyn Write) -> anyhow::Result<()> {
    let threads = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let speeds = config::speed_table()?;
    let began = Instant::now();
    let osm = synth::streets(SIDE, 1);
    let made = began.elapsed();
    let began = Instant::now();
    let (mut drive, report) = build(&osm, Profile::Drive, &speeds);
    let built = began.elapsed();
    let (walk, _) = build(&osm, Profile::Walk, &speeds);
    let began = Instant::now();
    drive.prepare(&mut |_| true);
    let prepared = began.elapsed();
    drop(osm);

    let drive_places = places(&drive, ZONES + SITES);
    let (zones, sites) = drive_places.split_at(ZONES);
    let began = Instant::now();
    let matrix = drive.table(zones, sites, threads).unwrap_or_default();
    let tabled = began.elapsed();
    let began = Instant::now();
    let mut wrong = 0_usize;
    for (row, zone) in zones.iter().take(BASELINE).enumerate() {
        let distances = dijkstra(drive.graph(), &drive.starts(*zone));
        for (column, site) in sites.iter().enumerate() {
            let by_streets =
                drive.ends(*site).iter().map(|(v, ms)| distances[*v as usize] + ms).min();
            let plain = drive.direct(*zone, *site).into_iter().chain(by_streets).min();
            let cell = matrix.get(row * SITES + column).copied();
            wrong += usize::from(cell != Some(plain.unwrap_or(FAR).min(FAR)));
        }
    }
    let plain = began.elapsed().mul_f64(ZONES as f64 / BASELINE as f64);
    anyhow::ensure!(wrong == 0, "{wrong} entries differ from plain Dijkstra");

    let walk_places = places(&walk, ZONES + SITES);
    let (walk_zones, walk_sites) = walk_places.split_at(ZONES);
    let began = Instant::now();
    let reached = walk.reaching(walk_zones, walk_sites, 30 * 60_000, threads);
    let walked = began.elapsed();
    let pairs: usize = reached.iter().map(Vec::len).sum();
    let turned = walk.graph().reversed();
    let mut search = Search::new(&turned);
    let mut settled = 0_usize;
    for site in walk_sites.iter().take(200) {
        search.run(&turned, &walk.ends(*site), 30 * 60_000);
        settled += search.reached().len();
    }
    let began = Instant::now();
    for site in walk_sites.iter().take(BASELINE) {
        std::hint::black_box(dijkstra(&turned, &walk.ends(*site)));
    }
    let plain_walk = began.elapsed().mul_f64(SITES as f64 / BASELINE as f64);

    let (junctions, vertices, segments) = drive.size();
    writeln!(
        out,
        "Travel (a synthetic town, made up by this program: {vertices} vertices by car, {segments} segments, {} turn restrictions; {} vertices on foot; {threads} threads)",
        report.restrictions_kept,
        walk.size().1,
    )?;
    let arcs = drive.hierarchy().map_or(0, crate::travel::Hierarchy::arc_count);
    let row = |what: String, time: Duration, goal: &str, baseline: Option<Duration>| {
        let cores = time.mul_f64(threads as f64);
        vec![
            what,
            seconds(time),
            goal.to_owned(),
            baseline.map_or_else(String::new, |b| ratio(b, cores)),
        ]
    };
    table::print(
        out,
        &["what", ">seconds", ">goal", ">x plain Dijkstra, per core"],
        &[
            row("making the map".to_owned(), made, "", None),
            row(
                format!("by car: ways joined to {junctions} junctions, restricted ones split"),
                built,
                "",
                None,
            ),
            row(format!("by car: prepared once ({arcs} arcs and shortcuts)"), prepared, "", None),
            row(format!("by car: {ZONES} x {SITES} pairs"), tabled, "≤ 1", Some(plain)),
            row(
                format!(
                    "on foot: all within 30 min of {SITES} sites ({pairs} zone pairs, {} vertices a site)",
                    settled.div_euclid(200)
                ),
                walked,
                "≤ 0.5",
                Some(plain_walk),
            ),
            vec![
                format!(
                    "baseline by car, one thread, from {BASELINE} of {ZONES} zones, {} entries compared",
                    BASELINE * SITES
                ),
                seconds(plain),
                String::new(),
                "1.0".to_owned(),
            ],
            vec![
                format!("baseline on foot, one thread, from {BASELINE} of {SITES} sites"),
                seconds(plain_walk),
                String::new(),
                "1.0".to_owned(),
            ],
        ],
    )?;
    writeln!(out)?;
    Ok(())
}

/// Places scattered over the town, the same each time.
fn places(network: &Network, count: usize) -> Vec<Snap> {
    let side = f64::from(SIDE) * 40.0;
    // Steps of the golden ratio and of its square fill a square evenly.
    let at = |turn: f64, step: f64| (turn * step).fract() * side;
    (0..count * 2)
        .map(|turn| turn as f64)
        .filter_map(|turn| {
            let (east, north) = (at(turn, 0.754_877_666), at(turn, 0.569_840_291));
            network.snap(Point::new(505_040.0 + east, 155_040.0 + north).ok()?)
        })
        .take(count)
        .collect()
}
