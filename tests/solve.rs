//! `solve`: the compression test against formulae, and scans that are no good.
#![allow(
    clippy::unwrap_used,
    clippy::float_cmp,
    reason = "a test fails by panicking"
)]

mod common;

use std::io::Write as _;
use std::process::{Command, Output};

use flate2::Compression;
use flate2::write::GzEncoder;
use mechanostat::io::Nifti;
use mechanostat::volume::Volume;

use common::scratch;

fn run(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_mechanostat"))
        .args(args)
        .output()
        .unwrap()
}

fn scan(voxels: [usize; 3], spacing: [f64; 3], bone: impl Fn([usize; 3]) -> bool) -> Nifti {
    let values = mechanostat::volume::each(voxels)
        .map(|at| if bone(at) { 1.0 } else { 0.0 })
        .collect();
    Nifti::new(
        Volume {
            name: "s".into(),
            unit: "1".into(),
            voxels,
            spacing,
            origin: [1.0, 2.0, 3.0],
            values,
        },
        false,
    )
}

fn bytes(scan: &Nifti) -> Vec<u8> {
    scan.with_values(&scan.volume.values, "").unwrap()
}

/// Solves and returns `solve.toml` with the strain energy density.
fn solved(name: &str, scan: &Nifti, flags: &[&str]) -> (toml::Table, Volume) {
    let folder = scratch(name);
    let file = folder.join("scan.nii");
    std::fs::write(&file, bytes(scan)).unwrap();
    let out = folder.join("out");
    let mut args = vec![
        "solve",
        file.to_str().unwrap(),
        "--out",
        out.to_str().unwrap(),
    ];
    args.extend(flags);
    let output = run(&args);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let table = std::fs::read_to_string(out.join("solve.toml"))
        .unwrap()
        .parse()
        .unwrap();
    let sed = Nifti::read(&std::fs::read(out.join("sed.nii")).unwrap()).unwrap();
    (table, sed.volume)
}

#[test]
fn a_block_between_sliding_ends_is_as_stiff_as_its_material() {
    let spacing = [0.7, 1.0, 1.3];
    let block = scan([7, 5, 9], spacing, |_| true);
    for (axis, k) in [("x", 0), ("y", 1), ("z", 2)] {
        let (t, sed) = solved(
            &format!("block-{axis}"),
            &block,
            &["--axis", axis, "--ends", "free", "--youngs", "12000"],
        );
        let modulus = t["apparent_modulus_mpa"].as_float().unwrap();
        assert!((modulus / 12_000.0 - 1.0).abs() < 1e-4, "{axis}: {modulus}");
        let n = [7.0, 5.0, 9.0];
        let area: f64 = (0..3)
            .filter(|d| *d != k)
            .map(|d| n[d] * spacing[d])
            .product();
        let stiffness = 12_000.0 * area / (n[k] * spacing[k]);
        assert!((t["stiffness_n_per_mm"].as_float().unwrap() / stiffness - 1.0).abs() < 1e-4);
        // ½ E ε² everywhere.
        assert!(
            sed.values
                .iter()
                .all(|u| (f64::from(*u) / 0.6 - 1.0).abs() < 1e-3),
            "{axis}"
        );
        // Effective strain is 1 % everywhere, so 0.7 % is reached at seven tenths of the force.
        let load = t["pistoia_failure_load_n"].as_float().unwrap()
            / t["reaction_n"].as_float().unwrap().abs();
        assert!((load - 0.7).abs() < 1e-3, "{load}");
        assert_eq!(sed.voxels, [7, 5, 9]);
        assert!(
            (sed.spacing[0] - 0.7).abs() < 1e-6 && (sed.origin[2] - 3.0).abs() < 1e-6,
            "{sed:?}"
        );
    }
}

#[test]
fn columns_share_the_load_by_area_and_islands_carry_none() {
    // Two columns of 2 × 3 and 1 × 3 voxels, and a loose grain between them.
    let columns = scan([7, 3, 8], [0.5; 3], |at| {
        at[0] < 2 || at[0] == 6 || at == [4, 1, 4]
    });
    let (t, sed) = solved(
        "columns",
        &columns,
        &["--ends", "free", "--strain", "0.005"],
    );
    assert_eq!(t["islands_removed"].as_integer(), Some(1));
    assert_eq!(t["elements"].as_integer(), Some(3 * 3 * 8));
    let modulus = t["apparent_modulus_mpa"].as_float().unwrap();
    assert!(
        (modulus / (10_000.0 * 3.0 / 7.0) - 1.0).abs() < 1e-4,
        "{modulus}"
    );
    assert!(t["reaction_n"].as_float().unwrap() > 0.0, "tension pulls");
    assert_eq!(sed.values[4 + 7 * (1 + 3 * 4)], 0.0);
    assert!(t["true_relative_residual"].as_float().unwrap() < 1e-4);
}

