//! The relaxation of a problem, and what each single choice would cost by its prices: a bound that can be checked.
//!
//! HiGHS solves the rules with whole numbers set aside and gives a price for each row. From here on nothing of HiGHS is
//! believed: with any prices at all, the cost of every choice plus the prices of what it uses is a lower bound once each
//! site takes its cheapest option and each unit its cheapest place. Good prices only make it a good bound. So the bound
//! of "this site takes another option" costs one subtraction and one addition.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use good_lp::{Constraint, IntoAffineExpression, SolverModel, Variable};
use highs::HighsModelStatus;

use crate::callback::{Listener, Sign, solve_heard};
use crate::columns::{Columns, Term};
use crate::outcome::Watch;
use crate::problem::Problem;
use crate::rules;
use crate::solve::COST_SCALE;

/// What every choice costs once it pays the prices of the rules, and the rest that no single choice decides.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Prices {
    /// By site and option; infinite where it cannot be chosen.
    pub(crate) options: Vec<Vec<f64>>,
    /// By unit and place; infinite where it cannot be.
    pub(crate) places: Vec<Vec<f64>>,
    /// No plan costs less: every choice at its cheapest, with coverage, slacks and constants at theirs.
    pub(crate) bound: f64,
    /// Units with a place at each site.
    comers: Vec<Vec<usize>>,
}

impl Prices {
    fn of(problem: &Problem, options: Vec<Vec<f64>>, places: Vec<Vec<f64>>, rest: f64) -> Self {
        let choices = options.iter().chain(&places);
        let bound = rest + choices.map(|costs| least(costs.iter().copied())).sum::<f64>();
        let mut comers: Vec<Vec<usize>> = vec![Vec::new(); problem.sites.len()];
        for (unit, of) in problem.units.iter().enumerate() {
            for place in &of.places {
                if comers[place.site].last() != Some(&unit) {
                    comers[place.site].push(unit);
                }
            }
        }
        Self { options, places, bound, comers }
    }

    /// No plan in which this site does not take this option costs less.
    pub(crate) fn bound_without_option(
        &self,
        problem: &Problem,
        site: usize,
        option: usize,
    ) -> f64 {
        let costs = &self.options[site];
        let others = || costs.iter().enumerate().filter(|(o, _)| *o != option);
        let mut bound = self.bound - least(costs.iter().copied());
        bound += least(others().map(|(_, cost)| *cost));
        // Whoever needs that option can no longer be there.
        let stays = |place: &crate::problem::Place| {
            place.site != site
                || place.admitted_by.iter().any(|&o| o != option && costs[o].is_finite())
        };
        for &number in &self.comers[site] {
            let (unit, costs) = (&problem.units[number], &self.places[number]);
            if unit.places.iter().all(stays) {
                continue;
            }
            let left = unit.places.iter().zip(costs).filter(|(place, _)| stays(place));
            bound += least(left.map(|(_, cost)| *cost)) - least(costs.iter().copied());
        }
        bound
    }

    /// No plan in which this unit is anywhere but at this site costs less.
    pub(crate) fn bound_elsewhere(&self, problem: &Problem, unit: usize, site: usize) -> f64 {
        let costs = &self.places[unit];
        let places = problem.units[unit].places.iter().zip(costs);
        let elsewhere = places.filter(|(place, _)| place.site != site);
        self.bound - least(costs.iter().copied()) + least(elsewhere.map(|(_, cost)| *cost))
    }
}

fn least(costs: impl Iterator<Item = f64>) -> f64 {
    costs.fold(f64::INFINITY, f64::min)
}

/// Prices from the relaxation of a valid problem; `None` where HiGHS has none in time.
pub(crate) fn prices(
    problem: &Problem,
    deadline: Option<Instant>,
    watch: &dyn Watch,
) -> Option<Prices> {
    let columns = Columns::of(problem);
    if !columns.homeless.is_empty() {
        return None;
    }
    let rows: Vec<Constraint> = rules::rows(problem, &columns);
    if rows.iter().any(rules::is_broken) {
        return None;
    }
    let scale = rules::power_of_two_to(COST_SCALE, columns.largest_cost);
    let multipliers = if columns.variables.is_empty() {
        Vec::new()
    } else {
        duals(&columns, rows.clone(), scale, deadline, watch)?
    };
    Some(priced(problem, &columns, &rows, &multipliers))
}

