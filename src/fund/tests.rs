//! Small estates worked out on paper, and laws that hold for any.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use proptest::prelude::*;

use super::sample::{FREEHOLD, arrival, assumptions, decide, freehold, site, terms, with};
use super::uncertainty::{Asked, Uncertainty};
use super::*;
use crate::register::{Assumptions, Field, Mark, Pence, Site, SiteCode};

fn pounds(pounds: i64, pence: i64) -> Pence {
    Pence(pounds * 100 + pence)
}

fn sure(mut set: Assumptions) -> Assumptions {
    for figure in set.figures.values_mut() {
        (figure.low, figure.high) = (Some(figure.value), Some(figure.value));
    }
    set
}

fn kinds(ledger: &Ledger) -> BTreeMap<&'static str, Pence> {
    ledger.by_kind().into_iter().map(|(kind, total)| (kind.key(), total.amount)).collect()
}

/// Estate 1: a trust sells a freehold worth a million.
///
/// 2027 move: three months of £400,000 twice, 100,000. Empty 2028 and 2029: 2 % of the price each, 20,000. Sold March 2030:
/// 1,000,000 less 3 % and 10,000, of which the trust keeps a quarter. 400,000 a year saved from 2028 to 2035. The
/// do-minimum would mend 250,000 × (1 + 10 % + 10 %) × (1 + 25 % × 80 %) = 360,000 over five years, 72,000 each.
/// With d(t) = 1.035^-t: benefits 1,000,000 d3 + 400,000 (d2 + … + d9) + 72,000 (d0 + … + d4) = 3,895,005.58; costs
/// 100,000 d1 + 20,000 d2 + 60,000 d3 = 169,405.13.
#[test]
fn a_freehold_sold_on_paper() {
    let (site, set) = (freehold("ZZ001"), assumptions());
    let ledger = ledger(&[decide(&site, OptionKind::Dispose)], &terms(&set)).unwrap();
    let value = appraise(&ledger, &terms(&set), Rates::Standard).unwrap();

    assert_eq!(
        kinds(&ledger),
        BTreeMap::from([
            ("receipt", Pence::pounds(1_000_000)),
            ("sale_cost", Pence::pounds(-30_000)),
            ("promotion", Pence::pounds(-10_000)),
            ("clawback", Pence::ZERO),
            ("not_retained", Pence::pounds(-250_000)),
            ("double_running", Pence::pounds(-100_000)),
            ("holding", Pence::pounds(-40_000)),
            ("running_cost_saved", Pence::pounds(3_200_000)),
            ("backlog_avoided", Pence::pounds(250_000)),
            ("do_minimum", Pence::pounds(360_000)),
        ])
    );
    assert_eq!(ledger.in_fund().amount, Pence::pounds(570_000));
    assert_eq!((value.benefits, value.costs), (pounds(3_895_005, 58), pounds(169_405, 13)));
    assert_eq!(value.npsv, pounds(3_725_600, 45));
    assert_eq!(value.bcr.map(|bcr| (bcr * 1e4).round()), Some(229_923.0));
}

