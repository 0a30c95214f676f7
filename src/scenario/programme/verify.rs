//! The witness: recounts every rule of a programme from register, proposal, its stages and its ledger. Shares no code with
//! what made it.

use std::collections::{BTreeMap, BTreeSet};

use super::{Item, Programme, StageKind, Step};
use crate::fund::{Line, LineKind, OptionKind};
use crate::register::{Field, Pence, Register, Scalar, SiteCode};
use crate::scenario::Proposal;

/// Rules this programme does not keep, each a sentence.
pub fn verify(register: &Register, proposal: &Proposal, programme: &Programme) -> Vec<String> {
    let mut breaches = Vec::new();
    everything_is_done(proposal, programme, &mut breaches);
    for item in &programme.items {
        stages_follow_each_other(item, programme, &mut breaches);
        leases_are_kept(register, item, programme, &mut breaches);
    }
    room_exists_first(proposal, programme, &mut breaches);
    co_dependent_move_together(register, programme, &mut breaches);
    crews_and_capital(programme, &mut breaches);
    money(programme, &mut breaches);
    breaches
}

fn find<'a>(programme: &'a Programme, site: &SiteCode) -> Option<&'a Item> {
    programme.items.iter().find(|item| item.site == *site)
}

fn everything_is_done(proposal: &Proposal, programme: &Programme, breaches: &mut Vec<String>) {
    for action in proposal.actions.iter().filter(|action| action.option != OptionKind::Keep) {
        match find(programme, &action.site) {
            Some(item) if item.option == action.option => {}
            _ => {
                breaches
                    .push(format!("{} is not in the programme as it is proposed.", action.site));
            }
        }
    }
    for moved in &proposal.moves {
        let is_there = find(programme, &moved.from)
            .is_some_and(|item| item.tenancies.contains(&moved.tenancy));
        if !is_there {
            breaches.push(format!("The move of {} is not in the programme.", moved.tenancy));
        }
    }
}

/// Months from the start of one period to the end of another.
fn months(programme: &Programme, first: usize, last: usize) -> usize {
    (last + 1 - first.min(last + 1)) * programme.levers.step.months()
}

fn stages_follow_each_other(item: &Item, programme: &Programme, breaches: &mut Vec<String>) {
    let d = programme.durations;
    let wanted = |stage: StageKind| match stage {
        StageKind::Identify => d.identify,
        StageKind::ServiceChange => d.service_change,
        StageKind::Works => d.works,
        StageKind::Vacate => d.vacate,
        StageKind::Planning => d.planning,
        StageKind::Market => d.market,
        StageKind::Exchange => d.exchange,
        StageKind::Complete => d.complete,
    };
    let needed: &[StageKind] = match item.option {
        OptionKind::Dispose => &[
            StageKind::Identify,
            StageKind::ServiceChange,
            StageKind::Vacate,
            StageKind::Planning,
            StageKind::Market,
            StageKind::Exchange,
            StageKind::Complete,
        ],
        OptionKind::SellLand => &[
            StageKind::Identify,
            StageKind::Planning,
            StageKind::Market,
            StageKind::Exchange,
            StageKind::Complete,
        ],
        OptionKind::Improve => &[StageKind::Works],
        OptionKind::Keep => &[StageKind::Vacate],
    };
    for stage in needed.iter().filter(|stage| wanted(**stage) > 0) {
        if item.span(*stage).is_none() {
            breaches.push(format!("{} has no stage \"{}\".", item.site, stage.label()));
        }
    }
    if !item.tenancies.is_empty() && d.works > 0 && item.span(StageKind::Works).is_none() {
        breaches.push(format!("{} empties without works where its services go.", item.site));
    }
    for pair in item.stages.windows(2) {
        let is_in_order = pair[0].first <= pair[1].first && pair[0].last <= pair[1].last;
        if !is_in_order {
            breaches.push(format!(
                "{}: \"{}\" does not follow \"{}\".",
                item.site,
                pair[1].stage.label(),
                pair[0].stage.label()
            ));
        }
    }
    // Stages in a row may share a period, so a row is measured as a whole: the front, the works, and from the move on.
    let rows: [&[StageKind]; 3] = [
        &[StageKind::Identify, StageKind::ServiceChange],
        &[StageKind::Works],
        &[
            StageKind::Vacate,
            StageKind::Planning,
            StageKind::Market,
            StageKind::Exchange,
            StageKind::Complete,
        ],
    ];
    let mut end_before: Option<usize> = None;
    for row in rows {
        let spans = || row.iter().filter_map(|stage| item.span(*stage));
        let (Some(first), Some(last)) =
            (spans().map(|span| span.first).min(), spans().map(|span| span.last).max())
        else {
            continue;
        };
        let asked: usize = spans().map(|span| wanted(span.stage)).sum();
        if months(programme, first, last) < asked {
            let name = row.first().map_or("", |stage| stage.label());
            breaches.push(format!("{}: from \"{name}\" on {asked} months do not fit.", item.site));
        }
        if end_before.is_some_and(|end| first <= end) {
            let name = row.first().map_or("", |stage| stage.label());
            breaches
                .push(format!("{}: \"{name}\" begins before what it waits for ends.", item.site));
        }
        end_before = Some(last);
        if last >= programme.levers.periods() {
            breaches.push(format!("{} ends after the programme.", item.site));
        }
    }
}

