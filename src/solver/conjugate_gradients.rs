//! Displacement under each unit load: voxel finite elements, conjugate gradients. Shader:
//! `conjugate_gradients.wgsl`.
//!
//! Elasticity is linear, so one displacement field per unit load serves every combination of loads;
//! the fields only have to follow changes of modulus.

use bytemuck::{Pod, Zeroable};
use serde::{Deserialize, Serialize};

use crate::gpu::{Dispatch, Gpu, GpuError, Readback, Shader, slice, values, whole};

use super::element::Element;
use super::grid::Grid;
use super::multigrid::{Finest, Multigrid, Topology};
use super::problem::Problem;
use super::shader;

/// Keep in step with `struct Scalars` in `scalars.wgsl`; a test compares the layouts.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default, Pod, Zeroable)]
pub struct Scalars {
    /// r·z of the last iteration.
    pub rz: f32,
    /// Step length.
    pub alpha: f32,
    /// Direction mix.
    pub beta: f32,
    /// ‖r‖².
    pub rr: f32,
    /// ‖b‖².
    pub bb: f32,
    /// Relative residual to stop at.
    pub tolerance: f32,
    /// Iterations of this solve.
    pub iterations: u32,
    /// 1 once converged.
    pub stop: u32,
    /// Iterations still to come once the tolerance is met.
    pub finishing: u32,
    /// Relative residual below which none of them is needed.
    pub enough: f32,
}

/// Iterations that [`super::Solve::to`] adds at most once a tolerance above [`LOOSE`] is met: where
/// strain energy is small its relative error lags behind the residual, and some more iterations let
/// it catch up.
pub const FINISHING: u32 = 3;
/// Below this residual even the worst hundredth of the strain energy is right to a thousandth,
/// where no void leaves bone next to unstrained.
pub const LOOSE: f32 = 1e-4;

/// What the solver's passes are called where their time is told.
pub(crate) const OPERATORS: &str = "mechanics operators";
pub(crate) const ITERATIONS: &str = "mechanics iterations";

/// How a solve went.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// Conjugate gradient iterations.
    pub iterations: u32,
    /// ‖b − K u‖ / ‖b‖ of the stored displacement, evaluated anew.
    pub true_residual: f64,
    /// Whether the tolerance was met before the iterations ran out.
    pub converged: bool,
}

/// One unit load: what is bound to its load and its displacement.
struct Case {
    norm2: f32,
    load: Dispatch,
    residual: Dispatch,
    update: Dispatch,
}

/// The solver with its buffers.
pub struct Mechanics {
    gpu: Gpu,
    grid: Grid,
    element: Element,
    count: u32,
    nodes: wgpu::Buffer,
    uniform: wgpu::Buffer,
    modulus: wgpu::Buffer,
    displacement: wgpu::Buffer,
    case_bytes: u64,
    r: wgpu::Buffer,
    scalars: wgpu::Buffer,
    shared: Shared,
    cases: Vec<Case>,
    multigrid: Multigrid,
}

/// What every case runs alike.
struct Shared {
    finish_start: Dispatch,
    finish_true: Dispatch,
    /// An iteration behind its V-cycle, up to the case's update and after it.
    direction: [Dispatch; 5],
    finish_update: Dispatch,
}

impl std::fmt::Debug for Mechanics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mechanics")
            .field("grid", &self.grid)
            .field("nodes", &self.count)
            .finish_non_exhaustive()
    }
}

/// The vectors and lists that kernels work on.
struct Vectors<'a> {
    uniform: &'a wgpu::Buffer,
    nodes: &'a wgpu::Buffer,
    modulus: &'a wgpu::Buffer,
    displacement: &'a wgpu::Buffer,
    r: &'a wgpu::Buffer,
    p: &'a wgpu::Buffer,
    q: &'a wgpu::Buffer,
    z: &'a wgpu::Buffer,
    partials: &'a wgpu::Buffer,
    scalars: &'a wgpu::Buffer,
}

