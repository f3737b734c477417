//! Displacement under each unit load: voxel finite elements, conjugate gradients. Shader: `conjugate_gradients.wgsl`.
//!
//! Elasticity is linear, so one displacement field per unit load serves every combination of loads; the fields
//! only have to follow changes of modulus.

use bytemuck::{Pod, Zeroable};

use crate::gpu::{Gpu, GpuError, Kernel, Readback, Shader, dispatch, slice, values, whole};

use super::element::Element;
use super::grid::Grid;
use super::multigrid::{Finest, Multigrid, Topology};
use super::problem::Problem;
use super::shader;
use super::solve::{Outcome, Progress, Solve};

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

/// Iterations that [`Mechanics::solve`] adds at most once a tolerance above [`LOOSE`] is met: where strain
/// energy is small its relative error lags behind the residual, and some more iterations let it catch up.
pub const FINISHING: u32 = 3;
/// Below this residual even the worst hundredth of the strain energy is right to a thousandth, where no void
/// leaves bone next to unstrained.
pub const LOOSE: f32 = 1e-4;

struct Case {
    norm2: f32,
    points: u32,
    residual: wgpu::BindGroup,
    load: wgpu::BindGroup,
    update: wgpu::BindGroup,
}

/// The solver with its buffers.
pub struct Mechanics {
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
    kernels: Kernels,
    groups: Groups,
    cases: Vec<Case>,
    multigrid: Multigrid,
}

struct Kernels {
    apply_load: Kernel,
    residual: Kernel,
    finish_start: Kernel,
    finish_true: Kernel,
    dot_rz: Kernel,
    finish_beta: Kernel,
    direction: Kernel,
    stiffness_times: Kernel,
    finish_alpha: Kernel,
    update: Kernel,
    finish_update: Kernel,
}

