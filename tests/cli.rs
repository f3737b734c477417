//! The command line as a user meets it: good runs, and bad input.
#![allow(
    clippy::unwrap_used,
    clippy::float_cmp,
    reason = "a test fails by panicking, and exactness is what some of them are about"
)]

mod common;

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use common::program::{mechanostat, refused, run};
use common::scratch;
use serde_json::json;

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
    set("rankl_gain", &["set rankl_gain", "NAME=VALUE"]);
    set("rankl_grain=1", &["rankl_grain", "rankl_gain"]);
    set("rankl_gain=-1", &["set rankl_gain=-1", "0 to 20"]);
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
    refused(&run(&["bench", "window", "scan.nii"]), 2, &["mechanics"]);
    refused(&run(&["bench", "window", "--size", "7"]), 2, &["24 to 512"]);
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
    assert_eq!(fields.len(), 5 + 1);
    let vti = fields.iter().find(|f| f.extension().unwrap() == "vti");
    let vti = std::fs::read(vti.unwrap()).unwrap();
    let head = String::from_utf8_lossy(&vti[..6000]);
    for words in [
        "WholeExtent=\"0 23 0 24 0 21\"",
        "bmd [mg HA/cm³]",
        "Name=\"regions\"",
        "Name=\"fibre_z\"",
    ] {
        assert!(head.contains(words), "no {words} in {head}");
    }
    let left: Vec<_> = std::fs::read_dir(&a)
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    assert_eq!(left.len(), 4, "{left:?}");
}

const CLAIMS: &str = "id,claim,use,study,read,n,kind,site,condition,day,value,sd,interval,low,high,error,unit,source,model,lacks";

/// A row about marrow fat in culture, which rises by some percent in ten days.
fn claim(id: &str, used: &str, low: &str) -> String {
    let fat = "change('simulated-microgravity','hip:total_hip:marrow_fat',10)";
    format!(
        "{id},Marrow fat rises,{used},Doe 2001,abstract,,marrow-fat,total_hip,simulated-microgravity,10,,,bound,{low},,0.05,%,here,\"{fat}\",\n"
    )
}

