use std::fs;
use std::io::{Cursor, Write as _};
use std::path::Path;
use std::process::Command;

use calamine::{Data, DataType as _, Range, Reader as _, Xlsx};

use super::*;
use crate::config;
use crate::fund::{
    Arrival, Case, Decision, Grain, OptionKind, Schedule, Terms, appraise, balances, switching,
    tornado,
};
use crate::register::{ChangeSet, Register, Scalar, Site, SquareMetres};
use crate::synth::{Scale, estate};

fn register() -> Register {
    let estate = estate(Scale::Borough, 1);
    let mut changes = estate.changes;
    let evidence = std::sync::Arc::new(crate::register::Evidence {
        source: "=HYPERLINK(\"http://example.org\")".to_owned(),
        method: "=1+1".to_owned(),
        as_of: NaiveDate::from_ymd_opt(2026, 3, 31).unwrap(),
    });
    changes.push(crate::register::Change::Site {
        code: "ZZL07001".parse().unwrap(),
        field: crate::register::Field::Name,
        value: crate::register::Value::known(Scalar::Text("=1+1".to_owned()), &evidence),
    });
    Register::default().with(&ChangeSet {
        id: 1,
        author: "test".to_owned(),
        at: NaiveDate::from_ymd_opt(2026, 4, 1).unwrap().and_hms_opt(9, 0, 0).unwrap(),
        source: "test".to_owned(),
        reason: "test".to_owned(),
        changes,
    })
}

/// Every third site closes and sends a service to the next, which receives it and improves.
fn decisions(register: &Register) -> Vec<Decision<'_>> {
    let sites: Vec<&Site> = register.sites().take(60).collect();
    let mut decisions = Vec::new();
    for trio in sites.chunks(3) {
        let [closes, receives, sells] = trio else { continue };
        let arrival = Arrival {
            tenancy: format!("{}-GP", closes.code).parse().unwrap(),
            from: closes.code.clone(),
            clinical: SquareMetres(123.4),
            non_clinical: SquareMetres(56.7),
        };
        let none = Vec::new;
        decisions.push(Decision { site: closes, option: OptionKind::Dispose, arrivals: none() });
        decisions.push(Decision {
            site: receives,
            option: OptionKind::Improve,
            arrivals: vec![arrival],
        });
        decisions.push(Decision { site: sells, option: OptionKind::SellLand, arrivals: none() });
    }
    decisions
}

fn made(register: &Register, typed: &[(&str, f64)]) -> Vec<u8> {
    let (set, schedule) = (config::assumptions().unwrap(), Schedule::default());
    let decisions = decisions(register);
    let terms = Terms { assumptions: &set, base_year: 2026, horizon_years: 40 };
    let workings = Workings::new(&decisions, terms, &schedule, &[]).unwrap();
    workbook(&Book {
        name: "=cmd|' /C calc'!A0",
        run: 3,
        at: NaiveDate::from_ymd_opt(2026, 4, 1).unwrap(),
        workings: &workings,
        register,
        switching: (&switching(&workings, Pence::ZERO).unwrap(), Pence::ZERO),
        tornado: &tornado(&workings).unwrap(),
        opening: Pence::pounds(1_000_000),
        typed: typed.iter().map(|(key, value)| ((*key).to_owned(), *value)).collect(),
    })
    .unwrap()
}

fn opened(bytes: Vec<u8>) -> Xlsx<Cursor<Vec<u8>>> {
    Xlsx::new(Cursor::new(bytes)).unwrap()
}

#[test]
fn texts_are_never_formulas_and_the_same_run_gives_the_same_bytes() {
    let register = register();
    let bytes = made(&register, &[]);
    assert_eq!(bytes, made(&register, &[]));

    let mut book = opened(bytes);
    let sheets = ["Notes", "Inputs", "Register", "Ledger", "Projection", "Sensitivities"];
    assert_eq!(book.sheet_names(), sheets);
    let cells = book.worksheet_range("Ledger").unwrap();
    let formulas = book.worksheet_formula("Ledger").unwrap();
    let mut hostile = 0;
    for (row, column, cell) in cells.used_cells() {
        let text = cell.as_string().unwrap_or_default();
        if text.starts_with('=') {
            hostile += 1;
            assert!(matches!(cell, Data::String(_)), "{cell:?}");
        }
        let at = (u32::try_from(row).unwrap(), u32::try_from(column).unwrap());
        let formula = formulas.get_value(at).map_or("", String::as_str);
        assert!(formula.is_empty() || column == 8, "{formula} in column {column}");
    }
    assert!(hostile > 0, "the name =1+1 is in the ledger");
}

