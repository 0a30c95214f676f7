//! OpenStreetMap's `.osm.pbf` as plain structs.
//!
//! Read twice: ways and turn restrictions first, then the nodes they name. Whatever the bytes, a sentence or a map.

use std::collections::{BTreeMap, HashSet};
use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use osmpbf::{BlobDecode, BlobReader, Element, PrimitiveBlock, RelMemberType};

use crate::geography::{LonLat, from_wgs84};
use crate::travel::osm::{Osm, Restriction, Tags, Way};

/// Why a file is no map.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StreetsFault {
    /// The bytes end or go wrong somewhere.
    #[error(
        "{file}: block {block} is damaged or cut short ({told}); expected a whole .osm.pbf file"
    )]
    Damaged {
        /// As the user names it.
        file: String,
        /// Counting from 1; about so far the file could be read.
        block: u64,
        /// As the reader says it.
        told: String,
    },
    /// It can be read, and holds nothing to travel on.
    #[error("{file}: no street in it; expected an .osm.pbf file with highways and their nodes")]
    Empty {
        /// As the user names it.
        file: String,
    },
}

/// A map, and what of it was left out.
#[derive(Debug, Clone, PartialEq)]
pub struct StreetsReading {
    /// The ways, their nodes and the turn restrictions.
    pub osm: Osm,
    /// Nodes outside the National Grid, which are left out with the stretches that touch them.
    pub off_grid: u64,
}

/// Keys of a way or node that decide who may pass, and how fast.
const KEYS: [&str; 31] = [
    "access",
    "area",
    "barrier",
    "conveying",
    "foot",
    "footway",
    "highway",
    "incline",
    "junction",
    "kerb",
    "locked",
    "maxspeed",
    "motor_vehicle",
    "motorcar",
    "motorroad",
    "name",
    "oneway",
    "public_transport",
    "railway",
    "ramp",
    "ramp:wheelchair",
    "ref",
    "service",
    "smoothness",
    "surface",
    "tactile_paving",
    "vehicle",
    "wheelchair",
    "width",
    "step_count",
    "automatic_door",
];

/// Reads a map. `file` is for messages.
pub fn read(file: &str, bytes: &[u8]) -> Result<StreetsReading, StreetsFault> {
    let mut osm = Osm::default();
    each_block(file, bytes, &mut |block| {
        for element in block.elements() {
            match element {
                Element::Way(way) => take_way(&mut osm, &way),
                Element::Relation(relation) => take_restriction(&mut osm, &relation),
                Element::Node(_) | Element::DenseNode(_) => {}
            }
        }
    })?;
    let wanted: HashSet<i64> = osm.ways.iter().flat_map(|way| way.nodes.iter().copied()).collect();
    let mut nodes = Vec::with_capacity(wanted.len());
    let mut node_tags = BTreeMap::new();
    let mut off_grid = 0;
    each_block(file, bytes, &mut |block| {
        for element in block.elements() {
            let (id, longitude, latitude, tags) = match &element {
                Element::Node(node) => (node.id(), node.lon(), node.lat(), tags(node.tags())),
                Element::DenseNode(node) => (node.id(), node.lon(), node.lat(), tags(node.tags())),
                Element::Way(_) | Element::Relation(_) => continue,
            };
            if !wanted.contains(&id) {
                continue;
            }
            match from_wgs84(LonLat { longitude, latitude }) {
                Ok(point) => nodes.push((id, point)),
                Err(_outside) => {
                    off_grid += 1;
                    continue;
                }
            }
            if !tags.0.is_empty() {
                node_tags.insert(id, tags);
            }
        }
    })?;
    nodes.sort_unstable_by_key(|(id, _)| *id);
    nodes.dedup_by_key(|(id, _)| *id);
    osm.nodes = nodes;
    osm.node_tags = node_tags;
    if osm.ways.is_empty() || osm.nodes.is_empty() {
        return Err(StreetsFault::Empty { file: file.to_owned() });
    }
    Ok(StreetsReading { osm, off_grid })
}

/// Calls with every block of elements. The reader underneath indexes into damaged blocks; its panics end here, and
/// nothing it had begun outlives them.
fn each_block(
    file: &str,
    bytes: &[u8],
    take: &mut dyn FnMut(&PrimitiveBlock),
) -> Result<(), StreetsFault> {
    let mut block = 0;
    let damaged = |block: u64, told: &dyn ToString| StreetsFault::Damaged {
        file: file.to_owned(),
        block,
        told: told.to_string().chars().take(120).collect(),
    };
    for blob in BlobReader::new(Cursor::new(bytes)) {
        block += 1;
        let blob = blob.map_err(|error| damaged(block, &error))?;
        let decoded = catch_unwind(AssertUnwindSafe(|| -> Result<(), osmpbf::Error> {
            if let BlobDecode::OsmData(data) = blob.decode()? {
                take(&data);
            }
            Ok(())
        }));
        match decoded {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(damaged(block, &error)),
            Err(_panic) => return Err(damaged(block, &"it contradicts itself")),
        }
    }
    if block == 0 {
        return Err(damaged(1, &"there is no block"));
    }
    Ok(())
}

fn tags<'a>(given: impl Iterator<Item = (&'a str, &'a str)>) -> Tags {
    let matter = given.filter(|(key, _)| KEYS.contains(key));
    Tags(matter.map(|(key, value)| (key.to_owned(), value.to_owned())).collect())
}

fn take_way(osm: &mut Osm, way: &osmpbf::Way<'_>) {
    let is_street = way.tags().any(|(key, value)| {
        key == "highway"
            || (key == "railway" && value == "platform")
            || (key == "public_transport" && value == "platform")
    });
    if is_street {
        let nodes: Vec<i64> = way.refs().collect();
        osm.ways.push(Way { id: way.id(), nodes, tags: tags(way.tags()) });
    }
}

fn take_restriction(osm: &mut Osm, relation: &osmpbf::Relation<'_>) {
    if !relation.tags().any(|(key, value)| key == "type" && value == "restriction") {
        return;
    }
    // Exceptions and hours are keys of their own: all are kept, for whoever decides what is understood.
    let all = relation.tags().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
    let mut restriction =
        Restriction { id: relation.id(), tags: Tags(all), ..Restriction::default() };
    for member in relation.members() {
        let Ok(role) = member.role() else { continue };
        let list = match (role, &member.member_type) {
            ("from", RelMemberType::Way) => &mut restriction.from,
            ("to", RelMemberType::Way) => &mut restriction.to,
            ("via", RelMemberType::Node) => &mut restriction.via_nodes,
            ("via", RelMemberType::Way) => &mut restriction.via_ways,
            _ => continue,
        };
        list.push(member.member_id);
    }
    osm.restrictions.push(restriction);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            prop_assert!(read("map.osm.pbf", &bytes).is_err());
        }
    }

    #[test]
    fn a_file_that_is_no_map_gets_a_sentence() {
        let told = read("map.osm.pbf", b"").unwrap_err().to_string();
        assert_eq!(
            told,
            "map.osm.pbf: block 1 is damaged or cut short (there is no block); expected a whole .osm.pbf file"
        );
    }
}
