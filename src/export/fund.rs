//! The money of a run as tables: what pages, API, CSV and the command line show.

use std::collections::BTreeMap;

use super::{Cell, Table};
use crate::fund::{Appraisal, Grain, Information, Period, Swing, Switch, Switching, Uncertainty};
use crate::register::{Assumptions, Pence, Register, SiteCode};
use crate::scenario::{Run, Steadiness};

/// `2026/27`.
fn financial_year(start: i32) -> String {
    format!("{start}/{:02}", (start + 1).rem_euclid(100))
}

const MONTHS: [&str; 12] = [
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
    "January",
    "February",
    "March",
];

fn month(month: Option<u8>) -> Cell {
    let name = month.and_then(|month| MONTHS.get(usize::from(month).checked_sub(1)?));
    name.map_or(Cell::Empty, |name| Cell::text(*name))
}

/// The two balances.
pub fn balance(periods: &[Period], grain: Grain, caption: &str) -> Table {
    let columns = [
        ("financial_year", "Year", false),
        ("month", "Month", false),
        ("opening_gbp", "Opening", true),
        ("in_gbp", "In", true),
        ("out_gbp", "Out", true),
        ("closing_gbp", "Closing", true),
        ("cover_opening_gbp", "Capital cover, opening", true),
        ("cover_in_gbp", "Capital in", true),
        ("cover_out_gbp", "Capital out", true),
        ("cover_closing_gbp", "Capital cover, closing", true),
        ("revenue_effect_gbp", "Running cost, saved less added", true),
    ];
    let is_kept = |key: &str| grain == Grain::Month || key != "month";
    let columns: Vec<_> = columns.into_iter().filter(|(key, ..)| is_kept(key)).collect();
    let row = |period: &Period| {
        let mut row = vec![Cell::Text(financial_year(period.year))];
        if grain == Grain::Month {
            row.push(month(period.month));
        }
        row.extend(
            [
                period.opening,
                period.money_in,
                period.money_out,
                period.closing,
                period.cover_opening,
                period.cover_in,
                period.cover_out,
                period.cover_closing,
                period.revenue_effect,
            ]
            .map(Cell::Money),
        );
        row
    };
    Table::new("balance", caption, &columns).with(periods.iter().map(row))
}

/// Social value at each schedule of rates.
pub fn value(appraisals: &[Appraisal]) -> Table {
    let columns = [
        ("rates", "Discounted at", false),
        ("benefits_gbp", "Present value of benefits", true),
        ("costs_gbp", "Present value of costs", true),
        ("npsv_gbp", "Net present social value", true),
        ("bcr", "Benefit-cost ratio", true),
    ];
    Table::new("value", "Social value against the do-minimum", &columns).with(
        appraisals.iter().map(|value| {
            vec![
                Cell::text(value.rates.label()),
                Cell::Money(value.benefits),
                Cell::Money(value.costs),
                Cell::Money(value.npsv),
                value.bcr.map_or(Cell::Unknown("nothing is spent"), |bcr| Cell::Number(bcr, 2)),
            ]
        }),
    )
}

fn switch(switch: Switch, is_delay: bool) -> Cell {
    match switch {
        Switch::At(months) if is_delay => Cell::text(format!("{months:.0} months")),
        Switch::At(factor) => Cell::text(format!("{:+.1} %", (factor - 1.0) * 100.0)),
        Switch::Nowhere => Cell::text("not within the range tried"),
        Switch::NoEffect => Cell::text("has no effect"),
    }
}

/// Where results cross.
pub fn switching(found: &[Switching], target: Pence) -> Table {
    let gains = format!("The fund gains just {}", Cell::Money(target).shown());
    let columns = [
        ("driver", "What changes", false),
        ("npsv_switch", "Social value falls to nothing at", false),
        ("fund_switch", gains.as_str(), false),
    ];
    Table::new("switching", "Switching values: one change, all else as planned", &columns).with(
        found.iter().map(|found| {
            let is_delay = found.driver.key() == "delay";
            vec![
                Cell::text(found.driver.label()),
                switch(found.npsv, is_delay),
                switch(found.fund, is_delay),
            ]
        }),
    )
}

