//! Minutes by timetable to one place from anywhere, and the ground they bound.
//!
//! Minutes between zones and sites are searched forwards from each zone. Towards one place the same search is run
//! backwards, over the day turned round: it says for each stop until when one may board there to arrive by when. From
//! that the minutes from any point follow by its walks to stops, and they are those the forward search finds, to the
//! second.

use std::collections::BTreeSet;

use geo::{Coord, MultiPolygon};

use super::by_timetable::{Window, nearest_rank, seconds};
use super::graph::index;
use super::isochrone::{Square, metres, outline, square_of, touch};
use super::raptor::{Day, NEVER, Riding, WalkTo};
use super::timetable::{Call, Rider};
use super::{KeptTimetable, Network, Pair, Snap, Stretch, Walking, square_side};
use crate::register::{Minutes, Point};

/// Sides of the squares of an isochrone whose walks are straight lines, metres.
const STRAIGHT_SIDE: f64 = 100.0;
/// Street is looked at in pieces of at most so many metres, each by its middle.
const PIECE: f64 = 50.0;
/// Stops whose walks are held at once.
const AT_ONCE: usize = 2_048;

/// A day of a timetable, ready to be asked again and again for the ways from a place or to it.
#[derive(Debug)]
pub struct Journeys {
    day: Day,
    /// The same turned round: its clock runs backwards from `end`.
    turned: Day,
    stops: Vec<Point>,
    /// First and last departure, minutes after midnight.
    window: (u32, u32),
    changes: u8,
    /// Longest walk to, between and from stops, seconds.
    farthest: u32,
    /// Seconds after midnight.
    end: u32,
    /// Longest journey, seconds.
    most: u32,
}

impl Journeys {
    /// Of the day the timetable is kept for, for journeys of at most `most`.
    pub fn new(
        kept: &KeptTimetable,
        rider: Rider,
        walking: Walking<'_>,
        most: Minutes,
        threads: usize,
    ) -> Self {
        let timetable = &kept.timetable;
        let stops: Vec<Point> = timetable.stops.iter().map(|stop| stop.point).collect();
        let farthest = seconds(kept.rules.farthest_walk_minutes);
        let between = walking.walks(&stops, &stops, farthest, threads);
        let between = timetable.changes(between, seconds(kept.rules.change_minutes), rider);
        let mut back = vec![Vec::new(); stops.len()];
        for (from, walks) in (0_u32..).zip(&between) {
            for walk in walks {
                if let Some(row) = back.get_mut(walk.to as usize) {
                    row.push(WalkTo { to: from, seconds: walk.seconds });
                }
            }
        }
        let (first, last) = kept.window;
        let most = seconds(most.0);
        let (start, end) = (first * 60, (last * 60).saturating_add(most));
        let running = timetable.running(kept.date, rider);
        let turned = running.iter().map(|calls| turn(calls, start, end));
        let turned = Day::new(turned.filter(|calls| calls.len() > 1).collect(), back);
        let day = Day::new(running, between);
        Self { day, turned, stops, window: kept.window, changes: kept.changes, farthest, end, most }
    }

    /// Minutes from a place to others, as [`Towards::minutes`] counts them: a search forwards.
    pub fn minutes_from(
        &self,
        walking: Walking<'_>,
        place: Point,
        to: &[Point],
        centile: u8,
        threads: usize,
    ) -> Vec<Option<Minutes>> {
        let mut minutes = vec![None; to.len()];
        let walks = |from: &[Point], to: &[Point], limit| walking.walks(from, to, limit, threads);
        let egress = walks(&self.stops, to, self.farthest);
        let access = walks(&[place], &self.stops, self.farthest);
        let direct = walks(&[place], to, self.most);
        let mut over =
            Window::new(&self.day, &egress, to.len(), (self.window, self.changes, self.most));
        for (access, direct) in access.iter().zip(&direct) {
            for Pair { site, minutes: found } in
                over.of(access, direct, [centile]).into_iter().flatten()
            {
                if let Some(held) = minutes.get_mut(site as usize) {
                    *held = Some(found);
                }
            }
        }
        minutes
    }

