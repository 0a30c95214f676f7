//! Where a site is, worked out: its point from its postcode, and its borough, LSOA and ICB from its point.
//!
//! What a file or a person said stays as said; only what was worked out here before is worked out again, so a changed
//! postcode moves a site and a surveyed point does not. Every answer is dated by the reference set it came from.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::geography::{Ended, Geography, Outlines, PostcodeEntry};
use crate::register::{
    Change, Evidence, Field, Point, Register, Scalar, Site, SiteCode, Value, Why,
};

/// What looking for every site brought.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Located {
    /// Only what differs from the register.
    pub changes: Vec<Change>,
    /// Sites without a place, aggregates apart, by code.
    pub unlocated: Vec<Unlocated>,
    /// Sites with a place.
    pub placed: u64,
}

/// A site without a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unlocated {
    /// Which.
    pub code: SiteCode,
    /// Why.
    pub reason: NoPlace,
}

/// Why a site has no place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoPlace {
    /// Neither point nor postcode is known.
    NothingGiven,
    /// Only a UPRN is known, and no table of UPRNs is held.
    UprnOnly,
    /// The postcode is not in the table held.
    PostcodeNotFound(String),
    /// No table of postcodes is held.
    NoPostcodes,
}

/// The changes that place every site the geography can place. Applied directly: each already differs from the register.
pub fn locate(register: &Register, geography: &Geography) -> Vec<Change> {
    located(register, geography).changes
}

/// The same, with what could not be placed.
pub fn located(register: &Register, geography: &Geography) -> Located {
    let gazetteer = Gazetteer::new(geography);
    let mut found = Located::default();
    for site in register.sites() {
        gazetteer.look_up(site, &mut found);
    }
    found
}

impl Located {
    /// What a person should know of the sites without a place, by reason.
    pub fn notes(&self, geography: &Geography) -> Vec<String> {
        let table = geography.postcodes.as_ref().map_or("", |held| held.evidence.source.as_str());
        let not_found = format!("have a postcode that is not in {table}");
        let of = |is_it: &dyn Fn(&NoPlace) -> bool| -> Vec<&Unlocated> {
            self.unlocated.iter().filter(|site| is_it(&site.reason)).collect()
        };
        [
            (not_found.as_str(), of(&|why| matches!(why, NoPlace::PostcodeNotFound(_)))),
            (
                "have a postcode, but no table of postcodes is held: import one to place them",
                of(&|why| *why == NoPlace::NoPostcodes),
            ),
            (
                "give a UPRN alone, which no table held here can place: give a point or a postcode",
                of(&|why| *why == NoPlace::UprnOnly),
            ),
            ("give neither a point nor a postcode", of(&|why| *why == NoPlace::NothingGiven)),
        ]
        .into_iter()
        .filter(|(_, sites)| !sites.is_empty())
        .map(|(what, sites)| format!("{} sites {what}: {}", sites.len(), listing(&sites)))
        .collect()
    }
}

/// Named in a note; the rest are counted, and the register's list of unlocated sites has them all.
const NAMED: usize = 20;

fn listing(sites: &[&Unlocated]) -> String {
    let name = |site: &&Unlocated| match &site.reason {
        NoPlace::PostcodeNotFound(postcode) => format!("{} ({postcode})", site.code),
        _ => site.code.to_string(),
    };
    let named = sites.iter().take(NAMED).map(name).collect::<Vec<_>>().join(", ");
    match sites.len().checked_sub(NAMED) {
        Some(more @ 1..) => format!("{named} and {more} more"),
        _ => named,
    }
}

/// How each method is told, so that what was worked out here can be told from what was said.
const CENTROID: &str = "postcode centroid";
const POLYGON: &str = "polygon that holds the site";
const AUTHORITY: &str = "authority of the postcode";
const OF_LSOA: &str = "looked up by LSOA";
const OF_BOROUGH: &str = "looked up by borough";
const OF_CODE: &str = "name of the code";

fn is_ours(evidence: &Evidence) -> bool {
    [CENTROID, POLYGON, AUTHORITY, OF_LSOA, OF_BOROUGH, OF_CODE]
        .iter()
        .any(|method| evidence.method.starts_with(method))
}

