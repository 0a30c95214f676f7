//! What is near a place or inside a shape. Straight lines, by EPSG:27700 metres; ties are broken by code.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::NaiveDate;
use geo::{Area as _, BoundingRect as _, Intersects as _, LineString, MultiPolygon, Polygon};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::answer;
use super::ask::{Asked, document, quoted};
use super::sites::href;
use super::view::Place;
use crate::geography::{LonLat, Near, from_wgs84};
use crate::register::{Point, ServiceLine, SiteCode};
use crate::travel::Mode;
use crate::web::app::{App, aside};
use crate::web::estate::Estate;
use crate::web::isochrone::{Certainty, Isochrone, MOST_MINUTES};
use crate::web::problem::Problem;

const LIMIT: usize = 5;
/// Farther than from any place on the grid to any other.
const FARTHEST: f64 = 2_000_000.0;
/// An outline of a county to the metre has fewer corners.
const MOST_POSITIONS: usize = 20_000;

/// Sites that answer, and who lives there where that was asked.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Catchment {
    /// Register version read.
    version: u64,
    /// The place asked about; null for a shape.
    at: Option<Place>,
    total: usize,
    sites: Vec<Found>,
    /// Null where it was not asked.
    people: Option<People>,
}

/// A site that answers.
#[derive(Debug, Serialize, ToSchema)]
struct Found {
    code: String,
    name: String,
    href: String,
    /// Straight line from the place; null for a shape.
    metres: Option<f64>,
    place: Option<Place>,
}

/// Usual residents of the zones whose point is inside.
#[derive(Debug, Serialize, ToSchema)]
struct People {
    /// Null is not known: never zero.
    residents: Option<u64>,
    zones: usize,
    source: Option<String>,
    as_of: Option<NaiveDate>,
    why: Option<&'static str>,
}

impl People {
    fn of(estate: &Estate, is_inside: impl Fn(Point) -> bool) -> Self {
        let zones = &estate.snapshot.geography.zones;
        if zones.is_empty() {
            let why = Some("no zones are loaded");
            return Self { residents: None, zones: 0, source: None, as_of: None, why };
        }
        let inside = || zones.iter().filter(|zone| is_inside(zone.point));
        Self {
            residents: Some(inside().map(|zone| u64::from(zone.residents)).sum()),
            zones: inside().count(),
            source: Some(zones.evidence.source.clone()),
            as_of: Some(zones.evidence.as_of),
            why: None,
        }
    }
}

impl Found {
    fn of(estate: &Estate, code: &SiteCode, metres: Option<f64>) -> Self {
        let site = estate.register().site(code);
        Self {
            code: code.to_string(),
            name: site.map_or(code.as_str(), |site| site.name()).to_owned(),
            href: href(code),
            metres,
            place: site.and_then(crate::register::Site::location).map(Place::of),
        }
    }
}

