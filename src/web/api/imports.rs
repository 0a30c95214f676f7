//! Imports: files into the register, and each report with its faults by cell.

use actix_multipart::Multipart;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::ask::Asked;
use super::view::utc;
use super::{accepted, answer};
use crate::import::{Fault, ImportReport, OffNetwork};
use crate::store::{ImportHeader, ImportId};
use crate::web::app::{App, aside};
use crate::web::pages;
use crate::web::pages::form::Form;
use crate::web::problem::Problem;
use crate::web::upload;

const LIMIT: usize = 100;

/// The newest imports.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ImportList {
    imports: Vec<Header>,
}

/// An import without its faults.
#[derive(Debug, Serialize, ToSchema)]
struct Header {
    id: u64,
    href: String,
    kind: &'static str,
    files: Vec<String>,
    author: String,
    #[schema(format = DateTime)]
    at: String,
    rows: u64,
    changes: u64,
    faults: u64,
    /// Register version made; null where nothing changed.
    version: Option<u64>,
}

impl From<ImportHeader> for Header {
    fn from(header: ImportHeader) -> Self {
        Self {
            id: header.id.0,
            href: href(header.id),
            kind: header.kind.key(),
            files: header.files,
            author: header.author,
            at: utc(header.at),
            rows: header.rows,
            changes: header.changes,
            faults: header.faults,
            version: header.version,
        }
    }
}

/// The address of a report.
pub(super) fn href(id: ImportId) -> String {
    format!("/api/v1/imports/{}", id.0)
}

/// The newest imports, newest first.
#[utoipa::path(get, path = "/api/v1/imports", tag = "Imports",
    params(("limit" = Option<u64>, Query, minimum = 1, maximum = 1000, description = "100 where not given")),
    responses((status = 200, description = "Imports", body = ImportList)))]
pub(super) async fn list(
    request: HttpRequest,
    app: web::Data<App>,
) -> Result<HttpResponse, Problem> {
    let mut asked = Asked::of(&request)?;
    let limit = asked.count("limit", 1, 1000).unwrap_or(LIMIT);
    asked.end()?;
    answer(&app, move |app| {
        let imports = app.store.imports(&app.scope(), limit)?;
        Ok(ImportList { imports: imports.into_iter().map(Header::from).collect() })
    })
    .await
}

/// The form of an import.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the form for the document; the form is read part by part")]
pub(super) struct ImportForm {
    /// What the files are: `eric`, `epraccur`, `ebranchs`, `ets`, `etr`, `gp-patients`, `postcodes`, `zones`,
    /// `zone-outlines`, `borough-outlines`, `place`, `surplus-land`, `sites`, `tenancies` or `observations`.
    kind: String,
    /// One part a file.
    #[schema(value_type = Vec<String>, content_media_type = "application/octet-stream")]
    files: Vec<Vec<u8>>,
    /// A column mapping in TOML, as a file.
    #[schema(value_type = Option<String>, content_media_type = "application/toml")]
    mapping: Option<Vec<u8>>,
    /// What the files are called, for reference sets that do not say.
    source: Option<String>,
    /// The day they describe, such as `2025-03-31`, for reference sets that do not say. Spreadsheets have a column of it.
    as_of: Option<String>,
    /// Why, in words.
    reason: Option<String>,
    /// `true`: take the good rows of a file with faults. Otherwise a fault leaves everything as it was.
    accept_faults: Option<String>,
}

/// Takes files and imports them as a job, whose report tells every fault.
#[utoipa::path(post, path = "/api/v1/imports", tag = "Imports",
    params(("X-Requested-With" = Option<String>, Header, description = "Any value; needed where no Origin is sent")),
    request_body(content = ImportForm, content_type = "multipart/form-data"),
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
    let Some(import) = upload::request(&mut form, sent.files, sent.mapping.as_deref(), &author)
    else {
        return Err(Problem::Invalid { faults: form.faults() });
    };
    let job = aside(&app, move |app| Ok(app.jobs.start_import(&app.scope(), import)?)).await?;
    accepted(&app, job).await
}

