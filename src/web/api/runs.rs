//! Runs: stored answers, whole and by table.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::answer;
use super::ask::Asked;
use super::jobs::Improvement;
use super::reference::AssumptionSet;
use super::standards::StandardView;
use super::view::{Gbp, finite, utc};
use crate::access::Assessment;
use crate::fund::{self, Budget, LineKind, OptionKind, ValueSource};
use crate::register::{ReceiptAccruesTo, ServiceLine};
use crate::scenario::{self, Held, LockKind, Objective, RunStatus, ScopeOf};
use crate::store::{RunHeader, RunId};
use crate::web::app::App;
use crate::web::pages;
use crate::web::problem::Problem;

const LIMIT: usize = 100;

/// A part of the runs, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RunList {
    total: usize,
    offset: usize,
    runs: Vec<Head>,
    /// Address of the next part; null on the last.
    next: Option<String>,
}

/// A run at a glance.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RunHead)]
struct Head {
    id: u64,
    href: String,
    page: String,
    name: String,
    author: String,
    #[schema(format = DateTime)]
    at: String,
    register_version: u64,
    /// `optimal`, `within_gap`, `stopped`, `infeasible` or `nothing_found`.
    #[schema(value_type = String)]
    status: RunStatus,
    /// Gap reached: 0.01 is 1 %.
    gap: Option<f64>,
    seconds: f64,
    sites_closed: u64,
    tenancies_moved: u64,
    /// Rules not kept, by the independent check.
    breaches: u64,
    #[schema(value_type = f64)]
    fund_asked_gbp: Gbp,
    /// Null where there is no plan.
    #[schema(value_type = Option<f64>)]
    to_fund_gbp: Option<Gbp>,
    /// Net present social value.
    #[schema(value_type = Option<f64>)]
    npsv_gbp: Option<Gbp>,
    /// SHA-256 of the question.
    input_hash: String,
    /// SHA-256 over the run before and all of this one.
    hash: String,
}

impl From<RunHeader> for Head {
    fn from(run: RunHeader) -> Self {
        Self {
            id: run.id.0,
            href: href(run.id),
            page: format!("/runs/{}", run.id.0),
            name: run.name,
            author: run.author,
            at: utc(run.at),
            register_version: run.register_version,
            status: run.status,
            gap: finite(run.gap),
            seconds: run.seconds,
            sites_closed: run.sites_closed,
            tenancies_moved: run.tenancies_moved,
            breaches: run.breaches,
            fund_asked_gbp: Gbp(run.fund_asked),
            to_fund_gbp: run.to_fund.map(Gbp),
            npsv_gbp: run.npsv.map(Gbp),
            input_hash: run.input_hash,
            hash: run.hash,
        }
    }
}

fn href(id: RunId) -> String {
    format!("/api/v1/runs/{}", id.0)
}

/// Every run, newest first.
#[utoipa::path(get, path = "/api/v1/runs", tag = "Scenarios",
    params(
        ("limit" = Option<u64>, Query, minimum = 1, maximum = 1000, description = "100 where not given"),
        ("offset" = Option<u64>, Query, minimum = 0, description = "Runs to leave out before the first"),
    ),
    responses((status = 200, description = "Runs", body = RunList)))]
pub(super) async fn list(
    request: HttpRequest,
    app: web::Data<App>,
) -> Result<HttpResponse, Problem> {
    let mut asked = Asked::of(&request)?;
    let limit = asked.count("limit", 1, 1000).unwrap_or(LIMIT);
    let offset = asked.count("offset", 0, u64::from(u32::MAX)).unwrap_or(0);
    asked.end()?;
    answer(&app, move |app| {
        let found = app.store.runs(&app.scope())?;
        let total = found.len();
        let runs: Vec<Head> = found.into_iter().skip(offset).take(limit).map(Head::from).collect();
        let after = offset + runs.len();
        let next = (!runs.is_empty() && after < total)
            .then(|| format!("/api/v1/runs?limit={limit}&offset={after}"));
        Ok(RunList { total, offset, runs, next })
    })
    .await
}

/// A stored answer, whole.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WholeRun {
    run: Head,
    question: Question,
    solver: Solver,
    /// Null where there is no plan: `solver` says why.
    proposal: Option<Proposal>,
    fund: Option<Fund>,
    ledger: Vec<Line>,
    /// Rules the proposal does not keep, by the independent check, in words.
    breaches: Vec<String>,
}

