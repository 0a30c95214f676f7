//! Studies: what runs were asked about themselves, and the forms that ask. Also the reason sheet of a site in a run.

use actix_web::{HttpRequest, HttpResponse, web};
use minijinja::{Value as View, context};

use super::form::Form;
use super::proposal::option_words;
use super::table::{Dress, Shown, tag};
use super::{Page, csv, page, see_other, view_of};
use crate::export::study::{all, title, told};
use crate::export::{Cell, Table};
use crate::register::SiteCode;
use crate::scenario::{Objective, Run, Study, StudyAnswer, StudyQuestion};
use crate::store::{RunId, StudyHeader, StudyId};
use crate::web::app::{App, aside};
use crate::web::draw;
use crate::web::guard;
use crate::web::problem::{FieldFault, Problem};

pub(crate) async fn show(
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<u64>,
) -> Result<HttpResponse, Problem> {
    let id = StudyId(*id);
    page(&request, &app, move |app| {
        let study = find(app, id)?;
        let tables: Vec<View> = all(&study)
            .iter()
            .map(|table| {
                let href = format!("/studies/{}/{}.csv", id.0, table.name);
                view_of(dressed(&study, table, Some(href)))
            })
            .collect();
        let chart = match &study.answer {
            StudyAnswer::Frontier(frontier) => draw::frontier(frontier).map(View::from_safe_string),
            _ => None,
        };
        let view = context! {
            id => id.0,
            run => study.run,
            name => study.name.clone(),
            told => told(&study),
            chart => chart,
            tables => tables,
            author => study.author.clone(),
            at => study.at.format("%-d %B %Y, %H:%M").to_string(),
            seconds => Cell::Number(study.seconds, 1).shown(),
            sheets => matches!(study.answer, StudyAnswer::Why(_)),
        };
        Ok(Page::new("study.html", title(&study), view)
            .under("Overview", "/")
            .under("Scenarios", "/scenarios")
            .under(format!("Run {}", study.run), format!("/runs/{}", study.run)))
    })
    .await
}

pub(crate) async fn file(
    app: web::Data<App>,
    path: web::Path<(u64, String)>,
) -> Result<HttpResponse, Problem> {
    let (id, name) = path.into_inner();
    csv(&app, move |app| {
        let study = find(app, StudyId(id))?;
        let table = all(&study).into_iter().find(|table| table.name == name);
        let table = table.ok_or_else(|| Problem::not_found("table of this name"))?;
        Ok(Table { name: format!("study-{id}-{}", table.name), ..table })
    })
    .await
}

/// A question from the form of a run, or of a site in a run.
pub(crate) async fn ask(
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<u64>,
    sent: web::Form<Vec<(String, String)>>,
) -> Result<HttpResponse, Problem> {
    let form = Form::of(sent.into_inner());
    guard::check_form(&request, form.value("csrf"))?;
    let run = RunId(*id);
    let job = aside(&app, move |app| {
        let question = read(&form)?;
        let scope = app.scope();
        Ok(app.jobs.start_study(&scope, run, question, scope.principal())?)
    })
    .await?;
    Ok(see_other(&format!("/jobs/{}", job.0)))
}

/// The question a form asks; a fault names the value.
fn read(form: &Form) -> Result<StudyQuestion, Problem> {
    let fault = |field: &str, detail: String| Problem::Invalid {
        faults: vec![FieldFault { field: field.to_owned(), detail }],
    };
    let amount = |name: &str| {
        let given = form.value(name);
        Objective::find(given)
            .ok_or_else(|| fault(name, format!("{given:?} is no amount that can be swept.")))
    };
    let count = |name: &str, most: usize| {
        let given = form.value(name);
        let number = given.parse().ok().filter(|number| (2..=most).contains(number));
        number.ok_or_else(|| {
            fault(name, format!("Expected a number from 2 to {most}, not {given:?}."))
        })
    };
    match form.value("kind") {
        "why" => Ok(StudyQuestion::Why),
        "why_site" => {
            let given = form.value("site");
            let site = given
                .parse()
                .map_err(|error| fault("site", format!("{given:?} is no site code: {error}")))?;
            Ok(StudyQuestion::WhySite { site })
        }
        "frontier" => {
            let (sought, against) = (amount("sought")?, amount("against")?);
            if sought == against {
                return Err(fault("against", "Choose two different amounts.".to_owned()));
            }
            Ok(StudyQuestion::Frontier { sought, against, points: count("points", 60)? })
        }
        "portfolio" => {
            let given = form.value("within");
            let within = given.parse().ok().filter(|percent| (0.0..=100.0).contains(percent));
            let within: f64 = within.ok_or_else(|| {
                fault("within", format!("Expected a percentage from 0 to 100, not {given:?}."))
            })?;
            Ok(StudyQuestion::Portfolio { plans: count("plans", 50)?, within: within / 100.0 })
        }
        "survey" => Ok(StudyQuestion::Survey),
        other => Err(fault("kind", format!("{other:?} is nothing that can be asked of a run."))),
    }
}

