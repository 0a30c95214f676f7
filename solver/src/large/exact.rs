//! Prices that are exact: those of the linear program, once the volume algorithm has said which places matter.
//!
//! Only those are in it; what costs little at the prices that come out is added, until they prove of all places what the
//! program says of its own.

use super::around::{Around, Column, MOST_OF_A_PLACE, Of, Row, Solved};
use super::relaxation::Relaxation;
use super::view::View;
use crate::callback::{add_ceiling, add_column};

pub(super) struct Exact {
    around: Around,
    program: Solved,
    /// Rows of the relaxation that are here.
    rows: usize,
    /// By arc: whether it is here.
    has: Vec<bool>,
}

/// A price for every row, and what is chosen at them.
pub(super) struct Point {
    pub(super) prices: Vec<f64>,
    /// By column of the relaxation.
    pub(super) columns: Vec<f64>,
    /// What that costs: the most the prices can prove.
    pub(super) cost: f64,
}

impl Exact {
    /// `None` where it is over before it is solved, or HiGHS does not take it.
    pub(super) fn of(view: &View<'_>, is_over: &mut dyn FnMut() -> bool) -> Option<Self> {
        let around = Around::of_all(view);
        let program = Solved::of(&around, is_over)?;
        let mut has = vec![true; view.relaxation.arcs.len()];
        around.left_out.iter().for_each(|&a| has[a] = false);
        Some(Self { around, program, rows: view.relaxation.rows.len(), has })
    }

    pub(super) fn point(&self, relaxation: &Relaxation<'_>) -> Point {
        let mut prices = vec![0.0; relaxation.rows.len()];
        for (row, &dual) in self.around.rows.iter().zip(&self.program.duals) {
            if let Some(of) = row.of {
                let row = &relaxation.rows[of];
                prices[of] = dual.clamp(row.least_price, row.most_price);
            }
        }
        let mut columns = vec![0.0; relaxation.columns()];
        for (column, &value) in self.around.columns.iter().zip(&self.program.values) {
            if let Some(of) = in_relaxation(relaxation, column.of) {
                columns[of] = value;
            }
        }
        Point { prices, columns, cost: self.program.objective }
    }

    /// Adds the places that cost no more than this beyond their rooms; how many those are.
    pub(super) fn add_places(&mut self, view: &View<'_>, most: f64) -> Option<usize> {
        let new = (0..self.has.len()).filter(|&a| !self.has[a] && view.rents[a] <= most);
        let new: Vec<usize> = new.collect();
        for &a in &new {
            self.has[a] = true;
            let arc = &view.relaxation.arcs[a];
            let entries = view.relaxation.entries_of(a);
            let entries = entries.map(|(row, by)| Some((self.around.number_of(row)?, by)));
            let mut entries: Vec<(usize, f64)> = entries.collect::<Option<_>>()?;
            if let Some((room, scale)) = self.around.room_of[arc.site] {
                entries.push((room, arc.need * scale));
            }
            let cost = view.relaxation.arc_cost(a);
            let column = self.around.columns.len();
            let model = self.program.model.as_mut()?;
            add_column(model, cost, MOST_OF_A_PLACE, &entries).then_some(())?;
            self.around.columns.push(Column { of: Of::Arc(a), cost, most: MOST_OF_A_PLACE });
            if let Some(entries) = self.around.admission(view, a, column) {
                self.add_ceiling(entries, 0.0, None)?;
            }
        }
        Some(new.len())
    }

    /// Adds the rows that are new in the relaxation: they are the last of it, and each has a most.
    pub(super) fn add_rows(&mut self, relaxation: &Relaxation<'_>) -> Option<()> {
        let first = self.rows;
        self.rows = relaxation.rows.len();
        let mut new: Vec<Vec<(usize, f64)>> = vec![Vec::new(); self.rows - first];
        for (n, column) in self.around.columns.iter().enumerate() {
            let Some(of) = in_relaxation(relaxation, column.of) else { continue };
            for (row, by) in relaxation.entries_of(of).filter(|(row, _)| *row >= first) {
                new[row - first].push((n, by));
            }
        }
        for (n, entries) in new.into_iter().enumerate() {
            let row = first + n;
            self.around.known.push((row, self.around.rows.len()));
            self.add_ceiling(entries, relaxation.rows[row].right, Some(row))?;
        }
        Some(())
    }

