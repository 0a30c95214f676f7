//! Access standards in the user's words, and how an estate meets them.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::geography::Zone;
use crate::register::{Minutes, ServiceLine};
use crate::travel::{Maker, Mode, StraightLine, TravelTimes};

/// For whom a standard is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// All residents.
    Everyone,
    /// Disabled residents, reaching only sites that pass every must-pass gate.
    StepFree,
    /// Residents of households without a car: residents x no-car households ÷ households of the zone, to the nearest
    /// person, since the census counts households and not their members by car.
    NoCar,
    /// Residents aged 65 or over.
    Aged65,
    /// Residents of the most deprived fifth (IMD deciles 1 and 2).
    MostDeprivedFifth,
}

impl Group {
    /// Every group.
    pub const ALL: [Self; 5] =
        [Self::Everyone, Self::StepFree, Self::NoCar, Self::Aged65, Self::MostDeprivedFifth];

    /// On pages.
    pub fn label(self) -> &'static str {
        match self {
            Self::Everyone => "all residents",
            Self::StepFree => "disabled residents, counting only sites that pass every access gate",
            Self::NoCar => "residents of households without a car",
            Self::Aged65 => "residents aged 65 or over",
            Self::MostDeprivedFifth => "residents of the most deprived fifth of areas",
        }
    }

    /// How many of them live in a zone; `None` is unknown.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of residents, which fit 32 bits"
    )]
    pub fn people(self, zone: &Zone) -> Option<u64> {
        let residents = u64::from(zone.residents);
        match self {
            Self::Everyone => Some(residents),
            Self::StepFree => zone.disabled.map(u64::from),
            Self::Aged65 => zone.aged_65_plus.map(u64::from),
            Self::MostDeprivedFifth => {
                zone.imd_decile.map(|decile| if decile <= 2 { residents } else { 0 })
            }
            Self::NoCar => {
                let (all, no_car) = (zone.households?, zone.no_car_households?);
                if all == 0 {
                    return (residents == 0).then_some(0);
                }
                let share = (f64::from(no_car) / f64::from(all)).min(1.0);
                Some((residents as f64 * share).round() as u64)
            }
        }
    }
}

/// How far is too far. Exactly at the limit is inside.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// Travel time.
    Minutes(f64),
    /// Straight-line distance.
    Metres(f64),
}

/// Part of the country.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Area {
    /// Every zone in the register.
    All,
    /// An integrated care board, by NHS code.
    Icb(String),
    /// A local authority, by GSS code.
    Borough(String),
    /// An electoral ward, by GSS code.
    Ward(String),
}

impl Area {
    /// Whether a zone lies in it.
    pub fn holds(&self, zone: &Zone) -> bool {
        match self {
            Self::All => true,
            Self::Icb(code) => zone.icb_code == *code,
            Self::Borough(code) => zone.borough_code == *code,
            Self::Ward(code) => zone.ward_code == *code,
        }
    }

    /// `all`, `icb:QMF`, `borough:E09000001` or `ward:E05000001`, as files and forms write it.
    pub fn written(&self) -> String {
        match self {
            Self::All => "all".to_owned(),
            Self::Icb(code) => format!("icb:{code}"),
            Self::Borough(code) => format!("borough:{code}"),
            Self::Ward(code) => format!("ward:{code}"),
        }
    }

    /// Reads what [`Self::written`] writes.
    pub fn parse(text: &str) -> Option<Self> {
        match text.trim().split_once(':') {
            None => (text.trim() == "all").then_some(Self::All),
            Some((_, "")) => None,
            Some(("icb", code)) => Some(Self::Icb(code.to_owned())),
            Some(("borough", code)) => Some(Self::Borough(code.to_owned())),
            Some(("ward", code)) => Some(Self::Ward(code.to_owned())),
            Some(_) => None,
        }
    }
}

