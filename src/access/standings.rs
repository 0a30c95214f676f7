//! A state of the estate with everybody's journey worked out, and what another state would change for whom.
//!
//! A change is worked out anew only for the zones whose rows name the sites it touches; the answer equals working it all
//! out again, by test.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::assess::{Reached, Seen, Serving, Tally, area_name};
use super::compare::{Journey, Outcome};
use super::parts::{decile_key, decile_name};
use super::{
    Affected, Area, AreaAssessment, By, Change, Group, Standard, Standing, State, Verdict,
};
use crate::geography::{Zone, Zones};
use crate::register::SiteCode;
use crate::travel::{Maker, Measure, Mode, TimesByWay, TravelTimes};

/// Worst-hit zones that a difference names.
const WORST_SHOWN: usize = 10;

/// A state, with the standing of every zone under every standard.
#[derive(Debug, Clone)]
pub struct Standings {
    /// The state.
    pub state: State,
    zones: Arc<Zones>,
    travel: Arc<BTreeMap<(Mode, Measure), Table>>,
    standards: Vec<Ready>,
}

/// Travel times, and for each site the rows that name it.
#[derive(Debug, Clone)]
struct Table {
    times: Arc<TravelTimes>,
    named_in: Vec<Vec<u32>>,
}

#[derive(Debug, Clone)]
struct Ready {
    standard: Standard,
    /// Zones of the standard's area: place among the zones, row of the table.
    places: Vec<(usize, Option<usize>)>,
    /// Place among `places` of each row of the table.
    of_row: Vec<Option<u32>>,
    serving: Serving,
    reached: Vec<Reached>,
    same: Difference,
}

/// What a second state changes under one standard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// The standard.
    pub standard: Standard,
    /// Who made the minutes.
    pub travel: String,
    /// The standard's area before.
    pub before: AreaAssessment,
    /// And after.
    pub after: AreaAssessment,
    /// Everybody of the standard's group.
    pub affected: Affected,
    /// By how much the journey to the nearest site that surely serves changes: people a band, longest gain first.
    pub bands: Vec<(String, u64)>,
    /// By borough, board, decile and group of people.
    pub parts: Vec<PartChange>,
    /// Areas in which the standard is met, missed or undecided before and otherwise after.
    pub verdicts: Vec<VerdictChange>,
    /// The zones whose people lose most, worst first.
    pub worst: Vec<WorstZone>,
}

/// What changes for one part of the people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartChange {
    /// How people are parted.
    pub by: By,
    /// Code of the area, decile, or key of the group.
    pub key: String,
    /// Its name.
    pub name: String,
    /// People whose number is known.
    pub people: u64,
    /// Surely within the standard, before and after.
    pub within: (u64, u64),
    /// Better, same, worse, and who cannot be told.
    pub affected: Affected,
}

/// A standard whose verdict changes in an area.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerdictChange {
    /// Where.
    pub area: Area,
    /// Its name.
    pub name: String,
    /// Before.
    pub before: Verdict,
    /// After.
    pub after: Verdict,
}

/// A zone whose people lose.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WorstZone {
    /// LSOA code.
    pub zone: String,
    /// Borough and ward, by name.
    pub place: String,
    /// IMD decile; 1 is the most deprived tenth.
    pub imd_decile: Option<u8>,
    /// People of the group.
    pub people: u64,
    /// Minutes before.
    pub before: Option<f64>,
    /// Minutes after; `None` is no site in reach of the search.
    pub after: Option<f64>,
    /// That site before.
    pub from: Option<SiteCode>,
    /// And after.
    pub to: Option<SiteCode>,
}

impl Standings {
    /// Works every zone out under every standard that `travel` has minutes for.
    pub fn new(
        zones: Arc<Zones>,
        travel: TimesByWay,
        standards: &[Standard],
        state: State,
    ) -> Self {
        let travel: BTreeMap<(Mode, Measure), Table> =
            travel.into_iter().map(|(way, times)| (way, Table::new(times))).collect();
        Self::over(zones, Arc::new(travel), standards, state)
    }

    /// Another state of the same estate, with the same minutes.
    #[must_use]
    pub fn at(&self, state: State) -> Self {
        let standards: Vec<Standard> = self.standards().cloned().collect();
        Self::over(Arc::clone(&self.zones), Arc::clone(&self.travel), &standards, state)
    }

