//! The command line: one file a subcommand, each printing through one writer.

mod access;
mod bench;
mod db;
mod fund;
mod import;
mod plan;
mod priorities;
mod programme;
mod report;
mod serve;
mod site;
mod solve;
mod studies;
mod synth;
mod table;
mod travel;

use std::io::{self, Write};
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
    /// Show what the register knows of one site, and how
    Site(site::SiteArgs),
    /// Put a scenario to the register, solve it, print and keep the run
    Plan(plan::PlanArgs),
    /// Who reaches care within the standards, and what a change does to whom
    Access(access::AccessArgs),
    /// Minutes by street from a map, or of a router: prepare, keep, list
    Travel(travel::TravelArgs),
    /// Solve a location problem from a file: OR-Library, consolidation or our own JSON
    Solve(solve::SolveArgs),
    /// What a run brings, when, how sure that is, its workbook, and runs side by side
    Fund(fund::FundArgs),
    /// Put a run's actions in order, so that the fund is never below zero
    Programme(programme::ProgrammeArgs),
    /// What the fund is for: the list, and what a run pays for
    Priorities(priorities::PrioritiesArgs),
    /// A statement per owner of a run: who gains and who loses
    Owners(priorities::OwnersArgs),
    /// Write the evidence bundle of a run: page, tables and a manifest, as a zip
    Evidence(priorities::EvidenceArgs),
    /// Serve the pages and the API
    Serve(serve::ServeArgs),
    /// Serve an illustrative estate with a scenario solved
    Demo(serve::DemoArgs),
    /// Make an illustrative estate
    Synth(synth::SynthArgs),
    /// Back up, restore, copy and check a register
    Db(db::DbArgs),
    /// Measure imports, index, snapshot, pages and API
    Bench(bench::BenchArgs),
}

/// Runs the command line and gives the process's exit code.
pub fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Import(args) => import::run(args),
        Command::Site(args) => site::run(&args),
        Command::Plan(args) => plan::run(args),
        Command::Access(args) => access::run(&args),
        Command::Travel(args) => travel::run(&args),
        Command::Solve(args) => solve::run(&args),
        Command::Fund(args) => fund::run(&args),
        Command::Programme(args) => programme::run(&args),
        Command::Priorities(args) => priorities::run(&args),
        Command::Owners(args) => priorities::owners(&args),
        Command::Evidence(args) => priorities::evidence(&args),
        Command::Serve(args) => serve::serve(&args),
        Command::Demo(args) => serve::demo(&args),
        Command::Synth(args) => synth::run(args),
        Command::Db(args) => db::run(args),
        Command::Bench(args) => bench::run(&args),
    };
    done.unwrap_or_else(|error| {
        // Whoever reads has seen enough, as `head` does: that is no fault.
        if is_broken_pipe(&error) {
            return ExitCode::SUCCESS;
        }
        // Nothing is left to do if standard error is closed.
        let _ = writeln!(io::stderr(), "domesday: {error:#}");
        ExitCode::FAILURE
    })
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let mut faults = error.chain().filter_map(|cause| cause.downcast_ref::<io::Error>());
    faults.any(|fault| fault.kind() == io::ErrorKind::BrokenPipe)
}
