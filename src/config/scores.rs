//! `data/scores.toml` and `data/gates.toml`: what scores are made of, and which access items are gates.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::ConfigError;
use crate::access::score::{Explanation, Scale};
use crate::access::{Basis, GateKind, GateRule, GateRules, ScoreRules};
use crate::register::{AccessItem, Facet, Grade, SpaceUse, Word};

const SCORES: &str = include_str!("../../data/scores.toml");
const GATES: &str = include_str!("../../data/gates.toml");

/// The score rules that ship.
pub fn score_rules() -> Result<ScoreRules, ConfigError> {
    score_rules_from("data/scores.toml", SCORES)
}

/// The gate rules that ship.
pub fn gate_rules() -> Result<GateRules, ConfigError> {
    gate_rules_from("data/gates.toml", GATES)
}

/// Score rules of a user's file; `name` is for messages.
pub fn score_rules_from(name: &str, text: &str) -> Result<ScoreRules, ConfigError> {
    let ScoreSheet { name: set, as_of, condition, accessibility, utilisation } = parse(name, text)?;
    let weigh = |key: &str, weight: f64| {
        let is_weight = weight.is_finite() && weight >= 0.0;
        let fault = || wrong(name, key, &weight.to_string(), "a weight of at least 0");
        if is_weight { Ok(weight) } else { Err(fault()) }
    };
    let points = |key: &str, points: f64| {
        let fault = || wrong(name, key, &points.to_string(), "points from 0 to 100");
        if (0.0..=100.0).contains(&points) { Ok(points) } else { Err(fault()) }
    };
    let scale = |key: &str, curve: &Curve| {
        let places = curve.points.iter().map(|[at, points]| (*at, *points)).collect();
        let wanted = "two places or more, rising, each with points from 0 to 100";
        Scale::new(places).ok_or_else(|| wrong(name, key, &format!("{:?}", curve.points), wanted))
    };
    let explain = |part: &str, words: &str, source: &str| Explanation {
        part: part.to_owned(),
        words: words.to_owned(),
        source: source.to_owned(),
    };

    let given = condition.weights;
    let facets = [
        (Facet::Condition, given.condition),
        (Facet::Suitability, given.suitability),
        (Facet::Quality, given.quality),
        (Facet::Statutory, given.statutory),
        (Facet::Environment, given.environment),
    ];
    let mut facet_weights = BTreeMap::new();
    for (facet, weight) in facets {
        facet_weights.insert(facet, weigh("condition.weights", weight)?);
    }
    let mut grade_points = BTreeMap::new();
    for grade in Grade::ALL {
        let key = format!("condition.grades.{grade}");
        let found = condition.grades.get(grade.word()).copied();
        let found = found.ok_or_else(|| wrong(name, &key, "nothing", "points from 0 to 100"))?;
        grade_points.insert(*grade, points(&key, found)?);
    }
    let items = accessibility.weights;
    let mut item_weights = BTreeMap::new();
    for (item, weight) in AccessItem::all().zip(&items) {
        item_weights.insert(item, weigh("accessibility.weights", *weight)?);
    }
    if items.len() != item_weights.len() || items.len() != AccessItem::all().count() {
        let found = format!("{} weights", items.len());
        return Err(wrong(name, "accessibility.weights", &found, "a weight for each of 16 items"));
    }
    let facet = &utilisation.facet;
    let words = [(SpaceUse::Empty, facet.e), (SpaceUse::Under, facet.u), (SpaceUse::Full, facet.f)];
    let mut space_use_points = BTreeMap::new();
    for (word, found) in words.into_iter().chain([(SpaceUse::Over, facet.o)]) {
        space_use_points.insert(word, points("utilisation.facet", found)?);
    }
    Ok(ScoreRules {
        facet_weights,
        grade_points,
        backlog_weight: weigh("condition.weights.backlog", given.backlog)?,
        backlog_points: scale("condition.backlog.points", &condition.backlog)?,
        item_weights,
        observed_points: scale("utilisation.observed.points", &utilisation.observed)?,
        unused_points: scale("utilisation.unused.points", &utilisation.unused)?,
        space_use_points,
        words: vec![
            explain("condition", &condition.words, &condition.source),
            explain("condition.backlog", &condition.backlog.words, &condition.backlog.source),
            explain("accessibility", &accessibility.words, &accessibility.source),
            explain("utilisation", &utilisation.words, &utilisation.source),
            explain(
                "utilisation.observed",
                &utilisation.observed.words,
                &utilisation.observed.source,
            ),
            explain("utilisation.unused", &utilisation.unused.words, &utilisation.unused.source),
            explain("utilisation.facet", &facet.words, &facet.source),
        ],
        preference: utilisation.preference,
        name: set,
        as_of,
    })
}

/// Gate rules of a user's file; `name` is for messages.
pub fn gate_rules_from(name: &str, text: &str) -> Result<GateRules, ConfigError> {
    let GateSheet { name: set, as_of, item } = parse(name, text)?;
    let mut rules = Vec::with_capacity(item.len());
    for GateRow { number, kind, test, may_not_apply, source } in item {
        let fault = || wrong(name, "item.number", &number.to_string(), "a number from 1 to 16");
        let item = AccessItem::new(number).ok_or_else(fault)?;
        rules.push(GateRule { item, kind, test, may_not_apply, source });
    }
    GateRules::new(set, as_of, rules).map_err(|item| {
        let key = format!("item {}", item.number());
        wrong(name, &key, "missing or given twice", "given once")
    })
}

