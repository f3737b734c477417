//! How often each level is smoothed, and how each Jacobi sweep is damped.

use bytemuck::{Pod, Zeroable};

use crate::gpu::{Gpu, GpuError};

/// Smoothing sweeps before and after each coarse correction, and the part [λ/range, λ] of the
/// spectrum of D⁻¹K that they damp, λ being its largest eigenvalue. The number is odd, so that the
/// result lies in the buffer that the next kernel reads. Sweeps on coarse levels cost little and
/// save whole iterations where bone is thin.
const FINEST: Smoother = Smoother {
    sweeps: 3,
    range: 14.0,
};
const FIRST_COARSE: Smoother = Smoother {
    sweeps: 9,
    range: 100.0,
};
/// Sweeps below level 1 cost next to nothing, and save iterations where few struts carry the bone.
const COARSER: Smoother = Smoother {
    sweeps: 15,
    range: 200.0,
};

pub(super) struct Smoother {
    sweeps: usize,
    range: f64,
}

impl Smoother {
    /// Damping of each sweep times λ: the inverse Chebyshev roots, in Leja's order (each next root
    /// is the one whose product of distances to those before is largest). In their natural order
    /// the last sweeps amplify the first ones' rounding errors by millions: 21 sweeps then diverge.
    fn roots(&self) -> Vec<f64> {
        let low = 1.0 / self.range;
        let mut left: Vec<f64> = (0..self.sweeps)
            .rev()
            .map(|k| {
                let angle = std::f64::consts::PI * (2 * k + 1) as f64 / (2 * self.sweeps) as f64;
                0.5 * ((1.0 + low) + (1.0 - low) * angle.cos())
            })
            .collect();
        let mut ordered: Vec<f64> = Vec::with_capacity(self.sweeps);
        // Of equals the last is taken, so the first root of all is the largest.
        while let Some((next, _)) = left
            .iter()
            .map(|x| ordered.iter().map(|y| (x - y).abs().ln()).sum::<f64>())
            .enumerate()
            .max_by(|a, b| a.1.total_cmp(&b.1))
        {
            ordered.push(left.remove(next));
        }
        ordered.iter().map(|x| 1.0 / x).collect()
    }
}

/// Keep in step with `struct Sweep` in `level.wgsl`; a test compares the layouts.
#[repr(C)]
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
pub struct SweepUniform {
    /// Damping times λ.
    pub root: f32,
    /// Level whose λ divides it.
    pub level: u32,
}

/// The sweeps of level `l`.
pub(super) fn sweeps(gpu: &Gpu, l: usize) -> Result<Vec<wgpu::Buffer>, GpuError> {
    let smoother = match l {
        0 => FINEST,
        1 => FIRST_COARSE,
        _ => COARSER,
    };
    let uniform = |root: f64| {
        let sweep = SweepUniform {
            root: root as f32,
            level: l as u32,
        };
        gpu.uniform("multigrid sweep", &sweep)
    };
    smoother.roots().into_iter().map(uniform).collect()
}

#[cfg(test)]
mod tests {
    use super::{COARSER, FINEST, FIRST_COARSE, Smoother};

    /// How much the sweeps that follow amplify a rounding error, at most, wherever it was made.
    fn amplification(roots: &[f64]) -> f64 {
        (0..=1000)
            .flat_map(|k| {
                let x = f64::from(k) / 1000.0;
                roots.iter().rev().scan(1.0f64, move |product, root| {
                    *product *= 1.0 - root * x;
                    Some(product.abs())
                })
            })
            .fold(0.0, f64::max)
    }

    #[test]
    fn rounding_errors_stay_small_through_the_sweeps() {
        let high = Smoother {
            sweeps: 31,
            range: 600.0,
        };
        // What a packed stencil is right to.
        let packed = 1.0 / 512.0;
        let rounding = |roots: &[f64]| amplification(roots) * f64::from(f32::EPSILON);
        for smoother in [&FINEST, &FIRST_COARSE, &COARSER, &high] {
            let roots = smoother.roots();
            assert_eq!(roots.len(), smoother.sweeps);
            assert!(rounding(&roots) < 0.1 * packed, "{}", rounding(&roots));
            // The whole polynomial is the one of least size on [λ/range, λ].
            let end: f64 = roots.iter().map(|root| 1.0 - root).product();
            let middle = (1.0 + 1.0 / smoother.range) / (1.0 - 1.0 / smoother.range);
            let want = 1.0 / (smoother.sweeps as f64 * middle.acosh()).cosh();
            assert!((end.abs() / want - 1.0).abs() < 1e-6, "{end} {want}");
        }
        let mut natural = COARSER.roots();
        natural.sort_by(f64::total_cmp);
        assert!(rounding(&natural) > packed, "{}", rounding(&natural));
    }
}
