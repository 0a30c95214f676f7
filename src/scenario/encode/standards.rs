//! Rule 5: the share of each borough within each standard, or no worse than today where today fails.
//!
//! A zone whose coverage no choice can change is added to the constant; zones with equal servers are one point.

use std::collections::BTreeMap;

use solver::{CoverGroup, CoverPoint, Server};

use crate::access::{Group, Standard};
use crate::geography::Zone;
use crate::register::SiteCode;
use crate::travel::TravelTimes;

use super::super::Objective;
use super::super::ground::Ground;
use super::{Key, KeyGroup};

/// What a site does for one standard.
#[derive(Default)]
struct Serves {
    /// By a tenancy that stays.
    always: bool,
    /// As things are.
    today: bool,
    /// By units that may be there.
    servers: Vec<Server>,
}

#[derive(Default)]
struct Borough {
    name: String,
    people: f64,
    today: f64,
    always: f64,
    points: BTreeMap<Vec<Server>, f64>,
}

/// One group a standard and borough whose coverage may change.
pub(super) fn groups(ground: &Ground<'_>, key: &Key) -> Vec<(CoverGroup, KeyGroup)> {
    ground.scenario.standards.iter().flat_map(|standard| of(ground, key, standard)).collect()
}

fn of(ground: &Ground<'_>, key: &Key, standard: &Standard) -> Vec<(CoverGroup, KeyGroup)> {
    let serving = serving(ground, key, standard);
    if serving.values().all(|serves| serves.servers.is_empty()) {
        return Vec::new();
    }
    let everywhere: Vec<usize> = key.units.iter().map(|unit| unit.places.len()).collect();
    let mut boroughs: BTreeMap<String, Borough> = BTreeMap::new();
    let Some(reach) = Reach::new(ground, standard, &serving) else { return Vec::new() };
    let zones = ground.estate.geography.zones.iter();
    for zone in zones.filter(|zone| standard.area.holds(zone)) {
        // People the source does not count are in no floor: there is nothing to hold the plan to.
        let Some(people) = standard.group.people(zone) else { continue };
        let people = people as f64;
        let borough = boroughs.entry(zone.borough_code.clone()).or_default();
        borough.name.clone_from(&zone.borough_name);
        borough.people += people;
        let (mut always, mut today) = (false, false);
        let mut servers: Vec<Server> = Vec::new();
        for serves in reach.sites(zone) {
            always |= serves.always;
            today |= serves.today;
            servers.extend(&serves.servers);
        }
        servers.sort_unstable();
        servers.dedup();
        if today {
            borough.today += people;
        }
        if always || always_by_a_unit(&servers, &everywhere) {
            borough.always += people;
        } else if !servers.is_empty() {
            *borough.points.entry(servers).or_default() += people;
        }
    }
    let price = if ground.scenario.objective == Objective::PeopleWorseOff { 1.0 } else { 0.0 };
    boroughs
        .into_values()
        .filter_map(|borough| {
            let floor = (standard.share * borough.people).min(borough.today);
            let needed = floor - borough.always;
            if borough.points.is_empty() || (needed <= 0.0 && price <= 0.0) {
                return None;
            }
            let points = borough.points.into_iter();
            let group = CoverGroup {
                name: format!("{} in {}", standard.words, borough.name),
                points: points.map(|(servers, weight)| CoverPoint { weight, servers }).collect(),
                needed,
                price,
                shortfall_price: None,
            };
            let key = KeyGroup {
                standard: standard.words.clone(),
                borough: borough.name,
                people: borough.people,
                always: borough.always,
                today: borough.today,
                share: standard.share,
            };
            Some((group, key))
        })
        .collect()
}

/// Wherever this unit goes, it serves.
fn always_by_a_unit(servers: &[Server], everywhere: &[usize]) -> bool {
    servers
        .chunk_by(|a, b| a.unit == b.unit)
        .any(|same| same.first().and_then(|s| everywhere.get(s.unit)) == Some(&same.len()))
}

fn serving(ground: &Ground<'_>, key: &Key, standard: &Standard) -> BTreeMap<SiteCode, Serves> {
    let needs_gates = standard.group == Group::StepFree;
    let counts = |site: &SiteCode| !needs_gates || ground.passes(site) == Some(true);
    let mut serving: BTreeMap<SiteCode, Serves> = BTreeMap::new();
    let units: BTreeMap<_, usize> =
        key.units.iter().enumerate().map(|(at, unit)| (&unit.tenancy, at)).collect();
    let offering = ground
        .occupants
        .values()
        .filter(|occupant| occupant.service_line == Some(standard.service_line));
    for occupant in offering {
        let unit = units.get(&occupant.id).copied();
        if counts(&occupant.site) {
            let serves = serving.entry(occupant.site.clone()).or_default();
            serves.today = true;
            serves.always |= unit.is_none();
        }
        let Some((unit, known)) = unit.and_then(|at| Some((at, key.units.get(at)?))) else {
            continue;
        };
        for (place, there) in known.places.iter().enumerate() {
            if there.is_after_works || counts(&there.site) {
                let serves = serving.entry(there.site.clone()).or_default();
                serves.servers.push(Server { unit, place });
            }
        }
    }
    serving
}

/// Which of the serving sites a zone reaches.
struct Reach<'a> {
    times: &'a TravelTimes,
    serving: Vec<Option<&'a Serves>>,
    most: f64,
}

impl<'a> Reach<'a> {
    fn new(
        ground: &'a Ground<'_>,
        standard: &Standard,
        serving: &'a BTreeMap<SiteCode, Serves>,
    ) -> Option<Self> {
        let times = ground.times(standard)?;
        let most = standard.limit_in(times)?.0;
        let serving = times.sites.iter().map(|site| serving.get(site)).collect();
        Some(Self { times, serving, most })
    }

    /// Exactly at the limit is inside.
    fn sites(&self, zone: &Zone) -> impl Iterator<Item = &'a Serves> {
        let row = self.times.zone_index(&zone.code).map_or(&[][..], |at| self.times.row(at));
        row.iter().filter(|pair| pair.minutes.0 <= self.most).filter_map(|pair| {
            self.serving.get(usize::try_from(pair.site).ok()?).copied().flatten()
        })
    }
}
