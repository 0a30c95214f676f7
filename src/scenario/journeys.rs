//! Whose journeys change when a tenancy moves, and by how much.
//!
//! Nobody publishes who uses which premises by small area, so people are shared out: each zone's residents go to
//! the nearest sites that offer the care (`journeys.choices` of them, none but the nearest farther than
//! `journeys.catchment_metres`), the nearer the likelier, by straight-line minutes to the power of `journeys.decay`. With
//! one choice this is "everybody goes to the nearest". How far they then travel, before and after, is by the minutes kept
//! for the mode where there are any, and by straight line else.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rstar::RTree;
use rstar::primitives::GeomWithData;

use crate::access::{Centile, Group, Limit, Standard};
use crate::geography::{Geography, Zones};
use crate::register::{
    Assumptions, Minutes, MissingAssumption, Point, Register, ServiceLine, SiteCode, Word,
};
use crate::travel::{Maker, Missing, Mode, StraightLine, TravelTimes, UnusablePace, kept_times};

use super::derive::Occupant;

/// How far a journey to a kind of care may be: the scenario's own standard for everyone, else a named figure.
#[derive(Debug, Clone)]
pub(crate) struct JourneyLimit {
    pub(crate) mode: Mode,
    pub(crate) pace: StraightLine,
    pub(crate) limit: Limit,
    /// Minutes that are kept for the mode; a limit in straight-line metres has no use for them.
    pub(crate) kept: Option<Arc<Kept>>,
}

/// The limit of each of these kinds of care.
pub(crate) fn limits(
    lines: impl IntoIterator<Item = ServiceLine>,
    standards: &[Standard],
    figures: &Assumptions,
    register: &Register,
    geography: &Geography,
) -> Result<BTreeMap<ServiceLine, JourneyLimit>, UnusablePace> {
    let sites = register.located(|_| true);
    let mut by_mode: BTreeMap<Mode, Option<Arc<Kept>>> = BTreeMap::new();
    let mut limits = BTreeMap::new();
    for line in lines {
        // Journeys are counted at the median departure: a limit of others says nothing of them.
        let own = standards.iter().find(|standard| {
            standard.service_line == line
                && standard.group == Group::Everyone
                && standard.centile == Centile::Median
        });
        let (mode, limit) = match own {
            Some(standard) => (standard.mode, standard.limit),
            None => {
                (Mode::PublicTransport, Limit::Minutes(figures.value("journeys.limit_minutes")?))
            }
        };
        let kept = match limit {
            Limit::Metres(_) => None,
            Limit::Minutes(_) => {
                let kept = || {
                    let table = kept_times(geography, &sites, mode)?;
                    Some(Arc::new(Kept::new(table, &geography.zones)))
                };
                by_mode.entry(mode).or_insert_with(kept).clone()
            }
        };
        let pace = StraightLine::of(mode, figures)?;
        limits.insert(line, JourneyLimit { mode, pace, limit, kept });
    }
    Ok(limits)
}

impl JourneyLimit {
    /// How the minutes are made, for people.
    pub(crate) fn maker(&self) -> String {
        let maker = match &self.kept {
            Some(kept) => kept.table.maker.to_string(),
            None => Maker::from(self.pace).to_string(),
        };
        format!("{}, {maker}", self.mode.label())
    }

    /// From a zone to a site.
    fn length(&self, zone: (usize, Point), site: (&SiteCode, Point)) -> Length {
        let Some(kept) = &self.kept else {
            let metres = zone.1.metres_to(site.1);
            let Minutes(minutes) = self.pace.minutes(metres);
            let is_beyond = match self.limit {
                Limit::Minutes(most) => minutes > most,
                Limit::Metres(most) => metres > most,
            };
            return Length::Known { minutes, is_beyond };
        };
        let Limit::Minutes(most) = self.limit else { return Length::Unknown };
        match kept.minutes(zone.0, site.0) {
            Ok(Minutes(minutes)) => Length::Known { minutes, is_beyond: minutes > most },
            Err(Missing::Unreachable) => Length::Farther,
            Err(Missing::BeyondLimit) if kept.table.limit.0 >= most => Length::Farther,
            Err(_) => Length::Unknown,
        }
    }

    /// The longest journey that was looked for.
    fn searched(&self) -> f64 {
        self.kept.as_ref().map_or(f64::INFINITY, |kept| kept.table.limit.0)
    }
}

/// A journey. Exactly at the limit is inside.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Length {
    Known {
        minutes: f64,
        is_beyond: bool,
    },
    /// Longer than was looked for, and than the limit.
    Farther,
    Unknown,
}

/// Minutes that are kept, by site.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) table: Arc<TravelTimes>,
    /// By place of the zone among the zones.
    rows: Vec<Option<usize>>,
    /// By column of the table: rows and minutes, by row.
    columns: Vec<Vec<(usize, Minutes)>>,
}

impl Kept {
    fn new(table: Arc<TravelTimes>, zones: &Zones) -> Self {
        let mut columns = vec![Vec::new(); table.sites.len()];
        for (row, pairs) in table.rows.iter().enumerate() {
            for pair in pairs {
                if let Some(column) = columns.get_mut(pair.site as usize) {
                    column.push((row, pair.minutes));
                }
            }
        }
        let rows = zones.iter().map(|zone| table.zone_index(&zone.code)).collect();
        Self { table, rows, columns }
    }

    fn minutes(&self, zone: usize, site: &SiteCode) -> Result<Minutes, Missing> {
        let row = self.rows.get(zone).copied().flatten().ok_or(Missing::NotComputed)?;
        let column = self.table.site_index(site).ok_or(Missing::NotComputed)?;
        let pairs = self.columns.get(column).map_or(&[][..], Vec::as_slice);
        match pairs.binary_search_by_key(&row, |pair| pair.0) {
            Ok(at) => pairs.get(at).map(|pair| pair.1).ok_or(Missing::NotComputed),
            Err(_) => Err(self.table.why_missing(row, column).unwrap_or(Missing::NotComputed)),
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

    /// What moving care from one site to another does to its people. `None` where it has none that are known, or where
    /// nobody can tell how much farther one of them would go.
    ///
    /// A journey of today that is longer than was looked for counts as long as was looked for: at least that. One that
    /// would become so cannot be told.
    pub(crate) fn moved(
        &self,
        line: ServiceLine,
        (from, from_point): (&SiteCode, Point),
        (to, to_point): (&SiteCode, Point),
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
            let zone = (*zone_ix, self.zones.as_slice().get(*zone_ix)?.point);
            let share = people / all;
            let (before, was_beyond) = match limit.length(zone, (from, from_point)) {
                Length::Known { minutes, is_beyond } => (minutes, is_beyond),
                Length::Farther => (limit.searched(), true),
                Length::Unknown => return None,
            };
            let Length::Known { minutes: after, is_beyond } = limit.length(zone, (to, to_point))
            else {
                return None;
            };
            sum.before.0 += share * before;
            sum.after.0 += share * after;
            sum.beyond_before += if was_beyond { share } else { 0.0 };
            sum.beyond_after += if is_beyond { share } else { 0.0 };
            sum.worst_increase = sum.worst_increase.max(after - before);
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
