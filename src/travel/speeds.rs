//! Who may pass where, and how fast: the speed table, and the tags it is laid over.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::osm::Tags;

/// `data/travel.toml`, or a user's own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpeedTable {
    /// What results call it.
    pub name: String,
    /// Where the figures are from.
    pub source: String,
    /// The day they describe.
    pub as_of: NaiveDate,
    /// `verified` or `from_memory`.
    pub mark: String,
    /// A place farther from the network is not on it.
    pub farthest_snap_metres: f64,
    /// Junctions of a disconnected part below which no place is put on it.
    pub smallest_part: u32,
    /// On foot.
    pub walk: WalkSpeeds,
    /// Without steps.
    pub step_free: StepFreeRules,
    /// By car.
    pub drive: DriveSpeeds,
}

/// On foot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WalkSpeeds {
    /// Everywhere but on steps.
    pub metres_per_minute: f64,
    /// On steps.
    pub steps_metres_per_minute: f64,
}

/// Without steps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepFreeRules {
    /// Everywhere.
    pub metres_per_minute: f64,
    /// Rise in a hundred metres beyond which a way is not step-free.
    pub steepest_incline_percent: f64,
    /// Width below which a way is not step-free.
    pub narrowest_metres: f64,
}

/// By car.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DriveSpeeds {
    /// Of the posted limit, where one is mapped.
    pub share_of_limit: f64,
    /// Kilometres an hour where none is, by kind of highway. What is not listed is not driven on.
    pub kmh: BTreeMap<String, f64>,
}

/// Whom a network is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// On foot.
    Walk,
    /// Step-free, over what surely is.
    SurelyStepFree,
    /// Step-free, over what surely is and what nobody has recorded.
    PerhapsStepFree,
    /// By car.
    Drive,
}

impl Profile {
    /// Every profile.
    pub const ALL: [Self; 4] =
        [Self::Walk, Self::SurelyStepFree, Self::PerhapsStepFree, Self::Drive];
}

/// Decimetres a minute each way along a way; `None` where it may not be passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Passage {
    pub(super) forward: Option<u32>,
    pub(super) backward: Option<u32>,
}

/// An answer that may be unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum StepFree {
    Yes,
    No,
    Unknown,
}

const OPEN: [&str; 7] =
    ["yes", "designated", "permissive", "destination", "official", "public", "customers"];
const SHUT: [&str; 10] = [
    "no",
    "private",
    "agricultural",
    "forestry",
    "delivery",
    "emergency",
    "military",
    "psv",
    "bus",
    "permit",
];
/// Where people walk unless a tag says no. United Kingdom practice: bridleways and cycleways too.
const WALKED: [&str; 24] = [
    "trunk",
    "trunk_link",
    "primary",
    "primary_link",
    "secondary",
    "secondary_link",
    "tertiary",
    "tertiary_link",
    "unclassified",
    "residential",
    "living_street",
    "service",
    "road",
    "track",
    "path",
    "footway",
    "pedestrian",
    "steps",
    "bridleway",
    "cycleway",
    "corridor",
    "platform",
    "crossing",
    "elevator",
];
const NOT_THERE: [&str; 6] =
    ["construction", "proposed", "abandoned", "razed", "planned", "demolished"];

impl SpeedTable {
    /// Whether every figure can be travelled with, or the key of one that cannot.
    pub fn unusable(&self) -> Option<String> {
        let positive = |figure: f64| figure.is_finite() && (0.1..=10_000.0).contains(&figure);
        let StepFreeRules { metres_per_minute, steepest_incline_percent, narrowest_metres } =
            self.step_free;
        let mut figures = vec![
            ("farthest_snap_metres".to_owned(), self.farthest_snap_metres),
            ("walk.metres_per_minute".to_owned(), self.walk.metres_per_minute),
            ("walk.steps_metres_per_minute".to_owned(), self.walk.steps_metres_per_minute),
            ("step_free.metres_per_minute".to_owned(), metres_per_minute),
            ("step_free.steepest_incline_percent".to_owned(), steepest_incline_percent),
            ("step_free.narrowest_metres".to_owned(), narrowest_metres),
            ("drive.share_of_limit".to_owned(), self.drive.share_of_limit),
        ];
        figures
            .extend(self.drive.kmh.iter().map(|(kind, kmh)| (format!("drive.kmh.{kind}"), *kmh)));
        figures.into_iter().find(|(_, figure)| !positive(*figure)).map(|(key, _)| key)
    }

