//! First plans: a core of what the prices leave undecided, dived into, and then all places of the options that came out.

use super::at_part;
use super::cuts::Tight;
use super::highs::Written;
use super::part::{Cut, Fines, Part};
use super::priced::Priced;
use super::relaxation::{Relaxation, Rule};
use super::volume::Volume;
use crate::outcome::Plan;
use crate::problem::Problem;

/// Fewest places of a unit in a core.
const PLACES_OF_A_UNIT: usize = 3;

/// How much is left to HiGHS, and in how many steps it settles it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Care {
    /// An option the average takes as often as this is taken, and one it takes as rarely as one less this is left out.
    sure: f64,
    /// Part of the places that stay in the core.
    places: f64,
    /// Fewest choices settled at a time.
    pub(super) fewest: usize,
}

impl Care {
    pub(super) const QUICK: Self = Self { sure: 0.97, places: 0.07, fewest: 15 };
    /// Takes a fifth longer, and is most often better by some hundredths of a percent.
    pub(super) const THOROUGH: Self = Self { sure: 0.98, places: 0.07, fewest: 6 };
    /// While exact prices are sought.
    pub(super) const ON_THE_WAY: Self = Self { sure: 0.98, places: 0.15, fewest: 4 };
    /// Once there are cuts, two at once. Which of them is best is luck: from one point they end 0.02 % apart.
    pub(super) const AGAIN: [[Self; 2]; 2] = [
        [Self::ON_THE_WAY, Self { sure: 0.99, places: 0.15, fewest: 6 }],
        [
            Self { sure: 0.99, places: 0.1, fewest: 8 },
            Self { sure: 0.995, places: 0.15, fewest: 3 },
        ],
    ];
}

/// What first plans are made from.
pub(super) struct Begin<'a> {
    pub(super) problem: &'a Problem,
    pub(super) relaxation: &'a Relaxation<'a>,
    pub(super) volume: &'a Volume,
    pub(super) tights: &'a [Tight],
    pub(super) seed: u32,
}

impl<'a> Begin<'a> {
    pub(super) fn of(priced: &'a Priced<'_>, seed: u32) -> Self {
        Self {
            problem: priced.problem,
            relaxation: &priced.relaxation,
            volume: &priced.volume,
            tights: priced.tights_of_rooms(),
            seed,
        }
    }

    /// What missing hard rules costs, as a multiple of their prices.
    pub(super) fn fines(&self, times: f64) -> Fines {
        let prices = &self.volume.prices;
        let units = self.problem.units.len() as f64;
        let mut fines = Fines {
            units: vec![0.0; self.problem.units.len()],
            floors: vec![0.0; self.problem.coverage.len()],
            limits: vec![0.0; self.problem.limits.len()],
            aims: vec![0.0; self.problem.limits.len()],
        };
        let of_units = self.relaxation.rows.iter().zip(prices);
        let of_units = of_units.filter(|(row, _)| matches!(row.rule, Rule::Unit(_)));
        let mean = of_units.map(|(_, price)| price.abs()).sum::<f64>() / units.max(1.0);
        let mean = mean.max(1e-6);
        for (row, price) in self.relaxation.rows.iter().zip(prices) {
            // A rule that has no price yet may get one: a unit's worth for what a unit is to it.
            let price = price.abs().max(0.1 * mean) * row.scale;
            match row.rule {
                Rule::Unit(unit) => fines.units[unit] = times * price.max(mean),
                Rule::Floor(group) => fines.floors[group] = times * price,
                Rule::Low(limit) | Rule::High(limit) => {
                    fines.limits[limit] = fines.limits[limit].max(times * price);
                }
                _ => {}
            }
        }
        fines
    }

    /// The core, and all places of the options that came out of it.
    pub(super) fn in_turn(
        &self,
        care: Care,
        fines: &Fines,
        is_over: &mut dyn FnMut() -> bool,
    ) -> Vec<Plan> {
        let mut plans: Vec<Plan> = self.core(care, fines, is_over).into_iter().collect();
        let all = plans.first().and_then(|plan| self.all_places(plan, care, fines, is_over));
        plans.extend(all);
        plans
    }

