//! A run: the question, how the search ended, and the proposal with everything it rests on.

use std::collections::BTreeSet;

use actix_web::{HttpRequest, HttpResponse, web};
use minijinja::{Value as View, context};
use serde::Serialize;

use super::home::money;
use super::map::Legend;
use super::reference::{decimals, group, mode};
use super::scenario::{status_colour, status_words};
use super::table::{Dress, Shown, tag};
use super::{Page, csv, page, study, view_of};
use crate::access::{Area, AreaAssessment, Assessment, Verdict};
use crate::export::{Cell, Table, grouped};
use crate::fund::{Budget, Ledger, Line, OptionKind, Projection, ValueSource};
use crate::register::{Assumptions, Pence, SiteCode, Word};
use crate::scenario::{
    Action, Clause, Clauses, LockKind, Objective, Proposal, Reliance, Run, Scenario, ScopeOf,
};
use crate::store::{RunId, StudyHeader};
use crate::web::app::App;
use crate::web::draw::{self, Map, Mark, Symbol, financial_year};
use crate::web::estate::Estate;
use crate::web::problem::Problem;

pub(crate) async fn show(
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<u64>,
) -> Result<HttpResponse, Problem> {
    let id = RunId(*id);
    page(&request, &app, move |app| {
        let run = find(app, id)?;
        let estate = app.estate_at(run.scenario.register_version)?;
        let studies = app.store.studies(&app.scope(), id)?;
        let view = view(&estate, id, &run, &studies);
        let title = format!("Run {}: {}", id.0, run.scenario.name);
        Ok(Page::new("proposal.html", title, view)
            .under("Overview", "/")
            .under("Scenarios", "/scenarios"))
    })
    .await
}

/// The long tables have a page of their own.
pub(crate) async fn rest(
    request: HttpRequest,
    app: web::Data<App>,
    path: web::Path<(u64, String)>,
) -> Result<HttpResponse, Problem> {
    let (id, name) = path.into_inner();
    let id = RunId(id);
    page(&request, &app, move |app| {
        let run = find(app, id)?;
        let table = match name.as_str() {
            "ledger" | "kept" | "access-everywhere" => table_of(&run, &name)?,
            _ => return Err(Problem::not_found("page of this name")),
        };
        let shown = dressed(&table, Some(format!("/runs/{}/{name}.csv", id.0)));
        let view = context! { table => view_of(shown), name => run.scenario.name, is_ledger => name == "ledger", is_wide => name != "kept" };
        let title = format!("{}, run {}", table.caption, id.0);
        Ok(Page::new("run-table.html", title, view)
            .under("Overview", "/")
            .under("Scenarios", "/scenarios")
            .under(format!("Run {}", id.0), format!("/runs/{}", id.0)))
    })
    .await
}

pub(crate) async fn file(
    app: web::Data<App>,
    path: web::Path<(u64, String)>,
) -> Result<HttpResponse, Problem> {
    let (id, name) = path.into_inner();
    csv(&app, move |app| {
        let table = table_of(&find(app, RunId(id))?, &name)?;
        Ok(Table { name: format!("run-{id}-{}", table.name), ..table })
    })
    .await
}

fn find(app: &App, id: RunId) -> Result<Run, Problem> {
    Ok(app.store.run(&app.scope(), id)?)
}

/// Every table of a run, by the name of its file.
pub(in crate::web) fn table_of(run: &Run, name: &str) -> Result<Table, Problem> {
    let none = Proposal {
        actions: Vec::new(),
        moves: Vec::new(),
        refusals: Vec::new(),
        findings_today: Vec::new(),
        clauses: Clauses::default(),
        access_before: Vec::new(),
        access_after: Vec::new(),
        reliance: Reliance::default(),
    };
    let proposal = run.proposal.as_ref().unwrap_or(&none);
    Ok(match name {
        "clauses" => clauses(proposal),
        "actions" => actions(proposal, true),
        "kept" => actions(proposal, false),
        "moves" => moves(proposal),
        "refusals" => refusals(proposal),
        "findings" => findings(proposal),
        "access" => access(proposal, false),
        "access-everywhere" => access(proposal, true),
        "reliance" => reliance(proposal, &run.scenario.assumptions),
        "fund" => fund(run.projection.as_ref()),
        "ledger" => ledger(&run.ledger),
        "search" => search(run),
        _ => return Err(Problem::not_found("table of this name")),
    })
}

