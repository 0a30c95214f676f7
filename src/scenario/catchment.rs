//! Floating catchments over the register: whose supply, for whom, within what.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::access::{Agent, Catchment, CatchmentFault, Group, Measure, Weight};
use crate::geography::Geography;
use crate::register::{Assumptions, Minutes, Point, Register, ServiceLine, SiteCode};
use crate::travel::{self, Mode, StraightLine, UnusablePace, Wanted, best_times};

use super::derive;

/// Which published measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MeasureKind {
    /// Two-step floating catchment area.
    TwoStep,
    /// Enhanced two-step, by bands of a third of the limit weighing 1, 0.68 and 0.22.
    EnhancedTwoStep,
    /// Three-step, by the same bands.
    ThreeStep,
    /// Joseph and Bantock's gravity ratio, falling with the first power of the minutes, a minute at the least.
    Gravity,
    /// Rational agent access model with τ at the limit.
    RationalAgent,
}

impl MeasureKind {
    /// Every measure.
    pub const ALL: [Self; 5] =
        [Self::TwoStep, Self::EnhancedTwoStep, Self::ThreeStep, Self::Gravity, Self::RationalAgent];

    /// The name in files and addresses.
    pub fn key(self) -> &'static str {
        match self {
            Self::TwoStep => "2sfca",
            Self::EnhancedTwoStep => "e2sfca",
            Self::ThreeStep => "3sfca",
            Self::Gravity => "gravity",
            Self::RationalAgent => "raam",
        }
    }

    /// On pages.
    pub fn label(self) -> &'static str {
        match self {
            Self::TwoStep => "Two-step floating catchment (2SFCA)",
            Self::EnhancedTwoStep => "Enhanced two-step (E2SFCA)",
            Self::ThreeStep => "Three-step (3SFCA)",
            Self::Gravity => "Gravity",
            Self::RationalAgent => "Rational agent access model (RAAM), a cost: lower is better",
        }
    }

    /// By its key.
    pub fn find(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.key() == key)
    }

    /// The measure at a limit in minutes. Band weights as Luo and Qi (2009) published them for 10, 20 and 30 minutes.
    pub fn at(self, minutes: f64) -> Measure {
        let bands = || {
            let third = minutes / 3.0;
            Weight::Bands(vec![(third, 1.0), (2.0 * third, 0.68), (minutes, 0.22)])
        };
        match self {
            Self::TwoStep => Measure::TwoStep(Weight::Same),
            Self::EnhancedTwoStep => Measure::TwoStep(bands()),
            Self::ThreeStep => Measure::ThreeStep(bands()),
            Self::Gravity => Measure::TwoStep(Weight::Power { power: -1.0, least: 1.0 }),
            Self::RationalAgent => {
                Measure::RationalAgent(Agent { tau: minutes, ..Agent::default() })
            }
        }
    }
}

/// What counts as supply at a site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Supply {
    /// People its tenancies of that care serve, such as a list size.
    People,
    /// Their clinical area, m².
    Area,
    /// Each site alike.
    Sites,
}

impl Supply {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::People, Self::Area, Self::Sites];

    /// The name in files and addresses.
    pub fn key(self) -> &'static str {
        match self {
            Self::People => "people",
            Self::Area => "area",
            Self::Sites => "sites",
        }
    }

    /// On pages.
    pub fn label(self) -> &'static str {
        match self {
            Self::People => "people on their lists",
            Self::Area => "clinical area in m²",
            Self::Sites => "sites, each alike",
        }
    }

    /// By its key.
    pub fn find(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|supply| supply.key() == key)
    }
}

/// What is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CatchmentAsk {
    /// Which care.
    pub service_line: ServiceLine,
    /// Which measure.
    pub measure: MeasureKind,
    /// What counts as supply.
    pub supply: Supply,
    /// For whom.
    pub group: Group,
    /// How people travel.
    pub mode: Mode,
    /// And how far.
    pub minutes: f64,
}

/// A question that cannot be answered.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CatchmentError {
    /// No usable pace.
    #[error(transparent)]
    Pace(#[from] UnusablePace),
    /// A figure that cannot be.
    #[error(transparent)]
    Fault(#[from] CatchmentFault),
    /// Outside any use.
    #[error("{found} minutes is not a limit: it is a number above 0 and at most 240")]
    Limit {
        /// As given.
        found: String,
    },
}

/// The measure at every zone, and over them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CatchmentAnswer {
    /// What was asked.
    pub ask: CatchmentAsk,
    /// Who made the minutes.
    pub travel: String,
    /// By zone code.
    pub zones: Vec<ZoneScore>,
    /// By borough, then by decile (1 is the most deprived), people-weighted.
    pub means: Vec<MeanScore>,
    /// Sites that offer the care and whose supply is known.
    pub sites: u64,
    /// Sites that offer it whose supply is not known: left out, never nought.
    pub left_out: u64,
    /// All supply counted.
    pub supply: f64,
    /// Of it, supply with anybody in reach: what the ratios share out.
    pub reached_supply: f64,
    /// Pairs of a zone and a site within the limit.
    pub pairs: u64,
    /// Zones whose people of the group are not known: left out.
    pub unknown_zones: u64,
}

