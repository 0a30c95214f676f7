//! Is everything that is kept still what was written?

use diesel::prelude::*;
use diesel::sql_types::Text;
use serde::{Deserialize, Serialize};

use super::audit::{Contents, audit};
use super::connection::Db;
use super::snapshot::replayed;
use super::{Scope, Store, StoreError};

/// What the doctor says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnosis {
    /// Where, without password.
    pub place: String,
    /// How much is kept, and its hash.
    pub contents: Contents,
    /// Sites of the newest version.
    pub sites: u64,
    /// Tenancies of the newest version.
    pub tenancies: u64,
    /// What is wrong, in sentences; empty is healthy.
    pub faults: Vec<String>,
}

#[derive(QueryableByName)]
struct Told {
    #[diesel(sql_type = Text)]
    told: String,
}

impl Store {
    /// Checks the file's structure, every hash and link, and that the newest version can still be built.
    pub fn doctor(&self, _scope: &Scope) -> Result<Diagnosis, StoreError> {
        self.read_together(|db| {
            let mut faults = structure(db)?;
            let audit = audit(db)?;
            faults.extend(audit.faults);
            let (mut sites, mut tenancies) = (0, 0);
            match replayed(db) {
                Ok(snapshot) => {
                    sites = snapshot.register.sites().count() as u64;
                    tenancies = snapshot.register.tenancies().count() as u64;
                }
                Err(fault) => faults.push(fault.to_string()),
            }
            let contents = audit.contents;
            Ok(Diagnosis { place: self.place(), contents, sites, tenancies, faults })
        })
    }
}

/// PostgreSQL checks its pages itself; SQLite is asked.
fn structure(db: &mut Db) -> Result<Vec<String>, StoreError> {
    let Db::Sqlite(file) = db else { return Ok(Vec::new()) };
    let pages: Vec<Told> =
        diesel::sql_query("SELECT integrity_check AS told FROM pragma_integrity_check")
            .load(file)?;
    let links: Vec<Told> = diesel::sql_query(
        "SELECT 'a row of ' || \"table\" || ' points to nothing in ' || parent AS told \
         FROM pragma_foreign_key_check",
    )
    .load(file)?;
    let told = pages.into_iter().chain(links).map(|row| row.told);
    Ok(told.filter(|told| told != "ok").collect())
}
