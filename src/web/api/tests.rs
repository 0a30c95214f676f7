//! Each address in process, over a small illustrative estate.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use actix_web::http::StatusCode;
use actix_web::http::header::HeaderMap;
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::web::Data;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;
use crate::config;
use crate::jobs::Jobs;
use crate::register::{
    Change, Evidence, Field, Point, Scalar, ServiceLine, Site, SiteCode, Subject, Word as _,
};
use crate::scenario::Rules;
use crate::store::{Draft, Scope, Store};
use crate::synth::{self, Scale};
use crate::web::guard::Hosts;

const UPLOAD_LIMIT: usize = 1 << 20;

struct Service {
    _folder: TempDir,
    app: Data<App>,
}

struct Answered {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Answered {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// A problem with this status; its errors by field.
    #[track_caller]
    fn problem(&self, status: u16) -> BTreeMap<String, String> {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        assert_eq!(self.header("content-type"), "application/problem+json");
        let told = self.json();
        assert_eq!(told["status"], status);
        assert!(told["type"].as_str().unwrap().starts_with("/problems/"));
        assert!(!told["title"].as_str().unwrap().is_empty());
        let errors = told["errors"].as_array().cloned().unwrap_or_default();
        let text = |error: &Value, name: &str| error[name].as_str().unwrap().to_owned();
        errors.iter().map(|error| (text(error, "field"), text(error, "detail"))).collect()
    }
}

fn empty() -> Service {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("estate.db").display().to_string()).unwrap();
    let (scores, gates) = (config::score_rules().unwrap(), config::gate_rules().unwrap());
    let jobs = Jobs::new(store.clone(), Rules { score: scores.clone(), gates: gates.clone() });
    let hosts = Hosts::new(&[], true, "127.0.0.1:0");
    let app = Data::new(App::new(hosts, UPLOAD_LIMIT, store, jobs, (scores, gates)));
    Service { _folder: folder, app }
}

fn estate() -> Service {
    let service = empty();
    let estate = synth::estate(Scale::Borough, 1);
    service.append(estate.changes, estate.references);
    service
}

impl Service {
    fn append(&self, changes: Vec<Change>, references: Vec<crate::import::ReferenceSet>) {
        let scope = Scope::everyone_local();
        let version = self.app.store.newest_version(&scope).unwrap();
        let draft = Draft {
            author: "A. Planner".to_owned(),
            at: chrono::Utc::now().naive_utc(),
            source: "a test".to_owned(),
            reason: "to try it".to_owned(),
            changes,
            references,
        };
        self.app.store.append(&scope, draft, version).unwrap();
    }

    async fn send(&self, request: TestRequest) -> Answered {
        let service = init_service(crate::web::routes(self.app.clone(), false)).await;
        let response =
            call_service(&service, request.insert_header(("host", "localhost")).to_request()).await;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = String::from_utf8(read_body(response).await.to_vec()).unwrap();
        Answered { status, headers, body }
    }

    async fn get(&self, address: &str) -> Answered {
        self.send(TestRequest::get().uri(address)).await
    }

    async fn ok(&self, address: &str) -> Value {
        let answered = self.get(address).await;
        assert_eq!(answered.status, StatusCode::OK, "{address}: {}", answered.body);
        answered.json()
    }

    async fn post(&self, address: &str, document: &Value) -> Answered {
        self.send(TestRequest::post().uri(address).set_json(document)).await
    }

    async fn upload(&self, parts: &[(&str, &str)], file: &str) -> Answered {
        self.upload_to("/api/v1/imports", parts, file).await
    }

    async fn upload_to(&self, address: &str, parts: &[(&str, &str)], file: &str) -> Answered {
        let form = upload(parts, file).uri(address);
        self.send(form.insert_header(("x-requested-with", "a test"))).await
    }

    /// Follows a job to its end.
    async fn over(&self, answered: &Answered) -> Value {
        assert_eq!(answered.status, StatusCode::ACCEPTED, "{}", answered.body);
        let until = Instant::now() + Duration::from_mins(4);
        loop {
            let job = self.ok(answered.header("location")).await;
            if job["is_over"] == true {
                return job;
            }
            assert!(Instant::now() < until, "{job}");
            actix_web::rt::time::sleep(Duration::from_millis(20)).await;
        }
    }

    fn estate(&self) -> std::sync::Arc<crate::web::estate::Estate> {
        self.app.estate().unwrap()
    }
}

fn upload(parts: &[(&str, &str)], file: &str) -> TestRequest {
    let part = |(name, value): &(&str, &str)| {
        format!("--edge\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let values: String = parts.iter().map(part).collect();
    let head = "Content-Disposition: form-data; name=\"files\"; filename=\"mine.csv\"\r\nContent-Type: text/csv";
    let part = format!("--edge\r\n{head}\r\n\r\n{file}\r\n");
    let body = format!("{values}{}--edge--\r\n", if file.is_empty() { "" } else { &part });
    TestRequest::post()
        .uri("/api/v1/imports")
        .insert_header(("content-type", "multipart/form-data; boundary=edge"))
        .set_payload(body)
}

fn said(code: &str, field: Field, scalar: Scalar) -> Change {
    let evidence =
        Evidence { source: "a visit".to_owned(), method: "seen".to_owned(), as_of: synth::as_of() };
    let value = crate::register::Value::known(scalar, &std::sync::Arc::new(evidence));
    Change::Site { code: code.parse().unwrap(), field, value }
}

fn codes(answered: &Value) -> Vec<(String, f64)> {
    let site = |site: &Value| {
        (site["code"].as_str().unwrap().to_owned(), micrometres(site["metres"].as_f64().unwrap()))
    };
    answered["sites"].as_array().unwrap().iter().map(site).collect()
}

/// The reader of JSON in these tests may be off in the last binary digit.
fn micrometres(metres: f64) -> f64 {
    (metres * 1e6).round()
}

fn gbp(value: &Value) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "amounts of a test")]
    let pence = (value.as_f64().unwrap() * 100.0).round() as i64;
    pence
}

#[actix_web::test]
async fn the_document_lists_every_route_and_only_those() {
    let service = empty();
    let document = service.ok("/api/v1/openapi.json").await;
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));

    let mut documented = BTreeSet::new();
    let mut names = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            documented.insert((method.clone(), path.clone()));
            assert!(names.insert(operation["operationId"].to_string()), "{path} shares its name");
            assert!(operation["summary"].is_string(), "{path} says nothing");
            for (status, response) in operation["responses"].as_object().unwrap() {
                if status.starts_with(['4', '5']) {
                    assert!(
                        response["content"]["application/problem+json"].is_object(),
                        "{path} {status}"
                    );
                }
            }
            for name in path.split('/').filter_map(|part| part.strip_prefix('{')?.split('}').next())
            {
                let parameters = operation["parameters"].as_array().unwrap();
                assert!(
                    parameters.iter().any(|p| p["name"] == name && p["in"] == "path"),
                    "{path} {name}"
                );
            }
        }
    }
    let routed: BTreeSet<_> =
        ADDRESSES.iter().map(|(m, p)| ((*m).to_owned(), (*p).to_owned())).collect();
    assert_eq!(documented, routed);

    let text = document.to_string();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for reference in text.split("\"#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(schemas.contains_key(name), "{name} is not described");
    }
}

#[actix_web::test]
async fn every_parameter_and_member_in_the_document_is_read() {
    let service = empty();
    let document = service.ok("/api/v1/openapi.json").await;
    for (path, item) in document["paths"].as_object().unwrap() {
        let Some(parameters) = item["get"]["parameters"].as_array() else { continue };
        let asked = parameters.iter().filter(|p| p["in"] == "query" && !path.ends_with(".geojson"));
        let query: Vec<String> =
            asked.map(|p| format!("{}=", p["name"].as_str().unwrap())).collect();
        let answered =
            service.get(&format!("{path}?{}", query.join("&")).replace(['{', '}'], "")).await;
        assert!(!answered.body.contains("is not a parameter here"), "{path}: {}", answered.body);
    }
    let members =
        document["components"]["schemas"]["ScenarioAsked"]["properties"].as_object().unwrap();
    let wrong: serde_json::Map<String, Value> =
        members.keys().map(|name| (name.clone(), json!([[]]))).collect();
    let version = wrong.keys().filter(|name| *name != "register_version").count();
    let errors = service.post("/api/v1/scenarios", &Value::Object(wrong)).await.problem(422);
    assert!(errors.values().all(|words| !words.contains("is not a member here")), "{errors:?}");
    assert!(errors.len() >= version, "{errors:?}");
}

#[actix_web::test]
async fn sites_are_listed_part_by_part_by_filter_and_by_version() {
    let service = estate();
    let estate = service.estate();
    let mut address = Some("/api/v1/sites?limit=7&status=open".to_owned());
    let mut found = Vec::new();
    while let Some(next) = address {
        let part = service.ok(&next).await;
        found.extend(
            part["sites"]
                .as_array()
                .unwrap()
                .iter()
                .map(|site| site["code"].as_str().unwrap().to_owned()),
        );
        address = part["next"].as_str().map(str::to_owned);
    }
    let open = estate.register().sites().filter(|site| site.status().word() == "open");
    let wanted: Vec<String> = open.map(|site| site.code.to_string()).collect();
    assert!(wanted.len() > 14);
    assert_eq!(found, wanted);

    assert_eq!(service.ok("/api/v1/sites?version=0").await["total"], 0);
    service.get("/api/v1/sites?version=99").await.problem(404);
    let errors =
        service.get("/api/v1/sites?tenure=lease&boroughs=Camden&limit=0").await.problem(422);
    assert_eq!(errors.keys().collect::<Vec<_>>(), ["boroughs", "limit", "tenure"]);
}

