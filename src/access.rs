//! Standards, disability gates, and who can reach what. Does no I/O.

mod standard;

pub use standard::{Area, AreaAssessment, Assessment, Group, Limit, Standard, Verdict};
