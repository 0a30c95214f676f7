//! Sparse zone x site minutes for a mode.

use serde::{Deserialize, Serialize};

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

/// Why a pair has no minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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
    /// SHA-256 over all of the above, lower-case hex.
    pub hash: String,
}
