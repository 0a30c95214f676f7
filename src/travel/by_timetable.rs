//! Minutes by timetable with the walk network, over the departures of a window.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use chrono::NaiveDate;

use super::by_street::sooner;
use super::raptor::{Day, NEVER, Riding, WalkTo};
use super::timetable::{Rider, Timetable, TimetableRules, Transfer};
use super::{
    Exception, MadeFor, Maker, Missing, Mode, Network, Pair, Snap, StraightLine, TravelTimes,
};
use crate::geography::Zones;
use crate::register::{Minutes, Point, SiteCode};

/// How people get to stops and from them.
#[derive(Debug, Clone, Copy)]
pub enum Walking<'a> {
    /// By street.
    Streets(&'a Network),
    /// In a straight line, lengthened: where no network is kept.
    Straight(StraightLine),
}

/// What is asked of a timetable.
#[derive(Debug, Clone, Copy)]
pub struct Departures<'a> {
    /// The day.
    pub date: NaiveDate,
    /// First and last departure from the zone, minutes after midnight; one each minute.
    pub window: (u32, u32),
    /// At most.
    pub changes: u8,
    /// Farther is beyond.
    pub limit: Minutes,
    /// Walks and changes.
    pub rules: &'a TimetableRules,
    /// The timetable and the walks, in words.
    pub source: &'a str,
    /// SHA-256 of the timetable.
    pub hash: &'a str,
}

/// Where journeys begin and end.
#[derive(Debug, Clone)]
pub struct Ends {
    zones: Vec<(String, Point)>,
    sites: Vec<(SiteCode, Point)>,
}

impl Ends {
    /// Of these zones and sites.
    pub fn new(zones: &Zones, sites: &[(SiteCode, Point)]) -> Self {
        let mut sites = sites.to_vec();
        sites.sort_by(|a, b| a.0.cmp(&b.0));
        sites.dedup_by(|a, b| a.0 == b.0);
        Self { zones: zones.iter().map(|zone| (zone.code.clone(), zone.point)).collect(), sites }
    }
}

/// How a long piece of work is done: on so many threads, telling a share from 0 to 1, and stopped where the answer is
/// `false`.
#[derive(Clone, Copy)]
pub struct Work<'a> {
    /// At least one.
    pub threads: usize,
    /// Hears the share that is done, and says whether to go on.
    pub goes_on: &'a (dyn Fn(f64) -> bool + Sync),
}

impl Work<'_> {
    /// On so many threads, heard by nobody and never stopped.
    pub fn unheard(threads: usize) -> Self {
        Self { threads, goes_on: &|_| true }
    }
}

type Rows = Vec<Vec<Pair>>;

/// Median, and what nine departures in ten are no worse than.
const CENTILES: [u8; 2] = [MEDIAN, LATE];
const MEDIAN: u8 = 50;
const LATE: u8 = 90;

impl Timetable {
    /// The median and the 90th centile of the minutes from each zone to each site over the departures of a window.
    /// A departure that does not arrive within the limit counts as infinite. `None` where the work was stopped.
    pub fn minutes(
        &self,
        ends: &Ends,
        walking: Walking<'_>,
        asked: Departures<'_>,
        work: Work<'_>,
    ) -> Option<[TravelTimes; 2]> {
        let [median, late] = self.rows(ends, walking, Rider::Anyone, asked, work)?;
        let told = |centile, rows| {
            table(ends, (Mode::PublicTransport, centile), asked, (rows, Vec::new()), &[walking])
        };
        Some([told(MEDIAN, median), told(LATE, late)])
    }

