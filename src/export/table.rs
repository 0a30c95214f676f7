//! A table: what a page shows and a download holds.

use chrono::NaiveDate;

use crate::register::{Pence, Scalar, Value, thousands};

/// Rows under named columns.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Table {
    /// Stem of the file name and of anchors: `actions`.
    pub name: String,
    /// What it is, as a heading.
    pub caption: String,
    /// Left to right.
    pub columns: Vec<Column>,
    /// Top to bottom; each has a cell a column.
    pub rows: Vec<Vec<Cell>>,
}

/// One column.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// Header in files: the field's key, with the unit in it.
    pub key: String,
    /// Header on pages.
    pub label: String,
    /// Numbers stand to the right.
    pub is_numeric: bool,
}

/// One value.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Nothing belongs here.
    Empty,
    /// A text, perhaps of the user's.
    Text(String),
    /// A number, shown with this many decimals.
    Number(f64, usize),
    /// Money, to the penny in files and on pages.
    Money(Pence),
    /// A day.
    Date(NaiveDate),
    /// Not known, and why: never an empty cell, never zero.
    Unknown(&'static str),
}

impl Table {
    /// A table without rows.
    pub fn new(name: &str, caption: &str, columns: &[(&str, &str, bool)]) -> Self {
        let column = |&(key, label, is_numeric): &(&str, &str, bool)| Column {
            key: key.to_owned(),
            label: label.to_owned(),
            is_numeric,
        };
        Self {
            name: name.to_owned(),
            caption: caption.to_owned(),
            columns: columns.iter().map(column).collect(),
            rows: Vec::new(),
        }
    }

    /// The same table with these rows.
    #[must_use]
    pub fn with(mut self, rows: impl IntoIterator<Item = Vec<Cell>>) -> Self {
        self.rows.extend(rows);
        self
    }

    /// The rows as JSON, for programs: numbers as numbers, money in pounds, what is not known as null.
    pub fn json(&self) -> serde_json::Value {
        let row = |row: &Vec<Cell>| {
            let cells = self.columns.iter().zip(row);
            cells.map(|(column, cell)| (column.key.clone(), cell.json())).collect()
        };
        serde_json::Value::Array(self.rows.iter().map(row).map(serde_json::Value::Object).collect())
    }
}

impl Cell {
    /// A text; empty text is an empty cell.
    pub fn text(text: impl Into<String>) -> Self {
        let text = text.into();
        if text.is_empty() { Self::Empty } else { Self::Text(text) }
    }

    /// A count.
    pub fn count(count: u64) -> Self {
        Self::Number(count as f64, 0)
    }

    /// A number, if known.
    pub fn maybe(number: Option<f64>, decimals: usize) -> Self {
        number.map_or(Self::Unknown("not known"), |number| Self::Number(number, decimals))
    }

    /// A fact of the register.
    pub fn fact(value: &Value<Scalar>) -> Self {
        match value {
            Value::Known { value, .. } => Self::scalar(value),
            Value::Unknown { why } => Self::Unknown(why.label()),
        }
    }

    /// A known fact.
    pub fn scalar(scalar: &Scalar) -> Self {
        match scalar {
            Scalar::Text(text) => Self::Text(text.clone()),
            Scalar::Number(number) if number.fract() == 0.0 => Self::Number(*number, 0),
            Scalar::Number(number) => Self::Number(*number, 2),
            Scalar::Pence(pence) => Self::Money(Pence(*pence)),
            Scalar::Date(date) => Self::Date(*date),
            Scalar::Point(_) => Self::Text(scalar.to_string()),
        }
    }

    /// In JSON. A count is a whole number.
    fn json(&self) -> serde_json::Value {
        match self {
            Self::Empty | Self::Unknown(_) => serde_json::Value::Null,
            Self::Text(text) => text.as_str().into(),
            Self::Number(number, 0) if number.abs() < 9e15 => {
                #[expect(clippy::cast_possible_truncation, reason = "bounded on the line before")]
                let whole = number.round() as i64;
                whole.into()
            }
            Self::Number(number, _) => (*number).into(),
            Self::Money(pence) => pence.as_pounds().into(),
            Self::Date(date) => date.to_string().into(),
        }
    }

