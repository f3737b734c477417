//! Sessions as files: saved, opened, dropped, recent; and those of windows that ended unexpectedly.

use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use eframe::egui::{self, Ui};

use crate::io;
use crate::study::{
    DEMONSTRATIONS, Document, FieldFormat, Output, Setup, StrengthDays, StudyError,
};

use super::MechanostatApp;
use super::beginning::Then;

/// A file that is being chosen in a dialog.
pub(super) type Chosen = Pin<Box<dyn Future<Output = Option<PathBuf>>>>;

/// Asks for a frame where a dialog has an answer.
struct Repaint(egui::Context);

impl Wake for Repaint {
    fn wake(self: Arc<Self>) {
        self.0.request_repaint();
    }
}

/// How often the session is looked at for keeping it.
const AUTOSAVE: Duration = Duration::from_secs(5);

impl MechanostatApp {
    /// The session as a file's text.
    fn session_text(&self) -> Option<String> {
        let session = self.session.as_ref()?;
        let output = Output {
            days: session.last_day(),
            every: 1.0,
            fields: FieldFormat::None,
            strength: StrengthDays::None,
        };
        let table = session.driver.document().to_table(&output);
        Some(format!(
            "# What was chosen and done: `mechanostat run` and the window open it.\n{table}"
        ))
    }

    /// Saves what was chosen and done. A file that somebody else wrote meanwhile stays as it is.
    pub(super) fn save(&mut self) {
        let Some(text) = self.session_text() else {
            return;
        };
        let asked = PathBuf::from(&self.file);
        let there = io::is_file(&asked)
            .then(|| io::read_text(&asked).ok())
            .flatten();
        let is_ours = there.is_none() || there == self.known;
        let path = if is_ours || there.as_ref() == Some(&text) {
            asked.clone()
        } else {
            io::unused(&asked)
        };
        self.told = match io::write(&path, text.as_bytes()) {
            Ok(()) => {
                let name = path.display().to_string();
                let told = if path == asked {
                    format!("saved {name}")
                } else {
                    format!(
                        "{} was there already, by another; saved {name}",
                        asked.display()
                    )
                };
                self.file.clone_from(&name);
                self.settings.remember(&name);
                self.known = Some(text);
                told
            }
            Err(error) => error.to_string(),
        };
    }

    /// Opens what was dropped on the window.
    pub(super) fn take_dropped(&mut self, ctx: &egui::Context) {
        let dropped = ctx.input(|i| i.raw.dropped_files.clone());
        let Some(file) = dropped.first() else { return };
        self.file = file.path().display().to_string();
        self.load();
    }

    /// Opens a saved document, and goes on to its last day; or a scenario, or a scan as a scene.
    pub(super) fn load(&mut self) {
        let file = self.file.clone();
        let lower = file.to_lowercase();
        if let (true, Some(session)) = (
            io::ENDINGS.iter().any(|e| lower.ends_with(e)),
            &self.session,
        ) {
            let setup = Setup {
                scene: file,
                mask: None,
                ..session.setup().clone()
            };
            "session.toml".clone_into(&mut self.file);
            self.open_document(Document::new(setup), 0.0, true);
            return;
        }
        let path = Path::new(&file);
        let is_figure = crate::figure::FILE_ENDINGS
            .iter()
            .any(|e| lower.ends_with(&format!(".{e}")));
        // A figure has its study inside.
        let read = if is_figure {
            io::read(path).map_err(StudyError::from).and_then(|bytes| {
                let kept = crate::figure::state_of(&bytes);
                kept.map_err(|e| StudyError::usage(format!("{file}: {e}")))
            })
        } else {
            io::read_text(path).map_err(StudyError::from)
        };
        let loaded = read.and_then(|text| {
            let (document, days) = self.document_of(&file, &text)?;
            Ok((document, days, text))
        });
        match loaded {
            Ok((document, days, text)) => {
                self.settings.remember(&file);
                if is_figure {
                    // What is saved next is a session, and no figure.
                    "session.toml".clone_into(&mut self.file);
                } else {
                    self.known = Some(text);
                }
                self.open_document(document, days, days == 0.0);
                self.told = format!("opened {file}");
            }
            Err(error) => self.told = error.to_string(),
        }
    }

    /// What a text says: a session with its last day, or a scenario in the scene that is shown.
    fn document_of(&self, file: &str, text: &str) -> Result<(Document, f64), StudyError> {
        if crate::study::is_document(text) {
            let (document, output) = Document::parse(file, text)?;
            return Ok((document, output.days));
        }
        let scenario = crate::scenario::Scenario::parse(file, text)?;
        let now = self.session.as_ref().map(|s| s.setup().clone());
        let setup = match now {
            Some(now) => Setup {
                scenario_name: file.to_owned(),
                scenario,
                ..now
            },
            None => Setup::new(file, scenario),
        };
        Ok((Document::new(setup), 0.0))
    }

    fn open_document(&mut self, document: Document, day: f64, playing: bool) {
        let setup = document.setup();
        let same = self.session.as_ref().filter(|s| {
            let own = s.setup();
            own.scene == setup.scene && own.mask == setup.mask
        });
        let place = same.map(|s| s.place.clone());
        let then = Then {
            day,
            playing,
            ..Then::default()
        };
        self.restart(document, place, then);
    }