    /// The same step-free: in the rows what is surely step-free on the way, at the stops and into the vehicles; in
    /// `perhaps` what is if everything nobody has recorded is. Without `sure` streets no walk is sure. `None` where the
    /// work was stopped.
    pub fn step_free_minutes(
        &self,
        ends: &Ends,
        (sure, perhaps): (Option<Walking<'_>>, Walking<'_>),
        asked: Departures<'_>,
        work: Work<'_>,
    ) -> Option<[TravelTimes; 2]> {
        let half = |from: f64| move |share: f64| (work.goes_on)(from + share / 2.0);
        let (first, second) = (half(0.0), half(0.5));
        let [median, late] = match sure {
            Some(walking) => {
                let work = Work { goes_on: &first, ..work };
                self.rows(ends, walking, Rider::SurelyStepFree, asked, work)?
            }
            None => CENTILES.map(|_| vec![Vec::new(); ends.zones.len()]),
        };
        let work = Work { goes_on: &second, ..work };
        let [wider, wider_late] = self.rows(ends, perhaps, Rider::PerhapsStepFree, asked, work)?;
        let told = |centile, rows: Rows, wider| {
            let wider = sooner(&rows, wider);
            let of = (Mode::StepFreePublicTransport, centile);
            table(ends, of, asked, (rows, wider), &[perhaps])
        };
        Some([told(MEDIAN, median, wider), told(LATE, late, wider_late)])
    }

    fn rows(
        &self,
        ends: &Ends,
        walking: Walking<'_>,
        rider: Rider,
        asked: Departures<'_>,
        work: Work<'_>,
    ) -> Option<[Rows; 2]> {
        let threads = work.threads;
        let is_stopped = AtomicBool::new(!(work.goes_on)(0.0));
        let stops: Vec<Point> = self.stops.iter().map(|stop| stop.point).collect();
        let zones: Vec<Point> = ends.zones.iter().map(|(_, at)| *at).collect();
        let sites: Vec<Point> = ends.sites.iter().map(|(_, at)| *at).collect();
        let farthest = seconds(asked.rules.farthest_walk_minutes);
        let limit = seconds(asked.limit.0);
        let access = walking.walks(&zones, &stops, farthest, threads);
        let between = walking.walks(&stops, &stops, farthest, threads);
        let between = self.changes(between, seconds(asked.rules.change_minutes), rider);
        let egress = walking.walks(&stops, &sites, farthest, threads);
        let direct = walking.walks(&zones, &sites, limit, threads);
        let day = Day::new(self.running(asked.date, rider), between);
        let mut found: Vec<[Vec<Pair>; 2]> = vec![Default::default(); zones.len()];
        let share = found.len().div_ceil(threads.max(1) * 32).max(1);
        let turns = zones.len().div_ceil(share);
        let chunks = Mutex::new(found.chunks_mut(share).enumerate());
        let search = || {
            let mut over =
                Window::new(&day, &egress, sites.len(), (asked.window, asked.changes, limit));
            while !is_stopped.load(Ordering::Relaxed) {
                let next = chunks.lock().unwrap_or_else(PoisonError::into_inner).next();
                let Some((turn, rows)) = next else { return };
                for (offset, row) in rows.iter_mut().enumerate() {
                    let zone = turn * share + offset;
                    *row = over.of(&access[zone], &direct[zone], CENTILES);
                }
                if !(work.goes_on)((turn + 1) as f64 / turns as f64) {
                    is_stopped.store(true, Ordering::Relaxed);
                }
            }
        };
        std::thread::scope(|scope| {
            for _ in 1..threads {
                scope.spawn(search);
            }
            search();
        });
        if is_stopped.into_inner() {
            return None;
        }
        let (mut median, mut late) = (Vec::new(), Vec::new());
        for [row, late_row] in found {
            median.push(row);
            late.push(late_row);
        }
        Some([median, late])
    }

