//! The command line as a user meets it: good runs, and bad input.
#![allow(
    clippy::unwrap_used,
    clippy::float_cmp,
    reason = "a test fails by panicking, and exactness is what some of them are about"
)]

mod common;

use std::path::Path;
use std::process::{Command, Output};

use common::scratch;

fn mechanostat(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mechanostat"));
    command
        .args(args)
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY");
    command
}

fn run(args: &[&str]) -> Output {
    mechanostat(args).output().unwrap()
}

/// One sentence on stderr, the exit code, no panic.
#[track_caller]
fn refused(output: &Output, code: i32, words: &[&str]) {
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{text}");
    assert!(!text.contains("panicked"), "{text}");
    for word in words {
        assert!(text.contains(word), "no {word:?} in: {text}");
    }
}

#[test]
fn bad_input_is_refused_in_a_sentence() {
    let folder = scratch("bad-input");
    let out = folder.join("out");
    let out = out.to_str().unwrap();
    refused(
        &run(&["run", "atlantis", "--out", out]),
        2,
        &["atlantis", "iss-6-months", "earth"],
    );
    refused(
        &run(&["run", "earth", "--out", out, "--size", "3"]),
        2,
        &["size 3", "24 to 512"],
    );
    refused(
        &run(&["run", "earth", "--out", out, "--size", "5000"]),
        2,
        &["size 5000", "24 to 512"],
    );
    refused(
        &run(&["run", "earth", "--out", out, "--size", "many"]),
        2,
        &["--size", "many"],
    );
    refused(
        &run(&["run", "earth", "--out", out, "--scene", "elbow"]),
        2,
        &["elbow", "hip"],
    );
    refused(
        &run(&["run", "earth", "--out", out, "--group", "cats"]),
        2,
        &["cats", "control"],
    );
    refused(
        &run(&["run", "earth", "--out", out, "--days", "-3"]),
        2,
        &["-3"],
    );
    refused(
        &run(&["run", "earth", "--out", out, "--days=-3"]),
        2,
        &["--days", "0.01 to 36525"],
    );
    refused(
        &run(&["run", "earth", "--out", out, "--every", "nan"]),
        2,
        &["--every"],
    );
    refused(
        &run(&["run", "earth", "--out", out, "--strength", "often"]),
        2,
        &["often", "every"],
    );
    let set = |what: &str, words: &[&str]| {
        let output = run(&["run", "earth", "--out", out, "--set", what]);
        refused(&output, 2, words);
    };
    set("rankl_gain", &["--set rankl_gain", "NAME=VALUE"]);
    set("rankl_grain=1", &["rankl_grain", "rankl_gain"]);
    set("rankl_gain=-1", &["--set rankl_gain=-1", "0 to 20"]);
    set("rankl_gain=nan", &["rankl_gain=NaN", "0 to 20"]);
    set("poisson_ratio=0.5", &["poisson_ratio=0.5", "0 to 0.49"]);
    set("martin_2=1", &["martin_2=1", "-500 to 0 1/mm"]);
    set("rankl_gain=much", &["rankl_gain=much", "number"]);
    refused(
        &run(&["run", "earth", "--out", out, "--scene", "nowhere.nii.gz"]),
        2,
        &["nowhere.nii.gz", "cannot be read"],
    );
    refused(
        &run(&["validate", "--only", "unicorns"]),
        2,
        &["unicorns", "id, site or condition"],
    );
    refused(
        &run(&["validate", "--evidence", "nowhere.csv"]),
        2,
        &["nowhere.csv"],
    );
    refused(&run(&["validate", "--size", "7"]), 2, &["24 to 512"]);
    refused(&run(&["bench", "stages", "scan.nii"]), 2, &["mechanics"]);
    refused(
        &run(&["bench", "mechanics", "nowhere.nii"]),
        2,
        &["nowhere.nii"],
    );
    refused(
        &run(&["bench", "mechanics", "--cubes", "2"]),
        2,
        &["4..=512"],
    );
    refused(&run(&["fly"]), 2, &["fly"]);
    assert!(!Path::new(out).exists(), "refused runs left {out}");
    let file = folder.join("bad.toml");
    std::fs::write(
        &file,
        "name = \"x\"\n[[phase]]\nname = \"p\"\ndays = -3\ngravity = 0\n",
    )
    .unwrap();
    refused(
        &run(&["run", file.to_str().unwrap(), "--out", out]),
        2,
        &["bad.toml, line 4", "days", "-3"],
    );
    // A folder below a file cannot be made, whoever asks.
    let below = file.join("results");
    refused(
        &run(&["run", "earth", "--out", below.to_str().unwrap()]),
        2,
        &["results"],
    );
    refused(&run(&["iss-6-months", "--size", "7"]), 2, &["size 7"]);
}

