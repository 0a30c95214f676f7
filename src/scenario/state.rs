//! States of the estate: today, a run's proposal, and either with sites closed, improved or newly offering care.

use std::collections::BTreeMap;
use std::str::FromStr;

use crate::access::{self, Change, GateKind, GateRules, GateState, Offer, Standard, State};
use crate::fund::{self, OptionKind, Terms};
use crate::geography::Geography;
use crate::register::{
    AccessAnswer, Assumptions, Minutes, Register, ServiceLine, Site, SiteCode, SiteStatus, Word,
};
use crate::travel::{Measure, Mode, StraightLine, TimesByWay, UnusablePace, Wanted, judging_times};

use super::{Proposal, derive};

/// How far beyond a standard's limit journeys are searched, so that a nearest site beyond it can be told.
const SEARCHED: f64 = 2.0;

/// What a state starts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Base {
    /// The register as it stands.
    Today,
    /// What a stored run proposes, put on the register as it stands.
    Run(u64),
}

/// One thing asked to be done to a site.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Edit {
    /// Close it.
    Close(SiteCode),
    /// Works that mend its gates.
    Improve(SiteCode),
    /// Offer a kind of care there.
    Offer(SiteCode, ServiceLine),
}

/// A state in a user's words: `today`, `run:12`, `today+close:RXA01+improve:RXA02+offer:RXA03:urgent_care`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateSpec {
    /// What it starts from.
    pub base: Base,
    /// What is done, in order.
    pub edits: Vec<Edit>,
}

/// A state that cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    /// Not in the form that states are written in.
    #[error(
        "{part:?} is not a state of the estate: write today or run:NUMBER, then +close:SITE, +improve:SITE or +offer:SITE:SERVICE_LINE"
    )]
    Unreadable {
        /// What could not be read.
        part: String,
    },
    /// No such site.
    #[error("{site} is not in the register")]
    NoSuchSite {
        /// As given.
        site: SiteCode,
    },
    /// Nobody knows where it is, so nobody's journey to it is known.
    #[error("{site} has no place in the register, so no journey to it is known")]
    NotPlaced {
        /// As given.
        site: SiteCode,
    },
    /// Nothing to close or improve.
    #[error("{site} offers no care in this state, so there is nothing to {what}")]
    NothingThere {
        /// As given.
        site: SiteCode,
        /// `close` or `improve`.
        what: &'static str,
    },
    /// The run has no proposal.
    #[error("run {run} found no plan, so it proposes no state of the estate")]
    NoProposal {
        /// Its number.
        run: u64,
    },
}

impl FromStr for StateSpec {
    type Err = StateError;

    fn from_str(text: &str) -> Result<Self, StateError> {
        // An address turns a plus into a space, and people write commas.
        let is_between = |c: char| c == '+' || c == ',' || c.is_whitespace();
        let mut parts = text.split(is_between).filter(|part| !part.is_empty());
        let unreadable = |part: &str| StateError::Unreadable { part: part.to_owned() };
        let first = parts.next().unwrap_or_default();
        let base = match first.split_once(':') {
            None if first.eq_ignore_ascii_case("today") => Base::Today,
            Some(("run", number)) => {
                Base::Run(number.parse().map_err(|_not_a_number| unreadable(first))?)
            }
            _ => return Err(unreadable(first)),
        };
        let edit = |part: &str| -> Option<Edit> {
            let mut words = part.split(':').map(str::trim);
            let (what, site) = (words.next()?, words.next()?.parse::<SiteCode>().ok()?);
            let edit = match (what, words.next()) {
                ("close", None) => Edit::Close(site),
                ("improve", None) => Edit::Improve(site),
                ("offer", Some(line)) => Edit::Offer(site, ServiceLine::find(line)?),
                _ => return None,
            };
            words.next().is_none().then_some(edit)
        };
        let edits = parts.map(|part| edit(part).ok_or_else(|| unreadable(part)));
        Ok(Self { base, edits: edits.collect::<Result<_, _>>()? })
    }
}

impl std::fmt::Display for Base {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Today => f.write_str("today"),
            Self::Run(number) => write!(f, "run:{number}"),
        }
    }
}

impl std::fmt::Display for StateSpec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.base.fmt(f)?;
        self.edits.iter().try_for_each(|edit| match edit {
            Edit::Close(site) => write!(f, "+close:{site}"),
            Edit::Improve(site) => write!(f, "+improve:{site}"),
            Edit::Offer(site, line) => write!(f, "+offer:{site}:{line}"),
        })
    }
}

/// The register's own offers: everyone at its open, placed sites, with the gates as surveyed.
pub fn today(register: &Register, figures: &Assumptions, rules: &GateRules) -> State {
    state("Today", register, figures, rules, None)
}

/// The offers under a run's proposal: its moves made, its sites improved, what it gives up closed.
pub fn proposed(
    register: &Register,
    terms: &Terms<'_>,
    rules: &GateRules,
    proposal: &Proposal,
) -> State {
    state("Proposed", register, terms.assumptions, rules, Some((terms, proposal)))
}

