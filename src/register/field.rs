//! The dictionary of the register: every field of a site, a tenancy or a zone-free record, once.
//!
//! Import mappings, change-sets, history, forms, exports and the data templates all go through this list, so a new
//! field is one line here.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::words::{
    AccessAnswer, Grade, ReceiptAccruesTo, ServiceLine, SiteStatus, SpaceUse, SurplusStatus, Tenure,
};

/// What a field describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// NHS premises at one place.
    Site,
    /// A service occupying space at a site.
    Tenancy,
}

/// What a field's values are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// Free text or a code.
    Text,
    /// A word of a closed list.
    Choice(&'static [&'static str]),
    /// Pounds at the border, pence inside.
    Money,
    /// A day.
    Date,
    /// EPSG:27700 easting and northing.
    Point,
    /// A finite number in the field's unit, within bounds (inclusive).
    Number {
        /// Least.
        low: f64,
        /// Most.
        high: f64,
    },
}

const COUNT: Kind = Kind::Number { low: 0.0, high: f64::INFINITY };
const AREA: Kind = Kind::Number { low: 0.0, high: 10_000_000.0 };
const PERCENT: Kind = Kind::Number { low: 0.0, high: 100.0 };
const GRADE: Kind = Kind::Choice(Grade::WORDS);
const ANSWER: Kind = Kind::Choice(AccessAnswer::WORDS);

macro_rules! fields {
    ($( $subject:ident $member:ident => $key:literal, $kind:expr, $unit:literal, $label:literal; )+) => {
        /// One field of the register. Its `key` is the CSV header, the JSON key and the stored name.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Field { $( #[doc = $label] #[serde(rename = $key)] $member, )+ }

        impl Field {
            /// Every field, in the order a site sheet shows them.
            pub const ALL: &'static [Self] = &[$(Self::$member),+];

            /// The name in files, JSON and the store.
            pub fn key(self) -> &'static str {
                match self { $(Self::$member => $key),+ }
            }
            /// The name on pages.
            pub fn label(self) -> &'static str {
                match self { $(Self::$member => $label),+ }
            }
            /// The unit of its numbers; empty for texts and dates.
            pub fn unit(self) -> &'static str {
                match self { $(Self::$member => $unit),+ }
            }
            /// What its values are.
            pub fn kind(self) -> Kind {
                match self { $(Self::$member => $kind),+ }
            }
            /// What it describes.
            pub fn subject(self) -> Subject {
                match self { $(Self::$member => Subject::$subject),+ }
            }
        }
    };
}

