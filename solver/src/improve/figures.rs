//! Coverage groups and limits as figures that every step keeps up to date.

use crate::problem::{LimitTerm, Problem};

/// Within so many times its first price the price of a missed rule may rise.
const MOST_DEARER: f64 = 100.0;

/// A floor or ceiling on a figure; missed at a price.
struct Meter {
    value: f64,
    low: f64,
    high: f64,
    /// Cost of a unit missed. Of a hard rule it is ours, and moves until the rule is kept.
    price: f64,
    least_price: f64,
    dearer: f64,
    is_hard: bool,
    /// Cost of a unit of the figure itself.
    each: f64,
}

impl Meter {
    fn missed(&self, value: f64) -> f64 {
        (self.low - value).max(value - self.high).max(0.0)
    }

    /// What a plan pays for it.
    fn paid(&self) -> f64 {
        let missed = if self.is_hard { 0.0 } else { self.missed(self.value) * self.price };
        missed + self.each * self.value
    }

    /// What we charge for missing a hard rule.
    fn charged(&self) -> f64 {
        if self.is_hard { self.missed(self.value) * self.price } else { 0.0 }
    }

    /// What `by` more of the figure would change of both.
    fn change(&self, by: f64) -> f64 {
        let missed = self.missed(self.value + by) - self.missed(self.value);
        missed * self.price + self.each * by
    }

    fn is_kept(&self) -> bool {
        let size = self.low.abs().min(self.high.abs()).max(1.0);
        !self.is_hard || self.missed(self.value) <= 1e-9 * size
    }
}

/// Where in the lists of [`Figures`] that begins and ends which an option or a candidate does: points it serves, then
/// meters it turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Parts([u32; 4]);

/// What options and places do to the figures, as the problem has it.
pub(super) struct Deeds {
    /// By site and option: meters and by how much.
    pub(super) of_options: Vec<Vec<Vec<(usize, f64)>>>,
    /// By unit and place.
    pub(super) of_places: Vec<Vec<Vec<(usize, f64)>>>,
    /// By unit and place: points.
    pub(super) serves: Vec<Vec<Vec<usize>>>,
}

pub(super) struct Figures {
    /// Coverage groups, then limits.
    meters: Vec<Meter>,
    /// Meter and weight, by point.
    points: Vec<(u32, f64)>,
    /// Servers in place, by point.
    serving: Vec<u32>,
    /// What is served and turned, part by part.
    served: Vec<u32>,
    turned: Vec<(u32, f64)>,
    /// What the plan pays for all figures.
    pub(super) paid: f64,
    /// What we charge for hard rules missed.
    pub(super) charged: f64,
    scratch: Vec<(u32, f64)>,
}

impl Figures {
    /// With nothing in place, and what is to be put in place.
    pub(super) fn of(problem: &Problem) -> (Self, Deeds) {
        let mut figures = Self {
            meters: Vec::new(),
            points: Vec::new(),
            serving: Vec::new(),
            served: Vec::new(),
            turned: Vec::new(),
            paid: 0.0,
            charged: 0.0,
            scratch: Vec::new(),
        };
        let units = &problem.units;
        let mut deeds = Deeds {
            of_options: problem
                .sites
                .iter()
                .map(|site| vec![Vec::new(); site.options.len()])
                .collect(),
            of_places: units.iter().map(|unit| vec![Vec::new(); unit.places.len()]).collect(),
            serves: units.iter().map(|unit| vec![Vec::new(); unit.places.len()]).collect(),
        };
        for group in &problem.coverage {
            let meter = number(figures.meters.len());
            for point in &group.points {
                let at = figures.points.len();
                figures.points.push((meter, point.weight));
                for server in &point.servers {
                    deeds.serves[server.unit][server.place].push(at);
                }
            }
            let price = group.shortfall_price;
            figures.add_meter(Some(group.needed), None, price, -group.price);
        }
        figures.serving = vec![0; figures.points.len()];
        for limit in &problem.limits {
            let meter = figures.meters.len();
            for term in &limit.terms {
                match *term {
                    LimitTerm::Option { site, option, by } => {
                        deeds.of_options[site][option].push((meter, by));
                    }
                    LimitTerm::Place { unit, place, by } => {
                        deeds.of_places[unit][place].push((meter, by));
                    }
                }
            }
            figures.add_meter(limit.low, limit.high, limit.price, 0.0);
        }
        (figures, deeds)
    }

