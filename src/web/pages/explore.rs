//! The catchment explorer: from any place, the nearest sites of each kind of care, which of them can be got into, and
//! who lives within so many minutes.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, web};
use minijinja::{Value as View, context};
use serde::Deserialize;

use super::access::{borough, boroughs, zones_of};
use super::form::Form;
use super::register::Choice;
use super::table::{Dress, Shown};
use super::{Page, csv, page, view_of};
use crate::access::Group;
use crate::export::{Cell, Table};
use crate::geography::{LonLat, from_wgs84};
use crate::register::{Minutes, Point, ServiceLine, SiteCode, Word as _};
use crate::travel::{Mode, StraightLine};
use crate::web::app::App;
use crate::web::draw::{Fill, Map, Mark, Patch, Symbol};
use crate::web::estate::Estate;
use crate::web::filter::percent;
use crate::web::isochrone::{FromPlace, Isochrone, MOST_MINUTES};
use crate::web::problem::Problem;
use crate::web::reached::Reached;

/// Sites of each kind of care, of any kind and of the passing ones, where nobody asks for another number.
const NEAREST: usize = 3;
/// At most so many.
pub(in crate::web) const MOST_NEAREST: usize = 20;
const MINUTES: f64 = 20.0;

/// What is asked, as typed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    postcode: String,
    easting: String,
    northing: String,
    lon: String,
    lat: String,
    minutes: String,
    mode: String,
    k: String,
    borough: String,
}

