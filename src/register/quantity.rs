//! Quantities with their unit in the type, so that pounds are never added to square metres.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub, SubAssign};

use serde::{Deserialize, Serialize};

/// Whole pence. Every reported pound is one of these; `f64` pounds exist only inside the solver.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Pence(pub i64);

impl Pence {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// From whole pounds.
    pub fn pounds(pounds: i64) -> Self {
        Self(pounds.saturating_mul(100))
    }

    /// This share of the amount, to the nearest penny, halves away from zero. `share` may exceed 1.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a float beyond i64 saturates, which is what a sum does too"
    )]
    pub fn times(self, share: f64) -> Self {
        Self((self.0 as f64 * share).round() as i64)
    }

    /// As pounds, for the solver and for charts; never for a reported total.
    pub fn as_pounds(self) -> f64 {
        self.0 as f64 / 100.0
    }
}

impl Add for Pence {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}
impl Sub for Pence {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}
impl Neg for Pence {
    type Output = Self;
    fn neg(self) -> Self {
        Self(self.0.saturating_neg())
    }
}
impl AddAssign for Pence {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}
impl SubAssign for Pence {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}
impl Sum for Pence {
    fn sum<I: Iterator<Item = Self>>(items: I) -> Self {
        items.fold(Self::ZERO, Add::add)
    }
}

/// `£1,234.50`, `-£0.05`.
impl fmt::Display for Pence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let whole = self.0.unsigned_abs();
        let (pounds, pence) = (whole.div_euclid(100), whole.rem_euclid(100));
        write!(f, "{sign}£{}.{pence:02}", thousands(pounds))
    }
}

/// Digits in groups of three: `1,234,567`.
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len().div_euclid(3));
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).rem_euclid(3) == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

macro_rules! measure {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, PartialOrd, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub f64);

        impl Add for $name {
            type Output = Self;
            fn add(self, other: Self) -> Self {
                Self(self.0 + other.0)
            }
        }
        impl Sub for $name {
            type Output = Self;
            fn sub(self, other: Self) -> Self {
                Self(self.0 - other.0)
            }
        }
        impl AddAssign for $name {
            fn add_assign(&mut self, other: Self) {
                self.0 += other.0;
            }
        }
        impl Sum for $name {
            fn sum<I: Iterator<Item = Self>>(items: I) -> Self {
                Self(items.map(|item| item.0).sum())
            }
        }
    };
}

measure!(
    /// Floor area, m².
    SquareMetres
);
measure!(
    /// Land, hectares.
    Hectares
);
measure!(
    /// Straight-line or network distance, metres.
    Metres
);
measure!(
    /// Travel time, minutes.
    Minutes
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pence_print_as_pounds() {
        assert_eq!(Pence(123_456_750).to_string(), "£1,234,567.50");
        assert_eq!(Pence(-5).to_string(), "-£0.05");
        assert_eq!(Pence(i64::MIN).to_string(), "-£92,233,720,368,547,758.08");
    }

    #[test]
    fn a_share_of_a_penny_rounds_half_away_from_zero() {
        assert_eq!(Pence(5).times(0.5), Pence(3));
        assert_eq!(Pence(-5).times(0.5), Pence(-3));
    }
}
