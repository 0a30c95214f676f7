//! The fund's draws: ten thousand of a London plan, beside pricing the same plan draw by draw.

use std::collections::BTreeMap;
use std::io::Write;
use std::time::Instant;

use crate::cli::table;
use crate::config;
use crate::fund::{
    Arrival, Asked, Case, Decision, OptionKind, Schedule, Terms, Workings, sample, switching,
    tornado,
};
use crate::register::{Field, Pence, Register, Site, SquareMetres};

/// Sites closed by the plan measured, each with a service that moves to a site that stays.
const CLOSED: usize = 300;
const DRAWS: u32 = 10_000;

/// Prints the table.
pub(super) fn measure(register: &Register, out: &mut dyn Write) -> anyhow::Result<()> {
    let (set, schedule) = (config::assumptions()?, Schedule::default());
    let sites: Vec<&Site> = register.sites().filter(|site| !site.is_aggregate()).collect();
    let (closed, kept) = sites.split_at(CLOSED.min(sites.len()));
    let mut decisions: Vec<Decision<'_>> = Vec::new();
    for (at, site) in closed.iter().enumerate() {
        decisions.push(Decision { site, option: OptionKind::Dispose, arrivals: Vec::new() });
        let Some(to) = kept.get(at) else { continue };
        decisions.push(Decision {
            site: to,
            option: OptionKind::Keep,
            arrivals: vec![Arrival {
                tenancy: format!("{}-GP", site.code).parse()?,
                from: site.code.clone(),
                clinical: SquareMetres(250.0),
                non_clinical: SquareMetres(150.0),
            }],
        });
    }
    let terms = Terms { assumptions: &set, base_year: 2026, horizon_years: 10 };
    let boroughs: BTreeMap<_, _> = closed
        .iter()
        .filter_map(|site| Some((site.code.clone(), site.text(Field::BoroughCode)?.to_owned())))
        .collect();
    let timed = |began: Instant| began.elapsed().as_secs_f64();

    let began = Instant::now();
    let workings = Workings::new(&decisions, terms, &schedule, &[])?;
    let priced = timed(began);
    let asked = |threads| Asked {
        draws: DRAWS,
        seed: 1,
        opening: Pence::ZERO,
        target: Pence::ZERO,
        boroughs: &boroughs,
        threads,
    };
    let began = Instant::now();
    let one = sample(&workings, &asked(1))?;
    let alone = timed(began);
    let began = Instant::now();
    let two = sample(&workings, &asked(2))?;
    let together = timed(began);
    anyhow::ensure!(one == two, "two threads drew something else than one");
    let began = Instant::now();
    let tries = 20;
    for _ in 0..tries {
        workings.outcome(&Case::default())?;
    }
    let outcome = timed(began) / f64::from(tries);
    let began = Instant::now();
    switching(&workings, Pence::ZERO)?;
    let switched = timed(began);
    let began = Instant::now();
    tornado(&workings)?;
    let swung = timed(began);
    writeln!(
        out,
        "Fund (illustrative London: {} sites closed, {} ledger lines)",
        closed.len(),
        workings.ledger().lines.len()
    )?;
    let row = |what: &str, seconds: f64| vec![what.to_owned(), format!("{seconds:.4}")];
    table::print(
        out,
        &["what", ">seconds"],
        &[
            row("pricing the plan once", priced),
            row("10,000 draws, one thread", alone),
            row("10,000 draws, two threads, same bytes", together),
            row(
                "10,000 draws by working the ledger out each time (baseline, from 20)",
                outcome * f64::from(DRAWS),
            ),
            row("switching values", switched),
            row("tornado", swung),
        ],
    )?;
    writeln!(out)?;
    Ok(())
}
