//! A polygon made ready for many questions "is this point in it?".

use geo::kernels::RobustKernel;
use geo::{Coord, Kernel, LinesIter, MultiPolygon, Orientation};

use crate::register::Point;

/// A multipolygon whose edges are sorted into bands of northing, so that a point meets only the edges beside it: of
/// 20,000 edges some tens. Its boundary belongs to it; orientation of rings does not matter.
#[derive(Debug, Clone, PartialEq)]
pub struct Region {
    parts: Vec<Part>,
}

/// One polygon, holes included.
#[derive(Debug, Clone, PartialEq)]
struct Part {
    low: Coord<f64>,
    high: Coord<f64>,
    bands_a_metre: f64,
    /// `edges[starts[band]..starts[band + 1]]` are those that touch the band; a long edge is in several.
    starts: Vec<usize>,
    edges: Vec<[Coord<f64>; 2]>,
}

impl Region {
    /// Coordinates must be finite, which [`super::Outlines`] sees to.
    pub(super) fn new(shape: &MultiPolygon<f64>) -> Self {
        Self { parts: shape.iter().filter_map(Part::new).collect() }
    }

    /// Inside, or exactly on the boundary.
    pub fn contains(&self, point: Point) -> bool {
        let at = Coord { x: point.easting(), y: point.northing() };
        self.parts.iter().any(|part| part.contains(at))
    }

    /// South-west and north-east corners of the whole; `None` for a shape without edges.
    pub fn bounds(&self) -> Option<([f64; 2], [f64; 2])> {
        self.parts.iter().map(|part| ([part.low.x, part.low.y], [part.high.x, part.high.y])).reduce(
            |(low, high), (l, h)| {
                let low = [low[0].min(l[0]), low[1].min(l[1])];
                (low, [high[0].max(h[0]), high[1].max(h[1])])
            },
        )
    }
}

impl Part {
    fn new(polygon: &geo::Polygon<f64>) -> Option<Self> {
        let lines: Vec<[Coord<f64>; 2]> =
            polygon.lines_iter().map(|line| [line.start, line.end]).collect();
        let mut low = *lines.first()?.first()?;
        let mut high = low;
        for corner in lines.iter().flatten() {
            low = Coord { x: low.x.min(corner.x), y: low.y.min(corner.y) };
            high = Coord { x: high.x.max(corner.x), y: high.y.max(corner.y) };
        }
        // About four edges a band; a small zone gets one band and is scanned.
        let bands = lines.len().div_ceil(4);
        let height = high.y - low.y;
        let bands_a_metre = if height > 0.0 { bands as f64 / height } else { 0.0 };
        let mut part = Self { low, high, bands_a_metre, starts: vec![0; bands + 1], edges: vec![] };

        let span = |part: &Self, [a, b]: &[Coord<f64>; 2]| {
            part.band(a.y.min(b.y))..=part.band(a.y.max(b.y))
        };
        for line in &lines {
            for band in span(&part, line) {
                part.starts[band + 1] += 1;
            }
        }
        for band in 0..bands {
            part.starts[band + 1] += part.starts[band];
        }
        let mut free = part.starts.clone();
        part.edges = vec![[low; 2]; part.starts[bands]];
        for line in &lines {
            for band in span(&part, line) {
                part.edges[free[band]] = *line;
                free[band] += 1;
            }
        }
        Some(part)
    }

    /// Grows with northing, so an edge is found in every band that a point beside it can fall into.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "northing is within the bounds here, so the band is small and not negative"
    )]
    fn band(&self, northing: f64) -> usize {
        let band = ((northing - self.low.y) * self.bands_a_metre) as usize;
        band.min(self.starts.len().saturating_sub(2))
    }

    /// Counts the edges to the east of the point: odd is inside. Sides are told by exact predicates.
    fn contains(&self, at: Coord<f64>) -> bool {
        let is_beside =
            |at: f64, low: f64, high: f64| (low.min(high)..=low.max(high)).contains(&at);
        if !is_beside(at.x, self.low.x, self.high.x) || !is_beside(at.y, self.low.y, self.high.y) {
            return false;
        }
        let band = self.band(at.y);
        let mut is_inside = false;
        for [a, b] in &self.edges[self.starts[band]..self.starts[band + 1]] {
            if !is_beside(at.y, a.y, b.y) || at.x > a.x.max(b.x) {
                continue;
            }
            match RobustKernel::orient2d(*a, *b, at) {
                Orientation::Collinear if is_beside(at.x, a.x, b.x) => return true,
                Orientation::Collinear => {}
                side => {
                    let crosses = (a.y > at.y) != (b.y > at.y);
                    let is_west = (side == Orientation::CounterClockwise) == (b.y > a.y);
                    is_inside ^= crosses && is_west;
                }
            }
        }
        is_inside
    }
}

#[cfg(test)]
mod tests {
    use geo::{Intersects, LineString, Polygon};
    use proptest::prelude::*;

    use super::*;

    fn ring(corners: &[(f64, f64)]) -> LineString<f64> {
        LineString::from(corners.to_vec())
    }

    fn square_with_hole() -> MultiPolygon<f64> {
        // The hole turns the same way as the shell, as careless files have it.
        let shell = ring(&[(0.0, 0.0), (40.0, 0.0), (40.0, 40.0), (0.0, 40.0)]);
        let hole = ring(&[(10.0, 10.0), (30.0, 10.0), (30.0, 30.0), (10.0, 30.0)]);
        let island = ring(&[(15.0, 15.0), (25.0, 15.0), (20.0, 25.0)]);
        MultiPolygon::new(vec![Polygon::new(shell, vec![hole]), Polygon::new(island, vec![])])
    }

    #[test]
    fn holes_are_outside_and_boundaries_inside() {
        let region = Region::new(&square_with_hole());
        let has = |x, y| region.contains(Point::new(x, y).unwrap());

        assert!(has(5.0, 5.0) && has(20.0, 20.0));
        assert!(has(0.0, 0.0) && has(40.0, 17.3) && has(10.0, 20.0) && has(20.0, 25.0));
        assert!(!has(12.0, 20.0) && !has(40.1, 20.0) && !has(20.0, 28.0));
    }

    #[test]
    fn a_shape_without_edges_contains_nothing() {
        let region = Region::new(&MultiPolygon::new(vec![]));
        assert!(!region.contains(Point::new(0.0, 0.0).unwrap()));
        assert_eq!(region.bounds(), None);
    }

    proptest! {
        /// A star with a random radius in each direction is a valid polygon; corners lie on whole metres, so that
        /// random points meet corners, edges and horizontals often.
        #[test]
        fn it_agrees_with_the_plain_test(
            radii in prop::collection::vec(3_u32..30, 3..60),
            at in (0_u32..64, 0_u32..64),
        ) {
            let turn = std::f64::consts::TAU / radii.len() as f64;
            let corners: Vec<(f64, f64)> = radii.iter().enumerate().map(|(place, radius)| {
                let (sin, cos) = (turn * place as f64).sin_cos();
                let radius = f64::from(*radius);
                ((32.0 + radius * cos).round(), (32.0 + radius * sin).round())
            }).collect();
            let shape = MultiPolygon::new(vec![Polygon::new(ring(&corners), vec![])]);
            // Rounding may fold a thin star over itself, where "inside" is a matter of taste.
            prop_assume!(geo::Validation::is_valid(&shape));
            let at = Point::new(f64::from(at.0), f64::from(at.1)).unwrap();
            let plain = shape.intersects(&geo::Point::new(at.easting(), at.northing()));
            prop_assert_eq!(Region::new(&shape).contains(at), plain);
        }
    }
}
