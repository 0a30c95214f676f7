//! The service as a client sees it, over an illustrative borough.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use actix_web::http::{Method, StatusCode, header};
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::web::Data;

use super::app::App;
use super::guard::Hosts;
use super::routes;
use crate::config;
use crate::jobs::Jobs;
use crate::store::{Draft, Scope, Store};
use crate::synth::{self, Scale};

/// One store for all tests; none of them changes it.
static STORE: LazyLock<(tempfile::TempDir, Store)> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&format!("sqlite:{}", folder.path().join("web.db").display())).unwrap();
    let estate = synth::estate(Scale::Borough, 1);
    let draft = Draft {
        author: "test".to_owned(),
        at: chrono::NaiveDate::from_ymd_opt(2026, 4, 1).unwrap().and_hms_opt(9, 0, 0).unwrap(),
        source: synth::source(1),
        reason: "test".to_owned(),
        changes: estate.changes,
        references: estate.references,
    };
    store.append(&Scope::command_line(), draft, 0).unwrap();
    (folder, store)
});

fn app() -> Data<App> {
    let store = STORE.1.clone();
    let jobs = Jobs::new(store.clone(), config::rules().unwrap());
    let rules = (config::score_rules().unwrap(), config::gate_rules().unwrap());
    let hosts = Hosts::new(&[], true, "127.0.0.1:8080");
    Data::new(App::new(hosts, 1 << 20, store, jobs, rules))
}

pub(super) fn estate() -> std::sync::Arc<super::estate::Estate> {
    app().estate().unwrap()
}

fn asked(method: Method, path: &str) -> TestRequest {
    TestRequest::default().method(method).uri(path).insert_header((header::HOST, "localhost:8080"))
}

async fn answer(request: TestRequest) -> (StatusCode, String, String) {
    let (status, kind, body) = sent(request).await;
    (status, kind, String::from_utf8(body).unwrap())
}

async fn sent(request: TestRequest) -> (StatusCode, String, Vec<u8>) {
    let service = init_service(routes(app(), false)).await;
    let response = call_service(&service, request.to_request()).await;
    let status = response.status();
    let kind = response.headers().get(header::CONTENT_TYPE).map(|k| k.to_str().unwrap().to_owned());
    (status, kind.unwrap_or_default(), read_body(response).await.to_vec())
}

#[actix_web::test]
async fn every_page_is_drawn_without_an_undefined_value() {
    if !super::assets::are_complete() {
        let _ = std::io::Write::write_all(
            &mut std::io::stderr(),
            b"SKIPPED: web/dist is missing; run `make setup`\n",
        );
        return;
    }
    for path in [
        "/",
        "/sites",
        "/sites?gates=fail",
        "/sites?text=zzz",
        "/map",
        "/map?by=status&borough=E09000007",
        "/imports",
        "/sites/ZZL07001",
        "/sites/ZZL07001/history?field=name",
        "/sites/ZZL07001/checklist",
        "/access",
        "/access/league",
        "/access/league?borough=E09000007",
        "/access/survey",
        "/access/parts",
        "/access/parts?by=ward",
        "/access/parts?area=icb:QMJ",
        "/access/parts?area=ward:ZZ05000701&standard=gp_step_free",
        "/access/parts?borough=E09000007&standard=gp_step_free",
        "/access/boroughs/E09000007?standard=gp_step_free",
        "/access/boroughs/E09000007",
        "/access/boroughs/camden?line=community",
        "/access/boroughs/E09000007/statement",
        "/access/explore",
        "/access/explore?borough=E09000007",
        "/access/explore?easting=529000&northing=184000&minutes=15",
        "/scenarios",
        "/scenarios/new",
        "/priorities",
        "/assumptions",
        "/standards",
        "/standards/new",
        "/standards/gp_walk_20",
        "/access/compare",
        "/access/compare?a=today&b=today,close:ZZL07001",
        "/access/evidence?a=today&b=today,close:ZZL07001,improve:ZZL07002",
        "/access/what-if",
        "/access/what-if?edits=close:ZZL07001",
        "/access/what-if?do=close&site=ZZL07001",
        "/access/what-if?edits=improve:ZZL07001,offer:ZZL07002:urgent_care",
        "/access/catchments",
        "/access/catchments?measure=raam&minutes=45",
        "/versions",
        "/licences",
        "/problems",
        "/problems/internal",
    ] {
        let (status, kind, body) = answer(asked(Method::GET, path)).await;
        assert_eq!(
            (status, kind.as_str()),
            (StatusCode::OK, "text/html; charset=utf-8"),
            "{path}: {body}"
        );
        assert!(body.contains("Illustrative data."), "{path}");
        assert!(
            !body.contains(" style=") && !body.contains("<script>"),
            "{path} has something inline"
        );
    }
}

