//! Does a proposal keep the rules? An independent witness: it reads the register and the proposal, and shares no code
//! with encoding, proposing or the solver. Each of the eight rule groups of the decision model is worked out again.

mod journeys;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::access::{self, AreaAssessment, GateKind, GateState, Offer, State};
use crate::fund::{self, Arrival, Budget, Decision, Ledger, Line, LineKind, OptionKind, Terms};
use crate::register::{
    AccessAnswer, AccessItem, Field, Grade, Minutes, Pence, ReceiptAccruesTo, ServiceLine, Site,
    SiteCode, SiteStatus, SurplusStatus, TenancyId,
};
use crate::travel::{Measure, Mode, StraightLine, TravelTimes, Wanted, judging_times};

use super::derive::{self, Occupant};
use super::{Action, Estate, LockKind, Move, Objective, Proposal, Rules, Scenario, ScopeOf};

/// Space is compared to a tenth of a square metre: room and need are sums of products of floats.
const ROOM_SLACK: f64 = 0.1;
/// Shares of people and minutes are compared to this.
const SLACK: f64 = 1e-6;

/// Every rule the proposal does not keep, in words; empty for a proposal that may be shown.
pub fn verify(
    estate: &Estate<'_>,
    scenario: &Scenario,
    rules: &Rules,
    proposal: &Proposal,
    ledger: &Ledger,
) -> Vec<String> {
    let mut witness = Witness::new(*estate, scenario, rules, proposal);
    witness.one_option_a_site();
    witness.one_place_a_tenancy();
    witness.services_fit_the_room();
    witness.moves_go_where_gates_pass();
    witness.standards_hold();
    witness.journeys_stay_bounded();
    witness.money_adds_up(ledger);
    witness.amounts_are_held_to(ledger);
    witness.locks_and_logic_hold();
    witness.breaches
}

struct Witness<'a> {
    estate: Estate<'a>,
    scenario: &'a Scenario,
    rules: &'a Rules,
    proposal: &'a Proposal,
    occupants: BTreeMap<TenancyId, Occupant>,
    options: BTreeMap<&'a SiteCode, OptionKind>,
    moves: BTreeMap<&'a TenancyId, &'a Move>,
    breaches: Vec<String>,
}

impl<'a> Witness<'a> {
    fn new(
        estate: Estate<'a>,
        scenario: &'a Scenario,
        rules: &'a Rules,
        proposal: &'a Proposal,
    ) -> Self {
        Self {
            estate,
            scenario,
            rules,
            proposal,
            occupants: derive::occupants(estate.register, &scenario.assumptions),
            options: proposal.actions.iter().map(|action| (&action.site, action.option)).collect(),
            moves: proposal.moves.iter().map(|moved| (&moved.tenancy, moved)).collect(),
            breaches: Vec::new(),
        }
    }

    fn breach(&mut self, rule: &str, words: impl std::fmt::Display) {
        self.breaches.push(format!("{rule}: {words}"));
    }

