//! What each site feels in a day. Shader: `stimulus.wgsl`.

use crate::gpu::{Gpu, GpuError, Kernel, Shader, dispatch, whole};
use crate::solver::Mechanics;

use super::shader;
use super::state::TissueState;

/// The stage.
#[derive(Debug)]
pub struct Stimulus {
    /// The day's stimulus, the mean of each bone, every site's share of that.
    kernels: [(Kernel, wgpu::BindGroup); 3],
    threads: [u32; 3],
}

impl Stimulus {
    /// # Errors
    /// As [`Gpu::scoped`].
    pub fn new(gpu: &Gpu, state: &TissueState, mechanics: &Mechanics) -> Result<Self, GpuError> {
        let shader = Shader::new(gpu, "stimulus", &shader::stimulus())?;
        let [x, y, z] = mechanics.element().spacing().map(|h| h as f32);
        let spacing = gpu.uniform("stimulus spacing", &[x, y, z, 0.0])?;
        let felt = [
            (0, whole(&state.physiology)),
            (1, whole(&state.environment)),
            (3, whole(&state.bone_voxels)),
            (4, whole(&state.sites)),
            (8, whole(&state.stimulus)),
        ];
        let kernel = |entry: &str, more: &[(u32, wgpu::BindingResource<'_>)]| {
            let kernel = shader.kernel(gpu, entry)?;
            let group = kernel.bind(gpu, &[&felt[..], more].concat())?;
            Ok::<_, GpuError>((kernel, group))
        };
        let means = [
            (11, whole(&state.homeostasis)),
            (12, whole(&state.mean_change)),
            (13, whole(&state.mean_set_point)),
        ];
        let bone_voxels = state.counts.bone_voxels as u32;
        Ok(Self {
            kernels: [
                kernel(
                    "daily_stimulus",
                    &[
                        (2, whole(mechanics.uniform())),
                        (5, whole(&state.bone)),
                        (6, whole(mechanics.displacement())),
                        (7, whole(&state.day)),
                        (9, whole(&state.energy)),
                        (10, whole(&spacing)),
                        (14, whole(&state.solved)),
                    ],
                )?,
                kernel("bone_means", &means)?,
                kernel("feel_the_mean", &means)?,
            ],
            threads: [bone_voxels, 64 * state.counts.bones as u32, bone_voxels],
        })
    }

    /// Stimulus of every site and energy density of every bone voxel, under the day's forces.
    pub fn record(&self, pass: &mut wgpu::ComputePass<'_>) {
        for ((kernel, group), threads) in self.kernels.iter().zip(self.threads) {
            dispatch(pass, kernel, group, threads);
        }
    }
}