    /// The changes at each stop: a walk and a margin, or what the timetable's makers say. Their word never makes a way
    /// surely step-free, nor one that is walked step-free quicker than that walk.
    pub(super) fn changes(
        &self,
        walks: Vec<Vec<WalkTo>>,
        margin: u32,
        rider: Rider,
    ) -> Vec<Vec<WalkTo>> {
        let by_stop = (0_u32..).zip(walks).map(|(from, walks)| {
            let mut to: BTreeMap<u32, u32> = BTreeMap::new();
            for walk in walks {
                let held = to.entry(walk.to).or_insert(walk.seconds);
                *held = (*held).min(walk.seconds);
            }
            to.insert(from, 0);
            let said: Vec<(u32, Transfer)> = self
                .transfers
                .range((from, 0)..=(from, u32::MAX))
                .map(|((_, to), transfer)| (*to, *transfer))
                .collect();
            let is_said = |stop: &u32| said.binary_search_by_key(stop, |at| at.0).is_ok();
            let mut changes: BTreeMap<u32, u32> = to
                .iter()
                .filter(|(stop, _)| !is_said(stop))
                .map(|(stop, walk)| (*stop, walk.saturating_add(margin)))
                .collect();
            for (stop, transfer) in &said {
                let walk = to.get(stop).copied();
                let takes = match (transfer, rider, walk) {
                    (Transfer::Never, ..) | (_, Rider::SurelyStepFree, None) => None,
                    (Transfer::Held, ..) => walk,
                    (Transfer::Takes(takes), Rider::Anyone, _) => Some(*takes),
                    (Transfer::Takes(takes), ..) => Some((*takes).max(walk.unwrap_or_default())),
                };
                changes.extend(takes.map(|takes| (*stop, takes)));
            }
            changes.into_iter().map(|(to, seconds)| WalkTo { to, seconds }).collect()
        });
        by_stop.collect()
    }
}

/// What one zone's departures come to.
pub(super) struct Window<'a> {
    riding: Riding<'a>,
    egress: &'a [Vec<WalkTo>],
    /// First and last departure, minutes after midnight.
    window: (u32, u32),
    /// Seconds.
    limit: u32,
    /// Earliest arrival at each site of the departures so far.
    arrival: Vec<u32>,
    walked: Vec<u32>,
}

impl<'a> Window<'a> {
    pub(super) fn new(
        day: &'a Day,
        egress: &'a [Vec<WalkTo>],
        sites: usize,
        (window, changes, limit): ((u32, u32), u8, u32),
    ) -> Self {
        Self {
            riding: Riding::new(day, changes),
            egress,
            window,
            limit,
            arrival: vec![NEVER; sites],
            walked: vec![NEVER; sites],
        }
    }

    /// The sites within the limit, at each of the centiles.
    pub(super) fn of<const N: usize>(
        &mut self,
        access: &[WalkTo],
        direct: &[WalkTo],
        centiles: [u8; N],
    ) -> [Vec<Pair>; N] {
        self.riding.clear();
        self.arrival.fill(NEVER);
        self.walked.fill(NEVER);
        let mut seen: Vec<u32> = Vec::new();
        for walk in direct {
            let held = &mut self.walked[walk.to as usize];
            *held = (*held).min(walk.seconds);
            seen.push(walk.to);
        }
        let (first, last) = self.window;
        let departures = last.saturating_sub(first) as usize + 1;
        let mut took: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for minute in (first..=last).rev() {
            let at = minute * 60;
            let latest = at.saturating_add(self.limit);
            self.riding.depart(at, access, latest);
            for stop in self.riding.improved() {
                let by_vehicle = self.riding.arrival(*stop);
                for walk in &self.egress[*stop as usize] {
                    let held = &mut self.arrival[walk.to as usize];
                    if *held == NEVER {
                        took.entry(walk.to).or_default();
                    }
                    *held = (*held).min(by_vehicle.saturating_add(walk.seconds));
                }
            }
            for (site, took) in &mut took {
                let arrives = self.arrival[*site as usize];
                if arrives <= latest {
                    took.push(arrives - at);
                }
            }
        }
        seen.extend(took.keys());
        seen.sort_unstable();
        seen.dedup();
        let mut rows = centiles.map(|_| Vec::new());
        for site in seen {
            let walked = self.walked[site as usize];
            let mut all = took.remove(&site).unwrap_or_default();
            all.resize(departures, NEVER);
            for took in &mut all {
                *took = (*took).min(walked);
            }
            all.sort_unstable();
            for (row, centile) in rows.iter_mut().zip(centiles) {
                let value = nearest_rank(&all, centile);
                if value <= self.limit {
                    row.push(Pair { site, minutes: Minutes(f64::from(value) / 60.0) });
                }
            }
        }
        rows
    }
}

/// The least value that so many in a hundred do not exceed.
pub(super) fn nearest_rank(sorted: &[u32], centile: u8) -> u32 {
    let rank = (sorted.len() * usize::from(centile)).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or(NEVER)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to a fortnight"
)]
pub(super) fn seconds(minutes: f64) -> u32 {
    (minutes * 60.0).floor().clamp(0.0, 1_209_600.0) as u32
}

