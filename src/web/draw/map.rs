//! A map without a base map: outlines on the national grid, and a mark a site.

use std::fmt::Write as _;

use geo::{BoundingRect, Coord, MultiPolygon, Rect, SimplifyVwPreserve as _};

use super::n;
use crate::geography::Outlines;
use crate::register::Point;
use crate::web::templates::escape;

/// Width of a drawing in its own units; its height follows from what it shows.
const WIDTH: f64 = 1000.0;

/// How a mark looks: shape and colour say the same thing, so that either alone is enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Symbol {
    /// Blue.
    Circle,
    /// Green.
    Triangle,
    /// Orange.
    Diamond,
    /// Vermilion.
    Square,
    /// Grey.
    Cross,
}

impl Symbol {
    /// Its class and the end of its name in scripts.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Circle => "circle",
            Self::Triangle => "triangle",
            Self::Diamond => "diamond",
            Self::Square => "square",
            Self::Cross => "cross",
        }
    }

    fn path(self, r: f64) -> String {
        let (d, h) = (n(2.0 * r), n(r));
        match self {
            Self::Circle => format!("m-{h} 0a{h} {h} 0 1 0 {d} 0a{h} {h} 0 1 0-{d} 0z"),
            Self::Triangle => {
                format!("m0-{}l{} {}h-{}z", n(r * 1.2), n(r * 1.1), n(r * 2.1), n(r * 2.2))
            }
            Self::Diamond => format!("m0-{0}l{0} {0}l-{0} {0}l-{0}-{0}z", n(r * 1.15)),
            Self::Square => format!("m-{h}-{h}h{d}v{d}h-{d}z"),
            Self::Cross => format!("m-{h}-{h}l{d} {d}m-{d} 0l{d}-{d}"),
        }
    }

    /// The symbol alone, for a legend.
    pub(crate) fn legend(self) -> String {
        format!(
            r#"<svg class="app-legend__symbol" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true" focusable="false"><path class="app-mark app-mark--{}" d="M10 10{}"/></svg>"#,
            self.key(),
            self.path(6.0)
        )
    }
}

/// A site on a map.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Mark {
    /// Where.
    pub at: Point,
    /// How it looks.
    pub symbol: Symbol,
    /// What a pointer is told.
    pub title: String,
    /// Where pressing it leads; as with [`Patch::href`], never the only way.
    pub href: Option<String>,
}

/// Outlines made light enough for a page: simplified once for each edition, then only scaled.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Shape {
    /// Borough code.
    pub code: String,
    /// Borough name.
    pub name: String,
    shape: MultiPolygon<f64>,
}

impl Shape {
    /// All outlines of a set. Corners that stand for less than a few hundred square metres are left out: at the
    /// size of a page they are less than a pixel.
    pub(crate) fn all(outlines: &Outlines) -> Vec<Self> {
        let light = |shape: &MultiPolygon<f64>| shape.simplify_vw_preserve(8_000.0);
        outlines
            .iter()
            .map(|o| Self { code: o.code.clone(), name: o.name.clone(), shape: light(&o.shape) })
            .collect()
    }

    /// In EPSG:27700.
    pub(crate) fn outline(&self) -> &MultiPolygon<f64> {
        &self.shape
    }
}

/// A small area, filled by a class; without an outline it is a spot where its people are.
#[derive(Debug, Clone)]
pub(crate) struct Patch<'a> {
    /// In EPSG:27700.
    pub outline: Option<&'a MultiPolygon<f64>>,
    /// Where its people are.
    pub at: Point,
    /// How it is filled.
    pub fill: Fill,
    /// What a pointer is told.
    pub title: String,
    /// Where pressing it leads. Such a link is not in the order of the keyboard: the page offers another way.
    pub href: Option<String>,
}

/// How a small area is filled. The scale is viridis, light for near and dark for far, so that it reads without colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fill {
    /// A class of the scale, 0 the nearest to 4 the farthest.
    Class(u8),
    /// Hatched: not determined.
    Unknown,
    /// Plain.
    None,
}

