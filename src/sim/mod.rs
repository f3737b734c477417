//! The simulation: one ring of stages, once a step, for window, command line and library alike.
//!
//! Begin with [`Simulation::advance`]. A stage is a file and a shader of the same name; `life` says
//! what comes before a run, `body` holds one person's buffers, `moment` and `checkpoint` keep a run
//! to go back to or to go on from.

pub mod body;
pub mod bone;
pub mod checkpoint;
mod clock;
mod error;
pub mod guess;
mod life;
pub mod links;
pub mod loads;
mod moment;
pub mod muscle;
mod problem;
mod room;
pub mod shader;
pub mod signal;
mod simulation;
pub mod skeleton;
pub mod state;
pub mod stiffness;
pub mod stimulus;

pub use body::{Body, Stage};
pub use checkpoint::{Checkpoint, CheckpointError, PendingCheckpoint, settled_key};
pub use error::SimError;
pub use life::SETTLING_ROUNDS;
pub use moment::Moment;
pub use problem::{node_forces, problem};
pub use room::{estimate_need, need};
pub use simulation::{Simulation, Status};
