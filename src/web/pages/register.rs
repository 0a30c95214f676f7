//! The register: sites that answer a filter, a page at a time, or all of them as a file.

use actix_web::{HttpRequest, HttpResponse, web};
use minijinja::context;
use serde::{Deserialize, Serialize};

use super::table::{Dress, Shown};
use super::{Page, csv, page, view_of};
use crate::access::score::Interval;
use crate::export::{Cell, Table};
use crate::register::{Field, Site, SiteStatus, Tenure, Word};
use crate::web::app::App;
use crate::web::draw;
use crate::web::estate::Estate;
use crate::web::filter::{SiteFilter, gate_word};
use crate::web::problem::Problem;

const PAGE_SIZE: usize = 50;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    page: Option<usize>,
}

/// One choice of a list in a form.
#[derive(Debug, Serialize)]
pub(super) struct Choice {
    value: String,
    text: String,
    selected: bool,
}

impl Choice {
    /// One choice.
    pub(super) fn new(value: &str, text: &str, selected: bool) -> Self {
        Self { value: value.to_owned(), text: text.to_owned(), selected }
    }

    /// A list whose first choice asks for nothing.
    pub(super) fn list<'a>(
        first: &'a str,
        chosen: &str,
        choices: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Vec<Self> {
        let all = std::iter::once(("", first)).chain(choices);
        all.map(|(value, text)| Self {
            value: value.to_owned(),
            text: text.to_owned(),
            selected: value == chosen,
        })
        .collect()
    }
}

pub(crate) async fn list(
    request: HttpRequest,
    app: web::Data<App>,
    filter: web::Query<SiteFilter>,
    asked: web::Query<Asked>,
) -> Result<HttpResponse, Problem> {
    let (filter, asked) = (filter.into_inner(), asked.into_inner());
    page(&request, &app, move |app| {
        let estate = app.estate()?;
        let found = filter.sites(&estate)?;
        let pages = found.len().div_ceil(PAGE_SIZE).max(1);
        let number = asked.page.unwrap_or(1).clamp(1, pages);
        let first = (number - 1) * PAGE_SIZE;
        let shown: Vec<&Site> = found.iter().copied().skip(first).take(PAGE_SIZE).collect();
        let table = table(&estate, &shown);
        let query = filter.query();
        let view = context! {
            filter => view_of(&filter),
            is_filtered => !filter.is_empty(),
            fields => view_of(choices(&estate, &filter)),
            found => found.len(),
            held => estate.register().sites().count(),
            first => if shown.is_empty() { 0 } else { first + 1 },
            last => first + shown.len(),
            table => view_of(dressed(&estate, &table, &shown, format!("/sites.csv?{}", query.trim_start_matches('&')))),
            pagination => view_of(Pagination::of(number, pages, &query)),
            query => query.trim_start_matches('&'),
        };
        let title = if pages > 1 { format!("Register, page {number} of {pages}") } else { "Register".to_owned() };
        Ok(Page::new("register.html", title, view).under("Overview", "/"))
    })
    .await
}

pub(crate) async fn file(
    app: web::Data<App>,
    filter: web::Query<SiteFilter>,
) -> Result<HttpResponse, Problem> {
    let filter = filter.into_inner();
    csv(&app, move |app| {
        let estate = app.estate()?;
        Ok(table(&estate, &filter.sites(&estate)?))
    })
    .await
}

/// What the list says of each site, on the page and in the file.
fn table(estate: &Estate, sites: &[&Site]) -> Table {
    let columns = [
        ("site_code", "Code", false),
        ("name", "Site", false),
        ("borough_name", "Borough", false),
        ("status", "Status", false),
        ("tenure", "Tenure", false),
        ("gross_internal_area_m2", "Floor area (m²)", true),
        ("backlog_gbp", "Backlog", true),
        ("condition_low_high", "Condition (0 to 100)", false),
        ("accessibility_low_high", "Accessibility (0 to 100)", false),
        ("utilisation_low_high", "Utilisation (0 to 100)", false),
        ("must_pass_access", "Must-pass access", false),
    ];
    Table::new("sites", "Sites", &columns).with(sites.iter().map(|site| row(estate, site)))
}

fn row(estate: &Estate, site: &Site) -> Vec<Cell> {
    let judged = estate.judged(&site.code);
    let score = |pick: fn(&crate::web::estate::Judged) -> Interval| {
        judged.map_or(Cell::Empty, |judged| Cell::Text(interval(pick(judged))))
    };
    vec![
        Cell::text(site.code.as_str()),
        Cell::text(site.name()),
        Cell::fact(&site.fact(Field::BoroughName)),
        Cell::text(site.status().label()),
        site.tenure().map_or(Cell::Unknown("not known"), |tenure| Cell::text(tenure.label())),
        Cell::fact(&site.fact(Field::GrossInternalArea)),
        match site.backlog() {
            crate::register::Value::Known { value, .. } => Cell::Money(value),
            crate::register::Value::Unknown { why } => Cell::Unknown(why.label()),
        },
        score(|judged| judged.condition),
        score(|judged| judged.accessibility),
        score(|judged| judged.utilisation),
        judged.map_or(Cell::Empty, |judged| Cell::text(gate_label(gate_word(judged)))),
    ]
}

/// `40 to 75`; an interval without width is one number.
pub(super) fn interval(interval: Interval) -> String {
    let (low, high) = (format!("{:.0}", interval.low), format!("{:.0}", interval.high));
    if low == high { low } else { format!("{low} to {high}") }
}

