//! Coarse operators from the modulus. Shader: `galerkin.wgsl`.
//!
//! Galerkin products, because coarse voxels that average modulus lose thin trabeculae and with them
//! half the convergence.

use crate::gpu::{Dispatch, GpuError};

use super::levels::Level;
use super::maker::Maker;
use super::stencil::{AHEAD, blocks};

/// Operators of all levels below the finest, one from the other; `children` is the element's table.
pub(super) fn commands(
    maker: &Maker<'_>,
    levels: &[Level],
    soft_clamps: bool,
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
        let (couplings, own_blocks) = if l == 0 {
            ("galerkin_first", "galerkin_first_own")
        } else {
            ("galerkin_next", "galerkin_next_own")
        };
        let buffers = [common.as_slice(), own.as_slice()].concat();
        let shader = &maker.shaders.galerkin;
        let each = AHEAD as u32 * coarse.count;
        commands.push(maker.make(shader, couplings, each, &buffers)?);
        if blocks(l + 1, soft_clamps) > AHEAD {
            let buffers = [buffers.as_slice(), &[(16, &coarse.slots)]].concat();
            commands.push(maker.make(shader, own_blocks, coarse.count, &buffers)?);
        }
    }
    Ok(commands)
}
