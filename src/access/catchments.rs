//! Floating catchments: how much supply there is for each resident, when everybody in reach shares it.
//!
//! Five published measures over one input. Four are ratios of supply to people, higher is better, and share out exactly
//! the supply that has anybody in reach; the rational agent access model is a cost, lower is better.
//!
//! - Two-step (Luo and Wang 2003): `R_j = S_j ÷ Σ P_i` over the people in reach of j, `A_i = Σ R_j` over the supply in
//!   reach of i.
//! - Enhanced two-step (Luo and Qi 2009): both sums weighted by distance band.
//! - Three-step (Wan, Zou and Sternberg 2012): with a choice weight `G_ij = w_ij ÷ Σ_k w_ik` beside the distance weight.
//! - Gravity (Joseph and Bantock 1982): both sums weighted by a power of the cost.
//! - Rational agent access model (Saxon and Snow 2020): people go where travel and congestion together cost least; travel
//!   counts in units of τ, congestion in units of the mean people for each unit of supply.

mod equilibrium;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// How a pair counts, by its cost. Exactly at a band's edge is inside it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Weight {
    /// All pairs alike.
    Same,
    /// Bands: the greatest cost of each and its weight, by cost; beyond the last nothing counts.
    Bands(Vec<(f64, f64)>),
    /// `max(cost, least) ^ power`, with a power below zero and a least cost above it: a cost of nought would weigh
    /// infinitely.
    Power {
        /// Below zero.
        power: f64,
        /// Above zero; a cheaper pair counts as this.
        least: f64,
    },
    /// `exp(-cost² ÷ 2 width²)`.
    Gaussian {
        /// Above zero.
        width: f64,
    },
}

/// Which measure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Two steps under a weight: 2SFCA with [`Weight::Same`], E2SFCA with bands, gravity with a power.
    TwoStep(Weight),
    /// Three steps under a weight.
    ThreeStep(Weight),
    /// Travel and congestion at equilibrium.
    RationalAgent(Agent),
}

/// The rational agent access model's figures.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Agent {
    /// Cost that is worth as much as congestion at the mean; its authors' own is 60.
    pub tau: f64,
    /// The search ends where all people together could save no more than this share of what they spend.
    pub gap: f64,
    /// It ends after so many sweeps over all places, of either kind, whatever it has reached.
    pub sweeps: u32,
}

impl Default for Agent {
    fn default() -> Self {
        Self { tau: 60.0, gap: 4e-4, sweeps: 1_000 }
    }
}

/// A figure that no catchment can be worked out with.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{what} of {subject} is {found}, which is not {wanted}")]
pub struct CatchmentFault {
    /// Whose: `zone E01000001`, `the pair E01000001 to RXA01`.
    pub subject: String,
    /// `the supply`, `the cost`.
    pub what: &'static str,
    /// As given.
    pub found: String,
    /// What would have been accepted.
    pub wanted: &'static str,
}

/// People, supply and the costs between them, in rows: what every measure is worked out from.
#[derive(Debug, Clone, PartialEq)]
pub struct Catchment {
    /// Places people live in, by code.
    pub places: Vec<String>,
    /// Places that supply, by code.
    pub supplies: Vec<String>,
    people: Vec<f64>,
    supply: Vec<f64>,
    /// Where each place's pairs begin; one longer than `places`.
    begins: Vec<usize>,
    /// Index into `supplies`.
    to: Vec<u32>,
    cost: Vec<f64>,
}

/// A measure at each place, in order of [`Catchment::places`].
pub type Scores = Vec<Option<f64>>;