/// What was asked.
#[derive(Debug, Serialize, ToSchema)]
struct Question {
    name: String,
    register_version: u64,
    /// As in a question that is asked: `"all"`, `{"icb": …}` or `{"boroughs": […]}`.
    #[schema(value_type = serde_json::Value)]
    scope: ScopeOf,
    locks: Vec<Lock>,
    /// `fund_value`, `people_worse_off`, `space_released`, `running_cost`, `fund` or `travel`.
    #[schema(value_type = String)]
    objective: Objective,
    standards: Vec<StandardView>,
    assumptions: AssumptionSet,
    #[schema(value_type = f64)]
    fund_asked_gbp: Gbp,
    #[schema(value_type = f64)]
    capital_gbp: Gbp,
    closures_per_borough: Option<u32>,
    /// Amounts the plan was held to: each `amount` and what it is held `to`.
    #[schema(value_type = Vec<serde_json::Value>)]
    held: Vec<Held>,
    journey_share_beyond: f64,
    base_year: i32,
    horizon_years: u8,
    gap: f64,
    time_limit_seconds: f64,
    seed: u32,
}

/// A decision taken outside the model.
#[derive(Debug, Serialize, ToSchema)]
struct Lock {
    site: String,
    /// `keep` or `close`.
    #[schema(value_type = String)]
    kind: LockKind,
    why: String,
}

impl From<scenario::Scenario> for Question {
    fn from(asked: scenario::Scenario) -> Self {
        let lock = |lock: scenario::Lock| Lock {
            site: lock.site.to_string(),
            kind: lock.kind,
            why: lock.why,
        };
        Self {
            name: asked.name,
            register_version: asked.register_version,
            scope: asked.scope,
            locks: asked.locks.into_iter().map(lock).collect(),
            objective: asked.objective,
            standards: asked.standards.into_iter().map(StandardView::from).collect(),
            assumptions: asked.assumptions.into(),
            fund_asked_gbp: Gbp(asked.fund_asked),
            capital_gbp: Gbp(asked.capital_available),
            closures_per_borough: asked.closures_per_borough,
            held: asked.held,
            journey_share_beyond: asked.journey_share_beyond,
            base_year: asked.base_year,
            horizon_years: asked.horizon_years,
            gap: asked.gap,
            time_limit_seconds: asked.time_limit_seconds,
            seed: asked.seed,
        }
    }
}

/// What the search reached.
#[derive(Debug, Serialize, ToSchema)]
struct Solver {
    version: String,
    /// `optimal`, `within_gap`, `stopped`, `infeasible` or `nothing_found`.
    #[schema(value_type = String)]
    status: RunStatus,
    /// Least is best; of the model, never a reported pound.
    objective: Option<f64>,
    bound: Option<f64>,
    gap: Option<f64>,
    seconds: f64,
    columns: u64,
    rows: u64,
    nonzeros: u64,
    seed: u32,
    history: Vec<Improvement>,
    /// The rules that clash where no plan can keep all of them.
    clash: Vec<String>,
}

impl From<scenario::SolverRecord> for Solver {
    fn from(solver: scenario::SolverRecord) -> Self {
        let (columns, rows, nonzeros) = solver.size;
        Self {
            version: solver.version,
            status: solver.status,
            objective: finite(solver.objective),
            bound: finite(solver.bound),
            gap: finite(solver.gap),
            seconds: solver.seconds,
            columns,
            rows,
            nonzeros,
            seed: solver.seed,
            history: solver.history.iter().map(Improvement::from).collect(),
            clash: solver.clash,
        }
    }
}

/// The answer in estate terms.
#[derive(Debug, Serialize, ToSchema)]
struct Proposal {
    /// One a site in scope, those that stay as they are among them.
    actions: Vec<Action>,
    moves: Vec<Move>,
    refusals: Vec<Refusal>,
    /// Rules that today's estate already breaks.
    findings_today: Vec<Reason>,
    clauses: Clauses,
    /// How each standard is met before the plan.
    #[schema(value_type = Vec<Object>)]
    access_before: Vec<Assessment>,
    #[schema(value_type = Vec<Object>)]
    access_after: Vec<Assessment>,
    reliance: Reliance,
}

