//! A run kept and gone on from, in another body: the same bytes as if nothing had happened.
#![allow(
    clippy::unwrap_used,
    clippy::float_cmp,
    reason = "a test fails by panicking, and exactness is what some of them are about"
)]

mod common;

use std::sync::Arc;
use std::time::Instant;

use common::{Noise, gpu, measured, read, settle};
use mechanostat::command::wait::{Wait as _, open_gpu};
use mechanostat::gpu::{Gpu, Need};
use mechanostat::measure::{Measurement, RegionSums};
use mechanostat::physiology::Model;
use mechanostat::scenario::{Conditions, Drug, Exercise};
use mechanostat::sim::{Checkpoint, Simulation};
use mechanostat::tissue::Anatomy;
use mechanostat::view::{FieldKind, Picture, RayMarch};
use mechanostat::volume::{Axes, Volume, each};

const FLIGHT: Conditions = Conditions {
    gravity: 0.0,
    ..Conditions::EARTH
};

fn person(anatomy: &Anatomy) -> Arc<Model> {
    let model = Model::built_in().unwrap();
    Arc::new(model.person(anatomy.scene, "control", 75.0, &[]).unwrap())
}

fn settled(gpu: &Gpu, anatomy: &Arc<Anatomy>) -> Simulation {
    let mut simulation = Simulation::new(gpu, Arc::clone(anatomy), person(anatomy)).unwrap();
    settle(&mut simulation);
    simulation
}

fn days(simulation: &mut Simulation, conditions: Conditions, count: u32) {
    simulation.set_conditions(conditions);
    for _ in 0..count {
        assert!(simulation.advance(1.0));
        settle(simulation);
    }
}

/// Named buffers, measurements, and the day.
type Everything = (Vec<(String, Vec<u8>)>, Vec<Measurement>, f64);

/// All that a run is, to the bit.
fn everything(simulation: &Simulation) -> Everything {
    let gpu = simulation.gpu();
    let buffers = simulation.body().changing().iter();
    let bytes = buffers.map(|(name, b)| (name.clone(), read::<u8>(gpu, b, b.size() as usize)));
    let region_sums = RegionSums::new(simulation.body(), simulation.model()).unwrap();
    (
        bytes.collect(),
        measured(simulation, &region_sums),
        simulation.day(),
    )
}

fn kept(simulation: &Simulation) -> Checkpoint {
    let pending = simulation.checkpoint().unwrap().unwrap();
    simulation.gpu().arrival(|| pending.poll()).unwrap()
}

fn scan() -> Anatomy {
    let voxels = [20, 20, 30];
    let values = each(voxels).map(|at| {
        let r = (at[0] as f64 - 9.5).hypot(at[1] as f64 - 9.5);
        if r < 7.0 { 300.0 } else { 20.0 }
    });
    let volume = Volume {
        name: "scan".to_owned(),
        unit: String::new(),
        voxels,
        spacing: [1.0, 1.0, 1.5],
        origin: [0.0; 3],
        axes: Axes::BODY,
        values: values.collect(),
    };
    Anatomy::from_scan(&volume, 24).unwrap()
}

fn goes_on_to_the_same_bytes(anatomy: Anatomy) {
    let gpu = gpu();
    let anatomy = Arc::new(anatomy);
    let name = anatomy.scene;
    let mut unbroken = settled(&gpu, &anatomy);
    let home = Conditions {
        exercise: Exercise::Ared,
        drug: Drug::Bisphosphonate,
        ..Conditions::EARTH
    };
    // In mid-flight, between two solves; then after landing.
    days(&mut unbroken, FLIGHT, 10);
    let in_flight = kept(&unbroken).to_bytes().unwrap();
    days(&mut unbroken, FLIGHT, 6);
    days(&mut unbroken, home, 5);
    let at_home = kept(&unbroken).to_bytes().unwrap();
    days(&mut unbroken, home, 9);
    let wanted = everything(&unbroken);
    assert!(wanted.0.len() >= 12, "only {} buffers", wanted.0.len());

    let restored = |bytes: &[u8]| {
        let checkpoint = Checkpoint::from_bytes(bytes).unwrap();
        Simulation::restore(&gpu, Arc::clone(&anatomy), person(&anatomy), &checkpoint).unwrap()
    };
    let mut first = restored(&in_flight);
    assert_eq!((first.day(), *first.conditions()), (10.0, FLIGHT), "{name}");
    days(&mut first, FLIGHT, 6);
    days(&mut first, home, 14);
    let mut second = restored(&at_home);
    days(&mut second, home, 9);
    for (which, other) in [("in flight", first), ("at home", second)] {
        let found = everything(&other);
        for ((label, a), (_, b)) in wanted.0.iter().zip(&found.0) {
            assert!(a == b, "{name}, kept {which}: {label} differs");
        }
        assert!(found == wanted, "{name}, kept {which}");
    }
    println!(
        "{name}: {:.0} kB kept, of {:.0} kB",
        in_flight.len() as f64 / 1e3,
        wanted.0.iter().map(|(_, b)| b.len()).sum::<usize>() as f64 / 1e3
    );
}

