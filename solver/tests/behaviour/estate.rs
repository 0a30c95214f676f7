//! An estate to consolidate, made up from a seed, of the size asked for and the shape of the real question.
//! Costs are against today: keeping everything as it is costs nothing.

use domesday_solver::{
    CoverGroup, CoverPoint, Limit, LimitTerm, Opt, Place, Problem, Server, Site, Unit,
};

/// How much of everything.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    /// Sites.
    pub(crate) sites: usize,
    /// Whole services, each at a site today.
    pub(crate) units: usize,
    /// Small areas people live in.
    pub(crate) zones: usize,
    /// Boroughs, each with its own floors and limits.
    pub(crate) boroughs: usize,
    /// Candidate sites a service.
    pub(crate) places: usize,
    /// Standards of reach, each for one of the lines of service.
    pub(crate) standards: usize,
}

/// Linear congruential, Knuth's multiplier: the same estate on every machine.
pub(crate) struct Chance(u64);

impl Chance {
    /// From 0 up to 1.
    pub(crate) fn next(&mut self) -> f64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        f64::from(u32::try_from(self.0 >> 33).unwrap_or(0)) / f64::from(1_u32 << 31)
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.next()
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small count")]
    fn below(&mut self, n: usize) -> usize {
        ((self.next() * n as f64) as usize).min(n - 1)
    }
}

const KEEP: usize = 0;
const IMPROVE: usize = 1;
const SELL_SURPLUS: usize = 2;
const DISPOSE: usize = 3;
const LINES: usize = 4;

type Point = [f64; 2];

fn squared(a: Point, b: Point) -> f64 {
    (a[0] - b[0]).powi(2) + (a[1] - b[1]).powi(2)
}

