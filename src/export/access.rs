//! Tables of access: what the borough page, its statement, the league, the survey list, the API and the command line
//! all show.

use chrono::NaiveDate;

use super::{Cell, Table};
use crate::access::{
    Area, AreaAssessment, Closing, Doubt, Finding, GateKind, GateState, Group, Limit,
    LineShortfall, Remedy, Shortfall, Standard, Standing, Verdict, ZoneReach, lines_without,
};
use crate::fund::WorksCost;
use crate::geography::Zones;
use crate::register::{AccessItem, Register, ServiceLine, SiteCode, Word as _};
use crate::scenario::AccessToday;

/// In the reader's words.
pub fn verdict_words(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "Met",
        Verdict::Fail => "Missed",
        Verdict::Undetermined => "Not determined",
    }
}

/// Why a zone's standing is not determined; nothing where it is.
pub fn why_words(zone: &ZoneReach) -> String {
    zone.doubts.iter().map(Doubt::words).collect::<Vec<_>>().join("; ")
}

/// In the reader's words.
pub fn standing_words(standing: Standing) -> &'static str {
    match standing {
        Standing::Within => "Within",
        Standing::Beyond => "Beyond",
        Standing::Undetermined => "Not determined",
    }
}

/// `1.6 km in a straight line`, `30 minutes by public transport`.
pub fn limit_words(standard: &Standard) -> String {
    match standard.limit {
        Limit::Minutes(minutes) => {
            let of = standard.centile.after_a_limit();
            format!("{minutes} minutes {}{of}", standard.mode.label())
        }
        Limit::Metres(metres) => {
            format!("{} km in a straight line, {}", metres / 1_000.0, standard.mode.label())
        }
    }
}

/// The share a standard asks for, with the decimals it has.
fn share_asked(standard: &Standard) -> Cell {
    let percent = standard.percent();
    let decimals = percent.to_string().split_once('.').map_or(0, |(_, places)| places.len());
    Cell::Number(percent, decimals)
}

fn percent(part: u64, of: u64) -> Cell {
    if of == 0 { Cell::Empty } else { Cell::Number(part as f64 * 100.0 / of as f64, 1) }
}

/// The share surely within, and the share that could be: what the verdict goes by, which counts people whose number is
/// not known against the one and for the other.
fn bounds(area: &AreaAssessment) -> [Cell; 2] {
    if area.people + area.unknown_zones == 0 {
        return [Cell::Empty, Cell::Empty];
    }
    let told = |share: Option<f64>, part| {
        share.map_or_else(|| percent(part, area.people), |share| Cell::Number(share * 100.0, 1))
    };
    [
        told(area.least_share, area.within),
        told(area.greatest_share, area.within + area.undetermined),
    ]
}

/// Minutes to the nearest passing site, or why none can be told.
pub(super) fn minutes(area: &AreaAssessment, minutes: Option<f64>) -> Cell {
    minutes.map_or(Cell::Unknown(area.why_no_minutes()), |minutes| Cell::Number(minutes, 1))
}

/// People of the undetermined by reason.
pub(super) fn why(area: &AreaAssessment) -> Cell {
    let each = area.doubts.iter();
    let words =
        each.map(|(doubt, n)| format!("{}: {}", super::grouped(*n as f64, 0), doubt.words()));
    Cell::text(words.collect::<Vec<_>>().join("; "))
}

