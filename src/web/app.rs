//! What every handler holds: templates, the store, the jobs, and what is worked out once for each register version.

use std::sync::{Arc, Mutex, PoisonError};

use actix_web::web;
use chrono::NaiveDate;
use minijinja::Environment;

use super::estate::Estate;
use super::guard::Hosts;
use super::problem::Problem;
use super::templates;
use crate::access::{GateRules, ScoreRules};
use crate::config;
use crate::jobs::Jobs;
use crate::scenario::Outlook;
use crate::store::{Scope, Snapshot, Store, StoreError};

/// One service.
pub(crate) struct App {
    /// Host names it answers for.
    pub hosts: Hosts,
    /// Most bytes of an upload.
    pub upload_limit: usize,
    /// What is kept.
    pub store: Store,
    /// Long work.
    pub jobs: Jobs,
    /// How sites are scored.
    pub score_rules: ScoreRules,
    /// Which checklist items a site must pass.
    pub gate_rules: GateRules,
    /// What earlier versions came to.
    pub(super) trends: super::reached::Trends,
    /// Street networks that isochrones were asked of.
    pub(super) networks: super::isochrone::Networks,
    templates: Environment<'static>,
    estate: Mutex<Option<Arc<Estate>>>,
    outlook: Mutex<Option<Arc<Held>>>,
}

/// What access is compared on, and of which versions.
pub(crate) struct Held {
    /// The register it is of.
    pub estate: Arc<Estate>,
    /// The version of the standards.
    pub standards: u64,
    day: NaiveDate,
    /// Today, with everybody's journey.
    pub outlook: Outlook,
}

impl App {
    /// A service over a store.
    pub(crate) fn new(
        hosts: Hosts,
        upload_limit: usize,
        store: Store,
        jobs: Jobs,
        rules: (ScoreRules, GateRules),
    ) -> Self {
        let (score_rules, gate_rules) = rules;
        let templates = templates::environment();
        Self {
            hosts,
            upload_limit,
            store,
            jobs,
            score_rules,
            gate_rules,
            trends: super::reached::Trends::default(),
            networks: super::isochrone::Networks::default(),
            templates,
            estate: Mutex::default(),
            outlook: Mutex::default(),
        }
    }

    /// On whose behalf requests are answered. Everyone at this machine is one principal until there is sign-in.
    #[expect(clippy::unused_self, reason = "sign-in will narrow it by who asks")]
    pub(crate) fn scope(&self) -> Scope {
        Scope::everyone_local()
    }

    /// The newest register with what pages work out of it.
    pub(crate) fn estate(&self) -> Result<Arc<Estate>, Problem> {
        let snapshot = self.store.snapshot(&self.scope())?;
        Ok(self.estate_of(snapshot))
    }

    /// An earlier register, worked out anew.
    pub(crate) fn estate_at(&self, version: u64) -> Result<Arc<Estate>, Problem> {
        let newest = self.estate()?;
        if newest.version() == version {
            return Ok(newest);
        }
        let snapshot = self.store.at_version(&self.scope(), version)?;
        Ok(Arc::new(Estate::new(snapshot, &self.score_rules, &self.gate_rules)))
    }

    /// Everybody's journey today under the standards in force, worked out once for each register and standards version.
    pub(crate) fn outlook(&self) -> Result<Arc<Held>, Problem> {
        let estate = self.estate()?;
        let kept = self.store.standards(&self.scope())?;
        let day = chrono::Utc::now().date_naive();
        let held = || self.outlook.lock().unwrap_or_else(PoisonError::into_inner);
        let is_same = |held: &&Arc<Held>| {
            held.estate.version() == estate.version()
                && held.standards == kept.version
                && held.day == day
        };
        if let Some(held) = held().as_ref().filter(is_same) {
            return Ok(Arc::clone(held));
        }
        let geography = &estate.snapshot.geography;
        if geography.zones.is_empty() {
            let detail =
                "No small areas are loaded, so nobody knows where people live: import zones first.";
            return Err(Problem::Conflict { detail: detail.to_owned() });
        }
        let figures = config::assumptions().map_err(Problem::internal)?;
        let standards = kept.in_force(day);
        let gates = self.gate_rules.clone();
        let outlook = Outlook::new(estate.register(), geography, figures, gates, &standards)
            .map_err(|error| Problem::Conflict { detail: format!("{error}.") })?;
        // Not under the lock: two requests may both work it out, and neither waits for the other.
        let new = Arc::new(Held { estate, standards: kept.version, day, outlook });
        *held() = Some(Arc::clone(&new));
        Ok(new)
    }

    fn estate_of(&self, snapshot: Arc<Snapshot>) -> Arc<Estate> {
        let held = || self.estate.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(estate) =
            held().as_ref().filter(|estate| estate.version() == snapshot.register.version)
        {
            return Arc::clone(estate);
        }
        // Not under the lock: two requests may both work it out, and neither waits for the other.
        let estate = Arc::new(Estate::new(snapshot, &self.score_rules, &self.gate_rules));
        *held() = Some(Arc::clone(&estate));
        estate
    }

    /// A template filled in.
    pub(crate) fn fill(
        &self,
        template: &str,
        context: minijinja::Value,
    ) -> Result<String, Problem> {
        let template = self.templates.get_template(template).map_err(Problem::internal)?;
        template.render(context).map_err(Problem::internal)
    }
}

/// Runs work that reads the store or draws a page off the threads that answer the network.
pub(crate) async fn aside<T: Send + 'static>(
    app: &web::Data<App>,
    work: impl FnOnce(&App) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let app = app.clone();
    web::block(move || work(&app)).await.map_err(Problem::internal)?
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NoSuchVersion { asked, newest } => {
                Self::not_found(format!("register version {asked}; the newest is {newest}"))
            }
            StoreError::NoSuchStandards { asked, newest } => {
                Self::not_found(format!("version {asked} of the standards; the newest is {newest}"))
            }
            StoreError::StandardsConflict { .. } => {
                Self::Conflict { detail: "Somebody changed the standards meanwhile.".to_owned() }
            }
            StoreError::NoSuchRun(id) => Self::not_found(format!("run {id}")),
            StoreError::NoSuchImport(id) => Self::not_found(format!("import {id}")),
            StoreError::NoSuchStudy(id) => Self::not_found(format!("study {id}")),
            StoreError::NoSuchDocument(id) => Self::not_found(format!("programme {id}")),
            StoreError::NoSuchJob(id) => Self::not_found(format!("job {id}")),
            StoreError::Conflict { .. } => {
                Self::Conflict { detail: "Somebody changed the register meanwhile.".to_owned() }
            }
            error => Self::internal(error),
        }
    }
}
