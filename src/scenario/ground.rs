//! What encoding and proposing both stand on: the sites a scenario decides about, who is in them, and the minutes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::access::{self, GateKind, GateState, Limit, Standard};
use crate::fund::{self, Terms};
use crate::register::{
    AccessAnswer, AccessItem, Field, Minutes, Point, ServiceLine, Site, SiteCode, SiteStatus,
    SurplusStatus, TenancyId,
};
use crate::travel::{Measure, Mode, StraightLine, TravelTimes, Wanted, judging_times};

use super::derive::{self, Occupant};
use super::journeys::{self, JourneyLimit};
use super::{Estate, LockKind, Objective, Rules, Scenario, ScenarioError, ScopeOf};

/// How a scenario is read when it is asked a question about itself; as it stands, unless said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Reading {
    /// Access items nobody has surveyed count as yes: what a survey could bring at best. No proposal is made of it.
    pub(crate) unknown_gates_pass: bool,
    /// Locks to stay open are rules that can be named and dropped, not part of the ground.
    pub(crate) keep_locks_can_bend: bool,
}

/// A scenario laid out on its estate, with its levers and locks checked.
pub struct Ground<'a> {
    /// The estate.
    pub estate: Estate<'a>,
    /// The question.
    pub scenario: &'a Scenario,
    /// What it is judged by.
    pub rules: &'a Rules,
    /// Everyone at open, placed sites, in scope or not.
    pub occupants: BTreeMap<TenancyId, Occupant>,
    /// Sites decided about, by code.
    pub deciding: BTreeMap<SiteCode, &'a Site>,
    /// Locks by site.
    pub locks: BTreeMap<SiteCode, LockKind>,
    /// Minutes for each way of travelling, and of measuring, that a standard asks about.
    pub travel: BTreeMap<(Mode, Measure), Arc<TravelTimes>>,
    /// How far a journey may be, by kind of care.
    pub(crate) journeys: BTreeMap<ServiceLine, JourneyLimit>,
    pub(crate) reading: Reading,
    at_site: BTreeMap<SiteCode, Vec<TenancyId>>,
    gates: BTreeMap<SiteCode, Option<bool>>,
}

impl<'a> Ground<'a> {
    /// Checks the levers and the locks, finds the sites in scope, and works out the travel times.
    pub fn new(
        estate: Estate<'a>,
        scenario: &'a Scenario,
        rules: &'a Rules,
    ) -> Result<Self, ScenarioError> {
        Self::read(estate, scenario, rules, Reading::default())
    }

    /// The same, read otherwise.
    pub(crate) fn read(
        estate: Estate<'a>,
        scenario: &'a Scenario,
        rules: &'a Rules,
        reading: Reading,
    ) -> Result<Self, ScenarioError> {
        check_levers(scenario)?;
        let deciding = deciding(&estate, &scenario.scope);
        if deciding.is_empty() {
            return Err(ScenarioError::EmptyScope { scope: scope_in_words(&scenario.scope) });
        }
        let locks = locks(&estate, scenario, &deciding)?;
        let occupants = derive::occupants(estate.register, &scenario.assumptions);
        let mut at_site: BTreeMap<SiteCode, Vec<TenancyId>> = BTreeMap::new();
        for occupant in occupants.values() {
            at_site.entry(occupant.site.clone()).or_default().push(occupant.id.clone());
        }
        let gates = estate
            .register
            .sites()
            .filter(|site| derive::is_placed(site))
            .map(|site| {
                let passes = access::passes_all(site, &rules.gates);
                let passes = passes.or(reading.unknown_gates_pass.then_some(true));
                (site.code.clone(), passes)
            })
            .collect();
        let lines: BTreeSet<ServiceLine> =
            occupants.values().filter_map(|occupant| occupant.service_line).collect();
        let lines = lines.into_iter().filter(|line| derive::has_patients(Some(*line)));
        let (standards, figures) = (&scenario.standards, &scenario.assumptions);
        let journeys =
            journeys::limits(lines, standards, figures, estate.register, estate.geography)?;
        let travel = travel(&estate, scenario)?;
        Ok(Self {
            estate,
            scenario,
            rules,
            occupants,
            deciding,
            locks,
            travel,
            journeys,
            reading,
            at_site,
            gates,
        })
    }

    /// The minutes a standard is held against.
    pub fn times(&self, standard: &Standard) -> Option<&TravelTimes> {
        self.travel.get(&(standard.mode, standard.measure())).map(Arc::as_ref)
    }

