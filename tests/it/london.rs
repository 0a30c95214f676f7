//! All of London from the files as published, through the one door, against counts and joins made by hand.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::PathBuf;

use chrono::NaiveDate;
use domesday::import::references::About;
use domesday::import::run::{Request, run};
use domesday::import::{ImportKind, ImportReport, InputFile};
use domesday::register::{Field, Pence, Point, Scalar, Site, Tenancy};
use domesday::store::{Scope, Snapshot, Store};

/// In the order a user would: places first, then what stands in them.
const FILES: [(ImportKind, &[&str]); 8] = [
    (ImportKind::Postcodes, &["postcode/london-postcodes-onspd-2025-11.csv.gz"]),
    (ImportKind::Zones, &["need/london-lsoa21.csv"]),
    (
        ImportKind::ZoneOutlines,
        &[
            "geography/london-2021-lsoa-gen20.shp",
            "geography/london-2021-lsoa-gen20.dbf",
            "geography/london-2021-lsoa-gen20.prj",
        ],
    ),
    (
        ImportKind::BoroughOutlines,
        &[
            "geography/london-2021-lad22-gen20.shp",
            "geography/london-2021-lad22-gen20.dbf",
            "geography/london-2021-lad22-gen20.prj",
            "geography/london-2021-lad22-gen20.cpg",
        ],
    ),
    (ImportKind::Eric, &["eric/eric-2021-25-cleaned.csv"]),
    (ImportKind::Eric, &["eric/eric-2016-17.xls"]),
    (ImportKind::Epraccur, &["ods/epraccur-2024-01.csv"]),
    (ImportKind::GpPatients, &["gp/gp_reg_pat_prac_all_2022-05.csv"]),
];

pub(crate) struct London {
    pub(crate) store: Store,
    reports: Vec<ImportReport>,
    _folder: tempfile::TempDir,
}

pub(crate) fn shared() -> Option<PathBuf> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let folder = std::env::var_os("DOMESDAY_SHARED_DATA").map_or(beside, PathBuf::from);
    if folder.join("expected").is_dir() {
        return Some(folder);
    }
    let mut told = std::io::stderr();
    writeln!(told, "SKIPPED: no shared data at {}", folder.display()).unwrap();
    None
}

fn request(shared: &std::path::Path, kind: ImportKind, paths: &[&str]) -> Request {
    let file = |path: &&str| InputFile {
        name: (*path).to_owned(),
        bytes: std::fs::read(shared.join(path)).unwrap(),
    };
    Request {
        kind,
        files: paths.iter().map(file).collect(),
        mapping: None,
        about: About::default(),
        // The published files hold a few cells nobody could read; they are counted below.
        accept_faults: true,
        author: "test".to_owned(),
        reason: "the whole of London".to_owned(),
        at: NaiveDate::from_ymd_opt(2026, 1, 1).unwrap().and_hms_opt(9, 0, 0).unwrap(),
    }
}

impl London {
    pub(crate) fn import(shared: &std::path::Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&format!("sqlite:{}", folder.path().join("register.db").display()))
            .unwrap();
        let mut london = Self { store, reports: Vec::new(), _folder: folder };
        london.reports = london.again(shared);
        london
    }

    fn again(&self, shared: &std::path::Path) -> Vec<ImportReport> {
        let one = |(kind, paths): (ImportKind, &[&str])| {
            let started = std::time::Instant::now();
            let mut share = 0.0;
            let report = run(
                &self.store,
                &Scope::command_line(),
                &request(shared, kind, paths),
                &mut |progress| {
                    assert!(progress.share >= share, "progress never falls back");
                    share = progress.share;
                },
            )
            .unwrap();
            assert!((share - 1.0).abs() < 1e-9, "and ends at the end");
            let mut told = std::io::stderr();
            writeln!(
                told,
                "{:>6} ms  {}: {} rows, {} changes, {} faults, version {:?}\n           {}",
                started.elapsed().as_millis(),
                paths[0],
                report.rows,
                report.changes,
                report.faults.len(),
                report.version,
                report.notes.join("\n           "),
            )
            .unwrap();
            report
        };
        FILES.into_iter().map(one).collect()
    }

    fn snapshot(&self) -> std::sync::Arc<Snapshot> {
        self.store.snapshot(&Scope::command_line()).unwrap()
    }
}

