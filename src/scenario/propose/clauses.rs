//! The five clauses, before and after. What is not known is counted, never added.

use crate::access::{self, Assessment, Interval};
use crate::fund::{Ledger, Line, LineKind, OptionKind};
use crate::register::{Field, Grade, Pence, Site, SiteStatus};

use super::super::derive;
use super::super::ground::Ground;
use super::super::value::is_works;
use super::super::{Clause, Clauses};
use super::Choices;
use super::actions::by_site;

/// Quality, access, efficient use, consolidation, fund: of the sites decided about.
pub(super) fn clauses(
    ground: &Ground<'_>,
    choices: &Choices,
    ledger: &Ledger,
    before: &[Assessment],
    after: &[Assessment],
) -> Clauses {
    let counting = Counting { ground, choices };
    Clauses {
        quality: counting.quality(ledger),
        access: within(before, after),
        efficient_use: counting.efficient_use(),
        consolidation: counting.consolidation(),
        fund: fund(ledger),
    }
}

struct Counting<'a> {
    ground: &'a Ground<'a>,
    choices: &'a Choices,
}

impl Counting<'_> {
    fn option(&self, site: &Site) -> OptionKind {
        self.choices.options.get(&site.code).copied().unwrap_or(OptionKind::Keep)
    }

    fn stays(&self, site: &Site) -> bool {
        self.option(site) != OptionKind::Dispose
    }

    /// Sums a figure over sites, after: over those that stay, altered as told.
    fn sum(
        &self,
        (key, label, unit): (&str, &str, &str),
        figure: impl Fn(&Site) -> Option<f64>,
        after: impl Fn(&Site, f64) -> f64,
    ) -> Clause {
        let mut clause = clause(key, label, unit, 0.0, 0.0);
        let (mut total, mut left) = (0.0, 0.0);
        for site in self.ground.deciding.values() {
            match figure(site) {
                Some(value) => {
                    total += value;
                    left += after(site, value);
                }
                None => clause.unknown += 1,
            }
        }
        let is_any_known = clause.unknown < self.ground.deciding.len() as u64;
        clause.before = is_any_known.then_some(total);
        clause.after = is_any_known.then_some(left);
        clause
    }

    fn quality(&self, ledger: &Ledger) -> Vec<Clause> {
        let is_mended = |site: &Site| {
            ledger
                .lines
                .iter()
                .any(|line| line.site == site.code && line.kind == LineKind::BacklogWorks)
        };
        let if_stays = |site: &Site, value: f64| if self.stays(site) { value } else { 0.0 };
        let poor = |site: &Site| {
            let grade = site.word::<Grade>(Field::FacetCondition)?;
            Some(f64::from(u8::from(!matches!(grade, Grade::A | Grade::B | Grade::BC))))
        };
        vec![
            self.sum(
                ("backlog", "Backlog to reach condition B", "£"),
                |site| derive::backlog_of(site).map(Pence::as_pounds),
                |site, value| if is_mended(site) { 0.0 } else { if_stays(site, value) },
            ),
            self.sum(
                ("poor_condition", "Sites in condition C or D", "sites"),
                poor,
                |site, value| {
                    if self.option(site) == OptionKind::Improve {
                        0.0
                    } else {
                        if_stays(site, value)
                    }
                },
            ),
            self.passing(),
            self.score(
                "condition_score_low",
                "Mean condition score, unknowns taken as worst",
                |s| s.low,
            ),
            self.score(
                "condition_score_high",
                "Mean condition score, unknowns taken as best",
                |s| s.high,
            ),
        ]
    }

    /// Of open sites; the two ends are shown apart, because their distance is the case for a survey.
    fn score(&self, key: &str, label: &str, end: fn(Interval) -> f64) -> Clause {
        let mean = |keep: &dyn Fn(&Site) -> bool| {
            let open = self.ground.deciding.values().filter(|site| derive::is_in_use(site));
            let scores: Vec<f64> = open
                .filter(|site| keep(site))
                .map(|site| end(access::condition(site, &self.ground.rules.score)))
                .collect();
            (!scores.is_empty()).then(|| scores.iter().sum::<f64>() / scores.len() as f64)
        };
        let mut clause = clause(key, label, "points", 0.0, 0.0);
        clause.before = mean(&|_| true);
        clause.after = mean(&|site| self.stays(site));
        clause
    }

    fn passing(&self) -> Clause {
        let mut clause =
            clause("gates_passed", "Open sites that pass every access gate", "sites", 0.0, 0.0);
        let (mut before, mut after) = (0.0, 0.0);
        for site in self.ground.deciding.values().filter(|site| derive::is_in_use(site)) {
            let passes = self.ground.passes(&site.code);
            clause.unknown += u64::from(passes.is_none());
            before += f64::from(u8::from(passes == Some(true)));
            let passes_after = passes == Some(true)
                || (self.option(site) == OptionKind::Improve
                    && self.ground.passes_after_works(site));
            after += f64::from(u8::from(self.stays(site) && passes_after));
        }
        clause.before = Some(before);
        clause.after = Some(after);
        clause
    }

    fn efficient_use(&self) -> Vec<Clause> {
        let mut arriving = std::collections::BTreeMap::<_, f64>::new();
        for (tenancy, (from, to)) in &self.choices.moves {
            let need = self.ground.occupants.get(tenancy).and_then(|o| o.need.as_ref().ok());
            let m2 = need.map_or(0.0, derive::Need::total);
            *arriving.entry(to).or_default() += m2;
            *arriving.entry(from).or_default() -= m2;
        }
        let if_stays = |site: &Site, value: f64| if self.stays(site) { value } else { 0.0 };
        vec![
            self.sum(
                ("spare_area", "Empty or under-used area", "m²"),
                derive::spare_m2,
                |site, value| {
                    let taken = arriving.get(&site.code).copied().unwrap_or(0.0);
                    if_stays(site, (value - taken).max(0.0))
                },
            ),
            self.sum(
                ("gross_area", "Gross internal area", "m²"),
                |site| site.area(Field::GrossInternalArea).map(|m2| m2.0),
                if_stays,
            ),
            self.sum(
                ("running_cost", "Running cost a year where recorded", "£"),
                |site| site.money(Field::RunningCost).map(Pence::as_pounds),
                if_stays,
            ),
        ]
    }

    fn consolidation(&self) -> Vec<Clause> {
        let count = |keep: &dyn Fn(&Site) -> bool| {
            self.ground.deciding.values().filter(|site| keep(site)).count() as f64
        };
        let open = count(&|site| derive::is_in_use(site));
        let open_after = count(&|site| derive::is_in_use(site) && self.stays(site));
        let empty = count(&|site| site.status() == SiteStatus::Unoccupied);
        let empty_after =
            count(&|site| site.status() == SiteStatus::Unoccupied && self.stays(site));
        vec![
            clause("sites_open", "Sites open", "sites", open, open_after),
            clause("sites_empty", "Sites standing empty", "sites", empty, empty_after),
            clause(
                "sites_given_up",
                "Sites sold or handed back",
                "sites",
                0.0,
                count(&|site| !self.stays(site)),
            ),
            clause(
                "tenancies_moved",
                "Tenancies moved",
                "tenancies",
                0.0,
                self.choices.moves.len() as f64,
            ),
            self.sum(
                ("idle_land", "Land that delivers no services", "ha"),
                |site| site.land(Field::SurplusLand).map(|land| land.0),
                |site, value| match self.option(site) {
                    OptionKind::Dispose | OptionKind::SellLand => 0.0,
                    OptionKind::Keep | OptionKind::Improve => value,
                },
            ),
        ]
    }
}

