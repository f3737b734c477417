//! What each site feels in a day. Shader: `stimulus.wgsl`.

use crate::gpu::{Gpu, GpuError, Kernel, Shader, dispatch, whole};

use super::shader;
use super::state::TissueState;
use crate::solver::Mechanics;

/// The stage.
#[derive(Debug)]
pub struct Stimulus {
    kernel: Kernel,
    group: wgpu::BindGroup,
    threads: u32,
}

impl Stimulus {
    /// # Errors
    /// As [`Gpu::scoped`].
    pub fn new(gpu: &Gpu, state: &TissueState, mechanics: &Mechanics) -> Result<Self, GpuError> {
        let kernel =
            Shader::new(gpu, "stimulus", &shader::stimulus())?.kernel(gpu, "daily_stimulus")?;
        let [x, y, z] = mechanics.element().spacing().map(|h| h as f32);
        let spacing = gpu.uniform("stimulus spacing", &[x, y, z, 0.0])?;
        let group = kernel.bind(
            gpu,
            &[
                (0, whole(&state.physiology)),
                (1, whole(&state.environment)),
                (2, whole(mechanics.uniform())),
                (3, whole(&state.bone_voxels)),
                (4, whole(&state.sites)),
                (5, whole(&state.bone)),
                (6, whole(mechanics.displacement())),
                (7, whole(&state.day)),
                (8, whole(&state.stimulus)),
                (9, whole(&state.energy)),
                (10, whole(&spacing)),
            ],
        )?;
        Ok(Self {
            kernel,
            group,
            threads: state.counts.bone_voxels as u32,
        })
    }

    /// Stimulus of every site and energy density of every bone voxel, under the day's forces.
    pub fn record(&self, pass: &mut wgpu::ComputePass<'_>) {
        dispatch(pass, &self.kernel, &self.group, self.threads);
    }
}
