//! Stored bytes: a first line that says what they are, a JSON head, and numbers in order. Reading believes nothing.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Bytes that are not what they say.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} is damaged: {reason}")]
pub struct Damaged {
    /// `travel times`, `street network`.
    pub what: &'static str,
    /// In words.
    pub reason: String,
}

pub(super) struct Writer(Vec<u8>);

impl Writer {
    pub(super) fn new(title: &str, head: &impl Serialize) -> Self {
        let mut writer = Self(format!("{title}\n").into_bytes());
        writer.head(head);
        writer
    }

    pub(super) fn head(&mut self, head: &impl Serialize) {
        let head = serde_json::to_vec(head).expect("a struct of numbers and strings serialises");
        self.number(super::graph::index(head.len()));
        self.0.extend_from_slice(&head);
    }

    pub(super) fn number(&mut self, number: u32) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    pub(super) fn float(&mut self, number: f64) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    /// Length, then each.
    pub(super) fn numbers(&mut self, numbers: impl Iterator<Item = u32>) {
        let at = self.0.len();
        self.number(0);
        let mut count = 0;
        for number in numbers {
            self.number(number);
            count += 1;
        }
        let length = super::graph::index(count).to_le_bytes();
        self.0.splice(at..at + length.len(), length);
    }

    pub(super) fn done(self) -> Vec<u8> {
        self.0
    }
}

pub(super) struct Reader<'a> {
    what: &'static str,
    left: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new<T: DeserializeOwned>(
        what: &'static str,
        title: &str,
        bytes: &'a [u8],
    ) -> Result<(Self, T), Damaged> {
        let mut reader = Self { what, left: bytes };
        let found = reader.take(title.len() + 1)?;
        if found.strip_suffix(b"\n") != Some(title.as_bytes()) {
            return Err(reader.damaged("it does not begin as it must"));
        }
        let head = reader.head()?;
        Ok((reader, head))
    }

    pub(super) fn head<T: DeserializeOwned>(&mut self) -> Result<T, Damaged> {
        let length = self.number()? as usize;
        let head = self.take(length)?;
        serde_json::from_slice(head).map_err(|error| self.damaged(&error.to_string()))
    }

    pub(super) fn damaged(&self, reason: &str) -> Damaged {
        Damaged { what: self.what, reason: reason.to_owned() }
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], Damaged> {
        let Some((taken, left)) = self.left.split_at_checked(count) else {
            return Err(self.damaged("it ends too early"));
        };
        self.left = left;
        Ok(taken)
    }

    pub(super) fn number(&mut self) -> Result<u32, Damaged> {
        let taken = self.take(4)?;
        Ok(taken.iter().rev().fold(0, |number, byte| (number << 8) | u32::from(*byte)))
    }

    pub(super) fn float(&mut self) -> Result<f64, Damaged> {
        let taken = self.take(8)?;
        Ok(f64::from_bits(taken.iter().rev().fold(0, |bits, byte| (bits << 8) | u64::from(*byte))))
    }

    /// A length that the bytes left could hold, at so many bytes each.
    pub(super) fn length(&mut self, each: usize) -> Result<usize, Damaged> {
        let count = self.number()? as usize;
        if count.saturating_mul(each) > self.left.len() {
            return Err(self.damaged("it ends too early"));
        }
        Ok(count)
    }

    pub(super) fn numbers(&mut self) -> Result<Vec<u32>, Damaged> {
        let count = self.length(4)?;
        (0..count).map(|_| self.number()).collect()
    }

    pub(super) fn end(self) -> Result<(), Damaged> {
        if self.left.is_empty() { Ok(()) } else { Err(self.damaged("it is longer than it says")) }
    }
}
