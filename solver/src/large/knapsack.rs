//! The most that can be gained in a room: whole things by the sets that no other set beats, things that may be divided to the brim.

use crate::rules::generous;

/// More sets than this, and the whole things are taken as if they could be divided: a bound still, only a weaker one.
const MOST_SETS: usize = 20_000;
/// As many while prices are far from good.
const MOST_SETS_AT_FIRST: usize = 400;

/// Something that could come.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Item {
    pub(crate) name: usize,
    pub(crate) gain: f64,
    pub(crate) need: f64,
    pub(crate) is_whole: bool,
    /// Gain for the room it takes.
    worth: f64,
}

impl Item {
    pub(crate) fn of(name: usize, gain: f64, need: f64, is_whole: bool) -> Self {
        Self { name, gain, need, is_whole, worth: gain / need }
    }
}

/// The most gain for the room it takes first.
fn better(a: &Item, b: &Item) -> std::cmp::Ordering {
    b.worth.total_cmp(&a.worth).then(a.name.cmp(&b.name))
}

/// Something that comes, or a part of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Fill {
    pub(crate) name: usize,
    pub(crate) part: f64,
}

/// A set of whole things: one more than another set.
#[derive(Debug, Clone, Copy)]
struct Set {
    need: f64,
    gain: f64,
    item: usize,
    before: usize,
}

/// Working space, kept between sites.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sack {
    pub(crate) gains: Vec<f64>,
    pub(crate) items: Vec<Item>,
    filled: Vec<Fill>,
    pub(crate) kept: Vec<Fill>,
    most_sets: usize,
    sets: Vec<Set>,
    now: Vec<usize>,
    next: Vec<usize>,
    gain: f64,
}

impl Sack {
    /// For a first look: whole things are not always packed exactly.
    pub(crate) fn quick() -> Self {
        Self { most_sets: MOST_SETS_AT_FIRST, ..Self::default() }
    }

    /// Whole things are packed exactly, but for the worst of cases.
    pub(crate) fn exact() -> Self {
        Self { most_sets: MOST_SETS, ..Self::default() }
    }

    /// Another of the same kind.
    pub(crate) fn emptied(&self) -> Self {
        Self { most_sets: self.most_sets, ..Self::default() }
    }

    /// The last fill is the one to keep.
    pub(crate) fn keep(&mut self) {
        std::mem::swap(&mut self.kept, &mut self.filled);
    }

    /// Fills a room with the items, all of positive gain, and returns at least what can be gained: exactly that but for
    /// [`MOST_SETS`].
    pub(crate) fn fill(&mut self, room: f64) -> f64 {
        self.filled.clear();
        let room = generous(room);
        let need: f64 = self.items.iter().map(|item| item.need).sum();
        if need <= room {
            self.filled.extend(self.items.iter().map(|item| Fill { name: item.name, part: 1.0 }));
            return self.items.iter().map(|item| item.gain).sum();
        }
        if self.items.iter().all(|item| !item.is_whole) {
            return self.brim_of_divided(room);
        }
        // The most gain for the room it takes first.
        self.items.sort_unstable_by(better);
        let (gain, broken) = self.brim(0, room);
        if !broken {
            return gain;
        }
        if self.best_of_sets(room) {
            return self.gain;
        }
        self.filled.clear();
        self.brim(0, room).0
    }

    /// Fills with things that may all be divided: halves are set apart by worth until the one that is cut is found, which
    /// takes no longer than reading them twice.
    fn brim_of_divided(&mut self, room: f64) -> f64 {
        let (mut from, mut to) = (0, self.items.len());
        let (mut left, mut gain) = (room, 0.0);
        while to - from > 8 {
            let middle = usize::midpoint(from, to);
            self.items[from..to].select_nth_unstable_by(middle - from, better);
            let half = &self.items[from..middle];
            let need: f64 = half.iter().map(|item| item.need).sum();
            if need <= left {
                left -= need;
                gain += half.iter().map(|item| item.gain).sum::<f64>();
                self.filled.extend(half.iter().map(|item| Fill { name: item.name, part: 1.0 }));
                from = middle;
            } else {
                to = middle;
            }
        }
        self.items.truncate(to);
        self.items[from..].sort_unstable_by(better);
        gain + self.brim(from, left).0
    }

