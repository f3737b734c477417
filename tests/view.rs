//! The ray march against what it should show, and the anatomy that it shows.
#![allow(
    clippy::unwrap_used,
    clippy::float_cmp,
    reason = "a test fails by panicking"
)]

mod common;

use std::collections::BTreeMap;
use std::sync::Arc;

use common::{gpu, write};
use mechanostat::command::wait::Wait as _;
use mechanostat::physiology::Model;
use mechanostat::sim::Simulation;
use mechanostat::sim::state::SiteState;
use mechanostat::tissue::{Anatomy, Surface, Tissue};
use mechanostat::view::{Camera, Colormap, Cut, FieldKind, Picture, RayMarch, tick};

#[test]
fn a_cut_face_has_exactly_the_colours_of_the_colour_bar_and_the_size_of_the_bone() {
    let gpu = gpu();
    let anatomy = Arc::new(Anatomy::build("hip", 48).unwrap());
    let simulation = Simulation::new(
        &gpu,
        Arc::clone(&anatomy),
        Arc::new(Model::built_in().unwrap()),
    )
    .unwrap();
    let mut march = RayMarch::new(simulation.body()).unwrap();
    let mineral = simulation.model().physiology.tissue_mineral;
    let size = [300, 360];
    let h = anatomy.spacing as f32;
    let height = 1.2 * 180.0;
    // Through the head's centre.
    let row = (-anatomy.origin[1] / anatomy.spacing) as usize;
    let background = [1.0, 1.0, 1.0];
    let mut draw = |value: f32| -> Vec<[u8; 3]> {
        let site = SiteState::at_rest(value / mineral);
        let count = simulation.state().counts.sites;
        write(&gpu, &simulation.state().bone, &vec![site; count]);
        let mut camera = Camera::front(anatomy.voxels.map(|n| n as f32 * h));
        camera.height = height;
        let picture = Picture {
            size,
            camera,
            field: FieldKind::Density,
            muscle: None,
            range: (0.0, 600.0),
            colormap: Colormap::Batlow,
            cut: Cut::Coronal((row as f32 + 0.5) / anatomy.voxels[1] as f32),
            ghost: false,
            background,
        };
        march.draw(&gpu, &picture).unwrap();
        let bytes = gpu.fetch(&march.read(&gpu).unwrap()).unwrap();
        RayMarch::pixels(size, &bytes[0])
            .chunks(4)
            .map(|p| [p[0], p[1], p[2]])
            .collect()
    };
    // Bone of the plane by the anatomy itself, its periosteum with what lies within, mm².
    let inside = anatomy.bone.iter().filter(|b| b.at[1] == row);
    let area: f64 = inside.map(|b| b.envelope).sum::<f64>() * anatomy.spacing.powi(2);
    for (value, entry) in [(0.0, 0), (300.0, 127), (600.0, 255), (5000.0, 255)] {
        let pixels = draw(value);
        let wanted = Colormap::Batlow.table()[entry];
        let near = |p: &[u8; 3]| p.iter().zip(wanted).all(|(a, b)| a.abs_diff(b) <= 2);
        let pixel_mm2 = f64::from(height / size[1] as f32).powi(2);
        let seen = pixels.iter().filter(|p| near(p)).count() as f64 * pixel_mm2;
        assert!(
            (seen / area - 1.0).abs() < 0.06,
            "value {value}: {seen} mm² in its colour, the bone has {area} mm²"
        );
        assert_eq!(pixels[0], [255; 3], "the corner is not the background");
    }
}

#[test]
fn the_camera_keeps_a_right_handed_frame_and_the_lateral_side_on_the_viewers_left() {
    let mut camera = Camera::front([150.0, 130.0, 180.0]);
    let [forward, right, up] = camera.axes();
    assert!(
        forward.y < -0.99 && right.x < -0.99 && up.z > 0.99,
        "{forward} {right} {up}"
    );
    for (azimuth, elevation) in [(30.0, 20.0), (-100.0, -60.0), (500.0, 200.0)] {
        camera.orbit(azimuth, elevation);
        let [f, r, u] = camera.axes();
        assert!(f.dot(r).abs() < 1e-5 && f.dot(u).abs() < 1e-5 && (r.cross(f) - u).length() < 1e-5);
        assert!((f.length() - 1.0).abs() < 1e-5 && u.z > 0.0);
    }
}