impl Vectors<'_> {
    fn all(&self) -> [(u32, &wgpu::Buffer); 10] {
        [
            (0, self.uniform),
            (2, self.nodes),
            (3, self.modulus),
            (5, self.r),
            (6, self.p),
            (7, self.q),
            (8, self.z),
            (10, self.partials),
            (11, self.scalars),
            // What is multiplied by the stiffness: here a direction, in a residual the
            // displacement.
            (4, self.p),
        ]
    }

    /// `entry` on these of them, by the numbers in the shader, and on `further` ranges.
    fn on(
        &self,
        gpu: &Gpu,
        module: &Shader,
        (entry, threads): (&str, u32),
        bindings: &[u32],
        further: &[(u32, wgpu::BindingResource<'_>)],
    ) -> Result<Dispatch, GpuError> {
        let kernel = module.kernel(gpu, entry)?;
        let own = self.all().into_iter().filter(|(n, _)| bindings.contains(n));
        let buffers: Vec<_> = own
            .map(|(n, buffer)| (n, whole(buffer)))
            .chain(further.iter().cloned())
            .collect();
        Dispatch::new(gpu, &kernel, threads, &buffers)
    }
}

impl Shared {
    fn new(gpu: &Gpu, module: &Shader, v: &Vectors<'_>, count: u32) -> Result<Self, GpuError> {
        let sum = |entry| v.on(gpu, module, (entry, 1), &[0, 10, 11], &[]);
        let each = |entry, bindings: &[u32]| v.on(gpu, module, (entry, count), bindings, &[]);
        Ok(Self {
            finish_start: sum("finish_start")?,
            finish_true: sum("finish_true")?,
            direction: [
                each("dot_rz", &[0, 2, 5, 8, 10, 11])?,
                sum("finish_beta")?,
                each("direction", &[0, 2, 6, 8, 11])?,
                each("stiffness_times", &[0, 2, 3, 4, 7, 10, 11])?,
                sum("finish_alpha")?,
            ],
            finish_update: sum("finish_update")?,
        })
    }
}

/// A unit load on the active nodes that are free: force, and the node's place in `list` in the bits
/// of the last number; and the sum of squares. A force on a node without stiffness has nothing to
/// act on, one on a held component goes into the support.
fn load_points(problem: &Problem, grid: Grid, list: &[u32], load: usize) -> (Vec<[f32; 4]>, f64) {
    let mut norm2 = 0.0;
    let mut points = Vec::new();
    for (at, force) in &problem.loads[load] {
        let index = grid.index(*at) as u32;
        let Ok(slot) = list.binary_search_by_key(&index, |entry| entry & 0x1fff_ffff) else {
            continue;
        };
        let held = problem.held_at(*at);
        let free: [f32; 3] =
            std::array::from_fn(|k| if held >> k & 1 == 1 { 0.0 } else { force[k] });
        norm2 += free.iter().map(|f| f64::from(*f).powi(2)).sum::<f64>();
        points.push([free[0], free[1], free[2], f32::from_bits(slot as u32)]);
    }
    (points, norm2)
}

impl Case {
    fn new(
        gpu: &Gpu,
        module: &Shader,
        v: &Vectors<'_>,
        count: u32,
        (offset, bytes): (u64, u64),
        (points, norm2): (&[[f32; 4]], f64),
    ) -> Result<Self, GpuError> {
        let u = || slice(v.displacement, offset, bytes);
        let buffer = gpu.storage_from("mechanics load points", points)?;
        let points_bytes = (16 * points.len().max(1)) as u64;
        let load = (12, slice(&buffer, 0, points_bytes));
        Ok(Self {
            norm2: norm2 as f32,
            load: v.on(
                gpu,
                module,
                ("apply_load", points.len() as u32),
                &[5],
                &[load],
            )?,
            residual: v.on(
                gpu,
                module,
                ("residual", count),
                &[0, 2, 3, 5, 10],
                &[(4, u())],
            )?,
            update: v.on(
                gpu,
                module,
                ("update", count),
                &[0, 2, 5, 6, 7, 10, 11],
                &[(9, u())],
            )?,
        })
    }
}

impl Mechanics {
    /// Buffers and bindings for `problem`, displacement zero, modulus zero.
    /// # Errors
    /// As [`Gpu::scoped`].
    pub fn new(gpu: &Gpu, problem: &Problem) -> Result<Self, GpuError> {
        let grid = Grid {
            elements: problem.elements,
        };
        let edges = problem.element.spacing();
        let topology = Topology::new(grid, edges, &problem.active, problem.held.clone());
        let list = topology.nodes();
        let count = list.len() as u32;
        let vector = |label: &str| gpu.storage::<[f32; 3]>(label, grid.len());
        let nodes = gpu.storage_from("mechanics nodes", &list)?;
        let uniform = gpu.uniform("mechanics grid", &grid.uniform(list.len()))?;
        let modulus = gpu.storage::<f32>("mechanics modulus", grid.len())?;
        let vector_bytes = 12 * grid.len() as u64;
        let case_bytes = vector_bytes.next_multiple_of(256);
        let displacement = gpu.storage::<u8>(
            "mechanics displacement",
            case_bytes as usize * problem.loads.len().max(1),
        )?;
        let r = gpu.storage::<[f32; 3]>("mechanics residual", list.len())?;
        let p = vector("mechanics direction")?;
        // K p is needed only between two V-cycles, so it lends them its room.
        let q = vector("mechanics product")?;
        let z = vector("mechanics correction")?;
        let partials = gpu.storage::<f32>("mechanics partial sums", workgroups(list.len()))?;
        let scalars = gpu.storage::<Scalars>("mechanics scalars", 1)?;
        let finest = Finest {
            uniform: &uniform,
            nodes: &nodes,
            count,
            modulus: &modulus,
            residual: &r,
            scratch: &q,
            correction: &z,
            scalars: &scalars,
        };
        let multigrid = Multigrid::new(gpu, &problem.element, topology, &finest)?;
        let vectors = Vectors {
            uniform: &uniform,
            nodes: &nodes,
            modulus: &modulus,
            displacement: &displacement,
            r: &r,
            p: &p,
            q: &q,
            z: &z,
            partials: &partials,
            scalars: &scalars,
        };
        let source = shader::conjugate_gradients(&problem.element);
        let module = Shader::new(gpu, "conjugate_gradients", &source)?;
        let shared = Shared::new(gpu, &module, &vectors, count)?;
        let cases = (0..problem.loads.len())
            .map(|c| {
                let (points, norm2) = load_points(problem, grid, &list, c);
                let u = (c as u64 * case_bytes, vector_bytes);
                Case::new(gpu, &module, &vectors, count, u, (&points, norm2))
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            gpu: gpu.clone(),
            grid,
            element: problem.element.clone(),
            count,
            nodes,
            uniform,
            modulus,
            displacement,
            case_bytes,
            r,
            scalars,
            shared,
            cases,
            multigrid,
        })
    }

    /// The grid, for indexing the buffers below.
    pub fn grid(&self) -> Grid {
        self.grid
    }

    /// The element.
    pub fn element(&self) -> &Element {
        &self.element
    }

    /// Number of unit load cases.
    pub fn cases(&self) -> usize {
        self.cases.len()
    }

    /// Active nodes.
    pub fn active_nodes(&self) -> u32 {
        self.count
    }

    /// Relative modulus by padded element index (f32).
    pub fn modulus(&self) -> &wgpu::Buffer {
        &self.modulus
    }

    /// The grid as the shaders see it.
    pub fn uniform(&self) -> &wgpu::Buffer {
        &self.uniform
    }

    /// Displacement of all cases (3 f32 a node, padded), mm per N times the reference modulus.
    pub fn displacement(&self) -> &wgpu::Buffer {
        &self.displacement
    }

    /// Bytes between two cases in [`Mechanics::displacement`].
    pub fn case_bytes(&self) -> u64 {
        self.case_bytes
    }

    /// The residual left by the last solve (3 f32 an active node, in the list's order).
    pub fn residual(&self) -> &wgpu::Buffer {
        &self.r
    }

    /// Active nodes' list: padded index, held components in the three top bits.
    pub fn nodes(&self) -> &wgpu::Buffer {
        &self.nodes
    }

    /// The preconditioner.
    pub fn multigrid(&self) -> &Multigrid {
        &self.multigrid
    }

    /// Fits the preconditioner to the modulus as it is now.
    pub fn operators(&self) -> &[Dispatch] {
        self.multigrid.operators()
    }

    /// [`Mechanics::operators`], all in one.
    pub fn record_operators(&self, encoder: &mut wgpu::CommandEncoder) {
        self.gpu.pass(encoder, OPERATORS, |pass| {
            self.operators().iter().for_each(|d| d.run(pass));
        });
    }

    /// [`Mechanics::operators`], a submission each: so that none is long, however slow the adapter
    /// is.
    pub fn submit_operators(&self) {
        for kernel in self.operators() {
            let mut encoder = self.gpu.encoder(OPERATORS);
            self.gpu
                .pass(&mut encoder, OPERATORS, |pass| kernel.run(pass));
            self.gpu.submit(encoder);
        }
    }

    /// An iteration of preconditioned conjugate gradients for one case; after convergence it does
    /// nothing.
    pub fn iteration(&self, case: usize) -> impl Iterator<Item = &Dispatch> + Clone {
        let cycle = self.multigrid.cycle().iter();
        let end = [&self.cases[case].update, &self.shared.finish_update];
        cycle.chain(&self.shared.direction).chain(end)
    }

    /// Sets ‖b‖² of a case without loads, whose right-hand side is what its held nodes impose.
    pub fn set_norm2(&mut self, case: usize, norm2: f32) {
        self.cases[case].norm2 = norm2;
    }

    /// Starts the solve of one case from its stored displacement; it goes on for up to `finishing`
    /// iterations after the tolerance is met. Submit before recording another start: the tolerance
    /// travels through the queue.
    pub fn record_start(
        &self,
        gpu: &Gpu,
        encoder: &mut wgpu::CommandEncoder,
        case: usize,
        tolerance: f32,
        finishing: u32,
    ) {
        let scalars = Scalars {
            bb: self.cases[case].norm2,
            tolerance,
            finishing,
            enough: LOOSE,
            ..Scalars::default()
        };
        gpu.queue()
            .write_buffer(&self.scalars, 0, bytemuck::bytes_of(&scalars));
        self.record_residual(encoder, case);
        self.gpu.pass(encoder, ITERATIONS, |pass| {
            self.shared.finish_start.run(pass);
        });
    }

    fn record_residual(&self, encoder: &mut wgpu::CommandEncoder, case: usize) {
        encoder.clear_buffer(&self.r, 0, None);
        let case = &self.cases[case];
        self.gpu.pass(encoder, ITERATIONS, |pass| {
            case.load.run(pass);
            case.residual.run(pass);
        });
    }

    /// Whole iterations of one case.
    pub fn record_iterations(
        &self,
        encoder: &mut wgpu::CommandEncoder,
        case: usize,
        iterations: u32,
    ) {
        self.gpu.pass(encoder, ITERATIONS, |pass| {
            for _ in 0..iterations {
                self.iteration(case).for_each(|d| d.run(pass));
            }
        });
    }

    /// Bytes that fitting the preconditioner must move at least. Galerkin: elements in, 156 bytes a
    /// coarse node out; spectrum: 16 sweeps of vectors and operator.
    pub fn operator_bytes(&self) -> u64 {
        let n = u64::from(self.count);
        n * 4 + n / 8 * 156 + 16 * (n * (24 + 8) + n / 8 * (156 + 24))
    }

    /// Bytes that an iteration must move at least: seven visits of every level, and nine passes
    /// over vectors on the finest.
    pub fn iteration_bytes(&self) -> u64 {
        let n = u64::from(self.count);
        7 * (n * (36 + 8) + n / 7 * (156 + 36)) + 9 * n * 24
    }

    /// Kernels that a solve spends its time in: name, and the bytes each must move at least once.
    pub fn kernels(&self) -> Vec<(&'static str, u64)> {
        let n = u64::from(self.count);
        let coarse = self.multigrid.nodes_of(1);
        // A vector's entry takes 12 bytes, a modulus and a place in the list 4, a coarse stencil
        // 156.
        vec![
            ("smooth_fine", n * (3 * 12 + 4 + 4)),
            ("residual_fine", n * (3 * 12 + 4 + 4)),
            ("restrict_residual", n * 12 + coarse * (12 + 4)),
            ("smooth_coarse", coarse * (156 + 3 * 12 + 4 + 4)),
            ("prolong_correction", coarse * 12 + n * (2 * 12 + 4)),
            ("dot_rz", n * (2 * 12 + 4)),
            ("direction", n * (3 * 12 + 4)),
            ("stiffness_times", n * (2 * 12 + 4 + 4)),
            ("update", n * (6 * 12 + 4)),
            ("galerkin_first", n * 4 + coarse * 156),
            ("galerkin_next", (coarse + self.multigrid.nodes_of(2)) * 156),
        ]
    }

    /// One of [`Mechanics::kernels`] by itself, on the level where it is largest, after
    /// [`Mechanics::record_start`] with a tolerance of 0.
    pub fn record_kernel(&self, pass: &mut wgpu::ComputePass<'_>, name: &str) {
        let all = self.operators().iter().chain(self.iteration(0));
        let of_name = all.filter(|d| d.entry() == name);
        if let Some(largest) = of_name.max_by_key(|d| d.threads()) {
            largest.run(pass);
        }
    }

    /// Evaluates b − K u of the stored displacement anew, for an honest report.
    pub fn record_true_residual(&self, encoder: &mut wgpu::CommandEncoder, case: usize) {
        self.record_residual(encoder, case);
        self.gpu.pass(encoder, ITERATIONS, |pass| {
            self.shared.finish_true.run(pass);
        });
    }

    /// Schedules the scalars' way back. [`Mechanics::scalars_from`] reads them.
    /// # Errors
    /// As [`Gpu::scoped`].
    pub fn record_readback(
        &self,
        gpu: &Gpu,
        encoder: &mut wgpu::CommandEncoder,
    ) -> Result<Readback, GpuError> {
        Readback::record(
            gpu,
            encoder,
            &[(&self.scalars, 0, size_of::<Scalars>() as u64)],
        )
    }

    /// The scalars in arrived bytes.
    pub fn scalars_from(parts: &[Vec<u8>]) -> Scalars {
        parts
            .first()
            .map(|bytes| values::<Scalars>(bytes))
            .and_then(|v| v.first().copied())
            .unwrap_or_default()
    }

    /// The report that `scalars`, read after [`Mechanics::record_true_residual`], carry.
    pub fn outcome(scalars: &Scalars) -> Outcome {
        Outcome {
            iterations: scalars.iterations,
            true_residual: (f64::from(scalars.rr) / f64::from(scalars.bb).max(f64::MIN_POSITIVE))
                .sqrt(),
            converged: scalars.stop == 1,
        }
    }
}

/// Workgroups that a [`Dispatch`] starts for `threads`, the folded dimension included.
fn workgroups(threads: usize) -> usize {
    let groups = threads.div_ceil(64).max(1);
    let columns = groups.min(65_535);
    columns * groups.div_ceil(columns)
}
