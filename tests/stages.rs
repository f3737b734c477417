//! Each stage of the tissue against a plain f64 oracle, on an odd lattice with random states.
#![allow(
    clippy::unwrap_used,
    clippy::float_cmp,
    reason = "a test fails by panicking, and exactness is what some of them are about"
)]

mod common;

use common::{Noise, assert_close, gpu, read, run, wide, write};
use mechanostat::gpu::Gpu;
use mechanostat::physiology::{Model, Physiology};
use mechanostat::scenario::{Conditions, Drug, Exercise, Posture};
use mechanostat::sim::bone::Bone;
use mechanostat::sim::guess::Guess;
use mechanostat::sim::loads::{Loads, environment};
use mechanostat::sim::muscle::Muscle;
use mechanostat::sim::signal::Signal;
use mechanostat::sim::skeleton::Skeleton;
use mechanostat::sim::state::{Environment, Lists, MOST, MuscleState, SiteState, TissueState};
use mechanostat::sim::stiffness::Stiffness;
use mechanostat::sim::stimulus::Stimulus;
use mechanostat::solver::Element;
use mechanostat::solver::{Mechanics, Problem};
use mechanostat::tissue::{
    self, Anatomy, BonePlan, MusclePlan, Outlook, SiteKind, SitePlan, UnitLoad,
};
use mechanostat::view::{Field, FieldKind};
use mechanostat::volume::{Axes, Volume, each};

/// A lattice of random tissue with all its buffers, the environment of a day in a strange place.
struct RandomTissue {
    gpu: Gpu,
    anatomy: Anatomy,
    model: Model,
    lists: Lists,
    mechanics: Mechanics,
    state: TissueState,
    environment: Environment,
    noise: Noise,
}

const VOXELS: [usize; 3] = [13, 9, 17];

/// Name, group, volume (mm³) and peak force (N): two in the last group, one stronger for its size.
const MUSCLES: [(&str, usize, f64, f64); 4] = [
    ("vastus", 0, 5e5, 4000.0),
    ("biceps", 1, 2e5, 1500.0),
    ("maximus", 2, 8e5, 3000.0),
    ("medius", 2, 3e5, 2500.0),
];

fn tissue(seed: u64, conditions: Conditions) -> RandomTissue {
    let gpu = gpu();
    let mut noise = Noise(seed);
    let mut bone = Vec::new();
    let mut muscle = Vec::new();
    for at in each(VOXELS) {
        if noise.next() < 0.4 {
            let mut sites = Vec::new();
            if noise.next() < 0.7 {
                sites.push(SitePlan::trabecular(noise.between(0.1, 0.5)));
            }
            if sites.is_empty() || noise.next() < 0.5 {
                sites.push(SitePlan::cortical(
                    noise.between(0.1, 0.5),
                    noise.between(1.0, 10.0),
                ));
            }
            bone.push(BonePlan {
                at,
                bone: (noise.next() * 3.0) as usize,
                sites,
                tie: (noise.next() - 0.5).max(0.0),
                envelope: 1.0,
            });
        }
        if noise.next() < 0.5 {
            muscle.push(MusclePlan {
                at,
                muscle: (noise.next() * 4.0) as usize,
                fraction: noise.between(0.1, 1.0),
                fibre: [0.6, 0.0, 0.8],
            });
        }
    }
    let names = [
        "walking",
        "stairs",
        "rising",
        "quadriceps",
        "hamstrings",
        "gluteals",
    ];
    let anatomy = Anatomy {
        scene: "hip",
        size: 17,
        voxels: VOXELS,
        spacing: 2.0,
        origin: [0.0; 3],
        tissue: Vec::new(),
        bone,
        muscle,
        tendon: Vec::new(),
        bones: vec!["one", "other", "third"],
        dimensions: Vec::new(),
        groups: names[3..].to_vec(),
        muscles: MUSCLES
            .iter()
            .map(|(name, group, whole_mm3, force)| tissue::Muscle {
                group: *group,
                whole_mm3: *whole_mm3,
                force: *force,
                ..tissue::Muscle::outside(name)
            })
            .collect(),
        regions: Vec::new(),
        muscle_regions: Vec::new(),
        beside: None,
        between_muscles: 0.0,
        residuals: Vec::new(),
        held: Vec::new(),
        settles: true,
        mechanics_low: [0; 3],
        elements: VOXELS,
        loads: names
            .iter()
            .map(|name| UnitLoad {
                name,
                points: Vec::new(),
            })
            .collect(),
        joint_loads: 3,
        strength: Vec::new(),
        outlook: Outlook::FRONT,
    };
    let mut model = Model::built_in().unwrap();
    let hip = model.scenes.iter_mut().find(|s| s.name == "hip").unwrap();
    hip.settling_of.insert("other".to_owned(), 1.7);
    let lists = Lists::new(&anatomy, &model);
    let problem = Problem {
        elements: VOXELS,
        element: Element::new(
            f64::from(model.physiology.poisson_ratio),
            [anatomy.spacing; 3],
        ),
        active: vec![true; VOXELS.iter().product()],
        held: vec![0; VOXELS.map(|n| n + 1).iter().product()],
        loads: vec![Vec::new(); 6],
    };
    let mechanics = Mechanics::new(&gpu, &problem).unwrap();
    let state = TissueState::new(&gpu, &anatomy, &model, &lists).unwrap();
    let blank = Environment {
        voxels: VOXELS.map(|n| n as u32),
        bone_voxels: state.counts.bone_voxels as u32,
        muscle_voxels: state.counts.muscle_voxels as u32,
        cases: 6,
        joint_cases: 3,
        activities: state.counts.activities as u32,
        case_stride: (mechanics.case_bytes() / 4) as u32,
        groups: 3,
        ..bytemuck::Zeroable::zeroed()
    };
    let environment = environment(blank, &anatomy, &model, &conditions, 0.8);
    write(&gpu, &state.environment, &[environment]);
    let mut tissue = RandomTissue {
        gpu,
        anatomy,
        model,
        lists,
        mechanics,
        state,
        environment,
        noise,
    };
    tissue.scatter();
    tissue
}

fn strange() -> Conditions {
    Conditions {
        gravity: 0.3,
        posture: Posture::Upright,
        exercise: Exercise::Ared,
        drug: Drug::Bisphosphonate,
        ..Conditions::EARTH
    }
}

impl RandomTissue {
    /// Random states in every buffer that a stage reads.
    fn scatter(&mut self) {
        let n = &mut self.noise;
        let sites: Vec<SiteState> = (0..self.state.counts.sites)
            .map(|_| SiteState {
                // Some at either bound.
                bvtv: n.between(-0.05, 1.05).clamp(0.005, 0.995) as f32,
                osteocyte: n.between(0.2, 1.8) as f32,
                sclerostin: n.between(0.5, 1.6) as f32,
                rankl_opg: n.between(0.5, 2.5) as f32,
                preosteoclasts: n.between(0.5, 2.5) as f32,
                osteoclasts: n.between(0.5, 2.5) as f32,
                preosteoblasts: n.between(0.5, 1.5) as f32,
                osteoblasts: n.between(0.5, 2.0) as f32,
                marrow_fat: n.between(0.9, 1.2) as f32,
                mapk: n.between(0.6, 1.0) as f32,
                ppar_gamma: n.between(1.0, 1.4) as f32,
                cytoskeleton: n.between(0.6, 1.0) as f32,
                weightlessness: n.between(0.0, 1.0) as f32,
                connectivity: n.between(0.8, 1.0) as f32,
                memory: n.between(0.2, 1.4) as f32,
                habituation: n.between(-0.5, 0.8) as f32,
                matrix: n.between(0.5, 0.95) as f32,
                periosteum: n.between(0.0, 0.1) as f32,
            })
            .collect();
        let muscle: Vec<MuscleState> = (0..self.state.counts.muscle_voxels)
            .map(|_| MuscleState {
                type1: n.between(0.7, 1.1) as f32,
                type2: n.between(0.7, 1.1) as f32,
                neural: n.between(0.8, 1.0) as f32,
                fluid: n.between(0.95, 1.0) as f32,
                memory: n.between(0.0, 0.6) as f32,
                satellite_cells: n.between(0.6, 1.3) as f32,
                myotubes: n.between(0.6, 1.3) as f32,
                smad158: n.between(0.8, 1.2) as f32,
                smad23: n.between(0.8, 1.2) as f32,
            })
            .collect();
        let mut many = |count: usize, low: f64, high: f64| -> Vec<f32> {
            (0..count).map(|_| n.between(low, high) as f32).collect()
        };
        let c = self.state.counts;
        write(&self.gpu, &self.state.bone, &sites);
        write(&self.gpu, &self.state.muscle, &muscle);
        write(&self.gpu, &self.state.stimulus, &many(c.sites, 0.0, 600.0));
        // Set-points, of which some sites have none, and densities at the start, of which some had
        // next to none.
        let homeostasis: Vec<f32> = many(c.sites, 150.0, 250.0)
            .into_iter()
            .zip(many(c.sites, 0.2, 0.9))
            .enumerate()
            .flat_map(|(i, (stimulus, bvtv))| {
                let stimulus = if i % 11 == 0 { 0.0 } else { stimulus };
                let mean = 0.5 * stimulus;
                [stimulus, if i % 13 < 3 { 0.01 } else { bvtv }, mean]
            })
            .collect();
        write(&self.gpu, &self.state.homeostasis, &homeostasis);
        write(
            &self.gpu,
            &self.state.energy,
            &many(c.bone_voxels, 0.0, 0.01),
        );
        let solved = many(c.bone_voxels, 500.0, 5000.0);
        write(&self.gpu, &self.state.solved, &solved);
        write(
            &self.gpu,
            &self.state.level,
            &many(4 * c.lattice, -0.2, 0.3),
        );
        write(
            &self.gpu,
            &self.state.source,
            &many(4 * c.lattice, -0.2, 0.3),
        );
        write(
            &self.gpu,
            &self.state.secretion,
            &many(c.lattice, -0.2, 0.3),
        );
        write(&self.gpu, &self.state.strength, &many(8, 0.6, 1.0));
        write(
            &self.gpu,
            self.mechanics.displacement(),
            &many(6 * self.environment.case_stride as usize, -1.0, 1.0),
        );
    }

