//! What is on the screen.

use eframe::egui::{self, Ui};

use super::MechanostatApp;
use super::status::pass_times;

impl MechanostatApp {
    pub(super) fn panels(&mut self, ui: &mut Ui) {
        egui::Panel::bottom("status").show(ui, |ui| self.status(ui));
        if self.timing {
            pass_times(ui.ctx(), &self.gpu, &mut self.timing);
            if !self.timing {
                self.gpu.time_passes(false);
            }
        }
        egui::Panel::left("controls")
            .default_size(230.0)
            .show(ui, |ui| {
                egui::ScrollArea::vertical().show(ui, |ui| self.controls(ui));
            });
        let width = ui.available_width();
        egui::Panel::right("curves")
            .default_size(380.0)
            .min_size((0.25 * width).clamp(180.0, 320.0))
            .show(ui, |ui| self.curves(ui));
        egui::CentralPanel::default_margins().show(ui, |ui| self.tissue(ui));
    }
}
