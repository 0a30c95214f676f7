//! Where each tenancy could go: nearest first, gates and room and journeys before price.

use std::collections::{BTreeMap, BTreeSet};

use crate::fund::OptionKind;
use crate::register::{AccessAnswer, AccessItem, ServiceLine, Site, SiteCode, TenancyId};

use super::super::derive::{self, Need, Occupant, Room};
use super::super::ground::Ground;
use super::super::journeys::{Catchments, Journeys};
use super::super::{LockKind, Reason, ScenarioError};
use super::options::SiteOptions;
use super::{KeyPlace, room_of};

/// A search over all tenancies whose site may close.
pub(super) struct Search<'a> {
    ground: &'a Ground<'a>,
    sites: &'a BTreeMap<SiteCode, SiteOptions<'a>>,
    catchments: &'a Catchments<'a>,
    offers: BTreeMap<&'a SiteCode, Receiving<'a>>,
}

/// What a site in use can offer to those who arrive: whether its gates pass, and room, before and after works.
struct Receiving<'a> {
    site: &'a Site,
    passes: Option<bool>,
    room: Room,
    room_after_works: Option<Room>,
}

/// What it found.
#[derive(Default)]
pub(super) struct Found {
    /// The places of each tenancy that may move, its own first.
    pub(super) places: BTreeMap<TenancyId, Vec<KeyPlace>>,
    /// Why the others at sites decided about stay.
    pub(super) stays: BTreeMap<TenancyId, Reason>,
    /// Sites that cannot close because somebody there cannot move.
    pub(super) cannot_close: BTreeMap<SiteCode, Reason>,
}

/// Why sites within the distance were passed over.
#[derive(Default)]
struct PassedOver {
    sites: u32,
    locked: u32,
    gates_failed: u32,
    gates_unknown: u32,
    must_have: u32,
    room: u32,
    journeys: u32,
    journeys_unknown: u32,
}

struct Limits {
    candidates: usize,
    max_metres: f64,
    worst_increase: f64,
    share_beyond: f64,
}

