//! What a stored run can be asked about itself: why, what else, what it trades, and what a survey would settle.
//!
//! Everything here stands on the run's own question, put again to the same register version: the same question gives
//! the same model, and the proposal is read back into it as a plan.

mod choices;
mod frontier;
mod portfolio;
mod survey;
#[cfg(test)]
mod tests;

use chrono::NaiveDateTime;
use serde::{Deserialize, Serialize};
use solver::{Plan, Problem, Settings, Share, Watch};

use crate::fund::OptionKind;
use crate::register::{SiteCode, TenancyId};

use super::answer::{settings, unit_of};
use super::encode::{Key, encode_on};
use super::ground::{Ground, Reading};
use super::{Estate, Objective, Rules, Run, RunStatus, Scenario, ScenarioError};

/// What is asked of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum StudyQuestion {
    /// What every choice would cost the other way, between two ends, at once.
    Why,
    /// The same of one site and its services, exactly, and what else would change.
    WhySite {
        /// Which.
        site: SiteCode,
    },
    /// What is sought against another amount.
    Frontier {
        /// What is sought at each point.
        sought: Objective,
        /// The other amount.
        against: Objective,
        /// Points asked for.
        points: usize,
    },
    /// The best few plans within the gap.
    Portfolio {
        /// How many.
        plans: usize,
        /// Share of the best plan's worth, 0.01 is 1 %.
        within: f64,
    },
    /// Unknown access items as no and as yes.
    Survey,
}

/// An answer about a run, stored and never changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Study {
    /// What was asked.
    pub question: StudyQuestion,
    /// Number of the run it is about.
    pub run: u64,
    /// The scenario's name.
    pub name: String,
    /// Who asked.
    pub author: String,
    /// When, UTC.
    pub at: NaiveDateTime,
    /// Wall seconds.
    pub seconds: f64,
    /// It was stopped, or ran out of time, before everything was answered.
    pub is_cut_short: bool,
    /// The answer.
    pub answer: StudyAnswer,
}

/// The answers, by kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StudyAnswer {
    /// To [`StudyQuestion::Why`] and [`StudyQuestion::WhySite`].
    Why(Whys),
    /// To [`StudyQuestion::Frontier`].
    Frontier(Frontier),
    /// To [`StudyQuestion::Portfolio`].
    Portfolio(Alternatives),
    /// To [`StudyQuestion::Survey`].
    Survey(SurveyList),
}

/// What choices would cost the other way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Whys {
    /// What the run seeks, and so what the costs are of.
    pub objective: Objective,
    /// Sites, then tenancies, by code.
    pub rows: Vec<Why>,
}

/// What one choice would cost the other way, in the unit of what is sought; positive is worse.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Why {
    /// The site; for a tenancy the one it is at today.
    pub site: SiteCode,
    /// The site's or the tenancy's name.
    pub name: String,
    /// Which tenancy; `None` for the site's own option.
    pub tenancy: Option<TenancyId>,
    /// What the plan does: the option, or the site the tenancy is at.
    pub now: String,
    /// How the cost is known.
    pub known: solver::Known,
    /// Proved: at least this much worse. Below zero, a better plan may exist within the run's gap.
    pub low: Option<f64>,
    /// A plan is known that is this much worse.
    pub high: Option<f64>,
    /// What binds, in a sentence.
    pub binds: Option<String>,
    /// What else would change in the plan that takes it the other way.
    pub changes: Vec<Difference>,
}

/// A difference between two plans.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// The site; for a tenancy the one it is at today.
    pub site: SiteCode,
    /// The site's or the tenancy's name.
    pub name: String,
    /// Which tenancy; `None` for the site's own option.
    pub tenancy: Option<TenancyId>,
    /// In the plan.
    pub from: String,
    /// In the other.
    pub to: String,
}

/// One amount against another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Frontier {
    /// What is sought at each point.
    pub sought: Objective,
    /// The amount each point is held to.
    pub against: Objective,
    /// No point is as good as another in both. Best of what is sought first.
    pub points: Vec<FrontierRow>,
    /// Proved: no plan is better than this in the other amount.
    pub at_best: Option<f64>,
}

