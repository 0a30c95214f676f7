//! What the estate is: sites, tenancies, areas, six facets, access answers, and where each value came from.
//!
//! Does no I/O and knows no file format, database or page. A [`Register`] is an immutable snapshot at a
//! version; a [`ChangeSet`] makes the next one.

mod assumption;
mod change;
mod code;
mod evidence;
mod field;
mod observation;
mod point;
mod quantity;
mod scalar;
mod site;
mod snapshot;
mod tenancy;
mod words;

pub use assumption::{Assumption, Assumptions, BadFigure, Mark, MissingAssumption};
pub use change::{Change, ChangeSet, ChangeSetId, Reference, ReferenceKind};
pub use code::{InvalidCode, SiteCode, TenancyId};
pub use evidence::{Evidence, Value, Why};
pub use field::{AccessItem, Facet, Field, Kind, Subject};
pub use observation::{Method, Observation};
pub use point::{InvalidPoint, Point};
pub(crate) use quantity::thousands;
pub use quantity::{Hectares, Metres, Minutes, Pence, SquareMetres};
pub use scalar::{Scalar, Wanted};
pub use site::Site;
pub use snapshot::Register;
pub use tenancy::Tenancy;
pub use words::{
    AccessAnswer, Grade, HealthProgramme, ReceiptAccruesTo, ServiceLine, SiteStatus, SpaceUse,
    SurplusStatus, Tenure, Word,
};
