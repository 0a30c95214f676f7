//! A GTFS timetable in a zip file as plain structs. Whatever the bytes, a timetable or faults with file, row and column.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Read};

use chrono::NaiveDate;

use super::Fault;
use crate::geography::{LonLat, from_wgs84};
use crate::travel::Timetable;
use crate::travel::timetable::{Call, Service, Stop, Transfer, Trip, Wheelchair};

/// Most bytes that all files together may unpack to.
const UNPACKED_LIMIT: u64 = 2 << 30;
/// Faults gathered; a file with so many needs no more.
const MOST_FAULTS: usize = 1_000;
/// Most runs that `frequencies.txt` may come to, and most pairs of stops that `transfers.txt` may.
const MOST_RUNS: usize = 1_000_000;
/// Hours a trip may run past midnight, as seconds.
const LATEST: u32 = 7 * 86_400;

/// A timetable, and what of it was left out.
#[derive(Debug, Clone, PartialEq)]
pub struct TimetableReading {
    /// What was read.
    pub timetable: Timetable,
    /// What was made of it that it does not say itself, and what it says that was not read.
    pub notes: Vec<String>,
}

/// Reads a timetable. `file` is for messages.
pub fn read(file: &str, bytes: &[u8]) -> Result<TimetableReading, Vec<Fault>> {
    let mut gtfs = Gtfs::open(file, bytes).map_err(|fault| vec![fault])?;
    let read = gtfs.timetable();
    match read {
        Some(read) if gtfs.faults.is_empty() => Ok(read),
        _ => Err(gtfs.faults),
    }
}

struct Gtfs<'a> {
    file: &'a str,
    archive: zip::ZipArchive<Cursor<&'a [u8]>>,
    left: u64,
    faults: Vec<Fault>,
}

/// A file of the zip: its header and its rows.
struct Rows {
    name: &'static str,
    header: Vec<String>,
    rows: Vec<(u64, csv::StringRecord)>,
}

impl Rows {
    fn column(&self, name: &str) -> Option<usize> {
        self.header.iter().position(|header| header == name)
    }
}

/// A cell, trimmed; empty where the column or the cell is missing.
fn cell(row: &csv::StringRecord, column: Option<usize>) -> &str {
    column.and_then(|column| row.get(column)).unwrap_or_default().trim()
}