fn view(estate: &Estate, id: RunId, run: &Run, studies: &[StudyHeader]) -> View {
    let shown = |name: &str| -> Option<View> {
        let table = table_of(run, name).ok()?;
        let shown = if matches!(name, "actions" | "refusals") {
            with_sheets(&table, id, Some(format!("/runs/{}/{name}.csv", id.0)))
        } else {
            dressed(&table, Some(format!("/runs/{}/{name}.csv", id.0)))
        };
        Some(view_of(shown))
    };
    let proposal = run.proposal.as_ref();
    context! {
        id => id.0,
        name => run.scenario.name.clone(),
        studies => study::list(studies),
        sought_amounts => study::amounts(run.scenario.objective),
        against_amounts => study::amounts(if run.scenario.objective == Objective::SpaceReleased { Objective::FundValue } else { Objective::SpaceReleased }),
        status => View::from_safe_string(tag(status_colour(run.solver.status), status_words(run.solver.status))),
        told => told(run),
        has_plan => proposal.is_some(),
        breaches => run.breaches.clone(),
        clash => run.solver.clash.clone(),
        figures => view_of(figures(run)),
        question => question(&run.scenario),
        record => record(run),
        clauses => shown("clauses"),
        actions => shown("actions"),
        kept_count => proposal.map_or(0, |p| p.actions.iter().filter(|action| action.option == OptionKind::Keep).count()),
        moves => shown("moves"),
        refusals => shown("refusals"),
        findings => shown("findings"),
        access => shown("access"),
        travel => proposal.and_then(|p| p.access_after.first()).map(|assessment| assessment.travel.clone()),
        reliance => shown("reliance"),
        reliance_words => proposal.map(reliance_words),
        fund => shown("fund"),
        fund_chart => run.projection.as_ref().and_then(draw::fund).map(View::from_safe_string),
        projection => run.projection.as_ref().map(projection_words),
        overdrawn => run.projection.as_ref().and_then(overdrawn_words),
        ledger_count => run.ledger.lines.len(),
        search => shown("search"),
        search_chart => draw::search(&run.solver.history).map(View::from_safe_string),
        maps => proposal.map(|p| maps(estate, p)),
        legend => view_of(proposal.map(legend).unwrap_or_default()),
    }
}

/// How the search ended, as a sentence a planner can repeat.
fn told(run: &Run) -> String {
    use crate::scenario::RunStatus;
    let seconds =
        Cell::Number(run.solver.seconds, if run.solver.seconds < 1.0 { 2 } else { 1 }).shown();
    let gap = run
        .solver
        .gap
        .filter(|gap| gap.is_finite())
        .map(|gap| format!("{:.2} %", gap.abs() * 100.0));
    match (run.solver.status, gap) {
        (RunStatus::Optimal, _) => {
            format!("No plan that keeps the rules is better. Proved in {seconds} seconds.")
        }
        (RunStatus::WithinGap, Some(gap)) => format!(
            "No plan that keeps the rules can be better by more than {gap}. Found in {seconds} seconds."
        ),
        (RunStatus::Stopped, Some(gap)) => format!(
            "Stopped after {seconds} seconds with the best plan so far. A better one, by at most {gap}, may exist."
        ),
        (RunStatus::WithinGap | RunStatus::Stopped, None) => format!(
            "Stopped after {seconds} seconds with the best plan so far. How far it is from the best possible is not known."
        ),
        (RunStatus::Infeasible, _) => {
            format!("The rules clash: no plan can keep all of them. Found in {seconds} seconds.")
        }
        (RunStatus::NothingFound, _) => format!(
            "Stopped after {seconds} seconds before any plan was found. There may be one: allow more time."
        ),
    }
}

