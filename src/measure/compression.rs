//! What a micro-finite-element compression test says, evaluated in f64 from the displacement.

use crate::solver::Element;
use crate::solver::Grid;

/// Volume share of Pistoia's criterion: bone fails when this much of it …
pub const PISTOIA_VOLUME: f64 = 0.02;
/// … is strained beyond this effective strain (Pistoia 2002 Bone 30:842).
pub const PISTOIA_STRAIN: f64 = 0.007;

/// A compression test's outcome.
#[derive(Debug, Clone, PartialEq)]
pub struct Compression {
    /// Force at the imposed displacement, N; negative in compression.
    pub reaction: f64,
    /// Force over displacement, N/mm.
    pub stiffness: f64,
    /// Stiffness times height over the end's whole area, MPa.
    pub apparent_modulus: f64,
    /// Strain energy density at each element's centre, MPa, by element (x fastest); 0 in void.
    pub energy: Vec<f64>,
    /// Mean over bone, MPa.
    pub mean: f64,
    /// Percentiles 50, 95 and 98 over bone, MPa.
    pub percentiles: [f64; 3],
    /// Force at which Pistoia's criterion is met, N.
    pub failure_load: f64,
}

/// Evaluates a displacement.
///
/// `modulus` is in MPa by element (x fastest), `displacement` in mm by padded node, `imposed` the displacement of the far end
/// against the near one along `axis`, mm.
pub fn compression(
    grid: &Grid,
    element: &Element,
    modulus: &[f64],
    displacement: &[f32],
    axis: usize,
    imposed: f64,
) -> Compression {
    let (energy, work) = strain_energy(grid, element, modulus, displacement);
    let h = element.spacing();
    // At equilibrium the work of the imposed displacement is u·K u.
    let reaction = work / imposed;
    let stiffness = reaction / imposed;
    let n = grid.elements;
    let area: f64 = (0..3)
        .filter(|k| *k != axis)
        .map(|k| n[k] as f64 * h[k])
        .product();
    let height = n[axis] as f64 * h[axis];
    let mut bone: Vec<f64> = energy
        .iter()
        .zip(modulus)
        .filter(|(_, m)| **m > 0.0)
        .map(|(u, _)| *u)
        .collect();
    bone.sort_by(f64::total_cmp);
    let mut effective: Vec<f64> = energy
        .iter()
        .zip(modulus)
        .filter(|(_, m)| **m > 0.0)
        .map(|(u, m)| (2.0 * u / m).sqrt())
        .collect();
    effective.sort_by(f64::total_cmp);
    let scale = PISTOIA_STRAIN / percentile(&effective, 1.0 - PISTOIA_VOLUME);
    Compression {
        reaction,
        stiffness,
        apparent_modulus: stiffness * height / area,
        mean: bone.iter().sum::<f64>() / bone.len().max(1) as f64,
        percentiles: [0.50, 0.95, 0.98].map(|q| percentile(&bone, q)),
        failure_load: reaction.abs() * scale,
        energy,
    }
}

/// Strain energy density at each element's centre, by element (x fastest), and u·K u: twice the energy
/// of the whole. `modulus` by element, `displacement` by padded node, in consistent units.
pub fn strain_energy(
    grid: &Grid,
    element: &Element,
    modulus: &[f64],
    displacement: &[f32],
) -> (Vec<f64>, f64) {
    let s = grid.strides();
    let h = element.spacing();
    let nu = element.poisson();
    let (lambda, mu) = (nu / ((1.0 + nu) * (1.0 - 2.0 * nu)), 0.5 / (1.0 + nu));
    let stiffness_of: Vec<f64> = (0..576)
        .map(|k| element.stiffness(k / 72, k / 24 % 3, k % 24 / 3, k % 3))
        .collect();
    let mut work = 0.0;
    let mut energy = vec![0.0; modulus.len()];
    for (e, at) in grid.each_element().enumerate() {
        if modulus[e] == 0.0 {
            continue;
        }
        let first = grid.index(at);
        let u: [f64; 24] = std::array::from_fn(|k| {
            let corner = k / 3;
            let node = first + (0..3).map(|d| (corner >> d & 1) * s[d]).sum::<usize>();
            f64::from(displacement[3 * node + k % 3])
        });
        let twice: f64 = (0..24)
            .map(|r| {
                u[r] * (0..24)
                    .map(|c| stiffness_of[24 * r + c] * u[c])
                    .sum::<f64>()
            })
            .sum();
        work += modulus[e] * twice;
        let gradient = |i: usize, j: usize| -> f64 {
            (0..8)
                .map(|c| {
                    if c >> j & 1 == 1 {
                        u[3 * c + i]
                    } else {
                        -u[3 * c + i]
                    }
                })
                .sum::<f64>()
                * 0.25
                / h[j]
        };
        let strain = |i: usize, j: usize| 0.5 * (gradient(i, j) + gradient(j, i));
        let trace: f64 = (0..3).map(|i| strain(i, i)).sum();
        let square: f64 = (0..9).map(|k| strain(k / 3, k % 3).powi(2)).sum();
        energy[e] = 0.5 * modulus[e] * (lambda * trace * trace + 2.0 * mu * square);
    }
    (energy, work)
}

/// Linear between ranks.
fn percentile(sorted: &[f64], q: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else {
        return 0.0;
    };
    let at = q * last as f64;
    let low = at.floor() as usize;
    sorted[low] + (at - low as f64) * (sorted[(low + 1).min(last)] - sorted[low])
}
