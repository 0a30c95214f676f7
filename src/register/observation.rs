//! Utilisation observations: how much of the time rooms are used, by a stated method over a stated window.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// How utilisation was measured. Figures by different methods are never compared (DOMAIN.md 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Share of floor area, self-reported in ERIC.
    EricReturn,
    /// Occupancy sensors.
    Sensor,
    /// People with clipboards.
    Walkround,
    /// Booking system: booked, not used.
    Booking,
}

/// One survey of one site.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Observation {
    /// How it was measured.
    pub method: Method,
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub to: NaiveDate,
    /// What was observed: `consulting rooms`, `desks`, `whole site`.
    pub spaces: String,
    /// Room-hours used ÷ room-hours available, 0 to 1.
    pub frequency: f64,
    /// Mean people ÷ capacity when used, 0 to 1; unknown for single-person rooms, where use is `frequency`.
    pub occupancy: Option<f64>,
    /// The publication or file.
    pub source: String,
}

impl Observation {
    /// U = F × O; F alone where occupancy does not apply.
    pub fn utilisation(&self) -> f64 {
        self.frequency * self.occupancy.unwrap_or(1.0)
    }
}
