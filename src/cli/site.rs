//! `domesday site`: what the register knows of one site, how it knows it, and the history of a field.

use std::io::Write;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;

use super::table;
use crate::register::{Field, SiteCode, Value};
use crate::store::{Scope, Store};

/// Which site.
#[derive(Debug, Args)]
pub(super) struct SiteArgs {
    /// ODS site code.
    code: SiteCode,
    /// The register: `sqlite:PATH` or `postgres://…`.
    #[arg(long, env = "DOMESDAY_STORE", default_value = "sqlite:domesday.db")]
    store: String,
    /// Show every value this field has had, by change-set.
    #[arg(long, value_name = "FIELD")]
    history: Option<String>,
    /// Show the site as it was at this version of the register.
    #[arg(long, value_name = "N")]
    version: Option<u64>,
}

/// Prints the site sheet.
pub(super) fn run(args: &SiteArgs) -> anyhow::Result<ExitCode> {
    let store = Store::open_existing(&args.store)
        .with_context(|| format!("opening the register {}", args.store))?;
    let scope = Scope::command_line();
    let mut out = std::io::stdout().lock();
    if let Some(key) = &args.history {
        let field: Field = key.parse().map_err(anyhow::Error::msg)?;
        let rows: Vec<Vec<String>> = store
            .history(&scope, &args.code, field)?
            .into_iter()
            .map(|said| {
                let set = &said.by;
                let mut row = vec![
                    set.id.to_string(),
                    set.at.format("%Y-%m-%d %H:%M").to_string(),
                    set.author.clone(),
                ];
                row.extend(told(&said.said));
                row
            })
            .collect();
        table::print(
            &mut out,
            &[">version", "at", "author", "value", "source", "method", "as of"],
            &rows,
        )?;
        return Ok(ExitCode::SUCCESS);
    }
    let snapshot = match args.version {
        Some(version) => store.at_version(&scope, version)?,
        None => store.snapshot(&scope)?,
    };
    let register = &snapshot.register;
    let site = register
        .site(&args.code)
        .with_context(|| format!("no site {} in version {}", args.code, register.version))?;
    writeln!(out, "{} {} (register version {})\n", site.code, site.name(), register.version)?;
    let rows: Vec<Vec<String>> = site
        .facts()
        .map(|(field, value)| {
            let mut row = vec![field.label().to_owned()];
            row.extend(told(value));
            row
        })
        .collect();
    table::print(&mut out, &["field", "value", "source", "method", "as of"], &rows)?;
    Ok(ExitCode::SUCCESS)
}

fn told(value: &Value<crate::register::Scalar>) -> [String; 4] {
    match value {
        Value::Known { value, evidence } => [
            value.to_string(),
            evidence.source.clone(),
            evidence.method.clone(),
            evidence.as_of.to_string(),
        ],
        Value::Unknown { why } => {
            [format!("unknown ({})", why.label()), String::new(), String::new(), String::new()]
        }
    }
}
