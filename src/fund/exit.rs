//! Whether a plan may leave a site, and who is paid if it is sold (DOMAIN.md 7).

use serde::{Deserialize, Serialize};

use super::Terms;
use super::value::{land_price, site_price};
use crate::register::{
    Field, MissingAssumption, ReceiptAccruesTo, Site, SiteStatus, SurplusStatus, Tenure, Word,
};

/// Why a site may not be left: a stable code for machines and a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blocker {
    /// `pfi_charge_continues`, `value_unknown`.
    pub code: String,
    /// A whole sentence.
    pub words: String,
}

/// How a site is left that nobody sells for the NHS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Leaving {
    /// At a break or the end of a lease: notice, dilapidations, remaining rent.
    LeaseEnd,
    /// Handed back to NHS Property Services for a vacating payment.
    Handback,
    /// The unitary charge or head lease goes on without us.
    ChargeContinues,
    /// Its owner (the partners, a council, a charity) keeps or sells it.
    OwnerKeeps,
}

/// What may become of a site that closes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exit {
    /// An NHS owner sells it; the fund gets what that owner's retention leaves.
    Sellable {
        /// Who is paid.
        owner: ReceiptAccruesTo,
        /// Assumptions this rests on, by key.
        assumed: Vec<String>,
    },
    /// It may be left; no receipt reaches the fund.
    Leavable {
        /// How.
        by: Leaving,
        /// Who owns it, where known.
        owner: Option<ReceiptAccruesTo>,
        /// Assumptions this rests on, by key.
        assumed: Vec<String>,
    },
    /// A plan may not close it.
    Blocked(Blocker),
}

impl Exit {
    /// Whether a plan may close it.
    pub fn is_open(&self) -> bool {
        !matches!(self, Self::Blocked(_))
    }

    /// What stands in the way.
    pub fn blocker(&self) -> Option<&Blocker> {
        if let Self::Blocked(blocker) = self { Some(blocker) } else { None }
    }

    /// Assumptions it rests on.
    pub fn assumed(&self) -> &[String] {
        match self {
            Self::Sellable { assumed, .. } | Self::Leavable { assumed, .. } => assumed,
            Self::Blocked(_) => &[],
        }
    }

    fn blocked(code: &str, words: impl Into<String>) -> Self {
        Self::Blocked(Blocker { code: code.to_owned(), words: words.into() })
    }
}

/// How a site is held and who is paid, unknowns filled by named assumptions where the set allows.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Holding {
    /// As recorded, or as assumed.
    pub(super) tenure: Option<Tenure>,
    /// Who would be paid, recorded or assumed.
    pub(super) owner: Option<ReceiptAccruesTo>,
    /// Assumption keys.
    pub(super) assumed: Vec<String>,
}

impl Holding {
    pub(super) fn of(site: &Site, terms: &Terms<'_>) -> Result<Self, MissingAssumption> {
        let mut assumed = Vec::new();
        let tenure = if let Some(tenure) = site.tenure() {
            Some(tenure)
        } else {
            let (key, taken_as) = if is_trust_site(site) {
                ("tenure.unknown.trust_is_freehold", Tenure::Freehold)
            } else {
                ("tenure.unknown.practice_is_leasehold", Tenure::Leasehold)
            };
            terms.says(key)?.then(|| {
                assumed.push(key.to_owned());
                taken_as
            })
        };
        let owner = match (site.receipt_accrues_to(), tenure) {
            (Some(owner), _) => Some(owner),
            (None, Some(Tenure::GpOwned)) => Some(ReceiptAccruesTo::GpPartners),
            (None, Some(Tenure::Council)) => Some(ReceiptAccruesTo::Council),
            (None, Some(Tenure::Charity)) => Some(ReceiptAccruesTo::Charity),
            (None, Some(Tenure::Leasehold | Tenure::Lift | Tenure::Pfi)) => {
                Some(ReceiptAccruesTo::Landlord)
            }
            (None, Some(tenure @ (Tenure::Freehold | Tenure::Nhsps))) => {
                let (key, owner) = if tenure == Tenure::Freehold {
                    ("receipt.unknown_owner.freehold_is_trust", ReceiptAccruesTo::Trust)
                } else {
                    ("receipt.unknown_owner.nhsps_is_nhsps", ReceiptAccruesTo::Nhsps)
                };
                terms.says(key)?.then(|| {
                    assumed.push(key.to_owned());
                    owner
                })
            }
            (None, None) => None,
        };
        Ok(Self { tenure, owner, assumed })
    }

