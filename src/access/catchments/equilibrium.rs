//! Where the people of the rational agent access model come to rest (Saxon and Snow 2020).
//!
//! Going from place i to supply j costs somebody `travel ÷ τ + load ÷ size`: the second part is congestion, and size is
//! supply times the mean people for each unit of it. At rest all that people of a place use costs them the same and
//! nothing else less, which is where `Σ travel x ÷ τ + Σ load² ÷ 2 size` is least (Beckmann and others 1956).
//! That is convex and has one least congestion, so it is found in two parts.
//!
//! First congestion, one unknown for each supply. Let each place spread its people over all that costs them little more
//! than their cheapest, which is what a term `θ Σ x² ÷ 2 size` does: what a supply draws is then continuous, and linear
//! piece by piece, in congestion, and Newton's method (Qi and Sun 1993) steps to where every supply draws what its
//! congestion says it holds. As θ shrinks from step to step, that comes to the model itself.
//!
//! Then people. From there one place after another shares its people out the best way there is while all others stay,
//! which is known in closed form and never worse than before, until what all people could still save, over all pairs,
//! is next to nothing. One thread takes all in order, so the answer is the same on any machine.

use std::borrow::Cow;

use super::{Agent, Catchment};

/// Newton's steps, at most.
const STEPS: u32 = 14;
/// The first width that people spread over, as a share of mean travel, and the last, as a share of the first.
const FIRST: f64 = 0.7;
const LAST: f64 = 0.01;
/// What the width comes to after a step; and where more than this share of people are astray, since Newton's pieces are
/// then not those of the solution.
const SHRUNK: f64 = 0.6;
const GROWN: f64 = 1.5;
const ASTRAY: f64 = 0.5;
/// How far a step may move congestion where supply is of mean size, in widths.
const STRIDE: f64 = 0.4;
/// The share of a step that is expected of the next; congestion runs with the root of the width.
const EXPECTED: f64 = 0.5;
/// Conjugate gradients of a step: the next mends what these leave.
const GRADIENTS: u32 = 2;
/// Every so many steps pairs too dear are left aside: beyond this share of the first width, halved each time.
const ASIDE: u32 = 5;
const BEYOND: f64 = 0.45;
/// How far levels are looked for around the last one, in widths.
const AROUND: f64 = 0.25;
/// Where the first is looked for: so far above the cheapest, in widths.
const ABOVE: f64 = 0.4;
/// Pairs looked at once people move: dearer by no more than this share of the first width.
const NEAR: f64 = 0.1;
/// Around this many times the gap saved on the way is the gap at rest.
const LOOK: f64 = 1.5;
/// All pairs are looked at after so many sweeps anyhow, and every so many from there.
const WHOLE_FIRST: u32 = 3;
const WHOLE_EVERY: u32 = 12;
/// The share of the gap that people of a place stay for.
const STAY: f64 = 0.1;
/// Congestion where there is no supply: nobody goes.
const NEVER: f64 = f64::MAX;
/// Pairs that room is made for at once.
const AHEAD: usize = 8_192;

/// Pairs in rows, one for each place.
struct Pairs<'a> {
    /// Where each row begins; one more.
    begins: Cow<'a, [usize]>,
    to: Cow<'a, [u32]>,
    travel: Cow<'a, [f64]>,
    /// What travel is to be multiplied by to be in units of τ.
    per_tau: f64,
}

