//! The money of a run: balances, sensitivities, how sure it is, the workbook, and runs side by side.

use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::{HttpRequest, HttpResponse, web};
use minijinja::{Value as View, context};
use serde::Deserialize;

use super::priorities::held;
use super::table::{Dress, Shown};
use super::{Page, csv, page, see_other, view_of};
use crate::config;
use crate::export::workbook::{Book, workbook};
use crate::export::{Cell, Table, fund as tables};
use crate::fund::{self, Asked, Grain, Indices, Ledger, Line, Rates, Uncertainty, Workings};
use crate::register::{
    Assumptions, Field, Mark, MissingAssumption, Pence, ReceiptAccruesTo, Register, Word,
};
use crate::scenario::priorities::Rule;
use crate::scenario::programme::Programme;
use crate::scenario::{self, Basis, Run};
use crate::store::RunId;
use crate::web::app::{App, aside};
use crate::web::draw::{self, financial_year};
use crate::web::guard;
use crate::web::problem::Problem;

/// Which part of the money, and in whose prices.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Choice {
    /// `nominal`, else real.
    #[serde(default)]
    terms: String,
    /// `month`, else by year.
    #[serde(default)]
    by: String,
    /// An owner's word.
    #[serde(default)]
    owner: String,
    /// A borough's code.
    #[serde(default)]
    borough: String,
    /// A board's code.
    #[serde(default)]
    icb: String,
    /// The number of a programme whose dates are taken; none: the usual dates.
    #[serde(default)]
    programme: String,
    /// The rule by which priorities are paid for; none: none is.
    #[serde(default)]
    priorities: String,
}

impl Choice {
    fn check(&self) -> Result<(), Problem> {
        if !matches!(self.terms.as_str(), "" | "real" | "nominal") {
            return Err(Problem::invalid("terms", "Choose real or nominal."));
        }
        if !matches!(self.by.as_str(), "" | "year" | "month") {
            return Err(Problem::invalid("by", "Choose year or month."));
        }
        if !self.owner.is_empty() && ReceiptAccruesTo::find(&self.owner).is_none() {
            let known = ReceiptAccruesTo::WORDS.join(", ");
            return Err(Problem::invalid("owner", format!("Choose one of {known}.")));
        }
        Ok(())
    }

    fn grain(&self) -> Grain {
        if self.by == "month" { Grain::Month } else { Grain::Year }
    }

    fn is_nominal(&self) -> bool {
        self.terms == "nominal"
    }

    fn holds(&self, line: &Line, register: &Register) -> bool {
        let site = |field| register.site(&line.site).and_then(|site| site.text(field));
        let is = |asked: &str, field| asked.is_empty() || site(field) == Some(asked);
        let is_owner =
            self.owner.is_empty() || line.owner.is_some_and(|owner| owner.word() == self.owner);
        is_owner && is(&self.borough, Field::BoroughCode) && is(&self.icb, Field::IcbCode)
    }

    fn rule(&self) -> Result<Option<Rule>, Problem> {
        let known = || Rule::ALL.map(Rule::key).join(", ");
        match self.priorities.as_str() {
            "" => Ok(None),
            key => Rule::find(key).map(Some).ok_or_else(|| {
                Problem::invalid("priorities", format!("Choose one of {}, or none.", known()))
            }),
        }
    }

    /// The query that keeps the basis and nothing else.
    fn basis_query(&self) -> String {
        let basis = Self {
            programme: self.programme.clone(),
            priorities: self.priorities.clone(),
            ..Self::default()
        };
        basis.with("", "")
    }

    /// The address with one part changed.
    fn with(&self, part: &str, value: &str) -> String {
        let mut parts = [
            ("terms", self.terms.as_str()),
            ("by", self.by.as_str()),
            ("owner", self.owner.as_str()),
            ("borough", self.borough.as_str()),
            ("icb", self.icb.as_str()),
            ("programme", self.programme.as_str()),
            ("priorities", self.priorities.as_str()),
        ];
        for (key, held) in &mut parts {
            if *key == part {
                *held = value;
            }
        }
        let kept = parts.iter().filter(|(_, value)| !value.is_empty());
        let query: Vec<String> = kept.map(|(key, value)| format!("{key}={value}")).collect();
        if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) }
    }
}

