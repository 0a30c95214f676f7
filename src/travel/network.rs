//! A street network ready for questions: places are put on it, and minutes come out.

use serde::{Deserialize, Serialize};

use super::graph::index;
use super::speeds::{Profile, SpeedTable};
use super::split::{Forbidden, Segment, Split, Traversal, split};
use super::streets::apart;
use super::{FAR, Graph, Hierarchy, Label, Search};
use crate::register::Point;

/// A part of a network that the rest cannot reach, or that cannot reach the rest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Island {
    /// How many junctions it has.
    pub junctions: u32,
    /// Of street.
    pub metres: f64,
    /// Its longest named street.
    pub name: Option<String>,
    /// Where one of its junctions is, National Grid.
    pub easting: f64,
    /// Where one of its junctions is, National Grid.
    pub northing: f64,
}

/// The course of every segment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Shape {
    /// Where the points of each segment begin, and one more.
    pub(super) first: Vec<u32>,
    /// Centimetres of the National Grid.
    pub(super) points: Vec<[i32; 2]>,
}

impl Shape {
    pub(super) fn of(shapes: &[Vec<[i32; 2]>]) -> Self {
        let mut shape = Self { first: vec![0], points: Vec::new() };
        for points in shapes {
            shape.points.extend_from_slice(points);
            shape.first.push(index(shape.points.len()));
        }
        shape
    }

    pub(super) fn segment(&self, segment: u32) -> &[[i32; 2]] {
        let (from, to) = (self.first[segment as usize], self.first[segment as usize + 1]);
        &self.points[from as usize..to as usize]
    }
}

/// A place on a network.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Snap {
    /// Which segment.
    pub segment: u32,
    /// How far along it, 0 to 1.
    pub share: f64,
    /// From the place to the network, straight line. It is told, and not walked.
    pub metres: f64,
}

/// A street network of one profile.
#[derive(Debug, Clone, PartialEq)]
pub struct Network {
    /// Whom it is for.
    pub profile: Profile,
    /// By which speeds.
    pub speeds: SpeedTable,
    /// Parts that the largest cannot reach and come back from, longest first.
    pub islands: Vec<Island>,
    /// Each junction's place, centimetres of the National Grid.
    pub(super) places: Vec<[i32; 2]>,
    pub(super) segments: Vec<Segment>,
    pub(super) shape: Shape,
    pub(super) split: Split,
    /// Part of each junction.
    pub(super) part: Vec<u32>,
    /// Junctions of each part.
    pub(super) sizes: Vec<u32>,
    /// Once prepared; walking needs none.
    pub(super) hierarchy: Option<Hierarchy>,
    pub(super) pieces: Pieces,
}

impl Network {
    pub(super) fn new(
        profile: Profile,
        speeds: &SpeedTable,
        places: Vec<[i32; 2]>,
        segments: Vec<Segment>,
        shape: Shape,
        forbidden: &Forbidden,
        (part, sizes, islands): (Vec<u32>, Vec<u32>, Vec<Island>),
    ) -> Self {
        let split = split(index(places.len()), &segments, forbidden);
        let speeds = speeds.clone();
        Self {
            profile,
            speeds,
            islands,
            places,
            segments,
            shape,
            split,
            part,
            sizes,
            hierarchy: None,
            pieces: Pieces::default(),
        }
        .indexed()
    }

    /// With its index of places, which is not stored.
    pub(super) fn indexed(mut self) -> Self {
        let largest = self.sizes.iter().copied().max().unwrap_or(0);
        let least = self.speeds.smallest_part.min(largest);
        let may_hold = |segment: &Segment| {
            let part = self.part[segment.from as usize];
            part == self.part[segment.to as usize] && self.sizes[part as usize] >= least
        };
        let wanted: Vec<u32> = (0..index(self.segments.len()))
            .filter(|segment| may_hold(&self.segments[*segment as usize]))
            .collect();
        self.pieces = Pieces::new(&self.shape, &wanted);
        self
    }

    /// Prepares the network for tables of many pairs. `false` where `progress` said to stop.
    pub fn prepare(&mut self, progress: &mut dyn FnMut(f64) -> bool) -> bool {
        if self.hierarchy.is_none() {
            self.hierarchy = Hierarchy::new(&self.split.graph, progress);
        }
        self.hierarchy.is_some()
    }

