//! Sites and terms for tests.

use std::sync::Arc;

use chrono::NaiveDate;

use super::{Arrival, Decision, OptionKind, Terms};
use crate::register::{
    Assumption, Assumptions, Change, ChangeSet, Evidence, Field, Mark, Register, Scalar, Site,
    SiteCode, SquareMetres, Value,
};

/// Round figures of our own, so that results can be worked out by hand and shipped figures may change.
const FIGURES: &[(&str, f64, f64, f64)] = &[
    ("discount.rate.years_0_30", 0.035, 0.035, 0.035),
    ("discount.rate.years_31_75", 0.03, 0.03, 0.03),
    ("discount.rate.years_76_125", 0.025, 0.025, 0.025),
    ("discount.health_rate.years_0_30", 0.015, 0.015, 0.015),
    ("discount.health_rate.years_31_75", 0.0129, 0.0129, 0.0129),
    ("discount.health_rate.years_76_125", 0.0107, 0.0107, 0.0107),
    ("discount.reduced_rate.years_0_30", 0.03, 0.03, 0.03),
    ("discount.reduced_rate.years_31_75", 0.0257, 0.0257, 0.0257),
    ("discount.reduced_rate.years_76_125", 0.0214, 0.0214, 0.0214),
    ("uncertainty.receipt.market_share", 0.3, 0.3, 0.3),
    ("uncertainty.receipt.borough_share", 0.2, 0.2, 0.2),
    ("uncertainty.market.persistence", 0.5, 0.5, 0.5),
    ("uncertainty.delay.common_share", 0.3, 0.3, 0.3),
    ("uncertainty.space_taken", 1.0, 0.9, 1.2),
    ("optimism_bias.upper", 0.25, 0.1, 0.5),
    ("optimism_bias.lower", 0.02, 0.02, 0.02),
    ("optimism_bias.non_standard.upper", 0.5, 0.5, 0.5),
    ("optimism_bias.non_standard.lower", 0.04, 0.04, 0.04),
    ("optimism_bias.non_standard_share", 0.0, 0.0, 0.0),
    ("optimism_bias.managed_share", 0.2, 0.0, 0.5),
    ("time.receipt_month", 12.0, 12.0, 12.0),
    ("do_minimum.backlog_years", 5.0, 5.0, 5.0),
    ("works.vat_rate", 0.0, 0.0, 0.0),
    ("works.vat_recovered_share", 0.0, 0.0, 0.0),
    ("accounts.pdc_rate", 0.035, 0.035, 0.035),
    ("accounts.depreciation_share", 0.02, 0.02, 0.02),
    ("time.years_to_move", 1.0, 1.0, 2.0),
    ("time.years_move_to_receipt", 2.0, 1.0, 3.0),
    ("time.years_to_land_receipt", 2.0, 1.0, 3.0),
    ("receipt.gbp_per_m2_gia", 1000.0, 500.0, 2000.0),
    ("land.gbp_per_ha.elsewhere", 2e6, 1e6, 4e6),
    ("land.gbp_per_ha.E09000007", 5e7, 3e7, 6e7),
    ("receipt.affordable_factor.land", 0.5, 0.4, 0.6),
    ("receipt.affordable_factor.valuation", 1.0, 0.9, 1.0),
    ("receipt.affordable_factor.gia", 1.0, 0.8, 1.0),
    ("receipt.contributions_factor.land", 0.8, 0.6, 0.9),
    ("receipt.listed_factor", 0.8, 0.6, 1.0),
    ("receipt.valuation_range", 0.2, 0.2, 0.2),
    ("sale.cost_share", 0.03, 0.02, 0.04),
    ("sale.promotion_gbp", 10_000.0, 5_000.0, 20_000.0),
    ("demolition.gbp_per_m2", 100.0, 50.0, 200.0),
    ("holding.share_of_price", 0.02, 0.01, 0.04),
    ("retention.trust", 0.75, 0.5, 1.0),
    ("retention.nhsps", 0.5, 0.25, 0.75),
    ("retention.clawback_share", 0.0, 0.0, 0.1),
    ("receipt.unknown_owner.freehold_is_trust", 1.0, 0.0, 1.0),
    ("receipt.unknown_owner.nhsps_is_nhsps", 1.0, 0.0, 1.0),
    ("tenure.unknown.trust_is_freehold", 1.0, 0.0, 1.0),
    ("tenure.unknown.practice_is_leasehold", 0.0, 0.0, 1.0),
    ("exit.pfi.allowed", 0.0, 0.0, 1.0),
    ("exit.lift.allowed", 0.0, 0.0, 1.0),
    ("exit.charity.allowed", 0.0, 0.0, 1.0),
    ("exit.remaining_years.pfi_lift", 18.0, 10.0, 28.0),
    ("exit.charge.gbp_per_m2", 400.0, 300.0, 600.0),
    ("lease.remaining_years", 3.0, 1.0, 6.0),
    ("lease.notice_years", 1.0, 1.0, 1.0),
    ("lease.rent.gbp_per_m2", 200.0, 150.0, 300.0),
    ("lease.dilapidations.gbp_per_m2", 100.0, 50.0, 200.0),
    ("nhsps.minimum_m2", 100.0, 100.0, 100.0),
    ("nhsps.vacating_months.whole_freehold", 3.0, 3.0, 3.0),
    ("nhsps.vacating_months.part_freehold", 6.0, 6.0, 6.0),
    ("nhsps.vacating_months.leasehold", 12.0, 12.0, 12.0),
    ("nhsps.vacating_months.unknown", 6.0, 3.0, 12.0),
    ("decant.gbp_per_m2", 200.0, 100.0, 300.0),
    ("double_running.months", 3.0, 2.0, 6.0),
    ("works.light.gbp_per_m2", 1000.0, 800.0, 1500.0),
    ("works.heavy.gbp_per_m2", 3000.0, 2500.0, 3500.0),
    ("works.unknown_condition.heavy_share", 0.5, 0.2, 0.8),
    ("works.fees_share", 0.1, 0.1, 0.15),
    ("works.contingency_share", 0.1, 0.05, 0.15),
    ("works.backlog.gbp_per_m2", 300.0, 100.0, 900.0),
    ("works.access_01.gbp", 30_000.0, 10_000.0, 90_000.0),
    ("works.access_06.gbp", 20_000.0, 10_000.0, 30_000.0),
    ("running_cost.gbp_per_m2", 500.0, 300.0, 700.0),
    ("running_cost.practice.gbp_per_m2", 250.0, 150.0, 400.0),
    ("running_cost.marginal_share", 0.5, 0.3, 0.7),
    ("space.gross_internal_area.unknown_m2", 400.0, 200.0, 900.0),
];