impl Fill {
    fn attributes(self) -> String {
        match self {
            Self::Class(class) => format!(r#"class="app-zone app-zone--{}""#, class.min(4)),
            Self::Unknown => r#"class="app-zone" fill="url(#app-hatch)""#.to_owned(),
            Self::None => r#"class="app-zone app-zone--none""#.to_owned(),
        }
    }

    /// The fill alone, for a legend.
    pub(crate) fn legend(self) -> String {
        let hatch = if self == Self::Unknown {
            HATCH.replace("app-hatch", "app-hatch-key")
        } else {
            String::new()
        };
        let attributes = self.attributes().replace("#app-hatch", "#app-hatch-key");
        format!(
            r#"<svg class="app-legend__symbol" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true" focusable="false">{hatch}<rect {attributes} x="1" y="1" width="18" height="18"/></svg>"#
        )
    }
}

const HATCH: &str = r##"<defs><pattern id="app-hatch" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="8" height="8" fill="#ffffff"/><rect width="3" height="8" fill="#5a6771"/></pattern></defs>"##;

/// What a map shows.
#[derive(Debug, Default)]
pub(crate) struct Map<'a> {
    /// Name of the picture, for those who cannot see it; what it shows is in the table that it goes with.
    pub label: &'a str,
    /// Boroughs.
    pub shapes: Vec<&'a Shape>,
    /// Small areas.
    pub patches: Vec<Patch<'a>>,
    /// From where a place is reached within so many minutes, EPSG:27700.
    pub reach: Option<MultiPolygon<f64>>,
    /// The same if all that nobody has recorded is passable; it holds `reach`.
    pub perhaps: Option<MultiPolygon<f64>>,
    /// Whether a place may be chosen by pressing: the drawing then says where it lies.
    pub is_pressable: bool,
    /// Sites.
    pub marks: Vec<Mark>,
    /// Lines from where something is to where it would go.
    pub moves: Vec<(Point, Point)>,
    /// Centre and half width in metres, where only a part is shown.
    pub window: Option<(Point, f64)>,
}

