//! Problems of pure location: sites open or closed, units at open ones, room of one kind, and how many sites may be open.
//!
//! That is the p-median, the uncapacitated and the capacitated problem, whatever their names. For these the rule "every
//! unit is placed" can be priced out: what remains falls apart by site, is solved exactly, and gives a **proven bound**
//! for any prices. Near the best prices it also says what it costs at least to open a site, to close one, or to send a unit
//! to a place; what costs more than the best plan known is no part of a better one and need not be searched.

use crate::certificate::{Certificate, Prices};
use crate::outcome::{Plan, Share};
use crate::problem::{Limit, LimitTerm, Problem};

/// Fewer candidate places than this, and HiGHS is quicker alone.
const FEWEST_PLACES: usize = 4_000;
/// Prices are moved this often at most.
const MOST_STEPS: usize = 3_000;
/// Steps without a better bound after which the next ones are shorter.
const PATIENCE: usize = 20;
/// A step shorter than this, as a part of the distance to the best plan, is not worth taking.
const SHORTEST_STEP: f64 = 2e-4;
/// Steps spent on trying to settle one site, and on the prices after that.
const STEPS_OF_A_PROBE: usize = 80;
const STEPS_AFTER_PROBES: usize = 300;
/// Fewer steps than this settle nothing.
const FEWEST_PROBING: usize = 15;
/// Places looked at in all probes together: about a second.
const MOST_PROBING: usize = 400_000_000;
/// Between these the open sites of the moment are tried as a plan.
const TRIAL_EVERY: usize = 40;

/// A place of a unit, seen from its site.
#[derive(Debug, Clone, Copy)]
struct Arc {
    unit: usize,
    place: usize,
    cost: f64,
}

/// A site that is open or closed.
#[derive(Debug, Clone)]
struct Spot {
    /// The option under which it serves; `None` where locks leave none that does.
    open: Option<usize>,
    /// The option under which it does not; `None` where locks leave none.
    closed: Option<usize>,
    /// What being open costs more than being closed.
    cost: f64,
    /// Not finite where there is room for all.
    room: f64,
    arcs: Vec<Arc>,
}

/// A problem of pure location.
#[derive(Debug, Clone)]
pub(crate) struct Pure<'a> {
    problem: &'a Problem,
    spots: Vec<Spot>,
    /// By unit; nothing where there is no resource.
    needs: Vec<f64>,
    /// Cost whatever is chosen.
    base: f64,
    /// Least and most open sites; the least is also what the needs demand.
    least: usize,
    most: usize,
    /// The rule that says so.
    least_by: LeastBy,
    /// The limit that says so.
    most_by: Option<usize>,
    has_room_rule: bool,
    is_divisible: bool,
    /// Every plan worth having costs a whole number.
    is_counted: bool,
}

/// Why so many sites are open at least.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LeastBy {
    Nothing,
    Limit(usize),
    /// They must hold everything.
    Needs,
}

/// Prices of the units and what they prove.
#[derive(Debug, Clone)]
pub(crate) struct Dual {
    /// No plan is better than this.
    pub(crate) bound: f64,
    /// One a unit: what placing it is worth.
    pub(crate) prices: Vec<f64>,
    /// Added to the bound at least where this site is open, by site.
    open_adds: Vec<f64>,
    /// Added to the bound at least where this site is closed.
    closed_adds: Vec<f64>,
    /// What the dearest site that is open by choice adds; not finite where there is none.
    worst_chosen: f64,
    /// What the cheapest site that is closed by choice would add; not finite where there is none.
    best_left: f64,
}

impl Dual {
    /// What adding up a certificate may lose: rooms are a millionth larger there, as they are where a plan is checked.
    pub(crate) fn rounding(&self) -> f64 {
        let worth: f64 = self.prices.iter().map(|price| price.abs()).sum();
        1e-5 * (worth + self.bound.abs().max(1.0))
    }
}

/// What is left of a problem when plans that are surely too dear are left out.
#[derive(Debug, Clone)]
pub(crate) struct Core {
    /// With fewer options and fewer places.
    pub(crate) problem: Problem,
    /// By unit: which places of the whole problem are still there.
    places: Vec<Vec<usize>>,
    /// Nothing is left out.
    pub(crate) is_all: bool,
}

impl Core {
    /// A plan of the core as a plan of the whole.
    pub(crate) fn widen(&self, whole: &Problem, plan: &Plan) -> Plan {
        let shares = plan.shares.iter().zip(&self.places).map(|(shares, places)| {
            shares.iter().map(|s| Share { place: places[s.place], share: s.share }).collect()
        });
        Plan::of(whole, plan.options.clone(), shares.collect())
    }

