//! Pages and the JSON API over HTTP.
//!
//! Binds to loopback unless told otherwise: there is no sign-in yet. Handlers extract, call one function below, choose
//! a status and render.

mod api;
mod app;
mod asked;
mod assets;
mod draw;
mod estate;
mod filter;
mod guard;
mod health;
mod isochrone;
mod pages;
mod problem;
mod reached;
mod templates;
#[cfg(test)]
mod tests;
mod travel;
mod upload;

use std::io::{self, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use actix_web::body::BoxBody;
use actix_web::dev::ServiceFactory;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::{Compress, Condition, from_fn};
use actix_web::web::{self, Data};
use actix_web::{App as Routes, Error, HttpServer, Resource, guard as when};
use tracing_actix_web::TracingLogger;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::FmtSpan;

use app::App;
use guard::Hosts;
use problem::Problem;

use crate::config;
use crate::jobs::Jobs;
use crate::store::Store;

/// Largest upload: every published file fits several times over.
const UPLOAD_LIMIT: usize = 512 << 20;
/// Largest form or document without files.
const BODY_LIMIT: usize = 2 << 20;
/// How long open answers and running work get to end.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where to listen and for whom.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Address and port; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Further host names the service answers for: `estates.example`, or with a port.
    pub allowed_hosts: Vec<String>,
}

/// Serves until asked to stop, and says on standard output where.
pub fn serve(settings: Settings, store: Store, jobs: Jobs) -> io::Result<()> {
    if !assets::are_complete() {
        let sentence =
            "web/dist is missing, so there are no page macros: run `make setup`, then start again";
        return Err(io::Error::new(io::ErrorKind::NotFound, sentence));
    }
    log();
    let listener = TcpListener::bind(settings.listen)?;
    let address = listener.local_addr()?;
    let hosts =
        Hosts::new(&settings.allowed_hosts, address.ip().is_loopback(), &address.to_string());
    let app = Data::new(App::new(hosts, UPLOAD_LIMIT, store, jobs.clone(), rules()?));
    let mut out = io::stdout();
    writeln!(out, "domesday: serving on http://{address}")?;
    out.flush()?;
    let served = actix_web::rt::System::new().block_on(async move {
        HttpServer::new(move || routes(app.clone(), true))
            .shutdown_timeout(PATIENCE.as_secs())
            .listen(listener)?
            .run()
            .await
    });
    jobs.stop(PATIENCE);
    served
}

fn rules() -> io::Result<(crate::access::ScoreRules, crate::access::GateRules)> {
    let scores = config::score_rules().map_err(io::Error::other)?;
    let gates = config::gate_rules().map_err(io::Error::other)?;
    Ok((scores, gates))
}

/// One JSON line a request, on standard error. `RUST_LOG` asks for more or less.
fn log() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let lines =
        tracing_subscriber::fmt().json().with_writer(io::stderr).with_span_events(FmtSpan::CLOSE);
    // A program that logs already goes on as it does.
    let _ = lines.with_env_filter(filter).try_init();
}

/// Everything the service answers, inside out: forms' tokens, strangers refused, problems as pages, headers,
/// compression, the request log.
fn routes(
    app: Data<App>,
    is_logged: bool,
) -> Routes<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl actix_web::body::MessageBody>,
        Error = Error,
        InitError = (),
    >,
> {
    let limit = app.upload_limit;
    Routes::new()
        .app_data(app)
        .app_data(
            web::FormConfig::default()
                .limit(BODY_LIMIT)
                .error_handler(|e, _| of_extractor(e.into())),
        )
        .app_data(
            web::JsonConfig::default()
                .limit(BODY_LIMIT)
                .error_handler(|e, _| of_extractor(e.into())),
        )
        .app_data(web::QueryConfig::default().error_handler(|e, _| {
            Problem::bad_request(format!("The query cannot be read: {e}.")).into()
        }))
        .app_data(
            web::PathConfig::default()
                .error_handler(|_, _| Problem::not_found("page at this address").into()),
        )
        .app_data(web::PayloadConfig::new(limit))
        .configure(pages_routes)
        .configure(api::routes)
        .default_service(web::to(|| async {
            Err::<String, _>(Problem::not_found("page at this address"))
        }))
        .wrap(from_fn(guard::tokens))
        .wrap(from_fn(guard::strangers))
        .wrap(from_fn(problems))
        .wrap(from_fn(guard::headers))
        .wrap(Compress::default())
        .wrap(Condition::new(is_logged, TracingLogger::default()))
}

fn of_extractor(error: Error) -> Error {
    problem::of_actix(&error, BODY_LIMIT).into()
}