    fn add_ceiling(
        &mut self,
        entries: Vec<(usize, f64)>,
        most: f64,
        of: Option<usize>,
    ) -> Option<()> {
        add_ceiling(self.program.model.as_mut()?, &entries, most).then_some(())?;
        // HiGHS knows them: nobody asks for them here again.
        let entries = Vec::new();
        self.around.rows.push(Row { entries, low: f64::NEG_INFINITY, high: most, of });
        Some(())
    }

    /// `None` where it is over before that.
    pub(super) fn solve(&mut self, is_over: &mut dyn FnMut() -> bool) -> Option<()> {
        self.program.solve(is_over)
    }
}

fn in_relaxation(relaxation: &Relaxation<'_>, of: Of) -> Option<usize> {
    match of {
        Of::Option(site, option) => Some(relaxation.first_option[site] + option),
        Of::Arc(column) | Of::Cover(column) => Some(column),
        Of::Missed => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classic::{self, Customer, Division, Source};
    use crate::large::knapsack::Sack;
    use crate::large::priced::Priced;
    use crate::large::relaxation::Answer;
    use crate::problem::{CoverGroup, CoverPoint, Problem, Server};

    fn costs(customers: i32, sites: i32) -> Vec<Vec<f64>> {
        let cost = |i: i32, r: i32| f64::from((i * 37 + r * 91).rem_euclid(101)) / 3.0 + 1.0;
        (0..customers).map(|r| (0..sites).map(|i| cost(i, r)).collect()).collect()
    }

    /// Rooms, a floor of what is covered, some of it by several at once, and a limit that may be missed at a price.
    fn town() -> Problem {
        let sources: Vec<Source> = (0..12)
            .map(|i| Source {
                cost: 30.0 + f64::from(i * 7 % 11),
                capacity: 9.0 + f64::from(i * 5 % 7),
            })
            .collect();
        let customers = costs(30, 12).into_iter();
        let customers: Vec<Customer> =
            customers.map(|costs| Customer { demand: 2.0, costs }).collect();
        let mut problem = classic::capacitated(&sources, &customers, Division::Divisible);
        let point = |n: usize| CoverPoint {
            weight: 1.0 + n as f64,
            servers: vec![
                Server { unit: n, place: n % 12 },
                Server { unit: n + 1, place: (n + 3) % 12 },
            ],
        };
        problem.coverage.push(CoverGroup {
            needed: 40.0,
            points: (0..10).map(point).collect(),
            ..CoverGroup::default()
        });
        let mut of_sites = classic::p_median(&costs(30, 12), 4).limits.remove(0);
        of_sites.price = Some(5.0);
        problem.limits.push(of_sites);
        problem
    }

    /// The program of so many of the arcs, and what its prices prove of all; more come in until none is cheap.
    fn proved(problem: &Problem, part: f64) -> (f64, f64) {
        let mut priced = Priced::of(problem);
        priced.step(5, None, &mut || false);
        let mut never = || false;
        let view = priced.view(part);
        let mut exact = Exact::of(&view, &mut never).unwrap();
        loop {
            let point = exact.point(&priced.relaxation);
            let mut answer = Answer::default();
            priced.relaxation.answer(&point.prices, &mut Sack::exact(), true, &mut answer);
            priced.volume.go_to(&priced.relaxation, point.prices, point.columns, &mut priced.sack);
            assert!((priced.volume.bound - answer.bound).abs() < 1e-9);
            let view = priced.view(part);
            if exact.add_places(&view, 1e-6).unwrap() == 0 {
                return (point.cost, answer.bound);
            }
            exact.solve(&mut never).unwrap();
        }
    }

    #[test]
    fn exact_prices_prove_what_the_program_costs() {
        for problem in [town(), classic::p_median(&costs(40, 30), 5)] {
            let (cost, bound) = proved(&problem, 1.0);
            assert!((cost - bound).abs() < 1e-6 * cost, "{cost} {bound}");

            let (few, bound_of_few) = proved(&problem, 0.0);

            assert!((few - cost).abs() < 1e-6 * cost, "{few} of few, {cost} of all");
            assert!((bound_of_few - bound).abs() < 1e-6 * cost);
        }
    }

    #[test]
    fn a_program_that_takes_long_ends_when_it_is_told_to() {
        let problem = classic::p_median(&costs(250, 250), 9);
        let priced = Priced::of(&problem);
        let view = priced.view(1.0);

        assert!(Exact::of(&view, &mut || true).is_none());
    }
}