/// Estate 2: a lease is given up and its service received elsewhere.
///
/// Works 2026: 100 m² × £1,000 × 1.2 = 120,000. Move 2027: 100 × 200 = 20,000, a quarter year of 80,000 twice, and
/// dilapidations of 55,000. Rent of 100,000 goes on in 2028 and for 547 − 365.25 days of 365.25 in 2029, 49,760.44. Saved from
/// 2028 to 2035: 80,000 and 100,000 a year; added: 100 m² × £400 × 50 % = 20,000. Nothing to mend, so no do-minimum.
/// Benefits 180,000 (d2 + … + d9) = 1,195,470.53; costs 120,000 + 95,000 d1 + 100,000 d2 + 49,760.44 d3 +
/// 20,000 (d2 + … + d9) = 482,849.63.
#[test]
fn a_lease_given_up_on_paper() {
    let leased = site(
        "ZZ999",
        &[
            (Field::Tenure, "leasehold"),
            (Field::LeaseBreak, "2029-09-30"),
            (Field::AnnualRent, "100000"),
            (Field::Dilapidations, "55000"),
            (Field::RunningCost, "80000"),
            (Field::BacklogTotal, "0"),
        ],
    );
    let mut facts = FREEHOLD.to_vec();
    facts.push((Field::FacetCondition, "B"));
    let receiving = site("ZZ001", &facts);
    let set = assumptions();
    let decisions = [
        decide(&leased, OptionKind::Dispose),
        Decision {
            site: &receiving,
            option: OptionKind::Keep,
            arrivals: vec![arrival("ZZ9-GP", 100.0)],
        },
    ];
    let ledger = ledger(&decisions, &terms(&set)).unwrap();
    let value = appraise(&ledger, &terms(&set), Rates::Standard).unwrap();

    assert_eq!(
        kinds(&ledger),
        BTreeMap::from([
            ("works", Pence::pounds(-120_000)),
            ("decant", Pence::pounds(-20_000)),
            ("double_running", Pence::pounds(-20_000)),
            ("dilapidations", Pence::pounds(-55_000)),
            ("remaining_rent", pounds(-149_760, -44)),
            ("running_cost_saved", Pence::pounds(1_440_000)),
            ("running_cost_added", Pence::pounds(-160_000)),
        ])
    );
    assert_eq!(ledger.in_fund().amount, Pence::pounds(-215_000));
    assert_eq!((value.benefits, value.costs), (pounds(1_195_470, 53), pounds(482_849, 63)));
    assert_eq!(value.npsv, pounds(712_620, 89));
    assert_eq!(value.bcr.map(|bcr| (bcr * 1e4).round()), Some(24_759.0));
}

/// Estate 3: partners leave their own premises, over forty years: the rate falls after year 30.
///
/// A quarter year of 30,000 twice in 2027. 30,000 and a rent of 50,000 saved each year from 2028 (t = 2) to 2065 (t = 39):
/// 80,000 × (Σ t=2..30 of 1.035^-t + 1.035^-30 × Σ k=1..9 of 1.03^-k) = 1,615,990.75; cost 7,500 d1 = 7,246.38. Undiscounted:
/// 80,000 × 38 − 7,500 = 3,032,500. The receipt is the partners'.
#[test]
fn a_saving_over_the_thirty_year_step_on_paper() {
    let premises = site(
        "ZZ001",
        &[
            (Field::Tenure, "gp_owned"),
            (Field::Valuation, "800000"),
            (Field::RunningCost, "30000"),
            (Field::AnnualRent, "50000"),
            (Field::BacklogTotal, "0"),
        ],
    );
    let set = assumptions();
    let terms = Terms { horizon_years: 40, ..terms(&set) };
    let ledger = ledger(&[decide(&premises, OptionKind::Dispose)], &terms).unwrap();
    let value = appraise(&ledger, &terms, Rates::Standard).unwrap();

    assert_eq!(
        kinds(&ledger),
        BTreeMap::from([
            ("receipt", Pence::pounds(800_000)),
            ("double_running", Pence::pounds(-7_500)),
            ("running_cost_saved", Pence::pounds(3_040_000)),
        ])
    );
    assert_eq!(ledger.in_fund().amount, Pence::pounds(-7_500));
    assert_eq!((value.benefits, value.costs), (pounds(1_615_990, 75), pounds(7_246, 38)));
    assert_eq!(value.npsv, pounds(1_608_744, 37));
    let plain = appraise(&ledger, &terms, Rates::None).unwrap();
    assert_eq!(plain.npsv, Pence::pounds(3_032_500));
    let health = appraise(&ledger, &terms, Rates::Health).unwrap();
    assert!(value.npsv < health.npsv && health.npsv < plain.npsv);
}

