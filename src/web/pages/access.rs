//! Access by borough: standards and their bounds, the map of areas by minutes, findings, the trend; the statement for a
//! committee; what to fix and what to survey first.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::{HttpRequest, HttpResponse, web};
use minijinja::{Value as View, context};
use serde::{Deserialize, Serialize};

use super::map::Legend;
use super::register::Choice;
use super::table::{Dress, Shown};
use super::{Page, csv, page, view_of};
use crate::access::{
    Area, Assessment, Closing, Doubt, Group, LineShortfall, Standard, Standing, Verdict, ZoneReach,
    findings, lines_without,
};
use crate::export::{self, Cell, Table, about, grouped};
use crate::fund::Terms;
use crate::geography::Zones;
use crate::register::{Field, ServiceLine, Word as _};
use crate::web::app::App;
use crate::web::draw::{self, Fill, Map, Mark, Patch, Symbol};
use crate::web::estate::Estate;
use crate::web::filter::percent;
use crate::web::problem::Problem;
use crate::web::reached::{Reached, sites_in};

/// Rows of the league, the survey list and a borough's findings a page shows; the file has all.
const ROWS_SHOWN: usize = 50;

/// A borough that has zones.
pub(in crate::web) struct Borough {
    pub(in crate::web) code: String,
    pub(in crate::web) name: String,
}

impl Borough {
    pub(in crate::web) fn area(&self) -> Area {
        Area::Borough(self.code.clone())
    }
}

/// Boroughs of the zones, by name.
pub(in crate::web) fn boroughs(estate: &Estate) -> Vec<Borough> {
    let zones = &estate.snapshot.geography.zones;
    let named: BTreeMap<&str, &str> =
        zones.iter().map(|zone| (zone.borough_code.as_str(), zone.borough_name.as_str())).collect();
    let borough =
        |(code, name): (&str, &str)| Borough { code: code.to_owned(), name: name.to_owned() };
    let mut boroughs: Vec<Borough> = named.into_iter().map(borough).collect();
    boroughs.sort_by(|a, b| a.name.cmp(&b.name).then_with(|| a.code.cmp(&b.code)));
    boroughs
}

/// A borough by its code or its name.
pub(in crate::web) fn borough(estate: &Estate, asked: &str) -> Result<Borough, Problem> {
    let found = boroughs(estate).into_iter().find(|borough| {
        borough.code.eq_ignore_ascii_case(asked) || borough.name.eq_ignore_ascii_case(asked)
    });
    found.ok_or_else(|| Problem::not_found(format!("borough {asked:?} among the areas loaded")))
}

/// For whose people a list is: a borough, or everyone where none is asked for.
pub(in crate::web) fn area(estate: &Estate, asked: &str) -> Result<Area, Problem> {
    if asked.is_empty() { Ok(Area::All) } else { Ok(borough(estate, asked)?.area()) }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ForBorough {
    borough: String,
}

pub(crate) async fn list(
    request: HttpRequest,
    app: web::Data<App>,
) -> Result<HttpResponse, Problem> {
    page(&request, &app, |app| {
        let estate = app.estate()?;
        let reached = app.reached(&estate)?;
        let table = boroughs_table(&estate, &reached);
        let codes: Vec<String> = boroughs(&estate).into_iter().map(|b| b.code).collect();
        let shown =
            Shown::dressed(&table, Some("/access.csv".to_owned()), |row, key, cell| Dress {
                href: codes
                    .get(row)
                    .filter(|_| key == "borough_name")
                    .map(|code| format!("/access/boroughs/{code}")),
                tag: key.ends_with("_verdict").then(|| verdict_colour(&cell.shown())),
                ..Dress::default()
            });
        let view = context! {
            boroughs => view_of(shown),
            whole => view_of(standards_of(&estate, &reached, &Area::All, None)),
            has_zones => !estate.snapshot.geography.zones.is_empty(),
            version => estate.version(),
        };
        Ok(Page::new("access.html", "Access", view).under("Overview", "/"))
    })
    .await
}

pub(crate) async fn list_file(app: web::Data<App>) -> Result<HttpResponse, Problem> {
    csv(&app, |app| {
        let estate = app.estate()?;
        let reached = app.reached(&estate)?;
        Ok(boroughs_table(&estate, &reached))
    })
    .await
}

/// Boroughs by standard; for a page the standards' keys are their headings, the page spells them out.
pub(in crate::web) fn boroughs_table(estate: &Estate, reached: &Reached) -> Table {
    let standards: Vec<&Standard> = reached.today.standards.iter().collect();
    let rows = boroughs(estate).into_iter().map(|borough| {
        let area = borough.area();
        let told =
            reached.today.assessments.iter().map(|assessment| {
                assessment.boroughs.iter().find(|told| told.area == area).cloned()
            });
        (borough.code, borough.name, told.collect())
    });
    export::access::areas(&standards, &estate.snapshot.geography.zones, rows)
}

pub(super) fn verdict_colour(words: &str) -> &'static str {
    match words {
        "Met" => "green",
        "Missed" => "red",
        "No standard is set" => "grey",
        _ => "yellow",
    }
}

