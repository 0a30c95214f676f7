//! What travel times are made of, as a form says it; for page and API alike.

use chrono::{NaiveDate, Utc};

use super::pages::form::Form;
use super::problem::Problem;
use crate::config;
use crate::export::{Cell, Table};
use crate::import::InputFile;
use crate::import::travel::{
    Given, Kept, STREETS, Task, TravelRequest, checked, described_on, window,
};
use crate::travel::{Missing, Mode, StraightLine};

/// What the minutes can be made of.
pub(super) const TASKS: [(&str, &str); 4] = [
    ("streets", "A street map"),
    ("timetable", "A timetable of public transport, with the streets kept"),
    ("matrix", "The matrix of a router"),
    ("again", "The streets and the timetable kept, once more, as after sites have moved"),
];

/// Reads the form; what is wrong stands in it.
pub(super) fn request(
    form: &mut Form,
    files: Vec<InputFile>,
    author: &str,
) -> Result<Option<TravelRequest>, Problem> {
    let limit = form.read("limit", |text| {
        let number = if text.is_empty() { Ok(60.0) } else { text.parse::<f64>() };
        let expected = "Enter a number of minutes from 1 to 1,440";
        number.ok().and_then(|limit| checked(limit).ok()).ok_or_else(|| expected.to_owned())
    });
    let task = match form.value("task") {
        "streets" => streets(form, files)?,
        "timetable" => timetable(form, files)?,
        "matrix" => matrix(form, files),
        "again" => {
            if !files.is_empty() {
                form.refuse("files", "What is kept needs no file");
            }
            modes(form, false).map(|modes| Task::Again { modes })
        }
        _ => {
            let allowed = TASKS.map(|(key, _)| key);
            form.refuse_choice("task", "Choose what the minutes are made of", allowed);
            None
        }
    };
    let (Some(task), Some(limit), true) = (task, limit, form.is_good()) else { return Ok(None) };
    let (author, at) = (author.to_owned(), Utc::now().naive_utc());
    Ok(Some(TravelRequest { task, limit, author, at }))
}

fn streets(form: &mut Form, files: Vec<InputFile>) -> Result<Option<Task>, Problem> {
    let shipped = config::speed_table().map_err(Problem::internal)?;
    let speeds = form.read("speeds", |text| match text {
        "" => Ok(shipped),
        text => config::speed_table_from("the speed table", text)
            .map_err(|error| format!("The speed table cannot be read: {error:#}")),
    });
    let (given, modes) = (given(form, files), modes(form, true));
    let task = |((given, modes), speeds)| Task::Streets { given, modes, speeds };
    Ok(given.zip(modes).zip(speeds).map(task))
}

fn timetable(form: &mut Form, files: Vec<InputFile>) -> Result<Option<Task>, Problem> {
    let figures = config::assumptions().map_err(Problem::internal)?;
    let rules = config::timetable_rules().map_err(Problem::internal)?;
    let pace = |mode| StraightLine::of(mode, &figures).map_err(Problem::internal);
    let (on_foot, on_wheels) = (pace(Mode::Walk)?, pace(Mode::StepFreeWalk)?);
    let given = given(form, files);
    let date = form.read("date", |text| {
        let day = NaiveDate::parse_from_str(text, "%Y-%m-%d");
        day.map_err(|_error| "Enter the day travelled, such as 2026-04-14".to_owned())
    });
    let departures = form.read("window", |text| {
        let expected = "Enter the first and the last departure, at most 12 hours apart, such as";
        window(text).map_err(|_expected| format!("{expected} 08:15-09:15"))
    });
    let changes = form.read("changes", |text| {
        let number = if text.is_empty() { Ok(2) } else { text.parse::<u8>() };
        let most = number.ok().filter(|changes| *changes <= 6);
        most.ok_or_else(|| "Enter a number of changes from 0 to 6".to_owned())
    });
    let (Some(given), Some(date), Some(window), Some(changes)) = (given, date, departures, changes)
    else {
        return Ok(None);
    };
    Ok(Some(Task::Timetable { given, date, window, changes, rules, on_foot, on_wheels }))
}

fn matrix(form: &mut Form, files: Vec<InputFile>) -> Option<Task> {
    let given = given(form, files);
    let mode = Mode::find(form.value("mode"));
    if mode.is_none() {
        let allowed = Mode::ALL.map(Mode::key);
        form.refuse_choice("mode", "Choose how people travel in the matrix", allowed);
    }
    let asked = form.value("absent");
    let absent = Missing::OF_A_MATRIX.into_iter().find(|why| why.key() == asked);
    if absent.is_none() {
        let allowed = Missing::OF_A_MATRIX.map(Missing::key);
        form.refuse_choice("absent", "Choose what it means that a pair has no row", allowed);
    }
    let accept_faults = form.is_yes("accept_faults");
    let task = |((given, mode), absent)| Task::Matrix { given, mode, absent, accept_faults };
    given.zip(mode).zip(absent).map(task)
}

fn given(form: &mut Form, mut files: Vec<InputFile>) -> Option<Given> {
    let as_of = form.read("as_of", |text| {
        described_on(text, Utc::now().date_naive()).map_err(|expected| format!("Enter {expected}"))
    });
    if files.len() != 1 {
        form.refuse("files", "Choose one file");
    }
    let file = files.pop()?;
    let source = match form.value("source") {
        "" => file.name.clone(),
        source => source.to_owned(),
    };
    Some(Given { file, source, as_of: as_of? })
}

fn modes(form: &mut Form, is_needed: bool) -> Option<Vec<Mode>> {
    let ticked = form.ticked("modes");
    let known: Vec<Mode> =
        STREETS.into_iter().filter(|mode| ticked.iter().any(|key| key == mode.key())).collect();
    let is_known = |key: &String| STREETS.iter().any(|mode| mode.key() == key);
    if ticked.iter().all(is_known) && !(is_needed && known.is_empty()) {
        return Some(known);
    }
    let words = "Choose one or more of walking, step-free walking and driving";
    form.refuse_choice("modes", words, STREETS.map(Mode::key));
    None
}

/// What is kept, as a table.
pub(super) fn table(kept: &[Kept]) -> Table {
    let columns = [
        ("mode", "How people travel", false),
        ("what", "What is kept", false),
        ("rows", "Streets, trips or pairs", true),
        ("as_of", "As of", false),
        ("source", "Source", false),
        ("hash", "Hash", false),
    ];
    Table::new("travel", "What is kept", &columns).with(kept.iter().map(|held| {
        vec![
            Cell::text(held.mode.label()),
            Cell::text(held.what),
            Cell::count(held.reference.rows),
            Cell::text(held.reference.as_of.to_string()),
            Cell::text(&*held.reference.source),
            Cell::text(held.reference.hash.chars().take(12).collect::<String>()),
        ]
    }))
}
