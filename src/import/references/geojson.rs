//! `GeoJSON` polygons, in longitude and latitude as the standard has it or on the grid as many publishers do.

use geo::{Coord, MultiPolygon, Polygon};
use geojson::Position;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::features::{Crs, Feature, checked_ring};

/// A file that cannot be read at all: what was found, what was wanted.
pub(super) struct Broken {
    pub(super) value: String,
    pub(super) expected: &'static str,
}

#[derive(Deserialize)]
struct Collection {
    #[serde(default)]
    crs: Option<Value>,
    features: Vec<Member>,
}

/// The geometry stays loose, so that one bad feature is one fault.
#[derive(Deserialize)]
struct Member {
    #[serde(default)]
    properties: Option<Map<String, Value>>,
    #[serde(default)]
    geometry: Option<Value>,
}

#[derive(Deserialize)]
#[serde(tag = "type", content = "coordinates")]
enum Shape {
    Polygon(Vec<Vec<Position>>),
    MultiPolygon(Vec<Vec<Vec<Position>>>),
}

/// The features in file order with the coordinate system they are in.
pub(super) fn read(bytes: &[u8]) -> Result<(Vec<Feature>, Crs), Broken> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let collection: Collection = serde_json::from_slice(bytes).map_err(|error| Broken {
        value: error.to_string(),
        expected: "a GeoJSON feature collection",
    })?;
    let crs = collection.crs.as_ref().map_or(Ok(Crs::Unsaid), crs_of)?;
    let features = (1..).zip(collection.features).map(|(row, member)| Feature {
        row,
        attributes: member.properties.unwrap_or_default().into_iter().map(text_of).collect(),
        shape: shape_of(member.geometry),
    });
    Ok((features.collect(), crs))
}

fn crs_of(crs: &Value) -> Result<Crs, Broken> {
    if crs.is_null() {
        return Ok(Crs::Unsaid);
    }
    let name = crs.pointer("/properties/name").and_then(Value::as_str).unwrap_or_default();
    let code = name.rsplit([':', '/', '#']).next().unwrap_or_default();
    match code {
        "27700" => Ok(Crs::Grid),
        "4326" | "4258" | "CRS84" | "OGC:CRS84" => Ok(Crs::Wgs84),
        _ => Err(Broken {
            value: if name.is_empty() { crs.to_string() } else { name.to_owned() },
            expected: "British National Grid (EPSG:27700) or WGS 84 longitude and latitude (CRS84)",
        }),
    }
}

fn text_of((name, value): (String, Value)) -> (String, String) {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Null => String::new(),
        other => other.to_string(),
    };
    (name, text)
}

fn shape_of(geometry: Option<Value>) -> Result<MultiPolygon<f64>, String> {
    let geometry = geometry.filter(|value| !value.is_null()).ok_or("no shape")?;
    let shape: Shape = serde_json::from_value(geometry)
        .map_err(|error| error.to_string().chars().take(120).collect::<String>())?;
    let polygons: Result<Vec<_>, _> = match shape {
        Shape::Polygon(rings) => polygon_of(&rings).map(|polygon| vec![polygon]),
        Shape::MultiPolygon(polygons) => polygons.iter().map(|rings| polygon_of(rings)).collect(),
    };
    polygons.map(MultiPolygon)
}

fn polygon_of(rings: &[Vec<Position>]) -> Result<Polygon<f64>, String> {
    let mut rings = rings.iter().map(|ring| {
        let corners: Option<Vec<Coord<f64>>> = ring.iter().map(corner_of).collect();
        checked_ring(corners.ok_or("a corner without two coordinates")?)
    });
    let outer = rings.next().ok_or("no rings")??;
    Ok(Polygon::new(outer, rings.collect::<Result<_, _>>()?))
}

fn corner_of(position: &Position) -> Option<Coord<f64>> {
    let position = position.as_slice();
    Some(Coord { x: *position.first()?, y: *position.get(1)? })
}