/// Each assumption at its two ends.
pub fn tornado(swings: &[Swing], set: &Assumptions) -> Table {
    let columns = [
        ("key", "Assumption", false),
        ("words", "What it stands for", false),
        ("low", "Low", true),
        ("high", "High", true),
        ("npsv_low_gbp", "Social value at low", true),
        ("npsv_high_gbp", "Social value at high", true),
        ("fund_low_gbp", "Fund at low", true),
        ("fund_high_gbp", "Fund at high", true),
        ("mark", "Checked", false),
    ];
    let row = |swing: &Swing| {
        let figure = set.figures.get(&swing.key);
        let mark = figure.map_or("", |figure| match figure.mark {
            crate::register::Mark::Verified => "verified",
            crate::register::Mark::Computed => "computed",
            crate::register::Mark::FromMemory => "from memory",
        });
        vec![
            Cell::text(&*swing.key),
            figure.map_or(Cell::Empty, |figure| Cell::text(&*figure.words)),
            Cell::Number(swing.low, decimals(swing.low)),
            Cell::Number(swing.high, decimals(swing.high)),
            Cell::Money(swing.at_low.npsv),
            Cell::Money(swing.at_high.npsv),
            Cell::Money(swing.at_low.fund),
            Cell::Money(swing.at_high.fund),
            Cell::text(mark),
        ]
    };
    Table::new("tornado", "Each assumption at its two ends, widest first", &columns)
        .with(swings.iter().map(row))
}

fn decimals(number: f64) -> usize {
    if number.fract() == 0.0 { 0 } else { 3 }
}

/// The fan.
pub fn fan(found: &Uncertainty) -> Table {
    let columns = [
        ("financial_year", "Year", false),
        ("p10_gbp", "Closing, P10", true),
        ("p50_gbp", "Closing, P50", true),
        ("p90_gbp", "Closing, P90", true),
        ("central_gbp", "All figures central", true),
        ("below_zero_percent", "Chance of less than nothing (%)", true),
    ];
    Table::new("fan", "The fund's closing balance over all draws", &columns).with(
        found.years.iter().map(|year| {
            vec![
                Cell::Text(financial_year(year.year)),
                Cell::Money(year.p10),
                Cell::Money(year.p50),
                Cell::Money(year.p90),
                Cell::Money(year.central),
                Cell::Number(year.below_zero * 100.0, 1),
            ]
        }),
    )
}

fn name(register: &Register, site: &SiteCode) -> Cell {
    register.site(site).map_or(Cell::Unknown("not known"), |site| Cell::text(site.name()))
}

/// What each site adds to the spread.
pub fn contributions(found: &Uncertainty, register: &Register) -> Table {
    let columns = [
        ("site_code", "Code", false),
        ("name", "Site", false),
        ("variance_share_percent", "Share of the variance (%)", true),
        ("deviation_gbp", "Standard deviation of what it brings", true),
    ];
    Table::new("contributions", "What each site adds to how uncertain the fund is", &columns).with(
        found.contributions.iter().map(|site| {
            vec![
                Cell::text(site.site.as_str()),
                name(register, &site.site),
                Cell::Number(site.share * 100.0, 1),
                Cell::Money(site.deviation),
            ]
        }),
    )
}

/// Which survey would change the plan most.
pub fn information(found: &[Information], register: &Register) -> Table {
    let columns = [
        ("site_code", "Code", false),
        ("name", "Site", false),
        ("finding", "Find out", false),
        ("worth_gbp", "Worth of the change, central", true),
        ("turns_percent", "Findings that would turn it round (%)", true),
        ("value_gbp", "Worth knowing, at most", true),
    ];
    Table::new("information", "Which valuation or survey would change the plan most", &columns)
        .with(found.iter().map(|found| {
            vec![
                Cell::text(found.site.as_str()),
                name(register, &found.site),
                Cell::text(found.finding.label()),
                Cell::Money(found.worth),
                Cell::Number(found.turns * 100.0, 0),
                Cell::Money(found.value),
            ]
        }))
}

/// In how many draws each site closes.
pub fn stability(sites: &[Steadiness]) -> Table {
    let columns = [
        ("site_code", "Code", false),
        ("name", "Site", false),
        ("closes_in_run", "The run closes it", false),
        ("closes_percent", "Closes in draws (%)", true),
        ("draws", "Draws with a plan", true),
    ];
    Table::new("stability", "Would each site still close?", &columns).with(sites.iter().map(
        |site| {
            let closes = site.option == crate::fund::OptionKind::Dispose;
            let share = if site.draws == 0 {
                Cell::Unknown("no draw has a plan yet")
            } else {
                Cell::Number(site.share() * 100.0, 0)
            };
            vec![
                Cell::text(site.site.as_str()),
                Cell::text(&*site.name),
                Cell::text(if closes { "Yes" } else { "No" }),
                share,
                Cell::count(u64::from(site.draws)),
            ]
        },
    ))
}

