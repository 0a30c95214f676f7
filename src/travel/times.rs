//! Sparse zone x site minutes for a mode.

use std::fmt;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::bytes::{Damaged, Reader, Writer};
use super::graph::index;
use crate::geography::hex;
use crate::register::{Minutes, Point, ReferenceKind, SiteCode};

/// How people travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// On foot.
    Walk,
    /// On foot or wheels without steps.
    StepFreeWalk,
    /// By car.
    Drive,
    /// By timetable.
    PublicTransport,
    /// By timetable, without steps on the way, at the stop or into the vehicle.
    StepFreePublicTransport,
}

impl Mode {
    /// Every mode.
    pub const ALL: [Self; 5] = [
        Self::Walk,
        Self::StepFreeWalk,
        Self::Drive,
        Self::PublicTransport,
        Self::StepFreePublicTransport,
    ];

    /// The same without steps on the way, where a way on foot is part of it.
    #[must_use]
    pub fn step_free(self) -> Self {
        match self {
            Self::Walk | Self::StepFreeWalk => Self::StepFreeWalk,
            Self::PublicTransport | Self::StepFreePublicTransport => Self::StepFreePublicTransport,
            Self::Drive => Self::Drive,
        }
    }

    /// The name in files, JSON and assumption keys: `step_free_walk`.
    pub fn key(self) -> &'static str {
        match self {
            Self::Walk => "walk",
            Self::StepFreeWalk => "step_free_walk",
            Self::Drive => "drive",
            Self::PublicTransport => "public_transport",
            Self::StepFreePublicTransport => "step_free_public_transport",
        }
    }

    /// The mode of a name.
    pub fn find(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.key() == key)
    }

    /// The reference set its minutes are kept as.
    pub fn kept_as(self) -> ReferenceKind {
        match self {
            Self::Walk => ReferenceKind::WalkTimes,
            Self::StepFreeWalk => ReferenceKind::StepFreeWalkTimes,
            Self::Drive => ReferenceKind::DriveTimes,
            Self::PublicTransport => ReferenceKind::PublicTransportTimes,
            Self::StepFreePublicTransport => ReferenceKind::StepFreePublicTransportTimes,
        }
    }

    /// The reference set of its minutes that nine departures in ten are no worse than, where it has departures.
    pub fn kept_late_as(self) -> Option<ReferenceKind> {
        match self {
            Self::Walk | Self::StepFreeWalk | Self::Drive => None,
            Self::PublicTransport => Some(ReferenceKind::LatePublicTransportTimes),
            Self::StepFreePublicTransport => Some(ReferenceKind::LateStepFreePublicTransportTimes),
        }
    }

    /// On pages.
    pub fn label(self) -> &'static str {
        match self {
            Self::Walk => "on foot",
            Self::StepFreeWalk => "step-free, on foot or wheels",
            Self::Drive => "by car",
            Self::PublicTransport => "by public transport",
            Self::StepFreePublicTransport => "by public transport, step-free",
        }
    }
}

/// Who worked the minutes out, in words a page can print.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Maker {
    /// Straight-line metres x detour ÷ speed: an approximation, and every result says so.
    StraightLine {
        /// Network metres per straight-line metre.
        detour: f64,
        /// Metres a minute.
        metres_per_minute: f64,
    },
    /// A file from a router of the user's.
    MatrixFile {
        /// The file as named by the user.
        source: String,
    },
    /// The shortest way by street.
    StreetNetwork {
        /// The map, as named by the user.
        source: String,
        /// SHA-256 of the prepared network, lower-case hex.
        network: String,
        /// The speed table.
        speeds: String,
        /// Metres a minute, where one pace holds everywhere.
        metres_per_minute: Option<f64>,
    },
    /// The earliest arrival by timetable, with walks by street.
    Timetable {
        /// The timetable, as named by the user.
        source: String,
        /// SHA-256 of the prepared timetable, lower-case hex.
        timetable: String,
        /// The day travelled.
        date: NaiveDate,
        /// First and last departure from the zone, minutes after midnight.
        window: (u32, u32),
        /// Of the departures in the window: 50 is the median, 90 what nine in ten are no worse than.
        centile: u8,
        /// Changes at most.
        changes: u8,
    },
    /// No minutes are kept, and none can be made on the spot.
    Nobody,
}