impl Catchment {
    /// From rows in any order. Rows of one code are one place, or one supply, with their amounts added; of two costs of
    /// a pair the lesser counts. Pairs of unknown ends and pairs that cost more than `limit` are left out; exactly at
    /// the limit is in.
    pub fn new<'a>(
        people: impl IntoIterator<Item = (&'a str, u64)>,
        supply: impl IntoIterator<Item = (&'a str, f64)>,
        costs: impl IntoIterator<Item = (&'a str, &'a str, f64)>,
        limit: f64,
    ) -> Result<Self, CatchmentFault> {
        let mut places: BTreeMap<&str, f64> = BTreeMap::new();
        for (code, people) in people {
            *places.entry(code).or_default() += people as f64;
        }
        let mut supplies: BTreeMap<&str, f64> = BTreeMap::new();
        for (code, amount) in supply {
            if !(amount >= 0.0 && amount.is_finite()) {
                return Err(CatchmentFault {
                    subject: code.to_owned(),
                    what: "the supply",
                    found: amount.to_string(),
                    wanted: "a number of at least 0",
                });
            }
            *supplies.entry(code).or_default() += amount;
        }
        let line: BTreeMap<&str, usize> = places.keys().copied().zip(0..).collect();
        let column: BTreeMap<&str, u32> = supplies.keys().copied().zip(0..).collect();
        let mut rows: Vec<Vec<(u32, f64)>> = vec![Vec::new(); places.len()];
        for (from, to, cost) in costs {
            if cost.is_nan() || cost < 0.0 {
                return Err(CatchmentFault {
                    subject: format!("the pair {from} to {to}"),
                    what: "the cost",
                    found: cost.to_string(),
                    wanted: "a number of at least 0",
                });
            }
            let ends = line.get(from).and_then(|at| rows.get_mut(*at)).zip(column.get(to));
            if let Some((row, to)) = ends.filter(|_| cost <= limit) {
                row.push((*to, cost));
            }
        }
        let mut catchment = Self {
            places: places.keys().map(|code| (*code).to_owned()).collect(),
            supplies: supplies.keys().map(|code| (*code).to_owned()).collect(),
            people: places.into_values().collect(),
            supply: supplies.into_values().collect(),
            begins: vec![0],
            to: Vec::new(),
            cost: Vec::new(),
        };
        for mut row in rows {
            row.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
            row.dedup_by_key(|pair| pair.0);
            for (to, cost) in row {
                catchment.to.push(to);
                catchment.cost.push(cost);
            }
            catchment.begins.push(catchment.to.len());
        }
        Ok(catchment)
    }

    /// How many pairs are in reach.
    pub fn pairs(&self) -> usize {
        self.to.len()
    }

    /// People of each place.
    pub fn people(&self) -> &[f64] {
        &self.people
    }

    /// All supply.
    pub fn total_supply(&self) -> f64 {
        self.supply.iter().sum()
    }

    /// Supply that has anybody in reach: what the ratios share out.
    pub fn reached_supply(&self) -> f64 {
        let mut reached = vec![false; self.supply.len()];
        for (place, people) in self.people.iter().enumerate() {
            for (to, _) in self.row(place).filter(|_| *people > 0.0) {
                if let Some(is) = reached.get_mut(to) {
                    *is = true;
                }
            }
        }
        self.supply.iter().zip(reached).filter(|(_, is)| *is).map(|(supply, _)| supply).sum()
    }

    /// The measure at each place. A ratio where nothing is in reach is nought; a cost there is `None`, since nought
    /// would be the best of all.
    pub fn scores(&self, measure: &Measure) -> Scores {
        match measure {
            Measure::TwoStep(weight) => self.weighted(weight, false),
            Measure::ThreeStep(weight) => self.weighted(weight, true),
            Measure::RationalAgent(agent) => self.rational(agent),
        }
    }

    /// A ratio in two steps, or in three.
    fn weighted(&self, weight: &Weight, is_three: bool) -> Scores {
        match weight {
            Weight::Same => self.ratio(|_| 1.0, is_three),
            Weight::Bands(bands) if bands.len() >= usize::from(u8::MAX) => {
                let of = |cost: &f64| bands.iter().find(|(most, _)| cost <= most);
                let each: Vec<f64> = self
                    .cost
                    .iter()
                    .map(|cost| of(cost).map_or(0.0, |(_, weight)| *weight))
                    .collect();
                self.ratio(|pair| each.get(pair).copied().unwrap_or(0.0), is_three)
            }
            Weight::Bands(bands) => {
                // A byte a pair: memory that is touched for the first time costs more than all the sums.
                // The class is how many bands a pair lies beyond.
                let class = |cost: &f64| bands.iter().map(|(most, _)| u8::from(cost > most)).sum();
                let classes: Vec<u8> = self.cost.iter().map(class).collect();
                let mut of_class = [0.0; 256];
                for (held, (_, weight)) in of_class.iter_mut().zip(bands) {
                    *held = *weight;
                }
                let class = |pair: usize| classes.get(pair).copied().unwrap_or(u8::MAX);
                self.ratio(|pair| of_class[usize::from(class(pair))], is_three)
            }
            Weight::Power { power, least } => {
                let each: Vec<f64> =
                    self.cost.iter().map(|cost| cost.max(*least).powf(*power)).collect();
                self.ratio(|pair| each.get(pair).copied().unwrap_or(0.0), is_three)
            }
            Weight::Gaussian { width } => {
                let of = |cost: &f64| (-cost * cost / (2.0 * width * width)).exp();
                let each: Vec<f64> = self.cost.iter().map(of).collect();
                self.ratio(|pair| each.get(pair).copied().unwrap_or(0.0), is_three)
            }
        }
    }

    fn row(&self, place: usize) -> impl Iterator<Item = (usize, f64)> {
        let from = self.begins.get(place).copied().unwrap_or_default();
        let to = self.begins.get(place + 1).copied().unwrap_or_default();
        let columns = self.to.get(from..to).unwrap_or_default();
        let costs = self.cost.get(from..to).unwrap_or_default();
        columns.iter().map(|to| *to as usize).zip(costs.iter().copied())
    }

    /// `A_i = Σ_j v_ij S_j ÷ Σ_k v_kj P_k`, where `v` is the weight, or in three steps weight times choice: `w² ÷ Σ_k w_ik`.
    fn ratio(&self, weight: impl Fn(usize) -> f64, is_three: bool) -> Scores {
        let rows = || {
            self.begins.windows(2).map(|row| match row {
                [from, to] => *from..*to,
                _ => 0..0,
            })
        };
        let of = |row: std::ops::Range<usize>| {
            row.clone().zip(self.to.get(row).into_iter().flatten().map(|to| *to as usize))
        };
        // What every weight of a place is multiplied by, besides itself.
        let part: Vec<f64> = if is_three {
            let all = rows().map(|row| in_fours(row, &weight));
            all.map(|all| if all > 0.0 { 1.0 / all } else { 0.0 }).collect()
        } else {
            Vec::new()
        };
        let part =
            |place: usize| if is_three { part.get(place).copied().unwrap_or(0.0) } else { 1.0 };
        let weight = |pair: usize| {
            let one = weight(pair);
            if is_three { one * one } else { one }
        };
        let mut wanted = vec![0.0; self.supply.len()];
        for ((place, row), people) in rows().enumerate().zip(&self.people) {
            let people = people * part(place);
            for (pair, to) in of(row) {
                if let Some(wanted) = wanted.get_mut(to) {
                    *wanted += weight(pair) * people;
                }
            }
        }
        let share =
            |(supply, wanted): (&f64, &f64)| if *wanted > 0.0 { supply / wanted } else { 0.0 };
        let shares: Vec<f64> = self.supply.iter().zip(&wanted).map(share).collect();
        let share = |pair: usize| {
            let to = self.to.get(pair).map_or(usize::MAX, |to| *to as usize);
            weight(pair) * shares.get(to).copied().unwrap_or(0.0)
        };
        rows().enumerate().map(|(place, row)| Some(part(place) * in_fours(row, share))).collect()
    }

    /// The cost at each place once nobody could go anywhere cheaper: the equilibrium that its authors' own program steps
    /// towards.
    fn rational(&self, agent: &Agent) -> Scores {
        let (settled, _) = self.settle(agent);
        let rows = settled.begins.windows(2).zip(&self.people);
        rows.map(|(ends, people)| {
            let row = ends[0]..ends[1];
            let cost: f64 = row.clone().map(|pair| settled.used[pair] * settled.cost(pair)).sum();
            (!row.is_empty()).then(|| cost / people)
        })
        .collect()
    }
}

/// A sum in four strands, so that no addition waits for the one before it.
fn in_fours(range: std::ops::Range<usize>, figure: impl Fn(usize) -> f64) -> f64 {
    let mut sums = [0.0; 4];
    let mut at = range.start;
    while at + 4 <= range.end {
        for (strand, sum) in sums.iter_mut().enumerate() {
            *sum += figure(at + strand);
        }
        at += 4;
    }
    let rest: f64 = (at..range.end).map(&figure).sum();
    sums.iter().sum::<f64>() + rest
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const GRAVITY: Weight = Weight::Power { power: -1.0, least: 1e-9 };

    fn near(told: f64, expected: f64) -> bool {
        (told - expected).abs() <= 1e-9 * expected.abs().max(1.0)
    }

    /// Three tracts with a hospital each: population 100, 50, 10, doctors 15, 20, 100, and minutes in four kinds of
    /// traffic (inbound to the third, outbound from it, across). The scenarios are those of the `access` package's own
    /// `test_hospital_example.py`.
    fn hospitals(inbound: f64, outbound: f64, across: f64) -> Catchment {
        let costs = [
            ("1", "1", 1.0),
            ("2", "2", 1.0),
            ("3", "3", 1.0),
            ("1", "3", inbound),
            ("2", "3", inbound),
            ("3", "1", outbound),
            ("3", "2", outbound),
            ("1", "2", across),
            ("2", "1", across),
        ];
        let people = [("1", 100), ("2", 50), ("3", 10)];
        Catchment::new(people, [("1", 15.0), ("2", 20.0), ("3", 100.0)], costs, 60.0).unwrap()
    }

    fn told(catchment: &Catchment, measure: &Measure) -> Vec<f64> {
        catchment.scores(measure).into_iter().flatten().collect()
    }

    #[test]
    fn three_hospitals_in_gridlock_by_hand() {
        let gridlock = hospitals(40.0, 40.0, 80.0);

        let two = told(&gridlock, &Measure::TwoStep(GRAVITY));

        // Wanted at 1: 100/1 + 10/40; at 2: 50/1 + 10/40; at 3: 10/1 + 100/40 + 50/40.
        let shares = [15.0 / 100.25, 20.0 / 50.25, 100.0 / 13.75];
        assert!(near(two[0], shares[0] + shares[2] / 40.0), "{two:?}");
        assert!(near(two[1], shares[1] + shares[2] / 40.0), "{two:?}");
        assert!(near(two[2], shares[2] + (shares[0] + shares[1]) / 40.0), "{two:?}");

        let three = told(&gridlock, &Measure::ThreeStep(GRAVITY));
        // Choice: tract 1 sends 40/41 home and 1/41 to 3; tract 3 sends 40/42 home and 1/42 to each other.
        let (home, away) = (40.0 / 41.0, 1.0 / 41.0 / 40.0);
        let (own, out) = (40.0 / 42.0, 1.0 / 42.0 / 40.0);
        let shares = [
            15.0 / (100.0 * home + 10.0 * out),
            20.0 / (50.0 * home + 10.0 * out),
            100.0 / (10.0 * own + 150.0 * away),
        ];
        assert!(near(three[0], shares[0] * home + shares[2] * away), "{three:?}");
        assert!(near(three[1], shares[1] * home + shares[2] * away), "{three:?}");
        assert!(near(three[2], shares[2] * own + (shares[0] + shares[1]) * out), "{three:?}");
    }

    #[test]
    fn quicker_roads_shift_access_the_way_the_published_example_says() {
        let two = |inbound, outbound, across| {
            told(&hospitals(inbound, outbound, across), &Measure::TwoStep(GRAVITY))
        };
        let gridlock = two(40.0, 40.0, 80.0);
        let inbound = two(20.0, 40.0, 80.0);
        assert!(inbound[0] > gridlock[0] && inbound[1] > gridlock[1] && inbound[2] < gridlock[2]);
        let outbound = two(40.0, 20.0, 80.0);
        assert!(
            outbound[0] < gridlock[0] && outbound[1] < gridlock[1] && outbound[2] > gridlock[2]
        );
        let both = two(20.0, 20.0, 40.0);
        assert!(both[0] > gridlock[0] && both[1] > gridlock[1] && both[2] < gridlock[2]);
    }

    /// Supply of one at each corner of a five by five grid, as in the package's own tests.
    fn grid(people: &[(&str, u64)], limit: f64) -> Catchment {
        let codes: Vec<String> = (0..25).map(|n| format!("{n:02}")).collect();
        let at = |n: usize| (n.rem_euclid(5) as f64, n.div_euclid(5) as f64);
        let metres = |a: usize, b: usize| {
            let ((x1, y1), (x2, y2)) = (at(a), at(b));
            (x1 - x2).hypot(y1 - y2)
        };
        let pairs = codes.iter().enumerate().flat_map(|(a, from)| {
            let codes = codes.iter().enumerate();
            codes.map(move |(b, to)| (from.as_str(), to.as_str(), metres(a, b)))
        });
        let supply = codes.iter().map(|code| (code.as_str(), 1.0));
        Catchment::new(people.iter().copied(), supply, pairs.collect::<Vec<_>>(), limit).unwrap()
    }

    #[test]
    fn one_place_with_all_the_supply_to_itself_has_all_of_it() {
        let alone = grid(&[("07", 1)], f64::INFINITY);
        let bands = Weight::Bands(vec![(10.0, 25.0)]);
        for measure in [
            Measure::TwoStep(Weight::Same),
            Measure::TwoStep(bands.clone()),
            Measure::ThreeStep(bands),
        ] {
            assert!(near(told(&alone, &measure)[0], 25.0), "{measure:?}");
        }
        let small = grid(&[("07", 1), ("12", 1)], 0.9);
        assert_eq!(told(&small, &Measure::TwoStep(Weight::Same)), [1.0, 1.0]);
        // Nothing but the supply beside it is in reach: congestion 1 ÷ (1 x 1/25) and no travel.
        let alone = grid(&[("07", 1)], 0.9);
        assert_eq!(told(&alone, &Measure::RationalAgent(Agent::default())), [25.0]);
    }

    #[test]
    fn two_supplies_come_to_cost_the_same_once_people_may_choose() {
        // 100 people beside a surgery of 50 and 10 minutes from another of 50. At equilibrium x stay:
        // x/50 = (100 - x)/50 + 10/60, so x = 50 + 50/12.
        let costs = [("E1", "S1", 0.0), ("E1", "S2", 10.0)];
        let catchment =
            Catchment::new([("E1", 100)], [("S1", 50.0), ("S2", 50.0)], costs, 60.0).unwrap();
        let told = catchment.scores(&Measure::RationalAgent(Agent::default()))[0].unwrap();

        // Whoever stays and whoever goes has the same cost.
        assert!(near(told, (50.0 + 50.0 / 12.0) / 50.0), "{told}");
    }

    #[test]
    fn nothing_in_reach_is_nought_for_a_ratio_and_unknown_for_a_cost() {
        let costs = [("E1", "S1", 5.0), ("E2", "S1", 61.0)];
        let catchment =
            Catchment::new([("E1", 10), ("E2", 10)], [("S1", 2.0)], costs, 60.0).unwrap();
        assert_eq!(catchment.scores(&Measure::TwoStep(Weight::Same)), [Some(0.2), Some(0.0)]);
        let costs = catchment.scores(&Measure::RationalAgent(Agent::default()));
        assert!(costs[0].is_some() && costs[1].is_none());
    }

    #[test]
    fn zero_costs_and_codes_given_twice_are_no_trouble() {
        let people = [("E1", 10), ("E1", 10)];
        let supply = [("S1", 1.0), ("S1", 3.0)];
        let costs = [("E1", "S1", 0.0), ("E1", "S1", 4.0), ("E9", "S1", 1.0), ("E1", "S9", 1.0)];
        let catchment = Catchment::new(people, supply, costs, 60.0).unwrap();
        assert_eq!(catchment.pairs(), 1);
        assert_eq!(told(&catchment, &Measure::TwoStep(GRAVITY)), [0.2]);
        let fault = Catchment::new(people, [("S1", f64::NAN)], costs, 60.0).unwrap_err();
        assert_eq!(
            fault.to_string(),
            "the supply of S1 is NaN, which is not a number of at least 0"
        );
        let fault = Catchment::new(people, supply, [("E1", "S1", -1.0)], 60.0).unwrap_err();
        assert_eq!(
            fault.to_string(),
            "the cost of the pair E1 to S1 is -1, which is not a number of at least 0"
        );
    }

    #[test]
    fn nobody_and_no_supply_have_no_cost_and_change_nothing_for_others() {
        let people = [("E1", 100), ("E2", 0), ("E3", 50)];
        let costs = [("E1", "S1", 6.0), ("E1", "S2", 0.0), ("E2", "S1", 1.0), ("E3", "S2", 1.0)];
        let catchment = Catchment::new(people, [("S1", 10.0), ("S2", 0.0)], costs, 60.0).unwrap();
        let measure = Measure::RationalAgent(Agent::default());
        // 100 people at a supply of 10, with 15 people to a unit on the whole, 6 minutes away.
        let told = catchment.scores(&measure);
        assert!(near(told[0].unwrap(), 10.0 / 15.0 + 0.1), "{told:?}");
        assert_eq!(told[1..], [None, None]);

        let empty = Catchment::new(people, [("S1", 0.0)], costs, 60.0).unwrap();
        assert_eq!(empty.scores(&measure), [None, None, None]);
        let deserted = Catchment::new([("E1", 0)], [("S1", 1.0)], costs, 60.0).unwrap();
        assert_eq!(deserted.scores(&measure), [None]);
        let endless =
            Catchment::new(people, [("S1", 1.0)], [("E1", "S1", f64::INFINITY)], f64::INFINITY);
        assert_eq!(endless.unwrap().scores(&measure), [None, None, None]);
    }

    /// Places and supplies of many sizes, in a town of one middle, by a generator of its own.
    fn town(places: usize, supplies: usize, limit: f64) -> Catchment {
        let mut state = 7_u64;
        let mut below = |most: u32| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            f64::from(most) * ((state >> 33) as f64 / 2_f64.powi(31))
        };
        let mut spots = |count: usize| {
            let one = |_| (below(2) - 1.0).powi(3) * 40.0;
            (0..2 * count).map(one).collect::<Vec<f64>>()
        };
        let (homes, sites) = (spots(places), spots(supplies));
        let zones: Vec<String> = (0..places).map(|n| format!("E{n:04}")).collect();
        let codes: Vec<String> = (0..supplies).map(|n| format!("S{n:04}")).collect();
        let people: Vec<u64> = (0..places).map(|n| (n * 7_919).rem_euclid(3_000) as u64).collect();
        let supply: Vec<f64> =
            (0..supplies).map(|n| (n * 31).rem_euclid(13) as f64 * 1.7).collect();
        let pairs = zones.iter().zip(homes.chunks(2)).flat_map(|(zone, home)| {
            codes.iter().zip(sites.chunks(2)).map(move |(code, site)| {
                let far = (home[0] - site[0]).hypot(home[1] - site[1]);
                (zone.as_str(), code.as_str(), far)
            })
        });
        Catchment::new(
            zones.iter().map(String::as_str).zip(people),
            codes.iter().map(String::as_str).zip(supply),
            pairs,
            limit,
        )
        .unwrap()
    }