/// A run with the register it was asked of and the figures it is priced with, on the basis asked for.
pub(in crate::web) struct Money {
    id: RunId,
    run: Run,
    snapshot: std::sync::Arc<crate::store::Snapshot>,
    set: Assumptions,
    basis: Basis,
    /// At the basis: the stored one where nothing else was asked for.
    ledger: Ledger,
    /// What dates and spend were taken, for the head of a page.
    told: Vec<String>,
}

impl Money {
    /// Of a run, on the basis that a choice names.
    pub(in crate::web) fn find(app: &App, id: RunId, choice: &Choice) -> Result<Self, Problem> {
        let scope = app.scope();
        let run = app.store.run(&scope, id)?;
        let snapshot = app.store.at_version(&scope, run.scenario.register_version)?;
        let shipped = config::assumptions().map_err(Problem::internal)?;
        let set = scenario::figures(&run.scenario, &shipped);
        let mut told = Vec::new();
        let programme = programme(app, id, &choice.programme)?;
        if let Some((number, made)) = &programme {
            let end = made.items.len();
            told.push(format!(
                "At the dates of programme {number}, which puts {end} actions in order."
            ));
        }
        let rule = choice.rule()?;
        let list = rule.map(|_| held(app)).transpose()?;
        let wanted = list.as_ref().zip(rule);
        let made = programme.as_ref().map(|(_, made)| made);
        let basis = scenario::basis(&run, made, wanted, &snapshot.geography.zones, &set)
            .map_err(Problem::internal)?;
        if let Some(rule) = rule {
            let spent: Pence = basis.spends.iter().map(|spend| spend.amount).sum();
            told.push(format!(
                "With {} local priorities paid for, {} in all, chosen by the rule “{}”.",
                basis.spends.len(),
                Cell::Money(spent).shown(),
                rule.label()
            ));
        }
        let ledger = scenario::ledger_on(&snapshot.register, &run, &set, &basis)
            .map_err(Problem::internal)?;
        Ok(Self { id, run, snapshot, set, basis, ledger, told })
    }

    fn register(&self) -> &Register {
        &self.snapshot.register
    }

    /// The run's workings; a run without a plan has none.
    fn worked<T>(
        &self,
        work: impl FnOnce(&Workings<'_>) -> Result<T, MissingAssumption>,
    ) -> Result<T, Problem> {
        let done = scenario::worked(self.register(), &self.run, &self.set, &self.basis, work);
        done.map_err(Problem::internal)?
            .ok_or_else(|| Problem::not_found("plan in this run, so no money"))
    }

    fn sampled(
        &self,
        workings: &Workings<'_>,
        draws: &Draws,
    ) -> Result<Uncertainty, MissingAssumption> {
        let none = std::collections::BTreeMap::new();
        let boroughs = self
            .run
            .proposal
            .as_ref()
            .map_or(none, |plan| scenario::boroughs(self.register(), plan));
        fund::sample(
            workings,
            &Asked {
                draws: draws.draws,
                seed: draws.seed,
                opening: Pence::ZERO,
                target: self.run.scenario.fund_asked,
                boroughs: &boroughs,
                threads: std::thread::available_parallelism().map_or(1, usize::from),
            },
        )
    }

    /// The ledger asked for: as it is where it is real, else in the prices of the day.
    fn ledger(&self, choice: &Choice, indices: &Indices) -> Result<Ledger, Problem> {
        choice.check()?;
        if !choice.is_nominal() {
            return Ok(self.ledger.clone());
        }
        let terms = self.terms();
        fund::nominal(&self.ledger, &terms, indices)
            .map_err(|fault| Problem::invalid("terms", format!("{fault}.")))
    }

    fn terms(&self) -> fund::Terms<'_> {
        fund::Terms {
            assumptions: &self.set,
            base_year: self.run.scenario.base_year,
            horizon_years: self.run.scenario.horizon_years,
        }
    }

