//! The years and months that file names, sheet names and titles carry.

use chrono::{Datelike, Days, Months, NaiveDate};

/// The reporting year a text names, by the year it begins in: `2016/17`, `2016-17`, `2024_25`, `201920`, `2021_2022`,
/// `22_23`.
pub fn financial_year(text: &str) -> Option<i32> {
    let runs = digit_runs(text);
    let pairs = runs.windows(2).filter(|pair| pair[0].end + 1 == pair[1].start);
    let long = pairs.clone().find_map(|pair| consecutive(pair[0].digits, pair[1].digits, 4));
    let joined = || {
        runs.iter().find_map(|run| match run.digits.len() {
            6 | 8 => consecutive(run.digits.get(..4)?, run.digits.get(4..)?, 4),
            _ => None,
        })
    };
    let short = || pairs.clone().find_map(|pair| consecutive(pair[0].digits, pair[1].digits, 2));
    long.or_else(joined).or_else(short)
}

/// The last day of the reporting year that begins in `start`.
pub fn financial_year_end(start: i32) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(start.checked_add(1)?, 3, 31)
}

/// `2016/17` for any day of that year.
pub(crate) fn reporting_year(day: NaiveDate) -> String {
    let start = if day.month() >= 4 { day.year() } else { day.year() - 1 };
    format!("{start}/{:02}", (start + 1).rem_euclid(100))
}

/// The last day of the month a text names: `2024-01`, `202401`, `January 2024`, `Jan24` is too short to trust.
pub(crate) fn month_end(text: &str) -> Option<NaiveDate> {
    let runs = digit_runs(text);
    let numbers = || {
        runs.windows(2).find_map(|pair| {
            let apart = pair[0].digits.len() == 4
                && pair[1].digits.len() == 2
                && pair[0].end + 1 == pair[1].start;
            apart.then(|| (pair[0].digits, pair[1].digits))
        })
    };
    let joined = || {
        runs.iter()
            .filter(|run| matches!(run.digits.len(), 6 | 8))
            .find_map(|run| Some((run.digits.get(..4)?, run.digits.get(4..6)?)))
    };
    let named = || {
        let lower = text.to_ascii_lowercase();
        let (at, month) = MONTHS
            .iter()
            .zip(1_u32..)
            .find_map(|(name, month)| lower.find(name).map(|at| (at, month)))?;
        let year = runs.iter().find(|run| run.digits.len() == 4 && run.start >= at)?;
        Some((year.digits.parse().ok()?, month))
    };
    let (year, month): (i32, u32) = numbers()
        .or_else(joined)
        .and_then(|(year, month)| Some((year.parse().ok()?, month.parse().ok()?)))
        .or_else(named)?;
    let first =
        NaiveDate::from_ymd_opt(year, month, 1).filter(|_| (1948..=2100).contains(&year))?;
    first.checked_add_months(Months::new(1))?.checked_sub_days(Days::new(1))
}

/// The day a text names, `2025-03-31` or `20250331`.
pub(crate) fn day_in(text: &str) -> Option<NaiveDate> {
    let runs = digit_runs(text);
    let apart = || {
        runs.windows(3).find_map(|run| {
            let joined = run[0].end + 1 == run[1].start && run[1].end + 1 == run[2].start;
            let digits = [run[0].digits, run[1].digits, run[2].digits].concat();
            (joined && run[0].digits.len() == 4 && digits.len() == 8).then_some(digits)
        })
    };
    let together =
        || runs.iter().find(|run| run.digits.len() == 8).map(|run| run.digits.to_owned());
    let digits = apart().or_else(together)?;
    NaiveDate::parse_from_str(&digits, "%Y%m%d")
        .ok()
        .filter(|day| (1948..=2100).contains(&day.year()))
}

/// The last day of the calendar year a text names by four digits.
pub(crate) fn calendar_year_end(text: &str) -> Option<NaiveDate> {
    let year = |run: &Run<'_>| {
        run.digits.parse().ok().filter(|year| run.digits.len() == 4 && (1990..=2100).contains(year))
    };
    NaiveDate::from_ymd_opt(digit_runs(text).iter().find_map(year)?, 12, 31)
}

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

struct Run<'t> {
    start: usize,
    end: usize,
    digits: &'t str,
}

fn digit_runs(text: &str) -> Vec<Run<'_>> {
    let mut runs = Vec::new();
    let mut start = None;
    for (at, letter) in text.char_indices().chain([(text.len(), ' ')]) {
        match (letter.is_ascii_digit(), start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                runs.push(Run { start: from, end: at, digits: text.get(from..at).unwrap_or("") });
                start = None;
            }
            _ => {}
        }
    }
    runs
}

/// `2016` and `17` or `2017`; with a width of 2, `16` and `17`.
fn consecutive(first: &str, second: &str, width: usize) -> Option<i32> {
    if first.len() != width || !matches!(second.len(), 2 | 4) || second.len() > width {
        return None;
    }
    let (from, to): (i32, i32) = (first.parse().ok()?, second.parse().ok()?);
    let start = if width == 2 { 2000 + from } else { from };
    let follows = (start + 1).rem_euclid(100) == to || start + 1 == to;
    (follows && (1990..=2100).contains(&start)).then_some(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reporting_years_are_found_in_names() {
        for (text, year) in [
            ("eric-2016-17.xls", Some(2016)),
            ("ERIC - 2024_25 - Site data.csv", Some(2024)),
            ("ERIC - 201920 - SiteData - v2.csv", Some(2019)),
            ("year_22_23", Some(2022)),
            ("year_2021_22", Some(2021)),
            ("2016/17", Some(2016)),
            ("1999-2000", Some(1999)),
            ("eric-2021-25-cleaned.csv", None),
            ("sites v2.csv", None),
        ] {
            assert_eq!(financial_year(text), year, "{text}");
        }
        assert_eq!(reporting_year(NaiveDate::from_ymd_opt(2017, 3, 31).unwrap()), "2016/17");
        assert_eq!(reporting_year(NaiveDate::from_ymd_opt(2017, 4, 1).unwrap()), "2017/18");
    }

    #[test]
    fn months_are_found_in_names() {
        let end = |year, month, day| NaiveDate::from_ymd_opt(year, month, day);
        assert_eq!(month_end("epraccur-2024-01.csv"), end(2024, 1, 31));
        assert_eq!(month_end("ebranchs 201708.zip"), end(2017, 8, 31));
        assert_eq!(month_end("Practices at February 2024"), end(2024, 2, 29));
        assert_eq!(month_end("epraccur.csv"), None);
        assert_eq!(month_end("2024-13"), None);
    }
}
