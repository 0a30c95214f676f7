//! A study as words and tables: the same on the terminal, on pages and in files.

use super::{Cell, Table, grouped};
use crate::register::Pence;
use crate::scenario::{
    Alternatives, Difference, Frontier, Objective, RunStatus, Study, StudyAnswer, StudyQuestion,
    SurveyList, Why, Whys,
};

/// What was asked, as a heading.
pub fn title(study: &Study) -> String {
    match &study.question {
        StudyQuestion::Why => "What every choice would cost the other way".to_owned(),
        StudyQuestion::WhySite { site } => format!("Why: {site}"),
        StudyQuestion::Frontier { sought, against, .. } => {
            format!("{} against {}", sought.label(), lower(against.label()))
        }
        StudyQuestion::Portfolio { plans, .. } => format!("The best {plans} plans"),
        StudyQuestion::Survey => "What a survey of access would settle".to_owned(),
    }
}

/// What is to be known of the answer as a whole, in sentences.
pub fn told(study: &Study) -> Vec<String> {
    let mut told = match &study.answer {
        StudyAnswer::Why(whys) => told_of_whys(whys),
        StudyAnswer::Frontier(frontier) => told_of_frontier(frontier),
        StudyAnswer::Portfolio(found) => told_of_portfolio(found),
        StudyAnswer::Survey(list) => told_of_survey(list),
    };
    if study.is_cut_short {
        told.push("It was stopped, or ran out of time, before everything was answered.".to_owned());
    }
    told
}

/// Every table of the answer, the main one first.
pub fn all(study: &Study) -> Vec<Table> {
    match &study.answer {
        StudyAnswer::Why(whys) => {
            let mut tables = vec![whys_table(whys)];
            let changes: Vec<Vec<Cell>> = whys.rows.iter().flat_map(changes_of).collect();
            if !changes.is_empty() {
                tables.push(changes_table().with(changes));
            }
            tables
        }
        StudyAnswer::Frontier(frontier) => vec![frontier_table(frontier)],
        StudyAnswer::Portfolio(found) => vec![closing_table(found), plans_table(found)],
        StudyAnswer::Survey(list) => vec![survey_table(list)],
    }
}

fn told_of_whys(whys: &Whys) -> Vec<String> {
    let unit = unit_words(whys.objective);
    let impossible = whys.rows.iter().filter(|row| row.known == solver::Known::Impossible).count();
    vec![
        format!(
            "Costs are by the search’s own reckoning, in {unit} of what is sought ({}); more is worse. “At least” is proved. “At most” is the cost of a plan that is known.",
            lower(whys.objective.label())
        ),
        format!(
            "Below zero, a better plan may exist within the run’s gap. {} of {} choices cannot be taken the other way at all.",
            impossible,
            whys.rows.len()
        ),
    ]
}

fn told_of_frontier(frontier: &Frontier) -> Vec<String> {
    let mut told = vec![format!(
        "Each point is a stored run, the best found in one amount for so much of the other; none is as good as another in both. Figures are from each run’s own ledger and journeys. {} points.",
        frontier.points.len()
    )];
    if let Some(best) = frontier.at_best {
        let side = if frontier.against.more_is_better() { "more" } else { "less" };
        told.push(
            format!(
                "Proved: no plan has {side} of “{}” than {} {} (by the search’s own reckoning).",
                lower(frontier.against.label()),
                amount_words(frontier.against, best),
                if frontier.against.unit() == "£" { "" } else { frontier.against.unit() },
            )
            .replace(" (by", " (by")
            .replace("  ", " "),
        );
    }
    told
}

fn told_of_portfolio(found: &Alternatives) -> Vec<String> {
    let count = found.plans.len();
    let mut told = vec![match (found.is_proved, found.is_all) {
        (_, true) => format!("{count} plans: proved to be all there are within the gap."),
        (true, false) => format!("{count} plans: proved to be the best {count}."),
        (false, false) => format!(
            "{count} plans, each the best found that differs from those before it; a search stopped at its gap or its time, so a better one may have been passed over."
        ),
    }];
    told.push("Plans differ in the option of at least one site.".to_owned());
    told
}

