//! Access as the pages and the API tell it: worked out once for each register version and set of standards.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::Utc;

use super::app::App;
use super::estate::Estate;
use super::problem::Problem;
use crate::access::{Area, AreaAssessment, Closing, LineShortfall, Shortfall, Standard};
use crate::config;
use crate::export::access::AtVersion;
use crate::export::{self, Table};
use crate::register::{Field, ReferenceKind, Site};
use crate::scenario::AccessToday;
use crate::store::ChangeSetHeader;

/// Versions a trend shows at most: each is replayed from the first the first time it is asked for.
const VERSIONS_SHOWN: usize = 6;
/// Newest versions a trend is picked from.
const VERSIONS_LOOKED_AT: usize = 1_000;
/// Assessments of earlier versions kept in memory.
const TRENDS_KEPT: usize = 64;

/// A register's access, and the areas asked of it so far.
pub(crate) struct Reached {
    /// The standards and their assessments.
    pub(crate) today: AccessToday,
    areas: Mutex<BTreeMap<Area, Arc<Shortfall>>>,
}

/// What each standard made of an earlier version: each area by code, or `None` where it offered nothing of the line.
type Told = Arc<Vec<Option<BTreeMap<Area, AreaAssessment>>>>;

/// Kept on an estate: the standards it was worked out for, and the result.
#[derive(Default)]
pub(crate) struct Held(Mutex<Option<Arc<Reached>>>);

/// Trends worked out so far, by version, zones and standards.
#[derive(Default)]
pub(crate) struct Trends(Mutex<BTreeMap<(u64, String), Told>>);

impl Reached {
    /// An area's shortfall.
    pub(crate) fn shortfall(&self, estate: &Estate, area: &Area) -> Arc<Shortfall> {
        let held = || self.areas.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = held().get(area).cloned() {
            return found;
        }
        let zones = &estate.snapshot.geography.zones;
        let found = Arc::new(self.today.shortfall(area, zones));
        held().insert(area.clone(), Arc::clone(&found));
        found
    }

    /// The reading of each service line in an area.
    pub(crate) fn readings(&self, estate: &Estate, area: &Area) -> Vec<Standard> {
        self.today.readings(area, &estate.snapshot.geography.zones)
    }

    /// The statement of an area: its lines with what would close the gap, and the lines without a standard.
    pub(crate) fn statement_table(&self, estate: &Estate, area: &Area) -> Table {
        let lines = self.statement(estate, area);
        export::access::statement(&lines, &estate.snapshot.geography.zones)
    }

    /// Each line of an area with what would close its gap.
    pub(crate) fn statement(&self, estate: &Estate, area: &Area) -> Vec<(LineShortfall, Closing)> {
        let shortfall = self.shortfall(estate, area);
        let close = |line: &LineShortfall| (line.clone(), self.today.closing(line));
        shortfall.lines.iter().map(close).collect()
    }

    /// What to fix first for the people of an area.
    pub(crate) fn league(&self, estate: &Estate, area: &Area) -> Table {
        export::access::league(&self.today, &self.shortfall(estate, area), estate.register())
    }

    /// What to survey first for the people of an area.
    pub(crate) fn survey(&self, estate: &Estate, area: &Area) -> Table {
        export::access::survey(&self.today, &self.shortfall(estate, area), estate.register())
    }

    /// The standards as written that speak of an area, then the readings that are not among them, each assessed there.
    pub(crate) fn standards_in(
        &self,
        estate: &Estate,
        area: &Area,
    ) -> Vec<(Standard, AreaAssessment)> {
        let own = self.today.standards.iter().zip(&self.today.assessments);
        let zones = &estate.snapshot.geography.zones;
        // Of boards and wards there is no assessment yet.
        let is_part = matches!(area, Area::Icb(_) | Area::Ward(_));
        let there = is_part.then(|| zones.of(|zone| area.holds(zone)));
        let own = own.filter_map(|(standard, told)| {
            let found = std::iter::once(&told.total).chain(&told.boroughs);
            if let Some(found) = found.into_iter().find(|told| told.area == *area) {
                return Some((standard.clone(), found.clone()));
            }
            let there = there.as_ref().filter(|_| standard.area.covers(area, zones))?;
            let told = self.today.parted(standard, there, "", &[])?;
            let found = AreaAssessment { area: area.clone(), name: area.name(zones), ..told.whole };
            Some((standard.clone(), found))
        });
        let shortfall = self.shortfall(estate, area);
        let read = shortfall
            .lines
            .iter()
            .filter(|line| !self.today.standards.contains(&line.standard))
            .map(|line| (line.standard.clone(), line.assessed.clone()));
        own.chain(read.collect::<Vec<_>>()).collect()
    }

    /// What a standard goes by in addresses. A reading for disabled residents has the key of the standard it reads.
    pub(crate) fn id_of(&self, standard: &Standard) -> String {
        if self.today.standards.contains(standard) {
            standard.key.clone()
        } else {
            format!("{}:disabled", standard.key)
        }
    }

    /// The standard asked for among those that speak of an area; else the first there of which anything is known.
    pub(crate) fn standard_in(
        &self,
        estate: &Estate,
        area: &Area,
        asked: &str,
    ) -> Result<Standard, Problem> {
        let there = self.standards_in(estate, area);
        if asked.is_empty() {
            let is_known = |told: &AreaAssessment| told.within + told.beyond > 0;
            let found = there.iter().find(|(_, told)| is_known(told)).or(there.first());
            let found = found.map(|(standard, _)| standard.clone());
            return found.ok_or_else(|| Problem::not_found("access standard in force here"));
        }
        let ids: Vec<String> = there.iter().map(|(standard, _)| self.id_of(standard)).collect();
        // A reading asked for by another area's standard is this area's reading of the same service line.
        let key = asked.strip_suffix(":disabled");
        let line = key.and_then(|key| self.today.standards.iter().find(|known| known.key == key));
        let is_read = |(standard, id): &(&Standard, &String)| {
            id.ends_with(":disabled")
                && line.is_some_and(|line| line.service_line == standard.service_line)
        };
        let named = || there.iter().map(|(standard, _)| standard).zip(&ids);
        let found = named().find(|(_, id)| **id == asked).or_else(|| named().find(is_read));
        found.map(|(standard, _)| standard.clone()).ok_or_else(|| {
            Problem::invalid("standard", format!("standard is one of {}", ids.join(", ")))
        })
    }
}

