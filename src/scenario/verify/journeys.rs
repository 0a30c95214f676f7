//! Rule 6 by plain counting: every zone, the sites that offer the care from west to east, no index.

use std::collections::BTreeMap;

use crate::access::{Centile, Group, Limit};
use crate::geography::Zone;
use crate::register::{Point, ServiceLine, SiteCode};
use crate::travel::{Missing, Mode, TravelTimes};

use super::{SLACK, Witness};

/// Moves that put too many of their own people beyond the limit, or someone too much farther away.
pub(super) fn breaches(witness: &Witness<'_>) -> Vec<String> {
    let mut by_line: BTreeMap<ServiceLine, Vec<&crate::scenario::Move>> = BTreeMap::new();
    for moved in &witness.proposal.moves {
        let line = witness.occupants.get(&moved.tenancy).and_then(|o| o.service_line);
        if let Some(line) = line.filter(|line| *line != ServiceLine::Support) {
            by_line.entry(line).or_default().push(moved);
        }
    }
    let mut found = Vec::new();
    for (line, moves) in by_line {
        match Counting::new(witness, line, &moves) {
            Some(counting) => {
                for moved in moves {
                    found.extend(counting.judge(moved));
                }
            }
            None => found.push(format!("nobody can tell how far people go for {line}")),
        }
    }
    found
}

struct Counting<'w> {
    witness: &'w Witness<'w>,
    /// Where the people of each site that is left live, and how many.
    people: BTreeMap<&'w SiteCode, Vec<(&'w Zone, f64)>>,
    limit: Limit,
    minutes_per_metre: f64,
    kept: Option<&'w TravelTimes>,
    worst: f64,
}

/// How people choose among sites.
struct Choosing {
    choices: usize,
    decay: f64,
    farthest: f64,
    minutes_per_metre: f64,
}

