//! One site's part in a plan, as lines.

use chrono::NaiveDate;

use super::estimate::Estimate;
use super::exit::{Holding, is_leased, is_trust_site, retention_key};
use super::flow::{Flow, Lease, Stage, Timing};
use super::value::{Price, amount, land_price, site_price};
use super::{Arrival, Decision, Lever, Line, LineKind, OptionKind, Schedule, Stages, Terms, When};
use crate::register::{
    AccessAnswer, AccessItem, Field, Grade, MissingAssumption, ReceiptAccruesTo, Scalar, Site,
    SiteCode, Tenure,
};

/// Every line of a decision: what the site does, then each arrival.
///
/// Prices what it is told, blocked or not: a closure decided outside the model still costs what it costs.
pub fn price(decision: &Decision<'_>, terms: &Terms<'_>) -> Result<Vec<Line>, MissingAssumption> {
    Ok(dated(&flows(decision, terms, &Schedule::default())?, terms))
}

/// What it costs a site to receive one tenancy, whatever else it does.
pub fn price_arrival(
    site: &Site,
    arrival: &Arrival,
    terms: &Terms<'_>,
) -> Result<Vec<Line>, MissingAssumption> {
    Ok(dated(&arrival_flows(site, arrival, terms, &Schedule::default())?, terms))
}

fn dated(flows: &[Flow], terms: &Terms<'_>) -> Vec<Line> {
    let lines = flows.iter().flat_map(|flow| flow.lines(terms.end_year()));
    lines.map(|(line, _)| line).collect()
}

/// Every item of a decision, at the dates of a programme.
pub(super) fn flows(
    decision: &Decision<'_>,
    terms: &Terms<'_>,
    schedule: &Schedule,
) -> Result<Vec<Flow>, MissingAssumption> {
    let (site, option) = (decision.site, decision.option);
    let book = |because: &str| -> Result<Book<'_>, MissingAssumption> {
        let stages = schedule.of_site(&site.code, option, terms)?;
        Book::new(site, terms, stages, because.to_owned())
    };
    let mut flows = match option {
        OptionKind::Keep => Vec::new(),
        OptionKind::Improve => improve(book("improve")?, terms)?,
        OptionKind::SellLand => sell_land(book("sell land")?, terms)?,
        OptionKind::Dispose => dispose(book("dispose")?, terms)?,
    };
    for arrival in &decision.arrivals {
        flows.extend(arrival_flows(site, arrival, terms, schedule)?);
    }
    Ok(flows)
}

fn arrival_flows<'a>(
    site: &'a Site,
    arrival: &'a Arrival,
    terms: &Terms<'_>,
    schedule: &Schedule,
) -> Result<Vec<Flow>, MissingAssumption> {
    let space = || {
        let m2 = (arrival.clinical + arrival.non_clinical).0.max(0.0);
        Estimate::known(format!("m² of {}", arrival.tenancy), m2, None).scaled(Lever::Space)
    };
    let stages = schedule.of_arrival(arrival, terms)?;
    let mut book = Book::new(site, terms, stages, format!("receive tenancy {}", arrival.tenancy))?;
    // Refurbishment rates are all in; the tax in them is told apart.
    let taxed = Estimate::exact(1.0).plus(vat(terms)?);
    let fit_out = refurbishment(site, terms)?.times(with_bias(terms)?).over(taxed);
    book.works(LineKind::Works, space().times(fit_out), terms)?;
    let decant = Estimate::loss(terms, "decant.gbp_per_m2")?;
    book.pay(LineKind::Decant, Timing::Once(Stage::Moves), space().times(decant));
    let share = Estimate::loss(terms, "running_cost.marginal_share")?;
    let added = space().times(running_cost_rate(site, terms)?).times(share);
    book.pay(LineKind::RunningCostAdded, Timing::After(Stage::Moves), added);
    Ok(book.flows)
}

/// Whether works at a site that improves mend this access item: they do where the set prices it.
pub fn mends(item: AccessItem, terms: &Terms<'_>) -> bool {
    terms.assumptions.figures.contains_key(&works_key(item))
}

pub(super) fn works_key(item: AccessItem) -> String {
    format!("works.access_{:02}.gbp", item.number())
}

/// Backlog mended and every access item put right that is failed or unknown; unknown never passes.
fn improve(mut book: Book<'_>, terms: &Terms<'_>) -> Result<Vec<Flow>, MissingAssumption> {
    let site = book.site;
    let on_costs = on_costs(terms)?;
    book.works(
        LineKind::BacklogWorks,
        to_condition_b(site, terms)?.times(on_costs.clone()),
        terms,
    )?;

    let mut works = Estimate::exact(0.0);
    for item in AccessItem::all().filter(|item| mends(*item, terms)) {
        let cost = Estimate::loss(terms, &works_key(item))?;
        match site.access(item) {
            Some(AccessAnswer::Yes | AccessAnswer::NotApplicable) => {}
            Some(AccessAnswer::No) => works = works.plus(cost),
            None => works = works.plus(Estimate { good: 0.0, ..cost }),
        }
    }
    book.works(LineKind::Works, works.times(on_costs), terms)?;
    book.do_minimum(terms)?;
    Ok(book.flows)
}