    fn p(&self) -> P {
        P(self.model.physiology)
    }

    /// Other parameters, for the shaders and for [`RandomTissue::p`].
    fn set(&mut self, values: &[(&str, f32)]) {
        for (name, value) in values {
            self.model.physiology = self.model.physiology.with(name, *value).unwrap();
        }
        write(&self.gpu, &self.state.physiology, &[self.model.physiology]);
    }

    /// Another environment.
    fn change(&mut self, change: impl FnOnce(&mut Environment)) {
        change(&mut self.environment);
        write(&self.gpu, &self.state.environment, &[self.environment]);
    }

    /// Levels of signals down to where nothing is left of BMP and myostatin.
    fn deplete_signals(&mut self) {
        let cells = (0..self.state.counts.lattice).flat_map(|_| {
            let n = &mut self.noise;
            [
                n.between(-2.0, 0.3) as f32,
                n.between(-2.0, 0.3) as f32,
                n.between(-1.5, 0.3) as f32,
                n.between(-0.5, 0.5) as f32,
            ]
        });
        let cells: Vec<f32> = cells.collect();
        write(&self.gpu, &self.state.level, &cells);
    }

    fn sites(&self) -> Vec<SiteState> {
        read(&self.gpu, &self.state.bone, self.state.counts.sites)
    }

    fn muscle(&self) -> Vec<MuscleState> {
        read(
            &self.gpu,
            &self.state.muscle,
            self.state.counts.muscle_voxels,
        )
    }

    fn floats(&self, buffer: &wgpu::Buffer, count: usize) -> Vec<f64> {
        wide(&read::<f32>(&self.gpu, buffer, count))
    }
}

/// Parameters in f64, by name.
#[derive(Clone, Copy)]
struct P(Physiology);

impl P {
    fn get(&self, name: &str) -> f64 {
        f64::from(
            self.0
                .get(name)
                .unwrap_or_else(|| panic!("no parameter {name}")),
        )
    }

    fn modulus(&self, bvtv: f64) -> f64 {
        self.get("modulus_coefficient")
            * (bvtv * self.get("tissue_density")).powf(self.get("modulus_exponent"))
    }

    /// Of a site's share of its voxel: what is left of a cortex' thickness, or a trabecular site.
    fn site_modulus(&self, kind: u32, state: &SiteState) -> f64 {
        let v = f64::from(state.bvtv);
        if kind == SiteKind::Cortical as u32 {
            let matrix = f64::from(state.matrix);
            v / matrix * self.modulus(matrix)
        } else {
            self.modulus(v)
        }
    }
}

/// BMP that nothing has bound, as a change: BMP-2, BMP-4, myostatin, inhibitors.
fn free_bmp(level: &[f64]) -> f64 {
    (1.0 + 0.5 * (level[0] + level[1])) / (1.0 + level[3]) - 1.0
}

fn relax(x: f64, to: f64, time: f64, dt: f64) -> f64 {
    to + (x - to) * (-dt / time).exp()
}

#[test]
fn loads_match_f64() {
    for conditions in [
        Conditions::EARTH,
        strange(),
        Conditions {
            posture: Posture::BedRest,
            exercise: Exercise::None,
            ..strange()
        },
    ] {
        for crosstalk in [1.0, 0.5, 0.0] {
            loads_match(conditions, crosstalk);
        }
    }
}

/// Loads under some conditions, with the link of muscle's force on bone whole or cut.
fn loads_match(conditions: Conditions, crosstalk: f32) {
    let mut tissue = tissue(11, conditions);
    // A joint each of its own.
    let shares = [0.3, 0.5, 0.7];
    tissue.change(|e| e.muscle_share[..3].copy_from_slice(&shares));
    tissue.set(&[("mechanical_crosstalk", crosstalk)]);
    let crosstalk = f64::from(crosstalk);
    let loads = Loads::new(&tissue.gpu, &tissue.state).unwrap();
    run(&tissue.gpu, |pass| loads.record(pass));
    let muscle = tissue.muscle();
    let (mut sum, mut volume) = ([0.0; 3], [0.0; 3]);
    let places = tissue
        .lists
        .muscle_voxels
        .iter()
        .zip(&tissue.anatomy.muscle);
    for ((place, plan), s) in places.zip(&muscle) {
        let (_, group, whole, force) = MUSCLES[plan.muscle];
        let (f, one) = (plan.fraction * force / whole, f64::from(place.type1));
        let area = one * f64::from(s.type1) + (1.0 - one) * f64::from(s.type2);
        assert_eq!(place.group as usize, group);
        sum[group] += f * area * f64::from(s.neural);
        volume[group] += f;
    }
    let strength: Vec<f64> = (0..3).map(|g| sum[g] / volume[g]).collect();
    assert_close(
        "strength",
        &tissue.floats(&tissue.state.strength, 3),
        &strength,
        0.0,
        1e-5,
    );
    let p = tissue.p();
    let residual = p.get(if conditions.posture == Posture::Upright {
        "residual_load_flight"
    } else {
        "residual_load_bed_rest"
    });
    let along = conditions.axial_gravity();
    let upright = conditions.posture == Posture::Upright;
    // In flight every joint of the hip keeps a load of its own, no muscle does.
    let gait = |case: &str| {
        let mut joints = tissue.model.joints.iter();
        let joint = joints.find(|j| j.scene == "hip" && j.name == case);
        let own = joint.and_then(|j| j.residual_flight).filter(|_| upright);
        let residual = own.unwrap_or(residual);
        residual + (1.0 - residual) * along
    };
    let afloat = if upright { 1.0 - along } else { 0.0 };
    let names: Vec<&str> = tissue.anatomy.loads.iter().map(|l| l.name).collect();
    let peak: f64 = MUSCLES.iter().map(|m| m.3).sum();
    let of_all = MUSCLES.iter().map(|m| strength[m.1] * m.3 / peak);
    let mean: f64 = of_all.sum();
    let mut want = Vec::new();
    for activity in tissue.model.activities.iter().filter(|a| a.scene == "hip") {
        use mechanostat::physiology::ActivityKind as K;
        let on = |e| {
            if conditions.exercise == e { 1.0 } else { 0.0 }
        };
        let scale = |case: &str| match activity.kind {
            K::Gait => gait(case),
            K::Weightless => afloat,
            K::Treadmill => on(Exercise::Treadmill),
            K::Ired => on(Exercise::Ired),
            K::Ared => on(Exercise::Ared),
            K::Flywheel => on(Exercise::Flywheel),
        };
        for c in 0..MOST {
            let force = names
                .get(c)
                .and_then(|n| activity.forces.get(*n))
                .copied()
                .unwrap_or(0.0);
            let weakness = if c < 3 {
                f64::from(*shares.get(c).unwrap_or(&0.0)) * (1.0 - mean)
            } else {
                1.0 - *strength.get(c - 3).unwrap_or(&1.0)
            };
            want.push(force * scale(names.get(c).unwrap_or(&"")) * (1.0 - crosstalk * weakness));
        }
    }
    assert_close(
        "forces",
        &tissue.floats(&tissue.state.day, want.len()),
        &want,
        1e-3,
        1e-5,
    );
}