/// Standards in one area, a row each, with the area each is set for: that may be a part of this one.
pub fn standards<'a>(
    caption: &str,
    zones: &Zones,
    rows: impl IntoIterator<Item = (&'a Standard, &'a AreaAssessment)>,
) -> Table {
    let columns = [
        ("words", "Standard", false),
        ("area", "Set for", false),
        ("verdict", "Verdict", false),
        ("share_percent", "Share asked for (%)", true),
        ("within_percent", "Surely within (%)", true),
        ("could_be_within_percent", "Could be within (%)", true),
        ("people", "People", true),
        ("within", "Within", true),
        ("beyond", "Beyond", true),
        ("undetermined", "Not determined", true),
        ("why", "Why not determined", false),
        ("mean_minutes", "Mean minutes", true),
        ("p90_minutes", "90th centile minutes", true),
        ("unweighted_mean_minutes", "Mean minutes, small areas alike", true),
        ("unweighted_median_minutes", "Median minutes, small areas alike", true),
        ("unweighted_p90_minutes", "90th centile minutes, small areas alike", true),
        ("service_line", "Service line", false),
        ("group", "For whom", false),
        ("limit", "Limit", false),
        ("is_policy", "Policy or planning choice", false),
        ("source", "Source", false),
        ("key", "Key", false),
    ];
    Table::new("standards", caption, &columns).with(rows.into_iter().map(|(standard, area)| {
        let [least, most] = bounds(area);
        vec![
            Cell::text(&*standard.words),
            Cell::text(standard.area.name(zones)),
            Cell::text(verdict_words(area.verdict)),
            share_asked(standard),
            least,
            most,
            Cell::count(area.people),
            Cell::count(area.within),
            Cell::count(area.beyond),
            Cell::count(area.undetermined),
            why(area),
            minutes(area, area.mean_minutes),
            minutes(area, area.p90_minutes),
            minutes(area, area.unweighted_mean_minutes),
            minutes(area, area.unweighted_median_minutes),
            minutes(area, area.unweighted_p90_minutes),
            Cell::text(standard.service_line.label()),
            Cell::text(standard.group.label()),
            Cell::text(limit_words(standard)),
            Cell::text(if standard.is_policy { "Policy" } else { "Planning choice" }),
            Cell::text(&*standard.source),
            Cell::text(&*standard.key),
        ]
    }))
}

/// Areas under one standard each in a pair of columns: code and name, then a verdict and a share a standard.
pub fn areas(
    standards: &[&Standard],
    zones: &Zones,
    rows: impl IntoIterator<Item = (String, String, Vec<Option<AreaAssessment>>)>,
) -> Table {
    let mut columns = vec![
        ("borough_name".to_owned(), "Borough".to_owned(), false),
        ("borough_code".to_owned(), "Code".to_owned(), false),
    ];
    for standard in standards {
        let mut label = standard.key.replace('_', " ");
        if standard.area != Area::All {
            label = format!("{label} (set for {})", standard.area.name(zones));
        }
        columns.push((format!("{}_verdict", standard.key), label.clone(), false));
        columns.push((
            format!("{}_within_percent", standard.key),
            format!("{label}, within (%)"),
            true,
        ));
    }
    let columns: Vec<(&str, &str, bool)> =
        columns.iter().map(|(key, label, is)| (key.as_str(), label.as_str(), *is)).collect();
    Table::new("access-boroughs", "Boroughs by standard", &columns).with(rows.into_iter().map(
        |(code, name, told)| {
            let mut row = vec![Cell::text(name), Cell::text(code)];
            for area in told {
                match area {
                    Some(area) => {
                        row.push(Cell::text(verdict_words(area.verdict)));
                        let [least, _] = bounds(&area);
                        row.push(least);
                    }
                    None => row.extend([Cell::Empty, Cell::Empty]),
                }
            }
            row
        },
    ))
}

