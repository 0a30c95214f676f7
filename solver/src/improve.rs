//! A good plan before the search begins: from today's estate, or near a plan, by small moves, a worse one now and then
//! (simulated annealing).
//!
//! HiGHS proves well and finds slowly: on a city it has its first good plan after minutes. Knows nothing of the encoding, proves
//! nothing, and may fail to find any plan that keeps the rules; what it finds is checked like any other. The number of
//! moves depends on the problem and the time limit, not on the clock, so the same seed gives the same plan. Divisible units are moved whole here.

use crate::outcome::{Plan, Settings, Share};
use crate::problem::{LimitTerm, Place, Problem};

/// Moves tried for each site and unit, and for each second there is: a few seconds on a borough, a quarter of the time on a city.
const MOVES_EACH: f64 = 16_000.0;
/// Seconds that count: what a long search has beyond these is HiGHS's, which proves.
const MOST_SECONDS: f64 = 60.0;
const MOVES_A_SECOND: f64 = 60_000.0;
/// Tiny problems need fewer: this many times their size squared.
const MOVES_SQUARED: f64 = 100.0;
/// Moves between which the prices of missed rules are looked at, and the clock; as many more as there are sites and units
/// more than `ROUND_FOR`, or prices would rise faster than moves can answer them.
const ROUND: usize = 1000;
const ROUND_FOR: usize = 7000;
/// The price of a missed rule stays within so many times its least.
const MOST_DEARER: f64 = 2_000.0;

/// How long a search may take, in moves: fewer where HiGHS proves soon, more where it finds no plan.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Effort {
    /// For each site and unit.
    each: f64,
    /// For each second of the time limit, and seconds that count.
    a_second: f64,
    most_seconds: f64,
    /// Heat to begin with, as a part of what a move typically changes, and how many times it falls by e.
    heat: f64,
    cooling: f64,
}

/// Before HiGHS has the whole.
pub(crate) const BEFORE_HIGHS: Effort =
    Effort { each: MOVES_EACH, a_second: MOVES_A_SECOND, most_seconds: MOST_SECONDS, ..HOT };
/// Whole units by the thousand, for which this alone finds plans: a first one in seconds.
pub(crate) const FIRST_OF_WHOLE: Effort =
    Effort { each: 430.0, a_second: 200_000.0, most_seconds: 600.0, ..HOT };
/// And a better one near it in most of the time there is, so that little heat is enough.
pub(crate) const BEST_OF_WHOLE: Effort = Effort {
    each: f64::INFINITY,
    a_second: 400_000.0,
    most_seconds: 600.0,
    heat: 0.045,
    cooling: 3.0,
};
/// Where a first one is not found in seconds, in half of the time there is.
pub(crate) const ANY_OF_WHOLE: Effort =
    Effort { each: f64::INFINITY, a_second: 250_000.0, most_seconds: 600.0, ..HOT };
/// From anywhere.
const HOT: Effort = Effort { each: 0.0, a_second: 0.0, most_seconds: 0.0, heat: 0.3, cooling: 5.0 };

/// A plan to begin with, and by unit the places that are tried; the plan's own are always.
pub(crate) struct Near<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) places: &'a [Vec<usize>],
}

/// The best plan found that keeps the rules as far as seen here; ends early when `is_over` says so.
pub(crate) fn improved(
    problem: &Problem,
    settings: &Settings,
    effort: Effort,
    near: Option<&Near<'_>>,
    is_over: &mut dyn FnMut() -> bool,
) -> Option<Plan> {
    // A plan of whole units is no start worth having where most can be divided.
    if problem.units.iter().filter(|unit| unit.is_divisible).count() * 2 > problem.units.len() {
        return None;
    }
    let is_tried = |unit: usize, place: usize| {
        near.is_none_or(|near| {
            near.plan.place(unit) == Some(place) || near.places[unit].contains(&place)
        })
    };
    let parcels = parcels(problem, &is_tried)?;
    let mut estate = Estate::of(problem, &parcels);
    let size = (problem.sites.len() + parcels.len()) as f64;
    let moves = (effort.each * size).min(MOVES_SQUARED * size * size);
    let seconds = settings.time_limit_seconds.max(0.0).clamp(0.0, effort.most_seconds);
    let round_of = ROUND * (problem.sites.len() + parcels.len()).div_ceil(ROUND_FOR).max(1);
    let rounds = moves.min(effort.a_second * seconds) / round_of as f64;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "small, not negative"
    )]
    let rounds = rounds.ceil() as usize;
    let mut chance = Chance::of(settings.seed);
    let hot = effort.heat * estate.typical_change(&mut chance);
    if let Some(near) = near {
        estate.take_plan(near.plan)?;
    }
    let mut best: Option<(f64, Vec<usize>, Vec<usize>)> = None;
    for round in 0..rounds {
        if is_over() || (estate.is_free && best.is_some()) {
            break;
        }
        let cooled = round as f64 / rounds as f64;
        let heat = hot * (-effort.cooling * cooled).exp();
        for _ in 0..round_of {
            let before = estate.energy();
            estate.journal.clear();
            let is_move = estate.try_a_move(&mut chance);
            let worse = estate.energy() - before;
            if !is_move || (worse > 0.0 && chance.next() >= (-worse / heat).exp()) {
                estate.undo_to(0);
            } else if best.as_ref().is_none_or(|(cost, ..)| estate.cost < cost - 1e-9 * cost.abs())
                && estate.keeps_the_rules()
            {
                best = Some((estate.cost, estate.option.clone(), estate.at.clone()));
            }
        }
        estate.reprice();
    }
    let (_, options, at) = best?;
    let mut shares = vec![Vec::new(); problem.units.len()];
    for (parcel, candidate) in parcels.iter().zip(at) {
        for (&unit, &place) in parcel.units.iter().zip(&parcel.candidates[candidate].places) {
            shares[unit] = vec![Share { place, share: 1.0 }];
        }
    }
    Some(Plan::of(problem, options, shares))
}

