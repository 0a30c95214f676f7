//! What makes the next version of a register.

use chrono::{NaiveDate, NaiveDateTime};
use serde::{Deserialize, Serialize};

use super::{Field, Observation, Scalar, SiteCode, TenancyId, Value};

/// One statement about the estate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// A field of a site; the first makes the site.
    Site {
        /// Which site.
        code: SiteCode,
        /// Which field.
        field: Field,
        /// What is now known of it.
        value: Value<Scalar>,
    },
    /// A field of a tenancy; the first makes the tenancy.
    Tenancy {
        /// Which tenancy.
        id: TenancyId,
        /// Which field.
        field: Field,
        /// What is now known of it.
        value: Value<Scalar>,
    },
    /// A utilisation survey of a site.
    Observed {
        /// Which site.
        code: SiteCode,
        /// What was seen.
        observation: Observation,
    },
    /// From this version on the register is read with this edition of a reference set.
    Reference(Reference),
}

/// Sets of facts about places that are replaced whole: too many to be changes, and nobody edits them by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReferenceKind {
    /// Postcode to point.
    Postcodes,
    /// Zones: point, people, need.
    Zones,
    /// Zone polygons.
    ZoneOutlines,
    /// Borough polygons.
    BoroughOutlines,
    /// Streets for walking.
    WalkStreets,
    /// Streets for walking without steps: what surely is, and what perhaps is.
    StepFreeStreets,
    /// Streets for driving.
    DriveStreets,
    /// Public transport, by timetable.
    Timetable,
    /// Minutes on foot.
    WalkTimes,
    /// Minutes without steps.
    StepFreeWalkTimes,
    /// Minutes by car.
    DriveTimes,
    /// Minutes by public transport, the median departure.
    PublicTransportTimes,
    /// Minutes by public transport, the departure that nine in ten are no worse than.
    LatePublicTransportTimes,
    /// Minutes by public transport without steps, the median departure.
    StepFreePublicTransportTimes,
    /// Minutes by public transport without steps, the departure that nine in ten are no worse than.
    LateStepFreePublicTransportTimes,
}

impl ReferenceKind {
    /// Every kind.
    pub const ALL: [Self; 15] = [
        Self::Postcodes,
        Self::Zones,
        Self::ZoneOutlines,
        Self::BoroughOutlines,
        Self::WalkStreets,
        Self::StepFreeStreets,
        Self::DriveStreets,
        Self::Timetable,
        Self::WalkTimes,
        Self::StepFreeWalkTimes,
        Self::DriveTimes,
        Self::PublicTransportTimes,
        Self::LatePublicTransportTimes,
        Self::StepFreePublicTransportTimes,
        Self::LateStepFreePublicTransportTimes,
    ];

    /// The stored name.
    pub fn key(self) -> &'static str {
        match self {
            Self::Postcodes => "postcodes",
            Self::Zones => "zones",
            Self::ZoneOutlines => "zone_outlines",
            Self::BoroughOutlines => "borough_outlines",
            Self::WalkStreets => "walk_streets",
            Self::StepFreeStreets => "step_free_streets",
            Self::DriveStreets => "drive_streets",
            Self::Timetable => "timetable",
            Self::WalkTimes => "walk_times",
            Self::StepFreeWalkTimes => "step_free_walk_times",
            Self::DriveTimes => "drive_times",
            Self::PublicTransportTimes => "public_transport_times",
            Self::LatePublicTransportTimes => "late_public_transport_times",
            Self::StepFreePublicTransportTimes => "step_free_public_transport_times",
            Self::LateStepFreePublicTransportTimes => "late_step_free_public_transport_times",
        }
    }

    /// A network is large and asked for seldom: it is pinned with the rest, and read when it is wanted.
    pub fn is_read_on_demand(self) -> bool {
        matches!(
            self,
            Self::WalkStreets | Self::StepFreeStreets | Self::DriveStreets | Self::Timetable
        )
    }
}

/// An edition of a reference set, pinned by the hash of its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reference {
    /// What it is of.
    pub kind: ReferenceKind,
    /// SHA-256 of the canonical bytes, lower-case hex.
    pub hash: String,
    /// `ONSPD November 2025`.
    pub source: String,
    /// The day it describes.
    pub as_of: NaiveDate,
    /// Rows in it.
    pub rows: u64,
}

/// The number of a change-set; also the register version it makes. The empty register is version 0.
pub type ChangeSetId = u64;

/// Changes that are applied together or not at all.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChangeSet {
    /// Version it makes.
    pub id: ChangeSetId,
    /// Who made it.
    pub author: String,
    /// When, UTC.
    pub at: NaiveDateTime,
    /// The file or form it came from.
    pub source: String,
    /// Why, in the author's words.
    pub reason: String,
    /// What it says.
    pub changes: Vec<Change>,
}