#[test]
fn at_one_g_the_environment_is_exactly_homeostasis() {
    let tissue = tissue(12, Conditions::EARTH);
    let e = tissue.environment;
    assert_eq!(e.muscle_use, [1.0; MOST]);
    assert_eq!(
        (e.muscle_fluid, e.osteoclast_inhibition),
        ([1.0; MOST], 0.0)
    );
    assert_eq!(e.gravity, 1.0);
    // Four activities on foot at full force in all six cases, those afloat and machines not.
    assert_eq!((e.osteocytes, e.denervation), (1.0, 0.0));
    for (i, scale) in e.scale.iter().enumerate() {
        let on = i / MOST < 4 && i % MOST < 6;
        assert_eq!(*scale, if on { 1.0 } else { 0.0 }, "entry {i}");
    }
}

/// What the conditions of a day make of loads, muscles and cells, in every scene with muscle.
#[test]
fn the_environment_matches_f64() {
    use mechanostat::physiology::ActivityKind as K;
    let places = [0.0, 0.3, 1.0, 2.0];
    let held = [
        (Posture::Upright, false),
        (Posture::BedRest, false),
        (Posture::Paralysed, false),
        (Posture::Upright, true),
    ];
    let uses = [
        (Exercise::None, ""),
        (Exercise::Treadmill, "treadmill_use"),
        (Exercise::Ired, "ired_use"),
        (Exercise::Ared, "ared_use"),
        (Exercise::Flywheel, "flywheel_use"),
    ];
    for scene in ["hip", "lower-leg", "lumbar"] {
        let anatomy = Anatomy::build(scene, 24).unwrap();
        let mut model = Model::built_in().unwrap();
        for (idle, at) in [1.0f32, 0.5, 0.0].into_iter().zip(0..) {
            model.physiology = model.physiology.with("muscle_idleness", idle).unwrap();
            let p = P(model.physiology);
            for (gravity, (posture, culture)) in places
                .into_iter()
                .flat_map(|g| held.into_iter().map(move |h| (g, h)))
            {
                let (exercise, given_back) = uses[(at + (10.0 * gravity) as usize) % uses.len()];
                let drug = if at == 1 {
                    Drug::Bisphosphonate
                } else {
                    Drug::None
                };
                let conditions = Conditions {
                    gravity,
                    posture,
                    exercise,
                    drug,
                    simulated_microgravity: culture,
                    ..Conditions::EARTH
                };
                let got = environment(
                    bytemuck::Zeroable::zeroed(),
                    &anatomy,
                    &model,
                    &conditions,
                    0.5,
                );
                let lying = posture == Posture::BedRest;
                // The back is above the lesion.
                let lame = posture == Posture::Paralysed && scene != "lumbar";
                let bears = !(lying || culture || lame);
                let along = if bears { gravity } else { 0.0 };
                let load = |own: [Option<f64>; 2]| {
                    let residual = match (culture, lying, lame) {
                        (true, ..) => 0.0,
                        (_, true, _) => own[1].unwrap_or(p.get("residual_load_bed_rest")),
                        (.., true) => p.get("residual_load_paralysed"),
                        _ => own[0].unwrap_or(p.get("residual_load_flight")),
                    };
                    residual + (1.0 - residual) * along
                };
                let muscles = model.muscles.iter().filter(|m| m.scene == scene);
                let muscles: Vec<_> = muscles.collect();
                let idle = f64::from(idle);
                let of_muscle = |name: &str| {
                    let m = muscles.iter().find(|m| m.name == name).unwrap();
                    1.0 + idle * (load([m.residual_flight, m.residual_bed_rest]) - 1.0)
                };
                let of_joint = |name: &str| {
                    let mut joints = model.joints.iter();
                    let j = joints.find(|j| j.scene == scene && j.name == name).unwrap();
                    let change = load([j.residual_flight, j.residual_bed_rest]) - 1.0;
                    1.0 + (1.0 - (1.0 - idle) * j.muscle_share) * change
                };
                let what = format!("{scene}, {conditions:?}, idleness {idle}");
                let close = |name: &str, got: f32, want: f64| {
                    let off = (f64::from(got) - want).abs();
                    assert!(off < 1e-6, "{name}: {got} for {want}, {what}");
                };
                for (g, name) in anatomy.groups.iter().enumerate() {
                    let m = muscles.iter().find(|m| m.name == *name).unwrap();
                    let back = if culture || given_back.is_empty() {
                        0.0
                    } else {
                        p.get(given_back)
                    };
                    let change = m.postural * (of_muscle(name) - 1.0);
                    let kept = if change < 0.0 { 1.0 - back } else { 1.0 };
                    close("use", got.muscle_use[g], 1.0 + kept * change);
                    let sits = posture == Posture::Paralysed;
                    let legs = if sits { 0.0 } else { along.min(1.0) };
                    let missing = if culture { 0.0 } else { 1.0 - legs };
                    let water = 1.0 - p.get("fluid_shift") * m.fluid * missing;
                    close("fluid", got.muscle_fluid[g], water);
                    close("type I", got.muscle_type1[g], m.atrophy);
                    close("type II", got.muscle_type2[g], m.atrophy * m.fast);
                }
                let activities = model.activities.iter().filter(|a| a.scene == scene);
                for (a, activity) in activities.enumerate() {
                    for (c, case) in anatomy.loads.iter().enumerate() {
                        let machine =
                            |on: Exercise| f64::from(u8::from(exercise == on && !culture));
                        let want = match activity.kind {
                            K::Gait if c < anatomy.joint_loads => of_joint(case.name),
                            K::Gait => of_muscle(case.name),
                            K::Weightless if bears => 1.0 - gravity.min(1.0),
                            K::Weightless => 0.0,
                            K::Treadmill => machine(Exercise::Treadmill),
                            K::Ired => machine(Exercise::Ired),
                            K::Ared => machine(Exercise::Ared),
                            K::Flywheel => machine(Exercise::Flywheel),
                        };
                        close(case.name, got.scale[MOST * a + c], want);
                    }
                }
                close("gravity", got.gravity, if culture { 0.0 } else { gravity });
                let taken = match drug {
                    Drug::None => 0.0,
                    Drug::Bisphosphonate => p.get("bisphosphonate_inhibition"),
                };
                close("drug", got.osteoclast_inhibition, taken);
                close("osteocytes", got.osteocytes, f64::from(u8::from(!culture)));
                let paralysed = posture == Posture::Paralysed;
                let nerves = if paralysed { p.get("denervation") } else { 0.0 };
                close("nerves", got.denervation, nerves);
            }
        }
    }
}

#[test]
fn stiffness_matches_f64() {
    let tissue = tissue(13, strange());
    let stage = Stiffness::new(&tissue.gpu, &tissue.state, &tissue.mechanics).unwrap();
    let count = tissue.lists.bone_voxels.len();
    let before = tissue.floats(&tissue.state.solved, count);
    run(&tissue.gpu, |pass| stage.record(pass));
    let of_solve = || tissue.floats(&tissue.state.solved, count);
    assert!(of_solve() == before, "a day is no solve");
    let all = tissue.floats(tissue.mechanics.modulus(), tissue.mechanics.grid().len());
    let sites = tissue.sites();
    let p = tissue.p();
    let (mut got, mut want) = (Vec::new(), Vec::new());
    for b in &tissue.lists.bone_voxels {
        got.push(all[b.element as usize]);
        let tie = f64::from(b.tie) * p.get("cartilage_modulus");
        want.push(
            (tie + (b.first..b.first + b.sites)
                .map(|s| {
                    let site = &tissue.lists.sites[s as usize];
                    f64::from(site.fraction) * p.site_modulus(site.kind, &sites[s as usize])
                })
                .sum::<f64>())
                / p.get("reference_modulus"),
        );
    }
    assert_close("modulus", &got, &want, 0.0, 2e-5);
    // What a solve that begins knows is the same, in MPa.
    run(&tissue.gpu, |pass| stage.record_solved(pass));
    let reference = p.get("reference_modulus");
    let want: Vec<f64> = want.iter().map(|e| e * reference).collect();
    assert_close("solved modulus", &of_solve(), &want, 0.0, 2e-5);
    let outside = all.iter().filter(|e| **e == 0.0).count();
    assert_eq!(outside, all.len() - got.len(), "void is not void");
}

