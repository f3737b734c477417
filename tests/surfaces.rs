//! Surfaces of bones: what is refused, how far a point is, and what a person's shape does.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write as _;

use glam::DVec3;
use mechanostat::tissue::{Distance, Surface};

const FEMUR: &[u8] = include_bytes!("../assets/anatomy/femur.ply");
const TIBIA: &[u8] = include_bytes!("../assets/anatomy/tibia.ply");

type Mesh = (Vec<DVec3>, Vec<[usize; 3]>);

/// A ball of `radius` mm around the origin: an octahedron whose triangles are cut in four, `times`
/// over, and moved outwards.
fn ball(radius: f64, times: usize) -> Mesh {
    let mut vertices = vec![
        DVec3::X,
        DVec3::Y,
        DVec3::Z,
        DVec3::NEG_X,
        DVec3::NEG_Y,
        DVec3::NEG_Z,
    ];
    let mut triangles = vec![
        [0, 1, 2],
        [1, 3, 2],
        [3, 4, 2],
        [4, 0, 2],
        [1, 0, 5],
        [3, 1, 5],
        [4, 3, 5],
        [0, 4, 5],
    ];
    for _ in 0..times {
        let mut middles = std::collections::HashMap::new();
        let mut next = Vec::new();
        for t in &triangles {
            let m: [usize; 3] = std::array::from_fn(|k| {
                let (a, b): (usize, usize) = (t[k], t[(k + 1) % 3]);
                *middles.entry((a.min(b), a.max(b))).or_insert_with(|| {
                    vertices.push((vertices[a] + vertices[b]).normalize_or_zero());
                    vertices.len() - 1
                })
            });
            next.extend([
                [t[0], m[0], m[2]],
                [t[1], m[1], m[0]],
                [t[2], m[2], m[1]],
                m,
            ]);
        }
        triangles = next;
    }
    (
        vertices.into_iter().map(|v| radius * v).collect(),
        triangles,
    )
}

fn ascii((vertices, triangles): &Mesh) -> String {
    let mut text = format!(
        "ply\nformat ascii 1.0\ncomment made here\nelement vertex {}\nproperty double x\nproperty \
         double y\nproperty double z\nelement face {}\nproperty list uchar int \
         vertex_indices\nend_header\n",
        vertices.len(),
        triangles.len()
    );
    for v in vertices {
        writeln!(text, "{} {} {}", v.x, v.y, v.z).unwrap();
    }
    for t in triangles {
        writeln!(text, "3 {} {} {}", t[0], t[1], t[2]).unwrap();
    }
    text
}

/// The same in binary of the other byte order, with a colour that is nobody's business.
fn big_endian((vertices, triangles): &Mesh) -> Vec<u8> {
    let mut bytes = format!(
        "ply\nformat binary_big_endian 1.0\nelement vertex {}\nproperty float x\nproperty float \
         y\nproperty float z\nproperty uchar red\nelement face {}\nproperty list uchar uint \
         vertex_index\nend_header\n",
        vertices.len(),
        triangles.len()
    )
    .into_bytes();
    for v in vertices {
        for x in v.to_array() {
            bytes.extend((x as f32).to_be_bytes());
        }
        bytes.push(200);
    }
    for t in triangles {
        bytes.push(3);
        for v in t {
            bytes.extend((*v as u32).to_be_bytes());
        }
    }
    bytes
}

fn read(mesh: &Mesh) -> Result<Surface, String> {
    Surface::read("bone.ply", ascii(mesh).as_bytes()).map_err(|e| e.to_string())
}

fn refused(mesh: &Mesh, words: &[&str]) {
    let said = read(mesh).unwrap_err();
    assert!(
        !said.contains('\n') && said.starts_with("bone.ply"),
        "{said}"
    );
    for word in words {
        assert!(said.contains(word), "{said:?} lacks {word:?}");
    }
}

#[test]
fn ascii_and_binary_say_the_same() {
    let mesh = ball(30.0, 2);
    let one = read(&mesh).unwrap();
    let other = Surface::read("bone.ply", &big_endian(&mesh)).unwrap();
    assert_eq!(one.triangles, other.triangles);
    for (a, b) in one.vertices.iter().zip(&other.vertices) {
        assert!(a.distance(*b) < 1e-5);
    }
}

