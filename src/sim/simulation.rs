//! A body under the conditions of its days.
//!
//! Nothing here waits. [`Simulation::poll`] submits a slice of work or looks whether the last
//! slice is done; who has time to wait, waits between two polls.

use std::sync::Arc;
use std::time::Duration;

use crate::gpu::{Gpu, GpuError, Pace};
use crate::physiology::Model;
use crate::scenario::Conditions;
use crate::solver::{Look, Mechanics, Outcome, Solve};
use crate::tissue::Anatomy;

use super::body::{Body, Stage};
use super::clock::Clock;
use super::error::SimError;
use super::life::{Life, SETTLING_ROUNDS};
use super::moment::Moment;
use super::state::{Environment, TissueState};
use super::{links, loads, room};

/// Iterations after which a solve is given up.
const MOST_ITERATIONS: u32 = 200;
/// Iterations that a submission holds at most.
const MOST_SLICE: u32 = 16;

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

/// A run of one body: where it stands, and how it goes on.
#[derive(Debug)]
pub struct Simulation {
    body: Body,
    model: Arc<Model>,
    life: Life,
    clock: Clock,
    /// The settled body, if kept.
    start: Option<Moment>,
    solve: Option<Solve>,
    pace: Pace,
}

impl Simulation {
    /// A simulation at its first moment; [`Simulation::poll`] settles it.
    /// # Errors
    /// [`SimError::TooMany`] loads, muscles or activities; else as [`Gpu::scoped`].
    pub fn new(gpu: &Gpu, anatomy: Arc<Anatomy>, model: Arc<Model>) -> Result<Self, SimError> {
        let settles = anatomy.settles;
        Self::with_life(gpu, anatomy, model, |cases| {
            Life::new(settles, false, cases)
        })
    }

    /// The same, grown instead of settled: trabecular bone starts as a uniform block, and the laws
    /// of remodelling, sped up, move it day by day towards `settling_stimulus` everywhere.
    /// # Errors
    /// As [`Simulation::new`].
    pub fn growing(gpu: &Gpu, anatomy: Arc<Anatomy>, model: Arc<Model>) -> Result<Self, SimError> {
        Self::with_life(gpu, anatomy, model, |cases| Life::new(true, true, cases))
    }

    pub(super) fn with_life(
        gpu: &Gpu,
        anatomy: Arc<Anatomy>,
        model: Arc<Model>,
        life: impl FnOnce(usize) -> Life,
    ) -> Result<Self, SimError> {
        room::check_room(&anatomy, &model)?;
        let body = Body::new(gpu, anatomy, &model)?;
        let cases = body.mechanics().cases();
        let simulation = Self {
            body,
            model,
            life: life(cases),
            clock: Clock::new(cases),
            start: None,
            solve: None,
            pace: Pace::new(MOST_SLICE),
        };
        // A view may look at it before it is polled.
        simulation.write_conditions(0.0);
        Ok(simulation)
    }

    /// Takes one step of `dt` days (more than 0, at most 1), if [`Simulation::poll`] said
    /// [`Status::Ready`]; otherwise does nothing and says so. Polling goes on with the solve that
    /// may follow.
    pub fn advance(&mut self, dt: f64) -> bool {
        if !self.is_ready() {
            return false;
        }
        let dt = dt.clamp(0.0, 1.0);
        self.write_conditions(dt);
        self.submit(&[
            // Muscle pulls as strong as it is, joints bear what gravity and muscles make of the
            // day.
            Stage::Loads,
            // Every site feels its day, from the unit loads' displacements and the day's forces.
            Stage::Stimulus,
            // Fibres, neural drive and satellite cells answer use.
            Stage::Muscle,
            // BMP-2 and myostatin spread between the tissues.
            Stage::Signal,
            // Cells turn bone over on its surface: osteocytes signal, osteoclasts resorb,
            // osteoblasts form.
            Stage::Surfaces,
            Stage::Bone,
            // So does the bone that no lattice shows: blood comes from all of it.
            Stage::Skeleton,
            // What is left carries the loads by its density.
            Stage::Stiffness,
        ]);
        self.clock.day += dt;
        // Displacements follow the slow change of density once in a fortnight.
        if self.is_solve_due() {
            self.begin_solve();
        }
        true
    }

    fn is_solve_due(&self) -> bool {
        let interval = f64::from(self.model.physiology.mechanics_interval);
        self.clock.day - self.clock.solved_on >= interval - 1e-6
    }

