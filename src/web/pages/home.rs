//! The overview: the five clauses at a glance, what is not known, and the newest runs.

use actix_web::{HttpRequest, HttpResponse, web};
use minijinja::context;
use serde::Serialize;

use super::scenario::runs_table;
use super::table::Shown;
use super::{Page, csv, page, view_of};
use crate::access::GateState;
use crate::export::{Cell, Table, grouped};
use crate::register::{Field, Pence, Site, SiteStatus, Subject};
use crate::store::RunHeader;
use crate::web::app::App;
use crate::web::estate::Estate;
use crate::web::filter::gate_word;
use crate::web::problem::Problem;

const RUNS_SHOWN: usize = 5;
const UNKNOWNS_SHOWN: usize = 10;

/// One figure.
#[derive(Debug, Serialize)]
struct Figure {
    number: String,
    label: String,
    note: String,
    kind: &'static str,
    href: Option<&'static str>,
}

/// A clause of the purpose and its figures.
#[derive(Debug, Serialize)]
struct Clause {
    title: &'static str,
    figures: Vec<Figure>,
}

pub(crate) async fn show(
    request: HttpRequest,
    app: web::Data<App>,
) -> Result<HttpResponse, Problem> {
    page(&request, &app, |app| {
        let estate = app.estate()?;
        let runs = app.store.runs(&app.scope())?;
        let newest: Vec<RunHeader> = runs.iter().take(RUNS_SHOWN).cloned().collect();
        let mut unknown = unknowns(&estate);
        unknown.rows.truncate(UNKNOWNS_SHOWN);
        "What is least known".clone_into(&mut unknown.caption);
        let run_table = runs_table(&newest);
        let view = context! {
            is_empty => estate.version() == 0,
            census => view_of(census(&estate)),
            clauses => view_of(clauses(&estate, runs.first())),
            unknowns => view_of(Shown::plain(&unknown, Some("/unknowns.csv".to_owned()))),
            runs => view_of(super::scenario::dressed_runs(&run_table, &newest, None)),
        };
        Ok(Page::new("home.html", "Overview", view))
    })
    .await
}

pub(crate) async fn unknowns_file(app: web::Data<App>) -> Result<HttpResponse, Problem> {
    csv(&app, |app| Ok(unknowns(&*app.estate()?))).await
}

fn figure(number: impl Into<String>, label: &str, note: impl Into<String>) -> Figure {
    Figure {
        number: number.into(),
        label: label.to_owned(),
        note: note.into(),
        kind: "",
        href: None,
    }
}

fn count(count: usize) -> String {
    grouped(count as f64, 0)
}

fn census(estate: &Estate) -> Vec<Figure> {
    let sites: Vec<&Site> = estate.register().sites().collect();
    let with = |status: SiteStatus| {
        sites.iter().filter(|site| !site.is_aggregate() && site.status() == status).count()
    };
    let aggregates = sites.iter().filter(|site| site.is_aggregate()).count();
    let unlocated = estate.standing().filter(|site| site.location().is_none()).count();
    let tenancies = estate.register().tenancies().filter(|tenancy| tenancy.is_open()).count();
    let mut figures = vec![
        figure(
            count(with(SiteStatus::Open)),
            "open sites",
            format!(
                "{} unoccupied, {} closed",
                count(with(SiteStatus::Unoccupied)),
                count(with(SiteStatus::Closed))
            ),
        ),
        figure(count(tenancies), "open tenancies", "services that occupy space, and may move"),
        figure(
            count(estate.boroughs.len()),
            "boroughs",
            format!("in {} integrated care boards", count(estate.icbs.len())),
        ),
    ];
    if unlocated + aggregates > 0 {
        let mut figure = figure(
            count(unlocated),
            "sites not located",
            format!("and {} rows that pool small sites", count(aggregates)),
        );
        figure.kind = "unknown";
        figures.push(figure);
    }
    figures
}

fn clauses(estate: &Estate, newest: Option<&RunHeader>) -> Vec<Clause> {
    let standing: Vec<&Site> = estate.standing().collect();
    vec![
        Clause { title: "Modern and fit for purpose", figures: quality(&standing, estate) },
        Clause { title: "Within reach, and can be got into", figures: access(&standing, estate) },
        Clause { title: "Used well", figures: use_of_space(&standing) },
        Clause { title: "Consolidated or sold", figures: consolidation(&standing) },
        Clause { title: "A fund for local priorities", figures: fund(newest) },
    ]
}

fn unknown_of(unknown: usize, all: usize) -> String {
    if unknown == 0 {
        format!("known for all {} sites", count(all))
    } else {
        format!("not known for {} of {} sites", count(unknown), count(all))
    }
}

fn quality(sites: &[&Site], estate: &Estate) -> Vec<Figure> {
    let known: Vec<Pence> = sites.iter().filter_map(|site| site.backlog().get().copied()).collect();
    let total: Pence = known.iter().copied().sum();
    let scores =
        || sites.iter().filter_map(|site| estate.judged(&site.code)).map(|judged| judged.condition);
    let poor = scores().filter(|score| score.high < 50.0).count();
    let unsure = scores().filter(|score| score.low < 50.0 && score.high >= 50.0).count();
    vec![
        figure(
            money(total),
            "backlog, to reach condition B",
            unknown_of(sites.len() - known.len(), sites.len()),
        ),
        figure(
            count(poor),
            "sites surely below 50 for condition",
            format!("{} more may be: too little is known", count(unsure)),
        ),
    ]
}

