//! Invented premises: what each is, then what the register would know of it.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::Dice;
use super::names::{Names, organisation};
use super::people::{Ground, point};
use super::places::Place;
use super::services;
use super::teller::{By, Sheet, Teller};
use crate::register::{
    AccessAnswer, AccessItem, Field, Grade, Method, Observation, ReceiptAccruesTo, Scalar,
    SiteCode, SpaceUse, SurplusStatus, Tenure, Word,
};

/// What premises are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Practice,
    HealthCentre,
    Clinic,
    Support,
    Unoccupied,
    MentalHealth,
    Community,
    Acute,
    Inclusion,
}

/// Residents a site of each kind, in London and beyond. The sums give about 1,600 and 15,000 sites.
const RESIDENTS_A_SITE: [(Kind, f64, f64); 9] = [
    (Kind::HealthCentre, 45_000.0, 40_000.0),
    (Kind::Practice, 8_300.0, 5_700.0),
    (Kind::Clinic, 58_000.0, 22_000.0),
    (Kind::Support, 150_000.0, 70_000.0),
    (Kind::Unoccupied, 230_000.0, 200_000.0),
    (Kind::MentalHealth, 300_000.0, 250_000.0),
    (Kind::Community, 350_000.0, 200_000.0),
    (Kind::Acute, 270_000.0, 240_000.0),
    (Kind::Inclusion, 560_000.0, 900_000.0),
];

/// A trust that returns figures: code and name.
pub(super) type Host = (String, String);

/// What a site is, known or not.
#[derive(Debug, Clone)]
pub(super) struct Premises {
    pub(super) kind: Kind,
    pub(super) code: SiteCode,
    pub(super) name: String,
    pub(super) organisation: Host,
    pub(super) tenure: Tenure,
    pub(super) gross_m2: f64,
    pub(super) empty_m2: f64,
    pub(super) under_used_m2: f64,
    pub(super) clinical_share: f64,
    /// Registered patients, of a practice.
    pub(super) list: f64,
    pub(super) is_closed: bool,
    built: i32,
    grade: Grade,
    is_accessible: bool,
    surveyed: Option<i32>,
    /// `None` where nobody has said.
    at: Option<[f64; 2]>,
    is_london: bool,
    value_a_m2: f64,
}

/// All sites of an authority and who is in them.
pub(super) fn premises(
    place: &Place,
    ground: &mut Ground<'_>,
    dice: &mut Dice,
    mut teller: Teller<'_>,
    hosts: &mut BTreeSet<Host>,
) {
    let mut names = Names::new(dice);
    let mut number = 0;
    for (kind, in_london, beyond) in RESIDENTS_A_SITE {
        let each = if place.is_london { in_london } else { beyond };
        for nth in 0..dice.count(f64::from(place.residents) / each) {
            number += 1;
            let Some(site) = make(kind, nth, number, place, ground, &mut names, dice) else {
                continue;
            };
            if kind != Kind::Practice {
                hosts.insert(site.organisation.clone());
            }
            tell(&site, place, &mut teller.site(site.code.clone()), dice);
            observe(&site, &mut teller, dice);
            services::services(&site, place, &mut teller, dice);
        }
    }
}

/// One row a trust that pools its small sites: areas without a place.
pub(super) fn aggregates(hosts: &BTreeSet<Host>, dice: &mut Dice, mut teller: Teller<'_>) {
    for (code, name) in hosts {
        let number = code.trim_start_matches("ZZ");
        let Ok(site) = format!("ZZZ{number}").parse::<SiteCode>() else { continue };
        let mut sheet = teller.site(site);
        sheet.text(Field::Name, "Aggregate site (illustrative)", By::Return);
        sheet.text(Field::IsAggregate, "yes", By::Return);
        sheet.text(Field::OrganisationCode, code.as_str(), By::Return);
        sheet.text(Field::OrganisationName, name.as_str(), By::Return);
        sheet.text(Field::SiteType, "Aggregate site", By::Return);
        let area = dice.between(400.0, 6_000.0);
        sheet.number(Field::GrossInternalArea, area, 1.0, By::Return);
        sheet.pounds(Field::RunningCost, area * dice.between(200.0, 400.0), 100.0, By::Return);
    }
}