fn statement_shown(table: &Table, href: Option<String>) -> Shown {
    Shown::dressed(table, href, |_, key, cell| match key {
        "verdict" => Dress::tagged(verdict_colour(&cell.shown())),
        _ => Dress::about(cell),
    })
}

/// What the map of a borough shows.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Shows {
    /// As [`Reached::id_of`] writes it.
    pub(in crate::web) standard: String,
    /// Instead of a standard: the reading of this service line for disabled residents.
    pub(in crate::web) line: String,
}

impl Shows {
    pub(in crate::web) fn standard(
        &self,
        estate: &Estate,
        reached: &Reached,
        area: &Area,
    ) -> Result<Standard, Problem> {
        if self.line.is_empty() || !self.standard.is_empty() {
            return reached.standard_in(estate, area, &self.standard);
        }
        let readings = reached.readings(estate, area);
        let found = readings.iter().find(|standard| standard.service_line.word() == self.line);
        found.cloned().ok_or_else(|| {
            let words: Vec<&str> = readings.iter().map(|read| read.service_line.word()).collect();
            Problem::invalid("line", format!("line is one of {}", words.join(", ")))
        })
    }
}

/// The standards that speak of an area, to choose one.
pub(super) fn standard_choices(
    estate: &Estate,
    reached: &Reached,
    area: &Area,
    chosen: &str,
) -> Vec<Choice> {
    let there = reached.standards_in(estate, area).into_iter();
    there
        .map(|(standard, _)| {
            let id = reached.id_of(&standard);
            Choice::new(&id, &standard.words, id == chosen)
        })
        .collect()
}

/// Each standard leads to its parts.
fn standards_of(estate: &Estate, reached: &Reached, area: &Area, href: Option<String>) -> Shown {
    let there = reached.standards_in(estate, area);
    let caption = if *area == Area::All { "All areas" } else { "Standards" };
    let table = export::access::standards(
        caption,
        &estate.snapshot.geography.zones,
        there.iter().map(|(s, a)| (s, a)),
    );
    let code = if let Area::Borough(code) = area { code.as_str() } else { "" };
    Shown::dressed(&table, href, |row, key, cell| match key {
        "words" => Dress::linked(there.get(row).map(|(standard, _)| {
            let id = percent(&reached.id_of(standard));
            format!("/access/parts?borough={code}&standard={id}")
        })),
        "verdict" => Dress::tagged(verdict_colour(&cell.shown())),
        "source" => Dress::folded(),
        _ => Dress::default(),
    })
}