/// Claims of a file: one that holds, one that cannot, one that the model does not answer.
#[test]
fn validate_reports_each_claim_and_fails_where_the_review_does() {
    let folder = scratch("validate");
    let file = |name: &str, rows: &[String]| {
        let path = folder.join(name);
        std::fs::write(&path, format!("{CLAIMS}\n{}", rows.concat())).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let unanswered = "hums,Marrow hums,test,Roe 1999,no,,marrow-fat,hip,flight,180,,,bound,1,,1,dB,here,,sound\n";
    // What is predicted may fail; the program says so and is well.
    let rows = [
        claim("holds", "review", "0.1"),
        claim("fails", "test", "1000"),
        unanswered.to_owned(),
    ];
    let good = file("good.csv", &rows);
    let output = run(&["validate", "--size", "24", "--json", "--evidence", &good]);
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let claim_of = |i: usize| json["claims"][i].clone();
    assert_eq!(
        ["id", "use", "in_range"].map(|k| claim_of(0)[k].clone()),
        [json!("holds"), json!("review"), json!(true)]
    );
    assert!(claim_of(0)["model"].as_f64().unwrap() > 0.1);
    assert_eq!(
        ["use", "in_range", "low"].map(|k| claim_of(1)[k].clone()),
        [json!("predicted"), json!(false), json!(1000.0)]
    );
    assert_eq!(
        ["model", "in_range"].map(|k| claim_of(2)[k].clone()),
        [serde_json::Value::Null, serde_json::Value::Null]
    );
    let score = |name: &str| {
        let score = &json["scores"][name];
        [score["in"].as_u64().unwrap(), score["of"].as_u64().unwrap()]
    };
    assert_eq!(
        ["review", "predicted", "fitted", "invariant", "not_answered"].map(score),
        [[1, 1], [0, 1], [0, 0], [0, 0], [0, 1]]
    );

    let since = claim("since", "test", "0.1").replace("10)\"", "5,10)\"");
    let rows = [
        claim("holds", "review", "0.1"),
        claim("fails", "review", "1000"),
        since.replace("marrow-fat,total_hip", "density,total_hip"),
    ];
    let bad = file("bad.csv", &rows);
    let plots = folder.join("plots");
    let output = run(&[
        "validate",
        "--size",
        "24",
        "--evidence",
        &bad,
        "--plots",
        plots.to_str().unwrap(),
    ]);
    refused(&output, 1, &["1 of 2 statements of the review"]);
    let table = String::from_utf8_lossy(&output.stdout);
    assert!(
        table.contains("OUT  fails") && table.contains("in   holds"),
        "{table}"
    );
    let page = std::fs::read_to_string(plots.join("marrow-fat.svg")).unwrap();
    assert!(roxmltree::Document::parse(&page).is_ok());
    // Two intervals and a course.
    assert!(page.contains("<polyline") && page.contains("total hip"));
    // A change since a later day has its page too.
    let page = std::fs::read_to_string(plots.join("density.svg")).unwrap();
    assert!(page.contains("<polyline") && page.contains("total hip"));

    for (row, words) in [
        (
            claim("bare", "test", "0.1").replace(",here,", ",,"),
            ["source", "where the figure stands"],
        ),
        (
            claim("odd", "test", "0.1").replace("marrow_fat", "marrow_fit"),
            ["marrow_fit", "marrow_fat"],
        ),
        // A quantity of the catalogue that this region does not have.
        (
            claim("odd", "test", "0.1").replace("marrow_fat", "type1_csa"),
            ["quantity of total_hip", "type1_csa"],
        ),
    ] {
        let odd = file("odd.csv", &[row]);
        let output = run(&["validate", "--size", "24", "--evidence", &odd]);
        refused(&output, 2, &["odd.csv, line 2", words[0], words[1]]);
    }
}

/// What a claim hangs on, and how that is gone on with.
#[test]
fn ablate_tells_which_cuts_move_a_claim_and_goes_on_where_it_was_broken_off() {
    let folder = scratch("ablate");
    let (claims, out) = (folder.join("claims.csv"), folder.join("out"));
    let rows = [
        claim("fat", "test", "0.1"),
        claim("never", "fit", "1000").replace("Doe", "Roe"),
    ];
    std::fs::write(&claims, format!("{CLAIMS}\n{}", rows.concat())).unwrap();
    let (claims, out) = (claims.to_str().unwrap(), out.to_str().unwrap());
    let ablate = |more: &[&str]| {
        let args = ["validate", "--ablate", "--evidence", claims, "--out", out];
        run(&[&args[..], more].concat())
    };
    refused(&ablate(&["--link", "spoon"]), 2, &["spoon", "strain-field"]);
    refused(&ablate(&["--resume"]), 2, &["nothing to go on from"]);
    refused(&run(&["validate", "--link", "bmp"]), 2, &["--ablate"]);
    // A fit reads no row that is kept to test the model.
    refused(
        &run(&["validate", "--fit", "--only", "spine-flight"]),
        2,
        &["spine-flight", "kept to test"],
    );
    refused(
        &run(&["validate", "--fit", "--only", "control-hip"]),
        2,
        &["fitted to"],
    );
    refused(&run(&["validate", "--recover", "7"]), 2, &["--fit"]);
    refused(
        &run(&[
            "validate",
            "--fit",
            "--set",
            "osteocyte_time=50",
            "--only",
            "resorption-day",
        ]),
        2,
        &["osteocyte_time", "outside", "2 to 10"],
    );
    let links = ["--link", "stem-cell-shift", "--link", "sclerostin"];
    let output = ablate(&[&links[..], &["--json"]].concat());
    assert!(output.status.success(), "{output:?}");
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["claims"][0]["moved_by"][0], "stem-cell-shift");
    assert_eq!(json["links"], json!(["sclerostin", "stem-cell-shift"]));
    assert_eq!(json["claims"][0]["moved_by"].as_array().unwrap().len(), 1);
    assert_eq!(json["claims"][1]["moved_by"].as_array().unwrap().len(), 0);
    // What nothing moves tests nothing.
    assert_eq!(json["scores"]["fitted"]["of"], 1);
    assert_eq!(json["scores_of_tested"]["fitted"]["of"], 0);
    assert_eq!(json["scores_of_tested"]["predicted"]["in"], 1);
    let table = Path::new(out).join("ablation.csv");
    let whole = std::fs::read_to_string(&table).unwrap();
    assert_eq!(whole.lines().count(), 1 + 2 * 3, "{whole}");
    assert!(
        whole.contains("fat,stem-cell-shift,0,false,true"),
        "{whole}"
    );
    // Killed when the first link is done.
    let args = ["validate", "--ablate", "--evidence", claims, "--out", out];
    let mut child = mechanostat(&[&args[..], &links].concat())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let done = |line: &std::io::Result<String>| line.as_ref().unwrap() == "done: stem-cell-shift";
    assert!(lines.into_iter().any(|line| done(&line)));
    child.kill().unwrap();
    child.wait().unwrap();
    let unfinished = Path::new(out).join("ablation.unfinished.csv");
    let kept = std::fs::read_to_string(&unfinished).unwrap();
    // What was made otherwise is refused, and left.
    let other = ["--resume", "--set", "dose_exponent=1.5"];
    refused(
        &ablate(&other),
        2,
        &["other claims, parameters or flags", "anew"],
    );
    assert_eq!(std::fs::read_to_string(&unfinished).unwrap(), kept);
    let output = ablate(&[&links[..], &["--resume"]].concat());
    assert!(output.status.success(), "{output:?}");
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(!told.contains("done: stem-cell-shift") && told.contains("done: sclerostin"));
    assert_eq!(std::fs::read_to_string(&table).unwrap(), whole);
    assert!(!unfinished.exists());
    // Begun anew, which is said.
    std::fs::write(&unfinished, kept).unwrap();
    let output = ablate(&links);
    assert!(String::from_utf8_lossy(&output.stderr).contains("--resume would have gone on"));
    assert_eq!(std::fs::read_to_string(&table).unwrap(), whole);
}

