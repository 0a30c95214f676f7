//! From a problem to an outcome: settle what is trivial, write the rules, search, read and re-check.

use std::time::{Duration, Instant};

use good_lp::{IntoAffineExpression, SolverModel};

use crate::certificate::{Certificate, Prices};
use crate::check::{check, verify};
use crate::columns::Columns;
use crate::explain_before::obstacles_until;
use crate::improve::{BEFORE_HIGHS, Moved, improved};
use crate::large;
use crate::outcome::{
    Outcome, Phase, Plan, Progress, Settings, Size, Status, Trouble, Watch, gap_told,
};
use crate::problem::Problem;
use crate::pure::{Core, Dual, Pure};
use crate::rules;
use crate::search::{End, News, Question, search};

/// A plan this near to its bound is called optimal.
const OPTIMAL_GAP: f64 = 1e-6;
/// A bound above a plan by less than this part of what was added up is rounding, and a solver's tolerance.
const ROUNDING: f64 = 1e-6;
/// Costs are scaled by a power of two so that the largest is about this.
pub(crate) const COST_SCALE: f64 = 1024.0;

/// A plan of a pure problem this near to the bound is taken for the best, and its core is searched at once.
const NEAR: f64 = 0.02;
/// Else the first core holds what adds no more than this part of the bound to it.
const FIRST_SLACK: f64 = 0.001;

/// Finds the plan of least cost, or the best there is when time is up, with a proven bound.
///
/// Never panics on a problem, however malformed. Whatever happens, a plan in the outcome keeps every hard rule.
///
/// ```
/// use domesday_solver::{Opt, Place, Problem, Settings, Site, Status, Unit, solve};
///
/// let option = |name: &str, cost| Opt { name: name.into(), cost, room: vec![] };
/// let site = |name: &str, keep| Site {
///     name: name.into(),
///     options: vec![option("keep", keep), option("dispose", 0.0)],
///     ..Site::default()
/// };
/// let place = |site| Place { site, admitted_by: vec![0], cost: 1.0 };
/// let problem = Problem {
///     sites: vec![site("Elm Road", 100.0), site("Mill Lane", 80.0)],
///     units: vec![Unit { name: "clinic".into(), places: vec![place(0), place(1)], today: Some(0), ..Unit::default() }],
///     ..Problem::default()
/// };
///
/// let outcome = solve(&problem, &Settings::default(), &mut ());
///
/// assert_eq!(outcome.status, Status::Optimal);
/// assert_eq!(outcome.plan.unwrap().options, [1, 0]);
/// assert_eq!(outcome.objective, Some(81.0));
/// ```
pub fn solve(problem: &Problem, settings: &Settings, watch: &mut dyn Watch) -> Outcome {
    solve_by(Way::Fitting, problem, settings, watch)
}

/// As [`solve`], with everything left to HiGHS: no plan to start from but today's, nothing narrowed down.
/// What our own methods are measured and checked against.
pub fn solve_whole(problem: &Problem, settings: &Settings, watch: &mut dyn Watch) -> Outcome {
    solve_by(Way::Whole, problem, settings, watch)
}

/// What is known of problems much like one, for its search to begin from. None of it is believed: plans are checked, and
/// prices prove what they prove of the problem asked.
#[derive(Debug, Clone, Copy, Default)]
pub struct Start<'a> {
    /// Plans that may be near the best one: those that keep the rules are where the search begins.
    pub plans: &'a [Plan],
    /// Prices that may be near the best ones, for problems so large that they are sought: each for the rule at its index.
    pub prices: Option<&'a Prices>,
}

/// As [`solve`], from what is known.
pub fn solve_from(
    problem: &Problem,
    start: Start<'_>,
    settings: &Settings,
    watch: &mut dyn Watch,
) -> Outcome {
    solve_begun(Way::Fitting, problem, start, settings, watch)
}

/// As [`solve`], by prices and parts alone, as if the problem were too large for anything else. Never proves that there is
/// no plan.
pub fn solve_priced(problem: &Problem, settings: &Settings, watch: &mut dyn Watch) -> Outcome {
    solve_by(Way::Priced, problem, settings, watch)
}