    /// A plan of the whole as one of the core; `None` where it uses what is left out.
    pub(crate) fn narrow(&self, plan: &Plan) -> Option<Plan> {
        let options = self.problem.sites.iter().zip(&plan.options);
        let is_allowed = options.clone().all(|(site, &option)| site.allows(option));
        let shares = plan.shares.iter().zip(&self.places).map(|(shares, places)| {
            let narrow = |s: &Share| {
                let place = places.iter().position(|&p| p == s.place)?;
                Some(Share { place, share: s.share })
            };
            shares.iter().map(narrow).collect()
        });
        let shares: Option<Vec<Vec<Share>>> = shares.collect();
        is_allowed.then(|| Some(Plan::of(&self.problem, plan.options.clone(), shares?))).flatten()
    }
}

impl<'a> Pure<'a> {
    /// `None` where a problem has rules beyond these, or is so small that there is nothing to gain.
    pub(crate) fn of(problem: &'a Problem) -> Option<Self> {
        let places: usize = problem.units.iter().map(|unit| unit.places.len()).sum();
        (places >= FEWEST_PLACES).then(|| Self::of_any_size(problem)).flatten()
    }

    pub(crate) fn of_any_size(problem: &'a Problem) -> Option<Self> {
        let is_simple = problem.coverage.is_empty()
            && problem.resources.len() <= 1
            && !problem.units.is_empty()
            && problem.units.iter().all(|unit| unit.together.is_none());
        if !is_simple {
            return None;
        }
        let mut arcs: Vec<Vec<(usize, Arc)>> = vec![Vec::new(); problem.sites.len()];
        for (unit, of) in problem.units.iter().enumerate() {
            for (place, at) in of.places.iter().enumerate() {
                let site = &problem.sites[at.site];
                let mut admitting = at.admitted_by.iter().filter(|&&o| site.allows(o));
                let Some(&option) = admitting.next() else { continue };
                if admitting.any(|&other| other != option) {
                    return None;
                }
                arcs[at.site].push((option, Arc { unit, place, cost: at.cost }));
            }
        }
        let mut base = 0.0;
        let mut spots = Vec::new();
        for (site, arcs) in problem.sites.iter().zip(arcs) {
            let spot = spot(site, arcs)?;
            let dearer = |o: Option<usize>| o.map(|o| site.options[o].cost);
            base += dearer(spot.closed).or(dearer(spot.open)).unwrap_or(0.0);
            spots.push(spot);
        }
        let needs: Vec<f64> =
            problem.units.iter().map(|u| u.need.first().copied().unwrap_or(0.0)).collect();
        let total: f64 = needs.iter().sum();
        let has_room_rule = spots.iter().any(|spot| {
            spot.open.is_some() && spot.arcs.iter().map(|a| needs[a.unit]).sum::<f64>() > spot.room
        });
        let mut pure = Self {
            problem,
            spots,
            needs,
            base,
            least: 0,
            most: problem.sites.len(),
            least_by: LeastBy::Nothing,
            most_by: None,
            has_room_rule,
            is_divisible: problem.units.iter().any(|unit| unit.is_divisible),
            is_counted: false,
        };
        // Where room is short, parts of units cost parts of numbers.
        let is_number = |x: f64| x.fract() == 0.0 && x.abs() < 1e9;
        let costs = pure.spots.iter().flat_map(|s| s.arcs.iter().map(|a| a.cost).chain([s.cost]));
        pure.is_counted = !(has_room_rule && pure.is_divisible)
            && is_number(pure.base)
            && costs.into_iter().all(is_number);
        for (l, limit) in problem.limits.iter().enumerate() {
            pure.take_limit(l, limit)?;
        }
        let held_by = if has_room_rule { pure.sites_that_hold(total) } else { 0 };
        if held_by > pure.least {
            (pure.least, pure.least_by) = (held_by, LeastBy::Needs);
        }
        (pure.least <= pure.most).then_some(pure)
    }

    /// What a bound proves: where plans cost whole numbers, the next of them.
    pub(crate) fn proves(&self, bound: f64) -> f64 {
        if self.is_counted { (bound - 1e-7 * bound.abs().max(1.0)).ceil() } else { bound }
    }

    /// The prices of the bound by rule, with what they prove by themselves.
    ///
    /// The number of open sites has a price too: with it every site is open or closed for its own sake, and the same ones
    /// are open. A limit of 2.5 sites means three; what that adds no price proves, so it is not claimed.
    pub(crate) fn certificate(&self, dual: &Dual) -> Certificate {
        let mut prices = Prices::none(self.problem);
        prices.units.clone_from(&dual.prices);
        let mut bound = dual.bound;
        let asked = |limit: usize| &self.problem.limits[limit];
        let earned = dual.worst_chosen.max(0.0);
        if earned > 0.0 && earned.is_finite() {
            match self.least_by {
                LeastBy::Nothing => {}
                LeastBy::Limit(limit) => {
                    prices.lows[limit] = earned;
                    bound -=
                        earned * (self.least as f64 - asked(limit).low.unwrap_or(0.0)).max(0.0);
                }
                LeastBy::Needs => prices.in_use.iter_mut().for_each(|price| *price = earned),
            }
        }
        let paid = (-dual.best_left).max(0.0);
        if let Some(limit) = self.most_by.filter(|_| paid > 0.0 && paid.is_finite()) {
            prices.highs[limit] = paid;
            bound -= paid * (asked(limit).high.unwrap_or(0.0) - self.most as f64).max(0.0);
        }
        Certificate { bound, prices }
    }