/// What `--every` asks for is measured; it does not change what happens.
#[test]
fn how_often_a_run_is_looked_at_changes_no_bit_of_it() {
    let folder = scratch("every");
    let table = |every: &str| {
        let out = folder.join(every);
        let output = run(&[
            "run",
            "iss-6-months",
            "--size",
            "24",
            "--days",
            "4.5",
            "--every",
            every,
            "--strength",
            "none",
            // A solve after every step, the passing ones included.
            "--set",
            "mechanics_interval=1",
            "--out",
            out.to_str().unwrap(),
        ]);
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{text}");
        let table = std::fs::read_to_string(out.join("timeseries.csv")).unwrap();
        table.lines().skip(1).map(str::to_owned).collect::<Vec<_>>()
    };
    let (quarters, days, once) = (table("0.25"), table("1"), table("30"));
    let of = |rows: &[String], day: &str| {
        let begin = format!("{day},");
        let found: Vec<String> = rows
            .iter()
            .filter(|r| r.starts_with(&begin))
            .cloned()
            .collect();
        assert!(found.len() > 50, "{} rows on day {day}", found.len());
        found
    };
    for day in ["0", "1", "2", "3", "4", "4.5"] {
        assert_eq!(of(&quarters, day), of(&days, day), "day {day}");
    }
    for day in ["0", "4.5"] {
        assert_eq!(of(&once, day), of(&days, day), "day {day}");
    }
    // The rows between are measured, and lie between.
    let volume = |day: &str| -> f64 {
        let rows = of(&quarters, day);
        let row = rows.iter().find(|r| r.contains(",quadriceps,volume,"));
        row.unwrap().split(',').nth(5).unwrap().parse().unwrap()
    };
    assert!(volume("2") > volume("2.25") && volume("2.25") > volume("2.5"));
    assert!(volume("2.75") > volume("3"));
}