#[actix_web::test]
async fn what_is_not_known_is_null_with_the_reason_and_what_is_known_says_who_says_so() {
    let service = estate();
    let estate = service.estate();
    let mut unknown = 0;
    for site in estate.register().sites().step_by(9) {
        let sheet = service.ok(&format!("/api/v1/sites/{}", site.code)).await;
        assert_eq!(sheet["facts"].as_object().unwrap().len(), Field::of(Subject::Site).count());
        for field in Field::of(Subject::Site) {
            let (fact, held) = (&sheet["facts"][field.key()], site.fact(field));
            assert_eq!(fact["value"].is_null(), !held.is_known(), "{} {field}", site.code);
            assert_eq!(fact["why"].is_null(), held.is_known(), "{} {field}", site.code);
            match held.evidence() {
                Some(evidence) => {
                    assert_eq!(fact["source"], evidence.source);
                    assert_eq!(fact["as_of"], evidence.as_of.to_string());
                }
                None => unknown += 1,
            }
        }
        let judged = estate.judged(&site.code).unwrap();
        assert_eq!(sheet["scores"]["condition"]["low"].as_f64(), Some(judged.condition.low));
        assert_eq!(sheet["gates"].as_array().unwrap().len(), 16);
        assert_eq!(
            sheet["tenancies"].as_array().unwrap().len(),
            estate.tenancies_at(&site.code).count()
        );
        assert_eq!(sheet["observations"].as_array().unwrap().len(), site.observations.len());
    }
    assert!(unknown > 0);
    service.get("/api/v1/sites/NOPE01").await.problem(404);
    service.get("/api/v1/sites/%20%00").await.problem(404);
}

#[actix_web::test]
async fn an_earlier_version_reads_as_it_was_and_the_history_tells_both() {
    let service = estate();
    let code = service.estate().register().sites().next().unwrap().code.to_string();
    let address = format!("/api/v1/sites/{code}");
    let before = service.ok(&address).await;
    service.append(vec![said(&code, Field::AnnualRent, Scalar::Pence(123_456_789))], Vec::new());

    let after = service.ok(&address).await;
    assert_eq!(after["facts"]["annual_rent_gbp"]["value"], 1_234_567.89);
    assert_eq!(after["version"], 2);
    assert_eq!(service.ok(&format!("{address}?version=1")).await, before);

    let history = service.ok(&format!("{address}/history/annual_rent_gbp")).await;
    let newest = &history["statements"][0];
    assert_eq!((&newest["version"], &newest["author"]), (&json!(2), &json!("A. Planner")));
    assert_eq!(newest["fact"]["source"], "a visit");
    service.get(&format!("{address}/history/service_line")).await.problem(404);
    service.get(&format!("{address}/history/nonsense")).await.problem(404);

    let versions = service.ok("/api/v1/versions").await;
    assert_eq!(versions["newest"], 2);
    assert_eq!(versions["versions"].as_array().unwrap().len(), 2);
}

/// The definition, in the plainest words: look at every site.
fn scan(service: &Service, at: Point, wanted: impl Fn(&Site) -> bool) -> Vec<(String, f64)> {
    let estate = service.estate();
    let standing = estate.standing().filter(|site| wanted(site));
    let mut found: Vec<(String, f64)> = standing
        .filter_map(|site| {
            Some((site.code.to_string(), micrometres(site.location()?.metres_to(at))))
        })
        .collect();
    found.sort_by(|a, b| a.1.total_cmp(&b.1).then_with(|| a.0.cmp(&b.0)));
    found
}

#[actix_web::test]
async fn a_catchment_is_what_a_plain_scan_finds() {
    let service = estate();
    let estate = service.estate();
    let middle = estate.standing().find_map(Site::location).unwrap();
    let at = Point::new(middle.easting() + 777.7, middle.northing() - 333.3).unwrap();
    let here = format!("easting={}&northing={}", at.easting(), at.northing());

    let nearest = service.ok(&format!("/api/v1/catchment/nearest?{here}&k=12")).await;
    assert_eq!(codes(&nearest), scan(&service, at, |_| true)[..12]);

    let passes = |site: &Site| estate.judged(&site.code).unwrap().passes == Some(true);
    let must = service.ok(&format!("/api/v1/catchment/nearest?{here}&k=5&gates=must")).await;
    let mut wanted = scan(&service, at, passes);
    wanted.truncate(5);
    assert_eq!(codes(&must), wanted);

    let offers = |site: &Site| {
        let open = |tenancy: &&crate::register::Tenancy| tenancy.is_open();
        estate
            .tenancies_at(&site.code)
            .filter(open)
            .any(|t| t.service_line().is_some_and(|l| l.word() == "primary_care"))
    };
    for (gates, both) in [("", false), ("&gates=must", true)] {
        let found = service
            .ok(&format!("/api/v1/catchment/nearest?{here}&k=5&service_line=primary_care{gates}"))
            .await;
        let mut wanted = scan(&service, at, |site| offers(site) && (!both || passes(site)));
        wanted.truncate(5);
        assert_eq!(codes(&found), wanted, "{gates}");
    }

    let within =
        service.ok(&format!("/api/v1/catchment/within?{here}&metres=2500&people=true")).await;
    let wanted: Vec<_> = scan(&service, at, |_| true)
        .into_iter()
        .filter(|(_, far)| *far <= micrometres(2500.0))
        .collect();
    assert!(!wanted.is_empty());
    assert_eq!(codes(&within), wanted);
    let zones =
        estate.snapshot.geography.zones.iter().filter(|zone| zone.point.metres_to(at) <= 2500.0);
    assert_eq!(
        within["people"]["residents"],
        zones.map(|zone| u64::from(zone.residents)).sum::<u64>()
    );
    assert!(nearest["people"].is_null());
}

#[actix_web::test]
async fn a_square_is_asked_in_metres_or_in_degrees_alike() {
    let service = estate();
    let estate = service.estate();
    let middle = estate.standing().find_map(Site::location).unwrap();
    let (east, north) = (middle.easting(), middle.northing());
    let corners = [
        (-1500.0, -1500.0),
        (1500.0, -1500.0),
        (1500.0, 1500.0),
        (-1500.0, 1500.0),
        (-1500.0, -1500.0),
    ]
    .map(|(x, y)| Point::new(east + x, north + y).unwrap());
    let metres: Vec<Value> = corners.iter().map(|p| json!([p.easting(), p.northing()])).collect();
    let degrees: Vec<Value> = corners
        .iter()
        .map(|p| crate::geography::to_wgs84(*p).unwrap())
        .map(|at| json!([at.longitude, at.latitude]))
        .collect();
    let inside =
        |p: Point| (p.easting() - east).abs() <= 1500.0 && (p.northing() - north).abs() <= 1500.0;
    let wanted: Vec<String> = estate
        .standing()
        .filter(|site| site.location().is_some_and(inside))
        .map(|site| site.code.to_string())
        .collect();
    let people: u64 = estate
        .snapshot
        .geography
        .zones
        .iter()
        .filter(|z| inside(z.point))
        .map(|z| u64::from(z.residents))
        .sum();

    for shape in [
        json!({ "type": "Polygon", "crs": "EPSG:27700", "coordinates": [metres] }),
        json!({ "type": "MultiPolygon", "coordinates": [[degrees]] }),
        json!({ "type": "Feature", "properties": {}, "geometry": { "type": "Polygon", "coordinates": [degrees] } }),
    ] {
        let answered = service.post("/api/v1/catchment/polygon?people=true", &shape).await;
        assert_eq!(answered.status, StatusCode::OK, "{}", answered.body);
        let found = answered.json();
        let codes: Vec<&str> = found["sites"]
            .as_array()
            .unwrap()
            .iter()
            .map(|s| s["code"].as_str().unwrap())
            .collect();
        assert_eq!(codes, wanted);
        assert_eq!(found["people"]["residents"], people);
    }
    for (shape, field) in [
        (json!({ "type": "Point", "coordinates": [0, 51] }), "type"),
        (json!({ "type": "Polygon", "coordinates": [] }), "coordinates"),
        (json!({ "type": "Polygon", "coordinates": [[[0, 51], [0, 52], [1, 52]]] }), "coordinates"),
        (
            json!({ "type": "Polygon", "coordinates": [[[0, 51], [0, 52], ["x", 1], [0, 51]]] }),
            "coordinates",
        ),
        (
            json!({ "type": "Polygon", "coordinates": [[[2.3, 48.8], [2.4, 48.8], [2.4, 48.9], [2.3, 48.8]]] }),
            "coordinates",
        ),
        (
            json!({ "type": "Polygon", "coordinates": [[[0, 51], [0, 51], [0, 51], [0, 51]]] }),
            "coordinates",
        ),
        (
            json!({ "type": "Polygon", "crs": "EPSG:27700", "coordinates": [
                [[530_000, 180_000], [531_000, 181_000], [532_000, 182_000], [530_000, 180_000]]
            ] }),
            "coordinates",
        ),
        (
            json!({ "type": "MultiPolygon", "crs": "EPSG:27700", "coordinates": [
                [[[530_000, 180_000], [531_000, 180_000], [531_000, 181_000], [530_000, 180_000]]],
                [[[530_000, 180_000], [531_000, 180_000], [530_000, 180_000], [530_000, 180_000]]]
            ] }),
            "coordinates",
        ),
        (json!({ "type": "Polygon", "crs": "EPSG:3857", "coordinates": [] }), "crs"),
        (json!([]), "type"),
    ] {
        let errors = service.post("/api/v1/catchment/polygon", &shape).await.problem(422);
        assert!(errors.contains_key(field), "{shape}: {errors:?}");
    }
}

/// A street of one kilometre east from a place, on foot, as a reference set.
fn street_from(at: Point) -> crate::import::ReferenceSet {
    use crate::travel::osm::{Osm, Way};
    let end = Point::new(at.easting() + 1_000.0, at.northing()).unwrap();
    let way = Way { id: 1, nodes: vec![1, 2], tags: [("highway", "residential")].into() };
    let osm = Osm { nodes: vec![(1, at), (2, end)], ways: vec![way], ..Osm::default() };
    let speeds = config::speed_table().unwrap();
    let (network, _) = crate::travel::build(&osm, crate::travel::Profile::Walk, &speeds);
    let bytes = crate::travel::encode_streets(&[network]);
    let kind = crate::import::networks::kept_as(crate::travel::Mode::Walk).unwrap();
    let day = chrono::NaiveDate::from_ymd_opt(2026, 11, 1).unwrap();
    let reference = crate::geography::describe(kind, &bytes, 1, "a street of a test", day);
    crate::import::ReferenceSet { reference, bytes }
}

