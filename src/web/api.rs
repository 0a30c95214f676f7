//! The JSON API, under `/api/v1`.

mod geo;

use actix_web::web;

use super::get;

/// Every address of the API.
pub(super) fn routes(service: &mut web::ServiceConfig) {
    service
        .service(get("/api/v1/sites.geojson", geo::sites))
        .service(get("/api/v1/boroughs.geojson", geo::boroughs));
}
