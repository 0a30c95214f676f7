//! Who lacks a site they can get into, what would change that, and what only a survey can tell.
//!
//! Each service line is read for disabled residents: the standard's limit, counting only sites that pass every must-pass
//! gate. People are counted exactly, zone by zone; what a site would gain is told for that site alone.

use std::collections::{BTreeMap, BTreeSet};

use super::{Area, AreaAssessment, Group, Standard, Standing, State, ToPass, assess, reach};
use crate::fund::WorksCost;
use crate::geography::Zones;
use crate::register::{ServiceLine, SiteCode, Word as _};
use crate::travel::TravelTimes;

/// A standard read for disabled residents: at sites that pass every gate, by ways they can travel. A standard for them
/// keeps its words, its source and whether it is policy.
pub fn step_free_reading(standard: &Standard) -> Standard {
    let mode = standard.mode.step_free();
    if standard.group == Group::StepFree {
        return Standard { mode, ..standard.clone() };
    }
    Standard {
        words: format!("{}, at a site that passes every must-pass access item", standard.words),
        group: Group::StepFree,
        mode,
        is_policy: false,
        source: format!("the standard {}, read for disabled residents", standard.key),
        ..standard.clone()
    }
}

/// For each service line that has a standard which applies in all of an area, in the order of lines, the reading of one
/// of them for disabled residents: of the narrowest area first, then a standard for disabled residents, then one for
/// everyone; of two alike one of the median departure, which journeys are counted at. A standard of another area says nothing
/// here, nor does that of a part of this one.
pub fn step_free_readings(standards: &[Standard], area: &Area, zones: &Zones) -> Vec<Standard> {
    let mut first: BTreeMap<ServiceLine, (_, &Standard)> = BTreeMap::new();
    for standard in standards.iter().filter(|standard| standard.area.covers(area, zones)) {
        let asked = (standard.group.rank(), standard.centile);
        let rank = (standard.area != *area, standard.area.rank(), asked);
        let held = first.entry(standard.service_line).or_insert((rank, standard));
        if rank < held.0 {
            *held = (rank, standard);
        }
    }
    first.into_values().map(|(_, standard)| step_free_reading(standard)).collect()
}

/// The kinds of care for patients that none of these standards speaks of.
pub fn lines_without<'a>(standards: impl IntoIterator<Item = &'a Standard>) -> Vec<ServiceLine> {
    let set: BTreeSet<_> = standards.into_iter().map(|standard| standard.service_line).collect();
    let lines = ServiceLine::ALL.iter().copied();
    lines.filter(|line| *line != ServiceLine::Support && !set.contains(line)).collect()
}

/// A service line's reading with the minutes and offers it is judged by.
#[derive(Debug, Clone, Copy)]
pub struct Line<'a> {
    /// A reading of [`step_free_readings`].
    pub standard: &'a Standard,
    /// Minutes to the sites of the line, as far as the standard's limit at least.
    pub times: &'a TravelTimes,
    /// Which sites offer the line, and whether they can be got into.
    pub state: &'a State,
}

/// A service line in an area.
#[derive(Debug, Clone, PartialEq)]
pub struct LineShortfall {
    /// The reading.
    pub standard: Standard,
    /// Disabled residents within, beyond and undetermined, and the verdict.
    pub assessed: AreaAssessment,
    /// All usual residents of the zones that are surely beyond.
    pub residents_beyond: u64,
    /// Disabled residents who surely have no site of the line within the limit, of any kind: works mend nothing.
    pub no_site: u64,
    /// Disabled residents of whom nobody can tell whether there is one.
    pub perhaps_no_site: u64,
    /// Disabled residents who would be surely within if every site of the line passed: `assessed.within`, and what
    /// works can gain. The three add up to all whose number is known.
    pub within_reach_of_any: u64,
    /// Sites of the line that the table of minutes knows: passing, failing, unknown.
    pub sites: (u64, u64, u64),
    /// Residents of the zones not surely within whose number of disabled residents is not known: the most that could be
    /// hidden there.
    hidden: u64,
    /// The zones that lack a site that surely passes, with the sites that could be one.
    lacking: Vec<Lacking>,
}

#[derive(Debug, Clone, PartialEq)]
struct Lacking {
    people: u64,
    /// As in [`LineShortfall`], of this zone.
    hidden: u64,
    candidates: Vec<SiteCode>,
}

