//! Sites: the list by filter, one whole, and what each version said of a field.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use super::answer;
use super::ask::Asked;
use super::view::{Fact, Facts, Interval, Place, finite, utc};
use crate::access::{Gate, GateKind, GateState};
use crate::register::{Field, Method, Pence, Scalar, Site, SiteCode, Subject, Tenancy, Word};
use crate::web::app::App;
use crate::web::estate::{Estate, Judged};
use crate::web::filter::{SiteFilter, gate_word, percent};
use crate::web::problem::Problem;

const LIMIT: usize = 100;

/// A part of the sites that answer a filter, by code.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SiteList {
    /// Register version read.
    version: u64,
    /// How many sites answer.
    total: usize,
    /// The first of them here, counted from 0.
    offset: usize,
    sites: Vec<Summary>,
    /// Address of the next part; null on the last.
    next: Option<String>,
}

/// A site at a glance. Null is not known; the site's own address says why.
#[derive(Debug, Serialize, ToSchema)]
struct Summary {
    code: String,
    name: String,
    href: String,
    /// `open`, `closed` or `unoccupied`.
    status: &'static str,
    /// Pooled small sites: a row with areas but no place.
    is_aggregate: bool,
    organisation_name: Option<String>,
    postcode: Option<String>,
    borough_code: Option<String>,
    borough_name: Option<String>,
    icb_code: Option<String>,
    tenure: Option<&'static str>,
    gross_internal_area_m2: Option<f64>,
    place: Option<Place>,
    scores: Option<Scores>,
    /// `pass`, `fail` or `unknown`: the must-pass access items together. Unknown never passes.
    must_pass_access: Option<&'static str>,
}

/// Interval scores; must-pass gates stand beside them, never in them.
#[derive(Debug, Serialize, ToSchema)]
struct Scores {
    condition: Interval,
    accessibility: Interval,
    utilisation: Interval,
}

impl Scores {
    fn of(judged: &Judged) -> Self {
        Self {
            condition: judged.condition.into(),
            accessibility: judged.accessibility.into(),
            utilisation: judged.utilisation.into(),
        }
    }
}

impl Summary {
    fn of(estate: &Estate, site: &Site) -> Self {
        let text = |field| site.text(field).map(str::to_owned);
        let judged = estate.judged(&site.code);
        Self {
            code: site.code.to_string(),
            name: site.name().to_owned(),
            href: href(&site.code),
            status: site.status().word(),
            is_aggregate: site.is_aggregate(),
            organisation_name: text(Field::OrganisationName),
            postcode: text(Field::Postcode),
            borough_code: text(Field::BoroughCode),
            borough_name: text(Field::BoroughName),
            icb_code: text(Field::IcbCode),
            tenure: site.tenure().map(Word::word),
            gross_internal_area_m2: site.area(Field::GrossInternalArea).map(|area| area.0),
            place: site.location().map(Place::of),
            scores: judged.map(Scores::of),
            must_pass_access: judged.map(gate_word),
        }
    }
}

/// The address of a site.
pub(super) fn href(code: &SiteCode) -> String {
    format!("/api/v1/sites/{code}")
}

/// Sites that answer a filter, by code.
#[utoipa::path(get, path = "/api/v1/sites", tag = "Register",
    params(
        SiteFilter,
        ("version" = Option<u64>, Query, description = "Register version; the newest where not given"),
        ("limit" = Option<u64>, Query, minimum = 1, maximum = 1000, description = "Most sites in one answer, 100 where not given"),
        ("offset" = Option<u64>, Query, minimum = 0, description = "Sites to leave out before the first"),
    ),
    responses((status = 200, description = "Sites", body = SiteList)))]