/// Sites in strips of boroughs, services at 70 % of the room, people covered today or no worse, and `fund` asked for as
/// a share of all receipts.
pub(crate) fn estate(size: Size, seed: u64, fund: f64) -> Problem {
    let mut chance = Chance(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(1));
    let places: Vec<Point> = (0..size.sites).map(|_| [chance.next(), chance.next()]).collect();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small count")]
    let borough = |at: Point| ((at[0] * size.boroughs as f64) as usize).min(size.boroughs - 1);

    // Units first: a site's room follows from what it houses today.
    let homes: Vec<usize> = (0..size.units)
        .map(|r| if r < size.sites { r } else { chance.below(size.sites) })
        .collect();
    let needs: Vec<Vec<f64>> = (0..size.units)
        .map(|_| vec![chance.between(60.0, 600.0), chance.between(20.0, 200.0)])
        .collect();
    let lines: Vec<usize> = (0..size.units).map(|_| chance.below(LINES)).collect();

    let mut used = vec![vec![0.0; 2]; size.sites];
    for (home, need) in homes.iter().zip(&needs) {
        used[*home].iter_mut().zip(need).for_each(|(used, need)| *used += need);
    }
    let mut receipts = Vec::new();
    let sites: Vec<Site> = (0..size.sites)
        .map(|i| {
            let slack = 1.0 / chance.between(0.45, 0.95);
            let room: Vec<f64> = used[i].iter().map(|used| (used + 40.0) * slack).collect();
            let area: f64 = room.iter().sum();
            let run = area * chance.between(250.0, 450.0) * 8.0;
            let land = 1500.0 + 9000.0 * f64::powi(1.0 - places[i][0], 2);
            let receipt = area * land * chance.between(0.4, 1.2);
            receipts.push(receipt);
            let part = |by: f64| room.iter().map(|room| room * by).collect::<Vec<f64>>();
            let is_locked = chance.next() < 0.06;
            Site {
                name: format!("site {i}"),
                options: vec![
                    Opt { name: "keep".to_owned(), cost: 0.0, room: part(1.0) },
                    Opt {
                        name: "improve".to_owned(),
                        cost: area * 900.0 - 0.1 * run,
                        room: part(1.3),
                    },
                    Opt {
                        name: "keep and sell surplus".to_owned(),
                        cost: -0.05 * run - 0.1 * receipt,
                        room: part(0.8),
                    },
                    Opt {
                        name: "dispose".to_owned(),
                        cost: area * 200.0 - run - receipt,
                        room: part(0.0),
                    },
                ],
                allowed: if is_locked { vec![KEEP, IMPROVE] } else { vec![] },
                today: KEEP,
            }
        })
        .collect();

    let nearest = |at: Point, n: usize| {
        let mut order: Vec<(f64, usize)> =
            places.iter().enumerate().map(|(i, &p)| (squared(at, p), i)).collect();
        let n = n.min(order.len());
        order.select_nth_unstable_by(n - 1, |a, b| a.0.total_cmp(&b.0));
        order.truncate(n);
        order.sort_by(|a, b| a.0.total_cmp(&b.0));
        order.into_iter().map(|(_, i)| i).collect::<Vec<_>>()
    };
    let units: Vec<Unit> = (0..size.units)
        .map(|r| {
            let home = homes[r];
            let candidates = nearest(places[home], size.places).into_iter().map(|site| {
                let move_cost =
                    if site == home { 0.0 } else { needs[r].iter().sum::<f64>() * 350.0 };
                let far = squared(places[home], places[site]).sqrt() * 2e6;
                Place {
                    site,
                    admitted_by: vec![KEEP, IMPROVE, SELL_SURPLUS],
                    cost: move_cost + far,
                }
            });
            let candidates: Vec<Place> = candidates.collect();
            Unit {
                name: format!("service {r}"),
                need: needs[r].clone(),
                today: candidates.iter().position(|place| place.site == home),
                places: candidates,
                is_divisible: false,
                together: None,
            }
        })
        .collect();

    // Who could be where, by line of service and site.
    let mut at_site: Vec<Vec<Vec<Server>>> = vec![vec![Vec::new(); size.sites]; LINES];
    for (unit, places) in units.iter().map(|unit| &unit.places).enumerate() {
        for (place, at) in places.iter().enumerate() {
            at_site[lines[unit]][at.site].push(Server { unit, place });
        }
    }
    let zones: Vec<(Point, f64)> = (0..size.zones)
        .map(|_| ([chance.next(), chance.next()], chance.between(900.0, 2600.0).round()))
        .collect();
    let reach = 2.2 / (size.sites as f64).sqrt();
    let is_there_today = |s: &Server| units[s.unit].today == Some(s.place);
    let mut coverage = Vec::new();
    for standard in 0..size.standards {
        let line = standard % LINES;
        let mut groups: Vec<(CoverGroup, f64)> = (0..size.boroughs)
            .map(|b| {
                let name = format!("standard {standard} in borough {b}");
                (CoverGroup { name, ..CoverGroup::default() }, 0.0)
            })
            .collect();
        for &(at, people) in &zones {
            let near = nearest(at, 30).into_iter();
            let near = near.filter(|&site| squared(at, places[site]) <= reach * reach);
            let servers: Vec<Server> = near.flat_map(|site| at_site[line][site].clone()).collect();
            let (group, today) = &mut groups[borough(at)];
            if servers.iter().any(is_there_today) {
                *today += people;
            }
            group.points.push(CoverPoint { weight: people, servers });
        }
        coverage.extend(groups.into_iter().map(|(mut group, today)| {
            group.needed = (today * 0.95).floor();
            group
        }));
    }

    let total: f64 = receipts.iter().sum();
    let dispose = |(site, receipt): (usize, &f64)| {
        [
            LimitTerm::Option { site, option: DISPOSE, by: *receipt },
            LimitTerm::Option { site, option: SELL_SURPLUS, by: 0.1 * receipt },
        ]
    };
    let moves = units.iter().enumerate().flat_map(|(unit, u)| {
        let works: f64 = u.need.iter().sum::<f64>() * 350.0;
        let places = (0..u.places.len()).filter(move |&place| u.today != Some(place));
        places.map(move |place| LimitTerm::Place { unit, place, by: -works })
    });
    let mut limits = vec![Limit {
        name: "fund asked for".to_owned(),
        family: "money".to_owned(),
        terms: receipts.iter().enumerate().flat_map(dispose).chain(moves).collect(),
        low: Some(fund * total),
        high: None,
        price: None,
    }];
    for b in 0..size.boroughs {
        let inside: Vec<usize> = (0..size.sites).filter(|&i| borough(places[i]) == b).collect();
        let most = (inside.len() as f64 * 0.4).floor();
        limits.push(Limit {
            name: format!("closures in borough {b}"),
            family: "closures".to_owned(),
            terms: inside
                .into_iter()
                .map(|site| LimitTerm::Option { site, option: DISPOSE, by: 1.0 })
                .collect(),
            low: None,
            high: Some(most),
            price: None,
        });
    }
    let resources = vec!["clinical".to_owned(), "non-clinical".to_owned()];
    Problem { resources, sites, units, coverage, limits, ..Problem::default() }
}
