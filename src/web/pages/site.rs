//! The site sheet: every fact with its evidence, scores, must-pass items, what is not known, tenancies, history.

use actix_web::{HttpRequest, HttpResponse, web};
use minijinja::{Value as View, context};
use serde::{Deserialize, Serialize};

use super::register::{gate_colour, gate_label, interval, status_colour};
use super::table::{Dress, Shown, tag};
use super::{Page, csv, page, view_of};
use crate::access::score::Interval;
use crate::access::{Gate, GateKind, GateState};
use crate::export::{Cell, Table};
use crate::register::{AccessItem, Field, Site, SiteCode, SquareMetres, Subject, Value, Word};
use crate::web::app::App;
use crate::web::draw::{self, Map, Mark, Symbol};
use crate::web::estate::{Estate, Judged};
use crate::web::filter::gate_word;
use crate::web::problem::Problem;

/// Facts that belong together on the sheet, by the first field of each group.
const GROUPS: &[(&str, Field)] = &[
    ("Identity", Field::Name),
    ("Place", Field::Postcode),
    ("Tenure", Field::Tenure),
    ("Space and land", Field::GrossInternalArea),
    ("Six facets", Field::FacetCondition),
    ("Backlog", Field::BacklogTotal),
    ("Money", Field::RunningCost),
    ("Access checklist", Field::Access01),
    ("PLACE scores", Field::PlaceDisability),
];

#[derive(Debug, Serialize)]
struct Group {
    title: &'static str,
    table: Shown,
    known: usize,
    of: usize,
}

#[derive(Debug, Serialize)]
struct Score {
    label: &'static str,
    words: String,
    bar: View,
    note: &'static str,
}

pub(crate) async fn show(
    request: HttpRequest,
    app: web::Data<App>,
    code: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    page(&request, &app, move |app| {
        let estate = app.estate()?;
        let site = find(&estate, &code)?;
        let view = view(&estate, site);
        let title = format!("{} ({})", site.name(), site.code);
        Ok(Page::new("site.html", title, view).under("Overview", "/").under("Register", "/sites"))
    })
    .await
}

pub(crate) async fn file(
    app: web::Data<App>,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    csv(&app, move |app| {
        let (code, name) = path.into_inner();
        let estate = app.estate()?;
        let site = find(&estate, &code)?;
        let table = match name.as_str() {
            "facts" => facts(site, "facts", "Facts", Field::of(Subject::Site)),
            "unknowns" => unknowns(site),
            "tenancies" => tenancies(&estate, site),
            "gates" => gates(estate.judged(&site.code)),
            "findings" => super::checklist::findings_table(app, site)?,
            "checklist" => crate::export::checklist::table([site], &app.gate_rules),
            "surveys" => surveys(site),
            _ => return Err(Problem::not_found("table of this name")),
        };
        Ok(Table { name: format!("{}-{}", site.code, table.name), ..table })
    })
    .await
}

/// The site by its code, or what is wrong with the code.
pub(super) fn find<'a>(estate: &'a Estate, code: &str) -> Result<&'a Site, Problem> {
    let missing = || Problem::not_found(format!("site {code:?} in the register"));
    let code: SiteCode = code.parse().map_err(|_error| missing())?;
    estate.register().site(&code).ok_or_else(missing)
}

fn view(estate: &Estate, site: &Site) -> View {
    let judged = estate.judged(&site.code);
    let file = |name: &str| Some(format!("/sites/{}/{name}.csv", site.code));
    let unknown = unknowns(site);
    let tenancy_table = tenancies(estate, site);
    let gate_table = gates(judged);
    let survey_table = surveys(site);
    context! {
        code => site.code.as_str(),
        name => site.name(),
        status => View::from_safe_string(tag(status_colour(site.status()), site.status().label())),
        is_aggregate => site.is_aggregate(),
        is_located => site.location().is_some(),
        explore_href => site.location().map(|at| format!("/access/explore?easting={}&northing={}", at.easting(), at.northing())),
        address => summary(estate, site),
        gates_tag => judged.map(|judged| {
            let word = gate_word(judged);
            View::from_safe_string(tag(gate_colour(word), gate_label(word)))
        }),
        scores => view_of(judged.map(scores).unwrap_or_default()),
        gates => view_of(Shown::dressed(&gate_table, file("gates"), |_, key, cell| match key {
            "state" => Dress { tag: Some(gate_colour(&cell.shown())), ..Dress::default() },
            _ => Dress::default(),
        })),
        groups => view_of(groups(site)),
        facts_href => file("facts"),
        unknowns => view_of(Shown::plain(&unknown, file("unknowns"))),
        unknown_count => unknown.rows.len(),
        field_count => Field::of(Subject::Site).count(),
        tenancies => view_of(Shown::plain(&tenancy_table, file("tenancies"))),
        surveys => view_of(Shown::plain(&survey_table, file("surveys"))),
        map => small_map(estate, site).map(View::from_safe_string),
    }
}