#[derive(Debug, Serialize)]
struct Figure {
    number: String,
    label: &'static str,
    note: String,
}

fn figures(run: &Run) -> Vec<Figure> {
    let Some(proposal) = &run.proposal else { return Vec::new() };
    let with =
        |option: OptionKind| proposal.actions.iter().filter(move |action| action.option == option);
    let count = |option| grouped(with(option).count() as f64, 0);
    let to_fund: Pence = proposal.actions.iter().map(|action| action.to_fund).sum();
    let saved: Pence = proposal.actions.iter().map(|action| action.running_cost_saved).sum();
    let people: f64 = proposal.moves.iter().filter_map(|moved| moved.people).sum();
    let mut figures = vec![
        Figure {
            number: count(OptionKind::Dispose),
            label: "sites would close",
            note: format!("of {} in scope", grouped(proposal.actions.len() as f64, 0)),
        },
        Figure {
            number: grouped(proposal.moves.len() as f64, 0),
            label: "tenancies would move",
            note: format!("serving {} people, where known", grouped(people, 0)),
        },
        Figure {
            number: money(to_fund),
            label: "to the fund, net",
            note: format!("{} was asked for", money(run.scenario.fund_asked)),
        },
        Figure {
            number: money(saved),
            label: "running cost saved a year",
            note: "less what is added elsewhere".to_owned(),
        },
    ];
    if let Some(projection) = &run.projection {
        figures.push(Figure {
            number: money(projection.npsv),
            label: "net present social value",
            note: format!(
                "{} % of the cash flow rests on assumptions",
                grouped(projection.assumed_share * 100.0, 0)
            ),
        });
        figures.push(Figure {
            number: money(projection.backlog_avoided),
            label: "backlog avoided",
            note: "a liability, never cash".to_owned(),
        });
    }
    figures
}

fn row(key: &str, value: impl Into<String>) -> View {
    context! { key => context! { text => key }, value => context! { text => value.into() } }
}

fn question(scenario: &Scenario) -> Vec<View> {
    let scope = match &scenario.scope {
        ScopeOf::All => "All located sites".to_owned(),
        ScopeOf::Icb(code) => format!("Integrated care board {code}"),
        ScopeOf::Boroughs(codes) => format!("Boroughs {}", codes.join(", ")),
    };
    let objective = match scenario.objective {
        Objective::FundValue => "The fund's value and running cost",
        Objective::PeopleWorseOff => "Fewest people worse off",
        Objective::SpaceReleased => "Most under-used space released",
        Objective::RunningCost => "Lowest running cost",
        Objective::Fund => "Most money to the fund",
        Objective::Travel => "Least extra travel",
    };
    let locks = scenario.locks.iter().map(|lock| {
        let kind = match lock.kind {
            LockKind::Keep => "keep",
            LockKind::Close => "close",
        };
        format!("{kind} {} ({})", lock.site, lock.why)
    });
    let locks: Vec<String> = locks.collect();
    vec![
        row("Sites that may change", scope),
        row("What is sought", objective),
        row("Fund asked for", Cell::Money(scenario.fund_asked).shown()),
        row("Capital available", Cell::Money(scenario.capital_available).shown()),
        row(
            "Most sites closed in a borough",
            scenario.closures_per_borough.map_or("No limit".to_owned(), |most| most.to_string()),
        ),
        row(
            "Held to",
            if scenario.held.is_empty() {
                "Nothing else".to_owned()
            } else {
                let held = scenario.held.iter().map(|held| {
                    let side = if held.amount.more_is_better() { "at least" } else { "at most" };
                    format!(
                        "{}: {side} {} {}",
                        held.amount.label(),
                        grouped(held.to, 0),
                        held.amount.unit()
                    )
                });
                held.collect::<Vec<_>>().join("; ")
            },
        ),
        row(
            "Most of a service's people that a move may put beyond the journey limit",
            format!("{} %", grouped(scenario.journey_share_beyond * 100.0, 0)),
        ),
        row(
            "Decided already",
            if locks.is_empty() { "Nothing".to_owned() } else { locks.join("; ") },
        ),
        row(
            "Standards held",
            scenario.standards.iter().map(|s| s.words.as_str()).collect::<Vec<_>>().join("; "),
        ),
        row("Assumptions", &*scenario.assumptions.name),
        row(
            "Years",
            format!("{} years from {}", scenario.horizon_years, financial_year(scenario.base_year)),
        ),
        row("Register version", scenario.register_version.to_string()),
    ]
}