impl Walking<'_> {
    /// Walks of at most `limit` seconds from each place; part seconds count as whole ones.
    pub(super) fn walks(
        self,
        from: &[Point],
        to: &[Point],
        limit: u32,
        threads: usize,
    ) -> Vec<Vec<WalkTo>> {
        let mut walks = vec![Vec::new(); from.len()];
        match self {
            Self::Streets(network) => {
                let snaps = from.iter().enumerate();
                let (places, starts): (Vec<usize>, Vec<Snap>) =
                    snaps.filter_map(|(at, point)| Some((at, network.snap(*point)?))).unzip();
                for (place, row) in
                    places.into_iter().zip(network.walks(&starts, to, limit, threads))
                {
                    if let Some(walks) = walks.get_mut(place) {
                        *walks = row;
                    }
                }
            }
            Self::Straight(pace) => {
                let radius = pace.radius(Minutes(f64::from(limit) / 60.0));
                let mut by_easting: Vec<(u32, Point)> = (0..).zip(to.iter().copied()).collect();
                by_easting.sort_by(|a, b| a.1.easting().total_cmp(&b.1.easting()));
                for (walks, from) in walks.iter_mut().zip(from) {
                    let west = from.easting() - radius;
                    let first = by_easting.partition_point(|(_, at)| at.easting() < west);
                    let near = by_easting.iter().skip(first);
                    for (to, at) in
                        near.take_while(|(_, at)| at.easting() <= from.easting() + radius)
                    {
                        let minutes = pace.minutes(from.metres_to(*at)).0;
                        if minutes * 60.0 <= f64::from(limit) {
                            let whole = seconds(minutes);
                            let is_part = minutes * 60.0 > f64::from(whole);
                            walks.push(WalkTo { to: *to, seconds: whole + u32::from(is_part) });
                        }
                    }
                    walks.sort_unstable_by_key(|walk| walk.to);
                }
            }
        }
        walks
    }

    fn is_off(self, at: Point) -> bool {
        match self {
            Self::Streets(network) => network.snap(at).is_none(),
            Self::Straight(_) => false,
        }
    }
}