    /// By which mode each standard asks for journeys, and who made their minutes.
    pub fn makers(&self) -> impl Iterator<Item = (Mode, &Maker)> {
        self.standards.iter().filter_map(|ready| {
            let way = ready.standard.way();
            Some((way.0, &self.travel.get(&way)?.times.maker))
        })
    }

    fn over(
        zones: Arc<Zones>,
        travel: Arc<BTreeMap<(Mode, Measure), Table>>,
        standards: &[Standard],
        state: State,
    ) -> Self {
        let ready = |standard: &Standard| {
            let table = travel.get(&standard.way())?;
            let times = &table.times;
            let places: Vec<(usize, Option<usize>)> = zones
                .iter()
                .enumerate()
                .filter(|(_, zone)| standard.area.holds(zone))
                .map(|(at, zone)| (at, times.zone_index(&zone.code)))
                .collect();
            let mut of_row = vec![None; times.zones.len()];
            for (place, (_, row)) in (0_u32..).zip(&places) {
                if let Some(slot) = row.and_then(|row| of_row.get_mut(row)) {
                    *slot = Some(place);
                }
            }
            let serving = Serving::of(standard, times, &state);
            let reached: Vec<Reached> =
                places.iter().map(|(_, row)| serving.reached(*row, times)).collect();
            let same = difference(standard, times, &zones, &places, (&reached, &reached));
            Some(Ready { standard: standard.clone(), places, of_row, serving, reached, same })
        };
        let standards = standards.iter().filter_map(ready).collect();
        Self { state, zones, travel, standards }
    }

    /// The standards assessed.
    pub fn standards(&self) -> impl Iterator<Item = &Standard> {
        self.standards.iter().map(|ready| &ready.standard)
    }

    /// The zones people live in.
    pub fn zones(&self) -> &Zones {
        &self.zones
    }

    /// Sites that offer care a standard asks for and are in no row, by standard: mostly because nobody knows where they
    /// are.
    pub fn not_placed(&self) -> impl Iterator<Item = u64> {
        self.standards.iter().map(|ready| ready.serving.not_placed)
    }

    /// The figures of this state over the whole area, by standard.
    pub fn before(&self) -> impl Iterator<Item = &AreaAssessment> {
        self.standards.iter().map(|ready| &ready.same.before)
    }

    /// What these changes do, worked out for the zones they touch only.
    pub fn what_if(&self, changes: &[Change]) -> Vec<Difference> {
        let after = self.state.with(changes);
        let lines = self.state.differing(&after);
        let each = self.standards.iter().map(|ready| {
            if !lines.contains(&ready.standard.service_line) {
                return ready.same.clone();
            }
            let Some(table) = self.travel.get(&ready.standard.way()) else {
                return ready.same.clone();
            };
            let times = &table.times;
            let serving = Serving::of(&ready.standard, times, &after);
            let mut reached = ready.reached.clone();
            let mut renew = |place: usize| {
                if let (Some(slot), Some((_, row))) =
                    (reached.get_mut(place), ready.places.get(place))
                {
                    *slot = serving.reached(*row, times);
                }
            };
            // Where a missing pair may hide a site within the limit, any zone may depend on a site in no row.
            if serving.may_be_blind(times) || ready.serving.may_be_blind(times) {
                (0..ready.places.len()).for_each(renew);
            } else {
                let columns = changes.iter().filter_map(|change| times.site_index(change.site()));
                let rows = columns.filter_map(|column| table.named_in.get(column)).flatten();
                let places = rows.filter_map(|row| *ready.of_row.get(*row as usize)?);
                places.for_each(|place| renew(place as usize));
                // A zone in no row may depend on any site.
                let rowless = ready.places.iter().enumerate().filter(|(_, (_, row))| row.is_none());
                rowless.for_each(|(place, _)| renew(place));
            }
            difference(
                &ready.standard,
                times,
                &self.zones,
                &ready.places,
                (&ready.reached, &reached),
            )
        });
        each.collect()
    }

    /// What another state of the same estate changes, worked out for every zone.
    pub fn compared_with(&self, after: &State) -> Vec<Difference> {
        let lines = self.state.differing(after);
        let each = self.standards.iter().map(|ready| {
            let table = self.travel.get(&ready.standard.way());
            let Some(table) = table.filter(|_| lines.contains(&ready.standard.service_line)) else {
                return ready.same.clone();
            };
            let serving = Serving::of(&ready.standard, &table.times, after);
            let reached: Vec<Reached> =
                ready.places.iter().map(|(_, row)| serving.reached(*row, &table.times)).collect();
            let both = (ready.reached.as_slice(), reached.as_slice());
            difference(&ready.standard, &table.times, &self.zones, &ready.places, both)
        });
        each.collect()
    }
}

