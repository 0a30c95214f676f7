//! The one door to minutes: what is kept for a mode where there is anything, straight lines else.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Exception, MadeFor, Maker, Missing, Mode, StraightLine, TravelTimes, straight_line};
use crate::geography::Geography;
use crate::register::{Minutes, Point, SiteCode};

/// What a limit is measured in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Measure {
    /// Minutes by the mode, whoever made them.
    Minutes,
    /// Minutes that nine departures in ten are no worse than: only a timetable has any.
    LateMinutes,
    /// Straight-line metres: minutes by street have nothing to say to them.
    StraightMetres,
}

/// What minutes are wanted for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wanted {
    /// How people travel.
    pub mode: Mode,
    /// What they are held against.
    pub measure: Measure,
    /// How far straight lines are to be drawn; minutes that are kept say themselves how far they reach.
    pub limit: Minutes,
}

/// Minutes by way of travelling and of measuring.
pub type TimesByWay = BTreeMap<(Mode, Measure), Arc<TravelTimes>>;

/// How far a place may have moved before minutes made for it are not its own any more.
const MOVED: f64 = 1.0;

/// The best minutes there are: those kept with the register, made by street, by timetable or by a router; else straight
/// lines. Straight lines too for a limit in straight-line metres. The maker is said on the answer.
///
/// A site that has moved since, or is new, and a zone likewise, is *not computed*: its people are undetermined, not
/// beyond, until the minutes are made again.
pub fn best_times(
    geography: &Geography,
    sites: &[(SiteCode, Point)],
    wanted: Wanted,
    pace: StraightLine,
) -> Arc<TravelTimes> {
    let kept = match wanted.measure {
        Measure::Minutes => geography.times(wanted.mode),
        Measure::LateMinutes => geography.late_times(wanted.mode),
        Measure::StraightMetres => None,
    };
    if let Some(kept) = kept {
        return still_true(kept, geography, sites);
    }
    let Wanted { mode, limit, .. } = wanted;
    Arc::new(straight_line(&geography.zones, sites, mode, limit, pace))
}

/// The same for a standard. Step-free ways by timetable that are not kept are *not computed*: a straight line says
/// nothing of steps at stops and into vehicles. Nor does it of how late the worst departures are.
pub fn judging_times(
    geography: &Geography,
    sites: &[(SiteCode, Point)],
    wanted: Wanted,
    pace: StraightLine,
) -> Arc<TravelTimes> {
    let times = best_times(geography, sites, wanted, pace);
    if !is_beyond_a_line(wanted) || !matches!(times.maker, Maker::StraightLine { .. }) {
        return times;
    }
    let rows = vec![Vec::new(); times.zones.len()];
    let (maker, absent) = (Maker::Nobody, Missing::NotComputed);
    Arc::new(TravelTimes { maker, rows, absent, ..TravelTimes::clone(&times) }.seal())
}

/// Who makes the minutes a standard is held against: the maker that [`judging_times`] says.
pub fn judging_maker(geography: &Geography, mode: Mode, pace: StraightLine) -> Maker {
    let wanted = Wanted { mode, measure: Measure::Minutes, limit: Minutes(0.0) };
    match geography.times(mode) {
        Some(kept) => kept.maker.clone(),
        None if is_beyond_a_line(wanted) => Maker::Nobody,
        None => Maker::from(pace),
    }
}

fn is_beyond_a_line(wanted: Wanted) -> bool {
    match wanted.measure {
        Measure::Minutes => wanted.mode == Mode::StepFreePublicTransport,
        Measure::LateMinutes => true,
        Measure::StraightMetres => false,
    }
}

/// The minutes kept for a mode, if any are; what is no longer true of them is *not computed*.
pub fn kept_times(
    geography: &Geography,
    sites: &[(SiteCode, Point)],
    mode: Mode,
) -> Option<Arc<TravelTimes>> {
    geography.times(mode).map(|kept| still_true(kept, geography, sites))
}

