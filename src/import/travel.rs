//! Travel times for the register: a street map, a timetable, a router's matrix, or the streets already kept. The one door
//! of terminal, pages and API.

use std::collections::BTreeSet;
use std::mem::take;
use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};
use std::thread;

use chrono::{NaiveDate, NaiveDateTime, NaiveTime, Timelike};

use super::networks::{self, Asked, NetworksFault, Prepared};
use super::{
    Fault, ImportKind, ImportReport, InputFile, MOST_FAULTS, OffNetwork, ReferenceSet, matrix,
    timetable,
};
use crate::geography::describe;
use crate::register::{Minutes, Reference, ReferenceKind, SiteCode};
use crate::store::{Draft, ImportId, Scope, Snapshot, Store, StoreError};
use crate::travel::{
    Departures, Ends, KeptTimetable, Maker, Missing, Mode, Network, Placing, Profile, Rider,
    SpeedTable, StraightLine, Timetable, TimetableRules, TravelTimes, Walking, Work,
    decode_streets, decode_timetable, encode_timetable, from_matrix,
};

/// Places and streets listed by name in a report; the rest is counted.
const LISTED: usize = 20;
/// How often a version is tried again because somebody else made one meanwhile.
const ATTEMPTS: u32 = 8;
/// Modes of a street map.
pub const STREETS: [Mode; 3] = [Mode::Walk, Mode::StepFreeWalk, Mode::Drive];

/// A limit of a search, in minutes.
pub fn checked(limit: f64) -> Result<Minutes, &'static str> {
    let fits = (1.0..=1_440.0).contains(&limit);
    if fits { Ok(Minutes(limit)) } else { Err("expected a number of minutes from 1 to 1,440") }
}

/// The day a file describes, as page, API and command line take it: no file describes a day to come.
pub fn described_on(text: &str, today: NaiveDate) -> Result<NaiveDate, &'static str> {
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d");
    let day = day.map_err(|_error| "the day the file describes, such as 2026-03-31")?;
    if day > today { Err("the day the file describes: today or an earlier day") } else { Ok(day) }
}

/// First and last departure, minutes after midnight.
pub fn window(text: &str) -> Result<(u32, u32), &'static str> {
    let clock = |text: &str| {
        let time = NaiveTime::parse_from_str(text.trim(), "%H:%M").ok()?;
        Some(time.hour() * 60 + time.minute())
    };
    let ends = text.split_once('-').and_then(|(from, to)| Some((clock(from)?, clock(to)?)));
    ends.filter(|(from, to)| from <= to && to - from <= 720)
        .ok_or("expected two times of one day, at most 12 hours apart, such as 08:15-09:15")
}

/// What the minutes are made of.
#[derive(Debug, Clone, PartialEq)]
pub enum Task {
    /// Networks of these modes from an `.osm.pbf` map, and the minutes they give.
    Streets {
        /// The map.
        given: Given,
        /// Of [`STREETS`].
        modes: Vec<Mode>,
        /// How fast, and over what.
        speeds: SpeedTable,
    },
    /// Minutes by public transport, from a GTFS timetable and the streets kept.
    Timetable {
        /// The timetable.
        given: Given,
        /// The day travelled.
        date: NaiveDate,
        /// First and last departure, minutes after midnight.
        window: (u32, u32),
        /// At most.
        changes: u8,
        /// Walks and changes.
        rules: TimetableRules,
        /// Pace of walks where no streets are kept.
        on_foot: StraightLine,
        /// And of step-free ones.
        on_wheels: StraightLine,
    },
    /// The minutes of a router.
    Matrix {
        /// CSV or Parquet.
        given: Given,
        /// How people travel in it.
        mode: Mode,
        /// What it means that a pair has no row.
        absent: Missing,
        /// Take the good rows of a file with faults.
        accept_faults: bool,
    },
    /// The minutes of the streets kept once more, as after sites have moved; of every mode that has any, and by the
    /// timetable kept, where empty; by it also where all are named.
    Again {
        /// Of [`STREETS`].
        modes: Vec<Mode>,
    },
}

/// A file, and what is known of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Given {
    /// Its name for messages, and its bytes.
    pub file: InputFile,
    /// What results call it.
    pub source: String,
    /// The day it describes.
    pub as_of: NaiveDate,
}

