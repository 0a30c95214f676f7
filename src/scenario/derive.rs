//! Reading the register for a plan: who occupies each site, what space they need, what room a site can offer.
//!
//! Every figure that is not recorded is either worked out from a named assumption, which is returned with it, or
//! unknown with a reason. No decision is taken here.

use std::collections::{BTreeMap, BTreeSet};

use crate::access::Doubt;
use crate::register::{
    Assumptions, Field, Pence, Register, ServiceLine, Site, SiteCode, SiteStatus, SpaceUse,
    SquareMetres, Tenancy, TenancyId, Word,
};

use super::Reason;

/// Someone at a site: a tenancy of the register, or the services a site must house though no tenancy is recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct Occupant {
    /// The tenancy's id; for services without a recorded tenancy the site code and `-SERVICES`.
    pub id: TenancyId,
    /// Its name.
    pub name: String,
    /// Where it is today.
    pub site: SiteCode,
    /// What care it gives.
    pub service_line: Option<ServiceLine>,
    /// People it serves, where known.
    pub people: Option<f64>,
    /// The space it takes, or why that cannot be said.
    pub need: Result<Need, Reason>,
    /// Co-dependent group.
    pub together: Option<String>,
    /// Not a tenancy of the register.
    pub is_derived: bool,
}

/// Space by type, and what it rests on.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Need {
    /// Where patients are treated.
    pub clinical: SquareMetres,
    /// Offices, stores, staff.
    pub non_clinical: SquareMetres,
    /// Assumption keys it rests on; empty where measured.
    pub assumed: Vec<String>,
}

/// Room that others may take, beyond what a site's own tenancies hold.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Room {
    /// Where patients are treated.
    pub clinical: SquareMetres,
    /// Offices, stores, staff.
    pub non_clinical: SquareMetres,
    /// Assumption keys it rests on.
    pub assumed: Vec<String>,
    /// Whether its size, not only its split, is assumed.
    pub is_assumed: bool,
}

impl Need {
    /// Both types together.
    pub fn total(&self) -> f64 {
        self.clinical.0 + self.non_clinical.0
    }
}

impl Room {
    /// Both types together.
    pub fn total(&self) -> f64 {
        self.clinical.0 + self.non_clinical.0
    }
}

/// Everyone at the open, placed sites of the register, by tenancy id.
pub fn occupants(register: &Register, figures: &Assumptions) -> BTreeMap<TenancyId, Occupant> {
    let mut found: BTreeMap<TenancyId, Occupant> = BTreeMap::new();
    let mut housed: BTreeMap<SiteCode, usize> = BTreeMap::new();
    for tenancy in register.tenancies().filter(|tenancy| tenancy.is_open()) {
        let Some(site) = tenancy.site().and_then(|code| register.site(&code)) else { continue };
        if !is_in_use(site) {
            continue;
        }
        *housed.entry(site.code.clone()).or_default() += 1;
        found.insert(tenancy.id.clone(), recorded(tenancy, site, figures));
    }
    for site in register.sites().filter(|site| is_in_use(site)) {
        if housed.contains_key(&site.code) {
            continue;
        }
        if let Some(occupant) = services_at(site, figures) {
            found.entry(occupant.id.clone()).or_insert(occupant);
        }
    }
    found
}

/// Kinds of care that nobody at an open, placed site is known to offer, and why not: no evidence of an offer is none of
/// its absence.
pub(super) fn silence(
    register: &Register,
    occupants: &BTreeMap<TenancyId, Occupant>,
) -> BTreeMap<ServiceLine, Doubt> {
    let heard: BTreeSet<ServiceLine> =
        occupants.values().filter_map(|occupant| occupant.service_line).collect();
    let is_lost = |site: &&Site| {
        site.status() == SiteStatus::Open && !site.is_aggregate() && site.location().is_none()
    };
    let at_lost = |tenancy: &Tenancy| {
        let site = register.site(&tenancy.site()?).filter(is_lost)?;
        tenancy.is_open().then(|| tenancy.service_line().or_else(|| line_of(site_kind(site))))?
    };
    let by_type = register.sites().filter(is_lost).filter_map(|site| line_of(site_kind(site)));
    let lost: BTreeSet<ServiceLine> =
        register.tenancies().filter_map(at_lost).chain(by_type).collect();
    let silent = ServiceLine::ALL.iter().copied().filter(|line| !heard.contains(line));
    let why = |line| if lost.contains(&line) { Doubt::NotPlaced } else { Doubt::NoOffer };
    silent.map(|line| (line, why(line))).collect()
}

