//! What it would be worth to know: which valuation or survey would most likely change what is done with a site.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::flow::Flow;
use super::formula::Inputs;
use super::{Budget, Case, Formula, Lever, LineKind, Workings};
use crate::register::{Assumptions, MissingAssumption, Pence, SiteCode};

/// What could be found out about one site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// What it would sell for.
    Valuation,
    /// What it needs to reach condition B, and what works an arrival needs.
    ConditionSurvey,
    /// How large it is.
    MeasuredSurvey,
    /// Rent, dilapidations, and how long it is paid for.
    LeaseTerms,
    /// What it costs to run.
    RunningCost,
}

impl Finding {
    const ALL: [Self; 5] = [
        Self::Valuation,
        Self::ConditionSurvey,
        Self::MeasuredSurvey,
        Self::LeaseTerms,
        Self::RunningCost,
    ];

    /// As shown.
    pub fn label(self) -> &'static str {
        match self {
            Self::Valuation => "Valuation",
            Self::ConditionSurvey => "Condition survey",
            Self::MeasuredSurvey => "Measured survey",
            Self::LeaseTerms => "Lease and contract terms",
            Self::RunningCost => "Running cost return",
        }
    }

    fn answers(self, key: &str) -> bool {
        match self {
            Self::Valuation => false,
            Self::ConditionSurvey => {
                matches!(key, "works.backlog.gbp_per_m2" | "works.unknown_condition.heavy_share")
            }
            Self::MeasuredSurvey => key == "space.gross_internal_area.unknown_m2",
            Self::LeaseTerms => matches!(
                key,
                "lease.remaining_years"
                    | "lease.rent.gbp_per_m2"
                    | "lease.dilapidations.gbp_per_m2"
                    | "exit.remaining_years.pfi_lift"
                    | "exit.charge.gbp_per_m2"
            ),
            Self::RunningCost => key.starts_with("running_cost.") && key.ends_with("gbp_per_m2"),
        }
    }
}

/// One survey of one site, taken by itself with all else central.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Information {
    /// Which site.
    pub site: SiteCode,
    /// What would be found out.
    pub finding: Finding,
    /// What the change is worth to fund and revenue with all figures central, discounted.
    pub worth: Pence,
    /// Share of what may be found that would turn the decision round.
    pub turns: f64,
    /// What knowing is worth at most: the loss avoided by deciding after the finding instead of before.
    pub value: Pence,
}

/// Middles of twenty equal slices of what may be found.
const SLICES: u32 = 20;

/// Every survey that could turn a decision round, most valuable first. Covers the sites that the plan changes.
pub fn information(workings: &Workings<'_>) -> Result<Vec<Information>, MissingAssumption> {
    let mut sites: BTreeMap<&SiteCode, Vec<&Flow>> = BTreeMap::new();
    for flow in &workings.flows {
        let counts = flow.in_fund || flow.kind.budget() == Budget::Revenue;
        if counts {
            sites.entry(&flow.part_of).or_default().push(flow);
        }
    }
    let mut found = Vec::new();
    for (code, flows) in sites {
        let site = Site::of(&flows, workings)?;
        let central = site.worth(workings.terms.assumptions, &BTreeMap::new(), 1.0);
        for finding in Finding::ALL {
            let Some(worths) = site.slices(finding, workings.terms.assumptions) else { continue };
            let count = worths.len() as f64;
            let mean = worths.iter().sum::<f64>() / count;
            let knowing = worths.iter().map(|worth| worth.max(0.0)).sum::<f64>() / count;
            let turns = worths.iter().filter(|worth| (**worth < 0.0) != (central < 0.0)).count();
            if turns == 0 {
                continue;
            }
            found.push(Information {
                site: code.clone(),
                finding,
                worth: Pence(100).times(central),
                turns: turns as f64 / count,
                value: Pence(100).times(knowing - mean.max(0.0)),
            });
        }
    }
    found.sort_by(|a, b| {
        b.value.cmp(&a.value).then_with(|| (&a.site, a.finding).cmp(&(&b.site, b.finding)))
    });
    Ok(found)
}

/// One site's amounts with their discount factors, and what of it is not known.
struct Site {
    amounts: Vec<(std::sync::Arc<Formula>, f64)>,
    keys: BTreeSet<String>,
    price: Option<(f64, f64)>,
}

impl Site {
    fn of(flows: &[&Flow], workings: &Workings<'_>) -> Result<Self, MissingAssumption> {
        let mut site = Self { amounts: Vec::new(), keys: BTreeSet::new(), price: None };
        for flow in flows {
            for (when, amount) in flow.occurrences(&flow.stages, workings.terms.end_year()) {
                amount.formula.visit(&mut |part| {
                    if let Formula::Figure(key) = part {
                        site.keys.insert(key.to_string());
                    }
                });
                site.amounts.push((amount.formula, workings.terms.discount(when.year)?));
            }
            let central = flow.amount.central;
            if flow.kind == LineKind::Receipt && central > 0.0 {
                site.price = Some((flow.amount.bad / central, flow.amount.good / central));
            }
        }
        Ok(site)
    }

    fn worth(&self, set: &Assumptions, found: &BTreeMap<&str, f64>, price: f64) -> f64 {
        let inputs = Found { set, found, price };
        self.amounts.iter().map(|(formula, factor)| formula.value(&inputs) * factor).sum()
    }

    /// Worth at each slice; `None` where there is nothing left to find out.
    fn slices(&self, finding: Finding, set: &Assumptions) -> Option<Vec<f64>> {
        let middles = (0..SLICES).map(|slice| (f64::from(slice) + 0.5) / f64::from(SLICES));
        if finding == Finding::Valuation {
            let (low, high) = self.price.filter(|(low, high)| high > low)?;
            let none = BTreeMap::new();
            let at = |u| self.worth(set, &none, triangle(low.min(1.0), 1.0, high.max(1.0), u));
            return Some(middles.map(at).collect());
        }
        let keys: Vec<&str> =
            self.keys.iter().map(String::as_str).filter(|key| finding.answers(key)).collect();
        let ends: Vec<(&str, f64, f64, f64)> = keys
            .into_iter()
            .filter_map(|key| {
                let figure = set.figures.get(key)?;
                Some((key, figure.low?, figure.value, figure.high?))
            })
            .filter(|(_, low, _, high)| high > low)
            .collect();
        if ends.is_empty() {
            return None;
        }
        let at = |u| {
            let found =
                ends.iter().map(|(key, low, mode, high)| (*key, triangle(*low, *mode, *high, u)));
            self.worth(set, &found.collect(), 1.0)
        };
        Some(middles.map(at).collect())
    }
}

fn triangle(low: f64, mode: f64, high: f64, u: f64) -> f64 {
    let (width, turn) = (high - low, (mode - low) / (high - low));
    if u < turn {
        low + (u * width * (mode - low)).sqrt()
    } else {
        high - ((1.0 - u) * width * (high - mode)).sqrt()
    }
}

/// Central figures but for what was found.
struct Found<'a> {
    set: &'a Assumptions,
    found: &'a BTreeMap<&'a str, f64>,
    price: f64,
}

impl Inputs for Found<'_> {
    fn figure(&self, key: &str) -> f64 {
        let found = self.found.get(key).copied();
        found.unwrap_or_else(|| self.set.value(key).unwrap_or(f64::NAN))
    }

    fn lever(&self, lever: Lever) -> f64 {
        if lever == Lever::Price { self.price } else { Case::default().levers[0] }
    }
}