fn catchment(estate: &Estate, at: Point, near: &[Near<'_>], people: Option<People>) -> Catchment {
    Catchment {
        version: estate.version(),
        at: Some(Place::of(at)),
        total: near.len(),
        sites: near.iter().map(|near| Found::of(estate, near.code, Some(near.metres))).collect(),
        people,
    }
}

/// The place asked about, in one of three ways.
enum Asks {
    At(Point),
    Postcode(String),
}

/// Reads the place; anything wrong with it is in `asked`.
fn place(asked: &mut Asked) -> Option<Asks> {
    let given: Vec<&str> = ["easting", "northing", "lon", "lat", "postcode"]
        .into_iter()
        .filter(|name| asked.has(name))
        .collect();
    let east = asked.number("easting", 0.0, 700_000.0);
    let north = asked.number("northing", 0.0, 1_300_000.0);
    let lon = asked.number("lon", -180.0, 180.0);
    let lat = asked.number("lat", -90.0, 90.0);
    let postcode = asked.text("postcode");
    match given.as_slice() {
        ["easting", "northing"] => match Point::new(east?, north?) {
            Ok(point) => Some(Asks::At(point)),
            Err(error) => {
                asked.refuse("easting", error.to_string());
                None
            }
        },
        ["lon", "lat"] => match from_wgs84(LonLat { longitude: lon?, latitude: lat? }) {
            Ok(point) => Some(Asks::At(point)),
            Err(error) => {
                asked.refuse("lon", error.to_string());
                None
            }
        },
        ["postcode"] => postcode.map(Asks::Postcode),
        _ => {
            asked.refuse(
                "easting",
                "a place is easting and northing, or lon and lat, or postcode: one of the three",
            );
            None
        }
    }
}

impl Asks {
    fn point(self, estate: &Estate) -> Result<Point, Problem> {
        let text = match self {
            Self::At(point) => return Ok(point),
            Self::Postcode(text) => text,
        };
        let Some(postcodes) = &estate.snapshot.geography.postcodes else {
            return Err(Problem::invalid(
                "postcode",
                "postcode cannot be looked up: no postcodes are loaded",
            ));
        };
        let found = postcodes.find(&text).map(|entry| entry.point);
        found.ok_or_else(|| {
            Problem::invalid(
                "postcode",
                format!("postcode {} is not among those loaded", quoted(&text)),
            )
        })
    }
}

/// The nearest sites, nearest first: all, or those that offer a service line and surely pass the gates.
#[utoipa::path(get, path = "/api/v1/catchment/nearest", tag = "Catchment",
    params(
        ("easting" = Option<f64>, Query, minimum = 0, maximum = 700_000, description = "EPSG:27700 metres, with northing"),
        ("northing" = Option<f64>, Query, minimum = 0, maximum = 1_300_000, description = "EPSG:27700 metres"),
        ("lon" = Option<f64>, Query, description = "WGS84 degrees, with lat"),
        ("lat" = Option<f64>, Query, description = "WGS84 degrees"),
        ("postcode" = Option<String>, Query, description = "In any spacing, live or ended"),
        ("k" = Option<u64>, Query, minimum = 1, maximum = 1000, description = "How many, 5 where not given"),
        ("service_line" = Option<String>, Query, description = "A word of the list of service lines, such as `primary_care`"),
        ("gates" = Option<String>, Query, description = "`must`: only sites that surely pass every must-pass access item"),
    ),
    responses((status = 200, description = "Sites, nearest first", body = Catchment)))]
pub(super) async fn nearest(
    request: HttpRequest,
    app: web::Data<App>,
) -> Result<HttpResponse, Problem> {
    let mut asked = Asked::of(&request)?;
    let place = place(&mut asked);
    let k = asked.count("k", 1, 1000).unwrap_or(LIMIT);
    let line: Option<ServiceLine> = asked.word("service_line");
    let gates = asked.text("gates");
    if gates.as_deref().is_some_and(|word| word != "must") {
        asked.refuse("gates", "gates is must, or is left out");
    }
    asked.end()?;
    answer(&app, move |app| {
        let estate = app.estate()?;
        let at = place.ok_or_else(no_place)?.point(&estate)?;
        let index = &estate.snapshot.index;
        let asked = if gates.is_some() {
            app.gate_rules.asked()
        } else {
            crate::geography::GatesAsked::NONE
        };
        let near = match line {
            Some(line) => index.nearest_offering(at, k, line, &asked),
            None if gates.is_none() => index.nearest(at, k),
            None => {
                let passes = |near: &Near<'_>| {
                    estate.register().site(near.code).is_some_and(|site| asked.pass(site))
                };
                index.nearest(at, index.len()).into_iter().filter(passes).take(k).collect()
            }
        };
        Ok(catchment(&estate, at, &near, None))
    })
    .await
}

/// A place that is missing was refused before.
fn no_place() -> Problem {
    Problem::bad_request("No place was given.")
}

