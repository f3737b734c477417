//! Wolff's law as a number: how dense trabecular bone runs against principal stress.

use crate::gpu::{Gpu, GpuError, Readback, values};
use crate::sim::Simulation;
use crate::sim::state::{MOST, SiteState};
use crate::tissue::{Anatomy, SiteKind, SitePlan};

/// Voxels to each side over which the run of density is judged.
const REACH: isize = 2;
/// Sum of squared slopes of BV/TV below which bone around a voxel is uniform.
const LEAST_STRUCTURE: f64 = 1e-9;

use super::catalogue::{Measurement, Quantity};

/// How trabecular bone lies against the stress of a day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Orientation {
    /// Of all trabecular bone (`trabecular`), or of one of several bones.
    pub region: &'static str,
    /// Mean angle between the run of dense bone and the principal stress of largest size, degrees;
    /// 57.3 by chance.
    pub angle: f64,
    /// Mean cosine of that angle; 0.5 by chance.
    pub cosine: f64,
    /// Correlation of density with the logarithm of the size of the day's stress, over trabecular
    /// voxels.
    pub correlation: f64,
}

/// The region of what is told of all trabecular bone.
const TRABECULAR: &str = "trabecular";

impl Orientation {
    /// As quantities of its region.
    pub fn measurements(&self) -> [Measurement; 3] {
        [
            (Quantity::AngleToPrincipalStress, self.angle),
            (Quantity::CosineToPrincipalStress, self.cosine),
            (Quantity::DensityStressCorrelation, self.correlation),
        ]
        .map(|(quantity, value)| Measurement {
            region: self.region,
            quantity,
            value,
        })
    }
}

/// An orientation on its way.
#[derive(Debug)]
pub struct PendingOrientation(Readback);

type Matrix = [[f64; 3]; 3];

impl PendingOrientation {
    /// Asks for what is needed of `simulation` as it is.
    /// # Errors
    /// As [`Gpu::scoped`].
    pub fn new(simulation: &Simulation) -> Result<Self, GpuError> {
        let gpu: &Gpu = simulation.gpu();
        let state = simulation.state();
        let mut encoder = gpu.encoder("orientation");
        let readback = Readback::record(
            gpu,
            &mut encoder,
            &[
                (
                    &state.bone,
                    0,
                    (state.counts.sites * size_of::<SiteState>()) as u64,
                ),
                (
                    simulation.mechanics().displacement(),
                    0,
                    simulation.mechanics().case_bytes() * simulation.mechanics().cases() as u64,
                ),
                (&state.day, 0, (4 * (MOST * MOST + MOST)) as u64),
            ],
        )?;
        gpu.submit(encoder);
        Ok(Self(readback))
    }

    /// The answer, if it has arrived: of all trabecular bone, then of each bone where there are
    /// several; what is uniform and runs nowhere is left out.
    /// # Errors
    /// [`GpuError::Readback`].
    pub fn poll(&self, simulation: &Simulation) -> Result<Option<Vec<Orientation>>, GpuError> {
        Ok(self.0.poll()?.and_then(|parts| match parts.as_slice() {
            [sites, displacement, day] => Some(evaluate(
                simulation,
                &values::<SiteState>(sites),
                &values::<f32>(displacement),
                &values::<f32>(day),
            )),
            _ => None,
        }))
    }
}

/// Eigenvalues and eigenvectors (by column) of a symmetric matrix, by Jacobi's rotations.
fn eigen(mut a: Matrix) -> ([f64; 3], Matrix) {
    let mut v = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
    for _ in 0..24 {
        for (p, q) in [(0, 1), (0, 2), (1, 2)] {
            if a[p][q].abs() < 1e-300 {
                continue;
            }
            let theta = 0.5 * (a[q][q] - a[p][p]) / a[p][q];
            let t = theta.signum() / (theta.abs() + theta.hypot(1.0));
            let c = 1.0 / t.hypot(1.0);
            let s = t * c;
            for row in &mut a {
                (row[p], row[q]) = (c * row[p] - s * row[q], s * row[p] + c * row[q]);
            }
            let (of_p, of_q) = (a[p], a[q]);
            a[p] = std::array::from_fn(|k| c * of_p[k] - s * of_q[k]);
            a[q] = std::array::from_fn(|k| s * of_p[k] + c * of_q[k]);
            for row in &mut v {
                (row[p], row[q]) = (c * row[p] - s * row[q], s * row[p] + c * row[q]);
            }
        }
    }
    ([a[0][0], a[1][1], a[2][2]], v)
}

/// A voxel of trabecular bone.
struct Voxel {
    at: [usize; 3],
    bone: usize,
    bvtv: f64,
    /// The sum of the squares of the day's stresses: their directions are the stress', whatever its
    /// sign.
    stress: Matrix,
}

