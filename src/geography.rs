//! Where things are: zones, outlines, postcodes, coordinate transforms, and the rstar index of sites.
//!
//! EPSG:27700 metres inside; WGS84 only at the edges. Does no I/O: reference sets arrive parsed.

mod zone;

pub use zone::{Zone, Zones};
