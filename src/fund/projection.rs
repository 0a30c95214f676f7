//! The fund's balance, year by year.

use serde::{Deserialize, Serialize};

use super::{Budget, Ledger, Line, LineKind, Rates, Terms, appraise};
use crate::register::{MissingAssumption, Pence};

/// One financial year. `closing == opening + money_in + money_out`, to the penny.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectionYear {
    /// By the calendar year it starts in.
    pub year: i32,
    /// At 1 April.
    pub opening: Pence,
    /// Lines in.
    pub money_in: Pence,
    /// Lines out (negative).
    pub money_out: Pence,
    /// At 31 March.
    pub closing: Pence,
    /// Closing when receipts are low and costs high.
    pub closing_low: Pence,
    /// Closing when receipts are high and costs low.
    pub closing_high: Pence,
    /// Capital cover left: CDEL lines in less out, cumulative.
    pub cdel_cover: Pence,
    /// Running cost saved less added in the year, less rents and charges that go on; not part of the balance.
    pub revenue_effect: Pence,
}

/// The fund over the horizon.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Projection {
    /// Price base, financial year.
    pub price_base: i32,
    /// Each year, in order, without gaps.
    pub years: Vec<ProjectionYear>,
    /// Net present social value over the horizon at the Green Book rate, against a do-minimum that brings sites to condition
    /// B: the lines for which [`Line::counts_for_society`] says so. A receipt stands for the land once; no residual value
    /// is added.
    pub npsv: Pence,
    /// PV of benefits ÷ PV of costs; `None` where nothing is spent.
    pub bcr: Option<f64>,
    /// Backlog liability avoided, apart: never cash.
    pub backlog_avoided: Pence,
    /// Share of the gross cash flow that rests on assumptions, 0 to 1.
    pub assumed_share: f64,
}

impl Projection {
    /// The lowest closing balance: below zero, the plan cannot be paid for in this order.
    pub fn lowest_balance(&self) -> Option<Pence> {
        self.years.iter().map(|year| year.closing).min()
    }

    /// The last closing balance.
    pub fn closing(&self) -> Option<Pence> {
        self.years.last().map(|year| year.closing)
    }
}

/// The fund from `opening`, year by year.
///
/// Covers the horizon, and beyond it to the last line that moves the fund: no receipt is lost by ending too soon.
pub fn project(
    ledger: &Ledger,
    terms: &Terms<'_>,
    opening: Pence,
) -> Result<Projection, MissingAssumption> {
    let value = appraise(ledger, terms, Rates::Standard)?;
    let avoided = ledger.total(|line| line.kind == LineKind::BacklogAvoided);
    Ok(Projection {
        price_base: terms.base_year,
        years: years(ledger, terms, opening),
        npsv: value.npsv,
        bcr: value.bcr,
        backlog_avoided: avoided.amount,
        assumed_share: assumed_share(ledger),
    })
}

fn years(ledger: &Ledger, terms: &Terms<'_>, opening: Pence) -> Vec<ProjectionYear> {
    let fund_years = ledger.lines.iter().filter(|line| line.in_fund).map(|line| line.year);
    let end = fund_years.map(|year| year + 1).max().unwrap_or(terms.base_year);
    let (mut balance, mut low, mut high) = (opening, opening, opening);
    let mut cover = Pence::ZERO;
    let mut years = Vec::new();
    for year in terms.base_year..end.max(terms.end_year()) {
        // A line dated before the plan's first year falls in that year, so that nothing is lost.
        let falls_here =
            |line: &&Line| line.year == year || (year == terms.base_year && line.year < year);
        let sum = |pick: &dyn Fn(&Line) -> bool, of: &dyn Fn(&Line) -> Pence| -> Pence {
            ledger.lines.iter().filter(falls_here).filter(|line| pick(line)).map(of).sum()
        };
        let money_in = sum(&|line| line.in_fund && line.amount > Pence::ZERO, &|line| line.amount);
        let money_out = sum(&|line| line.in_fund && line.amount < Pence::ZERO, &|line| line.amount);
        let opening = balance;
        balance = opening + money_in + money_out;
        low += sum(&|line| line.in_fund, &|line| line.low);
        high += sum(&|line| line.in_fund, &|line| line.high);
        cover += sum(&|line| line.in_fund && line.budget == Budget::Cdel, &|line| line.amount);
        years.push(ProjectionYear {
            year,
            opening,
            money_in,
            money_out,
            closing: balance,
            closing_low: low,
            closing_high: high,
            cdel_cover: cover,
            revenue_effect: sum(&|line| !line.in_fund && line.budget == Budget::Revenue, &|line| {
                line.amount
            }),
        });
    }
    years
}

