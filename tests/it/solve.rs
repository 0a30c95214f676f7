//! `domesday solve` reads, solves, verifies and says so.

use std::process::{Command, Output};

use serde_json::Value;

const FILE: &str = "2 3\n6 10\ncapacity 20.5\n4\n1 2\n3 3 1e1\n2\n0 7.\n";

fn solve(file: &str, arguments: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("problem.txt");
    std::fs::write(&path, file).unwrap();
    Command::new(env!("CARGO_BIN_EXE_domesday"))
        .arg("solve")
        .arg(path)
        .args(arguments)
        .output()
        .unwrap()
}

#[test]
fn a_file_is_solved_and_the_plan_verified() {
    // Site 1 alone is too small for 9; both are open, and the dearest customer to move stays.
    let output = solve(FILE, &["--capacity", "7", "--json"]);

    assert!(output.status.success(), "{output:?}");
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["status"], "optimal");
    assert_eq!(answer["verified"], true);
    // 30.5 for both sites; customer 1 in parts, 1 of 4 at site 1: 0.25 + 1.5; customer 2 and 3 at site 1.
    assert_eq!(answer["objective"], 30.5 + 0.25 + 1.5 + 3.0);
    assert_eq!(answer["sites"][0]["option"], "open");
    assert_eq!(answer["units"].as_array().unwrap().len(), 4);
}

#[test]
fn undivided_customers_are_said_on_the_command_line() {
    let output = solve(FILE, &["--capacity", "7", "--indivisible"]);

    let told = String::from_utf8(output.stdout).unwrap();
    // Customer 1 whole at site 2.
    assert!(told.contains("objective  35.5000"), "{told}");
    assert!(told.contains("every rule is kept"), "{told}");
    assert!(told.contains("open: 2 sites: site 1, site 2"), "{told}");
}

#[test]
fn what_cannot_be_read_is_named() {
    let output = solve("2 3\n6 ten\n", &[]);

    assert!(!output.status.success());
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("line 2, cost of opening site 1: \"ten\" is not a number"), "{told}");
}

#[test]
fn no_plan_is_exit_code_3() {
    let output = solve(FILE, &["--capacity", "1"]);

    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8(output.stdout).unwrap().contains("infeasible"));
}
