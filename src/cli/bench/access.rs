//! What access takes: a what-if on all London beside working everything out again, and floating catchments beside the
//! established Python package, where a Python that has it is found.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::Context;
use clap::Args;
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::super::table;
use super::{ratio, seconds};
use crate::access::{Agent, Catchment, Measure, Weight};
use crate::config;
use crate::register::SiteCode;
use crate::scenario::{Base, Edit, Outlook, StateSpec};
use crate::store::{Scope, Snapshot, Store};

/// What to measure access on.
#[derive(Debug, Args)]
pub(super) struct AccessBenchArgs {
    /// A register to try what-ifs on, else an illustrative London: `sqlite:PATH` or `postgres://…`. Nothing is written.
    #[arg(long, env = "DOMESDAY_STORE")]
    store: Option<String>,
    /// A Python that has the package `access` (pip install access), for the baseline of the catchments.
    #[arg(long, env = "DOMESDAY_PYTHON", default_value = "python3")]
    python: String,
}

impl Default for AccessBenchArgs {
    fn default() -> Self {
        Self { store: None, python: "python3".to_owned() }
    }
}

/// Sites that are closed, one at a time, to see how long a what-if takes.
const TRIED: usize = 60;
const PLACES: usize = 5_000;
const SUPPLIES: usize = 1_200;
const MINUTES: f64 = 30.0;

/// `london` is an illustrative London, for where no register is given.
pub(super) fn run(
    args: &AccessBenchArgs,
    london: &Store,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let scope = Scope::command_line();
    match &args.store {
        Some(url) => {
            let store =
                Store::open_existing(url).with_context(|| format!("opening the register {url}"))?;
            what_ifs(store.snapshot(&scope)?.as_ref(), "the register given", out)?;
        }
        None => what_ifs(london.snapshot(&scope)?.as_ref(), "an illustrative London", out)?,
    }
    catchments(&args.python, out)
}

/// Closing sites one at a time, beside the same answer worked out for every zone again.
fn what_ifs(snapshot: &Snapshot, name: &str, out: &mut dyn Write) -> anyhow::Result<()> {
    let (register, geography) = (&snapshot.register, &snapshot.geography);
    let standards = config::standards()?;
    let began = Instant::now();
    let outlook = Outlook::new(
        register,
        geography,
        config::assumptions()?,
        config::gate_rules()?,
        &standards,
    )?;
    let first = began.elapsed();
    let today = StateSpec { base: Base::Today, edits: Vec::new() };
    let (mut total, mut worst, mut full) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
    let mut tried = 0_u32;
    let offering: BTreeSet<SiteCode> = register
        .tenancies()
        .filter(|one| one.is_open())
        .filter_map(crate::register::Tenancy::site)
        .collect();
    let sites: Vec<SiteCode> = offering.into_iter().collect();
    let every = sites.len().div_ceil(TRIED).max(1);
    for code in sites.into_iter().step_by(every) {
        let edits = [Edit::Close(code)];
        let began = Instant::now();
        // A site nothing is offered at cannot be closed: there is nothing to measure.
        let Ok(told) = outlook.what_if(register, &edits) else { continue };
        let took = began.elapsed();
        (total, worst, tried) = (total + took, worst.max(took), tried + 1);
        let after = StateSpec { base: Base::Today, edits: edits.to_vec() };
        let began = Instant::now();
        let again = outlook.compare(register, geography, (&today, None), (&after, None))?;
        full += began.elapsed();
        anyhow::ensure!(told.differences == again.differences, "{after} differs from the whole");
    }
    anyhow::ensure!(tried > 0, "no site of {name} offers anything");
    let mean = total.div_f64(f64::from(tried));
    writeln!(
        out,
        "Access ({name}: {} zones, {} standards; {tried} closures, each equal to working it all out again)",
        geography.zones.len(),
        standards.len()
    )?;
    let whole = full.div_f64(f64::from(tried)) + first;
    table::print(
        out,
        &["what", ">seconds", ">goal", ">x everything anew"],
        &[
            vec![
                "today, worked out once a version".to_owned(),
                seconds(first),
                String::new(),
                String::new(),
            ],
            vec![
                "a what-if, mean".to_owned(),
                seconds(mean),
                "≤ 0.05".to_owned(),
                ratio(whole, mean),
            ],
            vec![
                "a what-if, the slowest".to_owned(),
                seconds(worst),
                "≤ 0.05".to_owned(),
                ratio(whole, worst),
            ],
            vec![
                "everything anew (baseline)".to_owned(),
                seconds(whole),
                String::new(),
                "1.0".to_owned(),
            ],
        ],
    )?;
    writeln!(out)?;
    Ok(())
}

