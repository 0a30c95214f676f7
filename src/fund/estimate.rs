//! A figure with its bad and good end, how it is worked out, and what it rests on.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Formula, Lever, Terms, ValueSource};
use crate::register::{Evidence, MissingAssumption, Pence};

/// A quantity as it is expected, when things go badly, and when they go well. Products pair bad with bad, so a column
/// of the ledger is one coherent story. The formula gives the central figure, to the last bit.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Estimate {
    pub(super) central: f64,
    pub(super) bad: f64,
    pub(super) good: f64,
    pub(super) formula: Arc<Formula>,
    pub(super) evidence: Option<Arc<Evidence>>,
    pub(super) assumed: BTreeSet<String>,
}

impl Estimate {
    /// The same whatever happens, resting on nothing: a count, a constant.
    pub(super) fn exact(value: f64) -> Self {
        Self {
            central: value,
            bad: value,
            good: value,
            formula: Arc::new(Formula::Number(value)),
            evidence: None,
            assumed: BTreeSet::new(),
        }
    }

    /// A value of the register or of the plan.
    pub(super) fn known(
        what: impl Into<Cow<'static, str>>,
        value: f64,
        evidence: Option<&Arc<Evidence>>,
    ) -> Self {
        let formula = Arc::new(Formula::Known(what.into(), value));
        Self { evidence: evidence.cloned(), formula, ..Self::exact(value) }
    }

    /// An assumption of which more is better: a price, a saving.
    pub(super) fn gain(terms: &Terms<'_>, key: &str) -> Result<Self, MissingAssumption> {
        let figure = terms.assumptions.figure(key)?;
        Ok(Self {
            central: figure.value,
            bad: figure.low.unwrap_or(figure.value),
            good: figure.high.unwrap_or(figure.value),
            formula: Arc::new(Formula::Figure(Arc::from(key))),
            evidence: None,
            assumed: BTreeSet::from([key.to_owned()]),
        })
    }

    /// An assumption of which less is better: a cost, a delay.
    pub(super) fn loss(terms: &Terms<'_>, key: &str) -> Result<Self, MissingAssumption> {
        let Self { central, bad, good, formula, evidence, assumed } = Self::gain(terms, key)?;
        Ok(Self { central, bad: good, good: bad, formula, evidence, assumed })
    }

    pub(super) fn times(self, other: Self) -> Self {
        self.with(other, Formula::Times, |a, b| a * b)
    }

    pub(super) fn plus(self, other: Self) -> Self {
        self.with(other, Formula::Plus, |a, b| a + b)
    }

    pub(super) fn over(self, other: Self) -> Self {
        self.with(other, Formula::Over, |a, b| a / b)
    }

    pub(super) fn at_least(self, other: Self) -> Self {
        self.with(other, Formula::AtLeast, f64::max)
    }

    pub(super) fn at_most(self, other: Self) -> Self {
        self.with(other, Formula::AtMost, f64::min)
    }

    /// One less this.
    pub(super) fn rest(self) -> Self {
        self.map(Formula::Rest, |x| 1.0 - x)
    }

    /// What is left of it after `passed`, between nothing and `length`.
    pub(super) fn due(self, passed: f64, length: f64) -> Self {
        self.map(|a| Formula::Due(a, passed, length), |left| (left - passed).clamp(0.0, length))
    }

    /// Multiplied by a lever, which is 1 unless somebody tries what happens.
    pub(super) fn scaled(self, lever: Lever) -> Self {
        self.map(|a| Formula::Scaled(lever, a), |x| x)
    }

    /// The same figures as a value of the register under this name.
    pub(super) fn told_as_known(self, what: impl Into<Cow<'static, str>>) -> Self {
        Self { formula: Arc::new(Formula::Known(what.into(), self.central)), ..self }
    }

    /// Every case the central one.
    pub(super) fn without_range(self) -> Self {
        Self { bad: self.central, good: self.central, ..self }
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

    fn map(self, form: impl FnOnce(Arc<Formula>) -> Formula, f: impl Fn(f64) -> f64) -> Self {
        Self {
            central: f(self.central),
            bad: f(self.bad),
            good: f(self.good),
            formula: Arc::new(form(self.formula)),
            ..self
        }
    }

    fn with(
        self,
        other: Self,
        form: impl FnOnce(Arc<Formula>, Arc<Formula>) -> Formula,
        f: impl Fn(f64, f64) -> f64,
    ) -> Self {
        let mut assumed = self.assumed;
        assumed.extend(other.assumed);
        Self {
            central: f(self.central, other.central),
            bad: f(self.bad, other.bad),
            good: f(self.good, other.good),
            formula: Arc::new(form(self.formula, other.formula)),
            evidence: self.evidence.or(other.evidence),
            assumed,
        }
    }
}

/// Pounds to the nearest penny.
pub(super) fn pence(pounds: f64) -> Pence {
    Pence(100).times(pounds)
}
