//! A run in words and tables, for the terminal. Every figure is a sum of the run's own lines.

use std::io::{self, Write};

use super::table;
use crate::fund::OptionKind;
use crate::register::{Pence, Word};
use crate::scenario::{Clause, Run, RunStatus};

/// How much to print.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Detail {
    /// Five clauses, the first rows of each table, the fund.
    Short,
    /// Everything.
    Full,
}

/// Rows of a table that the short report shows.
const SHORT_ROWS: usize = 12;

/// Prints a run.
pub(crate) fn print(out: &mut dyn Write, run: &Run, detail: Detail) -> io::Result<()> {
    writeln!(out, "{}", run.scenario.name)?;
    writeln!(out, "{}", status_sentence(run))?;
    if !run.breaches.is_empty() {
        writeln!(out, "\nBREACHES: the independent check found rules this proposal does not keep")?;
        for breach in &run.breaches {
            writeln!(out, "  ! {breach}")?;
        }
    }
    let Some(proposal) = &run.proposal else {
        for clash in &run.solver.clash {
            writeln!(out, "  - {clash}")?;
        }
        return Ok(());
    };

    writeln!(out, "\nThe five clauses, before and after")?;
    let clauses = &proposal.clauses;
    let mut rows = Vec::new();
    for (name, lines) in [
        ("quality", &clauses.quality),
        ("access", &clauses.access),
        ("efficient use", &clauses.efficient_use),
        ("consolidation", &clauses.consolidation),
        ("fund", &clauses.fund),
    ] {
        rows.extend(lines.iter().map(|clause| clause_row(name, clause)));
    }
    table::print(out, &["clause", "figure", ">before", ">after", ">unknown"], &rows)?;

    let changed: Vec<_> =
        proposal.actions.iter().filter(|action| action.option != OptionKind::Keep).collect();
    let kept = proposal.actions.len() - changed.len();
    writeln!(out, "\nActions: {} sites change, {kept} stay as they are", changed.len())?;
    let shown = if detail == Detail::Short { SHORT_ROWS.min(changed.len()) } else { changed.len() };
    let rows: Vec<Vec<String>> = changed
        .iter()
        .take(shown)
        .map(|action| {
            let why = action.reasons.first().map(|reason| reason.words.clone()).unwrap_or_default();
            vec![
                action.site.to_string(),
                clip(&action.name, 32),
                option_word(action.option).to_owned(),
                action.receipt.to_string(),
                action.costs.to_string(),
                action.to_fund.to_string(),
                clip(&why, if detail == Detail::Full { 400 } else { 90 }),
            ]
        })
        .collect();
    table::print(
        out,
        &["site", "name", "action", ">receipt", ">costs", ">to the fund", "why"],
        &rows,
    )?;
    rest(out, changed.len() - shown)?;

    writeln!(out, "\nMoves: {} tenancies", proposal.moves.len())?;
    let shown = if detail == Detail::Short {
        SHORT_ROWS.min(proposal.moves.len())
    } else {
        proposal.moves.len()
    };
    let rows: Vec<Vec<String>> = proposal
        .moves
        .iter()
        .take(shown)
        .map(|step| {
            let minutes = |value: Option<crate::register::Minutes>| {
                value.map_or_else(|| "unknown".to_owned(), |minutes| format!("{:.1}", minutes.0))
            };
            vec![
                clip(&step.name, 40),
                step.service_line.map_or("unknown", Word::label).to_owned(),
                step.from.to_string(),
                step.to.to_string(),
                format!("{:.0}", step.metres),
                minutes(step.minutes_before),
                minutes(step.minutes_after),
            ]
        })
        .collect();
    table::print(
        out,
        &["tenancy", "service line", "from", "to", ">metres", ">min before", ">min after"],
        &rows,
    )?;
    rest(out, proposal.moves.len() - shown)?;

    writeln!(out, "\nRuled out: {}", proposal.refusals.len())?;
    let shown = if detail == Detail::Short {
        SHORT_ROWS.min(proposal.refusals.len())
    } else {
        proposal.refusals.len()
    };
    for refusal in proposal.refusals.iter().take(shown) {
        writeln!(
            out,
            "  {} {}: not {} - {}",
            refusal.site,
            refusal.name,
            option_word(refusal.option),
            refusal.reason.words
        )?;
    }
    rest(out, proposal.refusals.len() - shown)?;

    if !proposal.findings_today.is_empty() {
        writeln!(out, "\nToday's estate already breaks {} rules", proposal.findings_today.len())?;
        for finding in proposal.findings_today.iter().take(shown.max(3)) {
            writeln!(out, "  {}", finding.words)?;
        }
    }

    print_fund(out, run)?;

    let reliance = &proposal.reliance;
    writeln!(
        out,
        "\nRests on assumptions: {:.0} % of receipts by value, {:.0} % of room by area; {} named assumptions used",
        100.0 * reliance.receipts_assumed,
        100.0 * reliance.room_assumed,
        reliance.used.len()
    )?;
    if detail == Detail::Full {
        for (key, times) in &reliance.used {
            writeln!(out, "  {key}: stood in {times} times")?;
        }
    }
    Ok(())
}