    /// Only an NHS owner's receipt can reach the fund.
    pub(super) fn nhs_owner(&self) -> Option<ReceiptAccruesTo> {
        self.owner
            .filter(|owner| matches!(owner, ReceiptAccruesTo::Trust | ReceiptAccruesTo::Nhsps))
    }
}

/// Whether a plan may close this site, and how.
///
/// A missing assumption blocks, and the sentence says which.
pub fn exit_rule(site: &Site, terms: &Terms<'_>) -> Exit {
    standing(site).map_or_else(
        || exit_by_tenure(site, terms).unwrap_or_else(|missing| missing_figure(&missing)),
        |(code, words)| Exit::blocked(code, words),
    )
}

/// Whether a plan may sell this site's land that delivers no services.
pub fn land_exit_rule(site: &Site, terms: &Terms<'_>) -> Exit {
    standing(site).map_or_else(
        || land_exit(site, terms).unwrap_or_else(|missing| missing_figure(&missing)),
        |(code, words)| Exit::blocked(code, words),
    )
}

/// What rules out any sale whatever the tenure.
fn standing(site: &Site) -> Option<(&'static str, &'static str)> {
    if site.is_aggregate() {
        return Some(("aggregate", "A row that pools small sites is no place that could close."));
    }
    if site.status() == SiteStatus::Closed {
        return Some(("already_closed", "The site is closed already."));
    }
    if site.word(Field::SurplusStatus) == Some(SurplusStatus::Sold) {
        return Some(("already_sold", "The site has been sold."));
    }
    None
}

fn exit_by_tenure(site: &Site, terms: &Terms<'_>) -> Result<Exit, MissingAssumption> {
    let holding = Holding::of(site, terms)?;
    let leave = |by| {
        let (owner, assumed) = (holding.owner, holding.assumed.clone());
        Exit::Leavable { by, owner, assumed }
    };
    let leave_if = |key: &str, by, code, words: &str| {
        terms.says(key).map(|yes| {
            if !yes {
                return Exit::blocked(code, words);
            }
            let mut assumed = holding.assumed.clone();
            assumed.push(key.to_owned());
            Exit::Leavable { by, owner: holding.owner, assumed }
        })
    };
    let Some(tenure) = holding.tenure else {
        return Ok(Exit::blocked(
            "tenure_unknown",
            "Nobody has told how the site is held, and no assumption stands in for it.",
        ));
    };
    match tenure {
        Tenure::Leasehold | Tenure::Council => Ok(leave(Leaving::LeaseEnd)),
        Tenure::GpOwned => Ok(leave(Leaving::OwnerKeeps)),
        Tenure::Pfi => leave_if(
            "exit.pfi.allowed",
            Leaving::ChargeContinues,
            "pfi_charge_continues",
            "The PFI unitary charge goes on to the end of the contract, or must be bought out.",
        ),
        Tenure::Lift => leave_if(
            "exit.lift.allowed",
            Leaving::ChargeContinues,
            "lift_head_lease_continues",
            "The LIFT head lease goes on to its term, and its voids stay with the system.",
        ),
        Tenure::Charity => leave_if(
            "exit.charity.allowed",
            Leaving::OwnerKeeps,
            "held_in_trust",
            "The site is held in charitable trust or under covenant: its owner decides.",
        ),
        Tenure::Nhsps => nhsps_exit(site, terms, holding),
        Tenure::Freehold => match (holding.owner, holding.nhs_owner()) {
            (None, _) => Ok(Exit::blocked(
                "receipt_owner_unknown",
                "Nobody has told whose the receipt is, and no assumption stands in for it.",
            )),
            (Some(_), None) => Ok(leave(Leaving::OwnerKeeps)),
            (Some(_), Some(_)) if site_price(site, terms)?.is_none() => Ok(Exit::blocked(
                "value_unknown",
                "Neither valuation nor land nor floor area is known, so no receipt can be stated.",
            )),
            (Some(_), Some(owner)) => Ok(Exit::Sellable { owner, assumed: holding.assumed }),
        },
    }
}

