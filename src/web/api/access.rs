//! Access by borough, what closes the gaps, the explorer, and a site's checklist: the tables of the pages, for programs.

use actix_web::http::header::CONTENT_TYPE;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::Utc;
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::answer;
use super::ask::{Asked, Members, document};
use crate::access::{Entry, Standing};
use crate::export::{Table, geojson};
use crate::import::seen_on;
use crate::register::{AccessAnswer, AccessItem, ServiceLine, Site, SiteCode, Word as _};
use crate::web::app::{App, aside};
use crate::web::pages::{access as pages, checklist, explore as explorer, parts as parted};
use crate::web::problem::Problem;

/// Rows of a table of the pages: each an object by the column keys that the CSV has.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Rows {
    /// Register version read.
    version: u64,
    /// How many rows.
    total: usize,
    /// Numbers are numbers, money is pounds, null is not known.
    #[schema(value_type = Vec<Object>)]
    rows: Value,
}

impl Rows {
    fn of(version: u64, table: &Table) -> Self {
        Self { version, total: table.rows.len(), rows: table.json() }
    }
}

/// Every borough under every standard in force.
#[utoipa::path(get, path = "/api/v1/access/boroughs", tag = "Access",
    responses((status = 200, description = "A row a borough", body = Rows)))]
pub(super) async fn boroughs(
    request: HttpRequest,
    app: web::Data<App>,
) -> Result<HttpResponse, Problem> {
    Asked::of(&request)?.end()?;
    answer(&app, |app| {
        let estate = app.estate()?;
        let reached = app.reached(&estate)?;
        Ok(Rows::of(estate.version(), &pages::boroughs_table(&estate, &reached)))
    })
    .await
}

/// One table of a borough: `standards`, `zones`, `findings`, `trend`, `statement`, `works`, `league` or `survey-list`.
#[utoipa::path(get, path = "/api/v1/access/boroughs/{borough}/{table}", tag = "Access",
    params(
        ("borough" = String, Path, description = "GSS code or name"),
        ("table" = String, Path, description = "Which table"),
        ("standard" = Option<String>, Query, description = "Of `zones`: as for `/api/v1/access/parts`"),
        ("line" = Option<String>, Query, description = "Of `zones`, instead of a standard: a word of the list of service lines, as read for disabled residents"),
    ),
    responses((status = 200, description = "Rows as on the borough page", body = Rows)))]
pub(super) async fn borough(
    request: HttpRequest,
    app: web::Data<App>,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let shows = shows(&request)?;
    answer(&app, move |app| {
        let (code, name) = path.into_inner();
        let estate = app.estate()?;
        let reached = app.reached(&estate)?;
        let borough = pages::borough(&estate, &code)?;
        let table = pages::borough_table(app, &estate, &reached, &borough, &name, &shows)?;
        Ok(Rows::of(estate.version(), &table))
    })
    .await
}

fn shows(request: &HttpRequest) -> Result<pages::Shows, Problem> {
    let mut asked = Asked::of(request)?;
    let line: Option<ServiceLine> = asked.word("line");
    let standard = asked.text("standard").unwrap_or_default();
    asked.end()?;
    Ok(pages::Shows { standard, line: line.map_or("", ServiceLine::word).to_owned() })
}

/// Areas of a borough by minutes to the nearest site that serves. An area without an outline is a point.
#[utoipa::path(get, path = "/api/v1/access/boroughs/{borough}/zones.geojson", tag = "Access",
    params(
        ("borough" = String, Path, description = "GSS code or name"),
        ("standard" = Option<String>, Query, description = "As for `/api/v1/access/parts`"),
        ("line" = Option<String>, Query, description = "Instead of a standard: a word of the list of service lines, as read for disabled residents"),
    ),
    responses((status = 200, description = "GeoJSON, WGS84", body = Object, content_type = "application/geo+json")))]