/// The statement: a row a service line, with what closes the gap; last, those that no standard is set for.
pub fn statement(lines: &[(LineShortfall, Closing)], zones: &Zones) -> Table {
    let columns = [
        ("service_line", "Service line", false),
        ("verdict", "Verdict", false),
        ("standard", "Standard", false),
        ("area", "Set for", false),
        ("limit", "Limit", false),
        ("share_percent", "Share asked for (%)", true),
        ("disabled_residents", "Disabled residents", true),
        ("within", "With a passing site within", true),
        ("beyond", "Surely without", true),
        ("undetermined", "Not determined", true),
        ("why", "Why not determined", false),
        ("no_site", "Surely with no site of any kind within", true),
        ("perhaps_no_site", "Perhaps with no site of any kind within", true),
        ("residents_beyond", "All residents of the areas surely without", true),
        ("unknown_zones", "Areas whose disabled residents are not known", true),
        ("passing_sites", "Sites passing", true),
        ("failing_sites", "Sites failing", true),
        ("unknown_sites", "Sites not known", true),
        ("works_sites", "Sites to mend", true),
        ("works_low_gbp", "Works, low", true),
        ("works_gbp", "Works", true),
        ("works_high_gbp", "Works, high", true),
        ("within_after", "With a passing site after works", true),
        ("is_met_after", "Met after works", false),
    ];
    let without = lines_without(lines.iter().map(|(line, _)| &line.standard));
    let without = without.into_iter().map(|line| {
        let mut row = vec![Cell::text(line.label()), Cell::text("No standard is set")];
        row.resize(columns.len(), Cell::Empty);
        row
    });
    let told = lines.iter().map(|(line, closing)| {
        let told = &line.assessed;
        let WorksCost { low, central, high } = closing.cost;
        let mut row = vec![
            Cell::text(line.standard.service_line.label()),
            Cell::text(verdict_words(told.verdict)),
            Cell::text(&*line.standard.key),
            Cell::text(line.standard.area.name(zones)),
            Cell::text(limit_words(&line.standard)),
            share_asked(&line.standard),
        ];
        row.extend([told.people, told.within, told.beyond, told.undetermined].map(Cell::count));
        row.push(why(told));
        row.extend(
            [
                line.no_site,
                line.perhaps_no_site,
                line.residents_beyond,
                told.unknown_zones,
                line.sites.0,
                line.sites.1,
                line.sites.2,
                closing.steps.len() as u64,
            ]
            .map(Cell::count),
        );
        row.extend([low, central, high].map(Cell::Money));
        row.push(Cell::count(closing.within));
        row.push(Cell::text(if closing.is_met { "Yes" } else { "No" }));
        row
    });
    Table::new("statement", "Service lines and the gap", &columns).with(told.chain(without))
}

/// The works of a statement, in the order they are taken.
pub fn works(lines: &[(LineShortfall, Closing)], register: &Register) -> Table {
    let columns = [
        ("service_line", "Service line", false),
        ("order", "Order", true),
        ("site_name", "Site", false),
        ("site_code", "Code", false),
        ("people_gained", "Disabled residents gained", true),
        ("works_low_gbp", "Works, low", true),
        ("works_gbp", "Works", true),
        ("works_high_gbp", "Works, high", true),
        ("first", "First", false),
    ];
    let mut rows = Vec::new();
    for (line, closing) in lines {
        for (order, step) in (1..).zip(&closing.steps) {
            rows.push(vec![
                Cell::text(line.standard.service_line.label()),
                Cell::count(order),
                Cell::text(name(register, &step.site)),
                Cell::text(step.site.as_str()),
                Cell::count(step.gains),
                Cell::Money(step.cost.low),
                Cell::Money(step.cost.central),
                Cell::Money(step.cost.high),
                Cell::text(if step.is_survey_first {
                    "Survey: nothing is known to fail"
                } else {
                    "Works"
                }),
            ]);
        }
    }
    Table::new("works", "Works that would close the gap", &columns).with(rows)
}

/// What comes first at a site: a survey where nothing is known to fail, works, or a question.
const SURVEY: &str = "Survey";
const WORKS: &str = "Works";
const ASK: &str = "Ask whether patients are seen there";

/// The ranks of a list: sites that may be no more than a team's base come last, and have none.
fn ranked<T>(list: Vec<T>, is_team_base: impl Fn(&T) -> bool) -> Vec<(Cell, T)> {
    let (bases, places): (Vec<T>, Vec<T>) = list.into_iter().partition(is_team_base);
    let ranks = (1..).map(Cell::count).take(places.len());
    ranks.chain(std::iter::repeat(Cell::Empty)).zip(places.into_iter().chain(bases)).collect()
}

