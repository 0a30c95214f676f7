//! Invented names of premises and organisations, and the words of premises.

use super::Dice;

const WORDS: [&str; 120] = [
    "Acorn",
    "Alder",
    "Almond",
    "Amber",
    "Anchor",
    "Applegarth",
    "Archway Mill",
    "Ashgrove",
    "Aspen",
    "Barley",
    "Beacon",
    "Beech",
    "Bellfield",
    "Birch",
    "Blackthorn",
    "Bluebell",
    "Bramble",
    "Brewhouse",
    "Bridgefoot",
    "Broom",
    "Buttercup",
    "Calico",
    "Candlemaker",
    "Cedar",
    "Chandlery",
    "Cherry Orchard",
    "Chestnut",
    "Clover",
    "Cooper",
    "Copperfield",
    "Cornflower",
    "Cowslip",
    "Crabtree",
    "Crossways",
    "Curlew",
    "Damson",
    "Dovecote",
    "Drovers",
    "Elder",
    "Elm",
    "Fallow",
    "Fennel",
    "Fernbank",
    "Finch",
    "Flax",
    "Forge",
    "Foxglove",
    "Furlong",
    "Garnet",
    "Glebe",
    "Goldfinch",
    "Gorse",
    "Granary",
    "Greengage",
    "Hawthorn",
    "Hazel",
    "Heather",
    "Heron",
    "Hollybank",
    "Honeysuckle",
    "Hornbeam",
    "Ivy",
    "Jasmine",
    "Juniper",
    "Kestrel",
    "Kiln",
    "Kingfisher",
    "Laburnum",
    "Lantern",
    "Larch",
    "Lark",
    "Laurel",
    "Lavender",
    "Lilac",
    "Lime",
    "Linden",
    "Linnet",
    "Loom",
    "Maltings",
    "Maple",
    "Marigold",
    "Meadow",
    "Medlar",
    "Millrace",
    "Mulberry",
    "Myrtle",
    "Nightingale",
    "Oak",
    "Old Bakery",
    "Orchard",
    "Osier",
    "Pear Tree",
    "Pembury",
    "Plum",
    "Poplar",
    "Primrose",
    "Quarry",
    "Quince",
    "Redstart",
    "Ropewalk",
    "Rosemary",
    "Rowan",
    "Saddlers",
    "Saffron",
    "Sedge",
    "Silverdale",
    "Skylark",
    "Sorrel",
    "Spindle",
    "Starling",
    "Swift",
    "Sycamore",
    "Tannery",
    "Teasel",
    "Thistle",
    "Turnpike",
    "Walnut",
    "Weavers",
    "Willow",
    "Wren",
];

/// Hands out the names of one authority: no word twice until all are used.
#[derive(Debug)]
pub(super) struct Names {
    words: Vec<&'static str>,
    used: usize,
}

impl Names {
    pub(super) fn new(dice: &mut Dice) -> Self {
        let mut words = WORDS.to_vec();
        dice.shuffle(&mut words);
        Self { words, used: 0 }
    }

    /// `Larch Road Surgery`; from the second round on with a quarter of the compass.
    pub(super) fn next(&mut self, tail: &str) -> String {
        let word = self.words.get(self.used.rem_euclid(self.words.len())).copied();
        let round = self.used.div_euclid(self.words.len());
        self.used += 1;
        let word = word.unwrap_or("Illustrative");
        match ["", "North ", "South ", "East ", "West ", "Upper ", "Lower "].get(round) {
            Some(quarter) => format!("{quarter}{word} {tail}"),
            None => format!("{word} {round} {tail}"),
        }
    }
}

/// `Foxglove Hospitals NHS Trust (illustrative)`, the same for the same number.
pub(super) fn organisation(number: usize, tail: &str) -> String {
    let word = WORDS.get((number * 37 + 11).rem_euclid(WORDS.len())).copied();
    format!("{} {tail} (illustrative)", word.unwrap_or("Illustrative"))
}
