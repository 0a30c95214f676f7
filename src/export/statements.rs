//! Owner statements, priorities and what each health programme gets, as tables.

use super::{Cell, Table};
use crate::register::{HealthProgramme, Pence, Register, Word};
use crate::scenario::incentives::{Incentives, OwnerStatement};
use crate::scenario::priorities::{Choice, Moment, PriorityList};
use crate::scenario::{Proposal, Run};

/// A row an owner.
pub fn owners(told: &Incentives) -> Table {
    let columns = [
        ("owner", "Owner", false),
        ("sites", "Sites", true),
        ("released", "It gives up", true),
        ("unused_cost_gbp_a_year", "Empty and under-used space costs a year", true),
        ("unknown_space_sites", "Sites whose unused space is not known", true),
        ("once_gbp", "Paid to it once", true),
        ("to_fund_gbp", "Its sites bring the fund", true),
        ("a_year_gbp", "A year, better or worse", true),
        ("loses_gbp_a_year", "Of it worse, site by site", true),
        ("unknown_rent_sites", "Sites whose lost rent is not known", true),
        ("present_gbp", "Present worth to it", true),
        ("gain_share_percent", "Gain share (%)", true),
        ("shared_gbp", "Share it would be passed", true),
        ("present_after_gbp", "Present worth with the share", true),
        ("verdict", "With the share", false),
    ];
    Table::new("owners", "Statement per owner", &columns).with(told.statements.iter().map(|one| {
        vec![
            Cell::text(one.party.words()),
            Cell::count(one.sites.len() as u64),
            Cell::count(one.released() as u64),
            Cell::Money(one.unused_cost()),
            Cell::count(one.unknown_space),
            Cell::Money(one.once()),
            Cell::Money(one.to_fund()),
            Cell::Money(one.a_year()),
            Cell::Money(one.loses_a_year()),
            Cell::count(one.unknown_rent),
            Cell::Money(one.present()),
            Cell::Number(one.gain_share * 100.0, 1),
            Cell::Money(one.shared),
            Cell::Money(one.present_after()),
            Cell::text(verdict(one)),
        ]
    }))
}

/// Better, worse, or neither; where a rent is not known, the loss may be larger than told.
pub fn verdict(one: &OwnerStatement) -> &'static str {
    match (one.present_after().cmp(&Pence::ZERO), one.unknown_rent > 0) {
        (std::cmp::Ordering::Less, _) => "Worse off",
        (_, true) => "Not known: a rent that stops is not told",
        (std::cmp::Ordering::Greater, false) => "Better off",
        (std::cmp::Ordering::Equal, false) => "Neither",
    }
}

/// A row a site of an owner.
pub fn owner_sites(told: &Incentives) -> Table {
    let columns = [
        ("owner", "Owner", false),
        ("site_code", "Code", false),
        ("name", "Site", false),
        ("unused_m2", "Empty and under-used (m²)", true),
        ("unused_cost_gbp_a_year", "Costs a year", true),
        ("once_gbp", "Paid to it once", true),
        ("to_fund_gbp", "Brings the fund", true),
        ("a_year_gbp", "A year, better or worse", true),
        ("rent_lost_gbp_a_year", "Rent lost a year", true),
        ("present_gbp", "Present worth", true),
    ];
    let money = |pence: Option<Pence>| pence.map_or(Cell::Unknown("not known"), Cell::Money);
    Table::new("owner-sites", "Owner statements, site by site", &columns).with(
        told.statements.iter().flat_map(|one| {
            one.sites.iter().map(move |part| {
                let is_private = one.party.owner.is_some();
                vec![
                    Cell::text(one.party.words()),
                    Cell::text(part.site.as_str()),
                    Cell::text(&*part.name),
                    if is_private { Cell::maybe(part.unused_m2, 0) } else { Cell::Empty },
                    if is_private { money(part.unused_cost) } else { Cell::Empty },
                    Cell::Money(part.once),
                    Cell::Money(part.to_fund),
                    Cell::Money(part.a_year),
                    part.rent_lost.map_or(Cell::Empty, Cell::Money),
                    Cell::Money(part.present),
                ]
            })
        }),
    )
}