/// People, supply and the pairs within half an hour, from one seed.
struct Made {
    people: Vec<(String, u64)>,
    supply: Vec<(String, f64)>,
    costs: Vec<(usize, usize, f64)>,
}

fn made() -> Made {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    // Whole metres, people and places of supply: exactly the same on any machine.
    let mut below = |most: u64| random.next_u64().rem_euclid(most);
    let mut place = || (below(50_000) as f64, below(40_000) as f64);
    let homes: Vec<_> = (0..PLACES).map(|_| place()).collect();
    let sites: Vec<_> = (0..SUPPLIES).map(|_| place()).collect();
    let people = (0..PLACES).map(|n| (format!("E{n:05}"), 800 + below(2_400))).collect();
    let supply = (0..SUPPLIES).map(|n| (format!("S{n:05}"), 1.0 + below(10) as f64)).collect();
    let mut costs = Vec::new();
    for (from, (x, y)) in homes.iter().enumerate() {
        for (to, (east, north)) in sites.iter().enumerate() {
            // A car in town: a third farther than the straight line, 15 km/h.
            let minutes = f64::hypot(east - x, north - y) * 1.3 / 250.0;
            if minutes <= MINUTES {
                costs.push((from, to, minutes));
            }
        }
    }
    Made { people, supply, costs }
}

/// The package's own calls, timed where they are made; each prints its seconds and every score.
const SCRIPT: &str = r#"
import json, sys, time, warnings
warnings.filterwarnings("ignore")
import pandas as pd
import access
from access import Access, weights
folder = sys.argv[1]
people = pd.read_csv(folder + "/people.csv")
supply = pd.read_csv(folder + "/supply.csv")
costs = pd.read_csv(folder + "/costs.csv")
A = Access(demand_df=people, demand_index="id", demand_value="people", supply_df=supply, supply_index="id",
           supply_value="supply", cost_df=costs, cost_origin="from", cost_dest="to", cost_name="minutes")
bands = weights.step_fn({10: 1, 20: 0.68, 30: 0.22})
calls = {
    "2SFCA": lambda: A.two_stage_fca(name="a", max_cost=30),
    "E2SFCA": lambda: A.enhanced_two_stage_fca(name="b", max_cost=30, weight_fn=bands),
    "3SFCA": lambda: A.three_stage_fca(name="c", max_cost=30, weight_fn=bands),
    "RAAM": lambda: A.raam(name="d", tau=30),
}
told = {}
for name, call in calls.items():
    began = time.perf_counter()
    scores = call()
    if hasattr(scores, "iloc") and getattr(scores, "ndim", 1) == 2:
        scores = scores.iloc[:, 0]
    seconds = time.perf_counter() - began
    scores = scores.reindex(people["id"]).fillna(0.0)
    told[name] = {"seconds": seconds, "scores": [float(x) for x in scores]}
print(json.dumps({"version": access.__version__, "told": told}))
"#;

#[derive(serde::Deserialize)]
struct Package {
    version: String,
    told: std::collections::BTreeMap<String, Timed>,
}

#[derive(serde::Deserialize)]
struct Timed {
    seconds: f64,
    scores: Vec<f64>,
}

