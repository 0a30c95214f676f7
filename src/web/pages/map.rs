//! The map: a drawing that needs no scripts, and the table it stands for.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, web};
use minijinja::{Value as View, context};
use serde::{Deserialize, Serialize};

use super::register::choices;
use super::table::{Dress, Shown};
use super::{Page, csv, page, view_of};
use crate::access::score::Interval;
use crate::export::{Cell, Table};
use crate::register::{Field, Site, SiteStatus};
use crate::web::app::App;
use crate::web::draw::{Map, Mark, Symbol};
use crate::web::estate::Estate;
use crate::web::filter::{SiteFilter, gate_word, percent};
use crate::web::problem::Problem;

/// What marks are coloured by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum By {
    #[default]
    Condition,
    Accessibility,
    Utilisation,
    Gates,
    Status,
}

impl By {
    const ALL: [(Self, &'static str, &'static str); 5] = [
        (Self::Condition, "condition", "Condition score"),
        (Self::Accessibility, "accessibility", "Accessibility score"),
        (Self::Utilisation, "utilisation", "Utilisation score"),
        (Self::Gates, "gates", "Must-pass access"),
        (Self::Status, "status", "Status"),
    ];

    fn word(self) -> &'static str {
        Self::ALL.iter().find(|(by, ..)| *by == self).map_or("", |(_, word, _)| word)
    }

    fn label(self) -> &'static str {
        Self::ALL.iter().find(|(by, ..)| *by == self).map_or("", |(.., label)| label)
    }

    /// Its classes, best first.
    pub(crate) fn classes(self) -> &'static [(Symbol, &'static str)] {
        match self {
            Self::Condition | Self::Accessibility | Self::Utilisation => &[
                (Symbol::Circle, "Surely 60 or more"),
                (Symbol::Diamond, "Between"),
                (Symbol::Square, "Surely below 40"),
                (Symbol::Cross, "Too little is known"),
            ],
            Self::Gates => &[
                (Symbol::Circle, "Passes every must-pass item"),
                (Symbol::Square, "Fails one or more"),
                (Symbol::Cross, "Not known"),
            ],
            Self::Status => &[
                (Symbol::Circle, "Open"),
                (Symbol::Diamond, "Unoccupied"),
                (Symbol::Cross, "Closed"),
            ],
        }
    }

    /// The class of a site.
    pub(crate) fn class(self, estate: &Estate, site: &Site) -> Symbol {
        let Some(judged) = estate.judged(&site.code) else { return Symbol::Cross };
        match self {
            Self::Condition => band(judged.condition),
            Self::Accessibility => band(judged.accessibility),
            Self::Utilisation => band(judged.utilisation),
            Self::Gates => match gate_word(judged) {
                "pass" => Symbol::Circle,
                "fail" => Symbol::Square,
                _ => Symbol::Cross,
            },
            Self::Status => match site.status() {
                SiteStatus::Open => Symbol::Circle,
                SiteStatus::Unoccupied => Symbol::Diamond,
                SiteStatus::Closed => Symbol::Cross,
            },
        }
    }
}

