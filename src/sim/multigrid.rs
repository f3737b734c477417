//! The preconditioner of the mechanics: one multigrid V-cycle. Shader: `multigrid.wgsl`.
//!
//! The finest level is matrix-free. Coarser levels are Galerkin products, because coarse
//! voxels that average modulus lose thin trabeculae and with them half the convergence.
//! Their stencils are kept in [`BLOCK_WORDS`] words a block of 3×3: a preconditioner needs no
//! more digits, and memory is what limits the size of a scan.

use bytemuck::{Pod, Zeroable};

use crate::gpu::{Gpu, GpuError, Kernel, Shader, dispatch, whole};

use super::element::Element;
use super::grid::{Grid, GridUniform};
use super::shader;
use super::topology::{ALL, Topology, coarsening};

/// Smoothing sweeps before and after each coarse correction, and the upper part [λ/range, λ] of
/// the spectrum of D⁻¹K that they work on. Odd, so that each half of a visit ends where the next
/// begins. Sweeps on coarse levels cost little and save whole iterations where bone is thin.
const FINEST: Smoother = Smoother {
    sweeps: 3,
    range: 14.0,
};
const FIRST_COARSE: Smoother = Smoother {
    sweeps: 9,
    range: 100.0,
};
/// Sweeps below level 1 cost next to nothing and save iterations where bone hangs on few struts.
const COARSER: Smoother = Smoother {
    sweeps: 15,
    range: 200.0,
};

struct Smoother {
    sweeps: usize,
    range: f64,
}

impl Smoother {
    /// Damping of each sweep times λ: the inverse Chebyshev roots, in Leja's order (each next root is the one
    /// whose product of distances to those before is largest). In their natural order the last sweeps amplify
    /// the first ones' rounding errors by millions: 21 sweeps then diverge.
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

/// Applications of D⁻¹K for λ on the finest and on coarser levels: power iterations, and steps of Chebyshev's
/// recurrence after them (both even). Porous coarse levels have their largest eigenvalues in few places,
/// which take longer to be found.
const SPECTRUM_FINEST: [usize; 2] = [4, 10];
const SPECTRUM_COARSE: [usize; 2] = [8, 24];

/// Neighbours of a node that come after it.
const AHEAD: usize = 13;
/// Blocks stored a node: to those neighbours, and below level 1 a correction of its own.
fn blocks(level: usize) -> usize {
    if level > 1 { AHEAD + 1 } else { AHEAD }
}
/// 32-bit words of a packed block.
pub const BLOCK_WORDS: usize = 3;
/// Bytes of the largest stencil of a grid of `elements` with these edges, were every element active.
pub fn stencil_bytes(elements: [usize; 3], edges: [f64; 3]) -> u64 {
    let coarse = Grid { elements }.coarser(coarsening(elements, edges));
    let nodes: usize = coarse.elements.iter().map(|n| n + 1).product();
    (4 * AHEAD * BLOCK_WORDS * (nodes + 1)) as u64
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

/// Keep in step with `struct Sweep` in `multigrid.wgsl`; a test compares the layouts.
#[repr(C)]
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
pub struct SweepUniform {
    /// Damping times λ.
    pub root: f32,
    /// Level whose λ divides it.
    pub level: u32,
}

#[derive(Debug)]
struct Level {
    grid: Grid,
    count: u32,
    uniform: wgpu::Buffer,
    nodes: wgpu::Buffer,
    rhs: wgpu::Buffer,
    ping: wgpu::Buffer,
    pong: wgpu::Buffer,
    /// Empty on the finest level.
    stencil: wgpu::Buffer,
    slots: wgpu::Buffer,
    /// By padded index of the finer level: which of a node's parents move it, four nodes a word.
    kept: wgpu::Buffer,
    sweeps: Vec<wgpu::Buffer>,
}

impl Level {
    /// The operator's own buffers: elements on the finest level, a stencil below.
    fn operator<'a>(
        &'a self,
        finest: &Finest<'a>,
        is_finest: bool,
    ) -> Vec<(u32, &'a wgpu::Buffer)> {
        if is_finest {
            vec![(3, finest.modulus)]
        } else {
            vec![(7, &self.stencil), (12, &self.slots)]
        }
    }
}

#[derive(Debug)]
struct Recorded {
    kernel: usize,
    group: wgpu::BindGroup,
    threads: u32,
}

/// The hierarchy of levels and the commands that run on it.
#[derive(Debug)]
pub struct Multigrid {
    kernels: Vec<Kernel>,
    /// One V-cycle: residual in, correction out.
    cycle: Vec<Recorded>,
    /// Coarse operators from the modulus.
    galerkin: Vec<Recorded>,
    /// λ of every level.
    spectrum: Vec<Recorded>,
    spectrum_buffer: wgpu::Buffer,
    levels: Vec<Level>,
    /// Whether nodes of any level have lost parents to other pieces of bone.
    in_pieces: bool,
}

/// What the finest level shares with the conjugate gradients.
pub(crate) struct Finest<'a> {
    pub(crate) uniform: &'a wgpu::Buffer,
    pub(crate) nodes: &'a wgpu::Buffer,
    pub(crate) count: u32,
    pub(crate) modulus: &'a wgpu::Buffer,
    pub(crate) residual: &'a wgpu::Buffer,
    pub(crate) scratch: &'a wgpu::Buffer,
    pub(crate) correction: &'a wgpu::Buffer,
    pub(crate) scalars: &'a wgpu::Buffer,
}