/// Which methods may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// Whichever fit the problem.
    Fitting,
    /// HiGHS alone.
    Whole,
    /// Prices and parts, however small the problem.
    Priced,
    /// The narrowing of [`Pure`], however small the problem.
    #[cfg(test)]
    Narrowed,
}

pub(crate) fn solve_by(
    way: Way,
    problem: &Problem,
    settings: &Settings,
    watch: &mut dyn Watch,
) -> Outcome {
    solve_begun(way, problem, Start::default(), settings, watch)
}

fn solve_begun(
    way: Way,
    problem: &Problem,
    start: Start<'_>,
    settings: &Settings,
    watch: &mut dyn Watch,
) -> Outcome {
    let started = Instant::now();
    if let Err(fault) = problem.validate() {
        let mut outcome = nothing(Status::Malformed);
        outcome.trouble = Some(Trouble::Malformed(fault));
        return outcome;
    }
    let deadline = Duration::try_from_secs_f64(settings.time_limit_seconds.max(0.0))
        .ok()
        .and_then(|limit| started.checked_add(limit));
    let mut run = Run::of(problem, started, watch);
    run.begin_with_today();
    let is_large = way == Way::Priced
        || (way == Way::Fitting && large::is_large(problem) && Pure::of(problem).is_none());
    let is_begun = way == Way::Fitting && run.begin_with(start.plans);
    if way == Way::Fitting && !is_begun && !is_large {
        run.begin_with_small_moves(settings, deadline);
    }
    if is_large {
        // A large search is long: what no plan can get round is looked for first.
        let mut is_over = || run.is_over(deadline);
        if way == Way::Fitting && !obstacles_until(problem, &mut is_over).is_empty() {
            return run.finish(End::Infeasible, settings);
        }
        let end = large::search(
            &mut run,
            start.prices.filter(|prices| prices.are_figures()),
            settings,
            deadline,
        );
        let is_done = matches!(end, End::Proved | End::Infeasible);
        if is_done || run.is_over(deadline) || way == Way::Priced {
            return run.finish(end, settings);
        }
        run.enter(Phase::Search);
    }
    let pure = match way {
        Way::Fitting => Pure::of(problem),
        Way::Whole | Way::Priced => None,
        #[cfg(test)]
        Way::Narrowed => Pure::of_any_size(problem),
    };
    let end = match pure {
        Some(pure) => run.search_what_is_open(&pure, settings, deadline),
        None => run.search(&Part::Whole(problem), settings, deadline),
    };
    run.finish(end, settings)
}

/// `HiGHS 1.15.0 through good_lp 1.15.3`: for the record of a run.
pub fn version() -> String {
    format!("HiGHS {} through good_lp 1.15.3", crate::callback::version())
}

fn nothing(status: Status) -> Outcome {
    Outcome {
        status,
        plan: None,
        objective: None,
        bound: None,
        gap: None,
        seconds: 0.0,
        history: Vec::new(),
        size: Size::default(),
        today_is_feasible: false,
        today_breaks: Vec::new(),
        trouble: None,
        certificate: None,
    }
}

/// What HiGHS is asked.
enum Part<'a> {
    /// All of it.
    Whole(&'a Problem),
    /// What is left when plans dearer than `beyond` are left out.
    Core { core: Core, beyond: f64 },
}

impl Part<'_> {
    fn problem(&self) -> &Problem {
        match self {
            Self::Whole(problem) => problem,
            Self::Core { core, .. } => &core.problem,
        }
    }

    /// What a bound of this part says of the whole.
    fn bound(&self, bound: f64) -> f64 {
        match self {
            Self::Whole(_) => bound,
            Self::Core { core, .. } if core.is_all => bound,
            Self::Core { beyond, .. } => bound.min(*beyond),
        }
    }

    fn widen(&self, whole: &Problem, plan: Plan) -> Plan {
        match self {
            Self::Whole(_) => plan,
            Self::Core { core, .. } => core.widen(whole, &plan),
        }
    }

    fn narrow(&self, plan: &Plan) -> Option<Plan> {
        match self {
            Self::Whole(_) => Some(plan.clone()),
            Self::Core { core, .. } => core.narrow(plan),
        }
    }
}

