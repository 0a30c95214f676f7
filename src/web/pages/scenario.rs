//! Scenarios: the runs there are, and the form that asks a new one.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use minijinja::{Value as View, context};

use super::form::Form;
use super::jobs::maybe_money;
use super::register::Choice;
use super::table::{Dress, Shown};
use super::{Page, csv, page, see_other, view_of};
use crate::config;
use crate::export::{Cell, Table};
use crate::register::{Kind, Pence, Scalar, SiteCode};
use crate::scenario::{Lock, LockKind, Objective, RunStatus, Scenario, ScopeOf};
use crate::store::RunHeader;
use crate::web::app::{App, aside};
use crate::web::estate::Estate;
use crate::web::guard;
use crate::web::problem::Problem;

const OBJECTIVES: [(Objective, &str, &str, &str); 6] = [
    (
        Objective::FundValue,
        "fund_value",
        "The fund's value",
        "Greatest net present value of the fund and of running cost",
    ),
    (
        Objective::PeopleWorseOff,
        "people_worse_off",
        "Fewest people worse off",
        "Fewest people moved beyond an access standard",
    ),
    (
        Objective::SpaceReleased,
        "space_released",
        "Space released",
        "Most under-used space released",
    ),
    (Objective::RunningCost, "running_cost", "Running cost", "Lowest running cost"),
    (Objective::Fund, "fund", "Money to the fund", "Most money to the fund, undiscounted"),
    (
        Objective::Travel,
        "travel",
        "Travel",
        "Least extra travel for the people of services that move",
    ),
];

pub(crate) async fn list(
    request: HttpRequest,
    app: web::Data<App>,
) -> Result<HttpResponse, Problem> {
    page(&request, &app, |app| {
        let runs = app.store.runs(&app.scope())?;
        let table = runs_table(&runs);
        let view = context! { runs => view_of(dressed_runs(&table, &runs, Some("/scenarios.csv".to_owned()))) };
        Ok(Page::new("scenarios.html", "Scenarios", view).under("Overview", "/"))
    })
    .await
}

pub(crate) async fn file(app: web::Data<App>) -> Result<HttpResponse, Problem> {
    csv(&app, |app| Ok(runs_table(&app.store.runs(&app.scope())?))).await
}

pub(super) fn runs_table(runs: &[RunHeader]) -> Table {
    let columns = [
        ("run", "Run", true),
        ("name", "Scenario", false),
        ("status", "How it ended", false),
        ("gap_percent", "Gap (%)", true),
        ("sites_closed", "Sites closed", true),
        ("tenancies_moved", "Tenancies moved", true),
        ("fund_asked_gbp", "Fund asked for", true),
        ("to_fund_gbp", "To the fund", true),
        ("npsv_gbp", "Net present social value", true),
        ("at", "Asked (UTC)", false),
    ];
    Table::new("scenarios", "Runs, newest first", &columns).with(runs.iter().map(|run| {
        vec![
            Cell::count(run.id.0),
            Cell::text(&*run.name),
            Cell::text(status_words(run.status)),
            run.gap.map_or(Cell::Empty, |gap| Cell::Number(gap * 100.0, 2)),
            Cell::count(run.sites_closed),
            Cell::count(run.tenancies_moved),
            Cell::Money(run.fund_asked),
            maybe_money(run.to_fund),
            maybe_money(run.npsv),
            Cell::Text(run.at.format("%Y-%m-%d %H:%M").to_string()),
        ]
    }))
}

pub(super) fn dressed_runs(table: &Table, runs: &[RunHeader], href: Option<String>) -> Shown {
    Shown::dressed(table, href, |row, key, _| {
        let Some(run) = runs.get(row) else { return Dress::default() };
        match key {
            "run" | "name" => {
                Dress { href: Some(format!("/runs/{}", run.id.0)), ..Dress::default() }
            }
            "status" => Dress { tag: Some(status_colour(run.status)), ..Dress::default() },
            _ => Dress::default(),
        }
    })
}

pub(super) fn status_words(status: RunStatus) -> &'static str {
    match status {
        RunStatus::Optimal => "Proved best",
        RunStatus::WithinGap => "Within the gap",
        RunStatus::Stopped => "Stopped with a plan",
        RunStatus::Infeasible => "No plan can keep the rules",
        RunStatus::NothingFound => "Stopped before any plan",
    }
}

