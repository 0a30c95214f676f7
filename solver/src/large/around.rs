//! A linear program of a relaxation, or of some of its sites and units with all else at its price.

use highs::{HighsModelStatus, Model, RowProblem, Sense};

use super::highs::Ear;
use super::relaxation::{Choice, Rule};
use super::view::View;
use crate::callback::{limit_column, solve_heard};

/// No place is taken more than once, by rule (2). A most beyond that never binds, and so takes no price from the rules; but HiGHS
/// can begin from it when places come in, where without one it has to look for a beginning.
pub(super) const MOST_OF_A_PLACE: f64 = 2.0;

/// What a column is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Of {
    /// Site and option.
    Option(usize, usize),
    Arc(usize),
    /// Column of the relaxation.
    Cover(usize),
    /// What is missed of a rule.
    Missed,
}

pub(super) struct Column {
    pub(super) of: Of,
    pub(super) cost: f64,
    pub(super) most: f64,
}

pub(super) struct Row {
    pub(super) entries: Vec<(usize, f64)>,
    pub(super) low: f64,
    pub(super) high: f64,
    /// Which of the relaxation it is.
    pub(super) of: Option<usize>,
}

impl Row {
    fn none_above(entries: Vec<(usize, f64)>) -> Self {
        Self { entries, low: f64::NEG_INFINITY, high: 0.0, of: None }
    }
}

pub(super) struct Around {
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<Row>,
    /// Rows of the relaxation, sorted, and their numbers here.
    pub(super) known: Vec<(usize, usize)>,
    /// Arcs of the units that are not looked at.
    pub(super) left_out: Vec<usize>,
    /// Site, option and column, sorted.
    options: Vec<(usize, usize, usize)>,
    /// By site: the row of its room, and how that is scaled.
    pub(super) room_of: Vec<Option<(usize, f64)>>,
}

impl Around {
    /// The whole relaxation.
    pub(super) fn of_all(view: &View<'_>) -> Self {
        let relaxation = view.relaxation;
        let sites = (0..view.problem.sites.len()).collect();
        let units = (0..view.problem.units.len()).collect();
        let mut around = Self::with(view, sites, units, (0..relaxation.rows.len()).collect());
        for (of, cost) in relaxation.covers() {
            let column = around.columns.len();
            around.columns.push(Column { of: Of::Cover(of), cost, most: 1.0 });
            around.add_entries(view, of, column);
        }
        for (n, row) in relaxation.rows.iter().enumerate() {
            // Rules may be missed, hard ones at a fine: the places they need may not be looked at yet.
            let by = match row.rule {
                Rule::Floor(_) | Rule::Low(_) => 1.0,
                Rule::High(_) => -1.0,
                _ => continue,
            };
            let price = row.most_price.max(-row.least_price);
            let cost = if price.is_finite() { price } else { view.fine_of(n) };
            let column = around.columns.len();
            around.columns.push(Column { of: Of::Missed, cost, most: f64::INFINITY });
            around.rows[n].entries.push((column, by));
        }
        around
    }

    /// Some sites, in order, who could gladly be there, and the rules of rooms among them.
    pub(super) fn of(view: &View<'_>, sites: Vec<usize>) -> Self {
        let is_about = |site: usize| sites.binary_search(&site).is_ok();
        let mut units: Vec<usize> = sites
            .iter()
            .flat_map(|&site| view.relaxation.arcs_at(site))
            .filter(|&a| view.is_looked_at(a))
            .map(|a| view.relaxation.arcs[a].unit)
            .collect();
        units.sort_unstable();
        units.dedup();
        let mut rows: Vec<usize> = units.iter().map(|&unit| view.row_of[unit]).collect();
        rows.extend(sites.iter().flat_map(|&site| &view.rooms[site]));
        let cuts = view.cuts.iter();
        let within = cuts.filter(|(_, sites)| sites.iter().all(|&site| is_about(site)));
        rows.extend(within.map(|&(row, _)| row));
        rows.sort_unstable();
        Self::with(view, sites, units, rows)
    }