fn record(run: &Run) -> Vec<View> {
    let solver = &run.solver;
    let (columns, rows, nonzeros) = solver.size;
    let count = |n: u64| grouped(n as f64, 0);
    vec![
        row("Solver", &*solver.version),
        row(
            "Model",
            format!(
                "{} columns, {} rows, {} entries",
                count(columns),
                count(rows),
                count(nonzeros)
            ),
        ),
        row("Seed", solver.seed.to_string()),
        row("Asked by", &*run.author),
        row("Asked at", format!("{} UTC", run.at.format("%-d %B %Y, %H:%M"))),
        row("Hash of the input", &*run.input_hash),
    ]
}

fn clauses(proposal: &Proposal) -> Table {
    let columns = [
        ("clause", "Clause", false),
        ("figure", "Figure", false),
        ("before", "Today", true),
        ("after", "Under the plan", true),
        ("change", "Change", true),
        ("unit", "Unit", false),
        ("unknown", "Not known for", true),
    ];
    let clauses = &proposal.clauses;
    let parts: [(&str, &Vec<Clause>); 5] = [
        ("Modern and fit for purpose", &clauses.quality),
        ("Within reach", &clauses.access),
        ("Used well", &clauses.efficient_use),
        ("Consolidated or sold", &clauses.consolidation),
        ("Fund for local priorities", &clauses.fund),
    ];
    let rows = parts
        .into_iter()
        .flat_map(|(title, figures)| figures.iter().map(move |figure| clause(title, figure)));
    Table::new("clauses", "The five clauses, before and after", &columns).with(rows)
}

fn clause(title: &str, clause: &Clause) -> Vec<Cell> {
    let change = clause.before.zip(clause.after).map(|(before, after)| after - before);
    // A clause gives pounds as a number for charts; whole pence survive it up to 90 billion pounds.
    let cell = |value: Option<f64>| match value {
        Some(pounds) if clause.unit == "£" => Cell::Money(Pence::pounds(1).times(pounds)),
        value => Cell::maybe(value, usize::from(clause.unit == "%")),
    };
    vec![
        Cell::text(title),
        Cell::text(&*clause.label),
        cell(clause.before),
        cell(clause.after),
        cell(change),
        Cell::text(&*clause.unit),
        Cell::count(clause.unknown),
    ]
}

pub(super) fn option_words(option: OptionKind) -> &'static str {
    match option {
        OptionKind::Keep => "Keep",
        OptionKind::Improve => "Improve",
        OptionKind::SellLand => "Keep, sell land",
        OptionKind::Dispose => "Close",
    }
}

fn option_colour(words: &str) -> &'static str {
    match words {
        "Improve" => "green",
        "Keep, sell land" => "orange",
        "Close" => "red",
        _ => "grey",
    }
}

