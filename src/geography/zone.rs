//! Zones: the small areas people live in (LSOA 2021).

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::register::{Evidence, Point};

/// A small area and who lives in it. A count the source does not give is `None`: unknown, never zero.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Zone {
    /// LSOA 2021 code, `E01000001`.
    pub code: String,
    /// Where its people are taken to be: postcode-weighted centroid, else representative point.
    pub point: Point,
    /// Local authority, GSS code.
    pub borough_code: String,
    /// Local authority.
    pub borough_name: String,
    /// Integrated care board, NHS code, as of the zones' evidence.
    pub icb_code: String,
    /// Integrated care board.
    pub icb_name: String,
    /// Electoral ward, GSS code.
    pub ward_code: String,
    /// Electoral ward.
    pub ward_name: String,
    /// Usual residents.
    pub residents: u32,
    /// Residents disabled under the Equality Act.
    pub disabled: Option<u32>,
    /// Residents aged 65 or over.
    pub aged_65_plus: Option<u32>,
    /// Households.
    pub households: Option<u32>,
    /// Households without a car or van.
    pub no_car_households: Option<u32>,
    /// Index of Multiple Deprivation decile; 1 is the MOST deprived tenth.
    pub imd_decile: Option<u8>,
    /// Mean public transport access index.
    pub ptai: Option<f64>,
}

/// All zones at an edition, sorted by code.
#[derive(Debug, Clone, PartialEq)]
pub struct Zones {
    /// Source, method and date of the whole table.
    pub evidence: Arc<Evidence>,
    zones: Vec<Zone>,
}

impl Zones {
    /// Sorts by code; of zones with one code the first stays.
    pub fn new(evidence: Arc<Evidence>, mut zones: Vec<Zone>) -> Self {
        zones.sort_by(|a, b| a.code.cmp(&b.code));
        zones.dedup_by(|b, a| a.code == b.code);
        Self { evidence, zones }
    }

    /// By code.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Zone> {
        self.zones.iter()
    }

    /// As a slice, by code.
    pub fn as_slice(&self) -> &[Zone] {
        &self.zones
    }

    /// One zone.
    pub fn get(&self, code: &str) -> Option<&Zone> {
        self.zones
            .binary_search_by(|zone| zone.code.as_str().cmp(code))
            .ok()
            .and_then(|at| self.zones.get(at))
    }
}
