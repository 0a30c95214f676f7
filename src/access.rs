//! Standards, disability gates, scores, and who can reach what. Does no I/O.
//!
//! Gates and scores are told side by side: a must-pass gate is never averaged away, and unknown never passes.

mod assess;
mod catchments;
mod checklist;
mod compare;
mod finding;
mod gates;
mod parts;
mod rules;
pub mod score;
mod shortfall;
mod standard;
mod standings;
mod state;

pub use assess::{Doubt, Doubts, Offer, Standing, ZoneReach, assess, reach, summarise};
pub use catchments::{Agent, Catchment, CatchmentFault, Measure, Scores, Weight};
pub use checklist::{Entry, recorded};
pub use compare::{Affected, AreaChange, Comparison, affected, compare};
pub use finding::{Finding, Remedy, ToPass, findings};
pub use gates::{Gate, GateKind, GateRule, GateRules, GateState, gates, passes_all};
pub use parts::{By, Part, parts};
pub use rules::{
    Contradiction, Refused, StandardFault, centile_fault, contradictions, faults, with_standard,
};
pub use score::{
    Basis, Interval, ScoreRules, UtilisationScore, accessibility, condition, utilisation,
    utilisation_by_basis,
};
pub use shortfall::{
    Closing, Fix, Line, LineShortfall, Shortfall, SiteEffect, Step, closing, league, lines_without,
    shortfall, step_free_reading, step_free_readings, survey_list,
};
pub use standard::{Area, AreaAssessment, Assessment, Centile, Group, Limit, Standard, Verdict};
pub use standings::{Difference, PartChange, SAME_BAND, Standings, VerdictChange, WorstZone};
pub use state::{Change, State};
