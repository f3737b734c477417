//! The simulation: one ring of stages, once a step, for window, command line and library alike.
//!
//! Nothing here waits. [`Simulation::poll`] submits a slice of work or looks whether the last
//! slice is done; who has time to wait, waits between two polls.

pub mod bone;
pub mod field;
pub mod links;
pub mod loads;
mod moment;
pub mod muscle;
pub mod shader;
pub mod signal;
pub mod state;
pub mod stiffness;
pub mod stimulus;

use std::sync::Arc;

use crate::gpu::{Gpu, GpuError, Need, Readback, values};
use crate::physiology::Model;
use crate::scenario::Conditions;
use crate::solver::{Element, Grid, Mechanics, Outcome, Problem, Progress, Solve, multigrid};
use crate::tissue::{Anatomy, SceneError, UnitLoad};

use bone::Bone;
use field::{Field, FieldKind};
use loads::Loads;
pub use moment::Moment;
use muscle::Muscle;
use signal::Signal;
use state::{Environment, Lists, MuscleState, SiteState, TissueState};
use stiffness::Stiffness;
use stimulus::Stimulus;

/// Rounds of settling under 1 g before the set-point is taken.
pub const SETTLING_ROUNDS: u32 = 24;
/// Relative residual of the solves while settling.
const SETTLING_TOLERANCE: f32 = 1e-2;
/// Relative residual of the solve that the set-point is taken from.
const SET_POINT_TOLERANCE: f32 = 1e-4;
/// Relative residual of the solves in a run. Never below what f32 left of the set-point's own
/// solve, so that at 1 g nothing is left to do.
const RUN_TOLERANCE: f32 = 5e-4;
/// Iterations after which a solve is given up.
const MOST_ITERATIONS: u32 = 200;

/// What a simulation can fail with.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SimError {
    /// Trouble with the adapter.
    #[error(transparent)]
    Gpu(#[from] GpuError),
    /// More of something than the shaders have room for.
    #[error("scene {scene} has {found} {what}; at most {most} are possible")]
    TooMany {
        /// Where.
        scene: String,
        /// Of what.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many there may be.
        most: usize,
    },
    /// A solve ran out of iterations.
    #[error(
        "the solve for {load} did not converge: {iterations} iterations left a residual of {residual:.1e}"
    )]
    NotConverged {
        /// Which unit load.
        load: String,
        /// Iterations done.
        iterations: u32,
        /// What was left, relative.
        residual: f64,
    },
}

/// What a simulation is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// The adapter is still at work on the last slice; nothing was submitted.
    Waiting,
    /// A slice of settling was submitted: rounds done.
    Settling(u32),
    /// A slice of a solve was submitted.
    Solving,
    /// A step can be taken.
    Ready,
}

/// Everything measurable at one moment, on the host.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// Day.
    pub day: f64,
    /// Conditions at that moment.
    pub conditions: Conditions,
    /// State by site.
    pub sites: Vec<SiteState>,
    /// Strain energy density by bone voxel, MPa.
    pub energy: Vec<f32>,
    /// State by muscle voxel.
    pub muscle: Vec<MuscleState>,
    /// Relative change of BMP-2, BMP-4, myostatin and BMP's inhibitors by lattice voxel.
    pub levels: Vec<[f32; 4]>,
    /// Surface a volume by site, 1/mm, for growth and for resorption.
    pub surface: Vec<[f32; 2]>,
}

/// A snapshot on its way.
#[derive(Debug)]
pub struct PendingSnapshot {
    readback: Readback,
    day: f64,
    conditions: Conditions,
}

