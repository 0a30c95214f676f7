//! A timetable: stops, trips and the days they run.

use std::collections::BTreeMap;

use chrono::{Datelike, Days, NaiveDate};
use serde::{Deserialize, Serialize};

/// Seconds of a day. Trips of the day before run past it.
pub const DAY: u32 = 86_400;

/// Whether a wheelchair can board; not known is a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Wheelchair {
    /// Nobody has said.
    #[default]
    Unknown,
    /// It can.
    Yes,
    /// It cannot.
    No,
}

/// Where a vehicle stops.
#[derive(Debug, Clone, PartialEq)]
pub struct Stop {
    /// As the file names it.
    pub id: String,
    /// On the National Grid.
    pub point: crate::register::Point,
    /// Its own word, or its station's where it has none.
    pub wheelchair: Wheelchair,
}

/// One stopping of one trip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call {
    /// Index into [`Timetable::stops`].
    pub stop: u32,
    /// Seconds after midnight of the service day; over 24 hours is allowed.
    pub arrives: u32,
    /// Never before it arrives.
    pub departs: u32,
    /// People may get on.
    pub boards: bool,
    /// People may get off.
    pub alights: bool,
}

/// One run of one vehicle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trip {
    /// As the file names it.
    pub id: String,
    /// Index into [`Timetable::services`].
    pub service: u32,
    /// Of the vehicle.
    pub wheelchair: Wheelchair,
    /// In order; times never go back.
    pub calls: Vec<Call>,
}

/// The days trips run.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Service {
    /// As the file names it.
    pub id: String,
    /// From Monday.
    pub weekdays: [bool; 7],
    /// First and last day of the weekly pattern.
    pub between: Option<(NaiveDate, NaiveDate)>,
    /// Days that are added (`true`) or taken away, whatever the week says.
    pub exceptions: BTreeMap<NaiveDate, bool>,
}

impl Service {
    /// Whether it runs on a day.
    pub fn runs_on(&self, date: NaiveDate) -> bool {
        if let Some(runs) = self.exceptions.get(&date) {
            return *runs;
        }
        let weekday = date.weekday().num_days_from_monday() as usize;
        self.between.is_some_and(|(from, to)| (from..=to).contains(&date))
            && self.weekdays.get(weekday).is_some_and(|runs| *runs)
    }
}

/// What the makers of a timetable say of changing between two stops, in place of a walk and a margin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transfer {
    /// It cannot be done.
    Never,
    /// Seconds from arriving to being ready to board, walk included.
    Takes(u32),
    /// The second vehicle waits: the walk, without a margin.
    Held,
}

/// Every stop in use, trip and service.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Timetable {
    /// Stops that some trip calls at, by id.
    pub stops: Vec<Stop>,
    /// In the order of the file.
    pub trips: Vec<Trip>,
    /// By id.
    pub services: Vec<Service>,
    /// By stop left and stop boarded, which may be the same.
    pub transfers: BTreeMap<(u32, u32), Transfer>,
}

/// Whose day it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rider {
    /// Boards whatever stops.
    Anyone,
    /// Boards only what is said to take a wheelchair, where it is said to.
    SurelyStepFree,
    /// Boards also what nobody has said anything about.
    PerhapsStepFree,
}

impl Rider {
    fn boards(self, wheelchair: Wheelchair) -> bool {
        match self {
            Self::Anyone => true,
            Self::SurelyStepFree => wheelchair == Wheelchair::Yes,
            Self::PerhapsStepFree => wheelchair != Wheelchair::No,
        }
    }
}

impl Timetable {
    /// The trips that run on a day for this rider, seconds after its midnight; what is still on the way from the day
    /// before included.
    pub fn running(&self, date: NaiveDate, rider: Rider) -> Vec<Vec<Call>> {
        let mut running = Vec::new();
        let days = [Some((date, 0)), date.checked_sub_days(Days::new(1)).map(|day| (day, DAY))];
        for (day, past) in days.into_iter().flatten() {
            for trip in &self.trips {
                let runs = self.services.get(trip.service as usize).is_some_and(|s| s.runs_on(day));
                if !runs || !rider.boards(trip.wheelchair) {
                    continue;
                }
                let of_day = trip.calls.iter().filter(|call| call.arrives >= past).map(|call| {
                    let stop = self.stops.get(call.stop as usize);
                    let may = stop.is_some_and(|stop| rider.boards(stop.wheelchair));
                    Call {
                        arrives: call.arrives - past,
                        departs: call.departs - past,
                        boards: call.boards && may,
                        alights: call.alights && may,
                        ..*call
                    }
                });
                let calls: Vec<Call> = of_day.collect();
                if calls.len() > 1 {
                    running.push(calls);
                }
            }
        }
        running
    }
}

/// `data/timetable.toml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimetableRules {
    /// What results call it.
    pub name: String,
    /// Where the figures are from.
    pub source: String,
    /// The day they describe.
    pub as_of: NaiveDate,
    /// `verified` or `from_memory`.
    pub mark: String,
    /// To a stop, between two, from one.
    pub farthest_walk_minutes: f64,
    /// Between two vehicles at one stop.
    pub change_minutes: f64,
}

impl TimetableRules {
    /// The first figure that cannot be used.
    pub fn unusable(&self) -> Option<&'static str> {
        let figures = [
            ("farthest_walk_minutes", self.farthest_walk_minutes),
            ("change_minutes", self.change_minutes),
        ];
        figures.into_iter().find(|(_, minutes)| !(0.0..=120.0).contains(minutes)).map(|at| at.0)
    }
}
