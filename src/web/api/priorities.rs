//! Local priorities, what the fund of a run pays for, and statements per owner.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::answer;
use super::ask::{Asked, Members, document};
use super::view::{Gbp, Rows, rows};
use crate::export::{self, Table};
use crate::import::{self, InputFile};
use crate::scenario::priorities::Rule;
use crate::store::RunId;
use crate::web::app::{App, aside};
use crate::web::pages;
use crate::web::problem::{FieldFault, Problem};

/// The newest list.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct List {
    /// Invented, with an illustrative estate.
    is_illustrative: bool,
    priorities: Rows,
}

/// Local priorities, by rank.
#[utoipa::path(get, path = "/api/v1/priorities", tag = "Priorities",
    responses((status = 200, description = "The list", body = List)))]
pub(super) async fn list(app: web::Data<App>) -> Result<HttpResponse, Problem> {
    answer(&app, |app| {
        let list = pages::priorities::held(app)?;
        Ok(List {
            is_illustrative: list.is_illustrative,
            priorities: rows(&export::priorities(&list)),
        })
    })
    .await
}

/// A whole list, which replaces the one before.
#[derive(ToSchema)]
#[schema(as = PrioritiesSent)]
#[expect(dead_code, reason = "describes the body for the document; the body is read by hand")]
pub(super) struct Body {
    /// Objects with the columns of the CSV: `priority_code`, `name`, `borough_code`, `programme`, `rank`, `capital_gbp`,
    /// `revenue_gbp_a_year`, `people_helped`, `earliest_start`, `latest_start`, `evidence`.
    #[schema(value_type = Vec<Object>)]
    priorities: Vec<Value>,
}

/// Replaces the list, whole or not at all.
#[utoipa::path(post, path = "/api/v1/priorities", tag = "Priorities",
    request_body(content = Body),
    responses((status = 200, description = "The list as kept", body = List)))]
pub(super) async fn send(
    request: HttpRequest,
    app: web::Data<App>,
    body: web::Payload,
) -> Result<HttpResponse, Problem> {
    let mut members = Members::of(document(&request, body).await?)?;
    let sent = members.read("priorities", |value| {
        value.as_array().cloned().ok_or_else(|| "is a list of objects".to_owned())
    });
    members.end()?;
    aside(&app, move |app| {
        let (read, faults) = import::priorities::read(&as_file(&sent.unwrap_or_default()));
        if !faults.is_empty() {
            // The header is row 1, so the first object is row 2.
            let told = faults.iter().map(|fault| FieldFault {
                field: match fault.row.checked_sub(2) {
                    Some(row) => format!("priorities[{row}].{}", fault.column),
                    None => "priorities".to_owned(),
                },
                detail: format!("{:?} is not {}", fault.value, fault.expected),
            });
            return Err(Problem::Invalid { faults: told.collect() });
        }
        let now = chrono::Utc::now().naive_utc();
        app.store.save_priorities(&app.scope(), &read, "through the API", now)?;
        Ok(())
    })
    .await?;
    list(app).await
}

/// The objects as the file that the import reads: one way of reading, one set of faults.
fn as_file(sent: &[Value]) -> InputFile {
    let columns: Vec<(&str, &str, bool)> =
        import::priorities::COLUMNS.iter().map(|column| (*column, *column, false)).collect();
    let cell = |one: &Value, column: &str| match one.get(column) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    let table = Table::new("priorities", "", &columns).with(sent.iter().map(|one| {
        let cells = import::priorities::COLUMNS.iter();
        cells.map(|column| export::Cell::text(cell(one, column))).collect()
    }));
    InputFile { name: "the body".to_owned(), bytes: export::write(&table).into_bytes() }
}

/// What a run's fund pays for.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Paid {
    /// `rank`, `people`, `fair_by_residents` or `fair_by_need`.
    rule: &'static str,
    /// Programme whose balance is used; null where the run has none, and its own years count.
    programme: Option<u64>,
    #[schema(value_type = f64)]
    budget_gbp: Gbp,
    #[schema(value_type = f64)]
    cost_gbp: Gbp,
    people_helped: u64,
    funded: Rows,
    left_out: Rows,
    after_priorities: Rows,
    borough_shares: Rows,
    health_programmes: Rows,
    payers: Rows,
}