impl App {
    /// An estate's access.
    pub(crate) fn reached(&self, estate: &Estate) -> Result<Arc<Reached>, Problem> {
        let standards = self.store.standards(&self.scope())?.in_force(Utc::now().date_naive());
        let held = || estate.reached.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(reached) =
            held().as_ref().filter(|reached| reached.today.standards == standards)
        {
            return Ok(Arc::clone(reached));
        }
        // Not under the lock, as with the estate itself.
        let figures = config::assumptions().map_err(Problem::internal)?;
        let geography = &estate.snapshot.geography;
        let bases = config::team_bases().map_err(Problem::internal)?;
        let rules = (&self.gate_rules, &bases);
        let today = AccessToday::new(estate.register(), geography, standards, figures, rules)
            .map_err(Problem::internal)?;
        let reached = Arc::new(Reached { today, areas: Mutex::default() });
        *held() = Some(Arc::clone(&reached));
        Ok(reached)
    }

    /// How an area stood at a few versions, oldest first, the newest among them: the estate of each version, today's
    /// zones and standards.
    pub(crate) fn trend(&self, estate: &Estate, area: &Area) -> Result<Vec<AtVersion>, Problem> {
        let newest = self.reached(estate)?;
        let sets = self.store.change_sets(&self.scope(), VERSIONS_LOOKED_AT)?;
        let mut told = Vec::new();
        for set in spread(&sets, estate.version()) {
            let at_version = if set.id == estate.version() {
                Arc::new(by_area(&newest.today))
            } else {
                self.told_at(estate, &newest, set.id)?
            };
            let of_area = at_version.iter().map(|areas| areas.as_ref()?.get(area).cloned());
            told.push(AtVersion { version: set.id, on: set.at.date(), told: of_area.collect() });
        }
        Ok(told)
    }

    fn told_at(&self, estate: &Estate, newest: &Reached, version: u64) -> Result<Told, Problem> {
        let zones_hash = estate.register().reference(ReferenceKind::Zones).map(|r| r.hash.clone());
        let asked = format!("{zones_hash:?} {:?}", newest.today.standards);
        let key = (version, crate::geography::sha256(asked.as_bytes()));
        let held = || self.trends.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = held().get(&key).cloned() {
            return Ok(found);
        }
        let snapshot = self.store.at_version(&self.scope(), version)?;
        let geography = &estate.snapshot.geography;
        let (standards, figures) = (newest.today.standards.clone(), newest.today.figures.clone());
        let bases = config::team_bases().map_err(Problem::internal)?;
        let rules = (&self.gate_rules, &bases);
        let then = AccessToday::new(&snapshot.register, geography, standards, figures, rules)
            .map_err(Problem::internal)?;
        let told = Arc::new(by_area(&then));
        let mut kept = held();
        if kept.len() >= TRENDS_KEPT {
            kept.pop_first();
        }
        kept.insert(key, Arc::clone(&told));
        Ok(told)
    }
}

fn by_area(today: &AccessToday) -> Vec<Option<BTreeMap<Area, AreaAssessment>>> {
    let one = |assessment: &crate::access::Assessment| {
        today.offering(assessment.standard.service_line).next()?;
        let areas = std::iter::once(&assessment.total).chain(&assessment.boroughs);
        Some(areas.map(|told| (told.area.clone(), told.clone())).collect())
    };
    today.assessments.iter().map(one).collect()
}

/// Versions evenly over the history, the first and the newest among them.
fn spread(sets: &[ChangeSetHeader], newest: u64) -> Vec<&ChangeSetHeader> {
    let mut sets: Vec<&ChangeSetHeader> = sets.iter().filter(|set| set.id <= newest).collect();
    sets.sort_by_key(|set| set.id);
    let last = sets.len().saturating_sub(1);
    if sets.len() <= VERSIONS_SHOWN {
        return sets;
    }
    let steps = VERSIONS_SHOWN - 1;
    let picked = (0..=steps).map(|step| (step * last).div_euclid(steps));
    picked.filter_map(|at| sets.get(at).copied()).collect()
}

/// Sites in an area, by code, that are open or unoccupied.
pub(crate) fn sites_in<'a>(estate: &'a Estate, borough: &'a str) -> impl Iterator<Item = &'a Site> {
    estate.standing().filter(move |site| site.text(Field::BoroughCode) == Some(borough))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_history_is_shown_by_a_few_versions_from_first_to_newest() {
        let header = |id| ChangeSetHeader {
            id,
            author: String::new(),
            at: chrono::NaiveDate::default().and_hms_opt(0, 0, 0).unwrap(),
            source: String::new(),
            reason: String::new(),
            changes: 1,
            hash: String::new(),
        };
        let ids = |count: u64| -> Vec<u64> {
            let sets: Vec<_> = (1..=count).rev().map(header).collect();
            spread(&sets, count).iter().map(|set| set.id).collect()
        };
        assert_eq!(ids(3), [1, 2, 3]);
        assert_eq!(ids(101), [1, 21, 41, 61, 81, 101]);
        assert_eq!(ids(0), Vec::<u64>::new());
    }
}
