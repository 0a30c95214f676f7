//! A proposal as tasks: what begins, what it waits for, what it costs at each period, in pence of the fund's own prices.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use solver::timing::{Account, Goal, Order, Resource, Start, Task, Timing};

use super::{Aim, Durations, Item, Levers, ProgrammeError, Span, StageKind, Step};
use crate::fund::{Arrival, Decision, Line, OptionKind, Schedule, Stages, Terms, When, ledger_at};
use crate::register::{Field, Pence, Register, Scalar, Site, SiteCode};
use crate::scenario::Proposal;

/// A part of an action that begins by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// Works at the sites that receive an action's services.
    Build,
    /// Services leave, and the site is sold where it is.
    Leave,
    /// Works at a site that improves.
    Improve,
    /// Land is sold.
    SellLand,
}

/// Everything a programme is made of.
pub(super) struct Laid<'a> {
    pub(super) levers: &'a Levers,
    pub(super) durations: Durations,
    pub(super) terms: Terms<'a>,
    /// Each action that changes something.
    pub(super) acts: Vec<Act<'a>>,
    /// Which act and part each task is.
    pub(super) parts: Vec<(usize, Part)>,
    pub(super) timing: Timing,
}

/// An action with its site and what leaves it.
pub(super) struct Act<'a> {
    pub(super) site: &'a Site,
    pub(super) option: OptionKind,
    /// Where each of its tenancies goes.
    pub(super) arrivals: Vec<(&'a Site, Arrival)>,
}

/// Resource numbers.
pub(super) const CREWS: usize = 0;
pub(super) const CAPITAL: usize = 1;

/// A proposal as the timing problem that is solved: in pence, task by task, with the names of what each task is.
pub fn timing_of(
    register: &Register,
    proposal: &Proposal,
    terms: &Terms<'_>,
    levers: &Levers,
) -> Result<Timing, ProgrammeError> {
    Ok(Laid::of(register, proposal, *terms, levers)?.timing)
}

impl<'a> Laid<'a> {
    pub(super) fn of(
        register: &'a Register,
        proposal: &Proposal,
        terms: Terms<'a>,
        levers: &'a Levers,
    ) -> Result<Self, ProgrammeError> {
        if let Some(fault) = levers.faults().into_iter().next() {
            return Err(fault);
        }
        let durations = Durations::of(terms.assumptions)?;
        let acts = acts(register, proposal)?;
        if acts.is_empty() {
            return Err(ProgrammeError::NothingChanges);
        }
        let mut laid =
            Self { levers, durations, terms, acts, parts: Vec::new(), timing: Timing::default() };
        laid.parts = laid.parts_of_acts();
        laid.timing = laid.as_timing(register)?;
        Ok(laid)
    }

    pub(super) fn step(&self) -> Step {
        self.levers.step
    }

    /// Periods that so many months take.
    pub(super) fn periods_of(&self, months: usize) -> usize {
        months.div_ceil(self.step().months())
    }

    fn parts_of_acts(&self) -> Vec<(usize, Part)> {
        let mut parts = Vec::new();
        for (number, act) in self.acts.iter().enumerate() {
            match act.option {
                OptionKind::Improve => parts.push((number, Part::Improve)),
                OptionKind::SellLand => parts.push((number, Part::SellLand)),
                OptionKind::Dispose | OptionKind::Keep => {}
            }
            if act.leaves() {
                if !act.arrivals.is_empty() {
                    parts.push((number, Part::Build));
                }
                parts.push((number, Part::Leave));
            }
        }
        parts
    }

    /// Months before works may begin.
    fn front(&self) -> usize {
        self.durations.identify + self.durations.service_change
    }