pub(super) async fn zones(
    request: HttpRequest,
    app: web::Data<App>,
    code: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let shows = shows(&request)?;
    let text = aside(&app, move |app| {
        let estate = app.estate()?;
        let reached = app.reached(&estate)?;
        let borough = pages::borough(&estate, &code)?;
        let standard = shows.standard(&estate, &reached, &borough.area())?;
        let zones = pages::zones_of(&estate, &borough.area());
        let outlines = estate.snapshot.geography.zone_outlines.as_deref();
        let features = reached.today.reach(&standard, &zones).into_iter().filter_map(|told| {
            let mut properties = Map::new();
            properties.insert("zone".to_owned(), json!(told.zone));
            properties.insert("standing".to_owned(), json!(told.standing));
            properties.insert("minutes".to_owned(), json!(told.minutes));
            properties.insert("nearest".to_owned(), json!(told.nearest));
            properties.insert("people".to_owned(), json!(told.people));
            properties
                .insert("is_determined".to_owned(), json!(told.standing != Standing::Undetermined));
            properties.insert("why_not".to_owned(), json!(told.doubts.iter().collect::<Vec<_>>()));
            properties.insert("standard".to_owned(), json!(reached.id_of(&standard)));
            match outlines.and_then(|held| held.get(&told.zone)) {
                Some(outline) => geojson::outline(&outline.shape, properties),
                None => geojson::point(zones.get(&told.zone)?.point, properties),
            }
        });
        Ok(geojson::collection(features))
    })
    .await?;
    Ok(HttpResponse::Ok().insert_header((CONTENT_TYPE, "application/geo+json")).body(text))
}

/// A standard by parts of the people: IMD decile (1 is the most deprived), kinds of people (disabled, without a car, 65
/// and over, the most deprived fifth; they overlap), ward, borough and board. The first row is the whole; parts by decile
/// and by area add up to it. `any_mean_minutes`, `farther_people`, `farther_minutes` and `none_passing_people` (among the
/// `none_passing_of` people of whom it can be told; null where that is nobody) are the price of inaccessibility: the nearest
/// passing site beside the nearest of any kind.
#[utoipa::path(get, path = "/api/v1/access/parts", tag = "Access",
    params(
        ("area" = Option<String>, Query, description = "A board, borough or ward: `icb:QMJ`, `borough:E09000007`, `ward:E05013654`, or a code or name; everyone where not given"),
        ("borough" = Option<String>, Query, description = "GSS code or name of a borough, instead of an area"),
        ("standard" = Option<String>, Query, description = "Its key, or the key and `:disabled` for the reading of a standard for disabled residents; where not given, the first of which anything is known"),
        ("by" = Option<String>, Query, description = "`decile`, `group`, `ward`, `borough` or `icb`; where not given, deciles, groups and the areas a page has room for"),
    ),
    responses((status = 200, description = "Rows as on the page", body = Rows)))]
pub(super) async fn parts(
    request: HttpRequest,
    app: web::Data<App>,
) -> Result<HttpResponse, Problem> {
    let mut asked = Asked::of(&request)?;
    let [area, borough, standard, by] =
        ["area", "borough", "standard", "by"].map(|name| asked.text(name).unwrap_or_default());
    asked.end()?;
    answer(&app, move |app| {
        let estate = app.estate()?;
        let asked = parted::Asked { area, borough, standard, by };
        let (_, told) = parted::told(&estate, &*app.reached(&estate)?, &asked)?;
        Ok(Rows::of(estate.version(), &crate::export::parts::parts([&told])))
    })
    .await
}

/// What to fix first, by people gained for each pound. `first` is `Works` where an item is known to fail, `Survey` where none
/// is. A site that by its name may be a team's base, an office or a home comes last and has no rank.
#[utoipa::path(get, path = "/api/v1/access/league", tag = "Access",
    params(("borough" = Option<String>, Query, description = "GSS code or name: only people who live there count")),
    responses((status = 200, description = "A row a site, most first", body = Rows)))]
pub(super) async fn league(
    request: HttpRequest,
    app: web::Data<App>,
) -> Result<HttpResponse, Problem> {
    let mut asked = Asked::of(&request)?;
    let borough = asked.text("borough").unwrap_or_default();
    asked.end()?;
    answer(&app, move |app| {
        let estate = app.estate()?;
        let area = pages::area(&estate, &borough)?;
        Ok(Rows::of(estate.version(), &app.reached(&estate)?.league(&estate, &area)))
    })
    .await
}

/// What to survey first, by people whose standard it would settle. A site that by its name may be a team's base, an office
/// or a home comes last and has no rank.
#[utoipa::path(get, path = "/api/v1/access/survey", tag = "Access",
    params(("borough" = Option<String>, Query, description = "GSS code or name: only people who live there count")),
    responses((status = 200, description = "A row a site, most first", body = Rows)))]
pub(super) async fn survey(
    request: HttpRequest,
    app: web::Data<App>,
) -> Result<HttpResponse, Problem> {
    let mut asked = Asked::of(&request)?;
    let borough = asked.text("borough").unwrap_or_default();
    asked.end()?;
    answer(&app, move |app| {
        let estate = app.estate()?;
        let area = pages::area(&estate, &borough)?;
        Ok(Rows::of(estate.version(), &app.reached(&estate)?.survey(&estate, &area)))
    })
    .await
}

