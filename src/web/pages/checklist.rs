//! The access checklist of a site: the form of a visit, what it finds and what would mend it, and the files it may be
//! filled in with.

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{NaiveDate, Utc};
use minijinja::{Value as View, context};
use serde::Serialize;

use super::access::findings_shown;
use super::form::Form;
use super::register::{gate_colour, gate_label, interval};
use super::site::find;
use super::table::tag;
use super::{Page, csv, page, see_other, view_of};
use crate::access::{Entry, ToPass, findings, recorded};
use crate::config;
use crate::export::{self, Cell, Table, about};
use crate::fund::Terms;
use crate::import::seen_on;
use crate::register::{AccessAnswer, AccessItem, Change, Field, Site, SiteCode, Value, Word as _};
use crate::store::{Draft, StoreError};
use crate::web::app::{App, aside};
use crate::web::draw;
use crate::web::estate::Estate;
use crate::web::filter::{SiteFilter, gate_word};
use crate::web::guard;
use crate::web::problem::Problem;

/// How often a visit is written again because somebody else made a version meanwhile.
const ATTEMPTS: u32 = 8;
/// Longest name, reason or evidence.
const LONGEST: usize = 500;
/// Sites of one template at most.
const MOST_SITES: usize = 2_000;
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// A visit as it was sent: what is new, and the version it was made on.
#[derive(Debug, Clone)]
pub(in crate::web) struct Visit {
    /// Who.
    pub(in crate::web) author: String,
    /// Why.
    pub(in crate::web) reason: String,
    /// What was seen.
    pub(in crate::web) entries: Vec<Entry>,
    /// Register version the visitor saw.
    pub(in crate::web) version: u64,
}

pub(crate) async fn show(
    request: HttpRequest,
    app: web::Data<App>,
    code: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let is_recorded = request.query_string() == "recorded";
    page(&request, &app, move |app| {
        let estate = app.estate()?;
        let site = find(&estate, &code)?;
        form_page(app, &estate, site, &blank(&estate, site), is_recorded)
    })
    .await
}

/// The form as it starts: today's answers, and nothing said of this visit.
fn blank(estate: &Estate, site: &Site) -> Form {
    let mut values = vec![
        ("version".to_owned(), estate.version().to_string()),
        ("visited".to_owned(), Utc::now().date_naive().to_string()),
    ];
    for item in AccessItem::all() {
        let answer = site.access(item).map_or("unknown", AccessAnswer::word);
        values.push((name("answer", item), answer.to_owned()));
    }
    Form::of(values)
}

fn name(part: &str, item: AccessItem) -> String {
    format!("{part}_{:02}", item.number())
}

pub(crate) async fn record(
    request: HttpRequest,
    app: web::Data<App>,
    code: web::Path<String>,
    sent: web::Form<Vec<(String, String)>>,
) -> Result<HttpResponse, Problem> {
    let form = Form::of(sent.into_inner());
    guard::check_form(&request, form.value("csrf"))?;
    let asked = code.clone();
    let (form, status) = aside(&app, move |app| {
        let mut form = form;
        let estate = app.estate()?;
        let site = find(&estate, &asked)?;
        let Some(visit) = read(&mut form, site) else {
            return Ok((form, Some(StatusCode::UNPROCESSABLE_ENTITY)));
        };
        match write(app, &site.code, &visit) {
            Ok(_) => Ok((form, None)),
            Err(Problem::Conflict { detail }) => {
                form.refuse("visited", detail);
                Ok((form, Some(StatusCode::CONFLICT)))
            }
            Err(problem) => Err(problem),
        }
    })
    .await?;
    let Some(status) = status else {
        return Ok(see_other(&format!("/sites/{code}/checklist?recorded")));
    };
    page(&request, &app, move |app| {
        let estate = app.estate()?;
        let site = find(&estate, &code)?;
        Ok(form_page(app, &estate, site, &form, false)?.with_status(status))
    })
    .await
}