pub(crate) async fn show(
    request: HttpRequest,
    app: web::Data<App>,
    code: web::Path<String>,
    shows: web::Query<Shows>,
) -> Result<HttpResponse, Problem> {
    page(&request, &app, move |app| {
        let estate = app.estate()?;
        let reached = app.reached(&estate)?;
        let borough = borough(&estate, &code)?;
        let area = borough.area();
        let standard = &shows.standard(&estate, &reached, &area)?;
        let id = reached.id_of(standard);
        let file = |name: &str| format!("/access/boroughs/{}/{name}.csv", borough.code);

        let zones = zones_of(&estate, &area);
        let told = reached.today.reach(standard, &zones);
        let zone_table = zones_table(&estate, standard, &zones, &told);
        let map = zone_map(&estate, &reached, &borough, standard, (&zones, &told));
        let found = findings_in(app, &estate, &borough)?;
        let trend = trend_table(app, &estate, &reached, &area)?;
        let shortfall = reached.shortfall(&estate, &area);
        let (missed, open, met) = export::access::lines_missed(&shortfall);
        let query = format!("standard={}", percent(&id));
        let view = context! {
            code => borough.code.clone(),
            name => borough.name.clone(),
            people => grouped(zones.iter().map(|zone| f64::from(zone.residents)).sum(), 0),
            missed => missed,
            open => open,
            met => met,
            standards => view_of(standards_of(&estate, &reached, &area, Some(file("standards")))),
            choices => view_of(standard_choices(&estate, &reached, &area, &id)),
            words => standard.words.clone(),
            is_gated => standard.group == Group::StepFree,
            parts => format!("/access/parts?borough={}&{query}", borough.code),
            limit => export::access::limit_words(standard),
            maker => reached.today.travel.get(&standard.way()).map(|times| times.maker.to_string()),
            drawing => map.draw().map(View::from_safe_string),
            legend => view_of(legend(standard, &told, &reached)),
            zones => view_of(Shown::dressed(&zone_table, Some(format!("{}?{query}", file("zones"))), |row, key, _| {
                let nearest = told.get(row).and_then(|zone| zone.nearest.as_ref()).filter(|_| key == "nearest");
                Dress::linked(nearest.map(|site| format!("/sites/{site}")))
            })),
            geojson => format!("/api/v1/access/boroughs/{}/zones.geojson?{query}", borough.code),
            statement => view_of(statement_shown(&reached.statement_table(&estate, &area), None)),
            findings => view_of(findings_shown(&first_rows(&found), Some(file("findings")))),
            finding_count => found.rows.len(),
            findings_shown => found.rows.len().min(ROWS_SHOWN),
            trend => view_of(Shown::dressed(&trend, Some(file("trend")), |_, _, _| {
                Dress { mark: Some("†"), ..Dress::default() }
            })),
            has_marks => trend.rows.iter().flatten().any(|cell| matches!(cell, Cell::Unknown(_))),
            trend_drawing => trend_drawing(&trend).map(View::from_safe_string),
            version => estate.version(),
        };
        Ok(Page::new("borough.html", format!("Access in {}", borough.name), view)
            .under("Overview", "/")
            .under("Access", "/access"))
    })
    .await
}

pub(crate) async fn file(
    app: web::Data<App>,
    path: web::Path<(String, String)>,
    shows: web::Query<Shows>,
) -> Result<HttpResponse, Problem> {
    csv(&app, move |app| {
        let (code, name) = path.into_inner();
        let estate = app.estate()?;
        let reached = app.reached(&estate)?;
        let borough = borough(&estate, &code)?;
        let table = borough_table(app, &estate, &reached, &borough, &name, &shows)?;
        Ok(Table { name: format!("{}-{}", borough.code, table.name), ..table })
    })
    .await
}