impl Map<'_> {
    /// As SVG, or nothing where there is nothing to show.
    pub(crate) fn draw(&self) -> Option<String> {
        let bounds = self.bounds()?;
        let scale = WIDTH / bounds.width();
        let height = (bounds.height() * scale).clamp(200.0, 1400.0);
        let xy = |c: Coord<f64>| ((c.x - bounds.min().x) * scale, (bounds.max().y - c.y) * scale);
        // What holds links is no picture.
        // A picture has no links inside it: what can be pressed makes a group of it.
        let leads = self.patches.iter().any(|patch| patch.href.is_some())
            || self.marks.iter().any(|mark| mark.href.is_some());
        let role = if leads || self.is_pressable { "group" } else { "img" };
        let mut out = format!(
            r#"<svg class="app-map__drawing" viewBox="0 0 {} {}" role="{role}" aria-label="{}" focusable="false""#,
            n(WIDTH),
            n(height),
            escape(self.label)
        );
        if self.is_pressable {
            let (west, north) = (bounds.min().x, bounds.max().y);
            let _ = write!(out, r#" data-west="{west}" data-north="{north}" data-scale="{scale}""#);
        }
        out.push('>');
        let path_of = |shape: &MultiPolygon<f64>| {
            let mut path = String::new();
            for polygon in shape {
                for ring in std::iter::once(polygon.exterior()).chain(polygon.interiors()) {
                    for (number, corner) in ring.coords().enumerate() {
                        let (x, y) = xy(*corner);
                        let step = if number == 0 { 'M' } else { 'L' };
                        let _ = write!(path, "{step}{} {}", n(x), n(y));
                    }
                    path.push('z');
                }
            }
            path
        };
        if self.patches.iter().any(|patch| patch.fill == Fill::Unknown) {
            out.push_str(HATCH);
        }
        for shape in &self.shapes {
            let path = path_of(&shape.shape);
            let _ = write!(
                out,
                r#"<path class="app-map__area" d="{path}"><title>{}</title></path>"#,
                escape(&shape.name)
            );
        }
        for patch in &self.patches {
            let (fill, title) = (patch.fill.attributes(), escape(&patch.title));
            if let Some(href) = &patch.href {
                let _ = write!(
                    out,
                    r#"<a href="{}" tabindex="-1" aria-label="{title}">"#,
                    escape(href)
                );
            }
            if let Some(outline) = patch.outline {
                let _ = write!(
                    out,
                    r#"<path {fill} d="{}"><title>{title}</title></path>"#,
                    path_of(outline)
                );
            } else {
                let (x, y) = xy(Coord { x: patch.at.easting(), y: patch.at.northing() });
                let _ = write!(
                    out,
                    r#"<circle {fill} cx="{}" cy="{}" r="9"><title>{title}</title></circle>"#,
                    n(x),
                    n(y)
                );
            }
            if patch.href.is_some() {
                out.push_str("</a>");
            }
        }
        if let Some(perhaps) = &self.perhaps {
            let _ = write!(
                out,
                r#"<path class="app-map__reach app-map__reach--perhaps" d="{}"/>"#,
                path_of(perhaps)
            );
        }
        if let Some(reach) = &self.reach {
            let _ = write!(out, r#"<path class="app-map__reach" d="{}"/>"#, path_of(reach));
        }
        for (from, to) in &self.moves {
            let at = |point: &Point| xy(Coord { x: point.easting(), y: point.northing() });
            let ((x1, y1), (x2, y2)) = (at(from), at(to));
            let _ = write!(
                out,
                r#"<path class="app-map__move" d="M{} {}L{} {}"/>"#,
                n(x1),
                n(y1),
                n(x2),
                n(y2)
            );
        }
        let radius = match self.marks.len() {
            0..=30 => 11.0,
            31..=300 => 8.0,
            _ => 5.0,
        };
        // Lesser symbols are drawn first, so that what a plan does is never hidden under what it leaves alone.
        let mut marks: Vec<&Mark> = self.marks.iter().collect();
        marks.sort_by_key(|mark| match mark.symbol {
            Symbol::Cross => 0,
            Symbol::Circle => 1,
            Symbol::Diamond => 2,
            Symbol::Triangle | Symbol::Square => 3,
        });
        for mark in marks {
            let (x, y) = xy(Coord { x: mark.at.easting(), y: mark.at.northing() });
            let title = escape(&mark.title);
            if let Some(href) = &mark.href {
                let href = escape(href);
                let _ = write!(out, r#"<a href="{href}" tabindex="-1" aria-label="{title}">"#);
            }
            let _ = write!(
                out,
                r#"<path class="app-mark app-mark--{}" d="M{} {}{}"><title>{title}</title></path>"#,
                mark.symbol.key(),
                n(x),
                n(y),
                mark.symbol.path(radius),
            );
            if mark.href.is_some() {
                out.push_str("</a>");
            }
        }
        scale_bar(&mut out, scale, height);
        out.push_str("</svg>");
        Some(out)
    }

    fn bounds(&self) -> Option<Rect<f64>> {
        if let Some((centre, half)) = self.window {
            let (x, y) = (centre.easting(), centre.northing());
            return Some(Rect::new((x - half, y - half * 0.75), (x + half, y + half * 0.75)));
        }
        let shapes = self.shapes.iter().filter_map(|shape| shape.shape.bounding_rect());
        let marks = self.marks.iter().map(|mark| {
            let at = (mark.at.easting(), mark.at.northing());
            Rect::new(at, at)
        });
        let patches = self.patches.iter().map(|patch| {
            let at = (patch.at.easting(), patch.at.northing());
            let own = patch.outline.and_then(BoundingRect::bounding_rect);
            own.unwrap_or_else(|| Rect::new(at, at))
        });
        let whole = shapes.chain(marks).chain(patches).reduce(|a, b| {
            Rect::new(
                (a.min().x.min(b.min().x), a.min().y.min(b.min().y)),
                (a.max().x.max(b.max().x), a.max().y.max(b.max().y)),
            )
        })?;
        let margin = (whole.width().max(whole.height()) * 0.02).max(500.0);
        Some(Rect::new(
            (whole.min().x - margin, whole.min().y - margin),
            (whole.max().x + margin, whole.max().y + margin),
        ))
    }
}

/// A round distance of about a fifth of the width.
fn scale_bar(out: &mut String, scale: f64, height: f64) {
    let target = WIDTH / scale / 5.0;
    let power = 10_f64.powf(target.log10().floor());
    let metres = [5.0, 2.0, 1.0].iter().map(|m| m * power).find(|m| *m <= target).unwrap_or(power);
    let words =
        if metres >= 1000.0 { format!("{} km", metres / 1000.0) } else { format!("{metres} m") };
    let (left, y, length) = (16.0, height - 16.0, metres * scale);
    let _ = write!(
        out,
        r#"<path class="app-map__scale" d="M{l} {t}V{y}H{r}V{t}"/><text class="app-map__text" x="{x}" y="{b}">{words}</text>"#,
        l = n(left),
        t = n(y - 8.0),
        y = n(y),
        r = n(left + length),
        x = n(left + 6.0),
        b = n(y - 8.0),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_that_leads_somewhere_is_a_link_out_of_the_order_of_the_keyboard() {
        let mark = Mark {
            at: Point::new(530_000.0, 170_000.0).unwrap(),
            symbol: Symbol::Circle,
            title: "A & B".to_owned(),
            href: Some("/access/what-if?edits=&pick=RXA01#do".to_owned()),
        };
        let map = Map { label: "Sites", marks: vec![mark], ..Map::default() };

        let svg = map.draw().unwrap();

        let link = r#"<a href="/access/what-if?edits=&amp;pick=RXA01#do" tabindex="-1" aria-label="A &amp; B">"#;
        assert!(svg.contains(link), "{svg}");
    }

    #[test]
    fn north_is_up_and_a_name_cannot_break_out_of_the_drawing() {
        let mark = |northing, title: &str| Mark {
            at: Point::new(530_000.0, northing).unwrap(),
            symbol: Symbol::Square,
            title: title.to_owned(),
            href: None,
        };
        let map = Map {
            label: "Sites",
            marks: vec![mark(170_000.0, "south"), mark(190_000.0, "<script>")],
            ..Map::default()
        };

        let svg = map.draw().unwrap();

        let y_of = |title: &str| -> f64 {
            let at = svg.find(title).unwrap();
            let d = svg.get(..at).unwrap().rsplit("d=\"M").next().unwrap();
            d.split([' ', 'm']).nth(1).unwrap().parse().unwrap()
        };
        assert!(y_of("&lt;script&gt;") < y_of("south"));
        assert!(!svg.contains("<script>") && !svg.contains("style="));
    }

    #[test]
    fn a_small_area_that_is_not_determined_is_hatched_and_the_rest_have_a_class() {
        let patch = |east, fill| Patch {
            outline: None,
            at: Point::new(east, 180_000.0).unwrap(),
            fill,
            title: "<zone>".to_owned(),
            href: Some("/access/explore?a=1&b=2".to_owned()),
        };
        let map = Map {
            label: "Zones",
            patches: vec![patch(530_000.0, Fill::Class(1)), patch(531_000.0, Fill::Unknown)],
            is_pressable: true,
            ..Map::default()
        };

        let svg = map.draw().unwrap();

        assert!(svg.contains("app-zone--1") && svg.contains("url(#app-hatch)"));
        assert!(svg.contains("role=\"group\"") && svg.contains("a=1&amp;b=2"));
        assert!(!svg.contains("<zone>") && !svg.contains("style="));
    }

    #[test]
    fn a_map_of_nothing_is_no_map() {
        assert_eq!(Map::default().draw(), None);
    }
}
