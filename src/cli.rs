//! The command line: one file a subcommand, all printing through one writer each.

mod import;
mod table;

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
enum Command {
    /// Read published or home-made files into the register
    Import(import::ImportArgs),
}

/// Runs the command line and gives the process's exit code.
pub fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Import(args) => import::run(args),
    };
    done.unwrap_or_else(|error| {
        let _ = writeln!(std::io::stderr(), "domesday: {error:#}");
        ExitCode::FAILURE
    })
}
