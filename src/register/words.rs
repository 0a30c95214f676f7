//! Closed lists of words: tenures, grades, statuses, service lines. Each is stored and shown by its `word`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A closed list: each member has one stored word and one label.
pub trait Word: Sized + Copy + 'static {
    /// Every member, in the order a reader expects.
    const ALL: &'static [Self];
    /// As stored, exported and accepted on import.
    fn word(self) -> &'static str;
    /// As shown.
    fn label(self) -> &'static str;
    /// The member with this word or label, in any case.
    fn find(text: &str) -> Option<Self> {
        let text = text.trim();
        Self::ALL.iter().copied().find(|member| {
            member.word().eq_ignore_ascii_case(text) || member.label().eq_ignore_ascii_case(text)
        })
    }
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $( $(#[$mdoc:meta])* $member:ident => $word:literal, $label:literal; )+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name { $( $(#[$mdoc])* #[serde(rename = $word)] $member, )+ }

        impl Word for $name {
            const ALL: &'static [Self] = &[$(Self::$member),+];
            fn word(self) -> &'static str {
                match self { $(Self::$member => $word),+ }
            }
            fn label(self) -> &'static str {
                match self { $(Self::$member => $label),+ }
            }
        }

        impl $name {
            /// The words of the list.
            pub const WORDS: &'static [&'static str] = &[$($word),+];
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.word())
            }
        }

        impl FromStr for $name {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                Self::find(text).ok_or_else(|| format!("one of {}", Self::WORDS.join(", ")))
            }
        }
    };
}

words! {
    /// Whether care can be given there now.
    SiteStatus {
        /// In the published lists.
        Open => "open", "Open";
        /// Left the lists, or closed by an edit; kept in the register with its history.
        Closed => "closed", "Closed";
        /// Stands empty.
        Unoccupied => "unoccupied", "Unoccupied";
    }
}

words! {
    /// How premises are held. Each has its own exit rule and blocker (DOMAIN.md 7).
    Tenure {
        /// Owned outright: may be sold.
        Freehold => "freehold", "Freehold";
        /// Leased: break date, notice, dilapidations, remaining rent.
        Leasehold => "leasehold", "Leasehold";
        /// Local Improvement Finance Trust: head lease to term; voids stay with the system.
        Lift => "lift", "LIFT";
        /// Private Finance Initiative: the unitary charge continues, or is bought out.
        Pfi => "pfi", "PFI";
        /// NHS Property Services: vacant space handback.
        Nhsps => "nhsps", "NHS Property Services";
        /// Owned by GP partners: the receipt is theirs.
        GpOwned => "gp_owned", "GP owned";
        /// Council premises.
        Council => "council", "Council";
        /// Held under a charitable trust or restrictive covenant.
        Charity => "charity", "Charity";
    }
}

words! {
    /// Who receives what a sale brings. Only what accrues to the NHS can reach the fund.
    ReceiptAccruesTo {
        /// An NHS trust or foundation trust.
        Trust => "trust", "NHS trust";
        /// NHS Property Services.
        Nhsps => "nhsps", "NHS Property Services";
        /// The GP partners.
        GpPartners => "gp_partners", "GP partners";
        /// A private landlord or LIFT company.
        Landlord => "landlord", "Landlord";
        /// The council.
        Council => "council", "Council";
        /// A charity.
        Charity => "charity", "Charity";
    }
}

words! {
    /// As the Surplus Land return spells it.
    SurplusStatus {
        /// In use, not offered.
        NotSurplus => "not_surplus", "Not surplus";
        /// An opportunity.
        PotentiallySurplus => "potentially_surplus", "Potentially surplus";
        /// Declared.
        Surplus => "surplus", "Surplus";
        /// Completed.
        Sold => "sold", "Sold";
        /// Withdrawn from the list.
        NoLongerSurplus => "no_longer_surplus", "No longer surplus";
    }
}

words! {
    /// Six-facet grade, facets 1, 2, 4, 5 and 6. Suffix X: improvement impractical or too costly.
    Grade {
        /// As new.
        A => "A", "A";
        /// Sound, minor wear.
        B => "B", "B";
        /// B now, falls to C within five years.
        BC => "B(C)", "B(C)";
        /// Works, major repair due soon.
        C => "C", "C";
        /// C, improvement impractical.
        CX => "CX", "CX";
        /// Out of action or in danger of failing.
        D => "D", "D";
        /// D, improvement impractical.
        DX => "DX", "DX";
    }
}

