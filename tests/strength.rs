//! Tests of the hip to failure: what linear elasticity and Pistoia's criterion must give whatever
//! the bone.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::sync::Arc;

use common::{failure, gpu, read, settle, write};
use mechanostat::gpu::Gpu;
use mechanostat::measure::{Strength, StrengthTest};
use mechanostat::physiology::Model;
use mechanostat::sim::Simulation;
use mechanostat::tissue::Anatomy;

fn tested(gpu: &Gpu, simulation: &Simulation) -> Vec<Strength> {
    simulation
        .anatomy()
        .strength
        .iter()
        .map(|plan| failure(StrengthTest::new(simulation, plan).unwrap(), gpu))
        .collect()
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
    assert!(fall.strength < stance.strength && fall.stiffness < stance.stiffness);
    assert!((2e3..2.5e4).contains(&fall.strength) && (2e3..2.5e4).contains(&stance.strength));
    // The load points are on the bone, 1 N in all.
    for plan in &anatomy.strength {
        let sum: [f64; 3] =
            std::array::from_fn(|k| plan.load.points.iter().map(|p| p.2[k]).sum::<f64>());
        let size = sum.iter().map(|f| f * f).sum::<f64>().sqrt();
        assert!((size - 1.0).abs() < 1e-9, "{}: {size}", plan.name);
        assert!(plan.held.len() > 30, "{}: {}", plan.name, plan.held.len());
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