/// One table of a borough by name.
pub(in crate::web) fn borough_table(
    app: &App,
    estate: &Estate,
    reached: &Reached,
    borough: &Borough,
    name: &str,
    shows: &Shows,
) -> Result<Table, Problem> {
    let area = borough.area();
    Ok(match name {
        "standards" => {
            let rows = reached.standards_in(estate, &area);
            export::access::standards(
                "Standards",
                &estate.snapshot.geography.zones,
                rows.iter().map(|(s, a)| (s, a)),
            )
        }
        "zones" => {
            let standard = shows.standard(estate, reached, &area)?;
            let zones = zones_of(estate, &area);
            zones_table(estate, &standard, &zones, &reached.today.reach(&standard, &zones))
        }
        "findings" => findings_in(app, estate, borough)?,
        "trend" => trend_table(app, estate, reached, &area)?,
        "statement" => reached.statement_table(estate, &area),
        "works" => export::access::works(&reached.statement(estate, &area), estate.register()),
        "league" => reached.league(estate, &area),
        "survey-list" => reached.survey(estate, &area),
        _ => return Err(Problem::not_found("table of this name")),
    })
}

/// The zones of an area alone.
pub(in crate::web) fn zones_of(estate: &Estate, area: &Area) -> Zones {
    estate.snapshot.geography.zones.of(|zone| area.holds(zone))
}

fn zones_table(estate: &Estate, standard: &Standard, zones: &Zones, told: &[ZoneReach]) -> Table {
    export::access::zones(standard, told, zones, estate.register())
}

/// The class of a zone: thirds of the limit, up to twice the limit, farther.
pub(in crate::web) fn fill(zone: &ZoneReach, limit: Option<f64>) -> Fill {
    match (zone.standing, zone.minutes, limit) {
        (Standing::Undetermined, ..) | (_, _, None) => Fill::Unknown,
        (_, None, _) => Fill::Class(4),
        (_, Some(minutes), Some(limit)) => {
            let edges = [limit / 3.0, limit * 2.0 / 3.0, limit, limit * 2.0];
            let class = edges.iter().position(|edge| minutes <= *edge).unwrap_or(4);
            Fill::Class(u8::try_from(class).unwrap_or(4))
        }
    }
}

fn limit_in(standard: &Standard, reached: &Reached) -> Option<f64> {
    let times = reached.today.travel.get(&standard.way())?;
    standard.limit_in(times).map(|minutes| minutes.0)
}

fn legend(standard: &Standard, told: &[ZoneReach], reached: &Reached) -> Vec<Legend> {
    let limit = limit_in(standard, reached);
    let minutes = |share: f64| {
        let text = format!("{:.1}", limit.unwrap_or(0.0) * share);
        text.trim_end_matches(".0").to_owned()
    };
    let classes = [
        (Fill::Class(0), format!("up to {} minutes", minutes(1.0 / 3.0))),
        (Fill::Class(1), format!("up to {}", minutes(2.0 / 3.0))),
        (Fill::Class(2), format!("up to {}, the limit", minutes(1.0))),
        (Fill::Class(3), format!("beyond, up to {}", minutes(2.0))),
        (Fill::Class(4), "farther, or none found".to_owned()),
        (Fill::Unknown, why_open(told)),
    ];
    classes
        .into_iter()
        .map(|(class, label)| Legend {
            symbol: View::from_safe_string(class.legend()),
            label,
            count: told.iter().filter(|zone| fill(zone, limit) == class).count(),
        })
        .collect()
}

/// The last line of the legend.
fn why_open(told: &[ZoneReach]) -> String {
    let is_there = |doubt: &Doubt| told.iter().any(|zone| zone.doubts.has(*doubt));
    let words: Vec<&str> = Doubt::ALL.into_iter().filter(is_there).map(Doubt::words).collect();
    if words.is_empty() {
        return "not determined".to_owned();
    }
    format!("not determined: {}", words.join("; "))
}

