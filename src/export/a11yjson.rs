//! A site's facts as A11yJSON (a11yjson.org, Sozialhelden e. V.): what is known of getting into a place, for programs.
//!
//! A11yJSON has no word for "not known" but leaving a property out, so an unknown answer is left out and never written as
//! false. Where an item of our checklist asks for more than a property says, only "yes" is written. Every answer as the
//! register holds it, with its evidence, is in `originalData`.

use serde_json::{Map, Value, json};

use super::geojson;
use crate::register::{AccessAnswer, AccessItem, Field, Scalar, Site};

/// A GeoJSON feature at the site's place, or without a geometry where nobody knows it.
pub fn site(site: &Site) -> Value {
    let mut accessibility = Map::new();
    let yes = |number| answer(site, number) == Some(AccessAnswer::Yes);
    let told = |number| match answer(site, number) {
        Some(AccessAnswer::Yes) => Some(true),
        Some(AccessAnswer::No) => Some(false),
        Some(AccessAnswer::NotApplicable) | None => None,
    };
    if let Some(entrance) = entrance(told(1), told(3)) {
        accessibility.insert("entrances".to_owned(), json!([entrance]));
    }
    let mut restrooms = Vec::new();
    // Item 6 asks for size and alarm together: "no" does not say which is missing.
    if yes(6) {
        restrooms.push(json!({
            "signIcons": ["personInWheelchair"],
            "hasEmergencyPullstring": true,
            "entrance": { "isOnWheelchairAccessiblePath": true },
        }));
    }
    if yes(7) {
        restrooms.push(json!({
            "hasChangingTableForAdults": true,
            "hasCeilingHoist": true,
            "description": { "en": "Changing Places toilet" },
        }));
    }
    if !restrooms.is_empty() {
        accessibility.insert("restrooms".to_owned(), Value::Array(restrooms));
    }
    if let Some(parking) = parking(site) {
        accessibility.insert("parking".to_owned(), parking);
    }
    let only_yes = [(9, "hasInductionLoop"), (10, "hasTactileSignage"), (10, "hasBrailleSignage")];
    for (number, name) in only_yes.into_iter().chain([(11, "hasPatientLifter")]) {
        if yes(number) {
            accessibility.insert(name.to_owned(), json!(true));
        }
    }
    if let Some(is_quiet) = told(13) {
        accessibility.insert("isQuiet".to_owned(), json!(is_quiet));
    }
    let mut properties = Map::new();
    properties.insert("name".to_owned(), json!({ "en": site.name() }));
    properties.insert("category".to_owned(), json!("health"));
    properties.insert("originalId".to_owned(), json!(site.code.as_str()));
    properties.insert("infoPageUrl".to_owned(), json!({ "en": format!("/sites/{}", site.code) }));
    if let Some(postcode) = site.text(Field::Postcode) {
        let mut address = Map::new();
        address.insert("postalCode".to_owned(), json!({ "en": postcode }));
        if let Some(borough) = site.text(Field::BoroughName) {
            address.insert("city".to_owned(), json!({ "en": borough }));
        }
        address.insert("countryCode".to_owned(), json!("GB"));
        properties.insert("address".to_owned(), Value::Object(address));
    }
    if !accessibility.is_empty() {
        properties.insert("accessibility".to_owned(), Value::Object(accessibility));
    }
    properties.insert("originalData".to_owned(), json!(Value::Object(original(site)).to_string()));
    match site.location().and_then(|at| geojson::point(at, properties.clone())) {
        Some(feature) => feature,
        None => json!({ "type": "Feature", "geometry": null, "properties": properties }),
    }
}

fn answer(site: &Site, number: u8) -> Option<AccessAnswer> {
    site.access(AccessItem::new(number)?)
}

/// Item 1 speaks of the way from the boundary, item 3 of the door.
fn entrance(step_free: Option<bool>, door: Option<bool>) -> Option<Value> {
    let mut told = Map::new();
    if let Some(is_step_free) = step_free {
        told.insert("isOnWheelchairAccessiblePath".to_owned(), json!(is_step_free));
    }
    if step_free == Some(true) && door == Some(true) {
        told.insert("isMainEntrance".to_owned(), json!(true));
    }
    (!told.is_empty()).then_some(Value::Object(told))
}

