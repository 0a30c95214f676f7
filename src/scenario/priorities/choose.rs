//! Choosing by a rule, and putting what is chosen where the balance allows.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{Priority, PriorityList};
use crate::fund::{Spend, ValueSource, When};
use crate::register::{Pence, SiteCode};

/// By what priorities are chosen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Down the list: whatever the fund can still pay for.
    #[default]
    Rank,
    /// The most people helped for the money, exactly.
    People,
    /// Each borough its share by residents, by rank within it; what is left by rank.
    FairByResidents,
    /// The same by residents in the most deprived fifth.
    FairByNeed,
}

impl Rule {
    /// Every rule.
    pub const ALL: [Self; 4] = [Self::Rank, Self::People, Self::FairByResidents, Self::FairByNeed];

    /// As typed and in JSON.
    pub fn key(self) -> &'static str {
        match self {
            Self::Rank => "rank",
            Self::People => "people",
            Self::FairByResidents => "fair_by_residents",
            Self::FairByNeed => "fair_by_need",
        }
    }

    /// As shown.
    pub fn label(self) -> &'static str {
        match self {
            Self::Rank => "By rank",
            Self::People => "Most people helped for the money",
            Self::FairByResidents => "Fair share by borough, by residents",
            Self::FairByNeed => "Fair share by borough, by need",
        }
    }

    /// The rule with this key.
    pub fn find(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.key() == key)
    }
}

/// A period with what the fund holds at its end before any priority is paid.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Moment {
    /// In words: `2027/28 Q3`.
    pub words: String,
    /// Its first day.
    pub from: NaiveDate,
    /// Its last day.
    pub to: NaiveDate,
    /// The same as the ledger dates it.
    pub when: When,
    /// At its end.
    pub closing: Pence,
}

/// A priority that is paid for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Funded {
    /// Which.
    pub code: String,
    /// Index of the moment in which it begins and is set aside for.
    pub moment: usize,
    /// Set aside.
    pub cost: Pence,
}

/// A priority that is not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Which.
    pub code: String,
    /// Why, as a sentence.
    pub because: String,
}

/// What a borough was due and got.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BoroughShare {
    /// GSS code.
    pub borough: String,
    /// Its share of the money, 0 to 1; `None` where the rule asks for none.
    pub share: Option<f64>,
    /// Set aside for its priorities.
    pub cost: Pence,
    /// People they help, where known.
    pub people: u64,
}

/// What a rule chooses.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Choice {
    /// The rule.
    pub rule: Rule,
    /// All that the fund can ever set aside.
    pub budget: Pence,
    /// Paid for, by moment and code.
    pub funded: Vec<Funded>,
    /// Not paid for, in list order.
    pub left_out: Vec<LeftOut>,
    /// What each moment leaves at its end: its closing less all set aside so far.
    pub balances: Vec<Pence>,
    /// By borough.
    pub boroughs: Vec<BoroughShare>,
    /// Set aside in all.
    pub cost: Pence,
    /// People helped, where known.
    pub people: u64,
}

/// An item as the choosing sees it.
struct Item<'a> {
    priority: &'a Priority,
    cost: i64,
    people: u64,
    /// First and last moment in which it may begin.
    window: (usize, usize),
}

