//! A scenario as numbers for the solver, with a key that says what each number stands for.
//!
//! Only what may change becomes a decision: a tenancy that cannot move is part of the ground, and the reason is kept.

mod candidates;
mod limits;
mod options;
mod standards;

use std::collections::{BTreeMap, BTreeSet};

use solver::{LimitTerm, Opt, Place, Problem, Unit};

use crate::fund::{self, Arrival, OptionKind};
use crate::register::{Site, SiteCode, TenancyId};

use super::derive::{self, Need, Room};
use super::ground::Ground;
use super::journeys::{Catchments, Journeys};
use super::value::Worth;
use super::{Estate, LockKind, Objective, Reason, Rules, Scenario, ScenarioError};

use candidates::Search;
pub(super) use limits::{amount, units_of};

/// What the numbers of a problem stand for. Sites and units are in the problem's order.
pub struct Key {
    /// One a site of the problem.
    pub sites: Vec<KeySite>,
    /// One a unit of the problem.
    pub units: Vec<KeyUnit>,
    /// Why each tenancy at a site decided about that is not a unit stays where it is.
    pub stays: BTreeMap<TenancyId, Reason>,
    /// Locks that rules make impossible, in words. Not empty: no plan can keep them, and the problem leaves them out.
    pub clashes: Vec<String>,
    /// One a coverage group of the problem.
    pub groups: Vec<KeyGroup>,
    /// One a limit of the problem.
    pub limits: Vec<KeyLimit>,
    /// What each amount adds up from, £k, m² or person-minutes; people are weight covered and not among them.
    pub amounts: BTreeMap<Objective, Vec<LimitTerm>>,
}

/// A coverage group: one standard in one borough.
#[derive(Debug, Clone, PartialEq)]
pub struct KeyGroup {
    /// The standard, in words.
    pub standard: String,
    /// The borough's name.
    pub borough: String,
    /// People the floor is of.
    pub people: f64,
    /// Of them, within whatever is chosen.
    pub always: f64,
    /// Of them, within today.
    pub today: f64,
    /// Share the standard asks, 0 to 1.
    pub share: f64,
}

/// What a limit is for.
#[derive(Debug, Clone, PartialEq)]
pub enum KeyLimit {
    /// The fund asked for.
    Fund,
    /// The capital available.
    Capital,
    /// Closures in a borough.
    Closures(String),
    /// An inclusion service stays in a borough.
    Inclusion(String),
    /// An amount held to.
    Held(Objective),
}

/// A site of the problem.
pub struct KeySite {
    /// Which site.
    pub code: SiteCode,
    /// Its options, in the problem's order.
    pub options: Vec<OptionKind>,
    /// Room for others under each option.
    pub room: Vec<Room>,
    /// Options it does not have, and why.
    pub ruled_out: Vec<(OptionKind, Reason)>,
}

/// A unit of the problem: a tenancy that may move.
pub struct KeyUnit {
    /// Which tenancy.
    pub tenancy: TenancyId,
    /// Where it is today.
    pub from: SiteCode,
    /// The space it takes.
    pub need: Need,
    /// Its places, in the problem's order.
    pub places: Vec<KeyPlace>,
}

/// A place a unit may be in.
pub struct KeyPlace {
    /// Which site.
    pub site: SiteCode,
    /// Straight-line metres from where it is today.
    pub metres: f64,
    /// Whether the site has had its works when the unit is there.
    pub is_after_works: bool,
    pub(crate) journeys: Option<Journeys>,
}

impl KeySite {
    pub(crate) fn option(&self, kind: OptionKind) -> Option<usize> {
        self.options.iter().position(|option| *option == kind)
    }

    pub(crate) fn why_not(&self, kind: OptionKind) -> Option<&Reason> {
        self.ruled_out.iter().find(|(option, _)| *option == kind).map(|(_, reason)| reason)
    }
}

/// The problem and its key.
pub fn encode(
    estate: &Estate<'_>,
    scenario: &Scenario,
    rules: &Rules,
) -> Result<(Problem, Key), ScenarioError> {
    encode_on(&Ground::new(*estate, scenario, rules)?)
}

