//! Imports: the form, what was imported before, and each report with its faults by cell.

use actix_multipart::Multipart;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use minijinja::{Value as View, context};

use super::form::Form;
use super::register::Choice;
use super::table::{Dress, Shown, tag};
use super::{Page, csv, page, see_other, view_of};
use crate::export::{Cell, Table};
use crate::import::{Fault, ImportKind, ImportReport, OffNetwork};
use crate::store::{ImportHeader, ImportId};
use crate::web::app::{App, aside};
use crate::web::problem::Problem;
use crate::web::upload;

const IMPORTS_SHOWN: usize = 100;
/// More faults than this, and more places off the streets, are in their file only.
const ROWS_SHOWN: usize = 200;

pub(crate) async fn list(
    request: HttpRequest,
    app: web::Data<App>,
) -> Result<HttpResponse, Problem> {
    page(&request, &app, |app| form_page(app, &Form::default())).await
}

pub(crate) async fn send(
    request: HttpRequest,
    app: web::Data<App>,
    parts: Multipart,
) -> Result<HttpResponse, Problem> {
    let sent = upload::of_page(&request, parts, app.upload_limit).await?;
    let mut form = Form::of(sent.values);
    let author = app.scope().principal().to_owned();
    if let Some(import) = upload::request(&mut form, sent.files, sent.mapping.as_deref(), &author) {
        let job = aside(&app, move |app| Ok(app.jobs.start_import(&app.scope(), import)?)).await?;
        return Ok(see_other(&format!("/jobs/{}", job.0)));
    }
    page(&request, &app, move |app| {
        Ok(form_page(app, &form)?.with_status(StatusCode::UNPROCESSABLE_ENTITY))
    })
    .await
}

fn form_page(app: &App, form: &Form) -> Result<Page, Problem> {
    let imports = app.store.imports(&app.scope(), IMPORTS_SHOWN)?;
    let table = imports_table(&imports);
    let kinds = ImportKind::ALL.iter().map(|kind| (kind.key(), kind.label()));
    let view = context! {
        form => view_of(form),
        kinds => view_of(Choice::list("Choose what the file is", form.value("kind"), kinds)),
        imports => view_of(Shown::dressed(&table, Some("/imports.csv".to_owned()), |row, key, _| {
            let href = imports.get(row).filter(|_| key == "import").map(|header| upload::href(header.id));
            Dress { href, ..Dress::default() }
        })),
        limit_mb => app.upload_limit >> 20,
    };
    let title = if form.is_good() { "Imports" } else { "Error: Imports" };
    Ok(Page::new("imports.html", title, view).under("Overview", "/"))
}

pub(crate) async fn list_file(app: web::Data<App>) -> Result<HttpResponse, Problem> {
    csv(&app, |app| Ok(imports_table(&app.store.imports(&app.scope(), IMPORTS_SHOWN)?))).await
}

fn imports_table(imports: &[ImportHeader]) -> Table {
    let columns = [
        ("import", "Import", true),
        ("kind", "What", false),
        ("files", "Files", false),
        ("rows", "Rows", true),
        ("changes", "Changes", true),
        ("faults", "Faults", true),
        ("version", "Made version", true),
        ("author", "By", false),
        ("at", "When (UTC)", false),
    ];
    Table::new("imports", "Imports, newest first", &columns).with(imports.iter().map(|header| {
        vec![
            Cell::count(header.id.0),
            Cell::text(header.kind.label()),
            Cell::text(header.files.join(", ")),
            Cell::count(header.rows),
            Cell::count(header.changes),
            Cell::count(header.faults),
            header.version.map_or(Cell::Empty, Cell::count),
            Cell::text(&*header.author),
            Cell::Text(header.at.format("%Y-%m-%d %H:%M").to_string()),
        ]
    }))
}