/// A plan on the bench: one choice is forced the other way, small moves mend what that breaks, and the plan is put back.
///
/// Everything a plan needs is laid out once, so that hundreds of sites can be asked about one after the other.
pub(crate) struct Bench<'a> {
    estate: Estate<'a>,
    chance: Chance,
}

/// What is forced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Forced {
    /// A site takes any option but this.
    NotOption { site: usize, option: usize },
    /// A unit, with those that move with it, goes to any site but this.
    NotAt { unit: usize, site: usize },
}

/// The parcels of a problem, for a [`Bench`] to stand on.
pub(crate) struct Parcels(Vec<Parcel>);

impl Parcels {
    /// `None` where some units can be nowhere together, or some are divided: whole units are all that is moved here.
    pub(crate) fn of(problem: &Problem) -> Option<Self> {
        if problem.units.iter().any(|unit| unit.is_divisible) {
            return None;
        }
        parcels(problem, &|_, _| true).map(Self)
    }
}

impl<'a> Bench<'a> {
    /// With this plan on it; `None` where the plan has a unit in a place that is none of its own.
    pub(crate) fn of(
        problem: &'a Problem,
        parcels: &'a Parcels,
        plan: &Plan,
        seed: u32,
    ) -> Option<Self> {
        let mut estate = Estate::of(problem, &parcels.0);
        let mut chance = Chance::of(seed);
        estate.typical_change(&mut chance);
        estate.take_plan(plan)?;
        Some(Self { estate, chance })
    }

    /// The best plan found near the one on the bench that takes the choice the other way, in so many moves.
    pub(crate) fn forced(&mut self, forced: Forced, moves: usize) -> Option<Plan> {
        let held = match forced {
            Forced::NotOption { site, option } => {
                let allowed = &mut self.estate.allowed[site];
                let others = allowed.iter().copied().filter(|&o| o != option).collect();
                Some((site, std::mem::replace(allowed, others)))
            }
            Forced::NotAt { .. } => None,
        };
        let best = self.best_of(forced, moves);
        self.estate.undo_to(0);
        if let Some((site, allowed)) = held {
            self.estate.allowed[site] = allowed;
        }
        best
    }

    fn best_of(&mut self, forced: Forced, moves: usize) -> Option<Plan> {
        let estate = &mut self.estate;
        let mut best: Option<(f64, Plan)> = None;
        let mut starts: Vec<usize> = match forced {
            Forced::NotOption { site, .. } => estate.allowed[site].clone(),
            Forced::NotAt { unit, site } => {
                let n = estate.parcels.iter().position(|parcel| parcel.units.contains(&unit))?;
                let candidates = estate.parcels[n].candidates.iter().enumerate();
                candidates.filter(|(_, there)| there.site != site).map(|(c, _)| c).collect()
            }
        };
        starts.truncate(8);
        let each = moves.checked_div(starts.len().max(1)).unwrap_or(0);
        for start in starts {
            estate.undo_to(0);
            let is_made = match forced {
                Forced::NotOption { site, .. } => {
                    estate.force_option(site, start, &mut self.chance)
                }
                Forced::NotAt { unit, .. } => {
                    let n = estate.parcels.iter().position(|p| p.units.contains(&unit))?;
                    let fits = estate.can_take(n, start) || estate.make_room(n, start);
                    if fits {
                        estate.take_parcel(n, start);
                    }
                    fits
                }
            };
            if !is_made {
                continue;
            }
            for step in 0..=each {
                if step > 0 {
                    let (mark, before) = (estate.journal.len(), estate.energy());
                    let is_move = estate.try_a_move(&mut self.chance) && estate.keeps(forced);
                    if !is_move || estate.energy() >= before {
                        estate.undo_to(mark);
                        continue;
                    }
                }
                let is_better = best.as_ref().is_none_or(|(cost, _)| estate.cost < *cost);
                if is_better && estate.keeps_the_rules() && estate.keeps(forced) {
                    best = Some((estate.cost, estate.plan()));
                }
            }
        }
        best.map(|(_, plan)| plan)
    }
}

