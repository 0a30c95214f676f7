//! Travel times: what is kept, and the form that makes more of it.

use actix_multipart::Multipart;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use minijinja::context;

use super::form::Form;
use super::register::Choice;
use super::table::Shown;
use super::{Page, csv, page, see_other, view_of};
use crate::import::travel::{STREETS, kept};
use crate::travel::{Missing, Mode};
use crate::web::app::{App, aside};
use crate::web::problem::Problem;
use crate::web::{travel, upload};

pub(crate) async fn show(
    request: HttpRequest,
    app: web::Data<App>,
) -> Result<HttpResponse, Problem> {
    let shipped =
        [("task", "streets"), ("limit", "60"), ("window", "08:15-09:15"), ("changes", "2")];
    let modes = STREETS.map(|mode| ("modes", mode.key()));
    let values = shipped.into_iter().chain(modes);
    let form = Form::of(values.map(|(name, value)| (name.to_owned(), value.to_owned())));
    page(&request, &app, move |app| form_page(app, &form)).await
}

pub(crate) async fn send(
    request: HttpRequest,
    app: web::Data<App>,
    parts: Multipart,
) -> Result<HttpResponse, Problem> {
    let sent = upload::of_page(&request, parts, app.upload_limit).await?;
    let mut form = Form::of(sent.values);
    let author = app.scope().principal().to_owned();
    if let Some(wanted) = travel::request(&mut form, sent.files, &author)? {
        let job = aside(&app, move |app| Ok(app.jobs.start_travel(&app.scope(), wanted)?)).await?;
        return Ok(see_other(&format!("/jobs/{}", job.0)));
    }
    page(&request, &app, move |app| {
        Ok(form_page(app, &form)?.with_status(StatusCode::UNPROCESSABLE_ENTITY))
    })
    .await
}

fn form_page(app: &App, form: &Form) -> Result<Page, Problem> {
    let snapshot = app.store.snapshot(&app.scope())?;
    let table = travel::table(&kept(&snapshot));
    let choice = |name: &str, list: &[(&'static str, &'static str)]| {
        view_of(Choice::list("Choose", form.value(name), list.iter().copied()))
    };
    let modes = Mode::ALL.map(|mode| (mode.key(), mode.label()));
    let ticks = STREETS.map(|mode| {
        let checked = form.ticked("modes").iter().any(|key| key == mode.key());
        context! { value => mode.key(), text => mode.label(), checked => checked }
    });
    let view = context! {
        form => view_of(form),
        kept => view_of(Shown::plain(&table, Some("/travel.csv".to_owned()))),
        tasks => travel::TASKS.map(|(value, text)| context! {
            value => value, text => text, checked => form.value("task") == value
        }),
        modes => choice("mode", &modes),
        absent => choice("absent", &Missing::OF_A_MATRIX.map(|why| (why.key(), why.label()))),
        ticks => ticks,
        has_zones => !snapshot.geography.zones.is_empty(),
        limit_mb => app.upload_limit >> 20,
    };
    let title = if form.is_good() { "Travel times" } else { "Error: Travel times" };
    Ok(Page::new("travel.html", title, view).under("Overview", "/").under("Access", "/access"))
}

pub(crate) async fn file(app: web::Data<App>) -> Result<HttpResponse, Problem> {
    csv(&app, |app| Ok(travel::table(&kept(&*app.store.snapshot(&app.scope())?)))).await
}