/// A point of a frontier: figures of its stored run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FrontierRow {
    /// Number of its run.
    pub run: u64,
    /// Of what is sought, from the run's own ledger and journeys.
    pub sought: f64,
    /// Of the other amount.
    pub against: f64,
    /// How its search ended.
    pub status: RunStatus,
    /// Its own gap.
    pub gap: Option<f64>,
    /// Sites it closes.
    pub closes: u64,
    /// Wall seconds of its search.
    pub seconds: f64,
}

/// The best few plans.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Alternatives {
    /// What the run seeks.
    pub objective: Objective,
    /// Best first.
    pub plans: Vec<Alternative>,
    /// Every site that closes in any of them, oftenest first, then by code.
    pub sites: Vec<Closing>,
    /// Proved to be the best ones.
    pub is_proved: bool,
    /// Proved: there is no other within the gap.
    pub is_all: bool,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Alternative {
    /// How much worse than the best of them, in the unit of what is sought.
    pub worse_by: f64,
    /// Sites it closes.
    pub closes: Vec<SiteCode>,
    /// How it differs from the best.
    pub differs: Vec<Difference>,
}

/// How often a site closes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Closing {
    /// Which site.
    pub site: SiteCode,
    /// Its name.
    pub name: String,
    /// Of the plans.
    pub closes_in: u64,
    /// Share of them, 0 to 1.
    pub share: f64,
}

/// Where a survey of access would change the plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SurveyList {
    /// What the run seeks.
    pub objective: Objective,
    /// Worth of the plan with every unknown as no, least is best.
    pub as_no: Option<f64>,
    /// And as yes.
    pub as_yes: Option<f64>,
    /// How each search ended.
    pub ends: [RunStatus; 2],
    /// Sites and tenancies whose fate differs, most at stake first.
    pub rows: Vec<SurveyRow>,
}

/// Something whose fate hangs on items nobody has surveyed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SurveyRow {
    /// The site; for a tenancy the one it is at today.
    pub site: SiteCode,
    /// The site's or the tenancy's name.
    pub name: String,
    /// Which tenancy; `None` for the site's own option.
    pub tenancy: Option<TenancyId>,
    /// With every unknown as no.
    pub as_no: String,
    /// And as yes.
    pub as_yes: String,
    /// At least this much is lost if what happens with every unknown as yes is forbidden it; `None` where not known.
    pub at_stake: Option<f64>,
    /// Items to survey, by site: where it is, and where it would go.
    pub items: Vec<(SiteCode, Vec<u8>)>,
}

/// A run put again to its estate.
pub(super) struct Asked<'a> {
    pub(super) ground: Ground<'a>,
    pub(super) problem: Problem,
    pub(super) key: Key,
    pub(super) settings: Settings,
}

impl<'a> Asked<'a> {
    pub(super) fn of(
        estate: Estate<'a>,
        scenario: &'a Scenario,
        rules: &'a Rules,
        reading: Reading,
    ) -> Result<Self, ScenarioError> {
        let ground = Ground::read(estate, scenario, rules, reading)?;
        let (problem, key) = encode_on(&ground)?;
        Ok(Self { ground, problem, key, settings: settings(scenario) })
    }

    /// The proposal of a run as a plan of its problem; `None` where there is none, or it is no plan of this estate.
    pub(super) fn plan_of(&self, run: &Run) -> Option<Plan> {
        let proposal = run.proposal.as_ref()?;
        let mut options = Vec::new();
        for known in &self.key.sites {
            let action = proposal.actions.binary_search_by(|action| action.site.cmp(&known.code));
            let action = proposal.actions.get(action.ok()?)?;
            options.push(known.option(action.option)?);
        }
        let mut shares = Vec::new();
        for (unit, of) in self.key.units.iter().zip(&self.problem.units) {
            let moved = proposal.moves.iter().find(|moved| moved.tenancy == unit.tenancy);
            let to = moved.map_or(&unit.from, |moved| &moved.to);
            let mut places = unit.places.iter().zip(&of.places);
            let place = places.position(|(there, place)| {
                let option = options.get(place.site);
                there.site == *to && option.is_some_and(|option| place.admitted_by.contains(option))
            })?;
            shares.push(vec![Share { place, share: 1.0 }]);
        }
        let plan = Plan::of(&self.problem, options, shares);
        solver::check(&self.problem, &plan).is_empty().then_some(plan)
    }