/// Units that move together, and where they may go together.
struct Parcel {
    units: Vec<usize>,
    need: Vec<f64>,
    /// Cheapest first.
    candidates: Vec<Candidate>,
    /// Which candidate is today's.
    today: Option<usize>,
}

struct Candidate {
    site: usize,
    /// One a unit.
    places: Vec<usize>,
    cost: f64,
    /// Options of the site that admit every unit.
    admitted_by: Vec<usize>,
}

/// `None` where some units can be nowhere together.
fn parcels(problem: &Problem, is_tried: &dyn Fn(usize, usize) -> bool) -> Option<Vec<Parcel>> {
    let mut numbered: std::collections::BTreeMap<usize, Vec<usize>> =
        std::collections::BTreeMap::new();
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (r, unit) in problem.units.iter().enumerate() {
        match unit.together {
            Some(number) => numbered.entry(number).or_default().push(r),
            None => groups.push(vec![r]),
        }
    }
    groups.extend(numbered.into_values());
    groups.into_iter().map(|units| parcel(problem, units, is_tried)).collect()
}

fn parcel(
    problem: &Problem,
    units: Vec<usize>,
    is_tried: &dyn Fn(usize, usize) -> bool,
) -> Option<Parcel> {
    let first = &problem.units[units[0]];
    let mut candidates = Vec::new();
    for (p, place) in first.places.iter().enumerate().filter(|&(p, _)| is_tried(units[0], p)) {
        let mut candidate = Candidate {
            site: place.site,
            places: vec![p],
            cost: place.cost,
            admitted_by: place.admitted_by.clone(),
        };
        let is_common = units[1..].iter().all(|&r| {
            let places = problem.units[r].places.iter().enumerate();
            let admits =
                |other: &Place| candidate.admitted_by.iter().any(|o| other.admitted_by.contains(o));
            let here = places.filter(|(_, other)| other.site == place.site && admits(other));
            let cheapest = here.min_by(|a, b| a.1.cost.total_cmp(&b.1.cost));
            let Some((p, other)) = cheapest else { return false };
            candidate.places.push(p);
            candidate.cost += other.cost;
            candidate.admitted_by.retain(|o| other.admitted_by.contains(o));
            true
        });
        let is_allowed = |o: &usize| problem.sites[place.site].allows(*o);
        candidate.admitted_by.retain(is_allowed);
        if is_common && !candidate.admitted_by.is_empty() {
            candidates.push(candidate);
        }
    }
    if candidates.is_empty() {
        return None;
    }
    candidates.sort_by(|a, b| a.cost.total_cmp(&b.cost));
    let today: Option<Vec<usize>> = units.iter().map(|&r| problem.units[r].today).collect();
    let today = today.and_then(|today| candidates.iter().position(|c| c.places == today));
    let total = |k: usize| units.iter().map(|&r| problem.units[r].need[k]).sum();
    let need = (0..problem.resources.len()).map(total).collect();
    Some(Parcel { units, need, candidates, today })
}

/// A step that was taken, for taking it back.
enum Step {
    Option { site: usize, was: usize },
    Parcel { parcel: usize, was: usize },
}

/// A floor or ceiling on a figure that every step keeps up to date; missed at a price.
struct Meter {
    value: f64,
    low: f64,
    high: f64,
    /// Cost of a unit missed. Of a hard rule it is ours, and moves until the rule is kept.
    price: f64,
    least_price: f64,
    is_hard: bool,
    /// Cost of a unit of the figure itself.
    each: f64,
}

impl Meter {
    fn missed(&self) -> f64 {
        (self.low - self.value).max(self.value - self.high).max(0.0)
    }

    /// What a plan pays for it.
    fn paid(&self) -> f64 {
        let missed = if self.is_hard { 0.0 } else { self.missed() * self.price };
        missed + self.each * self.value
    }

