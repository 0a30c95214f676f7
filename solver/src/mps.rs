//! The whole model as text that any solver reads: to be asked elsewhere, and to be looked at, with its names.

use std::collections::HashMap;
use std::fmt::Write;

use good_lp::{IntoAffineExpression, Variable};

use crate::columns::Columns;
use crate::problem::{Malformed, Problem};
use crate::rules;

/// The model of a problem in free MPS, minimised, in the strong form, with every row and column named after what the
/// problem calls it. Blanks in names become `_`; a name that comes again gets a number.
pub fn mps(problem: &Problem) -> Result<String, Malformed> {
    problem.validate()?;
    let columns = Columns::of(problem);
    let rows = rules::rows(problem, &columns);
    let mut names = Names::default();
    let mut sections = Sections::default();
    let mut number: HashMap<Variable, usize> = HashMap::new();
    let mut entries: Vec<Vec<(String, f64)>> = Vec::new();
    let mut variables = Vec::new();
    for (n, (variable, definition)) in columns.variables.iter_variables_with_def().enumerate() {
        number.insert(variable, n);
        entries.push(Vec::new());
        variables.push((names.free(definition.get_name()), definition));
    }
    for (variable, by) in columns.cost.linear_coefficients() {
        entries[number[&variable]].push(("cost".to_owned(), by));
    }
    let mut names = Names::default();
    names.free("cost");
    for row in &rows {
        let name = names.free(row.name().unwrap_or("row"));
        let expression = row.expression();
        sections.row(if row.is_equality() { 'E' } else { 'L' }, &name, -expression.constant());
        for (variable, by) in expression.linear_coefficients() {
            entries[number[&variable]].push((name.clone(), by));
        }
    }
    for homeless in &columns.homeless {
        sections.row('E', &names.free(&format!("nowhere: {homeless}")), 1.0);
    }
    for ((name, definition), entries) in variables.iter().zip(&entries) {
        sections.column(name, entries);
        sections.bounds(name, definition.is_integer(), definition.get_min(), definition.get_max());
    }
    Ok(sections.text())
}

/// Names without blanks, each once.
#[derive(Default)]
struct Names(HashMap<String, usize>);

impl Names {
    fn free(&mut self, name: &str) -> String {
        let plain: String = name
            .chars()
            .map(|c| if c.is_whitespace() || c.is_control() { '_' } else { c })
            .collect();
        let mut free = if plain.is_empty() { "_".to_owned() } else { plain.clone() };
        while self.0.contains_key(&free) {
            let times = self.0.entry(plain.clone()).or_insert(1);
            *times += 1;
            free = format!("{plain}#{times}");
        }
        self.0.insert(free.clone(), 1);
        free
    }
}

#[derive(Default)]
struct Sections {
    rows: String,
    columns: String,
    sides: String,
    bounds: String,
}

impl Sections {
    fn row(&mut self, kind: char, name: &str, side: f64) {
        put(&mut self.rows, format_args!(" {kind} {name}"));
        if side != 0.0 {
            put(&mut self.sides, format_args!(" RHS {name} {side}"));
        }
    }

    fn column(&mut self, name: &str, entries: &[(String, f64)]) {
        for (row, by) in entries {
            put(&mut self.columns, format_args!(" {name} {row} {by}"));
        }
        if entries.is_empty() {
            put(&mut self.columns, format_args!(" {name} cost 0"));
        }
    }

    fn bounds(&mut self, name: &str, is_whole: bool, low: f64, high: f64) {
        if is_whole {
            put(&mut self.bounds, format_args!(" BV BND {name}"));
            return;
        }
        if low != 0.0 {
            put(&mut self.bounds, format_args!(" LO BND {name} {low}"));
        }
        if high.is_finite() {
            put(&mut self.bounds, format_args!(" UP BND {name} {high}"));
        }
    }

    fn text(&self) -> String {
        let Self { rows, columns, sides, bounds } = self;
        format!(
            "NAME problem\nROWS\n N cost\n{rows}COLUMNS\n{columns}RHS\n{sides}BOUNDS\n{bounds}ENDATA\n"
        )
    }
}

fn put(text: &mut String, line: std::fmt::Arguments<'_>) {
    writeln!(text, "{line}").expect("a string takes all that is written");
}
