//! What pages and the API work out of a register version, once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::draw::Shape;
use crate::access::score::{Interval, accessibility, condition, utilisation};
use crate::access::{Gate, GateRules, GateState, ScoreRules, gates, passes_all};
use crate::register::{Field, Register, Site, SiteCode, SiteStatus, Tenancy};
use crate::store::Snapshot;

/// A register version and what follows from it.
pub(crate) struct Estate {
    /// The register, its places, its index.
    pub snapshot: Arc<Snapshot>,
    /// Whether any of it was invented for the demonstration.
    pub is_illustrative: bool,
    /// Borough codes and names of the sites, by name.
    pub boroughs: Vec<(String, String)>,
    /// Integrated care boards of the sites, by name.
    pub icbs: Vec<(String, String)>,
    /// Borough outlines, light enough for a page.
    pub shapes: Vec<Shape>,
    /// Access, worked out when a page first asks for it.
    pub(super) reached: super::reached::Held,
    judged: BTreeMap<SiteCode, Judged>,
    tenancies: BTreeMap<SiteCode, Vec<crate::register::TenancyId>>,
}

/// What the rules make of a site.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Judged {
    /// 0 to 100.
    pub condition: Interval,
    /// 0 to 100.
    pub accessibility: Interval,
    /// 0 to 100.
    pub utilisation: Interval,
    /// Must-pass items, beside the scores and never in them.
    pub gates: Vec<Gate>,
    /// Whether all of them are passed; `None` is not known, which never passes.
    pub passes: Option<bool>,
}

impl Judged {
    fn of(site: &Site, scores: &ScoreRules, rules: &GateRules) -> Self {
        Self {
            condition: condition(site, scores),
            accessibility: accessibility(site, scores),
            utilisation: utilisation(site, scores),
            gates: gates(site, rules),
            passes: passes_all(site, rules),
        }
    }

    /// Gates in a state.
    pub(crate) fn count(&self, state: GateState) -> usize {
        self.gates.iter().filter(|gate| gate.state == state).count()
    }
}

impl Estate {
    /// Works it all out.
    pub(crate) fn new(snapshot: Arc<Snapshot>, scores: &ScoreRules, rules: &GateRules) -> Self {
        let register = &snapshot.register;
        let judged =
            register.sites().map(|s| (s.code.clone(), Judged::of(s, scores, rules))).collect();
        let mut tenancies: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for tenancy in register.tenancies() {
            if let Some(site) = tenancy.site() {
                tenancies.entry(site).or_default().push(tenancy.id.clone());
            }
        }
        let shapes =
            snapshot.geography.borough_outlines.as_deref().map(Shape::all).unwrap_or_default();
        Self {
            is_illustrative: is_illustrative(register),
            boroughs: pairs(register, Field::BoroughCode, Field::BoroughName),
            icbs: pairs(register, Field::IcbCode, Field::IcbName),
            shapes,
            reached: super::reached::Held::default(),
            judged,
            tenancies,
            snapshot,
        }
    }

    /// The sites and tenancies.
    pub(crate) fn register(&self) -> &Register {
        &self.snapshot.register
    }

    /// Whether a site or an area is in this borough.
    pub(crate) fn knows_borough(&self, code: &str) -> bool {
        self.boroughs.iter().any(|(known, _)| known == code)
            || self.snapshot.geography.zones.iter().any(|zone| zone.borough_code == code)
    }

    /// Whether a site or an area is in this integrated care board.
    pub(crate) fn knows_icb(&self, code: &str) -> bool {
        self.icbs.iter().any(|(known, _)| known == code)
            || self.snapshot.geography.zones.iter().any(|zone| zone.icb_code == code)
    }

    /// The register's version.
    pub(crate) fn version(&self) -> u64 {
        self.snapshot.register.version
    }

    /// What the rules make of a site of this register.
    pub(crate) fn judged(&self, code: &SiteCode) -> Option<&Judged> {
        self.judged.get(code)
    }

    /// Tenancies at a site, by id.
    pub(crate) fn tenancies_at(&self, code: &SiteCode) -> impl Iterator<Item = &Tenancy> {
        let ids = self.tenancies.get(code).map_or([].as_slice(), Vec::as_slice);
        ids.iter().filter_map(|id| self.register().tenancy(id))
    }

    /// Sites that are open or unoccupied and stand for one place.
    pub(crate) fn standing(&self) -> impl Iterator<Item = &Site> {
        let stands = |site: &&Site| site.status() != SiteStatus::Closed && !site.is_aggregate();
        self.register().sites().filter(stands)
    }
}

/// The illustrative estate says so in the source of each of its facts.
fn is_illustrative(register: &Register) -> bool {
    let says = |source: &str| {
        source.get(..12).is_some_and(|start| start.eq_ignore_ascii_case("illustrative"))
    };
    let mut seen: BTreeSet<*const crate::register::Evidence> = BTreeSet::new();
    register
        .sites()
        .flat_map(Site::facts)
        .filter_map(|(_, value)| value.evidence())
        .any(|evidence| seen.insert(Arc::as_ptr(evidence)) && says(&evidence.source))
}

fn pairs(register: &Register, code: Field, name: Field) -> Vec<(String, String)> {
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    for site in register.sites() {
        if let Some(code) = site.text(code) {
            let name = site.text(name).unwrap_or(code);
            found.entry(code.to_owned()).or_insert_with(|| name.to_owned());
        }
    }
    let mut pairs: Vec<_> = found.into_iter().collect();
    pairs.sort_by(|a, b| a.1.cmp(&b.1).then_with(|| a.0.cmp(&b.0)));
    pairs
}
