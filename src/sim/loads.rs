//! From the conditions of a day to the force of every load case in every activity. Shader: `loads.wgsl`.

use crate::gpu::{Gpu, GpuError, Kernel, Shader, dispatch, whole};
use crate::physiology::{ActivityKind, Model};
use crate::scenario::{Conditions, Drug, Exercise, Posture};
use crate::tissue::Anatomy;

use super::shader;
use super::state::{Environment, MOST, TissueState};

/// Forces that the legs still see in an activity on foot, 1 on Earth.
pub fn gait_load(model: &Model, conditions: &Conditions) -> f64 {
    let p = &model.physiology;
    let residual = f64::from(match conditions.posture {
        Posture::Upright => p.residual_load_flight,
        Posture::BedRest => p.residual_load_bed_rest,
    });
    // Written as a change, so that 1 g gives exactly 1.
    1.0 + (1.0 - residual) * (conditions.axial_gravity() - 1.0)
}

/// Fills in what the conditions decide; the counts in `blank` stay.
pub fn environment(
    blank: Environment,
    anatomy: &Anatomy,
    model: &Model,
    conditions: &Conditions,
    dt: f64,
) -> Environment {
    let p = &model.physiology;
    let gait = gait_load(model, conditions);
    let mut activity = [0.0; MOST];
    for (slot, a) in activity
        .iter_mut()
        .zip(model.activities.iter().filter(|a| a.scene == anatomy.scene))
    {
        let used = match a.kind {
            ActivityKind::Gait => None,
            ActivityKind::Treadmill => Some(Exercise::Treadmill),
            ActivityKind::Ired => Some(Exercise::Ired),
            ActivityKind::Ared => Some(Exercise::Ared),
            ActivityKind::Flywheel => Some(Exercise::Flywheel),
        };
        // A machine's load is the same for everybody, walking's goes with the body; set-points are the body's own.
        *slot = match used {
            None => gait,
            Some(e) if e == conditions.exercise => {
                Conditions::EARTH.body_mass_kg / conditions.body_mass_kg
            }
            Some(_) => 0.0,
        } as f32;
    }
    let given_back = f64::from(match conditions.exercise {
        Exercise::None => 0.0,
        Exercise::Treadmill => p.treadmill_use,
        Exercise::Ired => p.ired_use,
        Exercise::Ared => p.ared_use,
        Exercise::Flywheel => p.flywheel_use,
    });
    let mut muscle_use = [1.0; MOST];
    for (slot, group) in muscle_use.iter_mut().zip(&anatomy.groups) {
        let postural = model
            .muscles
            .iter()
            .find(|m| m.scene == anatomy.scene && m.name == *group)
            .map_or(1.0, |m| m.postural);
        let change = postural * (gait - 1.0);
        *slot = (1.0
            + if change < 0.0 {
                change * (1.0 - given_back)
            } else {
                change
            }) as f32;
    }
    Environment {
        dt: dt as f32,
        gravity: conditions.gravity as f32,
        osteoclast_inhibition: match conditions.drug {
            Drug::None => 0.0,
            Drug::Bisphosphonate => p.bisphosphonate_inhibition,
        },
        fluid: 1.0 - p.fluid_shift * (1.0 - conditions.axial_gravity().min(1.0)) as f32,
        muscle_use,
        activity,
        ..blank
    }
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