/// A bus from one stop to another every other minute from eight to half past nine, a minute on the way, as a reference
/// set.
fn bus_between(from: Point, to: Point) -> crate::import::ReferenceSet {
    use crate::travel::timetable::{Call, Service, Stop, Trip, Wheelchair};
    let day = chrono::NaiveDate::from_ymd_opt(2026, 11, 3).unwrap();
    let stop = |id: &str, point| Stop { id: id.to_owned(), point, wheelchair: Wheelchair::Unknown };
    let call = |stop, at| Call { stop, arrives: at, departs: at, boards: true, alights: true };
    let trip = |minute: u32| Trip {
        id: minute.to_string(),
        service: 0,
        wheelchair: Wheelchair::Unknown,
        calls: vec![call(0, minute * 60), call(1, minute * 60 + 60)],
    };
    let service =
        Service { id: "S".to_owned(), exceptions: [(day, true)].into(), ..Service::default() };
    let figures = config::assumptions().unwrap();
    let pace = |mode| crate::travel::StraightLine::of(mode, &figures).unwrap();
    let kept = crate::travel::KeptTimetable {
        timetable: crate::travel::Timetable {
            stops: vec![stop("A", from), stop("B", to)],
            trips: (480..570).step_by(2).map(trip).collect(),
            services: vec![service],
            ..crate::travel::Timetable::default()
        },
        date: day,
        window: (495, 555),
        changes: 2,
        rules: config::timetable_rules().unwrap(),
        on_foot: pace(crate::travel::Mode::Walk),
        on_wheels: pace(crate::travel::Mode::StepFreeWalk),
    };
    let bytes = crate::travel::encode_timetable(&kept);
    let kind = crate::register::ReferenceKind::Timetable;
    let reference = crate::geography::describe(kind, &bytes, 45, "a bus of a test", day);
    crate::import::ReferenceSet { reference, bytes }
}

#[actix_web::test]
async fn travel_times_are_made_as_a_job_and_listed_with_what_they_rest_on() {
    let service = estate();
    let (zone, site, at) = {
        let estate = service.estate();
        let site = estate.standing().find(|site| site.location().is_some()).unwrap();
        let zone = estate.snapshot.geography.zones.iter().next().unwrap().code.clone();
        (zone, site.code.to_string(), site.location().unwrap())
    };
    assert_eq!(service.ok("/api/v1/travel").await, json!({"kept": []}));
    let matrix = |parts: &[(&'static str, &'static str)]| {
        let given = [("task", "matrix"), ("as_of", "2026-11-01"), ("mode", "public_transport")];
        [&given[..], parts].concat()
    };
    let errors = service.upload_to("/api/v1/travel", &matrix(&[("limit", "0")]), "").await;
    let errors = errors.problem(422);
    assert!(errors.contains_key("absent") && errors.contains_key("limit"), "{errors:?}");
    let words =
        "Choose what it means that a pair has no row: beyond-limit, unreachable, not-computed";
    assert_eq!(errors["absent"], words);
    let errors = service.upload_to("/api/v1/travel", &[("as_of", "2999-01-01")], "").await;
    let errors = errors.problem(422);
    assert_eq!(
        errors["task"],
        "Choose what the minutes are made of: streets, timetable, matrix, again"
    );
    let coming = [("task", "matrix"), ("as_of", "2999-01-01")];
    let errors = service.upload_to("/api/v1/travel", &coming, "").await.problem(422);
    assert_eq!(errors["as_of"], "Enter the day the file describes: today or an earlier day");
    let errors =
        service.upload_to("/api/v1/travel", &[("task", "timetable")], "").await.problem(422);
    for field in ["files", "as_of", "date", "window"] {
        assert!(errors.contains_key(field), "{field} is not in {errors:?}");
    }
    service.upload_to("/api/v1/travel", &[("task", "streets")], "").await.problem(422);
    let needless =
        service.upload_to("/api/v1/travel", &[("task", "again")], "x").await.problem(422);
    assert!(needless.contains_key("files"), "{needless:?}");

    let file = format!("zone,site,minutes\n{zone},{site},12.5\nE99999999,{site},3\n");
    let parts = matrix(&[("absent", "not-computed"), ("source", "a router")]);
    let job = service.over(&service.upload_to("/api/v1/travel", &parts, &file).await).await;
    assert_eq!(job["state"], "failed", "{job}");
    let words = job["message"].as_str().unwrap();
    assert!(words.starts_with("Nothing was kept.") && words.contains("E99999999"), "{words}");
    assert_ne!(job["percent"], 100.0, "{job}");
    let report = service.ok(job["import"]["href"].as_str().unwrap()).await;
    assert_eq!(
        (&report["outcome"], &report["kind"]),
        (&json!("not_applied"), &json!("travel-matrix"))
    );
    assert_eq!((&report["faults"][0]["row"], &report["rows"]), (&json!(3), &json!(2)), "{report}");
    assert_eq!(service.ok("/api/v1/travel").await, json!({"kept": []}));

    // What the file calls a column is what the fault calls it, and a file that cannot be read has one fault, not two.
    let router = format!("from_id,to_id,travel_time\nE99999999,{site},3\n");
    for (file, row, column, value, faults) in [
        (router.as_str(), 2, "from_id", "E99999999", 2),
        ("zone,place,minutes\nE1,S1,3\n", 1, "", "zone, place, minutes", 1),
    ] {
        let job = service.over(&service.upload_to("/api/v1/travel", &parts, file).await).await;
        let report = service.ok(job["import"]["href"].as_str().unwrap()).await;
        let fault = &report["faults"][0];
        assert_eq!(
            (&fault["row"], &fault["column"], &fault["value"]),
            (&json!(row), &json!(column), &json!(value)),
            "{report}"
        );
        assert_eq!(report["faults"].as_array().unwrap().len(), faults, "{report}");
    }

    let timetable = [
        ("task", "timetable"),
        ("as_of", "2026-11-01"),
        ("date", "2026-11-02"),
        ("window", "08:00-09:00"),
    ];
    let job = service.upload_to("/api/v1/travel", &timetable, "no zip at all").await;
    let job = service.over(&job).await;
    assert_eq!(job["state"], "failed", "{job}");
    assert!(job["message"].as_str().unwrap().contains("mine.csv"), "{job}");
    let page = service.get(&format!("/imports/{}", job["import"]["id"])).await.body;
    assert!(page.contains("Not applied") && page.contains("mine.csv"), "{page}");

    let parts = [&parts[..], &[("accept_faults", "true")]].concat();
    let job = service.over(&service.upload_to("/api/v1/travel", &parts, &file).await).await;
    let report = service.ok(job["import"]["href"].as_str().unwrap()).await;
    assert_eq!(report["outcome"], "good_rows_applied", "{report}");
    let kept = service.ok("/api/v1/travel").await["kept"][0].clone();
    assert_eq!((&kept["what"], &kept["rows"]), (&json!("minutes"), &json!(1)));
    assert_eq!((&kept["source"], &kept["mode"]), (&json!("a router"), &json!("public_transport")));

    // Streets kept by whatever way are worked out again; the second time there is nothing new.
    service.append(Vec::new(), vec![street_from(at)]);
    for outcome in ["applied", "nothing_new"] {
        let asked = service.upload_to("/api/v1/travel", &[("task", "again")], "").await;
        let job = service.over(&asked).await;
        let report = service.ok(job["import"]["href"].as_str().unwrap()).await;
        assert_eq!(report["outcome"], outcome, "{report}");
        // Whatever is off the one street is named with how far off it is, in the report, its file and its page.
        let off = report["off_network"].as_array().unwrap();
        let lost = off.iter().find(|place| place["is_placed"] == false).unwrap();
        let code = lost["code"].as_str().unwrap();
        assert!(lost["metres"].is_null() || lost["metres"].as_f64().unwrap() > 100.0, "{lost}");
        let csv = service.get(report["off_network_csv"].as_str().unwrap()).await.body;
        assert_eq!(csv.lines().count(), off.len() + 1);
        let page = format!("/imports/{}", report["id"]);
        assert_eq!(csv, service.get(&format!("{page}/off-network.csv")).await.body);
        assert!(csv.contains(code) && service.get(&page).await.body.contains(code));
        let notes = report["notes"].to_string();
        assert!(
            notes.contains("too far from any street of this map") && notes.contains(code),
            "{notes}"
        );
    }
    let csv = service.get("/api/v1/travel.csv").await;
    assert_eq!(csv.body.lines().count(), 4, "{}", csv.body);
    assert_eq!(csv.body, service.get("/travel.csv").await.body);
    let asked = [("task", "again"), ("modes", "drive")];
    let job = service.over(&service.upload_to("/api/v1/travel", &asked, "").await).await;
    assert_eq!(job["state"], "failed");
    assert!(job["message"].as_str().unwrap().contains("no street network for drive"), "{job}");
}

#[actix_web::test]
async fn a_timetable_without_streets_is_walked_to_in_straight_lines_and_says_so() {
    let service = estate();
    let at = {
        let estate = service.estate();
        estate.standing().find_map(Site::location).unwrap()
    };
    let (east, north) = (at.easting(), at.northing());
    let stop = Point::new(east + 3_000.0, north).unwrap();
    service.append(Vec::new(), vec![bus_between(stop, at)]);
    let query = format!("easting={east}&northing={north}&minutes=5&mode=public_transport");

    let told = service.ok(&format!("/api/v1/catchment/isochrone?{query}")).await;

    let properties = &told["properties"];
    assert_eq!(
        (&properties["approximate"], &properties["snap_metres"]),
        (&json!(true), &Value::Null)
    );
    assert_eq!(properties["departures"]["direction"], "to_the_place");
    let words = properties["maker"].as_str().unwrap();
    assert!(words.contains("in straight lines with a detour"), "{words}");
    let parts = told["geometry"]["coordinates"].as_array().unwrap();
    assert_eq!(parts.len(), 2, "around the place and around the stop: {parts:?}");
    let page = service.get(&format!("/access/explore?{query}")).await.body;
    assert!(!page.contains("so it is a circle") && page.contains("a bus of a test"));
}

