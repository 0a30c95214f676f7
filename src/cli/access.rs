//! `domesday access`: who reaches care within the standards, and what a change does to whom.

mod assess;
mod catchments;
mod compare;
mod gaps;

use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Subcommand};

use crate::store::{Scope, Snapshot, Store};

/// What to ask of access.
#[derive(Debug, Args)]
pub(super) struct AccessArgs {
    #[command(subcommand)]
    command: AccessCommand,
}

#[derive(Debug, Subcommand)]
enum AccessCommand {
    /// Who is within each access standard today, by area or by kind of people
    Assess(assess::AssessArgs),
    /// What a borough's disabled residents lack, and the works that would close the gap
    Borough(gaps::BoroughArgs),
    /// What to fix first, by people gained for each pound
    League(gaps::ListArgs),
    /// What to survey first, by people whose standard it would settle
    Survey(gaps::ListArgs),
    /// Two states of the estate side by side: who is better off, who worse
    Compare(compare::CompareArgs),
    /// What closing, improving or opening sites would do, without a search
    WhatIf(compare::WhatIfArgs),
    /// Floating catchments: how much supply there is for each resident
    Catchments(catchments::CatchmentArgs),
}

/// Which register.
#[derive(Debug, Args)]
struct Register {
    /// The register: `sqlite:PATH` or `postgres://…`.
    #[arg(long, env = "DOMESDAY_STORE", default_value = "sqlite:domesday.db")]
    store: String,
}

impl Register {
    /// The store and its newest snapshot, which must hold something and have zones.
    fn open(&self) -> anyhow::Result<(Store, std::sync::Arc<Snapshot>)> {
        let store = Store::open_existing(&self.store)
            .with_context(|| format!("opening the register {}", self.store))?;
        let snapshot = store.snapshot(&Scope::command_line())?;
        anyhow::ensure!(
            snapshot.register.version > 0,
            "the register {} is empty: import something first, or make an illustrative estate with `domesday synth`",
            self.store
        );
        anyhow::ensure!(
            !snapshot.geography.zones.is_empty(),
            "the register {} has no zones, so nobody knows where people live: import some with `domesday import zones`",
            self.store
        );
        Ok((store, snapshot))
    }
}

/// Runs what was asked.
pub(super) fn run(args: &AccessArgs) -> anyhow::Result<ExitCode> {
    match &args.command {
        AccessCommand::Assess(args) => assess::run(args),
        AccessCommand::Borough(args) => gaps::borough(args),
        AccessCommand::League(args) => gaps::league(args),
        AccessCommand::Survey(args) => gaps::survey(args),
        AccessCommand::Compare(args) => compare::compare(args),
        AccessCommand::WhatIf(args) => compare::what_if(args),
        AccessCommand::Catchments(args) => catchments::run(args),
    }
}