    /// Every way to a place within the limit, which is cut to the longest journey there may be.
    pub fn towards(&self, walking: Walking<'_>, place: Point, limit: Minutes) -> Towards {
        let limit = seconds(limit.0).min(self.most);
        let from_stops = walking.walks(&self.stops, &[place], self.farthest, 1);
        let egress: Vec<WalkTo> = (0_u32..)
            .zip(from_stops)
            .flat_map(|(to, walks)| {
                walks.into_iter().map(move |walk| WalkTo { to, seconds: walk.seconds })
            })
            .collect();
        // Nobody arrives but by a vehicle and the walk from it: these are all the moments anybody can.
        let mut moments: Vec<u32> = egress
            .iter()
            .flat_map(|walk| {
                let left = self.turned.departures(walk.to);
                left.filter_map(|at| at.checked_sub(walk.seconds))
            })
            .filter(|at| at + limit >= self.most)
            .collect();
        moments.sort_unstable();
        moments.dedup();
        let mut profiles: Vec<Vec<Boarding>> = vec![Vec::new(); self.stops.len()];
        let mut riding = Riding::new(&self.turned, self.changes);
        let start = self.window.0 * 60;
        for at in moments.into_iter().rev() {
            let latest = at.saturating_add(limit).min(self.end.saturating_sub(start));
            riding.depart(at, &egress, latest);
            for stop in riding.improved() {
                let by = self.end.saturating_sub(riding.arrival(*stop));
                let Some(profile) = profiles.get_mut(*stop as usize) else { continue };
                if profile.last().is_none_or(|before| before.by < by) {
                    profile.push(Boarding { by, arrives: self.end.saturating_sub(at) });
                }
            }
        }
        let served = self.stops.iter().copied().zip(profiles);
        Towards {
            place,
            limit,
            window: self.window,
            farthest: self.farthest,
            served: served.filter(|(_, profile)| !profile.is_empty()).collect(),
        }
    }
}

/// A trip's calls between two moments, last first, on a clock that runs backwards from the second.
fn turn(calls: &[Call], start: u32, end: u32) -> Vec<Call> {
    let within = calls.iter().rev().filter(|call| call.departs >= start && call.arrives <= end);
    let turned = within.map(|call| Call {
        stop: call.stop,
        arrives: end.saturating_sub(call.departs),
        departs: end - call.arrives,
        boards: call.alights,
        alights: call.boards && call.departs <= end,
    });
    turned.collect()
}

/// Ready to board at a stop by one moment, one arrives at the place at another; seconds after midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Boarding {
    by: u32,
    arrives: u32,
}

/// Every way by timetable to a place.
#[derive(Debug, Clone)]
pub struct Towards {
    place: Point,
    /// Seconds.
    limit: u32,
    window: (u32, u32),
    farthest: u32,
    /// Stops from which it is reached; both moments of their boardings grow.
    served: Vec<(Point, Vec<Boarding>)>,
}

/// Where journeys begin: points of the ground, or points of a network.
#[derive(Clone, Copy)]
enum Starts<'a> {
    Ground(&'a [Point]),
    Street(&'a Network, &'a [Snap]),
}

impl Towards {
    /// Minutes from each point, of so many departures in a hundred no worse: as kept minutes are, one departure a minute
    /// of the window, on foot all the way where that is sooner, one that does not arrive within the limit being
    /// infinite. `None` is beyond the limit, or on no street.
    pub fn minutes(
        &self,
        walking: Walking<'_>,
        from: &[Point],
        centile: u8,
        threads: usize,
    ) -> Vec<Option<Minutes>> {
        let took = self.took(walking, Starts::Ground(from), centile, threads);
        took.into_iter().map(|took| Some(Minutes(f64::from(took?) / 60.0))).collect()
    }