#[test]
fn a_run_into_an_older_runs_folder_leaves_only_its_own_files() {
    let folder = scratch("rerun");
    let out = folder.join("out");
    let fly = |days: &str, fields: &str| {
        let output = run(&[
            "run",
            "earth",
            "--scene",
            "trabecular-core",
            "--size",
            "24",
            "--days",
            days,
            "--fields",
            fields,
            "--strength",
            "none",
            "--out",
            out.to_str().unwrap(),
        ]);
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{text}");
    };
    let names = |folder: &Path| {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let mut names: Vec<String> = entries
            .filter_map(|e| e.file_name().into_string().ok())
            .collect();
        names.sort();
        names
    };
    fly("3", "vti");
    assert_eq!(names(&out.join("fields")).len(), 4 + 1);
    // What is the user's own stays, whatever it is called; what bears our names of days goes.
    std::fs::write(out.join("notes.txt"), "mine").unwrap();
    std::fs::write(out.join("fields/day_1.vti"), "mine").unwrap();
    std::fs::write(out.join("fields/day_00009.0000.vti"), "of a killed run").unwrap();
    fly("1", "npy");
    let fields = names(&out.join("fields"));
    let days: Vec<&String> = fields.iter().filter(|n| n.ends_with("_bmd.npy")).collect();
    assert_eq!(days, ["day_00000.0000_bmd.npy", "day_00001.0000_bmd.npy"]);
    let vti: Vec<&String> = fields.iter().filter(|n| !n.contains("npy")).collect();
    assert_eq!(vti, ["day_1.vti", "regions.csv"]);
    // The table of regions tells what the labels fill.
    let labels = std::fs::read(out.join("fields/regions.npy")).unwrap();
    let labels: Vec<f32> = npyz::NpyFile::new(&labels[..]).unwrap().into_vec().unwrap();
    let table = std::fs::read_to_string(out.join("fields/regions.csv")).unwrap();
    let rows: Vec<Vec<&str>> = table.lines().map(|l| l.split(',').collect()).collect();
    assert_eq!(rows[0], ["label", "name", "parent", "kind", "volume_mm3"]);
    assert_eq!(rows[1][..4], ["1", "core", "", "bone"]);
    let share = labels.iter().filter(|l| **l == 1.0).count() as f64 / labels.len() as f64;
    let all: f64 = rows[1..].iter().map(|r| r[4].parse::<f64>().unwrap()).sum();
    assert!(
        (rows[1][4].parse::<f64>().unwrap() / all - share).abs() < 0.02,
        "{table}"
    );
    let manifest: toml::Table = std::fs::read_to_string(out.join("run.toml"))
        .unwrap()
        .parse()
        .unwrap();
    assert_eq!(
        manifest["files"].as_array().unwrap().len(),
        fields.len() - 1 + 3
    );
    std::fs::remove_file(out.join("fields/day_1.vti")).unwrap();
    fly("1", "none");
    assert_eq!(
        names(&out),
        ["figure.png", "notes.txt", "run.toml", "timeseries.csv"]
    );
    // A scenario that lies where a result would go is not written over.
    let own = folder.join("run.toml");
    let text = "name = \"x\"\n[[phase]]\nname = \"p\"\ndays = 1\ngravity = 0\n";
    std::fs::write(&own, text).unwrap();
    let output = run(&[
        "run",
        own.to_str().unwrap(),
        "--size",
        "24",
        "--out",
        folder.to_str().unwrap(),
    ]);
    refused(&output, 2, &["run.toml", "is read too"]);
    assert_eq!(std::fs::read_to_string(&own).unwrap(), text);
}

/// Every command that uses an adapter, with flags under which it would otherwise take long.
#[test]
fn an_adapter_is_chosen_by_part_of_its_name() {
    let doctor = run(&["doctor"]);
    let text = String::from_utf8_lossy(&doctor.stdout).into_owned();
    let name = text.lines().next().unwrap().to_owned();
    let part = name.split_whitespace().next().unwrap().to_uppercase();
    let again = run(&["doctor", "--adapter", &part]);
    assert!(String::from_utf8_lossy(&again.stdout).contains(&name));
    let folder = scratch("adapter");
    let scan = folder.join("bar.npy");
    let mut file = b"\x93NUMPY\x01\x00\x46\x00".to_vec();
    let head = "{'descr': '|u1', 'fortran_order': False, 'shape': (3, 2, 2), }";
    file.extend(format!("{head:<69}\n").bytes());
    file.extend([1; 12]);
    std::fs::write(&scan, file).unwrap();
    let (scan, out) = (scan.to_str().unwrap(), folder.join("out"));
    let out = out.to_str().unwrap();
    let solve = ["solve", scan, "--out", out, "--spacing", "1,1,1"];
    let with = |args: &[&str], name: &str| run(&[args, &["--adapter", name]].concat());
    let solved = with(&solve, &part);
    assert!(solved.status.success(), "{solved:?}");
    for args in [
        &solve[..],
        &["run", "earth", "--size", "24", "--out", out],
        &["validate", "--only", "review-satellite", "--size", "24"],
        &["bench", "--size", "24"],
        &["bench", "mechanics", "--cubes", "8"],
        &["doctor"],
    ] {
        refused(&with(args, "voodoo2"), 3, &["voodoo2", &name]);
        let by_variable = mechanostat(args)
            .env("WGPU_ADAPTER_NAME", "voodoo2")
            .output()
            .unwrap();
        refused(&by_variable, 3, &["voodoo2", &name]);
    }
    let window = mechanostat(&["--adapter", "voodoo2"])
        .env("DISPLAY", ":77")
        .output()
        .unwrap();
    refused(&window, 3, &["voodoo2", &name]);
}

