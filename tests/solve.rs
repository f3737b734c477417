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
use mechanostat::io::Scan;
use mechanostat::volume::{Axes, Volume};

use common::scratch;

/// As on a machine without a desktop session, where drivers like to speak up.
fn run(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_mechanostat"))
        .args(args)
        .env_remove("XDG_RUNTIME_DIR")
        .output()
        .unwrap()
}

fn scan(voxels: [usize; 3], spacing: [f64; 3], bone: impl Fn([usize; 3]) -> bool) -> Scan {
    let values = mechanostat::volume::each(voxels)
        .map(|at| if bone(at) { 1.0 } else { 0.0 })
        .collect();
    Scan::nifti(
        Volume {
            name: "s".into(),
            unit: "1".into(),
            voxels,
            spacing,
            origin: [1.0, 2.0, 3.0],
            axes: Axes::BODY,
            values,
        },
        false,
    )
}

fn bytes(scan: &Scan) -> Vec<u8> {
    scan.with_values("s", &scan.volume.values, "")
        .unwrap()
        .remove(0)
        .1
}

fn reread(ending: &str, file: &[u8]) -> Scan {
    Scan::read(ending, file, &|_| unreachable!("no other file is named")).unwrap()
}

/// Solves and returns `solve.toml` with the strain energy density.
fn solved(name: &str, scan: &Scan, flags: &[&str]) -> (toml::Table, Volume) {
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
    let sed = Scan::open(&out.join("sed.nii")).unwrap();
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
    // Two columns of 2 × 3 and 1 × 3 voxels, and between them a loose grain and a stub on the far
    // face.
    let columns = scan([7, 3, 8], [0.5; 3], |at| {
        at[0] < 2 || at[0] == 6 || at == [4, 1, 4] || (at[0] == 4 && at[1] == 1 && at[2] > 5)
    });
    let (t, sed) = solved(
        "columns",
        &columns,
        &["--ends", "free", "--strain", "0.005"],
    );
    assert_eq!(t["islands_removed"].as_integer(), Some(1));
    assert_eq!(t["stubs"].as_integer(), Some(1));
    assert_eq!(t["elements"].as_integer(), Some(3 * 3 * 8 + 2));
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
fn lengths_are_taken_in_the_units_that_the_file_gives() {
    let cube = bytes(&scan([3, 3, 3], [0.039, 0.039, 0.05], |_| true));
    for (code, factor) in [(0u8, 1.0), (1, 1e-3), (2, 1.0), (3, 1e3)] {
        let mut file = cube.clone();
        file[123] = code;
        // pixdim, then the sform with the centre of the first voxel.
        for (at, length) in [
            (80, 0.039),
            (84, 0.039),
            (88, 0.05),
            (280, 0.039),
            (292, 1.0 + 0.0195),
            (300, 0.039),
            (320, 0.05),
        ] {
            let stored = (length * factor) as f32;
            file[at..at + 4].copy_from_slice(&stored.to_le_bytes());
        }
        let scan = reread(".nii", &file);
        assert!(scan.notes.is_empty(), "code {code}: {:?}", scan.notes);
        assert_eq!(scan.volume.spacing, [0.039, 0.039, 0.05], "code {code}");
        assert!((scan.volume.origin[0] - 1.0).abs() < 1e-6, "code {code}");
    }
    let nrrd = |fields: &str| {
        let header = format!(
            "NRRD0004\ntype: uchar\ndimension: 3\nsizes: 1 1 2\nencoding: raw\n{fields}\n\n"
        );
        reread(".nrrd", &[header.as_bytes(), &[1, 1]].concat())
    };
    let micrometres = nrrd("spacings: 39 39 50\nunits: \"um\" \"um\" \"um\"");
    assert_eq!(micrometres.volume.spacing, [0.039, 0.039, 0.05]);
    assert!(micrometres.knows_spacing);
    let directions =
        "space directions: (39,0,0) (0,39,0) (0,0,50)\nspace units: \"um\" \"um\" \"um\"";
    assert_eq!(nrrd(directions).volume.spacing, [0.039, 0.039, 0.05]);
    assert!(!nrrd("content: no spacing").knows_spacing);
    let meta = |line: &str| {
        let header = format!(
            "NDims = 3\nDimSize = 1 1 2\n{line}ElementType = MET_UCHAR\nElementDataFile = LOCAL\n"
        );
        reread(".mha", &[header.as_bytes(), &[1, 1]].concat())
    };
    let unknown = meta("ElementSpacing = 0.039 0.039 0.05\nDistanceUnits = ?\n");
    assert_eq!(unknown.volume.spacing, [0.039, 0.039, 0.05]);
    let micrometres = meta("ElementSpacing = 39 39 50\nDistanceUnits = um\n");
    assert_eq!(micrometres.volume.spacing, [0.039, 0.039, 0.05]);
    assert!(micrometres.knows_spacing && !meta("").knows_spacing);
}

#[test]
fn volumes_are_read_in_either_byte_order_and_compression() {
    let block = scan([5, 4, 3], [0.1, 0.2, 0.3], |at| at[0] != at[1]);
    let little = bytes(&block);
    // The same file from a machine of the other byte order: every field of two or four bytes
    // turned.
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
        let read = reread(".nii", &file);
        assert_eq!(read.volume.values, block.volume.values);
        assert_eq!(read.volume.voxels, [5, 4, 3]);
        assert!((read.volume.spacing[2] - 0.3).abs() < 1e-6);
        // And written back as it came.
        let again = reread(".nii", &bytes(&read));
        assert_eq!(again.volume.values, block.volume.values);
    }
    // Slope and intercept.
    let mut scaled = little;
    scaled[112..116].copy_from_slice(&2f32.to_le_bytes());
    scaled[116..120].copy_from_slice(&10f32.to_le_bytes());
    let read = reread(".nii", &scaled);
    assert!(read.volume.values.iter().all(|v| *v == 10.0 || *v == 12.0));
}