impl<'a> Gtfs<'a> {
    fn open(file: &'a str, bytes: &'a [u8]) -> Result<Self, Fault> {
        let archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|error| Fault {
            file: file.to_owned(),
            sheet: None,
            row: 0,
            column: String::new(),
            value: error.to_string(),
            expected: "a whole zip file with a GTFS timetable".to_owned(),
        })?;
        Ok(Self { file, archive, left: UNPACKED_LIMIT, faults: Vec::new() })
    }

    fn fault(&mut self, name: &str, (row, column): (u64, &str), value: &str, expected: &str) {
        if self.faults.len() < MOST_FAULTS {
            self.faults.push(Fault {
                file: format!("{}/{name}", self.file),
                sheet: None,
                row,
                column: column.to_owned(),
                value: value.chars().take(200).collect(),
                expected: expected.to_owned(),
            });
        }
    }

    /// A file's rows; `None` where it is not there or cannot be read, which is a fault where it is `needed`.
    fn rows(&mut self, name: &'static str, needed: bool, columns: &[&str]) -> Option<Rows> {
        let mut bytes = Vec::new();
        let is_there = match self.archive.by_name(name) {
            Ok(file) => file
                .take(self.left + 1)
                .read_to_end(&mut bytes)
                .map(|_| true)
                .map_err(|error| error.to_string()),
            Err(zip::result::ZipError::FileNotFound) => Ok(false),
            Err(error) => Err(error.to_string()),
        };
        match is_there {
            Ok(true) => {}
            Ok(false) => {
                if needed {
                    self.fault(name, (0, ""), "no such file", "a file of that name in the zip");
                }
                return None;
            }
            Err(told) => {
                self.fault(name, (0, ""), &told, "a whole file");
                return None;
            }
        }
        let Some(left) = self.left.checked_sub(bytes.len() as u64) else {
            self.fault(name, (0, ""), "more", "files of at most 2 GB together");
            return None;
        };
        self.left = left;
        let plain = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes);
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(plain);
        let header: Vec<String> = match reader.byte_headers() {
            Ok(header) => {
                header.iter().map(|name| String::from_utf8_lossy(name).trim().to_owned()).collect()
            }
            Err(error) => {
                self.fault(name, (1, ""), &error.to_string(), "a header");
                return None;
            }
        };
        for column in columns {
            if !header.iter().any(|held| held == column) {
                self.fault(name, (1, column), "", "a column of that name");
                return None;
            }
        }
        let mut rows = Vec::new();
        for record in reader.byte_records() {
            match record {
                Ok(record) => {
                    let line = record.position().map_or(0, csv::Position::line);
                    rows.push((line, csv::StringRecord::from_byte_record_lossy(record)));
                }
                Err(error) => self.fault(name, (0, ""), &error.to_string(), "rows of CSV"),
            }
        }
        Some(Rows { name, header, rows })
    }

    fn timetable(&mut self) -> Option<TimetableReading> {
        let services = self.services();
        let (mut stops, stations, entrances) = self.stops();
        let pathways = self.pathways(&mut stops, &stations, &entrances);
        let trips = self.trips(&services);
        let (calls, spaced) = self.calls(&stops, &trips)?;
        let runs = self.frequencies(&trips);
        let (transfers, left_out) = self.transfers(&stops, &stations);
        // Only stops that somebody calls at are places to walk to.
        let used: BTreeSet<u32> = calls.iter().flatten().map(|call| call.stop).collect();
        let mut new_index = BTreeMap::new();
        let mut kept = Vec::new();
        for (at, held) in (0_u32..).zip(&stops.held) {
            if let Some(stop) = held.as_ref().filter(|_| used.contains(&at)) {
                new_index.insert(at, u32::try_from(kept.len()).ok()?);
                kept.push(stop.clone());
            }
        }
        let mut of_all = Vec::new();
        for ((at, (id, (service, wheelchair))), calls) in (0_usize..).zip(&trips.held).zip(calls) {
            let calls: Vec<Call> = calls
                .into_iter()
                .filter_map(|call| Some(Call { stop: *new_index.get(&call.stop)?, ..call }))
                .collect();
            let trip =
                |calls| Trip { id: id.clone(), service: *service, wheelchair: *wheelchair, calls };
            let Some(runs) = runs.get(&at) else {
                of_all.push(trip(calls));
                continue;
            };
            let first = calls.first().map_or(0, |call| call.departs);
            for start in runs {
                let moved = |time: u32| (start + time).saturating_sub(first);
                let calls = calls.iter().map(|call| Call {
                    arrives: moved(call.arrives),
                    departs: moved(call.departs),
                    ..*call
                });
                of_all.push(trip(calls.collect()));
            }
        }
        let new = |at: &u32| new_index.get(at).copied();
        let between = transfers.into_iter();
        let between = between.filter_map(|((a, b), held)| Some(((new(&a)?, new(&b)?), held)));
        let transfers: BTreeMap<_, _> = between.collect();
        let mut notes = Vec::new();
        if spaced > 0 {
            notes.push(format!("{spaced} times the file leaves open are spaced evenly"));
        }
        if !transfers.is_empty() {
            let pairs = transfers.len();
            notes.push(format!("{pairs} changes between stops are as transfers.txt says"));
        }
        if left_out > 0 {
            notes.push(format!(
                "{left_out} rows of transfers.txt are for one route or trip, or for staying seated, and are not read"
            ));
        }
        if let Some(doubted) = pathways {
            notes.push(
                "pathways.txt is read for steps only: ways inside stations are as long as the walk between their stops"
                    .to_owned(),
            );
            if doubted > 0 {
                notes.push(format!(
                    "{doubted} stops are called step-free, but by pathways.txt only stairs or escalators lead there and back: not known to be step-free"
                ));
            }
        }
        let services = services.into_values().map(|(_, service)| service).collect();
        let timetable = Timetable { stops: kept, trips: of_all, services, transfers };
        Some(TimetableReading { timetable, notes })
    }

    /// Reads the ways inside stations for steps. A stop that is called step-free and has no way from an entrance and back
    /// without stairs and escalators is not known to be. How many those are; `None` without such a file.
    fn pathways(
        &mut self,
        stops: &mut ById<Option<Stop>>,
        stations: &Stations,
        entrances: &BTreeSet<u32>,
    ) -> Option<u64> {
        let columns = ["from_stop_id", "to_stop_id", "pathway_mode", "is_bidirectional"];
        let table = self.rows("pathways.txt", false, &columns)?;
        let [from, to, mode, both] = columns.map(|name| table.column(name));
        let mut seen = BTreeSet::new();
        let (mut ahead, mut back): (Ways, Ways) = (Ways::new(), Ways::new());
        let mut add = |from: u32, to: u32| {
            ahead.entry(from).or_default().push(to);
            back.entry(to).or_default().push(from);
        };
        for (line, row) in &table.rows {
            let ends = [("from_stop_id", from), ("to_stop_id", to)].map(|(name, column)| {
                let id = cell(row, column);
                let found = stops.find(id);
                if found.is_none() {
                    let expected = "a stop_id of stops.txt";
                    self.fault(table.name, (*line, name), id, expected);
                }
                found
            });
            let is_step_free = match cell(row, mode) {
                "1" | "3" | "5" | "6" | "7" => true,
                "2" | "4" => false,
                other => {
                    self.fault(table.name, (*line, "pathway_mode"), other, "1 to 7");
                    continue;
                }
            };
            let is_both = match cell(row, both) {
                "0" => false,
                "1" => true,
                other => {
                    self.fault(table.name, (*line, "is_bidirectional"), other, "0 or 1");
                    continue;
                }
            };
            let [Some(from), Some(to)] = ends else { continue };
            seen.extend([from, to]);
            if is_step_free {
                add(from, to);
                if is_both {
                    add(to, from);
                }
            }
        }
        // A platform is where its boarding areas are.
        let inside = stations.iter().flat_map(|(of, all)| all.iter().map(move |stop| (*stop, *of)));
        let parent: BTreeMap<u32, u32> = inside.collect();
        for (area, platform) in parent.iter().filter(|(_, of)| parent.contains_key(of)) {
            add(*area, *platform);
            add(*platform, *area);
        }
        let top = |stop: u32| {
            let station = parent.get(&stop).copied().unwrap_or(stop);
            parent.get(&station).copied().unwrap_or(station)
        };
        let described: BTreeSet<u32> = seen.into_iter().map(top).collect();
        let (into, out) = (led(&ahead, entrances), led(&back, entrances));
        let mut doubted = 0;
        for (at, stop) in (0_u32..).zip(&mut stops.held) {
            let Some(stop) = stop.as_mut().filter(|stop| stop.wheelchair == Wheelchair::Yes) else {
                continue;
            };
            let is_led = into.contains(&at) && out.contains(&at);
            if described.contains(&top(at)) && parent.contains_key(&at) && !is_led {
                stop.wheelchair = Wheelchair::Unknown;
                doubted += 1;
            }
        }
        Some(doubted)
    }

    /// What the file says of changing between stops, and how many rows say something else. What it says of two stops
    /// goes before what it says of their stations.
    fn transfers(&mut self, stops: &ById<Option<Stop>>, stations: &Stations) -> (Transfers, u64) {
        let mut held: BTreeMap<(u32, u32), (u8, Transfer)> = BTreeMap::new();
        let mut left_out = 0;
        let Some(table) = self.rows("transfers.txt", false, &[]) else {
            return (Transfers::new(), left_out);
        };
        let [kind, seconds] = ["transfer_type", "min_transfer_time"].map(|name| table.column(name));
        let narrower = ["from_route_id", "to_route_id", "from_trip_id", "to_trip_id"];
        let narrower = narrower.map(|name| table.column(name));
        for (line, row) in &table.rows {
            let is_narrower = narrower.iter().any(|column| !cell(row, *column).is_empty());
            let transfer = match cell(row, kind) {
                "4" | "5" => None,
                _ if is_narrower => None,
                "" | "0" => continue,
                "1" => Some(Transfer::Held),
                "3" => Some(Transfer::Never),
                "2" => {
                    let text = cell(row, seconds);
                    let takes = text.parse().ok().filter(|seconds| *seconds <= LATEST);
                    if takes.is_none() {
                        let expected = "seconds, as transfer_type 2 needs";
                        self.fault(table.name, (*line, "min_transfer_time"), text, expected);
                        continue;
                    }
                    takes.map(Transfer::Takes)
                }
                other => {
                    let expected = "0 to 5, or nothing";
                    self.fault(table.name, (*line, "transfer_type"), other, expected);
                    continue;
                }
            };
            let Some(transfer) = transfer else {
                left_out += 1;
                continue;
            };
            let ends = ["from_stop_id", "to_stop_id"].map(|column| {
                let id = cell(row, table.column(column));
                let found = stops.find(id);
                if found.is_none() {
                    let expected = "a stop_id of stops.txt";
                    self.fault(table.name, (*line, column), id, expected);
                }
                found
            });
            let [Some(from), Some(to)] = ends else { continue };
            let inside = |stop: u32| stations.get(&stop).cloned().unwrap_or_else(|| vec![stop]);
            let rank = [from, to].iter().map(|stop| u8::from(!stations.contains_key(stop))).sum();
            let (froms, tos) = (inside(from), inside(to));
            // Before they are gone through: two stations of a hundred thousand stops are ten thousand million pairs.
            if froms.len().saturating_mul(tos.len()).saturating_add(held.len()) > MOST_RUNS {
                let expected = "transfers between at most 1,000,000 pairs of stops";
                self.fault(
                    table.name,
                    (*line, "from_stop_id"),
                    cell(row, table.column("from_stop_id")),
                    expected,
                );
                break;
            }
            for from in froms {
                for &to in &tos {
                    let said = held.entry((from, to)).or_insert((rank, transfer));
                    if rank >= said.0 {
                        *said = (rank, transfer);
                    }
                }
            }
        }
        (held.into_iter().map(|(pair, (_, transfer))| (pair, transfer)).collect(), left_out)
    }

    /// By id; the number is the place in the order of ids.
    fn services(&mut self) -> BTreeMap<String, (u32, Service)> {
        const DAYS: [&str; 7] =
            ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
        let mut services: BTreeMap<String, (u32, Service)> = BTreeMap::new();
        let columns: Vec<&str> =
            ["service_id", "start_date", "end_date"].into_iter().chain(DAYS).collect();
        let weekly = self.rows("calendar.txt", false, &columns);
        let dated =
            self.rows("calendar_dates.txt", false, &["service_id", "date", "exception_type"]);
        if weekly.is_none() && dated.is_none() && self.faults.is_empty() {
            let expected = "calendar.txt or calendar_dates.txt in the zip";
            self.fault("calendar.txt", (0, ""), "no such file", expected);
        }
        if let Some(table) = weekly {
            let id = table.column("service_id");
            let days = DAYS.map(|day| table.column(day));
            for (line, row) in &table.rows {
                let from = self.date(&table, (*line, row), "start_date");
                let to = self.date(&table, (*line, row), "end_date");
                let id = cell(row, id).to_owned();
                let (_, service) = services.entry(id.clone()).or_default();
                service.id = id;
                service.weekdays = days.map(|day| cell(row, day) == "1");
                service.between = from.zip(to);
            }
        }
        if let Some(table) = dated {
            let (id, kind) = (table.column("service_id"), table.column("exception_type"));
            for (line, row) in &table.rows {
                let date = self.date(&table, (*line, row), "date");
                let runs = match cell(row, kind) {
                    "1" => true,
                    "2" => false,
                    other => {
                        let expected = "1 (added) or 2 (removed)";
                        self.fault(table.name, (*line, "exception_type"), other, expected);
                        continue;
                    }
                };
                let id = cell(row, id).to_owned();
                let (_, service) = services.entry(id.clone()).or_default();
                service.id = id;
                if let Some(date) = date {
                    service.exceptions.insert(date, runs);
                }
            }
        }
        for (at, (number, _)) in (0..).zip(services.values_mut()) {
            *number = at;
        }
        services
    }

    fn date(
        &mut self,
        table: &Rows,
        (line, row): (u64, &csv::StringRecord),
        column: &str,
    ) -> Option<NaiveDate> {
        let text = cell(row, table.column(column));
        let date = NaiveDate::parse_from_str(text, "%Y%m%d").ok();
        if date.is_none() {
            self.fault(table.name, (line, column), text, "a date such as 20260401");
        }
        date
    }

    fn wheelchair(
        &mut self,
        table: &Rows,
        (line, row): (u64, &csv::StringRecord),
        column: &str,
    ) -> Wheelchair {
        match cell(row, table.column(column)) {
            "" | "0" => Wheelchair::Unknown,
            "1" => Wheelchair::Yes,
            "2" => Wheelchair::No,
            other => {
                self.fault(table.name, (line, column), other, "0, 1, 2 or nothing");
                Wheelchair::Unknown
            }
        }
    }

    /// Stops, what is inside each station, and which of them are entrances.
    fn stops(&mut self) -> (ById<Option<Stop>>, Stations, BTreeSet<u32>) {
        let (mut stops, mut stations) = (ById::default(), Stations::new());
        let mut entrances = BTreeSet::new();
        let Some(table) = self.rows("stops.txt", true, &["stop_id", "stop_lat", "stop_lon"]) else {
            return (stops, stations, entrances);
        };
        let [id, lat, lon, kind, parent] =
            ["stop_id", "stop_lat", "stop_lon", "location_type", "parent_station"]
                .map(|name| table.column(name));
        let mut parents = Vec::new();
        for (line, row) in &table.rows {
            let name = cell(row, id);
            let wheelchair = self.wheelchair(&table, (*line, row), "wheelchair_boarding");
            let degrees = [("stop_lat", lat), ("stop_lon", lon)].map(|(column, at)| {
                let text = cell(row, at);
                let number = text.parse::<f64>().ok().filter(|degrees| degrees.is_finite());
                // Generic nodes and boarding areas of a station need no place.
                if number.is_none() && !matches!(cell(row, kind), "3" | "4") {
                    self.fault(table.name, (*line, column), text, "degrees");
                }
                number
            });
            let [latitude, longitude] = degrees;
            let point = latitude.zip(longitude).and_then(|(latitude, longitude)| {
                // Far-off stops (ferries, coaches abroad) are left out with the calls at them.
                from_wgs84(LonLat { longitude, latitude }).ok()
            });
            let stop = point.map(|point| Stop { id: name.to_owned(), point, wheelchair });
            if !stops.insert(name, stop) {
                self.fault(table.name, (*line, "stop_id"), name, "an id that no row above has");
            }
            if cell(row, kind) == "2" {
                entrances.extend(stops.find(name));
            }
            parents.push((*line, cell(row, parent).to_owned(), wheelchair));
        }
        let own: Vec<Wheelchair> = parents.iter().map(|(.., wheelchair)| *wheelchair).collect();
        if !self.faults.is_empty() {
            return (stops, stations, entrances);
        }
        for ((line, parent, wheelchair), at) in parents.into_iter().zip(0_u32..) {
            if parent.is_empty() {
                continue;
            }
            let Some(station) = stops.find(&parent) else {
                let expected = "the stop_id of a station in stops.txt";
                self.fault(table.name, (line, "parent_station"), &parent, expected);
                continue;
            };
            stations.entry(station).or_default().push(at);
            if wheelchair == Wheelchair::Unknown
                && let Some(Some(stop)) = stops.held.get_mut(at as usize)
            {
                stop.wheelchair = own.get(station as usize).copied().unwrap_or_default();
            }
        }
        (stops, stations, entrances)
    }

    fn trips(
        &mut self,
        services: &BTreeMap<String, (u32, Service)>,
    ) -> ById<(String, (u32, Wheelchair))> {
        let mut trips = ById::default();
        let routes = self.rows("routes.txt", true, &["route_id"]);
        let Some(table) = self.rows("trips.txt", true, &["trip_id", "route_id", "service_id"])
        else {
            return trips;
        };
        let routes: Option<BTreeSet<String>> = routes.map(|routes| {
            let id = routes.column("route_id");
            routes.rows.iter().map(|(_, row)| cell(row, id).to_owned()).collect()
        });
        let [id, route, service] =
            ["trip_id", "route_id", "service_id"].map(|name| table.column(name));
        for (line, row) in &table.rows {
            let (name, route, service) = (cell(row, id), cell(row, route), cell(row, service));
            if routes.as_ref().is_some_and(|routes| !routes.contains(route)) {
                let expected = "a route_id of routes.txt";
                self.fault(table.name, (*line, "route_id"), route, expected);
            }
            let found = services.get(service).map(|(number, _)| *number);
            if found.is_none() {
                let expected = "a service_id of calendar.txt or calendar_dates.txt";
                self.fault(table.name, (*line, "service_id"), service, expected);
            }
            let wheelchair = self.wheelchair(&table, (*line, row), "wheelchair_accessible");
            let held = (name.to_owned(), (found.unwrap_or_default(), wheelchair));
            if !trips.insert(name, held) {
                self.fault(table.name, (*line, "trip_id"), name, "an id that no row above has");
            }
        }
        trips
    }

    /// The calls of every trip, and how many times were spaced.
    fn calls(
        &mut self,
        stops: &ById<Option<Stop>>,
        trips: &ById<(String, (u32, Wheelchair))>,
    ) -> Option<(Vec<Vec<Call>>, u64)> {
        let columns = ["trip_id", "stop_id", "stop_sequence", "arrival_time", "departure_time"];
        let table = self.rows("stop_times.txt", true, &columns)?;
        if !self.faults.is_empty() {
            return None;
        }
        let [trip, stop, sequence, arrival, departure] = columns.map(|name| table.column(name));
        let [pickup, drop] = ["pickup_type", "drop_off_type"].map(|name| table.column(name));
        let mut read: Vec<Vec<Timed>> = vec![Vec::new(); trips.held.len()];
        for (line, row) in &table.rows {
            let of_trip = trips.find(cell(row, trip));
            if of_trip.is_none() {
                let expected = "a trip_id of trips.txt";
                self.fault(table.name, (*line, "trip_id"), cell(row, trip), expected);
            }
            let at_stop = stops.find(cell(row, stop));
            if at_stop.is_none() {
                let expected = "a stop_id of stops.txt";
                self.fault(table.name, (*line, "stop_id"), cell(row, stop), expected);
            }
            let order = cell(row, sequence).parse::<u32>().ok();
            if order.is_none() {
                let expected = "a whole number of 0 or more";
                self.fault(table.name, (*line, "stop_sequence"), cell(row, sequence), expected);
            }
            let arrives = self.time(&table, (*line, "arrival_time"), cell(row, arrival));
            let departs = self.time(&table, (*line, "departure_time"), cell(row, departure));
            let (Some(of_trip), Some(stop), Some(order)) = (of_trip, at_stop, order) else {
                continue;
            };
            if let Some(calls) = read.get_mut(of_trip as usize) {
                calls.push(Timed {
                    line: *line,
                    order,
                    stop,
                    arrives: arrives.or(departs),
                    departs: departs.or(arrives),
                    // 1 is "not here"; 2 and 3 are by arrangement with agency or driver, which people can make.
                    boards: cell(row, pickup) != "1",
                    alights: cell(row, drop) != "1",
                });
            }
        }
        let mut spaced = 0;
        let mut calls = Vec::with_capacity(read.len());
        for timed in read {
            calls.push(self.in_order(table.name, timed, &mut spaced));
        }
        Some((calls, spaced))
    }

    fn time(&mut self, table: &Rows, (line, column): (u64, &str), text: &str) -> Option<u32> {
        if text.is_empty() {
            return None;
        }
        let seconds = clock(text);
        if seconds.is_none() {
            let expected = "a time such as 08:05:00 or, after midnight, 25:10:00";
            self.fault(table.name, (line, column), text, expected);
        }
        seconds
    }

    /// The calls of one trip in order, open times spaced, none going back.
    fn in_order(&mut self, name: &str, mut of_trip: Vec<Timed>, spaced: &mut u64) -> Vec<Call> {
        of_trip.sort_by_key(|call| call.order);
        for pair in of_trip.windows(2) {
            if let [a, b] = pair
                && a.order == b.order
            {
                let expected = "a number that no other stop of the trip has";
                self.fault(name, (b.line, "stop_sequence"), &b.order.to_string(), expected);
            }
        }
        let mut calls: Vec<Call> = Vec::with_capacity(of_trip.len());
        let mut before: Option<(usize, u32)> = None;
        for at in 0..of_trip.len() {
            let Some(call) = of_trip.get(at) else { break };
            let known = call.arrives.zip(call.departs);
            let next = of_trip
                .iter()
                .enumerate()
                .skip(at)
                .find_map(|(to, call)| Some((to, call.arrives?)));
            let times = match (known, before, next) {
                (Some(times), ..) => Some(times),
                (None, Some((from, left)), Some((to, reached))) => {
                    *spaced += 1;
                    let share = (at - from) as f64 / (to - from) as f64;
                    let between = f64::from(reached.saturating_sub(left)) * share;
                    #[expect(
                        clippy::cast_possible_truncation,
                        clippy::cast_sign_loss,
                        reason = "a share of a u32"
                    )]
                    let time = left + between.floor() as u32;
                    Some((time, time))
                }
                _ => None,
            };
            let Some((arrives, departs)) = times else {
                let expected = "a time at the first and the last stop of a trip";
                self.fault(name, (call.line, "arrival_time"), "", expected);
                return Vec::new();
            };
            let left = calls.last().map_or(0, |call| call.departs);
            if arrives < left || departs < arrives {
                let (column, value, least) = if arrives < left {
                    ("arrival_time", arrives, left)
                } else {
                    ("departure_time", departs, arrives)
                };
                let expected = format!("{} or later: time does not go back", written(least));
                self.fault(name, (call.line, column), &written(value), &expected);
                return Vec::new();
            }
            if known.is_some() {
                before = Some((at, departs));
            }
            let Timed { stop, boards, alights, .. } = *call;
            calls.push(Call { stop, arrives, departs, boards, alights });
        }
        calls
    }

    /// First departures of trips that run every so often, by trip.
    fn frequencies(
        &mut self,
        trips: &ById<(String, (u32, Wheelchair))>,
    ) -> BTreeMap<usize, Vec<u32>> {
        let mut runs: BTreeMap<usize, Vec<u32>> = BTreeMap::new();
        let columns = ["trip_id", "start_time", "end_time", "headway_secs"];
        let Some(table) = self.rows("frequencies.txt", false, &columns) else { return runs };
        let [trip, start, end, headway] = columns.map(|name| table.column(name));
        let mut count = 0;
        for (line, row) in &table.rows {
            let found = trips.find(cell(row, trip));
            if found.is_none() {
                let expected = "a trip_id of trips.txt";
                self.fault(table.name, (*line, "trip_id"), cell(row, trip), expected);
            }
            let start = self.time(&table, (*line, "start_time"), cell(row, start));
            let end = self.time(&table, (*line, "end_time"), cell(row, end));
            let step = cell(row, headway).parse::<u32>().ok().filter(|seconds| *seconds > 0);
            let (Some(found), Some(start), Some(end), Some(step)) = (found, start, end, step)
            else {
                let expected = "start_time, end_time and a headway of 1 second or more";
                self.fault(table.name, (*line, "headway_secs"), cell(row, headway), expected);
                continue;
            };
            let starts: Vec<u32> = (start..end).step_by(step as usize).collect();
            count += starts.len();
            if count > MOST_RUNS {
                let expected = "frequencies that come to at most 1,000,000 runs";
                self.fault(table.name, (*line, "headway_secs"), cell(row, headway), expected);
                return runs;
            }
            runs.entry(found as usize).or_default().extend(starts);
        }
        runs
    }
}

