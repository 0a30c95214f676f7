//! Domesday: the register of NHS premises that plans its own consolidation.
//!
//! # Glossary
//!
//! | word | means |
//! | --- | --- |
//! | site | NHS premises at one place, with an ODS site code |
//! | building | a block on a site |
//! | tenancy | a service occupying space at a site; what moves |
//! | service line | the kind of care a tenancy gives |
//! | zone | a small area people live in (an LSOA) |
//! | register | all sites and tenancies at a version |
//! | change-set | statements that make the next version, applied whole or not at all |
//! | evidence | source, method and date of a value |
//! | reference set | postcodes, zones or outlines: replaced whole, pinned by hash |
//! | planning assumption | a named, sourced figure that may stand in for an unknown |
//! | scenario | a question |
//! | problem | that question as numbers (`solver::Problem`) |
//! | plan | the solver's choices |
//! | proposal | the answer in estate terms |
//! | run | a stored, immutable answer with its ledger and projection |
//! | study | what a run was asked about itself, stored like a run: why, frontier, portfolio, survey list |
//! | flow | one item of money before it is dated, with its formula |
//! | lever | what a sensitivity or a draw multiplies: price, works, retention, space |
//! | switching value | where one change alone turns a result round |
//! | do-minimum | what social value is measured against: sites brought to condition B, nothing moved |
//! | programme | a run's actions in time, so that the fund never falls below its floor |
//! | stage | a part of an action with a duration: service change, works, vacate, planning |
//! | price of order | value lost because money, crews and capital make actions wait |
//! | priority | what a borough wants the fund to pay for |
//! | health programme | a transformation programme that premises serve: cancer, homeless health |
//! | fault | something wrong in a file |
//! | finding | a standard the estate does not meet |
//! | state | the estate as it stands, under a run, or with sites closed, improved or newly offering care |
//! | standards version | the list of standards at a time; a scenario pins one |
//! | basis | what a run's money is told on besides its decisions: a programme's dates, priorities paid for |
//! | reading | a service line's standard read for disabled residents, counting only sites that pass |
//! | shortfall | who lacks a site they can get into, and what each site would change |
//! | league | sites to fix, by people gained for each pound |
//! | survey list | sites to survey, by people whose standard it would settle |
//! | breach | a rule a proposal does not keep |
//! | error | the program could not go on |

pub mod access;
pub mod cli;
pub mod config;
pub mod export;
pub mod fund;
pub mod geography;
pub mod import;
pub mod jobs;
pub mod register;
pub mod scenario;
pub mod store;
pub mod synth;
pub mod travel;
pub mod web;
