//! Two states of the estate side by side, what a change would do, and the evidence of who is affected.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::{HttpRequest, HttpResponse, web};
use minijinja::{Value as View, context};
use serde::Deserialize;

use super::register::Choice;
use super::table::{Dress, Shown};
use super::{Page, csv, page, view_of};
use crate::access::{Difference, Verdict};
use crate::export::{self, Brief, Cell, Table, grouped};
use crate::fund::{Ledger, Totals};
use crate::register::{Field, Point, ServiceLine, SiteCode, SiteStatus, Word as _};
use crate::scenario::{Compared, Edit, StateSpec, WhatIf};
use crate::web::app::{App, Held, aside};
use crate::web::asked;
use crate::web::draw::{Fill, Map, Mark, Patch, Shape, Symbol};
use crate::web::filter::percent;
use crate::web::problem::Problem;

/// Two states, as an address names them.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Sides {
    a: String,
    b: String,
}

impl Sides {
    fn is_empty(&self) -> bool {
        self.a.trim().is_empty() && self.b.trim().is_empty()
    }

    fn query(&self) -> String {
        format!("a={}&b={}", percent(self.a.trim()), percent(self.b.trim()))
    }
}

pub(crate) async fn show(
    request: HttpRequest,
    app: web::Data<App>,
    sides: web::Query<Sides>,
) -> Result<HttpResponse, Problem> {
    let sides = sides.into_inner();
    page(&request, &app, move |app| {
        let runs = app.store.runs(&app.scope())?;
        let runs: Vec<View> = runs
            .iter()
            .filter(|run| run.to_fund.is_some())
            .map(|run| context! { name => run.name.clone(), href => format!("/access/compare?a=today&b=run:{}", run.id.0), id => run.id.0 })
            .collect();
        let mut view = context! {
            a => if sides.is_empty() { "today".to_owned() } else { sides.a.clone() },
            b => sides.b.clone(),
            runs => runs,
            errors => context! {},
            result => None::<View>,
        };
        let title = "Compare two states of the estate";
        if sides.is_empty() {
            return Ok(Page::new("compare.html", title, view).under("Access", "/access"));
        }
        let held = app.outlook()?;
        match asked::compared(app, &held, &sides.a, &sides.b) {
            Ok(compared) => {
                let result = result(&held, &compared, &sides, ROWS_SHOWN);
                view = context! { result => result, ..view };
                Ok(Page::new("compare.html", title, view).under("Access", "/access"))
            }
            Err(Problem::Invalid { faults }) => {
                let errors: BTreeMap<String, String> =
                    faults.into_iter().map(|fault| (fault.field, fault.detail)).collect();
                view = context! { errors => view_of(errors), ..view };
                let title = format!("Error: {title}");
                Ok(Page::new("compare.html", title, view)
                    .under("Access", "/access")
                    .with_status(StatusCode::UNPROCESSABLE_ENTITY))
            }
            Err(other) => Err(other),
        }
    })
    .await
}

/// Rows of a table on a screen, at most; its file has all of them.
const ROWS_SHOWN: usize = 50;

/// What is printed as evidence has every row in which something changes.
const EVERY_CHANGE: usize = usize::MAX;

/// The rows in which something changes, at most so many of a table, and how many that leaves out.
fn result(held: &Held, compared: &Compared, sides: &Sides, most: usize) -> View {
    let briefs = briefly(export::comparison_tables(compared), most);
    let href = |table: &Table| format!("/access/compare/{}.csv?{}", table.name, sides.query());
    let count =
        |rows: fn(&Brief) -> usize| grouped(briefs.iter().map(rows).sum::<usize>() as f64, 0);
    context! {
        a => compared.a.clone(),
        b => compared.b.clone(),
        version => held.estate.version(),
        standards => compared.pinned.clone().unwrap_or_else(|| format!("version {} of the standards", held.standards)),
        headline => headline(&compared.differences, &compared.unjudged),
        tables => shown(held, &briefs, href),
        rest => rest(&briefs),
        rows => count(|brief| brief.all),
        unchanged => count(|brief| brief.unchanged),
        api => format!("/api/v1/access/compare?{}", sides.query()),
        evidence => format!("/access/evidence?{}", sides.query()),
        pack => format!("/access/evidence.zip?{}", sides.query()),
    }
}

