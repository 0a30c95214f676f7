//! `domesday serve` and `domesday demo`.

use std::io::Write;
use std::net::SocketAddr;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;

use super::report::{self, Detail};
use crate::jobs::Jobs;
use crate::register::{Field, Pence, Register};
use crate::scenario::{Scenario, ScopeOf};
use crate::store::{Draft, Scope, Store};
use crate::{config, synth, web};

/// Where the service keeps its register and listens.
#[derive(Debug, Args)]
pub(super) struct ServeArgs {
    /// The register: `sqlite:PATH` or `postgres://…`.
    #[arg(long, env = "DOMESDAY_STORE", default_value = "sqlite:domesday.db")]
    store: String,
    /// Address and port; port 0 takes a free one. Anything but loopback is for closed networks: there is no sign-in yet.
    #[arg(long, env = "DOMESDAY_LISTEN", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Further names the service answers to, beside its own address and localhost.
    #[arg(long, value_name = "HOST", value_delimiter = ',')]
    allow_host: Vec<String>,
}

/// What the demo shows.
#[derive(Debug, Args)]
pub(super) struct DemoArgs {
    #[command(flatten)]
    serve: ServeArgs,
    /// Size of the illustrative estate.
    #[arg(long, default_value = "london")]
    scale: synth::Scale,
    /// Another number makes another estate.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Stop before serving.
    #[arg(long)]
    no_serve: bool,
}

/// Serves until asked to stop.
pub(super) fn serve(args: &ServeArgs) -> anyhow::Result<ExitCode> {
    let store = open(&args.store)?;
    start(args, store)
}

/// Loads an illustrative estate where the register is empty, solves a scenario where none was, prints, and serves.
pub(super) fn demo(args: &DemoArgs) -> anyhow::Result<ExitCode> {
    let store = open(&args.serve.store)?;
    let scope = Scope::command_line();
    let mut out = std::io::stdout();
    if store.snapshot(&scope)?.register.version == 0 {
        writeln!(
            out,
            "domesday: making an illustrative estate (seed {}); every name and figure in it is invented",
            args.seed
        )?;
        let estate = synth::estate(args.scale, args.seed);
        let draft = Draft {
            author: "domesday".to_owned(),
            at: chrono::Utc::now().naive_utc(),
            source: format!("domesday synth --scale {} --seed {}", args.scale.key(), args.seed),
            reason: "the demo's illustrative estate".to_owned(),
            changes: estate.changes,
            references: estate.references,
        };
        store.append(&scope, draft, 0).context("loading the illustrative estate")?;
        let list = synth::priorities(args.scale, args.seed);
        let title = format!("illustrative priorities, seed {}", args.seed);
        store.save_priorities(&scope, &list, &title, chrono::Utc::now().naive_utc())?;
    }
    let snapshot = store.snapshot(&scope)?;
    writeln!(out, "domesday: {}", census(&snapshot.register))?;

    let run = if let Some(newest) = store.runs(&scope)?.first() {
        store.run(&scope, newest.id)?
    } else {
        writeln!(out, "domesday: solving a first scenario")?;
        let question = first_question(&snapshot.register)?;
        let run = super::plan::solve(&snapshot, question, "demo")?;
        store.save_run(&scope, &run)?;
        run
    };
    writeln!(out)?;
    report::print(&mut out, &run, Detail::Short)?;
    writeln!(out)?;
    out.flush()?;
    if args.no_serve { Ok(ExitCode::SUCCESS) } else { start(&args.serve, store) }
}

/// The scenario a newcomer sees: one integrated care board, a fund asked for, a percent of gap.
fn first_question(register: &Register) -> anyhow::Result<Scenario> {
    let mut question = Scenario::defaults(register, config::assumptions()?, config::standards()?);
    // Version 0 of the standards is what ships.
    question.standards_version = Some(0);
    let mut boards = std::collections::BTreeMap::<(&str, &str), usize>::new();
    for site in register.sites() {
        if let (Some(code), Some(name)) = (site.text(Field::IcbCode), site.text(Field::IcbName)) {
            *boards.entry((code, name)).or_default() += 1;
        }
    }
    if let Some(((code, name), sites)) = boards.into_iter().max_by_key(|(_, sites)| *sites) {
        question.scope = ScopeOf::Icb(code.to_owned());
        question.name = format!("First look: {name}");
        // In proportion, so that the demo of a few boroughs has a plan too; a London board is asked for some £20 million.
        question.fund_asked = Pence::pounds(50_000).times(sites as f64);
    }
    Ok(question)
}

fn census(register: &Register) -> String {
    let located = register.sites().filter(|site| site.location().is_some()).count();
    format!(
        "register version {}: {} sites ({located} located), {} tenancies",
        register.version,
        register.sites().count(),
        register.tenancies().count()
    )
}

fn open(url: &str) -> anyhow::Result<Store> {
    Store::open(url).with_context(|| format!("opening the register {url}"))
}

fn start(args: &ServeArgs, store: Store) -> anyhow::Result<ExitCode> {
    let jobs = Jobs::new(store.clone(), config::rules()?);
    let settings = web::Settings { listen: args.listen, allowed_hosts: args.allow_host.clone() };
    web::serve(settings, store, jobs).with_context(|| format!("serving on {}", args.listen))?;
    Ok(ExitCode::SUCCESS)
}
