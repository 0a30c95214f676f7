//! From mapped ways to junctions, segments and turns.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use super::graph::index;
use super::network::{Island, Network, Shape};
use super::osm::{Osm, Restriction, Tags};
use super::speeds::{Passage, Profile, SpeedTable};
use super::split::{Forbidden, Segment, Traversal};
use super::{FAR, Graph, parts};

/// What became of the map, for whoever prepares a network.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuildReport {
    /// Ways that this profile may pass.
    pub ways: u64,
    /// Nodes a way names that the file does not hold, as where a map is cut at its edge.
    pub missing_nodes: u64,
    /// Turn restrictions that are kept.
    pub restrictions_kept: u64,
    /// Restrictions whose ways or node this profile does not use.
    pub restrictions_elsewhere: u64,
    /// Restrictions through other ways, at certain hours, or not understood: not kept. Relation and why.
    pub restrictions_unsupported: Vec<(i64, String)>,
}

/// A stretch between two neighbouring nodes of a way.
#[derive(Clone, Copy)]
struct Edge {
    a: u32,
    b: u32,
    passage: Passage,
    way: u32,
}

/// Builds the network of a profile. Nodes between which nothing is decided are joined: a segment runs from junction to
/// junction and keeps its shape.
pub fn build(osm: &Osm, profile: Profile, speeds: &SpeedTable) -> (Network, BuildReport) {
    let mut report = BuildReport::default();
    let (nodes, edges) = edges(osm, profile, speeds, &mut report);
    let around = around(nodes.len(), &edges);
    let via: BTreeSet<i64> = if profile == Profile::Drive {
        osm.restrictions.iter().flat_map(|held| held.via_nodes.iter().copied()).collect()
    } else {
        BTreeSet::new()
    };
    let chains = chains(&nodes, &edges, &around, &via);
    let streets = Streets::of(osm, &nodes, &edges, chains);
    let forbidden =
        if profile == Profile::Drive { streets.turns(osm, &mut report) } else { Forbidden::new() };
    (streets.network(profile, speeds, &forbidden), report)
}

/// Nodes used, and the stretches between them that may be passed. A node that stops everyone becomes as many nodes as
/// stretches meet in it: each ends there.
fn edges(
    osm: &Osm,
    profile: Profile,
    speeds: &SpeedTable,
    report: &mut BuildReport,
) -> (Vec<Node>, Vec<Edge>) {
    let mut numbers: HashMap<i64, u32> = HashMap::new();
    let mut nodes: Vec<Node> = Vec::new();
    let mut edges = Vec::new();
    let mut missing = BTreeSet::new();
    for (way_ix, way) in osm.ways.iter().enumerate() {
        let Some(passage) = speeds.passage(profile, &way.tags) else { continue };
        report.ways += 1;
        let mut before: Option<u32> = None;
        for id in &way.nodes {
            let Some(point) = osm.point(*id) else {
                missing.insert(*id);
                before = None;
                continue;
            };
            let is_blocked =
                osm.node_tags.get(id).is_some_and(|tags| SpeedTable::is_blocked(profile, tags));
            let mut fresh = || {
                nodes.push(Node {
                    id: *id,
                    at: [centimetres(point.easting()), centimetres(point.northing())],
                });
                index(nodes.len() - 1)
            };
            let (arriving, leaving) = if is_blocked {
                (fresh(), fresh())
            } else {
                let held = *numbers.entry(*id).or_insert_with(&mut fresh);
                (held, held)
            };
            if let Some(a) = before.filter(|a| *a != arriving) {
                edges.push(Edge { a, b: arriving, passage, way: index(way_ix) });
            }
            before = Some(leaving);
        }
    }
    report.missing_nodes = missing.len() as u64;
    (nodes, edges)
}

#[derive(Clone, Copy)]
struct Node {
    id: i64,
    at: [i32; 2],
}

#[expect(clippy::cast_possible_truncation, reason = "the National Grid ends at 1,300 km")]
fn centimetres(metres: f64) -> i32 {
    (metres * 100.0).round() as i32
}