#[test]
fn stimulus_matches_f64() {
    let tissue = tissue(14, strange());
    let loads = Loads::new(&tissue.gpu, &tissue.state).unwrap();
    let stage = Stimulus::new(&tissue.gpu, &tissue.state, &tissue.mechanics).unwrap();
    run(&tissue.gpu, |pass| {
        loads.record(pass);
        stage.record(pass);
    });
    let p = tissue.p();
    let day = tissue.floats(&tissue.state.day, MOST * MOST + MOST);
    let stride = tissue.environment.case_stride as usize;
    let u = tissue.floats(tissue.mechanics.displacement(), 6 * stride);
    let grid = tissue.mechanics.grid();
    let steps = grid.strides();
    let sites = tissue.sites();
    let nu = p.get("poisson_ratio");
    let (lambda, mu) = (nu / ((1.0 + nu) * (1.0 - 2.0 * nu)), 0.5 / (1.0 + nu));
    let m = p.get("stimulus_exponent");
    let mut stimulus = vec![0.0; sites.len()];
    let mut energy = Vec::new();
    let solved = tissue.floats(&tissue.state.solved, tissue.lists.bone_voxels.len());
    for (b, solved) in tissue.lists.bone_voxels.iter().zip(solved) {
        // Gradient of displacement at the centre, by case: the mean of the corners' shape
        // gradients.
        let gradient = |case: usize| {
            let mut g = [[0.0f64; 3]; 3];
            for corner in 0..8usize {
                let node = b.element as usize
                    + (0..3).map(|k| (corner >> k & 1) * steps[k]).sum::<usize>();
                for (i, row) in g.iter_mut().enumerate() {
                    for (j, value) in row.iter_mut().enumerate() {
                        let slope = if corner >> j & 1 == 1 { 0.25 } else { -0.25 }
                            / tissue.anatomy.spacing;
                        *value += slope * u[case * stride + 3 * node + i];
                    }
                }
            }
            g
        };
        let gradients: Vec<_> = (0..6).map(gradient).collect();
        let (mut sum, mut peak) = (0.0f64, 0.0f64);
        for a in 0..MOST {
            let mut g = [[0.0; 3]; 3];
            for (c, gc) in gradients.iter().enumerate() {
                for i in 0..3 {
                    for j in 0..3 {
                        g[i][j] += day[MOST * a + c] * gc[i][j] / p.get("reference_modulus");
                    }
                }
            }
            let e = |i: usize, j: usize| 0.5 * (g[i][j] + g[j][i]);
            let trace = e(0, 0) + e(1, 1) + e(2, 2);
            let square: f64 = (0..3)
                .flat_map(|i| (0..3).map(move |j| (i, j)))
                .map(|(i, j)| e(i, j) * e(i, j))
                .sum();
            let twice = lambda * trace * trace + 2.0 * mu * square;
            sum += day[MOST * MOST + a] * twice.powf(0.5 * m);
            peak = peak.max(twice);
        }
        let own = b.first..b.first + b.sites;
        let kind = |s: u32| tissue.lists.sites[s as usize].kind;
        let of_site = |s: u32| {
            let fraction = f64::from(tissue.lists.sites[s as usize].fraction);
            fraction * p.site_modulus(kind(s), &sites[s as usize])
        };
        let modulus: f64 = own.clone().map(of_site).sum();
        // The voxel bears the stress that it bore when displacements were solved for.
        let now = modulus + f64::from(b.tie) * p.get("cartilage_modulus");
        let softer = solved / now;
        for s in own {
            let state = &sites[s as usize];
            let left = kind(s) == SiteKind::Cortical as u32;
            let v = f64::from(if left { state.matrix } else { state.bvtv });
            stimulus[s as usize] = softer * sum.powf(1.0 / m) * p.modulus(v) / (v * v);
        }
        energy.push(0.5 * modulus * softer * softer * peak);
    }
    assert_close(
        "stimulus",
        &tissue.floats(&tissue.state.stimulus, stimulus.len()),
        &stimulus,
        0.0,
        2e-4,
    );
    assert_close(
        "energy",
        &tissue.floats(&tissue.state.energy, energy.len()),
        &energy,
        0.0,
        2e-4,
    );
}

/// With the strain field cut every site feels the mean of its own bone, as a share of its
/// set-point; half cut, half of that.
#[test]
fn the_mean_of_a_bone_matches_f64() {
    let tissue = tissue(21, strange());
    let loads = Loads::new(&tissue.gpu, &tissue.state).unwrap();
    let stage = Stimulus::new(&tissue.gpu, &tissue.state, &tissue.mechanics).unwrap();
    let count = tissue.lists.sites.len();
    let felt = |strain_field: f32| {
        let physiology = tissue.model.physiology.with("strain_field", strain_field);
        write(
            &tissue.gpu,
            &tissue.state.physiology,
            &[physiology.unwrap()],
        );
        run(&tissue.gpu, |pass| {
            loads.record(pass);
            stage.record(pass);
        });
        tissue.floats(&tissue.state.stimulus, count)
    };
    let own = felt(1.0);
    let wanted = tissue.floats(&tissue.state.homeostasis, 3 * count);
    let bones: Vec<usize> = tissue.anatomy.bone.iter().map(|b| b.bone).collect();
    let mut sums = [[0.0; 3]; 3];
    let each = || {
        let voxels = tissue.lists.bone_voxels.iter().zip(&bones);
        voxels.flat_map(|(v, bone)| (v.first..v.first + v.sites).map(|s| (s as usize, *bone)))
    };
    let is_asked = |s: usize| wanted[3 * s] > 0.0;
    assert!((0..count).any(|s| !is_asked(s)));
    for (s, bone) in each().filter(|(s, _)| is_asked(*s)) {
        let fraction = f64::from(tissue.lists.sites[s].fraction);
        sums[bone][0] += fraction * own[s] / wanted[3 * s];
        sums[bone][1] += fraction;
        sums[bone][2] += fraction * wanted[3 * s];
    }
    assert!(sums.iter().all(|s| s[1] > 0.0), "a bone without sites");
    for cut in [1.0, 0.5] {
        let mut want = own.clone();
        for (s, bone) in each().filter(|(s, _)| is_asked(*s)) {
            let mean = wanted[3 * s] * sums[bone][0] / sums[bone][1];
            want[s] = cut * mean + (1.0 - cut) * own[s];
        }
        let got = felt(1.0 - cut as f32);
        assert_close("mean of a bone", &got, &want, 0.0, 2e-4);
        let set_points = tissue.floats(&tissue.state.homeostasis, 3 * count);
        for (s, bone) in each() {
            let mean = sums[bone][2] / sums[bone][1];
            let got = set_points[3 * s + 2];
            assert!((got / mean - 1.0).abs() < 1e-5, "{got} for {mean}");
        }
    }
}

#[test]
fn signals_settle_at_the_f64_balance() {
    let tissue = tissue(15, strange());
    let stage = Signal::new(&tissue.gpu, &tissue.state, &tissue.anatomy, &tissue.model).unwrap();
    write(
        &tissue.gpu,
        &tissue.state.level,
        &vec![0.0f32; 4 * tissue.state.counts.lattice],
    );
    run(&tissue.gpu, |pass| stage.record(pass));
    let first = tissue.floats(&tissue.state.level, 4 * tissue.state.counts.lattice);
    for _ in 0..30 {
        run(&tissue.gpu, |pass| stage.record(pass));
    }
    let mut source = tissue.floats(&tissue.state.source, 4 * tissue.state.counts.lattice);
    let secretion = tissue.floats(&tissue.state.secretion, tissue.state.counts.lattice);
    for (cell, bone) in source.chunks_mut(4).zip(&secretion) {
        cell[0] += bone;
    }
    let a = (tissue.p().get("signal_length") / tissue.anatomy.spacing).powi(2);
    let mut level = vec![0.0; source.len()];
    // Plain Jacobi, long enough.
    for _ in 0..3000 {
        let old = level.clone();
        for at in each(VOXELS) {
            let i = tissue.anatomy.voxel(at);
            for k in 0..4 {
                let mut sum = source[4 * i + k];
                for axis in 0..3 {
                    for up in [false, true] {
                        let mut q = at;
                        q[axis] = if up {
                            (q[axis] + 1).min(VOXELS[axis] - 1)
                        } else {
                            q[axis].max(1) - 1
                        };
                        sum += a * old[4 * tissue.anatomy.voxel(q) + k];
                    }
                }
                level[4 * i + k] = sum / (1.0 + 6.0 * a);
            }
        }
    }
    assert_close(
        "levels",
        &tissue.floats(&tissue.state.level, level.len()),
        &level,
        2e-5,
        1e-4,
    );
    // One step from nothing leaves half a per cent of the largest level.
    let largest = level.iter().fold(0.0f64, |m, l| m.max(l.abs()));
    assert_close(
        "levels after one step",
        &first,
        &level,
        0.005 * largest,
        0.0,
    );
}

