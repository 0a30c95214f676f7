//! Illustrative local priorities: a few a borough, across every health programme. All invented, and saying so.

use chrono::NaiveDate;

use super::Scale;
use super::dice::Dice;
use crate::register::{HealthProgramme, Pence, Word};
use crate::scenario::priorities::{Priority, PriorityList};

/// Priorities a borough.
const EACH: usize = 4;

/// What each programme might want, with pounds of capital and of yearly revenue, in thousands, and people helped.
fn wish(programme: HealthProgramme) -> (&'static str, [f64; 2], [f64; 2], [f64; 2]) {
    use HealthProgramme as P;
    match programme {
        P::Cancer => (
            "Community diagnostic and screening rooms",
            [900.0, 4_000.0],
            [150.0, 600.0],
            [2_000.0, 9_000.0],
        ),
        P::MentalHealthCrisis => (
            "Health-based place of safety, staffed day and night",
            [1_500.0, 5_000.0],
            [700.0, 1_800.0],
            [300.0, 1_200.0],
        ),
        P::MentalWellbeing => (
            "Talking-therapy rooms with a discreet entrance",
            [150.0, 900.0],
            [80.0, 300.0],
            [900.0, 4_000.0],
        ),
        P::ChildrenYoungPeople => (
            "Family hub with separate waiting",
            [400.0, 2_500.0],
            [120.0, 500.0],
            [1_500.0, 7_000.0],
        ),
        P::Digital => (
            "Video rooms and a network that holds",
            [80.0, 600.0],
            [30.0, 150.0],
            [3_000.0, 20_000.0],
        ),
        P::Homeless => (
            "Walk-in clinic with a shower near hostels",
            [300.0, 1_400.0],
            [150.0, 500.0],
            [200.0, 900.0],
        ),
        P::UrgentEmergency => (
            "Urgent treatment centre open twelve hours",
            [1_200.0, 6_000.0],
            [500.0, 2_000.0],
            [8_000.0, 30_000.0],
        ),
        P::Prevention => (
            "Immunisation and sexual health rooms",
            [120.0, 700.0],
            [60.0, 260.0],
            [2_000.0, 9_000.0],
        ),
        P::Engagement => {
            ("Accessible public meeting space", [60.0, 300.0], [10.0, 60.0], [300.0, 2_000.0])
        }
        P::PrimaryCare => {
            ("Neighbourhood health centre", [2_000.0, 8_000.0], [100.0, 600.0], [6_000.0, 18_000.0])
        }
        P::Specialised => (
            "Rooms for a specialised clinic's partner services",
            [800.0, 3_000.0],
            [200.0, 700.0],
            [200.0, 1_500.0],
        ),
        P::CloseToHome => (
            "Step-free access and a Changing Places toilet",
            [150.0, 600.0],
            [5.0, 30.0],
            [400.0, 2_500.0],
        ),
        P::Workforce => (
            "Training rooms, rest space and a cycle store",
            [100.0, 900.0],
            [20.0, 120.0],
            [200.0, 1_500.0],
        ),
    }
}

/// The list that goes with an illustrative estate.
pub fn priorities(scale: Scale, seed: u64) -> PriorityList {
    let mut list = Vec::new();
    for (number, place) in scale.places().into_iter().filter(|place| place.is_london).enumerate() {
        let mut dice = Dice::new(seed, &format!("priorities {}", place.code));
        for slot in 0..EACH {
            let all = HealthProgramme::ALL;
            // Round the programmes in turn, so that even three boroughs have nearly all of them.
            let Some(programme) = all.get((number * EACH + slot).rem_euclid(all.len())).copied()
            else {
                continue;
            };
            let (name, capital, revenue, people) = wish(programme);
            let thousands = |dice: &mut Dice, [low, high]: [f64; 2]| {
                Pence::pounds(1_000).times(dice.between(low, high).round())
            };
            let (capital, revenue) = (thousands(&mut dice, capital), thousands(&mut dice, revenue));
            let is_counted = dice.chance(0.92);
            let helped = dice.between(people[0], people[1]).round();
            let year = 2026 + i32::try_from(dice.whole(0, 3)).unwrap_or(0);
            list.push(Priority {
                code: format!("ZZP-{:02}-{}", number + 1, slot + 1),
                name: format!("{name}, {}", place.name),
                borough: place.code.to_owned(),
                programme,
                rank: u32::try_from(list.len() + 1).unwrap_or(u32::MAX),
                capital,
                revenue_a_year: revenue,
                people: is_counted.then(|| u64::from(whole(helped))),
                earliest: NaiveDate::from_ymd_opt(year, 4, 1),
                latest: None,
                evidence: format!("Illustrative: invented with seed {seed}"),
            });
        }
    }
    // The order of ranks is drawn too, so that it follows neither borough nor programme.
    let mut ranks: Vec<u32> = list.iter().map(|priority| priority.rank).collect();
    Dice::new(seed, "ranks of priorities").shuffle(&mut ranks);
    for (priority, rank) in list.iter_mut().zip(ranks) {
        priority.rank = rank;
    }
    PriorityList::new(list, true)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "rounded, and within its range"
)]
fn whole(number: f64) -> u32 {
    number.max(0.0) as u32
}
