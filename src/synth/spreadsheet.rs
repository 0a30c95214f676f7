//! An estate as the spreadsheets users fill in, and the guide to their columns.

use std::fmt::Write as _;

use super::{Estate, as_of};
use crate::register::{
    Change, ChangeSet, Field, Kind, Method, ReferenceKind, Register, Scalar, Subject, Value, Why,
};

/// A file of the template set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// `sites.csv`. Reference sets carry their date in the name, where their readers look for it.
    pub name: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// Columns beside the fields: who says so, how they know, when it was true.
const EVIDENCE: [(&str, &str); 3] = [
    (
        "source",
        "Document, system or person the row's values come from; the file's name where left out",
    ),
    ("method", "How they were come by, such as `as returned` or `measured on site`"),
    ("as_of", "The day the row was true, such as 2026-03-31"),
];

const OBSERVATION: [(&str, &str); 8] = [
    ("site_code", "The site surveyed"),
    (
        "method",
        "`eric_return`, `sensor`, `walkround` or `booking`: figures by different methods are never compared",
    ),
    ("from", "First day of the survey"),
    ("to", "Last day"),
    ("spaces", "What was watched, such as `consulting rooms`, `desks`, `whole site`"),
    ("frequency", "Room-hours used over room-hours available, 0 to 1"),
    ("occupancy", "Mean people over capacity when used, 0 to 1; empty for rooms of one person"),
    ("source", "Document or person"),
];

/// The whole estate: sites, tenancies, observations, zones and borough outlines.
pub fn tables(estate: &Estate) -> Vec<Table> {
    let register = Register::default().with(&ChangeSet {
        id: 1,
        author: String::new(),
        at: as_of().and_time(chrono::NaiveTime::MIN),
        source: String::new(),
        reason: String::new(),
        changes: estate.changes.clone(),
    });
    let source = estate.changes.iter().find_map(source_of).unwrap_or_default();
    let evidence = [source, "invented".to_owned(), as_of().to_string()];

    let header = |code: &str, subject| -> Vec<String> {
        let fields = Field::of(subject).map(|field| field.key().to_owned());
        let evidence = EVIDENCE.iter().map(|(key, _)| (*key).to_owned());
        std::iter::once(code.to_owned()).chain(fields).chain(evidence).collect()
    };
    let mut sites = vec![header("site_code", Subject::Site)];
    let mut seen = vec![OBSERVATION.iter().map(|(key, _)| (*key).to_owned()).collect()];
    for site in register.sites() {
        let cells = Field::of(Subject::Site).map(|field| cell(&site.fact(field)));
        let code = std::iter::once(site.code.to_string());
        sites.push(code.chain(cells).chain(evidence.iter().cloned()).collect());
        for observation in &site.observations {
            seen.push(vec![
                site.code.to_string(),
                method_word(observation.method).to_owned(),
                observation.from.to_string(),
                observation.to.to_string(),
                observation.spaces.clone(),
                observation.frequency.to_string(),
                observation.occupancy.map_or(String::new(), |share| share.to_string()),
                observation.source.clone(),
            ]);
        }
    }
    let mut tenancies = vec![header("tenancy_id", Subject::Tenancy)];
    for tenancy in register.tenancies() {
        let cells = Field::of(Subject::Tenancy).map(|field| cell(&tenancy.fact(field)));
        let id = std::iter::once(tenancy.id.to_string());
        tenancies.push(id.chain(cells).chain(evidence.iter().cloned()).collect());
    }

    let mut tables = vec![
        Table { name: "sites.csv".to_owned(), bytes: csv_of(&sites) },
        Table { name: "tenancies.csv".to_owned(), bytes: csv_of(&tenancies) },
        Table { name: "observations.csv".to_owned(), bytes: csv_of(&seen) },
    ];
    let month = as_of().format("%Y-%m").to_string();
    for set in &estate.references {
        let name = match set.reference.kind {
            ReferenceKind::Postcodes => format!("postcodes-{month}.csv"),
            ReferenceKind::Zones => format!("zones-{month}.csv"),
            ReferenceKind::ZoneOutlines => format!("zone-outlines-{month}.geojson"),
            ReferenceKind::BoroughOutlines => format!("boroughs-{month}.geojson"),
            other => format!("{}-{month}.bin", other.key()),
        };
        tables.push(Table { name, bytes: set.bytes.clone() });
    }
    tables
}