/// A small estate with every kind of site.
fn estate() -> Vec<Site> {
    let mut sites = vec![freehold("ZZ001"), freehold("ZZ002")];
    for (n, tenure) in
        ["nhsps", "leasehold", "gp_owned", "pfi", "lift", "council", "charity"].iter().enumerate()
    {
        let facts = [(Field::Tenure, *tenure), (Field::GrossInternalArea, "321.7")];
        sites.push(site(&format!("ZZ1{n:02}"), &facts));
    }
    sites.push(site(
        "ZZ200",
        &[
            (Field::SurplusLand, "1.25"),
            (Field::LandArea, "2.5"),
            (Field::BookValue, "750000"),
            (Field::Tenure, "freehold"),
            (Field::ReceiptAccruesTo, "trust"),
            (Field::BoroughCode, "E09000007"),
        ],
    ));
    sites.push(site("ZZ201", &[]));
    sites
}

fn decisions<'a>(sites: &'a [Site], options: &[usize], m2: &[f64]) -> Vec<Decision<'a>> {
    const OPTIONS: [OptionKind; 4] =
        [OptionKind::Keep, OptionKind::Improve, OptionKind::SellLand, OptionKind::Dispose];
    let all = sites.iter().zip(options).zip(m2).enumerate();
    all.map(|(n, ((site, option), m2))| {
        let tenancy = format!("ZZ9{n}-GP");
        let arrivals = if *m2 > 450.0 { vec![arrival(&tenancy, *m2)] } else { Vec::new() };
        Decision { arrivals, ..decide(site, OPTIONS[*option]) }
    })
    .collect()
}

fn plan() -> (Vec<Site>, Vec<usize>, Vec<f64>) {
    (estate(), vec![3, 3, 3, 3, 3, 3, 1, 3, 3, 2, 0], vec![500.0; 11])
}

fn asked(boroughs: &BTreeMap<SiteCode, String>, draws: u32, threads: usize) -> Asked<'_> {
    Asked {
        draws,
        seed: 7,
        opening: Pence::ZERO,
        target: Pence::pounds(1_000_000),
        boroughs,
        threads,
    }
}

fn sampled(set: &Assumptions, draws: u32, threads: usize) -> (Uncertainty, Ledger) {
    let (sites, options, m2) = plan();
    let decisions = decisions(&sites, &options, &m2);
    let (schedule, boroughs) = (Schedule::default(), BTreeMap::new());
    let workings = Workings::new(&decisions, terms(set), &schedule, &[]).unwrap();
    (sample(&workings, &asked(&boroughs, draws, threads)).unwrap(), workings.ledger())
}

#[test]
fn a_sample_without_spread_is_the_point_estimate() {
    let mut set = sure(assumptions());
    // Ranges that are not figures of the set: none is left.
    set = with(set, "receipt.valuation_range", 0.0);
    let (found, ledger) = sampled(&set, 40, 2);
    let projection = project(&ledger, &terms(&set), Pence::ZERO).unwrap();

    for (year, fan) in projection.years.iter().zip(&found.years) {
        assert_eq!(year.year, fan.year);
        for pence in [fan.p10, fan.p50, fan.p90, fan.central] {
            assert_eq!(pence, year.closing, "{}", fan.year);
        }
        let is_below = if year.closing < Pence::ZERO { 1.0_f64 } else { 0.0 };
        assert_eq!(fan.below_zero.to_bits(), is_below.to_bits());
    }
    assert_eq!(projection.years.len(), found.years.len());
    assert!(found.contributions.iter().all(|site| site.deviation == Pence::ZERO));
}

