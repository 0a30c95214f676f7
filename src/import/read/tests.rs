//! Reading as a user meets it: bytes in, values and faults out.

#![expect(clippy::float_cmp, reason = "sums of published whole numbers are exact")]

use std::path::PathBuf;

use chrono::NaiveDate;
use proptest::prelude::*;

use super::*;
use crate::import::mapping::{shipped_texts, template};
use crate::register::{Change, ChangeSet, Field, Scalar, Site, Value, Why};

fn file(name: &str, bytes: impl AsRef<[u8]>) -> InputFile {
    InputFile { name: name.to_owned(), bytes: bytes.as_ref().to_vec() }
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn read_into(register: &Register, kind: ImportKind, files: &[InputFile]) -> Reading {
    let geography = Geography::default();
    read(kind, files, None, &Held { register, geography: &geography, today: day("2026-06-01") })
}

fn read_one(kind: ImportKind, name: &str, bytes: impl AsRef<[u8]>) -> Reading {
    read_into(&Register::default(), kind, &[file(name, bytes)])
}

fn after(register: &Register, reading: &Reading) -> Register {
    register.with(&ChangeSet {
        id: register.version + 1,
        author: "test".to_owned(),
        at: day("2026-01-01").and_hms_opt(9, 0, 0).unwrap(),
        source: "test".to_owned(),
        reason: "test".to_owned(),
        changes: register.news(reading.changes.clone()),
    })
}

fn register_of(reading: &Reading) -> Register {
    after(&Register::default(), reading)
}

fn site<'r>(register: &'r Register, code: &str) -> &'r Site {
    register.site(&code.parse().unwrap()).unwrap()
}

fn told(reading: &Reading) -> Vec<String> {
    reading.faults.iter().map(ToString::to_string).collect()
}

fn why(site: &Site, field: Field) -> Option<Why> {
    match site.fact(field) {
        Value::Unknown { why } => Some(why),
        Value::Known { .. } => None,
    }
}

/// The folder of real files, or a visible word that a test was skipped.
fn shared(path: &str) -> Option<Vec<u8>> {
    let folder = std::env::var_os("DOMESDAY_SHARED_DATA").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data")),
        PathBuf::from,
    );
    let bytes = std::fs::read(folder.join(path)).ok();
    if bytes.is_none() {
        #[expect(clippy::print_stderr, reason = "a skipped test says so")]
        {
            eprintln!("SKIPPED: {path} is not there");
        }
    }
    bytes
}

const ERIC: &str = "Site Code,Site Name,Trust Code,Trust Name,Site Type,Gross internal floor area (m²),\
    Floor area - empty (%),Cost to eradicate high risk backlog (£),Land area owned (Hectares)\n";

