//! Local priorities: the list, changing it, what the fund of a run pays for, and statements per owner.

use actix_multipart::Multipart;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::NaiveDate;
use minijinja::{Value as View, context};

use super::form::Form;
use super::imports::faults_table;
use super::register::Choice as Option_;
use super::table::{Dress, Shown};
use super::{Page, csv, page, see_other, view_of};
use crate::config;
use crate::export::{self, Cell, Table};
use crate::fund::{self, Terms};
use crate::import::{self, Fault};
use crate::register::{HealthProgramme, Kind, Pence, Scalar, Word};
use crate::scenario::incentives::{Incentives, incentives};
use crate::scenario::priorities::{
    Choice, Moment, Priority, PriorityList, Rule, choose, moments_of_programme, moments_of_run,
    shares, years_set_aside,
};
use crate::scenario::{self, Run};
use crate::store::RunId;
use crate::web::app::{App, aside};
use crate::web::problem::Problem;
use crate::web::upload;

pub(crate) async fn list(
    request: HttpRequest,
    app: web::Data<App>,
) -> Result<HttpResponse, Problem> {
    page(&request, &app, |app| list_page(app, &Form::default(), &[])).await
}

pub(crate) async fn list_file(app: web::Data<App>) -> Result<HttpResponse, Problem> {
    csv(&app, |app| Ok(export::priorities(&held(app)?))).await
}

/// The newest list; an empty one where none was ever kept.
pub(in crate::web) fn held(app: &App) -> Result<PriorityList, Problem> {
    Ok(app.store.priorities(&app.scope())?.map(|(_, list)| list).unwrap_or_default())
}

/// Adds, replaces, removes one, or takes a whole file.
pub(crate) async fn send(
    request: HttpRequest,
    app: web::Data<App>,
    parts: Multipart,
) -> Result<HttpResponse, Problem> {
    let sent = upload::of_page(&request, parts, app.upload_limit).await?;
    let form = Form::of(sent.values);
    let (form, faults, is_kept) = aside(&app, move |app| {
        let mut form = form;
        let mut list = held(app)?;
        let mut faults = Vec::new();
        let change = match form.value("what") {
            "file" => {
                if let Some(file) = sent.files.first().filter(|file| !file.bytes.is_empty()) {
                    let (read, found) = import::priorities::read(file);
                    faults = found;
                    let title = format!("from {}", file.name);
                    faults.is_empty().then_some((read, title))
                } else {
                    form.refuse("files", "Choose a file");
                    None
                }
            }
            "remove" => {
                let code = form.value("priority_code").to_owned();
                let before = list.priorities.len();
                list.priorities.retain(|one| one.code != code);
                if list.priorities.len() == before {
                    form.refuse("remove_code", "No priority of the list has this code");
                }
                Some((list, format!("without {code}")))
            }
            _ => one(&mut form).map(|priority| {
                let code = priority.code.clone();
                list.priorities.retain(|held| held.code != code);
                list.priorities.push(priority);
                let is_illustrative = list.is_illustrative;
                (PriorityList::new(list.priorities, is_illustrative), format!("with {code}"))
            }),
        };
        let change = change.filter(|_| form.is_good());
        if let Some((list, title)) = &change {
            let now = chrono::Utc::now().naive_utc();
            app.store.save_priorities(&app.scope(), list, title, now)?;
        }
        Ok((form, faults, change.is_some()))
    })
    .await?;
    if is_kept {
        return Ok(see_other("/priorities"));
    }
    page(&request, &app, move |app| {
        Ok(list_page(app, &form, &faults)?.with_status(StatusCode::UNPROCESSABLE_ENTITY))
    })
    .await
}

