//! `domesday db`: back up, restore, copy and check what is kept.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Subcommand};

use super::table;
use crate::store::{Contents, Scope, Store};

/// What to do with which register.
#[derive(Debug, Args)]
pub(crate) struct DbArgs {
    /// The register: `sqlite:PATH` or `postgres://…`.
    #[arg(long, env = "DOMESDAY_STORE", default_value = "sqlite:domesday.db", global = true)]
    store: String,
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Write a checked backup, a SQLite file, while others go on reading and writing
    Backup {
        /// The new file; an existing one is never overwritten.
        file: PathBuf,
    },
    /// Fill the register, which must be empty, from a backup
    Restore {
        /// A file that `backup` wrote.
        file: PathBuf,
    },
    /// Copy everything that is kept into another, empty database, and prove it equal by hash
    Copy {
        /// Where to: `sqlite:PATH` or `postgres://…`.
        to: String,
    },
    /// Check the file's structure, every hash and link, and that the newest version can be built
    Doctor,
    /// List the versions of the register, newest first
    Versions {
        /// At most so many.
        #[arg(long, default_value_t = 20)]
        limit: usize,
    },
}

/// Does it. `doctor` exits with 1 where something is wrong.
pub(crate) fn run(args: DbArgs) -> anyhow::Result<ExitCode> {
    let mut out = std::io::stdout().lock();
    let scope = Scope::command_line();
    let existing = || Store::open_existing(&args.store).context("opening the register");
    match args.task {
        Task::Backup { file } => {
            let kept = existing()?.backup(&file)?;
            writeln!(out, "backed up {} to {}", told(&kept), file.display())?;
        }
        Task::Restore { file } => {
            // Before a register is made for it.
            anyhow::ensure!(file.is_file(), "there is no file {}", file.display());
            let store = Store::open(&args.store).context("opening the register")?;
            let kept = store.restore(&file)?;
            writeln!(out, "restored {} into {}", told(&kept), store.place())?;
        }
        Task::Copy { to } => {
            let target = Store::open(&to).context("opening the target")?;
            let kept = existing()?.copy_to(&target)?;
            writeln!(out, "copied {} to {}", told(&kept), target.place())?;
        }
        Task::Doctor => {
            let diagnosis = existing()?.doctor(&scope)?;
            writeln!(out, "{}", diagnosis.place)?;
            writeln!(out, "holds {}", told(&diagnosis.contents))?;
            let (sites, tenancies) = (diagnosis.sites, diagnosis.tenancies);
            writeln!(out, "newest version: {sites} sites, {tenancies} tenancies")?;
            if diagnosis.faults.is_empty() {
                writeln!(
                    out,
                    "healthy: the structure is sound, every row is what its hash says, no link is missing"
                )?;
            } else {
                for fault in &diagnosis.faults {
                    writeln!(out, "WRONG: {fault}")?;
                }
                return Ok(ExitCode::FAILURE);
            }
        }
        Task::Versions { limit } => {
            let sets = existing()?.change_sets(&scope, limit)?;
            let rows: Vec<Vec<String>> = sets
                .into_iter()
                .map(|set| {
                    let at = set.at.format("%Y-%m-%d %H:%M:%S").to_string();
                    let short = set.hash.chars().take(12).collect();
                    let (id, changes) = (set.id.to_string(), set.changes.to_string());
                    vec![id, at, set.author, changes, set.source, set.reason, short]
                })
                .collect();
            let headings =
                [">version", "at (UTC)", "author", ">changes", "source", "reason", "hash"];
            table::print(&mut out, &headings, &rows)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn told(kept: &Contents) -> String {
    let Contents {
        versions,
        changes,
        references,
        runs,
        imports,
        standards,
        studies,
        documents,
        hash,
    } = kept;
    format!(
        "{versions} versions ({changes} statements), {references} reference sets, {runs} runs, {studies} studies, {imports} \
         import reports, {documents} programmes and lists, {standards} versions of the standards, SHA-256 {hash}"
    )
}
