//! The claims as data: what is read, and how what is wrong is refused.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use mechanostat::evidence::{BUILT_IN, CONDITIONS, Use, condition, parse};
use mechanostat::physiology::Model;
use mechanostat::tissue::Anatomy;

#[test]
fn built_in_claims_are_good() {
    let claims = parse("claims.csv", BUILT_IN).unwrap_or_else(|e| panic!("{e}"));
    assert!(claims.len() >= 60, "{}", claims.len());
    assert!(claims.iter().filter(|c| c.row.used == Use::Review).count() >= 30);
    let model = Model::built_in().unwrap();
    for claim in &claims {
        let needs = claim.model.needs();
        assert!(!needs.is_empty(), "{} looks at nothing", claim.row.id);
        for need in needs {
            Anatomy::check(&need.scene, 32).unwrap_or_else(|e| panic!("{}: {e}", claim.row.id));
            assert!(
                model.groups.iter().any(|g| g.name == need.group),
                "{}",
                claim.row.id
            );
            let scenario = condition(&need.condition).unwrap().unwrap();
            let last = *need.days.last().unwrap();
            assert!(f64::from(last) <= scenario.days(), "{}", claim.row.id);
        }
        // A range that holds everything claims nothing.
        let (low, high) = (claim.row.low, claim.row.high);
        assert!(low.is_some() || high.is_some(), "{}", claim.row.id);
        assert!(!claim.holds(f64::NAN) && !claim.holds(f64::INFINITY));
        // What is published lies in the range that is held to it.
        if let Some(value) = claim.row.value {
            assert!(
                claim.holds(value),
                "{}: {value} is out of its own range",
                claim.row.id
            );
        }
    }
}

#[test]
fn every_condition_is_good_and_used() {
    for (name, _) in CONDITIONS {
        condition(name).unwrap().unwrap_or_else(|e| panic!("{e}"));
        assert!(
            BUILT_IN.contains(&format!("'{name}")),
            "no claim is about {name}"
        );
    }
    assert!(condition("mars-in-winter").is_none());
}

/// What replaces what in the first row, and the words that the refusal must hold.
#[test]
fn wrong_rows_are_refused_with_file_line_column_and_what_is_allowed() {
    let mut lines = BUILT_IN.lines();
    let (header, row) = (lines.next().unwrap(), lines.next().unwrap());
    let good = format!("{header}\n{row}\n");
    assert_eq!(parse("c.csv", &good).unwrap().len(), 1);
    for (from, to, words) in [
        (
            "JBMR 19:1006",
            "",
            ["source", "nothing", "where the figure stands"],
        ),
        (",V,", ",certain,", ["sure", "certain", "K or k?"]),
        (
            ",fit,",
            ",maybe,",
            ["use", "maybe", "fit, test or invariant"],
        ),
        (",14,", ",some,", ["n", "invalid", "a number or nothing"]),
        ("'flight'", "'orbit'", ["model", "orbit", "bed-rest"]),
        ("'hip:", "'hop:", ["model", "hop", "lower-leg"]),
        (
            "'flight'",
            "'flight@cats'",
            ["model", "cats", "control, op, oa"],
        ),
        ("change(", "chance(", ["model", "chance", "half_loss"]),
        ("-1.5,-1.4", ",", ["low", "None", "one of them at least"]),
        ("-1.5,-1.4", "-1.4,-1.5", ["low", "-1.4", "not above"]),
        ("-1.5,-1.4", "nan,-1.4", ["low", "NaN", "numbers"]),
        (
            "Lang 2004,",
            "Lang 2004,,",
            ["row", "fields", "as many columns"],
        ),
    ] {
        let text = good.replacen(from, to, 1);
        assert_ne!(text, good, "{from}");
        let error = parse("c.csv", &text).unwrap_err().to_string();
        assert!(error.starts_with("c.csv, line 2: "), "{error}");
        for word in words {
            assert!(error.contains(word), "no {word:?} in: {error}");
        }
    }
    let other_half = row
        .replacen("hip-abmd", "hip-other", 1)
        .replacen(",fit,", ",test,", 1);
    let error = parse("c.csv", &format!("{good}{other_half}\n"))
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("line 3") && error.contains("Lang 2004 in both halves"),
        "{error}"
    );
    let twice = format!("{header}\n{row}\n{row}\n");
    let error = parse("c.csv", &twice).unwrap_err().to_string();
    assert!(
        error.contains("line 3") && error.contains("second time"),
        "{error}"
    );
}

/// What physiology.toml names under "fitted to", or derives a value from, predicts nothing.
#[test]
fn a_study_that_parameters_were_fitted_to_is_in_the_half_of_the_fitted() {
    let model: toml::Table = include_str!("../assets/physiology.toml").parse().unwrap();
    let mut sources = Vec::new();
    let mut stack: Vec<&toml::Value> = model.values().collect();
    while let Some(value) = stack.pop() {
        match value {
            toml::Value::Table(table) => {
                stack.extend(table.values());
                sources.extend(table.get("source").and_then(toml::Value::as_str));
            }
            toml::Value::Array(all) => stack.extend(all),
            _ => {}
        }
    }
    sources.retain(|s| s.contains("fitted to") || s.contains("derived"));
    assert!(sources.len() > 30, "{}", sources.len());
    let claims = parse("claims.csv", BUILT_IN).unwrap();
    let of = |used: Use| {
        let rows = claims.iter().filter(move |c| c.row.used == used);
        rows.flat_map(|c| c.row.study.split("; "))
    };
    for study in of(Use::Test) {
        let named = sources.iter().find(|s| s.contains(study));
        assert!(
            named.is_none(),
            "{study} is in the half of the tests, but: {named:?}"
        );
    }
    let fitted = of(Use::Fit).filter(|study| sources.iter().any(|s| s.contains(study)));
    assert!(fitted.count() > 60);
}