    /// Junctions, the vertices they are split into, and segments.
    pub fn size(&self) -> (usize, usize, usize) {
        (self.places.len(), self.split.graph.vertices() as usize, self.segments.len())
    }

    /// The graph searched.
    pub fn graph(&self) -> &Graph {
        &self.split.graph
    }

    /// The graph with its shortcuts, once prepared.
    pub fn hierarchy(&self) -> Option<&Hierarchy> {
        self.hierarchy.as_ref()
    }

    /// The nearest point of the network; `None` where it is farther than places may be.
    pub fn snap(&self, at: Point) -> Option<Snap> {
        self.pieces.nearest(&self.shape, at, self.speeds.farthest_snap_metres)
    }

    /// Metres to the nearest street, however far places may be from one; `None` beyond 10 km.
    pub fn metres_to(&self, at: Point) -> Option<f64> {
        const FARTHEST: f64 = 10_000.0;
        self.pieces.nearest(&self.shape, at, FARTHEST).map(|snap| snap.metres)
    }

    /// The part of the network a snapped place is on.
    pub fn part_of(&self, snap: Snap) -> u32 {
        self.part[self.segments[snap.segment as usize].from as usize]
    }

    /// Whether a snapped place lies on a part that the largest cannot reach and come back from.
    pub fn is_island(&self, snap: Snap) -> bool {
        let largest = self.sizes.iter().copied().max().unwrap_or(0);
        self.sizes.get(self.part_of(snap) as usize).is_some_and(|size| *size < largest)
    }