fn catchments(python: &str, out: &mut dyn Write) -> anyhow::Result<()> {
    let made = made();
    let package = by_package(python, &made);
    let began = Instant::now();
    let catchment = Catchment::new(
        made.people.iter().map(|(code, people)| (code.as_str(), *people)),
        made.supply.iter().map(|(code, amount)| (code.as_str(), *amount)),
        made.costs.iter().filter_map(|(from, to, minutes)| {
            let (from, _) = made.people.get(*from)?;
            let (to, _) = made.supply.get(*to)?;
            Some((from.as_str(), to.as_str(), *minutes))
        }),
        MINUTES,
    )?;
    let built = began.elapsed();
    let bands = || Weight::Bands(vec![(10.0, 1.0), (20.0, 0.68), (30.0, 0.22)]);
    let agent = Agent { tau: MINUTES, ..Agent::default() };
    let mut rows = vec![vec![
        format!("{} pairs into rows", catchment.pairs()),
        seconds(built),
        String::new(),
        String::new(),
        String::new(),
    ]];
    for (name, goal, measure) in [
        ("2SFCA", 100.0, Measure::TwoStep(Weight::Same)),
        ("E2SFCA", 100.0, Measure::TwoStep(bands())),
        ("3SFCA", 100.0, Measure::ThreeStep(bands())),
        ("RAAM", 1_000.0, Measure::RationalAgent(agent)),
    ] {
        let began = Instant::now();
        let scores = catchment.scores(&measure);
        let took = began.elapsed();
        let timed = package.as_ref().ok().and_then(|package| package.told.get(name));
        let (faster, apart) = timed.map_or_else(Default::default, |timed| {
            let theirs = Duration::from_secs_f64(timed.seconds.max(0.0));
            let far = scores.iter().zip(&timed.scores).map(|(ours, theirs)| {
                let ours = ours.unwrap_or(0.0);
                (ours - theirs).abs() / ours.abs().max(theirs.abs()).max(1e-12)
            });
            let mut far: Vec<f64> = far.collect();
            far.sort_by(f64::total_cmp);
            let middle = far.get(far.len().div_euclid(2)).copied().unwrap_or(f64::NAN);
            let most = far.last().copied().unwrap_or(f64::NAN);
            (ratio(theirs, took), format!("{middle:.1e} / {most:.1e}"))
        });
        rows.push(vec![
            name.to_owned(),
            format!("{:.4}", took.as_secs_f64()),
            format!("≥ {goal}"),
            faster,
            apart,
        ]);
    }
    match &package {
        Ok(package) => writeln!(
            out,
            "Floating catchments, {PLACES} x {SUPPLIES} within {MINUTES} minutes, beside the Python package access {}",
            package.version
        )?,
        Err(why) => writeln!(
            out,
            "Floating catchments, {PLACES} x {SUPPLIES} within {MINUTES} minutes; no baseline, since {python} has no package access: {why:#}"
        )?,
    }
    let heads =
        ["what", ">seconds", ">goal", ">x the package", ">apart, middle / most of all places"];
    table::print(out, &heads, &rows)?;
    Ok(())
}

fn by_package(python: &str, made: &Made) -> anyhow::Result<Package> {
    let folder = std::env::temp_dir().join(format!("domesday-access-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let asked = asked_of(python, made, &folder);
    // The folder is ours and named by our process id; a failure to remove it is no failure of the bench.
    let _ = std::fs::remove_dir_all(&folder);
    asked
}

fn asked_of(python: &str, made: &Made, folder: &Path) -> anyhow::Result<Package> {
    let file = |name: &str, head: [&str; 3], rows: &mut dyn Iterator<Item = [String; 3]>| {
        let mut file = csv::Writer::from_path(folder.join(name))?;
        let filled = head.iter().filter(|text| !text.is_empty()).count();
        file.write_record(head.iter().take(filled))?;
        for row in rows {
            file.write_record(row.iter().take(filled))?;
        }
        file.flush()?;
        anyhow::Ok(())
    };
    let two = |code: &String, amount: String| [code.clone(), amount, String::new()];
    file(
        "people.csv",
        ["id", "people", ""],
        &mut made.people.iter().map(|(code, people)| two(code, people.to_string())),
    )?;
    file(
        "supply.csv",
        ["id", "supply", ""],
        &mut made.supply.iter().map(|(code, amount)| two(code, amount.to_string())),
    )?;
    file(
        "costs.csv",
        ["from", "to", "minutes"],
        &mut made.costs.iter().filter_map(|(from, to, minutes)| {
            let (from, to) = (made.people.get(*from)?, made.supply.get(*to)?);
            Some([from.0.clone(), to.0.clone(), minutes.to_string()])
        }),
    )?;
    let asked = Command::new(python).arg("-c").arg(SCRIPT).arg(folder).output()?;
    if !asked.status.success() {
        let why = String::from_utf8_lossy(&asked.stderr);
        let why = why.trim().lines().last().unwrap_or("it says nothing").to_owned();
        anyhow::bail!("{why}");
    }
    Ok(serde_json::from_slice(&asked.stdout)?)
}