/// What is asked, by whom.
#[derive(Debug, Clone, PartialEq)]
pub struct TravelRequest {
    /// What the minutes are made of.
    pub task: Task,
    /// Minutes beyond which no journey is looked for, from 1 to 1,440.
    pub limit: Minutes,
    /// Who asks.
    pub author: String,
    /// When, UTC.
    pub at: NaiveDateTime,
}

impl TravelRequest {
    /// What reports call it.
    pub fn kind(&self) -> ImportKind {
        match self.task {
            Task::Streets { .. } => ImportKind::Streets,
            Task::Timetable { .. } => ImportKind::Timetable,
            Task::Matrix { .. } => ImportKind::TravelMatrix,
            Task::Again { .. } => ImportKind::TravelAgain,
        }
    }

    /// The file it reads, where it reads one.
    pub fn file(&self) -> Option<&str> {
        match &self.task {
            Task::Streets { given, .. }
            | Task::Timetable { given, .. }
            | Task::Matrix { given, .. } => Some(&given.file.name),
            Task::Again { .. } => None,
        }
    }
}

/// Why no minutes could be made. A fault in a table is not an error: it is in the report.
#[derive(Debug, thiserror::Error)]
pub enum TravelError {
    /// The map or a network.
    #[error(transparent)]
    Networks(#[from] NetworksFault),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Nowhere to travel from.
    #[error("the register has no zones, so there is nowhere to travel from: import some first")]
    NoZones,
    /// Nothing to work out again.
    #[error("no street network for {0} is kept: prepare one from an .osm.pbf map first")]
    NoStreets(&'static str),
    /// Others kept changing the register meanwhile.
    #[error("the register was changed by others {ATTEMPTS} times meanwhile; try again")]
    Contended,
}

type Heard<'a> = &'a mut (dyn FnMut(f64, &str) -> bool + Send);

/// Makes the minutes and keeps them with their networks as one version, or nothing. `heard` is told a share from 0 to 1
/// and what is done, and says whether to go on. The report is kept in every case that is not an error.
pub fn carry_out(
    store: &Store,
    scope: &Scope,
    request: &TravelRequest,
    heard: Heard<'_>,
) -> Result<(ImportId, ImportReport), TravelError> {
    let snapshot = store.snapshot(scope)?;
    if snapshot.geography.zones.is_empty() {
        return Err(TravelError::NoZones);
    }
    let mut making = Making {
        snapshot: &snapshot,
        store,
        scope,
        limit: request.limit,
        threads: thread::available_parallelism().map_or(1, NonZeroUsize::get),
        heard,
        report: ImportReport {
            kind: request.kind(),
            files: request.file().map(str::to_owned).into_iter().collect(),
            rows: 0,
            changes: 0,
            unchanged: 0,
            version: None,
            faults: Vec::new(),
            notes: Vec::new(),
            off_network: Vec::new(),
        },
    };
    let sets = match &request.task {
        Task::Streets { given, modes, speeds } => making.streets(given, modes, speeds)?,
        Task::Again { modes } => making.again(modes)?,
        Task::Matrix { given, mode, absent, accept_faults } => {
            making.matrix(given, (*mode, *absent), *accept_faults)
        }
        Task::Timetable { given, date, window, changes, rules, on_foot, on_wheels } => {
            let asked = (*date, *window, *changes);
            making.timetable(given, asked, rules, (*on_foot, *on_wheels))?
        }
    };
    if !sets.is_empty() {
        making.go(0.98, "keeping")?;
    }
    let report = making.report;
    keep(store, scope, request, report, sets)
}

/// One version of what is new, even where others changed the register meanwhile: minutes say for which places they
/// were made.
fn keep(
    store: &Store,
    scope: &Scope,
    request: &TravelRequest,
    mut report: ImportReport,
    sets: Vec<ReferenceSet>,
) -> Result<(ImportId, ImportReport), TravelError> {
    let offered = sets.len();
    let is_empty = sets.is_empty();
    for attempt in 0..ATTEMPTS {
        if attempt > 0 {
            thread::sleep(std::time::Duration::from_millis(25 << attempt));
        }
        let snapshot = store.snapshot(scope)?;
        let held = &snapshot.register;
        let is_new = |set: &&ReferenceSet| {
            held.reference(set.reference.kind).is_none_or(|kept| kept.hash != set.reference.hash)
        };
        let news: Vec<ReferenceSet> = sets.iter().filter(is_new).cloned().collect();
        report.changes = news.len() as u64;
        report.unchanged = (offered - news.len()) as u64;
        let Some(first) = news.first() else {
            if !is_empty {
                let words = "Nothing new: the same networks and minutes were already kept";
                report.notes.push(words.to_owned());
            }
            let id = store.save_import(scope, &request.author, request.at, &report)?;
            return Ok((id, report));
        };
        let draft = Draft {
            author: request.author.clone(),
            at: request.at,
            source: first.reference.source.clone(),
            reason: request.kind().label().to_owned(),
            changes: Vec::new(),
            references: news,
        };
        match store.append_import(scope, draft, held.version, &mut report) {
            Ok((_, id)) => return Ok((id, report)),
            Err(StoreError::Conflict { .. }) => report.version = None,
            Err(error) => return Err(error.into()),
        }
    }
    Err(TravelError::Contended)
}

struct Making<'a> {
    snapshot: &'a Snapshot,
    store: &'a Store,
    scope: &'a Scope,
    limit: Minutes,
    threads: usize,
    heard: Heard<'a>,
    report: ImportReport,
}

impl Making<'_> {
    fn go(&mut self, share: f64, doing: &str) -> Result<(), NetworksFault> {
        if (self.heard)(share, doing) { Ok(()) } else { Err(NetworksFault::Stopped) }
    }