fn sell_land(mut book: Book<'_>, terms: &Terms<'_>) -> Result<Vec<Flow>, MissingAssumption> {
    if let Some(price) = land_price(book.site, terms)? {
        book.sell(&price, terms)?;
    }
    Ok(book.flows)
}

fn dispose(mut book: Book<'_>, terms: &Terms<'_>) -> Result<Vec<Flow>, MissingAssumption> {
    let site = book.site;
    let months = Estimate::loss(terms, "double_running.months")?.over(Estimate::exact(12.0));
    let twice = running_cost_paid(site, terms)?.times(months);
    book.pay(LineKind::DoubleRunning, Timing::Once(Stage::Moves), twice);
    match book.holding.tenure {
        Some(Tenure::Nhsps) => {
            book.vacating_payment(terms)?;
            if !is_leased(site) {
                book.sell_site(terms)?;
            }
        }
        Some(Tenure::Leasehold | Tenure::Council) => book.end_lease(terms)?,
        Some(Tenure::Pfi | Tenure::Lift) => book.go_on_paying(terms)?,
        Some(Tenure::Freehold | Tenure::GpOwned) => book.sell_site(terms)?,
        Some(Tenure::Charity) | None => {}
    }
    let running = running_cost(site, terms)?;
    book.gain(LineKind::RunningCostSaved, Timing::After(Stage::Moves), running);
    let has_rent = matches!(book.holding.tenure, Some(Tenure::GpOwned))
        || (is_leased(site) && book.holding.tenure == Some(Tenure::Nhsps));
    if has_rent {
        let rent = rent(site, terms)?;
        book.gain(LineKind::RunningCostSaved, Timing::After(Stage::Moves), rent);
    }
    if let Some(backlog) = backlog(site) {
        book.gain(LineKind::BacklogAvoided, Timing::Once(Stage::Moves), backlog);
    }
    book.do_minimum(terms)?;
    Ok(book.flows)
}

/// The items of one site, as they are written.
struct Book<'a> {
    site: &'a Site,
    holding: Holding,
    stages: Stages,
    because: String,
    part_of: &'a SiteCode,
    flows: Vec<Flow>,
}

impl<'a> Book<'a> {
    fn new(
        site: &'a Site,
        terms: &Terms<'_>,
        stages: Stages,
        because: String,
    ) -> Result<Self, MissingAssumption> {
        let holding = Holding::of(site, terms)?;
        Ok(Self { site, holding, stages, because, part_of: &site.code, flows: Vec::new() })
    }

    /// The site's receipt, where its value can be stated, and what clearing and holding it costs.
    fn sell_site(&mut self, terms: &Terms<'_>) -> Result<(), MissingAssumption> {
        let site = self.site;
        let Some(price) = site_price(site, terms)? else { return Ok(()) };
        self.sell(&price, terms)?;
        if self.holding.nhs_owner().is_none() {
            return Ok(());
        }
        if price.is_for_cleared_land {
            let rate = Estimate::loss(terms, "demolition.gbp_per_m2")?;
            let cost = floor_area(site, terms)?.times(rate);
            self.pay(LineKind::Demolition, Timing::Once(Stage::Receipt), cost);
        }
        let share = Estimate::loss(terms, "holding.share_of_price")?;
        self.pay(LineKind::Holding, Timing::Empty, price.pounds.clone().times(share));
        self.accounts(&price, terms)
    }

    /// A receipt. Others' receipts are told and never reach the fund; their costs are theirs.
    fn sell(&mut self, price: &Price, terms: &Terms<'_>) -> Result<(), MissingAssumption> {
        let paid = Timing::Once(Stage::Receipt);
        let pounds = price.pounds.clone().resting_on(&self.holding.assumed);
        self.gain(LineKind::Receipt, paid.clone(), pounds.clone());
        if let Some(receipt) = self.flows.last_mut() {
            receipt.basis = price.basis;
        }
        let Some(owner) = self.holding.nhs_owner() else { return Ok(()) };
        let share = Estimate::loss(terms, "sale.cost_share")?;
        self.pay(LineKind::SaleCost, paid.clone(), pounds.clone().times(share));
        let fixed = Estimate::loss(terms, "sale.promotion_gbp")?;
        self.pay(LineKind::Promotion, paid.clone(), fixed);
        let clawback = Estimate::loss(terms, "retention.clawback_share")?;
        self.pay(LineKind::Clawback, paid.clone(), pounds.clone().times(clawback.clone()));
        let kept = Estimate::gain(terms, &retention_key(owner))?.scaled(Lever::Retention);
        let lost = kept.at_most(Estimate::exact(1.0)).rest();
        let shared = pounds.times_if_any(clawback.rest());
        self.pay(LineKind::NotRetained, paid, shared.times(lost));
        Ok(())
    }