#[test]
fn volumes_are_read_in_either_byte_order_and_compression() {
    let block = scan([5, 4, 3], [0.1, 0.2, 0.3], |at| at[0] != at[1]);
    let little = bytes(&block);
    // The same file from a machine of the other byte order: every field of two or four bytes turned.
    let mut big = little.clone();
    let mut turn = |from: usize, width: usize, count: usize| {
        for k in 0..count {
            big[from + k * width..from + (k + 1) * width].reverse();
        }
    };
    turn(0, 4, 1);
    turn(40, 2, 8);
    turn(56, 4, 3);
    turn(68, 2, 4);
    turn(76, 4, 8);
    turn(108, 4, 3);
    turn(120, 2, 1);
    turn(124, 4, 6);
    turn(252, 2, 2);
    turn(256, 4, 18);
    turn(352, 4, 60);
    let mut gz = GzEncoder::new(Vec::new(), Compression::fast());
    gz.write_all(&little).unwrap();
    for file in [little.clone(), big, gz.finish().unwrap()] {
        let read = Nifti::read(&file).unwrap();
        assert_eq!(read.volume.values, block.volume.values);
        assert_eq!(read.volume.voxels, [5, 4, 3]);
        assert!((read.volume.spacing[2] - 0.3).abs() < 1e-6);
        // And written back as it came.
        let again = Nifti::read(&read.with_values(&read.volume.values, "x").unwrap()).unwrap();
        assert_eq!(again.volume.values, block.volume.values);
    }
    // Slope and intercept.
    let mut scaled = little;
    scaled[112..116].copy_from_slice(&2f32.to_le_bytes());
    scaled[116..120].copy_from_slice(&10f32.to_le_bytes());
    let read = Nifti::read(&scaled).unwrap();
    assert!(read.volume.values.iter().all(|v| *v == 10.0 || *v == 12.0));
}

#[test]
fn scans_that_are_no_good_are_refused_in_a_sentence() {
    let folder = scratch("bad-scans");
    let good = bytes(&scan([4, 4, 4], [1.0; 3], |_| true));
    let with = |at: usize, b: &[u8]| {
        let mut file = good.clone();
        file[at..at + b.len()].copy_from_slice(b);
        file
    };
    let gzip = |content: &[u8]| {
        let mut e = GzEncoder::new(Vec::new(), Compression::fast());
        e.write_all(content).unwrap();
        e.finish().unwrap()
    };
    let two = |v: i16| v.to_le_bytes().repeat(3);
    let mut garbage = gzip(&good);
    for b in &mut garbage[20..60] {
        *b ^= 0x5a;
    }
    let void = bytes(&scan([4, 4, 4], [1.0; 3], |_| false));
    let one_face = bytes(&scan([4, 4, 4], [1.0; 3], |at| at[2] < 2));
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("truncated.nii", good[..400].to_vec(), "truncated"),
        ("short.nii", good[..100].to_vec(), "too few for a header"),
        ("empty.nii", Vec::new(), "too few for a header"),
        ("lying.nii", with(42, &two(2000)), "truncated"),
        ("overflowing.nii", with(42, &two(32767)), "number of voxels"),
        ("negative.nii", with(42, &two(-4)), "dimension"),
        (
            "four.nii",
            with(40, &[4i16, 4, 4, 4, 2].map(i16::to_le_bytes).concat()),
            "dimension",
        ),
        (
            "nan.nii",
            with(352 + 4 * 5, &f32::NAN.to_le_bytes()),
            "not a finite number",
        ),
        ("flat.nii", with(88, &0f32.to_le_bytes()), "spacing"),
        (
            "inside-out.nii",
            with(84, &(-1f32).to_le_bytes()),
            "spacing",
        ),
        ("complex.nii", with(70, &32i16.to_le_bytes()), "datatype"),
        ("offset.nii", with(108, &1e30f32.to_le_bytes()), "offset"),
        (
            "text.nii",
            b"not a scan at all, but long enough to be one".repeat(20),
            "no NIfTI-1",
        ),
        ("garbage.nii.gz", garbage, "gzip"),
        ("void.nii", void, "no bone"),
        ("one-face.nii", one_face, "end face"),
        ("scan.dcm", good.clone(), ".nii"),
    ];
    let out = folder.join("out");
    for (name, content, words) in cases {
        let file = folder.join(name);
        std::fs::write(&file, content).unwrap();
        let output = run(&[
            "solve",
            file.to_str().unwrap(),
            "--out",
            out.to_str().unwrap(),
        ]);
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{name}: {text}");
        assert!(
            text.contains(words) && text.contains(name) && !text.contains("panicked"),
            "{name}: no {words:?} in: {text}"
        );
    }
    // A small file that unpacks to half a gigabyte: what follows the announced voxels is never unpacked.
    let mut bomb = good.clone();
    bomb.resize(512 << 20, 0);
    let bomb = gzip(&bomb);
    assert!(bomb.len() < 4 << 20);
    assert_eq!(Nifti::read(&bomb).unwrap().volume.values.len(), 64);

    let file = folder.join("good.nii");
    std::fs::write(&file, &good).unwrap();
    let file = file.to_str().unwrap();
    let o = out.to_str().unwrap();
    for (flags, words) in [
        (&["--strain", "0"][..], "--strain 0"),
        (&["--strain", "nan"], "--strain"),
        (&["--poisson", "0.5"], "--poisson 0.5"),
        (&["--poisson", "-1"], "--poisson -1"),
        (&["--youngs", "0"], "--youngs 0"),
        (&["--tolerance", "2"], "--tolerance 2"),
        (&["--axis", "w"], "axis"),
    ] {
        let mut args = vec!["solve", file, "--out", o];
        args.extend(flags);
        let output = run(&args);
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{flags:?}: {text}");
        assert!(text.contains(words), "{flags:?}: {text}");
    }
    assert!(!out.exists(), "refused scans left something behind");
}