/// So much of each table.
fn briefly(tables: Vec<Table>, most: usize) -> Vec<Brief> {
    let brief = |table: Table| {
        // What is not known is told whole, and the ten worst-hit areas of each standard are few.
        let is_whole = ["gaps", "worst"].contains(&table.name.as_str());
        Brief::of(table, if is_whole { EVERY_CHANGE } else { most })
    };
    tables.into_iter().map(brief).collect()
}

/// By the name of a table, what is with the rows that are not shown.
fn rest(briefs: &[Brief]) -> View {
    let words = |brief: &Brief| Some((brief.table.name.clone(), brief.words()?));
    view_of(briefs.iter().filter_map(words).collect::<BTreeMap<_, _>>())
}

/// Tables by name, with sites linked and verdicts as tags.
fn shown(held: &Held, briefs: &[Brief], href: impl Fn(&Table) -> String) -> View {
    let register = held.estate.register();
    let dress = |_: usize, key: &str, cell: &Cell| {
        let text = if let Cell::Text(text) = cell { text.as_str() } else { "" };
        match key {
            "from" | "to" | "site_before" | "site_after" => {
                let code = text.parse::<SiteCode>().ok();
                let site = code.filter(|code| register.site(code).is_some());
                Dress::linked(site.map(|code| format!("/sites/{code}")))
            }
            "verdict_before" | "verdict_after" | "before" | "after" => {
                Dress { tag: verdict_colour(text), ..Dress::default() }
            }
            "assumptions" => Dress::folded(),
            _ => Dress::about(cell),
        }
    };
    let shown =
        |table: &Table| (table.name.clone(), Shown::dressed(table, Some(href(table)), dress));
    view_of(briefs.iter().map(|brief| shown(&brief.table)).collect::<BTreeMap<_, _>>())
}

fn verdict_colour(words: &str) -> Option<&'static str> {
    let is = |verdict| export::verdict_words(verdict) == words;
    if is(Verdict::Pass) {
        Some("green")
    } else if is(Verdict::Fail) {
        Some("red")
    } else if is(Verdict::Undetermined) {
        Some("yellow")
    } else {
        None
    }
}

/// A sentence a standard that changes anything, another where none does, and one of each kind of care that none speaks of.
fn headline(differences: &[Difference], unjudged: &[String]) -> Vec<String> {
    let count = |people: u64| grouped(people as f64, 0);
    let changed = differences
        .iter()
        .filter(|told| !told.affected.is_nothing() || told.affected.in_or_out_of_doubt() > 0);
    let mut words: Vec<String> = changed
        .map(|told| {
            let people = told.affected;
            let flows = [
                (people.within_to_open, "were within and are undetermined"),
                (people.beyond_to_open, "were beyond and are undetermined"),
                (people.open_to_within, "were undetermined and are within"),
                (people.open_to_beyond, "were undetermined and are beyond"),
            ];
            let flows = flows.iter().filter(|(people, _)| *people > 0);
            let flows: Vec<String> =
                flows.map(|(people, words)| format!("{} {words}", count(*people))).collect();
            let flows =
                if flows.is_empty() { String::new() } else { format!(" {}.", flows.join(", ")) };
            let untold = if people.untold == 0 {
                String::new()
            } else {
                format!(
                    ", and for {} it cannot be told, since it is undetermined before or after",
                    count(people.untold)
                )
            };
            format!(
                "{}: {} people have a shorter way, {} a longer one, for {} nothing changes{untold}; {} are newly within and {} no longer.{flows}",
                told.standard.words,
                count(people.better),
                count(people.worse),
                count(people.same),
                count(people.gained),
                count(people.lost)
            )
        })
        .collect();
    if words.is_empty() {
        words.push(
            "Nobody’s journey to a site that surely serves them changes under any standard, nor does anybody’s that is undetermined."
                .to_owned(),
        );
    }
    words.extend_from_slice(unjudged);
    words
}