#[test]
fn a_bad_cell_is_named_and_the_other_cells_and_rows_survive() {
    let rows = "RXA01,The Royal,RXA,Trust,1. General acute hospital,\"1,200\",10,\"50,000\",1.5\n\
                RXA02,Clinic,RXA,Trust,Non inpatient,lots,120,n/a,-\n\
                R A/3,Bad,RXA,Trust,x,1,1,1,1\n\
                RXA01,The Royal,RXA,Trust,1. General acute hospital,\"1,300\",10,\"50,000\",1.5\n";

    let reading = read_one(ImportKind::Eric, "eric-2023-24.csv", format!("{ERIC}{rows}"));

    assert_eq!(reading.rows, 4);
    insta::assert_snapshot!(told(&reading).join("\n"), @r#"
    eric-2023-24.csv, row 3, column "Gross internal floor area (m²)": "lots" is not a number from 0 to 10000000
    eric-2023-24.csv, row 3, column "Floor area - empty (%)": "120" is not a percentage from 0 to 100
    eric-2023-24.csv, row 4, column "Site Code": "R A/3" is not a site code of 3 to 12 letters, digits and -
    eric-2023-24.csv, row 5, column "Site Code": "RXA01" is not a code used once: row 2 has it too, with other values
    "#);
    let register = register_of(&reading);
    let (royal, clinic) = (site(&register, "RXA01"), site(&register, "RXA02"));
    assert_eq!(royal.known(Field::EmptyArea).and_then(Scalar::number), Some(120.0));
    let fact = royal.fact(Field::EmptyArea);
    let evidence = fact.evidence().unwrap();
    assert_eq!(evidence.method, "10 % of gross internal area, as returned by the trust");
    assert_eq!(
        (evidence.source.as_str(), evidence.as_of),
        ("ERIC 2023/24 site data", day("2024-03-31"))
    );
    assert_eq!(royal.text(Field::SiteType), Some("General acute hospital"));
    assert_eq!(why(clinic, Field::GrossInternalArea), Some(Why::Unreadable));
    assert_eq!(why(clinic, Field::BacklogHigh), Some(Why::NotApplicable));
    assert_eq!(why(clinic, Field::LandArea), Some(Why::Blank));
}

#[test]
fn units_are_taken_from_the_header() {
    for (header, cell, area) in [
        ("Floor area - empty (%)", "25", Some(250.0)),
        ("Floor area – empty (m²)", "25", Some(25.0)),
        ("FLOOR AREA - EMPTY (m2)", "25", Some(25.0)),
        ("Floor area - empty (sq ft)", "1000", Some(92.903_04)),
    ] {
        let text = format!(
            "Site Code,Site Name,Gross internal floor area (m²),{header}\nRXA01,A,1000,{cell}\n"
        );
        let reading = read_one(ImportKind::Eric, "ERIC 2020-21.csv", text);
        assert_eq!(told(&reading), [""; 0], "{header}");
        let register = register_of(&reading);
        assert_eq!(
            site(&register, "RXA01").known(Field::EmptyArea).and_then(Scalar::number),
            area,
            "{header}"
        );
    }
    let text = "Site Code,Site Name,Gross internal floor area (m²),Floor area - empty (acres),Land area owned (£)\nRXA01,A,1000,1,1\n";
    insta::assert_snapshot!(told(&read_one(ImportKind::Eric, "eric-2020-21.csv", text)).join("\n"), @r#"eric-2020-21.csv, row 1, column "Land area owned (£)": "£" is not a column in ha"#);
}

#[test]
fn a_share_of_something_unknown_is_unknown_and_nothing_of_it_is_nothing() {
    let text = "Site Code,Site Name,Gross internal floor area (m²),Floor area - empty (%),Floor area - under used (%)\n\
                RXA01,A,Not Applicable,25,0\n";
    let register = register_of(&read_one(ImportKind::Eric, "eric-2016-17.csv", text));
    assert_eq!(why(site(&register, "RXA01"), Field::EmptyArea), Some(Why::InputUnknown));
    assert_eq!(
        site(&register, "RXA01").known(Field::UnderUsedArea).and_then(Scalar::number),
        Some(0.0)
    );
}

#[test]
fn pooled_sites_get_a_code_of_their_own_and_no_postcode() {
    let text = "Trust Code,Site Code,Site Name,Site Type,Post Code,Gross internal floor area (m²)\n\
                RXA,AGGRE,AGGREGATE SITE,Aggregate Site,E1 1BB,100\n\
                RXB,AGGRE,AGGREGATE SITE,Aggregate Site,E1 1BB,200\n\
                RXC,RXCORS,OTHER,Other Reportable Sites,E1 1BB,300\n\
                ,AGGRE,AGGREGATE SITE,Aggregate Site,E1 1BB,200\n\
                Total,,,,,600\n";
    let reading = read_one(ImportKind::Eric, "eric-2016-17.csv", text);
    let register = register_of(&reading);
    for code in ["RXAAGGRE", "RXBAGGRE", "RXCORS"] {
        let pooled = site(&register, code);
        assert!(pooled.is_aggregate(), "{code}");
        assert_eq!(pooled.text(Field::Postcode), None, "{code}");
    }
    assert_eq!(register.sites().count(), 3);
    insta::assert_snapshot!(told(&reading).join("\n"), @r#"
    eric-2016-17.csv, row 5, column "Site Code": "AGGRE" is not a pooled site with its trust's code beside it
    eric-2016-17.csv, row 6, column "Site Code": "" is not a site code of 3 to 12 letters, digits and -
    "#);
}

#[test]
fn a_file_without_its_columns_or_its_year_says_so() {
    let no_area = read_one(
        ImportKind::Eric,
        "eric-2016-17.csv",
        "a title\n\nSite Code,Site Name,Size\nRXA01,A,3\n",
    );
    let no_year = read_one(
        ImportKind::Eric,
        "eric.csv",
        "Site Code,Site Name,Gross internal floor area\nRXA01,A,3\n",
    );
    insta::assert_snapshot!([told(&no_area), told(&no_year)].concat().join("\n"), @r#"
    eric-2016-17.csv, row 3: "Site Code, Site Name, Size" is not a header with the column "Gross internal floor area" or "Gross internal site floor area"
    eric.csv: found no date of its values, expected a year or month in the file's name, a date column, or as_of in the mapping
    "#);
    assert!(no_area.changes.is_empty() && no_year.changes.is_empty());
}

#[test]
fn an_older_return_adds_no_site_and_no_old_name_to_a_new_trust() {
    let newer = "Site Code,Site Name,Trust Code,Trust Name,Gross internal floor area\nRXA01,A,NEW,New Trust,10\n";
    let older = "Site Code,Site Name,Trust Code,Trust Name,Gross internal floor area,Clinical space\n\
                 RXA01,A,OLD,Old Trust,10,4\nRXA02,B,OLD,Old Trust,10,4\n";
    let text = newer.replace(",New Trust", ",Not Applicable");
    let first = register_of(&read_one(ImportKind::Eric, "eric-2024-25.csv", text));

    let reading = read_into(&first, ImportKind::Eric, &[file("eric-2016-17.csv", older)]);
    let second = after(&first, &reading);

    assert_eq!(second.sites().count(), 1);
    assert_eq!(site(&second, "RXA01").text(Field::OrganisationCode), Some("NEW"));
    assert_eq!(site(&second, "RXA01").text(Field::OrganisationName), None);
    assert_eq!(
        site(&second, "RXA01").known(Field::ClinicalArea).and_then(Scalar::number),
        Some(4.0)
    );
    assert_eq!(
        reading.notes,
        ["1 rows left out: sites closed or gone from a newer list the register holds"]
    );
}

/// A line of an ODS file: code, name, postcode, opened, closed, status, prescribing setting.
fn ods(rows: &[[&str; 7]]) -> String {
    let line = |[code, name, postcode, opened, closed, status, setting]: &[&str; 7]| {
        let mut cells = [""; 27];
        (cells[0], cells[1], cells[9], cells[10], cells[11], cells[12], cells[25]) =
            (code, name, postcode, opened, closed, status, setting);
        cells.map(|cell| format!("{cell:?}")).join(",") + "\n"
    };
    rows.iter().map(line).collect()
}

#[test]
fn a_practice_is_a_site_with_a_general_practice_in_it_and_closes_with_it() {
    let january = ods(&[
        ["E83003", "OAKLEIGH", "N20 0DH", "19740401", "", "A", "4"],
        ["E83005", "LICHFIELD", "N3 2JP", "19740401", "", "A", "4"],
        ["E83006", "GREENFIELD", "NW2 1HS", "19740401", "", "A", "4"],
        ["E83007", "SQUIRES", "N3 1AA", "19740401", "", "A", "4"],
        ["E83008", "HEATHFIELDE", "N2 0AA", "19740401", "", "A", "4"],
        ["E83009", "LONG GONE", "N2 0AA", "19740401", "20010331", "C", "4"],
        ["Y00001", "WALK-IN", "N2 0AA", "19740401", "", "A", "1"],
    ]);
    let first_reading = read_one(ImportKind::Epraccur, "epraccur-2024-01.csv", january);
    let first = register_of(&first_reading);
    assert_eq!(told(&first_reading), [""; 0]);
    assert_eq!((first.sites().count(), first.tenancies().count()), (5, 5));
    let practice = first.tenancy(&"E83003-GP".parse().unwrap()).unwrap();
    assert_eq!(practice.site().unwrap().as_str(), "E83003");
    assert_eq!(practice.service_line(), Some(crate::register::ServiceLine::PrimaryCare));

    let february = ods(&[
        ["E83003", "OAKLEIGH", "N20 0DH", "19740401", "20240215", "C", "4"],
        ["E83006", "GREENFIELD", "NW2 1HS", "19740401", "", "A", "4"],
        ["E83007", "SQUIRES", "N3 1AA", "19740401", "", "A", "4"],
        ["E83008", "HEATHFIELDE", "N2 0AA", "19740401", "", "A", "4"],
    ]);
    let reading = read_into(
        &first,
        ImportKind::Epraccur,
        &[file("epraccur-2024-02.csv", february.as_bytes())],
    );
    let second = after(&first, &reading);
    let closed = |code: &str| site(&second, code).known(Field::ClosedOn).and_then(Scalar::date);
    assert_eq!(closed("E83003"), Some(day("2024-02-15")));
    assert_eq!(closed("E83005"), Some(day("2024-02-29")));
    assert!(!second.tenancy(&"E83005-GP".parse().unwrap()).unwrap().is_open());
    assert_eq!(second.sites().count(), 5);

    let again = read_into(&second, ImportKind::Epraccur, &[file("epraccur-2024-02.csv", february)]);
    assert_eq!(second.news(again.changes), []);

    let part = ods(&[["E83006", "GREENFIELD", "NW2 1HS", "19740401", "", "A", "4"]]);
    let reading = read_into(&first, ImportKind::Epraccur, &[file("epraccur-2024-03.csv", part)]);
    assert_eq!(
        after(&first, &reading)
            .sites()
            .filter(|site| site.known(Field::ClosedOn).is_some())
            .count(),
        0
    );
    assert!(reading.notes[0].contains("taken for a part of the list"), "{:?}", reading.notes);
}

#[test]
fn plots_of_a_site_become_one_status_and_one_area() {
    let text = "Trust Code,Site Code,Site Name,Plot status,Land area (ha)\n\
                RXA,RXA01,A,Potentially surplus,0.5\nRXA,RXA01,A,Surplus,1.25\nRXA,RXA01,A,Sold,9\n\
                RXA,,No code,Surplus,1\nRXA,RXA02,B,Sold,2\nRXA,RXA03,C,Surplus,Sensitive\n";
    let reading = read_one(ImportKind::SurplusLand, "surplus-land-2023-24.csv", text);
    let register = register_of(&reading);
    assert_eq!(told(&reading), [""; 0]);
    let status = |code: &str| site(&register, code).text(Field::SurplusStatus).map(str::to_owned);
    let land =
        |code: &str| site(&register, code).known(Field::SurplusLand).and_then(Scalar::number);
    assert_eq!((status("RXA01").as_deref(), land("RXA01")), (Some("surplus"), Some(1.75)));
    assert_eq!((status("RXA02").as_deref(), land("RXA02")), (Some("sold"), None));
    assert_eq!(why(site(&register, "RXA03"), Field::SurplusLand), Some(Why::NoDataProvided));
}

#[test]
fn place_scores_are_percentages() {
    let text = "Organisation Code,Site Code,Site Name,Cleanliness Score %,Condition Appearance and Maintenance Score %,Dementia Score %,Disability Score %\n\
                RXA,RXA01,A,99.1%,97.20%,81.5,84.25%\nRXA,RXA02,B,99,120,-,84\n";
    let reading = read_one(ImportKind::Place, "place-2024.csv", text);
    let register = register_of(&reading);
    let score = |field| site(&register, "RXA01").known(field).and_then(Scalar::number);
    assert_eq!(score(Field::PlaceDisability), Some(84.25));
    assert_eq!(score(Field::PlaceCondition), Some(97.2));
    assert_eq!(why(site(&register, "RXA02"), Field::PlaceDementia), Some(Why::NotApplicable));
    assert_eq!(reading.faults.len(), 1);
    assert_eq!(
        site(&register, "RXA01").fact(Field::PlaceDementia).evidence().unwrap().source,
        "PLACE 2024"
    );
}

#[test]
fn trusts_name_their_sites() {
    let sites = register_of(&read_one(
        ImportKind::Eric,
        "eric-2024-25.csv",
        "Site Code,Site Name,Trust Code,Gross internal floor area\nRXA01,A,RXA,10\nRXA02,B,RXA,10\n",
    ));
    let trusts = ods(&[
        ["RXA", "ROYAL TRUST", "E1 1BB", "20010401", "", "", ""],
        ["RXZ", "OTHER", "", "20010401", "", "", ""],
    ]);
    let reading = read_into(&sites, ImportKind::Etr, &[file("etr-2025-04.csv", trusts)]);
    let named = after(&sites, &reading);
    assert_eq!(site(&named, "RXA02").text(Field::OrganisationName), Some("ROYAL TRUST"));
    assert_eq!(reading.notes, ["1 organisations without a site in the register"]);
}

#[test]
fn a_filled_template_is_read_back_value_for_value() {
    use crate::register::{Kind, Subject};
    let header = template(ImportKind::Sites).unwrap();
    let example = |field: Field| match field.kind() {
        Kind::Text if field == Field::Uprn => "100023336956".to_owned(),
        Kind::Text => format!("a {field}, quoted"),
        Kind::Choice(words) => words[0].to_owned(),
        Kind::Money => "1234.50".to_owned(),
        Kind::Date => "2031-03-31".to_owned(),
        Kind::Point => "530000 180000".to_owned(),
        Kind::Number { low, .. } => format!("{}", low + 12.5),
    };
    let mut writer = csv::Writer::from_writer(Vec::new());
    let site_fields: Vec<Field> = Field::of(Subject::Site).collect();
    let cells = site_fields.iter().map(|field| example(*field));
    writer.write_record(header.trim().split(',')).unwrap();
    writer
        .write_record(["NEW01".to_owned()].into_iter().chain(cells).chain([
            "Survey".to_owned(),
            "seen".to_owned(),
            "2025-06-30".to_owned(),
        ]))
        .unwrap();

    let reading = read_one(ImportKind::Sites, "mine.csv", writer.into_inner().unwrap());

    assert_eq!(told(&reading), [""; 0]);
    let register = register_of(&reading);
    for field in site_fields {
        let fact = site(&register, "NEW01").fact(field);
        assert_eq!(
            fact.get(),
            Scalar::parse(field.kind(), &example(field)).ok().as_ref(),
            "{field}"
        );
        let evidence = fact.evidence().unwrap();
        assert_eq!((evidence.source.as_str(), evidence.method.as_str()), ("Survey", "seen"));
    }
    for kind in [ImportKind::Tenancies, ImportKind::Observations] {
        let empty = read_one(kind, "2025-06-30.csv", template(kind).unwrap());
        assert_eq!((told(&empty), empty.rows), (Vec::new(), 0));
    }
}

#[test]
fn a_point_in_degrees_is_brought_to_the_grid() {
    let text =
        "site_code,longitude,latitude\nRXA01,-0.119925572,51.48936565\nRXA02,51.5,-0.1\nRXA03,,\n";
    let reading = read_one(ImportKind::Sites, "sites 2025-06-30.csv", text);
    assert_eq!(
        told(&reading),
        [
            "sites 2025-06-30.csv, row 3, column \"longitude\": \"51.5\" is not longitude and latitude within Great Britain, in degrees"
        ]
    );
    let place = site(&register_of(&reading), "RXA01").location().unwrap();
    let published = crate::register::Point::new(530_624.974, 178_388.464).unwrap();
    assert!(place.metres_to(published) < 0.05);

    let mapping = "name = \"Mine\"\nsource = \"Mine\"\n[as_of]\ndate = 2025-06-30\n[[record]]\nsubject = \"site\"\ncode = \"id\"\n\
                   [[record.field]]\nfield = \"location\"\njoin = [\"lon\", \"lat\"]\nunit = \"degrees\"\n";
    assert!(Mapping::from_toml(mapping).is_ok());
}

#[test]
fn a_users_own_words_and_labels_are_understood() {
    let text = "ODS code;Name;Tenure;Location x;easting;northing;4 Internal doors and corridors;5 Lift to every patient floor, or all services step-free;Empty area (%);Gross internal area (m²);Net book value (£000)\n\
                E83003;Clinic;NHS Property Services;;527543;193427;n/a;unknown;10;500;12.5\n";
    let reading = read_one(ImportKind::Sites, "sites 2025-06-30.csv", text);
    assert_eq!(told(&reading), [""; 0]);
    let register = register_of(&reading);
    let clinic = site(&register, "E83003");
    assert_eq!(clinic.text(Field::Tenure), Some("nhsps"));
    assert_eq!(clinic.location().map(crate::register::Point::easting), Some(527_543.0));
    assert_eq!(clinic.text(Field::Access04), Some("not_applicable"));
    assert_eq!(why(clinic, Field::Access05), Some(Why::NotAssessed));
    assert_eq!(clinic.known(Field::EmptyArea).and_then(Scalar::number), Some(50.0));
    assert_eq!(clinic.money(Field::BookValue).map(|p| p.0), Some(1_250_000));
}

#[test]
fn a_percentage_typed_into_an_area_is_refused_unless_it_is_known_of_what() {
    let text = "site_code,gross_internal_area_m2,empty_area_m2,land_area_ha\nRXA01,200,10%,5%\n";
    let reading = read_one(ImportKind::Sites, "sites 2025-06-30.csv", text);
    assert_eq!(
        told(&reading),
        [
            "sites 2025-06-30.csv, row 2, column \"land_area_ha\": \"5%\" is not a number in ha, not a percentage"
        ]
    );
    assert_eq!(
        site(&register_of(&reading), "RXA01").known(Field::EmptyArea).and_then(Scalar::number),
        Some(20.0)
    );
}

#[test]
fn surveys_are_read_with_their_method_and_window() {
    let text = "site_code,method,from,to,spaces,frequency (%),occupancy,source\n\
                RXA01,Sensor,2025-01-06,2025-03-30,consulting rooms,41,,Occupancy study\n\
                RXA01,sensor,2025-03-30,2025-01-06,desks,41,0.5,\nRXA01,guess,2025-01-06,2025-03-30,,41,,\n";
    let reading = read_one(ImportKind::Observations, "surveys.csv", text);
    let [Change::Observed { observation, .. }] = reading.changes.as_slice() else {
        panic!("{reading:?}")
    };
    assert_eq!((observation.frequency, observation.occupancy), (0.41, None));
    assert_eq!(observation.source, "Occupancy study");
    insta::assert_snapshot!(told(&reading).join("\n"), @r#"
    surveys.csv, row 3, column "to": "2025-01-06" is not a last day not before the first, 2025-03-30
    surveys.csv, row 4, column "method": "guess" is not one of eric_return, sensor, walkround, booking
    "#);
}

#[test]
fn mistakes_in_a_mapping_name_the_key_and_what_was_expected() {
    let refused = |text: &str| Mapping::from_toml(text).unwrap_err().to_string();
    let record = "name = \"x\"\nsource = \"x\"\n[[record]]\nsubject = \"site\"\ncode = \"Code\"\n";
    let field = |rest: &str| format!("{record}[[record.field]]\n{rest}");
    let told = [
        refused("name = 3"),
        refused("name = \"x\"\nsource = \"x\"\nblank = \"zero\"\nrecord = []"),
        refused("name = \"x\"\nsource = \"x\"\nrecord = []"),
        refused("name = \"x\"\nsource = \"x\"\ncolour = \"x\"\nrecord = []"),
        refused(&field("field = \"empty_area\"\ncolumn = \"Empty\"")).chars().take(70).collect(),
        refused(&field("field = \"empty_area_m2\"\ncolumn = \"Empty\"\nunit = \"£\"")),
        refused(&field("field = \"empty_area_m2\"\ncolumn = \"Empty\"\nunit = \"furlong\"")),
        refused(&field("field = \"empty_area_m2\"\ncolumn = \"Empty\"\nunit = \"%\"")),
        refused(&field("field = \"tenure\"\ncolumn = \"Tenure\"\nvalues = { x = \"owned\" }")),
        refused(&field("field = \"name\"\ncolumn = \"Name\"\nconstant = \"x\"")),
    ];
    insta::assert_snapshot!(told.join("\n"), @r#"
    column mapping, line 1, key name: invalid type: integer `3`, expected a string
    column mapping, line 3, key blank: unknown variant `zero`, expected `unknown` or `leave`
    column mapping, record: expected at least one [[record]]
    column mapping, line 3, key colour: unknown field `colour`, expected one of `name`, `source`, `method`, `blank`, `rows`, `adds_unless_newer`, `file`, `as_of`, `evidence`, `unknown`, `keep`, `skip`, `only_held`, `remark`, `aggregate`, `sum_to_100`, `leavers`, `record`
    column mapping, record 1, field 1 (empty_area): field: expected one of
    column mapping, record 1, field 1 (empty_area_m2): unit: expected a unit that can be turned into "m²"
    column mapping, line 9, key unit: expected a unit: %, share, m², ft², ha, acres, m³, £, £000, £m, kWh, MWh, degrees or No., found "furlong"
    column mapping, record 1, field 1 (empty_area_m2): percent_of: expected the field the percentage is a share of
    column mapping, record 1, field 1 (tenure): values: expected one of freehold, leasehold, lift, pfi, nhsps, gp_owned, council, charity, found "owned"
    column mapping, record 1, field 1 (name): column: expected exactly one of column, sum, join, flags and constant
    "#);
}

#[test]
fn the_return_of_2016_17_is_read_whole() {
    let Some(bytes) = shared("eric/eric-2016-17.xls") else { return };
    let reading = read_one(ImportKind::Eric, "eric-2016-17.xls", bytes);
    assert_eq!(told(&reading), [""; 0]);
    assert_eq!(reading.rows, 1_213);
    let register = register_of(&reading);
    assert_eq!(register.sites().count(), 1_213);
    let all = |sites: &dyn Fn(&Site) -> bool, field: Field| -> f64 {
        let known = register
            .sites()
            .filter(|site| sites(site))
            .filter_map(|site| site.known(field).cloned());
        known
            .map(|value| {
                value
                    .number()
                    .or_else(|| value.pence().map(crate::register::Pence::as_pounds))
                    .unwrap()
            })
            .sum()
    };
    let bands =
        [Field::BacklogHigh, Field::BacklogSignificant, Field::BacklogModerate, Field::BacklogLow];
    let england: f64 = bands.iter().map(|band| all(&|_| true, *band)).sum();
    assert_eq!(england, 5_545_490_873.0);

    let Some(list) = shared("eric/eric-2016-17.xls") else { return };
    let london = london_codes(&list);
    assert_eq!(london.len(), 172);
    let in_london = |site: &Site| london.contains(site.code.as_str());
    assert_eq!(register.sites().filter(|site| in_london(site) && site.is_aggregate()).count(), 28);
    assert_eq!(all(&in_london, Field::EmptyArea).round(), 113_046.0);
    assert_eq!(all(&in_london, Field::UnderUsedArea).round(), 108_887.0);
    assert_eq!((all(&in_london, Field::LandArea) * 10.0).round(), 8_263.0);
    assert_eq!((all(&in_london, Field::SurplusLand) * 10.0).round(), 1_487.0);
    let unknown_costs = register
        .sites()
        .filter(|site| in_london(site) && site.money(Field::MaintenanceCost).is_none());
    assert_eq!(unknown_costs.count(), 25);

    let again = read_into(&register, ImportKind::Eric, &[file("eric-2016-17.xls", list)]);
    assert_eq!(register.news(again.changes), []);
}

/// Codes, as the register makes them, of the London region's rows of the 2016/17 workbook.
fn london_codes(workbook: &[u8]) -> BTreeSet<String> {
    let tables = sheet::tables(&file("x", workbook), &Limits::default()).unwrap();
    let sites = tables.iter().find(|table| table.sheet.as_deref() == Some("Site Data")).unwrap();
    let london = sites.rows.iter().filter(|row| row.cell(2).starts_with("LONDON"));
    let code = |row: &sheet::Row| match row.cell(4) {
        "AGGRE" => format!("{}AGGRE", row.cell(0)),
        code => code.to_owned(),
    };
    london.map(code).collect()
}

fn expected(name: &str) -> Option<Vec<Vec<String>>> {
    let bytes = shared(&format!("expected/{name}"))?;
    let tables = sheet::tables(&file(name, bytes), &Limits::default()).unwrap();
    Some(
        tables[0].rows.iter().skip(1).map(|row| row.cells().map(str::to_owned).collect()).collect(),
    )
}

#[test]
fn londons_trust_sites_of_2024_25_are_read_as_joined_by_hand() {
    let (Some(bytes), Some(expected)) =
        (shared("eric/eric-2021-25-cleaned.csv"), expected("london_sites_2425_joined.csv"))
    else {
        return;
    };
    let reading = read_one(ImportKind::Eric, "eric-2021-25-cleaned.csv", bytes);
    let typing_error = "eric-2021-25-cleaned.csv, row 11215, column \"site_code\": \"Y5K9M)\" is not a site code of 3 to 12 letters, digits and -";
    assert_eq!(told(&reading), [typing_error]);
    assert_eq!(reading.rows, 2_901);
    let register = register_of(&reading);
    let england = register
        .sites()
        .filter_map(|site| site.backlog().get().copied())
        .sum::<crate::register::Pence>();
    assert_eq!((england.as_pounds() / 1e7).round(), 1_591.0);

    let london: Vec<&Site> = expected.iter().map(|row| site(&register, &row[0])).collect();
    assert_eq!(london.len(), 435);
    let backlogs: Vec<_> =
        london.iter().filter_map(|site| site.money(Field::BacklogTotal)).collect();
    assert_eq!(backlogs.len(), 297);
    assert_eq!(backlogs.iter().filter(|pence| pence.0 == 0).count(), 33);
    assert_eq!(
        backlogs.iter().copied().sum::<crate::register::Pence>(),
        crate::register::Pence::pounds(4_432_078_307)
    );
    let area: f64 = london
        .iter()
        .filter_map(|site| site.area(Field::GrossInternalArea))
        .map(|area| area.0)
        .sum();
    assert_eq!(area, 4_682_312.0);
    for (site, row) in london.iter().zip(&expected) {
        assert_eq!(
            (site.text(Field::SiteType), site.text(Field::OrganisationCode)),
            (Some(row[4].as_str()), Some(row[2].as_str()))
        );
    }
    let pooled = london.iter().filter(|site| site.is_aggregate()).count();
    assert_eq!(pooled, 22);
    assert!(
        reading.notes.iter().any(|note| note.starts_with("8576 rows of other years than 2024/25")),
        "{:?}",
        reading.notes
    );
}

#[test]
fn londons_practices_and_patients_are_read_as_joined_by_hand() {
    let (Some(practices), Some(patients), Some(expected)) = (
        shared("ods/epraccur-2024-01.csv"),
        shared("gp/gp_reg_pat_prac_all_2022-05.csv"),
        expected("london_gp_practices.csv"),
    ) else {
        return;
    };
    let reading = read_one(ImportKind::Epraccur, "epraccur-2024-01.csv", practices);
    assert_eq!(told(&reading), [""; 0]);
    let register = register_of(&reading);
    assert_eq!((register.sites().count(), register.tenancies().count()), (6_750, 6_750));
    for row in &expected {
        let practice = site(&register, &row[0]);
        assert_eq!(
            (practice.name(), practice.text(Field::Postcode)),
            (row[1].as_str(), Some(row[3].as_str()))
        );
    }

    let lists = read_into(&register, ImportKind::GpPatients, &[file("gp.csv", &patients)]);
    assert_eq!(told(&lists), [""; 0]);
    let with_lists = after(&register, &lists);
    let people = |code: &str| {
        with_lists
            .tenancy(&format!("{code}-GP").parse().unwrap())
            .unwrap()
            .number(Field::TenancyPeople)
    };
    for row in &expected {
        assert_eq!(
            people(&row[0]),
            row.get(4).and_then(|patients| patients.parse().ok()),
            "{}",
            row[0]
        );
    }

    let alone = register_of(&read_one(ImportKind::GpPatients, "gp.csv", patients));
    let all: f64 =
        alone.tenancies().filter_map(|tenancy| tenancy.number(Field::TenancyPeople)).sum();
    assert_eq!((alone.tenancies().count(), all), (6_506, 61_654_788.0));
}

#[test]
fn branches_and_trusts_as_published_are_read() {
    let (Some(branches), Some(trusts)) =
        (shared("ods/ebranchs-2017-08.csv"), shared("ods/etr-2022.csv"))
    else {
        return;
    };
    let reading = read_one(ImportKind::Ebranchs, "ebranchs-2017-08.csv", branches);
    assert_eq!((told(&reading), reading.rows), (Vec::new(), 2_702));
    let reading = read_one(ImportKind::Etr, "etr-2022.csv", trusts);
    assert_eq!((told(&reading), reading.rows), (Vec::new(), 212));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_survived_by_every_kind(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        for kind in ImportKind::ALL {
            let _ = read_one(kind, "x-2024-25.csv", &bytes);
        }
    }

    #[test]
    fn any_cells_under_the_right_headers_are_survived(
        cells in prop::collection::vec("[0-9A-Za-z%£.,\"\\-/ ²]{0,12}", 4..80),
    ) {
        for shipped in shipped_texts() {
            let mapping = Mapping::from_toml(shipped.text).unwrap();
            let headers: Vec<String> = mapping.record.iter().flat_map(|record| {
                let fields = record.field.iter().flat_map(|field| field.column.iter().take(1));
                record.code.iter().take(1).chain(fields).map(|pattern| pattern.text().replace('*', "x"))
            }).collect();
            let mut text = if mapping.file.no_header { String::new() } else { headers.join(";") + "\n" };
            for row in cells.chunks(headers.len().max(1)) {
                text += &row.join(";");
                text.push('\n');
            }
            let _ = read_one(shipped.kind, "x-2024-25.csv", text);
        }
    }

    #[test]
    fn any_mapping_is_survived(text in "(name|source|record|field|\\[\\[record\\]\\]|[=\"\\[\\]{}a-z0-9 \n%*]){0,30}") {
        let _ = Mapping::from_toml(&text);
    }

    #[test]
    fn a_shipped_mapping_cut_anywhere_is_survived(which in 0..12_usize, at in 0..6_000_usize) {
        let text = shipped_texts()[which].text;
        let _ = Mapping::from_toml(text.get(..at.min(text.len())).unwrap_or(""));
    }
}

#[test]
fn prices_below_nothing_and_dates_in_an_order_that_cannot_be_are_refused_in_their_cells() {
    let head = "site_code,as_of,valuation_gbp,annual_rent_gbp,lease_start,lease_break,lease_expiry,opened_on,closed_on";
    let reading = read_one(
        ImportKind::Sites,
        "mine.csv",
        format!(
            "{head}\n\
             RXA01,2026-03-31,-1,-0.01,2020-04-01,2019-04-01,2019-03-31,2010-01-01,2009-12-31\n\
             RXA02,2026-03-31,0,0,2020-04-01,2020-04-01,2020-04-01,2010-01-01,2010-01-01\n"
        ),
    );

    let told = told(&reading);

    for wanted in [
        ("valuation_gbp", "at least £0"),
        ("annual_rent_gbp", "at least £0"),
        ("lease_break", "the lease starts, 2020-04-01"),
        ("lease_expiry", "the lease starts, 2020-04-01"),
        ("closed_on", "the day it opened, 2010-01-01"),
    ] {
        let is_it = |fault: &&String| fault.contains(wanted.0) && fault.contains(wanted.1);
        assert_eq!(told.iter().filter(is_it).count(), 1, "{wanted:?}: {told:#?}");
    }
    assert_eq!(told.len(), 5, "the second row is at every limit, and inside: {told:#?}");
}

#[test]
fn a_lease_that_ends_before_its_break_is_refused_and_a_date_alone_is_not() {
    let head = "site_code,as_of,lease_start,lease_break,lease_expiry";
    let reading = read_one(
        ImportKind::Sites,
        "mine.csv",
        format!(
            "{head}\n\
             RXA01,2026-03-31,,2030-01-01,2029-12-31\n\
             RXA02,2026-03-31,,,2029-12-31\n"
        ),
    );

    let told = told(&reading);

    assert_eq!(told.len(), 1, "{told:#?}");
    assert!(told[0].contains("lease_expiry") && told[0].contains("2030-01-01"), "{told:#?}");
}
