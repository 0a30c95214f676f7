//! `make bench-solver`: published and generated problems, ours beside HiGHS alone and whatever else is installed.
//!
//! Every search runs in a process of its own, one after another, so that CPU time and peak memory are its own.
#![expect(clippy::print_stdout, reason = "this is a program")]
#![expect(clippy::print_stderr, reason = "this is a program")]

mod instances;
mod measure;
mod others;
mod table;

use std::path::PathBuf;
use std::process::ExitCode;

use instances::{Group, Instance, instances};
use measure::Measured;

const USAGE: &str = "\
bench [--only GROUP,..] [--with-england] [--seconds N] [--data DIR] [--write FILE]
  groups: classic, london, fund, floors, indivisible, england; or names of problems
  --seconds N      wall seconds a search may take (default: what the problem's row allows)
  --data DIR       where location/ lies (default: ../shared/data beside the checkout)
  --write FILE     write the table as a page, with date, machine and versions";

/// Methods of this crate.
const OURS: [&str; 2] = ["domesday", "HiGHS alone"];

struct Options {
    only: Vec<String>,
    with_england: bool,
    seconds: Option<f64>,
    data: PathBuf,
    write: Option<PathBuf>,
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if words.first().map(String::as_str) == Some("one") {
        return measure::one(&words[1..]);
    }
    let Some(options) = options(&words) else {
        eprintln!("{USAGE}");
        return ExitCode::FAILURE;
    };
    let chosen: Vec<Instance> =
        instances().into_iter().filter(|instance| is_chosen(instance, &options)).collect();
    let others = others::installed();
    let mut rows: Vec<(Instance, Vec<Measured>)> = Vec::new();
    println!("{}", table::heading());
    for instance in chosen {
        let seconds = options.seconds.unwrap_or(instance.seconds);
        let mut results: Vec<Measured> = Vec::new();
        for method in OURS {
            let result = measure::in_a_process(&instance, method, seconds, &options.data);
            println!("{}", table::line(&instance, &result));
            results.push(result);
        }
        for &other in &others {
            let result = others::run(other, &instance, seconds, &options.data);
            println!("{}", table::line(&instance, &result));
            results.push(result);
        }
        for what in table::contradictions(&instance, &results) {
            println!("!! {what}");
        }
        rows.push((instance, results));
    }
    let is_sound = rows.iter().all(|(i, results)| table::contradictions(i, results).is_empty());
    if let Some(path) = &options.write {
        let asked: Vec<&str> =
            words.iter().map(String::as_str).take_while(|word| *word != "--write").collect();
        let page = table::page(&rows, &others, &asked.join(" "));
        if let Err(error) = std::fs::write(path, page) {
            eprintln!("bench: writing {}: {error}", path.display());
            return ExitCode::FAILURE;
        }
    }
    if is_sound { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn is_chosen(instance: &Instance, options: &Options) -> bool {
    let is_named = options.only.iter().any(|word| {
        *word == instance.name || Group::named(word).is_some_and(|group| group == instance.group)
    });
    if options.only.is_empty() {
        instance.group != Group::England || options.with_england
    } else {
        is_named || (options.with_england && instance.group == Group::England)
    }
}

fn options(words: &[String]) -> Option<Options> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let mut options = Options {
        only: Vec::new(),
        with_england: false,
        seconds: None,
        data: std::env::var_os("DOMESDAY_SHARED_DATA").map_or(beside, PathBuf::from),
        write: None,
    };
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--only" => options.only.extend(words.next()?.split(',').map(str::to_owned)),
            "--with-england" => options.with_england = true,
            "--seconds" => options.seconds = Some(words.next()?.parse().ok()?),
            "--data" => options.data = PathBuf::from(words.next()?),
            "--write" => options.write = Some(PathBuf::from(words.next()?)),
            _ => return None,
        }
    }
    let is_known = |word: &String| {
        Group::named(word).is_some() || instances().iter().any(|instance| instance.name == *word)
    };
    options.only.iter().all(is_known).then_some(options)
}