    /// Of these sites, units and rows of the relaxation, all in order.
    fn with(view: &View<'_>, sites: Vec<usize>, units: Vec<usize>, rows: Vec<usize>) -> Self {
        let known = rows.iter().enumerate().map(|(n, &row)| (row, n)).collect();
        let rows = rows.iter().map(|&of| {
            let row = &view.relaxation.rows[of];
            Row {
                entries: Vec::new(),
                low: if row.most_price > 0.0 { row.right } else { f64::NEG_INFINITY },
                high: if row.least_price < 0.0 { row.right } else { f64::INFINITY },
                of: Some(of),
            }
        });
        let mut around = Self {
            columns: Vec::new(),
            rows: rows.collect(),
            known,
            left_out: Vec::new(),
            options: Vec::new(),
            room_of: vec![None; view.problem.sites.len()],
        };
        for &site in &sites {
            around.add_options(view, site);
        }
        let mut here: Vec<Vec<(usize, usize)>> = vec![Vec::new(); sites.len()];
        for &unit in &units {
            for &a in &view.arcs_of[unit] {
                if !view.is_looked_at(a) {
                    around.left_out.push(a);
                    continue;
                }
                let at = sites.binary_search(&view.relaxation.arcs[a].site);
                let cost = if at.is_ok() {
                    view.relaxation.arc_cost(a) - around.priced(view, a, false)
                } else {
                    // The rules of that site are not here, those of the unit are.
                    view.rents[a] + around.priced(view, a, true)
                };
                let column = around.columns.len();
                around.columns.push(Column { of: Of::Arc(a), cost, most: MOST_OF_A_PLACE });
                around.add_entries(view, a, column);
                if let Ok(at) = at {
                    here[at].push((a, column));
                }
            }
            around.add_nowhere(view, unit);
        }
        for (&site, arcs) in sites.iter().zip(&here) {
            around.add_room(view, site, arcs);
            for &(a, column) in arcs {
                if let Some(entries) = around.admission(view, a, column) {
                    around.rows.push(Row::none_above(entries));
                }
            }
        }
        around
    }

    /// The number here of a row of the relaxation.
    pub(super) fn number_of(&self, row: usize) -> Option<usize> {
        let at = self.known.binary_search_by_key(&row, |&(row, _)| row).ok()?;
        self.known.get(at).map(|&(_, number)| number)
    }

    /// What the rules that are here, or those that are not, pay for a column of the relaxation.
    fn priced(&self, view: &View<'_>, column: usize, are_here: bool) -> f64 {
        let entries = view.relaxation.entries_of(column);
        let counted = entries.filter(|&(row, _)| self.number_of(row).is_some() == are_here);
        counted.map(|(row, by)| view.volume.prices[row] * by).sum()
    }

    fn add_entries(&mut self, view: &View<'_>, of: usize, column: usize) {
        for (row, by) in view.relaxation.entries_of(of) {
            if let Some(row) = self.number_of(row) {
                self.rows[row].entries.push((column, by));
            }
        }
    }

    /// Rule (1).
    fn add_options(&mut self, view: &View<'_>, site: usize) {
        let mut one = Vec::new();
        for choice in view.relaxation.choices(site) {
            let of = view.relaxation.first_option[site] + choice.option;
            let column = self.columns.len();
            let cost = choice.cost - self.priced(view, of, false);
            self.columns.push(Column { of: Of::Option(site, choice.option), cost, most: 1.0 });
            self.add_entries(view, of, column);
            self.options.push((site, choice.option, column));
            one.push((column, 1.0));
        }
        self.rows.push(Row { entries: one, low: 1.0, high: 1.0, of: None });
    }

    fn add_nowhere(&mut self, view: &View<'_>, unit: usize) {
        let Some(row) = self.number_of(view.row_of[unit]) else { return };
        let column = self.columns.len();
        let cost = view.fine_of(view.row_of[unit]);
        self.columns.push(Column { of: Of::Missed, cost, most: f64::INFINITY });
        self.rows[row].entries.push((column, 1.0));
    }