pub(crate) async fn show(
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<u64>,
) -> Result<HttpResponse, Problem> {
    let id = ImportId(*id);
    page(&request, &app, move |app| {
        let report = app.store.import_report(&app.scope(), id)?;
        let (faults, hidden) = shortened(faults_table(&report.faults));
        let (off_network, hidden_places) = shortened(off_network_table(&report.off_network));
        let (colour, words) = outcome(&report);
        let view = context! {
            kind => report.kind.label(),
            files => report.files,
            outcome => View::from_safe_string(tag(colour, words)),
            rows => report.rows,
            changes => report.changes,
            unchanged => report.unchanged,
            version => report.version,
            notes => report.notes,
            is_refused => report.version.is_none() && !report.faults.is_empty(),
            fault_count => report.faults.len(),
            hidden => hidden,
            faults => view_of(Shown::plain(&faults, Some(format!("/imports/{}/faults.csv", id.0)))),
            off_network => (!off_network.rows.is_empty()).then(|| {
                view_of(Shown::plain(&off_network, Some(format!("/imports/{}/off-network.csv", id.0))))
            }),
            hidden_places => hidden_places,
        };
        let title = format!("Import {}: {}", id.0, report.kind.label());
        Ok(Page::new("import.html", title, view)
            .under("Overview", "/")
            .under("Imports", "/imports"))
    })
    .await
}

/// The first rows, and how many there are more.
fn shortened(mut table: Table) -> (Table, usize) {
    let hidden = table.rows.len().saturating_sub(ROWS_SHOWN);
    table.rows.truncate(ROWS_SHOWN);
    (table, hidden)
}

pub(crate) async fn faults_file(
    app: web::Data<App>,
    id: web::Path<u64>,
) -> Result<HttpResponse, Problem> {
    file_of(app, *id, "faults", |report| faults_table(&report.faults)).await
}

pub(crate) async fn off_network_file(
    app: web::Data<App>,
    id: web::Path<u64>,
) -> Result<HttpResponse, Problem> {
    file_of(app, *id, "off-network", |report| off_network_table(&report.off_network)).await
}

/// A table of an import's report, as a file.
async fn file_of(
    app: web::Data<App>,
    id: u64,
    what: &'static str,
    table: fn(&ImportReport) -> Table,
) -> Result<HttpResponse, Problem> {
    csv(&app, move |app| {
        let report = app.store.import_report(&app.scope(), ImportId(id))?;
        Ok(Table { name: format!("import-{id}-{what}"), ..table(&report) })
    })
    .await
}

fn off_network_table(places: &[OffNetwork]) -> Table {
    let columns = [
        ("code", "Zone or site", false),
        ("mode", "Network", false),
        ("metres", "Straight-line metres to its nearest street", true),
        ("minutes", "Minutes", false),
    ];
    Table::new("off-network", "Places off the street network", &columns).with(places.iter().map(
        |place| {
            vec![
                Cell::text(&*place.code),
                Cell::text(place.mode.label()),
                place.metres.map_or(Cell::Unknown("more than 10 km"), |m| Cell::Number(m, 0)),
                Cell::text(match (place.is_placed, place.is_on_island) {
                    (false, _) => "Not computed: too far from any street",
                    (true, true) => "From its street, on a part cut off from the rest",
                    (true, false) => "From its street",
                }),
            ]
        },
    ))
}

fn outcome(report: &ImportReport) -> (&'static str, &'static str) {
    match (report.version, report.faults.is_empty()) {
        (Some(_), true) => ("green", "Applied"),
        (Some(_), false) => ("orange", "Good rows applied"),
        (None, true) => ("grey", "Nothing new"),
        (None, false) => ("red", "Not applied"),
    }
}

pub(in crate::web) fn faults_table(faults: &[Fault]) -> Table {
    let columns = [
        ("file", "File", false),
        ("sheet", "Sheet", false),
        ("row", "Row", true),
        ("column", "Column", false),
        ("value", "Value", false),
        ("expected", "What was expected", false),
    ];
    Table::new("faults", "Faults", &columns).with(faults.iter().map(|fault| {
        vec![
            Cell::text(&*fault.file),
            Cell::text(fault.sheet.clone().unwrap_or_default()),
            Cell::count(fault.row),
            Cell::text(&*fault.column),
            Cell::text(&*fault.value),
            Cell::text(&*fault.expected),
        ]
    }))
}