    /// Who is at a site today.
    pub fn at(&self, code: &SiteCode) -> impl Iterator<Item = &Occupant> {
        self.at_site
            .get(code)
            .into_iter()
            .flatten()
            .filter_map(|tenancy| self.occupants.get(tenancy))
    }

    /// Whether a site passes every gate today; `None` where an unknown item decides.
    pub fn passes(&self, code: &SiteCode) -> Option<bool> {
        self.gates.get(code).copied().flatten()
    }

    /// Whether a site passes every gate once works are done: those that fail or are unknown are mended, all of them.
    pub fn passes_after_works(&self, site: &Site) -> bool {
        self.open_gates(site).into_iter().all(|item| {
            // "Not applicable" where that cannot be is nothing works could mend.
            let is_nonsense = site.access(item) == Some(AccessAnswer::NotApplicable);
            !is_nonsense && fund::mends(item, &self.terms())
        })
    }

    /// Must-pass gates that a site fails or nobody has surveyed.
    pub fn open_gates(&self, site: &Site) -> Vec<AccessItem> {
        access::gates(site, &self.rules.gates)
            .into_iter()
            .filter(|gate| gate.kind == GateKind::Must)
            .filter(|gate| match gate.state {
                GateState::Fail => true,
                GateState::Unknown => !self.reading.unknown_gates_pass,
                _ => false,
            })
            .map(|gate| gate.item)
            .collect()
    }

    /// Where a placed site is.
    pub fn point(&self, code: &SiteCode) -> Option<Point> {
        self.estate.register.site(code).and_then(Site::location)
    }

    /// The name of a site, or its code.
    pub fn site_name(&self, code: &SiteCode) -> String {
        self.estate
            .register
            .site(code)
            .map_or_else(|| code.to_string(), |site| site.name().to_owned())
    }

    /// Prices and dates for the fund.
    pub fn terms(&self) -> Terms<'a> {
        terms(self.scenario)
    }

    /// Checklist items a kind of care must find besides the gates: `moves.must_have.LINE.ITEM` above zero.
    pub fn must_have(&self, line: ServiceLine) -> Vec<AccessItem> {
        AccessItem::all()
            .filter(|item| {
                let key = format!("moves.must_have.{line}.{:02}", item.number());
                self.scenario.assumptions.value(&key).is_ok_and(|value| value > 0.0)
            })
            .collect()
    }
}

/// Prices and dates of a scenario.
pub(crate) fn terms(scenario: &Scenario) -> Terms<'_> {
    Terms {
        assumptions: &scenario.assumptions,
        base_year: scenario.base_year,
        horizon_years: scenario.horizon_years,
    }
}

fn check_levers(scenario: &Scenario) -> Result<(), ScenarioError> {
    let bad = |lever, found: String, wanted| Err(ScenarioError::BadLever { lever, found, wanted });
    if !(0.0..=1.0).contains(&scenario.journey_share_beyond) {
        let found = scenario.journey_share_beyond.to_string();
        return bad(
            "the share of people a move may put beyond the limit",
            found,
            "a share from 0 to 1",
        );
    }
    if !(0.0..=1.0).contains(&scenario.gap) {
        return bad("the gap", scenario.gap.to_string(), "a share from 0 to 1");
    }
    if !(scenario.time_limit_seconds > 0.0 && scenario.time_limit_seconds.is_finite()) {
        let found = scenario.time_limit_seconds.to_string();
        return bad("the time limit", found, "a number of seconds above 0");
    }
    if !(1..=60).contains(&scenario.horizon_years) {
        return bad("the horizon", scenario.horizon_years.to_string(), "1 to 60 years");
    }
    if !(2000..=2200).contains(&scenario.base_year) {
        return bad("the base year", scenario.base_year.to_string(), "a year from 2000 to 2200");
    }
    if scenario.capital_available.0 < 0 {
        let found = scenario.capital_available.to_string();
        return bad("the capital available", found, "an amount of at least £0");
    }
    if let Some(fault) = scenario.assumptions.fault() {
        return Err(fault.into());
    }
    for held in &scenario.held {
        if !held.to.is_finite() {
            return bad("what the plan is held to", held.to.to_string(), "a number");
        }
        if held.amount == Objective::PeopleWorseOff {
            let found = held.amount.key().to_owned();
            return bad(
                "what the plan is held to",
                found,
                "an amount that adds up from moves and closures",
            );
        }
    }
    for standard in &scenario.standards {
        let most = match standard.limit {
            Limit::Minutes(most) | Limit::Metres(most) => most,
        };
        if !(most >= 0.0 && most.is_finite()) {
            return bad("the limit of a standard", most.to_string(), "a number of at least 0");
        }
        if access::centile_fault(standard.centile, standard.mode, standard.limit).is_some() {
            let number = standard.centile.number().to_string();
            let expected = "50, or 90 of a limit in minutes by public transport";
            return bad("the centile of a standard", number, expected);
        }
        if !(0.0..=1.0).contains(&standard.share) {
            return bad(
                "the share of a standard",
                standard.share.to_string(),
                "a share from 0 to 1",
            );
        }
    }
    Ok(())
}

