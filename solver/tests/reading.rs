//! Files are read, and what cannot be read is named by line, field and value.
#![expect(clippy::unwrap_used, reason = "a test says so by failing")]

use domesday_solver::classic::{CLOSED, Division, OPEN};
use domesday_solver::read::{Format, Reading, read};
use domesday_solver::{LimitTerm, Settings, Status, solve};
use proptest::prelude::*;

const CAPACITATED: &str = "2 3\ncapacity 10\n5 20.5\n4\n1 2\n3 3 1e1\n2\n0 7.\n";
const MEDIAN: &str = " 3 3 1\n1 2 4\n2 3 5\n1 2 6\n";
const CONSOLIDATION: &str = "\
2 2 2 1 15.0 30.0
10 5.5 40 0 1 0 1.5 2.5
20 6.5 50 0 0 0 3.5 4.5
70 1
4 100 0 1  0 1.0 15.0 2.0  1 3.0 4.0 0.0
6 50 0 0  0 2.0 16.0 0.0  1 5.0 3.0 1.5
";

fn told(text: &str, format: Format) -> String {
    read(text.as_bytes(), format, &Reading::default()).unwrap_err().to_string()
}

#[test]
fn a_capacitated_file_is_read_in_the_order_it_is_written() {
    let reading = Reading { capacity: Some(7.0), ..Reading::default() };

    let problem = read(CAPACITATED.as_bytes(), Format::Capacitated, &reading).unwrap();

    let rooms: Vec<f64> = problem.sites.iter().map(|site| site.options[OPEN].room[0]).collect();
    let costs: Vec<f64> = problem.sites.iter().map(|site| site.options[OPEN].cost).collect();
    let needs: Vec<f64> = problem.units.iter().map(|unit| unit.need[0]).collect();
    assert_eq!((rooms, costs), (vec![7.0, 5.0], vec![10.0, 20.5]));
    assert_eq!(needs, [4.0, 3.0, 2.0]);
    assert_eq!(Some(problem.units[1].places[1].cost), Some(10.0));
    assert!(problem.units.iter().all(|unit| unit.is_divisible));
    assert_eq!(problem.sites[0].options[CLOSED].room, [0.0]);
}

#[test]
fn the_last_of_a_repeated_edge_counts() {
    let problem = read(MEDIAN.as_bytes(), Format::Median, &Reading::default()).unwrap();

    let far: Vec<f64> = problem.units[0].places.iter().map(|place| place.cost).collect();
    assert_eq!(far, [0.0, 6.0, 11.0]);
    assert_eq!(problem.limits[0].high, Some(1.0));
    let two = Reading { p: Some(2), ..Reading::default() };
    let problem = read(MEDIAN.as_bytes(), Format::Median, &two).unwrap();
    assert_eq!(problem.limits[0].high, Some(2.0));
}

#[test]
fn a_consolidation_keeps_locks_floors_and_the_fund() {
    let reading = Reading { division: Division::Indivisible, ..Reading::default() };

    let problem = read(CONSOLIDATION.as_bytes(), Format::Consolidation, &reading).unwrap();

    assert_eq!(problem.sites[0].allowed, [OPEN]);
    assert_eq!(problem.sites[1].allowed, Vec::<usize>::new());
    assert!(problem.units.iter().all(|unit| !unit.is_divisible));
    assert_eq!((problem.units[0].today, problem.units[1].today), (Some(1), Some(0)));
    // A zone exactly at the limit is inside; the second zone is a minute beyond it at site 0.
    let servers: Vec<usize> =
        problem.coverage[0].points.iter().map(|point| point.servers.len()).collect();
    assert_eq!(servers, [2, 1]);
    let fund = &problem.limits[1];
    assert_eq!((fund.name.as_str(), fund.low), ("fund", Some(30.0)));
    let relocations: Vec<f64> = fund
        .terms
        .iter()
        .filter_map(|term| match term {
            LimitTerm::Place { by, .. } => Some(*by),
            LimitTerm::Option { .. } => None,
        })
        .collect();
    assert_eq!(relocations, [-2.0, -1.5]);
    // Closing site 1 brings 50, but then the second zone is beyond 15 minutes and 70 of 150 are still covered.
    let outcome = solve(&problem, &Settings::default(), &mut ());
    assert_eq!(outcome.status, Status::Optimal);
    assert_eq!(outcome.objective, Some(5.5 + 1.0 + 2.0));
}

#[test]
fn a_problem_survives_being_written_and_read() {
    let problem =
        read(CONSOLIDATION.as_bytes(), Format::Consolidation, &Reading::default()).unwrap();
    let text = serde_json::to_vec(&problem).unwrap();

    assert_eq!(Format::of(&text), Some(Format::Json));
    assert_eq!(read(&text, Format::Json, &Reading::default()).unwrap(), problem);
}