pub(crate) async fn file(
    app: web::Data<App>,
    path: web::Path<String>,
    sides: web::Query<Sides>,
) -> Result<HttpResponse, Problem> {
    let (name, sides) = (path.into_inner(), sides.into_inner());
    csv(&app, move |app| {
        let held = app.outlook()?;
        let tables = export::comparison_tables(&asked::compared(app, &held, &sides.a, &sides.b)?);
        let table = tables.into_iter().find(|table| table.name == name);
        table.ok_or_else(|| Problem::not_found(format!("table {name}")))
    })
    .await
}

/// The page an officer prints.
pub(crate) async fn evidence(
    request: HttpRequest,
    app: web::Data<App>,
    sides: web::Query<Sides>,
) -> Result<HttpResponse, Problem> {
    let sides = sides.into_inner();
    page(&request, &app, move |app| {
        let held = app.outlook()?;
        let compared = asked::compared(app, &held, &sides.a, &sides.b)?;
        let view = result(&held, &compared, &sides, EVERY_CHANGE);
        Ok(Page::new("evidence.html", "Evidence for an equality analysis", view)
            .under("Access", "/access")
            .under("Compare", format!("/access/compare?{}", sides.query())))
    })
    .await
}

/// The same page and every table, in one file.
pub(crate) async fn pack(
    app: web::Data<App>,
    sides: web::Query<Sides>,
) -> Result<HttpResponse, Problem> {
    let sides = sides.into_inner();
    let bytes = aside(&app, move |app| {
        let held = app.outlook()?;
        let compared = asked::compared(app, &held, &sides.a, &sides.b)?;
        let tables = export::comparison_tables(&compared);
        let briefs = briefly(tables.clone(), EVERY_CHANGE);
        let plain =
            |brief: &Brief| Shown::plain(&brief.table, Some(format!("{}.csv", brief.table.name)));
        let view = context! {
            page => result(&held, &compared, &sides, EVERY_CHANGE),
            tables => view_of(briefs.iter().map(plain).collect::<Vec<_>>()),
            illustrative => held.estate.is_illustrative,
        };
        let html = app.fill("evidence-file.html", view)?;
        export::pack(&html, &tables).map_err(Problem::internal)
    })
    .await?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/zip"))
        .insert_header((CONTENT_DISPOSITION, "attachment; filename=\"equality-evidence.zip\""))
        .body(bytes))
}

/// What is done to today's estate, and what is to be added to it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Doing {
    edits: String,
    /// `close`, `improve`, `offer` or `keep`.
    r#do: String,
    site: String,
    care: String,
    /// A site pressed on the map: what is done to it is chosen next.
    pick: String,
    /// Whose sites the map shows, by GSS code.
    borough: String,
}

impl Doing {
    /// The edits with the new one; keeping a site takes back what was done to it.
    fn all(&self) -> Result<String, (&'static str, String)> {
        let mut edits: Vec<String> = self
            .edits
            .split([',', '+', ' '])
            .filter(|edit| !edit.is_empty())
            .map(str::to_owned)
            .collect();
        let site = self.site.trim();
        if site.is_empty() {
            return if self.r#do.is_empty() {
                Ok(edits.join(","))
            } else {
                Err(("site", "Enter the code of a site".to_owned()))
            };
        }
        let code: SiteCode = site
            .parse()
            .map_err(|_error| ("site", format!("{site:?} is not a site code, such as RXA01")))?;
        let is_of = |edit: &String| edit.split(':').nth(1) == Some(code.as_str());
        match self.r#do.as_str() {
            "close" | "improve" => {
                edits.retain(|edit| !is_of(edit));
                edits.push(format!("{}:{code}", self.r#do));
            }
            "keep" => edits.retain(|edit| !is_of(edit)),
            "offer" => {
                let line = ServiceLine::find(&self.care)
                    .ok_or_else(|| ("care", "Choose which care is offered there".to_owned()))?;
                edits.push(format!("offer:{code}:{line}"));
            }
            _ => return Err(("do", "Choose what is done".to_owned())),
        }
        Ok(edits.join(","))
    }
}