/// A search as it goes on: the best plan that passed the check, the bound, the outcome so far.
pub(crate) struct Run<'a> {
    pub(crate) problem: &'a Problem,
    started: Instant,
    watch: &'a mut dyn Watch,
    best: Option<(Plan, f64)>,
    /// The sizes of what the best plan's cost was added up from.
    size_of_best: f64,
    /// See [`gap_told`].
    too_small: f64,
    bound: Option<f64>,
    /// What a search that goes on has proved so far. When it is heard hangs on the clock, so what the search says at its
    /// end takes its place.
    bound_so_far: Option<f64>,
    nodes: u64,
    phase: Phase,
    outcome: Outcome,
}

impl<'a> Run<'a> {
    fn of(problem: &'a Problem, started: Instant, watch: &'a mut dyn Watch) -> Self {
        let outcome = nothing(Status::NothingFound);
        Self {
            problem,
            started,
            watch,
            best: None,
            size_of_best: 0.0,
            too_small: Plan::too_small_to_tell(problem),
            bound: None,
            bound_so_far: None,
            nodes: 0,
            phase: Phase::default(),
            outcome,
        }
    }

    /// Today's estate is a plan, so that there is one from the first moment, unless it breaks a hard rule.
    fn begin_with_today(&mut self) {
        let Some(today) = Plan::today(self.problem) else { return };
        self.outcome.today_breaks = check(self.problem, &today);
        self.outcome.today_is_feasible = self.outcome.today_breaks.is_empty();
        if self.outcome.today_is_feasible {
            self.offer(today, f64::NEG_INFINITY, 0);
        }
    }

    /// Whether any of these plans keeps the rules; one that does not is no fault, the question may have changed.
    fn begin_with(&mut self, starts: &[Plan]) -> bool {
        let mut is_begun = false;
        for start in starts.iter().filter(|start| check(self.problem, start).is_empty()) {
            is_begun = true;
            self.offer(start.clone(), f64::NEG_INFINITY, 0);
        }
        is_begun
    }

    /// A plan that is good already, where one is found; half of the time at most.
    fn begin_with_small_moves(&mut self, settings: &Settings, deadline: Option<Instant>) {
        let started = self.started;
        let until = deadline.map(|at| started + at.saturating_duration_since(started) / 2);
        let mut is_over =
            || until.is_some_and(|at| Instant::now() >= at) || self.watch.is_cancelled();
        let moved = improved(self.problem, settings, BEFORE_HIGHS, None, &mut is_over);
        if let Some(plan) = moved.and_then(Moved::plan) {
            self.offer(plan, f64::NEG_INFINITY, 0);
        }
    }

    /// Lets HiGHS search a part of the problem.
    fn search(&mut self, part: &Part<'_>, settings: &Settings, deadline: Option<Instant>) -> End {
        let asked = part.problem();
        let columns = Columns::of(asked);
        let rows = rules::rows(asked, &columns);
        self.outcome.size = Size {
            columns: columns.variables.len(),
            rows: rows.len(),
            nonzeros: rows.iter().map(|row| row.expression().linear_coefficients().count()).sum(),
        };
        if rows.iter().any(rules::is_broken) || !columns.homeless.is_empty() {
            return End::Infeasible;
        }
        if columns.variables.is_empty() {
            let plan = columns.decode(asked, &[]);
            let cost = plan.cost(asked);
            self.offer(part.widen(self.problem, plan), part.bound(cost), 0);
            return End::Proved;
        }
        let scale = rules::power_of_two_to(COST_SCALE, columns.largest_cost);
        let start = self.best.as_ref().and_then(|(plan, _)| part.narrow(plan));
        let start = start.map(|plan| columns.encode(asked, &plan));
        let cost = columns.cost.clone() * scale;
        let model = columns.variables.clone().minimise(cost).using(good_lp::highs).with_all(rows);
        let has_plan = start.is_some();
        let question = Question { model, start, settings: *settings, deadline };
        let problem = self.problem;
        let run = std::cell::RefCell::new(self);
        let end = search(question, &mut || run.borrow().watch.is_cancelled(), &mut |news| {
            let mut run = run.borrow_mut();
            match news {
                News::Better { columns: values, bound, nodes } => {
                    run.hear_so_far(part.bound(bound / scale), nodes);
                    let plan = part.widen(problem, columns.decode(asked, &values));
                    run.offer(plan, f64::NEG_INFINITY, nodes);
                }
                News::Bound { bound, nodes } => {
                    run.hear_so_far(part.bound(bound / scale), nodes);
                    let progress = run.progress();
                    run.watch.progress(progress);
                }
                News::Last { columns: values, bound, nodes } => {
                    run.bound_so_far = run.bound_so_far.filter(|_| !bound.is_finite());
                    run.hear_bound(part.bound(bound / scale), nodes);
                    if let Some(values) = values {
                        let plan = part.widen(problem, columns.decode(asked, &values));
                        run.offer(plan, f64::NEG_INFINITY, nodes);
                    }
                    let progress = run.progress();
                    run.watch.progress(progress);
                }
            }
        });
        let run = run.into_inner();
        // Left behind, it had no last word.
        if let Some(bound) = run.bound_so_far.take() {
            run.hear_bound(bound, 0);
        }
        if end == End::Infeasible && has_plan {
            let what = "HiGHS calls infeasible what has a plan that keeps the rules";
            return End::Failed(what.to_owned());
        }
        end
    }

