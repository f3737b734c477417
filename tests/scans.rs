//! Scans as other programs and people's own habits leave them: where they lie, what their numbers
//! are, what they leave open, and what of them may be written over.
#![allow(
    clippy::unwrap_used,
    clippy::float_cmp,
    reason = "a test fails by panicking, and exactness is what some of them are about"
)]

mod common;

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output};

use flate2::Compression;
use flate2::write::GzEncoder;
use mechanostat::io::{Bone, Reading, Scan};
use mechanostat::volume::{Axes, Volume, each};

use common::scratch;

type Matrix = [[f64; 3]; 3];

fn run(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_mechanostat"))
        .args(args)
        .env_remove("XDG_RUNTIME_DIR")
        .output()
        .unwrap()
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut e = GzEncoder::new(Vec::new(), Compression::fast());
    e.write_all(content).unwrap();
    e.finish().unwrap()
}

/// A NIfTI file, field by field as its standard has them.
#[derive(Clone)]
struct Nifti {
    version: u8,
    voxels: [usize; 3],
    datatype: i16,
    pixdim: [f64; 3],
    qfac: f64,
    /// Code, quaternion's b, c, d, and the first voxel's centre.
    qform: (i16, [f64; 3], [f64; 3]),
    /// Code, and rows of the matrix with the centre.
    sform: (i16, [[f64; 4]; 3]),
    scaling: [f64; 2],
    intent: i16,
    cal_max: f64,
    text: &'static [u8],
    voxel_bytes: Vec<u8>,
}