    fn add_meter(&mut self, low: Option<f64>, high: Option<f64>, price: Option<f64>, each: f64) {
        self.meters.push(Meter {
            value: 0.0,
            low: low.unwrap_or(f64::NEG_INFINITY),
            high: high.unwrap_or(f64::INFINITY),
            price: price.unwrap_or(0.0),
            least_price: 0.0,
            dearer: 1.0,
            is_hard: price.is_none(),
            each,
        });
    }

    /// What an option or a candidate does; no point twice, nor a meter.
    pub(super) fn parts(&mut self, points: &[usize], terms: &[(usize, f64)]) -> Parts {
        let (first_point, first_term) = (self.served.len(), self.turned.len());
        for &point in points {
            let point = number(point);
            if !self.served[first_point..].contains(&point) {
                self.served.push(point);
            }
        }
        for &(meter, by) in terms {
            add(&mut self.turned, first_term, number(meter), by);
        }
        Parts([first_point, self.served.len(), first_term, self.turned.len()].map(number))
    }

    fn served(&self, parts: Parts) -> &[u32] {
        &self.served[parts.0[0] as usize..parts.0[1] as usize]
    }

    fn turned(&self, parts: Parts) -> &[(u32, f64)] {
        &self.turned[parts.0[2] as usize..parts.0[3] as usize]
    }

    fn turn(&mut self, meter: u32, by: f64) {
        let meter = &mut self.meters[meter as usize];
        self.paid -= meter.paid();
        self.charged -= meter.charged();
        meter.value += by;
        self.paid += meter.paid();
        self.charged += meter.charged();
    }

    pub(super) fn begin(&mut self, parts: Parts) {
        for at in parts.0[0] as usize..parts.0[1] as usize {
            let point = self.served[at] as usize;
            self.serving[point] += 1;
            if self.serving[point] == 1 {
                let (meter, weight) = self.points[point];
                self.turn(meter, weight);
            }
        }
        for at in parts.0[2] as usize..parts.0[3] as usize {
            let (meter, by) = self.turned[at];
            self.turn(meter, by);
        }
    }

    pub(super) fn end(&mut self, parts: Parts) {
        for at in parts.0[0] as usize..parts.0[1] as usize {
            let point = self.served[at] as usize;
            self.serving[point] -= 1;
            if self.serving[point] == 0 {
                let (meter, weight) = self.points[point];
                self.turn(meter, -weight);
            }
        }
        for at in parts.0[2] as usize..parts.0[3] as usize {
            let (meter, by) = self.turned[at];
            self.turn(meter, -by);
        }
    }

    /// What it would change of paid and charged if one ended and the other began.
    pub(super) fn change(&mut self, ended: Parts, begun: Parts) -> f64 {
        let is_nothing = |parts: Parts| parts.0[0] == parts.0[1] && parts.0[2] == parts.0[3];
        if is_nothing(ended) && is_nothing(begun) {
            return 0.0;
        }
        let mut turns = std::mem::take(&mut self.scratch);
        turns.clear();
        let (left, served) = (self.served(ended), self.served(begun));
        for point in left.iter().filter(|point| !served.contains(point)) {
            if self.serving[*point as usize] == 1 {
                let (meter, weight) = self.points[*point as usize];
                add(&mut turns, 0, meter, -weight);
            }
        }
        for &point in served {
            if self.serving[point as usize] == 0 {
                let (meter, weight) = self.points[point as usize];
                add(&mut turns, 0, meter, weight);
            }
        }
        self.turned(ended).iter().for_each(|&(meter, by)| add(&mut turns, 0, meter, -by));
        self.turned(begun).iter().for_each(|&(meter, by)| add(&mut turns, 0, meter, by));
        let change = |&(meter, by): &(u32, f64)| self.meters[meter as usize].change(by);
        let change = turns.iter().map(change).sum();
        self.scratch = turns;
        change
    }