impl Pairs<'_> {
    fn row(&self, place: usize) -> (&[u32], &[f64]) {
        let row = self.begins[place]..self.begins[place + 1];
        (&self.to[row.clone()], &self.travel[row])
    }

    /// What a place's cheapest costs; in four strands, so that no comparison waits for the one before it.
    fn least(&self, place: usize, congestion: &[f64]) -> f64 {
        let cost = |to: u32, travel: f64| travel * self.per_tau + congestion[to as usize];
        let lesser = |a: f64, b: f64| if a < b { a } else { b };
        let (to, travel) = self.row(place);
        let (to, rest_to) = to.as_chunks::<4>();
        let (travel, rest_travel) = travel.as_chunks::<4>();
        let mut least = [f64::INFINITY; 4];
        for (to, travel) in to.iter().zip(travel) {
            for (strand, least) in least.iter_mut().enumerate() {
                *least = lesser(cost(to[strand], travel[strand]), *least);
            }
        }
        let rest = rest_to.iter().zip(rest_travel).map(|(to, travel)| cost(*to, *travel));
        least.into_iter().chain(rest).fold(f64::INFINITY, lesser)
    }

    /// The pairs that cost less than the level of their place and so much, with travel in units of τ.
    fn within(&self, beyond: f64, level: &[f64], congestion: &[f64]) -> Pairs<'static> {
        let mut begins = Vec::with_capacity(self.begins.len());
        begins.push(0);
        let (mut to, mut travel, mut end) = (Vec::new(), Vec::new(), 0);
        for (place, level) in level.iter().enumerate() {
            let (row_to, row_travel) = self.row(place);
            let room = end + row_to.len();
            if to.len() < room {
                to.resize(room + AHEAD, 0);
                travel.resize(room + AHEAD, 0.0);
            }
            // Each is written, and stays if it counts: a branch that nobody can foresee takes longer.
            for (one, far) in row_to.iter().zip(row_travel) {
                let far = far * self.per_tau;
                (to[end], travel[end]) = (*one, far);
                end += usize::from(far + congestion[*one as usize] < level + beyond);
            }
            begins.push(end);
        }
        to.truncate(end);
        travel.truncate(end);
        Pairs { begins: begins.into(), to: to.into(), travel: travel.into(), per_tau: 1.0 }
    }
}

/// What a place may use: supply, its size, and what it costs.
#[derive(Default)]
struct Choices {
    to: Vec<u32>,
    size: Vec<f64>,
    cost: Vec<f64>,
    count: usize,
}

impl Choices {
    /// What costs less than `bound`.
    fn below(
        &mut self,
        bound: f64,
        place: usize,
        pairs: &Pairs<'_>,
        congestion: &[f64],
        size: &[f64],
    ) {
        let (to, travel) = pairs.row(place);
        if self.to.len() < to.len() {
            self.to.resize(to.len(), 0);
            self.size.resize(to.len() + 4, 0.0);
            self.cost.resize(to.len() + 4, NEVER);
        }
        self.count = 0;
        for (to, travel) in to.iter().zip(travel) {
            let cost = travel * pairs.per_tau + congestion[*to as usize];
            (self.to[self.count], self.cost[self.count]) = (*to, cost);
            self.count += usize::from(cost < bound);
        }
        for (held, to) in self.size.iter_mut().zip(&self.to[..self.count]) {
            *held = size[*to as usize];
        }
        self.size[self.count..self.count + 4].fill(0.0);
        self.cost[self.count..self.count + 4].fill(NEVER);
    }

    /// The level at which `Σ size x (level - cost)` over what costs less is `people`, and the size of that; from a
    /// guess, since one step of Newton's from anywhere is at the level or above it, and each further one nearer.
    fn level(&self, people: f64, guess: f64) -> (f64, f64) {
        let all = self.count.next_multiple_of(4);
        let (size, cost) = (&self.size[..all], &self.cost[..all]);
        let (mut level, mut is_above) = (guess, false);
        loop {
            let (mut rooms, mut sums) = ([0.0; 4], [0.0; 4]);
            for (size, cost) in size.as_chunks::<4>().0.iter().zip(cost.as_chunks::<4>().0) {
                for strand in 0..4 {
                    let size = masked(size[strand], cost[strand] < level);
                    rooms[strand] += size;
                    sums[strand] += size * cost[strand];
                }
            }
            let room: f64 = rooms.iter().sum();
            let sum = people + sums.iter().sum::<f64>();
            let next = if room > 0.0 {
                sum / room
            } else {
                let alone = size.iter().zip(cost).map(|(size, cost)| cost + people / size);
                alone.fold(f64::INFINITY, f64::min)
            };
            if is_above && (next >= level || room <= 0.0) {
                return (level, room);
            }
            (level, is_above) = (next, true);
        }
    }
}

