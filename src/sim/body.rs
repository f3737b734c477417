//! One simulated person's bone and muscle on the adapter, and the stages that work on them.
//!
//! Pipelines are the device's: it compiles each once, however many bodies there are.

use std::sync::Arc;

use crate::gpu::{Gpu, GpuError};
use crate::physiology::{Model, Physiology};
use crate::solver::Mechanics;
use crate::tissue::Anatomy;

use super::bone::Bone;
use super::guess::Guess;
use super::loads::Loads;
use super::muscle::Muscle;
use super::problem::problem;
use super::signal::Signal;
use super::skeleton::Skeleton;
use super::state::{Environment, Lists, MuscleState, SiteState, TissueState};
use super::stiffness::Stiffness;
use super::stimulus::Stimulus;

/// A stage of the ring, or of the life before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Muscle strength and the day's forces.
    Loads,
    /// The daily stimulus and strain energy.
    Stimulus,
    /// Muscle fibres.
    Muscle,
    /// BMP-2 and myostatin between the tissues.
    Signal,
    /// The surfaces on which bone cells work.
    Surfaces,
    /// Bone cells and density.
    Bone,
    /// The rest of the skeleton.
    Skeleton,
    /// Density to modulus.
    Stiffness,
    /// The same, for a solve that begins.
    Solved,
    /// Where a solve of a run begins.
    Guess,
    /// Where the first one will.
    FirstGuess,
    /// A round of settling under 1 g.
    Settling,
    /// The stimulus as it is becomes the set-point, the density that of the start.
    SetPoint,
    /// The one set-point that bone grows towards from a uniform block.
    Seed,
}

impl Stage {
    /// Those of a step, in its order.
    pub const STEP: [Self; 8] = [
        Self::Loads,
        Self::Stimulus,
        Self::Muscle,
        Self::Signal,
        Self::Surfaces,
        Self::Bone,
        Self::Skeleton,
        Self::Stiffness,
    ];

    /// Name for tables, and of its passes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Loads => "loads",
            Self::Stimulus => "stimulus",
            Self::Muscle => "muscle",
            Self::Signal => "signal",
            Self::Surfaces => "bone surfaces",
            Self::Bone => "bone",
            Self::Skeleton => "skeleton",
            Self::Stiffness => "stiffness",
            Self::Solved => "solved modulus",
            Self::Guess => "guess",
            Self::FirstGuess => "first guess",
            Self::Settling => "settling",
            Self::SetPoint => "set-point",
            Self::Seed => "seed",
        }
    }
}

/// Bone and muscle of one person in one scene.
#[derive(Debug)]
pub struct Body {
    gpu: Gpu,
    anatomy: Arc<Anatomy>,
    state: TissueState,
    mechanics: Mechanics,
    loads: Loads,
    stimulus: Stimulus,
    muscle: Muscle,
    signal: Signal,
    bone: Bone,
    skeleton: Skeleton,
    stiffness: Stiffness,
    guess: Guess,
    /// What stages and solves change and leave for later ones: see [`Body::changing`].
    changing: Vec<(String, wgpu::Buffer)>,
    bytes: u64,
}

impl Body {
    /// A body that has not settled yet.
    /// # Errors
    /// As [`Gpu::scoped`].
    pub fn new(gpu: &Gpu, anatomy: Arc<Anatomy>, model: &Model) -> Result<Self, GpuError> {
        let before = gpu.allocated_bytes();
        let lists = Lists::new(&anatomy, model);
        // What a solve writes beside its displacement it writes anew before it reads it; the
        // stages' buffers last.
        let mechanics = Mechanics::new(gpu, &problem(&anatomy, model))?;
        let listing = gpu.listing();
        let state = TissueState::new(&listing, &anatomy, model, &lists)?;
        let body = Self {
            loads: Loads::new(&listing, &state)?,
            stimulus: Stimulus::new(&listing, &state, &mechanics)?,
            muscle: Muscle::new(&listing, &state)?,
            signal: Signal::new(&listing, &state, &anatomy, model)?,
            bone: Bone::new(&listing, &state)?,
            skeleton: Skeleton::new(&listing, model)?,
            stiffness: Stiffness::new(&listing, &state, &mechanics)?,
            guess: Guess::new(&listing, &mechanics)?,
            bytes: gpu.allocated_bytes() - before,
            changing: Vec::new(),
            gpu: gpu.clone(),
            anatomy,
            state,
            mechanics,
        };
        let mut changing = listing.written();
        for (name, buffer) in [
            ("modulus", body.mechanics.modulus()),
            ("displacement", body.mechanics.displacement()),
        ] {
            changing.retain(|(_, b)| b != buffer);
            changing.push((name.to_owned(), buffer.clone()));
        }
        Ok(Self { changing, ..body })
    }