/// A geography turned so that a code finds its name.
struct Gazetteer<'a> {
    geography: &'a Geography,
    boroughs: HashMap<&'a str, &'a str>,
    icbs: HashMap<&'a str, &'a str>,
    /// The ICB of a borough, where all its zones are in one.
    icb_of_borough: BTreeMap<&'a str, Option<&'a str>>,
    live: Option<Arc<Evidence>>,
    ended: Option<Arc<Evidence>>,
    unsaid: Option<Arc<Evidence>>,
    authority: Option<Arc<Evidence>>,
    in_borough: Option<Arc<Evidence>>,
    in_zone: Option<Arc<Evidence>>,
    by_lsoa: Arc<Evidence>,
    by_borough: Arc<Evidence>,
    by_code: Arc<Evidence>,
}

type Answer = Option<(String, Arc<Evidence>)>;

impl<'a> Gazetteer<'a> {
    fn new(geography: &'a Geography) -> Self {
        let mut boroughs = HashMap::new();
        let mut icbs = HashMap::new();
        let mut icb_of_borough: BTreeMap<&str, Option<&str>> = BTreeMap::new();
        for zone in geography.zones.iter() {
            boroughs.entry(zone.borough_code.as_str()).or_insert(zone.borough_name.as_str());
            icbs.entry(zone.icb_code.as_str()).or_insert(zone.icb_name.as_str());
            icb_of_borough
                .entry(zone.borough_code.as_str())
                .and_modify(|icb| *icb = icb.filter(|icb| *icb == zone.icb_code))
                .or_insert(Some(zone.icb_code.as_str()));
        }
        for outline in geography.borough_outlines.iter().flat_map(|outlines| outlines.iter()) {
            boroughs.insert(outline.code.as_str(), outline.name.as_str());
        }
        let postcodes = geography.postcodes.as_ref().map(|postcodes| &postcodes.evidence);
        let outlines = |set: &Option<Arc<Outlines>>| {
            set.as_ref().map(|set| by_method(&set.evidence, POLYGON.to_owned()))
        };
        let postcode = |state: &str| {
            postcodes.map(|said| by_method(said, format!("{CENTROID}, {state}, {}", said.source)))
        };
        let zones = &geography.zones.evidence;
        Self {
            geography,
            boroughs,
            icbs,
            icb_of_borough,
            live: postcode("live"),
            ended: postcode("ended"),
            unsaid: postcode("live or ended not said"),
            authority: postcodes.map(|said| by_method(said, AUTHORITY.to_owned())),
            in_borough: outlines(&geography.borough_outlines),
            in_zone: outlines(&geography.zone_outlines),
            by_lsoa: by_method(zones, OF_LSOA.to_owned()),
            by_borough: by_method(zones, OF_BOROUGH.to_owned()),
            by_code: by_method(zones, OF_CODE.to_owned()),
        }
    }

    fn look_up(&self, site: &Site, found: &mut Located) {
        let entry = self.postcode_of(site);
        let place = if site.is_aggregate() { None } else { self.place_of(site, entry) };
        match &place {
            Some(_) => found.placed += 1,
            None if !site.is_aggregate() => {
                let reason = self.why_not(site);
                found.unlocated.push(Unlocated { code: site.code.clone(), reason });
            }
            None => {}
        }
        let point = place.as_ref().map(|(point, _)| *point);
        let is_by_postcode = place.as_ref().is_some_and(|(_, said)| said.is_some());
        if !is_said(site, Field::Location) {
            let value = place.and_then(|(point, said)| Some((Scalar::Point(point), said?)));
            settle(site, Field::Location, value, found);
        }

        let borough = said(site, Field::BoroughCode).or_else(|| {
            let polygon = point.and_then(|point| {
                let outlines = self.geography.borough_outlines.as_ref()?;
                let code = outlines.find_containing(point)?.code.clone();
                Some((code, self.in_borough.clone()?))
            });
            let authority = || {
                let entry = entry.filter(|e| is_by_postcode && !e.authority.is_empty())?;
                Some((entry.authority.to_owned(), self.authority.clone()?))
            };
            polygon.or_else(authority)
        });
        let lsoa = said(site, Field::LsoaCode).or_else(|| {
            let outlines = self.geography.zone_outlines.as_ref()?;
            let code = outlines.find_containing(point?)?.code.clone();
            Some((code, self.in_zone.clone()?))
        });
        let icb = said(site, Field::IcbCode).or_else(|| self.icb_of(&lsoa, &borough));

        let name_of = |names: &HashMap<&str, &str>, code: &Answer| -> Answer {
            let (code, said) = code.as_ref()?;
            let name = names.get(code.as_str()).filter(|name| !name.is_empty())?;
            let said = if is_ours(said) { Arc::clone(said) } else { Arc::clone(&self.by_code) };
            Some(((*name).to_owned(), said))
        };
        let names = [
            (Field::BoroughName, name_of(&self.boroughs, &borough)),
            (Field::IcbName, name_of(&self.icbs, &icb)),
        ];
        let codes = [(Field::BoroughCode, borough), (Field::LsoaCode, lsoa), (Field::IcbCode, icb)];
        for (field, answer) in codes.into_iter().chain(names) {
            if !is_said(site, field) {
                let value = answer.map(|(text, said)| (Scalar::Text(text), said));
                settle(site, field, value, found);
            }
        }
    }

