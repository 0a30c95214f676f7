//! Who gains and who loses by a plan: a statement per owner, before and after a gain-share rule. A plan may be good for
//! London and bad for one owner; that owner decides, so it must be seen. Does no I/O.
//!
//! Whose a line is: what the fund pays or receives is the fund's; what is kept of a receipt is the owner's; running costs,
//! rents and charges are the owner's where the NHS owns the site, and the commissioners' where it does not. Others lose the
//! rent that stops.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::fund::{Ledger, Line, LineKind, OptionKind, Terms};
use crate::register::{
    Assumptions, Field, MissingAssumption, Pence, ReceiptAccruesTo, Register, Site, SiteCode,
    Word as _,
};
use crate::scenario::Proposal;

/// Who: an owner with its organisation, or whoever pays for premises that the NHS does not own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Party {
    /// `None` is the commissioners, or an owner that is not known.
    pub owner: Option<ReceiptAccruesTo>,
    /// As the register names it.
    pub organisation: String,
}

/// One site's part of a statement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SitePart {
    /// Which site.
    pub site: SiteCode,
    /// Its name.
    pub name: String,
    /// What is proposed.
    pub option: OptionKind,
    /// Empty and under-used space, where known.
    pub unused_m2: Option<f64>,
    /// What it costs to run in a year.
    pub unused_cost: Option<Pence>,
    /// Paid once to the party: kept of a receipt, or all of one that is not the fund's.
    pub once: Pence,
    /// What reaches the fund, net of what the fund pays here.
    pub to_fund: Pence,
    /// A year, at the end of the horizon: saved less added, rents and charges that go on, and rent that is lost.
    pub a_year: Pence,
    /// Rent lost a year (positive), where the register knows it.
    pub rent_lost: Option<Pence>,
    /// All of it at its present worth.
    pub present: Pence,
}

/// What an owner has to do with the plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OwnerStatement {
    /// Who.
    pub party: Party,
    /// Site by site, by code.
    pub sites: Vec<SitePart>,
    /// Sites whose empty or under-used space nobody has told.
    pub unknown_space: u64,
    /// Sites that close and pay a rent nobody has told: what stops is not known.
    pub unknown_rent: u64,
    /// Its share of what the fund gains, by the rule.
    pub gain_share: f64,
    /// What that comes to.
    pub shared: Pence,
    /// The same at its present worth.
    pub shared_present: Pence,
}

/// Everybody.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Incentives {
    /// By owner and organisation.
    pub statements: Vec<OwnerStatement>,
    /// What the fund gains at its present worth, before any share is passed on.
    pub fund_present: Pence,
    /// And after.
    pub fund_present_after: Pence,
}

impl OwnerStatement {
    fn sum(&self, of: impl Fn(&SitePart) -> Pence) -> Pence {
        self.sites.iter().map(of).sum()
    }

    /// Sites it gives up.
    pub fn released(&self) -> usize {
        self.sites.iter().filter(|part| part.option == OptionKind::Dispose).count()
    }

    /// What its empty and under-used space costs a year, where known.
    pub fn unused_cost(&self) -> Pence {
        self.sum(|part| part.unused_cost.unwrap_or_default())
    }

    /// Paid to it once.
    pub fn once(&self) -> Pence {
        self.sum(|part| part.once)
    }

    /// What its sites bring the fund.
    pub fn to_fund(&self) -> Pence {
        self.sum(|part| part.to_fund)
    }

    /// A year.
    pub fn a_year(&self) -> Pence {
        self.sum(|part| part.a_year)
    }

    /// What it stands to lose a year: site by site, what is worse than today.
    pub fn loses_a_year(&self) -> Pence {
        self.sum(|part| if part.a_year < Pence::ZERO { -part.a_year } else { Pence::ZERO })
    }

    /// All of it at its present worth, without a share of the fund's gain.
    pub fn present(&self) -> Pence {
        self.sum(|part| part.present)
    }

    /// And with it.
    pub fn present_after(&self) -> Pence {
        self.present() + self.shared_present
    }
}