impl PendingSnapshot {
    /// The snapshot, if it has arrived.
    /// # Errors
    /// [`GpuError::Readback`].
    pub fn poll(&self) -> Result<Option<Snapshot>, GpuError> {
        let Some(parts) = self.readback.poll()? else {
            return Ok(None);
        };
        let [sites, energy, muscle, levels, surface] = parts.as_slice() else {
            return Ok(None);
        };
        Ok(Some(Snapshot {
            day: self.day,
            conditions: self.conditions,
            sites: values(sites),
            energy: values(energy),
            muscle: values(muscle),
            levels: values(levels),
            surface: values(surface),
        }))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Density still moves towards the target stimulus; rounds done.
    Settling(u32),
    /// The solve that the set-point is taken from.
    SetPoint,
    /// The solve before growth from a uniform block.
    Seed,
    /// A run.
    Running,
}

/// Bone and muscle of one scene, on the adapter.
#[derive(Debug)]
pub struct Simulation {
    gpu: Gpu,
    anatomy: Arc<Anatomy>,
    model: Arc<Model>,
    mechanics: Mechanics,
    state: TissueState,
    loads: Loads,
    stiffness: Stiffness,
    stimulus: Stimulus,
    muscle: Muscle,
    signal: Signal,
    bone: Bone,
    field: Field,
    stage: Stage,
    /// Whether this is growth from a uniform block.
    grows: bool,
    /// The settled scene, if kept.
    start: Option<Moment>,
    solve: Option<Solve>,
    /// Tolerance of the solves under way.
    tolerance: f32,
    conditions: Conditions,
    day: f64,
    solved_on: f64,
    outcomes: Vec<Outcome>,
    /// Twice the residual that f32 left of the set-point's solve, by case.
    floors: Vec<f32>,
    allocated: u64,
    slice: u32,
}

impl Simulation {
    /// The largest buffer binding that a scene needs, for choosing limits: a test holds that no buffer is larger.
    pub fn need(anatomy: &Anatomy) -> Need {
        let grid = Grid {
            elements: anatomy.elements,
        };
        let displacement =
            (12 * grid.len() as u64).next_multiple_of(256) * anatomy.loads.len() as u64;
        let solver = multigrid::stencil_bytes(anatomy.elements, [anatomy.spacing; 3]);
        Need {
            storage_binding_bytes: displacement
                .max(solver)
                .max(state::largest_bytes(anatomy))
                .next_multiple_of(16),
        }
    }

    /// About what a scene needs at `size`, before it is built: what every device has, where that is enough for any scene; else
    /// what a small one needs, by volume.
    /// # Errors
    /// [`SceneError`], when there is no such scene or the size is out of range.
    pub fn estimate(scene: &str, size: usize) -> Result<Need, SceneError> {
        Anatomy::check(scene, size)?;
        // Two sites of 48 bytes a voxel, or eight displacements of 12 bytes a node of the padded grid.
        if 96 * (size as u64 + 3).pow(3) <= Need::DEFAULT.storage_binding_bytes {
            return Ok(Need::DEFAULT);
        }
        let small = size.min(32);
        let bytes = Self::need(&Anatomy::build(scene, small)?).storage_binding_bytes as f64;
        // Padding weighs more in the small one, so this errs upwards.
        let bytes = bytes * (size as f64 / small as f64).powi(3);
        Ok(Need {
            storage_binding_bytes: bytes.ceil() as u64,
        })
    }

