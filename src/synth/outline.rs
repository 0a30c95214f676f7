//! Schematic outlines: a ring about each centre, cut straight where two meet. Not the boundaries of anything.

use std::f64::consts::FRAC_1_SQRT_2;

use geo::{Coord, LineString, MultiPolygon, Polygon};

use super::places::{BEYOND, LONDON, Place};
use crate::geography::Outline;

/// Corners of a ring, anticlockwise, not closed.
pub(super) type Ring = Vec<[f64; 2]>;

/// Twenty-four directions as cosine and sine, to four places: the same on every machine.
const DIRECTIONS: [[f64; 2]; 24] = [
    [1.0, 0.0],
    [0.9659, 0.2588],
    [0.866, 0.5],
    [FRAC_1_SQRT_2, FRAC_1_SQRT_2],
    [0.5, 0.866],
    [0.2588, 0.9659],
    [0.0, 1.0],
    [-0.2588, 0.9659],
    [-0.5, 0.866],
    [-FRAC_1_SQRT_2, FRAC_1_SQRT_2],
    [-0.866, 0.5],
    [-0.9659, 0.2588],
    [-1.0, 0.0],
    [-0.9659, -0.2588],
    [-0.866, -0.5],
    [-FRAC_1_SQRT_2, -FRAC_1_SQRT_2],
    [-0.5, -0.866],
    [-0.2588, -0.9659],
    [0.0, -1.0],
    [0.2588, -0.9659],
    [0.5, -0.866],
    [FRAC_1_SQRT_2, -FRAC_1_SQRT_2],
    [0.866, -0.5],
    [0.9659, -0.2588],
];

/// A ring reaches this many of its place's own radii.
const REACH: f64 = 1.3;

/// A ring for each place, in order, overlapping nowhere, and the same whichever other places are asked for.
pub(super) fn outlines(places: &[&Place]) -> Vec<Ring> {
    places
        .iter()
        .map(|place| {
            let reach = REACH * radius(place);
            let [x, y] = place.centre;
            let mut ring: Ring =
                DIRECTIONS.iter().map(|[cos, sin]| [x + reach * cos, y + reach * sin]).collect();
            for other in LONDON.iter().chain(&BEYOND).filter(|other| other.code != place.code) {
                ring = cut(&ring, place, other);
            }
            ring.iter().map(|[x, y]| [x.round(), y.round()]).collect()
        })
        .collect()
}

/// An outline with its code and name.
pub(super) fn named(place: &Place, ring: Ring) -> Outline {
    let corners: LineString<f64> = ring.into_iter().map(|[x, y]| Coord { x, y }).collect();
    let shape = MultiPolygon::new(vec![Polygon::new(corners, Vec::new())]);
    Outline { code: place.code.to_owned(), name: place.name.to_owned(), shape }
}

/// Metres: that of a circle as large as the place.
pub(super) fn radius(place: &Place) -> f64 {
    (place.km2 / std::f64::consts::PI).sqrt() * 1_000.0
}

/// Whether a point is in a convex ring.
pub(super) fn contains(ring: &Ring, [x, y]: [f64; 2]) -> bool {
    let ends = ring.iter().cycle().skip(1);
    ring.iter().zip(ends).all(|([ax, ay], [bx, by])| (bx - ax) * (y - ay) >= (by - ay) * (x - ax))
}

/// The part of the ring on the place's side of its border with another: where circles as large as both would share a
/// chord, but always between the two centres. London keeps its shape, and its neighbours begin where it ends.
fn cut(ring: &Ring, place: &Place, other: &Place) -> Ring {
    let [ax, ay] = place.centre;
    let (dx, dy) = (other.centre[0] - ax, other.centre[1] - ay);
    let apart = dx.hypot(dy);
    let (mine, theirs) = (radius(place), radius(other));
    if apart > REACH * (mine + theirs) || (place.is_london && !other.is_london) {
        return ring.clone();
    }
    let chord = apart / 2.0 + (mine * mine - theirs * theirs) / (2.0 * apart);
    let border = if other.is_london && !place.is_london {
        apart - REACH * theirs
    } else if apart > 0.7 * (mine + theirs) {
        chord.clamp(0.7 * mine, apart - 0.7 * theirs)
    } else {
        apart * mine / (mine + theirs)
    };
    let beyond = |[x, y]: [f64; 2]| ((x - ax) * dx + (y - ay) * dy) / apart - border;
    let mut kept = Vec::with_capacity(ring.len() + 2);
    let ends = ring.iter().cycle().skip(1);
    for (from, to) in ring.iter().zip(ends) {
        let (near, far) = (beyond(*from), beyond(*to));
        if near <= 0.0 {
            kept.push(*from);
        }
        if (near < 0.0 && far > 0.0) || (near > 0.0 && far < 0.0) {
            let share = near / (near - far);
            kept.push([from[0] + (to[0] - from[0]) * share, from[1] + (to[1] - from[1]) * share]);
        }
    }
    kept
}