    /// Opens a demonstration, in voxels as fine as those that are shown.
    pub(super) fn demonstrate(&mut self, title: &str) {
        let Some((_, text)) = DEMONSTRATIONS.iter().find(|(t, _)| *t == title) else {
            return;
        };
        match Document::parse(title, text) {
            Ok((document, _)) => {
                let setup = document.setup().clone();
                let size = self.session.as_ref().map_or(setup.size, |s| s.setup().size);
                let document = document.with_setup(Setup { size, ..setup });
                self.open_document(document, 0.0, true);
            }
            Err(error) => self.told = error.to_string(),
        }
    }

    /// Saving and opening, by the desktop's own dialog or by name.
    pub(super) fn files(&mut self, ui: &mut Ui) {
        let label = ui.label("File");
        ui.text_edit_singleline(&mut self.file)
            .labelled_by(label.id);
        ui.horizontal(|ui| {
            if ui.button("Save").clicked() {
                self.save();
                ui.close();
            }
            if ui.button("Open").clicked() {
                self.load();
                ui.close();
            }
        });
        let is_free = self.choosing.is_none();
        ui.horizontal(|ui| {
            for (saves, name) in [(true, "Save as …"), (false, "Open …")] {
                if ui.add_enabled(is_free, egui::Button::new(name)).clicked() {
                    self.choose(saves, ui.ctx());
                    ui.close();
                }
            }
        });
        if !self.settings.recent.is_empty() {
            let mut chosen = None;
            ui.menu_button("Recent", |ui| {
                for file in &self.settings.recent {
                    if ui.button(file).clicked() {
                        chosen = Some(file.clone());
                        ui.close();
                    }
                }
            });
            if let Some(file) = chosen {
                self.file = file;
                self.load();
                ui.close();
            }
        }
    }

    /// Asks for a file in the desktop's own dialog, while the window goes on.
    pub(super) fn choose(&mut self, saves: bool, ctx: &egui::Context) {
        let name = Path::new(&self.file).file_name();
        let name = name.map_or_else(String::new, |n| n.to_string_lossy().into_owned());
        let dialog = rfd::AsyncFileDialog::new().add_filter("session or scenario", &["toml"]);
        let path = |file: Option<rfd::FileHandle>| file.map(|f| f.path().to_path_buf());
        let chosen: Chosen = if saves {
            let asked = dialog.set_file_name(name).save_file();
            Box::pin(async move { path(asked.await) })
        } else {
            let asked = dialog.pick_file();
            Box::pin(async move { path(asked.await) })
        };
        self.choosing = Some((chosen, saves));
        ctx.request_repaint();
    }

    /// Takes in what was chosen.
    pub(super) fn take_chosen(&mut self, ctx: &egui::Context) {
        let Some((chosen, saves)) = &mut self.choosing else {
            return;
        };
        let saves = *saves;
        // The dialog's answer makes a frame, which looks here again.
        let waker = Waker::from(Arc::new(Repaint(ctx.clone())));
        let Poll::Ready(path) = chosen.as_mut().poll(&mut Context::from_waker(&waker)) else {
            return;
        };
        self.choosing = None;
        let Some(path) = path else {
            "no file was chosen; where the desktop has no dialog, the name is typed above Save"
                .clone_into(&mut self.told);
            return;
        };
        self.file = path.display().to_string();
        if saves {
            // The dialog has asked whether to write over it.
            self.known = io::read_text(&path).ok();
            self.save();
        } else {
            self.load();
        }
    }

    /// What is arranged now.
    pub(super) fn settings(&self) -> super::store::Settings {
        super::store::Settings {
            explore: self.explore,
            tiles: self.tiles.as_ref().and_then(super::tiles::written),
            ..self.settings.clone()
        }
    }

    /// Keeps the session and the layout, now and then.
    pub(super) fn keep(&mut self, at_once: bool) {
        if !at_once && self.autosaved.elapsed() < AUTOSAVE {
            return;
        }
        self.autosaved = Instant::now();
        let has_begun = self
            .session
            .as_ref()
            .is_some_and(|s| s.last_day() > 0.0 || s.driver.document().can_undo()[0]);
        if let (Some(text), true) = (self.session_text(), has_begun)
            && let Some(autosave) = &mut self.autosave
        {
            autosave.write(&text);
        }
        let settings = self.settings();
        if settings != self.written {
            self.store.set_settings(&settings);
            self.written = settings.clone();
        }
        self.settings = settings;
    }

    /// Offers the session of a window that ended unexpectedly.
    pub(super) fn offer_lost(&mut self, ui: &mut Ui) {
        let Some(file) = self.lost.first().cloned() else {
            return;
        };
        ui.horizontal(|ui| {
            let amber = super::theme::palette(ui.ctx()).by_hand;
            ui.colored_label(amber, "A window ended unexpectedly. Its session is kept.");
            let opens = ui.button("Open that session").clicked();
            let forgets = ui.button("Forget it").clicked();
            if opens {
                let read = io::read_text(&file).map_err(StudyError::from);
                let name = file.display().to_string();
                match read.and_then(|text| self.document_of(&name, &text)) {
                    Ok((document, days)) => self.open_document(document, days, false),
                    Err(error) => self.told = error.to_string(),
                }
            }
            if opens || forgets {
                self.lost.remove(0);
                io::remove(&file).ok();
            }
        });
    }
}
