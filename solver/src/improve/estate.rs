//! A plan in the making, with everything that a step changes kept up to date.
//!
//! A rule may be broken on the way, at a price: a site that holds a little too much today is how two services come to
//! change places tomorrow.

use super::figures::{Figures, Parts};
use super::parcels::{Candidate, LAST_BIT, Parcel, bit};
use crate::outcome::{Plan, Share};
use crate::problem::Problem;

/// What room is worth at the beginning and how many times more at the end, as multiples of what it costs on the average.
const ROOM_AT_FIRST: f64 = 2.0;
const ROOM_RISES: f64 = 5.0;
/// And how many times more while it is missed.
const MOST_DEARER_ROOM: f64 = 50.0;
/// A site that is too full is charged as if it were this much of a mean need fuller, or a little too full would cost too little.
const TOO_FULL: f64 = 0.25;
/// What a missed rule costs at the beginning and how many times more at the end, as multiples of its least price.
const RULES_AT_FIRST: f64 = 0.7;
const RULES_RISE: f64 = 40.0;
/// From this part of the way on, what is missed gets dearer by and by.
const LATE: f64 = 0.4;

/// Turns kept that help a figure: those looked at are many times more, and looked at again and again.
const MOST_HELPS: usize = 300;

/// A step that was taken, for taking it back.
enum Step {
    Option { site: usize, was: usize },
    Parcel { parcel: usize, was: usize },
}

/// A step to take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Turn {
    Option { site: usize, option: usize },
    Parcel { parcel: usize, candidate: usize },
}

/// A parcel at one of its candidates: all that a move looks at, side by side.
struct Stay {
    site: usize,
    /// Bits of the options that admit it.
    mask: u64,
    cost: f64,
    does: Parts,
}

/// Where moves begin: neither list is empty.
pub(super) struct Focus {
    pub(super) parcels: Vec<usize>,
    pub(super) sites: Vec<usize>,
}

impl Focus {
    fn of(is_here: &[bool], is_near: &[bool]) -> Option<Self> {
        let chosen = |of: &[bool]| (0..of.len()).filter(|&n| of[n]).collect::<Vec<_>>();
        let (parcels, sites) = (chosen(is_near), chosen(is_here));
        (!parcels.is_empty() && !sites.is_empty()).then_some(Self { parcels, sites })
    }
}

pub(super) struct Estate<'a> {
    pub(super) problem: &'a Problem,
    pub(super) parcels: &'a [Parcel],
    /// By site.
    pub(super) option: Vec<usize>,
    pub(super) allowed: Vec<Vec<usize>>,
    pub(super) housed: Vec<Vec<usize>>,
    /// By site: parcels and candidates that may come.
    pub(super) comers: Vec<Vec<(u32, u32)>>,
    /// By parcel: its candidate, its site, and where among the housed it is.
    pub(super) at: Vec<usize>,
    home: Vec<usize>,
    position: Vec<usize>,
    /// By parcel and resource.
    needs: Vec<f64>,
    /// By site and resource.
    used: Vec<f64>,
    room: Vec<f64>,
    /// By site: what it is charged for being too full.
    crowded: Vec<f64>,
    /// By resource: what room costs on the average, what it is charged when missed, and how much a full site is charged more.
    room_cost: Vec<f64>,
    room_price: Vec<f64>,
    too_full: Vec<f64>,
    room_dearer: f64,
    /// By parcel: number of its first candidate.
    first_candidate: Vec<usize>,
    stays: Vec<Stay>,
    /// By site and option: what it does.
    does: Vec<Vec<Parts>>,
    figures: Figures,
    /// What options and places cost.
    spent: f64,
    /// What we charge for rooms that are too full, and how many sites have some.
    crowding: f64,
    overfull: usize,
    /// Parcels not admitted where they are.
    pub(super) strangers: usize,
    stranger_price: f64,
    /// No move changes what the plan costs: any plan will do.
    pub(super) is_free: bool,
    /// `None` is everywhere.
    pub(super) focus: Option<Focus>,
    journal: Vec<Step>,
}