    /// A limit on how many sites are open; `None` where it is another.
    fn take_limit(&mut self, number: usize, limit: &Limit) -> Option<()> {
        if limit.price.is_some() || limit.terms.len() != self.spots.len() {
            return None;
        }
        let mut is_seen = vec![false; self.spots.len()];
        for term in &limit.terms {
            let LimitTerm::Option { site, option, by } = *term else { return None };
            if by.total_cmp(&1.0).is_ne() {
                return None;
            }
            let is_open = self.spots[site].open == Some(option);
            // A site that cannot open counts for nothing either way.
            if is_seen[site] || !(is_open || self.spots[site].open.is_none()) {
                return None;
            }
            if self.spots[site].open.is_none() && self.spots[site].closed == Some(option) {
                return None;
            }
            is_seen[site] = true;
        }
        let whole = |x: f64| {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
            let whole = x.clamp(0.0, 1e9) as usize;
            whole
        };
        let near = 1e-6;
        if let Some(low) = limit.low {
            let low = whole((low - near).ceil());
            if low > self.least {
                (self.least, self.least_by) = (low, LeastBy::Limit(number));
            }
        }
        if let Some(high) = limit.high {
            if high < 0.0 {
                return None;
            }
            let high = whole((high + near).floor());
            if high < self.most {
                (self.most, self.most_by) = (high, Some(number));
            }
        }
        Some(())
    }

    /// How many sites it takes at least to hold so much.
    fn sites_that_hold(&self, total: f64) -> usize {
        let mut rooms: Vec<f64> =
            self.spots.iter().filter(|spot| spot.open.is_some()).map(|spot| spot.room).collect();
        // As generous as the check of a plan: a site may be a little too full, a unit a little short of whole.
        for room in &mut rooms {
            *room = room.max(0.0) + 2e-6 * room.max(1.0);
        }
        rooms.sort_by(|a, b| b.total_cmp(a));
        let enough = total * (1.0 - 2e-6);
        let mut held = 0.0;
        for (n, room) in rooms.iter().enumerate() {
            if held >= enough {
                return n;
            }
            held += room;
        }
        rooms.len()
    }

    fn can_choose(&self, i: usize) -> bool {
        self.spots[i].open.is_some() && self.spots[i].closed.is_some()
    }

    /// Moves prices until the bound stands still. Offers plans on the way; `best` is the cost of the best known.
    pub(crate) fn best_prices(
        &self,
        best: Option<f64>,
        offer: &mut dyn FnMut(Plan),
        is_over: &mut dyn FnMut() -> bool,
    ) -> Dual {
        let mut climb = Climb::of(self, self.first_prices());
        let mut known = best;
        for n in 0..MOST_STEPS {
            if n % TRIAL_EVERY == 0 {
                if is_over() {
                    break;
                }
                if let Some((plan, cost)) = self.plan_with(&climb.relaxed.is_open)
                    && known.is_none_or(|best| cost < best)
                {
                    known = Some(cost);
                    offer(plan);
                }
            }
            let known = known.unwrap_or(f64::INFINITY);
            if known <= self.proves(climb.bound) || !climb.step(self, known) {
                break;
            }
        }
        self.dual(climb)
    }

    /// The same problem with every site settled whose other choice leads beyond this cost, and prices for it.
    ///
    /// Sites are tried one by one: forced the other way, do a few more steps of the prices prove more than `beyond`? What
    /// is settled helps with the next, and no plan that goes against any of it costs less than `beyond`.
    pub(crate) fn settled(
        &self,
        dual: &Dual,
        beyond: f64,
        is_over: &mut dyn FnMut() -> bool,
    ) -> (Self, Dual) {
        let mut pure = self.clone();
        let slack = beyond - dual.bound;
        let mut open_to_both = Vec::new();
        for i in (0..pure.spots.len()).filter(|&i| self.can_choose(i)) {
            if dual.open_adds[i] > slack {
                pure.spots[i].open = None;
            } else if dual.closed_adds[i] > slack {
                pure.spots[i].closed = None;
            } else {
                open_to_both.push(i);
            }
        }
        let adds = |i: usize| dual.open_adds[i].max(dual.closed_adds[i]);
        open_to_both.sort_by(|&a, &b| adds(b).total_cmp(&adds(a)).then(a.cmp(&b)));
        let arcs: usize = self.spots.iter().map(|spot| spot.arcs.len()).sum();
        let afford = MOST_PROBING.checked_div(arcs * open_to_both.len()).unwrap_or(0);
        let steps = if afford >= FEWEST_PROBING { afford.min(STEPS_OF_A_PROBE) } else { 0 };
        for i in open_to_both {
            if steps == 0 || is_over() {
                break;
            }
            let spot = (pure.spots[i].open, pure.spots[i].closed);
            let is_open = dual.closed_adds[i] > dual.open_adds[i];
            let other = if is_open { (None, spot.1) } else { (spot.0, None) };
            (pure.spots[i].open, pure.spots[i].closed) = other;
            let mut climb = Climb::of(&pure, dual.prices.clone());
            let mut left = steps;
            while left > 0 && climb.bound <= beyond && climb.step(&pure, beyond * (1.0 + 1e-6)) {
                left -= 1;
            }
            let is_beyond = climb.bound > beyond;
            let settled = if is_open { (spot.0, None) } else { (None, spot.1) };
            (pure.spots[i].open, pure.spots[i].closed) = if is_beyond { settled } else { spot };
        }
        let mut climb = Climb::of(&pure, dual.prices.clone());
        let mut left = STEPS_AFTER_PROBES;
        while left > 0 && !is_over() && climb.step(&pure, beyond) {
            left -= 1;
        }
        let dual = pure.dual(climb);
        (pure, dual)
    }