    fn split_of(&self, snap: Snap, traversal: Traversal) -> Option<(u32, u32)> {
        let whole = self.segments[snap.segment as usize].milliseconds(traversal);
        let share = if traversal & 1 == 0 { snap.share } else { 1.0 - snap.share };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of a u32"
        )]
        let before = (f64::from(whole) * share).round().clamp(0.0, f64::from(whole)) as u32;
        (whole < FAR).then_some((before, whole - before))
    }

    fn ways(snap: Snap) -> [Traversal; 2] {
        [snap.segment * 2, snap.segment * 2 + 1]
    }

    /// The vertices a journey from a place may begin with.
    pub fn starts(&self, snap: Snap) -> Vec<Label> {
        let ways = Self::ways(snap).into_iter();
        ways.filter_map(|way| Some((self.split.enters[way as usize], self.split_of(snap, way)?.1)))
            .collect()
    }

    /// The vertices a journey to a place may end with.
    pub fn ends(&self, snap: Snap) -> Vec<Label> {
        let mut ends = Vec::new();
        for way in Self::ways(snap) {
            let Some((before, _)) = self.split_of(snap, way) else { continue };
            let (junction, _) = self.segments[snap.segment as usize].ends(way);
            let copies = index(self.places.len())..self.split.graph.vertices();
            let copies = copies.zip(&self.split.copies).filter(|(_, of)| **of == junction);
            for vertex in std::iter::once(junction).chain(copies.map(|(vertex, _)| vertex)) {
                if self.split.travels[self.split.graph.range(vertex)].contains(&way) {
                    ends.push((vertex, before));
                }
            }
        }
        ends
    }

    /// Along one segment, without passing a junction.
    pub fn direct(&self, from: Snap, to: Snap) -> Option<u32> {
        if from.segment != to.segment {
            return None;
        }
        let along = |way: Traversal| {
            let (start, _) = self.split_of(from, way)?;
            let (end, _) = self.split_of(to, way)?;
            end.checked_sub(start)
        };
        Self::ways(from).into_iter().filter_map(along).min()
    }

    /// Milliseconds from every place to every other, row by row, [`FAR`] where there is no way. Needs a prepared
    /// network.
    pub fn table(&self, from: &[Snap], to: &[Snap], threads: usize) -> Option<Vec<u32>> {
        let hierarchy = self.hierarchy.as_ref()?;
        let starts: Vec<_> = from.iter().map(|snap| self.starts(*snap)).collect();
        let ends: Vec<_> = to.iter().map(|snap| self.ends(*snap)).collect();
        let mut table = hierarchy.table(&starts, &ends, threads);
        let mut on_segment: std::collections::BTreeMap<u32, Vec<usize>> =
            std::collections::BTreeMap::new();
        for (column, snap) in to.iter().enumerate() {
            on_segment.entry(snap.segment).or_default().push(column);
        }
        for (row, snap) in from.iter().enumerate() {
            for column in on_segment.get(&snap.segment).into_iter().flatten() {
                let cell = &mut table[row * to.len() + column];
                *cell = self.direct(*snap, to[*column]).map_or(*cell, |direct| direct.min(*cell));
            }
        }
        Some(table)
    }

    /// Milliseconds from one place to each of `to`, [`FAR`] where there is no way within `limit` milliseconds: one search
    /// forwards, which needs no preparing.
    pub fn from_place(&self, from: Snap, to: &[Snap], limit: u32) -> Vec<u32> {
        let mut search = Search::new(&self.split.graph);
        search.run(&self.split.graph, &self.starts(from), limit);
        let to_end = |to: &Snap| {
            let ends = self.ends(*to).into_iter();
            let by_street = ends.filter_map(|(vertex, ms)| {
                let reached = search.distance(vertex);
                (reached < FAR).then(|| reached + ms)
            });
            by_street.chain(self.direct(from, *to)).filter(|ms| *ms <= limit).min().unwrap_or(FAR)
        };
        to.iter().map(to_end).collect()
    }

    /// For each of `to`, the places among `from` that reach it within `limit` milliseconds, and in how many: a search
    /// backwards from each. For walking, where few are in reach, this needs no preparing.
    pub fn reaching(
        &self,
        from: &[Snap],
        to: &[Snap],
        limit: u32,
        threads: usize,
    ) -> Vec<Vec<(u32, u32)>> {
        let turned = self.split.graph.reversed();
        // Places by the vertices their journeys begin with, as one list.
        let starts: Vec<(u32, u32, u32)> = from
            .iter()
            .enumerate()
            .flat_map(|(at, snap)| {
                self.starts(*snap).into_iter().map(move |(vertex, ms)| (vertex, index(at), ms))
            })
            .collect();
        let by_vertex = Graph::new(turned.vertices(), &starts);
        let mut by_segment: std::collections::BTreeMap<u32, Vec<u32>> =
            std::collections::BTreeMap::new();
        for (at, snap) in from.iter().enumerate() {
            by_segment.entry(snap.segment).or_default().push(index(at));
        }
        let ends: Vec<_> = to.iter().map(|snap| self.ends(*snap)).collect();
        let mut found = vec![Vec::new(); to.len()];
        let share = found.len().div_ceil(threads.max(1) * 8).max(1);
        let work = std::sync::Mutex::new(found.chunks_mut(share).enumerate());
        let search_all = || {
            let mut search = Search::new(&turned);
            let mut best = vec![FAR; from.len()];
            let mut seen: Vec<u32> = Vec::new();
            loop {
                let next = work.lock().unwrap_or_else(std::sync::PoisonError::into_inner).next();
                let Some((turn, rows)) = next else { return };
                for (offset, row) in rows.iter_mut().enumerate() {
                    let column = turn * share + offset;
                    search.run(&turned, &ends[column], limit);
                    let mut note = |place: u32, ms: u32| {
                        let held = &mut best[place as usize];
                        if ms <= limit && ms < *held {
                            if *held == FAR {
                                seen.push(place);
                            }
                            *held = ms;
                        }
                    };
                    for vertex in search.reached() {
                        let at = search.distance(*vertex);
                        for start in by_vertex.leaving(*vertex) {
                            note(start.head, at + start.weight);
                        }
                    }
                    for place in by_segment.get(&to[column].segment).into_iter().flatten() {
                        if let Some(ms) = self.direct(from[*place as usize], to[column]) {
                            note(*place, ms);
                        }
                    }
                    seen.sort_unstable();
                    *row = seen
                        .drain(..)
                        .map(|place| (place, std::mem::replace(&mut best[place as usize], FAR)))
                        .collect();
                }
            }
        };
        std::thread::scope(|scope| {
            for _ in 1..threads {
                scope.spawn(search_all);
            }
            search_all();
        });
        found
    }
}

/// Straight pieces of segments by square of the ground.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Pieces {
    corner: [i32; 2],
    columns: u32,
    rows: u32,
    /// Squares, each with its pieces: segment and number of the piece in it.
    held: Option<Box<Squares>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Squares {
    first: Vec<u32>,
    pieces: Vec<(u32, u32)>,
}

