//! Who is within a standard, who is beyond it, and for whom it depends on what nobody has surveyed yet.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::compare::Journey;
use super::{Area, AreaAssessment, Assessment, Group, Standard, State, Verdict};
use crate::geography::Zones;
use crate::register::{ServiceLine, SiteCode};
use crate::travel::{Missing, TravelTimes};

/// A service line at a site, today or under a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// Where.
    pub site: SiteCode,
    /// What care.
    pub service_line: ServiceLine,
    /// Whether the site passes every must-pass gate; `None` is unknown.
    pub gates: Option<bool>,
}

/// How a zone stands to a standard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// A site that surely serves is within the limit; exactly at the limit is within.
    Within,
    /// No site that could serve is.
    Beyond,
    /// It depends on an unknown: see [`Doubt`].
    Undetermined,
}

/// Why a standing is undetermined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Doubt {
    /// No site in the register says that it offers the care.
    NoOffer,
    /// Sites offer the care, and nobody knows where any of them is.
    NotPlaced,
    /// The minutes do not tell: none are kept, or not of this pair, or the search ended before the limit.
    NoMinutes,
    /// There is a way only if what nobody has recorded is passable.
    WayUnsure,
    /// Nobody has surveyed every gate of a site within the limit.
    NotSurveyed,
}

impl Doubt {
    /// Every reason.
    pub const ALL: [Self; 5] =
        [Self::NoOffer, Self::NotPlaced, Self::NoMinutes, Self::WayUnsure, Self::NotSurveyed];

    /// Whether it is that the register does not say who offers the care.
    pub fn is_silence(self) -> bool {
        matches!(self, Self::NoOffer | Self::NotPlaced)
    }

    /// In a cell of a table.
    pub fn short(self) -> &'static str {
        match self {
            Self::NoOffer => "no offer known",
            Self::NotPlaced => "no offer placed",
            Self::NoMinutes => "no minutes kept",
            Self::WayUnsure => "way not recorded",
            Self::NotSurveyed => "not surveyed",
        }
    }

    /// In the reader's words.
    pub fn words(self) -> &'static str {
        match self {
            Self::NoOffer => "no site in the register says that it offers this care",
            Self::NotPlaced => "no site that offers this care has a place on the map",
            Self::NoMinutes => "no minutes are kept that would tell",
            Self::WayUnsure => "nobody has recorded whether the way to a site is passable",
            Self::NotSurveyed => "a site within the limit has not been surveyed",
        }
    }
}

/// A set of reasons.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Doubts(u8);

impl Doubts {
    fn add(&mut self, doubt: Doubt) {
        self.0 |= 1 << doubt as u8;
    }

    /// Whether a reason is among them.
    pub fn has(self, doubt: Doubt) -> bool {
        self.0 & (1 << doubt as u8) != 0
    }

    fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Each of them, in the order of [`Doubt::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Doubt> {
        Doubt::ALL.into_iter().filter(move |doubt| self.has(*doubt))
    }
}

/// A zone under a standard.
#[derive(Debug, Clone, PartialEq)]
pub struct ZoneReach {
    /// LSOA code.
    pub zone: String,
    /// Borough, GSS code and name.
    pub borough: (String, String),
    /// Integrated care board, NHS code and name.
    pub icb: (String, String),
    /// Electoral ward, GSS code and name.
    pub ward: (String, String),
    /// IMD decile; 1 is the most deprived tenth.
    pub imd_decile: Option<u8>,
    /// Usual residents.
    pub residents: u64,
    /// People of the group; `None` is unknown.
    pub people: Option<u64>,
    /// People of every group, in the order of [`Group::ALL`].
    pub groups: [Option<u64>; 5],
    /// How it stands.
    pub standing: Standing,
    /// Why that is undetermined; none where it is not.
    pub doubts: Doubts,
    /// Tells apart the sites that could serve, nearer than any that surely does.
    pub(super) could: u64,
    /// Minutes to the nearest site that surely serves, if one was in reach of the search.
    pub minutes: Option<f64>,
    /// That site.
    pub nearest: Option<SiteCode>,
    /// Minutes to the nearest site that offers the care, whether or not it can be got into.
    pub any_minutes: Option<f64>,
    /// That site.
    pub nearest_any: Option<SiteCode>,
    /// Whether it is known that there is one in reach, or that there is none.
    pub is_any_told: bool,
}

/// What a table of travel times says of one zone: column and minutes of the nearest sites.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Reached {
    pub(super) standing: Standing,
    pub(super) doubts: Doubts,
    /// As in [`ZoneReach`].
    pub(super) could: u64,
    /// The nearest that surely serves.
    pub(super) sure: Option<(u32, f64)>,
    /// The nearest that offers the care at all.
    pub(super) any: Option<(u32, f64)>,
    /// As in [`ZoneReach`].
    pub(super) is_any_told: bool,
}

impl Reached {
    pub(super) fn minutes(&self) -> Option<f64> {
        self.sure.map(|(_, minutes)| minutes)
    }

    pub(super) fn journey(&self) -> Journey {
        Journey { standing: self.standing, minutes: self.minutes(), could: self.could }
    }
}

/// Each zone of the standard's area under the standard, by zone code.
pub fn reach(
    standard: &Standard,
    zones: &Zones,
    times: &TravelTimes,
    state: &State,
) -> Vec<ZoneReach> {
    let serving = Serving::of(standard, times, state);
    let zones = zones.iter().filter(|zone| standard.area.holds(zone));
    let site = |found: Option<(u32, f64)>| {
        found.and_then(|(site, _)| times.sites.get(site as usize)).cloned()
    };
    zones
        .map(|zone| {
            let reached = serving.reached(times.zone_index(&zone.code), times);
            ZoneReach {
                zone: zone.code.clone(),
                borough: (zone.borough_code.clone(), zone.borough_name.clone()),
                icb: (zone.icb_code.clone(), zone.icb_name.clone()),
                ward: (zone.ward_code.clone(), zone.ward_name.clone()),
                imd_decile: zone.imd_decile,
                residents: u64::from(zone.residents),
                people: standard.group.people(zone),
                groups: Group::ALL.map(|group| group.people(zone)),
                standing: reached.standing,
                doubts: reached.doubts,
                could: reached.could,
                minutes: reached.minutes(),
                nearest: site(reached.sure),
                any_minutes: reached.any.map(|(_, minutes)| minutes),
                nearest_any: site(reached.any),
                is_any_told: reached.is_any_told,
            }
        })
        .collect()
}

/// How an estate meets a standard: for each borough of its area, and over all.
pub fn assess(
    standard: &Standard,
    zones: &Zones,
    times: &TravelTimes,
    state: &State,
) -> Assessment {
    let not_placed = Serving::of(standard, times, state).not_placed;
    let reached = reach(standard, zones, times, state);
    Assessment { not_placed, ..summarise(standard, times, &reached) }
}

/// What a site is to a standard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Serves {
    /// Offers the care, and the group cannot get in.
    Never,
    /// Offers the care; nobody has surveyed every gate.
    Perhaps,
    /// Surely.
    Surely,
}

/// Which columns of a travel table serve a standard.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Serving {
    sites: Vec<Option<Serves>>,
    /// How many perhaps or surely do.
    count: usize,
    /// In the table's minutes; `None` where the table cannot tell.
    limit: Option<f64>,
    /// Sites that perhaps or surely do and are in no column.
    pub(super) not_placed: u64,
    silence: Option<Doubt>,
    /// Tells apart all the sites that perhaps or surely do.
    could: u64,
}

impl Serving {
    pub(super) fn of(standard: &Standard, times: &TravelTimes, state: &State) -> Self {
        let mut sites = vec![None; times.sites.len()];
        let (mut not_placed, mut could) = (0, 0_u64);
        for (site, gates) in state.offering(standard.service_line) {
            let serves = match (standard.group, gates) {
                (Group::StepFree, Some(false)) => Serves::Never,
                (Group::StepFree, None) => Serves::Perhaps,
                _ => Serves::Surely,
            };
            match times.site_index(site).and_then(|column| sites.get_mut(column)) {
                Some(place) => *place = Some(serves),
                None if serves > Serves::Never => {
                    not_placed += 1;
                    could = could.wrapping_add(mark(hash(site.as_str()), serves));
                }
                None => {}
            }
        }
        let count = sites.iter().filter(|site| **site > Some(Serves::Never)).count();
        let limit = standard.limit_in(times).map(|minutes| minutes.0);
        let marks = (0_u64..).zip(&sites).filter_map(|(at, serves)| Some(mark(at, (*serves)?)));
        let could = marks.fold(could, u64::wrapping_add);
        let silence = state.silence(standard.service_line);
        Self { sites, count, limit, not_placed, silence, could }
    }

    /// `line` is the zone's row.
    pub(super) fn reached(&self, line: Option<usize>, times: &TravelTimes) -> Reached {
        let (mut sure, mut any, mut could) = (None, None, 0_u64);
        let mut doubts = Doubts::default();
        let (Some(limit), Some(line)) = (self.limit, line) else {
            doubts.add(self.silence.unwrap_or(Doubt::NoMinutes));
            let (standing, could) = (Standing::Undetermined, self.could);
            return Reached { standing, doubts, could, sure, any, is_any_told: false };
        };
        for pair in times.row(line) {
            let Some(serves) = self.serves(pair.site) else { continue };
            let found = (pair.site, pair.minutes.0);
            any = any.or(Some(found));
            if serves == Serves::Surely {
                // Rows are nearest first: nothing farther on changes anything.
                sure = Some(found);
                break;
            }
            could = could.wrapping_add(mark(pair.site.into(), serves));
            if serves == Serves::Perhaps && pair.minutes.0 <= limit {
                doubts.add(Doubt::NotSurveyed);
            }
        }
        if sure.is_some_and(|(_, minutes)| minutes <= limit) {
            let (standing, doubts) = (Standing::Within, Doubts::default());
            return Reached { standing, doubts, could, sure, any, is_any_told: true };
        }
        let is_any_told = any.is_some() || !self.may_hide_any(line, limit, times);
        let known = sure.map_or(f64::INFINITY, |(_, minutes)| minutes);
        for pair in times.perhaps(line).iter().take_while(|pair| pair.minutes.0 < known) {
            let Some(serves) = self.serves(pair.site) else { continue };
            // Another mark than by the sure way.
            could = could.wrapping_add(mark(pair.site.into(), serves).rotate_left(1));
            if serves > Serves::Never && pair.minutes.0 <= limit {
                doubts.add(Doubt::WayUnsure);
                if serves == Serves::Perhaps {
                    doubts.add(Doubt::NotSurveyed);
                }
            }
        }
        if let Some(silence) = self.silence {
            doubts.add(silence);
        }
        if self.not_placed > 0 || self.is_blind(line, limit, times) {
            doubts.add(Doubt::NoMinutes);
            could = self.could;
        }
        let standing = if doubts.is_empty() { Standing::Beyond } else { Standing::Undetermined };
        Reached { standing, doubts, could, sure, any, is_any_told }
    }

    fn serves(&self, site: u32) -> Option<Serves> {
        self.sites.get(site as usize).copied().flatten()
    }

    /// Whether the care of a column may serve.
    fn could(&self, site: usize) -> bool {
        self.sites.get(site).copied().flatten() > Some(Serves::Never)
    }

    /// Whether what a row says can change by sites that are not in the row.
    pub(super) fn may_be_blind(&self, times: &TravelTimes) -> bool {
        let Some(limit) = self.limit else { return true };
        self.not_placed > 0
            || !times.exceptions.is_empty()
            || !is_searched(times.absent, limit, times)
    }

    /// Whether a zone without a site of any kind in its row may have one all the same: passing, failing or not surveyed.
    fn may_hide_any(&self, line: usize, limit: f64, times: &TravelTimes) -> bool {
        let mut perhaps = times.perhaps(line).iter();
        if self.silence.is_some() || perhaps.any(|pair| self.serves(pair.site).is_some()) {
            return true;
        }
        if !self.may_be_blind(times) {
            return false;
        }
        let of_any = self.sites.iter().enumerate().filter(|(_, serves)| serves.is_some());
        let mut missing = of_any.filter_map(|(site, _)| times.why_missing(line, site));
        self.not_placed > 0 || missing.any(|why| !is_searched(why, limit, times))
    }

    /// Whether a site that could serve may be within the limit without the table knowing.
    fn is_blind(&self, line: usize, limit: f64, times: &TravelTimes) -> bool {
        if !self.may_be_blind(times) {
            return false;
        }
        let in_row = times.row(line).iter().filter(|pair| self.could(pair.site as usize)).count();
        if in_row == self.count {
            return false;
        }
        if is_searched(times.absent, limit, times) {
            let mut own = times.exceptions_of(line).iter().map(|held| held.site as usize);
            return own.any(|site| {
                let why = self.could(site).then(|| times.why_missing(line, site)).flatten();
                why.is_some_and(|why| !is_searched(why, limit, times))
            });
        }
        if times.exceptions.is_empty() && times.perhaps(line).is_empty() {
            return true;
        }
        let serving = (0..self.sites.len()).filter(|site| self.could(*site));
        let mut missing = serving.filter_map(|site| times.why_missing(line, site));
        missing.any(|why| !is_searched(why, limit, times))
    }
}

/// A number for a site and how it serves, such that sums of them tell sets apart (the end of `SplitMix64`).
fn mark(site: u64, serves: Serves) -> u64 {
    let mut mark = ((site << 2) | serves as u64).wrapping_add(0x9e37_79b9_7f4a_7c15);
    mark = (mark ^ (mark >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mark = (mark ^ (mark >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mark ^ (mark >> 31)
}

/// A number for a site that is in no column (FNV-1a of its code).
fn hash(code: &str) -> u64 {
    let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    code.bytes().fold(0xcbf2_9ce4_8422_2325, mix)
}

/// Whether a missing pair is surely beyond the limit.
fn is_searched(why: Missing, limit: f64, times: &TravelTimes) -> bool {
    match why {
        // What may be within was looked at with the pairs of which the table is not sure.
        Missing::Unreachable | Missing::Unsure => true,
        Missing::BeyondLimit => times.limit.0 >= limit,
        Missing::NotComputed => false,
    }
}

/// Adds zones up. `not_placed` is left at nought: zones do not tell.
pub fn summarise(standard: &Standard, times: &TravelTimes, zones: &[ZoneReach]) -> Assessment {
    let mut boroughs: BTreeMap<&str, (&str, Tally)> = BTreeMap::new();
    let mut total = Tally::default();
    let mut deciles = BTreeMap::new();
    for zone in zones {
        let (code, name) = &zone.borough;
        let seen = Seen::of(zone, zone.people);
        boroughs.entry(code).or_insert_with(|| (name, Tally::default())).1.add(seen);
        total.add(seen);
        deciles.entry(zone.imd_decile).or_insert_with(Tally::default).add(seen);
    }
    let decile = |decile: Option<u8>| {
        let tally = deciles.remove(&decile).unwrap_or_default();
        (decile, tally.people(), tally.within, tally.beyond, tally.undetermined)
    };
    let deciles = (1..=10).map(Some).chain([None]).map(decile).collect();
    let borough = |(code, (name, tally)): (&str, (&str, Tally))| {
        tally.finish(Area::Borough(code.to_owned()), name, standard.share)
    };
    Assessment {
        standard: standard.clone(),
        travel: times.maker.to_string(),
        total: total.finish(standard.area.clone(), area_name(&standard.area), standard.share),
        boroughs: boroughs.into_iter().map(borough).collect(),
        not_placed: 0,
        deciles,
    }
}

pub(super) fn area_name(area: &Area) -> &str {
    match area {
        Area::All => "All areas",
        Area::Icb(code) | Area::Borough(code) | Area::Ward(code) => code,
    }
}

/// A zone on its way into a [`Tally`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    pub(super) people: Option<u64>,
    pub(super) residents: u64,
    pub(super) standing: Standing,
    pub(super) doubts: Doubts,
    pub(super) minutes: Option<f64>,
    pub(super) any_minutes: Option<f64>,
    pub(super) is_any_told: bool,
}

impl Seen {
    pub(super) fn of(zone: &ZoneReach, people: Option<u64>) -> Self {
        Self {
            people,
            residents: zone.residents,
            standing: zone.standing,
            doubts: zone.doubts,
            minutes: zone.minutes,
            any_minutes: zone.any_minutes,
            is_any_told: zone.is_any_told,
        }
    }
}

/// Sums on their way into an [`AreaAssessment`].
#[derive(Debug, Clone, Default)]
pub(super) struct Tally {
    within: u64,
    beyond: u64,
    undetermined: u64,
    /// Of the undetermined, people with each reason, in the order of [`Doubt::ALL`].
    doubts: [u64; 5],
    unknown_zones: u64,
    /// Residents of zones whose people are unknown, by how the zone stands: the most that could be hidden there.
    hidden_within: u64,
    hidden_beyond: u64,
    hidden_undetermined: u64,
    /// Minutes and people, to the nearest that surely serves.
    journeys: Vec<(f64, u64)>,
    /// People x minutes to the nearest of any kind, and those people.
    any: (f64, u64),
    /// People x extra minutes to one that can be got into, and those people.
    farther: (f64, u64),
    none_passing: u64,
    /// Of whom that can be told.
    any_told: u64,
}

impl Tally {
    pub(super) fn add(&mut self, zone: Seen) {
        let counts = match zone.standing {
            Standing::Within => (&mut self.within, &mut self.hidden_within),
            Standing::Beyond => (&mut self.beyond, &mut self.hidden_beyond),
            Standing::Undetermined => (&mut self.undetermined, &mut self.hidden_undetermined),
        };
        let Some(people) = zone.people else {
            *counts.1 += zone.residents;
            self.unknown_zones += u64::from(zone.residents > 0);
            return;
        };
        *counts.0 += people;
        for (doubt, sum) in Doubt::ALL.into_iter().zip(&mut self.doubts) {
            *sum += if zone.doubts.has(doubt) { people } else { 0 };
        }
        if people == 0 {
            return;
        }
        if let Some(minutes) = zone.minutes {
            self.journeys.push((minutes, people));
        }
        self.any_told += if zone.is_any_told { people } else { 0 };
        let Some(any) = zone.any_minutes else { return };
        self.any.0 += any * people as f64;
        self.any.1 += people;
        match zone.minutes {
            None => self.none_passing += people,
            Some(minutes) if minutes > any => {
                self.farther.0 += (minutes - any) * people as f64;
                self.farther.1 += people;
            }
            Some(_) => {}
        }
    }

    fn people(&self) -> u64 {
        self.within + self.beyond + self.undetermined
    }

    /// The share within whatever the unknowns turn out to be: at least with every unknown beyond, at most with every
    /// one within.
    fn bounds(&self) -> (f64, f64) {
        let part = |inside: u64, all: u64| if all == 0 { 1.0 } else { inside as f64 / all as f64 };
        let against = self.hidden_beyond + self.hidden_undetermined;
        let least = part(self.within, self.people() + against);
        let hidden = self.hidden_within + self.hidden_undetermined;
        (least, part(self.within + self.undetermined + hidden, self.people() + hidden))
    }

    pub(super) fn finish(mut self, area: Area, name: &str, share: f64) -> AreaAssessment {
        self.journeys.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let (least, greatest) = self.bounds();
        let verdict = if least >= share {
            Verdict::Pass
        } else if greatest < share {
            Verdict::Fail
        } else {
            Verdict::Undetermined
        };
        let each: Vec<(f64, u64)> =
            self.journeys.iter().map(|(minutes, _)| (*minutes, 1)).collect();
        let per_person = |(sum, people): (f64, u64)| (people > 0).then(|| sum / people as f64);
        AreaAssessment {
            area,
            name: name.to_owned(),
            people: self.people(),
            within: self.within,
            beyond: self.beyond,
            undetermined: self.undetermined,
            doubts: Doubt::ALL.into_iter().zip(self.doubts).filter(|(_, sum)| *sum > 0).collect(),
            mean_minutes: mean(&self.journeys),
            median_minutes: centile(&self.journeys, 50),
            p90_minutes: centile(&self.journeys, 90),
            unweighted_mean_minutes: mean(&each),
            unweighted_median_minutes: centile(&each, 50),
            unweighted_p90_minutes: centile(&each, 90),
            any_mean_minutes: per_person(self.any),
            farther_people: self.farther.1,
            farther_minutes: per_person(self.farther),
            none_passing_people: self.none_passing,
            none_passing_of: self.any_told,
            reached: self.journeys.iter().map(|(_, people)| people).sum(),
            unknown_zones: self.unknown_zones,
            least_share: Some(least),
            greatest_share: Some(greatest),
            verdict,
        }
    }
}

fn mean(journeys: &[(f64, u64)]) -> Option<f64> {
    let people: u64 = journeys.iter().map(|(_, people)| people).sum();
    let total: f64 = journeys.iter().map(|(minutes, people)| minutes * *people as f64).sum();
    (people > 0).then(|| total / people as f64)
}

/// The least minutes that so many of a hundred people do not exceed; journeys are shortest first.
fn centile(journeys: &[(f64, u64)], of_100: u64) -> Option<f64> {
    let people: u64 = journeys.iter().map(|(_, people)| people).sum();
    let mut so_far = 0;
    journeys.iter().find_map(|(minutes, more)| {
        so_far += more;
        (so_far * 100 >= people * of_100).then_some(*minutes)
    })
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use proptest::prelude::*;

    use super::super::{Affected, Centile, Limit, affected, compare};
    use super::*;
    use crate::geography::Zone;
    use crate::register::{Minutes, Point};
    use crate::travel::{MatrixRow, Mode, StraightLine, from_matrix, straight_line};

    fn standard(group: Group, metres: f64) -> Standard {
        Standard {
            key: "gp_walk".to_owned(),
            words: "A GP within walking distance".to_owned(),
            service_line: ServiceLine::PrimaryCare,
            mode: Mode::Walk,
            limit: Limit::Metres(metres),
            centile: Centile::Median,
            share: 0.75,
            group,
            area: Area::All,
            from: NaiveDate::from_ymd_opt(2026, 1, 1).unwrap(),
            until: None,
            source: "a test".to_owned(),
            is_policy: false,
        }
    }

    /// On a line running east: 80 metres are a minute.
    fn at(metres: f64) -> Point {
        Point::new(metres, 0.0).unwrap()
    }

    fn zone(code: &str, metres: f64, residents: u32) -> Zone {
        let borough_code = if code < "E03" { "B1" } else { "B2" }.to_owned();
        let borough_name = format!("Borough {borough_code}");
        Zone { borough_code, borough_name, ..Zone::plain(code, at(metres), residents) }
    }

    fn table(zones: Vec<Zone>) -> Zones {
        Zones::new(Zones::empty().evidence, zones)
    }

    fn code(text: &str) -> SiteCode {
        text.parse().unwrap()
    }

    fn walk(zones: &Zones, sites: &[(&str, f64)], minutes: f64) -> TravelTimes {
        let sites: Vec<_> = sites.iter().map(|(site, x)| (code(site), at(*x))).collect();
        let pace = StraightLine::new(1.0, 80.0).unwrap();
        straight_line(zones, &sites, Mode::Walk, Minutes(minutes), pace)
    }

    fn offer(site: &str, gates: Option<bool>) -> Offer {
        Offer { site: code(site), service_line: ServiceLine::PrimaryCare, gates }
    }

    fn assess(
        standard: &Standard,
        zones: &Zones,
        times: &TravelTimes,
        offers: &[Offer],
    ) -> Assessment {
        super::assess(standard, zones, times, &State::new("", offers.to_vec()))
    }

    fn reach(
        standard: &Standard,
        zones: &Zones,
        times: &TravelTimes,
        offers: &[Offer],
    ) -> Vec<ZoneReach> {
        super::reach(standard, zones, times, &State::new("", offers.to_vec()))
    }

    fn counts(area: &AreaAssessment) -> (u64, u64, u64) {
        (area.within, area.beyond, area.undetermined)
    }

    #[test]
    fn known_answer_1_the_limit_is_inside_and_boroughs_add_up() {
        // A GP at 0. Zones at 800, 1,600 and 1,601 m, and one nobody searched so far: 2,500 m.
        let zones = table(vec![
            zone("E01", 800.0, 100),
            zone("E02", 1_600.0, 200),
            zone("E03", 1_601.0, 300),
            zone("E04", 2_500.0, 400),
        ]);
        let times = walk(&zones, &[("S01", 0.0)], 25.0);

        let told =
            assess(&standard(Group::Everyone, 1_600.0), &zones, &times, &[offer("S01", None)]);

        assert_eq!(counts(&told.total), (300, 700, 0));
        assert_eq!(
            told.boroughs.iter().map(counts).collect::<Vec<_>>(),
            [(300, 0, 0), (0, 700, 0)]
        );
        let verdicts = told.boroughs.iter().map(|borough| borough.verdict);
        assert_eq!(verdicts.collect::<Vec<_>>(), [Verdict::Pass, Verdict::Fail]);
        // 10, 20 and 20.0125 minutes for 100, 200 and 300 people; the fourth zone has no site in reach.
        let mean = (10.0 * 100.0 + 20.0 * 200.0 + 20.0125 * 300.0) / 600.0;
        assert!((told.total.mean_minutes.unwrap() - mean).abs() < 1e-9);
        assert_eq!(told.total.p90_minutes, Some(20.0125));
        assert_eq!((told.total.reached, told.total.people), (600, 1_000));
    }

    #[test]
    fn known_answer_2_an_unsurveyed_gate_decides_nothing_and_a_failed_one_serves_nobody() {
        let disabled = |zone: Zone, people| Zone { disabled: Some(people), ..zone };
        let zones = table(vec![
            disabled(zone("E01", 0.0, 100), 10),
            disabled(zone("E02", 5_000.0, 100), 20),
            disabled(zone("E03", 9_000.0, 100), 30),
        ]);
        let times = walk(&zones, &[("S01", 0.0), ("S02", 5_000.0), ("S03", 9_000.0)], 20.0);
        let offers = [offer("S01", Some(true)), offer("S02", None), offer("S03", Some(false))];

        let told = assess(&standard(Group::StepFree, 1_600.0), &zones, &times, &offers);
        let all = assess(&standard(Group::Everyone, 1_600.0), &zones, &times, &offers);

        assert_eq!(counts(&told.total), (10, 30, 20));
        assert_eq!(told.total.verdict, Verdict::Fail, "at best 30 of 60");
        assert_eq!(counts(&all.total), (300, 0, 0), "gates are for those who need them");
    }

    #[test]
    fn who_has_a_site_and_none_that_passes_is_told_of_those_of_whom_it_can_be() {
        let disabled = |zone: Zone, people| Zone { disabled: Some(people), ..zone };
        let known = [
            disabled(zone("E01", 0.0, 100), 10),
            disabled(zone("E02", 9_000.0, 100), 20),
            disabled(zone("E03", 4_000.0, 100), 40),
        ];
        // Of E04 the table of minutes says nothing.
        let new = disabled(zone("E04", 0.0, 100), 80);
        let zones = table([known.to_vec(), vec![new.clone()]].concat());
        let times = walk(&table(known.to_vec()), &[("S01", 0.0), ("S02", 4_000.0)], 20.0);
        let offers = [offer("S01", Some(false)), offer("S02", Some(true))];
        let standard = standard(Group::StepFree, 1_600.0);

        let told = assess(&standard, &zones, &times, &offers).total;
        assert_eq!((told.none_passing_people, told.none_passing_of, told.people), (10, 70, 150));
        // A failing site of which the minutes of E02 are not known is one that may be in reach.
        let mut untold = times.clone();
        untold.absent = Missing::NotComputed;
        let told = assess(&standard, &zones, &untold, &offers).total;
        assert_eq!((told.none_passing_people, told.none_passing_of), (10, 50));
        // Where nothing is known of anybody it is none of nobody.
        let told = assess(&standard, &table(vec![new]), &times, &offers).total;
        assert_eq!((told.none_passing_people, told.none_passing_of, told.people), (0, 0, 80));
    }

    #[test]
    fn known_answer_3_an_unknown_count_is_reported_and_may_decide_the_verdict() {
        // 401 residents, 1 of 2 households without a car: 200.5, so 201 people. Of the other zone nobody knows.
        let mut near = zone("E01", 0.0, 401);
        (near.households, near.no_car_households) = (Some(2), Some(1));
        let zones = table(vec![near, zone("E02", 9_000.0, 60)]);
        let times = walk(&zones, &[("S01", 0.0)], 20.0);

        let told = assess(&standard(Group::NoCar, 1_600.0), &zones, &times, &[offer("S01", None)]);

        assert_eq!(counts(&told.total), (201, 0, 0));
        assert_eq!(told.total.unknown_zones, 1);
        assert_eq!(told.total.verdict, Verdict::Pass, "at worst 201 of 261, which is 77 %");
        let strict = Standard { share: 0.8, ..standard(Group::NoCar, 1_600.0) };
        let told = assess(&strict, &zones, &times, &[offer("S01", None)]);
        assert_eq!(told.total.verdict, Verdict::Undetermined);
    }

    #[test]
    fn known_answer_4_deciles_and_who_is_better_or_worse_off() {
        let decile = |zone: Zone, decile| Zone { imd_decile: decile, ..zone };
        let zones = table(vec![
            decile(zone("E01", 0.0, 100), Some(1)),
            decile(zone("E02", 2_000.0, 200), Some(10)),
            decile(zone("E03", 4_000.0, 400), None),
        ]);
        let times = walk(&zones, &[("S01", 0.0), ("S02", 4_000.0)], 60.0);
        let ask = standard(Group::Everyone, 1_600.0);
        let (was, is) = ([offer("S01", None)], [offer("S02", None)]);
        let [before, after] = [&was, &is].map(|offers| assess(&ask, &zones, &times, offers));

        assert_eq!(before.deciles.len(), 11);
        assert_eq!(before.deciles[0], (Some(1), 100, 100, 0, 0));
        assert_eq!(before.deciles[9], (Some(10), 200, 0, 200, 0));
        assert_eq!(before.deciles[10], (None, 400, 0, 400, 0));
        let change = compare(&before, &after);
        assert_eq!((change.total.within, change.total.beyond), (300, -300));
        let worse: Vec<&str> = change.worse_boroughs().map(|area| area.name.as_str()).collect();
        assert_eq!(worse, ["Borough B1"]);
        let [was, is] = [&was, &is].map(|offers| reach(&ask, &zones, &times, offers));
        let told = affected(&was, &is);
        let expected = Affected {
            better: 400,
            same: 200,
            worse: 100,
            lost: 100,
            gained: 400,
            ..Affected::default()
        };
        assert_eq!(told, expected);
    }

    #[test]
    fn what_the_table_does_not_know_is_undetermined() {
        let zones = table(vec![zone("E01", 0.0, 100), zone("E02", 1_500.0, 200)]);
        let ask = standard(Group::Everyone, 1_600.0);
        let offers = [offer("S01", None)];
        let told = |times: &TravelTimes| counts(&assess(&ask, &zones, times, &offers).total);

        let searched_too_little = walk(&zones, &[("S01", 0.0)], 10.0);
        assert_eq!(told(&searched_too_little), (100, 0, 200));

        let other_mode = TravelTimes { mode: Mode::Drive, ..walk(&zones, &[("S01", 0.0)], 60.0) };
        assert_eq!(told(&other_mode), (0, 0, 300));

        let other_zones = walk(&table(vec![zone("E01", 0.0, 100)]), &[("S01", 0.0)], 60.0);
        assert_eq!(told(&other_zones), (100, 0, 200));

        let unplaced = walk(&zones, &[], 60.0);
        let assessment = assess(&ask, &zones, &unplaced, &offers);
        // Nobody has worked out the way to this site, so nobody is surely without it.
        assert_eq!((counts(&assessment.total), assessment.not_placed), ((0, 0, 300), 1));
        assert_eq!(assessment.total.doubts, [(Doubt::NoMinutes, 300)]);
    }

    #[test]
    fn sites_without_minutes_are_told_apart_by_who_they_are_and_how_they_serve() {
        let zones = table(vec![zone("E01", 0.0, 100)]);
        let ask = standard(Group::StepFree, 1_600.0);
        let unplaced = walk(&zones, &[], 60.0);
        let could = |site: &str, gates| {
            let state = State::new("", vec![offer(site, gates)]);
            Serving::of(&ask, &unplaced, &state).could
        };

        assert_eq!(could("S01", None), could("S01", None));
        assert_ne!(could("S01", None), could("S01", Some(true)), "improved, it is another journey");
        assert_ne!(could("S01", None), could("S02", None), "one closed and another opened");
        assert_eq!(could("S01", Some(false)), 0);
    }

    #[test]
    fn a_matrix_tells_no_way_from_not_computed() {
        let zones = table(vec![zone("E01", 0.0, 1), zone("E02", 0.0, 10), zone("E03", 0.0, 100)]);
        let ask = Standard { limit: Limit::Minutes(20.0), ..standard(Group::Everyone, 0.0) };
        let row = |row, zone: &str, minutes| MatrixRow {
            row,
            zone: zone.to_owned(),
            site: "S01".to_owned(),
            minutes,
            mode: None,
        };
        let rows = [row(2, "E01", Some(20.0)), row(3, "E02", None)];
        let sites = [code("S01")].into();
        let (how, whence) = ((Mode::Walk, Minutes(60.0)), ("r5.csv", Missing::NotComputed));
        let times = from_matrix(rows, &zones, &sites, how, whence).times;

        let told = assess(&ask, &zones, &times, &[offer("S01", None)]);

        assert_eq!(counts(&told.total), (1, 10, 100));
        let metres = standard(Group::Everyone, 1_600.0);
        let told = assess(&metres, &zones, &times, &[offer("S01", None)]);
        assert_eq!(
            counts(&told.total),
            (0, 0, 111),
            "street minutes say nothing of straight lines"
        );
    }

    /// An estate on a line with whole hundreds of metres, so that limits are met exactly.
    #[derive(Debug, Clone)]
    struct Drawn {
        zones: Vec<(u16, u32, Option<u32>)>,
        sites: Vec<(u16, Option<bool>)>,
        group: Group,
        limit: u16,
    }

    fn drawn() -> impl Strategy<Value = Drawn> {
        let groups = vec![Group::Everyone, Group::StepFree];
        let zone = (0_u16..60, 0_u32..500, prop::option::of(0_u32..100));
        (
            prop::collection::vec(zone, 0..12),
            prop::collection::vec((0_u16..60, any::<Option<bool>>()), 1..8),
            prop::sample::select(groups),
            0_u16..20,
        )
            .prop_map(|(zones, sites, group, limit)| Drawn { zones, sites, group, limit })
    }

    impl Drawn {
        fn zones(&self) -> Zones {
            let zones = self.zones.iter().enumerate().map(|(n, (place, residents, disabled))| {
                let zone = zone(&format!("E{n:02}"), f64::from(*place) * 100.0, *residents);
                Zone { disabled: disabled.map(|people| people.min(*residents)), ..zone }
            });
            table(zones.collect())
        }

        fn offers(&self) -> Vec<Offer> {
            (0..)
                .zip(&self.sites)
                .map(|(n, (_, gates))| offer(&format!("S{n:02}"), *gates))
                .collect()
        }

        fn times(&self, zones: &Zones) -> TravelTimes {
            let names: Vec<String> = (0..self.sites.len()).map(|n| format!("S{n:02}")).collect();
            let place = |(place, _): &(u16, Option<bool>)| f64::from(*place) * 100.0;
            let sites: Vec<(&str, f64)> =
                names.iter().map(String::as_str).zip(self.sites.iter().map(place)).collect();
            walk(zones, &sites, 80.0)
        }

        fn assess(&self, offers: &[Offer]) -> Assessment {
            let zones = self.zones();
            let standard = standard(self.group, f64::from(self.limit) * 100.0);
            assess(&standard, &zones, &self.times(&zones), offers)
        }
    }

    proptest! {
        #[test]
        fn it_counts_what_plain_counting_counts(estate in drawn()) {
            let told = estate.assess(&estate.offers());

            let (mut within, mut beyond, mut undetermined, mut unknown) = (0, 0, 0, 0);
            for (place, residents, disabled) in &estate.zones {
                let people = match estate.group {
                    Group::StepFree => disabled.map(|people| people.min(*residents)),
                    _ => Some(*residents),
                };
                let Some(people) = people else {
                    unknown += u64::from(*residents > 0);
                    continue;
                };
                let near = |gates: &[Option<bool>]| estate.sites.iter().any(|(site, passes)| {
                    let serves = estate.group != Group::StepFree || gates.contains(passes);
                    serves && site.abs_diff(*place) <= estate.limit
                });
                if near(&[Some(true)]) {
                    within += u64::from(people);
                } else if near(&[Some(true), None]) {
                    undetermined += u64::from(people);
                } else {
                    beyond += u64::from(people);
                }
            }
            prop_assert_eq!(counts(&told.total), (within, beyond, undetermined));
            prop_assert_eq!(told.total.unknown_zones, unknown);
            let sum = |count: fn(&AreaAssessment) -> u64| told.boroughs.iter().map(count).sum::<u64>();
            prop_assert_eq!(sum(|area| area.people), told.total.people);
            prop_assert_eq!(sum(|area| area.within), within);
            prop_assert_eq!(told.deciles.iter().map(|decile| decile.1).sum::<u64>(), told.total.people);
        }

        #[test]
        fn closing_a_site_helps_nobody_and_opening_one_hurts_nobody(estate in drawn(), at in 0_usize..8) {
            let open = estate.offers();
            let mut fewer = open.clone();
            fewer.remove(at.min(open.len() - 1));
            let (zones, standard) =
                (estate.zones(), standard(estate.group, f64::from(estate.limit) * 100.0));
            let times = estate.times(&zones);
            let [with, without] = [&open, &fewer].map(|offers| reach(&standard, &zones, &times, offers));

            for (with, without) in with.iter().zip(&without) {
                let [far, farther] = [with, without].map(|zone| zone.minutes.unwrap_or(f64::INFINITY));
                prop_assert!(far <= farther);
                prop_assert!(rank(with.standing) >= rank(without.standing));
            }
            let closing = affected(&with, &without);
            prop_assert_eq!((closing.better, closing.gained), (0, 0));
            let opening = affected(&without, &with);
            prop_assert_eq!((opening.worse, opening.lost), (0, 0));
        }

        #[test]
        fn a_wider_limit_loses_nobody(estate in drawn(), more in 1_u16..20) {
            let near = estate.assess(&estate.offers());
            let wide = Drawn { limit: estate.limit + more, ..estate };
            let far = wide.assess(&wide.offers());
            prop_assert!(far.total.within >= near.total.within);
            prop_assert!(far.total.beyond <= near.total.beyond);
        }

        #[test]
        fn the_order_of_rows_changes_nothing(estate in drawn()) {
            let mut offers = estate.offers();
            let told = estate.assess(&offers);
            offers.reverse();
            prop_assert_eq!(&estate.assess(&offers), &told);
            offers.extend(estate.offers());
            prop_assert_eq!(&estate.assess(&offers), &told, "saying it twice is saying it once");
        }
    }

    fn rank(standing: Standing) -> u8 {
        match standing {
            Standing::Beyond => 0,
            Standing::Undetermined => 1,
            Standing::Within => 2,
        }
    }
}
