//! The money of a run, table by table: the rows that pages and CSV show.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, web};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::answer;
use crate::export::{Cell, Table};
use crate::store::RunId;
use crate::web::app::App;
use crate::web::pages::fund::{self as page, Asking, Ids, Money};
use crate::web::problem::Problem;

/// A table: what each column is called, and its rows by column key. What is not known is null.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Rows {
    name: String,
    caption: String,
    /// Label of each column by its key.
    columns: BTreeMap<String, String>,
    #[schema(value_type = Vec<Object>)]
    rows: Vec<BTreeMap<String, Value>>,
}

impl From<Table> for Rows {
    fn from(table: Table) -> Self {
        let keys: Vec<String> = table.columns.iter().map(|column| column.key.clone()).collect();
        let row =
            |cells: Vec<Cell>| keys.iter().cloned().zip(cells.into_iter().map(json)).collect();
        Self {
            name: table.name,
            caption: table.caption,
            columns: table.columns.into_iter().map(|column| (column.key, column.label)).collect(),
            rows: table.rows.into_iter().map(row).collect(),
        }
    }
}

fn json(cell: Cell) -> Value {
    match cell {
        Cell::Empty | Cell::Unknown(_) => Value::Null,
        Cell::Text(text) => Value::from(text),
        Cell::Number(number, _) => Value::from(number),
        Cell::Money(pence) => Value::from(pence.as_pounds()),
        Cell::Date(date) => Value::from(date.to_string()),
    }
}

/// A table of a run's money.
#[utoipa::path(get, path = "/api/v1/runs/{id}/fund/{table}", tag = "Scenarios",
    params(
        ("id" = u64, Path, description = "Number of the run"),
        ("table" = String, Path, description = "`balance`, `value`, `switching`, `tornado`, `fan`, `contributions`, \
            `information` or `stability`"),
        ("terms" = Option<String>, Query, description = "Of `balance`: `real` or `nominal`"),
        ("by" = Option<String>, Query, description = "Of `balance`: `year` or `month`"),
        ("owner" = Option<String>, Query, description = "Of `balance`: lines of one owner"),
        ("borough" = Option<String>, Query, description = "Of `balance`: lines of one borough, by code"),
        ("icb" = Option<String>, Query, description = "Of `balance`: lines of one board, by code"),
        ("programme" = Option<u64>, Query, description = "At the dates of this programme of the run, else at the usual dates"),
        ("priorities" = Option<String>, Query, description = "With local priorities paid for, chosen by `rank`, `people`, \
            `fair_by_residents` or `fair_by_need`"),
        ("draws" = Option<u32>, Query, description = "Of `fan` and `contributions`: 10 to 100,000, else 10,000"),
        ("seed" = Option<u64>, Query, description = "Of `fan` and `contributions`: same seed, same answer"),
    ),
    responses((status = 200, description = "The table", body = Rows)))]
pub(super) async fn table(
    app: web::Data<App>,
    path: web::Path<(u64, String)>,
    asked: web::Query<Asking>,
) -> Result<HttpResponse, Problem> {
    let (id, name) = path.into_inner();
    let (choice, draws) = asked.into_inner().parts();
    answer(&app, move |app| {
        Ok(Rows::from(Money::find(app, RunId(id), &choice)?.table(app, &name, &choice, &draws)?))
    })
    .await
}

/// A run's fund as a workbook with live formulas.
#[utoipa::path(get, path = "/api/v1/runs/{id}/fund.xlsx", tag = "Scenarios",
    params(
        ("id" = u64, Path, description = "Number of the run"),
        ("programme" = Option<u64>, Query, description = "At the dates of this programme of the run, else at the usual dates"),
        ("priorities" = Option<String>, Query, description = "With local priorities paid for, chosen by this rule"),
    ),
    responses((status = 200, description = "The workbook", body = Vec<u8>,
        content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))]
pub(super) async fn book(
    app: web::Data<App>,
    id: web::Path<u64>,
    asked: web::Query<Asking>,
) -> Result<HttpResponse, Problem> {
    page::book(app, id, asked).await
}

/// Runs side by side.
#[utoipa::path(get, path = "/api/v1/runs/compare", tag = "Scenarios",
    params(("ids" = String, Query, description = "Numbers of runs: `1,2,5`, at most eight")),
    responses((status = 200, description = "A row a measure, a column a run", body = Rows)))]
pub(super) async fn compare(
    app: web::Data<App>,
    asked: web::Query<Ids>,
) -> Result<HttpResponse, Problem> {
    let asked = asked.into_inner();
    answer(&app, move |app| Ok(Rows::from(page::compared(app, &asked)?))).await
}
