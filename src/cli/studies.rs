//! What `domesday plan` asks of its own run: why, frontier, portfolio, survey list. Same tables as on the pages.

use std::io::Write;

use clap::Args;

use super::plan::Terminal;
use super::report::Detail;
use super::table;
use crate::config;
use crate::export::{Table, study as study_tables};
use crate::register::SiteCode;
use crate::scenario::{self, Asking, Follow, Objective, Run, Study, StudyQuestion};
use crate::store::{RunId, Scope, Snapshot, Store};

/// Rows of a table that the short report shows.
const SHORT_ROWS: usize = 25;

// No doc comment: clap would print it as what `plan` is for.
#[derive(Debug, Args)]
pub(super) struct StudyArgs {
    /// Explain a site of the plan: what the opposite would cost, what binds, what else would change.
    #[arg(long, value_name = "CODE", value_delimiter = ',')]
    explain: Vec<SiteCode>,
    /// Say of every site and tenancy between what ends the opposite would cost.
    #[arg(long)]
    explain_all: bool,
    /// Sweep one amount against another, each point a run of its own.
    #[arg(long, num_args = 2, value_names = ["SOUGHT", "AGAINST"], value_parser = parse_amount)]
    frontier: Vec<Objective>,
    /// Points of the frontier.
    #[arg(long, default_value_t = 12)]
    points: usize,
    /// Find the best so many plans, and how often each site closes in them.
    #[arg(long, value_name = "PLANS")]
    portfolio: Option<usize>,
    /// How much worse than the best a plan of the portfolio may be, in per cent.
    #[arg(long, default_value_t = 1.0)]
    within: f64,
    /// List the sites whose fate hangs on access items nobody has surveyed.
    #[arg(long)]
    survey: bool,
}

impl StudyArgs {
    /// What the options ask, checked.
    pub(super) fn questions(&self) -> anyhow::Result<Vec<StudyQuestion>> {
        anyhow::ensure!(
            self.within.is_finite() && (0.0..=100.0).contains(&self.within),
            "--within is a percentage from 0 to 100"
        );
        anyhow::ensure!((2..=60).contains(&self.points), "--points is a number from 2 to 60");
        let mut questions: Vec<StudyQuestion> =
            self.explain.iter().map(|site| StudyQuestion::WhySite { site: site.clone() }).collect();
        if self.explain_all {
            questions.push(StudyQuestion::Why);
        }
        if let [sought, against] = self.frontier.as_slice() {
            anyhow::ensure!(sought != against, "--frontier is between two different amounts");
            questions.push(StudyQuestion::Frontier {
                sought: *sought,
                against: *against,
                points: self.points,
            });
        }
        if let Some(plans) = self.portfolio {
            anyhow::ensure!(
                (2..=50).contains(&plans),
                "--portfolio is a number of plans from 2 to 50"
            );
            questions.push(StudyQuestion::Portfolio { plans, within: self.within / 100.0 });
        }
        if self.survey {
            questions.push(StudyQuestion::Survey);
        }
        Ok(questions)
    }
}

fn parse_amount(text: &str) -> Result<Objective, String> {
    Objective::find(text).ok_or_else(|| {
        let known: Vec<&str> = Objective::ALL.iter().map(|amount| amount.key()).collect();
        format!("an amount is one of {}", known.join(", "))
    })
}

/// Puts one question, keeps the answer and prints it.
pub(super) fn put(
    store: &Store,
    scope: &Scope,
    snapshot: &Snapshot,
    (id, run): (RunId, &Run),
    question: StudyQuestion,
    (author, json, detail): (&str, bool, Detail),
) -> anyhow::Result<()> {
    if run.proposal.is_none() {
        return Ok(());
    }
    let estate = scenario::Estate {
        register: &snapshot.register,
        geography: &snapshot.geography,
        index: &snapshot.index,
    };
    let rules = config::rules()?;
    let at = chrono::Utc::now().naive_utc();
    let asking = Asking { run: id.0, author: author.to_owned(), at };
    let mut follow = OnTerminal { terminal: Terminal::watching(), store, scope };
    let study = scenario::study(&estate, run, question, &rules, asking, &mut follow);
    follow.terminal.finish();
    let study = study?;
    let number = store.save_study(scope, &study)?;
    let mut out = std::io::stdout().lock();
    if json {
        serde_json::to_writer_pretty(&mut out, &study)?;
        writeln!(out)?;
        return Ok(());
    }
    print(&mut out, &study, detail)?;
    writeln!(out, "\nKept as study {number}.")?;
    Ok(())
}

fn print(out: &mut dyn Write, study: &Study, detail: Detail) -> anyhow::Result<()> {
    writeln!(out, "\n{}", study_tables::title(study))?;
    for sentence in study_tables::told(study) {
        writeln!(out, "{sentence}")?;
    }
    for table in study_tables::all(study) {
        writeln!(out, "\n{}", table.caption)?;
        show(out, &table, detail)?;
    }
    Ok(())
}

fn show(out: &mut dyn Write, table: &Table, detail: Detail) -> anyhow::Result<()> {
    let heads: Vec<String> =
        table
            .columns
            .iter()
            .map(|column| {
                if column.is_numeric { format!(">{}", column.label) } else { column.label.clone() }
            })
            .collect();
    let heads: Vec<&str> = heads.iter().map(String::as_str).collect();
    let shown = if detail == Detail::Full { table.rows.len() } else { SHORT_ROWS };
    let rows: Vec<Vec<String>> = table
        .rows
        .iter()
        .take(shown)
        .map(|row| row.iter().map(crate::export::Cell::shown).collect())
        .collect();
    table::print(out, &heads, &rows)?;
    if table.rows.len() > shown {
        writeln!(out, "… and {} more (--full prints every row)", table.rows.len() - shown)?;
    }
    Ok(())
}

struct OnTerminal<'a> {
    terminal: Terminal,
    store: &'a Store,
    scope: &'a Scope,
}

impl solver::Watch for OnTerminal<'_> {
    fn progress(&mut self, progress: solver::Progress) {
        self.terminal.progress(progress);
    }
    fn is_cancelled(&self) -> bool {
        self.terminal.is_cancelled()
    }
}

impl Follow for OnTerminal<'_> {
    fn step(&mut self, share: f64, doing: &str) {
        self.terminal.say(&format!("{:.0} %: {doing}", share * 100.0));
    }
    fn keep(&mut self, run: &Run) -> Result<u64, String> {
        self.store.save_run(self.scope, run).map(|id| id.0).map_err(|fault| fault.to_string())
    }
}