/// Whatever is no plain text of a bearable length.
#[cfg(unix)]
#[test]
fn what_is_no_plain_file_is_refused_before_it_is_read() {
    let folder = scratch("no-files");
    let at = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let (fifo, socket) = (at("fifo.toml"), at("socket.toml"));
    let made = Command::new("mkfifo").arg(&fifo).status().unwrap();
    assert!(made.success());
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    std::fs::create_dir(at("folder.toml")).unwrap();
    let phases = |count: usize, days: u32| {
        let phase = format!("[[phase]]\nname = \"p\"\ndays = {days}\ngravity = 0\n");
        format!("name = \"long\"\n{}", phase.repeat(count))
    };
    std::fs::write(at("long.toml"), phases(100_000, 1)).unwrap();
    std::fs::write(at("many.toml"), phases(1001, 1)).unwrap();
    std::fs::write(at("ages.toml"), phases(2, 30_000)).unwrap();
    std::fs::write(at("bytes.toml"), [0xff, 0xfe, 0, 1]).unwrap();
    let out = at("out");
    for (file, words) in [
        ("/dev/zero", "no regular file"),
        (&fifo, "no regular file"),
        (&socket, "no regular file"),
        (&at("folder.toml"), "a folder"),
        (&at("long.toml"), "1 MiB"),
        (&at("many.toml"), "at most 1000"),
        (&at("ages.toml"), "60000 days in all"),
        (&at("bytes.toml"), "no text"),
    ] {
        refused(&run(&["run", file, "--out", &out]), 2, &[words]);
        if !words.contains("1000") && !words.contains("in all") {
            refused(&run(&["validate", "--evidence", file]), 2, &[words]);
        }
    }
    for file in ["/dev/zero", fifo.as_str(), socket.as_str()] {
        let scan = at("link.nii");
        std::fs::remove_file(&scan).ok();
        std::os::unix::fs::symlink(file, &scan).unwrap();
        refused(
            &run(&["solve", &scan, "--out", &out]),
            2,
            &["no regular file"],
        );
        refused(
            &run(&["run", "earth", "--scene", &scan, "--out", &out]),
            2,
            &["no regular file"],
        );
    }
    assert!(!Path::new(&out).exists(), "refused runs left something");
}

/// As a full disk: no file may grow beyond two blocks.
#[cfg(unix)]
#[test]
fn a_disk_that_is_full_breaks_a_run_and_leaves_no_half_of_a_file() {
    let out = scratch("full").join("out");
    let line = format!(
        "trap '' XFSZ; ulimit -f 2; exec {} run earth --scene trabecular-core --size 24 --days 1 --fields vti --out {}",
        env!("CARGO_BIN_EXE_mechanostat"),
        out.display()
    );
    let output = Command::new("sh")
        .args(["-c", &line])
        .env_remove("XDG_RUNTIME_DIR")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("cannot be written"), "{text}");
    let left = std::fs::read_dir(out.join("fields")).unwrap().count();
    assert_eq!(left, 0, "half a file was left");
}

