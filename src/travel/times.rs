//! Sparse zone x site minutes for a mode.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::geography::hex;
use crate::register::{Minutes, SiteCode};

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
}

impl Mode {
    /// Every mode.
    pub const ALL: [Self; 4] = [Self::Walk, Self::StepFreeWalk, Self::Drive, Self::PublicTransport];

    /// The name in files, JSON and assumption keys: `step_free_walk`.
    pub fn key(self) -> &'static str {
        match self {
            Self::Walk => "walk",
            Self::StepFreeWalk => "step_free_walk",
            Self::Drive => "drive",
            Self::PublicTransport => "public_transport",
        }
    }

    /// On pages.
    pub fn label(self) -> &'static str {
        match self {
            Self::Walk => "on foot",
            Self::StepFreeWalk => "step-free, on foot or wheels",
            Self::Drive => "by car",
            Self::PublicTransport => "by public transport",
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
}

impl fmt::Display for Maker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StraightLine { detour, metres_per_minute } => write!(
                f,
                "approximate: straight-line distance × {detour} at {metres_per_minute} metres a minute"
            ),
            Self::MatrixFile { source } => write!(f, "travel-time matrix {source}"),
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
    /// Not asked for, or an end is not located.
    NotComputed,
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
    /// SHA-256 over all of the above, lower-case hex.
    pub hash: String,
}

impl TravelTimes {
    /// Puts each row in order, nearest first, ties by site (columns are in the order of site codes), and takes the
    /// hash.
    pub(super) fn seal(mut self) -> Self {
        for row in &mut self.rows {
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
        for Exception { zone, site, why } in &self.exceptions {
            sha.update(zone.to_le_bytes());
            sha.update(site.to_le_bytes());
            sha.update(format!("{why:?}").as_bytes());
        }
        hex(&sha.finalize())
    }
}