pub(super) fn status_colour(status: RunStatus) -> &'static str {
    match status {
        RunStatus::Optimal | RunStatus::WithinGap => "green",
        RunStatus::Stopped => "orange",
        RunStatus::Infeasible | RunStatus::NothingFound => "red",
    }
}

pub(crate) async fn form(
    request: HttpRequest,
    app: web::Data<App>,
) -> Result<HttpResponse, Problem> {
    page(&request, &app, |app| {
        let estate = app.estate()?;
        let defaults = defaults(app, &estate)?;
        form_page(&estate, &defaults, &filled(&defaults))
    })
    .await
}

pub(crate) async fn ask(
    request: HttpRequest,
    app: web::Data<App>,
    sent: web::Form<Vec<(String, String)>>,
) -> Result<HttpResponse, Problem> {
    let form = Form::of(sent.into_inner());
    guard::check_form(&request, form.value("csrf"))?;
    let (form, job) = aside(&app, move |app| {
        let mut form = form;
        let estate = app.estate()?;
        let defaults = defaults(app, &estate)?;
        let job = match read(&mut form, &estate, defaults) {
            Some(scenario) => {
                let scope = app.scope();
                Some(app.jobs.start_run(&scope, scenario, scope.principal())?)
            }
            None => None,
        };
        Ok((form, job))
    })
    .await?;
    if let Some(job) = job {
        return Ok(see_other(&format!("/jobs/{}", job.0)));
    }
    page(&request, &app, move |app| {
        let estate = app.estate()?;
        let defaults = defaults(app, &estate)?;
        Ok(form_page(&estate, &defaults, &form)?.with_status(StatusCode::UNPROCESSABLE_ENTITY))
    })
    .await
}

fn defaults(app: &App, estate: &Estate) -> Result<Scenario, Problem> {
    let assumptions = config::assumptions().map_err(Problem::internal)?;
    let kept = app.store.standards(&app.scope())?;
    let standards = kept.in_force(chrono::Utc::now().date_naive());
    let mut question = Scenario::defaults(estate.register(), assumptions, standards);
    question.standards_version = Some(kept.version);
    Ok(question)
}

/// The defaults as the form shows them.
fn filled(defaults: &Scenario) -> Form {
    let pounds = |pence: Pence| Cell::Money(pence).shown().replace('£', "");
    let mut values: Vec<(&str, String)> = vec![
        ("name", String::new()),
        ("scope", String::new()),
        ("objective", objective_word(defaults.objective).to_owned()),
        ("fund_asked", pounds(defaults.fund_asked)),
        ("capital", pounds(defaults.capital_available)),
        ("closures", defaults.closures_per_borough.map(|n| n.to_string()).unwrap_or_default()),
        ("journeys", short(defaults.journey_share_beyond * 100.0)),
        ("gap", short(defaults.gap * 100.0)),
        ("time_limit", short(defaults.time_limit_seconds)),
        ("base_year", defaults.base_year.to_string()),
        ("horizon", defaults.horizon_years.to_string()),
        ("seed", defaults.seed.to_string()),
        ("locks", String::new()),
        ("overrides", String::new()),
        ("series", String::new()),
    ];
    values.extend(defaults.standards.iter().map(|standard| ("standards", standard.key.clone())));
    Form::of(values.into_iter().map(|(name, value)| (name.to_owned(), value)))
}

