//! Pages: each file takes what was asked, works out a view of plain structs, and has a template fill it in.

pub(super) mod access;
pub(super) mod catchments;
pub(super) mod checklist;
pub(super) mod compare;
pub(super) mod explore;
pub(super) mod files;
pub(super) mod form;
pub(super) mod fund;
pub(super) mod home;
pub(super) mod imports;
pub(super) mod jobs;
pub(super) mod map;
pub(super) mod parts;
pub(super) mod priorities;
pub(super) mod problems;
pub(super) mod programme;
pub(super) mod proposal;
pub(super) mod reference;
pub(super) mod register;
pub(super) mod scenario;
pub(super) mod site;
pub(super) mod standards;
pub(super) mod study;
pub(super) mod table;
pub(super) mod travel;

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, LOCATION};
use actix_web::{HttpRequest, HttpResponse, web};
use minijinja::{Value, context};
use serde::Serialize;

use super::app::{App, aside};
use super::guard;
use super::problem::Problem;
use crate::export::{self, Table};

/// The parts of the service, as the menu names them.
const MENU: &[(&str, &str)] = &[
    ("Overview", "/"),
    ("Register", "/sites"),
    ("Map", "/map"),
    ("Access", "/access"),
    ("Imports", "/imports"),
    ("Scenarios", "/scenarios"),
    ("Priorities", "/priorities"),
];

/// Plain structs as a template takes them.
pub(super) fn view_of(view: impl Serialize) -> Value {
    Value::from(minijinja::value::Serde(view))
}

/// A page: which template, what it is called, and what it shows.
pub(super) struct Page {
    template: &'static str,
    title: String,
    crumbs: Vec<(String, String)>,
    status: StatusCode,
    /// A page of something under way asks again by itself after this many seconds where scripts do not run.
    refresh: Option<u32>,
    view: Value,
}

impl Page {
    /// A page with a view.
    pub(super) fn new(
        template: &'static str,
        title: impl Into<String>,
        view: impl Serialize,
    ) -> Self {
        Self {
            template,
            title: title.into(),
            crumbs: Vec::new(),
            status: StatusCode::OK,
            refresh: None,
            view: view_of(view),
        }
    }

    /// Under another page.
    pub(super) fn under(mut self, text: impl Into<String>, href: impl Into<String>) -> Self {
        self.crumbs.push((text.into(), href.into()));
        self
    }

    /// With another status.
    pub(super) fn with_status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// Asking again by itself.
    pub(super) fn refreshed(mut self, seconds: u32) -> Self {
        self.refresh = Some(seconds);
        self
    }
}

/// What a page needs of its request.
#[derive(Debug, Clone)]
struct Asked {
    path: String,
    token: String,
}

impl Asked {
    fn of(request: &HttpRequest) -> Self {
        Self { path: request.path().to_owned(), token: guard::token(request) }
    }
}

/// Works a page out and fills it in, both off the network's threads.
pub(super) async fn page(
    request: &HttpRequest,
    app: &web::Data<App>,
    work: impl FnOnce(&App) -> Result<Page, Problem> + Send + 'static,
) -> Result<HttpResponse, Problem> {
    let asked = Asked::of(request);
    let (status, html) = aside(app, move |app| {
        let page = work(app)?;
        Ok((page.status, fill(app, &asked, page)?))
    })
    .await?;
    Ok(HttpResponse::build(status).content_type("text/html; charset=utf-8").body(html))
}

fn fill(app: &App, asked: &Asked, page: Page) -> Result<String, Problem> {
    // A page about a broken store must still be drawn.
    let estate = app.estate().ok();
    let crumbs: Vec<Value> =
        page.crumbs.iter().map(|(text, href)| context! { text => text, href => href }).collect();
    let is_here = |href: &str| {
        asked.path == href || (href != "/" && asked.path.starts_with(&format!("{href}/")))
    };
    let menu: Vec<Value> = MENU
        .iter()
        .map(|&(text, href)| context! { text => text, href => href, current => asked.path == href, active => is_here(href) })
        .collect();
    let shell = context! {
        title => page.title,
        crumbs => crumbs,
        menu => menu,
        refresh => page.refresh,
        token => asked.token.clone(),
        illustrative => estate.as_ref().is_some_and(|estate| estate.is_illustrative),
        version => estate.as_ref().map(|estate| estate.version()),
    };
    app.fill(page.template, context! { shell => shell, page => page.view })
}

/// The page of a problem, for people.
pub(super) async fn problem_page(
    request: &HttpRequest,
    app: &web::Data<App>,
    problem: &Problem,
) -> HttpResponse {
    let kind = problem.kind();
    let details = problem.details();
    let view = context! {
        kind => view_of(kind),
        detail => details.detail,
        faults => view_of(&details.faults),
        status => details.status,
    };
    let drawn = page(request, app, move |_| {
        Ok(Page::new("problem.html", kind.title, view).with_status(kind.status))
    });
    drawn.await.unwrap_or_else(|error| {
        tracing::error!(%error, "a problem's page could not be drawn");
        HttpResponse::build(kind.status)
            .content_type("text/plain; charset=utf-8")
            .body(format!("{}. {} {}\n", kind.title, kind.happened, kind.remedy))
    })
}

/// A table as a download.
pub(super) async fn csv(
    app: &web::Data<App>,
    work: impl FnOnce(&App) -> Result<Table, Problem> + Send + 'static,
) -> Result<HttpResponse, Problem> {
    let (name, text) = aside(app, |app| {
        let table = work(app)?;
        Ok((table.name.clone(), export::write(&table)))
    })
    .await?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/csv; charset=utf-8"))
        .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{name}.csv\"")))
        .body(text))
}

/// Goes on to another page after a form.
pub(super) fn see_other(href: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((LOCATION, href)).finish()
}