/// Runs side by side: a row a measure, a column a run.
pub fn comparison(runs: &[(u64, Run)]) -> Table {
    let heads: Vec<(String, String)> = runs
        .iter()
        .map(|(id, run)| (format!("run_{id}"), format!("Run {id}: {}", run.scenario.name)))
        .collect();
    let mut columns = vec![("measure", "Measure", false), ("unit", "Unit", false)];
    columns.extend(heads.iter().map(|(key, label)| (key.as_str(), label.as_str(), true)));
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    let mut add = |label: &str, unit: &str, cell: &dyn Fn(&Run) -> Cell| {
        let mut row = vec![Cell::text(label), Cell::text(unit)];
        row.extend(runs.iter().map(|(_, run)| cell(run)));
        rows.push(row);
    };
    let none = || Cell::Unknown("there is no plan");
    add("Register version", "", &|run| Cell::count(run.scenario.register_version));
    add("Sites in scope", "sites", &|run| {
        run.proposal.as_ref().map_or_else(none, |plan| Cell::count(plan.actions.len() as u64))
    });
    for (label, option) in [
        ("Sites closed", crate::fund::OptionKind::Dispose),
        ("Sites improved", crate::fund::OptionKind::Improve),
        ("Sites that sell land", crate::fund::OptionKind::SellLand),
    ] {
        add(label, "sites", &|run| {
            run.proposal.as_ref().map_or_else(none, |plan| {
                let count = plan.actions.iter().filter(|action| action.option == option).count();
                Cell::count(count as u64)
            })
        });
    }
    add("Tenancies moved", "tenancies", &|run| {
        run.proposal.as_ref().map_or_else(none, |plan| Cell::count(plan.moves.len() as u64))
    });
    let projected = |run: &Run, pick: &dyn Fn(&crate::fund::Projection) -> Cell| {
        run.projection.as_ref().map_or_else(none, pick)
    };
    let money = |pence: Option<Pence>| pence.map_or_else(none, Cell::Money);
    add("To the fund, net", "£", &|run| {
        projected(run, &|_| Cell::Money(run.ledger.in_fund().amount))
    });
    add("To the fund, low", "£", &|run| {
        projected(run, &|_| Cell::Money(run.ledger.in_fund().low))
    });
    add("To the fund, high", "£", &|run| {
        projected(run, &|_| Cell::Money(run.ledger.in_fund().high))
    });
    add("Lowest closing balance", "£", &|run| {
        projected(run, &|projection| money(projection.lowest_balance()))
    });
    add("Net present social value", "£", &|run| {
        projected(run, &|projection| Cell::Money(projection.npsv))
    });
    add("Benefit-cost ratio", "", &|run| {
        projected(run, &|projection| {
            projection.bcr.map_or(Cell::Unknown("nothing is spent"), |bcr| Cell::Number(bcr, 2))
        })
    });
    add("Cash flow that rests on assumptions", "%", &|run| {
        projected(run, &|projection| Cell::Number(projection.assumed_share * 100.0, 0))
    });
    for kind in crate::fund::LineKind::ALL {
        let has = |run: &Run| run.ledger.lines.iter().any(|line| line.kind == kind);
        if runs.iter().any(|(_, run)| has(run)) {
            add(kind.label(), "£", &|run| {
                projected(run, &|_| Cell::Money(run.ledger.total(|line| line.kind == kind).amount))
            });
        }
    }
    add("Rules not kept", "rules", &|run| Cell::count(run.breaches.len() as u64));
    Table::new("comparison", "Runs side by side", &columns).with(rows)
}

/// Owners, boroughs and boards that a ledger's lines belong to: key and label, sorted by label.
pub fn parts(
    ledger: &crate::fund::Ledger,
    register: &Register,
    field: crate::register::Field,
    named: crate::register::Field,
) -> BTreeMap<String, String> {
    let mut parts = BTreeMap::new();
    for line in &ledger.lines {
        let Some(site) = register.site(&line.site) else { continue };
        if let Some(code) = site.text(field) {
            parts.insert(code.to_owned(), site.text(named).unwrap_or(code).to_owned());
        }
    }
    parts
}