/// Open, located, and a place rather than a sum of places.
pub(super) fn is_in_use(site: &Site) -> bool {
    site.status() == SiteStatus::Open && is_placed(site)
}

/// Located, and a place rather than a sum of places.
pub(super) fn is_placed(site: &Site) -> bool {
    !site.is_aggregate() && site.location().is_some()
}

/// The kind of site, from the published site type: the tail of assumption keys such as
/// `room.receivable_share.non_inpatient`.
pub(super) fn site_kind(site: &Site) -> &'static str {
    let Some(text) = site.text(Field::SiteType) else { return "unknown" };
    let text = text.to_lowercase();
    // Order matters: "Mental Health (including Specialist services)" is not a specialist hospital.
    let kinds: [(&str, &[&str]); 10] = [
        ("non_inpatient", &["non inpatient", "non-inpatient", "clinic", "health centre"]),
        ("mental_health", &["mental health", "learning disab"]),
        (
            "primary_care",
            &["gp ", "gp_", "general practice", "surgery", "practice", "primary care"],
        ),
        ("community_hospital", &["community hospital"]),
        ("treatment_centre", &["treatment centre", "outpatient"]),
        ("acute", &["acute", "specialist", "mixed service", "teaching"]),
        ("inpatient", &["inpatient", "hospital"]),
        ("support", &["support", "office", "headquarters", "ambulance"]),
        ("unoccupied", &["unoccupied"]),
        ("community", &["community"]),
    ];
    kinds
        .iter()
        .find(|(_, words)| words.iter().any(|word| text.contains(word)))
        .map_or("other", |(kind, _)| kind)
}

/// The care given at a site that has no recorded tenancy, from its type.
fn line_of(kind: &str) -> Option<ServiceLine> {
    match kind {
        "non_inpatient" | "community" => Some(ServiceLine::Community),
        "mental_health" => Some(ServiceLine::MentalHealth),
        "primary_care" => Some(ServiceLine::PrimaryCare),
        "treatment_centre" => Some(ServiceLine::Outpatients),
        "community_hospital" | "acute" | "inpatient" => Some(ServiceLine::Inpatient),
        "support" => Some(ServiceLine::Support),
        _ => None,
    }
}

fn recorded(tenancy: &Tenancy, site: &Site, figures: &Assumptions) -> Occupant {
    let service_line = tenancy.service_line();
    Occupant {
        id: tenancy.id.clone(),
        name: tenancy.name().to_owned(),
        site: site.code.clone(),
        service_line,
        people: tenancy.number(Field::TenancyPeople),
        need: need_of(tenancy, service_line, figures),
        together: tenancy.text(Field::TenancyTogether).map(str::to_owned),
        is_derived: false,
    }
}