    /// What leaving the books does to a trust's accounts; where the book value is unknown, nothing is said.
    fn accounts(&mut self, price: &Price, terms: &Terms<'_>) -> Result<(), MissingAssumption> {
        let is_trust = self.holding.owner == Some(ReceiptAccruesTo::Trust);
        let Some(book) = amount(self.site, Field::BookValue).filter(|_| is_trust) else {
            return Ok(());
        };
        let dividend = Estimate::gain(terms, "accounts.pdc_rate")?;
        self.gain(
            LineKind::PdcDividend,
            Timing::After(Stage::Receipt),
            book.clone().times(dividend),
        );
        // Held for sale from the day it is empty: no longer depreciated.
        let spread = Estimate::gain(terms, "accounts.depreciation_share")?;
        self.gain(LineKind::Depreciation, Timing::After(Stage::Moves), book.clone().times(spread));
        let result = price.pounds.clone().plus(book.times(Estimate::exact(-1.0)));
        self.gain(LineKind::BookResult, Timing::Once(Stage::Receipt), result);
        Ok(())
    }

    /// Three, six or twelve months of accommodation cost (NHS Property Services, vacating payments).
    fn vacating_payment(&mut self, terms: &Terms<'_>) -> Result<(), MissingAssumption> {
        let site = self.site;
        let landlord = site.text(Field::Landlord).map(str::to_ascii_lowercase);
        let is_theirs = landlord.is_some_and(|name| name.contains("property services"));
        let key = match (is_leased(site), is_theirs) {
            (true, _) => "nhsps.vacating_months.leasehold",
            (false, true) => "nhsps.vacating_months.whole_freehold",
            (false, false) => "nhsps.vacating_months.unknown",
        };
        let months = Estimate::loss(terms, key)?.over(Estimate::exact(12.0));
        let known_rent = amount(site, Field::AnnualRent).unwrap_or(Estimate::exact(0.0));
        let yearly = running_cost_paid(site, terms)?.plus(known_rent);
        self.pay(LineKind::VacatingPayment, Timing::Once(Stage::Moves), yearly.times(months));
        Ok(())
    }

    /// Dilapidations when services leave; rent to the break or expiry; and the rent that then stops.
    fn end_lease(&mut self, terms: &Terms<'_>) -> Result<(), MissingAssumption> {
        let site = self.site;
        let dilapidations = if let Some(known) = amount(site, Field::Dilapidations) {
            known
        } else {
            let rate = Estimate::loss(terms, "lease.dilapidations.gbp_per_m2")?;
            floor_area(site, terms)?.times(rate)
        };
        self.pay(LineKind::Dilapidations, Timing::Once(Stage::Moves), dilapidations);
        let lease = Lease {
            dates: dates(site, &[Field::LeaseBreak, Field::LeaseExpiry]),
            unknown: Estimate::loss(terms, "lease.remaining_years")?,
            past: Estimate::loss(terms, "lease.notice_years")?,
        };
        self.pay_out_the_term(LineKind::RemainingRent, rent(site, terms)?, lease);
        Ok(())
    }

    /// The charge goes on to term while the site stands empty.
    fn go_on_paying(&mut self, terms: &Terms<'_>) -> Result<(), MissingAssumption> {
        let site = self.site;
        let charge = if let Some(known) = amount(site, Field::FinanceCost) {
            known
        } else {
            let rate = Estimate::loss(terms, "exit.charge.gbp_per_m2")?;
            floor_area(site, terms)?.times(rate)
        };
        let contract = Lease {
            dates: dates(site, &[Field::LeaseExpiry]),
            unknown: Estimate::loss(terms, "exit.remaining_years.pfi_lift")?,
            past: Estimate::exact(0.0),
        };
        self.pay_out_the_term(LineKind::ResidualCharge, charge, contract);
        Ok(())
    }

    /// A yearly payment that stops some time after services leave. The payment is saved from the day they leave and paid
    /// on as its own line, so that the two show what emptiness costs.
    fn pay_out_the_term(&mut self, kind: LineKind, yearly: Estimate, lease: Lease) {
        self.gain(LineKind::RunningCostSaved, Timing::After(Stage::Moves), yearly.clone());
        self.pay(kind, Timing::Term(lease), yearly);
    }

    /// Works without their tax, and the tax that is not recovered.
    fn works(
        &mut self,
        kind: LineKind,
        net: Estimate,
        terms: &Terms<'_>,
    ) -> Result<(), MissingAssumption> {
        let net = net.scaled(Lever::Works);
        self.pay(kind, Timing::Once(Stage::Works), net.clone());
        self.pay(LineKind::WorksVat, Timing::Once(Stage::Works), net.times(vat(terms)?));
        Ok(())
    }

