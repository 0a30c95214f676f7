//! Workbooks made by hand, small and hostile.

use std::io::Write;

use proptest::prelude::*;

use crate::import::sheet::{InputFile, Limits, Table, tables};

fn read(bytes: &[u8]) -> Result<Vec<Table>, String> {
    let file = InputFile { name: "x".to_owned(), bytes: bytes.to_vec() };
    tables(&file, &Limits::default()).map_err(|fault| fault.value)
}

fn cells(tables: &[Table]) -> Vec<(u64, Vec<String>)> {
    let rows = tables.iter().flat_map(|table| &table.rows);
    rows.map(|row| (row.number, row.cells().map(str::to_owned).collect())).collect()
}

fn record(kind: u16, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len()).unwrap();
    [&kind.to_le_bytes()[..], &length.to_le_bytes(), data].concat()
}

/// Number cells by row and column, and perhaps a claim of how many rows and columns there are.
type Sheet<'c> = (&'c [(u16, u16, f64)], Option<(u32, u16)>);

/// A BIFF8 stream with these sheets.
fn biff(sheets: &[Sheet<'_>]) -> Vec<u8> {
    let bof = |kind: u16| record(0x0809, &[&[0, 6][..], &kind.to_le_bytes(), &[0; 12]].concat());
    let mut at = u32::try_from(bof(5).len() + sheets.len() * 14 + 4).unwrap();
    let (mut bound, mut bodies) = (Vec::new(), Vec::new());
    for ((cells, claim), letter) in sheets.iter().zip(b'A'..) {
        let mut body = bof(0x10);
        if let Some((rows, columns)) = claim {
            let size = [&[0; 4][..], &rows.to_le_bytes(), &[0; 2], &columns.to_le_bytes(), &[0; 2]]
                .concat();
            body.extend(record(0x0200, &size));
        }
        for (row, column, number) in *cells {
            let data =
                [&row.to_le_bytes()[..], &column.to_le_bytes(), &[0; 2], &number.to_le_bytes()]
                    .concat();
            body.extend(record(0x0203, &data));
        }
        body.extend(record(0x000A, &[]));
        bound
            .extend(record(0x0085, &[&at.to_le_bytes()[..], &[0, 0, 2, 0, b'S', letter]].concat()));
        at += u32::try_from(body.len()).unwrap();
        bodies.extend(body);
    }
    [bof(5), bound, record(0x000A, &[]), bodies].concat()
}

/// A compound file of one sector of FAT, one of directory, and the workbook.
fn xls(mut stream: Vec<u8>) -> Vec<u8> {
    stream.resize(stream.len().next_multiple_of(512).max(4096), 0);
    let sectors = u32::try_from(stream.len().div_euclid(512)).unwrap();
    let mut fat = vec![0xFFFF_FFFD, 0xFFFF_FFFE];
    fat.extend((0..sectors - 1).map(|n| n + 3));
    fat.push(0xFFFF_FFFE);
    fat.resize(128, u32::MAX);
    let entry = |name: &str, kind: u8, child: u32, start: u32, size: usize| {
        let mut bytes: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let length = u16::try_from(bytes.len() + 2).unwrap();
        bytes.resize(64, 0);
        bytes.extend(length.to_le_bytes());
        bytes.extend([kind, 1]);
        bytes.extend([u32::MAX, u32::MAX, child].into_iter().flat_map(u32::to_le_bytes));
        bytes.extend([0; 36]);
        bytes.extend(start.to_le_bytes());
        bytes.extend((size as u64).to_le_bytes());
        bytes
    };
    let mut directory = entry("Root Entry", 5, 1, 0xFFFF_FFFE, 0);
    directory.extend(entry("Workbook", 2, u32::MAX, 2, stream.len()));
    directory.resize(512, 0);
    let mut header = vec![0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];
    header.extend([0; 16]);
    header.extend([0x3E_u16, 3, 0xFFFE, 9, 6].into_iter().flat_map(u16::to_le_bytes));
    header.extend([0; 6]);
    let words = [0, 1, 1, 0, 4096, 0xFFFF_FFFE, 0, 0xFFFF_FFFE, 0, 0];
    header.extend(words.into_iter().flat_map(u32::to_le_bytes));
    header.resize(512, 0xFF);
    header.extend(fat.into_iter().flat_map(u32::to_le_bytes));
    [header, directory, stream].concat()
}

fn zip(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in parts {
        archive.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(content.as_bytes()).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

fn ods(rows: &str) -> Vec<u8> {
    let content = format!(
        "<office:document-content><office:body><office:spreadsheet><table:table table:name=\"S\">{rows}\
         </table:table></office:spreadsheet></office:body></office:document-content>"
    );
    zip(&[
        ("mimetype", "application/vnd.oasis.opendocument.spreadsheet"),
        ("META-INF/manifest.xml", "<manifest:manifest/>"),
        ("content.xml", &content),
    ])
}

fn xlsx(rows: &str) -> Vec<u8> {
    xlsx_with(rows, "<sst uniqueCount=\"1\"><si><t>x</t></si></sst>")
}

fn xlsx_with(rows: &str, strings: &str) -> Vec<u8> {
    let (main, office) = (
        "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
        "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    );
    let relations = "http://schemas.openxmlformats.org/package/2006/relationships";
    let link = |what: &str, target: &str| {
        format!(
            "<Relationships xmlns=\"{relations}\"><Relationship Id=\"rId1\" Type=\"{office}/{what}\" Target=\"{target}\"/></Relationships>"
        )
    };
    zip(&[
        (
            "[Content_Types].xml",
            "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"/>",
        ),
        ("_rels/.rels", &link("officeDocument", "xl/workbook.xml")),
        (
            "xl/workbook.xml",
            &format!(
                "<workbook xmlns=\"{main}\" xmlns:r=\"{office}\"><sheets><sheet name=\"S\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>"
            ),
        ),
        ("xl/sharedStrings.xml", strings),
        ("xl/_rels/workbook.xml.rels", &link("worksheet", "worksheets/sheet1.xml")),
        (
            "xl/worksheets/sheet1.xml",
            &format!("<worksheet xmlns=\"{main}\"><sheetData>{rows}</sheetData></worksheet>"),
        ),
    ])
}

const XLSX_ROWS: &str = "<row r=\"2\"><c r=\"A2\" t=\"inlineStr\"><is><t>site_code</t></is></c><c r=\"C2\"><v>1250</v></c>\
    <c r=\"D2\"><v>0.1</v></c></row>";

#[test]
fn the_same_cells_come_out_of_every_format() {
    let from_xls =
        read(&xls(biff(&[(&[(1, 0, 3.0), (1, 2, 1250.0), (1, 3, 0.1)], None)]))).unwrap();
    assert_eq!(cells(&from_xls), [(2, ["3", "", "1250", "0.1"].map(str::to_owned).into())]);

    let from_xlsx = read(&xlsx(XLSX_ROWS)).unwrap();
    assert_eq!(
        cells(&from_xlsx),
        [(2, ["site_code", "", "1250", "0.1"].map(str::to_owned).into())]
    );

    let rows = "<table:table-row><table:table-cell/></table:table-row><table:table-row>\
        <table:table-cell office:value-type=\"string\"><text:p>site_code</text:p></table:table-cell><table:table-cell/>\
        <table:table-cell office:value-type=\"float\" office:value=\"1250\"/>\
        <table:table-cell office:value-type=\"float\" office:value=\"0.1\"/></table:table-row>\
        <table:table-row table:number-rows-repeated=\"1048000\"><table:table-cell table:number-columns-repeated=\"16384\"/></table:table-row>";
    let from_ods = read(&ods(rows)).unwrap();
    assert_eq!(cells(&from_ods), cells(&from_xlsx));
}

#[test]
fn small_files_that_unfold_beyond_any_memory_are_refused_before_they_do() {
    let corners: &[(u16, u16, f64)] = &[(0, 0, 1.0), (65_535, 65_535, 1.0)];
    assert_eq!(
        read(&xls(biff(&[(corners, None), (corners, None)]))).unwrap_err(),
        "sheets that unfold to 8589934592 cells"
    );
    assert_eq!(
        read(&xls(biff(&[(&[(0, 0, 1.0)], Some((4_000_000_000, 60_000)))]))).unwrap_err(),
        "sheets that unfold to 240000000000000 cells"
    );
    let repeated = "<table:table-row table:number-rows-repeated=\"1048576\"><table:table-cell \
        table:number-columns-repeated=\"16384\" office:value-type=\"string\"><text:p>x</text:p></table:table-cell></table:table-row>";
    assert_eq!(read(&ods(repeated)).unwrap_err(), "sheets that unfold to 17179869184 cells");
    let strings = "<sst uniqueCount=\"99999999999\"><si><t>x</t></si></sst>";
    assert_eq!(
        read(&xlsx_with(XLSX_ROWS, strings)).unwrap_err(),
        "99999999999 texts claimed in 54 bytes"
    );
}

#[test]
fn far_corners_of_an_xlsx_cost_what_they_hold() {
    let rows = format!("{XLSX_ROWS}<row r=\"1048576\"><c r=\"XFD1048576\"><v>1</v></c></row>");
    let read = read(&xlsx(&rows)).unwrap();
    assert_eq!(cells(&read).len(), 1);
    assert_eq!(
        read[0].faults[0].to_string(),
        "x, sheet \"S\", row 1048576: \"2001 columns\" is not a row of at most 2000 columns"
    );
}

#[test]
fn a_zip_that_inflates_beyond_the_limit_is_refused() {
    let bytes = xlsx(&format!("{XLSX_ROWS}{}", " ".repeat(1_000_000)));
    let file = InputFile { name: "x".to_owned(), bytes };
    let limits = Limits { bytes: 500_000, ..Limits::default() };
    assert_eq!(
        tables(&file, &limits).unwrap_err().value,
        "more than 500000 bytes after decompression"
    );
}

#[test]
fn a_zip_with_one_csv_in_it_is_that_csv() {
    let bytes = zip(&[("epraccur.csv", "a,b\n1,2\n"), ("epraccur.pdf", "%PDF")]);
    assert_eq!(cells(&read(&bytes).unwrap()).len(), 2);
    assert_eq!(
        read(&zip(&[("a.csv", "a"), ("b.csv", "b")])).unwrap_err(),
        "a zip file without one table in it"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn a_workbook_damaged_anywhere_is_survived(
        which in 0..3_usize,
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
    ) {
        let mut bytes = match which {
            0 => xls(biff(&[(&[(1, 0, 3.0), (1, 2, 1250.0)], Some((4, 4)))])),
            1 => xlsx(XLSX_ROWS),
            _ => ods("<table:table-row><table:table-cell office:value-type=\"float\" office:value=\"1250\"/></table:table-row>"),
        };
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let _ = read(&bytes);
    }

    #[test]
    fn any_biff_records_are_survived(
        records in prop::collection::vec(
            (prop::sample::select(vec![0x0200_u16, 0x0203, 0x0204, 0x00FD, 0x00BD, 0x0006, 0x027E, 0x0205, 0x00FC, 0x0085, 0x0809, 0x000A, 0x003C]),
             prop::collection::vec(any::<u8>(), 0..40)),
            0..20,
        ),
    ) {
        let mut stream = biff(&[(&[(1, 0, 3.0)], None)]);
        let end = stream.len() - 4;
        let extra: Vec<u8> = records.iter().flat_map(|(kind, data)| record(*kind, data)).collect();
        stream.splice(end..end, extra);
        let _ = read(&xls(stream));
    }
}
