//! A run's fund as a workbook with live formulas: inputs, values of the register, ledger, projection, value, sensitivities.
//!
//! Every amount is a formula of input cells and is rounded to the penny as the ledger rounds it, so changing an input
//! changes the answer, and a spreadsheet program that recalculates gets our figures. Texts are written as strings, which
//! no program takes for formulas.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};
use rust_xlsxwriter::{
    Color, DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Formula as Sum,
    Workbook, Worksheet, XlsxError,
};

use crate::fund::{
    self, Appraisal, Formula, Lever, Line, Rates, Swing, Switching, ValueSource, Worked, Workings,
};
use crate::register::{Mark, MissingAssumption, Pence, Register, Word as _};

/// What goes into a workbook.
pub struct Book<'a> {
    /// The scenario's name.
    pub name: &'a str,
    /// Number of the run.
    pub run: u64,
    /// The day the run was made.
    pub at: NaiveDate,
    /// The plan's money.
    pub workings: &'a Workings<'a>,
    /// For the names of sites.
    pub register: &'a Register,
    /// Switching values, and what the fund should gain.
    pub switching: (&'a [Switching], Pence),
    /// Each assumption at its ends.
    pub tornado: &'a [Swing],
    /// What the fund holds at the start.
    pub opening: Pence,
    /// Input cells that hold another value than the one the stored results rest on, by key: what a reader would type.
    pub typed: BTreeMap<String, f64>,
}