fn make(
    kind: Kind,
    nth: usize,
    number: usize,
    place: &Place,
    ground: &mut Ground<'_>,
    names: &mut Names,
    dice: &mut Dice,
) -> Option<Premises> {
    let family = match place.code.get(..3) {
        Some("E06") => 'U',
        Some("E08") => 'M',
        Some("E09") => 'L',
        _ => 'C',
    };
    let of_place = place.code.get(7..).unwrap_or_default();
    let code: SiteCode = format!("ZZ{family}{of_place}{number:03}").parse().ok()?;
    let name = name_of(kind, names, dice);
    let organisation = organisation_of(kind, &code, &name, place);

    let built = built_in(kind, dice);
    let wear = f64::from(2026 - built) / 100.0 + dice.bell(0.0, 0.22);
    let grade = match wear {
        w if w < 0.12 => Grade::A,
        w if w < 0.48 => Grade::B,
        w if w < 0.62 => Grade::BC,
        w if w < 1.0 => Grade::C,
        w if w < 1.15 => Grade::CX,
        w if w < 1.35 => Grade::D,
        _ => Grade::DX,
    };
    let list = dice.bell(if place.is_london { 8_400.0 } else { 7_400.0 }, 3_300.0);
    let list = list.clamp(1_900.0, 22_000.0).round();
    let gross_m2 = match kind {
        Kind::Practice => list / 1_000.0 * dice.between(46.0, 92.0),
        Kind::HealthCentre => dice.between(1_100.0, 4_200.0),
        Kind::Clinic => dice.between(260.0, 1_250.0),
        Kind::Support => dice.between(350.0, 3_200.0),
        Kind::Unoccupied => dice.between(200.0, 2_600.0),
        Kind::MentalHealth => dice.between(4_500.0, 22_000.0),
        Kind::Community => dice.between(3_500.0, 14_000.0),
        Kind::Acute => dice.between(38_000.0, 165_000.0),
        Kind::Inclusion => dice.between(220.0, 620.0),
    };
    let (empty, under_used) = match kind {
        Kind::Practice => (dice.between(0.0, 0.05), dice.between(0.0, 0.2)),
        Kind::HealthCentre => (dice.between(0.02, 0.14), dice.between(0.08, 0.36)),
        Kind::Clinic => (dice.between(0.02, 0.16), dice.between(0.12, 0.5)),
        Kind::Support => (dice.between(0.04, 0.25), dice.between(0.1, 0.45)),
        Kind::Unoccupied => (1.0, 0.0),
        Kind::MentalHealth => (dice.between(0.01, 0.08), dice.between(0.03, 0.15)),
        Kind::Community => (dice.between(0.03, 0.13), dice.between(0.08, 0.26)),
        Kind::Acute => (dice.between(0.004, 0.04), dice.between(0.01, 0.05)),
        Kind::Inclusion => (0.0, dice.between(0.0, 0.1)),
    };
    let clinical_share = match kind {
        Kind::Support => 0.0,
        Kind::Unoccupied => 0.5,
        _ => dice.between(0.54, 0.7),
    };
    let at = match kind {
        Kind::HealthCentre => {
            ground.near_town(nth.rem_euclid(ground.towns().len().max(1)), 0.45, dice)
        }
        Kind::Practice if dice.chance(0.4) => ground.anywhere(),
        Kind::Clinic | Kind::Practice | Kind::Support | Kind::Inclusion | Kind::Unoccupied => {
            let town = ground.any_town(dice);
            ground.near_town(town, 0.9, dice)
        }
        Kind::MentalHealth | Kind::Community | Kind::Acute => ground.anywhere(),
    };
    let year = i32::try_from(dice.whole(2018, 2025)).unwrap_or(2025);
    let is_surveyed = dice.chance(match kind {
        Kind::HealthCentre | Kind::Acute => 0.92,
        Kind::Practice => 0.84,
        _ => 0.88,
    });
    let level = place.ptai.map_or(1_150.0, |ptai| 2_000.0 + 62.0 * ptai);
    Some(Premises {
        kind,
        code,
        name,
        organisation,
        tenure: tenure_of(kind, dice)?,
        gross_m2: gross_m2.round(),
        empty_m2: (gross_m2 * empty).round(),
        under_used_m2: (gross_m2 * under_used).round(),
        clinical_share,
        list,
        is_closed: kind == Kind::Practice && dice.chance(0.02),
        built,
        grade,
        is_accessible: dice.chance(match kind {
            Kind::HealthCentre | Kind::Acute | Kind::Community => 0.86,
            Kind::Practice if built < 1948 => 0.36,
            Kind::Practice => 0.62,
            _ => 0.64,
        }),
        surveyed: is_surveyed.then_some(year),
        at: Some(at).filter(|_| kind != Kind::Practice || !dice.chance(0.012)),
        is_london: place.is_london,
        value_a_m2: level * dice.between(0.65, 1.45),
    })
}