/// Minutes after midnight, as `08:15`.
pub fn clock(minutes: u32) -> String {
    format!("{:02}:{:02}", minutes.div_euclid(60), minutes.rem_euclid(60))
}

impl fmt::Display for Maker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StraightLine { detour, metres_per_minute } => write!(
                f,
                "approximate: straight-line distance × {detour} at {metres_per_minute} metres a minute"
            ),
            Self::MatrixFile { source } => write!(f, "travel-time matrix {source}"),
            Self::StreetNetwork { source, speeds, metres_per_minute: Some(pace), .. } => {
                write!(f, "shortest way by street in {source} at {pace} metres a minute ({speeds})")
            }
            Self::StreetNetwork { source, speeds, metres_per_minute: None, .. } => {
                write!(
                    f,
                    "quickest way by road in {source} by the speed table {speeds}, without traffic or signals"
                )
            }
            Self::Timetable { source, date, window: (from, to), centile, changes, .. } => {
                let of = if *centile == 50 {
                    "median".to_owned()
                } else {
                    format!("{centile}th centile")
                };
                let (from, to) = (clock(*from), clock(*to));
                write!(
                    f,
                    "timetable {source} on {date}, departures {from} to {to}, {of}, at most {changes} changes"
                )
            }
            Self::Nobody => f.write_str("not known: none are kept, so nothing can be told by them"),
        }
    }
}

/// Why a pair has no minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Missing {
    /// There is no way.
    Unreachable,
    /// Farther than the limit that was searched.
    BeyondLimit,
    /// There is a way only if what nobody has recorded is passable.
    Unsure,
    /// Not asked for, or an end is not located.
    NotComputed,
}

impl Missing {
    /// What a router's matrix can mean by having no row for a pair.
    pub const OF_A_MATRIX: [Self; 3] = [Self::BeyondLimit, Self::Unreachable, Self::NotComputed];

    /// The name on the command line, in forms and in the API.
    pub fn key(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::BeyondLimit => "beyond-limit",
            Self::Unsure => "unsure",
            Self::NotComputed => "not-computed",
        }
    }

    /// What it says of the router that made a matrix.
    pub fn label(self) -> &'static str {
        match self {
            Self::Unreachable => "The router looked, and there is no way",
            Self::BeyondLimit => "The router looked, and it is farther than the limit",
            Self::Unsure => "There is a way only if what nobody has recorded is passable",
            Self::NotComputed => "The router was not asked",
        }
    }
}

/// One reachable pair.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    /// Index into [`TravelTimes::sites`].
    pub site: u32,
    /// Never NaN, never negative.
    pub minutes: Minutes,
}

/// A pair without minutes whose reason is not the usual one of its table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Exception {
    /// Index into [`TravelTimes::zones`].
    pub zone: u32,
    /// Index into [`TravelTimes::sites`].
    pub site: u32,
    /// Why it has no minutes.
    pub why: Missing,
}

/// Where zones and sites were when minutes were made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MadeFor {
    /// Each zone's point, by row.
    pub zones: Vec<Point>,
    /// Each site's place, by column.
    pub sites: Vec<Point>,
}

/// Sparse minutes from each zone to the sites within the limit, nearest first, ties by site code.
#[derive(Debug, Clone, PartialEq)]
pub struct TravelTimes {
    /// How people travel.
    pub mode: Mode,
    /// Who worked it out.
    pub maker: Maker,
    /// The limit searched; farther pairs are [`Missing::BeyondLimit`].
    pub limit: Minutes,
    /// Zone codes, sorted; row order.
    pub zones: Vec<String>,
    /// Site codes, sorted; column order.
    pub sites: Vec<SiteCode>,
    /// A row a zone: the sites in reach.
    pub rows: Vec<Vec<Pair>>,
    /// Why a pair that is in no row and no exception has no minutes.
    pub absent: Missing,
    /// By zone, then site.
    pub exceptions: Vec<Exception>,
    /// Where the way is not the same for sure and perhaps (steps, kerbs, vehicles nobody has recorded): the minutes if
    /// all of them are passable, for pairs where that is shorter than the row says, or where the row says nothing. A
    /// row a zone, nearest first; no rows at all where the maker has no such doubt.
    pub perhaps: Vec<Vec<Pair>>,
    /// What the minutes were made for; `None` where that is not known (a file, or straight lines made on the spot).
    pub made_for: Option<MadeFor>,
    /// SHA-256 over all of the above, lower-case hex.
    pub hash: String,
}