    fn note(&mut self, words: String) {
        self.report.notes.push(words);
    }

    fn streets(
        &mut self,
        given: &Given,
        modes: &[Mode],
        speeds: &SpeedTable,
    ) -> Result<Vec<ReferenceSet>, TravelError> {
        let asked = Asked {
            file: &given.file.name,
            bytes: &given.file.bytes,
            source: &given.source,
            as_of: given.as_of,
            speeds,
        };
        let called = networks::named(&asked);
        let (kept, wanted): (Vec<Mode>, Vec<Mode>) = modes.iter().partition(|mode| {
            pinned(self.snapshot, **mode).is_some_and(|reference| reference.source == called)
        });
        for mode in &kept {
            let words = "prepared before from this map by these speeds, and used again";
            self.note(format!("{}: {words}", mode.label()));
        }
        let mut sets = Vec::new();
        if !wanted.is_empty() {
            let heard = &mut *self.heard;
            let mut part = |share: f64, doing: &str| heard(share * 0.7, doing);
            let (made, told) = networks::prepare(&asked, &wanted, &mut part)?;
            for prepared in told {
                self.tell_network(&prepared);
            }
            sets = made;
        }
        for mode in kept {
            sets.extend(self.kept(mode)?);
        }
        let sets = self.with_minutes(sets, 0.7, 0.98)?;
        if !self.is_of_another_place(modes) {
            return Ok(sets);
        }
        Ok(self.refuse(
            given,
            "no street near any zone or site of the register",
            "a map of the area the register is of",
            "Nothing was kept: by this map everybody's journey would be not known.",
        ))
    }

    /// A file that cannot be used as a whole, in words; nothing is kept of it.
    fn refuse(
        &mut self,
        given: &Given,
        value: &str,
        expected: &str,
        why: &str,
    ) -> Vec<ReferenceSet> {
        self.report.faults.push(Fault {
            file: given.file.name.clone(),
            sheet: None,
            row: 0,
            column: String::new(),
            value: value.to_owned(),
            expected: expected.to_owned(),
        });
        self.note(why.to_owned());
        Vec::new()
    }

    /// Whether minutes were made and no zone and no site is on the map for any of the modes.
    fn is_of_another_place(&self, modes: &[Mode]) -> bool {
        let Snapshot { register, geography, .. } = self.snapshot;
        let places = geography.zones.len() + register.located(|_| true).len();
        let lost = |mode: &Mode| {
            let off = self.report.off_network.iter();
            off.filter(|place| place.mode == *mode && !place.is_placed).count()
        };
        places > 0 && modes.iter().all(|mode| lost(mode) == places)
    }