#[test]
fn bone_matches_f64() {
    let as_it_is = bone_matches(&[], 0.45, strange());
    // Half of the strain field, half of the bone's mean; nerves and osteocytes away.
    bone_matches(&[("strain_field", 0.5)], 0.0, strange());
    let paralysed = Posture::Paralysed;
    let paralysed = Conditions {
        posture: paralysed,
        ..Conditions::EARTH
    };
    bone_matches(&[], 0.0, paralysed);
    let culture = Conditions {
        simulated_microgravity: true,
        ..Conditions::EARTH
    };
    bone_matches(&[], 0.0, culture);
    assert_eq!(
        as_it_is[..2],
        [true; 2],
        "D beyond full disuse, X at its bound"
    );
    // Parameters at the ends of their ranges: every bound acts.
    let strong = [
        ("sclerostin_gain", 5.0),
        ("myostatin_rankl", 5.0),
        ("bmp_formation", 5.0),
        ("coupling", 2.0),
        ("dose_exponent", 6.0),
        ("desensitisation", 0.3),
        ("marrow_fat_gain", 10.0),
        ("surface_turnover", 0.01),
    ];
    assert_eq!(bone_matches(&strong, 1.0, strange()), [true; 7]);
}

/// Bone with other parameters; whether these bounds acted somewhere: beyond full disuse, most
/// overload, least sclerostin, no RANKL, no precursors, no osteoblasts, least or most bone.
fn bone_matches(set: &[(&str, f32)], inhibition: f32, conditions: Conditions) -> [bool; 7] {
    let mut tissue = tissue(16, conditions);
    tissue.set(set);
    tissue.change(|e| e.osteoclast_inhibition = inhibition);
    if set.len() > 1 {
        tissue.deplete_signals();
    }
    let mut acted = [false; 7];
    let p = tissue.p();
    let before = tissue.sites();
    let stimulus = tissue.floats(&tissue.state.stimulus, before.len());
    let homeostasis = tissue.floats(&tissue.state.homeostasis, 3 * before.len());
    let level = tissue.floats(&tissue.state.level, 4 * tissue.state.counts.lattice);
    let mut want_secretion = tissue.floats(&tissue.state.secretion, tissue.state.counts.lattice);
    let stage = Bone::new(&tissue.gpu, &tissue.state).unwrap();
    run(&tissue.gpu, |pass| {
        stage.record_surfaces(pass);
        stage.record(pass);
    });
    let after = tissue.sites();
    let dt = f64::from(tissue.environment.dt);
    let inhibition = f64::from(tissue.environment.osteoclast_inhibition);
    let denervation = f64::from(tissue.environment.denervation);
    let osteocytes = tissue.environment.osteocytes > 0.0;
    let flat = |s: &SiteState| {
        bytemuck::cast_slice::<_, f32>(std::slice::from_ref(s))
            .iter()
            .map(|x| f64::from(*x))
            .collect::<Vec<_>>()
    };
    let mut want = Vec::new();
    for b in &tissue.lists.bone_voxels {
        let v = b.voxel as usize;
        let (bmp, myostatin) = (free_bmp(&level[4 * v..]), level[4 * v + 2]);
        let mut secretion = 0.0;
        for s in b.first as usize..(b.first + b.sites) as usize {
            let site = tissue.lists.sites[s];
            let [
                bvtv,
                osteocyte,
                sclerostin,
                _,
                recruits,
                oc,
                pre,
                ob,
                fat,
                mapk,
                ppar,
                actin,
                used_to,
                links,
                memory,
                habit,
                matrix,
                outside,
            ]: [f64; 18] = flat(&before[s]).try_into().unwrap();
            let at_rest = &homeostasis[3 * s..3 * s + 3];
            let half = p.get("stimulus_half");
            let (mut strain, mut felt, mut felt_by_rest) = (1.0, 1.0, 1.0);
            if at_rest[0] > 0.0 && osteocytes {
                let of_rest = stimulus[s] / at_rest[0];
                strain = of_rest * links.powi(2);
                let whole = p.get("strain_field");
                let wanted = whole * at_rest[0] + (1.0 - whole) * at_rest[2];
                let passed = |x: f64| x * wanted / (x * wanted + half);
                felt = passed(strain) / passed(memory);
                felt_by_rest = passed(of_rest) / passed(memory);
            }
            let full = p.get("full_disuse");
            let disuse = full * ((1.0 - felt_by_rest).max(0.0) / full).powf(p.get("dose_exponent"));
            acted[0] |= 1.0 - felt_by_rest > full;
            acted[1] |= felt - 1.0 > p.get("overload_limit");
            let overload = (felt - 1.0).max(0.0).min(p.get("overload_limit"));
            let target = (1.0 - disuse).max(0.0) + overload;
            let osteocyte = relax(osteocyte, target, p.get("osteocyte_time"), dt);
            let (low, high) = ((1.0 - osteocyte).max(0.0), (osteocyte - 1.0).max(0.0));
            let habit = relax(habit, low - high, p.get("desensitisation_time"), dt);
            let unusual = low - high - p.get("desensitisation") * habit;
            let gravity = f64::from(tissue.environment.gravity).min(1.0);
            let within = if 1.0 - gravity < used_to {
                p.get("cytoskeleton_return")
            } else {
                p.get("cytoskeleton_adaptation")
            };
            let used_to = relax(used_to, 1.0 - gravity, within, dt);
            let actin = relax(
                actin,
                1.0 - p.get("cytoskeleton_loss") * (1.0 - gravity - used_to),
                p.get("cytoskeleton_time"),
                dt,
            );
            let disorder = 1.0 - actin;
            let mut bounded = |bound: usize, target: f64, least: f64| {
                acted[bound] |= target < least;
                target.max(least)
            };
            let to = 1.0 + p.get("sclerostin_gain") * unusual;
            let to = bounded(2, to, p.get("sclerostin_floor"));
            let sclerostin = relax(sclerostin, to, p.get("sclerostin_time"), dt);
            let nerves = 1.0 + denervation * f64::from(site.below_lesion);
            let rankl = 1.0
                + p.get("rankl_gain") * low * nerves
                + if osteocytes {
                    0.0
                } else {
                    p.get("actin_rankl") * disorder
                }
                + p.get("myostatin_rankl") * myostatin;
            let rankl = bounded(3, rankl, 0.0);
            let called = rankl - 1.0;
            let to = (1.0 + p.get("osteoclast_recruitment") * called).max(0.0);
            let recruits = relax(recruits, to, p.get("recruitment_time"), dt);
            let active = (1.0 + p.get("osteoclast_activation") * called).max(0.0);
            let oc_new = active * recruits * (1.0 - inhibition);
            let fate = p.get("actin_fate") * disorder;
            let to = (1.0 - p.get("mapk_loss") * unusual - fate).max(0.0);
            let mapk = relax(mapk, to, p.get("fate_time"), dt);
            let to = (1.0 + p.get("ppar_gain") * unusual + fate).max(1e-3);
            let ppar = relax(ppar, to, p.get("fate_time"), dt);
            let to = (1.0 + p.get("marrow_fat_gain") * (ppar - 1.0)).max(0.0);
            let fat = relax(fat, to, p.get("marrow_fat_time"), dt);
            let to = bounded(4, 1.0 + p.get("coupling") * (oc_new - 1.0), 0.0);
            let pre = relax(pre, to, p.get("coupling_time"), dt);
            let wnt = 1.0 / (1.0 + p.get("sclerostin_formation") * (sclerostin - 1.0));
            let to = pre
                * wnt
                * (1.0 + p.get("formation_gain") * high)
                * (1.0 + p.get("stem_cell_shift") * (mapk - ppar) / (mapk + ppar))
                * (1.0 + p.get("bmp_formation") * bmp)
                * (1.0 - p.get("cytoskeleton_formation") * disorder);
            let ob_new = relax(ob, bounded(5, to, 0.0), p.get("osteoblast_time"), dt);
            let is_cortex = site.kind == SiteKind::Cortical as u32;
            let martin = |v: f64| -> f64 {
                let each = (1..=5).map(|k| p.get(&format!("martin_{k}")) * (1.0 - v).powi(k));
                each.sum::<f64>().max(0.0)
            };
            // Of a cortex that has become thinner there is less, with the pores of what is left.
            let (pores, left) = if is_cortex {
                (p.get("pore_activity") * martin(matrix), bvtv / matrix)
            } else {
                (martin(bvtv), 1.0)
            };
            let inside = pores * left;
            let surface = inside + p.get("endosteal_roughness") * f64::from(site.surface);
            let balance = 0.5 * (ob_new - oc_new + ob - oc);
            let floor = p.get("bvtv_floor");
            let renewed = p.get("surface_turnover") * surface * ob_new / bvtv.max(floor);
            let renewed = p.get("osteocyte_renewal") * renewed;
            let memory = relax(memory, strain, 1.0, dt * renewed).max(1e-3);
            let moved = dt * p.get("surface_turnover") * balance;
            let (matrix, outside) = if is_cortex {
                let gain = p.get("formation_gain") * high * p.get("surface_turnover");
                let matrix = (matrix + moved * pores).clamp(floor, 1.0 - floor);
                (matrix, outside + dt * gain)
            } else {
                (matrix, outside)
            };
            let to = bvtv + moved * surface;
            acted[6] |= to < floor || to > 1.0 - floor;
            let bvtv = to.clamp(floor, 1.0 - floor);
            let links = if site.kind == SiteKind::Trabecular as u32 {
                let lost = (1.0 - bvtv / at_rest[1]).max(0.0);
                links.min((1.0 - p.get("perforation") * lost * lost).max(0.0))
            } else {
                links
            };
            want.extend([
                bvtv, osteocyte, sclerostin, rankl, recruits, oc_new, pre, ob_new, fat, mapk, ppar,
                actin, used_to, links, memory, habit, matrix, outside,
            ]);
            secretion += f64::from(site.fraction) * p.get("bmp_bone") * (ob_new - 1.0);
        }
        want_secretion[v] = secretion;
    }
    let got: Vec<f64> = after.iter().flat_map(flat).collect();
    assert_close("bone", &got, &want, 1e-6, 2e-5);
    assert_close(
        "secretion",
        &tissue.floats(&tissue.state.secretion, want_secretion.len()),
        &want_secretion,
        1e-6,
        2e-5,
    );
    acted
}

