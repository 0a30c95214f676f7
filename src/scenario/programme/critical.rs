//! What the end of a programme hangs on: from the last completion back, what keeps each part from beginning a period earlier.

use solver::timing::Fault;

use super::tasks::{CREWS, Laid, Part};
use super::{Link, StageKind};

/// Why a part does not begin earlier, and what it waits for.
struct Hold {
    words: String,
    waits_for: Option<usize>,
}

/// The chain, last first. Each link says why it is not earlier; the last says that nothing could be.
pub(super) fn path(laid: &Laid<'_>, starts: &[usize]) -> Vec<Link> {
    let end = |task: usize| {
        let (act, part) = laid.parts[task];
        starts[task] + laid.length(part, &laid.acts[act])
    };
    let mut links = Vec::new();
    let mut seen = Vec::new();
    let mut at = (0..starts.len()).max_by_key(|task| (end(*task), std::cmp::Reverse(*task)));
    while let Some(task) = at {
        if seen.contains(&task) {
            break;
        }
        seen.push(task);
        let (number, part) = laid.parts[task];
        let act = &laid.acts[number];
        let hold = hold(laid, starts, task);
        links.push(Link {
            site: act.site.code.clone(),
            name: act.site.name().to_owned(),
            stage: match part {
                Part::Build | Part::Improve => StageKind::Works,
                Part::Leave => StageKind::Vacate,
                Part::SellLand => StageKind::Planning,
            },
            first: starts[task],
            last: end(task) - 1,
            because: hold.words,
        });
        at = hold.waits_for;
    }
    links
}

fn hold(laid: &Laid<'_>, starts: &[usize], task: usize) -> Hold {
    let alone = |words: &str| Hold { words: words.to_owned(), waits_for: None };
    let own = &laid.timing.tasks[task].starts;
    let earlier = (0..starts[task]).rev().find(|at| own.get(*at).is_some_and(Option::is_some));
    let Some(earlier) = earlier else {
        return alone("It begins as early as its own stages, or its lease, allow.");
    };
    let mut moved = starts.to_vec();
    moved[task] = earlier;
    // What begins together moves together.
    for order in &laid.timing.orders {
        if order.lag == 0 && order.before == task && starts[order.after] == starts[task] {
            moved[order.after] = earlier;
        }
    }
    let faults = laid.timing.faults(&moved);
    let name = |task: usize| laid.timing.tasks[task].name.clone();
    let order = faults.iter().find_map(|fault| match fault {
        Fault::Order { order } => {
            let order = laid.timing.orders[*order];
            (order.after == task).then_some(order.before)
        }
        _ => None,
    });
    if let Some(before) = order {
        let words =
            format!("It waits for the {}: room exists before its donor closes.", name(before));
        return Hold { words, waits_for: Some(before) };
    }
    match faults.first() {
        Some(Fault::Resource { resource: CREWS, window, .. }) => {
            let ended = using(laid, starts, *window).filter(|other| *other != task);
            let before = ended.filter(|other| starts[*other] < starts[task]);
            let waits_for = before.min_by_key(|other| (starts[*other], *other));
            Hold { words: told("every works scheme is taken", waits_for, laid), waits_for }
        }
        Some(Fault::Resource { .. }) => alone("The year's capital for works is spent."),
        Some(Fault::Account { period, .. }) => {
            let inflow = |other: usize, at: usize| -> f64 {
                let start = laid.timing.tasks[other].starts.get(starts[other]);
                let flows = start.and_then(Option::as_ref).map_or(&[][..], |start| &start.flows);
                flows.iter().filter(|(when, _)| *when == at).map(|(_, by)| by).sum()
            };
            // The money that came in last before it could begin.
            let last = *period + (starts[task] - earlier);
            let payer = (*period + 1..=last)
                .flat_map(|at| (0..starts.len()).map(move |other| (other, at)))
                .filter(|(other, at)| *other != task && inflow(*other, *at) > 0.0)
                .max_by(|a, b| inflow(a.0, a.1).total_cmp(&inflow(b.0, b.1)).then(b.cmp(a)));
            let waits_for = payer.map(|(other, _)| other);
            let words = match waits_for {
                Some(other) => format!(
                    "The fund would fall below its floor: it waits for the receipt of {}.",
                    name(other)
                ),
                None => "The fund would fall below its floor.".to_owned(),
            };
            Hold { words, waits_for }
        }
        Some(Fault::Order { .. } | Fault::Start { .. }) | None => {
            alone("Nothing keeps it from an earlier date: this one is worth more, or as much.")
        }
    }
}

/// Works under way in a period.
fn using<'a>(
    laid: &'a Laid<'_>,
    starts: &'a [usize],
    period: usize,
) -> impl Iterator<Item = usize> + 'a {
    (0..starts.len()).filter(move |task| {
        let start = laid.timing.tasks[*task].starts.get(starts[*task]);
        start.and_then(Option::as_ref).is_some_and(|start| {
            start.uses.iter().any(|(resource, window, _)| *resource == CREWS && *window == period)
        })
    })
}

fn told(what: &str, waits_for: Option<usize>, laid: &Laid<'_>) -> String {
    match waits_for {
        Some(other) => {
            format!("Before it {what}: it waits for the {}.", laid.timing.tasks[other].name)
        }
        None => format!("Before it {what}."),
    }
}
