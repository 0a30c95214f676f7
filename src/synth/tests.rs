//! What an illustrative estate must be: the same each time, true where it says so, and worth planning for.

use std::collections::BTreeMap;

use super::*;
use crate::config;
use crate::fund::{Arrival, Decision, Exit, OptionKind, Terms, exit_rule, ledger, project};
use crate::geography::Geography;
use crate::import::{self, Held, ImportKind, InputFile};
use crate::register::{
    AccessItem, ChangeSet, Field, Pence, Register, SiteStatus, SquareMetres, Subject, Tenure, Word,
};

fn register(estate: &Estate) -> Register {
    Register::default().with(&ChangeSet {
        id: 1,
        author: "test".to_owned(),
        at: as_of().and_hms_opt(9, 0, 0).unwrap(),
        source: "test".to_owned(),
        reason: "test".to_owned(),
        changes: estate.changes.clone(),
    })
}

fn geography(estate: &Estate) -> Geography {
    estate.references.iter().fold(Geography::default(), |geography, set| {
        geography.with(set.reference.kind, &set.bytes, &set.reference).unwrap()
    })
}

#[test]
fn the_same_seed_makes_the_same_bytes_and_another_does_not() {
    let first = estate(Scale::Borough, 7);
    assert_eq!(first, estate(Scale::Borough, 7));
    assert_ne!(first.changes, estate(Scale::Borough, 8).changes);
}

#[test]
fn a_borough_is_the_same_alone_and_in_london() {
    let (three, london) =
        (register(&estate(Scale::Borough, 3)), register(&estate(Scale::London, 3)));
    let mut compared = 0;
    for site in three.sites().filter(|site| !site.is_aggregate()) {
        assert_eq!(Some(site.name()), london.site(&site.code).map(crate::register::Site::name));
        compared += 1;
    }
    assert!(compared > 90, "{compared}");
}

#[test]
fn london_is_as_large_and_as_messy_as_the_real_one() {
    let estate = estate(Scale::London, 1);
    let (register, geography) = (register(&estate), geography(&estate));

    let sites = register.sites().count();
    assert!((1_500..1_700).contains(&sites), "{sites} sites");
    let tenancies = register.tenancies().count();
    assert!((2_250..2_750).contains(&tenancies), "{tenancies} tenancies");
    let zones = geography.zones.iter().len();
    assert!((4_900..5_100).contains(&zones), "{zones} zones");

    let answers = sites * 16;
    let known: usize = register
        .sites()
        .map(|site| AccessItem::all().filter(|item| site.access(*item).is_some()).count())
        .sum();
    let unknown = 1.0 - known as f64 / answers as f64;
    assert!((0.15..0.27).contains(&unknown), "{unknown} of access answers unknown");

    let unlocated = register.sites().filter(|site| site.location().is_none()).count();
    assert!(unlocated > 20, "{unlocated} unlocated");
    assert!(register.sites().any(|site| site.status() == SiteStatus::Closed));
    for tenure in Tenure::ALL {
        assert!(register.sites().any(|site| site.tenure() == Some(*tenure)), "{tenure}");
    }
    let unplaced = register.sites().filter(|site| site.tenure().is_none()).count();
    assert!(unplaced > 30, "{unplaced} of unknown tenure");
}

#[test]
fn residents_add_up_to_the_census_and_live_in_their_own_borough() {
    let estate = estate(Scale::London, 1);
    let geography = geography(&estate);
    let outlines = geography.borough_outlines.as_deref().unwrap();

    let mut residents: BTreeMap<&str, u32> = BTreeMap::new();
    for zone in geography.zones.iter() {
        *residents.entry(&zone.borough_code).or_default() += zone.residents;
        let home = outlines.find_containing(zone.point).map(|outline| outline.code.as_str());
        assert_eq!(home, Some(zone.borough_code.as_str()), "{}", zone.code);
        assert!(zone.no_car_households <= zone.households && zone.disabled < Some(zone.residents));
    }
    for place in &LONDON {
        assert_eq!(residents.get(place.code), Some(&place.residents), "{}", place.name);
    }
}

#[test]
fn everything_invented_says_so_and_has_a_code_nobody_has() {
    let estate = estate(Scale::Borough, 5);
    for change in &estate.changes {
        match change {
            Change::Site { code, value, .. } => {
                assert!(code.as_str().starts_with("ZZ"));
                let evidence = value.evidence();
                assert!(evidence.is_none_or(|e| e.source == source(5)), "{evidence:?}");
            }
            Change::Tenancy { id, .. } => assert!(id.as_str().starts_with("ZZ")),
            Change::Observed { observation, .. } => assert_eq!(observation.source, source(5)),
            Change::Reference(_) => {}
        }
    }
    let geography = geography(&estate);
    assert!(geography.zones.iter().all(|zone| zone.code.starts_with("ZZ")));
}

#[test]
fn every_site_can_be_priced_with_the_assumptions_that_ship() {
    let set = config::assumptions().unwrap();
    let terms = Terms { assumptions: &set, base_year: 2026, horizon_years: 10 };
    let register = register(&estate(Scale::Borough, 1));
    let options =
        [OptionKind::Keep, OptionKind::Improve, OptionKind::SellLand, OptionKind::Dispose];
    let arrival = Arrival {
        tenancy: "ZZ9-1".parse().unwrap(),
        from: "ZZ9".parse().unwrap(),
        clinical: SquareMetres(100.0),
        non_clinical: SquareMetres(60.0),
    };
    for option in options {
        let decisions: Vec<_> = register
            .sites()
            .map(|site| Decision { site, option, arrivals: vec![arrival.clone()] })
            .collect();
        let ledger = ledger(&decisions, &terms).unwrap();
        project(&ledger, &terms, Pence::ZERO).unwrap();
    }
}

