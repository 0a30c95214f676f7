//! What must be true of any search, on tiny random problems.
#![expect(clippy::unwrap_used, reason = "a test says so by failing")]

mod covering;
mod fuzz;
mod laws;
mod oracle;
mod prices;
mod tiny;
