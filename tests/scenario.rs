//! Scenario and parameter files: what is read, and how what is wrong is refused.
#![allow(
    clippy::unwrap_used,
    clippy::float_cmp,
    reason = "a test fails by panicking, and exactness is what some of them are about"
)]

use mechanostat::physiology::{BUILT_IN as PHYSIOLOGY, Model};
use mechanostat::scenario::{BUILT_IN, Drug, Exercise, Posture, Scenario};

const GOOD: &str = r#"name = "a"
body_mass_kg = 60
[[phase]]
name = "up"
days = 10
gravity = 0.0
exercise = "ared"
drug = "bisphosphonate"
[[phase]]
name = "down"
days = 5.5
gravity = 1.0
posture = "bed-rest"
"#;

#[test]
fn all_built_in_scenarios_are_good() {
    for (name, text) in BUILT_IN {
        let scenario = Scenario::parse(name, text).unwrap_or_else(|e| panic!("{e}"));
        assert!(scenario.days() > 0.0, "{name}");
    }
    let mars = Scenario::built_in("mars-3-years").unwrap().unwrap();
    assert!((mars.days() - 1095.0).abs() < 1.0, "{}", mars.days());
}

#[test]
fn a_scenario_is_read_as_written() {
    let s = Scenario::parse("a.toml", GOOD).unwrap();
    assert_eq!(s.phases.len(), 2);
    let (up, down) = (&s.phases[0].conditions, &s.phases[1].conditions);
    assert_eq!(
        (up.exercise, up.drug, up.posture),
        (Exercise::Ared, Drug::Bisphosphonate, Posture::Upright)
    );
    assert_eq!(
        (down.exercise, down.posture, down.body_mass_kg),
        (Exercise::None, Posture::BedRest, 60.0)
    );
    assert_eq!(down.axial_gravity(), 0.0);
    assert_eq!(s.phase_at(9.99).0.name, "up");
    assert_eq!(s.phase_at(10.0).0.name, "down");
    assert_eq!(s.phase_at(1000.0), (&s.phases[1], 10.0));
}

/// What replaces what, and the line and words that the refusal must hold.
#[test]
fn wrong_values_are_refused_with_file_line_key_found_and_allowed() {
    let cases: &[(&str, &str, usize, &[&str])] = &[
        (
            "gravity = 0.0",
            "gravity = -1",
            6,
            &["gravity", "-1", "0 to 3"],
        ),
        (
            "gravity = 0.0",
            "gravity = nan",
            6,
            &["gravity", "NaN", "0 to 3"],
        ),
        (
            "gravity = 0.0",
            "gravity = inf",
            6,
            &["gravity", "inf", "0 to 3"],
        ),
        (
            "gravity = 1.0",
            "gravity = 3.1",
            12,
            &["phase 2", "3.1", "0 to 3"],
        ),
        (
            "days = 10",
            "days = -3",
            5,
            &["days", "-3", "0.01 to 36525"],
        ),
        ("days = 10", "days = 0", 5, &["days", "0"]),
        ("days = 10", "dayz = 10", 5, &["dayz", "days"]),
        ("days = 10", "days = \"ten\"", 5, &["days", "string"]),
        (
            "\"ared\"",
            "\"bicycle\"",
            7,
            &["exercise", "bicycle", "treadmill", "flywheel"],
        ),
        (
            "\"bed-rest\"",
            "\"lying\"",
            13,
            &["posture", "lying", "upright", "bed-rest"],
        ),
        (
            "\"bisphosphonate\"",
            "\"aspirin\"",
            8,
            &["drug", "aspirin", "none"],
        ),
        (
            "body_mass_kg = 60",
            "body_mass_kg = 0",
            2,
            &["body_mass_kg", "20 to 300"],
        ),
        (
            "body_mass_kg = 60",
            "colour = 60",
            2,
            &["colour", "body_mass_kg"],
        ),
        (
            "[[phase]]\nname = \"up\"",
            "[[phase]\nname = \"up\"",
            3,
            &["phase"],
        ),
    ];
    for (from, to, line, words) in cases {
        let text = GOOD.replacen(from, to, 1);
        assert_ne!(text, GOOD);
        let error = Scenario::parse("a.toml", &text).expect_err(to);
        assert_eq!(error.line, *line, "{to}: {error}");
        let sentence = error.to_string();
        assert!(sentence.starts_with("a.toml, line "), "{sentence}");
        for word in *words {
            assert!(sentence.contains(word), "{to}: no {word:?} in: {sentence}");
        }
        assert!(
            !sentence.contains('\n'),
            "{to}: more than one line: {sentence}"
        );
    }
    let none = Scenario::parse("a.toml", "name = \"x\"\n").unwrap_err();
    assert!(none.to_string().contains("[[phase]]"), "{none}");
}

#[test]
fn built_in_parameters_have_values_units_and_sources() {
    let model = Model::built_in().unwrap_or_else(|e| panic!("{e}"));
    for (unit, source) in &model.provenance {
        assert!(!unit.is_empty() && source.len() > 8, "{unit} {source}");
    }
    assert!(model.activities.len() <= 8);
}

#[test]
fn wrong_parameters_are_refused() {
    let cases: &[(&str, &str, &[&str])] = &[
        (
            "[parameters.coupling]",
            "[parameters.cuopling]",
            &["cuopling", "unknown"],
        ),
        (
            "[parameters.rankl_gain]\nvalue = 1.6",
            "[parameters.rankl_gain]\nvalue = -1.6",
            &["rankl_gain", "-1.6", "0 or more"],
        ),
        (
            "[parameters.rankl_gain]\nvalue = 1.6",
            "[parameters.rankl_gain]\nvalue = nan",
            &["rankl_gain", "NaN"],
        ),
        (
            "source = \"Martin 1984, second power\"",
            "source = \"\"",
            &["martin_2", "source"],
        ),
        (
            "postural = 0.95",
            "postural = 1.95",
            &["quadriceps", "0 to 1"],
        ),
    ];
    for (from, to, words) in cases {
        let text = PHYSIOLOGY.replacen(from, to, 1);
        assert_ne!(text, PHYSIOLOGY, "{from}");
        let sentence = Model::parse("p.toml", &text).expect_err(to).to_string();
        for word in *words {
            assert!(sentence.contains(word), "{to}: no {word:?} in: {sentence}");
        }
    }
    let start = PHYSIOLOGY.find("[parameters.coupling]").unwrap();
    let end = PHYSIOLOGY.find("[parameters.coupling_time]").unwrap();
    let without = format!("{}{}", &PHYSIOLOGY[..start], &PHYSIOLOGY[end..]);
    assert!(
        Model::parse("p.toml", &without)
            .unwrap_err()
            .to_string()
            .contains("coupling: missing")
    );
}
