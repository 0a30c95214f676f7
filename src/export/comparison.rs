//! Who is better and worse off between two states of the estate, as tables: one set for page, file, API and pack.

use super::{Cell, Table};
use crate::access::{AreaAssessment, Difference, Verdict};
use crate::register::Word as _;
use crate::scenario::{CatchmentAnswer, Compared, Displaced};

/// Every table of a comparison.
pub fn comparison_tables(compared: &Compared) -> Vec<Table> {
    let mut tables = difference_tables(&compared.differences);
    tables.push(journeys_table(&compared.displaced));
    tables.push(gaps_table(&compared.gaps));
    tables
}

/// The tables of differences by standard.
pub fn difference_tables(differences: &[Difference]) -> Vec<Table> {
    vec![
        standards_table(differences),
        parts_table(differences),
        bands_table(differences),
        verdicts_table(differences),
        worst_table(differences),
    ]
}

/// Met, missed, or nobody can say.
pub fn verdict_words(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "Met",
        Verdict::Fail => "Missed",
        Verdict::Undetermined => "Undetermined",
    }
}

fn standards_table(differences: &[Difference]) -> Table {
    let columns = [
        ("standard", "Key", false),
        ("words", "Standard", false),
        ("people", "People", true),
        ("better", "Better", true),
        ("same", "Same", true),
        ("worse", "Worse", true),
        ("untold", "Cannot be told", true),
        ("gained", "Newly within", true),
        ("lost", "No longer within", true),
        ("within_to_open", "Within, now undetermined", true),
        ("beyond_to_open", "Beyond, now undetermined", true),
        ("open_to_within", "Undetermined, now within", true),
        ("open_to_beyond", "Undetermined, now beyond", true),
        ("within_before", "Within before", true),
        ("within_after", "Within after", true),
        ("undetermined_before", "Undetermined before", true),
        ("undetermined_after", "Undetermined after", true),
        ("mean_minutes_before", "Mean minutes before", true),
        ("mean_minutes_after", "Mean minutes after", true),
        ("p90_minutes_before", "90th centile before", true),
        ("p90_minutes_after", "90th centile after", true),
        ("verdict_before", "Verdict before", false),
        ("verdict_after", "Verdict after", false),
    ];
    let rows = differences.iter().map(|told| {
        let (was, is, people) = (&told.before, &told.after, told.affected);
        let figure = |of: fn(&AreaAssessment) -> Option<f64>| {
            [was, is].map(|area| super::access::minutes(area, of(area)))
        };
        let mut row = vec![Cell::text(&*told.standard.key), Cell::text(&*told.standard.words)];
        let counts = [
            was.people,
            people.better,
            people.same,
            people.worse,
            people.untold,
            people.gained,
            people.lost,
            people.within_to_open,
            people.beyond_to_open,
            people.open_to_within,
            people.open_to_beyond,
            was.within,
            is.within,
            was.undetermined,
            is.undetermined,
        ];
        row.extend(counts.map(Cell::count));
        row.extend(figure(|area| area.mean_minutes));
        row.extend(figure(|area| area.p90_minutes));
        row.extend([was.verdict, is.verdict].map(|verdict| Cell::text(verdict_words(verdict))));
        row
    });
    Table::new("standards", "Each standard, before and after", &columns).with(rows)
}

fn parts_table(differences: &[Difference]) -> Table {
    let columns = [
        ("standard", "Standard", false),
        ("by", "By", false),
        ("code", "Code", false),
        ("name", "Name", false),
        ("people", "People", true),
        ("better", "Better", true),
        ("same", "Same", true),
        ("worse", "Worse", true),
        ("untold", "Cannot be told", true),
        ("gained", "Newly within", true),
        ("lost", "No longer within", true),
        ("within_to_open", "Within, now undetermined", true),
        ("beyond_to_open", "Beyond, now undetermined", true),
        ("open_to_within", "Undetermined, now within", true),
        ("open_to_beyond", "Undetermined, now beyond", true),
        ("within_before", "Within before", true),
        ("within_after", "Within after", true),
    ];
    let rows = differences.iter().flat_map(|told| {
        told.parts.iter().map(|part| {
            let people = part.affected;
            let mut row = vec![
                Cell::text(&*told.standard.key),
                Cell::text(part.by.key()),
                Cell::text(&*part.key),
                Cell::text(&*part.name),
            ];
            let counts = [
                part.people,
                people.better,
                people.same,
                people.worse,
                people.untold,
                people.gained,
                people.lost,
                people.within_to_open,
                people.beyond_to_open,
                people.open_to_within,
                people.open_to_beyond,
                part.within.0,
                part.within.1,
            ];
            row.extend(counts.map(Cell::count));
            row
        })
    });
    Table::new(
        "people",
        "By borough, board, deprivation decile (1 is the most deprived) and group",
        &columns,
    )
    .with(rows)
}

fn bands_table(differences: &[Difference]) -> Table {
    let columns = [
        ("standard", "Standard", false),
        ("change", "Change of the journey to the nearest site that surely serves", false),
        ("people", "People", true),
    ];
    let rows = differences.iter().flat_map(|told| {
        told.bands.iter().map(|(band, people)| {
            vec![Cell::text(&*told.standard.key), Cell::text(&**band), Cell::count(*people)]
        })
    });
    Table::new("minutes", "By change in minutes", &columns).with(rows)
}

