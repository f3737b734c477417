//! Tests of the hip to failure: what linear elasticity and Pistoia's criterion must give whatever
//! the bone.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::sync::Arc;

use common::{failure, gpu, read, settle, write};
use glam::DVec3;
use mechanostat::gpu::Gpu;
use mechanostat::measure::{Strength, StrengthTest};
use mechanostat::physiology::Model;
use mechanostat::sim::Simulation;
use mechanostat::tissue::{Anatomy, UnitLoad};

fn tested(gpu: &Gpu, simulation: &Simulation) -> Vec<Strength> {
    simulation
        .anatomy()
        .strength
        .iter()
        .map(|plan| failure(StrengthTest::new(simulation, plan).unwrap(), gpu))
        .collect()
}

/// Those forces of a load that `of` picks: their sum, and their middle, mm.
fn pressed(load: &UnitLoad, spacing: f64, of: impl Fn(DVec3) -> bool) -> (DVec3, DVec3) {
    let (mut sum, mut middle, mut size) = (DVec3::ZERO, DVec3::ZERO, 0.0);
    for (element, within, force) in &load.points {
        let force = DVec3::from_array(*force);
        if of(force) {
            let at: [f64; 3] = std::array::from_fn(|k| element[k] as f64 + within[k]);
            sum += force;
            middle += DVec3::from_array(at) * spacing * force.length();
            size += force.length();
        }
    }
    (sum, middle / size)
}

#[test]
fn half_the_modulus_is_half_the_stiffness_and_half_the_strength() {
    let gpu = gpu();
    let anatomy = Arc::new(Anatomy::build("hip", 32).unwrap());
    let model = Arc::new(Model::built_in().unwrap());
    let mut simulation = Simulation::new(&gpu, Arc::clone(&anatomy), model).unwrap();
    settle(&mut simulation);
    let whole = tested(&gpu, &simulation);
    let [stance, fall] = whole.as_slice() else {
        panic!("{whole:?}");
    };
    println!("stance {stance:?}, fall {fall:?}");
    // A man's femur breaks at several thousand newtons, and sooner in a fall than in stance (Keyak
    // 2000).
    assert!(fall.strength < stance.strength);
    assert!((2e3..2.5e4).contains(&fall.strength) && (2e3..2.5e4).contains(&stance.strength));
    let [upright, fallen] = anatomy.strength.as_slice() else {
        panic!("{:?}", anatomy.strength);
    };
    // 1 N in all presses the head in stance.
    let (all, _) = pressed(&upright.load, anatomy.spacing, |_| true);
    assert!((all.length() - 1.0).abs() < 1e-9, "{all:?}");
    // In a fall 1 N presses the head, the pad presses back, and what they leave over turns nothing
    // about the knee, some 400 mm below the head.
    let along = DVec3::from_array(fallen.load.points[0].2).normalize_or_zero();
    let (push, head) = pressed(&fallen.load, anatomy.spacing, |f| f.dot(along) > 0.0);
    let (back, pad) = pressed(&fallen.load, anatomy.spacing, |f| f.dot(along) < 0.0);
    assert!((push.length() - 1.0).abs() < 1e-9, "{push:?}");
    assert!((back + along * back.length()).length() < 1e-9, "{back:?}");
    let above = (head - pad).reject_from(along).z;
    let knee = above / (back.length() - 1.0);
    println!("the head is {above:.1} mm above the pad, the knee {knee:.0} mm below");
    assert!((330.0..450.0).contains(&knee), "{knee}");
    for plan in &anatomy.strength {
        assert!(plan.held.len() > 30, "{}: {}", plan.name, plan.held.len());
        // What is pushed on is cast, most of the bone is not.
        let cast = plan.cast_elements(anatomy.spacing);
        let bones = anatomy.bone.iter().filter(|bone| {
            let at = std::array::from_fn(|k| bone.at[k] - anatomy.mechanics_low[k]);
            cast.contains(&at)
        });
        let share = bones.count() as f64 / anatomy.bone.len() as f64;
        assert!((0.01..0.2).contains(&share), "{}: {share}", plan.name);
    }
    let modulus = simulation.mechanics().modulus();
    let entries = simulation.mechanics().grid().len();
    let halved: Vec<f32> = read::<f32>(&gpu, modulus, entries)
        .iter()
        .map(|m| 0.5 * m)
        .collect();
    write(&gpu, modulus, &halved);
    for (half, whole) in tested(&gpu, &simulation).iter().zip(&whole) {
        assert!(
            (half.strength / whole.strength - 0.5).abs() < 1e-3,
            "{half:?} {whole:?}"
        );
        assert!(
            (half.stiffness / whole.stiffness - 0.5).abs() < 1e-3,
            "{half:?} {whole:?}"
        );
    }
}
