//! How sure: the fund's balance over many draws of prices, delays, costs, retention and space.
//!
//! Each uncertain figure is drawn from the triangle of its low, central and high value. Prices of sites move together by
//! market year and by borough, delays by a common part. A draw has a random stream of its own, keyed by seed and number, and
//! sums are added in blocks of fixed size: the same bytes whatever the threads.

mod program;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use self::program::{Program, Slots};
use super::estimate::pence;
use super::flow::{Stage, Timing};
use super::{Formula, LineKind, Stages, Workings};
use crate::register::{MissingAssumption, Pence, SiteCode};

/// What is asked of a sample.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked<'a> {
    /// How many draws.
    pub draws: u32,
    /// Same seed, same bytes.
    pub seed: u64,
    /// What the fund holds at the start.
    pub opening: Pence,
    /// What the fund should gain in all.
    pub target: Pence,
    /// Borough of each site, where known.
    pub boroughs: &'a BTreeMap<SiteCode, String>,
    /// Threads; at least one.
    pub threads: usize,
}

/// One year of the fan. Closing balances.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct FanYear {
    /// By the calendar year it starts in.
    pub year: i32,
    /// One draw in ten is lower.
    pub p10: Pence,
    /// Half are lower.
    pub p50: Pence,
    /// Nine in ten are lower.
    pub p90: Pence,
    /// With every figure central.
    pub central: Pence,
    /// Share of draws in which the year closes below zero.
    pub below_zero: f64,
}

/// What one site adds to how uncertain the last balance is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Contribution {
    /// The site whose decision it is, its services' moves included.
    pub site: SiteCode,
    /// Share of the variance; all sites add up to one. Below zero where it hedges others.
    pub share: f64,
    /// Standard deviation of what it brings the fund.
    pub deviation: Pence,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Uncertainty {
    /// How many draws.
    pub draws: u32,
    /// The seed.
    pub seed: u64,
    /// Year by year.
    pub years: Vec<FanYear>,
    /// Share of draws in which the fund closes below zero in any year.
    pub ever_below_zero: f64,
    /// Share of draws in which the fund gains what was asked.
    pub target_met: f64,
    /// What was asked.
    pub target: Pence,
    /// Largest share first.
    pub contributions: Vec<Contribution>,
    /// Figures drawn, by key.
    pub drawn: Vec<String>,
}

/// Draws in a block: sums within a block are added in order, then blocks in order.
const BLOCK: usize = 250;

/// One item of the fund, ready to be drawn.
struct Item {
    program: Program,
    timing: When,
    stages: Stages,
    site: usize,
    /// Whether its date can slip with the site's.
    slips: bool,
}

#[derive(Clone, Copy)]
enum When {
    Works,
    Moves,
    Receipt,
    Empty,
}

struct Site {
    code: SiteCode,
    borough: usize,
    /// Low, central and high price as factors of the central.
    price: Triangle,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Triangle {
    low: f64,
    mode: f64,
    high: f64,
}

impl Triangle {
    fn is_sure(self) -> bool {
        self.low.to_bits() == self.high.to_bits()
    }