pub(super) async fn list(
    request: HttpRequest,
    app: web::Data<App>,
) -> Result<HttpResponse, Problem> {
    let mut asked = Asked::of(&request)?;
    let filter = asked.filter();
    let version = asked.whole("version", 0, u64::MAX);
    let limit = asked.count("limit", 1, 1000).unwrap_or(LIMIT);
    let offset = asked.count("offset", 0, u64::from(u32::MAX)).unwrap_or(0);
    asked.end()?;
    answer(&app, move |app| {
        let estate = estate(app, version)?;
        let found = filter.sites(&estate)?;
        let sites: Vec<Summary> =
            found.iter().skip(offset).take(limit).map(|site| Summary::of(&estate, site)).collect();
        let after = offset + sites.len();
        let next = (!sites.is_empty() && after < found.len()).then(|| {
            let version = version.map(|version| format!("&version={version}")).unwrap_or_default();
            format!("/api/v1/sites?limit={limit}&offset={after}{}{version}", filter.query())
        });
        Ok(SiteList { version: estate.version(), total: found.len(), offset, sites, next })
    })
    .await
}

fn estate(app: &App, version: Option<u64>) -> Result<std::sync::Arc<Estate>, Problem> {
    version.map_or_else(|| app.estate(), |version| app.estate_at(version))
}

/// A site and everything known of it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Sheet {
    code: String,
    name: String,
    /// Register version read.
    version: u64,
    /// `open`, `closed` or `unoccupied`.
    status: &'static str,
    is_aggregate: bool,
    /// Every field of a site by its key.
    #[schema(value_type = std::collections::BTreeMap<String, Fact>)]
    facts: Facts,
    /// Works cost to reach condition B, worked out from the bands where all are known.
    backlog: Fact,
    scores: Option<Scores>,
    /// `pass`, `fail` or `unknown`: the must-pass items together.
    must_pass_access: Option<&'static str>,
    gates: Vec<Item>,
    tenancies: Vec<Occupier>,
    /// Utilisation surveys, oldest first. Figures by different methods are never compared.
    observations: Vec<Survey>,
    /// The address of the history of a field; put the field's key in place of `{field}`.
    history: String,
    page: String,
}

/// An item of the access checklist.
#[derive(Debug, Serialize, ToSchema)]
struct Item {
    /// 1 to 16.
    number: u8,
    field: &'static str,
    label: &'static str,
    /// `must`, `conditional` or `should`.
    #[schema(value_type = String)]
    kind: GateKind,
    /// `pass`, `fail`, `unknown` or `not_applicable`.
    #[schema(value_type = String)]
    state: GateState,
}

impl From<&Gate> for Item {
    fn from(gate: &Gate) -> Self {
        let field = gate.item.field();
        let (field, label) = (field.key(), field.label());
        Self { number: gate.item.number(), field, label, kind: gate.kind, state: gate.state }
    }
}

/// A tenancy at the site.
#[derive(Debug, Serialize, ToSchema)]
struct Occupier {
    id: String,
    name: String,
    service_line: Option<&'static str>,
    is_open: bool,
    /// Every field of a tenancy by its key.
    #[schema(value_type = std::collections::BTreeMap<String, Fact>)]
    facts: Facts,
}

impl From<&Tenancy> for Occupier {
    fn from(tenancy: &Tenancy) -> Self {
        Self {
            id: tenancy.id.as_str().to_owned(),
            name: tenancy.name().to_owned(),
            service_line: tenancy.service_line().map(Word::word),
            is_open: tenancy.is_open(),
            facts: Field::of(Subject::Tenancy)
                .map(|field| (field.key(), Fact::of(field, &tenancy.fact(field))))
                .collect(),
        }
    }
}

/// A utilisation survey.
#[derive(Debug, Serialize, ToSchema)]
struct Survey {
    /// `eric_return`, `sensor`, `walkround` or `booking`.
    #[schema(value_type = String)]
    method: Method,
    from: NaiveDate,
    to: NaiveDate,
    spaces: String,
    /// Room-hours used ÷ room-hours available.
    frequency: f64,
    /// People ÷ capacity when used; null where it does not apply.
    occupancy: Option<f64>,
    /// The two multiplied.
    utilisation: f64,
    source: String,
}