    /// The ground from which the place is reached within the limit, EPSG:27700 metres. By street it is every square of
    /// the grid that a piece of street touches whose middle is within; pieces are at most 50 m long. By straight lines
    /// it is every square of 100 m whose middle is.
    pub fn isochrone(
        &self,
        walking: Walking<'_>,
        centile: u8,
        threads: usize,
    ) -> MultiPolygon<f64> {
        match walking {
            Walking::Streets(network) => {
                let side = square_side(network.profile);
                let pieces = network.pieces(PIECE);
                let middle = |piece: &Stretch| Snap {
                    segment: piece.segment,
                    share: f64::midpoint(piece.from, piece.to),
                    metres: 0.0,
                };
                let middles: Vec<Snap> = pieces.iter().map(middle).collect();
                let starts = Starts::Street(network, &middles);
                let took = self.took(walking, starts, centile, threads);
                let mut squares = BTreeSet::new();
                let mut draw = |piece: &Stretch| {
                    let course: Vec<Coord<f64>> =
                        network.shape.segment(piece.segment).iter().copied().map(metres).collect();
                    touch(&course, (piece.from, piece.to), side, &mut squares);
                };
                for (piece, _) in pieces.iter().zip(took).filter(|(_, took)| took.is_some()) {
                    draw(piece);
                }
                // The place itself is there at once.
                if let Some(Snap { segment, share, .. }) = network.snap(self.place) {
                    draw(&Stretch { segment, from: share, to: share });
                }
                outline(&squares, side)
            }
            Walking::Straight(pace) => {
                let around = |minutes: f64| pace.radius(Minutes(minutes / 60.0));
                let (on_foot, to_stop) =
                    (around(f64::from(self.limit)), around(f64::from(self.farthest)));
                let mut near: BTreeSet<Square> = BTreeSet::new();
                let places = [(self.place, on_foot)].into_iter();
                for (at, radius) in
                    places.chain(self.served.iter().map(|(stop, _)| (*stop, to_stop)))
                {
                    near.extend(squares_around(at, radius));
                }
                let middle = |square: &Square| {
                    let [x, y] =
                        [square.0, square.1].map(|at| (f64::from(at) + 0.5) * STRAIGHT_SIDE);
                    Some((*square, Point::new(x, y).ok()?))
                };
                let (squares, middles): (Vec<Square>, Vec<Point>) =
                    near.iter().filter_map(middle).unzip();
                let took = self.took(walking, Starts::Ground(&middles), centile, threads);
                let within = squares.into_iter().zip(took).filter(|(_, took)| took.is_some());
                outline(&within.map(|(square, _)| square).collect(), STRAIGHT_SIDE)
            }
        }
    }

    /// Seconds from each start; `None` is beyond the limit.
    fn took(
        &self,
        walking: Walking<'_>,
        from: Starts<'_>,
        centile: u8,
        threads: usize,
    ) -> Vec<Option<u32>> {
        let walks = |to: &[Point], limit: u32| match from {
            Starts::Ground(points) => walking.walks(points, to, limit, threads),
            Starts::Street(network, snaps) => network.walks(snaps, to, limit, threads),
        };
        let (first, last) = self.window;
        let departures = last.saturating_sub(first) as usize + 1;
        let direct = walks(&[self.place], self.limit);
        // The earliest arrival of whoever leaves at each minute of the window, where any vehicle can be caught.
        let mut arrivals: Vec<Option<Box<[u32]>>> = vec![None; direct.len()];
        for served in self.served.chunks(AT_ONCE) {
            let stops: Vec<Point> = served.iter().map(|(stop, _)| *stop).collect();
            let walked = walks(&stops, self.farthest);
            for (held, walks) in arrivals.iter_mut().zip(walked) {
                for walk in walks {
                    let Some((_, profile)) = served.get(walk.to as usize) else { continue };
                    for boarding in profile {
                        // The last minute at which to leave for it.
                        let leaves =
                            boarding.by.checked_sub(walk.seconds).map(|at| at.div_euclid(60));
                        let Some(minute) = leaves.and_then(|at| at.min(last).checked_sub(first))
                        else {
                            continue;
                        };
                        let held =
                            held.get_or_insert_with(|| vec![NEVER; departures].into_boxed_slice());
                        if let Some(arrival) = held.get_mut(minute as usize) {
                            *arrival = (*arrival).min(boarding.arrives);
                        }
                    }
                }
            }
        }
        let mut took = Vec::with_capacity(direct.len());
        for (direct, arrivals) in direct.into_iter().zip(arrivals) {
            let walked = direct.iter().map(|walk| walk.seconds).min().unwrap_or(NEVER);
            let Some(arrivals) = arrivals else {
                took.push((walked <= self.limit).then_some(walked));
                continue;
            };
            // Whoever leaves sooner can catch all that whoever leaves later can.
            let mut earliest = NEVER;
            let mut all: Vec<u32> = Vec::with_capacity(departures);
            for (arrival, minute) in arrivals.iter().rev().zip((first..=last).rev()) {
                earliest = earliest.min(*arrival);
                let by_vehicle =
                    if earliest == NEVER { NEVER } else { earliest.saturating_sub(minute * 60) };
                all.push(by_vehicle.min(walked));
            }
            all.sort_unstable();
            let of_all = nearest_rank(&all, centile);
            took.push((of_all <= self.limit).then_some(of_all));
        }
        took
    }
}