impl<'w> Counting<'w> {
    fn new(
        witness: &'w Witness<'w>,
        line: ServiceLine,
        moves: &[&'w crate::scenario::Move],
    ) -> Option<Self> {
        let figures = &witness.scenario.assumptions;
        let standard = witness.scenario.standards.iter().find(|s| {
            s.service_line == line && s.group == Group::Everyone && s.centile == Centile::Median
        });
        let (mode, limit) = if let Some(standard) = standard {
            (standard.mode, standard.limit)
        } else {
            let most = figures.value("journeys.limit_minutes").ok()?;
            (Mode::PublicTransport, Limit::Minutes(most))
        };
        let (detour, speed) = witness.pace(mode)?;
        let mut codes: Vec<&SiteCode> = witness
            .occupants
            .values()
            .filter(|occupant| occupant.service_line == Some(line))
            .map(|occupant| &occupant.site)
            .collect();
        codes.sort();
        codes.dedup();
        let mut sites: Vec<(&SiteCode, Point)> = codes
            .into_iter()
            .filter_map(|code| Some((code, witness.site(code)?.location()?)))
            .collect();
        sites.sort_by(|a, b| a.1.easting().total_cmp(&b.1.easting()));
        let choices = figures.value("journeys.choices").ok()?.clamp(1.0, 50.0).round();
        let choosing = Choosing {
            choices: (1_u8..=50).find(|n| f64::from(*n) >= choices).map_or(50, usize::from),
            decay: figures.value("journeys.decay").ok()?,
            farthest: figures.value("journeys.catchment_metres").ok()?,
            minutes_per_metre: detour / speed,
        };
        let mut people: BTreeMap<&SiteCode, Vec<(&Zone, f64)>> =
            moves.iter().map(|moved| (&moved.from, Vec::new())).collect();
        for zone in witness.estate.geography.zones.iter() {
            for (code, share) in choosing.shares(&sites, zone.point) {
                if let Some(own) = people.get_mut(code) {
                    own.push((zone, share * f64::from(zone.residents)));
                }
            }
        }
        Some(Self {
            witness,
            people,
            limit,
            minutes_per_metre: detour / speed,
            kept: match limit {
                Limit::Minutes(_) => witness.estate.geography.times(mode).map(AsRef::as_ref),
                Limit::Metres(_) => None,
            },
            worst: figures.value("journeys.worst_increase_minutes").ok()?,
        })
    }

    fn judge(&self, moved: &crate::scenario::Move) -> Option<String> {
        let from = self.witness.site(&moved.from)?.location()?;
        let to = self.witness.site(&moved.to)?.location()?;
        let (mut people, mut beyond_before, mut beyond_after, mut worst) = (0.0, 0.0, 0.0, 0.0_f64);
        let tenancy = &moved.tenancy;
        for (home, own) in self.people.get(&moved.from)? {
            let before = self.journey(home, (&moved.from, from));
            let after = self.journey(home, (&moved.to, to));
            let (Some(before), Some((after, false))) = (before, after) else {
                return Some(format!("nobody can tell how far {} is from {tenancy}", home.code));
            };
            people += own;
            beyond_before += if self.is_beyond(before) { *own } else { 0.0 };
            beyond_after += if self.is_beyond((after, false)) { *own } else { 0.0 };
            worst = worst.max((after - before.0) * self.per_unit());
        }
        if people <= 0.0 {
            return Some(format!("nobody knows who uses {tenancy}"));
        }
        let most = self.witness.scenario.journey_share_beyond.max(beyond_before / people);
        let share = beyond_after / people;
        if share > most + SLACK {
            return Some(format!(
                "{:.1} % of the people of {tenancy} would be beyond the limit, and {:.1} % may",
                share * 100.0,
                most * 100.0
            ));
        }
        if worst > self.worst + SLACK {
            return Some(format!(
                "someone's journey to {tenancy} grows by {worst:.1} minutes, and {:.1} may be",
                self.worst
            ));
        }
        if moved.share_beyond.is_none_or(|said| (said - share).abs() > SLACK) {
            return Some(format!(
                "the share of people beyond the limit of {tenancy} is {share:.4}, not as said"
            ));
        }
        None
    }

    /// How far it is, in minutes where minutes are kept and in straight-line metres else, and whether it is known only to
    /// be farther than was looked for. `None` where nobody can tell.
    fn journey(&self, home: &Zone, (code, at): (&SiteCode, Point)) -> Option<(f64, bool)> {
        let Some(kept) = self.kept else { return Some((home.point.metres_to(at), false)) };
        let (row, column) = (kept.zone_index(&home.code)?, kept.site_index(code)?);
        if let Some(made_for) = &kept.made_for {
            let is_there =
                |was: Option<&Point>, is: Point| was.is_some_and(|was| was.metres_to(is) <= 1.0);
            if !is_there(made_for.zones.get(row), home.point)
                || !is_there(made_for.sites.get(column), at)
            {
                return None;
            }
        }
        if let Some(minutes) = kept.minutes(row, column) {
            return Some((minutes.0, false));
        }
        let most = if let Limit::Minutes(most) = self.limit { most } else { f64::INFINITY };
        match kept.why_missing(row, column)? {
            Missing::Unreachable => Some((kept.limit.0, true)),
            Missing::BeyondLimit if kept.limit.0 >= most => Some((kept.limit.0, true)),
            _ => None,
        }
    }

    /// Minutes of one unit of a journey.
    fn per_unit(&self) -> f64 {
        if self.kept.is_some() { 1.0 } else { self.minutes_per_metre }
    }

    fn is_beyond(&self, (far, is_farther): (f64, bool)) -> bool {
        is_farther
            || match self.limit {
                Limit::Minutes(most) => far * self.per_unit() > most + SLACK,
                Limit::Metres(most) => far > most,
            }
    }
}

impl Choosing {
    /// The sites that people at a place go to, and the part of them that goes to each.
    fn shares<'c>(&self, sites: &[(&'c SiteCode, Point)], at: Point) -> Vec<(&'c SiteCode, f64)> {
        let mut near = self.nearest(sites, at);
        let nearest = near.iter().map(|(metres, _)| *metres).fold(f64::INFINITY, f64::min);
        near.retain(|(metres, _)| *metres <= self.farthest.max(nearest));
        let pull = |metres: f64| (metres * self.minutes_per_metre + 1.0).powf(-self.decay);
        let all: f64 = near.iter().map(|(metres, _)| pull(*metres)).sum();
        near.into_iter().map(|(metres, code)| (code, pull(metres) / all)).collect()
    }

    /// The nearest sites of those sorted by easting, ties by code: outwards to both sides, until what is left is farther
    /// off to the east or west alone than the last of them is.
    fn nearest<'c>(&self, sites: &[(&'c SiteCode, Point)], at: Point) -> Vec<(f64, &'c SiteCode)> {
        let mut near: Vec<(f64, &SiteCode)> = Vec::with_capacity(self.choices + 1);
        let middle = sites.partition_point(|(_, point)| point.easting() < at.easting());
        let (west, east) = sites.split_at(middle);
        let (mut west, mut east) = (west.iter().rev().peekable(), east.iter().peekable());
        let off = |site: Option<&&(&'c SiteCode, Point)>| {
            site.map_or(f64::INFINITY, |(_, point)| (point.easting() - at.easting()).abs())
        };
        loop {
            let (to_west, to_east) = (off(west.peek()), off(east.peek()));
            let is_done = near.len() >= self.choices
                && near.last().is_some_and(|(metres, _)| {
                    to_west.min(to_east) > metres * (1.0 + 1e-12) + 1e-9
                });
            if is_done {
                return near;
            }
            let next = if to_west < to_east { west.next() } else { east.next() };
            let Some((code, point)) = next.or_else(|| west.next()) else { return near };
            let found = (at.metres_to(*point), *code);
            let place = near.partition_point(|held| {
                held.0.total_cmp(&found.0).then_with(|| held.1.cmp(found.1)).is_lt()
            });
            if place < self.choices {
                near.insert(place, found);
                near.truncate(self.choices);
            }
        }
    }
}