/// A 4 × 3 × 5 block of densities between void sides, as little-endian i16 in x-fastest order.
fn densities() -> ([usize; 3], Vec<i16>) {
    let n = [4, 3, 5];
    let values = mechanostat::volume::each(n)
        .map(|at| {
            if at[0] == 0 {
                0
            } else {
                300 + 40 * at[0] as i16 + 7 * at[1] as i16 + at[2] as i16
            }
        })
        .collect();
    (n, values)
}

/// File name, bytes, and a file beside it.
type FileOfScan = (&'static str, Vec<u8>, Option<(&'static str, Vec<u8>)>);

/// The same volume in every format, written here by hand.
fn in_every_format() -> Vec<FileOfScan> {
    let (_, values) = densities();
    let little: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
    let big: Vec<u8> = values.iter().flat_map(|v| v.to_be_bytes()).collect();
    let zlib = |raw: &[u8]| {
        let mut e = flate2::write::ZlibEncoder::new(Vec::new(), Compression::fast());
        e.write_all(raw).unwrap();
        e.finish().unwrap()
    };
    let gzip = |raw: &[u8]| {
        let mut e = GzEncoder::new(Vec::new(), Compression::fast());
        e.write_all(raw).unwrap();
        e.finish().unwrap()
    };
    let join = |head: &str, data: &[u8]| [head.as_bytes(), data].concat();
    let meta = |extra: &str, file: &str| {
        format!(
            "ObjectType = Image\nNDims = 3\nBinaryData = True\n{extra}TransformMatrix = 0 1 0 1 0 0 0 0 -1\n\
             Offset = 1 2 3\nElementSpacing = 0.5 0.6 0.7\nDimSize = 4 3 5\nElementType = MET_SHORT\nElementDataFile = {file}\n"
        )
    };
    let nrrd = |extra: &str| {
        format!(
            "NRRD0004\n# a comment\ntype: short\ndimension: 3\nspace: left-posterior-superior\nsizes: 4 3 5\n\
             space directions: (0,0.5,0) (0.6,0,0) (0,0,-0.7)\nspace origin: (1,2,3)\n{extra}\n"
        )
    };
    let npy = |order: &str, data: &[u8]| {
        let mut text =
            format!("{{'descr': '<i2', 'fortran_order': {order}, 'shape': (5, 3, 4), }}");
        while (11 + text.len()) % 16 != 0 {
            text.push(' ');
        }
        text.push('\n');
        let length = (text.len() as u16).to_le_bytes();
        [
            b"\x93NUMPY\x01\x00".as_slice(),
            &length,
            text.as_bytes(),
            data,
        ]
        .concat()
    };
    // Fortran order of shape (z, y, x) has z fastest.
    let turned: Vec<u8> = mechanostat::volume::each([5, 3, 4])
        .flat_map(|[z, y, x]| values[x + 4 * (y + 3 * z)].to_le_bytes())
        .collect();
    let vti = |attributes: &str, array: &str, appended: &[u8]| {
        let head = format!(
            "<?xml version=\"1.0\"?>\n<VTKFile type=\"ImageData\" version=\"1.0\" byte_order=\"LittleEndian\" {attributes}>\n\
             <ImageData WholeExtent=\"0 4 0 3 0 5\" Origin=\"1 2 3\" Spacing=\"0.5 0.6 0.7\"><Piece Extent=\"0 4 0 3 0 5\">\n\
             <CellData Scalars=\"d\">\n{array}\n</CellData></Piece></ImageData>\n"
        );
        [head.as_bytes(), appended, b"</VTKFile>\n"].concat()
    };
    let ascii = values
        .iter()
        .map(i16::to_string)
        .collect::<Vec<_>>()
        .join(" ");
    let packed = zlib(&little);
    let blocks = [1u32, 120, 0, packed.len() as u32]
        .map(u32::to_le_bytes)
        .concat();
    let base64 = |bytes: &[u8]| base64::Engine::encode(&base64::prelude::BASE64_STANDARD, bytes);
    let raw = [&120u64.to_le_bytes(), little.as_slice()].concat();
    vec![
        ("a.mha", join(&meta("", "LOCAL"), &little), None),
        (
            "big.mha",
            join(&meta("BinaryDataByteOrderMSB = True\n", "LOCAL"), &big),
            None,
        ),
        (
            "packed.mha",
            join(&meta("CompressedData = True\n", "LOCAL"), &zlib(&little)),
            None,
        ),
        (
            "b.mhd",
            meta("", "b.raw").into(),
            Some(("b.raw", little.clone())),
        ),
        (
            "c.nrrd",
            join(&nrrd("encoding: raw\nendian: little\n"), &little),
            None,
        ),
        (
            "packed.nrrd",
            join(&nrrd("encoding: gzip\nendian: big\n"), &gzip(&big)),
            None,
        ),
        (
            "d.nhdr",
            nrrd("encoding: raw\nendian: little\ndata file: d.raw\nbyte skip: -1\n").into(),
            Some(("d.raw", [b"junk".as_slice(), &little].concat())),
        ),
        ("e.npy", npy("False", &little), None),
        ("fortran.npy", npy("True", &turned), None),
        (
            "ascii.vti",
            vti(
                "",
                &format!(
                    "<DataArray type=\"Int16\" Name=\"d\" format=\"ascii\">{ascii}</DataArray>"
                ),
                b"",
            ),
            None,
        ),
        (
            "binary.vti",
            vti(
                "header_type=\"UInt32\" compressor=\"vtkZLibDataCompressor\"",
                &format!(
                    "<DataArray type=\"Int16\" Name=\"d\" format=\"binary\">\n {}{}\n</DataArray>",
                    base64(&blocks),
                    base64(&packed)
                ),
                b"",
            ),
            None,
        ),
        (
            "appended.vti",
            vti(
                "header_type=\"UInt64\"",
                "<DataArray type=\"Int16\" Name=\"d\" format=\"appended\" offset=\"0\"/>",
                &[
                    b"<AppendedData encoding=\"raw\">_".as_slice(),
                    &raw,
                    b"</AppendedData>",
                ]
                .concat(),
            ),
            None,
        ),
    ]
}