/// A priority of a form, or `None` with errors beside its values.
fn one(form: &mut Form) -> Option<Priority> {
    let money = |form: &mut Form, name: &str| {
        form.read(name, |text| {
            let read = Scalar::parse(Kind::Money, text).ok().and_then(|read| read.pence());
            read.ok_or_else(|| "Enter an amount in pounds, such as 250,000".to_owned())
        })
    };
    let day = |form: &mut Form, name: &str| {
        form.read(name, |text| match text {
            "" => Ok(None),
            text => NaiveDate::parse_from_str(text, "%Y-%m-%d")
                .map(Some)
                .map_err(|_not_a_day| "Enter a day as 2027-04-01, or nothing".to_owned()),
        })
    };
    let capital = money(form, "capital_gbp");
    let revenue_a_year = money(form, "revenue_gbp_a_year");
    let earliest = day(form, "earliest_start");
    let latest = day(form, "latest_start");
    let rank = form.read("rank", |text| {
        text.parse().map_err(|_not_a_number| "Enter a whole number from 1".to_owned())
    });
    let people = form.read("people_helped", |text| match text {
        "" => Ok(None),
        text => text.replace(',', "").parse().map(Some).map_err(|_not_a_number| {
            "Enter a whole number of people, or nothing where it is not known".to_owned()
        }),
    });
    let programme = form.read("programme", |text| {
        HealthProgramme::find(text).ok_or_else(|| "Choose the programme it serves".to_owned())
    });
    let priority = Priority {
        code: form.value("priority_code").to_owned(),
        name: form.value("name").to_owned(),
        borough: form.value("borough_code").to_owned(),
        programme: programme?,
        rank: rank?,
        capital: capital?,
        revenue_a_year: revenue_a_year?,
        people: people?,
        earliest: earliest?,
        latest: latest?,
        evidence: form.value("evidence").to_owned(),
    };
    for (field, _, wanted) in priority.faults() {
        form.refuse(field, format!("Enter {wanted}"));
    }
    form.is_good().then_some(priority)
}

fn list_page(app: &App, form: &Form, faults: &[Fault]) -> Result<Page, Problem> {
    let kept = app.store.priorities(&app.scope())?;
    let estate = app.estate()?;
    let (told, list) = match kept {
        Some((header, list)) => {
            let at = header.at.format("%-d %B %Y, %H:%M");
            (Some(format!("List {}, {at}, {} ({})", header.id, header.author, header.title)), list)
        }
        None => (None, PriorityList::default()),
    };
    let programmes = HealthProgramme::ALL.iter().map(|one| (one.word(), one.label()));
    let boroughs = estate.boroughs.iter().map(|(code, name)| (code.as_str(), name.as_str()));
    let table = export::priorities(&list);
    let view = context! {
        told => told,
        is_illustrative => list.is_illustrative,
        list => view_of(Shown::plain(&table, Some("/priorities.csv".to_owned()))),
        form => view_of(form),
        programmes => view_of(Option_::list("Choose a programme", form.value("programme"), programmes)),
        boroughs => view_of(Option_::list("Choose a borough", form.value("borough_code"), boroughs)),
        faults => (!faults.is_empty()).then(|| view_of(Shown::plain(&faults_table(faults), None))),
    };
    let title =
        if form.is_good() && faults.is_empty() { "Priorities" } else { "Error: Priorities" };
    Ok(Page::new("priorities.html", title, view).under("Overview", "/"))
}

/// What the fund of a run pays for, by a rule.
pub(in crate::web) struct Paid {
    pub(in crate::web) run: Run,
    pub(in crate::web) list: PriorityList,
    pub(in crate::web) moments: Vec<Moment>,
    pub(in crate::web) choice: Choice,
    /// The number of the programme whose balance is used; the run's own years where there is none.
    pub(in crate::web) programme: Option<u64>,
}

/// Works out what a run's fund pays for. The newest programme's balance counts, quarter by quarter, where there is one.
pub(in crate::web) fn paid(app: &App, id: RunId, rule: Rule) -> Result<Paid, Problem> {
    let scope = app.scope();
    let run = app.store.run(&scope, id)?;
    let list = held(app)?;
    let newest = app.store.programmes(&scope, id)?.into_iter().next();
    let programme = match newest {
        Some(header) => Some((header.id.0, app.store.programme(&scope, header.id)?.1)),
        None => None,
    };
    let programme = programme.filter(|(_, made)| !made.periods.is_empty());
    let moments = match &programme {
        Some((_, made)) => moments_of_programme(made),
        None => moments_of_run(&run),
    };
    let shipped = config::assumptions().map_err(Problem::internal)?;
    let figures = scenario::figures(&run.scenario, &shipped);
    let years = years_set_aside(&figures).map_err(Problem::internal)?;
    let estate = app.estate_at(run.scenario.register_version)?;
    let choice =
        choose(&list, rule, &moments, &shares(&estate.snapshot.geography.zones, rule), years);
    Ok(Paid { run, list, moments, choice, programme: programme.map(|(id, _)| id) })
}