    /// The scenario's own series, else the shipped ones.
    fn indices(&self) -> Result<Indices, Problem> {
        let own = self.run.scenario.series.clone();
        own.map_or_else(config::indices, Ok).map_err(Problem::internal)
    }

    fn balance(&self, choice: &Choice) -> Result<Table, Problem> {
        let indices = self.indices()?;
        let ledger = self.ledger(choice, &indices)?;
        let register = self.register();
        let periods = fund::balances(&ledger, &self.terms(), Pence::ZERO, choice.grain(), |line| {
            choice.holds(line, register)
        });
        let caption = if choice.grain() == Grain::Month {
            "The fund, month by month"
        } else {
            "The fund, year by year"
        };
        Ok(tables::balance(&periods, choice.grain(), caption))
    }

    fn value(&self) -> Result<Table, Problem> {
        let appraise = |rates| fund::appraise(&self.ledger, &self.terms(), rates);
        let all: Result<Vec<_>, _> = Rates::ALL.into_iter().map(appraise).collect();
        Ok(tables::value(&all.map_err(Problem::internal)?))
    }

    /// Every table of the money, by the name of its file.
    pub(in crate::web) fn table(
        &self,
        app: &App,
        name: &str,
        choice: &Choice,
        draws: &Draws,
    ) -> Result<Table, Problem> {
        draws.check()?;
        let target = self.run.scenario.fund_asked;
        match name {
            "balance" => self.balance(choice),
            "value" => self.value(),
            "switching" => self.worked(|workings| {
                Ok(tables::switching(&fund::switching(workings, target)?, target))
            }),
            "tornado" => {
                self.worked(|workings| Ok(tables::tornado(&fund::tornado(workings)?, &self.set)))
            }
            "fan" => self.worked(|workings| Ok(tables::fan(&self.sampled(workings, draws)?))),
            "contributions" => self.worked(|workings| {
                Ok(tables::contributions(&self.sampled(workings, draws)?, self.register()))
            }),
            "information" => self.worked(|workings| {
                Ok(tables::information(&fund::information(workings)?, self.register()))
            }),
            "stability" => {
                let runs = draws_of(app, self.id)?;
                Ok(tables::stability(&scenario::stability(&self.run, runs.iter())))
            }
            _ => Err(Problem::not_found("table of this name")),
        }
    }

    fn workbook(&self) -> Result<Vec<u8>, Problem> {
        let target = self.run.scenario.fund_asked;
        let made = self.worked(|workings| {
            let (switching, tornado) =
                (fund::switching(workings, target)?, fund::tornado(workings)?);
            Ok(workbook(&Book {
                name: &self.run.scenario.name,
                run: self.id.0,
                at: self.run.at.date(),
                workings,
                register: self.register(),
                switching: (&switching, target),
                tornado: &tornado,
                opening: Pence::ZERO,
                typed: std::collections::BTreeMap::new(),
            }))
        })?;
        made.map_err(Problem::internal)
    }

    /// Links to the dates and the spend there are, each with the rest of the choice kept.
    fn bases(&self, app: &App, choice: &Choice, base: &str) -> Result<View, Problem> {
        let to = |part: &str, value: &str| format!("{base}{}", choice.with(part, value));
        let mut dates = vec![link("Usual dates", to("programme", ""), choice.programme.is_empty())];
        for header in app.store.programmes(&app.scope(), self.id)? {
            let number = header.id.0.to_string();
            let is_here = choice.programme == number;
            dates.push(link(&format!("Programme {number}"), to("programme", &number), is_here));
        }
        let mut spend = vec![link("None", to("priorities", ""), choice.priorities.is_empty())];
        spend.extend(Rule::ALL.into_iter().map(|rule| {
            link(rule.label(), to("priorities", rule.key()), choice.priorities == rule.key())
        }));
        Ok(context! { dates => dates, spend => spend, told => self.told.clone() })
    }