    fn again(&mut self, modes: &[Mode]) -> Result<Vec<ReferenceSet>, TravelError> {
        let wanted = if modes.is_empty() { &STREETS } else { modes };
        let mut sets = Vec::new();
        for mode in wanted {
            match self.kept(*mode)? {
                None if !modes.is_empty() => return Err(TravelError::NoStreets(mode.key())),
                found => sets.extend(found),
            }
        }
        let are_all = modes.is_empty() || STREETS.iter().all(|mode| modes.contains(mode));
        let timetable = if are_all { self.timetable_used() } else { None };
        if sets.is_empty() && timetable.is_none() {
            return Err(TravelError::NoStreets("any mode"));
        }
        let to = if timetable.is_some() { 0.5 } else { 0.98 };
        let mut sets = self.with_minutes(sets, 0.0, to)?;
        if let Some(reference) = timetable {
            self.go(to, "reading the timetable kept")?;
            let bytes = self.store.reference_set(self.scope, &reference)?;
            let kept = decode_timetable(&bytes).map_err(NetworksFault::from)?;
            sets.extend(self.ridden(&kept, &reference, to)?);
        }
        Ok(sets)
    }

    /// The timetable kept, unless the minutes are no longer its own, as after a router's were taken.
    fn timetable_used(&self) -> Option<Reference> {
        let Snapshot { register, geography, .. } = self.snapshot;
        let reference = register.reference(ReferenceKind::Timetable)?;
        let maker = &geography.times(Mode::PublicTransport)?.maker;
        let is_its_own =
            matches!(maker, Maker::Timetable { timetable, .. } if *timetable == reference.hash);
        is_its_own.then(|| reference.clone())
    }

    fn kept(&self, mode: Mode) -> Result<Option<ReferenceSet>, TravelError> {
        let Some(reference) = pinned(self.snapshot, mode) else { return Ok(None) };
        let bytes = self.store.reference_set(self.scope, reference)?;
        Ok(Some(ReferenceSet { reference: reference.clone(), bytes }))
    }

    /// The networks, and the minutes of each.
    fn with_minutes(
        &mut self,
        mut sets: Vec<ReferenceSet>,
        from: f64,
        to: f64,
    ) -> Result<Vec<ReferenceSet>, TravelError> {
        let mut minutes = Vec::new();
        for (done, network) in sets.iter().enumerate() {
            let share = from + (to - from) * done as f64 / sets.len() as f64;
            self.go(share, "working the minutes out")?;
            let Snapshot { register, geography, .. } = self.snapshot;
            let made = networks::minutes(network, register, geography, self.limit, self.threads)?;
            let Some((set, times, placings)) = made else { continue };
            self.tell_times(&times);
            self.tell_off_network(times.mode, placings);
            minutes.push(set);
        }
        sets.extend(minutes);
        Ok(sets)
    }

    fn matrix(
        &mut self,
        given: &Given,
        (mode, absent): (Mode, Missing),
        accept_faults: bool,
    ) -> Vec<ReferenceSet> {
        let name = &given.file.name;
        let mut file = matrix::read(name, &given.file.bytes);
        let (rows, mut faults) = (take(&mut file.rows), take(&mut file.faults));
        let located = self.snapshot.register.located(|_| true);
        let sites: BTreeSet<SiteCode> = located.into_iter().map(|(code, _)| code).collect();
        // Good rows, and those of which a cell could not be read.
        let seen = rows.len() + faults.iter().filter(|fault| fault.row > 1).count();
        let zones = &self.snapshot.geography.zones;
        let about = (mode, self.limit);
        let reading = from_matrix(rows, zones, &sites, about, (&given.source, absent));
        faults.extend(reading.faults.into_iter().map(|fault| Fault {
            file: name.clone(),
            sheet: None,
            row: fault.row,
            column: file.header(fault.column).to_owned(),
            value: fault.value,
            expected: fault.expected,
        }));
        let beyond = faults.len().saturating_sub(MOST_FAULTS);
        if beyond > 0 {
            faults.truncate(MOST_FAULTS);
            self.note(format!("{beyond} further faults are not listed"));
        }
        self.report.rows = seen as u64;
        self.report.faults = faults;
        let times = reading.times;
        let pairs: usize = times.rows.iter().map(Vec::len).sum();
        // Of a file that cannot be read at all its own fault says all there is to say.
        if pairs == 0 && (seen > 0 || self.report.faults.is_empty()) {
            self.report.faults.push(Fault {
                file: name.clone(),
                sheet: None,
                row: 0,
                column: String::new(),
                value: "no pair within the limit".to_owned(),
                expected: "minutes between zones and located sites of the register".to_owned(),
            });
        }
        if pairs == 0 || (!self.report.faults.is_empty() && !accept_faults) {
            self.note("Nothing was kept, because the file has faults.".to_owned());
            return Vec::new();
        }
        let is_shut = times.exceptions.iter().filter(|found| found.why == Missing::Unreachable);
        let no_way: Vec<String> = is_shut
            .filter_map(|found| {
                let zone = times.zones.get(found.zone as usize)?;
                Some(format!("{zone} to {}", times.sites.get(found.site as usize)?))
            })
            .collect();
        if !no_way.is_empty() {
            self.note(format!("no way for {} pairs: {}", no_way.len(), listed(&no_way)));
        }
        let silent = times.rows.iter().zip(&times.zones).filter(|(row, _)| row.is_empty());
        let silent: Vec<String> = silent.map(|(_, zone)| zone.clone()).collect();
        if !silent.is_empty() {
            self.note(format!("{} zones reach no site in it: {}", silent.len(), listed(&silent)));
        }
        self.tell_times(&times);
        vec![networks::kept(times, &given.source, given.as_of).0]
    }