fn short(number: f64) -> String {
    let text = format!("{number:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn objective_word(objective: Objective) -> &'static str {
    OBJECTIVES.iter().find(|(o, ..)| *o == objective).map_or("", |(_, word, ..)| word)
}

#[expect(clippy::unnecessary_wraps, reason = "it ends a chain of handlers that may fail")]
fn form_page(estate: &Estate, defaults: &Scenario, form: &Form) -> Result<Page, Problem> {
    let chosen = form.value("scope");
    let icbs =
        estate.icbs.iter().map(|(code, name)| (format!("icb:{code}"), format!("ICB: {name}")));
    let boroughs = estate
        .boroughs
        .iter()
        .map(|(code, name)| (format!("borough:{code}"), format!("Borough: {name}")));
    let scopes: Vec<(String, String)> =
        std::iter::once(("all".to_owned(), "All located sites".to_owned()))
            .chain(icbs)
            .chain(boroughs)
            .collect();
    let objectives: Vec<View> = OBJECTIVES
        .iter()
        .map(|&(_, word, label, hint)| {
            context! { value => word, text => label, hint => context! { text => hint }, checked => form.value("objective") == word }
        })
        .collect();
    let ticked = form.ticked("standards");
    let standards: Vec<View> = defaults
        .standards
        .iter()
        .map(|standard| {
            context! { value => standard.key.clone(), text => standard.words.clone(), checked => ticked.contains(&standard.key) }
        })
        .collect();
    let view = context! {
        form => view_of(form),
        scopes => view_of(Choice::list("Choose where", chosen, scopes.iter().map(|(v, t)| (v.as_str(), t.as_str())))),
        objectives => objectives,
        standards => standards,
        assumptions => defaults.assumptions.name.clone(),
        version => estate.version(),
    };
    let title = if form.is_good() { "Ask a new scenario" } else { "Error: Ask a new scenario" };
    Ok(Page::new("scenario-form.html", title, view)
        .under("Overview", "/")
        .under("Scenarios", "/scenarios"))
}

/// The question a form asks, or `None` with errors beside its values.
fn read(form: &mut Form, estate: &Estate, mut question: Scenario) -> Option<Scenario> {
    let name = form.value("name").chars().take(200).collect::<String>();
    let scope = form.read("scope", |text| scope_of(text, estate));
    let objective = form.read("objective", |text| {
        let found = OBJECTIVES.iter().find(|(_, word, ..)| *word == text);
        found.map(|(objective, ..)| *objective).ok_or_else(|| "Choose what is sought".to_owned())
    });
    let fund_asked = form.read("fund_asked", |text| {
        money(text, "Enter the fund asked for in pounds, such as 2,500,000, or 0")
    });
    let capital = form.read("capital", |text| {
        money(text, "Enter the capital available in pounds, such as 1,000,000, or 0")
    });
    let closures = form.read("closures", |text| match text {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|_error| {
            "Enter the most sites that may close in a borough as a whole number, or nothing"
                .to_owned()
        }),
    });
    let journeys = form
        .read("journeys", |text| number(text, 0.0, 100.0, "Enter a share from 0 to 100 per cent"));
    let gap =
        form.read("gap", |text| number(text, 0.0, 100.0, "Enter a gap from 0 to 100 per cent"));
    let limit = form.read("time_limit", |text| {
        number(text, 1.0, 86_400.0, "Enter a time limit from 1 to 86,400 seconds")
    });
    let base_year = form
        .read("base_year", |text| number(text, 2000.0, 2100.0, "Enter a year from 2000 to 2100"));
    let horizon = form
        .read("horizon", |text| number(text, 1.0, 60.0, "Enter a number of years from 1 to 60"));
    let seed = form.read("seed", |text| {
        text.parse::<u32>()
            .map_err(|_error| "Enter a whole number from 0 to 4,294,967,295".to_owned())
    });
    let locks = form.read("locks", |text| locks(text, estate));
    let ticked = form.ticked("standards").to_vec();
    question.standards.retain(|standard| ticked.contains(&standard.key));
    let overrides = form.value("overrides").to_owned();
    for (line, text) in overrides.lines().enumerate().filter(|(_, text)| !text.trim().is_empty()) {
        if let Err(words) = override_one(&mut question, text) {
            form.refuse("overrides", format!("Line {}: {words}", line + 1));
        }
    }
    let series = form.value("series").trim().to_owned();
    if !series.is_empty() {
        match config::indices_from("the series", &series) {
            Ok(indices) => question.series = Some(indices),
            Err(fault) => form.refuse("series", format!("{fault}")),
        }
    }
    if !form.is_good() {
        return None;
    }
    question.scope = scope?;
    question.name = if name.is_empty() { default_name(&question.scope, estate) } else { name };
    question.objective = objective?;
    question.fund_asked = fund_asked?;
    question.capital_available = capital?;
    question.closures_per_borough = closures?;
    question.journey_share_beyond = journeys? / 100.0;
    question.gap = gap? / 100.0;
    question.time_limit_seconds = limit?;
    question.base_year = whole(base_year?);
    question.horizon_years = u8::try_from(whole(horizon?)).unwrap_or(u8::MAX);
    question.seed = seed?;
    question.locks = locks?;
    Some(question)
}