    /// The value that a share `u` of draws stays under.
    fn at(self, u: f64) -> f64 {
        let (low, mode, high) = (self.low, self.mode, self.high);
        let width = high - low;
        if width <= 0.0 {
            return mode;
        }
        let turn = (mode - low) / width;
        if u < turn {
            low + (u * width * (mode - low)).sqrt()
        } else {
            high - ((1.0 - u) * width * (high - mode)).sqrt()
        }
    }
}

/// Everything a draw needs.
struct Model {
    items: Vec<Item>,
    sites: Vec<Site>,
    boroughs: usize,
    figures: Vec<Triangle>,
    move_slip: Triangle,
    sale_slip: Triangle,
    market_share: f64,
    borough_share: f64,
    persistence: f64,
    common_delay: f64,
    first_year: i32,
    years: usize,
    /// Approved spend by year.
    spent: Vec<i64>,
}

/// Draws the plan's fund.
pub fn sample(
    workings: &Workings<'_>,
    asked: &Asked<'_>,
) -> Result<Uncertainty, MissingAssumption> {
    let (model, figures) = Model::new(workings, asked.boroughs)?;
    let draws = usize::try_from(asked.draws).unwrap_or(usize::MAX).max(1);
    let blocks = draws.div_ceil(BLOCK);
    let next = AtomicUsize::new(0);
    let mut done: Vec<(usize, Block)> = std::thread::scope(|scope| {
        let work = || {
            let mut mine = Vec::new();
            loop {
                let block = next.fetch_add(1, Ordering::Relaxed);
                if block >= blocks {
                    return mine;
                }
                let of_block = block * BLOCK..((block + 1) * BLOCK).min(draws);
                mine.push((block, model.block(of_block, asked)));
            }
        };
        let others: Vec<_> = (1..asked.threads.max(1)).map(|_| scope.spawn(work)).collect();
        let mut all = work();
        for other in others {
            // A thread that ended badly ends us the same way.
            all.extend(other.join().unwrap_or_else(|fault| std::panic::resume_unwind(fault)));
        }
        all
    });
    done.sort_by_key(|(block, _)| *block);
    let blocks = done.into_iter().map(|(_, block)| block).collect();
    Ok(model.added_up(blocks, asked, figures))
}

/// What a block of draws comes to.
struct Block {
    /// Closing balance by draw and year.
    closing: Vec<Vec<i64>>,
    /// Per site: Σx, Σx², Σx·total, all from the central case.
    sites: Vec<[f64; 3]>,
    /// Σtotal, Σtotal².
    total: [f64; 2],
}

impl Model {
    fn new(
        workings: &Workings<'_>,
        boroughs: &BTreeMap<SiteCode, String>,
    ) -> Result<(Self, Vec<String>), MissingAssumption> {
        let set = workings.terms.assumptions;
        let in_fund = || workings.flows.iter().filter(|flow| flow.in_fund);
        let mut names: BTreeSet<&str> = BTreeSet::new();
        let mut codes: BTreeMap<&SiteCode, usize> = BTreeMap::new();
        let mut sites: Vec<Site> = Vec::new();
        let mut places: BTreeMap<&str, usize> = BTreeMap::new();
        for flow in in_fund() {
            flow.amount.formula.visit_but_prices(&mut |part| {
                if let Formula::Figure(key) = part {
                    names.insert(key);
                }
            });
            let at = *codes.entry(&flow.part_of).or_insert_with(|| {
                let place = boroughs.get(&flow.part_of).map_or("", String::as_str);
                let next = places.len();
                let borough = *places.entry(place).or_insert(next);
                let price = Triangle { low: 1.0, mode: 1.0, high: 1.0 };
                sites.push(Site { code: flow.part_of.clone(), borough, price });
                sites.len() - 1
            });
            if flow.kind == LineKind::Receipt && flow.amount.central > 0.0 {
                let amount = &flow.amount;
                let factor = |pounds: f64| pounds / amount.central;
                sites[at].price = Triangle {
                    low: factor(amount.bad.min(amount.central)),
                    mode: 1.0,
                    high: factor(amount.good.max(amount.central)),
                };
            }
        }
        let triangle = |key: &str| -> Result<Triangle, MissingAssumption> {
            let figure = set.figure(key)?;
            let (low, high) = (figure.low, figure.high);
            Ok(Triangle {
                low: low.unwrap_or(figure.value),
                mode: figure.value,
                high: high.unwrap_or(figure.value),
            })
        };
        let mut figures = vec![triangle("uncertainty.space_taken")?];
        let mut slots: BTreeMap<&str, usize> = BTreeMap::new();
        for name in names {
            let ends = triangle(name)?;
            if !ends.is_sure() {
                slots.insert(name, figures.len());
                figures.push(ends);
            }
        }
        let mut drawn: Vec<String> = slots.keys().map(|key| (*key).to_owned()).collect();
        drawn.push("uncertainty.space_taken".to_owned());
        let (move_slip, sale_slip) =
            (triangle("time.years_to_move")?, triangle("time.years_move_to_receipt")?);
        drawn.extend(["time.years_to_move".to_owned(), "time.years_move_to_receipt".to_owned()]);
        drawn.sort();
        let mut items = Vec::new();
        for flow in in_fund() {
            let (timing, slips) = match flow.timing {
                Timing::Once(Stage::Works) => (When::Works, false),
                Timing::Once(Stage::Moves) => (When::Moves, true),
                Timing::Once(Stage::Receipt) => (When::Receipt, true),
                Timing::Empty => (When::Empty, true),
                // Nothing in the fund is paid by the year without an end.
                Timing::At(_) | Timing::After(_) | Timing::Term(_) => continue,
            };
            items.push(Item {
                program: Program::of(&flow.amount.formula, set, &slots),
                timing,
                stages: flow.stages,
                site: codes.get(&flow.part_of).copied().unwrap_or_default(),
                slips,
            });
        }
        let latest = items.iter().map(|item| {
            let stages = &item.stages;
            stages.receipt.year.max(stages.moves.year).max(stages.works.year)
        });
        let slip = (move_slip.high - move_slip.mode) + (sale_slip.high - sale_slip.mode);
        let spends = workings.spends.iter().map(|spend| spend.when.year).max();
        let last = latest.max().unwrap_or(workings.terms.base_year) + whole_years(slip);
        let last = last.max(workings.terms.end_year() - 1).max(spends.unwrap_or(i32::MIN));
        let first_year = workings.terms.base_year;
        let years = usize::try_from(last - first_year + 1).unwrap_or(1).max(1);
        let mut spent = vec![0_i64; years];
        for spend in workings.spends {
            spent[index(spend.when.year, first_year, years)] -= spend.amount.0;
        }
        let model = Self {
            items,
            boroughs: places.len(),
            sites,
            figures,
            move_slip,
            sale_slip,
            market_share: set.value("uncertainty.receipt.market_share")?,
            borough_share: set.value("uncertainty.receipt.borough_share")?,
            persistence: set.value("uncertainty.market.persistence")?,
            common_delay: set.value("uncertainty.delay.common_share")?,
            first_year,
            years,
            spent,
        };
        Ok((model, drawn))
    }