/// What to fix first.
pub fn league(today: &AccessToday, shortfall: &Shortfall, register: &Register) -> Table {
    let columns = [
        ("rank", "Rank", true),
        ("site_name", "Site", false),
        ("site_code", "Code", false),
        ("people_gained", "Disabled residents gained", true),
        ("gbp_a_person", "£ a person gained", true),
        ("works_low_gbp", "Works, low", true),
        ("works_gbp", "Works", true),
        ("works_high_gbp", "Works, high", true),
        ("first", "First", false),
        ("gained_by_line", "Gained, by service line", false),
        ("failed", "Fails", false),
        ("unknown", "Not known", false),
    ];
    let fixes = ranked(today.fixes(shortfall), |fix| today.is_team_base(&fix.site));
    Table::new("league", "What to fix first", &columns).with(fixes.into_iter().map(
        |(rank, fix)| {
            let first = if today.is_team_base(&fix.site) {
                ASK
            } else if fix.to_pass.failed.is_empty() {
                SURVEY
            } else {
                WORKS
            };
            vec![
                rank,
                Cell::text(name(register, &fix.site)),
                Cell::text(fix.site.as_str()),
                Cell::count(fix.effect.gains),
                Cell::Number(fix.pounds_a_person(), 0),
                Cell::Money(fix.cost.low),
                Cell::Money(fix.cost.central),
                Cell::Money(fix.cost.high),
                Cell::text(first),
                Cell::text(by_line(fix.effect.gains_by_line.iter())),
                Cell::text(items(&fix.to_pass.failed)),
                Cell::text(items(&fix.to_pass.unknown)),
            ]
        },
    ))
}

/// Whom a survey would settle.
pub fn survey(today: &AccessToday, shortfall: &Shortfall, register: &Register) -> Table {
    let columns = [
        ("rank", "Rank", true),
        ("site_name", "Site", false),
        ("site_code", "Code", false),
        ("settled_if_passing", "Settled if it passes", true),
        ("settled_whatever", "Settled whatever is found", true),
        ("first", "First", false),
        ("unknown_items", "Must-pass items not known", true),
        ("settled_by_line", "Settled if it passes, by service line", false),
        ("unknown", "Which", false),
    ];
    let list = ranked(crate::access::survey_list(shortfall), |(site, _)| today.is_team_base(site));
    Table::new("survey-list", "What to survey first", &columns).with(list.into_iter().map(
        |(rank, (site, effect))| {
            let unknown = today.unknown_at(site);
            vec![
                rank,
                Cell::text(name(register, site)),
                Cell::text(site.as_str()),
                Cell::count(effect.settles),
                Cell::count(effect.settles_alone),
                Cell::text(if today.is_team_base(site) { ASK } else { SURVEY }),
                Cell::count(unknown.len() as u64),
                Cell::text(by_line(effect.settles_by_line.iter())),
                Cell::text(items(&unknown)),
            ]
        },
    ))
}

/// A list's rows by what comes first there, works before surveys before questions; each with its heading.
pub fn by_first(table: &Table) -> Vec<Table> {
    let at = table.columns.iter().position(|column| column.key == "first");
    let kinds = [
        (WORKS, "works", "Fix: an item is known to fail"),
        (SURVEY, "survey", "Survey first: nothing is known to fail"),
        (ASK, "ask", "Ask first: perhaps a team’s base, an office or a home"),
    ];
    let of = |(first, name, caption): (&str, &str, &str)| {
        let is = |row: &&Vec<Cell>| at.and_then(|at| row.get(at)) == Some(&Cell::text(first));
        Table {
            name: format!("{}-{name}", table.name),
            caption: caption.to_owned(),
            columns: table.columns.clone(),
            rows: table.rows.iter().filter(is).cloned().collect(),
        }
    };
    kinds.map(of).into()
}

