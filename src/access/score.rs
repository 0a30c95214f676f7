//! Scores from 0 to 100, as intervals: unknown items taken as worst give the low end, as best the high end. The width
//! is the case for a survey.
//!
//! Figures come from `data/scores.toml`, which gives each its words and source.
//!
//! * **Condition** = Σ weight x points ÷ Σ weight, over facets 1, 2, 4, 5 and 6 (points by grade) and backlog per
//!   square metre of gross internal area (points by a falling scale). Facet 3 is no part of it: "empty" and
//!   "overcrowded" are both bad.
//! * **Accessibility** = 100 x Σ weight of items answered yes ÷ Σ weight of items that apply. It says nothing of gates,
//!   which stand beside it.
//! * **Utilisation** rests on one way of measuring, the first in the order of preference that has anything: for rooms
//!   observed, points by utilisation (frequency x occupancy); for returned floor areas, points by the share of gross
//!   internal area that is empty or under-used; for facet 3, points by word. Ways are never mixed or averaged, and the
//!   answer says which it was.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::register::{
    AccessAnswer, AccessItem, Facet, Field, Grade, Method, Observation, Site, SpaceUse, Value,
};

/// Where a score lies. `0 <= low <= high <= 100`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Every unknown turns out worst.
    pub low: f64,
    /// Every unknown turns out best.
    pub high: f64,
}

impl Interval {
    /// Nothing is known.
    pub const ANY: Self = Self { low: 0.0, high: 100.0 };

    fn exactly(points: f64) -> Self {
        Self { low: points, high: points }
    }

    /// How much a survey could tell.
    pub fn width(self) -> f64 {
        self.high - self.low
    }

    /// Halfway, for charts and sorting; never shown without its ends.
    pub fn middle(self) -> f64 {
        f64::midpoint(self.low, self.high)
    }
}

/// Points between fixed places, straight between them and level beyond the ends.
#[derive(Debug, Clone, PartialEq)]
pub struct Scale(Vec<(f64, f64)>);

impl Scale {
    /// Two places or more, rising; points 0 to 100. `None` otherwise.
    pub fn new(places: Vec<(f64, f64)>) -> Option<Self> {
        let is_rising = places.windows(2).all(|pair| pair[0].0 < pair[1].0);
        let is_finite = places.iter().all(|(at, _)| at.is_finite());
        let are_points = places.iter().all(|(_, points)| (0.0..=100.0).contains(points));
        (places.len() >= 2 && is_rising && is_finite && are_points).then_some(Self(places))
    }

    /// The places, rising.
    pub fn places(&self) -> &[(f64, f64)] {
        &self.0
    }

    /// Points at a place.
    pub fn points(&self, at: f64) -> f64 {
        let above = self.0.partition_point(|(place, _)| *place < at);
        let end = |place: Option<&(f64, f64)>| place.map_or(0.0, |(_, points)| *points);
        match (above.checked_sub(1).and_then(|below| self.0.get(below)), self.0.get(above)) {
            (Some((x0, y0)), Some((x1, y1))) => y0 + (y1 - y0) * (at - x0) / (x1 - x0),
            (below, above) => end(below.or(above)),
        }
    }
}

/// Formulas' figures, as data.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoreRules {
    /// `Scores, London planning default 2026`.
    pub name: String,
    /// Weight of each graded facet in the condition score.
    pub facet_weights: BTreeMap<Facet, f64>,
    /// Points of each grade.
    pub grade_points: BTreeMap<Grade, f64>,
    /// Weight of backlog in the condition score.
    pub backlog_weight: f64,
    /// Points by backlog, £ a m² of gross internal area.
    pub backlog_points: Scale,
    /// Weight of each checklist item.
    pub item_weights: BTreeMap<AccessItem, f64>,
    /// Which way of measuring utilisation is taken first.
    pub preference: Vec<Basis>,
    /// Points by utilisation of observed rooms, 0 to 1.
    pub observed_points: Scale,
    /// Points by share of gross internal area empty or under-used, 0 to 1.
    pub unused_points: Scale,
    /// Points by facet 3.
    pub space_use_points: BTreeMap<SpaceUse, f64>,
    /// What each part rests on, in words with source: for the page that explains the scores.
    pub words: Vec<Explanation>,
    /// The day the figures were chosen.
    pub as_of: NaiveDate,
}

