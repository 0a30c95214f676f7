//! The main job through the doors a user has: files in, a run out, from `data/sample`.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A register of its own in a temporary folder.
struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn domesday(&self, arguments: &[&str]) -> Output {
        let store = format!("sqlite:{}", self.file("estate.db").display());
        let (command, rest) = arguments.split_first().unwrap();
        Command::new(env!("CARGO_BIN_EXE_domesday"))
            .arg(command)
            .args(rest)
            .env("DOMESDAY_STORE", store)
            .env("USER", "journey")
            .output()
            .unwrap()
    }

    fn told(&self, arguments: &[&str]) -> String {
        let output = self.domesday(arguments);
        let told = String::from_utf8(output.stdout).unwrap();
        assert!(
            output.status.success(),
            "{arguments:?}: {told}\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
        told
    }
}

fn sample(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data/sample").join(name).display().to_string()
}

fn filled() -> Desk {
    let desk = Desk::new();
    desk.told(&["import", "zones", &sample("zones-2026-03.csv")]);
    desk.told(&["import", "sites", &sample("sites.csv")]);
    desk.told(&["import", "tenancies", &sample("tenancies.csv")]);
    desk
}

#[test]
fn the_sample_files_become_a_register_and_importing_them_again_changes_nothing() {
    let desk = filled();

    let again = desk.told(&["import", "sites", &sample("sites.csv"), "--json"]);
    let report: serde_json::Value = serde_json::from_str(&again).unwrap();
    assert_eq!(report["version"], serde_json::Value::Null);
    assert_eq!(report["changes"], 0);
}

#[test]
fn a_scenario_on_the_sample_gives_a_run_whose_totals_are_the_sums_of_its_lines() {
    let desk = filled();

    let told = desk.told(&["plan", "--json", "--gap", "5", "--time-limit", "60"]);

    let run: domesday::scenario::Run = serde_json::from_str(&told).unwrap();
    assert_eq!(run.breaches, Vec::<String>::new());
    let fund = run.projection.unwrap();
    let in_fund: domesday::register::Pence =
        run.ledger.lines.iter().filter(|line| line.in_fund).map(|line| line.amount).sum();
    let years: domesday::register::Pence =
        fund.years.iter().map(|year| year.money_in + year.money_out).sum();
    assert_eq!(years, in_fund);
    for pair in fund.years.windows(2) {
        assert_eq!(pair[0].closing, pair[1].opening);
    }
    let proposal = run.proposal.unwrap();
    let by_action: domesday::register::Pence =
        proposal.actions.iter().map(|action| action.to_fund).sum();
    assert_eq!(by_action, in_fund);
    for clause in [
        &proposal.clauses.quality,
        &proposal.clauses.access,
        &proposal.clauses.efficient_use,
        &proposal.clauses.consolidation,
        &proposal.clauses.fund,
    ] {
        assert!(!clause.is_empty(), "every result speaks to all five clauses");
    }
}

#[test]
fn the_same_question_gives_the_same_answer() {
    let desk = filled();
    let ask = || {
        let told = desk.told(&["plan", "--json", "--gap", "5"]);
        let mut run: serde_json::Value = serde_json::from_str(&told).unwrap();
        run["at"] = serde_json::Value::Null;
        run["solver"]["seconds"] = serde_json::Value::Null;
        run["solver"]["history"] = serde_json::Value::Null;
        run
    };

    assert_eq!(ask(), ask());
}

#[test]
fn a_faulty_file_changes_nothing_and_names_its_cell() {
    let desk = filled();
    let file = desk.file("wrong.csv");
    std::fs::write(
        &file,
        "site_code,as_of,name,gross_internal_area_m2\nZZ999,2026-03-31,Wrong House,lots\n",
    )
    .unwrap();

    let output = desk.domesday(&["import", "sites", &file.display().to_string()]);

    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8_lossy(&output.stderr).into_owned()
        + &String::from_utf8_lossy(&output.stdout);
    for part in ["wrong.csv", "2", "gross_internal_area_m2", "lots", "number"] {
        assert!(told.contains(part), "{part:?} is not in: {told}");
    }
    let missing = desk.domesday(&["site", "ZZ999"]);
    assert!(!missing.status.success());
}

#[test]
fn an_empty_register_is_answered_in_a_sentence() {
    let desk = Desk::new();
    drop(domesday::store::Store::open(&desk.file("estate.db").display().to_string()).unwrap());
    let output = desk.domesday(&["plan"]);

    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("is empty"));
}

#[test]
fn a_plan_is_asked_about_itself_on_the_command_line() {
    let desk = filled();

    let told = desk.told(&[
        "plan",
        "--gap",
        "2",
        "--explain-all",
        "--frontier",
        "fund_value",
        "travel",
        "--points",
        "3",
        "--portfolio",
        "3",
        "--survey",
    ]);

    for part in [
        "What every choice would cost the other way",
        "The cost of the opposite",
        "Points of the frontier",
        "How often each site closes",
        "Where a survey would change the plan",
        "Kept as study 4.",
    ] {
        assert!(told.contains(part), "{part:?} is not in: {told}");
    }
    let kept = desk.told(&["db", "doctor"]);
    assert!(kept.contains("4 studies"), "{kept}");
}

#[test]
fn what_cannot_be_asked_of_a_plan_is_said_before_it_is_searched() {
    let desk = filled();

    let same = desk.domesday(&["plan", "--frontier", "fund", "fund"]);
    let none = desk.domesday(&["plan", "--frontier", "fund", "happiness"]);

    assert!(String::from_utf8_lossy(&same.stderr).contains("two different amounts"));
    assert!(String::from_utf8_lossy(&none.stderr).contains("an amount is one of"));
}
