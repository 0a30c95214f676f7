//! The command line: one file a subcommand, all printing through one writer each.

use std::io::Write;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The register of NHS premises that plans its own consolidation.
#[derive(Debug, Parser)]
#[command(name = "domesday", version, about, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {}

/// Runs the command line and gives the process's exit code.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let done: anyhow::Result<ExitCode> = match cli.command {};
    #[expect(unreachable_code, reason = "there is no subcommand yet")]
    done.unwrap_or_else(|error| {
        let _ = writeln!(std::io::stderr(), "domesday: {error:#}");
        ExitCode::FAILURE
    })
}