/// What an import did.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Report {
    id: u64,
    kind: &'static str,
    files: Vec<String>,
    /// `applied`, `good_rows_applied`, `nothing_new` or `not_applied`.
    outcome: &'static str,
    /// Rows of data seen.
    rows: u64,
    /// Statements that alter the register.
    changes: u64,
    /// Statements that say what it already knew.
    unchanged: u64,
    /// Register version made; null where nothing changed.
    version: Option<u64>,
    notes: Vec<String>,
    faults: Vec<CellFault>,
    /// The faults as a file.
    faults_csv: String,
    /// Of travel times by street: zones and sites that the network does not reach, or only from afar.
    off_network: Vec<OffNetworkPlace>,
    /// The same as a file.
    off_network_csv: String,
}

/// A zone or site that a street network does not reach, or only from afar.
#[derive(Debug, Serialize, ToSchema)]
struct OffNetworkPlace {
    code: String,
    /// `walk`, `step_free_walk` or `drive`.
    mode: &'static str,
    /// Straight line to its nearest street, told and not travelled; null beyond 10 km.
    metres: Option<f64>,
    /// Whether its minutes were computed all the same.
    is_placed: bool,
    /// Whether its street is on a part cut off from the rest.
    is_on_island: bool,
}

impl From<OffNetwork> for OffNetworkPlace {
    fn from(place: OffNetwork) -> Self {
        let OffNetwork { mode, code, metres, is_placed, is_on_island } = place;
        Self { code, mode: mode.key(), metres, is_placed, is_on_island }
    }
}

/// A cell that was not accepted.
#[derive(Debug, Serialize, ToSchema)]
struct CellFault {
    file: String,
    sheet: Option<String>,
    /// As the file numbers them, the first line being 1; 0 for the file as a whole.
    row: u64,
    column: String,
    value: String,
    /// What would have been accepted.
    expected: String,
}

impl From<Fault> for CellFault {
    fn from(fault: Fault) -> Self {
        let Fault { file, sheet, row, column, value, expected } = fault;
        Self { file, sheet, row, column, value, expected }
    }
}

fn outcome(report: &ImportReport) -> &'static str {
    match (report.version, report.faults.is_empty()) {
        (Some(_), true) => "applied",
        (Some(_), false) => "good_rows_applied",
        (None, true) => "nothing_new",
        (None, false) => "not_applied",
    }
}

/// A report with every fault.
#[utoipa::path(get, path = "/api/v1/imports/{id}", tag = "Imports",
    params(("id" = u64, Path, description = "Number of the import")),
    responses((status = 200, description = "The report", body = Report)))]
pub(super) async fn show(app: web::Data<App>, id: web::Path<u64>) -> Result<HttpResponse, Problem> {
    let id = ImportId(*id);
    answer(&app, move |app| {
        let report = app.store.import_report(&app.scope(), id)?;
        Ok(Report {
            id: id.0,
            kind: report.kind.key(),
            outcome: outcome(&report),
            files: report.files,
            rows: report.rows,
            changes: report.changes,
            unchanged: report.unchanged,
            version: report.version,
            notes: report.notes,
            faults: report.faults.into_iter().map(CellFault::from).collect(),
            faults_csv: format!("{}/faults.csv", href(id)),
            off_network: report.off_network.into_iter().map(OffNetworkPlace::from).collect(),
            off_network_csv: format!("{}/off-network.csv", href(id)),
        })
    })
    .await
}

/// The faults as CSV, the same file as the page's.
#[utoipa::path(get, path = "/api/v1/imports/{id}/faults.csv", tag = "Imports",
    params(("id" = u64, Path, description = "Number of the import")),
    responses((status = 200, description = "A row a fault", body = String, content_type = "text/csv")))]
pub(super) async fn faults(
    app: web::Data<App>,
    id: web::Path<u64>,
) -> Result<HttpResponse, Problem> {
    pages::imports::faults_file(app, id).await
}

/// The places off the street network as CSV, the same file as the page's.
#[utoipa::path(get, path = "/api/v1/imports/{id}/off-network.csv", tag = "Imports",
    params(("id" = u64, Path, description = "Number of the import")),
    responses((status = 200, description = "A row a place", body = String, content_type = "text/csv")))]
pub(super) async fn off_network(
    app: web::Data<App>,
    id: web::Path<u64>,
) -> Result<HttpResponse, Problem> {
    pages::imports::off_network_file(app, id).await
}
