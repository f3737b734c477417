//! From the conditions of a day to the force of every load case in every activity. Shader:
//! `loads.wgsl`.

use crate::gpu::{Gpu, GpuError, Kernel, Shader, dispatch, whole};
use crate::physiology::{Activity, ActivityKind, Joint, Model, MuscleGroup, Physiology, Skeleton};
use crate::scenario::{Conditions, Drug, Exercise, Posture};
use crate::tissue::Anatomy;

use super::links::acting;
use super::shader;
use super::state::{Environment, MOST, TissueState};

/// What is left of a load case on foot, 1 on Earth; `own` are the case's own residual loads in
/// flight and bed rest. What is above a lesion of the spine bears what it bears upright.
pub fn gait_load(
    model: &Model,
    conditions: &Conditions,
    below_lesion: bool,
    own: [Option<f64>; 2],
) -> f64 {
    let p = &model.physiology;
    let (residual, gravity) = match conditions.posture {
        // Nothing moves a culture.
        _ if conditions.simulated_microgravity => (0.0, 0.0),
        Posture::Paralysed if below_lesion => (f64::from(p.residual_load_paralysed), 0.0),
        Posture::Upright | Posture::Paralysed => {
            let own = own[0].unwrap_or(f64::from(p.residual_load_flight));
            (own, conditions.gravity)
        }
        Posture::BedRest => {
            let own = own[1].unwrap_or(f64::from(p.residual_load_bed_rest));
            (own, 0.0)
        }
    };
    // Written as a change, so that 1 g gives exactly 1.
    1.0 + (1.0 - residual) * (gravity - 1.0)
}

/// A day of a scene under some conditions, by the names of what acts.
struct Day<'a> {
    scene: &'a str,
    model: &'a Model,
    conditions: &'a Conditions,
    /// The parameters as they act.
    physiology: Physiology,
    /// What is trained on: nobody trains a culture.
    exercise: Exercise,
}

impl<'a> Day<'a> {
    fn new(scene: &'a str, model: &'a Model, conditions: &'a Conditions) -> Self {
        Self {
            scene,
            model,
            conditions,
            physiology: acting(&model.physiology, conditions),
            exercise: if conditions.simulated_microgravity {
                Exercise::None
            } else {
                conditions.exercise
            },
        }
    }