    /// Prices prove most of a pure problem settled; HiGHS gets the rest.
    ///
    /// Every plan outside a core costs more than `beyond`. So once the best plan of a core costs no more than that, it is
    /// the best of all; else the next core is made as wide as that plan asks.
    fn search_what_is_open(
        &mut self,
        pure: &Pure<'_>,
        settings: &Settings,
        deadline: Option<Instant>,
    ) -> End {
        let known = self.best.as_ref().map(|(_, cost)| *cost);
        let run = std::cell::RefCell::new(&mut *self);
        let mut is_over =
            || deadline.is_some_and(|at| Instant::now() >= at) || run.borrow().watch.is_cancelled();
        let mut offer = |plan| run.borrow_mut().offer(plan, f64::NEG_INFINITY, 0);
        let dual = pure.best_prices(known, &mut offer, &mut is_over);
        let is_over = is_over();
        self.hear_prices(pure, &dual);
        if is_over {
            return End::Stopped;
        }
        let size = dual.bound.abs().max(1e-9);
        let known = self.best.as_ref().map_or(f64::INFINITY, |(_, cost)| cost - dual.bound);
        let mut slack = if known <= NEAR * size { known } else { FIRST_SLACK * size };
        loop {
            if self.is_near_enough(settings) {
                return End::Proved;
            }
            let far = self.best.as_ref().map_or(f64::INFINITY, |(_, cost)| cost - dual.bound);
            // No wider than what holds every plan as good as the best known; a little wider than rounding.
            let used = slack.min(far * (1.0 + 1e-7) + 1e-9 * dual.bound.abs());
            let beyond = dual.bound + used;
            let mut is_over = || self.is_over(deadline);
            let (rest, prices) = pure.settled(&dual, beyond, &mut is_over);
            let core = rest.core(&prices, beyond - prices.bound);
            let is_all = core.is_all;
            let end = self.search(&Part::Core { core, beyond }, settings, deadline);
            let best = self.best.as_ref().map_or(f64::INFINITY, |(_, cost)| *cost);
            match end {
                End::Proved | End::Infeasible if is_all => return end,
                End::Proved if best <= beyond => return end,
                End::Proved | End::Infeasible => self.hear_bound(beyond, 0),
                End::Stopped | End::Failed(_) => return end,
            }
            let asked = best - dual.bound;
            slack = if asked < 8.0 * slack { asked.max(1.5 * slack) } else { 4.0 * slack };
        }
    }

    /// Whether the prices prove more than anything costs, rules or no rules: then nothing keeps the rules.
    pub(crate) fn is_impossible(&self) -> bool {
        let proved = self.outcome.certificate.as_ref().map(|certificate| certificate.bound);
        self.best.is_none() && proved.is_some_and(|proved| Plan::is_above_all(self.problem, proved))
    }