    /// What we charge for missing a hard rule.
    fn charged(&self) -> f64 {
        if self.is_hard { self.missed() * self.price } else { 0.0 }
    }

    fn is_kept(&self) -> bool {
        let size = self.low.abs().min(self.high.abs()).max(1.0);
        !self.is_hard || self.missed() <= 1e-9 * size
    }
}

/// A plan in the making, with everything that a step changes kept up to date.
struct Estate<'a> {
    problem: &'a Problem,
    parcels: &'a [Parcel],
    /// By site.
    option: Vec<usize>,
    allowed: Vec<Vec<usize>>,
    used: Vec<Vec<f64>>,
    housed: Vec<Vec<usize>>,
    /// By site: parcels and candidates that may come.
    comers: Vec<Vec<(usize, usize)>>,
    /// By parcel.
    at: Vec<usize>,
    /// Coverage groups, then limits.
    meters: Vec<Meter>,
    /// Servers in place, by point.
    serving: Vec<u32>,
    /// Meter and weight, by point.
    points: Vec<(usize, f64)>,
    /// Points served, by unit and place.
    serves: Vec<Vec<Vec<usize>>>,
    /// Meter and coefficient, by site and option, and by unit and place.
    option_terms: Vec<Vec<Vec<(usize, f64)>>>,
    place_terms: Vec<Vec<Vec<(usize, f64)>>>,
    /// What the plan costs.
    cost: f64,
    /// What we charge for hard rules missed.
    charged: f64,
    /// Parcels not admitted where they are, and sites that are too full.
    wrong: usize,
    wrong_price: f64,
    least_wrong_price: f64,
    /// No move changes what the plan costs: any plan will do.
    is_free: bool,
    journal: Vec<Step>,
}

impl<'a> Estate<'a> {
    fn of(problem: &'a Problem, parcels: &'a [Parcel]) -> Self {
        let sites = problem.sites.len();
        let mut estate = Self {
            problem,
            parcels,
            option: Vec::new(),
            allowed: Vec::new(),
            used: vec![vec![0.0; problem.resources.len()]; sites],
            housed: vec![Vec::new(); sites],
            comers: vec![Vec::new(); sites],
            at: vec![0; parcels.len()],
            meters: Vec::new(),
            serving: Vec::new(),
            points: Vec::new(),
            serves: problem.units.iter().map(|u| vec![Vec::new(); u.places.len()]).collect(),
            option_terms: problem.sites.iter().map(|s| vec![Vec::new(); s.options.len()]).collect(),
            place_terms: problem.units.iter().map(|u| vec![Vec::new(); u.places.len()]).collect(),
            cost: 0.0,
            charged: 0.0,
            wrong: 0,
            wrong_price: 0.0,
            least_wrong_price: 0.0,
            is_free: false,
            journal: Vec::new(),
        };
        for site in &problem.sites {
            let allowed: Vec<usize> = (0..site.options.len()).filter(|&o| site.allows(o)).collect();
            estate.option.push(if site.allows(site.today) { site.today } else { allowed[0] });
            estate.allowed.push(allowed);
        }
        estate.add_meters();
        for (n, parcel) in parcels.iter().enumerate() {
            for (c, candidate) in parcel.candidates.iter().enumerate() {
                estate.comers[candidate.site].push((n, c));
            }
        }
        estate.settle();
        estate
    }

    fn add_meters(&mut self) {
        for group in &self.problem.coverage {
            let meter = self.meters.len();
            for point in &group.points {
                let number = self.points.len();
                self.points.push((meter, point.weight));
                for server in &point.servers {
                    let points = &mut self.serves[server.unit][server.place];
                    // A server named twice covers once.
                    if points.last() != Some(&number) {
                        points.push(number);
                    }
                }
            }
            self.meters.push(Meter {
                value: 0.0,
                low: group.needed,
                high: f64::INFINITY,
                price: group.shortfall_price.unwrap_or(0.0),
                least_price: 0.0,
                is_hard: group.shortfall_price.is_none(),
                each: -group.price,
            });
        }
        self.serving = vec![0; self.points.len()];
        for limit in &self.problem.limits {
            let meter = self.meters.len();
            for term in &limit.terms {
                match *term {
                    LimitTerm::Option { site, option, by } => {
                        self.option_terms[site][option].push((meter, by));
                    }
                    LimitTerm::Place { unit, place, by } => {
                        self.place_terms[unit][place].push((meter, by));
                    }
                }
            }
            self.meters.push(Meter {
                value: 0.0,
                low: limit.low.unwrap_or(f64::NEG_INFINITY),
                high: limit.high.unwrap_or(f64::INFINITY),
                price: limit.price.unwrap_or(0.0),
                least_price: 0.0,
                is_hard: limit.price.is_none(),
                each: 0.0,
            });
        }
    }

