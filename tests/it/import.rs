//! Imports as a user types them, and as several users at once make them.

use std::path::Path;
use std::process::{Command, Output};

use chrono::NaiveDate;
use domesday::import::references::About;
use domesday::import::run::{Request, run};
use domesday::import::{ImportKind, InputFile};
use domesday::store::{Scope, Store};

const POSTCODES: &str = "pcds,doterm,oslaua,oseast1m,osnrth1m\n\
                         SE1 7EH,,E09000022,530600,179700\n\
                         BR1 1AA,201503,E09000006,540291,168873\n";
const BAD: &str = "pcds,doterm,oslaua,oseast1m,osnrth1m\n\
                   SE1 7EH,,E09000022,530600,179700\n\
                   nowhere,,E09000006,540291,168873\n";

fn domesday(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_domesday"))
        .args(arguments)
        .args(["--store", "sqlite:register.db"])
        .current_dir(folder)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn good_files_are_applied_once_and_files_with_faults_only_when_asked() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    std::fs::write(at.join("onspd-2025-11.csv"), POSTCODES).unwrap();
    std::fs::write(at.join("onspd-2025-12.csv"), BAD).unwrap();

    let first = domesday(at, &["import", "postcodes", "onspd-2025-11.csv"]);
    assert_eq!(first.status.code(), Some(0));
    insta::assert_snapshot!(text(&first.stdout), @r"
    Postcodes: 2 rows read from onspd-2025-11.csv
    1 changes made register version 1; 0 statements were already known
    ");
    assert_eq!(text(&first.stderr), "", "no progress bar where nobody watches");

    let again = domesday(at, &["import", "postcodes", "onspd-2025-11.csv"]);
    assert_eq!(again.status.code(), Some(0));
    assert!(text(&again.stdout).contains("Nothing new"), "{}", text(&again.stdout));

    let refused = domesday(
        at,
        &["import", "postcodes", "onspd-2025-12.csv", "--faults", "faults.csv", "--json"],
    );
    assert_eq!(refused.status.code(), Some(2));
    let report: serde_json::Value = serde_json::from_slice(&refused.stdout).unwrap();
    assert_eq!(report["version"], serde_json::Value::Null);
    assert_eq!(report["faults"][0]["row"], 3);
    insta::assert_snapshot!(std::fs::read_to_string(at.join("faults.csv")).unwrap(), @r#"
    file,sheet,row,column,value,expected
    onspd-2025-12.csv,,3,pcds,nowhere,"a postcode, such as SE1 7EH"
    "#);

    let told = domesday(at, &["import", "postcodes", "onspd-2025-12.csv"]);
    insta::assert_snapshot!(text(&told.stderr), @r"
    file               sheet  row  column  value    expected
    -----------------  -----  ---  ------  -------  ---------------------------
    onspd-2025-12.csv           3  pcds    nowhere  a postcode, such as SE1 7EH
    ");

    let accepted = domesday(at, &["import", "postcodes", "onspd-2025-12.csv", "--accept-faults"]);
    assert_eq!(accepted.status.code(), Some(0));
    assert!(text(&accepted.stdout).contains("register version 2"), "{}", text(&accepted.stdout));
}

#[test]
fn what_cannot_be_done_is_said_in_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let missing = domesday(folder.path(), &["import", "postcodes", "nowhere.csv"]);
    assert_eq!(missing.status.code(), Some(1));
    assert!(text(&missing.stderr).starts_with("domesday: reading nowhere.csv: "));
    let unknown = domesday(folder.path(), &["import", "recipes", "nowhere.csv"]);
    assert_ne!(unknown.status.code(), Some(0));
    assert!(text(&unknown.stderr).contains("zone-outlines"), "the kinds there are, are named");
}

#[test]
fn a_mistyped_store_is_refused_by_whatever_reads_and_no_file_is_made() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [
        &["site", "R1H12"][..],
        &["access", "league"],
        &["access", "assess"],
        &["travel", "list"],
        &["travel", "times"],
        &["fund", "1"],
        &["plan"],
        &["programme", "1"],
        &["db", "versions"],
    ] {
        let refused = domesday(folder.path(), arguments);
        assert_eq!(refused.status.code(), Some(1), "{arguments:?}");
        let words = text(&refused.stderr);
        assert!(words.contains("there is no database file register.db"), "{arguments:?}: {words}");
        assert!(!folder.path().join("register.db").exists(), "{arguments:?} made a register");
    }
}

#[test]
fn a_reader_that_has_seen_enough_is_no_fault() {
    use std::process::Stdio;
    let folder = tempfile::tempdir().unwrap();
    let made = Command::new(env!("CARGO_BIN_EXE_domesday"))
        .args(["synth", "--scale", "borough", "--store", "sqlite:register.db"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", text(&made.stderr));
    for arguments in [&["access", "league", "--csv"][..], &["db", "versions"]] {
        let mut asked = Command::new(env!("CARGO_BIN_EXE_domesday"))
            .args(arguments)
            .args(["--store", "sqlite:register.db"])
            .current_dir(folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // Closed before a word was read: whatever is written then goes nowhere.
        drop(asked.stdout.take());
        let done = asked.wait_with_output().unwrap();
        assert_eq!((done.status.code(), text(&done.stderr)), (Some(0), String::new()));
    }
}

#[test]
fn imports_made_at_the_same_time_all_land() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&format!("sqlite:{}", folder.path().join("r.db").display())).unwrap();
    let request = |month: u32| Request {
        kind: ImportKind::Postcodes,
        files: vec![InputFile {
            name: format!("onspd-2025-{month:02}.csv"),
            bytes: format!("pcds,oseast1m,osnrth1m\nSE1 7EH,530600,1797{month:02}\n").into_bytes(),
        }],
        mapping: None,
        about: About::default(),
        accept_faults: false,
        author: "test".to_owned(),
        reason: "at once".to_owned(),
        at: NaiveDate::from_ymd_opt(2026, 1, 1).unwrap().and_hms_opt(9, 0, 0).unwrap(),
    };

    std::thread::scope(|threads| {
        for month in 1..=4 {
            let (store, request) = (store.clone(), request(month));
            threads.spawn(move || {
                let report = run(&store, &Scope::command_line(), &request, &mut |_| {}).unwrap();
                assert!(report.version.is_some());
            });
        }
    });

    let versions = store.change_sets(&Scope::command_line(), 10).unwrap();
    assert_eq!(versions.len(), 4);
}