/// NHS Property Services takes back what it can let or sell: self-contained, over 100 m² (handback tests, 2017).
fn nhsps_exit(site: &Site, terms: &Terms<'_>, holding: Holding) -> Result<Exit, MissingAssumption> {
    let least = terms.assumptions.value("nhsps.minimum_m2")?;
    if let Some(area) = site.area(Field::GrossInternalArea).filter(|area| area.0 <= least) {
        return Ok(Exit::blocked(
            "handback_too_small",
            format!(
                "At {} m² it is under the {least} m² that NHS Property Services takes back.",
                area.0.round()
            ),
        ));
    }
    let can_sell = !is_leased(site) && site_price(site, terms)?.is_some();
    Ok(match holding.nhs_owner().filter(|_| can_sell) {
        Some(owner) => Exit::Sellable { owner, assumed: holding.assumed },
        None => {
            Exit::Leavable { by: Leaving::Handback, owner: holding.owner, assumed: holding.assumed }
        }
    })
}

fn land_exit(site: &Site, terms: &Terms<'_>) -> Result<Exit, MissingAssumption> {
    let holding = Holding::of(site, terms)?;
    let is_owned = matches!(holding.tenure, Some(Tenure::Freehold | Tenure::Nhsps));
    Ok(match holding.nhs_owner() {
        _ if land_price(site, terms)?.is_none() => Exit::blocked(
            "no_surplus_land",
            "No land that delivers no services is recorded, or its authority is unknown.",
        ),
        Some(owner) if is_owned && !is_leased(site) => {
            Exit::Sellable { owner, assumed: holding.assumed }
        }
        _ => Exit::blocked("land_not_nhs_owned", "The land is not the NHS's to sell."),
    })
}

/// A lease date is a lease, whoever holds it.
pub(super) fn is_leased(site: &Site) -> bool {
    [Field::LeaseBreak, Field::LeaseExpiry].into_iter().any(|field| site.known(field).is_some())
}

/// A site of the trusts' estates return, by its published type; premises of general practice are not in it.
pub(super) fn is_trust_site(site: &Site) -> bool {
    const TYPES: [&str; 11] = [
        "general acute",
        "specialist hospital",
        "mixed service",
        "mental health",
        "learning disabilit",
        "community hospital",
        "other inpatient",
        "non inpatient",
        "support facilit",
        "unoccupied",
        "other reportable",
    ];
    let Some(site_type) = site.text(Field::SiteType) else {
        return site.receipt_accrues_to() == Some(ReceiptAccruesTo::Trust);
    };
    let plain = site_type.trim_start_matches(|c: char| c.is_ascii_digit() || ". ".contains(c));
    let plain = plain.to_ascii_lowercase().replace('-', " ");
    TYPES.iter().any(|start| plain.starts_with(start))
}

fn missing_figure(missing: &MissingAssumption) -> Exit {
    Exit::blocked("assumption_missing", format!("It cannot be judged: {missing}."))
}