pub(super) fn assumptions() -> Assumptions {
    let figures = FIGURES.iter().map(|(key, value, low, high)| {
        let figure = Assumption {
            value: *value,
            low: Some(*low),
            high: Some(*high),
            unit: "unit".to_owned(),
            words: "words".to_owned(),
            source: "test".to_owned(),
            as_of: NaiveDate::from_ymd_opt(2026, 4, 1).unwrap(),
            mark: Mark::FromMemory,
        };
        ((*key).to_owned(), figure)
    });
    Assumptions { name: "test".to_owned(), figures: figures.collect() }
}

/// The set with one figure set to a sure value.
pub(super) fn with(mut assumptions: Assumptions, key: &str, value: f64) -> Assumptions {
    let figure = assumptions.figures.get_mut(key).unwrap();
    (figure.value, figure.low, figure.high) = (value, Some(value), Some(value));
    assumptions
}

pub(super) fn terms(assumptions: &Assumptions) -> Terms<'_> {
    Terms { assumptions, base_year: 2026, horizon_years: 10 }
}

/// A site of which these facts are known and no others.
pub(super) fn site(code: &str, facts: &[(Field, &str)]) -> Site {
    let evidence = Arc::new(Evidence {
        source: "test".to_owned(),
        method: "as returned".to_owned(),
        as_of: NaiveDate::from_ymd_opt(2026, 3, 31).unwrap(),
    });
    let code: SiteCode = code.parse().unwrap();
    let known = facts.iter().map(|(field, text)| Change::Site {
        code: code.clone(),
        field: *field,
        value: Value::known(Scalar::parse(field.kind(), text).unwrap(), &evidence),
    });
    let set = ChangeSet {
        id: 1,
        author: "test".to_owned(),
        at: NaiveDate::from_ymd_opt(2026, 4, 1).unwrap().and_hms_opt(9, 0, 0).unwrap(),
        source: "test".to_owned(),
        reason: "test".to_owned(),
        changes: known.collect(),
    };
    let register = Register::default().with(&set);
    register.site(&code).cloned().unwrap_or_else(|| Site::new(code))
}

/// A trust's freehold worth a million, 1,000 m², £400,000 a year to run, backlog £250,000.
pub(super) fn freehold(code: &str) -> Site {
    site(code, &FREEHOLD)
}

pub(super) const FREEHOLD: [(Field, &str); 6] = [
    (Field::Tenure, "freehold"),
    (Field::ReceiptAccruesTo, "trust"),
    (Field::Valuation, "1000000"),
    (Field::GrossInternalArea, "1000"),
    (Field::RunningCost, "400000"),
    (Field::BacklogTotal, "250000"),
];

pub(super) fn decide(site: &Site, option: OptionKind) -> Decision<'_> {
    Decision { site, option, arrivals: Vec::new() }
}

pub(super) fn arrival(tenancy: &str, m2: f64) -> Arrival {
    Arrival {
        tenancy: tenancy.parse().unwrap(),
        from: "ZZ999".parse().unwrap(),
        clinical: SquareMetres(m2),
        non_clinical: SquareMetres(0.0),
    }
}
