//! Runs: stored answers. There is no statement that alters one, and the database refuses any that tries.

use chrono::NaiveDateTime;
use diesel::dsl::max;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::connection::Db;
use super::digest::{self, Digest, GENESIS, signed, unsigned};
use super::schema::run;
use super::{Scope, Store, StoreError, append};
use crate::fund::OptionKind;
use crate::register::{ChangeSetId, Pence};
use crate::scenario::{Run, RunStatus};

/// Number of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(pub u64);

super::number_in_words!(RunId);

/// A run as a list shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunHeader {
    /// Number.
    pub id: RunId,
    /// The scenario's name.
    pub name: String,
    /// Who asked.
    pub author: String,
    /// When, UTC.
    pub at: NaiveDateTime,
    /// Register it was asked of.
    pub register_version: ChangeSetId,
    /// How it ended.
    pub status: RunStatus,
    /// Gap reached, where there is a plan and a bound.
    pub gap: Option<f64>,
    /// Wall seconds of the search.
    pub seconds: f64,
    /// Sites closed by the plan.
    pub sites_closed: u64,
    /// Tenancies moved.
    pub tenancies_moved: u64,
    /// Rules not kept, by the independent check.
    pub breaches: u64,
    /// Net receipts the fund was asked to reach.
    pub fund_asked: Pence,
    /// What the plan brings the fund, where there is a plan.
    pub to_fund: Option<Pence>,
    /// Net present social value, where it was projected.
    pub npsv: Option<Pence>,
    /// SHA-256 of the question.
    pub input_hash: String,
    /// SHA-256 over the run before and all of this one.
    pub hash: String,
}

/// A run's JSON at most; all of England's actions and moves are a twentieth of it.
const LARGEST_BODY: u64 = 1 << 30;

impl Store {
    /// Keeps a run for good.
    pub fn save_run(&self, _scope: &Scope, run: &Run) -> Result<RunId, StoreError> {
        let row = Row::of(run)?;
        self.write(|db| insert(db, row))
    }

    /// A run, whole.
    pub fn run(&self, _scope: &Scope, id: RunId) -> Result<Run, StoreError> {
        let body: Option<Vec<u8>> = self.read(|db| {
            let found = run::table.filter(run::id.eq(signed(id.0))).select(run::body);
            Ok(found.first(db).optional()?)
        })?;
        let body = body.ok_or(StoreError::NoSuchRun(id))?;
        let what = format!("run {id}");
        let json = digest::gunzip(&body, LARGEST_BODY, &what)?;
        serde_json::from_slice(&json)
            .map_err(|fault| StoreError::damaged(format!("{what}: {fault}")))
    }

    /// Every run without its answer, newest first.
    pub fn runs(&self, _scope: &Scope) -> Result<Vec<RunHeader>, StoreError> {
        let rows: Vec<HeadRow> =
            self.read(|db| Ok(run::table.order(run::id.desc()).select(HEAD).load(db)?))?;
        rows.into_iter().map(HeadRow::header).collect()
    }

    /// One run without its answer.
    pub fn run_header(&self, _scope: &Scope, id: RunId) -> Result<RunHeader, StoreError> {
        let row: Option<HeadRow> = self.read(|db| {
            Ok(run::table.filter(run::id.eq(signed(id.0))).select(HEAD).first(db).optional()?)
        })?;
        row.ok_or(StoreError::NoSuchRun(id))?.header()
    }
}

/// A row before it has a number and a place in the chain; also what a copy moves.
#[derive(Debug, Clone, Queryable)]
pub(super) struct Row {
    pub(super) id: i64,
    name: String,
    author: String,
    at: NaiveDateTime,
    register_version: i64,
    status: String,
    gap: Option<f64>,
    seconds: f64,
    sites_closed: i64,
    tenancies_moved: i64,
    breaches: i64,
    fund_asked_pence: i64,
    to_fund_pence: Option<i64>,
    npsv_pence: Option<i64>,
    input_hash: String,
    body: Vec<u8>,
    pub(super) previous_hash: String,
    pub(super) hash: String,
}

impl Row {
    pub(super) fn of(run: &Run) -> Result<Self, StoreError> {
        let json = serde_json::to_vec(run)
            .map_err(|fault| StoreError::damaged(format!("a run that has no JSON: {fault}")))?;
        let proposal = run.proposal.as_ref();
        let closed = proposal.map_or(0, |proposal| {
            proposal.actions.iter().filter(|action| action.option == OptionKind::Dispose).count()
        });
        let to_fund: Option<Pence> =
            proposal.map(|proposal| proposal.actions.iter().map(|action| action.to_fund).sum());
        Ok(Self {
            id: 0,
            name: run.scenario.name.clone(),
            author: run.author.clone(),
            at: digest::whole_micros(run.at),
            register_version: signed(run.scenario.register_version),
            status: status_key(run.solver.status).to_owned(),
            gap: run.solver.gap.filter(|gap| gap.is_finite()),
            seconds: run.solver.seconds,
            sites_closed: signed(closed as u64),
            tenancies_moved: signed(proposal.map_or(0, |proposal| proposal.moves.len()) as u64),
            breaches: signed(run.breaches.len() as u64),
            fund_asked_pence: run.scenario.fund_asked.0,
            to_fund_pence: to_fund.map(|pence| pence.0),
            npsv_pence: run.projection.as_ref().map(|projection| projection.npsv.0),
            input_hash: run.input_hash.clone(),
            body: digest::gzip(&json),
            previous_hash: String::new(),
            hash: String::new(),
        })
    }