fn name_of(kind: Kind, names: &mut Names, dice: &mut Dice) -> String {
    let tails: &[&str] = match kind {
        Kind::Practice => {
            &["Surgery", "Medical Practice", "Medical Centre", "Family Practice", "Road Surgery"]
        }
        Kind::HealthCentre => &["Health Centre"],
        Kind::Clinic => &["Clinic", "Wellbeing Centre", "Therapies Centre", "Street Clinic"],
        Kind::Support => &["House", "Offices", "Stores", "Training Centre"],
        Kind::Unoccupied => &["Annexe", "Lodge", "old Clinic"],
        Kind::MentalHealth => &["Hospital", "Unit"],
        Kind::Community => &["Community Hospital"],
        Kind::Acute => &["General Hospital", "Hospital"],
        Kind::Inclusion => &["Health Inclusion Centre"],
    };
    names.next(dice.any(tails).unwrap_or("Clinic"))
}

/// A practice is its own; trusts serve several authorities of a board.
fn organisation_of(kind: Kind, code: &SiteCode, name: &str, place: &Place) -> Host {
    let board =
        place.icb.bytes().fold(0_usize, |sum, byte| sum * 31 + usize::from(byte)).rem_euclid(997);
    let of_place =
        place.code.bytes().next_back().map_or(0, |digit| usize::from(digit).rem_euclid(3));
    let (letter, number, tail) = match kind {
        Kind::Practice => return (code.to_string(), name.to_owned()),
        Kind::Acute => ('A', board * 3 + of_place, "Hospitals NHS Trust"),
        Kind::MentalHealth => ('M', board, "Mental Health NHS Foundation Trust"),
        _ => ('C', board, "Community Health NHS Trust"),
    };
    (format!("ZZ{letter}{number:04}"), organisation(number, tail))
}

fn built_in(kind: Kind, dice: &mut Dice) -> i32 {
    let era = match kind {
        Kind::Practice => {
            dice.pick(&[((1880, 1939), 0.42), ((1955, 1989), 0.36), ((1990, 2020), 0.22)])
        }
        Kind::HealthCentre => {
            dice.pick(&[((1964, 1985), 0.5), ((1986, 2004), 0.2), ((2005, 2021), 0.3)])
        }
        Kind::Unoccupied => dice.pick(&[((1880, 1947), 0.6), ((1955, 1980), 0.4)]),
        _ => dice.pick(&[((1870, 1947), 0.27), ((1950, 1984), 0.43), ((1985, 2018), 0.3)]),
    };
    let (from, to) = era.unwrap_or((1960, 1990));
    i32::try_from(dice.whole(from, to)).unwrap_or(1970)
}

fn tenure_of(kind: Kind, dice: &mut Dice) -> Option<Tenure> {
    use Tenure::{Charity, Council, Freehold, GpOwned, Leasehold, Lift, Nhsps, Pfi};
    dice.pick(match kind {
        Kind::Practice => &[
            (GpOwned, 0.4),
            (Leasehold, 0.36),
            (Nhsps, 0.13),
            (Lift, 0.04),
            (Council, 0.04),
            (Freehold, 0.02),
            (Charity, 0.01),
        ][..],
        Kind::HealthCentre => {
            &[(Nhsps, 0.4), (Freehold, 0.26), (Lift, 0.2), (Leasehold, 0.09), (Council, 0.05)]
        }
        Kind::Clinic => &[(Freehold, 0.46), (Nhsps, 0.3), (Leasehold, 0.2), (Council, 0.04)],
        Kind::Support => &[(Freehold, 0.42), (Leasehold, 0.46), (Nhsps, 0.12)],
        Kind::Unoccupied => &[(Freehold, 0.64), (Nhsps, 0.36)],
        Kind::MentalHealth => &[(Freehold, 0.74), (Pfi, 0.26)],
        Kind::Community => &[(Freehold, 0.6), (Nhsps, 0.24), (Pfi, 0.16)],
        Kind::Acute => &[(Freehold, 0.76), (Pfi, 0.24)],
        Kind::Inclusion => &[(Leasehold, 0.5), (Charity, 0.25), (Council, 0.15), (Nhsps, 0.1)],
    })
}

