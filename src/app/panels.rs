//! What is on the screen: the seven controls around picture and curve, and all the rest where one
//! explores.

use eframe::egui::{self, RichText, Ui};

use super::MechanostatApp;
use super::status::pass_times;

impl MechanostatApp {
    pub(super) fn panels(&mut self, ui: &mut Ui) {
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
                    if !self.told.is_empty() {
                        ui.label(&self.told);
                    }
                });
            });
            self.headline(ui);
        });
        if self.explore {
            egui::Panel::bottom("status").show(ui, |ui| self.status(ui));
        }
        egui::Panel::bottom("mission").show(ui, |ui| {
            ui.add_space(4.0);
            self.conditions(ui);
            ui.add_space(2.0);
            self.time(ui);
            ui.add_space(4.0);
        });
        if self.timing {
            pass_times(ui.ctx(), &self.gpu, &mut self.timing);
            if !self.timing {
                self.gpu.time_passes(false);
            }
        }
        let width = ui.available_width();
        if self.explore {
            egui::Panel::left("controls")
                .default_size(240.0)
                .show(ui, |ui| {
                    egui::ScrollArea::vertical().show(ui, |ui| self.controls(ui));
                });
            self.picture_windows(ui.ctx());
        }
        let curves = if self.explore { 0.28 } else { 0.36 };
        egui::Panel::right(if self.explore { "curves" } else { "curve" })
            .default_size(curves * width)
            .min_size((0.25 * width).clamp(180.0, 320.0))
            .show(ui, |ui| {
                if self.explore {
                    self.curves(ui);
                } else {
                    self.curve(ui);
                }
            });
        egui::CentralPanel::default_margins().show(ui, |ui| self.tissue(ui));
    }
}
