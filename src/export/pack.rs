//! Tables and a page in one file, for who must keep the evidence.

use std::io::{Cursor, Write as _};

use zip::write::SimpleFileOptions;
use zip::{DateTime, ZipWriter};

use super::{Table, write};

/// A zip of the page, as `index.html`, and each table as CSV. The same content gives the same bytes: no clock is asked.
pub fn pack(page: &str, tables: &[Table]) -> Result<Vec<u8>, zip::result::ZipError> {
    let options = SimpleFileOptions::default().last_modified_time(DateTime::default());
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("index.html", options)?;
    zip.write_all(page.as_bytes())?;
    for table in tables {
        zip.start_file(format!("{}.csv", table.name), options)?;
        zip.write_all(write(table).as_bytes())?;
    }
    Ok(zip.finish()?.into_inner())
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::super::Cell;
    use super::*;

    #[test]
    fn a_pack_holds_the_page_and_every_table_and_the_same_bytes_each_time() {
        let table = Table::new("people", "People", &[("name", "Name", false)])
            .with([vec![Cell::text("=A1")]]);

        let bytes = pack("<p>Evidence</p>", std::slice::from_ref(&table)).unwrap();

        assert_eq!(bytes, pack("<p>Evidence</p>", std::slice::from_ref(&table)).unwrap());
        let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        let mut read = |name: &str| {
            let mut text = String::new();
            zip.by_name(name).unwrap().read_to_string(&mut text).unwrap();
            text
        };
        assert_eq!(read("index.html"), "<p>Evidence</p>");
        assert_eq!(read("people.csv"), write(&table));
    }
}