const KERNELS: [&str; 20] = [
    "smooth_first_fine",
    "smooth_fine",
    "residual_fine",
    "smooth_first_coarse",
    "smooth_coarse",
    "residual_coarse",
    "restrict_residual",
    "prolong_correction",
    "galerkin_first",
    "galerkin_next",
    "galerkin_own",
    "coarsest",
    "spectrum_start",
    "spectrum_power_fine",
    "spectrum_power_coarse",
    "spectrum_polynomial_fine",
    "spectrum_polynomial_coarse",
    "spectrum_squares",
    "spectrum_halfway",
    "spectrum_finish",
];

impl Multigrid {
    /// Levels down to two elements along the longest side.
    /// # Errors
    /// As [`Gpu::scoped`].
    pub(crate) fn new(
        gpu: &Gpu,
        element: &Element,
        topology: Topology,
        finest: &Finest<'_>,
    ) -> Result<Self, GpuError> {
        let topologies = topology.levels();
        let in_pieces = topologies.iter().any(Topology::in_pieces);
        let module = Shader::new(gpu, "multigrid", &shader::multigrid(element, in_pieces))?;
        let kernels = KERNELS
            .iter()
            .map(|entry| module.kernel(gpu, entry))
            .collect::<Result<Vec<_>, _>>()?;
        let levels = build_levels(gpu, &topologies, in_pieces, finest)?;
        let spectrum_buffer = gpu.storage::<f32>("multigrid spectrum", levels.len())?;
        let children = [topologies[1].factor, [1; 3]].map(|factor| element.lowest_child(factor));
        let children = gpu.storage_from("multigrid children", &children.concat())?;
        let mut made = Self {
            kernels,
            cycle: Vec::new(),
            galerkin: Vec::new(),
            spectrum: Vec::new(),
            spectrum_buffer,
            levels,
            in_pieces,
        };
        made.cycle = made.record_cycle_from(gpu, finest, 0)?;
        made.galerkin = made.build_galerkin(gpu, finest, &children)?;
        made.spectrum = made.build_spectrum(gpu, finest)?;
        Ok(made)
    }

    fn make(
        &self,
        gpu: &Gpu,
        entry: &str,
        threads: u32,
        buffers: &[(u32, &wgpu::Buffer)],
    ) -> Result<Recorded, GpuError> {
        let kernel = KERNELS.iter().position(|k| *k == entry).unwrap_or_default();
        let buffers: Vec<_> = buffers
            .iter()
            .map(|(b, buffer)| (*b, whole(buffer)))
            .collect();
        Ok(Recorded {
            kernel,
            group: self.kernels[kernel].bind(gpu, &buffers)?,
            threads,
        })
    }