/// The same on ground already laid.
pub(crate) fn encode_on(ground: &Ground<'_>) -> Result<(Problem, Key), ScenarioError> {
    let mut sites: BTreeMap<SiteCode, options::SiteOptions<'_>> = BTreeMap::new();
    for site in ground.deciding.values() {
        sites.insert(site.code.clone(), options::of(ground, site)?);
    }
    let lines: BTreeSet<_> = sites
        .values()
        .filter(|options| options.allows(OptionKind::Dispose))
        .flat_map(|options| ground.at(&options.site.code))
        .filter_map(|occupant| occupant.service_line)
        .collect();
    let catchments = Catchments::new(
        &ground.estate.geography.zones,
        ground.estate.register,
        &ground.occupants,
        &lines,
        &ground.journeys,
        &ground.scenario.assumptions,
    )?;
    let found = Search::new(ground, &sites, &catchments).run()?;
    let mut stays = found.stays;
    for (code, reason) in found.cannot_close {
        if let Some(options) = sites.get_mut(&code) {
            options.rule_out(OptionKind::Dispose, reason);
        }
    }
    limits::keep_last_inclusion_sites(ground, &mut sites);
    let clashes = clashes(ground, &sites);

    let mut units = Vec::new();
    for (tenancy, places) in found.places {
        let Some(occupant) = ground.occupants.get(&tenancy) else { continue };
        let at = sites.get(&occupant.site);
        let is_free = at.is_some_and(|options| options.allows(OptionKind::Dispose));
        match (&occupant.need, is_free) {
            (Ok(need), true) => units.push(KeyUnit {
                tenancy,
                from: occupant.site.clone(),
                need: need.clone(),
                places,
            }),
            (_, _) => {
                if let Some(reason) = at.and_then(|options| options.why_not(OptionKind::Dispose)) {
                    stays.insert(tenancy, reason.clone());
                }
            }
        }
    }
    let key = Key {
        sites: Vec::new(),
        units,
        stays,
        clashes,
        groups: Vec::new(),
        limits: Vec::new(),
        amounts: BTreeMap::new(),
    };
    build(ground, &sites, key)
}

/// A lock to close that a rule forbids.
fn clashes(
    ground: &Ground<'_>,
    sites: &BTreeMap<SiteCode, options::SiteOptions<'_>>,
) -> Vec<String> {
    let closes = ground.locks.iter().filter(|(_, kind)| **kind == LockKind::Close);
    closes
        .filter_map(|(code, _)| {
            let reason = sites.get(code)?.why_not(OptionKind::Dispose)?;
            let name = ground.site_name(code);
            Some(format!("{name} ({code}) is locked to close, but it cannot: {}", reason.words))
        })
        .collect()
}

fn build(
    ground: &Ground<'_>,
    sites: &BTreeMap<SiteCode, options::SiteOptions<'_>>,
    mut key: Key,
) -> Result<(Problem, Key), ScenarioError> {
    let site_ix: BTreeMap<&SiteCode, usize> =
        sites.keys().enumerate().map(|(at, code)| (code, at)).collect();
    let mut own_units: BTreeMap<&SiteCode, [f64; 2]> = BTreeMap::new();
    for unit in &key.units {
        let own = own_units.entry(&unit.from).or_default();
        own[0] += unit.need.clinical.0;
        own[1] += unit.need.non_clinical.0;
    }
    let mut problem = Problem {
        resources: vec!["clinical m²".to_owned(), "non-clinical m²".to_owned()],
        ..Problem::default()
    };
    let mut option_worth: Vec<Vec<Worth>> = Vec::new();
    for (rank, (code, options)) in sites.iter().enumerate() {
        let own = own_units.get(code).copied().unwrap_or_default();
        let tie = 1e-7 * (rank + 1) as f64 / sites.len() as f64;
        let mut worths = Vec::new();
        let mut opts = Vec::new();
        let mut rooms = Vec::new();
        for (kind, worth) in &options.kinds {
            let room = room_of(ground, options.site, *kind);
            let is_open = *kind != OptionKind::Dispose;
            let figures = if is_open {
                vec![own[0] + room.clinical.0, own[1] + room.non_clinical.0]
            } else {
                vec![0.0, 0.0]
            };
            let change = if *kind == OptionKind::Keep { 0.0 } else { tie };
            let mut worth = *worth;
            worth.released = released(options.site, *kind);
            let cost = cost_of(ground, &worth) + change;
            opts.push(Opt { name: option_name(*kind).to_owned(), cost, room: figures });
            worths.push(worth);
            rooms.push(room);
        }
        let kinds: Vec<OptionKind> = options.kinds.iter().map(|(kind, _)| *kind).collect();
        let dispose = kinds.iter().position(|kind| *kind == OptionKind::Dispose);
        let allowed = match (ground.locks.get(code), dispose) {
            (Some(LockKind::Close), Some(dispose)) => vec![dispose],
            // Where the lock is part of the ground there is no such option to forbid.
            (Some(LockKind::Keep), Some(dispose)) => {
                (0..kinds.len()).filter(|&option| option != dispose).collect()
            }
            _ => Vec::new(),
        };
        problem.sites.push(solver::Site {
            name: code.to_string(),
            options: opts,
            allowed,
            today: 0,
        });
        option_worth.push(worths);
        key.sites.push(KeySite {
            code: code.clone(),
            options: kinds,
            room: rooms,
            ruled_out: options.ruled_out.clone(),
        });
    }
    let mut place_worth: Vec<Vec<Worth>> = Vec::new();
    let together = together(ground, &key);
    for (unit, together) in key.units.iter().zip(together) {
        let mut places = Vec::new();
        let mut worths = Vec::new();
        for place in &unit.places {
            let (Some(&at), Some(options)) = (site_ix.get(&place.site), sites.get(&place.site))
            else {
                continue;
            };
            let worth = if place.site == unit.from {
                Worth::default()
            } else {
                let extra = place.journeys.map_or(0.0, |journeys| journeys.extra());
                Worth { travel: extra, ..arrival_worth(ground, options.site, unit)? }
            };
            let admitted_by = admitted_by(&options.kinds, place.is_after_works);
            places.push(Place { site: at, admitted_by, cost: cost_of(ground, &worth) });
            worths.push(worth);
        }
        problem.units.push(Unit {
            name: unit.tenancy.to_string(),
            need: vec![unit.need.clinical.0, unit.need.non_clinical.0],
            places,
            is_divisible: false,
            together,
            today: Some(0),
        });
        place_worth.push(worths);
    }
    (problem.coverage, key.groups) = standards::groups(ground, &key).into_iter().unzip();
    for amount in Objective::ALL.into_iter().filter(|amount| *amount != Objective::PeopleWorseOff) {
        let terms = limits::terms_of(&option_worth, &place_worth, |worth| worth.amount(amount));
        key.amounts.insert(amount, terms);
    }
    (problem.limits, key.limits) =
        limits::all(ground, &key, &option_worth, &place_worth).into_iter().unzip();
    Ok((problem, key))
}

