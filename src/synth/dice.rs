//! Chance that comes out the same everywhere: no logarithms, sines or other functions that differ between machines.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A stream of chance of one place, so that a borough is the same alone and in all of England.
#[derive(Debug, Clone)]
pub(super) struct Dice(ChaCha8Rng);

impl Dice {
    pub(super) fn new(seed: u64, stream: &str) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        // FNV-1a: any spread of codes over streams will do.
        let stream = stream.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        rng.set_stream(stream);
        Self(rng)
    }

    /// Between 0 (inclusive) and 1 (exclusive).
    pub(super) fn unit(&mut self) -> f64 {
        // 53 bits, as many as a float holds.
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub(super) fn chance(&mut self, likelihood: f64) -> bool {
        self.unit() < likelihood
    }

    pub(super) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// About normal: the sum of twelve even draws.
    pub(super) fn bell(&mut self, mean: f64, spread: f64) -> f64 {
        let sum: f64 = (0..12).map(|_| self.unit()).sum();
        mean + spread * (sum - 6.0)
    }

    /// A whole number from `low` up to and including `high`.
    #[expect(clippy::cast_possible_truncation, reason = "callers' bounds are small")]
    pub(super) fn whole(&mut self, low: i64, high: i64) -> i64 {
        low + (self.unit() * (high - low + 1) as f64) as i64
    }

    /// A whole number with this mean: the fraction is a chance.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "counts of sites, never negative"
    )]
    pub(super) fn count(&mut self, mean: f64) -> usize {
        (mean + self.unit()).max(0.0) as usize
    }

    /// One of these, by weight; the last where weights are all nothing.
    pub(super) fn pick<T: Copy>(&mut self, among: &[(T, f64)]) -> Option<T> {
        let total: f64 = among.iter().map(|(_, weight)| weight).sum();
        let mut left = self.unit() * total;
        for (one, weight) in among {
            left -= weight;
            if left < 0.0 {
                return Some(*one);
            }
        }
        among.last().map(|(one, _)| *one)
    }

    /// One of these, evenly; `None` of nothing.
    pub(super) fn any<T: Copy>(&mut self, among: &[T]) -> Option<T> {
        let last = i64::try_from(among.len()).ok()? - 1;
        let at = usize::try_from(self.whole(0, last.max(0))).ok()?;
        among.get(at).copied()
    }

    pub(super) fn shuffle<T>(&mut self, list: &mut [T]) {
        for at in (1..list.len()).rev() {
            let other = i64::try_from(at).map_or(0, |at| self.whole(0, at));
            list.swap(at, usize::try_from(other).unwrap_or(0));
        }
    }
}
