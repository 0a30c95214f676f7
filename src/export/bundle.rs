//! The evidence bundle of a proposal: one page that prints, a CSV a table, and a manifest that names each file's hash.
//!
//! The tool proposes; it never decides. What only people can give (views, sponsors, a council's answer) is a gap with a
//! name, never a pass: one that is undetermined keeps the bundle from being ready.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Cursor, Write as _};

use minijinja::{Environment, context};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::{Cell, Table, write};
use crate::fund::{LineKind, OptionKind, ValueSource};
use crate::geography::sha256;
use crate::register::{Mark, Pence, ServiceLine, SiteCode, Word as _};
use crate::scenario::programme::{Programme, StageKind};
use crate::scenario::{Proposal, Run};

/// Whether a change is substantial, so that the council must be consulted and the Secretary of State told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Substantial {
    /// Nothing that patients use goes.
    No,
    /// Somebody must decide: it is not ready.
    Undetermined,
}

impl Substantial {
    /// As shown.
    pub fn label(self) -> &'static str {
        match self {
            Self::No => "No: no patient service leaves it",
            Self::Undetermined => "Undetermined",
        }
    }
}

/// Whether closing a site is a substantial change: only that of a site nobody is treated at is surely none.
pub fn substantial(proposal: &Proposal, site: &SiteCode) -> Substantial {
    let has_patients = proposal
        .moves
        .iter()
        .any(|moved| moved.from == *site && moved.service_line != Some(ServiceLine::Support));
    if has_patients { Substantial::Undetermined } else { Substantial::No }
}

/// Whether everything that must be known is known.
pub fn is_ready(run: &Run) -> bool {
    let Some(proposal) = &run.proposal else { return false };
    let closing = proposal.actions.iter().filter(|action| action.option == OptionKind::Dispose);
    run.breaches.is_empty()
        && closing.into_iter().all(|action| substantial(proposal, &action.site) == Substantial::No)
        && five_tests(proposal).rows.is_empty()
}

/// The bundle as a zip. `shown` are the tables of the run's own pages, as they are there. `None` without a proposal.
pub fn bundle(
    id: u64,
    run: &Run,
    programme: Option<&Programme>,
    shown: Vec<Table>,
) -> Option<io::Result<Vec<u8>>> {
    let proposal = run.proposal.as_ref()?;
    let mut tables = vec![
        five_tests(proposal),
        changes(proposal),
        options(run, proposal),
        beds(proposal),
        boroughs(proposal),
        displaced(proposal),
        assumptions(run, proposal),
        unknowns(run, proposal),
        engagement(proposal),
    ];
    if let Some(made) = programme.filter(|made| !made.items.is_empty()) {
        tables.push(double_running(made));
        tables.extend(super::programme_table(made, "programme"));
    }
    tables.extend(shown);
    Some(packed(id, run, &tables))
}

fn packed(id: u64, run: &Run, tables: &[Table]) -> io::Result<Vec<u8>> {
    let mut files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    files.insert(
        "evidence.html".to_owned(),
        page(id, run, tables).map_err(io::Error::other)?.into_bytes(),
    );
    for table in tables {
        files.insert(format!("{}.csv", table.name), write(table).into_bytes());
    }
    let columns = [("file", "File", false), ("bytes", "Bytes", true), ("sha256", "SHA-256", false)];
    let manifest =
        Table::new("manifest", "Manifest", &columns).with(files.iter().map(|(name, bytes)| {
            vec![Cell::text(&**name), Cell::count(bytes.len() as u64), Cell::text(sha256(bytes))]
        }));
    files.insert("manifest.csv".to_owned(), write(&manifest).into_bytes());
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    // One fixed time for all: the same bundle is the same bytes.
    let options = SimpleFileOptions::default();
    for (name, bytes) in &files {
        zip.start_file(name.as_str(), options)?;
        zip.write_all(bytes)?;
    }
    Ok(zip.finish()?.into_inner())
}

fn page(id: u64, run: &Run, tables: &[Table]) -> Result<String, minijinja::Error> {
    let drawn: Vec<_> = tables
        .iter()
        .map(|table| {
            let head: Vec<String> =
                table.columns.iter().map(|column| column.label.clone()).collect();
            let rows: Vec<Vec<String>> =
                table.rows.iter().map(|row| row.iter().map(Cell::shown).collect()).collect();
            context! { name => table.name.clone(), caption => table.caption.clone(), head => head, rows => rows }
        })
        .collect();
    let mut environment = Environment::new();
    environment.add_template("bundle.html", include_str!("bundle.html"))?;
    environment.get_template("bundle.html")?.render(context! {
        id => id,
        name => run.scenario.name.clone(),
        author => run.author.clone(),
        at => run.at.format("%-d %B %Y, %H:%M").to_string(),
        version => run.scenario.register_version,
        hash => run.input_hash.clone(),
        breaches => run.breaches.clone(),
        is_ready => is_ready(run),
        tables => drawn,
    })
}