/// Why one site is as it is in a run: its action, what moves, and what the opposite would cost.
pub(crate) async fn sheet(
    request: HttpRequest,
    app: web::Data<App>,
    path: web::Path<(u64, String)>,
) -> Result<HttpResponse, Problem> {
    let (id, code) = path.into_inner();
    let id = RunId(id);
    page(&request, &app, move |app| {
        let run = app.store.run(&app.scope(), id)?;
        let code: SiteCode =
            code.parse().ok().ok_or_else(|| Problem::not_found("site of this code"))?;
        let proposal =
            run.proposal.as_ref().ok_or_else(|| Problem::not_found("plan in this run"))?;
        let action = proposal.actions.iter().find(|action| action.site == code);
        let action = action.ok_or_else(|| Problem::not_found("site of this code in this run"))?;
        let reasons: Vec<String> =
            action.reasons.iter().map(|reason| reason.words.clone()).collect();
        let refusals: Vec<String> = proposal
            .refusals
            .iter()
            .filter(|refusal| refusal.site == code)
            .map(|refusal| format!("{}: {}", option_words(refusal.option), refusal.reason.words))
            .collect();
        let studied = studied(app, id, &code)?;
        let tables: Vec<View> = studied
            .iter()
            .flat_map(|(number, study)| {
                let of_site = only(study, &code);
                all(&of_site)
                    .into_iter()
                    .map(move |table| {
                        let whole = format!("{} (study {})", table.caption, number.0);
                        let table = Table { caption: whole, ..table };
                        let table = Table { name: format!("{}-{}", table.name, number.0), ..table };
                        view_of(dressed(&of_site, &table, None))
                    })
                    .collect::<Vec<_>>()
            })
            .collect();
        let view = context! {
            run => id.0,
            site => code.as_str(),
            name => run.scenario.name.clone(),
            action => View::from_safe_string(tag("", option_words(action.option))),
            reasons => reasons,
            refusals => refusals,
            money => vec![
                money_row("Receipt", action.receipt),
                money_row("One-off costs", action.costs),
                money_row("Running cost saved a year", action.running_cost_saved),
                money_row("To the fund", action.to_fund),
            ],
            moves => view_of(moves(&run, &code)),
            told => studied.first().map(|(_, study)| told(study)),
            tables => tables,
        };
        Ok(Page::new("reason-sheet.html", format!("Why: {}", action.name), view)
            .under("Overview", "/")
            .under("Scenarios", "/scenarios")
            .under(format!("Run {}", id.0), format!("/runs/{}", id.0)))
    })
    .await
}

fn money_row(key: &str, pence: crate::register::Pence) -> View {
    context! { key => context! { text => key }, value => context! { text => Cell::Money(pence).shown() } }
}

fn moves(run: &Run, code: &SiteCode) -> Shown {
    let columns = [
        ("name", "Service", false),
        ("from_site_code", "From", false),
        ("to_site_code", "To", false),
        ("people", "People", true),
        ("minutes_before", "Minutes before", true),
        ("minutes_after", "Minutes after", true),
    ];
    let moves = run.proposal.iter().flat_map(|proposal| &proposal.moves);
    let here = moves.filter(|moved| moved.from == *code || moved.to == *code);
    let table =
        Table::new("moves", "What moves from here and to here", &columns).with(here.map(|moved| {
            vec![
                Cell::text(&*moved.name),
                Cell::text(moved.from.as_str()),
                Cell::text(moved.to.as_str()),
                Cell::maybe(moved.people, 0),
                Cell::maybe(moved.minutes_before.map(|minutes| minutes.0), 1),
                Cell::maybe(moved.minutes_after.map(|minutes| minutes.0), 1),
            ]
        }));
    Shown::dressed(&table, None, |_, key, cell| match (key, cell) {
        ("from_site_code" | "to_site_code", Cell::Text(code)) => {
            Dress { href: Some(format!("/sites/{code}")), ..Dress::default() }
        }
        _ => Dress::default(),
    })
}