    /// What each unit costs where it is cheapest, with its part of opening that site.
    fn first_prices(&self) -> Vec<f64> {
        let mut prices = vec![f64::INFINITY; self.needs.len()];
        for spot in self.spots.iter().filter(|spot| spot.open.is_some()) {
            let each =
                if self.has_room_rule && spot.room > 0.0 { spot.cost / spot.room } else { 0.0 };
            for arc in &spot.arcs {
                let cost = arc.cost + each.max(0.0) * self.needs[arc.unit];
                prices[arc.unit] = prices[arc.unit].min(cost);
            }
        }
        prices.into_iter().map(|price| if price.is_finite() { price } else { 0.0 }).collect()
    }

    fn dual(&self, climb: Climb) -> Dual {
        let Climb { best_prices: prices, bound, best_values: values, .. } = climb;
        let chosen = self.choose(&values);
        let mut worst_chosen = f64::NEG_INFINITY;
        let mut best_left = f64::INFINITY;
        for i in (0..values.len()).filter(|&i| self.can_choose(i)) {
            if chosen.is_open[i] {
                worst_chosen = worst_chosen.max(values[i]);
            } else {
                best_left = best_left.min(values[i]);
            }
        }
        let mut open_adds = vec![0.0; values.len()];
        let mut closed_adds = vec![0.0; values.len()];
        for (i, &value) in values.iter().enumerate() {
            if self.spots[i].open.is_none() {
                open_adds[i] = f64::INFINITY;
            } else if self.spots[i].closed.is_none() {
                closed_adds[i] = f64::INFINITY;
            } else if chosen.is_open[i] {
                let alone = if chosen.count > self.least { -value } else { f64::INFINITY };
                closed_adds[i] = alone.min(best_left - value).max(0.0);
            } else {
                let alone = if chosen.count < self.most { value } else { f64::INFINITY };
                open_adds[i] = alone.min(value - worst_chosen).max(0.0);
            }
        }
        Dual { bound, prices, open_adds, closed_adds, worst_chosen, best_left }
    }

    /// The sites whose values add up to least, as many as there may be.
    fn choose(&self, values: &[f64]) -> Chosen {
        let mut is_open = vec![false; values.len()];
        let (mut count, mut sum) = (0, 0.0);
        for (i, spot) in self.spots.iter().enumerate() {
            if spot.open.is_some() && spot.closed.is_none() {
                is_open[i] = true;
                count += 1;
                sum += values[i];
            }
        }
        let mut free: Vec<usize> = (0..values.len()).filter(|&i| self.can_choose(i)).collect();
        free.sort_by(|&a, &b| values[a].total_cmp(&values[b]).then(a.cmp(&b)));
        for i in free {
            if count >= self.most || (count >= self.least && values[i] >= 0.0) {
                break;
            }
            is_open[i] = true;
            count += 1;
            sum += values[i];
        }
        Chosen { is_open, count, sum }
    }

    /// The best plan near these open sites that is found at once: none where room is short, which is left to the search.
    fn plan_with(&self, is_open: &[bool]) -> Option<(Plan, f64)> {
        if self.has_room_rule {
            return None;
        }
        let mut exchange = Exchange::of(self, is_open);
        exchange.improve(self);
        // Locks alone may open too many.
        let is_counted = (self.least..=self.most).contains(&exchange.count);
        is_counted.then(|| exchange.plan(self)).flatten()
    }