fn tell(site: &Premises, place: &Place, sheet: &mut Sheet<'_>, dice: &mut Dice) {
    identity(site, place, sheet, dice);
    holding(site, sheet, dice);
    space(site, sheet, dice);
    facets(site, sheet, dice);
    money(site, sheet, dice);
    access(site, sheet, dice);
}

/// Letters of an invented postcode's end.
const LETTERS: [char; 10] = ['A', 'B', 'D', 'E', 'H', 'J', 'L', 'N', 'P', 'Q'];

fn identity(site: &Premises, place: &Place, sheet: &mut Sheet<'_>, dice: &mut Dice) {
    sheet.text(Field::Name, site.name.as_str(), By::Return);
    sheet.perhaps(dice, 0.5, &[], |sheet, dice| {
        sheet.text(Field::Uprn, format!("9990{:08}", dice.whole(0, 99_999_999)), By::Return);
    });
    let (code, name) = &site.organisation;
    sheet.text(Field::OrganisationCode, code.as_str(), By::Return);
    sheet.text(Field::OrganisationName, name.as_str(), By::Return);
    sheet.text(
        Field::SiteType,
        match site.kind {
            Kind::Practice => "GP practice",
            Kind::HealthCentre => "Health centre",
            Kind::Clinic | Kind::Inclusion => "Non inpatient",
            Kind::Support => "Support facilities",
            Kind::Unoccupied => "Unoccupied",
            Kind::MentalHealth => "Mental Health (including Specialist services)",
            Kind::Community => "Community hospital (with inpatient beds)",
            Kind::Acute => "General acute hospital",
        },
        By::Return,
    );
    let status = match site.kind {
        _ if site.is_closed => "closed",
        Kind::Unoccupied => "unoccupied",
        _ => "open",
    };
    sheet.text(Field::Status, status, By::Return);
    if site.is_closed {
        let year = i32::try_from(dice.whole(2021, 2025)).unwrap_or(2024);
        if let Some(day) = NaiveDate::from_ymd_opt(year, 9, 30) {
            sheet.say(Field::ClosedOn, Scalar::Date(day), By::Return);
        }
    }
    let Some(at) = site.at else { return };
    if let Some(point) = point(at) {
        sheet.say(Field::Location, Scalar::Point(point), By::Place);
    }
    sheet.text(Field::BoroughCode, place.code, By::Place);
    sheet.text(Field::BoroughName, place.name, By::Place);
    sheet.text(Field::IcbCode, place.icb, By::Place);
    sheet.text(Field::IcbName, place.icb_name(), By::Place);
    sheet.perhaps(dice, 0.96, &[], |sheet, dice| {
        let mut letter = || dice.any(&LETTERS).unwrap_or('A');
        let (first, second) = (letter(), letter());
        let (district, sector) = (dice.whole(1, 29), dice.whole(0, 9));
        // No postcode area is called ZZ.
        sheet.text(Field::Postcode, format!("ZZ{district} {sector}{first}{second}"), By::Return);
    });
}

