//! A run's proposal, put in order, priced and recounted.

use std::collections::BTreeMap;

use chrono::NaiveDateTime;
use solver::timing::{Arranged, Goal, Timing, arrange as search};
use solver::{Progress, Settings, Status, Watch};

use super::critical::path;
use super::explain::{Why, explain};
use super::tasks::{Laid, spread};
use super::{
    Aim, Durations, Item, Levers, PeriodLine, Programme, ProgrammeError, StageKind, verify,
};
use crate::fund::{self, Ledger, LineKind, Schedule, Terms};
use crate::register::{Assumptions, Pence, Register};
use crate::scenario::{Run, RunStatus};

/// Puts a run's actions in order. `shipped` stands in for figures that the run's own set does not have yet. Says so where
/// no order is possible: which rules clash, and what would help.
pub fn arrange(
    register: &Register,
    run: &Run,
    shipped: &Assumptions,
    levers: Levers,
    watch: &mut dyn Watch,
    author: String,
    at: NaiveDateTime,
) -> Result<Programme, ProgrammeError> {
    let proposal = run.proposal.as_ref().ok_or(ProgrammeError::NoProposal)?;
    let figures = crate::scenario::figures(&run.scenario, shipped);
    let terms = Terms {
        assumptions: &figures,
        base_year: run.scenario.base_year,
        horizon_years: run.scenario.horizon_years,
    };
    let laid = Laid::of(register, proposal, terms, &levers)?;
    let settings = Settings {
        gap: levers.gap,
        time_limit_seconds: levers.time_limit_seconds,
        seed: levers.seed,
        ..Settings::default()
    };
    let unordered = unordered(&laid.timing, &settings, watch);
    let found = search(&laid.timing, &settings, &mut Heard { watch, unit: unit(&levers) });
    let mut programme = empty(run, &levers, laid.durations, author, at, &found);
    programme.npsv_unordered = match &unordered {
        Some(starts) => Some(priced(&laid, starts)?.2.npsv),
        None => None,
    };
    let Some(starts) = &found.starts else {
        if !watch.is_cancelled() {
            let Why { clash, capital_enough } = explain(&laid, &settings, watch);
            programme.clash = clash;
            programme.capital_enough = capital_enough;
        }
        return Ok(programme);
    };
    let (schedule, ledger, projection) = priced(&laid, starts)?;
    programme.periods = periods(&ledger, &levers, terms.base_year);
    programme.critical = path(&laid, starts);
    programme.items = laid.items(starts);
    fill_in(&mut programme.items, &programme.critical, &ledger);
    for line in &mut programme.periods {
        line.schemes = 0;
    }
    for item in &programme.items {
        if let Some(works) = item.span(StageKind::Works) {
            for line in programme.periods.iter_mut().take(works.last + 1).skip(works.first) {
                line.schemes += 1;
            }
        }
    }
    programme.npsv = Some(projection.npsv);
    programme.target_reached = (levers.target > Pence::ZERO)
        .then(|| programme.periods.iter().position(|line| line.closing >= levers.target))
        .flatten();
    programme.schedule = schedule;
    programme.ledger = ledger;
    programme.projection = Some(projection);
    programme.breaches = verify(register, proposal, &programme);
    Ok(programme)
}

/// Every action at its own best date: orders of its own hold, money, crews and capital do not bind.
fn unordered(timing: &Timing, settings: &Settings, watch: &mut dyn Watch) -> Option<Vec<usize>> {
    let free = Timing {
        resources: Vec::new(),
        account: None,
        goal: Goal::Value,
        tasks: timing.tasks.iter().map(without_money).collect(),
        ..timing.clone()
    };
    let settings = Settings { gap: 0.0, ..*settings };
    let found = search(&free, &settings, &mut Silent(watch));
    (found.status == Status::Optimal).then_some(found.starts).flatten()
}

fn without_money(task: &solver::timing::Task) -> solver::timing::Task {
    let mut task = task.clone();
    for start in task.starts.iter_mut().flatten() {
        start.flows.clear();
        start.uses.clear();
    }
    task
}

/// Dates, ledger and projection of these starts.
fn priced(
    laid: &Laid<'_>,
    starts: &[usize],
) -> Result<(Schedule, Ledger, fund::Projection), ProgrammeError> {
    let schedule = laid.schedule(starts);
    let ledger = fund::ledger_at(&laid.decisions(), &laid.terms, &schedule)?;
    let projection = fund::project(&ledger, &laid.terms, laid.levers.opening)?;
    Ok((schedule, ledger, projection))
}

