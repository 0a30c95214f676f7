//! Earliest arrivals by timetable, in rounds: each round rides one vehicle more (RAPTOR), and departures of a window are
//! asked latest first, so that each keeps what later ones found (rRAPTOR).

use std::collections::BTreeMap;

use super::graph::index;
use super::timetable::Call;

/// No arrival.
pub const NEVER: u32 = u32::MAX;

/// A walk to or from a stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WalkTo {
    /// The stop, or whatever place is walked to.
    pub to: u32,
    /// How long.
    pub seconds: u32,
}

/// Trips that call at the same stops, none of which overtakes another.
#[derive(Debug, Clone)]
struct Pattern {
    stops: Vec<u32>,
    boards: Vec<bool>,
    alights: Vec<bool>,
    /// By departure: arrival and departure at each stop.
    trips: Vec<Vec<(u32, u32)>>,
}

/// Trips in order, none of which overtakes another: arrival and departure at each stop.
type Lane = Vec<Vec<(u32, u32)>>;

/// The trips of one day, and the walks between their stops.
#[derive(Debug, Clone)]
pub struct Day {
    patterns: Vec<Pattern>,
    /// Pattern and position, by stop.
    at_stop: Vec<Vec<(u32, u32)>>,
    /// By stop: from arriving there to being ready to board, there or elsewhere.
    walks: Vec<Vec<WalkTo>>,
}

impl Day {
    /// `walks`, by stop, are the changes that can be made there: to which stop, itself for one, and the seconds from
    /// arriving to being ready to board.
    pub fn new(mut trips: Vec<Vec<Call>>, walks: Vec<Vec<WalkTo>>) -> Self {
        trips.sort_by(|a, b| {
            let key = |calls: &[Call]| calls.first().map(|call| (call.departs, call.stop));
            key(a).cmp(&key(b)).then_with(|| {
                let times = |calls: &[Call]| -> Vec<(u32, u32)> {
                    calls.iter().map(|call| (call.arrives, call.departs)).collect()
                };
                times(a).cmp(&times(b))
            })
        });
        let mut by_stops: BTreeMap<Vec<(u32, bool, bool)>, Vec<Lane>> = BTreeMap::new();
        for calls in &trips {
            let stops = calls.iter().map(|call| (call.stop, call.boards, call.alights)).collect();
            let times: Vec<(u32, u32)> =
                calls.iter().map(|call| (call.arrives, call.departs)).collect();
            let lanes = by_stops.entry(stops).or_default();
            let follows = |lane: &&mut Lane| {
                lane.last().is_some_and(|before| {
                    before.iter().zip(&times).all(|(a, b)| a.0 <= b.0 && a.1 <= b.1)
                })
            };
            match lanes.iter_mut().find(follows) {
                Some(lane) => lane.push(times),
                None => lanes.push(vec![times]),
            }
        }
        let mut patterns = Vec::new();
        let mut at_stop = vec![Vec::new(); walks.len()];
        for (calls, lanes) in by_stops {
            for trips in lanes {
                for (position, (stop, ..)) in calls.iter().enumerate() {
                    if let Some(at) = at_stop.get_mut(*stop as usize) {
                        at.push((index(patterns.len()), index(position)));
                    }
                }
                patterns.push(Pattern {
                    stops: calls.iter().map(|call| call.0).collect(),
                    boards: calls.iter().map(|call| call.1).collect(),
                    alights: calls.iter().map(|call| call.2).collect(),
                    trips,
                });
            }
        }
        Self { patterns, at_stop, walks }
    }

    /// How many stops.
    pub fn stops(&self) -> usize {
        self.walks.len()
    }

    /// When vehicles that may be boarded leave a stop, seconds after midnight, in no order.
    pub(super) fn departures(&self, stop: u32) -> impl Iterator<Item = u32> {
        let at = self.at_stop.get(stop as usize).into_iter().flatten();
        at.flat_map(|(pattern, position)| {
            let pattern = self.patterns.get(*pattern as usize);
            let position = *position as usize;
            let boards = pattern.filter(|held| held.boards.get(position) == Some(&true));
            let trips = boards.into_iter().flat_map(|held| &held.trips);
            trips.filter_map(move |times| times.get(position).map(|(_, departs)| *departs))
        })
    }

    /// How many patterns and trips.
    pub fn size(&self) -> (usize, usize) {
        (self.patterns.len(), self.patterns.iter().map(|pattern| pattern.trips.len()).sum())
    }
}

