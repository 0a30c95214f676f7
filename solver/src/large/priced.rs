//! A problem's relaxation, the prices found for it so far, and the cuts in it.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::cuts::{Finder, Tight};
use super::knapsack::Sack;
use super::relaxation::Relaxation;
use super::view::View;
use super::volume::Volume;
use crate::certificate::{Certificate, Prices, RoomCut};
use crate::problem::Problem;

#[derive(Clone)]
pub(super) struct Priced<'p> {
    pub(super) problem: &'p Problem,
    pub(super) relaxation: Arc<Relaxation<'p>>,
    pub(super) volume: Volume,
    pub(super) sack: Sack,
    /// Rules that follow from the others, whose rows are the last of the relaxation.
    pub(super) tights: Vec<Tight>,
}

impl<'p> Priced<'p> {
    pub(super) fn of(problem: &'p Problem) -> Self {
        let relaxation = Arc::new(Relaxation::of(problem));
        let mut sack = Sack::quick();
        let volume = Volume::from(&relaxation, relaxation.first_prices(), &mut sack);
        Self { problem, relaxation, volume, sack, tights: Vec::new() }
    }

    /// From prices of a problem much like this one, with its cuts of rooms, which are read from this problem anew.
    pub(super) fn from(problem: &'p Problem, known: &Prices) -> Self {
        let cuts = known.cuts.iter().filter(|(_, price)| *price > 0.0);
        let (tights, cuts): (Vec<Tight>, Vec<f64>) = cuts
            .filter_map(|(cut, price)| Some((Tight::of(problem, cut.clone())?, *price)))
            .unzip();
        let relaxation = Arc::new(Relaxation::tightened(problem, &tights));
        let mut sack = Sack::quick();
        let mut volume = Volume::from(&relaxation, relaxation.prices(known, &cuts), &mut sack);
        volume.tread_softly();
        Self { problem, relaxation, volume, sack, tights }
    }

    /// So many steps of the prices, or until it is over.
    pub(super) fn step(
        &mut self,
        steps: usize,
        target: Option<f64>,
        is_over: &mut dyn FnMut() -> bool,
    ) {
        self.volume.run(&self.relaxation, steps, target, &mut self.sack, is_over);
    }

    /// What it looks like at the prices; looks at this part of the arcs.
    pub(super) fn view(&self, part: f64) -> View<'_> {
        View::of(self.problem, &self.relaxation, &self.volume, &self.tights, part)
    }

    pub(super) fn certificate(&self) -> Certificate {
        self.relaxation.certificate(&self.volume.prices, self.volume.bound)
    }

    /// Rules that follow from rooms and the average answer breaks, but those that are there.
    pub(super) fn cuts_of_rooms(&self) -> Vec<Tight> {
        let known: BTreeSet<&RoomCut> = self.tights.iter().filter_map(Tight::room).collect();
        let broken = Finder::of(self.problem, &self.relaxation, &self.volume).broken();
        let new = broken.into_iter().filter(|cut| !known.contains(cut));
        new.filter_map(|cut| Tight::of(self.problem, cut)).collect()
    }

    /// Adds rules, without prices.
    pub(super) fn tighten(&mut self, new: Vec<Tight>) {
        self.set_cuts(&(0..self.tights.len()).collect::<Vec<_>>(), new);
    }

    /// Adds rules, without prices, and leaves out the cuts that have none by now: they never need one.
    pub(super) fn tighten_anew(&mut self, new: Vec<Tight>) {
        self.set_cuts(&self.cuts_with_prices(), new);
    }

    /// Leaves out the cuts without prices; those of rooms come first then.
    pub(super) fn keep_cuts_with_prices(&mut self) {
        let kept = self.cuts_with_prices();
        let (mut kept, choices): (Vec<usize>, Vec<usize>) =
            kept.into_iter().partition(|&n| self.tights[n].room().is_some());
        kept.extend(choices);
        if kept.len() < self.tights.len() || !kept.is_sorted() {
            self.set_cuts(&kept, Vec::new());
        }
    }

    fn cuts_with_prices(&self) -> Vec<usize> {
        let first = self.relaxation.rows.len() - self.tights.len();
        (0..self.tights.len()).filter(|n| self.volume.prices[first + n] < 0.0).collect()
    }

    /// These of the cuts there are, and new ones.
    fn set_cuts(&mut self, kept: &[usize], new: Vec<Tight>) {
        let first = self.relaxation.rows.len() - self.tights.len();
        self.tights = kept.iter().map(|&n| self.tights[n].clone()).chain(new).collect();
        self.relaxation = Arc::new(Relaxation::tightened(self.problem, &self.tights));
        let kept: Vec<usize> = kept.iter().map(|&n| first + n).collect();
        self.volume.go_on_with(&self.relaxation, first, &kept);
    }

    /// Rules that follow from rooms: those tell a linear program most for what they weigh.
    pub(super) fn tights_of_rooms(&self) -> &[Tight] {
        let of_choices = self.tights.iter().position(|tight| tight.room().is_none());
        &self.tights[..of_choices.unwrap_or(self.tights.len())]
    }
}
