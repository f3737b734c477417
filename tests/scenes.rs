//! The scenes: what they are made of, and what happens in each.
#![allow(
    clippy::unwrap_used,
    clippy::float_cmp,
    reason = "a test fails by panicking, and exactness is what some of them are about"
)]

mod common;

use std::sync::Arc;

use common::{failure, gpu, measured, settle, sites, value};
use mechanostat::command::wait::{Wait as _, open_gpu};
use mechanostat::gpu::{Gpu, Need};
use mechanostat::measure::{PendingOrientation, RegionSums, StrengthTest};
use mechanostat::physiology::Model;
use mechanostat::scenario::{Conditions, Cuts, Link};
use mechanostat::sim::state::MOST;
use mechanostat::sim::{Simulation, estimate_need, need};
use mechanostat::tissue::{Anatomy, SCENES, SiteKind};
use mechanostat::volume::{Axes, Volume, each};

fn settled(gpu: &Gpu, anatomy: Anatomy, group: &str) -> (Simulation, RegionSums) {
    let built_in = Model::built_in().unwrap();
    let model = Arc::new(built_in.person(anatomy.scene, group, 75.0, &[]).unwrap());
    let mut simulation = Simulation::new(gpu, Arc::new(anatomy), Arc::clone(&model)).unwrap();
    let region_sums = RegionSums::new(simulation.body(), &model).unwrap();
    settle(&mut simulation);
    (simulation, region_sums)
}

fn days(simulation: &mut Simulation, conditions: Conditions, count: u32, dt: f64) {
    simulation.set_conditions(conditions);
    for _ in 0..count {
        assert!(simulation.advance(dt));
        settle(simulation);
    }
}

const FLIGHT: Conditions = Conditions {
    gravity: 0.0,
    ..Conditions::EARTH
};

#[test]
fn every_scene_stands_at_every_size() {
    let regions = |name: &str| -> &[&str] {
        match name {
            "hip" => &["femoral_neck", "trochanter", "total_hip", "femur_shaft"],
            "lower-leg" => &["proximal_tibia", "tibia_shaft", "distal_tibia", "calcaneus"],
            "lumbar" => &["lumbar_spine"],
            _ => &["core"],
        }
    };
    let model = Model::built_in().unwrap();
    for scene in SCENES {
        let mut volumes = Vec::new();
        for size in [24, 32, 48] {
            let a = Anatomy::build(scene, size).unwrap();
            assert_eq!(*a.voxels.iter().max().unwrap(), size, "{scene}");
            assert_eq!(a.tissue.len(), a.len());
            let names: Vec<&str> = a.regions.iter().map(|r| r.name).collect();
            // Those that tables have had longest stand first.
            assert!(names.starts_with(regions(scene)), "{scene}: {names:?}");
            for region in &a.regions {
                let bone: f64 = region.members.iter().map(|m| m.1).sum();
                assert!(
                    bone > 1.0,
                    "{scene} {size}: {} has {bone} voxels",
                    region.name
                );
            }
            // Each load of a joint is 1 N in all, each of a group that much tension along the
            // lines of its muscles, which do not all go one way (soleus pulls two bones together,
            // quadratus lumborum down, up and to both sides); all are on bone, and known to the
            // parameter file.
            let pulling = a.loads.len() - a.joint_loads;
            assert!((1..=a.groups.len()).contains(&pulling), "{scene}");
            for (c, load) in a.loads.iter().enumerate() {
                let size: f64 = (0..3)
                    .map(|k| load.points.iter().map(|p| p.2[k]).sum::<f64>().powi(2))
                    .sum::<f64>()
                    .sqrt();
                let range = match load.name {
                    "soleus" => -1e-6..0.2,
                    "quadratus_lumborum" => 0.2..0.4,
                    _ if c < a.joint_loads => 1.0 - 1e-6..1.0 + 1e-6,
                    _ => 0.6..1.0 + 1e-6,
                };
                assert!(range.contains(&size), "{scene} {}: {size} N", load.name);
                if c >= a.joint_loads {
                    assert_eq!(load.name, a.groups[c - a.joint_loads], "{scene}");
                }
                let used = model
                    .activities
                    .iter()
                    .any(|x| x.scene == *scene && x.forces.contains_key(load.name));
                assert!(used, "{scene}: no activity pulls at {}", load.name);
            }
            for activity in model.activities.iter().filter(|x| x.scene == *scene) {
                for case in activity.forces.keys() {
                    assert!(
                        a.loads.iter().any(|l| l.name == case),
                        "{scene}: no case {case}"
                    );
                }
            }
            for (c, load) in a.loads.iter().enumerate() {
                let joint = model
                    .joints
                    .iter()
                    .any(|j| j.scene == *scene && j.name == load.name);
                let muscle = model
                    .muscles
                    .iter()
                    .any(|m| m.scene == *scene && m.name == load.name);
                assert_eq!(
                    (joint, muscle),
                    (c < a.joint_loads, c >= a.joint_loads),
                    "{scene}"
                );
            }
            // Held at three nodes at least that are not on a line.
            assert!(a.held.len() >= 4, "{scene}");
            let bone: f64 = a
                .bone
                .iter()
                .flat_map(|b| &b.sites)
                .filter(|s| s.kind != SiteKind::Platen)
                .map(|s| {
                    s.fraction
                        * if s.kind == SiteKind::Strut {
                            s.bvtv.unwrap()
                        } else {
                            1.0
                        }
                })
                .sum::<f64>()
                * a.voxel_mm3();
            volumes.push(bone);
        }
        let (low, high) = (volumes[1].min(volumes[2]), volumes[1].max(volumes[2]));
        println!("{scene}: bone {volumes:.1?} mm3 at 24, 32, 48");
        assert!(high / low < 1.06, "{scene}: {volumes:?}");
    }
    assert!(
        Anatomy::build("elbow", 32)
            .unwrap_err()
            .to_string()
            .contains("lower-leg")
    );
}