    /// The problem without what adds more than `slack` to the bound.
    pub(crate) fn core(&self, dual: &Dual, slack: f64) -> Core {
        let mut problem = self.problem.clone();
        let mut is_all = true;
        for (i, spot) in self.spots.iter().enumerate() {
            let (Some(open), Some(closed)) = (spot.open, spot.closed) else {
                let settled = spot.open.or(spot.closed);
                is_all &= (0..problem.sites[i].options.len())
                    .all(|o| !problem.sites[i].allows(o) || Some(o) == settled);
                problem.sites[i].allowed = settled.into_iter().collect();
                continue;
            };
            if dual.open_adds[i] > slack {
                problem.sites[i].allowed = vec![closed];
                is_all = false;
            } else if dual.closed_adds[i] > slack {
                problem.sites[i].allowed = vec![open];
                is_all = false;
            }
        }
        let mut places: Vec<Vec<usize>> = vec![Vec::new(); problem.units.len()];
        // A part of a unit, however small, may go anywhere at a price as small: only whole ones can be ruled out.
        let is_whole = !(self.has_room_rule && self.is_divisible);
        for (i, spot) in self.spots.iter().enumerate() {
            for arc in &spot.arcs {
                let dearer = (arc.cost - dual.prices[arc.unit]).max(0.0);
                let adds = dual.open_adds[i] + if is_whole { dearer } else { 0.0 };
                if adds <= slack {
                    places[arc.unit].push(arc.place);
                } else {
                    is_all = false;
                }
            }
        }
        for (unit, places) in problem.units.iter_mut().zip(&mut places) {
            places.sort_unstable();
            // Nowhere to go: all places, so that the core stays a problem. No plan uses a site that is shut.
            if places.is_empty() {
                places.extend(0..unit.places.len());
            }
            let kept = places.iter().map(|&p| unit.places[p].clone()).collect();
            unit.today = unit.today.and_then(|today| places.iter().position(|&p| p == today));
            unit.places = kept;
        }
        if self.has_room_rule && self.least > 0 {
            problem.limits.push(self.enough_sites());
        }
        Core { problem, places, is_all }
    }

    /// What rules (2) and (4) say together of the number of open sites; the relaxation does not know that it is whole.
    fn enough_sites(&self) -> Limit {
        let spots = self.spots.iter().enumerate();
        let terms = spots.filter_map(|(site, spot)| {
            Some(LimitTerm::Option { site, option: spot.open?, by: 1.0 })
        });
        Limit {
            name: "sites that hold everything".to_owned(),
            family: "implied".to_owned(),
            terms: terms.collect(),
            low: Some(self.least as f64),
            high: None,
            price: None,
        }
    }
}

struct Chosen {
    is_open: Vec<bool>,
    count: usize,
    sum: f64,
}

fn spot(site: &crate::Site, arcs: Vec<(usize, Arc)>) -> Option<Spot> {
    let open = arcs.first().map(|(option, _)| *option);
    if arcs.iter().any(|(option, _)| Some(*option) != open) {
        return None;
    }
    let mut rest = (0..site.options.len()).filter(|&o| site.allows(o) && Some(o) != open);
    let closed = rest.next();
    if rest.next().is_some() {
        return None;
    }
    let cost = |o: Option<usize>| o.map(|o| site.options[o].cost);
    let more = match (cost(open), cost(closed)) {
        (Some(open), Some(closed)) => open - closed,
        _ => 0.0,
    };
    let room = open.and_then(|o| site.options[o].room.first()).copied().unwrap_or(f64::INFINITY);
    let arcs = arcs.into_iter().map(|(_, arc)| arc).collect();
    Some(Spot { open, closed, cost: more, room, arcs })
}

/// Prices on their way to the best bound (the volume algorithm).
struct Climb {
    relaxed: Relaxed,
    prices: Vec<f64>,
    bound: f64,
    best_prices: Vec<f64>,
    best_values: Vec<f64>,
    direction: Vec<f64>,
    step: f64,
    since_better: usize,
}

impl Climb {
    fn of(pure: &Pure<'_>, prices: Vec<f64>) -> Self {
        let mut relaxed = Relaxed::of(pure);
        relaxed.solve(pure, &prices);
        Self {
            bound: relaxed.bound,
            best_prices: prices.clone(),
            best_values: relaxed.values.clone(),
            direction: relaxed.missing.clone(),
            prices,
            relaxed,
            step: 1.0,
            since_better: 0,
        }
    }

    /// One step towards `goal`, what the best plan is known to cost; `false` where there is nothing left to gain.
    fn step(&mut self, pure: &Pure<'_>, goal: f64) -> bool {
        let goal = goal.min(self.bound + 0.02 * self.bound.abs().max(1e-9));
        let far = goal - self.bound;
        let size: f64 = self.direction.iter().map(|x| x * x).sum();
        if far <= 1e-9 * self.bound.abs() || size < 1e-12 || self.step < SHORTEST_STEP {
            return false;
        }
        let by = self.step * far / size;
        let towards = self.best_prices.iter().zip(&self.direction);
        for (price, (best, towards)) in self.prices.iter_mut().zip(towards) {
            *price = best + by * towards;
        }
        self.relaxed.solve(pure, &self.prices);
        // The new direction mixes what is missing now with what was missing so far.
        let (mut across, mut change, mut agrees) = (0.0, 0.0, 0.0);
        for (now, before) in self.relaxed.missing.iter().zip(&self.direction) {
            across += before * (before - now);
            change += (now - before) * (now - before);
            agrees += now * before;
        }
        let part = if change > 0.0 { (across / change).clamp(0.01, 0.1) } else { 0.1 };
        for (towards, now) in self.direction.iter_mut().zip(&self.relaxed.missing) {
            *towards += part * (now - *towards);
        }
        if self.relaxed.bound > self.bound {
            let gain = self.relaxed.bound - self.bound;
            self.bound = self.relaxed.bound;
            self.best_prices.copy_from_slice(&self.prices);
            self.best_values.copy_from_slice(&self.relaxed.values);
            if agrees > 0.0 {
                self.step = f64::min(2.0, self.step * 1.1);
            }
            if gain > 1e-6 * self.bound.abs() {
                self.since_better = 0;
            }
        } else {
            self.since_better += 1;
            if self.since_better >= PATIENCE {
                self.since_better = 0;
                self.step *= 0.66;
            }
        }
        true
    }
}