    /// What all people spend, and would if each went to the cheapest of all in reach; with congestion from the counts.
    fn spendings(
        catchment: &Catchment,
        settled: &equilibrium::Settled,
        agent: &Agent,
    ) -> (f64, f64) {
        let mean = catchment.people.iter().sum::<f64>() / catchment.total_supply();
        let cost = |to: usize, minutes: f64| {
            minutes / agent.tau + settled.load[to] / (catchment.supply[to] * mean)
        };
        let (mut spent, mut least_spent) = (0.0, 0.0);
        for (place, row) in settled.begins.windows(2).enumerate().filter(|(_, row)| row[0] < row[1])
        {
            let all = catchment.row(place).filter(|(to, _)| catchment.supply[*to] > 0.0);
            let least = all.map(|(to, minutes)| cost(to, minutes)).fold(f64::INFINITY, f64::min);
            for pair in row[0]..row[1] {
                let to = settled.to[pair] as usize;
                let (_, minutes) = catchment.row(place).find(|(held, _)| *held == to).unwrap();
                spent += settled.used[pair] * cost(to, minutes);
            }
            least_spent += catchment.people[place] * least;
        }
        (spent, least_spent)
    }

    #[test]
    fn a_town_comes_to_rest_in_few_sweeps_and_to_the_same_each_time() {
        for (limit, tau, sweeps) in
            [(20.0, 20.0, 40), (60.0, 60.0, 60), (20.0, 1.0, 60), (3.0, 60.0, 40)]
        {
            let town = town(600, 120, limit);
            let agent = Agent { tau, gap: 1e-3, sweeps };
            let (settled, gap) = town.settle(&agent);
            let (spent, least_spent) = spendings(&town, &settled, &agent);

            assert!(gap <= agent.gap, "{gap} within {limit}");
            assert!(
                (1.0 - least_spent / spent - gap).abs() < 1e-9,
                "{gap} of {spent}, {least_spent}"
            );
            let (again, _) = town.settle(&agent);
            assert_eq!((settled.used, settled.load), (again.used, again.load));
        }
    }