/// A site whole: every fact with value, source, method and date, or why it is not known.
#[utoipa::path(get, path = "/api/v1/sites/{code}", tag = "Register",
    params(
        ("code" = String, Path, description = "ODS site code"),
        ("version" = Option<u64>, Query, description = "Register version; the newest where not given"),
    ),
    responses((status = 200, description = "The site", body = Sheet)))]
pub(super) async fn show(
    request: HttpRequest,
    app: web::Data<App>,
    code: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let mut asked = Asked::of(&request)?;
    let version = asked.whole("version", 0, u64::MAX);
    asked.end()?;
    answer(&app, move |app| {
        let estate = estate(app, version)?;
        find(&estate, &code).map(|site| sheet(&estate, site))
    })
    .await
}

fn find<'a>(estate: &'a Estate, code: &str) -> Result<&'a Site, Problem> {
    let missing =
        || Problem::not_found(format!("site {} in the register", super::ask::quoted(code)));
    let code: SiteCode = code.parse().map_err(|_not_a_code| missing())?;
    estate.register().site(&code).ok_or_else(missing)
}

fn sheet(estate: &Estate, site: &Site) -> Sheet {
    let judged = estate.judged(&site.code);
    let backlog = site.backlog().map(|Pence(pence)| Scalar::Pence(pence));
    Sheet {
        code: site.code.to_string(),
        name: site.name().to_owned(),
        version: estate.version(),
        status: site.status().word(),
        is_aggregate: site.is_aggregate(),
        facts: Field::of(Subject::Site)
            .map(|field| (field.key(), Fact::of(field, &site.fact(field))))
            .collect(),
        backlog: Fact::labelled("Backlog to reach condition B", "£", &backlog),
        scores: judged.map(Scores::of),
        must_pass_access: judged.map(gate_word),
        gates: judged
            .map(|judged| judged.gates.iter().map(Item::from).collect())
            .unwrap_or_default(),
        tenancies: estate.tenancies_at(&site.code).map(Occupier::from).collect(),
        observations: site
            .observations
            .iter()
            .map(|seen| Survey {
                method: seen.method,
                from: seen.from,
                to: seen.to,
                spaces: seen.spaces.clone(),
                frequency: seen.frequency,
                occupancy: finite(seen.occupancy),
                utilisation: seen.utilisation(),
                source: seen.source.clone(),
            })
            .collect(),
        history: format!("{}/history/{{field}}", href(&site.code)),
        page: format!("/sites/{}", percent(site.code.as_str())),
    }
}

/// What each version said of a field of a site, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct History {
    code: String,
    field: &'static str,
    label: &'static str,
    statements: Vec<Said>,
}

/// One statement.
#[derive(Debug, Serialize, ToSchema)]
struct Said {
    /// The register version that said it.
    version: u64,
    author: String,
    #[schema(format = DateTime)]
    at: String,
    reason: String,
    fact: Fact,
}

/// What each version said of a field of a site, newest first.
#[utoipa::path(get, path = "/api/v1/sites/{code}/history/{field}", tag = "Register",
    params(
        ("code" = String, Path, description = "ODS site code"),
        ("field" = String, Path, description = "Key of a field of a site, such as `tenure`"),
    ),
    responses((status = 200, description = "Statements", body = History)))]
pub(super) async fn history(
    app: web::Data<App>,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let (code, field) = path.into_inner();
    answer(&app, move |app| {
        let estate = app.estate()?;
        let site = find(&estate, &code)?;
        let missing =
            || Problem::not_found(format!("field {} of a site", super::ask::quoted(&field)));
        let field: Field = field.parse().map_err(|_not_a_key| missing())?;
        if field.subject() != Subject::Site {
            return Err(missing());
        }
        let said = app.store.history(&app.scope(), &site.code, field)?;
        let statements = said.iter().rev().map(|statement| Said {
            version: statement.by.id,
            author: statement.by.author.clone(),
            at: utc(statement.by.at),
            reason: statement.by.reason.clone(),
            fact: Fact::of(field, &statement.said),
        });
        Ok(History {
            code: site.code.to_string(),
            field: field.key(),
            label: field.label(),
            statements: statements.collect(),
        })
    })
    .await
}