    fn block(&self, draws: std::ops::Range<usize>, asked: &Asked<'_>) -> Block {
        let central = self.central();
        let central_by_site = self.run(&central);
        let mut block = Block {
            closing: Vec::with_capacity(draws.len()),
            sites: vec![[0.0; 3]; self.sites.len()],
            total: [0.0; 2],
        };
        let mut draw = central.clone();
        for number in draws {
            self.draw(number, asked.seed, &mut draw);
            let ran = self.run(&draw);
            let mut balance = asked.opening.0;
            let closing = ran.by_year.iter().map(|pence| {
                balance = balance.saturating_add(*pence);
                balance
            });
            block.closing.push(closing.collect());
            let off: i64 =
                ran.by_year.iter().sum::<i64>() - central_by_site.by_year.iter().sum::<i64>();
            let off = off as f64;
            block.total[0] += off;
            block.total[1] += off * off;
            let sums = block.sites.iter_mut().zip(ran.by_site.iter().zip(&central_by_site.by_site));
            for (sums, (drawn, central)) in sums {
                let x = (drawn - central) as f64;
                sums[0] += x;
                sums[1] += x * x;
                sums[2] += x * off;
            }
        }
        block
    }

    /// Every figure at its central value.
    fn central(&self) -> Draw {
        Draw {
            slots: Slots {
                price: 1.0,
                figures: self.figures.iter().map(|figure| figure.mode).collect(),
            },
            price: vec![1.0; self.sites.len()],
            slip: vec![(0, 0); self.sites.len()],
        }
    }