/// A part of the rules in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// `condition`, `condition.backlog`, `utilisation.observed`.
    pub part: String,
    /// What it does and why so.
    pub words: String,
    /// Document, or who chose it.
    pub source: String,
}

/// What a utilisation score rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// Occupancy sensors.
    Sensor,
    /// People with clipboards.
    Walkround,
    /// Bookings.
    Booking,
    /// Floor areas as returned in ERIC.
    EricReturn,
    /// Facet 3 of the six-facet survey.
    SpaceUseFacet,
}

impl Basis {
    /// Every basis.
    pub const ALL: [Self; 5] =
        [Self::Sensor, Self::Walkround, Self::Booking, Self::EricReturn, Self::SpaceUseFacet];

    /// On pages.
    pub fn label(self) -> &'static str {
        match self {
            Self::Sensor => "occupancy sensors",
            Self::Walkround => "walk-round survey",
            Self::Booking => "room bookings",
            Self::EricReturn => "floor areas returned in ERIC",
            Self::SpaceUseFacet => "facet 3 of a six-facet survey",
        }
    }

    fn of(method: Method) -> Self {
        match method {
            Method::Sensor => Self::Sensor,
            Method::Walkround => Self::Walkround,
            Method::Booking => Self::Booking,
            Method::EricReturn => Self::EricReturn,
        }
    }
}

/// A utilisation score and what it rests on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct UtilisationScore {
    /// The score.
    pub score: Interval,
    /// The one way of measuring it rests on.
    pub basis: Basis,
    /// The day it was true, or the last day of its window.
    pub as_of: Option<NaiveDate>,
}

/// How sound the premises are.
pub fn condition(site: &Site, rules: &ScoreRules) -> Interval {
    let facets = rules.facet_weights.iter().map(|(facet, weight)| {
        let grade = site.word::<Grade>(facet.field());
        let points = grade.and_then(|grade| rules.grade_points.get(&grade));
        (*weight, points.map_or(Interval::ANY, |points| Interval::exactly(*points)))
    });
    let backlog = (
        rules.backlog_weight,
        backlog_a_metre(site).map_or_else(
            || ends(&rules.backlog_points),
            |pounds| Interval::exactly(rules.backlog_points.points(pounds)),
        ),
    );
    weighted(facets.chain(std::iter::once(backlog)))
}

/// Backlog, £ a m² of gross internal area; `None` where either is unknown or the area is nought.
fn backlog_a_metre(site: &Site) -> Option<f64> {
    let area = site.area(Field::GrossInternalArea).filter(|area| area.0 > 0.0)?;
    Some(site.backlog().get()?.as_pounds() / area.0)
}

/// How much of the checklist that applies is met.
pub fn accessibility(site: &Site, rules: &ScoreRules) -> Interval {
    let items = rules.item_weights.iter().filter_map(|(item, weight)| {
        let points = match site.access(*item) {
            Some(AccessAnswer::Yes) => Interval::exactly(100.0),
            Some(AccessAnswer::No) => Interval::exactly(0.0),
            Some(AccessAnswer::NotApplicable) => return None,
            // At worst "no", at best "yes": leaving it out lies between the two.
            None => Interval::ANY,
        };
        Some((*weight, points))
    });
    weighted(items)
}

/// How well the space is used, by the preferred way of measuring that has anything to say; anything from 0 to 100 if
/// none has.
pub fn utilisation(site: &Site, rules: &ScoreRules) -> Interval {
    utilisation_by_basis(site, rules).first().map_or(Interval::ANY, |found| found.score)
}