fn room_exists_first(proposal: &Proposal, programme: &Programme, breaches: &mut Vec<String>) {
    for moved in &proposal.moves {
        let Some(vacated) =
            find(programme, &moved.from).and_then(|item| item.span(StageKind::Vacate))
        else {
            continue;
        };
        let Some(receiver) = find(programme, &moved.to) else { continue };
        if receiver.option == OptionKind::Dispose {
            breaches.push(format!("{} moves into {}, which closes.", moved.tenancy, moved.to));
        }
        if receiver.option == OptionKind::Improve
            && receiver.span(StageKind::Works).is_none_or(|works| works.last >= vacated.first)
        {
            breaches
                .push(format!("{} moves into {} before it is improved.", moved.tenancy, moved.to));
        }
    }
}

fn co_dependent_move_together(
    register: &Register,
    programme: &Programme,
    breaches: &mut Vec<String>,
) {
    let mut dates: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
    for item in &programme.items {
        let Some(vacated) = item.span(StageKind::Vacate) else { continue };
        for tenancy in &item.tenancies {
            let group =
                register.tenancy(tenancy).and_then(|tenancy| tenancy.text(Field::TenancyTogether));
            if let Some(group) = group {
                dates.entry(group).or_default().insert(vacated.last);
            }
        }
    }
    for (group, dates) in dates.into_iter().filter(|(_, dates)| dates.len() > 1) {
        breaches.push(format!(
            "The co-dependent tenancies of {group} move at {} different times.",
            dates.len()
        ));
    }
}

fn leases_are_kept(
    register: &Register,
    item: &Item,
    programme: &Programme,
    breaches: &mut Vec<String>,
) {
    let Some(vacated) = item.span(StageKind::Vacate) else { return };
    let Some(site) = register.site(&item.site) else { return };
    let month_of = |field| {
        site.known(field).and_then(Scalar::date).map(|day| {
            use chrono::Datelike as _;
            // Months from 1 April of the first year to the lease's last day, the day's own month included.
            (day.year() - programme.base_year) * 12 + day.month().cast_signed() - 3
        })
    };
    let step = i32::try_from(programme.levers.step.months()).unwrap_or(12);
    let end = |period: usize| i32::try_from(period + 1).unwrap_or(i32::MAX).saturating_mul(step);
    let front = programme.durations.identify + programme.durations.service_change;
    let earliest = end(front.div_ceil(programme.levers.step.months())
        + programme.durations.vacate.div_ceil(programme.levers.step.months()).max(1)
        - 1);
    let (break_at, expiry) = (month_of(Field::LeaseBreak), month_of(Field::LeaseExpiry));
    let moved = end(vacated.last);
    if let Some(expiry) = expiry.filter(|month| *month > earliest)
        && moved > expiry
    {
        breaches.push(format!("{} is left after its lease has ended.", item.site));
    }
    if let Some(break_at) = break_at.filter(|month| *month > earliest && Some(*month) != expiry)
        && moved <= break_at
    {
        let decided = item.span(StageKind::ServiceChange).or(item.span(StageKind::Identify));
        let decided = decided.map_or(0, |span| end(span.last));
        let notice = i32::try_from(programme.durations.lease_notice).unwrap_or(i32::MAX);
        if decided + notice > break_at {
            breaches.push(format!(
                "{} relies on a lease break for which notice cannot be given in time.",
                item.site
            ));
        }
    }
}

