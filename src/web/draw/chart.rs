//! Charts: the fund's balance by year, what the search has reached by second, shares by version, and one amount against
//! another. Each goes with its table.

use std::fmt::Write as _;

use super::n;
use crate::fund::{Projection, Swing, Uncertainty};
use crate::register::Pence;
use crate::scenario::{Frontier, FrontierRow, Objective};
use crate::web::templates::escape;

const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 360.0;
const LEFT: f64 = 90.0;
const RIGHT: f64 = 44.0;
const TOP: f64 = 16.0;
const BOTTOM: f64 = 44.0;
/// Labels nearer to each other than this are written over each other.
const LINE_OF_TEXT: f64 = 16.0;

/// Where values of a chart stand.
struct Frame {
    x: (f64, f64),
    y: (f64, f64),
}

impl Frame {
    fn x(&self, value: f64) -> f64 {
        LEFT + (value - self.x.0) / (self.x.1 - self.x.0) * (WIDTH - LEFT - RIGHT)
    }

    fn y(&self, value: f64) -> f64 {
        HEIGHT - BOTTOM - (value - self.y.0) / (self.y.1 - self.y.0) * (HEIGHT - TOP - BOTTOM)
    }

    fn line(&self, points: impl Iterator<Item = (f64, f64)>) -> String {
        let mut path = String::new();
        for (number, (x, y)) in points.enumerate() {
            let step = if number == 0 { 'M' } else { 'L' };
            let _ = write!(path, "{step}{} {}", n(self.x(x)), n(self.y(y)));
        }
        path
    }
}

/// The fund's closing balance by year, with the band between low and high. Nothing without years.
pub(crate) fn fund(projection: &Projection) -> Option<String> {
    let years = &projection.years;
    let (first, last) = (years.first()?, years.last()?);
    let all = years.iter().flat_map(|y| [y.closing, y.closing_low, y.closing_high]);
    let (low, high) = all.fold((0.0_f64, 0.0_f64), |(low, high), pence| {
        (low.min(pence.as_pounds()), high.max(pence.as_pounds()))
    });
    let (y_low, y_high, step) = round_axis(low, high);
    let end =
        if last.year > first.year { f64::from(last.year) } else { f64::from(first.year) + 1.0 };
    let frame = Frame { x: (f64::from(first.year), end), y: (y_low, y_high) };
    let mut out =
        open("The fund's balance at the end of each year; the table below has the same figures");
    axis_y(&mut out, &frame, step, &pounds);
    let every = years.len().div_ceil(10).max(1);
    for year in years.iter().step_by(every) {
        let x = frame.x(f64::from(year.year));
        let _ = write!(
            out,
            r#"<text class="app-chart__text" x="{}" y="{}" text-anchor="middle">{}</text>"#,
            n(x),
            n(HEIGHT - 22.0),
            financial_year(year.year)
        );
    }
    let at = |y: &crate::fund::ProjectionYear, pence: Pence| (f64::from(y.year), pence.as_pounds());
    let there = frame.line(years.iter().map(|y| at(y, y.closing_high)));
    let back = frame.line(years.iter().rev().map(|y| at(y, y.closing_low)));
    let _ = write!(
        out,
        r#"<path class="app-chart__band" d="{there}{}z"/>"#,
        back.replacen('M', "L", 1)
    );
    let _ = write!(
        out,
        r#"<path class="app-chart__zero" d="{}"/>"#,
        frame.line([(frame.x.0, 0.0), (frame.x.1, 0.0)].into_iter())
    );
    let _ = write!(
        out,
        r#"<path class="app-chart__line" d="{}"/>"#,
        frame.line(years.iter().map(|y| at(y, y.closing)))
    );
    for year in years {
        let (x, y) = at(year, year.closing);
        let _ = write!(
            out,
            r#"<circle class="app-chart__point" cx="{}" cy="{}" r="4"><title>{}: {}</title></circle>"#,
            n(frame.x(x)),
            n(frame.y(y)),
            financial_year(year.year),
            escape(&year.closing.to_string())
        );
    }
    out.push_str("</svg>");
    Some(out)
}