    fn title(&self, what: &str) -> String {
        format!("{what}, run {}", self.id.0)
    }

    fn page(&self, template: &'static str, what: &str, view: View) -> Page {
        Page::new(template, self.title(what), view)
            .under("Overview", "/")
            .under("Scenarios", "/scenarios")
            .under(format!("Run {}", self.id.0), format!("/runs/{}", self.id.0))
    }
}

/// A programme of a run by its number, with something in it.
fn programme(app: &App, run: RunId, number: &str) -> Result<Option<(u64, Programme)>, Problem> {
    if number.is_empty() {
        return Ok(None);
    }
    let missing = || {
        Problem::invalid(
            "programme",
            format!("{number:?} is not the number of a programme of run {}.", run.0),
        )
    };
    let id: u64 = number.parse().ok().ok_or_else(missing)?;
    let known = app.store.programmes(&app.scope(), run)?;
    let header = known.into_iter().find(|header| header.id.0 == id).ok_or_else(missing)?;
    let (_, made) = app.store.programme(&app.scope(), header.id)?;
    if made.items.is_empty() {
        let words =
            format!("Programme {id} has no dates: no order was found that keeps its rules.");
        return Err(Problem::invalid("programme", words));
    }
    Ok(Some((id, made)))
}

/// Runs that answered a draw of this one.
fn draws_of(app: &App, id: RunId) -> Result<Vec<Run>, Problem> {
    let name = scenario::name_of_draws(id.0);
    let heads = app.store.runs(&app.scope())?;
    let of = heads.into_iter().filter(|head| head.name.starts_with(&name));
    of.map(|head| Ok(app.store.run(&app.scope(), head.id)?)).collect()
}

fn shown(table: &Table, href: String) -> View {
    view_of(Shown::dressed(table, Some(href), |_, key, cell| match (key, cell) {
        ("site_code", Cell::Text(code)) => {
            Dress { href: Some(format!("/sites/{code}")), ..Dress::default() }
        }
        _ => Dress::default(),
    }))
}

fn link(text: &str, href: String, is_here: bool) -> View {
    context! { text => text, href => href, here => is_here }
}