#[test]
fn no_display_and_no_adapter_are_told() {
    refused(&run(&["earth"]), 1, &["no display", "mechanostat run"]);
    if cfg!(target_os = "linux") {
        let out = scratch("no-adapter");
        let output = mechanostat(&[
            "run",
            "earth",
            "--size",
            "24",
            "--out",
            out.to_str().unwrap(),
        ])
        .env("VK_DRIVER_FILES", "/nonexistent.json")
        .env("VK_ICD_FILENAMES", "/nonexistent.json")
        .output()
        .unwrap();
        refused(&output, 3, &["mesa-vulkan-drivers"]);
        assert_eq!(
            std::fs::read_dir(&out).unwrap().count(),
            0,
            "something was left behind"
        );
        let output = mechanostat(&["doctor"])
            .env("VK_DRIVER_FILES", "/nonexistent.json")
            .env("VK_ICD_FILENAMES", "/nonexistent.json")
            .output()
            .unwrap();
        refused(&output, 3, &["mesa-vulkan-drivers"]);
    }
}

#[test]
fn a_reader_that_goes_away_ends_a_command_quietly() {
    if cfg!(unix) {
        let bin = env!("CARGO_BIN_EXE_mechanostat");
        let script = format!("set -o pipefail; {bin} doctor | true");
        let output = Command::new("bash").args(["-c", &script]).output().unwrap();
        refused(&output, 0, &[]);
        let script = format!("{bin} doctor > /dev/full");
        let output = Command::new("bash").args(["-c", &script]).output().unwrap();
        refused(&output, 1, &["cannot print"]);
    }
}

#[test]
fn doctor_names_an_adapter_and_a_size() {
    let output = run(&["doctor"]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success()
            && text.contains("--size 32")
            && text.contains("yes")
            && text.contains("MiB"),
        "{text}"
    );
}

