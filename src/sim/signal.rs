//! BMP-2 and myostatin between the tissues. Shader: `signal.wgsl`.

use bytemuck::Zeroable as _;

use crate::gpu::{Gpu, GpuError, Kernel, Shader, dispatch, whole};
use crate::physiology::Model;
use crate::tissue::Anatomy;

use super::shader;
use super::state::{SignalGrid, TissueState};

/// What a step leaves of a change of the sources, at most, as long as that takes no more than
/// [`MOST_SWEEPS`].
const LEFT: f64 = 5e-3;
/// Fewest and most red-black sweeps a step.
const LEAST_SWEEPS: usize = 4;
const MOST_SWEEPS: usize = 32;

/// Relaxation and number of sweeps for a signal that reaches `length` voxels: over-relaxed for the
/// slowest mode, the constant one, whose Jacobi factor is 6a/(1 + 6a) with a = length² (Young
/// 1954).
pub fn sweeps(length: f64) -> (f64, usize) {
    let a = length * length;
    let jacobi = 6.0 * a / (1.0 + 6.0 * a);
    let relaxation = 2.0 / (1.0 + (1.0 - jacobi * jacobi).sqrt());
    let needed = LEFT.ln() / (relaxation - 1.0).ln();
    (
        relaxation,
        (needed.ceil() as usize + 2).clamp(LEAST_SWEEPS, MOST_SWEEPS),
    )
}

/// The stage.
#[derive(Debug)]
pub struct Signal {
    kernel: Kernel,
    groups: [wgpu::BindGroup; 2],
    /// A half of the chequerboard each.
    lattices: [wgpu::Buffer; 2],
    threads: u32,
    sweeps: usize,
}

impl Signal {
    /// # Errors
    /// As [`Gpu::scoped`].
    pub fn new(
        gpu: &Gpu,
        state: &TissueState,
        anatomy: &Anatomy,
        model: &Model,
    ) -> Result<Self, GpuError> {
        let kernel = Shader::new(gpu, "signal", &shader::signal())?.kernel(gpu, "spread")?;
        let lattice = || gpu.uniform("signal lattice", &SignalGrid::zeroed());
        let lattices = [lattice()?, lattice()?];
        let group = |lattice: &wgpu::Buffer| {
            kernel.bind(
                gpu,
                &[
                    (0, whole(&state.physiology)),
                    (1, whole(lattice)),
                    (2, whole(&state.source)),
                    (3, whole(&state.level)),
                    (4, whole(&state.secretion)),
                ],
            )
        };
        let groups = [group(&lattices[0])?, group(&lattices[1])?];
        let mut made = Self {
            kernel,
            groups,
            lattices,
            threads: (anatomy.voxels[0].div_ceil(2) * anatomy.voxels[1] * anatomy.voxels[2]) as u32,
            sweeps: 0,
        };
        made.tune(gpu, anatomy, model);
        Ok(made)
    }

    /// Fits relaxation and sweeps to how far signals reach.
    pub fn tune(&mut self, gpu: &Gpu, anatomy: &Anatomy, model: &Model) {
        let (relaxation, sweeps) =
            sweeps(f64::from(model.physiology.signal_length) / anatomy.spacing);
        self.sweeps = sweeps;
        for (parity, lattice) in self.lattices.iter().enumerate() {
            let uniform = SignalGrid {
                voxels: anatomy.voxels.map(|n| n as u32),
                parity: parity as u32,
                spacing: [anatomy.spacing as f32; 3],
                relaxation: relaxation as f32,
            };
            gpu.write(lattice, &[uniform]);
        }
    }

    /// Red-black sweeps a step.
    pub fn sweeps(&self) -> usize {
        self.sweeps
    }

    /// Moves the levels towards balance with their sources.
    pub fn record(&self, pass: &mut wgpu::ComputePass<'_>) {
        for _ in 0..self.sweeps {
            for group in &self.groups {
                dispatch(pass, &self.kernel, group, self.threads);
            }
        }
    }
}