    /// A simulation at its first moment; [`Simulation::poll`] settles it.
    /// # Errors
    /// [`SimError::TooMany`] loads, muscles or activities; else as [`Gpu::scoped`].
    pub fn new(gpu: &Gpu, anatomy: Arc<Anatomy>, model: Arc<Model>) -> Result<Self, SimError> {
        check_room(&anatomy, &model)?;
        let before = gpu.allocated_bytes();
        let lists = Lists::new(&anatomy, &model);
        let problem = problem(&anatomy, &model);
        let mechanics = Mechanics::new(gpu, &problem)?;
        let state = TissueState::new(gpu, &anatomy, &model, &lists)?;
        Ok(Self {
            loads: Loads::new(gpu, &state)?,
            stiffness: Stiffness::new(gpu, &state, &mechanics)?,
            stimulus: Stimulus::new(gpu, &state, &mechanics)?,
            muscle: Muscle::new(gpu, &state)?,
            signal: Signal::new(gpu, &state, &anatomy, &model)?,
            bone: Bone::new(gpu, &state)?,
            field: Field::new(gpu, &state)?,
            allocated: gpu.allocated_bytes() - before,
            gpu: gpu.clone(),
            outcomes: vec![
                Outcome {
                    iterations: 0,
                    true_residual: 1.0,
                    converged: false
                };
                mechanics.cases()
            ],
            floors: vec![0.0; mechanics.cases()],
            // What comes with its density needs no settling.
            stage: if anatomy.settles {
                Stage::Settling(0)
            } else {
                Stage::SetPoint
            },
            grows: false,
            start: None,
            anatomy,
            model,
            mechanics,
            state,
            solve: None,
            tolerance: SETTLING_TOLERANCE,
            conditions: Conditions::EARTH,
            day: 0.0,
            solved_on: 0.0,
            slice: 8,
        })
    }

    /// The same, grown instead of settled: trabecular bone starts as a uniform block, and the laws of remodelling, sped
    /// up, move it day by day towards `settling_stimulus` everywhere.
    /// # Errors
    /// As [`Simulation::new`].
    pub fn growing(gpu: &Gpu, anatomy: Arc<Anatomy>, model: Arc<Model>) -> Result<Self, SimError> {
        let mut simulation = Self::new(gpu, anatomy, model)?;
        simulation.stage = Stage::Seed;
        simulation.grows = true;
        Ok(simulation)
    }

    /// Keeps the settled scene as it is, for [`Simulation::begin_again`]. Does nothing before it has settled or after
    /// its first day.
    /// # Errors
    /// As [`Gpu::scoped`].
    pub fn keep_start(&mut self) -> Result<(), GpuError> {
        if self.stage != Stage::Running || self.day > 0.0 || self.start.is_some() {
            return Ok(());
        }
        let before = self.gpu.allocated_bytes();
        self.start = self.keep(None)?;
        self.allocated += self.gpu.allocated_bytes() - before;
        Ok(())
    }

    /// Goes back to day 0 of the kept start, without settling anew. Returns whether there was one.
    pub fn begin_again(&mut self) -> bool {
        let Some(start) = self.start.take() else {
            return false;
        };
        self.go_back(&start);
        self.start = Some(start);
        self.conditions = Conditions::EARTH;
        self.write_environment(0.0);
        // The parameters may be others than those that the start was kept under.
        let mut encoder = self.gpu.encoder("begin again");
        self.record_pass(&mut encoder, "stimulus", |s, pass| {
            s.loads.record(pass);
            s.stimulus.record(pass);
            s.bone.record_surfaces(pass);
            s.stiffness.record(pass);
        });
        self.gpu.submit(encoder);
        true
    }

    /// Other parameters from here on. What a scene has settled by is not settled anew.
    pub fn set_model(&mut self, model: Arc<Model>) {
        self.signal.tune(&self.gpu, &self.anatomy, &model);
        self.model = model;
    }

    /// How many conjugate gradient iterations one poll submits. Fewer keep a window fluent on a
    /// slow adapter; the result is the same.
    pub fn set_slice(&mut self, iterations: u32) {
        self.slice = iterations.clamp(1, 32);
    }

    /// Iterations that one poll submits.
    pub fn slice(&self) -> u32 {
        self.slice
    }

    /// Submits the next slice of work, if the last one is done. Never waits.
    /// # Errors
    /// [`SimError`].
    pub fn poll(&mut self) -> Result<Status, SimError> {
        self.gpu.poll()?;
        if self.solve.is_some() {
            return self.poll_solve();
        }
        match self.stage {
            Stage::Running => Ok(Status::Ready),
            Stage::Settling(round) => {
                self.begin_solve(if round + 1 < SETTLING_ROUNDS {
                    SETTLING_TOLERANCE
                } else {
                    SETTLING_TOLERANCE / 10.0
                });
                Ok(Status::Settling(round))
            }
            Stage::SetPoint | Stage::Seed => {
                self.begin_solve(SET_POINT_TOLERANCE);
                Ok(Status::Settling(SETTLING_ROUNDS))
            }
        }
    }

