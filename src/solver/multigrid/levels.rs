//! The levels and their buffers.

use crate::gpu::{Gpu, GpuError};
use crate::solver::grid::{Grid, GridUniform};

use super::chebyshev::sweeps;
use super::stencil::{AHEAD, BLOCK_WORDS, blocks};
use super::topology::{ALL, Topology};

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

#[derive(Debug)]
pub(super) struct Level {
    pub(super) grid: Grid,
    pub(super) count: u32,
    pub(super) uniform: wgpu::Buffer,
    pub(super) nodes: wgpu::Buffer,
    pub(super) rhs: wgpu::Buffer,
    pub(super) ping: wgpu::Buffer,
    pub(super) pong: wgpu::Buffer,
    /// Empty on the finest level.
    pub(super) stencil: wgpu::Buffer,
    pub(super) slots: wgpu::Buffer,
    /// By padded index of the finer level: the node's transfer mask (see `topology.rs`), eight bits
    /// each, four nodes to a word.
    pub(super) transfer_mask: wgpu::Buffer,
    pub(super) sweeps: Vec<wgpu::Buffer>,
}

impl Level {
    /// The operator's own buffers: elements on the finest level, a stencil below.
    pub(super) fn operator<'a>(
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

/// Buffers of every level.
pub(super) fn build(
    gpu: &Gpu,
    topologies: &[Topology],
    is_split: bool,
    finest: &Finest<'_>,
) -> Result<Vec<Level>, GpuError> {
    let soft_clamps = topologies[0].has_soft_clamps();
    let mut levels: Vec<Level> = Vec::new();
    for (l, topology) in topologies.iter().enumerate() {
        let sweeps = sweeps(gpu, l)?;
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
                transfer_mask: gpu.storage::<u32>("no transfer masks", 0)?,
                sweeps,
            });
        } else {
            let list = topology.nodes();
            let mut slots = vec![list.len() as u32; grid.len()];
            for (slot, entry) in list.iter().enumerate() {
                slots[(entry & 0x1fff_ffff) as usize] = slot as u32;
            }
            let mut transfer_mask = Vec::new();
            if is_split {
                let finer: Grid = levels[l - 1].grid;
                transfer_mask = vec![[ALL; 4]; finer.len().div_ceil(4)];
                for (at, parents) in finer.each_node().zip(&topologies[l - 1].transfer_mask) {
                    let index = finer.index(at);
                    transfer_mask[index / 4][index % 4] = *parents;
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
                        corrected: u32::from(blocks(l, soft_clamps) > AHEAD),
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
                    blocks(l, soft_clamps) * BLOCK_WORDS * (list.len() + 1),
                )?,
                slots: gpu.storage_from("multigrid slots", &slots)?,
                transfer_mask: gpu.storage_from("multigrid transfer masks", &transfer_mask)?,
                sweeps,
            });
        }
    }
    Ok(levels)
}