    fn timetable(
        &mut self,
        given: &Given,
        (date, window, changes): (NaiveDate, (u32, u32), u8),
        rules: &TimetableRules,
        (on_foot, on_wheels): (StraightLine, StraightLine),
    ) -> Result<Vec<ReferenceSet>, TravelError> {
        self.go(0.0, "reading the timetable")?;
        let reading = match timetable::read(&given.file.name, &given.file.bytes) {
            Ok(reading) => reading,
            Err(faults) => {
                self.report.faults = faults;
                self.note("Nothing was kept, because the file has faults.".to_owned());
                return Ok(Vec::new());
            }
        };
        let read = reading.timetable;
        self.report.rows = read.trips.len() as u64;
        let running = read.running(date, Rider::Anyone).len();
        let (stops, trips) = (read.stops.len(), read.trips.len());
        self.note(format!("{stops} stops in use, {trips} trips; {running} runs on {date}"));
        self.report.notes.extend(reading.notes);
        if running == 0 {
            return Ok(self.refuse(
                given,
                &date.to_string(),
                "a day on which a trip of this timetable runs",
                "Nothing was kept, because no trip runs on that day.",
            ));
        }
        if self.is_elsewhere(&read, rules, on_foot) {
            return Ok(self.refuse(
                given,
                "no stop near any zone or site of the register",
                "a timetable of the area the register is of",
                "Nothing was kept: by this timetable nobody would reach anything.",
            ));
        }

        let kept = KeptTimetable {
            timetable: read,
            date,
            window,
            changes,
            rules: rules.clone(),
            on_foot,
            on_wheels,
        };
        let bytes = encode_timetable(&kept);
        let (kind, source) = (ReferenceKind::Timetable, &given.source);
        let reference = describe(kind, &bytes, trips, source, given.as_of);
        let minutes = self.ridden(&kept, &reference, 0.02)?;
        let mut sets = vec![ReferenceSet { reference, bytes }];
        sets.extend(minutes);
        Ok(sets)
    }

    /// Whether every stop lies farther than the longest walk outside the rectangle of all zones and sites.
    fn is_elsewhere(
        &self,
        timetable: &Timetable,
        rules: &TimetableRules,
        on_foot: StraightLine,
    ) -> bool {
        let Snapshot { register, geography, .. } = self.snapshot;
        let sites = register.located(|_| true);
        let zones = geography.zones.iter().map(|zone| zone.point);
        let points = zones.chain(sites.iter().map(|(_, point)| *point));
        let nowhere = [f64::INFINITY, f64::NEG_INFINITY, f64::INFINITY, f64::NEG_INFINITY];
        let [west, east, south, north] =
            points.fold(nowhere, |[west, east, south, north], point| {
                let (x, y) = (point.easting(), point.northing());
                [west.min(x), east.max(x), south.min(y), north.max(y)]
            });
        let reach = on_foot.radius(Minutes(rules.farthest_walk_minutes));
        let is_near = |x: f64, y: f64| {
            (west - reach..=east + reach).contains(&x)
                && (south - reach..=north + reach).contains(&y)
        };
        // Of nowhere nothing can be said.
        west <= east
            && !timetable
                .stops
                .iter()
                .any(|stop| is_near(stop.point.easting(), stop.point.northing()))
    }