/// The list as it is kept; its file reads back through the import.
pub fn priorities(list: &PriorityList) -> Table {
    let columns = [
        ("priority_code", "Code", false),
        ("name", "Priority", false),
        ("borough_code", "Borough", false),
        ("programme", "Programme served", false),
        ("rank", "Rank", true),
        ("capital_gbp", "Capital", true),
        ("revenue_gbp_a_year", "Revenue a year", true),
        ("people_helped", "People helped", true),
        ("earliest_start", "Earliest start", false),
        ("latest_start", "Latest start", false),
        ("evidence", "Evidence", false),
    ];
    let day = |day: Option<chrono::NaiveDate>| day.map_or(Cell::Empty, Cell::Date);
    Table::new("priorities", "Local priorities", &columns).with(list.priorities.iter().map(|one| {
        vec![
            Cell::text(&*one.code),
            Cell::text(&*one.name),
            Cell::text(&*one.borough),
            Cell::text(one.programme.label()),
            Cell::count(u64::from(one.rank)),
            Cell::Money(one.capital),
            Cell::Money(one.revenue_a_year),
            one.people.map_or(Cell::Empty, Cell::count),
            day(one.earliest),
            day(one.latest),
            Cell::text(&*one.evidence),
        ]
    }))
}

/// What a rule pays for, and when.
pub fn funded(list: &PriorityList, choice: &Choice, moments: &[Moment]) -> Table {
    let columns = [
        ("priority_code", "Code", false),
        ("name", "Priority", false),
        ("borough_code", "Borough", false),
        ("programme", "Programme served", false),
        ("begins", "Begins", false),
        ("cost_gbp", "Set aside", true),
        ("people_helped", "People helped", true),
    ];
    Table::new("funded", "What the fund pays for", &columns).with(choice.funded.iter().map(|one| {
        let priority = list.priorities.iter().find(|priority| priority.code == one.code);
        vec![
            Cell::text(&*one.code),
            priority.map_or(Cell::Empty, |p| Cell::text(&*p.name)),
            priority.map_or(Cell::Empty, |p| Cell::text(&*p.borough)),
            priority.map_or(Cell::Empty, |p| Cell::text(p.programme.label())),
            moments.get(one.moment).map_or(Cell::Empty, |moment| Cell::text(&*moment.words)),
            Cell::Money(one.cost),
            Cell::maybe(priority.and_then(|p| p.people).map(|people| people as f64), 0),
        ]
    }))
}

/// What it does not pay for, and why.
pub fn left_out(list: &PriorityList, choice: &Choice) -> Table {
    let columns = [
        ("priority_code", "Code", false),
        ("name", "Priority", false),
        ("reason", "Why not", false),
    ];
    Table::new("left-out", "What it does not pay for", &columns).with(choice.left_out.iter().map(
        |left| {
            let priority = list.priorities.iter().find(|priority| priority.code == left.code);
            vec![
                Cell::text(&*left.code),
                priority.map_or(Cell::Empty, |p| Cell::text(&*p.name)),
                Cell::text(&*left.because),
            ]
        },
    ))
}

/// What the fund holds, and what is left once priorities are set aside for.
pub fn after_priorities(choice: &Choice, moments: &[Moment]) -> Table {
    let columns = [
        ("period", "Period", false),
        ("closing_gbp", "Fund before priorities", true),
        ("after_gbp", "Left after them", true),
    ];
    Table::new("after-priorities", "The fund with its priorities", &columns).with(
        moments.iter().zip(&choice.balances).map(|(moment, left)| {
            vec![Cell::text(&*moment.words), Cell::Money(moment.closing), Cell::Money(*left)]
        }),
    )
}