/// Recorded space; else rooms from contacts; else list size by a named figure; else unknown.
fn need_of(
    tenancy: &Tenancy,
    line: Option<ServiceLine>,
    figures: &Assumptions,
) -> Result<Need, Reason> {
    let clinical = tenancy.area(Field::TenancyClinicalArea);
    let non_clinical = tenancy.area(Field::TenancyNonClinicalArea);
    let is_support = line == Some(ServiceLine::Support);
    match (clinical, non_clinical) {
        (Some(clinical), Some(non_clinical)) => {
            return Ok(Need { clinical, non_clinical, assumed: Vec::new() });
        }
        (None, Some(non_clinical)) if is_support => {
            return Ok(Need { clinical: SquareMetres(0.0), non_clinical, assumed: Vec::new() });
        }
        (Some(clinical), None) => {
            if let Some((key, share)) = share_for(figures, "space.clinical_share", line_key(line))
                .filter(|(_, share)| *share > 0.0)
            {
                let non_clinical = SquareMetres(clinical.0 * (1.0 - share) / share);
                return Ok(Need { clinical, non_clinical, assumed: vec![key] });
            }
        }
        _ => {}
    }
    rooms_for_contacts(tenancy, line, figures).or_else(|| space_for_list(tenancy, line, figures)).ok_or_else(
        || Reason {
            code: "need_unknown".to_owned(),
            words: format!(
                "The space {} needs is not recorded, and neither its contacts nor an assumption for its list size gives it.",
                tenancy.name()
            ),
        },
    )
}

/// `rooms = contacts x minutes / 60 / (weeks x open hours x target utilisation)`, rounded up, each a room with its
/// circulation (NHS Strategy Unit; same shape as HBN 11-01).
fn rooms_for_contacts(
    tenancy: &Tenancy,
    line: Option<ServiceLine>,
    figures: &Assumptions,
) -> Option<Need> {
    let contacts = tenancy.number(Field::TenancyContacts)?;
    let minutes = tenancy.number(Field::TenancyContactMinutes)?;
    let mut assumed = Vec::new();
    let recorded = tenancy.number(Field::TenancyOpenHours).filter(|hours| *hours > 0.0);
    let open_hours = if let Some(hours) = recorded {
        hours
    } else {
        assumed.push("space.open_hours_a_week".to_owned());
        figures.value("space.open_hours_a_week").ok()?
    };
    let keys =
        ["space.open_weeks", "room.sensor_target", "space.room_m2", "space.circulation_share"];
    let mut values = [0.0; 4];
    for (value, key) in values.iter_mut().zip(keys) {
        *value = figures.value(key).ok()?;
    }
    let [weeks, target, room, circulation] = values;
    let (share_key, clinical_share) = share_for(figures, "space.clinical_share", line_key(line))?;
    let hours = weeks * open_hours * target;
    if hours <= 0.0 || clinical_share <= 0.0 {
        return None;
    }
    let rooms = (contacts * minutes / 60.0 / hours).ceil();
    let clinical = rooms * room * (1.0 + circulation);
    assumed.extend(keys.iter().map(|key| (*key).to_owned()));
    assumed.push(share_key);
    Some(Need {
        clinical: SquareMetres(clinical),
        non_clinical: SquareMetres(clinical * (1.0 - clinical_share) / clinical_share),
        assumed,
    })
}

/// Area by list size. General practice needs less a head as lists grow from 10,000 to 20,000 (HUDU).
fn space_for_list(
    tenancy: &Tenancy,
    line: Option<ServiceLine>,
    figures: &Assumptions,
) -> Option<Need> {
    let people = tenancy.number(Field::TenancyPeople)?;
    let mut assumed = Vec::new();
    let mut figure = |key: String| -> Option<f64> {
        let value = figures.value(&key).ok()?;
        assumed.push(key);
        Some(value)
    };
    let per_1000 = if line == Some(ServiceLine::PrimaryCare) {
        let small = figure("space.primary_care.m2_per_1000_patients".to_owned())?;
        let grown = ((people - 10_000.0) / 10_000.0).clamp(0.0, 1.0);
        if grown > 0.0 {
            let large = figure("space.primary_care.large_list_m2_per_1000_patients".to_owned())?;
            small + (large - small) * grown
        } else {
            small
        }
    } else {
        figure(format!("space.{}.m2_per_1000_people", line_key(line)?))?
    };
    let (share_key, share) = share_for(figures, "space.clinical_share", line_key(line))?;
    assumed.push(share_key);
    Some(split(people / 1000.0 * per_1000, share, assumed))
}

