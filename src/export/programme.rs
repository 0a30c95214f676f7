//! A programme as tables: actions in time, the fund by period, what the end hangs on, and its ledger's dates.

use super::{Cell, Table};
use crate::fund::OptionKind;
use crate::register::SiteCode;
use crate::scenario::programme::{Item, Programme, Span, StageKind};

/// Every table of a programme, by the name of its file.
pub const PROGRAMME_TABLES: [&str; 4] = ["programme", "periods", "critical", "stages"];

/// A table of a programme; `None` where there is none of this name.
pub fn programme_table(programme: &Programme, name: &str) -> Option<Table> {
    Some(match name {
        "programme" => items(programme),
        "periods" => periods(programme),
        "critical" => critical(programme),
        "stages" => stages(programme),
        _ => return None,
    })
}

/// What is done, in words.
pub fn option_words(option: OptionKind) -> &'static str {
    match option {
        OptionKind::Keep => "Move services out",
        OptionKind::Improve => "Improve",
        OptionKind::SellLand => "Sell surplus land",
        OptionKind::Dispose => "Dispose",
    }
}

fn items(programme: &Programme) -> Table {
    let columns = [
        ("site_code", "Code", false),
        ("name", "Site", false),
        ("action", "Action", false),
        ("begins", "Begins", false),
        ("works", "Works", false),
        ("moves", "Services move", false),
        ("ends", "Ends", false),
        ("receivers", "Services go to", false),
        ("works_gbp", "Works", true),
        ("receipt_gbp", "Receipt", true),
        ("critical", "Critical", false),
    ];
    let span =
        |span: Option<Span>| span.map_or(Cell::Empty, |span| Cell::text(words(programme, span)));
    Table::new("programme", "What happens when", &columns).with(programme.items.iter().map(
        |item| {
            let ends = item.ends();
            let period = |period: Option<usize>| {
                period.map_or(Cell::Empty, |period| Cell::text(programme.period_words(period)))
            };
            let receivers: Vec<&str> = item.receivers.iter().map(SiteCode::as_str).collect();
            vec![
                Cell::text(item.site.as_str()),
                Cell::text(&*item.name),
                Cell::text(option_words(item.option)),
                period(ends.map(|(first, _)| first)),
                span(item.span(StageKind::Works)),
                span(item.span(StageKind::Vacate)),
                period(ends.map(|(_, last)| last)),
                Cell::text(receivers.join(" ")),
                Cell::Money(item.works),
                Cell::Money(item.receipt),
                Cell::text(if item.is_critical { "Yes" } else { "No" }),
            ]
        },
    ))
}

fn words(programme: &Programme, span: Span) -> String {
    let (first, last) = (programme.period_words(span.first), programme.period_words(span.last));
    if span.first == span.last { first } else { format!("{first} to {last}") }
}

fn stages(programme: &Programme) -> Table {
    let columns = [
        ("site_code", "Code", false),
        ("name", "Site", false),
        ("stage", "Stage", false),
        ("first", "From", false),
        ("last", "To", false),
    ];
    let row = |item: &Item, span: &Span| {
        vec![
            Cell::text(item.site.as_str()),
            Cell::text(&*item.name),
            Cell::text(span.stage.label()),
            Cell::text(programme.period_words(span.first)),
            Cell::text(programme.period_words(span.last)),
        ]
    };
    Table::new("stages", "Every stage", &columns).with(
        programme.items.iter().flat_map(|item| item.stages.iter().map(move |span| row(item, span))),
    )
}

fn periods(programme: &Programme) -> Table {
    let columns = [
        ("period", "Period", false),
        ("opening_gbp", "Opening", true),
        ("in_gbp", "In", true),
        ("out_gbp", "Out", true),
        ("closing_gbp", "Closing", true),
        ("works_gbp", "Of it works", true),
        ("schemes", "Works schemes under way", true),
    ];
    Table::new("periods", "The fund, period by period", &columns).with(
        programme.periods.iter().enumerate().map(|(period, line)| {
            vec![
                Cell::text(programme.period_words(period)),
                Cell::Money(line.opening),
                Cell::Money(line.money_in),
                Cell::Money(line.money_out),
                Cell::Money(line.closing),
                Cell::Money(line.works),
                Cell::count(u64::from(line.schemes)),
            ]
        }),
    )
}

fn critical(programme: &Programme) -> Table {
    let columns = [
        ("site_code", "Code", false),
        ("name", "Site", false),
        ("part", "Part", false),
        ("first", "From", false),
        ("last", "To", false),
        ("reason", "Why not earlier", false),
    ];
    Table::new("critical", "What the end hangs on, last first", &columns).with(
        programme.critical.iter().map(|link| {
            let part = match link.stage {
                StageKind::Works => "Works",
                StageKind::Planning => "Sale of land",
                _ => "Move, vacate and sell",
            };
            vec![
                Cell::text(link.site.as_str()),
                Cell::text(&*link.name),
                Cell::text(part),
                Cell::text(programme.period_words(link.first)),
                Cell::text(programme.period_words(link.last)),
                Cell::text(&*link.because),
            ]
        }),
    )
}