words! {
    /// Facet 3, space utilisation. Not a scale of quality: O and E are both bad.
    SpaceUse {
        /// Empty or grossly under-used.
        Empty => "E", "E (empty)";
        /// Under-used.
        Under => "U", "U (under-used)";
        /// Fully used.
        Full => "F", "F (fully used)";
        /// Overcrowded.
        Over => "O", "O (overcrowded)";
    }
}

words! {
    /// An answer to one item of the access checklist. "Unknown" is not an answer but an unknown value.
    AccessAnswer {
        /// Meets the test.
        Yes => "yes", "Yes";
        /// Does not.
        No => "no", "No";
        /// The test does not apply here.
        NotApplicable => "not_applicable", "Not applicable";
    }
}

words! {
    /// A transformation programme that premises serve (Healthy London Partnership; the list combines its two).
    HealthProgramme {
        /// Diagnostics, chemotherapy, counselling.
        Cancer => "cancer", "Cancer";
        /// Health-based place of safety.
        MentalHealthCrisis => "mental_health_crisis", "Mental health crisis";
        /// Talking therapies.
        MentalWellbeing => "mental_wellbeing", "Mental wellbeing";
        /// A quarter of Londoners.
        ChildrenYoungPeople => "children_young_people", "Children and young people";
        /// Network and video rooms.
        Digital => "digital", "Digital";
        /// Walk-in care for people without a home.
        Homeless => "homeless", "Homeless health";
        /// Urgent treatment.
        UrgentEmergency => "urgent_emergency", "Urgent and emergency care";
        /// Immunisation, sexual health, smoking.
        Prevention => "prevention", "Prevention";
        /// Public meeting space.
        Engagement => "engagement", "Public engagement";
        /// General practice.
        PrimaryCare => "primary_care", "Primary care";
        /// Co-dependent specialised care.
        Specialised => "specialised", "Specialised care";
        /// Within reach, for every decile and for disabled residents.
        CloseToHome => "close_to_home", "Personalised and close to home";
        /// Training, rest, homes.
        Workforce => "workforce", "Workforce";
    }
}

impl HealthProgramme {
    /// The kinds of care that this programme looks after; none where it is not about one.
    pub fn service_lines(self) -> &'static [ServiceLine] {
        use ServiceLine as S;
        match self {
            Self::Cancer => &[S::Diagnostics],
            Self::MentalHealthCrisis => &[S::MentalHealth],
            Self::MentalWellbeing => &[S::TalkingTherapies],
            Self::ChildrenYoungPeople => &[S::Children],
            Self::Homeless => &[S::Inclusion],
            Self::UrgentEmergency => &[S::UrgentCare],
            Self::Prevention => &[S::Prevention],
            Self::PrimaryCare => &[S::PrimaryCare],
            Self::Specialised => &[S::Specialised, S::Inpatient],
            Self::CloseToHome => &[S::Community, S::Outpatients],
            Self::Workforce => &[S::Support],
            Self::Digital | Self::Engagement => &[],
        }
    }
}

words! {
    /// The kind of care a tenancy gives; a row for each programme of DOMAIN.md 11.
    ServiceLine {
        /// General practice.
        PrimaryCare => "primary_care", "General practice";
        /// Community pharmacies.
        Pharmacy => "pharmacy", "Pharmacy";
        /// Community health services and clinics.
        Community => "community", "Community health";
        /// Community mental health.
        MentalHealth => "mental_health", "Mental health";
        /// Talking therapies.
        TalkingTherapies => "talking_therapies", "Talking therapies";
        /// Children and young people.
        Children => "children", "Children and young people";
        /// Community diagnostics and cancer screening.
        Diagnostics => "diagnostics", "Diagnostics and screening";
        /// Hospital outpatients.
        Outpatients => "outpatients", "Outpatients";
        /// Inpatient and acute care.
        Inpatient => "inpatient", "Acute and inpatient";
        /// Urgent treatment.
        UrgentCare => "urgent_care", "Urgent treatment";
        /// Homeless and inclusion health: the last site never closes.
        Inclusion => "inclusion", "Homeless and inclusion health";
        /// Sexual health, immunisation, smoking.
        Prevention => "prevention", "Prevention and sexual health";
        /// Specialised services.
        Specialised => "specialised", "Specialised";
        /// Offices, stores, training: no patients.
        Support => "support", "Support and administration";
    }
}
