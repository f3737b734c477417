//! Files and folders: read whole, written whole or not at all, never over an input.

use std::io::{ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};

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

impl IoError {
    /// Whether another name, or other rights, would have helped. Otherwise something broke: a full
    /// disk, say.
    pub fn is_usage(&self) -> bool {
        use ErrorKind as E;
        matches!(
            self.error.kind(),
            E::NotFound
                | E::PermissionDenied
                | E::AlreadyExists
                | E::NotADirectory
                | E::IsADirectory
                | E::ReadOnlyFilesystem
                | E::InvalidInput
                | E::InvalidFilename
                | E::InvalidData
        )
    }
}

fn failed<'a>(path: &'a Path, what: &'static str) -> impl Fn(std::io::Error) -> IoError + 'a {
    move |error| IoError {
        path: path.to_owned(),
        what,
        error,
    }
}

/// What the caller asked for cannot be.
fn wrong(words: impl Into<String>) -> std::io::Error {
    std::io::Error::new(ErrorKind::InvalidInput, words.into())
}

/// Makes a folder if need be and finds out whether it can be written, before any work is done.
/// # Errors
/// [`IoError`].
pub fn writable_folder(folder: &Path) -> Result<(), IoError> {
    std::fs::create_dir_all(folder).map_err(failed(folder, "cannot make this folder"))?;
    new_file(folder)
        .map_err(failed(folder, "cannot write into this folder"))
        .map(drop)
}

/// How files that are being written are named.
const BEGUN: &str = ".mechanostat-";
const PARTIAL: &str = ".partial";

/// Removes what processes that were killed had begun to write into a folder.
/// # Errors
/// [`IoError`].
pub fn remove_partial(folder: &Path) -> Result<(), IoError> {
    let names = names_in(folder).into_iter();
    names
        .filter(|name| name.starts_with(BEGUN) && name.ends_with(PARTIAL))
        .try_for_each(|name| remove(&folder.join(name)))
}

/// A file of a name that no other has, which goes when it is dropped.
fn new_file(folder: &Path) -> std::io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(BEGUN).suffix(PARTIAL);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // What a plain file gets; the user's mask takes its share.
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder).map_err(|e| bare(&e))
}

/// An error as the system gave it, where the passing file's name was put around it.
fn bare(error: &std::io::Error) -> std::io::Error {
    let inside = error
        .get_ref()
        .and_then(|e| e.source())
        .and_then(|e| e.downcast_ref::<std::io::Error>())
        .and_then(std::io::Error::raw_os_error);
    inside.map_or_else(|| error.kind().into(), std::io::Error::from_raw_os_error)
}

/// The path, or the first of its kind (`name-2.png`, `name-3.png` …) that no file has yet.
pub fn unused(path: &Path) -> PathBuf {
    let stem = path
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let ending = path
        .extension()
        .map(|e| format!(".{}", e.to_string_lossy()))
        .unwrap_or_default();
    let others = (2..).map(|k| path.with_file_name(format!("{stem}-{k}{ending}")));
    let mut names = std::iter::once(path.to_path_buf()).chain(others);
    names
        .find(|p| !p.exists())
        .unwrap_or_else(|| path.to_path_buf())
}

/// Writes a file whole or not at all: under another name first, then renamed.
/// # Errors
/// [`IoError`].
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), IoError> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let put = || -> std::io::Result<()> {
        let mut file = new_file(folder)?;
        file.as_file_mut().write_all(bytes)?;
        file.persist(path).map_err(|e| e.error)?;
        Ok(())
    };
    put().map_err(failed(path, "cannot be written"))
}

/// Writes a text beside something else, over an older one of its kind: one that begins with the
/// same line. What begins otherwise is another's and stays; the text then has the first name of its
/// kind that no file has. Where it was written.
/// # Errors
/// [`IoError`].
pub fn write_beside(path: &Path, text: &str) -> Result<PathBuf, IoError> {
    let ours = !path.exists()
        || read_text(path).is_ok_and(|there| there.lines().next() == text.lines().next());
    let path = if ours {
        path.to_path_buf()
    } else {
        unused(path)
    };
    write(&path, text.as_bytes())?;
    Ok(path)
}

/// Adds to the end of a file, which is made if need be.
/// # Errors
/// [`IoError`].
pub fn append(path: &Path, bytes: &[u8]) -> Result<(), IoError> {
    let put = || -> std::io::Result<()> {
        let mut options = std::fs::File::options();
        let mut file = options.create(true).append(true).open(path)?;
        file.write_all(bytes)
    };
    put().map_err(failed(path, "cannot be written"))
}

/// A file that says that a folder is in use, for as long as this is kept. The system lets go of it
/// when a process ends, however that ends.
#[derive(Debug)]
pub struct Lock {
    path: PathBuf,
    /// Held open: closing it ends the lock.
    _file: std::fs::File,
}