fn holding(site: &Premises, sheet: &mut Sheet<'_>, dice: &mut Dice) {
    let owner = match site.tenure {
        Tenure::Freehold => ReceiptAccruesTo::Trust,
        Tenure::Nhsps => ReceiptAccruesTo::Nhsps,
        Tenure::GpOwned => ReceiptAccruesTo::GpPartners,
        Tenure::Leasehold | Tenure::Lift | Tenure::Pfi => ReceiptAccruesTo::Landlord,
        Tenure::Council => ReceiptAccruesTo::Council,
        Tenure::Charity => ReceiptAccruesTo::Charity,
    };
    sheet.perhaps(dice, 0.95, &[Field::Tenure], |sheet, _| {
        sheet.text(Field::Tenure, site.tenure.word(), By::Deed);
    });
    sheet.perhaps(dice, 0.86, &[Field::ReceiptAccruesTo], |sheet, _| {
        sheet.text(Field::ReceiptAccruesTo, owner.word(), By::Deed);
    });
    let day = |from: i64, to: i64, sheet: &mut Sheet<'_>, field, dice: &mut Dice| {
        let year = i32::try_from(dice.whole(from, to)).unwrap_or(2030);
        let quarters = [(3, 24), (6, 23), (9, 28), (12, 24)];
        let (month, day) = dice.any(&quarters).unwrap_or((3, 24));
        if let Some(day) = NaiveDate::from_ymd_opt(year, month, day) {
            sheet.say(field, Scalar::Date(day), By::Deed);
        }
    };
    let rate = if site.is_london { dice.between(190.0, 430.0) } else { dice.between(90.0, 190.0) };
    match site.tenure {
        Tenure::Leasehold | Tenure::Council => {
            sheet.perhaps(dice, 0.72, &[Field::LeaseExpiry], |sheet, dice| {
                day(2026, 2046, sheet, Field::LeaseExpiry, dice);
            });
            sheet.perhaps(dice, 0.42, &[], |sheet, dice| {
                day(2027, 2031, sheet, Field::LeaseBreak, dice);
            });
            sheet.perhaps(dice, 0.68, &[Field::AnnualRent], |sheet, _| {
                sheet.pounds(Field::AnnualRent, site.gross_m2 * rate, 250.0, By::Deed);
            });
            sheet.perhaps(dice, 0.35, &[Field::Dilapidations], |sheet, dice| {
                let pounds = site.gross_m2 * dice.between(50.0, 240.0);
                sheet.pounds(Field::Dilapidations, pounds, 1_000.0, By::Survey(2024));
            });
            sheet.perhaps(dice, 0.5, &[], |sheet, _| {
                sheet.text(Field::Landlord, "Illustrative Estates Ltd", By::Deed);
            });
        }
        Tenure::Nhsps => {
            let is_leased = dice.chance(0.22);
            sheet.perhaps(dice, 0.8, &[], |sheet, dice| {
                if is_leased {
                    day(2028, 2041, sheet, Field::LeaseExpiry, dice);
                } else {
                    sheet.text(Field::Landlord, "NHS Property Services", By::Deed);
                }
            });
            sheet.perhaps(dice, 0.6, &[Field::AnnualRent], |sheet, _| {
                sheet.pounds(Field::AnnualRent, site.gross_m2 * rate * 0.8, 250.0, By::Deed);
            });
        }
        Tenure::Lift | Tenure::Pfi => {
            sheet.perhaps(dice, 0.8, &[Field::LeaseExpiry], |sheet, dice| {
                day(2030, 2046, sheet, Field::LeaseExpiry, dice);
            });
            sheet.perhaps(dice, 0.75, &[Field::FinanceCost], |sheet, dice| {
                let pounds = site.gross_m2 * dice.between(240.0, 520.0);
                sheet.pounds(Field::FinanceCost, pounds, 1_000.0, By::Return);
            });
        }
        Tenure::GpOwned => sheet.perhaps(dice, 0.55, &[], |sheet, _| {
            sheet.pounds(Field::AnnualRent, site.gross_m2 * rate, 250.0, By::Return);
        }),
        Tenure::Freehold | Tenure::Charity => {}
    }
    sheet.perhaps(dice, 0.7, &[], |sheet, dice| {
        let is_listed = site.built < 1940 && dice.chance(0.08);
        sheet.text(Field::IsListed, if is_listed { "yes" } else { "no" }, By::Deed);
    });
    if let Some(status) = surplus_status(site, dice) {
        sheet.text(Field::SurplusStatus, status.word(), By::Return);
    }
}

fn surplus_status(site: &Premises, dice: &mut Dice) -> Option<SurplusStatus> {
    use SurplusStatus::{NoLongerSurplus, NotSurplus, PotentiallySurplus, Surplus};
    let status = match site.kind {
        Kind::Practice => return None,
        Kind::Unoccupied => {
            dice.pick(&[(Some(Surplus), 0.4), (Some(PotentiallySurplus), 0.35), (None, 0.25)])
        }
        Kind::Clinic | Kind::Support => dice.pick(&[
            (Some(NotSurplus), 0.5),
            (Some(PotentiallySurplus), 0.12),
            (Some(NoLongerSurplus), 0.03),
            (None, 0.35),
        ]),
        _ => dice.pick(&[(Some(NotSurplus), 0.6), (None, 0.4)]),
    };
    status.flatten()
}