/// What a run leaves is a document: run again it gives the same bytes, and flags beside it
/// override.
#[test]
fn a_runs_own_manifest_runs_again_to_the_same_bytes() {
    let folder = scratch("document");
    let out = |name: &str| folder.join(name);
    let study = folder.join("study.toml");
    let scenario = "name = \"Up and down\"\n[[phase]]\nname = \"Up\"\ndays = 9\ngravity = 0.0\n[[phase]]\nname = \"Down\"\ndays = 9\ngravity = 1.0\n";
    std::fs::write(&study, scenario).unwrap();
    let go = |what: &Path, to: &Path, more: &[&str]| {
        let (what, to) = (what.to_str().unwrap(), to.to_str().unwrap());
        let output = run(&[&["run", what, "--out", to], more].concat());
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{told}");
    };
    let flags = [
        "--size",
        "24",
        "--every",
        "2.5",
        "--group",
        "op",
        "--set",
        "rankl_gain=1",
    ];
    go(&study, &out("first"), &flags);
    let manifest = out("first").join("run.toml");
    // By hand: Mars from day 5, a link cut on day 7, back in the scenario's hands on day 11.
    let text = std::fs::read_to_string(&manifest).unwrap();
    let by_hand = folder.join("by-hand.toml");
    let actions = "\n[[action]]\nday = 5\ngravity = 0.378\n[[action]]\nday = 7\ncut = \"muscle-atrophy\"\n[[action]]\nday = 11\nfollow_scenario = true\n";
    std::fs::write(&by_hand, format!("{text}{actions}")).unwrap();
    go(&manifest, &out("again"), &[]);
    go(&by_hand, &out("by-hand"), &[]);
    go(&out("by-hand").join("run.toml"), &out("by-hand-again"), &[]);
    let read = |name: &str, file: &str| std::fs::read(out(name).join(file)).unwrap();
    for file in ["timeseries.csv", "figure.png", "run.toml"] {
        assert!(read("first", file) == read("again", file), "{file}");
        assert!(
            read("by-hand", file) == read("by-hand-again", file),
            "{file}"
        );
    }
    let table = String::from_utf8(read("by-hand", "timeseries.csv")).unwrap();
    assert!(read("first", "timeseries.csv") != table.as_bytes());
    for (day, gravity) in [("5", "0"), ("7.5", "0.378"), ("12.5", "1")] {
        assert!(table.contains(&format!("\n{day},{gravity},")), "day {day}");
    }
    // Flags beside it override.
    go(&manifest, &out("shorter"), &["--days", "5", "--size", "25"]);
    let text = String::from_utf8(read("shorter", "run.toml")).unwrap();
    assert!(
        text.contains("days = 5.0") && text.contains("size = 25"),
        "{text}"
    );
    assert!(text.contains("group = \"op\""), "{text}");

    let bad = |from: &str, to: &str, words: &[&str]| {
        let text = std::fs::read_to_string(&by_hand).unwrap();
        assert!(text.contains(from), "{from}");
        let path = folder.join("bad.toml");
        std::fs::write(&path, text.replace(from, to)).unwrap();
        let target = out("bad");
        let args = [
            "run",
            path.to_str().unwrap(),
            "--out",
            target.to_str().unwrap(),
        ];
        refused(&run(&args), 2, words);
        assert!(!target.exists());
    };
    bad("format = 1", "format = 7", &["bad.toml", "format", "newer"]);
    bad("day = 11", "day = 6", &["action", "day 6 after day 7"]);
    bad(
        "cut = \"muscle-atrophy\"",
        "cut = \"everything\"",
        &["everything"],
    );
    bad(
        "scene = \"hip\"",
        "scene = \"gone.nii.gz\"",
        &["gone.nii.gz", "cannot be read"],
    );
    bad(
        "strength = \"ends\"",
        "strength = \"often\"",
        &["often", "every"],
    );
}

/// Without a display `bench window` tells what pictures take, and that nothing else could be timed.
#[test]
fn pictures_are_timed_without_a_display() {
    let timed = mechanostat(&["bench", "window", "--size", "24", "--json"])
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .output()
        .unwrap();
    assert!(timed.status.success(), "{timed:?}");
    assert!(String::from_utf8_lossy(&timed.stderr).contains("no display"));
    let told: serde_json::Value = serde_json::from_slice(&timed.stdout).unwrap();
    for key in ["moving_frame_ms", "still_sample_ms", "still_picture_ms"] {
        assert!(told[key].as_f64().unwrap() > 0.0, "{told}");
    }
    assert!(told["adapter"].as_str().is_some_and(|a| !a.is_empty()));
    assert!(told.get("scrub_ms").is_none(), "{told}");
}