fields! {
    // Identity
    Site Name => "name", Kind::Text, "", "Name";
    Site Uprn => "uprn", Kind::Text, "", "UPRN";
    Site OrganisationCode => "organisation_code", Kind::Text, "", "Organisation code (ODS)";
    Site OrganisationName => "organisation_name", Kind::Text, "", "Organisation";
    Site SiteType => "site_type", Kind::Text, "", "Site type";
    Site Status => "status", Kind::Choice(SiteStatus::WORDS), "", "Status";
    Site OpenedOn => "opened_on", Kind::Date, "", "Opened on";
    Site ClosedOn => "closed_on", Kind::Date, "", "Closed on";
    Site IsAggregate => "is_aggregate", Kind::Choice(&["yes", "no"]), "", "Aggregate of pooled small sites";
    // Place
    Site Postcode => "postcode", Kind::Text, "", "Postcode";
    Site Location => "location", Kind::Point, "m, EPSG:27700", "Location";
    Site BoroughCode => "borough_code", Kind::Text, "", "Borough code (GSS)";
    Site BoroughName => "borough_name", Kind::Text, "", "Borough";
    Site IcbCode => "icb_code", Kind::Text, "", "ICB code";
    Site IcbName => "icb_name", Kind::Text, "", "Integrated care board";
    Site LsoaCode => "lsoa_code", Kind::Text, "", "LSOA 2021";
    // Tenure
    Site Tenure => "tenure", Kind::Choice(Tenure::WORDS), "", "Tenure";
    Site Landlord => "landlord", Kind::Text, "", "Landlord";
    Site ReceiptAccruesTo => "receipt_accrues_to", Kind::Choice(ReceiptAccruesTo::WORDS), "", "Receipt accrues to";
    Site LeaseStart => "lease_start", Kind::Date, "", "Lease start";
    Site LeaseBreak => "lease_break", Kind::Date, "", "Next lease break";
    Site LeaseExpiry => "lease_expiry", Kind::Date, "", "Lease expiry";
    Site AnnualRent => "annual_rent_gbp", Kind::Money, "£ a year", "Annual rent";
    Site Dilapidations => "dilapidations_gbp", Kind::Money, "£", "Dilapidations liability";
    Site IsListed => "is_listed", Kind::Choice(&["yes", "no"]), "", "Listed building";
    Site SurplusStatus => "surplus_status", Kind::Choice(SurplusStatus::WORDS), "", "Surplus status";
    // Space
    Site GrossInternalArea => "gross_internal_area_m2", AREA, "m²", "Gross internal area";
    Site OccupiedArea => "occupied_area_m2", AREA, "m²", "Occupied area";
    Site ClinicalArea => "clinical_area_m2", AREA, "m²", "Clinical area";
    Site NonClinicalArea => "non_clinical_area_m2", AREA, "m²", "Non-clinical area";
    Site EmptyArea => "empty_area_m2", AREA, "m²", "Empty area";
    Site UnderUsedArea => "under_used_area_m2", AREA, "m²", "Under-used area";
    Site NotSuitableArea => "not_suitable_area_m2", AREA, "m²", "Not functionally suitable area";
    Site HeatedVolume => "heated_volume_m3", COUNT, "m³", "Heated volume";
    Site LandArea => "land_area_ha", Kind::Number { low: 0.0, high: 10_000.0 }, "ha", "Land owned";
    Site SurplusLand => "surplus_land_ha", Kind::Number { low: 0.0, high: 10_000.0 }, "ha", "Land not delivering services";
    Site BuiltYear => "built_year", Kind::Number { low: 1000.0, high: 2100.0 }, "year", "Main building completed";
    Site Pre1948Share => "pre_1948_percent", PERCENT, "%", "Share of area built before 1948";
    Site ParkingSpaces => "parking_spaces", COUNT, "", "Parking spaces";
    Site DisabledParkingSpaces => "disabled_parking_spaces", COUNT, "", "Designated disabled parking spaces";
    // Six facets; never rolled into one letter
    Site FacetCondition => "facet_condition", GRADE, "", "Facet 1: physical condition";
    Site FacetSuitability => "facet_suitability", GRADE, "", "Facet 2: functional suitability";
    Site FacetSpaceUse => "facet_space_use", Kind::Choice(SpaceUse::WORDS), "", "Facet 3: space utilisation";
    Site FacetQuality => "facet_quality", GRADE, "", "Facet 4: quality";
    Site FacetStatutory => "facet_statutory", GRADE, "", "Facet 5: statutory compliance";
    Site FacetEnvironment => "facet_environment", GRADE, "", "Facet 6: environmental management";
    // Backlog by risk band (works cost to reach condition B)
    Site BacklogTotal => "backlog_total_gbp", Kind::Money, "£", "Backlog as returned, all bands";
    Site BacklogHigh => "backlog_high_gbp", Kind::Money, "£", "High risk backlog";
    Site BacklogSignificant => "backlog_significant_gbp", Kind::Money, "£", "Significant risk backlog";
    Site BacklogModerate => "backlog_moderate_gbp", Kind::Money, "£", "Moderate risk backlog";
    Site BacklogLow => "backlog_low_gbp", Kind::Money, "£", "Low risk backlog";
    // Money
    Site RunningCost => "running_cost_gbp", Kind::Money, "£ a year", "Running cost: hard and soft FM, energy";
    Site FinanceCost => "estates_finance_cost_gbp", Kind::Money, "£ a year", "Estates and facilities finance cost";
    Site MaintenanceCost => "maintenance_cost_gbp", Kind::Money, "£ a year", "Estates and property maintenance";
    Site CleaningCost => "cleaning_cost_gbp", Kind::Money, "£ a year", "Cleaning cost";
    Site EnergyCost => "energy_cost_gbp", Kind::Money, "£ a year", "Energy cost";
    Site EnergyUse => "energy_kwh", COUNT, "kWh a year", "Energy consumed";
    Site BookValue => "net_book_value_gbp", Kind::Money, "£", "Net book value";
    Site Valuation => "valuation_gbp", Kind::Money, "£", "Valuation, as the evidence's method says (EUV or AUV)";
    Site ValuationLow => "valuation_low_gbp", Kind::Money, "£", "Valuation, low";
    Site ValuationHigh => "valuation_high_gbp", Kind::Money, "£", "Valuation, high";
    // Sixteen access items (DOMAIN.md 5)
    Site Access01 => "access_01_step_free", ANSWER, "", "1 Step-free from boundary to reception";
    Site Access02 => "access_02_ramps", ANSWER, "", "2 Ramps within limits";
    Site Access03 => "access_03_entrance_width", ANSWER, "", "3 Entrance clear width or powered door";
    Site Access04 => "access_04_internal_doors", ANSWER, "", "4 Internal doors and corridors";
    Site Access05 => "access_05_lift", ANSWER, "", "5 Lift to every patient floor, or all services step-free";
    Site Access06 => "access_06_accessible_wc", ANSWER, "", "6 Accessible WC with alarm";
    Site Access07 => "access_07_changing_places", ANSWER, "", "7 Changing Places toilet";
    Site Access08 => "access_08_blue_badge", ANSWER, "", "8 Blue Badge bays or drop-off";
    Site Access09 => "access_09_hearing", ANSWER, "", "9 Hearing loop, visual and audible call";
    Site Access10 => "access_10_signs", ANSWER, "", "10 Contrast, tactile and Braille signs";
    Site Access11 => "access_11_couch_hoist", ANSWER, "", "11 Height-adjustable couch, hoist, bariatric seat";
    Site Access12 => "access_12_dementia", ANSWER, "", "12 Dementia-friendly floor, lighting, signs";
    Site Access13 => "access_13_quiet_space", ANSWER, "", "13 Quiet or low-stimulus space";
    Site Access14 => "access_14_communication", ANSWER, "", "14 BSL or interpreter, Easy Read, AIS flag in use";
    Site Access15 => "access_15_evacuation", ANSWER, "", "15 Disabled evacuation plan and refuge";
    Site Access16 => "access_16_transport", ANSWER, "", "16 Step-free public transport stop nearby";
    // PLACE scores, shown beside, never mixed in
    Site PlaceDisability => "place_disability_percent", PERCENT, "%", "PLACE disability score";
    Site PlaceDementia => "place_dementia_percent", PERCENT, "%", "PLACE dementia score";
    Site PlaceCondition => "place_condition_percent", PERCENT, "%", "PLACE condition, appearance and maintenance score";
    // Tenancy
    Tenancy TenancySite => "site_code", Kind::Text, "", "Site";
    Tenancy TenancyName => "tenancy_name", Kind::Text, "", "Name";
    Tenancy TenancyOrganisation => "tenancy_organisation", Kind::Text, "", "Organisation";
    Tenancy TenancyServiceLine => "service_line", Kind::Choice(ServiceLine::WORDS), "", "Service line";
    Tenancy TenancyStatus => "tenancy_status", Kind::Choice(&["open", "closed"]), "", "Status";
    Tenancy TenancyPeople => "people_served", COUNT, "people", "People served (list size or yearly patients)";
    Tenancy TenancyClinicalArea => "clinical_need_m2", AREA, "m²", "Clinical space occupied or needed";
    Tenancy TenancyNonClinicalArea => "non_clinical_need_m2", AREA, "m²", "Non-clinical space occupied or needed";
    Tenancy TenancyContacts => "contacts_a_year", COUNT, "contacts", "Contacts a year";
    Tenancy TenancyContactMinutes => "contact_minutes", COUNT, "min", "Minutes a contact, with non-attendance";
    Tenancy TenancyOpenHours => "open_hours_a_week", Kind::Number { low: 0.0, high: 168.0 }, "h", "Open hours a week";
    Tenancy TenancyTogether => "together_with", Kind::Text, "", "Co-dependent group: moves together";
    Tenancy TenancyLicenceEnds => "licence_ends", Kind::Date, "", "Licence or lease ends";
}