/// A figure, or nought; without a branch, which nobody could foresee.
fn masked(figure: f64, is: bool) -> f64 {
    f64::from_bits(figure.to_bits() & u64::from(is).wrapping_neg())
}

/// People spread over all that costs them little more than their cheapest.
#[derive(Default)]
struct Spread {
    theta: f64,
    /// By place: what its people go below; endlessly low where nobody goes anywhere.
    level: Vec<f64>,
    /// By supply: people drawn.
    load: Vec<f64>,
    /// What each place that uses several uses, in rows, and its size together.
    begins: Vec<usize>,
    to: Vec<u32>,
    room: Vec<f64>,
}

impl Spread {
    /// Of each place `size x (level - cost) ÷ θ` people go wherever that is above nought, at the level at which they
    /// are all it has. Levels are looked for around the last ones first.
    fn over(
        &mut self,
        width: f64,
        pairs: &Pairs<'_>,
        people: &[f64],
        congestion: &[f64],
        size: &[f64],
    ) {
        self.load.clear();
        self.load.resize(size.len(), 0.0);
        self.begins.clear();
        self.begins.push(0);
        self.room.clear();
        let per_theta = 1.0 / self.theta;
        let mut choices = Choices::default();
        let mut begin = 0;
        for (place, people) in people.iter().enumerate() {
            if *people <= 0.0 || pairs.row(place).0.is_empty() {
                continue;
            }
            let mut guess = self.level[place];
            if guess.is_infinite() {
                guess = pairs.least(place, congestion) + width * ABOVE;
            }
            let mut bound = guess + width * AROUND;
            let (level, room) = loop {
                choices.below(bound, place, pairs, congestion, size);
                let (level, room) = choices.level(self.theta * people, guess);
                if level <= bound {
                    break (level, room);
                }
                (guess, bound) = (level, level);
            };
            if level.is_infinite() {
                continue;
            }
            self.level[place] = level;
            if self.to.len() < begin + choices.count {
                self.to.resize(begin + choices.count + AHEAD, 0);
            }
            let mut end = begin;
            for ((to, size), cost) in
                choices.to[..choices.count].iter().zip(&choices.size).zip(&choices.cost)
            {
                let over = masked(level - cost, *cost < level);
                self.load[*to as usize] += per_theta * size * over;
                self.to[end] = *to;
                end += usize::from(*cost < level);
            }
            // Where one supply has them all, nothing changes with what it costs.
            if end > begin + 1 {
                self.begins.push(end);
                self.room.push(room);
                begin = end;
            }
        }
    }

    fn rows(&self) -> impl Iterator<Item = (&[u32], f64)> {
        self.begins.windows(2).zip(&self.room).map(|(row, room)| (&self.to[row[0]..row[1]], *room))
    }

    /// Newton's step of congestion towards where every supply draws what its congestion says it holds: conjugate
    /// gradients on `size + Σ (size - size² ÷ room) ÷ θ`, over places that use several, less what those have in common.
    fn step(&self, congestion: &[f64], size: &[f64]) -> Vec<f64> {
        let per_theta = 1.0 / self.theta;
        let mut own = vec![1.0; size.len()];
        let mut diagonal = vec![1.0; size.len()];
        for (row, room) in self.rows() {
            for to in row.iter().map(|to| *to as usize) {
                own[to] += per_theta;
                diagonal[to] += per_theta * (1.0 - size[to] / room);
            }
        }
        let scaled: Vec<f64> = size
            .iter()
            .zip(&diagonal)
            .map(|(size, diagonal)| if *size > 0.0 { 1.0 / (size * diagonal) } else { 0.0 })
            .collect();
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let by = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).collect::<Vec<f64>>();
        let mut left: Vec<f64> =
            self.load.iter().zip(by(size, congestion)).map(|(load, held)| load - held).collect();
        let mut step = vec![0.0; size.len()];
        let mut towards = by(&left, &scaled);
        let mut along = towards.clone();
        let mut length = dot(&left, &towards);
        for _ in 0..GRADIENTS {
            let mut shared = vec![0.0; size.len()];
            for (row, room) in self.rows() {
                let all: f64 = row.iter().map(|to| size[*to as usize] * along[*to as usize]).sum();
                for to in row {
                    shared[*to as usize] += all / room;
                }
            }
            let image = own.iter().zip(&along).zip(&shared).zip(size);
            let image: Vec<f64> = image
                .map(|(((own, along), shared), size)| size * (own * along - per_theta * shared))
                .collect();
            let bend = dot(&along, &image);
            if bend <= 0.0 {
                break;
            }
            let far = length / bend;
            add(&mut step, far, &along);
            add(&mut left, -far, &image);
            towards = by(&left, &scaled);
            let next = dot(&left, &towards);
            let kept = next / length;
            length = next;
            along.iter_mut().zip(&towards).for_each(|(along, to)| *along = to + kept * *along);
        }
        step
    }
}