/// The four tests and the bed test: what this bundle shows, and what people must still give.
fn five_tests(proposal: &Proposal) -> Table {
    let columns = [
        ("test", "Test", false),
        ("shown", "What this bundle shows", false),
        ("missing", "What is still missing", false),
        ("status", "Status", false),
    ];
    if proposal.moves.is_empty() {
        return Table::new("five-tests", "The five tests", &columns);
    }
    let moved = proposal.moves.len();
    let inpatient = inpatient_moves(proposal);
    let rows = [
        (
            "Strong public and patient engagement",
            "A log to fill in, a row a borough and service".to_owned(),
            "Who was asked, when, what they said, and what changed",
        ),
        (
            "Consistent with current and prospective need for patient choice",
            format!("Where {moved} tenancies go, and access before and after by borough and group"),
            "A statement by the commissioner",
        ),
        (
            "A clear, clinical evidence base",
            "Displaced activity by service and receiving site".to_owned(),
            "A clinical sponsor and their evidence for each service",
        ),
        (
            "Support for proposals from clinical commissioners",
            "Nothing: it is not the tool's to give".to_owned(),
            "Minutes of the integrated care board",
        ),
        (
            "The bed test",
            if inpatient == 0 {
                "No inpatient service moves: the model never moves one".to_owned()
            } else {
                format!("{inpatient} inpatient services move")
            },
            "A clinician's word that no bed closes with what moves",
        ),
    ];
    Table::new("five-tests", "The five tests", &columns).with(rows.into_iter().map(
        |(test, shown, missing)| {
            vec![
                Cell::text(test),
                Cell::text(shown),
                Cell::text(missing),
                Cell::Unknown("not known"),
            ]
        },
    ))
}

fn inpatient_moves(proposal: &Proposal) -> usize {
    let is_inpatient = |line: Option<ServiceLine>| line == Some(ServiceLine::Inpatient);
    proposal.moves.iter().filter(|moved| is_inpatient(moved.service_line)).count()
}

fn changes(proposal: &Proposal) -> Table {
    let columns = [
        ("site_code", "Code", false),
        ("name", "Site", false),
        ("action", "Action", false),
        ("substantial", "Substantial change", false),
        ("reasons", "Why it is proposed", false),
    ];
    let changed = proposal.actions.iter().filter(|action| action.option != OptionKind::Keep);
    Table::new("changes", "What is proposed, and whether it is substantial", &columns).with(
        changed.map(|action| {
            let reasons: Vec<&str> = action.reasons.iter().map(|r| r.words.as_str()).collect();
            vec![
                Cell::text(action.site.as_str()),
                Cell::text(&*action.name),
                Cell::text(super::option_words(action.option)),
                if action.option == OptionKind::Dispose {
                    Cell::text(substantial(proposal, &action.site).label())
                } else {
                    Cell::Empty
                },
                Cell::text(reasons.join(" ")),
            ]
        }),
    )
}

/// The do-minimum beside the proposal, figure by figure.
fn options(run: &Run, proposal: &Proposal) -> Table {
    let columns = [
        ("figure", "Figure", false),
        ("unit", "Unit", false),
        ("do_minimum", "Do-minimum: today's estate", true),
        ("proposal", "Proposal", true),
        ("unknown", "Not known for", true),
    ];
    let clauses = &proposal.clauses;
    let all = [
        &clauses.quality,
        &clauses.access,
        &clauses.efficient_use,
        &clauses.consolidation,
        &clauses.fund,
    ];
    let mut rows: Vec<Vec<Cell>> = all
        .into_iter()
        .flatten()
        .map(|clause| {
            vec![
                Cell::text(&*clause.label),
                Cell::text(&*clause.unit),
                Cell::maybe(clause.before, 1),
                Cell::maybe(clause.after, 1),
                Cell::count(clause.unknown),
            ]
        })
        .collect();
    if let Some(projection) = &run.projection {
        rows.push(vec![
            Cell::text("Net present social value against the do-minimum"),
            Cell::text("£"),
            Cell::Money(Pence::ZERO),
            Cell::Money(projection.npsv),
            Cell::count(0),
        ]);
    }
    Table::new("options", "Options: the do-minimum and the proposal", &columns).with(rows)
}