fn number(range: &Range<Data>, row: usize, column: usize) -> Option<f64> {
    range.get((row, column)).and_then(calamine::DataType::as_f64)
}

/// Whether a program of `LibreOffice` is here.
fn has_soffice() -> bool {
    Command::new("soffice").arg("--version").output().is_ok_and(|output| output.status.success())
}

/// A spreadsheet program's own recalculation of a workbook.
fn recalculated(folder: &Path, bytes: &[u8]) -> Vec<u8> {
    // A profile that recalculates whatever it loads.
    let profile = folder.join("profile/user");
    fs::create_dir_all(&profile).unwrap();
    let setting = r#"<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load"><prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item>
</oor:items>"#;
    fs::write(profile.join("registrymodifications.xcu"), setting).unwrap();
    fs::write(folder.join("fund.xlsx"), bytes).unwrap();
    let out = folder.join("out");
    let ran = Command::new("soffice")
        .arg(format!("-env:UserInstallation=file://{}", folder.join("profile").display()))
        .args([
            "--headless",
            "--norestore",
            "--convert-to",
            "xlsx:Calc MS Excel 2007 XML",
            "--outdir",
        ])
        .arg(&out)
        .arg(folder.join("fund.xlsx"))
        .output()
        .unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    fs::read(out.join("fund.xlsx")).unwrap()
}

#[test]
fn a_spreadsheet_program_that_recalculates_gets_our_figures_to_the_penny() {
    if !has_soffice() {
        writeln!(std::io::stderr(), "SKIPPED: soffice is not installed").unwrap();
        return;
    }
    let register = register();
    let typed = [
        ("retention.trust", 0.61),
        ("works.heavy.gbp_per_m2", 3_333.33),
        ("discount.rate.years_31_75", 0.0275),
        ("price", 1.1),
        ("space", 0.9),
    ];
    let folder = tempfile::tempdir().unwrap();
    let book = recalculated(folder.path(), &made(&register, &typed));

    // The same inputs, by our own arithmetic.
    let (mut set, schedule) = (config::assumptions().unwrap(), Schedule::default());
    for (key, value) in &typed[..3] {
        set.figures.get_mut(*key).unwrap().value = *value;
    }
    let case = Case { levers: [1.1, 1.0, 1.0, 0.9], delay_months: 0 };
    let decisions = decisions(&register);
    let terms = Terms { assumptions: &set, base_year: 2026, horizon_years: 40 };
    let workings = Workings::new(&decisions, terms, &schedule, &[]).unwrap();
    let ledger = workings.ledger_in(&case);

    let mut book = opened(book);
    let lines = book.worksheet_range("Ledger").unwrap();
    let first = usize::try_from(FIRST).unwrap();
    let shown: Vec<f64> =
        (first..lines.height()).filter_map(|row| number(&lines, row, 8)).collect();
    assert_eq!(shown.len(), ledger.lines.len());
    for (shown, line) in shown.iter().zip(&ledger.lines) {
        assert_eq!(Pence(100).times(*shown), line.amount, "{line:?}");
    }
    let years = book.worksheet_range("Projection").unwrap();
    let periods = balances(&ledger, &terms, Pence::pounds(1_000_000), Grain::Year, |_| true);
    for (at, period) in periods.iter().enumerate() {
        let cell = |column| Pence(100).times(number(&years, first + at, column).unwrap());
        assert_eq!(cell(4), period.closing, "{}", period.year);
        assert_eq!(cell(7), period.cover_closing, "{}", period.year);
    }
    let value = appraise(&ledger, &terms, Rates::Standard).unwrap();
    let total = |label: &str| {
        let row = (0..years.height()).find(|row| {
            years.get((*row, 0)).is_some_and(|cell| cell.as_string().as_deref() == Some(label))
        });
        Pence(100).times(number(&years, row.unwrap(), 4).unwrap())
    };
    assert_eq!(total("Net present social value (£)"), value.npsv);
    assert_eq!(total("Present value of benefits (£)"), value.benefits);
    assert_eq!(total("To the fund, net (£)"), ledger.in_fund().amount);
    let as_made = workings_npsv(&register);
    assert_ne!(value.npsv, as_made, "what was typed changed the answer");
}

fn workings_npsv(register: &Register) -> Pence {
    let (set, schedule) = (config::assumptions().unwrap(), Schedule::default());
    let decisions = decisions(register);
    let terms = Terms { assumptions: &set, base_year: 2026, horizon_years: 40 };
    let workings = Workings::new(&decisions, terms, &schedule, &[]).unwrap();
    appraise(&workings.ledger(), &terms, Rates::Standard).unwrap().npsv
}