#[actix_web::test]
async fn an_isochrone_is_a_circle_until_a_street_network_is_kept_and_says_which() {
    let service = estate();
    let (site, at) = {
        let estate = service.estate();
        let site = estate.standing().find(|site| site.location().is_some()).unwrap();
        (site.code.to_string(), site.location().unwrap())
    };
    let asked = format!("/api/v1/catchment/isochrone?site={site}&minutes=5");
    let width = |feature: &Value| {
        let ring = feature["geometry"]["coordinates"][0][0].as_array().unwrap().clone();
        let eastings = ring.iter().map(|corner| {
            let (longitude, latitude) = (corner[0].as_f64().unwrap(), corner[1].as_f64().unwrap());
            let at = crate::geography::LonLat { longitude, latitude };
            crate::geography::from_wgs84(at).unwrap().easting()
        });
        let eastings: Vec<f64> = eastings.collect();
        eastings.iter().copied().fold(f64::MIN, f64::max)
            - eastings.iter().copied().fold(f64::MAX, f64::min)
    };

    let circle = service.ok(&asked).await;

    assert_eq!(circle["type"], "Feature");
    assert_eq!(circle["properties"]["mode"], "walk");
    assert_eq!(circle["properties"]["minutes"], 5.0);
    assert_eq!(circle["properties"]["approximate"], true);
    let words = circle["properties"]["maker"].as_str().unwrap();
    assert!(words.starts_with("approximate") && words.contains("no street network is kept"));
    let figures = config::assumptions().unwrap();
    let pace = crate::travel::StraightLine::of(crate::travel::Mode::Walk, &figures).unwrap();
    let wanted = 2.0 * 5.0 / pace.minutes(1.0).0;
    assert!((width(&circle) - wanted).abs() < 0.1, "{} m, not {wanted}", width(&circle));
    let place = format!("easting={}&northing={}", at.easting(), at.northing());
    let there = service.ok(&format!("/api/v1/catchment/isochrone?{place}&minutes=5")).await;
    assert_eq!(there, circle);

    service.append(Vec::new(), vec![street_from(at)]);
    let street = service.get(&asked).await;
    let (east, north) = (at.easting(), at.northing());
    let near = format!("/api/v1/access/explore?easting={east}&northing={north}&minutes=5");
    let told = service.ok(&near).await;
    assert_eq!(told["approximate"], false);
    let rows = told["nearest"].as_array().unwrap().clone();
    assert!(rows.iter().all(|row| row["mode"].is_null() || row["mode"] == "on foot, by street"));
    let on_foot = rows.iter().find(|row| row["mode"] == "on foot, by street").unwrap();
    let metres = on_foot["metres"].as_f64().unwrap();
    // The one street runs through the place: what is on it is there at once, and what is not has no way.
    assert!(on_foot["minutes"].is_null() == (metres > 1.0), "{on_foot}");
    let by_bus = service.ok(&format!("{near}&mode=public_transport")).await;
    assert_eq!(by_bus["approximate"], true);
    assert!(by_bus["made"].as_str().unwrap().contains("no timetable is kept"));
    assert_eq!(by_bus["nearest"][0]["mode"], "by public transport, straight line");
    let no_bus = service.ok(&format!("{asked}&mode=public_transport")).await;
    assert_eq!(no_bus["properties"]["departures"], Value::Null);
    let page =
        format!("/access/explore?easting={east}&northing={north}&minutes=5&mode=public_transport");
    assert!(service.get(&page).await.body.contains("so it is a circle"));

    // A bus from the far end of the street, a kilometre off, to the place.
    let far_end = Point::new(east + 1_000.0, north).unwrap();
    service.append(Vec::new(), vec![bus_between(far_end, at)]);
    let by_bus = service.ok(&format!("{asked}&mode=public_transport")).await;
    let told = &by_bus["properties"];
    assert_eq!((&told["approximate"], &told["snap_metres"]), (&json!(false), &json!(0.0)));
    let departures = json!({"direction": "to_the_place", "date": "2026-11-03", "first": "08:15",
        "last": "09:15", "centile": 50, "changes": 2});
    assert_eq!(told["departures"], departures);
    let words = told["maker"].as_str().unwrap();
    for part in [
        "a bus of a test (walks by street in a street of a test",
        "median",
        "at most 2 changes",
        "squares of 50 m",
    ] {
        assert!(words.contains(part), "{part} is not in {words}");
    }
    // Half of the departures wait for a minute or more, then ride for one: three minutes' walk are left, and in
    // between nobody is.
    let parts = by_bus["geometry"]["coordinates"].as_array().unwrap();
    assert_eq!(parts.len(), 2, "around the place and around the stop: {parts:?}");
    let ways = service.ok(&format!("{near}&mode=public_transport")).await;
    assert_eq!(
        (&ways["approximate"], &ways["nearest"][0]["mode"]),
        (&json!(false), &json!("by public transport, by timetable"))
    );
    let body = service.get(&page).await.body;
    assert!(!body.contains("so it is a circle") && body.contains("a bus of a test"));
    // Nothing is known of steps, and no step-free streets are kept.
    let wheels = service.ok(&format!("{asked}&mode=step_free_public_transport")).await;
    assert_eq!(wheels["properties"]["approximate"], true);
    let words = wheels["properties"]["maker"].as_str().unwrap();
    assert!(words.contains("no step-free streets are kept"), "{words}");

    assert_eq!(street.header("content-type"), "application/geo+json");
    let street = street.json();
    assert_eq!(street["properties"]["approximate"], false);
    let words = street["properties"]["maker"].as_str().unwrap();
    assert!(words.contains("a street of a test") && words.contains("squares of 50 m"), "{words}");
    // Five minutes along the one street there is, in whole squares.
    let walked = 5.0 * config::speed_table().unwrap().walk.metres_per_minute;
    assert!((walked..walked + 101.0).contains(&width(&street)), "{} m", width(&street));
    // Another mode has no network, and a place that no street is near has none either.
    let drive = service.ok(&format!("{asked}&mode=drive")).await;
    assert_eq!(drive["properties"]["approximate"], true);
    let far =
        service.ok("/api/v1/catchment/isochrone?easting=300000&northing=300000&minutes=5").await;
    assert!(far["properties"]["maker"].as_str().unwrap().contains("no street within"), "{far}");

    for (query, field) in [
        ("minutes=5", "easting"),
        ("site=S1&minutes=5", "site"),
        ("site=XX999&minutes=5", "site"),
        ("site=XX999&easting=1&northing=1&minutes=5", "site"),
        ("easting=530000&northing=180000", "minutes"),
        ("easting=530000&northing=180000&minutes=0", "minutes"),
        ("easting=530000&northing=180000&minutes=241", "minutes"),
        ("easting=530000&northing=180000&minutes=5&mode=fly", "mode"),
        ("easting=530000&northing=180000&minutes=5&colour=red", "colour"),
    ] {
        let errors =
            service.get(&format!("/api/v1/catchment/isochrone?{query}")).await.problem(422);
        assert!(errors.contains_key(field), "{query}: {errors:?}");
    }
}

/// A street whose first 200 m surely are step-free, and of whose other 800 m nobody has recorded it.
fn half_recorded_street_from(at: Point) -> crate::import::ReferenceSet {
    use crate::travel::osm::{Osm, Way};
    let east = |metres: f64| Point::new(at.easting() + metres, at.northing()).unwrap();
    let way = |id, nodes: [i64; 2], tags| Way { id, nodes: nodes.to_vec(), tags };
    let sure = [("highway", "footway"), ("wheelchair", "yes"), ("surface", "asphalt")];
    let osm = Osm {
        nodes: vec![(1, at), (2, east(200.0)), (3, east(1_000.0))],
        ways: vec![way(1, [1, 2], sure.into()), way(2, [2, 3], [("highway", "footway")].into())],
        ..Osm::default()
    };
    let speeds = config::speed_table().unwrap();
    let networks =
        [crate::travel::Profile::SurelyStepFree, crate::travel::Profile::PerhapsStepFree]
            .map(|profile| crate::travel::build(&osm, profile, &speeds).0);
    let bytes = crate::travel::encode_streets(&networks);
    let kind = crate::import::networks::kept_as(crate::travel::Mode::StepFreeWalk).unwrap();
    let day = chrono::NaiveDate::from_ymd_opt(2026, 11, 1).unwrap();
    let reference = crate::geography::describe(kind, &bytes, 2, "a street of a test", day);
    crate::import::ReferenceSet { reference, bytes }
}

#[actix_web::test]
async fn a_step_free_isochrone_tells_what_is_sure_from_what_nobody_recorded() {
    let service = estate();
    let at = {
        let estate = service.estate();
        estate.standing().find_map(Site::location).unwrap()
    };
    service.append(Vec::new(), vec![half_recorded_street_from(at)]);
    let place = format!("easting={}&northing={}&minutes=20", at.easting(), at.northing());
    let asked = format!("/api/v1/catchment/isochrone?{place}&mode=step_free_walk");
    let corners = |feature: &Value| {
        let ring = feature["geometry"]["coordinates"][0][0].as_array().unwrap().clone();
        let longitudes = ring.iter().map(|corner| corner[0].as_f64().unwrap()).collect::<Vec<_>>();
        longitudes.iter().copied().fold(f64::MIN, f64::max)
    };

    let sure = service.ok(&asked).await;
    let perhaps = service.ok(&format!("{asked}&certainty=perhaps")).await;

    assert_eq!(sure, service.ok(&format!("{asked}&certainty=surely")).await);
    let told = |feature: &Value| feature["properties"]["certainty"].clone();
    assert_eq!((told(&sure), told(&perhaps)), (json!("surely"), json!("perhaps")));
    let maker = |feature: &Value| feature["properties"]["maker"].as_str().unwrap().to_owned();
    assert!(maker(&sure).contains("only by ways that surely are step-free"));
    assert!(maker(&perhaps).contains("if all that nobody has recorded is"));
    // 200 m east and 1 km east, in squares of 50 m; 0.001 degrees of longitude are about 69 m there.
    let wider = (corners(&perhaps) - corners(&sure)) / 0.001 * 69.0;
    assert!((700.0..900.0).contains(&wider), "{wider} m");
    let page = service.get(&format!("/access/explore?{place}&mode=step_free_walk")).await.body;
    assert_eq!(page.matches("app-map__reach--perhaps").count(), 2, "the outline and its legend");
    assert!(page.contains("Dotted: perhaps, if all that nobody has recorded is step-free too"));
    let people = service.ok(&format!("/api/v1/access/explore?{place}&mode=step_free_walk")).await;
    for row in people["people"].as_array().unwrap() {
        assert!(
            row["people_perhaps"].as_u64().unwrap() >= row["people"].as_u64().unwrap(),
            "{row}"
        );
        // Those of whom nobody knows how many live there are told of each of the two.
        let unknown = ["unknown_zones", "unknown_zones_perhaps"].map(|key| row[key].as_u64());
        assert!(unknown[0].is_some() && unknown[1] >= unknown[0], "{row}");
    }
    let far = format!("easting={}&northing={}&minutes=5", at.easting(), at.northing() + 5_000.0);
    let far = service.ok(&format!("/api/v1/catchment/isochrone?{far}&mode=step_free_walk")).await;
    assert!(maker(&far).contains("has no street that surely is step-free within"), "{far}");
    let people = service.ok(&format!("/api/v1/access/explore?{place}")).await["people"].clone();
    for row in people.as_array().unwrap() {
        assert!(row["people_perhaps"].is_null() && row["unknown_zones_perhaps"].is_null(), "{row}");
    }
    // Elsewhere there is no such doubt to tell, and it is not told as if there were.
    let on_foot = service.ok(&format!("/api/v1/catchment/isochrone?{place}")).await;
    assert_eq!(told(&on_foot), Value::Null);
    for query in ["certainty=perhaps", "mode=step_free_walk&certainty=likely"] {
        let errors = service.get(&format!("/api/v1/catchment/isochrone?{place}&{query}")).await;
        assert!(errors.problem(422).contains_key("certainty"), "{query}");
    }
}