impl Table {
    fn new(times: Arc<TravelTimes>) -> Self {
        let mut named_in: Vec<Vec<u32>> = vec![Vec::new(); times.sites.len()];
        let none = Vec::new();
        for (at, pairs) in times.rows.iter().enumerate() {
            // A site that is perhaps sooner reached than the row says matters to the zone as well.
            let perhaps = times.perhaps.get(at).unwrap_or(&none);
            let Ok(row) = u32::try_from(at) else { break };
            for pair in pairs.iter().chain(perhaps) {
                if let Some(rows) = named_in.get_mut(pair.site as usize)
                    && rows.last() != Some(&row)
                {
                    rows.push(row);
                }
            }
        }
        Self { times, named_in }
    }
}

/// Upper edges of the bands by which a journey grows or shrinks, minutes.
const BANDS: [f64; 3] = [5.0, 10.0, 20.0];

/// The band of those for whom nothing changes.
pub const SAME_BAND: &str = "The same";

const BAND_NAMES: [&str; 12] = [
    "No site in reach any more",
    "Over 20 minutes longer",
    "Over 10 to 20 minutes longer",
    "Over 5 to 10 minutes longer",
    "Up to 5 minutes longer",
    SAME_BAND,
    "Up to 5 minutes shorter",
    "Over 5 to 10 minutes shorter",
    "Over 10 to 20 minutes shorter",
    "Over 20 minutes shorter",
    "A site in reach where there was none",
    "Cannot be told",
];

/// Place among [`BAND_NAMES`].
fn band(before: Journey, after: Journey) -> usize {
    if before.becomes(after) == Outcome::Untold {
        return 11;
    }
    let (from, to) = match (before.minutes, after.minutes) {
        (Some(_), None) => return 0,
        (None, Some(_)) => return 10,
        (None, None) => return 5,
        (Some(from), Some(to)) => (from, to),
    };
    let step = |by: f64| BANDS.iter().filter(|edge| by > **edge).count();
    if to > from {
        4 - step(to - from)
    } else if to < from {
        6 + step(from - to)
    } else {
        5
    }
}

/// People added up on the way into a [`PartChange`].
#[derive(Default, Clone, Copy)]
struct Counted {
    people: u64,
    within: (u64, u64),
    affected: Affected,
}

impl Counted {
    fn add(&mut self, people: Option<u64>, before: &Reached, after: &Reached) {
        let Some(people) = people else { return };
        self.people += people;
        let is_within = |reached: &Reached| reached.standing == Standing::Within;
        if is_within(before) {
            self.within.0 += people;
        }
        if is_within(after) {
            self.within.1 += people;
        }
        self.affected.add(people, before.journey(), after.journey());
    }
}