impl<'a> Estate<'a> {
    /// Every site as it is today and every parcel where it is today, or else where it is cheapest.
    pub(super) fn of(problem: &'a Problem, parcels: &'a [Parcel]) -> Self {
        let (sites, resources) = (problem.sites.len(), problem.resources.len());
        let (figures, deeds) = Figures::of(problem);
        let mut estate = Self {
            problem,
            parcels,
            option: Vec::new(),
            allowed: Vec::new(),
            housed: vec![Vec::new(); sites],
            comers: vec![Vec::new(); sites],
            at: vec![0; parcels.len()],
            home: vec![0; parcels.len()],
            position: vec![0; parcels.len()],
            needs: parcels.iter().flat_map(|parcel| parcel.need.iter().copied()).collect(),
            used: vec![0.0; sites * resources],
            room: Vec::new(),
            crowded: vec![0.0; sites],
            room_cost: vec![0.0; resources],
            room_price: vec![0.0; resources],
            too_full: vec![0.0; resources],
            room_dearer: 1.0,
            first_candidate: Vec::new(),
            stays: Vec::new(),
            does: Vec::new(),
            figures,
            spent: 0.0,
            crowding: 0.0,
            overfull: 0,
            strangers: 0,
            stranger_price: 0.0,
            is_free: false,
            focus: None,
            journal: Vec::new(),
        };
        for (site, terms) in problem.sites.iter().zip(&deeds.of_options) {
            let allowed: Vec<usize> = (0..site.options.len()).filter(|&o| site.allows(o)).collect();
            let option = if site.allows(site.today) { site.today } else { allowed[0] };
            estate.room.extend(&site.options[option].room);
            estate.option.push(option);
            estate.allowed.push(allowed);
            let does = terms.iter().map(|terms| estate.figures.parts(&[], terms)).collect();
            estate.does.push(does);
        }
        for (n, parcel) in parcels.iter().enumerate() {
            estate.first_candidate.push(estate.stays.len());
            for (c, candidate) in parcel.candidates.iter().enumerate() {
                let of = || parcel.units.iter().zip(&candidate.places);
                // What goes together serves together: once.
                let points: Vec<usize> =
                    of().flat_map(|(&unit, &place)| &deeds.serves[unit][place]).copied().collect();
                let terms: Vec<(usize, f64)> = of()
                    .flat_map(|(&unit, &place)| &deeds.of_places[unit][place])
                    .copied()
                    .collect();
                let does = estate.figures.parts(&points, &terms);
                let (site, cost) = (candidate.site, candidate.cost);
                estate.stays.push(Stay { site, mask: candidate.mask, cost, does });
                if let (Ok(n), Ok(c)) = (u32::try_from(n), u32::try_from(c)) {
                    estate.comers[site].push((n, c));
                }
            }
        }
        estate.settle();
        estate
    }

    /// Puts every parcel where it is today, or else where it is cheapest, and adds everything up.
    fn settle(&mut self) {
        for site in 0..self.option.len() {
            self.figures.begin(self.does[site][self.option[site]]);
        }
        for (n, parcel) in self.parcels.iter().enumerate() {
            self.at[n] = parcel.today.unwrap_or(0);
            self.arrive(n, self.at[n]);
        }
        self.recount();
    }

