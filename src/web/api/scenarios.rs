//! Asking a scenario: every member is optional, and what is left out is as in the form on the page.

use std::collections::BTreeMap;
use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::Value;
use utoipa::ToSchema;

use super::accepted;
use super::ask::{Members, document, quoted};
use crate::access::Standard;
use crate::config;
use crate::fund::Indices;
use crate::register::SiteCode;
use crate::scenario::{Lock, LockKind, Objective, Scenario, ScopeOf};
use crate::web::app::{App, aside};
use crate::web::estate::Estate;
use crate::web::problem::Problem;

const MOST_LOCKS: usize = 10_000;
const MOST_NAME: usize = 200;

/// A question to the estate.
#[derive(ToSchema)]
#[schema(as = ScenarioAsked)]
#[expect(
    dead_code,
    reason = "describes the body for the document; the body is read by hand, to name every fault at once"
)]
pub(super) struct Body {
    #[schema(max_length = 200)]
    name: Option<String>,
    /// Register version; the newest where not given.
    register_version: Option<u64>,
    /// Sites that may change: `"all"`, `{"icb": "QMJ"}` or `{"boroughs": ["E09000007"]}`.
    #[schema(value_type = Option<serde_json::Value>)]
    scope: Option<Value>,
    /// Decisions taken already.
    locks: Option<Vec<LockAsked>>,
    /// `fund_value`, `people_worse_off`, `space_released`, `running_cost`, `fund` or `travel`.
    objective: Option<String>,
    /// Keys of the standards to hold; all of them where not given.
    standards: Option<Vec<String>>,
    /// Net receipts the fund must reach, as a number or a text, to the penny.
    #[schema(value_type = Option<f64>)]
    fund_asked_pounds: Option<Value>,
    /// Capital that may be spent on works, likewise.
    #[schema(value_type = Option<f64>)]
    capital_pounds: Option<Value>,
    /// Most sites closed in a borough.
    closures_per_borough: Option<u32>,
    /// Most of a service's people that a move may put beyond the journey limit, 0 to 1.
    #[schema(minimum = 0, maximum = 1)]
    journey_share_beyond: Option<f64>,
    /// First financial year, by the calendar year it starts in.
    #[schema(minimum = 2000, maximum = 2100)]
    base_year: Option<i32>,
    #[schema(minimum = 1, maximum = 60)]
    horizon_years: Option<u8>,
    /// Relative gap at which the search may stop: 0.01 is 1 %.
    #[schema(minimum = 0, maximum = 1)]
    gap: Option<f64>,
    #[schema(minimum = 1, maximum = 86_400)]
    time_limit_seconds: Option<f64>,
    seed: Option<u32>,
    /// Assumptions to replace, by key.
    overrides: Option<BTreeMap<String, f64>>,
    /// Index series of the scenario's own, `deflator` and `build_cost`, each with `name`, `source`, `as_of`, `mark`, `points`
    /// by year without a gap, and `growth_after`: what prices of the day are worked out with.
    #[schema(value_type = Option<Object>)]
    series: Option<Value>,
}

/// A decision taken outside the model.
#[derive(ToSchema)]
#[expect(dead_code, reason = "as above")]
struct LockAsked {
    /// Code of the site.
    site: String,
    /// `keep` or `close`.
    kind: String,
    why: Option<String>,
}

/// Asks a scenario as a job, which ends in a run.
#[utoipa::path(post, path = "/api/v1/scenarios", tag = "Scenarios",
    request_body(content = Body),
    responses((status = 202, description = "Taken on: follow the job", body = super::jobs::Job,
        headers(("Location" = String, description = "The job")))))]
pub(super) async fn ask(
    request: HttpRequest,
    app: web::Data<App>,
    body: web::Payload,
) -> Result<HttpResponse, Problem> {
    let members = Members::of(document(&request, body).await?)?;
    let job = aside(&app, move |app| {
        let scenario = read(app, members)?;
        let scope = app.scope();
        Ok(app.jobs.start_run(&scope, scenario, scope.principal())?)
    })
    .await?;
    accepted(&app, job).await
}

fn read(app: &App, mut members: Members) -> Result<Scenario, Problem> {
    let estate: Arc<Estate> = match members.whole("register_version", 0, u64::MAX) {
        Some(version) => app.estate_at(version)?,
        None => app.estate()?,
    };
    let assumptions = config::assumptions().map_err(Problem::internal)?;
    let kept = app.store.standards(&app.scope())?;
    let today = chrono::Utc::now().date_naive();
    let mut question = Scenario::defaults(estate.register(), assumptions, kept.in_force(today));
    question.standards_version = Some(kept.version);
    fill(&mut question, &mut members, &estate);
    members.end()?;
    Ok(question)
}

