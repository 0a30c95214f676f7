//! Any problem at all: indices that point nowhere, lists of the wrong length, figures that are none, nothing, too much.

use domesday_solver::{
    CoverGroup, CoverPoint, Limit, LimitTerm, Objective, Opt, Outcome, Place, Problem, Server,
    Settings, Site, Status, Trouble, Unit, explain_infeasible, mps, solve, verify,
};
use proptest::prelude::*;

const EXTREMES: [f64; 9] = [0.0, -0.0, 1e-300, 1e-12, 1e-6, 1e6, 1e9, 1e12, 1e15];

/// Mostly sane; now and then what breaks things.
fn figure() -> impl Strategy<Value = f64> {
    prop_oneof![
        8 => (-4..12_i32).prop_map(f64::from),
        2 => Just(0.0),
        1 => prop::sample::select(vec![
            -0.0, 1e-300, 1e-9, 1e6, 1e15, -1e15, 1e16, f64::MAX, f64::MIN, f64::NAN, f64::INFINITY,
            f64::NEG_INFINITY,
        ]),
    ]
}

fn amount() -> impl Strategy<Value = f64> {
    prop_oneof![9 => (0..9_i32).prop_map(f64::from), 1 => figure()]
}

fn index() -> impl Strategy<Value = usize> {
    prop_oneof![9 => 0..2_usize, 1 => 0..9_usize]
}

fn figures() -> impl Strategy<Value = Vec<f64>> {
    prop_oneof![9 => prop::collection::vec(amount(), 1), 1 => prop::collection::vec(amount(), 0..3)]
}

fn some<T: std::fmt::Debug>(
    of: impl Strategy<Value = T>,
    most: usize,
) -> impl Strategy<Value = Vec<T>> {
    prop::collection::vec(of, 0..most)
}

fn wild_problem() -> impl Strategy<Value = Problem> {
    let option =
        (figure(), figures()).prop_map(|(cost, room)| Opt { cost, room, ..Opt::default() });
    let site = (prop::collection::vec(option, 0..4), some(index(), 3), index()).prop_map(
        |(options, allowed, today)| Site { name: "site".to_owned(), options, allowed, today },
    );
    let place = (index(), some(index(), 3), figure()).prop_map(|(site, admitted_by, cost)| Place {
        site,
        admitted_by,
        cost,
    });
    let unit = (
        figures(),
        prop::collection::vec(place, 0..4),
        any::<bool>(),
        prop::option::weighted(0.2, 0..2_usize),
        prop::option::of(index()),
    )
        .prop_map(|(need, places, is_divisible, together, today)| Unit {
            name: "unit".to_owned(),
            need,
            places,
            is_divisible,
            together,
            today,
        });
    let server = (index(), index()).prop_map(|(unit, place)| Server { unit, place });
    let point =
        (amount(), some(server, 4)).prop_map(|(weight, servers)| CoverPoint { weight, servers });
    let group = (some(point, 4), figure(), amount(), prop::option::of(amount())).prop_map(
        |(points, needed, price, shortfall_price)| CoverGroup {
            name: "group".to_owned(),
            points,
            needed,
            price,
            shortfall_price,
        },
    );
    let term = prop_oneof![
        (index(), index(), figure()).prop_map(|(site, option, by)| LimitTerm::Option {
            site,
            option,
            by
        }),
        (index(), index(), figure()).prop_map(|(unit, place, by)| LimitTerm::Place {
            unit,
            place,
            by
        }),
    ];
    let limit = (
        some(term, 4),
        prop::option::of(figure()),
        prop::option::of(figure()),
        prop::option::of(amount()),
    )
        .prop_map(|(terms, low, high, price)| Limit {
            name: "limit".to_owned(),
            family: "any".to_owned(),
            terms,
            low,
            high,
            price,
        });
    let names = prop_oneof![9 => Just(vec!["m2".to_owned()]), 1 => Just(vec![])];
    (names, some(site, 4), some(unit, 4), some(group, 3), some(limit, 3)).prop_map(
        |(resources, sites, units, coverage, limits)| Problem {
            resources,
            sites,
            units,
            coverage,
            limits,
            objective: Objective::Minimise,
        },
    )
}

fn figures_of(problem: &Problem) -> Vec<f64> {
    let options = problem.sites.iter().flat_map(|site| &site.options);
    let places = problem.units.iter().flat_map(|unit| &unit.places);
    let points = problem.coverage.iter().flat_map(|group| &group.points);
    let terms = problem.limits.iter().flat_map(|limit| &limit.terms);
    let mut all: Vec<f64> = options.flat_map(|o| o.room.iter().copied().chain([o.cost])).collect();
    all.extend(problem.units.iter().flat_map(|unit| &unit.need));
    all.extend(places.map(|place| place.cost));
    all.extend(points.map(|point| point.weight));
    all.extend(problem.coverage.iter().flat_map(|g| [g.needed, g.price]));
    all.extend(problem.coverage.iter().filter_map(|g| g.shortfall_price));
    all.extend(problem.limits.iter().flat_map(|l| [l.low, l.high, l.price]).flatten());
    all.extend(terms.map(|term| match *term {
        LimitTerm::Option { by, .. } | LimitTerm::Place { by, .. } => by,
    }));
    all
}

