//! The JSON API, under `/api/v1`: what the pages show, for programs.
//!
//! Money is pounds to the penny, as numbers whose names end in `_gbp`; distances are metres; shares run from 0 to 1.
//! What is not known is `null`, with the reason beside it where the register has one.

mod access;
mod ask;
mod catchment;
mod compare;
mod document;
mod fund;
mod geo;
mod imports;
mod jobs;
mod priorities;
mod programmes;
mod reference;
mod runs;
mod scenarios;
mod sites;
mod standards;
mod studies;
#[cfg(test)]
mod tests;
mod travel;
mod view;

use actix_web::http::header::LOCATION;
use actix_web::middleware::from_fn;
use actix_web::{HttpResponse, web};
use serde::Serialize;
use utoipa::OpenApi;

pub(in crate::web) use ask::check_sender;
use document::Common;

use super::app::{App, aside};
use super::problem::{Details, Problem};
use super::{get, get_and_post, post};
use crate::store::JobId;

/// One list makes both the routes and the document that describes them.
macro_rules! endpoints {
    (
        get { $( $read:literal => $of_read:ident::$reads:ident; )+ }
        post { $( $write:literal => $of_write:ident::$writes:ident; )+ }
        get_and_post { $( $both:literal => $of_both:ident::$shows:ident, $takes:ident; )+ }
    ) => {
        /// Every address of the API.
        pub(super) fn routes(service: &mut web::ServiceConfig) {
            $( service.service(get($read, $of_read::$reads).wrap(from_fn(ask::acceptable))); )+
            $( service.service(post($write, $of_write::$writes).wrap(from_fn(ask::acceptable))); )+
            $( service.service(get_and_post($both, $of_both::$shows, $of_both::$takes).wrap(from_fn(ask::acceptable))); )+
        }

        #[derive(OpenApi)]
        #[openapi(
            info(
                title = "Domesday",
                description = "The register of NHS premises that plans its own consolidation. \
                    Money is pounds to the penny, as numbers whose names end in `_gbp`; distances are metres; shares \
                    run from 0 to 1; coordinates are EPSG:27700 metres, or WGS84 degrees where named longitude and \
                    latitude. What is not known is null, never zero. Problems are RFC 9457 documents.",
                license(name = "MIT", identifier = "MIT"),
            ),
            servers((url = "/", description = "This service")),
            tags(
                (name = "Register", description = "Sites, what is known of them, and who said so"),
                (name = "Access", description = "Who reaches care they can get into, what would close the gaps, and who is better and worse off"),
                (name = "Catchment", description = "What is near a place or inside a shape"),
                (name = "Imports", description = "Files into the register"),
                (name = "Jobs", description = "Long work: progress and stopping it"),
                (name = "Scenarios", description = "Questions to the estate, and the stored answers"),
                (name = "Priorities", description = "What the fund is for"),
                (name = "Reference", description = "What results rest on"),
            ),
            paths($( $of_read::$reads, )+ $( $of_write::$writes, )+ $( $of_both::$shows, $of_both::$takes, )+),
            components(schemas(Details)),
            modifiers(&Common),
        )]
        struct Document;

        #[cfg(test)]
        const ADDRESSES: &[(&str, &str)] =
            &[$( ("get", $read), )+ $( ("post", $write), )+ $( ("get", $both), ("post", $both), )+];
    };
}

