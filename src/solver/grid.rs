//! The padded box of elements and nodes that the solver runs on. See `grid.wgsl`.

use bytemuck::{Pod, Zeroable};

use crate::volume::each;

/// Keep in step with `struct Grid` in `grid.wgsl`; a test compares the layouts.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Pod, Zeroable)]
pub struct GridUniform {
    /// Elements along x, y, z.
    pub elements: [u32; 3],
    /// Active nodes.
    pub nodes: u32,
    /// Index step along y.
    pub stride_y: u32,
    /// Index step along z.
    pub stride_z: u32,
    /// Index of node (0, 0, 0).
    pub base: u32,
    /// 1 where stencils hold corrections of the nodes' own blocks.
    pub corrected: u32,
    /// Elements of the next finer grid, 1 or 2, that make one along x, y, z.
    pub factor: [u32; 3],
    /// To the 16 bytes that a uniform is a multiple of.
    pub padding: u32,
}

/// A box of `elements`, and how elements and nodes are numbered in its padded arrays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grid {
    /// Elements along x, y, z.
    pub elements: [usize; 3],
}

impl Grid {
    /// Index steps along x, y, z.
    pub fn strides(&self) -> [usize; 3] {
        let [x, y, _] = self.elements;
        [1, x + 2, (x + 2) * (y + 2)]
    }

    /// Index of node or element (0, 0, 0).
    pub fn base(&self) -> usize {
        self.strides().iter().sum()
    }

    /// Entries in a padded array.
    pub fn len(&self) -> usize {
        let [_, y, z] = self.strides();
        (self.elements[2] + 3) * z + y + 2
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.elements.contains(&0)
    }

    /// Padded index of a node or element.
    pub fn index(&self, at: [usize; 3]) -> usize {
        let s = self.strides();
        self.base() + at[0] + at[1] * s[1] + at[2] * s[2]
    }

    /// The grid with elements `factor` times as long.
    #[must_use]
    pub fn coarser(&self, factor: [usize; 3]) -> Self {
        Self {
            elements: [0, 1, 2].map(|k| self.elements[k].div_ceil(factor[k])),
        }
    }

    /// All element coordinates, x fastest.
    pub fn each_element(&self) -> impl Iterator<Item = [usize; 3]> + use<> {
        each(self.elements)
    }

    /// All node coordinates, x fastest.
    pub fn each_node(&self) -> impl Iterator<Item = [usize; 3]> + use<> {
        each(self.elements.map(|n| n + 1))
    }

    pub(crate) fn uniform(&self, nodes: usize) -> GridUniform {
        let s = self.strides();
        GridUniform {
            elements: self.elements.map(|n| n as u32),
            nodes: nodes as u32,
            stride_y: s[1] as u32,
            stride_z: s[2] as u32,
            base: self.base() as u32,
            corrected: 0,
            factor: [1; 3],
            padding: 0,
        }
    }
}