/// "Services at X": an open site with space in use and no recorded tenancy still houses someone.
fn services_at(site: &Site, figures: &Assumptions) -> Option<Occupant> {
    let kind = site_kind(site);
    let service_line = line_of(kind);
    let id: TenancyId = format!("{}-SERVICES", site.code).parse().ok()?;
    let name = format!("Services at {}", site.name());
    let occupant = |need| Occupant {
        id,
        name,
        site: site.code.clone(),
        service_line,
        people: None,
        need,
        together: None,
        is_derived: true,
    };
    let mut assumed = Vec::new();
    let occupied = occupied_m2(site, figures, &mut assumed);
    if let (Some(_), Some(clinical), Some(non_clinical)) = (
        occupied.filter(|_| assumed.is_empty()),
        site.area(Field::ClinicalArea),
        site.area(Field::NonClinicalArea),
    ) {
        return Some(occupant(Ok(Need { clinical, non_clinical, assumed })));
    }
    let need = occupied.and_then(|occupied| {
        if occupied <= 0.0 {
            return Some(Need::default());
        }
        let (share, keys) = clinical_share_of(site, service_line, figures)?;
        assumed.extend(keys);
        Some(split(occupied, share, assumed))
    });
    match need {
        Some(need) if need.total() <= 0.0 => None,
        Some(need) => Some(occupant(Ok(need))),
        None => Some(occupant(Err(Reason {
            code: "occupancy_unknown".to_owned(),
            words: format!("What space is in use at {} is not known.", site.name()),
        }))),
    }
}

/// Recorded; else gross less what is recorded as empty; else gross by a named share.
fn occupied_m2(site: &Site, figures: &Assumptions, assumed: &mut Vec<String>) -> Option<f64> {
    if let Some(occupied) = site.area(Field::OccupiedArea) {
        return Some(occupied.0);
    }
    let gross = site.area(Field::GrossInternalArea)?.0;
    if let Some(empty) = site.area(Field::EmptyArea) {
        return Some((gross - empty.0).max(0.0));
    }
    let (key, share) = share_for(figures, "space.occupied_share", Some(site_kind(site)))?;
    assumed.push(key);
    Some(gross * share)
}

/// Clinical share of a site's space: measured, else by a named figure for its care, else for its kind.
fn clinical_share_of(
    site: &Site,
    line: Option<ServiceLine>,
    figures: &Assumptions,
) -> Option<(f64, Vec<String>)> {
    let measured = site.area(Field::ClinicalArea).zip(site.area(Field::NonClinicalArea));
    if let Some((clinical, non_clinical)) = measured {
        let total = clinical.0 + non_clinical.0;
        if total > 0.0 {
            return Some((clinical.0 / total, Vec::new()));
        }
    }
    share_for(figures, "space.clinical_share", line_key(line))
        .map(|(key, share)| (share, vec![key]))
}

/// What others may take at a site: named shares of its measured empty and under-used space; where neither was
/// measured, nothing, unless the set has `room.receivable_share` for its kind of site. Works add a named share of its
/// gross area.
pub fn receivable(
    site: &Site,
    own: &[&Occupant],
    is_improved: bool,
    figures: &Assumptions,
) -> Room {
    let mut assumed = Vec::new();
    let mut is_assumed = false;
    let mut measured = |field: Field, key: &str| {
        let m2 = site.area(field)?.0;
        if m2 <= 0.0 {
            return Some(0.0);
        }
        let share = figures.value(key).ok()?;
        assumed.push(key.to_owned());
        Some(m2 * share.clamp(0.0, 1.0))
    };
    let empty = measured(Field::EmptyArea, "room.empty_releasable_share");
    let under_used = measured(Field::UnderUsedArea, "room.under_used_releasable_share");
    let mut total = match (empty, under_used) {
        (None, None) => size_of(site, own)
            .zip(share_for(figures, "room.receivable_share", Some(site_kind(site))))
            .map_or(0.0, |((size, size_rests_on), (key, share))| {
                is_assumed = true;
                assumed.push(key);
                assumed.extend(size_rests_on);
                size * share
            }),
        (empty, under_used) => empty.unwrap_or(0.0) + under_used.unwrap_or(0.0),
    };
    if is_improved
        && let Ok(share) = figures.value("room.improve_gain_share")
        && let Some((size, size_rests_on)) = size_of(site, own)
    {
        total += size * share;
        assumed.push("room.improve_gain_share".to_owned());
        assumed.extend(size_rests_on);
    }
    if total <= 0.0 {
        return Room::default();
    }
    let line = own.iter().find_map(|occupant| occupant.service_line);
    // Where nobody can say how a site's room divides, it is offered to nobody.
    let Some((share, keys)) = clinical_share_of(site, line, figures) else {
        return Room::default();
    };
    assumed.extend(keys);
    assumed.sort();
    assumed.dedup();
    let need = split(total, share, assumed);
    Room {
        clinical: need.clinical,
        non_clinical: need.non_clinical,
        assumed: need.assumed,
        is_assumed,
    }
}

