//! A standard by parts of the people: where they live, how deprived that is, and who they are.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::assess::{Seen, Tally};
use super::{AreaAssessment, Group, Standard, ZoneReach};

/// How people are parted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// Local authority.
    Borough,
    /// Integrated care board.
    Icb,
    /// Electoral ward.
    Ward,
    /// Tenth of areas by deprivation; 1 is the MOST deprived.
    Decile,
    /// Disabled, without a car, 65 or over, most deprived fifth: these overlap.
    Group,
}

impl By {
    /// Every way.
    pub const ALL: [Self; 5] = [Self::Borough, Self::Icb, Self::Ward, Self::Decile, Self::Group];

    /// The name in files and addresses.
    pub fn key(self) -> &'static str {
        match self {
            Self::Borough => "borough",
            Self::Icb => "icb",
            Self::Ward => "ward",
            Self::Decile => "decile",
            Self::Group => "group",
        }
    }

    /// On pages.
    pub fn label(self) -> &'static str {
        match self {
            Self::Borough => "Borough",
            Self::Icb => "Integrated care board",
            Self::Ward => "Ward",
            Self::Decile => "Deprivation decile (1 is the most deprived tenth of areas)",
            Self::Group => "People (these overlap)",
        }
    }
}

/// One part of the people under a standard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// How they are parted.
    pub by: By,
    /// Code of the area, `01` to `10` or `unknown` for a decile, or the group's key.
    pub key: String,
    /// Its figures; the area in them is the standard's, the name is the part's.
    pub figures: AreaAssessment,
}

pub(super) fn decile_key(decile: Option<u8>) -> String {
    decile.map_or_else(|| "unknown".to_owned(), |decile| format!("{decile:02}"))
}

pub(super) fn decile_name(decile: Option<u8>) -> String {
    match decile {
        None => "Decile not known".to_owned(),
        Some(1) => "1 (most deprived)".to_owned(),
        Some(10) => "10 (least deprived)".to_owned(),
        Some(decile) => decile.to_string(),
    }
}

/// The parts of an area's people, by key. Parts by area or decile add up to the whole, to the person; groups overlap, and
/// each counts its own people under the same rule.
pub fn parts(standard: &Standard, zones: &[ZoneReach], by: By) -> Vec<Part> {
    let mut tallies: BTreeMap<String, (String, Tally)> = BTreeMap::new();
    let mut add = |key: String, name: String, seen| {
        tallies.entry(key).or_insert_with(|| (name, Tally::default())).1.add(seen);
    };
    for zone in zones {
        let seen = Seen::of(zone, zone.people);
        let mut named = |(code, name): &(String, String)| add(code.clone(), name.clone(), seen);
        match by {
            By::Borough => named(&zone.borough),
            By::Icb => named(&zone.icb),
            By::Ward => named(&zone.ward),
            By::Decile => {
                add(decile_key(zone.imd_decile), decile_name(zone.imd_decile), seen);
            }
            By::Group => {
                for (group, people) in Group::ALL.into_iter().zip(zone.groups) {
                    let seen = Seen::of(zone, people);
                    add(group.key().to_owned(), group.people_label().to_owned(), seen);
                }
            }
        }
    }
    tallies
        .into_iter()
        .map(|(key, (name, tally))| Part {
            by,
            key,
            figures: tally.finish(standard.area.clone(), &name, standard.share),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{Offer, State, reach};
    use crate::geography::{Zone, Zones};
    use crate::register::{Minutes, Point, ServiceLine};
    use crate::travel::{Mode, StraightLine, straight_line};

    #[test]
    fn parts_add_up_to_the_whole_and_the_price_of_inaccessibility_is_told_in_minutes_and_people() {
        // Along a line: a surgery with steps at 0 m, one that passes at 800 m; people at 0, 800 and 2,000 m.
        let at = |metres: f64| Point::new(metres, 0.0).unwrap();
        let zone = |code: &str, metres, disabled, decile| Zone {
            disabled: Some(disabled),
            aged_65_plus: Some(1),
            imd_decile: decile,
            ward_code: format!("W{code}"),
            ..Zone::plain(code, at(metres), 100)
        };
        let zones = Zones::new(
            Zones::empty().evidence,
            vec![
                zone("E01", 0.0, 10, Some(1)),
                zone("E02", 800.0, 20, Some(10)),
                zone("E03", 2_000.0, 40, None),
            ],
        );
        let code = |text: &str| text.parse().unwrap();
        let pace = StraightLine::new(1.0, 80.0).unwrap();
        let sites = [(code("S01"), at(0.0)), (code("S02"), at(800.0))];
        let times = straight_line(&zones, &sites, Mode::Walk, Minutes(60.0), pace);
        let offer = |site: &str, gates| Offer {
            site: code(site),
            service_line: ServiceLine::PrimaryCare,
            gates,
        };
        let standard =
            Standard { group: Group::StepFree, ..crate::access::standard::tests::walk(0.8) };
        let told = reach(
            &standard,
            &zones,
            &times,
            &State::new("", [offer("S01", Some(false)), offer("S02", Some(true))]),
        );

        for by in [By::Borough, By::Icb, By::Ward, By::Decile] {
            let parts = parts(&standard, &told, by);
            assert_eq!(parts.iter().map(|part| part.figures.people).sum::<u64>(), 70, "{by:?}");
            assert_eq!(parts.iter().map(|part| part.figures.within).sum::<u64>(), 70, "{by:?}");
        }
        let whole = &parts(&standard, &told, By::Borough)[0].figures;
        // 10 people at 0 m walk 10 minutes past the surgery with steps; the others' nearest is the passing one.
        assert_eq!((whole.farther_people, whole.farther_minutes), (10, Some(10.0)));
        assert_eq!(whole.none_passing_people, 0);
        // 10, 0 and 15 minutes for 10, 20 and 40 people.
        let mean = (10.0 * 10.0 + 15.0 * 40.0) / 70.0;
        assert!((whole.mean_minutes.unwrap() - mean).abs() < 1e-9);
        assert_eq!((whole.median_minutes, whole.p90_minutes), (Some(15.0), Some(15.0)));
        assert_eq!(
            (whole.unweighted_median_minutes, whole.unweighted_mean_minutes),
            (Some(10.0), Some(25.0 / 3.0))
        );
        let groups = parts(&standard, &told, By::Group);
        let aged = groups.iter().find(|part| part.key == "aged65").unwrap();
        assert_eq!((aged.figures.people, aged.figures.within), (3, 3));
        let keys = parts(&standard, &told, By::Decile).into_iter().map(|part| part.key);
        assert_eq!(keys.collect::<Vec<_>>(), ["01", "10", "unknown"]);
    }
}