fn parking(site: &Site) -> Option<Value> {
    let count = |field| site.known(field).and_then(Scalar::number);
    let (all, disabled) = (count(Field::ParkingSpaces), count(Field::DisabledParkingSpaces));
    let mut parking = Map::new();
    if let Some(all) = all {
        parking.insert("count".to_owned(), json!(all));
    }
    if disabled.is_some() || answer(site, 8) == Some(AccessAnswer::Yes) {
        let mut bays = Map::new();
        if let Some(disabled) = disabled {
            bays.insert("count".to_owned(), json!(disabled));
        }
        bays.insert("neededParkingPermits".to_owned(), json!([{ "en": "Blue Badge" }]));
        parking.insert("forWheelchairUsers".to_owned(), Value::Object(bays));
    }
    (!parking.is_empty()).then_some(Value::Object(parking))
}

/// Every item and both PLACE scores by the register's own keys: the answer, and who saw it when; null is not known.
fn original(site: &Site) -> Map<String, Value> {
    let fields = AccessItem::all().map(AccessItem::field);
    let fields = fields.chain([Field::PlaceDisability, Field::PlaceDementia]);
    fields
        .map(|field| {
            let fact = site.fact(field);
            let told = fact.get().zip(fact.evidence()).map(|(value, evidence)| {
                json!({
                    "value": value.to_string(),
                    "source": evidence.source,
                    "method": evidence.method,
                    "as_of": evidence.as_of,
                })
            });
            (field.key().to_owned(), json!(told))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use chrono::NaiveDate;

    use super::*;
    use crate::register::{Change, ChangeSet, Evidence, Point, Register, Value as Fact};

    fn told(facts: &[(Field, Scalar)]) -> Value {
        let as_of = NaiveDate::from_ymd_opt(2026, 3, 31).unwrap();
        let evidence = Arc::new(Evidence {
            source: "A. Officer, site visit".to_owned(),
            method: "seen".to_owned(),
            as_of,
        });
        let code = "RXA01".parse().unwrap();
        let change = |(field, value): &(Field, Scalar)| Change::Site {
            code: "RXA01".parse().unwrap(),
            field: *field,
            value: Fact::known(value.clone(), &evidence),
        };
        let register = Register::default().with(&ChangeSet {
            id: 1,
            author: "test".to_owned(),
            at: as_of.and_hms_opt(0, 0, 0).unwrap(),
            source: "test".to_owned(),
            reason: "test".to_owned(),
            changes: facts.iter().map(change).collect(),
        });
        site(register.site(&code).unwrap())
    }

    fn item(number: u8, answer: &str) -> (Field, Scalar) {
        (AccessItem::new(number).unwrap().field(), Scalar::Text(answer.to_owned()))
    }

    #[test]
    fn what_is_known_is_told_and_what_is_not_is_left_out_not_denied() {
        let at = Point::new(530_000.0, 180_000.0).unwrap();
        let told = told(&[
            (Field::Name, Scalar::Text("Elm Lane".to_owned())),
            (Field::Location, Scalar::Point(at)),
            (Field::DisabledParkingSpaces, Scalar::Number(2.0)),
            item(1, "no"),
            item(6, "no"),
            item(9, "yes"),
            item(13, "no"),
        ]);

        assert_eq!(told["type"], "Feature");
        assert_eq!(told["geometry"]["type"], "Point");
        let properties = &told["properties"];
        assert_eq!(properties["name"]["en"], "Elm Lane");
        let access = &properties["accessibility"];
        assert_eq!(access["entrances"][0]["isOnWheelchairAccessiblePath"], false);
        assert_eq!(access["parking"]["forWheelchairUsers"]["count"], 2.0);
        assert_eq!(
            (&access["hasInductionLoop"], &access["isQuiet"]),
            (&json!(true), &json!(false))
        );
        assert_eq!(access.get("restrooms"), None, "item 6 failed, but it does not say in what");
        assert_eq!(access.get("hasPatientLifter"), None, "nobody knows");
        let original: Value =
            serde_json::from_str(properties["originalData"].as_str().unwrap()).unwrap();
        assert_eq!(original["access_01_step_free"]["value"], "no");
        assert_eq!(original["access_11_couch_hoist"], Value::Null);
    }

    #[test]
    fn a_site_nobody_knows_anything_of_is_a_feature_without_a_place() {
        let told = told(&[(Field::Name, Scalar::Text("Elm Lane".to_owned()))]);
        assert_eq!(told["geometry"], Value::Null);
        assert_eq!(told["properties"].get("accessibility"), None);
    }
}
