//! The `OpenAPI` document: made from the handlers, with what all of them share added once.

use std::sync::OnceLock;

use actix_web::HttpResponse;
use utoipa::openapi::path::{Operation, ParameterIn};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, ResponseBuilder};
use utoipa::{Modify, OpenApi as _, openapi};

use super::Document;
use crate::web::problem::Problem;

/// This description of the API, `OpenAPI` 3.1.
#[utoipa::path(get, path = "/api/v1/openapi.json", tag = "Reference",
    responses((status = 200, description = "OpenAPI 3.1", body = Object)))]
pub(super) async fn show() -> Result<HttpResponse, Problem> {
    static TEXT: OnceLock<String> = OnceLock::new();
    let text = if let Some(text) = TEXT.get() {
        text
    } else {
        let text = Document::openapi().to_json().map_err(Problem::internal)?;
        TEXT.get_or_init(|| text)
    };
    Ok(HttpResponse::Ok().content_type("application/json").body(text.as_str()))
}

/// Names each operation after its address, and says which problems it may answer with.
pub(super) struct Common;

impl Modify for Common {
    fn modify(&self, document: &mut openapi::OpenApi) {
        for (path, item) in &mut document.paths.paths {
            for (method, operation) in [("get", &mut item.get), ("post", &mut item.post)] {
                if let Some(operation) = operation {
                    operation.operation_id = Some(name(method, path));
                    add_problems(operation, method == "post", path);
                }
            }
        }
    }
}

fn name(method: &str, path: &str) -> String {
    let words = path
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !["", "api", "v1"].contains(word));
    std::iter::once(method).chain(words).collect::<Vec<_>>().join("_")
}

fn add_problems(operation: &mut Operation, writes: bool, path: &str) {
    let parameters = operation.parameters.as_deref().unwrap_or_default();
    let has = |place: &ParameterIn| {
        parameters
            .iter()
            .any(|parameter| matches!(parameter, RefOr::T(p) if p.parameter_in == *place))
    };
    let is_versioned =
        parameters.iter().any(|parameter| matches!(parameter, RefOr::T(p) if p.name == "version"));
    let has_body = operation.request_body.is_some();
    let asks = has(&ParameterIn::Query);
    let statuses = [
        ("400", asks || writes, "The request could not be understood"),
        ("403", true, "The request was made by a page of another site"),
        ("404", has(&ParameterIn::Path) || is_versioned || has_body, "There is no such thing"),
        ("406", true, "The Accept header excludes what this address gives"),
        ("409", path.ends_with("/cancel"), "It cannot be done as things stand"),
        ("413", has_body, "The body is too large"),
        ("415", has_body, "The body is of a kind that is not read here"),
        ("421", true, "The Host header names another machine"),
        ("422", asks || has_body, "Some values cannot be accepted: each is named in `errors`"),
        ("500", true, "A fault of the service"),
        ("503", writes, "Too much is under way"),
    ];
    let details = || ContentBuilder::new().schema(Some(Ref::from_schema_name("Details"))).build();
    for (status, _, words) in statuses.into_iter().filter(|(_, applies, _)| *applies) {
        let response = ResponseBuilder::new()
            .description(words)
            .content("application/problem+json", details());
        operation
            .responses
            .responses
            .entry(status.to_owned())
            .or_insert_with(|| response.build().into());
    }
}