#[test]
fn the_hip_goes_on() {
    goes_on_to_the_same_bytes(Anatomy::build("hip", 24).unwrap());
}

#[test]
fn the_lower_leg_goes_on() {
    goes_on_to_the_same_bytes(Anatomy::build("lower-leg", 24).unwrap());
}

#[test]
fn a_vertebra_goes_on() {
    goes_on_to_the_same_bytes(Anatomy::build("lumbar", 24).unwrap());
}

#[test]
fn a_core_goes_on() {
    goes_on_to_the_same_bytes(Anatomy::build("trabecular-core", 24).unwrap());
}

#[test]
fn a_scan_goes_on() {
    goes_on_to_the_same_bytes(scan());
}

/// A law that moves another quantity must have it kept: the list is found from the bindings, and
/// nothing that a stage writes may be missing from it.
#[test]
fn what_a_step_changes_is_what_is_kept() {
    let gpu = gpu();
    let anatomy = Arc::new(Anatomy::build("hip", 24).unwrap());
    let mut simulation = settled(&gpu, &anatomy);
    let kept: Vec<&str> = simulation
        .body()
        .changing()
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    // Set-points and surfaces are state too.
    for name in [
        "bone state",
        "homeostasis",
        "bone surface",
        "stimulus",
        "muscle state",
        "signal level",
        "muscle strength",
        "daily forces",
        "modulus",
        "displacement",
        "earlier displacement",
    ] {
        assert!(kept.contains(&name), "{name} is not among {kept:?}");
    }
    let mut once = kept.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once.len(), kept.len(), "two buffers of one name: {kept:?}");
    assert!(kept.iter().all(|name| !name.is_empty()), "{kept:?}");
    // What no shader writes stays as it is; what is kept moves, or could.
    let state = simulation.state();
    let still = [
        &state.bone_voxels,
        &state.sites,
        &state.muscle_voxels,
        &state.reference,
    ];
    let of = |b: &wgpu::Buffer| read::<u8>(&gpu, b, b.size() as usize);
    assert!(
        still
            .iter()
            .all(|b| !simulation.body().changing().iter().any(|(_, c)| c == *b))
    );
    let before: Vec<Vec<u8>> = still.iter().map(|b| of(b)).collect();
    days(&mut simulation, FLIGHT, 8);
    let state = simulation.state();
    let still = [
        &state.bone_voxels,
        &state.sites,
        &state.muscle_voxels,
        &state.reference,
    ];
    assert!(
        still
            .iter()
            .zip(&before)
            .all(|(b, before)| of(b) == *before)
    );
}

#[test]
fn a_listing_handle_finds_what_kernels_write_and_no_more() {
    let gpu = gpu().listing();
    let shader = "
        @group(0) @binding(0) var<storage, read_write> a: array<f32>;
        @group(0) @binding(1) var<storage, read_write> only_read: array<f32>;
        @group(0) @binding(2) var<storage, read_write> counted: array<atomic<u32>>;
        @group(0) @binding(3) var<storage, read> b: array<f32>;
        fn put(x: f32) { a[0] = x; }
        @compute @workgroup_size(64)
        fn works() { put(b[0] + only_read[0]); atomicAdd(&counted[0], 1u); }";
    let shader = mechanostat::gpu::Shader::new(&gpu, "listed", shader).unwrap();
    let make = |name: &str| gpu.storage::<f32>(name, 4).unwrap();
    let [a, only_read, counted, b] = ["a", "only read", "counted", "b"].map(make);
    let kernel = shader.kernel(&gpu, "works").unwrap();
    let all = [&a, &only_read, &counted, &b];
    let bound: Vec<_> = all
        .iter()
        .enumerate()
        .map(|(k, buffer)| (k as u32, mechanostat::gpu::whole(buffer)))
        .collect();
    kernel.bind(&gpu, &bound).unwrap();
    let names: Vec<String> = gpu.written().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["a", "counted"]);
}