#[test]
fn draws_are_the_same_whatever_the_threads_and_spread_round_the_centre() {
    let set = assumptions();
    let (one, ledger) = sampled(&set, 1_500, 1);
    for threads in [2, 3] {
        assert_eq!(sampled(&set, 1_500, threads).0, one);
    }
    let last = one.years.last().unwrap();
    assert!(last.p10 < last.p50 && last.p50 < last.p90, "{last:?}");
    assert_eq!(last.central, ledger.in_fund().amount);
    let shares: f64 = one.contributions.iter().map(|site| site.share).sum();
    assert!((shares - 1.0).abs() < 1e-6, "{shares}");
    assert!(one.contributions.windows(2).all(|pair| pair[0].share >= pair[1].share));
    assert!(
        (0.0..=1.0).contains(&one.target_met) && one.ever_below_zero >= one.years[0].below_zero
    );
    // The plan's one dear site: cleared land in Camden.
    assert_eq!(one.contributions[0].site.as_str(), "ZZ200");
}

#[test]
fn a_market_in_common_spreads_the_whole_wider_than_sites_on_their_own() {
    let at = |market, borough| {
        let set = with(assumptions(), "uncertainty.receipt.market_share", market);
        let set = with(set, "uncertainty.receipt.borough_share", borough);
        let set = with(with(set, "uncertainty.market.persistence", 0.9), "retention.trust", 0.5);
        let sites = [freehold("ZZ001"), freehold("ZZ002"), freehold("ZZ003"), freehold("ZZ004")];
        let decisions: Vec<_> =
            sites.iter().map(|site| decide(site, OptionKind::Dispose)).collect();
        let (schedule, boroughs) = (Schedule::default(), BTreeMap::new());
        let workings = Workings::new(&decisions, terms(&set), &schedule, &[]).unwrap();
        let found = sample(&workings, &asked(&boroughs, 2_000, 2)).unwrap();
        let last = *found.years.last().unwrap();
        (last.p90 - last.p10).as_pounds()
    };
    let (apart, together) = (at(0.0, 0.0), at(1.0, 0.0));
    assert!(together > apart * 1.1, "{apart} {together}");
}

#[test]
fn switching_values_are_where_the_result_crosses() {
    let (site, set) = (freehold("ZZ001"), assumptions());
    let decisions = [decide(&site, OptionKind::Dispose)];
    let schedule = Schedule::default();
    let workings = Workings::new(&decisions, terms(&set), &schedule, &[]).unwrap();
    let found = switching(&workings, Pence::ZERO).unwrap();
    let of = |driver| found.iter().find(|switching| switching.driver == driver).unwrap();

    // By price p the fund gains p × (1,000,000 × (0.75 − 0.03) − 40,000) − 110,000: zero at 110 ÷ 680.
    let Switch::At(factor) = of(Driver::Lever(Lever::Price)).fund else { panic!("{found:?}") };
    assert!((factor - 110.0 / 680.0).abs() < 1e-6, "{factor}");
    // By retention r: 1,000,000 × 0.75 r − 180,000: zero at 0.24. Society does not care who keeps it.
    let Switch::At(factor) = of(Driver::Lever(Lever::Retention)).fund else { panic!("{found:?}") };
    assert!((factor - 0.24).abs() < 1e-6, "{factor}");
    assert_eq!(of(Driver::Lever(Lever::Retention)).npsv, Switch::NoEffect);
    assert_eq!(of(Driver::Lever(Lever::Space)).fund, Switch::NoEffect);
    // Each month empty costs 20,000 ÷ 12: 570,000 last for 342 months.
    assert_eq!(of(Driver::Delay).fund, Switch::At(342.0));
}

#[test]
fn the_tornado_is_sorted_and_its_ends_are_whole_ledgers() {
    let (sites, options, m2) = plan();
    let decisions = decisions(&sites, &options, &m2);
    let (schedule, set) = (Schedule::default(), assumptions());
    let workings = Workings::new(&decisions, terms(&set), &schedule, &[]).unwrap();
    let swings = tornado(&workings).unwrap();

    assert!(swings.windows(2).all(|pair| pair[0].npsv_range() >= pair[1].npsv_range()));
    let retention = swings.iter().find(|swing| swing.key == "retention.trust").unwrap();
    assert_eq!(retention.npsv_range(), Pence::ZERO);
    let high = with(assumptions(), "retention.trust", 1.0);
    let whole = ledger(&decisions, &terms(&high)).unwrap();
    assert_eq!(retention.at_high.fund, whole.in_fund().amount);
    assert!(swings.iter().any(|swing| swing.key == "time.years_move_to_receipt"));
}

