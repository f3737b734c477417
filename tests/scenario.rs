//! Scenario and parameter files: what is read, and how what is wrong is refused.
#![allow(
    clippy::unwrap_used,
    clippy::float_cmp,
    reason = "a test fails by panicking, and exactness is what some of them are about"
)]

use mechanostat::physiology::{BUILT_IN as PHYSIOLOGY, Model};
use mechanostat::scenario::{
    BUILT_IN, Conditions, Cuts, DoseResponse, Drug, Exercise, Link, Posture, Scenario,
};
use mechanostat::sim::links::{acting, carriers, growing};
use mechanostat::tissue::SCENES;

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
        (down.exercise, down.posture, s.body_mass_kg),
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
            &["posture", "lying", "upright", "bed-rest", "paralysed"],
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
    for scene in SCENES.iter().chain(&["scan"]) {
        let count = model
            .activities
            .iter()
            .filter(|a| a.scene == *scene)
            .count();
        assert!((5..=10).contains(&count), "{scene}: {count} activities");
    }
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
            "[parameters.rankl_gain]\nvalue = ",
            "[parameters.rankl_gain]\nvalue = -",
            &["rankl_gain", "-1", "0 to 20"],
        ),
        (
            "[parameters.rankl_gain]\nvalue = ",
            "[parameters.rankl_gain]\nvalue = nan # ",
            &["rankl_gain", "NaN"],
        ),
        (
            "range = [0, 20]",
            "range = [20, 0]",
            &["rankl_gain", "from 20 to 0", "smaller one first"],
        ),
        ("range = [0, 20]\n", "", &["range"]),
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
        (
            "muscle_share = 0.62",
            "muscle_share = 1.62",
            &["one leg", "1.62", "0 to 1"],
        ),
        (
            "density_law = \"morgan-vertebra\"",
            "density_law = \"morgana\"",
            &["density_law", "morgana", "morgan-vertebra"],
        ),
        (
            "myostatin_gain = 0\n",
            "myostatin_grain = 0\n",
            &["myostatin_grain", "group \"op\"", "myostatin_gain"],
        ),
        (
            "muscle_mass = 0.93",
            "muscle_mass = inf",
            &["muscle_mass", "inf", "0.1 to 2"],
        ),
        (
            "source = \"as disc\"",
            "source = \" \"",
            &["source", "where"],
        ),
        (
            "forces = { walking = 1751, gluteals = 880",
            "forces = { walking = 1751, glutaels = 880",
            &["glutaels", "hip", "gluteals", "walking"],
        ),
        (
            "shaft = 0.6",
            "shaft = 6",
            &["thighs", "shaft 6", "between 0 and 1"],
        ),
        (
            "type1 = 0.5",
            "type1 = 1.5",
            &["muscle", "type1 1.5", "shares from 0 to 1"],
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
    // A thirteenth activity of a scene: there is room for twelve.
    let first = PHYSIOLOGY.find("[[activity]]").unwrap();
    let end = first + 1 + PHYSIOLOGY[first + 1..].find("[[").unwrap();
    let crowded = format!("{PHYSIOLOGY}\n{}", PHYSIOLOGY[first..end].repeat(8));
    let sentence = Model::parse("p.toml", &crowded).unwrap_err().to_string();
    assert!(
        sentence.contains("activities in scene") && sentence.contains("at most 12"),
        "{sentence}"
    );
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

#[test]
fn links_are_cut_by_name_for_a_scenario_or_a_phase() {
    let text = r#"name = "a"
dose_response = "centrifuge"
cut = ["osteoclast-drive", "myostatin"]
[[phase]]
name = "up"
days = 1
gravity = 0.0
simulated_microgravity = true
[[phase]]
name = "down"
days = 1
gravity = 1.0
cut = ["satellite-cells"]
"#;
    let s = Scenario::parse("a.toml", text).unwrap();
    let (up, down) = (&s.phases[0].conditions, &s.phases[1].conditions);
    let cut = |c: Cuts| c.iter().map(Link::name).collect::<Vec<_>>();
    assert_eq!(cut(up.cuts), ["myostatin", "osteoclast-drive"]);
    assert_eq!(cut(down.cuts), ["satellite-cells"]);
    assert_eq!(up.dose_response, DoseResponse::Centrifuge);
    assert_eq!(
        (up.axial_gravity(), up.cell_gravity(), down.cell_gravity()),
        (0.0, 0.0, 1.0)
    );
    for (from, to, words) in [
        (
            "\"myostatin\"",
            "\"myostation\"",
            ["line 3", "myostation", "osteoclast-drive"],
        ),
        (
            "\"satellite-cells\"",
            "\"sat\"",
            ["line 13", "sat", "satellite-cells"],
        ),
        (
            "\"centrifuge\"",
            "\"linear\"",
            ["line 2", "linear", "weight-bearing"],
        ),
        (
            "= true",
            "= 1",
            ["line 8", "integer", "simulated_microgravity"],
        ),
    ] {
        let error = Scenario::parse("a.toml", &text.replacen(from, to, 1)).unwrap_err();
        for word in words {
            assert!(error.to_string().contains(word), "no {word:?} in: {error}");
        }
    }
}

#[test]
fn every_link_is_carried_by_parameters_that_there_are() {
    let model = Model::built_in().unwrap();
    for link in Link::ALL {
        let carriers = carriers(*link);
        assert!(!carriers.is_empty() && !link.title().is_empty());
        for name in carriers {
            assert!(
                model.physiology.get(name).is_some(),
                "{}: {name}",
                link.name()
            );
        }
        let conditions = Conditions {
            cuts: Cuts::NONE.with(*link, true),
            ..Conditions::EARTH
        };
        let cut = acting(&model.physiology, &conditions);
        assert_ne!(cut, model.physiology, "{} cuts nothing", link.name());
        assert!(carriers.iter().all(|n| cut.get(n) == Some(0.0)));
        assert_eq!(conditions.cuts.with(*link, false), Cuts::NONE);
    }
    assert_eq!(
        acting(&model.physiology, &Conditions::EARTH),
        model.physiology
    );
}

/// The shapes of the answer to partial gravity, and growth: which parameters act instead.
#[test]
fn a_dose_response_and_growth_are_parameters() {
    let p = Model::built_in().unwrap().physiology;
    let of = |dose_response: DoseResponse| {
        let conditions = Conditions {
            dose_response,
            ..Conditions::EARTH
        };
        let acting = acting(&p, &conditions);
        [acting.dose_exponent, acting.muscle_dose_exponent]
    };
    for (answer, wanted) in [
        (
            DoseResponse::Fitted,
            ["dose_exponent", "muscle_dose_exponent"],
        ),
        (
            DoseResponse::Centrifuge,
            [
                "dose_exponent_centrifuge",
                "muscle_dose_exponent_centrifuge",
            ],
        ),
        (
            DoseResponse::WeightBearing,
            [
                "dose_exponent_weight_bearing",
                "muscle_dose_exponent_weight_bearing",
            ],
        ),
    ] {
        assert_eq!(of(answer), wanted.map(|name| p.get(name).unwrap()));
    }
    let grown = growing(&p);
    assert_eq!(
        grown.surface_turnover,
        p.surface_turnover * p.growth_turnover
    );
    assert_eq!(grown.perforation, 0.0);
    assert_eq!(grown.osteocyte_renewal, 0.0);
    let same = grown.with("perforation", p.perforation).unwrap();
    let same = same.with("osteocyte_renewal", 1.0).unwrap();
    assert_eq!(same.with("surface_turnover", p.surface_turnover), Some(p));
}

#[test]
fn a_person_is_a_scene_a_group_and_a_mass() {
    let model = Model::built_in().unwrap();
    let control = model.person("hip", "control", 75.0, &[]).unwrap();
    assert_eq!(control, model);
    let vertebra = model.person("lumbar", "control", 75.0, &[]).unwrap();
    assert_eq!(vertebra.physiology.modulus_coefficient, 4730.0);
    let op = model.person("hip", "op", 75.0, &[]).unwrap();
    assert!(op.physiology.settling_stimulus > model.physiology.settling_stimulus);
    assert_eq!(op.physiology.myostatin_gain, 0.0);
    // Twice the mass doubles what gravity and muscle ask of a joint, but not what a machine does.
    let heavy = model.person("hip", "control", 150.0, &[]).unwrap();
    for (a, b) in model.activities.iter().zip(&heavy.activities) {
        use mechanostat::physiology::ActivityKind as K;
        let factor = if matches!(a.kind, K::Gait | K::Weightless | K::Treadmill) {
            2.0
        } else {
            1.0
        };
        for (case, force) in &a.forces {
            assert_eq!(b.forces[case], factor * force, "{} {case}", a.name);
        }
    }
    // Weaker muscles pull less; of a joint's force they are only a share.
    let walking = |m: &Model, case: &str| m.activities[0].forces[case];
    let mass = f64::from(op.physiology.muscle_mass);
    let pull = walking(&op, "quadriceps") / walking(&model, "quadriceps");
    let joint = walking(&op, "walking") / walking(&model, "walking");
    assert!((pull - mass).abs() < 1e-9 && (joint - (1.0 - 0.58 * (1.0 - mass))).abs() < 1e-9);
    let unknown = model
        .person("hip", "children", 75.0, &[])
        .unwrap_err()
        .to_string();
    assert!(
        unknown.contains("children") && unknown.contains("control, op, oa"),
        "{unknown}"
    );
}

/// docs/model.md tells every parameter as the file has it.
#[test]
fn the_model_is_documented_as_it_is() {
    let model = Model::built_in().unwrap();
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/model.md");
    let text = std::fs::read_to_string(path).unwrap();
    let names = mechanostat::physiology::Physiology::NAMES;
    for ((name, (unit, source)), range) in names.iter().zip(&model.provenance).zip(&model.ranges) {
        let line = text
            .lines()
            .find(|l| l.starts_with(&format!("| `{name}` |")))
            .unwrap_or_else(|| panic!("docs/model.md has no row for {name}"));
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let value: f32 = cells[2].parse().unwrap();
        assert_eq!(Some(value), model.physiology.get(name), "{name}");
        assert_eq!(
            (cells[3], cells[5]),
            (unit.as_str(), source.as_str()),
            "{name}"
        );
        assert_eq!(cells[4], format!("{} to {}", range[0], range[1]), "{name}");
    }
    for group in Link::ALL {
        assert!(
            text.contains(group.name()),
            "docs/model.md does not name {}",
            group.name()
        );
    }
}
