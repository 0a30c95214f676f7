//! Set covering and maximal covering beside every set of open sites there is.

use domesday_solver::classic::{OPEN, maximal_covering, set_covering};
use domesday_solver::{Problem, Settings, Status, check, solve};
use proptest::prelude::*;

/// Sites, customers with whole weights, and who covers whom.
fn covers() -> impl Strategy<Value = (usize, Vec<u16>, Vec<Vec<usize>>)> {
    (1_usize..7).prop_flat_map(|sites| {
        let by = prop::collection::btree_set(0..sites, 0..=sites);
        let customer = (0_u16..50, by.prop_map(|by| by.into_iter().collect::<Vec<_>>()));
        prop::collection::vec(customer, 0..7).prop_map(move |customers| {
            let (weights, covers) = customers.into_iter().unzip();
            (sites, weights, covers)
        })
    })
}

fn is_open(set: u32, site: usize) -> bool {
    (set >> site) & 1 == 1
}

/// The best there is, and the sites its plan opens: nothing where there is no plan.
fn solved(problem: &Problem) -> Option<(f64, Vec<usize>)> {
    let outcome = solve(problem, &Settings::default(), &mut ());
    assert_eq!(outcome.trouble, None);
    if outcome.status == Status::Infeasible {
        return None;
    }
    assert_eq!(outcome.status, Status::Optimal);
    let plan = outcome.plan.unwrap();
    assert_eq!(check(problem, &plan), []);
    let open = plan.options.iter().enumerate().filter(|(_, option)| **option == OPEN);
    Some((outcome.objective.unwrap(), open.map(|(site, _)| site).collect()))
}

proptest! {
    #[test]
    fn maximal_covering_leaves_no_more_uncovered_than_any_set_of_p_sites((sites, weights, covers) in covers(), part in 0_usize..7) {
        let p = part.min(sites);
        let heavy: Vec<f64> = weights.iter().map(|weight| f64::from(*weight)).collect();

        let (left, open) = solved(&maximal_covering(sites, &heavy, &covers, p)).unwrap();

        let uncovered = |set: u32| -> u32 {
            let each = weights.iter().zip(&covers);
            let bare = each.filter(|(_, by)| !by.iter().any(|site| is_open(set, *site)));
            bare.map(|(weight, _)| u32::from(*weight)).sum()
        };
        let sets = (0_u32..1 << sites).filter(|set| set.count_ones() as usize == p);
        let best = sets.map(uncovered).min().unwrap();
        prop_assert!((left - f64::from(best)).abs() < 1e-6, "{left} is not {best}");
        prop_assert_eq!(open.len(), p);
        let own = open.iter().fold(0, |set, site| set | 1 << site);
        prop_assert_eq!(uncovered(own), best);
    }

    #[test]
    fn set_covering_costs_no_more_than_any_set_that_covers_everybody((sites, weights, covers) in covers()) {
        let costs: Vec<f64> =
            (0..sites).map(|site| 1.0 + f64::from(weights.get(site).copied().unwrap_or(3))).collect();

        let told = solved(&set_covering(&costs, &covers));

        let cost = |set: u32| -> f64 {
            (0..sites).filter(|site| is_open(set, *site)).map(|site| costs[site]).sum()
        };
        let covering = (0_u32..1 << sites)
            .filter(|set| covers.iter().all(|by| by.iter().any(|site| is_open(*set, *site))));
        let best = covering.map(cost).min_by(f64::total_cmp);
        prop_assert_eq!(told.is_some(), best.is_some());
        if let (Some((told, _)), Some(best)) = (told, best) {
            prop_assert!((told - best).abs() < 1e-6, "{told} is not {best}");
        }
    }
}