/// A search over the departures of a window, latest first.
#[derive(Debug)]
pub struct Riding<'a> {
    day: &'a Day,
    /// By round: earliest arrival at each stop by vehicle.
    rides: Vec<Vec<u32>>,
    /// By round: from when the next vehicle may be boarded at each stop.
    ready: Vec<Vec<u32>>,
    is_marked: Vec<bool>,
    improved: Vec<u32>,
}

impl<'a> Riding<'a> {
    /// A new search with so many changes at most.
    pub fn new(day: &'a Day, changes: u8) -> Self {
        let rounds = usize::from(changes) + 2;
        let never = vec![vec![NEVER; day.stops()]; rounds];
        Self {
            day,
            rides: never.clone(),
            ready: never,
            is_marked: vec![false; day.stops()],
            improved: Vec::new(),
        }
    }

    /// Forgets every departure.
    pub fn clear(&mut self) {
        for labels in self.rides.iter_mut().chain(&mut self.ready) {
            labels.fill(NEVER);
        }
        self.improved.clear();
    }

    /// Departs from a place with these walks to stops; no later than any departure before. Arrivals after `latest` are
    /// not looked for.
    pub fn depart(&mut self, at: u32, access: &[WalkTo], latest: u32) {
        self.improved.clear();
        let mut marked = Vec::new();
        for walk in access {
            let when = at.saturating_add(walk.seconds);
            if when <= latest {
                self.note_ready(0, walk.to, when, &mut marked);
            }
        }
        for round in 1..self.rides.len() {
            let mut first: BTreeMap<u32, u32> = BTreeMap::new();
            for stop in marked.drain(..) {
                self.is_marked[stop as usize] = false;
                for (pattern, position) in &self.day.at_stop[stop as usize] {
                    let held = first.entry(*pattern).or_insert(*position);
                    *held = (*held).min(*position);
                }
            }
            if first.is_empty() {
                break;
            }
            let mut arrived = Vec::new();
            for (pattern, position) in first {
                self.ride(round, pattern, position as usize, latest, &mut arrived);
            }
            for stop in arrived {
                let when = self.rides[round][stop as usize];
                for walk in &self.day.walks[stop as usize] {
                    let then = when.saturating_add(walk.seconds);
                    if then <= latest {
                        self.note_ready(round, walk.to, then, &mut marked);
                    }
                }
            }
        }
        for stop in marked {
            self.is_marked[stop as usize] = false;
        }
        self.improved.sort_unstable();
        self.improved.dedup();
    }

    /// Rides a pattern from a position on, changing to an earlier trip wherever one can be caught.
    fn ride(&mut self, round: usize, pattern: u32, from: usize, latest: u32, out: &mut Vec<u32>) {
        let pattern = &self.day.patterns[pattern as usize];
        let mut trip: Option<usize> = None;
        for position in from..pattern.stops.len() {
            let stop = pattern.stops[position] as usize;
            if let Some(trip) = trip.filter(|_| pattern.alights[position]) {
                let when = pattern.trips[trip][position].0;
                if when <= latest && when < self.rides[round][stop] {
                    for later in &mut self.rides[round..] {
                        later[stop] = later[stop].min(when);
                    }
                    out.push(pattern.stops[position]);
                    self.improved.push(pattern.stops[position]);
                }
            }
            let ready = self.ready[round - 1][stop];
            if pattern.boards[position] && ready != NEVER {
                let next = pattern.trips.partition_point(|times| times[position].1 < ready);
                if next < trip.unwrap_or(pattern.trips.len()) {
                    trip = Some(next);
                }
            }
        }
    }

    fn note_ready(&mut self, round: usize, stop: u32, when: u32, marked: &mut Vec<u32>) {
        let at = stop as usize;
        if when < self.ready[round][at] {
            for later in &mut self.ready[round..] {
                later[at] = later[at].min(when);
            }
            if !std::mem::replace(&mut self.is_marked[at], true) {
                marked.push(stop);
            }
        }
    }

    /// Stops that the last departure reached sooner than any later one.
    pub fn improved(&self) -> &[u32] {
        &self.improved
    }