/// The squares within a distance of a point, and some beyond it.
fn squares_around(at: Point, radius: f64) -> impl Iterator<Item = Square> {
    let span = |middle: f64| {
        square_of(middle - radius, STRAIGHT_SIDE)..=square_of(middle + radius, STRAIGHT_SIDE)
    };
    let rows = span(at.northing());
    span(at.easting()).flat_map(move |column| rows.clone().map(move |row| (column, row)))
}

impl Network {
    /// Every street that leads anywhere, in equal pieces of at most so many metres.
    fn pieces(&self, longest: f64) -> Vec<Stretch> {
        let mut pieces = Vec::new();
        for (number, segment) in (0_u32..).zip(&self.segments) {
            if segment.forward.min(segment.backward) >= super::FAR {
                continue;
            }
            let length = super::streets::length(self.shape.segment(number)) / 100.0;
            let mut from = 0.0;
            while from < 1.0 {
                let share = if length > longest { (length / longest).ceil().recip() } else { 1.0 };
                // The last ends where the street does, however its parts round.
                let to = if from + 1.5 * share > 1.0 { 1.0 } else { from + share };
                pieces.push(Stretch { segment: number, from, to });
                from = to;
            }
        }
        pieces
    }

    /// Walks of at most `limit` seconds from points of this network; part seconds count as whole ones.
    pub(super) fn walks(
        &self,
        from: &[Snap],
        to: &[Point],
        limit: u32,
        threads: usize,
    ) -> Vec<Vec<WalkTo>> {
        let snaps = to.iter().enumerate();
        let (places, ends): (Vec<usize>, Vec<Snap>) =
            snaps.filter_map(|(at, point)| Some((at, self.snap(*point)?))).unzip();
        let reached = self.reaching(from, &ends, limit.saturating_mul(1_000), threads);
        let mut walks = vec![Vec::new(); from.len()];
        for (place, row) in places.into_iter().zip(reached) {
            for (start, milliseconds) in row {
                if let Some(walks) = walks.get_mut(start as usize) {
                    let seconds = milliseconds.div_ceil(1_000);
                    walks.push(WalkTo { to: index(place), seconds });
                }
            }
        }
        walks
    }
}

#[cfg(test)]
mod tests {
    use geo::{Intersects as _, Validation as _};
    use proptest::prelude::*;

    use super::super::timetable::{
        DAY, Service, Stop, Timetable, TimetableRules, Transfer, Trip, Wheelchair,
    };
    use super::super::{Departures, Ends, StraightLine, Work, decode_timetable, encode_timetable};
    use super::*;
    use crate::geography::{Zone, Zones};
    use crate::register::SiteCode;

    const DATE: &str = "2026-04-01";

    fn at((x, y): (u32, u32)) -> Point {
        Point::new(500_000.0 + f64::from(x), 200_000.0 + f64::from(y)).unwrap()
    }

    fn word(number: u32) -> Wheelchair {
        [Wheelchair::Unknown, Wheelchair::Yes, Wheelchair::No][number as usize % 3]
    }

