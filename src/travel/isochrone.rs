//! Isochrones: the ground from which a place is reached within so many minutes.
//!
//! People travel to care, so every search runs backwards from the place. By street the shape is every square of a fixed
//! grid (50 m, by car 200 m) that street from which the place is reached within the minutes touches: it holds every such
//! stretch, a longer limit holds a shorter one, and its outline runs along the sides of squares, so that it is valid
//! however the streets lie. What no street crosses is a hole.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use geo::{Coord, LineString, MultiPolygon, Polygon};

use super::network::{Network, Snap};
use super::speeds::Profile;
use super::{FAR, Search, StraightLine};
use crate::register::{Minutes, Point};

/// Corners of a circle.
const CORNERS: u32 = 64;

/// Column and row of a square, or of the corner at its south-west.
pub(super) type Square = (i32, i32);

/// The outer ring of a polygon, once found, and its holes.
type Rings = (Option<LineString<f64>>, Vec<LineString<f64>>);

/// Side of the squares a network's isochrones are made of, metres.
pub fn square_side(profile: Profile) -> f64 {
    match profile {
        Profile::Walk | Profile::SurelyStepFree | Profile::PerhapsStepFree => 50.0,
        Profile::Drive => 200.0,
    }
}

/// A circle, as a polygon of 64 corners on it, EPSG:27700 metres. An approximation: it knows no street. Nothing where
/// no distance can be gone.
pub fn straight_isochrone(at: Point, limit: Minutes, pace: StraightLine) -> MultiPolygon<f64> {
    let Minutes(of_a_metre) = pace.minutes(1.0);
    let radius = limit.0 / of_a_metre;
    if !(radius.is_finite() && radius > 0.0) {
        return MultiPolygon::new(Vec::new());
    }
    let corner = |number: u32| {
        let angle = f64::from(number) / f64::from(CORNERS) * std::f64::consts::TAU;
        Coord { x: at.easting() + radius * angle.cos(), y: at.northing() + radius * angle.sin() }
    };
    let ring: Vec<Coord<f64>> = (0..CORNERS).chain([0]).map(corner).collect();
    MultiPolygon::new(vec![Polygon::new(LineString::new(ring), Vec::new())])
}

/// A stretch of a segment, as shares of its length from its start.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stretch {
    /// Which segment.
    pub segment: u32,
    /// Where it begins, 0 to 1.
    pub from: f64,
    /// Where it ends, not before it begins.
    pub to: f64,
}

impl Network {
    /// Every stretch of street from which the place is reached within the limit.
    pub fn reached_stretches(&self, place: Snap, limit: Minutes) -> Vec<Stretch> {
        let limit = milliseconds(limit);
        let turned = self.graph().reversed();
        let mut search = Search::new(&turned);
        search.run(&turned, &self.ends(place), limit);
        let mut stretches =
            vec![Stretch { segment: place.segment, from: place.share, to: place.share }];
        for (number, segment) in (0_u32..).zip(&self.segments) {
            for (way, whole) in [(number * 2, segment.forward), (number * 2 + 1, segment.backward)]
            {
                if whole >= FAR {
                    continue;
                }
                let mut reach = |end: f64, rest: u32| {
                    let share = if whole == 0 { 1.0 } else { f64::from(rest) / f64::from(whole) };
                    // Forward people come from before the end, backward from behind it.
                    let (from, to) = if way & 1 == 0 {
                        ((end - share).max(0.0), end)
                    } else {
                        (end, (end + share).min(1.0))
                    };
                    stretches.push(Stretch { segment: number, from, to });
                };
                let enters = self.split.enters.get(way as usize).copied().unwrap_or(u32::MAX);
                let onward = if enters == u32::MAX { FAR } else { search.distance(enters) };
                if let Some(rest) = limit.checked_sub(onward) {
                    reach(if way & 1 == 0 { 1.0 } else { 0.0 }, rest);
                }
                if number == place.segment {
                    reach(place.share, limit);
                }
            }
        }
        stretches
    }

