//! The claims as data: what is read, and how what is wrong is refused.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use mechanostat::evidence::{BUILT_IN, CONDITIONS, condition, parse};
use mechanostat::physiology::Model;
use mechanostat::tissue::Anatomy;

#[test]
fn built_in_claims_are_good() {
    let claims = parse("claims.csv", BUILT_IN).unwrap_or_else(|e| panic!("{e}"));
    assert!(claims.len() >= 60, "{}", claims.len());
    assert!(claims.iter().filter(|c| c.row.review).count() >= 30);
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
        ("false", "maybe", ["review", "not `true`", "true or false"]),
        ("2004", "MMIV", ["year", "invalid", "a number or nothing"]),
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
            "Lang,2004,",
            "Lang,2004,,",
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
    let twice = format!("{header}\n{row}\n{row}\n");
    let error = parse("c.csv", &twice).unwrap_err().to_string();
    assert!(
        error.contains("line 3") && error.contains("second time"),
        "{error}"
    );
}