impl Nifti {
    /// Of 16-bit numbers, its axes those of the body.
    fn of(voxels: [usize; 3], edges: [f64; 3], values: &[i16]) -> Self {
        let row = |k: usize| {
            let mut row = [0.0; 4];
            row[k] = edges[k];
            row
        };
        Self {
            version: 1,
            voxels,
            datatype: 4,
            pixdim: edges,
            qfac: 1.0,
            qform: (0, [0.0; 3], [0.0; 3]),
            sform: (1, [row(0), row(1), row(2)]),
            scaling: [1.0, 0.0],
            intent: 0,
            cal_max: 0.0,
            text: b"",
            voxel_bytes: values.iter().flat_map(|v| v.to_le_bytes()).collect(),
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let one = self.version == 1;
        let length = if one { 348 } else { 540 };
        let mut file = vec![0u8; length + 4];
        let mut put = |at: usize, b: &[u8]| file[at..at + b.len()].copy_from_slice(b);
        let real = |x: f64| {
            if one {
                (x as f32).to_le_bytes().to_vec()
            } else {
                x.to_le_bytes().to_vec()
            }
        };
        let reals = |all: &[f64]| all.iter().flat_map(|x| real(*x)).collect::<Vec<u8>>();
        let code = |c: i16| {
            if one {
                c.to_le_bytes().to_vec()
            } else {
                i32::from(c).to_le_bytes().to_vec()
            }
        };
        let at = |first: usize, second: usize| if one { first } else { second };
        put(0, &(length as i32).to_le_bytes());
        put(at(344, 4), if one { b"n+1\0" } else { b"n+2\0\r\n\x1a\n" });
        let dims = [
            3,
            self.voxels[0],
            self.voxels[1],
            self.voxels[2],
            1,
            1,
            1,
            1,
        ];
        for (k, n) in dims.into_iter().enumerate() {
            if one {
                put(40 + 2 * k, &(n as i16).to_le_bytes());
            } else {
                put(16 + 8 * k, &(n as i64).to_le_bytes());
            }
        }
        put(at(70, 12), &self.datatype.to_le_bytes());
        let [x, y, z] = self.pixdim;
        put(at(76, 104), &reals(&[self.qfac, x, y, z]));
        if one {
            put(108, &352f32.to_le_bytes());
        } else {
            put(168, &544i64.to_le_bytes());
        }
        put(at(112, 176), &reals(&self.scaling));
        put(at(124, 192), &reals(&[self.cal_max]));
        put(at(123, 500), &[2]);
        put(at(148, 240), self.text);
        put(at(228, 320), self.text);
        put(at(252, 344), &code(self.qform.0));
        put(at(254, 348), &code(self.sform.0));
        put(at(256, 352), &reals(&self.qform.1));
        put(at(268, 376), &reals(&self.qform.2));
        put(at(280, 400), &reals(self.sform.1.as_flattened()));
        put(at(68, 504), &code(self.intent));
        file.extend(&self.voxel_bytes);
        file
    }
}

fn read(ending: &str, file: &[u8]) -> Scan {
    Scan::read(ending, file, &|_| unreachable!("no other file is named"))
        .unwrap_or_else(|e| panic!("{ending}: {e}"))
}

fn refused(ending: &str, file: &[u8]) -> String {
    Scan::read(ending, file, &|_| unreachable!("no other file is named"))
        .map(|_| ())
        .unwrap_err()
        .to_string()
}

/// Signed permutations: by axis of the grid, the axis of the body that it runs along, and whether
/// backwards.
fn orientations() -> Vec<[(usize, bool); 3]> {
    let mut all = Vec::new();
    for order in [
        [0, 1, 2],
        [0, 2, 1],
        [1, 0, 2],
        [1, 2, 0],
        [2, 0, 1],
        [2, 1, 0],
    ] {
        for bits in 0..8usize {
            all.push(std::array::from_fn(|k| (order[k], bits >> k & 1 == 1)));
        }
    }
    all
}

/// A block of the body as a grid that lies so: voxels, edges, columns of steps and the first
/// voxel's centre, both in mm to the right, front and top, and values.
type Stored = ([usize; 3], [f64; 3], Matrix, [f64; 3], Vec<i16>);

/// The block, and how a grid of another orientation stores it.
fn stored(orientation: [(usize, bool); 3]) -> Stored {
    let (voxels, edges, _, centre, values) = block();
    let mut first = centre;
    let mut steps = [[0.0; 3]; 3];
    for (k, (axis, backwards)) in orientation.into_iter().enumerate() {
        steps[k][axis] = if backwards { -edges[axis] } else { edges[axis] };
        if backwards {
            first[axis] += (voxels[axis] - 1) as f64 * edges[axis];
        }
    }
    let n = orientation.map(|(axis, _)| voxels[axis]);
    let turned = each(n)
        .map(|at| {
            let mut body = [0; 3];
            for (k, (axis, backwards)) in orientation.into_iter().enumerate() {
                body[axis] = if backwards { n[k] - 1 - at[k] } else { at[k] };
            }
            values[body[0] + voxels[0] * (body[1] + voxels[1] * body[2])]
        })
        .collect();
    (
        n,
        orientation.map(|(axis, _)| edges[axis]),
        steps,
        first,
        turned,
    )
}

fn block() -> Stored {
    let voxels = [3, 4, 5];
    let values = (0..60).map(|i| 100 + 7 * i).collect();
    let steps = [[0.5, 0.0, 0.0], [0.0, 0.6, 0.0], [0.0, 0.0, 0.7]];
    (voxels, [0.5, 0.6, 0.7], steps, [10.0, -20.0, 30.0], values)
}

/// The quaternion's b, c, d of a rotation (columns), and the sign of its third axis.
fn quaternion(steps: &Matrix, edges: [f64; 3]) -> ([f64; 3], f64) {
    let mut r: Matrix = std::array::from_fn(|k| steps[k].map(|x| x / edges[k]));
    let across = [
        r[0][1] * r[1][2] - r[0][2] * r[1][1],
        r[0][2] * r[1][0] - r[0][0] * r[1][2],
        r[0][0] * r[1][1] - r[0][1] * r[1][0],
    ];
    let hand: f64 = (0..3).map(|c| across[c] * r[2][c]).sum();
    r[2] = r[2].map(|x| hand.signum() * x);
    // Of the four squares the largest tells the signs of the others. r[column][row].
    let m = |row: usize, column: usize| r[column][row];
    let squares = [
        1.0 + m(0, 0) + m(1, 1) + m(2, 2),
        1.0 + m(0, 0) - m(1, 1) - m(2, 2),
        1.0 - m(0, 0) + m(1, 1) - m(2, 2),
        1.0 - m(0, 0) - m(1, 1) + m(2, 2),
    ];
    let largest = (0..4)
        .max_by(|a, b| squares[*a].total_cmp(&squares[*b]))
        .unwrap();
    let twice = squares[largest].sqrt();
    let off = match largest {
        0 => [
            twice * twice,
            m(2, 1) - m(1, 2),
            m(0, 2) - m(2, 0),
            m(1, 0) - m(0, 1),
        ],
        1 => [
            m(2, 1) - m(1, 2),
            twice * twice,
            m(1, 0) + m(0, 1),
            m(0, 2) + m(2, 0),
        ],
        2 => [
            m(0, 2) - m(2, 0),
            m(1, 0) + m(0, 1),
            twice * twice,
            m(2, 1) + m(1, 2),
        ],
        _ => [
            m(1, 0) - m(0, 1),
            m(0, 2) + m(2, 0),
            m(2, 1) + m(1, 2),
            twice * twice,
        ],
    };
    let q = off.map(|x| 0.5 * x / twice);
    let sign = if q[0] < 0.0 { -1.0 } else { 1.0 };
    ([q[1], q[2], q[3]].map(|x| sign * x), hand.signum())
}

#[test]
fn a_scan_lies_the_same_whichever_way_its_grid_runs() {
    let (voxels, edges, _, centre, values) = block();
    let corner: [f64; 3] = std::array::from_fn(|k| centre[k] - 0.5 * edges[k]);
    let all = orientations();
    assert_eq!(all.len(), 48);
    for orientation in all {
        let (n, own, steps, first, turned) = stored(orientation);
        let little: Vec<u8> = turned.iter().flat_map(|v| v.to_le_bytes()).collect();
        let rows = std::array::from_fn(|c| [steps[0][c], steps[1][c], steps[2][c], first[c]]);
        let (bcd, qfac) = quaternion(&steps, own);
        let by_sform = Nifti {
            sform: (1, rows),
            ..Nifti::of(n, own, &turned)
        };
        let by_qform = Nifti {
            sform: (0, [[0.0; 4]; 3]),
            qform: (1, bcd, first),
            qfac,
            ..by_sform.clone()
        };
        let second = Nifti {
            version: 2,
            qform: (1, bcd, first),
            qfac,
            ..by_sform.clone()
        };
        let numbers = |v: &[f64]| v.iter().map(f64::to_string).collect::<Vec<_>>().join(" ");
        let flipped =
            |v: [f64; 3], signs: [f64; 3]| std::array::from_fn::<f64, 3, _>(|c| signs[c] * v[c]);
        let lps = [-1.0, -1.0, 1.0];
        let matrix: Vec<f64> = (0..3)
            .flat_map(|k| flipped(steps[k], lps).map(|x| x / own[k]))
            .collect();
        let meta = format!(
            "ObjectType = Image\nNDims = 3\nBinaryDataByteOrderMSB = False\nTransformMatrix = {}\nOffset = {}\nElementSpacing = {}\n\
             DimSize = {} {} {}\nElementType = MET_SHORT\nElementDataFile = LOCAL\n",
            numbers(&matrix),
            numbers(&flipped(first, lps)),
            numbers(&own),
            n[0],
            n[1],
            n[2]
        );
        let nrrd = |space: &str, signs: [f64; 3]| {
            let vector =
                |v: [f64; 3]| format!("({})", flipped(v, signs).map(|x| x.to_string()).join(","));
            let head = format!(
                "NRRD0004\ntype: short\ndimension: 3\nspace: {space}\nsizes: {} {} {}\nspace directions: {} {} {}\n\
                 space origin: {}\nencoding: raw\nendian: little\n\n",
                n[0],
                n[1],
                n[2],
                vector(steps[0]),
                vector(steps[1]),
                vector(steps[2]),
                vector(first)
            );
            [head.as_bytes(), &little].concat()
        };
        for (name, scan) in [
            ("sform", read(".nii", &by_sform.bytes())),
            ("qform", read(".nii", &by_qform.bytes())),
            ("NIfTI-2", read(".nii.gz", &gzip(&second.bytes()))),
            (
                "MetaImage",
                read(".mha", &[meta.as_bytes(), &little].concat()),
            ),
            (
                "NRRD, LPS",
                read(".nrrd", &nrrd("left-posterior-superior", lps)),
            ),
            ("NRRD, RAS", read(".nrrd", &nrrd("RAS", [1.0; 3]))),
            (
                "NRRD, LAS",
                read(".nrrd", &nrrd("left-anterior-superior", [-1.0, 1.0, 1.0])),
            ),
        ] {
            let what = format!("{name}, {orientation:?}");
            assert!(scan.notes.is_empty(), "{what}: {:?}", scan.notes);
            assert!(scan.volume.axes.known, "{what}");
            for (k, axis) in scan.volume.axes.nearest().into_iter().enumerate() {
                assert_eq!((axis.axis, axis.backwards), orientation[k], "{what}");
            }
            let body = scan.volume.along_body();
            assert_eq!(body.voxels, voxels, "{what}");
            assert!(
                (0..3).all(|k| (body.spacing[k] - edges[k]).abs() < 1e-7),
                "{what}: {:?}",
                body.spacing
            );
            assert!(
                (0..3).all(|k| (body.origin[k] - corner[k]).abs() < 1e-4),
                "{what}: {:?}",
                body.origin
            );
            assert!(
                body.values
                    .iter()
                    .zip(&values)
                    .all(|(a, b)| *a == f32::from(*b)),
                "{what}"
            );
            assert!(body.axes.tilts().iter().all(|t| *t < 0.1), "{what}");
        }
    }
}

/// A bar of bone, dense below and sparse above, in the middle of void: densities in mg HA/cm3.
fn bar() -> ([usize; 3], Vec<i16>) {
    let n = [8, 7, 16];
    let values = each(n)
        .map(|[x, y, z]| {
            if (2..6).contains(&x) && (2..5).contains(&y) {
                900 - 30 * z as i16 + 10 * x as i16
            } else {
                0
            }
        })
        .collect();
    (n, values)
}

/// The same bar upside down, on its side and mirrored: a scene of it loses the same.
#[test]
fn a_scene_of_a_scan_loses_the_same_however_the_scan_lies() {
    let folder = scratch("scan-scenes");
    let (n, values) = bar();
    let loss = |name: &str, orientation: [(usize, bool); 3]| -> Vec<f64> {
        let size = orientation.map(|(axis, _)| n[axis]);
        let mut rows = [[0.0; 4]; 3];
        for (k, (axis, backwards)) in orientation.into_iter().enumerate() {
            rows[axis][k] = if backwards { -0.8 } else { 0.8 };
        }
        let turned: Vec<i16> = each(size)
            .map(|at| {
                let mut body = [0; 3];
                for (k, (axis, backwards)) in orientation.into_iter().enumerate() {
                    body[axis] = if backwards {
                        size[k] - 1 - at[k]
                    } else {
                        at[k]
                    };
                }
                values[body[0] + n[0] * (body[1] + n[1] * body[2])]
            })
            .collect();
        let file = folder.join(format!("{name}.nii"));
        let scan = Nifti {
            sform: (1, rows),
            ..Nifti::of(size, [0.8; 3], &turned)
        };
        std::fs::write(&file, scan.bytes()).unwrap();
        let out = folder.join(name);
        let output = run(&[
            "run",
            "iss-6-months",
            "--scene",
            file.to_str().unwrap(),
            "--size",
            "24",
            "--days",
            "30",
            "--every",
            "15",
            "--out",
            out.to_str().unwrap(),
        ]);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{told}");
        let usual = orientation == [(0, false), (1, false), (2, false)];
        assert_eq!(
            told.contains("turned to those of the body"),
            !usual,
            "{told}"
        );
        let manifest: toml::Table = std::fs::read_to_string(out.join("run.toml"))
            .unwrap()
            .parse()
            .unwrap();
        assert_eq!(manifest["told"].as_array().unwrap().is_empty(), usual);
        let table = std::fs::read_to_string(out.join("timeseries.csv")).unwrap();
        table
            .lines()
            .skip(1)
            .map(|l| l.split(',').nth(5).unwrap().parse().unwrap())
            .collect()
    };
    let upright = loss("upright", [(0, false), (1, false), (2, false)]);
    assert!(upright.len() > 20);
    for (name, orientation) in [
        ("upside-down", [(0, false), (1, false), (2, true)]),
        ("on-its-side", [(2, true), (0, false), (1, true)]),
        ("mirrored", [(1, false), (0, true), (2, false)]),
    ] {
        let other = loss(name, orientation);
        assert_eq!(other.len(), upright.len());
        for (a, b) in other.iter().zip(&upright) {
            assert!((a - b).abs() <= 1e-4 * b.abs(), "{name}: {a} for {b}");
        }
    }
}

fn notes(ending: &str, file: &[u8]) -> String {
    read(ending, file).notes.join("\n")
}

#[test]
fn two_answers_of_a_header_are_told_and_which_one_counts() {
    let (n, values) = bar();
    let edges = [0.04, 0.05, 0.06];
    let good = Nifti::of(n, edges, &values);
    let quiet = |file: &Nifti| assert_eq!(notes(".nii", &file.bytes()), "");
    quiet(&good);
    // As other programs leave them: pixdim forgotten, or another than the sform's.
    for pixdim in [[1.0; 3], [0.04, 0.05, 0.08], [0.0; 3], [-0.04, 0.05, 0.06]] {
        let file = Nifti {
            pixdim,
            ..good.clone()
        };
        let scan = read(".nii", &file.bytes());
        assert_eq!(scan.volume.spacing, edges);
        assert!(scan.notes[0].contains("two edges") && scan.notes[0].contains("0.06"));
    }
    // A sform of no code does not count, nor one that spans nothing.
    let uncounted = Nifti {
        sform: (0, [[1.0; 4]; 3]),
        ..good.clone()
    };
    quiet(&uncounted);
    let scan = read(".nii", &uncounted.bytes());
    assert!(scan.volume.spacing == edges && !scan.volume.axes.known);
    let flat = Nifti {
        sform: (1, [[1.0; 4]; 3]),
        ..good.clone()
    };
    assert!(notes(".nii", &flat.bytes()).contains("spans no volume"));
    // sform and qform a quarter turn apart about z.
    let half = 0.5f64.sqrt();
    let apart = Nifti {
        qform: (1, [0.0, 0.0, half], [0.0; 3]),
        ..good.clone()
    };
    assert!(notes(".nii", &apart.bytes()).contains("90.0 degrees apart"));
    let no_turn = Nifti {
        sform: (0, [[0.0; 4]; 3]),
        qform: (1, [0.9, 0.9, 0.9], [0.0; 3]),
        ..good.clone()
    };
    assert!(notes(".nii", &no_turn.bytes()).contains("no rotation"));
    // Sheared by five degrees.
    let mut sheared = good.clone();
    sheared.sform.1[0][2] = 0.06 * 5f64.to_radians().sin();
    sheared.sform.1[2][2] = 0.06 * 5f64.to_radians().cos();
    assert!(notes(".nii", &sheared.bytes()).contains("5.00 degrees off right angles"));
    assert!(
        refused(
            ".nii",
            &Nifti {
                scaling: [2.0, f64::NAN],
                ..good
            }
            .bytes()
        )
        .contains("scl_inter")
    );

    let meta = |line: &str| {
        let head = format!(
            "NDims = 3\nDimSize = 1 1 2\nElementSpacing = 1 1 2\n{line}ElementType = MET_USHORT\nElementDataFile = LOCAL\n"
        );
        [head.as_bytes(), &[1, 0, 1, 0]].concat()
    };
    let order = "BinaryDataByteOrderMSB = False\n";
    assert_eq!(notes(".mha", &meta(order)), "");
    assert!(notes(".mha", &meta("")).contains("order of bytes"));
    for (line, words) in [
        ("ElementSize = 1 1 3\n", "two edges"),
        (
            "TransformMatrix = 1 0 0 0 1 0 0 0 -1\nAnatomicalOrientation = RAI\n",
            "disagree",
        ),
        ("TransformMatrix = 2 0 0 0 1 0 0 0 1\n", "no unit vectors"),
        ("ElementToIntensityFunctionSlope = 2\n", "left out"),
    ] {
        let told = notes(".mha", &meta(&format!("{order}{line}")));
        assert!(told.contains(words), "{line}: {told}");
    }
    let longer = [meta(order), vec![7; 4]].concat();
    assert!(notes(".mha", &longer).contains("goes on behind"));
    let nrrd = "NRRD0004\ntype: uchar\ndimension: 3\nsizes: 1 1 2\nencoding: raw\nspacings: 1 1 3\n\
                space: RAS\nspace directions: (1,0,0) (0,1,0) (0,0,2)\n\n\u{1}\u{1}";
    assert!(notes(".nrrd", nrrd.as_bytes()).contains("two edges"));
}

fn vti(attributes: &str, arrays: &str) -> Vec<u8> {
    format!(
        "<?xml version=\"1.0\"?>\n<VTKFile type=\"ImageData\" version=\"1.0\" byte_order=\"LittleEndian\">\n\
         <ImageData WholeExtent=\"2 3 0 1 5 7\" Origin=\"1 2 3\" Spacing=\"0.5 0.6 0.7\"{attributes}><Piece Extent=\"2 3 0 1 5 7\">\n\
         {arrays}\n</Piece></ImageData></VTKFile>\n"
    )
    .into_bytes()
}

fn array(name: &str, values: &str) -> String {
    format!("<DataArray type=\"Int32\" Name=\"{name}\" format=\"ascii\">{values}</DataArray>")
}

#[test]
fn of_several_arrays_the_one_taken_is_told() {
    let (mask, bmd) = (array("mask", "1 1"), array("bmd", "400 500"));
    let ghost = array("vtkGhostType", "0 32");
    let cells = |scalars: &str, arrays: &[&str]| {
        format!("<CellData{scalars}>{}</CellData>", arrays.concat())
    };
    let points = format!(
        "<PointData>{}</PointData>",
        array("load", "1 1 1 1 1 1 1 1 1 1 1 1")
    );
    let active = " Scalars=\"bmd\"";
    for (arrays, value, told) in [
        (cells("", &[&bmd]), 400.0, &[][..]),
        (cells(active, &[&mask, &bmd]), 400.0, &[]),
        (
            cells("", &[&mask, &bmd]),
            1.0,
            &["2 arrays", "bmd on cells", "mask is taken"],
        ),
        (
            cells(" Scalars=\"x\"", &[&mask, &bmd]),
            1.0,
            &["active array x is not there", "mask is taken"],
        ),
        (
            cells("", &[&ghost, &bmd]),
            400.0,
            &["vtkGhostType is left out"],
        ),
        (
            cells(" Scalars=\"vtkGhostType\"", &[&ghost, &bmd]),
            400.0,
            &["left out", "not there"],
        ),
        (
            cells("", &[&bmd]) + &points,
            400.0,
            &["load on points", "bmd is taken"],
        ),
        (cells(active, &[&bmd]) + &points, 400.0, &[]),
    ] {
        let scan = read(".vti", &vti("", &arrays));
        let notes = scan.notes.join("\n");
        assert_eq!(scan.volume.values[0], value, "{arrays}");
        assert_eq!(notes.is_empty(), told.is_empty(), "{arrays}: {notes}");
        for word in told {
            assert!(notes.contains(word), "{arrays}: no {word:?} in {notes}");
        }
    }
    let only_ghost = vti("", &cells("", &[&ghost]));
    assert!(refused(".vti", &only_ghost).contains("no DataArray"));
    let elsewhere = String::from_utf8(vti("", &cells("", &[&bmd])))
        .unwrap()
        .replace(
            "Piece Extent=\"2 3 0 1 5 7\"",
            "Piece Extent=\"2 3 0 1 5 6\"",
        );
    assert!(refused(".vti", elsewhere.as_bytes()).contains("Piece Extent"));
    // The extent need not begin at 0, and an axis may point elsewhere.
    let turned = " Direction=\"0 0 1 1 0 0 0 1 0\"";
    let scan = read(".vti", &vti(turned, &cells("", &[&bmd])));
    assert!(!scan.volume.axes.known);
    assert_eq!(scan.volume.axes.directions[0], [0.0, 1.0, 0.0]);
    let want = [1.0 + 5.0 * 0.7, 2.0 + 2.0 * 0.5, 3.0];
    assert!((0..3).all(|k| (scan.volume.origin[k] - want[k]).abs() < 1e-9));
}

/// Void is exactly nothing, as nibabel and ITK have it: stored × slope + intercept in f64, both as
/// the header holds them.
#[test]
fn a_slope_of_many_digits_leaves_void_void() {
    let n = [2, 2, 2];
    for (slope, intercept) in [
        (f64::from(2.328_306_4e-10_f32), 0.5),
        (f64::from(0.1f32), f64::from(1.3f32)),
        (1.0 / 3.0, 0.0),
    ] {
        let slope = f64::from(slope as f32);
        // The least stored number stands for void, the next ones for more.
        let least = -(intercept / slope).round() as i32;
        let intercept = f64::from((-f64::from(least) * slope) as f32);
        let stored: Vec<i32> = (0..8).map(|k| least + k).collect();
        let file = Nifti {
            datatype: 8,
            scaling: [slope, intercept],
            voxel_bytes: stored.iter().flat_map(|v| v.to_le_bytes()).collect(),
            ..Nifti::of(n, [1.0; 3], &[])
        };
        let scan = read(".nii", &file.bytes());
        for (value, stored) in scan.volume.values.iter().zip(&stored) {
            let want = f64::from(*stored) * slope + intercept;
            assert_eq!(*value, want as f32, "{slope} {intercept}");
        }
    }
    // A mask of 0 and 1 over the whole range of i32, as nibabel stores one.
    let slope = 2.328_306_4e-10_f32;
    let file = Nifti {
        datatype: 8,
        scaling: [f64::from(slope), 0.5],
        voxel_bytes: [i32::MIN, i32::MAX]
            .repeat(4)
            .iter()
            .flat_map(|v| v.to_le_bytes())
            .collect(),
        ..Nifti::of(n, [1.0; 3], &[])
    };
    let scan = read(".nii", &file.bytes());
    assert_eq!(scan.volume.values[0], 0.0);
    assert!((scan.volume.values[1] - 1.0).abs() < 1e-6);
}

#[test]
fn labels_beyond_what_f32_counts_are_told_apart() {
    let folder = scratch("labels");
    let n = [2, 1, 3];
    let big = 1i64 << 24;
    let labels = [big, big + 1, big + 2, big + 1, 7, -3];
    let stored = |datatype: i16| -> Vec<u8> {
        let bytes = |v: i64| match datatype {
            8 => (v as i32).to_le_bytes().to_vec(),
            1024 => v.to_le_bytes().to_vec(),
            _ => (v as f64).to_le_bytes().to_vec(),
        };
        labels.iter().flat_map(|v| bytes(*v)).collect()
    };
    for datatype in [8, 1024, 64] {
        let path = folder.join(format!("{datatype}.nii"));
        let file = Nifti {
            datatype,
            voxel_bytes: stored(datatype),
            ..Nifti::of(n, [1.0; 3], &[])
        };
        std::fs::write(&path, file.bytes()).unwrap();
        let bone = |bone: Bone| {
            let reading = Reading {
                bone: Some(bone),
                ..Reading::ALL
            };
            Scan::open_for(&path, &reading).unwrap().bone.unwrap()
        };
        for label in [big, big + 1, big + 2, 7, -3, 8] {
            let want: Vec<bool> = labels.iter().map(|l| *l == label).collect();
            assert_eq!(bone(Bone::Label(label as f64)), want, "{datatype}: {label}");
        }
        let above: Vec<bool> = labels.iter().map(|l| *l > big).collect();
        assert_eq!(bone(Bone::Above(big as f64)), above, "{datatype}");
    }
    // A number that f32 rounded is the label that a person types.
    let path = folder.join("tenths.nii");
    let file = Nifti {
        datatype: 16,
        voxel_bytes: [0.1f32, 100.1, 0.3, 100.2, 0.0, 1.0]
            .iter()
            .flat_map(|v| v.to_le_bytes())
            .collect(),
        ..Nifti::of(n, [1.0; 3], &[])
    };
    std::fs::write(&path, file.bytes()).unwrap();
    for (label, which) in [(0.1, 0), (100.1, 1), (100.2, 3), (1.0, 5)] {
        let reading = Reading {
            bone: Some(Bone::Label(label)),
            ..Reading::ALL
        };
        let bone = Scan::open_for(&path, &reading).unwrap().bone.unwrap();
        assert!((0..6).all(|i| bone[i] == (i == which)), "{label}: {bone:?}");
    }
    let output = run(&[
        "solve",
        path.to_str().unwrap(),
        "--label",
        "9007199254740993",
        "--out",
        folder.join("out").to_str().unwrap(),
    ]);
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2));
    assert!(text.contains("2^53"), "{text}");
}

