//! A timetable as bytes, with what its minutes were asked by, so that more can be asked of it by the same.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::StraightLine;
use super::bytes::{Damaged, Reader, Writer};
use super::graph::index;
use super::timetable::{
    Call, DAY, Service, Stop, Timetable, TimetableRules, Transfer, Trip, Wheelchair,
};
use crate::register::{Minutes, Point};

const WHAT: &str = "timetable";
const TITLE: &str = "domesday timetable 1";

/// Seconds after midnight that no trip runs past: a week, and as long again for the last of the trips that run every so
/// often.
const LATEST: u32 = 14 * DAY;

/// Metres a minute, detour taken off: what is drawn grows with its square.
const FASTEST_WALK: f64 = 500.0;
/// Far more than anybody makes: a search has as many rounds.
const MOST_CHANGES: u8 = 20;

/// A timetable, and the day and departures that its minutes are of.
#[derive(Debug, Clone, PartialEq)]
pub struct KeptTimetable {
    /// All of it, not only the day.
    pub timetable: Timetable,
    /// The day travelled.
    pub date: NaiveDate,
    /// First and last departure, minutes after midnight; one each minute.
    pub window: (u32, u32),
    /// At most.
    pub changes: u8,
    /// Walks and changes.
    pub rules: TimetableRules,
    /// Pace of walks where no streets are kept.
    pub on_foot: StraightLine,
    /// And of step-free ones.
    pub on_wheels: StraightLine,
}

impl KeptTimetable {
    /// What minutes by it are called: the timetable, the streets walked, where there are any, and the rules.
    pub fn named(&self, source: &str, streets: Option<&str>) -> String {
        let walks = match streets {
            Some(streets) => format!("walks by street in {streets}"),
            None => "walks approximate, in straight lines with a detour".to_owned(),
        };
        format!("{source} ({walks}; {})", self.rules.name)
    }
}

/// All but the long lists of numbers.
#[derive(Serialize, Deserialize)]
struct Head {
    date: NaiveDate,
    window: (u32, u32),
    changes: u8,
    rules: TimetableRules,
    on_foot: (f64, f64),
    on_wheels: (f64, f64),
    stops: Vec<String>,
    trips: Vec<String>,
    services: Vec<Service>,
}

/// Canonical bytes of a timetable.
pub fn encode_timetable(kept: &KeptTimetable) -> Vec<u8> {
    let Timetable { stops, trips, services, transfers } = &kept.timetable;
    let mut out = Writer::new(
        TITLE,
        &Head {
            date: kept.date,
            window: kept.window,
            changes: kept.changes,
            rules: kept.rules.clone(),
            on_foot: kept.on_foot.figures(),
            on_wheels: kept.on_wheels.figures(),
            stops: stops.iter().map(|stop| stop.id.clone()).collect(),
            trips: trips.iter().map(|trip| trip.id.clone()).collect(),
            services: services.clone(),
        },
    );
    for stop in stops {
        out.float(stop.point.easting());
        out.float(stop.point.northing());
        out.number(said(stop.wheelchair));
    }
    out.numbers(
        trips
            .iter()
            .flat_map(|trip| [trip.service, said(trip.wheelchair), index(trip.calls.len())]),
    );
    out.numbers(trips.iter().flat_map(|trip| &trip.calls).flat_map(|call| {
        let may = u32::from(call.boards) | u32::from(call.alights) << 1;
        [call.stop, may, call.arrives, call.departs]
    }));
    out.numbers(transfers.iter().flat_map(|((from, to), transfer)| {
        let (kind, seconds) = match transfer {
            Transfer::Never => (0, 0),
            Transfer::Takes(seconds) => (1, *seconds),
            Transfer::Held => (2, 0),
        };
        [*from, *to, kind, seconds]
    }));
    out.done()
}