    /// The ground from which the place is reached within the limit, EPSG:27700 metres: every square of the grid that
    /// such street touches. From the place to the network is told by its snap, and not walked.
    pub fn isochrone(&self, place: Snap, limit: Minutes) -> MultiPolygon<f64> {
        let side = square_side(self.profile);
        let mut squares = BTreeSet::new();
        for stretch in self.reached_stretches(place, limit) {
            let metres: Vec<Coord<f64>> =
                self.shape.segment(stretch.segment).iter().copied().map(metres).collect();
            touch(&metres, (stretch.from, stretch.to), side, &mut squares);
        }
        outline(&squares, side)
    }

    /// Whether the place is reached within the limit from each of these; nothing that is not on the network is.
    pub fn reach_within(&self, from: &[Point], place: Snap, limit: Minutes) -> Vec<bool> {
        let mut reached = vec![false; from.len()];
        let (numbers, snaps): (Vec<usize>, Vec<Snap>) = from
            .iter()
            .enumerate()
            .filter_map(|(at, point)| Some((at, self.snap(*point)?)))
            .unzip();
        for row in self.reaching(&snaps, &[place], milliseconds(limit), 1) {
            for (at, _) in row {
                if let Some(is) =
                    numbers.get(at as usize).and_then(|number| reached.get_mut(*number))
                {
                    *is = true;
                }
            }
        }
        reached
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to what a u32 holds"
)]
fn milliseconds(limit: Minutes) -> u32 {
    (limit.0 * 60_000.0).floor().clamp(0.0, f64::from(FAR - 1)) as u32
}

pub(super) fn metres(centimetres: [i32; 2]) -> Coord<f64> {
    Coord { x: f64::from(centimetres[0]) / 100.0, y: f64::from(centimetres[1]) / 100.0 }
}

#[expect(clippy::cast_possible_truncation, reason = "the National Grid ends at 1,300 km")]
pub(super) fn square_of(metres: f64, side: f64) -> i32 {
    (metres / side).floor() as i32
}

/// Adds the squares a part of a line touches. Every figure is worked out from the whole line and only then cut, so that
/// a longer part never touches less.
pub(super) fn touch(
    line: &[Coord<f64>],
    (from, to): (f64, f64),
    side: f64,
    squares: &mut BTreeSet<Square>,
) {
    let pieces = || line.iter().zip(line.iter().skip(1));
    let long = |(a, b): (&Coord<f64>, &Coord<f64>)| (b.x - a.x).hypot(b.y - a.y);
    let whole: f64 = pieces().map(long).sum();
    let mut before = 0.0;
    for (a, b) in pieces() {
        let length = long((a, b));
        let cut = |share: f64| {
            if length > 0.0 { ((share * whole - before) / length).clamp(0.0, 1.0) } else { 0.0 }
        };
        let (low, high) = (cut(from), cut(to));
        let is_touched = from * whole <= before + length && to * whole >= before;
        before += length;
        if !is_touched {
            continue;
        }
        let (x, y) = (|t: f64| a.x + t * (b.x - a.x), |t: f64| a.y + t * (b.y - a.y));
        let (first, last) = (square_of(x(low), side), square_of(x(high), side));
        for column in first.min(last)..=first.max(last) {
            // Where the line crosses the two sides of the column, within the part.
            let crossing = |side_of: i32, upright: f64| {
                let wide = b.x - a.x;
                if wide == 0.0 {
                    upright
                } else {
                    ((f64::from(side_of) * side - a.x) / wide).clamp(low, high)
                }
            };
            let (start, end) = (crossing(column, low), crossing(column + 1, high));
            let (first, last) = (square_of(y(start), side), square_of(y(end), side));
            squares.extend((first.min(last)..=first.max(last)).map(|row| (column, row)));
        }
    }
}

