//! Finding columns by the names publishers give them.

/// A header row: names as published, and the same without case, spaces and punctuation.
pub(super) struct Header {
    published: Vec<String>,
    plain: Vec<String>,
}

impl Header {
    pub(super) fn new<'a>(cells: impl Iterator<Item = &'a [u8]>) -> Self {
        let published: Vec<String> =
            cells.map(|cell| String::from_utf8_lossy(cell).trim().to_owned()).collect();
        let plain = published.iter().map(|name| plain(name)).collect();
        Self { published, plain }
    }

    /// The first column with one of these names, the earlier names first; `#` stands for one digit.
    pub(super) fn find(&self, names: &[&str]) -> Option<usize> {
        names.iter().find_map(|name| self.plain.iter().position(|column| is_named(column, name)))
    }

    /// As published; empty where there is no such column.
    pub(super) fn name(&self, at: usize) -> &str {
        self.published.get(at).map_or("", String::as_str)
    }

    /// Every name as published.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.published.iter().map(String::as_str)
    }
}

/// Lower-case letters and digits only.
pub(super) fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// Whether a plain name is the one sought; `#` in `sought` stands for one digit.
pub(super) fn is_named(plain: &str, sought: &str) -> bool {
    plain.len() == sought.len()
        && plain
            .bytes()
            .zip(sought.bytes())
            .all(|(found, wanted)| found == wanted || (wanted == b'#' && found.is_ascii_digit()))
}

/// A number as published, thousands commas allowed; never NaN or infinite.
pub(super) fn number(text: &str) -> Option<f64> {
    let looks_numeric = text.bytes().all(|b| b.is_ascii_digit() || b"+-.eE,".contains(&b));
    if !looks_numeric {
        return None;
    }
    let parsed: Result<f64, _> =
        if text.contains(',') { text.replace(',', "").parse() } else { text.parse() };
    parsed.ok().filter(|number| number.is_finite())
}

/// A count: a whole number from 0, `8.0` accepted.
pub(super) fn count(text: &str) -> Option<u32> {
    let number = number(text)?;
    let is_count = number >= 0.0 && number <= f64::from(u32::MAX) && number.fract() == 0.0;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "whole and bounded on the line before"
    )]
    is_count.then_some(number as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_whatever_their_year_and_punctuation() {
        let header = Header::new(["Post Code", "LAD25CD", "east_1m"].iter().map(|h| h.as_bytes()));
        assert_eq!(header.find(&["pcds", "postcode"]), Some(0));
        assert_eq!(header.find(&["lad##cd"]), Some(1));
        assert_eq!(header.find(&["east1m"]), Some(2));
        assert_eq!(header.find(&["lad##nm"]), None);
        assert_eq!(header.name(1), "LAD25CD");
    }

    #[test]
    fn counts_are_whole() {
        let counts = ["1,475", "8.0", "-1", "1.5", "NaN", "", "1e99"].map(count);
        assert_eq!(counts, [Some(1475), Some(8), None, None, None, None, None]);
    }
}