/// The answer's header says what the answer is; what described the scan's values is gone.
#[test]
fn an_answer_describes_itself_and_is_what_its_name_says() {
    let (n, values) = bar();
    for version in [1, 2] {
        let file = Nifti {
            version,
            intent: 1002,
            cal_max: 3.0,
            text: b"L\xe4ngsschnitt\0",
            ..Nifti::of(n, [0.5; 3], &values)
        }
        .bytes();
        // Inside and outside the other way round.
        for (ending, content) in [
            (".nii", file.clone()),
            (".nii", gzip(&file)),
            (".nii.gz", file.clone()),
            (".nii.gz", gzip(&file)),
        ] {
            let scan = read(ending, &content);
            assert_eq!(scan.volume.values.len(), values.len());
            let answer = vec![0.25f32; values.len()];
            let (name, content) = scan
                .with_values("sed", &answer, "energy")
                .unwrap()
                .remove(0);
            assert_eq!(name, format!("sed{ending}"));
            let packed = content.starts_with(&[0x1f, 0x8b]);
            assert_eq!(packed, ending == ".nii.gz", "{name}");
            let plain = if packed {
                let mut plain = Vec::new();
                std::io::Read::read_to_end(
                    &mut flate2::read::GzDecoder::new(&content[..]),
                    &mut plain,
                )
                .unwrap();
                plain
            } else {
                content.clone()
            };
            let (intent, text, aux) = if version == 1 {
                (68, 148, 228)
            } else {
                (504, 240, 320)
            };
            assert_eq!(&plain[intent..intent + 2], &[0, 0]);
            assert!(plain[text..text + 80].starts_with(b"energy\0"));
            assert_eq!(&plain[aux..aux + 24], &[0; 24]);
            let again = read(ending, &content);
            assert_eq!(again.volume.values, answer);
            assert_eq!(again.volume.axes, scan.volume.axes);
            assert_eq!(again.volume.origin, scan.volume.origin);
        }
    }
    let nrrd = b"NRRD0005\ntype: uchar\ndimension: 3\nsizes: 1 1 2\nspacings: 1 1 1\nencoding: ascii\nmin: 0\nsample units: HU\n\
                 Segment0_Name:=bone\n# kept\n\n1 2";
    let scan = read(".nrrd", nrrd);
    assert_eq!(scan.volume.values, [1.0, 2.0]);
    let (_, content) = scan
        .with_values("sed", &[0.5, 0.25], "energy")
        .unwrap()
        .remove(0);
    let text = String::from_utf8_lossy(&content).into_owned();
    for gone in ["uchar", "ascii", "min:", "sample units", "Segment0"] {
        assert!(!text.contains(gone), "{gone} in {text}");
    }
    assert!(text.contains("# kept") && text.contains("content: energy"));
    assert_eq!(read(".nrrd", &content).volume.values, [0.5, 0.25]);
    let meta = b"NDims = 3\nComment = L\xe4ngs\nModality = MET_MOD_CT\nElementMax = 2\nDimSize = 1 1 2\nElementSpacing = 1 1 1\n\
                 ElementType = MET_UCHAR\nElementDataFile = LOCAL\n\x01\x02";
    let scan = read(".mha", meta);
    let (_, content) = scan
        .with_values("sed", &[0.5, 0.25], "energy")
        .unwrap()
        .remove(0);
    let text = String::from_utf8_lossy(&content).into_owned();
    assert!(!text.contains("Modality") && !text.contains("ElementMax"));
    assert!(text.contains("Comment = Längs") && text.contains("ByteOrderMSB = False"));
    assert_eq!(read(".mha", &content).volume.values, [0.5, 0.25]);
    assert_eq!(notes(".mha", &content), notes(".mha", meta));
}

