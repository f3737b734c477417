//! Linear elasticity on a grid of voxels: trilinear elements, conjugate gradients, multigrid. Knows
//! no biology.
//!
//! `solve`, tests to failure and the ring all use it. Moduli are relative to a reference, which
//! keeps f32 near 1: a displacement here is the true one times that reference modulus.

pub mod components;
pub mod conjugate_gradients;
pub mod element;
pub mod grid;
pub mod multigrid;
mod problem;
pub mod shader;
mod solve;

pub use conjugate_gradients::{FINISHING, LOOSE, Mechanics, Outcome, Scalars};
pub(crate) use conjugate_gradients::{ITERATIONS, OPERATORS};
pub use element::Element;
pub use grid::Grid;
pub use problem::{CLAMP, Problem, SOFT_CLAMP};
pub use solve::{Look, Solve};
