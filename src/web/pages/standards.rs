//! Access standards: the list in force, a form for each, the day one ends, and every version there was.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{NaiveDate, Utc};
use minijinja::{Value as View, context};

use super::form::Form;
use super::reference::{decimals, standards_table};
use super::register::Choice;
use super::table::{Dress, Shown};
use super::{Page, csv, page, see_other, view_of};
use crate::access::{self, Area, Centile, Group, Limit, Refused, Standard};
use crate::config::{self, LeftOut};
use crate::export::{Cell, Table};
use crate::register::{ServiceLine, Word as _};
use crate::store::StandardsVersion;
use crate::travel::Mode;
use crate::web::app::{App, aside};
use crate::web::guard;
use crate::web::problem::Problem;

pub(crate) async fn list(
    request: HttpRequest,
    app: web::Data<App>,
) -> Result<HttpResponse, Problem> {
    page(&request, &app, |app| {
        let kept = app.store.standards(&app.scope())?;
        let today = Utc::now().date_naive();
        let table = standards_table(&kept.standards, today);
        let shown = Shown::dressed(&table, Some("/standards.csv".to_owned()), |row, key, cell| {
            let held = kept.standards.get(row);
            match key {
                "words" => Dress {
                    href: held.map(|standard| format!("/standards/{}", standard.key)),
                    ..Dress::default()
                },
                "state" if cell.shown() == "In force" => Dress { tag: Some("green"), ..Dress::default() },
                "state" => Dress { tag: Some("grey"), ..Dress::default() },
                "source" => Dress::folded(),
                _ => Dress::default(),
            }
        });
        let history = app.store.standards_history(&app.scope())?;
        let view = context! {
            version => kept.version,
            table => view_of(shown),
            left_out => view_of(Shown::plain(&left_out_table()?, Some("/standards-left-out.csv".to_owned()))),
            history => view_of(Shown::plain(&history_table(&history), Some("/standards-history.csv".to_owned()))),
        };
        Ok(Page::new("standards.html", "Access standards", view).under("Access", "/access"))
    })
    .await
}

pub(crate) async fn file(app: web::Data<App>) -> Result<HttpResponse, Problem> {
    csv(&app, |app| {
        let kept = app.store.standards(&app.scope())?;
        Ok(standards_table(&kept.standards, Utc::now().date_naive()))
    })
    .await
}

pub(crate) async fn history_file(app: web::Data<App>) -> Result<HttpResponse, Problem> {
    csv(&app, |app| Ok(history_table(&app.store.standards_history(&app.scope())?))).await
}

pub(crate) async fn left_out_file(app: web::Data<App>) -> Result<HttpResponse, Problem> {
    csv(&app, |_| left_out_table()).await
}

fn left_out_table() -> Result<Table, Problem> {
    let told = config::standards_left_out().map_err(Problem::internal)?;
    let columns = [
        ("words", "Standard", false),
        ("why", "Why it does not ship", false),
        ("source", "Source", false),
    ];
    let row =
        |told: LeftOut| vec![Cell::text(told.words), Cell::text(told.why), Cell::text(told.source)];
    let table = Table::new("left-out", "Looked at, and not shipped", &columns);
    Ok(table.with(told.into_iter().map(row)))
}

/// Every version, newest first, with what each changed.
fn history_table(history: &[StandardsVersion]) -> Table {
    let columns = [
        ("version", "Version", true),
        ("at", "Made (UTC)", false),
        ("author", "By", false),
        ("reason", "Reason", false),
        ("changes", "What changed", false),
    ];
    let before = history.iter().skip(1).map(Some).chain([None]);
    Table::new("history", "Versions, newest first", &columns).with(history.iter().zip(before).map(
        |(held, before)| {
            vec![
                Cell::count(held.version),
                held.at
                    .map_or(Cell::Empty, |at| Cell::Text(at.format("%Y-%m-%d %H:%M").to_string())),
                Cell::text(&*held.author),
                Cell::text(&*held.reason),
                Cell::text(before.map_or_else(String::new, |before| changes(before, held))),
            ]
        },
    ))
}