#[test]
fn every_format_holds_the_same_scan_and_its_answer_comes_back_in_it() {
    let folder = scratch("formats");
    let (n, want) = densities();
    for (name, content, beside) in in_every_format() {
        let file = folder.join(name);
        std::fs::write(&file, content).unwrap();
        if let Some((other, content)) = beside {
            std::fs::write(folder.join(other), content).unwrap();
        }
        let scan = Scan::open(&file).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(scan.volume.voxels, n, "{name}");
        assert!(
            scan.volume
                .values
                .iter()
                .zip(&want)
                .all(|(a, b)| *a == f32::from(*b)),
            "{name}: {:?}",
            scan.volume.values
        );
        let knows = std::path::Path::new(name).extension().unwrap() != "npy";
        let spacing = if knows { [0.5, 0.6, 0.7] } else { [1.0; 3] };
        assert_eq!(scan.volume.spacing, spacing, "{name}");
        // Other values in the same format lie where the scan lay.
        let halves: Vec<f32> = (0..60u8).map(|k| 0.5 * f32::from(k)).collect();
        let out = folder.join(format!("{name}-out"));
        std::fs::create_dir_all(&out).unwrap();
        let files = scan.with_values("sed", &halves, "a field").unwrap();
        for (other, content) in &files {
            std::fs::write(out.join(other), content).unwrap();
        }
        let again = Scan::open(&out.join(&files[0].0)).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(again.volume.values, halves, "{name}");
        assert_eq!(again.volume.spacing, spacing, "{name}");
        assert_eq!(again.volume.origin, scan.volume.origin, "{name}");
        if name == "a.mha" {
            let text = String::from_utf8_lossy(&files[0].1).into_owned();
            assert!(
                text.contains("TransformMatrix = 0 1 0 1 0 0 0 0 -1"),
                "{text}"
            );
        }
        // No prefix of the file is read for good, nor does one panic.
        let whole = std::fs::read(&file).unwrap();
        for length in (0..whole.len().saturating_sub(60)).step_by(7) {
            std::fs::write(out.join(name), &whole[..length]).unwrap();
            assert!(
                Scan::open(&out.join(name)).is_err(),
                "{name} cut at {length}"
            );
        }
    }
}