#[test]
fn a_vertebra_bears_thousands_of_newtons_and_loses_strength_in_flight() {
    let gpu = gpu();
    let (mut simulation, _) = settled(&gpu, Anatomy::build("lumbar", 32).unwrap(), "control");
    let test = |simulation: &Simulation| {
        let plan = &simulation.anatomy().strength[0];
        assert_eq!(plan.region, "lumbar_spine");
        failure(StrengthTest::new(simulation, plan).unwrap(), &gpu)
    };
    let before = test(&simulation);
    days(&mut simulation, FLIGHT, 90, 1.0);
    let after = test(&simulation);
    println!("vertebra: {before:?} at first, {after:?} after 90 days of flight");
    // Lumbar bodies of men break at 3 to 10 kN (Brinckmann 1989 Clin Biomech 4 Suppl 2:1).
    assert!((2e3..1.5e4).contains(&before.strength));
    assert!(after.strength < 0.995 * before.strength && after.stiffness < before.stiffness);
}

#[test]
fn connections_of_a_core_are_lost_and_do_not_come_back() {
    let gpu = gpu();
    let (mut simulation, region_sums) = settled(
        &gpu,
        Anatomy::build("trabecular-core", 24).unwrap(),
        "control",
    );
    let of =
        |simulation: &Simulation, q: &str| value(&measured(simulation, &region_sums), "core", q);
    let (bmd, links) = (
        of(&simulation, "bmd"),
        of(&simulation, "connectivity_density"),
    );
    days(&mut simulation, Conditions::EARTH, 7, 1.0);
    assert!(of(&simulation, "bmd") == bmd, "a core drifts at 1 g");
    days(&mut simulation, FLIGHT, 180, 1.0);
    let (low_bmd, low_links) = (
        of(&simulation, "bmd"),
        of(&simulation, "connectivity_density"),
    );
    days(&mut simulation, Conditions::EARTH, 120, 1.0);
    let (home_bmd, home_links) = (
        of(&simulation, "bmd"),
        of(&simulation, "connectivity_density"),
    );
    println!(
        "core: bmd {bmd:.1} {low_bmd:.1} {home_bmd:.1}, connectivity {links:.2} {low_links:.2} {home_links:.2}"
    );
    assert!(low_bmd < 0.95 * bmd && home_bmd > low_bmd + 0.3 * (bmd - low_bmd));
    assert!(low_links < 0.9 * links, "nothing was cut through");
    assert!(
        home_links < low_links + 0.35 * (links - low_links),
        "connections came back"
    );
}