    /// Puts every parcel where it is today, or else where it is cheapest, and adds everything up.
    fn settle(&mut self) {
        for site in 0..self.option.len() {
            self.cost += self.problem.sites[site].options[self.option[site]].cost;
            for t in 0..self.option_terms[site][self.option[site]].len() {
                let (meter, by) = self.option_terms[site][self.option[site]][t];
                self.meters[meter].value += by;
            }
        }
        for (n, parcel) in self.parcels.iter().enumerate() {
            self.at[n] = parcel.today.unwrap_or(0);
            self.arrive(n, self.at[n]);
        }
        self.cost = 0.0;
        self.recount();
    }

    /// Every site and parcel as in a plan; `None` where it has one in a place that is none of its own.
    fn take_plan(&mut self, plan: &Plan) -> Option<()> {
        for (site, &option) in plan.options.iter().enumerate() {
            if option != self.option[site] {
                self.take_option(site, option);
            }
        }
        let parcels = self.parcels;
        for (n, parcel) in parcels.iter().enumerate() {
            let places: Option<Vec<usize>> = parcel.units.iter().map(|&r| plan.place(r)).collect();
            let places = places?;
            let place = &self.problem.units[parcel.units[0]].places[*places.first()?];
            let option = self.option[place.site];
            let is_it = |candidate: &Candidate| candidate.places == places;
            let is_as_good = |candidate: &Candidate| {
                candidate.site == place.site && candidate.admitted_by.contains(&option)
            };
            let mut candidates = parcel.candidates.iter();
            let c = candidates.position(is_it);
            let c = c.or_else(|| parcel.candidates.iter().position(is_as_good))?;
            if c != self.at[n] {
                self.take_parcel(n, c);
            }
        }
        self.journal.clear();
        self.recount();
        Some(())
    }

    /// Adds the cost up again: floating point drifts over a million steps.
    fn recount(&mut self) {
        let sites = self.problem.sites.iter().zip(&self.option);
        let options: f64 = sites.map(|(site, &o)| site.options[o].cost).sum();
        let parcels = self.parcels.iter().zip(&self.at);
        let places: f64 = parcels.map(|(parcel, &c)| parcel.candidates[c].cost).sum();
        let paid: f64 = self.meters.iter().map(Meter::paid).sum();
        self.cost = options + places + paid;
        self.charged = self.meters.iter().map(Meter::charged).sum();
        self.wrong = (0..self.option.len()).map(|site| self.wrong_at(site)).sum();
    }

    fn energy(&self) -> f64 {
        self.cost + self.charged + self.wrong as f64 * self.wrong_price
    }

    fn keeps_the_rules(&self) -> bool {
        self.wrong == 0 && self.meters.iter().all(Meter::is_kept)
    }

    fn wrong_at(&self, site: usize) -> usize {
        let is_admitted = |&n: &usize| {
            let candidate = &self.parcels[n].candidates[self.at[n]];
            candidate.admitted_by.contains(&self.option[site])
        };
        let strangers = self.housed[site].iter().filter(|n| !is_admitted(n)).count();
        strangers + usize::from(!self.has_room(site, &[]))
    }

    fn has_room(&self, site: usize, more: &[f64]) -> bool {
        let room = &self.problem.sites[site].options[self.option[site]].room;
        (0..room.len()).all(|k| {
            let used = self.used[site][k] + more.get(k).unwrap_or(&0.0);
            used <= room[k] + 1e-9 * room[k].abs().max(1.0)
        })
    }

    fn turn(&mut self, meter: usize, by: f64) {
        let meter = &mut self.meters[meter];
        self.cost -= meter.paid();
        self.charged -= meter.charged();
        meter.value += by;
        self.cost += meter.paid();
        self.charged += meter.charged();
    }

    fn arrive(&mut self, n: usize, c: usize) {
        let parcel = &self.parcels[n];
        let candidate = &parcel.candidates[c];
        self.cost += candidate.cost;
        self.housed[candidate.site].push(n);
        self.used[candidate.site]
            .iter_mut()
            .zip(&parcel.need)
            .for_each(|(used, need)| *used += need);
        for (&unit, &place) in parcel.units.iter().zip(&candidate.places) {
            for p in 0..self.serves[unit][place].len() {
                let point = self.serves[unit][place][p];
                self.serving[point] += 1;
                if self.serving[point] == 1 {
                    let (meter, weight) = self.points[point];
                    self.turn(meter, weight);
                }
            }
            for t in 0..self.place_terms[unit][place].len() {
                let (meter, by) = self.place_terms[unit][place][t];
                self.turn(meter, by);
            }
        }
    }