    /// What one unit of the search is.
    pub(super) fn unit(&self) -> f64 {
        unit_of(self.ground.scenario.objective)
    }

    /// The option of a site in a plan.
    fn option_at(&self, plan: &Plan, site: usize) -> Option<OptionKind> {
        self.key.sites.get(site)?.options.get(*plan.options.get(site)?).copied()
    }

    /// Where a unit is in a plan.
    fn site_of(&self, plan: &Plan, unit: usize) -> Option<&SiteCode> {
        Some(&self.key.units.get(unit)?.places.get(plan.place(unit)?)?.site)
    }

    fn tenancy_name(&self, tenancy: &TenancyId) -> String {
        let occupant = self.ground.occupants.get(tenancy);
        occupant.map_or_else(|| tenancy.to_string(), |occupant| occupant.name.clone())
    }

    /// Where two plans differ: sites by code, then tenancies.
    fn differences(&self, plan: &Plan, other: &Plan) -> Vec<Difference> {
        let mut found = Vec::new();
        for (at, known) in self.key.sites.iter().enumerate() {
            let (from, to) = (self.option_at(plan, at), self.option_at(other, at));
            if let (Some(from), Some(to)) = (from, to)
                && from != to
            {
                found.push(Difference {
                    site: known.code.clone(),
                    name: self.ground.site_name(&known.code),
                    tenancy: None,
                    from: option_words(from).to_owned(),
                    to: option_words(to).to_owned(),
                });
            }
        }
        for (at, known) in self.key.units.iter().enumerate() {
            let (from, to) = (self.site_of(plan, at), self.site_of(other, at));
            if let (Some(from), Some(to)) = (from, to)
                && from != to
            {
                found.push(Difference {
                    site: known.from.clone(),
                    name: self.tenancy_name(&known.tenancy),
                    tenancy: Some(known.tenancy.clone()),
                    from: format!("at {}", self.named(from)),
                    to: format!("at {}", self.named(to)),
                });
            }
        }
        found
    }

    fn named(&self, code: &SiteCode) -> String {
        format!("{} ({code})", self.ground.site_name(code))
    }

    fn closed(&self, plan: &Plan) -> Vec<SiteCode> {
        let sites = self.key.sites.iter().enumerate();
        sites
            .filter(|(at, _)| self.option_at(plan, *at) == Some(OptionKind::Dispose))
            .map(|(_, known)| known.code.clone())
            .collect()
    }
}

/// The word for an option in sentences.
pub(super) fn option_words(option: OptionKind) -> &'static str {
    match option {
        OptionKind::Keep => "keep",
        OptionKind::Improve => "improve",
        OptionKind::SellLand => "keep and sell land",
        OptionKind::Dispose => "close",
    }
}

/// A study that cannot be made.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum StudyError {
    /// The run has no plan.
    #[error("run {0} has no plan: there is nothing to explain but why, and its page says that")]
    NoPlan(u64),
    /// The plan is none of this program's model any more.
    #[error(
        "the plan of run {0} cannot be read back into the model of this version of the program: ask the scenario again"
    )]
    OtherModel(u64),
    /// A site that the run does not decide about.
    #[error("{site} has nothing to explain in run {run}: {why}")]
    NothingToExplain {
        /// The run.
        run: u64,
        /// The site.
        site: SiteCode,
        /// A clause.
        why: String,
    },
    /// Two amounts that are one, or people as what the plan is held to.
    #[error("{0}")]
    Amounts(String),
    /// A count outside its range.
    #[error("{what} is {found}, which is not {wanted}")]
    BadCount {
        /// Of what.
        what: &'static str,
        /// As given.
        found: String,
        /// A noun phrase.
        wanted: &'static str,
    },
    /// The question cannot be put.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// A point of a frontier could not be kept.
    #[error("{0}")]
    NotKept(String),
}

