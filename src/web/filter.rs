//! Which sites of the register are asked for: the same words on the page, in the download and in the API.

use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use super::estate::{Estate, Judged};
use super::problem::{FieldFault, Problem};
use crate::access::GateState;
use crate::register::{Field, Site, SiteStatus, Tenure, Word};

/// Asked in the address. An empty value asks for nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(crate) struct SiteFilter {
    /// Part of the name, code, organisation or postcode, in any case.
    pub text: String,
    /// GSS code of the borough, or `none` for sites in no known borough.
    pub borough: String,
    /// NHS code of the integrated care board.
    pub icb: String,
    /// `open`, `closed` or `unoccupied`.
    pub status: String,
    /// A word of the tenure list, or `unknown`.
    pub tenure: String,
    /// `pass`: passes every must-pass access item; `fail`: fails one; `unknown`: fails none, but some are not known.
    pub gates: String,
}

fn fault(field: &str, wrong: &str) -> FieldFault {
    FieldFault { field: field.to_owned(), detail: format!("{field} {wrong}") }
}

impl SiteFilter {
    /// Words that are in no list: refused by name, not silently matched with nothing.
    pub(crate) fn unknown_words(&self) -> Vec<FieldFault> {
        let mut faults = Vec::new();
        if !self.status.is_empty() && SiteStatus::find(&self.status).is_none() {
            let words = SiteStatus::WORDS.join(", ");
            faults.push(fault("status", &format!("is one of {words}")));
        }
        if !["", "unknown"].contains(&self.tenure.as_str()) && Tenure::find(&self.tenure).is_none()
        {
            let words = Tenure::WORDS.join(", ");
            faults.push(fault("tenure", &format!("is unknown or one of {words}")));
        }
        if !["", "pass", "fail", "unknown"].contains(&self.gates.as_str()) {
            faults.push(fault("gates", "is pass, fail or unknown"));
        }
        faults
    }

    /// Places that neither a site nor an area is in, refused likewise.
    fn unknown_places(&self, estate: &Estate) -> Vec<FieldFault> {
        let mut faults = Vec::new();
        let (borough, icb) = (self.borough.as_str(), self.icb.as_str());
        if !["", "none"].contains(&borough) && !estate.knows_borough(borough) {
            let expected = "is none, or the code of a borough of the register's sites or areas";
            faults.push(fault("borough", &format!("{expected}, and {borough:?} is not")));
        }
        if !icb.is_empty() && !estate.knows_icb(icb) {
            let expected =
                "is the code of an integrated care board of the register's sites or areas";
            faults.push(fault("icb", &format!("{expected}, and {icb:?} is not")));
        }
        faults
    }

    /// Whether anything is asked.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The sites that answer, by code, or what cannot be asked for.
    pub(crate) fn sites<'a>(&self, estate: &'a Estate) -> Result<Vec<&'a Site>, Problem> {
        let faults = [self.unknown_words(), self.unknown_places(estate)].concat();
        if !faults.is_empty() {
            return Err(Problem::Invalid { faults });
        }
        let needle = self.text.trim().to_lowercase();
        let fits = |site: &&Site| {
            self.fits_place(site)
                && self.fits_words(site)
                && (self.gates.is_empty()
                    || estate
                        .judged(&site.code)
                        .is_some_and(|judged| gate_word(judged) == self.gates))
                && (needle.is_empty() || speaks_of(site, &needle))
        };
        Ok(estate.register().sites().filter(fits).collect())
    }

    fn fits_place(&self, site: &Site) -> bool {
        let borough = site.text(Field::BoroughCode);
        let in_borough = match self.borough.as_str() {
            "" => true,
            "none" => borough.is_none(),
            code => borough == Some(code),
        };
        in_borough && (self.icb.is_empty() || site.text(Field::IcbCode) == Some(self.icb.as_str()))
    }

    fn fits_words(&self, site: &Site) -> bool {
        let has_tenure = match self.tenure.as_str() {
            "" => true,
            "unknown" => site.tenure().is_none(),
            word => site.tenure() == Tenure::find(word),
        };
        has_tenure
            && (self.status.is_empty() || Some(site.status()) == SiteStatus::find(&self.status))
    }

    /// As the end of an address: `&borough=E09000007`, and so on.
    pub(crate) fn query(&self) -> String {
        let pairs = [
            ("text", &self.text),
            ("borough", &self.borough),
            ("icb", &self.icb),
            ("status", &self.status),
            ("tenure", &self.tenure),
            ("gates", &self.gates),
        ];
        let asked = pairs.iter().filter(|(_, value)| !value.is_empty());
        asked.fold(String::new(), |link, (name, value)| link + "&" + name + "=" + &percent(value))
    }
}

/// `pass`, `fail` or `unknown`, as the must-pass items stand. Unknown never passes.
pub(crate) fn gate_word(judged: &Judged) -> &'static str {
    match judged.passes {
        Some(true) => "pass",
        Some(false) => "fail",
        None if judged.count(GateState::Fail) > 0 => "fail",
        None => "unknown",
    }
}

fn speaks_of(site: &Site, needle: &str) -> bool {
    let texts =
        [Field::Name, Field::OrganisationName, Field::Postcode].map(|field| site.text(field));
    let plain = |text: &str| text.to_lowercase();
    plain(site.code.as_str()).contains(needle)
        || texts.into_iter().flatten().any(|text| plain(text).contains(needle))
        || site
            .text(Field::Postcode)
            .is_some_and(|postcode| squeezed(postcode).contains(&squeezed(needle)))
}

/// A postcode in any spacing.
fn squeezed(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect()
}

/// Text for a part of an address.
pub(crate) fn percent(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_survives_its_own_address() {
        let filter = SiteFilter {
            text: "St Mary’s & Co = 50%".to_owned(),
            gates: "pass".to_owned(),
            ..SiteFilter::default()
        };
        let query = filter.query();
        let read = actix_web::web::Query::<SiteFilter>::from_query(&query).unwrap();
        assert_eq!(read.into_inner(), filter);
    }

    #[test]
    fn a_word_of_no_list_is_refused_by_name() {
        let estate = crate::web::tests::estate();
        let text = str::to_owned;
        let wrong = SiteFilter {
            tenure: text("lease"),
            borough: text("E09000099"),
            icb: text("Q??"),
            ..SiteFilter::default()
        };
        let Err(Problem::Invalid { faults }) = wrong.sites(&estate) else { panic!("accepted") };
        let named: Vec<&str> = faults.iter().map(|fault| fault.field.as_str()).collect();
        assert_eq!(named, ["tenure", "borough", "icb"]);
        let none = SiteFilter { borough: text("none"), ..SiteFilter::default() };
        assert!(none.sites(&estate).is_ok());
        for (borough, _) in estate.boroughs.clone() {
            let held = SiteFilter { borough, ..SiteFilter::default() };
            assert!(!held.sites(&estate).unwrap().is_empty());
        }
    }
}