impl<'a> Search<'a> {
    pub(super) fn new(
        ground: &'a Ground<'a>,
        sites: &'a BTreeMap<SiteCode, SiteOptions<'a>>,
        catchments: &'a Catchments<'a>,
    ) -> Self {
        let in_use = sites.iter().filter(|(_, options)| derive::is_in_use(options.site));
        let receiving = |options: &SiteOptions<'a>| {
            let site = options.site;
            let is_mended = options.allows(OptionKind::Improve) && ground.passes_after_works(site);
            Receiving {
                site,
                passes: ground.passes(&site.code),
                room: room_of(ground, site, OptionKind::Keep),
                room_after_works: is_mended.then(|| room_of(ground, site, OptionKind::Improve)),
            }
        };
        let offers = in_use.map(|(code, options)| (code, receiving(options))).collect();
        Self { ground, sites, catchments, offers }
    }

    pub(super) fn run(&self) -> Result<Found, ScenarioError> {
        let limits = self.limits()?;
        let mut found = Found::default();
        for options in self.sites.values() {
            let code = &options.site.code;
            let occupants: Vec<&Occupant> = self.ground.at(code).collect();
            if !options.allows(OptionKind::Dispose) {
                if let Some(reason) = options.why_not(OptionKind::Dispose) {
                    let stay = occupants.iter().map(|o| (o.id.clone(), reason.clone()));
                    found.stays.extend(stay);
                }
                continue;
            }
            match self.all_of(&occupants, options, &limits) {
                Ok(places) => found.places.extend(places),
                Err(stuck) => {
                    found.cannot_close.insert(code.clone(), stuck.clone());
                    let stay = occupants.iter().map(|o| (o.id.clone(), stuck.clone()));
                    found.stays.extend(stay);
                }
            }
        }
        Ok(found)
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to 0..=100 on the same line"
    )]
    fn limits(&self) -> Result<Limits, ScenarioError> {
        let figures = &self.ground.scenario.assumptions;
        Ok(Limits {
            candidates: figures.value("moves.candidates")?.clamp(0.0, 100.0).round() as usize,
            max_metres: figures.value("moves.max_metres")?,
            worst_increase: figures.value("journeys.worst_increase_minutes")?,
            share_beyond: self.ground.scenario.journey_share_beyond,
        })
    }

    /// Places for everyone at a site, or why one of them cannot leave.
    fn all_of(
        &self,
        occupants: &[&Occupant],
        options: &SiteOptions<'_>,
        limits: &Limits,
    ) -> Result<BTreeMap<TenancyId, Vec<KeyPlace>>, Reason> {
        let mut all = BTreeMap::new();
        for occupant in occupants {
            let mut places = own_places(options);
            places.extend(self.places_of(occupant, limits)?);
            all.insert(occupant.id.clone(), places);
        }
        keep_common_places(occupants, &mut all)?;
        Ok(all)
    }

    fn places_of(&self, occupant: &Occupant, limits: &Limits) -> Result<Vec<KeyPlace>, Reason> {
        let need = occupant.need.as_ref().map_err(Clone::clone)?;
        let line = why_or_line(occupant)?;
        let stuck = |code: &str, words: String| Err(Reason { code: code.to_owned(), words });
        let Some(from) = self.ground.point(&occupant.site) else {
            return stuck("not_located", format!("{} is not located.", occupant.name));
        };
        let must_have = self.ground.must_have(line);
        let mut passed = PassedOver::default();
        let mut places = Vec::new();
        let mut taken = 0;
        for near in self.ground.estate.index.within(from, limits.max_metres) {
            if *near.code == occupant.site || taken >= limits.candidates {
                continue;
            }
            let Some(offer) = self.offers.get(near.code) else { continue };
            passed.sites += 1;
            if self.ground.locks.get(near.code) == Some(&LockKind::Close) {
                passed.locked += 1;
                continue;
            }
            if !has_all(offer.site, &must_have, self.ground.reading.unknown_gates_pass) {
                passed.must_have += 1;
                continue;
            }
            let classes = offer.classes(need, &mut passed);
            if classes.is_empty() {
                continue;
            }
            let Ok(journeys) = self.journeys(occupant, line, near.code, limits, &mut passed) else {
                continue;
            };
            taken += 1;
            places.extend(classes.into_iter().map(|is_after_works| KeyPlace {
                site: near.code.clone(),
                metres: near.metres,
                is_after_works,
                journeys,
            }));
        }
        if places.is_empty() {
            return stuck("nowhere_to_go", nowhere(occupant, need, limits, &passed));
        }
        Ok(places)
    }

    /// `Err` where the journeys rule forbids the place, or nobody can tell; `Ok(None)` for services without patients.
    fn journeys(
        &self,
        occupant: &Occupant,
        line: ServiceLine,
        to: &SiteCode,
        limits: &Limits,
        passed: &mut PassedOver,
    ) -> Result<Option<Journeys>, ()> {
        if !derive::has_patients(Some(line)) {
            return Ok(None);
        }
        let journeys = self
            .ground
            .journeys
            .get(&line)
            .zip(self.ground.point(&occupant.site))
            .zip(self.ground.point(to))
            .and_then(|((limit, from), there)| {
                self.catchments.moved(line, (&occupant.site, from), (to, there), limit)
            });
        let Some(journeys) = journeys else {
            passed.journeys_unknown += 1;
            return Err(());
        };
        let most_beyond = limits.share_beyond.max(journeys.beyond_before);
        if journeys.beyond_after > most_beyond + 1e-9
            || journeys.worst_increase > limits.worst_increase + 1e-9
        {
            passed.journeys += 1;
            return Err(());
        }
        Ok(Some(journeys))
    }
}