    /// Changes what acts on the body. The strain field answers at once, from the unit fields;
    /// tissue follows with the days. While the body settles, at 1 g, nothing is changed.
    pub fn set_conditions(&mut self, conditions: Conditions) {
        if conditions == self.clock.conditions || !self.life.is_running() {
            return;
        }
        self.clock.conditions = conditions;
        self.write_conditions(0.0);
        self.submit(&[Stage::Loads, Stage::Stimulus]);
    }

    /// Other parameters from here on. What a body has settled by is not settled anew.
    pub fn set_model(&mut self, model: Arc<Model>) {
        self.body.tune(&model);
        self.model = model;
    }

    /// How many conjugate gradient iterations a submission holds at most. Fewer keep a window
    /// fluent on a slow adapter; the result is the same.
    pub fn set_slice(&mut self, iterations: u32) {
        self.pace = Pace::new(iterations);
    }

    /// Submits the next slice of work, if the last one is done. Never waits. `now` is the time
    /// since any fixed moment, by which the size of slices is chosen; the result does not depend on
    /// it.
    /// # Errors
    /// [`SimError`].
    pub fn poll(&mut self, now: Duration) -> Result<Status, SimError> {
        self.body.gpu().poll()?;
        if self.solve.is_none() {
            let Some(round) = self.life.round() else {
                return Ok(Status::Ready);
            };
            self.begin_solve();
            return Ok(Status::Settling(round));
        }
        self.poll_solve(now)
    }

    /// Solves every unit load for the modulus as it is.
    fn begin_solve(&mut self) {
        self.write_conditions(0.0);
        self.submit(&[Stage::Solved]);
        if self.life.is_running() {
            self.submit(&[Stage::Guess]);
        }
        let solve = self.solve_of(0);
        self.solve = Some(if self.keeps_operators() {
            solve
        } else {
            solve.with_operators()
        });
    }

    /// Whether the preconditioner is as good as new: while a scene settles, where the last round's
    /// solves took an iteration at most. In a run it always is new, so that what follows from a
    /// kept moment is the same to the bit.
    fn keeps_operators(&self) -> bool {
        let mut outcomes = self.clock.outcomes.iter();
        self.life.is_settling() && outcomes.all(|o| o.converged && o.iterations <= 1)
    }

    fn solve_of(&self, case: usize) -> Solve {
        let solve = Solve::new(case, self.life.tolerance(case), 0, MOST_ITERATIONS);
        // About as many as the last solve took.
        let before = self.clock.outcomes[case];
        if before.converged {
            solve.likely(before.iterations + 1)
        } else {
            solve
        }
    }

    fn poll_solve(&mut self, now: Duration) -> Result<Status, SimError> {
        let Some(mut solve) = self.solve.take() else {
            return Ok(Status::Ready);
        };
        let status = self.life.round().map_or(Status::Solving, Status::Settling);
        let gpu = self.body.gpu();
        let case = solve.case();
        match solve.poll(gpu, self.body.mechanics(), &mut self.pace, now)? {
            Look::Waiting => {
                self.solve = Some(solve);
                return Ok(Status::Waiting);
            }
            Look::Submitted => {
                self.solve = Some(solve);
                return Ok(status);
            }
            Look::Done(outcome) => {
                self.clock.outcomes[case] = outcome;
                if !outcome.converged || !outcome.true_residual.is_finite() {
                    return Err(SimError::NotConverged {
                        load: self.body.anatomy().loads[case].name.to_owned(),
                        iterations: outcome.iterations,
                        residual: outcome.true_residual,
                    });
                }
            }
        }
        if case + 1 < self.body.mechanics().cases() {
            self.solve = Some(self.solve_of(case + 1));
            return self.poll_solve(now);
        }
        self.clock.solved_on = self.clock.day;
        let stages = self.life.after_solve(&self.clock.outcomes);
        self.submit(&stages);
        Ok(status)
    }

    fn submit(&self, stages: &[Stage]) {
        self.body.submit(stages, self.pace.is_full());
    }

    /// Keeps the settled body as it is, for [`Simulation::begin_again`]. Does nothing before it has
    /// settled or after its first day.
    /// # Errors
    /// As [`Gpu::scoped`].
    pub fn keep_start(&mut self) -> Result<(), GpuError> {
        if self.is_ready() && self.clock.day <= 0.0 && self.start.is_none() {
            self.start = self.keep(None)?;
        }
        Ok(())
    }

