//! What a window hands to the next one where its device was lost.

use std::sync::{Arc, Mutex};

use eframe::egui;

use crate::study::{Document, Place};
use crate::view::{Look, Picture};

use super::beginning::Then;
use super::store::Settings;
use super::{Compare, MechanostatApp, Speed};

/// Where it is left.
pub(super) type Carry = Arc<Mutex<Option<Carried>>>;

/// Everything as it was, but for what was on the device.
#[derive(Debug)]
pub struct Carried {
    pub(super) document: Document,
    pub(super) place: Place,
    pub(super) then: Then,
    pub(super) shown: Shown,
}

/// How it was looked at.
#[derive(Debug, Clone)]
pub(super) struct Shown {
    pub(super) speed: Speed,
    pub(super) look: Look,
    pub(super) picture: Picture,
    pub(super) fitting: bool,
    pub(super) compare: Compare,
    pub(super) settings: Settings,
    pub(super) file: String,
    pub(super) known: Option<String>,
}

impl MechanostatApp {
    /// What the next window is to be like.
    pub fn carried(&self) -> Option<Carried> {
        let session = self.session.as_ref()?;
        Some(Carried {
            document: session.driver.document().clone(),
            place: session.place.clone(),
            then: Then {
                ask: false,
                day: session.last_day(),
                past: session.past(),
                playing: session.playing,
            },
            shown: Shown {
                speed: session.speed,
                look: self.look,
                picture: self.picture,
                fitting: self.fitting,
                compare: self.views.compare,
                settings: self.settings(),
                file: self.file.clone(),
                known: self.known.clone(),
            },
        })
    }

    /// Leaves everything for a window on a new device, and closes this one.
    pub(super) fn leave(&mut self, ctx: &egui::Context) {
        self.keep(true);
        if let (Some(carried), Ok(mut slot)) = (self.carried(), self.carry.lock())
            && slot.is_none()
        {
            log::warn!("the device was lost; the window opens again on a new one");
            *slot = Some(carried);
        }
        ctx.send_viewport_cmd(egui::ViewportCommand::Close);
    }

    /// Looks at everything as the window before did.
    pub(super) fn look_as(&mut self, shown: Shown) {
        if let Some(session) = &mut self.session {
            session.speed = shown.speed;
        }
        self.look = shown.look;
        self.picture = shown.picture;
        self.fitting = shown.fitting;
        self.views.compare = shown.compare;
        self.explore = shown.settings.explore;
        self.tiles = Some(super::tiles::read(shown.settings.tiles.as_deref()));
        self.settings = shown.settings;
        self.file = shown.file;
        self.known = shown.known;
        "the graphics device was lost; the run goes on, on a new one".clone_into(&mut self.told);
    }

    /// Destroys the device, as a driver that breaks down does: for tests.
    pub fn lose_device(&self) {
        self.gpu.device().destroy();
    }
}