impl Field {
    /// Fields of one subject, in order.
    pub fn of(subject: Subject) -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(move |field| field.subject() == subject)
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.key())
    }
}

impl FromStr for Field {
    type Err = String;

    fn from_str(key: &str) -> Result<Self, String> {
        Self::ALL
            .iter()
            .copied()
            .find(|field| field.key() == key)
            .ok_or_else(|| format!("{key:?} is not a field"))
    }
}

/// One of the sixteen checklist items, numbered as DOMAIN.md 5 does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AccessItem(u8);

impl AccessItem {
    const FIELDS: [Field; 16] = [
        Field::Access01,
        Field::Access02,
        Field::Access03,
        Field::Access04,
        Field::Access05,
        Field::Access06,
        Field::Access07,
        Field::Access08,
        Field::Access09,
        Field::Access10,
        Field::Access11,
        Field::Access12,
        Field::Access13,
        Field::Access14,
        Field::Access15,
        Field::Access16,
    ];

    /// All sixteen.
    pub fn all() -> impl Iterator<Item = Self> {
        (1..=16).map(Self)
    }

    /// The item with this number, 1 to 16.
    pub fn new(number: u8) -> Option<Self> {
        (1..=16).contains(&number).then_some(Self(number))
    }

    /// 1 to 16.
    pub fn number(self) -> u8 {
        self.0
    }

