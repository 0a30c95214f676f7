//! What leaves the house: tables as CSV, places as GeoJSON. The same structs make the pages, so a download equals
//! the screen it was taken from.

pub mod a11yjson;
pub mod access;
mod bundle;
pub mod checklist;
mod comparison;
mod csv;
pub mod fund;
pub mod geojson;
mod pack;
pub mod parts;
mod programme;
mod statements;
pub mod study;
mod table;
pub mod workbook;

pub use bundle::{Substantial, bundle, is_ready, substantial};
pub use comparison::{
    Brief, catchment_means_table, catchment_zones_table, comparison_tables, difference_tables,
    improve_words, journeys_table, money_table, pairs, verdict_words, what_if_tables,
};
pub use csv::{guarded, write};
pub use pack::pack;
pub use programme::{PROGRAMME_TABLES, option_words, programme_table};
pub use statements::{
    after_priorities, borough_shares, funded, health_programmes, left_out, owner_sites, owners,
    payers, priorities, verdict,
};
pub use table::{Cell, Column, Table, about, grouped};
