//! Access standards in the user's words, and how an estate meets them.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::Doubt;
use crate::geography::{Zone, Zones};
use crate::register::{Minutes, ServiceLine};
use crate::travel::{Maker, Measure, Mode, StraightLine, TravelTimes};

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

    /// The name in files and addresses.
    pub fn key(self) -> &'static str {
        match self {
            Self::Everyone => "everyone",
            Self::StepFree => "step_free",
            Self::NoCar => "no_car",
            Self::Aged65 => "aged65",
            Self::MostDeprivedFifth => "most_deprived_fifth",
        }
    }

    /// Who they are, whatever rule they are counted under.
    pub fn people_label(self) -> &'static str {
        match self {
            Self::Everyone => "All residents",
            Self::StepFree => "Disabled residents",
            Self::NoCar => "Residents of households without a car",
            Self::Aged65 => "Residents aged 65 or over",
            Self::MostDeprivedFifth => "Residents of the most deprived fifth of areas",
        }
    }

    /// Of two standards, which is the better ground for a reading for disabled residents: the less, the better.
    pub(super) fn rank(self) -> u8 {
        match self {
            Self::StepFree => 0,
            Self::Everyone => 1,
            Self::NoCar | Self::Aged65 | Self::MostDeprivedFifth => 2,
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

impl Limit {
    /// Longer than any journey to care is asked to be; a search that far goes over all of England.
    pub const MOST_MINUTES: f64 = 600.0;
    /// The same in metres.
    pub const MOST_METRES: f64 = 200_000.0;

    /// What is wrong with it, after its name; `None` where it is a limit that can be kept.
    pub fn fault(self) -> Option<&'static str> {
        let (number, most, words) = match self {
            Self::Minutes(number) => {
                (number, Self::MOST_MINUTES, "is a number of minutes above 0 and up to 600")
            }
            Self::Metres(number) => {
                (number, Self::MOST_METRES, "is a number of metres above 0 and up to 200,000")
            }
        };
        let is_good = number > 0.0 && number <= most;
        (!is_good).then_some(words)
    }
}

impl std::fmt::Display for Limit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Minutes(minutes) => write!(f, "{minutes} minutes"),
            Self::Metres(metres) => write!(f, "{metres} m"),
        }
    }
}

/// Of departures by timetable, how many a limit is held against.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(try_from = "u8", into = "u8")]
pub enum Centile {
    /// Half of them are no worse.
    #[default]
    Median,
    /// Nine in ten are no worse.
    Ninetieth,
}

impl Centile {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Median, Self::Ninetieth];

    /// Of a hundred departures, how many are no worse.
    pub fn number(self) -> u8 {
        match self {
            Self::Median => 50,
            Self::Ninetieth => 90,
        }
    }

    /// Reads what [`Self::number`] says.
    pub fn find(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|centile| centile.number() == number)
    }

    /// After a limit; nothing of the usual.
    pub fn after_a_limit(self) -> &'static str {
        match self {
            Self::Median => "",
            Self::Ninetieth => ", nine departures in ten",
        }
    }

    /// Whether it need not be told.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it by reference")]
    fn is_usual(&self) -> bool {
        *self == Self::Median
    }
}

impl From<Centile> for u8 {
    fn from(centile: Centile) -> Self {
        centile.number()
    }
}

impl TryFrom<u8> for Centile {
    type Error = &'static str;

    fn try_from(number: u8) -> Result<Self, Self::Error> {
        Self::find(number).ok_or("a centile is 50 or 90")
    }
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

    /// Whether all of another area lies in it.
    pub fn covers(&self, other: &Self, zones: &Zones) -> bool {
        self == other || zones.iter().filter(|zone| other.holds(zone)).all(|zone| self.holds(zone))
    }

    /// Narrower areas first.
    pub(super) fn rank(&self) -> u8 {
        match self {
            Self::Ward(_) => 0,
            Self::Borough(_) => 1,
            Self::Icb(_) => 2,
            Self::All => 3,
        }
    }