/// A price for each row, in the cost's own unit; of the right sign.
fn duals(
    columns: &Columns,
    rows: Vec<Constraint>,
    scale: f64,
    deadline: Option<Instant>,
    watch: &dyn Watch,
) -> Option<Vec<f64>> {
    let signs: Vec<bool> = rows.iter().map(Constraint::is_equality).collect();
    let cost = columns.cost.clone() * scale;
    let model = columns.variables.clone().minimise(cost).using(good_lp::highs).with_all(rows);
    let mut model = model.try_into_inner().ok()?;
    model.try_set_option("output_flag", false).ok()?;
    model.try_set_option("solve_relaxation", true).ok()?;
    model.try_set_option("threads", 1).ok()?;
    model.try_set_option("parallel", "off").ok()?;
    if let Some(deadline) = deadline {
        let left = deadline.saturating_duration_since(Instant::now());
        model
            .try_set_option("time_limit", left.max(Duration::from_millis(1)).as_secs_f64())
            .ok()?;
    }
    let mut patience = Patience { deadline, watch };
    let solved = solve_heard(model, &mut patience).ok()?;
    if solved.status() != HighsModelStatus::Optimal {
        return None;
    }
    let solution = solved.get_solution();
    // Rows read `expression <= 0`, and ours is what breaking one costs. Those written with `>=` reach HiGHS the other way
    // round, so that its price of an inequality has either sign; of what it says only the size is taken.
    let price = |(dual, &is_equality): (&f64, &bool)| {
        let price = -dual / scale;
        if is_equality { price } else { price.abs() }
    };
    Some(solution.dual_rows().iter().zip(&signs).map(price).collect())
}

struct Patience<'a> {
    deadline: Option<Instant>,
    watch: &'a dyn Watch,
}

impl Listener for Patience<'_> {
    fn hear(&mut self, _: Sign<'_>) {}

    fn wants_stop(&self) -> bool {
        self.deadline.is_some_and(|at| Instant::now() >= at) || self.watch.is_cancelled()
    }
}