    /// Stages of leaving or selling land, with the months gone by at the end of each.
    pub(super) fn tail(&self, part: Part, act: &Act<'_>) -> Vec<(StageKind, usize)> {
        let d = &self.durations;
        let mut stages: Vec<(StageKind, usize)> = match part {
            Part::Build | Part::Improve => vec![(StageKind::Works, d.works)],
            Part::SellLand => Vec::new(),
            Part::Leave => vec![(StageKind::Vacate, d.vacate)],
        };
        if part == Part::SellLand || (part == Part::Leave && act.option == OptionKind::Dispose) {
            stages.extend([
                (StageKind::Planning, d.planning),
                (StageKind::Market, d.market),
                (StageKind::Exchange, d.exchange),
                (StageKind::Complete, d.complete),
            ]);
        }
        let mut gone = 0;
        for (_, months) in &mut stages {
            gone += *months;
            *months = gone;
        }
        stages
    }

    /// Periods a part takes; at least one.
    pub(super) fn length(&self, part: Part, act: &Act<'_>) -> usize {
        let months = self.tail(part, act).last().map_or(0, |(_, months)| *months);
        self.periods_of(months).max(1)
    }

    /// The last period of a stage of a part that begins at `start`.
    fn end_of(&self, part: Part, act: &Act<'_>, stage: StageKind, start: usize) -> usize {
        let tail = self.tail(part, act);
        let months = tail.iter().find(|(own, _)| *own == stage).map_or(0, |(_, months)| *months);
        start + self.periods_of(months).max(1) - 1
    }

    /// Dates of a part that begins at `start`, as the fund prices them.
    fn stages(&self, part: Part, act: &Act<'_>, start: usize) -> Stages {
        let when = |stage| self.when(self.end_of(part, act, stage, start));
        match part {
            Part::Build | Part::Improve => {
                let works = when(StageKind::Works);
                Stages { works, moves: works, receipt: works }
            }
            Part::SellLand => {
                let receipt = when(StageKind::Complete);
                Stages { works: receipt, moves: receipt, receipt }
            }
            Part::Leave => {
                let moves = when(StageKind::Vacate);
                let is_sold = act.option == OptionKind::Dispose;
                let receipt = if is_sold { when(StageKind::Complete) } else { moves };
                Stages { works: moves, moves, receipt }
            }
        }
    }

    fn when(&self, period: usize) -> When {
        self.step().when(self.terms.base_year, period)
    }

    fn as_timing(&self, register: &Register) -> Result<Timing, ProgrammeError> {
        let periods = self.levers.periods();
        let mut tasks = Vec::new();
        for (number, part) in &self.parts {
            let act = &self.acts[*number];
            let window = self.window(*part, act, periods)?;
            let mut starts = Vec::with_capacity(periods);
            for (at, is_open) in window.iter().enumerate() {
                starts.push(if *is_open { Some(self.start(*part, act, at)?) } else { None });
            }
            tasks.push(Task { name: self.part_words(*number, *part), starts });
        }
        let mut resources = vec![Resource {
            name: "works schemes at once".to_owned(),
            limits: vec![f64::from(self.levers.crews); periods],
        }];
        if let Some(capital) = self.levers.capital_per_year {
            resources.push(Resource {
                name: "capital for works in a year".to_owned(),
                limits: vec![capital.0 as f64; usize::from(self.levers.years)],
            });
        }
        Ok(Timing {
            periods,
            tasks,
            orders: self.orders(register),
            resources,
            account: Some(Account {
                opening: self.levers.opening.0 as f64,
                floor: -(self.levers.working_capital.0 as f64),
            }),
            goal: match self.levers.aim {
                Aim::Value => Goal::Value,
                Aim::Earliest => Goal::Reach(self.levers.target.0 as f64),
            },
        })
    }

    fn part_words(&self, act: usize, part: Part) -> String {
        let site = self.acts[act].site;
        let name = site.name();
        match part {
            Part::Build => format!("works for the services of {name} ({})", site.code),
            Part::Leave => format!("leaving {name} ({})", site.code),
            Part::Improve => format!("works at {name} ({})", site.code),
            Part::SellLand => format!("land of {name} ({})", site.code),
        }
    }

