//! Junctions with turn restrictions, split: one copy of the junction for each set of turns that is left.
//!
//! Elsewhere a junction stays one vertex, so that a city's graph grows by a few per cent and no more.

use std::collections::{BTreeMap, BTreeSet};

use super::Graph;
use super::graph::index;

/// A stretch of street between two junctions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// Junction at its start.
    pub from: u32,
    /// Junction at its end.
    pub to: u32,
    /// Milliseconds from start to end; `FAR` where that way is not open.
    pub forward: u32,
    /// Milliseconds from end to start; `FAR` where that way is not open.
    pub backward: u32,
}

/// A segment travelled: twice its number, one more if backward.
pub type Traversal = u32;

impl Segment {
    /// Milliseconds of a traversal of this segment.
    pub fn milliseconds(&self, traversal: Traversal) -> u32 {
        if traversal & 1 == 0 { self.forward } else { self.backward }
    }

    /// Where a traversal of this segment begins and ends.
    pub fn ends(&self, traversal: Traversal) -> (u32, u32) {
        if traversal & 1 == 0 { (self.from, self.to) } else { (self.to, self.from) }
    }
}

/// A graph whose vertices are junctions, first each junction by its number, then the copies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// Its arcs.
    pub graph: Graph,
    /// What each arc travels, in the order of arcs.
    pub travels: Vec<Traversal>,
    /// The vertex each traversal ends in; `u32::MAX` for what is not open.
    pub enters: Vec<u32>,
    /// The junction of each copy, which is numbered after the junctions.
    pub copies: Vec<u32>,
}

/// Traversals that may not follow a traversal.
pub type Forbidden = BTreeMap<Traversal, BTreeSet<Traversal>>;

/// Splits what must be split.
pub fn split(junctions: u32, segments: &[Segment], forbidden: &Forbidden) -> Split {
    let traversals = || {
        (0..index(segments.len() * 2)).filter_map(|traversal| {
            let segment = &segments[(traversal >> 1) as usize];
            let weight = segment.milliseconds(traversal);
            (weight < super::FAR).then_some((traversal, segment.ends(traversal), weight))
        })
    };
    let mut enters = vec![u32::MAX; segments.len() * 2];
    // Arrivals at one junction that forbid the same share a copy.
    let mut copy_of: BTreeMap<(u32, &BTreeSet<Traversal>), u32> = BTreeMap::new();
    let mut copies = Vec::new();
    for (traversal, (_, end), _) in traversals() {
        enters[traversal as usize] = match forbidden.get(&traversal).filter(|set| !set.is_empty()) {
            None => end,
            Some(set) => *copy_of.entry((end, set)).or_insert_with(|| {
                copies.push(end);
                junctions + index(copies.len() - 1)
            }),
        };
    }
    let mut copies_at: BTreeMap<u32, Vec<(u32, &BTreeSet<Traversal>)>> = BTreeMap::new();
    for ((junction, set), vertex) in &copy_of {
        copies_at.entry(*junction).or_default().push((*vertex, set));
    }
    let mut arcs: Vec<(u32, u32, u32, Traversal)> = Vec::new();
    for (traversal, (start, _), weight) in traversals() {
        let head = enters[traversal as usize];
        arcs.push((start, head, weight, traversal));
        let copies = copies_at.get(&start).into_iter().flatten();
        let open = copies.filter(|(_, forbids)| !forbids.contains(&traversal));
        arcs.extend(open.map(|(vertex, _)| (*vertex, head, weight, traversal)));
    }
    arcs.sort_by_key(|(tail, ..)| *tail);
    let plain: Vec<(u32, u32, u32)> =
        arcs.iter().map(|(a, b, weight, _)| (*a, *b, *weight)).collect();
    let graph = Graph::new(junctions + index(copies.len()), &plain);
    Split { graph, travels: arcs.iter().map(|arc| arc.3).collect(), enters, copies }
}