/// What one site would change, alone, for the disabled residents of an area.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SiteEffect {
    /// People who would gain a passing site within the standard of at least one line, each counted once.
    pub gains: u64,
    /// The same by line; a person may be counted under several.
    pub gains_by_line: BTreeMap<ServiceLine, u64>,
    /// People for whom a standard is undetermined and this site's unknown gates are among the reasons, each counted once:
    /// whom a survey that finds it passing would settle.
    pub settles: u64,
    /// Of those, people for whom it is the only reason in some line: whom a survey settles whatever it finds.
    pub settles_alone: u64,
    /// The first by line.
    pub settles_by_line: BTreeMap<ServiceLine, u64>,
}

/// An area's shortfall.
#[derive(Debug, Clone, PartialEq)]
pub struct Shortfall {
    /// Where.
    pub area: Area,
    /// Each line, in the order given.
    pub lines: Vec<LineShortfall>,
    /// Sites that would change something, by code.
    pub sites: BTreeMap<SiteCode, SiteEffect>,
}

/// Works out an area's shortfall under each line.
pub fn shortfall(area: &Area, zones: &Zones, lines: &[Line<'_>]) -> Shortfall {
    let mut sites: BTreeMap<SiteCode, Tally> = BTreeMap::new();
    let there = zones.of(|zone| area.holds(zone));
    let told = lines.iter().map(|line| of_line(area, &there, line, &mut sites)).collect();
    let sites = sites.into_iter().map(|(code, tally)| (code, tally.effect())).collect();
    Shortfall { area: area.clone(), lines: told, sites }
}

/// Effects on their way. Zones go by their place in the area, the same for every line, so that a person of several lines is
/// counted once: each line's table of minutes may have been kept for other zones and number its rows otherwise.
#[derive(Default)]
struct Tally {
    effect: SiteEffect,
    gaining: BTreeMap<usize, u64>,
    settling: BTreeMap<usize, u64>,
    settling_alone: BTreeMap<usize, u64>,
}

impl Tally {
    fn effect(self) -> SiteEffect {
        SiteEffect {
            gains: self.gaining.values().sum(),
            settles: self.settling.values().sum(),
            settles_alone: self.settling_alone.values().sum(),
            ..self.effect
        }
    }
}

fn of_line(
    area: &Area,
    zones: &Zones,
    line: &Line<'_>,
    sites: &mut BTreeMap<SiteCode, Tally>,
) -> LineShortfall {
    let Line { standard, times, state } = line;
    let limit = standard.limit_in(times).map(|minutes| minutes.0);
    let mut told = LineShortfall {
        standard: (*standard).clone(),
        assessed: AreaAssessment {
            area: area.clone(),
            ..assess(standard, zones, times, state).total
        },
        residents_beyond: 0,
        no_site: 0,
        perhaps_no_site: 0,
        within_reach_of_any: 0,
        sites: (0, 0, 0),
        hidden: 0,
        lacking: Vec::new(),
    };
    let mut gates: Vec<Option<Option<bool>>> = vec![None; times.sites.len()];
    for (site, passes) in state.offering(standard.service_line) {
        let place = times.site_index(site).and_then(|at| gates.get_mut(at));
        let Some(place) = place else { continue };
        *place = Some(passes);
        match passes {
            Some(true) => told.sites.0 += 1,
            Some(false) => told.sites.1 += 1,
            None => told.sites.2 += 1,
        }
    }
    // The same question if every site passed, and if none passed that is not known to.
    let [if_all, if_known] =
        [state.supposing(|_| Some(true)), state.supposing(|passes| Some(passes == Some(true)))]
            .map(|state| reach(standard, zones, times, &state));
    let reached = reach(standard, zones, times, state).into_iter().zip(if_all).zip(if_known);
    for ((zone, if_all), if_known) in reached {
        let people = zone.people.unwrap_or(0);
        match if_all.standing {
            Standing::Within => told.within_reach_of_any += people,
            Standing::Beyond => told.no_site += people,
            Standing::Undetermined => told.perhaps_no_site += people,
        }
        if zone.standing == Standing::Within {
            continue;
        }
        let hidden = if zone.people.is_none() { zone.residents } else { 0 };
        told.hidden += hidden;
        if zone.standing == Standing::Beyond {
            told.residents_beyond += zone.residents;
        }
        let Some((row, limit)) = times.zone_index(&zone.zone).zip(limit) else { continue };
        let Some(place) = zones.place(&zone.zone) else { continue };
        let near = times.row(row).iter().take_while(|pair| pair.minutes.0 <= limit);
        let near: Vec<(&SiteCode, Option<bool>)> = near
            .filter_map(|pair| {
                let passes = gates.get(pair.site as usize).copied().flatten()?;
                Some((times.sites.get(pair.site as usize)?, passes))
            })
            .collect();
        if near.is_empty() {
            continue;
        }
        let unknown = near.iter().filter(|(_, passes)| passes.is_none()).count();
        for (code, passes) in near.iter().filter(|_| people > 0) {
            let tally = sites.entry((*code).clone()).or_default();
            tally.gaining.insert(place, people);
            *tally.effect.gains_by_line.entry(standard.service_line).or_default() += people;
            if passes.is_none() {
                tally.settling.insert(place, people);
                *tally.effect.settles_by_line.entry(standard.service_line).or_default() += people;
                if unknown == 1 && if_known.standing == Standing::Beyond {
                    tally.settling_alone.insert(place, people);
                }
            }
        }
        let candidates = near.into_iter().map(|(code, _)| code.clone()).collect();
        told.lacking.push(Lacking { people, hidden, candidates });
    }
    told
}

/// A site of the league: what to fix first.
#[derive(Debug, Clone, PartialEq)]
pub struct Fix {
    /// Which.
    pub site: SiteCode,
    /// What it would change.
    pub effect: SiteEffect,
    /// What stands in its way.
    pub to_pass: ToPass,
    /// The works, all of them.
    pub cost: WorksCost,
}

impl Fix {
    /// Pounds for each person gained, at the expected cost.
    pub fn pounds_a_person(&self) -> f64 {
        self.cost.central.as_pounds() / self.effect.gains as f64
    }
}

/// Sites that works can make pass, by people gained for each pound, most first; then by people gained, then by code.
pub fn league(shortfall: &Shortfall, to_pass: impl Fn(&SiteCode) -> Option<ToPass>) -> Vec<Fix> {
    let fix = |(site, effect): (&SiteCode, &SiteEffect)| {
        let to_pass = to_pass(site).filter(|to_pass| !to_pass.is_met())?;
        let cost = to_pass.cost?;
        (effect.gains > 0).then(|| Fix {
            site: site.clone(),
            effect: effect.clone(),
            to_pass,
            cost,
        })
    };
    let mut fixes: Vec<Fix> = shortfall.sites.iter().filter_map(fix).collect();
    fixes.sort_by(|a, b| {
        let (a_worth, b_worth) = (worth(a.effect.gains, b.cost), worth(b.effect.gains, a.cost));
        b_worth
            .cmp(&a_worth)
            .then_with(|| b.effect.gains.cmp(&a.effect.gains))
            .then_with(|| a.site.cmp(&b.site))
    });
    fixes
}

/// People times the other's pence: compares people a pound without dividing.
fn worth(people: u64, other: WorksCost) -> i128 {
    i128::from(people) * i128::from(other.central.0.max(0))
}

/// Sites whose survey would settle a standard for somebody, by people it would settle if it finds the site passing, then
/// by people it settles whatever it finds, then by code.
pub fn survey_list(shortfall: &Shortfall) -> Vec<(&SiteCode, &SiteEffect)> {
    let mut list: Vec<_> =
        shortfall.sites.iter().filter(|(_, effect)| effect.settles > 0).collect();
    list.sort_by(|a, b| {
        b.1.settles
            .cmp(&a.1.settles)
            .then_with(|| b.1.settles_alone.cmp(&a.1.settles_alone))
            .then_with(|| a.0.cmp(b.0))
    });
    list
}

/// Works at one site on the way to a standard.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Where.
    pub site: SiteCode,
    /// People it gains that no step before it did.
    pub gains: u64,
    /// What it costs.
    pub cost: WorksCost,
    /// Whether nothing there is known to fail: a survey may find that no works are needed.
    pub is_survey_first: bool,
}

