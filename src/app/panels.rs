//! What is on the screen: the seven controls around picture and curve, and all the rest where one
//! explores.

use eframe::egui::{self, RichText, Ui};

use super::MechanostatApp;

impl MechanostatApp {
    pub(super) fn panels(&mut self, ui: &mut Ui) {
        self.figure_dialog(&ui.ctx().clone());
        self.command_windows(&ui.ctx().clone());
        self.speak(ui);
        egui::Panel::top("title").show(ui, |ui| {
            ui.horizontal(|ui| {
                ui.label(RichText::new("Mechanostat").strong());
                if let Some(session) = &self.session {
                    let scene = session.simulation().anatomy().scene;
                    ui.label(format!("{} · {scene}", session.setup().scenario.name));
                }
                ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                    ui.toggle_value(&mut self.explore, "Explore");
                    self.session_menu(ui);
                    self.screenshot_button(ui);
                    ui.toggle_value(&mut self.figure.open, "Figure")
                        .on_hover_text("for a journal, a slide or a poster, with the study inside");
                    if !self.told.is_empty() {
                        ui.label(&self.told);
                    }
                });
            });
            self.offer_lost(ui);
            self.progress(ui);
            self.headline(ui);
        });
        egui::Panel::bottom("mission").show(ui, |ui| {
            ui.add_space(4.0);
            self.conditions(ui);
            ui.add_space(2.0);
            self.time(ui);
            ui.add_space(4.0);
        });
        if self.explore {
            egui::CentralPanel::no_frame().show(ui, |ui| self.tiles(ui));
            return;
        }
        let width = ui.available_width();
        // As wide as it was dragged, on a window of about this width.
        egui::Panel::right(format!("curve {:.0}", (width / 300.0).round()))
            .default_size(0.36 * width)
            .min_size((0.25 * width).clamp(180.0, 320.0))
            .show(ui, |ui| {
                if !self.pins.is_empty() {
                    egui::Panel::bottom("pins")
                        .resizable(true)
                        .default_size(0.5 * ui.available_height())
                        .show(ui, |ui| {
                            let area = egui::ScrollArea::vertical().auto_shrink(false);
                            area.show(ui, |ui| self.pinned(ui));
                        });
                }
                self.curve(ui);
            });
        egui::CentralPanel::default_margins().show(ui, |ui| self.tissue(ui));
    }
}
