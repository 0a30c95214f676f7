//! A standard by parts of the people, with the price of inaccessibility: one table for page, file, API and terminal.

use super::access::{minutes, verdict_words, why};
use super::{Cell, Table, grouped};
use crate::access::{AreaAssessment, By, Doubt, Group};
use crate::scenario::Parted;

/// A row for the whole of each area, then one a part. Parts by area and by decile add up to the whole; groups overlap.
pub fn parts<'a>(told: impl IntoIterator<Item = &'a Parted>) -> Table {
    let columns = [
        ("name", "Part", false),
        ("by", "By", false),
        ("people", "People", true),
        ("within", "Within", true),
        ("beyond", "Beyond", true),
        ("undetermined", "Not determined", true),
        ("within_percent", "Surely within (%)", true),
        ("could_be_within_percent", "Could be within (%)", true),
        ("verdict", "Verdict", false),
        ("mean_minutes", "Mean minutes, each person alike", true),
        ("median_minutes", "Median minutes, each person alike", true),
        ("any_mean_minutes", "Mean minutes to the nearest of any kind", true),
        ("farther_people", "People whose nearest passing site is farther", true),
        ("farther_minutes", "By how many minutes", true),
        ("none_passing_people", "People with a site in reach, none surely passing", true),
        ("none_passing_of", "Of so many people, of whom that can be told", true),
        ("why", "Why not determined", false),
        ("p90_minutes", "90th centile minutes, each person alike", true),
        ("unweighted_mean_minutes", "Mean minutes, small areas alike", true),
        ("unweighted_median_minutes", "Median minutes, small areas alike", true),
        ("unweighted_p90_minutes", "90th centile minutes, small areas alike", true),
        ("unknown_zones", "Small areas whose people are not known", true),
        ("code", "Code", false),
        ("area", "Standard set for", false),
        ("standard", "Key of the standard", false),
    ];
    Table::new("parts", "The standard by parts of the people", &columns).with(
        told.into_iter().flat_map(|told| {
            let whole = row(told, "Whole", "", &told.whole);
            let parts = told
                .parts
                .iter()
                .map(|part| row(told, by_words(part.by), &part.key, &part.figures));
            std::iter::once(whole).chain(parts).collect::<Vec<_>>()
        }),
    )
}

fn by_words(by: By) -> &'static str {
    match by {
        By::Decile => "Deprivation decile",
        By::Group => "Kind of people",
        by => by.label(),
    }
}

fn row(told: &Parted, by: &str, code: &str, part: &AreaAssessment) -> Vec<Cell> {
    let is_anybody = part.people + part.unknown_zones > 0;
    let share = |share: Option<f64>| match share {
        Some(share) if is_anybody => Cell::Number(share * 100.0, 1),
        _ => Cell::Empty,
    };
    // Where nobody lives there is no mean.
    let minutes = |told: Option<f64>| match told {
        None if part.people == 0 => Cell::Empty,
        told => minutes(part, told),
    };
    let any = match part.any_mean_minutes {
        None if part.people == 0 => Cell::Empty,
        None => {
            Cell::Unknown(why_no_any(part).next().map_or("no such site in reach", Doubt::short))
        }
        Some(any) => Cell::Number(any, 1),
    };
    // A count among nobody would be nought, and is not known.
    let none_passing = if part.none_passing_of == 0 && part.people > 0 {
        Cell::Unknown(why_no_any(part).next().map_or(Doubt::WayUnsure.short(), Doubt::short))
    } else {
        Cell::count(part.none_passing_people)
    };
    let farther = part.farther_minutes.map_or(Cell::Empty, |minutes| Cell::Number(minutes, 1));
    vec![
        Cell::text(&*part.name),
        Cell::text(by),
        Cell::count(part.people),
        Cell::count(part.within),
        Cell::count(part.beyond),
        Cell::count(part.undetermined),
        share(part.least_share),
        share(part.greatest_share),
        if is_anybody { Cell::text(verdict_words(part.verdict)) } else { Cell::Empty },
        minutes(part.mean_minutes),
        minutes(part.median_minutes),
        any,
        part.farther().map_or(Cell::Unknown("no passing site known"), Cell::count),
        farther,
        none_passing,
        Cell::count(part.none_passing_of),
        why(part),
        minutes(part.p90_minutes),
        minutes(part.unweighted_mean_minutes),
        minutes(part.unweighted_median_minutes),
        minutes(part.unweighted_p90_minutes),
        Cell::count(part.unknown_zones),
        Cell::text(code),
        Cell::text(&*told.set_for),
        Cell::text(&*told.standard.key),
    ]
}