    /// On a page: `£1,234.50`, `12,345.7`, `31 March 2025`, `not known: left blank`.
    pub fn shown(&self) -> String {
        match self {
            Self::Empty => String::new(),
            Self::Text(text) => text.clone(),
            Self::Number(number, decimals) => grouped(*number, *decimals),
            Self::Money(pence) => {
                let text = pence.to_string();
                text.strip_suffix(".00").map_or_else(|| text.clone(), str::to_owned)
            }
            Self::Date(date) => date.format("%-d %B %Y").to_string(),
            Self::Unknown("not known") => "not known".to_owned(),
            Self::Unknown(why) => format!("not known: {why}"),
        }
    }

    /// In a file: numbers without commas, money in pounds, ISO dates, `unknown: left blank`.
    pub fn written(&self) -> String {
        match self {
            Self::Empty => String::new(),
            Self::Text(text) => text.clone(),
            Self::Number(number, decimals) => fixed(*number, *decimals),
            Self::Money(pence) => Scalar::Pence(pence.0).to_string(),
            Self::Date(date) => date.to_string(),
            Self::Unknown("not known") => "unknown".to_owned(),
            Self::Unknown(why) => format!("unknown: {why}"),
        }
    }
}

/// `1,234,567.8`: a number in groups of three.
pub fn grouped(number: f64, decimals: usize) -> String {
    let text = fixed(number, decimals);
    let (sign, digits) = text.strip_prefix('-').map_or(("", text.as_str()), |rest| ("-", rest));
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let Ok(whole) = whole.parse::<u64>() else { return text };
    let dot = if part.is_empty() { "" } else { "." };
    format!("{sign}{}{dot}{part}", thousands(whole))
}

/// Money to three figures, for an estimate: `£453,000` for £453,137.29.
pub fn about(pence: Pence) -> String {
    let pounds = pence.as_pounds();
    let step = 10_f64.powf((pounds.abs().max(1.0).log10().floor() - 2.0).max(0.0));
    let rounded = grouped((pounds / step).round() * step, 0);
    rounded.strip_prefix('-').map_or_else(|| format!("£{rounded}"), |rest| format!("-£{rest}"))
}

fn fixed(number: f64, decimals: usize) -> String {
    let text = format!("{number:.decimals$}");
    // `-0.00` is what rounding leaves of a small negative number.
    let is_zero = text.bytes().all(|b| b"-0.".contains(&b));
    if is_zero { text.trim_start_matches('-').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_get_numbers_as_numbers_and_never_a_zero_for_an_unknown() {
        let columns =
            [("people", "People", true), ("cost_gbp", "Cost", true), ("why", "Why", false)];
        let rows = [vec![Cell::count(3), Cell::Money(Pence(150)), Cell::Unknown("left blank")]];
        let told = Table::new("t", "T", &columns).with(rows).json();
        assert_eq!(told, serde_json::json!([{ "people": 3, "cost_gbp": 1.5, "why": null }]));
    }

    #[test]
    fn estimates_are_told_to_three_figures() {
        for (pence, words) in [
            (45_313_729, "£453,000"),
            (130_029_120, "£1,300,000"),
            (-1_234_500, "-£12,300"),
            (999_999, "£10,000"),
            (4_250, "£43"),
            (0, "£0"),
        ] {
            assert_eq!(about(Pence(pence)), words);
        }
    }

    #[test]
    fn a_cell_reads_alike_on_the_page_and_in_the_file() {
        let cases = [
            (Cell::Money(Pence(-123_456_750)), "-£1,234,567.50", "-1234567.50"),
            (Cell::Money(Pence::pounds(12)), "£12", "12.00"),
            (Cell::Number(12_345.67, 1), "12,345.7", "12345.7"),
            (Cell::Number(-0.001, 2), "0.00", "0.00"),
            (Cell::Unknown("left blank"), "not known: left blank", "unknown: left blank"),
            (
                Cell::Date(NaiveDate::from_ymd_opt(2025, 3, 1).unwrap()),
                "1 March 2025",
                "2025-03-01",
            ),
        ];
        for (cell, shown, written) in cases {
            assert_eq!((cell.shown().as_str(), cell.written().as_str()), (shown, written));
        }
    }
}
