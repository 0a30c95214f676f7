//! Pages and the JSON API over HTTP.

mod assets;
mod draw;
mod problem;
mod templates;