    /// The time is up, or somebody wants it to stop.
    pub(crate) fn is_over(&self, deadline: Option<Instant>) -> bool {
        deadline.is_some_and(|at| Instant::now() >= at) || self.watch.is_cancelled()
    }

    /// Half the gap asked for, so that the rest of the way may be rounded.
    pub(crate) fn is_near_enough(&self, settings: &Settings) -> bool {
        let gap = self.progress().gap.unwrap_or(f64::INFINITY);
        gap <= 0.5 * settings.gap.max(OPTIMAL_GAP)
    }

    /// A new stage of the search begins.
    pub(crate) fn enter(&mut self, phase: Phase) {
        self.phase = phase;
        let progress = self.progress();
        self.watch.progress(progress);
    }

    /// What the best plan costs.
    pub(crate) fn cost(&self) -> Option<f64> {
        self.best.as_ref().map(|(_, cost)| *cost)
    }

    /// The best plan and what it costs.
    pub(crate) fn best_plan(&self) -> Option<(Plan, f64)> {
        self.best.clone()
    }

    /// Offers a plan that may break rules, and says whether it is a plan.
    pub(crate) fn try_offer(&mut self, plan: &Plan) -> bool {
        let is_plan = check(self.problem, plan).is_empty();
        if is_plan {
            self.offer(plan.clone(), f64::NEG_INFINITY, 0);
        }
        is_plan
    }

    /// Takes what prices prove of a pure problem, and the next whole number where plans cost whole numbers.
    fn hear_prices(&mut self, pure: &Pure<'_>, dual: &Dual) {
        let proved = self.hear_proof(pure.certificate(dual), dual.rounding());
        if proved.is_finite() {
            self.hear_bound(pure.proves(proved), 0);
        }
        let progress = self.progress();
        self.watch.progress(progress);
    }

    /// Takes a bound if it is better and its certificate, added up anew, proves it.
    pub(crate) fn hear_certificate(&mut self, certificate: Certificate) {
        // Packing whole units exactly may take longer than the proof may: then it proves a little less.
        let is_divisible = self.problem.units.iter().all(|unit| unit.is_divisible);
        let rounding = if is_divisible { 1e-6 } else { 1e-2 };
        let size = certificate.bound.abs().max(1.0);
        self.hear_proof(certificate, rounding * size);
        let progress = self.progress();
        self.watch.progress(progress);
    }

    /// Takes what a certificate proves, and says aloud where that is less than it claims by more than this.
    fn hear_proof(&mut self, certificate: Certificate, rounding: f64) -> f64 {
        let claimed = certificate.bound;
        let proved = certificate.proves(self.problem).filter(|proved| proved.is_finite());
        let proved = proved.unwrap_or(f64::NEG_INFINITY);
        if proved < claimed - rounding {
            let what = format!("a bound of {claimed} is proved only to {proved} by its prices");
            self.outcome.trouble = Some(Trouble::SearchFailed(what));
        }
        if proved.is_finite() && self.bound.is_none_or(|bound| proved > bound) {
            self.hear_bound(proved, 0);
            self.outcome.certificate = Some(Certificate { bound: proved, ..certificate });
        }
        proved
    }

    /// Takes a plan if it is better and keeps the rules.
    fn offer(&mut self, plan: Plan, bound: f64, nodes: u64) {
        self.hear_bound(bound, nodes);
        let objective = plan.cost(self.problem);
        if self.best.as_ref().is_some_and(|(_, best)| objective >= *best) {
            return;
        }
        let verdict = verify(self.problem, &plan);
        if !verdict.violations.is_empty() {
            let violations = verdict.violations;
            self.outcome.trouble = Some(Trouble::PlanThrownAway { objective, violations });
            return;
        }
        let costs = verdict.costs.unwrap_or_default();
        let counted = costs.objective();
        if (counted - objective).abs() > ROUNDING * costs.size.max(1.0) {
            self.outcome.trouble = Some(Trouble::WrongSum { told: objective, counted });
            return;
        }
        self.size_of_best = costs.size;
        self.best = Some((plan, objective));
        let progress = self.progress();
        self.outcome.history.push(progress);
        self.watch.progress(progress);
    }

