//! Floating catchments: how much supply there is for each resident.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use minijinja::{Value as View, context};

use super::register::Choice;
use super::table::Shown;
use super::{Page, csv, page, view_of};
use crate::access::Group;
use crate::config;
use crate::export::{self, grouped};
use crate::register::{ServiceLine, Word as _};
use crate::scenario::{self, CatchmentAnswer, CatchmentAsk, MeasureKind, Supply};
use crate::travel::Mode;
use crate::web::app::App;
use crate::web::asked;
use crate::web::filter::percent;
use crate::web::problem::Problem;

type Query = web::Query<BTreeMap<String, String>>;

fn answer(app: &App, ask: CatchmentAsk) -> Result<CatchmentAnswer, Problem> {
    let estate = app.estate()?;
    let figures = config::assumptions().map_err(Problem::internal)?;
    let geography = &estate.snapshot.geography;
    scenario::catchments(estate.register(), geography, &figures, ask)
        .map_err(|error| Problem::Conflict { detail: format!("{error}.") })
}

fn query(ask: &CatchmentAsk) -> String {
    format!(
        "care={}&measure={}&supply={}&group={}&mode={}&minutes={}",
        ask.service_line.word(),
        ask.measure.key(),
        ask.supply.key(),
        ask.group.key(),
        ask.mode.key(),
        percent(&ask.minutes.to_string())
    )
}

pub(crate) async fn show(
    request: HttpRequest,
    app: web::Data<App>,
    said: Query,
) -> Result<HttpResponse, Problem> {
    let said = said.into_inner();
    page(&request, &app, move |app| {
        let given = |field: &str| said.get(field).map(|text| text.trim().to_owned());
        let title = "Supply for each resident";
        match asked::catchment(given) {
            Ok(ask) => {
                let told = answer(app, ask.clone())?;
                let view = context! { form => form(&ask, &ask.minutes.to_string()), errors => context! {}, result => result(&told) };
                Ok(Page::new("catchments.html", title, view).under("Access", "/access"))
            }
            Err(Problem::Invalid { faults }) => {
                let errors: BTreeMap<String, String> =
                    faults.into_iter().map(|fault| (fault.field, fault.detail)).collect();
                let ask = asked::catchment(|_| None)?;
                let minutes = given("minutes").unwrap_or_default();
                let view = context! { form => form(&ask, &minutes), errors => view_of(errors), result => None::<View> };
                Ok(Page::new("catchments.html", format!("Error: {title}"), view)
                    .under("Access", "/access")
                    .with_status(StatusCode::UNPROCESSABLE_ENTITY))
            }
            Err(other) => Err(other),
        }
    })
    .await
}

fn form(ask: &CatchmentAsk, minutes: &str) -> View {
    let cares = ServiceLine::ALL
        .iter()
        .map(|line| Choice::new(line.word(), line.label(), *line == ask.service_line));
    let measures = MeasureKind::ALL
        .iter()
        .map(|kind| Choice::new(kind.key(), kind.label(), *kind == ask.measure));
    let supplies = Supply::ALL
        .iter()
        .map(|supply| Choice::new(supply.key(), supply.label(), *supply == ask.supply));
    let groups = Group::ALL
        .iter()
        .map(|group| Choice::new(group.key(), group.people_label(), *group == ask.group));
    let modes =
        Mode::ALL.iter().map(|mode| Choice::new(mode.key(), mode.label(), *mode == ask.mode));
    context! {
        cares => view_of(cares.collect::<Vec<_>>()),
        measures => view_of(measures.collect::<Vec<_>>()),
        supplies => view_of(supplies.collect::<Vec<_>>()),
        groups => view_of(groups.collect::<Vec<_>>()),
        modes => view_of(modes.collect::<Vec<_>>()),
        minutes => minutes,
    }
}

fn result(told: &CatchmentAnswer) -> View {
    let href = format!("/access/catchments.csv?{}", query(&told.ask));
    let zones = format!("/access/catchment-zones.csv?{}", query(&told.ask));
    let count = |count: u64| grouped(count as f64, 0);
    context! {
        measure => told.ask.measure.label(),
        is_cost => told.ask.measure == MeasureKind::RationalAgent,
        travel => told.travel.clone(),
        sites => count(told.sites),
        left_out => told.left_out,
        unknown_zones => told.unknown_zones,
        supply => grouped(told.supply, 0),
        reached => grouped(told.reached_supply, 0),
        pairs => count(told.pairs),
        table => view_of(Shown::plain(&export::catchment_means_table(told), Some(href))),
        zones => zones,
    }
}

pub(crate) async fn means_file(app: web::Data<App>, said: Query) -> Result<HttpResponse, Problem> {
    let ask = asked::catchment(|field| said.get(field).cloned())?;
    csv(&app, move |app| Ok(export::catchment_means_table(&answer(app, ask)?))).await
}

pub(crate) async fn zones_file(app: web::Data<App>, said: Query) -> Result<HttpResponse, Problem> {
    let ask = asked::catchment(|field| said.get(field).cloned())?;
    csv(&app, move |app| Ok(export::catchment_zones_table(&answer(app, ask)?))).await
}