    /// The board, borough or ward of these zones that goes by a text: as [`Self::written`], by code, or by name. `None` where
    /// there is none, or where several wards have the name.
    pub fn find(text: &str, zones: &Zones) -> Option<Self> {
        let text = text.trim();
        if let Some(area) = Self::parse(text) {
            return zones.iter().any(|zone| area.holds(zone)).then_some(area);
        }
        let is = |word: &str| !word.is_empty() && word.eq_ignore_ascii_case(text);
        if let Some(zone) = zones.iter().find(|zone| is(&zone.icb_code) || is(&zone.icb_name)) {
            return Some(Self::Icb(zone.icb_code.clone()));
        }
        let mut boroughs = zones.iter();
        if let Some(zone) = boroughs.find(|zone| is(&zone.borough_code) || is(&zone.borough_name)) {
            return Some(Self::Borough(zone.borough_code.clone()));
        }
        let mut wards = zones.iter().filter(|zone| is(&zone.ward_code) || is(&zone.ward_name));
        let code = &wards.next()?.ward_code;
        wards.all(|zone| zone.ward_code == *code).then(|| Self::Ward(code.clone()))
    }

    /// Its name among the zones, else its code.
    pub fn name(&self, zones: &Zones) -> String {
        let named = zones.iter().find(|zone| self.holds(zone));
        let or = |name: fn(&Zone) -> &str, code: &str| {
            named.map(name).filter(|name| !name.is_empty()).unwrap_or(code).to_owned()
        };
        match self {
            Self::All => "All areas".to_owned(),
            Self::Icb(code) => or(|zone| &zone.icb_name, code),
            Self::Borough(code) => or(|zone| &zone.borough_name, code),
            Self::Ward(code) => format!("{} ward", or(|zone| &zone.ward_name, code)),
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
    /// Of which departures, by timetable.
    #[serde(default, skip_serializing_if = "Centile::is_usual")]
    pub centile: Centile,
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
    /// The share asked for, in per cent to two decimals: printed, it has no more of them than it takes.
    pub fn percent(&self) -> f64 {
        (self.share * 1e4).round() / 1e2
    }

    /// Whether it holds on a day.
    pub fn is_in_force(&self, day: NaiveDate) -> bool {
        self.from <= day && self.until.is_none_or(|until| day <= until)
    }

    /// How its people travel and what its limit is measured in: which minutes it is held against.
    pub fn way(&self) -> (Mode, Measure) {
        (self.mode, self.measure())
    }

    /// What its limit is measured in.
    pub fn measure(&self) -> Measure {
        match (self.limit, self.centile) {
            (Limit::Minutes(_), Centile::Median) => Measure::Minutes,
            (Limit::Minutes(_), Centile::Ninetieth) => Measure::LateMinutes,
            (Limit::Metres(_), _) => Measure::StraightMetres,
        }
    }

    /// Its limit as pages say it: `30 minutes`, with the departures it is held against where those are not the usual.
    pub fn limit_label(&self) -> String {
        format!("{}{}", self.limit, self.centile.after_a_limit())
    }

    /// The limit in minutes of a straight-line pace: as far as travel times for this standard must be searched.
    pub fn reach(&self, pace: StraightLine) -> Minutes {
        match self.limit {
            Limit::Minutes(minutes) => Minutes(minutes),
            Limit::Metres(metres) => pace.minutes(metres),
        }
    }

    /// The limit in the minutes of a travel table; `None` where the table cannot tell: another mode, another centile of
    /// departures, or a limit in straight-line metres against minutes by street.
    pub fn limit_in(&self, times: &TravelTimes) -> Option<Minutes> {
        if times.mode != self.mode {
            return None;
        }
        let is_of_its_departures = match times.maker {
            Maker::Timetable { centile, .. } => centile == self.centile.number(),
            Maker::Nobody => true,
            _ => self.centile == Centile::Median,
        };
        match (self.limit, &times.maker) {
            (Limit::Minutes(_), _) if !is_of_its_departures => None,
            (Limit::Minutes(minutes), _) => Some(Minutes(minutes)),
            (Limit::Metres(metres), Maker::StraightLine { detour, metres_per_minute }) => {
                let pace = StraightLine::new(*detour, *metres_per_minute).ok()?;
                Some(pace.minutes(metres))
            }
            (
                Limit::Metres(_),
                Maker::MatrixFile { .. }
                | Maker::StreetNetwork { .. }
                | Maker::Timetable { .. }
                | Maker::Nobody,
            ) => None,
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
    /// Within or beyond as unknowns decide.
    pub undetermined: u64,
    /// Why: people of the undetermined by reason; somebody may have several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub doubts: Vec<(Doubt, u64)>,
    /// People-weighted mean minutes to the nearest surely passing site, of those with one in reach.
    pub mean_minutes: Option<f64>,
    /// People-weighted median of the same.
    #[serde(default)]
    pub median_minutes: Option<f64>,
    /// People-weighted 90th centile of the same.
    pub p90_minutes: Option<f64>,
    /// The same three with every zone that anybody of the group lives in counting once, however many they are.
    #[serde(default)]
    pub unweighted_mean_minutes: Option<f64>,
    /// Median over zones.
    #[serde(default)]
    pub unweighted_median_minutes: Option<f64>,
    /// 90th centile over zones.
    #[serde(default)]
    pub unweighted_p90_minutes: Option<f64>,
    /// People-weighted mean minutes to the nearest site of any kind, whether or not it can be got into.
    #[serde(default)]
    pub any_mean_minutes: Option<f64>,
    /// The price of inaccessibility: people for whom the nearest surely passing site is farther than the nearest of any
    /// kind.
    #[serde(default)]
    pub farther_people: u64,
    /// And how many minutes farther, on average of those people.
    #[serde(default)]
    pub farther_minutes: Option<f64>,
    /// People with a site in reach of the search, but none that surely passes.
    #[serde(default)]
    pub none_passing_people: u64,
    /// The people that is counted among: of whom it is known that they have a site of any kind in reach, or that they have
    /// none. Of the others it cannot be told.
    #[serde(default)]
    pub none_passing_of: u64,
    /// People the two are taken over.
    #[serde(default)]
    pub reached: u64,
    /// Zones whose count of the group is unknown. Their people are in none of the counts above; the verdict allows for
    /// anything from none to all of their residents.
    #[serde(default)]
    pub unknown_zones: u64,
    /// The share within if every unknown turns out to be beyond, 0 to 1; where nobody lives it is 1.
    #[serde(default)]
    pub least_share: Option<f64>,
    /// The share within if every unknown turns out to be within.
    #[serde(default)]
    pub greatest_share: Option<f64>,
    /// Whether `share` is reached.
    pub verdict: Verdict,
}

impl AreaAssessment {
    /// People for whom the nearest passing site is farther than the nearest of any kind; `None` where nobody has a site
    /// in reach that is known to pass, so that nobody can say.
    pub fn farther(&self) -> Option<u64> {
        (self.reached > 0 || self.people == 0).then_some(self.farther_people)
    }

    /// Why no minutes to a passing site can be told, where none can.
    pub fn why_no_minutes(&self) -> &'static str {
        self.doubts.first().map_or("no such site in reach", |(doubt, _)| doubt.short())
    }
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
    /// Sites that offer the care and are not in the travel times: whoever is not surely within may be within of one of
    /// them, so is undetermined.
    #[serde(default)]
    pub not_placed: u64,
    /// By IMD decile 1 (most deprived) to 10, then unknown: people, within, beyond, undetermined.
    pub deciles: Vec<(Option<u8>, u64, u64, u64, u64)>,
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A GP within 1.6 km on foot, for everyone, from 2026.
    pub(crate) fn walk(share: f64) -> Standard {
        Standard {
            key: "gp_walk".to_owned(),
            words: "A GP within walking distance".to_owned(),
            service_line: ServiceLine::PrimaryCare,
            mode: Mode::Walk,
            limit: Limit::Metres(1_600.0),
            centile: Centile::Median,
            share,
            group: Group::Everyone,
            area: Area::All,
            from: NaiveDate::from_ymd_opt(2026, 1, 1).unwrap(),
            until: None,
            source: "a test".to_owned(),
            is_policy: false,
        }
    }

    #[test]
    fn a_share_is_told_with_the_decimals_it_has() {
        for (share, words) in
            [(0.975, "97.5"), (0.9, "90"), (1.0, "100"), (0.29, "29"), (0.3333, "33.33")]
        {
            assert_eq!(walk(share).percent().to_string(), words);
        }
    }

    #[test]
    fn a_limit_is_held_against_the_departures_it_names_and_a_median_leaves_no_trace() {
        let of = |centile| Standard {
            centile,
            mode: Mode::PublicTransport,
            limit: Limit::Minutes(30.0),
            ..walk(0.9)
        };
        let [median, late] = Centile::ALL.map(of);
        let written = serde_json::to_value(&late).unwrap();
        assert_eq!(written["centile"], 90);
        assert_eq!(serde_json::from_value::<Standard>(written).unwrap(), late);
        let plain = serde_json::to_value(&median).unwrap();
        assert_eq!(plain.get("centile"), None, "standards kept before have the same bytes");
        assert_eq!(serde_json::from_value::<Standard>(plain).unwrap(), median);

        let pace = StraightLine::new(1.0, 80.0).unwrap();
        let zones = Zones::empty();
        let mut times =
            crate::travel::straight_line(&zones, &[], Mode::PublicTransport, Minutes(60.0), pace);
        assert!(median.limit_in(&times).is_some() && late.limit_in(&times).is_none());
        for (centile, are_told) in [(50, [true, false]), (90, [false, true])] {
            times.maker = Maker::Timetable {
                source: "a test".to_owned(),
                timetable: String::new(),
                date: NaiveDate::from_ymd_opt(2026, 1, 6).unwrap(),
                window: (480, 540),
                centile,
                changes: 2,
            };
            let told = [&median, &late].map(|standard| standard.limit_in(&times).is_some());
            assert_eq!(told, are_told);
        }
    }

    #[test]
    fn an_area_reads_back_as_it_is_written() {
        for text in ["all", "icb:QMF", "borough:E09000001", "ward:E05000026"] {
            assert_eq!(Area::parse(text).unwrap().written(), text);
        }
        for text in ["", "everywhere", "icb:", "city:E1"] {
            assert_eq!(Area::parse(text), None, "{text}");
        }
    }

    #[test]
    fn an_area_is_found_by_what_people_call_it_where_only_one_is_called_so() {
        let of = |code: &str, borough: &str, ward: &str, ward_name: &str| Zone {
            icb_code: "QMJ".to_owned(),
            icb_name: "North Central".to_owned(),
            borough_code: borough.to_owned(),
            borough_name: format!("Borough {borough}"),
            ward_code: ward.to_owned(),
            ward_name: ward_name.to_owned(),
            ..Zone::plain(code, crate::register::Point::new(0.0, 0.0).unwrap(), 1)
        };
        let list = vec![
            of("E01", "B1", "W1", "Abbey"),
            of("E02", "B1", "W1", "Abbey"),
            of("E03", "B2", "W2", "Abbey"),
            of("E04", "B2", "W3", "Bank"),
        ];
        let zones = Zones::new(Zones::empty().evidence, list);
        let found = |text: &str| Area::find(text, &zones).map(|area| area.written());
        for (text, written) in [
            (" qmj ", "icb:QMJ"),
            ("north central", "icb:QMJ"),
            ("icb:QMJ", "icb:QMJ"),
            ("Borough B2", "borough:B2"),
            ("bank", "ward:W3"),
            ("W2", "ward:W2"),
            ("all", "all"),
        ] {
            assert_eq!(found(text).as_deref(), Some(written), "{text}");
        }
        for text in ["", "Nowhere", "icb:QQQ", "Abbey", "city:E1"] {
            assert_eq!(found(text), None, "{text}");
        }
    }
}
