//! Which options a site has, and why it does not have the others.

use crate::fund::{self, Decision, Exit, OptionKind};
use crate::register::{Field, Grade, MissingAssumption, Pence, Site};

use super::super::derive;
use super::super::ground::Ground;
use super::super::value::Worth;
use super::super::{LockKind, Reason, ScenarioError};

/// A site's options with what each is worth, and those ruled out.
pub(super) struct SiteOptions<'a> {
    pub(super) site: &'a Site,
    /// `Keep` first: it is today's.
    pub(super) kinds: Vec<(OptionKind, Worth)>,
    pub(super) ruled_out: Vec<(OptionKind, Reason)>,
}

impl SiteOptions<'_> {
    pub(super) fn allows(&self, kind: OptionKind) -> bool {
        self.kinds.iter().any(|(option, _)| *option == kind)
    }

    pub(super) fn rule_out(&mut self, kind: OptionKind, reason: Reason) {
        self.kinds.retain(|(option, _)| *option != kind);
        self.ruled_out.push((kind, reason));
    }

    pub(super) fn why_not(&self, kind: OptionKind) -> Option<&Reason> {
        self.ruled_out.iter().find(|(option, _)| *option == kind).map(|(_, reason)| reason)
    }
}

/// What rules leave a site, before anyone asks where its tenancies could go.
pub(super) fn of<'a>(
    ground: &Ground<'_>,
    site: &'a Site,
) -> Result<SiteOptions<'a>, ScenarioError> {
    let terms = ground.terms();
    let worth = |option| -> Result<Worth, MissingAssumption> {
        let lines = fund::price(&Decision { site, option, arrivals: Vec::new() }, &terms)?;
        Worth::of(&lines, &terms)
    };
    let keep = worth(OptionKind::Keep)?;
    let mut options =
        SiteOptions { site, kinds: vec![(OptionKind::Keep, keep)], ruled_out: Vec::new() };
    for (kind, refused) in [
        (OptionKind::Improve, why_not_improve(ground, site)),
        (OptionKind::SellLand, why_not_sell_land(ground, site)),
        (OptionKind::Dispose, why_not_dispose(ground, site)),
    ] {
        match refused {
            Some(reason) => options.ruled_out.push((kind, reason)),
            None => match worth(kind) {
                Ok(worth) => options.kinds.push((kind, worth)),
                Err(missing) => options.ruled_out.push((kind, figure_missing(site, &missing))),
            },
        }
    }
    Ok(options)
}

fn figure_missing(site: &Site, missing: &MissingAssumption) -> Reason {
    Reason {
        code: "figure_missing".to_owned(),
        words: format!(
            "What it costs or brings at {} is not recorded, and the assumption set has no figure {}.",
            site.name(),
            missing.key
        ),
    }
}

#[expect(clippy::unnecessary_wraps, reason = "every caller answers with an option")]
fn reason(code: &str, words: String) -> Option<Reason> {
    Some(Reason { code: code.to_owned(), words })
}

fn why_not_improve(ground: &Ground<'_>, site: &Site) -> Option<Reason> {
    if !derive::is_in_use(site) {
        return reason("not_in_use", format!("{} stands empty.", site.name()));
    }
    let grade = site.word::<Grade>(Field::FacetCondition);
    if matches!(grade, Some(Grade::CX | Grade::DX)) {
        return reason(
            "improvement_impractical",
            format!("The survey says that improving {} is impractical or too costly.", site.name()),
        );
    }
    let has_open_gate = !ground.open_gates(site).is_empty();
    let has_poor_condition = matches!(grade, Some(Grade::C | Grade::D));
    let has_backlog = derive::backlog_of(site).is_some_and(|backlog| backlog > Pence::ZERO);
    if has_open_gate || has_poor_condition || has_backlog {
        None
    } else {
        reason("nothing_to_improve", format!("Nothing known at {} needs mending.", site.name()))
    }
}

fn why_not_sell_land(ground: &Ground<'_>, site: &Site) -> Option<Reason> {
    if site.land(Field::SurplusLand).is_none_or(|land| land.0 <= 0.0) {
        return reason(
            "no_surplus_land",
            format!("No land at {} is recorded as delivering no services.", site.name()),
        );
    }
    if ground.locks.get(&site.code) == Some(&LockKind::Close) {
        return reason("lock_close", format!("{} is locked to close.", site.name()));
    }
    blocked(fund::land_exit_rule(site, &ground.terms()), site, "Land at")
}

fn why_not_dispose(ground: &Ground<'_>, site: &Site) -> Option<Reason> {
    if ground.locks.get(&site.code) == Some(&LockKind::Keep) && !ground.reading.keep_locks_can_bend
    {
        let why = ground
            .scenario
            .locks
            .iter()
            .find(|lock| lock.site == site.code)
            .map(|lock| lock.why.trim())
            .filter(|why| !why.is_empty())
            .map(|why| format!(": {why}"));
        let words = format!("{} is locked to stay open{}.", site.name(), why.unwrap_or_default());
        return reason("lock_keep", words);
    }
    blocked(fund::exit_rule(site, &ground.terms()), site, "The premises of")
}

/// An exit rule, where it forbids leaving.
fn blocked(exit: Exit, site: &Site, what: &str) -> Option<Reason> {
    let Exit::Blocked(blocker) = exit else { return None };
    reason(
        &blocker.code,
        format!("{what} {} cannot be given up: {}", site.name(), lower(&blocker.words)),
    )
}

/// A sentence as the tail of another: `The PFI charge` becomes `the PFI charge`, `NHS` stays.
fn lower(words: &str) -> String {
    let mut letters = words.chars();
    match (letters.next(), letters.clone().next()) {
        (Some(first), Some(second)) if !second.is_uppercase() => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => words.to_owned(),
    }
}