/// Co-dependent tenancies can only go where all of them can.
fn keep_common_places(
    occupants: &[&Occupant],
    all: &mut BTreeMap<TenancyId, Vec<KeyPlace>>,
) -> Result<(), Reason> {
    let mut groups: BTreeMap<&str, Vec<&Occupant>> = BTreeMap::new();
    for occupant in occupants {
        if let Some(group) = occupant.together.as_deref() {
            groups.entry(group).or_default().push(occupant);
        }
    }
    for (group, members) in groups.into_iter().filter(|(_, members)| members.len() > 1) {
        let mut common: Option<BTreeSet<(SiteCode, bool)>> = None;
        for places in members.iter().filter_map(|member| all.get(&member.id)) {
            let these =
                places.iter().map(|place| (place.site.clone(), place.is_after_works)).collect();
            common = Some(match common {
                Some(common) => common.intersection(&these).cloned().collect(),
                None => these,
            });
        }
        let common = common.unwrap_or_default();
        for member in &members {
            if let Some(places) = all.get_mut(&member.id) {
                places.retain(|place| common.contains(&(place.site.clone(), place.is_after_works)));
                if places.iter().all(|place| place.site == member.site) {
                    return Err(Reason {
                        code: "together_nowhere".to_owned(),
                        words: format!(
                            "{} must move with the rest of {group:?}, and no one site can take them all.",
                            member.name
                        ),
                    });
                }
            }
        }
    }
    Ok(())
}

impl Receiving<'_> {
    /// Before works (`false`), after works, or both: whenever every gate is known to pass and there is room.
    fn classes(&self, need: &Need, passed: &mut PassedOver) -> Vec<bool> {
        let before = Some(&self.room).filter(|_| self.passes == Some(true));
        let with_gates = [(false, before), (true, self.room_after_works.as_ref())];
        if with_gates.iter().all(|(_, room)| room.is_none()) {
            match self.passes {
                None => passed.gates_unknown += 1,
                Some(_) => passed.gates_failed += 1,
            }
            return Vec::new();
        }
        let fits =
            |room: &Room| room.clinical >= need.clinical && room.non_clinical >= need.non_clinical;
        let classes: Vec<bool> = with_gates
            .into_iter()
            .filter(|(_, room)| room.is_some_and(fits))
            .map(|(is_after_works, _)| is_after_works)
            .collect();
        passed.room += u32::from(classes.is_empty());
        classes
    }
}

fn own_places(options: &SiteOptions<'_>) -> Vec<KeyPlace> {
    let own = |is_after_works| KeyPlace {
        site: options.site.code.clone(),
        metres: 0.0,
        is_after_works,
        journeys: None,
    };
    let mut places = vec![own(false)];
    if options.allows(OptionKind::Improve) {
        places.push(own(true));
    }
    places
}

/// Acute care is never moved by a plan of this kind; care of unknown kind has no rule it could be moved by.
fn why_or_line(occupant: &Occupant) -> Result<ServiceLine, Reason> {
    match occupant.service_line {
        Some(ServiceLine::Inpatient | ServiceLine::Specialised) => Err(Reason {
            code: "acute_not_moved".to_owned(),
            words: format!(
                "There is acute, inpatient or specialised care ({}), which this plan does not move.",
                occupant.name
            ),
        }),
        Some(line) => Ok(line),
        None => Err(Reason {
            code: "service_line_unknown".to_owned(),
            words: format!("The kind of care given by {} is not recorded.", occupant.name),
        }),
    }
}

fn has_all(site: &Site, items: &[AccessItem], unknown_passes: bool) -> bool {
    items.iter().all(|item| match site.access(*item) {
        Some(AccessAnswer::Yes | AccessAnswer::NotApplicable) => true,
        Some(_) => false,
        None => unknown_passes,
    })
}

fn nowhere(occupant: &Occupant, need: &Need, limits: &Limits, passed: &PassedOver) -> String {
    if passed.sites == 0 {
        return format!(
            "There is nowhere for {} to go: no other open site in scope lies within {:.0} m.",
            occupant.name, limits.max_metres
        );
    }
    let mut why = Vec::new();
    let mut say = |count: u32, one: &str| {
        if count > 0 {
            why.push(format!("{count} {one}"));
        }
    };
    say(passed.room, "without room");
    say(passed.gates_failed, "failing an access gate that no works would mend");
    say(passed.gates_unknown, "with unknown access gates");
    say(passed.journeys, "too far for its own people");
    say(passed.journeys_unknown, "to which its own people's journeys are unknown");
    say(passed.must_have, "lacking what this care must have");
    say(passed.locked, "locked to close");
    format!(
        "There is nowhere for {} to go: it takes {:.0} m², and of {} open sites within {:.0} m, {}.",
        occupant.name,
        need.total(),
        passed.sites,
        limits.max_metres,
        why.join(", ")
    )
}