    prop_compose! {
        /// Six stops, up to a dozen trips around eight o'clock, some of the day before, and what is said of changes.
        fn kept()(
            stops in prop::collection::vec((0_u32..3_000, 0_u32..3_000, 0_u32..3), 6),
            trips in prop::collection::vec(
                (any::<bool>(), 0_u32..4_000, 0_u32..3,
                    prop::collection::vec((0_u32..6, 0_u32..600, 0_u32..90, any::<bool>(), any::<bool>()), 2..6)),
                0..12),
            said in prop::collection::btree_map((0_u32..6, 0_u32..6), 0_u32..240, 0..6),
            window in (470_u32..490, 0_u32..20),
            changes in 0_u8..4,
        ) -> KeptTimetable {
            let date: chrono::NaiveDate = DATE.parse().unwrap();
            let service = Service {
                id: "S".to_owned(),
                exceptions: [(date, true), (date.pred_opt().unwrap(), true)].into(),
                ..Service::default()
            };
            let trips = trips.into_iter().map(|(is_late, start, wheelchair, calls)| {
                let mut clock = if is_late { DAY } else { 0 } + 28_000 + start;
                let calls = calls.into_iter().map(|(stop, run, dwell, boards, alights)| {
                    let arrives = clock + run;
                    clock = arrives + dwell;
                    Call { stop, arrives, departs: clock, boards, alights }
                });
                Trip { id: "T".to_owned(), service: 0, wheelchair: word(wheelchair), calls: calls.collect() }
            });
            let transfer = |seconds: u32| match seconds % 4 {
                0 => Transfer::Never,
                1 => Transfer::Held,
                _ => Transfer::Takes(seconds),
            };
            let stop = |(x, y, wheelchair): (u32, u32, u32)| Stop {
                id: format!("{x}"),
                point: at((x, y)),
                wheelchair: word(wheelchair),
            };
            KeptTimetable {
                timetable: Timetable {
                    stops: stops.into_iter().map(stop).collect(),
                    trips: trips.collect(),
                    services: vec![service],
                    transfers: said.into_iter().map(|(pair, seconds)| (pair, transfer(seconds))).collect(),
                },
                date,
                window: (window.0, window.0 + window.1),
                changes,
                rules: TimetableRules {
                    name: "test".to_owned(),
                    source: "test".to_owned(),
                    as_of: date,
                    mark: "from_memory".to_owned(),
                    farthest_walk_minutes: 12.0,
                    change_minutes: 1.0,
                },
                on_foot: StraightLine::new(1.25, 80.0).unwrap(),
                on_wheels: StraightLine::new(1.3, 60.0).unwrap(),
            }
        }
    }