/// Where a way without steps leads from each stop.
type Ways = BTreeMap<u32, Vec<u32>>;

/// Everything that ways from these lead to.
fn led(ways: &Ways, from: &BTreeSet<u32>) -> BTreeSet<u32> {
    let (mut led, mut waiting) = (from.clone(), from.iter().copied().collect::<Vec<u32>>());
    while let Some(at) = waiting.pop() {
        let onward = ways.get(&at).into_iter().flatten();
        waiting.extend(onward.copied().filter(|to| led.insert(*to)));
    }
    led
}

/// Stops inside each station.
type Stations = BTreeMap<u32, Vec<u32>>;
type Transfers = BTreeMap<(u32, u32), Transfer>;

/// A row of `stop_times.txt`.
#[derive(Debug, Clone, Copy)]
struct Timed {
    line: u64,
    order: u32,
    stop: u32,
    arrives: Option<u32>,
    departs: Option<u32>,
    boards: bool,
    alights: bool,
}

/// Things in the order of the file, found by id.
struct ById<T> {
    held: Vec<T>,
    numbers: BTreeMap<String, u32>,
}

impl<T> Default for ById<T> {
    fn default() -> Self {
        Self { held: Vec::new(), numbers: BTreeMap::new() }
    }
}

impl<T> ById<T> {
    /// `false` where the id is taken.
    fn insert(&mut self, id: &str, held: T) -> bool {
        let Ok(number) = u32::try_from(self.held.len()) else { return false };
        self.held.push(held);
        self.numbers.insert(id.to_owned(), number).is_none()
    }