/// Edges at each node, as a graph whose weights are numbers of edges.
fn around(nodes: usize, edges: &[Edge]) -> Graph {
    let both = edges
        .iter()
        .enumerate()
        .flat_map(|(at, edge)| [(edge.a, edge.b, index(at)), (edge.b, edge.a, index(at))]);
    Graph::new(index(nodes), &both.collect::<Vec<_>>())
}

/// A segment before it has a number: its nodes in order, and its first and last edge with their direction.
struct Chain {
    nodes: Vec<u32>,
    edges: Vec<(u32, bool)>,
}

fn towards(edge: &Edge, from: u32) -> Passage {
    if edge.a == from {
        edge.passage
    } else {
        Passage { forward: edge.passage.backward, backward: edge.passage.forward }
    }
}

fn chains(nodes: &[Node], edges: &[Edge], around: &Graph, via: &BTreeSet<i64>) -> Vec<Chain> {
    // Whether a journey through the node has no choice and no change of pace.
    let is_between = |node: u32| match around.leaving(node) {
        [one, other] => {
            let (inward, outward) = (&edges[one.weight as usize], &edges[other.weight as usize]);
            let (onward, back) = (towards(outward, node), towards(inward, node));
            one.head != other.head
                && onward.forward == back.backward
                && onward.backward == back.forward
                && !via.contains(&nodes[node as usize].id)
        }
        _ => false,
    };
    let mut is_used = vec![false; edges.len()];
    let mut chains = Vec::new();
    let mut follow = |start: u32, is_end: &dyn Fn(u32) -> bool, chains: &mut Vec<Chain>| {
        for first in around.leaving(start) {
            if is_used[first.weight as usize] {
                continue;
            }
            let mut chain = Chain { nodes: vec![start], edges: Vec::new() };
            let (mut node, mut edge) = (start, first);
            loop {
                is_used[edge.weight as usize] = true;
                chain.edges.push((edge.weight, edges[edge.weight as usize].a == node));
                node = edge.head;
                chain.nodes.push(node);
                if is_end(node) {
                    break;
                }
                let onward =
                    around.leaving(node).iter().find(|next| !is_used[next.weight as usize]);
                match onward {
                    Some(next) => edge = next,
                    None => break,
                }
            }
            chains.push(chain);
        }
    };
    for node in 0..index(nodes.len()) {
        if !is_between(node) {
            follow(node, &|end| !is_between(end), &mut chains);
        }
    }
    // What is left are rings without a junction: each is cut open somewhere.
    for node in 0..index(nodes.len()) {
        follow(node, &|end| end == node || !is_between(end), &mut chains);
    }
    chains
}

/// Junctions and segments, numbered.
struct Streets {
    /// Node numbers of the map.
    ids: Vec<i64>,
    places: Vec<[i32; 2]>,
    segments: Vec<Segment>,
    shapes: Vec<Vec<[i32; 2]>>,
    /// Way of the first and of the last edge.
    ways: Vec<(i64, i64)>,
    names: Vec<Option<String>>,
}

impl Streets {
    fn of(osm: &Osm, nodes: &[Node], edges: &[Edge], chains: Vec<Chain>) -> Self {
        let ends = chains.iter().flat_map(|chain| [chain.nodes.first(), chain.nodes.last()]);
        let mut junctions: Vec<u32> = ends.flatten().copied().collect();
        junctions.sort_unstable();
        junctions.dedup();
        // Neighbours on the ground are neighbours in memory: a search then waits less for memory.
        junctions.sort_by_key(|node| (along_the_curve(nodes[*node as usize].at), *node));
        let numbers: HashMap<u32, u32> =
            junctions.iter().enumerate().map(|(at, node)| (*node, index(at))).collect();
        let mut streets = Self {
            ids: junctions.iter().map(|node| nodes[*node as usize].id).collect(),
            places: junctions.iter().map(|node| nodes[*node as usize].at).collect(),
            segments: Vec::new(),
            shapes: Vec::new(),
            ways: Vec::new(),
            names: Vec::new(),
        };
        for chain in chains {
            let (Some(first), Some(last)) = (chain.nodes.first(), chain.nodes.last()) else {
                continue;
            };
            let (Some((one, _)), Some((other, _))) = (chain.edges.first(), chain.edges.last())
            else {
                continue;
            };
            let shape: Vec<[i32; 2]> =
                chain.nodes.iter().map(|node| nodes[*node as usize].at).collect();
            let passage = towards(&edges[*one as usize], *first);
            let metres = length(&shape) / 100.0;
            let time = |pace: Option<u32>| pace.map_or(FAR, |pace| milliseconds(metres, pace));
            let way = |edge: u32| osm.ways.get(edges[edge as usize].way as usize);
            streets.segments.push(Segment {
                from: numbers[first],
                to: numbers[last],
                forward: time(passage.forward),
                backward: time(passage.backward),
            });
            streets.shapes.push(shape);
            streets
                .ways
                .push((way(*one).map_or(0, |way| way.id), way(*other).map_or(0, |way| way.id)));
            streets.names.push(way(*one).and_then(|way| way.tags.get("name")).map(str::to_owned));
        }
        streets
    }

