//! A figure with its bad and good end, and what it rests on.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Terms, ValueSource};
use crate::register::{Evidence, MissingAssumption, Pence};

/// A quantity as it is expected, when things go badly, and when they go well. Products pair bad with bad, so a column
/// of the ledger is one coherent story.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Estimate {
    pub(super) central: f64,
    pub(super) bad: f64,
    pub(super) good: f64,
    pub(super) evidence: Option<Arc<Evidence>>,
    pub(super) assumed: BTreeSet<String>,
}

impl Estimate {
    /// The same whatever happens, resting on nothing: a count, a constant.
    pub(super) fn exact(value: f64) -> Self {
        let assumed = BTreeSet::new();
        Self { central: value, bad: value, good: value, evidence: None, assumed }
    }

    /// A value of the register.
    pub(super) fn known(value: f64, evidence: Option<&Arc<Evidence>>) -> Self {
        Self { evidence: evidence.cloned(), ..Self::exact(value) }
    }

    /// An assumption of which more is better: a price, a saving.
    pub(super) fn gain(terms: &Terms<'_>, key: &str) -> Result<Self, MissingAssumption> {
        let figure = terms.assumptions.figure(key)?;
        Ok(Self {
            central: figure.value,
            bad: figure.low.unwrap_or(figure.value),
            good: figure.high.unwrap_or(figure.value),
            evidence: None,
            assumed: BTreeSet::from([key.to_owned()]),
        })
    }

    /// An assumption of which less is better: a cost, a delay.
    pub(super) fn loss(terms: &Terms<'_>, key: &str) -> Result<Self, MissingAssumption> {
        let Self { central, bad, good, evidence, assumed } = Self::gain(terms, key)?;
        Ok(Self { central, bad: good, good: bad, evidence, assumed })
    }

    pub(super) fn times(self, other: Self) -> Self {
        self.with(other, |a, b| a * b)
    }

    pub(super) fn plus(self, other: Self) -> Self {
        self.with(other, |a, b| a + b)
    }

    /// One less this.
    pub(super) fn rest(self) -> Self {
        self.map(|x| 1.0 - x)
    }

    pub(super) fn map(mut self, f: impl Fn(f64) -> f64) -> Self {
        (self.central, self.bad, self.good) = (f(self.central), f(self.bad), f(self.good));
        self
    }

    /// Rests on this assumption too.
    pub(super) fn resting_on(mut self, keys: &[String]) -> Self {
        self.assumed.extend(keys.iter().cloned());
        self
    }

    /// A factor that leaves the central figure as it is adds its range, not its name.
    pub(super) fn times_if_any(self, factor: Self) -> Self {
        #[expect(clippy::float_cmp, reason = "exactly one is how a file says: no effect")]
        let has_none = factor.central == 1.0;
        let assumed = if has_none { BTreeSet::new() } else { factor.assumed.clone() };
        self.times(Self { assumed, ..factor })
    }

    pub(super) fn source(&self) -> ValueSource {
        match &self.evidence {
            Some(evidence) if self.assumed.is_empty() => {
                ValueSource::Known(evidence.as_ref().clone())
            }
            _ => ValueSource::Assumed(self.assumed.iter().cloned().collect()),
        }
    }

    fn with(mut self, other: Self, f: impl Fn(f64, f64) -> f64) -> Self {
        self.central = f(self.central, other.central);
        self.bad = f(self.bad, other.bad);
        self.good = f(self.good, other.good);
        self.evidence = self.evidence.or(other.evidence);
        self.assumed.extend(other.assumed);
        self
    }
}

/// Pounds to the nearest penny.
pub(super) fn pence(pounds: f64) -> Pence {
    Pence(100).times(pounds)
}