    /// Rule (4) of a site for the resource without a price.
    fn add_room(&mut self, view: &View<'_>, site: usize, arcs: &[(usize, usize)]) {
        let choices = view.relaxation.choices(site);
        let largest = choices.iter().map(|choice| choice.room).fold(0.0, f64::max);
        if !largest.is_finite() {
            return;
        }
        let scale = if largest > 1e-9 { 1.0 / largest } else { 1.0 };
        let needs = arcs.iter().map(|&(a, column)| (column, view.relaxation.arcs[a].need * scale));
        let mut entries: Vec<(usize, f64)> = needs.filter(|(_, need)| *need > 0.0).collect();
        let rooms = self.options_of(site).zip(choices);
        entries.extend(rooms.map(|((_, column), choice)| (column, -choice.room * scale)));
        self.room_of[site] = Some((self.rows.len(), scale));
        self.rows.push(Row::none_above(entries));
    }

    /// Rule (3) of an arc at a site that is here, where not every option admits it.
    pub(super) fn admission(
        &self,
        view: &View<'_>,
        arc: usize,
        column: usize,
    ) -> Option<Vec<(usize, f64)>> {
        let site = view.relaxation.arcs[arc].site;
        let choices = view.relaxation.choices(site);
        let admits = |choice: &Choice| choice.arcs.binary_search(&arc).is_ok();
        let admitting = self.options_of(site).zip(choices).filter(|(_, choice)| admits(choice));
        let mut entries: Vec<(usize, f64)> =
            admitting.map(|((_, option), _)| (option, -1.0)).collect();
        if entries.len() == choices.len() {
            return None;
        }
        entries.push((column, 1.0));
        Some(entries)
    }

    /// Options of a site, and their columns.
    pub(super) fn options_of(&self, site: usize) -> impl Iterator<Item = (usize, usize)> + '_ {
        let first = self.options.partition_point(|&(s, ..)| s < site);
        let of = self.options[first..].iter().take_while(move |&&(s, ..)| s == site);
        of.map(|&(_, option, column)| (option, column))
    }
}

/// A linear program that is solved again and again, each time from where it was.
pub(super) struct Solved {
    pub(super) model: Option<Model>,
    /// By row.
    pub(super) duals: Vec<f64>,
    /// By column.
    pub(super) values: Vec<f64>,
    pub(super) objective: f64,
}

/// HiGHS numbers its ways to weigh edges: Devex weights begin anew where a steepest edge's would be made up for every row.
const DEVEX: i32 = 1;

pub(super) fn quieten(model: &mut Model) -> Option<()> {
    model.try_set_option("simplex_dual_edge_weight_strategy", DEVEX).ok()?;
    model.try_set_option("output_flag", false).ok()?;
    model.try_set_option("threads", 1).ok()?;
    model.try_set_option("parallel", "off").ok()
}

impl Solved {
    /// `None` where there is nothing to be had of it, or it is over.
    pub(super) fn of(around: &Around, is_over: &mut dyn FnMut() -> bool) -> Option<Self> {
        let mut program = RowProblem::new();
        let columns = around.columns.iter();
        let columns: Vec<highs::Col> =
            columns.map(|column| program.add_column(column.cost, 0.0..column.most)).collect();
        for row in &around.rows {
            let entries = row.entries.iter().map(|&(column, by)| (columns[column], by));
            program.add_row(row.low..=row.high, entries.collect::<Vec<_>>());
        }
        let mut model = program.try_optimise(Sense::Minimise).ok()?;
        quieten(&mut model)?;
        let mut solved =
            Self { model: Some(model), duals: Vec::new(), values: Vec::new(), objective: 0.0 };
        solved.solve(is_over)?;
        Some(solved)
    }

    pub(super) fn limit(&mut self, column: usize, low: f64, high: f64) -> Option<()> {
        limit_column(self.model.as_mut()?, column, low, high).then_some(())
    }

    /// `None` where there is nothing to be had of it, or it is over.
    pub(super) fn solve(&mut self, is_over: &mut dyn FnMut() -> bool) -> Option<()> {
        let mut ear = Ear::of(is_over, &|_| {});
        let solved = solve_heard(self.model.take()?, &mut ear).ok()?;
        if solved.status() != HighsModelStatus::Optimal {
            return None;
        }
        let solution = solved.get_solution();
        self.duals = solution.dual_rows().to_vec();
        self.values = solution.columns().to_vec();
        self.objective = solved.objective_value();
        self.model = Some(Model::from(solved));
        Some(())
    }
}