/// What each borough was due and got.
pub fn borough_shares(choice: &Choice) -> Table {
    let columns = [
        ("borough_code", "Borough", false),
        ("share_percent", "Share (%)", true),
        ("cost_gbp", "Set aside", true),
        ("people_helped", "People helped", true),
    ];
    Table::new("borough-shares", "By borough", &columns).with(choice.boroughs.iter().map(|one| {
        vec![
            Cell::text(&*one.borough),
            one.share.map_or(Cell::Empty, |share| Cell::Number(share * 100.0, 1)),
            Cell::Money(one.cost),
            Cell::count(one.people),
        ]
    }))
}

/// For each health programme: what the plan leaves where it is, what it moves, and what the fund pays for.
pub fn health_programmes(
    register: &Register,
    proposal: &Proposal,
    list: &PriorityList,
    choice: &Choice,
) -> Table {
    let columns = [
        ("programme", "Programme", false),
        ("protected", "Tenancies that stay", true),
        ("moved", "Tenancies that move", true),
        ("people_moved", "People they serve, where known", true),
        ("people_unknown", "Moves whose people are not known", true),
        ("asked", "Priorities asked for", true),
        ("funded", "Paid for", true),
        ("funded_gbp", "Set aside", true),
        ("people_helped", "People helped", true),
    ];
    let in_scope: std::collections::BTreeSet<_> =
        proposal.actions.iter().map(|action| &action.site).collect();
    let rows = HealthProgramme::ALL.iter().map(|programme| {
        let lines = programme.service_lines();
        let is_own = |line: Option<crate::register::ServiceLine>| {
            line.is_some_and(|line| lines.contains(&line))
        };
        let moves: Vec<_> =
            proposal.moves.iter().filter(|moved| is_own(moved.service_line)).collect();
        let all = register.tenancies().filter(|tenancy| {
            tenancy.is_open()
                && is_own(tenancy.service_line())
                && tenancy.site().is_some_and(|site| in_scope.contains(&site))
        });
        let stays =
            all.filter(|tenancy| !moves.iter().any(|moved| moved.tenancy == tenancy.id)).count();
        let asked: Vec<_> =
            list.priorities.iter().filter(|priority| priority.programme == *programme).collect();
        let paid: Vec<_> = asked
            .iter()
            .filter_map(|priority| {
                let funded = choice.funded.iter().find(|funded| funded.code == priority.code)?;
                Some((priority, funded.cost))
            })
            .collect();
        let has_care = !lines.is_empty();
        let care = |cell: Cell| if has_care { cell } else { Cell::Empty };
        vec![
            Cell::text(programme.label()),
            care(Cell::count(stays as u64)),
            care(Cell::count(moves.len() as u64)),
            care(Cell::Number(moves.iter().filter_map(|moved| moved.people).sum(), 0)),
            care(Cell::count(moves.iter().filter(|moved| moved.people.is_none()).count() as u64)),
            Cell::count(asked.len() as u64),
            Cell::count(paid.len() as u64),
            Cell::Money(paid.iter().map(|(_, cost)| *cost).sum()),
            Cell::count(paid.iter().filter_map(|(priority, _)| priority.people).sum()),
        ]
    });
    Table::new("health-programmes", "What each health programme keeps, moves and gets", &columns)
        .with(rows)
}

/// The actions that pay, largest first.
pub fn payers(run: &Run) -> Table {
    let columns = [
        ("site_code", "Code", false),
        ("name", "Site", false),
        ("action", "Action", false),
        ("to_fund_gbp", "Brings the fund, net", true),
    ];
    let actions = run.proposal.as_ref().map(|p| p.actions.as_slice()).unwrap_or_default();
    let mut paying: Vec<_> = actions.iter().filter(|action| action.to_fund > Pence::ZERO).collect();
    paying.sort_by(|a, b| b.to_fund.cmp(&a.to_fund).then(a.site.cmp(&b.site)));
    Table::new("payers", "What pays for them", &columns).with(paying.into_iter().map(|action| {
        vec![
            Cell::text(action.site.as_str()),
            Cell::text(&*action.name),
            Cell::text(super::option_words(action.option)),
            Cell::Money(action.to_fund),
        ]
    }))
}