/// A place, its nearest sites by service line, and who lives within the minutes.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Explored {
    /// EPSG:27700 metres.
    easting: f64,
    /// EPSG:27700 metres.
    northing: f64,
    /// By the mode.
    minutes: f64,
    /// How the people within travel, and to the nearest sites.
    mode: &'static str,
    /// How it was worked out who is within.
    made: String,
    /// Whether that knows no streets: it is by straight line, or its walks to stops are.
    approximate: bool,
    /// Whose minutes standards by this mode are held against, in words, where they are not of the same make as these.
    assessed_by: Option<String>,
    /// How far the minutes reach in a straight line.
    metres: f64,
    /// A row a service line and rank, as on the page, with `site_code` and `passing_site_code`; a service line without a
    /// site has one row that says so.
    #[schema(value_type = Vec<Object>)]
    nearest: Value,
    /// A row a group of people, as on the page.
    #[schema(value_type = Vec<Object>)]
    people: Value,
}

/// The nearest sites of each kind of care with their gates, the nearest that pass beside them, and who lives within.
#[utoipa::path(get, path = "/api/v1/access/explore", tag = "Access",
    params(
        ("postcode" = Option<String>, Query, description = "In any spacing, live or ended"),
        ("easting" = Option<f64>, Query, description = "EPSG:27700 metres, with northing"),
        ("northing" = Option<f64>, Query, description = "EPSG:27700 metres"),
        ("lon" = Option<f64>, Query, description = "WGS84 degrees, with lat"),
        ("lat" = Option<f64>, Query, description = "WGS84 degrees"),
        ("minutes" = Option<f64>, Query, description = "20 where not given"),
        ("mode" = Option<String>, Query, description = "`walk` where not given, or another mode: how people travel, to the nearest sites too"),
        ("k" = Option<u64>, Query, minimum = 1, maximum = 20, description = "Nearest sites of each service line, 3 where not given"),
    ),
    responses((status = 200, description = "What is near", body = Explored)))]
pub(super) async fn explore(
    request: HttpRequest,
    app: web::Data<App>,
) -> Result<HttpResponse, Problem> {
    let mut asked = Asked::of(&request)?;
    let mut given = |name: &str| asked.text(name).unwrap_or_default();
    let place = explorer::Asked::of(explorer::Asked::NAMES.map(&mut given));
    asked.end()?;
    answer(&app, move |app| {
        let told = explorer::answer(app, &place)?;
        Ok(Explored {
            easting: told.around.at.easting(),
            northing: told.around.at.northing(),
            minutes: told.around.minutes,
            mode: told.around.mode.key(),
            made: told.isochrone.maker,
            assessed_by: told.isochrone.assessed_by,
            approximate: told.isochrone.is_approximate,
            metres: told.metres,
            nearest: told.nearest.json(),
            people: told.people.json(),
        })
    })
    .await
}

/// A site's facts as an A11yJSON feature. What is not known is left out.
#[utoipa::path(get, path = "/api/v1/sites/{code}/a11y.json", tag = "Access",
    params(("code" = String, Path, description = "ODS site code")),
    responses((status = 200, description = "A GeoJSON feature with A11yJSON properties", body = Object)))]
pub(super) async fn a11y(
    request: HttpRequest,
    app: web::Data<App>,
    code: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    Asked::of(&request)?.end()?;
    answer(&app, move |app| {
        let estate = app.estate()?;
        Ok(crate::export::a11yjson::site(site(&estate, &code)?))
    })
    .await
}

fn site<'a>(estate: &'a crate::web::estate::Estate, code: &str) -> Result<&'a Site, Problem> {
    let missing = || Problem::not_found(format!("site {code:?} in the register"));
    let code: SiteCode = code.parse().map_err(|_error| missing())?;
    estate.register().site(&code).ok_or_else(missing)
}

/// A site's checklist: findings and what would mend them, and what it takes to pass.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Checklist {
    /// Register version read.
    version: u64,
    /// Whether it passes every must-pass item; null is not known, which never passes.
    passes: Option<bool>,
    /// Sixteen rows: each item with its answer, evidence and day; null is not known.
    #[schema(value_type = Vec<Object>)]
    items: Value,
    /// A row an item that is failed or not known.
    #[schema(value_type = Vec<Object>)]
    findings: Value,
    /// Works to pass, if all goes well; null where works alone cannot make it pass.
    works_low_gbp: Option<f64>,
    /// As expected.
    works_gbp: Option<f64>,
    /// If it goes badly.
    works_high_gbp: Option<f64>,
}

/// A site's checklist.
#[utoipa::path(get, path = "/api/v1/sites/{code}/checklist", tag = "Access",
    params(("code" = String, Path, description = "ODS site code")),
    responses((status = 200, description = "The checklist", body = Checklist)))]
