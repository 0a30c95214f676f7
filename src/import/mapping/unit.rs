//! Units as headers write them, and what turns one into another.

use serde::Deserialize;

use super::header::normal;

/// A unit a column may be in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Unit {
    /// A share of something, 0 to 100.
    Percent,
    /// A share of something, 0 to 1.
    Share,
    /// m².
    SquareMetres,
    /// Square feet.
    SquareFeet,
    /// Hectares.
    Hectares,
    /// Acres.
    Acres,
    /// m³.
    CubicMetres,
    /// Pounds.
    Pounds,
    /// Thousands of pounds.
    ThousandPounds,
    /// Millions of pounds.
    MillionPounds,
    /// Kilowatt-hours.
    KilowattHours,
    /// Megawatt-hours.
    MegawattHours,
    /// Degrees of longitude and latitude, WGS 84.
    Degrees,
    /// A plain count.
    Count,
}

impl Unit {
    /// The unit a text names: `m²`, `£000`, `Hectares`.
    pub fn find(text: &str) -> Option<Self> {
        Some(match normal(text).as_str() {
            "%" | "percent" | "pct" | "percentage" | "%ofgia" => Self::Percent,
            "share" | "fraction" | "0to1" => Self::Share,
            "m2" | "sqm" | "squaremetres" | "squaremeters" | "sqmetres" => Self::SquareMetres,
            "ft2" | "sqft" | "squarefeet" => Self::SquareFeet,
            "ha" | "hectare" | "hectares" => Self::Hectares,
            "acre" | "acres" => Self::Acres,
            "m3" | "cubicmetres" => Self::CubicMetres,
            "£" | "gbp" | "pounds" | "£perannum" | "£ayear" | "£pa" => Self::Pounds,
            "£000" | "£000s" | "£k" | "£thousand" | "£thousands" | "gbp000" => {
                Self::ThousandPounds
            }
            "£m" | "£million" | "£millions" | "£mn" => Self::MillionPounds,
            "kwh" | "kwhayear" => Self::KilowattHours,
            "mwh" => Self::MegawattHours,
            "degrees" | "wgs84" => Self::Degrees,
            "no" | "number" | "count" => Self::Count,
            _ => return None,
        })
    }

    /// A header without its unit, and the unit in brackets at its end; brackets that hold no unit stay in the name.
    pub fn split(header: &str) -> (&str, Option<Self>) {
        let trimmed = header.trim();
        let inside = trimmed.strip_suffix(')').and_then(|open| open.rsplit_once('('));
        match inside.and_then(|(name, unit)| Self::find(unit).map(|unit| (name, unit))) {
            Some((name, unit)) => (name.trim_end(), Some(unit)),
            None => (trimmed, None),
        }
    }

    /// What a number in this unit is multiplied by to be in the register's; `None` where that makes no sense.
    pub fn factor(self, wanted: &str) -> Option<f64> {
        let wanted = wanted.strip_suffix(" a year").unwrap_or(wanted);
        Some(match (self, wanted) {
            (Self::SquareMetres, "m²")
            | (Self::Hectares, "ha")
            | (Self::CubicMetres, "m³")
            | (Self::Pounds, "£")
            | (Self::KilowattHours, "kWh")
            | (Self::Percent, "%")
            | (Self::Share, "share")
            // A point in degrees is transformed, not multiplied.
            | (Self::Degrees, "m, EPSG:27700")
            | (Self::Count, "" | "people" | "contacts" | "min" | "h" | "year") => 1.0,
            (Self::SquareFeet, "m²") => 0.092_903_04,
            (Self::Hectares, "m²") => 10_000.0,
            (Self::SquareMetres, "ha") => 0.000_1,
            (Self::Acres, "ha") => 0.404_685_642_24,
            (Self::Acres, "m²") => 4_046.856_422_4,
            (Self::ThousandPounds, "£") | (Self::MegawattHours, "kWh") => 1_000.0,
            (Self::MillionPounds, "£") => 1_000_000.0,
            (Self::Share, "%") => 100.0,
            (Self::Percent, "share") => 0.01,
            _ => return None,
        })
    }

    /// As a header would write it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Percent => "%",
            Self::Share => "share",
            Self::SquareMetres => "m²",
            Self::SquareFeet => "ft²",
            Self::Hectares => "ha",
            Self::Acres => "acres",
            Self::CubicMetres => "m³",
            Self::Pounds => "£",
            Self::ThousandPounds => "£000",
            Self::MillionPounds => "£m",
            Self::KilowattHours => "kWh",
            Self::MegawattHours => "MWh",
            Self::Degrees => "degrees",
            Self::Count => "No.",
        }
    }
}

impl TryFrom<String> for Unit {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::find(&text).ok_or_else(|| {
            format!("expected a unit: %, share, m², ft², ha, acres, m³, £, £000, £m, kWh, MWh, degrees or No., found {text:?}")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_read_from_headers() {
        for (header, name, unit) in [
            ("Floor area - empty (%)", "Floor area - empty", Some(Unit::Percent)),
            ("Floor area – empty (m²)", "Floor area – empty", Some(Unit::SquareMetres)),
            ("Land area owned (Hectares)", "Land area owned", Some(Unit::Hectares)),
            ("Net book value (£000s)", "Net book value", Some(Unit::ThousandPounds)),
            (
                "Age profile - total (must equal 100%) (%)",
                "Age profile - total (must equal 100%)",
                Some(Unit::Percent),
            ),
            ("Is there a charge (Yes/No/None)", "Is there a charge (Yes/No/None)", None),
        ] {
            assert_eq!(Unit::split(header), (name, unit), "{header}");
        }
    }

    #[test]
    fn units_of_different_things_do_not_convert() {
        assert_eq!(Unit::Hectares.factor("m²"), Some(10_000.0));
        assert_eq!(Unit::ThousandPounds.factor("£ a year"), Some(1_000.0));
        assert_eq!(Unit::Pounds.factor("m²"), None);
        assert_eq!(Unit::Percent.factor("m²"), None);
    }
}