fn fill(question: &mut Scenario, members: &mut Members, estate: &Estate) {
    fn put<T>(place: &mut T, value: Option<T>) {
        if let Some(value) = value {
            *place = value;
        }
    }
    put(&mut question.name, members.text("name", MOST_NAME).filter(|name| !name.is_empty()));
    put(&mut question.scope, members.read("scope", |value| scope_of(value, estate)));
    put(&mut question.locks, members.read("locks", |value| locks(value, estate)));
    put(&mut question.objective, members.read("objective", objective));
    put(&mut question.fund_asked, members.money("fund_asked_pounds"));
    put(&mut question.capital_available, members.money("capital_pounds"));
    let closures = members.whole("closures_per_borough", 0, u64::from(u32::MAX));
    put(&mut question.closures_per_borough, closures.map(|most| u32::try_from(most).ok()));
    put(&mut question.journey_share_beyond, members.number("journey_share_beyond", 0.0, 1.0));
    let year = members.whole("base_year", 2000, 2100).and_then(|year| i32::try_from(year).ok());
    put(&mut question.base_year, year);
    let years = members.whole("horizon_years", 1, 60).and_then(|years| u8::try_from(years).ok());
    put(&mut question.horizon_years, years);
    put(&mut question.gap, members.number("gap", 0.0, 1.0));
    put(&mut question.time_limit_seconds, members.number("time_limit_seconds", 1.0, 86_400.0));
    let seed =
        members.whole("seed", 0, u64::from(u32::MAX)).and_then(|seed| u32::try_from(seed).ok());
    put(&mut question.seed, seed);
    let held = std::mem::take(&mut question.standards);
    question.standards = match members.read("standards", |value| standards(value, &held)) {
        Some(chosen) => chosen,
        None => held,
    };
    if let Some(series) = members.read("series", series_of) {
        question.series = Some(series);
    }
    let wanted = members.read("overrides", |value| {
        value.as_object().cloned().ok_or_else(|| "is an object of keys and numbers".to_owned())
    });
    for (key, value) in wanted.into_iter().flatten() {
        let field = format!("overrides.{key}");
        let Some(figure) = question.assumptions.figures.get_mut(&key) else {
            members.refuse(&field, format!("{} is not a key of the assumption set", quoted(&key)));
            continue;
        };
        let Some(number) = value.as_f64().filter(|number| number.is_finite()) else {
            members.refuse(&field, format!("{field} is a number"));
            continue;
        };
        figure.value = number;
        (figure.low, figure.high) = (None, None);
        "this scenario".clone_into(&mut figure.source);
    }
}

/// Both series, whole, each checked as a file of them is.
fn series_of(value: &Value) -> Result<Indices, String> {
    let indices: Indices = serde_json::from_value(value.clone())
        .map_err(|error| format!("holds deflator and build_cost, each whole: {error}"))?;
    for (name, series) in [("deflator", &indices.deflator), ("build_cost", &indices.build_cost)] {
        series.check().map_err(|fault| format!("has a fault: {name}.{fault}"))?;
    }
    Ok(indices)
}

fn scope_of(value: &Value, estate: &Estate) -> Result<ScopeOf, String> {
    let shape = || r#"is "all", {"icb": "QMJ"} or {"boroughs": ["E09000007"]}"#.to_owned();
    let holds = |list: &[(String, String)], code: &str| list.iter().any(|(held, _)| held == code);
    let scope: ScopeOf = serde_json::from_value(value.clone()).map_err(|_other_shape| shape())?;
    let missing = match &scope {
        ScopeOf::All => None,
        ScopeOf::Icb(code) => (!holds(&estate.icbs, code)).then_some(code),
        ScopeOf::Boroughs(codes) if codes.is_empty() => return Err("names no borough".to_owned()),
        ScopeOf::Boroughs(codes) => codes.iter().find(|code| !holds(&estate.boroughs, code)),
    };
    match missing {
        Some(code) => Err(format!("names {}, where the register has no site", quoted(code))),
        None => Ok(scope),
    }
}

fn objective(value: &Value) -> Result<Objective, String> {
    serde_json::from_value(value.clone()).map_err(|_no_word| {
        "is one of fund_value, people_worse_off, space_released, running_cost, fund, travel"
            .to_owned()
    })
}

fn locks(value: &Value, estate: &Estate) -> Result<Vec<Lock>, String> {
    let rows = value.as_array().filter(|rows| rows.len() <= MOST_LOCKS);
    let rows = rows.ok_or_else(|| {
        format!("is a list of at most {MOST_LOCKS} objects of site, kind and why")
    })?;
    let mut locks: BTreeMap<SiteCode, Lock> = BTreeMap::new();
    for (number, row) in rows.iter().enumerate() {
        let text = |name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default().trim();
        let site: SiteCode =
            text("site").parse().map_err(|error| format!("[{number}]: {error}"))?;
        let kind = match text("kind") {
            "keep" => LockKind::Keep,
            "close" => LockKind::Close,
            other => {
                return Err(format!(
                    "[{number}]: kind is keep or close, and {} is neither",
                    quoted(other)
                ));
            }
        };
        if estate.register().site(&site).is_none() {
            return Err(format!("[{number}]: {site} is not in the register"));
        }
        let why =
            Some(text("why")).filter(|why| !why.is_empty()).unwrap_or("asked for in the scenario");
        let why = why.chars().take(MOST_NAME).collect();
        if locks
            .insert(site.clone(), Lock { site: site.clone(), kind, why })
            .is_some_and(|other| other.kind != kind)
        {
            return Err(format!("[{number}]: {site} cannot be both kept and closed"));
        }
    }
    Ok(locks.into_values().collect())
}

fn standards(value: &Value, held: &[Standard]) -> Result<Vec<Standard>, String> {
    let keys: Vec<String> = serde_json::from_value(value.clone())
        .map_err(|_other_shape| "is a list of keys of standards".to_owned())?;
    let unknown = keys.iter().find(|key| !held.iter().any(|standard| standard.key == **key));
    if let Some(key) = unknown {
        return Err(format!("names {}, which is not the key of a standard", quoted(key)));
    }
    Ok(held.iter().filter(|standard| keys.contains(&standard.key)).cloned().collect())
}