    /// When a part may begin by itself: after its own front, early enough to end in time, and as its lease allows.
    fn window(
        &self,
        part: Part,
        act: &Act<'_>,
        periods: usize,
    ) -> Result<Vec<bool>, ProgrammeError> {
        let length = self.length(part, act);
        let earliest = match part {
            Part::Improve => 0,
            Part::SellLand => self.periods_of(self.durations.identify),
            Part::Build | Part::Leave => self.periods_of(self.front()),
        };
        let latest = periods.checked_sub(length);
        let mut window: Vec<bool> = (0..periods)
            .map(|at| at >= earliest && latest.is_some_and(|last| at <= last))
            .collect();
        if part == Part::Leave
            && let Some(lease) = LeaseDates::of(act.site)?
        {
            let first_move = self.end_of(part, act, StageKind::Vacate, earliest);
            let lasts_until = |period: usize| last_day(self.when(period));
            for (at, is_open) in window.iter_mut().enumerate() {
                let moved = lasts_until(self.end_of(part, act, StageKind::Vacate, at));
                *is_open &= lease.allows(
                    moved,
                    lasts_until(first_move),
                    self.terms.base_year,
                    self.front() + self.durations.lease_notice,
                );
            }
        }
        Ok(window)
    }

    /// What beginning a part at a period brings, moves and takes.
    fn start(&self, part: Part, act: &Act<'_>, at: usize) -> Result<Start, ProgrammeError> {
        let lines = self.lines(part, act, at)?;
        let periods = self.levers.periods();
        let mut value = 0.0;
        let mut flows: BTreeMap<usize, i64> = BTreeMap::new();
        let mut works: BTreeMap<usize, i64> = BTreeMap::new();
        for line in &lines {
            if line.counts_for_society() {
                value += line.amount.0 as f64 * self.terms.discount(line.year)?;
            }
            if line.in_fund {
                for (period, pence) in spread(line, self.terms.base_year, self.step()) {
                    if period < periods {
                        *flows.entry(period).or_default() += pence;
                    }
                }
            }
            if line.kind.is_works() {
                let year = usize::try_from(line.year - self.terms.base_year).unwrap_or(0);
                *works.entry(year).or_default() -= line.amount.0;
            }
        }
        let mut uses = Vec::new();
        if matches!(part, Part::Build | Part::Improve) {
            uses.extend((at..at + self.length(part, act)).map(|period| (CREWS, period, 1.0)));
        }
        if self.levers.capital_per_year.is_some() {
            uses.extend(works.into_iter().map(|(year, pence)| (CAPITAL, year, pence as f64)));
        }
        let flows = flows.into_iter().map(|(period, pence)| (period, pence as f64)).collect();
        Ok(Start { value, flows, uses })
    }

    /// The lines a part alone is the cause of, were it to begin at this period.
    fn lines(&self, part: Part, act: &Act<'_>, at: usize) -> Result<Vec<Line>, ProgrammeError> {
        let stages = self.stages(part, act, at);
        let mut schedule = Schedule::default();
        schedule.sites.insert(act.site.code.clone(), stages);
        let mut lines = Vec::new();
        let is_own = match part {
            Part::Improve | Part::SellLand => true,
            Part::Leave => act.option == OptionKind::Dispose,
            Part::Build => false,
        };
        if is_own {
            let own = Decision { site: act.site, option: act.option, arrivals: Vec::new() };
            lines.extend(ledger_at(&[own], &self.terms, &schedule)?.lines);
        }
        if matches!(part, Part::Build | Part::Leave) {
            for (receiver, arrival) in &act.arrivals {
                schedule.arrivals.insert(arrival.tenancy.clone(), stages);
                let one = Decision {
                    site: receiver,
                    option: OptionKind::Keep,
                    arrivals: vec![arrival.clone()],
                };
                let priced = ledger_at(&[one], &self.terms, &schedule)?.lines;
                let is_build = part == Part::Build;
                lines.extend(priced.into_iter().filter(|line| line.kind.is_works() == is_build));
            }
        }
        Ok(lines)
    }