#[test]
fn colour_maps_are_whole_and_distinct() {
    for map in Colormap::ALL {
        let table = map.table();
        if map == Colormap::Names {
            // Two numbers near each other look different.
            for (k, one) in table.iter().enumerate().take(40) {
                for other in &table[k + 1..k + 4] {
                    let off = one
                        .iter()
                        .zip(other)
                        .map(|(a, b)| i32::from(a.abs_diff(*b)));
                    assert!(off.sum::<i32>() > 60, "{k}: {one:?} {other:?}");
                }
            }
            continue;
        }
        assert_ne!(table[0], table[255], "{}", map.name());
        let steps = table
            .windows(2)
            .map(|w| {
                (0..3)
                    .map(|k| i32::from(w[0][k].abs_diff(w[1][k])))
                    .max()
                    .unwrap()
            })
            .max()
            .unwrap();
        assert!(steps <= 12, "{} jumps by {steps}", map.name());
    }
}

/// Area and length of the outline of a surface at a height, mm² and mm.
fn section(surface: &Surface, z: f64) -> (f64, f64) {
    let (mut area, mut around) = (0.0, 0.0);
    for t in 0..surface.triangles.len() {
        let corners = surface.corners(t);
        let mut ends = Vec::new();
        for k in 0..3 {
            let (a, b) = (corners[k], corners[(k + 1) % 3]);
            if (a.z < z) != (b.z < z) {
                ends.push((a + (b - a) * ((z - a.z) / (b.z - a.z)), a.z < z));
            }
        }
        if let [one, other] = ends[..] {
            // Anticlockwise, seen from above: bone is on the left.
            let (a, b) = if one.1 {
                (one.0, other.0)
            } else {
                (other.0, one.0)
            };
            area += 0.5 * (a.x * b.y - a.y * b.x);
            around += a.distance(b);
        }
    }
    (area.abs(), around)
}

#[test]
fn the_hip_has_every_tissue_and_the_dimensions_it_was_given() {
    let femur = include_bytes!("../assets/anatomy/femur.ply");
    let femur = Surface::read("femur.ply", femur).unwrap();
    for size in [24, 48] {
        let anatomy = Anatomy::build("hip", size).unwrap();
        let mut counts: BTreeMap<Tissue, usize> = BTreeMap::new();
        for t in &anatomy.tissue {
            *counts.entry(*t).or_default() += 1;
        }
        for t in Tissue::ALL {
            assert!(
                counts.get(&t).is_some_and(|n| *n > 3),
                "size {size}: no {t:?}: {counts:?}"
            );
        }
        assert_eq!(anatomy.tissue.len(), anatomy.len());
        // Area of the cortex across the shaft, 105 mm below the head: 6.5 mm inside the outline,
        // whose corners are round.
        let z = (45.0 / anatomy.spacing) as usize;
        let height = f64::midpoint(z as f64, (z + 1) as f64) * anatomy.spacing - 150.0;
        let (outline, around) = section(&femur, height);
        let across: f64 = anatomy
            .bone
            .iter()
            .filter(|b| b.at[2] == z)
            .map(|b| b.sites.iter().map(|s| s.fraction).sum::<f64>())
            .sum();
        let cortex = 6.5;
        let want = around * cortex - std::f64::consts::PI * cortex * cortex;
        assert!(want < 0.9 * outline, "there is a canal");
        let got = across * anatomy.spacing.powi(2);
        assert!(
            (got / want - 1.0).abs() < 0.04,
            "size {size}: cortex {got} mm², wanted {want}"
        );
        // Every unit load of the joint adds up to 1 N; muscles of a group do not all pull one way.
        for (k, load) in anatomy.loads.iter().enumerate() {
            let least = if k < anatomy.joint_loads { 1.0 } else { 0.6 };
            let sum: [f64; 3] = load
                .points
                .iter()
                .fold([0.0; 3], |s, p| std::array::from_fn(|k| s[k] + p.2[k]));
            let force = sum.iter().map(|f| f * f).sum::<f64>().sqrt();
            assert!(
                load.points.len() > 20 && (least - 1e-9..1.0 + 1e-9).contains(&force),
                "{}: {force} N",
                load.name
            );
        }
    }
}

