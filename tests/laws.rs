//! What bone's laws must show wherever they act: the lattice decides, blood is the whole body's,
//! paralysis is more than disuse, and nothing runs away.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::sync::Arc;

use common::{gpu, measured, read, settle};
use mechanostat::gpu::Gpu;
use mechanostat::measure::{Measurement, Quantity, RegionSums, WHOLE_BODY, value_of};
use mechanostat::physiology::Model;
use mechanostat::scenario::{Conditions, Cuts, Exercise, Link, Posture};
use mechanostat::sim::loads::skeleton_loads;
use mechanostat::sim::state::SiteState;
use mechanostat::sim::{Moment, Simulation};
use mechanostat::tissue::Anatomy;

const FLIGHT: Conditions = Conditions {
    gravity: 0.0,
    ..Conditions::EARTH
};
const PARALYSED: Conditions = Conditions {
    posture: Posture::Paralysed,
    ..Conditions::EARTH
};

fn settled(gpu: &Gpu, scene: &str, size: usize) -> Simulation {
    let model = Model::built_in().unwrap();
    let model = model.person(scene, "control", 75.0, &[]).unwrap();
    let anatomy = Arc::new(Anatomy::build(scene, size).unwrap());
    let mut simulation = Simulation::new(gpu, anatomy, Arc::new(model)).unwrap();
    settle(&mut simulation);
    simulation
}

fn live(simulation: &mut Simulation, conditions: Conditions, days: usize) {
    simulation.set_conditions(conditions);
    for _ in 0..days {
        assert!(simulation.advance(1.0));
        settle(simulation);
    }
}

/// Mean and coefficient of variation.
fn spread(values: impl Iterator<Item = f32>) -> [f64; 2] {
    let all: Vec<f64> = values.map(f64::from).collect();
    let mean = all.iter().sum::<f64>() / all.len() as f64;
    let square = all.iter().map(|x| (x - mean).powi(2)).sum::<f64>();
    [mean, (square / all.len() as f64).sqrt() / mean]
}

fn cells(gpu: &Gpu, simulation: &Simulation) -> [[f64; 2]; 2] {
    let state = simulation.state();
    let sites: Vec<SiteState> = read(gpu, &state.bone, state.counts.sites);
    [
        spread(sites.iter().map(|s| s.osteocyte)),
        spread(sites.iter().map(|s| s.osteoclasts)),
    ]
}

fn change(before: &[Measurement], after: &[Measurement], region: &str, of: Quantity) -> f64 {
    let value = |all: &[Measurement]| value_of(all, region, of).unwrap();
    100.0 * (value(after) / value(before) - 1.0)
}

#[test]
fn in_flight_the_lattice_decides() {
    let gpu = gpu();
    let mut simulation = settled(&gpu, "hip", 32);
    let start: Moment = simulation.keep(None).unwrap().unwrap();
    live(&mut simulation, FLIGHT, 30);
    let [osteocytes, osteoclasts] = cells(&gpu, &simulation);
    println!("osteocytes {osteocytes:?}, osteoclasts {osteoclasts:?}");
    assert!(osteocytes[1] >= 0.2, "{osteocytes:?}");
    assert!(osteoclasts[1] >= 0.05, "{osteoclasts:?}");
    simulation.go_back(&start);
    let cuts = Cuts::NONE.with(Link::StrainField, true);
    live(&mut simulation, Conditions { cuts, ..FLIGHT }, 30);
    let [osteocytes, osteoclasts] = cells(&gpu, &simulation);
    println!("cut: osteocytes {osteocytes:?}, osteoclasts {osteoclasts:?}");
    assert!(osteocytes[1] < 0.05, "{osteocytes:?}");
    assert!(osteoclasts[1] < 0.01, "{osteoclasts:?}");
}

