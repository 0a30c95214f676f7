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
    /// `None` where it is over before it is solved.
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
