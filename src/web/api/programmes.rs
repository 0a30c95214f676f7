//! Programmes of a run: asking for one, and the answers as the page's tables.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::ask::{Members, document};
use super::view::{Gbp, Rows, finite, rows, utc};
use super::{accepted, answer};
use crate::config;
use crate::scenario::RunStatus;
use crate::scenario::programme::{Aim, Levers, Programme, ProgrammeError, Step};
use crate::store::{DocumentHeader, DocumentId, RunId};
use crate::web::app::{App, aside};
use crate::web::pages;
use crate::web::problem::Problem;

/// Programmes of a run, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ProgrammeList {
    programmes: Vec<Header>,
}

/// A programme at a glance.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProgrammeHead)]
struct Header {
    id: u64,
    href: String,
    run: Option<u64>,
    name: String,
    author: String,
    #[schema(format = DateTime)]
    at: String,
    /// SHA-256 over the document before and all of this one.
    hash: String,
}

impl From<DocumentHeader> for Header {
    fn from(header: DocumentHeader) -> Self {
        Self {
            id: header.id.0,
            href: format!("/api/v1/programmes/{}", header.id.0),
            run: header.run.map(|run| run.0),
            name: header.title,
            author: header.author,
            at: utc(header.at),
            hash: header.hash,
        }
    }
}

/// Programmes of a run, newest first.
#[utoipa::path(get, path = "/api/v1/runs/{id}/programmes", tag = "Scenarios",
    params(("id" = u64, Path, description = "Number of the run")),
    responses((status = 200, description = "Programmes", body = ProgrammeList)))]
pub(super) async fn list(app: web::Data<App>, id: web::Path<u64>) -> Result<HttpResponse, Problem> {
    let id = RunId(*id);
    answer(&app, move |app| {
        app.store.run_header(&app.scope(), id)?;
        let found = app.store.programmes(&app.scope(), id)?;
        Ok(ProgrammeList { programmes: found.into_iter().map(Header::from).collect() })
    })
    .await
}

/// What a programme is asked for with; every member is optional.
#[derive(ToSchema)]
#[schema(as = ProgrammeAsked)]
#[expect(dead_code, reason = "describes the body for the document; the body is read by hand")]
pub(super) struct Body {
    /// `quarter` or `year`.
    step: Option<String>,
    /// `value`, or `earliest` with a target.
    aim: Option<String>,
    #[schema(value_type = Option<f64>)]
    target_pounds: Option<Value>,
    #[schema(value_type = Option<f64>)]
    opening_pounds: Option<Value>,
    /// How far below zero the fund may go.
    #[schema(value_type = Option<f64>)]
    working_capital_pounds: Option<Value>,
    /// Works schemes that can be under way at once.
    #[schema(minimum = 1)]
    crews: Option<u32>,
    #[schema(value_type = Option<f64>)]
    capital_per_year_pounds: Option<Value>,
    #[schema(minimum = 1, maximum = 60)]
    years: Option<u8>,
    #[schema(minimum = 0, maximum = 1)]
    gap: Option<f64>,
    #[schema(minimum = 1, maximum = 86_400)]
    time_limit_seconds: Option<f64>,
    seed: Option<u32>,
}

/// Asks for a programme as a job.
#[utoipa::path(post, path = "/api/v1/runs/{id}/programmes", tag = "Scenarios",
    params(("id" = u64, Path, description = "Number of the run")),
    request_body(content = Body),
    responses((status = 202, description = "Taken on: follow the job", body = super::jobs::Job,
        headers(("Location" = String, description = "The job")))))]
pub(super) async fn ask(
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<u64>,
    body: web::Payload,
) -> Result<HttpResponse, Problem> {
    let id = RunId(*id);
    let members = Members::of(document(&request, body).await?)?;
    let job = aside(&app, move |app| {
        let levers = read(members, pages::programme::defaults(app, id)?)?;
        let scope = app.scope();
        let shipped = config::assumptions().map_err(Problem::internal)?;
        Ok(app.jobs.start_programme(&scope, id, levers, shipped, scope.principal())?)
    })
    .await?;
    accepted(&app, job).await
}