fn changes(before: &StandardsVersion, after: &StandardsVersion) -> String {
    let find = |list: &[Standard], key: &str| list.iter().find(|held| held.key == key).cloned();
    let mut words = Vec::new();
    for standard in &after.standards {
        match find(&before.standards, &standard.key) {
            None => words.push(format!("{} added", standard.key)),
            Some(was) if was != *standard => {
                words.push(match (was.until, standard.until) {
                    (None, Some(until)) => format!("{} ends on {until}", standard.key),
                    _ => format!("{} changed", standard.key),
                });
            }
            Some(_) => {}
        }
    }
    let gone = before.standards.iter().filter(|was| find(&after.standards, &was.key).is_none());
    words.extend(gone.map(|was| format!("{} removed", was.key)));
    words.join("; ")
}

/// The form of a new standard, or of the one with this key.
pub(crate) async fn form(
    request: HttpRequest,
    app: web::Data<App>,
    key: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let key = key.into_inner();
    page(&request, &app, move |app| {
        let kept = app.store.standards(&app.scope())?;
        let form = if key == "new" {
            let values = [
                ("share", "95"),
                ("unit", "minutes"),
                ("centile", "50"),
                ("area", "all"),
                ("is_policy", "no"),
            ];
            Form::of(values.map(|(name, value)| (name.to_owned(), value.to_owned())))
        } else {
            let found = kept.standards.iter().find(|standard| standard.key == key);
            filled(found.ok_or_else(|| Problem::not_found(format!("standard {key}")))?)
        };
        Ok(form_page(&key, kept.version, &form))
    })
    .await
}

fn filled(standard: &Standard) -> Form {
    let (limit, unit) = match standard.limit {
        Limit::Minutes(most) => (most, "minutes"),
        Limit::Metres(most) => (most, "metres"),
    };
    let short = |number: f64| format!("{number:.*}", decimals(number));
    let values = [
        ("key", standard.key.clone()),
        ("words", standard.words.clone()),
        ("service_line", standard.service_line.word().to_owned()),
        ("mode", standard.mode.key().to_owned()),
        ("limit", short(limit)),
        ("unit", unit.to_owned()),
        ("centile", standard.centile.number().to_string()),
        ("share", short(standard.share * 100.0)),
        ("group", standard.group.key().to_owned()),
        ("area", standard.area.written()),
        ("from", standard.from.to_string()),
        ("until", standard.until.map(|until| until.to_string()).unwrap_or_default()),
        ("source", standard.source.clone()),
        ("is_policy", if standard.is_policy { "yes" } else { "no" }.to_owned()),
    ];
    Form::of(values.map(|(name, value)| (name.to_owned(), value)))
}

fn form_page(key: &str, version: u64, form: &Form) -> Page {
    let choices = |field: &str, all: Vec<(&'static str, &'static str)>| {
        view_of(Choice::list("Choose", form.value(field), all))
    };
    let is_new = key == "new";
    let name = if is_new { "Add an access standard" } else { "Change an access standard" };
    let title = if form.is_good() { name.to_owned() } else { format!("Error: {name}") };
    let view = context! {
        form => view_of(form),
        key => key,
        is_new => is_new,
        heading => name,
        version => version,
        lines => choices("service_line", ServiceLine::ALL.iter().map(|line| (line.word(), line.label())).collect()),
        modes => choices("mode", Mode::ALL.iter().map(|mode| (mode.key(), mode.label())).collect()),
        groups => choices("group", Group::ALL.iter().map(|group| (group.key(), group.label())).collect()),
        unit => form.value("unit"),
        centile => form.value("centile"),
        is_policy => form.value("is_policy"),
    };
    Page::new("standard-form.html", title, view)
        .under("Access", "/access")
        .under("Standards", "/standards")
}

