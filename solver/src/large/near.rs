//! Which sites are near to each other, at prices: those that the same units could gladly be at.

use std::collections::BTreeMap;

use super::relaxation::Relaxation;

/// A unit brings so many of the places that are cheapest for it near to each other.
const PLACES: usize = 8;

/// By site: the others a unit could go to instead, the more such units the nearer.
pub(super) struct Near(Vec<Vec<(usize, f64)>>);

impl Near {
    pub(super) fn of(
        relaxation: &Relaxation<'_>,
        prices: &[f64],
        sites: usize,
        units: usize,
    ) -> Self {
        let costs = relaxation.arc_costs(prices);
        let mut by_unit: Vec<Vec<(f64, usize)>> = vec![Vec::new(); units];
        for (arc, &cost) in relaxation.arcs.iter().zip(&costs) {
            by_unit[arc.unit].push((cost, arc.site));
        }
        let mut near: Vec<BTreeMap<usize, f64>> = vec![BTreeMap::new(); sites];
        for mut sites in by_unit {
            sites.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            sites.truncate(PLACES);
            for &(_, one) in &sites {
                for &(_, other) in sites.iter().filter(|(_, other)| *other != one) {
                    *near[one].entry(other).or_default() += 1.0;
                }
            }
        }
        Self(near.into_iter().map(|near| near.into_iter().collect()).collect())
    }

    /// The sites nearest to these, and these, until so many of them count.
    pub(super) fn around(
        &self,
        from: &[usize],
        counts: impl Fn(usize) -> bool,
        most: usize,
    ) -> Vec<usize> {
        let mut sites = Vec::new();
        let mut nearness: BTreeMap<usize, f64> =
            from.iter().map(|&site| (site, f64::INFINITY)).collect();
        let mut taken = vec![false; self.0.len()];
        let mut counted = 0;
        while counted < most {
            let next = nearness.iter().max_by(|a, b| a.1.total_cmp(b.1).then(b.0.cmp(a.0)));
            let Some((&next, _)) = next else { break };
            nearness.remove(&next);
            taken[next] = true;
            sites.push(next);
            counted += usize::from(counts(next));
            for &(site, near) in self.0[next].iter().filter(|(site, _)| !taken[*site]) {
                *nearness.entry(site).or_default() += near;
            }
        }
        sites.sort_unstable();
        sites
    }
}
