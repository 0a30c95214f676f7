//! What is proposed for each site, and why, in sentences with figures.

use std::collections::{BTreeMap, BTreeSet};

use crate::fund::{self, Exit, Ledger, OptionKind};
use crate::register::{Field, Pence, Site, SiteCode, SiteStatus};

use super::super::derive;
use super::super::encode::Key;
use super::super::ground::Ground;
use super::super::{Action, LockKind, Move, Reason};
use super::{Choices, kinds_of_care};

/// One action a site decided about, by code.
pub(super) fn actions(
    ground: &Ground<'_>,
    key: &Key,
    choices: &Choices,
    moves: &[Move],
    ledger: &Ledger,
    why_open: &BTreeMap<SiteCode, Reason>,
) -> Vec<Action> {
    let mut ledgers = by_site(ledger);
    key.sites
        .iter()
        .filter_map(|known| {
            let site = *ground.deciding.get(&known.code)?;
            let option = *choices.options.get(&known.code)?;
            let own = ledgers.remove(&known.code).unwrap_or_default();
            let money = own.site_money(&known.code);
            Some(Action {
                site: site.code.clone(),
                name: site.name().to_owned(),
                borough: site.text(Field::BoroughCode).map(str::to_owned),
                option,
                reasons: reasons(ground, site, option, moves, &own, why_open),
                receipt: money.receipt,
                costs: money.costs,
                running_cost_saved: money.running_cost_saved,
                to_fund: money.to_fund,
                assumed: money.assumed,
            })
        })
        .collect()
}

/// The lines of each site as a ledger of their own.
pub(super) fn by_site(ledger: &Ledger) -> BTreeMap<SiteCode, Ledger> {
    let mut ledgers: BTreeMap<SiteCode, Ledger> = BTreeMap::new();
    for line in &ledger.lines {
        ledgers.entry(line.site.clone()).or_default().lines.push(line.clone());
    }
    ledgers
}

fn reasons(
    ground: &Ground<'_>,
    site: &Site,
    option: OptionKind,
    moves: &[Move],
    own: &Ledger,
    why_open: &BTreeMap<SiteCode, Reason>,
) -> Vec<Reason> {
    let mut reasons = Vec::new();
    let mut say = |code: &str, words: String| {
        reasons.push(Reason { code: code.to_owned(), words });
    };
    let arriving: Vec<&Move> = moves.iter().filter(|moved| moved.to == site.code).collect();
    match option {
        OptionKind::Dispose => disposing(ground, site, moves, own, &mut say),
        OptionKind::SellLand => {
            let land = site.land(Field::SurplusLand).map_or(0.0, |land| land.0);
            let receipt = own.site_money(&site.code).receipt;
            say(
                "surplus_land",
                format!("{land:.2} ha delivers no services; its sale brings {receipt}."),
            );
        }
        OptionKind::Improve => improving(ground, site, own, &mut say),
        OptionKind::Keep => {}
    }
    if !arriving.is_empty() {
        let m2: f64 = arriving.iter().map(|moved| moved.clinical.0 + moved.non_clinical.0).sum();
        say(
            "receives",
            format!(
                "Takes in {} from elsewhere ({}), {m2:.0} m² in all.",
                plural(arriving.len(), "tenancy", "tenancies"),
                kinds_of_care(arriving.iter().copied())
            ),
        );
    }
    if let Some(reason) = why_open.get(&site.code)
        && reasons.iter().all(|said| said.code != reason.code)
    {
        reasons.push(reason.clone());
    }
    reasons
}