    /// The minutes a timetable gives.
    fn ridden(
        &mut self,
        kept: &KeptTimetable,
        reference: &Reference,
        from: f64,
    ) -> Result<Vec<ReferenceSet>, TravelError> {
        let KeptTimetable { date, window, changes, rules, on_foot, on_wheels, .. } = kept;
        let (walk, step_free) = (self.networks(Mode::Walk)?, self.networks(Mode::StepFreeWalk)?);
        let named = |by: &Option<(Vec<Network>, String)>| {
            kept.named(&reference.source, by.as_ref().map(|(_, source)| source.as_str()))
        };
        let (by_foot, by_wheels) = (named(&walk), named(&step_free));
        let sites = self.snapshot.register.located(|_| true);
        let ends = Ends::new(&self.snapshot.geography.zones, &sites);
        let asked = Departures {
            date: *date,
            window: *window,
            changes: *changes,
            limit: self.limit,
            rules,
            source: &by_foot,
            hash: &reference.hash,
        };
        let walking = walk
            .as_ref()
            .and_then(|(networks, _)| networks.first())
            .map_or(Walking::Straight(*on_foot), Walking::Streets);
        let (sure, perhaps) = match step_free.as_ref().map(|(networks, _)| networks.as_slice()) {
            Some([sure, perhaps]) => (Some(Walking::Streets(sure)), Walking::Streets(perhaps)),
            _ => (None, Walking::Straight(*on_wheels)),
        };
        let threads = self.threads;
        let heard = Mutex::new(&mut *self.heard);
        let half = (0.98 - from) / 2.0;
        let told = |from: f64, doing: &'static str| {
            let heard = &heard;
            move |share: f64| {
                let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
                (*heard)(from + share * half, doing)
            }
        };
        let (all, wheels) = (told(from, "riding"), told(from + half, "riding step-free"));
        let read = &kept.timetable;
        let work = Work { threads, goes_on: &all };
        let made = read.minutes(&ends, walking, asked, work).ok_or(NetworksFault::Stopped)?;
        let [median, late] = made;
        let asked = Departures { source: &by_wheels, ..asked };
        let work = Work { threads, goes_on: &wheels };
        let on_wheels = read.step_free_minutes(&ends, (sure, perhaps), asked, work);
        let [wheels, late_wheels] = on_wheels.ok_or(NetworksFault::Stopped)?;