/// The same laws, started from a uniform block, find the architecture that settling finds.
#[test]
fn growth_finds_the_architecture_that_settling_finds() {
    let gpu = gpu();
    let anatomy = Arc::new(Anatomy::build("hip", 24).unwrap());
    let model = Arc::new(Model::built_in().unwrap());
    let densities = |simulation: &Simulation| -> Vec<f64> {
        let sites = sites(&gpu, simulation);
        let kinds = anatomy.bone.iter().flat_map(|b| &b.sites);
        sites
            .iter()
            .zip(kinds)
            .filter(|(_, k)| k.kind == SiteKind::Trabecular)
            .map(|(s, _)| f64::from(s.bvtv))
            .collect()
    };
    let mut reference = Simulation::new(&gpu, Arc::clone(&anatomy), Arc::clone(&model)).unwrap();
    settle(&mut reference);
    let mut grown = Simulation::growing(&gpu, Arc::clone(&anatomy), Arc::clone(&model)).unwrap();
    settle(&mut grown);
    let orientation = |simulation: &Simulation| {
        let pending = PendingOrientation::new(simulation).unwrap();
        gpu.wait().unwrap();
        pending.poll(simulation).unwrap().unwrap()
    };
    assert!(
        densities(&grown)
            .iter()
            .all(|v| *v == f64::from(model.physiology.trabecular_start))
    );
    assert!(
        orientation(&grown).is_empty(),
        "a uniform block runs nowhere"
    );
    days(&mut grown, Conditions::EARTH, 360, 1.0);
    let (a, b) = (densities(&grown), densities(&reference));
    let n = a.len() as f64;
    let (ma, mb) = (a.iter().sum::<f64>() / n, b.iter().sum::<f64>() / n);
    let mut c = [0.0; 3];
    for (x, y) in a.iter().zip(&b) {
        c[0] += (x - ma) * (y - mb);
        c[1] += (x - ma).powi(2);
        c[2] += (y - mb).powi(2);
    }
    let r = c[0] / (c[1] * c[2]).sqrt();
    let o = orientation(&grown)[0];
    println!("grown against settled: r {r:.3}, means {ma:.3} and {mb:.3}; {o:?}");
    assert!(r > 0.9, "correlation {r}");
    // 57.3 degrees by chance.
    assert!(o.angle < 50.0 && o.correlation > 0.6, "{o:?}");
}

/// Settled with the resolution, and with the time step.
#[test]
fn results_settle_with_resolution_and_time_step() {
    let gpu = gpu();
    let loss = |scene: &str, size: usize, dt: f64, region: &str, quantity: &str| {
        let (mut simulation, region_sums) =
            settled(&gpu, Anatomy::build(scene, size).unwrap(), "control");
        let before = value(&measured(&simulation, &region_sums), region, quantity);
        days(&mut simulation, FLIGHT, (180.0 / dt) as u32, dt);
        100.0 * (value(&measured(&simulation, &region_sums), region, quantity) / before - 1.0)
    };
    let hip = [32, 48].map(|size| loss("hip", size, 1.0, "total_hip", "bmd"));
    let calf = [32, 48].map(|size| loss("lower-leg", size, 1.0, "triceps_surae", "volume"));
    let halved = loss("hip", 32, 0.5, "total_hip", "bmd");
    println!("hip {hip:.3?}, calf {calf:.3?}, hip at half the step {halved:.3}");
    assert!((hip[1] / hip[0] - 1.0).abs() < 0.1 && (calf[1] / calf[0] - 1.0).abs() < 0.1);
    assert!(
        (halved / hip[0] - 1.0).abs() < 0.01,
        "{halved} against {}",
        hip[0]
    );
}