#[test]
fn a_file_that_is_something_else_is_called_by_its_name() {
    let (n, values) = bar();
    let nifti = Nifti::of(n, [1.0; 3], &values).bytes();
    let mut pair = nifti.clone();
    pair[344..348].copy_from_slice(b"ni1\0");
    let mut analyze = nifti.clone();
    analyze[344..348].fill(0);
    let mut dicom = vec![0; 400];
    dicom[128..132].copy_from_slice(b"DICM");
    let nrrd = b"NRRD0004\ntype: uchar\ndimension: 3\nsizes: 1 1 1\nencoding: raw\n\n\x01".to_vec();
    let meta = b"ObjectType = Image\nNDims = 3\n".to_vec();
    for (ending, content, words) in [
        (".nii", pair, "NIfTI-1 pair"),
        (".nii", analyze, "Analyze 7.5"),
        (".nii", nrrd.clone(), "an NRRD file"),
        (".nii.gz", gzip(&nrrd), "an NRRD file"),
        (".nii", dicom.clone(), "DICOM"),
        (".mha", nifti.clone(), "a NIfTI-1 file"),
        (".mha", gzip(&meta), "packed by gzip"),
        (".nrrd", gzip(&nrrd), "packed by gzip"),
        (".nrrd", meta.clone(), "a MetaImage file"),
        (".vti", nifti.clone(), "a NIfTI-1 file"),
        (
            ".vti",
            b"# vtk DataFile Version 3.0\n".to_vec(),
            "legacy VTK",
        ),
        (".npy", b"PK\x03\x04 and so on".to_vec(), "zip archive"),
        (".npy", Vec::new(), "empty"),
        (".mhd", dicom, "DICOM"),
    ] {
        let sentence = refused(ending, &content);
        assert!(
            sentence.contains(words),
            "{ending}: no {words:?} in {sentence}"
        );
    }
    // Headers that are only long, or in another alphabet, are read.
    let long = format!(
        "NDims = 3\nComment = {}\nDimSize = 1 1 1\nElementSpacing = 1 1 1\nElementType = MET_UCHAR\nElementDataFile = LOCAL\n\u{1}",
        "x".repeat(200_000)
    );
    assert_eq!(read(".mha", long.as_bytes()).volume.values, [1.0]);
    let long = format!(
        "NRRD0004\n# {}\ntype: uchar\ndimension: 3\nsizes: 1 1 1\nencoding: raw\n\n\u{1}",
        "x".repeat(200_000)
    );
    assert_eq!(read(".nrrd", long.as_bytes()).volume.values, [1.0]);
    let endless = [b"NDims = 3\nComment = ".to_vec(), vec![b'x'; 5 << 20]].concat();
    assert!(refused(".mha", &endless).contains("4 MiB"));
    let mut latin = b"NRRD0004\n# L\xe4ngs\n".to_vec();
    latin.extend(&nrrd[9..]);
    assert_eq!(read(".nrrd", &latin).volume.values, [1.0]);
}