#[test]
fn ticks_show_their_digits_and_no_noise() {
    // Ranges are f32: 0.9 is 0.899999976 there.
    for (value, step, want) in [
        (f64::from(0.9f32), 0.3, "0.9"),
        (f64::from(0.85f32), f64::from(0.15f32), "0.85"),
        (f64::from(0.7f32 + 0.25 * 0.6), 0.15, "0.85"),
        (300.0, 300.0, "300"),
        (-20.0, 10.0, "-20"),
        (-1e-9, 0.5, "0"),
        (0.3 + 1e-16, 0.1, "0.3"),
        (0.05, 0.05, "0.05"),
        (2e-5, 1e-5, "0.00002"),
        (1.0 / 3.0, 1.0 / 3.0, "0.333"),
        (125.0, 62.5, "125"),
        (62.5, 62.5, "62.5"),
    ] {
        assert_eq!(tick(value, step), want);
    }
    // Every colour bar of the program: five ticks, all short, all different, and what they say.
    for kind in FieldKind::ALL.iter().filter(|kind| !kind.is_named()) {
        let (low, high) = kind.range();
        let labels: Vec<String> = (0..=4u8)
            .map(|i| {
                let value = low + f32::from(i) / 4.0 * (high - low);
                let label = tick(f64::from(value), f64::from(high - low) / 4.0);
                let said: f64 = label.parse().unwrap();
                assert!((said - f64::from(value)).abs() < 1e-5 * f64::from(high - low));
                label
            })
            .collect();
        assert!(labels.iter().all(|l| l.len() <= 6), "{labels:?}");
        assert!(labels.windows(2).all(|w| w[0] != w[1]), "{labels:?}");
    }
}

#[test]
fn the_first_zoom_into_anything_is_a_small_one() {
    for extent in [
        [0.5, 0.5, 1.0],
        [3.3; 3],
        [180.0, 150.0, 180.0],
        [4000.0; 3],
    ] {
        let mut camera = Camera::front(extent);
        let before = camera.height;
        camera.zoom(1.1);
        assert!(
            (camera.height * 1.1 / before - 1.0).abs() < 1e-5,
            "{extent:?}"
        );
        for (factor, least, most) in [(1.1, 0.02, 0.021), (1.0 / 1.1, 9.9, 10.0)] {
            for _ in 0..200 {
                camera.zoom(factor);
            }
            let share = camera.height / extent[2];
            assert!(
                (least - 1e-4..=most + 1e-4).contains(&share),
                "{extent:?}: {share}"
            );
        }
    }
}

#[test]
fn a_view_is_told_as_it_is() {
    let mut camera = Camera::front([10.0; 3]);
    assert_eq!(camera.place(), "seen from the front");
    for (turn, raise, words) in [
        (
            -13.0,
            6.0,
            "seen from the front, turned 13 degrees to the left and 6 degrees from above",
        ),
        (13.0, -6.0, "seen from the front"),
        (90.0, 0.0, "seen from the right"),
        (
            75.0,
            0.0,
            "seen from the back, turned 15 degrees to the left",
        ),
        (15.0, -20.0, "seen from the back, 20 degrees from below"),
        (
            60.0,
            20.0,
            "seen from the left, turned 30 degrees to the left",
        ),
    ] {
        camera.orbit(turn, raise);
        assert_eq!(camera.place(), words);
    }
    // A camera on the right sees the right side: it looks to the left.
    let mut camera = Camera::front([10.0; 3]);
    camera.orbit(90.0, 0.0);
    let [forward, ..] = camera.axes();
    assert!(forward.x < -0.99, "{forward}");
    for (cut, word) in [
        (Cut::None, "whole"),
        (Cut::Coronal(0.5), "coronal"),
        (Cut::Sagittal(0.5), "sagittal"),
        (Cut::Axial(0.5), "axial"),
    ] {
        assert!(cut.to_string().contains(word));
    }
}