        let mut sets = Vec::new();
        for (kind, times, source) in [
            (ReferenceKind::PublicTransportTimes, median, &by_foot),
            (ReferenceKind::LatePublicTransportTimes, late, &by_foot),
            (ReferenceKind::StepFreePublicTransportTimes, wheels, &by_wheels),
            (ReferenceKind::LateStepFreePublicTransportTimes, late_wheels, &by_wheels),
        ] {
            self.tell_times(&times);
            sets.push(networks::kept_as_kind(kind, &times, source, reference.as_of));
        }
        Ok(sets)
    }

    fn networks(&self, mode: Mode) -> Result<Option<(Vec<Network>, String)>, TravelError> {
        let Some(set) = self.kept(mode)? else { return Ok(None) };
        let networks = decode_streets(&set.bytes).map_err(NetworksFault::from)?;
        Ok(Some((networks, set.reference.source)))
    }

    fn tell_times(&mut self, times: &TravelTimes) {
        let pairs: usize = times.rows.iter().map(Vec::len).sum();
        let (mode, limit) = (times.mode.label(), times.limit.0);
        self.note(format!("{mode}: {pairs} pairs within {limit} minutes, {}", times.maker));
        let perhaps: usize = times.perhaps.iter().map(Vec::len).sum();
        if perhaps > 0 {
            self.note(format!(
                "{perhaps} pairs only, or sooner, if stops, vehicles and streets nobody has recorded are step-free"
            ));
        }
        let lost = times.exceptions.iter().filter(|found| found.why == Missing::NotComputed);
        let lost = lost.count();
        if lost > 0 {
            self.note(format!("{lost} pairs not computed: an end is not on the map"));
        }
    }

    /// The places a network does not reach, or only from afar: all in the report, the first by name.
    fn tell_off_network(&mut self, mode: Mode, placings: Vec<Placing>) {
        let (far, lost): (Vec<&Placing>, Vec<&Placing>) =
            placings.iter().partition(|placing| placing.is_placed);
        let named = |placings: &[&Placing]| {
            let names = placings.iter().map(|placing| {
                let metres =
                    placing.metres.map_or("over 10 km".to_owned(), |m| format!("{m:.0} m"));
                format!("{} ({metres})", placing.code)
            });
            listed(&names.collect::<Vec<_>>())
        };
        let label = mode.label();
        if !lost.is_empty() {
            self.note(format!(
                "{label}: {} zones and sites are too far from any street of this map, so their minutes are not computed: {}",
                lost.len(),
                named(&lost)
            ));
        }
        if !far.is_empty() {
            self.note(format!(
                "{label}: {} zones and sites are more than 100 m from their street or on a part cut off, told and not travelled: {}",
                far.len(),
                named(&far)
            ));
        }
        self.report.off_network.extend(placings.into_iter().map(|placing| {
            let Placing { code, metres, is_placed, is_on_island } = placing;
            OffNetwork { mode, code, metres, is_placed, is_on_island }
        }));
    }

    fn tell_network(&mut self, prepared: &Prepared) {
        let whom = match prepared.profile {
            Profile::Walk => "on foot",
            Profile::SurelyStepFree => "surely step-free",
            Profile::PerhapsStepFree => "step-free if what nobody recorded is",
            Profile::Drive => "by car",
        };
        let (junctions, vertices, segments) = prepared.size;
        let report = &prepared.report;
        self.report.rows = self.report.rows.max(report.ways);
        self.note(format!(
            "{whom}: {} ways, {junctions} junctions ({vertices} with turns told apart), {segments} streets between them",
            report.ways
        ));
        if report.missing_nodes > 0 {
            let nodes = report.missing_nodes;
            self.note(format!("{nodes} nodes are named and not in the file (the map's edge)"));
        }
        if prepared.profile == Profile::Drive {
            self.note(format!(
                "{} turn restrictions kept, {} where no car goes, {} not understood and not kept",
                report.restrictions_kept,
                report.restrictions_elsewhere,
                report.restrictions_unsupported.len()
            ));
            for (relation, why) in report.restrictions_unsupported.iter().take(LISTED) {
                self.note(format!("relation {relation}: {why}"));
            }
        }
        for island in prepared.islands.iter().take(5) {
            let name = island.name.as_deref().unwrap_or("unnamed streets");
            self.note(format!(
                "cut off from the rest: {name}, {} junctions, {:.0} m of street near {:.0},{:.0}",
                island.junctions, island.metres, island.easting, island.northing
            ));
        }
        if prepared.islands.len() > 5 {
            self.note(format!("and {} further parts", prepared.islands.len() - 5));
        }
    }
}

/// The network of a mode that a register keeps.
fn pinned(snapshot: &Snapshot, mode: Mode) -> Option<&Reference> {
    snapshot.register.reference(networks::kept_as(mode)?)
}

fn listed(names: &[String]) -> String {
    let first = names.iter().take(LISTED).cloned().collect::<Vec<_>>().join(", ");
    if names.len() > LISTED {
        format!("{first} and {} further", names.len() - LISTED)
    } else {
        first
    }
}

/// Something kept about travel, for a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    /// For whom.
    pub mode: Mode,
    /// `streets`, `timetable`, `minutes` or `late minutes`.
    pub what: &'static str,
    /// Streets between junctions, trips, or pairs; source, day and hash.
    pub reference: Reference,
}

/// The networks, the timetable and the minutes a register keeps, by mode.
pub fn kept(snapshot: &Snapshot) -> Vec<Kept> {
    let held = |kind| snapshot.register.reference(kind);
    let mut all = Vec::new();
    for mode in Mode::ALL {
        let is_ridden = mode == Mode::PublicTransport;
        let timetable = held(ReferenceKind::Timetable).filter(|_| is_ridden);
        let late = mode.kept_late_as().and_then(held);
        let of_mode = [
            ("streets", pinned(snapshot, mode)),
            ("timetable", timetable),
            ("minutes", held(mode.kept_as())),
            ("late minutes", late),
        ];
        all.extend(of_mode.into_iter().filter_map(|(what, reference)| {
            Some(Kept { mode, what, reference: reference?.clone() })
        }));
    }
    all
}