#[test]
fn headers_that_lie_are_refused_in_every_format() {
    let folder = scratch("lying-headers");
    let formats = in_every_format();
    let edit = |name: &str, from: &str, to: &str| -> Vec<u8> {
        let (_, content, _) = formats.iter().find(|f| f.0 == name).unwrap();
        let at = content
            .windows(from.len())
            .position(|w| w == from.as_bytes())
            .unwrap_or_else(|| panic!("{name} has no {from}"));
        [&content[..at], to.as_bytes(), &content[at + from.len()..]].concat()
    };
    let huge = "DimSize = 99999999 99999999 99999999";
    for (name, from, to, words) in [
        ("a.mha", "DimSize = 4 3 5", huge, "too large"),
        (
            "a.mha",
            "DimSize = 4 3 5",
            "DimSize = 40 30 50",
            "truncated",
        ),
        ("a.mha", "DimSize = 4 3 5", "DimSize = 4 -3 5", "DimSize"),
        ("a.mha", "0.5 0.6 0.7", "0.5 0 0.7", "spacing"),
        ("a.mha", "0.5 0.6 0.7", "0.5 nan 0.7", "spacing"),
        (
            "a.mha",
            "NDims = 3",
            "DistanceUnits = inch\nNDims = 3",
            "DistanceUnits",
        ),
        ("a.mha", "NDims = 3", "NDims = 4", "NDims"),
        ("a.mha", "MET_SHORT", "MET_SHORT_ARRAY", "ElementType"),
        ("a.mha", "LOCAL", "slice%03d.raw", "ElementDataFile"),
        ("a.mha", "LOCAL", "nowhere.raw", "nowhere.raw"),
        (
            "packed.mha",
            "CompressedData = True",
            "CompressedData = False",
            "truncated",
        ),
        (
            "a.mha",
            "ObjectType = Image\nNDims",
            "ObjectType = Image\nCompressedData = True\nNDims",
            "compressed stream",
        ),
        ("c.nrrd", "NRRD0004", "NRRX0004", "NRRD"),
        ("c.nrrd", "sizes: 4 3 5", "sizes: 4 3 50000", "truncated"),
        ("c.nrrd", "sizes: 4 3 5", "sizes: 4 3 0", "dimension"),
        ("c.nrrd", "(0,0.5,0)", "(0,inf,0)", "space directions"),
        ("c.nrrd", "(0,0.5,0)", "(0.3,0,0)", "span a volume"),
        ("c.nrrd", "endian: little\n", "", "endian"),
        (
            "c.nrrd",
            "type: short",
            "type: short\nmin: 0\nline skip: 2",
            "line skip",
        ),
        (
            "a.mha",
            "0 1 0 1 0 0 0 0 -1",
            "0 1 0 0 1 0 0 0 -1",
            "span a volume",
        ),
        (
            "a.mha",
            "ObjectType = Image\n",
            "ObjectType = Image\nno line\n",
            "line 2",
        ),
        ("c.nrrd", "(0,0.5,0)", "none", "space directions"),
        ("c.nrrd", "type: short", "type: block", "type"),
        ("c.nrrd", "encoding: raw", "encoding: bz2", "encoding"),
        (
            "packed.nrrd",
            "encoding: gzip",
            "encoding: gzip\nbyte skip: 1000000",
            "truncated",
        ),
        ("e.npy", "(5, 3, 4)", "(1,5,3,4)", "shape"),
        ("e.npy", "(5, 3, 4)", "(999,9,9)", "truncated"),
        ("e.npy", "<i2", "<c8", "dtype"),
        ("ascii.vti", "340", "3x0", "no number"),
        ("ascii.vti", "Int16", "String", "array type"),
        (
            "ascii.vti",
            "WholeExtent=\"0 4",
            "WholeExtent=\"4 0",
            "WholeExtent",
        ),
        (
            "ascii.vti",
            "WholeExtent=\"0 4",
            "WholeExtent=\"-9223372036854775808 9223372036854775807",
            "WholeExtent",
        ),
        (
            "ascii.vti",
            "ImageData\" version",
            "PolyData\" version",
            "ImageData",
        ),
        ("binary.vti", "vtkZLib", "vtkLZ4", "compressor"),
        ("binary.vti", "\n ", "\n !", "base64"),
        (
            "appended.vti",
            "offset=\"0\"",
            "offset=\"99999\"",
            "end early",
        ),
    ] {
        let file = folder.join(name);
        std::fs::write(&file, edit(name, from, to)).unwrap();
        let output = run(&[
            "solve",
            file.to_str().unwrap(),
            "--out",
            folder.join("out").to_str().unwrap(),
        ]);
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{name} {to}: {text}");
        assert!(
            text.contains(words) && text.lines().count() == 1 && !text.contains("panicked"),
            "{name} {to}: no {words:?} in {text}"
        );
    }
}

