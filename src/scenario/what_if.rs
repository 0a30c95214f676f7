//! Two states of the estate side by side, and what closing, improving or opening a site would do, without a search.
//!
//! A what-if decides nothing: where the care of a closed site would go is told as the nearest other site that offers it,
//! and nobody checks that there is room.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::access::{Change, Difference, GateRules, Group, Standard, Standings, State};
use crate::fund::{self, Arrival, Decision, Line, OptionKind, Terms};
use crate::geography::Geography;
use crate::register::{
    Assumptions, Field, MissingAssumption, Pence, Register, ServiceLine, Site, SiteCode, TenancyId,
    Word as _, thousands,
};
use crate::travel::{Maker, Mode, UnusablePace};

use super::derive::{self, Occupant};
use super::journeys::{self, Catchments, JourneyLimit, OwnPeople};
use super::state::{self, Base, Edit, StateError, StateSpec};
use super::{Run, Scenario};

/// What every comparison on one register rests on, worked out once.
pub struct Outlook {
    /// Today, with everybody's journey.
    pub standings: Standings,
    standards: Vec<Standard>,
    figures: Assumptions,
    gates: GateRules,
    occupants: BTreeMap<TenancyId, Occupant>,
    limits: BTreeMap<ServiceLine, JourneyLimit>,
    own_people: OwnPeople,
    years: (i32, u8),
    gaps: Vec<String>,
}

/// A comparison that cannot be made.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum OutlookError {
    /// A state that cannot be.
    #[error(transparent)]
    State(#[from] StateError),
    /// A way of travelling without a usable pace.
    #[error(transparent)]
    Pace(#[from] UnusablePace),
    /// The assumption set lacks a figure.
    #[error(transparent)]
    Missing(#[from] MissingAssumption),
}

/// A tenancy whose place differs between two states, and the journeys of its own patients.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Displaced {
    /// Which tenancy.
    pub tenancy: TenancyId,
    /// Its name.
    pub name: String,
    /// What care.
    pub service_line: Option<ServiceLine>,
    /// People it serves, where known.
    pub people: Option<f64>,
    /// From.
    pub from: SiteCode,
    /// To; `None` where no other site offers the care.
    pub to: Option<SiteCode>,
    /// Whether a plan put it there; otherwise it is the nearest other site that offers the care, and nothing is decided.
    pub is_planned: bool,
    /// Mean minutes of its own people before; they are shared out by distance, since nobody publishes who goes where.
    pub minutes_before: Option<f64>,
    /// And after.
    pub minutes_after: Option<f64>,
    /// Share of them beyond the journey limit after.
    pub share_beyond: Option<f64>,
    /// How the minutes are made.
    #[serde(default)]
    pub minutes_by: Option<String>,
}

/// What a change would do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WhatIf {
    /// For whom, by standard.
    pub differences: Vec<Difference>,
    /// Every line of money it causes, priced as a plan's would be.
    pub lines: Vec<Line>,
    /// What the fund gains, net.
    pub to_fund: Pence,
    /// Tenancies of closed sites.
    pub displaced: Vec<Displaced>,
    /// Why a plan could not close a site that is closed here, in sentences.
    pub blockers: Vec<String>,
    /// Care that moves and no standard speaks of, in sentences.
    #[serde(default)]
    pub unjudged: Vec<String>,
}

/// Two states side by side.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Compared {
    /// What the first is, as a user writes it.
    pub a: String,
    /// And the second.
    pub b: String,
    /// The standards of the run it names, in words, where it names one; else those in force are meant.
    #[serde(default)]
    pub pinned: Option<String>,
    /// For whom, by standard.
    pub differences: Vec<Difference>,
    /// Tenancies whose place differs.
    pub displaced: Vec<Displaced>,
    /// Care that moves and no standard speaks of, in sentences.
    #[serde(default)]
    pub unjudged: Vec<String>,
    /// What else is not known and could change this, in sentences.
    pub gaps: Vec<String>,
}