/// Undoes [`encode_timetable`]. Whatever the bytes, no timetable comes of it that a search could leave.
pub fn decode_timetable(bytes: &[u8]) -> Result<KeptTimetable, Damaged> {
    let (mut from, head) = Reader::new::<Head>(WHAT, TITLE, bytes)?;
    let (first, last) = head.window;
    let is_odd = first > last || last >= DAY.div_euclid(60) || head.changes > MOST_CHANGES;
    if is_odd || head.rules.unusable().is_some() {
        return Err(from.damaged("nobody could travel as it says"));
    }
    let pace = |from: &Reader<'_>, (detour, metres): (f64, f64)| {
        let pace = StraightLine::new(detour, metres);
        let pace = pace.map_err(|error| from.damaged(&error.to_string()))?;
        let is_walk = pace.radius(Minutes(1.0)) <= FASTEST_WALK;
        if is_walk { Ok(pace) } else { Err(from.damaged("nobody walks so fast")) }
    };
    let (on_foot, on_wheels) = (pace(&from, head.on_foot)?, pace(&from, head.on_wheels)?);
    let mut stops = Vec::new();
    for id in head.stops {
        let point = Point::new(from.float()?, from.float()?);
        let point = point.map_err(|error| from.damaged(&error.to_string()))?;
        let wheelchair = from.number()?;
        let wheelchair = heard(wheelchair).ok_or_else(|| from.damaged("a stop says nothing"))?;
        stops.push(Stop { id, point, wheelchair });
    }
    let trips = trips(&mut from, head.trips, stops.len(), head.services.len())?;
    let mut transfers = BTreeMap::new();
    let is_stop = |stop: u32| (stop as usize) < stops.len();
    let said = from.numbers()?;
    let (said, rest) = said.as_chunks::<4>();
    for [one, other, kind, seconds] in said {
        let transfer = match kind {
            0 => Transfer::Never,
            1 if *seconds <= LATEST => Transfer::Takes(*seconds),
            2 => Transfer::Held,
            _ => return Err(from.damaged("a change between stops is of no kind")),
        };
        if !is_stop(*one) || !is_stop(*other) {
            return Err(from.damaged("a change is at no stop"));
        }
        transfers.insert((*one, *other), transfer);
    }
    if !rest.is_empty() || transfers.len() != said.len() {
        return Err(from.damaged("its changes contradict themselves"));
    }
    from.end()?;
    Ok(KeptTimetable {
        timetable: Timetable { stops, trips, services: head.services, transfers },
        date: head.date,
        window: head.window,
        changes: head.changes,
        rules: head.rules,
        on_foot,
        on_wheels,
    })
}

fn trips(
    from: &mut Reader<'_>,
    ids: Vec<String>,
    stops: usize,
    services: usize,
) -> Result<Vec<Trip>, Damaged> {
    let (about, calls) = (from.numbers()?, from.numbers()?);
    let ((about, odd), (calls, part)) = (about.as_chunks::<3>(), calls.as_chunks::<4>());
    let total: u64 = about.iter().map(|[_, _, count]| u64::from(*count)).sum();
    let is_whole = odd.is_empty() && part.is_empty();
    if !is_whole || about.len() != ids.len() || total != calls.len() as u64 {
        return Err(from.damaged("it has more or fewer calls than it says"));
    }
    let mut calls = calls.iter();
    let mut trips = Vec::with_capacity(ids.len());
    for (id, [service, wheelchair, count]) in ids.into_iter().zip(about) {
        let wheelchair = heard(*wheelchair).filter(|_| (*service as usize) < services);
        let Some(wheelchair) = wheelchair else {
            return Err(from.damaged("a trip says nothing of its day or its vehicle"));
        };
        let mut left = 0;
        let mut of_trip = Vec::with_capacity(*count as usize);
        for [stop, may, arrives, departs] in calls.by_ref().take(*count as usize) {
            let is_in_order = left <= *arrives && arrives <= departs && *departs <= LATEST;
            if (*stop as usize) >= stops || *may > 3 || !is_in_order {
                return Err(from.damaged("a trip calls nowhere, or goes back in time"));
            }
            left = *departs;
            of_trip.push(Call {
                stop: *stop,
                arrives: *arrives,
                departs: *departs,
                boards: may & 1 == 1,
                alights: may & 2 == 2,
            });
        }
        trips.push(Trip { id, service: *service, wheelchair, calls: of_trip });
    }
    Ok(trips)
}

fn said(wheelchair: Wheelchair) -> u32 {
    match wheelchair {
        Wheelchair::Unknown => 0,
        Wheelchair::Yes => 1,
        Wheelchair::No => 2,
    }
}

fn heard(number: u32) -> Option<Wheelchair> {
    let all = [Wheelchair::Unknown, Wheelchair::Yes, Wheelchair::No];
    all.into_iter().find(|wheelchair| said(*wheelchair) == number)
}
