//! What a site or a piece of land would fetch, net of the homes and contributions asked for on public land.

use super::estimate::Estimate;
use super::{Basis, Lever, Terms};
use crate::register::{Field, MissingAssumption, Pence, Scalar, Site};

/// A price and whether it is that of cleared land.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Price {
    pub(super) pounds: Estimate,
    pub(super) is_for_cleared_land: bool,
    pub(super) basis: Option<Basis>,
}

/// The whole site: the register's valuation; else land by its authority's figure; else floor area; else unknown.
pub(super) fn site_price(
    site: &Site,
    terms: &Terms<'_>,
) -> Result<Option<Price>, MissingAssumption> {
    let price = if let Some(valued) = valuation(site, terms)? {
        let basis = valued.evidence.as_ref().and_then(|evidence| Basis::told(&evidence.method));
        Some(Price { pounds: valued, is_for_cleared_land: false, basis })
    } else if let Some(land) = land_value(site, Field::LandArea, terms)? {
        Some(Price { pounds: land, is_for_cleared_land: true, basis: Some(Basis::Alternative) })
    } else if let Some(area) = amount(site, Field::GrossInternalArea).filter(|m2| m2.central > 0.0)
    {
        let rate = Estimate::gain(terms, "receipt.gbp_per_m2_gia")?;
        let factor = Estimate::gain(terms, "receipt.affordable_factor.gia")?;
        let pounds = area.times(rate).times_if_any(factor);
        Some(Price { pounds, is_for_cleared_land: false, basis: Some(Basis::PricesPaid) })
    } else {
        None
    };
    let is_listed = site.text(Field::IsListed) == Some("yes");
    let price = match price {
        Some(price) if is_listed => {
            let factor = Estimate::gain(terms, "receipt.listed_factor")?;
            Some(Price { pounds: price.pounds.times_if_any(factor), ..price })
        }
        price => price,
    };
    Ok(price.map(Price::scaled))
}

impl Price {
    fn scaled(self) -> Self {
        Self { pounds: self.pounds.scaled(Lever::Price), ..self }
    }
}

/// Land that delivers no services.
pub(super) fn land_price(
    site: &Site,
    terms: &Terms<'_>,
) -> Result<Option<Price>, MissingAssumption> {
    let land = land_value(site, Field::SurplusLand, terms)?;
    let basis = Some(Basis::Alternative);
    Ok(land.map(|pounds| Price { pounds, is_for_cleared_land: true, basis }.scaled()))
}

/// The register's valuation with its own range, or with the assumed one where it has none.
fn valuation(site: &Site, terms: &Terms<'_>) -> Result<Option<Estimate>, MissingAssumption> {
    let Some(central) = amount(site, Field::Valuation) else { return Ok(None) };
    let range = terms.assumptions.value("receipt.valuation_range")?;
    let known = |field| site.money(field).map(Pence::as_pounds);
    let low = known(Field::ValuationLow).unwrap_or(central.central * (1.0 - range));
    let high = known(Field::ValuationHigh).unwrap_or(central.central * (1.0 + range));
    // A valuer's own low above the central figure would turn the ledger's columns round.
    let ranged =
        Estimate { bad: low.min(central.central), good: high.max(central.central), ..central };
    let factor = Estimate::gain(terms, "receipt.affordable_factor.valuation")?;
    Ok(Some(ranged.times_if_any(factor)))
}

fn land_value(
    site: &Site,
    field: Field,
    terms: &Terms<'_>,
) -> Result<Option<Estimate>, MissingAssumption> {
    let land = amount(site, field).filter(|hectares| hectares.central > 0.0);
    let (Some(land), Some(authority)) = (land, site.text(Field::BoroughCode)) else {
        return Ok(None);
    };
    let own = format!("land.gbp_per_ha.{authority}");
    let has_own = terms.assumptions.figures.contains_key(&own);
    let rate = Estimate::gain(terms, if has_own { &own } else { "land.gbp_per_ha.elsewhere" })?;
    let homes = Estimate::gain(terms, "receipt.affordable_factor.land")?;
    let contributions = Estimate::gain(terms, "receipt.contributions_factor.land")?;
    Ok(Some(land.times(rate).times_if_any(homes).times_if_any(contributions)))
}

/// A known number, or known pounds, with its evidence.
pub(super) fn amount(site: &Site, field: Field) -> Option<Estimate> {
    let fact = site.fact(field);
    let number = match fact.get()? {
        Scalar::Number(number) => *number,
        Scalar::Pence(pence) => *pence as f64 / 100.0,
        Scalar::Text(_) | Scalar::Date(_) | Scalar::Point(_) => return None,
    };
    Some(Estimate::known(field.key(), number, fact.evidence()))
}