impl Outlook {
    /// Works today out.
    pub fn new(
        register: &Register,
        geography: &Geography,
        figures: Assumptions,
        gates: GateRules,
        standards: &[Standard],
    ) -> Result<Self, OutlookError> {
        let zones = Arc::clone(&geography.zones);
        let travel = state::travel_for(register, geography, standards, &figures)?;
        let today = state::today(register, &figures, &gates);
        let occupants = derive::occupants(register, &figures);
        let lines: BTreeSet<ServiceLine> = occupants
            .values()
            .filter_map(|occupant| occupant.service_line)
            .filter(|line| derive::has_patients(Some(*line)))
            .collect();
        let each = lines.iter().copied();
        let limits = journeys::limits(each, standards, &figures, register, geography)?;
        let own_people = Catchments::new(&zones, register, &occupants, &lines, &limits, &figures)?;
        let own_people = own_people.into_people();
        let levers = Scenario::defaults(register, figures.clone(), Vec::new());
        let years = (levers.base_year, levers.horizon_years);
        let standings = Standings::new(zones, travel, standards, today);
        let gaps = gaps(register, &standings, &occupants);
        let standards = standards.to_vec();
        Ok(Self {
            standings,
            standards,
            figures,
            gates,
            occupants,
            limits,
            own_people,
            years,
            gaps,
        })
    }

    /// Care that any standard speaks of.
    fn judged(&self) -> BTreeSet<ServiceLine> {
        self.standards.iter().map(|standard| standard.service_line).collect()
    }