    /// Every site and parcel as in a plan, and what is nowhere or divided in it where it adds least; `None` where it has one in
    /// a place that is none of its own.
    pub(super) fn take_plan(&mut self, plan: &Plan) -> Option<()> {
        for (site, &option) in plan.options.iter().enumerate() {
            if option != self.option[site] {
                self.take_option(site, option);
            }
        }
        let parcels = self.parcels;
        let mut homeless = Vec::new();
        for (n, parcel) in parcels.iter().enumerate() {
            let places: Option<Vec<usize>> = parcel.units.iter().map(|&r| plan.place(r)).collect();
            let Some(places) = places else {
                homeless.push(n);
                continue;
            };
            let place = &self.problem.units[parcel.units[0]].places[*places.first()?];
            let option = self.option[place.site];
            let is_it = |candidate: &Candidate| candidate.places == places;
            let is_as_good = |candidate: &Candidate| {
                candidate.site == place.site && candidate.is_admitted_by(option)
            };
            let c = parcel.candidates.iter().position(is_it);
            let c = c.or_else(|| parcel.candidates.iter().position(is_as_good))?;
            if c != self.at[n] {
                self.take_parcel(n, c);
            }
        }
        self.recount();
        for n in homeless {
            let candidates = 0..parcels[n].candidates.len();
            let admitted: Vec<usize> = candidates.filter(|&c| self.admits(n, c)).collect();
            let added = admitted.into_iter().map(|c| (self.change_by_coming(n, c), c));
            if let Some((_, c)) = added.min_by(|a, b| a.0.total_cmp(&b.0)) {
                self.take_parcel(n, c);
            }
        }
        self.journal.clear();
        self.recount();
        Some(())
    }

    /// Adds everything up again: floating point drifts over a million steps.
    fn recount(&mut self) {
        let resources = self.room_price.len();
        self.used.iter_mut().for_each(|used| *used = 0.0);
        for (n, &site) in self.home.iter().enumerate() {
            for k in 0..resources {
                self.used[site * resources + k] += self.needs[n * resources + k];
            }
        }
        let sites = self.problem.sites.iter().zip(&self.option);
        let options: f64 = sites.map(|(site, &o)| site.options[o].cost).sum();
        let parcels = self.first_candidate.iter().zip(&self.at);
        let places: f64 = parcels.map(|(first, c)| self.stays[first + c].cost).sum();
        self.spent = options + places;
        self.figures.recount();
        (self.crowding, self.overfull) = (0.0, 0);
        for site in 0..self.option.len() {
            let crowded = self.crowding(site, &[], 0.0);
            self.crowded[site] = crowded;
            self.crowding += crowded;
            self.overfull += usize::from(crowded > 0.0);
        }
        self.strangers = (0..self.option.len()).map(|site| self.strangers_at(site)).sum();
    }

    /// What the plan costs.
    pub(super) fn cost(&self) -> f64 {
        self.spent + self.figures.paid
    }

    /// What the plan costs, and what we charge for what it breaks.
    pub(super) fn energy(&self) -> f64 {
        self.cost() + self.broken()
    }

    /// What we charge for what it breaks.
    pub(super) fn broken(&self) -> f64 {
        let strangers = self.strangers as f64 * self.stranger_price;
        self.figures.charged + self.crowding + strangers
    }

    pub(super) fn keeps_the_rules(&self) -> bool {
        self.strangers == 0 && self.overfull == 0 && self.figures.are_kept()
    }

    #[inline]
    pub(super) fn admits(&self, n: usize, c: usize) -> bool {
        self.is_admitted_by(n, c, self.option[self.site_of(n, c)])
    }

    #[inline]
    fn is_admitted_by(&self, n: usize, c: usize, option: usize) -> bool {
        self.stays[self.first_candidate[n] + c].mask & bit(option) != 0
            && (option < LAST_BIT || self.parcels[n].candidates[c].admitted_by.contains(&option))
    }

    fn stays_of(&self, n: usize) -> &[Stay] {
        let first = self.first_candidate[n];
        &self.stays[first..first + self.parcels[n].candidates.len()]
    }

    /// The cheapest candidate of a parcel at a site that is admitted there as things are.
    pub(super) fn candidate_at(&self, n: usize, site: usize) -> Option<usize> {
        self.candidate_under(n, site, self.option[site])
    }

    /// The cheapest candidate of a parcel at a site under an option of it.
    fn candidate_under(&self, n: usize, site: usize, option: usize) -> Option<usize> {
        let mut stays = self.stays_of(n).iter().enumerate();
        stays
            .find(|&(c, stay)| stay.site == site && self.is_admitted_by(n, c, option))
            .map(|(c, _)| c)
    }

    pub(super) fn site(&self, n: usize) -> usize {
        self.home[n]
    }