fn table(
    ends: &Ends,
    (mode, centile): (Mode, u8),
    asked: Departures<'_>,
    (rows, perhaps): (Rows, Rows),
    walking: &[Walking<'_>],
) -> TravelTimes {
    let is_off = |at: Point| walking.iter().all(|walking| walking.is_off(at));
    let lost: Vec<bool> = ends.sites.iter().map(|(_, at)| is_off(*at)).collect();
    let mut exceptions = Vec::new();
    for (zone, (_, at)) in (0..).zip(&ends.zones) {
        let is_lost = is_off(*at);
        let missing = (0..).zip(&lost).filter(|(_, site_is_lost)| is_lost || **site_is_lost);
        exceptions.extend(missing.map(|(site, _)| Exception {
            zone,
            site,
            why: Missing::NotComputed,
        }));
    }
    let times = TravelTimes {
        mode,
        maker: Maker::Timetable {
            source: asked.source.to_owned(),
            timetable: asked.hash.to_owned(),
            date: asked.date,
            window: asked.window,
            centile,
            changes: asked.changes,
        },
        limit: asked.limit,
        zones: ends.zones.iter().map(|(code, _)| code.clone()).collect(),
        sites: ends.sites.iter().map(|(code, _)| code.clone()).collect(),
        rows,
        absent: Missing::BeyondLimit,
        exceptions,
        perhaps,
        made_for: Some(MadeFor {
            zones: ends.zones.iter().map(|(_, at)| *at).collect(),
            sites: ends.sites.iter().map(|(_, at)| *at).collect(),
        }),
        hash: String::new(),
    };
    times.seal()
}

#[cfg(test)]
mod tests {
    use super::super::timetable::{Call, Service, Stop, Trip, Wheelchair};
    use super::*;
    use crate::geography::Zone;

    use Rider::{Anyone, PerhapsStepFree, SurelyStepFree};
    use Wheelchair::{No, Unknown, Yes};

    const DATE: &str = "2026-04-01";

    fn at(x: f64) -> Point {
        Point::new(x, 0.0).unwrap()
    }

    /// A bus from stop A (at 0 m) at 08:10 and 08:20 to stop B (at 8,000 m), ten minutes on the way.
    fn timetable(stops: Wheelchair, vehicle: Wheelchair) -> Timetable {
        let stop = |id: &str, x| Stop { id: id.to_owned(), point: at(x), wheelchair: stops };
        let call = |stop, minute: u32| Call {
            stop,
            arrives: minute * 60,
            departs: minute * 60,
            boards: true,
            alights: true,
        };
        let trip = |minute: u32| Trip {
            id: minute.to_string(),
            service: 0,
            wheelchair: vehicle,
            calls: vec![call(0, minute), call(1, minute + 10)],
        };
        let runs = BTreeMap::from([(DATE.parse().unwrap(), true)]);
        let service = Service { id: "S".to_owned(), exceptions: runs, ..Service::default() };
        Timetable {
            stops: vec![stop("A", 0.0), stop("B", 8_000.0)],
            trips: vec![trip(490), trip(500)],
            services: vec![service],
            transfers: BTreeMap::new(),
        }
    }

    fn rules() -> TimetableRules {
        TimetableRules {
            name: "test".to_owned(),
            source: "test".to_owned(),
            as_of: DATE.parse().unwrap(),
            mark: "from_memory".to_owned(),
            farthest_walk_minutes: 12.0,
            change_minutes: 1.0,
        }
    }

    fn asked(rules: &TimetableRules) -> Departures<'_> {
        Departures {
            date: DATE.parse().unwrap(),
            window: (485, 494),
            changes: 2,
            limit: Minutes(60.0),
            rules,
            source: "test",
            hash: "",
        }
    }

    fn ends() -> Ends {
        let zones = vec![Zone::plain("E01", at(80.0), 1)];
        let code = |text: &str| text.parse::<SiteCode>().unwrap();
        let sites = [(code("S01"), at(8_160.0)), (code("S02"), at(240.0))];
        Ends::new(&Zones::new(Zones::empty().evidence, zones), &sites)
    }

    #[test]
    fn median_and_late_minutes_are_those_worked_by_hand() {
        let rules = rules();
        let walking = Walking::Straight(StraightLine::new(1.0, 80.0).unwrap());
        let [median, late] = timetable(Unknown, Unknown)
            .minutes(&ends(), walking, asked(&rules), Work::unheard(2))
            .unwrap();

        // One minute to A and two from B. Departures 08:05 to 08:09 catch 08:10 and arrive 08:22 (17, 16, 15, 14, 13);
        // 08:10 to 08:14 catch 08:20 and arrive 08:32 (22, 21, 20, 19, 18). Fifth and ninth of ten.
        assert_eq!(median.minutes(0, 0), Some(Minutes(17.0)));
        assert_eq!(late.minutes(0, 0), Some(Minutes(21.0)));
        assert_eq!(median.minutes(0, 1), Some(Minutes(2.0)), "on foot all the way");
        assert_eq!(late.minutes(0, 1), Some(Minutes(2.0)));
        let decoded = TravelTimes::decode(&late.encode()).unwrap();
        assert_eq!(decoded, late);
    }

    #[test]
    fn work_that_is_stopped_ends_in_nothing() {
        let rules = rules();
        let walking = Walking::Straight(StraightLine::new(1.0, 80.0).unwrap());
        let heard = Mutex::new(Vec::new());
        let stops_at = |last: f64| {
            heard.lock().unwrap().clear();
            let goes_on = |share| {
                heard.lock().unwrap().push(share);
                share < last
            };
            let work = Work { threads: 2, goes_on: &goes_on };
            timetable(Yes, Yes).minutes(&ends(), walking, asked(&rules), work)
        };

        assert!(stops_at(0.0).is_none());
        assert_eq!(*heard.lock().unwrap(), [0.0], "nothing is begun");
        assert!(stops_at(1.0).is_none());
        assert!(stops_at(2.0).is_some());
        assert_eq!(*heard.lock().unwrap(), [0.0, 1.0]);
    }

    #[test]
    fn what_the_makers_say_of_a_change_goes_before_the_walk() {
        let walks = vec![
            vec![WalkTo { to: 0, seconds: 0 }, WalkTo { to: 1, seconds: 100 }],
            vec![WalkTo { to: 0, seconds: 100 }],
        ];
        let changes = |transfers: &[((u32, u32), Transfer)], rider| {
            let mut timetable = timetable(Yes, Yes);
            timetable.transfers = transfers.iter().copied().collect();
            let changes = timetable.changes(walks.clone(), 60, rider);
            let row = |row: &Vec<WalkTo>| row.iter().map(|to| (to.to, to.seconds)).collect();
            changes.iter().map(row).collect::<Vec<Vec<(u32, u32)>>>()
        };

        assert_eq!(changes(&[], Anyone), [[(0, 60), (1, 160)], [(0, 160), (1, 60)]]);
        let said = [
            ((0, 0), Transfer::Takes(240)),
            ((0, 1), Transfer::Takes(30)),
            ((1, 0), Transfer::Held),
            ((1, 1), Transfer::Never),
        ];
        assert_eq!(changes(&said, Anyone), [vec![(0, 240), (1, 30)], vec![(0, 100)]]);
        assert_eq!(changes(&said, SurelyStepFree), [vec![(0, 240), (1, 100)], vec![(0, 100)]]);
        let far = [((0, 7), Transfer::Takes(500))];
        assert_eq!(changes(&far, Anyone)[0], [(0, 60), (1, 160), (7, 500)]);
        assert_eq!(changes(&far, PerhapsStepFree)[0], [(0, 60), (1, 160), (7, 500)]);
        assert_eq!(changes(&far, SurelyStepFree)[0], [(0, 60), (1, 160)], "nobody has said so");
    }

    #[test]
    fn a_departure_that_does_not_arrive_counts_as_infinite() {
        let rules = rules();
        let walking = Walking::Straight(StraightLine::new(1.0, 80.0).unwrap());
        let asked = Departures { window: (490, 509), ..asked(&rules) };
        let [median, late] =
            timetable(Yes, Yes).minutes(&ends(), walking, asked, Work::unheard(1)).unwrap();

        // 08:10 to 08:19 catch the last bus, 08:20 to 08:29 none: the tenth of twenty is the worst that arrives.
        assert_eq!(median.minutes(0, 0), Some(Minutes(22.0)));
        assert_eq!(late.why_missing(0, 0), Some(Missing::BeyondLimit));
    }

    #[test]
    fn step_free_is_sure_only_where_stop_vehicle_and_walk_are_at_every_centile() {
        let rules = rules();
        let walking = Walking::Straight(StraightLine::new(1.0, 80.0).unwrap());
        let told = |stop, vehicle, sure| {
            let times = timetable(stop, vehicle).step_free_minutes(
                &ends(),
                (sure, walking),
                asked(&rules),
                Work::unheard(1),
            );
            let [median, late] = times.unwrap();
            assert_eq!(late.why_missing(0, 0), median.why_missing(0, 0));
            let of_late = matches!(late.maker, Maker::Timetable { centile: 90, .. });
            assert!(of_late, "{:?}", late.maker);
            let minutes = [&median, &late].map(|times| times.minutes(0, 0));
            (minutes, median.why_missing(0, 0))
        };
        // As for anyone, since nothing on the way has a step.
        let same = [17.0, 21.0].map(|minutes| Some(Minutes(minutes)));
        let none = [None, None];

        assert_eq!(told(Yes, Yes, Some(walking)), (same, None));
        assert_eq!(told(Yes, Yes, None), (none, Some(Missing::Unsure)));
        assert_eq!(told(Yes, Unknown, Some(walking)), (none, Some(Missing::Unsure)));
        assert_eq!(told(Unknown, Yes, Some(walking)), (none, Some(Missing::Unsure)));
        assert_eq!(told(Yes, No, Some(walking)), (none, Some(Missing::BeyondLimit)));
        assert_eq!(told(No, Yes, Some(walking)), (none, Some(Missing::BeyondLimit)));
    }
}
