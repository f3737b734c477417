//! No quotient, root or power is anything but a finite number, wherever it is made and whatever
//! hides it afterwards.
#![allow(
    clippy::unwrap_used,
    clippy::float_cmp,
    reason = "a test fails by panicking, and exactness is what some of them are about"
)]

mod common;

use std::sync::Arc;

use common::{measured, read, settle};
use mechanostat::command::wait::{Wait as _, open_gpu};
use mechanostat::gpu::{Fault, Gpu, Need, Request, Shader, dispatch, whole};
use mechanostat::measure::RegionSums;
use mechanostat::physiology::{Model, Physiology};
use mechanostat::scenario::{Conditions, Drug, Exercise};
use mechanostat::sim::Simulation;
use mechanostat::sim::links::SETTLING;
use mechanostat::sim::state::SiteState;
use mechanostat::tissue::{Anatomy, SCENES};
use mechanostat::view::{Field, FieldKind};
use mechanostat::volume::each;

fn checking() -> Gpu {
    open_gpu(Request {
        checks: true,
        ..Need::DEFAULT.into()
    })
    .unwrap_or_else(|e| panic!("{e}"))
}

fn faults(gpu: &Gpu) -> Vec<Fault> {
    let bytes = gpu.fetch(&gpu.read_faults().unwrap().unwrap()).unwrap();
    gpu.faults(&bytes[0])
}

fn settled(gpu: &Gpu, scene: &str, size: usize) -> Simulation {
    settled_anatomy(gpu, Anatomy::build(scene, size).unwrap())
}