/// What every column holds, as Markdown: the README beside the sample.
pub fn column_guide() -> String {
    let mut guide = String::from(GUIDE);
    for (file, code, what, subject) in [
        (
            "sites.csv",
            "site_code",
            "A site code of 3 to 12 letters and digits. Needed.",
            Subject::Site,
        ),
        (
            "tenancies.csv",
            "tenancy_id",
            "A tenancy's own id of 3 to 32 letters, digits, - and _. Needed.",
            Subject::Tenancy,
        ),
    ] {
        let _ = write!(
            guide,
            "\n## {file}\n\n| Column | Means | Unit | Accepts |\n| --- | --- | --- | --- |\n"
        );
        let _ = writeln!(guide, "| `{code}` | {what} | | a code |");
        for field in Field::of(subject) {
            let (key, label, unit) = (field.key(), field.label(), field.unit());
            let _ = writeln!(guide, "| `{key}` | {label} | {unit} | {} |", accepts(field.kind()));
        }
        for (key, words) in EVIDENCE {
            let _ = writeln!(guide, "| `{key}` | {words} | | |");
        }
    }
    guide.push_str("\n## observations.csv\n\n| Column | Means |\n| --- | --- |\n");
    for (key, words) in OBSERVATION {
        let _ = writeln!(guide, "| `{key}` | {words} |");
    }
    guide.push_str(GUIDE_END);
    guide
}

const GUIDE: &str = "# A sample estate, and the template for your own

Three authorities made by `domesday synth --scale borough --seed 1 --out data/sample`. The names and codes of the
authorities and the number of people in each are real (Office for National Statistics, Open Government Licence v3);
**everything else is invented**: sites, codes beginning `ZZ`, postcodes, places, values, outlines.

To use it as a template keep the header rows, replace the rows under them, and import what you have:

```
domesday import sites sites.csv
domesday import tenancies tenancies.csv
domesday import observations observations.csv
domesday import zones zones-2026-03.csv
domesday import borough-outlines boroughs-2026-03.geojson
```

- Columns may be left out and come in any order. Only the code is needed.
- An **empty cell says nothing**. `unknown` says that somebody looked and could not tell; `no data provided` and
  `not applicable` are told apart too. None of them is ever taken as zero or as a pass.
- Money is in pounds, as `1250`, `1,250.50` or `£1,250`. Dates are `2026-03-31` or `31/03/2026`.
- A site is placed by `location` (easting and northing in metres, `530000 180000`), else by its postcode.
";

const GUIDE_END: &str = "
## zones-2026-03.csv and boroughs-2026-03.geojson

One row a small area: `code`, the place of its people (EPSG:27700 metres), authority, integrated care board, ward,
residents, and of those how many are disabled or 65 and over, households and those without a car, decile of deprivation
(1 the most deprived) and public transport access index. The outlines are schematic rings, not boundaries. The date in
the name is the day they describe.
";

fn accepts(kind: Kind) -> String {
    match kind {
        Kind::Text => "a text".to_owned(),
        Kind::Choice(words) => {
            words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
        }
        Kind::Money => "pounds".to_owned(),
        Kind::Date => "a date".to_owned(),
        Kind::Point => "easting and northing, such as `530000 180000`".to_owned(),
        Kind::Number { low, high } if high.is_finite() => format!("a number from {low} to {high}"),
        Kind::Number { low, .. } => format!("a number of at least {low}"),
    }
}

fn cell(fact: &Value<Scalar>) -> String {
    match fact {
        Value::Known { value, .. } => value.to_string(),
        Value::Unknown { why: Why::NotAssessed } => "unknown".to_owned(),
        Value::Unknown { why: Why::NoDataProvided } => "no data provided".to_owned(),
        Value::Unknown { why: Why::NotApplicable } => "not applicable".to_owned(),
        Value::Unknown { .. } => String::new(),
    }
}

fn source_of(change: &Change) -> Option<String> {
    match change {
        Change::Site { value, .. } | Change::Tenancy { value, .. } => {
            value.evidence().map(|evidence| evidence.source.clone())
        }
        Change::Observed { .. } | Change::Reference(_) => None,
    }
}

fn method_word(method: Method) -> &'static str {
    match method {
        Method::EricReturn => "eric_return",
        Method::Sensor => "sensor",
        Method::Walkround => "walkround",
        Method::Booking => "booking",
    }
}

fn csv_of(rows: &[Vec<String>]) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.write_record(row).expect("a vector takes every byte");
    }
    writer.into_inner().expect("a vector takes every byte")
}
