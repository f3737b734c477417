//! What can be chosen: mission, time, gravity, view.

use eframe::egui::{self, RichText, Ui};

use crate::figure::plain;
use crate::scenario::{BUILT_IN, Conditions, DoseResponse, Drug, Exercise, Link, Posture};
use crate::sim::SimError;
use crate::study::{Document, Place, Setup, What, Which, scenario};
use crate::tissue::SCENES;
use crate::view::{Cut, FieldKind, MuscleSet, Muscles, Picture};

use super::{MechanostatApp, Session, Speed};

/// The stops of the gravity control.
const STOPS: [(&str, f64); 4] = [("0 g", 0.0), ("Moon", 0.166), ("Mars", 0.378), ("1 g", 1.0)];

/// What the user asked of the run in this frame.
enum Intent {
    Restart(Option<&'static str>),
    Scene(&'static str),
    Group(String),
    Do(What),
    /// In place of what a control that is being dragged did before.
    Adjust(What),
    Show(Which),
    Save,
    Open,
    TakeBack(bool),
}

impl MechanostatApp {
    pub(super) fn controls(&mut self, ui: &mut Ui) {
        let mut intent = None;
        ui.add_space(6.0);
        ui.heading("Mechanostat");
        ui.add_space(6.0);
        let Some(session) = &mut self.session else {
            ui.label("No run.");
            return;
        };
        file(ui, &mut self.file, &self.told, &mut intent);
        ui.add_space(6.0);
        if session.driver.has_twin() {
            which(ui, session.shows(), &mut intent);
        }
        mission(ui, session, &mut intent);
        ui.separator();
        time(ui, session, &mut intent);
        ui.separator();
        ui.label(RichText::new("Gravity").strong());
        ui.add_enabled_ui(session.simulation().is_settled(), |ui| {
            let (now, _) = session.conditions();
            gravity(ui, now, &mut intent);
            care(ui, now, &mut intent);
            what_if(ui, now, &mut intent);
            ui.add_enabled_ui(session.is_by_hand(), |ui| {
                if ui.button("Follow the scenario again").clicked() {
                    intent = Some(Intent::Do(What::FollowScenario));
                }
            });
        });
        ui.separator();
        view(ui, session, &mut self.picture);
        if let Some(intent) = intent {
            self.perform(intent);
        }
    }

    fn perform(&mut self, intent: Intent) {
        let Some(session) = &mut self.session else {
            return;
        };
        let setup = session.setup().clone();
        let place = session.place.clone();
        match intent {
            Intent::Do(what) => {
                let done = session.act(what);
                self.tell(done);
            }
            Intent::Adjust(what) => {
                let done = session.adjust(what);
                self.tell(done);
            }
            Intent::TakeBack(redo) => {
                let done = session.take_back(redo).map(drop);
                self.tell(done);
            }
            Intent::Show(which) => session.show(which),
            Intent::Save => self.save(),
            Intent::Open => self.load(),
            Intent::Restart(None) => self.restart(Document::new(setup), place),
            Intent::Restart(Some(name)) => match scenario(name) {
                Ok(scenario) => {
                    let setup = Setup {
                        scenario_name: name.to_owned(),
                        scenario,
                        ..setup
                    };
                    self.restart(Document::new(setup), place);
                }
                Err(error) => self.trouble = Some(error.to_string()),
            },
            Intent::Scene(name) => {
                let setup = Setup {
                    scene: name.to_owned(),
                    mask: None,
                    ..setup
                };
                self.restart(Document::new(setup), Place::scene(name));
            }
            Intent::Group(group) => {
                self.restart(Document::new(Setup { group, ..setup }), place);
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

/// Which mission, where, of whom.
fn mission(ui: &mut Ui, session: &Session, intent: &mut Option<Intent>) {
    let label = ui.label("Scenario");
    egui::ComboBox::from_id_salt("scenario")
        .selected_text(session.setup().scenario.name.clone())
        .width(210.0)
        .show_ui(ui, |ui| {
            for (name, _) in BUILT_IN {
                if ui.selectable_label(false, *name).clicked() {
                    *intent = Some(Intent::Restart(Some(name)));
                }
            }
        })
        .response
        .labelled_by(label.id);
    let label = ui.label("Scene");
    let scene = session.simulation().anatomy().scene;
    egui::ComboBox::from_id_salt("scene")
        .selected_text(scene)
        .width(210.0)
        .show_ui(ui, |ui| {
            for name in SCENES {
                if ui.selectable_label(*name == scene, *name).clicked() {
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
        .width(210.0)
        .show_ui(ui, |ui| {
            for group in groups {
                if ui
                    .selectable_label(group.name == session.setup().group, &group.title)
                    .clicked()
                {
                    *intent = Some(Intent::Group(group.name.clone()));
                }
            }
        })
        .response
        .labelled_by(label.id);
}

/// Playing, stepping, beginning anew.
fn time(ui: &mut Ui, session: &mut Session, intent: &mut Option<Intent>) {
    let settled = session.simulation().is_settled();
    ui.label(RichText::new("Time").strong());
    ui.horizontal(|ui| {
        let name = if session.playing { "Pause" } else { "Play" };
        if ui
            .add_sized([60.0, 24.0], egui::Button::new(name))
            .clicked()
        {
            session.playing = !session.playing;
        }
        if ui
            .add_enabled(settled && !session.playing, egui::Button::new("Step 1 day"))
            .clicked()
        {
            session.step_once();
        }
        if ui.button("Reset").clicked() {
            *intent = Some(Intent::Restart(None));
        }
    });
    for speed in Speed::ALL {
        ui.radio_value(&mut session.speed, speed, speed.name());
    }
}

/// Gravity and posture.
fn gravity(ui: &mut Ui, now: Conditions, intent: &mut Option<Intent>) {
    ui.horizontal(|ui| {
        for (name, gravity) in STOPS {
            let chosen = (now.gravity - gravity).abs() < 1e-9;
            if ui.selectable_label(chosen, name).clicked() {
                *intent = Some(Intent::Do(What::Gravity(gravity)));
            }
        }
    });
    let mut gravity = now.gravity;
    // The slider may neither round nor clamp a scenario's own gravity: that would be a change that
    // the user did not make.
    let slider = egui::Slider::new(&mut gravity, 0.0..=3.0)
        .clamping(egui::SliderClamping::Edits)
        .custom_formatter(|g, _| format!("{g:.2}"))
        .suffix(" g")
        .text("gravity");
    let response = ui.add(slider);
    if response.changed() && (gravity - now.gravity).abs() > 1e-9 {
        // One drag is one action, however often the slider moves.
        let is_going_on = response.dragged() && !response.drag_started();
        let what = What::Gravity(gravity);
        *intent = Some(if is_going_on {
            Intent::Adjust(what)
        } else {
            Intent::Do(what)
        });
    }
    let mut bed = now.posture == Posture::BedRest;
    if ui.checkbox(&mut bed, "bed rest").changed() {
        let posture = if bed {
            Posture::BedRest
        } else {
            Posture::Upright
        };
        *intent = Some(Intent::Do(What::Posture(posture)));
    }
}

/// Exercise, a drug, a culture.
fn care(ui: &mut Ui, now: Conditions, intent: &mut Option<Intent>) {
    let label = ui.label("Exercise");
    egui::ComboBox::from_id_salt("exercise")
        .selected_text(now.exercise.name())
        .show_ui(ui, |ui| {
            for exercise in Exercise::ALL {
                if ui
                    .selectable_label(*exercise == now.exercise, exercise.name())
                    .clicked()
                {
                    *intent = Some(Intent::Do(What::Exercise(*exercise)));
                }
            }
        })
        .response
        .labelled_by(label.id);
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
    egui::CollapsingHeader::new("What if a link were cut?").show(ui, |ui| {
        for link in Link::ALL.iter().copied() {
            let mut works = !now.cuts.contains(link);
            if ui.checkbox(&mut works, link.title()).changed() {
                let what = if works {
                    What::Join(link)
                } else {
                    What::Cut(link)
                };
                *intent = Some(Intent::Do(what));
            }
        }
    });
}

/// Field, cut, and the way back to the usual view.
fn view(ui: &mut Ui, session: &Session, picture: &mut Picture) {
    ui.label(RichText::new("View").strong());
    let label = ui.label("Field");
    egui::ComboBox::from_id_salt("field")
        .selected_text(picture.field.title())
        .width(210.0)
        .show_ui(ui, |ui| {
            for field in FieldKind::ALL.iter().copied() {
                if ui
                    .selectable_label(field == picture.field, field.title())
                    .clicked()
                {
                    let anatomy = session.simulation().anatomy();
                    picture.field = field;
                    picture.range = Picture::of(anatomy, field, [1, 1]).range;
                    picture.colormap = field.colormap();
                    if !field.in_muscle() {
                        picture.shown = MuscleSet::ALL;
                    }
                }
            }
        })
        .response
        .labelled_by(label.id);
    if picture.field.in_muscle() {
        let muscles = &session.simulation().anatomy().muscles;
        let name = |only: Option<usize>| {
            let one = only.and_then(|k| muscles.get(k));
            one.map_or_else(|| "all muscles".to_owned(), |m| plain(m.name))
        };
        let label = ui.label("Muscle");
        egui::ComboBox::from_id_salt("muscle")
            .selected_text(name(picture.shown.single(muscles.len())))
            .width(210.0)
            .show_ui(ui, |ui| {
                for only in std::iter::once(None).chain((0..muscles.len()).map(Some)) {
                    let set = only.map_or(MuscleSet::ALL, MuscleSet::only);
                    ui.selectable_value(&mut picture.shown, set, name(only));
                }
            })
            .response
            .labelled_by(label.id);
    }
    let mut open = picture.cut != Cut::None;
    let mut at = picture.cut.share().unwrap_or(0.53);
    ui.checkbox(&mut open, "cut open");
    ui.add_enabled(
        open,
        egui::Slider::new(&mut at, 0.05..=0.95)
            .show_value(false)
            .text("cut"),
    );
    // The plane stays the scene's own; a share of its depth is moved.
    picture.cut = match picture.cut {
        _ if !open => Cut::None,
        Cut::None => Cut::Coronal(at),
        cut => cut.at(at),
    };
    let mut ghost = picture.muscles != Muscles::Hidden;
    if ui.checkbox(&mut ghost, "hint at the muscles").changed() {
        picture.muscles = match (ghost, picture.field.in_muscle()) {
            (false, _) => Muscles::Hidden,
            (true, false) => Muscles::Shell,
            (true, true) => Muscles::Solid,
        };
    }
    if ui.button("Reset view").clicked() {
        let size = picture.size;
        let field = picture.field;
        let background = picture.background;
        *picture = Picture::of(session.simulation().anatomy(), field, size);
        picture.background = background;
    }
}

/// Which of two runs is shown, and acted on.
fn which(ui: &mut Ui, shows: Which, intent: &mut Option<Intent>) {
    ui.horizontal(|ui| {
        ui.label("Shown:");
        for (which, name) in [(Which::First, "first run"), (Which::Twin, "twin")] {
            if ui.selectable_label(shows == which, name).clicked() {
                *intent = Some(Intent::Show(which));
            }
        }
    });
    ui.add_space(6.0);
}

/// Saving, opening, undoing, and beginning a twin.
fn file(ui: &mut Ui, name: &mut String, told: &str, intent: &mut Option<Intent>) {
    ui.menu_button("Session", |ui| {
        let label = ui.label("File");
        ui.text_edit_singleline(name).labelled_by(label.id);
        if ui.button("Save").clicked() {
            *intent = Some(Intent::Save);
            ui.close();
        }
        if ui.button("Open").clicked() {
            *intent = Some(Intent::Open);
            ui.close();
        }
        ui.separator();
        if ui.button("Undo (Ctrl+Z)").clicked() {
            *intent = Some(Intent::TakeBack(false));
        }
        if ui.button("Redo (Ctrl+Y)").clicked() {
            *intent = Some(Intent::TakeBack(true));
        }
        ui.separator();
        let twin = ui.button("Begin a twin today").on_hover_text(
            "a second run with this one's past: what is done to it leaves the first as it is",
        );
        if twin.clicked() {
            *intent = Some(Intent::Do(What::Branch));
            ui.close();
        }
    });
    if !told.is_empty() {
        ui.label(told);
    }
}