fn within(before: &[Assessment], after: &[Assessment]) -> Vec<Clause> {
    before
        .iter()
        .zip(after)
        .map(|(before, after)| Clause {
            key: format!("people_within_{}", before.standard.key),
            label: before.standard.words.clone(),
            unit: "people".to_owned(),
            before: Some(before.total.within as f64),
            after: Some(after.total.within as f64),
            unknown: after.total.undetermined,
        })
        .collect()
}

fn fund(ledger: &Ledger) -> Vec<Clause> {
    let sum = |keep: &dyn Fn(&Line) -> bool| -> f64 {
        let sum: Pence =
            ledger.lines.iter().filter(|line| keep(line)).map(|line| line.amount).sum();
        sum.as_pounds()
    };
    vec![
        clause(
            "receipts",
            "Receipts, gross",
            "£",
            0.0,
            sum(&|line| line.kind == LineKind::Receipt),
        ),
        clause("to_fund", "Net to the fund", "£", 0.0, sum(&|line| line.in_fund)),
        clause("works", "Capital spent on works", "£", 0.0, -sum(&is_works)),
        clause(
            "running_cost_saved",
            "Running cost saved a year",
            "£",
            0.0,
            saved_a_year(ledger).as_pounds(),
        ),
        clause(
            "backlog_avoided",
            "Backlog avoided: a liability, never cash",
            "£",
            0.0,
            sum(&|line| line.kind == LineKind::BacklogAvoided),
        ),
    ]
}

/// Each site's last year: leases end at different times.
fn saved_a_year(ledger: &Ledger) -> Pence {
    let sites = by_site(ledger);
    sites.iter().map(|(code, own)| own.site_money(code).running_cost_saved).sum()
}

fn clause(key: &str, label: &str, unit: &str, before: f64, after: f64) -> Clause {
    Clause {
        key: key.to_owned(),
        label: label.to_owned(),
        unit: unit.to_owned(),
        before: Some(before),
        after: Some(after),
        unknown: 0,
    }
}