/// Gross area; where none is recorded, what its own tenancies are known or assumed to take.
fn size_of(site: &Site, own: &[&Occupant]) -> Option<(f64, Vec<String>)> {
    if let Some(gross) = site.area(Field::GrossInternalArea) {
        return Some((gross.0, Vec::new()));
    }
    let needs: Option<Vec<&Need>> =
        own.iter().map(|occupant| occupant.need.as_ref().ok()).collect();
    let needs = needs.filter(|needs| !needs.is_empty())?;
    let keys = needs.iter().flat_map(|need| need.assumed.iter().cloned()).collect();
    Some((needs.iter().map(|need| need.total()).sum(), keys))
}

/// Empty and under-used space as measured; `None` where neither was.
pub fn spare_m2(site: &Site) -> Option<f64> {
    match (site.area(Field::EmptyArea), site.area(Field::UnderUsedArea)) {
        (None, None) => None,
        (empty, under_used) => {
            Some(empty.map_or(0.0, |m2| m2.0) + under_used.map_or(0.0, |m2| m2.0))
        }
    }
}

/// Measured spare space above the benchmark share of the gross area, or facet 3 empty or under-used, or standing empty.
pub(super) fn is_under_used(site: &Site, figures: &Assumptions) -> bool {
    let by_area = spare_m2(site)
        .zip(site.area(Field::GrossInternalArea))
        .zip(figures.value("benchmark.unused_share").ok())
        .is_some_and(|((spare, gross), most)| gross.0 > 0.0 && spare > gross.0 * most);
    let by_facet = matches!(
        site.word::<SpaceUse>(Field::FacetSpaceUse),
        Some(SpaceUse::Empty | SpaceUse::Under)
    );
    by_area || by_facet || site.status() == SiteStatus::Unoccupied
}

/// Whether its people travel to it.
pub(super) fn has_patients(line: Option<ServiceLine>) -> bool {
    line != Some(ServiceLine::Support)
}

/// Known backlog of a site.
pub(super) fn backlog_of(site: &Site) -> Option<Pence> {
    site.backlog().get().copied()
}

fn split(total: f64, clinical_share: f64, assumed: Vec<String>) -> Need {
    let clinical = total * clinical_share.clamp(0.0, 1.0);
    Need { clinical: SquareMetres(clinical), non_clinical: SquareMetres(total - clinical), assumed }
}

fn line_key(line: Option<ServiceLine>) -> Option<&'static str> {
    line.map(Word::word)
}

/// The figure `{prefix}.{tail}`, else `{prefix}.default`, with the key that was used.
pub(super) fn share_for(
    figures: &Assumptions,
    prefix: &str,
    tail: Option<&str>,
) -> Option<(String, f64)> {
    let own = tail.map(|tail| format!("{prefix}.{tail}"));
    own.into_iter()
        .chain([format!("{prefix}.default")])
        .find_map(|key| figures.value(&key).ok().map(|value| (key, value)))
}