fn actions(proposal: &Proposal, changed: bool) -> Table {
    let columns = [
        ("site_code", "Code", false),
        ("name", "Site", false),
        ("action", "Action", false),
        ("reasons", "Why", false),
        ("receipt_gbp", "Receipt", true),
        ("costs_gbp", "One-off costs", true),
        ("running_cost_saved_gbp", "Running cost saved a year", true),
        ("to_fund_gbp", "To the fund", true),
        ("assumptions", "Rests on assumptions", false),
    ];
    let (name, caption) = if changed {
        ("actions", "What would change, site by site")
    } else {
        ("kept", "Sites that stay as they are")
    };
    let wanted = |action: &&Action| (action.option != OptionKind::Keep) == changed;
    Table::new(name, caption, &columns).with(proposal.actions.iter().filter(wanted).map(|action| {
        let reasons: Vec<&str> =
            action.reasons.iter().map(|reason| reason.words.as_str()).collect();
        vec![
            Cell::text(action.site.as_str()),
            Cell::text(&*action.name),
            Cell::text(option_words(action.option)),
            Cell::text(reasons.join(" ")),
            Cell::Money(action.receipt),
            Cell::Money(action.costs),
            Cell::Money(action.running_cost_saved),
            Cell::Money(action.to_fund),
            Cell::text(action.assumed.join(" ")),
        ]
    }))
}

fn moves(proposal: &Proposal) -> Table {
    let columns = [
        ("tenancy_id", "Tenancy", false),
        ("name", "Name", false),
        ("service_line", "Service line", false),
        ("from_site_code", "From", false),
        ("to_site_code", "To", false),
        ("people", "People", true),
        ("distance_m", "Distance (m)", true),
        ("minutes_before", "Minutes before", true),
        ("minutes_after", "Minutes after", true),
        ("share_beyond_percent", "Beyond the journey limit (%)", true),
        ("space_m2", "Space taken (m²)", true),
        ("minutes_by", "Minutes by", false),
    ];
    Table::new("moves", "What would move", &columns).with(proposal.moves.iter().map(|moved| {
        vec![
            Cell::text(moved.tenancy.as_str()),
            Cell::text(&*moved.name),
            moved.service_line.map_or(Cell::Unknown("not known"), |line| Cell::text(line.label())),
            Cell::text(moved.from.as_str()),
            Cell::text(moved.to.as_str()),
            Cell::maybe(moved.people, 0),
            Cell::Number(moved.metres, 0),
            Cell::maybe(moved.minutes_before.map(|m| m.0), 1),
            Cell::maybe(moved.minutes_after.map(|m| m.0), 1),
            Cell::maybe(moved.share_beyond.map(|share| share * 100.0), 1),
            Cell::Number(moved.clinical.0 + moved.non_clinical.0, 0),
            moved.minutes_by.as_ref().map_or(Cell::Empty, |by| Cell::text(&**by)),
        ]
    }))
}

fn refusals(proposal: &Proposal) -> Table {
    let columns = [
        ("site_code", "Code", false),
        ("name", "Site", false),
        ("option", "Ruled out", false),
        ("reason", "Why", false),
    ];
    Table::new("refusals", "What was ruled out, and why", &columns).with(
        proposal.refusals.iter().map(|refusal| {
            vec![
                Cell::text(refusal.site.as_str()),
                Cell::text(&*refusal.name),
                Cell::text(option_words(refusal.option)),
                Cell::text(&*refusal.reason.words),
            ]
        }),
    )
}

fn findings(proposal: &Proposal) -> Table {
    let columns = [("code", "Rule", false), ("finding", "What is found", false)];
    Table::new("findings", "Rules today's estate already breaks", &columns).with(
        proposal.findings_today.iter().map(|finding| {
            vec![Cell::text(finding.code.replace('_', " ")), Cell::text(&*finding.words)]
        }),
    )
}

fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "Met",
        Verdict::Fail => "Missed",
        Verdict::Undetermined => "Not known",
    }
}