/// The fund period by period, from the ledger's lines.
fn periods(ledger: &Ledger, levers: &Levers, base_year: i32) -> Vec<PeriodLine> {
    let count = levers.periods();
    let mut sums = vec![(0_i64, 0_i64, 0_i64); count];
    for line in &ledger.lines {
        for (period, pence) in spread(line, base_year, levers.step) {
            let Some((into, out, works)) = sums.get_mut(period) else { continue };
            if line.in_fund {
                if pence > 0 { *into += pence } else { *out += pence }
            }
            if line.kind.is_works() {
                *works -= pence;
            }
        }
    }
    let mut balance = levers.opening;
    sums.into_iter()
        .enumerate()
        .map(|(period, (into, out, works))| {
            let when = levers.step.when(base_year, period);
            let opening = balance;
            balance = opening + Pence(into) + Pence(out);
            PeriodLine {
                year: when.year,
                quarter: (levers.step.a_year() == 4).then(|| when.month.unwrap_or(12).div_ceil(3)),
                opening,
                money_in: Pence(into),
                money_out: Pence(out),
                closing: balance,
                works: Pence(works),
                schemes: 0,
            }
        })
        .collect()
}

/// Money of each action and whether the end hangs on it.
fn fill_in(items: &mut [Item], critical: &[super::Link], ledger: &Ledger) {
    let mut receipts: BTreeMap<&str, Pence> = BTreeMap::new();
    let mut works: BTreeMap<&str, Pence> = BTreeMap::new();
    for line in &ledger.lines {
        let of_tenancy = line.because.strip_prefix("receive tenancy ");
        let key = of_tenancy.unwrap_or(line.site.as_str());
        if line.kind == LineKind::Receipt {
            *receipts.entry(key).or_default() += line.amount;
        }
        if line.kind.is_works() {
            *works.entry(key).or_default() += -line.amount;
        }
    }
    for item in items {
        item.receipt = receipts.get(item.site.as_str()).copied().unwrap_or_default();
        let own = works.get(item.site.as_str()).copied().unwrap_or_default();
        let of_moves: Pence =
            item.tenancies.iter().filter_map(|tenancy| works.get(tenancy.as_str()).copied()).sum();
        item.works = own + of_moves;
        item.is_critical = critical.iter().any(|link| link.site == item.site);
    }
}

fn empty(
    run: &Run,
    levers: &Levers,
    durations: Durations,
    author: String,
    at: NaiveDateTime,
    found: &Arranged,
) -> Programme {
    let unit = unit(levers);
    let in_units = |figure: Option<f64>| figure.map(|figure| figure / unit);
    Programme {
        name: run.scenario.name.clone(),
        levers: levers.clone(),
        durations,
        base_year: run.scenario.base_year,
        author,
        at,
        status: match found.status {
            Status::Optimal => RunStatus::Optimal,
            Status::WithinGap => RunStatus::WithinGap,
            Status::Stopped => RunStatus::Stopped,
            Status::Infeasible => RunStatus::Infeasible,
            Status::NothingFound | Status::Malformed => RunStatus::NothingFound,
        },
        gap: found.gap,
        seconds: found.seconds,
        size: (found.size.columns as u64, found.size.rows as u64, found.size.nonzeros as u64),
        version: solver::version(),
        history: found
            .history
            .iter()
            .map(|step| (step.seconds, in_units(step.incumbent), in_units(step.bound)))
            .collect(),
        items: Vec::new(),
        periods: Vec::new(),
        npsv: None,
        npsv_unordered: None,
        target_reached: None,
        critical: Vec::new(),
        clash: Vec::new(),
        capital_enough: None,
        breaches: Vec::new(),
        schedule: Schedule::default(),
        ledger: Ledger::default(),
        projection: None,
    }
}

/// The search counts in pence or in periods.
fn unit(levers: &Levers) -> f64 {
    if levers.aim == Aim::Value { 100.0 } else { 1.0 }
}

/// Passes progress on in pounds, or in periods where a date is sought.
struct Heard<'a> {
    watch: &'a mut dyn Watch,
    unit: f64,
}

impl Watch for Heard<'_> {
    fn progress(&mut self, mut progress: Progress) {
        progress.incumbent = progress.incumbent.map(|found| found / self.unit);
        progress.bound = progress.bound.map(|found| found / self.unit);
        self.watch.progress(progress);
    }

    fn is_cancelled(&self) -> bool {
        self.watch.is_cancelled()
    }
}

/// Listens for the wish to stop and says nothing.
pub(super) struct Silent<'a>(pub(super) &'a mut dyn Watch);

impl Watch for Silent<'_> {
    fn progress(&mut self, _: Progress) {}

    fn is_cancelled(&self) -> bool {
        self.0.is_cancelled()
    }
}