fn space(site: &Premises, sheet: &mut Sheet<'_>, dice: &mut Dice) {
    let returns = match site.kind {
        Kind::Practice => 0.62,
        Kind::Inclusion => 0.7,
        Kind::HealthCentre => 0.9,
        Kind::Clinic => 0.88,
        _ => 0.97,
    };
    sheet.perhaps(dice, returns, &[Field::GrossInternalArea], |sheet, dice| {
        sheet.number(Field::GrossInternalArea, site.gross_m2, 1.0, By::Return);
        let occupied = site.gross_m2 - site.empty_m2;
        sheet.perhaps(dice, 0.8, &[Field::OccupiedArea], |sheet, _| {
            sheet.number(Field::OccupiedArea, occupied, 1.0, By::Return);
        });
        sheet.perhaps(dice, 0.78, &[Field::ClinicalArea, Field::NonClinicalArea], |sheet, _| {
            let clinical = (occupied * site.clinical_share).round();
            sheet.number(Field::ClinicalArea, clinical, 1.0, By::Return);
            sheet.number(Field::NonClinicalArea, occupied - clinical, 1.0, By::Return);
        });
        let is_asked = if site.kind == Kind::Practice { 0.5 } else { 0.86 };
        sheet.perhaps(dice, is_asked, &[Field::EmptyArea, Field::UnderUsedArea], |sheet, _| {
            sheet.number(Field::EmptyArea, site.empty_m2, 1.0, By::Return);
            sheet.number(Field::UnderUsedArea, site.under_used_m2, 1.0, By::Return);
        });
    });
    let is_owned = matches!(site.tenure, Tenure::Freehold | Tenure::Nhsps);
    let plot_ratio = if site.is_london { dice.between(0.6, 1.5) } else { dice.between(0.3, 0.8) };
    let hectares = site.gross_m2 / 10_000.0 / plot_ratio;
    if is_owned {
        sheet.perhaps(dice, 0.66, &[Field::LandArea], |sheet, _| {
            sheet.number(Field::LandArea, hectares.max(0.02), 0.01, By::Return);
        });
        let has_more = matches!(site.kind, Kind::MentalHealth | Kind::Community | Kind::Acute)
            && dice.chance(0.45);
        let surplus = if has_more { hectares * dice.between(0.04, 0.22) } else { 0.0 };
        sheet.perhaps(dice, 0.8, &[Field::SurplusLand], |sheet, _| {
            sheet.number(Field::SurplusLand, surplus, 0.01, By::Return);
        });
    }
    sheet.perhaps(dice, 0.7, &[Field::BuiltYear], |sheet, _| {
        sheet.number(Field::BuiltYear, f64::from(site.built), 1.0, By::Return);
        let share = if site.built < 1948 { old_share(site) } else { 0.0 };
        sheet.number(Field::Pre1948Share, share, 1.0, By::Return);
    });
    if site.kind != Kind::Practice {
        sheet.perhaps(dice, 0.6, &[Field::HeatedVolume], |sheet, _| {
            sheet.number(Field::HeatedVolume, site.gross_m2 * 2.9, 10.0, By::Return);
        });
        sheet.perhaps(dice, 0.55, &[], |sheet, dice| {
            let spaces = (site.gross_m2 / dice.between(60.0, 240.0)).round();
            sheet.number(Field::ParkingSpaces, spaces, 1.0, By::Return);
            sheet.number(Field::DisabledParkingSpaces, spaces * 0.06, 1.0, By::Return);
        });
    }
}

/// An older building has been added to since: three quarters of it are old.
fn old_share(site: &Premises) -> f64 {
    if site.gross_m2 > 2_000.0 { 60.0 } else { 90.0 }
}

fn facets(site: &Premises, sheet: &mut Sheet<'_>, dice: &mut Dice) {
    let Some(year) = site.surveyed else { return };
    let likelihood = if site.kind == Kind::Practice { 0.66 } else { 0.88 };
    let by = By::Survey(year);
    sheet.perhaps(dice, likelihood, &[Field::FacetCondition], |sheet, _| {
        sheet.text(Field::FacetCondition, site.grade.word(), by);
    });
    for field in [
        Field::FacetSuitability,
        Field::FacetQuality,
        Field::FacetStatutory,
        Field::FacetEnvironment,
    ] {
        sheet.perhaps(dice, likelihood * 0.85, &[field], |sheet, dice| {
            sheet.text(field, near(site.grade, dice).word(), by);
        });
    }
    sheet.perhaps(dice, likelihood * 0.9, &[Field::FacetSpaceUse], |sheet, dice| {
        let share = site.under_used_m2 / site.gross_m2.max(1.0);
        let space_use = match site.kind {
            Kind::Unoccupied => SpaceUse::Empty,
            Kind::Practice if dice.chance(0.16) => SpaceUse::Over,
            _ if share > 0.2 => SpaceUse::Under,
            _ => SpaceUse::Full,
        };
        sheet.text(Field::FacetSpaceUse, space_use.word(), by);
    });
}