    /// What the do-minimum would spend here to reach condition B and this plan need not: spread evenly over its first years.
    /// It is what social value is measured against, and never cash.
    fn do_minimum(&mut self, terms: &Terms<'_>) -> Result<(), MissingAssumption> {
        let years = terms.do_minimum_years()?;
        let bias = on_costs(terms)?;
        let yearly =
            to_condition_b(self.site, terms)?.times(bias).over(Estimate::exact(f64::from(years)));
        for year in terms.base_year..terms.base_year + years {
            self.gain(LineKind::DoMinimum, Timing::At(When::year(year)), yearly.clone());
        }
        Ok(())
    }

    fn pay(&mut self, kind: LineKind, timing: Timing, pounds: Estimate) {
        self.gain(kind, timing, pounds.times(Estimate::exact(-1.0)));
    }

    fn gain(&mut self, kind: LineKind, timing: Timing, amount: Estimate) {
        let is_others = kind == LineKind::Receipt && self.holding.nhs_owner().is_none();
        self.flows.push(Flow {
            site: self.site.code.clone(),
            part_of: self.part_of.clone(),
            owner: self.holding.owner,
            counterparty: counterparty(kind, self.site).to_owned(),
            kind,
            in_fund: kind.moves_the_fund() && !is_others,
            basis: None,
            because: self.because.clone(),
            amount,
            timing,
            stages: self.stages,
        });
    }
}

/// Who pays or is paid.
fn counterparty(kind: LineKind, site: &Site) -> &str {
    match kind {
        LineKind::Receipt => "buyer",
        LineKind::SaleCost => "agents and lawyers",
        LineKind::Promotion => "planning advisers",
        LineKind::NotRetained => site.text(Field::OrganisationName).unwrap_or("the owner"),
        LineKind::Clawback => "givers of grants and earlier owners",
        LineKind::VacatingPayment => "NHS Property Services",
        LineKind::Dilapidations | LineKind::RemainingRent => {
            site.text(Field::Landlord).unwrap_or("landlord")
        }
        LineKind::ResidualCharge => site.text(Field::Landlord).unwrap_or("PFI or LIFT company"),
        LineKind::Demolition | LineKind::Works | LineKind::BacklogWorks | LineKind::DoMinimum => {
            "contractors"
        }
        LineKind::WorksVat => "HM Revenue and Customs",
        LineKind::Holding => "security, rates and insurance",
        LineKind::Decant => "removal and equipment suppliers",
        LineKind::DoubleRunning | LineKind::RunningCostSaved | LineKind::RunningCostAdded => {
            "suppliers and staff of the premises"
        }
        LineKind::PdcDividend => "Department of Health and Social Care",
        LineKind::ApprovedSpend
        | LineKind::BacklogAvoided
        | LineKind::Depreciation
        | LineKind::BookResult => "",
    }
}

/// The register's dates, each with its evidence.
fn dates(site: &Site, fields: &[Field]) -> Vec<(NaiveDate, Estimate)> {
    let dates = fields.iter().filter_map(|field| {
        let fact = site.fact(*field);
        let date = fact.get().and_then(Scalar::date)?;
        Some((date, Estimate::known("years to lease end", 0.0, fact.evidence())))
    });
    dates.collect()
}

/// Gross internal, else the assumed area of a site nobody has measured. For costs only.
fn floor_area(site: &Site, terms: &Terms<'_>) -> Result<Estimate, MissingAssumption> {
    match amount(site, Field::GrossInternalArea) {
        Some(known) => Ok(known),
        None => Estimate::loss(terms, "space.gross_internal_area.unknown_m2"),
    }
}

/// A year's running cost as a saving: the known figure, else area by rate.
fn running_cost(site: &Site, terms: &Terms<'_>) -> Result<Estimate, MissingAssumption> {
    if let Some(known) = amount(site, Field::RunningCost) {
        return Ok(known);
    }
    let area = match amount(site, Field::GrossInternalArea) {
        Some(known) => known,
        None => Estimate::gain(terms, "space.gross_internal_area.unknown_m2")?,
    };
    Ok(area.times(Estimate::gain(terms, running_cost_key(site))?))
}

/// The same as a cost: its high end is the bad one.
fn running_cost_paid(site: &Site, terms: &Terms<'_>) -> Result<Estimate, MissingAssumption> {
    if let Some(known) = amount(site, Field::RunningCost) {
        return Ok(known);
    }
    Ok(floor_area(site, terms)?.times(Estimate::loss(terms, running_cost_key(site))?))
}

/// What a square metre of this site costs a year: its own figure where both cost and area are known.
fn running_cost_rate(site: &Site, terms: &Terms<'_>) -> Result<Estimate, MissingAssumption> {
    let area = amount(site, Field::GrossInternalArea).filter(|area| area.central > 0.0);
    match (amount(site, Field::RunningCost), area) {
        (Some(cost), Some(area)) => Ok(cost.over(area)),
        _ => Estimate::loss(terms, running_cost_key(site)),
    }
}

/// The national average is of the trusts' return; premises of general practice cost about half as much.
fn running_cost_key(site: &Site) -> &'static str {
    if is_trust_site(site) { "running_cost.gbp_per_m2" } else { "running_cost.practice.gbp_per_m2" }
}

