//! Faults and remarks as they come in.

use std::collections::BTreeMap;

use crate::import::report::{Fault, Reading};

/// Faults kept of one reading. A column mapped wrongly faults every row; nobody reads further than this.
pub const MOST_FAULTS: usize = 10_000;

#[derive(Debug, Default)]
pub(super) struct Log {
    faults: Vec<Fault>,
    dropped: u64,
    counts: BTreeMap<String, u64>,
    remarks: Vec<String>,
}

impl Log {
    pub(super) fn fault(&mut self, fault: Fault) {
        if self.faults.len() < MOST_FAULTS {
            self.faults.push(fault);
        } else {
            self.dropped += 1;
        }
    }

    /// A remark that counts: `12 subtotal rows left out`.
    pub(super) fn count(&mut self, what: &str, number: u64) {
        if number > 0 {
            *self.counts.entry(what.to_owned()).or_default() += number;
        }
    }

    pub(super) fn remark(&mut self, remark: String) {
        self.remarks.push(remark);
    }

    pub(super) fn finish(self, reading: &mut Reading) {
        reading.faults.extend(self.faults);
        reading.notes.extend(self.remarks);
        reading
            .notes
            .extend(self.counts.into_iter().map(|(what, number)| format!("{number} {what}")));
        if self.dropped > 0 {
            reading.notes.push(format!("{} more faults are not listed", self.dropped));
        }
    }
}

/// Faults as CSV, for those who mend files in a spreadsheet. A value that a spreadsheet would take for a formula gets
/// an apostrophe in front.
pub fn faults_csv(faults: &[Fault]) -> String {
    let mut csv = String::from("file,sheet,row,column,value,expected\r\n");
    for fault in faults {
        let row = if fault.row == 0 { String::new() } else { fault.row.to_string() };
        let cells = [
            fault.file.as_str(),
            fault.sheet.as_deref().unwrap_or(""),
            &row,
            &fault.column,
            &fault.value,
            &fault.expected,
        ];
        csv.push_str(&cells.map(quoted).join(","));
        csv.push_str("\r\n");
    }
    csv
}

fn quoted(cell: &str) -> String {
    let guard = if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
    if cell.contains([',', '"', '\n', '\r']) {
        format!("\"{guard}{}\"", cell.replace('"', "\"\""))
    } else {
        format!("{guard}{cell}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(value: &str) -> Fault {
        Fault {
            file: "a.csv".to_owned(),
            sheet: None,
            row: 3,
            column: "GIA, m²".to_owned(),
            value: value.to_owned(),
            expected: "a number".to_owned(),
        }
    }

    #[test]
    fn no_fault_is_a_formula() {
        assert_eq!(
            faults_csv(&[fault("=HYPERLINK(\"x\")"), fault("lots")]),
            "file,sheet,row,column,value,expected\r\n\
             a.csv,,3,\"GIA, m²\",\"'=HYPERLINK(\"\"x\"\")\",a number\r\n\
             a.csv,,3,\"GIA, m²\",lots,a number\r\n"
        );
    }

    #[test]
    fn faults_beyond_what_anybody_reads_are_counted() {
        let mut log = Log::default();
        for _ in 0..MOST_FAULTS + 5 {
            log.fault(fault("x"));
        }
        let mut reading = Reading::default();
        log.finish(&mut reading);
        assert_eq!(reading.faults.len(), MOST_FAULTS);
        assert_eq!(reading.notes, ["5 more faults are not listed"]);
    }
}