    fn postcode_of(&self, site: &Site) -> Option<PostcodeEntry<'a>> {
        self.geography.postcodes.as_ref()?.find(site.text(Field::Postcode)?)
    }

    /// The point, and the evidence where it was worked out rather than said.
    fn place_of(
        &self,
        site: &Site,
        entry: Option<PostcodeEntry<'_>>,
    ) -> Option<(Point, Option<Arc<Evidence>>)> {
        if is_said(site, Field::Location) {
            return site.location().map(|point| (point, None));
        }
        let entry = entry?;
        let said = match entry.ended {
            Some(Ended::Live) => &self.live,
            Some(Ended::In { .. }) => &self.ended,
            None => &self.unsaid,
        };
        Some((entry.point, Some(said.clone()?)))
    }

    fn why_not(&self, site: &Site) -> NoPlace {
        match site.text(Field::Postcode) {
            Some(_) if self.geography.postcodes.is_none() => NoPlace::NoPostcodes,
            Some(postcode) => NoPlace::PostcodeNotFound(postcode.to_owned()),
            None if site.text(Field::Uprn).is_some() => NoPlace::UprnOnly,
            None => NoPlace::NothingGiven,
        }
    }

    fn icb_of(&self, lsoa: &Answer, borough: &Answer) -> Answer {
        let by_lsoa = lsoa.as_ref().and_then(|(code, _)| self.geography.zones.get(code));
        if let Some(zone) = by_lsoa.filter(|zone| !zone.icb_code.is_empty()) {
            return Some((zone.icb_code.clone(), Arc::clone(&self.by_lsoa)));
        }
        let (code, _) = borough.as_ref()?;
        let icb = (*self.icb_of_borough.get(code.as_str())?).filter(|icb| !icb.is_empty())?;
        Some((icb.to_owned(), Arc::clone(&self.by_borough)))
    }
}

fn by_method(said: &Evidence, method: String) -> Arc<Evidence> {
    Arc::new(Evidence { source: said.source.clone(), method, as_of: said.as_of })
}

/// What a file or a person said of a field.
fn said(site: &Site, field: Field) -> Answer {
    let Some(Value::Known { value, evidence }) = site.held(field) else { return None };
    let text = value.text()?;
    (!is_ours(evidence)).then(|| (text.to_owned(), Arc::clone(evidence)))
}

/// Whether somebody other than this module has said what the field holds.
fn is_said(site: &Site, field: Field) -> bool {
    site.held(field).and_then(Value::evidence).is_some_and(|evidence| !is_ours(evidence))
}

