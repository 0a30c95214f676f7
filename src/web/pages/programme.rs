//! A run's programme: the form that asks for one, the newest answer, and earlier ones.

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::{HttpRequest, HttpResponse, web};
use minijinja::{Value as View, context};

use super::form::Form;
use super::scenario::{status_colour, status_words};
use super::table::{Dress, Shown, tag};
use super::{Page, csv, page, see_other, view_of};
use crate::config;
use crate::export::{self, Cell, Table, bundle, programme_table};
use crate::fund::Terms;
use crate::register::{Assumptions, Kind, Pence, Scalar};
use crate::scenario::incentives::incentives;
use crate::scenario::programme::{Aim, Levers, Programme, StageKind, Step};
use crate::scenario::{Base, Outlook, Run, RunStatus, StateSpec};
use crate::store::{DocumentHeader, DocumentId, RunId, Scope, Snapshot, Store};
use crate::web::app::{App, aside};
use crate::web::draw;
use crate::web::guard;
use crate::web::problem::Problem;

pub(crate) async fn show(
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<u64>,
) -> Result<HttpResponse, Problem> {
    let id = RunId(*id);
    page(&request, &app, move |app| of_run(app, id, None)).await
}

pub(crate) async fn ask(
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<u64>,
    sent: web::Form<Vec<(String, String)>>,
) -> Result<HttpResponse, Problem> {
    let id = RunId(*id);
    let form = Form::of(sent.into_inner());
    guard::check_form(&request, form.value("csrf"))?;
    let (form, job) = aside(&app, move |app| {
        let mut form = form;
        let levers = read(&mut form, defaults(app, id)?);
        let job = match levers {
            Some(levers) => {
                let scope = app.scope();
                let shipped = config::assumptions().map_err(Problem::internal)?;
                Some(app.jobs.start_programme(&scope, id, levers, shipped, scope.principal())?)
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
        Ok(of_run(app, id, Some(form))?.with_status(StatusCode::UNPROCESSABLE_ENTITY))
    })
    .await
}

/// One programme, the newest of its run or not.
pub(crate) async fn one(
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<u64>,
) -> Result<HttpResponse, Problem> {
    let id = DocumentId(*id);
    page(&request, &app, move |app| {
        let (run, programme) = app.store.programme(&app.scope(), id)?;
        let headers = app.store.programmes(&app.scope(), run)?;
        let form = filled(&defaults(app, run)?);
        Ok(drawn(run, Some((id, &programme)), &headers, &form))
    })
    .await
}

pub(crate) async fn file(
    app: web::Data<App>,
    path: web::Path<(u64, String)>,
) -> Result<HttpResponse, Problem> {
    let (id, name) = path.into_inner();
    csv(&app, move |app| {
        let (_, programme) = app.store.programme(&app.scope(), DocumentId(id))?;
        let table = table_of(&programme, &name)?;
        Ok(Table { name: format!("programme-{id}-{}", table.name), ..table })
    })
    .await
}

/// A table of a programme, by the name of its file.
pub(in crate::web) fn table_of(programme: &Programme, name: &str) -> Result<Table, Problem> {
    if name == "ledger" {
        return Ok(super::proposal::ledger(&programme.ledger));
    }
    programme_table(programme, name).ok_or_else(|| Problem::not_found("table of this name"))
}

fn of_run(app: &App, run: RunId, form: Option<Form>) -> Result<Page, Problem> {
    let scope = app.scope();
    let headers = app.store.programmes(&scope, run)?;
    let defaults = defaults(app, run)?;
    let form = form.unwrap_or_else(|| filled(&defaults));
    match headers.first() {
        Some(newest) => {
            let (_, programme) = app.store.programme(&scope, newest.id)?;
            Ok(drawn(run, Some((newest.id, &programme)), &headers, &form))
        }
        None => Ok(drawn(run, None, &headers, &form)),
    }
}

/// The levers of the newest programme of a run, or sensible first ones.
pub(in crate::web) fn defaults(app: &App, id: RunId) -> Result<Levers, Problem> {
    let scope = app.scope();
    let run = app.store.run(&scope, id)?;
    if let Some(newest) = app.store.programmes(&scope, id)?.first() {
        return Ok(app.store.programme(&scope, newest.id)?.1.levers);
    }
    let shipped = config::assumptions().map_err(Problem::internal)?;
    let figures = crate::scenario::figures(&run.scenario, &shipped);
    Levers::defaults(&figures, run.scenario.horizon_years).map_err(Problem::internal)
}

fn drawn(
    run: RunId,
    shown: Option<(DocumentId, &Programme)>,
    headers: &[DocumentHeader],
    form: &Form,
) -> Page {
    let earlier: Vec<View> = headers
        .iter()
        .map(|header| {
            context! { href => format!("/programmes/{}", header.id.0), id => header.id.0, at => header.at.format("%Y-%m-%d %H:%M").to_string(), author => header.author.clone(), current => shown.is_some_and(|(id, _)| id == header.id) }
        })
        .collect();
    let is = |field: &str, value: &str| form.value(field) == value;
    let steps = [("quarter", "Quarters"), ("year", "Years")];
    let aims = [
        ("value", "The greatest net present value"),
        ("earliest", "The fund at its target as early as may be"),
    ];
    let radios = |field: &str, among: &[(&str, &str)]| -> Vec<View> {
        among
            .iter()
            .map(|(value, text)| context! { value => *value, text => *text, checked => is(field, value) })
            .collect()
    };
    let view = context! {
        run => run.0,
        programme => shown.map(|(id, programme)| view(id, programme)),
        earlier => earlier,
        form => view_of(form),
        steps => radios("step", &steps),
        aims => radios("aim", &aims),
    };
    let title = if form.is_good() { "Programme" } else { "Error: Programme" };
    Page::new("programme.html", format!("{title} of run {}", run.0), view)
        .under("Overview", "/")
        .under("Scenarios", "/scenarios")
        .under(format!("Run {}", run.0), format!("/runs/{}", run.0))
}

fn view(id: DocumentId, programme: &Programme) -> View {
    let table = |name: &str| -> Option<View> {
        let table = table_of(programme, name).ok()?;
        let href = Some(format!("/programmes/{}/{name}.csv", id.0));
        Some(view_of(Shown::dressed(&table, href, |_, key, cell| match (key, cell) {
            ("site_code", Cell::Text(code)) => {
                Dress { href: Some(format!("/sites/{code}")), ..Dress::default() }
            }
            ("critical", Cell::Text(words)) if words == "Yes" => {
                Dress { tag: Some("red"), ..Dress::default() }
            }
            _ => Dress::default(),
        })))
    };
    let money = |pence: Option<Pence>| {
        pence.map_or_else(|| "not known".to_owned(), |pence| Cell::Money(pence).shown())
    };
    let drawn = draw::gantt(programme);
    let legend: Vec<View> = StageKind::ALL
        .iter()
        .map(|stage| context! { symbol => View::from_safe_string(draw::stage_key(*stage)), label => stage.label() })
        .collect();
    let lowest = programme.periods.iter().enumerate().min_by_key(|(at, line)| (line.closing, *at));
    context! {
        id => id.0,
        status => View::from_safe_string(tag(status_colour(programme.status), status_words(programme.status))),
        told => told(programme),
        has_order => !programme.items.is_empty(),
        breaches => programme.breaches.clone(),
        clash => programme.clash.clone(),
        enough => programme.capital_enough.map(|pence| Cell::Money(pence).shown()),
        enough_pounds => programme.capital_enough.map(|pence| Cell::Money(pence).shown().replace('£', "")),
        npsv => money(programme.npsv),
        npsv_unordered => money(programme.npsv_unordered),
        price_of_order => money(programme.price_of_order()),
        actions => programme.items.len(),
        ends => programme.items.iter().filter_map(|item| item.ends().map(|(_, last)| last)).max().map(|last| programme.period_words(last)),
        lowest => lowest.map(|(at, line)| format!("{} at the end of {}", Cell::Money(line.closing).shown(), programme.period_words(at))),
        closing => money(programme.periods.last().map(|line| line.closing)),
        target => (programme.levers.target > Pence::ZERO).then(|| programme.target_reached.map_or_else(
            || format!("{} is not reached", Cell::Money(programme.levers.target).shown()),
            |period| format!("{} is reached at the end of {}", Cell::Money(programme.levers.target).shown(), programme.period_words(period)),
        )),
        gantt => drawn.as_ref().map(|(svg, _)| View::from_safe_string(svg.clone())),
        hidden => drawn.map_or(0, |(_, hidden)| hidden),
        legend => legend,
        items => table("programme"),
        periods => table("periods"),
        critical => table("critical"),
        stages => table("stages"),
        ledger_count => programme.ledger.lines.len(),
        fund_chart => programme.projection.as_ref().and_then(draw::fund).map(View::from_safe_string),
        levers => levers_words(&programme.levers),
        version => programme.version.clone(),
        size => format!("{} columns, {} rows", programme.size.0, programme.size.1),
    }
}

fn told(programme: &Programme) -> String {
    let seconds = Cell::Number(programme.seconds, 1).shown();
    let gap =
        programme.gap.filter(|gap| gap.is_finite()).map(|gap| format!("{:.2} %", gap * 100.0));
    match (programme.status, gap) {
        (RunStatus::Optimal, _) => {
            format!("No order that keeps the rules is better. Proved in {seconds} seconds.")
        }
        (RunStatus::WithinGap, Some(gap)) => format!(
            "No order that keeps the rules can be better by more than {gap}. Found in {seconds} seconds."
        ),
        (RunStatus::WithinGap | RunStatus::Stopped, gap) => format!(
            "Stopped after {seconds} seconds with the best order so far. A better one{} may exist.",
            gap.map_or_else(String::new, |gap| format!(", by at most {gap},"))
        ),
        (RunStatus::Infeasible, _) => "No order keeps all the rules.".to_owned(),
        (RunStatus::NothingFound, _) => format!(
            "Stopped after {seconds} seconds before any order was found. There may be one: allow more time."
        ),
    }
}

fn levers_words(levers: &Levers) -> String {
    let step = match levers.step {
        Step::Quarter => "quarters",
        Step::Year => "years",
    };
    let aim = match levers.aim {
        Aim::Value => "the greatest net present value".to_owned(),
        Aim::Earliest => {
            format!("{} in the fund as early as may be", Cell::Money(levers.target).shown())
        }
    };
    let capital = levers.capital_per_year.map_or_else(String::new, |capital| {
        format!(", at most {} a year on works", Cell::Money(capital).shown())
    });
    format!(
        "In {step} over {} years, seeking {aim}. The fund begins with {} and may borrow {} of working capital; at most {} works \
         schemes are under way at once{capital}.",
        levers.years,
        Cell::Money(levers.opening).shown(),
        Cell::Money(levers.working_capital).shown(),
        levers.crews
    )
}

fn filled(levers: &Levers) -> Form {
    let pounds = |pence: Pence| Cell::Money(pence).shown().replace('£', "");
    let values = [
        ("step", if levers.step == Step::Quarter { "quarter" } else { "year" }.to_owned()),
        ("aim", if levers.aim == Aim::Value { "value" } else { "earliest" }.to_owned()),
        ("target", pounds(levers.target)),
        ("opening", pounds(levers.opening)),
        ("working_capital", pounds(levers.working_capital)),
        ("crews", levers.crews.to_string()),
        ("capital_per_year", levers.capital_per_year.map(pounds).unwrap_or_default()),
        ("years", levers.years.to_string()),
        ("gap", Cell::Number(levers.gap * 100.0, 2).shown()),
        ("time_limit", Cell::Number(levers.time_limit_seconds, 0).shown()),
    ];
    Form::of(values.into_iter().map(|(name, value)| (name.to_owned(), value)))
}

/// The question a form asks, or `None` with errors beside its values.
fn read(form: &mut Form, held: Levers) -> Option<Levers> {
    let money = |form: &mut Form, name: &str| {
        form.read(name, |text| {
            let read = Scalar::parse(Kind::Money, text).ok().and_then(|read| read.pence());
            read.filter(|pence| *pence >= Pence::ZERO).ok_or_else(|| {
                "Enter an amount in pounds of at least 0, such as 2,500,000".to_owned()
            })
        })
    };
    let target = money(form, "target");
    let opening = money(form, "opening");
    let working_capital = money(form, "working_capital");
    let capital_per_year = if form.value("capital_per_year").is_empty() {
        Some(None)
    } else {
        money(form, "capital_per_year").map(Some)
    };
    let whole = |form: &mut Form, name: &str, low: u32, high: u32| {
        form.read(name, |text| {
            let read = text.replace(',', "").parse::<u32>().ok();
            read.filter(|number| (low..=high).contains(number))
                .ok_or_else(|| format!("Enter a whole number from {low} to {high}"))
        })
    };
    let crews = whole(form, "crews", 1, 10_000);
    let years = whole(form, "years", 1, 60).and_then(|years| u8::try_from(years).ok());
    let number = |form: &mut Form, name: &str, low: f64, high: f64| {
        form.read(name, |text| {
            let read =
                text.replace(',', "").parse::<f64>().ok().filter(|number| number.is_finite());
            read.filter(|number| (low..=high).contains(number))
                .ok_or_else(|| format!("Enter a number from {low} to {high}"))
        })
    };
    let gap = number(form, "gap", 0.0, 100.0);
    let time_limit = number(form, "time_limit", 1.0, 86_400.0);
    let step = form.read("step", |text| match text {
        "quarter" => Ok(Step::Quarter),
        "year" => Ok(Step::Year),
        _ => Err("Choose quarters or years".to_owned()),
    });
    let aim = form.read("aim", |text| match text {
        "value" => Ok(Aim::Value),
        "earliest" => Ok(Aim::Earliest),
        _ => Err("Choose what is sought".to_owned()),
    });
    let levers = Levers {
        step: step?,
        aim: aim?,
        target: target?,
        opening: opening?,
        working_capital: working_capital?,
        crews: crews?,
        capital_per_year: capital_per_year?,
        years: years?,
        gap: gap? / 100.0,
        time_limit_seconds: time_limit?,
        ..held
    };
    for fault in levers.faults() {
        if let crate::scenario::programme::ProgrammeError::BadLever { field, wanted, .. } = fault {
            form.refuse(field.trim_end_matches("_pounds"), format!("This is not {wanted}"));
        }
    }
    form.is_good().then_some(levers)
}

/// Tables of the run's own pages that go into its evidence bundle.
const IN_BUNDLE: [&str; 8] =
    ["clauses", "actions", "moves", "refusals", "access", "access-everywhere", "fund", "ledger"];

/// The evidence bundle of a run, as a zip.
pub(crate) async fn evidence(
    app: web::Data<App>,
    id: web::Path<u64>,
) -> Result<HttpResponse, Problem> {
    let id = RunId(*id);
    let bytes = aside(&app, move |app| evidence_of(&app.store, &app.scope(), id)).await?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/zip"))
        .insert_header((
            CONTENT_DISPOSITION,
            format!("attachment; filename=\"run-{}-evidence.zip\"", id.0),
        ))
        .body(bytes))
}

/// Who is better and worse off under a run than today, by decile, group, borough and standard: nothing where nobody knows
/// where people live.
fn equality(
    snapshot: &Snapshot,
    run: &Run,
    id: RunId,
    figures: Assumptions,
) -> Result<Vec<Table>, Problem> {
    if snapshot.geography.zones.is_empty() {
        return Ok(Vec::new());
    }
    let gates = config::gate_rules().map_err(Problem::internal)?;
    let (register, standards) = (&snapshot.register, &run.scenario.standards);
    let outlook = Outlook::new(register, &snapshot.geography, figures, gates, standards)
        .map_err(Problem::internal)?;
    let state = |base| StateSpec { base, edits: Vec::new() };
    let (today, proposed) = (state(Base::Today), state(Base::Run(id.0)));
    let compared = outlook
        .compare(register, &snapshot.geography, (&today, None), (&proposed, Some(run)))
        .map_err(Problem::internal)?;
    let named = |table: Table| Table { name: format!("travel-{}", table.name), ..table };
    Ok(export::comparison_tables(&compared).into_iter().map(named).collect())
}

/// The same for whoever has the store: with the newest programme's dates, and the statements of owners.
pub(crate) fn evidence_of(store: &Store, scope: &Scope, id: RunId) -> Result<Vec<u8>, Problem> {
    let run = store.run(scope, id)?;
    let programme = match store.programmes(scope, id)?.into_iter().next() {
        Some(header) => Some(store.programme(scope, header.id)?.1),
        None => None,
    };
    let mut tables = Vec::new();
    for name in IN_BUNDLE {
        tables.push(super::proposal::table_of(&run, name)?);
    }
    if let Some(proposal) = &run.proposal {
        let snapshot = store.at_version(scope, run.scenario.register_version)?;
        let shipped = config::assumptions().map_err(Problem::internal)?;
        let figures = crate::scenario::figures(&run.scenario, &shipped);
        let dated = programme.as_ref().filter(|made| !made.items.is_empty());
        let terms = Terms {
            assumptions: &figures,
            base_year: run.scenario.base_year,
            horizon_years: run.scenario.horizon_years,
        };
        let ledger = dated.map_or(&run.ledger, |made| &made.ledger);
        let told =
            incentives(&snapshot.register, proposal, ledger, &terms).map_err(Problem::internal)?;
        tables.extend([export::owners(&told), export::owner_sites(&told)]);
        tables.extend(equality(&snapshot, &run, id, figures)?);
    }
    let made = bundle(id.0, &run, programme.as_ref(), tables).ok_or_else(|| {
        Problem::not_found("plan in this run: its rules clash, or none was found")
    })?;
    made.map_err(Problem::internal)
}
