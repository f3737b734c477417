//! Density to modulus. Shader: `stiffness.wgsl`.

use crate::gpu::{Gpu, GpuError, Kernel, Shader, dispatch, whole};

use super::shader;
use super::state::TissueState;
use crate::solver::Mechanics;

/// The stage.
#[derive(Debug)]
pub struct Stiffness {
    /// Modulus of every element; what of it a solve knows.
    kernels: [(Kernel, wgpu::BindGroup); 2],
    threads: u32,
}

impl Stiffness {
    /// # Errors
    /// As [`Gpu::scoped`].
    pub fn new(gpu: &Gpu, state: &TissueState, mechanics: &Mechanics) -> Result<Self, GpuError> {
        let shader = Shader::new(gpu, "stiffness", &shader::stiffness())?;
        let kernel = |entry: &str, made: (u32, wgpu::BindingResource<'_>)| {
            let kernel = shader.kernel(gpu, entry)?;
            let group = kernel.bind(
                gpu,
                &[
                    (0, whole(&state.physiology)),
                    (1, whole(&state.environment)),
                    (2, whole(&state.bone_voxels)),
                    (3, whole(&state.sites)),
                    (4, whole(&state.bone)),
                    made,
                ],
            )?;
            Ok::<_, GpuError>((kernel, group))
        };
        Ok(Self {
            kernels: [
                kernel("stiffness", (5, whole(mechanics.modulus())))?,
                kernel("remember", (6, whole(&state.solved)))?,
            ],
            threads: state.counts.bone_voxels as u32,
        })
    }

    /// Modulus of every element from the density of its sites.
    pub fn record(&self, pass: &mut wgpu::ComputePass<'_>) {
        let [(kernel, group), _] = &self.kernels;
        dispatch(pass, kernel, group, self.threads);
    }

    /// The same, and keeps the modulus that the displacements of the solve to come belong to.
    pub fn record_solved(&self, pass: &mut wgpu::ComputePass<'_>) {
        for (kernel, group) in &self.kernels {
            dispatch(pass, kernel, group, self.threads);
        }
    }
}
