//! Rules 7 and 8 as linear limits: money, closures a borough, the last inclusion site.

use std::collections::BTreeMap;

use solver::{Amount, Limit, LimitTerm};

use crate::fund::OptionKind;
use crate::register::{Field, ServiceLine, SiteCode};

use super::super::derive;
use super::super::ground::Ground;
use super::super::value::Worth;
use super::super::{Held, Objective, Reason};
use super::options::SiteOptions;
use super::{Key, KeyLimit};

/// Every limit of the scenario.
pub(super) fn all(
    ground: &Ground<'_>,
    key: &Key,
    options: &[Vec<Worth>],
    places: &[Vec<Worth>],
) -> Vec<(Limit, KeyLimit)> {
    let mut limits = vec![
        (the_fund_gets_what_was_asked(ground, options, places), KeyLimit::Fund),
        (works_stay_within_capital(ground, options, places), KeyLimit::Capital),
    ];
    limits.extend(closures_stay_within_each_boroughs_most(ground, key));
    limits.extend(an_inclusion_service_stays_in_each_borough(ground, key));
    limits.extend(ground.scenario.held.iter().filter_map(|held| held_to(key, *held)));
    limits
}

/// An amount the plan is held to.
fn held_to(key: &Key, held: Held) -> Option<(Limit, KeyLimit)> {
    let limit = amount(key, held.amount)?.limit(Some(held.to / units_of(held.amount)));
    Some((limit, KeyLimit::Held(held.amount)))
}

/// An amount as the solver sweeps it; `None` for people, who are weight covered.
pub(crate) fn amount(key: &Key, amount: Objective) -> Option<Amount> {
    Some(Amount {
        name: amount.label().to_owned(),
        family: "amounts".to_owned(),
        terms: key.amounts.get(&amount)?.clone(),
        more_is_better: amount.more_is_better(),
    })
}

/// The solver counts money in thousands.
pub(crate) fn units_of(amount: Objective) -> f64 {
    if amount.unit() == "£" { 1000.0 } else { 1.0 }
}

pub(super) fn terms_of(
    options: &[Vec<Worth>],
    places: &[Vec<Worth>],
    by: impl Fn(&Worth) -> f64,
) -> Vec<LimitTerm> {
    let of_options = options.iter().enumerate().flat_map(|(site, worths)| {
        worths.iter().enumerate().map(move |(option, worth)| (site, option, worth))
    });
    let of_places = places.iter().enumerate().flat_map(|(unit, worths)| {
        worths.iter().enumerate().map(move |(place, worth)| (unit, place, worth))
    });
    let mut terms: Vec<LimitTerm> = of_options
        .map(|(site, option, worth)| LimitTerm::Option { site, option, by: by(worth) })
        .collect();
    terms.extend(of_places.map(|(unit, place, worth)| LimitTerm::Place {
        unit,
        place,
        by: by(worth),
    }));
    terms.retain(|term| match term {
        LimitTerm::Option { by, .. } | LimitTerm::Place { by, .. } => by.abs() > 0.0,
    });
    terms
}

fn the_fund_gets_what_was_asked(
    ground: &Ground<'_>,
    options: &[Vec<Worth>],
    places: &[Vec<Worth>],
) -> Limit {
    let asked = ground.scenario.fund_asked;
    Limit {
        name: format!("the fund asked for, {asked}"),
        family: "money".to_owned(),
        terms: terms_of(options, places, |worth| worth.fund),
        low: Some(asked.as_pounds() / 1000.0),
        high: None,
        price: None,
    }
}

fn works_stay_within_capital(
    ground: &Ground<'_>,
    options: &[Vec<Worth>],
    places: &[Vec<Worth>],
) -> Limit {
    let available = ground.scenario.capital_available;
    Limit {
        name: format!("the capital available for works, {available}"),
        family: "money".to_owned(),
        terms: terms_of(options, places, |worth| worth.capital),
        low: None,
        high: Some(available.as_pounds() / 1000.0),
        price: None,
    }
}

