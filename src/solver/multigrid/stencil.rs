//! How a coarse level's operator is stored. Shader: `stencil.wgsl`.
//!
//! [`BLOCK_WORDS`] words a block of 3×3: a preconditioner needs no more digits, and memory is what
//! limits the size of a scan.

use crate::solver::grid::Grid;

use super::topology::coarsening;

/// Neighbours of a node that come after it.
pub(super) const AHEAD: usize = 13;
/// Blocks stored a node: to those neighbours, and a correction of its own below level 1 and where
/// shape functions end at clamps, so that a node's blocks do not add up to none.
pub(super) fn blocks(level: usize, soft_clamps: bool) -> usize {
    if level > 1 || soft_clamps {
        AHEAD + 1
    } else {
        AHEAD
    }
}
/// 32-bit words of a packed block.
pub const BLOCK_WORDS: usize = 3;
/// Bytes of the largest stencil of a grid of `elements` (along x, y, z) with these edges (mm), were
/// every element active; more where there are clamps in soft tissue.
pub fn stencil_bytes(elements: [usize; 3], edges: [f64; 3], soft_clamps: bool) -> u64 {
    let coarse = Grid { elements }.coarser(coarsening(elements, edges));
    let nodes: usize = coarse.elements.iter().map(|n| n + 1).product();
    (4 * blocks(1, soft_clamps) * BLOCK_WORDS * (nodes + 1)) as u64
}

/// The block (row-major) that three words of a stencil stand for. The shader's `block`.
pub fn unpack_block(words: [u32; BLOCK_WORDS]) -> [f64; 9] {
    let exponent = words
        .iter()
        .enumerate()
        .map(|(k, w)| (w >> 30) << (2 * k))
        .sum::<u32>() as i32
        - 40;
    std::array::from_fn(|k| {
        let (row, column) = (k / 3, k % 3);
        let mantissa = (words[column] as i32) << (22 - 10 * row) >> 22;
        f64::from(mantissa) * 2f64.powi(exponent - 9)
    })
}