    /// Every buffer that a stage writes, and the displacement: all that a continued run needs of
    /// the adapter. Found from what is bound to the shaders, so that a law that moves another
    /// quantity has it kept too. With names, which are the same for every body of a scene.
    pub fn changing(&self) -> &[(String, wgpu::Buffer)] {
        &self.changing
    }

    /// The device.
    pub fn gpu(&self) -> &Gpu {
        &self.gpu
    }

    /// What the lattice is made of.
    pub fn anatomy(&self) -> &Arc<Anatomy> {
        &self.anatomy
    }

    /// The tissue's buffers.
    pub fn state(&self) -> &TissueState {
        &self.state
    }

    /// The rest of the skeleton.
    pub fn skeleton(&self) -> &Skeleton {
        &self.skeleton
    }

    /// The solver.
    pub fn mechanics(&self) -> &Mechanics {
        &self.mechanics
    }

    /// Bytes on the adapter.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Counts, to be filled in with conditions.
    pub(super) fn blank_environment(&self) -> Environment {
        self.state.blank_environment(&self.anatomy, &self.mechanics)
    }

    /// What the stages see from the next submission on.
    pub(super) fn write_conditions(&self, environment: &Environment, physiology: &Physiology) {
        self.gpu.write(&self.state.environment, &[*environment]);
        self.gpu.write(&self.state.physiology, &[*physiology]);
    }

    /// Other parameters, for what hangs on them beside the shaders.
    pub(super) fn tune(&mut self, model: &Model) {
        self.signal.tune(&self.gpu, &self.anatomy, model);
    }

    fn record(&self, pass: &mut wgpu::ComputePass<'_>, stage: Stage) {
        match stage {
            Stage::Loads => self.loads.record(pass),
            Stage::Stimulus => self.stimulus.record(pass),
            Stage::Muscle => self.muscle.record(pass),
            Stage::Signal => self.signal.record(pass),
            Stage::Surfaces => self.bone.record_surfaces(pass),
            Stage::Bone => self.bone.record(pass),
            Stage::Skeleton => self.skeleton.record(pass),
            Stage::Stiffness => self.stiffness.record(pass),
            Stage::Solved => self.stiffness.record_solved(pass),
            Stage::Guess => self.guess.record(pass),
            Stage::FirstGuess => self.guess.record_anew(pass),
            Stage::Settling => self.bone.record_settling(pass),
            Stage::SetPoint => self.bone.record_set_point(pass),
            Stage::Seed => self.bone.record_seed(pass),
        }
    }

    /// Submits stages, one after the other: together, or where the adapter is slow a submission
    /// each.
    pub fn submit(&self, stages: &[Stage], together: bool) {
        let each = if together { stages.len().max(1) } else { 1 };
        for stages in stages.chunks(each) {
            let mut encoder = self.gpu.encoder("stages");
            for stage in stages {
                self.gpu
                    .pass(&mut encoder, stage.name(), |pass| self.record(pass, *stage));
            }
            self.gpu.submit(encoder);
        }
    }

    /// Bytes that a stage of a step must read and write at least once, padding and caches aside.
    pub fn least_bytes(&self, stage: Stage) -> u64 {
        let c = &self.state.counts;
        let (bone, sites, muscle) = (c.bone_voxels as u64, c.sites as u64, c.muscle_voxels as u64);
        let nodes = u64::from(self.mechanics.active_nodes());
        let (site_state, muscle_state) = (
            size_of::<SiteState>() as u64,
            size_of::<MuscleState>() as u64,
        );
        match stage {
            Stage::Loads => c.groups as u64 * muscle * (16 + muscle_state),
            Stage::Stiffness => bone * (16 + 4) + sites * (16 + site_state),
            Stage::Stimulus => {
                bone * (16 + 4 + 4)
                    + sites * (16 + 4 + site_state)
                    + nodes * 12 * self.mechanics.cases() as u64
            }
            Stage::Muscle => muscle * (16 + 2 * muscle_state + 32),
            Stage::Signal => 2 * self.signal.sweeps() as u64 * c.lattice as u64 * 32,
            Stage::Surfaces => bone * 16 + sites * (16 + site_state + 8),
            Stage::Bone => bone * (16 + 48) + sites * (16 + 2 * site_state + 20),
            Stage::Skeleton => {
                let pieces = self.skeleton.state().counts.sites as u64;
                pieces * (16 + 2 * site_state + 40)
            }
            Stage::Solved
            | Stage::Guess
            | Stage::FirstGuess
            | Stage::Settling
            | Stage::SetPoint
            | Stage::Seed => 0,
        }
    }
}