    fn begin_solve(&mut self, tolerance: f32) {
        self.write_environment(0.0);
        let mut encoder = self.gpu.encoder("mechanics operators");
        self.record_pass(&mut encoder, "stiffness", |s, pass| {
            s.stiffness.record(pass);
        });
        self.mechanics.record_operators(&mut encoder);
        self.gpu.submit(encoder);
        self.tolerance = tolerance;
        self.solve = Some(self.solve_of(0));
    }

    /// The solve of one case, to the tolerance of the moment or to what f32 can do.
    fn solve_of(&self, case: usize) -> Solve {
        let tolerance = self.tolerance.max(self.floors[case]);
        Solve::new(case, tolerance, 0, MOST_ITERATIONS)
    }

    fn poll_solve(&mut self) -> Result<Status, SimError> {
        let Some(mut solve) = self.solve.take() else {
            return Ok(Status::Ready);
        };
        let status = match self.stage {
            Stage::Running => Status::Solving,
            Stage::Settling(round) => Status::Settling(round),
            Stage::SetPoint | Stage::Seed => Status::Settling(SETTLING_ROUNDS),
        };
        // About as many as the last solve took: those after convergence cost their launches.
        let before = self.outcomes[solve.case()];
        let likely = if before.converged {
            before.iterations + 1
        } else {
            self.slice
        };
        match solve.poll(&self.gpu, &self.mechanics, likely.min(self.slice))? {
            Progress::Waiting => {
                self.solve = Some(solve);
                return Ok(Status::Waiting);
            }
            Progress::Submitted => {
                self.solve = Some(solve);
                return Ok(status);
            }
            Progress::Done(outcome) => {
                self.outcomes[solve.case()] = outcome;
                if !outcome.converged || !outcome.true_residual.is_finite() {
                    return Err(SimError::NotConverged {
                        load: self.anatomy.loads[solve.case()].name.to_owned(),
                        iterations: outcome.iterations,
                        residual: outcome.true_residual,
                    });
                }
            }
        }
        if solve.case() + 1 == self.mechanics.cases() {
            self.end_solve();
            return Ok(status);
        }
        self.solve = Some(self.solve_of(solve.case() + 1));
        self.poll_solve()
    }

    fn end_solve(&mut self) {
        self.solved_on = self.day;
        let mut encoder = self.gpu.encoder("after the solve");
        self.record_pass(&mut encoder, "stimulus", |s, pass| {
            s.loads.record(pass);
            s.stimulus.record(pass);
        });
        match self.stage {
            Stage::Settling(round) => {
                self.record_pass(&mut encoder, "settling", |s, pass| {
                    s.bone.record_settling(pass);
                });
                self.stage = if round + 1 < SETTLING_ROUNDS {
                    Stage::Settling(round + 1)
                } else {
                    Stage::SetPoint
                };
            }
            Stage::SetPoint | Stage::Seed => {
                let grows = self.grows;
                self.record_pass(&mut encoder, "set-point", |s, pass| {
                    if grows {
                        s.bone.record_seed(pass);
                    } else {
                        s.bone.record_set_point(pass);
                    }
                    s.bone.record_surfaces(pass);
                });
                self.floors = self
                    .outcomes
                    .iter()
                    .map(|o| 2.0 * o.true_residual as f32)
                    .collect();
                self.stage = Stage::Running;
            }
            Stage::Running => {}
        }
        self.gpu.submit(encoder);
    }

    fn record_pass(
        &self,
        encoder: &mut wgpu::CommandEncoder,
        label: &str,
        record: impl FnOnce(&Self, &mut wgpu::ComputePass<'_>),
    ) {
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor {
            label: Some(label),
            timestamp_writes: None,
        });
        record(self, &mut pass);
    }

