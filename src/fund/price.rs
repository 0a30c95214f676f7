//! One site's part in a plan, as lines.

use chrono::NaiveDate;

use super::estimate::{Estimate, pence};
use super::exit::{Holding, is_leased, is_trust_site, retention_key};
use super::terms::financial_year;
use super::value::{Price, amount, land_price, site_price};
use super::{Arrival, Decision, Line, LineKind, OptionKind, Terms};
use crate::register::{
    AccessAnswer, AccessItem, Field, Grade, MissingAssumption, Scalar, Site, Tenure,
};

/// Every line of a decision: what the site does, then each arrival.
///
/// Prices what it is told, blocked or not: a closure decided outside the model still costs what it costs.
pub fn price(decision: &Decision<'_>, terms: &Terms<'_>) -> Result<Vec<Line>, MissingAssumption> {
    let mut lines = match decision.option {
        OptionKind::Keep => Vec::new(),
        OptionKind::Improve => improve(decision.site, terms)?,
        OptionKind::SellLand => sell_land(decision.site, terms)?,
        OptionKind::Dispose => dispose(decision.site, terms)?,
    };
    for arrival in &decision.arrivals {
        lines.extend(price_arrival(decision.site, arrival, terms)?);
    }
    Ok(lines)
}

/// What it costs a site to receive one tenancy, whatever else it does.
pub fn price_arrival(
    site: &Site,
    arrival: &Arrival,
    terms: &Terms<'_>,
) -> Result<Vec<Line>, MissingAssumption> {
    let space = || Estimate::exact((arrival.clinical + arrival.non_clinical).0.max(0.0));
    let mut book = Book::new(site, terms, format!("receive tenancy {}", arrival.tenancy))?;
    let fit_out = refurbishment(site, terms)?.times(with_bias(terms)?);
    book.pay(LineKind::Works, terms.works_year()?, space().times(fit_out));
    let decant = Estimate::loss(terms, "decant.gbp_per_m2")?;
    book.pay(LineKind::Decant, terms.move_year()?, space().times(decant));
    let share = Estimate::loss(terms, "running_cost.marginal_share")?;
    let added = space().times(running_cost_rate(site, terms)?).times(share);
    for year in terms.move_year()? + 1..terms.end_year() {
        book.pay(LineKind::RunningCostAdded, year, added.clone());
    }
    Ok(book.lines)
}

/// Whether works at a site that improves mend this access item: they do where the set prices it.
pub fn mends(item: AccessItem, terms: &Terms<'_>) -> bool {
    terms.assumptions.figures.contains_key(&works_key(item))
}

fn works_key(item: AccessItem) -> String {
    format!("works.access_{:02}.gbp", item.number())
}

/// Backlog mended and every access item put right that is failed or unknown; unknown never passes.
fn improve(site: &Site, terms: &Terms<'_>) -> Result<Vec<Line>, MissingAssumption> {
    let mut book = Book::new(site, terms, "improve".to_owned())?;
    let on_costs = on_costs(terms)?;
    let year = terms.works_year()?;

    let backlog = if let Some(known) = backlog(site) {
        known
    } else {
        floor_area(site, terms)?.times(Estimate::loss(terms, "works.backlog.gbp_per_m2")?)
    };
    book.pay(LineKind::BacklogWorks, year, backlog.times(on_costs.clone()));

    let mut works = Estimate::exact(0.0);
    for item in AccessItem::all().filter(|item| mends(*item, terms)) {
        let cost = Estimate::loss(terms, &works_key(item))?;
        match site.access(item) {
            Some(AccessAnswer::Yes | AccessAnswer::NotApplicable) => {}
            Some(AccessAnswer::No) => works = works.plus(cost),
            None => works = works.plus(Estimate { good: 0.0, ..cost }),
        }
    }
    book.pay(LineKind::Works, year, works.times(on_costs));
    Ok(book.lines)
}

fn sell_land(site: &Site, terms: &Terms<'_>) -> Result<Vec<Line>, MissingAssumption> {
    let mut book = Book::new(site, terms, "sell land".to_owned())?;
    if let Some(price) = land_price(site, terms)? {
        book.sell(&price, terms.land_receipt_year()?, terms)?;
    }
    Ok(book.lines)
}

