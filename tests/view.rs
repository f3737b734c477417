//! The ray march against what it should show, and the anatomy that it shows.
#![allow(
    clippy::unwrap_used,
    clippy::float_cmp,
    reason = "a test fails by panicking"
)]

mod common;

use std::collections::BTreeMap;
use std::sync::Arc;

use common::{assert_close, gpu, write};
use mechanostat::command::wait::Wait as _;
use mechanostat::gpu::Gpu;
use mechanostat::physiology::Model;
use mechanostat::sim::Simulation;
use mechanostat::sim::state::{MuscleState, SiteState};
use mechanostat::tissue::{Anatomy, BonePlan, MusclePlan, SitePlan, Surface, Tissue};
use mechanostat::view::{
    Areal, Camera, Colormap, Cut, FieldKind, IVORY, Look, MuscleSet, Muscles, Opacity, Picture,
    Projection, RayMarch, Style, Tile, contrast, tick, ways,
};
use mechanostat::volume::each;

/// A scene of `size` voxels each way, of bone and muscle as far as these distances (by place,
/// voxels from its middle) are below 0; its mechanics are never asked.
fn scene_of(
    size: usize,
    bone: impl Fn([f64; 3]) -> f64,
    muscle: impl Fn([f64; 3]) -> f64,
) -> Anatomy {
    let small = Anatomy::build("trabecular-core", 24).unwrap();
    let voxels = [size; 3];
    assert!(small.voxels.iter().all(|n| *n <= size));
    let base = Anatomy {
        voxels,
        elements: voxels,
        tissue: vec![Tissue::Outside; size.pow(3)],
        ..small
    };
    // How much of a voxel lies inside, by 8 × 8 × 8 points: what is 0 there is the surface.
    let share = |at: [usize; 3], distance: &dyn Fn([f64; 3]) -> f64| -> f64 {
        let low = at.map(|k| k as f64 - 0.5 * size as f64);
        let centre = distance(low.map(|x| x + 0.5));
        if centre.abs() > 1.0 {
            return f64::from(u8::from(centre < 0.0));
        }
        let inside = each([8; 3]).filter(|o| {
            distance(std::array::from_fn(|k| low[k] + (o[k] as f64 + 0.5) / 8.0)) < 0.0
        });
        inside.count() as f64 / 512.0
    };
    let mut plans = Vec::new();
    let mut muscles = Vec::new();
    for at in each(base.voxels) {
        let own = share(at, &bone);
        if own > 0.0 {
            plans.push(BonePlan {
                at,
                bone: 0,
                sites: vec![SitePlan::trabecular(own)],
                tie: 0.0,
                envelope: own,
            });
        }
        let own = share(at, &muscle);
        if own > 0.0 {
            muscles.push(MusclePlan {
                at,
                muscle: 0,
                fraction: own,
                fibre: [0.0, 0.0, 1.0],
            });
        }
    }
    let mut regions = base.regions.clone();
    regions[0].members = vec![(0, 1.0)];
    if plans.is_empty() {
        plans.push(BonePlan {
            at: [0; 3],
            sites: vec![SitePlan::trabecular(1e-6)],
            envelope: 0.0,
            ..base.bone[0].clone()
        });
    }
    Anatomy {
        bone: plans,
        muscle: if muscles.is_empty() {
            base.muscle.clone()
        } else {
            muscles
        },
        regions,
        ..base
    }
}

const NONE: fn([f64; 3]) -> f64 = |_| 9.0;

fn simulation(gpu: &Gpu, anatomy: Anatomy) -> Simulation {
    let model = Arc::new(Model::built_in().unwrap());
    Simulation::new(gpu, Arc::new(anatomy), model).unwrap()
}

/// The picture's pixels.
fn pixels(gpu: &Gpu, march: &RayMarch, picture: &Picture) -> Vec<[u8; 4]> {
    let bytes = gpu.fetch(&march.read(gpu).unwrap()).unwrap();
    let rgba = RayMarch::pixels(picture.size, &bytes[0]);
    rgba.chunks(4).map(|p| p.try_into().unwrap()).collect()
}

