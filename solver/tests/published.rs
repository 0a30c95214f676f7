//! Published location problems, read from the files they are published in, come out at their published optima.
#![expect(clippy::unwrap_used, reason = "a test says so by failing")]
#![expect(clippy::print_stderr, reason = "a test that is skipped says so")]

use std::io::Read;
use std::path::PathBuf;

use domesday_solver::classic::{self, Division, OPEN};
use domesday_solver::read::{Format, Reading, read, shortest_paths};
use domesday_solver::{Problem, Settings, Status, check, solve};

/// The bytes of a published problem, unpacked; `None`, said aloud, where the shared data is not here.
fn published(name: &str) -> Option<Vec<u8>> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let root = std::env::var_os("DOMESDAY_SHARED_DATA").map_or(beside, PathBuf::from);
    let path = root.join("location").join(name);
    let Ok(bytes) = std::fs::read(&path) else {
        eprintln!("SKIPPED: {} is not here", path.display());
        return None;
    };
    if bytes.first() != Some(&0x1f) {
        return Some(bytes);
    }
    let mut text = Vec::new();
    flate2::read::GzDecoder::new(bytes.as_slice()).read_to_end(&mut text).unwrap();
    Some(text)
}

fn capacitated(name: &str, division: Division, capacity: Option<f64>) -> Option<Problem> {
    let bytes = published(&format!("{name}.txt"))?;
    assert_eq!(Format::of(&bytes), Some(Format::Capacitated), "{name}");
    let reading = Reading { division, capacity, ..Reading::default() };
    Some(read(&bytes, Format::Capacitated, &reading).unwrap())
}

fn comes_out_at(name: &str, problem: &Problem, optimum: f64) {
    let settings = Settings { time_limit_seconds: 600.0, ..Settings::default() };
    let outcome = solve(problem, &settings, &mut ());

    assert_eq!(outcome.trouble, None, "{name}");
    assert_eq!(outcome.status, Status::Optimal, "{name}: {outcome:?}");
    let found = outcome.objective.unwrap();
    assert!((found - optimum).abs() <= 1e-6 * optimum, "{name}: {found} instead of {optimum}");
    assert!(outcome.bound.unwrap() <= optimum * (1.0 + 1e-9), "{name}: the bound is too high");
    assert_eq!(check(problem, &outcome.plan.unwrap()), vec![]);
}

#[test]
fn divided_customers_cost_what_is_published() {
    let optima = [
        ("cap41", 1_040_444.375),
        ("cap42", 1_098_000.450),
        ("cap43", 1_153_000.450),
        ("cap44", 1_235_500.450),
        ("cap51", 1_025_208.225),
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
        let Some(problem) = capacitated(name, Division::Divisible, None) else { return };
        comes_out_at(name, &problem, optimum);
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
        let Some(problem) = capacitated(name, Division::Indivisible, None) else { return };
        comes_out_at(name, &problem, optimum);
    }
}

#[test]
fn without_capacity_cap_71_to_74_are_the_uncapacitated_problem() {
    // Their capacity is the whole demand, so their optima are those of the uncapacitated problem.
    for (name, optimum) in [("cap71", 932_615.75), ("cap74", 1_034_976.975)] {
        let Some(problem) = capacitated(name, Division::Divisible, None) else { return };
        let opening: Vec<f64> = problem.sites.iter().map(|s| s.options[OPEN].cost).collect();
        let costs = |places: &[domesday_solver::Place]| places.iter().map(|p| p.cost).collect();
        let costs: Vec<Vec<f64>> = problem.units.iter().map(|unit| costs(&unit.places)).collect();
        comes_out_at(name, &classic::uncapacitated(&opening, &costs), optimum);
    }
}

#[test]
fn medians_are_where_they_are_published_to_be() {
    let optima = [("pmed1", 5819.0), ("pmed4", 3034.0), ("pmed6", 7824.0), ("pmed10", 1255.0)];
    for (name, optimum) in optima {
        let Some(bytes) = published(&format!("{name}.txt")) else { return };
        assert_eq!(Format::of(&bytes), Some(Format::Median));
        comes_out_at(name, &read(&bytes, Format::Median, &Reading::default()).unwrap(), optimum);
    }
}

#[test]
fn centres_are_where_they_are_published_to_be() {
    // Optima of the p-centre problem on the same networks, as the literature on it has them since 1995.
    for (name, optimum) in [("pmed1", 127.0), ("pmed2", 98.0), ("pmed5", 48.0), ("pmed10", 20.0)] {
        let Some(bytes) = published(&format!("{name}.txt")) else { return };
        let (far, p) = shortest_paths(&bytes).unwrap();

        let centre = classic::p_centre(&far, p, &Settings::default(), &mut ());

        assert_eq!(centre.status, Status::Optimal, "{name}");
        assert_eq!((centre.farthest, centre.bound), (Some(optimum), optimum), "{name}");
        assert!(centre.open.len() <= p);
        let reached = |row: &Vec<f64>| centre.open.iter().any(|&i| row[i] <= optimum);
        assert!(far.iter().all(reached), "{name}");
    }
}

#[test]
fn closing_all_but_p_sites_is_finding_p_medians() {
    let Some(bytes) = published("pmed1.txt") else { return };
    let (far, p) = shortest_paths(&bytes).unwrap();
    comes_out_at("pmed1", &classic::delocation(&far, far.len() - p), 5819.0);
}

#[test]
fn a_consolidation_is_read_as_it_is_described() {
    for (name, has_fund) in [("london-like.txt.gz", false), ("london-like-fund.txt.gz", true)] {
        let Some(bytes) = published(name) else { return };
        assert_eq!(Format::of(&bytes), Some(Format::Consolidation));

        let problem = read(&bytes, Format::Consolidation, &Reading::default()).unwrap();

        assert_eq!(problem.validate(), Ok(()));
        assert_eq!((problem.sites.len(), problem.units.len()), (2000, 5000));
        assert!(problem.units.iter().all(|u| u.places.len() == 20 && u.today.is_some()));
        assert_eq!(problem.coverage.len(), 33);
        assert_eq!(problem.limits.len(), 33 + usize::from(has_fund));
        let locked = problem.sites.iter().filter(|site| site.allowed == [OPEN]).count();
        assert_eq!(locked, 80);
        // The first lines of the file, by hand.
        assert_eq!(Some(problem.sites[0].options[OPEN].cost), Some(252.1507));
        assert_eq!(problem.sites[0].options[OPEN].room, [678.993]);
        if has_fund {
            assert_eq!(problem.limits[33].low, Some(1_085_272.517_116_336));
        }
    }
}