/// A change where the answer differs; an answer that can no longer be given is taken back.
fn settle(site: &Site, field: Field, answer: Option<(Scalar, Arc<Evidence>)>, found: &mut Located) {
    let held = site.held(field);
    let value = match answer {
        Some((value, evidence)) => Value::Known { value, evidence },
        None if held.is_some_and(Value::is_known) => Value::unknown(Why::InputUnknown),
        None => return,
    };
    if held != Some(&value) {
        found.changes.push(Change::Site { code: site.code.clone(), field, value });
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use geo::{LineString, MultiPolygon, Polygon};

    use super::*;
    use crate::geography::{Outline, PostcodeRow, Postcodes, Zone, Zones};
    use crate::register::ChangeSet;

    fn of(source: &str, year: i32) -> Arc<Evidence> {
        let as_of = NaiveDate::from_ymd_opt(year, 12, 31).unwrap();
        Arc::new(Evidence { source: source.to_owned(), method: "as published".to_owned(), as_of })
    }

    fn point(easting: f64, northing: f64) -> Point {
        Point::new(easting, northing).unwrap()
    }

    fn square(code: &str, name: &str, west: f64, side: f64) -> Outline {
        let ring = [(0.0, 0.0), (0.0, side), (side, side), (side, 0.0), (0.0, 0.0)];
        let ring: Vec<(f64, f64)> = ring.iter().map(|(x, y)| (west + x, 1_000.0 + y)).collect();
        let shape = MultiPolygon(vec![Polygon::new(LineString::from(ring), vec![])]);
        Outline { code: code.to_owned(), name: name.to_owned(), shape }
    }

    /// Postcodes at 1,500 (live, borough E1), 2,500 (ended, E2) and 9,000 (E3, outside every outline).
    fn geography(year: i32) -> Geography {
        let row = |postcode: &str, easting: f64, authority: &str, ended| PostcodeRow {
            postcode: postcode.parse().unwrap(),
            point: point(easting, 1_500.0),
            authority: authority.to_owned(),
            ended,
        };
        let rows = [
            row("AA1 1AA", 1_500.0, "E1", Some(Ended::Live)),
            row("AA1 1AB", 2_500.0, "E2", Some(Ended::In { year: 2015, month: 3 })),
            row("AA1 1AC", 9_000.0, "E3", None),
        ];
        let zone = |code: &str, borough: &str, icb: &str| Zone {
            code: code.to_owned(),
            point: point(1.0, 1.0),
            borough_code: borough.to_owned(),
            borough_name: format!("Borough {borough}"),
            icb_code: icb.to_owned(),
            icb_name: format!("ICB {icb}"),
            ward_code: String::new(),
            ward_name: String::new(),
            residents: 1,
            disabled: None,
            aged_65_plus: None,
            households: None,
            no_car_households: None,
            imd_decile: None,
            ptai: None,
        };
        let zones = vec![zone("Z1", "E1", "Q1"), zone("Z2", "E2", "Q2"), zone("Z3", "E3", "Q3")];
        let zone_outlines =
            vec![square("Z1", "", 1_000.0, 1_000.0), square("Z2", "", 2_000.0, 1_000.0)];
        let boroughs =
            vec![square("E1", "One", 1_000.0, 1_000.0), square("E2", "Two", 2_000.0, 1_000.0)];
        let outlines = |source: &str, features| {
            Some(Arc::new(Outlines::new(of(source, year), features).unwrap()))
        };
        Geography {
            postcodes: Some(Arc::new(Postcodes::new(of("ONSPD", year), rows).unwrap())),
            zones: Arc::new(Zones::new(of("zones", year), zones)),
            zone_outlines: outlines("LSOA outlines", zone_outlines),
            borough_outlines: outlines("borough outlines", boroughs),
            ..Geography::default()
        }
    }

    fn says(field: Field, value: Scalar, year: i32) -> Change {
        let code = "RXA01".parse().unwrap();
        Change::Site { code, field, value: Value::known(value, &of("a return", year)) }
    }

    fn postcode(text: &str, year: i32) -> Change {
        says(Field::Postcode, Scalar::Text(text.to_owned()), year)
    }

    fn with(register: &Register, changes: Vec<Change>) -> Register {
        let day = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
        register.with(&ChangeSet {
            id: register.version + 1,
            author: "test".to_owned(),
            at: day.and_hms_opt(9, 0, 0).unwrap(),
            source: "test".to_owned(),
            reason: "test".to_owned(),
            changes,
        })
    }

    fn located_register(changes: Vec<Change>, geography: &Geography) -> Register {
        let register = with(&Register::default(), changes);
        let found = locate(&register, geography);
        let placed = with(&register, found);
        assert!(locate(&placed, geography).is_empty(), "looking again finds nothing new");
        placed
    }

    /// Place, borough, LSOA and ICB as a row of text.
    fn place(register: &Register) -> String {
        let site = register.site(&"RXA01".parse().unwrap()).unwrap();
        let text = |field| site.text(field).unwrap_or("?").to_owned();
        let place = site.location().map_or("?".to_owned(), |p| p.easting().to_string());
        let fields = [
            Field::BoroughCode,
            Field::BoroughName,
            Field::LsoaCode,
            Field::IcbCode,
            Field::IcbName,
        ];
        format!("{place} {}", fields.map(text).join(" "))
    }

    fn method(register: &Register, field: Field) -> String {
        let site = register.site(&"RXA01".parse().unwrap()).unwrap();
        site.fact(field).evidence().map_or(String::new(), |said| said.method.clone())
    }

    #[test]
    fn a_postcode_in_any_spacing_live_or_ended_places_a_site_and_says_how() {
        let live = located_register(vec![postcode("aa11aa", 2025)], &geography(2025));
        let ended = located_register(vec![postcode("AA1  1AB", 2025)], &geography(2025));

        assert_eq!(place(&live), "1500 E1 One Z1 Q1 ICB Q1");
        assert_eq!(method(&live, Field::Location), "postcode centroid, live, ONSPD");
        assert_eq!(method(&live, Field::BoroughCode), "polygon that holds the site");
        assert_eq!(place(&ended), "2500 E2 Two Z2 Q2 ICB Q2");
        assert_eq!(method(&ended, Field::Location), "postcode centroid, ended, ONSPD");
    }

    #[test]
    fn outside_the_outlines_the_postcode_tells_the_borough_and_no_lsoa_is_guessed() {
        let register = located_register(vec![postcode("AA1 1AC", 2025)], &geography(2025));
        assert_eq!(place(&register), "9000 E3 Borough E3 ? Q3 ICB Q3");
        assert_eq!(method(&register, Field::BoroughCode), "authority of the postcode");
        assert_eq!(method(&register, Field::IcbCode), "looked up by borough");
    }

    #[test]
    fn a_changed_postcode_moves_the_site_and_a_lost_one_takes_its_place_away() {
        let geography = geography(2025);
        let first = located_register(vec![postcode("AA1 1AA", 2024)], &geography);

        let moved = with(&first, vec![postcode("AA1 1AB", 2025)]);
        let moved = with(&moved, locate(&moved, &geography));
        let lost = with(&moved, vec![postcode("ZZ9 9ZZ", 2026)]);
        let lost = with(&lost, locate(&lost, &geography));

        assert_eq!(place(&moved), "2500 E2 Two Z2 Q2 ICB Q2");
        assert_eq!(place(&lost), "? ? ? ? ? ?");
        assert_eq!(
            located(&lost, &geography).notes(&geography),
            ["1 sites have a postcode that is not in ONSPD: RXA01 (ZZ9 9ZZ)"]
        );
    }

    #[test]
    fn a_point_somebody_gave_stays_and_leads_to_the_rest() {
        let given = says(Field::Location, Scalar::Point(point(1_200.0, 1_200.0)), 2020);
        let register = located_register(vec![given, postcode("AA1 1AB", 2025)], &geography(2025));
        assert_eq!(place(&register), "1200 E1 One Z1 Q1 ICB Q1");
        assert_eq!(method(&register, Field::Location), "as published");
    }

    #[test]
    fn a_borough_or_icb_somebody_gave_stays_and_only_its_name_is_looked_up() {
        let given = says(Field::IcbCode, Scalar::Text("Q2".to_owned()), 2025);
        let register = located_register(vec![given, postcode("AA1 1AA", 2025)], &geography(2025));
        assert_eq!(place(&register), "1500 E1 One Z1 Q2 ICB Q2");
    }

    #[test]
    fn a_new_edition_dates_the_place_anew() {
        let first = located_register(vec![postcode("AA1 1AA", 2024)], &geography(2024));
        let again = locate(&first, &geography(2025));
        assert_eq!(again.len(), 6, "the place and five look-ups");
    }

    #[test]
    fn an_aggregate_has_no_place_even_with_a_postcode() {
        let aggregate = says(Field::IsAggregate, Scalar::Text("yes".to_owned()), 2025);
        let register =
            located_register(vec![aggregate, postcode("AA1 1AA", 2025)], &geography(2025));
        assert_eq!(place(&register), "? ? ? ? ? ?");
        assert!(located(&register, &geography(2025)).unlocated.is_empty());
    }

    #[test]
    fn what_cannot_be_placed_is_told_by_reason() {
        let uprn = with(
            &Register::default(),
            vec![says(Field::Uprn, Scalar::Text("10008".to_owned()), 2025)],
        );
        let told = |register: &Register, geography: &Geography| {
            located(register, geography).notes(geography).concat()
        };
        assert!(told(&uprn, &geography(2025)).starts_with("1 sites give a UPRN alone"));
        let waiting = with(&Register::default(), vec![postcode("AA1 1AA", 2025)]);
        assert!(told(&waiting, &Geography::default()).contains("no table of postcodes is held"));
    }
}