#[test]
fn a_run_leaves_what_it_promises_and_the_same_bytes_again() {
    let folder = scratch("run");
    let leave = |name: &str| {
        let out = folder.join(name);
        let output = run(&[
            "run",
            "iss-6-months",
            "--size",
            "24",
            "--days",
            "16",
            "--every",
            "4",
            "--fields",
            "vti",
            "--out",
            out.to_str().unwrap(),
        ]);
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        out
    };
    let (a, b) = (leave("a"), leave("b"));
    let table = std::fs::read_to_string(a.join("timeseries.csv")).unwrap();
    assert_eq!(
        table,
        std::fs::read_to_string(b.join("timeseries.csv")).unwrap(),
        "two runs differ"
    );
    let mut lines = table.lines();
    assert_eq!(
        lines.next(),
        Some("day,gravity_g,region,quantity,unit,value,change_pct")
    );
    let rows: Vec<Vec<&str>> = lines.map(|l| l.split(',').collect()).collect();
    for day in ["0", "4", "8", "12", "16"] {
        for (region, quantity) in [
            ("femoral_neck", "bmd"),
            ("trochanter", "bmc"),
            ("total_hip", "trabecular_bmd"),
            ("femur_shaft", "cortical_bmd"),
            ("total_hip", "osteoclasts"),
            ("total_hip", "sclerostin"),
            ("quadriceps", "volume"),
            ("hamstrings", "type1_csa"),
            ("gluteals", "strength"),
            ("quadriceps", "bmp2"),
            ("whole_body", "resorption_marker"),
            ("whole_body", "formation_marker"),
        ] {
            let found = rows
                .iter()
                .filter(|r| r[0] == day && r[2] == region && r[3] == quantity)
                .count();
            assert_eq!(found, 1, "{quantity} of {region} on day {day}");
        }
    }
    // Strength costs a solve: on the first and the last day unless asked for more.
    for quantity in [
        "strength",
        "stiffness",
        "stance_strength",
        "stance_stiffness",
    ] {
        let days: Vec<&str> = rows
            .iter()
            .filter(|r| r[2] == "total_hip" && r[3] == quantity)
            .map(|r| r[0])
            .collect();
        assert_eq!(days, ["0", "16"], "{quantity}");
    }
    assert!(
        rows.iter()
            .all(|r| r.len() == 7 && r[5].parse::<f64>().is_ok_and(f64::is_finite))
    );
    let manifest: toml::Table = std::fs::read_to_string(a.join("run.toml"))
        .unwrap()
        .parse()
        .unwrap();
    assert_eq!(manifest["size"].as_integer(), Some(24));
    assert!(manifest["parameters"].as_table().unwrap().len() > 50);
    assert!(
        manifest["scenario_text"]
            .as_str()
            .unwrap()
            .contains("[[phase]]")
    );
    assert_eq!(
        &std::fs::read(a.join("figure.png")).unwrap()[..4],
        b"\x89PNG"
    );
    let fields: Vec<_> = std::fs::read_dir(a.join("fields"))
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    assert_eq!(fields.len(), 5);
    let vti = std::fs::read(&fields[0]).unwrap();
    let head = String::from_utf8_lossy(&vti[..2000]);
    assert!(
        head.contains("WholeExtent=\"0 20 0 17 0 24\"") && head.contains("bmd [mg HA/cm³]"),
        "{head}"
    );
    let left: Vec<_> = std::fs::read_dir(&a)
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    assert_eq!(left.len(), 4, "{left:?}");
}

/// Claims of a file: one that holds, one that cannot, one that has no source.
#[test]
fn validate_reports_each_claim_and_fails_when_the_model_does() {
    let folder = scratch("validate");
    let header = "id,claim,who,year,n,site,condition,day,value,spread,low,high,unit,source,sure,review,model";
    let fat = "change('simulated-microgravity','hip:total_hip:marrow_fat',10)";
    let row = |id: &str, low: &str, source: &str| {
        format!(
            "{id},Marrow fat rises,review,,,total_hip,culture,10,,,{low},,%,{source},S,true,\"{fat}\"\n"
        )
    };
    let file = |name: &str, rows: &str| {
        let path = folder.join(name);
        std::fs::write(&path, format!("{header}\n{rows}")).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let good = file("good.csv", &row("holds", "0.1", "review.txt"));
    let output = run(&["validate", "--size", "24", "--json", "--evidence", &good]);
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let claim = &json["claims"][0];
    assert_eq!(
        (claim["id"].as_str(), claim["in_range"].as_bool()),
        (Some("holds"), Some(true))
    );
    assert!(claim["model"].as_f64().unwrap() > 0.1);
    assert_eq!(
        (json["in_range"].as_u64(), json["total"].as_u64()),
        (Some(1), Some(1))
    );

    let both = row("holds", "0.1", "review.txt") + &row("fails", "1000", "review.txt");
    let bad = file("bad.csv", &both);
    let output = run(&["validate", "--size", "24", "--evidence", &bad]);
    refused(&output, 1, &["1 of 2 claims"]);
    let table = String::from_utf8_lossy(&output.stdout);
    assert!(
        table.contains("OUT  fails") && table.contains("in   holds"),
        "{table}"
    );

    let bare = file("bare.csv", &row("bare", "0", ""));
    let output = run(&["validate", "--size", "24", "--evidence", &bare]);
    refused(
        &output,
        2,
        &["bare.csv, line 2", "source", "where the figure stands"],
    );
    let missing = row("odd", "0", "review.txt").replace("marrow_fat", "marrow_fit");
    let odd = file("odd.csv", &missing);
    let output = run(&["validate", "--size", "24", "--evidence", &odd]);
    refused(&output, 2, &["claim odd", "marrow_fit"]);
}