/// Works that bring a line to its standard in an area, or as near as works can.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Closing {
    /// In the order taken: most people still to gain for each pound, ties by code.
    pub steps: Vec<Step>,
    /// People surely within after them.
    pub within: u64,
    /// Whether the standard's share is surely reached, however many live where their number is not known.
    pub is_met: bool,
    /// What they cost together.
    pub cost: WorksCost,
}

/// Takes works one after another, the most people still to gain for each pound first, until the standard is met or no
/// works gain anybody. A short list, not proven the cheapest.
pub fn closing(line: &LineShortfall, to_pass: impl Fn(&SiteCode) -> Option<ToPass>) -> Closing {
    let mut gaining: BTreeMap<&SiteCode, Vec<usize>> = BTreeMap::new();
    for (number, zone) in line.lacking.iter().enumerate() {
        for code in &zone.candidates {
            gaining.entry(code).or_default().push(number);
        }
    }
    let mut open: BTreeMap<&SiteCode, (ToPass, WorksCost)> = gaining
        .keys()
        .filter_map(|code| {
            let to_pass = to_pass(code).filter(|to_pass| !to_pass.is_met())?;
            let cost = to_pass.cost?;
            Some((*code, (to_pass, cost)))
        })
        .collect();
    let mut is_served = vec![false; line.lacking.len()];
    let mut closing = Closing { within: line.assessed.within, ..Closing::default() };
    // As in the verdict, whoever may live in a zone that is not within counts against.
    let mut hidden = line.hidden;
    loop {
        closing.is_met =
            reaches(closing.within, line.assessed.people + hidden, line.standard.share);
        if closing.is_met {
            break;
        }
        let gains = |code: &SiteCode| -> u64 {
            let zones = gaining.get(code).map_or([].as_slice(), Vec::as_slice);
            zones
                .iter()
                .filter(|number| !is_served.get(**number).copied().unwrap_or(true))
                .filter_map(|number| line.lacking.get(*number))
                .map(|zone| zone.people)
                .sum()
        };
        let best = open
            .iter()
            .map(|(code, (_, cost))| (*code, gains(code), *cost))
            .filter(|(_, gains, _)| *gains > 0)
            .min_by(|(_, a, a_cost), (_, b, b_cost)| {
                // The map runs by code and the first least stays, so ties go to the earlier code.
                worth(*b, *a_cost).cmp(&worth(*a, *b_cost)).then_with(|| b.cmp(a))
            });
        let Some((code, gains, cost)) = best else { break };
        let is_survey_first =
            open.remove(code).is_some_and(|(to_pass, _)| to_pass.failed.is_empty());
        for number in gaining.get(code).into_iter().flatten() {
            let place = is_served.get_mut(*number).zip(line.lacking.get(*number));
            if let Some((served, zone)) = place.filter(|(served, _)| !**served) {
                *served = true;
                hidden = hidden.saturating_sub(zone.hidden);
            }
        }
        closing.within += gains;
        closing.cost = closing.cost + cost;
        closing.steps.push(Step { site: code.clone(), gains, cost, is_survey_first });
    }
    closing
}