    /// Sets of whole things, item by item, without those that another set beats in both room and gain, nor those that
    /// cannot become the best any more. `false` where there are too many.
    fn best_of_sets(&mut self, room: f64) -> bool {
        self.sets.clear();
        self.sets.push(Set { need: 0.0, gain: 0.0, item: usize::MAX, before: usize::MAX });
        let mut now = std::mem::take(&mut self.now);
        let mut next = std::mem::take(&mut self.next);
        now.clear();
        now.push(0);
        let mut best = self.divided(room);
        let mut best_set = 0;
        let mut is_done = true;
        for at in 0..self.items.len() {
            let item = self.items[at];
            if !item.is_whole {
                continue;
            }
            next.clear();
            // Both lists by room needed: those without the item, and those with it.
            let (mut a, mut b, mut most) = (0, 0, f64::NEG_INFINITY);
            loop {
                while b < now.len() && self.sets[now[b]].need + item.need > room {
                    b = now.len();
                }
                let with = now.get(b).map(|&n| (self.sets[n].need + item.need, n));
                let without = now.get(a).map(|&n| self.sets[n].need);
                let takes_with = match (with, without) {
                    (None, None) => break,
                    (Some((with, _)), Some(without)) => with < without,
                    (with, _) => with.is_some(),
                };
                let (number, set) = if takes_with {
                    let Some((need, before)) = with else { break };
                    b += 1;
                    let gain = self.sets[before].gain + item.gain;
                    if gain <= most {
                        continue;
                    }
                    (None, Set { need, gain, item: at, before })
                } else {
                    let n = now[a];
                    a += 1;
                    if self.sets[n].gain <= most {
                        continue;
                    }
                    (Some(n), self.sets[n])
                };
                most = set.gain;
                let left = room - set.need;
                let sure = set.gain + self.divided(left);
                let number = number.unwrap_or_else(|| {
                    self.sets.push(set);
                    self.sets.len() - 1
                });
                if sure > best {
                    best = sure;
                    best_set = number;
                }
                if set.gain + self.at_most(at + 1, left) + self.divided_before(at, left) > best {
                    next.push(number);
                }
            }
            std::mem::swap(&mut now, &mut next);
            if self.sets.len() > self.most_sets {
                is_done = false;
                break;
            }
        }
        self.now = now;
        self.next = next;
        if !is_done {
            return false;
        }
        self.gain = best;
        self.filled.clear();
        let mut left = room;
        let mut set = self.sets[best_set];
        while set.item != usize::MAX {
            let item = self.items[set.item];
            left -= item.need;
            self.filled.push(Fill { name: item.name, part: 1.0 });
            set = self.sets[set.before];
        }
        for item in self.items.iter().filter(|item| !item.is_whole) {
            let part = if item.need > 0.0 { (left / item.need).clamp(0.0, 1.0) } else { 1.0 };
            if part > 0.0 {
                left -= part * item.need;
                self.filled.push(Fill { name: item.name, part });
            }
        }
        true
    }

    /// Fills to the brim from an item on, as if all could be divided, and says whether a whole thing was.
    fn brim(&mut self, from: usize, room: f64) -> (f64, bool) {
        let (mut left, mut gain, mut broken) = (room, 0.0, false);
        for item in &self.items[from..] {
            if item.need <= left {
                left -= item.need;
                gain += item.gain;
                self.filled.push(Fill { name: item.name, part: 1.0 });
            } else if left > 0.0 {
                let part = left / item.need;
                gain += part * item.gain;
                broken |= item.is_whole;
                self.filled.push(Fill { name: item.name, part });
                left = 0.0;
            }
        }
        (gain, broken)
    }