    /// Takes a bound that HiGHS has proved.
    pub(crate) fn hear_proved(&mut self, bound: f64) {
        self.hear_bound(bound, 0);
        let progress = self.progress();
        self.watch.progress(progress);
    }

    fn hear_so_far(&mut self, bound: f64, nodes: u64) {
        self.nodes = self.nodes.max(nodes);
        if bound.is_finite() {
            self.bound_so_far = Some(self.bound_so_far.map_or(bound, |best| best.max(bound)));
        }
    }

    fn hear_bound(&mut self, bound: f64, nodes: u64) {
        self.nodes = self.nodes.max(nodes);
        if bound.is_finite() {
            self.bound = Some(self.bound.map_or(bound, |best| best.max(bound)));
        }
    }

    pub(crate) fn progress(&self) -> Progress {
        let incumbent = self.best.as_ref().map(|(_, cost)| *cost);
        let bound = self.bound.into_iter().chain(self.bound_so_far).reduce(f64::max);
        Progress {
            seconds: self.started.elapsed().as_secs_f64(),
            incumbent,
            bound,
            gap: incumbent
                .zip(bound)
                .and_then(|(cost, bound)| gap_told(cost, bound, self.too_small)),
            nodes: self.nodes,
            phase: self.phase,
        }
    }

    /// A bound above a plan that keeps the rules: one of the methods that found them is wrong.
    fn part_what_contradicts(&mut self) {
        let (Some((_, objective)), Some(bound)) = (&self.best, self.bound) else { return };
        let objective = *objective;
        if bound - objective > ROUNDING * self.size_of_best.max(1.0) {
            self.bound = None;
            self.outcome.trouble = Some(Trouble::Contradiction { objective, bound });
        }
    }