/// Numbers that can be solved but that no bone has.
#[test]
fn what_makes_no_sense_for_bone_is_told() {
    let folder = scratch("doubts");
    let n = [3, 3, 4];
    let full = vec![600i16; 36];
    let mut some = full.clone();
    some[..18].fill(0);
    for z in 0..4 {
        some[9 * z] = 600;
    }
    let write = |name: &str, values: &[i16]| {
        let path = folder.join(name);
        std::fs::write(&path, Nifti::of(n, [1.0; 3], values).bytes()).unwrap();
        path
    };
    let bone = write("bone.nii", &some);
    let raw = write("raw.nii", &some.iter().map(|v| 20 * v).collect::<Vec<_>>());
    let grams = write(
        "grams.nii",
        &some.iter().map(|v| v / 600).collect::<Vec<_>>(),
    );
    let full = write("full.nii", &full);
    let law = ["--law", "morgan-femoral-neck"];
    for (file, flags, words) in [
        (&bone, &law[..], ""),
        (&raw, &law[..], "no bone is as dense"),
        (&grams, &law[..], "next to nothing"),
        (&full, &[][..], "100.0 % of all voxels"),
        (&full, &["--label", "600"][..], "100.0 % of all voxels"),
        (&bone, &["--youngs", "12"][..], "--youngs 12 MPa"),
    ] {
        let out = folder.join("out");
        let out_text = out.to_str().unwrap();
        let args = [&["solve", file.to_str().unwrap(), "--out", out_text], flags].concat();
        let output = run(&args);
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{args:?}: {text}");
        assert_eq!(
            text.lines().count(),
            usize::from(!words.is_empty()),
            "{args:?}: {text}"
        );
        assert!(text.contains(words), "{args:?}: {text}");
        let report: toml::Table = std::fs::read_to_string(out.join("solve.toml"))
            .unwrap()
            .parse()
            .unwrap();
        let told = report["told"].as_array().unwrap();
        assert_eq!(told.len(), usize::from(!words.is_empty()));
        assert!(told.iter().all(|t| text.contains(t.as_str().unwrap())));
        assert_eq!(report["axis_runs"].as_str(), Some("inferior to superior"));
    }
}