/// The same grade or one beside it.
fn near(grade: Grade, dice: &mut Dice) -> Grade {
    let plain = [Grade::A, Grade::B, Grade::C, Grade::D];
    let at: i64 = match grade {
        Grade::A => 0,
        Grade::B | Grade::BC => 1,
        Grade::C | Grade::CX => 2,
        Grade::D | Grade::DX => 3,
    };
    let at = (at + dice.pick(&[(-1, 0.25), (0, 0.5), (1, 0.25)]).unwrap_or(0)).clamp(0, 3);
    usize::try_from(at).ok().and_then(|at| plain.get(at).copied()).unwrap_or(Grade::B)
}

fn money(site: &Premises, sheet: &mut Sheet<'_>, dice: &mut Dice) {
    let is_trusts = !matches!(site.kind, Kind::Practice | Kind::Inclusion);
    let (low, high) = match site.kind {
        Kind::Practice | Kind::Inclusion => (200.0, 420.0),
        Kind::HealthCentre => (250.0, 470.0),
        Kind::Clinic => (280.0, 540.0),
        Kind::Support => (170.0, 320.0),
        Kind::Unoccupied => (35.0, 95.0),
        Kind::MentalHealth | Kind::Community => (320.0, 520.0),
        Kind::Acute => (410.0, 640.0),
    };
    let yearly = site.gross_m2 * dice.between(low, high);
    sheet.perhaps(
        dice,
        if is_trusts { 0.8 } else { 0.36 },
        &[Field::RunningCost],
        |sheet, dice| {
            sheet.pounds(Field::RunningCost, yearly, 100.0, By::Return);
            sheet.pounds(
                Field::MaintenanceCost,
                yearly * dice.between(0.2, 0.34),
                100.0,
                By::Return,
            );
            sheet.pounds(Field::CleaningCost, yearly * dice.between(0.12, 0.2), 100.0, By::Return);
            let energy = yearly * dice.between(0.12, 0.24);
            sheet.pounds(Field::EnergyCost, energy, 100.0, By::Return);
            sheet.number(Field::EnergyUse, energy * 5.5, 100.0, By::Return);
        },
    );
    let (low, high) = match site.grade {
        Grade::A => (0.0, 15.0),
        Grade::B => (10.0, 90.0),
        Grade::BC => (60.0, 190.0),
        Grade::C | Grade::CX => (160.0, 620.0),
        Grade::D | Grade::DX => (520.0, 1_500.0),
    };
    let backlog = site.gross_m2 * dice.between(low, high);
    let known = if is_trusts { 0.72 } else { 0.22 };
    let bands =
        [Field::BacklogHigh, Field::BacklogSignificant, Field::BacklogModerate, Field::BacklogLow];
    sheet.perhaps(dice, known, &bands, |sheet, dice| {
        if dice.chance(0.15) {
            sheet.pounds(Field::BacklogTotal, backlog, 1.0, By::Survey(2025));
            return;
        }
        let weights = [0.2, 0.34, 0.28, 0.18].map(|weight| weight * dice.between(0.2, 1.8));
        let sum: f64 = weights.iter().sum();
        for (field, weight) in bands.iter().zip(weights) {
            sheet.pounds(*field, backlog * weight / sum, 1.0, By::Survey(2025));
        }
    });
    let value = site.gross_m2 * site.value_a_m2;
    let valued = match (site.kind, site.tenure) {
        (Kind::Acute, _) => 0.0,
        (Kind::Unoccupied, _) => 0.7,
        (_, Tenure::Freehold | Tenure::Nhsps) => 0.48,
        (_, Tenure::GpOwned) => 0.24,
        _ => 0.0,
    };
    sheet.perhaps(dice, valued, &[], |sheet, dice| {
        let by = By::Valuation(i32::try_from(dice.whole(2021, 2025)).unwrap_or(2023));
        sheet.pounds(Field::Valuation, value, 10_000.0, by);
        if dice.chance(0.5) {
            sheet.pounds(Field::ValuationLow, value * dice.between(0.7, 0.9), 10_000.0, by);
            sheet.pounds(Field::ValuationHigh, value * dice.between(1.1, 1.4), 10_000.0, by);
        }
    });
    if matches!(site.tenure, Tenure::Freehold | Tenure::Nhsps) && is_trusts {
        sheet.perhaps(dice, 0.6, &[], |sheet, dice| {
            let book = value * dice.between(0.4, 1.1);
            sheet.pounds(Field::BookValue, book, 1_000.0, By::Return);
        });
    }
    if matches!(site.kind, Kind::MentalHealth | Kind::Community | Kind::Acute) {
        sheet.perhaps(dice, 0.7, &[Field::PlaceDisability], |sheet, dice| {
            let base = if site.is_accessible { 82.0 } else { 66.0 };
            let mut score = || (base + dice.bell(4.0, 6.0)).clamp(30.0, 100.0);
            let scores = [score(), score(), score()];
            let fields = [Field::PlaceDisability, Field::PlaceDementia, Field::PlaceCondition];
            for (field, score) in fields.into_iter().zip(scores) {
                sheet.number(field, score, 0.01, By::Survey(2024));
            }
        });
    }
}