/// The outline of squares. Squares that only touch at a corner are polygons of their own; holes that do are holes of
/// their own.
pub(super) fn outline(squares: &BTreeSet<Square>, side: f64) -> MultiPolygon<f64> {
    let groups = groups(squares);
    // Sides with the inside on their left, by the corner they leave: where to, and the group of the square.
    let mut sides: BTreeMap<Square, Vec<(Square, usize)>> = BTreeMap::new();
    for (&(column, row), group) in &groups {
        let corners = [(column, row), (column + 1, row), (column + 1, row + 1), (column, row + 1)];
        let beyond = [(column, row - 1), (column + 1, row), (column, row + 1), (column - 1, row)];
        for (at, beyond) in beyond.iter().enumerate() {
            if !squares.contains(beyond) {
                sides.entry(corners[at]).or_default().push((corners[(at + 1) % 4], *group));
            }
        }
    }
    let count = groups.values().max().map_or(0, |last| last + 1);
    let mut shapes: Vec<Rings> = vec![(None, Vec::new()); count];
    while let Some((&start, _)) = sides.first_key_value() {
        for (ring, group) in rings_from(start, &mut sides) {
            let line = ring_of(&ring, side);
            if let Some((outer, holes)) = shapes.get_mut(group) {
                if twice_area(&ring) > 0 { *outer = Some(line) } else { holes.push(line) }
            }
        }
    }
    let polygon = |(outer, holes): Rings| Some(Polygon::new(outer?, holes));
    MultiPolygon::new(shapes.into_iter().filter_map(polygon).collect())
}

/// Squares by the group of those that hang together by their sides, numbered from 0 in the order of their first square.
fn groups(squares: &BTreeSet<Square>) -> BTreeMap<Square, usize> {
    let mut groups = BTreeMap::new();
    let mut next = 0;
    for square in squares {
        if groups.contains_key(square) {
            continue;
        }
        groups.insert(*square, next);
        let mut waiting = VecDeque::from([*square]);
        while let Some((column, row)) = waiting.pop_front() {
            for beside in
                [(column, row - 1), (column + 1, row), (column, row + 1), (column - 1, row)]
            {
                if squares.contains(&beside) && !groups.contains_key(&beside) {
                    groups.insert(beside, next);
                    waiting.push_back(beside);
                }
            }
        }
        next += 1;
    }
    groups
}

/// Takes the sides of one way round from the list. It is cut wherever it comes back to a corner, so that no ring touches
/// itself.
fn rings_from(
    start: Square,
    sides: &mut BTreeMap<Square, Vec<(Square, usize)>>,
) -> Vec<(Vec<Square>, usize)> {
    let mut rings = Vec::new();
    let (mut path, mut place_in): (Vec<Square>, BTreeMap<Square, usize>) =
        (vec![start], BTreeMap::new());
    place_in.insert(start, 0);
    let mut at = start;
    let mut came = (0, 0);
    while let Some(leaving) = sides.get_mut(&at) {
        // Of two sides the one to the left: it stays with the same square.
        let left = |to: Square| came.0 * (to.1 - at.1) - came.1 * (to.0 - at.0);
        let best =
            (0..leaving.len()).max_by_key(|number| leaving.get(*number).map(|side| left(side.0)));
        let Some(best) = best else { break };
        let (to, group) = leaving.swap_remove(best);
        if leaving.is_empty() {
            sides.remove(&at);
        }
        came = (to.0 - at.0, to.1 - at.1);
        at = to;
        if let Some(first) = place_in.get(&to).copied() {
            let ring: Vec<Square> = path.drain(first + 1..).collect();
            for corner in &ring {
                place_in.remove(corner);
            }
            rings.push((std::iter::once(to).chain(ring).collect(), group));
            if path.len() == 1 {
                // Back where it began: what else leaves from here is a way of its own.
                break;
            }
        } else {
            place_in.insert(to, path.len());
            path.push(to);
        }
    }
    rings
}

/// Above zero for an outer ring.
fn twice_area(ring: &[Square]) -> i64 {
    let next = ring.iter().cycle().skip(1);
    let cross = |(a, b): (&Square, &Square)| {
        i64::from(a.0) * i64::from(b.1) - i64::from(b.0) * i64::from(a.1)
    };
    ring.iter().zip(next).map(cross).sum()
}

/// Corners only, closed, in metres.
fn ring_of(ring: &[Square], side: f64) -> LineString<f64> {
    let before = ring.iter().cycle().skip(ring.len().saturating_sub(1));
    let after = ring.iter().cycle().skip(1);
    let mut corners: Vec<Coord<f64>> = ring
        .iter()
        .zip(before.zip(after))
        .filter(|(_, (before, after))| before.0 != after.0 && before.1 != after.1)
        .map(|(at, _)| Coord { x: f64::from(at.0) * side, y: f64::from(at.1) * side })
        .collect();
    corners.extend(corners.first().copied());
    LineString::new(corners)
}