/// Each standard in all, and in the boroughs the scenario is about, or in every one.
fn access(proposal: &Proposal, everywhere: bool) -> Table {
    let columns = [
        ("standard", "Standard", false),
        ("area", "Area", false),
        ("group", "For", false),
        ("people", "People", true),
        ("within_before", "Within, today", true),
        ("within_after", "Within, after", true),
        ("beyond_before", "Beyond, today", true),
        ("beyond_after", "Beyond, after", true),
        ("undetermined_before", "Not known, today", true),
        ("undetermined_after", "Not known, after", true),
        ("verdict_before", "Today", false),
        ("verdict_after", "After", false),
    ];
    let touched: &BTreeSet<&str> =
        &proposal.actions.iter().filter_map(|action| action.borough.as_deref()).collect();
    let rows = proposal.access_before.iter().flat_map(|before| {
        let after =
            proposal.access_after.iter().find(|after| after.standard.key == before.standard.key);
        let is_shown = move |area: &&AreaAssessment| {
            everywhere
                || matches!(&area.area, Area::Borough(code) if touched.contains(code.as_str()))
        };
        let areas = std::iter::once(&before.total).chain(before.boroughs.iter().filter(is_shown));
        areas.map(move |area| {
            let then = after.and_then(|after| {
                same_area(after, &area.area, std::ptr::eq(area, &raw const before.total))
            });
            access_row(before, area, then)
        })
    });
    let (name, caption) = if everywhere {
        ("access-everywhere", "Access in every borough, before and after")
    } else {
        ("access", "Access, before and after")
    };
    Table::new(name, caption, &columns).with(rows)
}

fn same_area<'a>(
    assessment: &'a Assessment,
    area: &Area,
    is_total: bool,
) -> Option<&'a AreaAssessment> {
    if is_total {
        Some(&assessment.total)
    } else {
        assessment.boroughs.iter().find(|other| other.area == *area)
    }
}

fn access_row(
    assessment: &Assessment,
    area: &AreaAssessment,
    after: Option<&AreaAssessment>,
) -> Vec<Cell> {
    let standard = &assessment.standard;
    let then = |pick: fn(&AreaAssessment) -> u64| {
        after.map_or(Cell::Unknown("not known"), |after| Cell::count(pick(after)))
    };
    vec![
        Cell::text(&*standard.words),
        Cell::text(&*area.name),
        Cell::text(format!("{}, {}", group(standard.group), mode(standard.mode))),
        Cell::count(area.people),
        Cell::count(area.within),
        then(|after| after.within),
        Cell::count(area.beyond),
        then(|after| after.beyond),
        Cell::count(area.undetermined),
        then(|after| after.undetermined),
        Cell::text(verdict(area.verdict)),
        after.map_or(Cell::Unknown("not known"), |after| Cell::text(verdict(after.verdict))),
    ]
}

fn reliance(proposal: &Proposal, set: &Assumptions) -> Table {
    let columns = [
        ("key", "Assumption", false),
        ("words", "What it stands for", false),
        ("value", "Value", true),
        ("unit", "Unit", false),
        ("times", "Values it stood in for", true),
    ];
    Table::new("reliance", "Assumptions this rests on", &columns).with(
        proposal.reliance.used.iter().map(|(key, times)| {
            let figure = set.figures.get(key);
            vec![
                Cell::text(&**key),
                figure.map_or(Cell::Empty, |figure| Cell::text(&*figure.words)),
                figure.map_or(Cell::Empty, |figure| {
                    Cell::Number(figure.value, decimals(figure.value))
                }),
                figure.map_or(Cell::Empty, |figure| Cell::text(&*figure.unit)),
                Cell::count(*times),
            ]
        }),
    )
}

fn reliance_words(proposal: &Proposal) -> String {
    let percent = |share: f64| grouped(share * 100.0, 0);
    format!(
        "{} % of receipts by value and {} % of room by area are assumed, not known.",
        percent(proposal.reliance.receipts_assumed),
        percent(proposal.reliance.room_assumed)
    )
}