#[actix_web::test]
async fn an_isochrone_says_where_standards_are_held_against_minutes_of_another_make() {
    use crate::import::networks;
    use crate::travel::Mode;
    let service = estate();
    let (at, sites) = {
        let estate = service.estate();
        let at = estate.standing().find_map(Site::location).unwrap();
        (at, estate.register().located(|_| true))
    };
    let place = format!("easting={}&northing={}&minutes=5", at.easting(), at.northing());
    let asked = format!("/api/v1/catchment/isochrone?{place}");
    let explored = format!("/api/v1/access/explore?{place}");
    let page = format!("/access/explore?{place}");
    let told = |feature: &Value| feature["properties"]["assessed_by"].clone();
    let warning = "Standards are held against other minutes than these";

    // A circle, and standards in straight lines.
    assert_eq!(told(&service.ok(&asked).await), Value::Null);
    assert!(!service.get(&page).await.body.contains(warning));
    // Step-free journeys by public transport are never told by straight lines.
    let wheels = service.ok(&format!("{asked}&mode=step_free_public_transport")).await;
    assert_eq!(told(&wheels), "no minutes, for none are kept");

    // Streets, and no minutes by them yet.
    service.append(Vec::new(), vec![street_from(at)]);
    let words = told(&service.ok(&asked).await);
    assert!(words.as_str().unwrap().starts_with("approximate: straight-line"), "{words}");

    // The minutes of those streets.
    let set = {
        let estate = service.estate();
        let (register, geography) = (estate.register(), &estate.snapshot.geography);
        let (limit, streets) = (crate::register::Minutes(30.0), street_from(at));
        let made = networks::minutes(&streets, register, geography, limit, 1).unwrap().unwrap();
        assert_eq!(made.1.sites.len(), sites.len());
        made.0
    };
    service.append(Vec::new(), vec![set]);
    assert_eq!(told(&service.ok(&asked).await), Value::Null);
    assert_eq!(service.ok(&explored).await["assessed_by"], Value::Null);

    // A router's file takes their place, and the streets are kept.
    let day = chrono::NaiveDate::from_ymd_opt(2026, 11, 2).unwrap();
    let times = {
        let estate = service.estate();
        let codes = sites.iter().map(|(code, _)| code.clone()).collect();
        let about = (Mode::Walk, crate::register::Minutes(30.0));
        let router = ("the router of a test", crate::travel::Missing::BeyondLimit);
        let zones = &estate.snapshot.geography.zones;
        crate::travel::from_matrix(Vec::new(), zones, &codes, about, router).times
    };
    let (set, _) = networks::kept(times, "the router of a test", day);
    assert_eq!(set.reference.kind, Mode::Walk.kept_as());
    service.append(Vec::new(), vec![set]);
    let drawn = service.ok(&asked).await;
    assert_eq!(told(&drawn), "travel-time matrix the router of a test");
    assert!(drawn["properties"]["maker"].as_str().unwrap().contains("a street of a test"));
    assert_eq!(service.ok(&explored).await["assessed_by"], told(&drawn));
    let body = service.get(&page).await.body;
    assert!(body.contains(warning) && body.contains("travel-time matrix the router of a test"));
}

#[actix_web::test]
async fn where_only_streets_that_nobody_recorded_are_near_nothing_is_surely_reached_and_no_circle_is_drawn()
 {
    let service = estate();
    let at = {
        let estate = service.estate();
        estate.standing().find_map(Site::location).unwrap()
    };
    service.append(Vec::new(), vec![half_recorded_street_from(at)]);
    // The far end: what surely is step-free is 800 m off, which is farther than a place may be from its street.
    let place = format!("easting={}&northing={}&minutes=10", at.easting() + 1_000.0, at.northing());
    let query = format!("{place}&mode=step_free_walk");
    let asked = format!("/api/v1/catchment/isochrone?{query}");

    let sure = service.ok(&asked).await;

    assert_eq!(sure["geometry"]["coordinates"], json!([]));
    let told = &sure["properties"];
    assert_eq!((&told["approximate"], &told["snap_metres"]), (&json!(false), &Value::Null));
    let words = told["maker"].as_str().unwrap();
    assert!(words.contains("so nothing is surely reached"), "{words}");
    let perhaps = service.ok(&format!("{asked}&certainty=perhaps")).await;
    assert_eq!(perhaps["properties"]["snap_metres"], 0.0);
    assert_eq!(perhaps["geometry"]["coordinates"].as_array().unwrap().len(), 1);
    let body = service.get(&format!("/access/explore?{query}")).await.body;
    assert_eq!(body.matches("app-map__reach").count(), 4, "the dotted outline and its legend only");
    assert!(!body.contains("so it is a circle") && body.contains("From nowhere is it surely"));
    let explored = service.ok(&format!("/api/v1/access/explore?{query}")).await;
    for row in explored["people"].as_array().unwrap() {
        assert_eq!(row["people"], 0, "{row}");
    }
    for row in explored["nearest"].as_array().unwrap() {
        assert!(row["minutes"].is_null(), "{row}");
    }
}

#[actix_web::test]
async fn a_number_that_is_none_is_refused_by_name() {
    let service = empty();
    let place = "easting=530000&northing=180000";
    for (address, field) in [
        ("nearest?easting=NaN&northing=180000".to_owned(), "easting"),
        ("nearest?easting=530000&northing=inf".to_owned(), "northing"),
        ("nearest?easting=700001&northing=1".to_owned(), "easting"),
        ("nearest?easting=530000".to_owned(), "easting"),
        ("nearest".to_owned(), "easting"),
        ("nearest?lon=2.35&lat=48.85".to_owned(), "lon"),
        ("nearest?lon=-0.1&lat=1e400".to_owned(), "lat"),
        ("nearest?postcode=SE1+9RT".to_owned(), "postcode"),
        (format!("nearest?{place}&postcode=SE1+9RT"), "easting"),
        (format!("nearest?{place}&k=0"), "k"),
        (format!("nearest?{place}&k=-1"), "k"),
        (format!("nearest?{place}&k=99999999999999999999999"), "k"),
        (format!("nearest?{place}&k=2&k=3"), "k"),
        (format!("nearest?{place}&service_line=magic"), "service_line"),
        (format!("nearest?{place}&gates=some"), "gates"),
        (format!("within?{place}"), "metres"),
        (format!("within?{place}&metres=-1"), "metres"),
        (format!("within?{place}&metres=nan"), "metres"),
        (format!("within?{place}&metres=10&people=maybe"), "people"),
    ] {
        let errors = service.get(&format!("/api/v1/catchment/{address}")).await.problem(422);
        let words = errors.get(field).unwrap_or_else(|| panic!("{address}: {errors:?}"));
        assert!(
            words.contains(field) || words.contains("place") || words.contains("longitude"),
            "{address}: {words}"
        );
    }
    let nobody =
        service.ok(&format!("/api/v1/catchment/within?{place}&metres=10&people=true")).await;
    assert!(nobody["people"]["residents"].is_null(), "no zones are loaded: not known, never zero");
    assert!(nobody["people"]["why"].is_string());
}

#[actix_web::test]
async fn a_request_that_is_wrong_is_told_how() {
    let service = empty();
    for missing in [
        "/api/v1",
        "/api/v1/nonsense",
        "/api/v1/runs/1",
        "/api/v1/runs/x",
        "/api/v1/runs/99999999999999999999",
        "/api/v1/imports/7",
        "/api/v1/imports/7/faults.csv",
        "/api/v1/jobs/3",
        "/api/v1/runs/1/fund",
        "/api/v1/runs/1/fund.csv",
        "/api/v1/runs/1/actions.geojson",
    ] {
        service.get(missing).await.problem(404);
    }
    for (path, allowed) in
        [("sites", "GET, HEAD"), ("scenarios", "POST"), ("imports", "GET, HEAD, POST")]
    {
        let answered = service.send(TestRequest::delete().uri(&format!("/api/v1/{path}"))).await;
        answered.problem(405);
        assert_eq!(answered.header("allow"), allowed);
    }
    let scenario = |body: &str, kind: &'static str| {
        TestRequest::post()
            .uri("/api/v1/scenarios")
            .insert_header(("content-type", kind))
            .set_payload(body.to_owned())
    };
    service.send(scenario("{}", "text/plain")).await.problem(415);
    service.send(scenario("{\"name\":", "application/json")).await.problem(400);
    service.send(scenario("[]", "application/json")).await.problem(400);
    service
        .send(scenario(&" ".repeat(crate::web::BODY_LIMIT + 1), "application/json"))
        .await
        .problem(413);
    service.send(TestRequest::post().uri("/api/v1/imports").set_json(json!({}))).await.problem(415);
    let big = "x".repeat(UPLOAD_LIMIT + 1);
    service.upload(&[("kind", "sites")], &big).await.problem(413);
    let html = TestRequest::get().uri("/api/v1/sites").insert_header(("accept", "text/html"));
    service.send(html).await.problem(406);
}

#[actix_web::test]
async fn a_page_of_another_site_cannot_make_a_browser_write() {
    let service = empty();
    let form = || upload(&[("kind", "sites")], "site_code,name\nZZT01,A\n");
    service.send(form().insert_header(("origin", "http://evil.example"))).await.problem(403);
    service.send(form().insert_header(("origin", "null"))).await.problem(403);
    service.send(form()).await.problem(400);
    let cancel = || TestRequest::post().uri("/api/v1/jobs/1/cancel");
    service.send(cancel()).await.problem(400);
    service.send(cancel().insert_header(("x-requested-with", "a test"))).await.problem(404);
    let ours = form().insert_header(("origin", "http://localhost"));
    assert_eq!(service.send(ours).await.status, StatusCode::ACCEPTED);
}