    fn draw(&self, number: usize, seed: u64, draw: &mut Draw) {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        random.set_stream(number as u64 + 1);
        for (slot, figure) in draw.slots.figures.iter_mut().zip(&self.figures) {
            *slot = figure.at(uniform(&mut random));
        }
        let common_slip = normal(&mut random);
        let own_slip = (1.0 - self.common_delay).max(0.0).sqrt();
        let shared_slip = self.common_delay.max(0.0).sqrt();
        for (slip, _) in draw.slip.iter_mut().zip(&self.sites) {
            let moved = self.move_slip.at(uniform(&mut random)) - self.move_slip.mode;
            let z = shared_slip * common_slip + own_slip * normal(&mut random);
            let sold = self.sale_slip.at(below(z)) - self.sale_slip.mode;
            *slip = (months(moved), months(moved) + months(sold));
        }
        // The state of the market by year of sale: what is left of last year's, and news.
        let news = (1.0 - self.persistence * self.persistence).max(0.0).sqrt();
        let mut market = Vec::with_capacity(self.years);
        let mut state = normal(&mut random);
        for _ in 0..self.years {
            market.push(state);
            state = self.persistence * state + news * normal(&mut random);
        }
        let boroughs: Vec<f64> = (0..self.boroughs).map(|_| normal(&mut random)).collect();
        let own = (1.0 - self.market_share - self.borough_share).max(0.0).sqrt();
        let (by_year, by_borough) = (self.market_share.sqrt(), self.borough_share.sqrt());
        let sold = self.sold(&draw.slip);
        for ((price, site), year) in draw.price.iter_mut().zip(&self.sites).zip(sold) {
            let z = by_year * market.get(year).copied().unwrap_or_default()
                + by_borough * boroughs.get(site.borough).copied().unwrap_or_default()
                + own * normal(&mut random);
            *price = site.price.at(below(z));
        }
    }

    /// Which year each site is sold in, as an index.
    fn sold(&self, slip: &[(i32, i32)]) -> Vec<usize> {
        let mut sold = vec![0; self.sites.len()];
        for item in &self.items {
            if matches!(item.timing, When::Receipt) {
                let when = item.stages.receipt.later(slip[item.site].1);
                sold[item.site] = index(when.year, self.first_year, self.years);
            }
        }
        sold
    }

    fn run(&self, draw: &Draw) -> Ran {
        let mut ran = Ran { by_year: self.spent.clone(), by_site: vec![0; self.sites.len()] };
        let mut slots = draw.slots.clone();
        for item in &self.items {
            slots.price = draw.price[item.site];
            let pounds = item.program.value(&slots);
            let (moved, sold) = if item.slips { draw.slip[item.site] } else { (0, 0) };
            let stages = &item.stages;
            let mut add = |year: i32, pence: i64| {
                ran.by_year[index(year, self.first_year, self.years)] += pence;
                ran.by_site[item.site] += pence;
            };
            match item.timing {
                When::Works => add(stages.works.year, pence(pounds).0),
                When::Moves => add(stages.moves.later(moved).year, pence(pounds).0),
                When::Receipt => add(stages.receipt.later(sold).year, pence(pounds).0),
                When::Empty => {
                    let (from, until) =
                        (stages.moves.later(moved).end(), stages.receipt.later(sold).end());
                    let mut start = from;
                    while start < until {
                        let year = start.div_euclid(12);
                        let months = (year * 12 + 12).min(until) - start;
                        let share = if months == 12 { 1.0 } else { f64::from(months) / 12.0 };
                        add(year, pence(pounds * share).0);
                        start += months;
                    }
                }
            }
        }
        ran
    }