/// Whose money the words mean.
pub(super) fn retention_key(owner: ReceiptAccruesTo) -> String {
    format!("retention.{}", owner.word())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fund::sample::{FREEHOLD, assumptions, freehold, site, terms, with};

    fn code_of(exit: &Exit) -> &str {
        match exit {
            Exit::Sellable { .. } => "sellable",
            Exit::Leavable { by: Leaving::LeaseEnd, .. } => "lease_end",
            Exit::Leavable { by: Leaving::Handback, .. } => "handback",
            Exit::Leavable { by: Leaving::ChargeContinues, .. } => "charge",
            Exit::Leavable { by: Leaving::OwnerKeeps, .. } => "owner_keeps",
            Exit::Blocked(blocker) => &blocker.code,
        }
    }

    #[test]
    fn each_tenure_has_its_own_exit() {
        let set = assumptions();
        let of = |facts: &[(Field, &str)]| {
            code_of(&exit_rule(&site("ZZ001", facts), &terms(&set))).to_owned()
        };
        let tenure = |word| (Field::Tenure, word);
        let area = (Field::GrossInternalArea, "300");
        for (facts, wanted) in [
            (FREEHOLD.to_vec(), "sellable"),
            (vec![tenure("freehold")], "value_unknown"),
            (vec![tenure("freehold"), area, (Field::ReceiptAccruesTo, "charity")], "owner_keeps"),
            (vec![tenure("leasehold")], "lease_end"),
            (vec![tenure("council")], "lease_end"),
            (vec![tenure("gp_owned"), area], "owner_keeps"),
            (vec![tenure("pfi"), area], "pfi_charge_continues"),
            (vec![tenure("lift"), area], "lift_head_lease_continues"),
            (vec![tenure("charity"), area], "held_in_trust"),
            (vec![tenure("nhsps"), area], "sellable"),
            (vec![tenure("nhsps")], "handback"),
            (vec![tenure("nhsps"), area, (Field::LeaseExpiry, "2040-03-31")], "handback"),
            (vec![tenure("nhsps"), (Field::GrossInternalArea, "100")], "handback_too_small"),
            (vec![area], "tenure_unknown"),
            (
                vec![area, (Field::SiteType, "4. Mental Health (including Specialist services)")],
                "sellable",
            ),
            (vec![tenure("freehold"), area, (Field::IsAggregate, "yes")], "aggregate"),
            (vec![tenure("freehold"), area, (Field::Status, "closed")], "already_closed"),
            (vec![tenure("freehold"), area, (Field::SurplusStatus, "sold")], "already_sold"),
        ] {
            assert_eq!(of(&facts), wanted, "{facts:?}");
        }
    }

    #[test]
    fn an_assumption_opens_what_the_rule_blocks_and_is_named() {
        let set = with(assumptions(), "exit.pfi.allowed", 1.0);
        let exit = exit_rule(&site("ZZ001", &[(Field::Tenure, "pfi")]), &terms(&set));
        assert_eq!(
            (code_of(&exit), exit.assumed()),
            ("charge", &["exit.pfi.allowed".to_owned()][..])
        );
    }

    #[test]
    fn an_unknown_owner_is_taken_for_a_trust_only_by_name() {
        let held = site("ZZ001", &[(Field::Tenure, "freehold"), (Field::GrossInternalArea, "300")]);
        let yes = assumptions();
        let no = with(assumptions(), "receipt.unknown_owner.freehold_is_trust", 0.0);

        let exit = exit_rule(&held, &terms(&yes));
        assert_eq!(exit.assumed(), ["receipt.unknown_owner.freehold_is_trust"]);
        assert_eq!(code_of(&exit_rule(&held, &terms(&no))), "receipt_owner_unknown");
    }

    #[test]
    fn a_missing_figure_blocks_and_is_named() {
        let mut set = assumptions();
        set.figures.remove("receipt.valuation_range");
        let exit = exit_rule(&freehold("ZZ001"), &terms(&set));
        let words = exit.blocker().map(|blocker| blocker.words.as_str());
        assert_eq!(
            words,
            Some(
                "It cannot be judged: the assumption set \"test\" has no figure \"receipt.valuation_range\"."
            )
        );
    }

    #[test]
    fn surplus_land_is_sold_only_where_the_nhs_owns_it_and_its_value_can_be_stated() {
        let set = assumptions();
        let land = [(Field::SurplusLand, "0.5"), (Field::BoroughCode, "E09000007")];
        let of = |tenure: &str, facts: &[(Field, &str)]| {
            let mut all = vec![(Field::Tenure, tenure)];
            all.extend_from_slice(facts);
            code_of(&land_exit_rule(&site("ZZ001", &all), &terms(&set))).to_owned()
        };
        assert_eq!(of("freehold", &land), "sellable");
        assert_eq!(of("leasehold", &land), "land_not_nhs_owned");
        assert_eq!(of("freehold", &[land[0]]), "no_surplus_land");
        assert_eq!(of("freehold", &[land[1], (Field::SurplusLand, "0")]), "no_surplus_land");
    }
}