fn assumed_share(ledger: &Ledger) -> f64 {
    let is_cash = |line: &Line| matches!(line.budget, Budget::Cdel | Budget::Revenue);
    ledger.assumed_share(is_cash).unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fund::sample::{arrival, assumptions, decide, freehold, site, terms, with};
    use crate::fund::{Decision, OptionKind, ValueSource, ledger};
    use crate::register::{Field, Site};

    fn line(kind: LineKind, year: i32, pounds: i64) -> Line {
        Line {
            site: "ZZ001".parse().unwrap(),
            owner: None,
            counterparty: String::new(),
            kind,
            budget: kind.budget(),
            year,
            month: None,
            amount: Pence::pounds(pounds),
            low: Pence::pounds(pounds),
            high: Pence::pounds(pounds),
            in_fund: kind.moves_the_fund(),
            basis: None,
            source: ValueSource::Assumed(vec!["test".to_owned()]),
            because: "test".to_owned(),
        }
    }

    #[test]
    fn present_value_is_worked_by_hand() {
        let ledger = Ledger {
            lines: vec![
                line(LineKind::Works, 2026, -1_000),
                line(LineKind::Receipt, 2028, 2_000),
                line(LineKind::RunningCostSaved, 2029, 100),
            ],
        };
        let set = assumptions();
        let projection = project(&ledger, &terms(&set), Pence::ZERO).unwrap();

        // -1000 + 2000 ÷ 1.035² + 100 ÷ 1.035³ = -1000 + 1867.0214 + 90.1943
        assert_eq!(projection.npsv, Pence(95_722));
        assert_eq!(projection.bcr.map(|bcr| (bcr * 1e4).round()), Some(19_572.0));
        assert_eq!(projection.years.len(), 10);
        assert_eq!(projection.lowest_balance(), Some(Pence::pounds(-1_000)));
    }

    #[test]
    fn rates_decline_with_the_years() {
        let set = assumptions();
        let factor = |year| (terms(&set).discount(2026 + year).unwrap() * 1e6).round();
        let by_hand = |a: i32, b: i32, c: i32| {
            (1e6 / (1.035_f64.powi(a) * 1.03_f64.powi(b) * 1.025_f64.powi(c))).round()
        };
        assert_eq!(factor(0).to_bits(), 1e6_f64.to_bits());
        assert_eq!(factor(30).to_bits(), by_hand(30, 0, 0).to_bits());
        assert_eq!(factor(31).to_bits(), by_hand(30, 1, 0).to_bits());
        assert_eq!(factor(100).to_bits(), by_hand(30, 45, 25).to_bits());
    }

    #[test]
    fn backlog_avoided_is_never_cash() {
        let ledger = Ledger { lines: vec![line(LineKind::BacklogAvoided, 2027, 5_000)] };
        let set = assumptions();
        let projection = project(&ledger, &terms(&set), Pence::pounds(7)).unwrap();

        assert_eq!(projection.backlog_avoided, Pence::pounds(5_000));
        assert_eq!((projection.npsv, projection.closing()), (Pence::ZERO, Some(Pence::pounds(7))));
        assert_eq!((projection.bcr, projection.assumed_share.to_bits()), (None, 0.0_f64.to_bits()));
    }

    #[test]
    fn a_receipt_after_the_horizon_is_not_lost() {
        let ledger = Ledger { lines: vec![line(LineKind::Receipt, 2040, 5_000)] };
        let set = assumptions();
        let projection = project(&ledger, &terms(&set), Pence::ZERO).unwrap();

        assert_eq!(projection.years.len(), 15);
        assert_eq!(projection.closing(), Some(Pence::pounds(5_000)));
    }

    fn estate() -> Vec<Site> {
        let mut sites = vec![freehold("ZZ001"), freehold("ZZ002")];
        for (n, tenure) in ["nhsps", "leasehold", "gp_owned", "pfi", "lift", "council", "charity"]
            .iter()
            .enumerate()
        {
            let facts = [(Field::Tenure, *tenure), (Field::GrossInternalArea, "321.7")];
            sites.push(site(&format!("ZZ1{n:02}"), &facts));
        }
        sites.push(site(
            "ZZ200",
            &[
                (Field::SurplusLand, "1.25"),
                (Field::Tenure, "freehold"),
                (Field::BoroughCode, "E09000007"),
            ],
        ));
        sites.push(site("ZZ201", &[]));
        sites
    }

    proptest! {
        #[test]
        fn every_penny_is_in_its_place(
            options in prop::collection::vec(0_usize..4, 11),
            m2 in prop::collection::vec(0.0..900.0_f64, 11),
            opening in -1_000_000_000_i64..1_000_000_000,
            horizon in 0_u8..40,
        ) {
            let set = assumptions();
            let terms = Terms { horizon_years: horizon, ..terms(&set) };
            let sites = estate();
            let decisions: Vec<_> = sites.iter().zip(&options).zip(&m2).map(|((site, option), m2)| {
                let option = [OptionKind::Keep, OptionKind::Improve, OptionKind::SellLand, OptionKind::Dispose][*option];
                let arrivals = if *m2 > 450.0 { vec![arrival("ZZ9-GP", *m2)] } else { Vec::new() };
                Decision { arrivals, ..decide(site, option) }
            }).collect();

            let ledger = ledger(&decisions, &terms).unwrap();
            let projection = project(&ledger, &terms, Pence(opening)).unwrap();

            let mut balance = Pence(opening);
            for (at, year) in projection.years.iter().enumerate() {
                prop_assert_eq!(year.year, 2026 + i32::try_from(at).unwrap());
                prop_assert_eq!(year.opening, balance);
                prop_assert_eq!(year.closing, year.opening + year.money_in + year.money_out);
                prop_assert!(year.closing_low <= year.closing && year.closing <= year.closing_high);
                balance = year.closing;
            }
            prop_assert_eq!(balance, Pence(opening) + ledger.in_fund().amount);
            let whole = ledger.total(|_| true);
            prop_assert_eq!(ledger.by_site().values().map(|t| t.amount).sum::<Pence>(), whole.amount);
            prop_assert_eq!(ledger.by_kind().values().map(|t| t.low).sum::<Pence>(), whole.low);
            prop_assert_eq!(ledger.by_year().values().map(|t| t.high).sum::<Pence>(), whole.high);
            let to_fund: Pence = sites.iter().map(|site| ledger.site_money(&site.code).to_fund).sum();
            prop_assert_eq!(to_fund, ledger.in_fund().amount);
            prop_assert!((0.0..=1.0).contains(&projection.assumed_share));
            for line in &ledger.lines {
                if let ValueSource::Assumed(keys) = &line.source {
                    prop_assert!(!keys.is_empty(), "{:?} rests on nothing", line);
                }
            }
        }
    }

    #[test]
    fn the_cover_follows_capital_and_the_balance_follows_all() {
        let site = freehold("ZZ001");
        let set = with(assumptions(), "retention.trust", 1.0);
        let ledger = ledger(&[decide(&site, OptionKind::Dispose)], &terms(&set)).unwrap();
        let projection = project(&ledger, &terms(&set), Pence::ZERO).unwrap();

        let last = projection.years.last().unwrap();
        let revenue = ledger.total(|line| line.in_fund && line.budget == Budget::Revenue).amount;
        assert_eq!(last.cdel_cover + revenue, last.closing);
        assert_eq!(last.revenue_effect, Pence::pounds(400_000));
    }
}