fn dispose(site: &Site, terms: &Terms<'_>) -> Result<Vec<Line>, MissingAssumption> {
    let mut book = Book::new(site, terms, "dispose".to_owned())?;
    let (move_year, receipt_year) = (terms.move_year()?, terms.receipt_year()?);
    let running = running_cost(site, terms)?;

    let months = Estimate::loss(terms, "double_running.months")?.map(|months| months / 12.0);
    book.pay(LineKind::DoubleRunning, move_year, running_cost_paid(site, terms)?.times(months));
    match book.holding.tenure {
        Some(Tenure::Nhsps) => {
            book.vacating_payment(site, terms)?;
            if !is_leased(site) {
                book.sell_site(site, terms, receipt_year)?;
            }
        }
        Some(Tenure::Leasehold | Tenure::Council) => book.end_lease(site, terms)?,
        Some(Tenure::Pfi | Tenure::Lift) => book.go_on_paying(site, terms)?,
        Some(Tenure::Freehold | Tenure::GpOwned) => book.sell_site(site, terms, receipt_year)?,
        Some(Tenure::Charity) | None => {}
    }
    let has_rent = matches!(book.holding.tenure, Some(Tenure::GpOwned))
        || (is_leased(site) && book.holding.tenure == Some(Tenure::Nhsps));
    let rent = if has_rent { Some(rent(site, terms)?) } else { None };
    for year in move_year + 1..terms.end_year() {
        book.gain(LineKind::RunningCostSaved, year, &running);
        if let Some(rent) = &rent {
            book.gain(LineKind::RunningCostSaved, year, rent);
        }
    }
    if let Some(backlog) = backlog(site) {
        book.gain(LineKind::BacklogAvoided, move_year, &backlog);
    }
    Ok(book.lines)
}

/// The lines of one site, as they are written.
struct Book<'a> {
    site: &'a Site,
    holding: Holding,
    because: String,
    lines: Vec<Line>,
}

impl<'a> Book<'a> {
    fn new(site: &'a Site, terms: &Terms<'_>, because: String) -> Result<Self, MissingAssumption> {
        Ok(Self { site, holding: Holding::of(site, terms)?, because, lines: Vec::new() })
    }

    /// The site's receipt, where its value can be stated, and what clearing and holding it costs.
    fn sell_site(
        &mut self,
        site: &Site,
        terms: &Terms<'_>,
        year: i32,
    ) -> Result<(), MissingAssumption> {
        let Some(price) = site_price(site, terms)? else { return Ok(()) };
        self.sell(&price, year, terms)?;
        if self.holding.nhs_owner().is_none() {
            return Ok(());
        }
        if price.is_for_cleared_land {
            let rate = Estimate::loss(terms, "demolition.gbp_per_m2")?;
            self.pay(LineKind::Demolition, year, floor_area(site, terms)?.times(rate));
        }
        let share = Estimate::loss(terms, "holding.share_of_price")?;
        let keep = price.pounds.times(share);
        for empty in terms.move_year()? + 1..=year {
            self.pay(LineKind::Holding, empty, keep.clone());
        }
        Ok(())
    }

    /// A receipt. Others' receipts are told and never reach the fund; their costs are theirs.
    fn sell(
        &mut self,
        price: &Price,
        year: i32,
        terms: &Terms<'_>,
    ) -> Result<(), MissingAssumption> {
        let pounds = price.pounds.clone().resting_on(&self.holding.assumed);
        self.gain(LineKind::Receipt, year, &pounds);
        let Some(owner) = self.holding.nhs_owner() else { return Ok(()) };
        let share = Estimate::loss(terms, "sale.cost_share")?;
        let fixed = Estimate::loss(terms, "sale.promotion_gbp")?;
        self.pay(LineKind::SaleCost, year, pounds.clone().times(share).plus(fixed));
        let kept = Estimate::gain(terms, &retention_key(owner))?;
        let unclawed = Estimate::loss(terms, "retention.clawback_share")?.rest();
        let lost = kept.times_if_any(unclawed).rest();
        self.pay(LineKind::NotRetained, year, pounds.times(lost));
        Ok(())
    }

