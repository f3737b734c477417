//! Why a file is no volume that can be used.

use crate::io::files::IoError;

/// Endings of the files that are read.
pub const ENDINGS: [&str; 8] = [
    ".nii", ".nii.gz", ".mha", ".mhd", ".nrrd", ".nhdr", ".vti", ".npy",
];

/// Why a file is no volume that can be used.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// The file ends too early.
    #[error("the file is truncated: {wanted} bytes of voxels are announced, {found} are there")]
    Truncated {
        /// Bytes announced by the header.
        wanted: u64,
        /// Bytes there.
        found: u64,
    },
    /// The file ends too early, its voxels written out.
    #[error("the file is truncated: {wanted} voxels are announced, {found} are there")]
    FewNumbers {
        /// Voxels announced by the header.
        wanted: u64,
        /// Voxels there.
        found: u64,
    },
    /// A voxel that is no number, or none that its type holds.
    #[error("one of its voxels is '{0}', which is no number of its type")]
    NoNumber(String),
    /// Not a file of this format.
    #[error("this is no {format} file: {why}")]
    NotThis {
        /// Which format its ending promises.
        format: &'static str,
        /// What is wrong.
        why: String,
    },
    /// A header field that cannot be.
    #[error("the header's {field} is {found}; allowed: {allowed}")]
    Header {
        /// Which field.
        field: String,
        /// What it says.
        found: String,
        /// What it may say.
        allowed: &'static str,
    },
    /// More voxels than the caller has room for.
    #[error("{} x {} x {} voxels are too many; at most {most} are read", voxels[0], voxels[1], voxels[2])]
    TooLarge {
        /// Along x, y, z.
        voxels: [usize; 3],
        /// All told.
        most: u64,
    },
    /// The compressed stream is broken.
    #[error("the {0}")]
    Compressed(String),
    /// A voxel without a value, or with one that f32 does not hold.
    #[error("voxel ({}, {}, {}) is {value:e}; allowed: finite numbers up to 3.4e38", at[0], at[1], at[2])]
    NotFinite {
        /// Which.
        at: [usize; 3],
        /// What it is.
        value: f64,
    },
    /// No format that is read.
    #[error("only {} are read", ENDINGS.join(", "))]
    Ending,
    /// A file that could not be read.
    #[error(transparent)]
    Io(#[from] IoError),
}

/// A header field that cannot be.
pub(super) fn bad(
    field: impl Into<String>,
    found: impl std::fmt::Display,
    allowed: &'static str,
) -> ScanError {
    ScanError::Header {
        field: field.into(),
        found: found.to_string(),
        allowed,
    }
}

/// A stream that broke off inside a decoder.
#[expect(
    clippy::needless_pass_by_value,
    reason = "map_err hands the error over"
)]
pub(super) fn broken(error: std::io::Error) -> ScanError {
    ScanError::Compressed(format!("compressed stream is broken: {error}"))
}