/// Keeps what the form says, as the next version.
pub(crate) async fn save(
    request: HttpRequest,
    app: web::Data<App>,
    key: web::Path<String>,
    sent: web::Form<Vec<(String, String)>>,
) -> Result<HttpResponse, Problem> {
    let (key, mut form) = (key.into_inner(), Form::of(sent.into_inner()));
    guard::check_form(&request, form.value("csrf"))?;
    let named = key.clone();
    let (form, is_kept) = aside(&app, move |app| {
        let kept = app.store.standards(&app.scope())?;
        let is_held = kept.standards.iter().any(|held| held.key == named);
        if named != "new" && !is_held {
            return Err(Problem::not_found(format!("standard {named}")));
        }
        if named == "new" && kept.standards.iter().any(|held| held.key == form.value("key")) {
            let words = format!("{} is the key of another standard", form.value("key"));
            form.refuse("key", words);
        }
        let list = read(&mut form, &named).and_then(|standard| {
            check_area(app, &mut form, &standard.area);
            match access::with_standard(&kept.standards, standard) {
                Ok(list) if form.is_good() => Some(list),
                Ok(_) => None,
                Err(refused) => {
                    refuse(&mut form, &refused);
                    None
                }
            }
        });
        let Some(list) = list else { return Ok((form, false)) };
        let expected = form.value("version").parse().unwrap_or(kept.version);
        let reason = Some(form.value("reason"))
            .filter(|text| !text.is_empty())
            .unwrap_or("changed on the page");
        let scope = app.scope();
        let said = (scope.principal(), Utc::now().naive_utc(), reason);
        app.store.save_standards(&scope, said, expected, &list)?;
        Ok((form, true))
    })
    .await?;
    if is_kept {
        return Ok(see_other("/standards"));
    }
    page(&request, &app, move |app| {
        let version = app.store.standards(&app.scope())?.version;
        Ok(form_page(&key, version, &form).with_status(StatusCode::UNPROCESSABLE_ENTITY))
    })
    .await
}

/// What is wrong with a standard, beside the fields of the form.
fn refuse(form: &mut Form, refused: &Refused) {
    for fault in &refused.faults {
        let (field, called) = match fault.field {
            "limit_minutes" | "limit_metres" => ("limit", "Limit"),
            "key" => ("key", "Key"),
            "words" => ("words", "Standard"),
            "centile" => ("centile", "Centile"),
            "share" => ("share", "Share"),
            "until" => ("until", "Last day"),
            "source" => ("source", "Source"),
            field => (field, field),
        };
        form.refuse(field, format!("{called} {}", fault.words));
    }
    for contradiction in &refused.contradictions {
        form.refuse("words", contradiction.to_string());
    }
}

/// An area nobody lives in, as far as the register knows, is a mistyped code.
fn check_area(app: &App, form: &mut Form, area: &Area) {
    let Ok(estate) = app.estate() else { return };
    let zones = &estate.snapshot.geography.zones;
    if !zones.is_empty() && !zones.iter().any(|zone| area.holds(zone)) {
        form.refuse("area", format!("No small area of the register lies in {}", area.written()));
    }
}