/// The fund of a run.
pub(crate) async fn show(
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<u64>,
    choice: web::Query<Choice>,
) -> Result<HttpResponse, Problem> {
    let (id, choice) = (RunId(*id), choice.into_inner());
    page(&request, &app, move |app| {
        let money = Money::find(app, id, &choice)?;
        let balance = money.balance(&choice)?;
        let base = format!("/runs/{}/fund", id.0);
        let to = |part: &str, value: &str| format!("{base}{}", choice.with(part, value));
        let ledger = &money.ledger;
        let owners: std::collections::BTreeSet<ReceiptAccruesTo> =
            ledger.lines.iter().filter_map(|line| line.owner).collect();
        let mut by_owner = vec![link("All owners", to("owner", ""), choice.owner.is_empty())];
        by_owner.extend(owners.into_iter().map(|owner| {
            link(owner.label(), to("owner", owner.word()), choice.owner == owner.word())
        }));
        let places = |part: &'static str, asked: &str, all: &str, code, name| {
            let mut links = vec![link(all, to(part, ""), asked.is_empty())];
            for (key, label) in tables::parts(ledger, money.register(), code, name) {
                links.push(link(&label, to(part, &key), asked == key));
            }
            links
        };
        let indices = money.indices()?;
        let told = |series: &fund::Series| {
            let mark = match series.mark {
                Mark::Verified => "verified",
                Mark::Computed => "computed from verified figures",
                Mark::FromMemory => "from memory, to be confirmed",
            };
            format!("{}: {}, as of {} ({mark})", series.name, series.source, series.as_of)
        };
        let total = money.ledger.in_fund().amount;
        let repriced = if money.run.proposal.is_some() {
            Some(money.worked(|workings| Ok(workings.ledger() == money.ledger))?)
        } else {
            None
        };
        let projection = fund::project(&money.ledger, &money.terms(), Pence::ZERO)
            .map_err(Problem::internal)?;
        let chart = money.run.projection.is_some().then(|| draw::fund(&projection)).flatten();
        let is_whole = choice.owner.is_empty() && choice.borough.is_empty() && choice.icb.is_empty();
        let view = context! {
            id => id.0,
            name => money.run.scenario.name.clone(),
            base => financial_year(money.run.scenario.base_year),
            total => Cell::Money(total).shown(),
            is_as_priced => repriced,
            is_nominal => choice.is_nominal(),
            is_whole => is_whole,
            chart => chart.filter(|_| is_whole && !choice.is_nominal()).map(View::from_safe_string),
            terms => vec![
                link("Real terms", to("terms", ""), !choice.is_nominal()),
                link("Prices of the day", to("terms", "nominal"), choice.is_nominal()),
            ],
            grains => vec![
                link("By year", to("by", ""), choice.grain() == Grain::Year),
                link("By month", to("by", "month"), choice.grain() == Grain::Month),
            ],
            owners => by_owner,
            boards => places("icb", &choice.icb, "All boards", Field::IcbCode, Field::IcbName),
            boroughs => places("borough", &choice.borough, "All boroughs", Field::BoroughCode, Field::BoroughName),
            series => vec![told(&indices.deflator), told(&indices.build_cost)],
            balance => shown(&balance, format!("{base}/balance.csv{}", choice.with("", ""))),
            value => shown(&money.value()?, format!("{base}/value.csv{}", choice.basis_query())),
            basis => money.bases(app, &choice, &base)?,
            query => choice.basis_query(),
        };
        Ok(money.page("fund.html", "The fund", view))
    })
    .await
}

/// Switching values and tornado.
pub(crate) async fn sensitivity(
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<u64>,
    asked: web::Query<Asking>,
) -> Result<HttpResponse, Problem> {
    let id = RunId(*id);
    let (choice, draws) = asked.into_inner().parts();
    page(&request, &app, move |app| {
        let money = Money::find(app, id, &choice)?;
        let query = choice.basis_query();
        let swings = money.worked(fund::tornado)?;
        let table = tables::tornado(&swings, &money.set);
        let base = format!("/runs/{}/fund", id.0);
        let switching = money.table(app, "switching", &choice, &draws)?;
        let central = money.worked(|workings| workings.outcome(&fund::Case::default()))?;
        let view = context! {
            id => id.0,
            name => money.run.scenario.name.clone(),
            central => Cell::Money(central.npsv).shown(),
            chart => draw::tornado(&swings, central.npsv).map(View::from_safe_string),
            switching => shown(&switching, format!("{base}/switching.csv{query}")),
            tornado => shown(&table, format!("{base}/tornado.csv{query}")),
            basis => money.bases(app, &choice, &format!("/runs/{}/sensitivity", id.0))?,
            query => query,
        };
        Ok(money.page("sensitivity.html", "Sensitivity", view))
    })
    .await
}

/// How many draws, and from which seed.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Draws {
    #[serde(default = "ten_thousand")]
    draws: u32,
    #[serde(default = "one")]
    seed: u64,
}

fn ten_thousand() -> u32 {
    10_000
}

fn one() -> u64 {
    1
}

impl Default for Draws {
    fn default() -> Self {
        Self { draws: ten_thousand(), seed: one() }
    }
}

impl Draws {
    fn check(&self) -> Result<(), Problem> {
        if (10..=100_000).contains(&self.draws) {
            return Ok(());
        }
        Err(Problem::invalid("draws", "Ask for 10 to 100,000 draws."))
    }
}