#[actix_web::test]
async fn a_file_with_a_fault_changes_nothing_unless_faults_are_accepted() {
    let service = empty();
    let file = "site_code,name,gross_internal_area_m2,as_of\nZZT01,First,120,2026-03-31\nZZT02,Second,a lot,2026-03-31\n";
    let job = service.over(&service.upload(&[("kind", "sites")], file).await).await;
    assert_eq!(job["state"], "failed", "{job}");
    assert!(job["message"].as_str().unwrap().contains("\"a lot\" is not a number"), "{job}");

    let report = service.ok(job["import"]["href"].as_str().unwrap()).await;
    assert_eq!(report["outcome"], "not_applied", "{report}");
    assert_eq!(report["faults"].as_array().unwrap().len(), 1);
    let fault = &report["faults"][0];
    assert_eq!((&fault["row"], &fault["value"]), (&json!(3), &json!("a lot")));
    assert_eq!(service.ok("/api/v1/versions").await["newest"], 0);
    assert_eq!(service.ok("/api/v1/sites").await["total"], 0);
    let csv = service.get(report["faults_csv"].as_str().unwrap()).await;
    assert!(
        csv.header("content-type").starts_with("text/csv") && csv.body.contains("mine.csv,,3,"),
        "{}",
        csv.body
    );
    assert_eq!(csv.body, service.get("/imports/1/faults.csv").await.body);

    let parts = [("kind", "sites"), ("accept_faults", "true"), ("reason", "half is better")];
    let job = service.over(&service.upload(&parts, file).await).await;
    let report = service.ok(job["import"]["href"].as_str().unwrap()).await;
    assert_eq!((&report["outcome"], &report["version"]), (&json!("good_rows_applied"), &json!(1)));
    let second = service.ok("/api/v1/sites/ZZT02").await;
    assert!(second["facts"]["gross_internal_area_m2"]["value"].is_null());
    assert_eq!(service.ok("/api/v1/imports").await["imports"].as_array().unwrap().len(), 2);

    let errors =
        service.upload(&[("kind", "nonsense"), ("as_of", "yesterday")], file).await.problem(422);
    assert_eq!(errors.keys().collect::<Vec<_>>(), ["as_of", "kind"]);
}

#[actix_web::test]
async fn a_scenario_with_faults_is_refused_with_each_of_them_named() {
    let service = estate();
    let asked = json!({
        "scope": { "boroughs": ["E06000001"] }, "locks": [{ "site": "NOPE01", "kind": "keep" }], "objective": "glory",
        "fund_asked_pounds": "1.005", "capital_pounds": -1, "gap": 2, "time_limit_seconds": 0, "closures_per_borough": 1.5,
        "standards": ["none_such"], "overrides": { "no.such.key": 1, "discount.rate": "x" }, "seed": -1, "colour": "red",
        "register_version": null, "series": { "deflator": { "name": "x", "source": "y", "as_of": "2026-04-01", "mark": "from_memory",
            "points": { "2026": 100.0, "2028": 104.0 }, "growth_after": 0.02 }, "build_cost": { "name": "x", "source": "y",
            "as_of": "2026-04-01", "mark": "from_memory", "points": { "2026": 100.0 }, "growth_after": 0.02 } },
    });
    let errors = service.post("/api/v1/scenarios", &asked).await.problem(422);
    let series = errors["series"].clone();
    assert!(series.contains("deflator.points.2027 is missing"), "{series}");
    for field in [
        "scope",
        "locks",
        "objective",
        "fund_asked_pounds",
        "capital_pounds",
        "gap",
        "time_limit_seconds",
        "closures_per_borough",
        "standards",
        "overrides.no.such.key",
        "seed",
        "colour",
    ] {
        assert!(errors.contains_key(field), "{field}: {errors:?}");
    }
    service.post("/api/v1/scenarios", &json!({ "register_version": 9 })).await.problem(404);
    assert_eq!(service.ok("/api/v1/runs").await["total"], 0);
}

#[actix_web::test]
async fn a_scenario_ends_in_a_run_whose_fund_is_the_sum_of_its_ledger() {
    let service = estate();
    let borough = service.estate().boroughs[0].0.clone();
    let asked = json!({
        "name": "One borough", "scope": { "boroughs": [borough] }, "fund_asked_pounds": 0, "capital_pounds": "5,000,000.00",
        "gap": 0.2, "time_limit_seconds": 120,
    });
    let job = service.over(&service.post("/api/v1/scenarios", &asked).await).await;
    assert_eq!((&job["state"], &job["kind"]), (&json!("done"), &json!("run")), "{job}");
    service
        .post(&format!("{}/cancel", job["href"].as_str().unwrap()), &json!({}))
        .await
        .problem(409);

    let href = job["run"]["href"].as_str().unwrap().to_owned();
    let run = service.ok(&href).await;
    assert_eq!(run["breaches"], json!([]));
    assert_eq!(run["question"]["capital_gbp"], 5_000_000.0);
    assert!(run["proposal"].is_object(), "{}", run["solver"]);
    assert!(["optimal", "within_gap", "stopped"].contains(&run["run"]["status"].as_str().unwrap()));

    let ledger = service.ok(&format!("{href}/ledger")).await;
    assert_eq!(ledger["lines"], run["ledger"]);
    let lines = ledger["lines"].as_array().unwrap();
    let in_fund: i64 = lines
        .iter()
        .filter(|line| line["in_fund"] == true)
        .map(|line| gbp(&line["amount_gbp"]))
        .sum();
    let fund = service.ok(&format!("{href}/fund")).await["fund"].clone();
    let years = fund["years"].as_array().unwrap();
    assert_eq!(gbp(&years.last().unwrap()["closing_gbp"]), in_fund);
    let moved: i64 = years.iter().map(|year| gbp(&year["in_gbp"]) + gbp(&year["out_gbp"])).sum();
    assert_eq!(moved, in_fund);
    assert_eq!(gbp(&run["run"]["to_fund_gbp"]), in_fund);

    let changed = service.ok(&format!("{href}/actions")).await["actions"].as_array().unwrap().len();
    let kept = service.ok(&format!("{href}/kept")).await["actions"].as_array().unwrap().len();
    assert_eq!(changed + kept, run["proposal"]["actions"].as_array().unwrap().len());
    assert_eq!(service.ok(&format!("{href}/moves")).await["moves"], run["proposal"]["moves"]);
    assert_eq!(
        service.ok(&format!("{href}/refusals")).await["refusals"],
        run["proposal"]["refusals"]
    );
    let drawn = service.get(&format!("{href}/actions.geojson")).await;
    assert_eq!(drawn.header("content-type"), "application/geo+json");
    assert_eq!(drawn.json()["features"].as_array().unwrap().len(), changed);
    for table in [
        "actions", "kept", "moves", "refusals", "fund", "ledger", "clauses", "findings", "access",
        "reliance", "search",
    ] {
        let file = service.get(&format!("{href}/{table}.csv")).await;
        assert!(file.header("content-type").starts_with("text/csv"), "{table}");
        assert_eq!(file.body, service.get(&format!("/runs/1/{table}.csv")).await.body, "{table}");
    }
    service.get(&format!("{href}/nonsense.csv")).await.problem(404);
    assert_eq!(service.ok("/api/v1/runs").await["runs"][0], run["run"]);
}

#[actix_web::test]
async fn a_run_is_asked_about_itself_and_the_answer_is_kept() {
    let service = estate();
    let asked = service.post("/api/v1/scenarios", &json!({"gap": 0.02})).await;
    let run = service.over(&asked).await["run"]["id"].as_u64().unwrap();
    let address = format!("/api/v1/runs/{run}/studies");

    let wrong = service.post(&address, &json!({"kind": "frontier", "sought": "joy"})).await;
    assert!(wrong.problem(422).contains_key("sought"));
    let wrong = service.post(&address, &json!({"kind": "portfolio", "plans": 1})).await;
    assert!(wrong.problem(422).contains_key("plans"));
    service.post("/api/v1/runs/999/studies", &json!({"kind": "why"})).await.problem(404);

    let question =
        json!({"kind": "frontier", "sought": "fund_value", "against": "travel", "points": 3});
    let job = service.over(&service.post(&address, &question).await).await;
    let study = service.ok(job["study"]["href"].as_str().unwrap()).await;
    let points = study["answer"]["frontier"]["points"].as_array().unwrap();
    assert!(!points.is_empty());
    for point in points {
        let run = service.ok(&format!("/api/v1/runs/{}", point["run"])).await;
        assert_eq!(run["breaches"], json!([]));
    }
    let csv =
        service.get(&format!("{}/frontier.csv", job["study"]["href"].as_str().unwrap())).await;
    assert_eq!(csv.body.lines().count(), points.len() + 1);
    let listed = service.ok(&address).await;
    assert_eq!(listed["studies"][0]["kind"], "frontier");
}

#[actix_web::test]
async fn what_results_rest_on_can_be_read() {
    let service = empty();
    let set = service.ok("/api/v1/assumptions").await;
    let held = config::assumptions().unwrap();
    assert_eq!(set["figures"].as_array().unwrap().len(), held.figures.len());
    for figure in set["figures"].as_array().unwrap() {
        assert!(
            figure["source"].is_string()
                && figure["mark"].is_string()
                && figure["value"].is_number()
        );
    }
    let standards = service.ok("/api/v1/standards").await;
    assert_eq!(
        standards["standards"].as_array().unwrap().len(),
        config::standards().unwrap().len()
    );
    for address in ["/api/v1/sites.geojson", "/api/v1/boroughs.geojson"] {
        assert_eq!(service.ok(address).await["type"], "FeatureCollection");
    }
}

