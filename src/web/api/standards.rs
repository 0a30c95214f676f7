//! Access standards: the list, as it was at any version, and the next one.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use super::answer;
use super::ask::{Asked, Members, document};
use super::view::utc;
use crate::access::{self, Area, Centile, Group, Limit, Standard};
use crate::config::{self, LeftOut};
use crate::register::{ServiceLine, Word as _};
use crate::store::StandardsVersion;
use crate::travel::Mode;
use crate::web::app::App;
use crate::web::problem::{FieldFault, Problem};

/// Access standards at a version.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct StandardList {
    /// 0 is what ships.
    version: u64,
    author: String,
    /// Null of what ships.
    #[schema(format = DateTime)]
    at: Option<String>,
    reason: String,
    standards: Vec<StandardView>,
    /// Of no version: what was looked at and does not ship.
    left_out: Vec<LeftOutView>,
}

/// A standard that was looked at and does not ship.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StandardLeftOut)]
pub(super) struct LeftOutView {
    words: String,
    source: String,
    /// Why it does not ship.
    why: String,
}

/// An access standard.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Standard)]
pub(super) struct StandardView {
    key: String,
    words: String,
    service_line: &'static str,
    /// `walk`, `step_free_walk`, `drive`, `public_transport` or `step_free_public_transport`.
    #[schema(value_type = String)]
    mode: Mode,
    /// Null where the limit is in metres.
    limit_minutes: Option<f64>,
    /// Null where the limit is in minutes.
    limit_metres: Option<f64>,
    /// Of a hundred departures by public transport, how many must be within the limit: 50 is the median, or 90.
    centile: u8,
    /// The share of the group that must be inside.
    share: f64,
    /// `everyone`, `step_free`, `no_car`, `aged65` or `most_deprived_fifth`.
    #[schema(value_type = String)]
    group: Group,
    /// `all`, `icb:CODE`, `borough:CODE` or `ward:CODE`.
    area: String,
    from: NaiveDate,
    /// The last day it holds; null has no end.
    until: Option<NaiveDate>,
    source: String,
    /// Policy, or a planning choice.
    is_policy: bool,
}

impl From<Standard> for StandardView {
    fn from(standard: Standard) -> Self {
        let (limit_minutes, limit_metres) = match standard.limit {
            Limit::Minutes(minutes) => (Some(minutes), None),
            Limit::Metres(metres) => (None, Some(metres)),
        };
        Self {
            key: standard.key,
            words: standard.words,
            service_line: standard.service_line.word(),
            mode: standard.mode,
            limit_minutes,
            limit_metres,
            centile: standard.centile.number(),
            share: standard.share,
            group: standard.group,
            area: standard.area.written(),
            from: standard.from,
            until: standard.until,
            source: standard.source,
            is_policy: standard.is_policy,
        }
    }
}

impl StandardList {
    fn of(kept: StandardsVersion) -> Result<Self, Problem> {
        let left_out = config::standards_left_out().map_err(Problem::internal)?;
        let left_out = left_out.into_iter();
        Ok(Self {
            version: kept.version,
            author: kept.author,
            at: kept.at.map(utc),
            reason: kept.reason,
            standards: kept.standards.into_iter().map(StandardView::from).collect(),
            left_out: left_out
                .map(|LeftOut { words, source, why }| LeftOutView { words, source, why })
                .collect(),
        })
    }
}

/// The access standards: the newest, or as they were at a version. A scenario holds those in force when it is asked.
#[utoipa::path(get, path = "/api/v1/standards", tag = "Reference",
    params(("version" = Option<u64>, Query, description = "0 is what ships; the newest where not given")),
    responses((status = 200, description = "Standards", body = StandardList)))]
pub(super) async fn list(
    request: HttpRequest,
    app: web::Data<App>,
) -> Result<HttpResponse, Problem> {
    let mut asked = Asked::of(&request)?;
    let version = asked.whole("version", 0, u64::MAX);
    asked.end()?;
    answer(&app, move |app| {
        let kept = match version {
            Some(version) => app.store.standards_at(&app.scope(), version)?,
            None => app.store.standards(&app.scope())?,
        };
        StandardList::of(kept)
    })
    .await
}

/// A standard to add, or to put in the place of the one of its key. One is ended by the day in `until`.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "describes the body for the document; the body is read by hand, to name what is wrong with it"
)]
pub(super) struct NewStandard {
    /// Small letters, digits and underscores.
    #[schema(example = "gp_walk_15")]
    key: String,
    words: String,
    /// A word of the list of service lines.
    #[schema(example = "primary_care")]
    service_line: String,
    /// `walk`, `step_free_walk`, `drive`, `public_transport` or `step_free_public_transport`.
    #[schema(example = "walk")]
    mode: String,
    /// Above 0 and up to 600. This or `limit_metres`.
    limit_minutes: Option<f64>,
    /// Above 0 and up to 200,000.
    limit_metres: Option<f64>,
    /// 50 where not given; 90 for nine departures in ten, of a limit in minutes by public transport only.
    centile: Option<u8>,
    /// From 0 to 1.
    share: f64,
    /// `everyone`, `step_free`, `no_car`, `aged65` or `most_deprived_fifth`.
    #[schema(example = "everyone")]
    group: String,
    /// `all`, `icb:CODE`, `borough:CODE` or `ward:CODE`; `all` where not given.
    area: Option<String>,
    from: NaiveDate,
    until: Option<NaiveDate>,
    source: String,
    /// False where not given.
    is_policy: Option<bool>,
    /// Why it is changed.
    reason: Option<String>,
    /// The version of the standards this was decided on: refused with 409 if there is a newer one.
    version: Option<u64>,
}