/// What came back from the adapter.
struct Loaded<'a> {
    simulation: &'a Simulation,
    displacement: &'a [f32],
    day: &'a [f32],
}

impl Loaded<'_> {
    /// The displacement's gradient in an element times 4 spacings, over the load cases of an
    /// activity.
    fn gradient(&self, element: usize, activity: usize) -> Matrix {
        let mechanics = self.simulation.mechanics();
        let steps = mechanics.grid().strides();
        let stride = (mechanics.case_bytes() / 4) as usize;
        let mut gradient: Matrix = [[0.0; 3]; 3];
        for case in 0..mechanics.cases() {
            let force = f64::from(self.day[MOST * activity + case]);
            for corner in 0..8usize {
                let node = element + (0..3).map(|k| (corner >> k & 1) * steps[k]).sum::<usize>();
                for (i, row) in gradient.iter_mut().enumerate() {
                    let u = f64::from(self.displacement[case * stride + 3 * node + i]) * force;
                    for (j, value) in row.iter_mut().enumerate() {
                        *value += if corner >> j & 1 == 1 { u } else { -u };
                    }
                }
            }
        }
        gradient
    }

    /// [`Voxel::stress`] of an element of some modulus.
    fn stress(&self, element: usize, modulus: f64) -> Matrix {
        let p = &self.simulation.model().physiology;
        let nu = f64::from(p.poisson_ratio);
        let (lambda, mu) = (nu / ((1.0 + nu) * (1.0 - 2.0 * nu)), 0.5 / (1.0 + nu));
        let scale = 0.25 / self.simulation.anatomy().spacing / f64::from(p.reference_modulus);
        let mut sum: Matrix = [[0.0; 3]; 3];
        for activity in 0..MOST {
            let count = f64::from(self.day[MOST * MOST + activity]);
            let gradient = self.gradient(element, activity);
            let trace = gradient[0][0] + gradient[1][1] + gradient[2][2];
            let stress: Matrix = std::array::from_fn(|i| {
                std::array::from_fn(|j| {
                    let shear = mu * (gradient[i][j] + gradient[j][i]);
                    modulus * scale * (shear + if i == j { lambda * trace } else { 0.0 })
                })
            });
            for i in 0..3 {
                for j in 0..3 {
                    sum[i][j] += count * (0..3).map(|k| stress[i][k] * stress[k][j]).sum::<f64>();
                }
            }
        }
        sum
    }

    /// Voxels that are mostly trabecular.
    fn voxels(&self, sites: &[SiteState]) -> Vec<Voxel> {
        let anatomy = self.simulation.anatomy();
        let p = &self.simulation.model().physiology;
        let grid = self.simulation.mechanics().grid();
        let mut voxels = Vec::new();
        let mut site = 0;
        for plan in &anatomy.bone {
            let first = site;
            site += plan.sites.len();
            let trabecular =
                |s: &SitePlan| matches!(s.kind, SiteKind::Trabecular | SiteKind::Strut);
            let Some(k) = plan.sites.iter().position(trabecular) else {
                continue;
            };
            // A sliver beside the cortex says little about trabecular bone.
            if plan.sites[k].fraction < 0.5 {
                continue;
            }
            let bvtv = f64::from(sites[first + k].bvtv);
            let element = grid.index(std::array::from_fn(|k| {
                plan.at[k] - anatomy.mechanics_low[k]
            }));
            let apparent = bvtv * f64::from(p.tissue_density);
            let modulus =
                f64::from(p.modulus_coefficient) * apparent.powf(f64::from(p.modulus_exponent));
            voxels.push(Voxel {
                at: plan.at,
                bone: plan.bone,
                bvtv,
                stress: self.stress(element, modulus),
            });
        }
        voxels
    }
}

/// Trabecular density on the lattice.
struct Density<'a> {
    anatomy: &'a Anatomy,
    bvtv: Vec<Option<f64>>,
}

impl Density<'_> {
    fn at(&self, p: [isize; 3]) -> Option<f64> {
        let inside = (0..3).all(|k| p[k] >= 0 && (p[k] as usize) < self.anatomy.voxels[k]);
        inside
            .then(|| self.bvtv[self.anatomy.voxel(p.map(|x| x as usize))])
            .flatten()
    }

    fn slope(&self, p: [isize; 3]) -> Option<[f64; 3]> {
        let here = self.at(p)?;
        Some(std::array::from_fn(|k| {
            let mut up = p;
            let mut down = p;
            up[k] += 1;
            down[k] -= 1;
            match (self.at(up), self.at(down)) {
                (Some(u), Some(d)) => 0.5 * (u - d),
                // Beside the cortex only one side says how density changes.
                (Some(u), None) => u - here,
                (None, Some(d)) => here - d,
                (None, None) => 0.0,
            }
        }))
    }

    /// How density runs around a voxel: its structure tensor.
    fn structure(&self, place: [usize; 3]) -> Matrix {
        let mut structure: Matrix = [[0.0; 3]; 3];
        let reach = || -REACH..=REACH;
        for (dz, dy, dx) in
            reach().flat_map(|z| reach().flat_map(move |y| reach().map(move |x| (z, y, x))))
        {
            let [x, y, z] = place.map(|x| x as isize);
            if let Some(g) = self.slope([x + dx, y + dy, z + dz]) {
                for i in 0..3 {
                    for j in 0..3 {
                        structure[i][j] += g[i] * g[j];
                    }
                }
            }
        }
        structure
    }
}

