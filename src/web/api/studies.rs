//! Studies: what a run was asked about itself, and asking.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::ask::{Members, document, quoted};
use super::view::utc;
use super::{accepted, answer};
use crate::export::study::{title, told};
use crate::register::SiteCode;
use crate::scenario::{Objective, Study, StudyQuestion};
use crate::store::{RunId, StudyHeader, StudyId};
use crate::web::app::{App, aside};
use crate::web::pages;
use crate::web::problem::Problem;

/// A question to a stored run.
#[derive(ToSchema)]
#[schema(as = StudyAsked)]
#[expect(dead_code, reason = "describes the body for the document; the body is read by hand")]
pub(super) struct Body {
    /// `why`, `why_site`, `frontier`, `portfolio` or `survey`.
    kind: String,
    /// Of `why_site`: the site's code.
    site: Option<String>,
    /// Of `frontier`: what is sought at each point. `fund_value`, `fund`, `people_worse_off`, `space_released`,
    /// `running_cost` or `travel`.
    sought: Option<String>,
    /// Of `frontier`: the other amount.
    against: Option<String>,
    /// Of `frontier`: points, 2 to 60; 12 where not given.
    points: Option<u64>,
    /// Of `portfolio`: plans, 2 to 50; 10 where not given.
    plans: Option<u64>,
    /// Of `portfolio`: how much worse than the best, 0 to 1; 0.01 where not given.
    within: Option<f64>,
}

/// The studies of a run, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct StudyList {
    run: u64,
    studies: Vec<Head>,
}

/// A study at a glance.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StudyHead)]
struct Head {
    id: u64,
    href: String,
    page: String,
    /// `why`, `why_site`, `frontier`, `portfolio` or `survey`.
    kind: String,
    name: String,
    author: String,
    #[schema(format = DateTime)]
    at: String,
    seconds: f64,
}

impl From<StudyHeader> for Head {
    fn from(study: StudyHeader) -> Self {
        Self {
            id: study.id.0,
            href: format!("/api/v1/studies/{}", study.id.0),
            page: format!("/studies/{}", study.id.0),
            kind: study.kind,
            name: study.name,
            author: study.author,
            at: utc(study.at),
            seconds: study.seconds,
        }
    }
}

/// A study, whole.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WholeStudy {
    id: u64,
    run: u64,
    title: String,
    /// What is to be known of the answer, in sentences.
    told: Vec<String>,
    author: String,
    #[schema(format = DateTime)]
    at: String,
    seconds: f64,
    /// It was stopped, or ran out of time, before everything was answered.
    is_cut_short: bool,
    /// As it was asked.
    #[schema(value_type = serde_json::Value)]
    question: StudyQuestion,
    /// By kind: `why` (rows of `site`, `name`, `tenancy`, `now`, `known`, `low`, `high`, `binds`, `changes`; costs in the
    /// unit of what the run seeks, by the search's own reckoning), `frontier` (points with their `run`, figures of
    /// that run's ledger), `portfolio` (plans, and how often each site closes), `survey` (what differs, and the items).
    #[schema(value_type = serde_json::Value)]
    answer: crate::scenario::StudyAnswer,
}

impl WholeStudy {
    fn of(id: StudyId, study: Study) -> Self {
        Self {
            id: id.0,
            run: study.run,
            title: title(&study),
            told: told(&study),
            author: study.author,
            at: utc(study.at),
            seconds: study.seconds,
            is_cut_short: study.is_cut_short,
            question: study.question,
            answer: study.answer,
        }
    }
}

/// What a run was asked about itself.
#[utoipa::path(get, path = "/api/v1/runs/{id}/studies", tag = "Scenarios",
    params(("id" = u64, Path, description = "Number of the run")),
    responses((status = 200, description = "Studies, newest first", body = StudyList)))]
