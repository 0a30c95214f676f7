//! A programme as bars in time. It goes with its table.

use std::fmt::Write as _;

use super::n;
use crate::export::option_words;
use crate::scenario::programme::{Programme, StageKind};
use crate::web::templates::escape;

const LEFT: f64 = 250.0;
const WIDTH: f64 = 1200.0;
const ROW: f64 = 22.0;
const TOP: f64 = 34.0;
/// More rows than this would not be read: the drawing says how many it leaves out.
const MOST: usize = 120;

/// The bars, and how many actions were left out. Nothing without actions.
pub(crate) fn gantt(programme: &Programme) -> Option<(String, usize)> {
    let ends = programme.items.iter().filter_map(|item| item.ends().map(|(_, last)| last));
    let periods = ends.max()? + 1;
    let shown = programme.items.len().min(MOST);
    let height = TOP + ROW * shown as f64 + 8.0;
    let x = |period: usize| LEFT + (WIDTH - LEFT - 10.0) * period as f64 / periods as f64;
    let mut out = format!(
        r#"<svg class="app-chart app-gantt" viewBox="0 0 {} {}" role="img" aria-label="What happens when, a row an action; the table below has the same dates" focusable="false">"#,
        n(WIDTH),
        n(height)
    );
    let a_year = programme.levers.step.a_year();
    for period in (0..=periods).filter(|period| period.rem_euclid(a_year) == 0) {
        let _ = write!(
            out,
            r#"<path class="app-chart__grid" d="M{} {}V{}"/>"#,
            n(x(period)),
            n(TOP - 6.0),
            n(height - 6.0)
        );
        if period < periods {
            let year = programme.when(period).year;
            let _ = write!(
                out,
                r#"<text class="app-gantt__text" x="{}" y="20">{year}</text>"#,
                n(x(period) + 2.0)
            );
        }
    }
    for (row, item) in programme.items.iter().take(shown).enumerate() {
        let y = TOP + ROW * row as f64;
        let class = if item.is_critical { " app-gantt__text--critical" } else { "" };
        let name: String = item.name.chars().take(30).collect();
        let _ = write!(
            out,
            r#"<text class="app-gantt__text{class}" x="{}" y="{}" text-anchor="end">{}</text>"#,
            n(LEFT - 8.0),
            n(y + 15.0),
            escape(&name)
        );
        for span in &item.stages {
            let (from, to) = (x(span.first), x(span.last + 1));
            let _ = write!(
                out,
                r#"<rect class="app-gantt__bar app-gantt__bar--{}" x="{}" y="{}" width="{}" height="{}"><title>{}</title></rect>"#,
                span.stage.key().replace('_', "-"),
                n(from),
                n(y + 3.0),
                n((to - from - 1.0).max(1.0)),
                n(ROW - 6.0),
                escape(&format!(
                    "{}, {}: {}, {} to {}",
                    item.name,
                    option_words(item.option),
                    span.stage.label(),
                    programme.period_words(span.first),
                    programme.period_words(span.last)
                ))
            );
        }
    }
    out.push_str("</svg>");
    Some((out, programme.items.len() - shown))
}

/// A legend's square for a stage.
pub(crate) fn stage_key(stage: StageKind) -> String {
    format!(
        r#"<svg class="app-legend__symbol" width="18" height="14" viewBox="0 0 18 14" aria-hidden="true" focusable="false"><rect class="app-gantt__bar app-gantt__bar--{}" x="1" y="1" width="16" height="12"/></svg>"#,
        stage.key().replace('_', "-")
    )
}