fn told_of_survey(list: &SurveyList) -> Vec<String> {
    let mut told = Vec::new();
    if let (Some(no), Some(yes)) = (list.as_no, list.as_yes) {
        told.push(format!(
            "If every unknown access item were a yes, the best plan found would be better by {} {} of what is sought ({}), by the search’s own reckoning.",
            amount_words(list.objective, no - yes),
            if list.objective.unit() == "£" { "" } else { list.objective.unit() },
            lower(list.objective.label())
        ).replace("  ", " "));
    } else {
        let which = |status: &RunStatus| match status {
            RunStatus::Infeasible => "no plan keeps the rules",
            RunStatus::NothingFound => "no plan was found in time",
            _ => "there is a plan",
        };
        told.push(format!(
            "With every unknown as no, {}; with every unknown as yes, {}.",
            which(&list.ends[0]),
            which(&list.ends[1])
        ));
    }
    told.push(
        "These are the sites and services whose fate differs, and the items to survey there, most at stake first. No proposal is ever made of an unknown taken as yes."
            .to_owned(),
    );
    told
}

fn whys_table(whys: &Whys) -> Table {
    let unit = whys.objective.unit();
    let key = |end: &str| format!("{end}_{}", unit_key(whys.objective));
    let (low, high) = (key("at_least"), key("at_most"));
    let (low_label, high_label) = (format!("At least ({unit})"), format!("At most ({unit})"));
    let columns = [
        ("site_code", "Site", false),
        ("name", "Site or service", false),
        ("tenancy", "Service", false),
        ("now", "In the plan", false),
        ("known", "The opposite", false),
        (low.as_str(), low_label.as_str(), true),
        (high.as_str(), high_label.as_str(), true),
        ("reason", "What binds", false),
    ];
    Table::new("why", "The cost of the opposite", &columns).with(whys.rows.iter().map(|row| {
        vec![
            Cell::text(row.site.as_str()),
            Cell::text(&*row.name),
            Cell::text(row.tenancy.as_ref().map_or("", |tenancy| tenancy.as_str())),
            Cell::text(&*row.now),
            Cell::text(known_words(row)),
            row.low.map_or(Cell::Empty, |low| Cell::Number(low, 0)),
            row.high.map_or(Cell::Empty, |high| Cell::Number(high, 0)),
            Cell::text(row.binds.as_deref().unwrap_or_default()),
        ]
    }))
}

/// How the cost of the opposite is known.
pub fn known_words(row: &Why) -> &'static str {
    match row.known {
        solver::Known::Exactly => "known exactly",
        solver::Known::Between => "between the two",
        solver::Known::AtLeast => "no plan known",
        solver::Known::Impossible => "impossible",
    }
}

fn changes_table() -> Table {
    let columns = [
        ("of", "The opposite of", false),
        ("site_code", "Site", false),
        ("name", "Site or service", false),
        ("from", "In the plan", false),
        ("to", "With the opposite", false),
    ];
    Table::new("changes", "What else would change", &columns)
}

fn changes_of(row: &Why) -> Vec<Vec<Cell>> {
    let of = row.tenancy.as_ref().map_or(row.site.as_str(), |tenancy| tenancy.as_str());
    row.changes.iter().map(|change| change_cells(of, change)).collect()
}

fn change_cells(of: &str, change: &Difference) -> Vec<Cell> {
    vec![
        Cell::text(of),
        Cell::text(change.site.as_str()),
        Cell::text(&*change.name),
        Cell::text(&*change.from),
        Cell::text(&*change.to),
    ]
}

fn frontier_table(frontier: &Frontier) -> Table {
    let label = |amount: Objective| {
        if amount.unit() == "£" {
            amount.label().to_owned()
        } else {
            format!("{} ({})", amount.label(), amount.unit())
        }
    };
    let key = |amount: Objective| format!("{}_{}", amount.key(), unit_key(amount));
    let (x_key, y_key) = (key(frontier.against), key(frontier.sought));
    let (x, y) = (label(frontier.against), label(frontier.sought));
    let columns = [
        ("run", "Run", true),
        (y_key.as_str(), y.as_str(), true),
        (x_key.as_str(), x.as_str(), true),
        ("gap_percent", "Gap (%)", true),
        ("sites_closed", "Sites closed", true),
        ("status", "How it ended", false),
        ("seconds", "Seconds", true),
    ];
    Table::new("frontier", "Points of the frontier", &columns).with(frontier.points.iter().map(
        |point| {
            vec![
                Cell::count(point.run),
                amount_cell(frontier.sought, point.sought),
                amount_cell(frontier.against, point.against),
                point.gap.map_or(Cell::Unknown("not known"), |gap| Cell::Number(gap * 100.0, 2)),
                Cell::count(point.closes),
                Cell::text(status_words(point.status)),
                Cell::Number(point.seconds, 1),
            ]
        },
    ))
}