    fn write_environment(&self, dt: f64) {
        let environment = self.environment(dt);
        let mut physiology = links::acting(&self.model.physiology, &self.conditions);
        if self.grows {
            physiology = links::growing(&physiology);
        }
        let queue = self.gpu.queue();
        queue.write_buffer(&self.state.environment, 0, bytemuck::bytes_of(&environment));
        queue.write_buffer(&self.state.physiology, 0, bytemuck::bytes_of(&physiology));
    }

    /// The environment that the shaders see for the conditions as they are.
    pub fn environment(&self, dt: f64) -> Environment {
        let blank = self.state.blank_environment(&self.anatomy, &self.mechanics);
        loads::environment(blank, &self.anatomy, &self.model, &self.conditions, dt)
    }

    /// Changes what acts on the body. The strain field answers at once, from the unit fields;
    /// tissue follows with the days. While the scene settles, at 1 g, nothing is changed.
    pub fn set_conditions(&mut self, conditions: Conditions) {
        if conditions == self.conditions || self.stage != Stage::Running {
            return;
        }
        self.conditions = conditions;
        self.write_environment(0.0);
        let mut encoder = self.gpu.encoder("conditions");
        self.record_pass(&mut encoder, "stimulus", |s, pass| {
            s.loads.record(pass);
            s.stimulus.record(pass);
        });
        self.gpu.submit(encoder);
    }

    /// Takes one step of `dt` days (more than 0, at most 1), if [`Simulation::poll`] said
    /// [`Status::Ready`]; otherwise does nothing and says so.
    pub fn advance(&mut self, dt: f64) -> bool {
        if self.stage != Stage::Running || self.solve.is_some() {
            return false;
        }
        let dt = dt.clamp(0.0, 1.0);
        self.write_environment(dt);
        let mut encoder = self.gpu.encoder("step");
        self.record_pass(&mut encoder, "step", |s, pass| {
            s.loads.record(pass);
            s.stimulus.record(pass);
            s.muscle.record(pass);
            s.signal.record(pass);
            s.bone.record(pass);
            s.stiffness.record(pass);
        });
        self.gpu.submit(encoder);
        self.day += dt;
        if self.day - self.solved_on >= f64::from(self.model.physiology.mechanics_interval) - 1e-6 {
            self.begin_solve(RUN_TOLERANCE);
        }
        true
    }

    /// Schedules a snapshot of this moment.
    /// # Errors
    /// As [`Gpu::scoped`].
    pub fn snapshot(&self) -> Result<PendingSnapshot, GpuError> {
        let mut encoder = self.gpu.encoder("snapshot");
        let c = &self.state.counts;
        let readback = Readback::record(
            &self.gpu,
            &mut encoder,
            &[
                (
                    &self.state.bone,
                    0,
                    (c.sites * size_of::<SiteState>()) as u64,
                ),
                (&self.state.energy, 0, (c.bone_voxels * 4) as u64),
                (
                    &self.state.muscle,
                    0,
                    (c.muscle_voxels * size_of::<MuscleState>()) as u64,
                ),
                (&self.state.level, 0, (c.lattice * 16) as u64),
                (&self.state.surface, 0, (c.sites * 8) as u64),
            ],
        )?;
        self.gpu.submit(encoder);
        Ok(PendingSnapshot {
            readback,
            day: self.day,
            conditions: self.conditions,
        })
    }

    /// Spreads a quantity to the lattice, into [`TissueState::values`].
    pub fn show(&self, kind: FieldKind) {
        let mut encoder = self.gpu.encoder("field");
        self.field.record(&self.gpu, &mut encoder, kind);
        self.gpu.submit(encoder);
    }

    /// The adapter.
    pub fn gpu(&self) -> &Gpu {
        &self.gpu
    }

    /// What the lattice is made of.
    pub fn anatomy(&self) -> &Arc<Anatomy> {
        &self.anatomy
    }