/// Every file in a folder, with its bytes.
fn contents(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut all: Vec<(String, Vec<u8>)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap())
        .filter(|e| e.file_type().unwrap().is_file())
        .map(|e| {
            let name = e.file_name().into_string().unwrap();
            let bytes = std::fs::read(e.path()).unwrap();
            (name, bytes)
        })
        .collect();
    all.sort();
    all
}

#[test]
fn no_answer_is_written_over_a_scan_whatever_its_files_are_called() {
    let (n, values) = bar();
    let little: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
    let meta = |file: &str| {
        format!(
            "NDims = 3\nBinaryDataByteOrderMSB = False\nDimSize = {} {} {}\nElementSpacing = 1 1 1\nElementType = MET_SHORT\n\
             ElementDataFile = {file}\n",
            n[0], n[1], n[2]
        )
    };
    let nrrd = |file: &str| {
        format!(
            "NRRD0004\ntype: short\ndimension: 3\nsizes: {} {} {}\nspacings: 1 1 1\nencoding: raw\nendian: little\ndata file: {file}\n\n",
            n[0], n[1], n[2]
        )
    };
    let nifti = Nifti::of(n, [1.0; 3], &values).bytes();
    // Header, its bytes, file of voxels; whether an answer can be written beside them.
    let cases: Vec<(&str, Vec<u8>, Option<&str>, bool)> = vec![
        ("scan.mhd", meta("sed.raw").into(), Some("sed.raw"), false),
        ("scan.nhdr", nrrd("sed.raw").into(), Some("sed.raw"), false),
        (
            "scan.nhdr",
            nrrd("solve.toml").into(),
            Some("solve.toml"),
            false,
        ),
        ("sed.mhd", meta("scan.raw").into(), Some("scan.raw"), false),
        ("sed.nii", nifti.clone(), None, false),
        (
            "scan.mhd",
            meta("sed.raw.partial").into(),
            Some("sed.raw.partial"),
            true,
        ),
        (
            "scan.mhd",
            meta(".mechanostat-probe").into(),
            Some(".mechanostat-probe"),
            true,
        ),
        ("SED.nii", nifti.clone(), None, true),
    ];
    for (i, (header, content, voxels, written)) in cases.into_iter().enumerate() {
        let folder = scratch(&format!("over-{i}"));
        std::fs::write(folder.join(header), content).unwrap();
        if let Some(voxels) = voxels {
            std::fs::write(folder.join(voxels), &little).unwrap();
        }
        let before = contents(&folder);
        let output = run(&[
            "solve",
            folder.join(header).to_str().unwrap(),
            "--out",
            folder.to_str().unwrap(),
        ]);
        let text = String::from_utf8_lossy(&output.stderr);
        let after = contents(&folder);
        for file in &before {
            assert!(after.contains(file), "{header}: {} has changed", file.0);
        }
        if written {
            assert!(output.status.success(), "{header}: {text}");
            assert!(after.len() >= before.len() + 2);
        } else {
            assert_eq!(output.status.code(), Some(2), "{header}: {text}");
            assert!(text.contains("is read too"), "{header}: {text}");
            assert_eq!(after, before, "{header}");
        }
    }
}

