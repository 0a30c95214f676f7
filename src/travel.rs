//! Minutes from zones to sites.
//!
//! One type, [`TravelTimes`], whoever made it; the maker is said on every result. Does no I/O.

mod matrix;
mod straight_line;
mod times;

pub use matrix::{MatrixFault, MatrixReading, MatrixRow, from_matrix};
pub use straight_line::{StraightLine, UnusablePace, straight_line};
pub use times::{Exception, Maker, Missing, Mode, Pair, TravelTimes};
