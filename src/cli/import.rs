//! `domesday import`: published and home-made files into the register.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{fs, io};

use anyhow::Context;
use chrono::{NaiveDate, Utc};
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use indicatif::{ProgressBar, ProgressStyle};

use super::table;
use crate::import::mapping::Mapping;
use crate::import::references::About;
use crate::import::run::{Request, run as import};
use crate::import::{Fault, ImportKind, ImportReport, InputFile};
use crate::store::{Scope, Store};

/// What to import, and into what.
#[derive(Debug, Args)]
pub(super) struct ImportArgs {
    /// What the files are.
    #[arg(value_name = "KIND", value_parser = kinds())]
    kind: ImportKind,
    /// The files; gzip and zip are opened. A shapefile brings its .dbf, .prj and .cpg along.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// A TOML file that says which column is which field, in which unit, and which words mean unknown.
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
    /// What a reference set is, such as "ONSPD November 2025", where its file's name does not say.
    #[arg(long, value_name = "TEXT")]
    source: Option<String>,
    /// The day a reference set describes, where its file's name does not say.
    #[arg(long, value_name = "YYYY-MM-DD")]
    as_of: Option<NaiveDate>,
    /// Take the good rows of a file with faults, and record the rest.
    #[arg(long)]
    accept_faults: bool,
    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
    /// Write every fault to this CSV file.
    #[arg(long, value_name = "FILE")]
    faults: Option<PathBuf>,
    /// The register: `sqlite:PATH` or `postgres://…`.
    #[arg(long, env = "DOMESDAY_STORE", default_value = "sqlite:domesday.db")]
    store: String,
    /// Who imports.
    #[arg(long, env = "USER", default_value = "planner")]
    author: String,
    /// Why.
    #[arg(long, default_value = "Import")]
    reason: String,
}

fn kinds() -> impl TypedValueParser<Value = ImportKind> {
    PossibleValuesParser::new(ImportKind::ALL.iter().map(|kind| kind.key()))
        .try_map(|key| key.parse::<ImportKind>())
}

/// A file with faults was not applied.
const REFUSED: u8 = 2;

/// Imports the files and prints what came of it: 0 for applied or nothing new, 2 for faults and nothing applied.
pub(super) fn run(args: ImportArgs) -> anyhow::Result<ExitCode> {
    let mapping = args.mapping.as_deref().map(read_mapping).transpose()?;
    let request = Request {
        kind: args.kind,
        files: read_files(&args.files)?,
        mapping,
        about: About { source: args.source, as_of: args.as_of },
        accept_faults: args.accept_faults,
        author: args.author,
        reason: args.reason,
        at: Utc::now().naive_utc(),
    };
    let store = Store::open(&args.store)?;

    let bar = bar();
    let report = import(&store, &Scope::command_line(), &request, &mut |progress| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of 100"
        )]
        bar.set_position((progress.share * 100.0) as u64);
        bar.set_message(progress.message);
    });
    bar.finish_and_clear();
    let report = report?;

    if let Some(path) = &args.faults {
        write_faults(path, &report.faults)?;
    }
    if args.json {
        let mut out = io::stdout().lock();
        serde_json::to_writer_pretty(&mut out, &report)?;
        writeln!(out)?;
    } else {
        tell_faults(&mut io::stderr().lock(), &report.faults)?;
        tell(&mut io::stdout().lock(), &report, args.accept_faults)?;
    }
    let is_refused = !report.faults.is_empty() && !args.accept_faults;
    Ok(if is_refused { ExitCode::from(REFUSED) } else { ExitCode::SUCCESS })
}

fn bar() -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:30} {percent:>3} %  {elapsed}  {msg}")
        .expect("the template is fixed and well formed");
    ProgressBar::new(100).with_style(style)
}

fn read_mapping(path: &Path) -> anyhow::Result<Mapping> {
    let text = fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    Mapping::from_toml(&text).with_context(|| format!("in {}", path.display()))
}

fn read_files(paths: &[PathBuf]) -> anyhow::Result<Vec<InputFile>> {
    let mut wanted: Vec<PathBuf> = Vec::new();
    for path in paths {
        for path in std::iter::once(path.clone()).chain(beside(path)) {
            if !wanted.contains(&path) {
                wanted.push(path);
            }
        }
    }
    wanted
        .into_iter()
        .map(|path| {
            let bytes = fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
            Ok(InputFile { name: path.display().to_string(), bytes })
        })
        .collect()
}

/// The files a shapefile needs, where they lie beside it.
fn beside(path: &Path) -> impl Iterator<Item = PathBuf> {
    let is_shapefile = path.extension().is_some_and(|ext| ext.eq_ignore_ascii_case("shp"));
    let others = if is_shapefile { ["dbf", "prj", "cpg"].as_slice() } else { &[] };
    let path = path.to_owned();
    others.iter().map(move |extension| path.with_extension(extension)).filter(|path| path.is_file())
}

fn tell(out: &mut dyn Write, report: &ImportReport, accepts_faults: bool) -> io::Result<()> {
    let ImportReport { kind, files, rows, changes, unchanged, version, faults, notes, .. } = report;
    writeln!(out, "{}: {rows} rows read from {}", kind.label(), files.join(", "))?;
    match version {
        Some(version) => writeln!(
            out,
            "{changes} changes made register version {version}; {unchanged} statements were already known"
        )?,
        None if faults.is_empty() => {
            writeln!(out, "Nothing new: all {unchanged} statements were already known")?;
        }
        None => {}
    }
    if !faults.is_empty() {
        let done = match (version, accepts_faults) {
            (Some(_), _) => "their rows were left out",
            (None, false) => "nothing was applied; --accept-faults takes the good rows",
            (None, true) => "nothing was applied, as no good row says anything new",
        };
        let counted = if faults.len() == 1 {
            "1 fault".to_owned()
        } else {
            format!("{} faults", faults.len())
        };
        writeln!(out, "{counted}: {done}")?;
    }
    for note in notes {
        writeln!(out, "- {note}")?;
    }
    Ok(())
}

fn tell_faults(out: &mut dyn Write, faults: &[Fault]) -> io::Result<()> {
    if faults.is_empty() {
        return Ok(());
    }
    let rows: Vec<Vec<String>> = faults
        .iter()
        .map(|fault| {
            vec![
                fault.file.clone(),
                fault.sheet.clone().unwrap_or_default(),
                fault.row.to_string(),
                fault.column.clone(),
                fault.value.replace(|c: char| c.is_control(), " "),
                fault.expected.clone(),
            ]
        })
        .collect();
    table::print(out, &["file", "sheet", ">row", "column", "value", "expected"], &rows)
}

fn write_faults(path: &Path, faults: &[Fault]) -> anyhow::Result<()> {
    let write = || -> csv::Result<()> {
        let mut writer = csv::Writer::from_path(path)?;
        writer.write_record(["file", "sheet", "row", "column", "value", "expected"])?;
        for fault in faults {
            let row = fault.row.to_string();
            let sheet = fault.sheet.as_deref().unwrap_or_default();
            let Fault { file, column, value, expected, .. } = fault;
            writer.write_record([file, sheet, &row, column, value, expected])?;
        }
        writer.flush()?;
        Ok(())
    };
    write().with_context(|| format!("writing {}", path.display()))
}