fn still_true(
    kept: &Arc<TravelTimes>,
    geography: &Geography,
    sites: &[(SiteCode, Point)],
) -> Arc<TravelTimes> {
    let Some(MadeFor { zones: from, sites: to }) = &kept.made_for else { return Arc::clone(kept) };
    let has_moved =
        |was: Option<&Point>, is: Point| was.is_none_or(|was| was.metres_to(is) > MOVED);
    let moved_sites: Vec<u32> = sites
        .iter()
        .filter_map(|(code, at)| Some((kept.site_index(code)?, *at)))
        .filter(|(column, at)| has_moved(to.get(*column), *at))
        .filter_map(|(column, _)| u32::try_from(column).ok())
        .collect();
    let moved_zones: Vec<usize> = geography
        .zones
        .iter()
        .filter_map(|zone| Some((kept.zone_index(&zone.code)?, zone.point)))
        .filter(|(row, at)| has_moved(from.get(*row), *at))
        .map(|(row, _)| row)
        .collect();
    if moved_sites.is_empty() && moved_zones.is_empty() {
        return Arc::clone(kept);
    }
    let mut held = TravelTimes::clone(kept);
    for row in held.rows.iter_mut().chain(&mut held.perhaps) {
        row.retain(|pair| !moved_sites.contains(&pair.site));
    }
    for zone in &moved_zones {
        for rows in [&mut held.rows, &mut held.perhaps] {
            if let Some(row) = rows.get_mut(*zone) {
                row.clear();
            }
        }
    }
    let is_stale = |zone: u32, site: u32| {
        moved_sites.contains(&site) || moved_zones.contains(&(zone as usize))
    };
    held.exceptions.retain(|exception| !is_stale(exception.zone, exception.site));
    for zone in 0..u32::try_from(held.zones.len()).unwrap_or(u32::MAX) {
        for site in 0..u32::try_from(held.sites.len()).unwrap_or(u32::MAX) {
            if is_stale(zone, site) {
                held.exceptions.push(Exception { zone, site, why: Missing::NotComputed });
            }
        }
    }
    Arc::new(held.seal())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geography::{Zone, Zones};

    #[test]
    fn step_free_ways_by_timetable_are_never_straight_lines() {
        let at = |x: f64| Point::new(x, 0.0).unwrap();
        let zones = Zones::new(Zones::empty().evidence, vec![Zone::plain("E01", at(0.0), 1)]);
        let geography = Geography { zones: Arc::new(zones), ..Geography::default() };
        let sites = [("S01".parse::<SiteCode>().unwrap(), at(100.0))];
        let pace = StraightLine::new(1.0, 80.0).unwrap();
        let told = |mode, measure| {
            let wanted = Wanted { mode, measure, limit: Minutes(30.0) };
            judging_times(&geography, &sites, wanted, pace).why_missing(0, 0)
        };

        let step_free = Mode::StepFreePublicTransport;
        assert_eq!(told(step_free, Measure::Minutes), Some(Missing::NotComputed));
        assert_eq!(told(step_free, Measure::StraightMetres), None, "metres are metres");
        for mode in Mode::ALL {
            let wanted = Wanted { mode, measure: Measure::Minutes, limit: Minutes(30.0) };
            let judging = &judging_times(&geography, &sites, wanted, pace).maker;
            assert_eq!(judging_maker(&geography, mode, pace), *judging, "{mode:?}");
        }
        assert_eq!(told(Mode::PublicTransport, Measure::Minutes), None);
        let late = told(Mode::PublicTransport, Measure::LateMinutes);
        assert_eq!(late, Some(Missing::NotComputed), "how late buses are no line knows");
    }

    #[test]
    fn a_site_that_has_moved_is_not_computed_and_the_others_stay() {
        let at = |x: f64| Point::new(x, 0.0).unwrap();
        let code = |text: &str| text.parse::<SiteCode>().unwrap();
        let zones = vec![Zone::plain("E01", at(0.0), 1), Zone::plain("E02", at(50.0), 1)];
        let zones = Zones::new(Zones::empty().evidence, zones);
        let sites = [(code("S01"), at(100.0)), (code("S02"), at(200.0))];
        let pace = StraightLine::new(1.0, 80.0).unwrap();
        let mut kept = straight_line(&zones, &sites, Mode::Walk, Minutes(30.0), pace);
        kept.made_for = Some(MadeFor {
            zones: zones.iter().map(|zone| zone.point).collect(),
            sites: sites.iter().map(|(_, at)| *at).collect(),
        });
        let mut geography = Geography { zones: Arc::new(zones), ..Geography::default() };
        geography.times.insert(Mode::Walk.kept_as(), Arc::new(kept.seal()));
        let wanted = |measure| Wanted { mode: Mode::Walk, measure, limit: Minutes(1.0) };

        let same = best_times(&geography, &sites, wanted(Measure::Minutes), pace);
        let moved = [(code("S01"), at(100.0)), (code("S02"), at(900.0))];
        let after = best_times(&geography, &moved, wanted(Measure::Minutes), pace);
        let metres = best_times(&geography, &moved, wanted(Measure::StraightMetres), pace);

        assert!(Arc::ptr_eq(&same, geography.times(Mode::Walk).unwrap()));
        assert_eq!(after.minutes(0, 0), Some(Minutes(1.25)));
        assert_eq!(after.why_missing(0, 1), Some(Missing::NotComputed));
        assert_ne!(after.hash, same.hash);
        assert_eq!(metres.limit, Minutes(1.0), "straight-line metres are drawn anew");
    }
}
