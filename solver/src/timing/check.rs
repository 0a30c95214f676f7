//! What a choice of starts brings and which rules it does not keep: reads the timing only, shares nothing with the search.

use super::{Fault, Goal, Start, Timing, signed};

impl Timing {
    /// The start of each task, where there is one at that period.
    fn chosen<'a>(
        &'a self,
        starts: &'a [usize],
    ) -> impl Iterator<Item = (usize, Option<&'a Start>)> {
        self.tasks.iter().enumerate().map(|(number, task)| {
            let start = starts.get(number).and_then(|at| task.starts.get(*at));
            (number, start.and_then(Option::as_ref))
        })
    }

    /// The account after each period; all the opening where there is no account.
    pub fn balances(&self, starts: &[usize]) -> Vec<f64> {
        let mut change = vec![0.0; self.periods];
        for (period, amount) in
            self.chosen(starts).filter_map(|(_, start)| start).flat_map(|start| &start.flows)
        {
            if let Some(sum) = change.get_mut(*period) {
                *sum += amount;
            }
        }
        let mut balance = self.account.map_or(0.0, |account| account.opening);
        change
            .into_iter()
            .map(|change| {
                balance += change;
                balance
            })
            .collect()
    }

    /// Every rule that is not kept.
    pub fn faults(&self, starts: &[usize]) -> Vec<Fault> {
        let mut faults: Vec<Fault> = self
            .chosen(starts)
            .filter(|(_, start)| start.is_none())
            .map(|(task, _)| Fault::Start { task })
            .collect();
        for (number, order) in self.orders.iter().enumerate() {
            let (Some(before), Some(after)) = (starts.get(order.before), starts.get(order.after))
            else {
                continue;
            };
            if signed(*after) < signed(*before) + order.lag {
                faults.push(Fault::Order { order: number });
            }
        }
        let mut used: Vec<Vec<f64>> =
            self.resources.iter().map(|resource| vec![0.0; resource.limits.len()]).collect();
        for (resource, window, amount) in
            self.chosen(starts).filter_map(|(_, start)| start).flat_map(|start| &start.uses)
        {
            if let Some(sum) = used.get_mut(*resource).and_then(|windows| windows.get_mut(*window))
            {
                *sum += amount;
            }
        }
        for (number, (resource, used)) in self.resources.iter().zip(&used).enumerate() {
            for (window, (limit, used)) in resource.limits.iter().zip(used).enumerate() {
                if *used > *limit {
                    faults.push(Fault::Resource { resource: number, window, used: *used });
                }
            }
        }
        if let (Some(account), false) = (self.account, self.goal == Goal::LeastExtra) {
            let below = self.balances(starts).into_iter().enumerate();
            faults.extend(
                below
                    .filter(|(_, balance)| *balance < account.floor)
                    .map(|(period, balance)| Fault::Account { period, balance }),
            );
        }
        faults
    }

    /// The value alone, whatever the goal.
    pub fn worth(&self, starts: &[usize]) -> f64 {
        self.chosen(starts).filter_map(|(_, start)| start).map(|start| start.value).sum()
    }

    /// How far the floor must be lowered for these starts.
    pub fn extra(&self, starts: &[usize]) -> f64 {
        let Some(account) = self.account else { return 0.0 };
        self.balances(starts).into_iter().map(|b| account.floor - b).fold(0.0, f64::max)
    }

    /// The first period after which the account is at a level.
    pub fn reached(&self, starts: &[usize], level: f64) -> Option<usize> {
        self.balances(starts).iter().position(|balance| *balance >= level)
    }

    /// By what value is weighed where periods count, and the least there could be: in all it never makes up for a period.
    pub(super) fn tie_break(&self) -> (f64, f64) {
        let (mut least, mut most) = (0.0, 0.0);
        for task in &self.tasks {
            let values = || task.starts.iter().flatten().map(|start| start.value);
            least += values().fold(f64::INFINITY, f64::min);
            most += values().fold(f64::NEG_INFINITY, f64::max);
        }
        let spread = most - least;
        if spread.is_finite() && spread > 0.0 { (0.25 / spread, least) } else { (0.0, 0.0) }
    }

    /// What is sought; more is better.
    pub fn value(&self, starts: &[usize]) -> f64 {
        match self.goal {
            Goal::Value => self.worth(starts),
            Goal::Reach(level) => {
                let (by, least) = self.tie_break();
                let late = self.reached(starts, level).unwrap_or(self.periods) as f64;
                by * (self.worth(starts) - least) - late
            }
            Goal::LeastExtra => -self.extra(starts),
        }
    }
}