/// Side of a square, centimetres. About a dozen pieces of a city's streets lie in one.
const SQUARE: i32 = 10_000;

impl Pieces {
    fn new(shape: &Shape, segments: &[u32]) -> Self {
        let points = segments.iter().flat_map(|segment| shape.segment(*segment));
        let (mut low, mut high) = ([i32::MAX; 2], [i32::MIN; 2]);
        for point in points {
            for axis in 0..2 {
                low[axis] = low[axis].min(point[axis]);
                high[axis] = high[axis].max(point[axis]);
            }
        }
        if low[0] > high[0] {
            return Self::default();
        }
        let across =
            |axis: usize| ((high[axis] - low[axis]).div_euclid(SQUARE) + 1).cast_unsigned();
        let mut index_of = Self { corner: low, columns: across(0), rows: across(1), held: None };
        let mut in_square: Vec<(u32, u32, u32)> = Vec::new();
        for segment in segments {
            for (piece, ends) in shape.segment(*segment).windows(2).enumerate() {
                let (from, to) = (index_of.square(ends[0]), index_of.square(ends[1]));
                for column in from[0].min(to[0])..=from[0].max(to[0]) {
                    for row in from[1].min(to[1])..=from[1].max(to[1]) {
                        let square =
                            row.cast_unsigned() * index_of.columns + column.cast_unsigned();
                        in_square.push((square, *segment, index(piece)));
                    }
                }
            }
        }
        let count = (index_of.columns * index_of.rows) as usize;
        in_square.sort_unstable();
        let mut first = vec![0_u32; count + 1];
        for (square, ..) in &in_square {
            first[*square as usize + 1] += 1;
        }
        for at in 1..first.len() {
            first[at] += first[at - 1];
        }
        let pieces = in_square.into_iter().map(|(_, segment, piece)| (segment, piece)).collect();
        index_of.held = Some(Box::new(Squares { first, pieces }));
        index_of
    }

    /// Column and row, which may lie outside.
    fn square(&self, at: [i32; 2]) -> [i32; 2] {
        [0, 1].map(|axis| (at[axis] - self.corner[axis]).div_euclid(SQUARE))
    }

    fn nearest(&self, courses: &Shape, at: Point, farthest: f64) -> Option<Snap> {
        let held = self.held.as_ref()?;
        #[expect(clippy::cast_possible_truncation, reason = "the National Grid ends at 1,300 km")]
        let place = [at.easting(), at.northing()].map(|metres| (metres * 100.0).round() as i32);
        let own = self.square(place);
        let mut best: Option<(f64, u32, u32, f64)> = None;
        let mut ring = 0_i32;
        // Whatever lies in the next ring is at least so far away.
        let least = |ring: i32| f64::from(ring - 1) * f64::from(SQUARE);
        while least(ring) <= best.map_or(farthest * 100.0, |(apart, ..)| apart) {
            for column in own[0] - ring..=own[0] + ring {
                // The ring alone: what is inside it was looked at before.
                let is_side = (column - own[0]).abs() == ring;
                let step = if is_side { 1 } else { ring.unsigned_abs() as usize * 2 };
                for row in (own[1] - ring..=own[1] + ring).step_by(step) {
                    let (Ok(column), Ok(row)) = (u32::try_from(column), u32::try_from(row)) else {
                        continue;
                    };
                    if column >= self.columns || row >= self.rows {
                        continue;
                    }
                    let square = (row * self.columns + column) as usize;
                    let range = held.first[square] as usize..held.first[square + 1] as usize;
                    for (segment, piece) in &held.pieces[range] {
                        let ends = &courses.segment(*segment)[*piece as usize..];
                        let (away, along) = beside(place, ends[0], ends[1]);
                        let found = (away, *segment, *piece, along);
                        if best.is_none_or(|(held, s, p, _)| {
                            away.total_cmp(&held).then((*segment, *piece).cmp(&(s, p))).is_lt()
                        }) {
                            best = Some(found);
                        }
                    }
                }
            }
            ring += 1;
        }
        let (away, segment, piece, along) = best.filter(|(away, ..)| *away <= farthest * 100.0)?;
        let points = courses.segment(segment);
        let before: f64 = super::streets::length(&points[..=piece as usize]);
        let whole = super::streets::length(points);
        let reached = before + along * apart(points[piece as usize], points[piece as usize + 1]);
        let share = if whole > 0.0 { (reached / whole).clamp(0.0, 1.0) } else { 0.0 };
        Some(Snap { segment, share, metres: away / 100.0 })
    }
}