fn read(form: &mut Form, key: &str) -> Option<Standard> {
    let key = if key == "new" { form.value("key").to_owned() } else { key.to_owned() };
    let service_line = form.read("service_line", |text| {
        ServiceLine::find(text).ok_or_else(|| "Choose which care".to_owned())
    });
    let mode = form.read("mode", |text| {
        let found = Mode::ALL.into_iter().find(|mode| mode.key() == text);
        found.ok_or_else(|| "Choose how people travel".to_owned())
    });
    let group = form.read("group", |text| {
        let found = Group::ALL.into_iter().find(|group| group.key() == text);
        found.ok_or_else(|| "Choose for whom it is".to_owned())
    });
    let number = |text: &str, words: &str| {
        text.replace(',', "")
            .parse::<f64>()
            .ok()
            .filter(|n| n.is_finite())
            .ok_or_else(|| words.to_owned())
    };
    let most = form.read("limit", |text| number(text, "Enter the limit as a number"));
    let share = form.read("share", |text| {
        let words = "Enter a share above 0 and up to 100 per cent";
        number(text, words).and_then(|share| {
            if share > 0.0 && share <= 100.0 { Ok(share) } else { Err(words.to_owned()) }
        })
    });
    let area = form.read("area", |text| {
        Area::parse(text).ok_or_else(|| {
            "Enter all, icb:CODE, borough:CODE or ward:CODE, such as borough:E09000007".to_owned()
        })
    });
    let day = |text: &str| {
        text.parse::<NaiveDate>()
            .map_err(|_error| "Enter a day as year, month and day, such as 2026-04-01".to_owned())
    };
    let from = form.read("from", day);
    let until =
        form.read("until", |text| if text.is_empty() { Ok(None) } else { day(text).map(Some) });
    let unit = form.read("unit", |text| match text {
        "minutes" => Ok(true),
        "metres" => Ok(false),
        _ => Err("Choose minutes or metres".to_owned()),
    });
    let centile = form.read("centile", |text| match text {
        "" => Ok(Centile::Median),
        text => {
            let found = text.parse().ok().and_then(Centile::find);
            found.ok_or_else(|| "Choose the median, or nine departures in ten".to_owned())
        }
    });
    let is_policy = form.read("is_policy", |text| match text {
        "yes" => Ok(true),
        "no" => Ok(false),
        _ => Err("Choose policy or planning choice".to_owned()),
    });
    let most = most?;
    Some(Standard {
        key,
        words: form.value("words").to_owned(),
        service_line: service_line?,
        mode: mode?,
        limit: if unit? { Limit::Minutes(most) } else { Limit::Metres(most) },
        centile: centile?,
        share: share? / 100.0,
        group: group?,
        area: area?,
        from: from?,
        until: until?,
        source: form.value("source").to_owned(),
        is_policy: is_policy?,
    })
}

/// The last day a standard holds.
pub(crate) async fn retire(
    request: HttpRequest,
    app: web::Data<App>,
    key: web::Path<String>,
    sent: web::Form<Vec<(String, String)>>,
) -> Result<HttpResponse, Problem> {
    let (key, mut form) = (key.into_inner(), Form::of(sent.into_inner()));
    guard::check_form(&request, form.value("csrf"))?;
    let named = key.clone();
    let failed = aside(&app, move |app| {
        let kept = app.store.standards(&app.scope())?;
        let found = kept.standards.iter().find(|held| held.key == named);
        let held = found.ok_or_else(|| Problem::not_found(format!("standard {named}")))?;
        let until = form.read("until", |text| {
            text.parse::<NaiveDate>().map_err(|_error| {
                "Enter a day as year, month and day, such as 2026-04-01".to_owned()
            })
        });
        let Some(until) = until else { return Ok(Some((filled(held), form))) };
        let ended = Standard { until: Some(until), ..held.clone() };
        match access::with_standard(&kept.standards, ended) {
            Ok(list) => {
                let scope = app.scope();
                let reason = format!("{named} ends on {until}");
                let said = (scope.principal(), Utc::now().naive_utc(), reason.as_str());
                app.store.save_standards(&scope, said, kept.version, &list)?;
                Ok(None)
            }
            Err(refused) => {
                refuse(&mut form, &refused);
                Ok(Some((filled(held), form)))
            }
        }
    })
    .await?;
    let Some((mut shown, sent)) = failed else { return Ok(see_other("/standards")) };
    for fault in sent.faults() {
        shown.refuse(&fault.field, fault.detail);
    }
    page(&request, &app, move |app| {
        let version = app.store.standards(&app.scope())?.version;
        Ok(form_page(&key, version, &shown).with_status(StatusCode::UNPROCESSABLE_ENTITY))
    })
    .await
}

/// The standards as the page of assumptions shows them.
pub(super) fn in_force(app: &App) -> Result<View, Problem> {
    let kept = app.store.standards(&app.scope())?;
    let table = standards_table(&kept.standards, Utc::now().date_naive());
    Ok(view_of(Shown::plain(&table, Some("/standards.csv".to_owned()))))
}
