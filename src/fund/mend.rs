//! What it costs to put one item of the access checklist right: the figures, on-costs and tax that [`super::price()`]
//! charges an improvement, item by item.

use std::iter::Sum;
use std::ops::Add;

use serde::{Deserialize, Serialize};

use super::Terms;
use super::estimate::{Estimate, pence};
use super::price::{mends, on_costs, vat, works_key};
use crate::register::{AccessItem, MissingAssumption, Pence};

/// Works with fees, contingency, optimism bias and the tax that is not recovered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorksCost {
    /// If it goes well.
    pub low: Pence,
    /// As expected.
    pub central: Pence,
    /// If it goes badly.
    pub high: Pence,
}

impl WorksCost {
    /// The same works where nobody knows yet whether they are needed: at best they are not.
    #[must_use]
    pub fn perhaps(self) -> Self {
        Self { low: Pence::ZERO, ..self }
    }
}

impl Add for WorksCost {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self {
            low: self.low + other.low,
            central: self.central + other.central,
            high: self.high + other.high,
        }
    }
}

impl Sum for WorksCost {
    fn sum<I: Iterator<Item = Self>>(items: I) -> Self {
        items.fold(Self::default(), Add::add)
    }
}

/// The cost of mending an item in whole pence; `None` where the assumption set has no figure for it, and so no works
/// can mend it.
pub fn mend(item: AccessItem, terms: &Terms<'_>) -> Result<Option<WorksCost>, MissingAssumption> {
    if !mends(item, terms) {
        return Ok(None);
    }
    let net = Estimate::loss(terms, &works_key(item))?.times(on_costs(terms)?);
    let tax = net.clone().times(vat(terms)?);
    Ok(Some(WorksCost {
        low: pence(net.good) + pence(tax.good),
        central: pence(net.central) + pence(tax.central),
        high: pence(net.bad) + pence(tax.bad),
    }))
}

/// The key of the figure that [`mend`] rests on.
pub fn mend_key(item: AccessItem) -> String {
    works_key(item)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fund::sample::{assumptions, decide, site, terms};
    use crate::fund::{LineKind, OptionKind, ledger};
    use crate::register::Field;

    #[test]
    fn item_by_item_comes_to_what_an_improvement_is_charged() {
        let set = assumptions();
        let terms = terms(&set);
        // Everything else is in order, so that only two items are mended.
        let facts: Vec<(Field, &str)> = AccessItem::all()
            .map(|item| (item.field(), if [1, 6].contains(&item.number()) { "no" } else { "yes" }))
            .collect();
        let site = site("RXA01", &facts);

        let ledger = ledger(&[decide(&site, OptionKind::Improve)], &terms).unwrap();

        let charged: Pence = ledger
            .lines
            .iter()
            .filter(|line| [LineKind::Works, LineKind::WorksVat].contains(&line.kind))
            .map(|line| line.amount)
            .sum();
        let items = [1, 6].map(|n| AccessItem::new(n).unwrap());
        let mended: WorksCost = items.iter().filter_map(|item| mend(*item, &terms).unwrap()).sum();
        assert!((mended.central.0 + charged.0).abs() <= 2, "{mended:?} {charged}");
        assert!(mended.low < mended.central && mended.central < mended.high);
        assert_eq!(mended.perhaps().low, Pence::ZERO);
    }

    #[test]
    fn an_item_without_a_figure_cannot_be_mended() {
        let set = assumptions();
        assert_eq!(mend(AccessItem::new(7).unwrap(), &terms(&set)), Ok(None));
    }
}