/// Ivory bone alone, from the front, whole, on nothing; `high` voxels in the picture.
fn plain(anatomy: &Anatomy, size: [u32; 2], high: f32) -> Picture {
    let mut picture = Picture::of(anatomy, FieldKind::Density, size);
    picture.camera = Camera::front(anatomy.voxels.map(|n| n as f32 * anatomy.spacing as f32));
    picture.camera.height = high * anatomy.spacing as f32;
    picture.muscles = Muscles::Hidden;
    picture.cut = Cut::None;
    picture.coloured = false;
    picture.transparent = true;
    picture
}

/// Voxels across the picture of a pixel's middle, from the lattice's middle.
fn across(picture: &Picture, spacing: f64, k: usize) -> [f64; 2] {
    let [w, h] = picture.size.map(f64::from);
    let voxels = f64::from(picture.camera.height) / spacing / h;
    let x = (k % picture.size[0] as usize) as f64 + 0.5 - 0.5 * w;
    let y = (k / picture.size[0] as usize) as f64 + 0.5 - 0.5 * h;
    // Lateral is on the viewer's left.
    [-x * voxels, -y * voxels]
}

/// A picture's alpha against the outline that it should have (a distance from it, by the place
/// across the picture, inside negative): the farthest that any pixel is wrong by, voxels.
fn outline_error(
    picture: &Picture,
    spacing: f64,
    pixels: &[[u8; 4]],
    distance: impl Fn([f64; 2]) -> f64,
) -> f64 {
    let wrong = pixels.iter().enumerate().filter_map(|(k, pixel)| {
        let off = distance(across(picture, spacing, k));
        ((pixel[3] > 127) != (off < 0.0)).then_some(off.abs())
    });
    wrong.fold(0.0, f64::max)
}

/// A distance from the surface, by place.
type Solid = Box<dyn Fn([f64; 3]) -> f64>;
/// A distance from the outline, by the place across a picture.
type Outline = Box<dyn Fn([f64; 2]) -> f64>;

#[test]
fn outlines_lie_where_the_tissue_ends() {
    let gpu = gpu();
    for step in 0..5 {
        let off = 0.2 * f64::from(step);
        let centre = [off, -0.7 * off, 0.4 * off];
        let from = move |p: [f64; 3]| -> [f64; 3] { std::array::from_fn(|k| p[k] - centre[k]) };
        let length = |v: &[f64]| v.iter().map(|x| x * x).sum::<f64>().sqrt();
        let sphere = move |p: [f64; 3]| length(&from(p)) - 9.3;
        // A slab 5 voxels thick, tilted in the plane of the picture; a rod towards the viewer.
        let (s, c) = 0.3f64.sin_cos();
        let slab = move |p: [f64; 3]| {
            let v = from(p);
            (c * v[0] + s * v[2]).abs() - 2.5
        };
        let rod = move |p: [f64; 3]| {
            let v = from(p);
            length(&[v[0], v[2]]) - 3.2
        };
        let (ox, oz) = (off, 0.4 * off);
        let cases: [(&str, Solid, Outline); 3] = [
            (
                "sphere",
                Box::new(sphere),
                Box::new(move |[x, z]| length(&[x - ox, z - oz]) - 9.3),
            ),
            (
                "slab",
                Box::new(slab),
                Box::new(move |[x, z]| (c * (x - ox) + s * (z - oz)).abs() - 2.5),
            ),
            (
                "rod",
                Box::new(rod),
                Box::new(move |[x, z]| length(&[x - ox, z - oz]) - 3.2),
            ),
        ];
        for (name, bone, outline) in cases {
            let anatomy = scene_of(32, bone, NONE);
            let spacing = anatomy.spacing;
            let picture = plain(&anatomy, [240, 240], 24.0);
            let simulation = simulation(&gpu, anatomy);
            let mut march = RayMarch::new(simulation.body()).unwrap();
            march.draw(&gpu, &picture).unwrap();
            let found = pixels(&gpu, &march, &picture);
            let error = outline_error(&picture, spacing, &found, &outline);
            assert!(error < 0.25, "{name} at {off}: off by {error} voxels");
            // A sphere a third of a voxel larger would be seen.
            let other = outline_error(&picture, spacing, &found, |at| outline(at) - 0.35);
            assert!(other > 0.25, "{name}: the comparison cannot fail");
        }
    }
}