#[test]
fn settling_and_set_point_match_f64() {
    let tissue = tissue(17, strange());
    let p = tissue.p();
    let before = tissue.sites();
    let stimulus = tissue.floats(&tissue.state.stimulus, before.len());
    let stage = Bone::new(&tissue.gpu, &tissue.state).unwrap();
    run(&tissue.gpu, |pass| {
        stage.record_settling(pass);
        stage.record_set_point(pass);
    });
    let want: Vec<f64> = before
        .iter()
        .zip(&tissue.lists.sites)
        .zip(&stimulus)
        .map(|((s, site), felt)| {
            let v = f64::from(s.bvtv);
            if site.kind == SiteKind::Trabecular as u32 {
                let settling = p.get("settling_stimulus") * f64::from(site.settling);
                (v * (felt / settling).powf(p.get("settling_exponent")))
                    .clamp(p.get("trabecular_least"), p.get("trabecular_most"))
            } else {
                v
            }
        })
        .collect();
    let got: Vec<f64> = tissue.sites().iter().map(|s| f64::from(s.bvtv)).collect();
    assert_close("settled", &got, &want, 0.0, 2e-5);
    let kept: Vec<f64> = stimulus
        .iter()
        .zip(&got)
        .flat_map(|(s, v)| [*s, *v, *s])
        .collect();
    assert_eq!(
        tissue.floats(&tissue.state.homeostasis, kept.len()),
        kept,
        "set-point and start"
    );
    run(&tissue.gpu, |pass| stage.record_seed(pass));
    let seeded: Vec<f64> = kept
        .chunks(3)
        .zip(&tissue.lists.sites)
        .flat_map(|(k, site)| {
            let trabecular = site.kind == SiteKind::Trabecular as u32;
            let wanted = if trabecular {
                f64::from(p.get("settling_stimulus") as f32 * site.settling)
            } else {
                k[0]
            };
            [wanted, k[1], wanted]
        })
        .collect();
    assert_eq!(
        tissue.floats(&tissue.state.homeostasis, seeded.len()),
        seeded,
        "seeded"
    );
}

/// Under a given load a piece's matrix feels the more the less bears it: by the square of what its
/// density has lost, and in a cortex in proportion to what its thickness has.
#[test]
fn what_the_skeleton_feels_matches_f64() {
    let (gpu, model, mut noise) = (gpu(), Model::built_in().unwrap(), Noise(23));
    let skeleton = Skeleton::new(&gpu, &model).unwrap();
    let state = skeleton.state();
    let start: Vec<SiteState> = read(&gpu, &state.bone, state.counts.sites);
    let set_points: Vec<[f32; 3]> = read(&gpu, &state.homeostasis, state.counts.sites);
    let worn: Vec<SiteState> = start
        .iter()
        .map(|s| SiteState {
            bvtv: s.bvtv * noise.between(0.4, 1.0) as f32,
            matrix: s.bvtv * noise.between(0.6, 1.0) as f32,
            ..*s
        })
        .collect();
    write(&gpu, &state.bone, &worn);
    run(&gpu, |pass| skeleton.record(pass));
    let felt: Vec<f32> = read(&gpu, &state.stimulus, state.counts.sites);
    let felt: Vec<f64> = felt.into_iter().map(f64::from).collect();
    let want: Vec<f64> = worn
        .iter()
        .zip(&start)
        .zip(&set_points)
        .enumerate()
        .map(|(k, ((now, before), set_point))| {
            // Trabecular, then cortical, of piece after piece; on Earth, as it is made.
            let bearing = if k % 2 == 0 { now.bvtv } else { now.matrix };
            let ratio = f64::from(before.bvtv).powi(2) / f64::from(now.bvtv) / f64::from(bearing);
            f64::from(set_point[0]) * ratio
        })
        .collect();
    assert_close("skeleton's stimulus", &felt, &want, 0.0, 1e-5);
}

/// A lattice of single struts between platens, random densities: the surface that moves them.
#[test]
fn strut_surfaces_match_f64() {
    let gpu = gpu();
    let anatomy = Anatomy::build("trabecular-core", 24).unwrap();
    let model = Model::built_in().unwrap();
    let lists = Lists::new(&anatomy, &model);
    let state = TissueState::new(&gpu, &anatomy, &model, &lists).unwrap();
    let [nx, ny, nz] = anatomy.voxels;
    let environment = Environment {
        voxels: anatomy.voxels.map(|n| n as u32),
        bone_voxels: state.counts.bone_voxels as u32,
        ..bytemuck::Zeroable::zeroed()
    };
    write(&gpu, &state.environment, &[environment]);
    let mut noise = Noise(23);
    let mut sites = lists.bone.clone();
    for s in &mut sites {
        s.bvtv = noise.next().round() as f32 * noise.next() as f32;
    }
    write(&gpu, &state.bone, &sites);
    let stage = Bone::new(&gpu, &state).unwrap();
    run(&gpu, |pass| stage.record_surfaces(pass));
    let got = wide(&read::<f32>(&gpu, &state.surface, 2 * sites.len()));
    let mut want = Vec::new();
    for at in each(anatomy.voxels) {
        let v = |p: [usize; 3]| f64::from(sites[anatomy.voxel(p)].bvtv);
        let platen = |z: usize| z == 0 || z + 1 == nz;
        let (mut grown, mut resorbed) = (0.0f64, 0.0f64);
        for axis in 0..3 {
            let mut slopes = vec![0.0];
            for up in [false, true] {
                let mut q = at;
                let n = [nx, ny, nz][axis];
                if up && at[axis] + 1 < n {
                    q[axis] += 1;
                } else if !up && at[axis] > 0 {
                    q[axis] -= 1;
                }
                if !platen(q[2]) {
                    slopes.push((v(q) - v(at)) / anatomy.spacing);
                }
            }
            grown += slopes.iter().copied().fold(0.0, f64::max).powi(2);
            resorbed += slopes.iter().copied().fold(0.0, f64::min).powi(2);
        }
        let both = [grown.sqrt(), resorbed.sqrt()];
        want.extend(if platen(at[2]) { [0.0; 2] } else { both });
    }
    assert_close("surfaces", &got, &want, 1e-6, 1e-5);
}

