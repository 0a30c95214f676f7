//! Who is better and worse off between two states, what a change would do, and floating catchments.

use std::collections::BTreeMap;

use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::answer;
use super::ask::Asked;
use super::view::Gbp;
use crate::export::{self, Cell, Table};
use crate::fund::Ledger;
use crate::web::app::{App, aside};
use crate::web::asked;
use crate::web::problem::Problem;
use crate::{config, scenario};

/// Tables by name: each a list of rows, by the keys that the same table has as CSV.
type Tables = BTreeMap<String, Vec<Map<String, Value>>>;

/// A table's rows: money in pounds, what is not known null.
pub(super) fn rows(table: &Table) -> Vec<Map<String, Value>> {
    let value = |cell: &Cell| match cell {
        Cell::Empty | Cell::Unknown(_) => Value::Null,
        Cell::Text(text) => json!(text),
        Cell::Number(number, _) => json!(number),
        Cell::Money(pence) => json!(pence.as_pounds()),
        Cell::Date(date) => json!(date),
    };
    let row = |cells: &Vec<Cell>| {
        let keys = table.columns.iter().map(|column| column.key.clone());
        keys.zip(cells.iter().map(value)).collect()
    };
    table.rows.iter().map(row).collect()
}

fn tables(tables: &[Table]) -> Tables {
    tables.iter().map(|table| (table.name.clone(), rows(table))).collect()
}

/// Two states of the estate side by side.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Comparison {
    /// Register version both are states of.
    version: u64,
    /// Version of the access standards in force; 0 is what ships.
    standards_version: u64,
    /// Which standards these are instead, in words, where a state is a run: those it was asked with. Null where they are
    /// the ones in force.
    standards_pinned: Option<String>,
    /// The first state, as it is written.
    a: String,
    /// The second.
    b: String,
    /// `standards`, `people`, `minutes`, `verdicts`, `worst`, `journeys`, `gaps`: each a list of rows, by the keys that
    /// the same table has as CSV.
    #[schema(value_type = Object)]
    tables: Tables,
}

/// Who is better off and who is worse in the second state than in the first. A state is `today` or `run:NUMBER`, then
/// any of `close:SITE`, `improve:SITE` and `offer:SITE:SERVICE_LINE`, with commas between.
#[utoipa::path(get, path = "/api/v1/access/compare", tag = "Access",
    params(
        ("a" = String, Query, description = "The first state, such as `today`", example = "today"),
        ("b" = String, Query, description = "The second state, such as `run:1` or `today,close:RXA01`", example = "run:1"),
    ),
    responses((status = 200, description = "Tables by name", body = Comparison)))]
pub(super) async fn compare(
    request: HttpRequest,
    app: web::Data<App>,
) -> Result<HttpResponse, Problem> {
    let (a, b) = sides(&request)?;
    answer(&app, move |app| {
        let held = app.outlook()?;
        let compared = asked::compared(app, &held, &a, &b)?;
        Ok(Comparison {
            version: held.estate.version(),
            standards_version: held.standards,
            standards_pinned: compared.pinned.clone(),
            a: compared.a.clone(),
            b: compared.b.clone(),
            tables: tables(&export::comparison_tables(&compared)),
        })
    })
    .await
}

fn sides(request: &HttpRequest) -> Result<(String, String), Problem> {
    let mut asked = Asked::of(request)?;
    let (a, b) = (asked.text("a"), asked.text("b"));
    for (name, given) in [("a", &a), ("b", &b)] {
        if given.is_none() {
            asked.refuse(name, format!("{name} is missing: a state such as today or run:1"));
        }
    }
    asked.end()?;
    Ok((a.unwrap_or_default(), b.unwrap_or_default()))
}

/// One table of a comparison: `standards`, `people`, `minutes`, `verdicts`, `worst`, `journeys` or `gaps`.
#[utoipa::path(get, path = "/api/v1/access/compare/{table}.csv", tag = "Access",
    params(
        ("table" = String, Path, description = "Which table", example = "people"),
        ("a" = String, Query, description = "The first state", example = "today"),
        ("b" = String, Query, description = "The second state", example = "run:1"),
    ),
    responses((status = 200, description = "CSV", content_type = "text/csv", body = String)))]
pub(super) async fn file(
    request: HttpRequest,
    app: web::Data<App>,
    table: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let (a, b) = sides(&request)?;
    let name = table.into_inner();
    let text = aside(&app, move |app| {
        let held = app.outlook()?;
        let tables = export::comparison_tables(&asked::compared(app, &held, &a, &b)?);
        let table = tables.iter().find(|table| table.name == name);
        let table = table.ok_or_else(|| Problem::not_found(format!("table {name}")))?;
        Ok(export::write(table))
    })
    .await?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/csv; charset=utf-8"))
        .insert_header((CONTENT_DISPOSITION, "attachment; filename=\"comparison.csv\""))
        .body(text))
}

