//! Several rows of one code as one.

use chrono::NaiveDate;

use super::cell::Said;
use crate::import::mapping::Combine;
use crate::register::{Scalar, Why};

/// What the rows of one code have said so far.
#[derive(Debug)]
pub(super) struct Combining {
    pub(super) code: String,
    pub(super) as_of: Option<NaiveDate>,
    /// The first of the rows, as an index into the table.
    pub(super) row: usize,
    pub(super) said: Vec<Said>,
}

/// Two rows of one code as one value. An unknown part makes a sum unknown.
pub(super) fn together(held: Said, value: Said, combine: Option<&Combine>) -> Said {
    match (held, value) {
        (Said::Nothing, value) => value,
        (held, Said::Nothing) => held,
        (Said::Known(held, method), Said::Known(value, other)) => match combine {
            Some(Combine::Sum) => Said::Known(
                match (held, value) {
                    (Scalar::Number(a), Scalar::Number(b)) => Scalar::Number(a + b),
                    (Scalar::Pence(a), Scalar::Pence(b)) => Scalar::Pence(a.saturating_add(b)),
                    (held, _) => held,
                },
                None,
            ),
            Some(Combine::Earliest(order)) => {
                let place = |scalar: &Scalar| {
                    order
                        .iter()
                        .position(|word| Some(word.as_str()) == scalar.text())
                        .unwrap_or(usize::MAX)
                };
                if place(&value) < place(&held) {
                    Said::Known(value, other)
                } else {
                    Said::Known(held, method)
                }
            }
            Some(Combine::First) | None => Said::Known(held, method),
        },
        (Said::Unknown(why), Said::Unknown(_)) => Said::Unknown(why),
        (Said::Unknown(_), _) | (_, Said::Unknown(_)) if combine == Some(&Combine::Sum) => {
            Said::Unknown(Why::InputUnknown)
        }
        (Said::Unknown(_), known) | (known, _) => known,
    }
}
