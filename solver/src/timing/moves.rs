//! A good arrangement without proof: tasks put in one by one where they do best, then some taken out and put in again,
//! over and over. Rules may be broken on the way, at a price that rises above any value.

use super::columns::Windows;
use super::{Goal, Start, Timing, signed};
use crate::chance::Chance;

/// The best found; it may break rules where none that keeps them was found. The number of tries depends on the timing
/// alone, so that the same seed gives the same starts unless the clock is hit.
pub(super) fn arranged(
    timing: &Timing,
    windows: &Windows,
    seed: u32,
    tries: usize,
    is_over: &mut dyn FnMut() -> bool,
) -> Vec<usize> {
    let clusters = clusters(timing);
    let mut state = State::of(timing, windows);
    let mut order: Vec<usize> = (0..clusters.len()).collect();
    // What pays its own way first.
    order.sort_by(|a, b| {
        let worth = |at: &usize| state.self_financing(&clusters[*at]);
        worth(b).total_cmp(&worth(a)).then(a.cmp(b))
    });
    for at in &order {
        state.place(&clusters[*at]);
    }
    let mut chance = Chance::of(seed);
    let mut best = state.starts.clone();
    let mut best_score = state.score();
    let mut score = best_score;
    for number in 0..tries {
        if number.is_multiple_of(16) && is_over() {
            break;
        }
        let held = state.snapshot();
        let taken = chosen(&clusters, &state, &mut chance);
        for at in &taken {
            state.take_out(&clusters[*at], &mut chance);
        }
        for at in &taken {
            state.place(&clusters[*at]);
        }
        state.place_the_rest(&clusters);
        let now = state.score();
        // A little worse is let pass while there is far to go.
        let left = 1.0 - number as f64 / tries as f64;
        let slack = 0.002 * left * best_score.abs() * chance.next().powi(4);
        if now >= score - slack {
            score = now;
            if now > best_score {
                best_score = now;
                best.clone_from(&state.starts);
            }
        } else {
            state.restore(held);
        }
    }
    best.into_iter().map(|start| start.unwrap_or(usize::MAX)).collect()
}

/// A task that others wait for is put in with the first that waits for it: each cluster leads with a task nobody waits for.
fn clusters(timing: &Timing) -> Vec<Vec<usize>> {
    let count = timing.tasks.len();
    let mut waits_for: Vec<Vec<usize>> = vec![Vec::new(); count];
    for order in &timing.orders {
        waits_for[order.after].push(order.before);
    }
    let ancestors: Vec<Vec<usize>> = (0..count)
        .map(|task| {
            let (mut seen, mut open) = (vec![task], vec![task]);
            while let Some(next) = open.pop() {
                for before in &waits_for[next] {
                    if !seen.contains(before) {
                        seen.push(*before);
                        open.push(*before);
                    }
                }
            }
            seen
        })
        .collect();
    let mut is_waited_for = vec![false; count];
    for (task, own) in ancestors.iter().enumerate() {
        for before in own.iter().skip(1) {
            // Of tasks that keep together the first leads.
            let is_mutual = ancestors[*before].contains(&task);
            if !is_mutual || *before > task {
                is_waited_for[*before] = true;
            }
        }
    }
    (0..count).filter(|task| !is_waited_for[*task]).map(|task| ancestors[task].clone()).collect()
}

/// Which clusters to take out: a few by chance, or some that lie near each other in time.
fn chosen(clusters: &[Vec<usize>], state: &State<'_>, chance: &mut Chance) -> Vec<usize> {
    let most = clusters.len().clamp(1, 9);
    let count = 1 + chance.below(most);
    let mut taken = vec![chance.below(clusters.len().max(1))];
    if chance.next() < 0.5 {
        let at = |cluster: usize| state.starts[clusters[cluster][0]].unwrap_or(0);
        let here = at(taken[0]);
        let mut near: Vec<usize> = (0..clusters.len()).collect();
        near.sort_by_key(|cluster| (at(*cluster).abs_diff(here), *cluster));
        let reach = (4 * count).min(near.len()).max(1);
        while taken.len() < count {
            let next = near[chance.below(reach)];
            if taken.contains(&next) {
                break;
            }
            taken.push(next);
        }
    } else {
        while taken.len() < count {
            let next = chance.below(clusters.len());
            if taken.contains(&next) {
                break;
            }
            taken.push(next);
        }
    }
    taken
}

