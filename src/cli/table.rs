//! A table for the terminal: text to the left, numbers to the right, columns as wide as their content.

use std::fmt::Write as _;
use std::io::{self, Write};

/// Which side a column's text keeps to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Left,
    Right,
}

/// Prints rows under headings; a column named with `>` in front is set to the right.
pub(crate) fn print(
    out: &mut dyn Write,
    headings: &[&str],
    rows: &[Vec<String>],
) -> io::Result<()> {
    let columns: Vec<(Side, &str)> = headings
        .iter()
        .map(|heading| {
            heading.strip_prefix('>').map_or((Side::Left, *heading), |rest| (Side::Right, rest))
        })
        .collect();
    let width = |column: usize, heading: &str| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain([heading.chars().count()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> =
        columns.iter().enumerate().map(|(at, (_, heading))| width(at, heading)).collect();
    let line = |out: &mut dyn Write, cells: &mut dyn Iterator<Item = &str>| -> io::Result<()> {
        let mut text = String::new();
        for ((cell, (side, _)), width) in cells.zip(&columns).zip(&widths) {
            match side {
                Side::Left => drop(write!(text, "{cell:<width$}  ")),
                Side::Right => drop(write!(text, "{cell:>width$}  ")),
            }
        }
        writeln!(out, "{}", text.trim_end())
    };
    line(out, &mut columns.iter().map(|(_, heading)| *heading))?;
    let rules: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    line(out, &mut rules.iter().map(String::as_str))?;
    for row in rows {
        line(out, &mut row.iter().map(String::as_str))?;
    }
    Ok(())
}

/// The same as Markdown.
pub(crate) fn markdown(headings: &[&str], rows: &[Vec<String>]) -> String {
    let line = |cells: Vec<&str>| format!("| {} |\n", cells.join(" | "));
    let heads = headings.iter().map(|heading| heading.strip_prefix('>').unwrap_or(heading));
    let sides = headings.iter().map(|heading| if heading.starts_with('>') { "--:" } else { "---" });
    let mut page = format!("\n{}{}", line(heads.collect()), line(sides.collect()));
    for row in rows {
        page += &line(row.iter().map(String::as_str).collect());
    }
    page
}

#[cfg(test)]
mod tests {
    #[test]
    fn numbers_keep_to_the_right_and_widths_follow_the_content() {
        let mut out = Vec::new();
        let rows = [
            vec!["Royal".to_owned(), "£1.00".to_owned()],
            vec!["A".to_owned(), "-£12.00".to_owned()],
        ];
        super::print(&mut out, &["site", ">net"], &rows).unwrap();
        let told = String::from_utf8(out).unwrap();
        assert_eq!(told, "site       net\n-----  -------\nRoyal    £1.00\nA      -£12.00\n");
        assert_eq!(
            super::markdown(&["site", ">net"], &rows),
            "\n| site | net |\n| --- | --: |\n| Royal | £1.00 |\n| A | -£12.00 |\n"
        );
    }
}