fn crews_and_capital(programme: &Programme, breaches: &mut Vec<String>) {
    for period in 0..programme.levers.periods() {
        let works = programme.items.iter().filter_map(|item| item.span(StageKind::Works));
        let busy = works.filter(|span| (span.first..=span.last).contains(&period)).count();
        if busy > programme.levers.crews as usize {
            breaches.push(format!(
                "In {} {busy} works schemes are under way, where {} can be.",
                programme.period_words(period),
                programme.levers.crews
            ));
        }
    }
    let Some(most) = programme.levers.capital_per_year else { return };
    for (year, total) in programme.ledger.by_year() {
        let spent =
            -programme.ledger.total(|line| line.year == year && line.kind.is_works()).amount;
        let _ = total;
        if spent > most {
            breaches.push(format!(
                "In {} {spent} is spent on works, where {most} may be.",
                Step::Year.words(year, 0)
            ));
        }
    }
}

/// The floor after every month, receipts no earlier than completion, and totals that add up.
fn money(programme: &Programme, breaches: &mut Vec<String>) {
    for line in programme.ledger.lines.iter().filter(|line| line.kind == LineKind::Receipt) {
        // A stage may take no time: the sale completes with the last one.
        let done = find(programme, &line.site).and_then(Item::ends);
        let is_early = done.is_none_or(|(_, last)| {
            let when = programme.when(last);
            (line.year, line.month) < (when.year, when.month)
        });
        if is_early {
            breaches.push(format!("The receipt of {} lands before its sale completes.", line.site));
        }
    }
    let step = programme.levers.step.months();
    let count = programme.levers.periods();
    let mut change = vec![0_i64; count];
    for line in programme.ledger.lines.iter().filter(|line| line.in_fund) {
        for (month, pence) in months_of(line, programme.base_year) {
            if let Some(sum) = change.get_mut(month.div_euclid(step)) {
                *sum += pence;
            }
        }
    }
    let floor = -programme.levers.working_capital;
    let mut balance = programme.levers.opening;
    for (period, change) in change.into_iter().enumerate() {
        balance += Pence(change);
        if balance < floor {
            breaches.push(format!(
                "At the end of {} the fund holds {balance}, below its floor of {floor}.",
                programme.period_words(period)
            ));
        }
        if programme.periods.get(period).is_none_or(|line| line.closing != balance) {
            breaches.push(format!(
                "The balance told for {} is not the sum of the ledger's lines.",
                programme.period_words(period)
            ));
        }
    }
}

/// Months from the first April, and what falls in each: a year's line in quarters of equal size, to the penny.
fn months_of(line: &Line, base_year: i32) -> Vec<(usize, i64)> {
    let years = usize::try_from(line.year - base_year).unwrap_or(0);
    if let Some(month) = line.month {
        return vec![(years * 12 + usize::from(month.saturating_sub(1)), line.amount.0)];
    }
    let mut left = line.amount.0;
    let mut parts = Vec::new();
    for quarter in 0_i64..4 {
        let so_far = (line.amount.0 * (quarter + 1)).div_euclid(4);
        let part = so_far - (line.amount.0 - left);
        left -= part;
        parts.push((years * 12 + usize::try_from(quarter).unwrap_or(0) * 3 + 2, part));
    }
    parts
}
