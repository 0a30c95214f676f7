//! Sites to consolidate, as generated for measurements: `n m K B T F`; n lines
//! `capacity keepcost receipt borough locked refurb x y`; B lines `needed minopen`; m lines
//! `demand people borough current` and K times `site cost minutes relocation`.

use std::collections::BTreeMap;

use super::Fault;
use super::words::Words;
use crate::classic::{CLOSED, Division, OPEN};
use crate::problem::{
    CoverGroup, CoverPoint, Limit, LimitTerm, Opt, Place, Problem, Server, Site, Unit,
};

/// At or below this the fund asks for nothing.
const NO_FLOOR: f64 = -1e15;

pub(super) fn consolidation(bytes: &[u8], division: Division) -> Result<Problem, Fault> {
    let mut words = Words::of(bytes);
    let head = Head {
        sites: words.count("number of sites")?,
        zones: words.count("number of zones")?,
        places: words.whole(|| "candidate sites a zone".to_owned(), 1, 10_000)?,
        boroughs: words.count("number of boroughs")?,
        minutes: words.number(|| "limit in minutes".to_owned())?,
        fund: words.number(|| "fund floor".to_owned())?,
    };
    let mut fund = Vec::new();
    let mut open_in: BTreeMap<usize, Vec<LimitTerm>> = BTreeMap::new();
    let mut problem = Problem { resources: vec!["demand".to_owned()], ..Problem::default() };
    for i in 0..head.sites {
        let (site, receipt, borough) = site(&mut words, i, head.boroughs)?;
        problem.sites.push(site);
        fund.push(LimitTerm::Option { site: i, option: CLOSED, by: receipt });
        let open = LimitTerm::Option { site: i, option: OPEN, by: 1.0 };
        open_in.entry(borough).or_default().push(open);
    }
    for b in 0..head.boroughs {
        let needed = words.number(|| format!("people to cover in borough {b}"))?;
        let least = words.number(|| format!("least open sites in borough {b}"))?;
        problem.coverage.push(CoverGroup {
            name: format!("people within {} minutes in borough {b}", head.minutes),
            needed,
            ..CoverGroup::default()
        });
        problem.limits.push(Limit {
            name: format!("sites open in borough {b}"),
            family: "open sites".to_owned(),
            terms: open_in.remove(&b).unwrap_or_default(),
            low: Some(least),
            high: None,
            price: None,
        });
    }
    for r in 0..head.zones {
        zone(&mut words, r, &head, division, &mut problem, &mut fund)?;
    }
    words.end()?;
    if head.fund > NO_FLOOR {
        problem.limits.push(Limit {
            name: "fund".to_owned(),
            family: "money".to_owned(),
            terms: fund,
            low: Some(head.fund),
            high: None,
            price: None,
        });
    }
    Ok(problem)
}

struct Head {
    sites: usize,
    zones: usize,
    places: usize,
    boroughs: usize,
    minutes: f64,
    fund: f64,
}

/// The site, its receipt, its borough.
fn site(words: &mut Words<'_>, i: usize, boroughs: usize) -> Result<(Site, f64, usize), Fault> {
    let capacity = words.amount(|| format!("capacity of site {i}"))?;
    let cost = words.number(|| format!("cost of keeping site {i}"))?;
    let receipt = words.number(|| format!("receipt of site {i}"))?;
    let borough = below(words, || format!("borough of site {i}"), boroughs)?;
    let is_locked = words.whole(|| format!("lock of site {i}"), 0, 1)? == 1;
    for what in ["refurbishment", "easting", "northing"] {
        words.number(|| format!("{what} of site {i}"))?;
    }
    let option = |name: &str, cost, room| Opt { name: name.to_owned(), cost, room: vec![room] };
    let site = Site {
        name: format!("site {i}"),
        options: vec![option("closed", 0.0, 0.0), option("open", cost, capacity)],
        allowed: if is_locked { vec![OPEN] } else { Vec::new() },
        today: OPEN,
    };
    Ok((site, receipt, borough))
}

fn zone(
    words: &mut Words<'_>,
    r: usize,
    head: &Head,
    division: Division,
    problem: &mut Problem,
    fund: &mut Vec<LimitTerm>,
) -> Result<(), Fault> {
    let demand = words.amount(|| format!("demand of zone {r}"))?;
    let weight = words.amount(|| format!("people of zone {r}"))?;
    let borough = below(words, || format!("borough of zone {r}"), head.boroughs)?;
    let current = words.number(|| format!("current site of zone {r}"))?;
    let mut unit = Unit {
        name: format!("zone {r}"),
        need: vec![demand],
        is_divisible: division == Division::Divisible,
        ..Unit::default()
    };
    let mut servers = Vec::new();
    for place in 0..head.places {
        let of = |what: &str| format!("{what} of place {place} of zone {r}");
        let site = below(words, || of("site"), head.sites)?;
        let cost = words.number(|| of("cost"))?;
        let minutes = words.number(|| of("minutes"))?;
        let relocation = words.number(|| of("relocation"))?;
        unit.places.push(Place { site, admitted_by: vec![OPEN], cost });
        if minutes <= head.minutes {
            servers.push(Server { unit: r, place });
        }
        if relocation != 0.0 {
            fund.push(LimitTerm::Place { unit: r, place, by: -relocation });
        }
        #[expect(clippy::float_cmp, reason = "both are indices")]
        if unit.today.is_none() && site as f64 == current {
            unit.today = Some(place);
        }
    }
    problem.units.push(unit);
    problem.coverage[borough].points.push(CoverPoint { weight, servers });
    Ok(())
}

/// An index below `count`.
fn below(words: &mut Words<'_>, field: impl Fn() -> String, count: usize) -> Result<usize, Fault> {
    let most = count.checked_sub(1).ok_or_else(|| Fault::Word {
        line: 1,
        field: field(),
        found: "0".to_owned(),
        wanted: "a count of at least 1 in the first line".to_owned(),
    })?;
    words.whole(field, 0, most)
}