/// A year's rent, or rent reimbursed. Paid and saved alike, so its range is that of the area alone.
fn rent(site: &Site, terms: &Terms<'_>) -> Result<Estimate, MissingAssumption> {
    if let Some(known) = amount(site, Field::AnnualRent) {
        return Ok(known);
    }
    let rate = Estimate::loss(terms, "lease.rent.gbp_per_m2")?.without_range();
    Ok(floor_area(site, terms)?.times(rate))
}

fn backlog(site: &Site) -> Option<Estimate> {
    let backlog = site.backlog();
    let pounds = backlog.get()?.as_pounds();
    Some(Estimate::known("backlog_gbp", pounds, backlog.evidence()))
}

/// Works cost to reach condition B: the known backlog, else area by rate.
fn to_condition_b(site: &Site, terms: &Terms<'_>) -> Result<Estimate, MissingAssumption> {
    if let Some(known) = backlog(site) {
        return Ok(known);
    }
    Ok(floor_area(site, terms)?.times(Estimate::loss(terms, "works.backlog.gbp_per_m2")?))
}

/// Refurbishment per square metre, all in, by the receiving site's condition.
fn refurbishment(site: &Site, terms: &Terms<'_>) -> Result<Estimate, MissingAssumption> {
    let light = Estimate::loss(terms, "works.light.gbp_per_m2")?;
    match site.word(Field::FacetCondition) {
        Some(Grade::A | Grade::B | Grade::BC) => Ok(light),
        Some(Grade::C | Grade::CX | Grade::D | Grade::DX) => {
            Estimate::loss(terms, "works.heavy.gbp_per_m2")
        }
        None => {
            let share = Estimate::loss(terms, "works.unknown_condition.heavy_share")?;
            let heavy = Estimate::loss(terms, "works.heavy.gbp_per_m2")?;
            Ok(heavy.times(share.clone()).plus(light.times(share.rest())))
        }
    }
}

/// Fees, contingency and optimism bias on works cost.
pub(super) fn on_costs(terms: &Terms<'_>) -> Result<Estimate, MissingAssumption> {
    let fees = Estimate::loss(terms, "works.fees_share")?;
    let contingency = Estimate::loss(terms, "works.contingency_share")?;
    Ok(Estimate::exact(1.0).plus(fees).plus(contingency).times(with_bias(terms)?))
}

/// Value added tax that is not recovered, as a share of works without tax.
pub(super) fn vat(terms: &Terms<'_>) -> Result<Estimate, MissingAssumption> {
    let rate = Estimate::loss(terms, "works.vat_rate")?;
    let recovered = Estimate::gain(terms, "works.vat_recovered_share")?;
    Ok(rate.times(recovered.rest()))
}