    fn leave(&mut self, n: usize) {
        let parcel = &self.parcels[n];
        let candidate = &parcel.candidates[self.at[n]];
        self.cost -= candidate.cost;
        self.housed[candidate.site].retain(|&other| other != n);
        self.used[candidate.site]
            .iter_mut()
            .zip(&parcel.need)
            .for_each(|(used, need)| *used -= need);
        for (&unit, &place) in parcel.units.iter().zip(&candidate.places) {
            for p in 0..self.serves[unit][place].len() {
                let point = self.serves[unit][place][p];
                self.serving[point] -= 1;
                if self.serving[point] == 0 {
                    let (meter, weight) = self.points[point];
                    self.turn(meter, -weight);
                }
            }
            for t in 0..self.place_terms[unit][place].len() {
                let (meter, by) = self.place_terms[unit][place][t];
                self.turn(meter, -by);
            }
        }
    }

    fn take_parcel(&mut self, n: usize, c: usize) {
        let was = self.at[n];
        let candidates = &self.parcels[n].candidates;
        let (from, to) = (candidates[was].site, candidates[c].site);
        let before = self.wrong_at(from) + if from == to { 0 } else { self.wrong_at(to) };
        self.leave(n);
        self.arrive(n, c);
        self.at[n] = c;
        let after = self.wrong_at(from) + if from == to { 0 } else { self.wrong_at(to) };
        self.wrong = self.wrong + after - before;
        self.journal.push(Step::Parcel { parcel: n, was });
    }

    fn take_option(&mut self, site: usize, option: usize) {
        let was = self.option[site];
        let before = self.wrong_at(site);
        for t in 0..self.option_terms[site][was].len() {
            let (meter, by) = self.option_terms[site][was][t];
            self.turn(meter, -by);
        }
        for t in 0..self.option_terms[site][option].len() {
            let (meter, by) = self.option_terms[site][option][t];
            self.turn(meter, by);
        }
        let options = &self.problem.sites[site].options;
        self.cost += options[option].cost - options[was].cost;
        self.option[site] = option;
        self.wrong = self.wrong + self.wrong_at(site) - before;
        self.journal.push(Step::Option { site, was });
    }

    fn undo_to(&mut self, mark: usize) {
        while self.journal.len() > mark {
            match self.journal.pop() {
                Some(Step::Option { site, was }) => self.take_option(site, was),
                Some(Step::Parcel { parcel, was }) => self.take_parcel(parcel, was),
                None => {}
            }
            // The step back is not to be taken back again.
            self.journal.pop();
        }
    }

    /// Another option for a site, its people sent where they may be; `false` where they may be nowhere.
    fn force_option(&mut self, site: usize, option: usize, chance: &mut Chance) -> bool {
        self.take_option(site, option);
        let mut housed = self.housed[site].clone();
        while self.wrong_at(site) > 0 {
            let Some(n) = housed.pop() else { return false };
            let is_admitted = self.parcels[n].candidates[self.at[n]].admitted_by.contains(&option);
            if is_admitted && self.has_room(site, &[]) {
                continue;
            }
            if !self.send_away(n, chance) {
                return false;
            }
        }
        self.wrong == 0
    }

    fn keeps(&self, forced: Forced) -> bool {
        match forced {
            Forced::NotOption { site, option } => self.option[site] != option,
            Forced::NotAt { unit, site } => {
                let mut of_unit = self.parcels.iter().zip(&self.at);
                of_unit.all(|(parcel, &c)| {
                    !parcel.units.contains(&unit) || parcel.candidates[c].site != site
                })
            }
        }
    }

    fn plan(&self) -> Plan {
        let mut shares = vec![Vec::new(); self.problem.units.len()];
        for (parcel, &candidate) in self.parcels.iter().zip(&self.at) {
            for (&unit, &place) in parcel.units.iter().zip(&parcel.candidates[candidate].places) {
                shares[unit] = vec![Share { place, share: 1.0 }];
            }
        }
        Plan::of(self.problem, self.option.clone(), shares)
    }

    /// `false` where the move drawn cannot be made; what it began is in the journal.
    fn try_a_move(&mut self, chance: &mut Chance) -> bool {
        let wrong = self.wrong;
        let kind = chance.next();
        // Two neighbours at once: where a limit on closures is reached, one must open for another to close.
        let is_move = if !self.option.is_empty() && kind < 0.2 {
            let site = chance.below(self.option.len());
            let other = self.neighbour(site, chance);
            self.change_this_site(site, chance) && self.change_this_site(other, chance)
        } else if self.parcels.is_empty() || kind < 0.5 {
            self.change_a_site(chance)
        } else if kind < 0.75 {
            self.move_a_parcel(chance)
        } else {
            self.swap_two_parcels(chance)
        };
        is_move && self.wrong <= wrong
    }

