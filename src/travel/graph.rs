//! A directed graph weighted in whole milliseconds, and the two plain searches over it.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Farther than any journey: twelve days in milliseconds. Twice this still fits an `i32`.
pub const FAR: u32 = 1 << 30;

/// An arc from the vertex that lists it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Arc {
    /// Where it leads.
    pub head: u32,
    /// Milliseconds, below [`FAR`].
    pub weight: u32,
}

/// Arcs by the vertex they leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Graph {
    first: Vec<u32>,
    arcs: Vec<Arc>,
}

/// A start or an end of a journey: a vertex, and the milliseconds between it and the place.
pub type Label = (u32, u32);

/// A count of vertices or arcs as an index. A graph of four thousand million arcs would not fit in memory.
pub(super) fn index(count: usize) -> u32 {
    u32::try_from(count).expect("fewer than 2^32 vertices and arcs fit in memory")
}

impl Graph {
    /// Of arcs as tail, head, weight, with ends below `vertices`. Weights are cut to below [`FAR`].
    pub fn new(vertices: u32, arcs: &[(u32, u32, u32)]) -> Self {
        let mut first = vec![0_u32; vertices as usize + 1];
        for (tail, _, _) in arcs {
            first[*tail as usize + 1] += 1;
        }
        for at in 1..first.len() {
            first[at] += first[at - 1];
        }
        let mut next = first.clone();
        let mut held = vec![Arc { head: 0, weight: 0 }; arcs.len()];
        for (tail, head, weight) in arcs {
            let slot = &mut next[*tail as usize];
            held[*slot as usize] = Arc { head: *head, weight: (*weight).min(FAR - 1) };
            *slot += 1;
        }
        Self { first, arcs: held }
    }

    /// How many vertices there are.
    pub fn vertices(&self) -> u32 {
        index(self.first.len() - 1)
    }

    /// How many arcs there are.
    pub fn arc_count(&self) -> usize {
        self.arcs.len()
    }

    /// The arcs that leave a vertex.
    pub fn leaving(&self, vertex: u32) -> &[Arc] {
        &self.arcs[self.range(vertex)]
    }

    /// Where the arcs of a vertex stand in the list of all arcs.
    pub(super) fn range(&self, vertex: u32) -> std::ops::Range<usize> {
        self.first[vertex as usize] as usize..self.first[vertex as usize + 1] as usize
    }

    /// The same graph with every arc turned round.
    #[must_use]
    pub fn reversed(&self) -> Self {
        let mut arcs = Vec::with_capacity(self.arcs.len());
        for tail in 0..self.vertices() {
            arcs.extend(self.leaving(tail).iter().map(|arc| (arc.head, tail, arc.weight)));
        }
        Self::new(self.vertices(), &arcs)
    }

    fn longest_arc(&self) -> u32 {
        self.arcs.iter().map(|arc| arc.weight).max().unwrap_or(0)
    }
}

/// Dijkstra's algorithm by the book, to every vertex: the baseline of the bench and the oracle of the tests.
pub fn dijkstra(graph: &Graph, starts: &[Label]) -> Vec<u32> {
    let mut distance = vec![FAR; graph.vertices() as usize];
    let mut queue = BinaryHeap::new();
    for (vertex, weight) in starts {
        if *weight < distance[*vertex as usize] {
            distance[*vertex as usize] = *weight;
            queue.push(Reverse((*weight, *vertex)));
        }
    }
    while let Some(Reverse((so_far, vertex))) = queue.pop() {
        if so_far > distance[vertex as usize] {
            continue;
        }
        for arc in graph.leaving(vertex) {
            let next = so_far + arc.weight;
            let held = &mut distance[arc.head as usize];
            if next < *held {
                *held = next;
                queue.push(Reverse((next, arc.head)));
            }
        }
    }
    distance
}

/// Four seconds a bucket: a street is rarely shorter, so that few vertices are looked at twice.
const BUCKET_BITS: u32 = 12;

/// A search to a limit, over and over in the same memory. Buckets instead of a heap: a walk of half an hour reaches
/// thousands of vertices, and sorting them to the millisecond is not needed to be exact.
#[derive(Debug, Clone)]
pub struct Search {
    distance: Vec<u32>,
    reached: Vec<u32>,
    /// A ring as long as the longest arc.
    buckets: Vec<Vec<Label>>,
}

impl Search {
    /// For this graph.
    pub fn new(graph: &Graph) -> Self {
        let ring = (graph.longest_arc() >> BUCKET_BITS) as usize + 2;
        Self {
            distance: vec![FAR; graph.vertices() as usize],
            reached: Vec::new(),
            buckets: vec![Vec::new(); ring.next_power_of_two()],
        }
    }