    /// Which turns are not allowed.
    fn turns(&self, osm: &Osm, report: &mut BuildReport) -> Forbidden {
        let by_id: HashMap<i64, u32> =
            self.ids.iter().enumerate().map(|(at, id)| (*id, index(at))).collect();
        let mut at: HashMap<u32, (Vec<Traversal>, Vec<Traversal>)> = HashMap::new();
        for (number, segment) in self.segments.iter().enumerate() {
            for traversal in [index(number) * 2, index(number) * 2 + 1] {
                if segment.milliseconds(traversal) < FAR {
                    let (start, end) = segment.ends(traversal);
                    at.entry(start).or_default().0.push(traversal);
                    at.entry(end).or_default().1.push(traversal);
                }
            }
        }
        let nowhere = (Vec::new(), Vec::new());
        let mut forbidden = Forbidden::new();
        for restriction in &osm.restrictions {
            let rule = match rule_of(restriction) {
                Ok(Some(rule)) => rule,
                Ok(None) => {
                    report.restrictions_elsewhere += 1;
                    continue;
                }
                Err(why) => {
                    report.restrictions_unsupported.push((restriction.id, why));
                    continue;
                }
            };
            let via = restriction.via_nodes.first().and_then(|node| by_id.get(node));
            let (leaving, entering) = via.and_then(|via| at.get(via)).unwrap_or(&nowhere);
            // The way beside the junction: a segment may run over several.
            let way_out = |traversal: Traversal| {
                let (first, last) = self.ways[(traversal >> 1) as usize];
                if traversal & 1 == 0 { first } else { last }
            };
            let out: BTreeSet<Traversal> = leaving
                .iter()
                .copied()
                .filter(|traversal| restriction.to.contains(&way_out(*traversal)))
                .collect();
            let arriving: Vec<Traversal> = entering
                .iter()
                .copied()
                .filter(|traversal| restriction.from.contains(&way_out(*traversal ^ 1)))
                .collect();
            if arriving.is_empty() || out.is_empty() {
                report.restrictions_elsewhere += 1;
                continue;
            }
            report.restrictions_kept += 1;
            for arrival in arriving {
                let shut = forbidden.entry(arrival).or_default();
                match rule {
                    Rule::No if restriction.from == restriction.to => {
                        // A U-turn: back along the very segment, not along the way's other half.
                        shut.extend(out.iter().filter(|turn| **turn == arrival ^ 1));
                    }
                    Rule::No => shut.extend(out.iter().filter(|turn| **turn != arrival ^ 1)),
                    Rule::Only => shut.extend(leaving.iter().filter(|turn| !out.contains(turn))),
                }
            }
        }
        forbidden
    }

    fn network(self, profile: Profile, speeds: &SpeedTable, forbidden: &Forbidden) -> Network {
        let junctions = index(self.places.len());
        let arcs: Vec<(u32, u32, u32)> = self
            .segments
            .iter()
            .flat_map(|segment| {
                [
                    (segment.from, segment.to, segment.forward),
                    (segment.to, segment.from, segment.backward),
                ]
            })
            .filter(|(_, _, weight)| *weight < FAR)
            .collect();
        let (part, sizes) = parts(&Graph::new(junctions, &arcs));
        let islands = self.islands(&part, &sizes);
        let shape = Shape::of(&self.shapes);
        Network::new(
            profile,
            speeds,
            self.places,
            self.segments,
            shape,
            forbidden,
            (part, sizes, islands),
        )
    }

