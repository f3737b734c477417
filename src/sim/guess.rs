//! Where a solve begins. Shader: `guess.wgsl`.

use crate::gpu::{Gpu, GpuError, Kernel, Shader, dispatch, whole};
use crate::solver::Mechanics;

use super::shader;

/// The stage.
#[derive(Debug)]
pub struct Guess {
    onward: (Kernel, wgpu::BindGroup),
    anew: (Kernel, wgpu::BindGroup),
    threads: u32,
}

impl Guess {
    /// # Errors
    /// As [`Gpu::scoped`].
    pub fn new(gpu: &Gpu, mechanics: &Mechanics) -> Result<Self, GpuError> {
        let shader = Shader::new(gpu, "guess", &shader::guess())?;
        let displacement = mechanics.displacement();
        let earlier = gpu.storage::<u8>("earlier displacement", displacement.size() as usize)?;
        let kernel = |entry: &str| {
            let kernel = shader.kernel(gpu, entry)?;
            let group = kernel.bind(gpu, &[(0, whole(displacement)), (1, whole(&earlier))])?;
            Ok::<_, GpuError>((kernel, group))
        };
        Ok(Self {
            onward: kernel("onward")?,
            anew: kernel("anew")?,
            threads: (displacement.size() / 4) as u32,
        })
    }

    /// From the last solve's displacements on, by as much as they had changed since the one before.
    pub fn record(&self, pass: &mut wgpu::ComputePass<'_>) {
        let (kernel, group) = &self.onward;
        dispatch(pass, kernel, group, self.threads);
    }

    /// Forgets what was before the displacements as they are.
    pub fn record_anew(&self, pass: &mut wgpu::ComputePass<'_>) {
        let (kernel, group) = &self.anew;
        dispatch(pass, kernel, group, self.threads);
    }
}
