//! What results rest on: assumptions, standards, register versions, licences.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::NaiveDate;
use minijinja::context;

use super::table::{Dress, Shown};
use super::{Page, csv, page, view_of};
use crate::access::{Group, Standard};
use crate::config;
use crate::export::{Cell, Table};
use crate::register::{Assumptions, Mark, Word};
use crate::store::ChangeSetHeader;
use crate::travel::Mode;
use crate::web::app::App;
use crate::web::assets;
use crate::web::problem::Problem;

const VERSIONS_SHOWN: usize = 200;

pub(crate) async fn assumptions(
    request: HttpRequest,
    app: web::Data<App>,
) -> Result<HttpResponse, Problem> {
    page(&request, &app, |app| {
        let set = config::assumptions().map_err(Problem::internal)?;
        let view = context! {
            name => set.name.clone(),
            assumptions => view_of(shown_assumptions(&set)),
            standards => super::standards::in_force(app)?,
        };
        Ok(Page::new("assumptions.html", "Assumptions and standards", view).under("Overview", "/"))
    })
    .await
}

fn shown_assumptions(set: &Assumptions) -> Shown {
    Shown::dressed(&assumptions_table(set), Some("/assumptions.csv".to_owned()), |_, key, cell| {
        match key {
            "checked" if cell.shown() == mark(Mark::FromMemory) => {
                Dress { tag: Some("yellow"), ..Dress::default() }
            }
            _ => Dress::default(),
        }
    })
}

pub(crate) async fn assumptions_file(app: web::Data<App>) -> Result<HttpResponse, Problem> {
    csv(&app, |_| Ok(assumptions_table(&config::assumptions().map_err(Problem::internal)?))).await
}

fn mark(mark: Mark) -> &'static str {
    match mark {
        Mark::Verified => "Seen in the source",
        Mark::Computed => "Worked out from sources",
        Mark::FromMemory => "From memory: check before use",
    }
}

fn assumptions_table(set: &Assumptions) -> Table {
    let columns = [
        ("key", "Key", false),
        ("words", "What it stands for", false),
        ("value", "Value", true),
        ("low", "Low", true),
        ("high", "High", true),
        ("unit", "Unit", false),
        ("source", "Source", false),
        ("as_of", "As of", false),
        ("checked", "Checked", false),
    ];
    let number = |value: Option<f64>| {
        value.map_or(Cell::Empty, |value| Cell::Number(value, decimals(value)))
    };
    Table::new("assumptions", "Planning assumptions", &columns).with(set.figures.iter().map(
        |(key, figure)| {
            vec![
                Cell::text(&**key),
                Cell::text(&*figure.words),
                number(Some(figure.value)),
                number(figure.low),
                number(figure.high),
                Cell::text(&*figure.unit),
                Cell::text(&*figure.source),
                Cell::Date(figure.as_of),
                Cell::text(mark(figure.mark)),
            ]
        },
    ))
}

/// As many decimals as it takes, at most four.
pub(super) fn decimals(value: f64) -> usize {
    (0..4)
        .find(|places| {
            let scaled = value * 10_f64.powi(i32::try_from(*places).unwrap_or(0));
            (scaled - scaled.round()).abs() < 1e-9
        })
        .unwrap_or(4)
}

pub(super) fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::Walk => "on foot",
        Mode::StepFreeWalk => "step-free on foot or wheels",
        Mode::Drive => "by car",
        Mode::PublicTransport => "by public transport",
        Mode::StepFreePublicTransport => "by public transport, step-free",
    }
}

pub(super) fn group(group: Group) -> &'static str {
    match group {
        Group::Everyone => "everyone",
        Group::StepFree => "disabled people",
        Group::NoCar => "households without a car",
        Group::Aged65 => "people aged 65 or over",
        Group::MostDeprivedFifth => "the most deprived fifth",
    }
}

pub(super) fn standards_table(standards: &[Standard], today: NaiveDate) -> Table {
    let columns = [
        ("key", "Key", false),
        ("words", "Standard", false),
        ("state", "State", false),
        ("service_line", "Service line", false),
        ("mode", "Travel", false),
        ("limit", "Limit", false),
        ("share_percent", "Share (%)", true),
        ("group", "For", false),
        ("area", "Where", false),
        ("from", "From", false),
        ("until", "Until", false),
        ("kind", "Kind", false),
        ("source", "Source", false),
    ];
    Table::new("standards", "Access standards", &columns).with(standards.iter().map(|standard| {
        let state = match standard.is_in_force(today) {
            true => "In force",
            false if standard.from > today => "Not yet",
            false => "Ended",
        };
        vec![
            Cell::text(&*standard.key),
            Cell::text(&*standard.words),
            Cell::text(state),
            Cell::text(standard.service_line.label()),
            Cell::text(mode(standard.mode)),
            Cell::Text(standard.limit_label()),
            Cell::Number(standard.share * 100.0, decimals(standard.share * 100.0)),
            Cell::text(group(standard.group)),
            Cell::text(standard.area.written()),
            Cell::Date(standard.from),
            standard.until.map_or(Cell::Empty, Cell::Date),
            Cell::text(if standard.is_policy { "Policy" } else { "Planning choice" }),
            Cell::text(&*standard.source),
        ]
    }))
}

pub(crate) async fn versions(
    request: HttpRequest,
    app: web::Data<App>,
) -> Result<HttpResponse, Problem> {
    page(&request, &app, |app| {
        let sets = app.store.change_sets(&app.scope(), VERSIONS_SHOWN)?;
        let view = context! { table => view_of(Shown::plain(&versions_table(&sets), Some("/versions.csv".to_owned()))) };
        Ok(Page::new("versions.html", "Register versions", view).under("Overview", "/"))
    })
    .await
}

pub(crate) async fn versions_file(app: web::Data<App>) -> Result<HttpResponse, Problem> {
    csv(&app, |app| Ok(versions_table(&app.store.change_sets(&app.scope(), VERSIONS_SHOWN)?))).await
}

fn versions_table(sets: &[ChangeSetHeader]) -> Table {
    let columns = [
        ("version", "Version", true),
        ("at", "Made (UTC)", false),
        ("author", "By", false),
        ("source", "Source", false),
        ("reason", "Reason", false),
        ("changes", "Changes", true),
    ];
    Table::new("versions", "Versions, newest first", &columns).with(sets.iter().map(|set| {
        vec![
            Cell::count(set.id),
            Cell::Text(set.at.format("%Y-%m-%d %H:%M").to_string()),
            Cell::text(&*set.author),
            Cell::text(&*set.source),
            Cell::text(&*set.reason),
            Cell::count(set.changes),
        ]
    }))
}

pub(crate) async fn licences(
    request: HttpRequest,
    app: web::Data<App>,
) -> Result<HttpResponse, Problem> {
    page(&request, &app, |_| {
        let text = |path: &str| {
            assets::find(path)
                .map(|file| String::from_utf8_lossy(&file.bytes).into_owned())
                .unwrap_or_default()
        };
        let view = context! {
            notice => include_str!("../../../NOTICE.md"),
            nhsuk => text("nhsuk/LICENSE.txt"),
            maplibre => text("maplibre/LICENSE.txt"),
        };
        Ok(Page::new("licences.html", "Licences", view).under("Overview", "/"))
    })
    .await
}