#[cfg(test)]
mod tests {
    use geo::{Area as _, Intersects as _, Validation as _};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn corners_that_touch_make_polygons_and_holes_of_their_own() {
        let two = outline(&BTreeSet::from([(0, 0), (1, 1)]), 50.0);
        assert!(two.0.len() == 2 && two.is_valid(), "{two:?}");

        // Four by four without two squares of its middle that touch at a corner.
        let mut squares: BTreeSet<Square> =
            (0..4).flat_map(|x| (0..4).map(move |y| (x, y))).collect();
        squares.remove(&(1, 1));
        squares.remove(&(2, 2));
        let holed = outline(&squares, 50.0);
        assert_eq!(holed.0.len(), 1);
        assert_eq!(holed.0[0].interiors().len(), 2);
        assert!(holed.is_valid(), "{holed:?}");
    }

    #[test]
    fn a_circle_has_its_radius_and_no_minutes_no_ground() {
        let at = Point::new(530_000.0, 180_000.0).unwrap();
        let pace = StraightLine::new(1.25, 80.0).unwrap();
        let shape = straight_isochrone(at, Minutes(10.0), pace);
        for corner in shape.0[0].exterior().coords() {
            assert!(((corner.x - 530_000.0).hypot(corner.y - 180_000.0) - 640.0).abs() < 1e-6);
        }
        assert!(shape.is_valid() && shape.0[0].exterior().0.len() == 65);
        assert!(straight_isochrone(at, Minutes(0.0), pace).0.is_empty());
    }

    proptest! {
        #[test]
        fn an_outline_is_valid_and_holds_its_squares_and_no_other(
            squares in prop::collection::btree_set((-4_i32..4, -4_i32..4), 0..50),
        ) {
            let shape = outline(&squares, 50.0);

            prop_assert!(shape.is_valid(), "{:?}", shape);
            for column in -5..5 {
                for row in -5..5 {
                    let middle = geo::Point::new(f64::from(column) * 50.0 + 25.0, f64::from(row) * 50.0 + 25.0);
                    prop_assert_eq!(shape.intersects(&middle), squares.contains(&(column, row)));
                }
            }
            let (area, wanted) = (shape.unsigned_area(), 2_500.0 * f64::from(u32::try_from(squares.len()).unwrap()));
            prop_assert!((area - wanted).abs() < 1e-6, "{} is not {}", area, wanted);
        }

        #[test]
        fn the_squares_of_a_part_hold_it_and_are_among_those_of_a_longer_part(
            line in prop::collection::vec((0.0..900.0_f64, 0.0..900.0_f64), 2..6),
            mut cuts in prop::array::uniform4(0.0..=1.0_f64),
        ) {
            let line: Vec<Coord<f64>> = line.into_iter().map(|(x, y)| Coord { x, y }).collect();
            cuts.sort_by(f64::total_cmp);
            let (mut short, mut long) = (BTreeSet::new(), BTreeSet::new());

            touch(&line, (cuts[1], cuts[2]), 50.0, &mut short);
            touch(&line, (cuts[0], cuts[3]), 50.0, &mut long);

            prop_assert!(short.is_subset(&long));
            let shape = outline(&short, 50.0);
            let whole: f64 = line.windows(2).map(|p| (p[1].x - p[0].x).hypot(p[1].y - p[0].y)).sum();
            for step in 0..=20 {
                let mut rest = (cuts[1] + (cuts[2] - cuts[1]) * f64::from(step) / 20.0) * whole;
                let piece = line.windows(2).find(|p| {
                    let length = (p[1].x - p[0].x).hypot(p[1].y - p[0].y);
                    if rest <= length { return true }
                    rest -= length;
                    false
                });
                let Some(p) = piece else { continue };
                let t = rest / (p[1].x - p[0].x).hypot(p[1].y - p[0].y).max(1e-9);
                let (x, y) = (p[0].x + t * (p[1].x - p[0].x), p[0].y + t * (p[1].y - p[0].y));
                // To a millionth of a metre: this sum is not the one that was cut.
                let near = geo::Rect::new((x - 1e-6, y - 1e-6), (x + 1e-6, y + 1e-6));
                prop_assert!(shape.intersects(&near), "{} {} {:?}", x, y, shape);
            }
        }
    }
}