/// About a fifth of all answers are unknown: most sites are audited well, some in part, some hardly.
fn access(site: &Premises, sheet: &mut Sheet<'_>, dice: &mut Dice) {
    let likely_unknown = match dice.unit() {
        u if u < 0.66 => 0.025,
        u if u < 0.88 => 0.34,
        _ => 0.88,
    };
    let year = site.surveyed.unwrap_or(2023);
    for item in AccessItem::all() {
        let field = item.field();
        if dice.chance(likely_unknown) {
            if dice.chance(0.3) {
                sheet.not_assessed(field);
            }
            continue;
        }
        let likelihood = match item.number() {
            7 => 0.18,
            8 | 10 | 12 | 13 | 16 if site.is_accessible => 0.82,
            8 | 10 | 12 | 13 | 16 => 0.5,
            _ if site.is_accessible => 0.992,
            _ => 0.74,
        };
        let answer = match item.number() {
            2 if site.built > 1990 && dice.chance(0.6) => AccessAnswer::NotApplicable,
            5 if site.gross_m2 < 500.0 && dice.chance(0.5) => AccessAnswer::NotApplicable,
            _ if dice.chance(likelihood) => AccessAnswer::Yes,
            _ => AccessAnswer::No,
        };
        sheet.text(field, answer.word(), By::Survey(year));
    }
}

/// Sensors here and there, the yearly return elsewhere. The two say different things, as they do.
fn observe(site: &Premises, teller: &mut Teller<'_>, dice: &mut Dice) {
    let has_sensors = matches!(site.kind, Kind::HealthCentre | Kind::Clinic | Kind::Community);
    let source = teller.source.to_owned();
    let day = NaiveDate::from_ymd_opt;
    if has_sensors && dice.chance(0.22) {
        let year = i32::try_from(dice.whole(2023, 2025)).unwrap_or(2024);
        let (Some(from), Some(to)) = (day(year, 9, 8), day(year, 11, 30)) else { return };
        let frequency = (dice.between(0.3, 0.64) * 1_000.0).round() / 1_000.0;
        let spaces = "consulting rooms".to_owned();
        let observed = Observation {
            method: Method::Sensor,
            from,
            to,
            spaces,
            frequency,
            occupancy: None,
            source,
        };
        teller.observed(&site.code, observed);
    } else if has_sensors && dice.chance(0.2) {
        let (Some(from), Some(to)) = (day(2025, 2, 3), day(2025, 2, 14)) else { return };
        let frequency = (dice.between(0.42, 0.78) * 100.0).round() / 100.0;
        let occupancy = Some((dice.between(0.4, 0.8) * 100.0).round() / 100.0);
        let spaces = "whole site".to_owned();
        let observed = Observation {
            method: Method::Walkround,
            from,
            to,
            spaces,
            frequency,
            occupancy,
            source,
        };
        teller.observed(&site.code, observed);
    }
}
