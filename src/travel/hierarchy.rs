//! Contraction hierarchies: a graph prepared once, so that a table of many pairs takes a moment.
//!
//! Vertices are taken out one by one, the least important first, and where a shortest way led over one a shortcut
//! takes its place (Geisberger and others, 2008). A table is then one short search upwards for each source, and one
//! sweep downwards for sixteen sources at a time over the part that leads to any target (after Delling and others'
//! PHAST, 2011). Every entry equals plain Dijkstra: a property test says so.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::{Mutex, PoisonError};

use super::graph::index;
use super::{FAR, Graph, Label};

/// Sources swept together: sixteen distances are one line of a processor's cache.
const LANES: usize = 16;
/// Vertices a search for a way round may settle, when a vertex is weighed or taken out.
const WITNESS_SETTLES: usize = 60;

/// A graph with its shortcuts, by rank: 0 was taken out first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hierarchy {
    /// Rank of each vertex.
    pub(super) rank: Vec<u32>,
    /// By rank: arcs up, as rank of the head and weight.
    pub(super) up: Graph,
    /// By rank: arcs that come down to it, as rank of the tail and weight.
    pub(super) down: Graph,
}

impl Hierarchy {
    /// Prepares a graph. `progress` is told the share done and answers whether to go on; `None` if it said no.
    pub fn new(graph: &Graph, progress: &mut dyn FnMut(f64) -> bool) -> Option<Self> {
        let mut work = Contraction::of(graph);
        let count = graph.vertices();
        let mut queue: BinaryHeap<Reverse<(u64, u32)>> =
            (0..count).map(|vertex| Reverse((work.weigh(vertex), vertex))).collect();
        let mut rank = vec![0_u32; count as usize];
        let (mut up, mut down) = (Vec::new(), Vec::new());
        let mut next = 0_u32;
        while let Some(Reverse((_, vertex))) = queue.pop() {
            let weight = work.weigh(vertex);
            // Weighed long ago: what was taken out since may have made it more important than the next.
            if queue.peek().is_some_and(|Reverse(other)| (weight, vertex) > *other) {
                queue.push(Reverse((weight, vertex)));
                continue;
            }
            rank[vertex as usize] = next;
            let (above, from_above) = work.take_out(vertex);
            up.extend(above.iter().map(|edge| (vertex, edge.to, edge.weight)));
            down.extend(from_above.iter().map(|edge| (vertex, edge.to, edge.weight)));
            next += 1;
            if next.is_multiple_of(4_096) && !progress(f64::from(next) / f64::from(count)) {
                return None;
            }
        }
        let by_rank = |arcs: Vec<(u32, u32, u32)>| {
            let ranked: Vec<_> = arcs
                .into_iter()
                .map(|(a, b, weight)| (rank[a as usize], rank[b as usize], weight))
                .collect();
            Graph::new(count, &ranked)
        };
        let (up, down) = (by_rank(up), by_rank(down));
        Some(Self { rank, up, down })
    }

    /// Shortcuts and arcs together.
    pub fn arc_count(&self) -> usize {
        self.up.arc_count() + self.down.arc_count()
    }

    /// Milliseconds from every source to every target, row by row; [`FAR`] where there is no way. Each source and
    /// target is the vertices that a journey may begin or end with. The answer does not depend on `threads`.
    pub fn table(
        &self,
        sources: &[Vec<Label>],
        targets: &[Vec<Label>],
        threads: usize,
    ) -> Vec<u32> {
        let mut table = vec![FAR; sources.len() * targets.len()];
        if table.is_empty() {
            return table;
        }
        let below = Below::new(self, targets);
        // Neighbours are swept together: their searches climb the same hills.
        let mut order: Vec<usize> = (0..sources.len()).collect();
        order.sort_by_key(|at| sources[*at].iter().map(|(v, _)| self.rank[*v as usize]).max());
        let mut rows: Vec<(usize, &mut [u32])> =
            table.chunks_mut(targets.len()).enumerate().collect();
        let mut place = vec![0; sources.len()];
        for (turn, source) in order.iter().enumerate() {
            place[*source] = turn;
        }
        rows.sort_by_key(|(source, _)| place[*source]);
        let batches = Mutex::new(rows.chunks_mut(LANES));
        let work = || {
            let mut climb = Climb::new(self.rank.len());
            let mut lanes = vec![[FAR_LANE; LANES]; below.ranks.len()];
            loop {
                let batch = batches.lock().unwrap_or_else(PoisonError::into_inner).next();
                let Some(batch) = batch else { return };
                lanes.fill([FAR_LANE; LANES]);
                for (lane, (source, _)) in batch.iter().enumerate() {
                    climb.run(self, &sources[*source], |rank, at| {
                        below.start(&mut lanes, rank, lane, at);
                    });
                }
                below.sweep(&mut lanes);
                for (lane, (_, row)) in batch.iter_mut().enumerate() {
                    below.read(&lanes, lane, row);
                }
            }
        };
        std::thread::scope(|scope| {
            for _ in 1..threads {
                scope.spawn(work);
            }
            work();
        });
        table
    }