    fn joint(&self, name: &str) -> Option<&'a Joint> {
        let mut joints = self.model.joints.iter();
        joints.find(|j| j.scene == self.scene && j.name == name)
    }

    fn muscle(&self, name: &str) -> Option<&'a MuscleGroup> {
        let mut muscles = self.model.muscles.iter();
        muscles.find(|m| m.scene == self.scene && m.name == name)
    }

    /// What is left of a load on foot, 1 on Earth. Of a joint's force muscles pull a share; with
    /// their idleness cut they go on as on Earth.
    fn gait(&self, name: &str) -> f64 {
        let (joint, muscle) = (self.joint(name), self.muscle(name));
        let residual = match (joint, muscle) {
            (Some(j), _) => [j.residual_flight, j.residual_bed_rest],
            (None, Some(m)) => [m.residual_flight, m.residual_bed_rest],
            (None, None) => [None; 2],
        };
        let idle = f64::from(self.physiology.muscle_idleness);
        let below = self.model.is_below_lesion(self.scene);
        let change = gait_load(self.model, self.conditions, below, residual) - 1.0;
        1.0 + change * joint.map_or(idle, |j| 1.0 - (1.0 - idle) * j.muscle_share)
    }

    /// How much a living body floats, 0 on Earth and in what moves nothing, 1 without gravity.
    fn afloat(&self) -> f64 {
        let legs = self.model.is_below_lesion(self.scene);
        match self.conditions.posture {
            _ if self.conditions.simulated_microgravity => 0.0,
            Posture::BedRest => 0.0,
            Posture::Paralysed if legs => 0.0,
            Posture::Upright | Posture::Paralysed => 1.0 - self.conditions.gravity.min(1.0),
        }
    }

    fn activities(&self) -> impl Iterator<Item = &'a Activity> {
        let scene = self.scene;
        self.model
            .activities
            .iter()
            .filter(move |a| a.scene == scene)
    }

    /// Force of a load case in an activity, 1 at 1 g; of a machine, 1 while it is used.
    fn of(&self, activity: &Activity, load: &str) -> f64 {
        let machine = match activity.kind {
            ActivityKind::Gait => return self.gait(load),
            ActivityKind::Weightless => return self.afloat(),
            ActivityKind::Treadmill => Exercise::Treadmill,
            ActivityKind::Ired => Exercise::Ired,
            ActivityKind::Ared => Exercise::Ared,
            ActivityKind::Flywheel => Exercise::Flywheel,
        };
        f64::from(u8::from(machine == self.exercise))
    }

    /// The same of every activity and load case of `anatomy`, `[activity][case]`.
    fn scale(&self, anatomy: &Anatomy) -> [f32; MOST * MOST] {
        let mut scale = [0.0; MOST * MOST];
        for (row, activity) in scale.chunks_mut(MOST).zip(self.activities()) {
            for (slot, load) in row.iter_mut().zip(&anatomy.loads) {
                *slot = self.of(activity, load.name) as f32;
            }
        }
        scale
    }

    /// The day's stimulus of something that bears what the scene's joints do, 1 at 1 g: the largest
    /// joint force of every activity, added up with its counts (Carter and Beaupré).
    fn of_joints(&self) -> f64 {
        let m = f64::from(self.physiology.stimulus_exponent);
        let stimulus = |today: &dyn Fn(&Activity, &str) -> f64| {
            let largest = |a: &Activity| {
                let joints = a
                    .forces
                    .iter()
                    .filter(|(load, _)| self.joint(load).is_some());
                let forces = joints.map(|(load, force)| force * today(a, load));
                forces.fold(0.0, f64::max)
            };
            let sum: f64 = self
                .activities()
                .map(|a| a.count * largest(a).powf(m))
                .sum();
            sum.powf(1.0 / m)
        };
        let earth = Day::new(self.scene, self.model, &Conditions::EARTH);
        let before = stimulus(&|a, load| earth.of(a, load));
        if before > 0.0 {
            stimulus(&|a, load| self.of(a, load)) / before
        } else {
            1.0
        }
    }

    /// What muscles are used and how they answer, in `environment`.
    fn fill_muscles(&self, anatomy: &Anatomy, environment: &mut Environment) {
        let p = &self.physiology;
        let given_back = f64::from(match self.exercise {
            Exercise::None => 0.0,
            Exercise::Treadmill => p.treadmill_use,
            Exercise::Ired => p.ired_use,
            Exercise::Ared => p.ared_use,
            Exercise::Flywheel => p.flywheel_use,
        });
        // A culture has no blood to shift.
        let missing = if self.conditions.simulated_microgravity {
            0.0
        } else {
            1.0 - self.conditions.axial_gravity().min(1.0)
        };
        for (g, group) in anatomy.groups.iter().enumerate() {
            let Some(m) = self.muscle(group) else {
                continue;
            };
            let change = m.postural * (self.gait(group) - 1.0);
            let felt = if change < 0.0 {
                change * (1.0 - given_back)
            } else {
                change
            };
            environment.muscle_use[g] = (1.0 + felt) as f32;
            environment.muscle_fluid[g] =
                (1.0 - p.fluid_shift * (m.fluid * missing) as f32).max(0.0);
            environment.muscle_type1[g] = m.atrophy as f32;
            environment.muscle_type2[g] = (m.atrophy * m.fast) as f32;
        }
    }
}