    fn added_up(&self, blocks: Vec<Block>, asked: &Asked<'_>, figures: Vec<String>) -> Uncertainty {
        let mut closing: Vec<Vec<i64>> = vec![Vec::new(); self.years];
        let (mut sites, mut total) = (vec![[0.0; 3]; self.sites.len()], [0.0; 2]);
        let (mut ever, mut met) = (0_u64, 0_u64);
        let wanted = asked.opening + asked.target;
        for block in blocks {
            for draw in block.closing {
                ever += u64::from(draw.iter().any(|pence| *pence < 0));
                met += u64::from(draw.last().is_some_and(|pence| *pence >= wanted.0));
                for (year, pence) in closing.iter_mut().zip(draw) {
                    year.push(pence);
                }
            }
            for (sums, more) in sites.iter_mut().zip(&block.sites) {
                sums.iter_mut().zip(more).for_each(|(sum, x)| *sum += x);
            }
            total.iter_mut().zip(block.total).for_each(|(sum, x)| *sum += x);
        }
        let draws = closing.first().map_or(1, Vec::len).max(1) as f64;
        let central = self.run(&self.central());
        let mut balance = asked.opening.0;
        let years = closing.iter_mut().zip(&central.by_year).zip(self.first_year..).map(
            |((balances, central), year)| {
                balances.sort_unstable();
                balance = balance.saturating_add(*central);
                let below = balances.partition_point(|pence| *pence < 0);
                FanYear {
                    year,
                    p10: quantile(balances, 10),
                    p50: quantile(balances, 50),
                    p90: quantile(balances, 90),
                    central: Pence(balance),
                    below_zero: below as f64 / draws,
                }
            },
        );
        let years = years.collect();
        let spread = |sum: f64, square: f64| (square / draws - (sum / draws).powi(2)).max(0.0);
        let variance = spread(total[0], total[1]);
        let mut contributions: Vec<Contribution> = self
            .sites
            .iter()
            .zip(&sites)
            .map(|(site, sums)| {
                let together = sums[2] / draws - (sums[0] / draws) * (total[0] / draws);
                Contribution {
                    site: site.code.clone(),
                    share: if variance > 0.0 { together / variance } else { 0.0 },
                    deviation: Pence(1).times(spread(sums[0], sums[1]).sqrt()),
                }
            })
            .collect();
        contributions.sort_by(|a, b| b.share.total_cmp(&a.share).then_with(|| a.site.cmp(&b.site)));
        Uncertainty {
            draws: asked.draws.max(1),
            seed: asked.seed,
            years,
            ever_below_zero: ever as f64 / draws,
            target_met: met as f64 / draws,
            target: asked.target,
            contributions,
            drawn: figures,
        }
    }
}

#[derive(Clone)]
struct Draw {
    slots: Slots,
    price: Vec<f64>,
    /// Months that each site's move and sale come later.
    slip: Vec<(i32, i32)>,
}

struct Ran {
    by_year: Vec<i64>,
    by_site: Vec<i64>,
}

/// A year beyond the window counts in its last, one before it in its first.
fn index(year: i32, first: i32, years: usize) -> usize {
    usize::try_from((year - first).max(0)).unwrap_or_default().min(years - 1)
}

#[expect(clippy::cast_possible_truncation, reason = "years of delay, clamped to 0 to 200")]
fn whole_years(years: f64) -> i32 {
    years.ceil().clamp(0.0, 200.0) as i32
}

#[expect(clippy::cast_possible_truncation, reason = "years of delay, clamped to a century")]
fn months(years: f64) -> i32 {
    (years * 12.0).round().clamp(-1200.0, 1200.0) as i32
}

/// Nearest rank, so that a quantile is a balance that was drawn.
fn quantile(sorted: &[i64], percent: usize) -> Pence {
    let rank = (sorted.len() * percent).div_ceil(100).max(1) - 1;
    Pence(sorted.get(rank).copied().unwrap_or_default())
}

/// In [0, 1).
fn uniform(random: &mut ChaCha8Rng) -> f64 {
    (random.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
}

/// A standard normal number as the sum of twelve uniform ones: no function of the system's library is in it, and what it
/// lacks beyond six deviations is of no use here.
fn normal(random: &mut ChaCha8Rng) -> f64 {
    let mut sum = 0_u64;
    for _ in 0..3 {
        let bits = random.next_u64();
        sum += (bits & 0xffff) + (bits >> 16 & 0xffff) + (bits >> 32 & 0xffff) + (bits >> 48);
    }
    sum as f64 / 65_536.0 - 6.0 + 6.0 / 65_536.0
}

/// Share of a standard normal population below `z` (Abramowitz and Stegun 26.2.17, to 7.5e-8).
fn below(z: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.231_641_9 * z.abs());
    let tail = t
        * (0.319_381_530
            + t * (-0.356_563_782
                + t * (1.781_477_937 + t * (-1.821_255_978 + t * 1.330_274_429))));
    let density = (-0.5 * z * z).exp() * 0.398_942_280_401_432_7;
    let upper = density * tail;
    (if z >= 0.0 { 1.0 - upper } else { upper }).clamp(0.0, 1.0)
}