/// The problem at given prices: every site for itself.
struct Relaxed {
    bound: f64,
    /// By site: what it adds to the bound if open.
    values: Vec<f64>,
    is_open: Vec<bool>,
    /// By unit: 1 less the parts of it that are placed.
    missing: Vec<f64>,
    /// Who would come to each site, and in what part.
    takes: Vec<Vec<(usize, f64)>>,
    /// What a unit that would come saves for its size and in all, its need, its number.
    worth: Vec<(f64, f64, f64, usize)>,
}

impl Relaxed {
    fn of(pure: &Pure<'_>) -> Self {
        let sites = pure.spots.len();
        Self {
            bound: f64::NEG_INFINITY,
            values: vec![0.0; sites],
            is_open: vec![false; sites],
            missing: vec![0.0; pure.needs.len()],
            takes: vec![Vec::new(); sites],
            worth: Vec::new(),
        }
    }

    fn solve(&mut self, pure: &Pure<'_>, prices: &[f64]) {
        for (i, spot) in pure.spots.iter().enumerate() {
            self.values[i] = if spot.open.is_some() {
                spot.cost + self.fill(i, pure, spot, prices)
            } else {
                0.0
            };
        }
        let chosen = pure.choose(&self.values);
        self.bound = pure.base + prices.iter().sum::<f64>() + chosen.sum;
        self.is_open = chosen.is_open;
        self.missing.fill(1.0);
        for (takes, _) in self.takes.iter().zip(&self.is_open).filter(|(_, is_open)| **is_open) {
            for &(unit, part) in takes {
                self.missing[unit] -= part;
            }
        }
    }

    /// The least that the units at a site can add; they are cut to fit.
    fn fill(&mut self, i: usize, pure: &Pure<'_>, spot: &Spot, prices: &[f64]) -> f64 {
        let takes = &mut self.takes[i];
        takes.clear();
        let mut sum = 0.0;
        if !pure.has_room_rule {
            for arc in &spot.arcs {
                let adds = arc.cost - prices[arc.unit];
                if adds < 0.0 {
                    sum += adds;
                    takes.push((arc.unit, 1.0));
                }
            }
            return sum;
        }
        self.worth.clear();
        let mut needed = 0.0;
        for arc in &spot.arcs {
            let adds = arc.cost - prices[arc.unit];
            if adds < 0.0 {
                let need = pure.needs[arc.unit];
                needed += need;
                let each = if need > 0.0 { adds / need } else { f64::NEG_INFINITY };
                self.worth.push((each, adds, need, arc.unit));
            }
        }
        let mut left = spot.room.max(0.0);
        if needed > left {
            // What saves most for its size first; what needs nothing before all.
            self.worth.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.3.cmp(&b.3)));
        }
        for &(_, adds, need, unit) in &self.worth {
            if need <= left {
                left -= need;
                sum += adds;
                takes.push((unit, 1.0));
            } else if left > 0.0 {
                let part = left / need;
                left = 0.0;
                sum += adds * part;
                takes.push((unit, part));
            }
        }
        sum
    }
}

/// Open sites of a problem without room rule, improved by opening, closing and swapping, each unit at its nearest.
struct Exchange {
    is_open: Vec<bool>,
    count: usize,
    /// By unit: its nearest open site with the place there, and the cost there and at the second nearest.
    nearest: Vec<(usize, usize)>,
    first: Vec<f64>,
    second: Vec<f64>,
    /// Stands for the cost of a unit that no open site serves.
    far: f64,
}

impl Exchange {
    fn of(pure: &Pure<'_>, is_open: &[bool]) -> Self {
        let largest = pure.spots.iter().flat_map(|s| &s.arcs).fold(1.0, |m, a| f64::max(m, a.cost));
        let units = pure.needs.len();
        let mut exchange = Self {
            is_open: is_open.to_vec(),
            count: is_open.iter().filter(|open| **open).count(),
            nearest: vec![(usize::MAX, 0); units],
            first: vec![0.0; units],
            second: vec![0.0; units],
            far: 1e4 * largest,
        };
        exchange.look_around(pure);
        exchange
    }