#[test]
fn a_surface_that_is_no_bone_is_refused() {
    let good = ball(30.0, 2);
    assert!(read(&good).is_ok());

    let (vertices, mut triangles) = good.clone();
    triangles.remove(7);
    refused(&(vertices, triangles), &["holes", "3 edges"]);

    let (vertices, triangles) = good.clone();
    let turned = triangles.iter().map(|t| [t[0], t[2], t[1]]).collect();
    refused(&(vertices, turned), &["inside out"]);

    // One triangle turned only.
    let (vertices, mut triangles) = good.clone();
    triangles[5].swap(0, 1);
    refused(&(vertices, triangles), &["face different ways"]);

    // A dent so deep that it comes out on the other side.
    let (mut vertices, triangles) = good.clone();
    vertices[2].z = -40.0;
    refused(&(vertices, triangles), &["crosses itself"]);

    let (vertices, triangles) = good.clone();
    let metres = vertices.iter().map(|v| *v / 1000.0).collect();
    refused(&(metres, triangles), &["0.060 mm long", "metres"]);
    let (vertices, triangles) = good.clone();
    let large = vertices.iter().map(|v| *v * 1000.0).collect();
    refused(&(large, triangles), &["60000.000 mm long", "10 to 700 mm"]);

    // A second ball beside the first.
    let (mut vertices, mut triangles) = good.clone();
    let count = vertices.len();
    vertices.extend(good.0.iter().map(|v| *v + 100.0 * DVec3::X));
    triangles.extend(good.1.iter().map(|t| t.map(|v| v + count)));
    refused(&(vertices, triangles), &["2 separate pieces"]);

    refused(&(good.0.clone(), Vec::new()), &["no triangle"]);
    let (mut vertices, triangles) = good.clone();
    vertices[3].y = f64::NAN;
    let said = Surface::read("bone.ply", &big_endian(&(vertices, triangles)));
    assert!(said.unwrap_err().to_string().contains("vertex 3 is not"));
    let (vertices, mut triangles) = good;
    triangles[9][1] = 5000;
    refused(&(vertices, triangles), &["face 9", "vertex 5000 of 66"]);
}

#[test]
fn a_file_that_is_no_surface_is_refused() {
    let good = ascii(&ball(30.0, 1));
    let say = |text: &str| {
        let said = Surface::read("bone.ply", text.as_bytes())
            .unwrap_err()
            .to_string();
        assert!(!said.contains('\n'), "{said}");
        said
    };
    assert!(say("").contains("cannot be read"));
    assert!(say("solid stl").contains("cannot be read"));
    assert!(say(&good[..good.len() - 20]).contains("cannot be read"));
    assert!(say(&good.replace("double z", "double depth")).contains("no \"z\""));
    assert!(say(&good.replace("vertex_indices", "corners")).contains("vertex_indices"));
    assert!(say(&good.replacen("\n3 ", "\n4 ", 1)).contains("cannot be read"));
    // Ten million triangles are refused by the header alone.
    let header = good.replacen("element face 32", "element face 10000000", 1);
    let said = say(&header);
    assert!(
        said.contains("10000000 triangles") && said.contains("at most 500000"),
        "{said}"
    );
    // A square.
    let square = good.replacen("element face 32", "element face 1", 1);
    let square = square.split("\n3 ").next().unwrap().to_owned() + "\n4 0 1 3 4\n";
    assert!(say(&square).contains("4 corners"));
}

/// The angle that a surface fills seen from `p`, over a full turn: 1 inside, 0 outside (Van
/// Oosterom and Strackee 1983).
fn turns(surface: &Surface, p: DVec3) -> f64 {
    let angles = (0..surface.triangles.len()).map(|t| {
        let [a, b, c] = surface.corners(t).map(|v| v - p);
        let (x, y, z) = (a.length(), b.length(), c.length());
        let below = x * y * z + a.dot(b) * z + b.dot(c) * x + c.dot(a) * y;
        2.0 * a.dot(b.cross(c)).atan2(below)
    });
    angles.sum::<f64>() / (4.0 * std::f64::consts::PI)
}

