//! The small moves: one parcel goes, two change places, a site takes another option, and two sites at once.

use super::Forced;
use super::estate::{Estate, Turn};
use crate::chance::Chance;

/// Of all moves, those of one parcel, of two, and of one site for another; the rest are of options.
const OF_ONE_PARCEL: f64 = 0.2;
const OF_TWO_PARCELS: f64 = 0.55;
const OF_ONE_SITE_FOR_ANOTHER: f64 = 0.2;

/// Turns that may be needed to meet figures that are missed, and how many are tried for each.
const MOST_RELIEFS: usize = 30;
const RELIEFS_TRIED: usize = 24;
/// Turns between which the clock is looked at.
const LOOK_EVERY: usize = 1000;
/// Wishes kept for when there is room for them.
const MOST_WISHES: usize = 24;

impl Estate<'_> {
    /// Makes a move that is drawn; `false` where it cannot be made, or would surely add more than `most` to the energy: what
    /// it began is in the journal.
    pub(super) fn try_a_move(&mut self, chance: &mut Chance, most: f64) -> bool {
        let strangers = self.strangers;
        let kind = chance.next();
        let has_parcels = !self.parcels.is_empty();
        let is_move = if has_parcels && kind < OF_ONE_PARCEL {
            self.move_a_parcel(chance, most)
        } else if has_parcels && kind < OF_ONE_PARCEL + OF_TWO_PARCELS {
            self.swap_two_parcels(chance)
        } else if has_parcels && kind < OF_ONE_PARCEL + OF_TWO_PARCELS + OF_ONE_SITE_FOR_ANOTHER {
            self.trade_sites(chance)
        } else if self.option.is_empty() {
            false
        } else {
            let site = self.a_site(chance);
            // Two neighbours at once: where a limit on closures is reached, one must open for another to close.
            let is_two = chance.next() < 0.5;
            let other = is_two.then(|| self.neighbour(site, chance));
            self.change_this_site(site, chance)
                && other.is_none_or(|other| self.change_this_site(other, chance))
        };
        is_move && self.strangers <= strangers
    }

    fn a_parcel(&self, chance: &mut Chance) -> usize {
        match &self.focus {
            Some(focus) => focus.parcels[chance.below(focus.parcels.len())],
            None => chance.below(self.parcels.len()),
        }
    }

    fn a_site(&self, chance: &mut Chance) -> usize {
        match &self.focus {
            Some(focus) => focus.sites[chance.below(focus.sites.len())],
            None => chance.below(self.option.len()),
        }
    }

    /// A candidate, a cheap one rather than a dear one.
    fn candidate(&self, n: usize, chance: &mut Chance) -> usize {
        let count = self.parcels[n].candidates.len();
        let cheap = chance.next();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a part of a length"
        )]
        let at = (cheap * cheap * count as f64) as usize;
        at.min(count - 1)
    }

    /// A site that something of this one could go to.
    fn neighbour(&self, site: usize, chance: &mut Chance) -> usize {
        let comers = &self.comers[site];
        if comers.is_empty() {
            return chance.below(self.option.len());
        }
        let n = comers[chance.below(comers.len())].0 as usize;
        self.site_of(n, chance.below(self.parcels[n].candidates.len()))
    }

    fn move_a_parcel(&mut self, chance: &mut Chance, most: f64) -> bool {
        let n = self.a_parcel(chance);
        let c = self.candidate(n, chance);
        let from = self.site(n);
        if c == self.at[n] {
            return false;
        }
        if self.admits(n, c) {
            // A site that is left behind empty may save something.
            let is_left = self.housed[from].len() == 1 && self.allowed[from].len() > 1;
            if !is_left && self.admits(n, self.at[n]) && self.change(n, c) > most {
                return false;
            }
        }
        self.bring(n, c)
    }

    /// One goes where another is, and that one where the first was, or where it is cheapest.
    fn swap_two_parcels(&mut self, chance: &mut Chance) -> bool {
        let n = self.a_parcel(chance);
        let c = self.candidate(n, chance);
        let (from, there) = (self.site(n), self.site_of(n, c));
        if there == from || self.housed[there].is_empty() || !self.admits(n, c) {
            return false;
        }
        let other = self.housed[there][chance.below(self.housed[there].len())];
        self.take_parcel(n, c);
        let back = if chance.next() < 0.5 { self.candidate_at(other, from) } else { None };
        let to = back
            .filter(|&to| self.admits(other, to))
            .or_else(|| self.best_other(other, 0.0, chance));
        let Some(to) = to else { return false };
        self.take_parcel(other, to);
        self.rest(from);
        true
    }

    /// Where else a parcel adds least to the energy, of the sites that admit it as they are; each passed over so often.
    fn best_other(&mut self, n: usize, pass: f64, chance: &mut Chance) -> Option<usize> {
        let site = self.site(n);
        let mut best: Option<(f64, usize)> = None;
        for c in 0..self.parcels[n].candidates.len() {
            if self.site_of(n, c) == site || !self.admits(n, c) {
                continue;
            }
            if pass > 0.0 && chance.next() < pass {
                continue;
            }
            let added = self.change_by_coming(n, c);
            if best.is_none_or(|(least, _)| added < least) {
                best = Some((added, c));
            }
        }
        best.map(|(_, c)| c)
    }

    /// Another option; who has to go goes where it is cheapest, and some come where there is room.
    fn change_this_site(&mut self, site: usize, chance: &mut Chance) -> bool {
        let now = self.option[site];
        let others = self.allowed[site].iter().filter(|&&option| option != now);
        let count = others.clone().count();
        if count == 0 {
            return false;
        }
        let Some(&option) = others.clone().nth(chance.below(count)) else { return false };
        let gains_room = {
            let room = |o: usize| self.problem.sites[site].options[o].room.iter().sum::<f64>();
            room(option) > room(self.option[site])
        };
        if !self.force_option(site, option, chance) {
            return false;
        }
        if gains_room {
            self.fill(site, chance);
        }
        true
    }

    /// A site takes in those who gain by coming, as long as there is room.
    fn fill(&mut self, site: usize, chance: &mut Chance) {
        let count = self.comers[site].len();
        let start = if count == 0 { 0 } else { chance.below(count) };
        for at in (start..count).chain(0..start) {
            let (n, c) = self.comers[site][at];
            let (n, c) = (n as usize, c as usize);
            let from = self.site(n);
            if from != site
                && self.has_room(n, site)
                && self.admits(n, c)
                && self.change(n, c) < 0.0
            {
                self.take_parcel(n, c);
                self.rest(from);
            }
        }
    }

    /// A site that is not what one of another would need takes all of the other that it can, and who else gains by it; the
    /// rest of the other go where it is cheapest.
    fn trade_sites(&mut self, chance: &mut Chance) -> bool {
        let n = self.a_parcel(chance);
        let c = self.candidate(n, chance);
        let (from, to) = (self.site(n), self.site_of(n, c));
        if from == to || self.admits(n, c) || !self.welcome(n, c) {
            return false;
        }
        for other in self.housed[from].clone() {
            let there = self.candidate_at(other, to);
            let there = there.filter(|&c| self.admits(other, c) && self.has_room(other, to));
            let Some(c) = there.or_else(|| self.best_other(other, 0.0, chance)) else {
                return false;
            };
            self.take_parcel(other, c);
        }
        self.rest(from);
        self.fill(to, chance);
        true
    }

    /// Another option for a site, its people sent where they may be; `false` where they may be nowhere.
    pub(super) fn force_option(&mut self, site: usize, option: usize, chance: &mut Chance) -> bool {
        self.turn_to(site, option);
        let mut housed = self.housed[site].clone();
        while !housed.is_empty() {
            let n = housed.swap_remove(chance.below(housed.len()));
            if self.admits(n, self.at[n]) && !self.is_overfull(site) {
                continue;
            }
            if !self.send_away(n, chance) {
                return false;
            }
        }
        true
    }

    /// Where it is cheapest as things are, or to a site that takes another option for it, whichever costs less.
    fn send_away(&mut self, n: usize, chance: &mut Chance) -> bool {
        let site = self.site(n);
        let best = self.best_other(n, 0.15, chance);
        if best.is_none() || chance.next() < 0.3 {
            let mark = self.mark();
            let before = self.energy();
            let candidates = self.parcels[n].candidates.len();
            let start = self.candidate(n, chance);
            for c in (start..candidates).chain(0..start) {
                let is_other = self.site_of(n, c) != site && !self.admits(n, c);
                if !is_other || !self.welcome(n, c) {
                    continue;
                }
                self.take_parcel(n, c);
                let Some(best) = best else { return true };
                let opened = self.energy() - before;
                self.undo_to(mark);
                if opened < self.change(n, best) {
                    self.welcome(n, c);
                    self.take_parcel(n, c);
                    return true;
                }
                break;
            }
        }
        let Some(c) = best else { return false };
        self.take_parcel(n, c);
        true
    }

    /// Figures that are missed are met, one turn after the other: by the turn that adds least to the cost of those after which
    /// all rules are kept, or else the one that adds least for what it brings. Who has to go goes where it is cheapest.
    pub(super) fn relieve(
        &mut self,
        forced: Forced,
        helps: &[Vec<Turn>],
        chance: &mut Chance,
        is_over: &dyn Fn() -> bool,
    ) {
        for _ in 0..MOST_RELIEFS {
            if self.keeps_the_rules() || is_over() {
                return;
            }
            let (cost, broken) = (self.cost(), self.broken());
            let mut best: Option<((bool, f64), Vec<Turn>)> = None;
            for turn in self.reliefs(helps, RELIEFS_TRIED) {
                let mark = self.mark();
                let is_made = self.turn(turn, chance);
                let brought = broken - self.broken();
                if is_made && self.keeps(forced) && brought > 0.0 {
                    let added = self.cost() - cost;
                    let score = if self.keeps_the_rules() {
                        (false, added)
                    } else {
                        (true, added / brought)
                    };
                    let is_better = best.as_ref().is_none_or(|(least, _)| {
                        score.0.cmp(&least.0).then(score.1.total_cmp(&least.1)).is_lt()
                    });
                    if is_better {
                        best = Some((score, self.turns_since(mark)));
                    }
                }
                self.undo_to(mark);
            }
            let Some((_, turns)) = best else { return };
            self.take(&turns);
        }
    }

    /// Takes a turn, and sends away who has to go for it.
    fn turn(&mut self, turn: Turn, chance: &mut Chance) -> bool {
        self.is_news(turn)
            && match turn {
                Turn::Option { site, option } => self.force_option(site, option, chance),
                Turn::Parcel { parcel, candidate } => self.bring(parcel, candidate),
            }
    }

    /// Turns that would save something, were there no rules that they break: those that would save most first.
    pub(super) fn wishes(&mut self, chance: &mut Chance, is_over: &dyn Fn() -> bool) -> Vec<Turn> {
        let mut wishes = Vec::new();
        for (n, turn) in self.every_turn().into_iter().enumerate() {
            if n.is_multiple_of(LOOK_EVERY) && is_over() {
                break;
            }
            let (mark, before) = (self.mark(), self.cost());
            if self.turn(turn, chance) && self.cost() < before {
                wishes.push((self.cost() - before, turn));
            }
            self.undo_to(mark);
        }
        wishes.sort_by(|a, b| a.0.total_cmp(&b.0));
        wishes.into_iter().take(MOST_WISHES).map(|(_, turn)| turn).collect()
    }

    /// Takes what turns of these save something and break nothing.
    pub(super) fn indulge(&mut self, forced: Forced, wishes: &[Turn], chance: &mut Chance) {
        for &turn in wishes {
            let (mark, before) = (self.mark(), self.cost());
            let is_made = self.turn(turn, chance);
            if !is_made || !self.keeps(forced) || !self.keeps_the_rules() || self.cost() >= before {
                self.undo_to(mark);
            }
        }
    }

    /// Whether what is forced is so.
    pub(super) fn keeps(&self, forced: Forced) -> bool {
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

    /// The mean change of a move, for the heat to begin with, and for the first prices of hard rules.
    pub(super) fn typical_change(&mut self, chance: &mut Chance) -> f64 {
        let mut sum = 0.0;
        let mut moves: u32 = 0;
        for _ in 0..500 {
            let before = self.cost();
            if self.try_a_move(chance, f64::INFINITY) {
                sum += (self.cost() - before).abs();
                moves += 1;
            }
            self.undo_to(0);
        }
        let typical = if moves > 0 { sum / f64::from(moves) } else { 0.0 };
        self.price_rules(typical);
        if typical > 0.0 { typical } else { 1.0 }
    }
}