/// The newest study of every site, and the newest exact one of this site.
fn studied(app: &App, run: RunId, code: &SiteCode) -> Result<Vec<(StudyId, Study)>, Problem> {
    let headers = app.store.studies(&app.scope(), run)?;
    let mut found = Vec::new();
    let mut has_every = false;
    for header in headers.iter().filter(|header| header.kind.starts_with("why")) {
        let is_every = header.kind == "why";
        if is_every && has_every {
            continue;
        }
        let study = find(app, header.id)?;
        let is_of_site = matches!(&study.question, StudyQuestion::WhySite { site } if site == code);
        if is_every || is_of_site {
            has_every |= is_every;
            found.push((header.id, study));
            if is_of_site {
                break;
            }
        }
    }
    Ok(found)
}

/// The rows about one site and its services.
fn only(study: &Study, code: &SiteCode) -> Study {
    let mut study = study.clone();
    if let StudyAnswer::Why(whys) = &mut study.answer {
        whys.rows.retain(|row| row.site == *code);
    }
    study
}

fn find(app: &App, id: StudyId) -> Result<Study, Problem> {
    Ok(app.store.study(&app.scope(), id)?)
}

/// Sites lead to their reason sheets, points to their runs.
fn dressed(study: &Study, table: &Table, href: Option<String>) -> Shown {
    let run = study.run;
    Shown::dressed(table, href, move |_, key, cell| match (key, cell) {
        ("site_code", Cell::Text(code)) => {
            Dress { href: Some(format!("/runs/{run}/sites/{code}")), ..Dress::default() }
        }
        ("run", Cell::Number(..)) => {
            Dress { href: Some(format!("/runs/{}", cell.written())), ..Dress::default() }
        }
        ("known", Cell::Text(words)) => {
            let colour = match words.as_str() {
                "impossible" => "red",
                "known exactly" => "green",
                "no plan known" => "yellow",
                _ => "grey",
            };
            Dress { tag: Some(colour), ..Dress::default() }
        }
        _ => Dress::default(),
    })
}

/// What a run was asked, for its page.
pub(super) fn list(studies: &[StudyHeader]) -> Vec<View> {
    let words = |kind: &str| match kind {
        "why" => "What every choice would cost the other way",
        "why_site" => "Why one site",
        "frontier" => "A frontier",
        "portfolio" => "The best few plans",
        _ => "The survey list",
    };
    studies
        .iter()
        .map(|study| {
            context! {
                href => format!("/studies/{}", study.id.0),
                text => words(&study.kind),
                at => study.at.format("%-d %B %Y, %H:%M").to_string(),
            }
        })
        .collect()
}

/// The amounts of the frontier's form, with one chosen.
pub(super) fn amounts(chosen: Objective) -> Vec<View> {
    Objective::ALL
        .into_iter()
        .map(|amount| {
            context! { value => amount.key(), text => amount.label(), selected => amount == chosen }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::study::amount_cell;

    fn form(values: &[(&str, &str)]) -> Form {
        Form::of(values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    #[test]
    fn a_question_is_read_or_its_fault_is_named() {
        let good = form(&[
            ("kind", "frontier"),
            ("sought", "fund_value"),
            ("against", "travel"),
            ("points", "12"),
        ]);
        assert_eq!(
            read(&good).unwrap(),
            StudyQuestion::Frontier {
                sought: Objective::FundValue,
                against: Objective::Travel,
                points: 12
            }
        );
        for bad in [
            form(&[("kind", "everything")]),
            form(&[("kind", "portfolio"), ("plans", "1"), ("within", "1")]),
            form(&[("kind", "portfolio"), ("plans", "3"), ("within", "-1")]),
            form(&[("kind", "frontier"), ("sought", "fund"), ("against", "fund"), ("points", "5")]),
            form(&[("kind", "why_site"), ("site", "")]),
        ] {
            assert!(read(&bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn money_of_a_point_is_to_the_penny() {
        assert_eq!(amount_cell(Objective::Fund, 12.345).written(), "12.35");
        assert_eq!(amount_cell(Objective::SpaceReleased, 12.4).written(), "12");
    }
}