#[test]
fn a_sphere_is_shaded_without_rings() {
    let gpu = gpu();
    for radius in [6.3, 11.0] {
        let sphere = move |p: [f64; 3]| {
            let v = [p[0] - 0.2, p[1] + 0.1, p[2] - 0.3];
            v.iter().map(|x| x * x).sum::<f64>().sqrt() - radius
        };
        let anatomy = scene_of(32, sphere, NONE);
        let spacing = anatomy.spacing;
        let picture = plain(&anatomy, [200, 200], 24.0);
        let simulation = simulation(&gpu, anatomy);
        let mut march = RayMarch::new(simulation.body()).unwrap();
        march.draw(&gpu, &picture).unwrap();
        let whole = Tile {
            corner: [0, 0],
            size: picture.size,
        };
        let key = march.uniform_of(&picture, whole, 0).key.map(f64::from);
        let mut seen = 0;
        for (k, pixel) in pixels(&gpu, &march, &picture).into_iter().enumerate() {
            let [x, z] = across(&picture, spacing, k);
            let (x, z) = (x - 0.2, z - 0.3);
            let flat = (x * x + z * z).sqrt();
            // Up to 60 degrees from the line of sight: beyond, a tenth of a voxel is 3 degrees.
            if flat > 0.866 * radius {
                continue;
            }
            seen += 1;
            let normal = [
                x / radius,
                (1.0 - (flat / radius).powi(2)).sqrt(),
                z / radius,
            ];
            // What light makes of a convex surface, and how much of a change 3 degrees are.
            let light = |n: [f64; 3]| {
                let facing = n.iter().zip(key).map(|(a, b)| a * b).sum::<f64>().max(0.0);
                255.0 * 0.905 * (0.52 * (0.75 + 0.25 * n[2]) + 0.42 * facing + 0.10)
            };
            let mut room = 1.5f64;
            for tilt in [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]] {
                for sign in [-1.0, 1.0] {
                    let turned: [f64; 3] =
                        std::array::from_fn(|i| normal[i] + sign * 3f64.to_radians() * tilt[i]);
                    let length = turned.iter().map(|x| x * x).sum::<f64>().sqrt();
                    let other = light(turned.map(|x| x / length));
                    room = room.max((other - light(normal)).abs() + 1.0);
                }
            }
            let off = f64::from(pixel[0]) - light(normal).min(255.0 * 0.905 * 1.05);
            assert!(off.abs() <= room, "{radius}: {off} of {room} at {x} {z}");
        }
        assert!(seen > 1000);
    }
}

