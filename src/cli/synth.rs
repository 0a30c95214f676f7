//! `domesday synth`: an illustrative estate, as spreadsheets or straight into a register.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, ensure};
use clap::Args;

use crate::store::{Draft, Scope, Store};
use crate::synth::{self, Estate, Scale};

/// What to make and where to put it.
#[derive(Debug, Args)]
pub(crate) struct SynthArgs {
    /// How much of the country: borough (three of them), london or england.
    #[arg(long, default_value = "borough")]
    scale: Scale,
    /// Another number makes another estate; the same number the same, byte for byte.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Write the template spreadsheets, filled in, to this folder.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Load it into this register, which must be empty: `sqlite:PATH` or `postgres://…`.
    #[arg(long, value_name = "URL")]
    store: Option<String>,
}

/// Makes it, writes it, and says what was made.
pub(crate) fn run(args: SynthArgs) -> anyhow::Result<ExitCode> {
    let SynthArgs { scale, seed, out, store } = args;
    ensure!(out.is_some() || store.is_some(), "say where it goes: --out DIR, --store URL, or both");
    let estate = synth::estate(scale, seed);
    let mut terminal = std::io::stdout().lock();
    if let Some(folder) = &out {
        write_tables(&estate, folder)?;
        writeln!(terminal, "wrote an illustrative estate to {}", folder.display())?;
    }
    if let Some(url) = &store {
        let version = load(estate, scale, seed, url)?;
        writeln!(terminal, "loaded an illustrative estate as version {version}")?;
    }
    writeln!(terminal, "everything in it but authorities and their populations is invented")?;
    Ok(ExitCode::SUCCESS)
}

fn write_tables(estate: &Estate, folder: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(folder)
        .with_context(|| format!("making the folder {}", folder.display()))?;
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        fs::write(&path, bytes).with_context(|| format!("writing {}", path.display()))
    };
    for table in synth::tables(estate) {
        write(&table.name, &table.bytes)?;
    }
    write("README.md", synth::column_guide().as_bytes())
}

fn load(estate: Estate, scale: Scale, seed: u64, url: &str) -> anyhow::Result<u64> {
    let store = Store::open(url).context("opening the register")?;
    let scope = Scope::command_line();
    let held = store.snapshot(&scope)?.register.version;
    ensure!(
        held == 0,
        "{url} already holds a register (version {held}); an illustrative estate is loaded into an empty one only"
    );
    let draft = Draft {
        author: "domesday".to_owned(),
        at: chrono::Utc::now().naive_utc(),
        source: format!("domesday synth --scale {scale} --seed {seed}"),
        reason: "an illustrative estate".to_owned(),
        changes: estate.changes,
        references: estate.references,
    };
    let version = store.append(&scope, draft, 0).context("loading the estate")?.id;
    let title = format!("illustrative priorities, seed {seed}");
    let now = chrono::Utc::now().naive_utc();
    store.save_priorities(&scope, &synth::priorities(scale, seed), &title, now)?;
    Ok(version)
}
