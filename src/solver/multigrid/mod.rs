//! The preconditioner: one multigrid V-cycle.
//!
//! On the finest level the operator is applied element by element, without a matrix; on coarser
//! levels it is the Galerkin product PᵀKP, stored as a stencil of 27 blocks a node. There is a file
//! for each kind of kernel. `topology` decides which nodes a level has and between which of them
//! displacements are transferred, `levels` holds the levels' buffers, and `stencil` says how
//! coarse operators are stored.

mod chebyshev;
mod coarsest;
mod galerkin;
mod levels;
mod maker;
mod smoother;
mod spectrum;
mod stencil;
mod topology;
mod transfer;

use crate::gpu::{Dispatch, Gpu, GpuError};

use super::element::Element;
use super::grid::Grid;

pub use chebyshev::SweepUniform;
pub(crate) use levels::Finest;
use levels::Level;
use maker::{Maker, Shaders};
pub use stencil::{BLOCK_WORDS, stencil_bytes, unpack_block};
pub(crate) use topology::Topology;

/// The hierarchy of levels and the commands that run on it.
#[derive(Debug)]
pub struct Multigrid {
    /// One V-cycle: residual in, correction out.
    cycle: Vec<Dispatch>,
    /// Coarse operators from the modulus, then λ of every level.
    operators: Vec<Dispatch>,
    spectrum_buffer: wgpu::Buffer,
    levels: Vec<Level>,
    /// Whether nodes of any level lack parents.
    is_split: bool,
}

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
        let is_split = topologies.iter().any(Topology::is_split);
        let soft_clamps = topologies[0].has_soft_clamps();
        let shaders = Shaders::new(gpu, element, is_split)?;
        let levels = levels::build(gpu, &topologies, is_split, finest)?;
        let spectrum_buffer = gpu.storage::<f32>("multigrid spectrum", levels.len())?;
        let children = [topologies[1].factor, [1; 3]].map(|factor| element.lowest_child(factor));
        let children = gpu.storage_from("multigrid children", &children.concat())?;
        let maker = Maker {
            gpu,
            shaders: &shaders,
            finest,
            spectrum: &spectrum_buffer,
        };
        let cycle = cycle_from(&maker, &levels, 0)?;
        let mut operators = galerkin::commands(&maker, &levels, soft_clamps, &children)?;
        operators.extend(spectrum::commands(&maker, &levels)?);
        Ok(Self {
            cycle,
            operators,
            spectrum_buffer,
            levels,
            is_split,
        })
    }

    /// Coarse operators and damping for the modulus as it is now.
    pub(crate) fn operators(&self) -> &[Dispatch] {
        &self.operators
    }

    /// One V-cycle.
    pub(crate) fn cycle(&self) -> &[Dispatch] {
        &self.cycle
    }

    /// Active nodes of a level, 0 where there is none.
    pub(crate) fn nodes_of(&self, level: usize) -> u64 {
        self.levels.get(level).map_or(0, |l| u64::from(l.count))
    }

    /// λmax(D⁻¹K) of each level, finest first (f32).
    pub fn spectrum_buffer(&self) -> &wgpu::Buffer {
        &self.spectrum_buffer
    }

    /// The transfer masks of the nodes of level `l`, for inspection: by padded index, eight bits
    /// each, as `transfer_mask` in `parents.wgsl` reads them. None where no node lacks a parent.
    pub fn transfer_masks(&self, l: usize) -> Option<&wgpu::Buffer> {
        let coarser = self.levels.get(l + 1).filter(|_| self.is_split)?;
        Some(&coarser.transfer_mask)
    }

    /// A coarse level's operator for inspection: grid, active nodes (as in the list), their number,
    /// and the packed blocks to the 13 neighbours after each and, below level 1 or where there are
    /// soft clamps, its own correction: `[13 or 14][BLOCK_WORDS][nodes + 1]` words with a last
    /// column of zeros.
    pub fn level(&self, l: usize) -> Option<(Grid, &wgpu::Buffer, u32, &wgpu::Buffer)> {
        self.levels
            .get(l)
            .map(|level| (level.grid, &level.nodes, level.count, &level.stencil))
    }
}

/// The V-cycle from level `l` down. The right-hand side is in `rhs`, the answer ends in `pong`.
fn cycle_from(maker: &Maker<'_>, levels: &[Level], l: usize) -> Result<Vec<Dispatch>, GpuError> {
    let level = &levels[l];
    let Some(coarse) = levels.get(l + 1) else {
        return Ok(vec![coarsest::solve(maker, level)?]);
    };
    let mut commands = smoother::before(maker, level, l)?;
    commands.push(smoother::residual(maker, level, l)?);
    commands.push(transfer::restrict(maker, level, coarse)?);
    commands.extend(cycle_from(maker, levels, l + 1)?);
    commands.push(transfer::prolong(maker, level, coarse)?);
    commands.extend(smoother::after(maker, level, l)?);
    Ok(commands)
}