#[test]
fn an_approved_priority_is_paid_by_the_fund_and_is_no_social_value_here() {
    let (site, set) = (freehold("ZZ001"), assumptions());
    let decisions = [decide(&site, OptionKind::Dispose)];
    let spend = Spend {
        code: "P001".parse().unwrap(),
        because: "Changing Places toilet".to_owned(),
        counterparty: "a builder".to_owned(),
        when: When::quarter(2030, 2),
        amount: Pence::pounds(70_000),
        source: ValueSource::Assumed(vec!["the borough's estimate".to_owned()]),
    };
    let (spends, schedule) = ([spend], Schedule::default());
    let with = Workings::new(&decisions, terms(&set), &schedule, &spends).unwrap();
    let without = Workings::new(&decisions, terms(&set), &schedule, &[]).unwrap();

    assert_eq!(with.ledger().in_fund().amount, Pence::pounds(500_000));
    let (a, b) =
        (with.outcome(&Case::default()).unwrap(), without.outcome(&Case::default()).unwrap());
    assert_eq!((a.npsv, a.fund), (b.npsv, b.fund - Pence::pounds(70_000)));
    let boroughs = BTreeMap::new();
    let drawn = sample(&with, &asked(&boroughs, 10, 1)).unwrap();
    assert_eq!(drawn.years.last().unwrap().central, Pence::pounds(500_000));
}

#[test]
fn months_show_how_sales_bunch_at_the_end_of_march() {
    let (site, set) = (freehold("ZZ001"), assumptions());
    let ledger = ledger(&[decide(&site, OptionKind::Dispose)], &terms(&set)).unwrap();
    let months = balances(&ledger, &terms(&set), Pence::ZERO, Grain::Month, |_| true);
    assert_eq!(months.len(), 120);
    let in_2029: Vec<(Option<u8>, Pence)> = months
        .iter()
        .filter(|month| month.year == 2029)
        .map(|month| (month.month, month.money_in))
        .collect();
    assert_eq!(in_2029[11], (Some(12), Pence::pounds(1_000_000)));
    assert!(in_2029[..11].iter().all(|(_, money)| *money == Pence::ZERO));
}