/// The rule that a query names.
fn rule_of(request: &HttpRequest) -> Result<Rule, Problem> {
    let pairs = web::Query::<Vec<(String, String)>>::from_query(request.query_string())
        .map_err(|error| Problem::bad_request(format!("The query cannot be read: {error}.")))?;
    match pairs.iter().find(|(name, _)| name == "rule") {
        None => Ok(Rule::Rank),
        Some((_, key)) => Rule::find(key).ok_or_else(|| {
            let keys: Vec<&str> = Rule::ALL.iter().map(|rule| rule.key()).collect();
            Problem::bad_request(format!("rule is one of {}.", keys.join(", ")))
        }),
    }
}

pub(crate) async fn of_a_run(
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<u64>,
) -> Result<HttpResponse, Problem> {
    let (id, rule) = (RunId(*id), rule_of(&request)?);
    page(&request, &app, move |app| {
        let paid = paid(app, id, rule)?;
        let shown = |name: &str| -> Result<View, Problem> {
            let table = priority_table(app, &paid, name)?;
            let href = format!("/runs/{}/priorities/{name}.csv?rule={}", id.0, rule.key());
            Ok(view_of(Shown::dressed(&table, Some(href), linked)))
        };
        let rules: Vec<View> = Rule::ALL
            .iter()
            .map(|one| context! { href => format!("/runs/{}/priorities?rule={}", id.0, one.key()), text => one.label(), current => *one == rule })
            .collect();
        let money = |pence: Pence| Cell::Money(pence).shown();
        let view = context! {
            run => id.0,
            name => paid.run.scenario.name.clone(),
            rule => rule.label(),
            rules => rules,
            programme => paid.programme,
            budget => money(paid.choice.budget),
            cost => money(paid.choice.cost),
            people => export::grouped(paid.choice.people as f64, 0),
            funded_count => paid.choice.funded.len(),
            asked_count => paid.list.priorities.len(),
            is_illustrative => paid.list.is_illustrative,
            funded => shown("funded")?,
            left_out => shown("left-out")?,
            after => shown("after-priorities")?,
            boroughs => shown("borough-shares")?,
            programmes => shown("health-programmes")?,
            payers => shown("payers")?,
        };
        Ok(Page::new("run-priorities.html", format!("Priorities of run {}", id.0), view)
            .under("Overview", "/")
            .under("Scenarios", "/scenarios")
            .under(format!("Run {}", id.0), format!("/runs/{}", id.0)))
    })
    .await
}

pub(crate) async fn of_a_run_file(
    request: HttpRequest,
    app: web::Data<App>,
    path: web::Path<(u64, String)>,
) -> Result<HttpResponse, Problem> {
    let rule = rule_of(&request)?;
    let (id, name) = path.into_inner();
    csv(&app, move |app| {
        let table = priority_table(app, &paid(app, RunId(id), rule)?, &name)?;
        Ok(Table { name: format!("run-{id}-{}", table.name), ..table })
    })
    .await
}

/// Tables of what is paid for, by the name of their files.
pub(in crate::web) fn priority_table(app: &App, paid: &Paid, name: &str) -> Result<Table, Problem> {
    let Paid { run, list, moments, choice, .. } = paid;
    Ok(match name {
        "funded" => export::funded(list, choice, moments),
        "left-out" => export::left_out(list, choice),
        "after-priorities" => export::after_priorities(choice, moments),
        "borough-shares" => export::borough_shares(choice),
        "payers" => export::payers(run),
        "health-programmes" => {
            let proposal = run.proposal.as_ref().ok_or_else(no_plan)?;
            let estate = app.estate_at(run.scenario.register_version)?;
            export::health_programmes(estate.register(), proposal, list, choice)
        }
        _ => return Err(Problem::not_found("table of this name")),
    })
}

