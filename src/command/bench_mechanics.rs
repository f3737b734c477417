//! `mechanostat bench mechanics`: the solver on fields that its peers are measured on.

use std::time::Instant;

use crate::gpu::{Gpu, Need};
use crate::sim::element::Element;
use crate::sim::grid::Grid;
use crate::sim::mechanics::{Mechanics, Outcome, Problem};

use super::{CommandError, say};

/// A cube of unit voxels with a modulus field, one face clamped, 1 MPa of traction on the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CubeField {
    /// Density between 0.05 and 1, varying over half the cube; modulus contrast 400.
    Smooth,
    /// A gyroid of 16 voxels' period in density 1 and 0.01; modulus contrast 1e4.
    Gyroid,
}

impl CubeField {
    /// Name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Smooth => "smooth",
            Self::Gyroid => "gyroid",
        }
    }

    /// Modulus relative to the densest, E ∝ ρ².
    pub fn modulus(self, n: usize, at: [usize; 3]) -> f64 {
        let x = at.map(|i| i as f64 + 0.5);
        let density = match self {
            Self::Smooth => {
                let s = x.map(|x| (std::f64::consts::TAU * 2.0 * x / n as f64).sin());
                let c = x.map(|x| (std::f64::consts::TAU * x / n as f64).cos());
                0.525 + 0.475 * ((s[0] * c[1] + s[1] * c[2] + s[2] * c[0]) / 1.5).clamp(-1.0, 1.0)
            }
            Self::Gyroid => {
                let t = x.map(|x| std::f64::consts::TAU * x / 16.0);
                let g = t[0].sin() * t[1].cos() + t[1].sin() * t[2].cos() + t[2].sin() * t[0].cos();
                if g > 0.0 { 1.0 } else { 0.01 }
            }
        };
        density * density
    }
}

/// How a cube was solved.
#[derive(Debug, Clone, Copy)]
pub struct CubeResult {
    /// Iterations and residual.
    pub outcome: Outcome,
    /// Seconds for operators and solve, the pipelines being warm.
    pub seconds: f64,
    /// Bytes on the adapter a voxel.
    pub bytes_per_voxel: f64,
}

/// Solves a cube of `n`³ voxels to `tolerance`.
/// # Errors
/// As [`Gpu::wait`].
pub fn solve_cube(
    gpu: &Gpu,
    field: CubeField,
    n: usize,
    tolerance: f32,
) -> Result<CubeResult, CommandError> {
    let before = gpu.allocated_bytes();
    let edge = |i: usize| if i == 0 || i == n { 0.5 } else { 1.0 };
    let problem = Problem {
        elements: [n; 3],
        element: Element::new(0.3, [1.0; 3]),
        active: vec![true; n * n * n],
        held: crate::volume::each([n + 1; 3])
            .map(|at| if at[2] == 0 { 7 } else { 0 })
            .collect(),
        loads: vec![
            crate::volume::each([n + 1, n + 1, 1])
                .map(|at| {
                    (
                        [at[0], at[1], n],
                        [0.0, 0.0, (edge(at[0]) * edge(at[1])) as f32],
                    )
                })
                .collect(),
        ],
    };
    let mechanics = Mechanics::new(gpu, &problem)?;
    let grid: Grid = mechanics.grid();
    let mut modulus = vec![0.0f32; grid.len()];
    for at in grid.each_element() {
        modulus[grid.index(at)] = field.modulus(n, at) as f32;
    }
    gpu.queue()
        .write_buffer(mechanics.modulus(), 0, bytemuck::cast_slice(&modulus));
    let bytes_per_voxel = (gpu.allocated_bytes() - before) as f64 / (n * n * n) as f64;
    // Software adapters compile a kernel when it first runs.
    mechanics.solve(gpu, 0, 1.0, 1)?;
    let mut encoder = gpu.encoder("zero");
    encoder.clear_buffer(mechanics.displacement(), 0, None);
    mechanics.record_operators(&mut encoder);
    mechanics.record_iterations(&mut encoder, 0, 1);
    encoder.clear_buffer(mechanics.displacement(), 0, None);
    gpu.submit(encoder);
    gpu.wait()?;
    let start = Instant::now();
    let mut encoder = gpu.encoder("operators");
    mechanics.record_operators(&mut encoder);
    gpu.submit(encoder);
    let outcome = mechanics.solve(gpu, 0, tolerance, 200)?;
    Ok(CubeResult {
        outcome,
        seconds: start.elapsed().as_secs_f64(),
        bytes_per_voxel,
    })
}

/// Prints a row for each field and size.
/// # Errors
/// [`CommandError`].
pub fn bench_mechanics(sizes: &[usize]) -> Result<(), CommandError> {
    let gpu = Gpu::open(Need::DEFAULT)?;
    say(&gpu.adapter_name())?;
    say(&format!(
        "{:<8} {:>5} {:>10} {:>11} {:>14} {:>9} {:>12} {:>12}",
        "field",
        "size",
        "tolerance",
        "iterations",
        "true residual",
        "seconds",
        "voxels/s",
        "bytes/voxel"
    ))?;
    for field in [CubeField::Smooth, CubeField::Gyroid] {
        for n in sizes {
            for tolerance in [1e-3, 1e-5] {
                let r = solve_cube(&gpu, field, *n, tolerance)?;
                say(&format!(
                    "{:<8} {:>5} {:>10.0e} {:>11} {:>14.2e} {:>9.3} {:>12.0} {:>12.1}",
                    field.name(),
                    n,
                    tolerance,
                    r.outcome.iterations,
                    r.outcome.true_residual,
                    r.seconds,
                    (n * n * n) as f64 / r.seconds,
                    r.bytes_per_voxel
                ))?;
            }
        }
    }
    Ok(())
}