/// What sites do not meet, and what would mend it.
pub fn findings<'a>(
    name: &str,
    caption: &str,
    rows: impl IntoIterator<Item = (&'a SiteCode, &'a str, Finding)>,
) -> Table {
    let columns = [
        ("site_name", "Site", false),
        ("site_code", "Code", false),
        ("item", "Item", false),
        ("kind", "What it decides", false),
        ("state", "State", false),
        ("remedy", "What would mend it", false),
        ("works_low_gbp", "Works, low", true),
        ("works_gbp", "Works", true),
        ("works_high_gbp", "Works, high", true),
        ("figure", "Rests on the assumption", false),
        ("test", "Test", false),
        ("source", "Source of the test", false),
    ];
    Table::new(name, caption, &columns).with(rows.into_iter().map(|(code, site, finding)| {
        let is_unknown = finding.state == GateState::Unknown;
        let (remedy, figure) = match &finding.remedy {
            Remedy::Works { figure, .. } if is_unknown => {
                ("A survey, then works if it fails", figure.as_str())
            }
            Remedy::Works { figure, .. } => ("Works", figure.as_str()),
            Remedy::TrueAnswer => ("An answer: this item always applies", ""),
            Remedy::NoFigure if is_unknown => ("A survey; no figure for works", ""),
            Remedy::NoFigure => ("No figure for works among the assumptions", ""),
        };
        let money = |pick: fn(WorksCost) -> crate::register::Pence| {
            finding.remedy.cost().map_or(Cell::Unknown("no figure"), |cost| Cell::Money(pick(cost)))
        };
        vec![
            Cell::text(site),
            Cell::text(code.as_str()),
            Cell::text(finding.item.field().label()),
            Cell::text(kind_words(finding.kind)),
            Cell::text(if is_unknown { "Not known" } else { "Fails" }),
            Cell::text(remedy),
            money(|cost| cost.low),
            money(|cost| cost.central),
            money(|cost| cost.high),
            Cell::text(figure),
            Cell::text(&*finding.test),
            Cell::text(&*finding.source),
        ]
    }))
}

/// In the reader's words.
pub fn kind_words(kind: GateKind) -> &'static str {
    match kind {
        GateKind::Must => "Must be passed",
        GateKind::Conditional => "Must be passed by some services",
        GateKind::Should => "Counts in the score",
    }
}

/// The zones behind a map.
pub fn zones(
    standard: &Standard,
    reached: &[ZoneReach],
    zones: &Zones,
    register: &Register,
) -> Table {
    let caption = format!("Areas by minutes: {}", standard.words);
    let (minutes, nearest) = if standard.group == Group::StepFree {
        ("Minutes to the nearest passing site", "Nearest passing site")
    } else {
        ("Minutes to the nearest site", "Nearest site")
    };
    let columns = [
        ("zone", "Area", false),
        ("ward_name", "Ward", false),
        ("standing", "Standing", false),
        ("why", "Why not determined", false),
        ("minutes", minutes, true),
        ("nearest", nearest, false),
        ("people", "People of the group", true),
        ("residents", "Residents", true),
        ("imd_decile", "IMD decile (1 is most deprived)", true),
    ];
    Table::new("zones", &caption, &columns).with(reached.iter().map(|zone| {
        let ward = zones.get(&zone.zone).map_or("", |zone| zone.ward_name.as_str());
        vec![
            Cell::text(&*zone.zone),
            Cell::text(ward),
            Cell::text(standing_words(zone.standing)),
            Cell::text(why_words(zone)),
            zone.minutes.map_or_else(|| no_minutes(zone), |m| Cell::Number(m, 1)),
            zone.nearest.as_ref().map_or(Cell::Empty, |site| Cell::text(name(register, site))),
            zone.people.map_or(Cell::Unknown("not known"), Cell::count),
            Cell::count(zone.residents),
            zone.imd_decile.map_or(Cell::Unknown("not known"), |d| Cell::count(u64::from(d))),
        ]
    }))
}

fn no_minutes(zone: &ZoneReach) -> Cell {
    Cell::Unknown(zone.doubts.iter().next().map_or("none in the search", Doubt::short))
}

/// What standards made of an area at a version of the register.
#[derive(Debug, Clone, PartialEq)]
pub struct AtVersion {
    /// Which version.
    pub version: u64,
    /// The day it was made.
    pub on: NaiveDate,
    /// By standard; `None` where the version offered nothing of the line.
    pub told: Vec<Option<AreaAssessment>>,
}

