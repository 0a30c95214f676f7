//! Why no programme is possible: the smallest clashing set of rules, and what would help, each tried before it is said.

use solver::timing::{Account, Goal, Timing, arrange as search};
use solver::{Settings, Status, Watch};

use super::answer::Silent;
use super::tasks::{CAPITAL, CREWS, Laid, Part};
use crate::register::Pence;

/// What clashes, and the working capital that would be enough.
pub(super) struct Why {
    pub(super) clash: Vec<String>,
    pub(super) capital_enough: Option<Pence>,
}

/// A rule that may be given up to see whether it is to blame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule {
    Fund,
    Crews,
    Capital,
}

/// Most sites whose earlier completion is tried.
const TRIED: usize = 6;

pub(super) fn explain(laid: &Laid<'_>, settings: &Settings, watch: &mut dyn Watch) -> Why {
    // Each question is far smaller than the first search; none may take the rest of the day.
    let seconds = (settings.time_limit_seconds / 4.0).clamp(2.0, 20.0);
    let settings = Settings { time_limit_seconds: seconds, gap: 0.01, ..*settings };
    let mut ask = |timing: &Timing| search(timing, &settings, &mut Silent(watch));
    let all = [Rule::Fund, Rule::Crews, Rule::Capital];
    let mut held: Vec<Rule> = all
        .into_iter()
        .filter(|rule| *rule != Rule::Capital || laid.levers.capital_per_year.is_some())
        .collect();
    // Whatever may be given up and leave a clash is not part of it.
    for rule in held.clone() {
        let fewer: Vec<Rule> = held.iter().copied().filter(|own| *own != rule).collect();
        if ask(&with_only(laid, &fewer)).status == Status::Infeasible {
            held = fewer;
        }
    }
    if held.is_empty() {
        let years = laid.levers.years;
        let words = format!(
            "Stages do not fit into {years} years, or a lease leaves no period to move in, whatever money and crews there \
             are: {}.",
            too_long(laid)
        );
        return Why { clash: vec![words], capital_enough: None };
    }
    if !held.contains(&Rule::Fund) {
        return Why { clash: vec![words_of(laid, &held)], capital_enough: None };
    }
    let least = ask(&Timing { goal: Goal::LeastExtra, ..laid.timing.clone() });
    let Some(starts) = least.starts else {
        return Why { clash: vec![words_of(laid, &held)], capital_enough: None };
    };
    let extra = laid.timing.extra(&starts);
    // Whole thousands, rounded up: it is enough, by the plan that was found.
    let enough = laid.levers.working_capital + Pence(round_up(extra, 100_000));
    let floor = -(laid.levers.working_capital.0 as f64);
    let deepest = laid.timing.balances(&starts).into_iter().enumerate();
    let when = deepest
        .filter(|(_, balance)| *balance < floor)
        .min_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)))
        .map_or(0, |(period, _)| period);
    let year = super::Step::Year.words(laid.step().when(laid.terms.base_year, when).year, 0);
    let others: Vec<&str> =
        held.iter().filter(|rule| **rule != Rule::Fund).map(|rule| rule.words()).collect();
    let beside =
        if others.is_empty() { String::new() } else { format!(" beside {}", others.join(" and ")) };
    let cures = earlier_completions(laid, when, &mut ask);
    let unless = cures
        .iter()
        .map(|name| format!("{name} completes a year earlier"))
        .chain([format!("{} of working capital is allowed", millions(enough))]);
    let unless: Vec<String> = unless.collect();
    let floor_words = if laid.levers.working_capital > Pence::ZERO {
        format!("above {} below zero", millions(laid.levers.working_capital))
    } else {
        "above zero".to_owned()
    };
    let mut clash = vec![format!(
        "The fund cannot stay {floor_words} in {year}{beside} unless {}.",
        unless.join(" or ")
    )];
    if let Some(bound) = least.bound.filter(|bound| *bound < 0.0) {
        let least = Pence(round_up(-bound, 100)) + laid.levers.working_capital;
        if least < enough {
            clash.push(format!(
                "Less than {} is proved to be too little; {} is enough, by an order that was found.",
                millions(least),
                millions(enough)
            ));
        }
    }
    Why { clash, capital_enough: Some(enough) }
}

impl Rule {
    fn words(self) -> &'static str {
        match self {
            Self::Fund => "the floor of the fund",
            Self::Crews => "the works schemes that can be under way at once",
            Self::Capital => "the capital for works in a year",
        }
    }
}

/// The timing with some rules only.
fn with_only(laid: &Laid<'_>, rules: &[Rule]) -> Timing {
    let mut timing = laid.timing.clone();
    let free = |timing: &mut Timing, resource: usize| {
        if let Some(resource) = timing.resources.get_mut(resource) {
            resource.limits.fill(f64::MAX / 4.0);
        }
    };
    if !rules.contains(&Rule::Crews) {
        free(&mut timing, CREWS);
    }
    if !rules.contains(&Rule::Capital) {
        free(&mut timing, CAPITAL);
    }
    if !rules.contains(&Rule::Fund) {
        timing.account = None::<Account>;
        timing.goal = Goal::Value;
    }
    timing
}

