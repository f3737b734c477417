//! A session that is being made while the window goes on: another scene, person or mission, a file
//! that was opened, a device that was lost.

use std::sync::mpsc::{Receiver, TryRecvError, channel};

use eframe::egui::{self, Ui};

use crate::sim::SETTLING_ROUNDS;
use crate::study::{Document, Place, StudyError};

use super::{MechanostatApp, Session};

/// What a session is to do once it is there.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Then {
    /// Links that are cut and the like are cut there too.
    pub(super) ask: bool,
    /// The day that it goes to by itself.
    pub(super) day: f64,
    /// The day that is looked at there, if that is another.
    pub(super) past: Option<f64>,
    /// Whether time passes from there on.
    pub(super) playing: bool,
}

/// On its way.
#[derive(Debug)]
pub(super) struct Beginning {
    made: Receiver<Result<Session, StudyError>>,
    /// What it is, for people.
    what: String,
    then: Then,
}

impl MechanostatApp {
    /// Begins a document anew, in its place, which is looked for where none is given. What can go
    /// on from the settled bone begins at once; else the session that is shown stays until the new
    /// one is there.
    pub(super) fn restart(&mut self, document: Document, place: Option<Place>, then: Then) {
        self.gpu.clear_error();
        self.beginning = None;
        if let Some(session) = &mut self.session
            && !self.gpu.is_lost()
            && place
                .as_ref()
                .is_some_and(|p| session.can_begin(&document, p))
        {
            let before = session.driver.document().clone();
            let day = session.simulation().day();
            if session.begin(document.clone()) {
                self.trouble = None;
                self.last_session = None;
                if then.ask {
                    let asked = session.ask_as(&before, day);
                    self.trouble = asked.err().map(|e| e.to_string());
                }
                session.then(then);
                return;
            }
        }
        if let Some(session) = &mut self.session {
            session.playing = false;
        }
        let setup = document.setup();
        let what = format!("{} · {}", setup.scenario.name, setup.scene);
        let (tell, made) = channel();
        let (gpu, store) = (self.gpu.clone(), self.store.clone());
        std::thread::spawn(move || {
            let setup = document.setup();
            let place = place.map_or_else(
                || Place::find(&setup.scene, setup.size, setup.mask.as_deref()),
                Ok,
            );
            let made = place.and_then(|place| Session::new(&gpu, document, place, &store));
            // Nobody listens where it was cancelled.
            tell.send(made).ok();
        });
        self.beginning = Some(Beginning { made, what, then });
    }

    /// Takes a session over that was begun, once it is there.
    pub(super) fn take_begun(&mut self, ctx: &egui::Context) {
        let Some(beginning) = &self.beginning else {
            // What was before is let go of once there is no way back to it.
            if self
                .session
                .as_ref()
                .is_some_and(|s| s.simulation().is_settled())
            {
                self.last_session = None;
            }
            return;
        };
        ctx.request_repaint();
        let then = beginning.then;
        match beginning.made.try_recv() {
            Err(TryRecvError::Empty) => {}
            Err(TryRecvError::Disconnected) => {
                self.beginning = None;
                "the scene could not be made: the program's own fault".clone_into(&mut self.told);
            }
            Ok(Err(error)) => {
                self.beginning = None;
                if self.session.is_some() {
                    self.told = error.to_string();
                } else {
                    self.trouble = Some(error.to_string());
                }
            }
            Ok(Ok(session)) => {
                self.beginning = None;
                self.adopt(session, then);
            }
        }
    }

    /// Shows a session, and keeps the one before until the new one's bone has settled.
    pub(super) fn adopt(&mut self, mut session: Session, then: Then) {
        self.trouble = None;
        if let Some(before) = &self.session {
            if then.ask {
                let day = before.simulation().day();
                let asked = session.ask_as(before.driver.document(), day);
                self.trouble = asked.err().map(|e| e.to_string());
            }
            session.speed = before.speed;
        }
        session.then(then);
        let before = self.show_session(session);
        // Of two that settle none can be gone back to.
        self.last_session = before.filter(|s| s.simulation().is_settled());
    }

    /// Shows a session; returns the one before.
    fn show_session(&mut self, session: Session) -> Option<Session> {
        self.look_at(session.simulation().anatomy());
        self.screenshot = None;
        self.views.clear(&self.render);
        self.slices.clear(&self.render);
        self.finder = Some(crate::view::Finder::new(session.simulation().anatomy()));
        self.fit = None;
        self.pins.clear();
        self.drag = None;
        self.draft = None;
        self.session.replace(session)
    }

    /// What is being made, with a way to leave it.
    pub(super) fn progress(&mut self, ui: &mut Ui) {
        let mut cancelled = false;
        let round = self.session.as_ref().and_then(Session::settling);
        let (text, share) = match (&self.beginning, round) {
            (Some(beginning), _) => (format!("Preparing {} …", beginning.what), None),
            (None, Some(round)) => {
                let text = format!("The bone settles under 1 g: {round} of {SETTLING_ROUNDS}");
                (text, Some(round as f32 / SETTLING_ROUNDS as f32))
            }
            (None, None) => return,
        };
        let may = self.beginning.is_some() || self.last_session.is_some();
        ui.horizontal(|ui| {
            if let Some(share) = share {
                let bar = egui::ProgressBar::new(share).desired_width(160.0);
                ui.add(bar);
            } else {
                ui.spinner();
            }
            ui.label(text);
            let cancel = ui.add_enabled(may, egui::Button::new("Cancel"));
            cancelled = cancel
                .on_hover_text("back to what was shown before")
                .clicked();
        });
        if cancelled {
            if self.beginning.take().is_none()
                && let Some(before) = self.last_session.take()
            {
                self.show_session(before);
            }
            self.told.clear();
        }
    }
}