endpoints! {
    get {
        "/api/v1/openapi.json" => document::show;
        "/api/v1/sites.geojson" => geo::sites;
        "/api/v1/boroughs.geojson" => geo::boroughs;
        "/api/v1/sites" => sites::list;
        "/api/v1/sites/{code}" => sites::show;
        "/api/v1/sites/{code}/history/{field}" => sites::history;
        "/api/v1/catchment/nearest" => catchment::nearest;
        "/api/v1/catchment/within" => catchment::within;
        "/api/v1/catchment/isochrone" => catchment::isochrone;
        "/api/v1/travel.csv" => travel::file;
        "/api/v1/access/boroughs" => access::boroughs;
        "/api/v1/access/boroughs/{borough}/zones.geojson" => access::zones;
        "/api/v1/access/boroughs/{borough}/{table}" => access::borough;
        "/api/v1/access/parts" => access::parts;
        "/api/v1/access/league" => access::league;
        "/api/v1/access/survey" => access::survey;
        "/api/v1/access/explore" => access::explore;
        "/api/v1/sites/{code}/a11y.json" => access::a11y;
        "/api/v1/imports/{id}" => imports::show;
        "/api/v1/imports/{id}/faults.csv" => imports::faults;
        "/api/v1/imports/{id}/off-network.csv" => imports::off_network;
        "/api/v1/jobs/{id}" => jobs::show;
        "/api/v1/runs" => runs::list;
        "/api/v1/runs/compare" => fund::compare;
        "/api/v1/runs/{id}" => runs::show;
        "/api/v1/runs/{id}/actions.geojson" => geo::actions;
        "/api/v1/runs/{id}/actions" => runs::actions;
        "/api/v1/runs/{id}/kept" => runs::kept;
        "/api/v1/runs/{id}/moves" => runs::moves;
        "/api/v1/runs/{id}/refusals" => runs::refusals;
        "/api/v1/runs/{id}/fund" => runs::fund;
        "/api/v1/runs/{id}/fund.xlsx" => fund::book;
        "/api/v1/runs/{id}/fund/{table}" => fund::table;
        "/api/v1/runs/{id}/ledger" => runs::ledger;
        "/api/v1/runs/{id}/{table}.csv" => runs::file;
        "/api/v1/studies/{id}" => studies::show;
        "/api/v1/studies/{id}/{table}.csv" => studies::file;
        "/api/v1/runs/{id}/evidence.zip" => programmes::evidence;
        "/api/v1/runs/{id}/owners" => priorities::owners;
        "/api/v1/runs/{id}/owners/{table}.csv" => priorities::owners_file;
        "/api/v1/runs/{id}/priorities" => priorities::of_a_run;
        "/api/v1/runs/{id}/priorities/{table}.csv" => priorities::file;
        "/api/v1/programmes/{id}" => programmes::show;
        "/api/v1/programmes/{id}/{table}.csv" => programmes::file;
        "/api/v1/versions" => reference::versions;
        "/api/v1/access/compare" => compare::compare;
        "/api/v1/access/compare/{table}.csv" => compare::file;
        "/api/v1/access/what-if" => compare::what_if;
        "/api/v1/access/catchments" => compare::catchments;
        "/api/v1/assumptions" => reference::assumptions;
    }
    post {
        "/api/v1/catchment/polygon" => catchment::polygon;
        "/api/v1/jobs/{id}/cancel" => jobs::cancel;
        "/api/v1/scenarios" => scenarios::ask;
    }
    get_and_post {
        "/api/v1/imports" => imports::list, send;
        "/api/v1/travel" => travel::list, send;
        "/api/v1/sites/{code}/checklist" => access::show, record;
        "/api/v1/runs/{id}/studies" => studies::list, ask;
        "/api/v1/standards" => standards::list, save;
        "/api/v1/runs/{id}/programmes" => programmes::list, ask;
        "/api/v1/priorities" => priorities::list, send;
    }
}

/// Works an answer out and writes it as JSON, both off the network's threads.
async fn answer<T: Serialize>(
    app: &web::Data<App>,
    work: impl FnOnce(&App) -> Result<T, Problem> + Send + 'static,
) -> Result<HttpResponse, Problem> {
    let text =
        aside(app, |app| serde_json::to_string(&work(app)?).map_err(Problem::internal)).await?;
    Ok(HttpResponse::Ok().content_type("application/json").body(text))
}

/// The work is taken on, and this is where to follow it.
async fn accepted(app: &web::Data<App>, id: JobId) -> Result<HttpResponse, Problem> {
    let job = aside(app, move |app| jobs::find(app, id)).await?;
    Ok(HttpResponse::Accepted().insert_header((LOCATION, job.href.clone())).json(job))
}
