//! `domesday access catchments`: floating catchment measures.

use std::io::Write;
use std::process::ExitCode;

use clap::Args;

use super::Register;
use super::compare::print;
use crate::access::Group;
use crate::register::{ServiceLine, Word};
use crate::scenario::{self, CatchmentAsk, MeasureKind, Supply};
use crate::travel::Mode;
use crate::{config, export};

/// What is asked.
#[derive(Debug, Args)]
pub(super) struct CatchmentArgs {
    #[command(flatten)]
    register: Register,
    /// Which care.
    #[arg(long, default_value = "primary_care", value_parser = care)]
    care: ServiceLine,
    /// 2sfca, e2sfca, 3sfca, gravity or raam.
    #[arg(long, default_value = "e2sfca", value_parser = measure)]
    measure: MeasureKind,
    /// What counts as supply: people, area or sites.
    #[arg(long, default_value = "people", value_parser = supply)]
    supply: Supply,
    /// For whom: everyone, `step_free`, `no_car`, aged65 or `most_deprived_fifth`.
    #[arg(long, default_value = "everyone", value_parser = group)]
    group: Group,
    /// How people travel: walk, `step_free_walk`, drive, `public_transport` or `step_free_public_transport`.
    #[arg(long, default_value = "walk", value_parser = mode)]
    mode: Mode,
    /// How far, in minutes.
    #[arg(long, default_value_t = 30.0)]
    minutes: f64,
    /// Print every zone as CSV.
    #[arg(long)]
    csv: bool,
}

fn care(text: &str) -> Result<ServiceLine, String> {
    ServiceLine::find(text)
        .ok_or_else(|| format!("a service line is one of {}", ServiceLine::WORDS.join(", ")))
}

fn measure(text: &str) -> Result<MeasureKind, String> {
    MeasureKind::find(text)
        .ok_or_else(|| "a measure is 2sfca, e2sfca, 3sfca, gravity or raam".to_owned())
}

fn supply(text: &str) -> Result<Supply, String> {
    Supply::find(text).ok_or_else(|| "a supply is people, area or sites".to_owned())
}

fn group(text: &str) -> Result<Group, String> {
    let keys = Group::ALL.map(Group::key).join(", ");
    Group::ALL
        .into_iter()
        .find(|group| group.key() == text)
        .ok_or_else(|| format!("a group is one of {keys}"))
}

fn mode(text: &str) -> Result<Mode, String> {
    let keys = Mode::ALL.map(Mode::key).join(", ");
    Mode::ALL
        .into_iter()
        .find(|mode| mode.key() == text)
        .ok_or_else(|| format!("a way of travelling is one of {keys}"))
}

/// Prints means by borough and decile, or every zone.
pub(super) fn run(args: &CatchmentArgs) -> anyhow::Result<ExitCode> {
    let (_store, snapshot) = args.register.open()?;
    let figures = config::assumptions()?;
    let ask = CatchmentAsk {
        service_line: args.care,
        measure: args.measure,
        supply: args.supply,
        group: args.group,
        mode: args.mode,
        minutes: args.minutes,
    };
    let told = scenario::catchments(&snapshot.register, &snapshot.geography, &figures, ask)?;
    let mut out = std::io::stdout().lock();
    if args.csv {
        out.write_all(export::write(&export::catchment_zones_table(&told)).as_bytes())?;
        return Ok(ExitCode::SUCCESS);
    }
    writeln!(
        out,
        "{}, {} within {} minutes {}; supply: {}. {} sites counted, {} left out because their supply is not known. {}.",
        told.ask.measure.label(),
        told.ask.service_line.label(),
        told.ask.minutes,
        told.ask.mode.label(),
        told.ask.supply.label(),
        told.sites,
        told.left_out,
        told.travel
    )?;
    print(&mut out, &export::catchment_means_table(&told))?;
    Ok(ExitCode::SUCCESS)
}