    /// The model by nothing but its definition: of each place, some of those who spend most go where they spend least,
    /// as many as make the two alike, until there is hardly anything between them.
    fn by_moving(catchment: &Catchment, tau: f64) -> Scores {
        let mean = catchment.people.iter().sum::<f64>() / catchment.total_supply();
        let size: Vec<f64> = catchment.supply.iter().map(|supply| supply * mean).collect();
        let rows: Vec<Vec<(usize, f64)>> = (0..catchment.places.len())
            .map(|place| catchment.row(place).filter(|(to, _)| size[*to] > 0.0).collect())
            .collect();
        let mut load = vec![0.0; size.len()];
        let mut used: Vec<Vec<f64>> = rows.iter().map(|row| vec![0.0; row.len()]).collect();
        for ((row, used), people) in rows.iter().zip(&mut used).zip(&catchment.people) {
            if let (Some((to, _)), Some(used)) = (row.first(), used.first_mut()) {
                (*used, load[*to]) = (*people, load[*to] + people);
            }
        }
        let cost = |load: &[f64], (to, minutes): (usize, f64)| minutes / tau + load[to] / size[to];
        for _ in 0..20_000 {
            let mut most = 0.0_f64;
            for (row, used) in rows.iter().zip(&mut used) {
                let by =
                    |a: &usize, b: &usize| cost(&load, row[*a]).total_cmp(&cost(&load, row[*b]));
                let dear = (0..row.len()).filter(|at| used[*at] > 0.0).max_by(by);
                let Some((dear, cheap)) = dear.zip((0..row.len()).min_by(by)) else { continue };
                let between = cost(&load, row[dear]) - cost(&load, row[cheap]);
                let (from, to) = (row[dear].0, row[cheap].0);
                let gone = (between / (1.0 / size[from] + 1.0 / size[to])).min(used[dear]);
                (used[dear], used[cheap]) = (used[dear] - gone, used[cheap] + gone);
                (load[from], load[to]) = (load[from] - gone, load[to] + gone);
                most = most.max(between);
            }
            if most < 1e-9 {
                break;
            }
        }
        let paid = rows.iter().zip(&used).zip(&catchment.people);
        paid.map(|((row, used), people)| {
            let spent: f64 =
                row.iter().zip(used).map(|(pair, used)| used * cost(&load, *pair)).sum();
            (!row.is_empty() && *people > 0.0).then(|| spent / people)
        })
        .collect()
    }