impl Asked {
    /// What a program may give, in the order of [`Self::of`].
    pub(in crate::web) const NAMES: [&'static str; 8] =
        ["postcode", "easting", "northing", "lon", "lat", "minutes", "mode", "k"];

    /// As a program gives it.
    pub(in crate::web) fn of(given: [String; 8]) -> Self {
        let [postcode, easting, northing, lon, lat, minutes, mode, k] = given;
        Self { postcode, easting, northing, lon, lat, minutes, mode, k, borough: String::new() }
    }

    fn values(&self) -> [(&'static str, &str); 9] {
        [
            ("postcode", &self.postcode),
            ("easting", &self.easting),
            ("northing", &self.northing),
            ("lon", &self.lon),
            ("lat", &self.lat),
            ("minutes", &self.minutes),
            ("mode", &self.mode),
            ("k", &self.k),
            ("borough", &self.borough),
        ]
    }

    fn form(&self) -> Form {
        Form::of(self.values().map(|(name, value)| (name.to_owned(), value.to_owned())))
    }

    fn query(&self) -> String {
        let given = self.values().into_iter().filter(|(_, value)| !value.trim().is_empty());
        given
            .map(|(name, value)| format!("{name}={}", percent(value)))
            .collect::<Vec<_>>()
            .join("&")
    }
}

/// A place and how far around it.
#[derive(Debug, Clone, Copy)]
pub(in crate::web) struct Around {
    /// Where.
    pub(in crate::web) at: Point,
    /// Minutes by the mode.
    pub(in crate::web) minutes: f64,
    /// How people travel.
    pub(in crate::web) mode: Mode,
    /// Nearest sites told of each kind of care.
    nearest: usize,
}

/// The place asked for, `None` where none is; what is wrong stands in the form.
fn around(form: &mut Form, estate: &Estate) -> Option<Around> {
    let minutes = form.read("minutes", |text| match text {
        "" => Ok(MINUTES),
        text => number(text, 1.0, MOST_MINUTES)
            .ok_or_else(|| format!("Enter minutes from 1 to {MOST_MINUTES}")),
    });
    let mode = form.read("mode", |text| match text {
        "" => Ok(Mode::Walk),
        text => Mode::find(text).ok_or_else(|| "Choose how people travel".to_owned()),
    });
    let nearest = form.read("k", |text| match text {
        "" => Ok(NEAREST),
        text => text
            .parse::<usize>()
            .ok()
            .filter(|k| (1..=MOST_NEAREST).contains(k))
            .ok_or_else(|| format!("Enter a whole number of sites from 1 to {MOST_NEAREST}")),
    });
    let has = |form: &Form, name: &str| !form.value(name).is_empty();
    let at = if has(form, "postcode") {
        form.read("postcode", |text| postcode(text, estate))
    } else if has(form, "easting") || has(form, "northing") {
        let east = form.read("easting", |text| {
            number(text, 0.0, 700_000.0)
                .ok_or_else(|| "Enter an easting from 0 to 700,000 metres".to_owned())
        });
        let north = form.read("northing", |text| {
            number(text, 0.0, 1_300_000.0)
                .ok_or_else(|| "Enter a northing from 0 to 1,300,000 metres".to_owned())
        });
        Point::new(east?, north?).ok()
    } else if has(form, "lon") || has(form, "lat") {
        let degrees = |text: &str, most: f64| {
            number(text, -most, most).ok_or_else(|| "Enter degrees, such as -0.1276".to_owned())
        };
        let longitude = form.read("lon", |text| degrees(text, 180.0));
        let latitude = form.read("lat", |text| degrees(text, 90.0));
        let place = LonLat { longitude: longitude?, latitude: latitude? };
        form.read("lon", |_| from_wgs84(place).map_err(|error| error.to_string()))
    } else {
        None
    };
    Some(Around { at: at?, minutes: minutes?, mode: mode?, nearest: nearest? })
}

fn number(text: &str, low: f64, high: f64) -> Option<f64> {
    let number: f64 = text.trim().replace(',', "").parse().ok()?;
    (low..=high).contains(&number).then_some(number)
}

fn postcode(text: &str, estate: &Estate) -> Result<Point, String> {
    let Some(postcodes) = &estate.snapshot.geography.postcodes else {
        return Err(
            "Postcodes cannot be looked up: none are loaded. Press the map, or enter coordinates"
                .to_owned(),
        );
    };
    let found = postcodes.find(text).map(|entry| entry.point);
    found.ok_or_else(|| {
        format!("{text:?} is not among the postcodes loaded. Check it, or press the map")
    })
}

pub(crate) async fn show(
    request: HttpRequest,
    app: web::Data<App>,
    asked: web::Query<Asked>,
) -> Result<HttpResponse, Problem> {
    page(&request, &app, move |app| {
        let estate = app.estate()?;
        let reached = app.reached(&estate)?;
        let mut form = asked.form();
        let around = around(&mut form, &estate);
        let told = around.map(|around| Told::of(app, &estate, &reached, around)).transpose()?;
        let named = (!asked.borough.is_empty() && around.is_none())
            .then(|| borough(&estate, &asked.borough))
            .transpose()?;
        let query = asked.query();
        let map = map(&estate, &reached, told.as_ref().map(|told| &told.isochrone), named.as_ref().map(|b| b.code.as_str()));
        let places = boroughs(&estate);
        let choices = places.iter().map(|b| (b.code.as_str(), b.name.as_str()));
        let geojson_href = around.map(|around| format!(
            "/api/v1/catchment/isochrone?easting={}&northing={}&mode={}&minutes={}",
            around.at.easting(), around.at.northing(), around.mode.key(), around.minutes
        ));
        let has_perhaps = told.as_ref().is_some_and(|told| told.isochrone.perhaps.is_some());
        let view = context! {
            form => view_of(&form),
            boroughs => view_of(Choice::list("Choose a borough", &asked.borough, choices.collect::<Vec<_>>())),
            drawing => map.draw().map(View::from_safe_string),
            is_asked => around.is_some(),
            place => around.map(|around| format!("{:.0}, {:.0}", around.at.easting(), around.at.northing())),
            minutes => around.map(|around| Cell::Number(around.minutes, 0).shown()),
            nearest => told.as_ref().map(|told| view_of(told.shown(&estate, &query))),
            people => told.as_ref().map(|told| view_of(Shown::plain(&told.people, Some(format!("/access/explore/people.csv?{query}"))))),
            modes => view_of(Choice::list("On foot", &asked.mode, Mode::ALL.into_iter().skip(1).map(|mode| (mode.key(), mode.label())).collect::<Vec<_>>())),
            mode => around.map(|around| around.mode.label()),
            mode_key => around.map(|around| around.mode.key()),
            made => told.as_ref().map(|told| told.isochrone.made().to_owned()),
            assessed_by => told.as_ref().and_then(|told| told.isochrone.assessed_by.clone()),
            is_surely_reached => told.as_ref().is_some_and(|told| told.isochrone.is_surely_reached()),
            is_circle => told.as_ref().is_some_and(|told| told.isochrone.is_circle),
            perhaps_href => geojson_href.as_ref().filter(|_| has_perhaps).map(|href| format!("{href}&certainty=perhaps")),
            geojson_href => geojson_href,
            has_postcodes => estate.snapshot.geography.postcodes.is_some(),
            borough_name => named.map(|borough| borough.name),
        };
        let title = if form.is_good() { "Catchment explorer" } else { "Error: Catchment explorer" };
        let page = Page::new("explore.html", title, view).under("Overview", "/").under("Access", "/access");
        Ok(if form.is_good() { page } else { page.with_status(actix_web::http::StatusCode::UNPROCESSABLE_ENTITY) })
    })
    .await
}

pub(crate) async fn file(
    app: web::Data<App>,
    name: web::Path<String>,
    asked: web::Query<Asked>,
) -> Result<HttpResponse, Problem> {
    csv(&app, move |app| {
        let told = answer(app, &asked)?;
        match name.as_str() {
            "nearest" => Ok(told.nearest),
            "people" => Ok(told.people),
            _ => Err(Problem::not_found("table of this name")),
        }
    })
    .await
}

/// What a program asks for.
pub(in crate::web) fn answer(app: &App, asked: &Asked) -> Result<Told, Problem> {
    let estate = app.estate()?;
    let reached = app.reached(&estate)?;
    let mut form = asked.form();
    let around = around(&mut form, &estate);
    if !form.is_good() {
        return Err(Problem::Invalid { faults: form.faults() });
    }
    let none = "a place is postcode, or easting and northing, or lon and lat: one of the three";
    Told::of(app, &estate, &reached, around.ok_or_else(|| Problem::invalid("postcode", none))?)
}

/// What the explorer tells of a place.
pub(in crate::web) struct Told {
    /// Where.
    pub(in crate::web) around: Around,
    /// From where the place is reached within the minutes.
    pub(in crate::web) isochrone: Isochrone,
    /// How far the minutes reach by straight line.
    pub(in crate::web) metres: f64,
    /// The nearest sites, a row a kind of care and rank.
    pub(in crate::web) nearest: Table,
    /// Who lives within, a row a group.
    pub(in crate::web) people: Table,
    /// Codes of the two sites of each row.
    codes: Vec<[Option<SiteCode>; 2]>,
}

impl Told {
    fn of(app: &App, estate: &Estate, reached: &Reached, around: Around) -> Result<Self, Problem> {
        let figures = &reached.today.figures;
        let Around { at, mode, .. } = around;
        let pace = StraightLine::of(mode, figures).map_err(Problem::internal)?;
        let metres = farthest(pace, around.minutes);
        let kept = FromPlace::of(app, estate, mode, at)?;
        let way = Way::new(estate, reached, (mode, at), pace, kept.as_ref());
        let (mut nearest, mut codes) = (nearest_table(), Vec::new());
        for line in lines() {
            let found = seen(estate, reached, at, line, &way);
            if found.is_empty() {
                nearest.rows.push(none_of(reached, line));
                codes.push([None, None]);
            }
            rows_of(estate, line, (&found, around.nearest), &way, &mut nearest, &mut codes);
        }
        let isochrone = Isochrone::of(app, estate, (around.mode, around.minutes), around.at)?;
        let people = people(estate, &isochrone);
        Ok(Self { around, isochrone, metres, nearest, people, codes })
    }

    fn shown(&self, estate: &Estate, query: &str) -> Shown {
        Shown::dressed(
            &self.nearest,
            Some(format!("/access/explore/nearest.csv?{query}")),
            |row, key, cell| {
                let [any, passing] = self.codes.get(row).cloned().unwrap_or_default();
                let link = |code: Option<SiteCode>| Dress {
                    href: code
                        .filter(|code| estate.register().site(code).is_some())
                        .map(|code| format!("/sites/{code}")),
                    ..Dress::default()
                };
                match key {
                    "site" => link(any),
                    "passing_site" => link(passing),
                    "gates" if !cell.shown().is_empty() => Dress {
                        tag: Some(super::register::gate_colour(&cell.shown())),
                        ..Dress::default()
                    },
                    _ => Dress::default(),
                }
            },
        )
    }
}

fn nearest_table() -> Table {
    let columns = [
        ("service_line", "Service line", false),
        ("rank", "Nearest", true),
        ("site", "Site of any kind", false),
        ("site_code", "Its code", false),
        ("gates", "Must-pass access", false),
        ("metres", "Straight-line metres", true),
        ("minutes", "Minutes", true),
        ("passing_site", "Site that passes", false),
        ("passing_site_code", "Code of the site that passes", false),
        ("passing_metres", "Metres to it", true),
        ("passing_minutes", "Minutes to it", true),
        ("further_minutes", "Further to one that passes", true),
        ("mode", "By", false),
    ];
    Table::new("nearest", "Nearest sites by service line", &columns)
}

/// A kind of care that no site can be named for: told, so that nobody takes it for forgotten.
fn none_of(reached: &Reached, line: ServiceLine) -> Vec<Cell> {
    let words = match reached.today.offering(line).next() {
        Some(_) => "None whose place is known",
        None => "None in the register",
    };
    let mut row = vec![Cell::text(line.label()), Cell::Empty, Cell::text(words)];
    row.resize(nearest_table().columns.len(), Cell::Empty);
    row
}

/// Kinds of care that people go to.
fn lines() -> impl Iterator<Item = ServiceLine> {
    ServiceLine::ALL.iter().copied().filter(|line| *line != ServiceLine::Support)
}

/// Sites whose place is known that offer a kind of care, with whether they pass.
fn offering<'a>(
    estate: &'a Estate,
    reached: &'a Reached,
    line: ServiceLine,
) -> impl Iterator<Item = (&'a SiteCode, Option<bool>, Point)> {
    let offers = reached.today.offering(line);
    offers.filter_map(|(code, passes)| {
        Some((code, passes, estate.register().site(code)?.location()?))
    })
}

/// How people go from the place.
struct Way<'a> {
    mode: Mode,
    kept: Option<&'a FromPlace>,
    /// To each site that offers any care; one that is not here cannot be got to.
    minutes: BTreeMap<SiteCode, f64>,
}