    fn orders(&self, register: &Register) -> Vec<Order> {
        let task = |act: usize, part: Part| self.parts.iter().position(|own| *own == (act, part));
        let improving: BTreeMap<&SiteCode, usize> = self
            .parts
            .iter()
            .enumerate()
            .filter(|(_, (_, part))| *part == Part::Improve)
            .map(|(task, (act, _))| (&self.acts[*act].site.code, task))
            .collect();
        let mut orders = Vec::new();
        let lag = |part, act: &Act<'_>| self.length(part, act).cast_signed();
        for (number, act) in self.acts.iter().enumerate() {
            let Some(leave) = task(number, Part::Leave) else { continue };
            if let Some(build) = task(number, Part::Build) {
                orders.push(Order { before: build, after: leave, lag: lag(Part::Build, act) });
            }
            let receivers: BTreeSet<&SiteCode> =
                act.arrivals.iter().map(|(site, _)| &site.code).collect();
            for works in receivers.into_iter().filter_map(|code| improving.get(code)) {
                orders.push(Order { before: *works, after: leave, lag: lag(Part::Improve, act) });
            }
        }
        for (first, second) in self.together(register) {
            if let (Some(a), Some(b)) = (task(first, Part::Leave), task(second, Part::Leave)) {
                orders.push(Order { before: a, after: b, lag: 0 });
                orders.push(Order { before: b, after: a, lag: 0 });
            }
        }
        orders
    }

    /// Pairs of acts that empty at once, as co-dependent tenancies of theirs move.
    fn together(&self, register: &Register) -> Vec<(usize, usize)> {
        let mut groups: BTreeMap<&str, usize> = BTreeMap::new();
        let mut pairs = BTreeSet::new();
        for (number, act) in self.acts.iter().enumerate() {
            for (_, arrival) in &act.arrivals {
                let group = register
                    .tenancy(&arrival.tenancy)
                    .and_then(|tenancy| tenancy.text(Field::TenancyTogether));
                let Some(group) = group else { continue };
                match groups.get(group) {
                    Some(first) if *first != number => {
                        pairs.insert((*first, number));
                    }
                    Some(_) => {}
                    None => {
                        groups.insert(group, number);
                    }
                }
            }
        }
        pairs.into_iter().collect()
    }

    /// The dates of a whole programme, as the fund prices them.
    pub(super) fn schedule(&self, starts: &[usize]) -> Schedule {
        let mut schedule = Schedule::default();
        let mut builds: BTreeMap<usize, When> = BTreeMap::new();
        for ((number, part), start) in self.parts.iter().zip(starts) {
            let act = &self.acts[*number];
            let mut stages = self.stages(*part, act, *start);
            match part {
                Part::Build => {
                    builds.insert(*number, stages.works);
                }
                Part::Improve | Part::SellLand => {
                    schedule.sites.insert(act.site.code.clone(), stages);
                }
                Part::Leave => {
                    // The part that builds comes before the part that leaves.
                    if let Some(works) = builds.get(number) {
                        stages.works = *works;
                    }
                    if act.option == OptionKind::Dispose {
                        schedule.sites.insert(act.site.code.clone(), stages);
                    }
                    for (_, arrival) in &act.arrivals {
                        schedule.arrivals.insert(arrival.tenancy.clone(), stages);
                    }
                }
            }
        }
        schedule
    }

    /// Actions in time, by first period and site code.
    pub(super) fn items(&self, starts: &[usize]) -> Vec<Item> {
        let mut spans: BTreeMap<usize, Vec<Span>> = BTreeMap::new();
        for ((number, part), start) in self.parts.iter().zip(starts) {
            let (mut first, mut before) = (*start, 0);
            for (stage, months) in self.tail(*part, &self.acts[*number]) {
                let last = start + self.periods_of(months).max(1) - 1;
                if std::mem::replace(&mut before, months) < months {
                    // A stage that ends within the period of the one before shares that period.
                    let span = Span { stage, first: first.min(last), last };
                    spans.entry(*number).or_default().push(span);
                    first = last + 1;
                }
            }
        }
        let mut items: Vec<Item> = spans
            .into_iter()
            .map(|(number, mut stages)| {
                let act = &self.acts[number];
                stages.sort_by_key(|span| (span.first, span.stage));
                self.put_front(act, &mut stages);
                let receivers: BTreeSet<SiteCode> =
                    act.arrivals.iter().map(|(site, _)| site.code.clone()).collect();
                Item {
                    site: act.site.code.clone(),
                    name: act.site.name().to_owned(),
                    option: act.option,
                    stages,
                    tenancies: act.arrivals.iter().map(|(_, a)| a.tenancy.clone()).collect(),
                    receivers: receivers.into_iter().collect(),
                    receipt: Pence::ZERO,
                    works: Pence::ZERO,
                    is_critical: false,
                }
            })
            .collect();
        items.sort_by(|a, b| (a.ends(), &a.site).cmp(&(b.ends(), &b.site)));
        items
    }

