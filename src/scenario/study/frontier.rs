//! What is sought against another amount: each point a run of its own, held to so much of the other.

use super::{
    Asked, Asking, Estate, Follow, Frontier, FrontierRow, Inner, Objective, OptionKind, Reading,
    Rules, Run, StudyAnswer, StudyError,
};
use crate::scenario::answer::{concluded, input_hash};
use crate::scenario::encode::{amount, encode_on, units_of};
use crate::scenario::ground::Ground;
use crate::scenario::{Held, Scenario};

/// Points that may be asked for.
const MOST_POINTS: usize = 60;

pub(super) fn sweep(
    estate: &Estate<'_>,
    run: &Run,
    rules: &Rules,
    asking: &Asking,
    (sought, against, points): (Objective, Objective, usize),
    follow: &mut dyn Follow,
) -> Result<(StudyAnswer, bool), StudyError> {
    let (sought, against) = sides(sought, against)?;
    if !(2..=MOST_POINTS).contains(&points) {
        let found = points.to_string();
        return Err(StudyError::BadCount {
            what: "the number of points",
            found,
            wanted: "2 to 60",
        });
    }
    let mut scenario = Scenario { objective: sought, ..run.scenario.clone() };
    scenario.held.retain(|held| held.amount != against);
    let asked = Asked::of(*estate, &scenario, rules, Reading::default())?;
    let Some(swept) = amount(&asked.key, against) else {
        return Err(StudyError::Amounts(format!("{} cannot be swept.", against.label())));
    };
    let starts: Vec<solver::Plan> = asked.plan_of(run).into_iter().collect();
    let follow = std::cell::RefCell::new(follow);
    let sweep = {
        let mut watch = Shared(&follow);
        solver::frontier(
            &asked.problem,
            &swept,
            points,
            &starts,
            &asked.settings,
            &mut watch,
            &mut |done, of| {
                let doing = format!("Question {done} of {of} answered");
                follow.borrow_mut().step(0.8 * done as f64 / of as f64, &doing);
            },
        )
    };
    let follow = follow.into_inner();
    let mut kept = Vec::new();
    let all = sweep.points.len();
    for (at, point) in sweep.points.into_iter().enumerate() {
        follow.step(0.8 + 0.2 * at as f64 / all as f64, "Working the points out in pounds");
        let mut own = scenario.clone();
        own.name = format!("{}: point {} of {}", run.scenario.name, at + 1, against.label());
        if let Some(held) = point.held {
            own.held.push(Held { amount: against, to: rounded(held * units_of(against), against) });
        }
        let ground = Ground::read(*estate, &own, rules, Reading::default())?;
        let (problem, key) = encode_on(&ground)?;
        let hash = input_hash(&ground);
        let made = (asking.author.clone(), asking.at);
        let run = concluded(&ground, &problem, &key, &point.outcome, hash, made)?;
        let (Some(reached), Some(other)) =
            (sought.of(&run, estate.register), against.of(&run, estate.register))
        else {
            continue;
        };
        let proposal = run.proposal.iter().flat_map(|proposal| &proposal.actions);
        let closes = proposal.filter(|action| action.option == OptionKind::Dispose).count() as u64;
        let row = FrontierRow {
            run: 0,
            sought: reached,
            against: other,
            status: run.solver.status,
            gap: run.solver.gap,
            closes,
            seconds: run.solver.seconds,
        };
        kept.push((row, run));
    }
    let mut rows = Vec::new();
    for (mut row, run) in undominated(kept, sought, against) {
        row.run = follow.keep(&run).map_err(StudyError::NotKept)?;
        rows.push(row);
    }
    let is_cut_short = !sweep.is_complete || follow.is_cancelled();
    let at_best = sweep.at_best.map(|best| best * units_of(against));
    Ok((StudyAnswer::Frontier(Frontier { sought, against, points: rows, at_best }), is_cut_short))
}

/// People are sought, never held to: they are weight covered, and no sum of choices.
fn sides(sought: Objective, against: Objective) -> Result<(Objective, Objective), StudyError> {
    if sought == against {
        let words = format!("A frontier is between two amounts, and both are {}.", sought.key());
        return Err(StudyError::Amounts(words));
    }
    Ok(if against == Objective::PeopleWorseOff { (against, sought) } else { (sought, against) })
}

/// A question a person can read, never stricter than the one that was answered.
fn rounded(held: f64, amount: Objective) -> f64 {
    if amount.more_is_better() { held.floor() } else { held.ceil() }
}

/// In exact figures a point may be no better than its neighbour in either amount: it goes.
fn undominated(
    mut kept: Vec<(FrontierRow, Run)>,
    sought: Objective,
    against: Objective,
) -> Vec<(FrontierRow, Run)> {
    let good =
        |amount: Objective, figure: f64| if amount.more_is_better() { figure } else { -figure };
    kept.sort_by(|(a, _), (b, _)| {
        let by_sought = good(sought, b.sought).total_cmp(&good(sought, a.sought));
        by_sought.then(good(against, b.against).total_cmp(&good(against, a.against)))
    });
    let mut best = f64::NEG_INFINITY;
    kept.retain(|(row, _)| {
        let figure = good(against, row.against);
        let is_news = figure > best;
        best = best.max(figure);
        is_news
    });
    kept
}

/// The search and the count of questions both speak to one follower.
struct Shared<'a, 'b>(&'a std::cell::RefCell<&'b mut dyn Follow>);

impl solver::Watch for Shared<'_, '_> {
    fn progress(&mut self, progress: solver::Progress) {
        Inner(&mut **self.0.borrow_mut()).progress(progress);
    }
    fn is_cancelled(&self) -> bool {
        self.0.borrow().is_cancelled()
    }
}
