//! For whoever keeps the service running: is the process there, and can it answer.

use actix_web::{HttpResponse, web};
use serde_json::json;

use super::app::{App, aside};
use super::problem::Problem;

/// The process is there.
pub(super) async fn alive() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "alive" }))
}

/// The store answers with a register.
pub(super) async fn ready(app: web::Data<App>) -> Result<HttpResponse, Problem> {
    let checked = aside(&app, |app| {
        app.store.readyz()?;
        Ok(app.estate()?.version())
    })
    .await;
    match checked {
        Ok(version) => {
            Ok(HttpResponse::Ok().json(json!({ "status": "ready", "register_version": version })))
        }
        Err(problem) => {
            tracing::warn!(%problem, "not ready");
            Err(Problem::Busy { detail: "The store does not answer.".to_owned() })
        }
    }
}