pub(super) async fn show(
    request: HttpRequest,
    app: web::Data<App>,
    code: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    Asked::of(&request)?.end()?;
    answer(&app, move |app| told(app, &code)).await
}

fn told(app: &App, code: &str) -> Result<Checklist, Problem> {
    let estate = app.estate()?;
    let site = site(&estate, code)?;
    let to_pass = checklist::to_pass(app, site)?;
    let cost = to_pass.cost;
    Ok(Checklist {
        version: estate.version(),
        passes: to_pass.passes(),
        items: crate::export::checklist::table([site], &app.gate_rules).json(),
        findings: checklist::findings_table(app, site)?.json(),
        works_low_gbp: cost.map(|cost| cost.low.as_pounds()),
        works_gbp: cost.map(|cost| cost.central.as_pounds()),
        works_high_gbp: cost.map(|cost| cost.high.as_pounds()),
    })
}

/// A visit to record.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "describes the body for the document; the body is read by hand, to name what is wrong with it"
)]
pub(super) struct VisitAsked {
    /// Who.
    author: String,
    /// Why.
    reason: String,
    /// Register version that was looked at; what others recorded since is never overwritten.
    version: u64,
    /// `{"item": 1, "answer": "yes", "evidence": "level from the gate", "as_of": "2026-03-31"}`: the answer is `yes`,
    /// `no`, `not_applicable` or null for not known.
    #[schema(value_type = Vec<Object>)]
    answers: Vec<Value>,
}

/// Records a visit as one version of the register, whole or not at all.
#[utoipa::path(post, path = "/api/v1/sites/{code}/checklist", tag = "Access",
    params(("code" = String, Path, description = "ODS site code")),
    request_body(content = VisitAsked, description = "Who, why and what was seen"),
    responses((status = 200, description = "The checklist as it then is", body = Checklist)))]
pub(super) async fn record(
    request: HttpRequest,
    app: web::Data<App>,
    code: web::Path<String>,
    body: web::Payload,
) -> Result<HttpResponse, Problem> {
    let document = document(&request, body).await?;
    let is_missing = |name: &&str| {
        document.get(*name).is_none_or(|value| value.is_null() || value.as_str() == Some(""))
    };
    let missing: Vec<&str> =
        ["author", "reason", "version", "answers"].into_iter().filter(is_missing).collect();
    let mut body = Members::of(document)?;
    for name in missing {
        body.refuse(name, format!("{name} is missing"));
    }
    let author = body.text("author", 500);
    let reason = body.text("reason", 500);
    let version = body.whole("version", 0, u64::MAX);
    let seen_by = author.clone().unwrap_or_default();
    let entries = body.read("answers", |value| entries(value, &seen_by));
    body.end()?;
    answer(&app, move |app| {
        let visit = checklist::Visit {
            author: author.unwrap_or_default(),
            reason: reason.unwrap_or_default(),
            entries: entries.unwrap_or_default(),
            version: version.unwrap_or_default(),
        };
        let estate = app.estate()?;
        let site = site(&estate, &code)?;
        checklist::write(app, &site.code, &visit)?;
        told(app, &code)
    })
    .await
}

fn entries(value: &Value, seen_by: &str) -> Result<Vec<Entry>, String> {
    let list = value
        .as_array()
        .ok_or("answers is a list of objects with item, answer, evidence and as_of")?;
    list.iter().zip(1..).map(|(value, number)| entry(value, number, seen_by)).collect()
}

fn entry(value: &Value, number: usize, seen_by: &str) -> Result<Entry, String> {
    let text = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default();
    let item = value.get("item").and_then(Value::as_u64).and_then(|item| u8::try_from(item).ok());
    let item = item
        .and_then(AccessItem::new)
        .ok_or_else(|| format!("answers has in place {number} no item from 1 to 16"))?;
    let answer = match value.get("answer") {
        None | Some(Value::Null) => None,
        Some(word) => {
            let found = word.as_str().and_then(AccessAnswer::find);
            Some(found.ok_or_else(|| {
                format!("answers has in place {number} an answer that is not yes, no, not_applicable or null")
            })?)
        }
    };
    let on = seen_on(text("as_of"), Utc::now().date_naive()).map_err(|expected| {
        format!("answers has in place {number} an as_of that is not {expected}")
    })?;
    let evidence =
        if text("evidence").is_empty() { "seen on a site visit" } else { text("evidence") };
    Ok(Entry {
        item,
        answer,
        seen_by: format!("{seen_by}, site visit"),
        evidence: evidence.to_owned(),
        on,
    })
}