    fn look_around(&mut self, pure: &Pure<'_>) {
        self.nearest.fill((usize::MAX, 0));
        self.first.fill(self.far);
        self.second.fill(self.far);
        for (i, spot) in pure.spots.iter().enumerate().filter(|(i, _)| self.is_open[*i]) {
            for arc in &spot.arcs {
                if arc.cost < self.first[arc.unit] {
                    self.second[arc.unit] = self.first[arc.unit];
                    self.first[arc.unit] = arc.cost;
                    self.nearest[arc.unit] = (i, arc.place);
                } else if arc.cost < self.second[arc.unit] {
                    self.second[arc.unit] = arc.cost;
                }
            }
        }
    }

    /// Takes the best opening, closing or swap until none gains.
    fn improve(&mut self, pure: &Pure<'_>) {
        let sites = pure.spots.len();
        let mut losses = vec![0.0; sites];
        let mut with_new = vec![0.0; sites];
        // A swap gains each time, so this ends; the figure is a guard against rounding.
        for _ in 0..10 * sites {
            losses.fill(0.0);
            for (unit, &(site, _)) in self.nearest.iter().enumerate().filter(|(_, n)| n.0 < sites) {
                losses[site] += self.second[unit] - self.first[unit];
            }
            let open: Vec<usize> = (0..sites).filter(|&i| self.is_open[i]).collect();
            let may_close: Vec<usize> =
                open.iter().copied().filter(|&i| pure.can_choose(i)).collect();
            let mut best = (-1e-9 * self.far, None, None);
            if self.count > pure.least {
                for &i in &may_close {
                    let change = losses[i] - pure.spots[i].cost;
                    if change < best.0 {
                        best = (change, None, Some(i));
                    }
                }
            }
            for new in (0..sites).filter(|&i| !self.is_open[i] && pure.can_choose(i)) {
                let mut change = pure.spots[new].cost;
                for &i in &may_close {
                    with_new[i] = losses[i] - pure.spots[i].cost;
                }
                for arc in &pure.spots[new].arcs {
                    let (first, second) = (self.first[arc.unit], self.second[arc.unit]);
                    if arc.cost >= second {
                        continue;
                    }
                    let saved = (first - arc.cost).max(0.0);
                    change -= saved;
                    let site = self.nearest[arc.unit].0;
                    if site < sites {
                        with_new[site] -= second - first.max(arc.cost);
                    }
                }
                if self.count < pure.most && change < best.0 {
                    best = (change, Some(new), None);
                }
                for &i in &may_close {
                    if change + with_new[i] < best.0 {
                        best = (change + with_new[i], Some(new), Some(i));
                    }
                }
            }
            let (_, opened, closed) = best;
            if opened.is_none() && closed.is_none() {
                break;
            }
            if let Some(i) = opened {
                self.is_open[i] = true;
                self.count += 1;
            }
            if let Some(i) = closed {
                self.is_open[i] = false;
                self.count -= 1;
            }
            self.look_around(pure);
        }
    }