    /// Goes back to day 0 of the kept start, without settling anew. Returns whether there was one.
    pub fn begin_again(&mut self) -> bool {
        let Some(start) = self.start.take() else {
            return false;
        };
        self.go_back(&start);
        self.start = Some(start);
        self.clock.conditions = Conditions::EARTH;
        self.write_conditions(0.0);
        // The parameters may be others than those that the start was kept under.
        self.submit(&[
            Stage::Loads,
            Stage::Stimulus,
            Stage::Surfaces,
            Stage::Stiffness,
        ]);
        true
    }

    /// Keeps the run as it is, in the memory of an older moment if there is one. None while it
    /// settles or solves.
    /// # Errors
    /// As [`Gpu::scoped`].
    pub fn keep(&self, older: Option<Moment>) -> Result<Option<Moment>, GpuError> {
        if !self.is_ready() {
            return Ok(None);
        }
        Moment::of(&self.body, &self.clock, older).map(Some)
    }

    /// Goes back to a moment of this simulation: what follows is what would have followed then, to
    /// the bit.
    pub fn go_back(&mut self, moment: &Moment) {
        self.clock = moment.put_back(&self.body);
        self.solve = None;
        self.write_conditions(0.0);
    }

    /// Another body of the same person, that stands where this one stood at a moment of its own.
    /// # Errors
    /// As [`Simulation::new`].
    pub fn fork(&self, moment: &Moment) -> Result<Self, SimError> {
        let (anatomy, model) = (Arc::clone(self.anatomy()), Arc::clone(&self.model));
        let life = self.life.clone();
        let mut other = Self::with_life(self.gpu(), anatomy, model, |_| life)?;
        other.pace = self.pace.clone();
        other.go_back(moment);
        Ok(other)
    }

    /// Takes another run's settled body over, for [`Simulation::begin_again`].
    pub fn take_start(&mut self, other: &mut Self) {
        self.start = other.start.take();
    }

    /// Goes on from where another run stood.
    pub(super) fn go_on_from(&mut self, clock: Clock) {
        self.clock = clock;
        self.write_conditions(0.0);
    }

    fn write_conditions(&self, dt: f64) {
        let mut physiology = links::acting(&self.model.physiology, &self.clock.conditions);
        if self.life.grows() {
            physiology = links::growing(&physiology);
        }
        self.body
            .write_conditions(&self.environment(dt), &physiology);
        let conditions = &self.clock.conditions;
        let skeleton = self.body.skeleton();
        skeleton.write_conditions(self.gpu(), &self.model, conditions, &physiology, dt);
    }

    /// The environment that the shaders see for the conditions as they are.
    pub fn environment(&self, dt: f64) -> Environment {
        loads::environment(
            self.body.blank_environment(),
            self.body.anatomy(),
            &self.model,
            &self.clock.conditions,
            dt,
        )
    }

    /// Whether a step can be taken.
    pub fn is_ready(&self) -> bool {
        self.life.is_running() && self.solve.is_none()
    }

    /// Whether settling is done.
    pub fn is_settled(&self) -> bool {
        self.life.is_running()
    }

    /// Rounds of settling done, of [`SETTLING_ROUNDS`].
    pub fn settling(&self) -> u32 {
        self.life.round().unwrap_or(SETTLING_ROUNDS)
    }

    pub(super) fn life(&self) -> &Life {
        &self.life
    }

    pub(super) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Bone and muscle on the adapter.
    pub fn body(&self) -> &Body {
        &self.body
    }

    /// The adapter.
    pub fn gpu(&self) -> &Gpu {
        self.body.gpu()
    }

    /// What the lattice is made of.
    pub fn anatomy(&self) -> &Arc<Anatomy> {
        self.body.anatomy()
    }

    /// The parameters.
    pub fn model(&self) -> &Arc<Model> {
        &self.model
    }

    /// The tissue's buffers.
    pub fn state(&self) -> &TissueState {
        self.body.state()
    }

    /// The solver.
    pub fn mechanics(&self) -> &Mechanics {
        self.body.mechanics()
    }

    /// What acts on the body.
    pub fn conditions(&self) -> &Conditions {
        &self.clock.conditions
    }

    /// Days since the run began.
    pub fn day(&self) -> f64 {
        self.clock.day
    }

    /// How the last solve of each unit load went.
    pub fn outcomes(&self) -> &[Outcome] {
        &self.clock.outcomes
    }

    /// Bytes on the adapter, all told, views and what is measured aside.
    pub fn bytes(&self) -> u64 {
        self.body.bytes() + self.start.as_ref().map_or(0, Moment::bytes)
    }
}
