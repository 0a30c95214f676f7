//! GeoJSON (RFC 7946): WGS84, longitude before latitude, outer rings anticlockwise.

use geo::orient::{Direction, Orient as _};
use geo::{Coord, LineString, MultiPolygon};
use serde_json::{Map, Value, json};

use crate::geography::to_wgs84;
use crate::register::Point;

/// A feature at a point; nothing where the point is outside the area that the transformation covers.
pub fn point(at: Point, properties: Map<String, Value>) -> Option<Value> {
    let position = position(at)?;
    Some(
        json!({ "type": "Feature", "geometry": { "type": "Point", "coordinates": position }, "properties": properties }),
    )
}

/// A feature with an outline in EPSG:27700.
pub fn outline(shape: &MultiPolygon<f64>, properties: Map<String, Value>) -> Option<Value> {
    let shape = shape.orient(Direction::Default);
    let polygons: Option<Vec<Vec<Vec<Value>>>> = shape
        .iter()
        .map(|polygon| {
            std::iter::once(polygon.exterior()).chain(polygon.interiors()).map(ring).collect()
        })
        .collect();
    let geometry = json!({ "type": "MultiPolygon", "coordinates": polygons? });
    Some(json!({ "type": "Feature", "geometry": geometry, "properties": properties }))
}

/// Features together.
pub fn collection(features: impl Iterator<Item = Value>) -> String {
    json!({ "type": "FeatureCollection", "features": features.collect::<Vec<_>>() }).to_string()
}

fn ring(line: &LineString<f64>) -> Option<Vec<Value>> {
    line.coords().map(|Coord { x, y }| position(Point::new(*x, *y).ok()?)).collect()
}

/// To seven decimals: a centimetre.
fn position(at: Point) -> Option<Value> {
    let at = to_wgs84(at).ok()?;
    let short = |degrees: f64| (degrees * 1e7).round() / 1e7;
    Some(json!([short(at.longitude), short(at.latitude)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longitude_comes_first_and_outer_rings_run_anticlockwise() {
        let corners = [
            (530_000.0, 180_000.0),
            (530_000.0, 181_000.0),
            (531_000.0, 181_000.0),
            (530_000.0, 180_000.0),
        ];
        let clockwise = geo::Polygon::new(LineString::from(corners.to_vec()), Vec::new());

        let feature = outline(&MultiPolygon::from(vec![clockwise]), Map::new()).unwrap();

        let ring: Vec<(f64, f64)> = feature["geometry"]["coordinates"][0][0]
            .as_array()
            .unwrap()
            .iter()
            .map(|p| (p[0].as_f64().unwrap(), p[1].as_f64().unwrap()))
            .collect();
        assert!((-1.0..0.5).contains(&ring[0].0) && (51.0..52.0).contains(&ring[0].1), "{ring:?}");
        let twice_area: f64 = ring.windows(2).map(|w| w[0].0 * w[1].1 - w[1].0 * w[0].1).sum();
        assert!(twice_area > 0.0);
    }
}