/// Each way of measuring that has anything to say, by itself, the preferred one first.
pub fn utilisation_by_basis(site: &Site, rules: &ScoreRules) -> Vec<UtilisationScore> {
    let by = |basis: &Basis| match basis {
        Basis::SpaceUseFacet => by_facet(site, rules),
        Basis::EricReturn => {
            by_areas(site, rules).or_else(|| by_observation(site, Basis::EricReturn, rules))
        }
        observed => by_observation(site, *observed, rules),
    };
    rules.preference.iter().filter_map(by).collect()
}

/// By the surveys with the latest window. Where one survey saw several kinds of room, whose sizes it does not say, the
/// score lies anywhere between the worst and the best used.
fn by_observation(site: &Site, basis: Basis, rules: &ScoreRules) -> Option<UtilisationScore> {
    let of_basis = || site.observations.iter().filter(|seen| Basis::of(seen.method) == basis);
    let latest = of_basis().map(|seen| seen.to).max()?;
    let points = |seen: &Observation| match basis {
        Basis::EricReturn => rules.unused_points.points(1.0 - seen.utilisation()),
        _ => rules.observed_points.points(seen.utilisation()),
    };
    let score = of_basis()
        .filter(|seen| seen.to == latest)
        .map(|seen| Interval::exactly(points(seen)))
        .reduce(|a, b| Interval { low: a.low.min(b.low), high: a.high.max(b.high) })?;
    Some(UtilisationScore { score, basis, as_of: Some(latest) })
}

/// Of an unknown area the worst is the rest of the building, the best nothing.
fn by_areas(site: &Site, rules: &ScoreRules) -> Option<UtilisationScore> {
    let gross = site.area(Field::GrossInternalArea).filter(|area| area.0 > 0.0)?;
    let parts = [Field::EmptyArea, Field::UnderUsedArea].map(|field| site.fact(field));
    let as_of = parts.iter().filter_map(|part| part.evidence()).map(|e| e.as_of).max()?;
    let known = parts.iter().filter_map(|part| part.get()?.number());
    let share = (known.sum::<f64>() / gross.0).clamp(0.0, 1.0);
    let is_whole = parts.iter().all(Value::is_known);
    let worst = if is_whole { share } else { 1.0 };
    let [a, b] = [share, worst].map(|share| rules.unused_points.points(share));
    let score = Interval { low: a.min(b), high: a.max(b) };
    Some(UtilisationScore { score, basis: Basis::EricReturn, as_of: Some(as_of) })
}

fn by_facet(site: &Site, rules: &ScoreRules) -> Option<UtilisationScore> {
    let points = rules.space_use_points.get(&site.word::<SpaceUse>(Field::FacetSpaceUse)?)?;
    let as_of = site.fact(Field::FacetSpaceUse).evidence().map(|evidence| evidence.as_of);
    let score = Interval::exactly(*points);
    Some(UtilisationScore { score, basis: Basis::SpaceUseFacet, as_of })
}

fn ends(scale: &Scale) -> Interval {
    let points = scale.places().iter().map(|(_, points)| *points);
    points.map(Interval::exactly).fold(Interval { low: 100.0, high: 0.0 }, |all, one| Interval {
        low: all.low.min(one.low),
        high: all.high.max(one.high),
    })
}

