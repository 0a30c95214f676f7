//! What of OpenStreetMap a street network is made of, as plain structs. Reading the file is `import`'s.

use std::collections::BTreeMap;

use crate::register::Point;

/// Keys and values, as mapped.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tags(pub Vec<(String, String)>);

impl Tags {
    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(held, _)| held == key).map(|(_, value)| value.as_str())
    }

    /// Whether a key has one of these values.
    pub fn is(&self, key: &str, values: &[&str]) -> bool {
        self.get(key).is_some_and(|value| values.contains(&value))
    }
}

impl<const N: usize> From<[(&str, &str); N]> for Tags {
    fn from(tags: [(&str, &str); N]) -> Self {
        Self(tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect())
    }
}

/// A line of nodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// As mapped.
    pub id: i64,
    /// In order.
    pub nodes: Vec<i64>,
    /// As mapped.
    pub tags: Tags,
}

/// A relation of type `restriction`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Restriction {
    /// As mapped.
    pub id: i64,
    /// As mapped.
    pub tags: Tags,
    /// Ways with the role `from`.
    pub from: Vec<i64>,
    /// Nodes with the role `via`.
    pub via_nodes: Vec<i64>,
    /// Ways with the role `via`.
    pub via_ways: Vec<i64>,
    /// Ways with the role `to`.
    pub to: Vec<i64>,
}

/// Ways people may travel on, with their nodes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Osm {
    /// Of the ways, by number, on the National Grid.
    pub nodes: Vec<(i64, Point)>,
    /// Of nodes that have any that matter: barriers and kerbs.
    pub node_tags: BTreeMap<i64, Tags>,
    /// In file order.
    pub ways: Vec<Way>,
    /// In file order.
    pub restrictions: Vec<Restriction>,
}

impl Osm {
    /// Where a node is.
    pub fn point(&self, node: i64) -> Option<Point> {
        let at = self.nodes.binary_search_by_key(&node, |(id, _)| *id).ok()?;
        self.nodes.get(at).map(|(_, point)| *point)
    }
}