    /// The V-cycle from level `l` down. The right-hand side is in `rhs`, the answer ends in `pong`.
    fn record_cycle_from(
        &self,
        gpu: &Gpu,
        finest: &Finest<'_>,
        l: usize,
    ) -> Result<Vec<Recorded>, GpuError> {
        let level = &self.levels[l];
        let n = level.count;
        let s = &self.spectrum_buffer;
        if l + 1 == self.levels.len() {
            return Ok(vec![self.make(
                gpu,
                "coarsest",
                1,
                &[
                    (0, &level.uniform),
                    (2, &level.nodes),
                    (6, &level.rhs),
                    (7, &level.stencil),
                    (9, s),
                    (10, &level.sweeps[0]),
                    (12, &level.slots),
                    (14, &level.ping),
                    (15, &level.pong),
                ],
            )?]);
        }
        let fine = l == 0;
        let operator = level.operator(finest, fine);
        let name = |base: &'static str| -> String {
            format!("{base}_{}", if fine { "fine" } else { "coarse" })
        };
        let smooth = |from: &wgpu::Buffer, to: &wgpu::Buffer, k: usize| {
            self.make(
                gpu,
                &name("smooth"),
                n,
                &[
                    operator.as_slice(),
                    &[
                        (0, &level.uniform),
                        (2, &level.nodes),
                        (4, from),
                        (5, to),
                        (6, &level.rhs),
                        (9, s),
                        (10, &level.sweeps[k]),
                        (11, finest.scalars),
                    ],
                ]
                .concat(),
            )
        };
        let mut commands = vec![
            self.make(
                gpu,
                &name("smooth_first"),
                n,
                &[
                    operator.as_slice(),
                    &[
                        (0, &level.uniform),
                        (2, &level.nodes),
                        (5, &level.ping),
                        (6, &level.rhs),
                        (9, s),
                        (10, &level.sweeps[0]),
                        (11, finest.scalars),
                    ],
                ]
                .concat(),
            )?,
        ];
        // The first half ends in ping, the second in pong.
        let (mut from, mut to) = (&level.ping, &level.pong);
        for k in 1..level.sweeps.len() {
            commands.push(smooth(from, to, k)?);
            std::mem::swap(&mut from, &mut to);
        }
        let coarse = &self.levels[l + 1];
        commands.push(
            self.make(
                gpu,
                &name("residual"),
                n,
                &[
                    operator.as_slice(),
                    &[
                        (0, &level.uniform),
                        (2, &level.nodes),
                        (4, &level.ping),
                        (5, &level.pong),
                        (6, &level.rhs),
                        (11, finest.scalars),
                    ],
                ]
                .concat(),
            )?,
        );
        commands.push(self.make(
            gpu,
            "restrict_residual",
            coarse.count,
            &[
                (0, &level.uniform),
                (1, &coarse.uniform),
                (2, &coarse.nodes),
                (4, &level.pong),
                (5, &coarse.rhs),
                (11, finest.scalars),
                (18, &coarse.kept),
            ],
        )?);
        commands.extend(self.record_cycle_from(gpu, finest, l + 1)?);
        commands.push(self.make(
            gpu,
            "prolong_correction",
            n,
            &[
                (0, &level.uniform),
                (1, &coarse.uniform),
                (2, &level.nodes),
                (4, &coarse.pong),
                (5, &level.ping),
                (11, finest.scalars),
                (18, &coarse.kept),
            ],
        )?);
        let (mut from, mut to) = (&level.ping, &level.pong);
        for k in 0..level.sweeps.len() {
            commands.push(smooth(from, to, k)?);
            std::mem::swap(&mut from, &mut to);
        }
        Ok(commands)
    }

    fn build_galerkin(
        &self,
        gpu: &Gpu,
        finest: &Finest<'_>,
        children: &wgpu::Buffer,
    ) -> Result<Vec<Recorded>, GpuError> {
        let mut commands = Vec::new();
        for (l, pair) in self.levels.windows(2).enumerate() {
            let (fine, coarse) = (&pair[0], &pair[1]);
            let common = [
                (0, &fine.uniform),
                (1, &coarse.uniform),
                (2, &coarse.nodes),
                (8, &coarse.stencil),
                (18, &coarse.kept),
            ];
            let own = if l == 0 {
                [(3, finest.modulus), (13, children)]
            } else {
                [(7, &fine.stencil), (12, &fine.slots)]
            };
            let entry = if l == 0 {
                "galerkin_first"
            } else {
                "galerkin_next"
            };
            let buffers = [common.as_slice(), own.as_slice()].concat();
            commands.push(self.make(gpu, entry, AHEAD as u32 * coarse.count, &buffers)?);
            if l > 0 {
                let buffers = [buffers.as_slice(), &[(16, &coarse.slots)]].concat();
                commands.push(self.make(gpu, "galerkin_own", coarse.count, &buffers)?);
            }
        }
        Ok(commands)
    }

    fn build_spectrum(&self, gpu: &Gpu, finest: &Finest<'_>) -> Result<Vec<Recorded>, GpuError> {
        let mut commands = Vec::new();
        for (l, level) in self.levels.iter().enumerate() {
            let n = level.count;
            commands.push(self.make(
                gpu,
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
            let kind = if l == 0 { "fine" } else { "coarse" };
            let phases = [
                ("power", "spectrum_halfway"),
                ("polynomial", "spectrum_finish"),
            ];
            for ((step, look), times) in phases.into_iter().zip(applications) {
                let entry = format!("spectrum_{step}_{kind}");
                let a = [(9, &self.spectrum_buffer), (10, &level.sweeps[0])];
                for _ in 0..times {
                    let mut buffers = level.operator(finest, l == 0);
                    buffers.extend([(0, &level.uniform), (2, &level.nodes), (4, from), (5, to)]);
                    if step == "polynomial" {
                        buffers.extend(a);
                    }
                    commands.push(self.make(gpu, &entry, n, &buffers)?);
                    std::mem::swap(&mut from, &mut to);
                }
                // The right-hand side is not in use while operators are made.
                commands.push(self.make(
                    gpu,
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
                commands.push(self.make(gpu, look, 1, &buffers)?);
            }
        }
        Ok(commands)
    }

    fn run(&self, pass: &mut wgpu::ComputePass<'_>, commands: &[Recorded]) {
        for c in commands {
            dispatch(pass, &self.kernels[c.kernel], &c.group, c.threads);
        }
    }

    /// Coarse operators and damping for the modulus as it is now.
    pub(crate) fn record_operators(&self, pass: &mut wgpu::ComputePass<'_>) {
        self.run(pass, &self.galerkin);
        self.run(pass, &self.spectrum);
    }

    /// One V-cycle.
    pub(crate) fn record_cycle(&self, pass: &mut wgpu::ComputePass<'_>) {
        self.run(pass, &self.cycle);
    }

    /// The largest command that runs `entry`, by itself. For `bench`.
    pub(crate) fn record_alone(&self, pass: &mut wgpu::ComputePass<'_>, entry: &str) {
        let all = self.cycle.iter().chain(&self.galerkin);
        let of_entry = all.filter(|c| KERNELS[c.kernel] == entry);
        if let Some(c) = of_entry.max_by_key(|c| c.threads) {
            self.run(pass, std::slice::from_ref(c));
        }
    }

    /// Active nodes of a level, 0 where there is none.
    pub(crate) fn nodes_of(&self, level: usize) -> u64 {
        self.levels.get(level).map_or(0, |l| u64::from(l.count))
    }

    /// λmax(D⁻¹K) of each level, finest first (f32).
    pub fn spectrum_buffer(&self) -> &wgpu::Buffer {
        &self.spectrum_buffer
    }

    /// Which of its parents on the next level move a node of level `l`, for inspection: by padded index, a byte each, as
    /// `kept_parents` in the shader reads them. None where bone falls apart nowhere.
    pub fn parents(&self, l: usize) -> Option<&wgpu::Buffer> {
        let coarser = self.levels.get(l + 1).filter(|_| self.in_pieces)?;
        Some(&coarser.kept)
    }

    /// A coarse level's operator for inspection: grid, active nodes (as in the list), their number, and the packed
    /// blocks to the 13 neighbours after each and, below level 1, its own correction: `[13 or 14][BLOCK_WORDS][nodes + 1]`
    /// words with a last column of zeros.
    pub fn level(&self, l: usize) -> Option<(Grid, &wgpu::Buffer, u32, &wgpu::Buffer)> {
        self.levels
            .get(l)
            .map(|level| (level.grid, &level.nodes, level.count, &level.stencil))
    }
}

fn build_levels(
    gpu: &Gpu,
    topologies: &[Topology],
    in_pieces: bool,
    finest: &Finest<'_>,
) -> Result<Vec<Level>, GpuError> {
    let mut levels: Vec<Level> = Vec::new();
    for (l, topology) in topologies.iter().enumerate() {
        let smoother = match l {
            0 => FINEST,
            1 => FIRST_COARSE,
            _ => COARSER,
        };
        let sweeps = smoother
            .roots()
            .into_iter()
            .map(|root| {
                gpu.uniform(
                    "multigrid sweep",
                    &SweepUniform {
                        root: root as f32,
                        level: l as u32,
                    },
                )
            })
            .collect::<Result<Vec<_>, _>>()?;
        let grid = topology.grid;
        if l == 0 {
            levels.push(Level {
                grid,
                count: finest.count,
                uniform: finest.uniform.clone(),
                nodes: finest.nodes.clone(),
                rhs: finest.residual.clone(),
                ping: finest.scratch.clone(),
                pong: finest.correction.clone(),
                stencil: gpu.storage::<f32>("no stencil", 0)?,
                slots: gpu.storage::<u32>("no slots", 0)?,
                kept: gpu.storage::<u32>("no parents", 0)?,
                sweeps,
            });
        } else {
            let list = topology.nodes();
            let mut slots = vec![list.len() as u32; grid.len()];
            for (slot, entry) in list.iter().enumerate() {
                slots[(entry & 0x1fff_ffff) as usize] = slot as u32;
            }
            let mut kept = Vec::new();
            if in_pieces {
                let finer: Grid = levels[l - 1].grid;
                kept = vec![[ALL; 4]; finer.len().div_ceil(4)];
                for (at, parents) in finer.each_node().zip(&topologies[l - 1].kept) {
                    let index = finer.index(at);
                    kept[index / 4][index % 4] = *parents;
                }
            }
            let vector = |what: &str| {
                gpu.storage::<[f32; 3]>(&format!("multigrid level {l} {what}"), grid.len())
            };
            levels.push(Level {
                grid,
                count: list.len() as u32,
                uniform: gpu.uniform(
                    "multigrid grid",
                    &GridUniform {
                        corrected: u32::from(blocks(l) > AHEAD),
                        factor: topology.factor.map(|f| f as u32),
                        ..grid.uniform(list.len())
                    },
                )?,
                nodes: gpu.storage_from("multigrid nodes", &list)?,
                rhs: gpu.storage::<[f32; 3]>("multigrid rhs", list.len())?,
                ping: vector("ping")?,
                pong: vector("pong")?,
                stencil: gpu.storage::<u32>(
                    "multigrid stencil",
                    blocks(l) * BLOCK_WORDS * (list.len() + 1),
                )?,
                slots: gpu.storage_from("multigrid slots", &slots)?,
                kept: gpu.storage_from("multigrid parents", &kept)?,
                sweeps,
            });
        }
    }
    Ok(levels)
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
