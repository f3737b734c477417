//! From the conditions of a day to the force of every load case in every activity. Shader: `loads.wgsl`.

use crate::gpu::{Gpu, GpuError, Kernel, Shader, dispatch, whole};
use crate::physiology::{ActivityKind, Model};
use crate::scenario::{Conditions, Drug, Exercise, Posture};
use crate::tissue::Anatomy;

use super::links::acting;
use super::shader;
use super::state::{Environment, MOST, TissueState};

/// What is left of a load case on foot, 1 on Earth; `own` are the case's own residual loads in flight and bed rest.
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

/// Fills in what the conditions decide; the counts in `blank` stay.
pub fn environment(
    blank: Environment,
    anatomy: &Anatomy,
    model: &Model,
    conditions: &Conditions,
    dt: f64,
) -> Environment {
    let p = acting(&model.physiology, conditions);
    let joint = |name: &str| {
        model
            .joints
            .iter()
            .find(|j| j.scene == anatomy.scene && j.name == name)
    };
    let muscle = |name: &str| {
        model
            .muscles
            .iter()
            .find(|m| m.scene == anatomy.scene && m.name == name)
    };
    let residual = |name: &str| match (joint(name), muscle(name)) {
        (Some(j), _) => [j.residual_flight, j.residual_bed_rest],
        (None, Some(m)) => [m.residual_flight, m.residual_bed_rest],
        (None, None) => [None; 2],
    };
    // Of a joint's force muscles pull a share; with their idleness cut they go on as on Earth.
    let idle = f64::from(p.muscle_idleness);
    let gait = |name: &str| {
        let change = gait_load(model, conditions, residual(name)) - 1.0;
        1.0 + change
            * match joint(name) {
                Some(j) => 1.0 - (1.0 - idle) * j.muscle_share,
                None => idle,
            }
    };
    // Nobody trains a culture, and it has no blood to shift.
    let exercise = if conditions.simulated_microgravity {
        Exercise::None
    } else {
        conditions.exercise
    };

    let mut scale = [0.0; MOST * MOST];
    for (row, a) in scale
        .chunks_mut(MOST)
        .zip(model.activities.iter().filter(|a| a.scene == anatomy.scene))
    {
        let machine = match a.kind {
            ActivityKind::Gait => None,
            ActivityKind::Treadmill => Some(Exercise::Treadmill),
            ActivityKind::Ired => Some(Exercise::Ired),
            ActivityKind::Ared => Some(Exercise::Ared),
            ActivityKind::Flywheel => Some(Exercise::Flywheel),
        };
        for (slot, load) in row.iter_mut().zip(&anatomy.loads) {
            *slot = match machine {
                None => gait(load.name) as f32,
                Some(e) => f32::from(u8::from(e == exercise)),
            };
        }
    }
    let given_back = f64::from(match exercise {
        Exercise::None => 0.0,
        Exercise::Treadmill => p.treadmill_use,
        Exercise::Ired => p.ired_use,
        Exercise::Ared => p.ared_use,
        Exercise::Flywheel => p.flywheel_use,
    });
    let (mut muscle_use, mut muscle_fluid) = ([1.0; MOST], [1.0; MOST]);
    let (mut muscle_type1, mut muscle_type2) = ([1.0; MOST], [1.0; MOST]);
    let missing = if conditions.simulated_microgravity {
        0.0
    } else {
        1.0 - conditions.axial_gravity().min(1.0)
    };
    for (g, group) in anatomy.groups.iter().enumerate() {
        let Some(m) = muscle(group) else { continue };
        let change = m.postural * (gait(group) - 1.0);
        muscle_use[g] = (1.0
            + if change < 0.0 {
                change * (1.0 - given_back)
            } else {
                change
            }) as f32;
        muscle_fluid[g] = 1.0 - p.fluid_shift * (m.fluid * missing) as f32;
        muscle_type1[g] = m.atrophy as f32;
        muscle_type2[g] = (m.atrophy * m.fast) as f32;
    }
    let mut muscle_share = [0.0; MOST];
    for (slot, load) in muscle_share
        .iter_mut()
        .zip(&anatomy.loads[..anatomy.joint_loads])
    {
        *slot = joint(load.name).map_or(0.0, |j| j.muscle_share) as f32;
    }
    Environment {
        dt: dt as f32,
        gravity: conditions.cell_gravity() as f32,
        osteoclast_inhibition: match conditions.drug {
            Drug::None => 0.0,
            Drug::Bisphosphonate => p.bisphosphonate_inhibition,
        },
        muscle_use,
        muscle_fluid,
        muscle_type1,
        muscle_type2,
        muscle_share,
        scale,
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
