//! From the conditions of a day to the force of every load case in every activity. Shader:
//! `loads.wgsl`.

use crate::gpu::{Gpu, GpuError, Kernel, Shader, dispatch, whole};
use crate::physiology::{ActivityKind, Joint, Model, MuscleGroup, Physiology};
use crate::scenario::{Conditions, Drug, Exercise, Posture};
use crate::tissue::Anatomy;

use super::links::acting;
use super::shader;
use super::state::{Environment, MOST, TissueState};

/// What is left of a load case on foot, 1 on Earth; `own` are the case's own residual loads in
/// flight and bed rest.
pub fn gait_load(model: &Model, conditions: &Conditions, own: [Option<f64>; 2]) -> f64 {
    let p = &model.physiology;
    let residual = match conditions.posture {
        // Nothing moves a culture.
        _ if conditions.simulated_microgravity => 0.0,
        Posture::Upright => own[0].unwrap_or(f64::from(p.residual_load_flight)),
        Posture::BedRest => own[1].unwrap_or(f64::from(p.residual_load_bed_rest)),
    };
    // Written as a change, so that 1 g gives exactly 1.
    1.0 + (1.0 - residual) * (conditions.axial_gravity() - 1.0)
}

/// A day of a scene under some conditions, by the names of what acts.
struct Day<'a> {
    anatomy: &'a Anatomy,
    model: &'a Model,
    conditions: &'a Conditions,
    /// The parameters as they act.
    physiology: Physiology,
    /// What is trained on: nobody trains a culture.
    exercise: Exercise,
}

impl<'a> Day<'a> {
    fn joint(&self, name: &str) -> Option<&'a Joint> {
        let mut joints = self.model.joints.iter();
        joints.find(|j| j.scene == self.anatomy.scene && j.name == name)
    }

    fn muscle(&self, name: &str) -> Option<&'a MuscleGroup> {
        let mut muscles = self.model.muscles.iter();
        muscles.find(|m| m.scene == self.anatomy.scene && m.name == name)
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
        let change = gait_load(self.model, self.conditions, residual) - 1.0;
        1.0 + change * joint.map_or(idle, |j| 1.0 - (1.0 - idle) * j.muscle_share)
    }

    /// Force of each activity's load cases, `[activity][case]`, 1 at 1 g; of a machine, 1 while
    /// it is used.
    fn scale(&self) -> [f32; MOST * MOST] {
        let mut scale = [0.0; MOST * MOST];
        let activities = self.model.activities.iter();
        let own = activities.filter(|a| a.scene == self.anatomy.scene);
        for (row, a) in scale.chunks_mut(MOST).zip(own) {
            let machine = match a.kind {
                ActivityKind::Gait => None,
                ActivityKind::Treadmill => Some(Exercise::Treadmill),
                ActivityKind::Ired => Some(Exercise::Ired),
                ActivityKind::Ared => Some(Exercise::Ared),
                ActivityKind::Flywheel => Some(Exercise::Flywheel),
            };
            for (slot, load) in row.iter_mut().zip(&self.anatomy.loads) {
                *slot = match machine {
                    None => self.gait(load.name) as f32,
                    Some(e) => f32::from(u8::from(e == self.exercise)),
                };
            }
        }
        scale
    }

    /// What muscles are used and how they answer, in `environment`.
    fn fill_muscles(&self, environment: &mut Environment) {
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
        for (g, group) in self.anatomy.groups.iter().enumerate() {
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

/// Fills in what the conditions decide; the counts in `blank` stay.
pub fn environment(
    blank: Environment,
    anatomy: &Anatomy,
    model: &Model,
    conditions: &Conditions,
    dt: f64,
) -> Environment {
    let day = Day {
        anatomy,
        model,
        conditions,
        physiology: acting(&model.physiology, conditions),
        exercise: if conditions.simulated_microgravity {
            Exercise::None
        } else {
            conditions.exercise
        },
    };
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
        dt: dt as f32,
        gravity: conditions.cell_gravity() as f32,
        osteoclast_inhibition: match conditions.drug {
            Drug::None => 0.0,
            Drug::Bisphosphonate => day.physiology.bisphosphonate_inhibition,
        },
        muscle_use: [1.0; MOST],
        muscle_fluid: [1.0; MOST],
        muscle_type1: [1.0; MOST],
        muscle_type2: [1.0; MOST],
        muscle_share,
        group_share,
        scale: day.scale(),
        ..blank
    };
    day.fill_muscles(&mut environment);
    environment
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
