//! Minutes from straight-line distance: an approximation that needs no street network, and says so.

use std::{panic, thread};

use super::{Maker, Missing, Mode, Pair, TravelTimes};
use crate::geography::{SiteIndex, Zone, Zones};
use crate::register::{Assumptions, Minutes, MissingAssumption, Point, SiteCode};

/// Metres x detour ÷ pace. Both are finite and above zero.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StraightLine {
    detour: f64,
    metres_per_minute: f64,
}

/// A pace nobody can travel at.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum UnusablePace {
    /// The set does not say.
    #[error(transparent)]
    Missing(#[from] MissingAssumption),
    /// Zero, negative or not a number.
    #[error("a detour of {detour} at {metres_per_minute} metres a minute is no way to travel")]
    Impossible {
        /// Network metres per straight-line metre.
        detour: f64,
        /// Metres a minute.
        metres_per_minute: f64,
    },
}

impl StraightLine {
    /// A detour below 1 is taken: a user may mean a figure that holds it already.
    pub fn new(detour: f64, metres_per_minute: f64) -> Result<Self, UnusablePace> {
        let is_usable = |figure: f64| figure.is_finite() && figure > 0.0;
        if is_usable(detour) && is_usable(metres_per_minute) {
            Ok(Self { detour, metres_per_minute })
        } else {
            Err(UnusablePace::Impossible { detour, metres_per_minute })
        }
    }

    /// By the figures `travel.MODE.detour` and `travel.MODE.metres_per_minute` of an assumption set.
    pub fn of(mode: Mode, assumptions: &Assumptions) -> Result<Self, UnusablePace> {
        let figure = |name: &str| assumptions.value(&format!("travel.{}.{name}", mode.key()));
        Self::new(figure("detour")?, figure("metres_per_minute")?)
    }

    /// Network metres per straight-line metre, and metres a minute.
    pub(super) fn figures(self) -> (f64, f64) {
        (self.detour, self.metres_per_minute)
    }

    /// Minutes for a distance. Never decreases with distance, rounding included: whoever is at most as far as a limit
    /// in metres is also within that limit in minutes.
    pub fn minutes(self, metres: f64) -> Minutes {
        Minutes(metres * self.detour / self.metres_per_minute)
    }

    /// A radius that holds every place within so many minutes, a breath more than rounding can take.
    pub(crate) fn radius(self, limit: Minutes) -> f64 {
        limit.0 * self.metres_per_minute / self.detour * (1.0 + 1e-9)
    }
}

impl From<StraightLine> for Maker {
    fn from(pace: StraightLine) -> Self {
        let StraightLine { detour, metres_per_minute } = pace;
        Self::StraightLine { detour, metres_per_minute }
    }
}

/// Minutes from every zone to the sites within the limit, exactly at the limit included. Of sites with one code the
/// first counts.
pub fn straight_line(
    zones: &Zones,
    sites: &[(SiteCode, Point)],
    mode: Mode,
    limit: Minutes,
    pace: StraightLine,
) -> TravelTimes {
    let index = SiteIndex::from_points(sites.iter().cloned());
    let row = |zone: &Zone| -> Vec<Pair> {
        let near = index.places_within(zone.point, pace.radius(limit));
        near.map(|(site, metres)| Pair { site, minutes: pace.minutes(metres) })
            .filter(|pair| pair.minutes.0 <= limit.0)
            .collect()
    };
    TravelTimes {
        mode,
        maker: pace.into(),
        limit,
        zones: zones.iter().map(|zone| zone.code.clone()).collect(),
        sites: index.iter().map(|(code, _)| code.clone()).collect(),
        rows: side_by_side(zones.as_slice(), row),
        absent: Missing::BeyondLimit,
        exceptions: Vec::new(),
        perhaps: Vec::new(),
        made_for: None,
        hash: String::new(),
    }
    .seal()
}

/// With fewer zones than this a second thread costs more than it saves.
const FEW_ZONES: usize = 500;