#[test]
fn a_cut_face_has_exactly_the_colours_of_the_colour_bar() {
    let gpu = gpu();
    let slab = |p: [f64; 3]| p[0].abs() - 12.0;
    let anatomy = scene_of(32, slab, NONE);
    let spacing = anatomy.spacing;
    let heights: Vec<f32> = anatomy.bone.iter().map(|b| b.at[2] as f32 + 0.5).collect();
    let mut picture = plain(&anatomy, [200, 200], 24.0);
    picture.cut = Cut::Coronal(0.5);
    picture.transparent = false;
    let simulation = simulation(&gpu, anatomy);
    let mineral = simulation.model().physiology.tissue_mineral;
    let mut march = RayMarch::new(simulation.body()).unwrap();
    // Density grows by 20 mg/cm³ a voxel upwards; 16 voxels lie below the middle.
    let density = |z: f32| 20.0 * z;
    let sites: Vec<SiteState> = heights
        .iter()
        .map(|z| SiteState::at_rest(density(*z) / mineral))
        .collect();
    write(&gpu, &simulation.state().bone, &sites);
    for (colormap, range) in [
        (Colormap::Batlow, (0.0, 600.0)),
        (Colormap::Viridis, (100.0, 650.0)),
        (Colormap::Vik, (-400.0, 700.0)),
    ] {
        picture.range = range;
        picture.colormap = colormap;
        let table = colormap.table();
        let want = |z: f64| -> [f64; 3] {
            let place = 255.0 * (20.0 * z - f64::from(range.0)) / f64::from(range.1 - range.0);
            let place = place.clamp(0.0, 255.0);
            let (low, share) = (place.floor() as usize, place.fract());
            let high = (low + 1).min(255);
            std::array::from_fn(|c| {
                (1.0 - share) * f64::from(table[low][c]) + share * f64::from(table[high][c])
            })
        };
        for samples in [0, 9] {
            march.draw(&gpu, &picture).unwrap();
            for _ in 0..samples {
                march.gather(&gpu).unwrap();
            }
            let mut seen = 0;
            for (k, pixel) in pixels(&gpu, &march, &picture).into_iter().enumerate() {
                let [x, z] = across(&picture, spacing, k);
                if x.abs() > 11.0 {
                    continue;
                }
                seen += 1;
                let wanted = want(16.0 + z);
                let off = (0..3).map(|c| (f64::from(pixel[c]) - wanted[c]).abs());
                let off = off.fold(0.0, f64::max);
                // Half a step is lost to 8 bits of the picture itself.
                assert!(
                    off <= 1.5,
                    "{colormap:?} {samples}: {pixel:?}, {wanted:?} at {z}"
                );
            }
            assert!(seen > 10_000);
        }
    }
    // Above the range of density there is bone's own colour.
    picture.range = (0.0, 200.0);
    march.draw(&gpu, &picture).unwrap();
    let found = pixels(&gpu, &march, &picture);
    let middle = found[100 * 200 + 100];
    assert!(
        (0..3).all(|c| middle[c].abs_diff(IVORY[c]) <= 1),
        "{middle:?}"
    );
}

#[test]
fn a_cut_bone_is_as_large_as_it_is() {
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
    let h = anatomy.spacing as f32;
    // Through the head's centre.
    let row = (-anatomy.origin[1] / anatomy.spacing) as usize;
    let mut picture = plain(&anatomy, [300, 360], 1.2 * 180.0 / h);
    picture.cut = Cut::Coronal((row as f32 + 0.5) / anatomy.voxels[1] as f32);
    picture.range = (0.0, 600.0);
    let site = SiteState::at_rest(300.0 / mineral);
    write(
        &gpu,
        &simulation.state().bone,
        &vec![site; simulation.state().counts.sites],
    );
    march.draw(&gpu, &picture).unwrap();
    // Bone of the plane by the anatomy itself, its periosteum with what lies within, mm².
    let inside = anatomy.bone.iter().filter(|b| b.at[1] == row);
    let area: f64 = inside.map(|b| b.envelope).sum::<f64>() * anatomy.spacing.powi(2);
    let wanted = Colormap::Batlow.table()[127];
    let near = |p: &&[u8; 4]| (0..3).all(|c| p[c].abs_diff(wanted[c]) <= 2);
    let pixel_mm2 = f64::from(picture.camera.height / picture.size[1] as f32).powi(2);
    let found = pixels(&gpu, &march, &picture);
    let seen = found.iter().filter(near).count() as f64 * pixel_mm2;
    assert!((seen / area - 1.0).abs() < 0.06, "{seen} mm² of {area} mm²");
    assert_eq!(found[0][3], 0, "the corner is not open");
}

