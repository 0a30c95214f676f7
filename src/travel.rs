//! Minutes from zones to sites.
//!
//! One type, [`TravelTimes`], whoever made it; the maker is said on every result. Does no I/O.

mod best;
mod by_street;
mod by_timetable;
mod bytes;
mod graph;
mod hierarchy;
mod isochrone;
mod matrix;
mod network;
pub mod osm;
mod raptor;
mod speeds;
mod split;
mod stored;
mod stored_timetable;
mod straight_line;
mod streets;
mod times;
pub mod timetable;
mod towards;

pub use best::{Measure, TimesByWay, Wanted, best_times, judging_maker, judging_times, kept_times};
pub use by_street::{ByStreet, Placing, by_street, mode_of};
pub use by_timetable::{Departures, Ends, Walking, Work};
pub use bytes::Damaged;
pub use graph::{Arc, FAR, Graph, Label, Search, dijkstra, parts};
pub use hierarchy::Hierarchy;
pub use isochrone::{Stretch, square_side, straight_isochrone};
pub use matrix::{MatrixFault, MatrixReading, MatrixRow, from_matrix};
pub use network::{Island, Network, Snap};
pub use raptor::{Day, NEVER, Riding, WalkTo};
pub use speeds::{DriveSpeeds, Profile, SpeedTable, StepFreeRules, WalkSpeeds};
pub use split::{Forbidden, Segment, Split, Traversal, split};
pub use stored::{decode_streets, encode_streets};
pub use stored_timetable::{KeptTimetable, decode_timetable, encode_timetable};
pub use straight_line::{StraightLine, UnusablePace, straight_line};
pub use streets::{BuildReport, build};
pub use times::{Exception, MadeFor, Maker, Missing, Mode, Pair, TravelTimes, clock};
pub use timetable::{Rider, Timetable, TimetableRules};
pub use towards::{Journeys, Towards};
