//! What can be chosen: mission, time, gravity, view.

use eframe::egui::{self, RichText, Ui};

use crate::scenario::{Conditions, DoseResponse, Drug, MOST_NAME, Phase, Posture};
use crate::sim::SimError;
use crate::study::{Document, Place, Setup, What, Which, scenario};
use crate::tissue::SCENES;

use super::beginning::Then;
use super::{MechanostatApp, Session, Speed};

/// The stops of the gravity control.
const STOPS: [(&str, f64); 4] = [("0 g", 0.0), ("Moon", 0.166), ("Mars", 0.378), ("1 g", 1.0)];

/// How long the strain field is shown after gravity was touched.
const FLASH: std::time::Duration = std::time::Duration::from_millis(1500);

/// Of what the user set up, what outlives a new beginning is asked again; time stands.
const ANEW: Then = Then {
    ask: true,
    day: 0.0,
    past: None,
    playing: false,
};
/// A mission that was chosen begins at once.
const PLAYING: Then = Then {
    playing: true,
    ..ANEW
};

/// What the user asked of the run in this frame.
pub(super) enum Intent {
    Restart(Option<&'static str>),
    Scene(&'static str),
    Group(String),
    Do(What),
    /// In place of what a control that is being dragged did before.
    Adjust(What),
    /// Another mission for the run that is shown.
    Mission(Vec<Phase>),
    /// The same body on Earth as the twin.
    Earth,
    Demonstration(&'static str),
    Bookmark,
    Snapshot,
    Show(Which),
    TakeBack(bool),
}

impl MechanostatApp {
    /// All that the first screen leaves out.
    pub(super) fn controls(&mut self, ui: &mut Ui) {
        let mut intent = None;
        let Some(session) = &mut self.session else {
            ui.label("No run.");
            return;
        };
        scene(ui, session, &mut intent);
        ui.separator();
        time(ui, session);
        ui.separator();
        ui.add_enabled_ui(session.simulation().is_settled(), |ui| {
            let (now, _) = session.conditions();
            posture(ui, now, &mut intent);
            care(ui, now, &mut intent);
            what_if(ui, now, &mut intent);
            ui.add_enabled_ui(session.is_by_hand(), |ui| {
                if ui.button("Follow the scenario again").clicked() {
                    intent = Some(Intent::Do(What::FollowScenario));
                }
            });
        });
        if let Some(intent) = intent {
            self.perform(intent);
        }
    }

    /// Files, undo, twins: a menu.
    pub(super) fn session_menu(&mut self, ui: &mut Ui) {
        ui.menu_button("Session", |ui| {
            self.files(ui);
            ui.separator();
            let can = self
                .session
                .as_ref()
                .map_or([false; 2], |s| s.driver.document().can_undo());
            for (redo, name) in [(false, "Undo (Ctrl+Z)"), (true, "Redo (Ctrl+Y)")] {
                let button = egui::Button::new(name);
                if ui.add_enabled(can[usize::from(redo)], button).clicked() {
                    self.perform(Intent::TakeBack(redo));
                }
            }
            self.mission_menu(ui);
            ui.separator();
            for theme in super::theme::Theme::ALL {
                let chosen = self.settings.theme == theme;
                if ui
                    .radio(chosen, format!("{} theme", theme.name()))
                    .clicked()
                {
                    self.choose_theme(ui.ctx(), theme);
                }
            }
            ui.separator();
            if ui.button("Commands (Ctrl+K)").clicked() {
                self.commands.open();
                ui.close();
            }
            if ui.button("Keys (F1)").clicked() {
                self.commands.lists = true;
                ui.close();
            }
            if self.explore {
                ui.separator();
                if ui.button("Tiles as at first").clicked() {
                    self.tiles = Some(super::tiles::usual());
                    ui.close();
                }
            }
        });
    }

    pub(super) fn perform(&mut self, intent: Intent) {
        let Some(session) = &mut self.session else {
            return;
        };
        let setup = session.setup().clone();
        let place = session.place.clone();
        match intent {
            Intent::Do(what) => {
                if matches!(what, What::Gravity(_)) {
                    self.flash = Some(std::time::Instant::now() + FLASH);
                }
                let done = session.act(what);
                self.tell(done);
            }
            Intent::Adjust(what) => {
                self.flash = Some(std::time::Instant::now() + FLASH);
                let done = session.adjust(what);
                self.tell(done);
            }
            Intent::Mission(phases) => {
                let done = session.change_mission(phases);
                self.tell(done);
            }
            Intent::Earth => {
                let done = session.branch_to_earth();
                self.tell(done);
            }
            Intent::Demonstration(title) => self.demonstrate(title),
            Intent::Bookmark => {
                let sentence = match self.sentence.trim() {
                    "" => session.sentence(),
                    own => own.chars().take(MOST_NAME).collect(),
                };
                let done = session.act(What::Bookmark(sentence));
                self.sentence.clear();
                self.tell(done);
            }
            Intent::Snapshot => {
                let done = session.snapshot();
                let day = session.simulation().day();
                match done {
                    Ok(true) => self.told = format!("day {day:.0} is kept"),
                    Ok(false) => {
                        "no room, or the run is under way: try again when it stands"
                            .clone_into(&mut self.told);
                    }
                    Err(error) => self.told = error.to_string(),
                }
            }
            Intent::TakeBack(redo) => {
                let done = session.take_back(redo).map(drop);
                self.tell(done);
            }
            Intent::Show(which) => session.show(which),
            Intent::Restart(None) => self.restart(Document::new(setup), Some(place), ANEW),
            Intent::Restart(Some(name)) => match scenario(name) {
                Ok(scenario) => {
                    let setup = Setup {
                        scenario_name: name.to_owned(),
                        scenario,
                        ..setup
                    };
                    self.restart(Document::new(setup), Some(place), PLAYING);
                }
                Err(error) => self.trouble = Some(error.to_string()),
            },
            Intent::Scene(name) => {
                let setup = Setup {
                    scene: name.to_owned(),
                    mask: None,
                    ..setup
                };
                self.restart(Document::new(setup), Some(Place::scene(name)), ANEW);
            }
            Intent::Group(group) => {
                self.restart(Document::new(Setup { group, ..setup }), Some(place), ANEW);
            }
        }
    }

    /// Says what went wrong, if anything did.
    pub(super) fn tell(&mut self, done: Result<(), SimError>) {
        if let Err(error) = done {
            self.told = error.to_string();
        }
    }
}

/// Where, of whom.
fn scene(ui: &mut Ui, session: &Session, intent: &mut Option<Intent>) {
    let label = ui.label("Scene");
    let scene = session.simulation().anatomy().scene;
    egui::ComboBox::from_id_salt("scene")
        .selected_text(scene)
        .width(ui.available_width().clamp(60.0, 210.0))
        .show_ui(ui, |ui| {
            for name in SCENES {
                let is_shown = *name == scene;
                // What is there already is no reason to begin anew.
                if ui.selectable_label(is_shown, *name).clicked() && !is_shown {
                    *intent = Some(Intent::Scene(name));
                }
            }
        })
        .response
        .labelled_by(label.id);
    let label = ui.label("Group");
    let groups = &session.simulation().model().groups;
    let title = groups.iter().find(|g| g.name == session.setup().group);
    egui::ComboBox::from_id_salt("group")
        .selected_text(title.map_or(session.setup().group.as_str(), |g| g.title.as_str()))
        .width(ui.available_width().clamp(60.0, 210.0))
        .show_ui(ui, |ui| {
            for group in groups {
                let is_theirs = group.name == session.setup().group;
                if ui.selectable_label(is_theirs, &group.title).clicked() && !is_theirs {
                    *intent = Some(Intent::Group(group.name.clone()));
                }
            }
        })
        .response
        .labelled_by(label.id);
}

/// A day at a time.
fn time(ui: &mut Ui, session: &mut Session) {
    let settled = session.simulation().is_settled();
    let stands = settled && !session.is_playing() && session.past().is_none();
    ui.label(RichText::new("Time").strong());
    for speed in Speed::ALL {
        ui.radio_value(&mut session.speed, speed, speed.name());
    }
    if ui
        .add_enabled(stands, egui::Button::new("Step 1 day"))
        .clicked()
    {
        session.step_once();
    }
    ui.horizontal(|ui| {
        for (name, by) in [("−1 day", -1.0), ("+1 day", 1.0), ("today", f64::INFINITY)] {
            if ui.button(name).clicked() {
                session.look_at(session.day() + by);
            }
        }
    });
}

/// Gravity where people have been, and may be.
pub(super) fn gravity_stops(ui: &mut Ui, now: Conditions, intent: &mut Option<Intent>) {
    for (name, gravity) in STOPS {
        let chosen = (now.gravity - gravity).abs() < 1e-9;
        let stop = ui.selectable_label(chosen, name);
        super::script::note(ui.ctx(), name, stop.rect);
        if stop.clicked() {
            *intent = Some(Intent::Do(What::Gravity(gravity)));
        }
    }
}

/// Any gravity.
pub(super) fn gravity_slider(ui: &mut Ui, now: Conditions, intent: &mut Option<Intent>) {
    let mut gravity = now.gravity;
    // The slider may neither round nor clamp a scenario's own gravity: that would be a change that
    // the user did not make.
    let slider = egui::Slider::new(&mut gravity, 0.0..=3.0)
        .clamping(egui::SliderClamping::Edits)
        .custom_formatter(|g, _| format!("{g:.2}"))
        .suffix(" g");
    let response = ui.add(slider);
    response.widget_info(|| egui::WidgetInfo::slider(true, now.gravity, "gravity"));
    let begun = response.id.with("begun");
    if !response.dragged() {
        ui.data_mut(|d| d.remove::<bool>(begun));
    }
    let has_begun = ui.data(|d| d.get_temp::<bool>(begun)).unwrap_or(false);
    if response.changed() && (gravity - now.gravity).abs() > 1e-9 {
        // One drag is one action, however often the slider moves: the first move begins it.
        let is_going_on = response.dragged() && has_begun;
        ui.data_mut(|d| d.insert_temp(begun, true));
        let what = What::Gravity(gravity);
        *intent = Some(if is_going_on {
            Intent::Adjust(what)
        } else {
            Intent::Do(what)
        });
    }
}

/// Posture.
fn posture(ui: &mut Ui, now: Conditions, intent: &mut Option<Intent>) {
    for (held, name, told) in [
        (Posture::BedRest, "bed rest", "lying: no weight on the legs"),
        (
            Posture::Paralysed,
            "paralysed legs",
            "in a wheelchair: neither weight nor nerves to the legs",
        ),
    ] {
        let mut is_held = now.posture == held;
        let label = ui.checkbox(&mut is_held, name).on_hover_text(told);
        if label.changed() {
            let posture = if is_held { held } else { Posture::Upright };
            *intent = Some(Intent::Do(What::Posture(posture)));
        }
    }
}

/// A drug, a culture.
fn care(ui: &mut Ui, now: Conditions, intent: &mut Option<Intent>) {
    let mut drug = now.drug == Drug::Bisphosphonate;
    if ui.checkbox(&mut drug, "bisphosphonate").changed() {
        let drug = if drug {
            Drug::Bisphosphonate
        } else {
            Drug::None
        };
        *intent = Some(Intent::Do(What::Drug(drug)));
    }
    let mut culture = now.simulated_microgravity;
    if ui
        .checkbox(&mut culture, "simulated microgravity (culture)")
        .changed()
    {
        *intent = Some(Intent::Do(What::SimulatedMicrogravity(culture)));
    }
}

/// The answer to partial gravity, and links cut.
fn what_if(ui: &mut Ui, now: Conditions, intent: &mut Option<Intent>) {
    let label = ui.label("Answer to partial gravity");
    egui::ComboBox::from_id_salt("dose response")
        .selected_text(now.dose_response.name())
        .show_ui(ui, |ui| {
            for dose_response in DoseResponse::ALL.iter().copied() {
                let chosen = dose_response == now.dose_response;
                if ui.selectable_label(chosen, dose_response.name()).clicked() {
                    *intent = Some(Intent::Do(What::DoseResponse(dose_response)));
                }
            }
        })
        .response
        .labelled_by(label.id);
    ui.label("Links of the ring are cut in the tile Causes.");
}

/// Which of two runs is shown, and acted on.
pub(super) fn which(ui: &mut Ui, shows: Which, intent: &mut Option<Intent>) {
    ui.label("Shown:");
    for which in [Which::First, Which::Twin] {
        let name = super::timeline::named(which);
        if ui.selectable_label(shows == which, name).clicked() {
            *intent = Some(Intent::Show(which));
        }
    }
}

impl MechanostatApp {
    /// What was done by hand, in the order of days.
    pub(super) fn log(&self, ui: &mut Ui) {
        let Some(session) = &self.session else { return };
        let actions = session.driver.document().actions();
        if actions.is_empty() {
            ui.label("nothing by hand; conditions are the mission's");
        }
        for action in actions {
            let on = match action.on {
                Which::First => String::new(),
                which @ Which::Twin => format!(", the {}", super::timeline::named(which)),
            };
            ui.label(format!("day {:.0}{on}: {}", action.day, action.what.told()));
        }
    }
}
