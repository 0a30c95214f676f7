//! Whose journeys change when a tenancy moves, and by how much.
//!
//! Nobody publishes who uses which premises by small area, so people are shared out: each zone's residents go to
//! the nearest sites that offer the care (`journeys.choices` of them, none but the nearest farther than
//! `journeys.catchment_metres`), the nearer the likelier, by minutes to the power of `journeys.decay`. With one choice
//! this is "everybody goes to the nearest".

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use rstar::RTree;
use rstar::primitives::GeomWithData;

use crate::access::{Limit, Standard};
use crate::geography::Zones;
use crate::register::{
    Assumptions, Minutes, MissingAssumption, Point, Register, ServiceLine, SiteCode, Word,
};
use crate::travel::{Mode, StraightLine, UnusablePace};

use super::derive::Occupant;

/// How far a journey to a kind of care may be: the scenario's own standard for everyone, else a named figure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct JourneyLimit {
    pub(crate) pace: StraightLine,
    pub(crate) limit: Limit,
}

impl JourneyLimit {
    pub(crate) fn of(
        line: ServiceLine,
        standards: &[Standard],
        figures: &Assumptions,
    ) -> Result<Self, UnusablePace> {
        let own = standards.iter().find(|standard| {
            standard.service_line == line && standard.group == crate::access::Group::Everyone
        });
        let (mode, limit) = match own {
            Some(standard) => (standard.mode, standard.limit),
            None => {
                (Mode::PublicTransport, Limit::Minutes(figures.value("journeys.limit_minutes")?))
            }
        };
        Ok(Self { pace: StraightLine::of(mode, figures)?, limit })
    }

    /// Exactly at the limit is inside.
    pub(crate) fn is_within(&self, metres: f64) -> bool {
        match self.limit {
            Limit::Minutes(most) => self.pace.minutes(metres).0 <= most,
            Limit::Metres(most) => metres <= most,
        }
    }
}

/// What a move does to the people of a tenancy.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Journeys {
    pub(crate) before: Minutes,
    pub(crate) after: Minutes,
    pub(crate) beyond_before: f64,
    pub(crate) beyond_after: f64,
    pub(crate) worst_increase: f64,
    /// Residents who are shared out to it.
    pub(crate) people: f64,
}

impl Journeys {
    /// Minutes more, over all its people, for one journey each.
    pub(crate) fn extra(&self) -> f64 {
        self.people * (self.after.0 - self.before.0)
    }
}

/// The people of each site and kind of care: zone index and people.
pub(crate) struct Catchments<'a> {
    zones: &'a Zones,
    people: Cow<'a, OwnPeople>,
}

/// By kind of care and site: place of the zone among the zones, and how many of its people.
pub(crate) type OwnPeople = BTreeMap<(ServiceLine, SiteCode), Vec<(usize, f64)>>;

impl<'a> Catchments<'a> {
    /// For these kinds of care.
    pub(crate) fn new(
        zones: &'a Zones,
        register: &Register,
        occupants: &BTreeMap<crate::register::TenancyId, Occupant>,
        lines: &BTreeSet<ServiceLine>,
        limits: &BTreeMap<ServiceLine, JourneyLimit>,
        figures: &Assumptions,
    ) -> Result<Self, MissingAssumption> {
        let choices = choices_of(figures)?;
        let decay = figures.value("journeys.decay")?;
        let farthest = figures.value("journeys.catchment_metres")?;
        let mut people: BTreeMap<(ServiceLine, SiteCode), Vec<(usize, f64)>> = BTreeMap::new();
        for line in lines {
            let Some(limit) = limits.get(line) else { continue };
            let offering: BTreeSet<&SiteCode> = occupants
                .values()
                .filter(|occupant| occupant.service_line == Some(*line))
                .map(|occupant| &occupant.site)
                .collect();
            let sites: Vec<(&SiteCode, Point)> = offering
                .into_iter()
                .filter_map(|code| Some((code, register.site(code)?.location()?)))
                .collect();
            let tree = RTree::bulk_load(
                sites
                    .iter()
                    .enumerate()
                    .map(|(at, (_, point))| {
                        GeomWithData::new([point.easting(), point.northing()], at)
                    })
                    .collect(),
            );
            for (zone_ix, zone) in zones.iter().enumerate() {
                let from = [zone.point.easting(), zone.point.northing()];
                let mut near: Vec<(f64, usize)> = tree
                    .nearest_neighbor_iter(&from)
                    .take(choices + 4)
                    .filter_map(|found| {
                        let (_, point) = sites.get(found.data)?;
                        Some((zone.point.metres_to(*point), found.data))
                    })
                    .collect();
                near.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.1.cmp(&b.1)));
                near.truncate(choices);
                let nearest = near.first().map_or(0.0, |(metres, _)| *metres);
                near.retain(|(metres, _)| *metres <= farthest.max(nearest));
                let pulls: Vec<f64> = near
                    .iter()
                    .map(|(metres, _)| (limit.pace.minutes(*metres).0 + 1.0).powf(-decay))
                    .collect();
                let all: f64 = pulls.iter().sum();
                for ((_, at), pull) in near.iter().zip(&pulls) {
                    let Some((code, _)) = sites.get(*at) else { continue };
                    let share = f64::from(zone.residents) * pull / all;
                    people.entry((*line, (*code).clone())).or_default().push((zone_ix, share));
                }
            }
        }
        Ok(Self { zones, people: Cow::Owned(people) })
    }

    /// The same over people that were worked out before.
    pub(crate) fn over(zones: &'a Zones, people: &'a OwnPeople) -> Self {
        Self { zones, people: Cow::Borrowed(people) }
    }

    /// To keep them.
    pub(crate) fn into_people(self) -> OwnPeople {
        self.people.into_owned()
    }

    /// What moving care from a site to a point does to its people. `None` where it has none that are known.
    pub(crate) fn moved(
        &self,
        line: ServiceLine,
        from: &SiteCode,
        from_point: Point,
        to_point: Point,
        limit: &JourneyLimit,
    ) -> Option<Journeys> {
        let own = self.people.get(&(line, from.clone()))?;
        let all: f64 = own.iter().map(|(_, people)| people).sum();
        if all <= 0.0 {
            return None;
        }
        let mut sum = Journeys {
            before: Minutes(0.0),
            after: Minutes(0.0),
            beyond_before: 0.0,
            beyond_after: 0.0,
            worst_increase: 0.0,
            people: all,
        };
        for (zone_ix, people) in own {
            let zone = self.zones.as_slice().get(*zone_ix)?;
            let (before, after) =
                (zone.point.metres_to(from_point), zone.point.metres_to(to_point));
            let share = people / all;
            let (before_min, after_min) =
                (limit.pace.minutes(before).0, limit.pace.minutes(after).0);
            sum.before.0 += share * before_min;
            sum.after.0 += share * after_min;
            sum.beyond_before += if limit.is_within(before) { 0.0 } else { share };
            sum.beyond_after += if limit.is_within(after) { 0.0 } else { share };
            sum.worst_increase = sum.worst_increase.max(after_min - before_min);
        }
        Some(sum)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to 1..=50 on the same line"
)]
pub(crate) fn choices_of(figures: &Assumptions) -> Result<usize, MissingAssumption> {
    Ok(figures.value("journeys.choices")?.clamp(1.0, 50.0).round() as usize)
}

/// The word of a kind of care, for sentences.
pub(crate) fn line_label(line: Option<ServiceLine>) -> &'static str {
    line.map_or("services of unknown kind", Word::label)
}
