//! Coarse operators from the modulus. Shader: `galerkin.wgsl`.
//!
//! Galerkin products, because coarse voxels that average modulus lose thin trabeculae and with them
//! half the convergence.

use crate::gpu::{Dispatch, GpuError};

use super::levels::Level;
use super::maker::Maker;
use super::stencil::AHEAD;

/// Operators of all levels below the finest, one from the other; `children` is the element's table.
pub(super) fn commands(
    maker: &Maker<'_>,
    levels: &[Level],
    children: &wgpu::Buffer,
) -> Result<Vec<Dispatch>, GpuError> {
    let mut commands = Vec::new();
    for (l, pair) in levels.windows(2).enumerate() {
        let (fine, coarse) = (&pair[0], &pair[1]);
        let common = [
            (0, &fine.uniform),
            (1, &coarse.uniform),
            (2, &coarse.nodes),
            (8, &coarse.stencil),
            (18, &coarse.transfer_mask),
        ];
        let own = if l == 0 {
            [(3, maker.finest.modulus), (13, children)]
        } else {
            [(7, &fine.stencil), (12, &fine.slots)]
        };
        let entry = if l == 0 {
            "galerkin_first"
        } else {
            "galerkin_next"
        };
        let buffers = [common.as_slice(), own.as_slice()].concat();
        commands.push(maker.make(
            &maker.shaders.galerkin,
            entry,
            AHEAD as u32 * coarse.count,
            &buffers,
        )?);
        if l > 0 {
            let buffers = [buffers.as_slice(), &[(16, &coarse.slots)]].concat();
            commands.push(maker.make(
                &maker.shaders.galerkin,
                "galerkin_own",
                coarse.count,
                &buffers,
            )?);
        }
    }
    Ok(commands)
}