fn zone_map<'a>(
    estate: &'a Estate,
    reached: &Reached,
    borough: &Borough,
    standard: &Standard,
    (zones, told): (&Zones, &[ZoneReach]),
) -> Map<'a> {
    let limit = limit_in(standard, reached);
    let outlines = estate.snapshot.geography.zone_outlines.as_deref();
    let patches = told.iter().filter_map(|zone| {
        let at = zones.get(&zone.zone)?.point;
        let ward = zones.get(&zone.zone).map_or("", |zone| zone.ward_name.as_str());
        let minutes = match (zone.standing, zone.minutes) {
            (Standing::Undetermined, _) => {
                format!("not determined: {}", export::access::why_words(zone))
            }
            (_, Some(minutes)) => format!("{minutes:.1} minutes"),
            (_, None) => "no site found".to_owned(),
        };
        Some(Patch {
            outline: outlines.and_then(|held| held.get(&zone.zone)).map(|outline| &outline.shape),
            at,
            fill: fill(zone, limit),
            title: format!("{} {ward}: {minutes}", zone.zone),
            href: None,
        })
    });
    let marks = reached.today.offering(standard.service_line).filter_map(|(code, gates)| {
        let site = estate.register().site(code)?;
        (site.text(Field::BoroughCode) == Some(borough.code.as_str())).then_some(())?;
        let (symbol, words) = match gates {
            _ if standard.group != Group::StepFree => (Symbol::Circle, "offers this care"),
            Some(true) => (Symbol::Circle, "passes"),
            Some(false) => (Symbol::Square, "fails"),
            None => (Symbol::Cross, "not known"),
        };
        Some(Mark {
            at: site.location()?,
            symbol,
            title: format!("{}: {words}", site.name()),
            href: None,
        })
    });
    Map {
        label: "Areas by minutes to the nearest site that serves, and the sites of this service line",
        shapes: estate.shapes.iter().filter(|shape| shape.code == borough.code).collect(),
        patches: patches.collect(),
        marks: marks.collect(),
        ..Map::default()
    }
}

/// What the sites of a borough do not meet, by site, then item.
pub(in crate::web) fn findings_in(
    app: &App,
    estate: &Estate,
    borough: &Borough,
) -> Result<Table, Problem> {
    let figures = crate::config::assumptions().map_err(Problem::internal)?;
    let terms = Terms { assumptions: &figures, base_year: 0, horizon_years: 0 };
    let mut rows = Vec::new();
    for site in sites_in(estate, &borough.code) {
        for finding in findings(site, &app.gate_rules, &terms).map_err(Problem::internal)? {
            rows.push((&site.code, site.name(), finding));
        }
    }
    Ok(export::access::findings("findings", "Findings, and what would mend them", rows))
}

pub(super) fn findings_shown(table: &Table, href: Option<String>) -> Shown {
    let codes: Vec<String> =
        table.rows.iter().map(|row| row.get(1).map(Cell::written).unwrap_or_default()).collect();
    Shown::dressed(table, href, |row, key, cell| match key {
        "site_name" => Dress::linked(codes.get(row).map(|code| format!("/sites/{code}/checklist"))),
        "state" => Dress::tagged(if cell.shown() == "Fails" { "red" } else { "yellow" }),
        "test" | "source" => Dress::folded(),
        _ => Dress::about(cell),
    })
}

fn trend_table(
    app: &App,
    estate: &Estate,
    reached: &Reached,
    area: &Area,
) -> Result<Table, Problem> {
    // A standard that is not set for the area has no share there, at this version or at any.
    let is_set = |told: &Assessment| {
        told.total.area == *area || told.boroughs.iter().any(|borough| borough.area == *area)
    };
    let is_set: Vec<bool> = reached.today.assessments.iter().map(is_set).collect();
    let assessed = reached.today.assessments.iter().map(|told| &told.standard);
    let standards: Vec<&Standard> = only(assessed, &is_set).collect();
    let mut versions = app.trend(estate, area)?;
    for version in &mut versions {
        version.told = only(std::mem::take(&mut version.told), &is_set).collect();
    }
    Ok(export::access::trend(&standards, &versions))
}

fn only<T>(list: impl IntoIterator<Item = T>, is_kept: &[bool]) -> impl Iterator<Item = T> {
    list.into_iter().zip(is_kept).filter_map(|(one, is_kept)| is_kept.then_some(one))
}