/// The few facts by which a site is recognised.
fn summary(estate: &Estate, site: &Site) -> Vec<View> {
    let row = |key: &str, cell: Cell| context! { key => context! { text => key }, value => context! { text => cell.shown() } };
    let located = site.fact(Field::Location);
    let how = match &located {
        Value::Known { evidence, .. } => {
            Cell::text(format!("{} ({})", evidence.method, evidence.source))
        }
        Value::Unknown { why } => Cell::Unknown(why.label()),
    };
    let backlog = match site.backlog() {
        Value::Known { value, .. } => Cell::Money(value),
        Value::Unknown { why } => Cell::Unknown(why.label()),
    };
    let space: Option<SquareMetres> = site.area(Field::GrossInternalArea);
    vec![
        row("Organisation", Cell::fact(&site.fact(Field::OrganisationName))),
        row("Postcode", Cell::fact(&site.fact(Field::Postcode))),
        row("Borough", Cell::fact(&site.fact(Field::BoroughName))),
        row("Integrated care board", Cell::fact(&site.fact(Field::IcbName))),
        row("Located by", how),
        row(
            "Tenure",
            site.tenure().map_or(Cell::Unknown("not known"), |tenure| Cell::text(tenure.label())),
        ),
        row(
            "A sale's receipt accrues to",
            site.receipt_accrues_to()
                .map_or(Cell::Unknown("not known"), |whose| Cell::text(whose.label())),
        ),
        row(
            "Gross internal area",
            space.map_or(Cell::Unknown("not known"), |m2| {
                Cell::text(format!("{} m²", Cell::Number(m2.0, 0).shown()))
            }),
        ),
        row("Backlog to reach condition B", backlog),
        row("Tenancies", Cell::count(estate.tenancies_at(&site.code).count() as u64)),
    ]
}

fn scores(judged: &Judged) -> Vec<Score> {
    let score = |label, note, Interval { low, high }: Interval| Score {
        label,
        words: interval(Interval { low, high }),
        bar: View::from_safe_string(draw::bar(low, high)),
        note,
    };
    vec![
        score("Condition", "from facets, age and backlog", judged.condition),
        score("Accessibility", "from the sixteen-item checklist", judged.accessibility),
        score("Utilisation", "from occupied space and surveys", judged.utilisation),
    ]
}

