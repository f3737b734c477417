//! The level that is solved by sweeps alone. Shader: `coarsest.wgsl`.

use crate::gpu::{Dispatch, GpuError};

use super::levels::Level;
use super::maker::Maker;

/// From the right-hand side to the answer in `pong`.
pub(super) fn solve(maker: &Maker<'_>, level: &Level) -> Result<Dispatch, GpuError> {
    maker.make(
        &maker.shaders.coarsest,
        "coarsest",
        1,
        &[
            (0, &level.uniform),
            (2, &level.nodes),
            (6, &level.rhs),
            (7, &level.stencil),
            (9, maker.spectrum),
            (10, &level.sweeps[0]),
            (12, &level.slots),
            (14, &level.ping),
            (15, &level.pong),
        ],
    )
}