/// A line a standard; nothing where there are not two versions to draw a line between.
fn trend_drawing(table: &Table) -> Option<String> {
    let names: Vec<String> = table
        .columns
        .iter()
        .skip(2)
        .map(|column| column.label.replace(", within (%)", ""))
        .collect();
    let rows: Vec<(String, Vec<Option<f64>>)> = table
        .rows
        .iter()
        .map(|row| {
            let shares = row.iter().skip(2).map(|cell| match cell {
                Cell::Number(share, _) => Some(*share),
                _ => None,
            });
            (row.first().map(Cell::shown).unwrap_or_default(), shares.collect())
        })
        .collect();
    draw::shares(
        "Share within, by register version; the table below has the same figures",
        &names,
        &rows,
    )
}

/// A service line as the statement's sentences tell it.
#[derive(Debug, Serialize)]
struct Sentence {
    heading: String,
    verdict: View,
    words: Vec<String>,
}

fn sentence((line, closing): &(LineShortfall, Closing), zones: &Zones) -> Sentence {
    let told = &line.assessed;
    let count = |people: u64| grouped(people as f64, 0);
    let share = |people: u64| {
        if told.people == 0 { 0.0 } else { people as f64 * 100.0 / told.people as f64 }
    };
    let is_silent = told.doubts.iter().any(|(doubt, _)| doubt.is_silence());
    let mut words = vec![format!(
        "{} of {} disabled residents ({:.1} %) surely have a site that passes every must-pass access item within {}. The standard ({}, set for {}) asks for {} %.",
        count(told.within),
        count(told.people),
        share(told.within),
        export::access::limit_words(&line.standard),
        line.standard.key,
        if line.standard.area == Area::All {
            "all areas".to_owned()
        } else {
            line.standard.area.name(zones)
        },
        line.standard.percent()
    )];
    if told.beyond > 0 {
        words.push(format!(
            "{} surely have none; {} people of all kinds live in the areas concerned.",
            count(told.beyond),
            count(line.residents_beyond)
        ));
    }
    if told.undetermined > 0 {
        let people = count(told.undetermined);
        words.push(match told.doubts.as_slice() {
            [(doubt, _)] => format!("For {people} it is not known: {}.", doubt.words()),
            doubts => {
                let each = doubts
                    .iter()
                    .map(|(doubt, people)| format!("for {} {}", count(*people), doubt.words()));
                let each: Vec<String> = each.collect();
                format!("For {people} it is not known: {}.", each.join("; "))
            }
        });
    }
    if told.doubts.iter().any(|(doubt, _)| *doubt == Doubt::NotSurveyed) {
        words.push("A survey comes first, and costs no works.".to_owned());
    }
    if line.no_site > 0 {
        words.push(format!(
            "{} have no site of this kind within the limit at all, so no works at a site that exists can help them.",
            count(line.no_site)
        ));
    }
    if line.perhaps_no_site > 0 && !is_silent {
        words.push(format!(
            "Of {} nobody can tell whether there is any site of this kind within the limit.",
            count(line.perhaps_no_site)
        ));
    }
    if told.unknown_zones > 0 {
        words.push(format!(
            "In {} areas the number of disabled residents is not known; they are in none of these counts.",
            told.unknown_zones
        ));
    }
    if told.verdict == Verdict::Pass {
        words.push("Nothing needs to be done to meet the standard.".to_owned());
    } else if is_silent {
        words.push(
            "Record who offers this care, and where, before anything is said of it.".to_owned(),
        );
    } else if closing.steps.is_empty() && told.beyond == 0 {
        words.push("Until that is known, no works are sure to gain anybody.".to_owned());
    } else if closing.steps.is_empty() {
        words.push("No works among the planning assumptions would gain anybody.".to_owned());
    } else {
        let surveys = closing.steps.iter().filter(|step| step.is_survey_first).count();
        let also = if surveys > 0 {
            format!(
                " At {surveys} of them nothing is known to fail, and a survey may find that no works are needed."
            )
        } else {
            String::new()
        };
        words.push(format!(
            "Works at {} {} would bring it to {} people ({:.1} %), {}. They would cost {}, between {} and {}.{also}",
            closing.steps.len(),
            if closing.steps.len() == 1 { "site" } else { "sites" },
            count(closing.within),
            share(closing.within),
            if closing.is_met {
                "which meets the standard"
            } else if told.unknown_zones > 0 {
                "which does not surely meet the standard"
            } else {
                "which still misses the standard"
            },
            about(closing.cost.central),
            about(closing.cost.low),
            about(closing.cost.high),
        ));
    }
    let verdict = export::access::verdict_words(told.verdict);
    Sentence {
        heading: line.standard.service_line.label().to_owned(),
        verdict: View::from_safe_string(super::table::tag(verdict_colour(verdict), verdict)),
        words,
    }
}