/// The fan, who spreads it, what to find out, and whether decisions hold.
pub(crate) async fn uncertainty(
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<u64>,
    asked: web::Query<Asking>,
) -> Result<HttpResponse, Problem> {
    let id = RunId(*id);
    let (choice, draws) = asked.into_inner().parts();
    page(&request, &app, move |app| {
        draws.check()?;
        let money = Money::find(app, id, &choice)?;
        let query = choice.basis_query();
        let found = money.worked(|workings| money.sampled(workings, &draws))?;
        let percent = |share: f64| Cell::Number(share * 100.0, 1).shown();
        let base = format!("/runs/{}/fund", id.0);
        let and = query.strip_prefix('?').map_or_else(String::new, |rest| format!("&{rest}"));
        let asked = format!("?draws={}&seed={}{and}", draws.draws, draws.seed);
        let mut contributions = tables::contributions(&found, money.register());
        contributions.rows.truncate(30);
        let information = money.table(app, "information", &choice, &draws)?;
        let stability = money.table(app, "stability", &choice, &draws)?;
        let view = context! {
            id => id.0,
            name => money.run.scenario.name.clone(),
            draws => Cell::count(u64::from(found.draws)).shown(),
            seed => found.seed,
            ever => percent(found.ever_below_zero),
            met => percent(found.target_met),
            target => Cell::Money(found.target).shown(),
            drawn => found.drawn.clone(),
            chart => draw::fan(&found).map(View::from_safe_string),
            fan => shown(&tables::fan(&found), format!("{base}/fan.csv{asked}")),
            contributions => shown(&contributions, format!("{base}/contributions.csv{asked}")),
            information => shown(&information, format!("{base}/information.csv{query}")),
            stability => shown(&stability, format!("{base}/stability.csv")),
            basis => money.bases(app, &choice, &format!("/runs/{}/uncertainty", id.0))?,
            query => query,
            has_draws => stability.rows.first().is_some_and(|row| !matches!(row.get(3), Some(Cell::Unknown(_)))),
        };
        Ok(money.page("uncertainty.html", "How sure", view))
    })
    .await
}

#[derive(Debug, Deserialize)]
pub(crate) struct Again {
    csrf: String,
    #[serde(default)]
    draws: String,
    #[serde(default)]
    seed: String,
}