impl<'a> Way<'a> {
    /// One search for all kinds of care.
    fn new(
        estate: &Estate,
        reached: &Reached,
        (mode, at): (Mode, Point),
        pace: StraightLine,
        kept: Option<&'a FromPlace>,
    ) -> Self {
        let sites: BTreeMap<&SiteCode, Point> = lines()
            .flat_map(|line| offering(estate, reached, line))
            .map(|(code, _, there)| (code, there))
            .collect();
        let places: Vec<Point> = sites.values().copied().collect();
        let minutes = match kept {
            Some(from) => from.minutes(&places),
            None => places.iter().map(|to| Some(pace.minutes(to.metres_to(at)).0)).collect(),
        };
        let known = sites.into_keys().zip(minutes);
        let minutes = known.filter_map(|(code, minutes)| Some((code.clone(), minutes?))).collect();
        Self { mode, kept, minutes }
    }
}

/// A site with its gates and how far it is.
struct Seen<'a> {
    code: &'a SiteCode,
    passes: Option<bool>,
    metres: f64,
    /// `None` where there is no way.
    minutes: Option<f64>,
}

/// The sites that offer a kind of care, nearest first: by minutes, then by metres, ties by code.
fn seen<'a>(
    estate: &'a Estate,
    reached: &'a Reached,
    at: Point,
    line: ServiceLine,
    way: &Way<'_>,
) -> Vec<Seen<'a>> {
    let mut all: Vec<Seen<'_>> = offering(estate, reached, line)
        .map(|(code, passes, there)| Seen {
            code,
            passes,
            metres: there.metres_to(at),
            minutes: way.minutes.get(code).copied(),
        })
        .collect();
    let far = |seen: &Seen<'_>| seen.minutes.unwrap_or(f64::INFINITY);
    all.sort_by(|a, b| {
        let by_minutes = far(a).total_cmp(&far(b));
        by_minutes.then(a.metres.total_cmp(&b.metres)).then_with(|| a.code.cmp(b.code))
    });
    all
}

