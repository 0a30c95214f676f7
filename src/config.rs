//! What ships as data: planning assumptions, access standards, scores and gates, compiled in from `data/`, and a user's
//! own file over them.
//!
//! Knows the files' form and nothing of what the figures are for. Reads text, never paths.

mod assumptions;
mod scores;
mod series;
mod speeds;
mod standards;
mod team_bases;
mod timetable;

pub use assumptions::{assumptions, assumptions_from};
pub use scores::{gate_rules, gate_rules_from, score_rules, score_rules_from};
pub use series::{indices, indices_from};
pub use speeds::{speed_table, speed_table_from};
pub use standards::{LeftOut, standards, standards_from, standards_left_out};
pub use team_bases::{team_bases, team_bases_from};
pub use timetable::timetable_rules;

use crate::scenario::Rules;

/// How sites are scored and which access items are gates, as shipped.
pub fn rules() -> Result<Rules, ConfigError> {
    Ok(Rules { score: score_rules()?, gates: gate_rules()? })
}

/// A data file that does not say what it must, in the words of whoever edits it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The text is not TOML.
    #[error("{file} is not TOML: {message}")]
    Syntax {
        /// As the user named it, or its name under `data/`.
        file: String,
        /// The parser's words, with line and column.
        message: String,
    },
    /// A key is missing, misspelt or holds something else.
    #[error("{file}, key {key:?}: {found} is not {expected}")]
    Key {
        /// As the user named it, or its name under `data/`.
        file: String,
        /// Dotted path of the key.
        key: String,
        /// What stands there: `text "often"`, `nothing`.
        found: String,
        /// What would have been accepted, as a noun phrase.
        expected: String,
    },
}