#[test]
fn a_checkpoint_of_anything_else_is_refused_in_a_sentence() {
    let gpu = gpu();
    let anatomy = Arc::new(Anatomy::build("hip", 24).unwrap());
    let mut simulation = settled(&gpu, &anatomy);
    days(&mut simulation, FLIGHT, 2);
    let checkpoint = kept(&simulation);
    let refused = |anatomy: Anatomy, change: &dyn Fn(&mut Model)| -> String {
        let mut model = (*person(&anatomy)).clone();
        change(&mut model);
        Simulation::restore(&gpu, Arc::new(anatomy), Arc::new(model), &checkpoint)
            .err()
            .unwrap()
            .to_string()
    };
    let hip = |size| Anatomy::build("hip", size).unwrap();
    let same = |_: &mut Model| {};
    assert!(refused(hip(32), &same).contains("size: 24, and 32 is asked for"));
    let lumbar = Anatomy::build("lumbar", 24).unwrap();
    assert!(refused(lumbar, &same).contains("scene: hip, and lumbar"));
    let other = |m: &mut Model| m.physiology.rankl_gain *= 1.01;
    assert!(refused(hip(24), &other).contains("set of parameters"));
    let mut shaved = hip(24);
    shaved.bone[0].sites[0].fraction *= 0.5;
    assert!(refused(shaved, &same).contains("anatomy"));

    let bytes = checkpoint.to_bytes().unwrap();
    assert_eq!(Checkpoint::from_bytes(&bytes).unwrap(), checkpoint);
    let mut noise = Noise(5);
    for _ in 0..200 {
        let at = (noise.next() * bytes.len() as f64) as usize;
        let mut flipped = bytes.clone();
        flipped[at] ^= 1 << (noise.next() * 8.0) as u32;
        for bad in [&flipped[..], &bytes[..at]] {
            let error = Checkpoint::from_bytes(bad).unwrap_err().to_string();
            assert!(
                error.starts_with("this") && !error.contains('\n'),
                "{error}"
            );
        }
    }
}

#[test]
fn a_second_body_takes_a_fraction_of_the_first_one_and_compiles_nothing() {
    let gpu = open_gpu(Need::DEFAULT).unwrap();
    let anatomy = Arc::new(Anatomy::build("hip", 32).unwrap());
    let start = Instant::now();
    let first = Simulation::new(&gpu, Arc::clone(&anatomy), person(&anatomy)).unwrap();
    gpu.wait().unwrap();
    let one = start.elapsed();
    let compiled = gpu.pipelines();
    let start = Instant::now();
    let second = Simulation::new(&gpu, Arc::clone(&anatomy), person(&anatomy)).unwrap();
    gpu.wait().unwrap();
    let other = start.elapsed();
    println!("first body {one:.0?}, second {other:.0?}");
    assert_eq!(gpu.pipelines(), compiled);
    assert_eq!(first.bytes(), second.bytes());
    // A restored one is as cheap; none of them settles.
    let mut first = first;
    settle(&mut first);
    let checkpoint = kept(&first);
    let restored =
        Simulation::restore(&gpu, Arc::clone(&anatomy), person(&anatomy), &checkpoint).unwrap();
    assert!(restored.is_ready());
    assert_eq!(gpu.pipelines(), compiled);
}

/// Each view owns its outputs: two of one body, of different fields, do not fight.
#[test]
fn two_views_of_a_body_do_not_fight() {
    let gpu = gpu();
    let anatomy = Arc::new(Anatomy::build("hip", 24).unwrap());
    let mut simulation = settled(&gpu, &anatomy);
    days(&mut simulation, FLIGHT, 3);
    let size = [96, 120];
    let picture = |field| Picture::of(&anatomy, field, size);
    let fields = [FieldKind::Density, FieldKind::MuscleArea];
    let pixels =
        |view: &RayMarch| -> Vec<u8> { gpu.fetch(&view.read(&gpu).unwrap()).unwrap().concat() };
    let alone = fields.map(|field| {
        let mut view = RayMarch::new(simulation.body()).unwrap();
        view.draw(&gpu, &picture(field)).unwrap();
        pixels(&view)
    });
    let mut both = fields.map(|_| RayMarch::new(simulation.body()).unwrap());
    for (view, field) in both.iter_mut().zip(fields) {
        view.draw(&gpu, &picture(field)).unwrap();
    }
    assert_ne!(alone[0], alone[1]);
    for (view, alone) in both.iter().zip(&alone) {
        assert!(pixels(view) == *alone);
    }
}