pub(crate) async fn statement(
    request: HttpRequest,
    app: web::Data<App>,
    code: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    page(&request, &app, move |app| {
        let estate = app.estate()?;
        let reached = app.reached(&estate)?;
        let borough = borough(&estate, &code)?;
        let told = reached.statement(&estate, &borough.area());
        let file = |name: &str| Some(format!("/access/boroughs/{}/{name}.csv", borough.code));
        let table = reached.statement_table(&estate, &borough.area());
        let works = export::access::works(&told, estate.register());
        let zones = &estate.snapshot.geography.zones;
        let places = reached.today.travel.values().map(|times| {
            format!("{}: {}", times.mode.label(), times.maker)
        });
        let view = context! {
            name => borough.name.clone(),
            code => borough.code.clone(),
            sentences => view_of(told.iter().map(|line| sentence(line, zones)).collect::<Vec<_>>()),
            without => lines_without(told.iter().map(|(line, _)| &line.standard)).into_iter().map(ServiceLine::label).collect::<Vec<_>>(),
            statement => view_of(statement_shown(&table, file("statement"))),
            works => view_of(site_links(&works, file("works"))),
            people_source => format!("{}, {}", zones.evidence.source, zones.evidence.as_of.format("%-d %B %Y")),
            figures => reached.today.figures.name.clone(),
            rules => app.gate_rules.name.clone(),
            makers => places.collect::<Vec<_>>(),
            version => estate.version(),
        };
        Ok(Page::new("statement.html", format!("Access statement: {}", borough.name), view)
            .under("Overview", "/")
            .under("Access", "/access")
            .under(borough.name.clone(), format!("/access/boroughs/{}", borough.code)))
    })
    .await
}

/// Names of sites lead to their checklist; the code is in a column of its own.
fn site_links(table: &Table, href: Option<String>) -> Shown {
    let code = table.columns.iter().position(|column| column.key == "site_code");
    let codes: Vec<String> = table
        .rows
        .iter()
        .map(|row| code.and_then(|at| row.get(at)).map(Cell::written).unwrap_or_default())
        .collect();
    Shown::dressed(table, href, |row, key, cell| match key {
        "site_name" => Dress::linked(codes.get(row).map(|code| format!("/sites/{code}/checklist"))),
        "gained_by_line" | "settled_by_line" | "failed" | "unknown" => Dress::folded(),
        _ => Dress::about(cell),
    })
}

pub(super) fn borough_choices(estate: &Estate, chosen: &str) -> Vec<Choice> {
    let boroughs = boroughs(estate);
    let choices = boroughs.iter().map(|borough| (borough.code.as_str(), borough.name.as_str()));
    Choice::list("Everyone", chosen, choices.collect::<Vec<_>>())
}