    fn terms(&self) -> Terms<'_> {
        let (base_year, horizon_years) = self.years;
        Terms { assumptions: &self.figures, base_year, horizon_years }
    }

    /// A state as a user writes it; `run` is the stored run it names, if it names one.
    pub fn state(
        &self,
        register: &Register,
        spec: &StateSpec,
        run: Option<&Run>,
    ) -> Result<State, StateError> {
        let base = match spec.base {
            Base::Today => self.standings.state.clone(),
            Base::Run(number) => {
                let proposal = run.and_then(|run| Some((run, run.proposal.as_ref()?)));
                let (run, proposal) = proposal.ok_or(StateError::NoProposal { run: number })?;
                let terms = Terms {
                    assumptions: &run.scenario.assumptions,
                    base_year: run.scenario.base_year,
                    horizon_years: run.scenario.horizon_years,
                };
                state::proposed(register, &terms, &self.gates, proposal)
            }
        };
        let changes = state::changes(&spec.edits, &base, register, &self.gates, &self.terms())?;
        Ok(base.with(&changes).named(spec.to_string()))
    }

    /// Two states side by side, each with the run it names, under the standards that run pins; of two runs, the second.
    pub fn compare(
        &self,
        register: &Register,
        geography: &Geography,
        a: (&StateSpec, Option<&Run>),
        b: (&StateSpec, Option<&Run>),
    ) -> Result<Compared, OutlookError> {
        // A run was asked, whatever is done to the estate it proposes.
        let named = [b, a].into_iter().filter_map(|(spec, run)| Some((spec.base, &run?.scenario)));
        let named: Vec<(Base, &Scenario)> = named.collect();
        let Some((base, asked)) = named.first() else { return self.side_by_side(register, a, b) };
        let mut told = if asked.standards == self.standards {
            self.side_by_side(register, a, b)?
        } else {
            let (figures, gates) = (self.figures.clone(), self.gates.clone());
            let pinned = Self::new(register, geography, figures, gates, &asked.standards)?;
            let mut told = pinned.side_by_side(register, a, b)?;
            told.gaps.insert(
                0,
                format!("The standards are those that {base} was asked with; other standards are in force today."),
            );
            told
        };
        let others = named.iter().skip(1).filter(|(_, held)| held.standards != asked.standards);
        told.gaps.extend(others.map(|(other, _)| {
            format!("{other} was asked with other standards than {base}, whose standards are used for both.")
        }));
        told.pinned = Some(match asked.standards_version {
            Some(version) => {
                format!("version {version} of the standards, with which {base} was asked")
            }
            None => format!("the standards that {base} was asked with"),
        });
        Ok(told)
    }

    fn side_by_side(
        &self,
        register: &Register,
        (a, run_a): (&StateSpec, Option<&Run>),
        (b, run_b): (&StateSpec, Option<&Run>),
    ) -> Result<Compared, OutlookError> {
        let before = self.state(register, a, run_a)?;
        let after = self.state(register, b, run_b)?;
        let differences = if *a == (StateSpec { base: Base::Today, edits: Vec::new() }) {
            self.standings.compared_with(&after)
        } else {
            self.standings.at(before.clone()).compared_with(&after)
        };
        let mut gaps = self.gaps.clone();
        for (spec, run) in [(a, run_a), (b, run_b)] {
            let Some(asked) = run.map(|run| run.scenario.register_version) else { continue };
            let words = format!(
                "{} was asked of register version {asked}; its actions and moves are put on version {}.",
                spec.base, register.version
            );
            if asked != register.version && !gaps.contains(&words) {
                gaps.push(words);
            }
        }
        let displaced = self.displaced(register, (a, run_a), (b, run_b), &after);
        let unjudged = unjudged(&displaced, &self.judged());
        let (a, b) = (a.to_string(), b.to_string());
        Ok(Compared { a, b, pinned: None, differences, displaced, unjudged, gaps })
    }

    /// What these edits of today's estate would do.
    pub fn what_if(&self, register: &Register, edits: &[Edit]) -> Result<WhatIf, OutlookError> {
        let terms = self.terms();
        let today = &self.standings.state;
        let changes = state::changes(edits, today, register, &self.gates, &terms)?;
        let after = today.with(&changes);
        let spec = |edits: &[Edit]| StateSpec { base: Base::Today, edits: edits.to_vec() };
        let displaced = self.displaced(register, (&spec(&[]), None), (&spec(edits), None), &after);
        let mut lines = Vec::new();
        let mut blockers = Vec::new();
        let options: BTreeMap<&SiteCode, OptionKind> = changes
            .iter()
            .filter_map(|change| match change {
                Change::Close { site } => Some((site, OptionKind::Dispose)),
                Change::Improve { site, .. } => Some((site, OptionKind::Improve)),
                Change::Offer { .. } => None,
            })
            .collect();
        for (code, option) in options {
            let Some(site) = register.site(code) else { continue };
            let decision = Decision { site, option, arrivals: Vec::new() };
            lines.extend(fund::price(&decision, &terms)?);
            if option == OptionKind::Dispose {
                let exit = fund::exit_rule(site, &terms);
                blockers.extend(exit.blocker().map(|blocker| {
                    format!("A plan could not close {} ({code}): {}", site.name(), blocker.words)
                }));
            }
        }
        for moved in &displaced {
            let need = self.occupants.get(&moved.tenancy).and_then(|held| held.need.as_ref().ok());
            let to = moved.to.as_ref().and_then(|code| register.site(code));
            let (Some(need), Some(to)) = (need, to) else { continue };
            let arrival = Arrival {
                tenancy: moved.tenancy.clone(),
                from: moved.from.clone(),
                clinical: need.clinical,
                non_clinical: need.non_clinical,
            };
            lines.extend(fund::price_arrival(to, &arrival, &terms)?);
        }
        let in_fund = lines.iter().filter(|line| line.in_fund);
        let to_fund = in_fund.map(|line| line.amount).sum();
        let differences = self.standings.what_if(&changes);
        let unjudged = unjudged(&displaced, &self.judged());
        Ok(WhatIf { differences, lines, to_fund, displaced, blockers, unjudged })
    }

    /// Tenancies that are elsewhere in the second state: where a plan puts them, else the nearest other offer.
    fn displaced(
        &self,
        register: &Register,
        a: (&StateSpec, Option<&Run>),
        b: (&StateSpec, Option<&Run>),
        after: &State,
    ) -> Vec<Displaced> {
        let place = |(spec, run): (&StateSpec, Option<&Run>)| {
            let moves = run.and_then(|run| run.proposal.as_ref()).map(|proposal| &proposal.moves);
            let moves: BTreeMap<TenancyId, SiteCode> = moves
                .into_iter()
                .flatten()
                .map(|moved| (moved.tenancy.clone(), moved.to.clone()))
                .collect();
            let closed: BTreeSet<SiteCode> = spec
                .edits
                .iter()
                .filter_map(
                    |edit| if let Edit::Close(site) = edit { Some(site.clone()) } else { None },
                )
                .collect();
            (moves, closed)
        };
        let ((moves_a, closed_a), (moves_b, closed_b)) = (place(a), place(b));
        let catchments = Catchments::over(self.standings.zones(), &self.own_people);
        let point = |code: &SiteCode| register.site(code).and_then(Site::location);
        let mut found = Vec::new();
        for occupant in self.occupants.values() {
            let from = moves_a.get(&occupant.id).unwrap_or(&occupant.site);
            let planned = moves_b.get(&occupant.id).unwrap_or(&occupant.site);
            let is_shut = closed_b.contains(planned) && !closed_a.contains(from);
            if from == planned && !is_shut {
                continue;
            }
            let to = if is_shut {
                occupant.service_line.and_then(|line| nearest_other(after, line, planned, register))
            } else {
                Some(planned.clone())
            };
            let journeys = occupant.service_line.zip(to.as_ref()).and_then(|(line, to)| {
                let (here, there) = ((from, point(from)?), (to, point(to)?));
                let limit = self.limits.get(&line)?;
                Some((catchments.moved(line, here, there, limit)?, limit.maker()))
            });
            let (journeys, minutes_by) = journeys.unzip();
            found.push(Displaced {
                tenancy: occupant.id.clone(),
                name: occupant.name.clone(),
                service_line: occupant.service_line,
                people: occupant.people,
                from: from.clone(),
                to,
                is_planned: !is_shut,
                minutes_before: journeys.map(|journeys| journeys.before.0),
                minutes_after: journeys.map(|journeys| journeys.after.0),
                share_beyond: journeys.map(|journeys| journeys.beyond_after),
                minutes_by,
            });
        }
        found
    }
}