/// Every figure with the name of its field.
fn fields(problem: &mut Problem) -> Vec<(&'static str, &mut f64)> {
    let mut fields: Vec<(&'static str, &mut f64)> = Vec::new();
    for option in problem.sites.iter_mut().flat_map(|site| &mut site.options) {
        fields.push(("cost", &mut option.cost));
        fields.push(("room, m2", &mut option.room[0]));
    }
    for unit in &mut problem.units {
        fields.push(("need, m2", &mut unit.need[0]));
        fields.extend(unit.places.iter_mut().map(|place| ("cost", &mut place.cost)));
    }
    for group in &mut problem.coverage {
        fields.push(("needed", &mut group.needed));
        fields.push(("price", &mut group.price));
        fields.extend(group.shortfall_price.iter_mut().map(|price| ("shortfall price", price)));
        fields.extend(group.points.iter_mut().map(|point| ("weight", &mut point.weight)));
    }
    for limit in &mut problem.limits {
        fields.extend(limit.low.iter_mut().map(|low| ("low", low)));
        fields.extend(limit.high.iter_mut().map(|high| ("high", high)));
        fields.extend(limit.price.iter_mut().map(|price| ("price", price)));
        fields.extend(limit.terms.iter_mut().map(|term| match term {
            LimitTerm::Option { by, .. } | LimitTerm::Place { by, .. } => ("by", by),
        }));
    }
    fields
}

/// Keeps what is promised of an outcome whatever the problem.
fn is_honest(problem: &Problem, outcome: &Outcome) -> Result<(), TestCaseError> {
    prop_assert_eq!(outcome.plan.is_some(), outcome.objective.is_some());
    if let Some(plan) = &outcome.plan {
        let verdict = verify(problem, plan);
        prop_assert_eq!(verdict.violations, vec![]);
        let costs = verdict.costs.unwrap();
        let near = 1e-6 * costs.size.max(1.0);
        prop_assert!((costs.objective() - outcome.objective.unwrap()).abs() <= near);
        prop_assert!(outcome.bound.is_none_or(|bound| bound <= costs.objective() + near));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn any_problem_is_refused_by_name_or_answered_honestly(problem in wild_problem()) {
        let settings = Settings { time_limit_seconds: 5.0, ..Settings::default() };

        let outcome = solve(&problem, &settings, &mut ());

        if let Err(fault) = problem.validate() {
            prop_assert_eq!(outcome.status, Status::Malformed);
            let rooms = ["site ", "unit ", "coverage ", "limit "];
            prop_assert!(rooms.iter().any(|room| fault.at.starts_with(room)), "{}", fault);
            prop_assert_eq!(outcome.trouble, Some(Trouble::Malformed(fault)));
            prop_assert!(outcome.plan.is_none() && mps(&problem).is_err());
        } else {
            prop_assert!(figures_of(&problem).iter().all(|x| x.abs() <= 1e15));
            prop_assert!(mps(&problem).unwrap().ends_with("ENDATA\n"));
            is_honest(&problem, &outcome)?;
        }
    }

    #[test]
    fn nothing_and_very_much_are_answered_honestly(
        problem in crate::tiny::tiny_problem(),
        changes in prop::collection::vec(
            (any::<prop::sample::Index>(), prop::sample::select(EXTREMES.to_vec())),
            1..5,
        ),
        divided in any::<u8>(),
    ) {
        let mut problem = problem;
        for (r, unit) in problem.units.iter_mut().enumerate() {
            unit.is_divisible = divided >> r & 1 == 1;
        }
        let mut fields = fields(&mut problem);
        for (which, value) in changes {
            let at = which.index(fields.len());
            *fields[at].1 = value;
        }
        if problem.validate().is_err() {
            return Ok(());
        }
        let settings = Settings { time_limit_seconds: 5.0, ..Settings::default() };

        let outcome = solve(&problem, &settings, &mut ());

        prop_assert_ne!(outcome.status, Status::Malformed);
        is_honest(&problem, &outcome)?;
    }

    #[test]
    fn a_figure_that_is_none_is_refused_by_its_field(
        problem in crate::tiny::tiny_problem(),
        which in any::<prop::sample::Index>(),
        value in prop::sample::select(vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e16]),
    ) {
        let mut problem = problem;
        let mut fields = fields(&mut problem);
        let at = which.index(fields.len());
        let name = fields[at].0;
        *fields[at].1 = value;

        let fault = problem.validate().unwrap_err();

        prop_assert!(fault.what.starts_with(name), "{} is not about {}", fault, name);
        let outcome = solve(&problem, &Settings::default(), &mut ());
        prop_assert_eq!(outcome.status, Status::Malformed);
        prop_assert!(!explain_infeasible(&problem, &Settings::default(), &mut ()).is_proved);
    }
}