/// Anything, where nothing weighs.
fn weighted(parts: impl Iterator<Item = (f64, Interval)>) -> Interval {
    let (mut weight, mut low, mut high) = (0.0, 0.0, 0.0);
    for (share, points) in parts {
        weight += share;
        low += share * points.low;
        high += share * points.high;
    }
    if weight > 0.0 {
        Interval { low: (low / weight).max(0.0), high: (high / weight).min(100.0) }
    } else {
        Interval::ANY
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::gates::tests::{answers, site};
    use super::*;
    use crate::register::{Scalar, Word};

    /// Round figures, so that answers can be worked out by hand.
    fn rules() -> ScoreRules {
        let grades = Grade::ALL.iter().copied();
        let points = [100.0, 75.0, 60.0, 35.0, 20.0, 10.0, 0.0];
        let words = [(SpaceUse::Empty, 0.0), (SpaceUse::Under, 40.0), (SpaceUse::Full, 100.0)];
        ScoreRules {
            name: "a test".to_owned(),
            facet_weights: Facet::ALL.into_iter().map(|facet| (facet, 16.0)).collect(),
            grade_points: grades.zip(points).collect(),
            backlog_weight: 20.0,
            backlog_points: Scale::new(vec![(0.0, 100.0), (1_000.0, 0.0)]).unwrap(),
            item_weights: AccessItem::all().map(|item| (item, 1.0)).collect(),
            preference: Basis::ALL.to_vec(),
            observed_points: Scale::new(vec![(0.0, 0.0), (0.6, 100.0), (0.85, 100.0), (1.0, 70.0)])
                .unwrap(),
            unused_points: Scale::new(vec![(0.0, 100.0), (0.5, 0.0)]).unwrap(),
            space_use_points: words.into(),
            words: Vec::new(),
            as_of: day(1),
        }
    }

    fn day(day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 1, day).unwrap()
    }

    fn text(word: &str) -> Scalar {
        Scalar::Text(word.to_owned())
    }

    fn number(number: f64) -> Scalar {
        Scalar::Number(number)
    }

    fn seen(method: Method, to: u32, spaces: &str, frequency: f64) -> Observation {
        Observation {
            method,
            from: day(1),
            to: day(to),
            spaces: spaces.to_owned(),
            frequency,
            occupancy: None,
            source: "a test".to_owned(),
        }
    }

    #[test]
    fn nothing_known_is_anything_possible() {
        let unknown = site(&[], &[]);
        assert_eq!(condition(&unknown, &rules()), Interval::ANY);
        assert_eq!(accessibility(&unknown, &rules()), Interval::ANY);
        assert_eq!(utilisation(&unknown, &rules()), Interval::ANY);
    }

    #[test]
    fn condition_by_hand() {
        // Grade C gives 35 at weight 16; £250 a m² gives 75 at weight 20; four facets of 16 are unknown.
        let known = site(
            &[
                (Field::FacetCondition, text("C")),
                (Field::GrossInternalArea, number(1_000.0)),
                (Field::BacklogTotal, Scalar::Pence(25_000_000)),
            ],
            &[],
        );
        let score = condition(&known, &rules());
        assert!((score.low - 20.6).abs() < 1e-9, "(16 x 35 + 20 x 75) / 100: {score:?}");
        assert!((score.high - 84.6).abs() < 1e-9, "and 64 x 100 more: {score:?}");
    }

    #[test]
    fn accessibility_by_hand_and_items_that_do_not_apply_weigh_nothing() {
        let mut given = answers(&[(1, "yes"), (2, "not_applicable"), (3, "no")]);
        let score = accessibility(&site(&given, &[]), &rules());
        assert!(
            (score.low - 100.0 / 15.0).abs() < 1e-9 && (score.high - 1_400.0 / 15.0).abs() < 1e-9
        );

        given = answers(&(1..=16).map(|item| (item, "not_applicable")).collect::<Vec<_>>());
        assert_eq!(accessibility(&site(&given, &[]), &rules()), Interval::ANY);
    }

    #[test]
    fn utilisation_rests_on_one_way_of_measuring_and_says_which() {
        let both = site(
            &[
                (Field::GrossInternalArea, number(1_000.0)),
                (Field::EmptyArea, number(100.0)),
                (Field::UnderUsedArea, number(150.0)),
                (Field::FacetSpaceUse, text("U")),
            ],
            &[
                seen(Method::Sensor, 20, "consulting rooms", 0.3),
                seen(Method::Sensor, 10, "consulting rooms", 0.9),
            ],
        );
        let all = utilisation_by_basis(&both, &rules());
        let told: Vec<(Basis, f64)> = all.iter().map(|one| (one.basis, one.score.low)).collect();
        let expected =
            [(Basis::Sensor, 50.0), (Basis::EricReturn, 50.0), (Basis::SpaceUseFacet, 40.0)];
        assert_eq!(told, expected);
        assert_eq!(all[0].as_of, Some(day(20)), "the later window, not a mean of the two");
        assert_eq!(utilisation(&both, &rules()), Interval { low: 50.0, high: 50.0 });
    }

    #[test]
    fn an_unknown_area_is_at_worst_the_rest_of_the_building() {
        let half = site(
            &[(Field::GrossInternalArea, number(1_000.0)), (Field::EmptyArea, number(100.0))],
            &[],
        );
        assert_eq!(utilisation(&half, &rules()), Interval { low: 0.0, high: 80.0 });
    }

    #[test]
    fn rooms_of_unknown_size_span_the_score() {
        let mixed = site(
            &[],
            &[seen(Method::Walkround, 9, "desks", 0.3), seen(Method::Walkround, 9, "rooms", 0.6)],
        );
        assert_eq!(utilisation(&mixed, &rules()), Interval { low: 50.0, high: 100.0 });
    }

    #[test]
    fn a_scale_is_level_beyond_its_ends_and_refuses_nonsense() {
        let scale = Scale::new(vec![(0.0, 100.0), (10.0, 50.0), (20.0, 0.0)]).unwrap();
        for (at, points) in [(-5.0, 100.0), (0.0, 100.0), (5.0, 75.0), (10.0, 50.0), (99.0, 0.0)] {
            assert!((scale.points(at) - points).abs() < 1e-9, "at {at}");
        }
        assert_eq!(Scale::new(vec![(0.0, 100.0)]), None);
        assert_eq!(Scale::new(vec![(1.0, 0.0), (1.0, 5.0)]), None);
        assert_eq!(Scale::new(vec![(0.0, 0.0), (1.0, 101.0)]), None);
        assert_eq!(Scale::new(vec![(0.0, 0.0), (f64::NAN, 1.0)]), None);
    }

    proptest! {
        /// Learning an answer can only narrow the interval: the new one lies inside the old.
        #[test]
        fn knowing_more_never_widens_a_score(
            given in prop::collection::btree_map(1_u8..=16, prop::sample::select(vec!["yes", "no"]), 0..16),
            more in 1_u8..=16,
            word in prop::sample::select(vec!["yes", "no", "not_applicable"]),
        ) {
            let before: Vec<(u8, &str)> =
                given.iter().filter(|(n, _)| **n != more).map(|(n, word)| (*n, *word)).collect();
            let mut after = before.clone();
            after.push((more, word));

            let before = accessibility(&site(&answers(&before), &[]), &rules());
            let after = accessibility(&site(&answers(&after), &[]), &rules());
            // With nothing left that applies, nothing is known again.
            prop_assume!(after != Interval::ANY);
            prop_assert!(after.low >= before.low - 1e-9 && after.high <= before.high + 1e-9);
        }

        #[test]
        fn every_score_lies_between_its_ends(
            grade in prop::sample::select(Grade::WORDS.to_vec()),
            pounds in 0_i64..1_000_000_000,
            gross in 0.0..100_000.0_f64,
            empty in prop::option::of(0.0..100_000.0_f64),
        ) {
            let mut facts = vec![
                (Field::FacetStatutory, text(grade)),
                (Field::BacklogTotal, Scalar::Pence(pounds)),
                (Field::GrossInternalArea, number(gross)),
            ];
            facts.extend(empty.map(|empty| (Field::EmptyArea, number(empty))));
            let site = site(&facts, &[]);
            for score in [condition(&site, &rules()), utilisation(&site, &rules())] {
                prop_assert!(0.0 <= score.low && score.low <= score.high && score.high <= 100.0);
            }
        }
    }
}