/// Rows of a table on a page.
fn rows_on(page: &str, table: &str) -> usize {
    let after = page.split_once(&format!(r#"id="table-{table}""#)).map_or("", |(_, after)| after);
    after.split("</table>").next().unwrap_or_default().matches("<tr").count().saturating_sub(1)
}

/// Today against an estate without nine of its sites.
fn nine_closed() -> String {
    let sites: Vec<String> = (1..=9).map(|number| format!("close:ZZL0700{number}")).collect();
    format!("a=today&b=today,{}", sites.join(","))
}

#[actix_web::test]
async fn a_comparison_shows_some_rows_of_a_long_table_and_of_how_many() {
    if !super::assets::are_complete() {
        return;
    }
    let get = async |path: &str| answer(asked(Method::GET, path)).await.2;
    let sides = nine_closed();
    let all = get(&format!("/access/compare/people.csv?{sides}")).await.lines().count() - 1;

    let page = get(&format!("/access/compare?{sides}")).await;
    let same = get("/access/compare?a=today&b=today").await;

    assert!(all > 60, "{all} rows are too few to tell");
    assert_eq!(rows_on(&page, "people"), 50);
    assert!(page.contains(&format!(
        "Rows shown: 50 of {all}, those with the most people worse off first."
    )));
    assert!(page.contains("Every row of every table, as JSON"));
    assert_eq!(rows_on(&same, "people"), 0);
    assert!(same.contains(&format!("Rows shown: none of {all}, since nothing changes in any.")));
}

#[actix_web::test]
async fn the_evidence_has_every_row_that_changes_and_its_files_have_the_others_too() {
    if !super::assets::are_complete() {
        return;
    }
    let sides = nine_closed();
    let file = async |table: &str| -> Vec<BTreeMap<String, String>> {
        let (_, _, text) =
            answer(asked(Method::GET, &format!("/access/compare/{table}.csv?{sides}"))).await;
        csv::Reader::from_reader(text.as_bytes()).deserialize().map(Result::unwrap).collect()
    };

    let (_, _, page) = answer(asked(Method::GET, &format!("/access/evidence?{sides}"))).await;

    let people = file("people").await;
    let changes = |row: &&BTreeMap<String, String>| {
        let counts = ["better", "worse", "untold", "gained", "lost"];
        let flows = ["within_to_open", "beyond_to_open", "open_to_within", "open_to_beyond"];
        counts.iter().chain(&flows).any(|count| row[*count] != "0")
            || row["within_before"] != row["within_after"]
    };
    let changed = people.iter().filter(changes).count();
    assert!(changed > 50 && changed < people.len(), "{changed} of {}", people.len());
    assert_eq!(rows_on(&page, "people"), changed);
    let other = people.len() - changed;
    assert!(page.contains(&format!(
        "Rows shown: {changed} of {}. Nothing changes in the other {other}. The file has all of them.",
        people.len()
    )));
    let (mut rows, mut shown) = (0, 0);
    for table in ["standards", "verdicts", "people", "minutes", "worst", "journeys", "gaps"] {
        rows += file(table).await.len();
        shown += rows_on(&page, table);
    }
    let said = format!("Nothing changes in {} of the {rows} rows of the tables", rows - shown);
    assert!(page.contains(&said), "{said}");

    // What is said of the totals: they are sums over all rows, shown or not.
    for standard in file("standards").await {
        for count in ["people", "better", "worse", "untold", "within_after"] {
            let is_part = |row: &&BTreeMap<String, String>| {
                row["standard"] == standard["standard"] && row["by"] == "borough"
            };
            let of = |row: &BTreeMap<String, String>| row[count].parse::<u64>().unwrap();
            let sum: u64 = people.iter().filter(is_part).map(of).sum();
            assert_eq!(sum.to_string(), standard[count], "{count} of {standard:?}");
        }
    }
}

#[actix_web::test]
async fn the_people_of_a_board_can_be_chosen_and_are_those_of_the_file() {
    if !super::assets::are_complete() {
        return;
    }
    let get = async |path: &str| answer(asked(Method::GET, path)).await.2;
    let page = get("/access/parts?area=icb:QMJ&standard=gp_step_free").await;
    assert!(page.contains(r#"<option value="icb:QMJ" selected>NHS North Central London Integrated Care Board</option>"#));
    assert!(page.contains("/access/parts?area=borough%3AE09000007&amp;standard=gp_step_free"));
    let file = get("/access/parts.csv?area=icb:QMJ&standard=gp_step_free").await;
    let whole: Vec<&str> = file.lines().nth(1).unwrap_or_default().split(',').collect();
    let people: u64 = whole[2].parse().unwrap();
    assert!(people > 0 && page.contains(&crate::register::thousands(people)), "{whole:?}");
}

#[actix_web::test]
async fn what_ambulances_are_asked_is_told_as_not_shipped() {
    if !super::assets::are_complete() {
        return;
    }
    let page = answer(asked(Method::GET, "/standards")).await.2;
    let file = answer(asked(Method::GET, "/standards-left-out.csv")).await.2;
    for told in [page, file] {
        assert!(
            told.contains("A stroke unit within 30 minutes")
                && told.contains("A major trauma centre within 45 minutes")
        );
    }
}

struct Patient;
impl solver::Watch for Patient {
    fn progress(&mut self, _: solver::Progress) {}
    fn is_cancelled(&self) -> bool {
        false
    }
}

/// A run with a plan in it, made once: the first site of each sort is closed.
static RUN: LazyLock<u64> = LazyLock::new(|| {
    let store = &STORE.1;
    let scope = Scope::command_line();
    let snapshot = store.snapshot(&scope).unwrap();
    let mut question = crate::scenario::Scenario::defaults(
        &snapshot.register,
        config::assumptions().unwrap(),
        config::standards().unwrap(),
    );
    question.scope = crate::scenario::ScopeOf::Boroughs(vec!["E09000007".to_owned()]);
    // Its lease ends before works elsewhere could be done: a plan that closes it has no programme.
    question.locks.push(crate::scenario::Lock {
        site: "ZZL07034".parse().unwrap(),
        kind: crate::scenario::LockKind::Keep,
        why: "its lease ends too soon".to_owned(),
    });
    question.gap = 0.2;
    question.time_limit_seconds = 10.0;
    let estate = crate::scenario::Estate {
        register: &snapshot.register,
        geography: &snapshot.geography,
        index: &snapshot.index,
    };
    let at = chrono::NaiveDate::from_ymd_opt(2026, 4, 1).unwrap().and_hms_opt(9, 0, 0).unwrap();
    let rules = config::rules().unwrap();
    let run =
        crate::scenario::answer(&estate, question, &rules, &mut Patient, "test".to_owned(), at);
    store.save_run(&scope, &run.unwrap()).unwrap().0
});

#[actix_web::test]
async fn the_money_of_a_run_is_shown_downloaded_and_answered_alike() {
    if !super::assets::are_complete() {
        let _ = std::io::Write::write_all(
            &mut std::io::stderr(),
            b"SKIPPED: web/dist is missing; run `make setup`\n",
        );
        return;
    }
    let run = *RUN;
    for path in
        ["fund", "fund?by=month&terms=nominal&owner=trust", "sensitivity", "uncertainty?draws=200"]
    {
        let (status, _, body) = answer(asked(Method::GET, &format!("/runs/{run}/{path}"))).await;
        assert_eq!(status, StatusCode::OK, "{path}: {body}");
        assert!(!body.contains(" style=") && !body.contains("priced anew"), "{path}");
    }
    let (status, _, body) = answer(asked(Method::GET, &format!("/runs/compare?ids={run}"))).await;
    assert!(status == StatusCode::OK && body.contains("Net present social value"), "{body}");

    for table in [
        "balance",
        "value",
        "switching",
        "tornado",
        "fan",
        "contributions",
        "information",
        "stability",
    ] {
        let query = "?draws=100";
        let (status, kind, csv) =
            answer(asked(Method::GET, &format!("/runs/{run}/fund/{table}.csv{query}"))).await;
        assert_eq!((status, kind.as_str()), (StatusCode::OK, "text/csv; charset=utf-8"), "{table}");
        let (status, _, json) =
            answer(asked(Method::GET, &format!("/api/v1/runs/{run}/fund/{table}{query}"))).await;
        assert_eq!(status, StatusCode::OK, "{table}: {json}");
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        let rows = json["rows"].as_array().unwrap().len();
        let records = csv::Reader::from_reader(csv.as_bytes()).records().count();
        assert_eq!(rows, records, "{table}");
    }

    // The last balance of the years is the sum of the ledger's own lines, and the owners add up to it.
    let last = |query: String| async move {
        let path = format!("/api/v1/runs/{run}/fund/balance{query}");
        let (_, _, json) = answer(asked(Method::GET, &path)).await;
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        let rows = json["rows"].as_array().unwrap().clone();
        let penny =
            |row: &serde_json::Value| (row["closing_gbp"].as_f64().unwrap() * 100.0).round();
        rows.last().map_or(0.0, penny)
    };
    let ledger = STORE.1.run(&Scope::command_line(), crate::store::RunId(run)).unwrap().ledger;
    assert!(!ledger.lines.is_empty());
    let whole = last(String::new()).await;
    assert_eq!(whole.to_bits(), (ledger.in_fund().amount.0 as f64).to_bits());
    let mut parts = 0.0;
    for owner in ["trust", "nhsps", "gp_partners", "landlord", "council", "charity"] {
        parts += last(format!("?owner={owner}")).await;
    }
    let nobody = ledger.total(|line| line.in_fund && line.owner.is_none()).amount.0 as f64;
    assert_eq!(whole.to_bits(), (parts + nobody).to_bits());

    for (path, words) in [
        ("fund?terms=dear", "real or nominal"),
        ("fund?owner=nobody", "Choose one of"),
        ("uncertainty?draws=5", "10 to 100,000"),
        ("fund/nothing.csv", "table of this name"),
    ] {
        let (status, _, body) = answer(asked(Method::GET, &format!("/runs/{run}/{path}"))).await;
        assert!(status.is_client_error() && body.contains(words), "{path}: {status} {body}");
    }
    let (status, _, body) = answer(asked(Method::GET, "/runs/compare?ids=1,x")).await;
    assert!(
        status == StatusCode::UNPROCESSABLE_ENTITY && body.contains("number of a run"),
        "{body}"
    );
}

#[test]
fn a_comparison_with_a_run_is_held_against_the_standards_it_was_asked_with() {
    let store = &STORE.1;
    let scope = Scope::command_line();
    let snapshot = store.snapshot(&scope).unwrap();
    let run = store.run(&scope, crate::store::RunId(*RUN)).unwrap();
    let (register, geography) = (&snapshot.register, &snapshot.geography);
    let (figures, gates) = (config::assumptions().unwrap(), config::gate_rules().unwrap());
    let in_force = &config::standards().unwrap()[..1];
    let outlook =
        crate::scenario::Outlook::new(register, geography, figures, gates, in_force).unwrap();
    let spec = |text: &str| text.parse::<crate::scenario::StateSpec>().unwrap();
    let (today, proposed) = (spec("today"), spec(&format!("run:{}+close:ZZL07001", *RUN)));

    let told =
        outlook.compare(register, geography, (&today, None), (&proposed, Some(&run))).unwrap();
    let without = outlook.compare(register, geography, (&today, None), (&today, None)).unwrap();

    let asked: Vec<_> = told.differences.iter().map(|told| told.standard.clone()).collect();
    assert_eq!(asked, run.scenario.standards);
    let words = format!("the standards that run:{} was asked with", *RUN);
    assert_eq!(told.pinned, Some(words), "the run was asked, and not what is done to it besides");
    assert!(told.gaps[0].contains("other standards are in force"), "{:?}", told.gaps);
    assert_eq!((without.differences.len(), without.pinned), (1, None));
}

/// A programme of [`RUN`], with priorities kept besides.
static PROGRAMME: LazyLock<u64> = LazyLock::new(|| {
    let store = &STORE.1;
    let scope = Scope::command_line();
    let run = store.run(&scope, crate::store::RunId(*RUN)).unwrap();
    let snapshot = store.snapshot(&scope).unwrap();
    let shipped = config::assumptions().unwrap();
    let mut levers = crate::scenario::programme::Levers::defaults(&shipped, 25).unwrap();
    levers.working_capital = crate::register::Pence::pounds(50_000_000);
    levers.gap = 0.2;
    let author = "test".to_owned();
    let made = crate::scenario::programme::arrange(
        &snapshot.register,
        &run,
        &shipped,
        levers,
        &mut (),
        author,
        run.at,
    );
    let list = synth::priorities(Scale::Borough, 1);
    store.save_priorities(&scope, &list, "test", run.at).unwrap();
    store.save_programme(&scope, crate::store::RunId(*RUN), &made.unwrap()).unwrap().0
});

#[actix_web::test]
async fn the_money_follows_the_programme_and_the_priorities_that_are_chosen() {
    if !super::assets::are_complete() {
        let _ = std::io::Write::write_all(
            &mut std::io::stderr(),
            b"SKIPPED: web/dist is missing; run `make setup`\n",
        );
        return;
    }
    let (run, programme) = (*RUN, *PROGRAMME);
    let store = &STORE.1;
    let scope = Scope::command_line();
    let id = crate::store::DocumentId(programme);
    let (_, made) = store.programme(&scope, id).unwrap();
    assert!(!made.items.is_empty(), "{:?}", made.clash);
    let closings = |query: String| async move {
        let path = format!("/api/v1/runs/{run}/fund/balance{query}");
        let (status, _, json) = answer(asked(Method::GET, &path)).await;
        assert_eq!(status, StatusCode::OK, "{json}");
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        let rows = json["rows"].as_array().unwrap().clone();
        let penny =
            |row: &serde_json::Value| (row["closing_gbp"].as_f64().unwrap() * 100.0).round();
        rows.iter().map(penny).collect::<Vec<f64>>()
    };

    // A programme's own balances come back from its dates, year by year.
    let dated = closings(format!("?programme={programme}")).await;
    let own: Vec<f64> =
        made.projection.as_ref().unwrap().years.iter().map(|year| year.closing.0 as f64).collect();
    assert_eq!(dated, own);

    // What is paid for is missing at the end, and nothing else is.
    let list = store.priorities(&scope).unwrap().unwrap().1;
    let run_kept = store.run(&scope, crate::store::RunId(run)).unwrap();
    let snapshot = store.snapshot(&scope).unwrap();
    let shipped = config::assumptions().unwrap();
    let set = crate::scenario::figures(&run_kept.scenario, &shipped);
    let rule = crate::scenario::priorities::Rule::Rank;
    let zones = &snapshot.geography.zones;
    let basis =
        crate::scenario::basis(&run_kept, Some(&made), Some((&list, rule)), zones, &set).unwrap();
    assert!(!basis.spends.is_empty());
    let spent: i64 = basis.spends.iter().map(|spend| spend.amount.0).sum();
    let query = format!("?programme={programme}&priorities=rank");
    let paid = closings(query.clone()).await;
    assert_eq!(paid.last().map(|last| last + spent as f64), dated.last().copied());

    for path in ["fund", "sensitivity", "uncertainty"] {
        let (status, _, body) =
            answer(asked(Method::GET, &format!("/runs/{run}/{path}{query}"))).await;
        assert_eq!(status, StatusCode::OK, "{path}: {body}");
        assert!(body.contains(&format!("At the dates of programme {programme}")), "{path}");
        assert!(body.contains("local priorities paid for"), "{path}");
    }
    let (status, kind, _) =
        sent(asked(Method::GET, &format!("/runs/{run}/fund.xlsx{query}"))).await;
    assert!(status == StatusCode::OK && kind.contains("spreadsheetml"), "{kind}");
    // The evidence says who travels farther, by decile and by group of people, and what each owner is left with.
    let (status, _, bytes) = sent(asked(Method::GET, &format!("/runs/{run}/evidence.zip"))).await;
    assert_eq!(status, StatusCode::OK);
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let mut text = |name: &str| {
        let mut text = String::new();
        std::io::Read::read_to_string(&mut zip.by_name(name).unwrap(), &mut text).unwrap();
        text
    };
    let parts = text("travel-people.csv");
    assert!(parts.contains("decile") && parts.contains("step_free"), "{parts}");
    assert!(
        text("travel-journeys.csv").lines().count() > 1 && text("owners.csv").contains("Trust")
    );
    assert!(text("manifest.csv").contains("travel-people.csv"));

    for (query, words) in [
        ("?programme=999", "number of a programme"),
        ("?programme=first", "number of a programme"),
        ("?priorities=best", "Choose one of rank"),
    ] {
        let (status, _, body) =
            answer(asked(Method::GET, &format!("/runs/{run}/fund{query}"))).await;
        assert!(status == StatusCode::UNPROCESSABLE_ENTITY && body.contains(words), "{body}");
    }
}

#[actix_web::test]
async fn a_refused_page_tells_people_in_words_and_programs_in_details() {
    let cases = [
        (asked(Method::GET, "/nothing"), StatusCode::NOT_FOUND, "Not found"),
        (asked(Method::GET, "/sites/NOSUCH1"), StatusCode::NOT_FOUND, "Not found"),
        (
            asked(Method::GET, "/sites?tenure=rented"),
            StatusCode::UNPROCESSABLE_ENTITY,
            "Some values cannot be accepted",
        ),
        (asked(Method::POST, "/sites"), StatusCode::METHOD_NOT_ALLOWED, "Method not allowed"),
        (
            asked(Method::POST, "/scenarios/new"),
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "Unsupported media type",
        ),
        (
            asked(Method::POST, "/scenarios/new").set_form([("csrf", "0".repeat(32))]),
            StatusCode::FORBIDDEN,
            "The form is out of date",
        ),
        (
            asked(Method::GET, "/").insert_header((header::HOST, "evil.example")),
            StatusCode::MISDIRECTED_REQUEST,
            "This service does not answer for that host",
        ),
    ];
    for (request, status, title) in cases {
        let (got, kind, body) = answer(request).await;
        assert_eq!((got, kind.as_str()), (status, "text/html; charset=utf-8"), "{title}");
        assert!(
            body.contains(&format!("<h1 class=\"nhsuk-heading-l\">{title}</h1>")),
            "{title}: {body}"
        );
    }
    let program =
        asked(Method::GET, "/nothing").insert_header((header::ACCEPT, "application/json"));
    let (_, kind, body) = answer(program).await;
    assert_eq!(kind, "application/problem+json");
    assert!(body.contains("/problems/not-found"));
}