fn settled_anatomy(gpu: &Gpu, anatomy: Anatomy) -> Simulation {
    let model = Model::built_in().unwrap();
    let model = model.person(anatomy.scene, "control", 75.0, &[]).unwrap();
    let mut simulation = Simulation::new(gpu, Arc::new(anatomy), Arc::new(model)).unwrap();
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

const FLIGHT: Conditions = Conditions {
    gravity: 0.0,
    ..Conditions::EARTH
};

#[test]
fn what_minima_and_clamps_hide_is_counted_where_it_is_made() {
    let gpu = checking();
    let body = "
        @group(0) @binding(0) var<storage, read_write> out: array<f32>;
        @compute @workgroup_size(64)
        fn divides(@builtin(global_invocation_id) id: vec3<u32>) {
            if (id.x >= 4u) { return; }
            let zero = out[id.x];
            // The first two are no number, the third is infinite, the fourth is nothing special.
            let made = array<f32, 4>(zero / zero, sqrt(zero - 1.0), 1.0 / zero, zero / 2.0);
            out[id.x] = clamp(finite(made[id.x]), 0.0, 1.0);
        }
        @compute @workgroup_size(64)
        fn copies(@builtin(global_invocation_id) id: vec3<u32>) {
            if (id.x < 4u) { out[id.x] = 0.0; }
        }";
    let shader = Shader::new(&gpu, "divider", body).unwrap();
    let buffer = gpu.storage_from("out", &[0.0f32; 4]).unwrap();
    let kernels = ["copies", "divides"].map(|name| {
        let kernel = shader.kernel(&gpu, name).unwrap();
        let group = kernel.bind(&gpu, &[(0, whole(&buffer))]).unwrap();
        (kernel, group)
    });
    assert!(faults(&gpu).is_empty());
    let mut encoder = gpu.encoder("test");
    {
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
        for (kernel, group) in &kernels {
            dispatch(&mut pass, kernel, group, 4);
        }
    }
    gpu.submit(encoder);
    let found = Fault {
        shader: "divider".to_owned(),
        nan: 2,
        infinite: 1,
    };
    assert_eq!(faults(&gpu), [found]);
    let kept: Vec<f32> = read(&gpu, &buffer, 4);
    assert!(kept.iter().all(|x| (0.0..=1.0).contains(x)), "{kept:?}");
}

#[test]
fn every_scene_makes_only_finite_numbers_on_earth_and_in_flight() {
    for scene in SCENES {
        let gpu = checking();
        let mut simulation = settled(&gpu, scene, 24);
        days(&mut simulation, Conditions::EARTH, 1);
        days(&mut simulation, FLIGHT, 8);
        let field = Field::new(&gpu, simulation.state(), simulation.anatomy()).unwrap();
        for kind in FieldKind::ALL {
            field.show(&gpu, *kind);
        }
        let model = Arc::clone(simulation.model());
        measured(
            &simulation,
            &RegionSums::new(simulation.body(), &model).unwrap(),
        );
        assert!(faults(&gpu).is_empty(), "{scene}: {:?}", faults(&gpu));
    }
}

/// Places of the sites in voxels whose eight nodes are all held along every axis.
fn held_sites(anatomy: &Anatomy) -> Vec<usize> {
    let nodes = anatomy.elements.map(|n| n + 1);
    let number = |at: [usize; 3]| at[0] + nodes[0] * (at[1] + nodes[1] * at[2]);
    let mut held = vec![0u8; nodes.iter().product()];
    for (at, bits) in &anatomy.held {
        held[number(*at)] |= bits;
    }
    let mut found = Vec::new();
    let mut site = 0;
    for plan in &anatomy.bone {
        let all = (0..8usize).all(|c| {
            let at = std::array::from_fn(|k| plan.at[k] - anatomy.mechanics_low[k] + (c >> k & 1));
            held[number(at)] == 7
        });
        if all {
            found.extend(site..site + plan.sites.len());
        }
        site += plan.sites.len();
    }
    found
}

#[test]
fn bone_that_nothing_strains_has_no_set_point_and_stays_as_it_is() {
    let gpu = checking();
    // No scene holds bone on all sides; here the lowest two layers of nodes are.
    let mut anatomy = Anatomy::build("hip", 24).unwrap();
    for at in each(anatomy.elements.map(|n| n + 1)).filter(|at| at[2] < 2) {
        anatomy.held.push((at, 0b111));
    }
    let mut simulation = settled_anatomy(&gpu, anatomy);
    let held = held_sites(simulation.anatomy());
    assert!(!held.is_empty());
    let count = simulation.state().counts.sites;
    let set: Vec<[f32; 3]> = read(&gpu, &simulation.state().homeostasis, count);
    let before: Vec<SiteState> = read(&gpu, &simulation.state().bone, count);
    days(&mut simulation, FLIGHT, 20);
    let after: Vec<SiteState> = read(&gpu, &simulation.state().bone, count);
    for s in 0..count {
        let is_held = held.contains(&s);
        assert_eq!(set[s][0] == 0.0, is_held, "site {s}");
        assert!(after[s].bvtv.is_finite() && after[s].osteocyte.is_finite());
        if is_held {
            assert_eq!(after[s].osteocyte, 1.0, "site {s}");
        }
    }
    assert!(
        (0..count).any(|s| after[s].bvtv < before[s].bvtv),
        "nothing was lost"
    );
    assert!(faults(&gpu).is_empty(), "{:?}", faults(&gpu));
}

#[test]
fn a_parameter_at_each_end_of_its_range_leaves_every_number_finite() {
    let gpu = checking();
    let mut simulation = settled(&gpu, "hip", 24);
    simulation.keep_start().unwrap();
    let built_in = Model::built_in().unwrap();
    let person = |set: &[(&str, f64)]| built_in.person("hip", "control", 75.0, set);
    let spells = [
        FLIGHT,
        Conditions {
            gravity: 3.0,
            exercise: Exercise::Ared,
            drug: Drug::Bisphosphonate,
            ..Conditions::EARTH
        },
    ];
    for (name, [low, high]) in Physiology::NAMES.iter().zip(&built_in.ranges) {
        let beyond = 1e-3 * (high - low);
        for outside in [low - beyond, high + beyond, f64::NAN, f64::INFINITY] {
            let error = person(&[(name, outside)]).unwrap_err().to_string();
            assert!(error.contains(name) && error.contains("allowed"), "{error}");
        }
        for end in [*low, *high] {
            let model = person(&[(name, end)]).unwrap_or_else(|e| panic!("{e}"));
            if SETTLING.contains(name) {
                continue;
            }
            simulation.set_model(Arc::new(model));
            assert!(simulation.begin_again());
            for conditions in spells {
                days(&mut simulation, conditions, 3);
            }
            let found = faults(&gpu);
            assert!(found.is_empty(), "{name} = {end}: {found:?}");
        }
    }
    // Those that settling hangs on, all low and all high: a scene is made for each.
    for end in 0..2 {
        let set: Vec<(&str, f64)> = SETTLING
            .iter()
            .map(|name| (*name, built_in.range(name).unwrap().0[end]))
            .collect();
        let anatomy = Arc::clone(simulation.anatomy());
        let model = Arc::new(person(&set).unwrap());
        let mut other = Simulation::new(&gpu, anatomy, model).unwrap();
        settle(&mut other);
        for conditions in spells {
            days(&mut other, conditions, 3);
        }
        let found = faults(&gpu);
        assert!(found.is_empty(), "end {end}: {found:?}");
    }
}
