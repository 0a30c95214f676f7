//! Prepared networks as bytes, so that one is prepared once.

use serde::{Deserialize, Serialize};

use super::bytes::{Damaged, Reader, Writer};
use super::graph::index;
use super::network::{Island, Network, Shape};
use super::split::{Segment, Split};
use super::{Arc, FAR, Graph, Hierarchy, Profile, SpeedTable};

const WHAT: &str = "street network";
const TITLE: &str = "domesday streets 1";

/// All of a network but its arrays.
#[derive(Serialize, Deserialize)]
struct Head {
    profile: Profile,
    speeds: SpeedTable,
    islands: Vec<Island>,
    is_prepared: bool,
}

/// Canonical bytes of the networks of one mode.
pub fn encode_streets(networks: &[Network]) -> Vec<u8> {
    let mut all = Writer::new(TITLE, &networks.len());
    for network in networks {
        network.write(&mut all);
    }
    all.done()
}

/// Undoes [`encode_streets`]. Whatever the bytes, no network comes of it that a search could leave.
pub fn decode_streets(bytes: &[u8]) -> Result<Vec<Network>, Damaged> {
    let (mut from, count) = Reader::new::<usize>(WHAT, TITLE, bytes)?;
    if count > Profile::ALL.len() {
        return Err(from.damaged("it holds more networks than there are profiles"));
    }
    let networks = (0..count).map(|_| Network::read(&mut from)).collect::<Result<Vec<_>, _>>()?;
    from.end()?;
    Ok(networks)
}

impl Network {
    fn write(&self, out: &mut Writer) {
        let head = Head {
            profile: self.profile,
            speeds: self.speeds.clone(),
            islands: self.islands.clone(),
            is_prepared: self.hierarchy.is_some(),
        };
        out.head(&head);
        let place = |at: &[i32; 2]| at.map(i32::cast_unsigned);
        out.numbers(self.places.iter().flat_map(place));
        out.numbers(
            self.segments
                .iter()
                .flat_map(|segment| [segment.from, segment.to, segment.forward, segment.backward]),
        );
        out.numbers(self.shape.first.iter().copied());
        out.numbers(self.shape.points.iter().flat_map(place));
        graph(out, &self.split.graph);
        out.numbers(self.split.travels.iter().copied());
        out.numbers(self.split.enters.iter().copied());
        out.numbers(self.split.copies.iter().copied());
        out.numbers(self.part.iter().copied());
        out.numbers(self.sizes.iter().copied());
        if let Some(hierarchy) = &self.hierarchy {
            out.numbers(hierarchy.rank.iter().copied());
            graph(out, &hierarchy.up);
            graph(out, &hierarchy.down);
        }
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Damaged> {
        let head: Head = from.head()?;
        let places = pairs(from)?;
        let segments: Vec<Segment> = from
            .numbers()?
            .as_chunks::<4>()
            .0
            .iter()
            .map(|[from, to, forward, backward]| Segment {
                from: *from,
                to: *to,
                forward: *forward,
                backward: *backward,
            })
            .collect();
        let shape = Shape { first: from.numbers()?, points: pairs(from)? };
        let split = Split {
            graph: read_graph(from)?,
            travels: from.numbers()?,
            enters: from.numbers()?,
            copies: from.numbers()?,
        };
        let (part, sizes) = (from.numbers()?, from.numbers()?);
        let hierarchy = if head.is_prepared {
            let rank = from.numbers()?;
            let hierarchy = Hierarchy { rank, up: read_graph(from)?, down: read_graph(from)? };
            let fits = hierarchy.rank.len() == split.graph.vertices() as usize;
            if !fits || !hierarchy.is_sound() {
                return Err(from.damaged("its hierarchy contradicts itself"));
            }
            Some(hierarchy)
        } else {
            None
        };
        let network = Self {
            profile: head.profile,
            speeds: head.speeds,
            islands: head.islands,
            places,
            segments,
            shape,
            split,
            part,
            sizes,
            hierarchy,
            pieces: super::network::Pieces::default(),
        };
        if !network.is_sound() {
            return Err(from.damaged("its streets contradict themselves"));
        }
        Ok(network.indexed())
    }

    fn is_sound(&self) -> bool {
        let (junctions, vertices) = (self.places.len(), self.split.graph.vertices() as usize);
        let count = self.segments.len();
        let below = |numbers: &[u32], end: usize| numbers.iter().all(|at| (*at as usize) < end);
        let shape = &self.shape;
        self.speeds.unusable().is_none()
            && self.segments.iter().all(|segment| {
                below(&[segment.from, segment.to], junctions)
                    && segment.forward.max(segment.backward) <= FAR
            })
            && shape.first.len() == count + 1
            && shape.first.first() == Some(&0)
            && shape.first.windows(2).all(|ends| ends[0] + 1 < ends[1])
            && shape.first.last().is_some_and(|end| *end as usize == shape.points.len())
            && shape.points.iter().flatten().all(|cm| (0..=130_000_000).contains(cm))
            && self.split.travels.len() == self.split.graph.arc_count()
            && below(&self.split.travels, count * 2)
            && self.split.enters.len() == count * 2
            && self.split.enters.iter().enumerate().all(|(traversal, vertex)| {
                let weight = self.segments[traversal >> 1].milliseconds(index(traversal));
                weight == FAR || (*vertex as usize) < vertices
            })
            && junctions + self.split.copies.len() == vertices
            && below(&self.split.copies, junctions)
            && self.part.len() == junctions
            && below(&self.part, self.sizes.len())
    }
}

fn pairs(from: &mut Reader<'_>) -> Result<Vec<[i32; 2]>, Damaged> {
    let numbers = from.numbers()?;
    Ok(numbers.as_chunks::<2>().0.iter().map(|at| at.map(u32::cast_signed)).collect())
}

fn graph(out: &mut Writer, graph: &Graph) {
    out.numbers((0..graph.vertices()).map(|vertex| index(graph.leaving(vertex).len())));
    let arcs = (0..graph.vertices()).flat_map(|vertex| graph.leaving(vertex));
    out.numbers(arcs.flat_map(|arc| [arc.head, arc.weight]));
}

fn read_graph(from: &mut Reader<'_>) -> Result<Graph, Damaged> {
    let (counts, ends) = (from.numbers()?, from.numbers()?);
    let mut ends = ends.as_chunks::<2>().0.iter();
    let total: u64 = counts.iter().map(|count| u64::from(*count)).sum();
    if total != ends.len() as u64 {
        return Err(from.damaged("its graph has more or fewer arcs than it says"));
    }
    let mut arcs = Vec::with_capacity(ends.len());
    for (tail, count) in counts.iter().enumerate() {
        for [head, weight] in ends.by_ref().take(*count as usize) {
            if *head as usize >= counts.len() || *weight >= FAR {
                return Err(from.damaged("an arc of its graph leads nowhere"));
            }
            arcs.push((index(tail), Arc { head: *head, weight: *weight }));
        }
    }
    let arcs: Vec<_> = arcs.into_iter().map(|(tail, arc)| (tail, arc.head, arc.weight)).collect();
    Ok(Graph::new(index(counts.len()), &arcs))
}