    /// The core before HiGHS. What comes out may miss hard rules.
    pub(super) fn core(
        &self,
        care: Care,
        fines: &Fines,
        is_over: &mut dyn FnMut() -> bool,
    ) -> Option<Plan> {
        let options = self.undecided_options(care.sure);
        let places = self.cheap_places(&options, care.places);
        self.dive(options, places, fines, care.fewest, is_over)
    }

    /// All places of a plan's options before HiGHS.
    pub(super) fn all_places(
        &self,
        plan: &Plan,
        care: Care,
        fines: &Fines,
        is_over: &mut dyn FnMut() -> bool,
    ) -> Option<Plan> {
        let options: Vec<Option<Vec<usize>>> =
            plan.options.iter().map(|&option| Some(vec![option])).collect();
        let places = self.cheap_places(&options, 1.0);
        self.dive(options, places, fines, care.fewest, is_over)
    }

    fn dive(
        &self,
        options: Vec<Option<Vec<usize>>>,
        places: Vec<Option<Vec<usize>>>,
        fines: &Fines,
        fewest: usize,
        is_over: &mut dyn FnMut() -> bool,
    ) -> Option<Plan> {
        let cut = Cut { options, places, around: None, fines: Some(fines), tights: self.tights };
        let part = Part::of(self.problem, &cut);
        let plan = Written::of(&part.problem, self.seed)?.dive(
            fewest,
            !self.tights.is_empty(),
            is_over,
        )?;
        Some(part.widen(self.problem, None, &plan))
    }

    /// The options the average leaves to be decided.
    fn undecided_options(&self, sure: f64) -> Vec<Option<Vec<usize>>> {
        let options = self.problem.sites.iter().enumerate().map(|(i, site)| {
            let share = |o: usize| self.volume.average(self.relaxation.first_option[i] + o);
            let allowed: Vec<usize> = (0..site.options.len()).filter(|&o| site.allows(o)).collect();
            let total: f64 = allowed.iter().map(|&o| share(o)).sum();
            let total = if total > 0.0 { total } else { 1.0 };
            if let Some(&certain) = allowed.iter().find(|&&o| share(o) / total >= sure) {
                return Some(vec![certain]);
            }
            let open: Vec<usize> =
                allowed.iter().copied().filter(|&o| share(o) / total > 1.0 - sure).collect();
            Some(if open.is_empty() { allowed } else { open })
        });
        options.collect()
    }

    /// The places with the least cost at the prices, where an option that is left admits them.
    fn cheap_places(&self, options: &[Option<Vec<usize>>], part: f64) -> Vec<Option<Vec<usize>>> {
        let costs = self.relaxation.arc_costs(&self.volume.prices);
        let mut open: Vec<Vec<(f64, usize)>> = vec![Vec::new(); self.problem.units.len()];
        let mut all = Vec::new();
        for (a, arc) in self.relaxation.arcs.iter().enumerate() {
            let admitted = &self.problem.units[arc.unit].places[arc.place].admitted_by;
            let is_open = options[arc.site]
                .as_ref()
                .is_some_and(|options| options.iter().any(|o| admitted.contains(o)));
            if is_open {
                let is_used = self.volume.average(a) > 1e-3;
                let cost = if is_used { f64::NEG_INFINITY } else { costs[a] };
                open[arc.unit].push((cost, arc.place));
            }
            all.push(costs[a]);
        }
        all.sort_by(f64::total_cmp);
        let most = at_part(&all, part).unwrap_or(f64::INFINITY);
        let kept = open.into_iter().map(|mut places| {
            places.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            let kept = places.iter().enumerate();
            let kept = kept.filter(|(n, (cost, _))| *n < PLACES_OF_A_UNIT || *cost <= most);
            let mut kept: Vec<usize> = kept.map(|(_, &(_, place))| place).collect();
            kept.sort_unstable();
            Some(kept)
        });
        kept.collect()
    }
}