pub(crate) async fn what_if(
    request: HttpRequest,
    app: web::Data<App>,
    doing: web::Query<Doing>,
) -> Result<HttpResponse, Problem> {
    let doing = doing.into_inner();
    page(&request, &app, move |app| {
        let held = app.outlook()?;
        let (edits, error) = match doing.all() {
            Ok(edits) => (edits, None),
            Err((field, words)) => (doing.edits.clone(), Some((field.to_owned(), words))),
        };
        let told = if edits.is_empty() || error.is_some() {
            None
        } else {
            Some(asked::what_if(&held, &edits))
        };
        let (done, error) = match told {
            None => (None, error),
            Some(Ok(done)) => (Some(done), None),
            Some(Err(Problem::Invalid { faults })) => {
                let words =
                    faults.into_iter().map(|fault| fault.detail).collect::<Vec<_>>().join("; ");
                (None, Some(("site".to_owned(), words)))
            }
            Some(Err(other)) => return Err(other),
        };
        let kept = done.as_ref().map_or_else(|| doing.edits.clone(), |(spec, _)| written(spec));
        let (choices, none) =
            (ServiceLine::ALL.iter(), Choice::new("", "Choose", doing.care.is_empty()));
        let cares =
            choices.map(|line| Choice::new(line.word(), line.label(), doing.care == line.word()));
        let cares: Vec<Choice> = std::iter::once(none).chain(cares).collect();
        let is_error = error.is_some();
        let spec = done.as_ref().map(|(spec, _)| spec.clone());
        let borough = borough_of(&held, &doing, spec.as_ref());
        let drawing = sites_map(&held, spec.as_ref(), &kept, borough).draw();
        let drawing = drawing.map(View::from_safe_string);
        let view = context! {
            edits_query => percent(&kept),
            edits => kept,
            r#do => doing.r#do.clone(),
            site => if doing.site.is_empty() { doing.pick.clone() } else { doing.site.clone() },
            drawing => drawing,
            borough => borough.map(|shape| shape.name.clone()),
            cares => view_of(cares),
            error => error.map(|(field, words)| context! { field => field, words => words }),
            done => done.as_ref().map(|(spec, _)| done_list(&held, spec)),
            result => done.map(|(spec, told)| what_if_result(&held, &spec, &told)),
        };
        let title = if is_error { "Error: What if" } else { "What if" };
        let status = if is_error { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
        Ok(Page::new("what-if.html", title, view).under("Access", "/access").with_status(status))
    })
    .await
}

/// What changes, how much does not, and where all of it is.
fn what_if_result(held: &Held, spec: &StateSpec, told: &WhatIf) -> View {
    let sides = Sides { a: "today".to_owned(), b: spec.to_string() };
    let href = |table: &Table| match table.name.as_str() {
        "money" => format!("/access/what-if/money.csv?edits={}", percent(&written(spec))),
        name => format!("/access/compare/{name}.csv?{}", sides.query()),
    };
    let briefs = briefly(export::what_if_tables(told), ROWS_SHOWN);
    let ledger = Ledger { lines: told.lines.clone() };
    let Totals { amount, low, high } = ledger.in_fund();
    let assumed = ledger.assumed_share(|line| line.in_fund);
    context! {
        headline => headline(&told.differences, &told.unjudged),
        to_fund => export::about(amount),
        low => export::about(low),
        high => export::about(high),
        assumed => assumed.map(|share| grouped(share * 100.0, 0)),
        improve => export::improve_words(told),
        blockers => told.blockers.clone(),
        tables => shown(held, &briefs, href),
        rest => rest(&briefs),
        api => format!("/api/v1/access/what-if?edits={}", percent(&written(spec))),
        compare => format!("/access/compare?{}", sides.query()),
        evidence => format!("/access/evidence?{}", sides.query()),
    }
}

/// Edits of today's estate.
#[derive(Debug, Deserialize)]
pub(crate) struct Edits {
    edits: String,
}

pub(crate) async fn money_file(
    app: web::Data<App>,
    asked: web::Query<Edits>,
) -> Result<HttpResponse, Problem> {
    csv(&app, move |app| {
        let (_, told) = asked::what_if(&*app.outlook()?, &asked.edits)?;
        Ok(export::money_table(&told))
    })
    .await
}

/// The borough asked for, else that of the site pressed or done to last.
fn borough_of<'a>(held: &'a Held, doing: &Doing, spec: Option<&StateSpec>) -> Option<&'a Shape> {
    let register = held.estate.register();
    let of_site = |code: &SiteCode| register.site(code)?.text(Field::BoroughCode);
    let last = spec.and_then(|spec| spec.edits.last()).map(|edit| match edit {
        Edit::Close(site) | Edit::Improve(site) | Edit::Offer(site, _) => site.clone(),
    });
    let pressed = doing.pick.parse().ok().or_else(|| doing.site.trim().parse().ok()).or(last);
    let code = Some(doing.borough.as_str()).filter(|code| !code.is_empty());
    let code = code.or_else(|| of_site(pressed.as_ref()?))?;
    held.estate.shapes.iter().find(|shape| shape.code == code)
}