struct State<'a> {
    timing: &'a Timing,
    windows: &'a Windows,
    before: Vec<Vec<(usize, isize)>>,
    after: Vec<Vec<(usize, isize)>>,
    starts: Vec<Option<usize>>,
    worth: f64,
    change: Vec<f64>,
    used: Vec<Vec<f64>>,
}

struct Held {
    starts: Vec<Option<usize>>,
    worth: f64,
    change: Vec<f64>,
    used: Vec<Vec<f64>>,
}

/// What one unit below the floor, for one period, is priced at in units of value.
const BELOW: f64 = 20.0;

impl<'a> State<'a> {
    fn of(timing: &'a Timing, windows: &'a Windows) -> Self {
        let mut before = vec![Vec::new(); timing.tasks.len()];
        let mut after = vec![Vec::new(); timing.tasks.len()];
        for order in &timing.orders {
            before[order.after].push((order.before, order.lag));
            after[order.before].push((order.after, order.lag));
        }
        Self {
            timing,
            windows,
            before,
            after,
            starts: vec![None; timing.tasks.len()],
            worth: 0.0,
            change: vec![0.0; timing.periods],
            used: timing.resources.iter().map(|r| vec![0.0; r.limits.len()]).collect(),
        }
    }

    fn snapshot(&self) -> Held {
        Held {
            starts: self.starts.clone(),
            worth: self.worth,
            change: self.change.clone(),
            used: self.used.clone(),
        }
    }

    fn restore(&mut self, held: Held) {
        Held { starts: self.starts, worth: self.worth, change: self.change, used: self.used } =
            held;
    }