    /// Over every column but the two hashes; the body as plain bytes, since gzip may be packed otherwise one day.
    pub(super) fn content(&self) -> Result<String, StoreError> {
        let body = digest::gunzip(&self.body, LARGEST_BODY, &format!("run {}", self.id))?;
        let mut digest = Digest::default();
        digest.text(&self.name).text(&self.author).time(self.at).number(self.register_version);
        digest.text(&self.status).optional(self.gap.map(signed_bits));
        digest.real(self.seconds).number(self.sites_closed).number(self.tenancies_moved);
        digest.number(self.breaches).number(self.fund_asked_pence);
        digest.optional(self.to_fund_pence).optional(self.npsv_pence);
        Ok(digest.text(&self.input_hash).bytes(&body).hex())
    }
}

fn signed_bits(number: f64) -> i64 {
    i64::from_le_bytes(number.to_bits().to_le_bytes())
}

/// Adds the row as the newest run.
pub(super) fn insert(db: &mut Db, mut row: Row) -> Result<RunId, StoreError> {
    let newest: Option<i64> = run::table.select(max(run::id)).first(db)?;
    let newest = newest.unwrap_or_default();
    row.previous_hash = match newest {
        0 => GENESIS.to_owned(),
        _ => run::table.filter(run::id.eq(newest)).select(run::hash).first(db)?,
    };
    row.id = newest.saturating_add(1);
    let id = unsigned(row.id, "a run's number")?;
    row.hash = append::link(&row.previous_hash, id, &row.content()?);
    put(db, &row)?;
    Ok(RunId(id))
}

/// Writes the row as it is.
pub(super) fn put(db: &mut Db, row: &Row) -> Result<(), StoreError> {
    let values = (
        run::id.eq(row.id),
        run::name.eq(&row.name),
        run::author.eq(&row.author),
        run::at.eq(row.at),
        run::register_version.eq(row.register_version),
        run::status.eq(&row.status),
        run::gap.eq(row.gap),
        run::seconds.eq(row.seconds),
        run::sites_closed.eq(row.sites_closed),
        run::tenancies_moved.eq(row.tenancies_moved),
        run::breaches.eq(row.breaches),
        run::fund_asked_pence.eq(row.fund_asked_pence),
        run::to_fund_pence.eq(row.to_fund_pence),
        run::npsv_pence.eq(row.npsv_pence),
        run::input_hash.eq(&row.input_hash),
        run::body.eq(row.body.as_slice()),
        run::previous_hash.eq(&row.previous_hash),
        run::hash.eq(&row.hash),
    );
    diesel::insert_into(run::table).values(values).execute(db)?;
    Ok(())
}

/// The next row after this number.
pub(super) fn after(db: &mut Db, id: i64) -> Result<Option<Row>, StoreError> {
    Ok(run::table.filter(run::id.gt(id)).order(run::id).first(db).optional()?)
}

#[derive(Queryable)]
struct HeadRow {
    id: i64,
    name: String,
    author: String,
    at: NaiveDateTime,
    register_version: i64,
    status: String,
    gap: Option<f64>,
    seconds: f64,
    sites_closed: i64,
    tenancies_moved: i64,
    breaches: i64,
    fund_asked_pence: i64,
    to_fund_pence: Option<i64>,
    npsv_pence: Option<i64>,
    input_hash: String,
    hash: String,
}

type HeadColumns = (
    run::id,
    run::name,
    run::author,
    run::at,
    run::register_version,
    run::status,
    run::gap,
    run::seconds,
    run::sites_closed,
    run::tenancies_moved,
    run::breaches,
    run::fund_asked_pence,
    run::to_fund_pence,
    run::npsv_pence,
    run::input_hash,
    run::hash,
);

const HEAD: HeadColumns = (
    run::id,
    run::name,
    run::author,
    run::at,
    run::register_version,
    run::status,
    run::gap,
    run::seconds,
    run::sites_closed,
    run::tenancies_moved,
    run::breaches,
    run::fund_asked_pence,
    run::to_fund_pence,
    run::npsv_pence,
    run::input_hash,
    run::hash,
);

impl HeadRow {
    fn header(self) -> Result<RunHeader, StoreError> {
        let what = "a count of a run";
        Ok(RunHeader {
            id: RunId(unsigned(self.id, what)?),
            name: self.name,
            author: self.author,
            at: self.at,
            register_version: unsigned(self.register_version, what)?,
            status: status_of(&self.status)?,
            gap: self.gap,
            seconds: self.seconds,
            sites_closed: unsigned(self.sites_closed, what)?,
            tenancies_moved: unsigned(self.tenancies_moved, what)?,
            breaches: unsigned(self.breaches, what)?,
            fund_asked: Pence(self.fund_asked_pence),
            to_fund: self.to_fund_pence.map(Pence),
            npsv: self.npsv_pence.map(Pence),
            input_hash: self.input_hash,
            hash: self.hash,
        })
    }
}

const STATUSES: [RunStatus; 5] = [
    RunStatus::Optimal,
    RunStatus::WithinGap,
    RunStatus::Stopped,
    RunStatus::Infeasible,
    RunStatus::NothingFound,
];

fn status_key(status: RunStatus) -> &'static str {
    match status {
        RunStatus::Optimal => "optimal",
        RunStatus::WithinGap => "within_gap",
        RunStatus::Stopped => "stopped",
        RunStatus::Infeasible => "infeasible",
        RunStatus::NothingFound => "nothing_found",
    }
}

fn status_of(key: &str) -> Result<RunStatus, StoreError> {
    STATUSES
        .into_iter()
        .find(|status| status_key(*status) == key)
        .ok_or_else(|| StoreError::damaged(format!("a run's status is {key:?}")))
}