fn rows_of(
    estate: &Estate,
    line: ServiceLine,
    (all, most): (&[Seen<'_>], usize),
    way: &Way<'_>,
    table: &mut Table,
    codes: &mut Vec<[Option<SiteCode>; 2]>,
) {
    let passing: Vec<&Seen<'_>> =
        all.iter().filter(|seen| seen.passes == Some(true)).take(most).collect();
    let name = |seen: &Seen<'_>| {
        estate.register().site(seen.code).map_or(seen.code.as_str(), |site| site.name()).to_owned()
    };
    let no_way = match way.kept {
        Some(FromPlace::Timetable(..)) => "no way by timetable is known",
        _ => "no way by street is known",
    };
    let minutes =
        |minutes: Option<f64>| minutes.map_or(Cell::Unknown(no_way), |m| Cell::Number(m, 1));
    let by = match way.kept {
        Some(from) => format!("{}, {}", way.mode.label(), from.by()),
        None => format!("{}, straight line", way.mode.label()),
    };
    for (rank, seen) in (1_u64..).zip(all.iter().take(most)) {
        let other = usize::try_from(rank - 1).ok().and_then(|at| passing.get(at)).copied();
        let gates = match seen.passes {
            Some(true) => "Passes",
            Some(false) => "Fails",
            None => "Not known",
        };
        // Said once a row: in five narrow columns it made each row as tall as eight.
        let missing = || Cell::Unknown("no further site is known to pass");
        let further = |other: &Seen<'_>| Some(other.minutes? - seen.minutes?);
        table.rows.push(vec![
            Cell::text(line.label()),
            Cell::count(rank),
            Cell::text(name(seen)),
            Cell::text(seen.code.as_str()),
            Cell::text(gates),
            Cell::Number(seen.metres, 0),
            minutes(seen.minutes),
            other.map_or_else(missing, |other| Cell::text(name(other))),
            other.map_or(Cell::Empty, |other| Cell::text(other.code.as_str())),
            other.map_or(Cell::Empty, |other| Cell::Number(other.metres, 0)),
            other.map_or(Cell::Empty, |other| minutes(other.minutes)),
            other.map_or(Cell::Empty, |other| minutes(further(other))),
            Cell::text(&*by),
        ]);
        codes.push([Some(seen.code.clone()), other.map(|other| other.code.clone())]);
    }
}

/// How many metres are so many minutes: the inverse of the pace.
fn farthest(pace: StraightLine, minutes: f64) -> f64 {
    let Minutes(of_one) = pace.minutes(1.0);
    if of_one > 0.0 { minutes / of_one } else { 0.0 }
}

fn people(estate: &Estate, isochrone: &Isochrone) -> Table {
    let columns = [
        ("group", "Who", false),
        ("people", "People within", true),
        ("people_perhaps", "If all that nobody recorded is step-free", true),
        ("unknown_zones", "Areas whose number is not known", true),
        ("unknown_zones_perhaps", "Such areas if all that is step-free", true),
        ("source", "Source", false),
    ];
    let zones = &estate.snapshot.geography.zones;
    let points: Vec<Point> = zones.iter().map(|zone| zone.point).collect();
    let is_reached = isochrone.reached_from(&points);
    let is_perhaps = isochrone.perhaps_reached_from(&points);
    // The people counted, and the areas of which nobody knows how many they are.
    let within = |group: Group, is_within: &[bool]| {
        let held = zones.iter().zip(is_within).filter(|(_, is)| **is);
        held.fold((0_u64, 0_u64), |(people, unknown), (zone, _)| match group.people(zone) {
            Some(more) => (people + more, unknown),
            None => (people, unknown + 1),
        })
    };
    let label = |group| match group {
        Group::StepFree => "disabled residents",
        other => other.label(),
    };
    let rows = Group::ALL.iter().map(|group| {
        let (known, unknown) = within(*group, &is_reached);
        let people = if zones.is_empty() {
            Cell::Unknown("no zones are loaded")
        } else {
            Cell::count(known)
        };
        let perhaps = is_perhaps.as_ref().filter(|_| !zones.is_empty());
        let [people_perhaps, unknown_perhaps] =
            perhaps.map_or([Cell::Empty, Cell::Empty], |is_perhaps| {
                let (people, unknown) = within(*group, is_perhaps);
                [people, unknown].map(Cell::count)
            });
        vec![
            Cell::text(label(*group)),
            people,
            people_perhaps,
            Cell::count(unknown),
            unknown_perhaps,
            Cell::text(&*zones.evidence.source),
        ]
    });
    Table::new("people", "Who lives within", &columns).with(rows)
}

fn map<'a>(
    estate: &'a Estate,
    reached: &Reached,
    isochrone: Option<&Isochrone>,
    named: Option<&str>,
) -> Map<'a> {
    let shapes = estate.shapes.iter();
    if let Some(isochrone) = isochrone {
        let at = isochrone.at;
        // All of the shape; what is north and south has three quarters of the room.
        let perhaps = isochrone.perhaps.as_ref().map(|perhaps| &perhaps.shape);
        let widest = perhaps.unwrap_or(&isochrone.shape);
        let half = geo::BoundingRect::bounding_rect(widest).map_or(0.0, |frame| {
            let east = (frame.max().x - at.easting()).max(at.easting() - frame.min().x);
            let north = (frame.max().y - at.northing()).max(at.northing() - frame.min().y);
            east.max(north / 0.75) * 1.15
        });
        let half = half.max(1_500.0);
        let near = estate.snapshot.index.within(at, half * 1.3);
        let mut marks: Vec<Mark> = near
            .iter()
            .filter_map(|near| {
                let site = estate.register().site(near.code)?;
                let passes = reached.today.to_pass(near.code)?.passes();
                let symbol = match passes {
                    Some(true) => Symbol::Circle,
                    Some(false) => Symbol::Square,
                    None => Symbol::Cross,
                };
                Some(Mark {
                    at: site.location()?,
                    symbol,
                    title: site.name().to_owned(),
                    href: None,
                })
            })
            .collect();
        marks.push(Mark {
            at,
            symbol: Symbol::Triangle,
            title: "The place asked about".to_owned(),
            href: None,
        });
        return Map {
            label: "The place, what is within the minutes, and the sites around it",
            shapes: shapes.collect(),
            reach: isochrone.is_surely_reached().then(|| isochrone.shape.clone()),
            perhaps: perhaps.cloned(),
            marks,
            window: Some((at, half)),
            is_pressable: true,
            ..Map::default()
        };
    }
    let patches = if let Some(code) = named {
        let outlines = estate.snapshot.geography.zone_outlines.as_deref();
        let zones = zones_of(estate, &crate::access::Area::Borough(code.to_owned()));
        let patch = |zone: &crate::geography::Zone| Patch {
            outline: outlines.and_then(|held| held.get(&zone.code)).map(|outline| &outline.shape),
            at: zone.point,
            fill: Fill::None,
            title: format!("{} {}", zone.code, zone.ward_name),
            href: Some(format!(
                "/access/explore?easting={:.0}&northing={:.0}",
                zone.point.easting(),
                zone.point.northing()
            )),
        };
        zones.iter().map(patch).collect()
    } else {
        let patch = |shape: &'a crate::web::draw::Shape| {
            let frame = geo::BoundingRect::bounding_rect(shape.outline())?.center();
            Some(Patch {
                outline: Some(shape.outline()),
                at: Point::new(frame.x, frame.y).ok()?,
                fill: Fill::None,
                title: shape.name.clone(),
                href: Some(format!("/access/explore?borough={}", percent(&shape.code))),
            })
        };
        estate.shapes.iter().filter_map(patch).collect()
    };
    Map {
        label: "Press a place to see what is near it",
        shapes: shapes.filter(|shape| named.is_none_or(|code| shape.code == code)).collect(),
        patches,
        is_pressable: true,
        ..Map::default()
    }
}