fn beds(proposal: &Proposal) -> Table {
    let columns = [("line", "Beds", false), ("count", "Services", true), ("beds", "Beds", true)];
    let moved = inpatient_moves(proposal);
    let none = if moved == 0 { Cell::count(0) } else { Cell::Unknown("not known") };
    Table::new("beds", "Beds line", &columns).with([vec![
        Cell::text("Inpatient services that move or close"),
        Cell::count(moved as u64),
        none,
    ]])
}

fn boroughs(proposal: &Proposal) -> Table {
    let columns = [
        ("borough_code", "Borough", false),
        ("sites", "Sites that change", true),
        ("scrutiny", "Scrutiny", false),
    ];
    let mut touched: BTreeMap<&str, u64> = BTreeMap::new();
    for action in proposal.actions.iter().filter(|action| action.option != OptionKind::Keep) {
        *touched.entry(action.borough.as_deref().unwrap_or("not known")).or_default() += 1;
    }
    let words = if touched.len() > 1 { "Joint, if substantial" } else { "The borough's own" };
    Table::new("boroughs", "Boroughs to be consulted", &columns).with(
        touched
            .iter()
            .map(|(code, sites)| vec![Cell::text(*code), Cell::count(*sites), Cell::text(words)]),
    )
}

fn displaced(proposal: &Proposal) -> Table {
    let columns = [
        ("service_line", "Service line", false),
        ("to_site_code", "Received at", false),
        ("tenancies", "Tenancies", true),
        ("space_m2", "Space (m²)", true),
        ("people", "People, where known", true),
        ("people_unknown", "Tenancies whose people are not known", true),
    ];
    let mut sums: BTreeMap<(&str, &str), (u64, f64, f64, u64)> = BTreeMap::new();
    for moved in &proposal.moves {
        let line = moved.service_line.map_or("not known", ServiceLine::label);
        let sum = sums.entry((line, moved.to.as_str())).or_default();
        sum.0 += 1;
        sum.1 += moved.clinical.0 + moved.non_clinical.0;
        sum.2 += moved.people.unwrap_or(0.0);
        sum.3 += u64::from(moved.people.is_none());
    }
    Table::new("displaced", "Displaced activity, by service and receiving site", &columns).with(
        sums.into_iter().map(|((line, to), (count, space, people, unknown))| {
            vec![
                Cell::text(line),
                Cell::text(to),
                Cell::count(count),
                Cell::Number(space, 0),
                Cell::Number(people, 0),
                Cell::count(unknown),
            ]
        }),
    )
}

/// Every assumption used, how good it is, and how much money rests on it.
fn assumptions(run: &Run, proposal: &Proposal) -> Table {
    let columns = [
        ("key", "Assumption", false),
        ("words", "What it stands for", false),
        ("value", "Value", true),
        ("unit", "Unit", false),
        ("quality", "Quality", false),
        ("source", "Source", false),
        ("times", "Values it stood in for", true),
        ("impact_gbp", "Money that rests on it", true),
    ];
    let mut money: BTreeMap<&str, Pence> = BTreeMap::new();
    for line in run.ledger.lines.iter().filter(|line| line.kind.is_cash()) {
        if let ValueSource::Assumed(keys) = &line.source {
            for key in keys {
                *money.entry(key).or_default() += Pence(line.amount.0.abs());
            }
        }
    }
    let times: BTreeMap<&str, u64> =
        proposal.reliance.used.iter().map(|(key, times)| (key.as_str(), *times)).collect();
    let keys: BTreeSet<&str> = times.keys().chain(money.keys()).copied().collect();
    let rows = keys.into_iter().map(|key| {
        let figure = run.scenario.assumptions.figures.get(key);
        vec![
            Cell::text(key),
            figure.map_or(Cell::Empty, |figure| Cell::text(&*figure.words)),
            figure.map_or(Cell::Unknown("not known"), |figure| Cell::Number(figure.value, 3)),
            figure.map_or(Cell::Empty, |figure| Cell::text(&*figure.unit)),
            figure.map_or(Cell::Unknown("not known"), |figure| {
                Cell::text(match figure.mark {
                    Mark::Verified => "Verified",
                    Mark::Computed => "Computed from verified figures",
                    Mark::FromMemory => "From memory: to be confirmed",
                })
            }),
            figure.map_or(Cell::Empty, |figure| Cell::text(&*figure.source)),
            Cell::count(times.get(key).copied().unwrap_or(0)),
            Cell::Money(money.get(key).copied().unwrap_or_default()),
        ]
    });
    Table::new("assumption-register", "Assumptions: quality and impact", &columns).with(rows)
}

