//! Which edition a file is: the day it describes and what to call it, by its name and headers.

use chrono::{Datelike, Months, NaiveDate};

use super::About;
use crate::import::InputFile;

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// The name without its folders.
pub(super) fn file_name(name: &str) -> &str {
    name.rsplit(['/', '\\']).next().unwrap_or(name)
}

/// The day a file's name carries: a month's last day where only the month is given, a year's where only the year.
pub(super) fn day_of_name(name: &str) -> Option<NaiveDate> {
    let name = file_name(name).to_ascii_lowercase();
    let words: Vec<&str> = runs(&name);
    let year = |word: &str| word.parse().ok().filter(|year| (1990..=2100).contains(year));
    let month = |word: &str| -> Option<u32> {
        word.parse().ok().filter(|month| (1..=12).contains(month) && word.len() == 2)
    };
    let named_month = |word: &str| {
        let found = MONTHS.iter().position(|month| word.starts_with(month) && word.len() <= 9)?;
        u32::try_from(found + 1).ok()
    };

    for (at, word) in words.iter().enumerate() {
        let next = words.get(at + 1).copied().unwrap_or_default();
        if let Some(month) = named_month(word)
            && let Some(year) = year(next)
        {
            return last_of_month(year, month);
        }
        if word.len() == 4
            && let (Some(year), Some(month)) = (year(word), month(next))
        {
            let day = words.get(at + 2).and_then(|day| day.parse().ok());
            let exact = day.and_then(|day| NaiveDate::from_ymd_opt(year, month, day));
            return exact.or_else(|| last_of_month(year, month));
        }
        if (word.len() == 6 || word.len() == 8)
            && let (Some(year), Some(month)) =
                (word.get(..4).and_then(year), word.get(4..6).and_then(month))
        {
            let day = word.get(6..8).and_then(|day| day.parse().ok());
            let exact = day.and_then(|day| NaiveDate::from_ymd_opt(year, month, day));
            return exact.or_else(|| last_of_month(year, month));
        }
    }
    let bare = words.iter().filter(|word| word.len() == 4).find_map(|word| year(word))?;
    NaiveDate::from_ymd_opt(bare, 12, 31)
}

/// The year in a published header such as `LAD22CD` or `icb24_name`, as its last day.
pub(super) fn day_of_header(header: &str) -> Option<NaiveDate> {
    let lower = header.to_ascii_lowercase();
    let known = ["lad", "ltla", "lsoa", "icb", "laua", "msoa"];
    let rest = known.iter().find_map(|prefix| lower.strip_prefix(prefix))?;
    let year: i32 = rest.get(..2)?.parse().ok()?;
    NaiveDate::from_ymd_opt(2000 + year, 12, 31)
}

/// What to call the set: the user's word, else the publication the name speaks of, else the name itself.
pub(super) fn source_of(
    about: &About,
    files: &[InputFile],
    as_of: Option<NaiveDate>,
    published: Option<&str>,
) -> String {
    if let Some(source) = &about.source {
        return source.clone();
    }
    let name = files.first().map_or("", |file| file_name(&file.name));
    match (published, as_of) {
        (Some(published), Some(as_of)) => {
            format!("{published} {}", as_of.format("%B %Y"))
        }
        _ => name.to_owned(),
    }
}

/// The last day of a month.
pub(super) fn last_of_month(year: i32, month: u32) -> Option<NaiveDate> {
    let first = NaiveDate::from_ymd_opt(year, month, 1)?;
    first.checked_add_months(Months::new(1))?.pred_opt().filter(|day| day.year() == year)
}

/// The runs of letters and of digits in a text.
fn runs(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.bytes().next() {
        let same = |b: u8| {
            (b.is_ascii_digit() && first.is_ascii_digit())
                || (b.is_ascii_alphabetic() && first.is_ascii_alphabetic())
        };
        let end = rest.bytes().position(|b| !same(b)).unwrap_or(rest.len());
        if end == 0 {
            let skip = rest.chars().next().map_or(1, char::len_utf8);
            rest = rest.get(skip..).unwrap_or_default();
        } else {
            found.push(rest.get(..end).unwrap_or_default());
            rest = rest.get(end..).unwrap_or_default();
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_is_in_the_name() {
        let cases = [
            ("london-postcodes-onspd-2025-11.csv.gz", Some((2025, 11, 30))),
            ("Data/ONSPD_NOV_2025_UK.csv", Some((2025, 11, 30))),
            ("zones_20240229.csv", Some((2024, 2, 29))),
            ("zones_202402.csv", Some((2024, 2, 29))),
            ("codepo-2024-05-14.zip", Some((2024, 5, 14))),
            ("london-2021-lsoa-gen20.shp", Some((2021, 12, 31))),
            ("/2019/postcodes.csv", None),
            ("żółw €.csv", None),
            ("", None),
        ];
        for (name, day) in cases {
            let expected = day.and_then(|(y, m, d)| NaiveDate::from_ymd_opt(y, m, d));
            assert_eq!(day_of_name(name), expected, "{name}");
        }
    }

    #[test]
    fn a_header_carries_its_year() {
        assert_eq!(day_of_header("LAD22CD"), NaiveDate::from_ymd_opt(2022, 12, 31));
        assert_eq!(day_of_header("icb24_name"), NaiveDate::from_ymd_opt(2024, 12, 31));
        assert_eq!(day_of_header("name"), None);
    }
}
