//! `data/team-bases.toml`: words by which a site's name may be that of a team's base.

use super::ConfigError;
use super::scores::{parse, wrong};
use crate::scenario::TeamBases;

const FILE: &str = "data/team-bases.toml";
const SHIPPED: &str = include_str!("../../data/team-bases.toml");

/// The words that ship.
pub fn team_bases() -> Result<TeamBases, ConfigError> {
    team_bases_from(FILE, SHIPPED)
}

/// Words of a user's file; `name` is for messages.
pub fn team_bases_from(name: &str, text: &str) -> Result<TeamBases, ConfigError> {
    let words: TeamBases = parse(name, text)?;
    match words.unusable() {
        Some((key, found)) => {
            let wanted = "a word of small letters and digits, in one list";
            Err(wrong(name, key, &found, wanted))
        }
        None => Ok(words),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_team_s_base_is_told_from_a_place_patients_come_to_by_its_name() {
        let words = team_bases().unwrap();
        for name in
            ["CRISIS TEAM (NORTH CAMDEN)", "Trust Headquarters", "LAMBETH BRIXTON ROAD CMHT"]
        {
            assert!(words.has(name), "{name}");
        }
        for name in [
            "Steamer Street",
            "FANSHAWE CLINIC (OUTREACH)",
            "Residential Team Centre",
            "KEMP HOUSE",
        ] {
            assert!(!words.has(name), "{name}");
        }
    }

    #[test]
    fn a_bad_list_is_named_with_what_stands_there() {
        let told = |from: &str, to: &str| {
            assert!(SHIPPED.contains(from), "{from}");
            team_bases_from("mine.toml", &SHIPPED.replacen(from, to, 1)).unwrap_err().to_string()
        };
        insta::assert_snapshot!(
            [
                told("\"team\"", "\"Team\""),
                told("\"cmht\"", "\"mental health\""),
                told("\"hub\"", "\"hub\", \"office\""),
                told("[\"clinic\", \"centre\", \"hospital\", \"surgery\", \"practice\", \"hub\"]", "[]"),
                told("places = ", "palaces = ").lines().next().unwrap_or_default().to_owned(),
            ]
            .join("\n"),
            @r#"
        mine.toml, key "bases": "Team" is not a word of small letters and digits, in one list
        mine.toml, key "bases": "mental health" is not a word of small letters and digits, in one list
        mine.toml, key "places": "office" in both lists is not a word of small letters and digits, in one list
        mine.toml, key "places": nothing is not a word of small letters and digits, in one list
        mine.toml is not TOML: TOML parse error at line 17, column 1
        "#
        );
    }
}