fn print_fund(out: &mut dyn Write, run: &Run) -> io::Result<()> {
    let Some(fund) = &run.projection else { return Ok(()) };
    writeln!(
        out,
        "\nThe fund, in {}/{:02} prices",
        fund.price_base,
        (fund.price_base + 1).rem_euclid(100)
    )?;
    let rows: Vec<Vec<String>> = fund
        .years
        .iter()
        .map(|year| {
            vec![
                format!("{}/{:02}", year.year, (year.year + 1).rem_euclid(100)),
                year.opening.to_string(),
                year.money_in.to_string(),
                year.money_out.to_string(),
                year.closing.to_string(),
                year.closing_low.to_string(),
                year.closing_high.to_string(),
            ]
        })
        .collect();
    table::print(out, &["year", ">opening", ">in", ">out", ">closing", ">low", ">high"], &rows)?;
    let sum = |pick: fn(&crate::fund::ProjectionYear) -> Pence| {
        fund.years.iter().map(pick).sum::<Pence>()
    };
    writeln!(
        out,
        "in {}, out {}; NPSV {}; benefit-cost ratio {}; backlog avoided {} (a liability, not cash)",
        sum(|year| year.money_in),
        sum(|year| year.money_out),
        fund.npsv,
        fund.bcr.map_or_else(|| "not defined".to_owned(), |ratio| format!("{ratio:.2}")),
        fund.backlog_avoided
    )
}

/// How the run ended, with the gap it proved and the time it took.
pub(crate) fn status_sentence(run: &Run) -> String {
    let record = &run.solver;
    let gap = record
        .gap
        .map_or_else(|| "no proven gap".to_owned(), |gap| format!("gap {:.2} %", 100.0 * gap));
    let seconds = record.seconds;
    match record.status {
        RunStatus::Optimal => format!("Optimal ({gap}), in {seconds:.1} s."),
        RunStatus::WithinGap => {
            format!(
                "Within the {:.2} % asked for ({gap}), in {seconds:.1} s.",
                100.0 * run.scenario.gap
            )
        }
        RunStatus::Stopped => {
            format!("Stopped after {seconds:.1} s with the best plan so far ({gap}).")
        }
        RunStatus::Infeasible => {
            format!("Infeasible: no plan keeps all the rules ({seconds:.1} s).")
        }
        RunStatus::NothingFound => {
            format!("Nothing found: stopped after {seconds:.1} s before any plan was found.")
        }
    }
}

/// The word people use for an option.
pub(crate) fn option_word(option: OptionKind) -> &'static str {
    match option {
        OptionKind::Keep => "keep",
        OptionKind::Improve => "improve",
        OptionKind::SellLand => "sell land",
        OptionKind::Dispose => "dispose",
    }
}

fn clause_row(name: &str, clause: &Clause) -> Vec<String> {
    let figure = |value: Option<f64>| match value {
        None => "unknown".to_owned(),
        Some(value) if clause.unit == "£" =>
        {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "sums of pounds are far below 2^63 pence"
            )]
            Pence((value * 100.0).round() as i64).to_string()
        }
        Some(value) if clause.unit == "%" => format!("{value:.1} %"),
        Some(value) => format!("{value:.0}"),
    };
    vec![
        name.to_owned(),
        format!("{} ({})", clause.label, clause.unit),
        figure(clause.before),
        figure(clause.after),
        clause.unknown.to_string(),
    ]
}

fn clip(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(most.saturating_sub(1)).collect();
    cut.push('…');
    cut
}

fn rest(out: &mut dyn Write, count: usize) -> io::Result<()> {
    if count > 0 { writeln!(out, "  … and {count} more (--full shows all)") } else { Ok(()) }
}