#[actix_web::test]
async fn a_visit_is_one_version_and_never_writes_over_what_others_recorded_since() {
    let service = estate();
    let address = "/api/v1/sites/ZZL07001/checklist";
    let before = service.ok(address).await;
    let version = before["version"].as_u64().unwrap();
    let held = before["items"][0]["answer"].clone();
    let other = if held == "no" { "yes" } else { "no" };
    let visit = |version: u64, answer: &str| {
        json!({
            "author": "A. Officer", "reason": "yearly visit", "version": version,
            "answers": [{ "item": 1, "answer": answer, "evidence": "a step of 90 mm", "as_of": "2026-03-31" }],
        })
    };

    let after = service.post(address, &visit(version, other)).await;

    assert_eq!(after.status, StatusCode::OK, "{}", after.body);
    let after = after.json();
    assert_eq!(after["version"], version + 1);
    assert_eq!(after["items"][0]["answer"], other);
    assert_eq!(after["items"][0]["evidence"], "a step of 90 mm");
    assert_eq!(after["items"][0]["source"], "A. Officer, site visit");
    let set = service.app.store.change_set(&Scope::everyone_local(), version + 1).unwrap();
    assert_eq!((set.author.as_str(), set.reason.as_str()), ("A. Officer", "yearly visit"));

    // Who still looks at the version before is told, and nothing is written.
    let again = service.post(address, &visit(version, "not_applicable")).await;
    again.problem(409);
    assert_eq!(service.ok(address).await["items"][0]["answer"], other);

    // The same again is no news and makes no version.
    let same = service.post(address, &visit(version + 1, other)).await.json();
    assert_eq!(same["version"], version + 1);

    let wrong =
        json!({ "author": "", "version": 1, "answers": [{ "item": 17, "as_of": "2026-03-31" }] });
    let errors = service.post(address, &wrong).await.problem(422);
    assert!(errors["answers"].contains("no item from 1 to 16"), "{errors:?}");
    assert!(errors.contains_key("author") && errors.contains_key("reason"));
}

#[actix_web::test]
async fn access_is_told_alike_by_every_table_and_boroughs_are_found_by_code_and_name() {
    let service = estate();
    let boroughs = service.ok("/api/v1/access/boroughs").await;
    let mut camden = boroughs["rows"].as_array().unwrap().iter();
    let camden = camden.find(|row| row["borough_code"] == "E09000007").unwrap();
    let code = camden["borough_code"].as_str().unwrap().to_owned();
    let name = camden["borough_name"].as_str().unwrap().to_lowercase();
    let of = |table: &str| format!("/api/v1/access/boroughs/{code}/{table}");

    let statement = service.ok(&of("statement")).await;
    let works = service.ok(&of("works")).await;
    let (unset, set): (Vec<&Value>, Vec<&Value>) = statement["rows"]
        .as_array()
        .unwrap()
        .iter()
        .partition(|line| line["verdict"] == "No standard is set");
    assert!(unset.iter().any(|line| line["service_line"] == "Talking therapies"), "{unset:?}");
    for line in set {
        let sum = |key: &str| -> f64 {
            let steps = works["rows"].as_array().unwrap().iter();
            steps
                .filter(|step| step["service_line"] == line["service_line"])
                .map(|step| step[key].as_f64().unwrap())
                .sum()
        };
        assert!((line["works_gbp"].as_f64().unwrap() - sum("works_gbp")).abs() < 0.01, "{line}");
        let gained = line["within"].as_f64().unwrap() + sum("people_gained");
        assert!((line["within_after"].as_f64().unwrap() - gained).abs() < 0.5, "{line}");
        let people = |key: &str| line[key].as_u64().unwrap();
        assert_eq!(
            people("disabled_residents"),
            people("within") + people("beyond") + people("undetermined")
        );
    }
    for table in ["standards", "zones", "findings", "trend", "league", "survey-list"] {
        let told = service.ok(&of(table)).await;
        assert!(told["total"].as_u64().unwrap() > 0, "{table}");
    }
    let by_name = service.ok(&format!("/api/v1/access/boroughs/{name}/statement")).await;
    assert_eq!(by_name, statement);
    let zones = service.ok(&of("zones.geojson?line=primary_care")).await;
    let rows = service.ok(&of("zones?line=primary_care")).await;
    assert_eq!(zones["features"].as_array().unwrap().len() as u64, rows["total"].as_u64().unwrap());
    let disabled = service.ok(&of("zones.geojson?standard=gp_step_free")).await;
    assert_eq!(disabled["features"][0]["properties"]["standard"], "gp_step_free");
    let errors = service.get(&of("zones?standard=magic")).await.problem(422);
    assert!(errors.contains_key("standard"), "{errors:?}");
    service.get("/api/v1/access/boroughs/Nowhere/statement").await.problem(404);
    service.get("/api/v1/access/league?borough=Nowhere").await.problem(404);

    let near = service.ok("/api/v1/access/explore?easting=529000&northing=184000&minutes=15").await;
    assert!(near["nearest"].as_array().unwrap().len() > 3);
    let lines: BTreeSet<&str> = near["nearest"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["service_line"].as_str().unwrap())
        .collect();
    assert_eq!(lines.len(), ServiceLine::ALL.len() - 1, "each has a row, if only to say none");
    let of = |k: &str| format!("/api/v1/access/explore?easting=529000&northing=184000&k={k}");
    for k in [1, 7] {
        let rows = service.ok(&of(&k.to_string())).await["nearest"].as_array().unwrap().clone();
        let label = ServiceLine::PrimaryCare.label();
        let of_line: Vec<&Value> = rows.iter().filter(|row| row["service_line"] == label).collect();
        assert_eq!(of_line.len(), k);
        let estate = service.estate();
        for row in of_line {
            let code: SiteCode = row["site_code"].as_str().unwrap().parse().unwrap();
            assert_eq!(estate.register().site(&code).unwrap().name(), row["site"]);
        }
    }
    let bare = empty().ok(&of("1")).await["nearest"].as_array().unwrap().clone();
    assert_eq!(bare.len(), ServiceLine::ALL.len() - 1);
    assert!(bare.iter().all(|row| row["site"] == "None in the register" && row["rank"].is_null()));
    for k in ["0", "21", "many"] {
        let errors = service.get(&of(k)).await.problem(422);
        assert!(errors["k"].contains("from 1 to 20"), "{errors:?}");
    }
    let errors = service.get("/api/v1/access/explore?postcode=XX1+1XX").await.problem(422);
    assert!(errors.contains_key("postcode"), "{errors:?}");
    service.get("/api/v1/access/explore").await.problem(422);
    let a11y = service.ok("/api/v1/sites/ZZL07001/a11y.json").await;
    assert_eq!(a11y["type"], "Feature");
}

#[actix_web::test]
async fn parts_of_the_people_add_up_to_the_whole_and_to_the_borough_s_standards() {
    let service = estate();
    let of = |query: &str| format!("/api/v1/access/parts?{query}");
    let standards = service.ok("/api/v1/access/boroughs/E09000007/standards").await;
    for standard in ["gp_walk_20", "gp_step_free", "gp_walk_20_no_car"] {
        let told = service.ok(&of(&format!("borough=Camden&standard={standard}"))).await;
        let rows = told["rows"].as_array().unwrap();
        let whole = &rows[0];
        let there = standards["rows"].as_array().unwrap().iter();
        let there = there.clone().find(|row| row["key"] == standard).unwrap();
        for key in ["people", "within", "beyond", "undetermined"] {
            assert_eq!(whole[key], there[key], "{standard} {key}");
            for by in ["Deprivation decile", "Ward"] {
                let parts = rows.iter().filter(|row| row["by"] == by);
                let sum: u64 = parts.map(|row| row[key].as_u64().unwrap()).sum();
                assert_eq!(Some(sum), whole[key].as_u64(), "{standard} {by} {key}");
            }
        }
        for key in ["farther_people", "none_passing_people"] {
            let wards = rows.iter().filter(|row| row["by"] == "Ward");
            // Null where nobody there has a site that is known to pass.
            let sum: u64 = wards.filter_map(|row| row[key].as_u64()).sum();
            assert_eq!(Some(sum), whole[key].as_u64(), "{standard} {key}");
        }
        let groups = rows.iter().filter(|row| row["by"] == "Kind of people");
        assert_eq!(groups.count(), 5);
    }
    let all = service.ok(&of("by=borough&standard=gp_walk_20")).await;
    let rows = all["rows"].as_array().unwrap();
    let people =
        |rows: &[Value]| rows.iter().map(|row| row["people"].as_u64().unwrap()).sum::<u64>();
    assert_eq!(people(&rows[1..]), people(&rows[..1]));
    let board = service.ok(&of("area=icb:QMJ&by=borough&standard=gp_walk_20")).await;
    let rows = board["rows"].as_array().unwrap().clone();
    assert!(rows.len() > 1 && people(&rows[1..]) == people(&rows[..1]), "{rows:?}");
    let boards = service.ok(&of("by=icb&standard=gp_walk_20")).await;
    let of_board = boards["rows"].as_array().unwrap().iter().find(|row| row["code"] == "QMJ");
    for key in ["people", "within", "beyond", "undetermined", "mean_minutes"] {
        assert_eq!(of_board.unwrap()[key], rows[0][key], "{key}");
    }
    for same in ["QMJ", "nhs+north+central+london+integrated+care+board"] {
        let told = service.ok(&of(&format!("area={same}&by=borough&standard=gp_walk_20"))).await;
        assert_eq!(told, board);
    }
    let camden = service.ok(&of("borough=Camden&standard=gp_step_free")).await;
    assert_eq!(service.ok(&of("area=Camden&standard=gp_step_free")).await, camden);
    // Of a ward a reading for disabled residents can be asked for too; it is its part of the borough.
    let ward = service.ok(&of("area=ward:ZZ05000701&standard=gp_step_free")).await;
    let part = camden["rows"].as_array().unwrap().iter().find(|row| row["code"] == "ZZ05000701");
    assert_eq!(part.unwrap()["people"], ward["rows"][0]["people"]);
    for told in [&camden, &ward] {
        let row = &told["rows"][0];
        let [none, among, people] = ["none_passing_people", "none_passing_of", "people"]
            .map(|key| row[key].as_u64().unwrap());
        assert!(none <= among && among <= people, "{row}");
    }
    for query in ["area=icb:NONE", "area=Nowhere", "area=Camden&borough=Camden"] {
        assert!(service.get(&of(query)).await.problem(422).contains_key("area"), "{query}");
    }
    for (query, field) in [("by=magic", "by"), ("standard=magic", "standard")] {
        assert!(service.get(&of(query)).await.problem(422).contains_key(field), "{query}");
    }
    service.get(&of("borough=Nowhere")).await.problem(404);
}