/// Enough may be sold, and enough stands in the way, for a plan to be worth making.
#[test]
fn an_estate_has_both_closable_and_stubborn_sites() {
    let set = config::assumptions().unwrap();
    let terms = Terms { assumptions: &set, base_year: 2026, horizon_years: 10 };
    let register = register(&estate(Scale::London, 1));
    let open: Vec<_> = register
        .sites()
        .filter(|site| !site.is_aggregate() && site.status() != SiteStatus::Closed)
        .collect();
    let share = |count: usize| count as f64 / open.len() as f64;

    let exits: Vec<Exit> = open.iter().map(|site| exit_rule(site, &terms)).collect();
    let sellable = exits.iter().filter(|exit| matches!(exit, Exit::Sellable { .. })).count();
    let blocked = exits.iter().filter(|exit| !exit.is_open()).count();
    assert!((0.15..0.5).contains(&share(sellable)), "{sellable} sellable");
    assert!((0.04..0.3).contains(&share(blocked)), "{blocked} blocked");

    let unused: f64 = open
        .iter()
        .flat_map(|site| [site.area(Field::EmptyArea), site.area(Field::UnderUsedArea)])
        .flatten()
        .map(|area| area.0)
        .sum();
    assert!(unused > 200_000.0, "{unused} m² empty or under-used");
}

#[test]
fn england_is_made_at_its_size() {
    let estate = estate(Scale::England, 1);
    let (register, geography) = (register(&estate), geography(&estate));
    let (sites, zones) = (register.sites().count(), geography.zones.iter().len());
    assert!((14_000..16_000).contains(&sites), "{sites} sites");
    assert!((33_000..34_500).contains(&zones), "{zones} zones");
    assert_eq!(geography.borough_outlines.as_deref().unwrap().len(), 152);
}

#[test]
fn the_guide_beside_the_sample_lists_every_column_as_it_is() {
    let written = include_str!("../../data/sample/README.md");
    assert!(
        written == column_guide(),
        "run `domesday synth --scale borough --seed 1 --out data/sample`"
    );
}

#[test]
fn the_sample_is_what_seed_one_makes() {
    let made = tables(&estate(Scale::Borough, 1));
    let written: [(&str, &[u8]); 5] = [
        ("sites.csv", include_bytes!("../../data/sample/sites.csv")),
        ("tenancies.csv", include_bytes!("../../data/sample/tenancies.csv")),
        ("observations.csv", include_bytes!("../../data/sample/observations.csv")),
        ("zones-2026-03.csv", include_bytes!("../../data/sample/zones-2026-03.csv")),
        ("boroughs-2026-03.geojson", include_bytes!("../../data/sample/boroughs-2026-03.geojson")),
    ];
    assert_eq!(made.len(), written.len());
    for (table, (name, bytes)) in made.iter().zip(written) {
        assert_eq!(table.name, name);
        assert!(table.bytes == bytes, "{name} differs from what seed 1 makes");
    }
}

/// The template is worth its name only if what is filled in comes back as it was meant.
#[test]
fn the_sample_imports_without_a_fault_and_says_the_same() {
    let made = estate(Scale::Borough, 1);
    let (known, geography) = (register(&made), geography(&made));
    let files = tables(&made);
    let read = |kind, name: &str| {
        let table = files.iter().find(|table| table.name == name).unwrap();
        let file = InputFile { name: table.name.clone(), bytes: table.bytes.clone() };
        let held = Held { register: &known, geography: &geography, today: as_of() };
        let reading = import::read(kind, &[file], None, &held);
        assert_eq!(reading.faults, [], "{name}");
        reading
    };

    let mut again = Estate { changes: Vec::new(), references: Vec::new() };
    for (kind, name) in [
        (ImportKind::Sites, "sites.csv"),
        (ImportKind::Tenancies, "tenancies.csv"),
        (ImportKind::Observations, "observations.csv"),
    ] {
        again.changes.extend(read(kind, name).changes);
    }
    let again = register(&again);
    for site in known.sites() {
        let other = again.site(&site.code).unwrap();
        for field in Field::of(Subject::Site) {
            assert_eq!(site.known(field), other.known(field), "{} {field}", site.code);
        }
        assert_eq!(site.observations, other.observations, "{}", site.code);
    }
    for tenancy in known.tenancies() {
        let other = again.tenancy(&tenancy.id).unwrap();
        for field in Field::of(Subject::Tenancy) {
            assert_eq!(tenancy.known(field), other.known(field), "{} {field}", tenancy.id);
        }
    }
    for (kind, name, made) in [
        (ImportKind::Zones, "zones-2026-03.csv", &made.references[0]),
        (ImportKind::BoroughOutlines, "boroughs-2026-03.geojson", &made.references[1]),
    ] {
        let reading = read(kind, name);
        assert_eq!(reading.references[0].bytes, made.bytes, "{name}");
        assert_eq!(reading.references[0].reference.as_of, as_of());
    }
}