fn no_plan() -> Problem {
    Problem::not_found("plan in this run: its rules clash, or none was found")
}

fn linked(_: usize, key: &str, cell: &Cell) -> Dress {
    match (key, cell) {
        ("site_code", Cell::Text(code)) => {
            Dress { href: Some(format!("/sites/{code}")), ..Dress::default() }
        }
        ("verdict", Cell::Text(words)) => {
            let colour = match words.as_str() {
                "Better off" => "green",
                "Worse off" => "red",
                "Neither" => "grey",
                _ => "yellow",
            };
            Dress { tag: Some(colour), ..Dress::default() }
        }
        _ => Dress::default(),
    }
}

/// Statements of a run: at the dates of its newest programme, where there is one.
pub(in crate::web) fn stated(app: &App, id: RunId) -> Result<(Run, Incentives), Problem> {
    let scope = app.scope();
    let run = app.store.run(&scope, id)?;
    let proposal = run.proposal.as_ref().ok_or_else(no_plan)?;
    let shipped = config::assumptions().map_err(Problem::internal)?;
    let figures = scenario::figures(&run.scenario, &shipped);
    let terms = Terms {
        assumptions: &figures,
        base_year: run.scenario.base_year,
        horizon_years: run.scenario.horizon_years,
    };
    let estate = app.estate_at(run.scenario.register_version)?;
    let newest = app.store.programmes(&scope, id)?.into_iter().next();
    let programme = match newest {
        Some(header) => Some(app.store.programme(&scope, header.id)?.1),
        None => None,
    };
    let dated: &fund::Ledger = match &programme {
        Some(made) if !made.items.is_empty() => &made.ledger,
        _ => &run.ledger,
    };
    let told = incentives(estate.register(), proposal, dated, &terms).map_err(Problem::internal)?;
    Ok((run, told))
}

pub(crate) async fn owners(
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<u64>,
) -> Result<HttpResponse, Problem> {
    let id = RunId(*id);
    page(&request, &app, move |app| {
        let (run, told) = stated(app, id)?;
        let shown = |table: &Table| {
            let href = format!("/runs/{}/owners/{}.csv", id.0, table.name);
            view_of(Shown::dressed(table, Some(href), linked))
        };
        let worse: Vec<String> = told
            .statements
            .iter()
            .filter(|one| one.present() < Pence::ZERO)
            .map(|one| {
                let after = one.present_after();
                let mended =
                    if after >= Pence::ZERO { " The gain share makes up for it." } else { "" };
                format!(
                    "{} is worse off by {} at present worth without a share of the gain.{mended}",
                    one.party.words(),
                    Cell::Money(-one.present()).shown()
                )
            })
            .collect();
        let view = context! {
            run => id.0,
            name => run.scenario.name.clone(),
            worse => worse,
            fund => Cell::Money(told.fund_present).shown(),
            fund_after => Cell::Money(told.fund_present_after).shown(),
            owners => shown(&export::owners(&told)),
            sites => shown(&export::owner_sites(&told)),
        };
        Ok(Page::new("owners.html", format!("Owners in run {}", id.0), view)
            .under("Overview", "/")
            .under("Scenarios", "/scenarios")
            .under(format!("Run {}", id.0), format!("/runs/{}", id.0)))
    })
    .await
}

pub(crate) async fn owners_file(
    app: web::Data<App>,
    path: web::Path<(u64, String)>,
) -> Result<HttpResponse, Problem> {
    let (id, name) = path.into_inner();
    csv(&app, move |app| {
        let (_, told) = stated(app, RunId(id))?;
        let table = match name.as_str() {
            "owners" => export::owners(&told),
            "owner-sites" => export::owner_sites(&told),
            _ => return Err(Problem::not_found("table of this name")),
        };
        Ok(Table { name: format!("run-{id}-{}", table.name), ..table })
    })
    .await
}
