//! Tests by what a user does, and of the shape of the house.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod floors;
mod import;
mod journey;
mod london;
mod london_plan;
mod london_space;
mod newport;
mod solve;