/// Chooses from the list and puts what is chosen where the balance allows, so that the balance is never below zero. Shares
/// are by borough and add up to 1; boroughs that are not named have none.
pub fn choose(
    list: &PriorityList,
    rule: Rule,
    moments: &[Moment],
    shares: &BTreeMap<String, f64>,
    revenue_years: u32,
) -> Choice {
    let mut left_out = Vec::new();
    let can = can_be_spent(moments);
    let budget = can.last().copied().unwrap_or(0);
    let mut items = Vec::new();
    for priority in &list.priorities {
        let cost = priority.cost(revenue_years).0;
        match window(priority, moments) {
            None => left_out.push(LeftOut {
                code: priority.code.clone(),
                because: "It may not begin in any of the years projected.".to_owned(),
            }),
            Some(_) if rule == Rule::People && priority.people.is_none() => {
                left_out.push(LeftOut {
                    code: priority.code.clone(),
                    because: "How many people it helps is not known.".to_owned(),
                });
            }
            Some(window) => {
                let people = priority.people.unwrap_or(0);
                items.push(Item { priority, cost, people, window });
            }
        }
    }
    let chosen = match rule {
        Rule::Rank => by_rank(&items, &can, |_, _| true),
        Rule::People => most_people(&items, &can),
        Rule::FairByResidents | Rule::FairByNeed => fairly(&items, &can, shares, budget),
    };
    for (item, _) in items.iter().zip(&chosen).filter(|(_, is_in)| !**is_in) {
        let because = if item.cost > can[item.window.1] {
            format!(
                "{} would have to be set aside by {}, and the fund can spare {} by then.",
                Pence(item.cost),
                moments[item.window.1].words,
                Pence(can[item.window.1])
            )
        } else {
            "The money goes to others by this rule.".to_owned()
        };
        left_out.push(LeftOut { code: item.priority.code.clone(), because });
    }
    let picked: Vec<&Item<'_>> =
        items.iter().zip(&chosen).filter(|(_, is_in)| **is_in).map(|(item, _)| item).collect();
    let funded = placed(&picked, &can, rule);
    let balances = balances(moments, &funded);
    let order: BTreeMap<&str, usize> =
        list.priorities.iter().enumerate().map(|(at, p)| (p.code.as_str(), at)).collect();
    left_out.sort_by_key(|left| order.get(left.code.as_str()).copied());
    Choice {
        rule,
        budget: Pence(budget),
        cost: funded.iter().map(|funded| funded.cost).sum(),
        people: picked.iter().map(|item| item.people).sum(),
        boroughs: by_borough(&picked, rule, shares),
        funded,
        left_out,
        balances,
    }
}

/// What may be spent by the end of each moment: what is there, less what later moments will need of it.
fn can_be_spent(moments: &[Moment]) -> Vec<i64> {
    let mut least = i64::MAX;
    let mut can: Vec<i64> = moments
        .iter()
        .rev()
        .map(|moment| {
            least = least.min(moment.closing.0);
            least.max(0)
        })
        .collect();
    can.reverse();
    can
}

fn window(priority: &Priority, moments: &[Moment]) -> Option<(usize, usize)> {
    let first = match priority.earliest {
        Some(day) => moments.iter().position(|moment| moment.to >= day)?,
        None => 0,
    };
    let last = match priority.latest {
        Some(day) => moments.iter().rposition(|moment| moment.from <= day)?,
        None => moments.len().checked_sub(1)?,
    };
    (first <= last).then_some((first, last))
}

