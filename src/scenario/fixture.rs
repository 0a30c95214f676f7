//! Small towns for tests: each starts from full defaults and says only how it differs.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{NaiveDate, NaiveDateTime};

use crate::access::score::Scale;
use crate::access::{
    Area, Centile, GateKind, GateRule, GateRules, Group, Limit, ScoreRules, Standard,
};
use crate::geography::{Geography, SiteIndex, Zone, Zones};
use crate::register::{
    AccessItem, Assumption, Assumptions, Change, ChangeSet, Evidence, Field, Mark, Point, Register,
    Scalar, ServiceLine, SiteCode, TenancyId, Value, Why,
};
use crate::travel::Mode;

use super::{Estate, Rules, Run, Scenario, ScenarioError, answer};

/// The middle of the town.
const EAST: f64 = 530_000.0;
const NORTH: f64 = 180_000.0;

pub(crate) fn day() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 3, 31).unwrap()
}

pub(crate) fn noon() -> NaiveDateTime {
    day().and_hms_opt(12, 0, 0).unwrap()
}

pub(crate) fn code(text: &str) -> SiteCode {
    text.parse().unwrap()
}

pub(crate) fn tenancy(text: &str) -> TenancyId {
    text.parse().unwrap()
}

fn evidence() -> Arc<Evidence> {
    Arc::new(Evidence { source: "fixture".to_owned(), method: "made up".to_owned(), as_of: day() })
}

/// An estate in the making.
#[derive(Clone, Default)]
pub(crate) struct Town {
    changes: Vec<Change>,
    zones: Vec<Zone>,
}

impl Town {
    /// Two surgeries 400 m apart, each with its practice and 200 m² to spare, and people around.
    pub(crate) fn of_two() -> Self {
        Self::default()
            .site("AAA01", 0.0, 0.0)
            .site("BBB01", 400.0, 0.0)
            .practice("AAA01-GP", "AAA01", 150.0)
            .practice("BBB01-GP", "BBB01", 150.0)
            .zone("E01000001", -100.0, 0.0, 1000)
            .zone("E01000002", 500.0, 0.0, 1000)
    }

    /// An open freehold of an NHS trust that passes every gate: 600 m², of which 200 empty, worth £5m.
    pub(crate) fn site(self, site: &str, east: f64, north: f64) -> Self {
        let mut town = self
            .set(site, Field::Name, &format!("{site} Health Centre"))
            .set(site, Field::Location, &format!("{} {}", EAST + east, NORTH + north))
            .set(site, Field::Status, "open")
            .set(site, Field::SiteType, "Non inpatient")
            .set(site, Field::BoroughCode, "E09000007")
            .set(site, Field::BoroughName, "Camden")
            .set(site, Field::IcbCode, "QMJ")
            .set(site, Field::Tenure, "freehold")
            .set(site, Field::ReceiptAccruesTo, "trust")
            .set(site, Field::GrossInternalArea, "600")
            .set(site, Field::OccupiedArea, "400")
            .set(site, Field::ClinicalArea, "360")
            .set(site, Field::NonClinicalArea, "240")
            .set(site, Field::EmptyArea, "200")
            .set(site, Field::UnderUsedArea, "0")
            .set(site, Field::FacetCondition, "B")
            .set(site, Field::BacklogTotal, "100000")
            .set(site, Field::RunningCost, "200000")
            .set(site, Field::Valuation, "5000000");
        for item in AccessItem::all() {
            town = town.set(site, item.field(), "yes");
        }
        town
    }

    pub(crate) fn practice(self, id: &str, site: &str, m2: f64) -> Self {
        self.tenancy(id, site, ServiceLine::PrimaryCare, m2)
    }

    /// Three fifths clinical.
    pub(crate) fn tenancy(self, id: &str, site: &str, line: ServiceLine, m2: f64) -> Self {
        self.set_tenancy(id, Field::TenancySite, site)
            .set_tenancy(id, Field::TenancyName, &format!("{id} service"))
            .set_tenancy(id, Field::TenancyServiceLine, &line.to_string())
            .set_tenancy(id, Field::TenancyClinicalArea, &(m2 * 0.6).to_string())
            .set_tenancy(id, Field::TenancyNonClinicalArea, &(m2 * 0.4).to_string())
    }

    pub(crate) fn zone(mut self, name: &str, east: f64, north: f64, residents: u32) -> Self {
        self.zones.push(Zone {
            code: name.to_owned(),
            point: Point::new(EAST + east, NORTH + north).unwrap(),
            borough_code: "E09000007".to_owned(),
            borough_name: "Camden".to_owned(),
            icb_code: "QMJ".to_owned(),
            icb_name: "North Central London".to_owned(),
            ward_code: String::new(),
            ward_name: String::new(),
            residents,
            disabled: Some(residents.div_euclid(10)),
            aged_65_plus: Some(residents.div_euclid(10)),
            households: Some(residents.div_euclid(2)),
            no_car_households: Some(residents.div_euclid(4)),
            imd_decile: Some(5),
            ptai: None,
        });
        self
    }

