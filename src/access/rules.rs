//! Standards as a list that somebody edits: what a good one is, and which two cannot both hold.

use super::{Centile, Limit, Standard};
use crate::travel::Mode;

/// Something wrong with a standard, by the name its field has in forms, files and JSON.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} {words}")]
pub struct StandardFault {
    /// `share`, `until`.
    pub field: &'static str,
    /// What is wrong with it, after its name.
    pub words: String,
}

/// Everything wrong with one standard by itself.
pub fn faults(standard: &Standard) -> Vec<StandardFault> {
    let mut faults = Vec::new();
    let mut refuse = |field, words: String| faults.push(StandardFault { field, words });
    let is_key = |key: &str| {
        key.starts_with(|c: char| c.is_ascii_lowercase())
            && key.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
            && key.len() <= 60
    };
    if !is_key(&standard.key) {
        let words = format!(
            "is a word of at most 60 small letters, digits and underscores that begins with a letter, such as gp_walk_20, and {:?} is not",
            standard.key
        );
        refuse("key", words);
    }
    if standard.words.trim().is_empty() {
        refuse("words", "is missing: say the standard in a sentence".to_owned());
    }
    if let Some(words) = standard.limit.fault() {
        let field = match standard.limit {
            Limit::Minutes(_) => "limit_minutes",
            Limit::Metres(_) => "limit_metres",
        };
        refuse(field, words.to_owned());
    }
    if let Some(words) = centile_fault(standard.centile, standard.mode, standard.limit) {
        refuse("centile", words.to_owned());
    }
    if !(standard.share > 0.0 && standard.share <= 1.0) {
        refuse(
            "share",
            "is above 0 and at most 1: what asks for nobody is never missed".to_owned(),
        );
    }
    if let Some(until) = standard.until.filter(|until| *until < standard.from) {
        refuse("until", format!("is {until}, before the standard begins on {}", standard.from));
    }
    if standard.source.trim().is_empty() {
        refuse("source", "is missing: name the document, or who chose it".to_owned());
    }
    faults
}

/// What is wrong with asking for a centile of departures, after its name.
pub fn centile_fault(centile: Centile, mode: Mode, limit: Limit) -> Option<&'static str> {
    match (centile, mode.kept_late_as(), limit) {
        (Centile::Median, ..) | (_, Some(_), Limit::Minutes(_)) => None,
        (_, Some(_), Limit::Metres(_)) => {
            Some("is of minutes, and the limit is in metres, which no departure makes longer")
        }
        (_, None, _) => Some(
            "is of departures, and only public transport has any: leave it out, or choose public transport",
        ),
    }
}

/// Two standards that cannot both be in the list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Contradiction {
    /// One key names both.
    #[error("two standards have the key {key}: {first:?} and {second:?}")]
    SameKey {
        /// The key.
        key: String,
        /// In the words of one.
        first: String,
        /// And of the other.
        second: String,
    },
    /// The same is asked twice, differently.
    #[error(
        "{first} and {second} ask different shares, {first_percent} % and {second_percent} %, of the same care, travel, people, area and limit at the same time: keep one of the two, or give them dates that do not overlap"
    )]
    TwoShares {
        /// Key of one.
        first: String,
        /// And of the other.
        second: String,
        /// Share of one, in per cent.
        first_percent: String,
        /// And of the other.
        second_percent: String,
    },
    /// The narrower limit asks at least the share of the wider, so the wider can never decide anything.
    #[error(
        "{narrow} asks {narrow_percent} % within {narrow_limit}, and {wide} is content with {wide_percent} % within {wide_limit} of the same care, travel, people and area at the same time: {wide} could never be missed unless {narrow} is; keep one of the two, or ask a greater share within the wider limit"
    )]
    NeverDecides {
        /// Key of the one with the narrower limit.
        narrow: String,
        /// Its share, in per cent.
        narrow_percent: String,
        /// Its limit.
        narrow_limit: String,
        /// Key of the other.
        wide: String,
        /// Its share, in per cent.
        wide_percent: String,
        /// Its limit.
        wide_limit: String,
    },
}