#[test]
fn cut_links_carry_nothing_and_a_start_kept_is_the_start() {
    let gpu = gpu();
    let (mut simulation, region_sums) =
        settled(&gpu, Anatomy::build("hip", 24).unwrap(), "control");
    simulation.keep_start().unwrap();
    let start = measured(&simulation, &region_sums);
    let after = |simulation: &mut Simulation, link: Option<Link>| {
        assert!(simulation.begin_again());
        assert_eq!(
            measured(simulation, &region_sums),
            start,
            "not where it began"
        );
        let cuts = link.map_or(Cuts::NONE, |l| Cuts::NONE.with(l, true));
        days(simulation, Conditions { cuts, ..FLIGHT }, 60, 1.0);
        measured(simulation, &region_sums)
    };
    let whole = after(&mut simulation, None);
    let again = after(&mut simulation, None);
    assert_eq!(whole, again, "the same mission twice");
    for (link, region, quantity) in [
        (Link::MuscleAtrophy, "quadriceps", "strength"),
        (Link::MuscleAtrophy, "quadriceps", "volume"),
        (Link::NeuralDrive, "quadriceps", "neural_drive"),
        (Link::SatelliteCells, "hamstrings", "satellite_cells"),
        (Link::SatelliteCells, "hamstrings", "myotubes"),
        (Link::Myostatin, "gluteals", "myostatin"),
        (Link::Bmp, "gluteals", "bmp2"),
        (Link::Bmp, "gluteals", "noggin_chordin"),
        (Link::BoneRemodelling, "total_hip", "bmd"),
        (Link::OsteoclastDrive, "total_hip", "osteoclasts"),
        (Link::Sclerostin, "total_hip", "sclerostin"),
        (Link::StemCellShift, "total_hip", "marrow_fat"),
        (Link::Cytoskeleton, "total_hip", "cytoskeleton"),
        (Link::Perforation, "total_hip", "connectivity"),
    ] {
        let cut = after(&mut simulation, Some(link));
        let [first, all, without] = [&start, &whole, &cut].map(|m| value(m, region, quantity));
        let moved = |x: f64| (x / first - 1.0).abs();
        assert!(moved(all) > 1e-3, "{quantity} did not move in flight");
        assert!(
            moved(without) < 1e-6,
            "{}: {quantity} moved by {}",
            link.name(),
            moved(without)
        );
    }
    for link in [
        Link::MechanicalCrosstalk,
        Link::BiochemicalCrosstalk,
        Link::Coupling,
        Link::StrainField,
    ] {
        let cut = after(&mut simulation, Some(link));
        let [all, without] = [&whole, &cut].map(|m| value(m, "total_hip", "bmd"));
        assert!(
            (all / without - 1.0).abs() > 1e-6,
            "{} carries nothing",
            link.name()
        );
    }
    // At 1 g every share is exactly 1, and so is their mean.
    assert!(simulation.begin_again());
    let cuts = Cuts::NONE.with(Link::StrainField, true);
    days(
        &mut simulation,
        Conditions {
            cuts,
            ..Conditions::EARTH
        },
        10,
        1.0,
    );
    for quantity in ["bmd", "osteoclasts", "osteocyte_signal"] {
        let now = value(&measured(&simulation, &region_sums), "total_hip", quantity);
        assert_eq!(now, value(&start, "total_hip", quantity), "{quantity}");
    }
}

#[test]
fn a_scan_becomes_a_scene() {
    let volume = |spacing: f64, value: fn(f64) -> f32| Volume {
        name: "scan".to_owned(),
        unit: String::new(),
        voxels: [20, 20, 30],
        spacing: [spacing, spacing, 1.5 * spacing],
        origin: [1.0, 2.0, 3.0],
        axes: Axes::BODY,
        values: each([20, 20, 30])
            .map(|at| value((at[0] as f64 - 9.5).hypot(at[1] as f64 - 9.5)))
            .collect(),
    };
    // A bar of 300 mg HA/cm3 in soft tissue.
    let bar = volume(1.0, |r| if r < 7.0 { 300.0 } else { 20.0 });
    let gpu = gpu();
    let anatomy = Anatomy::from_scan(&bar, 24).unwrap();
    assert_eq!((anatomy.scene, anatomy.origin), ("scan", [1.0, 2.0, 3.0]));
    assert!((anatomy.spacing - 45.0 / 24.0).abs() < 1e-12);
    let (mut simulation, region_sums) = settled(&gpu, anatomy, "control");
    let before = value(&measured(&simulation, &region_sums), "scan", "bmd");
    assert!((150.0..=300.0).contains(&before), "{before}");
    days(&mut simulation, FLIGHT, 30, 1.0);
    let after = value(&measured(&simulation, &region_sums), "scan", "bmd");
    assert!(after < 0.995 * before, "{before} {after}");
    let refused = |volume: &Volume| Anatomy::from_scan(volume, 24).unwrap_err().to_string();
    assert!(refused(&volume(1.0, |_| 20.0)).contains("no bone"));
    assert!(refused(&volume(0.05, |_| 0.0)).contains("no bone"));
    assert!(refused(&volume(0.05, |r| (10.0 * r).round() as f32)).contains("grey values"));
    assert!(
        Anatomy::from_scan(&bar, 7)
            .unwrap_err()
            .to_string()
            .contains("24 to 512")
    );
}

/// What the limits of a device are chosen by.
#[test]
fn no_buffer_of_a_scene_is_larger_than_the_need_that_is_told() {
    for scene in SCENES {
        for size in [24, 32] {
            let gpu = open_gpu(Need::DEFAULT).unwrap();
            let anatomy = Arc::new(Anatomy::build(scene, size).unwrap());
            let model = Model::built_in().unwrap();
            let model = Arc::new(model.person(scene, "control", 75.0, &[]).unwrap());
            let need = need(&anatomy).storage_binding_bytes;
            let simulation = Simulation::new(&gpu, anatomy, model).unwrap();
            let largest = gpu.largest_bytes();
            assert_eq!(need, largest, "{scene} at {size}");
            assert!(simulation.bytes() > largest);
            let told = estimate_need(scene, size).unwrap();
            assert!(told.storage_binding_bytes >= largest, "{scene} at {size}");
        }
    }
}