pub(super) fn parse<T: DeserializeOwned>(name: &str, text: &str) -> Result<T, ConfigError> {
    toml::from_str(text).map_err(|error| ConfigError::Syntax {
        file: name.to_owned(),
        message: error.to_string().trim_end().to_owned(),
    })
}

pub(super) fn wrong(file: &str, key: &str, found: &str, expected: &str) -> ConfigError {
    ConfigError::Key {
        file: file.to_owned(),
        key: key.to_owned(),
        found: found.to_owned(),
        expected: expected.to_owned(),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GateSheet {
    name: String,
    as_of: NaiveDate,
    item: Vec<GateRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GateRow {
    number: u8,
    kind: GateKind,
    test: String,
    may_not_apply: bool,
    source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ScoreSheet {
    name: String,
    as_of: NaiveDate,
    condition: ConditionSheet,
    accessibility: AccessibilitySheet,
    utilisation: UtilisationSheet,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ConditionSheet {
    words: String,
    source: String,
    weights: ConditionWeights,
    grades: BTreeMap<String, f64>,
    backlog: Curve,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ConditionWeights {
    condition: f64,
    suitability: f64,
    quality: f64,
    statutory: f64,
    environment: f64,
    backlog: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Curve {
    words: String,
    source: String,
    points: Vec<[f64; 2]>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AccessibilitySheet {
    words: String,
    source: String,
    weights: Vec<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UtilisationSheet {
    words: String,
    source: String,
    preference: Vec<Basis>,
    observed: Curve,
    unused: Curve,
    facet: FacetSheet,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FacetSheet {
    words: String,
    source: String,
    #[serde(rename = "E")]
    e: f64,
    #[serde(rename = "U")]
    u: f64,
    #[serde(rename = "F")]
    f: f64,
    #[serde(rename = "O")]
    o: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scores_that_ship_are_whole() {
        let rules = score_rules().unwrap();
        let weights: f64 = rules.facet_weights.values().sum::<f64>() + rules.backlog_weight;
        assert!((weights - 100.0).abs() < 1e-9, "{weights}");
        assert_eq!(rules.preference.len(), Basis::ALL.len());
        assert!(rules.words.iter().all(|part| !part.words.is_empty() && !part.source.is_empty()));
    }

    /// DOMAIN.md 5: ten must, one depends, five should.
    #[test]
    fn the_gates_that_ship_are_those_of_the_checklist() {
        let rules = gate_rules().unwrap();
        let of = |kind| {
            let of_kind = rules.iter().filter(move |rule| rule.kind == kind);
            of_kind.map(|rule| rule.item.number()).collect::<Vec<_>>()
        };
        assert_eq!(of(GateKind::Must), [1, 2, 3, 4, 5, 6, 9, 11, 14, 15]);
        assert_eq!(of(GateKind::Conditional), [7]);
        assert_eq!(of(GateKind::Should), [8, 10, 12, 13, 16]);
    }

    /// The two files agree: a must-pass gate weighs three times a wish.
    #[test]
    fn weights_follow_gates() {
        let weights = score_rules().unwrap().item_weights;
        for rule in gate_rules().unwrap().iter() {
            let weighs_as_must = weights[&rule.item] > 2.0;
            assert_eq!(weighs_as_must, rule.kind == GateKind::Must, "item {}", rule.item.number());
        }
    }

    #[test]
    fn a_mistake_is_named_by_its_key() {
        let scores = |from: &str, to: &str| {
            assert!(SCORES.contains(from), "{from}");
            score_rules_from("mine.toml", &SCORES.replacen(from, to, 1)).unwrap_err().to_string()
        };
        let gates = |from: &str, to: &str| {
            assert!(GATES.contains(from), "{from}");
            gate_rules_from("mine.toml", &GATES.replacen(from, to, 1)).unwrap_err().to_string()
        };
        insta::assert_snapshot!(
            [
                scores("A = 100", "A = 101"),
                scores("DX = 0", ""),
                scores("[[0, 0], [0.6", "[[0.7, 0], [0.6"),
                scores("weights = [3, ", "weights = ["),
                scores("backlog = 20", "backlog = -1"),
                gates("number = 2", "number = 1"),
                gates("number = 16", "number = 17"),
            ]
            .join("\n"),
            @r#"
        mine.toml, key "condition.grades.A": 101 is not points from 0 to 100
        mine.toml, key "condition.grades.DX": nothing is not points from 0 to 100
        mine.toml, key "utilisation.observed.points": [[0.7, 0.0], [0.6, 100.0], [0.85, 100.0], [1.0, 70.0]] is not two places or more, rising, each with points from 0 to 100
        mine.toml, key "accessibility.weights": 15 weights is not a weight for each of 16 items
        mine.toml, key "condition.weights.backlog": -1 is not a weight of at least 0
        mine.toml, key "item 1": missing or given twice is not given once
        mine.toml, key "item.number": 17 is not a number from 1 to 16
        "#
        );
    }
}