    /// Along a way; `None` where nobody of this profile passes.
    pub(super) fn passage(&self, profile: Profile, tags: &Tags) -> Option<Passage> {
        let both = |pace: f64| {
            let pace = Some(decimetres(pace));
            Passage { forward: pace, backward: pace }
        };
        match profile {
            Profile::Walk => may_walk(tags).then(|| {
                let is_steps = tags.is("highway", &["steps"]);
                let walk = &self.walk;
                both(if is_steps { walk.steps_metres_per_minute } else { walk.metres_per_minute })
            }),
            Profile::SurelyStepFree | Profile::PerhapsStepFree => {
                let answer = self.step_free_way(tags);
                let may = may_walk(tags) && passes(profile, answer);
                may.then(|| both(self.step_free.metres_per_minute))
            }
            Profile::Drive => self.drive(tags),
        }
    }

    /// Whether a node stops whoever comes to it.
    pub(super) fn is_blocked(profile: Profile, tags: &Tags) -> bool {
        match profile {
            Profile::Walk => blocks_walkers(tags),
            Profile::SurelyStepFree | Profile::PerhapsStepFree => {
                blocks_walkers(tags) || !passes(profile, step_free_node(tags))
            }
            Profile::Drive => blocks_cars(tags),
        }
    }

    fn step_free_way(&self, tags: &Tags) -> StepFree {
        let rules = &self.step_free;
        let has_ramp = tags.is("ramp:wheelchair", &["yes"]);
        let is_escalator = tags.get("conveying").is_some_and(|value| value != "no");
        let is_steps = tags.is("highway", &["steps"]);
        let is_steep = tags.get("incline").and_then(percent);
        let is_narrow = tags
            .get("width")
            .and_then(|width| width.trim_end_matches('m').trim().parse::<f64>().ok());
        let is_rough =
            tags.is("smoothness", &["very_bad", "horrible", "very_horrible", "impassable"]);
        if tags.is("wheelchair", &["no"])
            || (is_steps && (!has_ramp || is_escalator))
            || is_steep.is_some_and(|steep| steep > rules.steepest_incline_percent)
            || is_narrow.is_some_and(|width| width < rules.narrowest_metres)
            || is_rough
        {
            StepFree::No
        } else if tags.is("wheelchair", &["yes", "designated"])
            || (is_steps && has_ramp)
            || tags.is("smoothness", &["excellent", "good", "intermediate"])
        {
            StepFree::Yes
        } else {
            StepFree::Unknown
        }
    }

    fn drive(&self, tags: &Tags) -> Option<Passage> {
        let kmh = *self.drive.kmh.get(tags.get("highway")?)?;
        let access = ["motorcar", "motor_vehicle", "vehicle", "access"];
        let said = access.iter().find_map(|key| tags.get(key));
        if said.is_some_and(|said| SHUT.contains(&said))
            || tags.is("service", &["emergency_access"])
            || tags.is("area", &["yes"])
        {
            return None;
        }
        let limit = tags.get("maxspeed").and_then(limit_kmh);
        let kmh = limit.map_or(kmh, |limit| limit * self.drive.share_of_limit);
        let pace = Some(decimetres(kmh * 1_000.0 / 60.0));
        let is_round = tags.is("junction", &["roundabout", "circular"])
            || tags.is("highway", &["motorway", "motorway_link"]);
        Some(match tags.get("oneway") {
            Some("yes" | "1" | "true") => Passage { forward: pace, backward: None },
            Some("-1" | "reverse") => Passage { forward: None, backward: pace },
            Some("reversible" | "alternating") => return None,
            None if is_round => Passage { forward: pace, backward: None },
            _ => Passage { forward: pace, backward: pace },
        })
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to what a u32 holds"
)]
fn decimetres(metres_a_minute: f64) -> u32 {
    (metres_a_minute * 10.0).round().clamp(1.0, 1e8) as u32
}

