//! Served files: kept for ever under their content's tag, asked again without one.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use actix_web::{HttpRequest, HttpResponse, web};

use crate::web::assets;
use crate::web::problem::Problem;

pub(crate) async fn show(
    request: HttpRequest,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let Some(file) = assets::find(&path) else {
        return Err(Problem::not_found("file of this name"));
    };
    let etag = format!("\"{}\"", file.tag);
    let is_pinned = request.query_string().strip_prefix("v=") == Some(file.tag.as_str());
    let caching = if is_pinned { "public, max-age=31536000, immutable" } else { "no-cache" };
    let held = request.headers().get(IF_NONE_MATCH).and_then(|held| held.to_str().ok());
    if held.is_some_and(|held| held.contains(&etag)) {
        return Ok(HttpResponse::NotModified()
            .insert_header((ETAG, etag))
            .insert_header((CACHE_CONTROL, caching))
            .finish());
    }
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, file.media_type))
        .insert_header((ETAG, etag))
        .insert_header((CACHE_CONTROL, caching))
        .body(file.bytes.into_owned()))
}