#[test]
fn a_muscle_shrinks_true_to_scale_and_keeps_its_outline() {
    let gpu = gpu();
    let belly = |p: [f64; 3]| {
        let [x, y] = [p[0] - 0.1, p[1] + 0.2];
        (x * x + y * y).sqrt() - 10.0
    };
    let anatomy = scene_of(32, NONE, belly);
    let spacing = anatomy.spacing;
    let count = anatomy.muscle.len();
    let mut picture = plain(&anatomy, [300, 300], 26.0);
    picture.muscles = Muscles::Solid;
    picture.outline = false;
    let simulation = simulation(&gpu, anatomy);
    let mut march = RayMarch::new(simulation.body()).unwrap();
    let radius = |march: &mut RayMarch, picture: &Picture| {
        march.draw(&gpu, picture).unwrap();
        let found = pixels(&gpu, march, picture);
        let row = &found[300 * 150..300 * 151];
        let seen = row.iter().filter(|p| p[3] > 127).count() as f64;
        0.5 * seen * f64::from(picture.camera.height) / spacing / 300.0
    };
    assert!((radius(&mut march, &picture) - 10.0).abs() < 0.25);
    // A sixth of the area gone, as after half a year: the radius goes with its root.
    let state = MuscleState {
        type1: 0.83,
        type2: 0.83,
        ..MuscleState::at_rest()
    };
    write(&gpu, &simulation.state().muscle, &vec![state; count]);
    let want = 10.0 * 0.83f64.sqrt();
    let found = radius(&mut march, &picture);
    assert!((found - want).abs() < 0.25, "{found}, wanted {want}");
    assert_eq!(picture.exaggerated(), None);
    picture.exaggeration = 3.0;
    let found = radius(&mut march, &picture);
    let want = 10.0 - 3.0 * (10.0 - want);
    assert!((found - want).abs() < 0.4, "{found}, wanted {want}");
    assert!(
        picture
            .exaggerated()
            .is_some_and(|told| told.contains("×3"))
    );
    // The outline of the start stays, as a line: something 10 voxels off, then nothing, then the
    // muscle.
    picture.exaggeration = 1.0;
    picture.outline = true;
    march.draw(&gpu, &picture).unwrap();
    let found = pixels(&gpu, &march, &picture);
    let row: Vec<bool> = found[300 * 150..300 * 151]
        .iter()
        .map(|p| p[3] > 60)
        .collect();
    let edges: Vec<usize> = (1..300).filter(|k| row[*k] != row[k - 1]).collect();
    assert_eq!(edges.len(), 6, "{edges:?}");
    let off = |k: usize| across(&picture, spacing, 150 * 300 + k)[0] - 0.1;
    assert!((off(edges[0]).abs() - 10.0).abs() < 0.3 && (off(edges[5]).abs() - 10.0).abs() < 0.3);
}

#[test]
fn muscle_stands_out_from_the_ground() {
    let gpu = gpu();
    let belly = |p: [f64; 3]| {
        let [x, y, z] = p;
        (x * x + y * y + 0.3 * z * z).sqrt() - 9.0
    };
    let anatomy = scene_of(32, NONE, belly);
    let simulation = simulation(&gpu, anatomy.clone());
    let mut march = RayMarch::new(simulation.body()).unwrap();
    for background in [[0.11, 0.12, 0.14], [1.0; 3]] {
        for muscles in [Muscles::Shell, Muscles::Solid] {
            for cut in [Cut::None, Cut::Coronal(0.5)] {
                let mut picture = plain(&anatomy, [120, 120], 26.0);
                (picture.muscles, picture.cut) = (muscles, cut);
                picture.background = background;
                picture.transparent = false;
                march.draw(&gpu, &picture).unwrap();
                let found = pixels(&gpu, &march, &picture);
                let ground = background.map(|c| (255.0 * c) as u8);
                // Every pixel well inside, in the middle: light falls on it as it falls.
                let mut worst: Vec<f32> = (0..found.len())
                    .filter(|k| {
                        let [x, z] = across(&picture, anatomy.spacing, *k);
                        (x * x + 0.3 * z * z).sqrt() < 7.5
                    })
                    .map(|k| contrast([found[k][0], found[k][1], found[k][2]], ground))
                    .collect();
                worst.sort_by(f32::total_cmp);
                let median = worst[worst.len() / 2];
                assert!(median >= 3.0, "{muscles:?} {cut} on {ground:?}: {median}");
            }
        }
    }
}

