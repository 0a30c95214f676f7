//! What results rest on: register versions, assumptions.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use super::answer;
use super::ask::Asked;
use super::view::utc;
use crate::config;
use crate::register::{Assumption, Assumptions, Mark};
use crate::store::ChangeSetHeader;
use crate::web::app::App;
use crate::web::problem::Problem;

const LIMIT: usize = 100;

/// The newest register versions.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct VersionList {
    /// The newest; 0 where nothing was ever said.
    newest: u64,
    versions: Vec<RegisterVersion>,
}

/// A register version.
#[derive(Debug, Serialize, ToSchema)]
struct RegisterVersion {
    version: u64,
    author: String,
    #[schema(format = DateTime)]
    at: String,
    /// The file or form it came from.
    source: String,
    reason: String,
    /// Single statements in it.
    changes: u64,
    /// SHA-256 over the version before and all of this one.
    hash: String,
}

impl From<ChangeSetHeader> for RegisterVersion {
    fn from(set: ChangeSetHeader) -> Self {
        Self {
            version: set.id,
            author: set.author,
            at: utc(set.at),
            source: set.source,
            reason: set.reason,
            changes: set.changes,
            hash: set.hash,
        }
    }
}

/// The newest register versions, newest first. Read one with `?version=` on sites.
#[utoipa::path(get, path = "/api/v1/versions", tag = "Reference",
    params(("limit" = Option<u64>, Query, minimum = 1, maximum = 1000, description = "100 where not given")),
    responses((status = 200, description = "Versions", body = VersionList)))]
pub(super) async fn versions(
    request: HttpRequest,
    app: web::Data<App>,
) -> Result<HttpResponse, Problem> {
    let mut asked = Asked::of(&request)?;
    let limit = asked.count("limit", 1, 1000).unwrap_or(LIMIT);
    asked.end()?;
    answer(&app, move |app| {
        let versions: Vec<RegisterVersion> = app
            .store
            .change_sets(&app.scope(), limit)?
            .into_iter()
            .map(RegisterVersion::from)
            .collect();
        Ok(VersionList { newest: versions.first().map_or(0, |newest| newest.version), versions })
    })
    .await
}

/// A named set of figures that may stand in for unknowns; nothing else may.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AssumptionSet {
    name: String,
    figures: Vec<Figure>,
}

/// One figure.
#[derive(Debug, Serialize, ToSchema)]
struct Figure {
    key: String,
    value: f64,
    low: Option<f64>,
    high: Option<f64>,
    unit: String,
    words: String,
    source: String,
    as_of: NaiveDate,
    /// `verified`, `computed` or `from_memory`.
    #[schema(value_type = String)]
    mark: Mark,
}

impl From<Assumptions> for AssumptionSet {
    fn from(set: Assumptions) -> Self {
        let figure = |(key, figure): (String, Assumption)| {
            let Assumption { value, low, high, unit, words, source, as_of, mark } = figure;
            Figure { key, value, low, high, unit, words, source, as_of, mark }
        };
        Self { name: set.name, figures: set.figures.into_iter().map(figure).collect() }
    }
}

/// The planning assumptions, with source, date and how far each was checked.
#[utoipa::path(get, path = "/api/v1/assumptions", tag = "Reference",
    responses((status = 200, description = "Assumptions", body = AssumptionSet)))]
pub(super) async fn assumptions(app: web::Data<App>) -> Result<HttpResponse, Problem> {
    answer(&app, |_| Ok(AssumptionSet::from(config::assumptions().map_err(Problem::internal)?)))
        .await
}
