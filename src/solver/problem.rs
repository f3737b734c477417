//! What is to be solved.

use super::element::Element;

/// [`Problem::held`] of a node that is clamped: none of its components moves.
pub const CLAMP: u8 = 0b111;
/// [`Problem::held`] of a node that is clamped in tissue much softer than the rest.
pub const SOFT_CLAMP: u8 = CLAMP | 0b1000;

/// The elastic problem: which elements exist, which nodes are held, where the unit loads act.
#[derive(Debug, Clone)]
pub struct Problem {
    /// Elements along x, y, z.
    pub elements: [usize; 3],
    /// Poisson's ratio and edge lengths.
    pub element: Element,
    /// By element, x fastest: may carry stiffness.
    pub active: Vec<bool>,
    /// By node, x fastest: bits 0 to 2 hold components x, y, z at zero. Bit 3, where all three are
    /// ([`SOFT_CLAMP`]), changes no solution: it says that what lies around the node is soft, and
    /// saves iterations.
    pub held: Vec<u8>,
    /// Unit loads: node coordinates and force, N per N. A node appears once a load.
    pub loads: Vec<Vec<([usize; 3], [f32; 3])>>,
}

impl Problem {
    /// Held components of a node, a bit each.
    pub(super) fn held_at(&self, at: [usize; 3]) -> u8 {
        let n = self.elements.map(|n| n + 1);
        self.held[at[0] + n[0] * (at[1] + n[1] * at[2])] & CLAMP
    }
}
