//! Muscle fibres, neural drive, satellite cells. Shader: `muscle.wgsl`.

use crate::gpu::{Gpu, GpuError, Kernel, Shader, dispatch, whole};

use super::shader;
use super::state::TissueState;

/// The stage.
#[derive(Debug)]
pub struct Muscle {
    kernel: Kernel,
    group: wgpu::BindGroup,
    threads: u32,
}

impl Muscle {
    /// # Errors
    /// As [`Gpu::scoped`].
    pub fn new(gpu: &Gpu, state: &TissueState) -> Result<Self, GpuError> {
        let kernel = Shader::new(gpu, "muscle", &shader::muscle())?.kernel(gpu, "adapt")?;
        let group = kernel.bind(
            gpu,
            &[
                (0, whole(&state.physiology)),
                (1, whole(&state.environment)),
                (2, whole(&state.muscle_voxels)),
                (3, whole(&state.muscle)),
                (4, whole(&state.level)),
                (5, whole(&state.source)),
            ],
        )?;
        Ok(Self {
            kernel,
            group,
            threads: state.counts.muscle_voxels as u32,
        })
    }

    /// One step of every muscle voxel.
    pub fn record(&self, pass: &mut wgpu::ComputePass<'_>) {
        dispatch(pass, &self.kernel, &self.group, self.threads);
    }
}
