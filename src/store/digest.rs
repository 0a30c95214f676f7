//! SHA-256 over fields that cannot run into one another, gzip, and times that both databases hold exactly.

use std::fmt::Write as _;
use std::io::{Read, Write};

use chrono::{DateTime, NaiveDateTime, Utc};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};

use super::StoreError;

/// The chain's first link.
pub(super) const GENESIS: &str = "";

/// A hash in the making: each part goes in behind its length, so `ab`,`c` and `a`,`bc` differ.
#[derive(Default, Clone)]
pub(super) struct Digest(Sha256);

impl Digest {
    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        self.bytes(text.as_bytes())
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.update((bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
        self
    }

    pub(super) fn number(&mut self, number: i64) -> &mut Self {
        self.0.update(number.to_le_bytes());
        self
    }

    pub(super) fn optional(&mut self, number: Option<i64>) -> &mut Self {
        self.number(i64::from(number.is_some())).number(number.unwrap_or_default())
    }

    pub(super) fn real(&mut self, number: f64) -> &mut Self {
        self.0.update(number.to_bits().to_le_bytes());
        self
    }

    pub(super) fn time(&mut self, at: NaiveDateTime) -> &mut Self {
        self.number(at.and_utc().timestamp_micros())
    }

    /// Lower-case hex.
    pub(super) fn hex(&self) -> String {
        hex(&self.0.clone().finalize())
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(64), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(5));
    let done = encoder.write_all(bytes).and_then(|()| encoder.finish());
    done.expect("writing into memory does not fail")
}

/// `most` bounds what a doctored row can make us allocate.
pub(super) fn gunzip(bytes: &[u8], most: u64, what: &str) -> Result<Vec<u8>, StoreError> {
    let mut plain = Vec::new();
    let read = GzDecoder::new(bytes).take(most.saturating_add(1)).read_to_end(&mut plain);
    match read {
        Ok(_) if plain.len() as u64 <= most => Ok(plain),
        Ok(_) => Err(StoreError::damaged(format!("{what} is larger than it says"))),
        Err(fault) => Err(StoreError::damaged(format!("{what}: {fault}"))),
    }
}

/// Whole microseconds: PostgreSQL keeps no more, and equal rows must be equal on both.
pub(super) fn whole_micros(at: NaiveDateTime) -> NaiveDateTime {
    DateTime::from_timestamp_micros(at.and_utc().timestamp_micros())
        .map_or(at, |whole| whole.naive_utc())
}

pub(super) fn now() -> NaiveDateTime {
    whole_micros(Utc::now().naive_utc())
}

/// Counts fit; a number from a doctored row that does not is damage.
pub(super) fn unsigned(number: i64, what: &str) -> Result<u64, StoreError> {
    u64::try_from(number).ok().ok_or_else(|| StoreError::damaged(format!("{what} is {number}")))
}

/// For counts and versions, which stay far below 2^63.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