    /// Parts other than the largest, longest first, by the name of their longest named street.
    fn islands(&self, part: &[u32], sizes: &[u32]) -> Vec<Island> {
        let largest = (0..sizes.len()).max_by_key(|at| (sizes[*at], std::cmp::Reverse(*at)));
        let mut islands: BTreeMap<u32, (Island, f64)> = BTreeMap::new();
        for ((segment, shape), name) in self.segments.iter().zip(&self.shapes).zip(&self.names) {
            let own = part[segment.from as usize];
            if own != part[segment.to as usize] || Some(own as usize) == largest {
                continue;
            }
            let metres = length(shape) / 100.0;
            let [easting, northing] =
                self.places[segment.from as usize].map(|cm| f64::from(cm) / 100.0);
            let fresh = Island {
                junctions: sizes[own as usize],
                metres: 0.0,
                name: None,
                easting,
                northing,
            };
            let (island, longest) = islands.entry(own).or_insert((fresh, 0.0));
            island.metres += metres;
            if metres > *longest && name.is_some() {
                *longest = metres;
                island.name.clone_from(name);
            }
        }
        // Whole centimetres: a decimal as short as that is read back as it was written.
        let told = |(island, _): (Island, f64)| {
            let metres = (island.metres * 100.0).round() / 100.0;
            Island { metres, ..island }
        };
        let mut islands: Vec<Island> = islands.into_values().map(told).collect();
        islands.sort_by(|a, b| b.metres.total_cmp(&a.metres).then(a.easting.total_cmp(&b.easting)));
        islands
    }
}

enum Rule {
    No,
    Only,
}

/// `None` where it is not for cars; an error where it is, and is not understood.
fn rule_of(restriction: &Restriction) -> Result<Option<Rule>, String> {
    let tags: &Tags = &restriction.tags;
    let spares_cars = tags.get("except").is_some_and(|except| {
        except.split(';').any(|kind| matches!(kind.trim(), "motorcar" | "motor_vehicle"))
    });
    let said = ["restriction:motorcar", "restriction:motor_vehicle", "restriction"]
        .iter()
        .find_map(|key| tags.get(key));
    let Some(said) = said.filter(|_| !spares_cars) else {
        let is_at_hours = tags.get("restriction:conditional").is_some() && !spares_cars;
        return if is_at_hours { Err("holds at certain hours only".to_owned()) } else { Ok(None) };
    };
    if !restriction.via_ways.is_empty() {
        return Err("leads through other ways".to_owned());
    }
    if restriction.via_nodes.len() != 1 || restriction.from.is_empty() || restriction.to.is_empty()
    {
        return Err("does not name one node, a way from and a way to".to_owned());
    }
    if said.starts_with("no_") {
        Ok(Some(Rule::No))
    } else if said.starts_with("only_") {
        Ok(Some(Rule::Only))
    } else {
        Err(format!("says {said:?}, which is neither no_… nor only_…"))
    }
}

/// Centimetres.
pub(super) fn length(shape: &[[i32; 2]]) -> f64 {
    shape.windows(2).map(|pair| apart(pair[0], pair[1])).sum()
}

/// Centimetres.
pub(super) fn apart(a: [i32; 2], b: [i32; 2]) -> f64 {
    let [x, y] = [0, 1].map(|axis| f64::from(a[axis]) - f64::from(b[axis]));
    x.hypot(y)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to what a u32 holds"
)]
fn milliseconds(metres: f64, decimetres_a_minute: u32) -> u32 {
    let minutes = metres * 10.0 / f64::from(decimetres_a_minute);
    (minutes * 60_000.0).round().clamp(0.0, f64::from(FAR - 1)) as u32
}

/// Place on a curve that fills the plane (Morton's), in cells of 2.56 m.
fn along_the_curve([x, y]: [i32; 2]) -> u64 {
    let spread = |axis: i32| {
        let cell = u64::from(axis.cast_unsigned() >> 8);
        (0..24).fold(0_u64, |bits, bit| bits | (((cell >> bit) & 1) << (2 * bit)))
    };
    spread(x) | (spread(y) << 1)
}