/// A statement for every owner of a site that the proposal is about.
pub fn incentives(
    register: &Register,
    proposal: &Proposal,
    ledger: &Ledger,
    terms: &Terms<'_>,
) -> Result<Incentives, MissingAssumption> {
    let mut by_site: BTreeMap<&SiteCode, Vec<&Line>> = BTreeMap::new();
    for line in &ledger.lines {
        by_site.entry(&line.site).or_default().push(line);
    }
    let mut statements: BTreeMap<Party, OwnerStatement> = BTreeMap::new();
    let mut fund = 0.0;
    let end = terms.end_year() - 1;
    for action in &proposal.actions {
        let Some(site) = register.site(&action.site) else { continue };
        let lines = by_site.get(&action.site).map_or(&[][..], Vec::as_slice);
        let owner = lines.iter().find_map(|line| line.owner).or(site.receipt_accrues_to());
        let is_ours = matches!(owner, Some(ReceiptAccruesTo::Trust | ReceiptAccruesTo::Nhsps));
        let mut own = Sum::default();
        let mut commissioners = Sum::default();
        let (mut to_fund, mut in_fund_present) = (Pence::ZERO, 0.0);
        for line in lines {
            let worth = terms.discount(line.year)?;
            if line.in_fund {
                to_fund += line.amount;
                in_fund_present += line.amount.0 as f64 * worth;
            }
            match line.kind {
                // What the fund does not keep, the owner does.
                LineKind::NotRetained => own.once(-line.amount, worth),
                LineKind::Receipt if !line.in_fund => own.once(line.amount, worth),
                LineKind::RunningCostSaved
                | LineKind::RunningCostAdded
                | LineKind::RemainingRent
                | LineKind::ResidualCharge => {
                    let whose = if is_ours { &mut own } else { &mut commissioners };
                    whose.yearly(line, worth, end);
                }
                LineKind::PdcDividend => own.yearly(line, worth, end),
                _ => {}
            }
        }
        fund += in_fund_present;
        let rent = rent_lost(site, action.option, is_ours);
        if let Some(rent) = rent {
            let first = lines
                .iter()
                .filter(|line| line.kind == LineKind::RunningCostSaved)
                .map(|line| line.year)
                .min();
            for year in first.unwrap_or(terms.end_year())..terms.end_year() {
                own.present -= rent.0 as f64 * terms.discount(year)?;
            }
            own.a_year -= rent;
            // What is paid on to the break or expiry is not lost.
            for line in lines.iter().filter(|line| line.kind == LineKind::RemainingRent) {
                own.present -= line.amount.0 as f64 * terms.discount(line.year)?;
            }
        }
        let unused = unused_m2(site);
        let part = SitePart {
            site: site.code.clone(),
            name: site.name().to_owned(),
            option: action.option,
            unused_m2: unused,
            unused_cost: match unused {
                Some(m2) => Some(Pence(100).times(m2 * cost_a_metre(site, terms.assumptions)?)),
                None => None,
            },
            once: own.once,
            to_fund,
            a_year: own.a_year,
            rent_lost: rent,
            present: Pence(1).times(own.present),
        };
        let organisation = site.text(Field::OrganisationName).unwrap_or("not known").to_owned();
        let share = gain_share(owner, terms.assumptions)?;
        let party = Party { owner, organisation };
        let statement = statements.entry(party.clone()).or_insert_with(|| new(party, share));
        statement.unknown_space += u64::from(unused.is_none());
        let pays_rent = action.option == OptionKind::Dispose && owner.is_some() && !is_ours;
        statement.unknown_rent += u64::from(pays_rent && rent.is_none());
        // Of what the fund gains here, or, where the NHS owns nothing, of what is saved.
        let gained = if is_ours { in_fund_present } else { commissioners.present };
        let cash = if is_ours { to_fund } else { commissioners.a_year };
        statement.shared_present += Pence(1).times(share * gained);
        statement.shared += cash.times(share);
        statement.sites.push(part);
        if commissioners != Sum::default() {
            let party = Party { owner: None, organisation: "NHS commissioners".to_owned() };
            let statement = statements.entry(party.clone()).or_insert_with(|| new(party, 0.0));
            statement.sites.push(SitePart {
                site: site.code.clone(),
                name: site.name().to_owned(),
                option: action.option,
                unused_m2: None,
                unused_cost: None,
                once: Pence::ZERO,
                to_fund: Pence::ZERO,
                a_year: commissioners.a_year,
                rent_lost: None,
                present: Pence(1).times(commissioners.present),
            });
        }
    }
    let mut statements: Vec<OwnerStatement> = statements.into_values().collect();
    let mut passed_on = Pence::ZERO;
    for statement in &mut statements {
        // A share of a loss is nobody's.
        if statement.shared_present < Pence::ZERO || statement.shared < Pence::ZERO {
            (statement.shared, statement.shared_present) = (Pence::ZERO, Pence::ZERO);
        }
        passed_on += statement.shared_present;
    }
    let fund_present = Pence(1).times(fund);
    Ok(Incentives { statements, fund_present, fund_present_after: fund_present - passed_on })
}

fn new(party: Party, gain_share: f64) -> OwnerStatement {
    OwnerStatement {
        party,
        sites: Vec::new(),
        unknown_space: 0,
        unknown_rent: 0,
        gain_share,
        shared: Pence::ZERO,
        shared_present: Pence::ZERO,
    }
}

/// What a party gets of some lines.
#[derive(Debug, Default, PartialEq)]
struct Sum {
    once: Pence,
    a_year: Pence,
    present: f64,
}

impl Sum {
    fn once(&mut self, amount: Pence, worth: f64) {
        self.once += amount;
        self.present += amount.0 as f64 * worth;
    }

    fn yearly(&mut self, line: &Line, worth: f64, end: i32) {
        self.present += line.amount.0 as f64 * worth;
        if line.year == end {
            self.a_year += line.amount;
        }
    }
}