fn add(sum: &mut [f64], times: f64, figures: &[f64]) {
    sum.iter_mut().zip(figures).for_each(|(sum, figure)| *sum += times * figure);
}

/// People shared out among supplies, pair by pair.
#[derive(Debug, Default)]
pub(super) struct Settled {
    /// Where each place's pairs begin, of those that it uses or that are near; one more.
    pub(super) begins: Vec<usize>,
    pub(super) to: Vec<u32>,
    /// In units of τ.
    travel: Vec<f64>,
    /// People of the place who use the supply.
    pub(super) used: Vec<f64>,
    /// By supply: people who use it, its size in mean people, what one person adds to its congestion, and congestion.
    pub(super) load: Vec<f64>,
    size: Vec<f64>,
    per_size: Vec<f64>,
    congestion: Vec<f64>,
    /// Of the place in hand: cost before anybody of the place uses it.
    bare: Vec<f64>,
}

impl Settled {
    pub(super) fn cost(&self, pair: usize) -> f64 {
        self.travel[pair] + self.congestion[self.to[pair] as usize]
    }

    /// The share of what all people spend that they could save if each went to the cheapest of now, among all pairs;
    /// and whether that of any place is not among its pairs in hand.
    fn gap(&self, all: &Pairs<'_>, people: &[f64]) -> (f64, bool) {
        let (mut spent, mut least_spent, mut is_short) = (0.0, 0.0, false);
        for (place, people) in people.iter().enumerate() {
            let row = self.begins[place]..self.begins[place + 1];
            if row.is_empty() {
                continue;
            }
            let least = all.least(place, &self.congestion);
            let mut held = f64::INFINITY;
            for pair in row {
                let cost = self.cost(pair);
                spent += self.used[pair] * cost;
                held = held.min(cost);
            }
            least_spent += people * least;
            is_short |= least < held;
        }
        (if spent > 0.0 { (spent - least_spent) / spent } else { 0.0 }, is_short)
    }

    /// Takes up all pairs near the cheapest of now beside those in use.
    fn renew(&mut self, near: f64, all: &Pairs<'_>) {
        let (mut begins, mut to, mut travel, mut used) =
            (vec![0], Vec::new(), Vec::new(), Vec::new());
        for (place, row) in self.begins.windows(2).enumerate() {
            let mut held = (row[0]..row[1]).filter(|pair| self.used[*pair] > 0.0).peekable();
            // Where nobody goes anywhere stays so.
            let most =
                if row[0] < row[1] { all.least(place, &self.congestion) + near } else { 0.0 };
            let (row_to, row_travel) = all.row(place);
            for (one, far) in row_to.iter().zip(row_travel) {
                let is_held = held.next_if(|pair| self.to[*pair] == *one);
                let far = far * all.per_tau;
                if is_held.is_some() || far + self.congestion[*one as usize] < most {
                    to.push(*one);
                    travel.push(far);
                    used.push(is_held.map_or(0.0, |pair| self.used[pair]));
                }
            }
            begins.push(to.len());
        }
        (self.begins, self.to, self.travel, self.used) = (begins, to, travel, used);
    }