impl TravelTimes {
    /// Puts each row in order, nearest first, ties by site (columns are in the order of site codes), and takes the
    /// hash.
    pub(super) fn seal(mut self) -> Self {
        for row in self.rows.iter_mut().chain(&mut self.perhaps) {
            row.sort_unstable_by(|a, b| {
                a.minutes.0.total_cmp(&b.minutes.0).then(a.site.cmp(&b.site))
            });
        }
        self.exceptions.sort_unstable();
        self.hash = self.digest();
        self
    }

    /// Row of a zone.
    pub fn zone_index(&self, code: &str) -> Option<usize> {
        self.zones.binary_search_by(|zone| zone.as_str().cmp(code)).ok()
    }

    /// Column of a site.
    pub fn site_index(&self, code: &SiteCode) -> Option<usize> {
        self.sites.binary_search(code).ok()
    }

    /// The sites in reach of a zone, nearest first; empty for a zone that is not in the table.
    pub fn row(&self, zone: usize) -> &[Pair] {
        self.rows.get(zone).map_or(&[], Vec::as_slice)
    }

    /// The sites that a zone perhaps reaches sooner than its row says, nearest first.
    pub fn perhaps(&self, zone: usize) -> &[Pair] {
        self.perhaps.get(zone).map_or(&[], Vec::as_slice)
    }

    /// The pairs of a zone whose reason is not the usual one.
    pub fn exceptions_of(&self, zone: usize) -> &[Exception] {
        let from = self.exceptions.partition_point(|held| (held.zone as usize) < zone);
        let to = self.exceptions.partition_point(|held| held.zone as usize <= zone);
        self.exceptions.get(from..to).unwrap_or_default()
    }

    /// Minutes of a pair.
    pub fn minutes(&self, zone: usize, site: usize) -> Option<Minutes> {
        let pair = self.row(zone).iter().find(|pair| pair.site as usize == site)?;
        Some(pair.minutes)
    }

    /// Why a pair has no minutes; `None` if it has.
    pub fn why_missing(&self, zone: usize, site: usize) -> Option<Missing> {
        if self.minutes(zone, site).is_some() {
            return None;
        }
        if zone >= self.zones.len() || site >= self.sites.len() {
            return Some(Missing::NotComputed);
        }
        if self.perhaps(zone).iter().any(|pair| pair.site as usize == site) {
            return Some(Missing::Unsure);
        }
        let found = self
            .exceptions
            .binary_search_by(|held| (held.zone as usize, held.site as usize).cmp(&(zone, site)));
        Some(found.ok().and_then(|at| self.exceptions.get(at)).map_or(self.absent, |held| held.why))
    }

    /// Every text is led by its length, so that no two tables share their bytes.
    fn digest(&self) -> String {
        let mut sha = Sha256::new();
        let mut text = |text: &str| {
            sha.update((text.len() as u64).to_le_bytes());
            sha.update(text.as_bytes());
        };
        text("domesday travel times 1");
        text(self.mode.key());
        text(&self.maker.to_string());
        text(&format!("{:?}", self.absent));
        for code in &self.zones {
            text(code);
        }
        text("");
        for code in &self.sites {
            text(code.as_str());
        }
        text("");
        sha.update(self.limit.0.to_le_bytes());
        for row in &self.rows {
            sha.update((row.len() as u64).to_le_bytes());
            for pair in row {
                sha.update(pair.site.to_le_bytes());
                sha.update(pair.minutes.0.to_le_bytes());
            }
        }
        // Tables without doubt keep the hash they had before there was any.
        for row in &self.perhaps {
            sha.update((row.len() as u64).to_le_bytes());
            for pair in row {
                sha.update(pair.site.to_le_bytes());
                sha.update(pair.minutes.0.to_le_bytes());
            }
        }
        if let Some(MadeFor { zones, sites }) = &self.made_for {
            for point in zones.iter().chain(sites) {
                sha.update(point.easting().to_le_bytes());
                sha.update(point.northing().to_le_bytes());
            }
        }
        for Exception { zone, site, why } in &self.exceptions {
            sha.update(zone.to_le_bytes());
            sha.update(site.to_le_bytes());
            sha.update(format!("{why:?}").as_bytes());
        }
        hex(&sha.finalize())
    }
}

