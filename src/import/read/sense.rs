//! What no single cell shows: amounts that cannot be below nothing, and dates of a row in an order that cannot be.

use chrono::NaiveDate;

use super::bind::BoundRecord;
use super::cell::{Refused, Said};
use crate::import::mapping::Target;
use crate::register::{Field, Scalar};

/// Amounts that are a price, a rent or a liability. Costs of a return may be credits and are left as returned.
const AT_LEAST_NOTHING: [Field; 6] = [
    Field::AnnualRent,
    Field::Dilapidations,
    Field::BookValue,
    Field::Valuation,
    Field::ValuationLow,
    Field::ValuationHigh,
];

/// Earlier, later, and what the later one is asked to be.
const IN_ORDER: [(Field, Field, &str); 4] = [
    (Field::OpenedOn, Field::ClosedOn, "a day on or after the day it opened"),
    (Field::LeaseStart, Field::LeaseBreak, "a day on or after the lease starts"),
    (Field::LeaseStart, Field::LeaseExpiry, "a day on or after the lease starts"),
    (Field::LeaseBreak, Field::LeaseExpiry, "a day on or after the lease can first be broken"),
];

/// Refuses what a row cannot mean. The later date of a pair is the one refused.
pub(super) fn refuse_nonsense(record: &BoundRecord<'_>, values: &mut [Said]) {
    let fields = || record.fields.iter().enumerate();
    let refused = |at: usize, expected: &str| {
        let column = record.fields.get(at)?.column()?;
        Some(Said::Refused(Refused { column, expected: expected.to_owned() }))
    };
    for (at, bound) in fields() {
        let Target::Register(field) = bound.target else { continue };
        let is_below =
            matches!(values.get(at), Some(Said::Known(Scalar::Pence(pence), _)) if *pence < 0);
        if is_below
            && AT_LEAST_NOTHING.contains(&field)
            && let Some(refused) = refused(at, "an amount of at least £0")
        {
            values[at] = refused;
        }
    }
    let find = |values: &[Said], field: Field| -> Option<(usize, NaiveDate)> {
        let (at, _) = fields().find(|(_, bound)| bound.target == Target::Register(field))?;
        match values.get(at)? {
            Said::Known(scalar, _) => Some((at, scalar.date()?)),
            _ => None,
        }
    };
    for (earlier, later, expected) in IN_ORDER {
        let (Some((_, from)), Some((at, until))) = (find(values, earlier), find(values, later))
        else {
            continue;
        };
        if until < from
            && let Some(refused) = refused(at, &format!("{expected}, {from}"))
        {
            values[at] = refused;
        }
    }
}
