//! A micro-finite-element compression test: a block between two plates, and what its displacement,
//! evaluated in f64, says.

use std::time::Duration;

use crate::gpu::{Gpu, GpuError, Pace, Readback, values};
use crate::solver::{Element, Grid, Look, Mechanics, Outcome, Problem, Solve};
use crate::volume::each;

/// Volume share of Pistoia's criterion: bone fails when this much of it …
pub const PISTOIA_VOLUME: f64 = 0.02;
/// … is strained beyond this effective strain (Pistoia 2002 Bone 30:842).
pub const PISTOIA_STRAIN: f64 = 0.007;

/// Iterations a submission holds at most: a look costs less than an iteration that does nothing.
const MOST_SLICE: u32 = 1;

/// A block between two plates.
#[derive(Debug, Clone, Copy)]
pub struct Plates<'a> {
    /// Its elements.
    pub grid: Grid,
    /// Poisson's ratio and edges.
    pub element: &'a Element,
    /// Young's modulus by element, x fastest, MPa; 0 in void.
    pub youngs: &'a [f64],
    /// As [`crate::solver::components::Attached::idle`].
    pub idle: &'a [([usize; 3], bool)],
    /// Along which it is pressed.
    pub axis: usize,
    /// Whether the end faces are held sideways too.
    pub clamped: bool,
}

impl Plates<'_> {
    /// Voxels that are strained: between faces that slide, what hangs on one of them alone is not.
    fn strained(&self) -> Vec<bool> {
        let n = self.grid.elements;
        let mut active: Vec<bool> = self.youngs.iter().map(|e| *e > 0.0).collect();
        for (at, _) in self.idle() {
            active[at[0] + n[0] * (at[1] + n[1] * at[2])] = false;
        }
        active
    }

    fn idle(&self) -> &[([usize; 3], bool)] {
        if self.clamped { &[] } else { self.idle }
    }

    fn on_plate(&self, at: [usize; 3]) -> bool {
        at[self.axis] == 0 || at[self.axis] == self.grid.elements[self.axis]
    }

    fn problem(&self) -> Problem {
        let n = self.grid.elements;
        let bits = if self.clamped { 7 } else { 1u8 << self.axis };
        Problem {
            elements: n,
            element: self.element.clone(),
            held: each(n.map(|n| n + 1))
                .map(|at| if self.on_plate(at) { bits } else { 0 })
                .collect(),
            active: self.strained(),
            loads: vec![Vec::new()],
        }
    }

    /// By padded element, relative to the stiffest: near 1 f32 is densest.
    fn moduli(&self) -> Vec<f32> {
        let stiffest = self.youngs.iter().copied().fold(0.0, f64::max);
        let mut modulus = vec![0.0f32; self.grid.len()];
        for (e, at) in self.youngs.iter().zip(self.grid.each_element()) {
            modulus[self.grid.index(at)] = (e / stiffest) as f32;
        }
        for (at, _) in self.idle() {
            modulus[self.grid.index(*at)] = 0.0;
        }
        modulus
    }

    /// A displacement that moves the far plate by 1: of the plates alone, or spread evenly between
    /// them.
    fn lift(&self, inside: bool) -> Vec<f32> {
        let (grid, axis) = (self.grid, self.axis);
        let mut u = vec![0.0f32; 3 * grid.len()];
        for at in grid.each_node() {
            let share = at[axis] as f32 / grid.elements[axis] as f32;
            let moved = inside || self.on_plate(at);
            u[3 * grid.index(at) + axis] = if moved { share } else { 0.0 };
        }
        for (at, far) in self.idle() {
            for step in each([2; 3]) {
                let node = [0, 1, 2].map(|k| at[k] + step[k]);
                u[3 * grid.index(node) + axis] = f32::from(u8::from(*far));
            }
        }
        u
    }
}