    fn at_most(&self, from: usize, room: f64) -> f64 {
        let (mut left, mut gain) = (room, 0.0);
        for item in &self.items[from..] {
            if item.need <= left {
                left -= item.need;
                gain += item.gain;
            } else {
                return gain + item.gain * left / item.need;
            }
        }
        gain
    }

    /// What the divided items gain in what is left.
    fn divided(&self, room: f64) -> f64 {
        let (mut left, mut gain) = (room, 0.0);
        for item in self.items.iter().filter(|item| !item.is_whole) {
            if item.need <= left {
                left -= item.need;
                gain += item.gain;
            } else {
                return gain + item.gain * left / item.need;
            }
        }
        gain
    }

    /// No less than what divided items that were passed over could add.
    fn divided_before(&self, at: usize, room: f64) -> f64 {
        let (mut left, mut gain) = (room, 0.0);
        for item in self.items[..at].iter().filter(|item| !item.is_whole) {
            if item.need <= left {
                left -= item.need;
                gain += item.gain;
            } else {
                return gain + item.gain * left / item.need;
            }
        }
        gain
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn whole_things_gain_what_trying_everything_gains(
            things in prop::collection::vec((1..20_i32, 0..9_i32), 0..9),
            room in 0..25_i32,
        ) {
            let item = |(name, &(gain, need)): (usize, &(i32, i32))| {
                Item::of(name, f64::from(gain), f64::from(need), true)
            };
            let mut sack = Sack { items: things.iter().enumerate().map(item).collect(), ..Sack::exact() };

            let gain = sack.fill(f64::from(room));
            sack.keep();

            let of = |set: u32, part: fn(&(i32, i32)) -> i32| -> i32 {
                (0..things.len()).filter(|n| set >> n & 1 == 1).map(|n| part(&things[n])).sum()
            };
            let sets = 0..1_u32 << things.len();
            let best = sets.filter(|&set| of(set, |t| t.1) <= room).map(|set| of(set, |t| t.0)).max();
            prop_assert!((gain - f64::from(best.unwrap())).abs() < 1e-6);
            let kept: f64 = sack.kept.iter().map(|fill| f64::from(things[fill.name].0) * fill.part).sum();
            prop_assert!((kept - gain).abs() < 1e-6);
        }

        #[test]
        fn divided_things_gain_what_the_most_worth_first_gains(
            things in prop::collection::vec((1..20_i32, 0..9_i32), 0..60),
            room in 0..100_i32,
        ) {
            let item = |(name, &(gain, need)): (usize, &(i32, i32))| {
                Item::of(name, f64::from(gain), f64::from(need), false)
            };
            let mut sack = Sack { items: things.iter().enumerate().map(item).collect(), ..Sack::quick() };

            let gain = sack.fill(f64::from(room));
            sack.keep();

            let mut sorted = things.clone();
            // 2520 is a multiple of every need.
            let worth = |need: i32| if need == 0 { 1_000_000 } else { 2520_i32.div_euclid(need) };
            sorted.sort_by_key(|&(gain, need)| std::cmp::Reverse(gain * worth(need)));
            let (mut left, mut most) = (f64::from(room), 0.0);
            for (gain, need) in sorted {
                let part = if need == 0 { 1.0 } else { (left / f64::from(need)).clamp(0.0, 1.0) };
                left -= part * f64::from(need);
                most += part * f64::from(gain);
            }
            prop_assert!((gain - most).abs() < 1e-3, "{gain} instead of {most}");
            let kept: f64 = sack.kept.iter().map(|fill| f64::from(things[fill.name].0) * fill.part).sum();
            prop_assert!((kept - gain).abs() < 1e-6);
            let taken: f64 = sack.kept.iter().map(|fill| f64::from(things[fill.name].1) * fill.part).sum();
            prop_assert!(taken <= f64::from(room) * (1.0 + 1e-6) + 1e-5);
        }
    }
}
