//! The mappings that ship with the program.

use super::Mapping;
use crate::import::ImportKind;

/// A shipped mapping as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shipped {
    /// What it reads.
    pub kind: ImportKind,
    /// Its file in `data/mappings`.
    pub file: &'static str,
    /// Its TOML.
    pub text: &'static str,
}

macro_rules! shipped {
    ($( $kind:ident => $file:literal; )+) => {
        const SHIPPED: &[Shipped] = &[$(
            Shipped {
                kind: ImportKind::$kind,
                file: concat!("data/mappings/", $file),
                text: include_str!(concat!("../../../data/mappings/", $file)),
            },
        )+];
    };
}

shipped! {
    Eric => "eric.toml";
    Eric => "eric-cleaned.toml";
    Epraccur => "epraccur.toml";
    Ebranchs => "ebranchs.toml";
    Ets => "ets.toml";
    Etr => "etr.toml";
    GpPatients => "gp-patients.toml";
    Place => "place.toml";
    SurplusLand => "surplus-land.toml";
    Sites => "sites.toml";
    Tenancies => "tenancies.toml";
    Observations => "observations.toml";
}

/// The mappings for a kind, the likelier first; none for reference sets, which have readers of their own.
pub fn shipped(kind: ImportKind) -> Vec<Mapping> {
    let of_kind = shipped_texts().iter().filter(|shipped| shipped.kind == kind);
    of_kind
        .map(|shipped| {
            Mapping::from_toml(shipped.text).expect("every shipped mapping is read by a test")
        })
        .collect()
}

/// Every shipped mapping as text, for those who want to start from one.
pub fn shipped_texts() -> &'static [Shipped] {
    SHIPPED
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_mapping_can_be_followed() {
        for shipped in shipped_texts() {
            let read =
                Mapping::from_toml(shipped.text).map_err(|error| error.in_file(shipped.file));
            assert_eq!(read.map_err(|error| error.to_string()).map(|_| ()), Ok(()));
        }
    }
}