#[test]
fn blood_is_the_same_whatever_is_looked_at() {
    let gpu = gpu();
    let told = ["hip", "lower-leg", "lumbar", "trabecular-core"].map(|scene| {
        let mut simulation = settled(&gpu, scene, 24);
        let sums = RegionSums::new(simulation.body(), simulation.model()).unwrap();
        live(&mut simulation, FLIGHT, 20);
        let all = measured(&simulation, &sums);
        [
            Quantity::ResorptionMarker,
            Quantity::FormationMarker,
            Quantity::CalciumBalance,
            Quantity::SkeletalMineral,
        ]
        .map(|q| value_of(&all, WHOLE_BODY, q).unwrap())
    });
    assert!(told[0][0] > 1.3 && told[0][2] < -50.0, "{:?}", told[0]);
    for other in &told[1..] {
        for (own, first) in other.iter().zip(&told[0]) {
            assert!((own / first - 1.0).abs() < 1e-5, "{told:?}");
        }
    }
}

#[test]
fn the_skeleton_bears_what_its_scene_does() {
    let model = Model::built_in().unwrap();
    let at = |conditions: &Conditions| -> Vec<f64> { skeleton_loads(&model, conditions) };
    let piece = |name: &str| model.skeleton.iter().position(|s| s.name == name).unwrap();
    let (arms, spine, thighs) = (piece("arms"), piece("spine"), piece("thighs"));
    // Exactly 1 on Earth, or bone would drift.
    assert!(
        at(&Conditions::EARTH)
            .iter()
            .all(|load| (load - 1.0).abs() < f64::EPSILON)
    );
    let flight = at(&FLIGHT);
    assert!((flight[arms] - 1.0).abs() < f64::EPSILON);
    assert!(flight[thighs] < 0.3 && flight[spine] < 0.7, "{flight:?}");
    let trained = at(&Conditions {
        exercise: Exercise::Ared,
        ..FLIGHT
    });
    assert!(trained[thighs] > 2.0 * flight[thighs], "{trained:?}");
    let lame = at(&PARALYSED);
    let left = f64::from(model.physiology.residual_load_paralysed);
    // Every joint keeps the same share, so the day does too.
    assert!((lame[thighs] - left).abs() < 1e-6, "{lame:?}");
    assert!((lame[spine] - 1.0).abs() < f64::EPSILON, "{lame:?}");
}

#[test]
fn paralysis_is_more_than_flight_and_spares_the_trunk() {
    let gpu = gpu();
    let mut simulation = settled(&gpu, "hip", 24);
    let sums = RegionSums::new(simulation.body(), simulation.model()).unwrap();
    let before = measured(&simulation, &sums);
    let start: Moment = simulation.keep(None).unwrap().unwrap();
    let mut loss = |conditions: Conditions| {
        simulation.go_back(&start);
        live(&mut simulation, conditions, 100);
        let after = measured(&simulation, &sums);
        [
            ("total_hip", Quantity::Bmd),
            ("spine", Quantity::SkeletalMineral),
        ]
        .map(|(region, of)| change(&before, &after, region, of))
    };
    let (flight, lame) = (loss(FLIGHT), loss(PARALYSED));
    println!("100 days: flight {flight:?}, paralysis {lame:?}");
    let ratio = lame[0] / flight[0];
    assert!((1.6..=2.6).contains(&ratio), "{ratio}");
    assert!(flight[1] < -1.0 && lame[1].abs() < 1e-3);
}

/// Weightlessness ends in less bone, not in none: cells get used to it, and what is left is
/// strained more.
#[test]
fn ten_years_without_weight_end_on_a_plateau() {
    let gpu = gpu();
    let mut simulation = settled(&gpu, "hip", 24);
    let sums = RegionSums::new(simulation.body(), simulation.model()).unwrap();
    let before = measured(&simulation, &sums);
    let lost: Vec<f64> = (0..10)
        .map(|_| {
            live(&mut simulation, FLIGHT, 365);
            let now = measured(&simulation, &sums);
            change(&before, &now, "total_hip", Quantity::Bmd)
        })
        .collect();
    println!("% by year: {lost:.1?}");
    assert!(lost.iter().all(|x| x.is_finite()), "{lost:?}");
    let (first, last) = (lost[0], lost[9] - lost[8]);
    assert!(first < -5.0 && last.abs() < 0.1 * first.abs(), "{lost:?}");
}
