//! Why a site that could be asked for does not close: the rule that forbids it, or what closing it too would break
//! or cost.

use std::collections::{BTreeMap, BTreeSet};

use solver::{Plan, Problem, Share};

use crate::fund::{self, Arrival, Decision, Line, OptionKind};
use crate::register::{Pence, Site, SiteCode};

use super::super::derive;
use super::super::encode::Key;
use super::super::ground::Ground;
use super::super::value::is_running;
use super::super::{Reason, Refusal};
use super::{Choices, named};

/// Sites up to which every kept one is tried the other way; beyond, only the under-used.
const TRIED_ONE_BY_ONE: usize = 600;

/// Why each site that stays open does.
pub(super) fn why_open(
    ground: &Ground<'_>,
    problem: &Problem,
    key: &Key,
    plan: &Plan,
    choices: &Choices,
) -> BTreeMap<SiteCode, Reason> {
    let receiving = choices.moves.values().map(|(_, to)| to).collect();
    let asking = Asking { ground, problem, key, plan, receiving };
    key.sites
        .iter()
        .enumerate()
        .filter(|(_, site)| choices.options.get(&site.code) != Some(&OptionKind::Dispose))
        .filter_map(|(at, site)| Some((site.code.clone(), asking.why_open(at)?)))
        .collect()
}

/// Sites that stay open though under-used or free to go, and sales and works that cannot be.
pub(super) fn refusals(
    ground: &Ground<'_>,
    key: &Key,
    why_open: &BTreeMap<SiteCode, Reason>,
) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    for known in &key.sites {
        let Some(site) = ground.deciding.get(&known.code) else { continue };
        let Some(reason) = why_open.get(&known.code) else { continue };
        let mut refuse = |option, reason: &Reason| {
            let (site, name) = (known.code.clone(), site.name().to_owned());
            refusals.push(Refusal { site, name, option, reason: reason.clone() });
        };
        if derive::is_under_used(site, &ground.scenario.assumptions) || is_news(reason) {
            refuse(OptionKind::Dispose, reason);
        }
        for (option, reason) in &known.ruled_out {
            let is_worth_saying = match option {
                OptionKind::SellLand => reason.code != "no_surplus_land",
                OptionKind::Improve => {
                    matches!(reason.code.as_str(), "figure_missing" | "improvement_impractical")
                }
                OptionKind::Keep | OptionKind::Dispose => false,
            };
            if is_worth_saying {
                refuse(*option, reason);
            }
        }
    }
    refusals
}

/// A plan, and what can be asked of it.
struct Asking<'a> {
    ground: &'a Ground<'a>,
    problem: &'a Problem,
    key: &'a Key,
    plan: &'a Plan,
    receiving: BTreeSet<&'a SiteCode>,
}