fn pages_routes(service: &mut web::ServiceConfig) {
    use pages::{
        access, catchments, checklist, compare, explore, files, fund, home, imports, jobs, map,
        parts, priorities, problems, programme, proposal, reference, register, scenario, site,
        standards, study, travel,
    };
    service
        .service(get("/healthz", health::alive))
        .service(get("/readyz", health::ready))
        .service(get("/assets/{path:.*}", files::show))
        .service(get("/", home::show))
        .service(get("/unknowns.csv", home::unknowns_file))
        .service(get("/sites", register::list))
        .service(get("/sites.csv", register::file))
        .service(get("/sites/{code}", site::show))
        .service(get("/sites/{code}/history", site::history))
        .service(get("/sites/{code}/history.csv", site::history_file))
        .service(get("/sites/{code}/{table}.csv", site::file))
        .service(get_and_post("/sites/{code}/checklist", checklist::show, checklist::record))
        .service(get("/sites/{code}/checklist.xlsx", checklist::site_workbook))
        .service(get("/checklists.xlsx", checklist::workbook_of_many))
        .service(get("/checklists.csv", checklist::file_of_many))
        .service(get("/access", access::list))
        .service(get("/access.csv", access::list_file))
        .service(get("/access/league", access::league))
        .service(get("/access/league.csv", access::league_file))
        .service(get("/access/parts", parts::show))
        .service(get("/access/parts.csv", parts::file))
        .service(get("/access/survey", access::survey))
        .service(get("/access/survey-list.csv", access::survey_file))
        .service(get("/access/explore", explore::show))
        .service(get("/access/explore/{table}.csv", explore::file))
        .service(get("/access/boroughs/{code}", access::show))
        .service(get("/access/boroughs/{code}/statement", access::statement))
        .service(get("/access/boroughs/{code}/{table}.csv", access::file))
        .service(get("/map", map::show))
        .service(get("/map.csv", map::file))
        .service(get_and_post("/imports", imports::list, imports::send))
        .service(get("/imports.csv", imports::list_file))
        .service(get("/imports/{id}", imports::show))
        .service(get("/imports/{id}/faults.csv", imports::faults_file))
        .service(get("/imports/{id}/off-network.csv", imports::off_network_file))
        .service(get_and_post("/travel", travel::show, travel::send))
        .service(get("/travel.csv", travel::file))
        .service(get("/scenarios", scenario::list))
        .service(get("/scenarios.csv", scenario::file))
        .service(get_and_post("/scenarios/new", scenario::form, scenario::ask))
        .service(get("/jobs/{id}", jobs::show))
        .service(post("/jobs/{id}/cancel", jobs::cancel))
        .service(get("/runs/compare", fund::compare))
        .service(get("/runs/compare.csv", fund::compare_file))
        .service(get("/runs/{id}/fund", fund::show))
        .service(get("/runs/{id}/fund.xlsx", fund::book))
        .service(get("/runs/{id}/fund/{table}.csv", fund::file))
        .service(get("/runs/{id}/sensitivity", fund::sensitivity))
        .service(get_and_post("/runs/{id}/uncertainty", fund::uncertainty, fund::ask_again))
        .service(get("/runs/{id}", proposal::show))
        .service(post("/runs/{id}/studies", study::ask))
        .service(get("/runs/{id}/sites/{code}", study::sheet))
        .service(get("/studies/{id}", study::show))
        .service(get("/studies/{id}/{table}.csv", study::file))
        .service(get_and_post("/runs/{id}/programme", programme::show, programme::ask))
        .service(get("/runs/{id}/evidence.zip", programme::evidence))
        .service(get("/runs/{id}/owners", priorities::owners))
        .service(get("/runs/{id}/owners/{table}.csv", priorities::owners_file))
        .service(get("/runs/{id}/priorities", priorities::of_a_run))
        .service(get("/runs/{id}/priorities/{table}.csv", priorities::of_a_run_file))
        .service(get_and_post("/priorities", priorities::list, priorities::send))
        .service(get("/priorities.csv", priorities::list_file))
        .service(get("/programmes/{id}", programme::one))
        .service(get("/programmes/{id}/{table}.csv", programme::file))
        .service(get("/runs/{id}/{table}.csv", proposal::file))
        .service(get("/runs/{id}/{table}", proposal::rest))
        .service(get("/assumptions", reference::assumptions))
        .service(get("/assumptions.csv", reference::assumptions_file))
        .service(get("/standards", standards::list))
        .service(get("/standards.csv", standards::file))
        .service(get("/standards-history.csv", standards::history_file))
        .service(get("/standards-left-out.csv", standards::left_out_file))
        .service(get_and_post("/standards/{key}", standards::form, standards::save))
        .service(post("/standards/{key}/retire", standards::retire))
        .service(get("/access/compare", compare::show))
        .service(get("/access/compare/{table}.csv", compare::file))
        .service(get("/access/evidence", compare::evidence))
        .service(get("/access/evidence.zip", compare::pack))
        .service(get("/access/what-if", compare::what_if))
        .service(get("/access/what-if/money.csv", compare::money_file))
        .service(get("/access/catchments", catchments::show))
        .service(get("/access/catchments.csv", catchments::means_file))
        .service(get("/access/catchment-zones.csv", catchments::zones_file))
        .service(get("/versions", reference::versions))
        .service(get("/versions.csv", reference::versions_file))
        .service(get("/licences", reference::licences))
        .service(get("/problems", problems::list))
        .service(get("/problems/{slug}", problems::show));
}

