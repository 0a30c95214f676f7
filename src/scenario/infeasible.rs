//! Why no plan exists, in a sentence a planner can repeat: what cannot be had, and the least that would have to give.

use std::collections::BTreeMap;

use solver::{Clash, Explanation, Family, Given, Obstacle, Problem, Relaxation, Settings, Watch};

use super::encode::{Key, KeyGroup, KeyLimit, encode_on};
use super::ground::{Ground, Reading};
use super::{LockKind, ScenarioError};

/// More names than this in one breath are counted.
const NAMED: usize = 3;

/// The sentence, then what each clashing rule could reach, what alone would help, and what needed no search to be seen.
pub(super) fn told(
    ground: &Ground<'_>,
    (problem, key): (&Problem, &Key),
    settings: &Settings,
    watch: &mut dyn Watch,
) -> Result<Vec<String>, ScenarioError> {
    // With locks to stay open as rules, so that they can be named. Should that leave a plan, they are all that clashes.
    if ground.scenario.locks.iter().any(|lock| lock.kind == LockKind::Keep) {
        let reading = Reading { keep_locks_can_bend: true, ..ground.reading };
        let bent = Ground::read(ground.estate, ground.scenario, ground.rules, reading)?;
        let (problem, key) = encode_on(&bent)?;
        let found = solver::explain_infeasible(&problem, settings, watch);
        if !found.clash.is_empty() {
            return Ok(Words { ground: &bent, problem: &problem, key: &key }.all(&found));
        }
    }
    let found = solver::explain_infeasible(problem, settings, watch);
    Ok(Words { ground, problem, key }.all(&found))
}

/// The clashing rules and the cheapest ways out, in a sentence: also of a choice that cannot be taken the other way.
pub(super) fn sentence(
    ground: &Ground<'_>,
    problem: &Problem,
    key: &Key,
    found: &Explanation,
) -> String {
    Words { ground, problem, key }.sentence(found)
}

struct Words<'a> {
    ground: &'a Ground<'a>,
    problem: &'a Problem,
    key: &'a Key,
}