fn difference(
    standard: &Standard,
    times: &TravelTimes,
    zones: &Zones,
    places: &[(usize, Option<usize>)],
    (before, after): (&[Reached], &[Reached]),
) -> Difference {
    type Areas<'a> = BTreeMap<&'a str, (&'a str, Tally, Tally, Counted)>;
    let mut boroughs: Areas<'_> = BTreeMap::new();
    let mut icbs: BTreeMap<&str, (&str, Counted)> = BTreeMap::new();
    let mut deciles: BTreeMap<Option<u8>, Counted> = BTreeMap::new();
    let mut groups = [Counted::default(); 5];
    let (mut was_all, mut is_all) = (Tally::default(), Tally::default());
    let mut all = Counted::default();
    let mut bands = [0_u64; BAND_NAMES.len()];
    let mut worst: Vec<(f64, &Zone, u64, &Reached, &Reached)> = Vec::new();
    let each = places.iter().zip(before.iter().zip(after));
    for ((at, _), (was, is)) in each {
        let Some(zone) = zones.as_slice().get(*at) else { continue };
        let people = standard.group.people(zone);
        let seen = |reached: &Reached| Seen {
            people,
            residents: u64::from(zone.residents),
            standing: reached.standing,
            doubts: reached.doubts,
            minutes: reached.minutes(),
            any_minutes: reached.any.map(|(_, minutes)| minutes),
            is_any_told: reached.is_any_told,
        };
        was_all.add(seen(was));
        is_all.add(seen(is));
        all.add(people, was, is);
        let new =
            || (zone.borough_name.as_str(), Tally::default(), Tally::default(), Counted::default());
        let (_, was_here, is_here, here) = boroughs.entry(&zone.borough_code).or_insert_with(new);
        was_here.add(seen(was));
        is_here.add(seen(is));
        here.add(people, was, is);
        let icb = icbs.entry(&zone.icb_code).or_insert((&zone.icb_name, Counted::default()));
        icb.1.add(people, was, is);
        deciles.entry(zone.imd_decile).or_default().add(people, was, is);
        for (group, counted) in Group::ALL.into_iter().zip(&mut groups) {
            counted.add(group.people(zone), was, is);
        }
        let Some(people) = people else { continue };
        let (from, to) = (was.minutes(), is.minutes());
        if let Some(band) = bands.get_mut(band(was.journey(), is.journey())) {
            *band += people;
        }
        if was.journey().becomes(is.journey()) == Outcome::Worse && people > 0 {
            let longer = to.unwrap_or(f64::INFINITY) - from.unwrap_or(f64::INFINITY);
            worst.push((longer * people as f64, zone, people, was, is));
        }
    }
    worst.sort_by(|a, b| b.0.total_cmp(&a.0).then(b.2.cmp(&a.2)).then(a.1.code.cmp(&b.1.code)));
    worst.truncate(WORST_SHOWN);
    let site = |found: Option<(u32, f64)>| {
        found.and_then(|(site, _)| times.sites.get(site as usize)).cloned()
    };
    let worst = worst.into_iter().map(|(_, zone, people, was, is)| WorstZone {
        zone: zone.code.clone(),
        place: format!("{}, {}", zone.ward_name, zone.borough_name),
        imd_decile: zone.imd_decile,
        people,
        before: was.minutes(),
        after: is.minutes(),
        from: site(was.sure),
        to: site(is.sure),
    });
    let worst = worst.collect();

    let finish = |tally: Tally, area: Area, name: &str| tally.finish(area, name, standard.share);
    let name = area_name(&standard.area);
    let before = finish(was_all, standard.area.clone(), name);
    let after = finish(is_all, standard.area.clone(), name);
    let mut verdicts = Vec::new();
    let mut verdict = |area: Area, name: &str, before: Verdict, after: Verdict| {
        if before != after {
            verdicts.push(VerdictChange { area, name: name.to_owned(), before, after });
        }
    };
    verdict(standard.area.clone(), name, before.verdict, after.verdict);
    let mut parts = Vec::new();
    let mut part = |by, key: String, name: &str, counted: Counted| {
        parts.push(PartChange {
            by,
            key,
            name: name.to_owned(),
            people: counted.people,
            within: counted.within,
            affected: counted.affected,
        });
    };
    for (code, (name, was, is, counted)) in boroughs {
        let area = Area::Borough(code.to_owned());
        let [was, is] = [was, is].map(|tally| finish(tally, area.clone(), name).verdict);
        verdict(area, name, was, is);
        part(By::Borough, code.to_owned(), name, counted);
    }
    for (code, (name, counted)) in icbs {
        part(By::Icb, code.to_owned(), name, counted);
    }
    let known = deciles.iter().filter(|(decile, _)| decile.is_some());
    let unknown = deciles.iter().filter(|(decile, _)| decile.is_none());
    for (decile, counted) in known.chain(unknown) {
        part(By::Decile, decile_key(*decile), &decile_name(*decile), *counted);
    }
    for (group, counted) in Group::ALL.into_iter().zip(groups) {
        part(By::Group, group.key().to_owned(), group.people_label(), counted);
    }
    let bands = BAND_NAMES.iter().map(|name| (*name).to_owned()).zip(bands).collect();
    Difference {
        standard: standard.clone(),
        travel: times.maker.to_string(),
        before,
        after,
        affected: all.affected,
        bands,
        parts,
        verdicts,
        worst,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::access::{Offer, affected, assess, reach};
    use crate::register::{Minutes, Point, ServiceLine};
    use crate::travel::{Missing, StraightLine, straight_line};

    const LINES: [ServiceLine; 2] = [ServiceLine::PrimaryCare, ServiceLine::Community];

    fn at(place: u16) -> Point {
        Point::new(f64::from(place) * 100.0, 0.0).unwrap()
    }

    fn site(number: usize) -> SiteCode {
        format!("S{number:02}").parse().unwrap()
    }

    /// Place, residents, disabled residents, decile.
    type DrawnZone = (u16, u32, Option<u32>, Option<u8>);

    /// Places of people and sites on a line of whole hundreds of metres, so that limits are met exactly.
    #[derive(Debug, Clone)]
    struct Drawn {
        zones: Vec<DrawnZone>,
        sites: Vec<(u16, Option<bool>, bool)>,
        limit: u16,
        changes: Vec<(u8, usize, Option<bool>)>,
        is_blind: bool,
    }

    fn drawn() -> impl Strategy<Value = Drawn> {
        let zone =
            (0_u16..40, 0_u32..500, prop::option::of(0_u32..100), prop::option::of(1_u8..=10));
        (
            prop::collection::vec(zone, 1..12),
            prop::collection::vec((0_u16..40, any::<Option<bool>>(), any::<bool>()), 1..8),
            0_u16..20,
            prop::collection::vec((0_u8..3, 0_usize..8, any::<Option<bool>>()), 0..4),
            any::<bool>(),
        )
            .prop_map(|(zones, sites, limit, changes, is_blind)| Drawn {
                zones,
                sites,
                limit,
                changes,
                is_blind,
            })
    }

    impl Drawn {
        fn zones(&self) -> Arc<Zones> {
            let zone = |(n, (place, residents, disabled, decile)): (usize, &DrawnZone)| Zone {
                borough_code: format!("B{}", n.rem_euclid(3)),
                disabled: disabled.map(|people| people.min(*residents)),
                imd_decile: *decile,
                ..Zone::plain(&format!("E{n:02}"), at(*place), *residents)
            };
            let zones = self.zones.iter().enumerate().map(zone).collect();
            Arc::new(Zones::new(Zones::empty().evidence, zones))
        }

        fn times(&self) -> TravelTimes {
            let sites: Vec<_> =
                (0..).zip(&self.sites).map(|(n, (place, _, _))| (site(n), at(*place))).collect();
            let pace = StraightLine::new(1.0, 100.0).unwrap();
            let times = straight_line(&self.zones(), &sites, Mode::Walk, Minutes(30.0), pace);
            let absent = if self.is_blind { Missing::NotComputed } else { times.absent };
            TravelTimes { absent, ..times }
        }

        fn standards(&self) -> Vec<Standard> {
            let walk = crate::access::standard::tests::walk(0.7);
            let limit = crate::access::Limit::Minutes(f64::from(self.limit));
            let of = |service_line, group| Standard { service_line, limit, group, ..walk.clone() };
            vec![
                of(LINES[0], Group::Everyone),
                of(LINES[0], Group::StepFree),
                of(LINES[1], Group::StepFree),
            ]
        }

        fn state(&self) -> State {
            let offers = (0..).zip(&self.sites).map(|(n, (_, gates, is_gp))| Offer {
                site: site(n),
                service_line: LINES[usize::from(!is_gp)],
                gates: *gates,
            });
            State::new("Today", offers)
        }

        fn changes(&self) -> Vec<Change> {
            let change = |(what, number, passes): &(u8, usize, Option<bool>)| {
                let at = site((*number).min(self.sites.len() - 1));
                match what {
                    0 => Change::Close { site: at },
                    1 => Change::Improve { site: at, passes: *passes },
                    _ => Change::Offer {
                        site: at,
                        service_line: LINES[number.rem_euclid(2)],
                        passes: *passes,
                    },
                }
            };
            self.changes.iter().map(change).collect()
        }

        fn standings(&self) -> Standings {
            let travel = [((Mode::Walk, Measure::Minutes), Arc::new(self.times()))].into();
            Standings::new(self.zones(), travel, &self.standards(), self.state())
        }
    }

    proptest! {
        #[test]
        fn what_if_equals_working_it_all_out_again(estate in drawn()) {
            let standings = estate.standings();
            let after = standings.state.with(&estate.changes());

            let told = standings.what_if(&estate.changes());

            prop_assert_eq!(&told, &standings.compared_with(&after));
            let again = Standings::new(
                estate.zones(),
                [((Mode::Walk, Measure::Minutes), Arc::new(estate.times()))].into(),
                &estate.standards(),
                after.clone(),
            );
            let zones = estate.zones();
            for (difference, fresh) in told.iter().zip(again.before()) {
                prop_assert_eq!(&difference.after, fresh);
                // And the same again by the other road: every zone's reach, added up.
                let (standard, times) = (&difference.standard, estate.times());
                let [was, is] = [&standings.state, &after]
                    .map(|state| reach(standard, &zones, &times, state));
                prop_assert_eq!(difference.affected, affected(&was, &is));
                let full = assess(standard, &zones, &times, &after);
                prop_assert_eq!(&difference.after, &full.total);
            }
        }

        #[test]
        fn every_way_of_parting_people_adds_up_to_all_of_them(estate in drawn()) {
            for difference in estate.standings().what_if(&estate.changes()) {
                let all = difference.affected;
                let sum = all.better + all.same + all.worse + all.untold;
                prop_assert_eq!(sum, difference.before.people);
                let (was, is) = (&difference.before, &difference.after);
                prop_assert_eq!(
                    was.within + all.gained + all.open_to_within,
                    is.within + all.lost + all.within_to_open
                );
                prop_assert_eq!(
                    was.undetermined + all.within_to_open + all.beyond_to_open,
                    is.undetermined + all.open_to_within + all.open_to_beyond
                );
                prop_assert!(all.in_or_out_of_doubt() <= all.untold);
                prop_assert_eq!(difference.bands.iter().map(|band| band.1).sum::<u64>(), difference.before.people);
                for by in [By::Borough, By::Icb, By::Decile] {
                    let parts = || difference.parts.iter().filter(|part| part.by == by);
                    prop_assert_eq!(parts().map(|part| part.people).sum::<u64>(), difference.before.people);
                    prop_assert_eq!(parts().map(|part| part.affected.worse).sum::<u64>(), all.worse);
                    prop_assert_eq!(parts().map(|part| part.within.1).sum::<u64>(), difference.after.within);
                }
            }
        }

        #[test]
        fn closing_helps_nobody_and_improving_or_offering_hurts_nobody(estate in drawn()) {
            let standings = estate.standings();
            for change in estate.changes() {
                let told = standings.what_if(std::slice::from_ref(&change));
                for Difference { affected, before, after, .. } in told {
                    match change {
                        Change::Close { .. } => {
                            prop_assert_eq!((affected.better, affected.gained), (0, 0));
                            prop_assert_eq!((affected.open_to_within, affected.beyond_to_open), (0, 0));
                            prop_assert!(after.within <= before.within);
                        }
                        Change::Offer { .. } | Change::Improve { passes: Some(true), .. } => {
                            prop_assert_eq!((affected.worse, affected.lost), (0, 0));
                            prop_assert!(after.within >= before.within);
                        }
                        Change::Improve { .. } => {}
                    }
                }
            }
        }
    }

    #[test]
    fn who_is_worse_off_by_hand() {
        // Surgeries at 0 and 4,000 m; 100, 200 and 400 people at 0, 1,000 and 4,000 m; 100 m a minute, limit 15 minutes.
        let estate = Drawn {
            zones: vec![
                (0, 100, Some(10), Some(1)),
                (10, 200, Some(20), Some(10)),
                (40, 400, Some(40), None),
            ],
            sites: vec![(0, Some(true), true), (40, None, true)],
            limit: 15,
            changes: vec![],
            is_blind: false,
        };

        let told = estate.standings().what_if(&[Change::Close { site: site(0) }]);

        let everyone = &told[0];
        let expected = Affected { same: 400, worse: 300, lost: 300, ..Affected::default() };
        assert_eq!(everyone.affected, expected);
        // Searched to 30 minutes: the first 100 have no surgery in reach any more; the next 200 walk 30 minutes, not 10.
        let bands: Vec<u64> = everyone.bands.iter().map(|band| band.1).collect();
        assert_eq!(bands, [100, 0, 200, 0, 0, 400, 0, 0, 0, 0, 0, 0]);
        let worst: Vec<(&str, Option<f64>)> =
            everyone.worst.iter().map(|zone| (zone.zone.as_str(), zone.after)).collect();
        assert_eq!(worst, [("E00", None), ("E01", Some(30.0))]);
        let verdicts: Vec<(&str, Verdict, Verdict)> = everyone
            .verdicts
            .iter()
            .map(|change| (change.name.as_str(), change.before, change.after))
            .collect();
        assert_eq!(verdicts[0], ("All areas", Verdict::Pass, Verdict::Fail), "400 of 700 after");
        // Disabled residents: the surgery that passes is gone; of the other nobody knows.
        let step_free = &told[1];
        assert_eq!((step_free.affected.worse, step_free.affected.lost), (30, 30));
        assert_eq!((step_free.after.within, step_free.after.undetermined), (0, 40));
        // No community care is given, so its standard does not change.
        assert_eq!(told[2].affected.worse, 0);
    }
}