    /// Whether the arcs stay inside and lead upwards, as reading stored bytes must know.
    pub(super) fn is_sound(&self) -> bool {
        let count = index(self.rank.len());
        let mut seen = vec![false; self.rank.len()];
        let is_order = self.rank.iter().all(|rank| {
            seen.get_mut(*rank as usize).is_some_and(|seen| !std::mem::replace(seen, true))
        });
        let leads_up = |graph: &Graph| {
            graph.vertices() == count
                && (0..count)
                    .all(|v| graph.leaving(v).iter().all(|arc| arc.head > v && arc.head < count))
        };
        is_order && leads_up(&self.up) && leads_up(&self.down)
    }
}

/// As lanes hold it: comparing signed numbers is what every processor does in one step.
const FAR_LANE: i32 = FAR.cast_signed();

/// The part of a hierarchy from which targets are reached downwards, highest first.
struct Below {
    ranks: Vec<u32>,
    /// Place in `ranks`, or `u32::MAX`.
    place: Vec<u32>,
    /// Arcs from higher places: place of the tail, weight.
    from: Graph,
    /// Of each target: places and milliseconds.
    targets: Vec<Vec<Label>>,
}

impl Below {
    fn new(hierarchy: &Hierarchy, targets: &[Vec<Label>]) -> Self {
        const NONE: u32 = u32::MAX;
        let mut place = vec![NONE; hierarchy.rank.len()];
        let mut stack: Vec<u32> = Vec::new();
        let mut ranks = Vec::new();
        for (vertex, _) in targets.iter().flatten() {
            stack.push(hierarchy.rank[*vertex as usize]);
        }
        while let Some(rank) = stack.pop() {
            if std::mem::replace(&mut place[rank as usize], 0) == NONE {
                ranks.push(rank);
                stack.extend(hierarchy.down.leaving(rank).iter().map(|arc| arc.head));
            }
        }
        ranks.sort_unstable_by_key(|rank| Reverse(*rank));
        for (at, rank) in ranks.iter().enumerate() {
            place[*rank as usize] = index(at);
        }
        let mut arcs = Vec::new();
        for (at, rank) in ranks.iter().enumerate() {
            let from = hierarchy.down.leaving(*rank).iter();
            arcs.extend(from.map(|arc| (index(at), place[arc.head as usize], arc.weight)));
        }
        let from = Graph::new(index(ranks.len()), &arcs);
        let label = |(vertex, at): &Label| (place[hierarchy.rank[*vertex as usize] as usize], *at);
        let targets = targets.iter().map(|ends| ends.iter().map(label).collect()).collect();
        Self { ranks, place, from, targets }
    }

    fn start(&self, lanes: &mut [[i32; LANES]], rank: u32, lane: usize, at: u32) {
        if let Some(held) = lanes.get_mut(self.place[rank as usize] as usize) {
            held[lane] = held[lane].min(at.cast_signed());
        }
    }

    fn sweep(&self, lanes: &mut [[i32; LANES]]) {
        for at in 0..lanes.len() {
            let (above, rest) = lanes.split_at_mut(at);
            let own = &mut rest[0];
            for arc in self.from.leaving(index(at)) {
                let tail = &above[arc.head as usize];
                let weight = arc.weight.cast_signed();
                for (own, tail) in own.iter_mut().zip(tail) {
                    *own = (*own).min(tail + weight);
                }
            }
            // Far stays far, however many arcs are added to it.
            for own in own.iter_mut() {
                *own = (*own).min(FAR_LANE);
            }
        }
    }

    fn read(&self, lanes: &[[i32; LANES]], lane: usize, row: &mut [u32]) {
        for (cell, ends) in row.iter_mut().zip(&self.targets) {
            let ways =
                ends.iter().map(|(place, at)| lanes[*place as usize][lane].cast_unsigned() + at);
            *cell = ways.min().unwrap_or(FAR).min(FAR);
        }
    }
}

/// A search upwards, over and over in the same memory.
struct Climb {
    distance: Vec<u32>,
    touched: Vec<u32>,
    queue: BinaryHeap<Reverse<(u32, u32)>>,
}

impl Climb {
    fn new(count: usize) -> Self {
        Self { distance: vec![FAR; count], touched: Vec::new(), queue: BinaryHeap::new() }
    }

