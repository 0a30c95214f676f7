//! A table of the house as the design system's macro takes it.

use serde::Serialize;

use crate::export::{Cell, Column, Table, about};
use crate::web::templates::escape;

/// A table for a page. Its file is at `href`.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Shown {
    name: String,
    caption: String,
    href: Option<String>,
    head: Vec<Head>,
    rows: Vec<Vec<Data>>,
}

#[derive(Debug, Clone, Serialize)]
struct Head {
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<&'static str>,
}

#[derive(Debug, Clone, Serialize)]
struct Data {
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    html: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    classes: Option<&'static str>,
}

/// What a cell is besides its text.
#[derive(Debug, Clone, Default)]
pub(super) struct Dress {
    /// Where it leads.
    pub(super) href: Option<String>,
    /// Drawn as a tag of this colour.
    pub(super) tag: Option<&'static str>,
    /// A picture before the text: our own drawing, never the user's text.
    pub(super) drawing: Option<String>,
    /// Read instead of the cell's own words, which the file has.
    pub(super) shown: Option<String>,
    /// A long text shows its first words, and the rest when it is opened.
    pub(super) is_folded: bool,
    /// A mark that a note under the table explains; the words are there for who cannot see it.
    pub(super) mark: Option<&'static str>,
}

impl Dress {
    /// Leads somewhere.
    pub(super) fn linked(href: Option<String>) -> Self {
        Self { href, ..Self::default() }
    }

    /// Drawn as a tag.
    pub(super) fn tagged(colour: &'static str) -> Self {
        Self { tag: Some(colour), ..Self::default() }
    }

    /// Folded where it is long.
    pub(super) fn folded() -> Self {
        Self { is_folded: true, ..Self::default() }
    }

    /// An estimate, to three figures: the file has the pence.
    pub(super) fn about(cell: &Cell) -> Self {
        let shown = if let Cell::Money(pence) = cell { Some(about(*pence)) } else { None };
        Self { shown, ..Self::default() }
    }
}

impl Shown {
    /// As it is.
    pub(super) fn plain(table: &Table, href: Option<String>) -> Self {
        Self::dressed(table, href, |_, _, _| Dress::default())
    }

    /// With links, tags and drawings: `dress` is given the row, the column's key and the cell.
    pub(super) fn dressed(
        table: &Table,
        href: Option<String>,
        dress: impl Fn(usize, &str, &Cell) -> Dress,
    ) -> Self {
        let rows = table.rows.iter().enumerate().map(|(number, row)| {
            table
                .columns
                .iter()
                .zip(row)
                .map(|(column, cell)| data(column, cell, &dress(number, &column.key, cell)))
                .collect()
        });
        Self {
            name: table.name.clone(),
            caption: table.caption.clone(),
            href,
            head: table.columns.iter().map(head).collect(),
            rows: rows.collect(),
        }
    }
}

fn head(column: &Column) -> Head {
    Head { text: column.label.clone(), format: column.is_numeric.then_some("numeric") }
}

fn data(column: &Column, cell: &Cell, dress: &Dress) -> Data {
    let format = column.is_numeric.then_some("numeric");
    let shown = dress.shown.clone().unwrap_or_else(|| cell.shown());
    let is_unknown = matches!(cell, Cell::Unknown(_));
    let folded = if dress.is_folded { fold(&shown) } else { None };
    let classes = match folded {
        Some(_) => Some("app-cell-long"),
        // Where a mark stands for the words, their length says nothing of the cell.
        None if is_unknown && dress.mark.is_some() => class(&column.key),
        None => class(&column.key).or_else(|| length(&shown)),
    };
    let is_plain = dress.href.is_none() && dress.tag.is_none() && dress.drawing.is_none();
    if is_plain && folded.is_none() && !is_unknown {
        return Data { text: Some(shown), html: None, format, classes };
    }
    let mut html = folded.unwrap_or_else(|| escape(&shown));
    if let Some(mark) = dress.mark.filter(|_| is_unknown) {
        html = format!(
            r#"<span aria-hidden="true">{mark}</span><span class="nhsuk-u-visually-hidden">{html}</span>"#
        );
    }
    if is_unknown {
        html = format!(r#"<span class="app-unknown">{html}</span>"#);
    }
    if let Some(colour) = dress.tag {
        html = tag(colour, &shown);
    }
    if let Some(href) = &dress.href {
        html = format!(r#"<a class="nhsuk-link" href="{}">{html}</a>"#, escape(href));
    }
    if let Some(drawing) = &dress.drawing {
        html = format!(r#"<span class="app-drawn">{drawing} {html}</span>"#);
    }
    Data { text: None, html: Some(html), format, classes }
}

/// The first words of a long text to press on for the rest; nothing where it is short.
fn fold(text: &str) -> Option<String> {
    const FIRST: usize = 48;
    let (at, _) = text.char_indices().nth(FIRST)?;
    let is_long = text.chars().nth(FIRST + 16).is_some();
    let end = text.get(..at)?.rfind(' ').filter(|_| is_long)?;
    let (first, rest) = text.split_at_checked(end)?;
    Some(format!(
        r#"<details class="app-fold"><summary>{}</summary>{}</details>"#,
        escape(first),
        escape(rest)
    ))
}

/// Texts get a width by their length, so that a far column does not make a tall row, and neither does a reason where a
/// number is not known.
fn length(shown: &str) -> Option<&'static str> {
    match shown.chars().count() {
        0..=20 => None,
        21..=40 => Some("app-cell-text"),
        _ => Some("app-cell-long"),
    }
}

/// Sentences want room; keys may break anywhere.
fn class(key: &str) -> Option<&'static str> {
    match key {
        "reasons" | "reason" | "finding" | "words" | "expected" => Some("app-cell-words"),
        "assumptions" | "key" | "source" | "method" | "code" | "value" | "files" => {
            Some("app-cell-key")
        }
        _ => None,
    }
}

/// A tag of the design system; no colour is its default blue.
pub(super) fn tag(colour: &str, text: &str) -> String {
    let class = if colour.is_empty() { String::new() } else { format!(" nhsuk-tag--{colour}") };
    format!(r#"<strong class="nhsuk-tag{class}">{}</strong>"#, escape(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::register::Pence;

    #[test]
    fn only_money_is_an_estimate() {
        let told = |cell| Dress::about(&cell).shown;
        assert_eq!(told(Cell::Money(Pence(45_313_729))).as_deref(), Some("£453,000"));
        assert_eq!(told(Cell::count(45_313)), None);
    }

    #[test]
    fn a_long_text_folds_between_words_and_loses_none() {
        assert_eq!(fold("A short source, of one line and a few words more."), None);
        let text = "Planning choice: the same distance for those who need step-free access <b>";
        let folded = fold(text).unwrap();
        let told = folded
            .replace(r#"<details class="app-fold"><summary>"#, "")
            .replace("</summary>", "")
            .replace("</details>", "");
        assert_eq!(told, escape(text));
    }
}
