//! Comparing headers as people do: case, spaces, dashes and brackets do not matter, units do.

use super::Unit;

/// A header or word to look for; `*` stands for any text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    text: String,
    parts: Vec<String>,
    unit: Option<Unit>,
}

impl Pattern {
    /// A unit in brackets at the end is compared apart: `Floor area - empty` finds the column in any unit,
    /// `Floor area - empty (%)` only the percentage.
    pub fn new(text: &str) -> Self {
        let (name, unit) = Unit::split(text);
        Self { text: text.to_owned(), parts: name.split('*').map(normal).collect(), unit }
    }

    /// As written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it is this word; an empty pattern is an empty word, and `*` alone is any word but an empty one.
    pub fn matches(&self, word: &str) -> bool {
        self.fits(&normal(word))
    }

    /// Whether it is this header, its unit split off.
    pub(crate) fn is_header(&self, name: &str, unit: Option<Unit>) -> bool {
        (self.unit.is_none() || self.unit == unit) && self.fits(name)
    }

    /// What stands in place of the star.
    pub(crate) fn star<'h>(&self, header: &'h str) -> Option<&'h str> {
        let (before, after) = self.text.split_once('*')?;
        let rest = header.get(before.len()..)?;
        let begins = header.get(..before.len())?.eq_ignore_ascii_case(before);
        let cut = rest.len().checked_sub(after.len())?;
        let ends = rest.get(cut..)?.eq_ignore_ascii_case(after);
        rest.get(..cut).filter(|_| begins && ends).map(str::trim)
    }

    /// How much of it is not star: the more, the more it says.
    pub(crate) fn weight(&self) -> (bool, usize) {
        (self.parts.len() == 1, self.parts.iter().map(String::len).sum())
    }

    fn fits(&self, word: &str) -> bool {
        let [first, between @ .., last] = self.parts.as_slice() else {
            return self.parts.first().is_some_and(|only| only == word);
        };
        let Some(rest) = word.strip_prefix(first.as_str()) else { return false };
        let Some(mut rest) = rest.strip_suffix(last.as_str()) else { return false };
        for part in between {
            let Some(at) = rest.find(part.as_str()) else { return false };
            rest = rest.get(at + part.len()..).unwrap_or("");
        }
        !word.is_empty()
    }
}

/// A text down to what is compared: letters and digits in lower case, superscripts as digits, `&` as "and", and the
/// signs that carry meaning, `%` and `£`.
pub fn normal(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            'a'..='z' | '0'..='9' | '%' | '£' => plain.push(letter),
            'A'..='Z' => plain.push(letter.to_ascii_lowercase()),
            '²' => plain.push('2'),
            '³' => plain.push('3'),
            '&' => plain.push_str("and"),
            _ => {}
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finds(pattern: &str, header: &str) -> bool {
        let (name, unit) = Unit::split(header);
        Pattern::new(pattern).is_header(&normal(name), unit)
    }

    #[test]
    fn dashes_case_and_spaces_do_not_matter_and_units_do() {
        assert!(finds("Floor area - empty", "FLOOR AREA – EMPTY  (%)"));
        assert!(finds("Floor area - empty (m2)", "Floor area - empty (m²)"));
        assert!(!finds("Floor area - empty (m2)", "Floor area - empty (%)"));
        assert!(!finds("Floor area - empty", "Floor area - under used (%)"));
        assert!(finds(
            "Internal floor area - unoccupied*",
            "Internal floor area - unoccupied, mothballed (m²)"
        ));
        assert!(finds("*disability*", "Disability Score %"));
    }

    #[test]
    fn stars_match_words_and_not_emptiness() {
        let freehold = Pattern::new("*freehold*");
        assert!(freehold.matches("1. Freehold"));
        assert!(!freehold.matches("2. Leasehold"));
        assert!(Pattern::new("*").matches("x"));
        assert!(!Pattern::new("*").matches(" "));
        assert!(Pattern::new("").matches(" "));
    }

    #[test]
    fn the_star_of_a_group_is_its_value() {
        let group = Pattern::new("site_type_*");
        assert_eq!(group.star("site_type_General acute hospital"), Some("General acute hospital"));
        assert_eq!(group.star("site_name"), None);
    }
}