impl Asking<'_> {
    /// `None` for what is no site of the plan.
    fn why_open(&self, at: usize) -> Option<Reason> {
        let known = self.key.sites.get(at)?;
        if let Some(reason) = known.why_not(OptionKind::Dispose) {
            return Some(reason.clone());
        }
        let site = self.ground.deciding.get(&known.code)?;
        let dispose = known.option(OptionKind::Dispose)?;
        let is_tried = self.key.sites.len() <= TRIED_ONE_BY_ONE || self.is_under_used(site);
        if !is_tried {
            return Some(reason(
                "kept",
                format!("No better plan was found with {} closed.", named(site)),
            ));
        }
        if self.receiving.contains(&known.code) {
            return Some(reason(
                "receives",
                format!("{} takes in services in this plan.", named(site)),
            ));
        }
        match self.closed_too(at, dispose) {
            Err(reason) => Some(reason),
            Ok((other, moved)) => Some(self.compared(at, &other, &moved)),
        }
    }

    fn is_under_used(&self, site: &Site) -> bool {
        derive::is_under_used(site, &self.ground.scenario.assumptions)
    }

    /// The plan with one more site closed, its tenancies at the nearest site of the plan with room left.
    fn closed_too(
        &self,
        at: usize,
        dispose: usize,
    ) -> Result<(Plan, BTreeMap<usize, usize>), Reason> {
        let mut options = self.plan.options.clone();
        let mut shares = self.plan.shares.clone();
        let mut left = self.room_left();
        let mut moved = BTreeMap::new();
        for (unit_ix, unit) in self.problem.units.iter().enumerate() {
            let here = self.plan.place(unit_ix).and_then(|place| unit.places.get(place));
            if here.is_none_or(|place| place.site != at) {
                continue;
            }
            let fits = unit.places.iter().position(|place| {
                let admits = self
                    .plan
                    .options
                    .get(place.site)
                    .is_some_and(|option| place.admitted_by.contains(option));
                let has_room = left.get(place.site).is_some_and(|left| {
                    left.iter().zip(&unit.need).all(|(left, need)| *need <= left + 1e-9)
                });
                place.site != at && admits && has_room
            });
            let Some(place) = fits else {
                let name = self.key.units.get(unit_ix).map_or(String::new(), |unit| {
                    let occupant = self.ground.occupants.get(&unit.tenancy);
                    occupant.map_or_else(|| unit.tenancy.to_string(), |known| known.name.clone())
                });
                return Err(reason(
                    "no_room_left",
                    format!(
                        "There would be nowhere for {name} to go: under this plan no site it could move to has both the room and the access left without further works."
                    ),
                ));
            };
            if let Some(chosen) = unit.places.get(place)
                && let Some(left) = left.get_mut(chosen.site)
            {
                for (left, need) in left.iter_mut().zip(&unit.need) {
                    *left -= need;
                }
            }
            if let Some(share) = shares.get_mut(unit_ix) {
                *share = vec![Share { place, share: 1.0 }];
            }
            moved.insert(unit_ix, place);
        }
        if let Some(option) = options.get_mut(at) {
            *option = dispose;
        }
        Ok((Plan::of(self.problem, options, shares), moved))
    }

    fn room_left(&self) -> Vec<Vec<f64>> {
        let mut left: Vec<Vec<f64>> = self
            .problem
            .sites
            .iter()
            .zip(&self.plan.options)
            .map(|(site, option)| {
                site.options.get(*option).map_or_else(Vec::new, |option| option.room.clone())
            })
            .collect();
        for (unit_ix, unit) in self.problem.units.iter().enumerate() {
            let here = self.plan.place(unit_ix).and_then(|place| unit.places.get(place));
            let Some(left) = here.and_then(|place| left.get_mut(place.site)) else { continue };
            for (left, need) in left.iter_mut().zip(&unit.need) {
                *left -= need;
            }
        }
        left
    }

    fn compared(&self, at: usize, other: &Plan, moved: &BTreeMap<usize, usize>) -> Reason {
        let name = self.key.sites.get(at).map_or(String::new(), |site| {
            self.ground.deciding.get(&site.code).map_or(String::new(), |site| named(site))
        });
        let broken = solver::check(self.problem, other);
        if let Some(first) = broken.first() {
            let more = match broken.len() {
                1 => String::new(),
                n => format!(" and {} more", n - 1),
            };
            return reason(
                "rule_binds",
                format!("Closing {name} as well would break a rule: {}{more}.", first.name),
            );
        }
        let money = self.money(at, moved);
        let is_dearer = other.cost(self.problem) >= self.plan.cost(self.problem);
        if is_dearer {
            reason(
                "not_worth_it",
                format!("Closing {name} as well would serve the objective less: {money}"),
            )
        } else {
            reason(
                "within_gap",
                format!(
                    "Closing {name} as well would serve the objective a little better: {money} The search stopped before it looked at that."
                ),
            )
        }
    }

    /// In exact pence, from the fund's own price list.
    fn money(&self, at: usize, moved: &BTreeMap<usize, usize>) -> String {
        let price = || -> Option<[Vec<Line>; 2]> {
            let site = self.ground.deciding.get(&self.key.sites.get(at)?.code)?;
            let terms = self.ground.terms();
            let closing = Decision { site, option: OptionKind::Dispose, arrivals: Vec::new() };
            let exit = fund::price(&closing, &terms).ok()?;
            let mut moving = Vec::new();
            for (unit, place) in moved {
                let unit = self.key.units.get(*unit)?;
                let place = unit.places.get(*place)?;
                let to = self.ground.deciding.get(&place.site)?;
                let arrival = Arrival {
                    tenancy: unit.tenancy.clone(),
                    from: unit.from.clone(),
                    clinical: unit.need.clinical,
                    non_clinical: unit.need.non_clinical,
                };
                moving.extend(fund::price_arrival(to, &arrival, &terms).ok()?);
            }
            Some([exit, moving])
        };
        let Some([exit, moving]) = price() else {
            return "its money could not be worked out.".to_owned();
        };
        let to_fund = |lines: &[Line]| -> Pence {
            lines.iter().filter(|line| line.in_fund).map(|line| line.amount).sum()
        };
        let revenue: Pence = exit
            .iter()
            .chain(&moving)
            .filter(|line| is_running(line))
            .map(|line| line.amount)
            .sum();
        format!(
            "to the fund {} by leaving and {} by moving its services, and {revenue} in revenue over {} years.",
            to_fund(&exit),
            to_fund(&moving),
            self.ground.scenario.horizon_years
        )
    }
}

/// Worth telling even of a site that is well used: everything but that its services are bound to the place.
fn is_news(reason: &Reason) -> bool {
    !matches!(
        reason.code.as_str(),
        "acute_not_moved"
            | "kept"
            | "need_unknown"
            | "nowhere_to_go"
            | "occupancy_unknown"
            | "service_line_unknown"
    )
}

fn reason(code: &str, words: String) -> Reason {
    Reason { code: code.to_owned(), words }
}
