//! λmax(D⁻¹K) of every level, which the smoother's dampings are divided by. Shader:
//! `spectrum.wgsl`.

use crate::gpu::{Dispatch, GpuError};

use super::levels::Level;
use super::maker::Maker;

/// Applications of D⁻¹K for λ on the finest and on coarser levels: power iterations, and steps of
/// Chebyshev's recurrence after them (both even). Porous coarse levels have their largest
/// eigenvalues in few places, which take longer to be found.
const SPECTRUM_FINEST: [usize; 2] = [4, 10];
const SPECTRUM_COARSE: [usize; 2] = [8, 24];

/// λ of all levels, for the operators as they are.
pub(super) fn commands(maker: &Maker<'_>, levels: &[Level]) -> Result<Vec<Dispatch>, GpuError> {
    let mut commands = Vec::new();
    for (l, level) in levels.iter().enumerate() {
        let n = level.count;
        commands.push(maker.make(
            &maker.shaders.spectrum,
            "spectrum_start",
            n,
            &[(0, &level.uniform), (2, &level.nodes), (5, &level.ping)],
        )?);
        let (mut from, mut to) = (&level.ping, &level.pong);
        let applications = if l == 0 {
            SPECTRUM_FINEST
        } else {
            SPECTRUM_COARSE
        };
        let steps = if l == 0 {
            ["spectrum_power_fine", "spectrum_polynomial_fine"]
        } else {
            ["spectrum_power_coarse", "spectrum_polynomial_coarse"]
        };
        let looks = ["spectrum_halfway", "spectrum_finish"];
        for ((entry, look), times) in steps.into_iter().zip(looks).zip(applications) {
            let a = [(9, maker.spectrum), (10, &level.sweeps[0])];
            for _ in 0..times {
                let mut buffers = level.operator(maker.finest, l == 0);
                buffers.extend([(0, &level.uniform), (2, &level.nodes), (4, from), (5, to)]);
                if look == "spectrum_finish" {
                    buffers.extend(a);
                }
                commands.push(maker.make(&maker.shaders.spectrum, entry, n, &buffers)?);
                std::mem::swap(&mut from, &mut to);
            }
            // The right-hand side is not in use while operators are made.
            commands.push(maker.make(
                &maker.shaders.spectrum,
                "spectrum_squares",
                n,
                &[
                    (0, &level.uniform),
                    (2, &level.nodes),
                    (4, from),
                    (6, to),
                    (17, &level.rhs),
                ],
            )?);
            let buffers = [&[(0, &level.uniform), (17, &level.rhs)], a.as_slice()].concat();
            commands.push(maker.make(&maker.shaders.spectrum, look, 1, &buffers)?);
        }
    }
    Ok(commands)
}