pub(super) async fn list(app: web::Data<App>, id: web::Path<u64>) -> Result<HttpResponse, Problem> {
    let run = RunId(*id);
    answer(&app, move |app| {
        app.store.run_header(&app.scope(), run)?;
        let studies = app.store.studies(&app.scope(), run)?;
        Ok(StudyList { run: run.0, studies: studies.into_iter().map(Head::from).collect() })
    })
    .await
}

/// Asks a run about itself as a job, which ends in a study.
#[utoipa::path(post, path = "/api/v1/runs/{id}/studies", tag = "Scenarios",
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
    let run = RunId(*id);
    let question = read(Members::of(document(&request, body).await?)?)?;
    let job = aside(&app, move |app| {
        let scope = app.scope();
        Ok(app.jobs.start_study(&scope, run, question, scope.principal())?)
    })
    .await?;
    accepted(&app, job).await
}

fn read(mut members: Members) -> Result<StudyQuestion, Problem> {
    let kind = members.text("kind", 20).unwrap_or_default();
    let question = match kind.as_str() {
        "why" => Some(StudyQuestion::Why),
        "survey" => Some(StudyQuestion::Survey),
        "why_site" => {
            let site = members.read("site", |value| {
                let site = value.as_str().and_then(|text| text.parse::<SiteCode>().ok());
                site.ok_or_else(|| "is the code of a site".to_owned())
            });
            if site.is_none() {
                members.refuse("site", "site is the code of a site, and is needed");
            }
            site.map(|site| StudyQuestion::WhySite { site })
        }
        "frontier" => {
            let sought = members.read("sought", amount);
            let against = members.read("against", amount);
            let points = members.whole("points", 2, 60).and_then(|n| usize::try_from(n).ok());
            match (sought, against) {
                (Some(sought), Some(against)) if sought != against => {
                    let points = points.unwrap_or(12);
                    Some(StudyQuestion::Frontier { sought, against, points })
                }
                _ => {
                    members.refuse("against", "sought and against are two different amounts");
                    None
                }
            }
        }
        "portfolio" => {
            let plans = members.whole("plans", 2, 50).and_then(|n| usize::try_from(n).ok());
            let within = members.number("within", 0.0, 1.0).unwrap_or(0.01);
            Some(StudyQuestion::Portfolio { plans: plans.unwrap_or(10), within })
        }
        other => {
            let words = format!(
                "kind is why, why_site, frontier, portfolio or survey, and {} is none",
                quoted(other)
            );
            members.refuse("kind", words);
            None
        }
    };
    members.end()?;
    question.ok_or_else(|| Problem::bad_request("The question is not whole."))
}

fn amount(value: &Value) -> Result<Objective, String> {
    value.as_str().and_then(Objective::find).ok_or_else(|| {
        let known: Vec<&str> = Objective::ALL.iter().map(|amount| amount.key()).collect();
        format!("is one of {}", known.join(", "))
    })
}

/// A study, whole.
#[utoipa::path(get, path = "/api/v1/studies/{id}", tag = "Scenarios",
    params(("id" = u64, Path, description = "Number of the study")),
    responses((status = 200, description = "The study", body = WholeStudy)))]
pub(super) async fn show(app: web::Data<App>, id: web::Path<u64>) -> Result<HttpResponse, Problem> {
    let id = StudyId(*id);
    answer(&app, move |app| Ok(WholeStudy::of(id, app.store.study(&app.scope(), id)?))).await
}

/// A table of a study as CSV, the same file as the page's.
#[utoipa::path(get, path = "/api/v1/studies/{id}/{table}.csv", tag = "Scenarios",
    params(
        ("id" = u64, Path, description = "Number of the study"),
        ("table" = String, Path, description = "`why`, `changes`, `frontier`, `closing`, `plans` or `survey`"),
    ),
    responses((status = 200, description = "The table", body = String, content_type = "text/csv")))]
pub(super) async fn file(
    app: web::Data<App>,
    path: web::Path<(u64, String)>,
) -> Result<HttpResponse, Problem> {
    pages::study::file(app, path).await
}
