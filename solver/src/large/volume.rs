//! Prices that prove much, and a fractional plan that says what they left undecided: the volume algorithm of Barahona and
//! Anbil. Prices move towards what the average of all answers so far misses; the average comes to resemble the best
//! fractional plan.
//!
//! Steps are counted, never timed: the same problem and number of steps give the same prices.

use super::knapsack::Sack;
use super::relaxation::{Answer, Relaxation};

/// Where the search for prices is, so that it can go on from there.
#[derive(Debug, Clone)]
pub(crate) struct Volume {
    /// The best prices so far.
    pub(crate) prices: Vec<f64>,
    /// What they prove.
    pub(crate) bound: f64,
    /// Columns of the average answer, to be multiplied with `share`.
    average: Vec<f64>,
    share: f64,
    /// What the average misses.
    missing: Vec<f64>,
    /// Length of a step.
    stride: f64,
    /// Most weight of a new answer.
    weight: f64,
    steps: usize,
    worse_in_a_row: usize,
    better_in_a_row: usize,
    /// The bound when the weight was looked at last.
    bound_before: f64,
    /// Other cores are for others: the same prices, only later.
    pub(crate) is_alone: bool,
}

/// The average is brought back to its own size when its multiplier has become as small as this.
const SMALLEST_SHARE: f64 = 1e-60;
/// Between these the weight of new answers is looked at, and halved where the bound gained less than this part of itself.
/// At 1 % it shrank before a rule that ties all sites had found its price, and what was left of the weight moved it no more.
const WEIGHT_EVERY: usize = 100;
const LEAST_GAIN: f64 = 5e-4;
/// With new rules the weight of new answers and the length of steps begin with no less than this.
const WEIGHT_AGAIN: f64 = 0.05;
const STRIDE_AGAIN: f64 = 0.005;
/// Where prices are near their end from the beginning.
const STRIDE_FROM_PRICES: f64 = 0.02;
/// New answers never weigh less.
const LEAST_WEIGHT: f64 = 1e-4;

impl Volume {
    pub(crate) fn from(relaxation: &Relaxation<'_>, prices: Vec<f64>, sack: &mut Sack) -> Self {
        let mut answer = Answer::default();
        relaxation.answer(&prices, sack, false, &mut answer);
        let mut average = vec![0.0; relaxation.columns()];
        for &(column, value) in &answer.columns {
            average[column] = value;
        }
        Self {
            prices,
            bound: answer.bound,
            average,
            share: 1.0,
            missing: answer.missing,
            stride: 0.1,
            weight: 0.1,
            steps: 0,
            worse_in_a_row: 0,
            better_in_a_row: 0,
            bound_before: answer.bound,
            is_alone: false,
        }
    }

    /// Goes on with another relaxation of the problem: as this one up to row `first`, then with these rows of this one, then
    /// with new ones.
    pub(crate) fn go_on_with(&mut self, relaxation: &Relaxation<'_>, first: usize, kept: &[usize]) {
        let mut prices = self.prices[..first].to_vec();
        prices.extend(kept.iter().map(|&row| self.prices[row]));
        prices.resize(relaxation.rows.len(), 0.0);
        self.prices = prices;
        let used = relaxation.used(first, |column| self.average(column));
        self.missing.truncate(first);
        let rows = relaxation.rows[first..].iter().zip(used);
        self.missing.extend(rows.map(|(row, used)| row.right - used));
        self.weight = self.weight.max(WEIGHT_AGAIN);
        self.stride = self.stride.max(STRIDE_AGAIN);
    }

    /// Begins with short steps: the prices are near their end.
    pub(crate) fn tread_softly(&mut self) {
        self.stride = STRIDE_FROM_PRICES;
    }

    /// Goes on from these prices, with what is chosen at them for the average answer.
    pub(crate) fn go_to(
        &mut self,
        relaxation: &Relaxation<'_>,
        prices: Vec<f64>,
        columns: Vec<f64>,
        sack: &mut Sack,
    ) {
        let mut answer = Answer::default();
        relaxation.answer(&prices, sack, self.is_alone, &mut answer);
        let used = relaxation.used(0, |column| columns[column]);
        let missing = relaxation.rows.iter().zip(used).map(|(row, used)| row.right - used);
        self.missing = missing.collect();
        self.prices = prices;
        self.bound = answer.bound;
        self.average = columns;
        self.share = 1.0;
    }