/// The visit a form tells of, or `None` with errors beside its values.
///
/// An item counts as seen on the visit where its answer is another than the register's, where evidence or a day of its
/// own is given, or where the visitor says that every answer was looked at.
fn read(form: &mut Form, site: &Site) -> Option<Visit> {
    let author = form.read("author", |text| match text {
        "" => Err("Enter your name".to_owned()),
        text => Ok(text.chars().take(LONGEST).collect::<String>()),
    });
    let reason = form.read("reason", |text| match text {
        "" => Err("Enter why the checklist is changed, such as Site visit".to_owned()),
        text => Ok(text.chars().take(LONGEST).collect::<String>()),
    });
    let visited = form.read("visited", day);
    let version = form.read("version", |text| {
        text.parse::<u64>()
            .map_err(|_error| "Open the page again: the form is not whole".to_owned())
    });
    let evidence: String = form.value("evidence").chars().take(LONGEST).collect();
    let evidence = if evidence.is_empty() { "seen on a site visit".to_owned() } else { evidence };
    let looked_at_all = form.value("all") == "yes";
    let mut entries = Vec::new();
    for item in AccessItem::all() {
        let answer = form.read(&name("answer", item), |text| match text {
            "unknown" | "" => Ok(None),
            text => AccessAnswer::find(text).map(Some).ok_or_else(|| {
                format!("Item {}: choose yes, no, not applicable or not known", item.number())
            }),
        });
        let own: String = form.value(&name("evidence", item)).chars().take(LONGEST).collect();
        let own_day = form.read(&name("date", item), |text| match text {
            "" => Ok(None),
            text => day(text).map(Some).map_err(|words| format!("Item {}: {words}", item.number())),
        });
        let (Some(answer), Some(own_day)) = (answer, own_day) else { continue };
        let is_seen =
            looked_at_all || answer != site.access(item) || !own.is_empty() || own_day.is_some();
        if let (true, Some(on)) = (is_seen, own_day.or(visited)) {
            entries.push(Entry {
                item,
                answer,
                seen_by: format!("{}, site visit", author.as_deref().unwrap_or_default()),
                evidence: if own.is_empty() { evidence.clone() } else { own },
                on,
            });
        }
    }
    if !form.is_good() {
        return None;
    }
    Some(Visit { author: author?, reason: reason?, entries, version: version? })
}

fn day(text: &str) -> Result<NaiveDate, String> {
    seen_on(text, Utc::now().date_naive()).map_err(|expected| format!("Enter {expected}"))
}