/// Asks the question again with drawn figures: a job and a stored run a draw.
pub(crate) async fn ask_again(
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<u64>,
    form: web::Form<Again>,
) -> Result<HttpResponse, Problem> {
    guard::check_form(&request, &form.csrf)?;
    let id = RunId(*id);
    let draws: u32 = form.draws.trim().parse().unwrap_or_default();
    if !(1..=50).contains(&draws) {
        return Err(Problem::invalid(
            "draws",
            "Ask for 1 to 50 draws: each is a search of its own.",
        ));
    }
    let seed: u64 = match form.seed.trim() {
        "" => 1,
        text => text
            .parse()
            .ok()
            .ok_or_else(|| Problem::invalid("seed", "A seed is a whole number."))?,
    };
    aside(&app, move |app| {
        let run = app.store.run(&app.scope(), id)?;
        for draw in 1..=draws {
            let question = scenario::redrawn(&run.scenario, id.0, draw, seed);
            app.jobs.start_run(&app.scope(), question, &run.author)?;
        }
        Ok(())
    })
    .await?;
    Ok(see_other(&format!("/runs/{}/uncertainty#stability", id.0)))
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Asking {
    terms: Option<String>,
    by: Option<String>,
    owner: Option<String>,
    borough: Option<String>,
    icb: Option<String>,
    programme: Option<String>,
    priorities: Option<String>,
    draws: Option<u32>,
    seed: Option<u64>,
}

impl Asking {
    pub(in crate::web) fn parts(self) -> (Choice, Draws) {
        let choice = Choice {
            terms: self.terms.unwrap_or_default(),
            by: self.by.unwrap_or_default(),
            owner: self.owner.unwrap_or_default(),
            borough: self.borough.unwrap_or_default(),
            icb: self.icb.unwrap_or_default(),
            programme: self.programme.unwrap_or_default(),
            priorities: self.priorities.unwrap_or_default(),
        };
        let usual = Draws::default();
        let draws = Draws {
            draws: self.draws.unwrap_or(usual.draws),
            seed: self.seed.unwrap_or(usual.seed),
        };
        (choice, draws)
    }
}

/// A table of the money as CSV.
pub(crate) async fn file(
    app: web::Data<App>,
    path: web::Path<(u64, String)>,
    asked: web::Query<Asking>,
) -> Result<HttpResponse, Problem> {
    let (id, name) = path.into_inner();
    let (choice, draws) = asked.into_inner().parts();
    csv(&app, move |app| {
        let table = Money::find(app, RunId(id), &choice)?.table(app, &name, &choice, &draws)?;
        Ok(Table { name: format!("run-{id}-{}", table.name), ..table })
    })
    .await
}

/// The workbook with live formulas.
pub(crate) async fn book(
    app: web::Data<App>,
    id: web::Path<u64>,
    asked: web::Query<Asking>,
) -> Result<HttpResponse, Problem> {
    let id = RunId(*id);
    let (choice, _) = asked.into_inner().parts();
    let bytes = aside(&app, move |app| Money::find(app, id, &choice)?.workbook()).await?;
    Ok(HttpResponse::Ok()
        .insert_header((
            CONTENT_TYPE,
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        ))
        .insert_header((
            CONTENT_DISPOSITION,
            format!("attachment; filename=\"run-{}-fund.xlsx\"", id.0),
        ))
        .body(bytes))
}

/// Which runs to put side by side.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Ids {
    /// `1,2,5`.
    #[serde(default)]
    ids: String,
}

const MOST_COMPARED: usize = 8;

/// The table of several runs.
pub(in crate::web) fn compared(app: &App, asked: &Ids) -> Result<Table, Problem> {
    let mut runs: Vec<(u64, Run)> = Vec::new();
    for text in asked.ids.split([',', ' ']).map(str::trim).filter(|text| !text.is_empty()) {
        let id: u64 = text.parse().ok().ok_or_else(|| {
            Problem::invalid("ids", format!("{text:?} is not the number of a run."))
        })?;
        if runs.iter().any(|(known, _)| *known == id) {
            continue;
        }
        if runs.len() == MOST_COMPARED {
            return Err(Problem::invalid("ids", format!("Compare {MOST_COMPARED} runs at most.")));
        }
        runs.push((id, app.store.run(&app.scope(), RunId(id))?));
    }
    Ok(tables::comparison(&runs))
}

/// Runs side by side.
pub(crate) async fn compare(
    request: HttpRequest,
    app: web::Data<App>,
    asked: web::Query<Ids>,
) -> Result<HttpResponse, Problem> {
    let asked = asked.into_inner();
    page(&request, &app, move |app| {
        let table = compared(app, &asked)?;
        let has_runs = table.columns.len() > 2;
        let query: String = asked.ids.chars().filter(|c| c.is_ascii_digit() || *c == ',').collect();
        let known: Vec<View> = app
            .store
            .runs(&app.scope())?
            .into_iter()
            .take(20)
            .map(|head| context! { id => head.id.0, name => head.name })
            .collect();
        let view = context! {
            ids => asked.ids.clone(),
            runs => known,
            table => has_runs.then(|| shown(&table, format!("/runs/compare.csv?ids={query}"))),
        };
        Ok(Page::new("runs-compare.html", "Runs side by side", view)
            .under("Overview", "/")
            .under("Scenarios", "/scenarios"))
    })
    .await
}

/// The same as CSV.
pub(crate) async fn compare_file(
    app: web::Data<App>,
    asked: web::Query<Ids>,
) -> Result<HttpResponse, Problem> {
    let asked = asked.into_inner();
    csv(&app, move |app| compared(app, &asked)).await
}
