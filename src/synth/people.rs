//! Zones: where an authority's residents live, adding up to its census count.

use super::Dice;
use super::outline::{Ring, contains, radius};
use super::places::Place;
use crate::geography::Zone;
use crate::register::Point;

/// Residents of a small area, on average: London 1,762, England beyond it 1,674.
const RESIDENTS_A_ZONE: [f64; 2] = [1_762.0, 1_674.0];

/// An authority's ground: its ring and the town centres that people and premises gather around.
#[derive(Debug)]
pub(super) struct Ground<'a> {
    ring: &'a Ring,
    towns: Vec<[f64; 2]>,
    /// Metres about a town centre within which two thirds of its premises lie.
    town_spread: f64,
    centre: [f64; 2],
    low: [f64; 2],
    high: [f64; 2],
    /// How far along the even sequence this ground is.
    drawn: f64,
    offset: [f64; 2],
}

impl<'a> Ground<'a> {
    pub(super) fn new(place: &Place, ring: &'a Ring, dice: &mut Dice) -> Self {
        let bound = |axis: usize, pick: fn(f64, f64) -> f64| {
            ring.iter().map(|corner| corner[axis]).reduce(pick).unwrap_or(place.centre[axis])
        };
        let mut ground = Self {
            ring,
            towns: Vec::new(),
            town_spread: if place.is_london { 650.0 } else { 1_500.0 },
            centre: place.centre,
            low: [bound(0, f64::min), bound(1, f64::min)],
            high: [bound(0, f64::max), bound(1, f64::max)],
            drawn: 0.0,
            offset: [dice.unit(), dice.unit()],
        };
        let people_a_town = if place.is_london { 36_000.0 } else { 42_000.0 };
        let towns = (f64::from(place.residents) / people_a_town).round().max(1.0);
        let mut town = 0.0;
        while town < towns {
            // Towards the middle, so that a town's people have room on all sides.
            let [x, y] = ground.anywhere();
            let [cx, cy] = place.centre;
            ground.towns.push([cx + (x - cx) * 0.85, cy + (y - cy) * 0.85]);
            town += 1.0;
        }
        ground.town_spread = ground.town_spread.min(0.35 * radius(place));
        ground
    }

    pub(super) fn towns(&self) -> &[[f64; 2]] {
        &self.towns
    }

    /// Evenly spread over the whole: an additive sequence (the two-dimensional golden ratio), kept where it falls inside.
    pub(super) fn anywhere(&mut self) -> [f64; 2] {
        for _ in 0..64 {
            self.drawn += 1.0;
            let share =
                |axis: usize, step: f64| (self.offset[axis] + self.drawn * step).rem_euclid(1.0);
            let at = |axis: usize, step: f64| {
                self.low[axis] + (self.high[axis] - self.low[axis]) * share(axis, step)
            };
            let point = [at(0, 0.754_877_666_246_693), at(1, 0.569_840_290_998_053)];
            if contains(self.ring, point) {
                return point;
            }
        }
        self.centre
    }

    /// About one of the town centres.
    pub(super) fn near_town(&mut self, town: usize, closeness: f64, dice: &mut Dice) -> [f64; 2] {
        let Some([x, y]) = self.towns.get(town).copied() else { return self.anywhere() };
        let spread = self.town_spread * closeness;
        for _ in 0..16 {
            let point = [dice.bell(x, spread), dice.bell(y, spread)];
            if contains(self.ring, point) {
                return point;
            }
        }
        [x, y]
    }

    /// Which of the towns.
    pub(super) fn any_town(&self, dice: &mut Dice) -> usize {
        let last = i64::try_from(self.towns.len()).map_or(0, |towns| towns - 1);
        usize::try_from(dice.whole(0, last.max(0))).unwrap_or(0)
    }
}

/// To the metre. Rings lie on the grid, so every place in them does too.
pub(super) fn point([x, y]: [f64; 2]) -> Option<Point> {
    Point::new(x.round(), y.round()).ok()
}

/// The zones of an authority; residents add up to its own to the person.
pub(super) fn zones(place: &Place, ground: &mut Ground<'_>, dice: &mut Dice) -> Vec<Zone> {
    let mean = RESIDENTS_A_ZONE[usize::from(!place.is_london)];
    let count = dice.count(f64::from(place.residents) / mean).max(1);
    let weights: Vec<f64> = (0..count).map(|_| dice.between(0.75, 1.25)).collect();
    let residents = shares(place.residents, &weights);
    let gathered = if place.is_london { 0.3 } else { 0.8 };
    let number = place.code.get(1..).unwrap_or_default();

    let mut zones = Vec::with_capacity(count);
    for (at, residents) in residents.into_iter().enumerate() {
        let town = ground.any_town(dice);
        let here = if dice.chance(gathered) {
            ground.near_town(town, 1.8, dice)
        } else {
            ground.anywhere()
        };
        let Some(point) = point(here) else { continue };
        let decile = dice.bell(place.decile, 2.1).round().clamp(1.0, 10.0);
        let poorer = place.decile - decile;
        let households = (f64::from(residents) / place.household).round();
        let part = |whole: f64, share: f64, dice: &mut Dice| {
            counted(whole * (share * dice.between(0.85, 1.15)).clamp(0.0, 0.95))
        };
        let disabled = part(f64::from(residents), place.disabled * (1.0 + 0.05 * poorer), dice);
        let aged = part(f64::from(residents), place.aged_65 * (1.0 - 0.05 * poorer), dice);
        let no_car = part(households, place.no_car * (1.0 + 0.06 * poorer), dice);
        let ward = at.rem_euclid(20) + 1;
        zones.push(Zone {
            code: format!("ZZ{number}{at:04}"),
            point,
            borough_code: place.code.to_owned(),
            borough_name: place.name.to_owned(),
            icb_code: place.icb.to_owned(),
            icb_name: place.icb_name().to_owned(),
            ward_code: format!("ZZ05{}{ward:02}", number.get(4..).unwrap_or_default()),
            ward_name: format!("Illustrative ward {ward}"),
            residents,
            disabled: Some(disabled),
            aged_65_plus: Some(aged),
            households: Some(counted(households)),
            no_car_households: Some(no_car),
            imd_decile: (!dice.chance(0.004)).then(|| decile_of(decile)),
            ptai: place.ptai.map(|mean| (mean * dice.between(0.5, 1.5) * 100.0).round() / 100.0),
        });
    }
    zones
}

/// Whole shares of `total` by weight; the last take the rounding, so that they add up.
fn shares(total: u32, weights: &[f64]) -> Vec<u32> {
    let sum: f64 = weights.iter().sum();
    let (mut given, mut weight_given) = (0, 0.0);
    let mut all = Vec::with_capacity(weights.len());
    for weight in weights {
        weight_given += weight;
        let reached = counted(f64::from(total) * weight_given / sum).min(total);
        all.push(reached - given);
        given = reached;
    }
    if let Some(last) = all.last_mut() {
        *last += total - given;
    }
    all
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts of people: finite, not negative, far below u32"
)]
fn counted(people: f64) -> u32 {
    people.round() as u32
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to 1 to 10 where it is made"
)]
fn decile_of(decile: f64) -> u8 {
    decile as u8
}
