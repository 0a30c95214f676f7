//! Access as it is today: every standard assessed, every service line read for disabled residents, and what stands
//! between each site and passing.

use std::collections::{BTreeMap, BTreeSet};

use crate::access::{
    self, Area, AreaAssessment, Assessment, By, Closing, Fix, GateRules, Line, LineShortfall, Part,
    Shortfall, Standard, State, ToPass, ZoneReach,
};
use crate::fund::Terms;
use crate::geography::{Geography, Zones};
use crate::register::{
    AccessItem, Assumptions, MissingAssumption, Register, ServiceLine, Site, SiteCode,
};
use crate::travel::{TimesByWay, TravelTimes, UnusablePace};

use super::{TeamBases, derive, today, travel_for};

/// Why access could not be worked out.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum AccessTodayError {
    /// No pace to travel at.
    #[error(transparent)]
    Pace(#[from] UnusablePace),
    /// A figure that works are priced by is missing.
    #[error(transparent)]
    Missing(#[from] MissingAssumption),
}

/// A standard in an area, whole and in parts.
#[derive(Debug, Clone, PartialEq)]
pub struct Parted {
    /// Which standard.
    pub standard: Standard,
    /// The name of the area it is set for.
    pub set_for: String,
    /// Everybody it speaks of there.
    pub whole: AreaAssessment,
    /// By each way asked for, one after another.
    pub parts: Vec<Part>,
}

/// A register's access, worked out once.
#[derive(Debug, Clone)]
pub struct AccessToday {
    /// The standards asked for, in their order.
    pub standards: Vec<Standard>,
    /// Each of them assessed over its area and its boroughs.
    pub assessments: Vec<Assessment>,
    /// What works rest on.
    pub figures: Assumptions,
    /// The minutes, by way of travelling and measuring.
    pub travel: TimesByWay,
    state: State,
    to_pass: BTreeMap<SiteCode, ToPass>,
    team_bases: BTreeSet<SiteCode>,
}

impl AccessToday {
    /// Works it out for these places. The register may be an earlier one: the zones then are today's, so that what a
    /// trend shows is the estate and not the census.
    pub fn new(
        register: &Register,
        geography: &Geography,
        standards: Vec<Standard>,
        figures: Assumptions,
        (rules, bases): (&GateRules, &TeamBases),
    ) -> Result<Self, AccessTodayError> {
        let readings = standards.iter().map(access::step_free_reading);
        let asked: Vec<Standard> = standards.iter().cloned().chain(readings).collect();
        let travel = travel_for(register, geography, &asked, &figures)?;
        let state = today(register, &figures, rules);
        let terms = Terms { assumptions: &figures, base_year: 0, horizon_years: 0 };
        let mut to_pass = BTreeMap::new();
        for offer in state.offers() {
            if let Some(site) =
                register.site(&offer.site).filter(|_| !to_pass.contains_key(&offer.site))
            {
                let findings = access::findings(site, rules, &terms)?;
                to_pass.insert(offer.site, ToPass::of(&findings));
            }
        }
        let named = derive::occupants(register, &figures).into_values().filter(|occupant| {
            let name = register.site(&occupant.site).map(Site::name);
            occupant.is_derived && name.is_some_and(|name| bases.has(name))
        });
        let team_bases = named.map(|occupant| occupant.site).collect();
        let assessed = |standard: &Standard| {
            let times = travel.get(&standard.way())?;
            Some(access::assess(standard, &geography.zones, times, &state))
        };
        let assessments = standards.iter().filter_map(assessed).collect();
        Ok(Self { standards, assessments, figures, travel, state, to_pass, team_bases })
    }

    /// What an area lacks, line by line, and what each site would change.
    pub fn shortfall(&self, area: &Area, zones: &Zones) -> Shortfall {
        let with_minutes = |standard| Some((standard, self.minutes_of(standard)?));
        let readings = self.readings(area, zones);
        let lines: Vec<Line<'_>> = readings
            .iter()
            .filter_map(with_minutes)
            .map(|(standard, times)| Line { standard, times, state: &self.state })
            .collect();
        access::shortfall(area, zones, &lines)
    }

    fn minutes_of(&self, standard: &Standard) -> Option<&TravelTimes> {
        self.travel.get(&standard.way()).map(AsRef::as_ref)
    }

    /// Zones under a standard; none where no minutes were worked out for its way of travelling.
    pub fn reach(&self, standard: &Standard, zones: &Zones) -> Vec<ZoneReach> {
        let times = self.minutes_of(standard);
        times.map_or_else(Vec::new, |times| access::reach(standard, zones, times, &self.state))
    }

    /// These zones under a standard, whole and by parts; nothing where no minutes were worked out for its way of
    /// travelling. `name` is what the zones are together.
    pub fn parted(
        &self,
        standard: &Standard,
        zones: &Zones,
        name: &str,
        by: &[By],
    ) -> Option<Parted> {
        let reached = self.reach(standard, zones);
        let mut whole = access::summarise(standard, self.minutes_of(standard)?, &reached).total;
        name.clone_into(&mut whole.name);
        let parts = by.iter().flat_map(|by| access::parts(standard, &reached, *by)).collect();
        let set_for = standard.area.name(zones);
        Some(Parted { standard: standard.clone(), set_for, whole, parts })
    }

    /// What stands between a site that offers care and passing.
    pub fn to_pass(&self, site: &SiteCode) -> Option<&ToPass> {
        self.to_pass.get(site)
    }

    /// The reading of each service line for the disabled residents of an area, by the standards that apply there.
    pub fn readings(&self, area: &Area, zones: &Zones) -> Vec<Standard> {
        access::step_free_readings(&self.standards, area, zones)
    }

    /// Whether a site has no recorded tenancy and the name of a team's base, an office or a home: whether patients are
    /// seen there must be asked before anything is surveyed or mended for them.
    pub fn is_team_base(&self, site: &SiteCode) -> bool {
        self.team_bases.contains(site)
    }

    /// The works that would close a line's gap, none of them at a team's base.
    pub fn closing(&self, line: &LineShortfall) -> Closing {
        access::closing(line, |site| {
            self.to_pass(site).filter(|_| !self.is_team_base(site)).cloned()
        })
    }

    /// What to fix first.
    pub fn fixes(&self, shortfall: &Shortfall) -> Vec<Fix> {
        access::league(shortfall, |site| self.to_pass(site).cloned())
    }

    /// The must-pass items of a site that nobody has surveyed.
    pub fn unknown_at(&self, site: &SiteCode) -> Vec<AccessItem> {
        self.to_pass(site).map(|to_pass| to_pass.unknown.clone()).unwrap_or_default()
    }

    /// Sites that offer a service line today, with their gates.
    pub fn offering(&self, line: ServiceLine) -> impl Iterator<Item = (&SiteCode, Option<bool>)> {
        self.state.offering(line)
    }
}