#[test]
fn a_density_law_gives_the_modulus_it_states() {
    // 600 mg HA/cm3: BV/TV 0.5, apparent density 1 g/cm3, so the modulus is the coefficient.
    let values = vec![600.0; 4 * 4 * 6];
    let block = Scan::nifti(
        Volume {
            name: "d".into(),
            unit: String::new(),
            voxels: [4, 4, 6],
            spacing: [0.8; 3],
            origin: [0.0; 3],
            axes: Axes::BODY,
            values,
        },
        true,
    );
    let file = scratch("law").join("scan.nii.gz");
    std::fs::write(&file, bytes(&block)).unwrap();
    for (law, modulus) in [
        ("morgan-vertebra", 4730.0),
        ("keller", 10_500.0 * 0.6f64.powf(2.29)),
    ] {
        let out = scratch(law);
        let output = run(&[
            "solve",
            file.to_str().unwrap(),
            "--out",
            out.to_str().unwrap(),
            "--law",
            law,
            "--ends",
            "free",
        ]);
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let t: toml::Table = std::fs::read_to_string(out.join("solve.toml"))
            .unwrap()
            .parse()
            .unwrap();
        let got = t["apparent_modulus_mpa"].as_float().unwrap();
        assert!(
            (got / modulus - 1.0).abs() < 1e-4,
            "{law}: {got} is not {modulus}"
        );
    }
}