/// The fan of closing balances: the band from P10 to P90, the middle, and all figures central. Nothing without years.
pub(crate) fn fan(found: &Uncertainty) -> Option<String> {
    let years = &found.years;
    let (first, last) = (years.first()?, years.last()?);
    let all = years.iter().flat_map(|y| [y.p10, y.p90, y.central]);
    let (low, high) = all.fold((0.0_f64, 0.0_f64), |(low, high), pence| {
        (low.min(pence.as_pounds()), high.max(pence.as_pounds()))
    });
    let (y_low, y_high, step) = round_axis(low, high);
    let end =
        if last.year > first.year { f64::from(last.year) } else { f64::from(first.year) + 1.0 };
    let frame = Frame { x: (f64::from(first.year), end), y: (y_low, y_high) };
    let mut out = open("The fund's balance over all draws; the table below has the same figures");
    axis_y(&mut out, &frame, step, &pounds);
    let every = years.len().div_ceil(10).max(1);
    for year in years.iter().step_by(every) {
        let _ = write!(
            out,
            r#"<text class="app-chart__text" x="{}" y="{}" text-anchor="middle">{}</text>"#,
            n(frame.x(f64::from(year.year))),
            n(HEIGHT - 22.0),
            financial_year(year.year)
        );
    }
    let path = |pick: fn(&crate::fund::FanYear) -> Pence| {
        frame.line(years.iter().map(|y| (f64::from(y.year), pick(y).as_pounds())))
    };
    let back = frame.line(years.iter().rev().map(|y| (f64::from(y.year), y.p10.as_pounds())));
    let _ = write!(
        out,
        r#"<path class="app-chart__band" d="{}{}z"/><path class="app-chart__zero" d="{}"/><path class="app-chart__line" d="{}"/><path class="app-chart__bound" d="{}"/></svg>"#,
        path(|y| y.p90),
        back.replacen('M', "L", 1),
        frame.line([(frame.x.0, 0.0), (frame.x.1, 0.0)].into_iter()),
        path(|y| y.p50),
        path(|y| y.central),
    );
    Some(out)
}

/// Bars of the widest swings of social value round the central one. Nothing without a swing.
pub(crate) fn tornado(swings: &[Swing], central: Pence) -> Option<String> {
    const BAR: f64 = 26.0;
    const NAMES: f64 = 360.0;
    let shown: Vec<&Swing> = swings.iter().take(15).collect();
    shown.first()?;
    let ends = shown.iter().flat_map(|s| [s.at_low.npsv, s.at_high.npsv]).chain([central]);
    let (low, high) = ends.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), pence| {
        (low.min(pence.as_pounds()), high.max(pence.as_pounds()))
    });
    let width = (high - low).max(1.0);
    let x = |pounds: f64| NAMES + (pounds - low) / width * (WIDTH - NAMES - 60.0);
    let height = BAR * shown.len() as f64 + 50.0;
    let mut out = format!(
        r#"<svg class="app-chart" viewBox="0 0 {} {}" role="img" aria-label="Social value with each assumption at its two ends; the table below has the same figures" focusable="false">"#,
        n(WIDTH),
        n(height)
    );
    for (row, swing) in shown.iter().enumerate() {
        let y = 10.0 + BAR * row as f64;
        let (a, b) = (x(swing.at_low.npsv.as_pounds()), x(swing.at_high.npsv.as_pounds()));
        let _ = write!(
            out,
            r#"<text class="app-chart__text" x="{}" y="{}" text-anchor="end">{}</text><rect class="app-chart__point" x="{}" y="{}" width="{}" height="{}"><title>{}: {} to {}</title></rect>"#,
            n(NAMES - 8.0),
            n(y + 16.0),
            escape(&swing.key),
            n(a.min(b)),
            n(y + 3.0),
            n((a - b).abs().max(1.0)),
            n(BAR - 8.0),
            escape(&swing.key),
            escape(&swing.at_low.npsv.to_string()),
            escape(&swing.at_high.npsv.to_string())
        );
    }
    let middle = x(central.as_pounds());
    let _ = write!(
        out,
        r#"<path class="app-chart__zero" d="M{m} 6V{}"/><text class="app-chart__text" x="{m}" y="{}" text-anchor="middle">{}</text></svg>"#,
        n(height - 34.0),
        n(height - 12.0),
        escape(&pounds(central.as_pounds())),
        m = n(middle),
    );
    Some(out)
}