/// A rod that is resorbed evenly thins by what its cells take off its surface.
#[test]
fn a_rod_thins_by_the_depth_its_cells_resorb() {
    let gpu = gpu();
    let (n, radius, depth, h) = (24usize, 6.0f64, 1.0f64, 0.05f64);
    let inside = |x: f64, y: f64, r: f64| (x - 12.0).hypot(y - 12.0) < r;
    // Shares by sampling, as a scan's partial volume.
    let share = |at: [usize; 3], r: f64| {
        let fine = 8usize;
        let hits = each([fine, fine, 1])
            .filter(|s| {
                let p = |k: usize| at[k] as f64 + (s[k] as f64 + 0.5) / fine as f64;
                inside(p(0), p(1), r)
            })
            .count();
        hits as f64 / (fine * fine) as f64
    };
    let scan = Volume {
        name: String::new(),
        unit: String::new(),
        voxels: [n, n, n],
        spacing: [h; 3],
        origin: [0.0; 3],
        axes: Axes::BODY,
        values: each([n; 3])
            .map(|at| f32::from(u8::from(share(at, radius) >= 0.5)))
            .collect(),
    };
    let anatomy = Anatomy::from_scan(&scan, n).unwrap();
    let mut model = Model::built_in().unwrap();
    // Osteoclasts alone, at a constant 2, take 1 voxel's edge in 100 days.
    model.physiology.surface_turnover = (depth * h / 100.0) as f32;
    model.physiology.rankl_gain = 0.0;
    model.physiology.coupling = 0.0;
    model.physiology.recruitment_time = 1e9;
    let lists = Lists::new(&anatomy, &model);
    let state = TissueState::new(&gpu, &anatomy, &model, &lists).unwrap();
    let environment = Environment {
        voxels: anatomy.voxels.map(|n| n as u32),
        bone_voxels: state.counts.bone_voxels as u32,
        dt: 1.0,
        gravity: 1.0,
        ..bytemuck::Zeroable::zeroed()
    };
    write(&gpu, &state.environment, &[environment]);
    let busy: Vec<SiteState> = lists
        .bone
        .iter()
        .map(|s| SiteState {
            osteoclasts: 2.0,
            preosteoclasts: 2.0,
            ..*s
        })
        .collect();
    let rest = vec![[100.0f32, 1.0, 100.0]; busy.len()];
    write(&gpu, &state.bone, &busy);
    write(&gpu, &state.homeostasis, &rest);
    write(&gpu, &state.stimulus, &vec![100.0f32; busy.len()]);
    let stage = Bone::new(&gpu, &state).unwrap();
    let volume = |sites: &[SiteState]| -> f64 {
        sites
            .iter()
            .zip(&lists.sites)
            .filter(|(_, s)| s.kind == SiteKind::Strut as u32)
            .map(|(s, _)| f64::from(s.bvtv))
            .sum()
    };
    let before = volume(&busy);
    for _ in 0..100 {
        run(&gpu, |pass| {
            stage.record_surfaces(pass);
            stage.record(pass);
        });
        // Keep the cells as they are.
        let mut now: Vec<SiteState> = read(&gpu, &state.bone, busy.len());
        for s in &mut now {
            (s.osteoclasts, s.preosteoclasts, s.osteoblasts) = (2.0, 2.0, 1.0);
        }
        write(&gpu, &state.bone, &now);
    }
    let after = volume(&read::<SiteState>(&gpu, &state.bone, busy.len()));
    let wanted = ((radius - depth) / radius).powi(2);
    println!(
        "rod: {:.3} of its volume is left, {wanted:.3} by geometry",
        after / before
    );
    // The lattice's staircase has more surface than the rod: a tenth of what is lost is granted.
    assert!((after / before - wanted).abs() < 0.1 * (1.0 - wanted));
}

#[test]
fn muscle_matches_f64() {
    let as_it_is = muscle_matches(&[], [0.0, 0.5, 1.4]);
    assert_eq!(as_it_is[..2], [true; 2], "full disuse and training");
    // Parameters at the ends of their ranges: every bound acts.
    let strong = [
        ("satellite_loss", 1.0),
        ("myotube_loss", 1.0),
        ("satellite_myostatin", 1.0),
        ("satellite_bmp", 1.0),
        ("type1_sensitivity", 5.0),
        ("type2_sensitivity", 5.0),
        ("synthesis_loss", 1.0),
        ("degradation_gain", 0.0),
        ("smad158_synthesis", 1.0),
        ("smad23_degradation", 1.0),
    ];
    assert_eq!(muscle_matches(&strong, [0.0, 0.1, 1.4]), [true; 8]);
}

/// Muscle with other parameters and used otherwise; whether these bounds acted somewhere: full
/// disuse, training, no BMP or myostatin, neither, no satellite cells, no synthesis, least
/// degradation, no fibre area.
fn muscle_matches(set: &[(&str, f32)], used: [f32; 3]) -> [bool; 8] {
    let mut tissue = tissue(
        18,
        Conditions {
            exercise: Exercise::None,
            ..strange()
        },
    );
    tissue.set(set);
    tissue.change(|e| e.muscle_use[..3].copy_from_slice(&used));
    if !set.is_empty() {
        tissue.deplete_signals();
    }
    let mut acted = [false; 8];
    let p = tissue.p();
    let before = tissue.muscle();
    let level = tissue.floats(&tissue.state.level, 4 * tissue.state.counts.lattice);
    let mut want_source = tissue.floats(&tissue.state.source, 4 * tissue.state.counts.lattice);
    let stage = Muscle::new(&tissue.gpu, &tissue.state).unwrap();
    run(&tissue.gpu, |pass| stage.record(pass));
    let dt = f64::from(tissue.environment.dt);
    let source = tissue.floats(&tissue.state.source, 4 * tissue.state.counts.lattice);
    let (mut got, mut want) = (Vec::new(), Vec::new());
    for ((place, s), after) in tissue
        .lists
        .muscle_voxels
        .iter()
        .zip(&before)
        .zip(tissue.muscle())
    {
        let v = place.voxel as usize;
        let (bmp, myostatin) = (1.0 + free_bmp(&level[4 * v..]), 1.0 + level[4 * v + 2]);
        acted[2] |= bmp < 0.0 || myostatin < 0.0;
        let (bmp, myostatin) = (bmp.max(0.0), myostatin.max(0.0));
        let both = bmp + myostatin;
        acted[3] |= both == 0.0;
        let (smad158, smad23) = if both > 0.0 {
            (2.0 * bmp / both, 2.0 * myostatin / both)
        } else {
            (1.0, 1.0)
        };
        let group = place.group as usize;
        let used = f64::from(tissue.environment.muscle_use[group]);
        let full = p.get("muscle_full_disuse");
        acted[0] |= 1.0 - used > full;
        acted[1] |= used > 1.0;
        let missing = ((1.0 - used) / full).clamp(0.0, 1.0);
        let disuse = full * missing.powf(p.get("muscle_dose_exponent"));
        let memory = relax(
            f64::from(s.memory),
            disuse,
            p.get("satellite_memory_time"),
            dt,
        );
        let fresh = (disuse - memory).max(0.0);
        let called = p.get("satellite_bmp") * (smad158 - 1.0)
            - p.get("satellite_myostatin") * (smad23 - 1.0);
        let mut cells = |now: f32, activation: &str, loss: &str| {
            let to = 1.0 + p.get(activation) * fresh - p.get(loss) * memory + called;
            acted[4] |= to < 0.0;
            relax(f64::from(now), to.max(0.0), p.get("satellite_time"), dt)
        };
        let satellite = cells(s.satellite_cells, "satellite_activation", "satellite_loss");
        let tubes = cells(s.myotubes, "myotube_activation", "myotube_loss");
        let neural = relax(
            f64::from(s.neural),
            1.0 - p.get("neural_loss") * disuse,
            p.get("neural_time"),
            dt,
        );
        let fluid = relax(
            f64::from(s.fluid),
            f64::from(tissue.environment.muscle_fluid[group]),
            p.get("fluid_time"),
            dt,
        );
        let synthesis = 1.0 - p.get("synthesis_loss") * disuse
            + p.get("training_gain") * (used - 1.0).max(0.0)
            + p.get("smad158_synthesis") * (smad158 - 1.0)
            + p.get("satellite_synthesis") * (0.5 * (satellite + tubes) - 1.0);
        let degradation =
            1.0 + p.get("degradation_gain") * disuse + p.get("smad23_degradation") * (smad23 - 1.0);
        acted[5] |= synthesis < 0.0;
        acted[6] |= degradation < 0.1;
        let balance = synthesis.max(0.0) / degradation.max(0.1);
        let strongly = [
            tissue.environment.muscle_type1[group],
            tissue.environment.muscle_type2[group],
        ]
        .map(f64::from);
        let mut fibre = |area: f32, kind: usize| {
            let sensitivity = p.get(["type1_sensitivity", "type2_sensitivity"][kind]);
            let to = 1.0 + strongly[kind] * sensitivity * (balance - 1.0);
            acted[7] |= to < 0.0;
            let to = to.max(0.0);
            let area = f64::from(area);
            relax(
                area,
                to,
                p.get(if to < area {
                    "atrophy_time"
                } else {
                    "recovery_time"
                }),
                dt,
            )
        };
        want.extend([
            fibre(s.type1, 0),
            fibre(s.type2, 1),
            neural,
            fluid,
            memory,
            satellite,
            tubes,
            smad158,
            smad23,
        ]);
        got.extend(
            [
                after.type1,
                after.type2,
                after.neural,
                after.fluid,
                after.memory,
                after.satellite_cells,
                after.myotubes,
                after.smad158,
                after.smad23,
            ]
            .map(f64::from),
        );
        let f = f64::from(place.fraction);
        let secreted =
            |activation: &str, loss: &str| p.get(activation) * fresh - p.get(loss) * memory;
        want_source[4 * v..4 * v + 4].copy_from_slice(&[
            f * secreted("bmp2_activation", "bmp2_loss"),
            f * secreted("bmp4_activation", "bmp4_loss"),
            f * (p.get("myostatin_gain") - p.get("myostatin_loss")) * memory,
            f * p.get("inhibitor_gain") * memory,
        ]);
    }
    assert_close("muscle", &got, &want, 1e-6, 2e-5);
    assert_close("secretion", &source, &want_source, 1e-6, 2e-5);
    acted
}