/// Whether what is chosen can be paid: by each moment, all that may not wait longer.
///
/// Money that is not spent stays in the fund, so waiting to the last day is always the easiest way to pay.
fn fits(items: &[Item<'_>], chosen: &[bool], can: &[i64]) -> bool {
    let mut due = vec![0_i64; can.len()];
    for (item, _) in items.iter().zip(chosen).filter(|(_, is_in)| **is_in) {
        due[item.window.1] = due[item.window.1].saturating_add(item.cost);
    }
    let mut sum = 0_i64;
    due.iter().zip(can).all(|(due, can)| {
        sum = sum.saturating_add(*due);
        sum <= *can
    })
}

/// Down the list, whatever fits and is wanted.
fn by_rank(
    items: &[Item<'_>],
    can: &[i64],
    wants: impl Fn(&Item<'_>, &[bool]) -> bool,
) -> Vec<bool> {
    let mut chosen = vec![false; items.len()];
    go_down(items, can, &mut chosen, wants);
    chosen
}

fn go_down(
    items: &[Item<'_>],
    can: &[i64],
    chosen: &mut [bool],
    wants: impl Fn(&Item<'_>, &[bool]) -> bool,
) {
    for at in 0..items.len() {
        if chosen[at] || !wants(&items[at], chosen) {
            continue;
        }
        chosen[at] = true;
        if !fits(items, chosen, can) {
            chosen[at] = false;
        }
    }
}

/// Each borough up to its share, by rank; then by rank whatever is left.
fn fairly(
    items: &[Item<'_>],
    can: &[i64],
    shares: &BTreeMap<String, f64>,
    budget: i64,
) -> Vec<bool> {
    let spent = |borough: &str, chosen: &[bool]| -> f64 {
        let own = items
            .iter()
            .zip(chosen)
            .filter(|(item, is_in)| **is_in && item.priority.borough == borough);
        own.map(|(item, _)| item.cost as f64).sum()
    };
    let mut chosen = by_rank(items, can, |item, chosen| {
        let borough = &item.priority.borough;
        let due = shares.get(borough).copied().unwrap_or(0.0) * budget as f64;
        spent(borough, chosen) + item.cost as f64 <= due
    });
    go_down(items, can, &mut chosen, |_, _| true);
    chosen
}

/// The most people, exactly: every set worth keeping is carried along, from the earliest deadline to the latest. A set is
/// not worth keeping where another costs no more and helps no fewer, or where even fractions of what is left could not
/// make it the best.
fn most_people(items: &[Item<'_>], can: &[i64]) -> Vec<bool> {
    struct Kept {
        cost: i64,
        people: u64,
        taken: Vec<usize>,
    }
    let mut order: Vec<usize> = (0..items.len()).collect();
    order.sort_by_key(|at| (items[*at].window.1, *at));
    let budget = can.last().copied().unwrap_or(0);
    let greedy = {
        let mut by_worth: Vec<usize> = (0..items.len()).collect();
        by_worth.sort_by(|a, b| worth(&items[*b]).total_cmp(&worth(&items[*a])).then(a.cmp(b)));
        let mut chosen = vec![false; items.len()];
        for at in by_worth {
            chosen[at] = true;
            if !fits(items, &chosen, can) {
                chosen[at] = false;
            }
        }
        chosen
    };
    let mut best: u64 =
        items.iter().zip(&greedy).filter(|(_, is_in)| **is_in).map(|(item, _)| item.people).sum();
    let mut best_taken: Option<Vec<usize>> = None;
    let mut kept = vec![Kept { cost: 0, people: 0, taken: Vec::new() }];
    for (number, at) in order.iter().enumerate() {
        let item = &items[*at];
        let mut next: Vec<Kept> = Vec::with_capacity(kept.len() * 2);
        for held in kept {
            let cost = held.cost.saturating_add(item.cost);
            if cost <= can[item.window.1] {
                let mut taken = held.taken.clone();
                taken.push(*at);
                next.push(Kept { cost, people: held.people + item.people, taken });
            }
            next.push(held);
        }
        next.sort_by(|a, b| a.cost.cmp(&b.cost).then(b.people.cmp(&a.people)));
        let mut rest: Vec<usize> = order.iter().copied().skip(number + 1).collect();
        rest.sort_by(|a, b| worth(&items[*b]).total_cmp(&worth(&items[*a])).then(a.cmp(b)));
        let mut most: Option<u64> = None;
        kept = Vec::with_capacity(next.len());
        for one in next {
            if most.is_some_and(|most| one.people <= most) {
                continue;
            }
            most = Some(one.people);
            if one.people > best {
                best = one.people;
                best_taken = Some(one.taken.clone());
            }
            if at_most(one.people, budget - one.cost, &rest, items) > best as f64 {
                kept.push(one);
            }
        }
    }
    match best_taken {
        Some(taken) => (0..items.len()).map(|at| taken.contains(&at)).collect(),
        None => greedy,
    }
}

/// People a pound helps; what costs nothing comes first.
fn worth(item: &Item<'_>) -> f64 {
    if item.cost <= 0 { f64::INFINITY } else { item.people as f64 / item.cost as f64 }
}

/// More than fractions of the rest can add, there cannot be.
fn at_most(people: u64, mut left: i64, rest: &[usize], items: &[Item<'_>]) -> f64 {
    let mut sum = people as f64;
    for at in rest {
        let item = &items[*at];
        if item.cost <= left {
            sum += item.people as f64;
            left -= item.cost;
        } else {
            return sum + item.people as f64 * left as f64 / item.cost as f64;
        }
    }
    sum
}

/// Each as early as the rest allows: in list order, or the most people for a pound first.
fn placed(picked: &[&Item<'_>], can: &[i64], rule: Rule) -> Vec<Funded> {
    let mut at: Vec<usize> = picked.iter().map(|item| item.window.1).collect();
    let mut order: Vec<usize> = (0..picked.len()).collect();
    if rule == Rule::People {
        order.sort_by(|a, b| worth(picked[*b]).total_cmp(&worth(picked[*a])).then(a.cmp(b)));
    }
    for one in order {
        for moment in picked[one].window.0..at[one] {
            let held = std::mem::replace(&mut at[one], moment);
            let mut sum = 0_i64;
            let is_paid = can.iter().enumerate().all(|(now, can)| {
                for (item, _) in picked.iter().zip(&at).filter(|(_, at)| **at == now) {
                    sum = sum.saturating_add(item.cost);
                }
                sum <= *can
            });
            if is_paid {
                break;
            }
            at[one] = held;
        }
    }
    let mut funded: Vec<Funded> = picked
        .iter()
        .zip(at)
        .map(|(item, moment)| Funded {
            code: item.priority.code.clone(),
            moment,
            cost: Pence(item.cost),
        })
        .collect();
    funded.sort_by(|a, b| (a.moment, &a.code).cmp(&(b.moment, &b.code)));
    funded
}

fn balances(moments: &[Moment], funded: &[Funded]) -> Vec<Pence> {
    let mut spent = Pence::ZERO;
    moments
        .iter()
        .enumerate()
        .map(|(now, moment)| {
            spent += funded.iter().filter(|one| one.moment == now).map(|one| one.cost).sum();
            moment.closing - spent
        })
        .collect()
}

fn by_borough(
    picked: &[&Item<'_>],
    rule: Rule,
    shares: &BTreeMap<String, f64>,
) -> Vec<BoroughShare> {
    let is_shared = matches!(rule, Rule::FairByResidents | Rule::FairByNeed);
    let mut boroughs: BTreeMap<&str, (Pence, u64)> = BTreeMap::new();
    if is_shared {
        boroughs.extend(shares.keys().map(|borough| (borough.as_str(), Default::default())));
    }
    for item in picked {
        let (cost, people) = boroughs.entry(&item.priority.borough).or_default();
        *cost += Pence(item.cost);
        *people += item.people;
    }
    let share = |borough: &str| is_shared.then(|| shares.get(borough).copied().unwrap_or(0.0));
    boroughs
        .into_iter()
        .map(|(borough, (cost, people))| BoroughShare {
            borough: borough.to_owned(),
            share: share(borough),
            cost,
            people,
        })
        .collect()
}

/// What is paid for, as spend of the ledger: a line a priority, set aside whole at the end of the moment it begins in.
pub fn spends(list: &PriorityList, choice: &Choice, moments: &[Moment]) -> Vec<Spend> {
    let of = choice.funded.iter().enumerate().filter_map(|(at, funded)| {
        let priority = list.priorities.iter().find(|one| one.code == funded.code)?;
        let when = moments.get(funded.moment)?.when;
        // A borough's own code may be longer than the ledger has room for: then its place in the choice stands for it.
        let code: SiteCode =
            priority.code.parse().or_else(|_| format!("LOCAL-{}", at + 1).parse()).ok()?;
        Some(Spend {
            code,
            because: format!(
                "Local priority {}: {}, chosen by the rule \"{}\"; {} and some years of {} a year, on the case: {}",
                priority.code,
                priority.name,
                choice.rule.label(),
                priority.capital,
                priority.revenue_a_year,
                if priority.evidence.is_empty() { "none recorded" } else { &priority.evidence }
            ),
            counterparty: priority.borough.clone(),
            when,
            amount: funded.cost,
            source: ValueSource::Assumed(vec!["priorities.revenue_years".to_owned()]),
        })
    });
    of.collect()
}