/// The best plan found and the bound proved, by second. Nothing before the first plan.
pub(crate) fn search(history: &[(f64, Option<f64>, Option<f64>)]) -> Option<String> {
    let values = || {
        history
            .iter()
            .flat_map(|(_, plan, bound)| [*plan, *bound])
            .flatten()
            .filter(|v| v.is_finite())
    };
    let (low, high) = (values().reduce(f64::min)?, values().reduce(f64::max)?);
    // A first bound may be so far off that it would flatten everything else.
    let plans = || history.iter().filter_map(|(_, plan, _)| *plan);
    let spread = plans()
        .reduce(f64::max)
        .zip(plans().reduce(f64::min))
        .map_or(0.0, |(h, l)| (h - l).max(h.abs() * 0.02));
    let low = if spread > 0.0 {
        low.max(plans().reduce(f64::min).unwrap_or(low) - 3.0 * spread)
    } else {
        low
    };
    let (y_low, y_high, step) = round_axis_near(low, high);
    let seconds = history.last().map_or(1.0, |(seconds, ..)| seconds.max(1.0));
    let frame = Frame { x: (0.0, seconds), y: (y_low, y_high) };
    let mut out = open(
        "The best plan found and the proven bound, by second; the gap between them is what is still open",
    );
    axis_y(&mut out, &frame, step, &|value| short(value, ""));
    for share in [0.0, 0.25, 0.5, 0.75, 1.0] {
        let _ = write!(
            out,
            r#"<text class="app-chart__text" x="{}" y="{}" text-anchor="middle">{} s</text>"#,
            n(frame.x(seconds * share)),
            n(HEIGHT - 22.0),
            n(seconds * share)
        );
    }
    let lines = [("app-chart__line", 1), ("app-chart__bound", 2)];
    for (class, which) in lines {
        let picked = history.iter().filter_map(|(at, plan, bound)| {
            Some((*at, if which == 1 { *plan } else { *bound }?.clamp(y_low, y_high)))
        });
        let mut path = String::new();
        for (number, (x, y)) in
            picked.chain(last_of(history, which, seconds, y_low, y_high)).enumerate()
        {
            let (x, y) = (n(frame.x(x)), n(frame.y(y)));
            if number == 0 {
                let _ = write!(path, "M{x} {y}");
            } else {
                let _ = write!(path, "H{x}V{y}");
            }
        }
        if !path.is_empty() {
            let _ = write!(out, r#"<path class="{class}" d="{path}"/>"#);
        }
    }
    out.push_str("</svg>");
    Some(out)
}

/// Shares from 0 to 100 by version, a line a name, each with its own dash and its number at the end; lines that end at one
/// height have one label. Nothing where there are not two versions.
pub(crate) fn shares(
    label: &str,
    names: &[String],
    rows: &[(String, Vec<Option<f64>>)],
) -> Option<String> {
    if rows.len() < 2 {
        return None;
    }
    let frame = Frame { x: (0.0, (rows.len() - 1) as f64), y: (0.0, 100.0) };
    let mut out = open(label);
    axis_y(&mut out, &frame, 20.0, &|value| format!("{value:.0} %"));
    for (at, (version, _)) in rows.iter().enumerate() {
        let _ = write!(
            out,
            r#"<text class="app-chart__text" x="{}" y="{}" text-anchor="middle">{}</text>"#,
            n(frame.x(at as f64)),
            n(HEIGHT - 22.0),
            escape(version)
        );
    }
    let mut ends: Vec<([f64; 2], Vec<usize>)> = Vec::new();
    for (number, name) in names.iter().enumerate() {
        let points: Vec<(f64, f64)> = rows
            .iter()
            .enumerate()
            .filter_map(|(at, (_, shares))| {
                Some((at as f64, shares.get(number).copied().flatten()?))
            })
            .collect();
        let Some((x, y)) = points.last().copied() else { continue };
        let _ = write!(
            out,
            r#"<path class="app-chart__share app-chart__share--{}" d="{}"><title>{}</title></path>"#,
            number.rem_euclid(4),
            frame.line(points.into_iter()),
            escape(name),
        );
        let end = [frame.x(x), frame.y(y)];
        let is_beside =
            |at: &[f64; 2]| (at[0] - end[0]).abs() < 1.0 && (at[1] - end[1]).abs() < LINE_OF_TEXT;
        match ends.iter_mut().find(|(at, _)| is_beside(at)) {
            Some((_, numbers)) => numbers.push(number + 1),
            None => ends.push((end, vec![number + 1])),
        }
    }
    for ([x, y], numbers) in ends {
        // Several numbers have no room beside the end of their lines, so they stand above it.
        let (x, y, anchor) =
            if numbers.len() == 1 { (x + 4.0, y + 5.0, "start") } else { (x, y - 5.0, "end") };
        let _ = write!(
            out,
            r#"<text class="app-chart__text" x="{}" y="{}" text-anchor="{anchor}">{}</text>"#,
            n(x),
            n(y),
            runs(&numbers)
        );
    }
    out.push_str("</svg>");
    Some(out)
}

/// `1–7, 9`: numbers in order, those that follow each other told by the first and the last.
fn runs(numbers: &[usize]) -> String {
    let follow = |a: &usize, b: &usize| a + 1 == *b;
    let run = |run: &[usize]| match run {
        [first, .., last] => format!("{first}–{last}"),
        [only] => only.to_string(),
        [] => String::new(),
    };
    numbers.chunk_by(follow).map(run).collect::<Vec<_>>().join(", ")
}

/// One amount against another, each point a link to its run. Nothing without points.
pub(crate) fn frontier(frontier: &Frontier) -> Option<String> {
    let range = |figure: fn(&FrontierRow) -> f64| {
        let figures = || frontier.points.iter().map(figure);
        Some(round_axis_near(figures().reduce(f64::min)?, figures().reduce(f64::max)?))
    };
    let (x_low, x_high, x_step) = range(|point| point.against)?;
    let (y_low, y_high, y_step) = range(|point| point.sought)?;
    let frame = Frame { x: (x_low, x_high), y: (y_low, y_high) };
    // A picture that holds links is a group of them, not an image.
    let mut out = open(&format!(
        "{} by {}; the table below has the same points",
        frontier.sought.label(),
        frontier.against.label()
    ))
    .replacen(r#"role="img""#, r#"role="group""#, 1);
    let before = |amount: Objective| if amount.unit() == "£" { "£" } else { "" };
    axis_y(&mut out, &frame, y_step, &|value| short(value, before(frontier.sought)));
    let mut value = x_low;
    while value <= x_high + x_step * 0.01 {
        let _ = write!(
            out,
            r#"<text class="app-chart__text" x="{}" y="{}" text-anchor="middle">{}</text>"#,
            n(frame.x(value)),
            n(HEIGHT - 22.0),
            escape(&short(
                if value.abs() < x_step * 0.01 { 0.0 } else { value },
                before(frontier.against)
            ))
        );
        value += x_step;
    }
    let unit = |amount: Objective| match amount.unit() {
        "£" => String::new(),
        unit => format!(", {unit}"),
    };
    let _ = write!(
        out,
        r#"<text class="app-chart__text" x="{}" y="{}" text-anchor="end">{}{} →</text><text class="app-chart__text" x="{}" y="{}">↑ {}{}</text>"#,
        n(WIDTH - RIGHT),
        n(HEIGHT - 5.0),
        escape(frontier.against.label()),
        escape(&unit(frontier.against)),
        n(LEFT + 8.0),
        n(TOP + 8.0),
        escape(frontier.sought.label()),
        escape(&unit(frontier.sought)),
    );
    let mut points: Vec<&FrontierRow> = frontier.points.iter().collect();
    points.sort_by(|a, b| a.against.total_cmp(&b.against));
    let path = frame.line(points.iter().map(|point| (point.against, point.sought)));
    let _ = write!(out, r#"<path class="app-chart__line" d="{path}"/>"#);
    for point in points {
        let words = format!(
            "Run {}: {} {}, {} {}",
            point.run,
            frontier.sought.label(),
            short(point.sought, before(frontier.sought)),
            frontier.against.label(),
            short(point.against, before(frontier.against))
        );
        let _ = write!(
            out,
            r#"<a href="/runs/{}" aria-label="{words}"><circle class="app-chart__point" cx="{}" cy="{}" r="8"><title>{words}</title></circle></a>"#,
            point.run,
            n(frame.x(point.against)),
            n(frame.y(point.sought)),
            words = escape(&words),
        );
    }
    out.push_str("</svg>");
    Some(out)
}

fn last_of(
    history: &[(f64, Option<f64>, Option<f64>)],
    which: u8,
    end: f64,
    low: f64,
    high: f64,
) -> Option<(f64, f64)> {
    let value = history
        .iter()
        .rev()
        .find_map(|(_, plan, bound)| if which == 1 { *plan } else { *bound })?;
    Some((end, value.clamp(low, high)))
}

/// `2026/27`.
pub(crate) fn financial_year(start: i32) -> String {
    format!("{start}/{:02}", (start + 1).rem_euclid(100))
}

/// `£1.5m`, `£250k`, `-£3m`.
fn pounds(value: f64) -> String {
    short(value, "£")
}

fn short(value: f64, before: &str) -> String {
    let sign = if value < 0.0 { "-" } else { "" };
    let size = value.abs();
    let (size, unit) = match size {
        s if s >= 1e9 => (s / 1e9, "bn"),
        s if s >= 1e6 => (s / 1e6, "m"),
        s if s >= 1e3 => (s / 1e3, "k"),
        s => (s, ""),
    };
    let text = format!("{size:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    format!("{sign}{before}{text}{unit}")
}

fn open(label: &str) -> String {
    format!(
        r#"<svg class="app-chart" viewBox="0 0 {} {}" role="img" aria-label="{}" focusable="false">"#,
        n(WIDTH),
        n(HEIGHT),
        escape(label)
    )
}

fn axis_y(out: &mut String, frame: &Frame, step: f64, words: &dyn Fn(f64) -> String) {
    let mut value = frame.y.0;
    while value <= frame.y.1 + step * 0.01 {
        let y = frame.y(value);
        let _ = write!(
            out,
            r#"<path class="app-chart__grid" d="M{} {y}H{}"/><text class="app-chart__text" x="{}" y="{}" text-anchor="end">{}</text>"#,
            n(LEFT),
            n(WIDTH - RIGHT),
            n(LEFT - 10.0),
            n(y + 5.0),
            escape(&words(if value.abs() < step * 0.01 { 0.0 } else { value })),
            y = n(y),
        );
        value += step;
    }
}

/// Bounds that hold zero and a round step of about a fifth.
fn round_axis(low: f64, high: f64) -> (f64, f64, f64) {
    round_axis_near(low.min(0.0), high.max(0.0))
}

fn round_axis_near(low: f64, high: f64) -> (f64, f64, f64) {
    let span = if high - low > 1e-9 { high - low } else { high.abs().max(1.0) };
    let rough = span / 5.0;
    let power = 10_f64.powf(rough.log10().floor());
    let step =
        [1.0, 2.0, 5.0, 10.0].iter().map(|m| m * power).find(|s| *s >= rough).unwrap_or(rough);
    (
        (low / step).floor() * step,
        ((high / step).ceil() * step).max((low / step).floor() * step + step),
        step,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_follow_each_other_are_told_by_the_first_and_the_last() {
        assert_eq!(runs(&[1, 2, 3, 5, 7, 8]), "1–3, 5, 7–8");
        assert_eq!(runs(&[4]), "4");
    }

    #[test]
    fn an_axis_has_round_steps_and_holds_its_values() {
        for (low, high) in [(0.0, 0.0), (-3.2e6, 17.9e6), (5.0, 5.0), (-1.0, -0.5), (0.0, 1e10)] {
            let (from, to, step) = round_axis(low, high);
            assert!(
                from <= low && to >= high && to > from && (to - from) / step <= 12.0,
                "{low} {high}"
            );
        }
    }

    #[test]
    fn money_on_an_axis_is_short() {
        assert_eq!([1.5e6, -250_000.0, 0.0, 2e9].map(pounds), ["£1.5m", "-£250k", "£0", "£2bn"]);
        assert_eq!(financial_year(2099), "2099/00");
    }

    #[test]
    fn a_search_that_has_found_nothing_has_no_chart() {
        assert_eq!(search(&[]), None);
        assert_eq!(search(&[(1.0, None, None)]), None);
        assert!(
            search(&[(1.0, Some(5.0), Some(f64::NEG_INFINITY)), (2.0, Some(4.0), Some(3.5))])
                .is_some()
        );
    }
}
