//! The page of each type of problem: what happened and what to do.

use actix_web::{HttpRequest, HttpResponse, web};
use minijinja::{Value, context};

use super::{Page, page, view_of};
use crate::web::app::App;
use crate::web::problem::{KINDS, Problem};

pub(crate) async fn list(
    request: HttpRequest,
    app: web::Data<App>,
) -> Result<HttpResponse, Problem> {
    let view = context! { kinds => view_of(KINDS) };
    page(&request, &app, move |_| {
        Ok(Page::new("problems.html", "Problems and what to do", view).under("Overview", "/"))
    })
    .await
}

pub(crate) async fn show(
    request: HttpRequest,
    app: web::Data<App>,
    slug: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let kind = KINDS.iter().find(|kind| kind.slug == slug.as_str());
    let Some(kind) = kind else { return Err(Problem::not_found("problem of this type")) };
    let view = context! { kind => view_of(kind), detail => (), faults => Vec::<Value>::new(), status => kind.status.as_u16() };
    page(&request, &app, move |_| {
        Ok(Page::new("problem.html", kind.title, view)
            .under("Overview", "/")
            .under("Problems", "/problems"))
    })
    .await
}