/// Everyone, then boards, then boroughs, each by name; and the ward, where one is chosen.
pub(super) fn area_choices(estate: &Estate, chosen: &Area) -> Vec<Choice> {
    let zones = &estate.snapshot.geography.zones;
    let boards = zones.iter().filter(|zone| !zone.icb_code.is_empty());
    let boards = boards.map(|zone| Area::Icb(zone.icb_code.clone())).collect::<BTreeSet<_>>();
    let mut boards: Vec<(String, String)> =
        boards.into_iter().map(|area| (area.written(), area.name(zones))).collect();
    boards.sort_by(|a, b| a.1.cmp(&b.1).then_with(|| a.0.cmp(&b.0)));
    let boroughs = boroughs(estate);
    let boroughs = boroughs.iter().map(|borough| (borough.area().written(), borough.name.clone()));
    let ward = matches!(chosen, Area::Ward(_)).then(|| (chosen.written(), chosen.name(zones)));
    let all: Vec<(String, String)> = boards.into_iter().chain(boroughs).chain(ward).collect();
    let choices = all.iter().map(|(written, name)| (written.as_str(), name.as_str()));
    Choice::list("Everyone", &chosen.written(), choices.collect::<Vec<_>>())
}

fn first_rows(table: &Table) -> Table {
    Table { rows: table.rows.iter().take(ROWS_SHOWN).cloned().collect(), ..table.clone() }
}

/// A long list by what comes first at a site, the first rows of each; the file has the whole list.
#[derive(Debug, Serialize)]
struct Listed {
    table: Shown,
    shown: usize,
    all: usize,
}

fn listed(table: &Table) -> Vec<Listed> {
    let part = |table: Table| Listed {
        all: table.rows.len(),
        shown: table.rows.len().min(ROWS_SHOWN),
        table: site_links(&first_rows(&table), None),
    };
    export::access::by_first(table).into_iter().map(part).collect()
}

fn list_href(name: &str, asked: &ForBorough) -> String {
    format!("/access/{name}.csv?borough={}", percent(&asked.borough))
}

pub(crate) async fn league(
    request: HttpRequest,
    app: web::Data<App>,
    asked: web::Query<ForBorough>,
) -> Result<HttpResponse, Problem> {
    page(&request, &app, move |app| {
        let estate = app.estate()?;
        let reached = app.reached(&estate)?;
        let table = reached.league(&estate, &area(&estate, &asked.borough)?);
        let view = context! {
            boroughs => view_of(borough_choices(&estate, &asked.borough)),
            lists => view_of(listed(&table)),
            href => list_href("league", &asked),
            figures => reached.today.figures.name.clone(),
        };
        Ok(Page::new("league.html", "What to fix first", view)
            .under("Overview", "/")
            .under("Access", "/access"))
    })
    .await
}

pub(crate) async fn league_file(
    app: web::Data<App>,
    asked: web::Query<ForBorough>,
) -> Result<HttpResponse, Problem> {
    csv(&app, move |app| {
        let estate = app.estate()?;
        let area = area(&estate, &asked.borough)?;
        Ok(app.reached(&estate)?.league(&estate, &area))
    })
    .await
}

pub(crate) async fn survey(
    request: HttpRequest,
    app: web::Data<App>,
    asked: web::Query<ForBorough>,
) -> Result<HttpResponse, Problem> {
    page(&request, &app, move |app| {
        let estate = app.estate()?;
        let reached = app.reached(&estate)?;
        let table = reached.survey(&estate, &area(&estate, &asked.borough)?);
        let view = context! {
            boroughs => view_of(borough_choices(&estate, &asked.borough)),
            lists => view_of(listed(&table)),
            href => list_href("survey-list", &asked),
            template => format!("/checklists.xlsx?borough={}", percent(&asked.borough)),
        };
        Ok(Page::new("survey.html", "What to survey first", view)
            .under("Overview", "/")
            .under("Access", "/access"))
    })
    .await
}

pub(crate) async fn survey_file(
    app: web::Data<App>,
    asked: web::Query<ForBorough>,
) -> Result<HttpResponse, Problem> {
    csv(&app, move |app| {
        let estate = app.estate()?;
        let area = area(&estate, &asked.borough)?;
        Ok(app.reached(&estate)?.survey(&estate, &area))
    })
    .await
}