/// The evidence bundle of a run, as the pages give it.
pub(crate) fn evidence(
    store: &Store,
    scope: &crate::store::Scope,
    run: crate::store::RunId,
) -> io::Result<Vec<u8>> {
    pages::programme::evidence_of(store, scope, run)
        .map_err(|problem| io::Error::other(problem.to_string()))
}

/// An address that is read.
fn get<H, A>(path: &str, handler: H) -> Resource
where
    H: actix_web::Handler<A>,
    A: actix_web::FromRequest + 'static,
    H::Output: actix_web::Responder + 'static,
{
    let reads = web::route().guard(when::Any(when::Get()).or(when::Head())).to(handler);
    web::resource(path).route(reads).default_service(web::to(|| refused("GET, HEAD")))
}

/// An address that is written to.
fn post<H, A>(path: &str, handler: H) -> Resource
where
    H: actix_web::Handler<A>,
    A: actix_web::FromRequest + 'static,
    H::Output: actix_web::Responder + 'static,
{
    web::resource(path).route(web::post().to(handler)).default_service(web::to(|| refused("POST")))
}

/// An address with a form: read, and written to.
fn get_and_post<R, A, W, B>(path: &str, reads: R, writes: W) -> Resource
where
    R: actix_web::Handler<A>,
    A: actix_web::FromRequest + 'static,
    R::Output: actix_web::Responder + 'static,
    W: actix_web::Handler<B>,
    B: actix_web::FromRequest + 'static,
    W::Output: actix_web::Responder + 'static,
{
    let reads = web::route().guard(when::Any(when::Get()).or(when::Head())).to(reads);
    web::resource(path)
        .route(reads)
        .route(web::post().to(writes))
        .default_service(web::to(|| refused("GET, HEAD, POST")))
}

#[expect(clippy::unused_async, reason = "handlers are async")]
async fn refused(allowed: &'static str) -> Result<String, Problem> {
    Err(Problem::MethodNotAllowed { allowed })
}

/// Whatever went wrong is told in one way: as problem details to programs, as a page to people.
async fn problems(
    request: ServiceRequest,
    next: actix_web::middleware::Next<impl actix_web::body::MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let response = next.call(request).await?.map_into_boxed_body();
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return Ok(response);
    }
    let (request, response) = response.into_parts();
    let Some(error) = response.error() else { return Ok(ServiceResponse::new(request, response)) };
    let other = error.as_error::<Problem>().is_none().then(|| problem::of_actix(error, BODY_LIMIT));
    let Some(problem) = other.as_ref().or_else(|| error.as_error::<Problem>()) else {
        return Ok(ServiceResponse::new(request, response));
    };
    if !wants_page(&request) {
        return Ok(match other {
            Some(problem) => {
                ServiceResponse::new(request, actix_web::ResponseError::error_response(&problem))
            }
            None => ServiceResponse::new(request, response),
        });
    }
    let Some(app) = request.app_data::<Data<App>>().cloned() else {
        return Ok(ServiceResponse::new(request, response));
    };
    let mut page = pages::problem_page(&request, &app, problem).await;
    if let Some(allow) = response.headers().get(actix_web::http::header::ALLOW) {
        page.headers_mut().insert(actix_web::http::header::ALLOW, allow.clone());
    }
    drop(response);
    Ok(ServiceResponse::new(request, page))
}

/// The API speaks JSON; everything else speaks to people unless a program asks for JSON alone.
fn wants_page(request: &actix_web::HttpRequest) -> bool {
    let accepts = request
        .headers()
        .get(actix_web::http::header::ACCEPT)
        .and_then(|a| a.to_str().ok())
        .unwrap_or("");
    let only_json =
        accepts.contains("json") && !accepts.contains("html") && !accepts.contains("*/*");
    !request.path().starts_with("/api/") && !only_json
}