fn fund(projection: Option<&Projection>) -> Table {
    let columns = [
        ("financial_year", "Year", false),
        ("opening_gbp", "Opening", true),
        ("in_gbp", "In", true),
        ("out_gbp", "Out", true),
        ("closing_gbp", "Closing", true),
        ("closing_low_gbp", "Closing, low", true),
        ("closing_high_gbp", "Closing, high", true),
        ("capital_cover_gbp", "Capital cover left", true),
        ("revenue_effect_gbp", "Running cost, saved less added", true),
    ];
    let years = projection.map(|projection| projection.years.as_slice()).unwrap_or_default();
    Table::new("fund", "The fund, year by year", &columns).with(years.iter().map(|year| {
        vec![
            Cell::Text(financial_year(year.year)),
            Cell::Money(year.opening),
            Cell::Money(year.money_in),
            Cell::Money(year.money_out),
            Cell::Money(year.closing),
            Cell::Money(year.closing_low),
            Cell::Money(year.closing_high),
            Cell::Money(year.cdel_cover),
            Cell::Money(year.revenue_effect),
        ]
    }))
}

fn projection_words(projection: &Projection) -> String {
    let ratio = projection
        .bcr
        .map_or("Nothing is spent, so there is no benefit-cost ratio".to_owned(), |bcr| {
            format!("The benefit-cost ratio is {bcr:.2}")
        });
    format!(
        "In {} prices. The net present social value is {}. {ratio}. The band runs from receipts low and costs high to receipts high and costs low.",
        financial_year(projection.price_base),
        Cell::Money(projection.npsv).shown()
    )
}

/// Years in which more has been spent than has come in.
fn overdrawn_words(projection: &Projection) -> Option<String> {
    let below = || projection.years.iter().filter(|year| year.closing < Pence::ZERO);
    let deepest = below().min_by_key(|year| year.closing)?;
    let years: Vec<String> = below().map(|year| financial_year(year.year)).collect();
    Some(format!(
        "The balance is below zero at the end of {}, at the least {}. The proposal is unordered: a programme that sells \
         before it spends, or a loan, would have to bridge it.",
        years.join(", "),
        Cell::Money(deepest.closing).shown()
    ))
}

pub(super) fn ledger(ledger: &Ledger) -> Table {
    let columns = [
        ("financial_year", "Year", false),
        ("site_code", "Site", false),
        ("kind", "What for", false),
        ("amount_gbp", "Amount", true),
        ("low_gbp", "Low", true),
        ("high_gbp", "High", true),
        ("budget", "Budget", false),
        ("in_fund", "In the fund", false),
        ("owner", "Whose", false),
        ("because", "Because", false),
        ("source", "Rests on", false),
    ];
    let row = |line: &Line| {
        let source = match &line.source {
            ValueSource::Known(evidence) => format!("{} ({})", evidence.source, evidence.as_of),
            ValueSource::Assumed(keys) => format!("assumed: {}", keys.join(" ")),
        };
        let budget = match line.budget {
            Budget::Cdel => "Capital",
            Budget::Revenue => "Revenue",
            Budget::NonCash => "Not cash",
            Budget::Accounts => "Owner's accounts",
        };
        vec![
            Cell::Text(financial_year(line.year)),
            Cell::text(line.site.as_str()),
            Cell::text(line.kind.label()),
            Cell::Money(line.amount),
            Cell::Money(line.low),
            Cell::Money(line.high),
            Cell::text(budget),
            Cell::text(if line.in_fund { "Yes" } else { "No" }),
            line.owner.map_or(Cell::Unknown("not known"), |owner| Cell::text(owner.label())),
            Cell::text(&*line.because),
            Cell::text(source),
        ]
    };
    Table::new("ledger", "Ledger", &columns).with(ledger.lines.iter().map(row))
}

fn search(run: &Run) -> Table {
    let columns = [
        ("seconds", "Seconds", true),
        ("best_plan", "Best plan", true),
        ("bound", "No plan can be better than", true),
        ("gap_percent", "Gap (%)", true),
    ];
    let finite = |value: Option<f64>| value.filter(|v| v.is_finite());
    let cell = |value: Option<f64>, decimals| {
        finite(value).map_or(Cell::Unknown("not known"), |v| Cell::Number(v, decimals))
    };
    Table::new("search", "The search", &columns).with(run.solver.history.iter().map(
        |(seconds, plan, bound)| {
            let gap = finite(*plan).zip(finite(*bound)).filter(|(plan, _)| plan.abs() > 1e-9);
            let gap = gap.map(|(plan, bound)| 100.0 * (plan - bound).abs() / plan.abs());
            vec![Cell::Number(*seconds, 1), cell(*plan, 0), cell(*bound, 0), cell(gap, 2)]
        },
    ))
}

