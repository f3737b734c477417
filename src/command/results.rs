//! The folder that a run leaves its results in: nothing of an older run stays beside them, and no
//! input is written over.

use std::path::{Component, Path, PathBuf};

use crate::io::{self, IoError, Lock, Row};

use super::error::CommandError;
use super::fields::{PARTS, SAME};

/// Where fields go.
pub(super) const FIELDS: &str = "fields";
/// Where a run is kept while it goes on.
pub(super) const CHECKPOINT: &str = "checkpoint";
/// Rows as they are measured, until the table is written.
const ROWS: &str = "timeseries.unfinished.csv";
/// What says that a run writes into the folder.
const LOCK: &str = ".mechanostat-lock";
/// What says how a run was made, and which files it left.
pub(super) const MANIFEST: &str = "run.toml";

/// A run's folder.
#[derive(Debug)]
pub(super) struct Results {
    folder: PathBuf,
    /// Files that the run reads.
    inputs: Vec<PathBuf>,
    /// Names written so far, with `/` between folder and file.
    written: Vec<String>,
    /// Says that this folder is in use.
    _lock: Lock,
}

impl Results {
    /// Makes the folder, and refuses it before any work is done where one of `names`, or a field,
    /// would be written over an input.
    pub(super) fn new(
        folder: PathBuf,
        inputs: Vec<PathBuf>,
        names: &[&str],
    ) -> Result<Self, CommandError> {
        io::writable_folder(&folder)?;
        let lock = Lock::take(&folder.join(LOCK))?.ok_or_else(|| {
            CommandError::usage(format!(
                "{} is in use: another run writes there",
                folder.display()
            ))
        })?;
        for name in names.iter().copied().chain([ROWS]) {
            io::never_over(&folder.join(name), &inputs)?;
        }
        for name in io::names_in(&folder.join(FIELDS)) {
            io::never_over(&folder.join(FIELDS).join(name), &inputs)?;
        }
        Ok(Self {
            folder,
            inputs,
            written: Vec::new(),
            _lock: lock,
        })
    }

    /// The folder.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Names written so far.
    pub(super) fn written(&self) -> &[String] {
        &self.written
    }

    /// Writes a file. Before the first one, what an older run left goes.
    pub(super) fn write(&mut self, name: &str, bytes: &[u8]) -> Result<(), CommandError> {
        if self.written.is_empty() {
            self.clear()?;
        }
        let path = self.path(name);
        io::never_over(&path, &self.inputs)?;
        if let Some(folder) = path.parent().filter(|f| *f != self.folder) {
            io::writable_folder(folder)?;
        }
        io::write(&path, bytes)?;
        self.written.push(name.to_owned());
        Ok(())
    }

    /// Writes a file that is not one of the run's results, and that no manifest lists.
    pub(super) fn write_aside(&self, name: &str, bytes: &[u8]) -> Result<(), CommandError> {
        let path = self.path(name);
        io::never_over(&path, &self.inputs)?;
        if let Some(folder) = path.parent() {
            io::writable_folder(folder)?;
        }
        Ok(io::write(&path, bytes)?)
    }

    /// Begins the rows of a run that is under way with those measured so far.
    pub(super) fn begin_rows(&self, rows: &[Row]) -> Result<(), CommandError> {
        self.write_aside(ROWS, &io::csv(rows))
    }

    /// Adds rows of a run that is under way.
    pub(super) fn add_rows(&self, rows: &[Row]) -> Result<(), CommandError> {
        Ok(io::append(&self.path(ROWS), &io::csv_rows(rows))?)
    }

    /// Removes the rows of a run that is over: the table has them.
    pub(super) fn end_rows(&self) -> Result<(), CommandError> {
        Ok(io::remove(&self.path(ROWS))?)
    }

    /// Goes on with a run that has written these files, and was perhaps killed in writing another.
    pub(super) fn resume(&mut self, written: Vec<String>) -> Result<(), IoError> {
        self.written = written;
        self.sweep()
    }

    /// Removes files that killed runs had begun to write.
    fn sweep(&self) -> Result<(), IoError> {
        for folder in ["", FIELDS, CHECKPOINT] {
            io::remove_partial(&self.path(folder))?;
        }
        Ok(())
    }

    /// Removes what an older run left: what its manifest lists, and fields that bear our names of
    /// days.
    fn clear(&self) -> Result<(), IoError> {
        self.sweep()?;
        let manifest = io::read_text(&self.path(MANIFEST)).unwrap_or_default();
        let mut old = listed(&manifest);
        old.extend(
            io::names_in(&self.path(FIELDS))
                .into_iter()
                .filter(|name| is_field(name))
                .map(|name| format!("{FIELDS}/{name}")),
        );
        for name in old {
            let path = self.path(&name);
            if io::never_over(&path, &self.inputs).is_ok() {
                io::remove(&path)?;
            }
        }
        io::remove_empty(&self.path(FIELDS));
        Ok(())
    }
}

/// The files that a manifest lists, as far as they lie in its own folder.
fn listed(manifest: &str) -> Vec<String> {
    let table: toml::Table = toml::from_str(manifest).unwrap_or_default();
    let files = table.get("files").and_then(toml::Value::as_array);
    files
        .into_iter()
        .flatten()
        .filter_map(toml::Value::as_str)
        .filter(|name| {
            let mut parts = Path::new(name).components();
            !name.is_empty() && parts.all(|c| matches!(c, Component::Normal(_)))
        })
        .map(str::to_owned)
        .collect()
}

/// Name of the field file of a day, its ending aside.
pub(super) fn field_stem(day: f64) -> String {
    format!("day_{day:0>10.4}")
}

/// Whether a file in the folder of fields is ours: the regions', or one named after a day,
/// `day_00030.0000.vti`, `day_00030.0000_bmd.npy`.
fn is_field(name: &str) -> bool {
    let stem = name.strip_suffix(".npy");
    if name == PARTS || stem.is_some_and(|stem| SAME.contains(&stem)) {
        return true;
    }
    let Some(rest) = name.strip_prefix("day_") else {
        return false;
    };
    let digits =
        |text: &str, least: usize| text.len() >= least && text.bytes().all(|b| b.is_ascii_digit());
    let Some((whole, rest)) = rest.split_once('.') else {
        return false;
    };
    let Some((part, rest)) = rest.split_at_checked(4) else {
        return false;
    };
    let key = rest
        .strip_prefix('_')
        .and_then(|r| r.strip_suffix(".npy"))
        .is_some_and(|key| {
            !key.is_empty()
                && key
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        });
    digits(whole, 5) && digits(part, 4) && (rest == ".vti" || key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_names_of_days_are_taken_for_fields() {
        for day in [0.0, 0.25, 30.0, 1234.5678, 36_525.0] {
            let stem = field_stem(day);
            assert!(is_field(&format!("{stem}.vti")), "{stem}");
            assert!(is_field(&format!("{stem}_rankl_opg.npy")), "{stem}");
        }
        for other in [
            "day_1.vti",
            "day_00001.0000.vtk",
            "day_00001.0000_bmd.npy.bak",
            "day_00001.0000_.npy",
            "day_00001.00é.vti",
            "my_day_00001.0000.vti",
            "regions.txt",
        ] {
            assert!(!is_field(other), "{other}");
        }
    }

    #[test]
    fn a_manifest_lists_only_files_of_its_own_folder() {
        let text = r#"files = ["run.toml", "fields/a.vti", "/etc/passwd", "../up", "fields/../../up", "", 3]"#;
        assert_eq!(listed(text), ["run.toml", "fields/a.vti"]);
        assert!(listed("not [ toml").is_empty());
    }
}