    fn start(&self, task: usize, at: usize) -> Option<&'a Start> {
        self.timing.tasks[task].starts.get(at)?.as_ref()
    }

    fn apply(&mut self, task: usize, at: usize, sign: f64) {
        let Some(start) = self.start(task, at) else { return };
        self.worth += sign * start.value;
        for (period, amount) in &start.flows {
            if let Some(change) = self.change.get_mut(*period) {
                *change += sign * amount;
            }
        }
        for (resource, window, amount) in &start.uses {
            if let Some(used) = self.used.get_mut(*resource).and_then(|w| w.get_mut(*window)) {
                *used += sign * amount;
            }
        }
    }

    fn put(&mut self, task: usize, at: usize) {
        self.apply(task, at, 1.0);
        self.starts[task] = Some(at);
    }

    fn lift(&mut self, task: usize) {
        if let Some(at) = self.starts[task].take() {
            self.apply(task, at, -1.0);
        }
    }

    /// What all that is placed is worth, less the price of what it breaks.
    fn score(&self) -> f64 {
        let over: f64 = self
            .timing
            .resources
            .iter()
            .zip(&self.used)
            .flat_map(|(resource, used)| resource.limits.iter().zip(used))
            .map(|(limit, used)| (used - limit).max(0.0) / limit.abs().max(1.0))
            .sum();
        let price_of_over = 1e12;
        let Some(account) = self.timing.account else { return self.worth - price_of_over * over };
        let (mut balance, mut below, mut deepest, mut reached) =
            (account.opening, 0.0, 0.0_f64, None);
        for (period, change) in self.change.iter().enumerate() {
            balance += change;
            let short = account.floor - balance;
            if short > 0.0 {
                below += short;
                deepest = deepest.max(short);
            }
            if let Goal::Reach(level) = self.timing.goal
                && reached.is_none()
                && balance >= level
            {
                reached = Some(period);
            }
        }
        match self.timing.goal {
            Goal::Value => self.worth - BELOW * below - price_of_over * over,
            Goal::Reach(level) => {
                // The nearer the account gets the better, so that small moves lead there.
                let late = reached.unwrap_or(self.timing.periods) as f64;
                let top = balance.min(level);
                self.worth * 1e-3 + top * 1e-2
                    - late * 1e9
                    - 1e3 * below
                    - 1e6 * price_of_over * over
            }
            Goal::LeastExtra => self.worth * 1e-6 - deepest - 1e-3 * below - price_of_over * over,
        }
    }

    /// Value of a cluster less what it ties up, for the order in which clusters are first put in.
    fn self_financing(&self, cluster: &[usize]) -> f64 {
        let flows = |task: usize| {
            let first = self.windows[task].first().copied();
            first.and_then(|at| self.start(task, at)).map_or(&[][..], |start| &start.flows)
        };
        let all = cluster.iter().flat_map(|task| flows(*task));
        let (into, out) =
            all.fold(
                (0.0, 0.0),
                |(into, out), (_, by)| {
                    if *by > 0.0 { (into + by, out) } else { (into, out - by) }
                },
            );
        (into - out) / (out + 1.0)
    }

    /// Periods in which a task may begin, given what is placed.
    fn allowed(&self, task: usize) -> (isize, isize) {
        let placed = |others: &[(usize, isize)], sign: isize| {
            let bounds = others
                .iter()
                .filter_map(|(other, lag)| self.starts[*other].map(|at| signed(at) + sign * lag));
            bounds.collect::<Vec<_>>()
        };
        let earliest = placed(&self.before[task], 1).into_iter().max().unwrap_or(0);
        let latest = placed(&self.after[task], -1).into_iter().min().unwrap_or(isize::MAX);
        (earliest, latest)
    }

    /// Puts a cluster in where it does best: its leader at each period in turn, the rest each at its best beside it.
    fn place(&mut self, cluster: &[usize]) {
        let open: Vec<usize> =
            cluster.iter().copied().filter(|task| self.starts[*task].is_none()).collect();
        let Some((leader, rest)) = open.split_first() else { return };
        let (earliest, latest) = self.allowed(*leader);
        let mut best: Option<(f64, Vec<usize>)> = None;
        for at in &self.windows[*leader] {
            if signed(*at) < earliest || signed(*at) > latest {
                continue;
            }
            self.put(*leader, *at);
            let mut chosen = vec![*at];
            for task in rest {
                let Some(found) = self.best_start(*task) else { break };
                self.put(*task, found);
                chosen.push(found);
            }
            if chosen.len() == open.len() {
                let score = self.score();
                if best.as_ref().is_none_or(|(best, _)| score > *best) {
                    best = Some((score, chosen));
                }
            }
            for task in &open {
                self.lift(*task);
            }
        }
        if let Some((_, chosen)) = best {
            for (task, at) in open.iter().zip(chosen) {
                self.put(*task, at);
            }
        }
    }

    fn best_start(&mut self, task: usize) -> Option<usize> {
        let (earliest, latest) = self.allowed(task);
        let mut best: Option<(f64, usize)> = None;
        for at in &self.windows[task] {
            if signed(*at) < earliest || signed(*at) > latest {
                continue;
            }
            self.put(task, *at);
            let score = self.score();
            self.lift(task);
            if best.is_none_or(|(best, _)| score > best) {
                best = Some((score, *at));
            }
        }
        best.map(|(_, at)| at)
    }

    /// Takes a cluster out; what others wait for too stays, half of the time.
    fn take_out(&mut self, cluster: &[usize], chance: &mut Chance) {
        for (number, task) in cluster.iter().enumerate() {
            let is_shared = number > 0 && self.after[*task].len() > 1;
            if !is_shared || chance.next() < 0.5 {
                self.lift(*task);
            }
        }
    }

    /// Whatever is left without a start, once more.
    fn place_the_rest(&mut self, clusters: &[Vec<usize>]) {
        for cluster in clusters {
            if cluster.iter().any(|task| self.starts[*task].is_none()) {
                self.place(cluster);
            }
        }
    }
}