fn unknowns(run: &Run, proposal: &Proposal) -> Table {
    let columns = [("what", "What is not known", false), ("count", "How many", true)];
    let mut rows = Vec::new();
    let closing = proposal.actions.iter().filter(|action| action.option == OptionKind::Dispose);
    let undetermined =
        closing.filter(|action| substantial(proposal, &action.site) == Substantial::Undetermined);
    rows.push((
        "Closures of which nobody has said whether they are substantial".to_owned(),
        undetermined.count() as u64,
    ));
    for assessment in &proposal.access_after {
        rows.push((
            format!("People whose access is undetermined: {}", assessment.standard.words),
            assessment.total.undetermined,
        ));
    }
    let no_people = proposal.moves.iter().filter(|moved| moved.people.is_none()).count();
    rows.push(("Moves whose people are not known".to_owned(), no_people as u64));
    let receipts = run.ledger.lines.iter().filter(|line| line.kind == LineKind::Receipt);
    let assumed = receipts.filter(|line| matches!(line.source, ValueSource::Assumed(_))).count();
    rows.push(("Receipts that rest on assumptions".to_owned(), assumed as u64));
    for clause in proposal.clauses.quality.iter().filter(|clause| clause.unknown > 0) {
        rows.push((format!("{}: not known for", clause.label), clause.unknown));
    }
    Table::new("unknowns", "What is not known", &columns)
        .with(rows.into_iter().map(|(what, count)| vec![Cell::text(what), Cell::count(count)]))
}

/// A log to fill in: a row a borough and kind of care that moves.
fn engagement(proposal: &Proposal) -> Table {
    let columns = [
        ("borough_code", "Borough", false),
        ("service_line", "Service line", false),
        ("who", "Who was asked", false),
        ("date", "When", false),
        ("how", "How", false),
        ("said", "What was said", false),
        ("changed", "What changed because of it", false),
    ];
    let borough: BTreeMap<&SiteCode, &str> = proposal
        .actions
        .iter()
        .map(|action| (&action.site, action.borough.as_deref().unwrap_or("not known")))
        .collect();
    let asked: BTreeSet<(&str, &str)> = proposal
        .moves
        .iter()
        .map(|moved| {
            let place = borough.get(&moved.from).copied().unwrap_or("not known");
            (place, moved.service_line.map_or("not known", ServiceLine::label))
        })
        .collect();
    Table::new("engagement-log", "Engagement log, to be filled in", &columns).with(
        asked.into_iter().map(|(place, line)| {
            let mut row = vec![Cell::text(place), Cell::text(line)];
            row.extend((0..5).map(|_| Cell::Empty));
            row
        }),
    )
}

/// When two sites are paid at once.
fn double_running(made: &Programme) -> Table {
    let columns = [
        ("site_code", "Code", false),
        ("name", "Site", false),
        ("room_ready", "Room ready after", false),
        ("moves", "Services move by the end of", false),
        ("cost_gbp", "Double running", true),
    ];
    let cost = |site: &SiteCode| {
        made.ledger.total(|line| line.kind == LineKind::DoubleRunning && line.site == *site).amount
    };
    let rows = made.items.iter().filter_map(|item| {
        let vacated = item.span(StageKind::Vacate)?;
        let works = item.span(StageKind::Works);
        Some(vec![
            Cell::text(item.site.as_str()),
            Cell::text(&*item.name),
            works.map_or(Cell::Empty, |span| Cell::text(made.period_words(span.last))),
            Cell::text(made.period_words(vacated.last)),
            Cell::Money(cost(&item.site)),
        ])
    });
    Table::new("double-running", "Double running", &columns).with(rows)
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;
    use crate::scenario::fixture::Town;

    #[test]
    fn the_bundle_is_the_same_twice_names_every_hash_and_is_not_ready_while_anything_is_undetermined()
     {
        let built = Town::of_two().built();
        let run = built.answer(built.question()).unwrap();

        let made = bundle(1, &run, None, Vec::new()).unwrap().unwrap();

        assert_eq!(made, bundle(1, &run, None, Vec::new()).unwrap().unwrap());
        assert!(!run.proposal.as_ref().unwrap().moves.is_empty());
        assert!(!is_ready(&run));
        let mut zip = zip::ZipArchive::new(Cursor::new(made)).unwrap();
        let mut text = |name: &str| {
            let mut text = String::new();
            zip.by_name(name).unwrap().read_to_string(&mut text).unwrap();
            text
        };
        let manifest = text("manifest.csv");
        for name in ["evidence.html", "five-tests.csv", "unknowns.csv", "engagement-log.csv"] {
            assert!(manifest.contains(&sha256(text(name).as_bytes())), "{name}");
        }
        assert!(text("evidence.html").contains("Not ready"));
        assert!(text("changes.csv").contains("Undetermined"));
    }
}
