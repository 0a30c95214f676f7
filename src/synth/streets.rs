//! A made-up street map, as large as asked: to measure with, never to plan with.
//!
//! A town of blocks, 40 m apart and none of them square: main roads every 60 streets, lesser ones every 12, a fifth of
//! the side streets missing, some one-way, and turns forbidden at one in eight junctions of larger roads. Numbers of
//! nodes and ways count from 1. The same seed makes the same town.

use std::collections::HashMap;

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::register::Point;
use crate::travel::osm::{Osm, Restriction, Tags, Way};

/// Between two streets, metres.
const APART: f64 = 40.0;
/// Where the made-up town begins, National Grid.
const CORNER: [f64; 2] = [505_000.0, 155_000.0];

/// A square town of `side` by `side` crossings, at most 3,000 each way.
pub fn streets(side: u32, seed: u64) -> Osm {
    let side = side.clamp(2, 3_000);
    let mut dice = ChaCha8Rng::seed_from_u64(seed);
    let mut osm = Osm::default();
    let node = |column: u32, row: u32| i64::from(row) * i64::from(side) + i64::from(column) + 1;
    for row in 0..side {
        for column in 0..side {
            let mut place = |at: u32, axis: usize| {
                CORNER[axis] + (f64::from(at) + dice.random_range(-0.3..0.3)) * APART + APART
            };
            let (easting, northing) = (place(column, 0), place(row, 1));
            let point = Point::new(easting, northing)
                .expect("a town of 120 km from its corner is on the grid");
            osm.nodes.push((node(column, row), point));
        }
    }
    // Ways that begin or end at a junction where a turn is forbidden; every way is cut there.
    let mut at_turn: HashMap<i64, Vec<i64>> = HashMap::new();
    for row in 0..side {
        for column in 0..side {
            let is_larger = row.is_multiple_of(12) || column.is_multiple_of(12);
            if is_larger && dice.random_bool(0.125) {
                at_turn.insert(node(column, row), Vec::new());
            }
        }
    }
    for street in 0..side {
        for is_row in [true, false] {
            let nodes =
                (0..side).map(|at| if is_row { node(at, street) } else { node(street, at) });
            lay(&mut osm, &mut dice, &mut at_turn, street, &nodes.collect::<Vec<_>>());
        }
    }
    let mut turns: Vec<(i64, Vec<i64>)> = at_turn.into_iter().collect();
    turns.sort_unstable();
    for (via, ways) in turns {
        let (Some(from), Some(to)) = (ways.first(), ways.last()) else { continue };
        let kind = if dice.random_bool(0.8) { "no_left_turn" } else { "only_right_turn" };
        osm.restrictions.push(Restriction {
            id: via,
            tags: [("restriction", kind)].into(),
            from: vec![*from],
            via_nodes: vec![via],
            via_ways: Vec::new(),
            to: vec![*to],
        });
    }
    osm
}

/// One street, in ways.
fn lay(
    osm: &mut Osm,
    dice: &mut impl Rng,
    at_turn: &mut HashMap<i64, Vec<i64>>,
    street: u32,
    nodes: &[i64],
) {
    let (is_main, is_larger) = (street.is_multiple_of(60), street.is_multiple_of(12));
    let mut run: Vec<i64> = Vec::new();
    let mut left = 0_u32;
    for pair in nodes.windows(2) {
        if !is_larger && dice.random_bool(0.2) {
            end(osm, dice, at_turn, &mut run, is_main, is_larger);
            continue;
        }
        if run.is_empty() {
            run.push(pair[0]);
            left = dice.random_range(3..12);
        }
        run.push(pair[1]);
        left = left.saturating_sub(1);
        if left == 0 || at_turn.contains_key(&pair[1]) {
            end(osm, dice, at_turn, &mut run, is_main, is_larger);
        }
    }
    end(osm, dice, at_turn, &mut run, is_main, is_larger);
}

fn end(
    osm: &mut Osm,
    dice: &mut impl Rng,
    at_turn: &mut HashMap<i64, Vec<i64>>,
    run: &mut Vec<i64>,
    is_main: bool,
    is_larger: bool,
) {
    let nodes = std::mem::take(run);
    let (Some(first), Some(last)) = (nodes.first(), nodes.last()) else { return };
    let id = i64::try_from(osm.ways.len()).unwrap_or(i64::MAX - 1) + 1;
    for place in [first, last] {
        if let Some(ways) = at_turn.get_mut(place) {
            ways.push(id);
        }
    }
    let mut tags: Tags = match (is_main, is_larger) {
        (true, _) => [("highway", "trunk"), ("maxspeed", "40 mph")].into(),
        (_, true) => [("highway", "secondary"), ("maxspeed", "30 mph")].into(),
        _ => [("highway", "residential"), ("maxspeed", "20 mph")].into(),
    };
    if !is_larger && dice.random_bool(0.1) {
        tags.0.push(("oneway".to_owned(), "yes".to_owned()));
    }
    osm.ways.push(Way { id, nodes, tags });
}