    /// Another option; who has to go goes where it is cheapest, and some come where there is room.
    fn change_a_site(&mut self, chance: &mut Chance) -> bool {
        if self.option.is_empty() {
            return false;
        }
        let site = chance.below(self.option.len());
        self.change_this_site(site, chance)
    }

    /// A site that something of this one could go to.
    fn neighbour(&self, site: usize, chance: &mut Chance) -> usize {
        let comers = &self.comers[site];
        if comers.is_empty() {
            return chance.below(self.option.len());
        }
        let candidates = &self.parcels[comers[chance.below(comers.len())].0].candidates;
        candidates[chance.below(candidates.len())].site
    }

    fn change_this_site(&mut self, site: usize, chance: &mut Chance) -> bool {
        let option = self.allowed[site][chance.below(self.allowed[site].len())];
        if option == self.option[site] {
            return false;
        }
        let gains_room = {
            let room = |o: usize| self.problem.sites[site].options[o].room.iter().sum::<f64>();
            room(option) > room(self.option[site])
        };
        self.take_option(site, option);
        let mut housed = self.housed[site].clone();
        while self.wrong_at(site) > 0 {
            let Some(n) =
                (!housed.is_empty()).then(|| housed.swap_remove(chance.below(housed.len())))
            else {
                return false;
            };
            let is_admitted = self.parcels[n].candidates[self.at[n]].admitted_by.contains(&option);
            if is_admitted && self.has_room(site, &[]) {
                continue;
            }
            if !self.send_away(n, chance) {
                return false;
            }
        }
        if gains_room && !self.comers[site].is_empty() {
            for _ in 0..4 {
                let (n, c) = self.comers[site][chance.below(self.comers[site].len())];
                if self.at[n] != c && self.can_take(n, c) {
                    let (mark, before) = (self.journal.len(), self.energy());
                    self.take_parcel(n, c);
                    if self.energy() > before {
                        self.undo_to(mark);
                    }
                }
            }
        }
        true
    }

    fn can_take(&self, n: usize, c: usize) -> bool {
        let parcel = &self.parcels[n];
        let candidate = &parcel.candidates[c];
        candidate.admitted_by.contains(&self.option[candidate.site])
            && self.has_room(candidate.site, &parcel.need)
    }

    /// To the cheapest place that takes it, or now and then the one after.
    fn send_away(&mut self, n: usize, chance: &mut Chance) -> bool {
        let site = self.parcels[n].candidates[self.at[n]].site;
        let mut last = None;
        for c in 0..self.parcels[n].candidates.len() {
            if self.parcels[n].candidates[c].site != site && self.can_take(n, c) {
                last = Some(c);
                if chance.next() < 0.7 {
                    break;
                }
            }
        }
        if let Some(c) = last {
            self.take_parcel(n, c);
            return true;
        }
        // Nowhere as things are: a site that takes another option for it, the first from a random one on.
        let candidates = self.parcels[n].candidates.len();
        let start = chance.below(candidates);
        for c in (start..candidates).chain(0..start) {
            if self.parcels[n].candidates[c].site != site && self.make_room(n, c) {
                self.take_parcel(n, c);
                return true;
            }
        }
        false
    }

    /// Whether the candidate's site now has an option that takes the parcel beside all it houses.
    fn make_room(&mut self, n: usize, c: usize) -> bool {
        let parcels = self.parcels;
        let (parcel, candidate) = (&parcels[n], &parcels[n].candidates[c]);
        let site = candidate.site;
        let now = self.option[site];
        let takes_all = |&o: &usize| {
            let room = &self.problem.sites[site].options[o].room;
            let mut each = room.iter().zip(&self.used[site]).zip(&parcel.need);
            o != now
                && candidate.admitted_by.contains(&o)
                && each.all(|((room, used), need)| used + need <= *room)
                && self.housed[site].iter().all(|&other| {
                    parcels[other].candidates[self.at[other]].admitted_by.contains(&o)
                })
        };
        let cost = |&o: &usize| self.problem.sites[site].options[o].cost;
        let options = self.allowed[site].iter().copied().filter(takes_all);
        let Some(cheapest) = options.min_by(|a, b| cost(a).total_cmp(&cost(b))) else {
            return false;
        };
        self.take_option(site, cheapest);
        true
    }

