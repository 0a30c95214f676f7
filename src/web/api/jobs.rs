//! Long work: how far it is, and stopping it.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::answer;
use super::ask::check_sender;
use super::view::{finite, utc};
use crate::jobs::JobProgress;
use crate::store::JobId;
use crate::web::app::App;
use crate::web::problem::Problem;

/// A job.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Job {
    id: u64,
    pub(super) href: String,
    /// `run`, `import` or `study`.
    kind: &'static str,
    /// `queued`, `running`, `done`, `failed`, `cancelled` or `interrupted`.
    state: &'static str,
    /// Whether it will change no more.
    is_over: bool,
    /// Whether somebody asked it to stop.
    cancel_asked: bool,
    title: String,
    author: String,
    #[schema(format = DateTime)]
    queued_at: String,
    /// 0 to 100, where it can be told.
    percent: Option<f64>,
    message: String,
    seconds: f64,
    /// Objective of the best plan so far: of the model, never a reported pound.
    incumbent: Option<f64>,
    /// No plan can be better than this.
    bound: Option<f64>,
    /// Relative gap between the two, 0.01 is 1 %.
    gap: Option<f64>,
    /// A row an improvement, while it runs.
    history: Vec<Improvement>,
    /// The run it made.
    run: Option<Link>,
    /// The import it made; of a failed job, the report of why nothing was kept.
    import: Option<Link>,
    /// The study it made.
    study: Option<Link>,
    /// Post here to stop it.
    cancel: String,
}

/// The search at a moment.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Improvement {
    seconds: f64,
    incumbent: Option<f64>,
    bound: Option<f64>,
}

impl From<&(f64, Option<f64>, Option<f64>)> for Improvement {
    fn from((seconds, incumbent, bound): &(f64, Option<f64>, Option<f64>)) -> Self {
        Self { seconds: *seconds, incumbent: finite(*incumbent), bound: finite(*bound) }
    }
}

/// What a job made.
#[derive(Debug, Serialize, ToSchema)]
struct Link {
    id: u64,
    href: String,
    page: String,
}

impl From<JobProgress> for Job {
    fn from(job: JobProgress) -> Self {
        let href = format!("/api/v1/jobs/{}", job.id.0);
        let link = |kind: &str, id: u64| Link {
            id,
            href: format!("/api/v1/{kind}/{id}"),
            page: format!("/{kind}/{id}"),
        };
        Self {
            id: job.id.0,
            cancel: format!("{href}/cancel"),
            href,
            kind: job.kind.key(),
            state: job.state.key(),
            is_over: job.state.is_over(),
            cancel_asked: job.cancel_asked,
            title: job.title,
            author: job.author,
            queued_at: utc(job.queued_at),
            percent: finite(job.percent),
            message: job.message,
            seconds: job.seconds,
            incumbent: finite(job.incumbent),
            bound: finite(job.bound),
            gap: finite(job.gap),
            history: job.history.iter().map(Improvement::from).collect(),
            run: job.run.map(|id| link("runs", id.0)),
            import: job.import.map(|id| link("imports", id.0)),
            study: job.study.map(|id| link("studies", id.0)),
        }
    }
}

pub(super) fn find(app: &App, id: JobId) -> Result<Job, Problem> {
    Ok(app.jobs.progress(&app.scope(), id)?.into())
}

/// How far a job is, and what it made.
#[utoipa::path(get, path = "/api/v1/jobs/{id}", tag = "Jobs",
    params(("id" = u64, Path, description = "Number of the job")),
    responses((status = 200, description = "The job", body = Job)))]
pub(super) async fn show(app: web::Data<App>, id: web::Path<u64>) -> Result<HttpResponse, Problem> {
    let id = JobId(*id);
    answer(&app, move |app| find(app, id)).await
}

/// Asks a job to stop. A search that has a plan ends with it, and its run says `stopped`.
#[utoipa::path(post, path = "/api/v1/jobs/{id}/cancel", tag = "Jobs",
    params(
        ("id" = u64, Path, description = "Number of the job"),
        ("X-Requested-With" = Option<String>, Header, description = "Any value; needed where neither Origin nor JSON is sent"),
    ),
    responses((status = 200, description = "It was asked to stop", body = Job)))]
pub(super) async fn cancel(
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<u64>,
) -> Result<HttpResponse, Problem> {
    check_sender(&request)?;
    let id = JobId(*id);
    answer(&app, move |app| {
        let job = find(app, id)?;
        if job.is_over {
            return Err(Problem::Conflict {
                detail: format!("Job {} is over: {}.", id.0, job.state),
            });
        }
        app.jobs.cancel(&app.scope(), id)?;
        find(app, id)
    })
    .await
}