#[test]
fn a_picture_is_the_same_however_it_is_tiled() {
    let gpu = gpu();
    let anatomy = Arc::new(Anatomy::build("hip", 24).unwrap());
    let model = Arc::new(Model::built_in().unwrap());
    let simulation = Simulation::new(&gpu, Arc::clone(&anatomy), model).unwrap();
    let mut march = RayMarch::new(simulation.body()).unwrap();
    let picture = Look::Change.picture(&anatomy, [150, 110]);
    let mut draw = |most: u32| -> Vec<[u8; 4]> {
        march.show_tiles(&gpu, &picture);
        let mut whole = vec![[0; 4]; 150 * 110];
        for tile in picture.tiles(most) {
            march.draw_tile(&gpu, &picture, tile, 3).unwrap();
            let piece = Picture {
                size: tile.size,
                ..picture
            };
            for (k, pixel) in pixels(&gpu, &march, &piece).into_iter().enumerate() {
                let k = k as u32;
                let x = tile.corner[0] + k % tile.size[0];
                let y = tile.corner[1] + k / tile.size[0];
                whole[(x + 150 * y) as usize] = pixel;
            }
        }
        whole
    };
    let whole = draw(1000);
    assert!(whole.iter().any(|p| p[0] < 200));
    assert_eq!(whole, draw(64));
    assert_eq!(whole, draw(37));
}

#[test]
fn an_areal_projection_is_the_sum_of_the_columns() {
    let gpu = gpu();
    let anatomy = Arc::new(Anatomy::build("hip", 24).unwrap());
    let model = Arc::new(Model::built_in().unwrap());
    let simulation = Simulation::new(&gpu, Arc::clone(&anatomy), model).unwrap();
    let mineral = f64::from(simulation.model().physiology.tissue_mineral);
    let mut noise = common::Noise(7);
    let bvtv: Vec<f64> = (0..simulation.state().counts.sites)
        .map(|_| noise.between(0.05, 0.95))
        .collect();
    let sites: Vec<SiteState> = bvtv.iter().map(|b| SiteState::at_rest(*b as f32)).collect();
    write(&gpu, &simulation.state().bone, &sites);
    for along in 0..3 {
        let projection = Projection::new(simulation.body(), along).unwrap();
        let parts = gpu.fetch(&projection.read(&gpu).unwrap()).unwrap();
        let areal = projection.areal(&parts);
        let [u, v] = [[1, 2], [0, 2], [0, 1]][along];
        assert_eq!(areal.size, [anatomy.voxels[u], anatomy.voxels[v]]);
        // mg/cm² from mg/cm³ and cm, by the anatomy.
        let mut want = vec![0.0; areal.density.len()];
        let mut site = 0;
        for plan in &anatomy.bone {
            for own in &plan.sites {
                let mass = mineral * own.fraction * bvtv[site] * (0.1 * anatomy.spacing);
                want[plan.at[u] + areal.size[0] * plan.at[v]] += 1e-3 * mass;
                site += 1;
            }
        }
        let found: Vec<f64> = areal.density.iter().map(|d| f64::from(*d)).collect();
        assert_close("areal density", &found, &want, 1e-6, 1e-4);
        let bone: Vec<f64> = want.iter().copied().filter(|d| *d > 0.05).collect();
        let mean = bone.iter().sum::<f64>() / bone.len() as f64;
        assert!((areal.mean().unwrap() / mean - 1.0).abs() < 1e-3);
        // The same from what is kept of a day.
        let kept: Vec<f32> = bvtv.iter().map(|b| *b as f32).collect();
        let mineral = simulation.model().physiology.tissue_mineral;
        let of_day = Areal::of(&anatomy, &kept, mineral, along);
        let kept: Vec<f64> = of_day.density.iter().map(|d| f64::from(*d)).collect();
        assert_close("areal density of a kept day", &kept, &want, 1e-6, 1e-4);
        assert_eq!(
            (of_day.size, of_day.is_mirrored),
            (areal.size, areal.is_mirrored)
        );
        let (size, rgba) = areal.picture(3, areal.round_top(), Colormap::Grey);
        assert_eq!(rgba.len(), 4 * (size[0] * size[1]) as usize);
        // A column is seen where a camera at the front, or at the side, has it: +x is lateral.
        if along < 2 {
            let azimuth = [90.0, 0.0][along];
            let camera = Camera {
                azimuth,
                elevation: 0.0,
                ..Picture::of(&anatomy, FieldKind::Density, [8, 8]).camera
            };
            let ways = ways(&camera);
            let right = ways.iter().find(|w| w.at[0] > 0.99).unwrap().letter;
            let is_bright = |column: u32| {
                let rows = 0..size[1];
                let sum: u64 = rows
                    .map(|y| u64::from(rgba[4 * (column + size[0] * y) as usize + 3]))
                    .sum();
                sum
            };
            let seen: Vec<u64> = (0..size[0]).step_by(3).map(is_bright).collect();
            let column = |u: usize| {
                let rows = 0..areal.size[1];
                rows.filter(|v| areal.density[u + areal.size[0] * v] > 0.0)
                    .count() as u64
                    * 3
                    * 255
            };
            let mut own: Vec<u64> = (0..areal.size[0]).map(column).collect();
            // M is −x, P is −y.
            if matches!(right, 'M' | 'P') {
                own.reverse();
            }
            assert_eq!(seen, own, "{right} is at the right");
            assert_ne!(own.iter().rev().copied().collect::<Vec<_>>(), own);
        }
    }
}

