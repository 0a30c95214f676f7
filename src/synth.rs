//! Makes an illustrative estate: real authorities and how many live there; everything else invented, and saying so.
//!
//! The same scale and seed give the same bytes. Codes begin with `ZZ`, which no organisation, zone or postcode has.
//! Knows nothing of scenarios or prices beyond leaving both closable and stubborn sites to find.

mod dice;
mod names;
mod outline;
mod people;
mod places;
mod premises;
mod priorities;
mod services;
mod spreadsheet;
mod streets;
mod teller;

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use chrono::NaiveDate;

use crate::geography::{Outlines, Zones, describe};
use crate::import::ReferenceSet;
use crate::register::{Change, Evidence, ReferenceKind};

use dice::Dice;
use places::{BEYOND, LONDON, Place};
use teller::Teller;

pub use priorities::priorities;
pub use spreadsheet::{Table, column_guide, tables};
pub use streets::streets;

/// How much of the country.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scale {
    /// Camden, Haringey and Islington.
    Borough,
    /// The 33 London authorities.
    London,
    /// All of England.
    England,
}

impl Scale {
    /// Every scale, smallest first.
    pub const ALL: [Self; 3] = [Self::Borough, Self::London, Self::England];

    /// As typed.
    pub fn key(self) -> &'static str {
        match self {
            Self::Borough => "borough",
            Self::London => "london",
            Self::England => "england",
        }
    }

    fn places(self) -> Vec<&'static Place> {
        match self {
            Self::Borough => {
                let three = ["Camden", "Haringey", "Islington"];
                LONDON.iter().filter(|place| three.contains(&place.name)).collect()
            }
            Self::London => LONDON.iter().collect(),
            Self::England => LONDON.iter().chain(&BEYOND).collect(),
        }
    }
}

impl fmt::Display for Scale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.key())
    }
}

impl FromStr for Scale {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|scale| scale.key() == text)
            .ok_or_else(|| "one of borough, london, england".to_owned())
    }
}

/// An estate ready for a store: statements, and the reference sets they are read with.
#[derive(Debug, Clone, PartialEq)]
pub struct Estate {
    /// What is said of sites and tenancies, by site.
    pub changes: Vec<Change>,
    /// Zones and borough outlines.
    pub references: Vec<ReferenceSet>,
}

/// The words every invented value carries as its source.
pub fn source(seed: u64) -> String {
    format!("Illustrative estate, made by domesday synth, seed {seed}")
}

/// The day an illustrative estate describes.
///
/// # Panics
/// Never: the day exists.
pub fn as_of() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 3, 31).expect("31 March 2026 is a day")
}

/// Makes an estate.
pub fn estate(scale: Scale, seed: u64) -> Estate {
    let source = source(seed);
    let places = scale.places();
    let outlines = outline::outlines(&places);

    let mut changes = Vec::new();
    let mut zones = Vec::new();
    let mut hosts = BTreeSet::new();
    for (place, shape) in places.iter().zip(&outlines) {
        let mut dice = Dice::new(seed, place.code);
        let mut ground = people::Ground::new(place, shape, &mut dice);
        zones.extend(people::zones(place, &mut ground, &mut dice));
        let teller = Teller { source: &source, changes: &mut changes };
        premises::premises(place, &mut ground, &mut dice, teller, &mut hosts);
    }
    let teller = Teller { source: &source, changes: &mut changes };
    premises::aggregates(&hosts, &mut Dice::new(seed, "aggregates"), teller);

    let evidence = Arc::new(Evidence {
        source: source.clone(),
        method: "invented; residents of each authority as of Census 2021".to_owned(),
        as_of: as_of(),
    });
    let zones = Zones::new(Arc::clone(&evidence), zones);
    let set = |kind, bytes: Vec<u8>, rows| ReferenceSet {
        reference: describe(kind, &bytes, rows, &source, as_of()),
        bytes,
    };
    let mut references = vec![set(ReferenceKind::Zones, zones.encode(), zones.iter().len())];
    let named = places.iter().zip(outlines).map(|(place, shape)| outline::named(place, shape));
    if let Ok(outlines) = Outlines::new(evidence, named.collect()) {
        references.push(set(ReferenceKind::BoroughOutlines, outlines.encode(), outlines.len()));
    }
    Estate { changes, references }
}

#[cfg(test)]
mod tests;