/// Which of three is the largest, or the smallest.
fn extreme(x: &[f64; 3], largest: bool) -> usize {
    (0..3)
        .max_by(|a, b| {
            let order = x[*a].total_cmp(&x[*b]);
            if largest { order } else { order.reverse() }
        })
        .unwrap_or(0)
}

fn evaluate(
    simulation: &Simulation,
    sites: &[SiteState],
    displacement: &[f32],
    day: &[f32],
) -> Vec<Orientation> {
    let anatomy = simulation.anatomy();
    let loaded = Loaded {
        simulation,
        displacement,
        day,
    };
    let voxels = loaded.voxels(sites);
    let mut density = Density {
        anatomy,
        bvtv: vec![None; anatomy.len()],
    };
    for v in &voxels {
        density.bvtv[anatomy.voxel(v.at)] = Some(v.bvtv);
    }
    let mut all = Sums::default();
    let mut by_bone: Vec<Sums> = anatomy.bones.iter().map(|_| Sums::default()).collect();
    for v in &voxels {
        let (spread, runs) = eigen(density.structure(v.at));
        if spread.iter().sum::<f64>() < LEAST_STRUCTURE {
            continue;
        }
        let (sizes, pulls) = eigen(v.stress);
        // What hangs on the rest and bears nothing has no direction of stress.
        let squares: f64 = sizes.iter().sum();
        if squares <= 0.0 {
            continue;
        }
        let (along, pull) = (extreme(&spread, false), extreme(&sizes, true));
        let dot: f64 = (0..3).map(|k| runs[k][along] * pulls[k][pull]).sum();
        let c = dot.abs().min(1.0);
        for sums in [&mut all, &mut by_bone[v.bone]] {
            sums.weight += v.bvtv;
            sums.cosine += v.bvtv * c;
            sums.angle += v.bvtv * c.acos().to_degrees();
            sums.pairs.push((v.bvtv, squares.sqrt().ln()));
        }
    }
    let bones = anatomy.bones.iter().copied().zip(&by_bone);
    let several = anatomy.bones.len() > 1;
    let of_bones = bones
        .filter(|_| several)
        .filter_map(|(b, sums)| sums.mean(b));
    all.mean(TRABECULAR).into_iter().chain(of_bones).collect()
}

/// Sums over voxels.
#[derive(Default)]
struct Sums {
    weight: f64,
    angle: f64,
    cosine: f64,
    pairs: Vec<(f64, f64)>,
}

impl Sums {
    fn mean(&self, region: &'static str) -> Option<Orientation> {
        (self.weight > 0.0).then(|| Orientation {
            region,
            angle: self.angle / self.weight,
            cosine: self.cosine / self.weight,
            correlation: correlation(&self.pairs),
        })
    }
}

fn correlation(pairs: &[(f64, f64)]) -> f64 {
    let n = pairs.len() as f64;
    let (mx, my) = pairs
        .iter()
        .fold((0.0, 0.0), |s, p| (s.0 + p.0 / n, s.1 + p.1 / n));
    let (mut xy, mut xx, mut yy) = (0.0, 0.0, 0.0);
    for (x, y) in pairs {
        xy += (x - mx) * (y - my);
        xx += (x - mx).powi(2);
        yy += (y - my).powi(2);
    }
    xy / (xx * yy).sqrt()
}

#[cfg(test)]
mod tests {
    use super::eigen;

    #[test]
    fn eigenvectors_put_the_matrix_together_again() {
        let a = [[4.0, 1.0, -2.0], [1.0, 3.0, 0.5], [-2.0, 0.5, 1.0]];
        let (values, v) = eigen(a);
        for i in 0..3 {
            for j in 0..3 {
                let again: f64 = (0..3).map(|k| v[i][k] * values[k] * v[j][k]).sum();
                assert!((again - a[i][j]).abs() < 1e-12, "{again} {}", a[i][j]);
            }
        }
        assert!((values.iter().sum::<f64>() - 8.0).abs() < 1e-12);
    }
}
