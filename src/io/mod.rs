//! Files: bytes to plain values and back. Knows no biology.

mod field;
mod metaimage;
mod nifti;
mod npy;
mod nrrd;
mod scan;
mod table;
mod vti;

use std::path::{Path, PathBuf};

pub use field::{npy, vti};
pub use scan::{ENDINGS, Scan, ScanError};
pub use table::{Row, csv};

/// A file or folder that could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("{}: {what}: {error}", path.display())]
pub struct IoError {
    /// Which.
    pub path: PathBuf,
    /// What was tried.
    pub what: &'static str,
    /// What the system said.
    pub error: std::io::Error,
}

fn failed<'a>(path: &'a Path, what: &'static str) -> impl Fn(std::io::Error) -> IoError + 'a {
    move |error| IoError {
        path: path.to_owned(),
        what,
        error,
    }
}

/// Makes a folder if need be and finds out whether it can be written, before any work is done.
/// # Errors
/// [`IoError`].
pub fn writable_folder(folder: &Path) -> Result<(), IoError> {
    std::fs::create_dir_all(folder).map_err(failed(folder, "cannot make this folder"))?;
    let probe = folder.join(".mechanostat-probe");
    std::fs::write(&probe, b"").map_err(failed(folder, "cannot write into this folder"))?;
    std::fs::remove_file(&probe).map_err(failed(folder, "cannot write into this folder"))
}

/// Writes a file whole or not at all: under another name first, then renamed.
/// # Errors
/// [`IoError`].
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), IoError> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".partial");
    let partial = path.with_file_name(name);
    let done = std::fs::write(&partial, bytes)
        .map_err(failed(path, "cannot be written"))
        .and_then(|()| std::fs::rename(&partial, path).map_err(failed(path, "cannot be written")));
    if done.is_err() {
        // Nothing more can be done about a leftover that cannot be removed.
        std::fs::remove_file(&partial).ok();
    }
    done
}

/// The largest file that is read, bytes: voxels of eight bytes that fill a storage binding of 4 GiB take less.
const LARGEST_FILE: u64 = 4 << 30;

/// Reads a regular file.
/// # Errors
/// [`IoError`].
pub fn read(path: &Path) -> Result<Vec<u8>, IoError> {
    let failed = failed(path, "cannot be read");
    let about = std::fs::metadata(path).map_err(&failed)?;
    if !about.is_file() {
        return Err(failed(std::io::Error::other("it is no regular file")));
    }
    if about.len() > LARGEST_FILE {
        return Err(failed(std::io::Error::other("it is larger than 4 GiB")));
    }
    std::fs::read(path).map_err(failed)
}

/// Reads a text file.
/// # Errors
/// [`IoError`].
pub fn read_text(path: &Path) -> Result<String, IoError> {
    std::fs::read_to_string(path).map_err(failed(path, "cannot be read"))
}
