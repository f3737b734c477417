//! The seven controls: mission, gravity, exercise, view, play, time, reset.

use std::sync::LazyLock;

use eframe::egui::{self, RichText, Ui};

use crate::scenario::{BUILT_IN, Exercise, Scenario};
use crate::study::{DEMONSTRATIONS, What, Which};
use crate::view::Look;

use super::controls::{Intent, gravity_slider, gravity_stops};
use super::views::Compare;
use super::{MechanostatApp, Session, Speed};

/// The built-in missions, by name, with their titles.
pub(super) static TITLES: LazyLock<Vec<(&str, String)>> = LazyLock::new(|| {
    let title = |name: &str| match Scenario::built_in(name) {
        Some(Ok(scenario)) => scenario.name,
        _ => name.to_owned(),
    };
    BUILT_IN
        .iter()
        .map(|(name, _)| (*name, title(name)))
        .collect()
});

impl MechanostatApp {
    /// Gravity with its gauge, exercise, view.
    pub(super) fn conditions(&mut self, ui: &mut Ui) {
        let Some(session) = &self.session else { return };
        let mut intent = None;
        let mut look = None;
        ui.horizontal_wrapped(|ui| {
            ui.label(RichText::new("Gravity").strong());
            let settled = session.simulation().is_settled();
            let (now, _) = session.conditions();
            ui.add_enabled_ui(settled, |ui| {
                gravity_stops(ui, now, &mut intent);
                gravity_slider(ui, now, &mut intent);
            });
            gauge(ui, session);
            ui.add_space(8.0);
            ui.add_enabled_ui(settled, |ui| {
                let label = ui.label(RichText::new("Exercise").strong());
                egui::ComboBox::from_id_salt("exercise of the first screen")
                    .selected_text(now.exercise.name())
                    .width(90.0)
                    .show_ui(ui, |ui| {
                        for exercise in Exercise::ALL {
                            let chosen = *exercise == now.exercise;
                            if ui.selectable_label(chosen, exercise.name()).clicked() {
                                intent = Some(Intent::Do(What::Exercise(*exercise)));
                            }
                        }
                    })
                    .response
                    .labelled_by(label.id);
            });
            ui.add_space(8.0);
            let label = ui.label(RichText::new("View").strong());
            egui::ComboBox::from_id_salt("look")
                .selected_text(self.look.name())
                .width(90.0)
                .show_ui(ui, |ui| {
                    for one in Look::ALL {
                        if ui.selectable_label(self.look == one, one.name()).clicked() {
                            look = Some(one);
                        }
                    }
                })
                .response
                .labelled_by(label.id);
        });
        if let Some(look) = look {
            self.choose_look(look);
        }
        if let Some(intent) = intent {
            self.perform(intent);
        }
    }

    /// Mission, play, the mission's days, reset.
    pub(super) fn time(&mut self, ui: &mut Ui) {
        let mut intent = None;
        ui.horizontal(|ui| {
            let Some(session) = &mut self.session else {
                return;
            };
            let label = ui.label(RichText::new("Mission").strong());
            egui::ComboBox::from_id_salt("mission")
                .selected_text(session.setup().scenario.name.clone())
                .width(190.0)
                .height(420.0)
                .show_ui(ui, |ui| {
                    for (title, _) in DEMONSTRATIONS {
                        let title = *title;
                        if ui.selectable_label(false, format!("▶ {title}")).clicked() {
                            intent = Some(Intent::Demonstration(title));
                        }
                    }
                    ui.separator();
                    for (name, title) in &*TITLES {
                        if ui.selectable_label(false, title).clicked() {
                            intent = Some(Intent::Restart(Some(name)));
                        }
                    }
                })
                .response
                .labelled_by(label.id);
            let name = if session.is_playing() {
                "Pause"
            } else {
                "Play"
            };
            let button = egui::Button::new(RichText::new(name).strong());
            if ui.add_sized([64.0, 26.0], button).clicked() {
                session.toggle_play();
            }
            egui::ComboBox::from_id_salt("speed")
                .selected_text(session.speed.name())
                .width(104.0)
                .show_ui(ui, |ui| {
                    for speed in Speed::ALL {
                        ui.selectable_value(&mut session.speed, speed, speed.name());
                    }
                })
                .response
                .widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, "Speed"));
            let reset = 64.0 * super::theme::Theme::of(ui.ctx()).scale();
            let width = (ui.available_width() - reset).max(80.0);
            self.timeline(ui, width);
            if ui.button("Reset").clicked() {
                intent = Some(Intent::Restart(None));
            }
        });
        if let Some(intent) = intent {
            self.perform(intent);
        }
    }

    /// The sentence above the picture, and what can be done with two runs.
    pub(super) fn headline(&mut self, ui: &mut Ui) {
        let Some(session) = &mut self.session else {
            return;
        };
        let sentence = session.sentence();
        let size = (ui.available_width() / 42.0).clamp(15.0, 24.0);
        ui.label(RichText::new(&sentence).size(size).strong());
        if let Some(told) = self.bookmark_told() {
            ui.label(RichText::new(told).size(0.75 * size).italics());
        }
        let Some(session) = &mut self.session else {
            return;
        };
        if session.driver.has_twin() {
            let mut intent = None;
            ui.horizontal_wrapped(|ui| {
                let other = session.sentence_of(match session.shows() {
                    Which::First => Which::Twin,
                    Which::Twin => Which::First,
                });
                ui.label(format!("the other run: {other}"));
                super::controls::which(ui, session.shows(), &mut intent);
                for compare in Compare::ALL {
                    ui.selectable_value(&mut self.views.compare, compare, compare.name());
                }
            });
            if let Some(intent) = intent {
                self.perform(intent);
            }
        } else {
            self.views.compare = Compare::Single;
        }
    }
}

/// Strain of the bone beside that at 1 g.
fn gauge(ui: &mut Ui, session: &Session) {
    let percent = session.strain_percent();
    let text = percent.map_or("strain: –".to_owned(), |p| {
        format!("strain {p:.0} % of 1 g")
    });
    let scale = super::theme::Theme::of(ui.ctx()).scale();
    let size = egui::vec2(132.0 * scale, 20.0 * scale);
    let (rect, response) = ui.allocate_exact_size(size, egui::Sense::hover());
    let painter = ui.painter();
    painter.rect_filled(rect, 3.0, ui.visuals().extreme_bg_color);
    if let Some(percent) = percent {
        // Twice what it is at 1 g fills the gauge.
        let share = (percent / 200.0).clamp(0.0, 1.0) as f32;
        let filled = egui::Rect::from_min_size(rect.min, egui::vec2(share * rect.width(), size.y));
        painter.rect_filled(filled, 3.0, super::theme::palette(ui.ctx()).gauge);
        let earth = rect.center().x;
        let line = egui::Stroke::new(1.0, ui.visuals().weak_text_color());
        painter.vline(earth, rect.y_range(), line);
    }
    let font = egui::FontId::proportional(12.0 * scale);
    let ink = ui.visuals().strong_text_color();
    painter.text(rect.center(), egui::Align2::CENTER_CENTER, &text, font, ink);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, &text));
    response
        .on_hover_text("mean strain of the bone on its hardest activity, beside that under 1 g");
}