#[expect(clippy::cast_possible_truncation, reason = "the form accepts 1 to 2100 only")]
fn whole(number: f64) -> i32 {
    number.round() as i32
}

fn default_name(scope: &ScopeOf, estate: &Estate) -> String {
    let name = |list: &[(String, String)], code: &str| {
        list.iter()
            .find(|(held, _)| held == code)
            .map_or_else(|| code.to_owned(), |(_, name)| name.clone())
    };
    match scope {
        ScopeOf::All => "All located sites".to_owned(),
        ScopeOf::Icb(code) => name(&estate.icbs, code),
        ScopeOf::Boroughs(codes) => {
            codes.iter().map(|code| name(&estate.boroughs, code)).collect::<Vec<_>>().join(", ")
        }
    }
}

fn scope_of(text: &str, estate: &Estate) -> Result<ScopeOf, String> {
    let holds = |list: &[(String, String)], code: &str| list.iter().any(|(held, _)| held == code);
    match text.split_once(':') {
        None if text == "all" => Ok(ScopeOf::All),
        Some(("icb", code)) if holds(&estate.icbs, code) => Ok(ScopeOf::Icb(code.to_owned())),
        Some(("borough", code)) if holds(&estate.boroughs, code) => {
            Ok(ScopeOf::Boroughs(vec![code.to_owned()]))
        }
        _ => Err("Choose which sites may change".to_owned()),
    }
}

fn money(text: &str, wanted: &str) -> Result<Pence, String> {
    let read = Scalar::parse(Kind::Money, text).ok().and_then(|scalar| scalar.pence());
    read.filter(|pence| pence.0 >= 0).ok_or_else(|| wanted.to_owned())
}

fn number(text: &str, low: f64, high: f64, wanted: &str) -> Result<f64, String> {
    let read =
        Scalar::parse(Kind::Number { low, high }, text).ok().and_then(|scalar| scalar.number());
    read.ok_or_else(|| wanted.to_owned())
}

/// A lock a line: `keep RXA01 because the borough decided so`.
fn locks(text: &str, estate: &Estate) -> Result<Vec<Lock>, String> {
    let mut locks: Vec<Lock> = Vec::new();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let at = format!("Line {}", number + 1);
        let mut words = line.split_whitespace();
        let kind = match words.next().map(str::to_lowercase).as_deref() {
            Some("keep") => LockKind::Keep,
            Some("close") => LockKind::Close,
            _ => {
                return Err(format!(
                    "{at}: begin with keep or close, such as “keep RXA01 because a new wing has just opened”"
                ));
            }
        };
        let code = words.next().unwrap_or_default().trim_end_matches([':', ',']);
        let site: SiteCode =
            code.parse().map_err(|_error| format!("{at}: “{code}” is not a site code"))?;
        if estate.register().site(&site).is_none() {
            return Err(format!("{at}: {site} is not in the register"));
        }
        if locks.iter().any(|lock| lock.site == site && lock.kind != kind) {
            return Err(format!("{at}: {site} cannot be both kept and closed"));
        }
        let why: Vec<&str> =
            words.skip_while(|word| word.eq_ignore_ascii_case("because")).collect();
        let why =
            if why.is_empty() { "asked for in the scenario".to_owned() } else { why.join(" ") };
        if !locks.iter().any(|lock| lock.site == site) {
            locks.push(Lock { site, kind, why });
        }
    }
    Ok(locks)
}

/// A figure a line: `works.light.gbp_per_m2 = 1200`.
fn override_one(question: &mut Scenario, line: &str) -> Result<(), String> {
    let Some((key, value)) = line.split_once('=') else {
        return Err("write a key, an equals sign and a number".to_owned());
    };
    let key = key.trim();
    let Some(figure) = question.assumptions.figures.get_mut(key) else {
        return Err(format!("“{key}” is not a key of the assumption set"));
    };
    let any = Kind::Number { low: f64::MIN, high: f64::MAX };
    let number = Scalar::parse(any, value).ok().and_then(|scalar| scalar.number());
    let Some(number) = number else {
        return Err(format!("“{}” is not a number", value.trim()));
    };
    figure.value = number;
    figure.low = None;
    figure.high = None;
    "this scenario".clone_into(&mut figure.source);
    Ok(())
}
