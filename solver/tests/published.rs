//! Published location problems, written as special cases of a [`Problem`], come out at their published optima.
#![expect(clippy::unwrap_used, reason = "a test says so by failing")]
#![expect(clippy::print_stderr, reason = "a test that is skipped says so")]

use std::path::PathBuf;

use domesday_solver::{
    Limit, LimitTerm, Opt, Place, Problem, Settings, Site, Status, Unit, check, solve,
};

/// The text of a published problem; `None`, said aloud, where the shared data is not here.
fn published(name: &str) -> Option<String> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let root = std::env::var_os("DOMESDAY_SHARED_DATA").map_or(beside, PathBuf::from);
    let path = root.join("location").join(format!("{name}.txt"));
    let text = std::fs::read_to_string(&path).ok();
    if text.is_none() {
        eprintln!("SKIPPED: {} is not here", path.display());
    }
    text
}

fn figures(text: &str) -> impl Iterator<Item = f64> {
    text.split_whitespace().map(|word| word.parse().unwrap())
}

fn open_or_closed(cost: f64, room: Vec<f64>) -> Site {
    let none = vec![0.0; room.len()];
    Site {
        options: vec![
            Opt { name: "closed".to_owned(), cost: 0.0, room: none },
            Opt { name: "open".to_owned(), cost, room },
        ],
        today: 1,
        ..Site::default()
    }
}

/// `m n`, then capacity and fixed cost a site, then a customer's demand and its cost from each site.
fn capacitated(text: &str, is_divisible: bool) -> Problem {
    let mut next = figures(text).map(|x| x.max(0.0));
    let mut next = || next.next().unwrap();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counts")]
    let (sites, customers) = (next() as usize, next() as usize);
    let site = |_| {
        let room = vec![next()];
        open_or_closed(next(), room)
    };
    let sites: Vec<Site> = (0..sites).map(site).collect();
    let unit = |_| {
        let need = vec![next()];
        let places = (0..sites.len())
            .map(|site| Place { site, admitted_by: vec![1], cost: next() })
            .collect();
        Unit { need, places, is_divisible, ..Unit::default() }
    };
    let units = (0..customers).map(unit).collect();
    Problem { resources: vec!["capacity".to_owned()], sites, units, ..Problem::default() }
}

/// `n`, edges, `p`, then edges; a repeated edge takes the last cost, costs are shortest paths.
fn p_median(text: &str) -> Problem {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counts")]
    let whole: Vec<usize> = figures(text).map(|x| x as usize).collect();
    let (n, p) = (whole[0], whole[2]);
    let mut far = vec![vec![f64::INFINITY; n]; n];
    for edge in whole[3..].chunks_exact(3) {
        #[expect(clippy::cast_precision_loss, reason = "a road length")]
        let length = edge[2] as f64;
        far[edge[0] - 1][edge[1] - 1] = length;
        far[edge[1] - 1][edge[0] - 1] = length;
    }
    for (i, row) in far.iter_mut().enumerate() {
        row[i] = 0.0;
    }
    for via in 0..n {
        let through = far[via].clone();
        for row in &mut far {
            let first = row[via];
            for (direct, second) in row.iter_mut().zip(&through) {
                *direct = direct.min(first + second);
            }
        }
    }
    let unit = |row: &Vec<f64>| {
        let place = |(site, &cost): (usize, &f64)| Place { site, admitted_by: vec![1], cost };
        let places = row.iter().enumerate().map(place).collect();
        Unit { places, is_divisible: true, ..Unit::default() }
    };
    let open = |site| LimitTerm::Option { site, option: 1, by: 1.0 };
    #[expect(clippy::cast_precision_loss, reason = "a count")]
    let p = Some(p as f64);
    let medians = Limit {
        name: "medians".to_owned(),
        family: "count".to_owned(),
        terms: (0..n).map(open).collect(),
        low: p,
        high: p,
        price: None,
    };
    Problem {
        sites: vec![open_or_closed(0.0, vec![]); n],
        units: far.iter().map(unit).collect(),
        limits: vec![medians],
        ..Problem::default()
    }
}

fn comes_out_at(name: &str, problem: &Problem, optimum: f64) {
    let settings = Settings { time_limit_seconds: 600.0, ..Settings::default() };
    let outcome = solve(problem, &settings, &mut ());

    assert_eq!(outcome.status, Status::Optimal, "{name}: {outcome:?}");
    let found = outcome.objective.unwrap();
    assert!((found - optimum).abs() <= 1e-6 * optimum, "{name}: {found} instead of {optimum}");
    assert!(outcome.bound.unwrap() <= optimum * (1.0 + 1e-9), "{name}: the bound is too high");
    assert_eq!(check(problem, &outcome.plan.unwrap()), vec![]);
}

#[test]
fn divided_customers_cost_what_is_published() {
    // The files of cap41 to 44 and 51 that we hold are not the published ones, so they are not here.
    let optima = [
        ("cap61", 932_615.750),
        ("cap62", 977_799.400),
        ("cap63", 1_014_062.050),
        ("cap64", 1_045_650.250),
        ("cap71", 932_615.750),
        ("cap72", 977_799.400),
        ("cap73", 1_010_641.450),
        ("cap74", 1_034_976.975),
        ("cap101", 796_648.437_5),
        ("cap102", 854_704.200),
        ("cap103", 893_782.112_5),
        ("cap104", 928_941.750),
    ];
    for (name, optimum) in optima {
        let Some(text) = published(name) else { return };
        comes_out_at(name, &capacitated(&text, true), optimum);
    }
}

#[test]
fn undivided_customers_cost_what_is_published() {
    let optima = [
        ("cap61", 932_615.75),
        ("cap62", 977_799.40),
        ("cap63", 1_014_099.612_5),
        ("cap64", 1_053_197.437_5),
    ];
    for (name, optimum) in optima {
        let Some(text) = published(name) else { return };
        comes_out_at(name, &capacitated(&text, false), optimum);
    }
}

#[test]
fn five_medians_of_a_hundred_are_where_they_are_published_to_be() {
    let Some(text) = published("pmed1") else { return };
    comes_out_at("pmed1", &p_median(&text), 5819.0);
}

#[test]
fn five_medians_of_two_hundred_are_where_they_are_published_to_be() {
    let Some(text) = published("pmed6") else { return };
    comes_out_at("pmed6", &p_median(&text), 7824.0);
}
