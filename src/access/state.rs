//! The estate as it is, or as it would be: which care is offered where, and whether it can be got into.
//!
//! Whatever is said of access is worked out from one of these and from nothing else of the register.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Doubt, Offer};
use crate::register::{ServiceLine, SiteCode};

/// A state of the estate. Two with the same offers give every resident the same access.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// In words, for headings: `Today`.
    pub name: String,
    offers: BTreeMap<(ServiceLine, SiteCode), Option<bool>>,
    silent: BTreeMap<ServiceLine, Doubt>,
}

/// One thing done to a site.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case", tag = "what")]
pub enum Change {
    /// Nothing is offered there any more. Where its care goes is not decided by this.
    Close {
        /// Which site.
        site: SiteCode,
    },
    /// Works at a site.
    Improve {
        /// Which site.
        site: SiteCode,
        /// Whether it passes every access gate afterwards; `None` is unknown.
        passes: Option<bool>,
    },
    /// A kind of care newly offered at a site.
    Offer {
        /// Which site.
        site: SiteCode,
        /// What care.
        service_line: ServiceLine,
        /// Whether the site passes every access gate; `None` is unknown.
        passes: Option<bool>,
    },
}

impl Change {
    /// Where.
    pub fn site(&self) -> &SiteCode {
        match self {
            Self::Close { site } | Self::Improve { site, .. } | Self::Offer { site, .. } => site,
        }
    }
}

/// The surer of two tenancies of one kind of care at a site: passing before unknown, unknown before failing.
fn surer(a: Option<bool>, b: Option<bool>) -> Option<bool> {
    let rank = |gates| match gates {
        Some(true) => 2,
        None => 1,
        Some(false) => 0,
    };
    if rank(a) >= rank(b) { a } else { b }
}

impl State {
    /// A state with these offers; of two that name one site and kind of care the surer counts.
    pub fn new(name: impl Into<String>, offers: impl IntoIterator<Item = Offer>) -> Self {
        let mut state =
            Self { name: name.into(), offers: BTreeMap::new(), silent: BTreeMap::new() };
        for offer in offers {
            state.add(offer);
        }
        state
    }

    /// The same, where the register does not say which placed sites offer some kinds of care: that nobody is known to
    /// offer them is no evidence that nobody does, whatever is closed or opened.
    #[must_use]
    pub fn silent_on(self, silent: BTreeMap<ServiceLine, Doubt>) -> Self {
        Self { silent, ..self }
    }

    /// Why the register does not say who offers a kind of care; `None` where it does.
    pub fn silence(&self, service_line: ServiceLine) -> Option<Doubt> {
        self.silent.get(&service_line).copied()
    }

    /// The same with other answers about the gates of every site.
    #[must_use]
    pub(super) fn supposing(&self, gates: impl Fn(Option<bool>) -> Option<bool>) -> Self {
        let mut state = self.clone();
        state.offers.values_mut().for_each(|held| *held = gates(*held));
        state
    }

    fn add(&mut self, Offer { site, service_line, gates }: Offer) {
        let held = self.offers.entry((service_line, site)).or_insert(gates);
        *held = surer(*held, gates);
    }

    /// Every offer, by kind of care, then site code.
    pub fn offers(&self) -> Vec<Offer> {
        let offer = |((service_line, site), gates): (&(ServiceLine, SiteCode), &Option<bool>)| {
            Offer { site: site.clone(), service_line: *service_line, gates: *gates }
        };
        self.offers.iter().map(offer).collect()
    }

    /// The kinds of care offered at a site.
    pub fn offered_at(&self, site: &SiteCode) -> Vec<ServiceLine> {
        self.offers.keys().filter(|(_, at)| at == site).map(|(line, _)| *line).collect()
    }

    /// The sites that offer a kind of care, by code, and whether each passes every gate.
    pub fn offering(
        &self,
        service_line: ServiceLine,
    ) -> impl Iterator<Item = (&SiteCode, Option<bool>)> {
        let offers = self.offers.iter().filter(move |((line, _), _)| *line == service_line);
        offers.map(|((_, site), gates)| (site, *gates))
    }

    /// Whether a site passes every gate, as this state has it for a kind of care; the outer `None` is "not offered".
    pub fn gates(&self, service_line: ServiceLine, site: &SiteCode) -> Option<Option<bool>> {
        self.offers.get(&(service_line, site.clone())).copied()
    }

    /// The state after these changes, in their order.
    #[must_use]
    pub fn with(&self, changes: &[Change]) -> Self {
        let mut state = self.clone();
        for change in changes {
            match change {
                Change::Close { site } => state.offers.retain(|(_, at), _| at != site),
                Change::Improve { site, passes } => {
                    let here = state.offers.iter_mut().filter(|((_, at), _)| at == site);
                    here.for_each(|(_, gates)| *gates = *passes);
                }
                Change::Offer { site, service_line, passes } => state.add(Offer {
                    site: site.clone(),
                    service_line: *service_line,
                    gates: *passes,
                }),
            }
        }
        state
    }

    /// The same under another name.
    #[must_use]
    pub fn named(self, name: impl Into<String>) -> Self {
        Self { name: name.into(), ..self }
    }

    /// The kinds of care that differ between two states.
    pub fn differing(&self, other: &Self) -> Vec<ServiceLine> {
        let changed = |here: &Self, there: &Self| -> Vec<ServiceLine> {
            let differs = |(key, gates): &(&(ServiceLine, SiteCode), &Option<bool>)| {
                there.offers.get(*key) != Some(*gates)
            };
            here.offers.iter().filter(differs).map(|((line, _), _)| *line).collect()
        };
        let mut lines = changed(self, other);
        lines.extend(changed(other, self));
        lines.sort_unstable();
        lines.dedup();
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> SiteCode {
        text.parse().unwrap()
    }

    #[test]
    fn closing_improving_and_offering_change_what_they_name_and_nothing_else() {
        let offer =
            |site: &str, service_line, gates| Offer { site: code(site), service_line, gates };
        let (gp, community) = (ServiceLine::PrimaryCare, ServiceLine::Community);
        let today = State::new(
            "Today",
            [
                offer("S01", gp, None),
                offer("S01", gp, Some(false)),
                offer("S02", gp, Some(false)),
                offer("S02", community, None),
            ],
        );
        assert_eq!(today.offers().len(), 3, "two tenancies of one kind at a site are one offer");
        assert_eq!(today.gates(gp, &code("S01")), Some(None), "the surer of the two");

        let closed = today.with(&[Change::Close { site: code("S02") }]);
        let improved = today.with(&[Change::Improve { site: code("S02"), passes: Some(true) }]);
        let offered = today.with(&[Change::Offer {
            site: code("S01"),
            service_line: community,
            passes: None,
        }]);

        assert_eq!(closed.offered_at(&code("S02")), []);
        assert_eq!(improved.gates(community, &code("S02")), Some(Some(true)));
        assert_eq!(improved.gates(gp, &code("S01")), Some(None));
        assert_eq!(offered.offered_at(&code("S01")), [gp, community]);
        assert_eq!(today.differing(&closed), [gp, community]);
        assert_eq!(today.differing(&offered), [community]);
    }
}
