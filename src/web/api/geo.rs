//! Places as GeoJSON (RFC 7946: WGS84, longitude first).

use actix_web::http::header::CONTENT_TYPE;
use actix_web::{HttpResponse, web};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::view::Gbp;
use crate::export::geojson;
use crate::fund::OptionKind;
use crate::register::{Field, Word};
use crate::store::RunId;
use crate::web::app::{App, aside};
use crate::web::filter::SiteFilter;
use crate::web::pages::map::By;
use crate::web::problem::Problem;

const MEDIA_TYPE: &str = "application/geo+json";

/// What the map colours by; without it, features carry no symbol.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    by: Option<By>,
}

/// Located sites that answer a filter, as points.
#[utoipa::path(get, path = "/api/v1/sites.geojson", tag = "Register",
    params(SiteFilter, ("by" = Option<String>, Query, description = "`condition`, `accessibility`, `utilisation`, `gates` or `status`: \
        adds the `symbol` and `label` of the map page")),
    responses((status = 200, description = "GeoJSON, WGS84", body = Object, content_type = "application/geo+json")))]
pub(super) async fn sites(
    app: web::Data<App>,
    filter: web::Query<SiteFilter>,
    asked: web::Query<Asked>,
) -> Result<HttpResponse, Problem> {
    let (filter, by) = (filter.into_inner(), asked.by);
    let text = aside(&app, move |app| {
        let estate = app.estate()?;
        let features =
            filter.sites(&estate)?.into_iter().filter(|site| !site.is_aggregate()).filter_map(
                |site| {
                    let mut told = Map::new();
                    told.insert("code".to_owned(), json!(site.code.as_str()));
                    told.insert("name".to_owned(), json!(site.name()));
                    told.insert("borough".to_owned(), json!(site.text(Field::BoroughName)));
                    told.insert("status".to_owned(), json!(site.status().word()));
                    if let Some(by) = by {
                        let symbol = by.class(&estate, site);
                        let label = by
                            .classes()
                            .iter()
                            .find(|(class, _)| *class == symbol)
                            .map(|(_, label)| *label);
                        told.insert("symbol".to_owned(), json!(symbol.key()));
                        told.insert("label".to_owned(), json!(label));
                    }
                    geojson::point(site.location()?, told)
                },
            );
        Ok(geojson::collection(features))
    })
    .await?;
    Ok(answer(text))
}

/// Borough outlines, generalised to what a screen can show.
#[utoipa::path(get, path = "/api/v1/boroughs.geojson", tag = "Register",
    responses((status = 200, description = "GeoJSON, WGS84", body = Object, content_type = "application/geo+json")))]
pub(super) async fn boroughs(app: web::Data<App>) -> Result<HttpResponse, Problem> {
    let text = aside(&app, |app| {
        let estate = app.estate()?;
        let features = estate.shapes.iter().filter_map(|shape| {
            let mut told = Map::new();
            told.insert("code".to_owned(), Value::from(shape.code.as_str()));
            told.insert("name".to_owned(), Value::from(shape.name.as_str()));
            geojson::outline(shape.outline(), told)
        });
        Ok(geojson::collection(features))
    })
    .await?;
    Ok(answer(text))
}

/// What a run would change, at the places of the register it was asked of.
#[utoipa::path(get, path = "/api/v1/runs/{id}/actions.geojson", tag = "Scenarios",
    params(("id" = u64, Path, description = "Number of the run")),
    responses((status = 200, description = "GeoJSON, WGS84", body = Object, content_type = "application/geo+json")))]
pub(super) async fn actions(
    app: web::Data<App>,
    id: web::Path<u64>,
) -> Result<HttpResponse, Problem> {
    let id = RunId(*id);
    let text = aside(&app, move |app| {
        let run = app.store.run(&app.scope(), id)?;
        let snapshot = app.store.at_version(&app.scope(), run.scenario.register_version)?;
        let actions = run.proposal.map(|proposal| proposal.actions).unwrap_or_default();
        let changed = actions.iter().filter(|action| action.option != OptionKind::Keep);
        let features = changed.filter_map(|action| {
            let reasons: Vec<&str> =
                action.reasons.iter().map(|reason| reason.words.as_str()).collect();
            let mut told = Map::new();
            told.insert("site_code".to_owned(), json!(action.site));
            told.insert("name".to_owned(), json!(action.name));
            told.insert("option".to_owned(), json!(action.option));
            told.insert("reasons".to_owned(), json!(reasons));
            told.insert("receipt_gbp".to_owned(), json!(Gbp(action.receipt)));
            told.insert("to_fund_gbp".to_owned(), json!(Gbp(action.to_fund)));
            geojson::point(snapshot.register.site(&action.site)?.location()?, told)
        });
        Ok(geojson::collection(features))
    })
    .await?;
    Ok(answer(text))
}

pub(super) fn answer(text: String) -> HttpResponse {
    HttpResponse::Ok().insert_header((CONTENT_TYPE, MEDIA_TYPE)).body(text)
}
