//! Outlines of boroughs and zones.

use std::sync::Arc;

use geo::{Coord, LineString, MapCoordsInPlace, MultiPolygon, Polygon};
use rstar::{AABB, PointDistance, RTree, RTreeObject};
use serde::{Deserialize, Serialize};

use super::{ReferenceFault, Region};
use crate::register::{Evidence, Point};

/// The shape of an area.
#[derive(Debug, Clone, PartialEq)]
pub struct Outline {
    /// GSS code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// EPSG:27700 metres, to the centimetre once it is in [`Outlines`].
    pub shape: MultiPolygon<f64>,
}

/// A shape that cannot be an outline.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidOutline {
    /// NaN, infinite, in degrees or abroad.
    #[error("the outline of {code:?} has a corner off the British National Grid: {corner}")]
    OffGrid {
        /// Which area.
        code: String,
        /// The corner.
        corner: String,
    },
    /// Nothing in it.
    #[error("the outline of {code:?} is empty")]
    Empty {
        /// Which area.
        code: String,
    },
    /// Two shapes under one code.
    #[error("the outline of {code:?} is given twice")]
    Twice {
        /// Which area.
        code: String,
    },
}

/// All outlines of a kind, by code, with an index of their bounding boxes.
#[derive(Debug, Clone)]
pub struct Outlines {
    /// Source, method and date of the whole set.
    pub evidence: Arc<Evidence>,
    features: Vec<Outline>,
    regions: Vec<Region>,
    boxes: RTree<Bounds>,
}

#[derive(Debug, Clone)]
struct Bounds {
    envelope: AABB<[f64; 2]>,
    feature: usize,
}

impl RTreeObject for Bounds {
    type Envelope = AABB<[f64; 2]>;

    fn envelope(&self) -> Self::Envelope {
        self.envelope
    }
}

impl PointDistance for Bounds {
    fn distance_2(&self, point: &[f64; 2]) -> f64 {
        rstar::Envelope::distance_2(&self.envelope, point)
    }
}

/// The index follows from the features.
impl PartialEq for Outlines {
    fn eq(&self, other: &Self) -> bool {
        self.evidence == other.evidence && self.features == other.features
    }
}

const KIND: &str = "outlines";

impl Outlines {
    /// Sorts by code and rounds corners to the centimetre, far below what any published outline promises. NaN and
    /// corners off the grid are refused, which also catches outlines in degrees north of 0° 0'.
    pub fn new(
        evidence: Arc<Evidence>,
        mut features: Vec<Outline>,
    ) -> Result<Self, InvalidOutline> {
        features.sort_by(|a, b| a.code.cmp(&b.code));
        if let Some(pair) = features.windows(2).find(|pair| pair[0].code == pair[1].code) {
            return Err(InvalidOutline::Twice { code: pair[0].code.clone() });
        }
        let mut regions = Vec::with_capacity(features.len());
        let mut boxes = Vec::with_capacity(features.len());
        for (feature, outline) in features.iter_mut().enumerate() {
            let region = outline.settle()?;
            let Some((low, high)) = region.bounds() else {
                return Err(InvalidOutline::Empty { code: outline.code.clone() });
            };
            boxes.push(Bounds { envelope: AABB::from_corners(low, high), feature });
            regions.push(region);
        }
        Ok(Self { evidence, features, regions, boxes: RTree::bulk_load(boxes) })
    }

    /// By code.
    pub fn features(&self) -> &[Outline] {
        &self.features
    }

    /// By code.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Outline> {
        self.features.iter()
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.features.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.features.is_empty()
    }

    /// One area.
    pub fn get(&self, code: &str) -> Option<&Outline> {
        self.features
            .binary_search_by(|outline| outline.code.as_str().cmp(code))
            .ok()
            .and_then(|at| self.features.get(at))
    }

    /// The area the point is in. On a shared boundary, the one with the lower code.
    pub fn find_containing(&self, point: Point) -> Option<&Outline> {
        self.boxes
            .locate_all_at_point(&point.into())
            .map(|bounds| bounds.feature)
            .filter(|feature| self.regions[*feature].contains(point))
            .min()
            .and_then(|feature| self.features.get(feature))
    }

    /// Canonical bytes: a GeoJSON `FeatureCollection` in EPSG:27700 metres, a `MultiPolygon` a line, by code.
    pub fn encode(&self) -> Vec<u8> {
        let mut text = String::from(
            "{\"type\":\"FeatureCollection\",\"crs\":{\"type\":\"name\",\"properties\":{\"name\":\"urn:ogc:def:crs:EPSG::27700\"}},\"features\":[",
        );
        for (place, outline) in self.features.iter().enumerate() {
            text.push_str(if place == 0 { "\n" } else { ",\n" });
            let feature = Feature::from(outline);
            text.push_str(
                &serde_json::to_string(&feature).expect("a struct of strings and numbers"),
            );
        }
        text.push_str("\n]}\n");
        text.into_bytes()
    }

    /// Reads what [`Self::encode`] writes.
    pub fn decode(bytes: &[u8], evidence: Arc<Evidence>) -> Result<Self, ReferenceFault> {
        let collection: Collection = serde_json::from_slice(bytes)
            .map_err(|error| ReferenceFault::Json { kind: KIND, reason: error.to_string() })?;
        let features = collection.features.into_iter().map(Outline::from).collect();
        Ok(Self::new(evidence, features)?)
    }
}

impl Outline {
    /// Rounds the corners and makes it ready for questions.
    fn settle(&mut self) -> Result<Region, InvalidOutline> {
        self.shape.map_coords_in_place(|Coord { x, y }| Coord {
            x: (x * 100.0).round() / 100.0,
            y: (y * 100.0).round() / 100.0,
        });
        self.shape.0.retain(|polygon| !polygon.exterior().0.is_empty());
        Region::of(&self.code, &self.shape)
    }
}