struct Groups {
    finish_start: wgpu::BindGroup,
    finish_true: wgpu::BindGroup,
    dot_rz: wgpu::BindGroup,
    finish_beta: wgpu::BindGroup,
    direction: wgpu::BindGroup,
    stiffness_times: wgpu::BindGroup,
    finish_alpha: wgpu::BindGroup,
    finish_update: wgpu::BindGroup,
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

impl Kernels {
    fn new(gpu: &Gpu, element: &Element) -> Result<Self, GpuError> {
        let source = shader::conjugate_gradients(element);
        let module = Shader::new(gpu, "conjugate_gradients", &source)?;
        let kernel = |entry: &str| module.kernel(gpu, entry);
        Ok(Self {
            apply_load: kernel("apply_load")?,
            residual: kernel("residual")?,
            finish_start: kernel("finish_start")?,
            finish_true: kernel("finish_true")?,
            dot_rz: kernel("dot_rz")?,
            finish_beta: kernel("finish_beta")?,
            direction: kernel("direction")?,
            stiffness_times: kernel("stiffness_times")?,
            finish_alpha: kernel("finish_alpha")?,
            update: kernel("update")?,
            finish_update: kernel("finish_update")?,
        })
    }
}

impl Groups {
    fn new(gpu: &Gpu, kernels: &Kernels, v: &Vectors<'_>) -> Result<Self, GpuError> {
        let finish = |k: &Kernel| {
            k.bind(
                gpu,
                &[
                    (0, whole(v.uniform)),
                    (10, whole(v.partials)),
                    (11, whole(v.scalars)),
                ],
            )
        };
        Ok(Self {
            finish_start: finish(&kernels.finish_start)?,
            finish_true: finish(&kernels.finish_true)?,
            finish_beta: finish(&kernels.finish_beta)?,
            finish_alpha: finish(&kernels.finish_alpha)?,
            finish_update: finish(&kernels.finish_update)?,
            dot_rz: kernels.dot_rz.bind(
                gpu,
                &[
                    (0, whole(v.uniform)),
                    (2, whole(v.nodes)),
                    (5, whole(v.r)),
                    (8, whole(v.z)),
                    (10, whole(v.partials)),
                    (11, whole(v.scalars)),
                ],
            )?,
            direction: kernels.direction.bind(
                gpu,
                &[
                    (0, whole(v.uniform)),
                    (2, whole(v.nodes)),
                    (6, whole(v.p)),
                    (8, whole(v.z)),
                    (11, whole(v.scalars)),
                ],
            )?,
            stiffness_times: kernels.stiffness_times.bind(
                gpu,
                &[
                    (0, whole(v.uniform)),
                    (2, whole(v.nodes)),
                    (3, whole(v.modulus)),
                    (4, whole(v.p)),
                    (7, whole(v.q)),
                    (10, whole(v.partials)),
                    (11, whole(v.scalars)),
                ],
            )?,
        })
    }
}

/// A unit load on the active nodes that are free: force, and the node's place in `list` in the bits of the last number; and
/// the sum of squares. A force on a node without stiffness has nothing to act on, one on a held component goes into the
/// support.
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
        kernels: &Kernels,
        v: &Vectors<'_>,
        displacement: (u64, u64),
        (points, norm2): (&[[f32; 4]], f64),
    ) -> Result<Self, GpuError> {
        let u = || slice(v.displacement, displacement.0, displacement.1);
        let buffer = gpu.storage_from("mechanics load points", points)?;
        Ok(Self {
            norm2: norm2 as f32,
            points: points.len() as u32,
            residual: kernels.residual.bind(
                gpu,
                &[
                    (0, whole(v.uniform)),
                    (2, whole(v.nodes)),
                    (3, whole(v.modulus)),
                    (4, u()),
                    (5, whole(v.r)),
                    (10, whole(v.partials)),
                ],
            )?,
            load: kernels.apply_load.bind(
                gpu,
                &[
                    (5, whole(v.r)),
                    (12, slice(&buffer, 0, (16 * points.len().max(1)) as u64)),
                ],
            )?,
            update: kernels.update.bind(
                gpu,
                &[
                    (0, whole(v.uniform)),
                    (2, whole(v.nodes)),
                    (5, whole(v.r)),
                    (6, whole(v.p)),
                    (7, whole(v.q)),
                    (9, u()),
                    (10, whole(v.partials)),
                    (11, whole(v.scalars)),
                ],
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
        let kernels = Kernels::new(gpu, &problem.element)?;
        let groups = Groups::new(gpu, &kernels, &vectors)?;
        let cases = (0..problem.loads.len())
            .map(|c| {
                let (points, norm2) = load_points(problem, grid, &list, c);
                let u = (c as u64 * case_bytes, vector_bytes);
                Case::new(gpu, &kernels, &vectors, u, (&points, norm2))
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
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
            kernels,
            groups,
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
    pub fn record_operators(&self, encoder: &mut wgpu::CommandEncoder) {
        let mut pass = compute_pass(encoder, "mechanics operators");
        self.multigrid.record_operators(&mut pass);
    }

    /// Sets ‖b‖² of a case without loads, whose right-hand side is what its held nodes impose.
    pub fn set_norm2(&mut self, case: usize, norm2: f32) {
        self.cases[case].norm2 = norm2;
    }

    /// Starts the solve of one case from its stored displacement; it goes on for up to `finishing` iterations
    /// after the tolerance is met. Submit before recording another start:
    /// the tolerance travels through the queue.
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
        let mut pass = compute_pass(encoder, "mechanics start");
        dispatch(
            &mut pass,
            &self.kernels.finish_start,
            &self.groups.finish_start,
            1,
        );
    }

    fn record_residual(&self, encoder: &mut wgpu::CommandEncoder, case: usize) {
        encoder.clear_buffer(&self.r, 0, None);
        let mut pass = compute_pass(encoder, "mechanics residual");
        let c = &self.cases[case];
        dispatch(&mut pass, &self.kernels.apply_load, &c.load, c.points);
        dispatch(&mut pass, &self.kernels.residual, &c.residual, self.count);
    }

    /// Up to `iterations` of preconditioned conjugate gradients; those after convergence do nothing.
    pub fn record_iterations(
        &self,
        encoder: &mut wgpu::CommandEncoder,
        case: usize,
        iterations: u32,
    ) {
        let mut pass = compute_pass(encoder, "mechanics conjugate gradients");
        let (k, g) = (&self.kernels, &self.groups);
        for _ in 0..iterations {
            self.multigrid.record_cycle(&mut pass);
            dispatch(&mut pass, &k.dot_rz, &g.dot_rz, self.count);
            dispatch(&mut pass, &k.finish_beta, &g.finish_beta, 1);
            dispatch(&mut pass, &k.direction, &g.direction, self.count);
            dispatch(
                &mut pass,
                &k.stiffness_times,
                &g.stiffness_times,
                self.count,
            );
            dispatch(&mut pass, &k.finish_alpha, &g.finish_alpha, 1);
            dispatch(&mut pass, &k.update, &self.cases[case].update, self.count);
            dispatch(&mut pass, &k.finish_update, &g.finish_update, 1);
        }
    }

    /// Kernels that a solve spends its time in: name, and the bytes each must move at least once.
    pub fn kernels(&self) -> Vec<(&'static str, u64)> {
        let n = u64::from(self.count);
        let coarse = self.multigrid.nodes_of(1);
        // A vector's entry takes 12 bytes, a modulus and a place in the list 4, a coarse stencil 156.
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

    /// One of [`Mechanics::kernels`] by itself, after [`Mechanics::record_start`] with a tolerance of 0.
    pub fn record_kernel(&self, pass: &mut wgpu::ComputePass<'_>, name: &str) {
        let (k, g) = (&self.kernels, &self.groups);
        let (kernel, group) = match name {
            "dot_rz" => (&k.dot_rz, &g.dot_rz),
            "direction" => (&k.direction, &g.direction),
            "stiffness_times" => (&k.stiffness_times, &g.stiffness_times),
            "update" => (&k.update, &self.cases[0].update),
            entry => return self.multigrid.record_alone(pass, entry),
        };
        dispatch(pass, kernel, group, self.count);
    }

    /// Evaluates b − K u of the stored displacement anew, for an honest report.
    pub fn record_true_residual(&self, encoder: &mut wgpu::CommandEncoder, case: usize) {
        self.record_residual(encoder, case);
        let mut pass = compute_pass(encoder, "mechanics true residual");
        dispatch(
            &mut pass,
            &self.kernels.finish_true,
            &self.groups.finish_true,
            1,
        );
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

    /// Solves one case and waits for it. For the command line and tests.
    /// # Errors
    /// As [`Gpu::wait`].
    pub fn solve(
        &self,
        gpu: &Gpu,
        case: usize,
        tolerance: f32,
        most: u32,
    ) -> Result<Outcome, GpuError> {
        let mut solve = Solve::to(case, tolerance, most);
        loop {
            // A look costs less than an iteration that does nothing.
            match solve.poll(gpu, self, 1)? {
                Progress::Done(outcome) => return Ok(outcome),
                Progress::Submitted => {}
                Progress::Waiting => gpu.wait()?,
            }
        }
    }
}

fn compute_pass<'a>(encoder: &'a mut wgpu::CommandEncoder, label: &str) -> wgpu::ComputePass<'a> {
    encoder.begin_compute_pass(&wgpu::ComputePassDescriptor {
        label: Some(label),
        timestamp_writes: None,
    })
}

/// Workgroups that [`dispatch`] starts for `threads`, the folded dimension included.
fn workgroups(threads: usize) -> usize {
    let groups = threads.div_ceil(64).max(1);
    let columns = groups.min(65_535);
    columns * groups.div_ceil(columns)
}
