//! What outlives a window: settled bones, the layout, recent files, and the session of a window
//! that ended unexpectedly.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::gpu::Gpu;
use crate::io::{self, Lock};
use crate::physiology::Model;
use crate::sim::{Checkpoint, Simulation, settled_key};
use crate::tissue::Anatomy;

/// Settled bones that are kept, at most; the oldest go first.
const MOST_SETTLED: usize = 16;
/// Windows whose sessions are kept at a time.
const MOST_WINDOWS: u32 = 64;
/// Recent files that are offered.
const MOST_RECENT: usize = 8;

/// Where it is kept; nowhere where the system has no such place, and in tests.
#[derive(Debug, Clone, Default)]
pub struct Store {
    folder: Option<PathBuf>,
}

/// What the user arranged.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Settings {
    /// Files that were opened or saved, the last one first.
    pub(super) recent: Vec<String>,
    pub(super) explore: bool,
    /// The tiles of *Explore*, as they write themselves.
    pub(super) tiles: Option<String>,
    pub(super) theme: super::theme::Theme,
}

/// The session of this window, kept until it ends in order.
#[derive(Debug)]
pub(super) struct Autosave {
    file: PathBuf,
    written: String,
    _lock: Lock,
}

impl Store {
    /// The user's own.
    pub fn of_user() -> Self {
        use etcetera::BaseStrategy as _;
        let places = etcetera::base_strategy::choose_native_strategy();
        Self {
            folder: places.ok().map(|p| p.cache_dir().join("mechanostat")),
        }
    }

    /// In a folder.
    pub fn at(folder: &Path) -> Self {
        Self {
            folder: Some(folder.to_path_buf()),
        }
    }

    /// A folder within, made if need be. What cannot be kept is done without.
    fn within(&self, name: &str) -> Option<PathBuf> {
        let folder = self.folder.as_ref()?.join(name);
        match io::writable_folder(&folder) {
            Ok(()) => Some(folder),
            Err(error) => {
                log::warn!("{error}");
                None
            }
        }
    }

    /// Where the settled bone of a person in a scene is kept. Another adapter may round otherwise.
    pub(super) fn settled_file(
        &self,
        gpu: &Gpu,
        anatomy: &Anatomy,
        model: &Model,
        grows: bool,
    ) -> Option<PathBuf> {
        let folder = self.within("settled")?;
        let key = settled_key(anatomy, model);
        let all = io::sum(&[
            key.as_bytes(),
            gpu.adapter_name().as_bytes(),
            &[u8::from(grows)],
        ]);
        Some(folder.join(format!("{all}.settled")))
    }

    /// Bytes of everything that is kept of settled bones is bounded: the oldest go.
    pub(super) fn keep_settled(file: &Path, checkpoint: &Checkpoint) {
        let kept = checkpoint.to_bytes().map_err(|e| e.to_string());
        let kept = kept.and_then(|bytes| io::write(file, &bytes).map_err(|e| e.to_string()));
        if let Err(error) = kept {
            log::warn!("the settled bone is not kept: {error}");
        }
        let Some(folder) = file.parent() else { return };
        let all = io::oldest_first(folder);
        for old in &all[..all.len().saturating_sub(MOST_SETTLED)] {
            io::remove(&folder.join(old)).ok();
        }
    }

    /// A settled body from a file; none where there is none, or none of this kind.
    pub(super) fn settled(
        file: &Path,
        gpu: &Gpu,
        anatomy: &std::sync::Arc<Anatomy>,
        model: &std::sync::Arc<Model>,
    ) -> Option<Simulation> {
        if !io::is_file(file) {
            return None;
        }
        let read = || -> Result<Simulation, String> {
            let bytes = io::read(file).map_err(|e| e.to_string())?;
            let checkpoint = Checkpoint::from_bytes(&bytes).map_err(|e| e.to_string())?;
            Simulation::restore(gpu, anatomy.clone(), model.clone(), &checkpoint)
                .map_err(|e| e.to_string())
        };
        match read() {
            Ok(simulation) => Some(simulation),
            Err(error) => {
                log::warn!("{}: {error}; the bone settles anew", file.display());
                None
            }
        }
    }

    fn settings_file(&self) -> Option<PathBuf> {
        Some(self.within("window")?.join("settings.toml"))
    }

    /// What was arranged; as usual where nothing can be read.
    pub(super) fn settings(&self) -> Settings {
        let Some(file) = self.settings_file().filter(|f| io::is_file(f)) else {
            return Settings::default();
        };
        let text = io::read_text(&file).map_err(|e| e.to_string());
        let read = text.and_then(|text| toml::from_str(&text).map_err(|e| e.to_string()));
        read.unwrap_or_else(|error| {
            log::warn!("{}: {error}", file.display());
            Settings::default()
        })
    }

    pub(super) fn set_settings(&self, settings: &Settings) {
        let Some(file) = self.settings_file() else {
            return;
        };
        let text = toml::to_string(settings).map_err(|e| e.to_string());
        let written =
            text.and_then(|text| io::write(&file, text.as_bytes()).map_err(|e| e.to_string()));
        if let Err(error) = written {
            log::warn!("the layout is not kept: {error}");
        }
    }

    /// A file for this window's session.
    pub(super) fn autosave(&self) -> Option<Autosave> {
        let folder = self.within("sessions")?;
        (0..MOST_WINDOWS).find_map(|k| {
            let file = folder.join(format!("window-{k}.toml"));
            if io::exists(&file) {
                return None;
            }
            // Another window may have it, and not have written yet.
            let lock = Lock::take(&file.with_extension("lock")).ok()??;
            Some(Autosave {
                file,
                written: String::new(),
                _lock: lock,
            })
        })
    }

    /// The sessions of windows that ended unexpectedly.
    pub(super) fn lost_sessions(&self) -> Vec<PathBuf> {
        let Some(folder) = self.within("sessions") else {
            return Vec::new();
        };
        let names = io::names_in(&folder).into_iter();
        let sessions = names.filter_map(|name| name.strip_suffix(".toml").map(str::to_owned));
        // A window that is open holds its lock.
        let ended = |name: &String| {
            let lock = Lock::take(&folder.join(format!("{name}.lock")));
            lock.is_ok_and(|lock| lock.is_some())
        };
        let ended = sessions.filter(ended);
        ended.map(|n| folder.join(format!("{n}.toml"))).collect()
    }
}

impl Settings {
    /// Puts a file first.
    pub(super) fn remember(&mut self, file: &str) {
        self.recent.retain(|f| f != file);
        self.recent.insert(0, file.to_owned());
        self.recent.truncate(MOST_RECENT);
    }
}

impl Autosave {
    /// Keeps the session as it is now.
    pub(super) fn write(&mut self, text: &str) {
        if self.written == text {
            return;
        }
        match io::write(&self.file, text.as_bytes()) {
            Ok(()) => text.clone_into(&mut self.written),
            Err(error) => log::warn!("the session is not kept: {error}"),
        }
    }

    /// The window ends in order.
    pub(super) fn end(self) {
        io::remove(&self.file).ok();
    }
}