/// The rule, by who owns.
fn gain_share(
    owner: Option<ReceiptAccruesTo>,
    figures: &Assumptions,
) -> Result<f64, MissingAssumption> {
    figures.value(match owner {
        Some(ReceiptAccruesTo::Trust) => "incentives.gain_share.trust",
        Some(ReceiptAccruesTo::Nhsps) => "incentives.gain_share.nhsps",
        _ => "incentives.gain_share.others",
    })
}

/// The rent that a private owner no longer gets; `None` where there is none or nobody has told it.
fn rent_lost(site: &Site, option: OptionKind, is_ours: bool) -> Option<Pence> {
    (option == OptionKind::Dispose && !is_ours).then(|| site.money(Field::AnnualRent)).flatten()
}

/// Empty and under-used space; `None` where neither is known.
fn unused_m2(site: &Site) -> Option<f64> {
    let (empty, under) = (site.area(Field::EmptyArea), site.area(Field::UnderUsedArea));
    (empty.is_some() || under.is_some())
        .then(|| empty.map_or(0.0, |m2| m2.0) + under.map_or(0.0, |m2| m2.0))
}

/// Of the site's own figures where both are known, else the planning rate.
fn cost_a_metre(site: &Site, figures: &Assumptions) -> Result<f64, MissingAssumption> {
    let area = site.area(Field::GrossInternalArea).filter(|area| area.0 > 0.0);
    match (site.money(Field::RunningCost), area) {
        (Some(cost), Some(area)) => Ok(cost.as_pounds() / area.0),
        _ => figures.value(match site.receipt_accrues_to() {
            Some(ReceiptAccruesTo::Trust) => "running_cost.gbp_per_m2",
            _ => "running_cost.practice.gbp_per_m2",
        }),
    }
}

impl Party {
    /// `NHS trust: Royal Free London`.
    pub fn words(&self) -> String {
        match self.owner {
            Some(owner) => format!("{}: {}", owner.label(), self.organisation),
            None => self.organisation.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::fixture::{Town, figures};
    use crate::scenario::{Lock, LockKind, Scenario};

    fn stated(town: &Town, share: f64) -> (Incentives, Ledger) {
        let built = town.built();
        let lock =
            Lock { site: "BBB01".parse().unwrap(), kind: LockKind::Close, why: "test".to_owned() };
        let mut set = figures();
        for (key, value) in [
            ("retention.trust", 0.6),
            ("retention.clawback_share", 0.0),
            ("incentives.gain_share.trust", share),
        ] {
            let figure = set.figures.get_mut(key).unwrap();
            (figure.value, figure.low, figure.high) = (value, Some(value), Some(value));
        }
        let question = Scenario {
            locks: vec![lock],
            assumptions: set.clone(),
            fund_asked: Pence::pounds(-100_000_000),
            standards: Vec::new(),
            ..built.question()
        };
        let run = built.answer(question).unwrap();
        let terms = Terms { assumptions: &set, base_year: 2026, horizon_years: 10 };
        let told = incentives(&built.register, run.proposal.as_ref().unwrap(), &run.ledger, &terms)
            .unwrap();
        (told, run.ledger)
    }

    #[test]
    fn a_trust_keeps_what_the_fund_does_not() {
        let (told, ledger) = stated(&Town::of_two(), 0.0);

        // The valuation is £5m; the rule leaves the trust two fifths of it.
        let kept = ledger.total(|line| line.kind == LineKind::NotRetained).amount;
        assert_eq!(told.statements[0].once(), -kept);
        assert_eq!(told.statements[0].to_fund(), ledger.in_fund().amount);
        // 200 of 600 m² are empty at each of two sites that cost £200,000 a year.
        // Each £66,666.67.
        assert_eq!(told.statements[0].unused_cost(), Pence(2 * 6_666_667));
        assert_eq!(told.fund_present, told.fund_present_after);
    }

    #[test]
    fn a_share_moves_money_from_the_fund_to_the_owner_and_makes_none() {
        let (without, _) = stated(&Town::of_two(), 0.0);
        let (with, _) = stated(&Town::of_two(), 0.25);

        let gained = with.statements[0].present_after() - without.statements[0].present_after();
        assert_eq!(gained, without.fund_present_after - with.fund_present_after);
        assert!(gained > Pence::ZERO);
    }

    #[test]
    fn partners_get_the_receipt_and_lose_the_rent() {
        let town = Town::of_two()
            .set("BBB01", Field::Tenure, "gp_owned")
            .set("BBB01", Field::ReceiptAccruesTo, "gp_partners")
            .set("BBB01", Field::AnnualRent, "90000");

        let (told, _) = stated(&town, 0.0);

        let partners = told
            .statements
            .iter()
            .find(|s| s.party.owner == Some(ReceiptAccruesTo::GpPartners))
            .unwrap();
        assert_eq!(partners.loses_a_year(), Pence::pounds(90_000));
        assert_eq!(partners.once(), partners.sites[0].once);
        assert!(partners.once() > Pence::ZERO);
        assert!(
            told.statements
                .iter()
                .any(|s| s.party.organisation == "NHS commissioners" && s.a_year() > Pence::ZERO)
        );
    }
}
