//! Chebyshev sweeps of damped Jacobi, and the residual they leave. Shader: `smoother.wgsl`.

use crate::gpu::{Dispatch, GpuError};

use super::levels::Level;
use super::maker::Maker;

/// What every kernel here binds of a level.
fn bindings<'a>(
    maker: &Maker<'a>,
    level: &'a Level,
    l: usize,
    further: &[(u32, &'a wgpu::Buffer)],
) -> Vec<(u32, &'a wgpu::Buffer)> {
    let mut all = level.operator(maker.finest, l == 0);
    all.extend([
        (0, &level.uniform),
        (2, &level.nodes),
        (6, &level.rhs),
        (11, maker.finest.scalars),
    ]);
    all.extend_from_slice(further);
    all
}

/// The sweeps before the coarse correction, from nothing into `ping`: there is an odd number of
/// them.
pub(super) fn before(
    maker: &Maker<'_>,
    level: &Level,
    l: usize,
) -> Result<Vec<Dispatch>, GpuError> {
    let entry = if l == 0 {
        "smooth_first_fine"
    } else {
        "smooth_first_coarse"
    };
    let further = [
        (5, &level.ping),
        (9, maker.spectrum),
        (10, &level.sweeps[0]),
    ];
    let buffers = bindings(maker, level, l, &further);
    let first = maker.make(&maker.shaders.smoother, entry, level.count, &buffers)?;
    let mut commands = vec![first];
    commands.extend(run(maker, level, l, 1)?);
    Ok(commands)
}

/// The sweeps after it, from `ping` into `pong`.
pub(super) fn after(maker: &Maker<'_>, level: &Level, l: usize) -> Result<Vec<Dispatch>, GpuError> {
    run(maker, level, l, 0)
}

/// All sweeps but the first `skipped`, from `ping` and back and forth.
fn run(
    maker: &Maker<'_>,
    level: &Level,
    l: usize,
    skipped: usize,
) -> Result<Vec<Dispatch>, GpuError> {
    let entry = if l == 0 {
        "smooth_fine"
    } else {
        "smooth_coarse"
    };
    let (mut from, mut to) = (&level.ping, &level.pong);
    let mut commands = Vec::new();
    for sweep in &level.sweeps[skipped..] {
        let further = [(4, from), (5, to), (9, maker.spectrum), (10, sweep)];
        let buffers = bindings(maker, level, l, &further);
        commands.push(maker.make(&maker.shaders.smoother, entry, level.count, &buffers)?);
        std::mem::swap(&mut from, &mut to);
    }
    Ok(commands)
}

/// What is left of the right-hand side by `ping`, into `pong`.
pub(super) fn residual(maker: &Maker<'_>, level: &Level, l: usize) -> Result<Dispatch, GpuError> {
    let entry = if l == 0 {
        "residual_fine"
    } else {
        "residual_coarse"
    };
    let buffers = bindings(maker, level, l, &[(4, &level.ping), (5, &level.pong)]);
    maker.make(&maker.shaders.smoother, entry, level.count, &buffers)
}