    #[test]
    fn costs_are_those_that_moving_people_by_hand_comes_to() {
        for (places, supplies, limit, tau) in
            [(12, 5, 60.0, 30.0), (40, 15, 15.0, 15.0), (90, 20, 60.0, 60.0)]
        {
            let town = town(places, supplies, limit);
            let agent = Agent { tau, gap: 1e-10, sweeps: 100_000 };
            let told = town.scores(&Measure::RationalAgent(agent));

            for (told, by_hand) in told.iter().zip(by_moving(&town, tau)) {
                assert_eq!(told.is_some(), by_hand.is_some());
                let apart = told.unwrap_or(0.0) - by_hand.unwrap_or(0.0);
                assert!(apart.abs() < 1e-3, "{told:?} and {by_hand:?} by hand");
            }
        }
    }

    proptest! {
        #[test]
        fn rational_agents_end_where_nobody_could_go_anywhere_cheaper(
            people in prop::collection::vec(0_u64..500, 1..9),
            supply in prop::collection::vec(0_u32..50, 1..7),
            costs in prop::collection::vec(0_u32..70, 56),
        ) {
            let zones: Vec<String> = (0..people.len()).map(|n| format!("E{n}")).collect();
            let sites: Vec<String> = (0..supply.len()).map(|n| format!("S{n}")).collect();
            let rows = zones
                .iter()
                .flat_map(|zone| sites.iter().map(move |site| (zone.as_str(), site.as_str())))
                .zip(&costs)
                .map(|((zone, site), cost)| (zone, site, f64::from(*cost)));
            let living = zones.iter().map(String::as_str).zip(people.iter().copied());
            let serving = sites.iter().map(String::as_str).zip(supply.iter().map(|n| f64::from(*n)));
            let catchment = Catchment::new(living, serving, rows, 60.0).unwrap();
            let agent = Agent { gap: 1e-6, sweeps: 100_000, ..Agent::default() };

            let (settled, gap) = catchment.settle(&agent);

            let mut load = vec![0.0; supply.len()];
            for (place, row) in settled.begins.windows(2).enumerate() {
                let row = row[0]..row[1];
                let all: f64 = settled.used[row.clone()].iter().sum();
                prop_assert!(row.is_empty() || near(all, catchment.people()[place]));
                for pair in row {
                    prop_assert!(settled.used[pair] >= 0.0);
                    load[settled.to[pair] as usize] += settled.used[pair];
                }
            }
            let (spent, least_spent) = spendings(&catchment, &settled, &agent);
            for (told, counted) in settled.load.iter().zip(&load) {
                prop_assert!((told - counted).abs() < 1e-6, "{} people, and {} counted", told, counted);
            }
            prop_assert!(gap <= agent.gap, "{}", gap);
            prop_assert!(spent - least_spent <= spent * agent.gap + 1e-9, "{} could be {}", spent, least_spent);
        }

        #[test]
        fn the_ratios_share_out_exactly_the_supply_in_reach_and_rows_may_come_in_any_order(
            people in prop::collection::vec(0_u64..500, 1..8),
            supply in prop::collection::vec(0_u32..50, 1..6),
            costs in prop::collection::vec(0_u32..70, 48),
        ) {
            let zones: Vec<String> = (0..people.len()).map(|n| format!("E{n}")).collect();
            let sites: Vec<String> = (0..supply.len()).map(|n| format!("S{n}")).collect();
            let mut rows: Vec<(&str, &str, f64)> = zones
                .iter()
                .flat_map(|zone| sites.iter().map(move |site| (zone.as_str(), site.as_str())))
                .zip(&costs)
                .map(|((zone, site), cost)| (zone, site, f64::from(*cost)))
                .collect();
            let living = || zones.iter().map(String::as_str).zip(people.iter().copied());
            let serving = || sites.iter().map(String::as_str).zip(supply.iter().map(|n| f64::from(*n)));
            let catchment = Catchment::new(living(), serving(), rows.clone(), 60.0).unwrap();
            rows.reverse();
            let turned = Catchment::new(living(), serving(), rows, 60.0).unwrap();
            prop_assert_eq!(&catchment, &turned);

            let bands = Weight::Bands(vec![(10.0, 1.0), (20.0, 0.68), (60.0, 0.22)]);
            let power = Weight::Power { power: -2.0, least: 1.0 };
            for measure in [
                Measure::TwoStep(Weight::Same),
                Measure::TwoStep(bands.clone()),
                Measure::TwoStep(power.clone()),
                Measure::TwoStep(Weight::Gaussian { width: 20.0 }),
                Measure::ThreeStep(bands),
                Measure::ThreeStep(power),
            ] {
                let shared: f64 = catchment
                    .scores(&measure)
                    .iter()
                    .zip(catchment.people())
                    .map(|(score, people)| score.unwrap() * people)
                    .sum();
                prop_assert!(near(shared, catchment.reached_supply()), "{:?}: {} of {}", measure, shared, catchment.reached_supply());
            }
        }
    }
}
