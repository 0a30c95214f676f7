//! Numbers drawn by a seed.

/// Linear congruential, with Knuth's multiplier: the same on every machine.
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn of(seed: u32) -> Self {
        Self(
            u64::from(seed).wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(0x2545_f491_4f6c_dd1d),
        )
    }

    fn word(&mut self) -> u32 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        u32::try_from(self.0 >> 32).unwrap_or(0)
    }

    /// From 0 up to 1.
    pub(crate) fn next(&mut self) -> f64 {
        f64::from(self.word()) / 4_294_967_296.0
    }

    /// One of the first `n` numbers; `n` is at least 1.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        let n = u64::try_from(n).unwrap_or(1);
        usize::try_from((u64::from(self.word()) * n) >> 32).unwrap_or(0)
    }
}