    pub(crate) fn set(mut self, site: &str, field: Field, text: &str) -> Self {
        let value = Value::known(Scalar::parse(field.kind(), text).unwrap(), &evidence());
        self.changes.push(Change::Site { code: code(site), field, value });
        self
    }

    pub(crate) fn forget(mut self, site: &str, field: Field) -> Self {
        let value = Value::unknown(Why::NotSupplied);
        self.changes.push(Change::Site { code: code(site), field, value });
        self
    }

    pub(crate) fn set_tenancy(mut self, id: &str, field: Field, text: &str) -> Self {
        let value = Value::known(Scalar::parse(field.kind(), text).unwrap(), &evidence());
        self.changes.push(Change::Tenancy { id: tenancy(id), field, value });
        self
    }

    pub(crate) fn built(&self) -> Built {
        let set = ChangeSet {
            id: 1,
            author: "test".to_owned(),
            at: noon(),
            source: "fixture".to_owned(),
            reason: "test".to_owned(),
            changes: self.changes.clone(),
        };
        let register = Register::default().with(&set);
        let index = SiteIndex::new(&register);
        let geography = Geography {
            zones: Arc::new(Zones::new(evidence(), self.zones.clone())),
            ..Geography::default()
        };
        Built { register, geography, index }
    }
}

/// An estate, ready.
pub(crate) struct Built {
    pub(crate) register: Register,
    pub(crate) geography: Geography,
    pub(crate) index: SiteIndex,
}

impl Built {
    pub(crate) fn estate(&self) -> Estate<'_> {
        Estate { register: &self.register, geography: &self.geography, index: &self.index }
    }

    /// The default question, proved to the last pound.
    pub(crate) fn question(&self) -> Scenario {
        Scenario {
            gap: 0.0,
            ..Scenario::defaults(&self.register, figures(), vec![within_walk(0.8, Group::Everyone)])
        }
    }

    pub(crate) fn answer(&self, scenario: Scenario) -> Result<Run, ScenarioError> {
        answer(&self.estate(), scenario, &rules(), &mut (), "test".to_owned(), noon())
    }
}

/// The ten must-pass items of the domain brief; scores that say nothing.
pub(crate) fn rules() -> Rules {
    let rule = |item: AccessItem| GateRule {
        item,
        kind: if [7, 8, 10, 12, 13, 16].contains(&item.number()) {
            GateKind::Should
        } else {
            GateKind::Must
        },
        test: String::new(),
        may_not_apply: true,
        source: String::new(),
    };
    let level = || Scale::new(vec![(0.0, 100.0), (1.0, 0.0)]).unwrap();
    let score = ScoreRules {
        name: "test".to_owned(),
        facet_weights: BTreeMap::new(),
        grade_points: BTreeMap::new(),
        backlog_weight: 1.0,
        backlog_points: level(),
        item_weights: BTreeMap::new(),
        preference: Vec::new(),
        observed_points: level(),
        unused_points: level(),
        space_use_points: BTreeMap::new(),
        words: Vec::new(),
        as_of: day(),
    };
    Rules {
        score,
        gates: GateRules::new("test".to_owned(), day(), AccessItem::all().map(rule).collect())
            .unwrap(),
    }
}

/// General practice within 20 minutes on foot.
pub(crate) fn within_walk(share: f64, group: Group) -> Standard {
    Standard {
        key: "gp_walk_20".to_owned(),
        words: "General practice within a 20-minute walk".to_owned(),
        service_line: ServiceLine::PrimaryCare,
        mode: Mode::Walk,
        limit: Limit::Minutes(20.0),
        centile: Centile::Median,
        share,
        group,
        area: Area::All,
        from: day(),
        until: None,
        source: "test".to_owned(),
        is_policy: false,
    }
}

/// The figures that ship.
pub(crate) fn figures() -> Assumptions {
    let file: toml::Table = include_str!("../../data/assumptions.toml").parse().unwrap();
    let mut figures = BTreeMap::new();
    for group in file["group"].as_array().unwrap() {
        for (key, figure) in group["figures"].as_table().unwrap() {
            let number = |name: &str| {
                let value = figure.get(name)?;
                value.as_float().or_else(|| value.as_integer().map(|whole| whole as f64))
            };
            let assumption = Assumption {
                value: number("value").unwrap(),
                low: number("low"),
                high: number("high"),
                unit: figure["unit"].as_str().unwrap().to_owned(),
                words: figure["words"].as_str().unwrap().to_owned(),
                source: "data/assumptions.toml".to_owned(),
                as_of: day(),
                mark: Mark::FromMemory,
            };
            figures.insert(key.clone(), assumption);
        }
    }
    Assumptions { name: "as shipped".to_owned(), figures }
}
