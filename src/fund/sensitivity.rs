//! What would have to change for the answer to change: switching values, and each assumption at its two ends.

use serde::{Deserialize, Serialize};

use super::{Case, Lever, Outcome, Workings};
use crate::register::{MissingAssumption, Pence};

/// What is varied until a result crosses zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Driver {
    /// A lever, as a factor.
    Lever(Lever),
    /// Months that every sale completes later.
    Delay,
}

impl Driver {
    /// Every driver.
    pub const ALL: [Self; 5] = [
        Self::Lever(Lever::Price),
        Self::Delay,
        Self::Lever(Lever::Works),
        Self::Lever(Lever::Retention),
        Self::Lever(Lever::Space),
    ];

    /// The name in files.
    pub fn key(self) -> &'static str {
        match self {
            Self::Lever(lever) => lever.key(),
            Self::Delay => "delay",
        }
    }

    /// The name on pages.
    pub fn label(self) -> &'static str {
        match self {
            Self::Lever(lever) => lever.label(),
            Self::Delay => "Delay of every sale",
        }
    }

    fn case(self, at: f64) -> Case {
        match self {
            Self::Lever(lever) => Case::of(lever, at),
            Self::Delay => Case { delay_months: whole(at), ..Case::default() },
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "months tried are 0 to 360")]
fn whole(months: f64) -> i32 {
    months.round().clamp(0.0, 360.0) as i32
}

/// Where a result crosses zero, all else as planned.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Switch {
    /// At this factor, or after this many months.
    At(f64),
    /// Nowhere between nothing and ten times, or within thirty years.
    Nowhere,
    /// It does not depend on this at all.
    NoEffect,
}

/// One driver and what it would take.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Switching {
    /// What is varied.
    pub driver: Driver,
    /// Where net present social value crosses zero.
    pub npsv: Switch,
    /// Where what the fund gains crosses the target.
    pub fund: Switch,
}

/// Most that a lever is tried at.
const MOST: f64 = 10.0;
/// Months that sales are put off at most.
const LATEST: f64 = 360.0;

/// For each driver, where the net present social value and the fund's gain cross zero and the target.
pub fn switching(
    workings: &Workings<'_>,
    target: Pence,
) -> Result<Vec<Switching>, MissingAssumption> {
    let mut all = Vec::new();
    for driver in Driver::ALL {
        let npsv = crossing(workings, driver, &|outcome| outcome.npsv)?;
        let fund = crossing(workings, driver, &|outcome| outcome.fund - target)?;
        all.push(Switching { driver, npsv, fund });
    }
    Ok(all)
}

/// Where the result changes its sign: the side of the base that crosses nearest to it, by false position and halving.
fn crossing(
    workings: &Workings<'_>,
    driver: Driver,
    result: &dyn Fn(Outcome) -> Pence,
) -> Result<Switch, MissingAssumption> {
    let at = |x: f64| workings.outcome(&driver.case(x)).map(|outcome| result(outcome).0 as f64);
    let (base, ends) = match driver {
        Driver::Lever(_) => (1.0, [0.0, MOST]),
        Driver::Delay => (0.0, [0.0, LATEST]),
    };
    let now = at(base)?;
    let values = [at(ends[0])?, at(ends[1])?];
    if values.iter().all(|value| value.to_bits() == now.to_bits()) {
        return Ok(Switch::NoEffect);
    }
    if now == 0.0 {
        return Ok(Switch::At(base));
    }
    for (end, value) in ends.into_iter().zip(values) {
        if value == 0.0 || (value > 0.0) != (now > 0.0) {
            return Ok(Switch::At(narrowed((base, now), (end, value), driver, &at)?));
        }
    }
    Ok(Switch::Nowhere)
}

fn narrowed(
    mut near: (f64, f64),
    mut far: (f64, f64),
    driver: Driver,
    at: &dyn Fn(f64) -> Result<f64, MissingAssumption>,
) -> Result<f64, MissingAssumption> {
    // A penny's rounding on each line keeps the result from being quite straight.
    let close = if driver == Driver::Delay { 1.0 } else { 1e-7 };
    for round in 0..60 {
        if (far.0 - near.0).abs() <= close {
            break;
        }
        let straight = near.0 + (far.0 - near.0) * (near.1 / (near.1 - far.1));
        let halfway = f64::midpoint(near.0, far.0);
        let mut x = if round % 3 == 2 { halfway } else { straight };
        if driver == Driver::Delay {
            x = x.round();
            if x.to_bits() == near.0.to_bits() || x.to_bits() == far.0.to_bits() {
                x = halfway.round();
            }
        }
        let value = at(x)?;
        if value == 0.0 {
            return Ok(x);
        }
        if (value > 0.0) == (near.1 > 0.0) {
            near = (x, value);
        } else {
            far = (x, value);
        }
        if driver != Driver::Delay && value.abs() < 100.0 {
            return Ok(x);
        }
    }
    Ok(far.0)
}

/// One assumption at its two ends.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Swing {
    /// Which.
    pub key: String,
    /// Its low end and what comes of it.
    pub low: f64,
    /// With the low end.
    pub at_low: Outcome,
    /// Its high end.
    pub high: f64,
    /// With the high end.
    pub at_high: Outcome,
}

impl Swing {
    /// How far net present social value moves between the two ends.
    pub fn npsv_range(&self) -> Pence {
        let range = self.at_high.npsv - self.at_low.npsv;
        if range < Pence::ZERO { -range } else { range }
    }

    /// How far the fund's gain moves between the two ends.
    pub fn fund_range(&self) -> Pence {
        let range = self.at_high.fund - self.at_low.fund;
        if range < Pence::ZERO { -range } else { range }
    }
}

/// Every assumption the plan rests on that has a range, at each end with all others central; widest swing of social value
/// first, then of the fund, then by key. Those that move neither are left out.
pub fn tornado(workings: &Workings<'_>) -> Result<Vec<Swing>, MissingAssumption> {
    let set = workings.terms().assumptions;
    let mut swings = Vec::new();
    for key in workings.keys() {
        let figure = set.figure(&key)?;
        let (low, high) = (figure.low.unwrap_or(figure.value), figure.high.unwrap_or(figure.value));
        if low.to_bits() == high.to_bits() {
            continue;
        }
        let outcome = |value: f64| -> Result<Outcome, MissingAssumption> {
            let mut tried = set.clone();
            if let Some(figure) = tried.figures.get_mut(&key) {
                figure.value = value;
            }
            workings.with_figures(&tried)?.outcome(&Case::default())
        };
        let swing = Swing { at_low: outcome(low)?, at_high: outcome(high)?, key, low, high };
        if swing.npsv_range() != Pence::ZERO || swing.fund_range() != Pence::ZERO {
            swings.push(swing);
        }
    }
    swings.sort_by(|a, b| {
        let width = |swing: &Swing| (swing.npsv_range(), swing.fund_range());
        width(b).cmp(&width(a)).then_with(|| a.key.cmp(&b.key))
    });
    Ok(swings)
}