/// What no figure can be made of is refused in a sentence with the right code, and nothing stays.
#[test]
fn a_figure_that_cannot_be_is_refused() {
    let folder = scratch("figures");
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let out = path("a.png");
    let figure = |args: &[&str]| {
        let mut all = vec!["figure"];
        all.extend(args);
        run(&all)
    };
    let ended = |name: &str, words: &[&str]| {
        refused(&figure(&["earth", "--out", &path(name)]), 2, words);
    };
    ended("a.jpeg", &["a.jpeg", ".png", ".pdf"]);
    ended("a", &[".tiff"]);
    std::fs::create_dir(folder.join("b.png")).unwrap();
    ended("b.png", &["b.png", "no file"]);
    for (flags, words) in [
        (["--preset", "science"], ["science", "nature-single"]),
        (["--width", "10000"], ["10000", "2000"]),
        (["--dpi", "5000"], ["5000", "1200"]),
        (["--samples", "0"], ["samples", "1024"]),
        (["--ground", "pink"], ["pink", "dark"]),
        (["--day", "-1"], ["-1", "day"]),
        (
            ["--template", "nowhere.toml"],
            ["nowhere.toml", "cannot be read"],
        ),
    ] {
        let flag = format!("{}={}", flags[0], flags[1]);
        refused(&figure(&["earth", "--out", &out, &flag]), 2, &words);
    }
    let huge = [
        "earth", "--out", &out, "--width", "2000", "--height", "2000", "--dpi", "1200",
    ];
    refused(&figure(&huge), 2, &["million pixels"]);
    // A template with an error: file, line, key, what is allowed.
    let template = path("t.toml");
    std::fs::write(&template, "samples = 4\n[panel.a]\nshow = \"hologram\"\n").unwrap();
    let args = ["earth", "--out", &out, "--template", &template];
    refused(
        &figure(&args),
        2,
        &["t.toml, line 2", "panel a", "hologram", "radiograph"],
    );
    // A panel of the twin, where there is none; a day beyond the study's.
    for (text, word) in [
        ("[panel.a]\nshow = \"difference\"\n", "twin"),
        ("[panel.a]\nshow = \"volume\"\nday = 900\n", "900"),
        (
            "[panel.a]\nshow = \"curves\"\nregions = [\"elbow\"]\n",
            "elbow",
        ),
    ] {
        std::fs::write(&template, text).unwrap();
        let args = [
            "iss-6-months",
            "--size",
            "24",
            "--day",
            "1",
            "--out",
            &out,
            "--template",
            &template,
        ];
        refused(&figure(&args), 2, &[word]);
    }
    // Figures without a study, of a newer program, of a scan that is not there.
    let plain = path("plain.svg");
    std::fs::write(&plain, "<svg xmlns=\"http://www.w3.org/2000/svg\"/>").unwrap();
    refused(
        &figure(&[&plain, "--out", &out]),
        2,
        &["plain.svg", "no study"],
    );
    let made = path("made.svg");
    // What lies beside it under a name of ours, and is another's, stays.
    std::fs::write(folder.join("made.md"), "my own notes").unwrap();
    let first = figure(&[
        "iss-6-months",
        "--size",
        "24",
        "--day",
        "1",
        "--samples",
        "1",
        "--out",
        &made,
    ]);
    assert!(first.status.success());
    let notes = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    assert_eq!(notes("made.md"), "my own notes");
    assert!(notes("made-2.md").contains("## Caption"));
    // Nor is the figure that it is made from written over.
    refused(&figure(&[&made, "--out", &made]), 2, &["is read too"]);
    let text = std::fs::read_to_string(&made).unwrap();
    for (from, to, word) in [
        ("format = 1", "format = 99", "newer"),
        ("scene = \"hip\"", "scene = \"gone.nii\"", "gone.nii"),
    ] {
        assert!(text.contains(from));
        let changed = path("changed.svg");
        std::fs::write(&changed, text.replacen(from, to, 1)).unwrap();
        refused(&figure(&[&changed, "--out", &out]), 2, &[word]);
    }
    assert!(!folder.join("a.png").exists(), "something was written");
    // A folder that is not there is told before anything is run.
    let nowhere = path("nowhere/a.png");
    refused(&figure(&["earth", "--out", &nowhere]), 2, &["nowhere"]);
}