    /// Three, six or twelve months of accommodation cost (NHS Property Services, vacating payments).
    fn vacating_payment(
        &mut self,
        site: &Site,
        terms: &Terms<'_>,
    ) -> Result<(), MissingAssumption> {
        let landlord = site.text(Field::Landlord).map(str::to_ascii_lowercase);
        let is_theirs = landlord.is_some_and(|name| name.contains("property services"));
        let key = match (is_leased(site), is_theirs) {
            (true, _) => "nhsps.vacating_months.leasehold",
            (false, true) => "nhsps.vacating_months.whole_freehold",
            (false, false) => "nhsps.vacating_months.unknown",
        };
        let months = Estimate::loss(terms, key)?.map(|months| months / 12.0);
        let known_rent = amount(site, Field::AnnualRent).unwrap_or(Estimate::exact(0.0));
        let yearly = running_cost_paid(site, terms)?.plus(known_rent);
        self.pay(LineKind::VacatingPayment, terms.move_year()?, yearly.times(months));
        Ok(())
    }

    /// Dilapidations when services leave; rent to the break or expiry; and the rent that then stops.
    fn end_lease(&mut self, site: &Site, terms: &Terms<'_>) -> Result<(), MissingAssumption> {
        let dilapidations = if let Some(known) = amount(site, Field::Dilapidations) {
            known
        } else {
            let rate = Estimate::loss(terms, "lease.dilapidations.gbp_per_m2")?;
            floor_area(site, terms)?.times(rate)
        };
        self.pay(LineKind::Dilapidations, terms.move_year()?, dilapidations);
        let left = years_left(site, terms, LeaseEnd::BreakOrExpiry)?;
        let yearly = rent(site, terms)?;
        self.pay_out_the_term(LineKind::RemainingRent, &yearly, &left, terms)
    }

    /// The charge goes on to term while the site stands empty.
    fn go_on_paying(&mut self, site: &Site, terms: &Terms<'_>) -> Result<(), MissingAssumption> {
        let charge = if let Some(known) = amount(site, Field::FinanceCost) {
            known
        } else {
            let rate = Estimate::loss(terms, "exit.charge.gbp_per_m2")?;
            floor_area(site, terms)?.times(rate)
        };
        let left = years_left(site, terms, LeaseEnd::Expiry)?;
        self.pay_out_the_term(LineKind::ResidualCharge, &charge, &left, terms)
    }

    /// A yearly payment that stops `left` years after services leave. The payment is saved from the day they leave and paid on as
    /// its own line, so that the two show what emptiness costs.
    fn pay_out_the_term(
        &mut self,
        kind: LineKind,
        yearly: &Estimate,
        left: &Estimate,
        terms: &Terms<'_>,
    ) -> Result<(), MissingAssumption> {
        for (passed, year) in (terms.move_year()? + 1..terms.end_year()).enumerate() {
            let due = left.clone().map(|left| (left - passed as f64).clamp(0.0, 1.0));
            self.gain(LineKind::RunningCostSaved, year, yearly);
            self.pay(kind, year, yearly.clone().times(due));
        }
        Ok(())
    }

    fn gain(&mut self, kind: LineKind, year: i32, pounds: &Estimate) {
        self.write(kind, year, pounds);
    }

    fn pay(&mut self, kind: LineKind, year: i32, pounds: Estimate) {
        self.write(kind, year, &pounds.map(|pounds| -pounds));
    }

