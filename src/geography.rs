//! Where things are: zones, outlines, postcodes, coordinate transforms, and the rstar index of sites.
//!
//! EPSG:27700 metres inside; WGS84 only at the edges. Does no I/O: reference sets arrive as the canonical bytes the
//! store keeps, and leave as the same bytes.

mod index;
mod outline;
mod postcodes;
mod reference;
mod region;
mod transform;
mod zone;

pub use index::{GatesAsked, Near, SiteIndex};
pub use outline::{InvalidOutline, Outline, Outlines};
pub use postcodes::{Ended, Postcode, PostcodeEntry, PostcodeRow, Postcodes};
pub(crate) use reference::hex;
pub use reference::{Geography, ReferenceFault, describe, sha256};
pub use region::Region;
pub use transform::{LonLat, OutOfCoverage, from_wgs84, to_wgs84};
pub use zone::{Zone, Zones};