#[test]
fn layers_in_series_and_side_by_side_follow_the_formulae_of_a_layered_bar() {
    // ν = 0: layers across the load add compliances, layers along it add stiffnesses.
    let (soft, stiff) = (200.0f64, 900.0f64);
    let law = |bmd: f64| 4730.0 * (2.0 * bmd / 1200.0).powf(1.56);
    let (e1, e2) = (law(soft), law(stiff));
    for (axis, flag, modulus) in [
        (0, "x", 1.0 / (0.25 / e1 + 0.75 / e2)),
        (2, "z", 0.25 * e1 + 0.75 * e2),
    ] {
        let n = [8, 4, 6];
        let values = mechanostat::volume::each(n)
            .map(|at| if at[0] < 2 { soft as f32 } else { stiff as f32 })
            .collect();
        let bar = Scan::nifti(
            Volume {
                name: "bar".into(),
                unit: String::new(),
                voxels: n,
                spacing: [0.4, 0.5, 0.3],
                origin: [0.0; 3],
                axes: Axes::BODY,
                values,
            },
            false,
        );
        let (t, sed) = solved(
            &format!("layers-{flag}"),
            &bar,
            &[
                "--law",
                "morgan-vertebra",
                "--poisson",
                "0",
                "--axis",
                flag,
                "--ends",
                "free",
            ],
        );
        let got = t["apparent_modulus_mpa"].as_float().unwrap();
        assert!(
            (got / modulus - 1.0).abs() < 1e-4,
            "{flag}: {got} is not {modulus}"
        );
        // In series the stress is shared, side by side the strain.
        let (first, last) = (f64::from(sed.values[0]), f64::from(sed.values[7]));
        let ratio = if axis == 0 { e2 / e1 } else { e1 / e2 };
        assert!(
            (first / last / ratio - 1.0).abs() < 1e-3,
            "{flag}: {first} {last}"
        );
    }
}

/// Struts with gaps of a voxel or two: where coarse nodes tied them together, this took 47
/// iterations.
#[test]
fn struts_side_by_side_cost_few_iterations() {
    let core = scan([28, 26, 30], [0.1; 3], |at| {
        let [x, y, z] = at.map(|k| 1.6 * k as f64);
        let waves = [x + 0.5 * y, 1.2 * (y + 0.4 * z), 0.9 * (z + 0.6 * x)];
        waves.map(f64::sin).iter().sum::<f64>() > 0.8
    });
    for ends in ["clamped", "free"] {
        let (t, _) = solved(&format!("struts-{ends}"), &core, &["--ends", ends]);
        let iterations = t["iterations"].as_integer().unwrap();
        println!("{ends}: {iterations}");
        assert!(iterations <= 26, "{ends}: {iterations}");
    }
}

/// Between sliding ends a voxel of its own under a plate has nothing to hold it: it counts, and is
/// not strained.
#[test]
fn what_slides_with_a_plate_is_not_strained() {
    let block = scan([8, 8, 12], [0.5; 3], |at| {
        at[0] < 4 && at[1] < 4 || at == [6, 6, 0] || at == [6, 2, 11] || at == [4, 4, 11]
    });
    for ends in ["free", "clamped"] {
        let (t, sed) = solved(&format!("alone-{ends}"), &block, &["--ends", ends]);
        let count = |key: &str| t[key].as_integer().unwrap();
        assert_eq!((count("islands_removed"), count("stubs")), (0, 3));
        assert_eq!(count("elements"), 16 * 12 + 3);
        let at = |x: usize, y: usize, z: usize| sed.values[x + 8 * (y + 8 * z)];
        assert!(
            at(6, 6, 0).abs() < 1e-6 && at(6, 2, 11).abs() < 1e-6,
            "{ends}"
        );
        // The third shares an edge with the column.
        assert!(at(4, 4, 11) > 1e-4 && at(0, 0, 0) > 0.1, "{ends}");
    }
}

#[test]
fn thick_slices_cost_hardly_more_iterations() {
    let iterations = [1.0, 3.0, 8.0].map(|thick| {
        let spacing = [0.4, 0.4, 0.4 * thick];
        let block = scan([24, 20, 24], spacing, |[x, y, z]| {
            !(x / 4 == 2 && y / 4 == 2 && z > 3 && z < 20)
        });
        let (t, _) = solved(&format!("thick-{thick}"), &block, &[]);
        t["iterations"].as_integer().unwrap()
    });
    println!("{iterations:?}");
    assert!(
        iterations.iter().all(|i| *i <= iterations[0] + 3),
        "{iterations:?}"
    );
}