const TITLE: &str = "domesday travel times 1";

/// All of a table but its pairs.
#[derive(Serialize, Deserialize)]
struct Head {
    mode: Mode,
    maker: Maker,
    limit: f64,
    absent: Missing,
    zones: Vec<String>,
    sites: Vec<SiteCode>,
    made_for: Option<MadeFor>,
}

impl TravelTimes {
    /// Canonical bytes.
    pub fn encode(&self) -> Vec<u8> {
        let head = Head {
            mode: self.mode,
            maker: self.maker.clone(),
            limit: self.limit.0,
            absent: self.absent,
            zones: self.zones.clone(),
            sites: self.sites.clone(),
            made_for: self.made_for.clone(),
        };
        let mut out = Writer::new(TITLE, &head);
        for rows in [&self.rows, &self.perhaps] {
            out.number(index(rows.len()));
            for row in rows {
                out.number(index(row.len()));
                for pair in row {
                    out.number(pair.site);
                    out.float(pair.minutes.0);
                }
            }
        }
        out.number(index(self.exceptions.len()));
        for Exception { zone, site, why } in &self.exceptions {
            out.number(*zone);
            out.number(*site);
            out.number(match why {
                Missing::Unreachable => 0,
                Missing::BeyondLimit => 1,
                Missing::Unsure => 2,
                Missing::NotComputed => 3,
            });
        }
        out.done()
    }

    /// Undoes [`Self::encode`], and holds every figure to what a table may say.
    pub fn decode(bytes: &[u8]) -> Result<Self, Damaged> {
        let (mut from, head) = Reader::new::<Head>("travel times", TITLE, bytes)?;
        let is_ascending =
            head.zones.is_sorted_by(|a, b| a < b) && head.sites.is_sorted_by(|a, b| a < b);
        let fits = head.made_for.as_ref().is_none_or(|made| {
            (made.zones.len(), made.sites.len()) == (head.zones.len(), head.sites.len())
        });
        if !is_ascending || !fits || head.limit.is_nan() || head.limit < 0.0 {
            return Err(from.damaged("its zones, sites or limit contradict themselves"));
        }
        let (zones, sites) = (head.zones.len(), head.sites.len());
        let mut both = [Vec::new(), Vec::new()];
        for rows in &mut both {
            for _ in 0..from.length(4)? {
                let count = from.length(12)?;
                let mut row = Vec::with_capacity(count);
                for _ in 0..count {
                    let (site, minutes) = (from.number()?, from.float()?);
                    if site as usize >= sites || !(minutes.is_finite() && minutes >= 0.0) {
                        return Err(from.damaged("a pair is impossible"));
                    }
                    row.push(Pair { site, minutes: Minutes(minutes) });
                }
                rows.push(row);
            }
        }
        let mut exceptions = Vec::new();
        for _ in 0..from.length(12)? {
            let (zone, site) = (from.number()?, from.number()?);
            let why = match from.number()? {
                0 => Missing::Unreachable,
                1 => Missing::BeyondLimit,
                2 => Missing::Unsure,
                3 => Missing::NotComputed,
                _ => return Err(from.damaged("a pair is missing for no reason")),
            };
            exceptions.push(Exception { zone, site, why });
        }
        let [rows, perhaps] = both;
        if rows.len() != zones || (perhaps.len() != zones && !perhaps.is_empty()) {
            return Err(from.damaged("it has not a row a zone"));
        }
        from.end()?;
        let Head { mode, maker, limit, absent, zones, sites, made_for } = head;
        let times = Self {
            mode,
            maker,
            limit: Minutes(limit),
            zones,
            sites,
            rows,
            absent,
            exceptions,
            perhaps,
            made_for,
            hash: String::new(),
        };
        Ok(times.seal())
    }
}