/// Who asks, when, and of which run.
#[derive(Debug, Clone)]
pub struct Asking {
    /// Number of the run.
    pub run: u64,
    /// Who.
    pub author: String,
    /// When, UTC.
    pub at: NaiveDateTime,
}

/// Who follows a study: the search within it, how far it is, and the runs it makes.
pub trait Follow: Watch {
    /// A share done, 0 to 1, and what is being done.
    fn step(&mut self, share: f64, doing: &str);
    /// Keeps a run that is a point of a frontier, and gives its number.
    fn keep(&mut self, run: &Run) -> Result<u64, String>;
}

/// Puts a question to a stored run.
pub fn study(
    estate: &Estate<'_>,
    run: &Run,
    question: StudyQuestion,
    rules: &Rules,
    asking: Asking,
    follow: &mut dyn Follow,
) -> Result<Study, StudyError> {
    let started = std::time::Instant::now();
    follow.step(0.0, "Setting the model up again");
    let (answer, is_cut_short) = match &question {
        StudyQuestion::Why => choices::every(estate, run, rules, asking.run, follow)?,
        StudyQuestion::WhySite { site } => {
            choices::one(estate, run, rules, asking.run, site, follow)?
        }
        StudyQuestion::Frontier { sought, against, points } => {
            frontier::sweep(estate, run, rules, &asking, (*sought, *against, *points), follow)?
        }
        StudyQuestion::Portfolio { plans, within } => {
            portfolio::best_few(estate, run, rules, asking.run, (*plans, *within), follow)?
        }
        StudyQuestion::Survey => survey::list(estate, run, rules, follow)?,
    };
    Ok(Study {
        question,
        run: asking.run,
        name: run.scenario.name.clone(),
        author: asking.author,
        at: asking.at,
        seconds: started.elapsed().as_secs_f64(),
        is_cut_short,
        answer,
    })
}

/// A watch for the searches inside a study.
struct Inner<'a>(&'a mut dyn Follow);

impl Watch for Inner<'_> {
    fn progress(&mut self, progress: solver::Progress) {
        self.0.progress(progress);
    }
    fn is_cancelled(&self) -> bool {
        self.0.is_cancelled()
    }
}

impl Objective {
    /// Of a run's plan, from its ledger, moves and assessments: never from the search. `None` without a plan.
    pub fn of(self, run: &Run, register: &crate::register::Register) -> Option<f64> {
        let proposal = run.proposal.as_ref()?;
        let terms = super::ground::terms(&run.scenario);
        let worth = || super::value::Worth::of(&run.ledger.lines, &terms).ok();
        match self {
            Self::FundValue => Some(worth()?.present * 1000.0),
            Self::Fund => Some(
                proposal
                    .actions
                    .iter()
                    .map(|a| a.to_fund)
                    .sum::<crate::register::Pence>()
                    .as_pounds(),
            ),
            Self::RunningCost => Some(worth()?.running * 1000.0),
            Self::SpaceReleased => {
                let closed = proposal.actions.iter().filter(|a| a.option == OptionKind::Dispose);
                let sites = closed.filter_map(|action| register.site(&action.site));
                Some(sites.filter_map(super::derive::spare_m2).sum())
            }
            Self::PeopleWorseOff => {
                let pairs = proposal.access_before.iter().zip(&proposal.access_after);
                Some(pairs.map(|(was, is)| was.total.within as f64 - is.total.within as f64).sum())
            }
            Self::Travel => Some(
                proposal
                    .moves
                    .iter()
                    .filter_map(|moved| {
                        let more = moved.minutes_after?.0 - moved.minutes_before?.0;
                        Some(moved.catchment? * more)
                    })
                    .sum(),
            ),
        }
    }
}

/// The numbers of access items nobody has answered at a site, of those that are gates.
fn unknown_gates(ground: &Ground<'_>, code: &SiteCode) -> Vec<u8> {
    let Some(site) = ground.estate.register.site(code) else { return Vec::new() };
    crate::access::gates(site, &ground.rules.gates)
        .into_iter()
        .filter(|gate| gate.kind == crate::access::GateKind::Must)
        .filter(|gate| gate.state == crate::access::GateState::Unknown)
        .map(|gate| gate.item.number())
        .collect()
}