#[cfg(test)]
mod tests {
    use super::super::osm::Way;
    use super::super::speeds::shipped;
    use super::*;
    use crate::register::Point;

    /// A crossroads: nodes 1 west, 2 north, 3 east, 4 south of node 5; ways 10 to 40, each of 80 m in two pieces.
    fn crossroads() -> Osm {
        let place = |x: f64, y: f64| Point::new(1_000.0 + x, 1_000.0 + y).unwrap();
        let arms = [(1, -80.0, 0.0), (2, 0.0, 80.0), (3, 80.0, 0.0), (4, 0.0, -80.0)];
        let mut osm = Osm::default();
        for (arm, x, y) in arms {
            osm.nodes.extend([(arm, place(x, y)), (arm + 10, place(x / 2.0, y / 2.0))]);
            osm.ways.push(Way {
                id: arm * 10,
                nodes: vec![arm, arm + 10, 5],
                tags: [("highway", "residential"), ("name", "Cross Street")].into(),
            });
        }
        osm.nodes.push((5, place(0.0, 0.0)));
        osm.nodes.sort_by_key(|(id, _)| *id);
        osm
    }

    fn restriction(kind: &str, from: i64, to: i64) -> Restriction {
        Restriction {
            id: 7,
            tags: [("restriction", kind)].into(),
            from: vec![from],
            via_nodes: vec![5],
            via_ways: Vec::new(),
            to: vec![to],
        }
    }

    /// Minutes at 80 metres a minute from near the end of an arm to near the end of another.
    fn minutes(network: &mut Network, from: (f64, f64), to: (f64, f64)) -> Option<f64> {
        assert!(network.prepare(&mut |_| true));
        let [from, to] = [from, to]
            .map(|(x, y)| network.snap(Point::new(1_000.0 + x, 1_000.0 + y).unwrap()).unwrap());
        let ms = network.table(&[from], &[to], 1).unwrap()[0];
        (ms < FAR).then(|| f64::from(ms) / 60_000.0)
    }

    fn network(osm: &Osm, profile: Profile) -> (Network, BuildReport) {
        let mut speeds = shipped();
        // 80 metres a minute by car too, so that figures are easy.
        speeds.drive.kmh.insert("residential".to_owned(), 4.8);
        build(osm, profile, &speeds)
    }

    const WEST: (f64, f64) = (-80.0, 0.0);
    const NORTH: (f64, f64) = (0.0, 80.0);
    const EAST: (f64, f64) = (80.0, 0.0);

    #[test]
    fn nodes_of_no_choice_are_joined_and_places_lie_along_them() {
        let (mut network, report) = network(&crossroads(), Profile::Walk);
        assert_eq!((network.size(), report.ways), ((5, 5, 4), 4));
        assert_eq!(minutes(&mut network, WEST, NORTH), Some(2.0));
        // 40 m west of the middle, 5 m beside the street, to 20 m east of the middle.
        assert_eq!(minutes(&mut network, (-40.0, 5.0), (20.0, 0.0)), Some(0.75));
        assert_eq!(minutes(&mut network, (-60.0, 0.0), (-40.0, 0.0)), Some(0.25));
        assert!(
            (network.snap(Point::new(960.0, 1_005.0).unwrap()).unwrap().metres - 5.0).abs() < 1e-9
        );
        assert_eq!(network.snap(Point::new(1_000.0, 1_580.1).unwrap()), None);
    }

    #[test]
    fn a_forbidden_turn_is_driven_round_and_one_of_only_is_the_only_one() {
        let mut osm = crossroads();
        osm.restrictions = vec![restriction("no_left_turn", 10, 20)];
        let (mut no_left, report) = network(&osm, Profile::Drive);
        assert_eq!(report.restrictions_kept, 1);
        assert_eq!(no_left.size(), (5, 6, 4));
        // Straight on, back at the end of an arm, and then into the north.
        assert_eq!(minutes(&mut no_left, WEST, NORTH), Some(4.0));
        assert_eq!(minutes(&mut no_left, WEST, EAST), Some(2.0));
        assert_eq!(minutes(&mut no_left, NORTH, WEST), Some(2.0));

        osm.restrictions = vec![restriction("only_straight_on", 10, 30)];
        let (mut only, _) = network(&osm, Profile::Drive);
        assert_eq!(minutes(&mut only, WEST, EAST), Some(2.0));
        assert_eq!(minutes(&mut only, WEST, NORTH), Some(4.0));
        // On foot nobody minds.
        assert_eq!(minutes(&mut network(&osm, Profile::Walk).0, WEST, NORTH), Some(2.0));
    }