    fn plan(&self, pure: &Pure<'_>) -> Option<(Plan, f64)> {
        let option =
            |(i, spot): (usize, &Spot)| if self.is_open[i] { spot.open } else { spot.closed };
        let options: Option<Vec<usize>> = pure.spots.iter().enumerate().map(option).collect();
        let sites = pure.spots.len();
        let place = |&(site, place): &(usize, usize)| {
            (site < sites).then(|| vec![Share { place, share: 1.0 }])
        };
        let shares: Option<Vec<Vec<Share>>> = self.nearest.iter().map(place).collect();
        let plan = Plan::of(pure.problem, options?, shares?);
        let cost = plan.cost(pure.problem);
        Some((plan, cost))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::classic::{self, CLOSED, Customer, Division, OPEN, Source};
    use crate::solve::{Way, solve_by};
    use crate::{Settings, Status, check};

    /// The least cost over all sets of open sites, each unit at its nearest: right where there is room for all.
    fn best_of_all_sets(problem: &Problem) -> Option<f64> {
        let sites = problem.sites.len();
        let of_set = |set: u32| {
            let options: Vec<usize> =
                (0..sites).map(|i| if set >> i & 1 == 1 { OPEN } else { CLOSED }).collect();
            let nearest = |unit: &crate::Unit| {
                let places = unit.places.iter().enumerate();
                let open = places.filter(|(_, place)| options[place.site] == OPEN);
                let (place, _) = open.min_by(|a, b| a.1.cost.total_cmp(&b.1.cost))?;
                Some(vec![Share { place, share: 1.0 }])
            };
            let shares: Option<_> = problem.units.iter().map(nearest).collect();
            let plan = Plan::of(problem, options.clone(), shares?);
            check(problem, &plan).is_empty().then(|| plan.cost(problem))
        };
        (0..1_u32 << sites).filter_map(of_set).reduce(f64::min)
    }

    /// A capacitated problem, a count of open sites, locks: each of them or none.
    fn pure_problem() -> impl Strategy<Value = Problem> {
        let figure = |most: i32| (0..most).prop_map(f64::from);
        let source =
            (figure(30), figure(30)).prop_map(|(capacity, cost)| Source { capacity, cost });
        let sources = prop::collection::vec(source, 2..7);
        sources.prop_flat_map(move |sources| {
            let sites = sources.len();
            let cost = prop_oneof![5 => figure(20), 1 => Just(f64::INFINITY)];
            let customer = (figure(9), prop::collection::vec(cost, sites))
                .prop_filter("somewhere to go", |(_, costs)| costs.iter().any(|c| c.is_finite()))
                .prop_map(|(demand, costs)| Customer { demand, costs });
            (
                Just(sources),
                prop::collection::vec(customer, 1..8),
                any::<bool>(),
                any::<bool>(),
                prop::option::of(0..=sites),
                prop::collection::vec(0..8_u8, sites),
            )
                .prop_map(
                    |(mut sources, customers, has_room, is_divisible, count, locks)| {
                        if has_room {
                            for source in &mut sources {
                                source.capacity = 100.0;
                            }
                        }
                        let division =
                            if is_divisible { Division::Divisible } else { Division::Indivisible };
                        let mut problem = classic::capacitated(&sources, &customers, division);
                        if let Some(p) = count {
                            problem.limits.push(classic::exactly(sources.len(), p, "p"));
                        }
                        for (site, lock) in problem.sites.iter_mut().zip(locks) {
                            match lock {
                                0 => site.allowed = vec![OPEN],
                                1 => site.allowed = vec![CLOSED],
                                _ => {}
                            }
                        }
                        problem
                    },
                )
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

        #[test]
        fn what_prices_leave_holds_the_best_plan(problem in pure_problem()) {
            let settings = Settings::default();

            let narrowed = solve_by(Way::Narrowed, &problem, &settings, &mut ());
            let whole = solve_by(Way::Whole, &problem, &settings, &mut ());

            prop_assert_eq!(&narrowed.trouble, &None);
            prop_assert_eq!(narrowed.status, whole.status, "{:?}", narrowed);
            if let (Some(ours), Some(theirs)) = (narrowed.objective, whole.objective) {
                prop_assert!((ours - theirs).abs() < 1e-6, "{} and {}", ours, theirs);
                prop_assert!(narrowed.bound.unwrap() <= theirs + 1e-6);
                if let Some(certificate) = narrowed.certificate {
                    prop_assert!(certificate.bound <= narrowed.bound.unwrap() + 1e-9);
                }
                prop_assert_eq!(check(&problem, &narrowed.plan.unwrap()), vec![]);
            }
        }

        #[test]
        fn what_prices_prove_is_proved_again_by_code_that_did_not_find_them(
            problem in pure_problem(),
            steps in 0..200_usize,
        ) {
            let Some(pure) = Pure::of_any_size(&problem) else { return Ok(()) };
            let mut left = steps;
            let mut is_over = || { left = left.saturating_sub(1); left == 0 };
            let dual = pure.best_prices(None, &mut |_| {}, &mut is_over);
            let certificate = pure.certificate(&dual);

            let proved = certificate.proves(&problem).unwrap();

            // No limit here asks for part of a site, so all of the bound is certified.
            prop_assert!((certificate.bound - dual.bound).abs() < 1e-9);
            prop_assert!(proved >= dual.bound - dual.rounding(), "{} and {}", proved, dual.bound);
            let best = if pure.has_room_rule {
                solve_by(Way::Whole, &problem, &Settings::default(), &mut ()).objective
            } else {
                best_of_all_sets(&problem)
            };
            if let Some(best) = best {
                prop_assert!(proved <= best + 1e-6 * best.abs().max(1.0), "{} and {}", proved, best);
            }
        }

        #[test]
        fn any_prices_prove_a_bound_and_what_opening_and_closing_adds(
            problem in pure_problem(),
            steps in 0..40_usize,
        ) {
            let Some(pure) = Pure::of_any_size(&problem) else { return Ok(()) };
            let mut left = steps;
            let mut is_over = || { left = left.saturating_sub(1); left == 0 };
            let dual = pure.best_prices(None, &mut |_| {}, &mut is_over);

            let best = |problem: &Problem| {
                let outcome = solve_by(Way::Whole, problem, &Settings::default(), &mut ());
                let is_settled = matches!(outcome.status, Status::Optimal | Status::Infeasible);
                assert!(is_settled, "{outcome:?}");
                outcome.objective.unwrap_or(f64::INFINITY)
            };
            prop_assert!(dual.bound <= best(&problem) + 1e-6);
            for i in 0..problem.sites.len() {
                for (option, adds) in [(OPEN, dual.open_adds[i]), (CLOSED, dual.closed_adds[i])] {
                    if !problem.sites[i].allows(option) || !adds.is_finite() {
                        continue;
                    }
                    let mut forced = problem.clone();
                    forced.sites[i].allowed = vec![option];
                    prop_assert!(dual.bound + adds <= best(&forced) + 1e-6);
                }
            }
        }
    }
}