/// Fills in what the conditions are to bone's cells wherever they are.
pub fn cells(blank: Environment, model: &Model, conditions: &Conditions, dt: f64) -> Environment {
    let physiology = acting(&model.physiology, conditions);
    Environment {
        dt: dt as f32,
        gravity: conditions.cell_gravity() as f32,
        osteocytes: f32::from(u8::from(!conditions.simulated_microgravity)),
        osteoclast_inhibition: match conditions.drug {
            Drug::None => 0.0,
            Drug::Bisphosphonate => physiology.bisphosphonate_inhibition,
        },
        denervation: match conditions.posture {
            Posture::Paralysed => physiology.denervation,
            Posture::Upright | Posture::BedRest => 0.0,
        },
        ..blank
    }
}

/// Fills in what the conditions decide; the counts in `blank` stay.
pub fn environment(
    blank: Environment,
    anatomy: &Anatomy,
    model: &Model,
    conditions: &Conditions,
    dt: f64,
) -> Environment {
    let day = Day::new(anatomy.scene, model, conditions);
    let mut muscle_share = [0.0; MOST];
    let joints = &anatomy.loads[..anatomy.joint_loads];
    for (slot, load) in muscle_share.iter_mut().zip(joints) {
        *slot = day.joint(load.name).map_or(0.0, |j| j.muscle_share) as f32;
    }
    // A group's share is that of its peak force.
    let mut group_share = [0.0; MOST];
    let all: f64 = anatomy.muscles.iter().map(|m| m.force).sum();
    for muscle in &anatomy.muscles {
        group_share[muscle.group] += (muscle.force / all) as f32;
    }
    let mut environment = Environment {
        muscle_use: [1.0; MOST],
        muscle_fluid: [1.0; MOST],
        muscle_type1: [1.0; MOST],
        muscle_type2: [1.0; MOST],
        muscle_share,
        group_share,
        scale: day.scale(anatomy),
        ..cells(blank, model, conditions, dt)
    };
    day.fill_muscles(anatomy, &mut environment);
    environment
}

/// What each of the skeleton's pieces bears, 1 at 1 g: as the joints of the scene that it goes
/// with. What goes with none bears no weight, and as much in flight as on Earth.
pub fn skeleton_loads(model: &Model, conditions: &Conditions) -> Vec<f64> {
    let of = |piece: &Skeleton| match &piece.bears_as {
        Some(scene) => Day::new(scene, model, conditions).of_joints(),
        None => 1.0,
    };
    model.skeleton.iter().map(of).collect()
}

/// The stage.
#[derive(Debug)]
pub struct Loads {
    strength: (Kernel, wgpu::BindGroup),
    forces: (Kernel, wgpu::BindGroup),
    groups: u32,
}

impl Loads {
    /// # Errors
    /// As [`Gpu::scoped`].
    pub fn new(gpu: &Gpu, state: &TissueState) -> Result<Self, GpuError> {
        let module = Shader::new(gpu, "loads", &shader::loads())?;
        let strength = module.kernel(gpu, "muscle_strength")?;
        let strength_group = strength.bind(
            gpu,
            &[
                (1, whole(&state.environment)),
                (2, whole(&state.muscle_voxels)),
                (3, whole(&state.muscle)),
                (4, whole(&state.strength)),
            ],
        )?;
        let forces = module.kernel(gpu, "daily_forces")?;
        let forces_group = forces.bind(
            gpu,
            &[
                (0, whole(&state.physiology)),
                (1, whole(&state.environment)),
                (4, whole(&state.strength)),
                (5, whole(&state.reference)),
                (6, whole(&state.day)),
            ],
        )?;
        Ok(Self {
            strength: (strength, strength_group),
            forces: (forces, forces_group),
            groups: state.counts.groups as u32,
        })
    }

    /// Muscle strength, then the day's forces.
    pub fn record(&self, pass: &mut wgpu::ComputePass<'_>) {
        // One workgroup a muscle group.
        dispatch(
            pass,
            &self.strength.0,
            &self.strength.1,
            self.groups * crate::gpu::WORKGROUP,
        );
        dispatch(pass, &self.forces.0, &self.forces.1, 1);
    }
}