    #[test]
    fn what_is_not_understood_is_named_and_what_spares_cars_is_not_kept() {
        let mut osm = crossroads();
        let tagged = |tags: Tags| Restriction { tags, ..restriction("", 10, 20) };
        osm.restrictions = vec![
            tagged([("restriction", "no_left_turn"), ("except", "bus;motorcar")].into()),
            tagged([("restriction:hgv", "no_left_turn")].into()),
            tagged([("restriction:conditional", "no_left_turn @ (Mo-Fr 07:00-10:00)")].into()),
            tagged([("restriction", "give_way")].into()),
            Restriction { via_ways: vec![30], ..restriction("no_u_turn", 10, 20) },
            restriction("no_left_turn", 99, 20),
        ];

        let (mut network, report) = network(&osm, Profile::Drive);

        assert_eq!(minutes(&mut network, WEST, NORTH), Some(2.0));
        assert_eq!((report.restrictions_kept, report.restrictions_elsewhere), (0, 3));
        let told: Vec<&str> =
            report.restrictions_unsupported.iter().map(|(_, why)| why.as_str()).collect();
        assert_eq!(
            told,
            [
                "holds at certain hours only",
                "says \"give_way\", which is neither no_… nor only_…",
                "leads through other ways",
            ]
        );
    }

    #[test]
    fn one_ways_barriers_and_islands() {
        let mut osm = crossroads();
        osm.ways[0].tags.0.push(("oneway".to_owned(), "yes".to_owned()));
        osm.node_tags.insert(12, [("barrier", "bollard")].into());
        let place = |x: f64| Point::new(x, 5_000.0).unwrap();
        osm.nodes.extend([(90, place(9_000.0)), (91, place(9_080.0))]);
        osm.ways.push(Way {
            id: 90,
            nodes: vec![90, 91, 92],
            tags: [("highway", "residential"), ("name", "Far Lane")].into(),
        });

        let (mut drive, report) = network(&osm, Profile::Drive);
        let (mut walk, _) = network(&osm, Profile::Walk);

        assert_eq!(report.missing_nodes, 1);
        // The arm from the west is a way in and no way out: nobody is put on it who could not go on.
        assert_eq!(minutes(&mut walk, EAST, WEST), Some(2.0));
        assert_eq!(minutes(&mut walk, WEST, NORTH), Some(2.0));
        assert_eq!(minutes(&mut drive, (0.0, 30.0), EAST), Some(110.0 / 80.0));
        let names: Vec<_> = drive.islands.iter().map(|island| island.name.as_deref()).collect();
        assert!(names.contains(&Some("Far Lane")), "{names:?}");
        assert_eq!(walk.islands.len(), 1);
        assert!((walk.islands[0].metres - 80.0).abs() < 1e-9);
    }

    #[test]
    fn a_ring_without_a_junction_is_a_street_too() {
        let place = |x: f64, y: f64| Point::new(x, y).unwrap();
        let osm = Osm {
            nodes: vec![
                (1, place(0.0, 0.0)),
                (2, place(80.0, 0.0)),
                (3, place(80.0, 80.0)),
                (4, place(0.0, 80.0)),
            ],
            ways: vec![Way {
                id: 1,
                nodes: vec![1, 2, 3, 4, 1],
                tags: [("highway", "footway")].into(),
            }],
            ..Osm::default()
        };
        let (mut ring, _) = build(&osm, Profile::Walk, &shipped());
        assert_eq!(ring.size(), (1, 1, 1));
        assert!(ring.prepare(&mut |_| true));
        let [a, b] = [place(0.0, 80.0), place(80.0, 0.0)].map(|at| ring.snap(at).unwrap());
        assert_eq!(ring.table(&[a, b], &[a, b], 1).unwrap(), [0, 120_000, 120_000, 0]);
    }
}