    /// Shares a place's people out so that all they use costs the same and nothing else less, unless they could save no
    /// more than a share `stay` of what they spend. What they spent before, and what they would have at the cheapest.
    fn share_out(&mut self, place: usize, people: f64, stay: f64) -> (f64, f64) {
        let row = self.begins[place]..self.begins[place + 1];
        let (to, travel) = (&self.to[row.clone()], &self.travel[row.clone()]);
        let used = &mut self.used[row];
        if to.is_empty() {
            return (0.0, 0.0);
        }
        let (mut spent, mut least, mut most) = (0.0, f64::INFINITY, 0.0_f64);
        for ((to, travel), used) in to.iter().zip(travel).zip(used.iter()) {
            let cost = travel + self.congestion[*to as usize];
            let paid = masked(cost, *used > 0.0);
            spent += used * cost;
            least = if cost < least { cost } else { least };
            most = if paid > most { paid } else { most };
        }
        if most - least <= stay * least {
            return (spent, people * least);
        }
        self.bare.clear();
        let mut level = f64::INFINITY;
        for ((to, travel), used) in to.iter().zip(travel).zip(used.iter()) {
            let one = self.per_size[*to as usize];
            let bare = travel + self.congestion[*to as usize] - used * one;
            level = level.min(bare + people * one);
            self.bare.push(bare);
        }
        loop {
            let (mut room, mut sum) = (0.0, people);
            for (to, bare) in to.iter().zip(&self.bare) {
                let size = masked(self.size[*to as usize], *bare < level);
                room += size;
                sum += size * bare;
            }
            // The first level is above the true one, and each is nearer it.
            let next = sum / room;
            if next >= level || room <= 0.0 {
                break;
            }
            level = next;
        }
        for ((to, bare), used) in to.iter().zip(&self.bare).zip(used) {
            let to = *to as usize;
            let now = masked((level - bare) * self.size[to], *bare < level);
            self.load[to] += now - *used;
            self.congestion[to] = self.load[to] * self.per_size[to];
            *used = now;
        }
        (spent, people * least)
    }
}

impl Catchment {
    /// Where people go, and the share of what they spend that they could still save over all pairs. Steps of both parts
    /// count as sweeps.
    pub(super) fn settle(&self, agent: &Agent) -> (Settled, f64) {
        let all = Pairs {
            begins: Cow::from(&self.begins),
            to: Cow::from(&self.to),
            travel: Cow::from(&self.cost),
            per_tau: 1.0 / agent.tau,
        };
        let finite = self.cost.iter().filter(|cost| cost.is_finite());
        let (far, pairs) = finite.fold((0.0, 0.0), |(far, pairs), cost| (far + cost, pairs + 1.0));
        // Where nothing is far from anything, any width will do.
        let first = if far > 0.0 { FIRST * far / pairs * all.per_tau } else { FIRST };
        let (mut settled, steps) = self.spread_out(&all, first, agent.sweeps);
        for sweep in steps..agent.sweeps {
            let (mut spent, mut least_spent) = (0.0, 0.0);
            for (place, people) in self.people.iter().enumerate() {
                let (cost, least) = settled.share_out(place, *people, STAY * agent.gap);
                spent += cost;
                least_spent += least;
            }
            // What is saved on the way says when to look; what could still be saved at rest is what counts.
            let is_due = (sweep - steps) % WHOLE_EVERY == WHOLE_FIRST;
            if is_due || spent - least_spent <= LOOK * agent.gap * spent {
                let (gap, is_short) = settled.gap(&all, &self.people);
                if gap <= agent.gap {
                    return (settled, gap);
                }
                if is_short {
                    settled.renew(NEAR * first, &all);
                }
            }
        }
        let (gap, _) = settled.gap(&all, &self.people);
        (settled, gap)
    }