/// Why a list does not take a standard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// What is wrong with it by itself.
    pub faults: Vec<StandardFault>,
    /// What it contradicts.
    pub contradictions: Vec<Contradiction>,
}

/// The list with a standard added, or put in the place of the one of its key.
pub fn with_standard(list: &[Standard], standard: Standard) -> Result<Vec<Standard>, Refused> {
    let faults = faults(&standard);
    let mut list = list.to_vec();
    match list.iter_mut().find(|held| held.key == standard.key) {
        Some(held) => *held = standard,
        None => list.push(standard),
    }
    // What is wrong by itself contradicts nothing yet.
    let contradictions = if faults.is_empty() { contradictions(&list) } else { Vec::new() };
    if faults.is_empty() && contradictions.is_empty() {
        Ok(list)
    } else {
        Err(Refused { faults, contradictions })
    }
}

/// The pairs of a list that contradict each other, in its order. Standards for different areas never do: a borough may ask
/// more than London.
pub fn contradictions(standards: &[Standard]) -> Vec<Contradiction> {
    let mut found = Vec::new();
    for (at, first) in standards.iter().enumerate() {
        for second in standards.iter().skip(at + 1) {
            found.extend(contradiction(first, second));
        }
    }
    found
}

fn contradiction(first: &Standard, second: &Standard) -> Option<Contradiction> {
    if first.key == second.key {
        return Some(Contradiction::SameKey {
            key: first.key.clone(),
            first: first.words.clone(),
            second: second.words.clone(),
        });
    }
    let asks = |standard: &Standard| {
        let how = (standard.mode, standard.centile);
        (standard.service_line, how, standard.group, standard.area.clone())
    };
    let begins_in_time =
        |one: &Standard, other: &Standard| one.until.is_none_or(|until| other.from <= until);
    let is_together = begins_in_time(first, second) && begins_in_time(second, first);
    if asks(first) != asks(second) || !is_together {
        return None;
    }
    // Minutes and metres are not compared: between them stands a pace, which is an assumption.
    let ((Limit::Minutes(a), Limit::Minutes(b)) | (Limit::Metres(a), Limit::Metres(b))) =
        (first.limit, second.limit)
    else {
        return None;
    };
    let percent = |standard: &Standard| standard.percent().to_string();
    if a.total_cmp(&b).is_eq() {
        return Some(Contradiction::TwoShares {
            first: first.key.clone(),
            second: second.key.clone(),
            first_percent: percent(first),
            second_percent: percent(second),
        });
    }
    let (narrow, wide) = if a < b { (first, second) } else { (second, first) };
    (narrow.share >= wide.share).then(|| Contradiction::NeverDecides {
        narrow: narrow.key.clone(),
        narrow_percent: percent(narrow),
        narrow_limit: narrow.limit_label(),
        wide: wide.key.clone(),
        wide_percent: percent(wide),
        wide_limit: wide.limit_label(),
    })
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;
    use crate::access::standard::tests::walk;
    use crate::access::{Area, Group};

    fn day(year: i32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, 1, 1).unwrap()
    }

    fn named(key: &str, metres: f64, share: f64) -> Standard {
        Standard { key: key.to_owned(), limit: Limit::Metres(metres), ..walk(share) }
    }

    #[test]
    fn nine_departures_in_ten_are_asked_only_of_minutes_that_have_departures() {
        let told = |mode, limit| {
            let asked = Standard { centile: Centile::Ninetieth, mode, limit, ..walk(0.9) };
            let faults = faults(&asked);
            faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
        };
        let minutes = Limit::Minutes(30.0);
        for mode in [Mode::PublicTransport, Mode::StepFreePublicTransport] {
            assert_eq!(told(mode, minutes), "");
            let words = told(mode, Limit::Metres(900.0));
            assert!(words.contains("the limit is in metres"), "{words}");
        }
        for mode in [Mode::Walk, Mode::StepFreeWalk, Mode::Drive] {
            let words = told(mode, minutes);
            assert!(words.starts_with("centile is of departures, and only public"), "{words}");
        }
    }

    #[test]
    fn standards_that_contradict_are_told_by_both_their_names() {
        let told = |first: &Standard, second: &Standard| {
            let found = contradictions(&[first.clone(), second.clone()]);
            found.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
        };
        let near = named("near", 800.0, 0.95);
        insta::assert_snapshot!(
            [
                told(&near, &near),
                told(&near, &named("also_near", 800.0, 0.9)),
                told(&named("far", 1_600.0, 0.9), &near),
            ]
            .join("\n"),
            @r#"
        two standards have the key near: "A GP within walking distance" and "A GP within walking distance"
        near and also_near ask different shares, 95 % and 90 %, of the same care, travel, people, area and limit at the same time: keep one of the two, or give them dates that do not overlap
        near asks 95 % within 800 m, and far is content with 90 % within 1600 m of the same care, travel, people and area at the same time: far could never be missed unless near is; keep one of the two, or ask a greater share within the wider limit
        "#
        );
        assert_eq!(
            told(&named("near", 800.0, 0.6), &named("far", 1_600.0, 0.9)),
            "",
            "a stair is no contradiction"
        );
        let far = named("far", 1_600.0, 0.9);
        for other in [
            Standard { group: Group::NoCar, ..far.clone() },
            Standard { area: Area::Borough("E09000007".to_owned()), ..far.clone() },
            Standard { limit: Limit::Minutes(20.0), ..far.clone() },
            Standard { from: day(2030), ..far.clone() },
            Standard { centile: Centile::Ninetieth, ..far.clone() },
        ] {
            let near = Standard { until: NaiveDate::from_ymd_opt(2029, 12, 31), ..near.clone() };
            assert_eq!(told(&near, &other), "", "{other:?}");
        }
        let later = Standard { from: day(2029), ..far };
        assert_ne!(
            told(&Standard { until: Some(day(2029)), ..near }, &later),
            "",
            "both hold on one day"
        );
    }

    #[test]
    fn a_limit_beyond_all_journeys_is_refused_and_the_farthest_is_not() {
        let told = |limit| {
            let faults = faults(&Standard { limit, ..walk(0.9) });
            faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
        };
        for most in [Limit::MOST_METRES, 0.5] {
            assert_eq!(told(Limit::Metres(most)), "");
        }
        assert_eq!(told(Limit::Minutes(Limit::MOST_MINUTES)), "");
        for metres in [1e12, 200_000.5, 0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(
                told(Limit::Metres(metres)),
                "limit_metres is a number of metres above 0 and up to 200,000"
            );
        }
        for minutes in [1e308, 600.5, f64::NAN] {
            assert_eq!(
                told(Limit::Minutes(minutes)),
                "limit_minutes is a number of minutes above 0 and up to 600"
            );
        }
    }

    #[test]
    fn every_fault_of_a_standard_is_told_by_its_field() {
        let wrong = Standard {
            key: "GP walk".to_owned(),
            words: " ".to_owned(),
            limit: Limit::Minutes(0.0),
            share: 95.0,
            until: Some(day(2025)),
            source: String::new(),
            ..walk(0.9)
        };
        let told: Vec<&str> = faults(&wrong).iter().map(|fault| fault.field).collect();
        assert_eq!(told, ["key", "words", "limit_minutes", "share", "until", "source"]);
        assert_eq!(faults(&walk(0.9)), []);
        let words = faults(&wrong).iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(words[2], "limit_minutes is a number of minutes above 0 and up to 600");
        assert_eq!(words[4], "until is 2025-01-01, before the standard begins on 2026-01-01");
    }
}