/// The five clauses, before and after.
#[derive(Debug, Serialize, ToSchema)]
struct Clauses {
    quality: Vec<Clause>,
    access: Vec<Clause>,
    efficient_use: Vec<Clause>,
    consolidation: Vec<Clause>,
    fund: Vec<Clause>,
}

/// A figure before and after; null is not known.
#[derive(Debug, Serialize, ToSchema)]
struct Clause {
    key: String,
    label: String,
    unit: String,
    before: Option<f64>,
    after: Option<f64>,
    /// Sites or people it could not be known for.
    unknown: u64,
}

impl From<scenario::Clause> for Clause {
    fn from(clause: scenario::Clause) -> Self {
        let scenario::Clause { key, label, unit, before, after, unknown } = clause;
        Self { key, label, unit, before: finite(before), after: finite(after), unknown }
    }
}

/// How much rests on assumptions.
#[derive(Debug, Serialize, ToSchema)]
struct Reliance {
    used: Vec<Used>,
    /// Share of receipts by value.
    receipts_assumed: f64,
    /// Share of room by area.
    room_assumed: f64,
}

/// An assumption that stood in for unknowns.
#[derive(Debug, Serialize, ToSchema)]
struct Used {
    key: String,
    times: u64,
}

impl From<scenario::Proposal> for Proposal {
    fn from(proposal: scenario::Proposal) -> Self {
        let figures =
            |clauses: Vec<scenario::Clause>| clauses.into_iter().map(Clause::from).collect();
        let clauses = proposal.clauses;
        Self {
            actions: proposal.actions.into_iter().map(Action::from).collect(),
            moves: proposal.moves.into_iter().map(Move::from).collect(),
            refusals: proposal.refusals.into_iter().map(Refusal::from).collect(),
            findings_today: proposal
                .findings_today
                .into_iter()
                .map(|f| Reason { code: f.code, words: f.words })
                .collect(),
            clauses: Clauses {
                quality: figures(clauses.quality),
                access: figures(clauses.access),
                efficient_use: figures(clauses.efficient_use),
                consolidation: figures(clauses.consolidation),
                fund: figures(clauses.fund),
            },
            access_before: proposal.access_before,
            access_after: proposal.access_after,
            reliance: Reliance {
                used: proposal
                    .reliance
                    .used
                    .into_iter()
                    .map(|(key, times)| Used { key, times })
                    .collect(),
                receipts_assumed: proposal.reliance.receipts_assumed,
                room_assumed: proposal.reliance.room_assumed,
            },
        }
    }
}

/// A stable code for machines and a sentence for people.
#[derive(Debug, Serialize, ToSchema)]
struct Reason {
    code: String,
    words: String,
}

impl From<scenario::Reason> for Reason {
    fn from(reason: scenario::Reason) -> Self {
        Self { code: reason.code, words: reason.words }
    }
}

/// What is proposed for a site.
#[derive(Debug, Serialize, ToSchema)]
struct Action {
    site_code: String,
    name: String,
    borough_code: Option<String>,
    /// `keep`, `improve`, `sell_land` or `dispose`.
    #[schema(value_type = String)]
    option: OptionKind,
    reasons: Vec<Reason>,
    #[schema(value_type = f64)]
    receipt_gbp: Gbp,
    /// One-off, all kinds, positive.
    #[schema(value_type = f64)]
    costs_gbp: Gbp,
    /// A year, less what is added; positive is better.
    #[schema(value_type = f64)]
    running_cost_saved_gbp: Gbp,
    /// What the fund gains, net.
    #[schema(value_type = f64)]
    to_fund_gbp: Gbp,
    /// Keys of the assumptions these figures rest on.
    assumptions: Vec<String>,
}

impl From<scenario::Action> for Action {
    fn from(action: scenario::Action) -> Self {
        Self {
            site_code: action.site.to_string(),
            name: action.name,
            borough_code: action.borough,
            option: action.option,
            reasons: action.reasons.into_iter().map(Reason::from).collect(),
            receipt_gbp: Gbp(action.receipt),
            costs_gbp: Gbp(action.costs),
            running_cost_saved_gbp: Gbp(action.running_cost_saved),
            to_fund_gbp: Gbp(action.to_fund),
            assumptions: action.assumed,
        }
    }
}