    /// The case and the service-change process, as late as they may end, or in time for a lease's notice.
    fn put_front(&self, act: &Act<'_>, stages: &mut Vec<Span>) {
        let front: &[(StageKind, usize)] = match act.option {
            OptionKind::Improve => return,
            OptionKind::SellLand => &[(StageKind::Identify, self.durations.identify)],
            OptionKind::Dispose | OptionKind::Keep => &[
                (StageKind::Identify, self.durations.identify),
                (StageKind::ServiceChange, self.durations.identify + self.durations.service_change),
            ],
        };
        let Some(next) = stages.first().map(|span| span.first) else { return };
        let whole = self.periods_of(front.last().map_or(0, |(_, months)| *months));
        let mut begin = next.saturating_sub(whole);
        if let Ok(Some(lease)) = LeaseDates::of(act.site)
            && let Some(moved) = stages.iter().find(|span| span.stage == StageKind::Vacate)
        {
            let until =
                lease.notice_by(last_day(self.when(moved.last)), self.durations.lease_notice);
            while begin > 0
                && until.is_some_and(|until| last_day(self.when(begin + whole - 1)) > until)
            {
                begin -= 1;
            }
        }
        let mut spans = Vec::new();
        let (mut first, mut before) = (begin, 0);
        for (stage, months) in front {
            if std::mem::replace(&mut before, *months) == *months {
                continue;
            }
            let last = begin + self.periods_of(*months) - 1;
            spans.push(Span { stage: *stage, first: first.min(last), last });
            first = last + 1;
        }
        spans.append(stages);
        *stages = spans;
    }

    /// Every decision of the proposal that costs or brings anything.
    pub(super) fn decisions(&self) -> Vec<Decision<'a>> {
        let mut decisions: BTreeMap<&SiteCode, Decision<'a>> = self
            .acts
            .iter()
            .map(|act| {
                let own = Decision { site: act.site, option: act.option, arrivals: Vec::new() };
                (&act.site.code, own)
            })
            .collect();
        for (receiver, arrival) in self.acts.iter().flat_map(|act| &act.arrivals) {
            decisions
                .entry(&receiver.code)
                .or_insert_with(|| Decision {
                    site: receiver,
                    option: OptionKind::Keep,
                    arrivals: Vec::new(),
                })
                .arrivals
                .push(arrival.clone());
        }
        decisions.into_values().collect()
    }
}

impl Act<'_> {
    fn leaves(&self) -> bool {
        self.option == OptionKind::Dispose || !self.arrivals.is_empty()
    }
}

/// Actions that change something, by site code.
fn acts<'a>(register: &'a Register, proposal: &Proposal) -> Result<Vec<Act<'a>>, ProgrammeError> {
    let find = |code: &SiteCode| {
        register.site(code).ok_or_else(|| ProgrammeError::UnknownSite(code.clone()))
    };
    let mut acts: BTreeMap<SiteCode, Act<'a>> = BTreeMap::new();
    for action in proposal.actions.iter().filter(|action| action.option != OptionKind::Keep) {
        let act = Act { site: find(&action.site)?, option: action.option, arrivals: Vec::new() };
        acts.insert(action.site.clone(), act);
    }
    for moved in &proposal.moves {
        let arrival = Arrival {
            tenancy: moved.tenancy.clone(),
            from: moved.from.clone(),
            clinical: moved.clinical,
            non_clinical: moved.non_clinical,
        };
        let to = find(&moved.to)?;
        let from = find(&moved.from)?;
        acts.entry(moved.from.clone())
            .or_insert_with(|| Act { site: from, option: OptionKind::Keep, arrivals: Vec::new() })
            .arrivals
            .push((to, arrival));
    }
    Ok(acts.into_values().collect())
}