fn reaches(within: u64, people: u64, share: f64) -> bool {
    people == 0 || within as f64 / people as f64 >= share
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use proptest::prelude::*;

    use super::*;
    use crate::access::{Centile, Doubt, Limit, Offer, Verdict};
    use crate::geography::Zone;
    use crate::register::{AccessItem, Minutes, Pence, Point};
    use crate::travel::{Mode, StraightLine, straight_line};

    const METRES: f64 = 800.0;

    fn standard(line: ServiceLine) -> Standard {
        Standard {
            key: "s".to_owned(),
            words: "within 800 m".to_owned(),
            service_line: line,
            mode: Mode::StepFreeWalk,
            limit: Limit::Metres(METRES),
            centile: Centile::Median,
            share: 0.9,
            group: Group::StepFree,
            area: Area::All,
            from: NaiveDate::from_ymd_opt(2026, 1, 1).unwrap(),
            until: None,
            source: "a test".to_owned(),
            is_policy: false,
        }
    }

    fn at(east: f64) -> Point {
        Point::new(east, 0.0).unwrap()
    }

    fn zone(code: &str, east: f64, disabled: u32) -> Zone {
        let borough_code = if code < "E03" { "B1" } else { "B2" }.to_owned();
        Zone {
            borough_code,
            disabled: Some(disabled),
            ..Zone::plain(code, at(east), disabled * 10)
        }
    }

    fn code(text: &str) -> SiteCode {
        format!("SITE{text}").parse().unwrap()
    }

    fn zones(list: Vec<Zone>) -> Zones {
        Zones::new(Zones::empty().evidence, list)
    }

    fn state(line: ServiceLine, list: &[(&str, f64, Option<bool>)]) -> State {
        let offer = |(site, _, gates): &(&str, f64, Option<bool>)| Offer {
            site: code(site),
            service_line: line,
            gates: *gates,
        };
        State::new("", list.iter().map(offer))
    }

    fn times(zones: &Zones, list: &[(&str, f64, Option<bool>)]) -> TravelTimes {
        let sites: Vec<_> = list.iter().map(|(site, east, _)| (code(site), at(*east))).collect();
        let pace = StraightLine::new(1.0, 80.0).unwrap();
        straight_line(zones, &sites, Mode::StepFreeWalk, Minutes(20.0), pace)
    }

    /// A works cost of so many pounds for a site that fails; nothing stands in the way of one that passes.
    fn costs(list: &[(&str, f64, Option<bool>)], pounds: &[i64]) -> BTreeMap<SiteCode, ToPass> {
        let item = vec![AccessItem::new(1).unwrap()];
        let one = |((site, _, passes), pounds): (&(&str, f64, Option<bool>), &i64)| {
            let cost = WorksCost {
                low: Pence::pounds(*pounds),
                central: Pence::pounds(*pounds),
                high: Pence::pounds(*pounds),
            };
            let to_pass = match passes {
                Some(true) => ToPass { cost: Some(WorksCost::default()), ..ToPass::default() },
                Some(false) => {
                    ToPass { failed: item.clone(), cost: Some(cost), ..ToPass::default() }
                }
                None => ToPass { unknown: item.clone(), cost: Some(cost), ..ToPass::default() },
            };
            (code(site), to_pass)
        };
        list.iter().zip(pounds).map(one).collect()
    }

    /// Worked out by hand. Along a road, metres: zones of 10, 20, 30 and 40 disabled residents at 0, 1,000, 2,000 and
    /// 5,000; GP sites A (passes) at 100, B (fails) at 1,500, C (unknown) at 2,600.
    const ROAD: [(&str, f64, Option<bool>); 3] =
        [("A", 100.0, Some(true)), ("B", 1_500.0, Some(false)), ("C", 2_600.0, None)];

    fn road() -> Zones {
        zones(vec![
            zone("E01", 0.0, 10),
            zone("E02", 1_000.0, 20),
            zone("E03", 2_000.0, 30),
            zone("E04", 5_000.0, 40),
        ])
    }

    fn road_shortfall(area: &Area) -> Shortfall {
        let (zones, standard) = (road(), standard(ServiceLine::PrimaryCare));
        let (times, state) = (times(&zones, &ROAD), state(ServiceLine::PrimaryCare, &ROAD));
        let line = Line { standard: &standard, times: &times, state: &state };
        shortfall(area, &zones, &[line])
    }

    #[test]
    fn known_answer_who_lacks_what_and_what_each_site_would_change() {
        let told = road_shortfall(&Area::All);

        let line = &told.lines[0];
        let counts = (line.assessed.within, line.assessed.beyond, line.assessed.undetermined);
        // E01 has A; E02 has only B, which fails; E03 has B and C, of which C is unknown; E04 has nothing.
        assert_eq!(counts, (10, 60, 30));
        assert_eq!((line.no_site, line.within_reach_of_any), (40, 60));
        assert_eq!(line.residents_beyond, 600);
        assert_eq!(line.sites, (1, 1, 1));
        let effect = |site: &str| told.sites.get(&code(site)).cloned().unwrap_or_default();
        assert_eq!((effect("B").gains, effect("B").settles), (50, 0));
        assert_eq!(
            (effect("C").gains, effect("C").settles, effect("C").settles_alone),
            (30, 30, 30)
        );
        assert_eq!(effect("A"), SiteEffect::default());
    }

    #[test]
    fn a_person_of_two_lines_is_counted_once_though_their_tables_number_zones_otherwise() {
        let zones_now = road();
        // Kept before the zones were read anew: one of that time stands first, and E01 was not yet there.
        let before: Vec<Zone> = zones_now.iter().skip(1).cloned().collect();
        let before =
            zones([vec![zone("E00", 9_000.0, 0)], vec![zone("E005", 9_500.0, 0)], before].concat());
        let (gp, pharmacy) = (standard(ServiceLine::PrimaryCare), standard(ServiceLine::Pharmacy));
        let tables = [times(&zones_now, &ROAD), times(&before, &ROAD)];
        assert_ne!(tables[0].zone_index("E03"), tables[1].zone_index("E03"));
        let states = [&gp, &pharmacy].map(|standard| state(standard.service_line, &ROAD));
        let lines = [
            Line { standard: &gp, times: &tables[0], state: &states[0] },
            Line { standard: &pharmacy, times: &tables[1], state: &states[1] },
        ];

        let told = shortfall(&Area::All, &zones_now, &lines);

        // As of one line, each: the 20 of E02 and the 30 of E03 by B, the 30 by C.
        let effect = |site: &str| told.sites.get(&code(site)).cloned().unwrap_or_default();
        assert_eq!((effect("B").gains, effect("B").settles), (50, 0));
        let of_c = effect("C");
        assert_eq!((of_c.gains, of_c.settles, of_c.settles_alone), (30, 30, 30));
        assert_eq!(effect("B").gains_by_line[&ServiceLine::Pharmacy], 50);
        let [gp, pharmacy] = [0, 1].map(|line: usize| &told.lines[line]);
        assert_eq!((gp.no_site, gp.perhaps_no_site), (40, 0));
        // Of E01 the older table knows nothing.
        assert_eq!((pharmacy.no_site, pharmacy.perhaps_no_site), (40, 10));
    }

    #[test]
    fn boroughs_add_up_to_the_whole() {
        let whole = road_shortfall(&Area::All);
        let parts = ["B1", "B2"].map(|code| road_shortfall(&Area::Borough(code.to_owned())));

        let sum =
            |f: &dyn Fn(&LineShortfall) -> u64| parts.iter().map(|p| f(&p.lines[0])).sum::<u64>();
        let line = &whole.lines[0];
        assert_eq!(sum(&|l| l.assessed.within), line.assessed.within);
        assert_eq!(sum(&|l| l.no_site), line.no_site);
        assert_eq!(sum(&|l| l.residents_beyond), line.residents_beyond);
        let gains = |part: &Shortfall| part.sites.get(&code("B")).map_or(0, |effect| effect.gains);
        assert_eq!(parts.iter().map(gains).sum::<u64>(), gains(&whole));
    }

    #[test]
    fn the_league_goes_by_people_a_pound_and_ties_by_people_then_code() {
        let told = road_shortfall(&Area::All);
        let order = |pounds: [i64; 3]| -> Vec<String> {
            let costs = costs(&ROAD, &pounds);
            let fixes = league(&told, |site| costs.get(site).cloned());
            fixes.iter().map(|fix| fix.site.to_string()).collect()
        };

        // 50 people for £100 against 30 for £50.
        assert_eq!(order([0, 100, 50]), ["SITEC", "SITEB"]);
        // 50 for £100 against 30 for £60: even, so the more people.
        assert_eq!(order([0, 100, 60]), ["SITEB", "SITEC"]);
    }

    #[test]
    fn what_closes_a_gap_counts_nobody_twice_and_says_what_stays_open() {
        let told = road_shortfall(&Area::All);
        let costs = costs(&ROAD, &[0, 100, 50]);

        let closed = closing(&told.lines[0], |site| costs.get(site).cloned());

        let steps: Vec<_> =
            closed.steps.iter().map(|s| (s.site.as_str(), s.gains, s.is_survey_first)).collect();
        // C gains 30 for £50 first; B then only the 20 of E02.
        assert_eq!(steps, [("SITEC", 30, true), ("SITEB", 20, false)]);
        assert_eq!((closed.within, closed.is_met), (60, false));
        assert_eq!(closed.cost.central, Pence::pounds(150));
        assert_eq!(told.lines[0].assessed.verdict, Verdict::Fail);
    }

    #[test]
    fn a_standard_is_not_surely_met_while_it_may_turn_on_people_nobody_has_counted() {
        let line = standard(ServiceLine::PrimaryCare);
        let closed = |zones: &Zones| {
            let told = shortfall(
                &Area::All,
                zones,
                &[Line {
                    standard: &line,
                    times: &times(zones, &ROAD),
                    state: &state(ServiceLine::PrimaryCare, &ROAD),
                }],
            );
            let costs = costs(&ROAD, &[0, 100, 50]);
            closing(&told.lines[0], |site| costs.get(site).cloned())
        };
        let uncounted = |east| Zone { disabled: None, ..zone("E04", east, 40) };

        // Nobody is counted at all, and nobody has a site.
        assert!(!closed(&zones(vec![uncounted(5_000.0)])).is_met);
        // All who are counted are within, and as many as 400 elsewhere may not be.
        assert!(!closed(&zones(vec![zone("E01", 0.0, 10), uncounted(5_000.0)])).is_met);
        // They have the site that passes themselves.
        assert!(closed(&zones(vec![zone("E01", 0.0, 10), uncounted(0.0)])).is_met);
        // B gains the 20 who are counted, and with them whoever is not.
        let both = closed(&zones(vec![zone("E03", 2_000.0, 20), uncounted(2_000.0)]));
        assert!(both.is_met && !both.steps.is_empty());
    }

    #[test]
    fn a_line_without_a_standard_for_disabled_residents_is_read_for_them() {
        let own = standard(ServiceLine::PrimaryCare);
        let other = Standard {
            key: "pt".to_owned(),
            group: Group::Everyone,
            is_policy: true,
            ..standard(ServiceLine::Community)
        };
        let all = Standard { group: Group::Everyone, ..own.clone() };

        let read = step_free_readings(&[all, other, own.clone()], &Area::All, &road());

        assert_eq!(read.len(), 2);
        assert_eq!(read[0], own);
        assert_eq!((read[1].group, read[1].is_policy), (Group::StepFree, false));
    }

    #[test]
    fn an_area_is_read_by_what_applies_there_its_own_first() {
        let of = |key: &str, line, area: &str, group| Standard {
            key: key.to_owned(),
            area: Area::parse(area).unwrap(),
            group,
            ..standard(line)
        };
        let (gp, community) = (ServiceLine::PrimaryCare, ServiceLine::Community);
        let standards = [
            of("gp_all", gp, "all", Group::StepFree),
            of("gp_b1", gp, "borough:B1", Group::Everyone),
            of("community_b1", community, "borough:B1", Group::StepFree),
        ];
        let read = |area: &str| -> Vec<String> {
            let read = step_free_readings(&standards, &Area::parse(area).unwrap(), &road());
            read.into_iter().map(|standard| standard.key).collect()
        };

        assert_eq!(read("borough:B1"), ["gp_b1", "community_b1"], "its own before everybody's");
        assert_eq!(read("borough:B2"), ["gp_all"], "what B1 asks says nothing of B2");
        assert_eq!(read("all"), ["gp_all"], "nor of the whole");
        assert!(lines_without(&standards).contains(&ServiceLine::Outpatients));
        assert!(!lines_without(&standards).contains(&gp));
    }

    #[test]
    fn disabled_residents_are_read_by_step_free_transport() {
        let bus = Standard {
            mode: Mode::PublicTransport,
            limit: Limit::Minutes(30.0),
            ..standard(ServiceLine::Community)
        };
        let walk = Standard { mode: Mode::Walk, group: Group::Everyone, ..bus.clone() };

        assert_eq!(step_free_reading(&bus).mode, Mode::StepFreePublicTransport);
        assert_eq!(step_free_reading(&walk).mode, Mode::StepFreeWalk);
        // Journeys are counted at the median departure: of two alike its limit is read.
        let late = Standard { key: "late".to_owned(), centile: Centile::Ninetieth, ..bus.clone() };
        for standards in [[late.clone(), bus.clone()], [bus.clone(), late.clone()]] {
            let read = step_free_readings(&standards, &Area::All, &road());
            assert_eq!(read, [step_free_reading(&bus)]);
        }
        let alone = step_free_readings(std::slice::from_ref(&late), &Area::All, &road());
        assert_eq!(alone, [step_free_reading(&late)]);
    }

    #[test]
    fn a_site_by_a_way_nobody_has_recorded_is_not_no_site() {
        // A at 100 m passes, B at 1,500 m fails. From E02 at 1,000 m the way to B is not recorded.
        let (zones, standard) = (road(), standard(ServiceLine::PrimaryCare));
        let mut times = times(&zones, &ROAD);
        let (row, b) = (1, times.site_index(&code("B")).unwrap());
        let unsure = |pair: &crate::travel::Pair| pair.site as usize == b;
        times.perhaps = vec![Vec::new(); times.rows.len()];
        times.perhaps[row] = times.rows[row].iter().copied().filter(unsure).collect();
        times.rows[row].retain(|pair| !unsure(pair));
        let state = state(ServiceLine::PrimaryCare, &ROAD);
        let line = Line { standard: &standard, times: &times, state: &state };

        let told = shortfall(&Area::All, &zones, &[line]).lines.remove(0);

        // E02's 20 are surely without a passing site, since B fails; whether B can be reached nobody can say.
        assert_eq!(told.assessed.beyond, 60);
        assert_eq!((told.no_site, told.perhaps_no_site, told.within_reach_of_any), (40, 20, 40));
    }

    #[test]
    fn a_survey_alone_does_not_settle_what_a_way_leaves_open() {
        // C at 2,600 m is not surveyed; E03 at 2,000 m has it near, and perhaps another, D.
        let list = [ROAD[2], ("D", 2_700.0, Some(true))];
        let (zones, standard) = (road(), standard(ServiceLine::PrimaryCare));
        let mut times = times(&zones, &list);
        let (row, d) = (2, times.site_index(&code("D")).unwrap());
        let unsure = |pair: &crate::travel::Pair| pair.site as usize == d;
        times.perhaps = vec![Vec::new(); times.rows.len()];
        times.perhaps[row] = times.rows[row].iter().copied().filter(unsure).collect();
        times.rows[row].retain(|pair| !unsure(pair));
        let state = state(ServiceLine::PrimaryCare, &list);
        let line = Line { standard: &standard, times: &times, state: &state };

        let told = shortfall(&Area::All, &zones, &[line]);

        let effect = &told.sites[&code("C")];
        assert_eq!((effect.settles, effect.settles_alone), (30, 0));
        let doubts = &told.lines[0].assessed.doubts;
        assert_eq!(doubts, &[(Doubt::WayUnsure, 30), (Doubt::NotSurveyed, 30)]);
    }

    #[test]
    fn what_the_register_is_silent_on_is_not_missed() {
        let (zones, standard) = (road(), standard(ServiceLine::Outpatients));
        let times = times(&zones, &ROAD);
        let silent = [(ServiceLine::Outpatients, Doubt::NoOffer)];
        let state = state(ServiceLine::PrimaryCare, &ROAD).silent_on(silent.into());
        let line = Line { standard: &standard, times: &times, state: &state };

        let told = shortfall(&Area::All, &zones, &[line]).lines.remove(0);

        let counts = (told.assessed.within, told.assessed.beyond, told.assessed.undetermined);
        assert_eq!((counts, told.assessed.verdict), ((0, 0, 100), Verdict::Undetermined));
        assert_eq!((told.no_site, told.perhaps_no_site), (0, 100));
        assert_eq!(
            (told.assessed.least_share, told.assessed.greatest_share),
            (Some(0.0), Some(1.0))
        );
        assert_eq!(told.assessed.doubts, [(Doubt::NoOffer, 100)]);
        assert_eq!(told.assessed.why_no_minutes(), Doubt::NoOffer.short());
        assert_eq!(told.assessed.farther(), None, "nothing passing is known");
    }

    proptest! {
        /// What a site gains is what the assessment gains when that site alone passes; what a survey settles is what
        /// stops being undetermined. By brute force, with several lines.
        #[test]
        fn gains_and_settlements_are_what_a_second_assessment_says(
            places in prop::collection::vec((0_u8..30, 0_u32..5), 1..12),
            gp in prop::collection::vec((0_u8..30, prop::option::of(any::<bool>())), 1..7),
        ) {
            let zones = zones(
                places.iter().enumerate()
                    .map(|(n, (east, people))| zone(&format!("E{n:02}"), f64::from(*east) * 400.0, *people))
                    .collect(),
            );
            let names: Vec<String> = (0..gp.len()).map(|n| format!("S{n}")).collect();
            let list: Vec<(&str, f64, Option<bool>)> = gp.iter().zip(&names)
                .map(|((east, passes), name)| (name.as_str(), f64::from(*east) * 400.0, *passes))
                .collect();
            let standard = standard(ServiceLine::PrimaryCare);
            let minutes = times(&zones, &list);
            let with = |list: &[(&str, f64, Option<bool>)]| {
                assess(&standard, &zones, &minutes, &state(ServiceLine::PrimaryCare, list)).total
            };
            let today = state(ServiceLine::PrimaryCare, &list);
            let line = Line { standard: &standard, times: &minutes, state: &today };
            let told = shortfall(&Area::All, &zones, &[line]);
            let before = with(&list);
            prop_assert_eq!(
                before.people,
                told.lines[0].within_reach_of_any
                    + told.lines[0].no_site
                    + told.lines[0].perhaps_no_site
            );
            for (number, (name, _, passes)) in list.iter().enumerate() {
                let effect = told.sites.get(&code(name)).cloned().unwrap_or_default();
                let set = |answer| {
                    let mut list = list.clone();
                    list[number].2 = Some(answer);
                    with(&list)
                };
                if *passes == Some(true) {
                    prop_assert_eq!(effect, SiteEffect::default());
                    continue;
                }
                prop_assert_eq!(set(true).within - before.within, effect.gains);
                if passes.is_none() {
                    prop_assert_eq!(before.undetermined - set(true).undetermined, effect.settles);
                    prop_assert_eq!(before.undetermined - set(false).undetermined, effect.settles_alone);
                }
            }
        }
    }
}
