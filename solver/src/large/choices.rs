//! Rules that follow from going through all that a few sites may choose.
//!
//! Where the average answer of the prices takes options by halves, some such sites that are near to each other are chosen
//! for, every way there is, in a linear program of their surroundings: the sites about them, who could gladly be there, the
//! rooms and the [`RoomCut`](crate::RoomCut)s between them. What lies further off is at its price. Every choice has prices
//! of its own there. From them comes a sum that no choice keeps as low as the halves do: a [`ChoiceCut`].
//!
//! Disjunctive programming (Balas, "Disjunctive programming: properties of the convex hull of feasible points", Discrete
//! Applied Mathematics 89, 1998, a report of 1974). The sum is not the deepest there is, which would take a linear program
//! with a copy of the surroundings for every choice: a coefficient is the largest that any choice asks for, or what keeps the
//! column as dear as it is, if that is less. Only those of the sites chosen for are as deep as they can be.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use highs::{HighsModelStatus, RowProblem, Sense};

use super::around::{Around, Of, Solved, quieten};
use super::cuts::{HALF, Tight, Why};
use super::near::Near;
use super::relaxation::Rule;
use super::view::View;
use crate::certificate::{Case, ChoiceCut};
use crate::problem::{Limit, LimitTerm};

/// Sites chosen for at once, and the most choices they may have together.
const SITES: usize = 3;
const CHOICES: usize = 16;
/// Sites about them.
const ABOUT: usize = 40;
/// A sum kept too low by less than this part of what all costs is not worth its price.
const LEAST_BROKEN: f64 = 5e-8;
/// Less than this is no price and no coefficient.
const NOTHING: f64 = 1e-7;
/// Coefficients of the sites chosen for are no larger than so many times what tells the dearest choice from the cheapest.
const STEEPEST: f64 = 10.0;

pub(super) struct Chooser<'a> {
    view: &'a View<'a>,
    near: Near,
}

impl<'a> Chooser<'a> {
    pub(super) fn of(view: &'a View<'a>) -> Self {
        let (sites, units) = (view.problem.sites.len(), view.problem.units.len());
        Self { view, near: Near::of(view.relaxation, &view.volume.prices, sites, units) }
    }