/// A zone's measure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ZoneScore {
    /// LSOA code.
    pub zone: String,
    /// Ward.
    pub ward: String,
    /// Borough.
    pub borough: String,
    /// 1 is the most deprived tenth.
    pub imd_decile: Option<u8>,
    /// People of the group.
    pub people: u64,
    /// The measure. Of a ratio, nought where no supply is in reach; of a cost, `None` there.
    pub score: Option<f64>,
}

/// A people-weighted mean of the measure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MeanScore {
    /// `borough` or `decile`.
    pub by: String,
    /// Its name.
    pub name: String,
    /// People.
    pub people: u64,
    /// Of them, people of zones that have a score.
    pub scored: u64,
    /// Mean over those.
    pub score: Option<f64>,
}

/// Works a measure out over today's register.
pub fn catchments(
    register: &Register,
    geography: &Geography,
    figures: &Assumptions,
    ask: CatchmentAsk,
) -> Result<CatchmentAnswer, CatchmentError> {
    if !(ask.minutes > 0.0 && ask.minutes <= 240.0) {
        return Err(CatchmentError::Limit { found: ask.minutes.to_string() });
    }
    let pace = StraightLine::of(ask.mode, figures)?;
    let (supply, left_out) = supply_by_site(register, figures, &ask);
    let sites: Vec<(SiteCode, Point)> = supply
        .keys()
        .filter_map(|code| Some((code.clone(), register.site(code)?.location()?)))
        .collect();
    let zones = &geography.zones;
    let wanted =
        Wanted { mode: ask.mode, measure: travel::Measure::Minutes, limit: Minutes(ask.minutes) };
    let times = best_times(geography, &sites, wanted, pace);
    let known: Vec<_> =
        zones.iter().filter_map(|zone| Some((zone, ask.group.people(zone)?))).collect();
    // Kept minutes may reach further than was asked, and to sites that offer nothing here.
    let costs = zones.iter().flat_map(|zone| {
        let row = times.zone_index(&zone.code).map_or(&[][..], |row| times.row(row));
        row.iter().take_while(|pair| pair.minutes.0 <= ask.minutes).filter_map(|pair| {
            let site = times.sites.get(pair.site as usize)?;
            supply.contains_key(site).then_some((zone.code.as_str(), site.as_str(), pair.minutes.0))
        })
    });
    let catchment = Catchment::new(
        known.iter().map(|(zone, people)| (zone.code.as_str(), *people)),
        supply.iter().map(|(code, amount)| (code.as_str(), *amount)),
        costs,
        ask.minutes,
    )?;
    let scores = catchment.scores(&ask.measure.at(ask.minutes));
    let rows: Vec<ZoneScore> = known
        .iter()
        .zip(scores)
        .map(|((zone, people), score)| ZoneScore {
            zone: zone.code.clone(),
            ward: zone.ward_name.clone(),
            borough: zone.borough_name.clone(),
            imd_decile: zone.imd_decile,
            people: *people,
            score,
        })
        .collect();
    let by_borough = means("borough", &rows, |row| row.borough.clone());
    let by_decile = means("decile", &rows, |row| {
        row.imd_decile.map_or_else(|| "unknown".to_owned(), |decile| format!("{decile:02}"))
    });
    Ok(CatchmentAnswer {
        travel: times.maker.to_string(),
        means: by_borough.into_iter().chain(by_decile).collect(),
        unknown_zones: (zones.len() - rows.len()) as u64,
        zones: rows,
        sites: supply.len() as u64,
        left_out,
        supply: catchment.total_supply(),
        reached_supply: catchment.reached_supply(),
        pairs: catchment.pairs() as u64,
        ask,
    })
}

fn supply_by_site(
    register: &Register,
    figures: &Assumptions,
    ask: &CatchmentAsk,
) -> (BTreeMap<SiteCode, f64>, u64) {
    let mut supply: BTreeMap<SiteCode, f64> = BTreeMap::new();
    let mut unknown: BTreeSet<SiteCode> = BTreeSet::new();
    for occupant in derive::occupants(register, figures).into_values() {
        if occupant.service_line != Some(ask.service_line) {
            continue;
        }
        let amount = match ask.supply {
            Supply::People => occupant.people,
            Supply::Area => occupant.need.ok().map(|need| need.clinical.0),
            Supply::Sites => Some(1.0),
        };
        match amount {
            Some(_) if ask.supply == Supply::Sites => drop(supply.insert(occupant.site, 1.0)),
            Some(amount) => *supply.entry(occupant.site).or_default() += amount,
            None => drop(unknown.insert(occupant.site)),
        }
    }
    let left_out = unknown.iter().filter(|site| !supply.contains_key(*site)).count();
    (supply, left_out as u64)
}

fn means(by: &str, rows: &[ZoneScore], key: impl Fn(&ZoneScore) -> String) -> Vec<MeanScore> {
    let mut sums: BTreeMap<String, (u64, u64, f64)> = BTreeMap::new();
    for row in rows {
        let (people, scored, sum) = sums.entry(key(row)).or_default();
        *people += row.people;
        if let Some(score) = row.score {
            *scored += row.people;
            *sum += score * row.people as f64;
        }
    }
    sums.into_iter()
        .map(|(name, (people, scored, sum))| MeanScore {
            by: by.to_owned(),
            name,
            people,
            scored,
            score: (scored > 0).then(|| sum / scored as f64),
        })
        .collect()
}
