//! The solver's choices as a proposal in estate terms.
//!
//! Takes nothing from the solver but which option and which place; every figure is worked out again, and every pound
//! comes from the fund's ledger in whole pence.

mod actions;
mod clauses;
mod refusals;

use std::collections::{BTreeMap, BTreeSet};

use solver::{Plan, Problem};

use crate::access::{self, AreaAssessment, Assessment, Offer, State, Verdict};
use crate::fund::{Arrival, Decision, Ledger, LineKind, OptionKind, ValueSource};
use crate::register::{Pence, Site, SiteCode, TenancyId};

use super::derive;
use super::encode::{Key, KeyPlace, KeyUnit};
use super::ground::Ground;
use super::journeys::{JourneyLimit, line_label};
use super::{Finding, Move, Proposal, Reliance};

/// Which option each site takes and where each tenancy that leaves goes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Choices {
    /// Every site decided about.
    pub options: BTreeMap<SiteCode, OptionKind>,
    /// Tenancies that leave: from, to.
    pub moves: BTreeMap<TenancyId, (SiteCode, SiteCode)>,
}

/// Reads the choices out of a plan.
pub fn choices(key: &Key, plan: &Plan) -> Choices {
    let mut choices = Choices::default();
    for (site, option) in key.sites.iter().zip(&plan.options) {
        if let Some(kind) = site.options.get(*option) {
            choices.options.insert(site.code.clone(), *kind);
        }
    }
    for (unit, place) in placed(key, plan) {
        if place.site != unit.from {
            choices.moves.insert(unit.tenancy.clone(), (unit.from.clone(), place.site.clone()));
        }
    }
    choices
}

fn placed<'k>(key: &'k Key, plan: &Plan) -> Vec<(&'k KeyUnit, &'k KeyPlace)> {
    let place = |(at, unit): (usize, &'k KeyUnit)| Some((unit, unit.places.get(plan.place(at)?)?));
    key.units.iter().enumerate().filter_map(place).collect()
}

/// The same choices as the fund sees them, by site code.
pub fn decisions<'a>(ground: &Ground<'a>, choices: &Choices) -> Vec<Decision<'a>> {
    let mut arrivals: BTreeMap<&SiteCode, Vec<Arrival>> = BTreeMap::new();
    for (tenancy, (from, to)) in &choices.moves {
        let Some(need) = ground.occupants.get(tenancy).and_then(|o| o.need.as_ref().ok()) else {
            continue;
        };
        arrivals.entry(to).or_default().push(Arrival {
            tenancy: tenancy.clone(),
            from: from.clone(),
            clinical: need.clinical,
            non_clinical: need.non_clinical,
        });
    }
    ground
        .deciding
        .iter()
        .map(|(code, site)| Decision {
            site,
            option: choices.options.get(code).copied().unwrap_or(OptionKind::Keep),
            arrivals: arrivals.remove(code).unwrap_or_default(),
        })
        .collect()
}

/// The proposal, whole.
pub fn propose(
    ground: &Ground<'_>,
    problem: &Problem,
    key: &Key,
    plan: &Plan,
    ledger: &Ledger,
) -> Proposal {
    let choices = choices(key, plan);
    let moves = moves(ground, key, plan);
    let access_before = assess(ground, &Choices::default());
    let access_after = assess(ground, &choices);
    let why_open = refusals::why_open(ground, problem, key, plan, &choices);
    let actions = actions::actions(ground, key, &choices, &moves, ledger, &why_open);
    Proposal {
        refusals: refusals::refusals(ground, key, &why_open),
        findings_today: findings(ground, &access_before),
        clauses: clauses::clauses(ground, &choices, ledger, &access_before, &access_after),
        reliance: reliance(ground, key, &choices, &moves, ledger),
        actions,
        moves,
        access_before,
        access_after,
    }
}

fn moves(ground: &Ground<'_>, key: &Key, plan: &Plan) -> Vec<Move> {
    let maker = |line| ground.journeys.get(&line).map(JourneyLimit::maker);
    let mut moves: Vec<Move> = placed(key, plan)
        .into_iter()
        .filter(|(unit, place)| place.site != unit.from)
        .filter_map(|(unit, place)| {
            let occupant = ground.occupants.get(&unit.tenancy)?;
            Some(Move {
                tenancy: unit.tenancy.clone(),
                name: occupant.name.clone(),
                service_line: occupant.service_line,
                from: unit.from.clone(),
                to: place.site.clone(),
                people: occupant.people,
                clinical: unit.need.clinical,
                non_clinical: unit.need.non_clinical,
                metres: place.metres,
                minutes_before: place.journeys.map(|journeys| journeys.before),
                minutes_after: place.journeys.map(|journeys| journeys.after),
                share_beyond: place.journeys.map(|journeys| journeys.beyond_after),
                catchment: place.journeys.map(|journeys| journeys.people),
                minutes_by: place.journeys.and(occupant.service_line).and_then(maker),
            })
        })
        .collect();
    moves.sort_by(|a, b| a.tenancy.cmp(&b.tenancy));
    moves
}

/// Every standard, with tenancies where these choices put them.
fn assess(ground: &Ground<'_>, choices: &Choices) -> Vec<Assessment> {
    let mut offers: Vec<Offer> = Vec::new();
    for occupant in ground.occupants.values() {
        let Some(service_line) = occupant.service_line else { continue };
        let site = choices.moves.get(&occupant.id).map_or(&occupant.site, |(_, to)| to);
        let is_improved = choices.options.get(site) == Some(&OptionKind::Improve);
        let is_mended = is_improved
            && ground.deciding.get(site).is_some_and(|site| ground.passes_after_works(site));
        let gates = if is_mended { Some(true) } else { ground.passes(site) };
        offers.push(Offer { site: site.clone(), service_line, gates });
    }
    let silent = derive::silence(ground.estate.register, &ground.occupants);
    let state = State::new("", offers).silent_on(silent);
    ground
        .scenario
        .standards
        .iter()
        .filter_map(|standard| {
            let travel = ground.times(standard)?;
            Some(access::assess(standard, &ground.estate.geography.zones, travel, &state))
        })
        .collect()
}