impl Lock {
    /// Takes a folder; none where somebody has it.
    /// # Errors
    /// [`IoError`].
    pub fn take(path: &Path) -> Result<Option<Self>, IoError> {
        let wrap = failed(path, "cannot be written");
        let mut options = std::fs::File::options();
        let file = options
            .create(true)
            .append(true)
            .open(path)
            .map_err(&wrap)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self {
                path: path.to_owned(),
                _file: file,
            })),
            Err(std::fs::TryLockError::WouldBlock) => Ok(None),
            // Some network folders have no locks; a run there goes without.
            Err(std::fs::TryLockError::Error(error)) if error.kind() == ErrorKind::Unsupported => {
                Ok(Some(Self {
                    path: path.to_owned(),
                    _file: file,
                }))
            }
            Err(std::fs::TryLockError::Error(error)) => Err(wrap(error)),
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // One that is left behind locks nothing.
        std::fs::remove_file(&self.path).ok();
    }
}

/// Refuses to write to a file that is read.
/// # Errors
/// [`IoError`], where `path` is one of `inputs` under this or another name.
pub fn never_over(path: &Path, inputs: &[PathBuf]) -> Result<(), IoError> {
    // Opening a pipe to compare it would wait for ever, and none of our files is one.
    if std::fs::metadata(path).is_ok_and(|m| !m.is_file()) {
        let error = wrong("there is something of this name that is no regular file");
        return Err(failed(path, "cannot be written")(error));
    }
    // What cannot be compared does not exist, and so is no input.
    let over = |input: &PathBuf| same_file::is_same_file(path, input).unwrap_or(false);
    if inputs.iter().any(over) {
        let error = wrong("the file is read too; choose another folder");
        return Err(failed(path, "cannot be written")(error));
    }
    Ok(())
}

/// Whether there is a regular file of this name.
pub fn is_file(path: &Path) -> bool {
    path.is_file()
}

/// Whether there is anything of this name.
pub fn exists(path: &Path) -> bool {
    path.exists()
}

/// Names of the files in a folder, sorted; none where there is no such folder.
pub fn names_in(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .filter(|e| e.file_type().is_ok_and(|t| !t.is_dir()))
        .filter_map(|e| e.file_name().into_string().ok())
        .collect();
    names.sort();
    names
}

/// The same, those that were written first in front.
pub fn oldest_first(folder: &Path) -> Vec<String> {
    let mut names = names_in(folder);
    let written = |name: &String| {
        let about = std::fs::metadata(folder.join(name));
        about.and_then(|a| a.modified()).ok()
    };
    names.sort_by_cached_key(written);
    names
}

/// Removes a file, if there is one.
/// # Errors
/// [`IoError`].
pub fn remove(path: &Path) -> Result<(), IoError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(failed(path, "cannot be removed")(error))
        }
        _ => Ok(()),
    }
}

/// Removes a folder, if it is empty.
pub fn remove_empty(folder: &Path) {
    // One that is not empty stays, and is not asked for more.
    std::fs::remove_dir(folder).ok();
}

/// The largest file that is read, bytes: voxels of eight bytes that fill a storage binding of 4 GiB
/// take less.
const LARGEST_FILE: u64 = 4 << 30;
/// The largest text that is read, bytes.
const LARGEST_TEXT: u64 = 1 << 20;

/// Reads a regular file.
/// # Errors
/// [`IoError`].
pub fn read(path: &Path) -> Result<Vec<u8>, IoError> {
    read_within(path, LARGEST_FILE)
}

/// Reads a text file of at most 1 MiB.
/// # Errors
/// [`IoError`].
pub fn read_text(path: &Path) -> Result<String, IoError> {
    String::from_utf8(read_within(path, LARGEST_TEXT)?)
        .map_err(|_no_text| failed(path, "cannot be read")(wrong("it is no text (UTF-8)")))
}

fn read_within(path: &Path, most: u64) -> Result<Vec<u8>, IoError> {
    let failed = failed(path, "cannot be read");
    let about = std::fs::metadata(path).map_err(&failed)?;
    if !about.is_file() {
        let kind = if about.is_dir() {
            "it is a folder"
        } else {
            "it is no regular file"
        };
        return Err(failed(wrong(kind)));
    }
    let mut bytes = Vec::new();
    if about.len() <= most {
        // It may be longer than it says, as those of /proc are.
        std::fs::File::open(path)
            .and_then(|file| file.take(most + 1).read_to_end(&mut bytes))
            .map_err(&failed)?;
    }
    if about.len().max(bytes.len() as u64) > most {
        let words = format!("it is larger than {} MiB", most >> 20);
        return Err(failed(wrong(words)));
    }
    Ok(bytes)
}