/// Where a tenancy goes.
#[derive(Debug, Serialize, ToSchema)]
struct Move {
    tenancy_id: String,
    name: String,
    #[schema(value_type = Option<String>)]
    service_line: Option<ServiceLine>,
    from_site_code: String,
    to_site_code: String,
    /// People served; null is not known.
    people: Option<f64>,
    clinical_m2: f64,
    non_clinical_m2: f64,
    /// Straight line between the two sites.
    metres: f64,
    minutes_before: Option<f64>,
    minutes_after: Option<f64>,
    /// Share of its people beyond the journey limit after.
    share_beyond: Option<f64>,
    /// How the minutes are made.
    minutes_by: Option<String>,
}

impl From<scenario::Move> for Move {
    fn from(moved: scenario::Move) -> Self {
        Self {
            tenancy_id: moved.tenancy.as_str().to_owned(),
            name: moved.name,
            service_line: moved.service_line,
            from_site_code: moved.from.to_string(),
            to_site_code: moved.to.to_string(),
            people: finite(moved.people),
            clinical_m2: moved.clinical.0,
            non_clinical_m2: moved.non_clinical.0,
            metres: moved.metres,
            minutes_before: moved.minutes_before.map(|minutes| minutes.0),
            minutes_after: moved.minutes_after.map(|minutes| minutes.0),
            share_beyond: finite(moved.share_beyond),
            minutes_by: moved.minutes_by,
        }
    }
}

/// Something asked for or possible that is not proposed.
#[derive(Debug, Serialize, ToSchema)]
struct Refusal {
    site_code: String,
    name: String,
    /// What was ruled out: `keep`, `improve`, `sell_land` or `dispose`.
    #[schema(value_type = String)]
    option: OptionKind,
    reason: Reason,
}

impl From<scenario::Refusal> for Refusal {
    fn from(refusal: scenario::Refusal) -> Self {
        Self {
            site_code: refusal.site.to_string(),
            name: refusal.name,
            option: refusal.option,
            reason: refusal.reason.into(),
        }
    }
}

/// The fund over the horizon.
#[derive(Debug, Serialize, ToSchema)]
struct Fund {
    /// Financial year of the prices, by the calendar year it starts in.
    price_base: i32,
    #[schema(value_type = f64)]
    npsv_gbp: Gbp,
    /// Null where nothing is spent.
    bcr: Option<f64>,
    /// A liability avoided: never cash.
    #[schema(value_type = f64)]
    backlog_avoided_gbp: Gbp,
    /// Share of the gross cash flow that rests on assumptions.
    assumed_share: f64,
    years: Vec<FundYear>,
}

/// A financial year: closing is opening, in and out together, to the penny.
#[derive(Debug, Serialize, ToSchema)]
struct FundYear {
    /// By the calendar year it starts in.
    year: i32,
    #[schema(value_type = f64)]
    opening_gbp: Gbp,
    #[schema(value_type = f64)]
    in_gbp: Gbp,
    /// Negative.
    #[schema(value_type = f64)]
    out_gbp: Gbp,
    #[schema(value_type = f64)]
    closing_gbp: Gbp,
    /// When receipts are low and costs high.
    #[schema(value_type = f64)]
    closing_low_gbp: Gbp,
    /// When receipts are high and costs low.
    #[schema(value_type = f64)]
    closing_high_gbp: Gbp,
    #[schema(value_type = f64)]
    capital_cover_gbp: Gbp,
    /// Not part of the balance.
    #[schema(value_type = f64)]
    revenue_effect_gbp: Gbp,
}

impl From<fund::Projection> for Fund {
    fn from(projection: fund::Projection) -> Self {
        let year = |year: fund::ProjectionYear| FundYear {
            year: year.year,
            opening_gbp: Gbp(year.opening),
            in_gbp: Gbp(year.money_in),
            out_gbp: Gbp(year.money_out),
            closing_gbp: Gbp(year.closing),
            closing_low_gbp: Gbp(year.closing_low),
            closing_high_gbp: Gbp(year.closing_high),
            capital_cover_gbp: Gbp(year.cdel_cover),
            revenue_effect_gbp: Gbp(year.revenue_effect),
        };
        Self {
            price_base: projection.price_base,
            npsv_gbp: Gbp(projection.npsv),
            bcr: finite(projection.bcr),
            backlog_avoided_gbp: Gbp(projection.backlog_avoided),
            assumed_share: projection.assumed_share,
            years: projection.years.into_iter().map(year).collect(),
        }
    }
}