    /// Earliest arrival at a stop by vehicle, seconds after midnight; [`NEVER`] where none.
    pub fn arrival(&self, stop: u32) -> u32 {
        self.rides.last().and_then(|last| last.get(stop as usize)).copied().unwrap_or(NEVER)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn call(stop: u32, arrives: u32, departs: u32) -> Call {
        Call { stop, arrives, departs, boards: true, alights: true }
    }

    /// By rounds over every trip and every pair of its calls, until nothing changes: no patterns, no marks, no order.
    fn plain(
        trips: &[Vec<Call>],
        walks: &[Vec<WalkTo>],
        (at, access): (u32, &[WalkTo]),
        changes: u8,
    ) -> Vec<u32> {
        let mut best = vec![NEVER; walks.len()];
        let mut ready = vec![NEVER; walks.len()];
        for walk in access {
            let held = &mut ready[walk.to as usize];
            *held = (*held).min(at + walk.seconds);
        }
        for _ in 0..=changes {
            let mut rides = vec![NEVER; walks.len()];
            for trip in trips {
                for (on, from) in trip.iter().enumerate() {
                    if !from.boards || ready[from.stop as usize] > from.departs {
                        continue;
                    }
                    for to in trip[on + 1..].iter().filter(|to| to.alights) {
                        let held = &mut rides[to.stop as usize];
                        *held = (*held).min(to.arrives);
                    }
                }
            }
            ready = vec![NEVER; walks.len()];
            for (stop, when) in rides.iter().enumerate().filter(|(_, when)| **when != NEVER) {
                best[stop] = best[stop].min(*when);
                for walk in &walks[stop] {
                    let held = &mut ready[walk.to as usize];
                    *held = (*held).min(when + walk.seconds);
                }
            }
        }
        best
    }

    #[test]
    fn a_change_is_caught_by_a_walk_and_counted() {
        // 0 -> 1 leaves at 100 and arrives at 200; from 1 it is 30 s on foot to 2; 2 -> 3 leaves at 289 and 290.
        let trips = |second: u32| {
            vec![
                vec![call(0, 100, 100), call(1, 200, 200)],
                vec![call(2, second, second), call(3, 400, 400)],
            ]
        };
        // A minute's margin.
        let walks = || vec![vec![], vec![WalkTo { to: 2, seconds: 90 }], vec![], vec![]];
        let access = [WalkTo { to: 0, seconds: 40 }];
        let arrival = |second, at, changes| {
            let day = Day::new(trips(second), walks());
            let mut riding = Riding::new(&day, changes);
            riding.depart(at, &access, 10_000);
            riding.arrival(3)
        };

        assert_eq!(arrival(290, 60, 1), 400, "exactly in time is in time");
        assert_eq!(arrival(289, 60, 1), NEVER);
        assert_eq!(arrival(290, 61, 1), NEVER, "the first vehicle has left");
        assert_eq!(arrival(290, 60, 0), NEVER, "no change is allowed");
    }

    proptest! {
        #[test]
        fn arrivals_equal_a_plain_search_over_every_departure_of_a_window(
            trips in prop::collection::vec(
                (0_u32..60, prop::collection::vec(
                    (0_u32..6, 0_u32..12, 0_u32..3, any::<bool>(), any::<bool>()), 2..6)),
                0..14),
            walks in prop::collection::vec((0_u32..6, 0_u32..6, 0_u32..15), 0..8),
            access in prop::collection::vec((0_u32..6, 0_u32..10), 1..4),
            change in 0_u32..4,
            changes in 0_u8..4,
        ) {
            let trips: Vec<Vec<Call>> = trips
                .into_iter()
                .map(|(start, calls)| {
                    let mut clock = start;
                    calls
                        .into_iter()
                        .map(|(stop, run, dwell, boards, alights)| {
                            let arrives = clock + run;
                            clock = arrives + dwell;
                            Call { stop, arrives, departs: clock, boards, alights }
                        })
                        .collect()
                })
                .collect();
            let mut between: Vec<Vec<WalkTo>> =
                (0..6).map(|stop| vec![WalkTo { to: stop, seconds: change }]).collect();
            for (from, to, seconds) in walks {
                between[from as usize].push(WalkTo { to, seconds: change + seconds });
            }
            let access: Vec<WalkTo> =
                access.into_iter().map(|(to, seconds)| WalkTo { to, seconds }).collect();
            let day = Day::new(trips.clone(), between.clone());
            let mut riding = Riding::new(&day, changes);

            for at in (0..50).rev().step_by(3) {
                riding.depart(at, &access, 1_000);
                let told: Vec<u32> = (0..6).map(|stop| riding.arrival(stop)).collect();
                let expected = plain(&trips, &between, (at, &access), changes);
                prop_assert_eq!(told, expected, "departing at {}", at);
            }
        }
    }
}