/// When a lease can end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LeaseDates {
    /// Needs notice.
    break_at: Option<NaiveDate>,
    /// Needs none.
    expiry: Option<NaiveDate>,
}

impl LeaseDates {
    /// `None` where the register has neither date.
    pub(super) fn of(site: &Site) -> Result<Option<Self>, ProgrammeError> {
        let date = |field| site.known(field).and_then(Scalar::date);
        let (break_at, expiry) = (date(Field::LeaseBreak), date(Field::LeaseExpiry));
        if let (Some(first), Some(last)) = (break_at, expiry)
            && first > last
        {
            return Err(ProgrammeError::BadFact {
                site: site.code.clone(),
                field: "lease_break",
                found: first.to_string(),
                wanted: format!("a day up to the lease's expiry, {last}"),
            });
        }
        let held = Self { break_at, expiry };
        Ok((break_at.is_some() || expiry.is_some()).then_some(held))
    }

    /// Whether services that are out by `moved` leave in time: no later than the lease's end, and where the break is what
    /// ends it, with time to give notice after the decision. A lease that ends before anybody could leave binds nobody:
    /// it is held over, and priced so.
    fn allows(
        self,
        moved: NaiveDate,
        first_move: NaiveDate,
        base_year: i32,
        months: usize,
    ) -> bool {
        let is_ahead = |date: &NaiveDate| *date >= first_move;
        if let Some(expiry) = self.expiry.filter(is_ahead)
            && moved > expiry
        {
            return false;
        }
        let Some(break_at) = self.break_at.filter(is_ahead) else { return true };
        if moved > break_at || self.expiry == Some(break_at) {
            return true;
        }
        add_months(first_day(base_year), months).is_some_and(|earliest| earliest <= break_at)
    }

    /// The last day on which notice can be given for the break that these services leave by.
    fn notice_by(self, moved: NaiveDate, notice: usize) -> Option<NaiveDate> {
        let break_at = self.break_at.filter(|date| *date >= moved && self.expiry != Some(*date))?;
        break_at.checked_sub_months(chrono::Months::new(u32::try_from(notice).ok()?))
    }
}

fn first_day(year: i32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, 4, 1).unwrap_or(NaiveDate::MAX)
}

fn add_months(day: NaiveDate, months: usize) -> Option<NaiveDate> {
    day.checked_add_months(chrono::Months::new(u32::try_from(months).ok()?))
}

/// The last day of a month of a financial year.
fn last_day(when: When) -> NaiveDate {
    let months = usize::from(when.month.unwrap_or(12));
    add_months(first_day(when.year), months)
        .and_then(|day| day.pred_opt())
        .unwrap_or(NaiveDate::MAX)
}

/// What a line adds to each period; one without a month is spread evenly over its year, to the penny.
pub(super) fn spread(line: &Line, base_year: i32, step: Step) -> Vec<(usize, i64)> {
    let year = usize::try_from(line.year - base_year).unwrap_or(0);
    let first = year * step.a_year();
    match (step, line.month) {
        (Step::Year, _) => vec![(first, line.amount.0)],
        (Step::Quarter, Some(month)) => {
            vec![(first + usize::from(month.clamp(1, 12) - 1).div_euclid(3), line.amount.0)]
        }
        (Step::Quarter, None) => {
            let by = |quarters: i64| (line.amount.0 * quarters).div_euclid(4);
            (0..4)
                .zip(first..)
                .map(|(quarter, period)| (period, by(quarter + 1) - by(quarter)))
                .collect()
        }
    }
}