/// An amount in a year. Every total is a sum of these.
#[derive(Debug, Serialize, ToSchema)]
struct Line {
    /// Financial year, by the calendar year it starts in.
    year: i32,
    site_code: String,
    /// `receipt`, `sale_cost` and so on.
    #[schema(value_type = String)]
    kind: LineKind,
    /// Positive is in, negative is out.
    #[schema(value_type = f64)]
    amount_gbp: Gbp,
    #[schema(value_type = f64)]
    low_gbp: Gbp,
    #[schema(value_type = f64)]
    high_gbp: Gbp,
    /// `cdel`, `revenue` or `non_cash`.
    #[schema(value_type = String)]
    budget: Budget,
    /// Whether it moves the fund's balance.
    in_fund: bool,
    /// Whose money it is.
    #[schema(value_type = Option<String>)]
    owner: Option<ReceiptAccruesTo>,
    because: String,
    /// The publication it rests on; null where it rests on assumptions.
    source: Option<String>,
    /// Keys of the assumptions it rests on.
    assumptions: Vec<String>,
}

impl From<fund::Line> for Line {
    fn from(line: fund::Line) -> Self {
        let (source, assumptions) = match line.source {
            ValueSource::Known(evidence) => {
                (Some(format!("{} ({})", evidence.source, evidence.as_of)), Vec::new())
            }
            ValueSource::Assumed(keys) => (None, keys),
        };
        Self {
            year: line.year,
            site_code: line.site.to_string(),
            kind: line.kind,
            amount_gbp: Gbp(line.amount),
            low_gbp: Gbp(line.low),
            high_gbp: Gbp(line.high),
            budget: line.budget,
            in_fund: line.in_fund,
            owner: line.owner,
            because: line.because,
            source,
            assumptions,
        }
    }
}

/// A run, whole: question, search, proposal, ledger, fund.
#[utoipa::path(get, path = "/api/v1/runs/{id}", tag = "Scenarios",
    params(("id" = u64, Path, description = "Number of the run")),
    responses((status = 200, description = "The run", body = WholeRun)))]
pub(super) async fn show(app: web::Data<App>, id: web::Path<u64>) -> Result<HttpResponse, Problem> {
    let id = RunId(*id);
    answer(&app, move |app| {
        let head = app.store.run_header(&app.scope(), id)?;
        let run = app.store.run(&app.scope(), id)?;
        Ok(WholeRun {
            run: head.into(),
            question: run.scenario.into(),
            solver: run.solver.into(),
            proposal: run.proposal.map(Proposal::from),
            fund: run.projection.map(Fund::from),
            ledger: run.ledger.lines.into_iter().map(Line::from).collect(),
            breaches: run.breaches,
        })
    })
    .await
}

/// Actions of a run.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Actions {
    run: u64,
    actions: Vec<Action>,
}

/// Moves of a run.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Moves {
    run: u64,
    moves: Vec<Move>,
}

/// Refusals of a run.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Refusals {
    run: u64,
    refusals: Vec<Refusal>,
}

/// The fund of a run.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FundOfRun {
    run: u64,
    /// Null where there is no plan.
    fund: Option<Fund>,
}

/// The ledger of a run.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Ledger {
    run: u64,
    lines: Vec<Line>,
}

async fn part<T: Serialize>(
    app: &web::Data<App>,
    id: u64,
    pick: impl FnOnce(scenario::Run) -> T + Send + 'static,
) -> Result<HttpResponse, Problem> {
    answer(app, move |app| Ok(pick(app.store.run(&app.scope(), RunId(id))?))).await
}

fn actions_of(run: scenario::Run, changed: bool) -> Vec<Action> {
    let actions = run.proposal.map(|proposal| proposal.actions).unwrap_or_default();
    actions
        .into_iter()
        .filter(|action| (action.option != OptionKind::Keep) == changed)
        .map(Action::from)
        .collect()
}

