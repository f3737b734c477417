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
            (6, whole(&state.set_point)),
            (7, whole(&state.level)),
            (8, whole(&state.source)),
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
                (9, whole(&state.set_point)),
                (10, whole(&state.initial)),
            ],
        )?;
        Ok(Self {
            remodel: (remodel, remodel_group),
            settle: (settle, settle_group),
            remember: (remember, remember_group),
            threads: state.counts.bone_voxels as u32,
        })
    }

    /// One step of cells and density.
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
}