    fn site(&self, code: &SiteCode) -> Option<&'a Site> {
        self.estate.register.site(code)
    }

    fn closes(&self, code: &SiteCode) -> bool {
        self.options.get(code) == Some(&OptionKind::Dispose)
    }

    /// Placed, in scope, and neither closed nor sold.
    fn may_change(&self, site: &Site) -> bool {
        let in_scope = match &self.scenario.scope {
            ScopeOf::All => true,
            ScopeOf::Icb(code) => site.text(Field::IcbCode) == Some(code),
            ScopeOf::Boroughs(codes) => {
                codes.iter().any(|code| site.text(Field::BoroughCode) == Some(code))
            }
        };
        in_scope
            && site.location().is_some()
            && !site.is_aggregate()
            && site.status() != SiteStatus::Closed
            && site.word(Field::SurplusStatus) != Some(SurplusStatus::Sold)
    }

    fn terms(&self) -> Terms<'a> {
        Terms {
            assumptions: &self.scenario.assumptions,
            base_year: self.scenario.base_year,
            horizon_years: self.scenario.horizon_years,
        }
    }

    /// (1)
    fn one_option_a_site(&mut self) {
        let mut count: BTreeMap<&SiteCode, u32> = BTreeMap::new();
        for action in &self.proposal.actions {
            *count.entry(&action.site).or_default() += 1;
        }
        for (code, count) in count {
            match self.site(code) {
                None => self.breach("one option", format!("{code} is not in the register")),
                Some(site) if !self.may_change(site) => {
                    self.breach("one option", format!("{code} is not for this scenario to decide"));
                }
                Some(_) if count > 1 => {
                    self.breach("one option", format!("{code} has {count} actions"));
                }
                Some(_) => {}
            }
        }
        let left_out: Vec<SiteCode> = self
            .estate
            .register
            .sites()
            .filter(|site| self.may_change(site) && !self.options.contains_key(&site.code))
            .map(|site| site.code.clone())
            .collect();
        for code in left_out {
            self.breach("one option", format!("{code} has no action"));
        }
    }

    /// (2)
    fn one_place_a_tenancy(&mut self) {
        let mut seen = BTreeSet::new();
        for moved in &self.proposal.moves {
            let tenancy = &moved.tenancy;
            if !seen.insert(tenancy) {
                self.breach("one place", format!("{tenancy} moves twice"));
            }
            match self.occupants.get(tenancy) {
                None => self.breach("one place", format!("{tenancy} is nobody in the register")),
                Some(occupant) if occupant.site != moved.from => {
                    let words = format!("{tenancy} is at {}, not at {}", occupant.site, moved.from);
                    self.breach("one place", words);
                }
                Some(_) => {}
            }
            if moved.from == moved.to {
                self.breach("one place", format!("{tenancy} moves to where it is"));
            }
            let open = self
                .site(&moved.to)
                .is_some_and(|site| self.may_change(site) && site.status() == SiteStatus::Open);
            if !open || self.closes(&moved.to) {
                let words = format!("{tenancy} moves to {}, which does not stay open", moved.to);
                self.breach("one place", words);
            }
        }
        let homeless: Vec<String> = self
            .occupants
            .values()
            .filter(|occupant| {
                self.closes(&occupant.site) && !self.moves.contains_key(&occupant.id)
            })
            .map(|occupant| format!("{} closes with {} in it", occupant.site, occupant.id))
            .collect();
        for words in homeless {
            self.breach("one place", words);
        }
    }

    /// (3)
    fn services_fit_the_room(&mut self) {
        let mut net: BTreeMap<&SiteCode, [f64; 2]> = BTreeMap::new();
        let mut found = Vec::new();
        for moved in &self.proposal.moves {
            let need = self.occupants.get(&moved.tenancy).and_then(|o| o.need.as_ref().ok());
            let Some(need) = need else {
                found.push(format!("nobody knows what room {} needs", moved.tenancy));
                continue;
            };
            let said = [moved.clinical.0, moved.non_clinical.0];
            let needs = [need.clinical.0, need.non_clinical.0];
            if (said[0] - needs[0]).abs() > ROOM_SLACK || (said[1] - needs[1]).abs() > ROOM_SLACK {
                found.push(format!(
                    "{} needs {:.1} and {:.1} m², not {:.1} and {:.1}",
                    moved.tenancy, needs[0], needs[1], said[0], said[1]
                ));
            }
            for (net, m2) in net.entry(&moved.to).or_default().iter_mut().zip(needs) {
                *net += m2;
            }
            for (net, m2) in net.entry(&moved.from).or_default().iter_mut().zip(needs) {
                *net -= m2;
            }
        }
        for (code, net) in net {
            if self.closes(code) || net.iter().all(|m2| *m2 <= 0.0) {
                continue;
            }
            let Some(site) = self.site(code) else { continue };
            let room = self.room(site);
            for (net, (room, kind)) in net.iter().zip(room.iter().zip(["clinical", "non-clinical"]))
            {
                if net - room > ROOM_SLACK {
                    found.push(format!(
                        "{code} takes in {net:.1} m² {kind} and has room for {room:.1}"
                    ));
                }
            }
        }
        for words in found {
            self.breach("room", words);
        }
    }

    /// Clinical and non-clinical room for others; unknown is none unless a named figure stands in.
    fn room(&self, site: &Site) -> [f64; 2] {
        let figures = &self.scenario.assumptions;
        let own: Vec<&Occupant> =
            self.occupants.values().filter(|occupant| occupant.site == site.code).collect();
        let own_m2: Option<f64> =
            own.iter().map(|who| who.need.as_ref().ok().map(derive::Need::total)).sum();
        let own_m2 = own_m2.filter(|_| !own.is_empty());
        let floor = site.area(Field::GrossInternalArea).map(|m2| m2.0).or(own_m2);
        let measured = |field, key: &str| {
            let m2 = site.area(field)?.0;
            if m2 > 0.0 {
                figures.value(key).ok().map(|share| m2 * share.clamp(0.0, 1.0))
            } else {
                Some(0.0)
            }
        };
        let empty = measured(Field::EmptyArea, "room.empty_releasable_share");
        let under_used = measured(Field::UnderUsedArea, "room.under_used_releasable_share");
        let mut total = match (empty, under_used) {
            (None, None) => {
                let share = figures
                    .value(&format!("room.receivable_share.{}", derive::site_kind(site)))
                    .or_else(|_| figures.value("room.receivable_share.default"));
                floor.unwrap_or(0.0) * share.unwrap_or(0.0)
            }
            (empty, under_used) => empty.unwrap_or(0.0) + under_used.unwrap_or(0.0),
        };
        if self.options.get(&site.code) == Some(&OptionKind::Improve) {
            total += floor.unwrap_or(0.0) * figures.value("room.improve_gain_share").unwrap_or(0.0);
        }
        let areas = [Field::ClinicalArea, Field::NonClinicalArea]
            .map(|field| site.area(field).map(|m2| m2.0));
        let clinical_share = match areas {
            [Some(clinical), Some(other)] if clinical + other > 0.0 => {
                clinical / (clinical + other)
            }
            _ => {
                let line = own.iter().find_map(|occupant| occupant.service_line);
                let own_key = line.map(|line| format!("space.clinical_share.{line}"));
                let share = own_key
                    .and_then(|key| figures.value(&key).ok())
                    .or_else(|| figures.value("space.clinical_share.default").ok());
                let Some(share) = share else { return [0.0, 0.0] };
                share.clamp(0.0, 1.0)
            }
        };
        [total * clinical_share, total * (1.0 - clinical_share)]
    }

    /// Whether a site passes every gate once the proposal is carried out; unknown never passes.
    fn passes_after(&self, site: &Site) -> Option<bool> {
        let is_improved = self.options.get(&site.code) == Some(&OptionKind::Improve);
        let terms = self.terms();
        let is_mended = |gate: &access::Gate| {
            site.access(gate.item) != Some(AccessAnswer::NotApplicable)
                && fund::mends(gate.item, &terms)
        };
        let gates = access::gates(site, &self.rules.gates);
        let mut left = gates.iter().filter(|gate| {
            gate.kind == GateKind::Must
                && !matches!(gate.state, GateState::Pass | GateState::NotApplicable)
        });
        if is_improved && left.all(is_mended) {
            return Some(true);
        }
        access::passes_all(site, &self.rules.gates)
    }

    /// (4)
    fn moves_go_where_gates_pass(&mut self) {
        let mut found = Vec::new();
        for moved in &self.proposal.moves {
            let Some(site) = self.site(&moved.to) else { continue };
            match self.passes_after(site) {
                Some(true) => {}
                Some(false) => found.push(format!(
                    "{} moves to {}, which fails an access gate",
                    moved.tenancy, moved.to
                )),
                None => found.push(format!(
                    "{} moves to {}, whose access gates are not known",
                    moved.tenancy, moved.to
                )),
            }
            let line = self.occupants.get(&moved.tenancy).and_then(|o| o.service_line);
            for item in AccessItem::all() {
                let key = line.map(|line| format!("moves.must_have.{line}.{:02}", item.number()));
                let is_asked = key.is_some_and(|key| {
                    self.scenario.assumptions.value(&key).is_ok_and(|value| value > 0.0)
                });
                let has = matches!(
                    site.access(item),
                    Some(AccessAnswer::Yes | AccessAnswer::NotApplicable)
                );
                if is_asked && !has {
                    found.push(format!(
                        "{} must have {:?} and {} is not known to",
                        moved.tenancy,
                        item.field().label(),
                        moved.to
                    ));
                }
            }
        }
        let improved =
            self.proposal.actions.iter().filter(|action| action.option == OptionKind::Improve);
        for action in improved {
            let grade =
                self.site(&action.site).and_then(|site| site.word::<Grade>(Field::FacetCondition));
            if matches!(grade, Some(Grade::CX | Grade::DX)) {
                found.push(format!(
                    "{} is improved though its survey calls that impractical",
                    action.site
                ));
            }
        }
        for words in found {
            self.breach("gates", words);
        }
    }

    /// (5)
    fn standards_hold(&mut self) {
        let today = self.state(false);
        let after = self.state(true);
        let times = self.times();
        let mut found = Vec::new();
        for standard in &self.scenario.standards {
            let Some(times) = times.get(&(standard.mode, standard.measure())) else {
                found.push(format!(
                    "{}: the set has no pace for its way of travelling",
                    standard.words
                ));
                continue;
            };
            let zones = &self.estate.geography.zones;
            let before = access::assess(standard, zones, times, &today);
            let after = access::assess(standard, zones, times, &after);
            let was: BTreeMap<_, &AreaAssessment> =
                before.boroughs.iter().map(|area| (&area.area, area)).collect();
            for area in &after.boroughs {
                let held = was.get(&area.area).map_or(0, |was| was.within);
                let asked = standard.share * area.people as f64;
                if area.within < held && (area.within as f64) < asked - SLACK {
                    found.push(format!(
                        "{} in {}: {} people within, {held} today, {asked:.0} asked",
                        standard.words, area.name, area.within
                    ));
                }
            }
        }
        for words in found {
            self.breach("standards", words);
        }
    }

    fn state(&self, is_after: bool) -> State {
        let mut offers = Vec::new();
        for occupant in self.occupants.values() {
            let moved = self.moves.get(&occupant.id).filter(|_| is_after);
            let code = moved.map_or(&occupant.site, |moved| &moved.to);
            let (Some(service_line), Some(site)) = (occupant.service_line, self.site(code)) else {
                continue;
            };
            let gates = if is_after {
                self.passes_after(site)
            } else {
                access::passes_all(site, &self.rules.gates)
            };
            if !(is_after && self.closes(code)) {
                offers.push(Offer { site: code.clone(), service_line, gates });
            }
        }
        State::new("", offers).silent_on(derive::silence(self.estate.register, &self.occupants))
    }

    /// Minutes for each way of travelling and of measuring, as far as the farthest of its standards.
    fn times(&self) -> BTreeMap<(Mode, Measure), Arc<TravelTimes>> {
        let is_open = |site: &Site| site.status() == SiteStatus::Open && !site.is_aggregate();
        let sites = self.estate.register.located(is_open);
        let mut farthest: BTreeMap<(Mode, Measure), (StraightLine, Minutes)> = BTreeMap::new();
        for standard in &self.scenario.standards {
            let pace = StraightLine::of(standard.mode, &self.scenario.assumptions);
            let Ok(pace) = pace else { continue };
            let reach = standard.reach(pace);
            let held = farthest.entry((standard.mode, standard.measure())).or_insert((pace, reach));
            held.1.0 = held.1.0.max(reach.0);
        }
        let times = |((mode, measure), (pace, limit))| {
            let wanted = Wanted { mode, measure, limit };
            ((mode, measure), judging_times(self.estate.geography, &sites, wanted, pace))
        };
        farthest.into_iter().map(times).collect()
    }

    fn pace(&self, mode: Mode) -> Option<(f64, f64)> {
        let name = match mode {
            Mode::Walk => "walk",
            Mode::StepFreeWalk => "step_free_walk",
            Mode::Drive => "drive",
            Mode::PublicTransport => "public_transport",
            Mode::StepFreePublicTransport => "step_free_public_transport",
        };
        let figures = &self.scenario.assumptions;
        let detour = figures.value(&format!("travel.{name}.detour")).ok()?;
        Some((detour, figures.value(&format!("travel.{name}.metres_per_minute")).ok()?))
    }

    /// (6)
    fn journeys_stay_bounded(&mut self) {
        let found = journeys::breaches(self);
        for words in found {
            self.breach("journeys", words);
        }
    }

    /// (7)
    fn money_adds_up(&mut self, ledger: &Ledger) {
        let terms = self.terms();
        match fund::ledger(&self.decisions(), &terms) {
            Ok(own) if own == *ledger => {}
            Ok(_) => {
                self.breach("money", "the ledger is not the one these actions make");
            }
            Err(missing) => self.breach("money", missing.to_string()),
        }
        let sum = |lines: &mut dyn Iterator<Item = &Line>| -> Pence {
            lines.map(|line| line.amount).sum()
        };
        let net = sum(&mut ledger.lines.iter().filter(|line| line.in_fund));
        if net < self.scenario.fund_asked {
            let asked = self.scenario.fund_asked;
            self.breach("money", format!("the fund gets {net}, and {asked} was asked"));
        }
        let spent = -sum(&mut ledger.lines.iter().filter(|line| {
            matches!(line.kind, LineKind::Works | LineKind::BacklogWorks | LineKind::WorksVat)
                && line.budget == Budget::Cdel
        }));
        if spent > self.scenario.capital_available {
            let most = self.scenario.capital_available;
            self.breach("money", format!("works cost {spent}, and {most} is available"));
        }
        let mut by_site: BTreeMap<&SiteCode, (Pence, Pence)> = BTreeMap::new();
        for line in &ledger.lines {
            let (receipt, to_fund) = by_site.entry(&line.site).or_default();
            *receipt += if line.kind == LineKind::Receipt { line.amount } else { Pence::ZERO };
            *to_fund += if line.in_fund { line.amount } else { Pence::ZERO };
        }
        for action in &self.proposal.actions {
            let (receipt, to_fund) = by_site.get(&action.site).copied().unwrap_or_default();
            if receipt != action.receipt || to_fund != action.to_fund {
                let words = format!(
                    "{} is said to bring {} and the fund {}, but its lines say {receipt} and {to_fund}",
                    action.site, action.receipt, action.to_fund
                );
                self.breach("money", words);
            }
        }
        for line in ledger.lines.iter().filter(|line| line.in_fund && line.amount > Pence::ZERO) {
            let is_nhs =
                matches!(line.owner, Some(ReceiptAccruesTo::Trust | ReceiptAccruesTo::Nhsps));
            if line.kind == LineKind::Receipt && !is_nhs {
                self.breach(
                    "money",
                    format!("the receipt of {} is not the NHS's to keep", line.site),
                );
            }
        }
    }

    /// (7) and (5) again, where the scenario holds the plan to an amount.
    fn amounts_are_held_to(&mut self, ledger: &Ledger) {
        for held in &self.scenario.held {
            let Some(reached) = self.amount(held.amount, ledger) else {
                self.breach("amounts", format!("{} cannot be added up", held.amount.label()));
                continue;
            };
            let slack = SLACK * held.to.abs().max(1.0);
            let is_kept = if held.amount.more_is_better() {
                reached >= held.to - slack
            } else {
                reached <= held.to + slack
            };
            if !is_kept {
                let (label, unit) = (held.amount.label(), held.amount.unit());
                let words = format!("{label} is {reached:.0} {unit}, and {:.0} was asked", held.to);
                self.breach("amounts", words);
            }
        }
    }

    fn amount(&self, amount: Objective, ledger: &Ledger) -> Option<f64> {
        let terms = self.terms();
        let pounds = |counts: &dyn Fn(&Line) -> bool| -> f64 {
            ledger
                .lines
                .iter()
                .filter(|line| counts(line))
                .map(|line| line.amount.as_pounds())
                .sum()
        };
        let is_revenue = |line: &Line| line.budget == Budget::Revenue;
        match amount {
            Objective::Fund => Some(pounds(&|line| line.in_fund)),
            Objective::RunningCost => Some(pounds(&|line| is_revenue(line) && !line.in_fund)),
            Objective::FundValue => {
                let counted = ledger.lines.iter().filter(|line| line.in_fund || is_revenue(line));
                counted
                    .map(|line| Some(line.amount.as_pounds() * terms.discount(line.year).ok()?))
                    .sum()
            }
            Objective::SpaceReleased => {
                let closed = self.options.iter().filter(|(_, o)| **o == OptionKind::Dispose);
                let area = |site: &Site, field| site.area(field).map_or(0.0, |m2| m2.0);
                let sites = closed.filter_map(|(code, _)| self.site(code));
                Some(sites.map(|s| area(s, Field::EmptyArea) + area(s, Field::UnderUsedArea)).sum())
            }
            Objective::Travel => {
                let more = |moved: &&Move| {
                    let minutes = moved.minutes_after?.0 - moved.minutes_before?.0;
                    Some(moved.catchment? * minutes)
                };
                Some(self.moves.values().filter_map(more).sum())
            }
            // Never held to: refused when the question is laid out.
            Objective::PeopleWorseOff => None,
        }
    }

    fn decisions(&self) -> Vec<Decision<'a>> {
        let mut sorted: Vec<&Action> = self.proposal.actions.iter().collect();
        sorted.sort_by(|a, b| a.site.cmp(&b.site));
        sorted
            .into_iter()
            .filter_map(|action| {
                let arrivals = self
                    .moves
                    .values()
                    .filter(|moved| moved.to == action.site)
                    .map(|moved| Arrival {
                        tenancy: moved.tenancy.clone(),
                        from: moved.from.clone(),
                        clinical: moved.clinical,
                        non_clinical: moved.non_clinical,
                    })
                    .collect();
                Some(Decision { site: self.site(&action.site)?, option: action.option, arrivals })
            })
            .collect()
    }

    /// (8)
    fn locks_and_logic_hold(&mut self) {
        let mut found = Vec::new();
        for lock in &self.scenario.locks {
            match (lock.kind, self.closes(&lock.site)) {
                (LockKind::Keep, true) => {
                    found.push(format!("{} is locked to stay open and closes", lock.site));
                }
                (LockKind::Close, false) => {
                    found.push(format!("{} is locked to close and stays open", lock.site));
                }
                _ => {}
            }
        }
        self.closures(&mut found);
        self.together(&mut found);
        self.inclusion(&mut found);
        for moved in &self.proposal.moves {
            let line = self.occupants.get(&moved.tenancy).and_then(|o| o.service_line);
            match line {
                Some(ServiceLine::Inpatient | ServiceLine::Specialised) => {
                    found.push(format!("{} is acute care and moves", moved.tenancy));
                }
                None => found.push(format!("{} is care of unknown kind and moves", moved.tenancy)),
                Some(_) => {}
            }
        }
        for words in found {
            self.breach("locks and logic", words);
        }
    }

    fn closures(&self, found: &mut Vec<String>) {
        let terms = self.terms();
        let mut in_borough: BTreeMap<&str, u32> = BTreeMap::new();
        for action in &self.proposal.actions {
            let Some(site) = self.site(&action.site) else { continue };
            match action.option {
                OptionKind::Dispose => {
                    if !fund::exit_rule(site, &terms).is_open() {
                        found.push(format!("{} closes though its tenure forbids it", site.code));
                    }
                    if site.status() == SiteStatus::Open {
                        let borough = site
                            .text(Field::BoroughName)
                            .or_else(|| site.text(Field::BoroughCode))
                            .unwrap_or_default();
                        *in_borough.entry(borough).or_default() += 1;
                    }
                }
                OptionKind::SellLand => {
                    if !fund::land_exit_rule(site, &terms).is_open() {
                        found.push(format!(
                            "{} sells land that is not known to be the NHS's to sell",
                            site.code
                        ));
                    }
                }
                OptionKind::Keep | OptionKind::Improve => {}
            }
        }
        let Some(most) = self.scenario.closures_per_borough else { return };
        for (borough, closures) in in_borough.into_iter().filter(|(_, closures)| *closures > most) {
            found.push(format!("{closures} sites close in {borough}, and {most} may"));
        }
    }

    /// Co-dependent tenancies at one site go to one site.
    fn together(&self, found: &mut Vec<String>) {
        let mut groups: BTreeMap<(&str, &SiteCode), BTreeSet<&SiteCode>> = BTreeMap::new();
        for occupant in self.occupants.values() {
            let Some(group) = occupant.together.as_deref() else { continue };
            let to = self.moves.get(&occupant.id).map_or(&occupant.site, |moved| &moved.to);
            groups.entry((group, &occupant.site)).or_default().insert(to);
        }
        for ((group, site), _) in groups.into_iter().filter(|(_, to)| to.len() > 1) {
            found.push(format!("the co-dependent group {group:?} at {site} is split"));
        }
    }

    fn inclusion(&self, found: &mut Vec<String>) {
        let mut left: BTreeMap<&str, u32> = BTreeMap::new();
        for occupant in self.occupants.values() {
            if occupant.service_line != Some(ServiceLine::Inclusion) {
                continue;
            }
            let Some(site) = self.site(&occupant.site) else { continue };
            let borough = site
                .text(Field::BoroughName)
                .or_else(|| site.text(Field::BoroughCode))
                .unwrap_or_default();
            let stays = !self.moves.contains_key(&occupant.id) && !self.closes(&occupant.site);
            *left.entry(borough).or_default() += u32::from(stays);
        }
        for (borough, _) in left.into_iter().filter(|(_, left)| *left == 0) {
            found.push(format!("the last inclusion site in {borough} does not stay"));
        }
    }
}
