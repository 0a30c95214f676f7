//! Long work as a page: how far it is, and stopping it.

use actix_web::http::header::HeaderName;
use actix_web::{HttpRequest, HttpResponse, web};
use minijinja::{Value as View, context};
use serde::{Deserialize, Serialize};

use super::table::tag;
use super::{Page, page, see_other, view_of};
use crate::export::{Cell, grouped};
use crate::jobs::{JobError, JobProgress};
use crate::register::Pence;
use crate::store::{JobId, JobKind, JobState};
use crate::web::app::{App, aside};
use crate::web::draw;
use crate::web::guard;
use crate::web::problem::Problem;

/// Says where the job's answer is, to a script that follows it.
const NEXT: HeaderName = HeaderName::from_static("x-next");
/// A script asks for the part that changes, and is not sent elsewhere.
const PART: &str = "x-part";

#[derive(Debug, Serialize)]
struct Progress {
    title: String,
    state: View,
    percent: Option<u8>,
    message: String,
    seconds: String,
    plan: Option<String>,
    bound: Option<String>,
    gap: Option<String>,
    chart: Option<View>,
    is_over: bool,
    is_run: bool,
    words: String,
}

pub(crate) async fn show(
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<u64>,
) -> Result<HttpResponse, Problem> {
    let id = JobId(*id);
    let row = aside(&app, move |app| job(app, id)).await?;
    let next = next(&row);
    if let (Some(next), false) = (&next, request.headers().contains_key(PART)) {
        return Ok(see_other(next));
    }
    let is_over = row.state.is_over();
    let mut response = page(&request, &app, move |_| {
        let view = context! { id => row.id.0, progress => view_of(progress(&row)) };
        let (text, href) = match row.kind {
            JobKind::Import => ("Imports", "/imports"),
            JobKind::Run | JobKind::Study | JobKind::Programme => ("Scenarios", "/scenarios"),
        };
        let page =
            Page::new("job.html", row.title.clone(), view).under("Overview", "/").under(text, href);
        Ok(if is_over { page } else { page.refreshed(3) })
    })
    .await?;
    if let Some(next) = next.and_then(|next| next.parse().ok()) {
        response.headers_mut().insert(NEXT, next);
    }
    Ok(response)
}

#[derive(Debug, Deserialize)]
pub(crate) struct Signed {
    csrf: String,
}

pub(crate) async fn cancel(
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<u64>,
    form: web::Form<Signed>,
) -> Result<HttpResponse, Problem> {
    guard::check_form(&request, &form.csrf)?;
    let id = JobId(*id);
    aside(&app, move |app| {
        job(app, id)?;
        app.jobs.cancel(&app.scope(), id)?;
        Ok(())
    })
    .await?;
    Ok(see_other(&format!("/jobs/{}", id.0)))
}

pub(in crate::web) fn job(app: &App, id: JobId) -> Result<JobProgress, Problem> {
    app.jobs.progress(&app.scope(), id).map_err(Problem::from)
}

/// The page of what a job made.
fn next(row: &JobProgress) -> Option<String> {
    let run = row.run.map(|run| match row.kind {
        JobKind::Programme => format!("/runs/{}/programme", run.0),
        JobKind::Run | JobKind::Import | JobKind::Study => format!("/runs/{}", run.0),
    });
    let study = row.study.map(|study| format!("/studies/{}", study.0));
    run.or(study).or_else(|| row.import.map(|import| format!("/imports/{}", import.0)))
}

fn progress(row: &JobProgress) -> Progress {
    // Objectives are pounds of the model: good enough to watch the search by, never a reported pound.
    let number = |value: Option<f64>| value.filter(|v| v.is_finite()).map(|v| grouped(v, 0));
    let (colour, label) = state(row.state);
    let percent = row.percent.filter(|p| p.is_finite()).map(whole_percent);
    let words = match (row.state.is_over(), percent) {
        (true, _) => format!("{label}. {}", row.message),
        (false, Some(percent)) => format!("{percent} per cent. {}", row.message),
        (false, None) => row.message.clone(),
    };
    Progress {
        title: row.title.clone(),
        state: View::from_safe_string(tag(colour, label)),
        percent,
        message: row.message.clone(),
        seconds: Cell::Number(row.seconds, 0).shown(),
        plan: number(row.incumbent),
        bound: number(row.bound),
        gap: row.gap.filter(|gap| gap.is_finite()).map(|gap| format!("{:.2} %", gap * 100.0)),
        chart: draw::search(&row.history).map(View::from_safe_string),
        is_over: row.state.is_over(),
        is_run: row.kind != JobKind::Import,
        words,
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0 to 100")]
fn whole_percent(percent: f64) -> u8 {
    percent.clamp(0.0, 100.0).round() as u8
}

fn state(state: JobState) -> (&'static str, &'static str) {
    match state {
        JobState::Queued => ("grey", "Waiting"),
        JobState::Running => ("", "Under way"),
        JobState::Done => ("green", "Done"),
        JobState::Cancelled => ("orange", "Stopped"),
        JobState::Failed => ("red", "Failed"),
        JobState::Interrupted => ("red", "Interrupted"),
    }
}

/// Money of a run that may not be known.
pub(super) fn maybe_money(pence: Option<Pence>) -> Cell {
    pence.map_or(Cell::Unknown("not known"), Cell::Money)
}

impl From<JobError> for Problem {
    fn from(error: JobError) -> Self {
        match error {
            JobError::Store(error) => Self::from(error),
            JobError::Stopping => {
                Self::Busy { detail: "The service is stopping and takes no more work.".to_owned() }
            }
        }
    }
}
