//! Between a level and the next coarser one. Shader: `transfer.wgsl`.

use crate::gpu::{Dispatch, GpuError};

use super::levels::Level;
use super::maker::Maker;

/// The residual in `pong` of the finer level, restricted to the coarser one's right-hand side.
pub(super) fn restrict(
    maker: &Maker<'_>,
    fine: &Level,
    coarse: &Level,
) -> Result<Dispatch, GpuError> {
    maker.make(
        &maker.shaders.transfer,
        "restrict_residual",
        coarse.count,
        &[
            (0, &fine.uniform),
            (1, &coarse.uniform),
            (2, &coarse.nodes),
            (4, &fine.pong),
            (5, &coarse.rhs),
            (11, maker.finest.scalars),
            (18, &coarse.transfer_mask),
        ],
    )
}

/// The coarser level's answer in its `pong`, added to the finer one's in its `ping`.
pub(super) fn prolong(
    maker: &Maker<'_>,
    fine: &Level,
    coarse: &Level,
) -> Result<Dispatch, GpuError> {
    maker.make(
        &maker.shaders.transfer,
        "prolong_correction",
        fine.count,
        &[
            (0, &fine.uniform),
            (1, &coarse.uniform),
            (2, &fine.nodes),
            (4, &coarse.pong),
            (5, &fine.ping),
            (11, maker.finest.scalars),
            (18, &coarse.transfer_mask),
        ],
    )
}