impl Words<'_> {
    fn all(&self, found: &Explanation) -> Vec<String> {
        let sentence = self.sentence(found);
        let obstacles = found.obstacles.iter().map(|obstacle| self.obstacle(obstacle));
        let mut words: Vec<String> = obstacles.filter(|words| *words != sentence).collect();
        words.insert(0, sentence);
        let rules: Vec<String> = found
            .clash
            .iter()
            .map(|clash| {
                if clash.rows.is_empty() {
                    family(&clash.family).to_owned()
                } else {
                    format!("{} ({})", family(&clash.family), listed(&self.named(clash), "; "))
                }
            })
            .collect();
        if !rules.is_empty() {
            words.push(format!("These rules cannot all be kept: {}.", rules.join(" and ")));
        }
        for nearest in &found.attainable {
            let Some(reached) = nearest.reached else { continue };
            let side = if nearest.is_floor { "at most" } else { "at least" };
            let reached = self.figure(&nearest.family, &nearest.name, reached);
            words.push(format!(
                "{}: {side} {reached} while every other rule is kept.",
                capitalised(&nearest.name)
            ));
        }
        if !found.cures.is_empty() {
            let cures: Vec<&str> = found.cures.iter().map(family).collect();
            words.push(format!(
                "Giving up any one of these would leave a plan: {}.",
                cures.join(", ")
            ));
        }
        if !found.is_proved {
            words.push(
                "The search for the clash ran out of time: it may name more than is needed."
                    .to_owned(),
            );
        }
        words
    }

    fn sentence(&self, found: &Explanation) -> String {
        let asked: Vec<String> = found.clash.iter().map(|clash| self.asked(clash)).collect();
        if asked.is_empty() {
            let unplaced = found.obstacles.first().map(|obstacle| self.obstacle(obstacle));
            return unplaced.unwrap_or_else(|| {
                "Some tenancy has no place it could be in, whatever else is given up.".to_owned()
            });
        }
        let ways: Vec<String> = found.relaxations.iter().map(|way| self.way_out(way)).collect();
        let asked = listed(&asked, " and ");
        if ways.is_empty() {
            format!("No plan {asked}.")
        } else {
            format!("No plan {asked} unless {}.", ways.join(", or "))
        }
    }

    /// What a plan would have to do: `keeps 95 % of Camden …`, `closes Elm Road`.
    fn asked(&self, clash: &Clash) -> String {
        let phrases: Vec<String> = clash
            .rows
            .iter()
            .map(|row| match &clash.family {
                Family::Coverage => match self.group(row) {
                    Some(group) => format!(
                        "keeps {} of {} to the standard “{}”",
                        percent(group.share.min(group.today / group.people.max(1.0))),
                        group.borough,
                        group.standard
                    ),
                    None => format!("keeps {row}"),
                },
                Family::Locks => self.lock(row),
                Family::Room => format!("finds everybody the {row} they need"),
                Family::Together => format!("keeps {} together", self.tenancies(row)),
                Family::Limits(_) => match self.limit(row) {
                    Some(KeyLimit::Fund) => format!("brings {row}"),
                    Some(KeyLimit::Capital) => format!("stays within {row}"),
                    Some(KeyLimit::Closures(_) | KeyLimit::Inclusion(_)) => {
                        format!("keeps to {row:?}").replace('"', "")
                    }
                    Some(KeyLimit::Held(_)) | None => {
                        format!("keeps to what is asked of {row:?}").replace('"', "")
                    }
                },
            })
            .collect();
        if phrases.is_empty() {
            format!("keeps {}", family(&clash.family))
        } else {
            listed(&phrases, " and ")
        }
    }

    fn way_out(&self, way: &Relaxation) -> String {
        let phrases: Vec<String> =
            way.gives.iter().map(|given| self.gives(&way.family, given)).collect();
        if phrases.is_empty() {
            return format!("{} gives", family(&way.family));
        }
        listed(&phrases, " and ")
    }

    fn gives(&self, of: &Family, given: &Given) -> String {
        let to = given.given.unwrap_or_default();
        match of {
            Family::Coverage => match self.group(&given.name) {
                Some(group) => {
                    let share = (group.always + to) / group.people.max(1.0);
                    // Never rounded up to what cannot be had.
                    let share = (share * 1000.0).floor() / 1000.0;
                    format!("the share in {} is {}", group.borough, percent(share))
                }
                None => format!("{} is {to:.0}", given.name),
            },
            Family::Locks => match given.option.as_deref() {
                Some("dispose") => format!("{} may close", self.site(&given.name)),
                _ => format!("{} stays open", self.site(&given.name)),
            },
            Family::Room => {
                let more = to - given.asked.unwrap_or_default();
                format!("{} has {more:.0} m² more room", self.site(&given.name))
            }
            Family::Together => format!("{} may part", self.tenancies(&given.name)),
            Family::Limits(_) => {
                let figure = self.figure(of, &given.name, to);
                match self.limit(&given.name) {
                    Some(KeyLimit::Fund) => format!("the fund is at most {figure}"),
                    Some(KeyLimit::Capital) => format!("the capital is at least {figure}"),
                    Some(KeyLimit::Closures(borough)) => format!("{figure} may close in {borough}"),
                    Some(KeyLimit::Inclusion(borough)) => {
                        format!("no inclusion service stays in {borough}")
                    }
                    Some(KeyLimit::Held(_)) | None => format!("{} is {figure}", lower(&given.name)),
                }
            }
        }
    }

    fn obstacle(&self, obstacle: &Obstacle) -> String {
        match obstacle {
            Obstacle::Unplaceable { unit, locked } => {
                let mut words = format!(
                    "{} has nowhere to be: no site it could go to admits it with the room it needs",
                    capitalised(&self.tenancies(unit))
                );
                if !locked.is_empty() {
                    let sites: Vec<String> = locked.iter().map(|code| self.site(code)).collect();
                    words = format!("{words}, and {} is locked to close", listed(&sites, ", "));
                }
                format!("{words}.")
            }
            Obstacle::Apart { units } => {
                format!(
                    "{} must be together, and no one site can take them all.",
                    self.tenancies(&units.join(", "))
                )
            }
            Obstacle::Uncoverable { group, at_most, is_for_want_of_room, .. } => {
                match self.group(group) {
                    Some(known) => format!(
                        "{}: in {} no more than {} can be within, {}.",
                        known.standard,
                        known.borough,
                        percent((known.always + at_most) / known.people.max(1.0)),
                        if *is_for_want_of_room {
                            "even if nothing else mattered: the sites near enough have no room for all the services it takes"
                        } else {
                            "even if every service that may move were everywhere at once"
                        }
                    ),
                    None => format!("{group}: no more than {at_most:.0} can be within."),
                }
            }
            Obstacle::OutOfReach { family, limit, is_floor, at_best, .. } => {
                let side = if *is_floor { "at most" } else { "at least" };
                format!(
                    "{}: {side} {}, even if every choice is the best one for it alone.",
                    capitalised(limit),
                    self.figure(family, limit, *at_best)
                )
            }
        }
    }

    fn named(&self, clash: &Clash) -> Vec<String> {
        let name = |row: &String| match clash.family {
            Family::Locks => self.site(row),
            Family::Together => self.tenancies(row),
            _ => row.clone(),
        };
        clash.rows.iter().map(name).collect()
    }

    fn lock(&self, code: &str) -> String {
        let site = self.site(code);
        let lock = self.ground.scenario.locks.iter().find(|lock| lock.site.as_str() == code);
        match lock.map(|lock| lock.kind) {
            Some(LockKind::Keep) => format!("keeps {site} open"),
            _ => format!("closes {site}"),
        }
    }

    fn site(&self, code: &str) -> String {
        code.parse().map_or_else(
            |_| code.to_owned(),
            |parsed| format!("{} ({code})", self.ground.site_name(&parsed)),
        )
    }

    fn tenancies(&self, ids: &str) -> String {
        let known: BTreeMap<&str, &str> = self
            .ground
            .occupants
            .values()
            .map(|occupant| (occupant.id.as_str(), occupant.name.as_str()))
            .collect();
        let told: Vec<String> =
            ids.split(", ").map(|id| known.get(id).map_or(id, |name| name).to_owned()).collect();
        listed(&told, ", ")
    }

    fn group(&self, name: &str) -> Option<&KeyGroup> {
        let at = self.problem.coverage.iter().position(|group| group.name == name)?;
        self.key.groups.get(at)
    }

    fn limit(&self, name: &str) -> Option<&KeyLimit> {
        let at = self.problem.limits.iter().position(|limit| limit.name == name)?;
        self.key.limits.get(at)
    }

    /// The search counts money in thousands of pounds and never in pence, and says so.
    fn figure(&self, of: &Family, name: &str, value: f64) -> String {
        let is_money = match self.limit(name) {
            Some(KeyLimit::Fund | KeyLimit::Capital) => true,
            Some(KeyLimit::Held(amount)) => amount.unit() == "£",
            _ => false,
        };
        match (of, self.group(name)) {
            (Family::Coverage, Some(group)) => {
                let share = (group.always + value) / group.people.max(1.0);
                format!("{} ({:.0} people)", percent(share), group.always + value)
            }
            _ if is_money => {
                format!("about £{:.2} million by the search's own reckoning", value / 1000.0)
            }
            _ => format!("{value:.0}"),
        }
    }
}

/// The families in the planner's words.
fn family(family: &Family) -> &str {
    match family {
        Family::Room => "room",
        Family::Together => "services that belong together",
        Family::Coverage => "access standards",
        Family::Locks => "decisions taken already",
        Family::Limits(name) => name,
    }
}

fn percent(share: f64) -> String {
    let text = format!("{:.1}", share * 100.0);
    format!("{} %", text.strip_suffix(".0").unwrap_or(&text))
}

fn listed(names: &[String], between: &str) -> String {
    match names.split_at_checked(NAMED) {
        Some((first, rest)) if !rest.is_empty() => {
            format!("{} and {} more", first.join(between), rest.len())
        }
        _ => names.join(between),
    }
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn lower(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}
