//! A table of the house as the design system's macro takes it.

use serde::Serialize;

use crate::export::{Cell, Column, Table};
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
    let classes = class(&column.key);
    let shown = cell.shown();
    let is_unknown = matches!(cell, Cell::Unknown(_));
    if dress.href.is_none() && dress.tag.is_none() && dress.drawing.is_none() && !is_unknown {
        return Data { text: Some(shown), html: None, format, classes };
    }
    let mut html = escape(&shown);
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