    /// A column of the average answer.
    pub(crate) fn average(&self, column: usize) -> f64 {
        self.average[column] * self.share
    }

    /// Takes steps until there were so many, or `is_over`. `target` is the cost of a plan, if one is known. Whether it is at
    /// the end: the average misses nothing, so that no price would move again.
    pub(crate) fn run(
        &mut self,
        relaxation: &Relaxation<'_>,
        steps: usize,
        target: Option<f64>,
        sack: &mut Sack,
        is_over: &mut dyn FnMut() -> bool,
    ) -> bool {
        let mut answer = Answer::default();
        let mut direction = vec![0.0; self.missing.len()];
        let mut prices = self.prices.clone();
        for step in 0..steps {
            if step % 8 == 0 && is_over() {
                return false;
            }
            self.steps += 1;
            // What a price that is at its limit cannot mend is no reason to move.
            let mut length = 0.0;
            for ((direction, &missing), (row, &price)) in direction
                .iter_mut()
                .zip(&self.missing)
                .zip(relaxation.rows.iter().zip(&self.prices))
            {
                let is_stuck = (missing > 0.0 && price >= row.most_price)
                    || (missing < 0.0 && price <= row.least_price);
                *direction = if is_stuck { 0.0 } else { missing };
                length += *direction * *direction;
            }
            if length <= 1e-18 {
                return true;
            }
            let far = self.bound + 0.05 * self.bound.abs().max(1e-6);
            let goal = match target {
                // A little beyond: the plan is not the best there is, but the step should not vanish.
                Some(target) if target < far => {
                    target.max(self.bound + 1e-4 * self.bound.abs().max(1e-6))
                }
                _ => far,
            };
            let stride = self.stride * (goal - self.bound) / length;
            for ((price, &base), (row, &direction)) in
                prices.iter_mut().zip(&self.prices).zip(relaxation.rows.iter().zip(&direction))
            {
                *price = (base + stride * direction).clamp(row.least_price, row.most_price);
            }
            relaxation.answer(&prices, sack, self.is_alone, &mut answer);
            let agreement: f64 = direction.iter().zip(&answer.missing).map(|(a, b)| a * b).sum();
            self.mix(&answer, relaxation);
            if answer.bound > self.bound {
                self.worse_in_a_row = 0;
                self.better_in_a_row += 1;
                if agreement > 0.0 {
                    self.stride =
                        (self.stride * if self.better_in_a_row > 1 { 1.1 } else { 1.0 }).min(2.0);
                }
                self.bound = answer.bound;
                std::mem::swap(&mut self.prices, &mut prices);
            } else {
                self.better_in_a_row = 0;
                self.worse_in_a_row += 1;
                if self.worse_in_a_row >= 20 {
                    self.worse_in_a_row = 0;
                    self.stride = (self.stride * 0.66).max(1e-5);
                }
            }
            if self.steps.is_multiple_of(WEIGHT_EVERY) {
                let gained = self.bound - self.bound_before;
                if gained < LEAST_GAIN * self.bound.abs() {
                    self.weight = (self.weight * 0.5).max(LEAST_WEIGHT);
                }
                self.bound_before = self.bound;
            }
        }
        false
    }

    /// Mixes a new answer in, with the weight that makes the average miss least.
    fn mix(&mut self, answer: &Answer, relaxation: &Relaxation<'_>) {
        let (mut along, mut square) = (0.0, 0.0);
        for ((new, old), (row, price)) in
            answer.missing.iter().zip(&self.missing).zip(relaxation.rows.iter().zip(&self.prices))
        {
            // Plenty of what has no price is not missed.
            let is_plenty = |x: f64| {
                (x < 0.0 && *price <= row.least_price) || (x > 0.0 && *price >= row.most_price)
            };
            let new = if is_plenty(*new) && is_plenty(*old) { *old } else { *new };
            let by = new - old;
            along += by * old;
            square += by * by;
        }
        let best = if square > 0.0 { -along / square } else { self.weight };
        let weight = best.clamp(self.weight * 0.1, self.weight);
        for (old, new) in self.missing.iter_mut().zip(&answer.missing) {
            *old += weight * (new - *old);
        }
        self.share *= 1.0 - weight;
        for &(column, value) in &answer.columns {
            self.average[column] += weight * value / self.share;
        }
        if self.share < SMALLEST_SHARE {
            self.average.iter_mut().for_each(|value| *value *= self.share);
            self.share = 1.0;
        }
    }
}