/// What a test leaves.
#[derive(Debug, Clone, PartialEq)]
pub struct Compressed {
    /// How the solve went.
    pub outcome: Outcome,
    /// By padded node, three f32, for a displacement of the far plate against the near one of 1.
    pub displacement: Vec<f32>,
}

#[derive(Debug)]
enum Doing {
    /// What the plates impose on the rest is the right-hand side; its norm, on its way, is the
    /// yardstick.
    Imposing(Readback),
    Solving,
    Reading(Outcome, Readback),
}

/// A test under way. Never waits.
#[derive(Debug)]
pub struct CompressionTest {
    gpu: Gpu,
    mechanics: Mechanics,
    even: Vec<f32>,
    solve: Solve,
    pace: Pace,
    doing: Doing,
    bytes: u64,
}

impl CompressionTest {
    /// Mounts a block, and moves the far plate by 1 against the near one.
    /// # Errors
    /// As [`Gpu::scoped`].
    pub fn new(
        gpu: &Gpu,
        plates: &Plates<'_>,
        tolerance: f32,
        iterations: u32,
    ) -> Result<Self, GpuError> {
        let before = gpu.allocated_bytes();
        let mechanics = Mechanics::new(gpu, &plates.problem())?;
        let bytes = gpu.allocated_bytes() - before;
        // What takes the processor's time comes before the adapter's begins.
        let even = plates.lift(true);
        let apart = plates.lift(false);
        gpu.write(mechanics.modulus(), &plates.moduli());
        // The adapter fits the preconditioner while the test is mounted.
        mechanics.submit_operators();
        gpu.write(mechanics.displacement(), &apart);
        let mut encoder = gpu.encoder("compression");
        mechanics.record_true_residual(&mut encoder, 0);
        let read = mechanics.record_readback(gpu, &mut encoder)?;
        gpu.submit(encoder);
        Ok(Self {
            gpu: gpu.clone(),
            mechanics,
            even,
            solve: Solve::to(0, tolerance, iterations),
            pace: Pace::new(MOST_SLICE),
            doing: Doing::Imposing(read),
            bytes,
        })
    }

    /// Bytes on the adapter.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// What it leaves, once it is done; until then the next slice of work is submitted whenever the
    /// last one is over.
    /// # Errors
    /// As [`Gpu::scoped`], and [`GpuError::Readback`].
    pub fn poll(&mut self, now: Duration) -> Result<Option<Compressed>, GpuError> {
        self.gpu.poll()?;
        match &self.doing {
            Doing::Imposing(read) => {
                if let Some(parts) = read.poll()? {
                    let imposed = Mechanics::scalars_from(&parts).rr;
                    self.mechanics.set_norm2(0, imposed);
                    self.gpu.write(self.mechanics.displacement(), &self.even);
                    self.doing = Doing::Solving;
                }
            }
            Doing::Solving => {
                let look = self
                    .solve
                    .poll(&self.gpu, &self.mechanics, &mut self.pace, now)?;
                if let Look::Done(outcome) = look {
                    let mut encoder = self.gpu.encoder("compression");
                    let bytes = 12 * self.mechanics.grid().len() as u64;
                    let range = (self.mechanics.displacement(), 0, bytes);
                    let read = Readback::record(&self.gpu, &mut encoder, &[range])?;
                    self.gpu.submit(encoder);
                    self.doing = Doing::Reading(outcome, read);
                }
            }
            Doing::Reading(outcome, read) => {
                return Ok(read.poll()?.map(|parts| Compressed {
                    outcome: *outcome,
                    displacement: parts.first().map(|b| values(b)).unwrap_or_default(),
                }));
            }
        }
        Ok(None)
    }
}

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
/// `modulus` is in MPa by element (x fastest), `displacement` in mm by padded node, `imposed` the
/// displacement of the far end against the near one along `axis`, mm.
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

/// Strain energy density at each element's centre, by element (x fastest), and u·K u: twice the
/// energy of the whole. `modulus` by element, `displacement` by padded node, in consistent units.
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
