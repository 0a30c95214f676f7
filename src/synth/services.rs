//! Invented tenancies: who is in the premises, what space they take, whom they serve.

use super::Dice;
use super::places::Place;
use super::premises::{Kind, Premises};
use super::teller::{By, Teller};
use crate::register::{Field, ServiceLine, TenancyId, Word};

/// One service at a site and its share of the space in use.
struct Service {
    line: ServiceLine,
    weight: f64,
    people: f64,
    is_bound: bool,
}

/// Everyone at a site.
pub(super) fn services(site: &Premises, place: &Place, teller: &mut Teller<'_>, dice: &mut Dice) {
    let found = found_at(site, dice);
    let total: f64 = found.iter().map(|service| service.weight).sum();
    // A service in under-used space needs less than it stands in.
    let needed = site.gross_m2 - site.empty_m2 - 0.75 * site.under_used_m2;
    for (nth, service) in found.iter().enumerate() {
        let m2 = needed * service.weight / total.max(1e-9);
        tell(site, place, service, nth, m2, teller, dice);
    }
}

fn found_at(site: &Premises, dice: &mut Dice) -> Vec<Service> {
    use ServiceLine as Line;
    let service = |line, weight, people: f64| Service { line, weight, people, is_bound: false };
    let mut found = Vec::new();
    match site.kind {
        Kind::Practice => {
            found.push(service(Line::PrimaryCare, 1.0, site.list));
            if dice.chance(0.1) {
                found.push(service(Line::Prevention, 0.12, dice.between(500.0, 3_000.0)));
            }
        }
        Kind::HealthCentre => {
            if dice.chance(0.62) {
                let list = dice.between(5_000.0, 14_000.0);
                found.push(service(Line::PrimaryCare, 0.42, list));
            }
            found.push(service(Line::Community, 0.3, dice.between(4_000.0, 16_000.0)));
            for (line, likelihood, weight) in [
                (Line::Children, 0.55, 0.16),
                (Line::TalkingTherapies, 0.4, 0.1),
                (Line::Prevention, 0.35, 0.08),
                (Line::Diagnostics, 0.18, 0.14),
                (Line::UrgentCare, 0.1, 0.16),
            ] {
                if dice.chance(likelihood) {
                    found.push(service(line, weight, dice.between(2_000.0, 12_000.0)));
                }
            }
        }
        Kind::Clinic => {
            let first = dice.pick(&[
                (Line::Community, 0.42),
                (Line::MentalHealth, 0.22),
                (Line::Children, 0.16),
                (Line::TalkingTherapies, 0.12),
                (Line::Prevention, 0.08),
            ]);
            found.push(service(
                first.unwrap_or(Line::Community),
                0.7,
                dice.between(1_500.0, 9_000.0),
            ));
            if dice.chance(0.45) {
                found.push(service(Line::TalkingTherapies, 0.3, dice.between(800.0, 4_000.0)));
            }
        }
        Kind::Support => found.push(service(Line::Support, 1.0, 0.0)),
        Kind::Unoccupied => {}
        Kind::MentalHealth => {
            found.push(service(Line::Inpatient, 0.76, dice.between(600.0, 2_400.0)));
            found.push(service(Line::MentalHealth, 0.14, dice.between(4_000.0, 15_000.0)));
            if dice.chance(0.6) {
                found.push(service(Line::TalkingTherapies, 0.1, dice.between(1_000.0, 5_000.0)));
            }
        }
        Kind::Community => {
            found.push(service(Line::Inpatient, 0.5, dice.between(1_500.0, 5_000.0)));
            found.push(service(Line::Outpatients, 0.2, dice.between(9_000.0, 40_000.0)));
            found.push(service(Line::Community, 0.18, dice.between(5_000.0, 18_000.0)));
            if dice.chance(0.4) {
                found.push(service(Line::UrgentCare, 0.1, dice.between(15_000.0, 45_000.0)));
            }
        }
        Kind::Acute => {
            for (line, weight, low, high) in [
                (Line::Inpatient, 0.55, 30_000.0, 90_000.0),
                (Line::Outpatients, 0.15, 90_000.0, 320_000.0),
                (Line::Diagnostics, 0.1, 60_000.0, 200_000.0),
                (Line::UrgentCare, 0.08, 60_000.0, 160_000.0),
            ] {
                found.push(service(line, weight, dice.between(low, high)));
            }
            if dice.chance(0.5) {
                found.push(service(Line::Specialised, 0.12, dice.between(4_000.0, 20_000.0)));
            }
            // Wards, emergency and imaging stand and fall together.
            for service in &mut found {
                service.is_bound =
                    matches!(service.line, Line::Inpatient | Line::UrgentCare | Line::Diagnostics);
            }
        }
        Kind::Inclusion => found.push(service(Line::Inclusion, 1.0, dice.between(600.0, 2_600.0))),
    }
    let is_pair = site.kind == Kind::HealthCentre && found.len() > 2 && dice.chance(0.15);
    if is_pair {
        for service in &mut found {
            service.is_bound = matches!(service.line, Line::Community | Line::Children);
        }
    }
    found
}

