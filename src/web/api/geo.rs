//! Places as GeoJSON (RFC 7946: WGS84, longitude first).

use actix_web::http::header::CONTENT_TYPE;
use actix_web::{HttpResponse, web};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::export::geojson;
use crate::register::{Field, Word};
use crate::web::app::{App, aside};
use crate::web::filter::SiteFilter;
use crate::web::pages::map::By;
use crate::web::problem::Problem;

const MEDIA_TYPE: &str = "application/geo+json";

/// What the map colours by; without it, features carry no symbol.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    by: Option<By>,
}

pub(crate) async fn sites(
    app: web::Data<App>,
    filter: web::Query<SiteFilter>,
    asked: web::Query<Asked>,
) -> Result<HttpResponse, Problem> {
    let (filter, by) = (filter.into_inner(), asked.by);
    let text = aside(&app, move |app| {
        filter.check()?;
        let estate = app.estate()?;
        let features =
            filter.sites(&estate).into_iter().filter(|site| !site.is_aggregate()).filter_map(
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
pub(crate) async fn boroughs(app: web::Data<App>) -> Result<HttpResponse, Problem> {
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

fn answer(text: String) -> HttpResponse {
    HttpResponse::Ok().insert_header((CONTENT_TYPE, MEDIA_TYPE)).body(text)
}
