//! Travel times: what is kept, and the form that makes more of it.

use actix_multipart::Multipart;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::{accepted, answer};
use crate::import::travel::{Kept, kept};
use crate::web::app::{App, aside};
use crate::web::pages;
use crate::web::pages::form::Form;
use crate::web::problem::Problem;
use crate::web::{travel, upload};

/// Street networks and minutes that the register keeps.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TravelList {
    kept: Vec<KeptTravel>,
}

/// A street network, or minutes of one way to travel.
#[derive(Debug, Serialize, ToSchema)]
struct KeptTravel {
    /// `walk`, `step_free_walk`, `drive`, `public_transport` or `step_free_public_transport`.
    mode: &'static str,
    /// `streets`, `timetable` (all trips of the file; `rows` counts them), `minutes` or `late minutes`, which nine departures in ten are no worse than.
    what: &'static str,
    /// Streets between junctions, or pairs of zone and site.
    rows: u64,
    #[schema(format = Date)]
    as_of: String,
    source: String,
    /// SHA-256 of what is kept.
    hash: String,
}

impl From<Kept> for KeptTravel {
    fn from(kept: Kept) -> Self {
        Self {
            mode: kept.mode.key(),
            what: kept.what,
            rows: kept.reference.rows,
            as_of: kept.reference.as_of.to_string(),
            source: kept.reference.source,
            hash: kept.reference.hash,
        }
    }
}

/// What is kept of travel. Where a way to travel has no minutes, journeys are straight lines and say so.
#[utoipa::path(get, path = "/api/v1/travel", tag = "Access",
    responses((status = 200, description = "Networks and minutes", body = TravelList)))]
pub(super) async fn list(app: web::Data<App>) -> Result<HttpResponse, Problem> {
    answer(&app, |app| {
        let kept = kept(&*app.store.snapshot(&app.scope())?);
        Ok(TravelList { kept: kept.into_iter().map(KeptTravel::from).collect() })
    })
    .await
}

/// What is kept of travel as CSV, the same file as the page's.
#[utoipa::path(get, path = "/api/v1/travel.csv", tag = "Access",
    responses((status = 200, description = "A row a network or matrix", body = String, content_type = "text/csv")))]
pub(super) async fn file(app: web::Data<App>) -> Result<HttpResponse, Problem> {
    pages::travel::file(app).await
}

/// The form of travel times.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the form for the document; the form is read part by part")]
pub(super) struct TravelForm {
    /// `streets`: networks from an `.osm.pbf` map, and their minutes. `timetable`: minutes by public transport, from a
    /// GTFS zip and the streets kept. `matrix`: a router's minutes, CSV or Parquet. `again`: the minutes of the streets
    /// kept, and of the timetable kept where no one mode is singled out, once more, as after sites have moved; takes no
    /// file.
    task: String,
    /// The map, timetable or matrix.
    #[schema(value_type = Option<String>, content_media_type = "application/octet-stream")]
    files: Option<Vec<u8>>,
    /// What results call it; its file's name where not given.
    source: Option<String>,
    /// The day the file describes, such as `2026-03-31`. Needed with a file.
    as_of: Option<String>,
    /// Minutes beyond which no journey is looked for, from 1 to 1,440; 60 where not given.
    limit: Option<f64>,
    /// `walk`, `step_free_walk` or `drive`, one part each. Needed for `streets`; for `again`, all kept where not given.
    modes: Option<Vec<String>>,
    /// For `streets`: a speed table of your own, whole, in TOML.
    speeds: Option<String>,
    /// For `timetable`: the day travelled.
    date: Option<String>,
    /// For `timetable`: first and last departure, such as `08:15-09:15`; one is asked for each minute.
    window: Option<String>,
    /// For `timetable`: changes at most, 0 to 6; 2 where not given.
    changes: Option<u8>,
    /// For `matrix`: how people travel in it, as in the list. Where the file has a column `mode`, rows of another mode are
    /// faults.
    mode: Option<String>,
    /// For `matrix`: what it means that a pair has no row: `beyond-limit`, `unreachable` or `not-computed`.
    absent: Option<String>,
    /// For `matrix`: `true` takes the good rows of a file with faults.
    accept_faults: Option<String>,
}

/// Makes minutes as a job, whose report tells what they rest on. They are kept with their networks as one register
/// version, or nothing is.
#[utoipa::path(post, path = "/api/v1/travel", tag = "Access",
    params(("X-Requested-With" = Option<String>, Header, description = "Any value; needed where no Origin is sent")),
    request_body(content = TravelForm, content_type = "multipart/form-data"),
    responses((status = 202, description = "Taken on: follow the job", body = super::jobs::Job,
        headers(("Location" = String, description = "The job")))))]
pub(super) async fn send(
    request: HttpRequest,
    app: web::Data<App>,
    parts: Multipart,
) -> Result<HttpResponse, Problem> {
    let sent = upload::of_program(&request, parts, app.upload_limit).await?;
    let mut form = Form::of(sent.values);
    let author = app.scope().principal().to_owned();
    let Some(wanted) = travel::request(&mut form, sent.files, &author)? else {
        return Err(Problem::Invalid { faults: form.faults() });
    };
    let job = aside(&app, move |app| Ok(app.jobs.start_travel(&app.scope(), wanted)?)).await?;
    accepted(&app, job).await
}