fn status_words(status: RunStatus) -> &'static str {
    match status {
        RunStatus::Optimal => "proved best",
        RunStatus::WithinGap => "within the gap",
        RunStatus::Stopped => "stopped with a plan",
        RunStatus::Infeasible => "no plan",
        RunStatus::NothingFound => "nothing found",
    }
}

fn closing_table(found: &Alternatives) -> Table {
    let columns = [
        ("site_code", "Site", false),
        ("name", "Name", false),
        ("closes_in", "Closes in", true),
        ("plans", "Of plans", true),
        ("share_percent", "Share (%)", true),
    ];
    let plans = found.plans.len() as u64;
    Table::new("closing", "How often each site closes", &columns).with(found.sites.iter().map(
        |site| {
            vec![
                Cell::text(site.site.as_str()),
                Cell::text(&*site.name),
                Cell::count(site.closes_in),
                Cell::count(plans),
                Cell::Number(site.share * 100.0, 0),
            ]
        },
    ))
}

fn plans_table(found: &Alternatives) -> Table {
    let unit = found.objective.unit();
    let (key, label) =
        (format!("worse_by_{}", unit_key(found.objective)), format!("Worse by ({unit})"));
    let columns = [
        ("plan", "Plan", true),
        (key.as_str(), label.as_str(), true),
        ("sites_closed", "Sites closed", true),
        ("words", "How it differs from the best", false),
    ];
    let row = |(at, plan): (usize, &crate::scenario::Alternative)| {
        let sites: Vec<String> = plan
            .differs
            .iter()
            .filter(|change| change.tenancy.is_none())
            .map(|change| format!("{}: {} instead of {}", change.site, change.to, change.from))
            .collect();
        let moves = plan.differs.iter().filter(|change| change.tenancy.is_some()).count();
        let moves = match moves {
            0 => None,
            1 => Some("1 service is elsewhere".to_owned()),
            more => Some(format!("{more} services are elsewhere")),
        };
        let words: Vec<String> = sites.into_iter().chain(moves).collect();
        vec![
            Cell::count(at as u64 + 1),
            Cell::Number(plan.worse_by, 0),
            Cell::count(plan.closes.len() as u64),
            Cell::text(words.join("; ")),
        ]
    };
    Table::new("plans", "The plans", &columns).with(found.plans.iter().enumerate().map(row))
}

fn survey_table(list: &SurveyList) -> Table {
    let unit = list.objective.unit();
    let (key, label) =
        (format!("at_stake_{}", unit_key(list.objective)), format!("At stake ({unit})"));
    let columns = [
        ("site_code", "Site", false),
        ("name", "Site or service", false),
        ("tenancy", "Service", false),
        ("as_no", "With unknowns as no", false),
        ("as_yes", "With unknowns as yes", false),
        (key.as_str(), label.as_str(), true),
        ("words", "Items to survey", false),
    ];
    let row = |row: &crate::scenario::SurveyRow| {
        let items: Vec<String> = row
            .items
            .iter()
            .map(|(site, items)| {
                let numbers: Vec<String> = items.iter().map(u8::to_string).collect();
                format!("{site}: {}", numbers.join(", "))
            })
            .collect();
        vec![
            Cell::text(row.site.as_str()),
            Cell::text(&*row.name),
            Cell::text(row.tenancy.as_ref().map_or("", |tenancy| tenancy.as_str())),
            Cell::text(&*row.as_no),
            Cell::text(&*row.as_yes),
            Cell::maybe(row.at_stake, 0),
            Cell::text(items.join("; ")),
        ]
    };
    Table::new("survey", "Where a survey would change the plan", &columns)
        .with(list.rows.iter().map(row))
}

/// An amount of a run: money to the penny.
pub fn amount_cell(amount: Objective, figure: f64) -> Cell {
    if amount.unit() == "£" {
        Cell::Money(Pence::pounds(1).times(figure))
    } else {
        Cell::Number(figure, 0)
    }
}

fn amount_words(amount: Objective, figure: f64) -> String {
    if amount.unit() == "£" {
        let sign = if figure < 0.0 { "-" } else { "" };
        format!("about {sign}£{}", grouped(figure.abs(), 0))
    } else {
        grouped(figure, 0)
    }
}

fn unit_key(amount: Objective) -> &'static str {
    match amount.unit() {
        "£" => "gbp",
        "m²" => "m2",
        "people" => "people",
        _ => "person_minutes",
    }
}

fn unit_words(amount: Objective) -> &'static str {
    match amount.unit() {
        "£" => "pounds",
        "m²" => "square metres",
        other => other,
    }
}

fn lower(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}