    proptest! {
        #[test]
        fn minutes_towards_a_place_and_from_one_are_those_between_zones_and_sites(
            kept in kept(),
            places in prop::collection::vec((0_u32..3_000, 0_u32..3_000), 1..6),
            limit in 1_u32..60,
        ) {
            let points: Vec<Point> = places.iter().copied().map(at).collect();
            let zones = (0..).zip(&points).map(|(n, point)| Zone::plain(&format!("E{n:02}"), *point, 1));
            let zones = Zones::new(Zones::empty().evidence, zones.collect());
            let sites: Vec<(SiteCode, Point)> = (0..)
                .zip(&points)
                .map(|(n, at)| (format!("S{n:02}").parse().unwrap(), *at))
                .collect();
            let ends = Ends::new(&zones, &sites);
            let limit = Minutes(f64::from(limit));
            let asked = Departures {
                date: kept.date,
                window: kept.window,
                changes: kept.changes,
                limit,
                rules: &kept.rules,
                source: "test",
                hash: "",
            };
            let walking = Walking::Straight(kept.on_foot);
            let work = Work::unheard(1);
            let [median, late] = kept.timetable.minutes(&ends, walking, asked, work).unwrap();
            let [sure, sure_late] = kept
                .timetable
                .step_free_minutes(&ends, (Some(walking), walking), asked, work)
                .unwrap();

            // The journeys may be longer than those asked for.
            for (rider, most, centile, table) in [
                (Rider::Anyone, Minutes(90.0), 50, median),
                (Rider::Anyone, limit, 90, late),
                (Rider::SurelyStepFree, limit, 50, sure),
                (Rider::SurelyStepFree, limit, 90, sure_late),
            ] {
                let journeys = Journeys::new(&kept, rider, walking, most, 1);
                for (site, (_, place)) in sites.iter().enumerate() {
                    let towards = journeys.towards(walking, *place, limit);
                    let told = towards.minutes(walking, &points, centile, 1);
                    for (zone, told) in told.into_iter().enumerate() {
                        prop_assert_eq!(told, table.minutes(zone, site), "{} to {}", zone, site);
                    }
                }
                for (zone, place) in points.iter().enumerate() {
                    let told = journeys.minutes_from(walking, *place, &points, centile, 1);
                    for (site, told) in told.into_iter().enumerate() {
                        let told = told.filter(|minutes| minutes.0 <= limit.0);
                        prop_assert_eq!(told, table.minutes(zone, site), "from {} to {}", zone, site);
                    }
                }
            }
        }

        #[test]
        fn ground_is_whoever_of_it_is_within_and_more_minutes_hold_fewer(
            kept in kept(),
            place in (0_u32..3_000, 0_u32..3_000),
            limit in 2_u32..40,
        ) {
            let walking = Walking::Straight(kept.on_foot);
            let journeys = Journeys::new(&kept, Rider::Anyone, walking, Minutes(60.0), 1);
            let within = |limit: u32| {
                journeys.towards(walking, at(place), Minutes(f64::from(limit)))
            };
            let (shorter, longer) = (within(limit), within(limit + 10));
            let (inner, outer) = (shorter.isochrone(walking, 50, 1), longer.isochrone(walking, 50, 1));

            prop_assert!(inner.is_valid() && outer.is_valid());
            let middles: Vec<Point> =
                (0..40).flat_map(|x| (0..40).map(move |y| at((x * 100 + 50, y * 100 + 50)))).collect();
            let told = shorter.minutes(walking, &middles, 50, 1);
            for (middle, told) in middles.iter().zip(told) {
                let point = geo::Point::new(middle.easting(), middle.northing());
                prop_assert_eq!(inner.intersects(&point), told.is_some(), "{:?}", middle);
                prop_assert!(told.is_none() || outer.intersects(&point));
            }
        }

        #[test]
        fn stored_bytes_give_the_timetable_back_and_no_bytes_lead_astray(
            kept in kept(),
            cut in 0_usize..100_000,
            flips in prop::collection::vec((0_usize..100_000, 0_u8..8), 1..40),
        ) {
            let bytes = encode_timetable(&kept);

            prop_assert_eq!(&decode_timetable(&bytes).unwrap(), &kept);
            prop_assert!(decode_timetable(&bytes[..cut % bytes.len()]).is_err());
            for (place, bit) in flips {
                let mut damaged = bytes.clone();
                damaged[place % bytes.len()] ^= 1 << bit;
                // Whatever still is a timetable can be asked.
                if let Ok(kept) = decode_timetable(&damaged) {
                    let walking = Walking::Straight(StraightLine::new(1.25, 80.0).unwrap());
                    let journeys = Journeys::new(&kept, Rider::PerhapsStepFree, walking, Minutes(60.0), 1);
                    let towards = journeys.towards(walking, at((1_500, 1_500)), Minutes(60.0));
                    towards.minutes(walking, &[at((0, 0))], 50, 1);
                    journeys.minutes_from(walking, at((9, 9)), &[at((0, 0))], 50, 1);
                }
            }
        }
    }

    #[test]
    fn pieces_of_a_street_are_all_of_it_and_none_is_long() {
        use super::super::osm::{Osm, Way};
        let end = Point::new(500_730.0, 200_000.0).unwrap();
        let way = Way { id: 1, nodes: vec![1, 2], tags: [("highway", "residential")].into() };
        let osm = Osm { nodes: vec![(1, at((0, 0))), (2, end)], ways: vec![way], ..Osm::default() };
        let speeds = super::super::speeds::shipped();
        let (network, _) = super::super::build(&osm, super::super::Profile::Walk, &speeds);

        let pieces = network.pieces(50.0);

        assert_eq!(pieces.len(), 15, "{pieces:?}");
        assert!(pieces[0].from.abs() < 1e-12 && (pieces[14].to - 1.0).abs() < 1e-12);
        assert!(pieces.windows(2).all(|two| (two[0].to - two[1].from).abs() < 1e-12));
        assert!(pieces.iter().all(|piece| (piece.to - piece.from) * 730.0 <= 50.0 + 1e-6));
    }
}
