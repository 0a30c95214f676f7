//! Identity of sites and tenancies. A code exists only if it is well formed.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An ODS site code, upper case, 3 to 12 letters, digits and hyphens: `RXA01`, or a practice code such as `E83003`.
///
/// ODS itself uses 5 to 9 letters and digits; ERIC also publishes provisional codes such as `R1H-51769`, and the looser
/// bound lets a borough register premises that have no ODS code.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SiteCode(Box<str>);

/// A tenancy's identity: the site or organisation code it was first recorded under, a hyphen-separated tail allowed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TenancyId(Box<str>);

/// A text that is not a code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{found:?} is not {wanted}")]
pub struct InvalidCode {
    /// The text as given.
    pub found: String,
    /// What a code looks like.
    pub wanted: &'static str,
}

macro_rules! code {
    ($name:ident, $range:expr, $also:expr, $wanted:literal) => {
        impl $name {
            /// What a well-formed code looks like, for messages.
            pub const WANTED: &'static str = $wanted;

            /// The code as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidCode;

            fn from_str(text: &str) -> Result<Self, InvalidCode> {
                let code = text.trim().to_ascii_uppercase();
                let good = $range.contains(&code.len())
                    && code.bytes().all(|b| b.is_ascii_alphanumeric() || $also.contains(&b));
                if good {
                    Ok(Self(code.into()))
                } else {
                    Err(InvalidCode { found: text.to_owned(), wanted: $wanted })
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidCode;

            fn try_from(text: String) -> Result<Self, InvalidCode> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(code: $name) -> Self {
                code.0.into()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

code!(SiteCode, 3..=12, [b'-'], "a site code of 3 to 12 letters, digits and -");
code!(TenancyId, 3..=32, [b'-', b'_'], "a tenancy id of 3 to 32 letters, digits, - and _");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_trimmed_and_upper_case() {
        assert_eq!(" rxa01 ".parse::<SiteCode>().unwrap().as_str(), "RXA01");
    }

    #[test]
    fn a_code_with_other_characters_is_refused_by_name() {
        let refused = "R A/01".parse::<SiteCode>().unwrap_err();
        assert_eq!(
            refused.to_string(),
            "\"R A/01\" is not a site code of 3 to 12 letters, digits and -"
        );
    }
}