/// Sites whose sale, a year earlier, would leave a programme: tried one by one, those of the largest receipts first.
fn earlier_completions(
    laid: &Laid<'_>,
    short_in: usize,
    ask: &mut impl FnMut(&Timing) -> solver::timing::Arranged,
) -> Vec<String> {
    let year = laid.step().a_year();
    let mut sales: Vec<(f64, usize)> = Vec::new();
    for (task, (_, part)) in laid.parts.iter().enumerate() {
        if !matches!(part, Part::Leave | Part::SellLand) {
            continue;
        }
        let starts = laid.timing.tasks[task].starts.iter().flatten();
        let most = starts
            .flat_map(|start| &start.flows)
            .filter(|(when, _)| *when + year >= short_in)
            .map(|(_, by)| *by)
            .fold(0.0, f64::max);
        if most > 0.0 {
            sales.push((most, task));
        }
    }
    sales.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let mut cures = Vec::new();
    for (_, task) in sales.into_iter().take(TRIED) {
        let mut timing = laid.timing.clone();
        for (at, start) in timing.tasks[task].starts.iter_mut().enumerate() {
            for (when, by) in start.iter_mut().flat_map(|start| &mut start.flows) {
                // What comes in comes in a year sooner, though never before the task begins.
                if *by > 0.0 && *when > at {
                    *when = when.saturating_sub(year).max(at);
                }
            }
        }
        if ask(&timing).starts.is_some() {
            let (act, _) = laid.parts[task];
            let site = laid.acts[act].site;
            cures.push(format!("{} ({})", site.name(), site.code));
        }
        if cures.len() == 2 {
            break;
        }
    }
    cures
}

fn words_of(laid: &Laid<'_>, rules: &[Rule]) -> String {
    let told: Vec<String> = rules
        .iter()
        .map(|rule| match rule {
            Rule::Fund => "the fund stays above its floor".to_owned(),
            Rule::Crews => {
                format!("at most {} works schemes are under way at once", laid.levers.crews)
            }
            Rule::Capital => format!(
                "at most {} is spent on works in a year",
                millions(laid.levers.capital_per_year.unwrap_or_default())
            ),
        })
        .collect();
    format!("These cannot all be kept within {} years: {}.", laid.levers.years, told.join(" and "))
}

/// Which actions leave each other no period: one without any, or one that cannot wait for what it waits for.
fn too_long(laid: &Laid<'_>) -> String {
    let tasks = &laid.timing.tasks;
    let first_open = |task: usize, from: usize| {
        let starts = tasks.get(task)?.starts.iter().enumerate().skip(from);
        starts.filter(|(_, start)| start.is_some()).map(|(at, _)| at).next()
    };
    let shut = (0..tasks.len()).filter(|&task| first_open(task, 0).is_none());
    let shut: Vec<&str> = shut.take(3).map(|task| tasks[task].name.as_str()).collect();
    if !shut.is_empty() {
        return shut.join(", ");
    }
    let mut earliest: Vec<usize> =
        (0..tasks.len()).map(|task| first_open(task, 0).unwrap_or(0)).collect();
    // As often as there are tasks: then every chain of waits is followed to its end, or goes round in a circle.
    for _ in 0..=tasks.len() {
        let mut is_news = false;
        for order in &laid.timing.orders {
            let Some(needed) = earliest[order.before].checked_add_signed(order.lag) else {
                continue;
            };
            if needed <= earliest[order.after] {
                continue;
            }
            let (before, after) = (&tasks[order.before], &tasks[order.after]);
            let Some(found) = first_open(order.after, needed) else {
                let last = after.starts.iter().rposition(Option::is_some).unwrap_or(0);
                let when = |period: usize| laid.step().words(laid.terms.base_year, period);
                return format!(
                    "{} must begin by {}, and waits for {}, which leaves it no earlier than {}",
                    after.name,
                    when(last),
                    before.name,
                    when(needed)
                );
            };
            earliest[order.after] = found;
            is_news = true;
        }
        if !is_news {
            break;
        }
    }
    "together they wait too long for each other".to_owned()
}

/// To the next whole step, in pence.
#[expect(clippy::cast_possible_truncation, reason = "pence of an estate are far below 2^53")]
fn round_up(pence: f64, step: i64) -> i64 {
    (pence / step as f64).ceil().max(0.0) as i64 * step
}

/// `£2.1m`, rounded up so that what is said to be enough is; below a million in whole thousands.
fn millions(pence: Pence) -> String {
    let pounds = pence.as_pounds();
    if pounds.abs() >= 1e6 {
        let tenths = (pounds / 1e5 - 1e-9).ceil() / 10.0;
        format!("£{tenths:.1}m")
    } else {
        format!("£{:.0},000", (pounds / 1000.0 - 1e-9).ceil()).replace("£0,000", "£0")
    }
}
