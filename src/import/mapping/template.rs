//! The empty spreadsheets users fill in: one column a field, named by its key.

use crate::import::ImportKind;
use crate::register::{Field, Subject};

/// Header row of the template for sites, tenancies or observations, as CSV; `None` for published files.
///
/// `source`, `method` and `as_of` say row by row where the figures are from; left out, the file's name and the date
/// given on import stand in.
pub fn template(kind: ImportKind) -> Option<String> {
    let evidence = ["source", "method", "as_of"];
    let columns: Vec<&str> = match kind {
        ImportKind::Sites => ["site_code"]
            .into_iter()
            .chain(Field::of(Subject::Site).map(Field::key))
            .chain(evidence)
            .collect(),
        ImportKind::Tenancies => ["tenancy_id"]
            .into_iter()
            .chain(Field::of(Subject::Tenancy).map(Field::key))
            .chain(evidence)
            .collect(),
        ImportKind::Observations => {
            vec!["site_code", "method", "from", "to", "spaces", "frequency", "occupancy", "source"]
        }
        _ => return None,
    };
    Some(columns.join(",") + "\n")
}
