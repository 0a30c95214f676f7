//! A standard by parts of the people of an area, and the price of inaccessibility.

use actix_web::{HttpRequest, HttpResponse, web};
use minijinja::context;
use serde::Deserialize;

use super::access::{area_choices, borough, standard_choices, verdict_colour, zones_of};
use super::register::Choice;
use super::table::{Dress, Shown};
use super::{Page, csv, page, view_of};
use crate::access::{Area, By, Part};
use crate::export::parts::price;
use crate::export::{self, Cell};
use crate::scenario::Parted;
use crate::web::app::App;
use crate::web::estate::Estate;
use crate::web::filter::percent;
use crate::web::problem::Problem;
use crate::web::reached::Reached;

/// Which standard, where, parted how.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    /// A board, borough or ward, as [`Area::find`] takes it; everyone where empty.
    pub(in crate::web) area: String,
    /// A borough by code or name, where no area is given.
    pub(in crate::web) borough: String,
    /// As [`Reached::id_of`] writes it; the first of which anything is known where empty.
    pub(in crate::web) standard: String,
    /// One way of parting people; where empty, each that gives a page a person can read.
    pub(in crate::web) by: String,
}

impl Asked {
    /// What is asked for, and its name.
    fn place(&self, estate: &Estate) -> Result<(Area, String), Problem> {
        let zones = &estate.snapshot.geography.zones;
        let area = match (self.area.trim(), self.borough.trim()) {
            ("", "") => Area::All,
            ("", named) => borough(estate, named)?.area(),
            (asked, "") => Area::find(asked, zones).ok_or_else(|| {
                Problem::invalid(
                    "area",
                    format!("area is such as icb:QMJ, borough:E09000007 or ward:E05013654, or a code or a name among the areas loaded, and {asked:?} is not one of them, or of several"),
                )
            })?,
            _ => return Err(Problem::invalid("area", "give area or borough, not both")),
        };
        let name = area.name(zones);
        Ok((area, name))
    }

    fn ways(&self, area: &Area) -> Result<Vec<By>, Problem> {
        if self.by.is_empty() {
            return Ok(match area {
                Area::All => vec![By::Decile, By::Group, By::Icb, By::Borough],
                Area::Icb(_) => vec![By::Decile, By::Group, By::Borough],
                Area::Borough(_) => vec![By::Decile, By::Group, By::Ward],
                Area::Ward(_) => vec![By::Decile, By::Group],
            });
        }
        let found = By::ALL.into_iter().find(|by| by.key() == self.by);
        let keys = || By::ALL.map(By::key).join(", ");
        let found = found.ok_or_else(|| Problem::invalid("by", format!("by is one of {}", keys())));
        Ok(vec![found?])
    }

    fn query(&self, area: &Area) -> String {
        format!(
            "area={}&standard={}&by={}",
            percent(&area.written()),
            percent(&self.standard),
            percent(&self.by)
        )
    }
}

/// The area that a row of a part leads to.
fn area_of(part: &Part) -> Option<Area> {
    let code = || part.key.clone();
    if part.key.is_empty() {
        return None;
    }
    match part.by {
        By::Borough => Some(Area::Borough(code())),
        By::Icb => Some(Area::Icb(code())),
        By::Ward => Some(Area::Ward(code())),
        By::Decile | By::Group => None,
    }
}

/// What is asked, worked out.
pub(in crate::web) fn told(
    estate: &Estate,
    reached: &Reached,
    asked: &Asked,
) -> Result<(Area, Parted), Problem> {
    let (area, name) = asked.place(estate)?;
    let ways = asked.ways(&area)?;
    let standard = reached.standard_in(estate, &area, &asked.standard)?;
    let parted = reached.today.parted(&standard, &zones_of(estate, &area), &name, &ways);
    let none = || Problem::not_found("travel times of this standard's way of travelling");
    Ok((area, parted.ok_or_else(none)?))
}

pub(crate) async fn show(
    request: HttpRequest,
    app: web::Data<App>,
    asked: web::Query<Asked>,
) -> Result<HttpResponse, Problem> {
    page(&request, &app, move |app| {
        let estate = app.estate()?;
        let reached = app.reached(&estate)?;
        let (area, told) = told(&estate, &reached, &asked)?;
        let id = reached.id_of(&told.standard);
        let table = export::parts::parts([&told]);
        // The first row is the whole.
        let area_of = |row: usize| {
            let part = told.parts.get(row.checked_sub(1)?)?;
            area_of(part).filter(|there| *there != area)
        };
        let href = Some(format!("/access/parts.csv?{}", asked.query(&area)));
        let shown = Shown::dressed(&table, href, |row, key, cell| match key {
            "name" => Dress::linked(area_of(row).map(|there| {
                let (there, id) = (percent(&there.written()), percent(&id));
                format!("/access/parts?area={there}&standard={id}")
            })),
            "verdict" if *cell != Cell::Empty => Dress::tagged(verdict_colour(&cell.shown())),
            "why" => Dress::folded(),
            _ => Dress { mark: Some("†"), ..Dress::default() },
        });
        let ways = By::ALL.map(|by| (by.key(), by.label()));
        let view = context! {
            name => told.whole.name.clone(),
            words => told.standard.words.clone(),
            limit => export::access::limit_words(&told.standard),
            maker => reached.today.travel.get(&told.standard.way()).map(|times| times.maker.to_string()),
            price => price(&told),
            areas => view_of(area_choices(&estate, &area)),
            standards => view_of(standard_choices(&estate, &reached, &area, &id)),
            ways => view_of(Choice::list("Decile, people and areas", &asked.by, ways)),
            has_marks => table.rows.iter().flatten().any(|cell| matches!(cell, Cell::Unknown(_))),
            table => view_of(shown),
        };
        let page = Page::new("parts.html", format!("{}: who is within, and the price of inaccessibility", told.whole.name), view)
            .under("Overview", "/")
            .under("Access", "/access");
        Ok(match area {
            Area::Borough(code) => page.under(told.whole.name.clone(), format!("/access/boroughs/{code}")),
            _ => page,
        })
    })
    .await
}

pub(crate) async fn file(
    app: web::Data<App>,
    asked: web::Query<Asked>,
) -> Result<HttpResponse, Problem> {
    csv(&app, move |app| {
        let estate = app.estate()?;
        let (_, told) = told(&estate, &*app.reached(&estate)?, &asked)?;
        Ok(export::parts::parts([&told]))
    })
    .await
}