    pub(super) fn site_of(&self, n: usize, c: usize) -> usize {
        self.stays[self.first_candidate[n] + c].site
    }

    fn need(&self, n: usize) -> &[f64] {
        let resources = self.room_price.len();
        &self.needs[n * resources..(n + 1) * resources]
    }

    fn strangers_at(&self, site: usize) -> usize {
        self.housed[site].iter().filter(|&&n| !self.admits(n, self.at[n])).count()
    }

    /// What a site is charged for being too full with so many times a need more.
    #[inline]
    fn crowding(&self, site: usize, need: &[f64], times: f64) -> f64 {
        let resources = self.room_price.len();
        self.crowding_in(&self.room[site * resources..(site + 1) * resources], site, need, times)
    }

    /// The same if its rooms were these.
    #[inline]
    fn crowding_in(&self, rooms: &[f64], site: usize, need: &[f64], times: f64) -> f64 {
        let resources = self.room_price.len();
        let used = &self.used[site * resources..(site + 1) * resources];
        let mut charge = 0.0;
        for (k, (room, used)) in rooms.iter().zip(used).enumerate() {
            let over = used + times * need.get(k).unwrap_or(&0.0) - room;
            if over > 0.0 && over > 1e-9 * room.abs().max(1.0) {
                charge += self.room_price[k] * (over + self.too_full[k]);
            }
        }
        charge
    }

    pub(super) fn is_overfull(&self, site: usize) -> bool {
        self.crowded[site] > 0.0
    }

    /// Whether a parcel finds room at a site as it is.
    pub(super) fn has_room(&self, n: usize, site: usize) -> bool {
        self.crowding(site, self.need(n), 1.0) <= 0.0
    }

    fn count_crowding(&mut self, site: usize) {
        let (before, after) = (self.crowded[site], self.crowding(site, &[], 0.0));
        self.crowding += after - before;
        self.crowded[site] = after;
        self.overfull = self.overfull + usize::from(after > 0.0) - usize::from(before > 0.0);
    }

    fn arrive(&mut self, n: usize, c: usize) {
        let Stay { site, cost, does, .. } = self.stays[self.first_candidate[n] + c];
        self.spent += cost;
        self.home[n] = site;
        self.position[n] = self.housed[site].len();
        self.housed[site].push(n);
        let resources = self.room_price.len();
        for k in 0..resources {
            self.used[site * resources + k] += self.needs[n * resources + k];
        }
        self.count_crowding(site);
        self.figures.begin(does);
    }

    fn leave(&mut self, n: usize) {
        let Stay { site, cost, does, .. } = self.stays[self.first_candidate[n] + self.at[n]];
        self.spent -= cost;
        let position = self.position[n];
        self.housed[site].swap_remove(position);
        if let Some(&moved) = self.housed[site].get(position) {
            self.position[moved] = position;
        }
        let resources = self.room_price.len();
        let is_empty = self.housed[site].is_empty();
        for k in 0..resources {
            let used = &mut self.used[site * resources + k];
            *used = if is_empty { 0.0 } else { *used - self.needs[n * resources + k] };
        }
        self.count_crowding(site);
        self.figures.end(does);
    }

    pub(super) fn take_parcel(&mut self, n: usize, c: usize) {
        let was = self.at[n];
        let before = usize::from(!self.admits(n, was));
        self.leave(n);
        self.arrive(n, c);
        self.at[n] = c;
        self.strangers = self.strangers + usize::from(!self.admits(n, c)) - before;
        self.journal.push(Step::Parcel { parcel: n, was });
    }

    pub(super) fn take_option(&mut self, site: usize, option: usize) {
        let was = self.option[site];
        let before = self.strangers_at(site);
        self.figures.end(self.does[site][was]);
        self.figures.begin(self.does[site][option]);
        let options = &self.problem.sites[site].options;
        self.spent += options[option].cost - options[was].cost;
        let first = site * self.room_price.len();
        let room = &mut self.room[first..first + self.room_price.len()];
        room.copy_from_slice(&options[option].room);
        self.option[site] = option;
        self.count_crowding(site);
        self.strangers = self.strangers + self.strangers_at(site) - before;
        self.journal.push(Step::Option { site, was });
    }

