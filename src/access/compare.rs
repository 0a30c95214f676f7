//! Before and after: who is better off, who worse.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::{Area, AreaAssessment, Assessment, Standard, Standing, Verdict, ZoneReach};

/// What changed in an area. Positive counts are more people after.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AreaChange {
    /// Where.
    pub area: Area,
    /// Its name.
    pub name: String,
    /// People of the group, before.
    pub people: u64,
    /// More surely within.
    pub within: i64,
    /// More surely beyond.
    pub beyond: i64,
    /// More undetermined.
    pub undetermined: i64,
    /// Longer mean journey, minutes; `None` where either is unknown.
    pub mean_minutes: Option<f64>,
    /// Longer 90th centile, minutes.
    pub p90_minutes: Option<f64>,
    /// Before and after.
    pub verdicts: (Verdict, Verdict),
}

/// A standard before and after.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The standard.
    pub standard: Standard,
    /// The whole area.
    pub total: AreaChange,
    /// Boroughs that both have, by code.
    pub boroughs: Vec<AreaChange>,
    /// By IMD decile, then unknown: more people surely within, more surely beyond.
    pub deciles: Vec<(Option<u8>, i64, i64)>,
}

impl Comparison {
    /// Boroughs where fewer people are surely within, or more surely beyond.
    pub fn worse_boroughs(&self) -> impl Iterator<Item = &AreaChange> {
        self.boroughs.iter().filter(|change| change.within < 0 || change.beyond > 0)
    }
}

/// What changed. Both must be of one standard and one set of zones; the standard told is the one before.
pub fn compare(before: &Assessment, after: &Assessment) -> Comparison {
    let boroughs = before.boroughs.iter().filter_map(|was| {
        let is = after.boroughs.iter().find(|is| is.area == was.area)?;
        Some(change(was, is))
    });
    let deciles = before.deciles.iter().filter_map(|(decile, _, within, beyond, _)| {
        let is = after.deciles.iter().find(|is| is.0 == *decile)?;
        Some((*decile, more(*within, is.2), more(*beyond, is.3)))
    });
    Comparison {
        standard: before.standard.clone(),
        total: change(&before.total, &after.total),
        boroughs: boroughs.collect(),
        deciles: deciles.collect(),
    }
}

fn change(was: &AreaAssessment, is: &AreaAssessment) -> AreaChange {
    AreaChange {
        area: was.area.clone(),
        name: was.name.clone(),
        people: was.people,
        within: more(was.within, is.within),
        beyond: more(was.beyond, is.beyond),
        undetermined: more(was.undetermined, is.undetermined),
        mean_minutes: was.mean_minutes.zip(is.mean_minutes).map(|(was, is)| is - was),
        p90_minutes: was.p90_minutes.zip(is.p90_minutes).map(|(was, is)| is - was),
        verdicts: (was.verdict, is.verdict),
    }
}

fn more(was: u64, is: u64) -> i64 {
    is.saturating_sub(was).cast_signed() - was.saturating_sub(is).cast_signed()
}

/// A zone's journey to the nearest site that surely serves, as far as it is known.
#[derive(Debug, Clone, Copy)]
pub(super) struct Journey {
    pub(super) standing: Standing,
    pub(super) minutes: Option<f64>,
    /// Tells apart the sites that could serve, nearer than any that surely does.
    pub(super) could: u64,
}

/// What happens to a journey.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Better,
    Same,
    Worse,
    /// Nobody can tell: it is undetermined on one side only, or on both by other sites.
    Untold,
}

impl Journey {
    pub(super) fn becomes(self, after: Self) -> Outcome {
        let [was_open, is_open] =
            [self, after].map(|journey| journey.standing == Standing::Undetermined);
        if was_open != is_open || (is_open && self.could != after.could) {
            return Outcome::Untold;
        }
        let [from, to] = [self, after].map(|journey| journey.minutes.unwrap_or(f64::INFINITY));
        match to.total_cmp(&from) {
            Ordering::Less => Outcome::Better,
            Ordering::Equal => Outcome::Same,
            Ordering::Greater => Outcome::Worse,
        }
    }
}

/// People by what happens to their journey to the nearest site that surely serves them. `better`, `same`, `worse` and
/// `untold` add up to the people whose number is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Affected {
    /// A shorter journey, or a site in reach where there was none.
    pub better: u64,
    /// The same.
    pub same: u64,
    /// A longer journey, or no site in reach any more.
    pub worse: u64,
    /// Nobody can tell: undetermined before or after, and not both by the same sites.
    pub untold: u64,
    /// Of the worse: surely within the standard before, and surely beyond after.
    pub lost: u64,
    /// Of the better: surely beyond before, and surely within after.
    pub gained: u64,
    /// Surely within before, undetermined after.
    pub within_to_open: u64,
    /// Surely beyond before, undetermined after.
    pub beyond_to_open: u64,
    /// Undetermined before, surely within after.
    pub open_to_within: u64,
    /// Undetermined before, surely beyond after.
    pub open_to_beyond: u64,
}

impl Affected {
    /// Counts these people.
    pub(super) fn add(&mut self, people: u64, was: Journey, is: Journey) {
        use Standing::{Beyond, Undetermined, Within};
        *match was.becomes(is) {
            Outcome::Better => &mut self.better,
            Outcome::Same => &mut self.same,
            Outcome::Worse => &mut self.worse,
            Outcome::Untold => &mut self.untold,
        } += people;
        *match (was.standing, is.standing) {
            (Within, Beyond) => &mut self.lost,
            (Beyond, Within) => &mut self.gained,
            (Within, Undetermined) => &mut self.within_to_open,
            (Beyond, Undetermined) => &mut self.beyond_to_open,
            (Undetermined, Within) => &mut self.open_to_within,
            (Undetermined, Beyond) => &mut self.open_to_beyond,
            (Within, Within) | (Beyond, Beyond) | (Undetermined, Undetermined) => return,
        } += people;
    }

    /// People whose standing was undetermined and is not, or the other way round.
    pub fn in_or_out_of_doubt(&self) -> u64 {
        self.within_to_open + self.beyond_to_open + self.open_to_within + self.open_to_beyond
    }

    /// Whether nothing changes for anybody.
    pub fn is_nothing(&self) -> bool {
        self.better + self.worse + self.untold == 0
    }
}

/// Counts people over zones that both have. A zone whose people are unknown counts for nothing.
pub fn affected(before: &[ZoneReach], after: &[ZoneReach]) -> Affected {
    let journey = |zone: &ZoneReach| Journey {
        standing: zone.standing,
        minutes: zone.minutes,
        could: zone.could,
    };
    let mut sums = Affected::default();
    for was in before {
        let Ok(at) = after.binary_search_by(|is| is.zone.cmp(&was.zone)) else { continue };
        let (Some(is), Some(people)) = (after.get(at), was.people) else { continue };
        sums.add(people, journey(was), journey(is));
    }
    sums
}