/// Under another name the same file is still the scan.
#[cfg(unix)]
#[test]
fn no_answer_is_written_over_a_scan_by_another_name() {
    let (n, values) = bar();
    let nifti = Nifti::of(n, [1.0; 3], &values).bytes();
    let folder = scratch("over-links");
    let scan = folder.join("scan.nii");
    std::fs::write(&scan, &nifti).unwrap();
    let (hard, soft) = (folder.join("hard"), folder.join("soft"));
    for out in [&hard, &soft] {
        std::fs::create_dir(out).unwrap();
    }
    std::fs::hard_link(&scan, hard.join("sed.nii")).unwrap();
    std::os::unix::fs::symlink(&scan, soft.join("sed.nii")).unwrap();
    for out in [&hard, &soft] {
        let output = run(&[
            "solve",
            scan.to_str().unwrap(),
            "--out",
            out.to_str().unwrap(),
        ]);
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert_eq!(std::fs::read(&scan).unwrap(), nifti);
        assert_eq!(std::fs::read(out.join("sed.nii")).unwrap(), nifti);
    }
}

#[test]
fn a_mask_is_laid_over_its_scan_as_both_headers_say() {
    let folder = scratch("masks");
    let (n, values) = bar();
    let scan = folder.join("scan.nii");
    let file = Nifti::of(n, [0.8; 3], &values);
    std::fs::write(&scan, file.bytes()).unwrap();
    let mask: Vec<i16> = each(n).map(|at| i16::from(at[2] < 12)).collect();
    // The same mask stored from above, and one whose header puts it elsewhere.
    let mut turned = Nifti::of(n, [0.8; 3], &[]);
    turned.sform.1[2] = [0.0, 0.0, -0.8, 0.8 * 15.0];
    turned.voxel_bytes = each(n)
        .flat_map(|[x, y, z]| mask[x + n[0] * (y + n[1] * (n[2] - 1 - z))].to_le_bytes())
        .collect();
    let mut elsewhere = Nifti::of(n, [0.8; 3], &mask);
    elsewhere.sform.1[0][3] = 40.0;
    let lay = |name: &str, mask: &Nifti| {
        let path = folder.join(format!("{name}.nii"));
        std::fs::write(&path, mask.bytes()).unwrap();
        let out = folder.join(name);
        let output = run(&[
            "run",
            "earth",
            "--scene",
            scan.to_str().unwrap(),
            "--mask",
            path.to_str().unwrap(),
            "--size",
            "24",
            "--days",
            "1",
            "--out",
            out.to_str().unwrap(),
        ]);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        let table = std::fs::read_to_string(out.join("timeseries.csv")).unwrap_or_default();
        (output.status.code(), text, table)
    };
    let plain = lay("plain", &Nifti::of(n, [0.8; 3], &mask));
    let (turned, elsewhere) = (lay("turned", &turned), lay("elsewhere", &elsewhere));
    assert_eq!(plain.0, Some(0), "{}", plain.1);
    assert_eq!((turned.0, &turned.2), (Some(0), &plain.2), "{}", turned.1);
    assert_eq!(
        (elsewhere.0, &elsewhere.2),
        (Some(0), &plain.2),
        "{}",
        elsewhere.1
    );
    assert!(!turned.1.contains("mask"), "{}", turned.1);
    assert!(elsewhere.1.contains("lies elsewhere"), "{}", elsewhere.1);
    let small = lay(
        "small",
        &Nifti::of([8, 7, 15], [0.8; 3], &mask[..8 * 7 * 15]),
    );
    assert_eq!(small.0, Some(2));
    assert!(small.1.contains("the mask has"), "{}", small.1);
}