/// One and the optimism bias that is left: upper × (1 − managed share), never under the lower bound, mixed by the share of
/// works that is non-standard, as HM Treasury's review of 2002 has it.
fn with_bias(terms: &Terms<'_>) -> Result<Estimate, MissingAssumption> {
    let unmanaged = Estimate::gain(terms, "optimism_bias.managed_share")?.rest();
    let left = |upper: &str, lower: &str| -> Result<Estimate, MissingAssumption> {
        let lower = Estimate::loss(terms, lower)?;
        Ok(Estimate::loss(terms, upper)?.times(unmanaged.clone()).at_least(lower))
    };
    let standard = left("optimism_bias.upper", "optimism_bias.lower")?;
    let other = left("optimism_bias.non_standard.upper", "optimism_bias.non_standard.lower")?;
    let share = Estimate::loss(terms, "optimism_bias.non_standard_share")?;
    let mixed = standard.times(share.clone().rest()).plus(other.times(share));
    Ok(Estimate::exact(1.0).plus(mixed))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fund::sample::{
        FREEHOLD, arrival, assumptions, decide, freehold, site, terms, with,
    };
    use crate::fund::{Budget, Ledger, ValueSource, ledger};
    use crate::register::{Pence, ReceiptAccruesTo};

    fn told(decision: &Decision<'_>) -> String {
        let set = assumptions();
        let ledger = ledger(std::slice::from_ref(decision), &terms(&set)).unwrap();
        let told = ledger.lines.iter().filter(|line| {
            line.kind.moves_the_fund() || line.year == 2028 || line.kind == LineKind::BacklogAvoided
        });
        let told = told.map(|line| {
            let fund = if line.in_fund { "fund" } else { "-" };
            let (kind, year) = (line.kind.key(), line.year);
            format!("{year} {kind} {fund} {} ({} to {})", line.amount, line.low, line.high)
        });
        told.collect::<Vec<_>>().join("\n")
    }

    fn total(ledger: &Ledger, kind: LineKind) -> Pence {
        ledger.total(|line| line.kind == kind).amount
    }

    #[test]
    fn a_freehold_is_sold_after_its_services_left() {
        insta::assert_snapshot!(told(&decide(&freehold("ZZ001"), OptionKind::Dispose)), @r"
        2027 double_running fund -£100,000.00 (-£200,000.00 to -£66,666.67)
        2027 backlog_avoided - £250,000.00 (£250,000.00 to £250,000.00)
        2028 holding fund -£20,000.00 (-£28,800.00 to -£12,000.00)
        2028 running_cost_saved - £400,000.00 (£400,000.00 to £400,000.00)
        2028 do_minimum - £72,000.00 (£97,500.00 to £60,375.00)
        2029 receipt fund £1,000,000.00 (£720,000.00 to £1,200,000.00)
        2029 sale_cost fund -£30,000.00 (-£28,800.00 to -£24,000.00)
        2029 promotion fund -£10,000.00 (-£20,000.00 to -£5,000.00)
        2029 clawback fund £0.00 (-£72,000.00 to £0.00)
        2029 not_retained fund -£250,000.00 (-£324,000.00 to £0.00)
        2029 holding fund -£20,000.00 (-£28,800.00 to -£12,000.00)
        ");
    }

    #[test]
    fn cleared_land_is_priced_net_of_homes_and_contributions_and_pays_for_demolition() {
        let site = site(
            "ZZ001",
            &[
                (Field::Tenure, "freehold"),
                (Field::ReceiptAccruesTo, "trust"),
                (Field::LandArea, "0.2"),
                (Field::BoroughCode, "E09000007"),
                (Field::GrossInternalArea, "600"),
                (Field::RunningCost, "0"),
            ],
        );
        insta::assert_snapshot!(told(&decide(&site, OptionKind::Dispose)), @r"
        2028 holding fund -£80,000.00 (-£57,600.00 to -£64,800.00)
        2028 do_minimum - £51,840.00 (£210,600.00 to £14,490.00)
        2029 receipt fund £4,000,000.00 (£1,440,000.00 to £6,480,000.00)
        2029 sale_cost fund -£120,000.00 (-£57,600.00 to -£129,600.00)
        2029 promotion fund -£10,000.00 (-£20,000.00 to -£5,000.00)
        2029 clawback fund £0.00 (-£144,000.00 to £0.00)
        2029 not_retained fund -£1,000,000.00 (-£648,000.00 to £0.00)
        2029 demolition fund -£60,000.00 (-£120,000.00 to -£30,000.00)
        2029 holding fund -£80,000.00 (-£57,600.00 to -£64,800.00)
        ");
    }

    #[test]
    fn a_lease_is_paid_to_its_break() {
        let site = site(
            "ZZ001",
            &[
                (Field::Tenure, "leasehold"),
                (Field::LeaseBreak, "2029-09-30"),
                (Field::LeaseExpiry, "2034-09-30"),
                (Field::AnnualRent, "100000"),
                (Field::Dilapidations, "55000"),
                (Field::RunningCost, "80000"),
            ],
        );
        let set = assumptions();
        let ledger = ledger(&[decide(&site, OptionKind::Dispose)], &terms(&set)).unwrap();

        let rent = ledger.lines.iter().filter(|line| line.kind == LineKind::RemainingRent);
        let rent: Vec<(i32, i64)> = rent.map(|line| (line.year, line.amount.0)).collect();
        assert_eq!(rent, [(2028, -10_000_000), (2029, -4_976_044)], "547 days of 365.25 a year");
        assert_eq!(total(&ledger, LineKind::Dilapidations), Pence::pounds(-55_000));
        assert_eq!(
            ledger.total(|line| line.kind == LineKind::RemainingRent && line.in_fund).amount.0,
            0
        );
        assert_eq!(total(&ledger, LineKind::Receipt), Pence::ZERO);
    }

    #[test]
    fn nhs_property_services_is_paid_three_six_or_twelve_months() {
        let facts = [
            (Field::Tenure, "nhsps"),
            (Field::GrossInternalArea, "500"),
            (Field::RunningCost, "120000"),
        ];
        let set = assumptions();
        let paid = |more: (Field, &str)| {
            let mut facts = facts.to_vec();
            facts.push(more);
            let site = site("ZZ001", &facts);
            let ledger = ledger(&[decide(&site, OptionKind::Dispose)], &terms(&set)).unwrap();
            total(&ledger, LineKind::VacatingPayment)
        };
        assert_eq!(paid((Field::Landlord, "NHS Property Services Ltd")), Pence::pounds(-30_000));
        assert_eq!(paid((Field::Landlord, "somebody")), Pence::pounds(-60_000));
        assert_eq!(paid((Field::LeaseExpiry, "2035-01-01")), Pence::pounds(-120_000));
    }

    #[test]
    fn a_pfi_charge_goes_on_to_its_end() {
        let site = site(
            "ZZ001",
            &[
                (Field::Tenure, "pfi"),
                (Field::FinanceCost, "1000000"),
                (Field::RunningCost, "0"),
                (Field::LeaseExpiry, "2033-03-31"),
            ],
        );
        let set = assumptions();
        let ledger = ledger(&[decide(&site, OptionKind::Dispose)], &terms(&set)).unwrap();

        let charge = ledger.lines.iter().filter(|line| line.kind == LineKind::ResidualCharge);
        let years: Vec<i32> = charge.map(|line| line.year).collect();
        assert_eq!(years, (2028..=2032).collect::<Vec<_>>());
        let saved = total(&ledger, LineKind::RunningCostSaved);
        assert_eq!(saved, Pence::pounds(8_000_000), "the charge stops mattering when it ends");
    }

    #[test]
    fn receiving_costs_works_moving_and_marginal_running_cost() {
        let mut facts = FREEHOLD.to_vec();
        facts.push((Field::FacetCondition, "B"));
        let site = site("ZZ001", &facts);
        let decision = Decision {
            site: &site,
            option: OptionKind::Keep,
            arrivals: vec![arrival("ZZ9-GP", 100.0)],
        };
        insta::assert_snapshot!(told(&decision), @r"
        2026 works fund -£120,000.00 (-£225,000.00 to -£84,000.00)
        2027 decant fund -£20,000.00 (-£30,000.00 to -£10,000.00)
        2028 running_cost_added - -£20,000.00 (-£28,000.00 to -£12,000.00)
        ");
    }

    #[test]
    fn improving_pays_the_backlog_and_every_access_item_not_known_to_pass() {
        let mut facts = FREEHOLD.to_vec();
        facts.push((Field::Access01, "no"));
        let failed = site("ZZ001", &facts);
        insta::assert_snapshot!(told(&decide(&failed, OptionKind::Improve)), @r"
        2026 works fund -£72,000.00 (-£234,000.00 to -£12,075.00)
        2026 backlog_works fund -£360,000.00 (-£487,500.00 to -£301,875.00)
        2028 do_minimum - £72,000.00 (£97,500.00 to £60,375.00)
        ");
    }

    #[test]
    fn a_receipt_of_gp_partners_is_told_and_never_reaches_the_fund() {
        let site = site(
            "ZZ001",
            &[
                (Field::Tenure, "gp_owned"),
                (Field::Valuation, "800000"),
                (Field::GrossInternalArea, "300"),
            ],
        );
        let set = assumptions();
        let ledger = ledger(&[decide(&site, OptionKind::Dispose)], &terms(&set)).unwrap();

        let receipts: Vec<_> =
            ledger.lines.iter().filter(|line| line.kind == LineKind::Receipt).collect();
        assert_eq!(receipts.len(), 1);
        assert_eq!(
            (receipts[0].owner, receipts[0].in_fund),
            (Some(ReceiptAccruesTo::GpPartners), false)
        );
        assert!(ledger.in_fund().amount < Pence::ZERO);
    }

    #[test]
    fn retention_scales_the_receipt_only() {
        let site = freehold("ZZ001");
        let at = |share| {
            let set = with(assumptions(), "retention.trust", share);
            ledger(&[decide(&site, OptionKind::Dispose)], &terms(&set)).unwrap()
        };
        let (none, half, all) = (at(0.0), at(0.5), at(1.0));

        for other in [&none, &half] {
            let same = LineKind::ALL.iter().filter(|kind| **kind != LineKind::NotRetained);
            for kind in same {
                assert_eq!(total(other, *kind), total(&all, *kind), "{kind:?}");
            }
        }
        let receipt = total(&all, LineKind::Receipt);
        assert_eq!(all.in_fund().amount - half.in_fund().amount, receipt.times(0.5));
        assert_eq!(all.in_fund().amount - none.in_fund().amount, receipt);
    }

    #[test]
    fn what_is_known_is_not_called_assumed() {
        let set = assumptions();
        let site = freehold("ZZ001");
        let lines = price(&decide(&site, OptionKind::Dispose), &terms(&set)).unwrap();
        let is_known = |kind| {
            let line = lines.iter().find(|line| line.kind == kind).unwrap();
            matches!(line.source, ValueSource::Known(_))
        };
        assert!(is_known(LineKind::Receipt) && is_known(LineKind::RunningCostSaved));
        assert!(is_known(LineKind::BacklogAvoided));
        assert!(!is_known(LineKind::SaleCost) && !is_known(LineKind::NotRetained));
    }

    #[test]
    fn a_missing_figure_is_an_error_and_not_a_zero() {
        let mut set = assumptions();
        set.figures.remove("sale.cost_share");
        let site = freehold("ZZ001");
        let missing = price(&decide(&site, OptionKind::Dispose), &terms(&set)).unwrap_err();
        assert_eq!(missing.key, "sale.cost_share");
    }

    #[test]
    fn a_programme_dates_each_site_and_the_tenancies_that_leave_it() {
        let (closes, stays) = (freehold("ZZ999"), freehold("ZZ001"));
        let set = assumptions();
        let terms = terms(&set);
        let decisions = [
            decide(&closes, OptionKind::Dispose),
            Decision {
                site: &stays,
                option: OptionKind::Keep,
                arrivals: vec![arrival("ZZ9-GP", 100.0)],
            },
        ];
        let stages = Stages {
            works: When::quarter(2028, 1),
            moves: When::quarter(2028, 3),
            receipt: When::quarter(2030, 2),
        };
        let mut schedule = Schedule::default();
        schedule.sites.insert(closes.code.clone(), stages);

        let usual = ledger(&decisions, &terms).unwrap();
        let dated = crate::fund::ledger_at(&decisions, &terms, &schedule).unwrap();

        let of = |ledger: &Ledger, kind| -> Vec<(i32, Option<u8>, i64)> {
            let lines = ledger.lines.iter().filter(|line| line.kind == kind);
            lines.map(|line| (line.year, line.month, line.amount.0)).collect()
        };
        assert_eq!(of(&dated, LineKind::Works), [(2028, Some(3), -24_000_000)]);
        assert_eq!(of(&dated, LineKind::Decant), [(2028, Some(9), -2_000_000)]);
        assert_eq!(of(&dated, LineKind::Receipt), [(2030, Some(6), 100_000_000)]);
        // Empty from January 2029 to September 2030: three months, a year, six months.
        assert_eq!(
            of(&dated, LineKind::Holding),
            [(2028, None, -500_000), (2029, None, -2_000_000), (2030, None, -1_000_000)]
        );
        assert_eq!(of(&dated, LineKind::RunningCostSaved)[0], (2028, None, 10_000_000));
        assert_eq!(total(&dated, LineKind::Receipt), total(&usual, LineKind::Receipt));
        assert_eq!(
            usual,
            crate::fund::ledger_at(&decisions, &terms, &Schedule::default()).unwrap()
        );
    }

    #[test]
    fn tax_on_works_is_a_line_of_its_own_and_all_in_rates_hold_it_already() {
        let mut facts = FREEHOLD.to_vec();
        facts.push((Field::FacetCondition, "B"));
        let site = site("ZZ001", &facts);
        let receives = Decision {
            site: &site,
            option: OptionKind::Keep,
            arrivals: vec![arrival("ZZ9-GP", 100.0)],
        };
        let set = with(assumptions(), "works.vat_rate", 0.2);
        let all = ledger(&[receives], &terms(&set)).unwrap();
        assert_eq!(total(&all, LineKind::Works), Pence::pounds(-100_000));
        assert_eq!(total(&all, LineKind::WorksVat), Pence::pounds(-20_000));

        let improves = ledger(&[decide(&site, OptionKind::Improve)], &terms(&set)).unwrap();
        assert_eq!(total(&improves, LineKind::BacklogWorks), Pence::pounds(-360_000));
        assert!(improves.lines.iter().all(|line| {
            line.kind != LineKind::WorksVat || (line.in_fund && !line.counts_for_society())
        }));
    }

    #[test]
    fn leaving_the_books_is_told_in_the_owners_accounts_and_nowhere_else() {
        let mut facts = FREEHOLD.to_vec();
        facts.push((Field::BookValue, "1500000"));
        let site = site("ZZ001", &facts);
        let set = assumptions();
        let ledger = ledger(&[decide(&site, OptionKind::Dispose)], &terms(&set)).unwrap();

        assert_eq!(total(&ledger, LineKind::BookResult), Pence::pounds(-500_000));
        // Sold at the end of 2029/30: six years of dividend; empty from 2028/29: eight of depreciation.
        assert_eq!(total(&ledger, LineKind::PdcDividend), Pence::pounds(6 * 52_500));
        assert_eq!(total(&ledger, LineKind::Depreciation), Pence::pounds(8 * 30_000));
        let accounts = ledger.lines.iter().filter(|line| line.budget == Budget::Accounts);
        assert!(accounts.into_iter().all(|line| !line.in_fund && !line.counts_for_society()));
    }

    proptest! {
        #[test]
        fn prices_add_up_whatever_arrives_together(
            option in 0_usize..4,
            m2 in prop::collection::vec(0.0..5_000.0_f64, 0..5),
        ) {
            let set = assumptions();
            let (terms, site) = (terms(&set), freehold("ZZ001"));
            let option = [OptionKind::Keep, OptionKind::Improve, OptionKind::SellLand, OptionKind::Dispose][option];
            let arrivals: Vec<_> =
                m2.iter().enumerate().map(|(n, m2)| arrival(&format!("ZZ{n}-GP"), *m2)).collect();
            let sum = |lines: &[Line]| lines.iter().map(|line| line.amount).sum::<Pence>();

            let whole = price(&Decision { site: &site, option, arrivals: arrivals.clone() }, &terms).unwrap();

            let mut parts = sum(&price(&decide(&site, option), &terms).unwrap());
            for arrival in &arrivals {
                parts += sum(&price_arrival(&site, arrival, &terms).unwrap());
            }
            prop_assert_eq!(sum(&whole), parts);
        }
    }
}