/// The nearest other placed site that offers a kind of care, in a straight line, ties by code.
fn nearest_other(
    state: &State,
    line: ServiceLine,
    from: &SiteCode,
    register: &Register,
) -> Option<SiteCode> {
    let here = register.site(from)?.location()?;
    let offers = state.offering(line).map(|(site, _)| site).filter(|site| *site != from);
    let placed =
        offers.filter_map(|code| Some((register.site(code)?.location()?.metres_to(here), code)));
    let nearest = placed.min_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.1.cmp(b.1)));
    nearest.map(|(_, code)| code.clone())
}

/// Care that moves and no standard speaks of: that nobody is counted as worse off for it says nothing of them.
fn unjudged(displaced: &[Displaced], judged: &BTreeSet<ServiceLine>) -> Vec<String> {
    let mut moved: BTreeMap<ServiceLine, usize> = BTreeMap::new();
    let lines = displaced.iter().filter_map(|moved| moved.service_line);
    for line in lines.filter(|line| derive::has_patients(Some(*line)) && !judged.contains(line)) {
        *moved.entry(line).or_default() += 1;
    }
    let words = |(line, count): (ServiceLine, usize)| {
        let tenancies = if count == 1 { "tenancy" } else { "tenancies" };
        format!(
            "{}: no standard speaks of this care, so nobody who loses it is counted as worse off. What moves is told by the journeys of the patients of {count} {tenancies}.",
            line.label()
        )
    };
    moved.into_iter().map(words).collect()
}

