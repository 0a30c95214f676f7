//! The reference sets a register version is read with.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use chrono::NaiveDate;
use sha2::{Digest, Sha256};

use super::{Outlines, Postcodes, Zones};
use crate::register::{Evidence, Reference, ReferenceKind};
use crate::travel::{Mode, TravelTimes};

/// Facts about places at a register version. What nobody has loaded is `None`; without zones nobody's access can
/// be assessed, which is different from assessing it for nobody.
#[derive(Debug, Clone, PartialEq)]
pub struct Geography {
    /// Postcode to point.
    pub postcodes: Option<Arc<Postcodes>>,
    /// Zones; empty where none are loaded.
    pub zones: Arc<Zones>,
    /// Zone polygons.
    pub zone_outlines: Option<Arc<Outlines>>,
    /// Borough polygons.
    pub borough_outlines: Option<Arc<Outlines>>,
    /// Travel times made beforehand: by street, by timetable, or of a router of the user's.
    pub times: BTreeMap<ReferenceKind, Arc<TravelTimes>>,
}

/// Bytes that are not the reference set they are said to be. A program error or a damaged store, not a user's fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceFault {
    /// A line that cannot be read.
    #[error("{kind}, line {line}: {found:?} is not {wanted}")]
    Line {
        /// Which set.
        kind: &'static str,
        /// The header being 1.
        line: u64,
        /// The cell or line, cut at 80 characters.
        found: String,
        /// What would have been accepted.
        wanted: &'static str,
    },
    /// Outlines that are not the canonical GeoJSON.
    #[error("{kind}: {reason}")]
    Json {
        /// Which set.
        kind: &'static str,
        /// As the reader says it.
        reason: String,
    },
    /// Travel times that cannot be read.
    #[error("{kind}: {reason}")]
    Times {
        /// Which.
        kind: &'static str,
        /// In words.
        reason: String,
    },
    /// An outline that is none.
    #[error(transparent)]
    Outline(#[from] super::InvalidOutline),
    /// Damaged or exchanged bytes.
    #[error("{kind}: the bytes have SHA-256 {found}, but the register is pinned to {pinned}")]
    Hash {
        /// Which set.
        kind: &'static str,
        /// By the register.
        pinned: String,
        /// Of the bytes.
        found: String,
    },
}

impl ReferenceFault {
    pub(super) fn line(kind: &'static str, line: u64, found: &[u8], wanted: &'static str) -> Self {
        let found = String::from_utf8_lossy(found).chars().take(80).collect();
        Self::Line { kind, line, found, wanted }
    }
}

impl Default for Geography {
    fn default() -> Self {
        let zones = Arc::new(Zones::empty());
        Self {
            postcodes: None,
            zones,
            zone_outlines: None,
            borough_outlines: None,
            times: BTreeMap::new(),
        }
    }
}

impl Geography {
    /// This geography with one set exchanged. The bytes must be the ones the reference is pinned to.
    pub fn with(
        mut self,
        kind: ReferenceKind,
        bytes: &[u8],
        reference: &Reference,
    ) -> Result<Self, ReferenceFault> {
        let found = sha256(bytes);
        if found != reference.hash {
            let pinned = reference.hash.clone();
            return Err(ReferenceFault::Hash { kind: kind.key(), pinned, found });
        }
        let evidence = Arc::new(Evidence {
            source: reference.source.clone(),
            method: format!("{} as published", kind.key().replace('_', " ")),
            as_of: reference.as_of,
        });
        match kind {
            ReferenceKind::Postcodes => {
                self.postcodes = Some(Arc::new(Postcodes::decode(bytes, evidence)?));
            }
            ReferenceKind::Zones => self.zones = Arc::new(Zones::decode(bytes, evidence)?),
            ReferenceKind::ZoneOutlines => {
                self.zone_outlines = Some(Arc::new(Outlines::decode(bytes, evidence)?));
            }
            ReferenceKind::BoroughOutlines => {
                self.borough_outlines = Some(Arc::new(Outlines::decode(bytes, evidence)?));
            }
            // Networks are read when they are asked for.
            _ if kind.is_read_on_demand() => {}
            _ => {
                let times = TravelTimes::decode(bytes).map_err(|damaged| {
                    let kind = kind.key();
                    ReferenceFault::Times { kind, reason: damaged.to_string() }
                })?;
                self.times.insert(kind, Arc::new(times));
            }
        }
        Ok(self)
    }

    /// The minutes kept for a mode, if any are.
    pub fn times(&self, mode: Mode) -> Option<&Arc<TravelTimes>> {
        self.times.get(&mode.kept_as())
    }

    /// The minutes kept for a mode that nine departures in ten are no worse than, if any are.
    pub fn late_times(&self, mode: Mode) -> Option<&Arc<TravelTimes>> {
        self.times.get(&mode.kept_late_as()?)
    }
}

/// The reference that pins these canonical bytes.
pub fn describe(
    kind: ReferenceKind,
    bytes: &[u8],
    rows: usize,
    source: &str,
    as_of: NaiveDate,
) -> Reference {
    Reference { kind, hash: sha256(bytes), source: source.to_owned(), as_of, rows: rows as u64 }
}

/// SHA-256, lower-case hex.
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Lower-case hex.
pub(crate) fn hex(digest: &[u8]) -> String {
    digest.iter().fold(String::with_capacity(64), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a String cannot fail");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &[u8] =
        b"postcode,authority,easting,northing,ended\nBR1 1AA,E09000006,540291,168873,\n";

    #[test]
    fn a_set_is_read_only_from_the_bytes_it_is_pinned_to() {
        let day = NaiveDate::from_ymd_opt(2025, 11, 1).unwrap();
        let pinned = describe(ReferenceKind::Postcodes, TABLE, 1, "ONSPD November 2025", day);
        let mut damaged = TABLE.to_vec();
        damaged[60] = b'1';

        let held = Geography::default().with(ReferenceKind::Postcodes, TABLE, &pinned).unwrap();
        let refused = Geography::default().with(ReferenceKind::Postcodes, &damaged, &pinned);

        assert_eq!(held.postcodes.unwrap().evidence.source, "ONSPD November 2025");
        assert!(matches!(refused, Err(ReferenceFault::Hash { .. })));
    }

    #[test]
    fn the_hash_is_sha_256() {
        // FIPS 180-2, appendix B.1.
        let known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256(b"abc"), known);
    }
}