fn access(sites: &[&Site], estate: &Estate) -> Vec<Figure> {
    let words: Vec<&str> =
        sites.iter().filter_map(|site| estate.judged(&site.code)).map(gate_word).collect();
    let with = |word: &str| words.iter().filter(|w| **w == word).count();
    let open_items: usize = sites
        .iter()
        .filter_map(|site| estate.judged(&site.code))
        .map(|judged| judged.count(GateState::Unknown))
        .sum();
    let mut pass = figure(
        count(with("pass")),
        "sites pass every must-pass access item",
        format!("of {}", count(sites.len())),
    );
    pass.href = Some("/sites?gates=pass");
    let mut fail = figure(count(with("fail")), "sites fail at least one", "");
    fail.href = Some("/sites?gates=fail");
    fail.kind = "bad";
    let mut unsure = figure(
        count(with("unknown")),
        "sites not known to pass",
        format!("{} answers to survey", count(open_items)),
    );
    unsure.href = Some("/sites?gates=unknown");
    unsure.kind = "unknown";
    vec![pass, fail, unsure]
}

fn use_of_space(sites: &[&Site]) -> Vec<Figure> {
    let sum = |field: Field| -> (f64, usize) {
        let known: Vec<f64> =
            sites.iter().filter_map(|site| site.area(field)).map(|m2| m2.0).collect();
        (known.iter().sum(), sites.len() - known.len())
    };
    let (gross, gross_unknown) = sum(Field::GrossInternalArea);
    let (empty, empty_unknown) = sum(Field::EmptyArea);
    let (under, under_unknown) = sum(Field::UnderUsedArea);
    vec![
        figure(
            format!("{} m²", grouped(gross, 0)),
            "gross internal area",
            unknown_of(gross_unknown, sites.len()),
        ),
        figure(
            format!("{} m²", grouped(empty, 0)),
            "empty",
            unknown_of(empty_unknown, sites.len()),
        ),
        figure(
            format!("{} m²", grouped(under, 0)),
            "under-used",
            unknown_of(under_unknown, sites.len()),
        ),
    ]
}

fn consolidation(sites: &[&Site]) -> Vec<Figure> {
    let land: Vec<f64> =
        sites.iter().filter_map(|site| site.land(Field::SurplusLand)).map(|ha| ha.0).collect();
    let tenure_known = sites.iter().filter(|site| site.tenure().is_some()).count();
    let freehold = sites
        .iter()
        .filter(|site| site.tenure() == Some(crate::register::Tenure::Freehold))
        .count();
    vec![
        figure(
            format!("{} ha", grouped(land.iter().sum(), 1)),
            "land that delivers no services",
            unknown_of(sites.len() - land.len(), sites.len()),
        ),
        figure(
            count(freehold),
            "freehold sites",
            unknown_of(sites.len() - tenure_known, sites.len()),
        ),
    ]
}

fn fund(newest: Option<&RunHeader>) -> Vec<Figure> {
    let Some(run) = newest else {
        return vec![figure(
            "None",
            "scenarios run yet",
            "a scenario asks what the estate could release",
        )];
    };
    let to_fund = run.to_fund.map_or("Not known".to_owned(), money);
    vec![
        figure(
            to_fund,
            "to the fund in the newest run",
            format!("{}: {}", run.name, super::scenario::status_words(run.status)),
        ),
        figure(
            run.npsv.map_or("Not known".to_owned(), money),
            "net present social value",
            "over the horizon, against staying as today",
        ),
    ]
}

/// `£12.3m`: money at a glance. Tables give it to the penny.
pub(super) fn money(pence: Pence) -> String {
    let pounds = pence.as_pounds();
    let sign = if pounds < 0.0 { "-" } else { "" };
    match pounds.abs() {
        p if p >= 1e9 => format!("{sign}£{:.2}bn", p / 1e9),
        p if p >= 1e6 => format!("{sign}£{:.1}m", p / 1e6),
        p if p >= 1e4 => format!("{sign}£{:.0}k", p / 1e3),
        p => format!("{sign}£{}", grouped(p, 0)),
    }
}

/// How many standing sites each fact is not known for, most first.
fn unknowns(estate: &Estate) -> Table {
    let columns = [
        ("field", "Fact", false),
        ("sites_unknown", "Sites it is not known for", true),
        ("share_unknown_percent", "Share (%)", true),
    ];
    let sites: Vec<&Site> = estate.standing().collect();
    let mut rows: Vec<(usize, Field)> = Field::of(Subject::Site)
        .filter(|field| *field != Field::ClosedOn && *field != Field::IsAggregate)
        .map(|field| (sites.iter().filter(|site| site.known(field).is_none()).count(), field))
        .filter(|(unknown, _)| *unknown > 0)
        .collect();
    rows.sort_by_key(|(unknown, field)| (std::cmp::Reverse(*unknown), *field));
    Table::new("unknowns", "What is not known", &columns).with(rows.into_iter().map(
        |(unknown, field)| {
            let share = 100.0 * unknown as f64 / (sites.len().max(1)) as f64;
            vec![Cell::text(field.label()), Cell::count(unknown as u64), Cell::Number(share, 0)]
        },
    ))
}