#[test]
fn formats_are_told_by_their_first_line() {
    assert_eq!(Format::of(CAPACITATED.as_bytes()), Some(Format::Capacitated));
    assert_eq!(Format::of(MEDIAN.as_bytes()), Some(Format::Median));
    assert_eq!(Format::of(CONSOLIDATION.as_bytes()), Some(Format::Consolidation));
    assert_eq!(Format::of(b"\n\n {\"sites\": []}"), Some(Format::Json));
    assert_eq!(Format::of(b"1 2 3 4\n"), None);
    assert_eq!(Format::of(b""), None);
}

#[test]
fn what_is_wrong_is_named_by_line_field_value_and_what_was_wanted() {
    let cases = [
        (
            Format::Capacitated,
            "2 x",
            "line 1, number of customers: \"x\" is not a whole number from 0 to 10000000",
        ),
        (
            Format::Capacitated,
            "1 1\ncapacity 3",
            "line 2, capacity of site 1: \"capacity\" is not a number from 0 to 1e15, and nothing said what \"capacity\" stands for",
        ),
        (
            Format::Capacitated,
            "1 1\n5 3\n-4 1",
            "line 3, demand of customer 1: \"-4\" is not a number from 0 to 1e15",
        ),
        (
            Format::Capacitated,
            "1 1\n5 3\n4 nan",
            "line 3, cost of customer 1 at site 1: \"nan\" is not a number from -1e15 to 1e15",
        ),
        (
            Format::Capacitated,
            "1 1\n5 3\n4",
            "line 3, cost of customer 1 at site 1: the file ends where a number from -1e15 to 1e15 should be",
        ),
        (
            Format::Capacitated,
            "1 1\n5 1e999\n4 1",
            "line 2, cost of opening site 1: \"1e999\" is not a number from -1e15 to 1e15",
        ),
        (
            Format::Capacitated,
            "1 1\n5 3\n4 1\n8",
            "line 4, after the last figure: \"8\" is not the end of the file",
        ),
        (Format::Capacitated, "0 1\n4", "line 1, sites for customer 1: \"0\" is not at least 1"),
        (
            Format::Median,
            "2 1 3\n",
            "line 1, sites to open: \"3\" is not a whole number from 1 to 2",
        ),
        (
            Format::Median,
            "2 1 1\n1 9 4",
            "line 2, second end of edge 1: \"9\" is not a whole number from 1 to 2",
        ),
        (
            Format::Median,
            "999999 1 1",
            "line 1, number of vertices: \"999999\" is not a whole number from 1 to 3000",
        ),
        (
            Format::Consolidation,
            "1 1 1 0 15 0\n1 1 1 0",
            "line 1, borough of site 0: \"0\" is not a count of at least 1 in the first line",
        ),
        (
            Format::Json,
            "{\n  \"sites\": 3}",
            "line 2, column 12: invalid type: integer `3`, expected a sequence",
        ),
        (
            Format::Json,
            "{\"sites\": [{\"name\": \"a\", \"options\": [], \"today\": 0}], \"units\": []}",
            "site 0 \"a\": has no option",
        ),
    ];
    for (format, text, words) in cases {
        assert_eq!(told(text, format), words, "{text:?}");
    }
}

#[test]
fn a_field_nobody_knows_is_refused_not_ignored() {
    let words = told("{\"sites\": [], \"units\": [], \"coverages\": []}", Format::Json);

    assert!(words.contains("unknown field `coverages`"), "{words}");
}

fn formats() -> impl Strategy<Value = Format> {
    prop::sample::select(vec![
        Format::Capacitated,
        Format::Median,
        Format::Consolidation,
        Format::Json,
    ])
}

proptest! {
    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..200), format in formats()) {
        let _ = Format::of(&bytes);
        if let Ok(problem) = read(&bytes, format, &Reading::default()) {
            prop_assert_eq!(problem.validate(), Ok(()));
        }
    }

    #[test]
    fn any_figures_are_survived(
        words in prop::collection::vec(
            prop_oneof![
                (0..4_u8).prop_map(|n| n.to_string()),
                any::<f64>().prop_map(|x| x.to_string()),
                Just("capacity".to_owned()),
                Just("9999999".to_owned()),
            ],
            0..60,
        ),
        format in formats(),
        capacity in prop::option::of(any::<f64>()),
    ) {
        let text = words.join(" ");
        let reading = Reading { capacity, ..Reading::default() };
        if let Ok(problem) = read(text.as_bytes(), format, &reading) {
            prop_assert_eq!(problem.validate(), Ok(()));
        }
    }

    #[test]
    fn a_good_file_with_one_spoilt_word_is_read_or_refused_by_its_line(
        at in any::<prop::sample::Index>(),
        word in "[ -~]{0,6}",
    ) {
        for (format, text) in [
            (Format::Capacitated, CAPACITATED),
            (Format::Median, MEDIAN),
            (Format::Consolidation, CONSOLIDATION),
        ] {
            let mut words: Vec<&str> = text.split_inclusive(char::is_whitespace).collect();
            let spoilt = format!("{word} ");
            let at = at.index(words.len());
            words[at] = &spoilt;
            if let Err(fault) = read(words.concat().as_bytes(), format, &Reading::default()) {
                prop_assert!(fault.to_string().starts_with("line "), "{}", fault);
            }
        }
    }
}
