//! A plan's money with its workings: every item, how it follows from named figures, and what comes of it in another case.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::flow::Flow;
use super::formula::Inputs;
use super::ledger::sorted;
use super::price::flows;
use super::{Decision, Formula, Ledger, Lever, Line, Schedule, Spend, Terms};
use crate::register::{Assumptions, MissingAssumption, Pence};

/// The items of a plan. At its base case they are the ledger's lines, to the penny.
#[derive(Debug, Clone)]
pub struct Workings<'a> {
    pub(super) terms: Terms<'a>,
    pub(super) flows: Vec<Flow>,
    pub(super) spends: &'a [Spend],
    decisions: &'a [Decision<'a>],
    schedule: &'a Schedule,
}

/// What is tried: levers, and sales that complete later.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Case {
    /// In the order of [`Lever::ALL`]; 1 changes nothing.
    pub levers: [f64; 4],
    /// Months that every sale completes later.
    pub delay_months: i32,
}

impl Default for Case {
    fn default() -> Self {
        Self { levers: [1.0; 4], delay_months: 0 }
    }
}

impl Case {
    /// One lever moved.
    pub fn of(lever: Lever, factor: f64) -> Self {
        let mut case = Self::default();
        for (at, known) in Lever::ALL.iter().enumerate() {
            if *known == lever {
                case.levers[at] = factor;
            }
        }
        case
    }
}

/// What a case comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// All that moves the fund's balance.
    pub fund: Pence,
    /// Net present social value.
    pub npsv: Pence,
}

/// Central figures of a set, and a case's levers.
pub(super) struct Figures<'a> {
    pub(super) set: &'a Assumptions,
    pub(super) levers: [f64; 4],
}

impl Inputs for Figures<'_> {
    fn figure(&self, key: &str) -> f64 {
        // A formula names only figures that were found when it was written.
        self.set.value(key).unwrap_or(f64::NAN)
    }

    fn lever(&self, lever: Lever) -> f64 {
        Lever::ALL
            .iter()
            .zip(self.levers)
            .find(|(known, _)| **known == lever)
            .map_or(1.0, |(_, x)| x)
    }
}

/// A line with its formula.
#[derive(Debug, Clone, PartialEq)]
pub struct Worked {
    /// The line.
    pub line: Line,
    /// In pounds, before it is rounded to the penny.
    pub formula: Formula,
}

impl<'a> Workings<'a> {
    /// Prices the decisions at the programme's dates.
    pub fn new(
        decisions: &'a [Decision<'a>],
        terms: Terms<'a>,
        schedule: &'a Schedule,
        spends: &'a [Spend],
    ) -> Result<Self, MissingAssumption> {
        let mut all = Vec::new();
        for decision in decisions {
            all.extend(flows(decision, &terms, schedule)?);
        }
        Ok(Self { terms, flows: all, spends, decisions, schedule })
    }

    /// The terms it is priced on.
    pub fn terms(&self) -> Terms<'a> {
        self.terms
    }

    /// The ledger, with approved spend.
    pub fn ledger(&self) -> Ledger {
        let worked = self.flows.iter().flat_map(|flow| flow.lines(self.terms.end_year()));
        sorted(worked.map(|(line, _)| line).collect()).with_spend(self.spends)
    }

    /// Every line with its formula, in the ledger's order. Approved spend is a given number.
    pub fn worked(&self) -> Vec<Worked> {
        let worked = self.flows.iter().flat_map(|flow| flow.lines(self.terms.end_year()));
        let mut worked: Vec<Worked> = worked
            .map(|(line, amount)| Worked { line, formula: amount.formula.as_ref().clone() })
            .collect();
        let spend = Ledger::default().with_spend(self.spends).lines.into_iter();
        worked.extend(
            spend.map(|line| Worked { formula: Formula::Number(line.amount.as_pounds()), line }),
        );
        worked.sort_by(|a, b| a.line.order().cmp(&b.line.order()));
        worked
    }

    /// Every assumption that a line's formula names or a date rests on, sorted.
    pub fn keys(&self) -> Vec<String> {
        let mut keys: BTreeSet<String> =
            ["time.years_to_move", "time.years_move_to_receipt", "time.years_to_land_receipt"]
                .into_iter()
                .map(str::to_owned)
                .collect();
        for flow in &self.flows {
            flow.amount.formula.visit(&mut |part| {
                if let Formula::Figure(key) = part {
                    keys.insert(key.to_string());
                }
            });
            keys.extend(flow.lease_keys());
        }
        keys.retain(|key| self.terms.assumptions.figures.contains_key(key));
        keys.into_iter().collect()
    }

    /// The same plan with another assumption set.
    pub fn with_figures<'b>(
        &'b self,
        set: &'b Assumptions,
    ) -> Result<Workings<'b>, MissingAssumption> {
        let terms = Terms { assumptions: set, ..self.terms };
        Workings::new(self.decisions, terms, self.schedule, self.spends)
    }

    /// The ledger of a case, central figures only: low and high are the central amount.
    pub fn ledger_in(&self, case: &Case) -> Ledger {
        let figures = Figures { set: self.terms.assumptions, levers: case.levers };
        let mut lines = Vec::new();
        for flow in &self.flows {
            let mut stages = flow.stages;
            stages.receipt = stages.receipt.later(case.delay_months);
            for (when, amount) in flow.occurrences(&stages, self.terms.end_year()) {
                let Some((mut line, _)) = flow.line(when, amount.clone()) else { continue };
                line.amount = super::estimate::pence(amount.formula.value(&figures));
                (line.low, line.high) = (line.amount, line.amount);
                lines.push(line);
            }
        }
        sorted(lines).with_spend(self.spends)
    }

    /// What a case comes to: the sums of [`Self::ledger_in`] without its lines.
    pub fn outcome(&self, case: &Case) -> Result<Outcome, MissingAssumption> {
        let figures = Figures { set: self.terms.assumptions, levers: case.levers };
        let mut factors: BTreeMap<i32, f64> = BTreeMap::new();
        let (mut fund, mut present) = (Pence::ZERO, 0.0);
        for flow in &self.flows {
            if !flow.in_fund && !flow.counts_for_society() {
                continue;
            }
            let mut stages = flow.stages;
            stages.receipt = stages.receipt.later(case.delay_months);
            for (when, amount) in flow.occurrences(&stages, self.terms.end_year()) {
                let pence = super::estimate::pence(amount.formula.value(&figures));
                if flow.in_fund {
                    fund += pence;
                }
                if flow.counts_for_society() {
                    let factor = match factors.get(&when.year) {
                        Some(factor) => *factor,
                        None => self.terms.discount(when.year)?,
                    };
                    factors.insert(when.year, factor);
                    present += pence.0 as f64 * factor;
                }
            }
        }
        let spent: Pence = self.spends.iter().map(|spend| spend.amount).sum();
        Ok(Outcome { fund: fund - spent, npsv: Pence(1).times(present) })
    }
}