/// What closing, improving or opening would do.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WhatIfAnswer {
    /// Register version it is asked of.
    version: u64,
    /// Version of the access standards; 0 is what ships.
    standards_version: u64,
    /// What is done, as it is written.
    edits: String,
    /// What the fund gains, net of what it pays.
    #[schema(value_type = f64)]
    to_fund_gbp: Gbp,
    /// The same when receipts are low and costs high.
    #[schema(value_type = f64)]
    to_fund_low_gbp: Gbp,
    /// The same when receipts are high and costs low.
    #[schema(value_type = f64)]
    to_fund_high_gbp: Gbp,
    /// Share of the fund's lines by value that rests on assumptions, 0 to 1; null where there is no money.
    assumed_share: Option<f64>,
    /// Why a plan could not close a site that is closed here.
    blockers: Vec<String>,
    /// Care that moves and no standard speaks of: that nobody is counted as worse off for it says nothing of them.
    unjudged: Vec<String>,
    /// `standards`, `people`, `minutes`, `verdicts`, `worst`, `journeys`, `money`: each a list of rows, by the keys that
    /// the same table has as CSV. Where the care of a closed site goes is not decided: `journeys` tells the nearest other site,
    /// and nobody has checked that there is room.
    #[schema(value_type = Object)]
    tables: Tables,
}

/// What closing, improving or opening sites would do to people, standards and the fund, without a search.
#[utoipa::path(get, path = "/api/v1/access/what-if", tag = "Access",
    params(("edits" = String, Query, description = "`close:SITE`, `improve:SITE`, `offer:SITE:SERVICE_LINE`, with commas between", example = "close:RXA01")),
    responses((status = 200, description = "Tables by name, and the fund", body = WhatIfAnswer)))]
pub(super) async fn what_if(
    request: HttpRequest,
    app: web::Data<App>,
) -> Result<HttpResponse, Problem> {
    let mut query = Asked::of(&request)?;
    let edits = query.text("edits");
    if edits.is_none() {
        query.refuse("edits", "edits is missing: such as close:RXA01");
    }
    query.end()?;
    let edits = edits.unwrap_or_default();
    answer(&app, move |app| {
        let held = app.outlook()?;
        let (spec, told) = asked::what_if(&held, &edits)?;
        let all = export::what_if_tables(&told);
        let ledger = Ledger { lines: told.lines };
        let range = ledger.in_fund();
        Ok(WhatIfAnswer {
            version: held.estate.version(),
            standards_version: held.standards,
            edits: spec.to_string().trim_start_matches("today+").to_owned(),
            to_fund_gbp: Gbp(told.to_fund),
            to_fund_low_gbp: Gbp(range.low),
            to_fund_high_gbp: Gbp(range.high),
            assumed_share: ledger.assumed_share(|line| line.in_fund),
            blockers: told.blockers,
            unjudged: told.unjudged,
            tables: tables(&all),
        })
    })
    .await
}

/// A floating catchment measure.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Catchments {
    /// Register version.
    version: u64,
    /// Who made the minutes.
    travel: String,
    /// Sites whose supply is known.
    sites: u64,
    /// Sites that offer the care and whose supply is not known: left out, never nought.
    left_out: u64,
    /// All supply counted.
    supply: f64,
    /// Of it, supply with anybody in reach: what the ratios share out.
    reached_supply: f64,
    /// Zones whose people of the group are not known: left out.
    unknown_zones: u64,
    /// `catchments` by borough and decile (1 is the most deprived); `catchment-zones` at every small area.
    #[schema(value_type = Object)]
    tables: Tables,
}

/// How much supply there is for each resident, when everybody in reach shares it.
#[utoipa::path(get, path = "/api/v1/access/catchments", tag = "Access",
    params(
        ("care" = Option<String>, Query, description = "A service line; `primary_care` where not given"),
        ("measure" = Option<String>, Query, description = "`2sfca`, `e2sfca` (the default), `3sfca`, `gravity` or `raam`"),
        ("supply" = Option<String>, Query, description = "`people` (the default), `area` or `sites`"),
        ("group" = Option<String>, Query, description = "`everyone`, `step_free`, `no_car`, `aged65` or `most_deprived_fifth`"),
        ("mode" = Option<String>, Query, description = "`walk`, `step_free_walk`, `drive`, `public_transport` or `step_free_public_transport`"),
        ("minutes" = Option<f64>, Query, minimum = 0, maximum = 240, description = "30 where not given"),
    ),
    responses((status = 200, description = "Tables by name", body = Catchments)))]
pub(super) async fn catchments(
    request: HttpRequest,
    app: web::Data<App>,
) -> Result<HttpResponse, Problem> {
    let mut query = Asked::of(&request)?;
    let fields = ["care", "measure", "supply", "group", "mode", "minutes"];
    let said: BTreeMap<&str, Option<String>> =
        fields.into_iter().map(|field| (field, query.text(field))).collect();
    query.end()?;
    let ask = asked::catchment(|field| said.get(field).cloned().flatten())?;
    answer(&app, move |app| {
        let estate = app.estate()?;
        let figures = config::assumptions().map_err(Problem::internal)?;
        let geography = &estate.snapshot.geography;
        let told = scenario::catchments(estate.register(), geography, &figures, ask)
            .map_err(|error| Problem::Conflict { detail: format!("{error}.") })?;
        let both = [export::catchment_means_table(&told), export::catchment_zones_table(&told)];
        Ok(Catchments {
            version: estate.version(),
            travel: told.travel,
            sites: told.sites,
            left_out: told.left_out,
            supply: told.supply,
            reached_supply: told.reached_supply,
            unknown_zones: told.unknown_zones,
            tables: tables(&both),
        })
    })
    .await
}