/// Every site at most so far away, exactly that far included, nearest first.
#[utoipa::path(get, path = "/api/v1/catchment/within", tag = "Catchment",
    params(
        ("easting" = Option<f64>, Query, minimum = 0, maximum = 700_000, description = "EPSG:27700 metres, with northing"),
        ("northing" = Option<f64>, Query, minimum = 0, maximum = 1_300_000, description = "EPSG:27700 metres"),
        ("lon" = Option<f64>, Query, description = "WGS84 degrees, with lat"),
        ("lat" = Option<f64>, Query, description = "WGS84 degrees"),
        ("postcode" = Option<String>, Query, description = "In any spacing, live or ended"),
        ("metres" = f64, Query, minimum = 0, maximum = 2_000_000, description = "Straight line"),
        ("people" = Option<bool>, Query, description = "`true`: also the residents of zones whose point is that near"),
    ),
    responses((status = 200, description = "Sites, nearest first", body = Catchment)))]
pub(super) async fn within(
    request: HttpRequest,
    app: web::Data<App>,
) -> Result<HttpResponse, Problem> {
    let mut asked = Asked::of(&request)?;
    let place = place(&mut asked);
    if !asked.has("metres") {
        asked.refuse("metres", "metres is missing: how far from the place");
    }
    let metres = asked.number("metres", 0.0, FARTHEST).unwrap_or_default();
    let people = asked.is_true("people");
    asked.end()?;
    answer(&app, move |app| {
        let estate = app.estate()?;
        let at = place.ok_or_else(no_place)?.point(&estate)?;
        let near = estate.snapshot.index.within(at, metres);
        let people = people.then(|| People::of(&estate, |point| point.metres_to(at) <= metres));
        Ok(catchment(&estate, at, &near, people))
    })
    .await
}

/// From where a site or a place is reached within so many minutes. By the street network kept for the mode; by public
/// transport by the timetable kept, on its day, as the median of one departure a minute of its window, as the minutes
/// between small areas and sites are. Assessments may use minutes of another make, such as a router's file: `assessed_by`
/// says whose. Where only streets that perhaps are step-free are near, nothing surely is reached and the outline is empty. Where neither is kept, or none of its streets is near, a circle by straight line,
/// and `approximate` says so. It is true as well where a timetable is kept and no streets, so that walks to stops are
/// straight lines.
#[utoipa::path(get, path = "/api/v1/catchment/isochrone", tag = "Catchment",
    params(
        ("site" = Option<String>, Query, description = "ODS site code, or a place instead"),
        ("easting" = Option<f64>, Query, minimum = 0, maximum = 700_000, description = "EPSG:27700 metres, with northing"),
        ("northing" = Option<f64>, Query, minimum = 0, maximum = 1_300_000, description = "EPSG:27700 metres"),
        ("lon" = Option<f64>, Query, description = "WGS84 degrees, with lat"),
        ("lat" = Option<f64>, Query, description = "WGS84 degrees"),
        ("postcode" = Option<String>, Query, description = "In any spacing, live or ended"),
        ("mode" = Option<String>, Query, description = "`walk` where not given, `step_free_walk`, `drive`, `public_transport` or `step_free_public_transport`"),
        ("minutes" = f64, Query, minimum = 1, maximum = 240, description = "At most so long to get there"),
        ("certainty" = Option<String>, Query, description = "Of step-free ways on foot by street: `surely` where not given, or `perhaps`: what would be reached if all that nobody has recorded is step-free"),
    ),
    responses((status = 200, description = "A GeoJSON feature, WGS84: `mode`, `certainty` (null where nothing hangs on it), `minutes`, `maker` (how it was made, in words), \
        `assessed_by` (whose minutes standards by this mode are held against, null where they are of the same make), `approximate`, \
        `departures` (by timetable: `direction` of travel, `date`, `first` and `last`, `centile` and most `changes`; null otherwise), \
        `snap_metres` (from the place to the street, null for straight lines)", body = Object, content_type = "application/geo+json")))]
