//! Whether the decisions would be the same under other figures: the question asked again with every uncertain figure drawn.

use std::collections::BTreeMap;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{Run, Scenario};
use crate::fund::OptionKind;
use crate::register::SiteCode;

/// What the scenarios of a run's draws are called: all begin alike, so that their runs are found again.
pub fn name_of_draws(run: u64) -> String {
    format!("Run {run}, draw ")
}

/// The same question with every figure that has a range drawn from the triangle of low, central and high.
///
/// A figure is drawn for all sites alike; land values are drawn by authority. A valuation in the register moves by the
/// factor for valuations.
pub fn redrawn(scenario: &Scenario, run: u64, draw: u32, seed: u64) -> Scenario {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    random.set_stream(u64::from(draw));
    let mut drawn = scenario.clone();
    drawn.name = format!("{}{draw} (seed {seed})", name_of_draws(run));
    for figure in drawn.assumptions.figures.values_mut() {
        let u = (random.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
        let (Some(low), Some(high)) = (figure.low, figure.high) else { continue };
        // Yes-or-no figures are choices, not quantities.
        if figure.unit.starts_with("1 yes") || high <= low {
            continue;
        }
        let turn = (figure.value - low) / (high - low);
        figure.value = if u < turn {
            low + (u * (high - low) * (figure.value - low)).sqrt()
        } else {
            high - ((1.0 - u) * (high - low) * (high - figure.value)).sqrt()
        };
    }
    drawn
}

/// One site over all draws.
#[derive(Debug, Clone, PartialEq)]
pub struct Steadiness {
    /// Which site.
    pub site: SiteCode,
    /// Its name.
    pub name: String,
    /// What the run proposes.
    pub option: OptionKind,
    /// Draws in which it closes.
    pub closes: u32,
    /// Draws that have a plan.
    pub draws: u32,
}

impl Steadiness {
    /// Share of draws in which it closes.
    pub fn share(&self) -> f64 {
        if self.draws == 0 { 0.0 } else { f64::from(self.closes) / f64::from(self.draws) }
    }
}

/// Sites that close in the run or in any draw, those nearest to one half first: the least settled decisions. Draws that ended
/// without a plan are left out of the count.
pub fn stability<'a>(run: &Run, draws: impl Iterator<Item = &'a Run>) -> Vec<Steadiness> {
    let Some(proposal) = &run.proposal else { return Vec::new() };
    let mut closes: BTreeMap<&SiteCode, u32> = BTreeMap::new();
    let mut with_plan = 0;
    let draws: Vec<&Run> = draws.collect();
    for plan in draws.iter().filter_map(|draw| draw.proposal.as_ref()) {
        with_plan += 1;
        for action in plan.actions.iter().filter(|action| action.option == OptionKind::Dispose) {
            *closes.entry(&action.site).or_default() += 1;
        }
    }
    let mut sites: Vec<Steadiness> = proposal
        .actions
        .iter()
        .map(|action| Steadiness {
            site: action.site.clone(),
            name: action.name.clone(),
            option: action.option,
            closes: closes.get(&action.site).copied().unwrap_or_default(),
            draws: with_plan,
        })
        .filter(|site| site.closes > 0 || site.option == OptionKind::Dispose)
        .collect();
    sites.sort_by(|a, b| {
        let unsettled = |site: &Steadiness| (site.share() - 0.5).abs();
        unsettled(a).total_cmp(&unsettled(b)).then_with(|| a.site.cmp(&b.site))
    });
    sites
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::fixture::Town;
    use crate::scenario::{Lock, LockKind};

    #[test]
    fn a_draw_is_the_same_twice_moves_what_has_a_range_and_nothing_else() {
        let built = Town::of_two().built();
        let question = built.question();

        let drawn = redrawn(&question, 7, 3, 11);

        assert_eq!(drawn.name, "Run 7, draw 3 (seed 11)");
        assert!(drawn.name.starts_with(&name_of_draws(7)));
        let same = redrawn(&question, 7, 3, 11);
        assert_eq!(drawn.assumptions, same.assumptions);
        assert_ne!(drawn.assumptions, redrawn(&question, 7, 4, 11).assumptions);
        assert_ne!(drawn.assumptions, redrawn(&question, 7, 3, 12).assumptions);
        let mut moved = 0;
        for (key, figure) in &drawn.assumptions.figures {
            let own = &question.assumptions.figures[key];
            let range = own.low.zip(own.high).filter(|(low, high)| high > low);
            match range.filter(|_| !own.unit.starts_with("1 yes")) {
                Some((low, high)) => {
                    assert!((low..=high).contains(&figure.value), "{key}: {}", figure.value);
                    moved += usize::from(figure.value.to_bits() != own.value.to_bits());
                }
                None => assert_eq!(figure.value.to_bits(), own.value.to_bits(), "{key}"),
            }
        }
        assert!(moved > 10, "{moved}");
    }

    #[test]
    fn a_site_that_closes_in_one_draw_of_two_is_the_least_settled() {
        let built = Town::of_two().built();
        let locked = |site: &str, kind| {
            let mut question = built.question();
            let lock = Lock { site: site.parse().unwrap(), kind, why: "test".to_owned() };
            question.locks.push(lock);
            built.answer(question).unwrap()
        };
        let closes = locked("AAA01", LockKind::Close);
        let stays = locked("AAA01", LockKind::Keep);
        let mut clashing = closes.clone();
        clashing.proposal = None;

        let told = stability(&closes, [&closes, &stays, &clashing].into_iter());

        let site = told.iter().find(|site| site.site.as_str() == "AAA01").unwrap();
        assert_eq!((site.closes, site.draws), (1, 2), "a draw without a plan does not count");
        assert!((site.share() - 0.5).abs() < 1e-12);
        assert_eq!(told.first().map(|site| site.site.as_str()), Some("AAA01"));
        assert_eq!(stability(&clashing, [&closes].into_iter()), []);
        let none = stability(&closes, std::iter::empty());
        assert_eq!(none.iter().map(|site| site.draws).sum::<u32>(), 0);
    }
}