/// What a tenancy's arrival adds to a site's lines; prices are additive.
fn arrival_worth(ground: &Ground<'_>, site: &Site, unit: &KeyUnit) -> Result<Worth, ScenarioError> {
    let terms = ground.terms();
    let arrival = Arrival {
        tenancy: unit.tenancy.clone(),
        from: unit.from.clone(),
        clinical: unit.need.clinical,
        non_clinical: unit.need.non_clinical,
    };
    Ok(Worth::of(&fund::price_arrival(site, &arrival, &terms)?, &terms)?)
}

/// Room for others under an option.
pub(crate) fn room_of(ground: &Ground<'_>, site: &Site, kind: OptionKind) -> Room {
    if kind == OptionKind::Dispose || !derive::is_in_use(site) {
        return Room::default();
    }
    let own: Vec<_> = ground.at(&site.code).collect();
    let is_improved = kind == OptionKind::Improve;
    derive::receivable(site, &own, is_improved, &ground.scenario.assumptions)
}

/// Options under which a unit may be there: before works, those without works.
fn admitted_by(kinds: &[(OptionKind, Worth)], is_after_works: bool) -> Vec<usize> {
    kinds
        .iter()
        .enumerate()
        .filter(|(_, (kind, _))| match kind {
            OptionKind::Keep | OptionKind::SellLand => !is_after_works,
            OptionKind::Improve => is_after_works,
            OptionKind::Dispose => false,
        })
        .map(|(at, _)| at)
        .collect()
}

/// What the objective makes of a choice's worth; fund value breaks ties of the other objectives.
fn cost_of(ground: &Ground<'_>, worth: &Worth) -> f64 {
    match ground.scenario.objective {
        Objective::FundValue => -worth.present,
        Objective::RunningCost => -worth.running - 1e-4 * worth.present,
        Objective::Fund => -worth.fund - 1e-4 * worth.present,
        Objective::SpaceReleased => -worth.released - 1e-4 * worth.present,
        Objective::PeopleWorseOff => -1e-4 * worth.present,
        Objective::Travel => worth.travel - 1e-4 * worth.present,
    }
}

/// Measured unused space that closing a site sets free; unmeasured space is none.
fn released(site: &Site, kind: OptionKind) -> f64 {
    if kind == OptionKind::Dispose { derive::spare_m2(site).unwrap_or(0.0) } else { 0.0 }
}

/// Units of one co-dependent group at one site carry one number.
fn together(ground: &Ground<'_>, key: &Key) -> Vec<Option<usize>> {
    let group_of = |unit: &KeyUnit| {
        let name = ground.occupants.get(&unit.tenancy)?.together.clone()?;
        Some((name, unit.from.clone()))
    };
    let mut members: BTreeMap<(String, SiteCode), usize> = BTreeMap::new();
    for group in key.units.iter().filter_map(group_of) {
        *members.entry(group).or_default() += 1;
    }
    members.retain(|_, count| *count > 1);
    let numbers: BTreeMap<_, usize> =
        members.into_keys().enumerate().map(|(number, group)| (group, number)).collect();
    key.units
        .iter()
        .map(|unit| group_of(unit).and_then(|group| numbers.get(&group).copied()))
        .collect()
}

/// The word of an option, as stored.
pub(crate) fn option_name(kind: OptionKind) -> &'static str {
    match kind {
        OptionKind::Keep => "keep",
        OptionKind::Improve => "improve",
        OptionKind::SellLand => "sell_land",
        OptionKind::Dispose => "dispose",
    }
}