#[test]
fn nearly_incompressible_and_nearly_massless_voxels_converge() {
    // Struts of a porous block, some voxels of next to no density, and Poisson's ratio at its end.
    let n = [16, 16, 16];
    let values = mechanostat::volume::each(n)
        .map(|at| {
            let strut = at.iter().filter(|x| **x % 8 < 3).count() >= 2;
            match (strut, at[0] + at[1] + at[2]) {
                (true, _) => 800.0,
                (false, sum) if sum % 5 == 0 => 1e-3,
                (false, sum) if sum % 7 == 0 => 20.0,
                _ => 0.0,
            }
        })
        .collect();
    let block = Scan::nifti(
        Volume {
            name: "s".into(),
            unit: String::new(),
            voxels: n,
            spacing: [0.05; 3],
            origin: [0.0; 3],
            axes: Axes::BODY,
            values,
        },
        false,
    );
    let flags = ["--law", "keller", "--poisson", "0.49"];
    let (t, sed) = solved("incompressible", &block, &flags);
    assert_eq!(t["converged"].as_bool(), Some(true));
    assert!(t["true_relative_residual"].as_float().unwrap() < 1e-4);
    assert!(t["iterations"].as_integer().unwrap() < 120, "{t:?}");
    assert!(sed.values.iter().all(|u| u.is_finite()));
}

#[test]
fn a_solve_that_stops_short_says_so() {
    // Finer than f32 can be told apart: the iterations run out.
    let block = scan([12, 12, 12], [1.0; 3], |at| {
        (at[0] / 3 + at[1] / 3) % 2 == 0 || at[2] % 4 == 0
    });
    let folder = scratch("short");
    let file = folder.join("scan.nii");
    std::fs::write(&file, bytes(&block)).unwrap();
    let out = folder.join("out");
    let output = run(&[
        "solve",
        file.to_str().unwrap(),
        "--out",
        out.to_str().unwrap(),
        "--iterations",
        "3",
    ]);
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("did not converge: 3 iterations"), "{text}");
    let t: toml::Table = std::fs::read_to_string(out.join("solve.toml"))
        .unwrap()
        .parse()
        .unwrap();
    assert_eq!(t["converged"].as_bool(), Some(false));
    assert!(t["true_relative_residual"].as_float().unwrap() > 1e-5);
}

