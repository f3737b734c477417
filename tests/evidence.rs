//! The claims as data: what is read, and how what is wrong is refused.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use mechanostat::evidence::{BUILT_IN, CONDITIONS, Read, Use, built_in, condition, parse};

#[test]
fn built_in_claims_are_good() {
    let claims = parse("claims.csv", BUILT_IN).unwrap_or_else(|e| panic!("{e}"));
    let of = |used: Use| claims.iter().filter(move |c| c.row.used == used);
    // Read without asking the scenes they are the same.
    assert!(built_in().unwrap() == claims);
    assert!(of(Use::Review).count() >= 30);
    assert!(of(Use::Test).count() >= 60, "{}", of(Use::Test).count());
    for claim in &claims {
        let (id, row) = (&claim.row.id, &claim.row);
        // A range that holds everything claims nothing.
        assert!(claim.low.is_some() || claim.high.is_some(), "{id}");
        assert!(!claim.holds(f64::NAN) && !claim.holds(f64::INFINITY));
        // What is published lies in the range that is held to it.
        if let Some(value) = row.value {
            assert!(claim.holds(value), "{id}: {value} is out of its own range");
        }
        let Some(model) = &claim.model else { continue };
        let needs = model.needs();
        assert!(!needs.is_empty(), "{id} looks at nothing");
        for need in needs {
            let scenario = condition(&need.condition).unwrap().unwrap();
            let last = *need.days.last().unwrap();
            assert!(f64::from(last) <= scenario.days(), "{id}");
        }
    }
}

/// Seven in ten at least: a figure from memory is a rumour.
#[test]
fn most_figures_were_read_in_their_source_or_its_abstract() {
    let mut claims = parse("claims.csv", BUILT_IN).unwrap();
    claims.retain(|c| c.row.used != Use::Invariant);
    let read = claims
        .iter()
        .filter(|c| !matches!(c.row.read, Read::Cited | Read::No));
    assert!(read.count() as f64 > 0.7 * claims.len() as f64);
}