#[test]
fn what_cannot_be_shown_is_drawn_sensibly() {
    let gpu = gpu();
    let sphere = |p: [f64; 3]| p.iter().map(|x| x * x).sum::<f64>().sqrt() - 8.0;
    let anatomy = scene_of(24, sphere, NONE);
    let simulation = simulation(&gpu, anatomy.clone());
    let mut march = RayMarch::new(simulation.body()).unwrap();
    let count = simulation.state().counts.sites;
    let usual = Picture {
        coloured: true,
        ..plain(&anatomy, [40, 40], 26.0)
    };
    let mut draw = |picture: Picture| {
        march.draw(&gpu, &picture).unwrap();
        march.gather(&gpu).unwrap();
        pixels(&gpu, &march, &picture)
    };
    let seen = |pixels: &[[u8; 4]]| pixels.iter().filter(|p| p[3] > 127).count();
    let whole = seen(&draw(usual));
    assert!(whole > 300);
    // A field that is no number anywhere, a range upside down, a range of nothing.
    write(
        &gpu,
        &simulation.state().bone,
        &vec![SiteState::at_rest(f32::NAN); count],
    );
    assert_eq!(seen(&draw(usual)), whole);
    write(
        &gpu,
        &simulation.state().bone,
        &vec![SiteState::at_rest(0.3); count],
    );
    for range in [(5.0, 1.0), (2.0, 2.0), (f32::NAN, 1.0)] {
        assert_eq!(seen(&draw(Picture { range, ..usual })), whole);
    }
    // One pixel; planes that take away nothing and all; a muscle that there is not.
    let one = draw(Picture {
        size: [1, 1],
        ..usual
    });
    assert_eq!(one.len(), 1);
    for (cut, left) in [
        (Cut::Coronal(5.0), whole),
        (Cut::Coronal(-1.0), 0),
        (Cut::Oblique([0.0, 1.0, 0.0], 3.0), whole),
        (Cut::Oblique([0.0; 3], 0.0), whole),
    ] {
        assert_eq!(seen(&draw(Picture { cut, ..usual })), left, "{cut:?}");
    }
    let none = Picture {
        field: FieldKind::MuscleArea,
        muscles: Muscles::Solid,
        shown: MuscleSet::NONE,
        ..usual
    };
    assert_eq!(seen(&draw(none)), whole, "bone stays");
    let large = Picture {
        size: [16_385, 4],
        ..usual
    };
    let told = large.check().unwrap_err().to_string();
    assert!(
        told.contains("16385 × 4") && told.contains("1 to 16384"),
        "{told}"
    );
    // In one piece an adapter draws no larger than its largest texture; in tiles it does.
    let most = gpu.device().limits().max_texture_dimension_2d;
    if most < 16_384 {
        let wide = Picture {
            size: [16_384, 2],
            ..usual
        };
        assert!(march.draw(&gpu, &wide).is_err());
    }
}