/// An interval wider than half the scale says too little to be called anything.
fn band(score: Interval) -> Symbol {
    match score {
        Interval { low, .. } if low >= 60.0 => Symbol::Circle,
        Interval { high, .. } if high < 40.0 => Symbol::Square,
        Interval { low, high } if high - low > 50.0 => Symbol::Cross,
        _ => Symbol::Diamond,
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    by: By,
}

/// A line of a legend.
#[derive(Debug, Serialize)]
pub(super) struct Legend {
    pub(super) symbol: View,
    pub(super) label: String,
    pub(super) count: usize,
}

pub(crate) async fn show(
    request: HttpRequest,
    app: web::Data<App>,
    filter: web::Query<SiteFilter>,
    asked: web::Query<Asked>,
) -> Result<HttpResponse, Problem> {
    let (filter, by) = (filter.into_inner(), asked.by);
    page(&request, &app, move |app| {
        let estate = app.estate()?;
        let found = filter.sites(&estate)?;
        let placed: Vec<(&Site, Mark)> =
            found.iter().filter_map(|site| Some((*site, mark(&estate, site, by)?))).collect();
        let label = format!("Sites by {}", by.label().to_lowercase());
        let shapes = estate.shapes.iter().filter(|s| {
            filter.borough.is_empty() || s.code == filter.borough || filter.borough == "none"
        });
        let map = Map {
            label: &label,
            shapes: shapes.collect(),
            marks: placed.iter().map(|(_, mark)| mark.clone()).collect(),
            ..Map::default()
        };
        let table = table(&estate, &found, by);
        let query = filter.query();
        let dressed = Shown::dressed(
            &table,
            Some(format!("/map.csv?by={}{query}", by.word())),
            |row, key, _| {
                let borough = table.rows.get(row).and_then(|row| row.first());
                match (key, borough) {
                    ("borough_name", Some(Cell::Text(name))) => {
                        Dress { href: borough_href(&estate, name), ..Dress::default() }
                    }
                    _ => Dress::default(),
                }
            },
        );
        let legend = by.classes().iter().map(|(symbol, label)| Legend {
            symbol: View::from_safe_string(symbol.legend()),
            label: (*label).to_owned(),
            count: placed.iter().filter(|(_, mark)| mark.symbol == *symbol).count(),
        });
        let view = context! {
            filter => view_of(&filter),
            fields => view_of(choices(&estate, &filter)),
            by => view_of(by_choices(by)),
            by_label => by.label().to_lowercase(),
            drawing => map.draw().map(View::from_safe_string),
            legend => view_of(legend.collect::<Vec<_>>()),
            table => view_of(dressed),
            found => found.len(),
            placed => placed.len(),
            query => query.trim_start_matches('&'),
            sites_url => format!("/api/v1/sites.geojson?by={}{query}", by.word()),
            boroughs_url => "/api/v1/boroughs.geojson",
        };
        Ok(Page::new("map.html", "Map", view).under("Overview", "/"))
    })
    .await
}

pub(crate) async fn file(
    app: web::Data<App>,
    filter: web::Query<SiteFilter>,
    asked: web::Query<Asked>,
) -> Result<HttpResponse, Problem> {
    let (filter, by) = (filter.into_inner(), asked.by);
    csv(&app, move |app| {
        let estate = app.estate()?;
        Ok(table(&estate, &filter.sites(&estate)?, by))
    })
    .await
}

fn mark(estate: &Estate, site: &Site, by: By) -> Option<Mark> {
    let at = site.location().filter(|_| !site.is_aggregate())?;
    Some(Mark { at, symbol: by.class(estate, site), title: site.name().to_owned(), href: None })
}

fn by_choices(chosen: By) -> Vec<View> {
    By::ALL
        .iter()
        .map(|&(by, word, label)| context! { value => word, text => label, selected => by == chosen })
        .collect()
}

fn borough_href(estate: &Estate, name: &str) -> Option<String> {
    let (code, _) = estate.boroughs.iter().find(|(_, held)| held == name)?;
    Some(format!("/sites?borough={}", percent(code)))
}

/// Sites in each borough by class: what the map shows, in numbers.
fn table(estate: &Estate, sites: &[&Site], by: By) -> Table {
    let classes = by.classes();
    let mut columns = vec![
        ("borough_name".to_owned(), "Borough".to_owned(), false),
        ("sites".to_owned(), "Sites".to_owned(), true),
    ];
    for (_, label) in classes {
        columns.push((label.to_lowercase().replace([' ', '-'], "_"), (*label).to_owned(), true));
    }
    columns.push(("not_located".to_owned(), "Not located".to_owned(), true));
    let columns: Vec<(&str, &str, bool)> =
        columns.iter().map(|(k, l, n)| (k.as_str(), l.as_str(), *n)).collect();
    let mut boroughs: BTreeMap<String, Vec<&Site>> = BTreeMap::new();
    for site in sites {
        boroughs
            .entry(site.text(Field::BoroughName).unwrap_or("~").to_owned())
            .or_default()
            .push(site);
    }
    let caption = format!("Sites by borough and {}", by.label().to_lowercase());
    Table::new("map", &caption, &columns).with(boroughs.into_iter().map(|(name, sites)| {
        let count = |class: Symbol| {
            sites
                .iter()
                .filter(|site| site.location().is_some() && by.class(estate, site) == class)
                .count()
        };
        let unlocated = sites.iter().filter(|site| site.location().is_none()).count();
        let name = if name == "~" { "In no known borough".to_owned() } else { name };
        let mut row = vec![Cell::Text(name), Cell::count(sites.len() as u64)];
        row.extend(classes.iter().map(|(class, _)| Cell::count(count(*class) as u64)));
        row.push(Cell::count(unlocated as u64));
        row
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_that_says_too_little_is_not_called_middling() {
        let band = |low, high| band(Interval { low, high });
        assert_eq!(band(60.0, 90.0), Symbol::Circle);
        assert_eq!(band(0.0, 39.0), Symbol::Square);
        assert_eq!(band(45.0, 65.0), Symbol::Diamond);
        assert_eq!(band(10.0, 90.0), Symbol::Cross);
        assert_eq!(band(0.0, 100.0), Symbol::Cross);
    }
}
