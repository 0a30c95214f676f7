//! Published and home-made files of location problems: bytes in, a [`Problem`] or the one thing that is wrong with the
//! file out. Opens no file and unpacks none; survives any bytes.

mod consolidation;
mod or_library;
mod own;
mod words;

pub use or_library::shortest_paths;

use crate::classic::Division;
use crate::problem::{Malformed, Problem};

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// OR-Library `cap`: `m n`, capacity and cost a site, then demand and costs a customer.
    Capacitated,
    /// OR-Library `pmed`: `n edges p`, then edges; costs are shortest paths.
    Median,
    /// `n m K B T F`: sites to consolidate, boroughs with coverage floors, a fund floor.
    Consolidation,
    /// A [`Problem`] as JSON.
    Json,
}

impl Format {
    /// What a file looks like: JSON begins with a brace, the others tell by the number of figures in their first line.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        let line = bytes.split(|&b| b == b'\n').find(|line| !line.trim_ascii().is_empty())?;
        if line.trim_ascii().starts_with(b"{") {
            return Some(Self::Json);
        }
        match line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).count() {
            2 => Some(Self::Capacitated),
            3 => Some(Self::Median),
            6 => Some(Self::Consolidation),
            _ => None,
        }
    }
}

/// What a file leaves open.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading {
    /// What the word `capacity` in a capacitated file stands for.
    pub capacity: Option<f64>,
    /// Sites to open instead of what a `pmed` file says.
    pub p: Option<usize>,
    /// Whether customers may be divided, where the format leaves that open.
    pub division: Division,
}

impl Default for Reading {
    fn default() -> Self {
        Self { capacity: None, p: None, division: Division::Divisible }
    }
}

/// Something in a file that could not be read: the first of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A word that is not what should stand there.
    #[error("line {line}, {field}: {found:?} is not {wanted}")]
    Word {
        /// From 1.
        line: usize,
        /// `demand of customer 3`.
        field: String,
        /// As written.
        found: String,
        /// What would have been accepted.
        wanted: String,
    },
    /// Nothing, where something should stand.
    #[error("line {line}, {field}: the file ends where {wanted} should be")]
    Ends {
        /// That of the last word.
        line: usize,
        /// As in [`Fault::Word`].
        field: String,
        /// As in [`Fault::Word`].
        wanted: String,
    },
    /// JSON that is no problem.
    #[error("line {line}, column {column}: {what}")]
    Json {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
        /// The field, what was found and what is expected, in the parser's words.
        what: String,
    },
    /// Read, and makes no sense.
    #[error(transparent)]
    Malformed(#[from] Malformed),
}

/// Reads a file of this format. What comes back keeps [`Problem::validate`].
pub fn read(bytes: &[u8], format: Format, reading: &Reading) -> Result<Problem, Fault> {
    match format {
        Format::Capacitated => or_library::capacitated(bytes, reading),
        Format::Median => or_library::median(bytes, reading),
        Format::Consolidation => consolidation::consolidation(bytes, reading.division),
        Format::Json => own::json(bytes),
    }
}
