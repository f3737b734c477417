//! What a simulation can fail with.

use crate::gpu::GpuError;

/// What a simulation can fail with.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SimError {
    /// Trouble with the adapter.
    #[error(transparent)]
    Gpu(#[from] GpuError),
    /// The parameters speak of a bone that the scene does not have.
    #[error("settling_of names the bone \"{found}\"; scene {scene} has: {has}")]
    UnknownBone {
        /// Scene.
        scene: String,
        /// What the parameters name.
        found: String,
        /// What there is.
        has: String,
    },
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
    /// A change in the past of a run of which nothing was kept from before.
    #[error("nothing was kept of this run from before day {day}, so it cannot be changed there")]
    NoPast {
        /// Day of the change.
        day: f64,
    },
}