#[test]
fn nominal_terms_follow_the_series_of_each_kind_and_a_year_before_them_is_refused() {
    let (site, set) = (freehold("ZZ001"), assumptions());
    let series = |name: &str, first: i32, growth: f64| Series {
        name: name.to_owned(),
        source: "a test".to_owned(),
        as_of: NaiveDate::from_ymd_opt(2026, 4, 1).unwrap(),
        mark: Mark::FromMemory,
        points: (0..20).map(|n| (first + n, 100.0 * (1.0 + growth).powi(n))).collect(),
        growth_after: growth,
    };
    let indices = Indices {
        deflator: series("General prices", 2005, 0.02),
        build_cost: series("Building tender prices", 2015, 0.03),
    };
    let real = ledger(&[decide(&site, OptionKind::Dispose)], &terms(&set)).unwrap();
    let nominal_ledger = nominal(&real, &terms(&set), &indices).unwrap();

    let receipt = nominal_ledger.total(|line| line.kind == LineKind::Receipt).amount;
    let factor = indices.deflator.factor(2026, 2029).unwrap();
    assert_eq!(receipt, Pence::pounds(1_000_000).times(factor));
    let early = Terms { base_year: 2010, ..terms(&set) };
    let refused = nominal(&real, &early, &indices).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the series \"Building tender prices\" has no level for 2010, so amounts of that year cannot be turned into its prices"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_formula_gives_its_line_and_every_part_adds_up(
        options in prop::collection::vec(0_usize..4, 11),
        m2 in prop::collection::vec(0.0..900.0_f64, 11),
        opening in -1_000_000_000_i64..1_000_000_000,
    ) {
        let (sites, set) = (estate(), assumptions());
        let decisions = decisions(&sites, &options, &m2);
        let (terms, schedule) = (terms(&set), Schedule::default());
        let workings = Workings::new(&decisions, terms, &schedule, &[]).unwrap();
        let ledger = ledger(&decisions, &terms).unwrap();

        prop_assert_eq!(&workings.ledger(), &ledger);
        let figures = workings::Figures { set: &set, levers: [1.0; 4] };
        let worked = workings.worked();
        prop_assert_eq!(worked.len(), ledger.lines.len());
        for (worked, line) in worked.iter().zip(&ledger.lines) {
            prop_assert_eq!(&worked.line, line);
            prop_assert_eq!(estimate::pence(worked.formula.value(&figures)), line.amount);
        }
        let outcome = workings.outcome(&Case::default()).unwrap();
        prop_assert_eq!(outcome.fund, ledger.in_fund().amount);
        let npsv = appraise(&ledger, &terms, Rates::Standard).unwrap().npsv;
        prop_assert!((outcome.npsv.0 - npsv.0).abs() <= 1);

        // Years, months and owners are parts of one whole.
        let whole = balances(&ledger, &terms, Pence(opening), Grain::Year, |_| true);
        let months = balances(&ledger, &terms, Pence(opening), Grain::Month, |_| true);
        let projection = project(&ledger, &terms, Pence(opening)).unwrap();
        for (year, projected) in whole.iter().zip(&projection.years) {
            prop_assert_eq!(year.closing, projected.closing);
            prop_assert_eq!(year.cover_closing, projected.cdel_cover);
            prop_assert_eq!(year.revenue_effect, projected.revenue_effect);
            prop_assert_eq!(year.closing, year.opening + year.money_in + year.money_out);
            let march = months.iter().find(|m| (m.year, m.month) == (year.year, Some(12))).unwrap();
            prop_assert_eq!((march.closing, march.cover_closing), (year.closing, year.cover_closing));
        }
        let owners: std::collections::BTreeSet<_> = ledger.lines.iter().map(|l| l.owner).collect();
        let parts: Vec<Vec<Period>> = owners.iter().map(|owner| {
            balances(&ledger, &terms, Pence::ZERO, Grain::Year, |line| line.owner == *owner)
        }).collect();
        for (at, year) in whole.iter().enumerate() {
            let sum: Pence = parts.iter().filter_map(|part| part.get(at)).map(|part| part.money_in + part.money_out).sum();
            prop_assert_eq!(sum, year.money_in + year.money_out);
        }
    }

    #[test]
    fn not_discounting_adds_up_and_twice_the_price_is_twice_the_receipt(
        options in prop::collection::vec(0_usize..4, 11),
        factor in 0.0..3.0_f64,
    ) {
        let (sites, set) = (estate(), assumptions());
        let decisions = decisions(&sites, &options, &[500.0; 11]);
        let (terms, schedule) = (terms(&set), Schedule::default());
        let workings = Workings::new(&decisions, terms, &schedule, &[]).unwrap();
        let ledger = workings.ledger();

        let plain = appraise(&ledger, &terms, Rates::None).unwrap();
        prop_assert_eq!(plain.npsv, ledger.total(Line::counts_for_society).amount);
        prop_assert_eq!(plain.npsv, plain.benefits - plain.costs);

        let scaled = workings.ledger_in(&Case::of(Lever::Price, factor));
        let receipts = |ledger: &Ledger| ledger.total(|line| line.kind == LineKind::Receipt).amount;
        let wanted = receipts(&ledger).times(factor);
        prop_assert!((receipts(&scaled).0 - wanted.0).abs() <= 20, "{} {}", receipts(&scaled), wanted);
        let others = |ledger: &Ledger| ledger.total(|line| line.kind == LineKind::RunningCostSaved).amount;
        prop_assert_eq!(others(&scaled), others(&ledger));
    }
}