#[test]
fn a_volume_too_large_for_the_adapter_is_told_how_large_would_fit() {
    let binding = mechanostat::command::wait::now(mechanostat::gpu::adapters())
        .iter()
        .map(|a| a.limits().max_storage_buffer_binding_size)
        .max()
        .unwrap();
    let n = (binding as f64 / 12.0).cbrt().ceil() as u64 + 1;
    if n > 400 {
        println!("skipped: this adapter takes more than 400 voxels cubed");
        return;
    }
    let text = format!("{{'descr': '|u1', 'fortran_order': False, 'shape': ({n}, {n}, {n}), }}\n");
    let mut file = [
        b"\x93NUMPY\x01\x00".as_slice(),
        &(text.len() as u16).to_le_bytes(),
        text.as_bytes(),
    ]
    .concat();
    file.resize(file.len() + n.pow(3) as usize, 1);
    let folder = scratch("too-large");
    let path = folder.join("large.npy");
    std::fs::write(&path, file).unwrap();
    let output = run(&[
        "solve",
        path.to_str().unwrap(),
        "--out",
        folder.join("out").to_str().unwrap(),
    ]);
    std::fs::remove_file(&path).unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("too large"), "{text}");
    let (_, fits) = text.split_once("about ").unwrap();
    let fits: f64 = fits.split(' ').next().unwrap().parse().unwrap();
    // A block of 13 · 12 bytes for every eight voxels is more than their vectors take.
    let largest = (binding as f64 * 8.0 / (13.0 * 12.0)).cbrt();
    assert!(fits > 0.95 * largest && fits <= largest, "{text}");
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
    // Every voxel arrives; what says whether they are the right ones does not, or says no.
    let whole = gzip(&good);
    let cut = whole[..whole.len() - 8].to_vec();
    let mut sums = whole.clone();
    sums[whole.len() - 6] ^= 1;
    // Were it unpacked before its size is looked at it would be called truncated.
    let mut large_bomb = with(42, &two(1100));
    large_bomb.resize(64 << 20, 0);
    let large_bomb = gzip(&large_bomb);
    // With no sform beside it, pixdim counts.
    let unformed = |at: usize, edge: f32| {
        let mut file = with(at, &edge.to_le_bytes());
        file[254..256].fill(0);
        file
    };
    let void = bytes(&scan([4, 4, 4], [1.0; 3], |_| false));
    let one_face = bytes(&scan([4, 4, 4], [1.0; 3], |at| at[2] < 2));
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("truncated.nii", good[..400].to_vec(), "truncated"),
        ("short.nii", good[..100].to_vec(), "too few for a header"),
        ("empty.nii", Vec::new(), "it is empty"),
        ("lying.nii", with(42, &two(100)), "truncated"),
        ("lying-large.nii", with(42, &two(2000)), "too large"),
        ("overflowing.nii", with(42, &two(32767)), "too large"),
        ("furlongs.nii", with(123, &[5]), "unit of length"),
        ("tiny.nii", with(280, &1e-15f32.to_le_bytes()), "spacing"),
        ("cut.nii.gz", cut, "compressed stream"),
        ("sums.nii.gz", sums, "compressed stream"),
        ("bomb.nii.gz", large_bomb, "too large"),
        ("negative.nii", with(42, &two(-4)), "dimension"),
        (
            "four.nii",
            with(40, &[4i16, 4, 4, 4, 2].map(i16::to_le_bytes).concat()),
            "dimension",
        ),
        (
            "nan.nii",
            with(352 + 4 * 5, &f32::NAN.to_le_bytes()),
            "is NaN",
        ),
        ("flat.nii", unformed(88, 0.0), "spacing"),
        ("inside-out.nii", unformed(84, -1.0), "spacing"),
        ("complex.nii", with(70, &32i16.to_le_bytes()), "datatype"),
        ("offset.nii", with(108, &1e30f32.to_le_bytes()), "offset"),
        (
            "text.nii",
            b"not a scan at all, but long enough to be one".repeat(20),
            "no NIfTI file",
        ),
        ("garbage.nii.gz", garbage, "compressed stream"),
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
    // A small file that unpacks to half a gigabyte: what follows the announced voxels is never
    // unpacked.
    let mut bomb = good.clone();
    bomb.resize(512 << 20, 0);
    let bomb = gzip(&bomb);
    assert!(bomb.len() < 4 << 20);
    assert_eq!(reread(".nii.gz", &bomb).volume.values.len(), 64);

    // Zeros that pad a compressed file are no part of it.
    let padded = [whole, vec![0; 512]].concat();
    assert_eq!(reread(".nii.gz", &padded).volume.values, vec![1.0; 64]);

    let file = folder.join("good.nii");
    std::fs::write(&file, &good).unwrap();
    let file = file.to_str().unwrap();
    let o = out.to_str().unwrap();
    for (flags, words) in [
        (&["--strain", "0"][..], "--strain 0"),
        (&["--strain", "nan"], "--strain"),
        (&["--strain", "1e-300"], "--strain"),
        (&["--label", "nan"], "--label"),
        (&["--poisson", "0.5"], "--poisson 0.5"),
        (&["--poisson", "-1"], "--poisson -1"),
        (&["--youngs", "0"], "--youngs 0"),
        (&["--tolerance", "2"], "--tolerance 2"),
        (&["--axis", "w"], "axis"),
        (&["--law", "hooke"], "morgan-vertebra"),
        (&["--law", "keller", "--youngs", "1"], "--youngs"),
        (&["--label", "7"], "no bone"),
        (&["--threshold", "inf"], "--threshold"),
        (&["--spacing", "1,1,1"], "spacing of its own"),
        (&["--spacing", "1,1"], "three numbers"),
        (&["--iterations", "0"], "--iterations"),
    ] {
        let mut args = vec!["solve", file, "--out", o];
        args.extend(flags);
        let output = run(&args);
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{flags:?}: {text}");
        assert!(text.contains(words), "{flags:?}: {text}");
    }
    assert!(!out.exists(), "refused scans left something behind");
    // A folder, or a device that never ends, is no scan.
    let endless = folder.join("folder.nii");
    std::fs::create_dir(&endless).unwrap();
    let output = run(&["solve", endless.to_str().unwrap(), "--out", o]);
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("it is a folder"), "{text}");
    assert_eq!(output.status.code(), Some(2), "{text}");
    // An answer does not take its scan's place.
    let own = folder.join("sed.nii");
    std::fs::write(&own, &good).unwrap();
    let output = run(&[
        "solve",
        own.to_str().unwrap(),
        "--out",
        folder.to_str().unwrap(),
    ]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(std::fs::read(&own).unwrap(), good);
}