    /// The parameters.
    pub fn model(&self) -> &Arc<Model> {
        &self.model
    }

    /// The tissue's buffers.
    pub fn state(&self) -> &TissueState {
        &self.state
    }

    /// The solver.
    pub fn mechanics(&self) -> &Mechanics {
        &self.mechanics
    }

    /// What acts on the body.
    pub fn conditions(&self) -> &Conditions {
        &self.conditions
    }

    /// Days since the run began.
    pub fn day(&self) -> f64 {
        self.day
    }

    /// Whether settling is done.
    pub fn is_settled(&self) -> bool {
        self.stage == Stage::Running
    }

    /// How the last solve of each unit load went.
    pub fn outcomes(&self) -> &[Outcome] {
        &self.outcomes
    }

    /// Bytes on the adapter, all told, the view's image aside.
    pub fn bytes(&self) -> u64 {
        self.allocated
    }
}

/// Pieces of work that `bench` times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BenchStage {
    /// Muscle strength and the day's forces.
    Loads,
    /// Density to modulus.
    Stiffness,
    /// Coarse operators and their spectra.
    Operators,
    /// One iteration of conjugate gradients with its V-cycle.
    Iteration,
    /// The daily stimulus.
    Stimulus,
    /// Muscle.
    Muscle,
    /// BMP-2 and myostatin.
    Signal,
    /// Bone cells and density.
    Bone,
}

impl BenchStage {
    /// All of them, in the order of a step.
    pub const ALL: [Self; 8] = [
        Self::Loads,
        Self::Stiffness,
        Self::Operators,
        Self::Iteration,
        Self::Stimulus,
        Self::Muscle,
        Self::Signal,
        Self::Bone,
    ];

    /// Name for tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Loads => "loads",
            Self::Stiffness => "stiffness",
            Self::Operators => "mechanics operators",
            Self::Iteration => "mechanics iteration",
            Self::Stimulus => "stimulus",
            Self::Muscle => "muscle",
            Self::Signal => "signal",
            Self::Bone => "bone",
        }
    }
}

impl Simulation {
    /// Records one stage as a step runs it, with no time passing. For `bench`.
    pub fn record_bench(&self, encoder: &mut wgpu::CommandEncoder, stage: BenchStage) {
        match stage {
            BenchStage::Loads => self.record_pass(encoder, "loads", |s, pass| s.loads.record(pass)),
            BenchStage::Stiffness => {
                self.record_pass(encoder, "stiffness", |s, pass| s.stiffness.record(pass));
            }
            BenchStage::Operators => self.mechanics.record_operators(encoder),
            BenchStage::Iteration => {
                // A tolerance of zero keeps the kernels from stopping early.
                self.mechanics.record_start(&self.gpu, encoder, 0, 0.0, 0);
                self.mechanics.record_iterations(encoder, 0, 1);
            }
            BenchStage::Stimulus => {
                self.record_pass(encoder, "stimulus", |s, pass| s.stimulus.record(pass));
            }
            BenchStage::Muscle => {
                self.record_pass(encoder, "muscle", |s, pass| s.muscle.record(pass));
            }
            BenchStage::Signal => {
                self.record_pass(encoder, "signal", |s, pass| s.signal.record(pass));
            }
            BenchStage::Bone => self.record_pass(encoder, "bone", |s, pass| s.bone.record(pass)),
        }
    }