pub(super) async fn isochrone(
    request: HttpRequest,
    app: web::Data<App>,
) -> Result<HttpResponse, Problem> {
    let mut asked = Asked::of(&request)?;
    let site = asked.text("site");
    let other =
        ["easting", "northing", "lon", "lat", "postcode"].into_iter().any(|name| asked.has(name));
    let place = match &site {
        Some(_) if other => {
            asked.refuse("site", "site and a place were both given: one of the two");
            None
        }
        Some(_) => None,
        None => place(&mut asked),
    };
    let mode = asked.text("mode").map_or(Some(Mode::Walk), |text| {
        let found = Mode::find(&text);
        if found.is_none() {
            let words = Mode::ALL.map(Mode::key).join(", ");
            asked.refuse("mode", format!("mode is one of {words}, and {} is not", quoted(&text)));
        }
        found
    });
    if !asked.has("minutes") {
        asked.refuse("minutes", "minutes is missing: how long it may take");
    }
    let minutes = asked.number("minutes", 1.0, MOST_MINUTES);
    let certainty = match asked.text("certainty").as_deref() {
        None | Some("surely") => Certainty::Surely,
        Some("perhaps") => Certainty::Perhaps,
        Some(other) => {
            let words = format!("certainty is surely or perhaps, and {} is not", quoted(other));
            asked.refuse("certainty", words);
            Certainty::Surely
        }
    };
    asked.end()?;
    let text = aside(&app, move |app| {
        let estate = app.estate()?;
        let at = match site {
            Some(code) => located(&estate, &code)?,
            None => place.ok_or_else(no_place)?.point(&estate)?,
        };
        let wanted = mode.zip(minutes).ok_or_else(no_place)?;
        let isochrone = Isochrone::of(app, &estate, wanted, at)?;
        if certainty == Certainty::Perhaps && isochrone.perhaps.is_none() {
            return Err(Problem::invalid(
                "certainty",
                "certainty is perhaps only for step_free_walk where its street network is kept and near: nothing else tells what nobody has recorded",
            ));
        }
        let feature = isochrone.feature(certainty).ok_or_else(|| {
            Problem::invalid(
                "minutes",
                "the shape leaves the area that the National Grid covers: ask for fewer minutes",
            )
        })?;
        Ok(feature.to_string())
    })
    .await?;
    Ok(super::geo::answer(text))
}

/// Where a site of the register is.
fn located(estate: &Estate, code: &str) -> Result<Point, Problem> {
    let refused = |why: &str| Problem::invalid("site", format!("site {} {why}", quoted(code)));
    let parsed: SiteCode = code.parse().map_err(|_error| refused("is no site code"))?;
    let site = estate.register().site(&parsed).ok_or_else(|| refused("is not in the register"))?;
    site.location().ok_or_else(|| refused("has no known place"))
}

/// A GeoJSON geometry. Coordinates are WGS84, longitude first, unless `crs` says EPSG:27700.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "describes the body for the document; the body is read by hand, to name what is wrong with it"
)]
pub(super) struct Shape {
    /// `Polygon` or `MultiPolygon`.
    #[schema(rename = "type", example = "Polygon")]
    r#type: String,
    /// Rings of positions; the first and the last position of a ring are the same.
    #[schema(value_type = Vec<Object>)]
    coordinates: Vec<Value>,
    /// `EPSG:27700` for easting and northing in metres.
    crs: Option<String>,
}

/// Every site in the shape or on its boundary, by code.
#[utoipa::path(post, path = "/api/v1/catchment/polygon", tag = "Catchment",
    params(("people" = Option<bool>, Query, description = "`true`: also the residents of zones whose point is inside")),
    request_body(content = Shape, description = "GeoJSON Polygon or MultiPolygon, WGS84 unless `crs` says EPSG:27700"),
    responses((status = 200, description = "Sites, by code", body = Catchment)))]
pub(super) async fn polygon(
    request: HttpRequest,
    app: web::Data<App>,
    body: web::Payload,
) -> Result<HttpResponse, Problem> {
    let document = document(&request, body).await?;
    let mut asked = Asked::of(&request)?;
    let people = asked.is_true("people");
    asked.end()?;
    answer(&app, move |app| {
        let shape = shape(&document)?;
        let estate = app.estate()?;
        let found = estate.snapshot.index.within_polygon(&shape);
        let found = found.map_err(|error| Problem::invalid("coordinates", error))?;
        let frame = shape.bounding_rect();
        let is_inside = |point: Point| {
            let point = geo::Point::new(point.easting(), point.northing());
            frame.is_some_and(|frame| frame.intersects(&point)) && shape.intersects(&point)
        };
        Ok(Catchment {
            version: estate.version(),
            at: None,
            total: found.len(),
            sites: found.iter().map(|code| Found::of(&estate, code, None)).collect(),
            people: people.then(|| People::of(&estate, is_inside)),
        })
    })
    .await
}