    /// Gives each rank settled and its milliseconds. Ranks to which a way from above is shorter are left out, with
    /// all that lies behind them: no shortest way climbs over them.
    fn run(&mut self, hierarchy: &Hierarchy, starts: &[Label], mut settle: impl FnMut(u32, u32)) {
        for rank in self.touched.drain(..) {
            self.distance[rank as usize] = FAR;
        }
        for (vertex, at) in starts {
            self.note(hierarchy.rank[*vertex as usize], *at);
        }
        while let Some(Reverse((at, rank))) = self.queue.pop() {
            if at > self.distance[rank as usize] {
                continue;
            }
            let is_stalled = hierarchy
                .down
                .leaving(rank)
                .iter()
                .any(|arc| self.distance[arc.head as usize] + arc.weight < at);
            if is_stalled {
                continue;
            }
            settle(rank, at);
            for arc in hierarchy.up.leaving(rank) {
                self.note(arc.head, at + arc.weight);
            }
        }
    }

    fn note(&mut self, rank: u32, at: u32) {
        let held = &mut self.distance[rank as usize];
        if at < *held {
            if *held == FAR {
                self.touched.push(rank);
            }
            *held = at;
            self.queue.push(Reverse((at, rank)));
        }
    }
}

/// An arc of what is left, and how many arcs of the graph it stands for.
#[derive(Debug, Clone, Copy)]
struct Edge {
    to: u32,
    weight: u32,
    hops: u32,
}

/// What is left of the graph.
struct Contraction {
    out: Vec<Vec<Edge>>,
    into: Vec<Vec<Edge>>,
    /// How many storeys of the hierarchy lie under a vertex.
    level: Vec<u32>,
    witness: Witness,
    /// From, to, weight, hops: what taking out the vertex last weighed would add.
    shortcuts: Vec<(u32, u32, u32, u32)>,
}

impl Contraction {
    fn of(graph: &Graph) -> Self {
        let count = graph.vertices() as usize;
        let mut work = Self {
            out: vec![Vec::new(); count],
            into: vec![Vec::new(); count],
            level: vec![0; count],
            witness: Witness::new(count),
            shortcuts: Vec::new(),
        };
        for tail in 0..graph.vertices() {
            for arc in graph.leaving(tail).iter().filter(|arc| arc.head != tail) {
                work.join(tail, arc.head, arc.weight, 1);
            }
        }
        work
    }

    fn join(&mut self, tail: u32, head: u32, weight: u32, hops: u32) {
        let improve = |among: &mut Vec<Edge>, to: u32| {
            let known = among.iter_mut().find(|edge| edge.to == to);
            match known {
                Some(known) if known.weight <= weight => {}
                Some(known) => *known = Edge { to, weight, hops },
                None => among.push(Edge { to, weight, hops }),
            }
        };
        improve(&mut self.out[tail as usize], head);
        improve(&mut self.into[head as usize], tail);
    }

    /// How much is lost by taking a vertex out now: storeys, shortcuts against arcs, and the arcs they stand for.
    /// Leaves the shortcuts in `shortcuts`.
    fn weigh(&mut self, vertex: u32) -> u64 {
        self.find_shortcuts(vertex);
        let (mut removed, mut removed_hops) = (1_u64, 1_u64);
        for edge in self.out[vertex as usize].iter().chain(&self.into[vertex as usize]) {
            removed += 1;
            removed_hops += u64::from(edge.hops);
        }
        let added = self.shortcuts.len() as u64;
        let added_hops: u64 = self.shortcuts.iter().map(|shortcut| u64::from(shortcut.3)).sum();
        1_000 * u64::from(self.level[vertex as usize])
            + (1_000 * added).div_euclid(removed)
            + (1_000 * added_hops).div_euclid(removed_hops)
    }

    fn find_shortcuts(&mut self, vertex: u32) {
        self.shortcuts.clear();
        let (into, out) = (&self.into[vertex as usize], &self.out[vertex as usize]);
        for from in into {
            let ends = out.iter().filter(|to| to.to != from.to);
            let ends = ends.map(|to| (to.to, from.weight + to.weight));
            if self.witness.run(&self.out, from.to, vertex, ends) {
                for to in out.iter().filter(|to| to.to != from.to) {
                    let weight = from.weight + to.weight;
                    if self.witness.distance(to.to) > weight && weight < FAR {
                        self.shortcuts.push((from.to, to.to, weight, from.hops + to.hops));
                    }
                }
            }
        }
    }

    /// Takes out the vertex that was weighed last; gives what stays above it: its arcs out, and into it.
    fn take_out(&mut self, vertex: u32) -> (Vec<Edge>, Vec<Edge>) {
        let out = std::mem::take(&mut self.out[vertex as usize]);
        let into = std::mem::take(&mut self.into[vertex as usize]);
        let level = self.level[vertex as usize] + 1;
        for edge in &out {
            self.into[edge.to as usize].retain(|other| other.to != vertex);
            self.level[edge.to as usize] = self.level[edge.to as usize].max(level);
        }
        for edge in &into {
            self.out[edge.to as usize].retain(|other| other.to != vertex);
            self.level[edge.to as usize] = self.level[edge.to as usize].max(level);
        }
        for (from, to, weight, hops) in std::mem::take(&mut self.shortcuts) {
            self.join(from, to, weight, hops);
        }
        (out, into)
    }
}