    fn finish(mut self, end: End, settings: &Settings) -> Outcome {
        self.part_what_contradicts();
        let progress = self.progress();
        self.outcome.history.push(progress);
        self.watch.progress(progress);
        let gap = progress.gap.unwrap_or(f64::INFINITY);
        self.outcome.status = match (&end, &self.best) {
            (End::Infeasible, None) => Status::Infeasible,
            (_, None) => Status::NothingFound,
            (End::Proved, Some(_)) if gap <= OPTIMAL_GAP => Status::Optimal,
            // The search may have proved more than the plan that passed the check: then the gap says so.
            (End::Proved, Some(_)) if gap <= settings.gap.max(OPTIMAL_GAP) => Status::WithinGap,
            (_, Some(_)) if gap <= OPTIMAL_GAP => Status::Optimal,
            (_, Some(_)) => Status::Stopped,
        };
        if let End::Failed(what) = end {
            self.outcome.trouble = Some(Trouble::SearchFailed(what));
        } else if end == End::Infeasible && self.best.is_some() {
            let what = "HiGHS calls infeasible what has a plan that keeps the rules";
            self.outcome.trouble = Some(Trouble::SearchFailed(what.to_owned()));
        }
        self.outcome.seconds = self.started.elapsed().as_secs_f64();
        self.outcome.objective = progress.incumbent;
        self.outcome.bound = progress.bound;
        self.outcome.gap = progress.gap;
        self.outcome.plan = self.best.map(|(plan, _)| plan);
        self.outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classic;

    #[test]
    fn a_bound_above_a_plan_is_said_aloud_and_thrown_away() {
        let problem = classic::p_median(&[vec![0.0, 3.0], vec![4.0, 0.0]], 1);
        let plan = solve(&problem, &Settings::default(), &mut ()).plan.unwrap();
        let mut watch = ();
        let mut run = Run::of(&problem, Instant::now(), &mut watch);

        run.offer(plan, f64::NEG_INFINITY, 0);
        run.hear_bound(3.5, 0);
        let outcome = run.finish(End::Proved, &Settings::default());

        let trouble = Trouble::Contradiction { objective: 3.0, bound: 3.5 };
        assert_eq!(outcome.trouble, Some(trouble));
        assert_eq!((outcome.status, outcome.bound), (Status::Stopped, None));
    }

    #[test]
    fn a_certificate_that_was_tampered_with_is_refused_aloud() {
        let problem = classic::p_median(&[vec![0.0, 3.0], vec![4.0, 0.0]], 1);
        let pure = Pure::of_any_size(&problem).unwrap();
        let dual = pure.best_prices(None, &mut |_| {}, &mut || false);
        let heard = |change: &dyn Fn(&mut Certificate)| {
            let mut certificate = pure.certificate(&dual);
            change(&mut certificate);
            let mut watch = ();
            let mut run = Run::of(&problem, Instant::now(), &mut watch);
            run.hear_proof(certificate, dual.rounding());
            (run.outcome.trouble, run.bound)
        };

        let (trouble, bound) = heard(&|_| {});
        assert_eq!(trouble, None);
        assert!(bound.is_some_and(|bound| bound <= 3.0));
        // No more than is proved is believed, and nothing where the prices are none.
        let (trouble, bound) = heard(&|certificate| certificate.bound = 3.5);
        assert!(matches!(trouble, Some(Trouble::SearchFailed(_))));
        assert!(bound.is_some_and(|bound| bound <= 3.0));
        let (trouble, bound) = heard(&|certificate| certificate.prices.units[0] += 5.0);
        assert!(matches!(trouble, Some(Trouble::SearchFailed(_))));
        assert!(bound.is_some_and(|bound| bound <= 3.0));
        let (trouble, bound) = heard(&|certificate| certificate.prices.units[0] = f64::NAN);
        assert!(matches!(trouble, Some(Trouble::SearchFailed(_))));
        assert_eq!(bound, None);
        let (trouble, bound) = heard(&|certificate| certificate.prices.units.clear());
        assert!(matches!(trouble, Some(Trouble::SearchFailed(_))));
        assert_eq!(bound, None);
    }

    #[test]
    fn a_search_from_prices_of_a_like_problem_proves_what_one_from_nothing_does() {
        let cost = |i: i32, r: i32| f64::from((i * 37 + r * 91).rem_euclid(101));
        let costs: Vec<Vec<f64>> = (0..12).map(|r| (0..12).map(|i| cost(i, r)).collect()).collect();
        let settings = Settings::default();
        let like = solve_priced(&classic::p_median(&costs, 4), &settings, &mut ());
        let prices = like.certificate.map(|certificate| certificate.prices).unwrap();
        let problem = classic::p_median(&costs, 3);
        let best = solve_whole(&problem, &settings, &mut ()).objective.unwrap();

        let start = Start { plans: &[], prices: Some(&prices) };
        let outcome = solve_begun(Way::Priced, &problem, start, &settings, &mut ());

        assert_eq!(outcome.trouble, None);
        assert!(outcome.objective.unwrap() >= best - 1e-6);
        let (known, bound) = (like.bound.unwrap(), outcome.bound.unwrap());
        assert!(bound <= best + 1e-6 && bound >= 0.99 * best, "{bound} of {best}");
        assert!(known < bound, "four are no dearer than three: {known} and {bound}");
    }

    /// Two sites worth 0.3 and one that costs as much: kept, they cost next to nothing, but not nothing.
    fn costs_that_cancel() -> Problem {
        let option = |cost| crate::Opt { cost, ..crate::Opt::default() };
        let site = |cost: f64| crate::Site {
            options: vec![option(cost), option(cost + 1000.0)],
            ..crate::Site::default()
        };
        Problem { sites: [0.1, 0.2, -0.3].map(site).to_vec(), ..Problem::default() }
    }

    #[test]
    fn a_plan_of_costs_that_cancel_is_best_where_its_bound_is_nearer_than_can_be_told() {
        let problem = costs_that_cancel();
        let plan = Plan::of(&problem, vec![0; 3], vec![]);
        let status = |bound| {
            let mut watch = ();
            let mut run = Run::of(&problem, Instant::now(), &mut watch);
            run.offer(plan.clone(), bound, 0);
            let outcome = run.finish(End::Proved, &Settings::default());
            (outcome.status, outcome.gap)
        };

        assert_eq!(status(-4.5e-10), (Status::Optimal, Some(0.0)));
        assert_eq!(status(-1e-3).0, Status::Stopped);
    }
}