    /// Rules the average answer breaks.
    pub(super) fn broken(&self, is_over: &dyn Fn() -> bool) -> Vec<Tight> {
        let some = self.some_sites();
        let stop = AtomicBool::new(false);
        // On two threads; what comes out is in the order of the sites, whoever was first.
        let every_other = |first: usize, is_over: &dyn Fn() -> bool| -> Vec<Option<Tight>> {
            let of = some.iter().skip(first).step_by(2);
            of.map(|sites| if is_over() { None } else { self.cut_of(sites) }).collect()
        };
        let (even, odd) = std::thread::scope(|scope| {
            let odd = scope.spawn(|| every_other(1, &|| stop.load(Ordering::Relaxed)));
            let even = every_other(0, &|| {
                stop.fetch_or(is_over(), Ordering::Relaxed);
                stop.load(Ordering::Relaxed)
            });
            (even, odd.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
        });
        let mut odd = odd.into_iter();
        even.into_iter().flat_map(|one| [one, odd.next().flatten()]).flatten().collect()
    }

    /// Every half chosen site with those nearest to it, the least decided first.
    fn some_sites(&self) -> Vec<Vec<usize>> {
        let half = |site: usize| {
            let shares = self.view.shares(site).into_iter().map(|(_, share)| share);
            shares.map(|share| share.min(1.0 - share)).fold(0.0, f64::max)
        };
        let halves: Vec<f64> = (0..self.view.problem.sites.len()).map(half).collect();
        // What may be chosen and never can be would have to be proved as well.
        let can_be = |site: usize| {
            let of = &self.view.problem.sites[site];
            let allowed = (0..of.options.len()).filter(|&option| of.allows(option)).count();
            allowed == self.view.relaxation.choices(site).len()
        };
        let is_half = |site: usize| halves[site] > HALF && can_be(site);
        let mut order: Vec<usize> = (0..halves.len()).filter(|&site| is_half(site)).collect();
        order.sort_by(|&a, &b| halves[b].total_cmp(&halves[a]).then(a.cmp(&b)));
        let choices = |sites: &[usize]| -> usize {
            sites.iter().map(|&site| self.view.relaxation.choices(site).len()).product()
        };
        let mut all: Vec<Vec<usize>> = Vec::new();
        for first in order {
            let mut sites = self.near.around(&[first], is_half, SITES);
            sites.retain(|&site| is_half(site));
            while choices(&sites) > CHOICES {
                let Some(last) = sites.iter().rposition(|&site| site != first) else { break };
                sites.remove(last);
            }
            if choices(&sites) <= CHOICES && !all.contains(&sites) {
                all.push(sites);
            }
        }
        all
    }

    fn cut_of(&self, sites: &[usize]) -> Option<Tight> {
        let problem = self.view.problem;
        let around = Around::of(self.view, self.near.around(sites, |_| true, ABOUT));
        // Each of these takes milliseconds.
        let mut never = || false;
        let mut program = Solved::of(&around, &mut never)?;
        let base = program.duals.clone();
        let mut cut = ChoiceCut { sites: sites.to_vec(), ..ChoiceCut::default() };
        let mut duals = Vec::new();
        for options in cut.choices(problem)? {
            for (&site, &chosen) in sites.iter().zip(&options) {
                for (option, column) in around.options_of(site) {
                    let is_chosen = if option == chosen { 1.0 } else { 0.0 };
                    program.limit(column, is_chosen, is_chosen)?;
                }
            }
            // A choice that nothing fits has no prices of its own: it is proved no more than the base proves.
            if program.solve(&mut never).is_some() {
                duals.push(program.duals.clone());
            } else {
                duals.push(base.clone());
                program = Solved::of(&around, &mut never)?;
            }
            cut.cases.push(Case { options, ..Case::default() });
        }
        let common = around.common(&base, &duals);
        for dual in &mut duals {
            for (dual, common) in dual.iter_mut().zip(&common) {
                let beyond = *dual - common;
                *dual = if beyond.abs() < NOTHING { 0.0 } else { beyond };
            }
        }
        for (case, dual) in cut.cases.iter_mut().zip(&duals) {
            self.name_prices(&around, dual, case);
        }
        cut.terms = self.terms(&around, &common, &duals, sites);
        self.deepen(&mut cut)?;
        let least = cut.least(problem)?;
        let is: f64 = cut.terms.iter().map(|term| self.value(term)).sum();
        let bound = self.view.volume.bound;
        (least - is > LEAST_BROKEN * bound.abs()).then(|| Tight::at_least(cut, least))
    }

    /// What the average answer has of a term.
    fn value(&self, term: &LimitTerm) -> f64 {
        match *term {
            LimitTerm::Option { site, option, by } => {
                let shares = self.view.shares(site);
                by * shares.iter().find(|(o, _)| *o == option).map_or(0.0, |(_, share)| *share)
            }
            LimitTerm::Place { unit, place, by } => {
                let arcs = self.view.arcs_of[unit].iter();
                let here = arcs.filter(|&&a| self.view.relaxation.arcs[a].place == place);
                by * here.map(|&a| self.view.volume.average(a)).sum::<f64>()
            }
        }
    }

    /// Prices of a choice beyond those of all.
    fn name_prices(&self, around: &Around, dual: &[f64], case: &mut Case) {
        for (row, &dual) in around.rows.iter().zip(dual).filter(|(_, dual)| **dual != 0.0) {
            let Some(of) = row.of else { continue };
            let row = &self.view.relaxation.rows[of];
            let price = dual * row.scale;
            match row.rule {
                Rule::Unit(unit) => case.units.push((unit, price)),
                Rule::Room(site, resource) => case.room.push((site, resource, -price)),
                Rule::Cut(cut) => {
                    if let Some(Why::Room(cut)) = self.view.tights.get(cut).map(|of| &of.why) {
                        case.cuts.push((cut.clone(), -price));
                    }
                }
                _ => {}
            }
        }
    }

    /// Coefficients of all but the sites chosen for.
    fn terms(
        &self,
        around: &Around,
        common: &[f64],
        duals: &[Vec<f64>],
        sites: &[usize],
    ) -> Vec<LimitTerm> {
        let paid = |dual: &[f64]| {
            let mut paid = vec![0.0; around.columns.len()];
            for (row, &dual) in around.rows.iter().zip(dual).filter(|(_, dual)| **dual != 0.0) {
                row.entries.iter().for_each(|&(column, by)| paid[column] += dual * by);
            }
            paid
        };
        let mut asked = vec![(f64::INFINITY, f64::NEG_INFINITY); around.columns.len()];
        for dual in duals {
            for ((least, most), paid) in asked.iter_mut().zip(paid(dual)) {
                *least = least.min(paid);
                *most = most.max(paid);
            }
        }
        let mut terms = Vec::new();
        let columns = around.columns.iter().zip(paid(common)).zip(asked);
        for ((column, paid), (least, most)) in columns {
            let by = (column.cost - paid).max(least).min(most);
            match column.of {
                _ if by.abs() <= NOTHING => {}
                Of::Option(site, option) if !sites.contains(&site) => {
                    terms.push(LimitTerm::Option { site, option, by });
                }
                Of::Arc(a) => terms.push(self.term_of(a, by)),
                _ => {}
            }
        }
        for &a in &around.left_out {
            let paid = |dual: &Vec<f64>| -> f64 {
                let entries = self.view.relaxation.entries_of(a);
                entries.filter_map(|(row, by)| Some(dual[around.number_of(row)?] * by)).sum()
            };
            let most = duals.iter().map(paid).fold(f64::NEG_INFINITY, f64::max);
            let by = most.min(self.view.rents[a]);
            if by.abs() > NOTHING {
                terms.push(self.term_of(a, by));
            }
        }
        terms
    }

    fn term_of(&self, arc: usize, by: f64) -> LimitTerm {
        let arc = &self.view.relaxation.arcs[arc];
        LimitTerm::Place { unit: arc.unit, place: arc.place, by }
    }

    /// Adds the coefficients of the sites chosen for: those with which what the average answer has is furthest below the least.
    fn deepen(&self, cut: &mut ChoiceCut) -> Option<()> {
        let leasts = cut.by_case(self.view.problem)?;
        let low = leasts.iter().copied().fold(f64::INFINITY, f64::min);
        let high = leasts.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let steepest = STEEPEST * (high - low).max(1e-6);
        let mut program = RowProblem::new();
        let least = program.add_column(1.0, f64::NEG_INFINITY..);
        let mut columns = Vec::new();
        for &site in &cut.sites {
            for (option, share) in self.view.shares(site) {
                let column = program.add_column(-share, -steepest..steepest);
                columns.push((site, option, column));
            }
        }
        for (case, most) in cut.cases.iter().zip(leasts) {
            let mut row = vec![(least, 1.0)];
            for of in cut.sites.iter().zip(&case.options) {
                let column = columns.iter().find(|(site, option, _)| (site, option) == of);
                row.extend(column.map(|&(_, _, column)| (column, -1.0)));
            }
            program.add_row(..most, row);
        }
        let mut model = program.try_optimise(Sense::Maximise).ok()?;
        quieten(&mut model)?;
        let solved = model.try_solve().ok()?;
        if solved.status() != HighsModelStatus::Optimal {
            return None;
        }
        let solution = solved.get_solution();
        for (site, option, column) in columns {
            let by = *solution.columns().get(column.index())?;
            cut.terms.push(LimitTerm::Option { site, option, by });
        }
        Some(())
    }
}

impl Around {
    /// What rules are worth whatever is chosen.
    fn common(&self, base: &[f64], duals: &[Vec<f64>]) -> Vec<f64> {
        let by_row = self.rows.iter().enumerate().map(|(n, row)| {
            let of = duals.iter().map(|dual| dual[n]);
            match (row.low.is_finite(), row.high.is_finite()) {
                (true, false) => of.fold(f64::INFINITY, f64::min).max(0.0),
                (false, true) => of.fold(f64::NEG_INFINITY, f64::max).min(0.0),
                _ => base[n],
            }
        });
        by_row.collect()
    }
}

impl Tight {
    /// What the terms of a cut come to is no less than this.
    fn at_least(cut: ChoiceCut, least: f64) -> Self {
        let turned = |term: &LimitTerm| match *term {
            LimitTerm::Option { site, option, by } => LimitTerm::Option { site, option, by: -by },
            LimitTerm::Place { unit, place, by } => LimitTerm::Place { unit, place, by: -by },
        };
        let limit = Limit {
            name: "choices".to_owned(),
            family: "choices".to_owned(),
            terms: cut.terms.iter().map(turned).collect(),
            low: None,
            high: Some(-least),
            price: None,
        };
        Self { why: Why::Choice(Arc::new(cut)), limit }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::large::priced::Priced;
    use crate::large::tests::{every_plan_keeps, problem};
    use crate::problem::{Opt, Place, Problem, Site, Unit};

    fn broken(problem: &Problem) -> (Vec<Tight>, Priced<'_>) {
        let mut priced = Priced::of(problem);
        priced.step(300, None, &mut || false);
        let new = priced.cuts_of_rooms();
        priced.tighten(new);
        priced.step(300, None, &mut || false);
        let view = priced.view(1.0);
        let broken = Chooser::of(&view).broken(&|| false);
        (broken, priced)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

        #[test]
        fn every_plan_keeps_every_cut_of_choices(problem in problem()) {
            for tight in broken(&problem).0 {
                every_plan_keeps(&problem, &tight)?;
            }
        }
    }

    /// Three that need a place, and three rooms for two each, any two of which would do: by halves all three are open, and
    /// one is half too many.
    #[test]
    fn going_through_choices_raises_what_prices_prove() {
        let site = |cost: f64| {
            let option = |cost, room| Opt { cost, room: vec![room], ..Opt::default() };
            Site { options: vec![option(0.0, 0.0), option(cost, 2.0)], ..Site::default() }
        };
        let place = |site| Place { site, admitted_by: vec![1], cost: 0.0 };
        let unit = |places: [usize; 2]| Unit {
            need: vec![1.0],
            places: places.map(place).to_vec(),
            is_divisible: true,
            ..Unit::default()
        };
        let problem = Problem {
            resources: vec!["m2".to_owned()],
            sites: vec![site(10.0), site(10.0), site(10.0)],
            units: vec![unit([0, 1]), unit([1, 2]), unit([2, 0])],
            ..Problem::default()
        };
        let (broken, mut priced) = broken(&problem);
        let before = priced.volume.bound;
        assert!(before < 15.1, "{before}");
        assert!(!broken.is_empty());

        priced.tighten(broken);
        priced.step(2_000, None, &mut || false);

        assert!(priced.volume.bound > 19.0, "{} after {before}", priced.volume.bound);
        let proved = priced.certificate().proves(&problem).unwrap();
        assert!((proved - priced.volume.bound).abs() < 1e-6);
    }
}