/// What would change, site by site.
#[utoipa::path(get, path = "/api/v1/runs/{id}/actions", tag = "Scenarios",
    params(("id" = u64, Path, description = "Number of the run")),
    responses((status = 200, description = "Actions, by site", body = Actions)))]
pub(super) async fn actions(
    app: web::Data<App>,
    id: web::Path<u64>,
) -> Result<HttpResponse, Problem> {
    let id = *id;
    part(&app, id, move |run| Actions { run: id, actions: actions_of(run, true) }).await
}

/// Sites in scope that stay as they are.
#[utoipa::path(get, path = "/api/v1/runs/{id}/kept", tag = "Scenarios",
    params(("id" = u64, Path, description = "Number of the run")),
    responses((status = 200, description = "Sites that stay as they are", body = Actions)))]
pub(super) async fn kept(app: web::Data<App>, id: web::Path<u64>) -> Result<HttpResponse, Problem> {
    let id = *id;
    part(&app, id, move |run| Actions { run: id, actions: actions_of(run, false) }).await
}

/// Which tenancy moves where.
#[utoipa::path(get, path = "/api/v1/runs/{id}/moves", tag = "Scenarios",
    params(("id" = u64, Path, description = "Number of the run")),
    responses((status = 200, description = "Moves, by tenancy", body = Moves)))]
pub(super) async fn moves(
    app: web::Data<App>,
    id: web::Path<u64>,
) -> Result<HttpResponse, Problem> {
    let id = *id;
    part(&app, id, move |run| {
        let moves = run.proposal.map(|proposal| proposal.moves).unwrap_or_default();
        Moves { run: id, moves: moves.into_iter().map(Move::from).collect() }
    })
    .await
}

/// What was refused, and why.
#[utoipa::path(get, path = "/api/v1/runs/{id}/refusals", tag = "Scenarios",
    params(("id" = u64, Path, description = "Number of the run")),
    responses((status = 200, description = "Refusals, by site", body = Refusals)))]
pub(super) async fn refusals(
    app: web::Data<App>,
    id: web::Path<u64>,
) -> Result<HttpResponse, Problem> {
    let id = *id;
    part(&app, id, move |run| {
        let refusals = run.proposal.map(|proposal| proposal.refusals).unwrap_or_default();
        Refusals { run: id, refusals: refusals.into_iter().map(Refusal::from).collect() }
    })
    .await
}

/// The fund, year by year.
#[utoipa::path(get, path = "/api/v1/runs/{id}/fund", tag = "Scenarios",
    params(("id" = u64, Path, description = "Number of the run")),
    responses((status = 200, description = "The fund", body = FundOfRun)))]
pub(super) async fn fund(app: web::Data<App>, id: web::Path<u64>) -> Result<HttpResponse, Problem> {
    let id = *id;
    part(&app, id, move |run| FundOfRun { run: id, fund: run.projection.map(Fund::from) }).await
}

/// Every line of money.
#[utoipa::path(get, path = "/api/v1/runs/{id}/ledger", tag = "Scenarios",
    params(("id" = u64, Path, description = "Number of the run")),
    responses((status = 200, description = "Lines", body = Ledger)))]
pub(super) async fn ledger(
    app: web::Data<App>,
    id: web::Path<u64>,
) -> Result<HttpResponse, Problem> {
    let id = *id;
    part(&app, id, move |run| Ledger {
        run: id,
        lines: run.ledger.lines.into_iter().map(Line::from).collect(),
    })
    .await
}

/// A table of a run as CSV, the same file as the page's.
#[utoipa::path(get, path = "/api/v1/runs/{id}/{table}.csv", tag = "Scenarios",
    params(
        ("id" = u64, Path, description = "Number of the run"),
        ("table" = String, Path, description = "`actions`, `kept`, `moves`, `refusals`, `fund`, `ledger`, `clauses`, \
            `findings`, `access`, `reliance` or `search`"),
    ),
    responses((status = 200, description = "The table", body = String, content_type = "text/csv")))]
pub(super) async fn file(
    app: web::Data<App>,
    path: web::Path<(u64, String)>,
) -> Result<HttpResponse, Problem> {
    pages::proposal::file(app, path).await
}