fn groups(site: &Site) -> Vec<Group> {
    let fields: Vec<Field> = Field::of(Subject::Site).collect();
    let start = |field: Field| fields.iter().position(|f| *f == field).unwrap_or(fields.len());
    let ends =
        GROUPS.iter().skip(1).map(|(_, field)| start(*field)).chain(std::iter::once(fields.len()));
    let group = |((title, first), end): (&(&'static str, Field), usize)| {
        let fields = fields.get(start(*first)..end).unwrap_or_default();
        let name = title.to_lowercase().replace(' ', "-");
        let table = facts(site, &name, title, fields.iter().copied());
        Group {
            title,
            known: fields.iter().filter(|field| site.fact(**field).is_known()).count(),
            of: fields.len(),
            table: Shown::dressed(&table, None, |row, key, _| match (key, fields.get(row)) {
                ("field", Some(field)) => Dress {
                    href: Some(format!("/sites/{}/history?field={}", site.code, field.key())),
                    ..Dress::default()
                },
                _ => Dress::default(),
            }),
        }
    };
    GROUPS.iter().zip(ends).map(group).collect()
}

fn facts(site: &Site, name: &str, caption: &str, fields: impl Iterator<Item = Field>) -> Table {
    let columns = [
        ("field", "Fact", false),
        ("value", "Value", false),
        ("source", "Source", false),
        ("method", "How it is known", false),
        ("as_of", "As of", false),
    ];
    Table::new(name, caption, &columns).with(fields.map(|field| {
        let value = site.fact(field);
        let (source, method, as_of) =
            value.evidence().map_or((Cell::Empty, Cell::Empty, Cell::Empty), |evidence| {
                (
                    Cell::text(&*evidence.source),
                    Cell::text(&*evidence.method),
                    Cell::Date(evidence.as_of),
                )
            });
        vec![Cell::text(field.label()), with_unit(field, &value), source, method, as_of]
    }))
}

/// A fact as its reader says it: words by their label, numbers with their unit.
fn with_unit(field: Field, value: &Value<crate::register::Scalar>) -> Cell {
    let cell = Cell::fact(value);
    match &cell {
        Cell::Number(number, _) if field == Field::BuiltYear => Cell::Text(format!("{number:.0}")),
        Cell::Number(..) if !field.unit().is_empty() => {
            Cell::Text(format!("{} {}", cell.shown(), field.unit()))
        }
        Cell::Text(text) => Cell::Text(word_label(field, text)),
        _ => cell,
    }
}

fn word_label(field: Field, text: &str) -> String {
    use crate::register::{
        AccessAnswer, Grade, ReceiptAccruesTo, SiteStatus, SpaceUse, SurplusStatus, Tenure,
    };
    fn label<W: Word>(text: &str) -> Option<String> {
        W::find(text).map(|word| word.label().to_owned())
    }
    let found = match field {
        Field::Status => label::<SiteStatus>(text),
        Field::Tenure => label::<Tenure>(text),
        Field::ReceiptAccruesTo => label::<ReceiptAccruesTo>(text),
        Field::SurplusStatus => label::<SurplusStatus>(text),
        Field::FacetSpaceUse => label::<SpaceUse>(text),
        Field::FacetCondition
        | Field::FacetSuitability
        | Field::FacetQuality
        | Field::FacetStatutory
        | Field::FacetEnvironment => label::<Grade>(text),
        field if AccessItem::all().any(|item| item.field() == field) => label::<AccessAnswer>(text),
        _ => None,
    };
    found.unwrap_or_else(|| text.to_owned())
}

fn gates(judged: Option<&Judged>) -> Table {
    let columns =
        [("item", "Item", false), ("kind", "What it decides", false), ("state", "State", false)];
    let kind = |kind: GateKind| match kind {
        GateKind::Must => "Must be passed",
        GateKind::Conditional => "Must be passed by some services",
        GateKind::Should => "Counts in the score",
    };
    let state = |state: GateState| match state {
        GateState::Pass => "Passes",
        GateState::Fail => "Fails",
        GateState::Unknown => "Not known",
        GateState::NotApplicable => "Not applicable",
    };
    let row = |gate: &Gate| {
        vec![
            Cell::text(gate.item.field().label()),
            Cell::text(kind(gate.kind)),
            Cell::text(state(gate.state)),
        ]
    };
    let gates = judged.map(|judged| judged.gates.as_slice()).unwrap_or_default();
    Table::new("gates", "Access checklist", &columns).with(gates.iter().map(row))
}

fn unknowns(site: &Site) -> Table {
    let columns = [("field", "Fact", false), ("why", "Why it is not known", false)];
    let unknown = |field: Field| match site.fact(field) {
        Value::Unknown { why } => Some(vec![Cell::text(field.label()), Cell::text(why.label())]),
        Value::Known { .. } => None,
    };
    Table::new("unknowns", "What is not known", &columns)
        .with(Field::of(Subject::Site).filter_map(unknown))
}

fn tenancies(estate: &Estate, site: &Site) -> Table {
    let columns = [
        ("tenancy_id", "Tenancy", false),
        ("tenancy_name", "Name", false),
        ("service_line", "Service line", false),
        ("people_served", "People served", true),
        ("clinical_need_m2", "Clinical space (m²)", true),
        ("non_clinical_need_m2", "Non-clinical space (m²)", true),
        ("tenancy_status", "Status", false),
    ];
    Table::new("tenancies", "Tenancies", &columns).with(estate.tenancies_at(&site.code).map(
        |tenancy| {
            vec![
                Cell::text(tenancy.id.as_str()),
                Cell::text(tenancy.name()),
                tenancy
                    .service_line()
                    .map_or(Cell::Unknown("not known"), |line| Cell::text(line.label())),
                Cell::fact(&tenancy.fact(Field::TenancyPeople)),
                Cell::fact(&tenancy.fact(Field::TenancyClinicalArea)),
                Cell::fact(&tenancy.fact(Field::TenancyNonClinicalArea)),
                Cell::text(if tenancy.is_open() { "Open" } else { "Closed" }),
            ]
        },
    ))
}

fn surveys(site: &Site) -> Table {
    use crate::register::Method;
    let columns = [
        ("method", "Method", false),
        ("from", "From", false),
        ("to", "To", false),
        ("spaces", "Spaces", false),
        ("frequency_percent", "In use (%)", true),
        ("occupancy_percent", "Filled when used (%)", true),
        ("utilisation_percent", "Utilisation (%)", true),
        ("source", "Source", false),
    ];
    let method = |method: Method| match method {
        Method::EricReturn => "ERIC return",
        Method::Sensor => "Sensors",
        Method::Walkround => "Walk-round",
        Method::Booking => "Bookings",
    };
    Table::new("surveys", "Utilisation surveys", &columns).with(site.observations.iter().map(
        |seen| {
            vec![
                Cell::text(method(seen.method)),
                Cell::Date(seen.from),
                Cell::Date(seen.to),
                Cell::text(&*seen.spaces),
                Cell::Number(seen.frequency * 100.0, 0),
                seen.occupancy.map_or(Cell::Empty, |share| Cell::Number(share * 100.0, 0)),
                Cell::Number(seen.utilisation() * 100.0, 0),
                Cell::text(&*seen.source),
            ]
        },
    ))
}

/// The site and its neighbours within 3 km.
fn small_map(estate: &Estate, site: &Site) -> Option<String> {
    const HALF_WIDTH: f64 = 3_000.0;
    let at = site.location()?;
    let near = estate.snapshot.index.within(at, HALF_WIDTH * 1.3);
    let mut marks: Vec<Mark> = near
        .iter()
        .filter(|near| *near.code != site.code)
        .filter_map(|near| estate.register().site(near.code))
        .filter_map(|other| {
            Some(Mark {
                at: other.location()?,
                symbol: Symbol::Cross,
                title: other.name().to_owned(),
                href: None,
            })
        })
        .collect();
    marks.push(Mark { at, symbol: Symbol::Square, title: site.name().to_owned(), href: None });
    let label = format!("{} and the sites around it", site.name());
    Map {
        label: &label,
        shapes: estate.shapes.iter().collect(),
        marks,
        window: Some((at, HALF_WIDTH)),
        ..Map::default()
    }
    .draw()
}

#[derive(Debug, Deserialize)]
pub(crate) struct WhichField {
    field: String,
}

pub(crate) async fn history(
    request: HttpRequest,
    app: web::Data<App>,
    code: web::Path<String>,
    which: web::Query<WhichField>,
) -> Result<HttpResponse, Problem> {
    page(&request, &app, move |app| {
        let (table, field, name, code) = history_of(app, &code, &which.field)?;
        let shown =
            Shown::plain(&table, Some(format!("/sites/{code}/history.csv?field={}", field.key())));
        let view =
            context! { table => view_of(shown), field => field.label(), name => name.clone() };
        Ok(Page::new("history.html", format!("History of {}, {code}", field.label()), view)
            .under("Overview", "/")
            .under("Register", "/sites")
            .under(name, format!("/sites/{code}")))
    })
    .await
}

pub(crate) async fn history_file(
    app: web::Data<App>,
    code: web::Path<String>,
    which: web::Query<WhichField>,
) -> Result<HttpResponse, Problem> {
    csv(&app, move |app| history_of(app, &code, &which.field).map(|(table, ..)| table)).await
}

fn history_of(
    app: &App,
    code: &str,
    field: &str,
) -> Result<(Table, Field, String, SiteCode), Problem> {
    let estate = app.estate()?;
    let site = find(&estate, code)?;
    let field: Field = field.parse().map_err(|words: String| Problem::invalid("field", words))?;
    if field.subject() != Subject::Site {
        return Err(Problem::invalid("field", "is not a field of a site"));
    }
    let columns = [
        ("version", "Version", true),
        ("value", "Value", false),
        ("as_of", "As of", false),
        ("source", "Source", false),
        ("author", "Entered by", false),
        ("at", "Entered on", false),
        ("reason", "Reason", false),
    ];
    let said = app.store.history(&app.scope(), &site.code, field)?;
    let rows = said.iter().rev().map(|statement| {
        let evidence = statement.said.evidence();
        vec![
            Cell::count(statement.by.id),
            with_unit(field, &statement.said),
            evidence.map_or(Cell::Empty, |evidence| Cell::Date(evidence.as_of)),
            evidence.map_or(Cell::Empty, |evidence| Cell::text(&*evidence.source)),
            Cell::text(&*statement.by.author),
            Cell::Date(statement.by.at.date()),
            Cell::text(&*statement.by.reason),
        ]
    });
    let table = Table::new(
        &format!("{}-{}-history", site.code, field.key()),
        "What each version said, newest first",
        &columns,
    )
    .with(rows);
    Ok((table, field, site.name().to_owned(), site.code.clone()))
}