/// Why there is no workbook.
#[derive(Debug, thiserror::Error)]
pub enum WorkbookError {
    /// The writer refused.
    #[error("the workbook could not be written")]
    Write(#[from] XlsxError),
    /// The set lacks a figure.
    #[error(transparent)]
    Missing(#[from] MissingAssumption),
}

/// First row of the levers and of the figures on the sheet of inputs, counting from nought.
const LEVERS: u32 = 4;
const FIGURES: u32 = 11;
/// First row of lines, values and years, under title, note and heading.
const FIRST: u32 = 4;

/// The workbook, as the bytes of an XLSX file.
pub fn workbook(book: &Book<'_>) -> Result<Vec<u8>, WorkbookError> {
    let style = Style::new();
    let worked = book.workings.worked();
    let cells = Cells::of(book, &worked);
    let mut file = Workbook::new();
    let created = ExcelDateTime::from_ymd(
        u16::try_from(book.at.year()).unwrap_or(2026),
        u8::try_from(book.at.month()).unwrap_or(1),
        u8::try_from(book.at.day()).unwrap_or(1),
    )?;
    file.set_properties(
        &DocProperties::new()
            .set_title(format!("Fund of run {}", book.run))
            .set_author("Domesday")
            .set_creation_datetime(&created),
    );
    notes(file.add_worksheet(), book, &style)?;
    inputs(file.add_worksheet(), book, &cells, &style)?;
    values(file.add_worksheet(), &cells, &style)?;
    let last = ledger(file.add_worksheet(), book, &worked, &cells, &style)?;
    projection(file.add_worksheet(), book, &cells, last, &style)?;
    sensitivities(file.add_worksheet(), book, &style)?;
    Ok(file.save_to_buffer()?)
}

struct Style {
    title: Format,
    head: Format,
    note: Format,
    input: Format,
    fixed: Format,
    money: Format,
    total: Format,
    number: Format,
    factor: Format,
    text: Format,
}

impl Style {
    fn new() -> Self {
        let money = "#,##0.00;[Red]-#,##0.00";
        Self {
            title: Format::new().set_bold().set_font_size(14),
            head: Format::new()
                .set_bold()
                .set_text_wrap()
                .set_align(FormatAlign::Top)
                .set_background_color(Color::RGB(0xE8_ED_EE))
                .set_border_bottom(FormatBorder::Thin),
            note: Format::new().set_italic(),
            // Blue on yellow is how finance marks a cell to type in.
            input: Format::new()
                .set_font_color(Color::RGB(0x00_00_FF))
                .set_background_color(Color::RGB(0xFF_FF_CC))
                .set_border(FormatBorder::Hair),
            fixed: Format::new().set_border(FormatBorder::Hair),
            money: Format::new().set_num_format(money),
            total: Format::new()
                .set_num_format(money)
                .set_bold()
                .set_border_top(FormatBorder::Thin),
            number: Format::new().set_num_format("0"),
            factor: Format::new().set_num_format("0.000000"),
            text: Format::new().set_text_wrap().set_align(FormatAlign::Top),
        }
    }
}

/// Where each figure and value stands.
struct Cells<'a> {
    figures: BTreeMap<String, u32>,
    values: BTreeMap<(String, String, u64), u32>,
    rows: Vec<(&'a Line, String, f64)>,
}

impl<'a> Cells<'a> {
    fn of(book: &Book<'_>, worked: &'a [Worked]) -> Self {
        let mut keys: Vec<String> = book.workings.keys();
        keys.extend(Rates::Standard.keys().into_iter().flatten().map(str::to_owned));
        keys.sort();
        keys.dedup();
        let figures = keys.into_iter().zip(FIGURES..).collect();
        let mut cells = Self { figures, values: BTreeMap::new(), rows: Vec::new() };
        for worked in worked {
            worked.formula.visit(&mut |part| {
                let Formula::Known(what, value) = part else { return };
                let key = (worked.line.site.to_string(), what.to_string(), value.to_bits());
                let next = FIRST + u32::try_from(cells.rows.len()).unwrap_or(u32::MAX);
                if let std::collections::btree_map::Entry::Vacant(free) = cells.values.entry(key) {
                    free.insert(next);
                    cells.rows.push((&worked.line, what.to_string(), *value));
                }
            });
        }
        cells
    }

    fn write(&self, site: &str, formula: &Formula, out: &mut String) {
        let two = |out: &mut String, a: &Formula, sign: &str, b: &Formula| {
            out.push('(');
            self.write(site, a, out);
            out.push_str(sign);
            self.write(site, b, out);
            out.push(')');
        };
        match formula {
            Formula::Number(number) => out.push_str(&plain(*number)),
            Formula::Figure(key) => match self.figures.get(&**key) {
                Some(row) => put(out, format_args!("Inputs!$B${}", row + 1)),
                None => out.push_str("NA()"),
            },
            Formula::Known(what, value) => {
                let key = (site.to_owned(), what.to_string(), value.to_bits());
                match self.values.get(&key) {
                    Some(row) => put(out, format_args!("Register!$C${}", row + 1)),
                    None => out.push_str(&plain(*value)),
                }
            }
            Formula::Scaled(lever, a) => {
                out.push('(');
                self.write(site, a, out);
                let at = Lever::ALL.iter().position(|known| known == lever).unwrap_or_default();
                put(out, format_args!("*Inputs!$B${})", LEVERS as usize + at + 1));
            }
            Formula::Plus(a, b) => two(out, a, "+", b),
            Formula::Times(a, b) => two(out, a, "*", b),
            Formula::Over(a, b) => two(out, a, "/", b),
            Formula::Rest(a) => {
                out.push_str("(1-");
                self.write(site, a, out);
                out.push(')');
            }
            Formula::AtLeast(a, b) => {
                out.push_str("MAX");
                two(out, a, ",", b);
            }
            Formula::AtMost(a, b) => {
                out.push_str("MIN");
                two(out, a, ",", b);
            }
            Formula::Due(a, passed, length) => {
                put(out, format_args!("MAX(0,MIN({},", plain(*length)));
                self.write(site, a, out);
                put(out, format_args!("-{}))", plain(*passed)));
            }
        }
    }
}

fn plain(number: f64) -> String {
    if number < 0.0 { format!("({number})") } else { number.to_string() }
}

/// A formula with the result that a program shows before it recalculates.
fn live(formula: String, result: f64) -> Sum {
    Sum::new(formula).set_result(result.to_string())
}

fn heading(
    sheet: &mut Worksheet,
    style: &Style,
    title: &str,
    note: &str,
    heads: &[(&str, f64)],
) -> Result<(), XlsxError> {
    sheet.write_string_with_format(0, 0, title, &style.title)?;
    sheet.write_string_with_format(1, 0, note, &style.note)?;
    for (at, (head, width)) in (0..).zip(heads) {
        sheet.write_string_with_format(FIRST - 1, at, *head, &style.head)?;
        sheet.set_column_width(at, *width)?;
    }
    sheet.set_freeze_panes(FIRST, 0)?;
    sheet.set_landscape().set_print_fit_to_pages(1, 0).set_repeat_rows(0, FIRST - 1)?;
    Ok(())
}

fn notes(sheet: &mut Worksheet, book: &Book<'_>, style: &Style) -> Result<(), XlsxError> {
    sheet.set_name("Notes")?;
    sheet.set_column_width(0, 110)?;
    sheet.write_string_with_format(
        0,
        0,
        format!("Run {}: {}", book.run, book.name),
        &style.title,
    )?;
    let base = book.workings.terms().base_year;
    let notes = [
        format!("Made from run {} of {}. A proposal, not a decision.", book.run, book.at),
        format!("Amounts are pounds in real terms at {base}/{:02} prices; positive is in, negative is out.", (base + 1).rem_euclid(100)),
        "Type in the yellow cells of the sheet Inputs: every amount, balance and value follows. Dates (white) do not: they come from the programme, and another order needs another programme.".to_owned(),
        "Each amount is rounded to the penny: ROUND(100 × amount, 0) ÷ 100, halves away from nought. Totals are sums of rounded lines.".to_owned(),
        "Low and high of the ledger, and the sheet Sensitivities, are results of Domesday and do not follow the inputs.".to_owned(),
        "The fund receives what trusts and NHS Property Services keep of receipts; other owners' receipts are told and never reach it.".to_owned(),
        "Social value is measured against a do-minimum that brings sites to condition B. Retention, clawback, VAT and owners' accounts are transfers and stay out; a receipt stands for the land once.".to_owned(),
        "Backlog avoided is a liability, never cash, and in no balance.".to_owned(),
        "Marks of inputs: verified was seen in a published text; computed is worked out from such; from memory is a planning default to be checked.".to_owned(),
    ];
    for (row, note) in (2..).zip(notes) {
        sheet.write_string_with_format(row, 0, note, &style.text)?;
    }
    Ok(())
}

fn inputs(
    sheet: &mut Worksheet,
    book: &Book<'_>,
    cells: &Cells<'_>,
    style: &Style,
) -> Result<(), WorkbookError> {
    sheet.set_name("Inputs")?;
    let heads = [
        ("Input", 44.0),
        ("Value", 16.0),
        ("Unit", 22.0),
        ("Low", 14.0),
        ("High", 14.0),
        ("What it stands for", 70.0),
        ("Source", 50.0),
        ("As of", 12.0),
        ("Checked", 14.0),
    ];
    heading(sheet, style, "Inputs", "Yellow cells may be changed.", &heads)?;
    let value = |key: &str, own: f64| book.typed.get(key).copied().unwrap_or(own);
    for (row, lever) in (LEVERS..).zip(Lever::ALL) {
        sheet.write_string(row, 0, lever.label())?;
        sheet.write_number_with_format(row, 1, value(lever.key(), 1.0), &style.input)?;
        sheet.write_string(row, 2, "factor, 1 is as planned")?;
    }
    let opening = LEVERS + 4;
    sheet.write_string(opening, 0, "Fund at the start")?;
    sheet.write_number_with_format(opening, 1, book.opening.as_pounds(), &style.input)?;
    sheet.write_string(opening, 2, "£")?;
    for (key, row) in &cells.figures {
        let figure = book.workings.terms().assumptions.figure(key)?;
        sheet.write_string(*row, 0, key)?;
        // No formula follows a date, so its cell does not invite typing.
        let is_date = key.starts_with("time.");
        let format = if is_date { &style.fixed } else { &style.input };
        sheet.write_number_with_format(*row, 1, value(key, figure.value), format)?;
        sheet.write_string(*row, 2, &figure.unit)?;
        for (at, end) in [(3, figure.low), (4, figure.high)] {
            if let Some(end) = end {
                sheet.write_number(*row, at, end)?;
            }
        }
        sheet.write_string_with_format(*row, 5, &figure.words, &style.text)?;
        sheet.write_string_with_format(*row, 6, &figure.source, &style.text)?;
        sheet.write_string(*row, 7, figure.as_of.to_string())?;
        let mark = match figure.mark {
            Mark::Verified => "verified",
            Mark::Computed => "computed",
            Mark::FromMemory => "from memory",
        };
        sheet.write_string(*row, 8, mark)?;
    }
    Ok(())
}

fn values(sheet: &mut Worksheet, cells: &Cells<'_>, style: &Style) -> Result<(), XlsxError> {
    sheet.set_name("Register")?;
    let heads = [("Site", 14.0), ("What", 40.0), ("Value", 18.0)];
    let note =
        "What the register and the plan say, as the ledger uses it. Yellow cells may be changed.";
    heading(sheet, style, "Values of the register", note, &heads)?;
    for (row, (line, what, value)) in (FIRST..).zip(&cells.rows) {
        sheet.write_string(row, 0, line.site.as_str())?;
        sheet.write_string(row, 1, what)?;
        sheet.write_number_with_format(row, 2, *value, &style.input)?;
    }
    Ok(())
}

/// Gives the number of the last row, as spreadsheets count.
fn ledger(
    sheet: &mut Worksheet,
    book: &Book<'_>,
    worked: &[Worked],
    cells: &Cells<'_>,
    style: &Style,
) -> Result<u32, XlsxError> {
    sheet.set_name("Ledger")?;
    let heads = [
        ("Financial year, from", 11.0),
        ("Month (1 April)", 9.0),
        ("Site", 12.0),
        ("Name", 32.0),
        ("What for", 32.0),
        ("Budget", 12.0),
        ("In the fund (1 yes)", 9.0),
        ("Social value (1 yes)", 9.0),
        ("Amount (£)", 18.0),
        ("Low (£)", 18.0),
        ("High (£)", 18.0),
        ("Owner", 18.0),
        ("Counterparty", 28.0),
        ("Basis", 12.0),
        ("Because", 30.0),
        ("Rests on", 60.0),
    ];
    heading(
        sheet,
        style,
        "Ledger",
        "Every total of this workbook is a sum of these lines.",
        &heads,
    )?;
    let mut last = FIRST + 1;
    for (row, Worked { line, formula }) in (FIRST..).zip(worked) {
        sheet.write_number_with_format(row, 0, line.year, &style.number)?;
        if let Some(month) = line.month {
            sheet.write_number_with_format(row, 1, month, &style.number)?;
        }
        sheet.write_string(row, 2, line.site.as_str())?;
        let name = book.register.site(&line.site).map_or("", |site| site.name());
        sheet.write_string(row, 3, name)?;
        sheet.write_string(row, 4, line.kind.label())?;
        let budget = match line.budget {
            fund::Budget::Cdel => "Capital",
            fund::Budget::Revenue => "Revenue",
            fund::Budget::NonCash => "Not cash",
            fund::Budget::Accounts => "Accounts",
        };
        sheet.write_string(row, 5, budget)?;
        sheet.write_number(row, 6, f64::from(u8::from(line.in_fund)))?;
        sheet.write_number(row, 7, f64::from(u8::from(line.counts_for_society())))?;
        let mut sum = String::from("=ROUND(100*");
        cells.write(line.site.as_str(), formula, &mut sum);
        sum.push_str(",0)/100");
        let amount = live(sum, line.amount.as_pounds());
        sheet.write_formula_with_format(row, 8, amount, &style.money)?;
        sheet.write_number_with_format(row, 9, line.low.as_pounds(), &style.money)?;
        sheet.write_number_with_format(row, 10, line.high.as_pounds(), &style.money)?;
        sheet.write_string(row, 11, line.owner.map_or("not known", |owner| owner.label()))?;
        sheet.write_string(row, 12, &line.counterparty)?;
        sheet.write_string(row, 13, line.basis.map_or("", fund::Basis::label))?;
        sheet.write_string(row, 14, &line.because)?;
        let source = match &line.source {
            ValueSource::Known(evidence) => format!("{} ({})", evidence.source, evidence.as_of),
            ValueSource::Assumed(keys) => format!("assumed: {}", keys.join(" ")),
        };
        sheet.write_string(row, 15, source)?;
        last = row + 1;
    }
    sheet.autofilter(FIRST - 1, 0, last.max(FIRST + 1) - 1, 15)?;
    Ok(last)
}

fn projection(
    sheet: &mut Worksheet,
    book: &Book<'_>,
    cells: &Cells<'_>,
    last: u32,
    style: &Style,
) -> Result<(), WorkbookError> {
    sheet.set_name("Projection")?;
    let heads = [
        ("Financial year, from", 12.0),
        ("Opening (£)", 18.0),
        ("In (£)", 18.0),
        ("Out (£)", 18.0),
        ("Closing (£)", 18.0),
        ("Capital in (£)", 18.0),
        ("Capital out (£)", 18.0),
        ("Capital cover, closing (£)", 18.0),
        ("Discount factor", 14.0),
        ("Social benefits (£)", 18.0),
        ("Social costs (£)", 18.0),
        ("Present benefits (£)", 18.0),
        ("Present costs (£)", 18.0),
    ];
    let note = "Sums of the sheet Ledger by year. A year closes with what it opens with, what comes in and what goes out.";
    heading(sheet, style, "Projection and social value", note, &heads)?;
    let terms = book.workings.terms();
    let ledger = book.workings.ledger();
    let periods = fund::balances(&ledger, &terms, book.opening, fund::Grain::Year, |_| true);
    let end = ledger.lines.iter().map(|line| line.year).max().unwrap_or(terms.base_year);
    let mut shown: BTreeMap<i32, [f64; 12]> = BTreeMap::new();
    for year in terms.base_year..=end.max(periods.last().map_or(0, |period| period.year)) {
        let factor = terms.discount(year)?;
        let social = |is_in: bool| -> f64 {
            let lines = ledger.lines.iter().filter(|line| line.year == year);
            let lines = lines.filter(|line| line.counts_for_society());
            let lines = lines.filter(|line| (line.amount > Pence::ZERO) == is_in);
            lines.map(|line| line.amount).sum::<Pence>().as_pounds()
        };
        let (benefits, costs) = (social(true), -social(false));
        let period = periods.iter().find(|period| period.year == year);
        let carried = shown.last_key_value().map_or(book.opening.as_pounds(), |(_, row)| row[3]);
        let cover = shown.last_key_value().map_or(0.0, |(_, row)| row[6]);
        let of = |pick: fn(&fund::Period) -> Pence, other: f64| {
            period.map_or(other, |period| pick(period).as_pounds())
        };
        shown.insert(
            year,
            [
                of(|p| p.opening, carried),
                of(|p| p.money_in, 0.0),
                of(|p| p.money_out, 0.0),
                of(|p| p.closing, carried),
                of(|p| p.cover_in, 0.0),
                of(|p| p.cover_out, 0.0),
                of(|p| p.cover_closing, cover),
                factor,
                benefits,
                costs,
                benefits * factor,
                costs * factor,
            ],
        );
    }
    let of_lines = |column: char| format!("Ledger!${column}${}:${column}${last}", FIRST + 1);
    let rate = |key: &str| {
        cells.figures.get(key).map_or("NA()".to_owned(), |row| format!("Inputs!$B${}", row + 1))
    };
    let [early, middle, late] = Rates::Standard.keys().unwrap_or_default().map(rate);
    let mut row = FIRST;
    for (year, results) in &shown {
        let n = row + 1;
        sheet.write_number_with_format(row, 0, *year, &style.number)?;
        let sums = |more: &str, sign: &str| {
            format!(
                "SUMIFS({},{},$A{n},{},1{more},{},\"{sign}0\")",
                of_lines('I'),
                of_lines('A'),
                of_lines('G'),
                of_lines('I')
            )
        };
        let capital = format!(",{},\"Capital\"", of_lines('F'));
        let social = |sign: &str| {
            format!(
                "SUMIFS({},{},$A{n},{},1,{},\"{sign}0\")",
                of_lines('I'),
                of_lines('A'),
                of_lines('H'),
                of_lines('I')
            )
        };
        let before = |column: char, first: String| {
            if row == FIRST { first } else { format!("{column}{}", n - 1) }
        };
        let passed = year - terms.base_year;
        let factor = if passed == 0 {
            "=1".to_owned()
        } else {
            let rate = match passed {
                ..=30 => &early,
                31..=75 => &middle,
                _ => &late,
            };
            format!("=I{}/(1+{rate})", n - 1)
        };
        let formulas = [
            format!("={}", before('E', format!("Inputs!$B${}", LEVERS + 5))),
            format!("={}", sums("", ">")),
            format!("={}", sums("", "<")),
            format!("=ROUND(B{n}+C{n}+D{n},2)"),
            format!("={}", sums(&capital, ">")),
            format!("={}", sums(&capital, "<")),
            format!("=ROUND({}+F{n}+G{n},2)", before('H', "0".to_owned())),
            factor,
            format!("={}", social(">")),
            format!("=-{}", social("<")),
            format!("=J{n}*I{n}"),
            format!("=K{n}*I{n}"),
        ];
        for ((at, formula), result) in (1..).zip(formulas).zip(results) {
            let format = if at == 8 { &style.factor } else { &style.money };
            sheet.write_formula_with_format(row, at, live(formula, *result), format)?;
        }
        row += 1;
    }
    let value: Appraisal = fund::appraise(&ledger, &terms, Rates::Standard)?;
    let end = row;
    let first = FIRST + 1;
    let totals = [
        (
            "Net present social value (£)",
            format!("=ROUND(SUM(L{first}:L{end})-SUM(M{first}:M{end}),2)"),
            value.npsv.as_pounds(),
        ),
        (
            "Present value of benefits (£)",
            format!("=ROUND(SUM(L{first}:L{end}),2)"),
            value.benefits.as_pounds(),
        ),
        (
            "Present value of costs (£)",
            format!("=ROUND(SUM(M{first}:M{end}),2)"),
            value.costs.as_pounds(),
        ),
        (
            "To the fund, net (£)",
            format!("=ROUND(SUM(C{first}:D{end}),2)"),
            ledger.in_fund().amount.as_pounds(),
        ),
        (
            "Lowest closing balance (£)",
            format!("=MIN(E{first}:E{end})"),
            periods.iter().map(|p| p.closing).min().unwrap_or_default().as_pounds(),
        ),
    ];
    row += 1;
    for (label, formula, result) in totals {
        sheet.write_string(row, 0, label)?;
        sheet.write_formula_with_format(row, 4, live(formula, result), &style.total)?;
        row += 1;
    }
    sheet.write_string(row, 0, "Benefit-cost ratio")?;
    let ratio = format!(
        "=IF(SUM(M{first}:M{end})>0,SUM(L{first}:L{end})/SUM(M{first}:M{end}),\"nothing is spent\")"
    );
    let result = value.bcr.map_or("nothing is spent".to_owned(), |bcr| bcr.to_string());
    sheet.write_formula_with_format(row, 4, Sum::new(ratio).set_result(result), &style.total)?;
    Ok(())
}

fn sensitivities(
    sheet: &mut Worksheet,
    book: &Book<'_>,
    style: &Style,
) -> Result<(), WorkbookError> {
    sheet.set_name("Sensitivities")?;
    let set = book.workings.terms().assumptions;
    let tables = [
        super::fund::switching(book.switching.0, book.switching.1),
        super::fund::tornado(book.tornado, set),
    ];
    let heads = [
        ("", 44.0),
        ("", 60.0),
        ("", 34.0),
        ("", 16.0),
        ("", 20.0),
        ("", 20.0),
        ("", 20.0),
        ("", 20.0),
        ("", 14.0),
    ];
    let note = "Results of Domesday with the inputs as shipped in this file; change a factor on the sheet Inputs to try your own.";
    heading(sheet, style, "Sensitivities", note, &heads)?;
    let mut row = FIRST;
    for table in tables {
        sheet.write_string_with_format(row, 0, &table.caption, &style.title)?;
        row += 1;
        for (at, column) in (0..).zip(&table.columns) {
            sheet.write_string_with_format(row, at, &column.label, &style.head)?;
        }
        row += 1;
        for cells in &table.rows {
            for (at, cell) in (0..).zip(cells) {
                match cell {
                    super::Cell::Money(pence) => {
                        sheet.write_number_with_format(row, at, pence.as_pounds(), &style.money)?;
                    }
                    super::Cell::Number(number, _) => {
                        sheet.write_number(row, at, *number)?;
                    }
                    other => {
                        sheet.write_string_with_format(row, at, other.shown(), &style.text)?;
                    }
                }
            }
            row += 1;
        }
        row += 1;
    }
    Ok(())
}

fn put(out: &mut String, what: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = std::fmt::Write::write_fmt(out, what);
}

#[cfg(test)]
mod tests;