    /// A line, unless it is nothing in every case.
    fn write(&mut self, kind: LineKind, year: i32, pounds: &Estimate) {
        let (amount, low, high) = (pence(pounds.central), pence(pounds.bad), pence(pounds.good));
        if [amount, low, high].iter().all(|pence| pence.0 == 0) {
            return;
        }
        let is_others = kind == LineKind::Receipt && self.holding.nhs_owner().is_none();
        self.lines.push(Line {
            site: self.site.code.clone(),
            owner: self.holding.owner,
            kind,
            budget: kind.budget(),
            year,
            amount,
            low,
            high,
            in_fund: kind.moves_the_fund() && !is_others,
            source: pounds.source(),
            because: self.because.clone(),
        });
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum LeaseEnd {
    BreakOrExpiry,
    Expiry,
}

/// Years from the day services leave to the first day the lease can end.
fn years_left(
    site: &Site,
    terms: &Terms<'_>,
    end: LeaseEnd,
) -> Result<Estimate, MissingAssumption> {
    let left_in = terms.move_year()?;
    let Some(empty_from) = NaiveDate::from_ymd_opt(left_in + 1, 4, 1) else {
        return Ok(Estimate::exact(0.0));
    };
    let fields: &[Field] = match end {
        LeaseEnd::BreakOrExpiry => &[Field::LeaseBreak, Field::LeaseExpiry],
        LeaseEnd::Expiry => &[Field::LeaseExpiry],
    };
    let dates = fields.iter().filter_map(|field| {
        let fact = site.fact(*field);
        let date = fact.get().and_then(Scalar::date)?;
        Some((date, fact.evidence().cloned()))
    });
    let dates: Vec<_> = dates.collect();
    let ahead = dates.iter().filter(|(date, _)| financial_year(*date) >= left_in).min();
    if let Some((date, evidence)) = ahead {
        let years = (*date - empty_from).num_days() as f64 / 365.25;
        return Ok(Estimate::known(years.max(0.0), evidence.as_ref()));
    }
    match end {
        LeaseEnd::BreakOrExpiry if dates.is_empty() => {
            Estimate::loss(terms, "lease.remaining_years")
        }
        LeaseEnd::BreakOrExpiry => Estimate::loss(terms, "lease.notice_years"),
        LeaseEnd::Expiry if dates.is_empty() => {
            Estimate::loss(terms, "exit.remaining_years.pfi_lift")
        }
        LeaseEnd::Expiry => Ok(Estimate::exact(0.0)),
    }
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
    let area = site.area(Field::GrossInternalArea).filter(|area| area.0 > 0.0);
    match (amount(site, Field::RunningCost), area) {
        (Some(cost), Some(area)) => Ok(cost.map(|cost| cost / area.0)),
        _ => Estimate::loss(terms, running_cost_key(site)),
    }
}

/// The national average is of the trusts' return; premises of general practice cost about half as much.
fn running_cost_key(site: &Site) -> &'static str {
    if is_trust_site(site) { "running_cost.gbp_per_m2" } else { "running_cost.practice.gbp_per_m2" }
}

/// A year's rent, or rent reimbursed. Paid and saved alike, so its range is that of a cost.
fn rent(site: &Site, terms: &Terms<'_>) -> Result<Estimate, MissingAssumption> {
    if let Some(known) = amount(site, Field::AnnualRent) {
        return Ok(known);
    }
    let rate = terms.assumptions.value("lease.rent.gbp_per_m2")?;
    let area = floor_area(site, terms)?;
    Ok(area.map(|area| area * rate).resting_on(&["lease.rent.gbp_per_m2".to_owned()]))
}

fn backlog(site: &Site) -> Option<Estimate> {
    let backlog = site.backlog();
    let pounds = backlog.get()?.as_pounds();
    Some(Estimate::known(pounds, backlog.evidence()))
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
fn on_costs(terms: &Terms<'_>) -> Result<Estimate, MissingAssumption> {
    let fees = Estimate::loss(terms, "works.fees_share")?;
    let contingency = Estimate::loss(terms, "works.contingency_share")?;
    Ok(Estimate::exact(1.0).plus(fees).plus(contingency).times(with_bias(terms)?))
}

/// One and the optimism bias that is left: upper × (1 − managed share), as HM Treasury's review of 2002 has it.
fn with_bias(terms: &Terms<'_>) -> Result<Estimate, MissingAssumption> {
    let upper = Estimate::loss(terms, "optimism_bias.upper")?;
    let unmanaged = Estimate::gain(terms, "optimism_bias.managed_share")?.rest();
    Ok(Estimate::exact(1.0).plus(upper.times(unmanaged)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fund::sample::{
        FREEHOLD, arrival, assumptions, decide, freehold, site, terms, with,
    };
    use crate::fund::{Ledger, ValueSource, ledger};
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
        2029 receipt fund £1,000,000.00 (£720,000.00 to £1,200,000.00)
        2029 sale_cost fund -£40,000.00 (-£48,800.00 to -£29,000.00)
        2029 not_retained fund -£250,000.00 (-£396,000.00 to £0.00)
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
        2029 receipt fund £4,000,000.00 (£1,440,000.00 to £6,480,000.00)
        2029 sale_cost fund -£130,000.00 (-£77,600.00 to -£134,600.00)
        2029 not_retained fund -£1,000,000.00 (-£792,000.00 to £0.00)
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
