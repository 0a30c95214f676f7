//! Published and home-made files in, a change-set and cell-addressed faults out.
//!
//! Readers take bytes, never paths, and never panic on any of them.

mod checklist;
pub mod locate;
pub mod mapping;
pub mod matrix;
pub mod networks;
pub mod priorities;
mod read;
pub mod references;
mod report;
pub mod run;
pub mod sheet;
pub mod streets;
pub mod timetable;
pub mod travel;

pub use checklist::seen_on;
pub use locate::locate;
pub use read::{Held, MOST_FAULTS, by_mapping, faults_csv, read};
pub use report::{Fault, ImportKind, ImportReport, OffNetwork, Reading, ReferenceSet};
pub use sheet::InputFile;