fn read(mut members: Members, mut levers: Levers) -> Result<Levers, Problem> {
    fn put<T>(place: &mut T, value: Option<T>) {
        if let Some(value) = value {
            *place = value;
        }
    }
    put(
        &mut levers.step,
        members.read("step", |value| match value.as_str() {
            Some("quarter") => Ok(Step::Quarter),
            Some("year") => Ok(Step::Year),
            _ => Err("is quarter or year".to_owned()),
        }),
    );
    put(
        &mut levers.aim,
        members.read("aim", |value| match value.as_str() {
            Some("value") => Ok(Aim::Value),
            Some("earliest") => Ok(Aim::Earliest),
            _ => Err("is value or earliest".to_owned()),
        }),
    );
    put(&mut levers.target, members.money("target_pounds"));
    put(&mut levers.opening, members.money("opening_pounds"));
    put(&mut levers.working_capital, members.money("working_capital_pounds"));
    put(&mut levers.capital_per_year, members.money("capital_per_year_pounds").map(Some));
    let small = |number: Option<u64>| number.and_then(|number| u32::try_from(number).ok());
    put(&mut levers.crews, small(members.whole("crews", 1, 10_000)));
    let years = members.whole("years", 1, 60).and_then(|years| u8::try_from(years).ok());
    put(&mut levers.years, years);
    put(&mut levers.gap, members.number("gap", 0.0, 1.0));
    put(&mut levers.time_limit_seconds, members.number("time_limit_seconds", 1.0, 86_400.0));
    put(&mut levers.seed, small(members.whole("seed", 0, u64::from(u32::MAX))));
    for fault in levers.faults() {
        if let ProgrammeError::BadLever { field, found, wanted } = fault {
            members.refuse(field, format!("{field} is {found}, which is not {wanted}"));
        }
    }
    members.end()?;
    Ok(levers)
}

/// A programme, whole.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WholeProgramme {
    id: u64,
    run: u64,
    page: String,
    name: String,
    author: String,
    #[schema(format = DateTime)]
    at: String,
    /// `optimal`, `within_gap`, `stopped`, `infeasible` or `nothing_found`.
    #[schema(value_type = String)]
    status: RunStatus,
    gap: Option<f64>,
    seconds: f64,
    /// Rules not kept, by the independent check.
    breaches: Vec<String>,
    /// Where no order is possible: what clashes, and what would help.
    clash: Vec<String>,
    /// Working capital found to be enough, where too little is allowed.
    #[schema(value_type = Option<f64>)]
    working_capital_enough_gbp: Option<Gbp>,
    #[schema(value_type = Option<f64>)]
    npsv_gbp: Option<Gbp>,
    /// Every action at its own best date.
    #[schema(value_type = Option<f64>)]
    npsv_unordered_gbp: Option<Gbp>,
    /// The difference of the two.
    #[schema(value_type = Option<f64>)]
    price_of_order_gbp: Option<Gbp>,
    /// Period at whose end the target is reached, in words.
    target_reached: Option<String>,
    programme: Rows,
    stages: Rows,
    periods: Rows,
    critical: Rows,
}

impl WholeProgramme {
    fn of(id: DocumentId, run: RunId, made: &Programme) -> Result<Self, Problem> {
        let table = |name: &str| pages::programme::table_of(made, name).map(|table| rows(&table));
        Ok(Self {
            id: id.0,
            run: run.0,
            page: format!("/programmes/{}", id.0),
            name: made.name.clone(),
            author: made.author.clone(),
            at: utc(made.at),
            status: made.status,
            gap: finite(made.gap),
            seconds: made.seconds,
            breaches: made.breaches.clone(),
            clash: made.clash.clone(),
            working_capital_enough_gbp: made.capital_enough.map(Gbp),
            npsv_gbp: made.npsv.map(Gbp),
            npsv_unordered_gbp: made.npsv_unordered.map(Gbp),
            price_of_order_gbp: made.price_of_order().map(Gbp),
            target_reached: made.target_reached.map(|period| made.period_words(period)),
            programme: table("programme")?,
            stages: table("stages")?,
            periods: table("periods")?,
            critical: table("critical")?,
        })
    }
}

/// A programme, whole.
#[utoipa::path(get, path = "/api/v1/programmes/{id}", tag = "Scenarios",
    params(("id" = u64, Path, description = "Number of the programme")),
    responses((status = 200, description = "The programme", body = WholeProgramme)))]
pub(super) async fn show(app: web::Data<App>, id: web::Path<u64>) -> Result<HttpResponse, Problem> {
    let id = DocumentId(*id);
    answer(&app, move |app| {
        let (run, made) = app.store.programme(&app.scope(), id)?;
        WholeProgramme::of(id, run, &made)
    })
    .await
}

/// A table of a programme as CSV, the same file as the page's.
#[utoipa::path(get, path = "/api/v1/programmes/{id}/{table}.csv", tag = "Scenarios",
    params(
        ("id" = u64, Path, description = "Number of the programme"),
        ("table" = String, Path, description = "`programme`, `stages`, `periods`, `critical` or `ledger`"),
    ),
    responses((status = 200, description = "The table", body = String, content_type = "text/csv")))]
pub(super) async fn file(
    app: web::Data<App>,
    path: web::Path<(u64, String)>,
) -> Result<HttpResponse, Problem> {
    pages::programme::file(app, path).await
}

/// The evidence bundle of a run: a page that prints, a CSV a table, and a manifest with hashes.
#[utoipa::path(get, path = "/api/v1/runs/{id}/evidence.zip", tag = "Scenarios",
    params(("id" = u64, Path, description = "Number of the run")),
    responses((status = 200, description = "The bundle", body = Vec<u8>, content_type = "application/zip")))]
pub(super) async fn evidence(
    app: web::Data<App>,
    id: web::Path<u64>,
) -> Result<HttpResponse, Problem> {
    pages::programme::evidence(app, id).await
}