    fn move_a_parcel(&mut self, chance: &mut Chance) -> bool {
        let n = chance.below(self.parcels.len());
        let c = chance.below(self.parcels[n].candidates.len());
        if c == self.at[n] || !self.can_take(n, c) {
            return false;
        }
        self.take_parcel(n, c);
        true
    }

    /// One goes where another is, and that one where it is cheapest of what is left.
    fn swap_two_parcels(&mut self, chance: &mut Chance) -> bool {
        let n = chance.below(self.parcels.len());
        let c = chance.below(self.parcels[n].candidates.len());
        let there = self.parcels[n].candidates[c].site;
        if there == self.parcels[n].candidates[self.at[n]].site || self.housed[there].is_empty() {
            return false;
        }
        let other = self.housed[there][chance.below(self.housed[there].len())];
        let was = self.at[other];
        // Out of each other's way first: n leaves its room to the other.
        self.take_parcel(n, c);
        let candidates = self.parcels[other].candidates.len();
        let to = (0..candidates).find(|&to| {
            to != was
                && self.parcels[other].candidates[to].site != there
                && self.can_take(other, to)
        });
        let Some(to) = to else { return false };
        self.take_parcel(other, to);
        true
    }

    /// The mean change of a move, for the heat to begin with, and for the first prices of hard rules.
    fn typical_change(&mut self, chance: &mut Chance) -> f64 {
        let mut sum = 0.0;
        let mut moves: u32 = 0;
        for _ in 0..500 {
            let before = self.cost;
            if self.try_a_move(chance) {
                sum += (self.cost - before).abs();
                moves += 1;
            }
            self.undo_to(0);
        }
        let typical = if moves > 0 { sum / f64::from(moves) } else { 0.0 };
        self.is_free = typical == 0.0;
        let typical = if typical > 0.0 { typical } else { 1.0 };
        self.wrong_price = 10.0 * typical;
        self.least_wrong_price = self.wrong_price;
        let coefficients = self.typical_coefficients();
        for (meter, coefficient) in self.meters.iter_mut().zip(coefficients) {
            if meter.is_hard {
                meter.price = 2.0 * typical / coefficient;
                meter.least_price = 0.25 * meter.price;
            }
        }
        self.recount();
        typical
    }

    fn typical_coefficients(&self) -> Vec<f64> {
        let mut sums = vec![(0.0, 0.0); self.meters.len()];
        let options = self.option_terms.iter().flatten().flatten();
        let places = self.place_terms.iter().flatten().flatten();
        for &(meter, by) in options.chain(places).chain(&self.points) {
            let (sum, count) = &mut sums[meter];
            *sum += by.abs();
            *count += 1.0;
        }
        sums.into_iter().map(|(sum, count)| if sum > 0.0 { sum / count } else { 1.0 }).collect()
    }

    /// Between rounds: missed rules get dearer, kept ones a little cheaper, and drift is taken out.
    fn reprice(&mut self) {
        let wrong_price = self.wrong_price * if self.wrong == 0 { 0.98 } else { 1.1 };
        self.wrong_price =
            wrong_price.clamp(self.least_wrong_price, MOST_DEARER * self.least_wrong_price);
        for meter in self.meters.iter_mut().filter(|meter| meter.is_hard) {
            let price = meter.price * if meter.is_kept() { 0.98 } else { 1.1 };
            // A rule long kept must not become worth so little that it takes ages to be missed again, and one long missed
            // not so much that nothing else counts.
            meter.price = price.clamp(meter.least_price, MOST_DEARER * meter.least_price);
        }
        self.used.iter_mut().flatten().for_each(|used| *used = 0.0);
        for (parcel, &c) in self.parcels.iter().zip(&self.at) {
            let used = &mut self.used[parcel.candidates[c].site];
            used.iter_mut().zip(&parcel.need).for_each(|(used, need)| *used += need);
        }
        self.recount();
    }
}

/// Linear congruential, with Knuth's multiplier: the same on every machine.
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn of(seed: u32) -> Self {
        Self(
            u64::from(seed).wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(0x2545_f491_4f6c_dd1d),
        )
    }

    fn word(&mut self) -> u32 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        u32::try_from(self.0 >> 32).unwrap_or(0)
    }

    /// From 0 up to 1.
    pub(crate) fn next(&mut self) -> f64 {
        f64::from(self.word()) / 4_294_967_296.0
    }

    /// One of the first `n` numbers; `n` is at least 1.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        let n = u64::try_from(n).unwrap_or(1);
        usize::try_from((u64::from(self.word()) * n) >> 32).unwrap_or(0)
    }
}
