//! Who is better and worse off between two states of the estate, as tables: one set for page, file, API and pack.

use super::{Cell, Column, Table, about};
use crate::access::{AreaAssessment, Difference, SAME_BAND, Verdict};
use crate::fund::{Ledger, Line, LineKind, Totals, ValueSource};
use crate::register::Word as _;
use crate::scenario::{CatchmentAnswer, Compared, Displaced, WhatIf};

/// Every table of a comparison.
pub fn comparison_tables(compared: &Compared) -> Vec<Table> {
    let mut tables = difference_tables(&compared.differences);
    tables.push(journeys_table(&compared.displaced));
    tables.push(gaps_table(compared));
    tables
}

/// Every table of a what-if.
pub fn what_if_tables(told: &WhatIf) -> Vec<Table> {
    let mut tables = difference_tables(&told.differences);
    tables.extend([journeys_table(&told.displaced), money_table(told)]);
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

/// The rows of a table in which anything changes, and how many rows that leaves out.
fn changed(mut table: Table) -> (Table, usize) {
    let all = table.rows.len();
    let columns = std::mem::take(&mut table.columns);
    let pairs = pairs(&columns);
    let at = |key: &str| columns.iter().position(|column| column.key == key);
    let changes = ["better", "worse", "untold", "gained", "lost"];
    let counts: Vec<usize> = changes.into_iter().filter_map(at).collect();
    let (band, people) = (at("change"), at("people"));
    let is_some = |cell: Option<&Cell>| cell.is_some_and(|cell| *cell != Cell::count(0));
    table.rows.retain(|row| {
        let of = |at: usize| row.get(at);
        if let Some(band) = band {
            return of(band) != Some(&Cell::text(SAME_BAND)) && is_some(people.and_then(of));
        }
        // A list without counts is of what changes: a journey that nobody can time is moved all the same.
        counts.is_empty()
            || counts.iter().any(|at| is_some(of(*at)))
            || pairs.iter().any(|(was, is)| of(*was) != of(*is))
    });
    table.columns = columns;
    let left_out = all - table.rows.len();
    (table, left_out)
}

/// As much of a table as a screen has room for, and of how much.
#[derive(Debug, Clone, PartialEq)]
pub struct Brief {
    /// Rows in which something changes; where there are too many of them, the worst, worst first.
    pub table: Table,
    /// Rows of the whole table.
    pub all: usize,
    /// Of them, rows in which nothing changes.
    pub unchanged: usize,
    worst_first: &'static str,
}

impl Brief {
    /// At most so many rows of a table.
    pub fn of(table: Table, most: usize) -> Self {
        let all = table.rows.len();
        let (mut table, unchanged) = changed(table);
        let mut worst_first = "";
        if table.rows.len() > most {
            let (words, harm) = harm(&table.columns);
            worst_first = words;
            table.rows.sort_by_cached_key(|row| std::cmp::Reverse(harm(row)));
            table.rows.truncate(most);
        }
        Self { table, all, unchanged, worst_first }
    }

    /// Which rows are shown, and what is with the others; nothing where all of them are.
    pub fn words(&self) -> Option<String> {
        let count = |rows: usize| super::grouped(rows as f64, 0);
        let (shown, all) = (self.table.rows.len(), count(self.all));
        let other = self.all - shown;
        if other == 0 {
            return None;
        }
        if shown == 0 {
            return Some(format!("Rows shown: none of {all}, since nothing changes in any."));
        }
        if other == self.unchanged {
            return Some(format!(
                "Rows shown: {} of {all}. Nothing changes in the other {}.",
                count(shown),
                count(other)
            ));
        }
        let nothing = if self.unchanged == 0 {
            String::new()
        } else {
            format!(", and nothing in {}", count(self.unchanged))
        };
        Some(format!(
            "Rows shown: {} of {all}{}. Something changes in {} of the others too{nothing}.",
            count(shown),
            self.worst_first,
            count(other - self.unchanged)
        ))
    }
}

/// How bad a row is, the more the worse, by what its table tells; and in words. A journey that nobody can time comes after those
/// known to grow longer and before the others.
fn harm(columns: &[Column]) -> (&'static str, impl Fn(&Vec<Cell>) -> [i64; 3]) {
    let at = |key: &str| columns.iter().position(|column| column.key == key);
    let people = ["worse", "lost", "untold"].map(at);
    let minutes = at("minutes_before").zip(at("minutes_after"));
    let verdicts = at("before").zip(at("after"));
    let words = if people[0].is_some() {
        ", those with the most people worse off first"
    } else if minutes.is_some() {
        ", the journeys that grow longest first"
    } else if verdicts.is_some() {
        ", those that get worse first"
    } else {
        ""
    };
    let harm = move |row: &Vec<Cell>| {
        if people[0].is_some() {
            return people.map(|at| whole(at.and_then(|at| row.get(at)), 1.0).unwrap_or(0));
        }
        if let Some((was, is)) = minutes {
            // In thousandths, so that they can be put in order.
            let [was, is] = [was, is].map(|at| whole(row.get(at), 1_000.0));
            let longer = was.zip(is).map(|(was, is)| is - was);
            return longer.map_or([0, 1, 0], |longer| [longer, 0, 0]);
        }
        let Some((was, is)) = verdicts else { return [0; 3] };
        let rank = |at: usize| {
            let of = |verdict| Some(&Cell::text(verdict_words(verdict))) == row.get(at);
            let ranked = [(Verdict::Pass, 0), (Verdict::Undetermined, 1), (Verdict::Fail, 2)];
            ranked.into_iter().find(|(verdict, _)| of(*verdict)).map_or(0, |(_, rank)| rank)
        };
        [rank(is) - rank(was), rank(is), 0]
    };
    (words, harm)
}

#[expect(clippy::cast_possible_truncation, reason = "people and minutes are far fewer")]
fn whole(cell: Option<&Cell>, times: f64) -> Option<i64> {
    match cell {
        Some(Cell::Number(number, _)) => Some((number * times).round() as i64),
        _ => None,
    }
}

/// Places of the columns that tell the same of before and of after.
pub fn pairs(columns: &[Column]) -> Vec<(usize, usize)> {
    let after = |column: &Column| {
        let key = format!("{}_after", column.key.strip_suffix("_before")?);
        columns.iter().position(|other| other.key == key)
    };
    columns.iter().enumerate().filter_map(|(at, column)| Some((at, after(column)?))).collect()
}

/// What a what-if does to the fund, by what it is for, with the range and what rests on assumptions.
pub fn money_table(told: &WhatIf) -> Table {
    let columns = [
        ("kind", "What for", false),
        ("amount_gbp", "Amount", true),
        ("low_gbp", "If it goes badly", true),
        ("high_gbp", "If it goes well", true),
        ("in_fund", "In the fund", false),
        ("assumed_percent", "Rests on assumptions (%)", true),
        ("assumptions", "Assumptions", false),
    ];
    let ledger = Ledger { lines: told.lines.clone() };
    let row = |words: &str, in_fund: bool, pick: &dyn Fn(&Line) -> bool| {
        let Totals { amount, low, high } = ledger.total(pick);
        let mut keys = std::collections::BTreeSet::new();
        for line in ledger.lines.iter().filter(|line| pick(line)) {
            if let ValueSource::Assumed(assumed) = &line.source {
                keys.extend(assumed.iter().map(String::as_str));
            }
        }
        let share = ledger.assumed_share(pick);
        vec![
            Cell::text(words),
            Cell::Money(amount),
            Cell::Money(low),
            Cell::Money(high),
            Cell::text(if in_fund { "Yes" } else { "No" }),
            share.map_or(Cell::Empty, |share| Cell::Number(share * 100.0, 0)),
            Cell::text(keys.into_iter().collect::<Vec<_>>().join(" ")),
        ]
    };
    let mut rows = Vec::new();
    for in_fund in [true, false] {
        for kind in LineKind::ALL {
            let pick = |line: &Line| line.kind == kind && line.in_fund == in_fund;
            if ledger.lines.iter().any(pick) {
                rows.push(row(kind.label(), in_fund, &pick));
            }
        }
        if in_fund {
            rows.push(row("To the fund, net", true, &|line| line.in_fund));
        }
    }
    Table::new("money", "Money, over the years of a plan", &columns).with(rows)
}

/// Why improving a site costs more than the works of its checklist; nothing where no site is improved.
pub fn improve_words(told: &WhatIf) -> Option<String> {
    let ledger = Ledger { lines: told.lines.clone() };
    let of = |kind| {
        let is = |line: &Line| line.kind == kind && line.because == "improve";
        ledger.lines.iter().any(is).then(|| about(-ledger.total(is).amount))
    };
    let none = || "nothing known".to_owned();
    let (backlog, works) = (of(LineKind::BacklogWorks), of(LineKind::Works));
    if backlog.is_none() && works.is_none() {
        return None;
    }
    Some(format!(
        "Improving does more than the works of the checklist: it mends the backlog up to condition B ({}), and every access item that fails or is not known ({}), not only those a site must pass; both before tax.",
        backlog.unwrap_or_else(none),
        works.unwrap_or_else(none)
    ))
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

/// Care that no standard speaks of is a gap too, and the first: nothing else here tells what becomes of it.
fn gaps_table(compared: &Compared) -> Table {
    let gaps = compared.unjudged.iter().chain(&compared.gaps);
    Table::new("gaps", "What is not known and could change this", &[("words", "Gap", false)])
        .with(gaps.map(|gap| vec![Cell::text(&**gap)]))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_changes_is_left_and_the_rest_is_counted() {
        let columns = [
            ("standard", "Standard", false),
            ("people", "People", true),
            ("better", "Better", true),
            ("within_before", "Within before", true),
            ("within_after", "Within after", true),
        ];
        let row = |key: &str, figures: [u64; 4]| {
            let mut row = vec![Cell::text(key)];
            row.extend(figures.map(Cell::count));
            row
        };
        let rows =
            [row("same", [9, 0, 5, 5]), row("shorter", [9, 2, 5, 5]), row("gained", [9, 0, 5, 6])];
        let (table, left_out) = changed(Table::new("standards", "", &columns).with(rows));
        assert_eq!((table.rows.len(), left_out), (2, 1));
        assert_eq!(pairs(&table.columns), [(3, 4)]);

        let columns = [("change", "Change", false), ("people", "People", true)];
        let row = |band: &str, people| vec![Cell::text(band), Cell::count(people)];
        let rows = [row(SAME_BAND, 7), row("Over 20 minutes longer", 0), row("Longer", 3)];
        let (table, left_out) = changed(Table::new("minutes", "", &columns).with(rows));
        assert_eq!((table.rows, left_out), (vec![row("Longer", 3)], 2));

        let columns = [("minutes_before", "Before", true), ("minutes_after", "After", true)];
        let untold = vec![Cell::Unknown("not known"), Cell::Unknown("not known")];
        let (table, left_out) = changed(Table::new("journeys", "", &columns).with([untold]));
        assert_eq!((table.rows.len(), left_out), (1, 0));

        let lists = Table::new("worst", "", &[("zone", "Zone", false)]);
        let (table, left_out) = changed(lists.with([vec![Cell::text("E01")]]));
        assert_eq!((table.rows.len(), left_out), (1, 0));
    }

    #[test]
    fn a_long_table_shows_its_worst_rows_and_says_of_how_many() {
        let columns = [
            ("name", "Name", false),
            ("better", "Better", true),
            ("worse", "Worse", true),
            ("untold", "Cannot be told", true),
            ("lost", "No longer within", true),
        ];
        let row = |name: &str, figures: [u64; 4]| {
            let mut row = vec![Cell::text(name)];
            row.extend(figures.map(Cell::count));
            row
        };
        let rows = [
            row("better", [9, 0, 0, 0]),
            row("same", [0, 0, 0, 0]),
            row("worse", [0, 5, 0, 0]),
            row("lost", [0, 5, 0, 1]),
            row("worst", [0, 6, 0, 0]),
        ];
        let table = Table::new("people", "", &columns).with(rows);
        let names = |brief: &Brief| -> Vec<String> {
            brief.table.rows.iter().map(|row| row[0].shown()).collect()
        };

        let two = Brief::of(table.clone(), 2);
        assert_eq!(names(&two), ["worst", "lost"]);
        let words = "Rows shown: 2 of 5, those with the most people worse off first. Something changes in 2 of the others too, and nothing in 1.";
        assert_eq!(two.words().as_deref(), Some(words));
        let all = Brief::of(table.clone(), 4);
        assert_eq!(names(&all), ["better", "worse", "lost", "worst"], "in their own order");
        let words = "Rows shown: 4 of 5. Nothing changes in the other 1.";
        assert_eq!(all.words().as_deref(), Some(words));
        let same = table.rows[1..2].to_vec();
        let none = Brief::of(Table { rows: same, ..table.clone() }, 2);
        assert_eq!(
            none.words().as_deref(),
            Some("Rows shown: none of 1, since nothing changes in any.")
        );
        assert_eq!(Brief::of(Table { rows: Vec::new(), ..table }, 2).words(), None);

        let columns = [("minutes_before", "Before", true), ("minutes_after", "After", true)];
        let [known, unknown] = [Cell::Number(5.0, 1), Cell::Unknown("not known")];
        let longer = vec![Cell::Number(4.8, 1), known.clone()];
        let rows =
            [vec![known.clone(), Cell::Number(4.0, 1)], vec![known, unknown], longer.clone()];
        let journeys = Table::new("journeys", "", &columns).with(rows.clone());
        assert_eq!(Brief::of(journeys, 2).table.rows, [longer, rows[1].clone()]);

        let columns = [("before", "Before", false), ("after", "After", false)];
        let words = |was, is| [was, is].map(|v| Cell::text(verdict_words(v))).to_vec();
        let rows = [
            words(Verdict::Undetermined, Verdict::Pass),
            words(Verdict::Undetermined, Verdict::Fail),
        ];
        let verdicts = Table::new("verdicts", "", &columns).with(rows.clone());
        assert_eq!(Brief::of(verdicts, 1).table.rows, rows[1..]);
    }
}