    pub(super) fn count(&self) -> usize {
        self.meters.len()
    }

    /// The meters with a hard rule that would come nearer to it, were they beyond its end, if one ended and the other began; and
    /// by how much.
    pub(super) fn helped(&self, ended: Parts, begun: Parts) -> Vec<(usize, f64)> {
        let mut turns = Vec::new();
        for &point in self.served(begun) {
            if !self.served(ended).contains(&point) {
                let (meter, weight) = self.points[point as usize];
                add(&mut turns, 0, meter, weight);
            }
        }
        self.turned(ended).iter().for_each(|&(meter, by)| add(&mut turns, 0, meter, -by));
        self.turned(begun).iter().for_each(|&(meter, by)| add(&mut turns, 0, meter, by));
        let is_help = |&&(meter, by): &&(u32, f64)| {
            let meter = &self.meters[meter as usize];
            let is_up = by > 0.0 && meter.low.is_finite();
            meter.is_hard && (is_up || (by < 0.0 && meter.high.is_finite()))
        };
        turns.iter().filter(is_help).map(|&(meter, by)| (meter as usize, by.abs())).collect()
    }

    /// By meter.
    pub(super) fn missed(&self) -> Vec<bool> {
        self.meters.iter().map(|meter| !meter.is_kept()).collect()
    }

    /// Whether what it does is part of one of these figures.
    pub(super) fn touches(&self, parts: Parts, meters: &[bool]) -> bool {
        let mut points = self.served(parts).iter().map(|&point| self.points[point as usize].0);
        let mut turned = self.turned(parts).iter().map(|&(meter, _)| meter);
        points.any(|meter| meters[meter as usize]) || turned.any(|meter| meters[meter as usize])
    }

    pub(super) fn are_kept(&self) -> bool {
        self.meters.iter().all(Meter::is_kept)
    }

    /// Adds up again what is paid and charged: floating point drifts over a million steps.
    pub(super) fn recount(&mut self) {
        self.paid = self.meters.iter().map(Meter::paid).sum();
        self.charged = self.meters.iter().map(Meter::charged).sum();
    }

    /// The least price of a hard rule, where a move typically changes the cost by so much.
    pub(super) fn price(&mut self, typical: f64) {
        let mut sums = vec![(0.0, 0.0); self.meters.len()];
        for &(meter, by) in self.turned.iter().chain(&self.points) {
            let (sum, count) = &mut sums[meter as usize];
            *sum += by.abs();
            *count += 1.0;
        }
        for (meter, (sum, count)) in self.meters.iter_mut().zip(sums) {
            if meter.is_hard {
                let coefficient = if sum > 0.0 { sum / count } else { 1.0 };
                meter.least_price = typical / coefficient;
                meter.price = meter.least_price;
            }
        }
    }

    /// Hard rules cost so many times their least price; if `is_late`, missed ones get dearer by and by, kept ones a little
    /// cheaper.
    pub(super) fn reprice(&mut self, times: f64, is_late: bool) {
        for meter in self.meters.iter_mut().filter(|meter| meter.is_hard) {
            if is_late {
                let dearer = meter.dearer * if meter.is_kept() { 0.98 } else { 1.02 };
                meter.dearer = dearer.clamp(1.0, MOST_DEARER);
            }
            meter.price = times * meter.dearer * meter.least_price;
        }
        self.recount();
    }
}

/// Adds to what a meter turns by, in a list from a place on.
fn add(turns: &mut Vec<(u32, f64)>, from: usize, meter: u32, by: f64) {
    match turns[from..].iter_mut().find(|(other, _)| *other == meter) {
        Some((_, sum)) => *sum += by,
        None => turns.push((meter, by)),
    }
}

/// A number of a list: lists are shorter than memory.
fn number(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
