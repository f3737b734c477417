//! Density to modulus. Shader: `stiffness.wgsl`.

use crate::gpu::{Gpu, GpuError, Kernel, Shader, dispatch, whole};

use super::shader;
use super::state::TissueState;
use crate::solver::Mechanics;

/// The stage.
#[derive(Debug)]
pub struct Stiffness {
    kernel: Kernel,
    group: wgpu::BindGroup,
    threads: u32,
}

impl Stiffness {
    /// # Errors
    /// As [`Gpu::scoped`].
    pub fn new(gpu: &Gpu, state: &TissueState, mechanics: &Mechanics) -> Result<Self, GpuError> {
        let kernel =
            Shader::new(gpu, "stiffness", &shader::stiffness())?.kernel(gpu, "stiffness")?;
        let group = kernel.bind(
            gpu,
            &[
                (0, whole(&state.physiology)),
                (1, whole(&state.environment)),
                (2, whole(&state.bone_voxels)),
                (3, whole(&state.sites)),
                (4, whole(&state.bone)),
                (5, whole(mechanics.modulus())),
            ],
        )?;
        Ok(Self {
            kernel,
            group,
            threads: state.counts.bone_voxels as u32,
        })
    }

    /// Modulus of every element from the density of its sites.
    pub fn record(&self, pass: &mut wgpu::ComputePass<'_>) {
        dispatch(pass, &self.kernel, &self.group, self.threads);
    }
}