fn wrong(detail: impl Into<String>) -> Problem {
    Problem::invalid("coordinates", detail.into())
}

fn shape(document: &Value) -> Result<MultiPolygon<f64>, Problem> {
    let geometry =
        document.get("geometry").filter(|_| document["type"] == "Feature").unwrap_or(document);
    let is_grid = crs(document.get("crs").or_else(|| geometry.get("crs")))?;
    let list = |value: &Value| {
        value
            .as_array()
            .cloned()
            .ok_or_else(|| wrong("coordinates is rings of positions, as in GeoJSON"))
    };
    let polygons = match geometry["type"].as_str() {
        Some("Polygon") => vec![geometry["coordinates"].clone()],
        Some("MultiPolygon") => list(&geometry["coordinates"])?,
        _ => return Err(Problem::invalid("type", "type is Polygon or MultiPolygon")),
    };
    let mut positions = 0;
    let mut shape = Vec::with_capacity(polygons.len());
    for (polygon, number) in polygons.iter().zip(1..) {
        let mut rings = Vec::new();
        for ring in list(polygon)? {
            let corners = list(&ring)?;
            positions += corners.len();
            if positions > MOST_POSITIONS {
                return Err(wrong(format!("coordinates has more than {MOST_POSITIONS} positions")));
            }
            if corners.len() < 4 || corners.first() != corners.last() {
                return Err(wrong(
                    "coordinates has a ring that is not closed: four positions or more, the last as the first",
                ));
            }
            let corners: Result<Vec<(f64, f64)>, Problem> =
                corners.iter().map(|corner| position(corner, is_grid)).collect();
            rings.push(LineString::from(corners?));
        }
        if rings.is_empty() {
            return Err(wrong("coordinates has a polygon without a ring"));
        }
        let outer = rings.remove(0);
        let polygon = Polygon::new(outer, rings);
        // A square metre: what rounding to the grid leaves of a line.
        if polygon.unsigned_area() < 1.0 {
            return Err(wrong(format!(
                "coordinates has in place {number} a polygon that encloses nothing: its positions are one point, lie on one line, or cross over so that its halves cancel out"
            )));
        }
        shape.push(polygon);
    }
    if shape.is_empty() { Err(wrong("coordinates is empty")) } else { Ok(MultiPolygon::new(shape)) }
}

/// Whether positions are easting and northing.
fn crs(given: Option<&Value>) -> Result<bool, Problem> {
    let Some(given) = given.filter(|given| !given.is_null()) else { return Ok(false) };
    // GeoJSON of 2008 named it in an object.
    let name = given.as_str().or_else(|| given["properties"]["name"].as_str()).unwrap_or_default();
    let code = name.to_ascii_uppercase();
    match code.rsplit(':').next() {
        Some("27700") => Ok(true),
        Some("4326" | "CRS84") => Ok(false),
        _ => Err(Problem::invalid("crs", "crs is EPSG:27700, or is left out for WGS84")),
    }
}

fn position(corner: &Value, is_grid: bool) -> Result<(f64, f64), Problem> {
    let pair = corner.get(0).and_then(Value::as_f64).zip(corner.get(1).and_then(Value::as_f64));
    let Some((first, second)) = pair else {
        return Err(wrong("coordinates has a position that is not two numbers"));
    };
    let point = if is_grid {
        Point::new(first, second).map_err(|error| wrong(format!("coordinates: {error}")))?
    } else {
        let at = LonLat { longitude: first, latitude: second };
        from_wgs84(at).map_err(|error| wrong(format!("coordinates: {error}")))?
    };
    Ok((point.easting(), point.northing()))
}