/// Why some are undetermined, in words.
fn why(area: &AreaAssessment) -> String {
    let doubts: Vec<&str> = area.doubts.iter().map(|(doubt, _)| doubt.words()).collect();
    if doubts.is_empty() { "their number is not known".to_owned() } else { doubts.join("; ") }
}

/// Rules today's estate breaks, where the scenario decides.
fn findings(ground: &Ground<'_>, before: &[Assessment]) -> Vec<Finding> {
    let boroughs: BTreeSet<&str> = ground
        .deciding
        .values()
        .filter_map(|site| site.text(crate::register::Field::BoroughCode))
        .collect();
    let mut findings = Vec::new();
    for assessment in before {
        let standard = &assessment.standard;
        for area in &assessment.boroughs {
            let access::Area::Borough(code) = &area.area else { continue };
            if !boroughs.contains(code.as_str()) || area.people == 0 {
                continue;
            }
            let percent = |people: u64| 100.0 * people as f64 / area.people as f64;
            let asked = standard.percent();
            let (code, words) = match area.verdict {
                Verdict::Pass => continue,
                Verdict::Fail => (
                    "standard_missed",
                    format!(
                        "{}: in {} {:.1} % are within, where {asked} % is asked.",
                        standard.words,
                        area.name,
                        percent(area.within)
                    ),
                ),
                Verdict::Undetermined => (
                    "standard_undetermined",
                    format!(
                        "{}: in {} {:.1} % are surely within and {:.1} % cannot be told ({}); {asked} % is asked.",
                        standard.words,
                        area.name,
                        percent(area.within),
                        percent(area.undetermined),
                        why(area)
                    ),
                ),
            };
            findings.push(Finding { code: code.to_owned(), words });
        }
    }
    findings.extend(co_dependent_apart(ground));
    findings
}

fn co_dependent_apart(ground: &Ground<'_>) -> Vec<Finding> {
    let mut groups: BTreeMap<&str, BTreeSet<&SiteCode>> = BTreeMap::new();
    for occupant in ground.occupants.values() {
        if let Some(group) = occupant.together.as_deref() {
            groups.entry(group).or_default().insert(&occupant.site);
        }
    }
    groups
        .into_iter()
        .filter(|(_, sites)| {
            sites.len() > 1 && sites.iter().any(|site| ground.deciding.contains_key(*site))
        })
        .map(|(group, sites)| Finding {
            code: "together_apart".to_owned(),
            words: format!(
                "The co-dependent group {group:?} is spread over {} sites today; those at one site are kept together.",
                sites.len()
            ),
        })
        .collect()
}

/// Every assumption used, and how much of receipts and room rests on them.
fn reliance(
    ground: &Ground<'_>,
    key: &Key,
    choices: &Choices,
    moves: &[Move],
    ledger: &Ledger,
) -> Reliance {
    let mut used: BTreeMap<String, u64> = BTreeMap::new();
    let mut receipts = Pence::ZERO;
    let mut receipts_assumed = Pence::ZERO;
    for line in &ledger.lines {
        let keys = match &line.source {
            ValueSource::Assumed(keys) => keys.as_slice(),
            ValueSource::Known(_) => &[],
        };
        for key in keys {
            *used.entry(key.clone()).or_default() += 1;
        }
        if line.kind == LineKind::Receipt {
            receipts += line.amount;
            if !keys.is_empty() {
                receipts_assumed += line.amount;
            }
        }
    }
    let mut note = |key: &str| *used.entry(key.to_owned()).or_default() += 1;
    for moved in moves {
        let need = ground.occupants.get(&moved.tenancy).and_then(|o| o.need.as_ref().ok());
        for key in need.into_iter().flat_map(|need| &need.assumed) {
            note(key);
        }
        if moved.minutes_after.is_some() {
            for key in ["journeys.choices", "journeys.decay", "journeys.catchment_metres"] {
                note(key);
            }
        }
    }
    let receiving: BTreeSet<&SiteCode> = moves.iter().map(|moved| &moved.to).collect();
    let (mut room, mut room_assumed) = (0.0, 0.0);
    for site in key.sites.iter().filter(|site| receiving.contains(&site.code)) {
        let option = choices.options.get(&site.code).and_then(|kind| site.option(*kind));
        let Some(offered) = option.and_then(|at| site.room.get(at)) else { continue };
        for key in &offered.assumed {
            note(key);
        }
        room += offered.total();
        if offered.is_assumed {
            room_assumed += offered.total();
        }
    }
    let share = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 0.0 };
    Reliance {
        used: used.into_iter().collect(),
        receipts_assumed: share(receipts_assumed.as_pounds(), receipts.as_pounds()),
        room_assumed: share(room_assumed, room),
    }
}

/// "General practice" and so on for a list of tenancies, each kind once.
pub(super) fn kinds_of_care<'a>(moves: impl Iterator<Item = &'a Move>) -> String {
    let kinds: BTreeSet<&str> = moves.map(|moved| line_label(moved.service_line)).collect();
    kinds.into_iter().collect::<Vec<_>>().join(", ")
}

/// A site's name and code.
pub(super) fn named(site: &Site) -> String {
    format!("{} ({})", site.name(), site.code)
}