/// Adds or replaces a standard, as the next version of the standards. What contradicts another is refused, by both names.
#[utoipa::path(post, path = "/api/v1/standards", tag = "Reference",
    request_body = NewStandard,
    responses((status = 200, description = "The new version", body = StandardList)))]
pub(super) async fn save(
    request: HttpRequest,
    app: web::Data<App>,
    body: web::Payload,
) -> Result<HttpResponse, Problem> {
    let mut members = Members::of(document(&request, body).await?)?;
    answer(&app, move |app| {
        let kept = app.store.standards(&app.scope())?;
        let expected = members.whole("version", 0, u64::MAX).unwrap_or(kept.version);
        let reason =
            members.text("reason", 500).unwrap_or_else(|| "changed by a program".to_owned());
        let standard = read(&mut members);
        members.end()?;
        let standard =
            standard.ok_or_else(|| Problem::bad_request("The standard is not whole."))?;
        let zones = &app.estate()?.snapshot.geography.zones.clone();
        if !zones.is_empty() && !zones.iter().any(|zone| standard.area.holds(zone)) {
            let words =
                format!("area {} holds no small area of the register", standard.area.written());
            return Err(Problem::invalid("area", words));
        }
        let list = access::with_standard(&kept.standards, standard).map_err(|refused| {
            let own = refused.faults.iter().map(|fault| FieldFault {
                field: fault.field.to_owned(),
                detail: fault.to_string(),
            });
            let others = refused.contradictions.iter().map(|contradiction| FieldFault {
                field: "key".to_owned(),
                detail: contradiction.to_string(),
            });
            Problem::Invalid { faults: own.chain(others).collect() }
        })?;
        let scope = app.scope();
        let said = (scope.principal(), chrono::Utc::now().naive_utc(), reason.as_str());
        app.store.save_standards(&scope, said, expected, &list)?;
        StandardList::of(app.store.standards(&scope)?)
    })
    .await
}

fn read(members: &mut Members) -> Option<Standard> {
    fn word<T: Copy>(
        all: &[T],
        key: impl Fn(T) -> &'static str,
        value: &serde_json::Value,
    ) -> Result<T, String> {
        let keys: Vec<&str> = all.iter().map(|one| key(*one)).collect();
        let found = all.iter().copied().find(|one| value.as_str() == Some(key(*one)));
        found.ok_or_else(|| format!("is one of {}", keys.join(", ")))
    }
    let day = |value: &serde_json::Value| {
        let day = value.as_str().and_then(|text| text.parse::<NaiveDate>().ok());
        day.ok_or_else(|| "is a day, such as 2026-04-01".to_owned())
    };
    let mut is_whole = true;
    let mut need = |members: &mut Members, name: &str, what: &str, is_there: bool| {
        if !is_there {
            is_whole = false;
            members.need(name, what);
        }
    };
    let key = members.text("key", 60);
    need(members, "key", "a word of its own, such as gp_walk_15", key.is_some());
    let words = members.text("words", 300);
    need(members, "words", "the standard in a sentence", words.is_some());
    let line =
        members.read("service_line", |value| word(ServiceLine::ALL, ServiceLine::word, value));
    need(members, "service_line", "a word of the list of service lines", line.is_some());
    let mode = members.read("mode", |value| word(&Mode::ALL, Mode::key, value));
    need(members, "mode", "how people travel", mode.is_some());
    let group = members.read("group", |value| word(&Group::ALL, Group::key, value));
    need(members, "group", "for whom it is", group.is_some());
    // What a number may be, the standards' own rules say.
    let number = |what: &'static str| {
        move |value: &serde_json::Value| value.as_f64().ok_or_else(|| format!("is {what}"))
    };
    let minutes = members.read("limit_minutes", number("a number of minutes"));
    let metres = members.read("limit_metres", number("a number of metres"));
    let limit = match (minutes, metres) {
        (Some(most), None) => Some(Limit::Minutes(most)),
        (None, Some(most)) => Some(Limit::Metres(most)),
        _ => None,
    };
    let field = if members.is_refused("limit_metres") { "limit_metres" } else { "limit_minutes" };
    need(members, field, "either it or limit_metres, and not both", limit.is_some());
    let centile = members.read("centile", |value| {
        let number = value.as_u64().and_then(|number| u8::try_from(number).ok());
        let found = number.and_then(Centile::find);
        found.ok_or_else(|| {
            "is 50 or 90: of a hundred departures, how many must be within".to_owned()
        })
    });
    let share = members.read("share", number("a share from 0 to 1"));
    need(members, "share", "a share from 0 to 1", share.is_some());
    let area = members.read("area", |value| {
        let area = value.as_str().and_then(Area::parse);
        area.ok_or_else(|| "is all, icb:CODE, borough:CODE or ward:CODE".to_owned())
    });
    let from = members.read("from", day);
    need(members, "from", "a day, such as 2026-04-01", from.is_some());
    let until = members.read("until", day);
    let source = members.text("source", 500);
    need(members, "source", "the document, or who chose it", source.is_some());
    let is_policy = members
        .read("is_policy", |value| value.as_bool().ok_or_else(|| "is true or false".to_owned()));
    if !is_whole {
        return None;
    }
    Some(Standard {
        key: key?,
        words: words?,
        service_line: line?,
        mode: mode?,
        limit: limit?,
        centile: centile.unwrap_or_default(),
        share: share?,
        group: group?,
        area: area.unwrap_or(Area::All),
        from: from?,
        until,
        source: source?,
        is_policy: is_policy.unwrap_or(false),
    })
}