/// Shares by version of the register.
pub fn trend(standards: &[&Standard], versions: &[AtVersion]) -> Table {
    let mut columns = vec![
        ("version".to_owned(), "Version".to_owned(), true),
        ("on".to_owned(), "Made on".to_owned(), false),
    ];
    for standard in standards {
        let label = standard.key.replace('_', " ");
        columns.push((
            format!("{}_within_percent", standard.key),
            format!("{label}, within (%)"),
            true,
        ));
    }
    let columns: Vec<(&str, &str, bool)> =
        columns.iter().map(|(key, label, is)| (key.as_str(), label.as_str(), *is)).collect();
    Table::new("trend", "Share surely within, by register version", &columns).with(
        versions.iter().map(|AtVersion { version, on, told }| {
            let mut row = vec![Cell::count(*version), Cell::Date(*on)];
            row.extend(told.iter().map(|area| match area {
                Some(area) => {
                    let [least, _] = bounds(area);
                    least
                }
                None => Cell::Unknown("no site of this line then"),
            }));
            row
        }),
    )
}

/// People of an area in all, of a line: for a heading.
pub fn lines_missed(shortfall: &Shortfall) -> (usize, usize, usize) {
    let count =
        |verdict| shortfall.lines.iter().filter(|line| line.assessed.verdict == verdict).count();
    (count(Verdict::Fail), count(Verdict::Undetermined), count(Verdict::Pass))
}

fn name<'a>(register: &'a Register, site: &'a SiteCode) -> &'a str {
    register.site(site).map_or(site.as_str(), |site| site.name())
}

fn items(list: &[AccessItem]) -> String {
    list.iter().map(|item| item.field().label()).collect::<Vec<_>>().join("; ")
}

fn by_line<'a>(list: impl Iterator<Item = (&'a ServiceLine, &'a u64)>) -> String {
    let one = |(line, people): (&ServiceLine, &u64)| {
        format!("{} {}", line.label(), super::grouped(*people as f64, 0))
    };
    list.map(one).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::parts::tests::{area, standard};

    #[test]
    fn a_share_asked_for_is_not_rounded_to_the_whole_per_cent() {
        let asked = |share| share_asked(&standard(share));
        assert_eq!(asked(0.975), Cell::Number(97.5, 1));
        assert_eq!(asked(0.9), Cell::Number(90.0, 0));
    }

    #[test]
    fn shares_count_people_whose_number_is_not_known_as_the_verdict_does() {
        let told = AreaAssessment {
            within: 9,
            unknown_zones: 1,
            least_share: Some(0.5),
            greatest_share: Some(0.75),
            ..area(10, Vec::new())
        };
        assert_eq!(bounds(&told), [Cell::Number(50.0, 1), Cell::Number(75.0, 1)]);
        assert_eq!(bounds(&area(0, Vec::new())), [Cell::Empty, Cell::Empty]);
    }

    #[test]
    fn a_team_s_base_has_no_rank_and_comes_last_and_lists_part_by_what_comes_first() {
        let told = ranked(vec!["base", "clinic", "surgery"], |name| *name == "base");
        let ranks: Vec<Cell> = told.iter().map(|(rank, _)| rank.clone()).collect();
        assert_eq!(ranks, [Cell::count(1), Cell::count(2), Cell::Empty]);
        assert_eq!(told.last().map(|(_, name)| *name), Some("base"));

        let row = |first: &str| vec![Cell::text("S01"), Cell::text(first)];
        let table = Table::new("league", "", &[("site", "Site", false), ("first", "First", false)])
            .with([row(SURVEY), row(WORKS), row(SURVEY)]);
        let lists = by_first(&table);
        let sizes: Vec<(&str, usize)> =
            lists.iter().map(|list| (list.name.as_str(), list.rows.len())).collect();
        assert_eq!(sizes, [("league-works", 1), ("league-survey", 2), ("league-ask", 0)]);
    }
}