/// Selling a site that already stands empty closes nothing.
fn closures_stay_within_each_boroughs_most(
    ground: &Ground<'_>,
    key: &Key,
) -> Vec<(Limit, KeyLimit)> {
    let Some(most) = ground.scenario.closures_per_borough else { return Vec::new() };
    let mut boroughs: BTreeMap<String, Vec<LimitTerm>> = BTreeMap::new();
    for (at, site) in key.sites.iter().enumerate() {
        let Some(register) = ground.deciding.get(&site.code) else { continue };
        let Some(option) = site.option(OptionKind::Dispose) else { continue };
        if derive::is_in_use(register) {
            let term = LimitTerm::Option { site: at, option, by: 1.0 };
            boroughs.entry(borough_of(ground, &site.code)).or_default().push(term);
        }
    }
    boroughs
        .into_iter()
        .map(|(borough, terms)| {
            let limit = Limit {
                name: format!("at most {most} closures in {borough}"),
                family: "closures".to_owned(),
                terms,
                low: None,
                high: Some(f64::from(most)),
                price: None,
            };
            (limit, KeyLimit::Closures(borough))
        })
        .collect()
}

/// Where a borough has one inclusion site, it stays; said here so that the refusal can name the rule.
pub(super) fn keep_last_inclusion_sites(
    ground: &Ground<'_>,
    sites: &mut BTreeMap<SiteCode, SiteOptions<'_>>,
) {
    for (borough, inclusion) in inclusion_sites(ground) {
        let [only] = inclusion.as_slice() else { continue };
        if let Some(options) = sites.get_mut(only)
            && options.allows(OptionKind::Dispose)
        {
            let words = format!(
                "{} is the last site in {borough} with services for homeless and excluded people.",
                ground.site_name(only)
            );
            let reason = Reason { code: "last_inclusion_site".to_owned(), words };
            options.rule_out(OptionKind::Dispose, reason);
        }
    }
}

/// Of several inclusion sites in a borough, at least one keeps its service where it is.
fn an_inclusion_service_stays_in_each_borough(
    ground: &Ground<'_>,
    key: &Key,
) -> Vec<(Limit, KeyLimit)> {
    inclusion_sites(ground)
        .into_iter()
        .filter_map(|(borough, inclusion)| {
            let mut terms = Vec::new();
            for site in &inclusion {
                let units: Vec<usize> = key
                    .units
                    .iter()
                    .enumerate()
                    .filter(|(_, unit)| unit.from == *site && is_inclusion(ground, &unit.tenancy))
                    .map(|(at, _)| at)
                    .collect();
                if units.is_empty() {
                    // Somebody there stays in any case.
                    return None;
                }
                for unit in units {
                    let own = key.units.get(unit)?.places.iter().enumerate();
                    terms.extend(
                        own.filter(|(_, place)| place.site == *site)
                            .map(|(place, _)| LimitTerm::Place { unit, place, by: 1.0 }),
                    );
                }
            }
            let limit = Limit {
                name: format!("an inclusion service stays in {borough}"),
                family: "inclusion".to_owned(),
                terms,
                low: Some(1.0),
                high: None,
                price: None,
            };
            Some((limit, KeyLimit::Inclusion(borough)))
        })
        .collect()
}

fn is_inclusion(ground: &Ground<'_>, tenancy: &crate::register::TenancyId) -> bool {
    ground
        .occupants
        .get(tenancy)
        .is_some_and(|occupant| occupant.service_line == Some(ServiceLine::Inclusion))
}

/// Sites with an inclusion service, by borough, in scope or not.
fn inclusion_sites(ground: &Ground<'_>) -> BTreeMap<String, Vec<SiteCode>> {
    let mut boroughs: BTreeMap<String, Vec<SiteCode>> = BTreeMap::new();
    for occupant in ground.occupants.values() {
        if occupant.service_line == Some(ServiceLine::Inclusion) {
            let sites = boroughs.entry(borough_of(ground, &occupant.site)).or_default();
            if !sites.contains(&occupant.site) {
                sites.push(occupant.site.clone());
            }
        }
    }
    boroughs
}

fn borough_of(ground: &Ground<'_>, code: &SiteCode) -> String {
    let site = ground.estate.register.site(code);
    site.and_then(|site| site.text(Field::BoroughName).or_else(|| site.text(Field::BoroughCode)))
        .map_or_else(|| "a borough nobody has recorded".to_owned(), str::to_owned)
}