/// Boroughs to press, or one borough's sites: each mark leads to the form with its code filled in.
fn sites_map<'a>(
    held: &'a Held,
    spec: Option<&StateSpec>,
    edits: &str,
    borough: Option<&'a Shape>,
) -> Map<'a> {
    let edits = percent(edits);
    let Some(borough) = borough else {
        let patch = |shape: &'a Shape| {
            let middle = geo::BoundingRect::bounding_rect(shape.outline())?.center();
            Some(Patch {
                outline: Some(shape.outline()),
                at: Point::new(middle.x, middle.y).ok()?,
                fill: Fill::None,
                title: shape.name.clone(),
                href: Some(format!("/access/what-if?edits={edits}&borough={}", shape.code)),
            })
        };
        return Map {
            label: "Press a borough to see its sites",
            shapes: held.estate.shapes.iter().collect(),
            patches: held.estate.shapes.iter().filter_map(patch).collect(),
            ..Map::default()
        };
    };
    let done = |code: &SiteCode| {
        let edits = spec.map(|spec| spec.edits.as_slice()).unwrap_or_default();
        edits.iter().rev().find_map(|edit| match edit {
            Edit::Close(site) if site == code => Some((Symbol::Square, "closes")),
            Edit::Improve(site) if site == code => Some((Symbol::Triangle, "is improved")),
            Edit::Offer(site, _) if site == code => Some((Symbol::Diamond, "newly offers care")),
            _ => None,
        })
    };
    let here = held.estate.register().sites().filter(|site| {
        site.text(Field::BoroughCode) == Some(borough.code.as_str())
            && !site.is_aggregate()
            && site.status() != SiteStatus::Closed
    });
    let marks = here.filter_map(|site| {
        let (symbol, words) = done(&site.code).unwrap_or((Symbol::Circle, "as it is"));
        Some(Mark {
            at: site.location()?,
            symbol,
            title: format!("{} ({}): {words}", site.name(), site.code),
            href: Some(format!("/access/what-if?edits={edits}&pick={}#do", site.code)),
        })
    });
    Map {
        label: "Press a site, then choose what is done to it",
        shapes: vec![borough],
        marks: marks.collect(),
        ..Map::default()
    }
}

fn written(spec: &StateSpec) -> String {
    spec.to_string().trim_start_matches("today").trim_start_matches('+').replace('+', ",")
}

/// Each edit in words, and the address of the page without it.
fn done_list(held: &Held, spec: &StateSpec) -> Vec<View> {
    let register = held.estate.register();
    let name = |code: &SiteCode| {
        let name = register.site(code).map_or(code.as_str(), crate::register::Site::name);
        format!("{name} ({code})")
    };
    (0..spec.edits.len())
        .filter_map(|at| {
            let words = match spec.edits.get(at)? {
                Edit::Close(site) => format!("{} closes", name(site)),
                Edit::Improve(site) => format!(
                    "{} is improved: its access items are mended where works can",
                    name(site)
                ),
                Edit::Offer(site, line) => {
                    format!("{} newly offers {}", name(site), line.label().to_lowercase())
                }
            };
            let mut rest = spec.clone();
            rest.edits.remove(at);
            let href = format!("/access/what-if?edits={}", percent(&written(&rest)));
            Some(context! { words => words, href => href })
        })
        .collect()
}