/// The Lagrangian of the rules at these prices, sorted by who decides what.
fn priced(
    problem: &Problem,
    columns: &Columns,
    rows: &[Constraint],
    multipliers: &[f64],
) -> Prices {
    let number: HashMap<Variable, usize> =
        columns.variables.iter_variables_with_def().map(|(v, _)| v).zip(0..).collect();
    let highest: Vec<f64> =
        columns.variables.iter_variables_with_def().map(|(_, def)| def.get_max()).collect();
    let lowest: Vec<f64> =
        columns.variables.iter_variables_with_def().map(|(_, def)| def.get_min()).collect();
    let mut cost = vec![0.0; number.len()];
    for (variable, by) in (&columns.cost).linear_coefficients() {
        cost[number[&variable]] += by;
    }
    let mut multipliers = multipliers.to_vec();
    let mut constant = columns.cost.constant();
    let mut reduced = cost.clone();
    for (row, price) in rows.iter().zip(&multipliers) {
        for (variable, by) in row.expression().linear_coefficients() {
            reduced[number[&variable]] += price * by;
        }
        constant += price * row.expression().constant();
    }
    // A slack without an upper end must not be worth taking: its row's price comes down to the slack's own.
    for (row, price) in rows.iter().zip(&mut multipliers) {
        let mut too_much = 0.0_f64;
        for (variable, by) in row.expression().linear_coefficients() {
            let column = number[&variable];
            if highest[column].is_infinite() && reduced[column] < 0.0 && by < 0.0 {
                too_much = too_much.max(reduced[column] / by);
            }
        }
        let down = too_much.min(*price);
        if down > 0.0 {
            *price -= down;
            for (variable, by) in row.expression().linear_coefficients() {
                reduced[number[&variable]] -= down * by;
            }
            constant -= down * row.expression().constant();
        }
    }
    let mut is_choice = vec![false; reduced.len()];
    let mut of = |term: &Term| match *term {
        Term::Fixed(0.0) => f64::INFINITY,
        Term::Fixed(_) => 0.0,
        Term::Free(_, column) => {
            is_choice[column] = true;
            reduced[column]
        }
    };
    let options = columns.options.iter().map(|terms| terms.iter().map(&mut of).collect()).collect();
    let places = columns.places.iter().map(|terms| terms.iter().map(&mut of).collect()).collect();
    let others = (0..reduced.len()).filter(|&column| !is_choice[column]);
    let cheapest = |column: usize| {
        let by = reduced[column];
        // A slack that is free to grow and costs nothing stays at its lower end.
        if by < 0.0 { by * highest[column] } else { by * lowest[column] }
    };
    let rest = constant + others.map(cheapest).sum::<f64>();
    Prices::of(problem, options, places, rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CoverGroup, CoverPoint, Limit, LimitTerm, Opt, Place, Server, Site, Unit};

    #[test]
    fn prices_of_floors_are_good_prices() {
        // Two people whom only their own service at its own site serves, and a floor of 3 on another choice: 10 + 20 + 3.
        let option = |cost| Opt { name: String::new(), cost, room: vec![] };
        let site = |cost| Site { options: vec![option(cost), option(0.0)], ..Site::default() };
        let place = |site| Place { site, admitted_by: vec![0], cost: 0.0 };
        let unit = || Unit { places: vec![place(0), place(1), place(2)], ..Unit::default() };
        let point = |unit| CoverPoint { weight: 1.0, servers: vec![Server { unit, place: unit }] };
        let open = |site| LimitTerm::Option { site, option: 0, by: 3.0 };
        let problem = Problem {
            sites: vec![site(10.0), site(20.0), site(3.0)],
            units: vec![unit(), unit()],
            coverage: vec![CoverGroup {
                points: vec![point(0), point(1)],
                needed: 2.0,
                ..CoverGroup::default()
            }],
            limits: vec![Limit { terms: vec![open(2)], low: Some(3.0), ..Limit::default() }],
            ..Problem::default()
        };

        let prices = prices(&problem, None, &()).unwrap();

        assert!((prices.bound - 33.0).abs() < 1e-6, "{}", prices.bound);
        // Nothing can be proved to be dearer than what is impossible, and what is free the other way is told so.
        assert!(prices.bound_without_option(&problem, 0, 0) >= 33.0);
        assert!(prices.bound_elsewhere(&problem, 0, 0) >= 33.0);
    }

    #[test]
    fn any_prices_at_all_are_a_bound() {
        let option = |cost, room| Opt { name: String::new(), cost, room: vec![room] };
        let site =
            || Site { options: vec![option(10.0, 5.0), option(0.0, 0.0)], ..Site::default() };
        let place = |site| Place { site, admitted_by: vec![0], cost: 1.0 };
        let unit = || Unit { need: vec![3.0], places: vec![place(0), place(1)], ..Unit::default() };
        let problem = Problem {
            resources: vec!["m2".to_owned()],
            sites: vec![site(), site()],
            units: vec![unit(), unit()],
            ..Problem::default()
        };
        let columns = Columns::of(&problem);
        let rows: Vec<Constraint> = rules::rows(&problem, &columns);

        // Both sites stay open for two units that do not fit one: 10 + 10 + 1 + 1.
        for by in [0.0, 0.5, 3.0] {
            let any: Vec<f64> = rows.iter().map(|_| by).collect();
            assert!(priced(&problem, &columns, &rows, &any).bound <= 22.0 + 1e-9);
        }
        let best = prices(&problem, None, &()).unwrap();
        assert!(best.bound_without_option(&problem, 0, 0) >= best.bound);
        assert!(best.bound <= 22.0 + 1e-9 && best.bound > 5.0, "{}", best.bound);
    }
}