fn state(
    name: &str,
    register: &Register,
    figures: &Assumptions,
    rules: &GateRules,
    plan: Option<(&Terms<'_>, &Proposal)>,
) -> State {
    let options: BTreeMap<&SiteCode, OptionKind> = plan
        .iter()
        .flat_map(|(_, proposal)| &proposal.actions)
        .map(|action| (&action.site, action.option))
        .collect();
    let moves: BTreeMap<_, &SiteCode> = plan
        .iter()
        .flat_map(|(_, proposal)| &proposal.moves)
        .map(|moved| (&moved.tenancy, &moved.to))
        .collect();
    let mut offers = Vec::new();
    let occupants = derive::occupants(register, figures);
    for occupant in occupants.values() {
        let Some(service_line) = occupant.service_line else { continue };
        let at = moves.get(&occupant.id).copied().unwrap_or(&occupant.site);
        let Some(site) = register.site(at) else { continue };
        let option = options.get(at).copied().unwrap_or(OptionKind::Keep);
        if option == OptionKind::Dispose {
            continue;
        }
        let gates = match plan {
            Some((terms, _)) if option == OptionKind::Improve => after_works(site, rules, terms),
            _ => access::passes_all(site, rules),
        };
        offers.push(Offer { site: at.clone(), service_line, gates });
    }
    State::new(name, offers).silent_on(derive::silence(register, &occupants))
}

/// Whether a site passes every gate once works are done: those that fail or are unknown are mended, if works can.
pub fn after_works(site: &Site, rules: &GateRules, terms: &Terms<'_>) -> Option<bool> {
    let open = access::gates(site, rules)
        .into_iter()
        .filter(|gate| gate.kind == GateKind::Must)
        .filter(|gate| matches!(gate.state, GateState::Fail | GateState::Unknown));
    // "Not applicable" where that cannot be is nothing works could mend.
    let is_mended =
        |item| site.access(item) != Some(AccessAnswer::NotApplicable) && fund::mends(item, terms);
    if open.map(|gate| gate.item).all(is_mended) {
        Some(true)
    } else {
        access::passes_all(site, rules)
    }
}

/// Edits as changes to a state, each checked against the register and what the state offers.
pub fn changes(
    edits: &[Edit],
    state: &State,
    register: &Register,
    rules: &GateRules,
    terms: &Terms<'_>,
) -> Result<Vec<Change>, StateError> {
    let mut state = state.clone();
    let mut changes = Vec::with_capacity(edits.len());
    for edit in edits {
        let (Edit::Close(code) | Edit::Improve(code) | Edit::Offer(code, _)) = edit;
        let site =
            register.site(code).ok_or_else(|| StateError::NoSuchSite { site: code.clone() })?;
        if !derive::is_placed(site) {
            return Err(StateError::NotPlaced { site: code.clone() });
        }
        let is_empty = state.offered_at(code).is_empty();
        let nothing = |what| StateError::NothingThere { site: code.clone(), what };
        let change = match edit {
            Edit::Close(_) if is_empty => return Err(nothing("close")),
            Edit::Improve(_) if is_empty => return Err(nothing("improve")),
            Edit::Close(site) => Change::Close { site: site.clone() },
            Edit::Improve(at) => {
                Change::Improve { site: at.clone(), passes: after_works(site, rules, terms) }
            }
            Edit::Offer(at, line) => Change::Offer {
                site: at.clone(),
                service_line: *line,
                passes: access::passes_all(site, rules),
            },
        };
        state = state.with(std::slice::from_ref(&change));
        changes.push(change);
    }
    Ok(changes)
}

/// The best minutes there are for each way of travelling and measuring that the standards name, from every zone to every
/// placed site that stands. Straight lines reach twice as far as the farthest limit; kept minutes as far as they were made.
pub fn travel_for(
    register: &Register,
    geography: &Geography,
    standards: &[Standard],
    figures: &Assumptions,
) -> Result<TimesByWay, UnusablePace> {
    let stands = |site: &Site| {
        matches!(site.status(), SiteStatus::Open | SiteStatus::Unoccupied)
            && derive::is_placed(site)
    };
    let sites = register.located(stands);
    let mut farthest: BTreeMap<(Mode, Measure), f64> = BTreeMap::new();
    for standard in standards {
        let minutes = standard.reach(StraightLine::of(standard.mode, figures)?).0;
        let held = farthest.entry(standard.way()).or_default();
        *held = held.max(minutes * SEARCHED + 1e-9);
    }
    let times = |((mode, measure), minutes)| {
        let pace = StraightLine::of(mode, figures)?;
        let wanted = Wanted { mode, measure, limit: Minutes(minutes) };
        Ok(((mode, measure), judging_times(geography, &sites, wanted, pace)))
    };
    farthest.into_iter().map(times).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_reads_back_as_it_is_written() {
        for text in ["today", "run:12", "today+close:RXA01+improve:RXA02+offer:RXA03:urgent_care"] {
            assert_eq!(text.parse::<StateSpec>().unwrap().to_string(), text);
            let spaced = text.replace('+', ", ");
            assert_eq!(spaced.parse::<StateSpec>().unwrap().to_string(), text);
        }
        let told = |text: &str| text.parse::<StateSpec>().unwrap_err().to_string();
        for (text, part) in [
            ("yesterday", "yesterday"),
            ("run:x", "run:x"),
            ("today+shut:RXA01", "shut:RXA01"),
            ("today+offer:RXA01", "offer:RXA01"),
            ("today+offer:RXA01:magic", "offer:RXA01:magic"),
            ("today+close:RXA01:gp", "close:RXA01:gp"),
            ("", ""),
        ] {
            assert!(told(text).starts_with(&format!("{part:?} is not a state")), "{text}");
        }
    }
}