/// The same, its sites leading to their reason sheets in this run.
fn with_sheets(table: &Table, id: RunId, href: Option<String>) -> Shown {
    Shown::dressed(table, href, move |_, key, cell| match (key, cell) {
        ("site_code", Cell::Text(code)) => {
            Dress { href: Some(format!("/runs/{}/sites/{code}", id.0)), ..Dress::default() }
        }
        _ => dress(key, cell),
    })
}

/// Links to sites and tags for words, for whichever table has such columns.
fn dressed(table: &Table, href: Option<String>) -> Shown {
    Shown::dressed(table, href, |_, key, cell| dress(key, cell))
}

fn dress(key: &str, cell: &Cell) -> Dress {
    match (key, cell) {
        ("site_code" | "from_site_code" | "to_site_code", Cell::Text(code)) => {
            Dress { href: Some(format!("/sites/{code}")), ..Dress::default() }
        }
        ("action", Cell::Text(words)) => {
            Dress { tag: Some(option_colour(words)), ..Dress::default() }
        }
        ("verdict_before" | "verdict_after", Cell::Text(words)) => {
            let colour = match words.as_str() {
                "Met" => "green",
                "Missed" => "red",
                _ => "yellow",
            };
            Dress { tag: Some(colour), ..Dress::default() }
        }
        _ => Dress::default(),
    }
}

fn symbol(option: OptionKind) -> Symbol {
    match option {
        OptionKind::Keep => Symbol::Circle,
        OptionKind::Improve => Symbol::Triangle,
        OptionKind::SellLand => Symbol::Diamond,
        OptionKind::Dispose => Symbol::Square,
    }
}

fn legend(proposal: &Proposal) -> Vec<Legend> {
    let options =
        [OptionKind::Keep, OptionKind::Improve, OptionKind::SellLand, OptionKind::Dispose];
    let line = |option: OptionKind| Legend {
        symbol: View::from_safe_string(symbol(option).legend()),
        label: option_words(option).to_owned(),
        count: proposal.actions.iter().filter(|action| action.option == option).count(),
    };
    options.into_iter().map(line).collect()
}

/// Every site in scope as it stands today, and as it would stand, with what moves where.
fn maps(estate: &Estate, proposal: &Proposal) -> View {
    let place =
        |code: &SiteCode| estate.register().site(code).and_then(crate::register::Site::location);
    let marks = |symbol: &dyn Fn(&Action) -> Symbol| -> Vec<Mark> {
        let mark = |action: &Action| {
            let title = format!("{}: {}", action.name, option_words(action.option));
            Some(Mark { at: place(&action.site)?, symbol: symbol(action), title, href: None })
        };
        proposal.actions.iter().filter_map(mark).collect()
    };
    // Boroughs the plan touches; others would only make the drawing smaller.
    let touched: BTreeSet<&str> =
        proposal.actions.iter().filter_map(|action| action.borough.as_deref()).collect();
    let shapes: Vec<_> =
        estate.shapes.iter().filter(|shape| touched.contains(shape.code.as_str())).collect();
    let moves = proposal
        .moves
        .iter()
        .filter_map(|moved| Some((place(&moved.from)?, place(&moved.to)?)))
        .collect();
    let before = Map {
        label: "Sites in scope today",
        shapes: shapes.clone(),
        marks: marks(&|_| Symbol::Circle),
        ..Map::default()
    };
    let after = Map {
        label: "Sites in scope under the plan, and what moves where",
        shapes,
        marks: marks(&|action| symbol(action.option)),
        moves,
        ..Map::default()
    };
    context! {
        before => before.draw().map(View::from_safe_string),
        after => after.draw().map(View::from_safe_string),
    }
}