#[actix_web::test]
async fn a_what_if_s_money_adds_up_to_what_the_fund_gains() {
    let service = estate();
    let told = service.ok("/api/v1/access/what-if?edits=improve:ZZL07001").await;
    let money = told["tables"]["money"].as_array().unwrap();
    let pence = |value: &Value| (value.as_f64().unwrap() * 100.0).round();
    let net = money.iter().find(|row| row["kind"] == "To the fund, net").unwrap();
    for (key, total) in [
        ("amount_gbp", "to_fund_gbp"),
        ("low_gbp", "to_fund_low_gbp"),
        ("high_gbp", "to_fund_high_gbp"),
    ] {
        let in_fund = money.iter().filter(|row| row["in_fund"] == "Yes" && *row != net);
        let sum: f64 = in_fund.map(|row| pence(&row[key])).sum();
        assert!((sum - pence(&net[key])).abs() < 0.5, "{key}");
        assert!((sum - pence(&told[total])).abs() < 0.5, "{total}");
    }
    assert!(told["assumed_share"].as_f64().is_some_and(|share| (0.0..=1.0).contains(&share)));
}

fn new_standard() -> Value {
    json!({
        "key": "gp_walk_10", "words": "A GP within ten minutes", "service_line": "primary_care", "mode": "walk",
        "limit_metres": 800, "share": 0.5, "group": "everyone", "from": "2026-01-01", "source": "the board",
    })
}

#[actix_web::test]
async fn standards_are_kept_by_version_and_what_contradicts_is_refused_by_both_names() {
    let service = estate();
    let shipped = service.ok("/api/v1/standards").await;
    assert_eq!(shipped["version"], 0);

    let kept = service.post("/api/v1/standards", &new_standard()).await.json();
    assert_eq!((&kept["version"], &kept["reason"]), (&json!(1), &json!("changed by a program")));
    let list = kept["standards"].as_array().unwrap();
    assert_eq!(list.len(), shipped["standards"].as_array().unwrap().len() + 1);

    let mut clash = new_standard();
    clash["key"] = json!("gp_walk_near");
    clash["share"] = json!(0.6);
    let errors = service.post("/api/v1/standards", &clash).await.problem(422);
    assert!(errors["key"].contains("gp_walk_10 and gp_walk_near"), "{errors:?}");
    let wrong = json!({
        "key": "GP", "words": "x", "service_line": "magic", "mode": "walk", "share": 95, "group": "everyone",
        "area": "borough:E99", "from": "soon", "source": "x", "colour": "red",
    });
    let errors = service.post("/api/v1/standards", &wrong).await.problem(422);
    for field in ["service_line", "limit_minutes", "from", "colour"] {
        assert!(errors.contains_key(field), "{field}: {errors:?}");
    }
    for (field, value, words) in [
        (
            "limit_metres",
            json!(1e12),
            "limit_metres is a number of metres above 0 and up to 200,000",
        ),
        ("limit_metres", json!("far"), "limit_metres is a number of metres"),
        ("share", json!("most"), "share is a share from 0 to 1"),
        ("share", json!(0), "share is above 0 and at most 1"),
        ("mode", json!(7), "mode is one of "),
        ("centile", json!(75), "centile is 50 or 90"),
        ("centile", json!(90), "centile is of departures, and only public transport has any"),
        ("version", json!("new"), "version is a whole number of at least 0"),
    ] {
        let mut wrong = new_standard();
        wrong[field] = value;
        let errors = service.post("/api/v1/standards", &wrong).await.problem(422);
        assert!(errors[field].starts_with(words), "{errors:?}");
        assert_eq!(errors.len(), 1, "one sentence for one mistake: {errors:?}");
    }
    for (value, words) in [
        (json!("ten"), "limit_minutes is a number of minutes"),
        (json!(1e308), "limit_minutes is a number of minutes above 0 and up to 600"),
    ] {
        let mut wrong = new_standard();
        wrong["limit_metres"] = Value::Null;
        wrong["limit_minutes"] = value;
        let errors = service.post("/api/v1/standards", &wrong).await.problem(422);
        assert_eq!(errors["limit_minutes"], words);
    }
    assert_eq!(list[0]["centile"], 50);
    let mut reliable = new_standard();
    for (member, value) in [
        ("key", json!("gp_bus_30")),
        ("mode", json!("public_transport")),
        ("centile", json!(90)),
        ("limit_metres", Value::Null),
        ("limit_minutes", json!(30)),
    ] {
        reliable[member] = value;
    }
    let kept = service.post("/api/v1/standards", &reliable).await.json();
    let held = kept["standards"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&held["key"], &held["centile"]), (&json!("gp_bus_30"), &json!(90)));
    let csv = service.get("/standards.csv").await.body;
    assert!(csv.contains("30 minutes, nine departures in ten"), "{csv}");
    let form = service.get("/standards/gp_bus_30").await.body;
    assert!(form.contains("Nine departures in ten"));
    let mut elsewhere = new_standard();
    elsewhere["area"] = json!("borough:E99");
    let errors = service.post("/api/v1/standards", &elsewhere).await.problem(422);
    assert!(errors["area"].contains("borough:E99"), "{errors:?}");
    let mut late = new_standard();
    late["version"] = json!(0);
    service.post("/api/v1/standards", &late).await.problem(409);

    assert_eq!(service.ok("/api/v1/standards?version=0").await, shipped);
    service.get("/api/v1/standards?version=9").await.problem(404);
}

#[actix_web::test]
async fn a_standard_of_one_borough_says_nothing_of_another() {
    let service = estate();
    let mut local = new_standard();
    local["key"] = json!("talking_camden");
    local["service_line"] = json!("talking_therapies");
    local["area"] = json!("borough:E09000007");
    service.post("/api/v1/standards", &local).await.json();

    let boroughs = service.ok("/api/v1/access/boroughs").await;
    let mut seen = 0;
    for borough in boroughs["rows"].as_array().unwrap() {
        let code = borough["borough_code"].as_str().unwrap();
        let of = |table: &str| format!("/api/v1/access/boroughs/{code}/{table}");
        let statement = service.ok(&of("statement")).await;
        let mut lines = statement["rows"].as_array().unwrap().iter();
        let line = lines.find(|row| row["service_line"] == "Talking therapies").unwrap();
        let standards = service.ok(&of("standards")).await;
        let mut standards = standards["rows"].as_array().unwrap().iter();
        let own = standards.find(|row| row["key"] == "talking_camden");
        let trend = service.ok(&of("trend")).await;
        let is_told = trend["rows"][0].get("talking_camden_within_percent").is_some();
        assert_eq!(is_told, code == "E09000007", "{code}: {trend}");
        if code == "E09000007" {
            assert_eq!(
                (&line["standard"], &line["area"]),
                (&json!("talking_camden"), &json!("Camden"))
            );
            assert_eq!(own.unwrap()["area"], "Camden");
        } else {
            assert_eq!(line["verdict"], "No standard is set", "{code}: {line}");
            assert_eq!(own, None, "{code}");
            seen += 1;
        }
    }
    assert!(seen > 0);
}

#[actix_web::test]
async fn two_states_are_compared_and_bad_ones_are_told_by_the_field() {
    let service = estate();
    let register = service.estate().snapshot.register.clone();
    let tenancy = register
        .tenancies()
        .find(|held| held.service_line() == Some(ServiceLine::PrimaryCare) && held.is_open())
        .unwrap();
    let site = tenancy.site().unwrap();

    let told = service.ok(&format!("/api/v1/access/compare?a=today&b=today,close:{site}")).await;
    let rows = told["tables"]["standards"].as_array().unwrap();
    let of = |key: &str| rows.iter().find(|row| row["standard"] == key).unwrap();
    let walk = of("gp_walk_20");
    assert_eq!(walk["better"], 0.0);
    for row in rows {
        let counts = ["better", "same", "worse", "untold"].iter();
        let sum: f64 = counts.map(|key| row[key].as_f64().unwrap()).sum();
        assert_eq!(Some(sum), row["people"].as_f64(), "{row}");
    }
    assert_eq!(told["standards_pinned"], Value::Null);
    assert!(walk["worse"].as_f64().unwrap() > 0.0, "{walk}");
    let journeys = told["tables"]["journeys"].as_array().unwrap();
    assert!(journeys.iter().any(|row| row["tenancy"] == tenancy.id.as_str()));
    assert!(!told["tables"]["gaps"].as_array().unwrap().is_empty());

    let what_if = service.ok(&format!("/api/v1/access/what-if?edits=close:{site}")).await;
    for table in ["standards", "people", "minutes", "verdicts", "worst", "journeys"] {
        assert_eq!(what_if["tables"][table], told["tables"][table], "{table}");
    }
    assert!(what_if["to_fund_gbp"].is_number());
    let same = service.ok("/api/v1/access/compare?a=today&b=today").await;
    assert_eq!(same["tables"]["worst"], json!([]));

    let file = format!("/api/v1/access/compare/people.csv?a=today&b=today,close:{site}");
    let page = format!("/access/compare/people.csv?a=today&b=today,close:{site}");
    assert_eq!(service.get(&file).await.body, service.get(&page).await.body);

    let told = |errors: BTreeMap<String, String>, field: &str| {
        errors.get(field).cloned().unwrap_or_default()
    };
    let bad = service.get("/api/v1/access/compare?a=yesterday&b=today").await.problem(422);
    assert!(told(bad, "a").contains("is not a state of the estate"));
    let bad = service.get("/api/v1/access/compare?a=today&b=today,close:NOPE01").await.problem(422);
    assert_eq!(told(bad, "b"), "NOPE01 is not in the register");
    let bad = service.get("/api/v1/access/what-if").await.problem(422);
    assert!(told(bad, "edits").contains("missing"));
    service.get("/api/v1/access/compare?a=today&b=run:9").await.problem(404);
}

#[actix_web::test]
async fn floating_catchments_share_out_the_supply_in_reach() {
    let service = estate();
    for measure in ["2sfca", "e2sfca", "3sfca", "gravity"] {
        let told =
            service.ok(&format!("/api/v1/access/catchments?measure={measure}&minutes=45")).await;
        let zones = told["tables"]["catchment-zones"].as_array().unwrap();
        let product =
            |row: &Value| row["score"].as_f64().unwrap() * row["people"].as_f64().unwrap();
        let shared: f64 = zones.iter().map(product).sum();
        let reached = told["reached_supply"].as_f64().unwrap();
        assert!(
            reached > 0.0 && (shared - reached).abs() < 1e-6 * reached,
            "{measure}: {shared} of {reached}"
        );
    }
    let errors =
        service.get("/api/v1/access/catchments?measure=best&minutes=0&care=x").await.problem(422);
    for field in ["measure", "minutes", "care"] {
        assert!(errors.contains_key(field), "{field}");
    }
}