/// How far a point is from a straight piece, and how far along the piece the nearest point is, 0 to 1.
fn beside(at: [i32; 2], from: [i32; 2], to: [i32; 2]) -> (f64, f64) {
    let [dx, dy] = [0, 1].map(|axis| f64::from(to[axis]) - f64::from(from[axis]));
    let [px, py] = [0, 1].map(|axis| f64::from(at[axis]) - f64::from(from[axis]));
    let square = dx * dx + dy * dy;
    let share = if square > 0.0 { ((px * dx + py * dy) / square).clamp(0.0, 1.0) } else { 0.0 };
    ((px - share * dx).hypot(py - share * dy), share)
}

#[cfg(test)]
mod tests {
    use std::cmp::Reverse;
    use std::collections::BinaryHeap;

    use proptest::prelude::*;

    use super::super::speeds::shipped;
    use super::*;

    /// Plain Dijkstra over traversals instead of junctions: a turn is allowed or it is not, and nothing is split.
    fn by_traversals(segments: &[Segment], forbidden: &Forbidden, from: Snap, to: Snap) -> u32 {
        let part = |snap: Snap, way: Traversal| {
            let whole = segments[snap.segment as usize].milliseconds(way);
            let share = if way & 1 == 0 { snap.share } else { 1.0 - snap.share };
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share")]
            let before = (f64::from(whole) * share).round() as u32;
            (before, whole.saturating_sub(before))
        };
        let is_open = |way: Traversal| segments[(way >> 1) as usize].milliseconds(way) < FAR;
        let mut best = FAR;
        let mut at_end = vec![FAR; segments.len() * 2];
        let mut queue = BinaryHeap::new();
        for way in [from.segment * 2, from.segment * 2 + 1].into_iter().filter(|way| is_open(*way))
        {
            if from.segment == to.segment && part(from, way).0 <= part(to, way).0 {
                best = best.min(part(to, way).0 - part(from, way).0);
            }
            queue.push(Reverse((part(from, way).1, way)));
        }
        while let Some(Reverse((at, way))) = queue.pop() {
            if at >= at_end[way as usize] {
                continue;
            }
            at_end[way as usize] = at;
            let (_, end) = segments[(way >> 1) as usize].ends(way);
            for next in (0..index(segments.len() * 2)).filter(|next| is_open(*next)) {
                let segment = segments[(next >> 1) as usize];
                let may = !forbidden.get(&way).is_some_and(|shut| shut.contains(&next));
                if segment.ends(next).0 == end && may {
                    if next >> 1 == to.segment {
                        best = best.min(at + part(to, next).0);
                    }
                    queue.push(Reverse((at + segment.milliseconds(next), next)));
                }
            }
        }
        best
    }

    prop_compose! {
        fn streets()(junctions in 1_u32..9)(
            segments in prop::collection::vec(
                (0..junctions, 0..junctions, 1_u32..90_000, prop::option::weighted(0.7, 1_u32..90_000)),
                1..16,
            ),
            shut in prop::collection::vec((0_u32..32, 0_u32..32), 0..14),
            places in prop::collection::vec((0_u32..16, 0.0..=1.0_f64), 1..6),
            junctions in Just(junctions),
        ) -> (u32, Vec<Segment>, Forbidden, Vec<Snap>) {
            let segments: Vec<Segment> = segments
                .into_iter()
                .map(|(from, to, forward, backward)| {
                    Segment { from, to, forward, backward: backward.unwrap_or(FAR) }
                })
                .collect();
            let mut forbidden = Forbidden::new();
            let count = index(segments.len());
            for (one, other) in shut {
                let (one, other) = (one % (2 * count), other % (2 * count));
                let end = segments[(one >> 1) as usize].ends(one).1;
                if segments[(other >> 1) as usize].ends(other).0 == end {
                    forbidden.entry(one).or_default().insert(other);
                }
            }
            let snap = |(segment, share): (u32, f64)| Snap { segment: segment % count, share, metres: 0.0 };
            (junctions, segments, forbidden, places.into_iter().map(snap).collect())
        }
    }