fn rule_of(request: &HttpRequest) -> Result<Rule, Problem> {
    let mut asked = Asked::of(request)?;
    let key = asked.text("rule");
    let rule = key.as_deref().map_or(Some(Rule::Rank), Rule::find);
    if rule.is_none() {
        asked.refuse("rule", "rule is rank, people, fair_by_residents or fair_by_need");
    }
    asked.end()?;
    Ok(rule.unwrap_or_default())
}

/// What a run's fund pays for, by a rule.
#[utoipa::path(get, path = "/api/v1/runs/{id}/priorities", tag = "Priorities",
    params(
        ("id" = u64, Path, description = "Number of the run"),
        ("rule" = Option<String>, Query, description = "`rank` where not given, `people`, `fair_by_residents` or `fair_by_need`"),
    ),
    responses((status = 200, description = "What is paid for", body = Paid)))]
pub(super) async fn of_a_run(
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<u64>,
) -> Result<HttpResponse, Problem> {
    let (id, rule) = (RunId(*id), rule_of(&request)?);
    answer(&app, move |app| {
        let paid = pages::priorities::paid(app, id, rule)?;
        let table = |name: &str| {
            pages::priorities::priority_table(app, &paid, name).map(|table| rows(&table))
        };
        Ok(Paid {
            rule: rule.key(),
            programme: paid.programme,
            budget_gbp: Gbp(paid.choice.budget),
            cost_gbp: Gbp(paid.choice.cost),
            people_helped: paid.choice.people,
            funded: table("funded")?,
            left_out: table("left-out")?,
            after_priorities: table("after-priorities")?,
            borough_shares: table("borough-shares")?,
            health_programmes: table("health-programmes")?,
            payers: table("payers")?,
        })
    })
    .await
}

/// A table of what is paid for as CSV, the same file as the page's.
#[utoipa::path(get, path = "/api/v1/runs/{id}/priorities/{table}.csv", tag = "Priorities",
    params(
        ("id" = u64, Path, description = "Number of the run"),
        ("table" = String, Path, description = "`funded`, `left-out`, `after-priorities`, `borough-shares`, `payers` or `health-programmes`"),
        ("rule" = Option<String>, Query, description = "As above"),
    ),
    responses((status = 200, description = "The table", body = String, content_type = "text/csv")))]
pub(super) async fn file(
    request: HttpRequest,
    app: web::Data<App>,
    path: web::Path<(u64, String)>,
) -> Result<HttpResponse, Problem> {
    pages::priorities::of_a_run_file(request, app, path).await
}

/// Everybody a run touches.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Owners {
    /// What the fund gains at present worth, before shares of it are passed on.
    #[schema(value_type = f64)]
    fund_present_gbp: Gbp,
    #[schema(value_type = f64)]
    fund_present_after_gbp: Gbp,
    owners: Rows,
    sites: Rows,
}

/// A statement per owner: what unused space costs, what releasing it brings, what it loses, and the gain share.
#[utoipa::path(get, path = "/api/v1/runs/{id}/owners", tag = "Scenarios",
    params(("id" = u64, Path, description = "Number of the run")),
    responses((status = 200, description = "The statements", body = Owners)))]
pub(super) async fn owners(
    app: web::Data<App>,
    id: web::Path<u64>,
) -> Result<HttpResponse, Problem> {
    let id = RunId(*id);
    answer(&app, move |app| {
        let (_, told) = pages::priorities::stated(app, id)?;
        Ok(Owners {
            fund_present_gbp: Gbp(told.fund_present),
            fund_present_after_gbp: Gbp(told.fund_present_after),
            owners: rows(&export::owners(&told)),
            sites: rows(&export::owner_sites(&told)),
        })
    })
    .await
}

/// `owners` or `owner-sites` as CSV.
#[utoipa::path(get, path = "/api/v1/runs/{id}/owners/{table}.csv", tag = "Scenarios",
    params(
        ("id" = u64, Path, description = "Number of the run"),
        ("table" = String, Path, description = "`owners` or `owner-sites`"),
    ),
    responses((status = 200, description = "The table", body = String, content_type = "text/csv")))]
pub(super) async fn owners_file(
    app: web::Data<App>,
    path: web::Path<(u64, String)>,
) -> Result<HttpResponse, Problem> {
    pages::priorities::owners_file(app, path).await
}