fn passes(profile: Profile, answer: StepFree) -> bool {
    answer == StepFree::Yes || (answer == StepFree::Unknown && profile == Profile::PerhapsStepFree)
}

fn may_walk(tags: &Tags) -> bool {
    let highway = tags.get("highway");
    if highway.is_some_and(|highway| NOT_THERE.contains(&highway)) {
        return false;
    }
    let is_platform =
        tags.is("railway", &["platform"]) || tags.is("public_transport", &["platform"]);
    match tags.get("foot") {
        Some(foot) if OPEN.contains(&foot) => return highway.is_some() || is_platform,
        Some("no" | "private" | "use_sidepath" | "agricultural" | "forestry" | "delivery") => {
            return false;
        }
        _ => {}
    }
    let is_walked = highway.is_some_and(|highway| WALKED.contains(&highway)) || is_platform;
    is_walked
        && !tags.get("access").is_some_and(|access| SHUT.contains(&access))
        && !tags.is("motorroad", &["yes"])
}

fn blocks_walkers(tags: &Tags) -> bool {
    if tags.get("foot").is_some_and(|foot| OPEN.contains(&foot)) {
        return false;
    }
    let is_barrier = tags.get("barrier").is_some();
    tags.is("foot", &["no", "private"])
        || (is_barrier && tags.is("access", &["no", "private"]))
        || (is_barrier && tags.is("locked", &["yes"]))
        || tags.is(
            "barrier",
            &["wall", "fence", "hedge", "retaining_wall", "city_wall", "debris", "ditch"],
        )
}

fn blocks_cars(tags: &Tags) -> bool {
    let access = ["motorcar", "motor_vehicle", "vehicle", "access"];
    let said = access.iter().find_map(|key| tags.get(key));
    if said.is_some_and(|said| OPEN.contains(&said)) {
        return false;
    }
    let Some(barrier) = tags.get("barrier") else { return false };
    let lets_pass = [
        "gate",
        "lift_gate",
        "swing_gate",
        "cattle_grid",
        "toll_booth",
        "border_control",
        "kerb",
        "entrance",
        "height_restrictor",
        "sally_port",
        "bump_gate",
        "no",
        "rising_bollard",
    ];
    said.is_some_and(|said| SHUT.contains(&said))
        || tags.is("locked", &["yes"])
        || !lets_pass.contains(&barrier)
}

fn step_free_node(tags: &Tags) -> StepFree {
    let stops = [
        "stile",
        "kissing_gate",
        "turnstile",
        "full-height_turnstile",
        "cycle_barrier",
        "motorcycle_barrier",
        "horse_stile",
        "step",
        "block",
        "log",
    ];
    if tags.is("wheelchair", &["yes", "designated"]) {
        StepFree::Yes
    } else if tags.is("wheelchair", &["no"])
        || tags.is("kerb", &["raised"])
        || tags.get("barrier").is_some_and(|barrier| stops.contains(&barrier))
    {
        StepFree::No
    } else if tags.is("kerb", &["lowered", "flush", "no"]) {
        StepFree::Yes
    } else if tags.get("kerb").is_some() || tags.get("barrier").is_some() {
        StepFree::Unknown
    } else {
        // Nothing stands here.
        StepFree::Yes
    }
}

/// `8%`, `-12.5 %`; `up` says no figure.
fn percent(incline: &str) -> Option<f64> {
    let figure = incline.trim().strip_suffix('%')?.trim().parse::<f64>().ok()?;
    figure.is_finite().then_some(figure.abs())
}

