//! Polygons with attributes, whatever format they came in: rings put together and coordinates brought to the grid.

use geo::{Area, BoundingRect, Coord, Intersects, LineString, MultiPolygon, Point, Polygon};

use crate::geography::{LonLat, from_wgs84};

/// A shape with its attributes, or why it has none. Numbered from 1 in file order.
pub(super) struct Feature {
    pub(super) row: u64,
    pub(super) attributes: Vec<(String, String)>,
    pub(super) shape: Result<MultiPolygon<f64>, String>,
}

/// What a file's coordinates are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Crs {
    /// EPSG:27700, metres.
    Grid,
    /// Longitude and latitude, degrees.
    Wgs84,
    /// The file does not say: degrees where all could be, else the grid.
    Unsaid,
}

impl Crs {
    /// What the coordinates must be, judged by their size, where the file does not say.
    pub(super) fn settled(self, mut coords: impl Iterator<Item = Coord<f64>>) -> Self {
        match self {
            Self::Unsaid if coords.all(|c| c.x.abs() <= 180.0 && c.y.abs() <= 90.0) => Self::Wgs84,
            Self::Unsaid => Self::Grid,
            said => said,
        }
    }
}

/// The shape in grid metres; a corner off the grid spoils it.
pub(super) fn on_the_grid(
    mut shape: MultiPolygon<f64>,
    crs: Crs,
) -> Result<MultiPolygon<f64>, String> {
    use geo::MapCoordsInPlace;
    shape.try_map_coords_in_place(|corner| {
        let off = || format!("a corner at {}, {}", corner.x, corner.y);
        match crs {
            Crs::Wgs84 => {
                let point = from_wgs84(LonLat { longitude: corner.x, latitude: corner.y });
                let point = point.map_err(|_outside| off())?;
                Ok::<_, String>(Coord { x: point.easting(), y: point.northing() })
            }
            Crs::Grid | Crs::Unsaid => {
                crate::register::Point::new(corner.x, corner.y).map_err(|_off_grid| off())?;
                Ok(corner)
            }
        }
    })?;
    Ok(shape)
}

/// Puts a shapefile's loose rings together: clockwise rings are outer, the others holes of the smallest outer ring
/// they lie in. Rings that all run the other way, as some writers leave them, are all outer.
pub(super) fn assembled(rings: Vec<Vec<Coord<f64>>>) -> Result<MultiPolygon<f64>, String> {
    let mut outer: Vec<(Polygon<f64>, f64)> = Vec::new();
    let mut holes: Vec<LineString<f64>> = Vec::new();
    for ring in rings {
        let polygon = Polygon::new(checked_ring(ring)?, Vec::new());
        let area = polygon.signed_area();
        if area > 0.0 {
            holes.push(polygon.into_inner().0);
        } else {
            outer.push((polygon, -area));
        }
    }
    if outer.is_empty() {
        let polygons = holes.into_iter().map(|ring| Polygon::new(ring, Vec::new()));
        return not_empty(polygons.collect());
    }
    for hole in holes {
        let Some(corner) = hole.0.first().copied().map(Point) else { continue };
        let is_within = |outer: &Polygon<f64>| {
            outer.bounding_rect().is_some_and(|b| b.intersects(&corner))
                && outer.intersects(&corner)
        };
        let around = outer
            .iter_mut()
            .filter(|(polygon, _)| is_within(polygon))
            .min_by(|(_, a), (_, b)| a.total_cmp(b));
        match around {
            Some((polygon, _)) => polygon.interiors_push(hole),
            None => return Err("a hole outside every outer ring".to_owned()),
        }
    }
    not_empty(outer.into_iter().map(|(polygon, _)| polygon).collect())
}

fn not_empty(polygons: Vec<Polygon<f64>>) -> Result<MultiPolygon<f64>, String> {
    if polygons.is_empty() { Err("no rings".to_owned()) } else { Ok(MultiPolygon(polygons)) }
}

/// A closed ring of at least three corners, all finite.
pub(super) fn checked_ring(mut corners: Vec<Coord<f64>>) -> Result<LineString<f64>, String> {
    if corners.iter().any(|corner| !corner.x.is_finite() || !corner.y.is_finite()) {
        return Err("a corner that is not a number".to_owned());
    }
    if corners.first() != corners.last() {
        corners.extend(corners.first().copied());
    }
    if corners.len() < 4 {
        return Err(format!("a ring of {} corners", corners.len().saturating_sub(1)));
    }
    Ok(LineString(corners))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn square(x: f64, y: f64, side: f64, is_clockwise: bool) -> Vec<Coord<f64>> {
        let mut ring: Vec<Coord<f64>> =
            [(x, y), (x, y + side), (x + side, y + side), (x + side, y), (x, y)]
                .map(|(x, y)| Coord { x, y })
                .to_vec();
        if !is_clockwise {
            ring.reverse();
        }
        ring
    }

    #[test]
    fn holes_go_to_the_smallest_ring_around_them() {
        // An island in a lake on an island: outer, hole, outer within the hole, and its own hole.
        let rings = vec![
            square(0.0, 0.0, 100.0, true),
            square(10.0, 10.0, 80.0, false),
            square(20.0, 20.0, 40.0, true),
            square(30.0, 30.0, 10.0, false),
        ];

        let shape = assembled(rings).unwrap();

        let holes: Vec<usize> = shape.iter().map(|polygon| polygon.interiors().len()).collect();
        assert_eq!(holes, [1, 1]);
        assert!((shape.unsigned_area() - (10_000.0 - 6_400.0 + 1_600.0 - 100.0)).abs() < 1e-6);
    }

    #[test]
    fn rings_that_all_run_the_wrong_way_are_outer() {
        let shape = assembled(vec![square(0.0, 0.0, 10.0, false)]).unwrap();
        assert!((shape.unsigned_area() - 100.0).abs() < 1e-6);
    }

    #[test]
    fn rings_that_are_no_rings_are_told_apart() {
        let told = |ring: Vec<Coord<f64>>| assembled(vec![ring]).unwrap_err();
        assert_eq!(told(vec![]), "a ring of 0 corners");
        assert_eq!(told(vec![Coord { x: 1.0, y: 1.0 }; 2]), "a ring of 1 corners");
        assert_eq!(told(vec![Coord { x: f64::NAN, y: 1.0 }; 5]), "a corner that is not a number");
    }
}
