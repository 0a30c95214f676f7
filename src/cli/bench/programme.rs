//! How long a programme of London's size takes: 300 actions over 40 quarters, sites and money made up from a seed.

use std::io::Write;
use std::time::Instant;

use solver::Settings;
use solver::timing::{Account, Goal, Order, Resource, Start, Task, Timing, arrange};

use crate::cli::table;

/// Closures, each with works before it; a fifth wait for works at a site of their own too.
const CLOSURES: usize = 300;
const QUARTERS: usize = 40;

/// Measures and prints.
pub(super) fn measure(out: &mut dyn Write) -> anyhow::Result<()> {
    writeln!(
        out,
        "A programme: {CLOSURES} closures, {QUARTERS} quarters, 1 % asked for, 60 s at most"
    )?;
    let mut rows = Vec::new();
    for (name, opening, crews) in [
        // Works cost about £430m in all, and the first receipt lands fifteen quarters in: less than these has no programme.
        ("rich fund", 400_000_000.0, 80.0),
        ("tight fund", 90_000_000.0, 80.0),
        ("tight fund, few crews", 90_000_000.0, 60.0),
    ] {
        let timing = estate(opening, crews);
        let began = Instant::now();
        let settings =
            Settings { gap: 0.01, time_limit_seconds: 60.0, seed: 1, ..Settings::default() };
        let found = arrange(&timing, &settings, &mut ());
        let first = found.history.first().map_or(0.0, |step| step.seconds);
        let told = |value: Option<f64>| {
            value.map_or_else(|| "none".to_owned(), |v| format!("{:.0}", v / 1e6))
        };
        rows.push(vec![
            name.to_owned(),
            format!("{:?}", found.status),
            told(found.value),
            told(found.bound),
            found.gap.map_or_else(String::new, |gap| format!("{:.2} %", gap * 100.0)),
            format!("{first:.1}"),
            format!("{:.1}", began.elapsed().as_secs_f64()),
            format!("{} x {}", found.size.columns, found.size.rows),
        ]);
    }
    let heads =
        ["case", "status", ">value, £m", ">bound, £m", ">gap", ">first, s", ">all, s", "model"];
    table::print(out, &heads, &rows)?;
    Ok(())
}

/// A linear congruential stream: the same everywhere.
struct Stream(u64);

impl Stream {
    fn between(&mut self, low: f64, high: f64) -> f64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        low + (high - low) * ((self.0 >> 40) as f64 / (1_u64 << 24) as f64)
    }
}

fn estate(opening: f64, crews: f64) -> Timing {
    let mut stream = Stream(20_261);
    let mut timing = Timing {
        periods: QUARTERS,
        resources: vec![Resource { name: "works".to_owned(), limits: vec![crews; QUARTERS] }],
        account: Some(Account { opening, floor: 0.0 }),
        goal: Goal::Value,
        ..Timing::default()
    };
    let discount = |quarter: usize| 1.035_f64.powf(-(quarter as f64) / 4.0);
    for closure in 0..CLOSURES {
        let works = stream.between(200_000.0, 2_500_000.0);
        let receipt = stream.between(500_000.0, 9_000_000.0);
        let saved = stream.between(10_000.0, 90_000.0);
        let leaving = stream.between(20_000.0, 200_000.0);
        let build = timing.tasks.len();
        let works_task = |earliest: usize, cost: f64| {
            let starts = (0..QUARTERS).map(|at| {
                (at >= earliest && at + 3 <= QUARTERS).then(|| Start {
                    value: -cost * discount(at + 2),
                    flows: vec![(at + 2, -cost.round())],
                    uses: (at..at + 3).map(|period| (0, period, 1.0)).collect(),
                })
            });
            Task { name: format!("works {closure}"), starts: starts.collect() }
        };
        timing.tasks.push(works_task(4, works));
        let leave = timing.tasks.len();
        let starts = (0..QUARTERS).map(|at| {
            (at >= 4 && at + 9 <= QUARTERS).then(|| {
                let saving: f64 = (at + 1..QUARTERS).map(|quarter| saved * discount(quarter)).sum();
                Start {
                    value: receipt * discount(at + 8) - leaving * discount(at) + saving,
                    flows: vec![(at, -leaving.round()), (at + 8, receipt.round())],
                    uses: Vec::new(),
                }
            })
        });
        timing.tasks.push(Task { name: format!("leaving {closure}"), starts: starts.collect() });
        timing.orders.push(Order { before: build, after: leave, lag: 3 });
        if closure.is_multiple_of(5) {
            let improve = timing.tasks.len();
            let cost = stream.between(100_000.0, 900_000.0);
            timing.tasks.push(works_task(0, cost));
            timing.orders.push(Order { before: improve, after: leave, lag: 3 });
        }
    }
    timing
}