fn tell(
    site: &Premises,
    place: &Place,
    service: &Service,
    nth: usize,
    m2: f64,
    teller: &mut Teller<'_>,
    dice: &mut Dice,
) {
    let Ok(id) = format!("{}-{}", site.code, nth + 1).parse::<TenancyId>() else { return };
    let mut sheet = teller.tenancy(id);
    let line = service.line;
    sheet.text(Field::TenancySite, site.code.as_str(), By::Return);
    let name = match line {
        ServiceLine::PrimaryCare | ServiceLine::Inclusion => site.name.clone(),
        line => format!("{}, {}", line.label(), site.name),
    };
    sheet.text(Field::TenancyName, name, By::Return);
    let organisation = match (site.kind, line) {
        (Kind::HealthCentre, ServiceLine::PrimaryCare) => format!("{} practice", site.name),
        _ => site.organisation.1.clone(),
    };
    sheet.text(Field::TenancyOrganisation, organisation, By::Return);
    sheet.text(Field::TenancyServiceLine, line.word(), By::Return);
    sheet.text(Field::TenancyStatus, if site.is_closed { "closed" } else { "open" }, By::Return);
    if line == ServiceLine::Support {
        sheet.perhaps(dice, 0.8, &[Field::TenancyNonClinicalArea], |sheet, _| {
            sheet.number(Field::TenancyClinicalArea, 0.0, 1.0, By::Return);
            sheet.number(Field::TenancyNonClinicalArea, m2, 1.0, By::Return);
        });
        return;
    }
    sheet.perhaps(dice, 0.94, &[Field::TenancyPeople], |sheet, _| {
        sheet.number(Field::TenancyPeople, service.people, 1.0, By::Return);
    });
    sheet.perhaps(dice, 0.64, &[], |sheet, _| {
        sheet.number(Field::TenancyClinicalArea, m2 * site.clinical_share, 1.0, By::Survey(2025));
        let rest = m2 * (1.0 - site.clinical_share);
        sheet.number(Field::TenancyNonClinicalArea, rest, 1.0, By::Survey(2025));
    });
    let visits = match line {
        ServiceLine::PrimaryCare => 5.4,
        ServiceLine::Inpatient | ServiceLine::Specialised => 0.0,
        _ => 2.2,
    };
    if visits > 0.0 {
        sheet.perhaps(dice, 0.42, &[], |sheet, dice| {
            let contacts = service.people * visits * dice.between(0.8, 1.2);
            sheet.number(Field::TenancyContacts, contacts, 10.0, By::Return);
            let minutes = if line == ServiceLine::PrimaryCare { 13.0 } else { 28.0 };
            sheet.number(Field::TenancyContactMinutes, minutes, 1.0, By::Return);
        });
    }
    sheet.perhaps(dice, 0.6, &[], |sheet, dice| {
        let hours = match line {
            ServiceLine::Inpatient | ServiceLine::Specialised => 168.0,
            ServiceLine::UrgentCare => 84.0,
            _ => dice.any(&[37.5, 45.0, 52.5, 52.5, 60.0]).unwrap_or(52.5),
        };
        sheet.number(Field::TenancyOpenHours, hours, 0.5, By::Return);
    });
    if service.is_bound {
        sheet.text(Field::TenancyTogether, format!("{} {}", place.name, site.name), By::Return);
    }
}
