//! Minutes from zones to sites.
//!
//! One type, [`TravelTimes`], whoever made it; the maker is said on every result. Does no I/O.

mod times;

pub use times::{Maker, Missing, Mode, Pair, TravelTimes};