    /// Another option, under which those who are there stay as far as it admits them in another way.
    pub(super) fn turn_to(&mut self, site: usize, option: usize) {
        self.take_option(site, option);
        if self.strangers == 0 {
            return;
        }
        for n in self.housed[site].clone() {
            if !self.admits(n, self.at[n])
                && let Some(c) = self.candidate_at(n, site)
            {
                self.take_parcel(n, c);
            }
        }
    }

    /// Where the journal is now, to come back to.
    pub(super) fn mark(&self) -> usize {
        self.journal.len()
    }

    /// What was done stays done.
    pub(super) fn forget(&mut self) {
        self.journal.clear();
    }

    pub(super) fn undo_to(&mut self, mark: usize) {
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

    /// What moving a parcel to a candidate would change of the energy, where both sites' options admit it, and a site that
    /// is left empty takes the option that costs least.
    pub(super) fn change(&mut self, n: usize, c: usize) -> f64 {
        let from = self.home[n];
        let coming = self.change_by_coming(n, c);
        if self.site_of(n, c) == from {
            return coming;
        }
        let is_left = self.housed[from].len() == 1;
        if is_left {
            coming + self.saved_by_rest(from) - self.crowded[from]
        } else if self.crowded[from] > 0.0 {
            coming + self.crowding(from, self.need(n), -1.0) - self.crowded[from]
        } else {
            coming
        }
    }

    /// The same without what changes at the site that is left, which does not depend on where to.
    pub(super) fn change_by_coming(&mut self, n: usize, c: usize) -> f64 {
        let first = self.first_candidate[n];
        let (was, new) = (&self.stays[first + self.at[n]], &self.stays[first + c]);
        let (to, ended, begun) = (new.site, was.does, new.does);
        let mut change = new.cost - was.cost;
        if was.site != to {
            change += self.crowding(to, self.need(n), 1.0) - self.crowded[to];
        }
        change + self.figures.change(ended, begun)
    }

    /// What another option of a site would change of the energy with so much need more, strangers apart.
    fn change_of_option(&mut self, site: usize, option: usize, need: &[f64]) -> f64 {
        let was = self.option[site];
        let options = &self.problem.sites[site].options;
        let crowding = self.crowding_in(&options[option].room, site, need, 1.0);
        let turned = self.figures.change(self.does[site][was], self.does[site][option]);
        options[option].cost - options[was].cost + turned + crowding - self.crowded[site]
    }

    /// What another option would save if nobody used a site, at most zero.
    fn saved_by_rest(&mut self, site: usize) -> f64 {
        let was = self.option[site];
        let options = &self.problem.sites[site].options;
        let mut saved: f64 = 0.0;
        for o in 0..self.allowed[site].len() {
            let option = self.allowed[site][o];
            if option != was {
                let turned = self.figures.change(self.does[site][was], self.does[site][option]);
                saved = saved.min(options[option].cost - options[was].cost + turned);
            }
        }
        saved
    }

    /// A site nobody uses takes the option that costs least.
    pub(super) fn rest(&mut self, site: usize) {
        if !self.housed[site].is_empty() {
            return;
        }
        let mut best = (0.0, self.option[site]);
        for o in 0..self.allowed[site].len() {
            let option = self.allowed[site][o];
            if option == self.option[site] {
                continue;
            }
            let change = self.change_of_option(site, option, &[]);
            if change < best.0 {
                best = (change, option);
            }
        }
        if best.1 != self.option[site] {
            self.take_option(site, best.1);
        }
    }

    /// Gives the candidate's site the option that costs least of those that admit the parcel and all it houses; `false` where
    /// there is none.
    pub(super) fn welcome(&mut self, n: usize, c: usize) -> bool {
        let parcels = self.parcels;
        let (parcel, candidate) = (&parcels[n], &parcels[n].candidates[c]);
        let site = candidate.site;
        let mut best: Option<(f64, usize)> = None;
        for o in 0..self.allowed[site].len() {
            let option = self.allowed[site][o];
            let stays = |&other: &usize| {
                self.is_admitted_by(other, self.at[other], option)
                    || self.candidate_under(other, site, option).is_some()
            };
            let admits_all =
                candidate.is_admitted_by(option) && self.housed[site].iter().all(stays);
            if !admits_all {
                continue;
            }
            let change = self.change_of_option(site, option, &parcel.need);
            if best.is_none_or(|(least, _)| change < least) {
                best = Some((change, option));
            }
        }
        let Some((_, option)) = best else { return false };
        if option != self.option[site] {
            self.turn_to(site, option);
        }
        true
    }

    /// Takes a parcel to a candidate, whose site takes another option for it where it must; the site that is left may rest.
    /// `false` where no option admits it beside those who are there.
    pub(super) fn bring(&mut self, n: usize, c: usize) -> bool {
        let is_admitted = self.admits(n, c) || self.welcome(n, c);
        if is_admitted {
            let from = self.home[n];
            self.take_parcel(n, c);
            self.rest(from);
        }
        is_admitted
    }

    pub(super) fn plan(&self) -> Plan {
        plan_of(self.problem, self.parcels, self.option.clone(), &self.at)
    }

    /// Room that was missed for long is no dearer any more: nothing could move again.
    pub(super) fn forgive(&mut self) {
        self.room_dearer = 1.0;
    }

    /// What was changed since a mark, to do it again once it is undone.
    pub(super) fn turns_since(&self, mark: usize) -> Vec<Turn> {
        let turn = |step: &Step| match *step {
            Step::Option { site, .. } => Turn::Option { site, option: self.option[site] },
            Step::Parcel { parcel, .. } => Turn::Parcel { parcel, candidate: self.at[parcel] },
        };
        self.journal[mark..].iter().map(turn).collect()
    }

    pub(super) fn take(&mut self, turns: &[Turn]) {
        for &turn in turns {
            match turn {
                Turn::Option { site, option } if option != self.option[site] => {
                    self.take_option(site, option);
                }
                Turn::Parcel { parcel, candidate } if candidate != self.at[parcel] => {
                    self.take_parcel(parcel, candidate);
                }
                _ => {}
            }
        }
    }

    /// Every other option, and every other candidate.
    pub(super) fn every_turn(&self) -> Vec<Turn> {
        let mut turns = Vec::new();
        for (site, (allowed, now)) in self.allowed.iter().zip(&self.option).enumerate() {
            let others = allowed.iter().filter(|&option| option != now);
            turns.extend(others.map(|&option| Turn::Option { site, option }));
        }
        for (parcel, of) in self.parcels.iter().enumerate() {
            let others = (0..of.candidates.len()).filter(|&c| c != self.at[parcel]);
            turns.extend(others.map(|candidate| Turn::Parcel { parcel, candidate }));
        }
        turns
    }

    /// Whether a turn would change anything.
    pub(super) fn is_news(&self, turn: Turn) -> bool {
        match turn {
            Turn::Option { site, option } => option != self.option[site],
            Turn::Parcel { parcel, candidate } => candidate != self.at[parcel],
        }
    }

    /// By figure with a hard rule: the turns that would bring it nearer to what the rule asks, those that cost least for what
    /// they bring, at most so many.
    pub(super) fn helps(&self) -> Vec<Vec<Turn>> {
        let mut helps: Vec<Vec<(f64, Turn)>> = vec![Vec::new(); self.figures.count()];
        for turn in self.every_turn() {
            let (ended, begun, added) = match turn {
                Turn::Option { site, option } => {
                    let (now, options) = (self.option[site], &self.problem.sites[site].options);
                    let does = &self.does[site];
                    (does[now], does[option], options[option].cost - options[now].cost)
                }
                Turn::Parcel { parcel, candidate } => {
                    let stays = self.stays_of(parcel);
                    let (now, there) = (&stays[self.at[parcel]], &stays[candidate]);
                    (now.does, there.does, there.cost - now.cost)
                }
            };
            for (meter, by) in self.figures.helped(ended, begun) {
                helps[meter].push((added / by, turn));
            }
        }
        let cheapest = |mut turns: Vec<(f64, Turn)>| {
            turns.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            turns.into_iter().take(MOST_HELPS).map(|(_, turn)| turn).collect()
        };
        helps.into_iter().map(cheapest).collect()
    }

    /// Of these, what brings a figure that is missed nearer: those first that add least to the energy by themselves.
    pub(super) fn reliefs(&mut self, helps: &[Vec<Turn>], most: usize) -> Vec<Turn> {
        let mut found = Vec::new();
        let missed = self.figures.missed();
        let of_missed = helps.iter().zip(missed).filter(|(_, is_missed)| *is_missed);
        let mut turns: Vec<Turn> = of_missed.flat_map(|(turns, _)| turns).copied().collect();
        turns.sort_unstable();
        turns.dedup();
        turns.retain(|&turn| self.is_news(turn));
        for turn in turns {
            let change = match turn {
                Turn::Option { site, option } => self.change_of_option(site, option, &[]),
                Turn::Parcel { parcel, candidate } => {
                    let (mark, before) = (self.mark(), self.energy());
                    let is_made = self.bring(parcel, candidate);
                    let change = self.energy() - before;
                    self.undo_to(mark);
                    if !is_made {
                        continue;
                    }
                    change
                }
            };
            found.push((change, turn));
        }
        found.sort_by(|a, b| a.0.total_cmp(&b.0));
        found.into_iter().take(most).map(|(_, turn)| turn).collect()
    }

    /// What was changed, and what lies about: who could be at those sites, and where else they could be.
    pub(super) fn about_what_changed(&self) -> Option<Focus> {
        let mut is_here = vec![false; self.option.len()];
        let mut is_near = vec![false; self.parcels.len()];
        for step in &self.journal {
            match *step {
                Step::Option { site, .. } => is_here[site] = true,
                Step::Parcel { parcel, was } => {
                    is_near[parcel] = true;
                    is_here[self.site_of(parcel, was)] = true;
                    is_here[self.home[parcel]] = true;
                }
            }
        }
        self.spread(&mut is_here, &mut is_near);
        Focus::of(&is_here, &is_near)
    }

    /// From some sites and parcels on to who could be there, and where else they could be.
    fn spread(&self, is_here: &mut [bool], is_near: &mut [bool]) {
        for (comers, _) in self.comers.iter().zip(&*is_here).filter(|(_, is_here)| **is_here) {
            for &(n, _) in comers {
                is_near[n as usize] = true;
            }
        }
        for (n, _) in is_near.iter().enumerate().filter(|(_, is_near)| **is_near) {
            self.stays_of(n).iter().for_each(|stay| is_here[stay.site] = true);
        }
    }

    /// Where something is missed, and what lies about: who could be at a site that is too full, where else they could be,
    /// who could be there, and where else those; and who serves a figure that is missed.
    pub(super) fn about_what_is_missed(&self) -> Option<Focus> {
        let is_stuck = |site: usize| self.is_overfull(site) || self.strangers_at(site) > 0;
        let mut is_here: Vec<bool> = (0..self.option.len()).map(is_stuck).collect();
        let missed = self.figures.missed();
        let touches = |stay: &Stay| self.figures.touches(stay.does, &missed);
        let mut is_near: Vec<bool> =
            (0..self.parcels.len()).map(|n| self.stays_of(n).iter().any(touches)).collect();
        for _ in 0..2 {
            self.spread(&mut is_here, &mut is_near);
        }
        Focus::of(&is_here, &is_near)
    }

    /// The same without whom a site does not admit, and without those for whom it has no room: of each too full site the
    /// smallest that makes it fit, or else the largest and so on.
    pub(super) fn rough_plan(&self) -> Plan {
        let resources = self.room_price.len();
        let mut shares = self.plan().shares;
        for (site, housed) in self.housed.iter().enumerate() {
            let mut out = |n: usize| {
                for &unit in &self.parcels[n].units {
                    shares[unit] = Vec::new();
                }
            };
            let (mut stay, strangers): (Vec<usize>, Vec<usize>) =
                housed.iter().partition(|&&n| self.admits(n, self.at[n]));
            strangers.into_iter().for_each(&mut out);
            let size = |&n: &usize| self.need(n).iter().sum::<f64>();
            stay.sort_by(|a, b| size(a).total_cmp(&size(b)).then(a.cmp(b)));
            let is_too_full = |stay: &[usize], without: usize| {
                (0..resources).any(|k| {
                    let kept = stay.iter().filter(|&&n| n != without);
                    let used: f64 = kept.map(|&n| self.need(n)[k]).sum();
                    let room = self.room[site * resources + k];
                    used > room + 1e-9 * room.abs().max(1.0)
                })
            };
            while !stay.is_empty() && is_too_full(&stay, usize::MAX) {
                let goes = stay.iter().position(|&n| !is_too_full(&stay, n));
                out(stay.remove(goes.unwrap_or(stay.len() - 1)));
            }
        }
        Plan::of(self.problem, self.option.clone(), shares)
    }

    /// First prices of rules and rooms, where a move typically changes the cost by so much.
    pub(super) fn price_rules(&mut self, typical: f64) {
        self.is_free = typical <= 0.0;
        let typical = if typical > 0.0 { typical } else { 1.0 };
        self.stranger_price = 10.0 * typical;
        self.figures.price(typical);
        for k in 0..self.room_cost.len() {
            let needs =
                || self.parcels.iter().map(|parcel| parcel.need[k]).filter(|&need| need > 0.0);
            let mean = needs().sum::<f64>() / (needs().count() as f64).max(1.0);
            self.too_full[k] = TOO_FULL * mean;
            let (mut cost, mut room) = (0.0, 0.0);
            for (site, allowed) in self.problem.sites.iter().zip(&self.allowed) {
                let spread = |of: &dyn Fn(usize) -> f64| {
                    let all = || allowed.iter().map(|&o| of(o));
                    all().fold(f64::NEG_INFINITY, f64::max) - all().fold(f64::INFINITY, f64::min)
                };
                let more = spread(&|o| site.options[o].room[k]);
                if more > 0.0 {
                    room += more;
                    cost += spread(&|o| site.options[o].cost);
                }
            }
            let least = 0.2 * typical / if mean > 0.0 { mean } else { 1.0 };
            self.room_cost[k] = if room > 0.0 { (cost / room).max(least) } else { least };
        }
        self.reprice(0.0);
    }

    /// Between rounds, from 0 at the beginning of the way to 1 at its end: rules and rooms get dearer, and those that are
    /// missed late in it more so; drift is taken out.
    pub(super) fn reprice(&mut self, way: f64) {
        let is_late = way > LATE;
        self.figures.reprice(RULES_AT_FIRST * RULES_RISE.powf(way), is_late);
        if is_late {
            let dearer = self.room_dearer * if self.overfull == 0 { 0.98 } else { 1.02 };
            self.room_dearer = dearer.clamp(1.0, MOST_DEARER_ROOM);
        }
        let times = ROOM_AT_FIRST * ROOM_RISES.powf(way) * self.room_dearer;
        for (price, cost) in self.room_price.iter_mut().zip(&self.room_cost) {
            *price = times * cost;
        }
        self.recount();
    }
}

/// A plan of these options and candidates.
pub(super) fn plan_of(
    problem: &Problem,
    parcels: &[Parcel],
    options: Vec<usize>,
    at: &[usize],
) -> Plan {
    let mut shares = vec![Vec::new(); problem.units.len()];
    for (parcel, &candidate) in parcels.iter().zip(at) {
        for (&unit, &place) in parcel.units.iter().zip(&parcel.candidates[candidate].places) {
            shares[unit] = vec![Share { place, share: 1.0 }];
        }
    }
    Plan::of(problem, options, shares)
}