/// What is not known of this register and could change who is within a standard.
fn gaps(
    register: &Register,
    standings: &Standings,
    occupants: &BTreeMap<TenancyId, Occupant>,
) -> Vec<String> {
    let zones = standings.zones();
    let mut gaps = Vec::new();
    let written = |count: usize| thousands(count as u64);
    let mut say = |count: usize, words: &dyn Fn(String) -> String| {
        if count > 0 {
            gaps.push(words(written(count)));
        }
    };
    let unplaced =
        register.sites().filter(|site| !site.is_aggregate() && site.location().is_none()).count();
    say(unplaced, &|n| {
        format!(
            "Where {n} sites are is not known: they are in no journey and could only bring more people within."
        )
    });
    let offering: BTreeSet<&SiteCode> = occupants.values().map(|occupant| &occupant.site).collect();
    let all = written(offering.len());
    let gate_unknown = occupants
        .values()
        .filter_map(|occupant| Some((occupant.service_line?, &occupant.site)))
        .filter(|(line, site)| standings.state.gates(*line, site) == Some(None))
        .map(|(_, site)| site)
        .collect::<BTreeSet<_>>()
        .len();
    say(gate_unknown, &|n| {
        format!(
            "Whether disabled people can get into {n} of {all} sites that offer care is not known: nobody has surveyed every must-pass item there. Their people are undetermined, never within."
        )
    });
    let kind_unknown = occupants.values().filter(|held| held.service_line.is_none()).count();
    say(kind_unknown, &|n| {
        format!("What kind of care {n} tenancies give is not known: they are in no standard.")
    });
    let derived = occupants.values().filter(|held| held.is_derived).count();
    say(derived, &|n| {
        format!(
            "At {n} sites no tenancy is recorded: the kind of care they offer is taken from the published site type."
        )
    });
    for group in Group::ALL {
        let unknown =
            zones.iter().filter(|zone| zone.residents > 0 && group.people(zone).is_none()).count();
        say(unknown, &|n| {
            format!(
                "{}: their number is not known in {n} small areas, which are in no count of them.",
                group.people_label()
            )
        });
    }
    let no_decile = zones.iter().filter(|zone| zone.imd_decile.is_none()).count();
    say(no_decile, &|n| format!("The deprivation decile of {n} small areas is not known."));
    let no_line = register
        .sites()
        .filter(|site| derive::is_in_use(site) && site.text(Field::BoroughCode).is_none())
        .count();
    say(no_line, &|n| format!("The borough of {n} open sites is not known."));
    let lines: BTreeSet<ServiceLine> =
        standings.standards().map(|standard| standard.service_line).collect();
    for line in lines {
        if let Some(silence) = standings.state.silence(line) {
            gaps.push(format!(
                "{}: {}, so everybody who has none of the sites added here is undetermined.",
                line.label(),
                silence.words()
            ));
        }
    }
    // Several standards may go by the same minutes.
    let journeys: BTreeSet<String> = standings.makers().map(journeys_words).collect();
    gaps.extend(journeys);
    gaps.push(
        "Sex, ethnicity, religion, pregnancy, sexual orientation and gender reassignment are not in the register by small area: this says nothing of them."
            .to_owned(),
    );
    gaps
}

/// That minutes are worked out and by what, or that there are none.
fn journeys_words((mode, maker): (Mode, &Maker)) -> String {
    let mode = mode.label();
    match maker {
        Maker::Nobody => format!(
            "No journey times are kept ({mode}), so whether anybody is within a standard that asks for them is undetermined."
        ),
        maker => {
            format!("Journey times ({mode}) are worked out ({maker}), not measured on the way.")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_that_nobody_has_are_told_in_one_sentence_and_others_with_what_made_them() {
        let made = Maker::MatrixFile { source: "walk.csv".to_owned() };
        assert_eq!(
            journeys_words((Mode::Walk, &made)),
            "Journey times (on foot) are worked out (travel-time matrix walk.csv), not measured on the way."
        );
        assert_eq!(
            journeys_words((Mode::StepFreePublicTransport, &Maker::Nobody)),
            "No journey times are kept (by public transport, step-free), so whether anybody is within a standard that asks for them is undetermined."
        );
    }

    #[test]
    fn care_that_moves_and_no_standard_speaks_of_is_told_and_other_care_is_not() {
        let site = |code: &str| code.parse::<SiteCode>().unwrap();
        let moved = |line| Displaced {
            tenancy: "T01".parse().unwrap(),
            name: "Services".to_owned(),
            service_line: line,
            people: None,
            from: site("RXA01"),
            to: None,
            is_planned: false,
            minutes_before: None,
            minutes_after: None,
            share_beyond: None,
            minutes_by: None,
        };
        let judged = BTreeSet::from([ServiceLine::PrimaryCare]);
        let acute = Some(ServiceLine::Inpatient);
        let told = |lines: &[Option<ServiceLine>]| {
            let displaced: Vec<Displaced> = lines.iter().copied().map(moved).collect();
            unjudged(&displaced, &judged)
        };

        assert_eq!(
            told(&[Some(ServiceLine::PrimaryCare), Some(ServiceLine::Support), None]),
            Vec::<String>::new()
        );
        let words = told(&[acute, Some(ServiceLine::PrimaryCare), acute]);
        assert_eq!(words.len(), 1, "{words:?}");
        assert!(words.iter().all(|words| words.starts_with("Acute and inpatient: no standard")));
        assert!(words.iter().all(|words| words.ends_with("patients of 2 tenancies.")), "{words:?}");
    }
}
