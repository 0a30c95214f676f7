//! Which names of sites are those of a team's base, an office or a home. Knows words, and no site.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// `data/team-bases.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TeamBases {
    /// What the list is called.
    pub name: String,
    /// Where the words are from.
    pub source: String,
    /// The day they describe.
    pub as_of: NaiveDate,
    /// `verified` or `from_memory`.
    pub mark: String,
    /// Words that say a site may be one.
    pub bases: Vec<String>,
    /// Words that say patients come there, whatever else the name says.
    pub places: Vec<String>,
}

impl TeamBases {
    /// Whether a name is that of a team's base, an office or a home rather than of a place patients come to.
    pub fn has(&self, name: &str) -> bool {
        let name = name.to_lowercase();
        let is_in = |words: &[String]| {
            name.split(|c: char| !c.is_alphanumeric()).any(|w| words.iter().any(|word| word == w))
        };
        is_in(&self.bases) && !is_in(&self.places)
    }

    /// The first list that cannot be used, with what stands there: a word that no name can have, one that says both, or no
    /// word at all.
    pub fn unusable(&self) -> Option<(&'static str, String)> {
        let is_word = |word: &String| {
            !word.is_empty()
                && word.chars().all(char::is_alphanumeric)
                && word.to_lowercase() == **word
        };
        for (key, words) in [("bases", &self.bases), ("places", &self.places)] {
            if words.is_empty() {
                return Some((key, "nothing".to_owned()));
            }
            if let Some(word) = words.iter().find(|word| !is_word(word)) {
                return Some((key, format!("{word:?}")));
            }
        }
        let both = self.places.iter().find(|word| self.bases.contains(word));
        both.map(|word| ("places", format!("{word:?} in both lists")))
    }
}
