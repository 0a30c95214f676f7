//! What leaves the house: tables as CSV, places as GeoJSON. The same structs make the pages, so a download equals
//! the screen it was taken from.

pub mod a11yjson;
pub mod access;
pub mod checklist;
mod csv;
pub mod geojson;
pub mod study;
mod table;

pub use csv::{guarded, write};
pub use table::{Cell, Column, Table, grouped};