/// One answer a zone, in order, worked out by as many threads as there are cores.
fn side_by_side(zones: &[Zone], row: impl Fn(&Zone) -> Vec<Pair> + Sync) -> Vec<Vec<Pair>> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    if cores == 1 || zones.len() < FEW_ZONES {
        return zones.iter().map(row).collect();
    }
    let row = &row;
    thread::scope(|scope| {
        let parts = zones.chunks(zones.len().div_ceil(cores));
        let parts = parts.map(|part| scope.spawn(move || part.iter().map(row).collect::<Vec<_>>()));
        let parts: Vec<_> = parts.collect();
        parts
            .into_iter()
            .flat_map(|part| part.join().unwrap_or_else(|fault| panic::resume_unwind(fault)))
            .collect()
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn zones(points: &[Point]) -> Zones {
        let zones = points.iter().enumerate();
        let zones = zones.map(|(n, point)| Zone::plain(&format!("E{n:03}"), *point, 1)).collect();
        Zones::new(Zones::empty().evidence, zones)
    }

    fn sites(points: &[Point]) -> Vec<(SiteCode, Point)> {
        let code = |n: usize| format!("S{:03}", 999 - n).parse().unwrap();
        points.iter().enumerate().map(|(n, point)| (code(n), *point)).collect()
    }

    fn at(east: f64, north: f64) -> Point {
        Point::new(east, north).unwrap()
    }

    #[test]
    fn exactly_at_the_limit_is_in_reach_and_a_step_further_is_not() {
        let zones = zones(&[at(0.0, 0.0)]);
        // 3-4-5: 1,600 m, and a millimetre more.
        let sites = sites(&[at(960.0, 1_280.0), at(0.0, 1_600.001)]);
        for (detour, pace) in [(1.0, 80.0), (1.3, 80.467_2), (1.1, 73.3), (1.7, 61.9)] {
            let pace = StraightLine::new(detour, pace).unwrap();

            let times = straight_line(&zones, &sites, Mode::Walk, pace.minutes(1_600.0), pace);

            let near = times.site_index(&sites[0].0).unwrap();
            let far = times.site_index(&sites[1].0).unwrap();
            assert!(times.minutes(0, near).is_some(), "{pace:?}");
            assert_eq!(times.why_missing(0, far), Some(Missing::BeyondLimit));
            assert_eq!(times.why_missing(0, near), None);
            assert_eq!(times.why_missing(1, near), Some(Missing::NotComputed));
        }
    }

    #[test]
    fn a_pace_nobody_has_is_refused() {
        for (detour, pace) in [(0.0, 80.0), (1.3, 0.0), (1.3, -80.0), (f64::NAN, 80.0)] {
            assert!(StraightLine::new(detour, pace).is_err());
        }
        let empty =
            Assumptions { name: "none".to_owned(), figures: std::collections::BTreeMap::new() };
        let missing = StraightLine::of(Mode::Drive, &empty).unwrap_err();
        assert!(missing.to_string().contains("travel.drive.detour"), "{missing}");
    }

    proptest! {
        #[test]
        fn every_pair_within_the_limit_and_no_other_is_there_nearest_first_ties_by_code(
            from in prop::collection::vec((0_u16..10, 0_u16..10), 0..8),
            to in prop::collection::vec((0_u16..10, 0_u16..10), 0..25),
            limit in 0_u16..12,
        ) {
            let place = |(x, y): &(u16, u16)| at(f64::from(*x) * 80.0, f64::from(*y) * 80.0);
            let zones = zones(&from.iter().map(place).collect::<Vec<_>>());
            let mut sites = sites(&to.iter().map(place).collect::<Vec<_>>());
            let pace = StraightLine::new(1.0, 80.0).unwrap();
            let limit = Minutes(f64::from(limit));

            let times = straight_line(&zones, &sites, Mode::Walk, limit, pace);

            for (zone, row) in zones.iter().zip(&times.rows) {
                let told: Vec<(SiteCode, f64)> = row
                    .iter()
                    .map(|pair| (times.sites[pair.site as usize].clone(), pair.minutes.0))
                    .collect();
                let mut plain: Vec<(SiteCode, f64)> = sites
                    .iter()
                    .map(|(code, point)| (code.clone(), point.metres_to(zone.point) / 80.0))
                    .filter(|(_, minutes)| *minutes <= limit.0)
                    .collect();
                plain.sort_by(|a, b| a.1.partial_cmp(&b.1).unwrap().then(a.0.cmp(&b.0)));
                prop_assert_eq!(told, plain);
            }
            sites.reverse();
            let again = straight_line(&zones, &sites, Mode::Walk, limit, pace);
            prop_assert_eq!(&again, &times);
            let other = straight_line(&zones, &sites, Mode::Drive, limit, pace);
            prop_assert_ne!(other.hash, times.hash);
        }
    }
}
