//! What a study can fail with.

use std::path::Path;

use crate::gpu::GpuError;
use crate::io::{IoError, ScanError};
use crate::located::Located;
use crate::sim::{CheckpointError, SimError};
use crate::tissue::SceneError;

/// What a study can fail with.
#[derive(Debug, thiserror::Error)]
pub enum StudyError {
    /// What was asked for cannot be.
    #[error("{0}")]
    Usage(String),
    /// A file says what cannot be.
    #[error(transparent)]
    Located(#[from] Located),
    /// No such scene.
    #[error(transparent)]
    Scene(#[from] SceneError),
    /// A file that cannot be read or written.
    #[error(transparent)]
    Io(#[from] IoError),
    /// Trouble with the adapter.
    #[error(transparent)]
    Gpu(#[from] GpuError),
    /// Trouble in a run.
    #[error(transparent)]
    Sim(#[from] SimError),
    /// What should not happen.
    #[error("{0}")]
    Broken(String),
}

impl StudyError {
    /// What was asked for cannot be.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::Usage(message.into())
    }

    /// A scan that could not be read, with its file.
    pub fn unreadable(name: &Path, error: ScanError) -> Self {
        match error {
            // It names the file itself, and may be the system's fault.
            ScanError::Io(error) => error.into(),
            error => Self::Usage(format!("{}: {error}", name.display())),
        }
    }

    /// A checkpoint that a run cannot go on from, with its file.
    pub fn checkpoint(name: &Path, error: CheckpointError) -> Self {
        match error {
            CheckpointError::Sim(error) => error.into(),
            error => Self::Usage(format!("{}: {error}", name.display())),
        }
    }
}