/// A short search for ways round a vertex.
struct Witness {
    distance: Vec<u32>,
    touched: Vec<u32>,
    /// The longest way to a target that makes its shortcut needless; 0 for what is no target.
    wanted: Vec<u32>,
    marked: Vec<u32>,
    queue: BinaryHeap<Reverse<(u32, u32)>>,
}

impl Witness {
    fn new(count: usize) -> Self {
        Self {
            distance: vec![FAR; count],
            touched: Vec::new(),
            wanted: vec![0; count],
            marked: Vec::new(),
            queue: BinaryHeap::new(),
        }
    }

    /// `false` where every end has a way round: then no shortcut is needed. Ends cut short by the count of settled
    /// vertices count as without one, which costs a shortcut and is never wrong.
    fn run(
        &mut self,
        out: &[Vec<Edge>],
        from: u32,
        avoid: u32,
        ends: impl Iterator<Item = Label>,
    ) -> bool {
        for vertex in self.touched.drain(..) {
            self.distance[vertex as usize] = FAR;
        }
        for vertex in self.marked.drain(..) {
            self.wanted[vertex as usize] = 0;
        }
        self.queue.clear();
        let (mut left, mut longest) = (0_usize, 0);
        for (to, weight) in ends {
            // One more than the weight, so that a way of no length is told from no target.
            self.wanted[to as usize] = weight + 1;
            self.marked.push(to);
            left += 1;
            longest = longest.max(weight);
        }
        if left == 0 {
            return false;
        }
        self.distance[from as usize] = 0;
        self.touched.push(from);
        self.queue.push(Reverse((0, from)));
        let mut settled = 0;
        while let Some(Reverse((at, vertex))) = self.queue.pop() {
            if at > self.distance[vertex as usize] {
                continue;
            }
            settled += 1;
            if at > longest || settled > WITNESS_SETTLES {
                break;
            }
            for edge in &out[vertex as usize] {
                let next = at + edge.weight;
                if edge.to == avoid || next > longest {
                    continue;
                }
                let held = &mut self.distance[edge.to as usize];
                if next < *held {
                    if *held == FAR {
                        self.touched.push(edge.to);
                    }
                    *held = next;
                    let wanted = &mut self.wanted[edge.to as usize];
                    if next < *wanted {
                        *wanted = 0;
                        left -= 1;
                        if left == 0 {
                            return false;
                        }
                    }
                    self.queue.push(Reverse((next, edge.to)));
                }
            }
        }
        true
    }

    fn distance(&self, vertex: u32) -> u32 {
        self.distance[vertex as usize]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{dijkstra, graph};
    use super::*;

    proptest! {
        #[test]
        fn every_entry_equals_plain_dijkstra(
            graph in graph::tests::graphs(),
            sources in prop::collection::vec(prop::collection::vec((0_u32..40, 0_u32..9_000), 0..3), 0..20),
            targets in prop::collection::vec(prop::collection::vec((0_u32..40, 0_u32..9_000), 0..3), 0..5),
            threads in 1_usize..3,
        ) {
            let inside = |places: Vec<Vec<Label>>| -> Vec<Vec<Label>> {
                let label = |(v, at): Label| (v % graph.vertices(), at);
                places.into_iter().map(|ends| ends.into_iter().map(label).collect()).collect()
            };
            let (sources, targets) = (inside(sources), inside(targets));
            let hierarchy = Hierarchy::new(&graph, &mut |_| true).unwrap();
            prop_assert!(hierarchy.is_sound());

            let table = hierarchy.table(&sources, &targets, threads);

            let mut told = table.iter();
            for source in &sources {
                let plain = dijkstra(&graph, source);
                for target in &targets {
                    let wanted = target.iter().map(|(v, at)| plain[*v as usize] + at).min();
                    prop_assert_eq!(*told.next().unwrap(), wanted.unwrap_or(FAR).min(FAR));
                }
            }
        }
    }

    #[test]
    fn preparing_stops_when_told_to() {
        let arcs: Vec<_> = (0..9_000).map(|v| (v, v + 1, 5)).collect();
        let graph = Graph::new(9_001, &arcs);
        let mut told = Vec::new();
        assert!(
            Hierarchy::new(&graph, &mut |share| {
                told.push(share);
                told.len() < 2
            })
            .is_none()
        );
        assert_eq!(told.len(), 2);
    }
}
