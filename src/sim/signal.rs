//! BMP-2 and myostatin between the tissues. Shader: `signal.wgsl`.

use crate::gpu::{Gpu, GpuError, Kernel, Shader, dispatch, whole};
use crate::tissue::Anatomy;

use super::shader;
use super::state::{Lattice, TissueState};

/// Red-black sweeps a step. The sources change over days, so the balance is followed from one step to the next.
const SWEEPS: usize = 8;

/// The stage.
#[derive(Debug)]
pub struct Signal {
    kernel: Kernel,
    groups: [wgpu::BindGroup; 2],
    threads: u32,
}

impl Signal {
    /// # Errors
    /// As [`Gpu::scoped`].
    pub fn new(gpu: &Gpu, state: &TissueState, anatomy: &Anatomy) -> Result<Self, GpuError> {
        let kernel = Shader::new(gpu, "signal", &shader::signal())?.kernel(gpu, "spread")?;
        let group = |parity: u32| {
            let lattice = gpu.uniform(
                "signal lattice",
                &Lattice {
                    voxels: anatomy.voxels.map(|n| n as u32),
                    parity,
                    spacing: [anatomy.spacing as f32; 3],
                    padding: 0.0,
                },
            )?;
            kernel.bind(
                gpu,
                &[
                    (0, whole(&state.physiology)),
                    (1, whole(&lattice)),
                    (2, whole(&state.source)),
                    (3, whole(&state.level)),
                ],
            )
        };
        let groups = [group(0)?, group(1)?];
        Ok(Self {
            kernel,
            groups,
            threads: state.counts.lattice as u32,
        })
    }

    /// Moves the levels towards balance with their sources.
    pub fn record(&self, pass: &mut wgpu::ComputePass<'_>) {
        for _ in 0..SWEEPS {
            for group in &self.groups {
                dispatch(pass, &self.kernel, group, self.threads);
            }
        }
    }
}
