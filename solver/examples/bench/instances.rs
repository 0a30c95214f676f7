//! What is measured, and what is to be reached.

use std::io::Read;
use std::path::Path;

use domesday_solver::classic::Division;
use domesday_solver::read::{Format, Reading, read};
use domesday_solver::{LimitTerm, Problem, Settings, solve};

/// Rows that are asked for together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Group {
    Classic,
    London,
    Fund,
    Floors,
    Indivisible,
    England,
}

impl Group {
    pub(crate) fn named(word: &str) -> Option<Self> {
        Some(match word {
            "classic" => Self::Classic,
            "london" => Self::London,
            "fund" => Self::Fund,
            "floors" => Self::Floors,
            "indivisible" => Self::Indivisible,
            "england" => Self::England,
            _ => return None,
        })
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Instance {
    pub(crate) name: String,
    pub(crate) group: Group,
    /// The problem without what is to be reached.
    pub(crate) title: String,
    file: String,
    reading: Reading,
    /// As published.
    pub(crate) optimum: Option<f64>,
    /// Relative gap at which a search may stop.
    pub(crate) gap: f64,
    /// Wall seconds a search may take.
    pub(crate) seconds: f64,
    /// In words.
    pub(crate) reach: &'static str,
    /// The part of the most that can be had that the fund is held to.
    floor: Option<f64>,
}

/// All of them, in the order of the table.
pub(crate) fn instances() -> Vec<Instance> {
    let mut all = Vec::new();
    for (name, optimum) in CAP {
        all.push(published(name, name, optimum, 5.0, "optimum in 5 s"));
    }
    for (name, optimum) in SMALL_MEDIANS {
        all.push(published(name, name, optimum, 5.0, "optimum in 5 s"));
    }
    for (capacity, optimum) in CAPA {
        let name = format!("capa-{capacity}");
        let mut instance = published(&name, "capa", optimum, 60.0, "optimum in 60 s");
        instance.reading.capacity = Some(capacity);
        all.push(instance);
    }
    for (name, optimum) in MEDIANS {
        all.push(published(name, name, optimum, 60.0, "optimum in 60 s"));
    }
    for (file, gap, seconds, reach, group) in [
        ("london-like", 1e-3, 6.0, "0.1 % in 6 s", Group::London),
        ("london-like", 2e-4, 60.0, "0.02 % in 60 s", Group::London),
        ("london-like-fund", 2e-3, 10.0, "0.2 % in 10 s", Group::Fund),
        ("london-like-fund", 5e-4, 60.0, "0.05 % in 60 s", Group::Fund),
        ("england-like", 2.5e-3, 90.0, "0.25 % in 90 s", Group::England),
        ("england-like", 1e-3, 600.0, "0.1 % in 10 min", Group::England),
    ] {
        all.push(generated(file, Division::Divisible, gap, seconds, reach, group));
    }
    for (floor, reach) in [
        (0.90, "fund at 90 % of the most, 1 % in 30 s"),
        (0.95, "fund at 95 % of the most, 1 % in 30 s"),
        (0.99, "fund at 99 % of the most, 1 % in 30 s"),
    ] {
        let held =
            generated("london-like-fund", Division::Divisible, 1e-2, 30.0, reach, Group::Floors);
        all.push(Instance { floor: Some(floor), ..held });
    }
    for (file, gap, seconds, reach, group) in [
        ("london-like", 1.0, 20.0, "a plan in 20 s", Group::Indivisible),
        ("london-like", 2e-2, 180.0, "2 % in 3 min", Group::Indivisible),
        (
            "london-like-fund",
            2e-2,
            180.0,
            "2 %, or that there is no plan, in 3 min",
            Group::Indivisible,
        ),
        ("england-like", 1.0, 120.0, "a plan, or that there is none, in 2 min", Group::Indivisible),
    ] {
        all.push(generated(file, Division::Indivisible, gap, seconds, reach, group));
    }
    all
}

fn published(name: &str, file: &str, optimum: f64, seconds: f64, reach: &'static str) -> Instance {
    Instance {
        name: name.to_owned(),
        title: name.to_owned(),
        group: Group::Classic,
        file: format!("{file}.txt"),
        reading: Reading::default(),
        optimum: Some(optimum),
        gap: 0.0,
        seconds,
        reach,
        floor: None,
    }
}

fn generated(
    file: &str,
    division: Division,
    gap: f64,
    seconds: f64,
    reach: &'static str,
    group: Group,
) -> Instance {
    let whole = if division == Division::Indivisible { " undivided" } else { "" };
    Instance {
        name: format!("{file}{whole}, {reach}"),
        title: format!("{file}{whole}"),
        group,
        file: format!("{file}.txt.gz"),
        reading: Reading { division, ..Reading::default() },
        optimum: None,
        gap,
        seconds,
        reach,
        floor: None,
    }
}

impl Instance {
    /// The problem, and what had to be found out first, in words.
    pub(crate) fn problem(&self, data: &Path) -> Result<(Problem, Option<String>), String> {
        let problem = self.read(data)?;
        match self.floor {
            Some(part) => hold_fund(problem, part).map(|(problem, told)| (problem, Some(told))),
            None => Ok((problem, None)),
        }
    }

    /// Reads and unpacks the file.
    fn read(&self, data: &Path) -> Result<Problem, String> {
        let path = data.join("location").join(&self.file);
        let told = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
        let mut bytes = std::fs::read(&path).map_err(|error| told(&error))?;
        if bytes.starts_with(&[0x1f, 0x8b]) {
            let mut text = Vec::new();
            flate2::read::GzDecoder::new(bytes.as_slice())
                .read_to_end(&mut text)
                .map_err(|error| told(&error))?;
            bytes = text;
        }
        let format = Format::of(&bytes).ok_or_else(|| told(&"no format known"))?;
        read(&bytes, format, &self.reading).map_err(|error| told(&error))
    }
}

/// Finds the most the fund can have, at whatever cost, and holds it to a part of that.
fn hold_fund(mut problem: Problem, part: f64) -> Result<(Problem, String), String> {
    let at = problem.limits.iter().position(|limit| limit.name == "fund");
    let at = at.ok_or_else(|| "there is no fund".to_owned())?;
    let mut alone = problem.clone();
    let fund = alone.limits.remove(at);
    for option in alone.sites.iter_mut().flat_map(|site| &mut site.options) {
        option.cost = 0.0;
    }
    for place in alone.units.iter_mut().flat_map(|unit| &mut unit.places) {
        place.cost = 0.0;
    }
    for term in &fund.terms {
        match *term {
            LimitTerm::Option { site, option, by } => alone.sites[site].options[option].cost -= by,
            LimitTerm::Place { unit, place, by } => alone.units[unit].places[place].cost -= by,
        }
    }
    let settings = Settings { gap: 2e-3, time_limit_seconds: 60.0, ..Settings::default() };
    let most = solve(&alone, &settings, &mut ());
    let had = most.objective.map(|cost| -cost);
    let had = had.ok_or_else(|| "no plan for the most that can be had".to_owned())?;
    let told = format!(
        "at most {:.0} can be had, proved in {:.1} s, and {had:.0} is; held to {:.0}",
        -most.bound.unwrap_or(f64::NEG_INFINITY),
        most.seconds,
        part * had
    );
    problem.limits[at].low = Some(part * had);
    Ok((problem, told))
}

/// OR-Library, customers divided.
const CAP: [(&str, f64); 17] = [
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
const CAPA: [(f64, f64); 4] = [
    (8000.0, 19_240_822.449),
    (10000.0, 18_438_046.543),
    (12000.0, 17_765_201.949),
    (14000.0, 17_160_439.012),
];
const SMALL_MEDIANS: [(&str, f64); 10] = [
    ("pmed1", 5819.0),
    ("pmed2", 4093.0),
    ("pmed3", 4250.0),
    ("pmed4", 3034.0),
    ("pmed5", 1355.0),
    ("pmed6", 7824.0),
    ("pmed7", 5631.0),
    ("pmed8", 4445.0),
    ("pmed9", 2734.0),
    ("pmed10", 1255.0),
];
const MEDIANS: [(&str, f64); 4] =
    [("pmed15", 1729.0), ("pmed20", 1789.0), ("pmed25", 1828.0), ("pmed30", 1989.0)];