fn verdicts_table(differences: &[Difference]) -> Table {
    let columns = [
        ("standard", "Standard", false),
        ("area", "Area code", false),
        ("name", "Area", false),
        ("before", "Before", false),
        ("after", "After", false),
    ];
    let rows = differences.iter().flat_map(|told| {
        told.verdicts.iter().map(|change| {
            vec![
                Cell::text(&*told.standard.key),
                Cell::text(change.area.written()),
                Cell::text(&*change.name),
                Cell::text(verdict_words(change.before)),
                Cell::text(verdict_words(change.after)),
            ]
        })
    });
    Table::new("verdicts", "Standards that change state", &columns).with(rows)
}

fn worst_table(differences: &[Difference]) -> Table {
    let columns = [
        ("standard", "Standard", false),
        ("zone", "Small area", false),
        ("place", "Ward and borough", false),
        ("imd_decile", "Decile (1 is most deprived)", true),
        ("people", "People", true),
        ("minutes_before", "Minutes before", true),
        ("minutes_after", "Minutes after", true),
        ("site_before", "Nearest before", false),
        ("site_after", "Nearest after", false),
    ];
    let rows = differences.iter().flat_map(|told| {
        told.worst.iter().map(|zone| {
            // Only journeys known on both sides are worse.
            let minutes = |minutes: Option<f64>| {
                minutes.map_or(Cell::Unknown("no such site in reach"), |m| Cell::Number(m, 1))
            };
            let site = |code: &Option<crate::register::SiteCode>| {
                code.as_ref().map_or(Cell::Empty, |code| Cell::text(code.as_str()))
            };
            vec![
                Cell::text(&*told.standard.key),
                Cell::text(&*zone.zone),
                Cell::text(&*zone.place),
                Cell::maybe(zone.imd_decile.map(f64::from), 0),
                Cell::count(zone.people),
                minutes(zone.before),
                minutes(zone.after),
                site(&zone.from),
                site(&zone.to),
            ]
        })
    });
    Table::new("worst", "The ten worst-hit small areas of each standard", &columns).with(rows)
}

/// The journeys of each moved tenancy's own patients.
pub fn journeys_table(displaced: &[Displaced]) -> Table {
    let columns = [
        ("tenancy", "Tenancy", false),
        ("name", "Name", false),
        ("service_line", "Care", false),
        ("people", "People it serves", true),
        ("from", "From", false),
        ("to", "To", false),
        ("decided", "Decided", false),
        ("minutes_before", "Mean minutes before", true),
        ("minutes_after", "Mean minutes after", true),
        ("share_beyond_percent", "Beyond the journey limit after (%)", true),
        ("minutes_by", "Minutes by", false),
    ];
    let rows = displaced.iter().map(|moved| {
        let told = |figure: Option<f64>, decimals| {
            figure.map_or(Cell::Unknown("not known"), |figure| Cell::Number(figure, decimals))
        };
        vec![
            Cell::text(moved.tenancy.to_string()),
            Cell::text(&*moved.name),
            moved
                .service_line
                .map_or(Cell::Unknown("not recorded"), |line| Cell::text(line.label())),
            told(moved.people, 0),
            Cell::text(moved.from.as_str()),
            moved
                .to
                .as_ref()
                .map_or(Cell::Unknown("no other site offers it"), |to| Cell::text(to.as_str())),
            Cell::text(if moved.is_planned {
                "by the plan"
            } else {
                "no: nearest other site, room not checked"
            }),
            told(moved.minutes_before, 1),
            told(moved.minutes_after, 1),
            told(moved.share_beyond.map(|share| share * 100.0), 1),
            moved.minutes_by.as_ref().map_or(Cell::Empty, |by| Cell::text(&**by)),
        ]
    });
    Table::new("journeys", "Journeys of each moved tenancy’s own patients", &columns).with(rows)
}

fn gaps_table(gaps: &[String]) -> Table {
    Table::new("gaps", "What is not known and could change this", &[("words", "Gap", false)])
        .with(gaps.iter().map(|gap| vec![Cell::text(&**gap)]))
}

/// A floating catchment by borough and decile.
pub fn catchment_means_table(answer: &CatchmentAnswer) -> Table {
    let columns = [
        ("by", "By", false),
        ("name", "Name", false),
        ("people", "People", true),
        ("scored", "Of them, with a score", true),
        ("score", "Mean score", true),
    ];
    Table::new(
        "catchments",
        "Mean score by borough and by deprivation decile (1 is the most deprived)",
        &columns,
    )
    .with(answer.means.iter().map(|mean| {
        vec![
            Cell::text(&*mean.by),
            Cell::text(&*mean.name),
            Cell::count(mean.people),
            Cell::count(mean.scored),
            score(mean.score),
        ]
    }))
}

/// A floating catchment at every zone.
pub fn catchment_zones_table(answer: &CatchmentAnswer) -> Table {
    let columns = [
        ("zone", "Small area", false),
        ("ward", "Ward", false),
        ("borough", "Borough", false),
        ("imd_decile", "Decile (1 is most deprived)", true),
        ("people", "People", true),
        ("score", "Score", true),
    ];
    Table::new("catchment-zones", "Score of each small area", &columns).with(
        answer.zones.iter().map(|zone| {
            vec![
                Cell::text(&*zone.zone),
                Cell::text(&*zone.ward),
                Cell::text(&*zone.borough),
                Cell::maybe(zone.imd_decile.map(f64::from), 0),
                Cell::count(zone.people),
                score(zone.score),
            ]
        }),
    )
}

fn score(score: Option<f64>) -> Cell {
    score.map_or(Cell::Unknown("no supply in reach"), |score| Cell::Number(score, 6))
}