#[test]
fn fields_match_f64() {
    let tissue = tissue(19, strange());
    let p = tissue.p();
    let field = Field::new(&tissue.gpu, &tissue.state, &tissue.anatomy).unwrap();
    let sites = tissue.sites();
    let homeostasis = tissue.floats(&tissue.state.homeostasis, 3 * sites.len());
    let energy = tissue.floats(&tissue.state.energy, tissue.lists.bone_voxels.len());
    let level = tissue.floats(&tissue.state.level, 4 * tissue.state.counts.lattice);
    for kind in FieldKind::ALL.iter().copied() {
        use FieldKind as F;
        field.show(&tissue.gpu, kind);
        let values = tissue.floats(field.values(), tissue.state.counts.lattice);
        let (mut got, mut want) = (Vec::new(), Vec::new());
        if kind.in_muscle() {
            for (place, s) in tissue.lists.muscle_voxels.iter().zip(tissue.muscle()) {
                let one = f64::from(place.type1);
                let area = one * f64::from(s.type1) + (1.0 - one) * f64::from(s.type2);
                let v = place.voxel as usize;
                got.push(values[v]);
                want.push(match kind {
                    F::MuscleArea => 100.0 * area,
                    F::MuscleChange => 100.0 * (area - 1.0),
                    F::Muscle => f64::from(place.muscle + 1),
                    F::FibreAngle => f64::from(place.fibre),
                    F::MuscleThickness => 100.0 * ((area * f64::from(s.fluid)).sqrt() - 1.0),
                    F::Type1 => f64::from(s.type1),
                    F::Type2 => f64::from(s.type2),
                    F::NeuralDrive => f64::from(s.neural),
                    F::SatelliteCells => f64::from(s.satellite_cells),
                    F::Myotubes => f64::from(s.myotubes),
                    F::Smad158 => f64::from(s.smad158),
                    F::Smad23 => f64::from(s.smad23),
                    F::Bmp2 => 1.0 + level[4 * v],
                    F::Bmp4 => 1.0 + level[4 * v + 1],
                    F::Myostatin => 1.0 + level[4 * v + 2],
                    F::NogginChordin => 1.0 + level[4 * v + 3],
                    _ => unreachable!("{kind:?} has no oracle here: add an arm"),
                });
            }
        } else {
            for (t, b) in tissue.lists.bone_voxels.iter().enumerate() {
                let (mut volume, mut bone, mut before) = (0.0, 0.0, 0.0);
                let range = b.first as usize..(b.first + b.sites) as usize;
                for s in range.clone() {
                    let f = f64::from(tissue.lists.sites[s].fraction);
                    volume += f;
                    bone += f * f64::from(sites[s].bvtv);
                    before += f * homeostasis[3 * s + 1];
                }
                let mean = |of: fn(&SiteState) -> f32| {
                    let part = |s: usize| {
                        f64::from(tissue.lists.sites[s].fraction) * f64::from(of(&sites[s]))
                    };
                    range.clone().map(part).sum::<f64>() / volume
                };
                got.push(values[b.voxel as usize]);
                want.push(match kind {
                    F::Density => p.get("tissue_mineral") * bone / volume,
                    F::Mineral => p.get("tissue_mineral") * bone,
                    F::Change if before <= 0.02 * volume => 0.0,
                    F::Change => 100.0 * (bone / before - 1.0),
                    F::StrainEnergy => energy[t] / volume,
                    F::Osteocytes => mean(|s| s.osteocyte),
                    F::Sclerostin => mean(|s| s.sclerostin),
                    F::RanklOpg => mean(|s| s.rankl_opg),
                    F::Osteoclasts => mean(|s| s.osteoclasts),
                    F::Osteoblasts => mean(|s| s.osteoblasts),
                    F::MarrowFat => mean(|s| s.marrow_fat),
                    F::Mapk => mean(|s| s.mapk),
                    F::PparGamma => mean(|s| s.ppar_gamma),
                    F::Cytoskeleton => mean(|s| s.cytoskeleton),
                    F::Connectivity => mean(|s| s.connectivity),
                    _ => unreachable!("{kind:?} has no oracle here: add an arm"),
                });
            }
        }
        // Strain energy density is small in its unit.
        let atol = if kind == F::StrainEnergy { 1e-8 } else { 2e-5 };
        assert_close(kind.key(), &got, &want, atol, 1e-5);
    }
}

/// A solve begins where the change between the last two leads, and where nothing has changed at the
/// very bits of the last.
#[test]
fn a_guess_goes_on_as_displacements_went() {
    let tissue = tissue(29, Conditions::EARTH);
    let displacement = tissue.mechanics.displacement();
    let count = displacement.size() as usize / 4;
    let guess = Guess::new(&tissue.gpu, &tissue.mechanics).unwrap();
    let mut noise = Noise(31);
    let mut some = || -> Vec<f32> {
        (0..count)
            .map(|_| noise.between(-1.0, 1.0) as f32)
            .collect()
    };
    let (first, second) = (some(), some());
    let now = || -> Vec<f32> { read(&tissue.gpu, displacement, count) };
    write(&tissue.gpu, displacement, &first);
    run(&tissue.gpu, |pass| guess.record_anew(pass));
    run(&tissue.gpu, |pass| guess.record(pass));
    assert!(now() == first, "nothing had changed");
    write(&tissue.gpu, displacement, &second);
    run(&tissue.gpu, |pass| guess.record(pass));
    let on = |last: &[f32], earlier: &[f32]| -> Vec<f64> {
        let each = last.iter().zip(earlier);
        each.map(|(l, e)| 2.0 * f64::from(*l) - f64::from(*e))
            .collect()
    };
    assert_close("guess", &wide(&now()), &on(&second, &first), 1e-6, 0.0);
    write(&tissue.gpu, displacement, &first);
    run(&tissue.gpu, |pass| guess.record(pass));
    assert_close("after it", &wide(&now()), &on(&first, &second), 1e-6, 0.0);
}