/// One standard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Standard {
    /// Stable key, `gp_walk_20`.
    pub key: String,
    /// In the user's words.
    pub words: String,
    /// Which care.
    pub service_line: ServiceLine,
    /// How people travel.
    pub mode: Mode,
    /// How far.
    pub limit: Limit,
    /// The share of the group that must be inside, 0 to 1.
    pub share: f64,
    /// For whom.
    pub group: Group,
    /// Assessed for each borough of this area, and for the area.
    pub area: Area,
    /// From when.
    pub from: NaiveDate,
    /// The last day it holds; `None` has no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<NaiveDate>,
    /// Document, or who chose it.
    pub source: String,
    /// Policy, or a planning choice of the user's.
    pub is_policy: bool,
}

impl Standard {
    /// Whether it holds on a day.
    pub fn is_in_force(&self, day: NaiveDate) -> bool {
        self.from <= day && self.until.is_none_or(|until| day <= until)
    }

    /// The limit in minutes of a straight-line pace: as far as travel times for this standard must be searched.
    pub fn reach(&self, pace: StraightLine) -> Minutes {
        match self.limit {
            Limit::Minutes(minutes) => Minutes(minutes),
            Limit::Metres(metres) => pace.minutes(metres),
        }
    }

    /// The limit in the minutes of a travel table; `None` where the table cannot tell: another mode, or a limit in
    /// straight-line metres against minutes by street.
    pub fn limit_in(&self, times: &TravelTimes) -> Option<Minutes> {
        if times.mode != self.mode {
            return None;
        }
        match (self.limit, &times.maker) {
            (Limit::Minutes(minutes), _) => Some(Minutes(minutes)),
            (Limit::Metres(metres), Maker::StraightLine { detour, metres_per_minute }) => {
                let pace = StraightLine::new(*detour, *metres_per_minute).ok()?;
                Some(pace.minutes(metres))
            }
            (Limit::Metres(_), Maker::MatrixFile { .. }) => None,
        }
    }
}

/// Whether a standard is met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Met whatever the unknowns turn out to be.
    Pass,
    /// Missed whatever the unknowns turn out to be.
    Fail,
    /// The unknowns decide.
    Undetermined,
}

/// A standard in one area. `within + beyond + undetermined == people`, to the person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AreaAssessment {
    /// Where.
    pub area: Area,
    /// Its name.
    pub name: String,
    /// People of the group.
    pub people: u64,
    /// Surely within the limit.
    pub within: u64,
    /// Surely beyond it.
    pub beyond: u64,
    /// Within or beyond as unknowns (gates not surveyed) decide.
    pub undetermined: u64,
    /// People-weighted mean minutes to the nearest surely passing site, of those with one in reach.
    pub mean_minutes: Option<f64>,
    /// People-weighted 90th centile of the same.
    pub p90_minutes: Option<f64>,
    /// People the two are taken over.
    #[serde(default)]
    pub reached: u64,
    /// Zones whose count of the group is unknown. Their people are in none of the counts above; the verdict allows for
    /// anything from none to all of their residents.
    #[serde(default)]
    pub unknown_zones: u64,
    /// Whether `share` is reached. It speaks of the located sites: see [`Assessment::not_placed`].
    pub verdict: Verdict,
}

/// A standard over all its areas.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Assessment {
    /// The standard.
    pub standard: Standard,
    /// Who made the minutes, as [`crate::travel::Maker`] words it.
    pub travel: String,
    /// The whole area.
    pub total: AreaAssessment,
    /// Each borough in it, by code; sums to `total`.
    pub boroughs: Vec<AreaAssessment>,
    /// Sites that offer the care but are not in the travel times, mostly because nobody knows where they are. They are
    /// left out and could only bring more people within.
    #[serde(default)]
    pub not_placed: u64,
    /// By IMD decile 1 (most deprived) to 10, then unknown: people, within, beyond, undetermined.
    pub deciles: Vec<(Option<u8>, u64, u64, u64, u64)>,
}
