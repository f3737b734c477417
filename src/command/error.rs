//! Why a command failed, and how results and notes are told.

use crate::figure::FigureError;
use crate::gpu::GpuError;
use crate::io::IoError;
use crate::located::Located;
use crate::sim::SimError;
use crate::study::StudyError;
use crate::tissue::SceneError;

/// What may have been meant where no scenario has the name.
pub(super) const COMMANDS: &str = "commands are run, validate, solve, bench and doctor";

/// Why a command failed: one sentence, and the exit code that says of what kind.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct CommandError {
    /// The sentence.
    pub message: String,
    /// 1 something broke, 2 bad usage or input, 3 no usable adapter.
    pub code: u8,
}

impl CommandError {
    /// Bad usage or input.
    pub fn usage(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            code: 2,
        }
    }
}

/// Prints a report as JSON.
pub(crate) fn say_json(report: &impl serde::Serialize) -> Result<(), CommandError> {
    let json = serde_json::to_string(report).map_err(|e| CommandError {
        message: e.to_string(),
        code: 1,
    })?;
    say(&json)
}

/// Prints to stdout. A reader that has gone away ends the command quietly (exit code 0, no
/// message).
/// # Errors
/// What the system said, exit code 1.
pub(crate) fn say(text: &str) -> Result<(), CommandError> {
    use std::io::Write as _;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}")
        .and_then(|()| out.flush())
        .map_err(|e| match e.kind() {
            std::io::ErrorKind::BrokenPipe => CommandError {
                message: String::new(),
                code: 0,
            },
            _ => CommandError {
                message: format!("cannot print the result: {e}"),
                code: 1,
            },
        })
}

impl From<Located> for CommandError {
    fn from(error: Located) -> Self {
        Self::usage(error.to_string())
    }
}

impl From<SceneError> for CommandError {
    fn from(error: SceneError) -> Self {
        Self::usage(error.to_string())
    }
}

impl From<IoError> for CommandError {
    fn from(error: IoError) -> Self {
        Self {
            message: error.to_string(),
            code: if error.is_usage() { 2 } else { 1 },
        }
    }
}

/// Says on stderr what had to be assumed in reading a file, a line each. Where results go, it is
/// kept too.
pub(super) fn tell(name: &std::path::Path, notes: &[String]) -> Vec<String> {
    let told: Vec<String> = notes
        .iter()
        .map(|note| format!("{}: {note}", name.display()))
        .collect();
    for line in &told {
        eprintln!("{line}");
    }
    told
}

impl From<GpuError> for CommandError {
    fn from(error: GpuError) -> Self {
        let code = if error.is_no_adapter() || matches!(error, GpuError::Limit { .. }) {
            3
        } else {
            1
        };
        Self {
            message: error.to_string(),
            code,
        }
    }
}

impl From<SimError> for CommandError {
    fn from(error: SimError) -> Self {
        match error {
            SimError::Gpu(error) => error.into(),
            other @ (SimError::NotConverged { .. } | SimError::NoPast { .. }) => Self {
                message: other.to_string(),
                code: 1,
            },
            other @ (SimError::UnknownBone { .. } | SimError::TooMany { .. }) => {
                Self::usage(other.to_string())
            }
        }
    }
}

impl From<StudyError> for CommandError {
    fn from(error: StudyError) -> Self {
        match error {
            StudyError::Usage(message) => Self::usage(message),
            StudyError::Located(error) => error.into(),
            StudyError::Scene(error) => error.into(),
            StudyError::Io(error) => error.into(),
            StudyError::Gpu(error) => error.into(),
            StudyError::Sim(error) => error.into(),
            StudyError::Broken(message) => Self { message, code: 1 },
        }
    }
}

impl From<FigureError> for CommandError {
    fn from(error: FigureError) -> Self {
        Self {
            message: error.to_string(),
            code: 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Error, ErrorKind};

    use super::*;

    #[test]
    fn a_full_disk_is_no_bad_usage() {
        let code = |kind: ErrorKind| {
            CommandError::from(IoError {
                path: "out".into(),
                what: "cannot be written",
                error: Error::from(kind),
            })
            .code
        };
        for broken in [
            ErrorKind::StorageFull,
            ErrorKind::QuotaExceeded,
            ErrorKind::FileTooLarge,
            ErrorKind::WriteZero,
            ErrorKind::Other,
        ] {
            assert_eq!(code(broken), 1, "{broken:?}");
        }
        for wrong in [
            ErrorKind::NotFound,
            ErrorKind::PermissionDenied,
            ErrorKind::NotADirectory,
            ErrorKind::InvalidInput,
        ] {
            assert_eq!(code(wrong), 2, "{wrong:?}");
        }
    }
}