/// A site that is worth little over its costs: the price decides. Every twentieth of what it may fetch is priced again, line
/// by line, through the ledger; information uses the formulas.
#[test]
fn what_a_valuation_is_worth_is_the_loss_that_knowing_avoids() {
    // Small savings, and a price between half and twice: at the low end it should not have been sold.
    let site = site(
        "ZZ001",
        &[
            (Field::Tenure, "freehold"),
            (Field::ReceiptAccruesTo, "trust"),
            (Field::Valuation, "100000"),
            (Field::ValuationLow, "50000"),
            (Field::ValuationHigh, "200000"),
            (Field::GrossInternalArea, "1000"),
            (Field::RunningCost, "500"),
            (Field::BacklogTotal, "0"),
        ],
    );
    let set = with(assumptions(), "sale.promotion_gbp", 60_000.0);
    let decisions = [decide(&site, OptionKind::Dispose)];
    let schedule = Schedule::default();
    let workings = Workings::new(&decisions, terms(&set), &schedule, &[]).unwrap();

    let told = information(&workings).unwrap();

    for one in &told {
        assert!(one.value >= Pence::ZERO && one.turns > 0.0 && one.turns < 1.0, "{one:?}");
    }
    assert!(told.windows(2).all(|pair| pair[0].value >= pair[1].value), "{told:?}");
    let worth = |price: f64| -> f64 {
        let ledger = workings.ledger_in(&Case::of(Lever::Price, price));
        let counts = |line: &&Line| line.in_fund || line.budget == Budget::Revenue;
        let each = ledger.lines.iter().filter(counts);
        each.map(|line| line.amount.as_pounds() * terms(&set).discount(line.year).unwrap()).sum()
    };
    let receipt = workings.ledger().lines.into_iter().find(|line| line.kind == LineKind::Receipt);
    let receipt = receipt.unwrap();
    let (low, high) = (
        receipt.low.as_pounds() / receipt.amount.as_pounds(),
        receipt.high.as_pounds() / receipt.amount.as_pounds(),
    );
    let triangle = |u: f64| {
        let turn = (1.0 - low) / (high - low);
        if u < turn {
            low + (u * (high - low) * (1.0 - low)).sqrt()
        } else {
            high - ((1.0 - u) * (high - low) * (high - 1.0)).sqrt()
        }
    };
    let worths: Vec<f64> =
        (0..20).map(|slice| worth(triangle((f64::from(slice) + 0.5) / 20.0))).collect();
    let mean = worths.iter().sum::<f64>() / 20.0;
    let knowing = worths.iter().map(|worth| worth.max(0.0)).sum::<f64>() / 20.0;
    let central = worth(1.0);
    let turns = worths.iter().filter(|worth| (**worth < 0.0) != (central < 0.0)).count();
    let valuation = told.iter().find(|one| one.finding == Finding::Valuation);
    assert_eq!(turns > 0, valuation.is_some(), "{worths:?}");
    let valuation = valuation.expect("the price decides this sale");
    assert!((valuation.turns - turns as f64 / 20.0).abs() < 1e-12, "{turns}: {valuation:?}");
    let by_ledger = knowing - mean.max(0.0);
    assert!((valuation.value.as_pounds() - by_ledger).abs() < 1.0, "{by_ledger}: {valuation:?}");
    assert!((valuation.worth.as_pounds() - central).abs() < 1.0, "{central}: {valuation:?}");
}

#[test]
fn nothing_is_worth_knowing_where_everything_is_sure() {
    let set = sure(assumptions());
    let site = freehold("ZZ001");
    let decisions = [decide(&site, OptionKind::Dispose)];
    let schedule = Schedule::default();
    let workings = Workings::new(&decisions, terms(&set), &schedule, &[]).unwrap();

    assert_eq!(information(&workings).unwrap(), []);
}