#[test]
fn slices_isosurfaces_and_clouds_show_what_they_are_of() {
    let gpu = gpu();
    let block = |p: [f64; 3]| p.iter().map(|x| x.abs()).fold(0.0, f64::max) - 12.0;
    let anatomy = scene_of(32, block, NONE);
    let spacing = anatomy.spacing;
    let simulation = simulation(&gpu, anatomy.clone());
    let mineral = simulation.model().physiology.tissue_mineral;
    // Density falls with the distance from the middle: what is above 300 is a ball of radius 7.
    let sites: Vec<SiteState> = anatomy
        .bone
        .iter()
        .map(|b| {
            let v = b.at.map(|k| 16.0 - (k as f32 + 0.5));
            let r = v.iter().map(|x| x * x).sum::<f32>().sqrt();
            SiteState::at_rest((300.0 + 30.0 * (7.0 - r)).max(0.0) / mineral)
        })
        .collect();
    write(&gpu, &simulation.state().bone, &sites);
    let mut march = RayMarch::new(simulation.body()).unwrap();
    let usual = Picture {
        range: (0.0, 600.0),
        ..plain(&anatomy, [160, 160], 30.0)
    };
    let mut draw = |picture: &Picture| {
        march.draw(&gpu, picture).unwrap();
        pixels(&gpu, &march, picture)
    };
    let ball = Picture {
        style: Style::Isosurface(300.0),
        ..usual
    };
    let found = draw(&ball);
    let error = outline_error(&ball, spacing, &found, |[x, z]| {
        (x * x + z * z).sqrt() - 7.0
    });
    assert!(error < 0.35, "isosurface off by {error} voxels");
    // A slice through what lies behind the block shows nothing of it.
    let slice = |share: f32| Picture {
        style: Style::Slice,
        cut: Cut::Coronal(share),
        ..usual
    };
    let opaque = |pixels: &[[u8; 4]]| pixels.iter().filter(|p| p[3] > 127).count();
    assert!(opaque(&draw(&slice(0.5))) > 10_000);
    assert_eq!(opaque(&draw(&slice(0.05))), 0);
    // A cloud that lets everything through is nothing; the denser it is, the more is kept.
    let cloud = |opacity: f32| Picture {
        style: Style::Cloud(Opacity([opacity; 5])),
        ..usual
    };
    let middle = |pixels: &[[u8; 4]]| pixels[80 * 160 + 80][3];
    assert_eq!(middle(&draw(&cloud(0.0))), 0);
    // 24 voxels, a share o lost a millimetre.
    for opacity in [0.02f32, 0.2] {
        let kept = 1.0 - (1.0 - f64::from(opacity)).powf(24.0 * spacing);
        let found = f64::from(middle(&draw(&cloud(opacity)))) / 255.0;
        assert!(
            (found - kept).abs() < 0.04,
            "{opacity}: {found}, wanted {kept}"
        );
    }
}

#[test]
fn two_bodies_are_told_apart() {
    let gpu = gpu();
    let slab = |p: [f64; 3]| p[0].abs() - 9.0;
    let anatomy = scene_of(24, slab, NONE);
    let one = simulation(&gpu, anatomy.clone());
    let other = simulation(&gpu, anatomy.clone());
    let mineral = one.model().physiology.tissue_mineral;
    let fill = |s: &Simulation, density: f32| {
        let site = SiteState::at_rest(density / mineral);
        write(&gpu, &s.state().bone, &vec![site; s.state().counts.sites]);
    };
    fill(&one, 400.0);
    fill(&other, 340.0);
    let reference = RayMarch::new(other.body()).unwrap();
    reference.show(&gpu, FieldKind::Density);
    let mut march = RayMarch::new(one.body()).unwrap();
    march.refer(&gpu, Some(&reference));
    let picture = Picture {
        cut: Cut::Coronal(0.5),
        range: (-120.0, 120.0),
        colormap: Colormap::Vik,
        ..plain(&anatomy, [50, 50], 20.0)
    };
    march.draw(&gpu, &picture).unwrap();
    let found = pixels(&gpu, &march, &picture)[25 * 50 + 25];
    let want = Colormap::Vik.table()[191];
    assert!(
        (0..3).all(|c| found[c].abs_diff(want[c]) <= 2),
        "{found:?} {want:?}"
    );
    march.refer(&gpu, None);
    march.draw(&gpu, &picture).unwrap();
    let found = pixels(&gpu, &march, &picture)[25 * 50 + 25];
    assert!(
        (0..3).all(|c| found[c].abs_diff(IVORY[c]) <= 1),
        "400 is above the range: {found:?}"
    );
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