#[test]
fn more_than_the_shaders_have_room_for_is_refused_and_not_dropped() {
    let gpu = gpu();
    let built_in = Model::built_in().unwrap();
    let plain = Anatomy::build("hip", 24).unwrap();
    let refused = |anatomy: Anatomy, model: Model, words: &str| {
        let error = Simulation::new(&gpu, Arc::new(anatomy), Arc::new(model))
            .err()
            .unwrap_or_else(|| panic!("{words} were taken"))
            .to_string();
        assert!(
            error.contains(words) && error.contains(&format!("at most {MOST}")),
            "{error}"
        );
    };
    let mut loads = plain.clone();
    while loads.loads.len() <= MOST {
        loads.loads.push(loads.loads[0].clone());
    }
    refused(loads, built_in.clone(), &format!("{} unit loads", MOST + 1));
    let mut muscles = plain.clone();
    while muscles.groups.len() <= MOST {
        muscles.groups.push("another");
    }
    refused(
        muscles,
        built_in.clone(),
        &format!("{} muscle groups", MOST + 1),
    );
    let mut busy = built_in.clone();
    let activity = busy
        .activities
        .iter()
        .find(|a| a.scene == "hip")
        .unwrap()
        .clone();
    while busy.activities.iter().filter(|a| a.scene == "hip").count() <= MOST {
        busy.activities.push(activity.clone());
    }
    refused(plain.clone(), busy, &format!("{} activities", MOST + 1));
    // A bone that the scene does not have.
    let mut odd = built_in.clone();
    let hip = odd.scenes.iter_mut().find(|s| s.name == "hip").unwrap();
    hip.settling_of.insert("femurr".to_owned(), 2.0);
    let said = Simulation::new(&gpu, Arc::new(plain), Arc::new(odd));
    let said = said.err().unwrap().to_string();
    assert!(
        said.contains("femurr") && said.contains("has: femur"),
        "{said}"
    );
}

/// What a device has compiled serves every body on it, and every test of its bones.
#[test]
fn a_second_body_and_a_test_to_failure_compile_nothing() {
    let gpu = open_gpu(Need::DEFAULT).unwrap();
    let anatomy = || Anatomy::build("hip", 24).unwrap();
    let (first, region_sums) = settled(&gpu, anatomy(), "control");
    let compiled = gpu.pipelines();
    assert!(compiled > 30, "{compiled}");
    let (mut second, _) = settled(&gpu, anatomy(), "op");
    let plan = &first.anatomy().strength[0];
    failure(StrengthTest::new(&first, plan).unwrap(), &gpu);
    assert_eq!(gpu.pipelines(), compiled);
    // They share pipelines and nothing else.
    let before = measured(&first, &region_sums);
    days(&mut second, FLIGHT, 3, 1.0);
    assert_eq!(measured(&first, &region_sums), before);
    assert_eq!((first.day(), second.day()), (0.0, 3.0));
}

/// What a scene does not settle by may be set later, as `validate --sensitivity` does.
#[test]
fn a_parameter_set_later_acts_as_one_given_first() {
    let gpu = gpu();
    let built_in = Model::built_in().unwrap();
    let anatomy = || Anatomy::build("hip", 24).unwrap();
    let person = |length: f64| {
        let set = [("signal_length", length)];
        Arc::new(built_in.person("hip", "control", 75.0, &set).unwrap())
    };
    let after = |simulation: &mut Simulation, region_sums: &RegionSums| {
        days(simulation, FLIGHT, 6, 1.0);
        measured(simulation, region_sums)
    };
    let mut first = Simulation::new(&gpu, Arc::new(anatomy()), person(12.0)).unwrap();
    settle(&mut first);
    let region_sums = RegionSums::new(first.body(), &person(4.0)).unwrap();
    let given = after(&mut first, &region_sums);
    let mut later = Simulation::new(&gpu, Arc::new(anatomy()), person(4.0)).unwrap();
    settle(&mut later);
    later.keep_start().unwrap();
    let region_sums = RegionSums::new(later.body(), &person(4.0)).unwrap();
    let short = after(&mut later, &region_sums);
    later.set_model(person(12.0));
    assert!(later.begin_again());
    assert_eq!(after(&mut later, &region_sums), given);
    assert_ne!(short, given, "the parameter carries nothing");
}