    #[test]
    fn stored_bytes_give_the_network_back_and_no_bytes_lead_astray() {
        let segments = [(0, 1, 500, FAR), (1, 2, 700, 700), (2, 0, 90, 80), (1, 1, 30, 30)];
        let segments =
            segments.map(|(from, to, forward, backward)| Segment { from, to, forward, backward });
        let forbidden = Forbidden::from([(0, [2].into()), (3, [6, 7].into())]);
        let shapes = vec![vec![[0, 0], [100, 0], [9_000, 50]]; 4];
        let mut network = Network::new(
            Profile::Drive,
            &shipped(),
            vec![[0, 0], [100, 0], [9_000, 50]],
            segments.to_vec(),
            Shape::of(&shapes),
            &forbidden,
            (vec![0; 3], vec![3], Vec::new()),
        );
        assert!(network.prepare(&mut |_| true));

        let bytes = super::super::encode_streets(std::slice::from_ref(&network));

        assert_eq!(super::super::decode_streets(&bytes).unwrap(), [network]);
        for cut in 0..bytes.len() {
            assert!(super::super::decode_streets(&bytes[..cut]).is_err());
        }
        let at = Point::new(10.0, 0.0).unwrap();
        for place in 0..bytes.len() {
            for flip in [1, 0x80] {
                let mut damaged = bytes.clone();
                damaged[place] ^= flip;
                for network in super::super::decode_streets(&damaged).into_iter().flatten() {
                    let places: Vec<Snap> = network.snap(at).into_iter().collect();
                    network.table(&places, &places, 1);
                    network.reaching(&places, &places, 100_000, 1);
                }
            }
        }
    }

    proptest! {
        #[test]
        fn every_pair_keeps_the_turn_restrictions_and_is_the_shortest_that_does(
            (junctions, segments, forbidden, places) in streets(),
            limit in 1_000_u32..200_000,
        ) {
            let shapes = vec![vec![[0, 0], [100, 0]]; segments.len()];
            let mut network = Network::new(
                Profile::Drive,
                &shipped(),
                vec![[0, 0]; junctions as usize],
                segments.clone(),
                Shape::of(&shapes),
                &forbidden,
                (vec![0; junctions as usize], vec![junctions], Vec::new()),
            );
            prop_assert!(network.table(&places, &places, 1).is_none(), "not prepared yet");
            prop_assert!(network.prepare(&mut |_| true));

            let table = network.table(&places, &places, 2).unwrap();
            let reaching = network.reaching(&places, &places, limit, 2);

            for (row, from) in places.iter().enumerate() {
                for (column, to) in places.iter().enumerate() {
                    let wanted = by_traversals(&segments, &forbidden, *from, *to);
                    prop_assert_eq!(table[row * places.len() + column], wanted);
                    let found = reaching[column].iter().find(|(at, _)| *at as usize == row);
                    prop_assert_eq!(found.map(|(_, ms)| *ms), Some(wanted).filter(|ms| *ms <= limit));
                }
            }
        }

        #[test]
        fn a_place_is_put_on_the_nearest_piece(
            shapes in prop::collection::vec(
                prop::collection::vec((0_i32..60_000, 0_i32..60_000), 2..5), 1..12),
            at in (0.0..700.0_f64, 0.0..700.0_f64),
        ) {
            let shapes: Vec<Vec<[i32; 2]>> =
                shapes.into_iter().map(|points| points.into_iter().map(|(x, y)| [x, y]).collect()).collect();
            let shape = Shape::of(&shapes);
            let all: Vec<u32> = (0..index(shapes.len())).collect();
            let pieces = Pieces::new(&shape, &all);
            let point = Point::new(at.0, at.1).unwrap();

            let found = pieces.nearest(&shape, point, 500.0);

            #[expect(clippy::cast_possible_truncation, reason = "below 70,000")]
            let place = [at.0, at.1].map(|metres| (metres * 100.0).round() as i32);
            let plain = shapes.iter().flat_map(|points| points.windows(2)).map(|ends| {
                beside(place, ends[0], ends[1]).0 / 100.0
            });
            let nearest = plain.min_by(f64::total_cmp).unwrap();
            prop_assert_eq!(found.map(|snap| snap.metres), Some(nearest).filter(|m| *m <= 500.0));
        }
    }
}
