//! Pictures as SVG, drawn on the server: they print, need no scripts and carry no style of their own, so that the
//! content security policy holds. Classes are in `web/static/app.css`.

mod chart;
mod gantt;
mod map;
mod score;

pub(crate) use chart::financial_year;
pub(crate) use chart::{fan, frontier, fund, search, shares, tornado};
pub(crate) use gantt::{gantt, stage_key};
pub(crate) use map::{Fill, Map, Mark, Patch, Shape, Symbol};
pub(crate) use score::bar;

/// A length in a drawing: one decimal is a tenth of a pixel.
fn n(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or_else(|| text.clone(), str::to_owned)
}