    /// Bytes that a stage must read and write at least once, padding and caches aside.
    pub fn bench_bytes(&self, stage: BenchStage) -> u64 {
        let c = &self.state.counts;
        let (bone, sites, muscle) = (c.bone_voxels as u64, c.sites as u64, c.muscle_voxels as u64);
        let nodes = u64::from(self.mechanics.active_nodes());
        let (site_state, muscle_state) = (
            size_of::<SiteState>() as u64,
            size_of::<MuscleState>() as u64,
        );
        match stage {
            BenchStage::Loads => c.groups as u64 * muscle * (16 + muscle_state),
            BenchStage::Stiffness => bone * (16 + 4) + sites * (16 + site_state),
            // Galerkin: elements in, 156 bytes a coarse node out; spectrum: 16 sweeps of vectors and operator.
            BenchStage::Operators => {
                nodes * 4 + nodes / 8 * 156 + 16 * (nodes * (24 + 8) + nodes / 8 * (156 + 24))
            }
            // Seven visits of every level and nine passes over vectors on the finest.
            BenchStage::Iteration => {
                7 * (nodes * (36 + 8) + nodes / 7 * (156 + 36)) + 9 * nodes * 24
            }
            BenchStage::Stimulus => {
                bone * (16 + 4)
                    + sites * (16 + 4 + site_state)
                    + nodes * 12 * self.mechanics.cases() as u64
            }
            BenchStage::Muscle => muscle * (16 + 2 * muscle_state + 32),
            BenchStage::Signal => 2 * self.signal.sweeps() as u64 * c.lattice as u64 * 32,
            // Surfaces: site and state in, both surfaces out; then cells.
            BenchStage::Bone => bone * (2 * 16 + 48) + sites * (2 * 16 + 3 * site_state + 28),
        }
    }
}

/// Whether the shaders have room for all that acts on a scene.
fn check_room(anatomy: &Anatomy, model: &Model) -> Result<(), SimError> {
    let activities = model.activities.iter();
    let counts = [
        ("unit loads", anatomy.loads.len()),
        ("muscle groups", anatomy.groups.len()),
        (
            "activities",
            activities.filter(|a| a.scene == anatomy.scene).count(),
        ),
    ];
    for (what, found) in counts {
        if found > state::MOST {
            return Err(SimError::TooMany {
                scene: anatomy.scene.to_owned(),
                what,
                found,
                most: state::MOST,
            });
        }
    }
    Ok(())
}

/// A unit load on the nodes: each of its points is shared by the corners of the element it falls in.
pub fn node_forces(load: &UnitLoad) -> Vec<([usize; 3], [f32; 3])> {
    let mut nodes: std::collections::BTreeMap<[usize; 3], [f64; 3]> =
        std::collections::BTreeMap::new();
    for (element, place, force) in &load.points {
        for corner in 0..8usize {
            let bit = |k: usize| corner >> k & 1;
            let weight: f64 = (0..3)
                .map(|k| {
                    if bit(k) == 1 {
                        place[k]
                    } else {
                        1.0 - place[k]
                    }
                })
                .product();
            let node = std::array::from_fn(|k| element[k] + bit(k));
            let sum = nodes.entry(node).or_default();
            for k in 0..3 {
                sum[k] += weight * force[k];
            }
        }
    }
    nodes
        .into_iter()
        .map(|(at, f)| (at, f.map(|f| f as f32)))
        .collect()
}

/// The elastic problem of an anatomy: its held nodes, and the unit loads spread from their points to the corners of
/// the elements they fall in.
pub fn problem(anatomy: &Anatomy, model: &Model) -> Problem {
    let [nx, ny, _] = anatomy.elements;
    let element_number = |e: [usize; 3]| e[0] + nx * (e[1] + ny * e[2]);
    let mut active = vec![false; anatomy.elements.iter().product()];
    for plan in &anatomy.bone {
        active[element_number(std::array::from_fn(|k| {
            plan.at[k] - anatomy.mechanics_low[k]
        }))] = true;
    }
    let nodes = anatomy.elements.map(|n| n + 1);
    let mut held = vec![0u8; nodes.iter().product()];
    for (at, bits) in &anatomy.held {
        held[at[0] + nodes[0] * (at[1] + nodes[1] * at[2])] |= bits;
    }
    let loads = anatomy.loads.iter().map(node_forces).collect();
    Problem {
        elements: anatomy.elements,
        element: Element::new(
            f64::from(model.physiology.poisson_ratio),
            [anatomy.spacing; 3],
        ),
        active,
        held,
        loads,
    }
}