/// The same statement about several groups is one statement.
#[test]
fn no_statement_is_counted_twice() {
    let claims = parse("claims.csv", BUILT_IN).unwrap();
    let everybody = |text: &str| {
        text.replace("@control", "")
            .replace("@op", "")
            .replace("@oa", "")
    };
    for (i, a) in claims.iter().enumerate().filter(|(_, c)| c.model.is_some()) {
        for b in &claims[..i] {
            let same_model = everybody(&a.row.model) == everybody(&b.row.model);
            let same = same_model && (a.low, a.high) == (b.low, b.high);
            assert!(!same, "{} and {}", a.row.id, b.row.id);
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

const HEADER: &str = "id,claim,use,study,read,n,kind,site,condition,day,value,sd,interval,low,high,error,unit,source,model,lacks";
const ROW: &str = "fall,The hip loses 5 %,test,Doe 2001,abstract,9,density,total_hip,flight,180,-5,2,mean,,,,%,J Bones 1:1,\"change('flight','hip:total_hip:bmd',180)\",";

fn file(rows: &[&str]) -> String {
    format!("{HEADER}\n{}\n", rows.join("\n"))
}

/// What replaces what in a good row, and the words that the refusal must hold.
#[test]
fn wrong_rows_are_refused_with_file_line_column_and_what_is_allowed() {
    assert_eq!(parse("c.csv", &file(&[ROW])).unwrap().len(), 1);
    for (from, to, words) in [
        (
            "J Bones 1:1",
            "",
            ["source", "nothing", "where the figure stands"],
        ),
        ("Doe 2001", "", ["study", "nothing", "first author"]),
        (
            ",abstract,",
            ",,",
            ["read", "\"\"", "paper, abstract, review, cited, no"],
        ),
        (
            ",test,",
            ",maybe,",
            ["use", "maybe", "review, fit, test, invariant"],
        ),
        (
            ",density,",
            ",dancing,",
            ["kind", "dancing", "cortical-geometry"],
        ),
        (",mean,", ",,", ["interval", "\"\"", "bound"]),
        (
            ",mean,",
            ",definition,",
            ["interval", "definition", "only for them"],
        ),
        (",9,", ",some,", ["n", "invalid", "a number or nothing"]),
        (",9,", ",,", ["interval", "n None", "value, sd and n"]),
        (
            ",-5,2,mean",
            ",-5,,mean",
            ["interval", "sd None", "value, sd and n"],
        ),
        (
            "mean,,,",
            "mean,-6,,",
            ["interval", "low Some(-6.0)", "neither low nor high"],
        ),
        (
            "mean,,,",
            "printed,-6,,",
            ["interval", "high None", "low and high"],
        ),
        (
            "mean,,,",
            "studies,-6,-4,",
            ["interval", "studies", "at least two studies"],
        ),
        (
            "mean,,,",
            "bound,,-2,",
            ["interval", "error None", "precision error"],
        ),
        (
            "mean,,,",
            "bound,,-2,2.5",
            ["interval", "error Some(2.5)", "than the measurement errs"],
        ),
        (
            "mean,,,",
            "bound,-6,-2,1",
            ["interval", "bound", "either low or high"],
        ),
        (
            "mean,,,",
            "unchanged,,,",
            ["interval", "error None", "precision error"],
        ),
        ("mean,,,", "assumed,-4,-6,", ["low", "-4", "not above"]),
        ("mean,,,", "assumed,nan,-4,", ["low", "NaN", "numbers"]),
        ("'flight'", "'orbit'", ["model", "orbit", "bed-rest"]),
        ("'hip:", "'hop:", ["model", "hop", "lower-leg"]),
        (
            ":total_hip:",
            ":big_toe:",
            ["model", "big_toe", "femoral_neck"],
        ),
        (
            ":bmd'",
            ":type1_csa'",
            ["model", "type1_csa", "trabecular_bmd"],
        ),
        (
            ":bmd'",
            ":connectivity_density'",
            ["model", "connectivity_density", "bmd"],
        ),
        (
            "'flight'",
            "'flight@cats'",
            ["model", "cats", "control, op, oa"],
        ),
        ("change(", "chance(", ["model", "chance", "half_loss"]),
        (
            ",flight,",
            ",bed-rest,",
            ["condition", "bed-rest", "looks at: flight"],
        ),
        (",180,", ",90,", ["day", "90", "looks at: 0, 180"]),
        (
            ",\"change",
            ",nothing yet,\"change",
            ["row", "fields", "as many columns"],
        ),
    ] {
        let row = ROW.replacen(from, to, 1);
        assert_ne!(row, ROW, "{from}");
        let error = parse("c.csv", &file(&[&row])).unwrap_err().to_string();
        assert!(error.starts_with("c.csv, line 2: "), "{error}");
        for word in words {
            assert!(error.contains(word), "no {word:?} in: {error}");
        }
    }
    for row in [
        format!("{ROW}a quantity"),
        ROW.replace("\"change('flight','hip:total_hip:bmd',180)\"", ""),
    ] {
        let error = parse("c.csv", &file(&[&row])).unwrap_err().to_string();
        assert!(error.contains("both or neither"), "{error}");
    }
}

#[test]
fn a_file_without_claims_is_refused() {
    for text in [String::new(), format!("{HEADER}\n")] {
        let error = parse("c.csv", &text).unwrap_err().to_string();
        assert!(error.contains("at least one claim"), "{error}");
    }
    let older = file(&[ROW]).replace("lacks", "remarks");
    let error = parse("c.csv", &older).unwrap_err().to_string();
    assert!(
        error.contains("remarks") && error.contains("and no other"),
        "{error}"
    );
}

#[test]
fn two_rows_that_contradict_each_other_are_refused() {
    let error = parse("c.csv", &file(&[ROW, ROW])).unwrap_err().to_string();
    assert!(
        error.contains("line 3") && error.contains("which line 2 has too"),
        "{error}"
    );
    // One study in both halves, also beside another study.
    for (from, to) in [("Doe 2001", "Doe 2001"), ("Doe 2001", "Roe 1999; Doe 2001")] {
        let other = ROW
            .replace("fall,", "fall-2,")
            .replace(",test,", ",fit,")
            .replace(from, to);
        let error = parse("c.csv", &file(&[ROW, &other]))
            .unwrap_err()
            .to_string();
        let words = [
            "line 3",
            "use",
            "Doe 2001 in fit here and in test in line 2",
            "one half",
        ];
        assert!(words.iter().all(|w| error.contains(w)), "{error}");
    }
    // The review may name a study of either half.
    let other = ROW
        .replace("fall,", "fall-2,")
        .replace(",test,", ",review,");
    assert_eq!(parse("c.csv", &file(&[ROW, &other])).unwrap().len(), 2);
}

/// Ranges by hand: −5 ± 2.306 × 2 / √9, −5 ± 2, and 0 ± 1.3.
#[test]
fn ranges_follow_from_what_was_published() {
    for (interval, low, high) in [
        ("mean,,,", -6.537, -3.463),
        ("persons,,,", -7.0, -3.0),
        ("persons,-8,-1,", -8.0, -1.0),
        ("printed,-6,-4,", -6.0, -4.0),
        ("unchanged,,,1.3", -1.3, 1.3),
    ] {
        let row = ROW.replacen("mean,,,", interval, 1);
        let claim = parse("c.csv", &file(&[&row])).unwrap().remove(0);
        let range = [claim.low.unwrap(), claim.high.unwrap()];
        assert!(
            (range[0] - low).abs() < 1e-3 && (range[1] - high).abs() < 1e-3,
            "{range:?}"
        );
        assert!(claim.counts());
    }
    let row = ROW.replacen("mean,,,", "assumed,-6,-4,", 1);
    assert!(!parse("c.csv", &file(&[&row])).unwrap()[0].counts());
    // No effect is 1 where two things are compared.
    let row = ROW
        .replacen("mean,,,", "unchanged,,,0.1", 1)
        .replace(",%,", ",ratio,");
    let claim = parse("c.csv", &file(&[&row])).unwrap().remove(0);
    assert!(claim.holds(0.95) && claim.holds(1.09) && !claim.holds(0.0));
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
        rows.flat_map(|c| c.row.studies())
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