/// Writes a visit as one version, whole or not at all; the version that then holds it.
///
/// What somebody else recorded of this site since the visitor opened the form is never overwritten unseen.
pub(in crate::web) fn write(app: &App, code: &SiteCode, visit: &Visit) -> Result<u64, Problem> {
    let scope = app.scope();
    let seen = app.store.at_version(&scope, visit.version)?;
    let before = seen.register.site(code);
    for attempt in 0..ATTEMPTS {
        if attempt > 0 {
            std::thread::sleep(std::time::Duration::from_millis(10 << attempt));
        }
        let newest = app.store.newest_snapshot(&scope)?;
        let Some(site) = newest.register.site(code) else {
            return Err(Problem::not_found(format!("site {code} in the register")));
        };
        let touched = |entry: &&Entry| {
            let field = entry.item.field();
            before.and_then(|before| before.held(field)) != site.held(field)
        };
        if let Some(entry) = visit.entries.iter().find(touched) {
            return Err(Problem::Conflict {
                detail: format!(
                    "Somebody else has recorded item {} since you opened this page. Open it again to see what they found; nothing of yours was written",
                    entry.item.field().label()
                ),
            });
        }
        let changes: Vec<Change> = recorded(site, &visit.entries);
        if changes.is_empty() {
            return Ok(newest.register.version);
        }
        let draft = Draft {
            author: visit.author.clone(),
            at: Utc::now().naive_utc(),
            source: format!("Access checklist of {code}"),
            reason: visit.reason.clone(),
            changes,
            references: Vec::new(),
        };
        match app.store.append(&scope, draft, newest.register.version) {
            Ok(header) => return Ok(header.id),
            Err(StoreError::Conflict { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Problem::Busy { detail: "Others kept changing the register meanwhile.".to_owned() })
}

/// An item as the form shows it.
#[derive(Debug, Serialize)]
struct Item {
    number: String,
    label: &'static str,
    test: String,
    kind: &'static str,
    held: String,
    answer: String,
    answer_name: String,
    evidence_name: String,
    date_name: String,
    evidence: String,
    date: String,
    may_not_apply: bool,
}

fn form_page(
    app: &App,
    estate: &Estate,
    site: &Site,
    form: &Form,
    is_recorded: bool,
) -> Result<Page, Problem> {
    let items: Vec<Item> = app
        .gate_rules
        .iter()
        .map(|rule| {
            let value = |part| form.value(&name(part, rule.item)).to_owned();
            let held = match site.fact(rule.item.field()) {
                Value::Known { value, evidence } => format!(
                    "{}, {} ({}, {})",
                    AccessAnswer::find(&value.to_string()).map_or("", AccessAnswer::label),
                    evidence.as_of.format("%-d %B %Y"),
                    evidence.source,
                    evidence.method
                ),
                Value::Unknown { why } => format!("Not known: {}", why.label()),
            };
            Item {
                number: format!("{:02}", rule.item.number()),
                label: rule.item.field().label(),
                test: rule.test.clone(),
                kind: export::access::kind_words(rule.kind),
                held,
                answer: value("answer"),
                answer_name: name("answer", rule.item),
                evidence_name: name("evidence", rule.item),
                date_name: name("date", rule.item),
                evidence: value("evidence"),
                date: value("date"),
                may_not_apply: rule.may_not_apply,
            }
        })
        .collect();
    let table = findings_table(app, site)?;
    let cost = to_pass(app, site)?.cost;
    let judged = estate.judged(&site.code);
    let place = |field| Cell::fact(&site.fact(field)).shown();
    let view = context! {
        code => site.code.as_str(),
        name => site.name(),
        form => view_of(form),
        items => view_of(items),
        is_recorded => is_recorded,
        gates_tag => judged.map(|judged| {
            let word = gate_word(judged);
            View::from_safe_string(tag(gate_colour(word), gate_label(word)))
        }),
        score => judged.map(|judged| interval(judged.accessibility)),
        bar => judged.map(|judged| View::from_safe_string(draw::bar(judged.accessibility.low, judged.accessibility.high))),
        place_disability => place(Field::PlaceDisability),
        place_dementia => place(Field::PlaceDementia),
        findings => view_of(findings_shown(&table, Some(format!("/sites/{}/findings.csv", site.code)))),
        cost => cost.map(|cost| format!(
            "{}, between {} and {}",
            about(cost.central), about(cost.low), about(cost.high)
        )),
        version => estate.version(),
    };
    let title = format!("Access checklist: {}", site.name());
    let title = if form.is_good() { title } else { format!("Error: {title}") };
    Ok(Page::new("checklist.html", title, view)
        .under("Overview", "/")
        .under("Register", "/sites")
        .under(site.name(), format!("/sites/{}", site.code)))
}

/// What a site does not meet and what would mend it.
pub(in crate::web) fn findings_table(app: &App, site: &Site) -> Result<Table, Problem> {
    let found = found(app, site)?;
    let rows = found.into_iter().map(|finding| (&site.code, site.name(), finding));
    Ok(export::access::findings("findings", "Findings, and what would mend them", rows))
}

/// What stands between a site and passing.
pub(in crate::web) fn to_pass(app: &App, site: &Site) -> Result<ToPass, Problem> {
    Ok(ToPass::of(&found(app, site)?))
}

fn found(app: &App, site: &Site) -> Result<Vec<crate::access::Finding>, Problem> {
    let figures = config::assumptions().map_err(Problem::internal)?;
    let terms = Terms { assumptions: &figures, base_year: 0, horizon_years: 0 };
    findings(site, &app.gate_rules, &terms).map_err(Problem::internal)
}

pub(crate) async fn site_workbook(
    app: web::Data<App>,
    code: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let (name, bytes) = aside(&app, move |app| {
        let estate = app.estate()?;
        let site = find(&estate, &code)?;
        let table = export::checklist::table([site], &app.gate_rules);
        Ok((format!("{}-checklist", site.code), workbook(&table)?))
    })
    .await?;
    Ok(download(&name, bytes))
}

/// The checklists of many sites in one workbook.
pub(crate) async fn workbook_of_many(
    app: web::Data<App>,
    filter: web::Query<SiteFilter>,
) -> Result<HttpResponse, Problem> {
    let filter = filter.into_inner();
    let bytes = aside(&app, move |app| workbook(&many(app, &filter)?)).await?;
    Ok(download("checklists", bytes))
}

pub(crate) async fn file_of_many(
    app: web::Data<App>,
    filter: web::Query<SiteFilter>,
) -> Result<HttpResponse, Problem> {
    let filter = filter.into_inner();
    csv(&app, move |app| Ok(Table { name: "checklists".to_owned(), ..many(app, &filter)? })).await
}

fn many(app: &App, filter: &SiteFilter) -> Result<Table, Problem> {
    let estate = app.estate()?;
    let sites = filter.sites(&estate)?.into_iter().filter(|site| !site.is_aggregate());
    Ok(export::checklist::table(sites.take(MOST_SITES), &app.gate_rules))
}

fn workbook(table: &Table) -> Result<Vec<u8>, Problem> {
    export::checklist::workbook(table).map_err(Problem::internal)
}

fn download(name: &str, bytes: Vec<u8>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, XLSX))
        .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{name}.xlsx\"")))
        .body(bytes)
}
