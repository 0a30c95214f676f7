//! Neighbourhoods: some sites and all who could be there are decided anew, while the rest stays.

use std::time::Instant;

use super::first::Care;
use super::highs::Written;
use super::part::{Cut, Fines, Part};
use super::priced::Priced;
use crate::outcome::Plan;

/// Branches HiGHS may take for a neighbourhood.
const BRANCHES: i32 = 60;

/// How neighbourhoods are decided anew.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scope {
    /// Undecided sites in one.
    pub(super) sites: usize,
    /// A site is in so many at most.
    pub(super) most_visits: usize,
    /// Dived into like a core; else decided exactly.
    pub(super) is_dived: bool,
    /// Part of the sites that count as undecided: those the prices are least sure of.
    pub(super) undecided: f64,
}

impl Scope {
    /// Few sites here and there, and all about them.
    pub(super) const SPREAD: Self =
        Self { sites: 150, most_visits: 1, is_dived: true, undecided: 0.08 };
    pub(super) const WIDE: Self =
        Self { sites: 150, most_visits: 2, is_dived: true, undecided: 0.4 };
    pub(super) const SMALL: Self =
        Self { sites: 30, most_visits: 4, is_dived: false, undecided: 0.4 };
}

/// What a neighbourhood is decided anew for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Manner<'a> {
    /// A cheaper plan.
    By(Scope),
    /// A plan that misses less, at these fines.
    Mend(&'a Fines),
}

pub(super) struct Anew<'a> {
    pub(super) priced: &'a Priced<'a>,
    pub(super) seed: u32,
    pub(super) deadline: Option<Instant>,
    /// Whether most units must stay whole.
    pub(super) is_whole: bool,
}

impl Anew<'_> {
    /// The sites around decided anew. Of whole units in a rough plan, one that has fines, all places count and only what is
    /// missed: where room is scarce there is none for thrift, and what things cost is seen to once they are there.
    pub(super) fn around(
        &self,
        around: &[usize],
        undecided: &[bool],
        plan: &Plan,
        manner: Manner<'_>,
        is_over: &mut dyn FnMut() -> bool,
    ) -> Option<Plan> {
        let fines = match manner {
            Manner::Mend(fines) => Some(fines),
            Manner::By(_) => None,
        };
        let is_rough = fines.is_some() && self.is_whole;
        let mut options: Vec<Option<Vec<usize>>> = vec![None; self.priced.problem.sites.len()];
        for &site in around {
            let now = plan.options[site];
            let of = &self.priced.problem.sites[site];
            let allowed = (0..of.options.len()).filter(|&o| of.allows(o)).collect();
            options[site] = Some(if undecided[site] { allowed } else { vec![now] });
        }
        let costs = self.priced.relaxation.arc_costs(&self.priced.volume.prices);
        // Who is there, or would gladly be.
        let mut is_part = vec![false; self.priced.problem.units.len()];
        let mut near: Vec<Vec<(f64, usize)>> = vec![Vec::new(); self.priced.problem.units.len()];
        for (arc, &cost) in self.priced.relaxation.arcs.iter().zip(&costs) {
            near[arc.unit].push((cost, arc.place));
        }
        for (unit, near) in near.iter_mut().enumerate() {
            near.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            let site = |place: usize| self.priced.problem.units[unit].places[place].site;
            let is_here = |place: usize| options[site(place)].is_some();
            is_part[unit] = plan.shares[unit].iter().any(|share| is_here(share.place))
                || near.iter().take(4).any(|&(_, place)| is_here(place));
        }
        // Where they could go otherwise stays open as it is.
        let mut places: Vec<Option<Vec<usize>>> = vec![None; self.priced.problem.units.len()];
        for unit in (0..is_part.len()).filter(|&unit| is_part[unit]) {
            let of = &self.priced.problem.units[unit];
            let is_used = |p: usize| plan.shares[unit].iter().any(|share| share.place == p);
            let mut kept: Vec<usize> = near[unit]
                .iter()
                .enumerate()
                .filter(|&(n, &(_, p))| is_rough || n < 10 || is_used(p))
                .map(|(_, &(_, p))| p)
                .filter(|&p| {
                    let site = of.places[p].site;
                    let admits = &of.places[p].admitted_by;
                    options[site].as_ref().map_or_else(
                        || admits.contains(&plan.options[site]),
                        |options| options.iter().any(|o| admits.contains(o)),
                    )
                })
                .collect();
            kept.sort_unstable();
            places[unit] = Some(kept);
        }
        for unit in (0..is_part.len()).filter(|&unit| is_part[unit]) {
            for &place in places[unit].iter().flatten() {
                let site = self.priced.problem.units[unit].places[place].site;
                options[site].get_or_insert_with(|| vec![plan.options[site]]);
            }
        }
        // A rough plan may break them.
        let tights = if fines.is_some() { &[] } else { self.priced.tights_of_rooms() };
        let cut = Cut { options, places, around: Some(plan), fines, tights };
        let mut part = Part::of(self.priced.problem, &cut);
        if is_rough {
            part.forget_costs();
        }
        let written = Written::of(&part.problem, self.seed)?.ending_at(self.deadline);
        if let Manner::By(Scope { is_dived: true, .. }) = manner {
            let found =
                written.dive(Care::THOROUGH.fewest, !self.priced.tights.is_empty(), is_over)?;
            return Some(part.widen(self.priced.problem, Some(plan), &found));
        }
        let start = part.narrow(plan);
        let gap = if is_rough { 1e-2 } else { 1e-4 };
        let (found, _) = written.search(start.as_ref(), BRANCHES, gap, is_over, &|_| {})?;
        Some(part.widen(self.priced.problem, Some(plan), &found))
    }
}