/// Located, not pooled, not closed and not sold.
fn deciding<'a>(estate: &Estate<'a>, scope: &ScopeOf) -> BTreeMap<SiteCode, &'a Site> {
    estate
        .register
        .sites()
        .filter(|site| why_not_decided(site).is_none() && is_in(site, scope))
        .map(|site| (site.code.clone(), site))
        .collect()
}

fn why_not_decided(site: &Site) -> Option<&'static str> {
    if site.is_aggregate() {
        Some("it stands for several small sites")
    } else if site.location().is_none() {
        Some("nobody has said where it is")
    } else if site.status() == SiteStatus::Closed {
        Some("it is closed already")
    } else if site.word(Field::SurplusStatus) == Some(SurplusStatus::Sold) {
        Some("it is sold already")
    } else {
        None
    }
}

fn is_in(site: &Site, scope: &ScopeOf) -> bool {
    match scope {
        ScopeOf::All => true,
        ScopeOf::Icb(code) => site.text(Field::IcbCode) == Some(code.as_str()),
        ScopeOf::Boroughs(codes) => site
            .text(Field::BoroughCode)
            .is_some_and(|borough| codes.iter().any(|code| code == borough)),
    }
}

fn scope_in_words(scope: &ScopeOf) -> String {
    match scope {
        ScopeOf::All => "the register".to_owned(),
        ScopeOf::Icb(code) => format!("the integrated care board {code}"),
        ScopeOf::Boroughs(codes) => format!("the boroughs {}", codes.join(", ")),
    }
}

fn locks(
    estate: &Estate<'_>,
    scenario: &Scenario,
    deciding: &BTreeMap<SiteCode, &Site>,
) -> Result<BTreeMap<SiteCode, LockKind>, ScenarioError> {
    let mut locks: BTreeMap<SiteCode, LockKind> = BTreeMap::new();
    for lock in &scenario.locks {
        let code = lock.site.clone();
        let Some(site) = estate.register.site(&code) else {
            return Err(ScenarioError::LockOnUnknownSite { site: code });
        };
        if lock.kind == LockKind::Close && !deciding.contains_key(&code) {
            let why = why_not_decided(site).unwrap_or("it lies outside the scope");
            return Err(ScenarioError::LockOutsideScope { site: code, why });
        }
        match locks.insert(code.clone(), lock.kind) {
            Some(earlier) if earlier != lock.kind => {
                return Err(ScenarioError::LocksClash { site: code });
            }
            _ => {}
        }
    }
    Ok(locks)
}

/// The best minutes there are from every zone to every open, placed site, as far as the farthest standard of each mode
/// and measure.
fn travel(
    estate: &Estate<'_>,
    scenario: &Scenario,
) -> Result<BTreeMap<(Mode, Measure), Arc<TravelTimes>>, ScenarioError> {
    let sites = estate.register.located(derive::is_in_use);
    let mut farthest: BTreeMap<(Mode, Measure), f64> = BTreeMap::new();
    for standard in &scenario.standards {
        let pace = StraightLine::of(standard.mode, &scenario.assumptions)?;
        let minutes = standard.reach(pace).0;
        let held = farthest.entry((standard.mode, standard.measure())).or_default();
        // A breath more, so that rounding never loses a pair that is exactly at the limit.
        *held = held.max(minutes * (1.0 + 1e-9) + 1e-9);
    }
    let mut travel = BTreeMap::new();
    for ((mode, measure), minutes) in farthest {
        let pace = StraightLine::of(mode, &scenario.assumptions)?;
        let wanted = Wanted { mode, measure, limit: Minutes(minutes) };
        let times = judging_times(estate.geography, &sites, wanted, pace);
        travel.insert((mode, measure), times);
    }
    Ok(travel)
}