pub(super) fn gate_label(word: &str) -> &'static str {
    match word {
        "pass" => "Passes",
        "fail" => "Fails",
        _ => "Not known",
    }
}

pub(super) fn gate_colour(word: &str) -> &'static str {
    match word {
        "pass" | "Passes" => "green",
        "fail" | "Fails" => "red",
        _ => "yellow",
    }
}

fn dressed(estate: &Estate, table: &Table, sites: &[&Site], href: String) -> Shown {
    Shown::dressed(table, Some(href), |row, key, cell| {
        let site = sites.get(row);
        let judged = site.and_then(|site| estate.judged(&site.code));
        let bar = |pick: fn(&crate::web::estate::Judged) -> Interval| {
            judged.map(|judged| draw::bar(pick(judged).low, pick(judged).high))
        };
        match key {
            "site_code" => {
                Dress { href: site.map(|site| format!("/sites/{}", site.code)), ..Dress::default() }
            }
            "status" => {
                Dress { tag: site.map(|site| status_colour(site.status())), ..Dress::default() }
            }
            "must_pass_access" => {
                Dress { tag: Some(gate_colour(&cell.shown())), ..Dress::default() }
            }
            "condition_low_high" => {
                Dress { drawing: bar(|judged| judged.condition), ..Dress::default() }
            }
            "accessibility_low_high" => {
                Dress { drawing: bar(|judged| judged.accessibility), ..Dress::default() }
            }
            "utilisation_low_high" => {
                Dress { drawing: bar(|judged| judged.utilisation), ..Dress::default() }
            }
            _ => Dress::default(),
        }
    })
}

pub(super) fn status_colour(status: SiteStatus) -> &'static str {
    match status {
        SiteStatus::Open => "green",
        SiteStatus::Closed => "grey",
        SiteStatus::Unoccupied => "orange",
    }
}

/// The lists of the filter form.
#[derive(Debug, Serialize)]
pub(super) struct Choices {
    pub(super) boroughs: Vec<Choice>,
    pub(super) icbs: Vec<Choice>,
    statuses: Vec<Choice>,
    tenures: Vec<Choice>,
    gates: Vec<Choice>,
}

pub(super) fn choices(estate: &Estate, filter: &SiteFilter) -> Choices {
    fn pairs(list: &[(String, String)]) -> impl Iterator<Item = (&str, &str)> {
        list.iter().map(|(code, name)| (code.as_str(), name.as_str()))
    }
    let statuses = SiteStatus::ALL.iter().map(|status| (status.word(), status.label()));
    let tenures = Tenure::ALL.iter().map(|tenure| (tenure.word(), tenure.label()));
    let gates = ["pass", "fail", "unknown"].into_iter().map(|word| (word, gate_label(word)));
    Choices {
        boroughs: Choice::list(
            "All boroughs",
            &filter.borough,
            pairs(&estate.boroughs).chain(std::iter::once(("none", "In no known borough"))),
        ),
        icbs: Choice::list("All integrated care boards", &filter.icb, pairs(&estate.icbs)),
        statuses: Choice::list("Any status", &filter.status, statuses),
        tenures: Choice::list(
            "Any tenure",
            &filter.tenure,
            tenures.chain(std::iter::once(("unknown", "Not known"))),
        ),
        gates: Choice::list("Any", &filter.gates, gates),
    }
}

/// As the design system's macro takes it; nothing on a single page.
#[derive(Debug, Serialize)]
pub(super) struct Pagination {
    items: Vec<PageItem>,
    #[serde(skip_serializing_if = "Option::is_none")]
    previous: Option<PageLink>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<PageLink>,
}

#[derive(Debug, Serialize)]
struct PageItem {
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    href: Option<String>,
    current: bool,
    ellipsis: bool,
}

#[derive(Debug, Serialize)]
struct PageLink {
    href: String,
}

impl Pagination {
    fn of(number: usize, pages: usize, query: &str) -> Option<Self> {
        if pages < 2 {
            return None;
        }
        let href = |page: usize| format!("/sites?page={page}{query}");
        let mut items = Vec::new();
        let mut before = 0;
        for page in 1..=pages {
            if page != 1 && page != pages && page.abs_diff(number) > 1 {
                continue;
            }
            if page > before + 1 {
                items.push(PageItem { number: None, href: None, current: false, ellipsis: true });
            }
            items.push(PageItem {
                number: Some(page),
                href: Some(href(page)),
                current: page == number,
                ellipsis: false,
            });
            before = page;
        }
        let link = |page: usize| PageLink { href: href(page) };
        Some(Self {
            items,
            previous: (number > 1).then(|| link(number - 1)),
            next: (number < pages).then(|| link(number + 1)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pages_around_this_one_and_both_ends_are_offered() {
        let pagination = Pagination::of(7, 20, "&icb=QMJ").unwrap();
        let told: Vec<String> = pagination
            .items
            .iter()
            .map(|item| {
                item.number.map_or("…".to_owned(), |n| {
                    if item.current { format!("[{n}]") } else { n.to_string() }
                })
            })
            .collect();
        assert_eq!(told.join(" "), "1 … 6 [7] 8 … 20");
        assert_eq!(pagination.next.unwrap().href, "/sites?page=8&icb=QMJ");
        assert!(Pagination::of(1, 1, "").is_none());
    }
}