    /// People spread over less and less beyond their cheapest, with congestion at each supply about what they make it,
    /// and the steps that took.
    fn spread_out(&self, all: &Pairs<'_>, first: f64, most: u32) -> (Settled, u32) {
        let people: f64 = self.people.iter().sum();
        let mean = people / self.total_supply();
        let sized = |supply: &f64| if *supply > 0.0 { supply * mean } else { 0.0 };
        let size: Vec<f64> = self.supply.iter().map(sized).collect();
        let count = |figures: &[f64]| figures.iter().filter(|one| **one > 0.0).count() as f64;
        let (places, supplies) = (count(&self.people), count(&size));
        let mut congestion: Vec<f64> =
            size.iter().map(|size| if *size > 0.0 { 1.0 } else { NEVER }).collect();
        let mut before = congestion.clone();
        let mut spread =
            Spread { level: vec![f64::NEG_INFINITY; self.people.len()], ..Spread::default() };
        let mut kept: Pairs<'_>;
        let mut pairs = all;
        let (mut width, mut beyond) = (first, BEYOND * first);
        let mut steps = 0;
        loop {
            // A mean place spreads over a width where supply is of mean size.
            spread.theta = width * places / supplies;
            spread.over(width, pairs, &self.people, &congestion, &size);
            if steps == STEPS.min(most) || width < LAST * first {
                break;
            }
            if steps % ASIDE == 0 {
                kept = pairs.within(beyond, &spread.level, &congestion);
                pairs = &kept;
                beyond /= 2.0;
            }
            let step = spread.step(&congestion, &size);
            let held = spread.load.iter().zip(&size).zip(&congestion);
            let astray: f64 = held.map(|((load, size), one)| (load - size * one).abs()).sum();
            let shrunk = if astray > ASTRAY * people { GROWN } else { SHRUNK };
            let expected = if steps > 0 && shrunk < 1.0 { EXPECTED * shrunk.sqrt() } else { 0.0 };
            let stride = STRIDE * width * people / supplies;
            let moved = congestion.iter_mut().zip(&mut before).zip(&size).zip(step);
            for (((now, before), size), step) in moved.filter(|((_, size), _)| **size > 0.0) {
                let most = stride / size;
                let next = (*now + step.clamp(-most, most)).max(0.0);
                *now = (next + expected * (next - *before)).max(0.0);
                *before = next;
            }
            width *= shrunk;
            steps += 1;
        }
        let near = pairs.within(NEAR * first, &spread.level, &congestion);
        let mut used = Vec::with_capacity(near.to.len());
        let mut load = vec![0.0; size.len()];
        for (place, (level, people)) in spread.level.iter().zip(&self.people).enumerate() {
            let (to, travel) = near.row(place);
            let begin = used.len();
            used.extend(to.iter().zip(travel).map(|(to, travel)| {
                size[*to as usize] * (level - (travel + congestion[*to as usize])).max(0.0)
            }));
            // Levels are known to the last few bits; people to all.
            let mut all: f64 = used[begin..].iter().sum();
            if all <= 0.0 {
                // Below the last bit: all at the cheapest.
                let cost = |n: &usize| travel[*n] + congestion[to[*n] as usize];
                let served = (0..to.len()).filter(|n| size[to[*n] as usize] > 0.0);
                let cheapest = served.min_by(|a, b| cost(a).total_cmp(&cost(b)));
                if let Some(n) = cheapest {
                    used[begin + n] = 1.0;
                }
                all = 1.0;
            }
            for (to, used) in to.iter().zip(&mut used[begin..]) {
                *used = *used / all * people;
                load[*to as usize] += *used;
            }
        }
        let per_size: Vec<f64> =
            size.iter().map(|size| if *size > 0.0 { 1.0 / size } else { 0.0 }).collect();
        let made = load.iter().zip(&per_size).zip(congestion);
        let made = made.map(|((load, one), now)| if *one > 0.0 { load * one } else { now });
        let settled = Settled {
            congestion: made.collect(),
            begins: near.begins.into_owned(),
            to: near.to.into_owned(),
            travel: near.travel.into_owned(),
            used,
            load,
            size,
            per_size,
            bare: Vec::new(),
        };
        (settled, steps)
    }
}
