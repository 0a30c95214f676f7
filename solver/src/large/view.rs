//! A relaxation seen at its prices: what is chosen at them, what every place costs there, and which rules are whose.

use super::cuts::{CRUMB, Tight, Why};
use super::relaxation::{Choice, Relaxation, Rule};
use super::volume::Volume;
use super::{FINE, at_part};
use crate::problem::Problem;

pub(super) struct View<'a> {
    pub(super) problem: &'a Problem,
    pub(super) relaxation: &'a Relaxation<'a>,
    pub(super) volume: &'a Volume,
    pub(super) tights: &'a [Tight],
    /// By arc: what it costs at the prices, and what the room it takes could gain otherwise.
    pub(super) rents: Vec<f64>,
    /// Arcs that cost more are not looked at.
    pub(super) most_rent: f64,
    pub(super) arcs_of: Vec<Vec<usize>>,
    /// By unit: its row.
    pub(super) row_of: Vec<usize>,
    /// By site: rows of rooms that have a price.
    pub(super) rooms: Vec<Vec<usize>>,
    /// Rows of cuts that follow from rooms, and the sites of each.
    pub(super) cuts: Vec<(usize, &'a [usize])>,
    /// What units are worth: the mean of their prices.
    worth: f64,
}

impl<'a> View<'a> {
    /// Looks at this part of the arcs: those that cost least, and what is chosen anyhow.
    pub(super) fn of(
        problem: &'a Problem,
        relaxation: &'a Relaxation<'a>,
        volume: &'a Volume,
        tights: &'a [Tight],
        part: f64,
    ) -> Self {
        let (sites, units) = (problem.sites.len(), problem.units.len());
        let rents = rents(relaxation, &volume.prices, sites);
        let mut sorted = rents.clone();
        sorted.sort_by(f64::total_cmp);
        let most_rent = at_part(&sorted, part).unwrap_or(f64::INFINITY);
        let mut arcs_of = vec![Vec::new(); units];
        for (a, arc) in relaxation.arcs.iter().enumerate() {
            arcs_of[arc.unit].push(a);
        }
        let (mut row_of, mut rooms) = (vec![0; units], vec![Vec::new(); sites]);
        let (mut cuts, mut worth) = (Vec::new(), 0.0_f64);
        for (n, row) in relaxation.rows.iter().enumerate() {
            match row.rule {
                Rule::Unit(unit) => {
                    row_of[unit] = n;
                    worth += volume.prices[n].abs();
                }
                Rule::Room(site, _) => rooms[site].push(n),
                Rule::Cut(cut) => {
                    if let Some(Why::Room(room)) = tights.get(cut).map(|tight| &tight.why) {
                        cuts.push((n, room.sites.as_slice()));
                    }
                }
                _ => {}
            }
        }
        let worth = (worth / (units as f64).max(1.0)).max(1e-6);
        Self {
            problem,
            relaxation,
            volume,
            tights,
            rents,
            most_rent,
            arcs_of,
            row_of,
            rooms,
            cuts,
            worth,
        }
    }

    /// What each of a row costs that is missed: a fine on its price, or on what units are worth if that is more.
    pub(super) fn fine_of(&self, row: usize) -> f64 {
        FINE * self.volume.prices[row].abs().max(self.worth)
    }

    pub(super) fn is_looked_at(&self, arc: usize) -> bool {
        self.rents[arc] <= self.most_rent || self.volume.average(arc) > CRUMB
    }

    /// By option of a site that can be chosen: how much of it is.
    pub(super) fn shares(&self, site: usize) -> Vec<(usize, f64)> {
        let first = self.relaxation.first_option[site];
        let share = |choice: &Choice| self.volume.average(first + choice.option);
        let choices = self.relaxation.choices(site);
        let total: f64 = choices.iter().map(share).sum();
        let total = if total > 0.0 { total } else { 1.0 };
        choices.iter().map(|choice| (choice.option, share(choice) / total)).collect()
    }
}

/// The price of room is the one at which a site is full where it has the option that is cheapest of those that admit anybody.
fn rents(relaxation: &Relaxation<'_>, prices: &[f64], sites: usize) -> Vec<f64> {
    let mut rents = relaxation.arc_costs(prices);
    for site in 0..sites {
        // What the room left at the end would gain, and all that is gained.
        let filled = |choice: &Choice| {
            let arcs = choice.arcs.iter().map(|&a| (-rents[a], relaxation.arcs[a].need.max(1e-9)));
            let mut gains: Vec<(f64, f64)> = arcs.filter(|(gain, _)| *gain > 0.0).collect();
            gains.sort_by(|a, b| (b.0 / b.1).total_cmp(&(a.0 / a.1)));
            let (mut left, mut gained) = (choice.room, 0.0);
            for (gain, need) in gains {
                if need > left {
                    return (gain / need, gained + gain * left / need);
                }
                left -= need;
                gained += gain;
            }
            (0.0, gained)
        };
        let choices = relaxation.choices(site).iter().filter(|choice| !choice.arcs.is_empty());
        let best = choices
            .map(|choice| {
                let (price, gained) = filled(choice);
                (relaxation.option_cost(site, choice, prices) - gained, price)
            })
            .min_by(|a, b| a.0.total_cmp(&b.0));
        let Some((_, price)) = best else { continue };
        for a in relaxation.arcs_at(site) {
            rents[a] = (rents[a] + price * relaxation.arcs[a].need).max(0.0);
        }
    }
    rents
}