    /// Finds every vertex within `limit` milliseconds of the nearest start, exactly at the limit included.
    pub fn run(&mut self, graph: &Graph, starts: &[Label], limit: u32) {
        for vertex in self.reached.drain(..) {
            self.distance[vertex as usize] = FAR;
        }
        let limit = limit.min(FAR - 1);
        let mask = self.buckets.len() - 1;
        let mut waiting = 0_usize;
        // A start may lie farther off than the ring is long: it is let in when the search has come so far.
        let mut late: Vec<Label> = starts.iter().copied().filter(|(_, at)| *at <= limit).collect();
        late.sort_unstable_by_key(|(vertex, at)| Reverse((*at, *vertex)));
        let mut turn = 0_u32;
        loop {
            while let Some((vertex, at)) = late.pop_if(|(_, at)| *at >> BUCKET_BITS <= turn) {
                if at < self.distance[vertex as usize] {
                    self.note(vertex, at);
                    self.buckets[turn as usize & mask].push((vertex, at));
                    waiting += 1;
                }
            }
            while let Some((vertex, at)) = self.buckets[turn as usize & mask].pop() {
                waiting -= 1;
                if at > self.distance[vertex as usize] {
                    continue;
                }
                for arc in graph.leaving(vertex) {
                    let next = at + arc.weight;
                    if next <= limit && next < self.distance[arc.head as usize] {
                        self.note(arc.head, next);
                        self.buckets[(next >> BUCKET_BITS) as usize & mask].push((arc.head, next));
                        waiting += 1;
                    }
                }
            }
            match late.last() {
                _ if waiting > 0 => turn += 1,
                Some((_, at)) => turn = at >> BUCKET_BITS,
                None => return,
            }
        }
    }

    fn note(&mut self, vertex: u32, at: u32) {
        let held = &mut self.distance[vertex as usize];
        if *held == FAR {
            self.reached.push(vertex);
        }
        *held = at;
    }

    /// Milliseconds to a vertex; [`FAR`] where it was not reached.
    pub fn distance(&self, vertex: u32) -> u32 {
        self.distance[vertex as usize]
    }

    /// What was reached, in no order that means anything.
    pub fn reached(&self) -> &[u32] {
        &self.reached
    }
}

/// The strongly connected part each vertex is in, numbered from 0, and how many vertices each part has.
pub fn parts(graph: &Graph) -> (Vec<u32>, Vec<u32>) {
    const NONE: u32 = u32::MAX;
    let count = graph.vertices() as usize;
    let (mut order, mut low, mut part) = (vec![NONE; count], vec![0_u32; count], vec![NONE; count]);
    let mut sizes = Vec::new();
    let (mut stack, mut path): (Vec<u32>, Vec<(u32, u32)>) = (Vec::new(), Vec::new());
    let mut clock = 0;
    // Tarjan's algorithm; the path stands in for recursion, which would overflow on a street of a million corners.
    for root in 0..graph.vertices() {
        if order[root as usize] != NONE {
            continue;
        }
        path.push((root, 0));
        while let Some((vertex, next)) = path.last_mut() {
            let at = *vertex as usize;
            if *next == 0 {
                order[at] = clock;
                low[at] = clock;
                clock += 1;
                stack.push(*vertex);
            }
            if let Some(arc) = graph.leaving(*vertex).get(*next as usize) {
                *next += 1;
                let head = arc.head as usize;
                if order[head] == NONE {
                    path.push((arc.head, 0));
                } else if part[head] == NONE {
                    low[at] = low[at].min(order[head]);
                }
                continue;
            }
            let (vertex, at) = (*vertex, at);
            path.pop();
            if let Some((parent, _)) = path.last() {
                low[*parent as usize] = low[*parent as usize].min(low[at]);
            }
            if low[at] == order[at] {
                let number = index(sizes.len());
                let mut size = 0;
                while let Some(member) = stack.pop() {
                    part[member as usize] = number;
                    size += 1;
                    if member == vertex {
                        break;
                    }
                }
                sizes.push(size);
            }
        }
    }
    (part, sizes)
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    pub(in crate::travel) fn graphs() -> impl Strategy<Value = Graph> {
        (1_u32..40).prop_flat_map(|count| {
            let arc = (0..count, 0..count, prop_oneof![0_u32..50, 1_000_u32..90_000]);
            prop::collection::vec(arc, 0..160).prop_map(move |arcs| Graph::new(count, &arcs))
        })
    }

    proptest! {
        #[test]
        fn the_search_in_buckets_finds_what_plain_dijkstra_finds(
            graph in graphs(),
            starts in prop::collection::vec((0_u32..40, 0_u32..200_000), 1..4),
            limit in 0_u32..300_000,
        ) {
            let starts: Vec<Label> =
                starts.into_iter().map(|(v, at)| (v % graph.vertices(), at)).collect();
            let plain = dijkstra(&graph, &starts);
            let mut search = Search::new(&graph);

            // Twice: nothing of the first may be left in the second.
            search.run(&graph, &[(0, 0)], limit);
            search.run(&graph, &starts, limit);

            for vertex in 0..graph.vertices() {
                let wanted = plain[vertex as usize];
                let wanted = if wanted <= limit { wanted } else { FAR };
                prop_assert_eq!(search.distance(vertex), wanted);
                prop_assert_eq!(search.reached().contains(&vertex), wanted < FAR);
            }
        }

        #[test]
        fn two_vertices_are_in_one_part_if_each_reaches_the_other(graph in graphs()) {
            let (part, sizes) = parts(&graph);
            let from: Vec<Vec<u32>> =
                (0..graph.vertices()).map(|v| dijkstra(&graph, &[(v, 0)])).collect();
            for a in 0..part.len() {
                for b in 0..part.len() {
                    let both = from[a][b] < FAR && from[b][a] < FAR;
                    prop_assert_eq!(part[a] == part[b], both);
                }
            }
            prop_assert_eq!(sizes.iter().sum::<u32>(), graph.vertices());
        }
    }
}