    fn find(&self, id: &str) -> Option<u32> {
        self.numbers.get(id).copied()
    }
}

/// Seconds of `8:05:00` or `25:10:00`.
fn clock(text: &str) -> Option<u32> {
    let mut parts = text.split(':').map(|part| part.trim().parse::<u32>().ok());
    let (hours, minutes, seconds) = (parts.next()??, parts.next()??, parts.next()??);
    let fits = parts.next().is_none() && hours <= 168 && minutes < 60 && seconds < 60;
    fits.then(|| hours * 3_600 + minutes * 60 + seconds).filter(|seconds| *seconds <= LATEST)
}

fn written(seconds: u32) -> String {
    let (minutes, seconds) = (seconds.div_euclid(60), seconds.rem_euclid(60));
    format!("{:02}:{:02}:{seconds:02}", minutes.div_euclid(60), minutes.rem_euclid(60))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use proptest::prelude::*;

    use super::*;

    const FILES: [(&str, &str); 6] = [
        (
            "stops.txt",
            "stop_id,stop_lat,stop_lon,wheelchair_boarding,location_type,parent_station\n\
             A,51.5,-0.1,0,,S\nB,51.51,-0.1,2,,S\nC,51.52,-0.1,,,\nS,51.5,-0.1,1,1,\n",
        ),
        ("routes.txt", "route_id,route_type\nR,3\n"),
        ("trips.txt", "route_id,service_id,trip_id,wheelchair_accessible\nR,W,T,1\n"),
        (
            "stop_times.txt",
            "trip_id,arrival_time,departure_time,stop_id,stop_sequence,pickup_type\n\
             T,25:10:00,25:10:00,C,3,1\nT,24:50:00,24:50:00,A,1,\nT,,,B,2,\n",
        ),
        (
            "calendar.txt",
            "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n\
             W,1,1,1,1,1,0,0,20260401,20260430\n",
        ),
        ("calendar_dates.txt", "service_id,date,exception_type\nW,20260403,2\nW,20260404,1\n"),
    ];

    fn packed(changed: &[(&str, &str)]) -> Vec<u8> {
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        let new = changed.iter().filter(|(name, _)| FILES.iter().all(|(held, _)| held != name));
        for (name, text) in FILES.iter().chain(new) {
            let text = changed.iter().find(|(to, _)| to == name).map_or(*text, |(_, text)| *text);
            writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
            writer.write_all(text.as_bytes()).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    fn told(changed: &[(&str, &str)]) -> String {
        let faults = read("t.zip", &packed(changed)).unwrap_err();
        faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn stops_trips_and_days_come_out_as_the_files_say() {
        let TimetableReading { timetable, notes } = read("t.zip", &packed(&[])).unwrap();

        let stops: Vec<_> = timetable.stops.iter().map(|s| (s.id.as_str(), s.wheelchair)).collect();
        let expected = [("A", Wheelchair::Yes), ("B", Wheelchair::No), ("C", Wheelchair::Unknown)];
        assert_eq!(stops, expected, "a stop without a word has its station's");
        let calls = &timetable.trips[0].calls;
        let times: Vec<u32> = calls.iter().map(|call| call.arrives).collect();
        assert_eq!(times, [89_400, 90_000, 90_600]);
        assert!(calls[0].boards && !calls[2].boards && calls[2].alights);
        assert_eq!(notes, ["1 times the file leaves open are spaced evenly"]);
        let runs = |date: &str| timetable.services[0].runs_on(date.parse().unwrap());
        assert!(runs("2026-04-01") && !runs("2026-04-03") && runs("2026-04-04"));
        assert!(!runs("2026-04-05") && !runs("2026-05-01"));
    }

    #[test]
    fn a_trip_of_a_headway_runs_every_so_often() {
        let frequencies = "trip_id,start_time,end_time,headway_secs\nT,08:00:00,08:30:00,600\n";
        let read = read("t.zip", &packed(&[("frequencies.txt", frequencies)])).unwrap();
        let starts: Vec<u32> =
            read.timetable.trips.iter().map(|trip| trip.calls[0].departs).collect();
        assert_eq!(starts, [28_800, 29_400, 30_000]);
        assert_eq!(read.timetable.trips[2].calls[2].arrives, 31_200);
    }

    #[test]
    fn changes_are_as_the_file_says_and_a_stop_goes_before_its_station() {
        let transfers = "from_stop_id,to_stop_id,transfer_type,min_transfer_time,from_trip_id\n\
             A,A,2,30,\nS,S,2,240,\nS,C,3,,\nC,A,1,,\nB,C,0,,\nA,C,2,9,T\nA,B,4,,\n";
        let read = read("t.zip", &packed(&[("transfers.txt", transfers)])).unwrap();

        let (a, b, c) = (0, 1, 2);
        let expected = BTreeMap::from([
            ((a, a), Transfer::Takes(30)),
            ((a, b), Transfer::Takes(240)),
            ((b, a), Transfer::Takes(240)),
            ((b, b), Transfer::Takes(240)),
            ((a, c), Transfer::Never),
            ((b, c), Transfer::Never),
            ((c, a), Transfer::Held),
        ]);
        assert_eq!(read.timetable.transfers, expected);
        assert!(read.notes.iter().any(|note| note.starts_with("2 rows of transfers.txt")));
    }

    #[test]
    fn a_stop_that_only_stairs_or_escalators_lead_to_is_not_known_to_be_step_free() {
        let stops = "stop_id,stop_lat,stop_lon,wheelchair_boarding,location_type,parent_station\n\
             A,51.5,-0.1,1,,S\nB,51.51,-0.1,1,0,S\nC,51.52,-0.1,1,,\nS,51.5,-0.1,1,1,\n\
             E,51.5,-0.1,1,2,S\nN,,,,3,S\nB1,,,,4,B\n";
        let told = |rows: &str| {
            let ways =
                format!("pathway_id,from_stop_id,to_stop_id,pathway_mode,is_bidirectional\n{rows}");
            let files = packed(&[("stops.txt", stops), ("pathways.txt", &ways)]);
            let TimetableReading { timetable, notes } = read("t.zip", &files).unwrap();
            assert!(notes.iter().any(|note| note.starts_with("pathways.txt is read for steps")));
            let is_doubted = notes.iter().any(|note| note.contains("not known to be step-free"));
            let sure: Vec<bool> =
                timetable.stops.iter().map(|stop| stop.wheelchair == Wheelchair::Yes).collect();
            assert_eq!(is_doubted, sure.contains(&false));
            sure
        };

        // A lift to A by way of a node, a walkway to the boarding area of B; C is in no station.
        let good = "1,E,N,6,1\n2,N,A,5,1\n3,N,B1,1,1\n";
        assert_eq!(told(good), [true, true, true]);
        assert_eq!(told("1,E,N,6,1\n2,N,A,2,1\n3,N,B1,1,1\n"), [false, true, true], "stairs");
        assert_eq!(told("1,E,N,6,1\n2,N,A,5,0\n3,N,B1,4,1\n"), [false, false, true], "no way back");
        assert_eq!(told(&format!("{good}4,N,A,2,1\n")), [true, true, true], "stairs beside a lift");
        assert_eq!(told("1,E,A,5,1\n"), [true, false, true], "B has no way at all");
    }

    #[test]
    fn a_change_between_too_many_pairs_of_stops_is_refused_before_they_are_gone_through() {
        let platforms: String =
            (0..1_001).map(|stop| format!("P{stop},51.5,-0.1,,S\n")).collect::<Vec<_>>().concat();
        let stops = format!(
            "stop_id,stop_lat,stop_lon,location_type,parent_station\n\
             A,51.5,-0.1,,\nB,51.5,-0.1,,\nC,51.5,-0.1,,\nS,51.5,-0.1,1,\n{platforms}"
        );
        let transfers = "from_stop_id,to_stop_id,transfer_type\nS,S,3\n";
        let told = told(&[("stops.txt", &stops), ("transfers.txt", transfers)]);
        for part in ["transfers.txt", "row 2", "from_stop_id", "\"S\"", "1,000,000 pairs"] {
            assert!(told.contains(part), "{part} is not in: {told}");
        }
    }

    #[test]
    fn what_is_wrong_is_named_with_file_row_column_and_value() {
        let head = "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n";
        for (name, text, wanted) in [
            (
                "trips.txt",
                "route_id,service_id,trip_id\nR,X,T\n",
                ["trips.txt", "row 2", "service_id", "X"],
            ),
            (
                "trips.txt",
                "route_id,service_id,trip_id\nQ,W,T\n",
                ["trips.txt", "row 2", "route_id", "Q"],
            ),
            (
                "stop_times.txt",
                &format!("{head}T,8:00:00,8:00:00,A,1\nT,8:10:00,8:10:00,Z,2\n"),
                ["stop_times.txt", "row 3", "stop_id", "Z"],
            ),
            (
                "stop_times.txt",
                &format!("{head}T,8:10:00,8:10:00,A,1\nT,8:00:00,8:00:00,B,2\n"),
                ["stop_times.txt", "row 3", "08:00:00", "08:10:00 or later"],
            ),
            (
                "stop_times.txt",
                &format!("{head}T,8.10,8:10:00,A,1\n"),
                ["stop_times.txt", "row 2", "arrival_time", "8.10"],
            ),
            (
                "stops.txt",
                "stop_id,stop_lat\nA,51\n",
                ["stops.txt", "row 1", "stop_lon", "a column"],
            ),
            (
                "transfers.txt",
                "from_stop_id,to_stop_id,transfer_type\nA,B,2\n",
                ["transfers.txt", "row 2", "min_transfer_time", "seconds"],
            ),
            (
                "pathways.txt",
                "from_stop_id,to_stop_id,pathway_mode,is_bidirectional\nA,Z,1,1\n",
                ["pathways.txt", "row 2", "to_stop_id", "Z"],
            ),
            (
                "pathways.txt",
                "from_stop_id,to_stop_id,pathway_mode,is_bidirectional\nA,B,8,1\n",
                ["pathways.txt", "row 2", "pathway_mode", "8"],
            ),
            (
                "transfers.txt",
                "from_stop_id,to_stop_id,transfer_type\nA,Z,3\n",
                ["transfers.txt", "row 2", "to_stop_id", "Z"],
            ),
        ] {
            let told = told(&[(name, text)]);
            for part in wanted {
                assert!(told.contains(part), "{part} is not in: {told}");
            }
        }
    }

    proptest! {
        #[test]
        fn any_bytes_come_to_an_end(
            bytes in prop::collection::vec(any::<u8>(), 0..200),
            text in "[A-Z0-9:,\n\"]{0,120}",
            at in 0_usize..2_000,
            by in any::<u8>(),
        ) {
            drop(read("t.zip", &bytes));
            drop(read("t.zip", &packed(&[("stop_times.txt", &text)])));
            drop(read("t.zip", &packed(&[("stops.txt", &text)])));
            let text = format!("from_stop_id,to_stop_id,transfer_type\n{text}");
            drop(read("t.zip", &packed(&[("transfers.txt", &text)])));
            let text = format!("from_stop_id,to_stop_id,pathway_mode,is_bidirectional\n{text}");
            drop(read("t.zip", &packed(&[("pathways.txt", &text)])));
            let mut whole = packed(&[]);
            let at = at % whole.len();
            whole[at] = by;
            drop(read("t.zip", &whole));
            whole.truncate(at);
            drop(read("t.zip", &whole));
        }
    }
}