    /// Where its answer is kept.
    pub fn field(self) -> Field {
        Self::FIELDS[usize::from(self.0 - 1)]
    }
}

/// The facets that are graded A to D.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Facet {
    /// Facet 1.
    Condition,
    /// Facet 2.
    Suitability,
    /// Facet 4.
    Quality,
    /// Facet 5.
    Statutory,
    /// Facet 6.
    Environment,
}

impl Facet {
    /// All graded facets.
    pub const ALL: [Self; 5] =
        [Self::Condition, Self::Suitability, Self::Quality, Self::Statutory, Self::Environment];

    /// Where its grade is kept.
    pub fn field(self) -> Field {
        match self {
            Self::Condition => Field::FacetCondition,
            Self::Suitability => Field::FacetSuitability,
            Self::Quality => Field::FacetQuality,
            Self::Statutory => Field::FacetStatutory,
            Self::Environment => Field::FacetEnvironment,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_key_is_its_own_and_reads_back() {
        let keys: BTreeSet<_> = Field::ALL.iter().map(|field| field.key()).collect();
        assert_eq!(keys.len(), Field::ALL.len());
        for field in Field::ALL {
            assert_eq!(field.key().parse::<Field>(), Ok(*field));
        }
    }

    #[test]
    fn the_checklist_has_sixteen_items_in_order() {
        let numbers: Vec<u8> = AccessItem::all().map(AccessItem::number).collect();
        assert_eq!(numbers, (1..=16).collect::<Vec<_>>());
        for item in AccessItem::all() {
            assert!(item.field().key().starts_with(&format!("access_{:02}_", item.number())));
        }
    }
}