/// `30 mph`, `50`, `national`.
fn limit_kmh(limit: &str) -> Option<f64> {
    const MILE: f64 = 1.609_344;
    let limit = limit.trim();
    let kmh = match limit {
        "none" | "GB:nsl_dual" | "GB:motorway" => 70.0 * MILE,
        "national" | "GB:nsl_single" => 60.0 * MILE,
        "walk" => 5.0,
        _ => match limit.strip_suffix("mph") {
            Some(miles) => miles.trim().parse::<f64>().ok()? * MILE,
            None => limit.trim_end_matches("km/h").trim().parse().ok()?,
        },
    };
    (3.0..=200.0).contains(&kmh).then_some(kmh)
}

/// The table that ships, for tests of this room.
#[cfg(test)]
pub(super) fn shipped() -> SpeedTable {
    toml::from_str(include_str!("../../data/travel.toml")).unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers<const N: usize>(tags: [(&str, &str); N]) -> [bool; 4] {
        let (table, tags) = (shipped(), Tags::from(tags));
        Profile::ALL.map(|profile| table.passage(profile, &tags).is_some())
    }

    #[test]
    fn who_may_pass_where() {
        // Walk, surely step-free, perhaps step-free, drive.
        assert_eq!(answers([("highway", "residential")]), [true, false, true, true]);
        assert_eq!(answers([("highway", "footway")]), [true, false, true, false]);
        assert_eq!(
            answers([("highway", "footway"), ("wheelchair", "yes")]),
            [true, true, true, false]
        );
        assert_eq!(answers([("highway", "steps")]), [true, false, false, false]);
        assert_eq!(
            answers([("highway", "steps"), ("ramp:wheelchair", "yes")]),
            [true, true, true, false]
        );
        assert_eq!(
            answers([("highway", "path"), ("smoothness", "good"), ("incline", "12%")]),
            [true, false, false, false]
        );
        assert_eq!(answers([("highway", "motorway")]), [false, false, false, true]);
        assert_eq!(answers([("highway", "service"), ("access", "private")]), [false; 4]);
        assert_eq!(
            answers([("highway", "service"), ("access", "private"), ("foot", "yes")]),
            [true, false, true, false]
        );
        assert_eq!(answers([("highway", "construction"), ("foot", "yes")]), [false; 4]);
    }

    #[test]
    fn a_node_stops_whom_it_must() {
        let stops = |tags: Tags| Profile::ALL.map(|profile| SpeedTable::is_blocked(profile, &tags));
        assert_eq!(stops([("barrier", "bollard")].into()), [false, true, false, true]);
        assert_eq!(stops([("barrier", "stile")].into()), [false, true, true, true]);
        assert_eq!(stops([("kerb", "raised")].into()), [false, true, true, false]);
        assert_eq!(stops([("kerb", "lowered"), ("barrier", "kerb")].into()), [false; 4]);
        assert_eq!(stops([("barrier", "gate"), ("access", "private")].into()), [true; 4]);
        assert_eq!(stops([("highway", "traffic_signals")].into()), [false; 4]);
    }

    #[test]
    fn one_ways_and_limits_are_read() {
        let table = shipped();
        let drive = |tags: Tags| table.passage(Profile::Drive, &tags).unwrap();
        let forward =
            drive([("highway", "primary"), ("oneway", "yes"), ("maxspeed", "30 mph")].into());
        // 30 mph x 0.8 = 643.7376 m a minute.
        assert_eq!(forward, Passage { forward: Some(6_437), backward: None });
        let round = drive([("highway", "residential"), ("junction", "roundabout")].into());
        assert_eq!(round.backward, None);
        let back = drive([("highway", "residential"), ("oneway", "-1")].into());
        assert_eq!((back.forward, back.backward), (None, Some(4_333)));
        assert_eq!(
            [limit_kmh("50"), limit_kmh("signals"), limit_kmh("-1")],
            [Some(50.0), None, None]
        );
    }
}