impl Region {
    /// The region of a shape; `name` is for the message if a corner is not on the grid.
    pub fn of(name: &str, shape: &MultiPolygon<f64>) -> Result<Self, InvalidOutline> {
        let mut corners = shape.iter().flat_map(rings).flat_map(|ring| &ring.0);
        match corners.find(|corner| Point::new(corner.x, corner.y).is_err()) {
            Some(Coord { x, y }) => {
                Err(InvalidOutline::OffGrid { code: name.to_owned(), corner: format!("{x}, {y}") })
            }
            None => Ok(Self::new(shape)),
        }
    }
}

fn rings(polygon: &Polygon<f64>) -> impl Iterator<Item = &LineString<f64>> {
    std::iter::once(polygon.exterior()).chain(polygon.interiors())
}

#[derive(Deserialize)]
struct Collection {
    features: Vec<Feature>,
}

#[derive(Serialize, Deserialize)]
struct Feature {
    #[serde(rename = "type")]
    kind: FeatureWord,
    properties: Properties,
    geometry: Geometry,
}

#[derive(Serialize, Deserialize)]
enum FeatureWord {
    Feature,
}

#[derive(Serialize, Deserialize)]
struct Properties {
    code: String,
    name: String,
}

#[derive(Serialize, Deserialize)]
struct Geometry {
    #[serde(rename = "type")]
    kind: GeometryWord,
    coordinates: Vec<Vec<Vec<[f64; 2]>>>,
}

#[derive(Serialize, Deserialize)]
enum GeometryWord {
    MultiPolygon,
}

impl From<&Outline> for Feature {
    fn from(outline: &Outline) -> Self {
        let corners = |ring: &LineString<f64>| ring.0.iter().map(|c| [c.x, c.y]).collect();
        let polygon = |polygon: &Polygon<f64>| rings(polygon).map(corners).collect();
        Self {
            kind: FeatureWord::Feature,
            properties: Properties { code: outline.code.clone(), name: outline.name.clone() },
            geometry: Geometry {
                kind: GeometryWord::MultiPolygon,
                coordinates: outline.shape.iter().map(polygon).collect(),
            },
        }
    }
}

impl From<Feature> for Outline {
    fn from(feature: Feature) -> Self {
        let ring = |corners: Vec<[f64; 2]>| LineString::from(corners);
        let polygon = |rings: Vec<Vec<[f64; 2]>>| {
            let mut rings = rings.into_iter().map(ring);
            let shell = rings.next().unwrap_or_else(|| LineString::new(vec![]));
            Polygon::new(shell, rings.collect())
        };
        let Properties { code, name } = feature.properties;
        let shape = feature.geometry.coordinates.into_iter().map(polygon).collect();
        Self { code, name, shape: MultiPolygon::new(shape) }
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use proptest::prelude::*;

    use super::*;

    fn evidence() -> Arc<Evidence> {
        let as_of = NaiveDate::from_ymd_opt(2022, 12, 1).unwrap();
        Arc::new(Evidence { source: "a test".to_owned(), method: "drawn".to_owned(), as_of })
    }

    fn square(code: &str, west: f64, south: f64) -> Outline {
        let shell = [(0.0, 0.0), (10.0, 0.0), (10.0, 10.0), (0.0, 10.0)];
        let shell: Vec<(f64, f64)> = shell.iter().map(|(x, y)| (west + x, south + y)).collect();
        let shape = MultiPolygon::new(vec![Polygon::new(LineString::from(shell), vec![])]);
        Outline { code: code.to_owned(), name: format!("Square {code}"), shape }
    }

    fn at(x: f64, y: f64) -> Point {
        Point::new(x, y).unwrap()
    }

    #[test]
    fn a_point_is_in_one_area_even_on_a_shared_boundary() {
        let held =
            Outlines::new(evidence(), vec![square("B", 10.0, 0.0), square("A", 0.0, 0.0)]).unwrap();
        let found = |point| held.find_containing(point).map(|outline| outline.code.as_str());

        assert_eq!(found(at(5.0, 5.0)), Some("A"));
        assert_eq!(found(at(10.0, 5.0)), Some("A"));
        assert_eq!(found(at(20.0, 10.0)), Some("B"));
        assert_eq!(found(at(20.1, 10.0)), None);
    }

    #[test]
    fn the_bytes_read_back_as_written() {
        let held = Outlines::new(evidence(), vec![square("B", 10.123, 0.0), square("A", 0.0, 0.0)])
            .unwrap();
        let bytes = held.encode();

        let back = Outlines::decode(&bytes, evidence()).unwrap();

        assert_eq!(back, held);
        assert_eq!(back.encode(), bytes);
        let corner = back.get("B").unwrap().shape.0[0].exterior().0[0];
        assert_eq!(format!("{:?}", corner.x_y()), "(10.12, 0.0)");
    }

    #[test]
    fn shapes_that_are_none_are_refused_by_code() {
        let refused = |features| Outlines::new(evidence(), features).unwrap_err().to_string();
        let empty = || Outline { shape: MultiPolygon::new(vec![]), ..square("A", 0.0, 0.0) };

        assert!(refused(vec![square("A", f64::NAN, 0.0)]).contains("off the British"));
        assert!(refused(vec![square("A", -0.2, 51.0)]).contains("off the British"));
        assert!(refused(vec![empty()]).contains("is empty"));
        assert!(refused(vec![square("A", 0.0, 0.0), square("A", 50.0, 0.0)]).contains("twice"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            drop(Outlines::decode(&bytes, evidence()));
        }
    }
}