/// Rows of a joined table by the column that names the site.
fn expected(
    shared: &std::path::Path,
    file: &str,
    key: &str,
) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_path(shared.join("expected").join(file)).unwrap();
    reader
        .deserialize::<BTreeMap<String, String>>()
        .map(|row| row.map(|row| (row[key].clone(), row)).unwrap())
        .collect()
}

fn is_of(site: &Site, field: Field, source: &str) -> bool {
    site.fact(field).evidence().is_some_and(|said| said.source.starts_with(source))
}

fn is_in_london(site: &Site) -> bool {
    site.text(Field::BoroughCode).is_some_and(|code| code.starts_with("E09"))
}

fn keys<'a, V>(rows: &[(&'a String, V)]) -> impl Iterator<Item = &'a str> {
    rows.iter().map(|(key, _)| key.as_str())
}

/// Two sets of codes are one; else only what differs is shown.
fn same<'a>(
    what: &str,
    held: impl Iterator<Item = &'a str>,
    wanted: impl Iterator<Item = &'a str>,
) {
    let (held, wanted): (BTreeSet<&str>, BTreeSet<&str>) = (held.collect(), wanted.collect());
    let surplus: Vec<_> = held.difference(&wanted).collect();
    let missing: Vec<_> = wanted.difference(&held).collect();
    assert!(
        surplus.is_empty() && missing.is_empty(),
        "{what}: not expected {surplus:?}; missing {missing:?}"
    );
}

fn number(text: &str) -> Option<f64> {
    (!text.is_empty()).then(|| text.parse().unwrap())
}

/// What the joined table says of a site and the register does not, in words.
fn differences(site: &Site, row: &BTreeMap<String, String>) -> Vec<String> {
    let mut told = Vec::new();
    let mut differ = |what: &str, held: String, wanted: &str| {
        if held != wanted {
            told.push(format!("{}: {what} {held:?}, expected {wanted:?}", site.code));
        }
    };
    let text = |field| site.text(field).unwrap_or_default().to_owned();
    differ("borough", text(Field::BoroughCode), &row["laua"]);
    if let Some(lsoa) = row.get("lsoa21_code") {
        differ("LSOA", text(Field::LsoaCode), lsoa);
    }
    if let Some(name) = row.get("icb24_name") {
        differ("ICB", text(Field::IcbName), name);
    }
    let place = (number(&row["oseast1m"]), number(&row["osnrth1m"]));
    if let (Some(easting), Some(northing)) = place {
        let wanted = Point::new(easting, northing).unwrap();
        differ("place", format!("{:?}", site.location()), &format!("{:?}", Some(wanted)));
    }
    told
}