#[test]
fn axes_are_named_after_the_axes_of_the_body_they_are_nearest_to() {
    let tilted = 20f64.to_radians();
    let (s, c) = tilted.sin_cos();
    let (axes, lengths) = Axes::along(
        [[0.0, -2.0 * c, 2.0 * s], [3.0, 0.0, 0.0], [0.0, -s, -c]],
        true,
    )
    .unwrap();
    assert!((lengths[0] - 2.0).abs() < 1e-12 && (lengths[1] - 3.0).abs() < 1e-12);
    let names = axes.nearest().map(|a| a.to_string());
    assert_eq!(
        names,
        [
            "anterior to posterior",
            "left to right",
            "superior to inferior"
        ]
    );
    assert!((axes.tilts()[0] - 20.0).abs() < 1e-9 && axes.tilts()[1] == 0.0);
    assert!(axes.skew() < 1e-9);
    assert!(Axes::along([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [1.0, 1.0, 0.0]], true).is_none());
    assert!(
        Axes::along(
            [[1.0, 0.0, 0.0], [0.0, f64::NAN, 0.0], [0.0, 0.0, 1.0]],
            true
        )
        .is_none()
    );
    let volume = Volume {
        name: "v".into(),
        unit: "1".into(),
        voxels: [2, 1, 1],
        spacing: [1.0; 3],
        origin: [0.0; 3],
        axes: Axes::BODY,
        values: vec![1.0, 2.0],
    };
    assert_eq!(volume.along_body(), volume);
}

/// Headers that say two things, or something that nobody has agreed on.
#[test]
fn what_a_header_may_not_say_is_refused() {
    let meta = |lines: &str| {
        let head = format!(
            "NDims = 3\nDimSize = 1 1 2\nElementSpacing = 1 1 2\n{lines}ElementType = MET_USHORT\nElementDataFile = LOCAL\n"
        );
        [head.as_bytes(), &[1, 0, 1, 0]].concat()
    };
    let (no, yes) = (
        "BinaryDataByteOrderMSB = False\n",
        "ElementByteOrderMSB = True\n",
    );
    for (lines, words) in [
        (format!("{no}{yes}"), "one order of bytes"),
        ("BinaryDataByteOrderMSB = Yes\n".to_owned(), "True or False"),
        (format!("{no}ElementSpacing = 1 1 1\n"), "given twice"),
        (format!("{no}DimSize = 2 1 1\n"), "DimSize"),
    ] {
        let sentence = refused(".mha", &meta(&lines));
        assert!(sentence.contains(words), "{lines}: {sentence}");
    }
    let twice = format!("{no}Comment = a\nComment = b\nDimSize = 1 1 2\n");
    assert_eq!(notes(".mha", &meta(&twice)), "");
    let oriented = notes(".mha", &meta(&format!("{no}AnatomicalOrientation = RAS\n")));
    assert!(oriented.contains("AnatomicalOrientation RAS"), "{oriented}");
    let nrrd = |lines: &str| {
        format!(
            "NRRD0004\ntype: uchar\ndimension: 3\nsizes: 1 1 2\nencoding: raw\nspacings: 1 1 1\n{lines}\n\u{1}\u{1}"
        )
    };
    for (lines, words) in [
        ("kinds: RGB-color domain domain\n", "kinds"),
        ("kinds: domain domain time\n", "kinds"),
        ("spacings: 1 1 2\n", "given twice"),
        ("encoding: gzip\n", "encoding"),
    ] {
        let sentence = refused(".nrrd", nrrd(lines).as_bytes());
        assert!(sentence.contains(words), "{lines}: {sentence}");
    }
    assert_eq!(
        notes(".nrrd", nrrd("kinds: domain space domain\n").as_bytes()),
        ""
    );
    let cells = format!("<CellData>{}</CellData>", array("bmd", "400 500"));
    let good = String::from_utf8(vti("", &cells)).unwrap();
    for (from, to, words) in [
        ("LittleEndian", "MiddleEndian", "byte_order"),
        (
            "type=\"ImageData\"",
            "type=\"ImageData\" header_type=\"UInt16\"",
            "header_type",
        ),
    ] {
        let file = good.replacen(from, to, 1);
        let sentence = refused(".vti", file.as_bytes());
        assert!(sentence.contains(words), "{to}: {sentence}");
    }
    // More voxels than announced, plain and packed.
    let (n, values) = bar();
    let longer = [Nifti::of(n, [1.0; 3], &values).bytes(), vec![7; 10]].concat();
    for file in [longer.clone(), gzip(&longer)] {
        assert!(notes(".nii", &file).contains("goes on behind"));
    }
}

/// A pipe where an answer would go would swallow it, and wait.
#[cfg(unix)]
#[test]
fn a_pipe_in_the_place_of_an_answer_is_refused() {
    let folder = scratch("pipe");
    let (n, values) = bar();
    let scan = folder.join("scan.nii");
    std::fs::write(&scan, Nifti::of(n, [1.0; 3], &values).bytes()).unwrap();
    for name in ["solve.toml", "timeseries.csv"] {
        let made = Command::new("mkfifo").arg(folder.join(name)).status();
        assert!(made.unwrap().success());
    }
    let (scan, out) = (scan.to_str().unwrap(), folder.to_str().unwrap());
    for args in [
        &["solve", scan, "--out", out][..],
        &["run", "earth", "--size", "24", "--out", out],
    ] {
        let output = run(args);
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(text.contains("no regular file"), "{text}");
    }
}
