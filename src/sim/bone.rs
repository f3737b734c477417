//! Bone cells and density; settling under 1 g. Shader: `bone.wgsl`.

use crate::gpu::{Gpu, GpuError, Kernel, Shader, dispatch, whole};

use super::shader;
use super::state::TissueState;

/// The stage.
#[derive(Debug)]
pub struct Bone {
    remodel: (Kernel, wgpu::BindGroup),
    settle: (Kernel, wgpu::BindGroup),
    remember: (Kernel, wgpu::BindGroup),
    seed: (Kernel, wgpu::BindGroup),
    surfaces: (Kernel, wgpu::BindGroup),
    threads: u32,
}

impl Bone {
    /// # Errors
    /// As [`Gpu::scoped`].
    pub fn new(gpu: &Gpu, state: &TissueState) -> Result<Self, GpuError> {
        let module = Shader::new(gpu, "bone", &shader::bone())?;
        let common = [
            (0, whole(&state.physiology)),
            (1, whole(&state.environment)),
            (2, whole(&state.bone_voxels)),
            (3, whole(&state.sites)),
            (4, whole(&state.bone)),
            (5, whole(&state.stimulus)),
        ];
        let signals = [
            (6, whole(&state.homeostasis)),
            (7, whole(&state.level)),
            (8, whole(&state.secretion)),
            (9, whole(&state.surface)),
        ];
        let remodel = module.kernel(gpu, "remodel")?;
        let remodel_group = remodel.bind(gpu, &[common.as_slice(), signals.as_slice()].concat())?;
        let settle = module.kernel(gpu, "settle")?;
        let settle_group = settle.bind(gpu, &common)?;
        let remember = module.kernel(gpu, "remember")?;
        let remember_group = remember.bind(
            gpu,
            &[
                (1, whole(&state.environment)),
                (2, whole(&state.bone_voxels)),
                (4, whole(&state.bone)),
                (5, whole(&state.stimulus)),
                (11, whole(&state.homeostasis)),
            ],
        )?;
        let seed = module.kernel(gpu, "seed")?;
        let seed_group = seed.bind(
            gpu,
            &[
                (0, whole(&state.physiology)),
                (1, whole(&state.environment)),
                (2, whole(&state.bone_voxels)),
                (3, whole(&state.sites)),
                (4, whole(&state.bone)),
                (5, whole(&state.stimulus)),
                (11, whole(&state.homeostasis)),
            ],
        )?;
        let surfaces = module.kernel(gpu, "surfaces")?;
        let surfaces_group = surfaces.bind(
            gpu,
            &[
                (0, whole(&state.physiology)),
                (1, whole(&state.environment)),
                (2, whole(&state.bone_voxels)),
                (3, whole(&state.sites)),
                (10, whole(&state.surface)),
                (12, whole(&state.bone)),
            ],
        )?;
        Ok(Self {
            remodel: (remodel, remodel_group),
            settle: (settle, settle_group),
            remember: (remember, remember_group),
            seed: (seed, seed_group),
            surfaces: (surfaces, surfaces_group),
            threads: state.counts.bone_voxels as u32,
        })
    }

    /// Surface on which cells work.
    pub fn record_surfaces(&self, pass: &mut wgpu::ComputePass<'_>) {
        dispatch(pass, &self.surfaces.0, &self.surfaces.1, self.threads);
    }

    /// One step of cells and density, on the surfaces as they are.
    pub fn record(&self, pass: &mut wgpu::ComputePass<'_>) {
        dispatch(pass, &self.remodel.0, &self.remodel.1, self.threads);
    }

    /// One round of settling: trabecular density towards the target stimulus.
    pub fn record_settling(&self, pass: &mut wgpu::ComputePass<'_>) {
        dispatch(pass, &self.settle.0, &self.settle.1, self.threads);
    }

    /// Takes the stimulus as it is for the set-point, and the density for the start.
    pub fn record_set_point(&self, pass: &mut wgpu::ComputePass<'_>) {
        dispatch(pass, &self.remember.0, &self.remember.1, self.threads);
    }

    /// Sets trabecular bone the one set-point that it grows towards, in place of what it feels.
    pub fn record_seed(&self, pass: &mut wgpu::ComputePass<'_>) {
        dispatch(pass, &self.seed.0, &self.seed.1, self.threads);
    }
}