/// Why nobody can tell whether a site of any kind is in reach; nothing where somebody surely has one, or nobody has.
fn why_no_any(part: &AreaAssessment) -> impl Iterator<Item = Doubt> {
    let is_open = part.any_mean_minutes.is_none() && part.people > 0;
    // Where a survey is all that lacks, the site is known and in reach.
    let doubts = part.doubts.iter().map(|(doubt, _)| *doubt);
    doubts.filter(move |doubt| is_open && *doubt != Doubt::NotSurveyed)
}

/// The price of inaccessibility of an area, in sentences.
pub fn price(told: &Parted) -> Vec<String> {
    let whole = &told.whole;
    let count = |people: u64| grouped(people as f64, 0);
    let mut words = Vec::new();
    if told.standard.group != Group::StepFree {
        words.push("This standard counts every site of its kind of care, whether or not disabled people can get in: the nearest that serves is the nearest of any kind.".to_owned());
        return words;
    }
    if let Some(any) = whole.any_mean_minutes {
        let passing = whole.mean_minutes.map_or("not known for anybody".to_owned(), |minutes| {
            format!("{minutes:.1} minutes, over those who have one in reach")
        });
        words.push(format!(
            "On average the nearest of any kind is {any:.1} minutes away, over those who have one in reach; the nearest that surely passes is {passing}."
        ));
    } else if whole.people == 0 {
        words.push("No disabled resident is known to live here.".to_owned());
    } else {
        let why: Vec<&str> = why_no_any(whole).map(Doubt::words).collect();
        words.push(if why.is_empty() {
            "No site of this kind of care is in reach of anybody here.".to_owned()
        } else {
            format!(
                "How far the nearest site of this kind of care is cannot be told for anybody here: {}.",
                why.join("; ")
            )
        });
    }
    if let (people @ 1.., Some(minutes)) = (whole.farther_people, whole.farther_minutes) {
        words.push(format!(
            "For {} people the nearest site that surely passes is farther than the nearest of any kind, by {minutes:.1} minutes on average.",
            count(people)
        ));
    }
    if whole.none_passing_people > 0 {
        words.push(format!(
            "{} people have a site of this kind in reach of the search, and none that surely passes: what that costs them cannot be told in minutes.",
            count(whole.none_passing_people)
        ));
    }
    let untold = whole.people.saturating_sub(whole.none_passing_of);
    if untold > 0 && whole.none_passing_of > 0 {
        words.push(format!(
            "Of {} more people it cannot be told whether they have a site of this kind in reach: they are in none of these counts.",
            count(untold)
        ));
    }
    if whole.reached > 0 && whole.farther_people == 0 && whole.none_passing_people == 0 {
        let is_everybody = whole.reached == whole.people && whole.unknown_zones == 0;
        let words_of = if is_everybody {
            "Nobody’s nearest passing site is farther than the nearest of any kind."
        } else {
            "Of those who have one in reach, nobody’s nearest passing site is farther than the nearest of any kind."
        };
        words.push(words_of.to_owned());
    }
    words
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::access::{Area, Centile, Limit, Standard, Verdict};
    use crate::register::ServiceLine;
    use crate::travel::Mode;

    pub(crate) fn area(people: u64, doubts: Vec<(Doubt, u64)>) -> AreaAssessment {
        let undetermined = if doubts.is_empty() { 0 } else { people };
        AreaAssessment {
            area: Area::All,
            name: "All areas".to_owned(),
            people,
            within: 0,
            beyond: people - undetermined,
            undetermined,
            doubts,
            mean_minutes: None,
            median_minutes: None,
            p90_minutes: None,
            unweighted_mean_minutes: None,
            unweighted_median_minutes: None,
            unweighted_p90_minutes: None,
            any_mean_minutes: None,
            farther_people: 0,
            farther_minutes: None,
            none_passing_people: 0,
            none_passing_of: people - undetermined,
            reached: 0,
            unknown_zones: 0,
            least_share: Some(0.0),
            greatest_share: Some(1.0),
            verdict: Verdict::Undetermined,
        }
    }

    pub(crate) fn standard(share: f64) -> Standard {
        Standard {
            key: "s".to_owned(),
            words: "within 800 m".to_owned(),
            service_line: ServiceLine::PrimaryCare,
            mode: Mode::StepFreeWalk,
            limit: Limit::Metres(800.0),
            centile: Centile::Median,
            share,
            group: Group::StepFree,
            area: Area::All,
            from: chrono::NaiveDate::from_ymd_opt(2026, 1, 1).unwrap(),
            until: None,
            source: "a test".to_owned(),
            is_policy: false,
        }
    }

    fn told(whole: AreaAssessment) -> Parted {
        Parted {
            standard: standard(0.9),
            set_for: "All areas".to_owned(),
            whole,
            parts: Vec::new(),
        }
    }

    #[test]
    fn what_nobody_can_tell_is_not_told_as_out_of_reach() {
        let cells = |told: &Parted| {
            let table = parts([told]);
            ["any_mean_minutes", "none_passing_people"].map(|key| {
                let at = table.columns.iter().position(|column| column.key == key).unwrap();
                table.rows[0][at].clone()
            })
        };
        for doubt in [Doubt::NoOffer, Doubt::NotPlaced, Doubt::NoMinutes, Doubt::WayUnsure] {
            let told = told(area(9, vec![(doubt, 9)]));
            assert_eq!(cells(&told), [Cell::Unknown(doubt.short()), Cell::Unknown(doubt.short())]);
            let words = price(&told);
            assert!(words.len() == 1 && words[0].contains(doubt.words()), "{words:?}");
        }
        let none = told(area(9, Vec::new()));
        assert_eq!(cells(&none), [Cell::Unknown("no such site in reach"), Cell::count(0)]);
        assert_eq!(price(&none), ["No site of this kind of care is in reach of anybody here."]);
    }

    #[test]
    fn a_count_of_some_says_of_how_many_and_one_of_nobody_is_not_known() {
        let cells = |told: &Parted| {
            let table = parts([told]);
            ["none_passing_people", "none_passing_of"].map(|key| {
                let at = table.columns.iter().position(|column| column.key == key).unwrap();
                table.rows[0][at].clone()
            })
        };
        let of = |none_passing_of: u64| {
            let any_mean_minutes = (none_passing_of > 0).then_some(5.0);
            told(AreaAssessment {
                none_passing_people: none_passing_of.min(2),
                none_passing_of,
                any_mean_minutes,
                ..area(9, vec![(Doubt::NoMinutes, 5), (Doubt::NotSurveyed, 4)])
            })
        };
        assert_eq!(cells(&of(4)), [Cell::count(2), Cell::count(4)]);
        let words = price(&of(4));
        assert!(words.iter().any(|words| words.starts_with("Of 5 more people")), "{words:?}");
        assert_eq!(cells(&of(0)), [Cell::Unknown(Doubt::NoMinutes.short()), Cell::count(0)]);
        assert!(!price(&of(9)).iter().any(|words| words.contains("more people")));
        let nobody = told(area(0, Vec::new()));
        assert_eq!(cells(&nobody), [Cell::count(0), Cell::count(0)], "nobody lives there");
    }

    #[test]
    fn nobody_s_is_farther_is_said_of_those_who_have_one_in_reach() {
        let reached = |reached| AreaAssessment {
            reached,
            mean_minutes: Some(5.0),
            any_mean_minutes: Some(5.0),
            ..area(9, Vec::new())
        };
        assert!(price(&told(reached(9)))[1].starts_with("Nobody’s"));
        assert!(
            price(&told(reached(4)))[1].starts_with("Of those who have one in reach, nobody’s")
        );
    }
}
