//! How an amount follows from named figures: what a workbook shows, a sensitivity changes and a sample draws.

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// What a sensitivity or a draw multiplies, whatever the figures say; 1 changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lever {
    /// Prices of sites and land.
    Price,
    /// Works at receiving and improved sites.
    Works,
    /// The share of a receipt that is kept.
    Retention,
    /// The area that arriving services take.
    Space,
}

impl Lever {
    /// Every lever.
    pub const ALL: [Self; 4] = [Self::Price, Self::Works, Self::Retention, Self::Space];

    /// The name in files.
    pub fn key(self) -> &'static str {
        match self {
            Self::Price => "price",
            Self::Works => "works",
            Self::Retention => "retention",
            Self::Space => "space",
        }
    }

    /// The name on pages.
    pub fn label(self) -> &'static str {
        match self {
            Self::Price => "Prices of sites and land",
            Self::Works => "Cost of works",
            Self::Retention => "Share of receipts kept",
            Self::Space => "Space that moving services take",
        }
    }
}

/// An amount as it is worked out. Evaluated with the central figures it gives the central amount to the last bit.
#[derive(Debug, Clone, PartialEq)]
pub enum Formula {
    /// A constant.
    Number(f64),
    /// A figure of the assumption set, by key.
    Figure(Arc<str>),
    /// A value of the register or of the plan: what it is, and how much.
    Known(Cow<'static, str>, f64),
    /// What a lever multiplies.
    Scaled(Lever, Arc<Formula>),
    /// a + b
    Plus(Arc<Formula>, Arc<Formula>),
    /// a × b
    Times(Arc<Formula>, Arc<Formula>),
    /// a ÷ b
    Over(Arc<Formula>, Arc<Formula>),
    /// 1 − a
    Rest(Arc<Formula>),
    /// The greater of the two.
    AtLeast(Arc<Formula>, Arc<Formula>),
    /// The lesser of the two.
    AtMost(Arc<Formula>, Arc<Formula>),
    /// What of `a` is left after so much of it has passed, between nothing and the length given.
    Due(Arc<Formula>, f64, f64),
}

/// Where a formula's names get their values.
pub trait Inputs {
    /// A figure of the assumption set.
    fn figure(&self, key: &str) -> f64;
    /// A lever.
    fn lever(&self, lever: Lever) -> f64;
}

impl Formula {
    /// Its value under these inputs.
    pub fn value(&self, inputs: &dyn Inputs) -> f64 {
        match self {
            Self::Number(number) | Self::Known(_, number) => *number,
            Self::Figure(key) => inputs.figure(key),
            Self::Scaled(lever, a) => a.value(inputs) * inputs.lever(*lever),
            Self::Plus(a, b) => a.value(inputs) + b.value(inputs),
            Self::Times(a, b) => a.value(inputs) * b.value(inputs),
            Self::Over(a, b) => a.value(inputs) / b.value(inputs),
            Self::Rest(a) => 1.0 - a.value(inputs),
            Self::AtLeast(a, b) => a.value(inputs).max(b.value(inputs)),
            Self::AtMost(a, b) => a.value(inputs).min(b.value(inputs)),
            Self::Due(a, passed, length) => (a.value(inputs) - passed).clamp(0.0, *length),
        }
    }

    /// Every part, itself included.
    pub fn visit<'a>(&'a self, see: &mut dyn FnMut(&'a Self)) {
        self.visit_where(see, &|_| true);
    }

    /// Every part but what prices are made of.
    pub(super) fn visit_but_prices<'a>(&'a self, see: &mut dyn FnMut(&'a Self)) {
        self.visit_where(see, &|part| !matches!(part, Self::Scaled(Lever::Price, _)));
    }

    fn visit_where<'a>(&'a self, see: &mut dyn FnMut(&'a Self), into: &dyn Fn(&Self) -> bool) {
        see(self);
        if !into(self) {
            return;
        }
        match self {
            Self::Number(_) | Self::Figure(_) | Self::Known(..) => {}
            Self::Scaled(_, a) | Self::Rest(a) | Self::Due(a, ..) => a.visit_where(see, into),
            Self::Plus(a, b)
            | Self::Times(a, b)
            | Self::Over(a, b)
            | Self::AtLeast(a, b)
            | Self::AtMost(a, b) => {
                a.visit_where(see, into);
                b.visit_where(see, into);
            }
        }
    }
}