fn disposing(
    ground: &Ground<'_>,
    site: &Site,
    moves: &[Move],
    own: &Ledger,
    say: &mut impl FnMut(&str, String),
) {
    if ground.locks.get(&site.code) == Some(&LockKind::Close) {
        let why = ground.scenario.locks.iter().find(|lock| lock.site == site.code);
        let why = why.map(|lock| lock.why.trim()).filter(|why| !why.is_empty());
        say(
            "lock_close",
            why.map_or("Locked to close.".to_owned(), |why| format!("Locked to close: {why}.")),
        );
    }
    let leaving: Vec<&Move> = moves.iter().filter(|moved| moved.from == site.code).collect();
    if site.status() == SiteStatus::Unoccupied {
        say("unoccupied", "It stands empty.".to_owned());
    } else if leaving.is_empty() {
        say("nobody_there", "No services are recorded there.".to_owned());
    } else {
        say("consolidated", consolidated(ground, &leaving));
    }
    if let Some(spare) = derive::spare_m2(site).filter(|spare| *spare > 0.0) {
        let of = site
            .area(Field::GrossInternalArea)
            .filter(|gross| gross.0 > 0.0)
            .map_or_else(String::new, |gross| {
                format!(" of {:.0} m² ({:.0} %)", gross.0, 100.0 * spare / gross.0)
            });
        say("under_used", format!("{spare:.0} m²{of} is empty or under-used."));
    }
    let money = own.site_money(&site.code);
    let (receipt, to_fund, costs) = (money.receipt, money.to_fund, money.costs);
    let exit = fund::exit_rule(site, &ground.terms());
    if receipt > Pence::ZERO && matches!(exit, Exit::Sellable { .. }) {
        say(
            "receipt",
            format!(
                "A sale brings {receipt}; after costs of {costs} and what the fund may not keep, {to_fund} reaches it."
            ),
        );
    } else if receipt > Pence::ZERO {
        say(
            "receipt_not_nhs",
            format!(
                "A sale would bring its owner {receipt}, none of it for the fund, whose part is {to_fund}."
            ),
        );
    } else {
        say("no_receipt", format!("Nothing is sold; the fund's part is {to_fund}."));
    }
    let saved = money.running_cost_saved;
    if saved != Pence::ZERO {
        say("running_cost", format!("Running cost falls by {saved} a year here."));
    }
    let avoided = money.backlog_avoided;
    if avoided > Pence::ZERO {
        say(
            "backlog_avoided",
            format!(
                "{avoided} of backlog need not be mended; that is a liability avoided, not cash."
            ),
        );
    }
}

fn consolidated(ground: &Ground<'_>, leaving: &[&Move]) -> String {
    let to: BTreeSet<&SiteCode> = leaving.iter().map(|moved| &moved.to).collect();
    let places: Vec<String> = to.iter().map(|code| ground.site_name(code)).collect();
    let farthest = leaving.iter().map(|moved| moved.metres).fold(0.0, f64::max);
    let minutes: Vec<(f64, f64)> = leaving
        .iter()
        .filter_map(|moved| Some((moved.minutes_before?.0, moved.minutes_after?.0)))
        .collect();
    let mean =
        |pick: fn(&(f64, f64)) -> f64| minutes.iter().map(pick).sum::<f64>() / minutes.len() as f64;
    let journeys = if minutes.is_empty() {
        String::new()
    } else {
        format!(
            "; its people's mean journey goes from {:.1} to {:.1} minutes",
            mean(|pair| pair.0),
            mean(|pair| pair.1)
        )
    };
    format!(
        "{} ({}) to {}, at most {farthest:.0} m away{journeys}.",
        plural(leaving.len(), "tenancy moves", "tenancies move"),
        kinds_of_care(leaving.iter().copied()),
        places.join(", ")
    )
}

fn improving(ground: &Ground<'_>, site: &Site, own: &Ledger, say: &mut impl FnMut(&str, String)) {
    let mended: Vec<&str> =
        ground.open_gates(site).into_iter().map(|item| item.field().label()).collect();
    if !mended.is_empty() {
        say(
            "gates_mended",
            format!(
                "Works mend or prove {}: {}.",
                plural(mended.len(), "access gate", "access gates"),
                mended.join("; ")
            ),
        );
    }
    let works = own.total(|line| line.kind.is_works()).amount;
    say("works", format!("Works cost {}.", -works));
}

pub(super) fn plural(count: usize, one: &str, many: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {many}") }
}