#[test]
fn london_is_what_the_joins_made_by_hand_say() {
    let Some(shared) = shared() else { return };
    let london = London::import(&shared);
    let snapshot = london.snapshot();
    let register = &snapshot.register;

    // Reference sets.
    let postcodes = snapshot.geography.postcodes.as_ref().unwrap();
    assert_eq!(postcodes.len(), 331_981);
    let zones = &snapshot.geography.zones;
    let sum = |of: &dyn Fn(&domesday::geography::Zone) -> Option<u32>| -> u64 {
        zones.iter().filter_map(of).map(u64::from).sum()
    };
    assert_eq!(zones.len(), 4_994);
    assert_eq!(sum(&|zone| Some(zone.residents)), 8_799_813);
    assert_eq!(sum(&|zone| zone.disabled), 1_164_460);
    assert_eq!(sum(&|zone| zone.no_car_households), 1_440_254);
    assert_eq!(snapshot.geography.zone_outlines.as_ref().unwrap().len(), 4_994);
    assert_eq!(snapshot.geography.borough_outlines.as_ref().unwrap().len(), 33);

    // Trust sites of 2024/25.
    let rows = expected(&shared, "london_sites_2425_joined.csv", "site_code");
    let is_of_the_year = |site: &&Site| is_of(site, Field::GrossInternalArea, "ERIC 2024/25");
    let placed: Vec<&Site> =
        register.sites().filter(is_of_the_year).filter(|site| is_in_london(site)).collect();
    let (pooled_rows, placed_rows): (Vec<_>, Vec<_>) =
        rows.iter().partition(|(_, row)| row["site_type"] == "Other Reportable Site");
    same("trust sites", placed.iter().map(|site| site.code.as_str()), keys(&placed_rows));
    // Rows that pool a trust's small sites carry a proxy postcode: the joins count them where it lies, the register
    // gives them no place.
    let pooled: Vec<&Site> =
        keys(&pooled_rows).map(|code| register.site(&code.parse().unwrap()).unwrap()).collect();
    assert!(pooled.iter().all(|site| site.is_aggregate() && site.location().is_none()));
    assert_eq!((placed.len(), pooled.len()), (435 - 22, 22));
    let sites: Vec<&Site> = placed.iter().chain(&pooled).copied().collect();
    let distinct =
        |field: Field| sites.iter().filter_map(|s| s.text(field)).collect::<BTreeSet<_>>().len();
    assert_eq!((distinct(Field::OrganisationCode), distinct(Field::BoroughCode)), (37, 33));
    let area: f64 =
        sites.iter().filter_map(|s| s.area(Field::GrossInternalArea)).map(|m2| m2.0).sum();
    assert!((area - 4_682_312.0).abs() < 0.5, "{area}");
    let backlog: Vec<Pence> = sites
        .iter()
        .filter(|site| is_of(site, Field::BacklogTotal, "ERIC 2024/25"))
        .filter_map(|site| site.money(Field::BacklogTotal))
        .collect();
    assert_eq!(backlog.len(), 297);
    assert_eq!(backlog.iter().filter(|pence| **pence == Pence::ZERO).count(), 33);
    assert_eq!(backlog.iter().copied().sum::<Pence>(), Pence::pounds(4_432_078_307));
    let told: Vec<String> =
        placed.iter().flat_map(|site| differences(site, &rows[site.code.as_str()])).collect();
    assert_eq!(told, [""; 0]);

    // Joined with the utilisation returned in 2016/17.
    let joined: BTreeSet<&str> = sites
        .iter()
        .filter(|site| is_of(site, Field::EmptyArea, "ERIC 2016/17"))
        .map(|site| site.code.as_str())
        .collect();
    let wanted: BTreeSet<&str> = rows
        .iter()
        .filter(|(_, row)| !row["empty_pct_1617"].is_empty())
        .map(|(code, _)| code.as_str())
        .collect();
    same("sites with utilisation of 2016/17", joined.iter().copied(), wanted.iter().copied());
    assert_eq!(joined.len(), 98);

    // General practices, with the lists of people they serve.
    let rows = expected(&shared, "london_gp_practices.csv", "code");
    let practices: BTreeMap<&str, (&Site, &Tenancy)> = register
        .tenancies()
        .filter(|tenancy| tenancy.is_open() && tenancy.id.as_str().ends_with("-GP"))
        .filter_map(|tenancy| Some((register.site(&tenancy.site()?)?, tenancy)))
        .filter(|(site, _)| site.location().is_some() && is_in_london(site))
        .map(|(site, tenancy)| (site.code.as_str(), (site, tenancy)))
        .collect();
    same("practices", practices.keys().copied(), rows.keys().map(String::as_str));
    assert_eq!(practices.len(), 1_169);
    let mut told = Vec::new();
    for (code, (site, tenancy)) in &practices {
        let row = &rows[*code];
        told.extend(differences(site, row));
        let listed = tenancy.known(Field::TenancyPeople).and_then(Scalar::number);
        if listed != number(&row["patients_2022_05"]) {
            told.push(format!("{code}: {listed:?} people, expected {:?}", row["patients_2022_05"]));
        }
    }
    assert_eq!(told, [""; 0]);

    // Nothing without a place is in the index, and aggregates have none.
    for site in register.sites().filter(|site| site.is_aggregate()) {
        assert_eq!(site.location(), None, "{}", site.code);
    }

    // Again: nothing changes.
    let version = register.version;
    let again = london.again(&shared);
    let changed: Vec<&ImportReport> =
        again.iter().filter(|report| report.version.is_some() || report.changes > 0).collect();
    assert!(changed.is_empty(), "{changed:?}");
    assert_eq!(london.snapshot().register.version, version);
}