/// Distance to the nearest of points spread over every triangle.
fn to_nearest_point(surface: &Surface, p: DVec3) -> f64 {
    let n = 40;
    let mut least = f64::INFINITY;
    for t in 0..surface.triangles.len() {
        let [a, b, c] = surface.corners(t);
        for i in 0..=n {
            for j in 0..=(n - i) {
                let (u, v) = (f64::from(i) / f64::from(n), f64::from(j) / f64::from(n));
                least = least.min(p.distance(a + u * (b - a) + v * (c - a)));
            }
        }
    }
    least
}

#[test]
fn distance_is_that_of_the_nearest_point_with_the_sign_of_its_side() {
    // Coarse, so that edges and corners are sharp.
    let (mut vertices, triangles) = ball(30.0, 1);
    // A dent and a spike.
    vertices[2].z = 5.0;
    vertices[0].x = 60.0;
    let surface = read(&(vertices, triangles)).unwrap();
    let distance = Distance::new(&surface);
    let mut inside = 0;
    for k in 0..400 {
        // Irregular places in and around it.
        let at = |f: f64| (f * f64::from(k)).fract() * 100.0 - 45.0;
        let p = DVec3::new(at(0.618), at(0.755), at(0.571));
        let d = distance.at(p);
        assert!(
            (d.abs() - to_nearest_point(&surface, p)).abs() < 0.6,
            "{p}: {d}"
        );
        let turns = turns(&surface, p);
        assert!(
            (turns - f64::from(u8::from(d < 0.0))).abs() < 1e-6,
            "{p}: {d}, {turns}"
        );
        inside += usize::from(d < 0.0);
    }
    assert!((20..300).contains(&inside), "{inside}");
    // Of a fine ball it is known.
    let ball = Distance::new(&read(&ball(30.0, 4)).unwrap());
    for p in [
        DVec3::ZERO,
        DVec3::new(3.0, -4.0, 12.0),
        DVec3::new(30.0, 40.0, 0.0),
    ] {
        assert!((ball.at(p) - (p.length() - 30.0)).abs() < 0.15, "{p}");
    }
}

#[test]
fn the_sign_is_right_all_around_a_femur() {
    let femur = Surface::read("femur.ply", FEMUR).unwrap();
    let distance = Distance::new(&femur);
    for (k, v) in femur.vertices.iter().enumerate().step_by(23) {
        let shift = |f: f64| (f * k as f64).fract() * 8.0 - 4.0;
        let p = *v + DVec3::new(shift(0.618), shift(0.755), shift(0.571));
        let inside = f64::from(u8::from(distance.at(p) < 0.0));
        assert!((turns(&femur, p) - inside).abs() < 1e-6, "{p}");
    }
}

#[test]
fn a_person_has_a_shape_that_people_have() {
    let femur = Surface::read("femur.ply", FEMUR).unwrap();
    assert_eq!(femur.modes.len(), 5);
    let length = |s: &Surface| s.bounds()[1].z - s.bounds()[0].z;
    // The first mode is size; positive is smaller.
    let small = femur.shaped(&[2.0]).unwrap();
    let large = femur.shaped(&[-2.0]).unwrap();
    assert!(length(&small) < length(&femur) - 20.0 && length(&large) > length(&femur) + 20.0);
    // A landmark goes with the bone.
    let lowest = DVec3::new(26.3, 3.3, -414.7);
    let gone = femur.carried(lowest, &small) - lowest;
    assert!(
        gone.z > 15.0 && Distance::new(&small).at(lowest + gone).abs() < 2.0,
        "{gone}"
    );
    let say = |weights: &[f64]| femur.shaped(weights).unwrap_err().to_string();
    assert!(say(&[0.0, 10.0]).contains("mode 2 at 10 standard deviations"));
    assert!(say(&[f64::NAN]).contains("mode 1"));
    assert!(say(&[0.0; 6]).contains("5 shape modes, and 6"));
    let tibia = Surface::read("tibia.ply", TIBIA).unwrap();
    assert!((length(&tibia.scaled(1.1)) / 366.5 - 1.1).abs() < 0.01);
}
